#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A loop at rest says nothing, however often it looks; what it does is told whole, and in one line at the end.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

snapshots() # NUMBER: so many have been taken
{
    [ "$(calls_of disnix-snapshot)" -ge "$1" ]
}

write_manifest "$store/$hash-previous.xml" test1
write_manifest "$store/$hash-manifest.xml" test1
deployed_before "$manifest"
echo '[target: test1]: Snapshotting state of service: db' > "$answers/disnix-snapshot.errors"
start --geninfra=generate --interval=1 --snapshot
wait_for 60 logged 1 'Waiting for'
has "$(cat "$log")" 'Snapshotting state of service: db' 'the first cycle is told whole'
ok 'and its end in one line' \
    grep -qE '^\[coordinator\]: Cycle 1 is done after [0-9.]+ seconds: 0 started, 0 moved, 0 replaced, 0 stopped; state of 0 moved; 0 in dispute$' "$log"
lines=$(wc -l < "$log")
taken=$(calls_of disnix-snapshot)
ok 'cycles go on' wait_for 60 snapshots $((taken + 4))
is "$(wc -l < "$log")" "$lines" 'and nothing is said'

# What is said of a snapshot that fails, though it is routine.
echo 'no space left' > "$answers/disnix-snapshot.errors"
echo 1 > "$answers/disnix-snapshot.status"
ok 'a snapshot that fails is told, with its last words' wait_for 60 logged 1 'disnix-snapshot: exit status 1: no space left'
wait_for 60 snapshots $(($(calls_of disnix-snapshot) + 3)) # so that this cycle is over
told=$(wc -l < "$log") noted=$(wc -l < "$state/default/events.jsonl")
taken=$(calls_of disnix-snapshot)
echo 'no space left, still' > "$answers/disnix-snapshot.errors"
ok 'it fails again and again' wait_for 60 snapshots $((taken + 4))
is "$(wc -l < "$log") $(wc -l < "$state/default/events.jsonl")" "$told $noted" 'which is told once, and noted once'
has "$("$builddir/dydisnix-self-adaptctl" --state-dir="$state" status)" \
    'the state of the system is not captured: disnix-snapshot: exit status 1: no space left' 'and shown'
echo 2 > "$answers/disnix-snapshot.status"
ok 'otherwise it is told again' wait_for 60 logged 1 'disnix-snapshot: exit status 2: no space left, still'
rm "$answers/disnix-snapshot.errors" "$answers/disnix-snapshot.status"
ok 'and that it is over' wait_for 60 logged 1 'The state of the system is captured again'

# What is kept back is told as soon as something is to be done.
write_model test1 test2 test3
captured=$(grep -c 'Captured infrastructure file' "$log")
cp "$models/infrastructure.nix" "$answers/generate.new"
mv "$answers/generate.new" "$answers/generate"
ok 'a change is told' wait_for 60 logged 1 'added: test3'
wait_for 60 logged 2 'is done after'
is "$(grep -c 'Captured infrastructure file' "$log")" $((captured + 1)) 'with what came before it'

# A generator that fails is not asked in each interval.
echo 3 > "$answers/generate.status"
end_loop
start --geninfra=generate --interval=1 --snapshot --retry-min=3600 --retry-max=3600
ok 'a generator that fails' wait_for 60 logged 1 'A cycle has failed after'
has "$(cat "$log")" 'generate: exit status 3' 'is told'
ok 'what is waited for too' wait_for 60 grep -qE 'Waiting for (1[89]..|[23]...) seconds' "$log"
end_loop
rm "$answers/generate.status"

# All of it.
start --geninfra=generate --interval=1 --snapshot --verbose
ok '--verbose tells each cycle' wait_for 60 logged 3 'Waiting for 1 seconds'
end_loop

done_testing
