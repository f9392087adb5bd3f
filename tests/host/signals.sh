#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# How the loop is ended, asked and guarded.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

gone()
{
    ! kill -0 "$1" 2> /dev/null
}

deploying()
{
    [ "$(calls_of disnix-activate)" -ge 1 ]
}

# A deployment that takes its time to roll back: INT, and TERM only if it does not end.
cp "$scratch/bin/disnix-activate" "$scratch/plain"
cat > "$scratch/bin/disnix-activate" << 'EOF'
#!/bin/sh
trap 'echo interrupted' INT
trap 'echo terminated' TERM
echo $$ > "$calls/deployment"
: > "$calls/01-disnix-activate.arguments"
while :; do sleep 0.1; done
EOF
start -i "$models/infrastructure.nix" --stop-timeout=10
wait_for 20 deploying
deployment=$(cat "$calls/deployment")
kill -USR1 "$loop"
ok 'USR1 tells the state' wait_for 20 logged 1 'state: {'
state_line=$(sed -n 's/.*state: //p' "$log")
is "$(printf '%s' "$state_line" | python3 -c 'import json, sys
s = json.load(sys.stdin); print(s["phase"], s["stage"], s["paused"], s["failures"])')" 'cycle redeploy False 0' \
    'as a document'
kill -TERM "$loop"
wait_for 20 logged 1 'Ending after the running cycle'
kill -INT "$loop"
ok 'a second signal interrupts the deployment' wait_for 20 logged 1 interrupted
lacks "$(cat "$log")" terminated 'which has time to roll back'
ok 'then it is terminated' wait_for 20 logged 1 terminated
ok 'and killed' wait_for 20 gone "$loop"
wait "$loop"
is $? 0 'and the loop ends'
loop=
ok 'nothing is left' gone "$deployment"
cp "$scratch/plain" "$scratch/bin/disnix-activate"

# With its parent.
forget_calls
(
    "$with_nix" "$scratch/machine" "$builddir/dydisnix-self-adapt" --state-dir="$state" --exit-with-parent \
        -s "$models/services.nix" -q "$models/qos.nix" -i "$models/infrastructure.nix" \
        --coordinator-profile-path="$scratch/the profiles" > "$log" 2>&1 &
    echo $! > "$scratch/host"
    wait
) &
parent=$!
wait_for 20 test -s "$scratch/host"
wait_for 20 deploying
host=$(cat "$scratch/host")
ok 'a loop that ends with its parent runs' kill -0 "$host"
kill -KILL "$parent"
wait "$parent" 2> /dev/null
ok 'and ends when that is killed' wait_for 20 gone "$host"

# A parent with threads, as etcdctl is: the kernel tells of each that dies.
forget_calls
cat > "$scratch/parent" << 'EOF'
import os, signal, subprocess, sys, time
loop = subprocess.Popen(sys.argv[2:])
while not os.path.exists(sys.argv[1]):
    time.sleep(0.05)
for _ in range(5):
    os.kill(loop.pid, signal.SIGTERM)
    time.sleep(0.1)
open(sys.argv[1] + ".told", "w").close()
sys.exit(loop.wait())
EOF
cat > "$scratch/bin/disnix-activate" << 'EOF'
#!/bin/sh
: > "$answers/begun"
while [ ! -e "$answers/begun.told" ]; do sleep 0.05; done
EOF
write_model test1
fails 0 'a parent that ends more than once does not end the cycle' python3 "$scratch/parent" "$answers/begun" \
    "$with_nix" "$scratch/machine" "$builddir/dydisnix-self-adapt" --state-dir="$state" --exit-with-parent --no-probe \
    -s "$models/services.nix" -q "$models/qos.nix" -i "$models/infrastructure.nix" \
    --coordinator-profile-path="$scratch/the profiles"
has "$(output)" 'Setting profiles' 'its deployment comes to its end'
cp "$scratch/plain" "$scratch/bin/disnix-activate"

# The guard.
cat > "$scratch/bin/guard" << 'EOF'
#!/bin/sh
echo "$*" >> "$calls/guard"
[ ! -e "$answers/guard.$2" ]
EOF
chmod +x "$scratch/bin/guard"
plugin=$builddir/tests/plugins/record.so
forget_calls
: > "$models/ids.nix"
everything()
{
    watching --once --guard='guard lock' --snapshot --ids="$models/ids.nix" --id-resources="$models/ids.nix" \
        --plugin="$plugin" "$@"
}
ok 'a guard that allows everything' everything
is "$(tr '\n' ';' < "$calls/guard")" \
    'lock reconstruct;lock snapshot;lock assign_ids;lock redeploy;' 'is asked before each stage that changes something'
for stage in reconstruct snapshot assign_ids redeploy; do
    : > "$answers/guard.$stage"
    forget_calls
    fails 1 "a guard that does not allow $stage" everything
    has "$(output)" "the guard does not allow the stage $stage: exit status 1" 'is told'
    is "$(tail -n 1 "$calls/guard")" "lock $stage" 'and ends the cycle there'
    is "$(calls_of disnix-activate)" 0 'nothing is deployed'
    rm "$answers/guard.$stage"
done
forget_calls
ok 'where nothing else is changed' watching --once --guard='guard lock'
is "$(cat "$calls/guard")" 'lock redeploy' 'it is asked of the deployment only'
fails 1 'a guard that is not there' watching --once --guard=no-such-program
has "$(output)" 'the guard does not allow the stage redeploy: not started' 'allows nothing'

echo 'exit 3' > "$scratch/bin/deposed"
sed -i '1i #!/bin/sh' "$scratch/bin/deposed"
chmod +x "$scratch/bin/deposed"
forget_calls
start -i "$models/infrastructure.nix" --guard=deposed
wait "$loop"
is $? 1 'a guard that ends with 3 ends the loop'
loop=
is "$(calls_of disnix-activate)" 0 'and nothing is deployed'
(
    : > "$log"
    watching --guard=deposed --run -- sh -c 'echo begun; exec sleep 600' > "$log" 2>&1
    echo $? > "$scratch/status"
)
is "$(cat "$scratch/status")" 1 'also with a command'
lacks "$(cat "$log")" begun 'which does not begin then'

# A storm of those that end nothing, while it adapts.
forget_calls
start -i "$models/infrastructure.nix" --retry-min=1
wait_for 60 logged 1 'Using infrastructure model' # before that, they are not taken yet
write_model test1 test2 test3
python3 - "$loop" << 'EOF'
import os, signal, sys
for _ in range(4000):
    for name in 'HUP', 'CHLD', 'USR1', 'PIPE', 'WINCH', 'CONT':
        os.kill(int(sys.argv[1]), getattr(signal, 'SIG' + name))
EOF
ok 'a storm of signals ends nothing' kill -0 "$loop"
write_model test1
only_test1()
{
    grep -q 'name="test1"' "$state/default/deployed.xml" && ! grep -q 'test2' "$state/default/deployed.xml"
}
ok 'and what changed meanwhile is deployed' wait_for 60 only_test1
end_loop
write_model test1 test2

# At its leisure: a resync.
forget_calls
start -i "$models/infrastructure.nix" --no-probe --resync=1s
deployed_again()
{
    [ "$(calls_of disnix-activate)" -ge 3 ]
}
ok 'a resync redeploys though nothing changes' wait_for 20 deployed_again
is "$(grep -c 'A change in the infrastructure' "$log")" 1 'and tells of no change'
end_loop

done_testing
