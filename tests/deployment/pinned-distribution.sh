#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A distribution with some services elsewhere: in both forms of its entries, whatever names say, by Nix itself.
. "$srcdir/tests/share/functions.sh"

"$srcdir/tests/tools/with-nix" "$scratch" true 2> /dev/null || skip_all 'user namespaces are not allowed here'

mkdir "$scratch/pinned"
cp "$srcdir/nix/pinned-distribution.nix" "$scratch/pinned/distribution.nix"
printf '"%s"' "$scratch/model.nix" > "$scratch/pinned/model.json"

# The value of a distribution, as JSON on one line.
value() # MODEL
{
    "$srcdir/tests/tools/with-nix" "$scratch" nix-instantiate --eval --strict --json \
        -E '{ model, infrastructure }: import model { infrastructure = import infrastructure; }' \
        --argstr model "$1" --argstr infrastructure "$scratch/infrastructure.nix" 2> "$scratch/stderr"
}

pinned()
{
    value "$scratch/pinned/distribution.nix"
}

cat > "$scratch/infrastructure.nix" << 'EOT'
builtins.listToAttrs (map (name: { inherit name; value = { properties.hostname = name; }; })
  [ "a" "b" "node-b.example" "it's \"quoted\"" "\${builtins.abort \"code\"}" "let" ])
EOT

cat > "$scratch/model.nix" << 'EOT'
{ infrastructure }:
{
  list = [ infrastructure.a infrastructure.b ];
  set = { note = "kept"; targets = [ { target = infrastructure.a; container = "one"; } { target = infrastructure.b; } ]; };
  other = [ infrastructure.a ];
  "let" = [ infrastructure."let" ];
}
EOT

printf '{}' > "$scratch/pinned/pins.json"
model=$(value "$scratch/model.nix")
has "$model" 'a' 'the model has a value'
is "$(pinned)" "$model" 'without pins that is the value'

cat > "$scratch/pinned/pins.json" << 'EOT'
{ "list": [ { "target": "b", "container": "database" } ],
  "set": [ { "target": "b", "container": "one" }, { "target": "node-b.example", "container": "two" } ] }
EOT
target() # NAME
{
    printf '{"properties":{"hostname":"%s"}}' "$1"
}
is "$(pinned)" "{\"let\":[$(target let)],\"list\":[$(target b)],\"other\":[$(target a)],\"set\":{\"note\":\"kept\",\"targets\":[{\"container\":\"one\",\"target\":$(target b)},{\"container\":\"two\",\"target\":$(target node-b.example)}]}}" \
    'each entry keeps its form, and what is not pinned its place'

cat > "$scratch/pinned/pins.json" << 'EOT'
{ "let": [ { "target": "it's \"quoted\"", "container": "${builtins.abort \"code\"}" } ],
  "${builtins.abort \"code\"}": [ { "target": "${builtins.abort \"code\"}", "container": "x\"; y" } ],
  "with blanks": [] }
EOT
is "$(pinned | python3 -c '
import json, sys
d = json.load(sys.stdin)
evil = "${builtins.abort \"code\"}"
print(d["let"] == [{"properties": {"hostname": "it'"'"'s \"quoted\""}}],
      d[evil] == {"targets": [{"container": "x\"; y", "target": {"properties": {"hostname": evil}}}]},
      d["with blanks"] == {"targets": []}, d["other"] == [{"properties": {"hostname": "a"}}])')" 'True True True True' \
    'names are data, also those that would be code'

printf '{ "list": [ { "target": "gone", "container": "x" } ] }' > "$scratch/pinned/pins.json"
fails 1 'a target that the model has not is an error' pinned
has "$(cat "$scratch/stderr")" "attribute 'gone' missing" 'which is named'

printf '{ infrastructure, zone ? "x" }: { list = [ infrastructure.a ]; }' > "$scratch/model.nix"
printf '{}' > "$scratch/pinned/pins.json"
fails 1 'a model that takes parameters of its own is refused' pinned
has "$(cat "$scratch/stderr")" 'takes parameters: zone' 'by their names'

# What disnix-manifest makes of it: the golden model, with a component and its provider elsewhere, and all else as it was.
models=$srcdir/tests/corpus/v2-two-targets
printf '"%s"' "$models/distribution.nix" > "$scratch/pinned/model.json"
cat > "$scratch/pinned/pins.json" << 'EOT'
{ "guest": [ { "target": "test2", "container": "inner-app" } ], "host": [ { "target": "test2", "container": "process" } ],
  "svc3": [ { "target": "test2", "container": "tomcat-webapplication" } ] }
EOT
cat > "$scratch/mappings" << 'EOT'
import sys, xml.etree.ElementTree as ET
root = ET.parse(sys.argv[1]).getroot()
names = {service.get("name"): service.find("name").text for service in root.find("services")}
for mapping in root.find("serviceMappings"):
    print(names[mapping.find("service").text], mapping.find("container").text, mapping.find("target").text)
EOT
# shellcheck disable=SC2016
"$srcdir/tests/tools/with-nix" "$scratch" sh -c 'cat "$(nix-build --no-out-link --argstr servicesFile "$1/services.nix" \
    --argstr infrastructureFile "$1/infrastructure.nix" --argstr distributionFile "$2" --argstr targetProperty hostname \
    --argstr clientInterface disnix-ssh-client "$3/manifest.nix")"' sh "$models" "$scratch/pinned/distribution.nix" \
    "$srcdir/nix" > "$scratch/manifest.xml" 2> "$scratch/stderr" || evidence "$(cat "$scratch/stderr")"
is "$(python3 "$scratch/mappings" "$scratch/manifest.xml" | sort)" "$(python3 "$scratch/mappings" "$models/manifest.xml" |
    sed '/^svc3 .* test1$/d; s/^\(guest\|host\) \(.*\) test1$/\1 \2 test2/' | sort)" 'the manifest has pinned services where they are pinned'
done_testing
