#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Totals over all cycles, and the metrics, as promtool reads them; sd_notify; messages as documents.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

# Reads the text form strictly, and prints what an expression gives: names without prefix, labels without profile.
cat > "$scratch/metrics" << 'EOF'
import re, sys
m, kinds, helped, current = {}, {}, set(), None
text = open(sys.argv[1]).read()
assert text.endswith("\n")
label = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
for line in text.split("\n")[:-1]:
    if line.startswith("# HELP "):
        name = line.split(" ", 3)[2]
        assert name not in helped and re.fullmatch("dydisnix_self_adapt_[a-z_]+", name), line
        helped.add(name)
    elif line.startswith("# TYPE "):
        _, _, current, kind = line.split(" ")
        assert current in helped and current not in kinds and kind in ("counter", "gauge", "histogram"), line
        assert (kind == "counter") == current.endswith("_total"), line
        kinds[current] = kind
    else:
        found = re.fullmatch(r'([a-z_]+)\{(%s(?:,%s)*)\} (-?[0-9.e+]+)' % (label, label), line)
        assert found, line
        name, labels, number = found.groups()
        base = re.sub("_(bucket|sum|count)$", "", name) if kinds[current] == "histogram" else name
        assert base == current, line
        labels = dict(re.findall(r'([a-zA-Z_]+)="((?:[^"\\]|\\.)*)"', labels))
        profile = labels.pop("profile")
        labels = tuple(sorted(labels.items()))
        assert labels not in m.setdefault(name[len("dydisnix_self_adapt_"):], {}), line
        m[name[len("dydisnix_self_adapt_"):]][labels] = float(number)
def value(name, **labels):
    return m.get(name, {}).get(tuple(sorted(labels.items())))
def all_of(name, label):
    return {dict(l)[label]: n for l, n in m.get(name, {}).items() if n}
buckets = list(m["cycle_duration_seconds_bucket"].values())
assert buckets == sorted(buckets) and buckets[-1] == value("cycle_duration_seconds_count")
assert ("le", "+Inf") in list(m["cycle_duration_seconds_bucket"])[-1]
print(eval("(" + sys.argv[2] + ")"))
EOF
file=$scratch/node.prom
metric() # EXPRESSION
{
    python3 "$scratch/metrics" "$file" "$1"
}

# Names, kinds and labels, as the page has them and as they are written.
documented()
{
    sed -n '/^Metric|Kind/,/^\.TE/p' "$srcdir/host/dydisnix-self-adapt.1" | grep -v '^\.' | tr '\n' ' ' |
        sed 's/T{ \([a-z_]*\) T}|\([a-z]*\)|T{ \([a-z, ]*\) T}|/\n\1 \2 \3\n/g' | grep -E '^[a-z_]+ (gauge|counter|histogram)' |
        sed 's/, */,/g; s/ *$//' | sort
}
written()
{
    python3 -c 'import re, sys
kinds, labels = {}, {}
for line in open(sys.argv[1]):
    word = line.split()
    if word[1] == "TYPE":
        kinds[word[2][len("dydisnix_self_adapt_"):]] = word[3]
    elif word[0] != "#":
        name = re.sub("^dydisnix_self_adapt_", "", line.split("{")[0])
        name = name if name in kinds else name.rsplit("_", 1)[0]
        labels.setdefault(name, set()).update(l for l in re.findall("([a-z]+)=\"", line) if l != "profile")
order = ["container", "component", "target", "state"]
for name in sorted(kinds):
    print(name, kinds[name], ",".join(sorted(labels.get(name, ()), key=lambda l: (order + [l]).index(l))))' "$file" |
        sed 's/ *$//' | sort
}

cp "$builddir/tests/plugins/record.so" "$scratch"
counted() # OPTION…
{
    (umask 077; watching --once --plugin="$scratch/record.so" --metrics="$file" "$@")
}
deployed_before "$store/$hash-manifest.xml" # what the programs here say that they have deployed

fails 1 'a first cycle that fails' counted --plugin-option=record:redistribute=fail
series='sorted((n, l) for n in m for l in m[n] if not {"target", "service", "component"} & {k for k, _ in l})'
before=$(metric "$series")
is "$(metric '[value("cycles_total", outcome=o) for o in ("done", "failed", "paused")]')" '[0.0, 1.0, 0.0]' 'is counted'
is "$(metric '[value(n) for n in ("last_success_timestamp_seconds", "disputes", "foreign_locks", "rescued_total")]')" \
    '[0.0, 0.0, 0.0, 0.0]' 'what has not been is 0 from the start'
is "$(metric 'sorted(dict(l)["stage"] for l in m["failures_total"]), all_of("failures_total", "stage")')" \
    "(['assign_ids', 'augment', 'capture', 'detect', 'reconstruct', 'recover', 'redeploy', 'redistribute', 'restore', "\
"'snapshot', 'start'], {'redistribute': 1.0})" 'and so are stages that have not failed'
is "$(metric 'all_of("services", "state"), value("services", state="running")')" '({}, 0.0)' \
    'what was never deployed does not run'
ok 'one that is done' counted
is "$(metric "$series")" "$before" 'what there is does not depend on what has happened'
is "$(metric 'value("cycles_total", outcome="done"), value("crashes_total"), value("cycle_duration_seconds_count")')" \
    '(1.0, 0.0, 2.0)' 'is counted'
is "$(metric 'all_of("targets", "state"), all_of("services", "state")')" "({'here': 2.0}, {'running': 1.0})" \
    'targets and services, right after it'
is "$(metric 'value("last_success_timestamp_seconds") == value("last_cycle_timestamp_seconds") > 1.7e9')" True \
    'when it was'
is "$(metric 'value("up"), value("consecutive_failures"), value("snapshot_timestamp_seconds", container="process", component="db")')" \
    '(0.0, 0.0, 0.0)' 'the loop has ended, and the component has no snapshot'
is "$(stat -c %a "$file")" 644 'the collector can read it'
is "$(ls "$scratch" | grep node.prom)" node.prom 'and nothing else lies there'
ok 'one with snapshots' counted --snapshot
is "$(metric 'value("snapshot_timestamp_seconds", container="process", component="db") > 1.7e9')" True 'when one was taken'
fails 1 'one that fails' counted --plugin-option=record:redistribute=fail
fails 1 'one that crashes' counted --plugin-option=record:redistribute=crash
fails 1 'one that crashes before it looks' counted --plugin-option=record:capture=crash
is "$(metric '[value("cycles_total", outcome=o) for o in ("done", "failed")], value("crashes_total")')" '([2.0, 4.0], 2.0)' \
    'all are counted'
is "$(metric 'all_of("failures_total", "stage")')" "{'capture': 1.0, 'redistribute': 3.0}" 'by stage'
is "$(metric 'value("last_success_timestamp_seconds") <= value("last_cycle_timestamp_seconds")')" True 'success is older'
ok 'without the file' watching --once
ok 'and with it' counted
is "$(metric 'value("cycles_total", outcome="done")')" 4.0 'cycles without it count too'

# Who and what is away.
: > "$answers/silent.ip.test1"
: > "$answers/silent.test1"
write_model test1 test2
fails 1 'a target that is lost, while no deployment succeeds' counted --probe --grace=0 --plugin-option=record:redistribute=fail
is "$(metric 'all_of("targets", "state"), value("target_state", target="test1", state="silent")')" \
    "({'here': 1.0, 'silent': 1.0}, 1.0)" 'is told by name'
is "$(metric 'all_of("services", "state"), value("service_down_timestamp_seconds", service="db") > 1.7e9')" \
    "({'down': 1.0}, True)" 'what it ran is down, not running'
down=$(metric 'value("service_down_timestamp_seconds", service="db")')
sleep 1
fails 1 'and in the next cycle' counted --probe --grace=0 --plugin-option=record:redistribute=fail
is "$(metric 'value("service_down_timestamp_seconds", service="db")')" "$down" 'it is down since then'
write_model test2
fails 1 'one that has left the model' counted --grace=0 --plugin-option=record:redistribute=fail
is "$(metric 'value("target_state", target="test1", state="missing"), all_of("services", "state")')" "(1.0, {'down': 1.0})" \
    'is told too'
rm "$answers/silent.ip.test1" "$answers/silent.test1"
write_model test1 test2
ok 'all are there again' counted
is "$(metric 'all_of("targets", "state"), all_of("services", "state"), m.get("service_down_timestamp_seconds")')" \
    "({'here': 2.0}, {'running': 1.0}, None)" 'and all runs'

# What only a deployment meets, and what is still to be done.
cp "$state/default/state.json" "$scratch/kept.json"
settle_state() # EXPRESSION over s
{
    python3 -c 'import json, sys
s = json.load(open(sys.argv[1]))
exec(sys.argv[3])
json.dump(s, open(sys.argv[2], "w"))' "$scratch/kept.json" "$state/default/state.json" "$1"
}
settle_state 's["disputes"] = [{"component": "db", "container": "process", "copies": []}]'
fails 1 'a cycle that does not get as far as that' counted --plugin-option=record:redistribute=fail
is "$(metric 'value("disputes")')" 1.0 'a dispute counts as long as it is open, whatever the last reconstruction told'
cp "$scratch/kept.json" "$state/default/state.json"
rm "$scratch/bin/client"
cat > "$scratch/bin/client" << 'EOF'
#!/bin/sh
case " $* " in *' --lock '*) exit 1 ;; esac
EOF
chmod +x "$scratch/bin/client"
write_model test1 test2 test3
sed -i "s,<profiles/>,<profiles><profile name=\"test1\">/nix/store/$hash-profile</profile></profiles>," \
    "$store/$hash-manifest.xml"
fails 1 'a target whose lock is taken' counted
is "$(metric 'value("foreign_locks"), value("foreign_lock_timestamp_seconds", target="test1") > 1.7e9')" '(1.0, True)' \
    'is told by name'
ln -sf disnix-ssh-client "$scratch/bin/client"
ok 'it is free again' counted
is "$(metric 'value("foreign_locks"), m.get("foreign_lock_timestamp_seconds")')" '(0.0, None)' 'and that is told'
settle_state 's["deployment"] = {"new": "/nix/store/x-manifest.xml", "phase": "activating"}
s["paused"] = {"reason": "operator", "since": 1700000000}
s["leftovers"] = [{}]'
fails 1 'a loop that is paused' counted
is "$(metric 'all_of("paused", "reason"), value("paused_timestamp_seconds"), all_of("recovery_pending", "of")')" \
    "({'operator': 1.0}, 1700000000.0, {'deployment': 1.0, 'targets': 1.0})" 'says so, and what is to be settled then'
cp "$scratch/kept.json" "$state/default/state.json"

# While it runs.
mkfifo "$answers/disnix-manifest.wait"
start -i "$models/infrastructure.nix" --no-probe --metrics="$file" --socket="$scratch/socket" --retry-min=600 --retry-max=600
tells() # EXPRESSION
{
    [ "$(metric "$1" 2> /dev/null)" = True ]
}
ok 'a stage that runs' wait_for 20 tells 'value("stage_timestamp_seconds", stage="redeploy") > 1.7e9 and value("up") == 1'
is "$(metric 'list(all_of("stage_timestamp_seconds", "stage")), all_of("recovery_pending", "of")')" "(['redeploy'], {})" \
    'is told alone, and is no recovery'
echo 7 > "$answers/disnix-manifest.status"
: > "$answers/disnix-manifest.wait"
rm "$answers/disnix-manifest.wait"
ok 'that it failed, and when it is tried again' wait_for 20 tells 'value("consecutive_failures") == 1 and
value("next_retry_timestamp_seconds") - value("heartbeat_timestamp_seconds") > 200 and not all_of("stage_timestamp_seconds", "stage")'
rm "$answers/disnix-manifest.status"
write_model test1 test2 test3 test4
ok 'that it works again' wait_for 20 tells 'value("consecutive_failures") == 0 == value("next_retry_timestamp_seconds") and
value("last_check_timestamp_seconds") > 1.7e9'
ok 'somebody pauses it' "$builddir/dydisnix-self-adaptctl" --socket="$scratch/socket" pause
ok 'which is told' wait_for 20 tells 'value("paused", reason="operator") == 1 and value("paused", reason="lost") == 0'
end_loop
is "$(metric 'value("up"), value("paused", reason="operator")')" '(0.0, 1.0)' 'it ends, and is still paused'
rm "$state/default/state.json"

# Files that are odd.
echo '{' > "$state/default/totals.json"
ok 'damaged totals' counted
has "$(output)" 'totals.json is damaged and starts afresh' 'are told'
is "$(metric 'value("cycles_total", outcome="done")')" 1.0 'and begin anew'
rm "$state/default/totals.json" "$state/default/events.jsonl"
ok 'deleted ones' counted
lacks "$(output)" totals 'too, without a word'
odd=$(printf 'a"b\\c')
ok 'a profile with odd characters' counted -p "$odd"
is "$(metric 'profile')" 'a\"b\\c' 'is escaped'
fails 1 'a directory that is not there' counted --metrics="$scratch/no/x"
has "$(output)" "$scratch/no/x: No such file" 'is told at once'
mkdir "$scratch/directory"
ok 'a file that cannot be written' counted --metrics="$scratch/directory"
has "$(output)" "the metrics cannot be written: $scratch/directory: Is a directory" 'is told, and that is all'
is "$(output | grep -c 'metrics cannot')" 1 'once'
rm "$file"
ok 'a dry run' counted --dry-run
fails 1 'writes none: the loop may run beside it' test -e "$file"

# The page, and promtool.
write_model test1 test2
sed -i 's,<profiles>.*</profiles>,<profiles/>,' "$store/$hash-manifest.xml"
: > "$answers/silent.test1"
: > "$answers/silent.ip.test1"
python3 -c 'import json, sys
json.dump({"version": 1, "cycle": 0, "targets": {}, "snapshots": {}, "deployed": sys.argv[2], "foreign": {"test1": {"since": 1}},
    "effective": ["test1"]}, open(sys.argv[1], "w"))' "$state/default/state.json" "$manifest"
fails 1 'all that may be told' counted --probe --grace=0 --plugin-option=record:redistribute=fail
is "$(written)" "$(documented)" 'is in the page, with kind and labels, and nothing else'
rm "$answers/silent.test1" "$answers/silent.ip.test1"
if promtool=$(find_promtool); then
    ok 'promtool finds no fault' "$promtool" check metrics < "$file"
    is "$(output)" '' 'and has no advice'
    sed 's/crashes_total/crashes/' "$file" > "$scratch/worse.prom"
    fails 3 'it would' "$promtool" check metrics < "$scratch/worse.prom"
    ok 'the alerts are rules' "$promtool" check rules "$srcdir/examples/alerts.yml"
    ok 'and say what they should, when they should' "$promtool" test rules "$srcdir/tests/host/alerts.yml"
else
    skip 'promtool is not installed'
fi
# With the names that a histogram has in the file.
named=$(grep -ohE 'dydisnix_self_adapt_[a-z_]+' "$srcdir/examples/alerts.yml" "$srcdir/examples/dashboard.json" | sort -u)
is "$(for name in $named; do grep -q "^$name{" "$file" || echo "$name"; done)" '' \
    'the loop has written every metric that alerts and dashboard name'
is "$(python3 -c 'import json, sys
panels = json.load(open(sys.argv[1]))["panels"]
print(len({p["id"] for p in panels}) == len(panels) > 10 and all(t["expr"] for p in panels for t in p["targets"]))' \
    "$srcdir/examples/dashboard.json")" True 'the dashboard has panels'
is "$(grep -cE '^ +(summary|runbook):' "$srcdir/examples/alerts.yml")" "$((2 * $(grep -c alert: "$srcdir/examples/alerts.yml")))" \
    'each alert says what it is and what to do'

# What the journal says of it.
journal() # EXPRESSION
{
    python3 -c 'import json, sys
d = [json.loads(l) for l in open(sys.argv[1])]
assert all(e["version"] == 1 and len(e["time"]) == 20 and e["kind"] for e in d)
print(eval(sys.argv[2]))' "$state/default/events.jsonl" "$1"
}
rm -f "$state/default/events.jsonl"
fails 1 'a crash' counted --plugin-option=record:redistribute=crash
is "$(journal '[(e["kind"], e.get("stage"), e.get("outcome"), e.get("signal")) for e in d][-1]')" \
    "('cycle_ended', 'redistribute', 'failed', 11)" 'is in the journal, with stage and signal'
is "$(journal '[e["kind"] for e in d][:3], [e["stage"] for e in d if e["kind"] == "stage"]')" \
    "(['started', 'cycle_began', 'stage'], ['capture', 'detect'])" 'after what came before it'
is "$(journal 'len({e.get("cycle") for e in d if e["kind"] in ("infrastructure", "cycle_ended")})')" 1 'under one number'
printf '{"torn' >> "$state/default/events.jsonl"
rm -f "$scratch/log"
start --geninfra=generate --interval=1 --verbose
polled()
{
    [ "$(grep -c 'Waiting for' "$log")" -ge 3 ]
}
ok 'a generator that is polled' wait_for 30 polled
end_loop
sed -i '/^{"torn$/d' "$state/default/events.jsonl"
is "$(journal '[e["outcome"] for e in d if e["kind"] == "cycle_ended"]')" "['failed', 'done']" \
    'polls that changed nothing are not in the journal, and a torn line harms none'
is "$(journal '[e["report"]["manifest"] for e in d if e.get("stage") == "redeploy"]')" "['$manifest']" 'reports are'
rm -rf "$state/default"
ok 'a state directory that was deleted' counted
is "$(journal 'd[-1]["outcome"]')" done 'is made anew'
ok 'another cycle' counted
is "$(journal '["running" in e["report"] for e in d if e.get("stage") == "redeploy"]')" '[True, False]' \
    'all that runs is told in the first of many cycles'

# sd_notify.
cat > "$scratch/receiver" << 'EOF'
import os, socket, sys
name = sys.argv[1]
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
if name.startswith("@"):
    receiver.bind("\0" + name[1:])
else:
    os.chdir(os.path.dirname(name))
    receiver.bind(os.path.basename(name))
out = open(sys.argv[2], "w", buffering=1)
out.write("bound\n")
while True:
    text = receiver.recv(4096).decode()
    out.write(text + "\n")
    if text == "STOPPING=1":
        break
EOF
heard=$scratch/heard
hears() # TEXT
{
    grep -qxF -- "$1" "$heard"
}
short=$(mktemp -d /tmp/dydisnix-notify.XXXXXX)
cleanup_fn rm -rf "$short"
fails_first=7
for name in "$short/notify" "@dydisnix-test-$$"; do
    rm -f "$heard"
    timeout 600 python3 "$scratch/receiver" "$name" "$heard" &
    receiver=$!
    ok "a receiver at ${name%%-*}" wait_for 20 hears bound
    echo "$fails_first" > "$answers/dydisnix-gendist.status"
    NOTIFY_SOCKET=$name WATCHDOG_USEC=100000
    export NOTIFY_SOCKET WATCHDOG_USEC
    start -i "$models/infrastructure.nix" --no-probe --retry-min=60 --retry-max=60
    unset NOTIFY_SOCKET WATCHDOG_USEC
    ok 'is told that the loop is ready' wait_for 20 hears READY=1
    rm "$answers/dydisnix-gendist.status"
    ok 'though its first cycle failed' grep -q \
        'STATUS=1 cycle failed in a row, the last in the stage redistribute: dydisnix-gendist: exit status' "$heard"
    ok 'of stages' grep -q '^STATUS=Cycle: ' "$heard"
    ok 'that it lives' wait_for 20 hears WATCHDOG=1
    kill -HUP "$(cat "$state/default/lock")"
    ok 'that it reloads' wait_for 20 hears RELOADING=1
    ok 'since when' grep -qE '^MONOTONIC_USEC=[0-9]+$' "$heard"
    ok 'that all is well' wait_for 20 hears 'STATUS=Waiting; the last cycle: done'
    end_loop
    ok 'and that it ends' wait_for 20 hears STOPPING=1
    wait "$receiver"
    is "$(tail -n 1 "$heard")" STOPPING=1 'last of all'
done
NOTIFY_SOCKET=relative
export NOTIFY_SOCKET
ok 'an address that is none' watching --once
has "$(output)" 'NOTIFY_SOCKET=relative: Invalid argument' 'is told'
NOTIFY_SOCKET=$scratch/nobody
ok 'a receiver that is gone is none' watching --once
unset NOTIFY_SOCKET

# Messages as documents.
watching --once --log-format=json 2> "$scratch/messages" > /dev/null
is "$(python3 -c 'import json, sys
d = [json.loads(l) for l in open(sys.argv[1])]
print(all(e["version"] == 1 and e["level"] in ("error", "warning", "notice") and e["message"] for e in d), len(d) > 3)' \
    "$scratch/messages")" 'True True' 'messages can be documents'
fails 2 'another form' watching --log-format=xml
has "$(output)" 'text or json is expected' 'is refused'

done_testing
