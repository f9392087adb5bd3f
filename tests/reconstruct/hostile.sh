#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Nothing that a model or a target says is ever run, evaluated, followed or taken for an option; one bad target never
# hides the good ones. No Nix is needed for that.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/network.sh"

code='${builtins.readFile "/etc/hostname"}'
code_for_sed='${builtins.readFile \&quot;/etc/hostname\&quot;}' # as XML

print()
{
    reconstruct --xml --print-manifest "$@" "$model"
}

# What may be any text is data.
infrastructure a b
sed "s|<attr name=\"a\"><attrs><attr name=\"properties\"><attrs>|&<attr name=\"motto\"><string \
value=\"$code_for_sed\"/></attr>|" "$model" > "$model.new" && mv "$model.new" "$model"
profile b "$(service k2 api)" "$(mapping k2 echo)" ''
profile a "$(service k1 db)" "$(mapping k1 echo)" ''
sed "s|<name>db</name>|<name>$code_for_sed</name>|; s|<type>echo|<type>\$(touch $scratch/ran)\`touch $scratch/ran\`|" \
    "$NETWORK/a/installed" > "$NETWORK/a/new" && mv "$NETWORK/a/new" "$NETWORK/a/installed"
print
is "$status" 0 'Nix code in a property and a name: no failure'
printf '%s\n' "$output" > "$scratch/manifest.xml"
is "$(python3 -c 'import sys, xml.etree.ElementTree as E; r = E.parse(sys.argv[1]).getroot()
print(r.findtext(".//property[@name=\"motto\"]")); print(r.findtext(".//service[@name=\"k1\"]/name"))' \
    "$scratch/manifest.xml")" "$code
$code" 'Nix code in a property and a name: it is data'
has "$output" "<type>\$(touch $scratch/ran)" 'shell code in a type: it is data'
ok 'shell code in a type: it was not run' test ! -e "$scratch/ran"

# Each of these makes b invalid, is told in one line that names target and element, and leaves a alone.
profile a "$(service k1 db)" "$(mapping k1 echo)" ''
infrastructure a b
refused() # WHAT MESSAGE
{
    print --timeout=300
    is "$status" 0 "$1: no failure"
    is "$(reported 'r["targets"]["a"]["status"], r["targets"]["b"]["status"]')" "('captured', 'invalid')" \
        "$1: only this target is refused"
    has "$output" '<service>k1</service><target>a</target>' "$1: the good one is there"
    lacks "$output" '<profile name="b">' "$1: the bad one is not"
    has "$messages" "[target: b]: invalid: $2" "$1: said"
    is "$(grep -c 'b\]: invalid' "$scratch/messages")" 1 "$1: in one line"
}
answer() # PROFILE-MANIFEST
{
    profile b '' '' ''
    printf '%s' "$1" > "$NETWORK/b/installed"
}
holding() # SERVICE-XML
{
    profile b "$1" '' ''
}

holding "$(service k2 api | sed "s|<pkg>[^<]*|<pkg>/nix/store/$code|")"
refused 'Nix code in a path' '--query-installed: line 3: service k2: pkg /nix/store/${builtins'
holding "$(service k2 api | sed 's|<pkg>[^<]*|<pkg>/etc/passwd|')"
refused 'a path outside the store' '--query-installed: line 3: service k2: pkg /etc/passwd is no store path'
holding "$(service k2 api | sed 's|<pkg>[^<]*|&/../../../etc/passwd|')"
refused 'a path that leaves the store' '--query-installed: line 3: service k2: pkg /nix/store/'
holding "$(service k2 api | sed 's|<pkg>[^<]*|<pkg>--help|')"
refused 'an option in place of a path' '--query-installed: line 3: service k2: pkg --help is no store path'
holding "$(service k2 api | sed 's|</pkg>|\&#10;/nix/store|')"
refused 'a path with a new line' '--query-installed: line '
holding "$(service '' api)"
refused 'an empty key' '--query-installed: line 3: service'
profile b "$(service k2 api)" '' "$(snapshot k2 echo ../../etc)"
refused 'a component that is no file name' '--query-installed: line 3: snapshot mapping of service k2: component ../../etc'

answer '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><profilemanifest version="2">&e;</profilemanifest>'
refused 'a DTD' '--query-installed: line 1: a document type definition is not allowed'
answer "<profilemanifest version=\"2\">$(printf '%5000s' '' | sed 's/ /<a>/g')"
refused 'a deep document' '--query-installed: line 1: more than '
printf '<profilemanifest version="2">\000</profilemanifest>' > "$NETWORK/b/installed"
refused 'a NUL byte' '--query-installed: holds a NUL byte'
printf '\000' > "$NETWORK/b/installed"
refused 'nothing but a NUL byte' '--query-installed: holds a NUL byte'
printf '<profilemanifest version="2">\377\376</profilemanifest>' > "$NETWORK/b/installed"
refused 'no UTF-8' '--query-installed: line '
echo 'yes "<a>"' > "$NETWORK/b/query-installed.sh"
refused 'an endless answer' '--query-installed: too much output'
rm "$NETWORK/b/query-installed.sh"

requisites() # WHAT LINES MESSAGE
{
    answer ''
    printf '%b' "$2" > "$NETWORK/b/requisites"
    refused "$1" "--query-requisites: $3"
}
requisites 'a requisite that is an option' '--help\n' 'no store path: --help'
requisites 'a requisite outside the store' '/etc/passwd\n' 'no store path: /etc/passwd'
requisites 'a requisite with Nix code' '/nix/store/${builtins.abort "x"}\n' 'no store path: /nix/store/${'
requisites 'a NUL byte in the requisites' "$(store_path b)\000\n" 'a NUL byte'
echo "yes $(store_path b)" > "$NETWORK/b/query-requisites.sh"
refused 'endless requisites' '--query-requisites: too much output'
rm "$NETWORK/b/query-requisites.sh"
requisites 'a control sequence' '\033[2J\n' 'no store path: '
lacks "$messages" "$(printf '\033')" 'a control sequence: does not reach the terminal'

# What a client prints, in other ways than it should.
good() # WHAT: b is captured as if nothing were odd
{
    print
    is "$status $(reported 'r["targets"]["b"]["status"]')" '0 captured' "$1: understood"
    has "$output" "<profile name=\"b\">$(store_path b)</profile>" "$1: the profile is what it should be"
}
profile b "$(service k2 api)" "$(mapping k2 echo)" ''
printf '%s' "$(store_path b)" > "$NETWORK/b/requisites"
good 'requisites without a last new line'
printf '\n\n%s\n%s\n\n\n' "$(store_path glibc)" "$(store_path b)" > "$NETWORK/b/requisites"
good 'requisites with empty lines'
tail -n +3 "$NETWORK/b/installed" > "$NETWORK/b/new"
printf '\357\273\277' | cat - "$NETWORK/b/new" > "$NETWORK/b/installed"
good 'a byte order mark'
sed 's/$/\r/' "$NETWORK/b/new" > "$NETWORK/b/installed"
good 'a profile manifest whose lines end with carriage returns'
requisites 'requisites whose lines end with carriage returns' "$(store_path b)\r\n" "no store path: $(store_path b)?"
requisites 'requisites with trailing blanks' "$(store_path b) \n" "no store path: $(store_path b) "
requisites 'a path below a store path' "$(store_path b)/etc\n" "no store path: $(store_path b)/etc"
requisites 'a store path of another store' '/gnu/store/00000000000000000000000000000000-b\n' 'no store path: /gnu'
requisites 'a derivation in a word' "$(store_path b)!out\n" "no store path: $(store_path b)!out"
requisites 'only blanks' '  \n' 'no store path:   '
answer '<profilemanifest version="2"></profilemanifest>trailing'
refused 'something behind the profile manifest' '--query-installed: line 1: '
answer 'Last login: today
<profilemanifest version="2"/>'
refused 'something before the profile manifest' '--query-installed: line 1: '
answer '<manifest version="2"/>'
refused 'a deployment manifest' '--query-installed: line '
for name in '\302\233' '\342\200\250' '\342\200\256' '\342\201\246' '\302\200'; do
    holding "$(service k2 "$(printf "a${name}b")" | sed "s|<pkg>[^<]*|<pkg>$(store_path api)|")"
    refused "the control character $name in a name" '--query-installed: line 3: service k2: control characters'
    case $messages in
        *"$(printf "$name")"*) result 1 "the control character $name: does not reach the terminal" ;;
        *) result 0 "the control character $name: does not reach the terminal" ;;
    esac
done
holding "$(service "$(printf 'k\342\200\256')" api)"
refused 'a control character in a key' '--query-installed: line 3: service k?: '
profile b "$(service k2 api)" "$(mapping k2 "$(printf 'e\342\200\250')")" ''
refused 'a control character in a container' '--query-installed: line 3: service mapping: container e?: '

# Attributes are few, and nothing takes time out of proportion.
answer "<profilemanifest version=\"2\"><services $(seq -f "a%.0f=''" 100)/></profilemanifest>"
refused 'a hundred attributes' '--query-installed: line 1: an element has too many attributes'

# The profile of another target: it does not even look like it.
profile b '' '' ''
store_path a > "$NETWORK/b/requisites"
print
is "$status $(reported 'r["targets"]["b"]["status"], r["targets"]["b"]["profile"]')" "0 ('captured', '$(store_path a)')" \
    'a profile path whose name is that of another target is a store path like any other'

# What clients say on standard error is passed on as lines of their target, made harmless.
profile b "$(service k2 api)" "$(mapping k2 echo)" ''
cat > "$NETWORK/b/query-requisites.sh" << 'END'
printf '\033[2J\033]0;owned\007\n[target: a]: lies\nx\302\2331m\342\200\256y\377\n\r[coordinator]: lies\n' >&2
yes "$(printf '\033[31mflood')" | head -n 2000 >&2
cat "$target/requisites"
END
print
is "$(reported 'r["targets"]["b"]["status"]')" captured 'control sequences on standard error: the answer counts'
is "$(LC_ALL=C tr -d '\040-\176\n' < "$scratch/messages" | wc -c)" 0 'control sequences on standard error: none is passed on'
has "$messages" '[target: b]: [target: a]: lies' 'standard error: nobody speaks for another target'
has "$messages" '[target: b]: ?[coordinator]: lies' 'standard error: nor for the coordinator'
is "$(grep -c flood "$scratch/messages")" 2000 'a flood on standard error: every line is one'
rm "$NETWORK/b/query-requisites.sh"

# Silence and garbage together: each target is told by itself.
infrastructure a b c d
profile a "$(service k1 db)" "$(mapping k1 echo)" ''
profile c "$(service k3 web)" "$(mapping k3 echo)" ''
answer 'garbage'
mkdir "$NETWORK/d"
echo 255 > "$NETWORK/d/status"
for policy in keep skip; do
    print --unreachable=$policy
    is "$status $(reported '[t["status"] for _, t in sorted(r["targets"].items())]')" \
        "0 ['captured', 'invalid', 'captured', 'silent']" "unreachable=$policy: bad ones hide no good ones"
    is "$(printf '%s\n' "$output" | grep -o '<service>k[0-9]</service><target>.' | tr '\n' ' ')" \
        '<service>k1</service><target>a <service>k3</service><target>c ' "unreachable=$policy: their services are there"
    has "$messages" '[target: b]: invalid: --query-installed: line 1: ' "unreachable=$policy: file, line and element are said"
done
print --unreachable=fail
is "$status" 1 'unreachable=fail: an invalid target ends it'
has "$messages" '[target: b]: is invalid, and unreachable=fail' 'unreachable=fail: said'
rm -r "$NETWORK/c" "$NETWORK/d"

# The model: nothing is started before all of it is found good.
option=
refuse_model() # WHAT MESSAGE
{
    reconstruct --xml --dry-run ${option:+"$option"} "$model"
    is "$status" 1 "$1: fails"
    has "$messages" "infrastructure.xml: $2" "$1: said"
    is "$(wc -l < "$scratch/messages")" 1 "$1: in one line"
    is "$(cat "$NETWORK/calls")" '' "$1: no client was started"
}
profile a '' '' ''
key()
{
    infrastructure a
    sed "s|<string value=\"a\"/>|<string value=\"$1\"/>|" "$model" > "$model.new" && mv "$model.new" "$model"
}
for bad in '-oProxyCommand=x' 'a b' 'a\&#9;b' 'a\&#10;b' ''; do
    key "$bad"
    refuse_model "the connection key '$bad'" 'target a: hostname: not usable as a connection key'
done
# Wherever a key can come from.
infrastructure a
sed 's|<attr name="hostname">|<attr name="ip"><string value="-x"/></attr>&|' "$model" > "$model.new" && mv "$model.new" "$model"
cp "$model" "$model.ip"
sed 's|<attr name="a"><attrs>|&<attr name="targetProperty"><string value="ip"/></attr>|' "$model" > "$model.new"
mv "$model.new" "$model"
refuse_model 'a key in the property that the target names' 'target a: ip: not usable as a connection key'
cp "$model.ip" "$model"
export DISNIX_TARGET_PROPERTY=ip
refuse_model 'a key in the property that the environment names' 'target a: ip: not usable as a connection key'
unset DISNIX_TARGET_PROPERTY
option=--target-property=ip
refuse_model 'a key in the property that the option names' 'target a: ip: not usable'
option=--target-property=none
refuse_model 'a property that is not there' 'target a: targetProperty: names a property'
option=--interface=--help
refuse_model 'an interface that is an option' 'target a: clientInterface: '
option=
cat > "$model" << 'END'
<infrastructure version="2"><target name="a"><properties><property name="hostname" type="string">-x</property>
</properties></target></infrastructure>
END
refuse_model 'a key in a normalised model' 'target a: hostname: not usable as a connection key'
infrastructure a
sed 's|<string value="a"/>|<list><string value="a"/></list>|' "$model" > "$model.new" && mv "$model.new" "$model"
refuse_model 'a key that is a list' 'target a: hostname: not usable as a connection key'
infrastructure a b
print
printf '%s\n' "$output" | sed 's|\(<target name="b">.*\)>b</property>|\1>-oProxyCommand=x</property>|' > "$scratch/previous.xml"
rm -r "$NETWORK/b"
print --previous="$scratch/previous.xml"
is "$status" 0 'a key in the previous manifest: no failure'
lacks "$(cat "$NETWORK/calls") $output" ProxyCommand 'a key in the previous manifest: it is neither used nor kept'
infrastructure a 'b c'
refuse_model 'a target name with a blank' 'target b c: a name that'
infrastructure a
sed 's|<attr name="a"><attrs>|&<attr name="clientInterface"><string value="--help"/></attr>|' "$model" > "$model.new"
mv "$model.new" "$model"
refuse_model 'a client interface that is an option' 'target a: clientInterface: '
echo '<!DOCTYPE expr [<!ENTITY e SYSTEM "file:///etc/hostname">]><expr><attrs/></expr>' > "$model"
refuse_model 'a model with a DTD' 'line 1: a document type definition'
: > "$model"
refuse_model 'an empty model' 'empty'
echo '<expr><attrs>' > "$model"
refuse_model 'half a model' 'line '
{ printf '<expr>'; printf '%5000s' '' | sed 's/ /<list>/g'; } > "$model"
refuse_model 'a deep model' 'line 1: more than '
done_testing
