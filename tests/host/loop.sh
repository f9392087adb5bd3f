#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The loop: what starts a cycle, what ends it, and what it survives.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

gone()
{
    ! kill -0 "$1"
}

loop_ends() # STATUS NAME
{
    wait_for 20 gone "$loop"
    wait "$loop"
    is $? "$1" "$2"
    loop=
}

deploying() # NUMBER: of deployments so far
{
    [ "$(calls_of disnix-activate)" -eq "$1" ]
}

# A watched model. Failures are tried again while nothing changes.
echo 5 > "$answers/disnix-activate.status"
start -i "$models/infrastructure.nix" --retry-min=1 --retry-max=1
ok 'a redeployment that fails' wait_for 20 logged 1 'disnix-activate: exit status 5'
ok 'is tried again' wait_for 20 logged 2 'disnix-activate: exit status 5'
rm "$answers/disnix-activate.status"
deployed()
{
    python3 -c 'import json, sys; sys.exit("deployed" not in json.load(open(sys.argv[1])))' "$state/default/state.json"
}
ok 'until it succeeds' wait_for 20 deployed
has "$(cat "$log")" 'added: test1, test2' 'what changed is told'
write_model test1 test3
ok 'a model that is replaced by rename starts a cycle' wait_for 20 logged 1 'added: test3'
ok 'what was removed is told too' wait_for 20 logged 1 'removed: test2'
fails 1 'a second instance is refused' watching --once
has "$(output)" "process $loop runs this profile already" 'and told which process has the profile'
ok 'another profile is no matter' watching --once -p other
waiting()
{
    # The loop alone: its cycle has ended, and so has cycle_finished.
    [ -z "$(ps -o pid= --ppid "$loop")" ]
}
wait_for 20 waiting
count=$(grep -c 'Using infrastructure model' "$log")
kill -HUP "$loop"
ok 'HUP starts a cycle' wait_for 20 logged "$((count + 1))" 'Using infrastructure model'
wait_for 20 waiting
mv "$models" "$models.moved"
mkdir "$models"
write_model test1 test5
cp "$models.moved/services.nix" "$models.moved/qos.nix" "$models"
ok 'a directory that is replaced is noticed' wait_for 20 logged 1 'added: test5'
wait_for 20 deployed
kill -TERM "$loop"
loop_ends 0 'TERM ends it, with 0'
is "$(find "$state/default" -name work)" '' 'no work directory is left'

# A change while a cycle runs.
mkfifo "$answers/disnix-activate.wait"
forget_calls
start -i "$models/infrastructure.nix"
ok 'a cycle is under way' wait_for 20 deploying 1
is "$(python3 -c 'import json, sys; d = json.load(open(sys.argv[1]))["deployment"]; print(d["new"], d["phase"])' \
    "$state/default/state.json")" "$manifest activating" 'the state file tells what is being deployed'
write_model test1 test4
: > "$answers/disnix-activate.wait"
ok 'a change meanwhile is not lost' wait_for 20 logged 1 'added: test4'
wait_for 20 deploying 2
kill -TERM "$loop"
ok 'TERM lets the cycle end' wait_for 20 logged 1 'Ending after the running cycle'
: > "$answers/disnix-activate.wait"
loop_ends 0 'and the loop ends then'
ok 'with the system redeployed' deployed

# A second TERM interrupts, and Disnix has the time to roll back.
cp "$scratch/bin/disnix-activate" "$scratch/plain"
cat > "$scratch/bin/disnix-activate" << 'EOF'
#!/bin/sh
trap 'sleep 0.3; echo "rolled back"; exit 1' INT
: > "$calls/01-disnix-activate.arguments"
until read -r nothing < "$answers/disnix-activate.wait"; do :; done
EOF
forget_calls
start -i "$models/infrastructure.nix"
wait_for 20 deploying 1
kill -TERM "$loop"
wait_for 20 logged 1 'Ending after the running cycle'
kill -TERM "$loop"
loop_ends 0 'a second TERM interrupts the cycle'
has "$(cat "$log")" 'rolled back' 'the deployment is rolled back'
has "$(cat "$log")" 'disnix-activate: exit status 1' 'and awaited'
cp "$scratch/plain" "$scratch/bin/disnix-activate"

# Interrupted before that, nothing more is started, even if the program does not care.
cat > "$scratch/bin/dydisnix-gendist" << 'EOF'
#!/bin/sh
trap ': > "$calls/interrupted"' INT
: > "$calls/01-dydisnix-gendist.arguments"
until read -r nothing < "$answers/disnix-activate.wait"; do :; done
cat "$answers/dydisnix-gendist"
EOF
forget_calls
start -i "$models/infrastructure.nix"
distributing()
{
    [ "$(calls_of dydisnix-gendist)" -eq 1 ]
}
wait_for 20 distributing
kill -TERM "$loop"
wait_for 20 logged 1 'Ending after the running cycle'
kill -TERM "$loop"
wait_for 20 test -e "$calls/interrupted"
echo go > "$answers/disnix-activate.wait"
loop_ends 0 'a cycle that is interrupted between two stages'
has "$(cat "$log")" 'interrupted before the stage assign_ids' 'tells where'
is "$(calls_of disnix-manifest)" 0 'and starts nothing more'

# More of them kill; nothing is left behind.
forget_calls
start -i "$models/infrastructure.nix"
wait_for 20 distributing
stubborn=$(ps -e -o pid= -o args= | awk -v d="$scratch/bin" 'index($0, d) && /gendist/ && !/awk/ { print $1; exit }')
ok 'a program that does not care about INT' test -n "$stubborn"
ended()
{
    kill -TERM "$loop" 2> /dev/null
    gone "$loop"
}
wait_for 20 ended
loop_ends 0 'is killed with its cycle after more TERM'
ok 'and gone' wait_for 20 gone "$stubborn"
rm "$answers/disnix-activate.wait"
fake dydisnix-gendist

# A generator.
forget_calls
write_model test1
cp "$models/infrastructure.nix" "$answers/generate"
start --geninfra=generate --interval=1 --retry-min=1 --verbose
wait_for 20 logged 2 'Capturing infrastructure'
is "$(calls_of disnix-activate)" 1 'a model that has not changed is not redeployed'
echo '# only a comment' > "$answers/generate"
cat "$models/infrastructure.nix" >> "$answers/generate"
echo 3 > "$answers/generate.status"
ok 'a generator that fails does not end the loop' wait_for 20 logged 2 'generate: exit status 3'
rm "$answers/generate.status"
count=$(calls_of generate)
more_calls()
{
    [ "$(calls_of generate)" -gt "$count" ]
}
ok 'the loop goes on' wait_for 20 more_calls
is "$(calls_of disnix-activate)" 1 'a comment is no change'
end_loop

# Snapshots of a network that does not change.
forget_calls
deployed_before "$previous"
start -i "$models/infrastructure.nix" --snapshot --interval=1
snapshots()
{
    [ "$(calls_of disnix-snapshot)" -ge 3 ]
}
ok 'snapshots are taken at each interval, also of a watched model' wait_for 20 snapshots
is "$(calls_of disnix-activate)" 1 'nothing is redeployed for that'
end_loop

# What the loop remembers may be lost.
rm "$state/default/state.json"
forget_calls
ok 'a cycle without a state' watching --once
is "$(calls_of disnix-activate)" 1 'redeploys'
rm "$state/default/state.json"
mkdir "$state/default/state.json"
fails 1 'a state file that cannot be replaced fails the cycle' watching --once
has "$(output)" 'state.json: ' 'and is told'
rmdir "$state/default/state.json"

# Captive.
captive() # COMMAND…
{
    host -s "$models/services.nix" -q "$models/qos.nix" -i "$models/infrastructure.nix" --run -- "$@"
}
forget_calls
fails 7 '--run ends with the status of its command, started after the first cycle' \
    captive sh -c 'test -e "$calls/07-disnix-activate.arguments" && exit 7'
ok 'options of the command are its own' captive sh -c 'test "$1" = --once' sh --once
fails 143 'a command that is ended by a signal' captive sh -c 'kill $$'
fails 127 'a command that is not there' captive no-such-command
has "$(output)" 'no-such-command: ' 'is told'
mkfifo "$answers/never"
start -i "$models/infrastructure.nix" --run -- sh -c 'trap "echo trapped; exit 9" TERM; echo begun; read -r x < "$1"' \
    sh "$answers/never"
wait_for 20 logged 1 begun
kill -TERM "$loop"
loop_ends 9 'TERM goes to the command, and the loop waits for it'

done_testing
