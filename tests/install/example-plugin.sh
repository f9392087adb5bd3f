#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The example plugin, built from what is installed and nothing else, in C and as C++, and used by the loop.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR

# Without a blank: pkg-config and make know none.
root=$(mktemp -d /tmp/dydisnix-example.XXXXXX)
cleanup_fn rm -rf "$root"
directory()
{
    printf 'show: ; @printf "%%s\\n" "$(%s)"\n' "$1" | make -s -C "$builddir" -f Makefile -f - show
}
ok 'it installs' make -C "$builddir" install DESTDIR="$root"
PKG_CONFIG_PATH=$root$(directory pkgconfigdir)${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
PKG_CONFIG="pkg-config --define-variable=prefix=$root$(directory prefix)"
export PKG_CONFIG_PATH PKG_CONFIG
is "$($PKG_CONFIG --variable=pluginsdir dydisnix-self-adapt)" "$root$(directory pluginsdir)" \
    'pkg-config knows where plugins go'
is "$($PKG_CONFIG --modversion dydisnix-self-adapt)" \
    "$(sed -n 's/^#define PACKAGE_VERSION "\(.*\)"/\1/p' "$builddir/config.h")" 'and the version'
mkdir "$root/mine"
cp "$root$(directory pluginexampledir)"/* "$root/mine"
sanitize=$(directory SANITIZE)
ok 'the example builds' make -C "$root/mine" -f Makefile.example CC="${CC:-cc}" CFLAGS="-Werror $sanitize"

spread() # OPTION…
{
    watching --once "$@"
}
ok 'the loop runs with it' spread --plugin="$root/mine/spread.so"
has "$(output)" 'spread: the cycle is done, its last stage was redeploy' 'and it looks on'
write_model test1 test2 test3
fails 1 'it refuses what it is told to' spread --plugin="$root/mine/spread.so" --plugin-option=spread:refuse=test3
has "$(output)" 'spread: target test3 is refused' 'and says so'
ok 'it is installed' make -C "$root/mine" -f Makefile.example install
DYDISNIX_PLUGIN_PATH=$($PKG_CONFIG --variable=pluginsdir dydisnix-self-adapt)
export DYDISNIX_PLUGIN_PATH
ok 'and found' "$builddir/dydisnix-self-adapt" --list-plugins
has "$(output)" 'spread 1: an example' 'with the others'
has "$(output)" 'reconstruct ' 'that are bundled'

# As C++.
cp "$root/mine/spread.c" "$root/mine/spread.cc"
mkdir "$root/cxx"
# shellcheck disable=SC2046,SC2086
ok 'it is C++ too' ${CXX:-c++} -std=c++20 -shared -fPIC -Wall -Wextra -Wno-missing-field-initializers -Werror $sanitize \
    $($PKG_CONFIG --cflags dydisnix-self-adapt) -o "$root/cxx/spread.so" "$root/mine/spread.cc" \
    $($PKG_CONFIG --libs dydisnix-self-adapt)
ok 'and loads' spread --plugin="$root/cxx/spread.so"
has "$(output)" 'spread: the cycle is done' 'and works'

# The script; jq is not needed here.
cat > "$scratch/bin/jq" << 'EOF'
#!/bin/sh
exec python3 -c 'import json, sys; print(json.load(sys.stdin)["options"]["file"])'
EOF
chmod +x "$scratch/bin/jq"
ok 'the script runs' spread --plugin=script:"$root/mine/tell.sh" --plugin-option=tell:file="$scratch/last.json"
is "$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["outcome"])' "$scratch/last.json")" done \
    'and keeps the event'

ok 'it uninstalls' make -C "$builddir" uninstall DESTDIR="$root"
done_testing
