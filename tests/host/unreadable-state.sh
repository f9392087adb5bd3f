#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What cannot be read is not empty: words of an operator, what still runs of a deployment, and the profile that leads to
# what is deployed. A cycle fails that cannot read one of them, and deploys nothing.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"
deployed_before "$previous"
mkdir -p "$state/default"

once()
{
    forget_calls
    watching --once --no-probe
}
unreadable() # FILE WHAT: a regular file where none should be
{
    [ ! -e "$1" ] && [ ! -L "$1" ] || mv "$1" "$scratch/aside"
    : > "$1"
    fails 1 "$2 cannot be read: the cycle fails" once
    has "$(output)" "$1: " 'saying what it is'
    is "$(calls_of disnix-activate)" 0 'and nothing is deployed'
    rm "$1"
    [ ! -e "$scratch/aside" ] && [ ! -L "$scratch/aside" ] || mv "$scratch/aside" "$1"
    ok 'it can again' once
    is "$(calls_of disnix-activate)" 1 'and it is deployed'
}
unreadable "$state/default/words" 'what an operator has said'
unreadable "$state/default/running" 'what still runs'
unreadable "$scratch/the profiles/default" 'the coordinator profile'

done_testing
