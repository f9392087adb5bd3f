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
