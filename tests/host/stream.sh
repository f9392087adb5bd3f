#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A generator that goes on running: each document that it prints is a new model.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

# Prints what comes through a fifo, \0 for a NUL byte; "end STATUS" ends it.
cat > "$scratch/bin/stream" << 'EOF'
#!/bin/sh
: > "$calls/started.$$"
echo 'stream begins' >&2
exec 3<> "$answers/fifo"
while read -r word rest <&3; do
    case $word in
        end) exit "$rest" ;;
        die) kill -9 $$ ;;
        big) head -c 300000000 /dev/zero | tr '\0' ' ' ;;
        *) printf "$word $rest" ;;
    esac
done
EOF
chmod +x "$scratch/bin/stream"
mkfifo "$answers/fifo"

print() # TEXT
{
    printf '%s\n' "$1" > "$answers/fifo"
}

model() # TARGET…
{
    printf '{'
    for target; do
        printf ' %s = { properties.hostname = "%s"; containers = { }; };' "$target" "$target"
    done
    printf ' }'
}

deployed_with() # NAMES
{
    python3 -c 'import json, sys; sys.exit(json.load(open(sys.argv[1])).get("effective") != sys.argv[2].split())' \
        "$state/default/state.json" "$1"
}

started() # NUMBER: so often
{
    [ "$(find "$calls" -name 'started.*' | wc -l)" -ge "$1" ]
}

start --geninfra-stream=stream --retry-min=1 --retry-max=2
wait_for 20 started 1
kill -HUP "$loop"
ok 'no model has come yet' wait_for 20 logged 1 'stream: no infrastructure model has come yet'
print "$(model test1)\\0"
ok 'each document is a model' wait_for 20 deployed_with test1
print "$(model test1 test2)"
print '\0'
ok 'also in pieces' wait_for 20 deployed_with 'test1 test2'
print "$(model test3)\\0$(model test4)\\0"
ok 'of two that come together the last one counts' wait_for 20 deployed_with test4
has "$(cat "$log")" '[stream]: stream begins' 'what it says is passed on'
print ' \0'
ok 'an empty one is dropped' wait_for 20 logged 1 'stream: an empty model is dropped'
print '{ nonsense\0'
ok 'nonsense is a failed cycle' wait_for 20 logged 1 'the stage detect failed'
print '{ }\0'
ok 'and so is a network without targets' wait_for 20 logged 1 'that would undeploy everything'
is "$(calls_of disnix-activate)" "$(grep -c 'A change in the infrastructure' "$log")" 'neither is deployed'
print "$(model test1)"
print 'end 0'
ok 'half a document at its end' wait_for 20 logged 1 'stream: it ended within a model, which is dropped'
ok 'when it ends it is started again' wait_for 20 started 2
ok 'and the model that came last stays' deployed_with test4
print "$(model test5)\\0"
ok 'models go on to come' wait_for 20 deployed_with test5
print 'die 1'
ok 'a generator that is killed' wait_for 20 logged 1 'stream: killed by signal 9'
ok 'is started again too' wait_for 20 started 3
print big
print "\\0$(model test6)\\0"
ok 'a document without end is dropped' wait_for 30 logged 1 'stream: a model of more than'
ok 'and the next one counts' wait_for 20 deployed_with test6
memory=$(awk '/^VmHWM/ { print $2 }' "/proc/$loop/status")
ok "the loop itself has never been big ($memory kB)" test "$memory" -lt 20000
generator=$(ls -t "$calls" | sed -n 's/^started\.//p' | head -n 1)
kill -TERM "$loop"
wait "$loop"
is $? 0 'TERM ends the loop'
loop=
gone()
{
    ! kill -0 "$generator" 2> /dev/null
}
ok 'and the generator' wait_for 20 gone

# The loop is killed: its generator does not outlive it.
forget_calls
start --geninfra-stream=stream
wait_for 20 started 1
generator=$(find "$calls" -name 'started.*' | sed 's/.*started\.//')
kill -KILL "$loop"
wait "$loop" 2> /dev/null
loop=
ok 'nor does it outlive a loop that is killed' wait_for 20 gone

# It cannot be started at all.
start --geninfra-stream=no-such-program --retry-min=1
ok 'a generator that is not there' wait_for 20 logged 2 'no-such-program: not started: '
end_loop
fails 2 'it excludes a model' watching --geninfra-stream=stream --once
forget_calls
start --geninfra-stream=stream --once
wait_for 20 started 1
print "$(model test1)\\0"
wait "$loop"
is $? 0 'one cycle, with the first model'
loop=

done_testing
