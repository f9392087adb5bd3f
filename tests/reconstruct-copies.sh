#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A machine comes back with a copy of state that has moved on. What is decided, and what is done on the targets before
# anything is fetched: Nix is not needed for that, and fails here.
. "$srcdir/tests/functions.sh"
. "$srcdir/tests/network.sh"

DYSNOMIA_STATEDIR=$scratch/dysnomia
mkdir -p "$scratch/bin" "$profiles"
for program in nix-store nix-instantiate nix-env; do
    printf '#!/bin/sh\nexit 1\n' > "$scratch/bin/$program"
    chmod +x "$scratch/bin/$program"
done
PATH=$scratch/bin:$PATH
export PATH DYSNOMIA_STATEDIR
history=$scratch/state.json

holding()
{
    profile "$1" "$(service k1 db)" "$(mapping k1 echo)" "$(snapshot k1 echo db)"
    echo true > "$NETWORK/$1/snapshot.sh"
    echo true > "$NETWORK/$1/deactivate.sh"
}
generation() # NUMBER TARGET…: the manifest that these targets make
{
    number=$1
    shift
    infrastructure "$@"
    reconstruct --xml --print-manifest --superseded=keep --previous="$scratch/none.xml" "$model"
    printf '%s\n' "$output" > "$scratch/$number.xml"
    ln -sf "$scratch/$number.xml" "$profiles/default-$number-link"
    ln -sfn "default-$number-link" "$profiles/default"
}
manifest '' '' '' '' '' > "$scratch/none.xml"

# First on a; while a was away it moved to b, where a newer snapshot was taken; now a is back.
story()
{
    rm -rf "$profiles"
    mkdir "$profiles"
    holding a
    holding b
    generation 1 a
    generation 2 b
    infrastructure a b
    echo echo/db/1 > "$NETWORK/a/snapshots"
    printf 'echo/db/1\necho/db/2\n' > "$NETWORK/b/snapshots"
    echo '{"targets": {"a": {"away": 1000, "missed": 1000}}, "snapshots": {"a": {"echo": {"db": 900}}}}' > "$history"
}
decide()
{
    reconstruct --xml --print-manifest --history="$history" "$@" "$model"
}
on_a()
{
    case $output in *'<target>a</target>'*) echo yes ;; *) echo no ;; esac
}

story
decide
is "$status" 0 'superseded: no failure'
is "$(reported '[(c["component"], c["target"], c["home"]) for c in r["superseded"]]')" "[('db', 'a', 'b')]" \
    'superseded: reported with the home'
is "$(on_a)" no 'superseded: both mappings are left out'
has "$output" "<profile name=\"a\">$(store_path a)</profile>" 'superseded: the profile stays'
lacks "$(cat "$NETWORK/calls")" "	snapshot	" 'superseded: looking does nothing'
decide --superseded=keep
is "$(on_a)" yes 'superseded=keep: all is kept'
decide --superseded=fail
is "$status" 1 'superseded=fail: fails'

# Every condition that is not shown makes it a conflict, in which nothing is left out.
conflict() # WHY REASON ARGUMENT…
{
    why=$1 reason=$2
    shift 2
    decide "$@"
    is "$status" 0 "$why: no failure"
    is "$(reported '[(c["component"], c["targets"]) for c in r["conflicts"]]')" "[('db', ['a', 'b'])]" \
        "$why: it is a conflict"
    has "$(reported 'r["conflicts"][0]["reason"]')" "$reason" "$why: it is said why"
    is "$(on_a)" yes "$why: nothing is left out"
    printf '%s\n' "$output" > "$scratch/held.xml"
    decide --on-conflict=keep "$@"
    printf '%s\n' "$output" > "$scratch/kept.xml"
    ok "$why: by hand to hold is to keep" cmp "$scratch/held.xml" "$scratch/kept.xml"
    decide --on-conflict=fail "$@"
    is "$status" 1 "$why: on-conflict=fail fails"
    story
}
rm "$history" && echo '{}' > "$history"
conflict 'no history' 'it is not known when the target went away'
echo '{"targets": {"a": {"away": 1000, "missed": 1000}}}' > "$history"
conflict 'no snapshot known' 'no snapshot of it on the target is known'
conflict 'an old snapshot' 'too long before' --superseded-max-age=99
generation 1 a b && generation 2 b && infrastructure a b
conflict 'replicas' 'replicated'
echo echo/db/3 > "$NETWORK/a/snapshots"
conflict 'no common snapshot' 'nothing shows that the state there descends'
echo ../../x > "$NETWORK/a/snapshots"
conflict 'a list of snapshots that is none' 'nothing shows that the state there descends'
rm "$profiles/default" "$profiles"/default-*
conflict 'no previous manifest' 'there is no previous manifest'

# The newest snapshots have nothing in common, but the coordinator knows both.
echo echo/db/2 > "$NETWORK/b/snapshots"
mkdir -p "$DYSNOMIA_STATEDIR/generations/echo/db"
for number in 1 2; do
    ln -s "../../../snapshots/echo/db/$number" "$DYSNOMIA_STATEDIR/generations/echo/db/$number"
done
decide
is "$(reported 'r["superseded"][0]["home"]')" b 'the coordinator knows both: superseded'
story
generation 2 a && infrastructure a
echo '{"targets": {"a": {"away": 1000, "missed": 1000}}, "snapshots": {"a": {"echo": {"db": 900}}}}' > "$history"
decide
is "$(reported '[c["target"] for c in r["regressed"]]')" "['a']" 'an older disk: regressed'
has "$output" '<service>k1</service><target>a</target>' 'an older disk: the service stays'
lacks "$output" '<component>db</component>' 'an older disk: the snapshot mapping is left out'
rm -r "$DYSNOMIA_STATEDIR"

# What is done: rescue first, then fence, with what Disnix gives these operations.
act()
{
    reconstruct --xml --jobs=1 --history="$history" "$@" "$model"
    done_on_targets=$(grep -E '	(snapshot|deactivate)	' "$NETWORK/calls" | tr '\t' ' ')
}
story
act
arguments="--container echo --type echo $(store_path db)"
is "$done_on_targets" "a snapshot $arguments
a deactivate $arguments" 'rescued, then fenced, nothing on the home'
is "$(reported '[c["target"] for c in r["rescued"] + r["fenced"]]')" "['a', 'a']" 'both are reported'
is "$status" 1 'and Nix was needed for the rest'

echo false > "$NETWORK/a/snapshot.sh"
act
lacks "$done_on_targets" deactivate 'a rescue that fails: it is not fenced'
has "$(reported 'r["conflicts"][0]["reason"]')" 'no snapshot of it could be taken' 'a rescue that fails: a conflict'
is "$(reported 'r["superseded"]')" '[]' 'a rescue that fails: it is not superseded'

story
echo false > "$NETWORK/a/deactivate.sh"
act
is "$(reported '[c["target"] for c in r["superseded"]], r["fenced"]')" "(['a'], [])" 'a fence that fails: reported so'
has "$messages" '[target: a]: fencing db failed: exit status 1' 'a fence that fails: said'

# Somebody decides on a conflict.
story
echo '{}' > "$history"
decide --accept=a
is "$(reported '[(c["target"], c["home"], c["reason"]) for c in r["superseded"]]')" \
    "[('a', 'b', 'somebody has given it up')]" 'accepted: it is superseded'
is "$(on_a)" no 'accepted: both mappings are left out'
decide --prefer=a
is "$(reported '[(c["target"], c["home"]) for c in r["superseded"]]')" "[('b', 'a')]" 'preferred: the other is superseded'
has "$output" '<component>db</component><container>echo</container><service>k1</service><target>a</target>' \
    'preferred: its snapshot mapping stays'
lacks "$output" '<target>b</target>' 'preferred: the other mappings are left out'
decide --prefer=a --prefer=b
is "$(reported 'len(r["conflicts"])')" 1 'both preferred: nothing is decided'
decide --accept=z
has "$messages" 'target z, on which somebody has decided, is not in the model' 'accepted: nobody of that name'
act --prefer=a
is "$done_on_targets" "a snapshot $arguments
b snapshot $arguments
b deactivate $arguments
a deactivate $arguments" 'preferred: rescued, then fenced'
is "$(reported 'r["held"]')" '[]' 'by hand nobody is held'
done_testing
