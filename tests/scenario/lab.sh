#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each event of a scenario does in the lab what it says: timelines are played, and what is asked is what was to be seen
# after each moment. With SCENARIO_LAB=all (make scenarios) those too that take longer.
. "$srcdir/tests/share/functions.sh"

as_installed
public_tmp=${TMPDIR:-/tmp} # Disnix takes no blanks
TMPDIR=$scratch/tmp
export TMPDIR
unset DISNIX_PROFILE DISNIX_TARGET_PROPERTY DISNIX_DEPLOY_STATE DISNIX_DELETE_STATE DYDISNIX_LAB
mkdir "$TMPDIR"

"$builddir/dydisnix-lab" --targets=0 --run -- true 2> /dev/null || skip_all 'user namespaces are not allowed here'

scenario() # NAME TIMELINE [MEMBERS]
{
    mkdir "$scratch/$1"
    cat > "$scratch/$1/scenario.json" << END
{ "version": 1, "description": "$1", "targets": { "test1": {}, "test2": {}, "test3": {} },
  "services": { "db": { "state": true }, "api": { "dependsOn": ["db"] } },
  "distribution": { "db": { "on": ["test1", "test2"] }, "api": { "on": ["test3", "test2"] } },
  ${3:+$3,} "timeline": [ $2 ] }
END
}

play() # NAME [OPTION]
{
    # shellcheck disable=SC2086
    "$builddir/tests/play-scenario" ${2-} "$scratch/$1" > "$scratch/$1/seen" 2> "$scratch/$1/said"
    echo $? > "$scratch/$1/status"
}

# Two at a time: a network mostly waits for its programs.
both() # NAME NAME
{
    play "$1" &
    other=$!
    play "$2"
    wait "$other"
}

# python3 looks at `seen`, a list with what there was after each moment, the first deployment before them.
sees() # NAME 'what is promised' EXPRESSION: true
{
    python3 - "$scratch/$1/seen" "$3" << 'END' > "$scratch/.seen" 2>&1
import json, sys
seen = [json.loads(line) for line in open(sys.argv[1])]
def on(moment, service):        # where it is active and answers
    targets = seen[moment]["observed"]["targets"]
    return sorted(name for name, target in targets.items()
                  for one in target["active"] if one["service"] == service and one["answers"])
def state(moment, service, target):
    return [one["state"] for one in seen[moment]["observed"]["targets"][target]["active"] if one["service"] == service]
def target(moment, name):
    return seen[moment]["observed"]["targets"].get(name)
def coordinator(moment):
    return seen[moment]["observed"]["coordinator"]
def stages(moment, outcome="done"):
    return [one.get("stage") for one in seen[moment]["journal"] if one["kind"] == "stage" and one["outcome"] == outcome]
def cycles(moment, outcome="done"):
    return sum(one["kind"] == "cycle_ended" and one["outcome"] == outcome for one in seen[moment]["journal"])
assert all(one.get("adapted", 0) == 0 for one in seen), "it did not become quiet"
if not eval("(" + sys.argv[2] + ")"):
    for one in seen:
        print([(it["kind"], it.get("stage"), it.get("outcome")) for it in one.get("journal", [])])
        print(json.dumps(one.get("observed", one)))
    sys.exit(1)
END
    sees_status=$?
    [ "$sees_status" -eq 0 ] || evidence "$3" "$(cat "$scratch/.seen")" "$(cat "$scratch/$1/said")"
    result "$sees_status" "$2"
}

scenario machines '[ { "event": "write", "service": "db", "text": "one", "snapshot": true },
        { "event": "save", "target": "test1", "label": "early" } ],
    [ { "event": "write", "service": "db", "text": "two", "snapshot": true }, { "event": "crash", "target": "test1" } ],
    [ { "event": "reappear", "target": "test1", "disk": { "saved": "early" } }, { "event": "add", "target": "test4" } ],
    [ { "event": "remove", "target": "test4" }, { "event": "change", "target": "test2", "property": "a", "value": "b" },
        { "event": "corrupt", "target": "test3", "how": "garbage" },
        { "event": "lose-coordinator", "what": "store" } ],
    [ { "event": "partition", "targets": [ "test2" ] },
        { "event": "crash", "target": "test3", "at": { "stage": "redeploy" } } ]'
scenario host '[ { "event": "crash", "target": "test1" },
        { "event": "fail", "operation": "--activate", "target": "test2" } ],
    [ { "event": "reappear", "target": "test1", "disk": "lost" },
        { "event": "kill-host", "at": { "call": "--query-requisites", "target": "test2" } } ],
    [ { "event": "crash", "target": "test3" },
        { "event": "kill-host", "at": { "phase": "activating" }, "spares": "engine" } ],
    [ { "event": "lose-coordinator" }, { "event": "reappear", "target": "test3" } ],
    [ { "event": "foreign-deploy", "distribution": { "db": { "on": [ "test3" ], "stay": false } } } ],
    { "event": "upgrade", "services": { "api": { "version": "2" } } }'
both machines host

is "$(cat "$scratch/machines/status") $(cat "$scratch/host/status")" '0 0' 'timelines are played to their ends'
sees machines 'the system is deployed where its policy says' \
    'on(0, "db") == ["test1"] and on(0, "api") == ["test3"] and cycles(0) == 1'
sees machines 'a write is live' 'state(1, "db", "test1") == [["one"]] and seen[1]["happened"] == [0, 0]'
sees machines 'and a snapshot of it is on the coordinator' 'coordinator(1)["stored"] == {"process/db-1": [["one"]]}'
sees machines 'a crashed machine is one' 'target(2, "test1")["is"] == "crashed" and target(2, "test1")["listed"]'
sees machines 'its services move, with their state' \
    'on(2, "db") == ["test2"] and state(2, "db", "test2") == [["one", "two"]]'
sees machines 'it reappears with the disk that was saved' \
    'target(3, "test1")["stored"] == {"process/db-1": [["one"]]} and state(3, "db", "test2") == [["one", "two"]]'
sees machines 'a target is added' 'target(3, "test4")["is"] == "up" and target(3, "test4")["profile"]'
sees machines 'and removed' 'target(4, "test4") is None'
sees machines 'what a target answers wrongly is noticed' \
    'any(one.get("report", {}).get("targets", {}).get("test3", {}).get("status") == "invalid"
         for one in seen[4]["journal"] if one.get("stage") == "reconstruct")'
sees machines 'who is partitioned is not reached, and runs on' \
    'target(5, "test2")["is"] == "partitioned" and on(5, "db") == ["test1", "test2"]'
sees machines 'an event happens within a cycle, which fails then, and the next one does not' \
    'target(5, "test3")["is"] == "crashed" and cycles(5, "failed") == 1 and cycles(5) == 1 and on(5, "api") == []'
sees machines 'one more cycle finds nothing' 'seen[6]["journal"] == []'
sees host 'a call fails so often as was said' 'cycles(1, "failed") == 1 and cycles(1) == 1 and on(1, "db") == ["test2"]'
sees host 'a disk is lost' 'target(2, "test1")["stored"] == {} and on(2, "db") == ["test2"]'
sees host 'a loop that was killed at a call is started again' \
    'sum(one["kind"] == "cycle_began" for one in seen[2]["journal"]) == 2 and cycles(2) == 1'
sees host 'one that was killed in a phase has left an engine that goes on' \
    '"recover" in stages(3) and on(3, "api") == ["test2"] and not target(3, "test2")["locked"]'
sees host 'the coordinator loses all it has, and has it again' \
    'len(coordinator(4)["manifest"]["mappings"]) == 2 and on(4, "api") == ["test2"]'
sees host 'another coordinator deploys, and ours does not know' \
    'on(5, "db") == ["test3"] and "test2" in [one["target"] for one in coordinator(5)["manifest"]["mappings"]
                                             if one["service"] == "db"]'
sees host 'an upgrade is deployed' \
    'coordinator(6)["manifest"]["services"]["api"]["version"] == "2" and on(6, "db") == ["test3"]'
sees host 'nothing is left behind' 'all(one["observed"]["coordinator"]["left"] == [] for one in seen)'

# What the lab cannot do is refused, with the reason.
scenario refused '{ "event": "clock", "seconds": -3600 }'
play refused
sees refused 'the clock is refused' '"clock" in seen[0]["refused"]'

# Disnix deploys, where it is. It is looked for on the PATH.
scenario disnix '{ "event": "crash", "target": "test1" }'
if [ "${SCENARIO_LAB-}" = all ] && command -v disnix-env > /dev/null && command -v dydisnix-gendist > /dev/null; then
    TMPDIR=$public_tmp play disnix --disnix
    sees disnix 'Disnix deploys' 'on(0, "db") == ["test1"] and on(1, "db") == ["test2"] and target(1, "test2")["says"]'
else
    # A PATH with the lab alone.
    mkdir "$scratch/bin"
    ln -s "$builddir/dydisnix-lab" "$scratch/bin"
    TMPDIR=$public_tmp PATH=$scratch/bin:/usr/bin:/bin play disnix --disnix
    sees disnix 'that Disnix is absent is said' '"not on the PATH" in seen[0]["refused"]'
fi

# Whatever ends who plays it ends the network.
scenario killed '{ "kill": true }'
play killed
is "$(cat "$scratch/killed/status")" 137 'a player is killed'
nothing_left()
{
    [ -z "$(ls "$TMPDIR")" ]
}
ok 'then its network ends too, and nothing is left of it' wait_for 20 nothing_left

if [ "${SCENARIO_LAB-}" = all ]; then
    scenario fixed '{ "event": "crash", "target": "test1" }, { "event": "reappear", "target": "test1" },
        { "event": "discard-copy", "target": "test1" }, { "event": "pause" }, { "event": "crash", "target": "test3" },
        { "event": "continue" }' '"discovery": false'
    scenario steps '[ { "event": "crash", "target": "test1" }, { "event": "fail", "stage": "redistribute" },
            { "event": "fail", "program": "nix-store" }, { "event": "generator", "prints": "half" } ],
        [ { "event": "crash", "target": "test3" }, { "event": "end", "phase": "activating", "signal": "KILL" } ],
        { "event": "hang", "target": "test2" }, { "event": "resume", "target": "test2" },
        { "event": "slow", "target": "test2", "milliseconds": 20 },
        { "event": "rename", "target": "test2", "to": "other" }'
    scenario disk '[ { "event": "full-disk" }, { "event": "crash", "target": "test1" } ], { "event": "free-disk" }'
    scenario coordinator '[ { "event": "lose-coordinator", "what": "state" }, { "event": "crash", "target": "test1" } ],
        [ { "event": "lose-coordinator", "what": "store" }, { "event": "add", "target": "test4" } ],
        [ { "event": "lose-coordinator", "what": "manifest" }, { "event": "remove", "target": "test4" } ]'
    mkdir "$scratch/models"
    cp "$srcdir/lab/example/services.nix" "$srcdir/lab/example/qos.nix" "$scratch/models"
    cat > "$scratch/models/scenario.json" << 'END'
{ "version": 1, "description": "models in Nix", "targets": { "test1": {}, "test2": {}, "test3": {} },
  "models": { "services": "services.nix", "distribution": "qos.nix" },
  "timeline": [ { "event": "write", "service": "database", "text": "one", "snapshot": true },
      { "event": "crash", "target": "test2" } ] }
END
    play models
    sees models 'models in Nix are used as they are' \
        'on(0, "database") == ["test2"] and on(2, "web") == ["test3"]
         and state(2, "database", on(2, "database")[0]) == [["one"]]'
    both fixed steps
    both disk coordinator
    sees fixed 'a silent target of a fixed model is left out' \
        'on(1, "db") == ["test2"] and target(1, "test1")["listed"]'
    sees fixed 'a target is held' 'seen[2]["observed"]["held"] == ["test1"]'
    sees fixed 'and accepted' 'seen[3]["observed"]["held"] == []'
    sees fixed 'the loop pauses' 'seen[4]["observed"]["paused"] and on(5, "api") == []'
    sees fixed 'and goes on' 'not seen[6]["observed"]["paused"] and on(6, "api") == ["test2"]'
    sees steps 'a stage, a program and a generator fail' 'cycles(1, "failed") >= 3 and on(1, "db") == ["test2"]'
    sees steps 'a deployment ends by a signal in a phase' '"recover" in stages(2) and on(2, "api") == ["test2"]'
    sees steps 'a machine hangs' 'target(3, "test2")["is"] == "hung"'
    sees steps 'and is resumed' 'target(4, "test2")["is"] == "up"'
    sees steps 'a target gets another name' 'target(6, "test2") is None and target(6, "other")["is"] == "up"'
    sees disk 'nothing is adapted while the disk is full' 'on(1, "db") == []'
    sees disk 'and all is once it is not' 'on(2, "db") == ["test2"]'
    sees coordinator 'the loop lives without its state, its store and its manifest' 'on(3, "db") == ["test2"]'
fi
done_testing
