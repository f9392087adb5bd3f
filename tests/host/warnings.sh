#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What Nix warns of at each call is said once, by the loop in all its cycles and by dydisnix-reconstruct.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

DYDISNIX_PLUGIN_PATH=$builddir/plugin
export DYDISNIX_PLUGIN_PATH
warning="warning: the group 'nixbld' specified in 'build-users-group' does not exist"
for name in nix-instantiate nix-store nix-env; do
    cat > "$scratch/bin/$name" << END
#!/bin/sh
echo "$warning" >&2
echo call >> '$scratch/warned'
exec '$(PATH=${PATH#*:} command -v "$name")' "\$@"
END
    chmod +x "$scratch/bin/$name"
done
warned() # NUMBER: so many calls of Nix
{
    [ "$(wc -l < "$scratch/warned")" -ge "$1" ]
}

start --geninfra generate --interval=1 --reconstruct --interface=client
ok 'cycles call Nix again and again' wait_for 60 warned 8
end_loop
is "$(grep -c "$warning" "$log")" 1 'the loop says once what it warns of'

rm -f "$scratch/warned"
messages=$("$with_nix" "$scratch/machine" "$builddir/dydisnix-reconstruct" --interface=client \
    --coordinator-profile-path="$scratch/other profiles" "$models/infrastructure.nix" 2>&1)
ok 'a reconstruction calls Nix more than once' warned 2
is "$(echo "$messages" | grep -c "$warning")" 1 'a reconstruction says once what it warns of'
done_testing
