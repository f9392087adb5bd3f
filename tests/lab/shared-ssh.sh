#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Calls share a connection of real SSH, as dydisnix-self-adapt(1) advises: a peer that vanishes without a word is noticed
# behind it, and nothing is said to one that has another host key when it comes back.
lab_targets=2
. "$srcdir/tests/share/ssh-network.sh"

mkdir -m 700 "$ssh_files/shared"
SSH_OPTS="$SSH_OPTS -o ConnectTimeout=5 -o ServerAliveInterval=1 -o ServerAliveCountMax=2 -o LogLevel=FATAL \
-o ControlMaster=auto -o ControlPersist=3600 -o ControlPath=$ssh_files/shared/%C"
end_connections()
{
    for socket in "$ssh_files/shared"/*; do
        [ ! -S "$socket" ] || ssh -o ControlPath="$socket" -O exit any 2> /dev/null
    done
}
cleanup_fn end_connections

connections() # TARGET: so many were made since the last restart of its sshd
{
    grep -c 'Accepted publickey' "$ssh_files/$1.log"
}
call() # TARGET
{
    timeout 120 "$builddir/dydisnix-lab" exec coordinator env SSH_OPTS="$SSH_OPTS" PATH="$PATH" dydisnix-lab-ssh-client \
        --target "$1" --query-all-snapshots --container any --component any < /dev/null > "$scratch/answer" 2>&1
}

is_reached() # TARGET
{
    ssh-keyscan -T 2 "$(address "$1")" 2> /dev/null | grep -q ssh
}

before=$(connections test1)
for i in 1 2 3 4 5; do
    call test1 || evidence "$(cat "$scratch/answer")"
done
is "$(($(connections test1) - before))" 1 'five calls make one connection'
is "$(stat -c '%a %F' "$ssh_files/shared"/*)" '600 socket' 'only this user may share it'

# Its packets are dropped: what ends a call is neither its connection nor TCP, but silence.
partition test1
fails 255 'a peer that vanishes without a word is noticed' call test1
join test1
wait_for 60 call test1
ok 'when it is there again, so are its answers' call test1
is "$(($(connections test1) - before))" 2 'over a new connection'

# It vanishes, and who has its address then is somebody else.
partition test1
new_host_key test1
of_sshd test1 KILL
mv "$ssh_files/test1.log" "$ssh_files/test1.old"
listen test1
wait_for 60 grep -q listening "$ssh_files/test1.log"
fails 255 'again it vanishes' call test1
join test1
wait_for 60 is_reached test1
fails 255 'nothing is said to a peer with another host key' call test1
fails 255 'nor later' call test1
is "$(connections test1)" 0 'nobody has logged in there'
ok 'another target is called as before' call test2
trust_host_key test1
ok 'until the key is trusted' call test1
done_testing
