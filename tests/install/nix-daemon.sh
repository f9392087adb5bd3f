#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# An ordinary user of a Nix daemon, on a coordinator that has lost everything: who is not trusted, or may not write where
# its profile is to be.
. "$srcdir/tests/share/functions.sh"
[ "$(id -u)" = 0 ] || skip_all 'only root can start a Nix daemon'
if [ -z "${NIX_DAEMON_TEST-}" ]; then
    # In a mount namespace of its own, with a Nix store of its own.
    NIX_DAEMON_TEST=1 "$srcdir/tests/tools/with-nix" "$scratch/coordinator" sh "$0"
    test_status=$? test_done=1
    exit "$test_status"
fi
. "$srcdir/tests/share/network.sh"

# The user, who finds the programs, though ours may lie where it may not look.
user=dydisnix-test
cp -a /etc "$scratch/etc"
echo "$user:x:65432:65432::$scratch/home:/bin/sh" >> "$scratch/etc/passwd"
mount --bind "$scratch/etc" /etc
mkdir -p "$scratch/bin" "$scratch/tmp" "$scratch/home" "$scratch/source/tests/share" "$scratch/source/tests/tools"
cp -R "$srcdir/nix" "$scratch/source"
cp "$srcdir/tests/share/made-closures.sh" "$scratch/source/tests/share"
cp "$srcdir/tests/tools/closures" "$scratch/source/tests/tools"
cp "$srcdir/tests/tools/fake-client" "$scratch/bin/disnix-ssh-client"
cp "$builddir/dydisnix-reconstruct" "$scratch/bin"
srcdir=$scratch/source
client=disnix-ssh-client
DYDISNIX_NIX_EXPRESSIONS=$srcdir/nix
TMPDIR=$scratch/tmp
PATH=$scratch/bin:$PATH
export PATH TMPDIR srcdir
. "$srcdir/tests/share/made-closures.sh"
chmod 755 "$scratch" "$NIX_CONF_DIR"
chown 65432:65432 "$NETWORK" "$TMPDIR" "$scratch/home"
own=/nix/var/nix/profiles/per-user/$user

daemon=
end_daemon()
{
    [ -z "$daemon" ] || kill "$daemon" 2> /dev/null
    [ -z "$daemon" ] || wait "$daemon" 2> /dev/null
    daemon=
}
cleanup_fn end_daemon
as_user()
{
    HOME=$scratch/home USER=$user NIX_REMOTE=daemon setpriv --reuid=65432 --regid=65432 --clear-groups "$@"
}
daemon_trusts() # [USER]
{
    end_daemon
    sed -i '/^trusted-users/d' "$NIX_CONF_DIR/nix.conf"
    echo "trusted-users = root $*" >> "$NIX_CONF_DIR/nix.conf"
    chmod 644 "$NIX_CONF_DIR/nix.conf"
    nix-daemon > "$scratch/daemon.log" 2>&1 &
    daemon=$!
    wait_for 120 as_user nix-store --add "$scratch/bin/disnix-ssh-client"
}
reconstruct() # ARGUMENT…: as the user
{
    : > "$NETWORK/calls"
    chown -R 65432:65432 "$NETWORK"
    output=$(as_user dydisnix-reconstruct --xml --interface="$client" "$@" "$model" 2> "$scratch/messages")
    status=$?
    messages=$(cat "$scratch/messages")
}
said() # PART: in how many lines
{
    printf '%s\n' "$messages" | grep -cF -- "$1"
}
touched()
{
    grep -E '	(export|snapshot|deactivate)	' "$NETWORK/calls"
}

ok 'there is a daemon' daemon_trusts
evidence "$(nix-daemon --version)"

# Two targets whose closures are fetched.
network 0 0
for target in a b; do
    holds "$target" "$(service k1 db)" "$(mapping k1 echo)" "$(snapshot k1 echo db)"
    : > "$NETWORK/$target/snapshots"
    echo true > "$NETWORK/$target/snapshot.sh"
done
infrastructure a b

# Whom the daemon does not trust.
untrusted='the Nix daemon takes no closures of targets from this user: trusted-users in its nix.conf has to name dydisnix-test'
refused() # WHAT
{
    is "$status" 1 "$1: it fails"
    is "$(said "$untrusted")" 1 "$1: and says why"
    is "$(printf '%s\n' "$messages" | grep -c -e signature -e '^\[target')" 0 "$1: nobody is blamed"
    is "$(touched)" '' "$1: nothing is done to a target"
}
reconstruct --coordinator-profile-path="$scratch/home/profiles"
refused 'not trusted'
reconstruct --no-coordinator-profile
refused 'not trusted, and no profile'

# Trust that ended meanwhile: for one look there is some.
cat > "$scratch/bin/nix-store" << EOF
#!/bin/sh
PATH=\${PATH#*:}
case "\$1\$(readlink /proc/self/fd/0)" in
    --import*/dydisnix-import-*) mkdir '$scratch/home/asked' 2> /dev/null && exit ;;
esac
exec nix-store "\$@"
EOF
chmod +x "$scratch/bin/nix-store"
reconstruct --coordinator-profile-path="$scratch/home/profiles"
rm "$scratch/bin/nix-store"
ok 'trusted no more: at first it was' test -d "$scratch/home/asked"
is "$status $(said "$untrusted")" '1 1' 'trusted no more: it fails and says why'
is "$(grep -c '	export	' "$NETWORK/calls") $(said 'cannot be fetched')" '2 0' 'trusted no more: nobody is asked again'

ok 'the daemon trusts the user' daemon_trusts "$user"
closed() # WHAT MESSAGE
{
    is "$status" 1 "$1: it fails"
    is "$(said "$2")" 1 "$1: and says once why"
    is "$(said '--coordinator-profile-path names another directory')" 1 "$1: and what helps"
    is "$(touched)" '' "$1: nothing is done to a target"
}
mkdir "$scratch/closed"
reconstruct --coordinator-profile-path="$scratch/closed/a/b"
closed 'no directory' \
    "$scratch/closed/a, where the coordinator profile is to be, is missing and cannot be made: Permission denied"
reconstruct --coordinator-profile-path="$scratch/closed"
closed "somebody else's directory" \
    "$scratch/closed, where the coordinator profile is, cannot be written to: Permission denied"
# Older daemons make a directory for every user.
if [ ! -d "$own" ]; then
    mkdir -p "${own%/*}"
    reconstruct
    closed 'no directory of the user' \
        "$own, where the coordinator profile is to be, is missing and cannot be made: Permission denied"
    mkdir "$own"
    chown 65432:65432 "$own"
fi
reconstruct
is "$status" 0 'its own directory: no failure'
[ "$status" = 0 ] || evidence "$messages"
ok 'its own directory: the profile is there' test -e "$own/disnix-coordinator/default"
is "$(grep -c '	export	' "$NETWORK/calls")" 2 'its own directory: both closures were fetched'
rm -r "$own"
chmod 1777 "${own%/*}"
reconstruct
is "$status" 0 'a directory that it may make: no failure'
ok 'a directory that it may make: the profile is there' test -e "$own/disnix-coordinator/default"

# A garbage collection while nothing refers yet to what was fetched, and a /tmp that the daemon does not see.
rm -r "$own/disnix-coordinator"
ok 'a garbage collection before: what was fetched goes' wait_for 120 nix-store --gc
mkdir -p "$own/disnix-coordinator/.default.roots-4194305" # no process has that number
chown -R 65432:65432 "$own"
cat > "$scratch/bin/nix-store" << EOF
#!/bin/sh
PATH=\${PATH#*:}
case "\$1" in --serve) nix-store --gc > '$scratch/home/collected' 2>&1 ;; esac
exec nix-store "\$@"
EOF
chmod +x "$scratch/bin/nix-store"
private='mount -t tmpfs -o mode=1777 tmpfs "$TMPDIR" && exec "$@"'
: > "$NETWORK/calls"
chown -R 65432:65432 "$NETWORK"
HOME=$scratch/home USER=$user NIX_REMOTE=daemon unshare -m sh -c "$private" sh \
    setpriv --reuid=65432 --regid=65432 --clear-groups dydisnix-reconstruct --xml --interface="$client" "$model" \
    > "$scratch/messages" 2>&1
status=$?
messages=$(cat "$scratch/messages")
rm "$scratch/bin/nix-store"
is "$status" 0 'a garbage collection meanwhile: no failure'
ok 'a garbage collection meanwhile: there was one' test -s "$scratch/home/collected"
is "$(said 'garbage collection') $(said '-profile-')" '0 0' 'a garbage collection meanwhile: it took nothing'
is "$(find "$own/disnix-coordinator" -name '*roots*')" '' 'a garbage collection meanwhile: no root is left'

# Where nothing is to be fetched, nobody needs to be trusted, and the evaluator is not asked.
manifest=$(readlink "$own/disnix-coordinator/default-1-link")
rm -r "$own/disnix-coordinator"
nix-store --delete --ignore-liveness "$manifest" > /dev/null 2>&1
daemon_trusts
cat > "$scratch/bin/nix-instantiate" << EOF
#!/bin/sh
echo >> '$scratch/home/evaluated'
exit 1
EOF
chmod +x "$scratch/bin/nix-instantiate"
reconstruct
rm "$scratch/bin/nix-instantiate"
is "$status $(readlink "$own/disnix-coordinator/default-1-link")" "0 $manifest" 'not trusted, nothing to fetch: the same manifest'
ok 'not trusted, nothing to fetch: it is whole' nix-store --verify-path "$manifest"
ok 'not trusted, nothing to fetch: nothing was evaluated' test ! -e "$scratch/home/evaluated"

# What fails for another reason than a garbage collection is not tried again.
rm -r "$own/disnix-coordinator"
cat > "$scratch/bin/nix-env" << EOF
#!/bin/sh
echo >> '$scratch/home/tries'
echo 'error: Permission denied' >&2
exit 1
EOF
chmod +x "$scratch/bin/nix-env"
reconstruct
rm "$scratch/bin/nix-env"
is "$status $(wc -l < "$scratch/home/tries")" '1 1' 'a profile that cannot be set: one try'
done_testing
