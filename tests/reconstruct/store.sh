#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# On real Nix stores: closures come to the coordinator, the manifest goes into its store and its profile.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/network.sh"
. "$srcdir/tests/share/stores.sh"

means_the_same() # NAME
{
    ok "$1" python3 "$srcdir/tests/tools/compare-manifests" "$(manifest_file)" "$expected"
}

# Every golden case, on a coordinator that lost its store and its profiles.
for case in "$srcdir"/tests/corpus/v2-*; do
    name=${case##*/}
    serve "$case"
    new_coordinator
    reconstruct --xml "$model"
    is "$status" 0 "$name: the first try succeeds"
    [ "$status" = 0 ] || evidence "$messages"
    means_the_same "$name: the manifest is what was deployed"
    is "$(exported | sort | uniq -d)" '' "$name: no path is fetched twice"
    is "$(exported | sort)" "$(cat "$NETWORK"/*/requisites | sort -u)" "$name: every missing path is fetched"
    is "$(ls -A "$TMPDIR")" '' "$name: no temporary file is left"
done

serve "$srcdir/tests/corpus/v2-two-targets"
new_coordinator
reconstruct --xml "$model"
path=$(readlink "$profiles/default-1-link")
is "$(readlink "$profiles/default")" default-1-link 'the profile has its first generation'
is "$(reported 'r["generation"], r["manifest"], r["changed"]')" "(1, '$path', True)" 'it is reported'
is "$(reported 'sum(t["fetchedPaths"] for t in r["targets"].values()), all(t["fetchedBytes"] for t in r["targets"].values())')" \
    "($(exported | wc -l), True)" 'what was fetched is reported'
has "$messages" "Reconstructed manifest: $path, generation 1" 'it is said'
is "$(on_coordinator nix-store -q --references "$path" | sort)" "$(grep -o '/nix/store/[^<]*' "$expected" | sort -u)" \
    'the manifest refers to every profile and package'
ok 'the store is sound' on_coordinator nix-store --verify --check-contents

# Nothing changed, nothing written.
stored()
{
    (cd "$machine/nix" && find store var/nix/profiles var/nix/gcroots "$profiles" -printf '%p %T@ %l\n' | sort)
}
before=$(stored)
reconstruct --xml "$model"
is "$status" 0 'unchanged: no failure'
is "$(reported 'r["changed"], r["generation"], r["manifest"]')" "(False, 1, '$path')" 'unchanged: reported'
is "$(stored)" "$before" 'unchanged: nothing is written'
is "$(exported)" '' 'unchanged: nothing is fetched'
lacks "$(cat "$NETWORK/calls")" query-installed 'unchanged: one call a target is enough'

# A garbage collection right after.
# It also looks at the processes of others, and gives up when it cannot.
ok 'a garbage collection' wait_for 20 on_coordinator nix-store --gc
ok 'after a garbage collection all is there' on_coordinator nix-store --check-validity "$path" \
    $(grep -o '/nix/store/[^<]*' "$expected" | sort -u)

# A change: a target holds nothing any more.
mv "$NETWORK/test2" "$NETWORK/away"
mkdir "$NETWORK/test2"
reconstruct --xml "$model"
is "$(readlink "$profiles/default")" default-2-link 'changed: the profile has a new generation'
is "$(readlink "$profiles/default-1-link")" "$path" 'changed: the old one is still there'
lacks "$(cat "$(manifest_file)")" '<profile name="test2">' 'changed: what is gone is gone'
rmdir "$NETWORK/test2"
mv "$NETWORK/away" "$NETWORK/test2"
reconstruct --xml "$model"
means_the_same 'changed back: all is as before'
is "$(readlink "$profiles/default-3-link")" "$path" 'changed back: it is even the same path'

# Only looking.
new_coordinator
reconstruct --xml --dry-run "$model"
is "$status $(reported 'r["changed"]')" '0 True' 'dry-run: reports the change'
reconstruct --xml --print-manifest "$model"
is "$(exported)" '' 'dry-run, print-manifest: nothing is fetched'
ok 'dry-run, print-manifest: there is no profile' test ! -e "$profiles"
is "$(ls -A "$machine/nix/store")" '' 'dry-run, print-manifest: nothing is in the store'

# Where the profile is.
reconstruct --xml --no-coordinator-profile "$model"
is "$status" 0 'no-coordinator-profile: no failure'
ok 'no-coordinator-profile: the manifest is in the store' on_coordinator nix-store --check-validity \
    "$(reported 'r["manifest"]')"
ok 'no-coordinator-profile: there is no profile' test ! -e "$profiles"
profiles="$scratch/not yet there/either/pro files"
reconstruct --xml "$model"
is "$status" 0 'a profile path with blanks, whose parents are missing: no failure'
means_the_same 'a profile path with blanks, whose parents are missing: it leads to the manifest'
reconstruct --xml --profile=other "$model"
is "$(readlink "$profiles/other")" other-1-link 'another profile has its own generations'
has "$(cat "$NETWORK/calls")" '/nix/profiles/disnix/other' 'another profile is asked for'
profiles=$scratch/profiles

# The model as Nix expression.
new_coordinator
reconstruct "$srcdir/tests/corpus/v2-two-targets/infrastructure.nix"
is "$status" 0 'a model that is a Nix expression: no failure'
means_the_same 'a model that is a Nix expression: the same'
has "$(readlink "$profiles/default-1-link")" '-reconstructed-manifest.xml' 'its name tells that nobody has deployed it'

# Such a manifest settles no dispute: what was deployed is in an older generation, or nowhere.
rm -rf "$NETWORK"/*
for target in a b; do
    profile "$target" "$(service k1 db)" "$(mapping k1 echo)" "$(snapshot k1 echo db)"
done
infrastructure a b
new_coordinator
mkdir -p "$machine/nix/store" "$profiles"
current() # NUMBER NAME: the generation is both copies under this name
{
    reconstruct --xml --print-manifest "$model"
    printf '%s\n' "$output" > "$machine$(store_path "$2")"
    ln -s "$(store_path "$2")" "$profiles/default-$1-link"
    ln -sfn "default-$1-link" "$profiles/default"
    reconstruct --xml --print-manifest "$model"
}
current 1 reconstructed-manifest.xml
is "$(reported '[c["target"] for d in r["disputes"] for c in d["copies"]]')" "['a', 'b']" \
    'a reconstructed manifest settles no dispute'
current 2 manifest.xml
is "$(reported 'r["disputes"]')" '[]' 'one that was deployed does'
current 3 reconstructed-manifest.xml
is "$(reported 'r["disputes"]')" '[]' 'also when reconstruction came after it'

# A profile manifest in this machine's own store has the same limit.
mkdir -p "$machine$(store_path a)"
cp "$NETWORK/a/installed" "$machine$(store_path a)/profilemanifest.xml"
reconstruct --xml --max-manifest-size=100 "$model"
has "$messages" "[target: a]: invalid: $(store_path a)/profilemanifest.xml: larger than 100 bytes; more are allowed by --max-manifest-size" \
    'a profile manifest in the own store that is too large'
done_testing
