#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Nix collects garbage on the coordinator whenever one program of a cycle has ended and before the next one does
# anything: what a stage has made is there for the later ones, and nothing of it is kept when the cycle is over.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

# Nix is the real one. A collection also looks at the processes of others, and gives up when it cannot: then it is
# tried again.
rm "$scratch/bin/nix-store"
cat > "$scratch/bin/collect" << 'EOF'
#!/bin/sh
tries=6000
until nix-store --gc > /dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || exit 1
    sleep 0.1
done
EOF
program() # NAME: with the text of standard input, after a collection
{
    { printf '#!/bin/sh\nset -eu\ncollect\necho "${0##*/}" >> "$calls/all"\n'; cat; } > "$scratch/bin/$1"
    chmod +x "$scratch/bin/$1"
}
chmod +x "$scratch/bin/collect"

mkdir "$scratch/made"
echo '{ infrastructure }: { }' > "$scratch/made/distribution.nix"
cp "$models/infrastructure.nix" "$scratch/made/augmented.nix"
write_manifest "$scratch/made/manifest.xml" test1
made=$scratch/made
export made

# Makes its result; the first time, if the test has asked for that, a collection takes it before anybody can keep it.
makes() # NAME FILE, with a check on standard input
{
    {
        cat
        cat << EOF
result=\$(nix-store --add "$made/$2")
echo "\$result"
! rm "$scratch/collect-after-$1" 2> /dev/null || { collect; [ ! -e "\$result" ]; }
EOF
    } | program "$1"
}
argument='argument() # OPTION ARGUMENT…
{
    option=$1
    shift
    while [ "$1" != "$option" ]; do shift; done
    echo "$2"
}
'
makes dydisnix-augment-infra augmented.nix < /dev/null
makes dydisnix-gendist distribution.nix << EOF
$argument
[ -e "\$(argument --infrastructure "\$@")" ]
EOF
makes disnix-manifest manifest.xml << EOF
$argument
[ -e "\$(argument --infrastructure "\$@")" ]
[ -e "\$(argument --distribution "\$@")" ]
EOF
for name in disnix-distribute disnix-activate disnix-set; do
    program "$name" << 'EOF'
for manifest; do :; done
[ -e "$manifest" ]
EOF
done

adapt() # OPTION…
{
    rm -rf "$state" "$calls/all"
    watching --once -a "$models/augment.nix" "$@"
}
in_store()
{
    ls "$store" | grep -v '^\.' | grep -e '-\(augmented.nix\|distribution.nix\|manifest.xml\)$'
}
all='dydisnix-augment-infra dydisnix-gendist disnix-manifest disnix-distribute disnix-activate disnix-set '
: > "$models/augment.nix"

ok 'a cycle amid garbage collections' adapt
is "$(tr '\n' ' ' < "$calls/all")" "$all" 'each program runs once'
"$with_nix" "$scratch/machine" collect
is "$(in_store)" '' 'nothing of it is kept afterwards'

ok 'a dry run amid them' adapt --dry-run
"$with_nix" "$scratch/machine" collect
is "$(in_store)" '' 'keeps nothing either'

# Nobody could keep it yet.
for name in dydisnix-augment-infra dydisnix-gendist disnix-manifest; do
    : > "$scratch/collect-after-$name"
    ok "a collection right after $name" adapt
    has "$(output)" 'a garbage collection took /nix/store/' 'is told'
    is "$(grep -c "$name" "$calls/all")" 2 'and what it took is made again'
done

# Who never stops collecting ends the cycle, not the loop.
sed -i 's/^! rm .*/collect/' "$scratch/bin/dydisnix-gendist"
fails 1 'where each one is taken' adapt
is "$(grep -c gendist "$calls/all")" 3 'it is tried no more than three times'
has "$(output)" 'the stage redistribute failed' 'and the stage fails'

done_testing
