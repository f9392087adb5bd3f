#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The engine and the client interface together, in a network of the lab: the example is deployed, upgraded and moved,
# and what fails is taken back. Proofs are asked of the services. As root the same is done once more as an ordinary
# user.
. "$srcdir/tests/share/functions.sh"

PATH=$builddir:$PATH
DYDISNIX_NIX_EXPRESSIONS=$srcdir/nix
public_tmp=${TMPDIR:-/tmp}
TMPDIR=$scratch/tmp
export PATH DYDISNIX_NIX_EXPRESSIONS TMPDIR
unset DISNIX_PROFILE DISNIX_TARGET_PROPERTY DISNIX_DEPLOY_STATE DISNIX_DELETE_STATE

# What runs in the network; prints a line for each question.
cat > "$scratch/story" << 'EOF'
set -u
cd "$1"
example=$2/lab/example
cat "$example/services.nix" > services.nix # writable, whatever the sources are

distribute() # WEB API DATABASE
{
    echo "{ infrastructure }: with infrastructure; { web = [ $1 ]; api = [ $2 ]; database = [ $3 ]; }" > distribution.nix
}

model()
{
    dydisnix-lab exec coordinator dydisnix-lab-geninfra > infrastructure.nix
}

deploy() # ARGUMENT…
{
    dydisnix-lab exec coordinator disnix-env -s services.nix -i infrastructure.nix -d distribution.nix "$@" \
        > output 2> messages
}

steps() # ACTIVITY
{
    grep -c "]: $1 service with key" output
}

version() # SERVICE: of each that answers
{
    dydisnix-lab who "$1" | python3 -c 'import json, sys
for machine, answer in sorted(json.load(sys.stdin).items()):
    print(machine, answer["version"], *answer.get("state") or [])' | tr '\n' ';'
}

left() # temporary files and locks, on every machine
{
    for machine in coordinator test1 test2 test3; do
        dydisnix-lab exec "$machine" sh -c 'ls "$TMPDIR"' 2> /dev/null | grep -v '^nix-'
    done | tr '\n' ' '
}

say()
{
    echo "$1=$2"
}

model
distribute test1 test2 test3
deploy
say first $?
say web "$(dydisnix-lab ask test1 web | python3 -c 'import json, sys
answer = json.load(sys.stdin)
while answer:
    print(answer["service"], answer["machine"], end=" ")
    answer = next(iter((answer.get("dependencies") or {}).values()), None)')"
say left "$(left)"

dydisnix-lab write test3 database kept > written
sed 's/apiVersion ? "1"/apiVersion ? "2"/' "$example/services.nix" > services.nix
deploy
say upgrade $?
say upgraded "$(version api)"
say activated "$(steps Activating)"
say deactivated "$(steps Deactivating)"
say same "$(version database)"

# The new web cannot be activated: it does not answer.
sed -e 's/apiVersion ? "1"/apiVersion ? "2"/' -e 's/webVersion ? "1"/webVersion ? "3"/' \
    -e 's|exec dydisnix-lab responder|[ ${version} != 3 ] \|\| exit 1; &|' "$example/services.nix" > services.nix
deploy
say broken $?
say back "$(version web)$(version api)$(version database)"
say unlocked "$(left)"

sed 's/apiVersion ? "1"/apiVersion ? "2"/' "$example/services.nix" > services.nix
distribute test1 test2 test2
deploy
say move $?
say moved "$(version database)"

dydisnix-lab write test2 database newer > written
dydisnix-lab exec coordinator disnix-snapshot > output 2> messages
say snapshot $?
dydisnix-lab crash test3
deploy
say unreachable $?
say unchanged "$(version database)"
dydisnix-lab partition test2
dydisnix-lab exec coordinator disnix-snapshot > output 2> messages
say snapshots $?
dydisnix-lab join test2

dydisnix-lab reappear test3
distribute test1 test2 test3
deploy
say back-again $?
dydisnix-lab crash test3
distribute test1 test2 test1
model
deploy
say without $?
say survived "$(version database)"
say end "$(left)"
EOF

tell() # WHO COMMAND…
{
    who=$1
    shift
    answers=$("$@" 2> "$scratch/messages")
    value()
    {
        printf '%s\n' "$answers" | sed -n "s/^$1=//p"
    }
    is "$(value first)" 0 "$who: the example is deployed"
    is "$(value web)" 'web test1 api test2 database test3 ' "$who: web answers with what api answers with the database"
    is "$(value left)" '' "$who: nothing is left behind"
    is "$(value upgrade)" 0 "$who: api is upgraded"
    is "$(value upgraded)" 'test2 2;' "$who: its new version answers"
    is "$(value activated)/$(value deactivated)" 2/2 "$who: only it and what depends on it restarted"
    is "$(value same)" 'test3 1 kept;' "$who: the database has what was written"
    is "$(value broken)" 1 "$who: an activation that fails"
    is "$(value back)" 'test1 1;test2 2;test3 1 kept;' "$who: is rolled back"
    is "$(value unlocked)" '' "$who: and leaves no lock"
    is "$(value move)" 0 "$who: the database is moved"
    is "$(value moved)" 'test2 1 kept;' "$who: with its state, and lives once"
    is "$(value snapshot)" 0 "$who: a snapshot is taken"
    is "$(value unreachable)" 1 "$who: a target of the model does not answer"
    is "$(value unchanged)" 'test2 1 kept newer;' "$who: and nothing has changed"
    is "$(value snapshots)" 1 "$who: no snapshot with a target that does not answer"
    is "$(value back-again)" 0 "$who: the database moves back"
    is "$(value without)" 0 "$who: its machine is left out of the model"
    is "$(value survived)" 'test1 1 kept newer;' "$who: the coordinator's copy of the state is used"
    is "$(value end)" '' "$who: nothing is left behind in the end"
}

mkdir "$scratch/tmp" "$scratch/work"
dydisnix-lab --targets=1 --run -- true 2> "$scratch/messages" || skip_all 'user namespaces are not allowed here'
tell "$(id -un)" dydisnix-lab --targets=3 --run -- sh "$scratch/story" "$scratch/work" "$srcdir"

# What another user needs lies where it may look.
as_ordinary_user()
{
    public=$(mktemp -d "${public_tmp}/dydisnix test.XXXXXX")
    cleanup_fn rm -rf "'$public'"
    mkdir -p "$public/tmp" "$public/work" "$public/source/lab"
    cp "$builddir/dydisnix-lab" "$scratch/story" "$public"
    cp -R "$srcdir/nix" "$public/source"
    cp -R "$srcdir/lab/example" "$public/source/lab"
    chmod -R a+rX "$public"
    chown 65534:65534 "$public/tmp" "$public/work"
    tell 'an ordinary user' setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$public/tmp" \
        TMPDIR="$public/tmp" DYDISNIX_NIX_EXPRESSIONS="$public/source/nix" PATH="$public:$PATH" \
        dydisnix-lab --targets=3 --run -- sh "$public/story" "$public/work" "$public/source"
}
[ "$(id -u)" != 0 ] || as_ordinary_user

done_testing
