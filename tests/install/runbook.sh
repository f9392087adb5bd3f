#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the runbook says: each message is one that the programs have, each command one that they take.
. "$srcdir/tests/share/functions.sh"

python3 - "$srcdir" > "$scratch/facts" << 'EOF'
import pathlib, re, sys
top = pathlib.Path(sys.argv[1])
text = (top / "docs/runbook.md").read_text()
sources = "\n".join(path.read_text() for room in ("host", "plugin", "lib") for path in top.glob(room + "/**/*.c"))
sources = re.sub(r'"\s*"', "", sources)
first = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
quoted = re.findall(r"`([^`]+)`", "\n".join(first))
# What is the system's own, and what stands for a name.
parts = [part.strip(" :,") for message in quoted if message != "No space left on device"
         for part in re.split(r"\b(?:[A-Z]|GENERATOR|T|C|S|N)\b|…", message)]
for part in sorted({part for part in parts if len(part) > 1}):
    known = part in sources or f'"{part.removeprefix("is ")}"' in sources
    print("message" if known else "unknown message", part, sep="\t")
shown = [line for block in re.findall(r"(?:^    .*\n)+", text, re.M) for line in block.splitlines()]
for label in sorted({line[4:17].strip() for line in shown if re.match(r"    [a-z][a-z ]{0,11} {1,11}\S", line)
                     and line[16] == " " and line[17:18].strip() and line[-1] != ":"}):
    print("label" if f'"{label}"' in sources else "unknown label", label, sep="\t")
for command in sorted(set(re.findall(r"(?:`|^ +)dydisnix-self-adaptctl ([a-z-]+)", text, re.M))):
    print("word", command, sep="\t")
for option in sorted(set(re.findall(r"`(--[a-z-]+)", text))):
    print("option", option, sep="\t")
EOF
is "$(grep ^unknown "$scratch/facts")" '' 'each message and each line of a status is one of the programs'
for kind in message label word option; do
    ok "there is a $kind" grep -q "^$kind	" "$scratch/facts"
done
"$builddir/dydisnix-self-adaptctl" --help > "$scratch/words"
"$builddir/dydisnix-self-adapt" --help > "$scratch/options"
is "$(sed -n 's/^word	//p' "$scratch/facts" | while read -r word; do
    grep -qE "(^| )$word( |$)" "$scratch/words" || echo "$word"
done)" '' 'each command is one that dydisnix-self-adaptctl takes'
is "$(sed -n 's/^option	//p' "$scratch/facts" | while read -r option; do
    grep -qe "$option" "$scratch/options" || echo "$option"
done)" '' 'each option is one of the loop'
is "$(sed -n 's/.*](#\([a-z-]*\)).*/\1/p' "$srcdir/docs/runbook.md" | sort -u | while read -r name; do
    sed -n 's/^## //p' "$srcdir/docs/runbook.md" | tr 'A-Z ' 'a-z-' | grep -qx -e "$name" || echo "$name"
done)" '' 'each chapter that it points to is there'
done_testing
