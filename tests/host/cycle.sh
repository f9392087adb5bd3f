#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a cycle runs, in which order, with which arguments and settings.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

lines()
{
    printf '%s\n' "$@"
}

ok 'a cycle with nothing but what is required' watching --once
phases='disnix-distribute disnix-activate disnix-set'
is "$(called)" 'dydisnix-gendist nix-store disnix-manifest nix-store disnix-distribute disnix-activate disnix-restore disnix-set ' 'its programs, in their order'
is "$(arguments dydisnix-gendist)" "$(lines \
    --services "$models/services.nix" --infrastructure "$models/infrastructure.nix" --qos "$models/qos.nix" \
    --no-out-link --profile default --coordinator-profile-path "$scratch/the profiles")" 'dydisnix-gendist'
is "$(arguments disnix-manifest)" "$(lines \
    --services "$models/services.nix" --infrastructure "$models/infrastructure.nix" \
    --distribution "$distribution" --no-out-link)" 'disnix-manifest'
is "$(cat "$(find "$calls" -name '*-nix-store.arguments' | sort | head -n 1)")" \
    "$(lines --realise "$distribution" --add-root "$state/default/work/distribution" --indirect)" \
    'its distribution is kept from garbage collection until the cycle ends'
is "$(arguments nix-store)" "$(lines --realise "$manifest" --add-root "$state/default/new" --indirect)" \
    'the new manifest is kept from garbage collection'
is "$(arguments disnix-distribute)" "$manifest" 'disnix-distribute'
for name in disnix-activate disnix-set; do
    is "$(arguments $name)" "$(lines --profile default --coordinator-profile-path "$scratch/the profiles" "$manifest")" \
        "$name, without an old manifest"
done
is "$(arguments disnix-restore)" "$(lines --profile default --coordinator-profile-path "$scratch/the profiles" \
    --no-upgrade "$state/default/arriving.xml")" 'disnix-restore, of all that there is'
is "$(settings_of disnix-manifest)" "$(lines DISNIX_PROFILE=default TMPDIR="$state/default/work")" \
    'settings are not made up'

# Everything at once. Values that begin with - stay values.
forget_calls
deployed_before "$previous"
cp -P "$scratch/the profiles/default-1-link" "$scratch/the profiles/my profile-1-link"
ln -s 'my profile-1-link' "$scratch/the profiles/my profile"
echo "$models/augmented.nix" > "$answers/dydisnix-augment-infra"
cp "$models/infrastructure.nix" "$models/augmented.nix"
everything()
{
    watching --once -a "$models/the augment.nix" --ids="$models/the ids.nix" --id-resources="$models/resources.nix" \
        --ids-service-property=-needsIds -F "$models/the filters.nix" -p 'my profile' -m 7 --delete-state \
        --depth-first --keep=3 --snapshot --extra-params='{ a = "b c"; }' --show-trace --target-property=ip \
        --interface='my client' --force-keys "$@"
}
ok 'a cycle with every option' everything
is "$(called)" \
    "dydisnix-augment-infra disnix-snapshot dydisnix-gendist nix-store dydisnix-id-assign disnix-manifest nix-store nix-store $phases " \
    'its programs, in their order'
is "$(arguments dydisnix-augment-infra)" "$(lines \
    --infrastructure "$models/infrastructure.nix" --augment "$models/the augment.nix")" 'dydisnix-augment-infra'
is "$(arguments disnix-snapshot)" "$(lines \
    --profile 'my profile' --coordinator-profile-path "$scratch/the profiles" -m 7 --depth-first --keep 3 \
    --no-upgrade "$previous")" 'disnix-snapshot, of the manifest that is deployed'
is "$(arguments dydisnix-gendist)" "$(lines \
    --services "$models/services.nix" --infrastructure "$models/augmented.nix" --qos "$models/qos.nix" \
    --no-out-link --profile 'my profile' --filters "$models/the filters.nix" \
    --coordinator-profile-path "$scratch/the profiles" --extra-params '{ a = "b c"; }' --interface 'my client' \
    --target-property ip --show-trace)" 'dydisnix-gendist, on the augmented model'
is "$(arguments dydisnix-id-assign)" "$(lines \
    --services "$models/services.nix" --infrastructure "$models/augmented.nix" --distribution "$distribution" \
    --id-resources "$models/resources.nix" --service-property -needsIds --output-file "$models/the ids.nix" \
    --extra-params '{ a = "b c"; }')" 'dydisnix-id-assign, for the first time'
is "$(arguments disnix-manifest)" "$(lines \
    --services "$models/services.nix" --infrastructure "$models/augmented.nix" --distribution "$distribution" \
    --target-property ip --interface 'my client' --extra-params '{ a = "b c"; }' --no-out-link --show-trace)" \
    'disnix-manifest'
is "$(arguments disnix-distribute)" "$(lines -m 7 "$manifest")" 'disnix-distribute'
is "$(arguments disnix-activate)" "$(lines \
    --profile 'my profile' --coordinator-profile-path "$scratch/the profiles" -o "$previous" "$manifest")" \
    'disnix-activate, against the manifest that is deployed'
is "$(arguments disnix-set)" "$(lines \
    --profile 'my profile' --coordinator-profile-path "$scratch/the profiles" "$manifest")" 'disnix-set'
for name in dydisnix-augment-infra disnix-snapshot dydisnix-gendist nix-store dydisnix-id-assign disnix-manifest $phases; do
    is "$(settings_of $name | grep DISNIX)" \
        "$(lines 'DISNIX_CLIENT_INTERFACE=my client' 'DISNIX_PROFILE=my profile' DISNIX_TARGET_PROPERTY=ip)" \
        "$name gets the profile, the interface and the target property as settings too"
done
for name in dydisnix-augment-infra dydisnix-gendist $phases; do
    is "$(settings_of $name | grep TMPDIR)" "TMPDIR=$state/my profile/work" "what $name leaves behind goes with the cycle"
done

forget_calls
: > "$models/the ids.nix"
ok 'once more, without migration' everything --no-migration
has "$(arguments dydisnix-id-assign)" "$(lines --ids "$models/the ids.nix")" 'ids that were assigned are kept'
is "$(arguments nix-store)" "$(lines --realise "$previous" --add-root "$state/my profile/previous" --indirect)" \
    'the manifest that is deployed is kept from garbage collection too'
is "$(calls_of disnix-restore)" 0 'nothing is migrated'

# Options and variables.
forget_calls
DISNIX_PROFILE=theirs DISNIX_CLIENT_INTERFACE=their-client DISNIX_TARGET_PROPERTY=ip
export DISNIX_PROFILE DISNIX_CLIENT_INTERFACE DISNIX_TARGET_PROPERTY
ok 'settings from variables' watching --once
is "$(settings_of disnix-activate | grep DISNIX)" \
    "$(lines DISNIX_CLIENT_INTERFACE=their-client DISNIX_PROFILE=theirs DISNIX_TARGET_PROPERTY=ip)" \
    'variables are passed on'
has "$(arguments dydisnix-gendist)" "$(lines --profile theirs)" 'the profile also to dydisnix-gendist, which does not read it'
forget_calls
ok 'settings from options' watching --once -p mine --interface=my-client --target-property=hostname
is "$(settings_of disnix-activate | grep DISNIX)" \
    "$(lines DISNIX_CLIENT_INTERFACE=my-client DISNIX_PROFILE=mine DISNIX_TARGET_PROPERTY=hostname)" \
    'an option beats its variable'
unset DISNIX_PROFILE DISNIX_CLIENT_INTERFACE DISNIX_TARGET_PROPERTY

# The generator.
generated()
{
    host -s "$models/services.nix" -q "$models/qos.nix" --once "$@"
}
forget_calls
ok 'a generator' generated --geninfra="generate  --flag 'two words'"
is "$(arguments generate)" "$(lines --flag "'two" "words'")" 'is split at blanks, without quoting'
has "$(arguments disnix-manifest)" "$(lines --infrastructure "$state/default/infrastructure.nix")" 'what it printed is the model'
is "$(cat "$state/default/infrastructure.nix")" "$(cat "$answers/generate")" 'byte for byte'
forget_calls
DYDISNIX_GENINFRA='generate theirs'
export DYDISNIX_GENINFRA
ok 'a generator from the variable' generated
is "$(arguments generate)" theirs 'is run'
forget_calls
ok 'an option' generated --geninfra='generate mine'
is "$(arguments generate)" mine 'beats it'
forget_calls
ok '--infrastructure' watching --once
is "$(calls_of generate)" 0 'beats it too'
unset DYDISNIX_GENINFRA

# Relative names, also such as begin with -.
forget_calls
cp "$models/services.nix" "$models/-s.nix"
ok 'relative names of files' \
    sh -c 'cd "$1" && shift && exec "$@"' sh "$models" "$with_nix" "$scratch/machine" "$builddir/dydisnix-self-adapt" \
    --state-dir="$state/" -s -s.nix -q qos.nix -i infrastructure.nix --once
is "$(arguments disnix-manifest | head -n 4)" \
    "$(lines --services "$models/-s.nix" --infrastructure "$models/infrastructure.nix")" 'are made absolute'

done_testing
