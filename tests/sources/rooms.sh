#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The house, read from the built objects: no symbol is used by a floor or a room below its own, files do not know each other
# in circles, and each function serves a program.
. "${srcdir:?}/tests/share/functions.sh"

# What tests build of the same sources has a name of its own.
symbols() # FILE…: lines of FILE has|uses SYMBOL
{
    for file; do
        nm "$file" | awk -v file="${file%.o}" '$(NF - 1) ~ /^[TDBRCU]$/ { print file, $(NF - 1) == "U" ? "uses" : "has", $NF }'
    done
}
cd "$builddir" || exit
# What a source that is gone has left in the build does not count.
objects=$(find lib host plugin lab scenario -name '*.o' ! -name 'tests_*' | sort |
    while read -r object; do [ ! -f "$srcdir/${object%.o}.c" ] || echo "$object"; done)
# shellcheck disable=SC2086 # names without blanks
symbols $objects > "$scratch/symbols"
# shellcheck disable=SC2046
symbols $(find tests -name '*.o') | grep ' uses ' > "$scratch/tested"

# USER OWNER SYMBOL
awk '$2 == "has" { owner[$3] = $1 } $2 == "uses" { user[NR] = $1; symbol[NR] = $3 }
    END { for (i in user) if (symbol[i] in owner) print user[i], owner[symbol[i]], symbol[i] }' "$scratch/symbols" |
    sort > "$scratch/arrows"
for floor in lib host plugin lab scenario; do
    ok "objects of $floor were read" grep -q "^$floor/" "$scratch/arrows"
done

# A loop is told by tsort on its standard error, after a line that says so.
circle() # FIELDS…: of what
{
    awk "$1 { print \$1, \$2 }" "$scratch/arrows" | sort -u > "$scratch/pairs"
    tsort "$scratch/pairs" 2>&1 > /dev/null | sed -n 's/^tsort: \([^-].*\)/\1/p' | grep -v 'input contains a loop' | tr '\n' ' '
}
is "$(circle '$1 != $2')" '' 'no circle between files'
is "$(circle '{ sub("/[^/]*$", "", $1); sub("/[^/]*$", "", $2) } $1 != $2')" '' 'no circle between rooms'

# Floors from below; host and plugin do not know each other.
is "$(awk '{ split($1, user, "/"); split($2, owner, "/") }
    BEGIN { height["lib"] = 0; height["host"] = height["plugin"] = 1; height["lab"] = 2; height["scenario"] = 3 }
    user[1] != owner[1] && height[user[1]] <= height[owner[1]]' "$scratch/arrows")" '' 'no arrow upwards'

# The entry of a plugin is looked up by its name.
is "$(awk '$2 == "has" { owner[$3] = $1 } $2 == "uses" { used[$3] = 1 }
    END { for (symbol in owner) if (!(symbol in used) && symbol != "main" && symbol !~ /^dydisnix_plugin_entry/)
        print owner[symbol] ": " symbol }' "$scratch/symbols" "$scratch/tested" | sort)" '' 'nothing is there for nobody'

# A door is told by its whole path.
is "$(cd "$srcdir" && find lib host plugin lab scenario -name '*.[ch]' |
    xargs grep -nE '^#include "[^/"]*"' /dev/null | grep -v '"config.h"')" '' 'each include has a path'
done_testing
