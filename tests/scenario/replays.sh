#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every decision in tests/replays is made again, with no network, no Nix and nothing else on the PATH.
. "$srcdir/tests/share/functions.sh"

cases=$srcdir/tests/replays
expected_files() # CASE: what has to be there, and nothing else
{
    python3 - "$1" << 'END'
import json, os, sys, urllib.parse
case = sys.argv[1]
saved = json.load(open(case + "/input/input.json"))
files = ["README", "report.json", "input/input.json", "input/infrastructure.xml"]
files.append("error" if os.path.exists(case + "/error") else "manifest.xml")
if saved["previous"]["known"]:
    files.append("input/previous.xml")
if saved["deployed"]:
    files.append("input/deployed.xml")
for name, target in saved["targets"].items():
    file = "input/targets/" + urllib.parse.quote(name, safe="")
    if target["answer"] == "captured" or target["answer"] == "invalid" and os.path.exists(os.path.join(case, file)):
        files.append(file)
print("\n".join(sorted(files)))
END
}

replay() # CASE: status in $status, $scratch/manifest.xml, $scratch/report.json, $scratch/messages
{
    rm -f "$scratch/report.json"
    (cd "$scratch/nowhere" && PATH=$scratch/nowhere NIX_REMOTE=nowhere DISNIX_PROFILE=../x \
        "$builddir/dydisnix-reconstruct" --replay="$1/input" --print-manifest --report="$scratch/report.json" \
        --save-input="$scratch/again") > "$scratch/manifest.xml" 2> "$scratch/messages"
    status=$?
}

mkdir "$scratch/nowhere"
count=0
for case in "$cases"/*; do
    name=${case##*/}
    [ "$name" != README.md ] || continue
    count=$((count + 1))
    is "$(cd "$case" && find . -type f | sed 's|^\./||' | LC_ALL=C sort)" "$(expected_files "$case")" \
        "$name: its files, none too few and none too many"
    replay "$case"
    if [ -e "$case/error" ]; then
        is "$status" 1 "$name: fails"
        has "$(cat "$scratch/messages")" "$(cat "$case/error")" "$name: for the same reason"
    else
        is "$status" 0 "$name: it is decided"
        ok "$name: the same manifest" diff -u "$case/manifest.xml" "$scratch/manifest.xml"
    fi
    ok "$name: the same report" diff -u "$case/report.json" "$scratch/report.json"
    ok "$name: what is saved again is the same" diff -r "$case/input" "$scratch/again"
    rm -rf "$scratch/again"
done
is "$(ls -A "$scratch/nowhere")" '' 'nothing was written anywhere else'
ok 'there are cases' test "$count" -gt 3

# A case in which a file is wrong is no case.
cp -R "$cases/moved-once" "$scratch/case"
echo > "$scratch/case/input/targets/z"
fails 1 'a file that belongs to nothing is noticed' test \
    "$(cd "$scratch/case" && find . -type f | sed 's|^\./||' | LC_ALL=C sort)" = "$(expected_files "$scratch/case")"

done_testing
