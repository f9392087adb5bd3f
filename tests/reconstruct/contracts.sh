#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a reconstruction of a Disnix network has to get right where that is easily got wrong: each test names the promise.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/network.sh"
. "$srcdir/tests/share/stores.sh"
. "$srcdir/tests/share/made-closures.sh"

generations()
{
    ls "$profiles" 2> /dev/null | grep -c -- -link
}

# A coordinator that lost everything.
network 2 1 a b
new_coordinator
reconstruct --xml --report=- "$model"
is "$status" 0 'a coordinator without the profiles in its store: the first try succeeds'
is "$(printf '%s' "$output" | python3 -c 'import json, sys; print(sorted(json.load(sys.stdin)["targets"]))')" \
    "['a', 'b']" 'what Nix prints while it imports is no part of the output'
is "$(python3 -c 'import sys, xml.etree.ElementTree as E
print(sorted(e.text for e in E.parse(sys.argv[1]).getroot().iterfind("services/service/name")))' "$(manifest_file)")" \
    "['key-a', 'key-b']" 'what Nix prints while it imports is no part of the manifest'
is "$(generations)" 1 'it has one generation'

# Silence.
echo 255 > "$NETWORK/a/status"
echo 255 > "$NETWORK/b/status"
reconstruct --xml "$model"
is "$status" 0 'no target answers: no failure where something is known'
is "$(generations) $(reported 'r["changed"]')" '1 False' 'no target answers: the manifest is not emptied'
rm "$NETWORK/a/status"
reconstruct --xml "$model"
is "$(generations) $(reported 'r["changed"], r["targets"]["b"]["done"]')" "1 (False, 'kept')" \
    'one target does not answer: its services stay'
mv "$profiles" "$profiles.away"
echo 255 > "$NETWORK/a/status"
reconstruct --xml "$model"
is "$status" 1 'no target answers and nothing is known: fails'
is "$(generations)" 0 'no target answers and nothing is known: no empty manifest becomes the current one'
rm -rf "$profiles.away" "$NETWORK/a/status" "$NETWORK/b/status"

# An answer with status 0 and nothing in it.
: > "$NETWORK/b/requisites"
reconstruct --xml --print-manifest "$model"
is "$(reported 'r["targets"]["b"]["status"]')" invalid 'an empty answer to --query-requisites is no profile path'
lacks "$(cat "$NETWORK/calls") $output" NULL 'an empty answer: nothing is named NULL'
is "$(grep -c '^b	query-requisites	.' "$NETWORK/calls")" 1 'an empty answer: no requisites of nothing are asked for'
rm "$NETWORK/b/installed"
reconstruct --xml --print-manifest "$model"
is "$(reported 'r["targets"]["b"]["status"]')" empty 'two empty answers: the target has no profile'

# Every kind of value, through Nix.
cat > "$scratch/infrastructure.nix" << 'END'
{
  a = {
    properties = {
      hostname = "a";
      negative = -7;
      largest = 9223372036854775807;
      smallest = -9223372036854775807 - 1;
      whole = 5.0;
      third = -0.333333333333;
      huge = 1.0e10;
      tiny = 1.0e-7;
      many = 1234567.0;
      zero = 0;
      yes = true;
      no = false;
      empty = "";
      blank = " ";
      tab = "a\tb";
      returns = "a\rb";
      both = "a\r\nb";
      line = "a\nb\n";
      quoted = "\"'<&>\\";
      nothing = null;
      path = /etc/hostname;
      function = x: x;
      list = [ (-1) (-2.5) 1.0e-7 [ ] "" [ null (-3) ] { inner = -4; gone = null; also = [ ]; } null (x: x) /etc ];
      set = { empty = { }; nested = { deep = [ { x = 1.0e10; } ]; }; gone = null; };
      "odd name \"&<'" = 1;
      "${"\${x}"}" = "\${builtins.abort \"x\"}";
    };
    containers = { process = { }; db = { port = -1; password = ""; ratio = 0.5; gone = null; }; };
    numOfCores = 2;
    system = "x86_64-linux";
  };
}
END
network 0 1 a
new_coordinator
reconstruct --print-manifest "$scratch/infrastructure.nix"
is "$status" 0 'values: no failure'
[ "$status" = 0 ] || evidence "$messages"
typed()
{
    printf '%s\n' "$output" > "$scratch/typed.xml"
    python3 -c 'import sys, xml.etree.ElementTree as E
def show(e):
    kind = e.get("type")
    if kind == "list": return "[" + " ".join(map(show, e)) + "]"
    if kind == "attrs": return "{" + " ".join(c.get("name") + "=" + show(c) for c in e) + "}"
    return kind + ":" + repr(e.text or "")
target = E.parse(sys.argv[1]).getroot().find("infrastructure/target")
for e in [*target.find("properties"), *target.find("containers")]:
    print(e.get("name"), show(e))' "$scratch/typed.xml"
}
types=$(typed)
value() # NAME WHAT-IT-IS PROMISE
{
    is "$(printf '%s\n' "$types" | grep -F -- "$1 ")" "$1 $2" "$3"
}
value negative "int:'-7'" 'a negative number stays one'
value largest "int:'9223372036854775807'" 'the largest number is not rounded'
value smallest "int:'-9223372036854775808'" 'the smallest number is not rounded'
value whole "float:'5'" 'a whole float stays a float'
value third "float:'-0.333333'" 'a float has the digits that Nix prints'
value huge "float:'1e+10'" 'a large exponent is kept'
value tiny "float:'1e-07'" 'a small exponent is kept'
value many "float:'1.23457e+06'" 'a float of many digits is what Nix prints'
value zero "int:'0'" 'zero is a number'
value yes "bool:'true'" 'true is a bool'
value no "bool:'false'" 'false is a bool'
value empty "string:''" 'an empty string is a string'
value blank "string:' '" 'a blank is not trimmed'
value tab "string:'a b'" 'a tab is a blank, as in what Disnix writes'
value returns "string:'a b'" 'a carriage return is a blank, as in what Disnix writes'
value both "string:'a \\nb'" 'also before a new line'
value line "string:'a\\nb\\n'" 'new lines stay'
value quoted "string:'\"\\'<&>\\\\'" 'quotes and backslashes stay'
value list "[int:'-1' float:'-2.5' float:'1e-07' [] string:'' [int:'-3'] {also=[] inner=int:'-4'}]" \
    'a list keeps its order, its negative numbers and its sets'
value set "{empty={} nested={deep=[{x=float:'1e+10'}]}}" 'sets in sets stay'
value db "{password=string:'' port=int:'-1' ratio=float:'0.5'}" 'containers have typed values too'
value process '{}' 'a container without properties stays'
value 'odd name "&<'"'" "int:'1'" 'a name may hold what XML does not like'
value '${x}' "string:'\${builtins.abort \"x\"}'" 'Nix code in a string or a name is not evaluated'
for gone in nothing path function; do
    lacks "$types" "$gone" "a $gone has no place in a manifest"
done
has "$messages" '[target: a]: properties.nothing: a null cannot be kept in a manifest, left out' \
    'what has no place in a manifest is told'
has "$messages" '[target: a]: properties.list[5][0]: a null cannot' 'also in a list'
reconstruct "$scratch/infrastructure.nix"
reconstruct "$scratch/infrastructure.nix"
is "$(generations) $(reported 'r["changed"]')" '1 False' 'every kind of value compares equal with itself'
sed -i 's/port = -1/port = -1.0/' "$scratch/infrastructure.nix"
reconstruct "$scratch/infrastructure.nix"
is "$(generations) $(reported 'r["changed"]')" '2 True' 'a number and a float of the same text differ'

# Text of a target comes back as it was.
network 0 0
text='<service name="k1"><name> a	b&#13;c&#9;d</name><pkg>'"$(store_path db)"'</pkg><type>echo</type><dependsOn/><connectsTo/>'
text=$text'<providesContainers><container name="c" type="attrs"><property name="n" type="float">-1e-07</property>'
text=$text'<property name="gone"/><property name="e" type="string"/></container></providesContainers></service>'
holds a "$(printf '%s' "$text" | sed 's|> a	b&#13;c&#9;d<|> a b <|')" "$(mapping k1 echo)" ''
infrastructure a
new_coordinator
reconstruct --xml "$model"
has "$(cat "$(manifest_file)")" \
    '<name> a b </name>' 'blanks at the ends of a name stay'
has "$(cat "$(manifest_file)")" \
    '<property name="e" type="string"/><property name="n" type="float">-1e-07</property>' \
    'what a service provides has typed values'
reconstruct --xml "$model"
is "$(generations) $(reported 'r["changed"]')" '1 False' 'what a service provides compares equal with itself'
profile a "$text" "$(mapping k1 echo)" ''
reconstruct --xml --print-manifest "$model"
is "$(reported 'r["targets"]["a"]["status"]')" invalid 'a tab or carriage return in a name is refused'

# Nothing is left behind, whatever happens.
rm -f "$TMPDIR"/*
network 1 1 a b
new_coordinator
reconstruct --xml "$model"
reconstruct --xml "$model"
is "$(ls -A "$TMPDIR")" '' 'no temporary file is left when nothing has changed'
echo 'garbage' > "$model.bad"
reconstruct --xml "$model.bad"
is "$status $(ls -A "$TMPDIR")" '1 ' 'no temporary file is left when the model cannot be read'
echo '{ a = throw "no"; }' > "$scratch/throws.nix"
reconstruct "$scratch/throws.nix"
is "$status $(ls -A "$TMPDIR")" '1 ' 'no temporary file is left when the model cannot be evaluated'
echo 'exit 1' > "$NETWORK/a/export.sh"
new_coordinator
reconstruct --xml "$model"
is "$(ls -A "$TMPDIR")" '' 'no temporary file is left when a transfer fails'
printf '#!/bin/sh\nexit 1\n' > "$scratch/bin/nix-env"
chmod +x "$scratch/bin/nix-env"
cp "$NETWORK/export.sh" "$NETWORK/a"
reconstruct --xml "$model"
is "$status $(ls -A "$TMPDIR")" '1 ' 'no temporary file is left when the profile cannot be set'
rm "$scratch/bin/nix-env"
rm -rf "$profiles"
for name in dydisnix-closures dydisnix-manifest infrastructure_captured.nix; do
    ln -s "$scratch/victim" "$TMPDIR/$name"
done
reconstruct --xml "$model"
is "$status" 0 'links with likely names lie in the directory for temporary files: no failure'
ok 'links with likely names are not followed' test ! -e "$scratch/victim"
rm "$TMPDIR"/*

# Services that have no mapping, and the order of things.
network 0 0
mkdir "$NETWORK/a"
holds a "$(service k1 db)$(service k2 api)" "$(mapping k2 echo)$(mapping k1 echo)" "$(snapshot k2 echo api)$(snapshot k1 echo db)"
holds b "$(service k3 web)" "$(mapping k3 echo)" ''
infrastructure a b
new_coordinator
reconstruct --xml --print-manifest "$model"
printf '%s\n' "$output" > "$scratch/previous.xml"
printf '%s\n' "$output" | sed "s|</services>|$(service k9 tools)&|" \
    > "$scratch/packages.xml"
reconstruct --xml --dry-run --previous="$scratch/packages.xml" "$model"
is "$(reported 'r["changed"]')" False 'a service of type package, which is in no profile manifest, is no change'
python3 - "$scratch/previous.xml" "$scratch/shuffled.xml" << 'END'
import sys, xml.etree.ElementTree as E
tree = E.parse(sys.argv[1])
for section in [*tree.getroot(), tree.getroot()]:
    if section.tag not in ("dependsOn",):
        section[:] = reversed(section[:])
tree.write(sys.argv[2])
END
reconstruct --xml --dry-run --previous="$scratch/shuffled.xml" "$model"
is "$(reported 'r["changed"]')" False 'another order of sections and elements is no change'

# One key on two targets.
holds b "$(service k1 other)" "$(mapping k1 echo)" ''
reconstruct --xml --print-manifest "$model"
is "$status" 1 'two targets that disagree about a key: nobody wins in silence'
has "$messages" '[target: a]: invalid: service k1' 'two targets that disagree about a key: the first is named'
has "$messages" '[target: b]: invalid: service k1' 'two targets that disagree about a key: the second is named'
holds b "$(service k1 db)" "$(mapping k1 echo a)" ''
reconstruct --xml --print-manifest "$model"
is "$(reported 'r["targets"]["b"]["status"]')" invalid 'a mapping on another target is refused'

# Options reach where they are needed.
holds b "$(service k3 web)" "$(mapping k3 echo)" ''
printf '#!/bin/sh\necho "$*" >> "%s/nix-calls"\nexec "%s" "$@"\n' "$scratch" "$(command -v nix-instantiate)" \
    > "$scratch/bin/nix-instantiate"
chmod +x "$scratch/bin/nix-instantiate"
echo '{ a.properties = { hostname = "wrong"; ip = "a"; }; }' > "$scratch/ip.nix"
reconstruct --show-trace --deploy-state --print-manifest --target-property=ip "$scratch/ip.nix"
is "$status" 0 'options of before are understood'
has "$(cat "$scratch/nix-calls")" '--show-trace' '--show-trace reaches the evaluation of the model'
is "$(cut -f 1 "$NETWORK/calls" | sort -u)" a '--target-property says how a target is reached'
has "$output" '<targetProperty>ip</targetProperty>' '--target-property stands in the manifest'
cp "$scratch/ip.nix" "$scratch/a model with blanks.nix"
reconstruct --print-manifest --target-property=ip "$scratch/a model with blanks.nix"
is "$status" 0 'a model whose path holds blanks'
reconstruct --print-manifest --target-property=ip -- "$scratch/a model with blanks.nix"
is "$status" 0 'two dashes end the options'
rm "$scratch/bin/nix-instantiate"

# Which copy of the state is newer is asked, not guessed.
network 0 0
holds a "$(service k1 db)" "$(mapping k1 echo)" "$(snapshot k1 echo db)"
infrastructure a
reconstruct --xml --print-manifest "$model"
new_coordinator
mkdir -p "$profiles"
printf '%s\n' "$output" > "$scratch/1.xml"
holds b "$(service k1 db)" "$(mapping k1 echo)" "$(snapshot k1 echo db)"
infrastructure b
reconstruct --xml --print-manifest "$model"
printf '%s\n' "$output" > "$scratch/2.xml"
for number in 1 2; do
    ln -s "$scratch/$number.xml" "$profiles/default-$number-link"
done
ln -s default-2-link "$profiles/default"
infrastructure a b
printf 'echo/db/%064d\n' 1 > "$NETWORK/a/snapshots"
printf 'echo/db/%064d\n' 1 2 > "$NETWORK/b/snapshots"
echo '{"targets": {"a": {"away": 1000, "missed": 1000}}, "snapshots": {"a": {"echo": {"db": 900}}}}' > "$scratch/state.json"
reconstruct --xml --print-manifest --history="$scratch/state.json" "$model"
is "$(reported '[(c["target"], c["home"]) for c in r["superseded"]]')" "[('a', 'b')]" \
    'an older copy that comes back does not replace the newer one'
has "$output" '<target>b</target>' 'the newer one stays'
lacks "$output" '<target>a</target>' 'the older one is left out'
done_testing
