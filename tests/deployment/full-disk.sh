#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The coordinator's disk is full from one moment of a cycle on, and has room again later: each write in between fails, and in
# the end all is as it should be, without a file that is left behind.
. "$srcdir/tests/share/functions.sh"

scenario() # NAME AT EVENT
{
    mkdir -p "$scratch/all/$1"
    cat > "$scratch/all/$1/scenario.json" << END
{ "version": 1, "description": "the disk is full from $1 on", "targets": { "test1": {}, "test2": {}, "test3": {} },
  "services": { "db": { "state": true }, "web": {} },
  "distribution": { "db": { "on": ["test1", "test3"] }, "web": { "on": ["test2"] } },
  "timeline": [
    { "event": "write", "service": "db", "text": "first", "snapshot": true },
    [{ "event": "full-disk", "at": { $2 } }, $3],
    { "event": "free-disk" },
    { "event": "wait", "seconds": 4000 }
  ],
  "expect": { "answers": { "db": ["test3"], "web": ["test2"] }, "state": { "db": ["first"] },
              "failed": { "least": 0, "most": 100 } } }
END
}

# Of a machine that crashes, and of a change of the models that moves state.
both() # NAME AT
{
    scenario "$1 crash" "$2" '{ "event": "crash", "target": "test1" }'
    scenario "$1 move" "$2" '{ "event": "upgrade", "services": { "db": { "state": true }, "web": { "version": "2" } },
      "distribution": { "db": { "on": ["test3"], "stay": false }, "web": { "on": ["test2"] } } }'
}

for stage in capture detect reconstruct snapshot redistribute redeploy; do
    both "$stage" "\"stage\": \"$stage\""
done
for phase in distributing locking deactivating activating snapshotting restoring setting coordinator releasing; do
    both "$phase" "\"phase\": \"$phase\""
done
for operation in query-requisites query-installed print-invalid import set lock unlock activate deactivate snapshot restore \
    query-all-snapshots query-latest-snapshot export-snapshots import-snapshots resolve-snapshots; do
    for number in 1 2 3; do
        both "$operation $number" "\"call\": \"--$operation\", \"number\": $number"
    done
done
"$builddir/dydisnix-scenario" run --simulate --update "$scratch/all" > "$scratch/seen" 2>&1
is $? 0 'whenever the disk is full, all is as it should be when it is not'
is "$(grep -c '^ok' "$scratch/seen")" 126 'at each moment'
evidence "$(grep -v '^# [-+ @]' "$scratch/seen" | grep '^#' | sort | uniq -c | sort -rn | head -n 20)" "$(grep '^not ok' "$scratch/seen")"
done_testing
