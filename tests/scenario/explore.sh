#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# dydisnix-scenario explore and sweep: random scenarios hold, a scenario with any single fault ends as without.
. "$srcdir/tests/share/functions.sh"

PATH=$builddir:$PATH
scenarios=${EXPLORE_SCENARIOS:-400}

dydisnix-scenario explore --scenarios="$scenarios" > "$scratch/out" 2> "$scratch/said"
is $? 0 "$scenarios random scenarios hold"
sed 's/^/# /' "$scratch/said"
has "$(cat "$scratch/said")" "$scenarios scenarios with" 'all of them were played'

# What was to fail often is tried as often.
for seed in 51004692 51006513; do
    dydisnix-scenario explore --seed=$seed --scenarios=1 2> "$scratch/said"
    is $? 0 "scenario $seed comes to its end"
done

# What another coordinator has made so nobody can know: it forgets what runs where ours does not look just then, and
# starts a component where none lives without our snapshots.
mkdir "$scratch/forgets" "$scratch/begins"
cat > "$scratch/forgets/scenario.json" << 'EOF'
{ "version": 1, "description": "another coordinator sets the profile of a target that ours leaves out",
  "targets": { "test1": {}, "test2": {}, "test3": {} }, "services": { "web": {} },
  "timeline": [{ "event": "fail", "operation": "--lock", "target": "test1", "how": "hangs", "times": 3 },
               { "event": "hang", "target": "test3" }, { "event": "foreign-deploy" }] }
EOF
cat > "$scratch/begins/scenario.json" << 'EOF'
{ "version": 1, "description": "another coordinator begins anew what lives nowhere",
  "targets": { "test1": {} }, "services": { "db": { "state": true } }, "distribution": { "db": { "on": ["test1"] } },
  "options": ["--probe-interval=300", "--resync=3600"],
  "timeline": [{ "event": "add", "target": "test2" }, { "event": "client", "service": "db", "times": 4 },
               { "event": "crash", "target": "test1" },
               { "event": "foreign-deploy", "distribution": { "db": { "on": ["test2"], "stay": false } } },
               { "event": "wait", "seconds": 5400 }] }
EOF
for other in forgets begins; do
    dydisnix-scenario explore --exhaustive --depth=0 "$scratch/$other" > "$scratch/out" 2> "$scratch/said"
    is $? 0 "where another coordinator $other something, ours is not to blame"
done

# Whether what was fenced lives nobody can tell when all that told of it is lost, until somebody says a word. What is due
# again when time has passed is no unrest.
mkdir "$scratch/doubts"
cat > "$scratch/doubts/scenario.json" << 'EOF'
{ "version": 1, "description": "a copy is in doubt, and every hour the loop looks again",
  "targets": { "test1": {}, "test2": {}, "test3": {} }, "services": { "web": { "state": true } },
  "distribution": { "web": { "on": ["test3", "test1", "test2"] } }, "snapshot": false,
  "options": ["--cycle-timeout=1800", "--probe-interval=300", "--resync=3600"],
  "timeline": [{ "event": "fail", "operation": "--print-invalid", "target": "test3", "how": "hangs", "times": 4 },
               { "event": "remove", "target": "test2" }, { "event": "lose-coordinator", "what": "store" }] }
EOF
dydisnix-scenario explore --exhaustive --depth=0 "$scratch/doubts" > "$scratch/out" 2> "$scratch/said"
is $? 0 'where something is in doubt, what is due every hour is no unrest'

# Every short history.
dydisnix-scenario explore --exhaustive --depth=2 > "$scratch/out" 2> "$scratch/said"
is $? 0 'whatever two things happen, the built-in systems hold'
sed 's/^/# /' "$scratch/said"
is "$(grep -c ' histories, .* 0 invariants broken' "$scratch/said")" 4 'all of them were searched'
ok 'each met worlds, and cut some' [ "$(grep -cE ' [1-9][0-9]* worlds, [1-9][0-9]* cut' "$scratch/said")" = 4 ]
mkdir "$scratch/own"
sed 's/"write"/"wait", "seconds": 5 }, { "event": "write"/' "$srcdir/tests/scenarios/crash/scenario.json" \
    > "$scratch/own/scenario.json"
dydisnix-scenario explore --exhaustive --depth=1 "$scratch/own" > "$scratch/out" 2> "$scratch/said"
is $? 0 'so does a system of somebody, from where its timeline ends'
has "$(cat "$scratch/said")" 'own: ' 'which is named'

for count in 3 6; do
    mkdir "$scratch/spare$count"
    targets=$(seq "$count" | sed 's/.*/"test&": {}/' | paste -sd, -)
    echo '{ "version": 1, "description": "spare targets", "services": { "db": { "state": true } },' \
        "\"targets\": { $targets }, \"timeline\": [] }" > "$scratch/spare$count/scenario.json"
    dydisnix-scenario explore --exhaustive --depth=1 "$scratch/spare$count" 2> "$scratch/said"
    is $? 0 "a system of $count targets holds"
    sed 's/.*: \([0-9]* histories\).*/\1/' "$scratch/said" > "$scratch/spare$count/histories"
done
is "$(cat "$scratch/spare3/histories")" "$(cat "$scratch/spare6/histories")" 'targets that are alike are tried once'
dydisnix-scenario explore --scenarios=20 "$scratch/own" > "$scratch/out" 2> "$scratch/said"
is $? 0 'its random histories hold'
has "$(cat "$scratch/said")" '20 scenarios with' 'all of them'

# One thing after another goes wrong.
for case in ${SWEEP_CASES:-crash comes-back-superseded}; do
    dydisnix-scenario sweep "$srcdir/tests/scenarios/$case" 2> "$scratch/said"
    is $? 0 "$case ends as it does undisturbed, whatever single thing goes wrong"
    sed 's/^/# /' "$scratch/said"
done
dydisnix-scenario sweep --fault=fails "$srcdir/tests/scenarios/another-disk-is-owed-nothing" 2> "$scratch/said"
is $? 0 'a loop that is started again, too, whatever fails once'
sed 's/^/# /' "$scratch/said"

# Usage.
for wrong in 'explore --scenarios=many' 'explore --jobs=0' 'explore this that' 'explore --exhaustive --depth=16' \
    'explore --exhaustive this that' 'sweep' 'sweep --fault=bites x' 'sweep a b'; do
    # shellcheck disable=SC2086
    dydisnix-scenario $wrong > "$scratch/out" 2> "$scratch/said"
    is $? 2 "$wrong is wrong usage"
done
dydisnix-scenario sweep "$scratch/nowhere" 2> "$scratch/said"
is $? 1 'a case that is not there fails'

done_testing
