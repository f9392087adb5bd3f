#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Totals over all cycles, and the plugin metrics that writes them down; sd_notify.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

# Reads the text form strictly, and prints what an expression gives; m: { name: { (label, value)…: number } }.
cat > "$scratch/metrics" << 'EOF'
import re, sys
m, kinds, helped, current = {}, {}, set(), None
text = open(sys.argv[1]).read()
assert text.endswith("\n")
label = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
for line in text.split("\n")[:-1]:
    if line.startswith("# HELP "):
        name = line.split(" ", 3)[2]
        assert name not in helped and re.fullmatch("[a-z_]+", name), line
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
        labels = tuple(sorted(re.findall(r'([a-zA-Z_]+)="((?:[^"\\]|\\.)*)"', labels)))
        assert labels not in m.setdefault(name[len("dydisnix_self_adapt_"):], {}), line
        m[name[len("dydisnix_self_adapt_"):]][labels] = float(number)
def value(name, **labels):
    labels.setdefault("profile", "default")
    return m.get(name, {}).get(tuple(sorted(labels.items())))
buckets = [n for l, n in m["cycle_duration_seconds_bucket"].items()]
assert buckets == sorted(buckets) and buckets[-1] == list(m["cycle_duration_seconds_count"].values())[0]
assert ("le", "+Inf") in list(m["cycle_duration_seconds_bucket"])[-1]
print(eval(sys.argv[2]))
EOF
file=$scratch/node.prom
metric() # EXPRESSION
{
    python3 "$scratch/metrics" "$file" "$1"
}

cp "$builddir/tests/plugins/record.so" "$builddir/plugin/metrics.so" "$scratch"
counted() # OPTION…
{
    watching --once --plugin="$scratch/record.so" --plugin="$scratch/metrics.so" \
        --plugin-option=metrics:file="$file" "$@"
}
ok 'a first cycle' counted --plugin-option=record:reconstruct=silent:test2
is "$(metric 'value("cycles_total", outcome="done"), value("crashes_total"), value("cycle_duration_seconds_count")')" \
    '(1.0, 0.0, 1.0)' 'is counted'
is "$(metric 'value("targets", status="silent"), value("targets", status="present")')" '(1.0, 1.0)' 'targets by status'
is "$(metric 'value("services")')" 1.0 'services'
is "$(metric 'value("last_success_timestamp_seconds") == value("last_cycle_timestamp_seconds") > 1.7e9')" True \
    'when it was'
is "$(stat -c %a "$file")" 644 'the collector can read it'
fails 1 'one that fails' counted --plugin-option=record:redistribute=fail
fails 1 'one that crashes' counted --plugin-option=record:redistribute=crash
fails 1 'one that crashes before it looks' counted --plugin-option=record:capture=crash
is "$(metric '[value("cycles_total", outcome=o) for o in ("done", "failed")], value("crashes_total")')" '([1.0, 3.0], 2.0)' \
    'all are counted'
is "$(metric '[value("failures_total", stage=s) for s in ("redistribute", "capture")]')" '[2.0, 1.0]' 'by stage'
is "$(metric 'value("last_success_timestamp_seconds") <= value("last_cycle_timestamp_seconds")')" True 'success is older'
ok 'without the plugin' watching --once
ok 'and with it' counted
is "$(metric 'value("cycles_total", outcome="done")')" 3.0 'cycles without it count too'
echo '{' > "$state/default/totals.json"
ok 'damaged totals' counted
has "$(output)" 'totals.json is damaged and starts afresh' 'are told'
is "$(metric 'value("cycles_total", outcome="done")')" 1.0 'and begin anew'
rm "$state/default/totals.json" "$state/default/events.jsonl"
ok 'deleted ones' counted
lacks "$(output)" totals 'too, without a word'
odd=$(printf 'a"b\\c')
ok 'a profile with odd characters' counted -p "$odd"
is "$(metric 'sorted(m["crashes_total"])[0][0][1]')" 'a\"b\\c' 'is escaped'
fails 1 'a relative file' watching --once --plugin="$scratch/metrics.so" --plugin-option=metrics:file=x
has "$(output)" 'an absolute path is expected' 'is refused'
ok 'a file that cannot be written' counted --plugin-option=metrics:file="$scratch/no/x"
has "$(output)" "metrics: $scratch/no/x: No such file" 'is told, and that is all'

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
is "$(journal '[e["kind"] for e in d][:2], [e["stage"] for e in d if e["kind"] == "stage"]')" \
    "(['cycle_began', 'stage'], ['capture', 'detect'])" 'after what came before it'
is "$(journal 'len({e.get("cycle") for e in d if e["kind"] in ("infrastructure", "cycle_ended")})')" 1 'under one number'
printf '{"torn' >> "$state/default/events.jsonl"
rm -f "$scratch/log"
start --geninfra=generate --interval=1
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
