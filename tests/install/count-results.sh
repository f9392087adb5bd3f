#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/tools/count-results, of what automake's driver leaves: a skip counts as a failure unless its reason is known.
. "$srcdir/tests/share/functions.sh"

mkdir -p "$scratch/build/tests"
cd "$scratch/build" || exit 99
ran() # NAME: a test that prints the standard input
{
    cat > "$scratch/printed"
    sh "$srcdir/build-aux/tap-driver.sh" --test-name "tests/$1.sh" --log-file "tests/$1.log" --trs-file "tests/$1.trs" \
        -- cat "$scratch/printed" > /dev/null
}
count() # [REASON]: that may be one
{
    ALLOWED_SKIPS="no moon${1:+
$1}" "$srcdir/tests/tools/count-results" "$scratch/build"
}

fails 1 'no test at all' count
printf '%s\n' 1..3 'ok 1 - one' 'ok 2 # SKIP no moon' 'ok 3 # SKIP no sun' | ran some
echo '1..0 # SKIP no stars' | ran none
fails 1 'skips for other reasons' count 'no stars'
has "$(output)" "$(printf 'failed: tests/some\n  SKIP 3 # SKIP no sun')" 'are told as failures'
has "$(output)" 'skipped: tests/none - no stars' 'the others as skips'
has "$(output)" '1 passed, 1 failed' 'and counted'
fails 1 'without a reason' count 'no sun'
has "$(output)" "$(printf 'failed: tests/none\n  SKIP - no stars')" 'a whole test'
ok 'skips whose reasons are known' count 'no sun
no stars'
ok 'skips where nobody says which may be' env -u ALLOWED_SKIPS "$srcdir/tests/tools/count-results" "$scratch/build"
fails 1 'a target that make failed to make' env -u ALLOWED_SKIPS "$srcdir/tests/tools/count-results" "$scratch/build" check
has "$(output)" 'failed: make check, and no test tells why' 'is told where no test tells why'
has "$(output)" '1 passed, 1 failed' 'and counted'
printf '%s\n' 1..2 'ok 1 - one' 'SKIP: tests/wrong.sh 1 no moon' 'not ok 2 - two' | ran wrong
fails 1 'a failure' env -u ALLOWED_SKIPS "$srcdir/tests/tools/count-results" "$scratch/build" check
has "$(output)" "$(printf 'failed: tests/wrong\n  FAIL 2 - two')" 'is told with its words'
has "$(output)" '2 passed, 1 failed' 'and counted'
done_testing
