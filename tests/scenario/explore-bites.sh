#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# It is no wonder that random scenarios hold (tests/scenario/explore.sh): with a guard switched off the exploration finds a
# scenario that does not, and prints a small one that is one.
. "$srcdir/tests/share/functions.sh"

# The first scenario that breaks something, in a build that can switch a guard off. One after another: always the same.
found() # SWITCH MOST
{
    SWITCHED_OFF=$1 "$builddir/tests/switched-scenario" explore --jobs=1 --scenarios="$2" \
        > "$scratch/$1.json" 2> "$scratch/$1.said"
}

found nothing 400
is $? 0 'so they do where everything could be switched off, and nothing is'
for guard in fence activate-first only-disputed second-rescue late-list save-restored replicas pins references \
    empty-model retry budget unbelieved any-amount kept-state refused resend; do
    found "$guard" 2000
    is $? 1 "without $guard exploration finds a scenario that breaks an invariant"
    sed 's/^/# /' "$scratch/$guard.said"
    tr -d '\n' < "$scratch/$guard.json" | tr -s ' ' | sed 's/^/# /; s/$/\n/'
    mkdir -p "$scratch/$guard"
    cp "$scratch/$guard.json" "$scratch/$guard/scenario.json"
    SWITCHED_OFF=$guard "$builddir/tests/switched-scenario" run --simulate --update "$scratch/$guard" \
        > "$scratch/seen" 2>&1
    lacks "$(cat "$scratch/seen")" "the scenario is not valid" 'what it prints is a scenario, and has no mistake'
    ok 'it is small' [ "$(python3 -c '
import json, sys
print(sum(len(m) if isinstance(m, list) else 1 for m in json.load(open(sys.argv[1]))["timeline"]))' \
        "$scratch/$guard.json")" -le 8 ]
done

# Of a system that is given, too.
mkdir "$scratch/given"
sed 's/test1/left/g; s/test2/right/g; s/"db"/"store"/g' "$srcdir/tests/scenarios/crash/scenario.json" > "$scratch/given/scenario.json"
for guard in nothing fence; do
    SWITCHED_OFF=$guard "$builddir/tests/switched-scenario" explore --jobs=1 --scenarios=200 "$scratch/given" \
        > "$scratch/$guard.json" 2> "$scratch/$guard.said"
    is $? "$([ $guard = nothing ]; echo $?)" "with $guard switched off random histories of a system do what they should"
done
has "$(cat "$scratch/fence.json")" '"left"' 'what is printed is a scenario of that system'

# Every history of two events at most: the shortest that shows the fault is a scenario, which holds with the guard.
for guard in fence second-rescue superseded empty-model late-list; do
    SWITCHED_OFF=$guard "$builddir/tests/switched-scenario" explore --exhaustive --depth=2 \
        > "$scratch/$guard.json" 2> "$scratch/$guard.said"
    is $? 1 "without $guard an exhaustive search finds a history that breaks an invariant"
    sed 's/^/# /' "$scratch/$guard.said"
    rm -rf "${scratch:?}/$guard"
    mkdir "$scratch/$guard"
    python3 -c 'import json, sys
json.dump(json.JSONDecoder().raw_decode(sys.stdin.read())[0], sys.stdout)' < "$scratch/$guard.json" > "$scratch/$guard/scenario.json"
    is "$(python3 -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["timeline"]) <= 4)' \
        "$scratch/$guard/scenario.json")" True 'it is as short as it can be'
    SWITCHED_OFF=nothing "$builddir/tests/switched-scenario" explore --exhaustive --depth=0 "$scratch/$guard" \
        > "$scratch/seen" 2>&1
    is $? 0 'with the guard the same history breaks none'
done

# A guard, and scenarios that do not hold without it.
while read -r guard cases; do
    for case in $cases; do
        SWITCHED_OFF=$guard "$builddir/tests/switched-scenario" run --simulate "$srcdir/tests/scenarios/$case" \
            > "$scratch/seen" 2>&1
        is $? 1 "without $guard $case does not hold"
        SWITCHED_OFF=nothing "$builddir/tests/switched-scenario" run --simulate "$srcdir/tests/scenarios/$case" \
            > "$scratch/seen" 2>&1
        is $? 0 'and with it it does'
    done
done << 'EOF'
superseded comes-back-superseded home-is-silent-when-an-older-copy-comes-back
kept-results garbage-between-stages
older-survivor both-older-homes-come-back-and-the-last-is-gone
older-disk an-older-disk-that-nobody-saw-arrive
measured-waits clock-goes-forward-in-a-grace
replicas replicas replicas-go-and-come-back-one-by-one
rescue the-rescue-always-fails
real-rescue a-rescue-that-saves-nothing
second-rescue a-write-between-rescue-and-fence
owed-rescue the-second-rescue-fails-once
late-list older-copy-lives-again-when-newer-cannot-be-restored
still-older older-copy-lives-again-when-newer-cannot-be-restored
save-restored a-write-between-fence-and-restore
pins another-machine-dies-in-a-dispute
only-disputed the-only-copy-of-another-service-comes-back
activate-first the-survivor-can-never-be-activated
bring-back the-copy-in-dispute-is-all-there-is
wanted-again the-copy-in-dispute-is-all-there-is
preferred disputed-and-kept
replaced another-disk-is-owed-nothing
finished profile-can-never-be-set
refused target-disk-is-full target-disk-is-full-beside-state
asked-no-more hangs-while-it-is-undone hangs-in-unlock
owed-profile profile-cannot-be-set one-profile-is-set-and-another-cannot-be
in-doubt a-fence-that-hangs-may-have-stopped-its-copy an-activation-that-hangs-may-have-started-its-copy
untold an-older-copy-whose-snapshots-are-not-told-at-once
still-fenced a-fenced-database-that-cannot-be-saved fenced-left-out-and-then-alone
start-again rolled-back-and-not-started-again an-undo-cannot-start-the-copy-that-was-chosen what-is-owed-a-start-cannot-be-started
resend garbage-on-a-target-while-setting garbage-on-a-target-while-state-moves garbage-on-a-target-that-is-owed-a-profile garbage-on-a-target-that-is-owed-an-undo
EOF

done_testing
