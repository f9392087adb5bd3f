#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# No test has to do with the machine's own Nix: neither its store, which may not be there, nor its configuration. This is
# what Nix finds in tests, in tests/tools/with-nix and in the lab, on a machine where all of that is wrong.
case ${WRONG_NIX-} in
    '')
        WRONG_NIX=$(mktemp -d) || exit 99
        mkdir -p "$WRONG_NIX/.config/nix"
        echo 'this is no setting' | tee "$WRONG_NIX/nix.conf" > "$WRONG_NIX/.config/nix/nix.conf"
        export WRONG_NIX
        unset WITH_NIX XDG_CONFIG_HOME
        HOME=$WRONG_NIX NIX_CONF_DIR=$WRONG_NIX NIX_USER_CONF_FILES=$WRONG_NIX/nix.conf NIX_REMOTE=unix:///nowhere \
            NIX_CONFIG='this is no setting' NIX_PATH=nixpkgs=/nowhere NIX_STORE_DIR=/nowhere NIX_STATE_DIR=/nowhere \
            NIX_LOG_DIR=/nowhere sh "$0"
        status=$?
        rm -rf "$WRONG_NIX"
        exit "$status"
        ;;
esac
wrong=$(nix-instantiate --eval -E 1 2>&1)
. "$srcdir/tests/share/functions.sh"
has "$wrong" 'this is no setting' 'the machine is wrong'
"$srcdir/tests/tools/with-nix" "$scratch/machine" true 2> /dev/null || skip_all 'user namespaces are not allowed here'

echo text > "$scratch/text"
is "$(nix-instantiate --eval -E '1 + builtins.length builtins.nixPath' 2>&1)" 1 'in a test an expression evaluates, and nothing is said'
fails 1 'and there is no store' nix-store --add "$scratch/text"
path=$("$srcdir/tests/tools/with-nix" "$scratch/machine" nix-store --add "$scratch/text" 2>&1)
is "$(cat "$scratch/machine$path")" text 'tests/tools/with-nix has a store, and nothing is said'
path=$(NIX_CONFIG='this is no setting' NIX_REMOTE=unix:///nowhere NIX_CONF_DIR=$WRONG_NIX NIX_STORE_DIR=/nowhere \
    "$builddir/dydisnix-lab" --targets=1 --run -- dydisnix-lab exec test1 \
    sh -c 'echo text > "$TMPDIR/text"; nix-store --add "$TMPDIR/text"; nix-store --check-validity "$(nix-store --add "$TMPDIR/text")"' 2>&1)
case $path in
    /nix/store/*-text) result 0 'a machine of the lab has one, and nothing is said' ;;
    *) evidence "$path"; result 1 'a machine of the lab has one, and nothing is said' ;;
esac
done_testing
