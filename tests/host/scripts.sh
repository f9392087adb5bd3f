#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Plugins that are executables: what they get, how their ending is taken, and which are refused.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

events=$scratch/events
asked=$scratch/asked
mkdir "$events"
export events asked

script() # NAME: its text on standard input
{
    {
        echo '#!/bin/sh'
        # shellcheck disable=SC2016
        echo 'echo "$1" >> "$asked"; [ "$1" = hooks ] || cat > "$events/$1.json"'
        cat
    } > "$scratch/$1"
    chmod +x "$scratch/$1"
}

with() # SCRIPT OPTION…
{
    one=$1
    shift
    forget_calls
    rm -f "$events"/* "$asked"
    watching --once --plugin=script:"$scratch/$one" "$@"
}

member() # HOOK EXPRESSION
{
    python3 -c 'import json, sys; e = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$events/$1.json" "$2"
}

echo 'exit 2' | script looks-on
ok 'a script that takes nothing' with looks-on --plugin-option=looks-on:colour=red --plugin-option=looks-on:n=1
is "$(called)" 'dydisnix-gendist nix-store disnix-manifest nix-store disnix-distribute disnix-activate disnix-restore disnix-set ' 'leaves all stages to Disnix'
is "$(ls "$events" | tr '\n' ' ')" \
    'assign_ids.json augment.json capture.json cycle_finished.json reconstruct.json redeploy.json redistribute.json snapshot.json ' \
    'and is asked for every hook'
is "$(member redeploy '[e["hook"], e["version"], e["options"]]')" "['redeploy', 1, {'colour': 'red', 'n': '1'}]" \
    'it gets the event, with its options'
is "$(member cycle_finished '[e["outcome"], e["stage"]]')" "['done', 'redeploy']" 'also when the cycle is over'
is "$(find "$state/default" -name '*event-for*')" '' 'no event is left'

script chooses.sh << 'END'
[ "$1" != hooks ] || echo 'redistribute
cycle_finished'
[ "$1" != redistribute ] || printf '{ "distribution": "%s", "by": "h\303\251" }\n' "$(cat "$answers/chosen")"
END
echo "$manifest" > "$answers/chosen"
ok 'a script that names its hooks, called by its name up to the dot' with chooses.sh --plugin-option=chooses:x=y
is "$(sort -u "$asked" | tr '\n' ' ')" 'cycle_finished hooks redistribute ' 'is asked for those only'
is "$(calls_of dydisnix-gendist)" 0 'what it takes it has'
has "$(arguments disnix-manifest)" "$manifest" 'and its report is used'
is "$(member cycle_finished 'e["reports"]["redistribute"]["by"]')" 'hé' 'and told to later hooks'

echo '[ "$1" != redistribute ] || { echo "no map" >&2; exit 7; }; exit 2' | script fails
fails 1 'a script that fails' with fails
has "$(output)" '[fails]: no map' 'what it says is passed on'
has "$(output)" 'plugin fails: its hook redistribute failed with 7' 'its status is told'
is "$(calls_of disnix-manifest)" 0 'and ends the cycle'
echo '[ "$1" != redistribute ] || { echo "{\"why\": \"no map\"}"; exit 1; }; exit 2' | script reports
fails 1 'a script that fails with a report' with reports
is "$(member cycle_finished 'e["reports"]["redistribute"]')" "{'why': 'no map'}" 'has it read'
# shellcheck disable=SC2016
echo '[ "$1" != redistribute ] || kill -9 $$; exit 2' | script dies
fails 1 'a script that dies' with dies
has "$(output)" 'dies: redistribute: killed by signal 9' 'is told'
for text in '{' '[]' '5' 'null' '{} {}' '{"a":1,"a":2}' "$(printf '{"a":"\377"}')"; do
    printf '%s' "$text" > "$answers/printed"
    # shellcheck disable=SC2016
    echo '[ "$1" != redistribute ] || { cat "$answers/printed"; exit 0; }; exit 2' | script prints
    fails 1 "a script that prints $text" with prints
    has "$(output)" 'what it printed for redistribute is no report' 'is told'
done
echo '[ "$1" != redistribute ] || exec cat /dev/zero; exit 2' | script floods
fails 1 'a script that prints without end' with floods
has "$(output)" 'floods: redistribute: too much output' 'is ended'
echo '[ "$1" != hooks ] || exit 0; echo "{"; exit 2' | script declines
ok 'what a script prints that does not take the stage is not looked at' with declines
echo '[ "$1" != cycle_finished ] || exit 9; exit 2' | script late
ok 'how cycle_finished ends changes nothing' with late

refused() # PART SCRIPT
{
    fails 1 "refused: $2" with "$2"
    has "$(output)" "$1" "and told: $1"
    is "$(output | wc -l)" 1 'in one line'
    is "$(called)" '' 'before anything is run'
}
echo 'echo capture paint' | script paints
refused 'asked for its hooks is none: paint' paints
echo 'exit 1' | script sick
refused 'sick: asked for its hooks: exit status 1' sick
echo 'kill -6 $$' | script ill
refused 'ill: asked for its hooks: killed by signal 6' ill
refused 'absent: asked for its hooks: not started: No such file' absent
: > "$scratch/plain"
refused 'plain: asked for its hooks: not started: Permission denied' plain
echo 'exit 2' | script 'two words'
refused 'its name has other characters' 'two words'
echo 'exit 2' | script relative
cd "$scratch" || exit 99
for name in relative ./relative; do
    rm -f "$asked"
    ok 'a relative path' watching --once --plugin=script:$name
    ok 'is one from here' grep -q hooks "$asked"
done
cd "$events" || exit 99
fails 1 'elsewhere' watching --once --plugin=script:relative
has "$(output)" "plugin $events/relative: asked for its hooks: not started: No such file" 'there is none'

# Two at once, in the order of the command line.
echo '[ "$1" != redistribute ] || { echo "{\"distribution\": \"$(cat "$answers/first")\"}"; exit 0; }; exit 2' | script first
echo "$previous" > "$answers/first"
ok 'of two plugins' with chooses.sh --plugin=script:"$scratch/first"
has "$(arguments disnix-manifest)" "$manifest" 'the first that takes a stage has it'
ok 'in the other order' with first --plugin=script:"$scratch/chooses.sh"
has "$(arguments disnix-manifest)" "$previous" 'the other one'

done_testing
