#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The code is written as .clang-format says. Other versions of the program understand that otherwise.
. "${srcdir:?}/tests/share/functions.sh"

clang-format --version 2> /dev/null | grep -q 'version 14\.' || skip_all 'clang-format 14 is not installed'
cd "$srcdir" || exit
find include host plugin lib lab scenario tests -name '*.[ch]' ! -path 'tests/old-headers/*' | sort > "$scratch/files"
ok 'there are files' grep -q '^host/cycle/cycle.c$' "$scratch/files"
is "$(xargs clang-format --dry-run < "$scratch/files" 2>&1 | sed -n 's/: warning: .*//p')" '' 'they have one form'
done_testing
