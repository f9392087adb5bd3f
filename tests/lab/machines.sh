#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What can happen to machines.
. "$srcdir/tests/share/lab.sh"

state_of() # MACHINE
{
    lab status --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]]["state"])' "$1"
}

lines_of() # MACHINE SERVICE
{
    lab ask "$1" "$2" | python3 -c 'import json, sys; print(",".join(json.load(sys.stdin)["state"]))'
}

live_on() # SERVICE
{
    lab who "$1" | python3 -c 'import json, sys; print(" ".join(json.load(sys.stdin)))'
}

in_model()
{
    dydisnix-lab-geninfra > "$scratch/infrastructure.nix"
    nix-instantiate --eval --strict --json --store dummy:// -E \
        'builtins.attrNames (import (builtins.toPath (builtins.getEnv "model")))' | tr -d '[]"' | tr , ' '
}
model=$scratch/infrastructure.nix
export model

# exec
fails 7 'a status is passed on' on test1 sh -c 'exit 7'
is "$(echo text | on test1 cat)" text 'standard input and output are'
is "$(cd "$scratch" && on test1 pwd)" "$scratch" 'programs start where the caller is'
fails 255 'no such machine' on nowhere true
fails 127 'no such program' on test1 "$scratch/nothing"
is "$(on test1 sh -c 'echo $$; exec ps -o pid= -p 1' | wc -l)" 2 'a machine has processes of its own'
on test1 sh -c ': > /nix/var/mine'
fails 2 'and a store of its own' on test2 ls /nix/var/mine
is "$(on test1 printenv DYDISNIX_LAB_MACHINE)" test1 'it knows its name'
fails 1 'and has no XDG directories' on test1 printenv XDG_STATE_HOME
ok 'but one for sockets' on test1 printenv XDG_RUNTIME_DIR
has "$(output)" /test1/var/run 'of its own'

# A program ends with who asked for it.
mark=32$$
dydisnix-lab exec test1 sleep "$mark" &
asking=$!
wait_for 5 on test1 pgrep -f "^sleep $mark"
kill -9 "$asking"
wait "$asking" 2> /dev/null
sleeps_not()
{
    ! on test1 pgrep -f "^sleep $mark"
}
ok 'a program ends when its caller is killed' wait_for 5 sleeps_not

# A service, its writes, crashes.
database=$(package test1 database-1)
ok 'a service is activated' client --target test1 --activate --type process --container process "$database"
ok 'a write is acknowledged' lab write test1 database 'one'
is "$(lines_of test1 database-1)" one 'and there'
fails 1 'a service that is not there does not answer' lab ask test2 database
is "$(live_on database)" test1 'it is live once'
has "$(lab status)" 'database-1' 'the table shows it'

service_pid()
{
    on test1 pgrep -f '^dydisnix-lab responder'
}
before=$(service_pid)
on test1 kill -9 "$before"
restarted()
{
    after=$(service_pid) && [ "$after" != "$before" ] && lab ask test1 database
}
ok 'a service that dies is started again' wait_for 10 restarted

ok 'a machine crashes' lab crash test1
is "$(state_of test1)" crashed 'which shows'
is "$(live_on database)" '' 'its services are dead'
fails 255 'it cannot be reached' on test1 true
is "$(in_model)" test2 'the model is without it'
fails 1 'it crashes once' lab crash test1
ok 'it appears again' lab reappear test1
ok 'with its services' wait_for 10 lab ask test1 database
is "$(lines_of test1 database)" one 'and its state'
is "$(in_model)" 'test1 test2' 'and is in the model'

# Out of reach in other ways.
lab partition test1
fails 255 'a partitioned machine is out of reach' client --target test1 --print-invalid /nix/store/x
is "$(in_model)" test2 'and not in the model'
is "$(live_on database)" test1 'but lives'
lab join test1
ok 'until it joins' client --target test1 --query-installed

lab hang test1
fails 124 'a machine that hangs does not answer' timeout 1 dydisnix-lab exec coordinator dydisnix-lab-client \
    --target test1 --query-installed
is "$(in_model)" test2 'it is not in the model'
is "$(live_on database)" test1 'its services run'
lab resume test1
ok 'until it is resumed' client --target test1 --query-installed

milliseconds()
{
    python3 -c 'import time; print(int(time.monotonic() * 1000))'
}
lab slow test1 300
before=$(milliseconds)
client --target test1 --query-installed
ok 'a slow machine takes its time' test $(($(milliseconds) - before)) -ge 300
lab slow test1 0

# Disks.
ok 'a disk is saved' lab save test1 before
lab write test1 database two > /dev/null
ok 'a disk is restored' lab restore-disk test1 before
ok 'the machine is up again' wait_for 10 lab ask test1 database
is "$(lines_of test1 database)" one 'with what was there then'
ok 'the store as well' on test1 nix-store --check-validity "$database"
fails 1 'not one that was not saved' lab restore-disk test1 never
ok 'the machine is up all the same' on test1 true
ok 'a disk is wiped' lab wipe test1
fails 1 'nothing is left' on test1 nix-store --check-validity "$database"
is "$(live_on database)" '' 'no service either'

# The coordinator's loss, with a process that lives through it.
path=$(on coordinator sh -c 'echo text > "$TMPDIR/text"; nix-store --add "$TMPDIR/text"')
on coordinator nix-env -p /nix/var/nix/profiles/x --set "$path" 2> /dev/null
mkfifo "$scratch/go"
on coordinator sh -c 'read -r line < "$1"; ls /nix/store /nix/var' sh "$scratch/go" > "$scratch/seen" 2>&1 &
process=$!
ok 'the coordinator is lost' lab lose-coordinator
echo go > "$scratch/go"
wait "$process"
lacks "$(cat "$scratch/seen")" text 'its processes live on, without the store'
fails 1 'nothing of it is valid' on coordinator nix-store --check-validity "$path"
is "$(on coordinator sh -c 'nix-store --add "$TMPDIR/text"')" "$path" 'and a new store grows'

# Machines come and go.
ok 'one is added' lab add 'odd "${name}'
is "$(in_model)" 'odd \${name} test1 test2' 'the model names it' || :
ok 'and works' on 'odd "${name}' true
fails 1 'not twice' lab add test1
on test2 sh -c 'echo text > /nix/var/kept'
ok 'one is renamed' lab rename test2 other
is "$(on other cat /nix/var/kept)" text 'with its disk'
fails 255 'its old name is gone' on test2 true
fails 1 'no name is taken twice' lab rename other test1
ok 'one is removed' lab remove other
fails 255 'it is gone' on other true
ok 'with its disk' test ! -e "$DYDISNIX_LAB/machines/other"

fails 2 'an argument is missing' lab crash
fails 1 'no such machine' lab crash nobody

done_testing
