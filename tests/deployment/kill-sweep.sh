#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The loop is killed at one moment of a cycle that moves the database, and started again: in the end all is as if nothing
# had happened. Moments are calls of the operations, in the loop and its cycle, and steps of disnix-deploy. A sample of
# them, or with SAMPLED=1 (make check-long) every one.
lab_targets=3
. "$srcdir/tests/share/lab.sh"
. "$srcdir/tests/share/deployments.sh"

host_program=$builddir/tests/killed-self-adapt
: > "$here/begun"
place test1 test2 test3
ok 'a deployment' deploy_undisturbed
write first
place test2 test2 test3
ok 'another one, that moves the database' deploy_undisturbed
move()
{
    [ "$database" = test1 ] && place test2 test2 test3 || place test1 test2 test3
}

killed() # N WHOM: one cycle, which is killed
{
    host_kill="$1 $2 $here/count"
    host
    killed_status=$?
    host_kill=
    return "$killed_status"
}

# How many calls there are; which was the last one.
calls()
{
    python3 -c 'import struct, sys; print(struct.unpack("L", open(sys.argv[1], "rb").read(8))[0])' "$here/count"
}
last_call()
{
    python3 -c 'import sys; print(open(sys.argv[1], "rb").read()[8:].split(b"\0")[0].decode())' "$here/count"
}

over()
{
    [ -z "$(running)" ]
}

after_all() # WHAT
{
    wait_for 20 over
    write "between-$moment"
    settle || evidence "$1: it does not settle" "$(tail -n 30 "$here/last")"
    as_if_nothing "$1"
}

move
killed 0 self
total=$(calls)
evidence "$total calls"
ok 'there are at least 200 moments' test "$((total * 3))" -ge 200
as_if_nothing 'counting'

# A moment is a call and whom it kills: that process alone, the loop with it, or all that it has started too.
moment=0 step=1
[ "${SAMPLED-}" = 1 ] || step=$((total * 3 / 16))
while [ "$moment" -lt "$((total * 3))" ]; do
    call=$((moment / 3 + 1))
    case $((moment % 3)) in 0) whom=self ;; 1) whom=host ;; *) whom=all ;; esac
    move
    write "before-$moment"
    killed "$call" "$whom"
    after_all "$whom killed at call $call, $(last_call)"
    moment=$((moment + step))
done

# And what disnix-deploy does, with its loop alive.
sampled 8 > "$scratch/rows" << 'END'
distributing 0
distributing 1
distributing 2
distributing 3
locking 0
locking 1
locking 2
locking 3
deactivating 1
deactivating 0
deactivating 2
deactivating 3
activating 0
activating 1
activating 2
activating 3
restoring 2
snapshotting 0
snapshotting 1
snapshotting 2
restoring 0
restoring 1
setting 0
setting 1
coordinator 0
setting 2
setting 3
releasing 0
releasing 1
releasing 2
releasing 3
END
while read -r line; do
    moment=$((moment + 1))
    move
    write "before-$moment"
    end "$line kill KILL"
    host
    after_all "disnix-deploy killed at $line"
done < "$scratch/rows"
done_testing
