#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# No invalid access and no leak, as valgrind sees it: a reconstruction of the largest golden case, one with hostile
# targets, and the loop's options.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/network.sh"

grep -q '^SANITIZE = .*fsanitize' "$builddir/Makefile" && skip_all 'sanitizers and valgrind exclude each other'

checked() # COMMAND…: status 9 if valgrind finds anything
{
    valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite,indirect,possible \
        --child-silent-after-fork=no "$@"
}

key=1111111111111111111111111111111111111111111111111111111111111111
profile good "$(service "$key" db-1.0)" "$(mapping "$key" echo)" "$(snapshot "$key" echo db-1.0)"
profile other "$(service "$key" db-1.0)" "$(mapping "$key" echo)" "$(snapshot "$key" echo db-1.0)"
profile liar "$(service "$key" db-1.0)" "$(mapping "$key" echo good)" ''
profile broken '<service' '' ''
infrastructure good other liar broken gone
ok 'a reconstruction from good, lying, broken and silent targets' \
    checked "$builddir/dydisnix-reconstruct" --interface="$client" --xml --dry-run --report="$report" \
    --coordinator-profile-path="$profiles" "$model"
has "$(cat "$report")" '"disputes"' 'it came to its end'

ok 'the largest golden manifest, read and compared' \
    checked "$builddir/dydisnix-reconstruct" --interface="$client" --xml --dry-run --unreachable=keep \
    --previous="$srcdir/tests/corpus/v2-network/manifest.xml" "$srcdir/tests/corpus/v2-network/infrastructure.xml"

fails 2 'wrong usage of the loop' checked "$builddir/dydisnix-self-adapt" -s /dev/null -q /dev/null --interval=x
fails 2 'wrong usage of the command' checked "$builddir/dydisnix-reconstruct" --jobs=0 "$model"
fails 2 'wrong usage after a decision' checked "$builddir/dydisnix-reconstruct" --discard-copy=good --jobs=0 "$model"
ok 'decisions on targets' checked "$builddir/dydisnix-reconstruct" --interface="$client" --xml --dry-run \
    --coordinator-profile-path="$profiles" --discard-copy=other --keep-copy=good "$model"

done_testing
