#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The demonstration holds what it shows: as whoever runs the tests, and when that is root, as an ordinary user too.
. "$srcdir/tests/share/functions.sh"

ok 'the demonstration heals, and shows the disaster' "$srcdir/lab/demonstration" "$builddir"
has "$(output)" 'The system healed itself.' 'it says so'
has "$(output)" 'TWO databases are live' 'without reconstruction there are two databases'
is "$(output | grep -c 'proof: ')" 18 'every proof is given'

# Which machine it is may differ.
steps()
{
    sed -nE 's/ +$//; s/test[0-9]/testN/g; s/^ *(== |proof: |The system|Nobody)/\1/p'
}
output | steps > "$scratch/steps"
for page in README.md docs/demonstration.md; do
    grep '^    ' "$srcdir/$page" | steps > "$scratch/recorded"
    ok "$page has a recording" grep -q '^proof: the database is live exactly once' "$scratch/recorded"
    is "$(grep -vxF -f "$scratch/steps" "$scratch/recorded")" '' "the recording in $page is what is shown"
done

if [ "$(id -u)" -eq 0 ]; then
    # The build directory may be out of reach of that user: what it needs is copied.
    mkdir -p "$scratch/copy/build/plugin"
    cp "$builddir"/dydisnix-lab "$builddir"/dydisnix-self-adapt "$scratch/copy/build/"
    cp "$builddir/plugin/reconstruct.so" "$scratch/copy/build/plugin/"
    cp -r "$srcdir/lab" "$srcdir/nix" "$scratch/copy/"
    mkdir "$scratch/copy/tmp"
    chmod -R a+rX "$scratch" && chown -R 65534:65534 "$scratch/copy"
    ok 'the same as an ordinary user' setpriv --reuid=65534 --regid=65534 --clear-groups \
        env HOME="$scratch/copy" TMPDIR="$scratch/copy/tmp" "$scratch/copy/lab/demonstration" \
        "$scratch/copy/build"
    has "$(output)" 'The system healed itself.' 'it heals for that user too'
    is "$(find "$scratch/copy/tmp" -mindepth 1 | wc -l)" 0 'and nothing is left behind'
fi

done_testing
