#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# dydisnix-scenario explore and sweep: random scenarios hold, a scenario with any single fault ends as without; and that
# this is no wonder: with a guard switched off the exploration finds a scenario, and prints a small one that is one.
. "$srcdir/tests/functions.sh"

PATH=$builddir:$PATH
scenarios=${EXPLORE_SCENARIOS:-400}

dydisnix-scenario explore --scenarios="$scenarios" > "$scratch/out" 2> "$scratch/said"
is $? 0 "$scenarios random scenarios hold"
sed 's/^/# /' "$scratch/said"
has "$(cat "$scratch/said")" "$scenarios scenarios with" 'all of them were played'

# The first scenario that breaks something, in a build that can switch a guard off.
found() # SWITCH MOST
{
    SWITCHED_OFF=$1 "$builddir/tests/switched-scenario" explore --scenarios="$2" > "$scratch/$1.json" 2> "$scratch/$1.said"
}

found nothing "$scenarios"
is $? 0 'so they do where everything could be switched off, and nothing is'
for guard in 'superseded 400' 'fence 400' 'references 1000' 'empty-model 1000' 'retry 400'; do
    # shellcheck disable=SC2086
    found $guard
    is $? 1 "without ${guard% *} exploration finds a scenario that breaks an invariant"
    sed 's/^/# /' "$scratch/${guard% *}.said"
    tr -d '\n' < "$scratch/${guard% *}.json" | tr -s ' ' | sed 's/^/# /; s/$/\n/'
    mkdir -p "$scratch/${guard% *}"
    cp "$scratch/${guard% *}.json" "$scratch/${guard% *}/scenario.json"
    SWITCHED_OFF=${guard% *} "$builddir/tests/switched-scenario" run --simulate --update "$scratch/${guard% *}" \
        > "$scratch/seen" 2>&1
    is $? 1 'what it prints is a scenario, which does not hold'
    lacks "$(cat "$scratch/seen")" "it is not a scenario" "and has no mistake"
    ok 'it is small' [ "$(python3 -c '
import json, sys
print(sum(len(m) if isinstance(m, list) else 1 for m in json.load(open(sys.argv[1]))["timeline"]))' \
        "$scratch/${guard% *}.json")" -le 6 ]
done

# One thing after another goes wrong.
for case in ${SWEEP_CASES:-crash comes-back-superseded}; do
    dydisnix-scenario sweep "$srcdir/tests/scenarios/$case" 2> "$scratch/said"
    is $? 0 "$case ends as it does undisturbed, whatever single thing goes wrong"
    sed 's/^/# /' "$scratch/said"
done

# Usage.
for wrong in 'explore --scenarios=many' 'explore --jobs=0' 'explore this' 'sweep' 'sweep --fault=bites x' 'sweep a b'; do
    # shellcheck disable=SC2086
    dydisnix-scenario $wrong > "$scratch/out" 2> "$scratch/said"
    is $? 2 "$wrong is wrong usage"
done
dydisnix-scenario sweep "$scratch/nowhere" 2> "$scratch/said"
is $? 1 'a case that is not there fails'

done_testing
