#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The journal in the words of scenarios: the story of cycles, and of one target or component.
. "$srcdir/tests/share/functions.sh"

state=$scratch/state
mkdir -p "$state/default"
cp "$srcdir/tests/journals/healed.jsonl" "$state/default/events.jsonl"
TZ=UTC
export TZ
ctl()
{
    "$builddir/dydisnix-self-adaptctl" --state-dir="$state" "$@"
}

# Moments are those of the recording.
is "$(ctl story -n 2 | sed 's/^[-0-9]* [:0-9]*: //')" 'cycle 3: test2 in the model, not before
  reconstruct: another manifest
    database-1 on test2 is rescued into a snapshot: moved to target test1 while the target was away
    database-1 on test2 is fenced: moved to target test1 while the target was away
    database-1 on test2 is superseded: moved to target test1 while the target was away
    database on test2 stays out of the manifest: it is not active there
  redeploy: nothing moves
cycle 4: test4 in the model, not before
  reconstruct: a first manifest
    the manifest has api on test1, not before
    the manifest has database on test1, not before
    the manifest has web on test3, not before
  redeploy: nothing moves' 'the last two cycles'
is "$(ctl story -n 0)" '' 'or none'
is "$(ctl story | grep -c ': cycle [1-4]: ')" 4 'or all'
has "$(ctl story -n 1)" '2026-11-24 23:17:56: cycle 4: ' 'with their moments'
has "$(TZ=UTC-2 ctl story -n 1)" '2026-11-25 01:17:56: cycle 4: ' 'in local time'
has "$(TZ=UTC-2 ctl events -n 1)" '2026-11-25 01:17:57  4    cycle_ended done' 'which is that of events, too'
has "$(ctl events -n 1 --json)" '"time":"2026-11-24T23:17:57Z"' 'but for documents'
has "$(ctl events -n 100 | grep ' stage redeploy ')" ' +database@test1' 'events name the services that a deployment moved'

# What failed says why, and what was never seen before is not told twice.
cat >> "$state/default/events.jsonl" << 'EOF'
{"version":1,"time":"2026-11-25T00:00:00Z","kind":"cycle_began","retry":true}
{"version":1,"time":"2026-11-25T00:00:01Z","kind":"infrastructure","cycle":6,"changes":{"added":["test5"]},"seen":{"added":[]},"retryOf":5}
{"version":1,"time":"2026-11-25T00:00:02Z","kind":"stage","cycle":6,"stage":"redeploy","outcome":"failed","milliseconds":5,"failure":{"reason":"cannot lock","target":"test5"}}
{"version":1,"time":"2026-11-25T00:00:03Z","kind":"cycle_ended","cycle":6,"outcome":"failed","stage":"redeploy","milliseconds":5}
{"version":1,"time":"2026-11-25T00:00:04Z","kind":"cycle_began","retry":true}
{"version":1,"time":"2026-11-25T00:00:05Z","kind":"stage","stage":"capture","outcome":"failed","milliseconds":5,"failure":{"reason":"generate: exit status 7"}}
{"version":1,"time":"2026-11-25T00:00:05Z","kind":"cycle_ended","outcome":"failed","stage":"capture","milliseconds":5}
EOF
is "$(ctl story -n 2)" '2026-11-25 00:00:00: cycle 6: cycle 5 did not succeed, and is tried again
  the stage redeploy fails: test5: cannot lock
  the cycle fails
2026-11-25 00:00:04: a cycle
  the stage capture fails: generate: exit status 7
  the cycle fails' 'why a stage failed'

# A deployment that was undone is not told as if it had been done, and what was settled stands under the head of its cycle.
cat >> "$state/default/events.jsonl" << 'EOF'
{"version":1,"time":"2026-11-25T00:00:06Z","kind":"cycle_began"}
{"version":1,"time":"2026-11-25T00:00:06Z","kind":"stage","stage":"recover","outcome":"done","milliseconds":5,"report":{"phase":"activating","action":"undone","released":["test6"],"rescued":[{"component":"cache-1","container":"process","target":"test6","snapshot":"process/cache-1/20261124"}]}}
{"version":1,"time":"2026-11-25T00:00:07Z","kind":"infrastructure","cycle":8,"retryOf":6}
{"version":1,"time":"2026-11-25T00:00:08Z","kind":"stage","cycle":8,"stage":"redeploy","outcome":"failed","milliseconds":5,"failure":{"reason":"exit status 1"},"report":{"status":1,"difference":{"mappings":{"added":[{"name":"cache","target":"test6"}]}}}}
{"version":1,"time":"2026-11-25T00:00:09Z","kind":"cycle_ended","cycle":8,"outcome":"failed","stage":"redeploy","milliseconds":5}
EOF
is "$(ctl story -n 1)" "2026-11-25 00:00:06: cycle 8: cycle 6 did not succeed, and is tried again
  recover: a deployment did not end well, its last phase was 'activating'
    cache-1 on test6 is rescued into the snapshot process/cache-1/20261124: it may have been written to meanwhile
    our lock on test6 is released
    what had been done is undone
  redeploy: the deployment ended with exit status 1; what it was to do:
    cache is activated on test6: the distribution has it there
  the stage redeploy fails: exit status 1
  the cycle fails" 'what a failed deployment was to do'

# One of them.
fails 1 'without a state nothing is explained' ctl explain test2
cat > "$state/default/state.json" << EOF
{ "version": 1, "targets": { "test2": { "status": "silent", "missing": 1767870000, "seen": 1767869000 } },
  "snapshots": { "test2": { "process": { "database-1": 1767868000 } } },
  "disputes": [ { "component": "database-1", "container": "process", "reason": "", "copies": [
      { "target": "test1", "live": true, "snapshots": [ "$(printf '%064d' 7)" ], "reason": "" },
      { "target": "test2", "live": false, "snapshots": [], "reason": "" } ] } ] }
EOF
ok 'a target' ctl explain test2
has "$(output)" 'target      test2 is silent
since       2026-01-08 11:00:00, ' 'how it is, and since when'
has "$(output)" 'last seen   2026-01-08 10:43:20, ' 'when it was seen'
has "$(output)" 'snapshot    of process/database-1 on test2, 2026-01-08 10:26:40, ' 'which snapshots of it there are'
has "$(output)" 'copy        in dispute: on test2, which does not live; it has no snapshot' 'which copies'
has "$(output)" '
2026-11-24 23:17:53: cycle 3: test2 in the model, not before
  reconstruct: another manifest
    database-1 on test2 is rescued into a snapshot: moved to target test1 while the target was away' 'and its story'
lacks "$(output)" 'the manifest has api' 'without that of others'
ok 'a component' ctl explain database-1
has "$(output)" "copy        in dispute: on test1, which lives; its newest snapshot is process/database-1/$(printf '%064d' 7)" \
    'where each copy is, and its snapshot'
lacks "$(output)" 'database is activated' 'what is called like it is another one'
ok 'a service' ctl explain database
has "$(output)" 'database is activated on test1: it was on test2, which is gone' 'has its story'
ok 'one whose deployment failed' ctl explain cache
is "$(output)" '
What happened:
2026-11-25 00:00:06: cycle 8: cycle 6 did not succeed, and is tried again
  redeploy: the deployment ended with exit status 1; what it was to do:
    cache is activated on test6: the distribution has it there
  the stage redeploy fails: exit status 1
  the cycle fails' 'is told with how that ended'
fails 1 'what nobody has heard of' ctl explain test99
has "$(output)" 'explain: nothing is known of test99' 'is not explained'
done_testing
