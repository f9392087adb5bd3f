#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Manual pages: without warnings, with every option of --help and no other, and with an example that works.
. "$srcdir/tests/functions.sh"

LC_ALL=C MANWIDTH=200
export LC_ALL MANWIDTH

# All options in a text.
options()
{
    grep -oE '(^|[^a-z0-9-])--?[a-z][a-z-]*' | grep -oE -e '--?[a-z].*' | sort -u
}

# The tags of the section OPTIONS: "-s FILE, --services=FILE".
tags()
{
    sed -n '/^OPTIONS/,/^[A-Z]/p' | grep '^       -' | sed 's/^ *//; s/   .*//'
}

for page in "$srcdir"/*/dydisnix-*.[137]; do
    name=${page##*/}
    man --warnings -l "$page" > "$scratch/$name" 2> "$scratch/warnings"
    is "$(cat "$scratch/warnings")" '' "$name has no warnings"
    program=$builddir/${name%.*}
    [ -x "$program" ] || continue
    "$program" --help > "$scratch/help" 2> /dev/null
    options < "$scratch/$name" > "$scratch/known"
    is "$(options < "$scratch/help" | grep -vxF -f "$scratch/known")" '' "$name has every option of --help"
    options < "$scratch/help" > "$scratch/known"
    is "$(tags < "$scratch/$name" | options | grep -vxF -f "$scratch/known")" '' "--help has every option of $name"
    for variable in $(grep -oE '\b[A-Z][A-Z]+_[A-Z_]+\b' "$scratch/help" | sort -u); do
        has "$(cat "$scratch/$name")" "$variable" "$name has $variable"
    done
done

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
