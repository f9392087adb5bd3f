#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The network as an ordinary user has it, in a path with blanks.
if ! unshare -Urmp true 2> /dev/null; then
    echo '1..0 # SKIP user namespaces are not allowed here'
    exit 0
fi
unset DYDISNIX_LAB
. "$srcdir/tests/share/functions.sh"

# Somebody else has to find the program.
home="$scratch/no body"
mkdir "$home"
cp "$builddir/dydisnix-lab" "$home/dydisnix-lab"
as_user()
{
    "$@"
}
if [ "$(id -u)" -eq 0 ]; then
    chmod 755 "$scratch"
    chown -R 65534:65534 "$home"
    as_user()
    {
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    }
fi

cat > "$home/story" << 'END'
set -eu
echo "user: $(id -u)"
echo "on the machine: $(dydisnix-lab exec test1 id -u)"
client() { dydisnix-lab exec coordinator dydisnix-lab-client "$@" < /dev/null; }
database=$(dydisnix-lab exec test1 sh -euc '
    mkdir -p "$TMPDIR/database-1/bin"
    printf "#!/bin/sh\nexec dydisnix-lab responder --service=database --stateful\n" > "$TMPDIR/database-1/bin/run"
    chmod 755 "$TMPDIR/database-1/bin/run"
    nix-store --add "$TMPDIR/database-1"')
file=$(client --target test1 --export --remotefile "$database")
echo "imported: $(client --target test2 --import --localfile "$file" | grep -cxF "$database")"
client --activate --target test2 --type process --container process "$database"
dydisnix-lab write test2 database one > /dev/null
client --snapshot --target test2 --type process --container process "$database"
dydisnix-lab write test2 database two > /dev/null
dydisnix-lab crash test2
client --target test2 --query-installed 2> /dev/null || echo "crashed: $?"
dydisnix-lab reappear test2
until dydisnix-lab ask test2 database > "$HOME/answer" 2> /dev/null; do sleep 0.02; done
echo "again: $(grep -cE '"(one|two)"' "$HOME/answer")"
client --restore --target test2 --type process --container process "$database"
echo "restored: $(dydisnix-lab ask test2 database | grep -cE '"(one|two)"')"
client --set --target test2 "$database"
client --collect-garbage --target test1 > /dev/null 2>&1
dydisnix-lab exec test1 nix-store --check-validity "$database" 2> /dev/null || echo "collected: $?"
dydisnix-lab lose-coordinator
dydisnix-lab exec coordinator sh -c 'echo "left: $(ls /nix | wc -l)"'
dydisnix-lab wipe test2
exit 4
END
story=$(cd "$home" && HOME=$home TMPDIR=$home as_user ./dydisnix-lab --targets=2 --run -- sh "$home/story" \
    2> "$scratch/messages")
is $? 4 'the status is passed on'
is "$story" "user: $(as_user id -u)
on the machine: 0
imported: 1
crashed: 255
again: 2
restored: 1
collected: 1
left: 0" 'it works as it does for root'
evidence "$(cat "$scratch/messages")"
is "$(ls "$home" | tr '\n' ' ')" 'answer dydisnix-lab story ' 'nothing is left'

done_testing
