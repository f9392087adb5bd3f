#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# dydisnix-scenario: all scenarios in the simulation, some of them in the lab (with SCENARIOS=all, as make scenarios has
# it, all of them), and what the program says of a scenario that does not hold, or is none.
. "$srcdir/tests/share/functions.sh"

as_installed
TMPDIR=$scratch/tmp
export TMPDIR
unset DISNIX_PROFILE DISNIX_TARGET_PROPERTY DISNIX_DEPLOY_STATE DISNIX_DELETE_STATE DYDISNIX_LAB
mkdir "$TMPDIR"
cases=$srcdir/tests/scenarios
in_check='crash comes-back-superseded coordinator-loses-everything loop-killed-while-activating never-snapshotted'

run()
{
    dydisnix-scenario run --format=tap "$@"
}

# A scenario of its own, with its golden files.
own() # NAME
{
    cp -r "$cases/crash" "$scratch/$1"
    chmod -R u+w "$scratch/$1"
}

# Of a run that was to fail.
said()
{
    cat "$scratch/said"
}

wrong() # STATUS 'what is promised' ARGUMENT…
{
    wrong_status=$1
    wrong_name=$2
    shift 2
    run --simulate "$@" > "$scratch/said" 2>&1
    is $? "$wrong_status" "$wrong_name"
}

# Everywhere.
run --simulate --jobs=2 "$cases" > "$scratch/seen" 2>&1
is $? 0 'all scenarios hold in the simulation'
grep -v '^ok' "$scratch/seen" | sed 's/^/# /'
is "$(grep -c '^ok' "$scratch/seen")" "$(ls "$cases" | wc -l)" 'each of them was run'
is "$(grep -c 'records its story' "$scratch/seen")" 0 'each has its golden files'
ok 'there are forty at least' [ "$(ls "$cases" | wc -l)" -ge 40 ]
run --simulate --journal="$scratch/once" "$cases/double-crash" > /dev/null
run --simulate --journal="$scratch/again" "$cases/double-crash" > /dev/null
ok 'the same seed gives the same journal' cmp "$scratch/once" "$scratch/again"
has "$(cat "$scratch/once")" '"kind":"event","event":"reappear","target":"test1"' 'the journal has events'
has "$(cat "$scratch/once")" '"kind":"running","cycle":' 'and what runs'

# What does not hold.
own differs
sed -i 's/on test2/on test9/' "$scratch/differs/story.txt"
wrong 1 'a story that is another one fails' "$scratch/differs"
has "$(said)" '-    db is activated on test9' 'what it should have been is shown'
has "$(said)" '+    db is activated on test2' 'and what it was'
own expects
sed -i 's/"cycles": 1/"cycles": 5/' "$scratch/expects/scenario.json"
wrong 1 'an expectation that does not hold fails' "$scratch/expects"
has "$(said)" 'adaptation cycles: expected 5, seen 1' 'it is told with what was seen'
wrong 1 'one that fails among others counts' "$scratch/expects" "$cases/crash"
has "$(said)" 'not ok 1 - expects' 'that one is named'
has "$(said)" 'ok 2 - crash' 'the others run'
own writes
sed -i 's/"event": "crash", "target": "test1"/"event": "write", "service": "web", "text": "x", "target": "test1"/' \
    "$scratch/writes/scenario.json"
wrong 1 'what cannot happen fails' "$scratch/writes"
has "$(said)" 'this could not happen: a client writes "x" to web on test1' 'and is told'

own loses
late='{ "event": "write", "service": "db", "text": "late", "at": { "call": "--restore" } }'
sed -i "s/{ \"event\": \"crash\", \"target\": \"test1\" }/[ $late, & ]/" "$scratch/loses/scenario.json"
wrong 1 'a write that a call loses fails' "$scratch/loses"
has "$(said)" '"late", written to db, was lost by --restore on test2' 'and the call is told'

# Without golden files.
own bare
rm "$scratch/bare"/[!s]*.json "$scratch/bare/story.txt"
run --simulate "$scratch/bare" > "$scratch/said" 2>&1
is $? 0 'a scenario without golden files is judged by what must hold'
has "$(said)" '# judged by what it expects and what must always hold; --update records its story' 'and says so'
sed -i 's/"cycles": 1/"cycles": 5/' "$scratch/bare/scenario.json"
wrong 1 'also by what it expects' "$scratch/bare"

# What is no scenario.
own missing
rm "$scratch/missing/running.json"
wrong 1 'a golden file that is not there fails' "$scratch/missing"
has "$(said)" 'running.json: there is no such file' 'and is told'
own stray
: > "$scratch/stray/notes"
wrong 1 'a file that nothing names fails' "$scratch/stray"
has "$(said)" 'notes: nothing names this file' 'and is told'
own unknown
sed -i 's/"target": "test1" }/"target": "test9" }/' "$scratch/unknown/scenario.json"
wrong 1 'a name that does not exist fails' "$scratch/unknown"
has "$(said)" 'scenario.json:9:25: /timeline/1/target: there is no target test9; did you mean test1?' \
    'with file, line, column, path and the nearest name'
own syntax
echo '}' >> "$scratch/syntax/scenario.json"
wrong 1 'what is no JSON fails' "$scratch/syntax"
has "$(said)" "scenario.json:$(wc -l < "$scratch/syntax/scenario.json"):1: " 'with line and column'
wrong 2 'a directory without scenarios is wrong usage' "$TMPDIR"
wrong 2 'so is none' "$scratch/nowhere"
wrong 2 'and no case' --seed=1
wrong 2 'and a seed that is no number' --seed=x "$cases/crash"
fails 2 'and a format that does not exist' dydisnix-scenario run --format=x "$cases/crash"
fails 2 'and a command that does not exist' dydisnix-scenario walk

# Golden files anew.
run --simulate --update "$scratch/differs" > "$scratch/said" 2>&1
is $? 0 'golden files can be written anew'
has "$(said)" '+    db is activated on test2' 'the difference is shown'
ok 'they are as they were' cmp "$scratch/differs/story.txt" "$cases/crash/story.txt"
ok 'and then it holds' run --simulate "$scratch/differs"

# Other forms.
dydisnix-scenario run --simulate --format=json "$cases/crash" "$scratch/expects" > "$scratch/seen"
is "$(python3 -c 'import json, sys
document = json.load(open(sys.argv[1]))
print(document["network"], [(case["name"], case["outcome"], len(case["broken"])) for case in document["cases"]])' \
    "$scratch/seen")" "simulation [('crash', 'passed', 0), ('expects', 'failed', 1)]" 'JSON says the same'
dydisnix-scenario run --simulate --format=words "$cases/crash" > "$scratch/seen"
has "$(cat "$scratch/seen")" 'right    crash: a machine with state crashes' 'words say the same'
has "$(cat "$scratch/seen")" '1 right, 0 wrong, 0 skipped, in the simulation' 'and count'

# The lab.
if "$builddir/dydisnix-lab" --targets=0 --run -- true 2> /dev/null; then
    set --
    for name in $in_check; do
        set -- "$@" "$cases/$name"
    done
    [ "${SCENARIOS-}" != all ] || set -- "$cases"
    run --jobs=2 "$@" > "$scratch/seen" 2>&1
    is $? 0 'scenarios hold in the lab, with the same stories'
    sed 's/^/# /' "$scratch/seen"
    is "$(find "$TMPDIR" -mindepth 1 | wc -l)" 0 'nothing is left behind'
fi

done_testing
