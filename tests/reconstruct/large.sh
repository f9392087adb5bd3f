#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Networks of the benchmark: the manifest is the one of the models that the network was made from, and neither client
# calls nor calls of Nix are more than promised, however many targets there are. No time is judged.
. "$srcdir/tests/share/functions.sh"

"$srcdir/tests/tools/with-nix" "$scratch/builder" true 2> /dev/null || skip_all 'user namespaces are not allowed here'

NETWORK= CALLS=$scratch/calls TMPDIR=$scratch/tmp DYDISNIX_NIX_EXPRESSIONS=$srcdir/nix
client=$builddir/tests/bench/client
report=$scratch/report.json
mkdir "$scratch/tmp" "$scratch/counted"
export NETWORK CALLS TMPDIR DYDISNIX_NIX_EXPRESSIONS
unset DISNIX_CLIENT_INTERFACE DISNIX_TARGET_PROPERTY DISNIX_PROFILE
for program in nix-instantiate nix-store nix-env; do
    printf '#!/bin/sh\necho %s >> "%s/started"\nexec "%s" "$@"\n' "$program" "$scratch" "$(command -v $program)" \
        > "$scratch/counted/$program"
    chmod +x "$scratch/counted/$program"
done

network() # TARGETS SERVICES PACKAGES
{
    machine=$scratch/$1x$2
    NETWORK=$machine/network profiles=$machine/profiles
    mkdir "$machine"
    "$srcdir/tests/bench/make-network" "$machine" "$@" "$client"
    on_machine sh -c 'nix-store --load-db < "$1"' sh "$machine/registration"
}

on_machine()
{
    "$srcdir/tests/tools/with-nix" "$machine" "$@"
}

reconstruct() # ARGUMENT…
{
    rm -f "$CALLS" "$scratch/started" "$report"
    on_machine env PATH="$scratch/counted:$PATH" "$builddir/dydisnix-reconstruct" --interface="$client" \
        --coordinator-profile-path="$profiles" --report="$report" "$@" "$machine/infrastructure.nix" \
        > "$scratch/output" 2> "$scratch/messages"
    status=$?
    [ "$status" -eq 0 ] || evidence "$(cat "$scratch/messages")"
}

calls() # r for each --query-requisites, i for each --query-installed, in order of the letters
{
    sed 's/./&\n/g' "$CALLS" | sort | uniq -c | tr -s ' \n' ' '
}

started()
{
    tr '\n' ' ' < "$scratch/started"
}

manifest_file()
{
    printf '%s%s' "$machine" "$(readlink "$profiles/$(readlink "$profiles/default")")"
}

timeless() # the report without its times
{
    python3 -c 'import json, sys
report = json.load(open(sys.argv[1]))
del report["steps"]
for target in report["targets"].values():
    del target["milliseconds"]
print(json.dumps(report, indent=1, sort_keys=True))' "$report"
}

reported()
{
    python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$report" "$1"
}

for size in '10 10 10' '100 10 1'; do
    network $size
    set -- $size
    reconstruct
    is "$status" 0 "$1 targets: reconstructed"
    ok "$1 targets: the manifest is the one of the models" cmp "$(manifest_file)" "$machine/expected.xml"
    is "$(calls)" " $1 r " "$1 targets: one client call a target"
    # Nothing refers to the profiles yet: they are looked for, kept, and looked for again.
    is "$(started)" 'nix-instantiate nix-store nix-store nix-store nix-store nix-env ' "$1 targets: six calls of Nix"
    is "$(ls -A "$TMPDIR")" '' "$1 targets: no temporary file is left"

    reconstruct
    is "$status $(reported 'r["changed"]') $(reported 'r["generation"]')" '0 False 1' "$1 targets: unchanged"
    is "$(calls)" " $1 r " "$1 targets: unchanged, one client call a target"
    is "$(started)" 'nix-instantiate nix-store ' "$1 targets: unchanged, two calls of Nix"
    is "$(reported '[s["step"] for s in r["steps"]]')" \
        "['model', 'previous', 'targets', 'decision', 'closures', 'manifest']" "$1 targets: each step has its time"
    timeless > "$scratch/remembered"
    cp "$scratch/output" "$scratch/remembered.table"
    cp "$scratch/messages" "$scratch/remembered.messages"

    ok "$1 targets: what it came to is remembered" test -e "$profiles/.default.reconstructed"
    rm "$profiles/.default.reconstructed"
    reconstruct
    timeless > "$scratch/decided"
    ok "$1 targets: decided again, the report is the remembered one" diff -u "$scratch/decided" "$scratch/remembered"
    ok "$1 targets: and so are the messages" diff -u "$scratch/messages" "$scratch/remembered.messages"
    is "$(sed 's/ *[0-9.]* m*s$//' "$scratch/output")" "$(sed 's/ *[0-9.]* m*s$//' "$scratch/remembered.table")" \
        "$1 targets: and the table"
    is "$(calls)$(started)" " $1 r nix-instantiate nix-store " "$1 targets: decided again, no more calls"

    rm "$profiles/.default.reconstructed"
    reconstruct --print-manifest
    ok "$1 targets: printed, the manifest is the same" cmp "$scratch/output" "$machine/expected.xml"
    is "$(calls)$(started)" " $1 r nix-instantiate nix-store " "$1 targets: printed with one client call a target"
    ok "$1 targets: nothing is remembered of what is only looked at" test ! -e "$profiles/.default.reconstructed"
done

# What was remembered counts only as long as all is as it was.
reconstruct
changed() # NAME
{
    is "$status $(reported 'r["changed"]')" '0 True' "$1"
}
mv "$NETWORK/target7" "$scratch/target7"
mkdir "$NETWORK/target7"
reconstruct
changed 'a target that has lost its profile: decided anew'
is "$(reported 'r["targets"]["target7"]["status"], r["targets"]["target8"]["services"]')" "('empty', 10)" \
    'a target that has lost its profile: all is read'
reconstruct
is "$status $(reported 'r["changed"], r["targets"]["target7"]["status"]')" "0 (False, 'empty')" \
    'a target without a profile: unchanged'
rmdir "$NETWORK/target7"
mv "$scratch/target7" "$NETWORK/target7"
reconstruct
changed 'a target that has its profile again: decided anew'
ok 'a target that has its profile again: the manifest is right' cmp "$(manifest_file)" "$machine/expected.xml"

on_machine nix-env --profile "$profiles/default" --switch-generation 2 2> /dev/null
reconstruct
changed 'another generation is current: decided anew'
ok 'another generation is current: the manifest is right' cmp "$(manifest_file)" "$machine/expected.xml"

sed -i 's/rack = 0;/rack = 77;/' "$machine/infrastructure.nix"
reconstruct
changed 'another model: decided anew'
has "$(cat "$(manifest_file)")" '<property name="rack" type="int">77</property>' 'another model: it is in the manifest'

# What is remembered is marked, so that it shows where it comes from.
mark()
{
    reconstruct
    sed -i 's/"divergent":\[\]/"divergent":["remembered"]/; s/"divergent": \[\]/"divergent": ["remembered"]/' \
        "$profiles/.default.reconstructed"
}
remembered()
{
    reported 'r["divergent"]'
}
mark
reconstruct
is "$(remembered)" "['remembered']" 'it comes from what is remembered'
printf '{"targets": {"target7": {"away": 5, "missed": 6}}}' > "$scratch/history"
reconstruct --history="$scratch/history"
is "$status $(remembered)" '0 []' 'a target was away: decided anew'
reconstruct --max-depth=65
is "$status $(remembered)" '0 []' 'another option: decided anew'
mark
mkdir "$profiles/default-other"
reconstruct
is "$status $(remembered)" '0 []' 'a profile of a similar name: decided anew'
has "$(cat "$scratch/messages")" 'there is a profile default-other beside' 'a profile of a similar name: said'
rmdir "$profiles/default-other"
mark
reconstruct --dry-run
is "$status $(remembered)" '0 []' 'a dry run: decided anew'
reconstruct --no-coordinator-profile
is "$status $(remembered)" '0 []' 'without the profile: decided anew'
: > "$profiles/.default.reconstructed"
reconstruct
is "$status $(reported 'r["changed"]')" '0 False' 'nothing that can be read is remembered: decided'

# The store and what Nix knows of it are lost, but for the manifest: all is fetched, and nobody has it.
mark
chmod -R u+w "$machine/nix/var"
rm -rf "$machine/nix/var/nix/db"
reconstruct
is "$status $(remembered)" '0 []' 'a store that was lost: decided anew'
is "$(reported 'set(t["status"] for t in r["targets"].values())')" "{'invalid'}" 'a store that was lost: nothing is there'
done_testing
