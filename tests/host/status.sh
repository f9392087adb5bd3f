#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The status at a glance: the condition and why, each target, each service, and what needs a person with its command.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

ctl()
{
    "$builddir/dydisnix-self-adaptctl" --state-dir="$state" "$@"
}
status() # EXPRESSION
{
    ctl --json status 2> /dev/null | python3 -c 'import json, sys; s = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"
}
status_is() # EXPRESSION VALUE
{
    [ "$(status "$1")" = "$2" ]
}

cp "$builddir/tests/plugins/record.so" "$scratch"
write_manifest "$scratch/manifest.xml" test1 test2
deployed() # the loop believes that this was deployed
{
    python3 - "$state/default/state.json" "$scratch/manifest.xml" "$@" << 'EOF'
import json, sys
state = json.load(open(sys.argv[1]))
state["deployed"] = sys.argv[2]
state["snapshots"] = {"test1": {"process": {"db": state["clock"]["wall"] - 7200}}}
for text in sys.argv[3:]:
    state.update(json.loads(text))
json.dump(state, open(sys.argv[1], "w"))
EOF
}

start -i "$models/infrastructure.nix" --plugin="$scratch/record.so" --retry-min=600 --retry-max=600
ok 'all is well' wait_for 20 status_is 's["condition"], s.get("lastOutcome"), s["phase"]' "('ok', 'done', 'idle')"
ok '--check ends with 0 then' ctl status --check
is "$(output)" ok 'and says so in a line'
deployed
is "$(status '[(t, s["targets"][t]["runs"]) for t in sorted(s["targets"])]')" "[('test1', ['db']), ('test2', ['db'])]" \
    'what runs on each target'
ctl status > "$scratch/text"
has "$(cat "$scratch/text")" 'db       test1  process    live   2 h' 'each service, where it is, and how old its snapshot is'
has "$(cat "$scratch/text")" 'db       test2  process    live   none' 'or that there is none'
ok 'a moment is in local time' grep -q "^last success $(date +%Y-%m-%d) ..:..:.., [0-9]* s ago" "$scratch/text"
TZ=UTC+7 ctl status > "$scratch/elsewhere"
lacks "$(cat "$scratch/elsewhere")" "$(grep '^last success' "$scratch/text" | cut -d , -f 1)" 'wherever that is'

has "$(ctl events)" " started default $(uname -n)" 'the journal tells whose it is'

# One that does not answer.
: > "$answers/silent.test2"
echo 7 > "$answers/dydisnix-gendist.status"
echo 'there is no attribute' > "$answers/dydisnix-gendist.errors"
ctl trigger
ok 'what fails is the worst' wait_for 20 status_is 's["condition"], s["failure"]["first"] == s["conditionSince"]' \
    "('failing', True)"
deployed
is "$(status 's["reasons"]')" "['the stage redistribute failed: dydisnix-gendist: exit status 7', 'test2 is silent', \
'db on test2 is DOWN']" 'and all that is wrong is told'
is "$(status '[(p["target"], p["down"]) for p in s["placement"]]')" "[('test1', False), ('test2', True)]" \
    'a service that is down'
is "$(status '0 <= s["targets"]["test2"]["since"] - s["targets"]["test2"]["seen"] < 600')" True 'since when, and when it was seen'
ctl status > "$scratch/text"
ok 'for people too' grep -q '^db       test2  process    DOWN for [0-9]* [a-z]*  none$' "$scratch/text"
ok 'with what the program said' grep -q '^it said  *there is no attribute$' "$scratch/text"
has "$(ctl explain db)" ' is DOWN, since 20' 'as it is explained'
command=$(sed -n 's/^    dydisnix-self-adaptctl /"$builddir\/dydisnix-self-adaptctl" /p' "$scratch/text")
rm "$answers/dydisnix-gendist.status" "$answers/dydisnix-gendist.errors"
ok 'the command that it prints is one' eval "$command"
ok 'and does it' wait_for 20 status_is 's["condition"], s["reasons"][0]' "('degraded', 'test2 is silent')"
fails 3 '--check ends with 3' ctl status --check
has "$(output)" 'degraded: test2 is silent' 'and says why'
ctl pause
ok 'a pause is a condition' wait_for 20 status_is 's["condition"]' paused
has "$(ctl status)" "to adapt all the same:
    dydisnix-self-adaptctl --state-dir='$state' resume" 'with the command that ends it'

# Again and again.
"$builddir/dydisnix-self-adaptctl" --state-dir="$state" status --watch > "$scratch/watched" &
watching=$!
ok '--watch shows it' wait_for 20 grep -q '^condition *paused' "$scratch/watched"
ctl resume
ok 'and again when it is otherwise' wait_for 20 grep -q '^condition *degraded' "$scratch/watched"
kill -TERM "$watching"
ok 'until it is interrupted' wait "$watching"

# Nobody runs any more.
kill -KILL "$loop"
wait "$loop" 2> /dev/null
loop=
ok 'a cycle ends without its loop' wait_for 60 flock -n "$state/default/lock" true
deployed '{"missing": [{"component": "db", "container": "process", "target": "test1", "from": ["test2"], "empty": true,
    "when": 1767870000}]}' '{"disputes": [{"component": "d b", "container": "process", "reason": "", "copies": [{"target": "test1", "live":
    true, "snapshots": [], "reason": ""}, {"target": "test2", "live": false, "snapshots": [], "reason": ""}]}]}' '{"foreign": {"test1": {"since": 1767870000, "unlock": "client --target ip.test1 --unlock"}}}'
fails 1 'without a loop' ctl status
has "$(output)" 'state        no loop runs; this is what the last one knew, ' 'the last that is known is shown, and said to be that'
has "$(output)" 'no loop runs; where systemd runs it, start it again:
    systemctl start dydisnix-self-adapt@default' 'with what starts it'
has "$(output)" 'test2   silent' 'with targets'
has "$(output)" "d b in process is in dispute; to keep the copy on test2, which does not live now:
    dydisnix-self-adaptctl --state-dir='$state' keep-copy test2 'd b'" 'and what waits for a person'
has "$(output)" 'somebody else holds the lock of test1; if nobody deploys, release it:
    client --target ip.test1 --unlock' 'a lock, with the command that releases it'
has "$(output)" 'state lost   db in process, since ' 'what lives without its state'
has "$(output)" ' live on test1 without the state that it had on test2: no snapshot of it existed' 'is told, with where it was'
has "$(output)" 'db went live on test1 without its state' 'and is a reason that not all is well'
fails 1 '--check fails' ctl status --check
has "$(output)" 'no loop runs: nothing is adapted' 'and says why'
rm "$state/default/state.json"
fails 1 'without all that it knew' ctl status
has "$(output)" "$state/default: nothing is known here; --state-dir=DIRECTORY tells where" 'it says where it looked'

# A call that hangs is named at once, by its target and not by how that is reached; others are none of ours.
cat > "$scratch/bin/disnix-ssh-client" << 'EOF'
#!/bin/sh
case " $* " in
    *' --lock '*) [ ! -e "$answers/hang" ] || cat "$answers/hang" ;;
esac
EOF
mkfifo "$answers/hang"
cat > "$scratch/bin/dydisnix-gendist" << EOF
#!/bin/sh
sh -c 'cat "$answers/hang"; true' build --target x86_64-unknown-linux > /dev/null 2>&1 &
echo '$distribution'
EOF
sed -i "s|<profiles/>|<profiles><profile name=\"test1\">/nix/store/$hash-test1</profile></profiles>|
    s|string\">test1<|string\">ip.test1<|" "$store/$hash-manifest.xml"
test_clock
began=$test_now
runs_that_long() # in seconds, by a clock of our own
{
    seconds=$(status 's["waits"]["test1"]["seconds"]')
    test_clock
    [ -n "$seconds" ] && [ "$seconds" -ge 0 ] && [ "$seconds" -le $((test_now - began + 1)) ]
}
start -i "$models/infrastructure.nix" --target-property=ip --retry-min=600 --retry-max=600
ok 'a lock that hangs is named' \
    wait_for 20 status_is '[(t, c["operation"]) for t, c in s.get("waits", {}).items()]' "[('test1', '--lock')]"
ok 'with how long it runs' runs_that_long
ctl status > "$scratch/text"
ok 'for people too' grep -qE '^waits for    test1, --lock for [0-9]+ s$' "$scratch/text"
: > "$answers/hang"
ok 'and no longer when it does not' wait_for 20 status_is '"waits" in s, s["phase"]' "(False, 'idle')"
done_testing
