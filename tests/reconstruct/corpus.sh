#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every golden case made with real Disnix is reconstructed from what its targets hold. No Nix is needed for that.
. "$srcdir/tests/share/functions.sh"

corpus=$srcdir/tests/corpus

# The client interface of the golden manifests, serving one case.
mkdir "$scratch/bin"
cat > "$scratch/bin/disnix-ssh-client" << 'EOF'
#!/bin/sh
operation= key=
while [ $# -gt 0 ]; do
    case $1 in
        --target) key=$2; shift ;;
        --profile) shift ;;
        --query-*) operation=$1 ;;
    esac
    shift
done
name= profile=
while IFS="$(printf '\t')" read -r n k p; do
    [ "$k" = "$key" ] && name=$n profile=$p
done < "$CASE/profiles.tsv"
[ -n "$name" ] || exit 255
case $operation in
    --query-requisites) echo "$profile" ;;
    --query-installed) cat "$CASE/targets/$name"/* ;;
    *) exit 1 ;;
esac
EOF
chmod +x "$scratch/bin/disnix-ssh-client"
PATH=$scratch/bin:$PATH
export PATH CASE
unset DISNIX_CLIENT_INTERFACE DISNIX_TARGET_PROPERTY DISNIX_PROFILE

for CASE in "$corpus"/v*; do
    name=${CASE##*/}
    "$builddir/dydisnix-reconstruct" --xml --print-manifest --coordinator-profile-path="$scratch/none" \
        "$CASE/infrastructure.xml" > "$scratch/$name.xml" 2> "$scratch/$name.err"
    is $? 0 "$name is reconstructed"
    ok "$name means what Disnix deployed" \
        python3 "$srcdir/tests/tools/compare-manifests" "$scratch/$name.xml" "$CASE/manifest.xml"
    is "$(cat "$scratch/$name.err" | grep -c 'target: .*\(invalid\|silent\)')" 0 "$name: every target is captured"

    # Against what was deployed, nothing has changed.
    "$builddir/dydisnix-reconstruct" --xml --dry-run --previous="$CASE/manifest.xml" --report=- \
        "$CASE/infrastructure.xml" > "$scratch/$name.json" 2> /dev/null
    is "$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["changed"])' "$scratch/$name.json")" False \
        "$name is no change against its own manifest"
    [ ! -e "$CASE/reconstructed.xml" ] ||
        ok "$name is what Disnix reconstructs, byte for byte" cmp "$scratch/$name.xml" "$CASE/reconstructed.xml"
done

done_testing
