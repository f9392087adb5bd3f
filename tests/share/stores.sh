# SPDX-License-Identifier: LGPL-2.1-or-later
# Source this after network.sh: targets whose profiles are real, and a coordinator with a Nix store of its own.
#
#   serve CASE              makes the targets of a golden case in $NETWORK; $model, $expected (its manifest)
#   new_coordinator         an empty store and no profile; reconstruct runs there
#   on_coordinator COMMAND  runs a command there
#   exported                the paths that were asked for, one a line, with repetitions
#   manifest_file           what the coordinator profile leads to, as a path that can be read from here

"$srcdir/tests/tools/with-nix" "$scratch/builder" true 2> /dev/null || skip_all 'user namespaces are not allowed here'

mkdir "$scratch/bin" "$scratch/tmp"
ln -s "$srcdir/tests/tools/fake-client" "$scratch/bin/disnix-ssh-client"
client=disnix-ssh-client # as in the golden manifests
PATH=$scratch/bin:$PATH
TMPDIR=$scratch/tmp
export PATH TMPDIR
machine=$scratch/coordinator
expected=$scratch/expected.xml

# Within the builder's store: the profiles of a case, and every path of theirs as a stream of its own.
cat > "$scratch/build" << 'END'
set -eu
case=$1 network=$2 expressions=$3 expected=$4
manifest=$(nix-build --no-out-link --argstr servicesFile "$case/services.nix" \
    --argstr infrastructureFile "$case/infrastructure.nix" --argstr distributionFile "$case/distribution.nix" \
    --argstr clientInterface disnix-ssh-client --argstr targetProperty hostname "$expressions/manifest.nix")
cat "$manifest" > "$expected"
mkdir -p "$network/exports"
tr '\t' ' ' < "$case/profiles.tsv" | while read -r name key profile; do
    profile=$(sed -n "s|.*<profile name=\"$name\">\([^<]*\)</profile>.*|\1|p" "$manifest")
    mkdir "$network/$key"
    nix-store -qR "$profile" > "$network/$key/requisites"
    cat "$profile/profilemanifest.xml" > "$network/$key/installed"
    cp "$network/export.sh" "$network/$key/export.sh"
    while read -r path; do
        nix-store --export "$path" > "$network/exports/${path##*/}"
    done < "$network/$key/requisites"
done
END

# The streams of single paths together are the stream of all: each ends with eight bytes of zero. Sourced by the client.
cat > "$NETWORK/export.sh" << 'END'
shift
file=$(mktemp -p "$TMPDIR")
for path; do
    head -c -8 "$NETWORK/exports/${path##*/}"
done > "$file"
head -c 8 /dev/zero >> "$file"
echo "$file"
END

serve()
{
    find "$NETWORK" -mindepth 1 ! -name export.sh -prune -exec rm -rf {} +
    model=$1/infrastructure.xml
    "$srcdir/tests/tools/with-nix" "$scratch/builder" sh "$scratch/build" "$1" "$NETWORK" "$srcdir/nix" "$expected" \
        > "$scratch/build.log" 2>&1 || evidence "$(cat "$scratch/build.log")"
}

new_coordinator()
{
    chmod -R u+w "$machine" 2> /dev/null
    rm -rf "$machine" "$profiles"
}

on_coordinator()
{
    "$srcdir/tests/tools/with-nix" "$machine" "$@"
}

exported()
{
    sed -n 's/^[^	]*	export	--remotefile //p' "$NETWORK/calls" | tr ' ' '\n'
}

manifest_file()
{
    printf '%s%s' "$machine" "$(readlink "$profiles/$(readlink "$profiles/default")")"
}
