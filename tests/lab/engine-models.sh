#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The lab's expressions make of the golden models what Disnix made of them: the same keys, mappings and values.
# Only the paths of the profiles differ, for profiles are built in another way.
. "$srcdir/tests/share/functions.sh"

corpus=$srcdir/tests/corpus
expressions=$srcdir/nix

"$srcdir/tests/tools/with-nix" "$scratch" true 2> /dev/null || skip_all 'user namespaces are not allowed here'

# Builds the manifest of a case; leaves it in manifest.xml, the profile manifests in NAME.xml, the references of each
# profile in NAME.references.
cat > "$scratch/build" << 'EOF'
set -eu
models=$1 results=$2 expressions=$3
manifest=$(nix-build --no-out-link --argstr servicesFile "$models/services.nix" \
    --argstr infrastructureFile "$models/infrastructure.nix" --argstr distributionFile "$models/distribution.nix" \
    --argstr clientInterface disnix-ssh-client --argstr targetProperty hostname "$expressions/manifest.nix")
cat "$manifest" > "$results/manifest.xml"
cut -f 1 "$models/profiles.tsv" | while read -r name; do
    for profile in $(nix-store -q --references "$manifest"); do
        case $profile in
            *-"$name")
                cat "$profile/profilemanifest.xml" > "$results/$name.xml"
                nix-store -q --references "$profile" > "$results/$name.references"
                ;;
        esac
    done
done
EOF

# Equal but for the order of elements; profiles are compared by target only.
cat > "$scratch/same" << 'EOF'
import sys, xml.etree.ElementTree as ET
def tree(e):
    if e.tag == "profile":
        return (e.tag, e.get("name"))
    children = [tree(c) for c in e]
    if e.get("type") != "list":
        children.sort(key=repr)
    return (e.tag, sorted(e.attrib.items()), (e.text or "") if not len(e) else "", children)
sys.exit(tree(ET.parse(sys.argv[1]).getroot()) != tree(ET.parse(sys.argv[2]).getroot()))
EOF

for models in "$corpus"/v2-*; do
    name=${models##*/}
    results=$scratch/$name
    mkdir "$results"
    ok "$name is built" \
        "$srcdir/tests/tools/with-nix" "$scratch" sh "$scratch/build" "$models" "$results" "$expressions"
    ok "$name: keys and meaning are those of Disnix" python3 "$scratch/same" "$results/manifest.xml" "$models/manifest.xml"
    different=
    for target in "$models"/targets/*; do
        target=${target##*/}
        python3 "$scratch/same" "$results/$target.xml" "$models/targets/$target/profilemanifest.xml" ||
            different="$different $target"
        for package in $(grep -o '<pkg>[^<]*' "$results/$target.xml" | cut -c 6-); do
            grep -qxF "$package" "$results/$target.references" || different="$different $target:$package"
        done
    done
    is "$different" '' "$name: so are the profile manifests, and each profile keeps its packages"
done

done_testing
