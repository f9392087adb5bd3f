#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# On real Nix stores: profiles of Disnix 0.7 are fetched, their manifest is installed, and keys tell who lies.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/network.sh"
. "$srcdir/tests/share/stores.sh"

keys='10.0.0.1 10.0.0.2 10.0.0.3'
cat > "$scratch/build-old" << 'END'
set -eu
network=$1 expression=$2
mkdir "$network/exports"
for key in 10.0.0.1 10.0.0.2 10.0.0.3; do
    profile=$(nix-build --no-out-link "$expression" -A "\"$key\"")
    mkdir "$network/$key"
    nix-store -qR "$profile" > "$network/$key/requisites"
    cat "$profile/manifest" > "$network/$key/installed"
    cp "$network/export.sh" "$network/$key/export.sh"
    while read -r path; do
        nix-store --export "$path" > "$network/exports/${path##*/}"
    done < "$network/$key/requisites"
done
END
"$srcdir/tests/tools/with-nix" "$scratch/builder" sh "$scratch/build-old" "$NETWORK" "$srcdir/tests/tools/version-1.nix" \
    > "$scratch/build.log" 2>&1 || evidence "$(cat "$scratch/build.log")"
profile_of()
{
    tail -n 1 "$NETWORK/$1/requisites"
}
model=$scratch/infrastructure.xml
{
    printf '<expr><attrs>'
    for pair in a=10.0.0.1 b=10.0.0.2 c=10.0.0.3; do
        printf '<attr name="%s"><attrs><attr name="targetProperty"><string value="ip"/></attr>' "${pair%=*}"
        printf '<attr name="properties"><attrs><attr name="ip"><string value="%s"/></attr>' "${pair#*=}"
        printf '</attrs></attr></attrs></attr>'
    done
    printf '</attrs></expr>\n'
} > "$model"

is "$(wc -l < "$NETWORK/10.0.0.3/installed") $(wc -l < "$NETWORK/10.0.0.3/requisites")" '0 2' \
    'a profile without services has an empty manifest, and nothing else'
new_coordinator
reconstruct --xml "$model"
is "$status" 0 'the first try succeeds'
[ "$status" = 0 ] || evidence "$messages"
is "$(reported '{n: (t["status"], t["services"]) for n, t in r["targets"].items()}')" \
    "{'a': ('captured', 2), 'b': ('captured', 1), 'c': ('captured', 0)}" 'all is captured, nothing is captured too'
installed=$(cat "$(manifest_file)")
has "$installed" '<manifest version="1">' 'a manifest of version 1 is installed'
for key in $keys; do
    has "$installed" "<profile>$(profile_of $key)</profile><target>$key</target>" "with the profile of $key"
done
path=$(readlink "$profiles/default-1-link")
is "$(on_coordinator nix-store -q --references "$path" | sort)" \
    "$(printf '%s' "$installed" | grep -o '/nix/store/[^<]*' | sort -u)" 'it refers to every profile and package'
is "$(exported | sort)" "$(cat "$NETWORK"/*/requisites | sort -u)" 'every missing path is fetched, once'

reconstruct --xml "$model"
is "$(reported 'r["changed"], r["generation"]')" '(False, 1)' 'unchanged: no new generation'
lacks "$(cat "$NETWORK/calls")" query-installed 'unchanged: all profile manifests are read from the store'
for key in $keys; do
    echo 'exit 0' > "$NETWORK/$key/query-installed.sh" # a newer Disnix on the target
done
reconstruct --xml "$model"
is "$(reported 'r["changed"], r["targets"]["c"]["status"]')" "(False, 'captured')" \
    'what targets say of themselves is not needed where their profiles are'
new_coordinator
reconstruct --xml "$model"
is "$(reported 'r["targets"]["a"]["status"], r["targets"]["c"]["status"]')" "('invalid', 'captured')" \
    'where they are not, saying nothing is believed of a profile without services only'
rm "$NETWORK"/*/query-installed.sh

new_coordinator
reconstruct --xml "$model"
ok 'a garbage collection' on_coordinator nix-store --gc
ok 'after a garbage collection all is there' on_coordinator nix-store --check-validity "$path" \
    $(printf '%s' "$installed" | grep -o '/nix/store/[^<]*' | sort -u)
reconstruct --xml --manifest-version=2 "$model"
is "$(reported 'r["changed"], r["generation"], r["manifestVersion"]')" '(True, 2, 2)' 'another version is a new generation'
reconstruct --xml --manifest-version=2 "$model"
is "$(reported 'r["changed"], r["generation"]')" '(False, 2)' 'but one only'
reconstruct --xml "$model"
is "$(reported 'r["changed"], r["generation"], r["manifestVersion"]')" '(True, 3, 1)' 'and back'
is "$(readlink "$profiles/default-3-link")" "$path" 'to the same path'

# What a target says of its profile is what is in it.
cp "$NETWORK/10.0.0.1/installed" "$scratch/a"
sed '8s/.*/evil/' "$scratch/a" > "$NETWORK/10.0.0.1/installed"
new_coordinator
reconstruct --xml "$model"
is "$(reported '[t["status"] for n, t in sorted(r["targets"].items())]')" "['invalid', 'captured', 'captured']" \
    'another text than that of the profile: its target is invalid'
has "$messages" "the profile manifest that it sent is not the one in $(profile_of 10.0.0.1)" \
    'another text than that of the profile: said'
cp "$scratch/a" "$NETWORK/10.0.0.1/installed"
new_coordinator
reconstruct --xml "$model"

# What was deployed is found in an older generation of version 1, by the names of the model.
machine_file() # FILE NAME
{
    cp "$1" "$machine$(store_path "$2")"
}
cp "$NETWORK/10.0.0.2/installed" "$scratch/installed"
sed 's/^false$/true/' "$scratch/installed" > "$NETWORK/10.0.0.2/installed"
sed 's/^false$/true/' "$NETWORK/10.0.0.1/installed" > "$scratch/a" && mv "$scratch/a" "$NETWORK/10.0.0.1/installed"
new_coordinator # which asks the targets, having nothing of them
reconstruct --xml --print-manifest "$model"
printf '%s\n' "$output" > "$scratch/both.xml"
is "$(reported '[[c["target"] for c in d["copies"]] for d in r["disputes"]]')" "[['a', 'b']]" 'two copies that no manifest has are in dispute'
mkdir -p "$machine/nix/store" "$profiles"
chmod u+w "$machine/nix/store"
machine_file "$scratch/both.xml" manifest.xml
machine_file "$scratch/both.xml" reconstructed-manifest.xml
ln -s "$(store_path manifest.xml)" "$profiles/default-2-link"
ln -s "$(store_path reconstructed-manifest.xml)" "$profiles/default-3-link"
ln -sfn default-3-link "$profiles/default"
reconstruct --xml --print-manifest "$model"
is "$(reported 'r.get("disputes", [])')" '[]' 'unless a generation of version 1 has both'

# Who changes a service under its key is found out by the key.
lying() # WHAT SED-EXPRESSION
{
    new_coordinator
    sed "$2" "$scratch/installed" > "$NETWORK/10.0.0.2/installed"
    reconstruct --xml --print-manifest "$model"
    is "$(reported '[t["status"] for n, t in sorted(r["targets"].items())]')" "['captured', 'invalid', 'captured']" \
        "another $1: its target is invalid"
    has "$messages" 'does not hash to its key; target a holds the one that does' "another $1: said"
}
lying name '1s/.*/evil/'
lying package "2s|.*|$(store_path evil)|"
lying type '4s/.*/evil/'
lying dependency "7s|.*|[{ target = \"10.0.0.3\"; container = \"c\"; _key = \"k\"; }]|"
sed '1s/.*/evil/' "$scratch/installed" > "$NETWORK/10.0.0.2/installed"
sed '1s/.*/worse/' "$NETWORK/10.0.0.1/installed" > "$scratch/a" && mv "$scratch/a" "$NETWORK/10.0.0.1/installed"
reconstruct --xml --print-manifest "$model"
is "$(reported '[t["status"] for n, t in sorted(r["targets"].items())]')" "['invalid', 'invalid', 'captured']" \
    'if none fits both are invalid'

# A dependency is part of the key, with the connection key of its target.
sed -n '8,14p' "$NETWORK/10.0.0.1/installed" > "$scratch/api"
cat "$scratch/installed" "$scratch/api" > "$NETWORK/10.0.0.2/installed"
{ cat "$scratch/installed"; sed '$s/10\.0\.0\.2/10.0.0.3/' "$scratch/api"; } > "$NETWORK/10.0.0.1/installed"
reconstruct --xml --print-manifest "$model"
is "$(reported '[t["status"] for n, t in sorted(r["targets"].items())]')" "['invalid', 'captured', 'captured']" \
    'a dependency on another target: the one that fits its key stays'
done_testing
