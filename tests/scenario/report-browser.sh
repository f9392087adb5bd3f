#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The page of a journal in a browser: by mouse, by keyboard, without scripts, on paper, light and dark.
. "$srcdir/tests/share/functions.sh"

page=$scratch/page.html
browser=$srcdir/tests/tools/browser
"$browser" --probe 2> /dev/null
[ $? -ne 77 ] || skip_all 'Chromium is not installed'

"$builddir/dydisnix-scenario" report -o "$page" "$srcdir/tests/journals/scenario.jsonl" || exit 99

# Past the overview.
jumps='key=Tab key=Tab key=Tab key=Tab key=Tab'
label='document.activeElement.getAttribute("aria-label").split("\n")[0]'
second='document.activeElement.closest("figure") === document.querySelectorAll("figure")[1]'
stops='document.querySelectorAll("figure .item[tabindex=\"0\"]").length'
card='[card.hidden, card.innerText.split("\n")[0]]'

ok 'it opens without a complaint and asks for nothing' "$browser" "$page" size=1280x900 open
ok 'by keyboard' "$browser" "$page" size=1280x900 open $jumps key=Tab key=Tab tell="$label" tell="$card" \
    key=ArrowRight tell="$label" key=ArrowLeft key=ArrowDown key=ArrowDown tell="$label" key=End tell="$label" \
    tell="$card" key=ArrowRight tell="$second" key=Escape tell='card.hidden'
cat > "$scratch/expected" << 'END'
"Cycle 1, done after 1.7 s"
[false, "Cycle 1, done after 1.7 s"]
"Cycle 2, failed in redeploy after 1 min 2 s"
"web in process on test1"
"database in process on test1, with state"
[false, "database in process on test1, with state"]
true
true
END
is "$(output)" "$(cat "$scratch/expected")" 'one walks through cycles, targets and strips, and reads the card'
ok 'Tab' "$browser" "$page" open $jumps key=Tab key=Tab key=Tab tell="$second" \
    tell="$stops === document.querySelectorAll('figure').length"
is "$(output)" "true
true" 'goes on to the next strip'
ok 'Enter' "$browser" "$page" open $jumps key=Tab key=Tab key=ArrowRight key=Enter \
    tell='document.querySelectorAll("details.cycle[open]").length' \
    tell='document.activeElement.innerText.includes("Cycle 2")' tell='location.hash'
is "$(output)" '1
true
"#cycle-1"' 'opens what the cycle reported'

ok 'by mouse' "$browser" "$page" size=1280x1000 open over='figure .rescued' tell='card.innerText' over='h1' \
    tell='card.hidden' tell='document.querySelectorAll("figure title").length'
has "$(output)" 'superseded: database-1 in process: moved to target test1' 'the card tells what happened'
is "$(output | tail -n 2)" 'true
0' 'goes again, and no second tip is beside it'

colour='getComputedStyle(document.body).backgroundColor'
ok 'light and dark' "$browser" "$page" scheme=light open tell="$colour" scheme=dark tell="$colour"
is "$(output)" '"rgb(245, 246, 248)"
"rgb(15, 19, 24)"' 'as the system has it'
for width in 1280 800 375; do
    ok "$width wide" "$browser" "$page" size=${width}x800 open \
        tell='document.documentElement.scrollWidth <= innerWidth'
    is "$(output)" true 'nothing is beside the page'
done

# type(): what a person would.
type='((words) => { const field = document.querySelector("#filter input"); field.value = words;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    return [Array.from(document.querySelectorAll("details.cycle")).filter(c => c.checkVisibility()).length,
        document.querySelector("#filter [role=status]").innerText]; })'
ok 'the filter' "$browser" "$page" open tell="$type('')" tell="$type('cycle-of-nobody')" tell="$type('FAILED')" tell="$type('')" \
    tell='getComputedStyle(document.getElementById("filter")).display'
cycles=$(grep -c '<details class="cycle' "$page")
failed=$(grep '<details class="cycle' "$page" | grep -c failed)
is "$(output)" "[$cycles, \"\"]
[0, \"0 of $cycles\"]
[$failed, \"$failed of $cycles\"]
[$cycles, \"\"]
\"block\"" 'shows the cycles that tell of what is typed'
ok 'the filter without scripts' "$browser" "$page" script=off open tell='document.getElementById("filter").checkVisibility()'
is "$(output)" false 'is not there'

ok 'without scripts' "$browser" "$page" script=off open picture="$scratch/plain.png"
ok 'on paper' "$browser" "$page" scheme=dark open print="$scratch/page.pdf"
ok 'it has pages' grep -q -a '/Type /Pages' "$scratch/page.pdf"

# The hostile thing that everything else would let through.
python3 - > "$scratch/hostile" << 'END'
import json
text = "</script></title><script>console.log('run')</script><img src=x onerror=console.log('run')>"
at = {"time": "2026-01-31T12:00:00Z"}
for document in (
        {"kind": "event", "event": text, "target": text, "words": text},
        {"kind": "running", "targets": {text: [{"service": text, "container": text}]}},
        {"kind": "cycle_began"},
        {"kind": "stage", "stage": text, "report": {text: [text]}},
        {"kind": "cycle_ended", "outcome": text}):
    print(json.dumps({**at, **document}))
END
"$builddir/dydisnix-scenario" report -o "$page" "$scratch/hostile"
ok 'scripts in a journal are not run' "$browser" "$page" open $jumps key=Tab key=Tab key=ArrowDown key=ArrowDown \
    tell='document.querySelectorAll("script, img").length' tell='card.querySelectorAll("script, img").length'
is "$(output)" '1
0' 'nor are they anything but text'

done_testing
