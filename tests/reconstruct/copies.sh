#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A machine comes back with a copy of state that has moved on. What is decided, and what is done on the targets before
# anything is fetched: Nix is not needed for that, and fails here. Every part of the rule is in tests/unit/plugin/survivor.c.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/network.sh"

DYSNOMIA_STATEDIR=$scratch/dysnomia
mkdir -p "$scratch/bin" "$profiles"
for program in nix-store nix-instantiate nix-env; do
    printf '#!/bin/sh\n[ "$*" = --import ]\n' > "$scratch/bin/$program" # whoever may import is asked nothing more
    chmod +x "$scratch/bin/$program"
done
PATH=$scratch/bin:$PATH
export PATH DYSNOMIA_STATEDIR
history=$scratch/state.json

snapshots() # NUMBER…: names are hashes
{
    for number; do
        printf 'echo/db/%064d\n' "$number"
    done
}
holding()
{
    profile "$1" "$(service k1 db)" "$(mapping k1 echo)" "$(snapshot k1 echo db)"
    for operation in activate snapshot deactivate; do
        echo true > "$NETWORK/$1/$operation.sh"
    done
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
known='{"targets": {"a": {"away": 1000, "missed": 1000}}, "snapshots": {"a": {"echo": {"db": 900}}}}'
story()
{
    rm -rf "$profiles"
    mkdir "$profiles"
    holding a
    holding b
    generation 1 a
    generation 2 b
    infrastructure a b
    snapshots 1 > "$NETWORK/a/snapshots"
    snapshots 1 2 > "$NETWORK/b/snapshots"
    echo "$known" > "$history"
}
decide()
{
    reconstruct --xml --print-manifest --history="$history" "$@" "$model"
}
on_a()
{
    case $output in *'<target>a</target>'*) echo yes ;; *) echo no ;; esac
}
disputed()
{
    reported '[(d["component"], c["target"], c["live"]) for d in r["disputes"] for c in d["copies"] if c["disputed"]]'
}

story
decide
is "$status" 0 'given up: no failure'
is "$(reported '[(c["component"], c["target"], c["home"]) for c in r["superseded"]]')" "[('db', 'a', 'b')]" \
    'given up: reported with the home'
is "$(reported '[(c["target"], c["reason"]) for c in r["kept"]]')" "[('b', 'it belongs there')]" 'and the survivor'
is "$(on_a)" no 'given up: both mappings are left out'
has "$output" "<profile name=\"a\">$(store_path a)</profile>" 'given up: the profile stays'
lacks "$(cat "$NETWORK/calls")" "	snapshot	" 'given up: looking does nothing'
is "$(reported 'r["survivors"]["superseded"]["a"]["echo"]["db"]')" "$(store_path a)" 'given up: it is to be remembered'
decide --superseded=keep
is "$(on_a)" yes 'superseded=keep: all is kept'
decide --superseded=fail
is "$status" 1 'superseded=fail: fails'
has "$messages" '[target: a]: its copy of db in echo would be left out' 'superseded=fail: it is said why'

# Every condition that is not shown leaves it in dispute: the other one lives, and nothing is restored over it.
dispute() # WHY REASON ARGUMENT…
{
    why=$1 reason=$2
    shift 2
    snapshots 1 9 > "$scratch/after"
    act "$@"
    is "$(disputed)" "[('db', 'a', False)]" "$why: it is in dispute"
    has "$(reported 'r["disputes"][0]["reason"]')" "$reason" "$why: it is said why"
    decide "$@"
    has "$messages" '[target: a]: its copy of db in echo is in dispute, and does not run' "$why: and to people"
    decide --superseded=fail "$@"
    is "$status" 1 "$why: superseded=fail fails"
    story
}
# What is done, with what Disnix gives these operations; a snapshot finds what is in "after".
act()
{
    # shellcheck disable=SC2016
    [ ! -e "$scratch/after" ] || echo "cp '$scratch/after' \"\$target/snapshots\"" > "$NETWORK/a/snapshot.sh"
    reconstruct --xml --jobs=1 --history="$history" "$@" "$model"
    done_on_targets=$(grep -E '	(activate|snapshot|deactivate|import-snapshots|restore)	' "$NETWORK/calls" | tr '\t' ' ')
    rm -f "$scratch/after"
}
echo '{}' > "$history"
dispute 'no history' 'it is not known when the target went away'
echo '{"targets": {"a": {"away": 1000, "missed": 1000}}}' > "$history"
dispute 'no snapshot known' 'no snapshot of it on the target is known'
dispute 'an old snapshot' 'too long before' --superseded-max-age=99
snapshots 3 > "$NETWORK/a/snapshots"
dispute 'no common snapshot' 'nothing shows that the state there descends'
echo ../../x > "$NETWORK/a/snapshots"
dispute 'a list of snapshots that is none' 'nothing shows that the state there descends'
printf 'echo/db/1\n' > "$NETWORK/a/snapshots"
printf 'echo/db/1\necho/db/2\n' > "$NETWORK/b/snapshots"
dispute 'names that are no hashes' 'nothing shows that the state there descends'

# Dysnomia lists snapshots by the text of their numbers: which one is the newest is asked for.
snapshots 2 1 > "$NETWORK/b/snapshots"
snapshots 2 1 > "$NETWORK/a/snapshots"
echo "printf 'echo/db/%064d\n' 2" > "$NETWORK/a/query-latest-snapshot.sh"
decide
is "$(reported '[c["snapshots"][-1][-1] for d in r["disputes"] for c in d["copies"]], len(r["superseded"])')" "([], 1)" \
    'the newest one is there, and it is not the last of the list'
echo "printf 'echo/db/%064d\n' 7" > "$NETWORK/a/query-latest-snapshot.sh"
snapshots 2 1 > "$scratch/after"
act
is "$(disputed)" "[('db', 'a', True)]" 'a newest one that is in no list: nothing is known, and nothing is saved'
story

# The newest snapshots have nothing in common, but the coordinator knows both.
snapshots 2 > "$NETWORK/b/snapshots"
mkdir -p "$DYSNOMIA_STATEDIR/generations/echo/db"
for number in 1 2; do
    ln -s "../../../snapshots/$(snapshots "$number")" "$DYSNOMIA_STATEDIR/generations/echo/db/$number"
done
decide
is "$(reported 'r["superseded"][0]["home"]')" b 'the coordinator knows both: given up'
story
generation 2 a && infrastructure a
decide
is "$(reported '[c["target"] for c in r["regressed"]]')" "['a']" 'an older disk: told'
has "$output" '<service>k1</service><target>a</target>' 'an older disk: the service stays'
lacks "$output" '<component>db</component>' 'an older disk: the snapshot mapping is left out'
is "$(reported 'r["late"]')" '[]' 'an older disk: by hand nobody does the rest'
rm -r "$DYSNOMIA_STATEDIR"

# Replicas: nobody is in anybody's way.
story
generation 1 a b && generation 2 b && infrastructure a b
decide
is "$(reported 'r["disputes"], [c["target"] for c in r["kept"]]')" "([], ['a', 'b'])" 'a replica comes back: both stay'

# Without a manifest, and without any generation, nobody can tell.
rm "$profiles/default" "$profiles"/default-*
decide
is "$(disputed)" "[('db', 'a', True), ('db', 'b', True)]" 'no previous manifest: somebody is asked'
is "$(reported 'r["survivors"]["kept"]')" "{'echo': {'db': []}}" 'and until then nothing that is deployed decides it'
decide --keep-copy=b
is "$(reported '[(c["target"], c["reason"]) for c in r["superseded"]]')" "[('a', 'somebody wants the copy on target b')]" \
    'somebody says which one'
decide --discard-copy=b
is "$(reported '[c["target"] for c in r["superseded"]]')" "['b']" 'or which one not'

# The order: the survivor is activated, between snapshots that tell what that does; the other one rescued, fenced, rescued
# again.
story
act
arguments="--container echo --type echo $(store_path db)"
is "$done_on_targets" "b snapshot $arguments
b snapshot $arguments
b activate $arguments
b snapshot $arguments
a snapshot $arguments
a deactivate $arguments
a snapshot $arguments" 'activated, rescued, fenced, rescued again'
is "$(reported '[c["target"] for l in ("activated", "rescued", "fenced") for c in r[l]], r["failed"]')" \
    "(['b', 'a', 'a'], [])" 'all is reported'
is "$(reported '[c["snapshot"].split("/")[:2] for c in r["rescued"]]')" "[['echo', 'db']]" 'with the name of the snapshot'
is "$(reported 'r["superseded"][0]["reason"]')" 'all of its state is in the copy on target b' \
    'what it has at the end is there too'
is "$status" 1 'and Nix was needed for the rest'

story
echo false > "$NETWORK/b/activate.sh"
act
is "${done_on_targets#"b snapshot $arguments
b snapshot $arguments
"}" "b activate $arguments" 'the survivor cannot be activated: nothing else is touched'
is "$(disputed)" "[('db', 'a', True)]" 'and the other one goes on, in dispute'
is "$(reported '[(c["action"], c["target"]) for c in r["failed"]], r["survivors"]["kept"]')" \
    "([('activate', 'b')], {'echo': {'db': ['b']}})" 'what was chosen is tried again'

# What changes by itself is in use; what is put back by activation is restored, another change may be that of a client.
story
# shellcheck disable=SC2016
echo 'printf "echo/db/%064d\n" "$(wc -l < "$NETWORK/calls")" >> "$target/snapshots"' > "$NETWORK/b/snapshot.sh"
act
lacks "$done_on_targets" 'b activate' 'a survivor that is written to is not activated again'
has "$messages" '[target: b]: db in echo is in use, and not activated again' 'and that is said'
has "$done_on_targets" 'a deactivate' 'and the other one is fenced'

story
echo 'sleep 1000' > "$NETWORK/b/snapshot.sh"
act --timeout=1
has "$done_on_targets" 'b activate' 'a survivor whose snapshot hangs is activated without'
has "$done_on_targets" 'a deactivate' 'and the other one is fenced'

replaced()
{
    story
    # shellcheck disable=SC2016
    echo 'echo "echo/db/$(printf %064d '"$2"')" >> "$target/snapshots"' > "$NETWORK/b/activate.sh"
    # shellcheck disable=SC2016
    echo 'echo "/state/$*"' > "$NETWORK/b/resolve-snapshots.sh"
    echo true > "$NETWORK/b/import-snapshots.sh"
    echo "$1" > "$NETWORK/b/restore.sh"
    act
}
kept=$(snapshots 2)
replaced true 1
has "$done_on_targets" "b import-snapshots --remotefile --container echo --component db /state/$kept
b restore $arguments" 'state that activation has replaced is restored'
has "$messages" '[target: b]: activating db has replaced its state: what it had is restored' 'and that is said'
replaced false 1
has "$messages" "[target: b]: activating db has replaced its state: what it had is in the snapshot $kept" \
    'where it cannot be, it is said where it is'
lacks "$done_on_targets" deactivate 'and nothing is fenced'
replaced true 5
lacks "$done_on_targets" 'b restore' 'what a client may have written meanwhile is not restored over'
has "$messages" "[target: b]: db has other state since it was activated: what it had before is in the snapshot $kept" \
    'and that is said'
has "$done_on_targets" 'a deactivate' 'and the other one is fenced'
rm "$NETWORK/b/resolve-snapshots.sh" "$NETWORK/b/import-snapshots.sh" "$NETWORK/b/restore.sh"

story
echo false > "$NETWORK/a/snapshot.sh"
act
lacks "$done_on_targets" deactivate 'a rescue that fails: it is not fenced'
has "$(reported 'r["disputes"][0]["reason"]')" 'no snapshot of it could be taken' 'a rescue that fails: in dispute'
act --discard-copy=a
has "$done_on_targets" "a deactivate" 'it is if somebody has given the copy up'

story
: > "$scratch/after"
act
lacks "$done_on_targets" deactivate 'a rescue that leaves no snapshot: it is not fenced'
has "$messages" '[target: a]: rescuing db has saved nothing' 'a rescue that leaves no snapshot: said'
story
echo echo/db/0040f94d11d0039505328a90b2ff48968db873e9e7967307631bf40ef5679275 > "$scratch/after"
act
lacks "$done_on_targets" deactivate 'a rescue that leaves an empty dump: it is not fenced'

story
echo false > "$NETWORK/a/deactivate.sh"
act
is "$(reported 'r["superseded"], r["fenced"], [c["action"] for c in r["failed"]]')" "([], [], ['fence'])" \
    'a fence that fails: reported so'
is "$(disputed)" "[('db', 'a', None)]" 'and in dispute while that lasts'
is "$(reported '[r["survivors"]["disputed"]["a"]["echo"]["db"][k] for k in ("owed", "waits")]')" '[True, True]' \
    'its rescue is owed, and all is decided anew'
has "$messages" '[target: a]: fencing db failed: exit status 1' 'a fence that fails: said'

# A rescue after the fence is owed, whatever is said.
story
# shellcheck disable=SC2016
echo 'grep -q "^a	deactivate" "$NETWORK/calls" && exit 1; true' > "$NETWORK/a/snapshot.sh"
act --discard-copy=a
is "$(reported 'r["survivors"]["disputed"]["a"]["echo"]["db"]["owed"]')" True 'not rescued again: that is owed'
is "$(disputed)" "[('db', 'a', False)]" 'and in dispute, though somebody has given it up'

# What is remembered decides: a dispute lasts, and a copy that is in no profile any more comes back.
story
act
reported 'json.dumps(r["survivors"]["superseded"])' > "$scratch/superseded"
lasting='"survivors": {"disputed": {"a": {"echo": {"db": {"why": "since long"}}}}}'
printf '%s, %s}\n' "${known%?}" "$lasting" > "$history"
decide
is "$(reported 'r["disputes"][0]["reason"]')" 'the one on target b was chosen; in dispute before: since long' \
    'a dispute lasts, whatever snapshots show'
decide --discard-copy=a
is "$(reported 'r["disputes"], [c["target"] for c in r["superseded"]]')" "([], ['a'])" 'until somebody says a word'
is "$(reported 'r["survivors"]["accept"]')" "{'a': {'echo': {'db': True}}}" 'which is remembered'
for wrong in '[]' '{"disputed": {"a": []}}' '{"disputed": {"a": {"echo": {"db": {"why": 1}}}}}' \
    '{"superseded": {"a": {"echo": {"db": 1}}}}' '{"kept": {"echo": {"db": [1]}}}' '{"kept": {"echo": {"db": "a"}}}' \
    '{"brought": {"a": {"echo": {"db": {}}}}}' '{"accept": {"a": {"echo": {"db": false}}}}' '{"prefer": {"echo": {"db": []}}}'; do
    printf '{"survivors": %s}\n' "$wrong" > "$history"
    decide
    is "$status $(echo "$messages" | grep -c 'is not believed')" '0 1' "not believed, and said: $wrong"
done

story
echo '{}' > "$history"
act --discard-copy=b
python3 -c 'import json, sys; json.dump({"survivors": json.load(open(sys.argv[1]))["survivors"]}, open(sys.argv[2], "w"))' \
    "$report" "$history"
story
profile a "" "" ""
echo true > "$NETWORK/a/activate.sh"
generation 3 a b && infrastructure a
service=$(python3 - "$history" << 'END'
import json, sys
xml = '<manifest version="2"><services><service name="k1"><name>db</name><pkg>/nix/store/00000000000000000000000000000000-db' \
      '</pkg><type>echo</type></service></services><serviceMappings><mapping><container>echo</container><service>k1</service>' \
      '<target>a</target></mapping></serviceMappings><snapshotMappings><mapping><component>db</component><container>echo' \
      '</container><service>k1</service><target>a</target></mapping></snapshotMappings></manifest>'
entry = {"why": "since long", "service": xml}
json.dump({"survivors": {"disputed": {"a": {"echo": {"db": entry}}}}}, open(sys.argv[1], "w"))
END
)
act
has "$done_on_targets" "a activate $arguments" 'nobody has it any more: the copy in dispute comes back'
is "$(reported 'list(r["survivors"]["brought"]["a"]["echo"]), r["survivors"]["disputed"]["a"]["echo"]["db"]["why"]')" \
    "(['db'], 'since long')" 'that it lives is remembered, and so is the dispute'
sed -i 's/<component>db/<component>..\/db/' "$history"
act
is "$done_on_targets" '' 'what is kept of it is damaged: it stays lost'
has "$messages" '[target: a]: what is kept of db in echo on target a: ' 'and that is said'

decide --keep-copy=a --keep-copy=z
has "$messages" 'target z, on which somebody has decided, is not in the model' 'a word on nobody'
decide --keep-copy=a --discard-copy=a
is "$status" 2 'two words on one target'
done_testing
