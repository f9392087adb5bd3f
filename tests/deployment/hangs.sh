#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A target that hangs in one operation of the client interface, or cannot be reached for it, and for ever, is that target's
# trouble: a machine that crashes and a change of the models are adapted to by the others. What it costs is a deadline,
# not each cycle.
. "$srcdir/tests/share/functions.sh"

# While its own service is exchanged, and a new one and that of a machine that crashes go to another target.
scenario() # OPERATION HOW
{
    mkdir -p "$scratch/$1"
    cat > "$scratch/$1/scenario.json" << END
{ "version": 1, "description": "one target $2 in --$1",
  "targets": { "test1": {}, "test2": {}, "test3": {}, "test4": {} },
  "services": { "db": { "state": true }, "web": { "state": true } },
  "distribution": { "db": { "on": ["test1", "test3"] }, "web": { "on": ["test2", "test4"] } },
  "timeline": [
    { "event": "write", "service": "db", "text": "first", "snapshot": true },
    [{ "event": "fail", "operation": "--$1", "target": "test2", "how": "$2", "times": 1000000 },
     { "event": "upgrade", "services": { "web": { "state": true, "version": "2" }, "api": {} },
       "distribution": { "db": { "on": ["test1", "test3"] }, "web": { "on": ["test2", "test4"] },
                         "api": { "on": ["test3"] } } }],
    { "event": "crash", "target": "test1" },
    { "event": "wait", "seconds": 3600 }
  ],
  "expect": { "answers": { "db": ["test3"], "api": ["test3"] }, "state": { "db": ["first"] },
              "failed": { "least": 0, "most": 8 } } }
END
}

adapts() # OPERATION: that state is still to be captured from who hangs is no reason against it
{
    "$builddir/dydisnix-scenario" run --simulate --update "$scratch/$1" > "$scratch/seen" 2>&1 ||
        [ "$(grep '^# [^-+ @]' "$scratch/seen")" = '# one more cycle found something to do' ]
}

for operation in query-requisites query-installed print-invalid export import realise set lock unlock activate deactivate \
    snapshot restore delete-state query-all-snapshots query-latest-snapshot print-missing-snapshots resolve-snapshots \
    export-snapshots import-snapshots clean-snapshots capture-config collect-garbage; do
    scenario "$operation" hangs
    ok "--$operation hangs, and the others are adapted" adapts "$operation"
    case $operation in
        # Only programs of Disnix make these calls, and tell nobody which one has failed.
        import | activate | deactivate | restore) continue ;;
    esac
    scenario "$operation" misses
    ok "--$operation does not reach it, and the others are adapted" adapts "$operation"
done
done_testing
