#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Which plugins there are, and what one of them is.
. "$srcdir/tests/share/functions.sh"

list()
{
    "$builddir/dydisnix-self-adapt" --list-plugins
}
dump()
{
    "$builddir/dydisnix-self-adapt" --dump-plugin="$1"
}

first=$scratch/first second="$scratch/the second"
mkdir "$first" "$second"
cp "$builddir/tests/plugins/record.so" "$builddir/tests/plugins/future.so" "$first"
cp "$builddir/plugin/reconstruct.so" "$builddir/tests/plugins/record.so" "$second"
: > "$first/notes.txt"
DYDISNIX_PLUGIN_PATH="$first::$scratch/nowhere:$second"
export DYDISNIX_PLUGIN_PATH

ok 'the plugins are listed' list
has "$(output)" "record ($first/record.so)" 'with name and file'
has "$(output)" "reconstruct $(sed -n 's/^#define PACKAGE_VERSION "\(.*\)"/\1/p' "$builddir/config.h"): rebuilds the" \
    'with version and description'
is "$(output | grep -c '^record')" 1 'the one of two that is taken'
has "$(output)" "($first/future.so)" 'with the fields of a later version too'
lacks "$(output)" notes 'and nothing else'

printf '%4096s' 'no shared object' > "$second/broken.so"
cp "$builddir/tests/plugins/too-new.so" "$builddir/tests/plugins/no-hook.so" "$second"
fails 1 'some cannot be used' list
has "$(output)" "plugin $second/broken.so: invalid ELF header" 'each is told'
has "$(output)" "plugin $second/no-hook.so: it has no hook" 'with its reason'
is "$(output | grep -c 'coordinator')" 3 'in one line'
has "$(output)" 'reconstruct ' 'and the others are listed'
printf '%s\n' '__attribute__((constructor)) static void crash(void) { __builtin_trap(); }' > "$scratch/crash.c"
${CC:-cc} -shared -fPIC -o "$second/crash.so" "$scratch/crash.c"
fails 1 'one that crashes when it is opened' list
has "$(output)" "plugin $second/crash.so: it was ended by signal" 'is told'
has "$(output)" 'reconstruct ' 'and the others are listed nevertheless'

ok 'one plugin by its name' dump record
is "$(output | sed '/^struct_size/d')" "path=$first/record.so
name=record
api_version=1
has_load=1
has_configure=1
has_capture=1
has_augment=1
has_reconstruct=1
has_snapshot=1
has_redistribute=1
has_assign_ids=1
has_redeploy=1
has_cycle_finished=1" 'is told in pairs'
has "$(output)" 'struct_size=' 'with its size'
ok 'one by its file' dump "$second/reconstruct.so"
has "$(output)" 'description=rebuilds' 'has a description'
printf '%s\n' '#!/bin/sh' 'echo capture' > "$scratch/from.sh"
chmod +x "$scratch/from.sh"
ok 'a script' dump script:"$scratch/from.sh"
is "$(output)" "path=$scratch/from.sh
name=from
has_configure=1
has_capture=1" 'has what it says'
fails 1 'one that is nowhere' dump missing
has "$(output)" 'no missing.so in' 'is told'
fails 2 'no name' dump ''

done_testing
