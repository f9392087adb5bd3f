#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is reconstructed from each answer that a target can give. No Nix is needed for that.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/network.sh"

previous=$scratch/previous.xml

print()
{
    reconstruct --xml --print-manifest "$@" "$model"
}

# Three targets, of which api depends on database on the other one.
profile a "$(service k1 db)" "$(mapping k1 echo)" "$(snapshot k1 echo db)"
profile b "$(service k2 api "$(dependency k1 echo a)")" "$(mapping k2 echo)" ''
infrastructure a b

print
is "$status" 0 'captured: two targets are reconstructed'
has "$output" "<profile name=\"a\">$(store_path a)</profile><profile name=\"b\">$(store_path b)</profile>" \
    'captured: with their profiles'
has "$output" '<service>k1</service><target>a</target>' 'captured: with their mappings'
has "$output" '<component>db</component><container>echo</container><service>k1</service><target>a</target>' \
    'captured: with their snapshot mappings'
is "$(reported 'r["targets"]["a"]["status"], r["targets"]["a"]["services"], r["changed"]')" "('captured', 1, True)" \
    'captured: and reported so'
printf '%s\n' "$output" > "$previous"

reconstruct --xml --dry-run --previous="$previous" "$model"
is "$(reported 'r["changed"]')" False 'against its own result nothing has changed'

infrastructure a b c
mkdir "$NETWORK/c"
print --previous="$previous"
is "$status" 0 'empty: no profile, and no output of --query-installed'
is "$(reported 'r["targets"]["c"]["status"]')" empty 'empty: reported so'
lacks "$output" '<profile name="c">' 'empty: it contributes no profile'
has "$output" '<target name="c">' 'empty: it is in the infrastructure'
printf '\n' > "$NETWORK/c/installed"
print --previous="$previous"
is "$(reported 'r["targets"]["c"]["status"]')" empty 'empty: also with the blank line of the D-Bus client'

# What Nix says there of a profile that is not there is no error, in the words of each Nix; anything else is told.
fresh() # WORDS: what --query-requisites says on c, with the path that it was asked for
{
    printf "printf '%%s\\n' \"%s\" >&2; exit 1\n" "$1" > "$NETWORK/c/query-requisites.sh"
    print --previous="$previous"
    is "$(reported 'r["targets"]["c"]["status"]')" empty "empty, as Nix says ($1)"
}
for words in "error: getting status of '\$1': No such file or directory" "error: path '\$1' is not in the Nix store"; do
    fresh "$words"
    lacks "$messages" 'error:' "a new machine is no error ($words)"
done
fresh "error: getting status of '\$1': Permission denied"
has "$messages" "[target: c]: error: getting status of '" 'a profile that cannot be looked at is told'
fresh "error: path '\$1-3-link' is not in the Nix store"
has "$messages" "[target: c]: error: path '" 'a profile that leads nowhere too'
rm "$NETWORK/c/query-requisites.sh"

# Silence.
infrastructure a b
silent() # HOW ARGUMENT…: b is silent; what previous says of it is kept
{
    how=$1
    shift
    print --previous="$previous" "$@"
    is "$status" 0 "silent ($how): no failure"
    is "$(reported 'r["targets"]["b"]["status"], r["targets"]["b"]["done"]')" "('silent', 'kept')" \
        "silent ($how): reported so"
    printf '%s\n' "$output" > "$scratch/kept.xml"
    ok "silent ($how): what the previous manifest says is kept" \
        python3 "$srcdir/tests/tools/compare-manifests" "$scratch/kept.xml" "$previous"
    has "$messages" '[target: b]: silent: ' "silent ($how): said"
}
echo 255 > "$NETWORK/b/status"
silent 'status 255'
echo 1 > "$NETWORK/b/status"
silent 'status 1'
rm "$NETWORK/b/status"
touch "$NETWORK/b/hang"
silent 'deadline' --timeout=10
print --previous="$previous" --timeout=10 --unreachable=skip
is "$(reported 'r["targets"]["b"]["done"]')" skipped 'unreachable=skip: reported so'
lacks "$output" 'name="b"' 'unreachable=skip: nothing of it is left'
lacks "$output" 'k2' 'unreachable=skip: nor its services'
print --previous="$previous" --timeout=10 --unreachable=fail
is "$status" 1 'unreachable=fail: fails'
is "$output" '' 'unreachable=fail: and prints nothing'
has "$messages" '[target: b]: is silent' 'unreachable=fail: naming the target'
rm "$NETWORK/b/hang"

# A client interface of b's own that is nowhere.
sed 's|<attr name="b"><attrs>|&<attr name="clientInterface"><string value="no such client"/></attr>|' "$model" \
    > "$model.new"
reconstruct --xml --print-manifest --previous="$previous" "$model.new"
is "$status" 0 'silent (no such client): no failure'
is "$(reported 'r["targets"]["b"]["status"], r["targets"]["b"]["done"]')" "('silent', 'kept')" \
    'silent (no such client): reported so'
has "$output" "<service>k2</service><target>b</target>" 'silent (no such client): kept'

# No target gives an answer.
echo 255 > "$NETWORK/a/status"
echo 255 > "$NETWORK/b/status"
print
is "$status" 1 'all silent without a previous manifest: fails'
is "$output" '' 'all silent without a previous manifest: prints nothing'
has "$messages" 'nothing to reconstruct from' 'all silent without a previous manifest: said'
print --previous="$previous"
is "$status" 0 'all silent with a previous manifest: kept'
printf '%s\n' "$output" > "$scratch/kept.xml"
ok 'all silent with a previous manifest: it means the same' \
    python3 "$srcdir/tests/tools/compare-manifests" "$scratch/kept.xml" "$previous"
rm "$NETWORK/a/status" "$NETWORK/b/status"

# Invalid answers: b answers, but cannot be trusted. What previous says of it is kept.
invalid() # WHAT REASON
{
    print --previous="$previous"
    is "$status" 0 "invalid ($1): no failure"
    is "$(reported 'r["targets"]["b"]["status"], r["targets"]["b"]["done"]')" "('invalid', 'kept')" \
        "invalid ($1): reported so"
    has "$messages" "[target: b]: invalid: $2" "invalid ($1): said"
    printf '%s\n' "$output" > "$scratch/kept.xml"
    ok "invalid ($1): what the previous manifest says is kept" \
        python3 "$srcdir/tests/tools/compare-manifests" "$scratch/kept.xml" "$previous"
}
again()
{
    profile b "$(service k2 api "$(dependency k1 echo a)")" "$(mapping k2 echo)" ''
}
rm "$NETWORK/b/installed"
invalid 'a profile without manifest' "$(store_path b) holds no profile manifest"
again && rm "$NETWORK/b/requisites"
invalid 'a manifest without profile' '--query-installed gave a profile manifest'
again && echo 'Welcome!' > "$NETWORK/b/requisites"
invalid 'a word in place of a path' '--query-requisites: no store path: Welcome!'
again && printf 'Welc\377me\n' > "$NETWORK/b/requisites"
invalid 'bytes that are not UTF-8' '--query-requisites: no store path: Welc'
again && echo '<profilemanifest version="2"><services>' > "$NETWORK/b/installed"
invalid 'not well-formed' '--query-installed: line '
again && echo '<profilemanifest version="3"/>' > "$NETWORK/b/installed"
invalid 'another version' '--query-installed: line 1: profilemanifest of version 3'
profile b "$(service k2 api)" "$(mapping k2 echo a)" ''
invalid 'a mapping on another target' '--query-installed: line 3: service mapping of service k2 is on target a'
profile b "$(service k2 api)" "$(mapping k2 echo)" "$(snapshot k2 echo api a)"
invalid 'a snapshot mapping on another target' '--query-installed: line 3: snapshot mapping of service k2 is on target a'
profile b "$(service k2 api)" "$(mapping k3 echo)" ''
invalid 'a mapping of a service that it does not hold' '--query-installed: service mapping in echo'
profile b "$(service k2 api)$(service k2 api)" "$(mapping k2 echo)" ''
invalid 'a service given twice' '--query-installed: service k2: given twice'
profile b "$(service "$(head -c 300000 /dev/zero | tr '\0' k)" api)" "$(mapping k3 echo)" ''
invalid 'a name of 300 kB' '--query-installed: '
ok 'what is told of it has a limit' test "$(printf %s "$messages" | wc -c)" -lt 5000
again

# Two names of one machine, as the loop leaves them out.
infrastructure a b alias
sed 's|string value="alias"|string value="a"|' "$model" > "$scratch/doubles.xml"
model=$scratch/doubles.xml
print
is "$status" 0 'two names of one machine: no failure'
is "$(reported 'sorted(r["targets"])')" "['a', 'b']" 'two names of one machine: the first one stays'
has "$messages" '[target: alias]: it has the connection key of target a: it is left out until the model is mended' \
    'two names of one machine: both are named'
echo '{ "effective": ["alias", "b"] }' > "$scratch/state.json"
print --history="$scratch/state.json"
is "$(reported 'sorted(r["targets"])')" "['alias', 'b']" 'two names of one machine: the one stays that was deployed to'
done_testing
