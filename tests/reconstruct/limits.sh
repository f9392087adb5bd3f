#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What one target may cost: time, and room on the coordinator's disk. The others are not touched by it.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/network.sh"
. "$srcdir/tests/share/stores.sh"
. "$srcdir/tests/share/made-closures.sh"

standings()
{
    reported '{k: t["status"] for k, t in sorted(r["targets"].items())}'
}
calls_to() # TARGET OPERATION
{
    grep -c "^$1	$2	" "$NETWORK/calls"
}

# Exports that never end, many of them: the first one costs its deadline, and no other is begun.
network 2 3 a b c
echo 'exec sleep 1000' > "$NETWORK/a/export.sh"
new_coordinator
reconstruct --xml --transfer-timeout=15 "$model"
is "$status" 0 'a target that hangs in an export: no failure'
is "$(standings)" "{'a': 'invalid', 'b': 'captured', 'c': 'captured'}" 'only its own state is not known'
has "$messages" '[target: a]: its closure was not sent: no answer in time' 'it is told'
is "$(calls_to a export)" 1 'it is asked once'

# A target whose answers are slow, each in time, has its budget.
profile a "$(for i in 1 2 3 4 5 6; do service "k$i" "s$i"; done)" \
    "$(for i in 1 2 3 4 5 6; do mapping "k$i" echo; done)" "$(for i in 1 2 3 4 5 6; do snapshot "k$i" echo "s$i"; done)"
profile b '' '' ''
profile c '' '' ''
reconstruct --xml --print-manifest "$model"
printf '%s\n' "$output" | sed "s|<profile name=\"a\">[^<]*</profile>||" > "$scratch/previous.xml"
echo 'sleep 10; cat "$target/snapshots" 2> /dev/null' > "$NETWORK/a/query-all-snapshots.sh"
: > "$NETWORK/calls"
reconstruct --xml --dry-run --jobs=1 --timeout=600 --target-timeout=15 --previous="$scratch/previous.xml" "$model"
is "$status" 0 'a target that is slow in each of many answers: no failure'
is "$(calls_to a query-all-snapshots)" 2 'it is asked until its budget is spent'
is "$(printf '%s\n' "$messages" | grep -c 'is not asked any more')" 1 'and that it is not asked any more is told once'
is "$(printf '%s\n' "$messages" | grep -c 'its snapshots of')" 0 'not once more for each question'

# A stream without end.
network 2 3 a b c
cat > "$NETWORK/a/export.sh" << 'END'
file=$(mktemp -p "$TMPDIR")
echo "$file"
exec cat /dev/zero > "$file"
END
new_coordinator
reconstruct --xml --max-closure-size=3000000 "$model"
is "$status" 0 'an export without end: no failure'
is "$(standings)" "{'a': 'invalid', 'b': 'captured', 'c': 'captured'}" 'only its target is refused'
has "$messages" '[target: a]: its closure was not sent: it is larger than 3000000 bytes; more are allowed by --max-closure-size' \
    'it is told, with the option'
is "$(ls -A "$TMPDIR")" '' 'nothing is left of it'

# The same where the disk is small.
if [ "$(id -u)" -eq 0 ] && mkdir "$scratch/small" && mount -t tmpfs -o size=24m none "$scratch/small" 2> /dev/null; then
    cleanup_fn umount "'$scratch/small'"
    TMPDIR=$scratch/small
    new_coordinator
    reconstruct --xml "$model"
    is "$status" 0 'an export without end on a small disk: no failure'
    is "$(standings)" "{'a': 'invalid', 'b': 'captured', 'c': 'captured'}" 'a small disk: only its target is refused'
    has "$messages" 'bytes, the room that there is for it' 'a small disk: it is told'
    is "$(ls -A "$TMPDIR")" '' 'a small disk: nothing is left of it'
    head -c 12000000 /dev/zero > "$TMPDIR/full"
    new_coordinator
    reconstruct --xml "$model"
    is "$status" 1 'a full disk fails'
    has "$messages" "[coordinator]: $TMPDIR/" 'a full disk is the own trouble of the coordinator'
    lacks "$messages" 'invalid' 'a full disk is nobody'"'"'s fault'
    rm "$TMPDIR/full"
    TMPDIR=$scratch/tmp
fi

done_testing
