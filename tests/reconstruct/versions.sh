#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Targets of Disnix 0.7, which know each other by connection key only, alone and among others. No Nix is needed.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/network.sh"

# NAME=KEY…: a model whose targets are reached by another property than they are named by
model_of()
{
    model=$scratch/infrastructure.xml
    {
        printf '<expr><attrs>'
        for pair; do
            printf '<attr name="%s"><attrs><attr name="targetProperty"><string value="ip"/></attr>' "${pair%%=*}"
            printf '<attr name="properties"><attrs><attr name="ip"><string value="%s"/></attr>' "${pair#*=}"
            printf '<attr name="list"><list><int value="1"/><string value="b"/></list></attr>'
            printf '<attr name="nothing"><null/></attr><attr name="set"><attrs/></attr></attrs></attr></attrs></attr>'
        done
        printf '</attrs></expr>\n'
    } > "$model"
}

dependency_1() # SERVICE CONTAINER KEY
{
    printf '{ target = "%s"; container = "%s"; _key = "%s"; }' "$3" "$2" "$1"
}

service_1() # KEY NAME CONTAINER STATEFUL [DEPENDENCIES]: its seven lines
{
    printf '%s\n' "$2" "$(store_path "$2")" "$3" echo "$1" "$4" "[${5-}]"
}

profile_1() # KEY [LINES]
{
    rm -rf "${NETWORK:?}/$1"
    mkdir "$NETWORK/$1"
    printf '%s\n' "$(store_path manifest)" "$(store_path library)" "$(store_path "$1")" > "$NETWORK/$1/requisites"
    printf '%s\n' "${2-}" > "$NETWORK/$1/installed"
}

print()
{
    reconstruct --xml --print-manifest "$@" "$model"
}

kept() # FILE: what was printed last
{
    printf '%s\n\n' "$output" > "$scratch/$1"
}

version()
{
    printf '%s' "$output" | grep -o '<manifest version="[0-9]"'
}

# All of version 1.
model_of a=10.0.0.1 b=10.0.0.2
profile_1 10.0.0.1 "$(service_1 k1 db echo true)"
profile_1 10.0.0.2 "$(service_1 k2 api process false "$(dependency_1 k1 echo 10.0.0.1)")"
print
is "$status $(version)" '0 <manifest version="1"' 'auto: version 1 where all profiles are'
is "$(reported 'r["manifestVersion"], r["dangling"]')" '(1, [])' 'auto: it is reported, and no dependency dangles'
has "$output" '<dependency><target>10.0.0.1</target><container>echo</container><key>k1</key></dependency>' \
    'version 1: targets have their connection keys'
has "$output" '<ip>10.0.0.1</ip><list>1 b </list><nothing/><set/>' 'version 1: properties are texts'
lacks "$messages" 'moves no snapshot' 'version 1: Disnix moves state by connection key, nothing is warned of'
kept first.xml
print --manifest-version=2
is "$(version)" '<manifest version="2"' '2: version 2 of the same'
has "$output" '<service>k1</service><target>a</target></mapping></dependsOn><connectsTo></connectsTo><provides' \
    '2: targets have names, and there is room for what version 1 does not have'
has "$output" '<property name="list" type="list"><elem type="int">1</elem>' '2: properties have types'
has "$messages" 'holds db, but its name is not its connection key' '2: state that would not move is warned of'
kept second.xml
print --manifest-version=1
kept again.xml
ok '1: as auto does' cmp "$scratch/first.xml" "$scratch/again.xml"

changed() # OPTION…
{
    reconstruct --xml --dry-run "$@" "$model"
    reported '(r["changed"], r["manifestVersion"])'
}
is "$(changed --previous="$scratch/first.xml")" '(False, 1)' 'unchanged: nothing, though the model says more'
is "$(changed --previous="$scratch/first.xml" --manifest-version=2)" '(True, 2)' 'another version is a change'
is "$(changed --previous="$scratch/second.xml")" '(True, 1)' 'and so it is the other way'
is "$(changed --previous="$scratch/second.xml" --manifest-version=2)" '(False, 2)' 'unchanged in version 2'
profile_1 10.0.0.2 "$(service_1 k2 api process true "$(dependency_1 k1 echo 10.0.0.1)")"
is "$(changed --previous="$scratch/first.xml")" '(True, 1)' 'a service that is stateful now is a change'
is "$(reported '[s["target"] for s in r["difference"]["snapshots"]["added"]]')" "['b']" 'which is told by name'
profile_1 10.0.0.2 "$(service_1 k2 api process false "$(dependency_1 k1 echo 10.0.0.1)")"

# A service that was left out, while its snapshots stay, is known by its package only.
sed 's|<mapping><dependsOn/><name>db<.*<key>k1</key></mapping>||; s|<dependsOn>.*</dependsOn>|<dependsOn/>|' \
    "$scratch/first.xml" > "$scratch/fenced.xml"
is "$(grep -c '<name>db' "$scratch/fenced.xml") $(grep -c '<component>db' "$scratch/fenced.xml")" '0 1' \
    'a manifest with a snapshot mapping of what is nowhere active'
is "$(changed --previous="$scratch/fenced.xml")" '(True, 1)' 'its only copy is activated, and it stays of version 1'

# Who is silent is kept, by name, whatever the versions.
mv "$NETWORK/10.0.0.2" "$NETWORK/away"
is "$(changed --previous="$scratch/first.xml")" '(False, 1)' 'a silent target is kept from a manifest of version 1'
is "$(changed --previous="$scratch/second.xml" --manifest-version=2)" '(False, 2)' 'and from one of version 2'
print --previous="$scratch/second.xml"
kept again.xml
ok 'kept from version 2, written as version 1' cmp "$scratch/first.xml" "$scratch/again.xml"
print --previous="$scratch/first.xml" --manifest-version=2
kept again.xml
ok 'kept from version 1, written as version 2, with the types of the model' \
    cmp "$scratch/second.xml" "$scratch/again.xml"
mv "$NETWORK/10.0.0.1" "$NETWORK/away too"
is "$(changed --previous="$scratch/first.xml")" '(False, 1)' 'all silent: the version of the previous manifest'
is "$(changed --previous="$scratch/second.xml")" '(False, 2)' 'all silent: the same for version 2'
mkdir "$NETWORK/10.0.0.1" "$NETWORK/10.0.0.2"
print
is "$(version)" '<manifest version="2"' 'nothing captured, nothing known: version 2'
rmdir "$NETWORK/10.0.0.1" "$NETWORK/10.0.0.2"
mv "$NETWORK/away" "$NETWORK/10.0.0.2"
mv "$NETWORK/away too" "$NETWORK/10.0.0.1"

# A target that has left the model, and one that took its key for a name.
model_of 10.0.0.1=10.0.0.2
is "$(changed --previous="$scratch/first.xml")" '(True, 1)' 'a target that has left the model is left out'
is "$(reported '[d["dependency"]["target"] for d in r["dangling"]]')" "[' 10.0.0.1']" \
    'a dependency on it dangles, whatever others are called'
is "$(reported 'r["difference"]["targets"]["removed"]')" "[' 10.0.0.1']" 'as the difference says'
model_of a=10.0.0.1 b=10.0.0.2

# One key for two targets, which are two machines, for they are reached in two ways.
model_of a=10.0.0.1 b=10.0.0.2 c=10.0.0.1
ln -s "$client" "$scratch/other-client"
sed -i "s|<attr name=\"c\"><attrs>|&<attr name=\"clientInterface\"><string value=\"$scratch/other-client\"/></attr>|" "$model"
print --previous="$scratch/second.xml"
is "$(reported '{n: t["status"] for n, t in r["targets"].items()}')" "{'a': 'invalid', 'b': 'invalid', 'c': 'invalid'}" \
    'a key of two targets: who has it or names it is invalid'
has "$messages" '[target: b]: invalid: --query-installed: several targets have the connection key 10.0.0.1' 'it is said'
profile_1 10.0.0.2 "$(service_1 k3 web process false)"
print
is "$(reported 'r["targets"]["b"]["status"]')" captured 'who does not is not'
is "$(version)" '<manifest version="2"' 'version 1 cannot tell them apart'
has "$messages" 'version 1: it knows targets by connection key, and target a has that of another one' 'which is said'
reconstruct --xml --print-manifest --manifest-version=1 "$model"
is "$status" 1 'and fails if version 1 is asked for'
reconstruct --xml --dry-run --previous="$scratch/first.xml" "$model"
has "$messages" 'several targets have the connection key 10.0.0.1, by which' 'a previous manifest that names it is told'
model_of a=10.0.0.1 b=10.0.0.2

# Both kinds.
infrastructure a b
profile_1 a "$(service_1 k1 db echo true)"
profile b "$(service k2 api "$(dependency k1 echo a)")" "$(mapping k2 echo)" ''
print
is "$(version)" '<manifest version="2"' 'mixed: version 2'
has "$output" '<service name="k1"><name>db</name>' 'mixed: with what the old one holds'
has "$output" '<component>db</component><container>echo</container><service>k1</service><target>a</target>' \
    'mixed: and its state'
print --manifest-version=1
is "$status $(version)" '0 <manifest version="1"' 'mixed: version 1 where it can tell all'
has "$output" '<dependency><target>a</target><container>echo</container><key>k1</key>' 'mixed: all dependencies'
untellable() # WHAT SERVICE-XML MAPPING-XML
{
    profile b "$2" "$3" ''
    print --manifest-version=1
    is "$status" 1 "version 1 cannot tell $1: fails"
    is "$(grep -c "cannot tell the $1 of service api (k2) on target b" "$scratch/messages")" 1 \
        "version 1 cannot tell $1: said in one line"
    is "$output" '' "version 1 cannot tell $1: nothing is printed"
}
untellable connectsTo "$(service k2 api '' "$(dependency k1 echo a)")" "$(mapping k2 echo)"
untellable providesContainers "$(service k2 api | sed 's|<providesContainers/>|<providesContainers><container \
name="x" type="attrs"/></providesContainers>|')" "$(mapping k2 echo)"
untellable containerProvidedByService "$(service k2 api)" "$(mapping k2 echo | sed \
    's|</service>|&<containerProvidedByService>k2</containerProvidedByService>|')"

# Packages are in manifests of version 2 only.
profile_1 b "$(service_1 k2 api process false)"
print --manifest-version=2
printf '%s\n' "$output" | sed "s|<services>|&$(service k0 tool | sed 's|echo|package|')|" > "$scratch/packages.xml"
print --previous="$scratch/packages.xml"
is "$(version)" '<manifest version="2"' 'auto: version 2 while there are packages'
has "$messages" 'The manifest is of version 2: manifest version 1: it cannot tell service tool (k0) of type package' \
    'auto: it says why'
print --previous="$scratch/packages.xml" --manifest-version=1
is "$status" 1 '1: fails while there are packages'

# An empty answer.
empty_answer() # STATUS WHAT REQUISITE…: of a target that says nothing more
{
    test_status_wanted=$1 test_what=$2
    shift 2
    profile_1 b ''
    printf '%s\n' "$@" > "$NETWORK/b/requisites"
    : > "$NETWORK/b/installed"
    print
    is "$(reported 'r["targets"]["b"]["status"], r["targets"]["b"]["services"]')" "('$test_status_wanted', 0)" \
        "an empty answer: $test_what"
}
empty_answer captured 'no service in the closure' "$(store_path manifest)" "$(store_path b)"
has "$output" "<mapping><profile>$(store_path b)</profile><target>b</target></mapping>" 'its profile is in the manifest'
empty_answer invalid 'the closure has more, as one of version 1 that a newer Disnix cannot read' \
    "$(store_path manifest)" "$(store_path api)" "$(store_path b)"
has "$messages" "[target: b]: invalid: $(store_path b) holds no profile manifest" 'it is said'
empty_answer invalid 'a profile of version 2' "$(store_path profilemanifest.xml)" "$(store_path b)"
empty_answer invalid 'nothing but the profile' "$(store_path b)"
rm "$NETWORK/b/requisites"
print
is "$(reported 'r["targets"]["b"]["status"]')" empty 'an empty answer: no profile'

# The model need not be told of the version, and a text that begins with < is none of version 1.
profile_1 b '  <web'
print
has "$messages" '[target: b]: invalid: --query-installed: line 2: the root element is web' 'the version is told by the content'
profile b "$(service k2 api)" "$(mapping k2 echo)" ''
sed -i '1s/^/  \n/; s/<?xml[^>]*>//' "$NETWORK/b/installed"
print
is "$(reported 'r["targets"]["b"]["status"]')" captured 'also after white space'

# Each field with Nix code ends as these characters or as an error, and is never run.
code='${builtins.readFile "/etc/hostname"}'
profile_1 b "$(printf '%s\n' "$code" "$(store_path api)" "$code" "$code" "$code" false '[]')"
print
is "$(reported 'r["targets"]["b"]["status"]')" captured 'Nix code in name, container, type and key: it is read'
for element in name container type key; do
    has "$output" "<$element>$code</$element>" "Nix code as $element: it is data"
done
invalid() # WHAT MESSAGE LINE…: of a profile manifest that makes only its own target invalid
{
    test_what=$1 test_message=$2
    shift 2
    profile_1 b "$(printf '%s\n' "$@")"
    print
    is "$status $(reported 'r["targets"]["a"]["status"], r["targets"]["b"]["status"]')" "0 ('captured', 'invalid')" \
        "$test_what: only this target is refused"
    has "$messages" "[target: b]: invalid: --query-installed: $test_message" "$test_what: said"
    is "$(grep -c 'b\]: invalid' "$scratch/messages")" 1 "$test_what: in one line"
}
path=$(store_path api)
invalid 'Nix code as store path' 'line 2: service api: /nix/store/${' api "/nix/store/$code" c t k false '[]'
invalid 'Nix code for state' 'line 6: service api: ${builtins' api "$path" c t k "$code" '[]'
invalid 'Nix code as dependencies' 'line 7: the dependencies of service api: column 1: [ expected' \
    api "$path" c t k false "$code"
for attribute in target container _key; do
    invalid "Nix code as $attribute of a dependency" 'line 7: the dependencies of service api: column ' \
        api "$path" c t k false "[{ $attribute = \"$code\"; }]"
done
invalid 'a call as dependencies' 'line 7: ' api "$path" c t k false '(builtins.readFile "/etc/hostname")'
invalid 'an import in the list' 'line 7: ' api "$path" c t k false '[ (import /etc/passwd) ]'
invalid 'six lines' 'line 1: neither XML nor lines of version 1: 6, and a service has 7' api "$path" c t k false
invalid 'eight lines' 'line 1: neither XML nor lines of version 1: 8, and a service has 7' api "$path" c t k false '[]' more
invalid 'garbage' 'line 1: neither XML nor lines of version 1: 1, and a service has 7' 'Segmentation fault'
invalid 'one service twice' 'service mapping of k in c on target b: given twice' \
    api "$path" c t k false '[]' api "$path" c t k false '[]'
invalid 'one key for two services' 'service k (' api "$path" c t k false '[]' web "$path" d t k false '[]'
invalid 'a container that leaves its directory' 'line 3: service api: ' api "$path" ../c t k true '[]'
profile_1 b
printf 'api\n\000\n' > "$NETWORK/b/installed"
print
has "$messages" '[target: b]: invalid: --query-installed: holds a NUL byte' 'a NUL byte: said'
printf '\377\n%s\nc\nt\nk\nfalse\n[]\n' "$path" > "$NETWORK/b/installed"
print
has "$messages" '[target: b]: invalid: --query-installed: line 1: not UTF-8' 'no UTF-8: said'
echo 'yes api' > "$NETWORK/b/query-installed.sh"
print --timeout=300
has "$messages" '[target: b]: invalid: --query-installed: too much output' 'an endless answer: said'
done_testing
