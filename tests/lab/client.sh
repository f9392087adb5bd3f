#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The client interface keeps the contract of Disnix's clients.
. "$srcdir/tests/share/lab.sh"

process='--type process --container process'

# The command line.
fails 1 'a wrong option' client --target test1 --nothing
fails 1 'no target' client --query-installed
ok 'no operation' client --target test1
is "$(output)" '' 'prints nothing'
ok 'help' client --help
fails 255 'an unknown machine' client --target nowhere --query-installed
fails 255 'a name that is none' client --target ../test1 --query-installed

# Nix.
absent=/nix/store/00000000000000000000000000000000-absent
path=$(on test1 sh -c 'echo text > "$TMPDIR/text"; nix-store --add "$TMPDIR/text"')
is "$(client --target test1 --query-requisites "$path")" "$path" 'requisites'
is "$(client --query-requisites --target test1 "$path")" "$path" 'in the other order'
fails 1 'requisites of what is not there' client --target test1 --query-requisites "$absent"
ok 'requisites of nothing' client --target test1 --query-requisites
is "$(output)" '' 'are none'
is "$(client --target test1 --print-invalid "$path" "$absent")" "$absent" 'invalid paths'
ok 'no invalid path' client --target test1 --print-invalid "$path"
fails 1 'no path can be an option' client --target test1 --query-requisites -- --version

# shellcheck disable=SC2016
dependent=$(on test1 sh -c 'cat > "$TMPDIR/two.nix" << END
let one = derivation { name = "one"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo 1 > \$out" ]; };
in derivation { name = "two"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo \${one} > \$out" ]; }
END
nix-instantiate "$TMPDIR/two.nix" 2> /dev/null')
built=$(client --target test1 --realise "$dependent" 2> /dev/null)
has "$built" two 'a derivation is realised'
is "$(client --target test1 -r "$dependent")" "$built" 'by the short option too'
client --target test1 --query-requisites "$built" > "$scratch/requisites"
is "$(wc -l < "$scratch/requisites")" 2 'a closure has its dependencies'
is "$(tail -n 1 "$scratch/requisites")" "$built" 'and the path itself last'

fails 1 'half a closure is not imported' sh -c '
    file=$(dydisnix-lab exec coordinator dydisnix-lab-client --target test1 --export --remotefile "$1") &&
    dydisnix-lab exec coordinator dydisnix-lab-client --target test2 --import --localfile "$file"' sh "$built"
# shellcheck disable=SC2046
file=$(client --target test1 --export --remotefile $(cat "$scratch/requisites"))
ok 'a closure is exported into a local file' test -s "$file"
is "$(client --import --target test2 --localfile "$file" | sort)" "$(sort "$scratch/requisites")" 'and imported'
is "$(on test2 cat "$built")" "$(head -n 1 "$scratch/requisites")" 'and there'
ok 'a remote file is imported' client --target test2 --import --remotefile "$file"
fails 1 'a file that is not there is not' client --target test2 --import --localfile "$scratch/nothing"
fails 1 'what is not there is not exported' client --target test1 --export --remotefile "$absent"
is "$(output | grep -c "^/")" 0 'and no file is named'
rm -f "$file"

# Profiles.
profile=$(on test1 sh -euc 'mkdir "$TMPDIR/profile"; printf "<x/>\n\n" > "$TMPDIR/profile/profilemanifest.xml"
    nix-store --add "$TMPDIR/profile"')
ok 'nothing is installed' client --target test1 --query-installed
is "$(output)" '' 'so nothing is printed'
ok 'a profile is set' client --target test1 --profile default --set "$profile"
is "$(client --target test1 --query-installed; echo .)" "$(printf '<x/>\n\n.')" 'its manifest is printed byte for byte'
is "$(client --target test1 -q -p other)" '' 'another profile is another one'
is "$(client --target test1 --query-requisites /nix/var/nix/profiles/disnix/default)" "$profile" \
    'a profile is as good as its path'
ok 'setting it again' client --target test1 --set "$profile"
is "$(on test1 sh -c 'ls /nix/var/nix/profiles/disnix' | tr '\n' ' ')" 'default default-1-link ' \
    'makes no second generation'
longer=$(on test1 sh -euc 'mkdir "$TMPDIR/longer-name"; echo > "$TMPDIR/longer-name/profilemanifest.xml"
    nix-store --add "$TMPDIR/longer-name"')
ok 'a path of another length' client --target test1 --set "$longer"
is "$(on test1 readlink -f /nix/var/nix/profiles/disnix/default)" "$profile" 'is not set, as by Disnix'
fails 1 'what is not in the store is not set' client --target test1 \
    --set "$(echo "$profile" | sed 's|/store/........|/store/00000000|')"
fails 1 'a profile has a name' client --target test1 --profile ../x --set "$profile"
ok 'the variable names the profile' on coordinator env DISNIX_PROFILE=named dydisnix-lab-client --target test1 \
    --set "$profile"
ok 'which is there' on test1 test -e /nix/var/nix/profiles/disnix/named

# Locks.
ok 'a lock' client --lock --target test1 --profile default
fails 1 'is not had twice' client --lock --target test1 --profile default
ok 'another profile has its own' client --lock --target test1 --profile other
ok 'it is given back' client --unlock --target test1 --profile default
fails 1 'once' client --unlock --target test1 --profile default

# Components.
database=$(package test1 database-1)
lines()
{
    lab ask "$1" "${2-database}" | python3 -c 'import json, sys; print(",".join(json.load(sys.stdin)["state"]))'
}
# shellcheck disable=SC2086
{
    fails 1 'a type is needed' client --target test1 --activate --container process "$database"
    fails 1 'a package is needed' client --target test1 --activate $process
    fails 123 'one that is there' client --target test1 --activate $process "$absent"
    ok 'activate' client --activate --target test1 $process --arguments one=1 --arguments 'two=a "b" $c' "$database"
    ok 'answers' lab ask test1 database-1
    ok 'again' client --activate --target test1 $process --arguments one=1 --arguments 'two=a "b" $c' "$database"
    is "$(on test1 sh -c 'tr "\0" "\n" < /proc/$(pgrep -f "^dydisnix-lab responder")/environ' |
        grep -E '^(one|two|COMPONENT|CONTAINER)=' | sort | tr '\n' '|')" \
        'COMPONENT=database-1|CONTAINER=process|one=1|two=a "b" $c|' 'the program has the arguments'
    is "$(client --shell --target test1 $process --arguments x=y "$database" --command 'echo $x $COMPONENT')" \
        'y database-1' 'a shell has them'

    ok 'a snapshot' client --snapshot --target test1 $process "$database"
    ok 'another of the same' client --snapshot --target test1 $process "$database"
    is "$(client --target test1 --query-all-snapshots -C process -c database-1 | wc -l)" 1 'is the same'
    lab write test1 database one > /dev/null
    ok 'one more' client --snapshot --target test1 $process "$database"
    client --target test1 --query-all-snapshots --container process --component database-1 > "$scratch/all"
    is "$(wc -l < "$scratch/all")" 2 'is another'
    is "$(client --target test1 --query-latest-snapshot --container process --component database-1)" \
        "$(tail -n 1 "$scratch/all")" 'the newest is the last'
    is "$(client --target test1 --query-all-snapshots --container process --component nothing)" '' 'no snapshots'
    is "$(client --target test1 --print-missing-snapshots $(cat "$scratch/all") a/b/c)" a/b/c 'a missing snapshot'
    lab write test1 database two > /dev/null
    ok 'restore' client --restore --target test1 $process "$database"
    is "$(lines test1)" one 'the newest snapshot is the state'

    # To another machine, by way of the coordinator.
    absolute=$(client --target test1 --resolve-snapshots "$(tail -n 1 "$scratch/all")")
    directory=$(client --target test1 --export-snapshots "$absolute")
    is "$(ls "$directory")" "${absolute##*/}" 'a snapshot is in a directory of its own'
    ok 'a snapshot is imported' client --target test2 --import-snapshots --localfile --container process \
        --component database-1 "$directory/${absolute##*/}"
    is "$(client --target test2 --query-latest-snapshot --container process --component database-1)" \
        "$(tail -n 1 "$scratch/all")" 'and has the same name there'
    rm -r "$directory"
    fails 1 'what is not there is not exported' client --target test1 --export-snapshots "$absolute-not"
    fails 1 'nor imported' client --target test2 --import-snapshots --localfile --container process \
        --component database-1 "$directory/x"
    file=$(client --target test1 --export --remotefile "$database")
    client --target test2 --import --localfile "$file" > /dev/null
    ok 'the component on the other machine' client --activate --target test2 $process "$database"
    ok 'gets the state' client --restore --target test2 $process "$database"
    is "$(lines test2)" one 'of the first'
    first=$(client --target test1 --resolve-snapshots "$(head -n 1 "$scratch/all")")
    client --target test1 --import-snapshots --remotefile --container process --component database-1 "$first"
    is "$(client --target test1 --query-latest-snapshot --container process --component database-1)" \
        "$(head -n 1 "$scratch/all")" 'a snapshot that is there becomes the newest'
    ok 'clean' client --target test1 --clean-snapshots --keep 1 --container process --component database-1
    is "$(client --target test1 --query-all-snapshots --container process --component database-1)" \
        "$(head -n 1 "$scratch/all")" 'one is kept'
    ok 'the data of the other is gone' on test1 test ! -e "$absolute"

    ok 'deactivate' client --deactivate --target test2 $process "$database"
    fails 1 'does not answer' lab ask test2 database
    ok 'again' client --deactivate --target test2 $process "$database"
    ok 'state stays' on test2 sh -c 'test -s "$DYDISNIX_LAB/machines/test2/var/lib/lab/state/process/database-1/lines"'
    ok 'until it is deleted' client --delete-state --target test2 $process "$database"
    ok 'and gone' test ! -e "$DYDISNIX_LAB/machines/test2/var/lib/lab/state/process/database-1"
    fails 123 'what is neither active nor was cannot be deactivated' client --deactivate --target test2 $process "$database"
    fails 123 'and has nothing that a snapshot could save' client --snapshot --target test2 $process "$database"

    # Ten snapshots: Dysnomia lists them by the text of their generations' numbers.
    package=$(package test1 ten-1)
    client --activate --target test1 $process "$package"
    for number in 1 2 3 4 5 6 7 8 9 10; do
        lab write test1 ten "$number" > /dev/null
        client --snapshot --target test1 $process "$package"
    done
    client --target test1 --query-all-snapshots --container process --component ten-1 > "$scratch/ten"
    is "$(client --target test1 --query-latest-snapshot --container process --component ten-1)" \
        "$(sed -n 2p "$scratch/ten")" 'the tenth snapshot is the newest, and is listed second'

    # What modules make of their components.
    for nature in files database dump process; do
        package=$(package test2 "$nature-1" "$nature")
        client --activate --target test2 $process "$package"
        lab write test2 "$nature" one > /dev/null
        client --snapshot --target test2 $process "$package"
        client --activate --target test2 $process "$package"
        lab write test2 "$nature" two > /dev/null
        lines=$(lines test2 "$nature")
        client --deactivate --target test2 $process "$package"
        served=$(lab write test2 "$nature" three > /dev/null 2>&1 && echo served)
        on test2 nix-store --delete "$package" > /dev/null 2>&1
        client --snapshot --target test2 $process "$package" 2> /dev/null
        echo "$nature: $lines; $served; $?; $(client --target test2 --query-all-snapshots --container process \
            --component "$nature-1" | wc -l)"
        client --delete-state --target test2 $process "$package" 2> /dev/null
        on test2 test -e "$DYDISNIX_LAB/machines/test2/var/lib/lab/state/process/$nature-1" || echo "$nature is gone"
    done > "$scratch/natures"
    is "$(cat "$scratch/natures")" "$(printf '%s\n' 'files: one,two; ; 123; 1' 'database: one,two; served; 0; 2' \
        'database is gone' 'dump: two; served; 0; 2' 'dump is gone' 'process: one,two; ; 123; 0')" \
        'a database goes on, a dump begins anew, a process is not saved, files need their package'

    # A component without a program, and one whose program never answers.
    ok 'a passive component' client --activate --target test1 $process "$path"
    ok 'has no state' client --snapshot --target test1 $process "$path"
    is "$(client --target test1 --query-latest-snapshot --container process --component text)" '' 'nor a snapshot'
    broken=$(on test1 sh -euc 'mkdir -p "$TMPDIR/broken/bin"; printf "#!/bin/sh\nexit 1\n" > "$TMPDIR/broken/bin/run"
        chmod 755 "$TMPDIR/broken/bin/run"; nix-store --add "$TMPDIR/broken"')
    fails 123 'a program that does not answer' client --activate --target test1 $process "$broken"
    lacks "$(lab status)" broken 'is not active'
}

has "$(client --capture-config --target test1)" 'properties.hostname = "test1";' 'a machine tells of itself'
ok 'garbage is collected' client --collect-garbage --target test1 -d
fails 1 'what nothing holds is gone' on test1 nix-store --check-validity "$built"
ok 'what a profile holds is not' on test1 nix-store --check-validity "$profile"

done_testing
