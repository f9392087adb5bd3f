#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The systemd units, the installed one and that of NixOS, as systemd-analyze sees them: no mistake, little exposure.
. "$srcdir/tests/share/functions.sh"

installed="$scratch/dydisnix-self-adapt@default.service"
nixos="$scratch/dydisnix-self-adapt.service"
# Programs that this machine has: those of the unit are installed elsewhere, or nowhere yet.
present()
{
    sed 's,^\(Exec[A-Za-z]*\)=[^ ]*,\1=/bin/true,'
}
present < "$builddir/systemd/dydisnix-self-adapt@.service" > "$installed"
nix-instantiate --store dummy:// --eval --strict --json "$srcdir/tests/nix/configurations.nix" -A everything |
    python3 -c 'import json, sys; print(json.load(sys.stdin))' | present > "$nixos"

for unit in "$installed" "$nixos"; do
    name=${unit##*/}
    ok "$name has no mistake" systemd-analyze verify --man=no "$unit"
    is "$(output)" '' 'and nothing is said'
    # In tenths, of 10. What is left is the network, sockets, and that the unit has no root directory of its own.
    ok "$name is hardly exposed" systemd-analyze security --offline=yes --threshold=11 "$unit"
    evidence "$(output | grep -e ✗ -e →)"
    grep -v '^\(NoNewPrivileges\|SystemCallFilter\|CapabilityBoundingSet\)=' "$unit" > "$scratch/weak.service"
    fails 1 'it is the sandbox that counts' systemd-analyze security --offline=yes --threshold=11 "$scratch/weak.service"
done

sed 's/^Type=notify/Type=notified/' "$installed" > "$scratch/wrong@default.service"
systemd-analyze verify --man=no "$scratch/wrong@default.service" > "$scratch/said" 2>&1
has "$(cat "$scratch/said")" notified 'a mistake would be seen'
done_testing
