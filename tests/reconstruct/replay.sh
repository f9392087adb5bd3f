#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a decision was made from is kept, and the decision is made again from it: the same bytes, with no client, no Nix
# and no profile. What is kept may come from anybody.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/network.sh"
. "$srcdir/tests/share/stores.sh"

saved=$scratch/saved
previous=$scratch/previous.xml
mkdir "$scratch/nowhere"

# Away from everything: an empty PATH, no client interface, no profile, no snapshots.
replay() # ARGUMENT…: status in $status, stderr in $messages
{
    (cd "$scratch/nowhere" && unset NETWORK DYDISNIX_NIX_EXPRESSIONS && PATH=$scratch/nowhere \
        DYSNOMIA_STATEDIR=$scratch/nowhere "$builddir/dydisnix-reconstruct" "$@") \
        > "$scratch/again.out" 2> "$scratch/messages"
    status=$?
    messages=$(cat "$scratch/messages")
}

# How long the steps took is told of a live run alone.
timed() # REPORT
{
    python3 -c 'import json, sys
report = json.load(open(sys.argv[1]))
assert report.pop("steps")
print(json.dumps(report, indent=2, sort_keys=True, ensure_ascii=False))' "$1"
}

same_decision() # NAME STATUS: as the live run that is saved in $saved, reported in $report
{
    cp -R "$saved" "$scratch/before"
    replay --replay="$saved" --print-manifest --report="$scratch/again.json" --save-input="$scratch/saved again"
    is "$status" "$2" "$1: the replay ends as it did"
    timed "$report" > "$scratch/timed.json"
    ok "$1: the same report" diff -u "$scratch/timed.json" "$scratch/again.json"
    ok "$1: what is saved again is the same" diff -r "$saved" "$scratch/saved again"
    ok "$1: nothing was changed in it" diff -r "$saved" "$scratch/before"
    rm -rf "$scratch/saved again" "$scratch/before"
}

same_manifest() # NAME FILE
{
    ok "$1: the same manifest" cmp "$2" "$scratch/again.out"
}

# The whole thing on real stores: closures are fetched and a manifest is installed.
serve "$srcdir/tests/corpus/v2-two-targets"
new_coordinator
reconstruct --xml --save-input="$saved" "$model"
is "$status" 0 'a live run that saves its input'
installed=$(manifest_file)
is "$(stat -c %a "$saved")" 700 'the directory is for its owner'
is "$(cd "$saved" && find . -type f | LC_ALL=C sort | tr '\n' ' ')" \
    './infrastructure.xml ./input.json ./targets/test1 ./targets/test2 ' 'what was there is there, and no more'
ok 'the infrastructure model, as it was' cmp "$model" "$saved/infrastructure.xml"
ok 'a profile manifest, as it was' cmp "$NETWORK/test1/installed" "$saved/targets/test1"
same_decision 'installed' 0
same_manifest 'installed' "$installed"
ok 'installed: what was fetched is reported' test "$(reported 'r["targets"]["test1"]["fetchedPaths"]')" -gt 0
is "$(ls "$scratch" | grep -c 'saved.new')" 0 'nothing is left aside'

# Nothing changed since: nothing is installed.
rm -rf "$saved"
reconstruct --xml --save-input="$saved" "$model"
is "$status $(reported 'r["changed"]')" '0 False' 'a second run'
ok 'the previous manifest is kept' python3 "$srcdir/tests/tools/compare-manifests" "$saved/previous.xml" "$expected"
same_decision 'unchanged' 0
same_manifest 'unchanged' "$installed"

# A target whose closure does not come, so that it is decided twice.
new_coordinator
rm -rf "$saved"
cp "$NETWORK/export.sh" "$scratch/export.sh"
echo 'exit 1' > "$NETWORK/test1/export.sh"
reconstruct --xml --save-input="$saved" "$model"
cp "$scratch/export.sh" "$NETWORK/test1/export.sh"
is "$status $(reported 'r["targets"]["test1"]["status"]')" '0 invalid' 'a closure that does not come'
same_decision 'refused' 0
same_manifest 'refused' "$(manifest_file)"

# Targets that disagree: Nix was asked.
sed 's|<type>tomcat-webapplication</type>|<type>evil</type>|' "$NETWORK/test2/installed" > "$scratch/evil"
cp "$scratch/evil" "$NETWORK/test2/installed"
rm -rf "$saved" "$machine"
reconstruct --xml --dry-run --save-input="$saved" "$model"
is "$status $(reported 'r["targets"]["test2"]["status"]')" '0 invalid' 'a target that lies'
same_decision 'hashes' 0
rm -rf "$saved"
DYDISNIX_NIX_EXPRESSIONS=/nonexistent reconstruct --xml --dry-run --save-input="$saved" "$model"
is "$status" 1 'a target that lies, and nobody to ask'
same_decision 'no hashes' 1
has "$messages" 'its key cannot be computed' 'no hashes: said again'
machine=

# Names, an invalid and a silent target, a previous manifest and history from files.
rm -rf "$saved"
find "$NETWORK" -mindepth 1 -delete
client=$srcdir/tests/tools/fake-client
profile ..a '' '' ''
profile 'b%c' '' '' ''
for target in ..a b%c; do
    echo /nix/store/00000000000000000000000000000000-a > "$NETWORK/$target/requisites"
done
profile c '<nothing' '' ''
profile d "$(service k1 db)" "$(mapping k1 echo)" ''
infrastructure ..a b%c c d e
manifest '' '' '' '' '' > "$previous"
echo '{"targets": {"e": {"away": 5}}, "deployed": "/nonexistent"}' > "$scratch/state.json"
reconstruct --xml --print-manifest --history="$scratch/state.json" --previous="$previous" --save-input="$saved" "$model"
is "$status" 0 'all kinds of targets'
printf '%s\n' "$output" > "$scratch/live.xml"
is "$(ls -A "$saved/targets" | LC_ALL=C sort | tr '\n' ' ')" '%2E.a b%25c c d ' 'files are called what is harmless'
same_decision 'all kinds' 0
same_manifest 'all kinds' "$scratch/live.xml"
cp -R "$saved" "$scratch/good"

# Decisions that fail are saved as well.
rm -rf "$saved"
reconstruct --xml --dry-run --unreachable=fail --save-input="$saved" "$model"
is "$status $(reported 'r["targets"]["e"]["status"]')" '1 silent' 'a policy that fails: reported'
same_decision 'a policy that fails' 1
rm -rf "$saved"
echo nothing > "$scratch/nothing.xml"
reconstruct --xml --dry-run --previous="$scratch/nothing.xml" --save-input="$saved" "$model"
is "$status" 1 'no previous manifest to be read'
replay --replay="$saved"
is "$status" 1 'no previous manifest to be read: fails again'
has "$messages" 'it failed here when the input was saved: previous' 'no previous manifest to be read: said'
rm -rf "$saved"
echo '<infrastructure version="9"/>' > "$scratch/bad.xml"
reconstruct --xml --dry-run --save-input="$saved" "$scratch/bad.xml"
is "$status" 1 'a model that is none'
replay --replay="$saved"
is "$status" 1 'a model that is none: fails again'
has "$messages" 'infrastructure.xml: ' 'a model that is none: said again'
rm -rf "$saved"
reconstruct --save-input="$saved" "$scratch/none.nix"
is "$status $(ls "$scratch" | grep -c '^saved$')" '1 0' 'no model at all: nothing to save'

# Where it is saved.
cp -R "$scratch/good" "$saved"
: > "$NETWORK/calls"
reconstruct --xml --dry-run --save-input="$saved" "$model"
is "$status $(cat "$NETWORK/calls")" '1 ' 'a directory that is taken: nobody is asked'
has "$messages" "$saved: the input is saved in a directory that is not there yet, or empty" 'a directory that is taken: said'
ok 'a directory that is taken: it stays what it was' diff -r "$scratch/good" "$saved"
mkdir "$scratch/empty"
cd "$scratch" || exit
reconstruct --xml --dry-run --save-input=empty/ "$model"
is "$status $(ls "$scratch/empty" | tr '\n' ' ')" '0 infrastructure.xml input.json targets ' \
    'an empty directory is filled'
reconstruct --xml --dry-run --save-input=new/deep "$model"
is "$status $(ls new/deep/input.json)" '0 new/deep/input.json' 'a directory is made with its parents'
ln -s nowhere link
reconstruct --xml --dry-run --save-input=link "$model"
is "$status" 1 'a link is no directory'
reconstruct --xml --dry-run --save-input=/dev/null/x "$model"
is "$status" 1 'a place where nothing can be'
has "$messages" '/dev/null/x: the input cannot be saved: ' 'a place where nothing can be: said'

# What does not go with a replay.
usage() # WHAT ARGUMENT…
{
    what=$1
    shift
    replay --replay="$saved" "$@"
    is "$status" 2 "$what with --replay: wrong usage"
    has "$messages" "it takes no $what" "$what with --replay: said"
}
usage 'infrastructure model' "$model"
usage --unreachable --unreachable=skip
usage --xml --xml
usage --dry-run --dry-run
usage --profile -px
usage --max-concurrent-transfers -m 2
usage --previous --previous="$previous"

# What was saved may be anything.
bad() # WHAT MESSAGE: $saved was changed
{
    replay --replay="$saved" --print-manifest
    is "$status" 1 "$1: fails"
    has "$messages" "$saved/$2" "$1: names file and element"
    is "$(printf '%s\n' "$messages" | grep -vc '^\[target')" 1 "$1: in one line"
    is "$(cat "$scratch/again.out")" '' "$1: and nothing else"
    rm -rf "$saved"
    cp -R "$scratch/good" "$saved"
}
edit() # PYTHON: on d, what the file holds
{
    python3 -c 'import json, sys
file = sys.argv[1] + "/input.json"
d = json.load(open(file))
exec(sys.argv[2])
json.dump(d, open(file, "w"))' "$saved" "$1"
}
rm -rf "$saved"
cp -R "$scratch/good" "$saved"
rm "$saved/input.json"
bad 'no input.json' 'input.json: no such file'
echo '{' > "$saved/input.json"
bad 'no JSON' 'input.json: line 2: '
echo '[]' > "$saved/input.json"
bad 'no object' 'input.json: line 1: no JSON object'
sed 's/"version": 2/"version": 2, &/' "$scratch/good/input.json" > "$saved/input.json"
bad 'a member twice' 'input.json: line '
for change in 'd["version"] = 3|version: 2 expected' 'del d["options"]|options: an object expected' \
    'd["options"]["unreachable"] = "drop"|options: unreachable=drop: keep, skip or fail expected' \
    'd["options"]["timeouts"] = 5|options: there is no option timeouts' \
    'd["options"]["max-depth"] = []|options.max-depth: a text expected' \
    'd["defaults"]["system"] = 5|defaults.system: a text expected' \
    'd["previous"]["generation"] = -1|previous.generation: a whole number expected' \
    'd["previous"]["profile"] = None|previous.profile: a text expected' \
    'd["previous"] = None|previous: an object expected' \
    'd["deployed"] = "yes"|deployed: true or false expected' \
    'd["installed"] = d["history"] = d["hashes"] = d["targets"] = None|targets: nothing of target ..a' \
    'd["targets"] = []|targets: an object expected' \
    'd["targets"]["d"] = 1|targets.d: an object expected' \
    'del d["targets"]["d"]|targets: nothing of target d' \
    'd["targets"]["d"]["answer"] = "maybe"|targets.d.answer: captured, empty, invalid or silent expected' \
    'd["targets"]["d"]["profile"] = "/etc"|targets.d.profile: a store path expected' \
    'd["targets"]["d"]["milliseconds"] = 1.5|targets.d.milliseconds: a whole number expected' \
    'd["rounds"] = {}|rounds: an array expected' \
    'd["rounds"][0]["copies"] = [1]|rounds[0].copies[0]: an object expected' \
    'd["rounds"][0]["refused"] = {"d": 1}|rounds[0].d: a text expected' \
    'd["rounds"][0]["copies"] = [{"component": "c", "container": "c"}]|rounds[0].copies[0].target: a text expected' \
    'd["hashes"] = [{"name": "x"}]|hashes[0].type: a text expected' \
    'd["fetched"] = {"d": {"paths": -1, "bytes": 1}}|fetched.d.paths: a whole number expected' \
    'd["installed"] = {"path": 5, "generation": 1}|installed.path: a text expected' \
    'd["failed"] = 1|failed: a text expected'; do
    edit "${change%%|*}"
    bad "${change%%|*}" "input.json: ${change#*|}"
done
copy='{"component": "c", "container": "c", "target": "d"'
for change in '"snapshots": [1]|snapshots[0]: a text expected' '"after": 1|after: an array expected' \
    '"newest": {"age": -1}|newest.age: a whole number expected' \
    '"deployed": {"age": 1, "reconstructed": False, "with": [1]}|deployed.with[0]: a text expected' \
    '"deployedTo": 1|deployedTo: true or false expected' '"rescueAgain": 1|rescueAgain: a text expected'; do
    edit "d['rounds'][0]['copies'] = [$copy, ${change%%|*}}]"
    bad "a copy with ${change%%|*}" "input.json: rounds[0].copies[0].${change#*|}"
done

# Version 1 knew another rule on copies of state: without any it is decided as before, else it is refused by name.
edit 'd["version"] = 1; d["options"].update({"hold": False, "on-conflict": "keep"}); [r.update(copies=[]) for r in d["rounds"]]'
ok 'version 1 without copies is decided' \
    sh -c '"$1" --replay="$2" --print-manifest > "$3"' - "$builddir/dydisnix-reconstruct" "$saved" "$scratch/decided.xml"
ok 'version 1 without copies: as before' cmp "$scratch/live.xml" "$scratch/decided.xml"
edit "d['version'] = 1; d['rounds'][0]['copies'] = [$copy}]"
bad 'version 1 with copies' 'input.json: version: 2 expected: what is saved of copies of state is of another rule'
for file in infrastructure.xml previous.xml targets/d; do
    mv "$saved/$file" "$scratch/outside"
    bad "no $file" "$file: no such file"
    rm "$saved/$file"
    ln -s "$scratch/outside" "$saved/$file"
    bad "$file is a link out of the directory" "$file: no such file"
done
mv "$saved/targets" "$scratch/targets"
ln -s "$scratch/targets" "$saved/targets"
bad 'the targets are a link out of the directory' 'targets: no such directory'
echo '<manifest version="2">' > "$saved/previous.xml"
bad 'a previous manifest that is none' 'previous.xml: line '
replay --replay="$scratch/nothing at all"
is "$status" 1 'no directory: fails'
echo '<!DOCTYPE x><profilemanifest/>' > "$saved/targets/d"
replay --replay="$saved"
is "$status" 0 'a profile manifest that cannot be trusted makes its target invalid'
has "$messages" '[target: d]: invalid: targets/d: ' 'and this is said'

done_testing
