#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The loop as it is seen and asked from outside: dydisnix-self-adaptctl, its socket, and clients that misbehave.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

socket=$XDG_RUNTIME_DIR/dydisnix-self-adapt/default.socket

ctl()
{
    "$builddir/dydisnix-self-adaptctl" "$@"
}
status() # EXPRESSION
{
    ctl --json status | python3 -c 'import json, sys; s = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"
}
status_is() # EXPRESSION VALUE
{
    [ "$(status "$1")" = "$2" ]
}
mode()
{
    stat -c %a "$1"
}

# Without a loop.
fails 1 'without a loop status fails' ctl status
has "$(output)" "no loop runs the profile default: " 'and says so'
fails 1 'events fail where there is no journal' ctl --state-dir="$state" events
has "$(output)" "$state/default/events.jsonl: No such file" 'and say so'

# What a running cycle shows.
cp "$builddir/tests/plugins/record.so" "$scratch"
mkfifo "$answers/disnix-activate.wait"
start -i "$models/infrastructure.nix" --plugin="$scratch/record.so" --plugin-option=record:reconstruct=silent:test2 \
    --retry-min=60 --retry-max=60
ok 'a cycle is under way' wait_for 20 status_is 's.get("stage")' redeploy
is "$(status 's["phase"], s["paused"], s["failures"], s["profile"], s["cycle"], s["version"]')" \
    "('cycle', False, 0, 'default', 1, 1)" 'its status is told'
is "$(status 's["process"]')" "$(cat "$state/default/lock")" 'with the process of the loop'
is "$(status '"lastOutcome" in s, "next" in s')" '(False, False)' 'and not what is not known yet'
ok 'for people too' ctl status
has "$(output)" 'state        cycle, redeploy, for ' 'in words'
is "$(mode "$socket") $(mode "$XDG_RUNTIME_DIR/dydisnix-self-adapt")" '600 700' 'the socket is for its user only'
ok 'trigger asks for another one' ctl trigger
is "$(output)" '' 'without a word'
: > "$answers/disnix-activate.wait"
rm "$answers/disnix-activate.wait"
ok 'which runs when the first has ended' wait_for 20 logged 2 'Using infrastructure model'
wait_for 20 status_is 's["phase"]' idle

# When it waits.
is "$(status 's["lastOutcome"], s["lastEnded"] == s["lastSuccess"], "stage" in s')" "('done', True, False)" \
    'how the last one ended'
is "$(status 's["deployed"]')" "$manifest" 'what is deployed'
is "$(status 's["stateDirectory"]')" "$state/default" 'and where the state is'
is "$(status '{t: s["targets"][t]["status"] for t in s["targets"]}')" "{'test1': 'present', 'test2': 'silent'}" 'the targets'
ctl status > "$scratch/text"
is "$(sed -n '/^TARGET/,$s/[0-9]* s  */N /p' "$scratch/text")" 'test1   present  -      N ?
test2   silent   -      N ?' 'the targets in a table, and that nobody can read what runs there'
has "$(cat "$scratch/text")" "deployed     $manifest" 'what is deployed'

# A failure.
echo 7 > "$answers/dydisnix-gendist.status"
printf 'one\ntwo: there is no attribute\n' > "$answers/dydisnix-gendist.errors"
write_model test1 test2 test3
ok 'a failure is counted' wait_for 20 status_is 's["failures"] >= 1' True
ok 'and when it is tried again is told' wait_for 20 status_is \
    's["lastOutcome"], s["lastEnded"] >= s["lastSuccess"], s["next"] > s["lastEnded"]' "('failed', True, True)"
why='{"stage": "redistribute", "reason": "dydisnix-gendist: exit status 7", "program": "dydisnix-gendist",
    "status": 7, "said": ["one", "two: there is no attribute"], "count": 1}'
known() # COUNT
{
    status_is "dict(s['failure'], first=0, last=0) == dict($why, count=$1, first=0, last=0) \
        and s['failure']['first'] <= s['failure']['last'] and s['failures'] > 0" True
}
ok 'the failure keeps its reason: program, status, and what it said last' wait_for 20 known 1
in_state() # EXPRESSION
{
    python3 -c 'import json, sys; s = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' \
        "$state/default/state.json" "$1"
}
is "$(in_state '[(f["reason"], f["count"], "over" in f) for f in s["failures"]]')" \
    "[('dydisnix-gendist: exit status 7', 1, False)]" 'which is remembered'
ctl trigger
ok 'an equal one is counted, and is no other' wait_for 20 known 2
ok 'in the journal' ctl events -n 1
has "$(output)" ': dydisnix-gendist: exit status 7, 2 times in a row' 'too'
ctl --json events | python3 -c 'import json, sys
for line in sys.stdin:
    e = json.loads(line)
    if e["kind"] == "stage" and e["outcome"] == "failed":
        print(e["stage"], e["failure"]["program"], e["failure"]["status"], e["failure"]["said"][-1])
' > "$scratch/stages"
is "$(tail -n 1 "$scratch/stages")" 'redistribute dydisnix-gendist 7 two: there is no attribute' 'and of the stage'
kill -KILL "$loop"
wait "$loop" 2> /dev/null
start -i "$models/infrastructure.nix" --plugin="$scratch/record.so" --retry-min=60 --retry-max=60
ok 'a loop that takes over goes on counting' wait_for 20 known 3
# What is told of each try is what is new since the one before.
ctl --json events | python3 -c 'import json, sys
for line in sys.stdin:
    e = json.loads(line)
    if e["kind"] == "infrastructure" and e["cycle"] > 1:
        print(e["changes"]["added"], e["seen"]["added"], e.get("retryOf"))
' > "$scratch/tries"
number=$(status 's["cycle"]')
is "$(tail -n 3 "$scratch/tries")" "['test3'] ['test3'] None
['test3'] [] $((number - 2))
['test1', 'test2', 'test3'] [] $((number - 2))" 'a target that has come has come once, then that cycle is tried again'
has "$(cat "$log")" "Cycle $((number - 2)) did not succeed, and is tried again" 'which is told'
ctl events > "$scratch/text"
has "$(grep ' infrastructure ' "$scratch/text" | tail -n 1)" "infrastructure cycle $((number - 2)) is tried again" \
    'also in the journal'
rm "$answers/dydisnix-gendist.status" "$answers/dydisnix-gendist.errors"
ok 'trigger tries at once' ctl --json trigger
is "$(output)" '{"version":1,"done":true}' 'with a document if asked for'
wait_for 20 status_is 's["lastOutcome"]' 'done'
is "$(status 's["failures"], "failure" in s, sorted(s["targets"])')" "(0, False, ['test1', 'test2', 'test3'])" \
    'and it is over'
is "$(in_state '[(f["count"], "over" in f) for f in s["failures"]]')" "[(3, True)]" 'which is remembered too'

# Words.
fails 1 'a target that is not held' ctl --yes accept test1
has "$(output)" 'nothing is in dispute on target test1, and it is not held' 'is refused'
is "$([ ! -e "$state/default/words" ]; echo $?)" 0 'nothing is noted'

# Wrong usage.
while read -r part; do
    # shellcheck disable=SC2086
    fails 2 "wrong usage: $part" ctl ${part%|*}
    has "$(output)" "${part#*|}" 'is told'
done << 'END'
|a command is needed
dance|there is no such command
explain|a target, a service or a component is needed
accept|a target is needed, and perhaps a component
keep-copy a b c|a target is needed, and perhaps a component
restore|a snapshot is needed, CONTAINER/COMPONENT/NAME
restore a/b|a snapshot is needed, CONTAINER/COMPONENT/NAME
restore -x/b/c|invalid option
restore a/../c|a snapshot is needed, CONTAINER/COMPONENT/NAME
status now|it takes no argument
-p a/b status|the name of a profile is expected
-n x events|a number is expected
--dance status|--help
END
ok '--help' ctl --help
ok '--version' ctl --version
fails 1 'another profile has no loop' ctl -p other status
fails 1 'nor another socket' ctl --socket="$scratch/no" status
ok 'DISNIX_PROFILE counts' env DISNIX_PROFILE=default "$builddir/dydisnix-self-adaptctl" status

# The protocol, and those who do not keep it.
cat > "$scratch/client" << 'EOF'
import json, os, socket, sys, time
path = sys.argv[1]

def dial():
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    return client

def answer(client):
    got = b''
    while not got.endswith(b'\n'):
        part = client.recv(65536)
        if not part:
            break
        got += part
    return got

def ask(text):
    client = dial()
    try:
        client.sendall(text)
        return answer(client)
    except (BrokenPipeError, ConnectionResetError):
        return b''

def error(text):
    return json.loads(ask(text))["error"]

def check(name, good):
    print("good" if good else "BAD", name, flush=True)

os.chdir(os.path.dirname(path))
path = os.path.basename(path)
for text in b'{}\n', b'{"command":5}\n', b'{"command":"dance"}\n', b'{"command":"Status"}\n':
    check(text, error(text) == "there is no such command")
for text in b'\n', b'[]\n', b'null\n', b'{"command":"status"\n', b'{"command":"status"} x\n', b'\xff\n', \
        b'{"command":"trigger","command":"status"}\n', b'[' * 4000 + b'\n':
    check(text[:30], error(text) == "this is no request")
for text in b'{"command":"accept"}\n', b'{"command":"accept","target":["a"]}\n', \
        b'{"command":"prefer","component":"c"}\n', b'{"command":"accept","target":"test1","component":5}\n', \
        b'{"command":"accept","target":"test1","snapshot":"a/b/c"}\n', b'{"command":"pause","target":"test1"}\n', \
        b'{"command":"restore"}\n', b'{"command":"restore","snapshot":"a/b"}\n', \
        b'{"command":"restore","snapshot":"--x/b/c"}\n', b'{"command":"restore","snapshot":"a/../c"}\n':
    check(text, error(text).endswith(" is not said of that"))
for name in b'', b'a\\nb', b'nobody':
    text = b'{"command":"accept","target":"' + name + b'"}\n'
    check(text, error(text).startswith("no target is called "))
check('too long', error(b'x' * 4096) == "the request is too long")
ask(b'x' * 1000000)
client = dial()
for byte in b'{"command":"status"}\n':
    client.sendall(bytes([byte]))
check('in pieces', b'"phase"' in answer(client))
check('two requests', ask(b'{"command":"status"}\n{"command":"status"}\n').count(b'\n') == 1)

# Those who say nothing, read nothing or go away do not keep the others waiting for longer than their time.
silent = [dial() for _ in range(8)]
for client in silent[:3]:
    client.sendall(b'{"comm')
check('after eight who say nothing', b'"phase"' in ask(b'{"command":"status"}\n'))
check('they were hung up', all(client.recv(1) == b'' for client in silent))
for _ in range(200):
    dial().close()
check('after those who went away', b'"phase"' in ask(b'{"command":"status"}\n'))
for client in [dial() for _ in range(4)]:
    client.sendall(b'{"command":"status"}\n')
    client.close()
check('after those who do not wait for the answer', b'"phase"' in ask(b'{"command":"status"}\n'))
EOF
timeout 600 python3 "$scratch/client" "$socket" > "$scratch/said" 2>&1
is "$? $(grep -v '^good' "$scratch/said")" '0 ' 'clients that misbehave are answered or cut off'
is "$(grep -c '^good' "$scratch/said")" 32 'all of them'
ok 'the loop lives' wait_for 20 status_is 's["phase"]' idle
descriptors() { find "/proc/$(cat "$state/default/lock")/fd" -mindepth 1 | wc -l; }
before=$(descriptors)
for _ in 1 2 3 4 5; do ctl status > /dev/null; done
is "$(descriptors)" "$before" 'and keeps no descriptor of them'

if [ "$(id -u)" -eq 0 ]; then
    chmod a+rx "$scratch" "$XDG_RUNTIME_DIR" "$XDG_RUNTIME_DIR/dydisnix-self-adapt"
    chmod a+rwx "$socket"
    cp "$builddir/dydisnix-self-adaptctl" "$scratch/ctl"
    fails 1 'another user, though the file lets it in' setpriv --reuid=65534 --regid=65534 --clear-groups \
        "$scratch/ctl" --socket="$socket" status
    has "$(output)" 'the loop gives no answer' 'gets no answer'
    ok 'is refused' wait_for 20 logged 1 'user 65534 was refused at the control socket'
fi

# A second loop.
fails 1 'a second loop with the same state directory' watching --once
has "$(output)" "process $(cat "$state/default/lock") runs this profile already" 'is told who runs'
ln -s "$state" "$scratch/link"
loop_in() # DIRECTORY OPTION…
{
    directory=$1
    shift
    host --state-dir="$directory" -s "$models/services.nix" -q "$models/qos.nix" -i "$models/infrastructure.nix" \
        --once "$@"
}
fails 1 'by another way' loop_in "$scratch/link"
has "$(output)" "process $(cat "$state/default/lock") runs this profile already" 'it is the same'
fails 1 'one with another state directory' loop_in "$scratch/elsewhere"
has "$(output)" "process $(cat "$state/default/lock") runs this profile already" 'is told who runs'
has "$(output)" 'say --socket' 'and what to do for another network'
ok 'with another socket' loop_in "$scratch/elsewhere" --socket="$scratch/other.socket"
ok 'the first loop still answers' ctl status
ok 'another profile' loop_in "$scratch/elsewhere" -p other
is "$([ ! -e "$scratch/other.socket" ]; echo $?)" 0 'a loop that ends removes its socket'

# The journal.
ok 'events for people' ctl events -n 100
has "$(output)" '1    infrastructure +test1 +test2' 'with what has changed'
has "$(output)" '1    stage redeploy done +db@test1 after ' 'with stages, and what was deployed'
has "$(output)" '2    cycle_ended redistribute failed' 'with how cycles ended'
has "$(output)" '-    asked trigger' 'and what was asked'
ok 'the last one' ctl events -n 1
is "$(output | wc -l)" 1 'is one line'
ok 'as documents' ctl events --json -n 1000
output > "$scratch/documents"
ok 'they are those of the journal' cmp "$scratch/documents" "$state/default/events.jsonl"

# A killed loop leaves its socket behind, which is in nobody's way.
kill -TERM "$loop"
wait "$loop"
loop=
is "$([ ! -e "$socket" ]; echo $?)" 0 'the socket goes with the loop'
ok 'events are told without a loop' ctl --state-dir="$state" events -n 3
is "$(output | wc -l)" 3 'as many as were asked for'
start -i "$models/infrastructure.nix"
wait_for 20 status_is 's["phase"]' idle
kill -KILL "$(cat "$state/default/lock")"
wait "$loop"
loop=
ok 'a killed loop leaves its socket' test -S "$socket"
fails 1 'nobody answers' ctl status
start -i "$models/infrastructure.nix"
ok 'the next loop takes it over' wait_for 20 status_is 's["phase"]' idle
end_loop

# A target of which nobody knows what runs on it.
cat > "$scratch/holds" << 'EOF'
#!/bin/sh
[ "$1" != hooks ] || exec echo reconstruct
[ ! -e "$answers/held" ] || cat "$answers/held"
EOF
chmod +x "$scratch/holds"
echo '{"previous": "/x", "targets": {"test2": {"status": "silent", "unknown": true, "reason": "it says nothing"}}}' > "$answers/held"
write_model test1 test2
start -i "$models/infrastructure.nix" --no-probe --plugin=script:"$scratch/holds"
ok 'a held target' wait_for 20 status_is 's["targets"].get("test2", {}).get("status")' held
rm "$answers/held"
has "$(status 's["targets"]["test2"]["reason"]')" 'it says nothing' 'is shown with the reason'
wait_for 20 status_is 's["phase"]' idle
has "$(ctl events --json -n 100)" '"kind":"held"' 'and is in the journal'
fails 1 'another one' ctl --yes accept test1
ok 'accept' ctl --yes accept test2
ok 'takes it in again' wait_for 20 status_is 's["targets"]["test2"]["status"]' present
ok 'pause' ctl pause
ok 'pauses' wait_for 20 status_is 's["paused"]' True
has "$(ctl status)" 'state        paused' 'which is told'
ok 'resume' ctl resume
ok 'goes on' wait_for 20 status_is 's["paused"]' False
end_loop

# A target whose profile can never be set: the cycle is done, and status shows it, until it can be.
profile=/nix/store/$hash-profile
write_manifest "$store/$hash-manifest.xml" test1 test2
sed "s,<profiles/>,<profiles><profile name=\"test1\">$profile-1</profile><profile name=\"test2\">$profile-2</profile>&,
     s,<profiles/>,</profiles>," "$store/$hash-manifest.xml" > "$scratch/with-profiles"
mv "$scratch/with-profiles" "$store/$hash-manifest.xml"
cat > "$scratch/bin/disnix-set" << 'EOF'
#!/bin/sh
case " $* " in
    *' --no-target-profiles '*) exit 0 ;;
esac
[ ! -e "$answers/unset" ]
EOF
cat > "$scratch/bin/client" << 'EOF'
#!/bin/sh
case " $* " in
    *' test1 '*--query-requisites*) echo "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-profile-1" ;;
    *' test2 '*--set*) [ ! -e "$answers/unset" ] ;;
esac
EOF
rm "$state/default/deployed.xml"
touch "$answers/unset"
start -i "$models/infrastructure.nix" --no-probe --retry-min=60 --retry-max=60
ok 'a target whose profile cannot be set' wait_for 60 status_is 's["targets"].get("test2", {}).get("status")' unset
is "$(status 's["lastOutcome"], s["failures"], s["targets"]["test1"]["status"]')" "('done', 0, 'present')" \
    'is shown, and no cycle fails for that'
ctl status > "$scratch/text"
ok 'to people too' grep -q '^test2   unset .* its profile cannot be set, and is set later$' "$scratch/text"
rm "$answers/unset"
ok 'once it can be set' ctl trigger
ok 'it is' wait_for 60 status_is 's["targets"]["test2"]["status"]' present
end_loop

# Where a socket cannot be.
: > "$scratch/file"
ok 'where the usual socket cannot be made' env XDG_RUNTIME_DIR="$scratch/file" \
    "$with_nix" "$scratch/machine" "$builddir/dydisnix-self-adapt" --state-dir="$state" --once \
    -s "$models/services.nix" -q "$models/qos.nix" -i "$models/infrastructure.nix"
has "$(output)" 'the loop runs without control socket' 'the loop runs without it'
fails 1 'one that was asked for' watching --once --socket="$scratch/file/socket"
has "$(output)" 'Not a directory' 'has to be there'
long="$scratch/$(printf '%080d' 0)/$(printf '%080d' 0)"
mkdir -p "$long"
start -i "$models/infrastructure.nix" --socket="$long/s"
answers_there()
{
    ctl --socket="$long/s" status
}
ok 'a path may be longer than the address of a socket' wait_for 20 answers_there
end_loop

done_testing
