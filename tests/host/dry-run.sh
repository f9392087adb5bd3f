#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A dry run tells what a cycle would do, and does nothing.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

plugin=$builddir/tests/plugins/record.so
write_manifest "$store/$hash-previous.xml" test1
write_manifest "$store/$hash-manifest.xml" test2
deployed_before "$previous"

everything() # the content of all that must not change
{
    find "$state" "$scratch/the profiles" "$models" -type f -exec cksum {} + 2> /dev/null | sort
    find "$state" "$scratch/the profiles" "$models" | sort
}

plan() # OPTION…
{
    watching --dry-run --once "$@" 2> "$scratch/messages"
}

before=$(everything)
TMPDIR=$scratch/tmp
mkdir "$TMPDIR"
export TMPDIR
is "$(plan --snapshot --ids="$models/services.nix" --id-resources="$models/services.nix")" '[plan]: target added: test1
[plan]: target added: test2
[plan]: db is activated on test2: it moves there from test1
[plan]: db is deactivated on test1: the distribution does not have it there
[plan]: the state of db moves from test1 to test2
[plan]: no snapshot of db on test1 is known to have been taken
[plan]: in all: 0 to start, 1 to move, 0 to replace, 0 to stop; state of 1 to move; 0 in dispute' 'the plan of a first cycle'
is "$(called)" 'dydisnix-gendist nix-store disnix-manifest nix-store ' 'nothing else is run'
is "$(everything)" "$before" 'nothing is changed, not even a state directory made'
is "$(ls "$TMPDIR")" '' 'and nothing left behind'

# What is remembered is looked at.
ok 'a system is deployed' watching --once
before=$(everything)
write_model test1 test2 test3
forget_calls
deployed_before "$manifest"
before=$(everything)
is "$(plan)" '[plan]: target added: test3
[plan]: in all: 0 to start, 0 to move, 0 to replace, 0 to stop; state of 0 to move; 0 in dispute' 'the plan of a change'
is "$(everything)" "$before" 'what is remembered stays'
write_model test1 test2
deployed_before "$manifest"
is "$(plan)" '[plan]: nothing changes' 'the plan of no change'

# How old the snapshots are of what moves.
python3 - "$state/default/state.json" << 'END'
import json, sys, time
state = json.load(open(sys.argv[1]))
state["snapshots"] = {"test1": {"process": {"db": int(time.time()) - 90}}}
json.dump(state, open(sys.argv[1], "w"))
END
deployed_before "$previous"
write_model test1 test2 test4
ok 'a plan of what was saved' plan
plan | grep -q 'the last snapshot of db on test1 was taken [0-9]* seconds ago'
is "$?" 0 'tells when'
write_model test1 test2
deployed_before "$manifest"

# Hooks know.
ok 'a dry run with a plugin' plan --plugin="$plugin" --plugin-option=record:directory="$scratch" \
    --plugin-option=record:reconstruct=silent:test2
is "$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["dryRun"])' "$scratch/reconstruct.json")" True \
    'which is told so'
is "$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1])).get("silent"))' "$state/default/state.json")" '[]' \
    'and of what it hears nothing is remembered'

# Beside a loop that runs.
start -i "$models/infrastructure.nix"
wait_for 20 logged 1 'Redeploying'
ok 'a dry run beside the loop' plan
end_loop

# A loop of them.
forget_calls
start -i "$models/infrastructure.nix" --dry-run --no-probe
ok 'a plan' wait_for 20 logged 1 '[plan]: nothing changes'
write_model test1
ok 'after each change' wait_for 20 logged 1 '[plan]: target removed: test2'
is "$(calls_of disnix-activate)" 0 'nothing is deployed'
end_loop

# The check.
write_manifest "$store/$hash-previous.xml" test1
deployed_before "$previous"
sed -i 's,>test2</property>,>key2</property>,' "$store/$hash-manifest.xml"
fails 1 'a plan that the check does not allow' plan
has "$(output)" '[plan]: the check does not allow this deployment' 'says so'
has "$(cat "$scratch/messages")" '--force-keys' 'and why'
is "$(ls "$TMPDIR")" '' 'nothing is left behind'

done_testing
