#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The command report: its options, its files, and what the browser is told to allow.
. "$srcdir/tests/share/functions.sh"

report=$builddir/dydisnix-scenario
journal=$srcdir/tests/journals/healed.jsonl
page=$scratch/page.html

ok 'a journal becomes a page' "$report" report --output="$page" "$journal"
is "$(output)" '' 'without a word'
is "$(stat -c %a "$page")" 644 'that anybody can read'
"$report" report "$journal" > "$scratch/printed"
ok 'without --output it is printed' cmp "$page" "$scratch/printed"
"$report" report - < "$journal" | sed 's/standard input/healed.jsonl/g' > "$scratch/printed"
ok '- is standard input' cmp "$page" "$scratch/printed"
cat "$journal" "$journal" | "$report" report -o "$scratch/both" -
is "$(grep -c 'data-cycle' "$scratch/both")" 8 'which may be two journals in a row'
(cd "$scratch" && "$report" report -o relative "$journal") && ok 'a relative name' test -s "$scratch/relative"
ok 'the same journal gives the same page' "$report" report -o "$scratch/again" "$journal"
ok 'byte for byte' cmp "$page" "$scratch/again"

# Whose journal it is stands in its head, if it is known.
lacks "$(cat "$page")" '<p class="period">Profile' 'a journal without its loop'
{ echo '{"time":"2026-11-24T23:17:40Z","kind":"started","profile":"a<b","host":"coordinator-7"}'; cat "$journal"; } |
    "$report" report -o "$scratch/started" -
has "$(cat "$scratch/started")" '<p class="period">Profile a&lt;b on coordinator-7, 2026-11-24 23:17:' 'a journal with it'

fails 1 'a journal that is not there' "$report" report -o "$page" "$scratch/none"
has "$(output)" "[coordinator]: $scratch/none: No such file or directory" 'is told'
ok 'the page that was there stays' cmp "$page" "$scratch/again"
fails 1 'a page that cannot be written' "$report" report -o "$scratch/no/page" "$journal"
has "$(output)" "[coordinator]: $scratch/no/page: No such file or directory" 'is told'
fails 1 'a full device' sh -c '"$1" report "$2" > /dev/full' sh "$report" "$journal"
has "$(output)" 'standard output: No space left on device' 'is told'
fails 2 'no journal' "$report" report
fails 2 'two journals' "$report" report "$journal" "$journal"
fails 2 'an unknown option' "$report" report --colour "$journal"
ok 'help' "$report" report --help
has "$(output)" '--output=FILE' 'names the option'
printf '{"torn\n' > "$scratch/torn"
ok 'a torn line' "$report" report -o "$scratch/again" "$scratch/torn"
has "$(output)" 'torn: line 1: not a document, skipped' 'is told, with file and line'

# What a page shows of an incident: each line is one document.
cat > "$scratch/incident" << 'END'
{"time":"2026-03-01T08:00:00Z","kind":"cycle_began"}
{"time":"2026-03-01T08:00:00Z","kind":"infrastructure","cycle":1,"changes":{"added":["one","two","machine-17.of.a.long.name"],"removed":[],"changed":{}}}
{"time":"2026-03-01T08:00:09Z","kind":"stage","cycle":1,"stage":"redeploy","outcome":"done","milliseconds":900,"report":{"difference":{"mappings":{"removed":[],"added":[{"target":"one","container":"c","service":"k","name":"web"},{"target":"two","container":"c","service":"d","name":"db"},{"target":"machine-17.of.a.long.name","container":"c","service":"l","name":"log"}]}}}}
{"time":"2026-03-01T08:00:10Z","kind":"cycle_ended","cycle":1,"outcome":"done","milliseconds":1000}
{"time":"2026-03-01T09:00:00Z","kind":"cycle_began"}
{"time":"2026-03-01T09:00:00Z","kind":"infrastructure","cycle":2,"changes":{"added":[],"removed":["one"],"changed":{}},"leftOut":["two"],"leftOutFor":{"two":{"status":"flapping","reason":"it vanished 3 times"}}}
{"time":"2026-03-01T09:00:02Z","kind":"stage","cycle":2,"stage":"redistribute","outcome":"failed","milliseconds":900,"failure":{"reason":"dydisnix-gendist: exit status 7","said":["one","nowhere to go"]},"report":{"odd":[{"phase":"<b>"}]}}
{"time":"2026-03-01T09:00:03Z","kind":"cycle_ended","cycle":2,"outcome":"failed","stage":"redistribute","milliseconds":1000,"failure":{"reason":"dydisnix-gendist: exit status 7"}}
{"time":"2026-03-01T09:05:00Z","kind":"cycle_began","retry":true}
{"time":"2026-03-01T09:05:03Z","kind":"cycle_ended","cycle":3,"outcome":"failed","stage":"redistribute","milliseconds":1000,"failure":{"reason":"dydisnix-gendist: exit status 7"}}
{"time":"2026-03-01T09:10:00Z","kind":"cycle_began","retry":true}
{"time":"2026-03-01T09:10:03Z","kind":"cycle_ended","cycle":4,"outcome":"failed","stage":"redistribute","milliseconds":1000,"failure":{"reason":"dydisnix-gendist: exit status 7"}}
{"time":"2026-03-01T09:20:00Z","kind":"asked","command":"pause"}
{"time":"2026-03-01T09:30:00Z","kind":"asked","command":"resume"}
{"time":"2026-03-01T10:00:00Z","kind":"cycle_began"}
{"time":"2026-03-01T10:00:00Z","kind":"stage","cycle":5,"stage":"redeploy","outcome":"done","milliseconds":900,"report":{"missing":[{"component":"db-1","container":"c","target":"machine-17.of.a.long.name","from":["two"],"empty":true}],"difference":{"mappings":{"removed":[{"target":"one","container":"c","service":"k","name":"web"},{"target":"two","container":"c","service":"d","name":"db"}],"added":[{"target":"machine-17.of.a.long.name","container":"c","service":"d","name":"db"}]}}}}
{"time":"2026-03-01T10:00:00Z","kind":"cycle_ended","cycle":5,"outcome":"done","milliseconds":1000}
END
ok 'an incident' "$report" report -o "$scratch/incident.html" "$scratch/incident"
cat > "$scratch/look" << 'END'
import re, sys
import xml.etree.ElementTree as tree
text = open(sys.argv[1], encoding="utf-8").read()
root = tree.fromstring(text)
def said(e): return " ".join("".join(e.itertext()).split())
def of(tag, kind): return [e for e in root.iter(tag) if kind in e.get("class", "").split()]
def spans(kind): # (title, from, to) of what is drawn
    return [(said(e.find("title")), float(r.get("x")), float(r.get("x")) + float(r.get("width")))
            for e in of("g", kind) for r in e.findall("rect")]
def width(kind, part): return max([round(b - a) for t, a, b in spans(kind) if part in t] + [0])
incident = [said(li) for s in of("section", "incident") for li in s.iter("li")]
print(eval(sys.argv[2]))
END
page() # EXPRESSION
{
    python3 "$scratch/look" "$scratch/incident.html" "$1"
}
is "$(page 'width("bar", "db in c on machine-17.of") > 60, said(root).count("in the end")')" '(True, 1)' \
    'what the last cycle did has a width, at the end'
is "$(page 'sorted({re.search("(on [a-z]+) .* to (.*) key", t).groups() for t, _, _ in spans("bar") if "on one" in t or "on two" in t})')" \
    "[('on one', '2026-03-01 09:00:00'), ('on two', '2026-03-01 09:00:00')]" \
    'bars end where their machine went'
is "$(page 'sorted({t.split(" runs")[0] for t, a, b in spans("nowhere") if b > a})')" "['db', 'web']" \
    'what ran nowhere is drawn'
is "$(page 'max(b for t, _, b in spans("nowhere")) < min(a for t, a, b in spans("bar") if "db in c on machine" in t) + 2')" True \
    'until it runs again, or nobody wants it'
is "$(page '"it vanished 3 times" in spans("held")[0][0], "an operator said so" in spans("paused")[0][0], width("paused", "") > 10')" \
    '(True, True, True)' 'flapping and pauses are bands, with their reasons'
is "$(page '[said(p) for p in of("p", "reason")]')" "['dydisnix-gendist: exit status 7 nowhere to go']" \
    'a failure has its reason, and what was said last'
is "$(page '[said(li) for li in root.iter("li") if li.find("b") is not None and said(li) == said(li.find("b"))]')" '[]' \
    'no bullet is empty'
is "$(page '[said(s) for s in of("span", "number")], len(of("a", "cycle")), "\u00d73" in said(root)')" \
    "(['Cycle 5', 'Cycles 2 to 4', 'Cycle 1'], 3, True)" 'equal cycles are one'
is "$(page 'incident')" "['redistribute: dydisnix-gendist: exit status 7, 3 cycles', 'web: 1 h 0 min', 'db: 1 h 0 min', "\
"'db-1 in c is live on machine-17.of.a.long.name without the state that it had on two', "\
"'an operator said pause, 2026-03-01 09:20:00', 'an operator said resume, 2026-03-01 09:30:00']" 'all of it in short, above'
is "$(page '[said(t) for t in root.iter("text") if "\u2026" in said(t) and said(t).startswith("mach")][0]')" 'machine-17….name' \
    'a long name is cut in the middle'
python3 -c 'import json, sys
for n in range(1, 41):
    print(json.dumps({"time": "2026-03-01T%02d:00:00Z" % (n % 24), "kind": "cycle_began"}))
    print(json.dumps({"time": "2026-03-01T%02d:00:00Z" % (n % 24), "kind": "infrastructure", "cycle": n, "changes":
        {"added": ["t%d" % i for i in range(30)] if n == 1 else ["t%d" % n] if n % 2 else [], "removed": [] if n % 2 else ["t%d" % n],
        "changed": {}}}))
    print(json.dumps({"time": "2026-03-01T%02d:00:09Z" % (n % 24), "kind": "cycle_ended", "cycle": n, "outcome": "done"}))
' > "$scratch/many"
ok 'a long journal' "$report" report -o "$scratch/incident.html" "$scratch/many"
is "$(page 'len(of("ol", "overview")[0]) > 5, all(a.get("href")[1:] in {e.get("id") for e in root.iter()} for a in of("ol", "overview")[0].iter("a"))')" \
    '(True, True)' 'has an overview to jump from'
is "$(page 'len([t for t in root.iter("text") if "target" in t.get("class", "")]) < 120')" \
    True 'and shows where something happens, not every target each time'

# The page's style and script are let in by their hashes.
python3 - "$page" > "$scratch/hashes" << 'END'
import base64, hashlib, re, sys
page = open(sys.argv[1], encoding="utf-8").read()
for name in "style", "script":
    text = re.search(f"<{name}>(.*?)</{name}>", page, re.S).group(1)
    print(f"{name}-src 'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'")
END
while read -r allowed; do
    has "$(grep Content-Security-Policy "$page")" "$allowed" "the page allows ${allowed%% *}"
done < "$scratch/hashes"
is "$(wc -l < "$scratch/hashes")" 2 'both'

# Colours of text and what it stands on: contrast as WCAG 2 asks for, 4.5, and 3 for what is drawn.
python3 - "$srcdir/scenario/report/style.css" > "$scratch/contrast" << 'END'
import re, sys
light, dark = re.findall(r":root \{(.*?)\}", open(sys.argv[1]).read(), re.S)[:2]
def luminance(colour):
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    parts = [p / 12.92 if p <= .03928 else ((p + .055) / 1.055) ** 2.4 for p in parts]
    return .2126 * parts[0] + .7152 * parts[1] + .0722 * parts[2]
texts = [(t, b) for t in ("text", "quiet") for b in ("page", "surface", "band", "lane")]
texts += [(t, "surface") for t in ("good", "bad", "warn", "accent", "violet")]
texts += [("on", "reconstruct"), ("on", "redeploy"), ("on", "bad"), ("plain-text", "plain")]
things = "s0 s1 s2 s3 s4 s5 good bad warn violet accent reconstruct redeploy".split()
drawn = [(f, b) for f in things for b in ("surface", "band", "lane")]
for name, scheme in ("light", light), ("dark", dark):
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", scheme))
    for pairs, least in (texts, 4.5), (drawn, 3):
        for one, other in pairs:
            a, b = sorted((luminance(colours[one]), luminance(colours[other])))
            if (b + .05) / (a + .05) < least:
                print(name, one, "on", other, round((b + .05) / (a + .05), 2))
END
is "$(cat "$scratch/contrast")" '' 'everything can be told from what it stands on'

done_testing
