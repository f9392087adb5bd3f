#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Closures that do not arrive, and a reconstruction that is ended in the middle: the manifest is the old one or a
# whole new one, and the next try succeeds.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/network.sh"
. "$srcdir/tests/share/stores.sh"

serve "$srcdir/tests/corpus/v2-two-targets"
means_the_same() # NAME
{
    ok "$1" python3 "$srcdir/tests/tools/compare-manifests" "$(manifest_file)" "$expected"
}

# test1 does not send what it holds. What test2 holds too comes from there.
bad_export() # WHAT MESSAGE; the export is standard input
{
    cat > "$NETWORK/test1/export.sh"
    new_coordinator
    reconstruct --xml "$model"
    cp "$NETWORK/export.sh" "$NETWORK/test1/export.sh"
    is "$status" 0 "$1: no failure"
    is "$(reported 'r["targets"]["test1"]["status"], r["targets"]["test2"]["status"]')" "('invalid', 'captured')" \
        "$1: only this target is refused"
    has "$messages" "[target: test1]: $2" "$1: said"
    has "$messages" '[target: test1]: invalid: its closure cannot be fetched: /nix/store/' "$1: what is missing is said"
    ok "$1: what the other holds came from there" on_coordinator nix-store --check-validity \
        $(cat "$NETWORK/test2/requisites")
    is "$(ls -A "$TMPDIR")" '' "$1: no temporary file is left"
    reconstruct --xml "$model"
    means_the_same "$1: the next try is complete"
}

bad_export 'a truncated export' 'its closure cannot be imported' << 'EOS'
. "$NETWORK/export.sh"
head -c 1000 "$file" > "$file.short"
mv "$file.short" "$file"
EOS
bad_export 'an export of nothing' 'its export lacked /nix/store/' << 'EOS'
file=$(mktemp -p "$TMPDIR")
head -c 8 /dev/zero > "$file"
echo "$file"
EOS
bad_export 'an empty export' 'its closure cannot be imported' << 'EOS'
mktemp -p "$TMPDIR"
EOS
bad_export 'an export that fails' 'its closure was not sent: exit status 1' << 'EOS'
exit 1
EOS
bad_export 'no answer' 'its closure was not sent: exit status 0' << 'EOS'
true
EOS
bad_export 'no file' 'its closure was not sent: no file: /nonexistent' << 'EOS'
echo /nonexistent
EOS
bad_export 'no absolute path' 'its closure was not sent: no file: --help' << 'EOS'
echo --help
EOS
bad_export 'a directory' 'its closure was not sent: no file: /etc' << 'EOS'
echo /etc
EOS

# The decision is made again without it; what was done on the others before is not done again.
serve "$srcdir/tests/corpus/v2-network"
new_coordinator
echo "exit 1" > "$NETWORK/10.0.0.1/export.sh"
reconstruct --xml "$model"
is "$status $(reported 'r["targets"]["test1"]["status"]')" '0 invalid' 'a target is refused late'
is "$(reported 'len(r["disputes"]) > 0')" True 'components are in dispute'
is "$(grep '	snapshot	' "$NETWORK/calls" | sort | uniq -d)" '' 'no component is rescued twice'
serve "$srcdir/tests/corpus/v2-two-targets"

# Only what was made for us is removed.
cat > "$NETWORK/test1/export.sh" << 'EOS'
. "$NETWORK/export.sh" > /dev/null
mv "$file" "$NETWORK/kept"
echo "$NETWORK/kept"
EOS
new_coordinator
reconstruct --xml "$model"
means_the_same 'an export elsewhere is imported'
ok 'an export elsewhere is not removed' test -e "$NETWORK/kept"
cp "$NETWORK/export.sh" "$NETWORK/test1/export.sh"

# What was said before the closure was there has to be what the closure holds.
cp "$NETWORK/test2/installed" "$scratch/installed"
sed 's|<connectsTo/>|<connectsTo><mapping><service>x</service><container>y</container><target>z</target></mapping>&|;
    s|</mapping><connectsTo/>|</mapping></connectsTo>|' "$scratch/installed" > "$NETWORK/test2/installed"
new_coordinator
reconstruct --xml "$model"
is "$(reported 'r["targets"]["test2"]["status"]')" invalid 'another manifest than in the profile: the target is refused'
has "$messages" '[target: test2]: invalid: the profile manifest that it sent is not the one in /nix/store/' \
    'another manifest than in the profile: said'
cp "$scratch/installed" "$NETWORK/test2/installed"

# A kept profile that a new coordinator cannot have.
new_coordinator
echo 255 > "$NETWORK/test2/status"
reconstruct --xml --previous="$expected" --unreachable=keep "$model"
is "$(reported 'r["changed"]')" False 'what is kept is no change'
cp "$expected" "$scratch/previous.xml"
sed -i 's|\(<infrastructure>.*<property name="hostname" type="string">\)test1|\1elsewhere|' "$scratch/previous.xml"
reconstruct --xml --previous="$scratch/previous.xml" "$model"
kept=$(tail -n 1 "$scratch/network/test2/requisites")
is "$(reported 'r["unbacked"]')" "['$kept']" 'a kept profile that is not here is unbacked'
has "$messages" "$kept is not in this store" 'a kept profile that is not here: said'
lacks "$(on_coordinator nix-store -q --references "$(reported 'r["manifest"]')")" "$kept" \
    'a kept profile that is not here: no reference'
rm "$NETWORK/test2/status"

# The profile's link is there, but the store behind it is lost.
new_coordinator
reconstruct --xml "$model"
chmod -R u+w "$machine"
rm -rf "$machine"
reconstruct --xml "$model"
is "$status" 0 'the store is lost and the profile leads nowhere: the first try succeeds'
has "$messages" 'the previous manifest counts as lost' 'the store is lost and the profile leads nowhere: said'
means_the_same 'the store is lost and the profile leads nowhere: the manifest is there'

# Killed without notice by a program that it runs, before that or after it.
mkdir "$scratch/killers"
killer() # PROGRAM before|after OPERATION
{
    real=$(command -v "$1")
    cat > "$scratch/killers/$1" << EOS
#!/bin/sh
case " \$* \$(readlink /proc/self/fd/0)" in
    */dydisnix-import-*) exec '$real' "\$@" ;; # that is no closure yet
    *' $3 '*) ;;
    *) exec '$real' "\$@" ;;
esac
[ $2 = after ] || exec kill -9 \$PPID
'$real' "\$@"
kill -9 \$PPID
EOS
    chmod +x "$scratch/killers/$1"
}
killed() # PROGRAM before|after OPERATION
{
    moment="killed $2 $1 $3"
    new_coordinator
    mv "$NETWORK/test2" "$NETWORK/away"
    mkdir "$NETWORK/test2"
    reconstruct --xml "$model"
    old=$(readlink "$profiles/$(readlink "$profiles/default")")
    rmdir "$NETWORK/test2"
    mv "$NETWORK/away" "$NETWORK/test2"
    killer "$@"
    PATH=$scratch/killers:$PATH
    reconstruct --xml "$model" 2> /dev/null
    PATH=${PATH#*:}
    rm "$scratch/killers/$1"
    ok "$moment: it is dead" test "$status" -ne 0
    now=$(readlink "$profiles/$(readlink "$profiles/default")")
    if [ "$now" = "$old" ]; then
        ok "$moment: the old manifest is whole" on_coordinator nix-store --check-validity "$now"
    else
        means_the_same "$moment: the new manifest is whole"
    fi
    reconstruct --xml "$model"
    is "$status" 0 "$moment: the next try succeeds"
    means_the_same "$moment: the next try is complete"
}
killed disnix-ssh-client before --query-installed
killed disnix-ssh-client after --export
killed nix-store before --import
killed nix-store after --import
killed nix-store before --serve
killed nix-store after --serve
killed nix-env before --set
killed nix-env after --set
done_testing
