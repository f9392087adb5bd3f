#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whatever a cycle does, the loop goes on, and nothing of the cycle is left.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

plugin=$builddir/tests/plugins/misbehave.so

gone()
{
    ! kill -0 "$1" 2> /dev/null
}

# The loop alone: its cycle has ended with all that it had started.
alone()
{
    [ -z "$(ps -o pid= --ppid "$loop")" ]
}

deploying()
{
    [ "$(calls_of disnix-activate)" -eq 1 ]
}

# It hears, and begins a cycle.
hears()
{
    before=$(grep -c 'Using infrastructure model' "$log")
    kill -HUP "$loop" || return 1
    wait_for 20 logged "$((before + 1))" 'Using infrastructure model'
}

misbehaving() # HOW OPTION…
{
    how=$1
    shift
    forget_calls
    start -i "$models/infrastructure.nix" --retry-min=1 --retry-max=1 --plugin="$plugin" \
        --plugin-option=misbehave:how="$how" "$@"
}

# A plugin that ends its process in some way: the cycle has failed, and is tried again.
while IFS='|' read -r how what message; do
    misbehaving "$how"
    ok "a plugin that $what" wait_for 20 logged 2 "$message"
    ok 'costs its cycle, which is tried again' hears
    is "$(calls_of disnix-activate)" 0 'and deploys nothing'
    end_loop
done << 'EOF'
crash|crashes|the cycle was ended by signal 11
abort|aborts|the cycle was ended by signal 6
exit|exits with 0|the cycle has ended in the stage redistribute
EOF

# Descriptors: nothing that the cycle says arrives any more.
for how in close reuse; do
    misbehaving "$how"
    ok "a plugin that closes all descriptors ($how)" wait_for 20 logged 2 'Using infrastructure model'
    is "$(calls_of disnix-activate)" 0 'deploys nothing that nobody could end'
    ok 'and the loop hears' hears
    end_loop
done

# Endless loop, INT and TERM ignored.
misbehaving spin --stage-timeout=redistribute=1 --stop-timeout=1
ok 'a plugin that never returns' wait_for 20 logged 1 'the stage redistribute takes too long and is ended'
ok 'is killed' wait_for 20 logged 1 'the cycle was ended by signal 9'
ok 'and the loop goes on' wait_for 20 logged 2 'Using infrastructure model'
end_loop
misbehaving spin --cycle-timeout=15 --stop-timeout=1
ok 'so is one in a cycle that takes too long' wait_for 20 logged 1 \
    'the cycle takes too long and is ended, in the stage redistribute'
ok 'as a whole' wait_for 20 logged 1 'the cycle was ended by signal 9'
end_loop

# Memory.
misbehaving eat
ok 'a plugin that leaves no memory' wait_for 30 logged 2 'Using infrastructure model'
is "$(calls_of disnix-activate)" 0 'deploys nothing'
ok 'and the loop hears' hears
end_loop

# A grandchild that keeps every descriptor, with the pipe to the loop.
misbehaving child
ok 'a plugin that leaves a process behind is no reason not to deploy' wait_for 20 deploying
ok 'nor to wait for that process' hears
left=$(ps -o pid= --ppid "$loop" | head -n 1)
end_loop
[ -z "$left" ] || kill "$left" 2> /dev/null

# A plugin that writes into the pipe to the loop.
misbehaving nonsense
ok 'a plugin that writes nonsense to the loop' wait_for 20 deploying
ok 'is not listened to' hears
memory=$(awk '/^VmRSS/ { print $2 }' "/proc/$loop/status")
ok "and takes no memory of the loop ($memory kB)" test "$memory" -lt 20000
end_loop

# A stage that is ended is ended with everything below it, whatever groups and sessions that has made.
cat > "$scratch/bin/dydisnix-gendist" << 'EOF'
#!/bin/sh
trap '' INT TERM
setsid sh -c 'trap "" INT TERM; echo $$ > "$1/grandchild"; sleep 300; :' sh "$calls" &
while :; do sleep 300; done
EOF
forget_calls
start -i "$models/infrastructure.nix" --stage-timeout=redistribute=10 --stop-timeout=1
ok 'a program that does not end' wait_for 20 logged 1 'the stage redistribute takes too long and is ended'
ok 'and does not care about INT and TERM' wait_for 20 logged 1 'the cycle was ended by signal'
ok 'is killed' wait_for 20 alone
ok 'with what it has started' wait_for 20 gone "$(cat "$calls/grandchild")"
end_loop

# A deployment that is ended by its deadline rolls back.
fake dydisnix-gendist
cp "$scratch/bin/disnix-activate" "$scratch/plain"
cat > "$scratch/bin/disnix-activate" << 'EOF'
#!/bin/sh
setsid sh -c 'sleep 300; :' client --activate --target test1 --container process &
trap 'until [ -e "$calls/seen" ]; do sleep 0.1; done; sleep 2; echo "rolled back"; exit 1' INT
while :; do sleep 0.1; done
EOF
start -i "$models/infrastructure.nix" --stage-timeout=redeploy=10 --stop-timeout=300
is_waited_for()
{
    "$builddir/dydisnix-self-adaptctl" status | grep -q '^waits for  *test1, --activate .* kill [0-9]*$'
}
ok 'the status tells who is waited for' wait_for 60 is_waited_for
touch "$calls/seen"
ok 'a deployment that takes too long' wait_for 20 logged 1 'the stage redeploy takes too long and is ended'
ok 'has the time to roll back' wait_for 20 logged 1 'rolled back'
ok 'and is awaited' wait_for 20 logged 1 'disnix-activate: no answer in time'
ok 'who it waited for is told' logged 1 '[target: test1]: --activate does not end'
ok 'and left out' wait_for 20 logged 1 '[target: test1]: it does not answer, and counts as silent'
end_loop
cp "$scratch/plain" "$scratch/bin/disnix-activate"

# A generator that hangs.
cat > "$scratch/bin/hang" << 'EOF'
#!/bin/sh
sleep 300
EOF
chmod +x "$scratch/bin/hang"
start --geninfra=hang --stage-timeout=capture=1
ok 'a generator that hangs' wait_for 20 logged 1 'the stage capture takes too long and is ended'
ok 'is tried again' wait_for 20 logged 2 'Capturing infrastructure'
end_loop

# A hook for afterwards that hangs is ended by its own deadline; see the unit test of the supervisor. A client
# interface that hangs is a target that does not answer.
cat > "$scratch/bin/disnix-ssh-client" << 'EOF'
#!/bin/sh
for word; do
    [ "$word" != test2 ] || exec sleep 300
done
EOF
ok 'a client interface that hangs' watching --once --probe-timeout=15
has "$(output)" '[target: test2]: it does not answer' 'does not answer'

done_testing
