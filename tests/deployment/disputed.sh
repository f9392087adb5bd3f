#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A machine comes back with state of which nobody can tell whether it is newer, on a real network: its copy is in dispute,
# the other one lives, and the machine is a member as any other.
. "$srcdir/tests/share/functions.sh"

as_installed

cat > "$scratch/story" << 'EOF'
#!/bin/sh
# $1: a directory of the test's, $2: the source
set -u
state=$1/state/default
where() # the machines on which the database answers, and what it has
{
    dydisnix-lab who database | python3 -c 'import json, sys
for machine, answer in sorted(json.load(sys.stdin).items()):
    print(machine, *answer.get("state") or [])' | tr '\n' ';'
}
is_at() { [ "$(where)" = "$1" ]; }
remembers() { python3 -c "import json, sys; s = json.load(open(sys.argv[1])); sys.exit(not ($1))" "$state/state.json"; }
. "$2/tests/share/waiting.sh"
comes() { wait_for 60 "$@" || { echo "never: $*, but: $(where)"; exit 1; }; }
dydisnix-lab exec coordinator dydisnix-self-adapt -s "$2/lab/example/services.nix" \
    --geninfra=dydisnix-lab-geninfra -q "$2/lab/example/qos.nix" --reconstruct --interval=1 --retry-min=1 \
    --state-dir "$1/state" > "$1/log" 2>&1 &
host=$!
comes remembers 's["effective"] == ["test1", "test2", "test3"]'
home=$(where)
home=${home%%[ ;]*}
dydisnix-lab write "$home" database old > /dev/null
# No snapshot was ever taken: the next home begins with nothing.
dydisnix-lab crash "$home"
comes remembers "'$home' not in s['effective']"
next=$(where)
next=${next%%[ ;]*}
dydisnix-lab write "$next" database new > /dev/null
dydisnix-lab reappear "$home"
comes remembers "'$home' in s['effective']"
is_at "$next new;" && echo 'the newer copy lives, and no other one'
remembers "list(s['survivors']['disputed']['$home']['process']) == ['database-1']" && echo 'the other one is in dispute'
remembers "'held' not in s['targets']['$home']" && echo 'its machine is not held'
ctl() { dydisnix-lab exec coordinator dydisnix-self-adaptctl "$@"; }
ctl disputes
ctl --yes keep-copy "$home" database-1
comes is_at "$home old;"
comes remembers "s['disputes'] == []"
echo 'a word has the other copy live'
snapshot=$(dydisnix-lab exec coordinator dydisnix-lab-client --target "$next" --query-latest-snapshot \
    --container process --component database-1)
ctl --yes restore "$snapshot" > /dev/null
comes is_at "$home new;"
echo 'and what was rescued comes back'
kill "$host"
wait "$host"
echo "ended with $?"
EOF
chmod +x "$scratch/story"
ok 'the loop runs on a network' dydisnix-lab --targets=3 --run -- "$scratch/story" "$scratch" "$srcdir"
for promise in 'the newer copy lives, and no other one' 'the other one is in dispute' 'its machine is not held' \
    'a word has the other copy live' 'and what was rescued comes back' \
    'ended with 0'; do
    has "$(output)" "$promise" "$promise"
done
[ "$test_failures" -eq 0 ] || evidence "$(tail -n 80 "$scratch/log")"

done_testing
