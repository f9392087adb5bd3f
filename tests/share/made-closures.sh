# SPDX-License-Identifier: LGPL-2.1-or-later
# Source this after stores.sh: targets whose closures are made by hand, see tests/tools/closures.
#
#   network SHARED OWN TARGET…   a new network of these targets, which share so many paths and have so many of their own
#   holds TARGET SERVICES MAPPINGS SNAPSHOTS   another profile, with this manifest, which can be fetched

cat > "$NETWORK/export.sh" << 'END'
shift
file=$(mktemp -p "$TMPDIR")
"$srcdir/tests/tools/closures" export "$NETWORK" "$file" "$@"
echo "$file"
END

network() # SHARED OWN TARGET…
{
    find "$NETWORK" -mindepth 1 ! -name export.sh -prune -exec rm -rf {} +
    "$srcdir/tests/tools/closures" make "$NETWORK" "$@"
    shift 2
    infrastructure "$@"
    for name; do
        cp "$NETWORK/export.sh" "$NETWORK/$name"
    done
}

holds() # TARGET SERVICES MAPPINGS SNAPSHOTS
{
    profile "$@"
    mv "$NETWORK/$1/installed" "$scratch/installed"
    "$srcdir/tests/tools/closures" add "$NETWORK" "$1" "$scratch/installed"
    cp "$NETWORK/export.sh" "$NETWORK/$1"
}
