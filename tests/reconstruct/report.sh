#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a reconstruction tells: the table for people, and the members of the report, which the manual page describes.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/network.sh"

previous=$scratch/previous.xml
table() # what standard output was, without times
{
    printf '%s\n' "$output" | sed 's/[0-9]* ms$/N ms/'
}

# Names of several widths: "ü" takes one column, "漢字" take four.
profile a "$(service k1 db)" "$(mapping k1 mysql)" "$(snapshot k1 mysql db)"
profile zürich-漢字 "$(service k2 api "$(dependency k1 mysql a)")" "$(mapping k2 tomcat)" ''
profile zürich "$(service k3 web)" "$(mapping k3 apache)" ''
for target in zürich-漢字 zürich; do
    store_path z > "$NETWORK/$target/requisites"
done
infrastructure a zürich zürich-漢字
reconstruct --xml --dry-run "$model"
is "$status" 0 'a dry run'
is "$(table)" 'TARGET       STATUS    DONE  SERVICES  FETCHED  TIME
a            captured  -     1         -        N ms
zürich       captured  -     1         -        N ms
zürich-漢字  captured  -     1         -        N ms
There is no previous manifest; in this one there is:
  a: + db in mysql; + state of db in mysql; it has a profile now; new in the model
  zürich: + web in apache; it has a profile now; new in the model
  zürich-漢字: + api in tomcat; it has a profile now; new in the model' 'the table of a first run'
is "$(cut -f 2 "$NETWORK/calls" | sort | uniq -c | tr -s ' ' | tr '\n' ',')" ' 3 query-installed, 3 query-requisites,' \
    'a dry run only asks'
ok 'a dry run makes nothing' test ! -e "$profiles"
reconstruct --xml --print-manifest "$model"
printf '%s\n' "$output" > "$previous"
reconstruct --xml --dry-run --previous="$previous" "$model"
is "$(table | tail -n 2)" "Nothing differs from the previous manifest.
Manifest: $previous" 'the table where nothing has changed'

# What has changed, and what has to be known.
profile a "$(service k7 db)$(service k4 cache)" "$(mapping k7 mysql)$(mapping k4 process)" "$(snapshot k7 mysql db)"
store_path a2 > "$NETWORK/a/requisites"
profile b "$(service k7 db)" "$(mapping k7 mysql)" "$(snapshot k7 mysql db)"
echo 255 > "$NETWORK/zürich-漢字/status"
infrastructure a b zürich-漢字
reconstruct --xml --dry-run --previous="$previous" "$model"
is "$(table)" "TARGET       STATUS    DONE  SERVICES  FETCHED  TIME
a            captured  -     2         -        N ms
b            captured  -     0         -        N ms
zürich-漢字  silent    kept  1         -        N ms
in dispute: db in mysql on target b, not running (the one on target a was chosen, and this one is not shown to be older: the target was deployed to since, its profile is another one)
activated: db in mysql on target a (it belongs there)
rescued: db in mysql on target b (the one on target a was chosen, and this one is not shown to be older: the target was deployed to since, its profile is another one)
fenced: db in mysql on target b (the one on target a was chosen, and this one is not shown to be older: the target was deployed to since, its profile is another one)
dangling: api depended on what is gone from mysql on target a
What differs from the previous manifest:
  a: + cache in process; ~ db in mysql; it has another profile
  b: it has a profile now; new in the model
  zürich: - web in apache; it has no profile any more; gone from the model
  zürich-漢字: ~ api in tomcat
Manifest: $previous" 'the table where much has changed'
is "$(grep -cvE '	query-(installed|requisites|all-snapshots)	' "$NETWORK/calls")" 0 'still it only asks'

# Many names are counted.
services= mappings=
for number in 1 2 3 4 5 6 7; do
    services=$services$(service key$number service$number) mappings=$mappings$(mapping key$number process)
done
profile many "$services" "$mappings" ''
infrastructure many
reconstruct --xml --dry-run "$model"
has "$output" '+ service1 in process, service2 in process, service3 in process, service4 in process, service5 in process and 2 more;' \
    'a long list is cut'

# Standard output has one use.
reconstruct --xml --print-manifest "$model"
lacks "$output" 'STATUS' 'no table beside the manifest'
output=$("$builddir/dydisnix-reconstruct" --interface="$client" --xml --dry-run --report=- "$model")
ok 'no table beside the report' python3 -c 'import json, sys; json.loads(sys.argv[1])' "$output"
reconstruct --xml --dry-run "$model.none"
is "$output" '' 'no table where nothing is known'
ok 'and no report' test ! -e "$report"
[ ! -w /dev/full ] || fails 1 'a table that cannot be written: fails' \
    sh -c '"$0" "$@" > /dev/full' "$builddir/dydisnix-reconstruct" --xml --dry-run --interface="$client" "$model"

# A run that fails tells what was found by then.
echo 255 > "$NETWORK/many/status"
reconstruct --xml --dry-run --unreachable=fail --previous="$previous" "$model"
is "$status" 1 'a run that fails'
is "$(table)" 'TARGET  STATUS  DONE  SERVICES  FETCHED  TIME
many    silent  -     -         -        N ms' 'and its table'
is "$(reported 'r["targets"]["many"]["status"]')" silent 'and its report'
rm "$NETWORK/many/status"

# Control characters, and those that turn the direction of writing, do no harm.
cp -R "$srcdir/tests/replays/silent-and-dangling/input" "$scratch/saved"
python3 - "$scratch/saved/input.json" << 'EOF'
import json, sys
saved = json.load(open(sys.argv[1]))
saved["installed"]["path"] = "/nix/\x1b[31mstore\u202e\u0085\r"
saved["fetched"]["a"] = {"paths": 2, "bytes": 2560, "unasked": 1, "unaskedPaths": ["/nix/store/x"]}
json.dump(saved, open(sys.argv[1], "w"))
EOF
output=$("$builddir/dydisnix-reconstruct" --replay="$scratch/saved" --report="$scratch/odd.json" 2> "$scratch/messages")
has "$output" 'Manifest: /nix/?[31mstore???, generation 3' 'what is no text is shown as ?'
has "$output" 'a       captured  -     1         2 (2.5 KiB)  ' 'what was fetched'

# Colours are for terminals that have them.
cat > "$scratch/at-terminal" << 'EOF'
import os, pty, subprocess, sys
master, slave = pty.openpty()
process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=slave, stderr=subprocess.DEVNULL)
os.close(slave)
while True:
    try:
        text = os.read(master, 65536)
    except OSError:
        break
    if not text:
        break
    os.write(1, text)
sys.exit(process.wait())
EOF
saved=$srcdir/tests/replays/silent-and-dangling/input
seen_with() # SETTING…: what is seen at a terminal
{
    env -u NO_COLOR "$@" python3 "$scratch/at-terminal" "$builddir/dydisnix-reconstruct" --replay="$saved" | tr -d '\r'
}
escape=$(printf '\033')
has "$(seen_with TERM=xterm)" "a       ${escape}[32mcaptured${escape}[0m  -  " 'colours at a terminal, columns as without'
has "$(seen_with TERM=xterm NO_COLOR=)" "$escape" 'an empty NO_COLOR is none'
lacks "$(seen_with TERM=xterm NO_COLOR=1)" "$escape" 'NO_COLOR'
lacks "$(seen_with TERM=dumb)" "$escape" 'TERM=dumb'
lacks "$(TERM=xterm "$builddir/dydisnix-reconstruct" --replay="$saved" 2>&1)" "$escape" 'no colours without a terminal'
is "$(seen_with TERM=xterm | sed "s/$escape\[[0-9]*m//g")" "$(seen_with TERM=dumb)" 'colours change nothing else'

# Every member that is written is described, with its type, and what is described is written somewhere.
reports=$scratch/reports
mkdir "$reports"
keep() # NAME ARGUMENT…
{
    name=$1
    shift
    reconstruct --xml --dry-run "$@" "$model"
    cp "$report" "$reports/$name.json"
}
shared() # TARGET CONNECTED-TO
{
    profile "$1" "$(service k1 db '' "$(dependency k2 echo "$2")")$(service k2 api)" \
        "$(mapping k1 echo)$(mapping k2 echo)" "$(snapshot k1 echo db)"
}
shared a a
shared b b
mv "$NETWORK/b" "$NETWORK/key"
infrastructure a b
sed -i 's|<string value="b"/>|<string value="key"/>|' "$model"
keep divergent
is "$(reported 'len(r["divergent"]), len(r["warnings"])')" '(1, 1)' 'a divergent service, a name that is no key'
reconstruct --xml --print-manifest "$model"
printf '%s\n' "$output" | sed 's|type="string">key<|type="string">other<|; s|<name>api<|<name>other<|' > "$previous"
keep changed --previous="$previous"
profile a '' '' ''
infrastructure a
keep gone --previous="$previous"

# A copy from an older disk, for the loop, which saves it again right before services change; and all that is remembered.
DYSNOMIA_STATEDIR=$scratch/dysnomia
export DYSNOMIA_STATEDIR
mkdir -p "$DYSNOMIA_STATEDIR/generations/echo/db"
for number in 1 2; do
    ln -s "../../../snapshots/echo/db/$(printf %064d "$number")" "$DYSNOMIA_STATEDIR/generations/echo/db/$number"
done
echo '{"targets": {"a": {"away": 1000, "missed": 1000}}, "snapshots": {"a": {"echo": {"db": 900}}}}' > "$scratch/history"
profile a "$(service k1 db)" "$(mapping k1 echo)" "$(snapshot k1 echo db)"
printf 'echo/db/%064d\n' 1 > "$NETWORK/a/snapshots"
infrastructure a
reconstruct --xml --print-manifest "$model"
printf '%s\n' "$output" > "$previous"
keep regressed --previous="$previous" --history="$scratch/history" --save-input="$scratch/regressed"
is "$(reported 'len(r["regressed"]), r["late"]')" '(1, [])' 'a copy of an older disk; by hand nobody does the rest'
sed -i 's/"late": false/"late": true/' "$scratch/regressed/input.json"
"$builddir/dydisnix-reconstruct" --replay="$scratch/regressed" --report="$reports/late.json" > "$scratch/table"
python3 - "$scratch/history" << 'EOF'
import json, sys
copy = lambda value: {"z": {"echo": {"db": value}}}
json.dump({"survivors": {
    "disputed": copy({"why": "since long", "service": "<manifest/>", "owed": True, "untold": True}), "superseded": copy("/nix/store/x"),
    "kept": {"echo": {"other": ["z"]}}, "brought": copy({"service": "<manifest/>"}), "accept": copy(True),
    "prefer": {"echo": {"db": "a"}}, "wanted": {"echo": {"db": True}}, "older": copy(True),
    "fenced": copy(True), "unstarted": {"z": {"echo": {"k2": True}}}}}, open(sys.argv[1], "w"))
EOF
profile b "$(service k1 db)" "$(mapping k1 echo)" "$(snapshot k1 echo db)"
infrastructure a b
keep remembered --previous="$previous" --history="$scratch/history"
is "$(reported 'sorted(r["survivors"])')" \
    "['accept', 'activated', 'brought', 'disputed', 'fenced', 'kept', 'older', 'prefer', 'superseded', 'unstarted', 'wanted']" \
    'all that is remembered'

cat > "$scratch/members" << 'EOF'
import json, re, sys

page = open(sys.argv[1]).read()
section = page[page.index('.SH "THE REPORT"'):page.index('.SH "SAVED INPUT"')]
described = {name: set(kinds.split(" or "))
             for name, kinds in re.findall(r'^\.BR "(.*?)" " \((.*?)\)"$', section, re.M)}
by_name = "targets", "changes", "difference.profiles", "difference.targets.changed"
kinds = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", type(None): "null"}
written = {}


def of_survivors(path, key):
    parts = path.split(".")
    if parts[0] != "survivors" or len(parts) < 2:
        return key
    names = ["CONTAINER", "COMPONENT"]
    if parts[1] not in ("kept", "activated", "prefer", "wanted"):
        names = ["NAME", *names]
    return names[len(parts) - 2] if len(parts) - 2 < len(names) else key


def walk(value, path):
    written.setdefault(path, set()).add(kinds[type(value)])
    if isinstance(value, dict):
        for key, member in value.items():
            name = "NAME" if path in by_name else of_survivors(path, key)
            walk(member, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for item in value:
            walk(item, path + "[]")


for file in sys.argv[2:]:
    walk(json.load(open(file)), "")
del written[""]
for path, seen in sorted(written.items()):
    # An object or an array may be described by what is in it.
    if not any(name == path or name.startswith((path + ".", path + "[")) for name in described):
        print("not described:", path)
    elif not seen <= described.get(path, seen):
        print("of another type:", path, *seen)
for path in sorted(set(described) - set(written)):
    print("described, and not seen:", path)
EOF
is "$(python3 "$scratch/members" "$srcdir/plugin/dydisnix-reconstruct.1" "$srcdir"/tests/replays/*/report.json "$reports"/*.json \
    "$scratch/odd.json")" \
    '' 'every member is described, and of the type that it is said to be'

done_testing
