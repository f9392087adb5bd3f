#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The loop with manifests of Disnix 0.7, which know targets by connection key.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

mv "$scratch/bin/disnix-snapshot" "$scratch/bin/note-snapshot"
cat > "$scratch/bin/disnix-snapshot" << 'EOF'
#!/bin/sh
for last; do :; done
cp "$last" "$calls/snapshot.xml"
exec note-snapshot "$@"
EOF
chmod +x "$scratch/bin/disnix-snapshot"

write_old() # FILE KEY…: a manifest of version 1 with a stateful component on each target
{
    file=$1
    shift
    {
        printf '<manifest version="1"><distribution/><activation>'
        for key; do
            printf '<mapping><dependsOn/><name>db</name><service>/nix/store/%s-db</service>' "$hash"
            printf '<target>%s</target><container>process</container><type>process</type><key>k</key></mapping>' "$key"
        done
        printf '</activation><snapshots>'
        for key; do
            printf '<mapping><component>db</component><container>process</container><target>%s</target>' "$key"
            printf '<service>/nix/store/%s-db</service><type>process</type></mapping>' "$hash"
        done
        printf '</snapshots><targets>'
        for key; do
            printf '<target><properties><ip>%s</ip></properties><containers><process/></containers>' "$key"
            printf '<system>x86_64-linux</system><numOfCores>1</numOfCores><clientInterface>client</clientInterface>'
            printf '<targetProperty>ip</targetProperty></target>'
        done
        printf '</targets></manifest>\n'
    } > "$file"
}

model_of() # NAME=KEY…
{
    {
        echo '{'
        for pair; do
            echo "  ${pair%=*} = { properties.ip = \"${pair#*=}\"; targetProperty = \"ip\"; containers.process = { }; };"
        done
        echo '}'
    } > "$models/.new"
    mv "$models/.new" "$models/infrastructure.nix"
}

remembered() # EXPRESSION of s, the state
{
    python3 -c 'import json, sys; s = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' \
        "$state/default/state.json" "$1"
}

write_old "$store/$hash-previous.xml" 10.0.0.1 10.0.0.2
write_old "$store/$hash-manifest.xml" 10.0.0.1 10.0.0.2
deployed_before "$previous"
model_of a=10.0.0.1 b=10.0.0.2
ok 'a cycle with manifests of version 1' watching --once --snapshot
is "$(arguments note-snapshot | tail -n 1)" "$previous" 'takes snapshots by the manifest that is deployed'
has "$(arguments disnix-activate)" "$manifest" 'and deploys'
is "$(remembered 'sorted(s["snapshots"])')" "['a', 'b']" 'what it remembers of targets goes by their names'

# A machine that has left the model is left out by its name, and the rest is of version 1 still.
forget_calls
model_of a=10.0.0.1
ok 'a cycle after a target has left the model' watching --once --snapshot
has "$(cat "$calls/snapshot.xml")" '<manifest version="1">' 'takes snapshots by a manifest of version 1'
is "$(grep -o '<component>[^/]*</component><container>process</container><target>[^<]*' "$calls/snapshot.xml")" \
    '<component>db</component><container>process</container><target>10.0.0.1' 'with what is left'

# Version 1 moves state by connection key: names that differ lose none.
forget_calls
write_old "$store/$hash-previous.xml" 10.0.0.1
write_old "$store/$hash-manifest.xml" 10.0.0.2
model_of a=10.0.0.1 b=10.0.0.2
ok 'state moves between targets whose names are not their keys' watching --once
is "$(calls_of disnix-activate)" 1 'that is deployed'
done_testing
