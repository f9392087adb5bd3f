#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the lab has deployed is imported, and deployed in another lab: both manifests mean the same.
. "$srcdir/tests/share/functions.sh"

as_installed
unset DISNIX_PROFILE DISNIX_TARGET_PROPERTY DISNIX_DEPLOY_STATE DISNIX_DELETE_STATE DYDISNIX_LAB
"$builddir/dydisnix-lab" --targets=0 --run -- true 2> /dev/null || skip_all 'user namespaces are not allowed here'
cd "$scratch" || exit 99

# A guard is asked before each stage, at last in a cycle that finds nothing to do: the manifest is the last one then.
mkdir bin
PATH=$scratch/bin:$PATH # the word of a guard is split at blanks
cat > bin/keep-manifest << 'END'
#!/bin/sh
for profile in /nix/var/nix/profiles/per-user/*/disnix-coordinator/default; do
    [ ! -e "$profile" ] || cat "$profile" > "${0%/bin/*}/kept.xml"
done
END
chmod +x bin/keep-manifest
deploy() # CASE
{
    rm -f kept.xml
    sed 's/"timeline"/"options": ["--guard=keep-manifest"], &/' "$1/scenario.json" > new
    mv new "$1/scenario.json"
    dydisnix-scenario run "$1"
}

mkdir first
cat > first/scenario.json << 'END'
{ "version": 1, "description": "a system",
  "targets": { "test1": { "properties": { "rack": "a" } }, "test2": { "key": "10.0.0.2", "properties": { "rack": "b & c" } },
    "test3": {} },
  "services": { "db": { "state": true, "version": "1.6" }, "host": { "provides": "inner" },
    "inside": { "type": "inner", "state": true }, "web": { "dependsOn": ["db", "inside"], "connectsTo": ["host"] } },
  "distribution": { "db": { "on": ["test1", "test2"], "copies": 2 }, "host": { "on": ["test2"] }, "inside": { "on": ["test2"] },
    "web": { "on": ["test3"] } },
  "timeline": [] }
END
ok 'a system is deployed' deploy first
ok 'and has a manifest' test -s kept.xml
cp kept.xml first.xml
ok 'which is imported' dydisnix-scenario import -o again first.xml
ok 'and deployed again' deploy again
ok 'it is the same' python3 "$srcdir/tests/tools/compare-manifests" first.xml kept.xml
is "$(sed -i 's/>1.6</>1.7</; s/db-1.6/db-1.7/' kept.xml
    python3 "$srcdir/tests/tools/compare-manifests" first.xml kept.xml > differences; echo $?)" 1 'another one would not be'

mkdir circle
cat > circle/scenario.json << 'END'
{ "version": 1, "description": "a circle", "targets": { "test1": {} }, "timeline": [],
  "services": { "a": { "connectsTo": ["b"] }, "b": { "dependsOn": ["c"] }, "c": { "connectsTo": ["b"] } } }
END
ok 'services in a circle' dydisnix-scenario run circle
has "$(output)" '# SKIP services of the lab ask what they need, and would ask in a circle for ever' 'are not tried here'
ok 'but in the simulation' dydisnix-scenario run --simulate circle
lacks "$(output)" 'SKIP' 'they are'

done_testing
