#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The tarball of `make dist` has everything, and is configured, builds, tests and installs without the repository.
# `make distcheck` does all of it, with all tests.
. "$srcdir/tests/functions.sh"
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR DYDISNIX_PLUGIN_PATH DYDISNIX_NIX_EXPRESSIONS

# Without a blank in its name: make and configure do not take one there.
place=$(mktemp -d "${TMPDIR:-/tmp}/dydisnix-dist.XXXXXX") || exit 99
forget_place()
{
    chmod -R u+w "$place"
    rm -rf "$place"
}
cleanup_fn forget_place

ok 'make dist' make -C "$builddir" distdir distdir="$place/dist"
if git -C "$srcdir" rev-parse > /dev/null 2>&1 && [ -e "$srcdir/.git" ]; then
    is "$(git -C "$srcdir" ls-files | grep -vxF .gitignore | sort > "$scratch/tracked"
        cd "$place/dist" && find . -type f | sed 's,^\./,,' | sort | comm -13 - "$scratch/tracked")" '' \
        'everything that is tracked is in it'
fi
mkdir "$place/build"
cd "$place/build" || exit 99
chmod -R a-w "$place/dist"
ok 'it is configured' "$place/dist/configure" --quiet --prefix="$place/prefix" CLANG=false CFLAGS=-O0
ok 'it builds beside its sources, which cannot be written' make -s -j2 all
ok 'a test of its own passes' env programs='dydisnix-self-adapt' srcdir="$place/dist" builddir="$place/build" \
    sh "$place/dist/tests/host-usage.sh"
ok 'it installs' make -s install
ok 'and runs from there' "$place/prefix/bin/dydisnix-self-adapt" --list-plugins
has "$(output)" "$place/prefix" 'with its plugins'
done_testing
