#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The engine keeps Disnix's rules: what is activated and deactivated in which order, what is rolled back, what moves
# with its state, which exit status says what. Targets are directories of a client interface made for this test.
. "$srcdir/tests/share/functions.sh"

mkdir "$scratch/bin" "$scratch/tmp" "$scratch/network"
# The client takes words apart at blanks, as Disnix's own scripts do, so its directories have none.
network=$(mktemp -d "${TMPDIR:-/tmp}/dydisnix-test.XXXXXX")
cleanup_fn rm -rf "$network"
for program in disnix-activate disnix-deploy disnix-env disnix-manifest disnix-set disnix-snapshot; do
    ln -s "$builddir/dydisnix-lab" "$scratch/bin/$program"
done
cp "$srcdir/tests/tools/engine-client" "$scratch/bin/client"
chmod +x "$scratch/bin/client"
PATH=$scratch/bin:$PATH
TMPDIR=$network/tmp NETWORK=$network DYSNOMIA_STATEDIR=$network/store
DYDISNIX_NIX_EXPRESSIONS=$srcdir/nix DISNIX_CLIENT_INTERFACE=client
export PATH TMPDIR NETWORK DYSNOMIA_STATEDIR DYDISNIX_NIX_EXPRESSIONS DISNIX_CLIENT_INTERFACE
unset DISNIX_PROFILE DISNIX_TARGET_PROPERTY DISNIX_DEPLOY_STATE DISNIX_DELETE_STATE
mkdir "$TMPDIR"
cd "$scratch" || exit 99

nix()
{
    "$srcdir/tests/tools/with-nix" "$scratch" "$@"
}

nix true 2> /dev/null || skip_all 'user namespaces are not allowed here'

# web depends on api, api on database, which has state. VERSION is api's.
models() # VERSION TARGET-OF-DATABASE TARGET…
{
    cat > services.nix << EOF
{ distribution, invDistribution, system, pkgs }:
let make = name: derivation { inherit name system; builder = "/bin/sh"; args = [ "-c" "echo \${name} > \$out" ]; };
in rec {
  database = { name = "database"; type = "process"; pkg = make "database"; deployState = true; };
  api = { name = "api"; type = "process"; pkg = { database }: make "api$1"; dependsOn = { inherit database; }; };
  web = { name = "web"; type = "process"; pkg = { api }: make "web"; dependsOn = { inherit api; }; };
  other = { name = "other"; type = "process"; pkg = make "other"; };
}
EOF
    echo "{ infrastructure }: with infrastructure; {
        web = [ a ]; other = [ a ]; api = [ b ]; database = [ $2 ]; }" > distribution.nix
    shift 2
    {
        echo {
        for target; do
            echo "$target = { properties.hostname = \"$target\"; containers.process = { port = 1; }; };"
        done
        echo }
    } > infrastructure.nix
    : > "$network/calls"
    for target; do
        mkdir -p "$network/$target"
    done
}

deploy()
{
    : > "$network/calls"
    nix disnix-env -s services.nix -i infrastructure.nix -d distribution.nix --coordinator-profile-path "$scratch/coordinator" "$@"
}

calls() # PATTERN
{
    grep -E "^($1) " "$network/calls" | tr '\n' ';'
}

active()
{
    (cd "$network" && ls -d [a-d]/active/* 2> /dev/null | tr '\n' ' ')
}

# Nothing is left behind: no lock, no temporary file.
left_behind()
{
    (cd "$network" && ls -d [a-d]/lock tmp/* 2> /dev/null)
}

models 1 c a b c d
ok 'a first deployment' deploy
has "$(cat "$scratch/.output")" '[coordinator]: Setting profiles...' 'it says what it does'
is "$(calls 'activate' | sed 's/activate a other;//')" 'activate c database;activate b api1;activate a web;' 'dependencies are activated first'
is "$(active)" 'a/active/other a/active/web b/active/api1 c/active/database ' 'all services are active'
is "$(calls 'lock|unlock' | tr ';' '\n' | sort | tr '\n' ';')" \
    "$(for o in lock unlock; do for t in a b c d; do printf '%s %s ;' $o $t; done; done)" \
    'every target is locked and unlocked'
has "$(cat "$network/d/default")" '-d' 'a target without services has a profile too'
ok 'the coordinator profile is a generation' test -L coordinator/default-1-link
is "$(left_behind)" '' 'nothing is left behind'

ok 'the same again' deploy
is "$(calls 'activate|deactivate|snapshot|restore')" '' 'nothing is activated again'
is "$(ls coordinator | tr '\n' ' ')" 'default default-1-link ' 'and there is no new generation'

touch "$network/b/forgetful"
models 2 c a b c d
ok 'an upgrade of api' deploy
is "$(calls 'activate|deactivate')" 'deactivate a web;deactivate b api1;activate b api2;activate a web;' \
    'only it and what depends on it restart, dependents first and last'
ok 'a closure reaches the target that lacks it' test -s "$network/b/closure"
is "$(left_behind)" '' 'nothing is left behind'
rm "$network/b/forgetful"

echo first > "$network/c/state"
models 2 d a b c d
ok 'the database moves' deploy
is "$(calls 'snapshot|restore')" 'snapshot c database;restore d database;' 'its state is taken and restored'
is "$(cat "$network/d/state")" first 'and is what it was'
is "$(active)" 'a/active/other a/active/web b/active/api2 d/active/database ' 'the services are where they belong'
is "$(left_behind)" '' 'nothing is left behind'

ok 'a snapshot of all that has state' \
    nix disnix-snapshot --coordinator-profile-path "$scratch/coordinator"
fails 1 'without a manifest there is nothing to snapshot' \
    nix disnix-snapshot --coordinator-profile-path "$scratch/nowhere"
echo second > "$network/d/state"
ok 'a later snapshot' nix disnix-snapshot --coordinator-profile-path "$scratch/coordinator"
echo lost > "$network/d/state"
rm -f "$network/c/state"
touch "$network/d/dead"
fails 1 'the target of a snapshot does not answer' \
    nix disnix-snapshot --coordinator-profile-path "$scratch/coordinator"

before=$(active)
fails 1 'a target of the model does not answer' deploy
is "$(calls 'lock|activate|deactivate|set')" '' 'nothing was changed'
is "$(active)" "$before" 'the services are as they were'

models 2 c a b c
ok 'the model goes on without the dead target' deploy
has "$(cat "$scratch/.output")" 'Skip state of component: database' 'its state is not asked for'
is "$(cat "$network/c/state")" second 'the newest copy that the coordinator holds is restored'
is "$(left_behind)" '' 'nothing is left behind'

echo 'activate a web' > "$network/failures"
models 3 c a b c
before=$(active)
fails 1 'an activation fails' deploy
is "$(calls 'activate|deactivate')" \
    'deactivate a web;deactivate b api2;activate b api3;activate a web;deactivate b api3;activate b api2;activate a web;' \
    'what was new is taken back and what was old comes back'
is "$(left_behind)" '' 'the locks are released'
echo 'activate b api3' > "$network/failures"
touch "$network/a/active/web" # the rollback above could not
fails 1 'another one fails' deploy
is "$(active)" "$before" 'and the rollback restores every service'
echo 'deactivate b api2' > "$network/failures"
fails 1 'a deactivation fails' deploy
is "$(calls 'activate|deactivate')" 'deactivate a web;deactivate b api2;activate a web;' \
    'what was not deactivated is not activated again'
is "$(active)" "$before" 'and every service is as it was'
rm "$network/failures"

generation=$(readlink coordinator/default)
echo 'restore b database' > "$network/failures"
models 2 b a b c
fails 2 'state cannot be migrated' deploy
has "$(active)" 'b/active/database' 'the new services are active'
is "$(readlink coordinator/default)" "$generation" 'but no profile is set'
is "$(calls set)" '' 'on no target either'
is "$(left_behind)" '' 'the locks are released'
rm "$network/failures"

new=$(nix disnix-manifest -s services.nix -i infrastructure.nix -d distribution.nix --no-out-link 2> /dev/null)
old=$(readlink "coordinator/$(readlink coordinator/default)")
ok 'the transition is undone by hand' \
    nix disnix-activate --no-rollback --coordinator-profile-path "$scratch/coordinator" -o "$new" "$old"
has "$(active)" 'c/active/database' 'the old services are active again'
ok 'and a deployment succeeds after that' deploy
is "$(readlink "coordinator/$(readlink coordinator/default)")" "$new" 'its manifest is the current one'

models 4 b a b c
before=$(active)
mkfifo "$network/pause"
"$srcdir/tests/tools/with-nix" "$scratch" disnix-env -s services.nix -i infrastructure.nix -d distribution.nix \
    --coordinator-profile-path "$scratch/coordinator" > "$scratch/interrupted" 2>&1 &
# The client waits at the pipe for its writer; the writer waits for it.
timeout 600 sh -c 'exec 9> "$1/pause"; kill -INT "$2"; rm "$1/pause"' sh "$network" $!
wait $!
is $? 1 'an interrupt while services are activated ends the deployment'
is "$(active)" "$before" 'after a rollback'
is "$(left_behind)" '' 'with the locks released'

models 2 b a b c
mkdir "$network/b/lock"
fails 1 'somebody else holds a lock' deploy
ok 'it stays theirs' test -d "$network/b/lock"
is "$(cd "$network" && ls -d [a-d]/lock)" b/lock 'our own locks are released'
rmdir "$network/b/lock"

rm "$network/a/default"
ok 'profiles can be set alone' nix disnix-set --coordinator-profile-path "$scratch/coordinator" "$new"
ok 'on the targets' test -s "$network/a/default"

# Endings that a test asks for.
DYDISNIX_LAB_END="$network/end"
export DYDISNIX_LAB_END
new=$(readlink "coordinator/$(readlink coordinator/default)")
models 3 b a b c
later=$(nix disnix-manifest -s services.nix -i infrastructure.nix -d distribution.nix --no-out-link 2> /dev/null)
while IFS='|' read -r line status locked calls; do
    echo "$line" > "$DYDISNIX_LAB_END"
    fails "$status" "an ending: $line" deploy
    is "$(cd "$network" && ls -d [a-d]/lock 2> /dev/null | tr '\n' ' ')" "$locked" 'the locks after it'
    is "$(calls 'activate|deactivate')" "$calls" 'and what was done before it'
    is "$(find "$TMPDIR" -mindepth 1)$(ls "$DYDISNIX_LAB_END" 2> /dev/null)" '' 'nothing else is left behind'
    rm -rf "$network"/[a-d]/lock
    touch "$network/a/active/web" "$network/b/active/api2" && rm -f "$network/b/active/api3"
done << 'EOF'
distributing 0 exit 3|3||
locking 0 kill KILL|137||
deactivating 0 kill SEGV|139|a/lock b/lock c/lock |
activating 0 exit 139|139|a/lock b/lock c/lock |deactivate a web;deactivate b api2;
activating 2 fail|1||deactivate a web;deactivate b api2;activate b api3;deactivate b api3;activate b api2;activate a web;
snapshotting 0 fail|2||deactivate a web;deactivate b api2;activate b api3;activate a web;
setting 0 kill TERM|143|a/lock b/lock c/lock |deactivate a web;deactivate b api2;activate b api3;activate a web;
releasing 0 fail|1|a/lock b/lock c/lock |deactivate a web;deactivate b api2;activate b api3;activate a web;
EOF
is "$(readlink "coordinator/$(readlink coordinator/default)")" "$later" 'the profile was set before the last one'
unset DYDISNIX_LAB_END

# A manifest like one of a reconstruction that left out what a silent target had.
nix cat "$new" > "$scratch/new.xml"
python3 - "$scratch/new.xml" > "$scratch/dangling.xml" << 'EOF'
import sys, xml.etree.ElementTree as ET
tree = ET.parse(sys.argv[1])
key = [s.get("name") for s in tree.find("services") if s.findtext("name") == "database"][0]
mappings = tree.find("serviceMappings")
mappings.remove([m for m in mappings if m.findtext("service") == key][0])
print(ET.tostring(tree.getroot(), encoding="unicode"))
EOF
models 5 c a b c
later=$(nix disnix-manifest -s services.nix -i infrastructure.nix -d distribution.nix --no-out-link 2> /dev/null)
echo 'activate b api5' > "$network/failures"
fails 139 'a rollback over a dependency that is nowhere crashes, as Disnix does' \
    nix disnix-deploy --coordinator-profile-path "$scratch/coordinator" -o "$scratch/dangling.xml" "$later"
is "$(cd "$network" && ls -d [a-d]/lock | tr '\n' ' ')" 'a/lock b/lock c/lock ' 'and leaves the locks'

done_testing
