#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A target that is refused is that everywhere, for the same reason: in the message, the table, the report, and the status.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

DYDISNIX_PLUGIN_PATH=$builddir/plugin
export DYDISNIX_PLUGIN_PATH
cat > "$scratch/bin/client" << EOF
#!/bin/sh
case " \$* " in
    *' test1 '*) exit 0 ;;
    *' --query-requisites '*) echo '/nix/store/$hash-test2' ;;
    *' --query-installed '*) echo '<profilemanifest version="2"><nonsense/></profilemanifest>' ;;
esac
EOF
profile="<profile name=\"test2\">/nix/store/$hash-test2</profile>"
sed -i "s,<profiles/>,<profiles>$profile</profiles>," "$store/$hash-previous.xml"
deployed_before "$previous"

said_of() # FILE: what it says of test2
{
    sed -n 's/^\[target: test2\]: invalid: //p' "$1" | head -n 1
}

start -i "$models/infrastructure.nix" --reconstruct --interface=client --no-probe
ok 'it is refused' wait_for 60 logged 1 '[target: test2]: invalid: '
reason=$(said_of "$log")
has "$reason" 'profile manifest' 'with a reason'
status()
{
    "$builddir/dydisnix-self-adaptctl" --json status > "$scratch/status" \
        && python3 -c 'import json, sys; sys.exit("reason" not in json.load(open(sys.argv[1]))["targets"].get("test2", {}))' "$scratch/status"
}
ok 'the status has it' wait_for 60 status
is "$(python3 - "$scratch/status" << 'EOF'
import json, sys
test2 = json.load(open(sys.argv[1]))["targets"]["test2"]
print(test2["status"], test2["reason"])
EOF
)" "invalid $reason" 'with the same reason'
ok 'for people too' [ -n "$("$builddir/dydisnix-self-adaptctl" status | grep -F "$reason" | grep '^test2   invalid ')" ]
end_loop
is "$(python3 - "$state/default/events.jsonl" << 'EOF'
import json, sys
reports = [e["report"] for e in map(json.loads, open(sys.argv[1])) if e.get("stage") == "reconstruct" and "report" in e]
print(reports[-1]["targets"]["test2"]["status"], reports[-1]["targets"]["test2"]["reason"])
EOF
)" "invalid $reason" 'so has the report in the journal'

"$with_nix" "$scratch/machine" "$builddir/dydisnix-reconstruct" --interface=client \
    --coordinator-profile-path="$scratch/the profiles" "$models/infrastructure.nix" > "$scratch/table" 2>&1
is "$(said_of "$scratch/table")" "$reason" 'a reconstruction by hand says the same'
is "$(sed -n 's/^test2  *\([a-z]*\) .*/\1/p' "$scratch/table")" invalid 'and its table'
done_testing
