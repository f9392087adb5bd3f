#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What goes wrong is told, is tried again and ends nothing but its cycle.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

generated()
{
    host -s "$models/services.nix" -q "$models/qos.nix" --geninfra=generate --once "$@"
}

# The generator.
echo 7 > "$answers/generate.status"
fails 1 'a generator that fails' generated
has "$(output)" 'generate: exit status 7' 'is told with its status'
has "$(output)" 'the stage capture failed' 'and its stage'
rm "$answers/generate.status"
while IFS='|' read -r what text stage; do
    printf '%s' "$text" > "$answers/generate"
    fails 1 "a generator that prints $what" generated
    has "$(output)" "the stage $stage failed" "is told with the stage, $stage"
done << 'EOF'
nothing||capture
white space|   |detect
no Nix|{ test1 = ; }|detect
a list|[ 1 2 ]|detect
a target that is no set|{ test1 = 5; }|detect
something that throws|{ test1 = throw "no"; }|detect
a target without its key|{ test1 = { }; }|detect
something of the file system|{ test1 = { properties.hostname = builtins.readFile /no/such; }; }|detect
EOF
printf '{ }' > "$answers/generate"
forget_calls
fails 1 'a model without targets is refused' generated
has "$(output)" '--allow-empty' 'the message names the option'
is "$(called)" 'generate ' 'nothing was touched'
ok 'and accepted with --allow-empty' generated --allow-empty
cp "$models/infrastructure.nix" "$answers/generate"
fails 1 'a generator that is not there' generated --geninfra=no-such-program
has "$(output)" 'no-such-program: not started: ' 'is told'

# What cannot be read is not empty: what was held, paused and left to do is kept, and nothing is deployed meanwhile.
deployed_before "$previous"
for text in '{' '{"version":2,"paused":{"reason":"operator","since":1}}' '{"version":1,"targets":[]}'; do
    mkdir -p "$state/default"
    echo "$text" > "$state/default/state.json"
    forget_calls
    fails 1 "a state.json with $text" watching --once
    has "$(output)" 'state.json is ' 'is told'
    is "$(called)" '' 'nothing was called'
    is "$(cat "$state/default/state.json")" "$text" 'and it stays as it is'
done
rm "$state/default/state.json"

# Each program of the later stages, of a deployment in which state moves.
write_manifest "$store/$hash-previous.xml"
echo "$models/infrastructure.nix" > "$answers/dydisnix-augment-infra"
stages()
{
    watching --once -a "$models/augment.nix" --ids="$models/ids.nix" --id-resources="$models/resources.nix" "$@"
}
while read -r name stage; do
    echo 9 > "$answers/$name.status"
    forget_calls
    fails 1 "$name fails" stages
    has "$(output)" "$name: exit status 9" 'its status is told'
    has "$(output)" "the stage $stage failed" "and the stage, $stage"
    is "$(called | awk '{ print $NF }')" "$name" 'nothing runs after it'
    rm "$answers/$name.status"
done << 'EOF'
dydisnix-augment-infra augment
dydisnix-gendist redistribute
dydisnix-id-assign assign_ids
disnix-manifest redeploy
nix-store redistribute
disnix-distribute redeploy
disnix-activate redeploy
disnix-restore redeploy
disnix-set redeploy
EOF
for name in dydisnix-gendist disnix-manifest; do
    cp "$answers/$name" "$scratch/answer"
    for text in '' nonsense --help /nix/store/../etc "/nix/store/$hash-a b"; do
        echo "$text" > "$answers/$name"
        forget_calls
        fails 1 "$name prints '$text'" stages
        has "$(output)" "$name: no " 'is told'
        is "$(called | awk '{ print $NF }')" "$name" 'nothing runs after it'
    done
    cp "$scratch/answer" "$answers/$name"
done
for text in '' nonsense --help; do
    echo "$text" > "$answers/dydisnix-augment-infra"
    fails 1 "dydisnix-augment-infra prints '$text'" stages
    has "$(output)" 'dydisnix-augment-infra: no path of a model' 'is told'
done
echo "$models/infrastructure.nix" > "$answers/dydisnix-augment-infra"

# Disnix would say so when all has been done.
forget_calls
fails 1 'the directory of the profile cannot be made' stages --coordinator-profile-path=/proc/none
has "$(output)" '/proc/none, where the coordinator profile is to be, is missing and cannot be made: ' 'that is told'
is "$(calls_of disnix-manifest)" 0 'before anything is built'

write_manifest "$store/$hash-previous.xml" test1 test2
echo 1 > "$answers/disnix-snapshot.status"
forget_calls
ok 'a snapshot that fails does not stop the adaptation' stages --snapshot
has "$(output)" 'disnix-snapshot: exit status 1' 'but is told'
is "$(calls_of disnix-activate)" 1 'the system is redeployed'
rm "$answers/disnix-snapshot.status"
write_manifest "$store/$hash-previous.xml"
echo 1 > "$answers/disnix-restore.status"
fails 1 'services are active, state was not migrated: a failed redeployment' stages
has "$(output)" 'state was not migrated' 'is told in words'
rm "$answers/disnix-restore.status"
echo '<manifest version="2"><profiles>' > "$store/$hash-manifest.xml"
forget_calls
fails 1 'a new manifest that cannot be read' stages
is "$(calls_of disnix-activate)" 0 'is not deployed'
write_manifest "$store/$hash-manifest.xml" test1 -x
forget_calls
fails 1 'a new manifest with an option for a connection key' stages
has "$(output)" "[target: -x]: /nix/store/$hash-manifest.xml: it has no usable connection key" 'is told'
is "$(calls_of disnix-distribute)" 0 'nothing is distributed by it'
write_manifest "$store/$hash-manifest.xml" test1

# As where a disk is full, or a quota used up.
said=$("$with_nix" "$scratch/machine" sh -c 'ulimit -f 0 && exec "$@"' sh "$builddir/dydisnix-self-adapt" --once --no-probe \
    --state-dir="$state" --coordinator-profile-path="$scratch/the profiles" -s "$models/services.nix" \
    -q "$models/qos.nix" -i "$models/infrastructure.nix" 2>&1)
is "$?" 1 'no file may be written: that is a failure, and no signal'
has "$said" 'File too large' 'and is told'

done_testing
