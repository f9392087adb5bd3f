#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# dydisnix-scenario survive: a system with a single point of failure and one without, what is told of a loss, and the page.
. "$srcdir/tests/share/functions.sh"

as_installed
cd "$scratch" || exit 99

survive()
{
    dydisnix-scenario survive "$@"
}

# web asks db, which has state; ON: where db may be.
system() # DIRECTORY ON
{
    mkdir "$1"
    cat > "$1/scenario.json" << END
{
  "version": 1,
  "description": "web asks db",
  "targets": { "test1": { "properties": { "rack": "a" } }, "test2": { "properties": { "rack": "a" } },
               "test3": { "properties": { "rack": "b" } }, "test4": {} },
  "services": { "db": { "state": true }, "web": { "dependsOn": ["db"] }, "log": {} },
  "distribution": { "db": { "on": $2 }, "web": { "on": ["test2", "test3"] },
                    "log": { "on": ["test3", "test4"], "copies": 2 } },
  "timeline": []
}
END
}

value() # EXPRESSION, of the document d
{
    python3 -c 'import json, sys
d = json.load(open("seen"))
lost = {loss["name"]: loss for loss in d["losses"]}
print(eval(sys.argv[1]))' "$1"
}

system one '["test1"]'
system two '["test1", "test2"]'

# No single point of failure.
ok 'a system whose services have another target each survives' survive --format=json two
survive --format=json two > seen
is "$(value 'd["survives"], d["services"], sorted(lost)')" \
    "(True, ['db', 'log', 'web'], ['test1', 'test2', 'test3', 'test4'])" 'every target is lost once'
is "$(value 'lost["test1"]["services"]["db"]')" "{'outcome': 'moves', 'from': ['test1'], 'to': ['test2']}" 'db moves'
is "$(value 'lost["test1"]["services"]["web"]')" \
    "{'outcome': 'interrupted', 'from': ['test2'], 'to': ['test2'], 'why': 'db'}" 'web, which depends on it, is interrupted'
is "$(value 'lost["test3"]["services"]["log"]')" "{'outcome': 'fewer', 'from': ['test3', 'test4'], 'to': ['test4']}" \
    'log has a copy less'
is "$(value 'lost["test1"]["state"], lost["test2"]["state"]')" "({'db': 'away'}, {})" 'what no snapshot has is away'
is "$(value '[lost["test1"]["returns"][word]["state"] for word in ("kept", "lost", "older")]')" \
    "[{'db': 'away'}, {'db': 'lost'}, {'db': 'lost'}]" 'it is still there with the disk, and lost without'
is "$(value 'lost["test1"]["cycles"], lost["test1"]["failed"], lost["test1"]["broken"]')" '(1, 0, [])' 'a cycle was enough'
has "$(value 'lost["test1"]["story"]')" 'the newest snapshot of db-1, if there is one, is restored on test2' 'with its story'
has "$(value 'lost["test1"]["returns"]["kept"]["story"]')" 'db-1 on test1 is rescued into a snapshot' 'also of a return'

# One that has it.
fails 1 'a system with a single point of failure does not survive' survive --format=tap one
has "$(output)" '# db dies: no target that may have it is left' 'it is told which service dies, and why'
has "$(output)" 'not ok 1 - without test1: dies' 'and without whom'
has "$(output)" 'ok 2 - with its disk comes back test1: well' 'with whom it comes back'
has "$(output)" 'ok 3 - with an empty disk comes back test1: loses' 'and what it has lost'
is "$(output | grep -c '^not ok')" 1 'all else is survived'
is "$(output | sed -n '/^1\.\./p')" '1..16' 'each loss, and three returns of each'

# What is lost at once.
survive --format=json --losses=2 --returns=kept two > seen
is "$(value 'len(lost), list(lost["test1, test2"]["returns"]), lost["test1, test2"]["services"]["db"]["outcome"]')" \
    "(6, ['kept'], 'dies')" 'each pair, and one return'
survive --format=json --group-by=rack two > seen
is "$(value '{name: loss["targets"] for name, loss in lost.items()}')" "{'a': ['test1', 'test2'], 'b': ['test3']}" 'each rack'
fails 1 'a property that no target has' survive --group-by=zone two
has "$(output)" 'two: there is nothing that can be lost so' 'is told'

# What has happened before; snapshots that are not taken; what does not hold.
cp -r two after
sed -i 's/"timeline": \[\]/"timeline": [ { "event": "crash", "target": "test1" } ]/' after/scenario.json
survive --format=json after > seen
is "$(value 'lost["test3"]["services"]["web"] if "web" in lost["test3"]["services"] else None, sorted(lost)')" \
    "(None, ['test2', 'test3', 'test4'])" 'what is lost already cannot be lost'
cp -r two unsaved
sed -i 's/"timeline"/"snapshot": false, "timeline"/' unsaved/scenario.json
survive --format=tap unsaved > seen
ok 'without snapshots it survives too' grep -q '^ok 3 - with an empty disk comes back test1: loses' seen
cp -r two wrong
sed -i 's/"timeline": \[\]/"timeline": [ { "event": "fail", "stage": "redeploy", "times": 1000 } ]/' wrong/scenario.json
fails 1 'a loss to which the loop cannot adapt' survive --format=tap wrong
has "$(output)" 'db dies: it could run on test2, and does not' 'is told'

# The table, and the page.
ok 'a table for people' survive --format=words --output=page.html two
has "$(output)" 'test1  behind       0     1      0        1       1' 'has a line for each loss'
has "$(output)" '  db moves from test1 to test2' 'and says what is not as it was'
lacks "$(output)" 'Without test4, ' 'nothing else'
has "$(cat page.html)" '<td class="interrupted"><a href="#loss-0">‖</a></td>' 'a cell leads to its story'
python3 - page.html > hashes << 'END'
import base64, hashlib, re, sys
text = open(sys.argv[1], encoding="utf-8").read()
for style in re.findall("<style>(.*?)</style>", text, re.S):
    print("sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in text)
print("<script" in text)
END
is "$(cat hashes)" "True
True
False" 'the browser is told to take its styles, and there is no script'
cp -r two '<b>'
survive --format=tap --output=odd.html '<b>' > /dev/null
has "$(cat odd.html)" '<h1>What survives: &lt;b&gt;</h1>' 'a name is shown as it is'
lacks "$(cat odd.html)" '<b>' 'and is never markup'
if "$srcdir/tests/tools/browser" --probe; then
    "$srcdir/tests/tools/browser" page.html size=900x700 open \
        'tell=[...document.querySelectorAll(".glance td a")].every(a => document.querySelector(a.getAttribute("href")))' \
        'tell=document.documentElement.scrollWidth <= 900' scheme=print print=page.pdf > told 2>&1
    is "$? $(tr '\n' ' ' < told)" '0 true true ' 'a browser shows it: all links lead somewhere, and it fits'
else
    skip 'Chromium is not installed'
fi

fails 2 'no case is wrong usage' survive
fails 2 'so is a return that there is not' survive --returns=never two
fails 2 'and no number of losses' survive --losses=0 two
fails 1 'what is no scenario' survive none
mkdir nix
cat > nix/scenario.json << 'END'
{ "version": 1, "description": "Nix", "targets": { "test1": {} }, "timeline": [],
  "models": { "services": "services.nix", "distribution": "distribution.nix" } }
END
fails 1 'models in Nix' survive nix
has "$(output)" 'its models are in Nix, which is not simulated' 'are refused'

done_testing
