#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A loop that is killed while it deploys, in each phase, and started again, with and without what it remembers; targets
# that vanish meanwhile; and locks that somebody else holds.
lab_targets=3
. "$srcdir/tests/share/lab.sh"
. "$srcdir/tests/share/deployments.sh"

# Run by disnix-deploy: kills what the loop consists of, on its own machine.
cat > "$here/kill" << 'END'
host=$(cat "$2/default/lock")
cycle=$(ps -o pid= --ppid $host)
deploy=$(ps -o pid= --ppid $cycle)
case $1 in
    supervisor) kill -KILL $host ;;
    cycle) kill -KILL $cycle ;;
    host) kill -KILL $host $cycle ;;
    all) kill -KILL $host $cycle $deploy ;;
esac
END

# Lasts until the loop that was started says that it waits.
cat > "$here/until-waited-for" << END
. '$srcdir/tests/share/waiting.sh'
wait_for 60 grep -q 'still runs, waiting for its end' "\$1"
END

: > "$here/begun"
place test1 test2 test3

# The first deployment of all: there is nothing to go back to.
host_reconstructs=
end 'restoring 1 fail'
fails 1 'the first deployment ends half-way' host
is "$(machines_of database)$(machines_of api)$(machines_of web)" '' 'and is undone: nothing is active'
end "setting 0 run sh $here/kill all $state"
host
host_reconstructs=$reconstructing
ok 'the second one is killed, and finished after that' deploy_undisturbed
has "$(cat "$here/last")" 'Finishing the last deployment' 'it had gone far enough'
as_if_nothing 'a first deployment'

write first
place test2 test2 test3
ok 'another one, that moves the database' deploy_undisturbed
move()
{
    [ "$database" = test1 ] && place test2 test2 test3 || place test1 test2 test3
}

# Disnix itself overwrites what is written to a new home before it has migrated the state, so the client waits for the
# end of a deployment that goes on.
over()
{
    [ -z "$(running)" ]
}

sampled 3 > "$scratch/rows" << 'END'
distributing-2 host
locking-2 all
deactivating-2 cycle
activating-2 all
activating-2 host
restoring-1 all
restoring-2 cycle
setting-2 all
coordinator-0 all
releasing-2 cycle
releasing-2 all
activating-3 supervisor
END
row=0
while read -r step what; do
    row=$((row + 1))
    move
    write "before-$row"
    end "$(echo "$step" | tr - ' ') run sh $here/kill $what $state"
    host
    wait_for 20 over
    write "between-$row"
    ok "$what is killed at $step, and the loop started again" settle
    as_if_nothing "$what is killed at $step"
done < "$scratch/rows"

# One that goes on without its loop is waited for.
move
end "activating 2 run sh $here/kill host $state" "activating 3 run sh $here/until-waited-for $here/last"
host
lines=$(wc -l < "$log")
ok 'the loop is killed, its deployment goes on, and the loop is started again' settle
has "$(tail -n "+$((lines + 1))" "$log")" 'still runs, waiting for its end' 'it waits'
as_if_nothing 'a deployment that goes on'

# Without the state directory.
sampled 2 > "$scratch/rows" << 'END'
distributing-2 free
locking-3 held
activating-2 held
restoring-2 held
setting-2 disputed test2
setting-2 held test1
coordinator-0 held
releasing-0 held
END
while read -r step what from; do
    row=$((row + 1))
    [ "${from:-$database}" = "$database" ] || { move && settle; }
    move
    write "before-$row"
    end "$(echo "$step" | tr - ' ') run sh $here/kill all $state"
    host
    wait_for 20 over
    write "between-$row"
    rm -rf "$state"
    if [ "$what" != free ]; then
        fails 1 "all is killed at $step and its state is lost: the locks are nobody's" settle
        ok 'they stay' test -n "$(locks)"
        has "$(cat "$here/last")" 'If nobody is at work: ' 'what releases them is named'
    fi
    ok "all is killed at $step and its state is lost, locks may be released" settle --release-stale-locks
    # With the profiles half set two targets hold the database by their profiles: it stays where the manifest has it.
    [ "$what" != disputed ] || place "$from" test2 test3
    as_if_nothing "all is killed at $step and its state is lost"
    [ "$what" != disputed ] || rm -rf "$state"
done < "$scratch/rows"

# Somebody else's lock.
on test1 dydisnix-lab target lock default
move
fails 1 'somebody else holds a lock' host
is "$(locks | grep -c .)" 1 'it stays, and no other one does'
end 'locking 4 kill KILL'
fails 1 'and the deployment is killed when it has learnt that' host
is "$(locks | grep -c .)" 1 'it stays, and ours are released'
has "$(locks)" /test1/ 'each is what it was'
on coordinator "$builddir/dydisnix-self-adaptctl" --state-dir="$state" status > "$here/status" 2>&1
has "$(cat "$here/status")" 'somebody else holds the lock of test1; if nobody deploys, release it:' 'the status tells of it'
rm -rf "$state"
ok 'the command that it prints' on coordinator sh -c "$(sed -n '/somebody else holds the lock of/{n;p;}' "$here/status")"
is "$(locks)" '' 'releases it'
ok 'it goes on when that one is released' settle
as_if_nothing 'a lock of somebody else'

# A target vanishes.
pending()
{
    python3 -c 'import json, sys
for entry in json.load(open(sys.argv[1])).get("leftovers", []):
    print(entry["target"], *[call["what"] for call in entry["calls"]])' "$state/default/state.json"
}
[ "$database" = test1 ] || { move && settle; }
place test2 test2 test3
write before-vanishing
end 'activating 2 run dydisnix-lab crash test2'
fails 1 'the new home of the database vanishes when it is active' host
is "$(pending)" 'test2 unlock try rescue name deactivate deactivate rescue again name again activate' 'what is to be done there is noted'
write between-vanishing
ok 'the deployment goes on without it' settle
is "$(machines_of database)" test1 'the database is where it was'
host --interval=1 --run -- sleep 5
is "$(grep -c 'has been detected' "$here/last")" 1 'that it is still away is no reason to deploy at each interval'
lab reappear test2
write after-vanishing
ok 'it comes back' settle
is "$(pending)" '' 'and what was to be done is done'
as_if_nothing 'a new home that vanishes'

place test1 test2 test3
ok 'the database moves' settle
place test2 test2 test3
write before-setting
end 'setting 1 run dydisnix-lab crash test3'
ok 'a target vanishes when profiles are set, and the others are done' host
is "$(pending)" 'test3 unlock set' 'what is to be done there is noted'
lab reappear test3
ok 'it comes back' settle
is "$(pending)" '' 'and what was to be done is done'
as_if_nothing 'a target that vanishes when profiles are set'

# Disnix leaves services alone on a target that the manifest it goes to has not.
home=$database
lab add test4
place test4 test2 test3
end 'restoring 1 fail'
fails 1 'the database is to move to a machine that is new, and that fails' host
is "$(machines_of database)" "$home" 'it is undone there too'
write between-new
ok 'it is tried again' settle
as_if_nothing 'a new machine'

# Who has paused the loop finds things as they were.
change_state() # PYTHON, of the state s
{
    python3 -c "import json, sys
s = json.load(open(sys.argv[1]))
$1
json.dump(s, open(sys.argv[1], 'w'))" "$state/default/state.json"
}
place test1 test4 test3
end "activating 2 run sh $here/kill all $state"
host
rm -f "$here/end"
locked=$(locks)
ok 'a dry run beside it' host --dry-run
is "$(locks)" "$locked" 'a dry run releases no lock'
lacks "$(cat "$here/last")" 'Undoing the last' 'and undoes nothing'
change_state 's["paused"] = {"reason": "operator", "since": 1}'
host
is "$(locks)" "$locked" 'a loop that is paused releases no lock'
lacks "$(cat "$here/last")" 'Undoing the last' 'and undoes nothing'
change_state 'del s["paused"]'
ok 'it goes on' settle
as_if_nothing 'a pause'
done_testing
