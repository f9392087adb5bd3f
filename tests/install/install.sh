#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What `make install` puts where, that it works from there without a word from the environment, and goes again.
. "$srcdir/tests/share/functions.sh"
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR DYDISNIX_PLUGIN_PATH DYDISNIX_NIX_EXPRESSIONS DYDISNIX_LAB

root="$scratch/a root"
mkdir "$root"

# A directory as configured, by its name in the makefile.
directory()
{
    printf 'show: ; @printf "%%s\\n" "$(%s)"\n' "$1" | make -s -C "$builddir" -f Makefile -f - show
}

prefix=$(directory prefix)
bin=$(directory bindir)
man=$(directory mandir)
expressions=$(directory nixexprdir)
example=$(directory exampledir)
plugins=$(directory pluginsdir)
units=$(directory systemdsystemunitdir)
headers=$(directory includedir)

ok 'it installs below DESTDIR' make -C "$builddir" install DESTDIR="$root"
for name in ${programs:?}; do
    is "$("$root$bin/$name" --version | sed -n '1s/ .*//p')" "$name" "$name is installed and says its version"
    ok 'and has a manual page' test -s "$root$man/man1/$name.1"
    ok 'and completion for bash' test -s "$root$(directory bashcompletiondir)/$name"
    ok 'and for fish' test -s "$root$(directory fishcompletiondir)/$name.fish"
    has "$(head -n 1 "$root$(directory zshcompletiondir)/_dydisnix") " " $name " 'and for zsh'
done
for page in ${pages:?}; do
    ok "the manual page $page" test -s "$root$man/man${page##*.}/${page##*/}"
done
ok 'what the lock of etcd needs' test -x "$root$bin/dydisnix-etcd-guard" -a -x "$root$bin/dydisnix-etcd-leader"
[ "$units" = no ] || has "$(cat "$root$units/dydisnix-self-adapt@.service")" "ExecStart=$bin/dydisnix-self-adapt " \
    'the unit of systemd'
ok 'the plugin' test -x "$root$plugins/reconstruct.so"
is "$(ls "$root$expressions")" "$(cd "$srcdir/nix" && ls ./*.nix | sed 's,^\./,,; /^\(module\|package\).nix$/d')" \
    'every Nix expression that programs use'
is "$(ls "$root$example")" "$(ls "$srcdir/lab/example")" 'the example'
# shellcheck disable=SC2086
ok 'a plugin builds with the header that is installed' ${CC:-cc} $JSON_CFLAGS -I"$root$headers" -fsyntax-only \
    "$srcdir/tests/plugins/record.c"

# Where it was configured for: in a namespace of its own what is installed lies over that directory.
user=-Ur kind=user
[ "$(id -u)" -ne 0 ] || user='' kind=mount
where_it_belongs() # COMMAND ARGUMENT…
{
    # shellcheck disable=SC2016
    unshare $user -m sh -euc '
        mount --make-rprivate /
        mount -t overlay -o "lowerdir=$1$2:$2" overlay "$2" || mount --bind "$1$2" "$2"
        shift 2
        exec "$@"' sh "$root" "$prefix" env PATH="$bin:$PATH" "$@"
}

if where_it_belongs nix-instantiate --version > "$scratch/refused" 2>&1; then
    ok 'the lab runs from there' where_it_belongs "$bin/dydisnix-lab" --targets=0 --run -- true
    # shellcheck disable=SC2016
    ok 'the loop deploys the example, with plugin and expressions' where_it_belongs dydisnix-lab --targets=3 \
        --run -- sh -eu -c 'dydisnix-lab exec coordinator dydisnix-self-adapt -s "$1/services.nix" -q "$1/qos.nix" --once \
            --geninfra dydisnix-lab-geninfra --state-dir "$DYDISNIX_LAB/state" --reconstruct
            dydisnix-lab who web' sh "$example"
    has "$(output)" '"service": "web"' 'which answers'
else
    evidence "$(cat "$scratch/refused")"
    reason="nothing may lie over $prefix here"
    # shellcheck disable=SC2086
    unshare $user -m true 2> /dev/null || reason="$kind namespaces are not allowed here"
    skip "$reason"
fi

ok 'pages are there as HTML' make -C "$builddir" html
for name in $programs; do
    has "$(cat "$builddir/html/$name.1.html")" "<h1 class=\"Sh\" id=\"SYNOPSIS\">" "with that of $name"
done
has "$(cat "$builddir/html/dydisnix-reconstruct.1.html")" 'href="dydisnix-self-adapt.1.html"' 'which refer to each other'

ok 'it uninstalls' make -C "$builddir" uninstall DESTDIR="$root"
is "$(find "$root" ! -type d)" '' 'and leaves no file'
done_testing
