#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The tarball of `make dist` has everything, and is configured, builds, tests and installs without the repository.
# `make distcheck` does all of it, with all tests.
. "$srcdir/tests/share/functions.sh"
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
    sh "$place/dist/tests/host/usage.sh"
ok 'it installs' make -s install
ok 'and runs from there' "$place/prefix/bin/dydisnix-self-adapt" --list-plugins
has "$(output)" "$place/prefix" 'with its plugins'

# HACKING.md shows how an event, an option and a stage are added. There, a hunk does not say where it is and how long.
python3 - "$srcdir/HACKING.md" > "$place/diff" << 'END'
import re, sys
hunk = []
def put():
    if hunk:
        old, new = (sum(line[0] in kinds for line in hunk) for kinds in (" -", " +"))
        print(f"@@ -9,{old} +9,{new} @@", *hunk, sep="\n")
    hunk.clear()
for diff in re.findall("^```diff\n(.*?)^```$", open(sys.argv[1]).read(), re.DOTALL | re.MULTILINE):
    for line in diff.splitlines():
        if line == "@@" or line.startswith(("--- ", "+++ ")):
            put()
            line == "@@" or print(line)
        else:
            hunk.append(line)
    put()
END
chmod -R u+w "$place/dist"
ok 'what HACKING.md adds fits' patch -d "$place/dist" -p1 -F0 -i "$place/diff"
is "$(grep -c '^+++ ' "$place/diff")" 9 'to all of its files'
ok 'and builds, without a warning' make -s -j2 CFLAGS='-O0 -Wall -Wextra -Wshadow -Wstrict-prototypes -Werror' all
fails 2 'the new option is read' ./dydisnix-self-adapt --max-targets=none
has "$(output)" '--max-targets=none: a whole number of at least 1 is expected' 'and takes numbers'
mkdir "$place/rebooted"
cat > "$place/rebooted/scenario.json" << 'END'
{
  "version": 1,
  "description": "a machine reboots, within a limit for the new stage",
  "targets": { "test1": {}, "test2": {} },
  "services": { "web": {} },
  "distribution": { "web": { "on": ["test2"] } },
  "options": ["--stage-timeout=announce=60"],
  "timeline": [ { "event": "reboot", "target": "test2" } ],
  "expect": { "answers": { "web": ["test2"] } }
}
END
ok 'the new event happens, the new stage runs' ./dydisnix-scenario run --simulate --update "$place/rebooted"
has "$(cat "$place/rebooted/story.txt")" 'test2 reboots' 'and has its words'
done_testing
