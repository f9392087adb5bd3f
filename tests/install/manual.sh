#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Manual pages: without warnings, with every option of --help and no other, and with an example that works.
. "$srcdir/tests/share/functions.sh"

: "${programs:?}" "${pages:?}"
MANWIDTH=200
export MANWIDTH

# All options in a text.
options()
{
    grep -oE '(^|[^a-z0-9-])--?[a-z][a-z-]*' | grep -oE -e '--?[a-z].*' | sort -u
}

# The tags of the section OPTIONS: "-s FILE, --services=FILE". Versions of groff indent by five or by seven.
tags()
{
    sed -n '/^OPTIONS/,/^[A-Z]/p' | grep -E '^ {5,7}-' | sed 's/^ *//; s/   .*//'
}

# The commands in a text of --help, and in a page.
commands()
{
    sed -nE '/^(Subc|C)ommands:/,/^$/s/^ +([a-z][a-z-]*).*/\1/p' | sort
}

mkdir "$scratch/pages"
for page in $pages; do
    name=${page##*/}
    man --warnings -l "$srcdir/$page" > "$scratch/pages/$name" 2> "$scratch/warnings"
    is "$(cat "$scratch/warnings")" '' "$name has no warnings"
    is "$(awk 'length > 200' "$scratch/pages/$name")" '' "$name has no line that is too long"
done
ours='\bdydisnix-(etcd-guard|etcd-leader|self-adapt(ctl)?|reconstruct|self-adapt-failover|lab[a-z-]*|plugin|formats|scenario)\([1-9]\)'
for name in $(cat "$scratch"/pages/* | grep -oE "$ours" | sed 's/(\(.\))/.\1/' | sort -u); do
    ok "$name, which a page names, is there" test -s "$scratch/pages/$name"
done

for program in $programs; do
    name=$program.1
    ok "$program has a page" test -s "$scratch/pages/$name"
    page=$scratch/pages/$name
    "$builddir/$program" --help > "$scratch/help" 2> "$scratch/errors"
    is "$? $(cat "$scratch/errors")" '0 ' "$program has --help"
    options < "$page" > "$scratch/known"
    is "$(options < "$scratch/help" | grep -vxF -f "$scratch/known")" '' "$name has every option of --help"
    options < "$scratch/help" > "$scratch/known"
    ok "$name has tags of options" test -n "$(tags < "$page")"
    is "$(tags < "$page" | options | grep -vxF -f "$scratch/known")" '' "--help has every option of $name"
    for command in $(commands < "$scratch/help"); do
        ok "$name has the command $command" grep -qE "^ {5,7}([^.]*, )?$command\b" "$page"
    done
    for variable in $(grep -oE '\b[A-Z][A-Z]+_[A-Z_]+\b' "$scratch/help" | sort -u); do
        has "$(cat "$page")" "$variable" "$name has $variable"
    done
done

"$builddir/dydisnix-self-adapt" --help | grep -oE -e '--[a-z][a-z-]+' | grep -vx -e --help -e --version | sort -u > "$scratch/help"
is "$(grep '^| `' "$srcdir/docs/options.md" | cut -d '|' -f 2 | grep -oE -e '--[a-z][a-z-]+' | sort | diff - "$scratch/help")" '' \
    'docs/options.md says of each option once who would miss it'

# What the runbook says to type can be typed.
"$builddir/dydisnix-self-adaptctl" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' | sort > "$scratch/words"
is "$(grep -oE 'dydisnix-self-adaptctl [a-z][a-z-]*' "$srcdir/docs/runbook.md" | cut -d ' ' -f 2 | sort -u |
    comm -23 - "$scratch/words")" '' 'each command in docs/runbook.md is one'
for option in $(grep -oE -e '`[^`]*--[a-z][a-z-]+' "$srcdir/docs/runbook.md" | grep -oE -e '--[a-z][a-z-]+' | sort -u); do
    { "$builddir/dydisnix-self-adapt" --help; "$builddir/dydisnix-self-adaptctl" --help; } > "$scratch/help"
    ok "so is $option" grep -qE -e " $option([ =]|\$)" "$scratch/help"
done

# The examples of formats, numbered, are read.
. "$srcdir/tests/share/network.sh"
example() # NUMBER
{
    awk -v number="$1" '/^\.EE/ { shown = 0 } shown; /^\.EX/ { shown = ++count == number }' \
        "$srcdir/lib/dydisnix-formats.5" | sed 's/\\-/-/g; s/\\e/\\/g'
}
example 2 > "$model"
profile test1 '' '' ''
example 5 > "$scratch/previous.xml"
for number in 3 4; do
    example "$number" > "$NETWORK/test1/installed"
    reconstruct --xml --print-manifest "$model"
    is "$status $(reported 'r["targets"]["test1"]["status"], r["targets"]["test1"]["services"]')" "0 ('captured', 1)" \
        "example $number, a profile manifest, is read"
done
example 3 > "$NETWORK/test1/installed"
reconstruct --xml --print-manifest --previous="$scratch/previous.xml" "$model"
is "$status" 0 'the example of a deployment manifest is read'
has "$output" '<service name="KEY"><name>db</name>' 'and has what the profile manifest has'

# The example of a plugin.
sed -n '/^\.SH EXAMPLE/,/^\.EE/p' "$srcdir/host/dydisnix-plugin.3" | sed -n '/^\.EX/,/^\.EE/p' |
    sed '/^\./d; s/\\e/\\/g; s/\\-/-/g' > "$scratch/tell.c"
# shellcheck disable=SC2086
ok 'the example of a plugin compiles' ${CC:-cc} -std=c99 -Wall -Wextra -Wno-missing-field-initializers -Werror -shared \
    -fPIC ${JSON_CFLAGS-} -I"$srcdir/include" -o "$scratch/tell.so" "$scratch/tell.c" -ljansson
: > "$scratch/f"
fails 1 'it loads' "$builddir/dydisnix-self-adapt" --state-dir="$scratch/state" -s "$scratch/f" -q "$scratch/f" \
    -i "$scratch/f" --plugin="$scratch/tell.so" --plugin-option=tell:x=y
has "$(output)" 'it takes no options' 'and takes no options'

done_testing
