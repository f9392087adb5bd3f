#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Which targets the model has that is deployed: without those that are silent or held, after their time.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

plugin=$builddir/tests/plugins/record.so

# Keeps the model that it is given, and the names in it, for that model goes with its cycle.
cat > "$scratch/bin/dydisnix-gendist" << 'EOF'
#!/bin/sh
while [ "$1" != --infrastructure ]; do shift; done
cp "$2" "$calls/model.nix"
printf '%s' "$2" > "$calls/path"
nix-instantiate --eval --strict --json -E "builtins.attrNames (import (builtins.readFile \"$calls/path\"))" \
    > "$calls/model.new" 2>&1
mv "$calls/model.new" "$calls/model"
number=1
while [ -e "$calls/$number" ] || ! mkdir "$calls/$number" 2> /dev/null; do number=$((number + 1)); done
: > "$calls/$(printf '%02d' "$number")-dydisnix-gendist.arguments"
cat "$answers/dydisnix-gendist"
EOF

model()
{
    tr -d '"[]\n' < "$calls/model" | tr ',' ' '
}

model_is() # NAMES
{
    [ "$(model)" = "$1" ]
}

deployed_with() # NAMES: the last successful redeployment
{
    python3 -c 'import json, sys; sys.exit(json.load(open(sys.argv[1])).get("effective") != sys.argv[2].split())' \
        "$state/default/state.json" "$1"
}

status_of() # TARGET
{
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["targets"][sys.argv[2]]["status"])' \
        "$state/default/state.json" "$1"
}

has_status() # TARGET STATUS
{
    [ "$(status_of "$1")" = "$2" ]
}

say() # WORD [TARGET]: what an operator says
{
    mkdir -p "$state/default/words"
    printf '{"word":"%s"%s}' "$1" "${2:+,\"target\":\"$2\"}" > "$state/default/words/new"
    mv "$state/default/words/new" "$state/default/words/000000001.json"
    kill -HUP "$loop"
}

silent() # TARGET
{
    : > "$answers/silent.$1"
}

# One dead machine in a fixed model.
silent test2
ok 'a cycle with a target that does not answer' watching --once
has "$(output)" '[target: test2]: it does not answer, and is left out of the model' 'which is told'
is "$(model)" test1 'it is left out of the model'
is "$(status_of test2)" silent 'and shown as silent'
rm "$answers/silent.test2"
: > "$answers/deaf.test2"
ok 'a target that answers at the second time' watching --once
is "$(model)" 'test1 test2' 'is there'
ok 'and was asked twice' test -e "$answers/heard.test2"
silent test2
ok 'a cycle that asks nobody' watching --once --no-probe
is "$(model)" 'test1 test2' 'leaves nobody out'
ok 'and uses the model itself' cmp "$models/infrastructure.nix" "$calls/model.nix"
ok 'a generator' host -s "$models/services.nix" -q "$models/qos.nix" --geninfra=generate --once
is "$(model)" 'test1 test2' 'tells itself who is there'
ok 'unless it is not trusted with that' host -s "$models/services.nix" -q "$models/qos.nix" --geninfra=generate \
    --once --probe
is "$(model)" test1 'with --probe'
silent test1
fails 1 'a model of which nobody answers is no empty network' watching --once
has "$(output)" '--allow-empty' 'the message names the option'
rm "$answers"/silent.*

# Two names of one machine: there would be two locks and two profiles in one place.
cat > "$models/infrastructure.nix" << 'EOF'
{ alias = { properties.hostname = "test1"; containers = { }; };
  test1 = { properties.hostname = "test1"; containers = { }; };
  test2 = { properties.hostname = "test2"; containers = { }; }; }
EOF
ok 'a model with two names of one machine' watching --once
is "$(model)" 'test1 test2' 'the name that was deployed to stays'
is "$(status_of alias)" double 'the other one is left out, and shown'
has "$(output)" '[target: alias]: it has the connection key of target test1: it is left out until the model is mended' \
    'both are named'
ok 'it is told once' watching --once
lacks "$(output)" 'connection key' 'and not again'
rm -rf "$state"
ok 'nobody was deployed to' watching --once
is "$(model)" 'alias test2' 'the first name stays'
write_model test1 test2
ok 'the model is mended' watching --once
is "$(model)" 'test1 test2' 'nothing is left out'

# Names and paths are data, whatever they look like.
cat > "$models/infrastructure.nix" << 'EOF'
let parts = import ./parts.nix; in parts // {
  "odd\"name''\${builtins.abort(\"evaluated\")}" = { properties.hostname = "odd"; containers = { }; };
}
EOF
echo '{ test1 = { properties.hostname = "test1"; containers = { }; }; }' > "$models/parts.nix"
silent odd
ok 'a target with an odd name is left out too' watching --once
is "$(model)" test1 'of a model that imports another one'
ok 'the text of the effective model is always the same' cmp "$srcdir/nix/effective-model.nix" "$calls/model.nix"
rm "$answers"/silent.* "$models/parts.nix"
odd="$models/a \${b} ''\""
mkdir "$odd"
write_model test1 test2
cp "$models/infrastructure.nix" "$odd/model.nix"
silent test1
write_manifest "$store/$hash-manifest.xml" test2
ok 'a path that looks like Nix' host -s "$models/services.nix" -q "$models/qos.nix" -i "$odd/model.nix" --once
write_manifest "$store/$hash-manifest.xml" test1
is "$(model)" test2 'is a path'
rm "$answers"/silent.*

# Asked while the loop is idle.
forget_calls
start -i "$models/infrastructure.nix" --probe-interval=1
ok 'a loop begins' wait_for 20 deployed_with 'test1 test2'
silent test2
ok 'a target that falls silent is a change' wait_for 20 deployed_with test1
rm "$answers/silent.test2"
ok 'and so is one that answers again' wait_for 20 deployed_with 'test1 test2'
is "$(grep -c 'A change in the infrastructure' "$log")" 3 'nothing else is one'
end_loop

# A reconstruction that does not hear of a target.
forget_calls
echo 1 > "$answers/disnix-activate.status"
start -i "$models/infrastructure.nix" --probe-interval=10 --retry-min=1 --retry-max=1 --plugin="$plugin" \
    --plugin-option=record:reconstruct=silent:test2
ok 'a target that is silent within a cycle' wait_for 20 model_is 'test1 test2'
ok 'is left out of the next one' wait_for 20 model_is test1
ok 'until it answers' wait_for 20 model_is 'test1 test2'
end_loop
rm "$answers/disnix-activate.status"

# A reboot is not a crash.
forget_calls
rm -r "$state"
start -i "$models/infrastructure.nix" --probe-interval=1 --grace=3600
wait_for 20 deployed_with 'test1 test2'
silent test2
ok 'a target that vanishes has its grace' wait_for 20 has_status test2 grace
rm "$answers/silent.test2"
ok 'in which it may come back' wait_for 20 has_status test2 here
is "$(calls_of disnix-activate)" 1 'and nothing was redeployed'
write_model test1
ok 'a target that leaves the model has it too' wait_for 20 has_status test2 grace
is "$(calls_of disnix-activate)" 1 'for it may come back there'
end_loop
write_model test1 test2

# A clock that was set, also while no loop ran: as if it had said so much less then.
clock_is_known()
{
    python3 -c 'import json, sys, time; sys.exit(abs(json.load(open(sys.argv[1]))["clock"]["wall"] - time.time()) > 1800)' \
        "$state/default/state.json"
}
forget_calls
rm -r "$state"
start -i "$models/infrastructure.nix" --probe-interval=1 --grace=3000
wait_for 20 deployed_with 'test1 test2'
silent test2
ok 'a target vanishes' wait_for 20 has_status test2 grace
for seconds in 3600 86400 -86400; do
    end_loop
    python3 - "$state/default/state.json" "$seconds" << 'EOF'
import json, sys
state = json.load(open(sys.argv[1]))
step = int(sys.argv[2])
state["clock"]["wall"] -= step
state["targets"]["test2"]["missing"] -= step
json.dump(state, open(sys.argv[1], "w"))
EOF
    start -i "$models/infrastructure.nix" --probe-interval=1 --grace=3000
    ok "the clock is set by $seconds seconds, which is told" wait_for 20 logged 1 'seconds that did not pass'
    ok 'and noted' wait_for 20 clock_is_known
    is "$(status_of test2)" grace 'its grace goes on'
done
end_loop
rm "$answers/silent.test2"
is "$(calls_of disnix-activate)" 1 'nothing was redeployed'

rm -r "$state"
start -i "$models/infrastructure.nix" --probe-interval=1 --grace=15
wait_for 20 deployed_with 'test1 test2'
silent test2
ok 'after its grace' wait_for 20 has_status test2 grace
ok 'it is gone' wait_for 20 deployed_with test1
rm "$answers/silent.test2"
end_loop

# Settling.
forget_calls
rm -r "$state"
start -i "$models/infrastructure.nix" --no-probe --settle=10
ok 'a model that is still is deployed' wait_for 20 deployed_with 'test1 test2'
for target in test3 test4 test5; do
    write_model test1 "$target"
    sleep 0.5
done
ok 'one that changes' wait_for 20 deployed_with 'test1 test5'
is "$(calls_of disnix-activate)" 2 'when it has come to rest'
lacks "$(cat "$log")" 'added: test3' 'and not before'
end_loop
rm -r "$state"
start -i "$models/infrastructure.nix" --no-probe --settle=3600
wait_for 20 logged 1 'has to be still'
kill -HUP "$loop"
ok 'who asks for a cycle' wait_for 20 deployed_with 'test1 test5'
is "$(grep -c 'has to be still' "$log")" 1 'does not wait'
end_loop
write_model test1 test2

# Flapping.
forget_calls
rm -r "$state"
start -i "$models/infrastructure.nix" --probe-interval=1 --flap-count=2 --flap-window=3600 --flap-stable=15
wait_for 20 deployed_with 'test1 test2'
silent test2
wait_for 20 deployed_with test1
rm "$answers/silent.test2"
wait_for 20 deployed_with 'test1 test2'
silent test2
ok 'a target that vanishes too often' wait_for 20 has_status test2 flapping
has "$(cat "$log")" '[target: test2]: it vanished 2 times within 3600 seconds' 'is told'
wait_for 20 deployed_with test1
rm "$answers/silent.test2"
kill -HUP "$loop"
back()
{
    grep -q '"back"' "$state/default/state.json"
}
wait_for 20 back
ok 'and is not taken in at once' has_status test2 flapping
ok 'but when it has been there for some time' wait_for 20 deployed_with 'test1 test2'
end_loop

# Too many at once.
write_model test1 test2 test3 test4
forget_calls
rm -r "$state"
start -i "$models/infrastructure.nix" --probe-interval=1 --max-targets-lost=50%
wait_for 20 deployed_with 'test1 test2 test3 test4'
write_model test1
ok 'more targets are lost than a failure explains' wait_for 20 logged 1 '3 of 4 targets are lost at once'
ok 'which pauses adaptation' wait_for 20 grep -q '"paused"' "$state/default/state.json"
is "$(calls_of disnix-activate)" 1 'and nothing is redeployed'
write_model test1 test2 test3 test4
ok 'they are back' wait_for 20 logged 1 'there again, adaptation goes on'
write_model test1
wait_for 20 logged 2 '3 of 4 targets are lost at once'
say resume
ok 'an operator resumes' wait_for 20 deployed_with test1
say pause
ok 'and pauses' wait_for 20 logged 1 'Adaptation is paused'
write_model test1 test2
wait_for 20 has_status test2 here
is "$(calls_of disnix-activate)" 2 'nothing is redeployed'
end_loop
start -i "$models/infrastructure.nix" --probe-interval=1
ok 'also by the next loop' wait_for 20 logged 1 'Using infrastructure model'
told_to_be_paused()
{
    kill -USR1 "$loop"
    logged 1 '"paused":true'
}
ok 'which tells so when it gets USR1' wait_for 20 told_to_be_paused
say resume
ok 'until somebody resumes' wait_for 20 deployed_with 'test1 test2'
end_loop

# A client interface that is not there is the fault of no target.
rm -r "$state"
forget_calls
start -i "$models/infrastructure.nix" --probe-interval=1 --interface=no-such-client
ok 'a client interface that is not there is told' \
    wait_for 20 logged 1 'the client interface no-such-client cannot be started: No such file or directory'
wait_for 20 logged 2 'the client interface no-such-client cannot be started'
is "$(calls_of disnix-activate)" 0 'nothing is deployed'
is "$(logged 1 silent && echo silent)" '' 'and nobody is silent for that'
end_loop

done_testing
