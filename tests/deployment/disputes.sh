#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copies of state in dispute as an operator sees them, and the words that decide on them.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

ctl()
{
    "$builddir/dydisnix-self-adaptctl" "$@"
}
evaluate() # EXPRESSION: on the JSON document on standard input
{
    python3 -c 'import json, sys; s = json.loads(sys.stdin.read()); print(eval(sys.argv[1]))' "$1"
}
status_is() # EXPRESSION VALUE
{
    [ "$(ctl --json status | evaluate "$1")" = "$2" ]
}
history_has() # MEMBER VALUE: of what the last reconstruction was given
{
    [ "$(evaluate "s[\"history\"].get(\"survivors\", {}).get(\"$1\") == $2" < "$scratch/event")" = True ]
}
words() # the last one in the journal
{
    grep '"kind":"word"' "$state/default/events.jsonl" | tail -n 1 |
        evaluate '(s["word"], s.get("target"), s.get("component"), s.get("snapshot"), s["outcome"])'
}
words_are() # TEXT
{
    [ "$(words)" = "$1" ]
}

# The reconstruction says what "$answers/disputes" has, and keeps the words that it is given.
cat > "$scratch/reconstructs" << 'EOF'
#!/usr/bin/env python3
import json, os, sys
if sys.argv[1] == "hooks":
    sys.exit(print("reconstruct"))
event = json.load(sys.stdin)
scratch = os.environ["calls"] + "/.."
with open(scratch + "/event.new", "w") as file:
    json.dump(event, file)
os.rename(scratch + "/event.new", scratch + "/event")
report = json.load(open(os.environ["answers"] + "/disputes"))
for word in "prefer", "accept":
    report["survivors"][word] = event["history"].get("survivors", {}).get(word, {})
json.dump(report, sys.stdout)
EOF
chmod +x "$scratch/reconstructs"

# db is on both targets, and nobody knows which copy is the one; log lives on test1, and its copy on test2 waits.
now=$(date +%s)
cat > "$answers/disputes" << EOF
{ "survivors": { "disputed": { "test1": { "process": { "db-1": { "why": "both were written to" } } },
                               "test2": { "process": { "db-1": { "why": "it was away" } }, "file": { "log-1": { "why": "test1 has it" } } } } },
  "disputes": [
    { "component": "db-1", "container": "process", "reason": "both were written to", "copies": [
      { "target": "test1", "live": true, "survivor": false, "disputed": true, "reason": "it is its home",
        "snapshots": ["old", "new"], "newest": $((now - 450000)) },
      { "target": "test2", "live": true, "survivor": false, "disputed": true, "reason": "it was away",
        "snapshots": ["other"], "newest": null } ] },
    { "component": "log-1", "container": "file", "reason": "test1 has it", "copies": [
      { "target": "test1", "live": true, "survivor": true, "disputed": false, "snapshots": [], "newest": null },
      { "target": "test2", "live": false, "survivor": false, "disputed": true, "reason": "evil $(printf '\302\233')2J",
        "snapshots": ["waits"], "newest": $((now - 7200)) } ] } ] }
EOF

write_manifest "$store/$hash-manifest.xml" test1 test2
start -i "$models/infrastructure.nix" --no-probe --plugin=script:"$scratch/reconstructs" --retry-min=1 --retry-max=1
ok 'a deployment with disputes' wait_for 60 status_is 's.get("lastOutcome")' 'done'
wait_for 60 status_is 's["phase"]' idle
is "$(ctl --json status | evaluate 's["disputes"]')" 2 'the status tells how many'

ok 'they are shown' ctl disputes
is "$(output)" "db-1 in process: both were written to
TARGET  LIVES  SNAPSHOTS  NEWEST    ITS NAME
test1   yes    2          5 days    new
        it is its home
test2   yes    1          ?         other
        it was away

log-1 in file: test1 has it
TARGET  LIVES  SNAPSHOTS  NEWEST    ITS NAME
test1   yes    0          -         -
test2   no     1          2 h       waits
        evil ?2J" 'with their snapshots and ages, and which lives'
is "$(ctl --json disputes | wc -l)" 2 'and as JSON, one a line'
is "$(ctl --json disputes | tail -n 1 | evaluate '(s["component"], [c["target"] for c in s["copies"]])')" \
    "('log-1', ['test1', 'test2'])" 'whole'

# What makes no sense is refused, and nothing is asked.
refused() # WHY COMMAND…
{
    why=$1
    shift
    fails 1 "refused: $*" ctl --yes "$@"
    has "$(output)" "$why" "for $why"
}
refused 'other is not in dispute on target test1' keep-copy test1 other
refused 'db-1 is not in dispute on target nobody' keep-copy nobody db-1
refused 'nothing is in dispute on target nobody, and it is not held' discard-copy nobody
refused 'file/db-1 is not in dispute on target test1' discard-copy test1 file/db-1
refused 'log-1 is not in dispute on target test1' discard-copy test1 log-1
is "$(grep -c '"kind":"asked"' "$state/default/events.jsonl")" 0 'and the loop does not hear of it'

# A person is asked.
fails 1 'where nobody can be asked' ctl keep-copy test2 db-1
has "$(output)" 'nobody can be asked whether to do that; say --yes' 'nothing is done'
has "$(output)" 'db-1 in process: the copy on test2 goes on to live, and the others are given up.' 'though it is described'
has "$(output)" 'The newest snapshot of the copy on test1 is process/db-1/new, and 5 days old.' 'with the other snapshot'
at_terminal() # ANSWER COMMAND…: what is shown
{
    python3 - "$@" << 'EOF'
import os, pty, sys
answer, command = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
text = b""
while b"[y/N] " not in text:
    text += os.read(terminal, 4096)
os.write(terminal, answer.encode() + b"\n")
try:
    while True:
        text += os.read(terminal, 4096)
except OSError:
    pass
print(text.decode().replace("\r", ""), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
EOF
}
shown=$(at_terminal n "$builddir/dydisnix-self-adaptctl" keep-copy test2 log-1)
has "$shown" 'log-1 in file: the copy on test2 is to live: it is activated, then the others are saved and stopped.' \
    'a person sees what is done'
has "$shown" 'The newest snapshot of the copy on test1 does not exist so far.' 'and what there is not'
has "$shown" 'nothing is done' 'and may say no'
is "${shown##* }" 1 'which is a failure'
shown=$(at_terminal '' "$builddir/dydisnix-self-adaptctl" discard-copy test2 log-1)
has "$shown" 'log-1 in file: the copy on test2 is given up.
  The newest snapshot of the copy on test2 is file/log-1/waits, and 2 h old.' 'of what is given up too'
has "$shown" 'nothing is done' 'no answer is a no'
is "$(grep -c '"kind":"asked"' "$state/default/events.jsonl")" 0 'and the loop does not hear of that'
shown=$(at_terminal y "$builddir/dydisnix-self-adaptctl" keep-copy test2 log-1)
is "${shown##* }" 0 'or yes'
ok 'then the next reconstruction knows' wait_for 60 history_has prefer "{'file': {'log-1': 'test2'}}"
ok 'and the journal' wait_for 60 words_are "('keep-copy', 'test2', 'log-1', None, 'taken')"
wait_for 60 status_is 's["phase"]' idle

# Words in scripts, also under their older names.
calls_before=$(calls_of disnix-activate)
ok 'prefer, of all on a target' ctl --yes prefer test2
ok 'is keep-copy' wait_for 60 history_has prefer "{'process': {'db-1': 'test2'}, 'file': {'log-1': 'test2'}}"
wait_for 60 status_is 's["phase"]' idle
is "$([ "$(calls_of disnix-activate)" -gt "$calls_before" ] && echo more)" more 'a word is a reason to deploy'
ok 'accept, of one component' ctl --yes --json accept test1 process/db-1
is "$(output)" '{"version":1,"done":true}' 'tells a document if asked for'
ok 'is discard-copy' wait_for 60 history_has accept "{'test1': {'process': {'db-1': True}}}"
ok 'and so in the journal' wait_for 60 words_are "('discard-copy', 'test1', 'process/db-1', None, 'taken')"
wait_for 60 status_is 's["phase"]' idle
is "$(evaluate 's["survivors"].get("accept", {})' < "$state/default/state.json")" '{}' 'it is over with the deployment'

# A deployment that fails settles nothing: the word waits.
echo 1 > "$answers/disnix-activate.status"
ctl --yes keep-copy test1 db-1 > /dev/null
ok 'a word and a deployment that fails' wait_for 60 status_is 's["failures"] > 2' True
ok 'it is tried again with it' history_has prefer "{'process': {'db-1': 'test1'}, 'file': {'log-1': 'test2'}}"
rm "$answers/disnix-activate.status"
ok 'until it succeeds' wait_for 60 status_is 's["failures"]' 0
wait_for 60 status_is 's["phase"]' idle

# What has changed since the person looked is refused by the loop.
sed 's/"db-1"/"db-2"/g' "$answers/disputes" > "$answers/disputes.new"
mv "$answers/disputes.new" "$answers/disputes"
mkfifo "$answers/disnix-activate.wait"
ctl trigger
write_model test1 test2 test3
ok 'while a cycle is under way' wait_for 60 status_is 's.get("stage")' redeploy
cp "$state/default/state.json" "$scratch/state.json"
is "$(ctl --json disputes | head -n 1 | evaluate 's["component"]')" db-2 'which has found something else'
printf '{"version":1,"command":"keep-copy","target":"test1","component":"db-1"}\n' |
    python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(sys.stdin.buffer.read()); print(s.recv(4096).decode())' \
    "$XDG_RUNTIME_DIR/dydisnix-self-adapt/default.socket" > /dev/null
: > "$answers/disnix-activate.wait"
rm "$answers/disnix-activate.wait"
ok 'an older word is refused' wait_for 60 words_are "('keep-copy', 'test1', 'db-1', None, 'refused')"
has "$(cat "$log")" '[target: test1]: keep-copy: db-1 is not in dispute on target test1' 'which is said'
end_loop
ok 'without a loop they are shown too' ctl --state-dir="$state" disputes
has "$(output)" 'db-2 in process' 'as they were last'
fails 1 'but nothing is decided' ctl --yes --state-dir="$state" keep-copy test1 db-2
has "$(output)" 'no loop runs the profile default' 'for nobody hears it'

printf '{"version":1,"survivors":[]}' > "$state/default/state.json"
fails 1 'a damaged state' ctl --state-dir="$state" disputes
has "$(output)" 'state.json is damaged: survivors' 'is told'
done_testing
