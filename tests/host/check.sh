#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What --check says of each thing that the loop needs, and that it changes nothing.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

check_only() # OPTION…
{
    host --check -s "$models/services.nix" -q "$models/qos.nix" "$@" > "$scratch/found" 2> "$scratch/messages"
}

check() # OPTION…
{
    check_only -i "$models/infrastructure.nix" "$@"
}

# A line of the last check.
told() # PART NAME
{
    has "$(cat "$scratch/found")" "$1" "$2"
}

everything()
{
    find "$state" "$scratch/the profiles" "$models" -type f -exec cksum {} + 2> /dev/null | sort
    find "$state" "$scratch/the profiles" "$models" 2> /dev/null | sort
}

TMPDIR=$scratch/tmp
mkdir "$TMPDIR"
export TMPDIR
before=$(everything)
ok 'all is there' check --snapshot
is "$(cat "$scratch/found")" "ok       programs: all 9 are on the PATH
ok       Nix: it takes what targets send
ok       profile: $scratch/the profiles/default can be set
ok       state: $state/default/state.json: cycle 0
ok       infrastructure: 2 targets
ok       models: they evaluate, and the services have a distribution
ok       targets: 2 of 2 answer
ok       snapshots: they are taken in each cycle" 'a line for each thing'
is "$(cat "$scratch/messages")" '' 'and nothing else'
is "$(everything)" "$before" 'nothing is changed, not even a state directory made'
is "$(called)" 'nix-store dydisnix-gendist ' 'nothing else is run'
fails 2 'wrong usage stays that' host --check -s "$models/services.nix"

# Programs, each by its name.
options="--snapshot --delete-state --geninfra=generate --guard=guard --augment=none"
fake guard
rm "$scratch/bin/guard"
mv "$scratch/bin" "$scratch/hidden"
mkdir "$scratch/bin"
ln -s ../hidden/disnix-ssh-client "$scratch/bin"
needed='augment-infra gendist id-assign manifest distribute activate snapshot restore delete-state set'
# shellcheck disable=SC2086
fails 1 'no program is there' check_only $options --ids="$models/ids.nix" \
    --id-resources="$models/services.nix"
for name in $needed; do
    ok "$name is told" grep -qE "^failed   programs: (dy)?disnix-$name is not on the PATH; install D" "$scratch/found"
done
told 'failed   programs: generate is not on the PATH; see --geninfra' 'the generator too'
told 'failed   programs: guard is not on the PATH; see --guard' 'and the guard'
rm -r "$scratch/bin"
mv "$scratch/hidden" "$scratch/bin"

# Nix, the profile, the state.
echo 1 > "$answers/nix-store.status"
fails 1 'Nix takes nothing' check --snapshot
told 'failed   Nix: nothing can be put into the Nix store of this machine' 'is told'
rm "$answers/nix-store.status"
mv "$scratch/bin/nix-store" "$scratch/nix-store"
printf '#!/bin/sh\n[ "$1" != --import ] || { echo "error: unsigned" >&2; exit 1; }\n' > "$scratch/bin/nix-store"
chmod +x "$scratch/bin/nix-store"
ok 'Nix takes nothing that is not signed' check --snapshot
told 'warning  Nix: the Nix daemon takes no closures of targets from this user: trusted-users in its nix.conf' 'is told'
fails 1 'which a reconstruction needs' check --snapshot --reconstruct
mv "$scratch/nix-store" "$scratch/bin/nix-store"
fails 1 'no directory for the profile' check --snapshot --coordinator-profile-path="$models/qos.nix/profiles"
told "failed   profile: $models/qos.nix/profiles, where the coordinator profile is, cannot be written to" 'is told'
fails 1 'no directory for the state' check --snapshot --state-dir="$models/qos.nix/state"
told "failed   state: $models/qos.nix/state/default: " 'is told'
mkdir -p "$state/default"
echo '{' > "$state/default/state.json"
fails 1 'a damaged state' check --snapshot
told "failed   state: $state/default/state.json is damaged: line 2" 'is told by its name'
is "$(ls "$state/default")" state.json 'and nothing is put beside it'
echo '{ "version": 1, "cycle": 7, "deployment": {}, "paused": { "reason": "operator" }, "foreign": { "test2":
    { "since": 60, "unlock": "disnix-ssh-client --target test2 --unlock --profile default" } } }' \
    > "$state/default/state.json"
ok 'a state that says much' check --snapshot
told 'state.json: cycle 7' 'which cycle it was'
told 'warning  state: a deployment has not ended well; the next cycle settles it first' 'what is left'
told 'warning  state: adaptation is paused; ' 'that nothing will be adapted'
told 'warning  target test2: somebody else holds its lock, at least since 1970-01-01T00:01:00Z; if nobody is at work: disnix-ssh-client --target test2 --unlock --profile default' \
    'who is locked, and the command'
rm "$state/default/state.json"

# Models.
fails 1 'a model that is none' check --snapshot -i "$models/qos.nix"
told "failed   infrastructure: $models/qos.nix" 'is told'
fails 1 'a generator that fails' check_only --geninfra=false
told 'failed   infrastructure: false: exit status 1' 'is told'
printf 'error: undefined variable\n' > "$answers/dydisnix-gendist.errors"
echo 1 > "$answers/dydisnix-gendist.status"
fails 1 'services that have no distribution' check --snapshot
told 'failed   models: dydisnix-gendist: exit status 1: error: undefined variable; see --services' 'are told, with what was said'
rm "$answers/dydisnix-gendist.errors" "$answers/dydisnix-gendist.status"

# Targets.
: > "$answers/silent.test2"
ok 'a target that is silent' check --snapshot
told 'warning  target test2: it does not answer; until it does it is left out' 'is told'
told 'ok       targets: 1 of 2 answer' 'the other is there'
: > "$answers/silent.test1"
fails 1 'all are' check --snapshot
told 'failed   targets: 0 of 2 answer; see the network of this machine' 'is told'
rm "$answers/silent.test1" "$answers/silent.test2"
fails 1 'a client interface that is not there' check --snapshot --interface=no-client
told 'failed   targets: the client interface no-client cannot be started' 'is told'
cat > "$scratch/bin/empty-client" << 'EOF'
#!/bin/sh
case " $* " in *" test2 "*) echo 'sh: disnix-run-activity: not found' >&2; exit 127 ;; esac
exit 1
EOF
chmod +x "$scratch/bin/empty-client"
ok 'a machine without Disnix, and a fresh one' check --snapshot --interface=empty-client
told 'warning  target test2: it cannot do what it is asked: sh: disnix-run-activity: not found; is Disnix there?' \
    'the first is told'
told 'ok       targets: 1 of 2 answer' 'the other is well'

# Plugins.
fails 1 'a plugin that is not there' check --snapshot --plugin=none
told 'failed   plugins: ' 'is told'
ok 'one that is' check --snapshot --plugin="$builddir/tests/plugins/record.so" --plugin-option=record:directory="$scratch"
told 'ok       plugins: 1 can be loaded' 'too'

# Snapshots.
ok 'no snapshots' check
told 'warning  snapshots: without --snapshot the state of a component is lost with its machine' 'is told'
deployed_before "$previous"
ok 'where there are components with state' check
told 'warning  snapshots: 2 components have state, and without --snapshot it is lost with its machine' 'is told'
deployed_before "$manifest"
write_model test1
ok 'one of each' check
told 'warning  snapshots: 1 component has state, and without --snapshot it is lost with its machine' 'is one component'
told 'ok       infrastructure: 1 target' 'and one target'
lacks "$(cat "$scratch/found")" '1 targets' 'and not more'
write_model test1 test2

# One that is interrupted.
mkfifo "$answers/dydisnix-gendist.wait"
asks() # the check has come to the distribution
{
    [ "$(calls_of dydisnix-gendist)" -eq 1 ]
}
for signal in INT TERM; do
    forget_calls
    (
        exec env --default-signal="$signal" "$with_nix" "$scratch/machine" "$builddir/dydisnix-self-adapt" --check \
            --coordinator-profile-path="$scratch/the profiles" --state-dir="$state" -s "$models/services.nix" \
            -q "$models/qos.nix" -i "$models/infrastructure.nix"
    ) > "$scratch/found" 2>&1 &
    ok "$signal: a check is under way" wait_for 60 asks
    kill -"$signal" "$!"
    fails 1 "$signal: and ended" wait "$!"
    told '[coordinator]: the check was interrupted and is ended' "$signal: which is said"
    is "$(ls "$TMPDIR")" '' "$signal: nothing is left behind"
done
rm "$answers/dydisnix-gendist.wait"

# Beside a loop that runs.
start -i "$models/infrastructure.nix" --snapshot
wait_for 20 logged 1 'Redeploying'
ok 'beside a loop' check --snapshot
told "warning  state: process " 'it is told'
end_loop
is "$(ls "$TMPDIR")" '' 'nothing is left behind'

done_testing
