#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Nothing that a model or a target says is ever run, evaluated, followed or taken for an option; one bad target never
# hides the good ones. No Nix is needed for that.
. "$srcdir/tests/functions.sh"
. "$srcdir/tests/network.sh"

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
    print --timeout=20
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

# The model: nothing is started before all of it is found good.
refuse_model() # WHAT MESSAGE
{
    reconstruct --xml --dry-run "$model"
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
