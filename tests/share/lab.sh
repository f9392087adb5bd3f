# SPDX-License-Identifier: LGPL-2.1-or-later
# Source this first, instead of functions.sh: the test runs as the one command of a network of $lab_targets targets
# (default 2).
#
#   client ARGUMENT…            the client interface, on the coordinator
#   lab ARGUMENT…               dydisnix-lab
#   on MACHINE COMMAND…         a program on a machine
#   package MACHINE NAME        adds a package to its store whose bin/run is a responder with state; prints the path

lab_allowed()
{
    if [ "$(id -u)" -eq 0 ] && unshare -mp true 2> /dev/null; then
        return 0
    fi
    unshare -Urmp true 2> /dev/null
}

if [ -z "${DYDISNIX_LAB-}" ]; then
    if ! lab_allowed; then
        echo '1..0 # SKIP user namespaces are not allowed here'
        exit 0
    fi
    exec "$builddir/dydisnix-lab" --targets="${lab_targets:-2}" --run -- sh "$0"
fi
. "$srcdir/tests/share/functions.sh"

lab()
{
    dydisnix-lab "$@"
}

on()
{
    dydisnix-lab exec "$@"
}

client()
{
    dydisnix-lab exec coordinator dydisnix-lab-client "$@" < /dev/null
}

package() # MACHINE NAME [NATURE]
{
    # shellcheck disable=SC2016
    on "$1" sh -euc '
        directory=$(mktemp -d)
        mkdir -p "$directory/$1/bin"
        : > "$directory/$1/lab-stateful"
        [ -z "$2" ] || echo "$2" > "$directory/$1/lab-nature"
        printf "#!/bin/sh\nexec dydisnix-lab responder --service=%s --version=%s --stateful\n" "${1%%-*}" "${1##*-}" \
            > "$directory/$1/bin/run"
        chmod 755 "$directory/$1/bin/run"
        nix-store --add "$directory/$1"
    ' sh "$2" "${3-}"
}
