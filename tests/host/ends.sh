#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# How a loop ends in the middle of a cycle: what is deployed is not broken off, and nothing new is begun.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

deployed_before "$previous"

# A deployment that rolls back when it is interrupted, and takes a while to do it.
cat > "$scratch/bin/disnix-activate" << 'EOF'
#!/bin/sh
trap 'sleep 0.5; echo done > "$calls/rolled back"; exit 1' INT
trap 'exit 1' TERM
echo $$ > "$calls/deploying"
while [ ! -e "$calls/go on" ]; do sleep 0.05; done
echo done > "$calls/deployed"
EOF

start -i "$models/infrastructure.nix"
ok 'a deployment begins' wait_for 20 test -s "$calls/deploying"
kill -TERM "$loop"
ok 'the first TERM is heard' wait_for 10 grep -q 'Ending after the running cycle' "$log"
ok 'the deployment goes on' kill -0 "$(cat "$calls/deploying")"
kill -TERM "$loop"
wait "$loop"
is "$?" 0 'the second one ends the loop'
ok 'the deployment was interrupted and has rolled back' test -e "$calls/rolled back"
has "$(cat "$log")" 'the stage redeploy failed' 'the cycle saw how it ended'
has "$(cat "$state/default/state.json")" '"deployment"' 'and that it did not end well is remembered'

# Killed while it deploys: its cycle ends the deployment, and keeps other loops away until then.
forget_calls
start -i "$models/infrastructure.nix"
ok 'another deployment begins' wait_for 20 test -s "$calls/deploying"
kill -KILL "$loop"
wait "$loop" 2> /dev/null
fails 1 'meanwhile a second loop is refused' watching --once
has "$(output)" "process $loop runs this profile already" 'the message says by whom'
touch "$calls/go on"
ok 'the deployment goes on to its end' wait_for 10 test -e "$calls/deployed"
ok 'then a loop may start' wait_for 10 watching --once

# Killed in an earlier stage: no other one is begun.
forget_calls
mkfifo "$answers/dydisnix-gendist.wait"
start -i "$models/infrastructure.nix"
ok 'a distribution is generated' wait_for 20 sh -c 'ls "$calls"/*-dydisnix-gendist.arguments'
kill -KILL "$loop"
wait "$loop" 2> /dev/null
: > "$answers/dydisnix-gendist.wait"
ok 'the cycle ends' wait_for 10 grep -q 'the loop was killed' "$log"
rm "$answers/dydisnix-gendist.wait"
is "$(calls_of disnix-manifest)" 0 'and deploys nothing'

done_testing
