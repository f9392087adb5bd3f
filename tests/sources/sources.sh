#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every file includes what it uses, sizes fit into 32 bits, and clang has nothing to say. What one version of libxml2
# includes, another does not: here it includes nothing.
. "${srcdir:?}/tests/share/functions.sh"

# The headers of libxml2 without those of anybody else, and without the types that only these define.
original=$(echo '#include <libxml/tree.h>' | $CC $XML_CFLAGS -E - | sed -n 's|^# 1 "\(.*\)/libxml/tree.h".*|\1|p' | head -n 1)
mkdir -p "$scratch/bare/libxml"
for header in "$original/libxml"/*.h; do
    sed -e '/^[[:space:]]*#[[:space:]]*include[[:space:]]*<libxml/!{/^[[:space:]]*#[[:space:]]*include/d;}' \
        -e 's/^#[[:space:]]*define LIBXML_ICU_ENABLED.*//' -e 's/\<size_t\>/__SIZE_TYPE__/g' \
        -e 's/\<va_list\>/__builtin_va_list/g' -e 's/\<FILE\>/void/g' -e 's/\<iconv_t\>/void */g' \
        "$header" > "$scratch/bare/libxml/${header##*/}"
done

cat > "$scratch/compile" << 'EOS'
#!/bin/sh
# compile FILE: a source as it is, a header as the only thing that a source includes.
case $1 in *.h) language=c-header ;; *) language=c ;; esac
cd "$srcdir" && $compiler $flags -std=c11 -fsyntax-only -include "$builddir/config.h" -I"$bare" $XML_CFLAGS $JSON_CFLAGS \
    -Iinclude -Itests -I"$builddir" -iquote . \
    -DTEST_SWITCHES -DPLUGIN_DIR='""' -DNIX_EXPRESSION_DIR='""' -DPLUGIN_ENTRY=dydisnix_plugin_entry -DWRONG=1 \
    -x "$language" "$1" || echo "$1" >> "$failed"
EOS
chmod +x "$scratch/compile"
compiler=$CC flags='-w -Werror=implicit-function-declaration' bare=$scratch/bare failed=$scratch/failed
export compiler flags bare failed

# Tells which files do not compile.
compile() # PATTERN DIRECTORY…
{
    pattern=$1
    shift
    : > "$failed"
    (cd "$srcdir" && find "$@" -name "$pattern" || echo "not all of: $*" >> "$failed") > "$scratch/files"
    xargs -n 1 -P "$(getconf _NPROCESSORS_ONLN)" "$scratch/compile" < "$scratch/files" > "$scratch/said" 2>&1
    [ ! -s "$failed" ] || evidence "$(grep -E 'error|included' "$scratch/said")" >&2
    sort "$failed"
}

echo '#include <libxml/tree.h>
size_t size; bool known; FILE *file;' > "$scratch/unknown.c"
is "$("$scratch/compile" "$scratch/unknown.c" 2>&1 | grep -c 'error: unknown type name')" 3 'this libxml2 includes nothing'
is "$(compile '*.h' include lib host plugin lab scenario tests/fuzz tests/unit)" '' 'each header can be included by itself'
is "$(compile '*.c' lib host plugin lab scenario tests)" '' 'each source includes what it uses'
for directory in lib host plugin lab scenario tests; do
    ok "sources of $directory were among them" grep -q "^$directory/" "$scratch/files"
done

# Where a size has 32 bits, such a constant is 0, and no compiler says so.
is "$(cd "$srcdir" && find lib host plugin lab scenario tests -name '*.[ch]' -exec grep -nE '\(size_t\)[0-9]+ << [0-9]' {} + \
    | sed 's/^\([^:]*:[0-9]*\):.*(size_t)\([0-9]*\) << \([0-9]*\).*/\1 \2 \3/' | awk '$2 * 2 ^ $3 >= 2 ^ 32 { print $1 }')" \
    '' 'no size is larger than 32 bits hold'

if [ -n "$CLANG" ]; then
    compiler="$CLANG" flags="$WARNINGS -Werror" bare=/nonexistent
    is "$(compile '*.c' lib host plugin lab scenario tests)" '' 'clang warns of nothing'
fi
done_testing
