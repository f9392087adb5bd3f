# SPDX-License-Identifier: LGPL-2.1-or-later
# Source this after lab.sh, in a network of three targets: the loop deploys web -> api -> database (with state) where
# place() says, a client writes to the database, and what is asked afterwards is whether all is as if nothing had
# happened.
#
#   place DATABASE API WEB     from now on they belong there
#   host OPTION…               one cycle of the loop, its status; the log is $log
#   settle                     further cycles, until one succeeds
#   deploy_undisturbed         one that must succeed; its manifest is what this placement means
#   write TEXT                 to every database that answers; notes what was acknowledged
#   as_if_nothing 'row'        all the promises, as one result
#   end 'PHASE STEP HOW'…      what befalls the next deployment, see dydisnix-lab-engine(7)
#
# $host_program may be another build of dydisnix-self-adapt.

here=$DYDISNIX_LAB/here
models=$here/models
state=$here/state
log=$here/log
reconstructing=--reconstruct
host_reconstructs=$reconstructing
host_program=$builddir/dydisnix-self-adapt
mkdir -p "$models" "$here/events"
cp "$srcdir/lab/example/services.nix" "$models"
: > "$here/acknowledged"
: > "$here/rescues"
: > "$log"

place() # DATABASE API WEB
{
    database=$1 api=$2 web=$3
    # shellcheck disable=SC2154
    cat > "$models/qos.nix" << END
{ services, infrastructure, ... }:
let here = name: if infrastructure ? \${name} then name else builtins.head (builtins.attrNames infrastructure);
in { database = [ (here "$1") ]; api = [ (here "$2") ]; web = [ (here "$3") ]; }
END
}

# Each rescue that a report names, once: "TARGET SNAPSHOT", or where it does not say which, all of that component.
note_rescues()
{
    [ -e "$here/events/cycle_finished.json" ] || return 0
    python3 - "$here/events/cycle_finished.json" >> "$here/rescues" << 'END'
import json, sys
reports = json.load(open(sys.argv[1])).get("reports", {})
for report in (reports.get("recover"), reports.get("redeploy", {}).get("recover")):
    for rescue in (report or {}).get("rescued", []):
        print(rescue["target"], rescue["snapshot"])
for rescue in (reports.get("reconstruct") or {}).get("rescued", []):
    print(rescue["target"], rescue["container"] + "/" + rescue["component"] + "/*")
END
    rm -f "$here/events/cycle_finished.json"
}

host() # OPTION…, --run last
{
    once=--once
    case "$*" in *--run*) once= ;; esac
    # shellcheck disable=SC2086
    on coordinator env DYDISNIX_LAB_END="$here/end" DYDISNIX_NIX_EXPRESSIONS="$srcdir/nix" DYDISNIX_PLUGIN_PATH="$builddir/plugin:$builddir/tests/plugins" \
        DYDISNIX_KILL="${host_kill-}" "$host_program" -s "$models/services.nix" -q "$models/qos.nix" \
        --geninfra dydisnix-lab-geninfra --state-dir "$state" $host_reconstructs $once --plugin=record \
        --plugin-option=record:directory="$here/events" "$@" > "$here/last" 2>&1
    host_status=$?
    cat "$here/last" >> "$log"
    note_rescues
    return "$host_status"
}

end() # LINE…
{
    printf '%s\n' "$@" > "$here/end"
}

# A command for the line of an ending: the client writes in the middle of the deployment.
cat > "$here/write" << 'END'
for machine in test1 test2; do
    dydisnix-lab write $machine database "$1-$machine" > /dev/null 2>&1 && echo "$1-$machine" >> "$2"
done
exit 0
END
writing() # TEXT
{
    echo "run sh $here/write $1 $here/acknowledged"
}

# One that was left behind by a killed loop may still deploy.
settle()
{
    rm -f "$here/end"
    settle_tries=0
    while ! host "$@"; do
        if grep -q 'runs this profile already' "$here/last"; then
            sleep 0.2
        else
            settle_tries=$((settle_tries + 1))
            [ "$settle_tries" -lt 3 ] || return 1
        fi
    done
}

# The deployed manifest: same placement, same path.
manifest()
{
    on coordinator sh -c 'profile=/nix/var/nix/profiles/per-user/$(id -un)/disnix-coordinator; cd "$profile" &&
        readlink "$(readlink default)"'
}

deploy_undisturbed()
{
    rm -f "$here/end"
    host || return 1
    manifest > "$here/manifest of $database $api $web"
}

machines_of() # SERVICE: where it answers
{
    lab who "$1" 2> /dev/null | python3 -c 'import json, sys; print(*sorted(json.load(sys.stdin)))'
}

write() # TEXT
{
    for machine in $(machines_of database); do
        if lab write "$machine" database "$1-$machine" > /dev/null 2>&1; then
            echo "$1-$machine" >> "$here/acknowledged"
        fi
    done
}

# What was acknowledged and is neither live nor in a rescue that a report has named.
lost()
{
    {
        for machine in $(machines_of database); do
            lab ask "$machine" database | python3 -c 'import json, sys; print(*json.load(sys.stdin)["state"], sep="\n")'
        done
        sort -u "$here/rescues" | while read -r target snapshot; do
            # shellcheck disable=SC2086
            cat "$DYDISNIX_LAB/machines/$target/var/state/dysnomia/snapshots"/$snapshot/lines 2> /dev/null
        done
    } | sort -u > "$here/found"
    sort -u "$here/acknowledged" | comm -23 - "$here/found"
}

locks()
{
    find "$DYDISNIX_LAB/machines" -path '*/nix' -prune -o -name 'disnix-*.lock' -print
}

# What does not belong in the state directory or among temporary files.
strays()
{
    find "$state" -mindepth 2 -maxdepth 2 \
        | grep -vE '/(lock|state.json|deployed.xml|seen.xml|infrastructure.(nix|xml)|event.json|events.jsonl(.1)?|totals.json)$'
    # shellcheck disable=SC2016
    on coordinator sh -c 'find "${TMPDIR:-/tmp}" -mindepth 1 -newer "$1" -user "$(id -u)"' sh "$here/begun"
}

# Programs of a deployment that still run.
running()
{
    on coordinator python3 -c '
import glob
for name in glob.glob("/proc/[0-9]*/cmdline"):
    try:
        program = open(name, errors="replace").read().split("\0")[0].rsplit("/", 1)[-1]
    except OSError:
        continue
    if program.startswith(("disnix-", "dydisnix-")) and program != "dydisnix-lab":
        print(program)'
}

promises()
{
    [ "$(machines_of database)" = "$database" ] || echo "database answers on $(machines_of database), not $database"
    [ "$(machines_of api)" = "$api" ] || echo "api answers on $(machines_of api), not $api"
    [ "$(machines_of web)" = "$web" ] || echo "web answers on $(machines_of web), not $web"
    [ ! -e "$here/manifest of $database $api $web" ] \
        || [ "$(manifest)" = "$(cat "$here/manifest of $database $api $web")" ] || echo "the manifest is $(manifest)"
    lost | sed 's/^/lost: /'
    locks | sed 's/^/a lock: /'
    strays | sed 's/^/a stray file: /'
    running | sed 's/^/a process: /'
}

as_if_nothing() # ROW
{
    broken=$(promises)
    [ -z "$broken" ] || evidence "$broken" "The last lines of the loop:" "$(tail -n 60 "$log")"
    [ -z "$broken" ]
    result $? "$1: in the end all is as if nothing had happened"
}
