#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The client interface over ssh: it keeps the contract of Disnix's clients, and no word of it is for a remote shell.
lab_targets=2
. "$srcdir/tests/share/ssh-network.sh"

process='--type process --container process'

fails 1 'a wrong option' ssh_client --target test1 --nothing
fails 1 'no target' ssh_client --query-installed
ok 'no operation' ssh_client --target test1
is "$(output)" '' 'prints nothing'
has "$(ssh_client --version)" dydisnix-lab-ssh-client 'it knows its name'

path=$(on test1 sh -c 'echo text > "$TMPDIR/text"; nix-store --add "$TMPDIR/text"')
is "$(ssh_client --target test1 --query-requisites "$path")" "$path" 'requisites'
is "$(ssh_client --target test1:22 --query-requisites "$path")" "$path" 'with a port'
fails 1 'a status comes through' ssh_client --target test2 --query-requisites "$path"
fails 255 'a port without sshd' ssh_client --target test1:23 --query-requisites "$path"
file=$(ssh_client --target test1 --export --remotefile "$path")
ok 'a closure comes' test -s "$file"
is "$(ssh_client --target test2 --import --localfile "$file")" "$path" 'and goes'
is "$(on test2 cat "$path")" text 'byte for byte'
rm -f "$file"

database=$(package test1 database-1)
# shellcheck disable=SC2086
{
    ok 'a component' ssh_client --activate --target test1 $process "$database"
    lab write test1 database one > /dev/null
    ok 'has a snapshot' ssh_client --snapshot --target test1 $process "$database"
    name=$(ssh_client --target test1 --query-latest-snapshot --container process --component database-1)
    absolute=$(ssh_client --target test1 --resolve-snapshots "$name")
    directory=$(ssh_client --target test1 --export-snapshots "$absolute")
    ok 'which goes to another target' ssh_client --target test2 --import-snapshots --localfile --container process \
        --component database-1 "$directory/${absolute##*/}"
    is "$(ssh_client --target test2 --query-latest-snapshot --container process --component database-1)" "$name" \
        'under the same name'
    rm -r "$directory"
}

# Words that a shell would take for something else come through as they are: the names of snapshots that are not there
# are printed.
mark=$scratch/mark
set -- 'a b  c' "a'b" 'a"b' "\$(touch '$mark')" "\`touch '$mark'\`" "a; touch '$mark'" "a' ; touch '$mark' ; '" \
    "a & touch '$mark'" "a | touch '$mark'" "a > '$mark'" 'a\b' 'a\' "a\\'b" '*' '~' '!!' '$HOME' '${HOME}' '#a' \
    '-rf' '--help' 'ü' 'a
b'
for word; do
    is "$(ssh_client --target test1 --print-missing-snapshots -- "$word"; echo .)" "$(printf '%s\n.' "$word")" \
        "literally: $word"
done
is "$(ssh_client --target test1 --print-missing-snapshots -- "$@")" "$(printf '%s\n' "$@")" 'all at once'
# shellcheck disable=SC2016,SC2086
is "$(ssh_client --shell --target test1 $process --arguments "odd=\$(touch '$mark') '\" ;" "$database" \
    --command 'printf %s "$odd"')" "\$(touch '$mark') '\" ;" 'a property of a container'
fails 1 'a container' ssh_client --activate --target test1 --type process --container "\$(touch '$mark')" "$database"
has "$(output)" "\$(touch '$mark')" 'has a name'
fails 1 'a profile' ssh_client --query-installed --target test1 --profile "x;touch '$mark'"
for key in "-oProxyCommand=touch '$mark'" "test1;touch '$mark'" "\$(touch '$mark')" 'test1 test2' 'root@test1' test1: \
    test1:x test1:22:22 ''; do
    status=255
    [ -n "$key" ] || status=1
    fails "$status" "no key: $key" ssh_client --query-installed --target "$key"
done
ok 'nothing of it was run' test ! -e "$mark"

done_testing
