# SPDX-License-Identifier: LGPL-2.1-or-later
# For tests and for what they run in the lab.
#
#   wait_for SECONDS COMMAND ARGUMENT…      waits for COMMAND to succeed, which takes up to SECONDS where nothing else runs

# No verdict depends on how fast a machine is: what is given up is what hangs, after ten minutes. Then the test has failed,
# and waits no longer than SECONDS for what may hang for the same reason.
wait_for()
{
    test_patience=600
    [ -z "${test_gave_up-}" ] && [ "$1" -le 600 ] || test_patience=$1
    test_clock
    test_deadline=$((test_now + test_patience))
    shift
    test_pauses='0.05 0.05 0.1 0.1'
    while ! "$@" > /dev/null 2>&1; do
        test_clock
        [ "$test_now" -lt "$test_deadline" ] || { test_gave_up=1; return 1; }
        sleep "${test_pauses%% *}"
        test_pauses="${test_pauses#* } 0.2"
    done
}

# Seconds since the machine was started: a clock that nobody sets.
test_clock()
{
    read -r test_now _ < /proc/uptime
    test_now=${test_now%.*}
}
