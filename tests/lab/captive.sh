#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A network lives exactly as long as its command, and leaves nothing.
if ! { [ "$(id -u)" -eq 0 ] && unshare -mp true; } 2> /dev/null && ! unshare -Urmp true 2> /dev/null; then
    echo '1..0 # SKIP user namespaces are not allowed here'
    exit 0
fi
unset DYDISNIX_LAB
. "$srcdir/tests/share/functions.sh"

lab=$builddir/dydisnix-lab
TMPDIR=$scratch
export TMPDIR

ok 'success is passed on' "$lab" --targets=0 --run -- true
fails 7 'a status is passed on' "$lab" --targets=0 --run -- sh -c 'exit 7'
fails 137 'so is a signal' "$lab" --targets=0 --run -- sh -c 'kill -9 $$'
fails 127 'no such command' "$lab" --targets=0 --run -- "$scratch/nothing"
fails 126 'a command that is none' "$lab" --targets=0 --run -- "$scratch"
fails 2 'no command' "$lab" --run
fails 2 'an unknown option' "$lab" --nothing --run -- true
fails 2 'a number that is none' "$lab" --targets=some --run -- true
fails 2 'a name that is none' "$lab" --target=a/b --run -- true
is "$("$lab" --targets=0 --run -- printf '%s|' 'a  b' '$(id)' '*')" 'a  b|$(id)|*|' 'arguments are not interpreted'
is "$(echo text | "$lab" --targets=0 --run -- cat)" text 'the command has the standard input'
is "$("$lab" --target=b --target='a"${x}' --run -- sh -c 'ls "$DYDISNIX_LAB/machines"' | tr '\n' ' ')" \
    'a"${x} b coordinator ' 'machines have the names that were asked for'
is "$(ls -A "$scratch" | grep -v '^\.output$')" '' 'no directory is left'

# A directory that is given is kept, and its disks are.
directory="$scratch/a network"
"$lab" --targets=1 --directory="$directory" --run -- dydisnix-lab exec test1 \
    sh -c 'echo text > /nix/var/kept; echo "$HOME" > /nix/var/home'
ok 'a directory that was given is kept' test -f "$directory/machines/test1/nix/var/kept"
is "$("$lab" --directory="$directory" --run -- dydisnix-lab exec test1 cat /nix/var/kept)" text \
    'and the machines boot on their disks'
is "$("$lab" --directory="$directory" --run -- sh -c '"$0" --directory="$1" --run -- true; echo $?' \
    "$lab" "$directory" 2> /dev/null)" 1 'two networks do not share a directory'

# Two networks at once.
# shellcheck disable=SC2016
"$lab" --targets=1 --run -- sh -c '
    dydisnix-lab exec test1 sh -c "echo outer > /nix/var/mine"
    outer=$DYDISNIX_LAB
    "$0" --targets=1 --run -- sh -c "
        dydisnix-lab exec test1 ls /nix/var
        dydisnix-lab crash test1"
    dydisnix-lab exec test1 cat /nix/var/mine' "$lab" > "$scratch/two" 2>&1
is "$(tr '\n' ' ' < "$scratch/two")" 'nix outer ' 'two networks do not meet'
ok 'nothing is left on the host' test ! -e /nix/var/mine

# The end of what was started: a process that left its parent, one on a machine, the machines.
mark=31$$
start_network() # leaves the pid in $network
{
    rm -f "$scratch/ready"
    "$lab" --targets=1 --run -- sh -c '
        (setsid sleep "$1" &)
        dydisnix-lab exec test1 sleep "$1" &
        until dydisnix-lab exec test1 pgrep -f "^sleep $1" > /dev/null; do sleep 0.02; done
        : > "$2/ready"
        '"$1" sh "$mark" "$scratch" &
    network=$!
    wait_for 20 test -e "$scratch/ready"
}
nobody_sleeps()
{
    ! pgrep -f "^sleep $mark"
}
machines_of()
{
    pgrep -P "$1" -f '^dydisnix-lab machine'
}
none_of()
{
    for pid; do
        ! kill -0 "$pid" || return 1
    done
}

start_network 'exit 3'
wait "$network"
is $? 3 'the command ends'
ok 'and all that it started has ended' nobody_sleeps

start_network 'sleep '"$mark"
processes=$(machines_of "$network")
is "$(echo "$processes" | wc -l)" 2 'a machine is a process of the network'
kill -9 "$network"
wait "$network" 2> /dev/null
# shellcheck disable=SC2086
ok 'killed, it leaves no machine' wait_for 5 none_of $processes
# shellcheck disable=SC2046
kill $(pgrep -f "^sleep $mark") # what left its parents is nobody's

start_network 'trap "exit 5" TERM; sleep '"$mark"' & wait'
kill -TERM "$network"
wait "$network"
is $? 5 'TERM is passed on to the command'
ok 'nothing runs' nobody_sleeps

done_testing
