#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A component with state moves away from a machine that is gone, and no snapshot of it exists: the log warns, and journal,
# status and metrics tell; with --on-missing-snapshot=fail nothing is deployed.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

adapting() # OPTION…
{
    watching --once --no-probe --metrics="$scratch/metrics" "$@" > "$log" 2>&1
}

state_tells() # EXPRESSION: of the state
{
    python3 -c 'import json, sys; state = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$state/default/state.json" "$1"
}

reported() # EXPRESSION: of the last report of a redeployment in the journal
{
    python3 -c 'import json, sys
stages = [d for d in map(json.loads, open(sys.argv[1])) if d["kind"] == "stage" and d["stage"] == "redeploy"]
report = stages[-1].get("report", {})
print(eval(sys.argv[2]))' "$state/default/events.jsonl" "$1"
}

write_manifest "$store/$hash-previous.xml" test1
write_manifest "$store/$hash-manifest.xml" test2
echo "$previous" > "$answers/disnix-manifest"
write_model test1 test2
ok 'what has state is deployed, without snapshots' adapting
has "$(cat "$log")" '[target: test1]: db in process has state, and without --snapshot it is lost with its machine' \
    'which is warned of'
deployed_before "$previous"
has "$(cat "$scratch/metrics")" 'dydisnix_self_adapt_state_missing{profile="default"} 0' 'nothing is missing'
ok 'the same with them' adapting --snapshot
lacks "$(cat "$log")" 'without --snapshot' 'there is no warning'

# Its machine goes.
write_model test2
echo "$manifest" > "$answers/disnix-manifest"
forget_calls
fails 1 '--on-missing-snapshot=fail' adapting --on-missing-snapshot=fail
has "$(cat "$log")" '[target: test2]: db in process goes live here without any state: it was on target test1, which cannot be asked, and no snapshot of it exists; --snapshot takes them' \
    'it is told what would be lost, and where it was'
has "$(cat "$log")" 'so nothing is deployed; --on-missing-snapshot=warn goes on' 'and what goes on'
is "$(calls_of disnix-activate) $(calls_of disnix-distribute)" '0 0' 'nothing is deployed'
is "$(reported 'report["allowed"]')" False 'the journal tells that'
is "$(state_tells '"missing" in state')" False 'nothing is missing yet'

for option in '' --on-missing-snapshot=warn; do
    rm -f "$state/default/deployed.xml"
    forget_calls
    # shellcheck disable=SC2086
    ok "it goes on: ${option:-by default}" adapting $option
    is "$(calls_of disnix-activate)" 1 'it is deployed'
    has "$(cat "$log")" '[target: test2]: db in process goes live here without any state: it was on target test1' 'the log warns'
    is "$(reported '[(m["component"], m["target"], m["from"], m["empty"]) for m in report["missing"]]')" \
        "[('db', 'test2', ['test1'], True)]" 'the journal tells what, where and from where'
    is "$(state_tells '[(m["component"], m["target"], m["from"]) for m in state["missing"]]')" "[('db', 'test2', ['test1'])]" \
        'it is remembered'
    has "$(cat "$scratch/metrics")" 'dydisnix_self_adapt_state_missing{profile="default"} 1' 'metrics have it'
    has "$("$builddir/dydisnix-self-adaptctl" --state-dir="$state" status 2> /dev/null)" \
        'live on test2 without the state that it had on test1: no snapshot of it existed' 'status tells'
    # As it was before.
    python3 - "$state/default/state.json" "$previous" << 'END'
import json, sys
state = json.load(open(sys.argv[1]))
state["deployed"] = sys.argv[2]
state.pop("missing", None)
json.dump(state, open(sys.argv[1], "w"))
END
done

done_testing
