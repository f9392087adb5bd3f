# SPDX-License-Identifier: LGPL-2.1-or-later
# Source this from a test: TAP output, a directory of the test's own in $scratch, cleanup on any exit.
#
#   . "$srcdir/tests/share/functions.sh"
#   is "$got" "$expected" 'what is promised'
#   ok 'what is promised' COMMAND ARGUMENT…         COMMAND succeeds
#   fails STATUS 'what is promised' COMMAND …       COMMAND exits with STATUS
#   has "$text" 'part' 'what is promised'
#   skip_all 'one of the reasons that .ci/run knows'
#   skip 'such a reason'                            only what comes now
#   cleanup_fn FUNCTION ARGUMENT…                   runs on exit, last registered first
#   sampled N < ROWS                                of a table's rows one in N, the first; all with SAMPLED=1
#   done_testing                                    last line of every test

set -u
. "$srcdir/tests/share/waiting.sh"
# Descriptors of make, its jobserver for one, are not for what a test starts.
exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
: "${srcdir:?}" "${builddir:?}"

test_count=0
test_failures=0
test_done=
cleanups=

scratch=$(mktemp -d "${TMPDIR:-/tmp}/dydisnix test.XXXXXX") || exit 99
test_pid=$$
# Loops with one profile do not run at once: each test has its own place for their sockets.
XDG_RUNTIME_DIR=$scratch/run
export XDG_RUNTIME_DIR

# [a-z] is what it says only there: in tr_TR, for one, neither q nor w is among these.
LC_ALL=C
export LC_ALL

# Nix has neither the machine's store nor its configuration, but what tests/tools/with-nix or the lab gives it.
if [ -z "${WITH_NIX-}" ]; then
    NIX_CONF_DIR=$scratch NIX_USER_CONF_FILES= NIX_REMOTE=dummy://
    export NIX_CONF_DIR NIX_USER_CONF_FILES NIX_REMOTE
    unset NIX_CONFIG NIX_PATH NIX_STORE_DIR NIX_STATE_DIR NIX_LOCALSTATE_DIR NIX_LOG_DIR NIX_DATA_DIR
fi

run_cleanups()
{
    test_status=$?
    [ "$$" = "$test_pid" ] || exit "$test_status"
    trap - EXIT
    eval "$cleanups"
    chmod -R u+w "$scratch" 2>/dev/null
    rm -rf "$scratch"
    if [ -z "$test_done" ]; then
        echo "Bail out! the test ended early with status $test_status"
        exit 99
    fi
    exit "$test_status"
}
trap run_cleanups EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

cleanup_fn()
{
    cleanups="$*; $cleanups"
}

result() # STATUS NAME
{
    test_count=$((test_count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $test_count - $2"
    else
        echo "not ok $test_count - $2"
        test_failures=$((test_failures + 1))
    fi
}

sampled()
{
    awk -v n="${SAMPLED:-$1}" '(NR - 1) % n == 0'
}

# Prints a text as TAP diagnostics.
evidence()
{
    printf '%s\n' "$@" | sed 's/^/# /'
}

is() # GOT EXPECTED NAME
{
    if [ "$1" = "$2" ]; then
        result 0 "$3"
    else
        evidence "expected: $2" "got:      $1"
        result 1 "$3"
    fi
}

has() # TEXT PART NAME
{
    case $1 in
        *"$2"*) result 0 "$3" ;;
        *)
            evidence "no '$2' in:" "$1"
            result 1 "$3"
            ;;
    esac
}

lacks() # TEXT PART NAME
{
    case $1 in
        *"$2"*)
            evidence "'$2' in:" "$1"
            result 1 "$3"
            ;;
        *) result 0 "$3" ;;
    esac
}

ok() # NAME COMMAND…
{
    test_name=$1
    shift
    "$@" > "$scratch/.output" 2>&1
    test_status=$?
    [ "$test_status" -eq 0 ] || evidence "status $test_status of: $*" "$(cat "$scratch/.output")"
    result "$test_status" "$test_name"
}

fails() # STATUS NAME COMMAND…
{
    test_expected=$1 test_name=$2
    shift 2
    "$@" > "$scratch/.output" 2>&1
    test_status=$?
    [ "$test_status" -eq "$test_expected" ] || evidence "status $test_status of: $*" "$(cat "$scratch/.output")"
    [ "$test_status" -eq "$test_expected" ]
    result $? "$test_name"
}

# What the last command of ok or fails printed, both streams.
output()
{
    cat "$scratch/.output"
}

# Prints where promtool is: installed, or as ./bootstrap has fetched it.
find_promtool()
{
    command -v promtool || { [ -x "$builddir/promtool" ] && echo "$builddir/promtool"; }
}

# What is built here takes the place of what is installed.
as_installed()
{
    PATH=$builddir:$PATH
    DYDISNIX_NIX_EXPRESSIONS=$srcdir/nix
    DYDISNIX_PLUGIN_PATH=$builddir/plugin
    export PATH DYDISNIX_NIX_EXPRESSIONS DYDISNIX_PLUGIN_PATH
}

skip()
{
    test_count=$((test_count + 1))
    echo "ok $test_count # SKIP $1"
}

skip_all()
{
    echo "1..0 # SKIP $1"
    test_done=1
    exit 0
}

done_testing()
{
    echo "1..$test_count"
    test_done=1
    [ "$test_failures" -eq 0 ]
    exit $?
}
