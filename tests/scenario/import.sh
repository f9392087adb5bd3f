#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# dydisnix-scenario import: what real Disnix deployed, and what a journal tells, become scenarios that hold.
. "$srcdir/tests/share/functions.sh"

as_installed
cd "$scratch" || exit 99

import()
{
    dydisnix-scenario import "$@"
}

# Of a scenario that was imported.
value() # DIRECTORY EXPRESSION
{
    python3 -c 'import json, sys
s = json.load(open(sys.argv[1] + "/scenario.json"))
print(eval(sys.argv[2]))' "$1" "$2"
}

# What real Disnix deployed, in both versions.
for case in "$srcdir"/tests/corpus/v*; do
    name=${case##*/}
    ok "$name is imported" import -o "$name" "$case/manifest.xml"
    has "$(output)" 'not taken over: client interfaces, systems' 'it says what is not taken over'
    ok 'and holds, each service where it is deployed' dydisnix-scenario run --simulate "$name"
done
two=v2-two-targets
is "$(value $two 'sorted(s["targets"])')" "['test1', 'test2']" 'the targets'
is "$(value $two 's["services"]["svc2"]')" "{'type': 'echo', 'version': '1.6', 'dependsOn': ['svc0', 'svc1'], 'state': True}" \
    'a service with type, version, state and dependencies'
is "$(value $two 's["services"]["svc1"]')" "{'type': 'mysql-database', 'version': '1.6', 'dependsOn': ['svc0'], 'state': False}" \
    'a database whose state is not deployed has none'
is "$(value $two 's["services"]["host"]["provides"], s["services"]["guest"]')" \
    "('inner-app', {'type': 'inner-app', 'version': '0.1', 'state': True})" 'a container that is provided'
is "$(value $two 's["distribution"]["svc0"], s["expect"]["answers"]["guest"]')" \
    "({'on': ['test1', 'test2'], 'copies': 2}, ['test1'])" 'where they are'
is "$(value v1-two-targets 'sorted(s["targets"]), s["targets"]["10.0.0.1"]')" \
    "(['10.0.0.1', '10.0.0.2'], {'properties': {'x0': 'false', 'x1': 'plain'}})" 'in version 1 targets have their keys for names'

# Names that a scenario cannot have.
sed 's/"test1"/"a:b"/g; s/>test1</>a:b</g; s/"test2"/"a_b"/g; s/>test2</>a_b</g; s/>svc0</>svc 0\&lt;</' "$srcdir/tests/corpus/$two/manifest.xml" \
    > names.xml
ok 'names with colons' import --output=names names.xml
has "$(output)" 'the target "a:b" is called a_b in the scenario' 'become others'
has "$(output)" 'the target "a_b" is called a_b_2 in the scenario' 'which nothing else has'
has "$(output)" 'the service "svc 0<" is called svc_0_ in the scenario' 'a service too'
ok 'and it holds' dydisnix-scenario run --simulate names

# Models by which dydisnix-gendist places services.
corpus=$srcdir/tests/corpus/$two
ok 'models' import -s "$corpus/services.nix" -q "$corpus/distribution.nix" -o placed "$corpus/manifest.xml"
has "$(output)" 'dydisnix-gendist tells where services go' 'are told'
is "$(value placed '[word.rpartition("/")[2] for word in s["placement"]]')" \
    "['dydisnix-gendist', '--services', 'services.nix', '--qos', 'distribution.nix']" 'and named'
fails 1 'a model that is not there' import --qos=none -o none "$corpus/manifest.xml"
has "$(output)" 'none: No such file or directory' 'is told'

# The coordinator profile.
mkdir profiles
cp "$srcdir/tests/corpus/v2-single/manifest.xml" store
ln -s "$scratch/store" profiles/mine-1-link
ln -s mine-1-link profiles/mine
ok 'a profile' import --coordinator-profile-path="$scratch/profiles" -p mine
ok 'is imported to a directory of its own' test -s imported/scenario.json
fails 1 'which is not written over' import store
has "$(output)" 'imported/scenario.json is there already' 'and says so'
fails 1 'a profile that is not there' import --coordinator-profile-path="$scratch/profiles" -o none
has "$(output)" 'profiles/default: there is no manifest' 'is told'
fails 1 'what is no manifest' import -o none "$srcdir/tests/journals/healed.jsonl"
has "$(output)" 'healed.jsonl' 'is told with its file'
ok 'and nothing is written' test ! -e none
fails 2 'two manifests are wrong usage' import store store
fails 2 'so is an unknown option' import --colour

# An incident: the demonstration, in which a machine crashed and came back, and the manifest was lost.
manifest=$srcdir/tests/journals/healed-manifest.xml
ok 'a journal' import --journal="$srcdir/tests/journals/healed.jsonl" -o healed "$manifest"
is "$(value healed '[e["event"] for m in s["timeline"] for e in (m if isinstance(m, list) else [m])]')" \
    "['write', 'crash', 'reappear', 'add', 'lose-coordinator']" 'is what happened'
ok 'it ends with what is deployed' dydisnix-scenario run --simulate healed
dydisnix-scenario run --simulate --update healed > /dev/null
has "$(cat healed/story.txt)" 'database is activated on test1: it was on test2, which is gone' 'the same story: it moves'
has "$(cat healed/story.txt)" 'database-1 on test2 is superseded' 'the stale copy is given up'
has "$(cat healed/story.txt)" 'In the end: api on test1, database on test1, web on test3' 'and it is healed'
ok 'a journal with failures, time and requests' import --journal="$srcdir/tests/journals/scenario.jsonl" -o long "$manifest"
is "$(value long '[e["event"] for m in s["timeline"] for e in (m if isinstance(m, list) else [m])]')" \
    "['write', 'crash', 'fail', 'wait', 'reappear', 'wait', 'crash', 'wait', 'reappear', 'wait', 'keep-copy', 'wait', 'crash', 'fail']" \
    'is what happened'
has "$(output)" 'not taken over from the journal: changes of properties' 'what is not taken over is told'
is "$(value long 's["expect"]["failed"]')" "{'least': 0}" 'how often it fails is left open'
mkdir -p kept
cp -r "$srcdir/tests/replays/dispute/input" kept/2
ok 'what a cycle has decided from' import --journal="$srcdir/tests/journals/healed.jsonl" --save-input=kept -o replayed "$manifest"
is "$(value replayed '[e["input"] for m in s["timeline"] for e in (m if isinstance(m, list) else [m]) if e["event"] == "replay"]')" \
    "['input-2']" 'is replayed'
ok 'from a copy' diff -r kept/2 replayed/input-2
dydisnix-scenario run --simulate --update replayed > /dev/null 2>&1
is $? 0 'and it holds'
has "$(cat replayed/story.txt)" 'input-2' 'and is in the story'
fails 2 'without a journal there is nothing to replay' import --save-input=kept -o none "$manifest"
ok 'a manifest without a target' import --journal="$srcdir/tests/journals/healed.jsonl" -o fewer \
    "$srcdir/tests/corpus/v2-single/manifest.xml"
has "$(output)" '[target: test2]: it is in the journal only: its key and its properties are not known' 'is told'
fails 1 'a journal that is not there' import --journal=none -o none "$manifest"
has "$(output)" 'none: No such file or directory' 'is told'
printf '{"torn\n' > torn
ok 'a torn line' import --journal=torn -o torn-one "$manifest"
has "$(output)" 'torn: 1 lines are no documents, and are skipped' 'is skipped'

done_testing
