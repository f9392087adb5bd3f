#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The same network gives the same bytes, in whatever order its targets answer.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/network.sh"

# Something of everything: a shared service in two versions, a component on two targets, dependencies on what is gone, a
# target that lies, one that is silent, one that is empty.
shared() # TARGET CONNECTED-TO
{
    profile "$1" "$(service k1 db '' "$(dependency k2 echo "$2")")$(service k2 api "$(dependency k9 echo z)")" \
        "$(mapping k1 echo)$(mapping k2 echo)" "$(snapshot k1 echo db)"
}
shared a a
shared b b
shared c a
profile d "$(service k3 web "$(dependency k2 echo a)$(dependency k2 echo gone)")" "$(mapping k3 echo)" ''
profile e "$(service k4 cache)" "$(mapping k4 echo a)" ''
profile f "$(service k5 queue)" "$(mapping k5 echo)" "$(snapshot k5 echo queue)"
profile g '' '' ''
rm "$NETWORK/g"/*
infrastructure a b c d e f g h
for target in a b c f; do
    printf 'echo/db/%s\n' 1 2 3 > "$NETWORK/$target/snapshots"
done

# Every answer of a to g takes so long.
delays() # SECONDS for each, or "random"
{
    for target in a b c d e f g; do
        for operation in query-requisites query-installed query-all-snapshots; do
            file=requisites
            [ "$operation" != query-installed ] || file=installed
            [ "$operation" != query-all-snapshots ] || file=snapshots
            {
                if [ "$1" = random ]; then
                    echo 'sleep "0.0$(od -An -N1 -tu1 /dev/urandom | tr -d " ")"'
                else
                    echo "sleep $1"
                fi
                echo "[ -e \"\$target/$file\" ] || exit $([ "$operation" = query-requisites ] && echo 1 || echo 0)"
                echo "exec cat \"\$target/$file\""
            } > "$NETWORK/$target/$operation.sh"
        done
        [ "$1" = random ] || shift
    done
}

timeless() # the report without its times
{
    sed 's/"milliseconds": [0-9]*/"milliseconds": 0/' "$report"
}

decide() # FILE ARGUMENT…
{
    file=$1
    shift
    reconstruct --xml --print-manifest "$@" "$model"
    printf '%s\n' "$output" > "$file.xml"
    timeless > "$file.json"
}

orders() # WHAT ARGUMENT…: several runs that have to be the same
{
    what=$1
    shift
    delays 0 0 0 0 0 0 0
    decide "$scratch/first" --jobs=1 "$@"
    is "$status" 0 "$what: one after the other"
    delays 0.12 0.1 0.08 0.06 0.04 0.02 0
    decide "$scratch/next" "$@"
    ok "$what: the last one first: the same manifest" cmp "$scratch/first.xml" "$scratch/next.xml"
    ok "$what: the last one first: the same report" cmp "$scratch/first.json" "$scratch/next.json"
    delays random
    for run in 1 2 3 4 5; do
        decide "$scratch/next" --jobs=$((3 * run)) "$@"
        ok "$what: at random, $run: the same manifest" cmp "$scratch/first.xml" "$scratch/next.xml"
        ok "$what: at random, $run: the same report" cmp "$scratch/first.json" "$scratch/next.json"
    done
}

orders 'without a previous manifest'
is "$(reported '[len(r[k]) for k in ("disputes", "divergent", "dangling")]')" '[1, 1, 2]' \
    'there was something of everything'
sed 's|<profile name="a">[^<]*</profile>||' "$scratch/first.xml" > "$scratch/previous.xml" # a was away
echo '{"targets": {"a": {"away": 1000, "missed": 1000}, "f": {"away": 1000, "missed": 1000}}, "snapshots": {"a": {"echo": {"db": 900}}}}' \
    > "$scratch/state.json"
orders 'with a previous manifest' --previous="$scratch/previous.xml" --history="$scratch/state.json"
has "$(cat "$NETWORK/calls")" 'query-all-snapshots' 'targets were asked for their snapshots'

done_testing
