#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The engine's programs that work on models: placements, ids, augmented models. Names are data, whatever they look like.
. "$srcdir/tests/share/functions.sh"

mkdir "$scratch/bin" "$scratch/tmp"
for program in disnix-env disnix-manifest dydisnix-augment-infra dydisnix-gendist dydisnix-id-assign \
    dydisnix-previous-distribution; do
    ln -s "$builddir/dydisnix-lab" "$scratch/bin/$program"
done
PATH=$scratch/bin:$PATH
TMPDIR=$scratch/tmp DYDISNIX_NIX_EXPRESSIONS=$srcdir/nix
export PATH TMPDIR DYDISNIX_NIX_EXPRESSIONS
unset DISNIX_PROFILE DISNIX_TARGET_PROPERTY DISNIX_DEPLOY_STATE DISNIX_CLIENT_INTERFACE
cd "$scratch" || exit 99

nix()
{
    "$srcdir/tests/tools/with-nix" "$scratch" "$@"
}

# The value of an expression as JSON.
value() # FILE
{
    nix nix-instantiate --eval --strict --json "$@"
}

nix true 2> /dev/null || skip_all 'user namespaces are not allowed here'

cat > services.nix << 'EOF'
{ distribution, invDistribution, system, pkgs, greeting ? "hello" }:
let make = name: derivation { inherit name system greeting; builder = "/bin/sh"; args = [ "-c" "echo $greeting > $out" ]; };
in rec {
  one = { name = "one"; type = "process"; pkg = make "one"; requiresUniqueIdsFor = [ "ports" ]; };
  two = {
    name = "two"; type = "process"; requiresUniqueIdsFor = [ "ports" ];
    pkg = { one }: make "two"; dependsOn = { inherit one; };
  };
  tool = { name = "tool"; type = "package"; pkg = make "tool"; };
}
EOF
cat > infrastructure.nix << 'EOF'
builtins.listToAttrs (map (name: { inherit name; value = { properties.hostname = name; containers.process = { }; weight = null; }; })
  [ "alpha" "beta.example" "\${builtins.abort \"x\"}" ])
EOF
echo '{ infrastructure, previousDistribution, ... }: { one = builtins.attrNames infrastructure; }' > qos.nix

distribution=$(nix dydisnix-gendist -s services.nix -i infrastructure.nix -q qos.nix --no-out-link)
is $? 0 'a distribution is generated'
has "$distribution" '/nix/store/' 'it is in the store'
is "$(ls result 2> /dev/null)" '' '--no-out-link leaves no link'
echo "builtins.mapAttrs (name: map (target: target.properties.hostname))
  (import $distribution { infrastructure = import ./infrastructure.nix; })" > show.nix
is "$(value ./show.nix)" '{"one":["${builtins.abort \"x\"}","alpha","beta.example"]}' \
    'a name that looks like Nix code is a name'
ok 'a link to the result is made otherwise' nix dydisnix-gendist -s services.nix -i infrastructure.nix
ok 'in the working directory' test -L result

# The example: what is placed stays; what lost its machine goes where there is most room.
place() # TARGET…
{
    {
        echo 'builtins.listToAttrs (map (name: { inherit name; value = { properties.hostname = name; containers.process = { }; }; }) ['
        for target; do echo "\"$target\""; done
        echo '])'
    } > machines.nix
    distribution=$(nix dydisnix-gendist --no-out-link --coordinator-profile-path="$scratch/coordinator" \
        -s "$srcdir/lab/example/services.nix" -i machines.nix -q "$srcdir/lab/example/qos.nix") || return
    manifest=$(nix disnix-manifest --no-out-link -s "$srcdir/lab/example/services.nix" -i machines.nix \
        -d "$distribution" 2> "$scratch/build.err") || cat "$scratch/build.err"
    mkdir -p coordinator
    nix nix-env --profile "$scratch/coordinator/default" --set "$manifest" 2> /dev/null
    nix dydisnix-previous-distribution "$manifest" | grep = | LC_ALL=C sort | tr -d ' \n'
}

is "$(place alpha beta gamma)" '"api"=["alpha"];"database"=["beta"];"web"=["gamma"];' \
    'the example is spread over the machines'
is "$(place alpha beta gamma delta)" '"api"=["alpha"];"database"=["beta"];"web"=["gamma"];' \
    'a new machine changes nothing'
is "$(place alpha gamma delta)" '"api"=["alpha"];"database"=["delta"];"web"=["gamma"];' \
    'a machine that vanishes gives its service to the emptiest'
is "$(place alpha beta gamma delta)" '"api"=["alpha"];"database"=["delta"];"web"=["gamma"];' \
    'and does not get it back when it returns'
is "$(place gamma)" '"api"=["gamma"];"database"=["gamma"];"web"=["gamma"];' 'one machine takes all'

echo '{ infrastructure, lib }: builtins.mapAttrs (name: target: target // { numOfCores = 3; weight = 2.5; }) infrastructure' \
    > augment.nix
model=$(nix dydisnix-augment-infra -i infrastructure.nix -a augment.nix)
has "$(value "$model")" '"beta.example":{"containers":{"process":{}},"numOfCores":3,"properties":{"hostname":"beta.example"},"weight":2.5}' \
    'a model is augmented'
fails 1 'the model must be there' nix dydisnix-augment-infra -i nowhere.nix -a augment.nix

echo '{ infrastructure }: { one = [ infrastructure.alpha ]; two = [ infrastructure.alpha ]; tool = [ infrastructure.alpha ]; }' \
    > placed.nix
ids() # RESOURCES ARGUMENT…
{
    resources=$1
    shift
    echo "{ ports = $resources; }" > resources.nix
    nix dydisnix-id-assign -s services.nix -i infrastructure.nix -d placed.nix --id-resources resources.nix "$@"
}
ok 'ids are assigned' ids '{ min = 3000; max = 3001; }' --output-file ids.nix
is "$(value ./ids.nix)" '{"ids":{"ports":{"one":3000,"two":3001}},"lastAssignments":{"ports":3001}}' 'from the range'
cp ids.nix before.nix
ok 'fed back' ids '{ min = 3000; max = 3001; }' --ids ids.nix --output-file ids.nix
ok 'they stay' cmp before.nix ids.nix
fails 1 'a range that is used up' ids '{ min = 3000; max = 3000; }' --output-file ids.nix
ok 'leaves the file alone' cmp before.nix ids.nix
has "$(ids '{ min = 1; max = 9; scope = "machine"; }')" '"lastAssignmentsPerTarget" = { "alpha" = { "ports" = 2; }; }' \
    'ids of one machine'

manifest=$(nix disnix-manifest -s services.nix -i machines.nix -d "$(
    echo '{ infrastructure }: { tool = [ infrastructure.gamma ]; }' > tool.nix; echo tool.nix)" --no-out-link \
    --interface some-client 2> /dev/null)
has "$(nix cat "$manifest")" '<type>package</type>' 'a package is a service of the manifest'
has "$(nix cat "$manifest")" '<serviceMappings/><snapshotMappings/>' 'but nothing of it is active'
has "$(nix cat "$manifest")" '<clientInterface>some-client</clientInterface>' 'the client interface stands in it'
profile=$(nix nix-store -q --references "$manifest" | grep -e '-gamma$')
has "$(nix nix-store -q --references "$profile")" '-tool' 'it is in the profile of its target'
other=$(nix disnix-manifest -s services.nix -i machines.nix -d tool.nix --no-out-link --interface some-client \
    --extra-params '{ greeting = "bye"; }' 2> /dev/null)
fails 1 'extra parameters reach the services' test "$other" = "$manifest"

fails 1 'an unknown option' nix disnix-manifest --nonsense
fails 1 'no models' nix disnix-env
fails 1 'a model that Nix cannot read' nix disnix-env -s services.nix -i infrastructure.nix -d augment.nix
ok 'help' nix disnix-env --help
is "$(ls "$TMPDIR")" '' 'no temporary file is left'

done_testing
