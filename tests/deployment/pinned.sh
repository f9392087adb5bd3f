#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A component in dispute stays where it is: the new manifest is made again with its service pinned, and the rest deployed.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

# The new manifest has db on test2; with pins where they say.
pinned=/nix/store/$hash-pinned.xml
cat > "$scratch/bin/disnix-manifest" << 'EOF'
#!/bin/sh
number=1
while [ -e "$calls/$number" ] || ! mkdir "$calls/$number" 2> /dev/null; do number=$((number + 1)); done
printf '%s\n' "$@" > "$calls/$(printf '%02d' "$number")-disnix-manifest.arguments"
while [ "$1" != --distribution ]; do shift; done
case $2 in
    */pinned/distribution.nix)
        cp "${2%/*}/pins.json" "${2%/*}/model.json" "$2" "$calls/.."
        cat "$answers/disnix-manifest.pinned"
        ;;
    *) cat "$answers/disnix-manifest" ;;
esac
EOF
echo "$pinned" > "$answers/disnix-manifest.pinned"

# A manifest with db there, in which both targets are.
write_with_both() # FILE TARGET
{
    write_manifest "$1" test1 test2
    python3 - "$@" << 'EOF'
import re, sys
text = open(sys.argv[1]).read()
for mapping in re.findall(r"<mapping>.*?</mapping>", text, re.S):
    if "<target>%s</target>" % sys.argv[2] not in mapping:
        text = text.replace(mapping, "")
open(sys.argv[1], "w").write(text)
EOF
}
write_with_both "$store/$hash-manifest.xml" test2
write_with_both "$store/$hash-previous.xml" test1
write_with_both "$store/$hash-pinned.xml" test1

# The reconstruction says what "$answers/survivors" has.
cat > "$scratch/reconstructs" << 'EOF'
#!/bin/sh
[ "$1" != hooks ] || exec echo reconstruct
cat "$answers/survivors"
EOF
chmod +x "$scratch/reconstructs"

deploy() # OPTION…
{
    forget_calls
    deployed_before "$previous"
    watching --once --no-probe --plugin=script:"$scratch/reconstructs" "$@"
}
evaluate() # EXPRESSION: on the JSON document on standard input
{
    python3 -c 'import json, sys; s = json.loads(sys.stdin.read()); print(eval(sys.argv[1]))' "$1"
}
remembers() # EXPRESSION
{
    evaluate "$1" < "$state/default/state.json"
}
report() # EXPRESSION: of the stage redeploy
{
    grep '"stage":"redeploy"' "$state/default/events.jsonl" | tail -n 1 | evaluate "$1"
}

disputed='{"survivors": {"disputed": {"test2": {"process": {"db": {"why": "two copies"}}}}, "kept": {}}, "disputes": [{"component": "db",
    "container": "process", "reason": "two copies", "copies": [{"target": "test1", "live": true},
    {"target": "test2", "disputed": true}]}]}'
kept='{"survivors": {"kept": {"process": {"db": []}}}}'

echo '{"survivors": {}}' > "$answers/survivors"
ok 'where nothing is in dispute' deploy
is "$(calls_of disnix-manifest) $(arguments disnix-activate | tail -n 1)" "1 $manifest" 'db goes to test2'

echo "$disputed" > "$answers/survivors"
ok 'where it is in dispute on test2' deploy
has "$(output)" '[target: test1]: db in process stays here: its copy on target test2 is in dispute' 'it stays on test1'
is "$(calls_of disnix-manifest) $(arguments disnix-activate | tail -n 1)" "2 $pinned" 'and the rest is deployed'
is "$(cat "$scratch/model.json")" "\"$distribution\"" 'around the distribution that was generated'
is "$(cat "$scratch/pins.json")" '{"db":[{"target":"test1","container":"process"}]}' 'with db where it is'
ok 'by a model whose text is always the same' cmp "$srcdir/nix/pinned-distribution.nix" "$scratch/distribution.nix"
is "$(report '(s["report"]["manifest"], [(p["component"], p["target"], p["targets"]) for p in s["report"]["pinned"]])')" \
    "('$pinned', [('db', 'test2', ['test1'])])" 'the report tells it'
is "$(remembers '(s["survivors"]["disputed"], len(s["disputes"]), s.get("pinned"))')" \
    "({'test2': {'process': {'db': {'why': 'two copies'}}}}, 1, None)" 'and the dispute goes on'
is "$(find "$state" -name pinned | wc -l | tr -d ' ')" 0 'nothing of it is left behind'

# Ids belong to places.
: > "$models/ids.nix"
ok 'with ids' deploy --id-resources="$models/resources.nix" --ids="$models/ids.nix"
is "$(calls_of dydisnix-id-assign)" 2 'these are assigned for the places that it has then'
has "$(arguments dydisnix-id-assign)" '/pinned/distribution.nix' 'by the same model'

# What is pinned decides nothing.
write_with_both "$store/$hash-previous.xml" test1
echo "$kept" > "$answers/survivors"
ok 'where several copies are kept' deploy
is "$(arguments disnix-activate | tail -n 1)" "$pinned" 'it stays where these are'
is "$(remembers 's["survivors"]["kept"]')" "{'process': {'db': []}}" 'which decides nothing'
ok 'a dry run' deploy --dry-run
has "$(output)" 'db in process stays here: several copies of it are kept' 'says it too'
has "$(output)" '[plan]: db in process stays on test1: several copies of it are kept' 'and has it in the plan'
echo "$pinned" > "$answers/disnix-manifest"
ok 'where the distribution wants the same' deploy
is "$(calls_of disnix-manifest) $(remembers 's["survivors"]["kept"]')" "1 {'process': {}}" 'it is decided'
echo "$manifest" > "$answers/disnix-manifest"

# Where it cannot be.
echo "$disputed" > "$answers/survivors"
write_manifest "$store/$hash-manifest.xml" test2
fails 1 'where its home has left the model' deploy
has "$(output)" 'db in process would move, its copy on target test2 is in dispute, and no target of the model has it' \
    'it is refused'
is "$(calls_of disnix-manifest) $(calls_of disnix-activate)" '1 0' 'and nothing is deployed'
ok 'but for --force-conflict' deploy --force-conflict
is "$(arguments disnix-activate | tail -n 1)" "$manifest" 'then it moves'
write_with_both "$store/$hash-manifest.xml" test2
echo "$manifest" > "$answers/disnix-manifest.pinned"
echo "$kept" > "$answers/survivors"
fails 1 'where the services model names its targets itself' deploy
has "$(output)" 'it cannot be kept where it is, for the services model places it' 'that is said'
is "$(calls_of disnix-activate)" 0 'and nothing is deployed'

# What a plugin says may be anything.
echo '{"survivors": {"disputed": {"test2": []}}}' > "$answers/survivors"
watching --once --plugin=script:"$scratch/reconstructs" > "$scratch/output" 2>&1
has "$(cat "$scratch/output")" \
    'what the stage reconstruct tells as disputed has not the form of that, and is not believed' 'is not believed'
done_testing
