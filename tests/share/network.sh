# SPDX-License-Identifier: LGPL-2.1-or-later
# Source this after functions.sh: a network of targets that are directories, reached by tests/tools/fake-client.
#
#   store_path NAME                     a path that could be in the store
#   dependency SERVICE CONTAINER TARGET, service KEY NAME [DEPENDENCIES [CONNECTIONS]],
#   mapping SERVICE CONTAINER [TARGET], snapshot SERVICE CONTAINER COMPONENT [TARGET]
#   profile TARGET SERVICES MAPPINGS SNAPSHOTS      what it holds; its profile is store_path TARGET
#   manifest PROFILES SERVICES INFRASTRUCTURE MAPPINGS SNAPSHOTS
#   infrastructure TARGET…              writes $model
#   reconstruct ARGUMENT…               status in $status, stdout in $output, stderr in $messages, $report

NETWORK=$scratch/network
model=$scratch/infrastructure.xml
report=$scratch/report.json
client=$srcdir/tests/tools/fake-client
profiles=$scratch/profiles
machine= # the directory of with-nix to run it in; empty: without Nix
DYDISNIX_NIX_EXPRESSIONS=$srcdir/nix
mkdir "$NETWORK"
export NETWORK DYDISNIX_NIX_EXPRESSIONS
unset DISNIX_CLIENT_INTERFACE DISNIX_TARGET_PROPERTY DISNIX_PROFILE

store_path()
{
    printf '/nix/store/00000000000000000000000000000000-%s' "$1"
}

dependency()
{
    printf '<mapping><service>%s</service><container>%s</container><target>%s</target></mapping>' "$@"
}

service()
{
    printf '<service name="%s"><name>%s</name><pkg>%s</pkg><type>echo</type>' "$1" "$2" "$(store_path "$2")"
    printf '<dependsOn>%s</dependsOn><connectsTo>%s</connectsTo><providesContainers/></service>' "${3-}" "${4-}"
}

mapping()
{
    printf '<mapping><container>%s</container><service>%s</service>' "$2" "$1"
    printf '%s</mapping>' "${3:+<target>$3</target>}"
}

snapshot()
{
    printf '<mapping><component>%s</component><container>%s</container><service>%s</service>' "$3" "$2" "$1"
    printf '%s</mapping>' "${4:+<target>$4</target>}"
}

profile()
{
    rm -rf "${NETWORK:?}/$1"
    mkdir "$NETWORK/$1"
    store_path "$1" > "$NETWORK/$1/requisites"
    {
        printf '<?xml version="1.0"?>\n\n<profilemanifest version="2"><services>%s</services>' "$2"
        printf '<serviceMappings>%s</serviceMappings>' "$3"
        printf '<snapshotMappings>%s</snapshotMappings></profilemanifest>\n' "$4"
    } > "$NETWORK/$1/installed"
}

manifest()
{
    printf '<?xml version="1.0"?>\n\n<manifest version="2"><profiles>%s</profiles><services>%s</services>' "$1" "$2"
    printf '<infrastructure>%s</infrastructure><serviceMappings>%s</serviceMappings>' "$3" "$4"
    printf '<snapshotMappings>%s</snapshotMappings></manifest>\n' "$5"
}

infrastructure()
{
    model=$scratch/infrastructure.xml # never a file of the corpus
    {
        printf '<?xml version="1.0"?>\n<expr><attrs>'
        for target_name; do
            printf '<attr name="%s"><attrs><attr name="properties"><attrs><attr name="hostname">' "$target_name"
            printf '<string value="%s"/></attr></attrs></attr></attrs></attr>' "$target_name"
        done
        printf '</attrs></expr>\n'
    } > "$model"
}

reconstruct()
{
    : > "$NETWORK/calls"
    rm -f "$report"
    set -- "$builddir/dydisnix-reconstruct" --interface="$client" --coordinator-profile-path="$profiles" \
        --report="$report" "$@"
    [ -z "$machine" ] || set -- "$srcdir/tests/tools/with-nix" "$machine" "$@"
    output=$("$@" 2> "$scratch/messages")
    status=$?
    messages=$(cat "$scratch/messages")
}

# Evaluates a Python expression in which r is the report.
reported()
{
    python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$report" "$1"
}
