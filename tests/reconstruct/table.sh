#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is made of what the targets say together: services that they share, dependencies, what only the previous
# manifest knows. Nix is needed only to hash what they disagree about.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/network.sh"

"$srcdir/tests/tools/with-nix" "$scratch/machine" true 2> /dev/null || skip_all 'user namespaces are not allowed here'

previous=$scratch/previous.xml

print()
{
    reconstruct --xml --print-manifest "$@" "$model"
}

# A target that has left the model.
profile a "$(service k1 db)" "$(mapping k1 echo)" "$(snapshot k1 echo db)"
profile b "$(service k2 api)" "$(mapping k2 echo)" ''
infrastructure a b
print
printf '%s\n' "$output" > "$previous"
infrastructure a
print --previous="$previous"
is "$status" 0 'a target that has left the model: no failure'
lacks "$output" 'name="b"' 'a target that has left the model: it is left out'
lacks "$output" 'k2' 'a target that has left the model: its services too'
lacks "$(cat "$NETWORK/calls")" 'b	' 'a target that has left the model: it is not asked'
is "$(reported 'r["changed"]')" True 'a target that has left the model: this is a change'

# Services of type package have no mapping, and stand in no profile manifest.
infrastructure a b
sed "s|</services>|$(service k9 tools)&|" "$previous" > "$previous.new"
print --previous="$previous.new"
has "$output" '<service name="k9"><name>tools</name>' 'a package of the previous manifest is carried over'
is "$(reported 'r["changed"]')" False 'a package of the previous manifest: nothing has changed'

# With all state deployed, packages have snapshot mappings as well.
sed "s|</snapshotMappings>|$(snapshot k9 package tools b)&|" "$previous.new" > "$previous.state"
print --previous="$previous.state"
has "$output" '<component>tools</component>' 'a snapshot mapping of a package is carried over'
is "$(reported 'r["changed"]')" False 'a snapshot mapping of a package: nothing has changed'

# A service that had a mapping only on what is gone is not a package.
rm -r "$NETWORK/b"
mkdir "$NETWORK/b"
print --previous="$previous"
lacks "$output" 'k2' 'a service whose only mapping is gone is not carried over'

# Dependencies on what is not there.
profile a "$(service k1 db "$(dependency k7 echo b)$(dependency k2 echo b)" "$(dependency k8 echo gone)")" \
    "$(mapping k1 echo)" ''
profile b "$(service k2 api)" "$(mapping k2 echo)" ''
print
is "$status" 0 'dangling: no failure'
has "$output" '<container>echo</container><service>k2</service><target>b</target></mapping></dependsOn><connectsTo></connectsTo>' \
    'dangling: what is there stays, the rest is left out'
lacks "$output" 'k7' 'dangling: of dependsOn'
lacks "$output" 'k8' 'dangling: of connectsTo'
is "$(reported '[(d["service"], d["kind"], d["dependency"]["service"], d["dependency"]["target"]) for d in r["dangling"]]')" \
    "[('k1', 'dependsOn', 'k7', 'b'), ('k1', 'connectsTo', 'k8', 'gone')]" 'dangling: reported'
has "$messages" 'a dependency of db on a mapping that is gone is left out: target b' 'dangling: said'

# An honest difference: connectsTo is not part of the key.
shared() # HOLDER CONNECTED-TO
{
    profile "$1" "$(service k1 db '' "$(dependency k2 echo "$2")")$(service k2 api)" \
        "$(mapping k1 echo)$(mapping k2 echo)" ''
}
shared a a
shared b b
connected_to() # what the manifest says that k1 is connected to
{
    printf '%s\n' "$output" | sed -n 's|.*<service name="k1">.*<connectsTo>\(.*\)</connectsTo>.*<service name="k2">.*|\1|
        s|.*<target>\([^<]*\)</target>.*|\1|p'
}
print
is "$status" 0 'divergent: no failure'
is "$(connected_to)" a 'divergent: the first target by name decides'
is "$(reported '[d["service"] for d in r["divergent"]]')" "['k1']" 'divergent: reported'
has "$messages" 'different versions of connectsTo or providesContainers of db' 'divergent: said'
printf '%s\n' "$output" | sed 's|\(<connectsTo>.*\)<target>a</target>\(.*</connectsTo>\)|\1<target>b</target>\2|' \
    > "$previous"
print --previous="$previous"
is "$(connected_to)" b 'divergent: unless the previous manifest has one of them'
is "$(reported 'r["changed"]')" False 'divergent: nothing has changed then'
sed 's|\(<connectsTo>.*\)<target>b</target>\(.*</connectsTo>\)|\1<target>c</target>\2|' "$previous" > "$previous.new"
print --previous="$previous.new"
is "$(connected_to)" a 'divergent: a version that no target holds does not count'

# A kept claim just loses: b is silent, and the previous manifest has another package under the key.
profile a "$(service k1 db)" "$(mapping k1 echo)" ''
profile b "$(service k1 other)" "$(mapping k1 echo)" ''
infrastructure b
print
printf '%s\n' "$output" > "$previous"
infrastructure a b
echo 255 > "$NETWORK/b/status"
print --previous="$previous"
is "$status" 0 'a kept claim that disagrees: no failure'
has "$output" "<pkg>$(store_path db)</pkg>" 'a kept claim that disagrees: what was captured stays'
lacks "$output" "<pkg>$(store_path other)</pkg>" 'a kept claim that disagrees: it loses'

# Two captured claims that disagree, in a case of real Disnix. Nix hashes both.
case=$srcdir/tests/corpus/v2-two-targets
model=$case/infrastructure.xml
golden()
{
    while IFS="$(printf '\t')" read -r name key path; do
        profile "$key" '' '' ''
        echo "$path" > "$NETWORK/$key/requisites"
        cp "$case/targets/$name/profilemanifest.xml" "$NETWORK/$key/installed"
    done < "$case/profiles.tsv"
}
tamper() # TARGET SED-EXPRESSION
{
    sed "$2" "$NETWORK/$1/installed" > "$NETWORK/$1/tampered"
    ! cmp -s "$NETWORK/$1/installed" "$NETWORK/$1/tampered" || evidence "nothing to tamper with: $2"
    mv "$NETWORK/$1/tampered" "$NETWORK/$1/installed"
}

golden
tamper test1 's|<name>svc0</name>|<name>evil</name>|'
DYDISNIX_NIX_EXPRESSIONS=/nonexistent print
is "$status" 1 'targets disagree, no Nix: fails'
has "$messages" 'targets disagree about a service, and its key cannot be computed' 'targets disagree, no Nix: said'

machine=$scratch/machine
disagreement() # LIAR WHAT
{
    print --previous="$case/manifest.xml"
    is "$status" 0 "targets disagree about the $2: no failure"
    is "$(reported "r['targets']['$1']['status'], r['targets']['$1']['done']")" "('invalid', 'kept')" \
        "targets disagree about the $2: who does not fit is invalid"
    has "$messages" "[target: $1]: invalid: service " "targets disagree about the $2: said"
    lacks "$output" evil "targets disagree about the $2: the one that fits stays"
}
disagreement test1 name
golden
tamper test2 's|<type>tomcat-webapplication</type>|<type>evil</type>|'
disagreement test2 type
golden
tamper test2 's|-svc0-1.6|-evil|'
disagreement test2 package
golden
tamper test2 's|<container>echo</container><service>0c5e|<container>evil</container><service>0c5e|'
disagreement test2 dependencies

tamper test1 's|<name>svc3</name>|<name>bad</name>|'
print --previous="$case/manifest.xml"
is "$status" 0 'targets disagree and none fits: no failure'
is "$(reported '[(n, t["status"], t["done"]) for n, t in sorted(r["targets"].items())]')" \
    "[('test1', 'invalid', 'kept'), ('test2', 'invalid', 'kept')]" 'targets disagree and none fits: both are invalid and kept'
has "$messages" '[target: test1]: invalid: service 32954a9264dbfb78' 'targets disagree and none fits: the first is named'
has "$messages" '[target: test2]: invalid: service 32954a9264dbfb78' 'targets disagree and none fits: the second is named'
lacks "$output" '<name>bad</name>' 'targets disagree and none fits: nothing of what they say is taken'
print
is "$status" 1 'targets disagree, none fits, nobody else knows: fails'
has "$messages" 'no target gave a usable answer' 'targets disagree, none fits, nobody else knows: said'

# Two liars about a key that they made up do not end the reconstruction of the honest ones.
model=$scratch/infrastructure.xml
infrastructure a b c
profile a "$(service k1 db)" "$(mapping k1 echo)" ''
profile b "$(service zzz one)" "$(mapping zzz echo)" ''
profile c "$(service zzz two)" "$(mapping zzz echo)" ''
print
is "$status" 0 'two liars: no failure'
is "$(reported '[t["status"] for n, t in sorted(r["targets"].items())]')" "['captured', 'invalid', 'invalid']" \
    'two liars: both are invalid'
has "$output" '<service name="k1">' 'two liars: the honest one is captured'
lacks "$output" zzz 'two liars: nothing of theirs is'

done_testing
