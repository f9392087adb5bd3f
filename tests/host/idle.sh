#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A loop that has nothing to do does nothing.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

seconds=${IDLE_SECONDS:-10}

# Alone: its cycle has ended, and so has cycle_finished.
idle()
{
    logged 1 'Redeploying' && [ -z "$(ps -o pid= --ppid "$loop")" ]
}

switches()
{
    awk '/^(non)?voluntary_ctxt_switches/ { sum += $2 } END { print sum }' "/proc/$loop/status"
}

start -i "$models/infrastructure.nix" --no-probe
wait_for 20 idle
# What it still does after its cycle it has done when nothing happens for a second.
at_rest()
{
    before=$(switches)
    sleep 1
    [ "$(switches)" = "$before" ]
}
ok 'it comes to rest' wait_for 20 at_rest
sleep "$seconds"
is "$(switches)" "$before" "a loop with a watched model does not wake up in $seconds seconds"
memory=$(awk '/^VmRSS/ { print $2 }' "/proc/$loop/status")
evidence "resident: $memory kB"
# Sanitizers keep books of their own.
grep -q asan "/proc/$loop/maps" || ok 'and takes less than 10 MB' test "$memory" -lt 10240
write_model test1
ok 'but wakes up for a change' wait_for 20 logged 1 'removed: test2'
end_loop

done_testing
