#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a cycle has to know of the cycles before it: who did not answer, and whether a deployment ended well.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

# Keeps the manifest that it is given, for that of the loop is gone when it has ended.
mv "$scratch/bin/disnix-snapshot" "$scratch/bin/note-snapshot"
cat > "$scratch/bin/disnix-snapshot" << 'EOF'
#!/bin/sh
for last; do :; done
cp "$last" "$calls/snapshot.xml.new"
mv "$calls/snapshot.xml.new" "$calls/snapshot.xml"
exec note-snapshot "$@"
EOF
chmod +x "$scratch/bin/disnix-snapshot"

snapshots_of() # the targets whose state the last snapshot took
{
    sed 's,.*<snapshotMappings>,,' "$calls/snapshot.xml" | tr -d '\n' | grep -o '<target>[^<]*' | sort -u \
        | sed 's,<target>,,' | tr '\n' ' '
}

taken_again() # NUMBER: so many snapshots were taken
{
    [ "$(calls_of note-snapshot)" -ge "$1" ]
}

deployed_before "$previous"
ok 'a cycle with a model that both targets are in' watching --once --snapshot
is "$(snapshots_of)" 'test1 test2 ' 'takes the snapshots of both'

# A machine that has left the model cannot be asked for its state.
write_model test1
forget_calls
ok 'a cycle after a target has left the model' watching --once --snapshot
is "$(snapshots_of)" 'test1 ' 'takes the snapshots of the one that is left'
write_model test1 test2

# Who was silent in the last reconstruction is not asked at the intervals after it either.
forget_calls
start -i "$models/infrastructure.nix" --no-probe --snapshot --interval=1 --plugin="$builddir/tests/plugins/record.so" \
    --plugin-option=record:reconstruct=silent:test2
ok 'snapshots are taken while nothing changes' wait_for 20 taken_again 3
is "$(snapshots_of)" 'test1 ' 'but not of the target that was silent'
has "$(cat "$state/default/state.json")" '"silent"' 'which is remembered'
end_loop
forget_calls
ok 'a cycle whose reconstruction hears all' watching --once --no-probe --snapshot \
    --plugin="$builddir/tests/plugins/record.so" --plugin-option=record:reconstruct=take
is "$(snapshots_of)" 'test1 test2 ' 'takes the snapshots of both again'

# Nor is one in its grace.
forget_calls
: > "$answers/silent.test2"
start -i "$models/infrastructure.nix" --snapshot --interval=1 --grace=3600
ok 'snapshots go on while a target may come back' wait_for 20 taken_again 2
is "$(snapshots_of)" 'test1 ' 'of those that are there'
is "$(calls_of disnix-activate)" 0 'and nothing is adapted'
end_loop
rm "$answers/silent.test2"

# A deployment that failed half-way leaves a system that is not the one of the last model, although that may
# come back.
forget_calls
rm -r "$state"
start -i "$models/infrastructure.nix" --retry-min=3600 --retry-max=3600
ok 'a system is deployed' wait_for 20 test -e "$state/default/deployed.xml"
echo 3 > "$answers/disnix-activate.status"
write_model test1
ok 'the next deployment leaves services active' wait_for 20 logged 1 'the stage redeploy failed'
rm "$answers/disnix-activate.status"
before=$(calls_of disnix-activate)
write_model test1 test2
more()
{
    [ "$(calls_of disnix-activate)" -gt "$before" ]
}
ok 'the model that was deployed before comes back, and is deployed again' wait_for 10 more

done_testing
