#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Plugins: which are loaded, which are refused, what hooks get, and what becomes of a cycle that they end.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

plugins="$scratch/the plugins"
mkdir "$plugins" "$plugins/empty" "$scratch/events"
cp "$builddir"/tests/plugins/*.so "$plugins"

with() # PLUGIN OPTION…
{
    one=$1
    shift
    watching --once --plugin="$one" "$@"
}

# What a hook prints arrives, though nobody reads it at a terminal.
ok 'hooks that print' with "$plugins/record.so" --plugin-option=record:augment=print \
    --plugin-option=record:cycle_finished=print
has "$(output)" 'the hook augment speaks' 'one is heard'
has "$(output)" 'the hook cycle_finished speaks' 'and so is the last one'

# The wrong ones: one clear line that names the file, nothing is run, status 1.
printf '%4096s' 'no shared object' > "$plugins/text.so"
: > "$plugins/nothing.so"
mkdir "$plugins/directory.so"
while IFS='|' read -r name part; do
    forget_calls
    fails 1 "$name.so is refused" with "$plugins/$name.so"
    has "$(output)" "$part" "and told: $part"
    has "$(output)" "plugin $plugins/$name.so: " 'naming the file'
    is "$(output | wc -l)" 1 'in one line'
    is "$(called)" '' 'before anything is run'
done << 'EOF'
text|invalid ELF header
nothing|file too short
directory|Is a directory
absent|No such file
no-symbol|no symbol dydisnix_plugin_entry
no-plugin|it gives no plugin
too-small|smaller than any plugin can be
too-new|made for version 2 of the plugin interface, this is version 1
no-hook|it has no hook
no-name|or is missing
other-name|its name is not that of its file
odd-name|other characters than
refuses|it refuses to be loaded
unresolved|nobody_has_this
EOF
fails 1 'an option that the plugin does not know' with "$plugins/record.so" --plugin-option=record:colour=red
has "$(output)" 'record: no option colour' 'is told'
fails 1 'an option for a plugin that takes none' with "$plugins/old.so" --plugin-option=old:colour=red
has "$(output)" 'it takes no options, but was given colour' 'is told'
fails 1 'an option for a plugin that is not loaded' with "$plugins/old.so" --plugin-option=other:colour=red
has "$(output)" 'plugin other, but it is not loaded' 'is told'
fails 1 'a name that is none' with '../x'
for name in '' . -x 'a b' a.so; do
    fails 1 "the name '$name'" with "$name"
    has "$(output)" 'a name has only letters, digits, - and _' 'is none'
done
fails 1 'a name that is nowhere' with missing
has "$(output)" 'no missing.so in $DYDISNIX_PLUGIN_PATH or ' 'is told, with where it was looked for'

# One that hangs while it is loaded can be interrupted.
start -i "$models/infrastructure.nix" --plugin="$plugins/record.so" --plugin-option=record:hang="$scratch/hangs"
wait_for 20 test -e "$scratch/hangs"
kill -TERM "$loop"
not_there()
{
    ! kill -0 "$loop"
}
ok 'a plugin that hangs while it is loaded: TERM ends it all' wait_for 20 not_there
kill -KILL "$loop" 2> /dev/null
wait "$loop"
is $? 1 'with 1'
loop=
has "$(cat "$log")" 'loading the plugins was interrupted' 'and tells why'

# Older and newer ones; the search path.
DYDISNIX_PLUGIN_PATH="$scratch/nowhere::$plugins/empty:$plugins"
export DYDISNIX_PLUGIN_PATH
ok 'a plugin built against the first header loads' with old
has "$(output)" 'old plugin: done' 'and its hook is called'
ok 'a plugin with more fields than this host knows loads' with future
cp "$plugins/too-new.so" "$plugins/empty/old.so"
fails 1 'the first directory that has it is taken' with old
rm "$plugins/empty/old.so"

# What hooks get and give.
record() # OPTION…
{
    rm -f "$scratch/events"/*
    forget_calls
    with record --plugin-option=record:directory="$scratch/events" "$@"
}
member() # HOOK EXPRESSION
{
    python3 -c 'import json, sys; e = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' \
        "$scratch/events/$1.json" "$2"
}
ok 'hooks that take nothing' record -F "$models/filters.nix" --interface=client --target-property=ip -m 3 --show-trace
is "$(called)" 'dydisnix-gendist nix-store disnix-manifest nix-store disnix-distribute disnix-activate disnix-restore disnix-set ' 'leave all stages to Disnix'
is "$(ls "$scratch/events" | tr '\n' ' ')" \
    'assign_ids.json augment.json capture.json cycle_finished.json reconstruct.json redeploy.json redistribute.json snapshot.json ' \
    'every hook is called'
is "$(member capture 'sorted(e)')" \
    "['coordinatorProfilePath', 'dryRun', 'filters', 'hook', 'interface', 'late', 'maxConcurrentTransfers', 'profile', 'qos', 'reports', 'services', 'showTrace', 'stage', 'stageTimeout', 'targetProperty', 'version']" \
    'what capture gets'
is "$(member redeploy 'sorted(set(e) - set(("coordinatorProfilePath", "dryRun", "filters", "hook", "interface", "late", "maxConcurrentTransfers", "profile", "qos", "reports", "services", "showTrace", "stage", "stageTimeout", "targetProperty", "version")))')" \
    "['changes', 'cycle', 'distribution', 'history', 'infrastructure', 'infrastructureXml', 'presence']" 'and redeploy in addition'
is "$(member redeploy '[e["version"], e["hook"], e["profile"], e["interface"], e["targetProperty"]]')" \
    "[1, 'redeploy', 'default', 'client', 'ip']" 'settings as they are'
is "$(member redeploy '[e["maxConcurrentTransfers"], e["showTrace"], e["dryRun"]]')" '[3, True, False]' \
    'numbers and truths as such'
is "$(member redeploy 'e["infrastructure"]')" "$models/infrastructure.nix" 'the model'
is "$(member redeploy 'e["changes"]["added"]')" "['test1', 'test2']" 'what changed'
is "$(member redeploy 'e["distribution"]')" "$distribution" 'the distribution'
is "$(member redeploy 'e["reports"]["redistribute"]["distribution"]')" "$distribution" 'and the reports of earlier stages'
is "$(member redeploy 'sorted(e["history"])')" "['accepted', 'deployed', 'preferred', 'snapshots', 'targets']" 'what the loop remembers'
is "$(member cycle_finished 'e["outcome"]')" done 'how the cycle ended'
is "$(member cycle_finished '[e["stage"], e["hook"]]')" "['redeploy', 'cycle_finished']" 'its last stage'
is "$(member cycle_finished 'e["reports"]["redeploy"]["manifest"]')" "$manifest" 'and its reports'

ok 'a hook that takes redistribute' record --plugin-option=record:redistribute="$manifest"
is "$(calls_of dydisnix-gendist)" 0 'has it'
has "$(arguments disnix-manifest)" "$manifest" 'its distribution is the one that is deployed'
is "$(member redeploy 'e["reports"]["redistribute"]["by"]')" record 'its report is told to later hooks'
ok 'hooks that take everything' record --plugin-option=record:capture="$models/infrastructure.nix" \
    --plugin-option=record:augment=take --plugin-option=record:reconstruct=take --plugin-option=record:snapshot=take \
    --plugin-option=record:redistribute="$distribution" --plugin-option=record:assign_ids=take \
    --plugin-option=record:redeploy=take
is "$(called)" 'nix-store ' 'leave nothing to Disnix: what they have made is kept by Nix'
mkdir "$scratch/coordinator"
ln -s "$manifest" "$scratch/coordinator/default-1-link"
ln -s default-1-link "$scratch/coordinator/default"
remembered() # PYTHON, of the state s
{
    python3 -c "import json, sys
s = json.load(open(sys.argv[1]))
$1
json.dump(s, open(sys.argv[1], 'w'))" "$state/default/state.json"
}
remembered 's["deployed"] = "/nix/store/older"; s["targets"]["test1"]["away"] = 1'
ok 'a hook that takes redeploy' record --plugin-option=record:redeploy=take \
    --coordinator-profile-path="$scratch/coordinator"
is "$(remembered 'print(s["deployed"], "away" in s["targets"]["test1"])')" "$manifest False" \
    'what the coordinator has then is what was deployed'
ok 'the first plugin that takes a stage has it' record --plugin=future --plugin-option=record:redistribute="$manifest"
fails 1 'a capture that names no model' record --plugin-option=record:capture=take
has "$(output)" 'the stage capture gave no infrastructure model' 'is told'
for hook in capture augment redistribute; do
    fails 1 "$hook gives back a path that is not absolute" record --plugin-option=record:$hook=../x
    has "$(output)" "the stage $hook gave no absolute path" 'is told'
done

for hook in capture augment reconstruct redistribute assign_ids redeploy; do
    fails 1 "$hook fails" record --plugin-option=record:$hook=fail
    has "$(output)" "plugin record: its hook $hook failed with 1" 'its plugin is told'
    has "$(output)" "the stage $hook failed" 'and its stage'
    is "$(member cycle_finished '[e["outcome"], e["stage"]]')" "['failed', '$hook']" 'cycle_finished is called'
    is "$(calls_of disnix-activate)" 0 'nothing is deployed'
    fails 1 "$hook crashes" record --plugin-option=record:$hook=crash
    has "$(output)" 'the cycle was ended by signal 11' 'is told'
    is "$(member cycle_finished '[e["outcome"], e["stage"]]')" "['failed', '$hook']" \
        'cycle_finished is called, in a process of its own'
    is "$(calls_of disnix-activate)" 0 'nothing is deployed'
done
fails 1 'a hook that gives back nonsense' record --plugin-option=record:redistribute=odd
has "$(output)" 'its hook redistribute failed with 77' 'failed'
ok 'cycle_finished may fail' record --plugin-option=record:cycle_finished=fail
ok 'and crash' record --plugin-option=record:cycle_finished=crash

# The loop survives a crash, and goes on when it is over.
start -i "$models/infrastructure.nix" --plugin=record --plugin-option=record:redistribute=crash --retry-min=1 --retry-max=1
ok 'a plugin that crashes' wait_for 20 logged 1 'the cycle was ended by signal 11'
ok 'costs its cycle, not the loop' wait_for 20 logged 2 'the cycle was ended by signal 11'
kill -TERM "$loop"
wait "$loop"
is $? 0 'which ends as ever'
loop=

# The header alone, as an author may compile it.
printf '%s\n' '#include <dydisnix/plugin.h>' \
    'static int hook(const json_t *event, json_t **report)' \
    '{ (void)event; *report = json_object(); return DYDISNIX_DONE; }' \
    'static const struct dydisnix_plugin plugin = { .name = "x", .redistribute = hook };' \
    'DYDISNIX_REGISTER_PLUGIN(plugin)' > "$scratch/x.c"
strict='-Wall -Wextra -Wno-missing-field-initializers -pedantic -Werror -fsyntax-only'
compiles() # FLAG…
{
    # shellcheck disable=SC2086
    ${CC:-cc} $strict ${JSON_CFLAGS-} -I"$srcdir/include" "$@" "$scratch/x.c"
}
ok 'the header compiles as C99' compiles -std=c99
ok 'and as C11 with strict prototypes' compiles -std=c11 -Wstrict-prototypes -Wmissing-prototypes
ok 'and as C++' compiles -x c++ -std=c++20

done_testing
