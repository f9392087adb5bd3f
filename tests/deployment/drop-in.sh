#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In place of the script of Dynamic Disnix: its command lines run unchanged. Which program gets which option, and
# what is said when, is how the script does it; where this program does it otherwise, its manual page has it in a table.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

lines()
{
    printf '%s\n' "$@"
}

script() # OPTION…: as a command line of the script, in the directory of the models
{
    # shellcheck disable=SC2016
    sh -c 'cd "$1" && shift && exec "$@"' sh "$models" "$with_nix" "$scratch/machine" \
        "$builddir/dydisnix-self-adapt" --state-dir="$state" --once "$@"
}

said() # what the loop said of its steps, a line each, without the names of files
{
    output | sed -n 's/^\[coordinator\]: //p' | sed 's, /.*,,' | grep -E '^[A-Z].*(\.\.\.|:|!)$'
}

gets() # PROGRAM WORD…: its last call has these words, in this order, one after the other
{
    program=$1
    shift
    has "$(arguments "$program")" "$(lines "$@")" "$program gets $*"
}

# With what is required, from variables where that can be.
DYDISNIX_GENINFRA='generate'
export DYDISNIX_GENINFRA
ok 'a command line with what is required' script -s services.nix -q qos.nix
captured="$state/default/infrastructure.nix"
gets dydisnix-gendist --services "$models/services.nix" --infrastructure "$captured" --qos "$models/qos.nix" \
    --no-out-link
for option in -m --keep --filters --extra-params --interface --target-property --show-trace --delete-state \
    --depth-first --no-migration --coordinator-profile-path; do
    lacks "$(cat "$calls"/*.arguments | tr '\n' ' ')" " $option " "$option is not made up"
done
is "$(said)" "$(lines 'Capturing infrastructure...' 'Captured infrastructure file:' 'Using infrastructure model:' \
    'A change in the infrastructure has been detected!' 'Generating a new distribution model...' \
    'Using generated distribution model:' 'Redeploying the system...' 'Building manifest...' \
    'Distributing intra-dependency closures...' 'Acquiring locks...' 'Activating new configuration...' \
    'Migrating data...' 'Setting profiles...' 'Releasing locks...')" 'what is said, in this order'
has "$(output)" "[coordinator]: Captured infrastructure file: $captured" 'the captured model is named'
has "$(output)" "[coordinator]: Using generated distribution model: $distribution" 'the distribution is named'
is "$("$with_nix" "$scratch/machine" sh -c 'cat "$1"' sh "$captured")" "$(cat "$answers/generate")" 'and can be read there'
unset DYDISNIX_GENINFRA

# With everything that the script knows, by each of its two spellings.
everything="--augment augment.nix --ids ids.nix --id-resources resources.nix --ids-service-property needs
    --filters filters.nix --interval 30 --profile mine --coordinator-profile-path profiles --max-concurrent-transfers 4
    --no-migration --delete-state --snapshot --depth-first --keep 2 --show-trace --interface client
    --target-property hostname"
letters=$(printf '%s' "$everything" |
    sed 's/--augment/-a/; s/--filters/-F/; s/--profile/-p/; s/--max-concurrent-transfers/-m/')
equals=$(printf '%s' "$everything" | sed -E 's/(--[a-z-]+) ([^ -])/\1=\2/g')
cp "$models/infrastructure.nix" "$models/augmented.nix"
echo "$models/augmented.nix" > "$answers/dydisnix-augment-infra"
mkdir "$models/profiles"
ln -s mine-1-link "$models/profiles/mine"
ln -s "$previous" "$models/profiles/mine-1-link"
for spelling in "$everything" "$letters" "$equals"; do
    forget_calls
    rm -f "$models/ids.nix"
    # shellcheck disable=SC2086
    ok "every option: $(printf '%.20s' "$spelling")…" script --services services.nix --qos qos.nix \
        --geninfra 'generate --here' $spelling --extra-params '{ a = "b c"; }'
    gets generate --here
    gets dydisnix-augment-infra --infrastructure "$state/mine/infrastructure.nix" --augment "$models/augment.nix"
    gets disnix-snapshot --profile mine
    gets disnix-snapshot -m 4
    gets dydisnix-gendist --services "$models/services.nix" --infrastructure "$models/augmented.nix" \
        --qos "$models/qos.nix" --no-out-link --profile mine --filters "$models/filters.nix" \
        --coordinator-profile-path "$models/profiles" --extra-params '{ a = "b c"; }' --interface client \
        --target-property hostname --show-trace
    gets dydisnix-id-assign --services "$models/services.nix" --infrastructure "$models/augmented.nix" \
        --distribution "$distribution" --id-resources "$models/resources.nix" --service-property needs \
        --output-file "$models/ids.nix"
    gets disnix-manifest --services "$models/services.nix" --infrastructure "$models/augmented.nix" \
        --distribution "$distribution"
    gets disnix-manifest --show-trace
    # The phases of disnix-deploy, each with what that passes on.
    is "$(arguments disnix-distribute)" "$(lines -m 4 "$manifest")" 'disnix-distribute gets -m'
    for name in disnix-activate disnix-set; do
        gets "$name" --profile mine --coordinator-profile-path "$models/profiles"
    done
    gets disnix-activate -o "$previous" "$manifest"
    is "$(calls_of disnix-restore)" 0 '--no-migration: there is no migration'
    # What the script parses and does not pass on.
    gets disnix-manifest --target-property hostname --interface client --extra-params '{ a = "b c"; }'
    gets disnix-snapshot --coordinator-profile-path "$models/profiles"
    gets dydisnix-id-assign --extra-params '{ a = "b c"; }'
done
is "$(said)" "$(lines 'Capturing infrastructure...' 'Captured infrastructure file:' \
    'Augmenting the captured infrastructure...' 'Using infrastructure model:' \
    'A change in the infrastructure has been detected!' 'Capturing the state...' \
    'Generating a new distribution model...' 'Using generated distribution model:' 'Updating the ID assignments...' \
    'Redeploying the system...' 'Building manifest...' 'Distributing intra-dependency closures...' 'Acquiring locks...' \
    'Activating new configuration...' 'Setting profiles...' 'Releasing locks...')" 'what is said of all steps'
forget_calls
write_manifest "$store/$hash-empty.xml"
ln -sfn "/nix/store/$hash-empty.xml" "$models/profiles/mine-1-link"
ok 'migration' script --services services.nix --qos qos.nix --geninfra generate --coordinator-profile-path profiles \
    -p mine -m 4 --delete-state --depth-first --keep 2
gets disnix-restore --profile mine --coordinator-profile-path "$models/profiles" --no-upgrade -m 4 --depth-first --keep 2 \
    "$state/mine/arriving.xml"

# Variables that the script, or what it runs, reads.
forget_calls
ok 'variables' env DISNIX_CLIENT_INTERFACE=their-client DISNIX_TARGET_PROPERTY=ip DISNIX_PROFILE=theirs \
    DISNIX_DEPLOY_STATE=1 DISNIX_DELETE_STATE=1 DYDISNIX_GENINFRA='generate from variable' \
    "$with_nix" "$scratch/machine" "$builddir/dydisnix-self-adapt" --state-dir="$state" --once \
    -s "$models/services.nix" -q "$models/qos.nix"
gets generate from variable
for name in dydisnix-gendist disnix-manifest disnix-distribute disnix-activate disnix-restore disnix-set; do
    is "$(settings_of "$name" | grep DISNIX)" "$(lines DISNIX_CLIENT_INTERFACE=their-client DISNIX_DELETE_STATE=1 \
        DISNIX_DEPLOY_STATE=1 DISNIX_PROFILE=theirs DISNIX_TARGET_PROPERTY=ip)" "$name gets them all"
done

# The loop: an interval as sleep(1) takes it, words of no option, and a generator that is asked again.
start --geninfra generate --verbose stray --interval 0.5
ok 'it waits, and captures again' wait_for 20 logged 3 'Waiting for 1 seconds...'
has "$(cat "$log")" 'stray belongs to no option, and is ignored' 'a word that belongs to no option stops nothing'
is "$(grep -c 'A change in the infrastructure' "$log")" 1 'what has not changed is not deployed again'
write_model test1
cp "$models/infrastructure.nix" "$answers/generate.new"
mv "$answers/generate.new" "$answers/generate"
ok 'what has changed is' wait_for 20 logged 2 'Redeploying the system...'
lines 'Capturing infrastructure...' 'Generating a new distribution model...' 'Redeploying the system...' \
    'Using generated distribution model:' 'Using infrastructure model:' 'Waiting for 1 seconds...' > "$scratch/words"
is "$(sed -n '/Waiting/,$p' "$log" | sed -n 's/^\[coordinator\]: //p' | sed 's, /.*,,' | grep -xF -f "$scratch/words" |
    sort -u)" "$(cat "$scratch/words")" 'with the words of the script'
end_loop

# Its own errors.
for missing in "-q $models/qos.nix --geninfra generate:A services expression must be specified!" \
    "-s $models/services.nix --geninfra generate:A quality of service model must be specified!"; do
    # shellcheck disable=SC2086
    fails 2 "refused: ${missing##*:}" "$builddir/dydisnix-self-adapt" ${missing%%:*}
    has "$(output)" "${missing##*:}" 'and told'
done

# dydisnix-reconstruct takes what disnix-reconstruct takes; getopt(1) knows what that took as short for an option.
long=interface:,target-property:,deploy-state,profile:,max-concurrent-transfers:,coordinator-profile-path:
long=$long,no-coordinator-profile,show-trace,help,version
for option in $(printf '%s' "$long" | tr , ' '); do
    name=${option%:}
    case $name in max-*) value=2 ;; *profile*) value=x ;; target*) value=hostname ;; *) value=client ;; esac
    [ "$name" != "$option" ] || value=
    while [ -n "$name" ]; do
        # shellcheck disable=SC2086
        ! getopt -o p:m:hv -l "$long" -- "--$name" $value > /dev/null 2>&1 ||
            "$builddir/dydisnix-reconstruct" "--$name" $value --help > /dev/null 2>> "$scratch/refused" ||
            echo "--$name" >> "$scratch/refused"
        name=${name%?}
    done
done
is "$(cat "$scratch/refused")" '' 'dydisnix-reconstruct takes every option of disnix-reconstruct, and every short form'

done_testing
