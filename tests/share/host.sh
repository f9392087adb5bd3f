# SPDX-License-Identifier: LGPL-2.1-or-later
# Source this after functions.sh: dydisnix-self-adapt amid programs that are scripts here, except for Nix. Each
# program notes its arguments, one a line, in "$calls/NUMBER-NAME.arguments" and settings in ….environment, prints
# "$answers/NAME", "$answers/NAME.errors" on its standard error, and ends with the status in "$answers/NAME.status".
: "${scratch:?}"

with_nix=$srcdir/tests/tools/with-nix
"$with_nix" "$scratch/machine" true 2> /dev/null || skip_all 'user namespaces are not allowed here'

store=$scratch/machine/nix/store
calls=$scratch/calls
answers=$scratch/answers
models="$scratch/the models"
state="$scratch/the state"
log=$scratch/log
mkdir "$calls" "$answers" "$models" "$scratch/bin"

unset DISNIX_CLIENT_INTERFACE DISNIX_TARGET_PROPERTY DISNIX_PROFILE DYDISNIX_GENINFRA DYDISNIX_PLUGIN_PATH
DYDISNIX_NIX_EXPRESSIONS=$srcdir/nix
PATH=$scratch/bin:$PATH
export PATH calls answers DYDISNIX_NIX_EXPRESSIONS

fake() # NAME
{
    cat > "$scratch/bin/$1" << 'EOF'
#!/bin/sh
name=${0##*/}
number=1
while [ -e "$calls/$number" ] || ! mkdir "$calls/$number" 2> /dev/null; do number=$((number + 1)); done
call=$(printf '%s/%02d-%s' "$calls" "$number" "$name")
env | grep -E '^(DISNIX_|TMPDIR=)' | sort > "$call.environment"
[ ! -e "$answers/$name" ] || cat "$answers/$name"
[ ! -e "$answers/$name.errors" ] || cat "$answers/$name.errors" >&2
printf '%s\n' "$@" > "$call.arguments"
[ ! -e "$answers/$name.wait" ] || cat "$answers/$name.wait" > /dev/null
exit "$(cat "$answers/$name.status" 2> /dev/null || echo 0)"
EOF
    chmod +x "$scratch/bin/$1"
}
for name in dydisnix-augment-infra disnix-snapshot dydisnix-gendist dydisnix-id-assign disnix-manifest \
    disnix-distribute disnix-activate disnix-restore disnix-delete-state disnix-set nix-store generate; do
    fake "$name"
done

# What the loop asks whether a target is there: silent are those of which "$answers/silent.TARGET" is there, and those
# with "$answers/deaf.TARGET" the first time.
cat > "$scratch/bin/disnix-ssh-client" << 'EOF'
#!/bin/sh
for word; do
    [ ! -e "$answers/silent.$word" ] || exit 255
    ! mv "$answers/deaf.$word" "$answers/heard.$word" 2> /dev/null || exit 255
done
EOF
chmod +x "$scratch/bin/disnix-ssh-client"
for name in 'my client' my-client their-client client; do
    ln -s disnix-ssh-client "$scratch/bin/$name"
done

forget_calls()
{
    rm -rf "$calls"
    mkdir "$calls"
}

arguments() # NAME: of its last call
{
    cat "$(find "$calls" -name "*-$1.arguments" | sort | tail -n 1)"
}

settings_of() # NAME: of its last call
{
    cat "$(find "$calls" -name "*-$1.environment" | sort | tail -n 1)"
}

called() # the programs in the order in which they were called
{
    find "$calls" -name '*.arguments' | sort | sed 's,.*/[0-9]*-\(.*\)\.arguments,\1,' | tr '\n' ' '
}

calls_of() # NAME: how often it was called
{
    find "$calls" -name "*-$1.arguments" | wc -l | tr -d ' '
}

hash=0123456789abcdfghijklmnpqrsvwxyz
distribution=/nix/store/$hash-distribution.nix
manifest=/nix/store/$hash-manifest.xml
previous=/nix/store/$hash-previous.xml

write_manifest() # FILE [TARGET…]: a manifest with a stateful component on each target
{
    file=$1
    shift
    {
        echo '<?xml version="1.0"?>'
        echo '<manifest version="2"><profiles/><services>'
        echo '<service name="key"><name>db</name>'
        echo "<pkg>/nix/store/$hash-db</pkg><type>process</type>"
        echo '<dependsOn/><connectsTo/><providesContainers/></service></services><infrastructure>'
        for target; do
            echo "<target name=\"$target\"><properties><property name=\"hostname\" type=\"string\">$target</property>"
            echo '</properties><containers><container name="process"/></containers><system>x86_64-linux</system>'
            echo '<numOfCores>1</numOfCores><clientInterface>client</clientInterface>'
            echo '<targetProperty>hostname</targetProperty></target>'
        done
        echo '</infrastructure><serviceMappings>'
        for target; do
            echo "<mapping><container>process</container><service>key</service><target>$target</target></mapping>"
        done
        echo '</serviceMappings><snapshotMappings>'
        for target; do
            echo '<mapping><component>db</component><container>process</container><service>key</service>'
            echo "<target>$target</target></mapping>"
        done
        echo '</snapshotMappings></manifest>'
    } > "$file"
}

write_model() # TARGET…: the infrastructure model, replaced by rename
{
    {
        echo '{'
        for target; do
            echo "  $target = { properties = { hostname = \"$target\"; ip = \"ip.$target\"; }; containers.process = { }; };"
        done
        echo '}'
    } > "$models/.new"
    mv "$models/.new" "$models/infrastructure.nix"
}

write_model test1 test2
cp "$models/infrastructure.nix" "$answers/generate"
: > "$models/services.nix"
: > "$models/qos.nix"
mkdir -p "$store"
write_manifest "$store/$hash-manifest.xml" test1
write_manifest "$store/$hash-previous.xml" test1 test2
echo "$distribution" > "$answers/dydisnix-gendist"
echo "$manifest" > "$answers/disnix-manifest"

host() # OPTION…
{
    "$with_nix" "$scratch/machine" "$builddir/dydisnix-self-adapt" --state-dir="$state" \
        --coordinator-profile-path="$scratch/the profiles" "$@"
}

watching() # OPTION…: with everything that is required
{
    host -s "$models/services.nix" -q "$models/qos.nix" -i "$models/infrastructure.nix" "$@"
}

# The loop in the background, its messages in $log, its process $loop.
start() # OPTION…
{
    : > "$log"
    (
        exec "$with_nix" "$scratch/machine" "$builddir/dydisnix-self-adapt" --state-dir="$state" \
            --coordinator-profile-path="$scratch/the profiles" -s "$models/services.nix" -q "$models/qos.nix" "$@"
    ) >> "$log" 2>&1 &
    loop=$!
}

deployed_before() # MANIFEST: becomes the coordinator profile
{
    mkdir -p "$scratch/the profiles"
    ln -sfn default-1-link "$scratch/the profiles/default"
    ln -sfn "$1" "$scratch/the profiles/default-1-link"
}

logged() # NUMBER PART: the log of the loop has so many lines with it
{
    [ "$(grep -cF -- "$2" "$log")" -ge "$1" ]
}

loop=
end_loop()
{
    [ -z "$loop" ] || kill -TERM "$loop" 2> /dev/null
    [ -z "$loop" ] || wait "$loop" 2> /dev/null
    loop=
}
cleanup_fn end_loop
