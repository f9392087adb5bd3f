#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A fixed model that is watched, on a real network: what is deployed follows the file.
. "$srcdir/tests/share/functions.sh"

as_installed

cat > "$scratch/story" << 'EOF'
#!/bin/sh
# $1: a directory of the test's, $2: the source
set -u
model=$1/infrastructure.nix
machine() { echo "\"$1\" = { properties.hostname = \"$1\"; containers = { process = { }; }; };"; }
write_model() # replaced by rename, as editors do
{
    { echo '{'; for name; do machine "$name"; done; echo '}'; } > "$model.new" && mv "$model.new" "$model"
}
answers_on() { dydisnix-lab who web | grep -q "\"$1\""; }
. "$2/tests/share/waiting.sh"
comes() { wait_for 60 "$@" || { echo "never: $*"; exit 1; }; }
write_model test1
dydisnix-lab exec coordinator dydisnix-self-adapt -s "$2/lab/example/services.nix" -i "$model" \
    -q "$2/lab/example/qos.nix" --reconstruct --probe-interval=1 --retry-min=1 --state-dir "$1/state" \
    > "$1/log" 2>&1 &
host=$!
comes answers_on test1
echo 'deployed on test1'
write_model test2
comes answers_on test2
echo 'followed to test2'
grep -q 'removed: test1' "$1/log" && echo 'said what changed'

# The model stays as it is from here on.
write_model test1 test2
both_are_in()
{
    python3 -c 'import json, sys; sys.exit(json.load(open(sys.argv[1]))["effective"] != ["test1", "test2"])' \
        "$state/state.json"
}
state=$1/state/default
ctl() { dydisnix-lab exec coordinator dydisnix-self-adaptctl "$@"; }
comes both_are_in
echo 'a machine that comes back is in'
# No snapshot was ever taken on test1, which still has the services of its time: somebody may decide.
ctl disputes | grep -q '^database-1 in process: ' && echo 'with a copy in dispute'
ctl --yes discard-copy test1 > /dev/null && echo 'which is given up'
settled() { ctl disputes | grep -qx 'Nothing is in dispute.'; }
comes settled
dydisnix-lab crash test2
comes answers_on test1
echo 'a dead machine is left out'
dydisnix-lab reappear test2
comes both_are_in
echo 'and taken in again'
kill "$host"
wait "$host"
echo "ended with $?"
EOF
chmod +x "$scratch/story"
ok 'the loop runs on a watched model' dydisnix-lab --targets=2 --run -- "$scratch/story" "$scratch" "$srcdir"
for promise in 'deployed on test1' 'followed to test2' 'said what changed' 'a machine that comes back is in' \
    'with a copy in dispute' 'which is given up' 'a dead machine is left out' 'and taken in again' 'ended with 0'; do
    has "$(output)" "$promise" "$promise"
done
[ "$test_failures" -eq 0 ] || evidence "$(tail -n 50 "$scratch/log")"

done_testing
