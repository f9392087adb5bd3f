#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# However a deployment ends, in each of its phases: what the loop does then, and that in the end all is as if nothing
# had happened.
lab_targets=3
. "$srcdir/tests/share/lab.sh"
. "$srcdir/tests/share/deployments.sh"

: > "$here/begun"
place test1 test2 test3
ok 'a deployment' deploy_undisturbed
write first
place test2 test2 test3
ok 'another one, that moves the database' deploy_undisturbed

# The database moves to and fro, to where it is not.
move()
{
    [ "$database" = test1 ] && place test2 test2 test3 || place test1 test2 test3
}

# The last action of the loop about a deployment that did not end well.
action()
{
    grep -oE 'Undoing the last|Finishing the last|did not end well' "$here/last" | tail -n 1
}

# Reports of recovery in the journal.
recoveries()
{
    cat "$state"/default/events.jsonl.1 "$state"/default/events.jsonl 2> /dev/null | grep -c '"stage":"recover".*"report":'
}

sampled 3 > "$scratch/rows" << 'END'
distributing 1 fail|1|did not end well
locking 2 fail|1|did not end well
deactivating 2 fail|1|did not end well
activating 1 fail|1|did not end well
writing activating 3 fail|1|did not end well
snapshotting 1 fail|1|Undoing the last
restoring 1 fail|1|Undoing the last
writing restoring 2 fail|1|Undoing the last
setting 2 fail|0|Finishing the last
coordinator 0 fail|0|Finishing the last
again releasing 2 fail|0|Finishing the last
locking 3 kill SEGV|1|did not end well
deactivating 0 exit 139|1|Undoing the last
writing activating 3 kill SEGV|1|Undoing the last
restoring 2 exit 139|1|Undoing the last
writing setting 2 kill SEGV|0|Finishing the last
coordinator 0 exit 139|0|Finishing the last
again releasing 2 kill KILL|0|Finishing the last
distributing 2 kill KILL|1|did not end well
deactivating 2 kill KILL|1|Undoing the last
restoring 1 kill TERM|1|Undoing the last
END
row=0
while IFS='|' read -r line status what; do
    row=$((row + 1))
    move
    write "before-$row"
    case $line in
        writing*) line=${line#writing } phase=${line%% *} step=${line#* }
            end "$phase $((${step%% *} - 1)) $(writing "meanwhile-$row")" "$line" ;;
        again*) # two of three calls, each of the three times that they are made
            line=${line#again } again="${line%% *} 1 ${line#* * }"
            end "$line" "$again" "$again" "$again" "$again" "$again" ;;
        *) end "$line" ;;
    esac
    known=$(recoveries)
    fails "$status" "$line" host
    is "$(recoveries)" $((known + 1)) 'the journal tells of it'
    is "$(action)" "$what" 'what is done about it'
    is "$(locks)" '' 'no lock stays'
    write "between-$row"
    ok 'it is tried again' settle
    as_if_nothing "$line"
done < "$scratch/rows"

# A lock that is not released at the first time is at the second, and then all went well.
move
end 'releasing 2 kill KILL'
ok 'a call that releases a lock is killed' host
lacks "$(cat "$here/last")" 'did not end well' 'nothing went wrong'
as_if_nothing 'releasing again'
done_testing
