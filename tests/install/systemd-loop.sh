#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The unit as it is installed, in its sandbox, under the real systemd: it starts, deploys with the Nix daemon, which
# collects garbage meanwhile, is reloaded, watched and stopped. The programs of Disnix are scripts here, which do what a sandbox might forbid.
. "$srcdir/tests/share/functions.sh"
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR XDG_RUNTIME_DIR

# A directory as configured, by its name in the makefile.
directory()
{
    printf 'show: ; @printf "%%s\\n" "$(%s)"\n' "$1" | make -s -C "$builddir" -f Makefile -f - show
}
prefix=$(directory prefix)
bin=$(directory bindir)
user=dydisnix-self-adapt
unit=$user@default.service
machine=$scratch/machine
nix=$(ls -d /nix 2> /dev/null)
home=$machine/var/lib/$user
mkdir -p "$machine/nix/store" "$machine/nix/var/nix/profiles/per-user" "$machine/var/lib" "$machine/units"
cp -a /etc "$machine/etc"
ok 'it installs' make -C "$builddir" install DESTDIR="$machine" sysconfdir=/etc \
    systemdsystemunitdir="$prefix/lib/systemd/system"

# What every unit depends on, and the daemon of Nix.
for name in default sysinit basic shutdown; do
    printf '[Unit]\nDescription=%s\nDefaultDependencies=no\n' "$name" > "$machine/units/$name.target"
done
printf '[Service]\nExecStart=%s\n' "$(command -v nix-daemon)" > "$machine/units/nix-daemon.service"
mkdir -p "$machine/etc/nix" "$machine/etc/credstore" "$machine/etc/models" "$machine/etc/open" "$machine/units/$user@.service.d"
printf '%s\n' 'build-users-group =' 'sandbox = false' 'substituters =' "trusted-users = $user" \
    > "$machine/etc/nix/nix.conf"
chmod a+rwx "$machine/etc/open"
echo secret > "$machine/etc/credstore/$user.ssh-key"
chmod 600 "$machine/etc/credstore/$user.ssh-key"

cp "$machine$prefix/lib/systemd/system/$user@.service" "$machine/units"

# Files that are not where the unit was configured for, messages that can be read, and less patience.
cat > "$machine/units/$user@.service.d/test.conf" << 'EOF'
[Service]
EnvironmentFile=
EnvironmentFile=/etc/options
StandardOutput=append:/var/lib/log
StandardError=append:/var/lib/log
WatchdogSec=20
RestartSec=0
EOF
# The sandbox does not let a sanitizer trace the program at its end.
cat > "$machine/etc/options" << EOF
ASAN_OPTIONS=detect_leaks=0
PATH=$bin:/usr/bin:/bin
OPTIONS=-s "/etc/models/services.nix" -q /etc/models/qos.nix -i /etc/models/infrastructure.nix
EOF

# Disnix, as far as a sandbox could be in its way.
program() # NAME: with the text of standard input
{
    { printf '#!/bin/sh\nset -eu\n'; cat; } > "$machine$bin/$1"
    chmod +x "$machine$bin/$1"
}
write_model() # TARGET…
{
    for target; do
        echo "$target = { properties.hostname = \"$target\"; containers.process = { }; };"
    done > "$scratch/targets"
    echo "{ $(cat "$scratch/targets") }" > "$machine/etc/models/.new"
    mv "$machine/etc/models/.new" "$machine/etc/models/infrastructure.nix"
}
: > "$machine/etc/models/services.nix"
: > "$machine/etc/models/qos.nix"
echo '<?xml version="1.0"?><manifest version="2"/>' > "$machine/etc/models/manifest.xml"
write_model test1
echo 'exit 0' | program disnix-ssh-client
program dydisnix-gendist << 'EOF'
echo '{ infrastructure }: { }' > "$TMPDIR/distribution.nix"
nix-store --add "$TMPDIR/distribution.nix"
EOF
# The daemon collects garbage between the stages: it has to see what protects them, though /tmp is private.
program disnix-manifest << 'EOF'
nix-store --gc > /dev/null
while [ "$1" != --distribution ]; do shift; done
ls "$2" > /dev/null
nix-store --add /etc/models/manifest.xml
EOF
program disnix-distribute << 'EOF'
nix-store --gc > /dev/null
for manifest; do :; done
ls "$manifest" > /dev/null
EOF
for name in disnix-restore disnix-set; do
    echo 'exit 0' | program $name
done
program disnix-activate << 'EOF'
env > "$HOME/environment"
cat "$CREDENTIALS_DIRECTORY/ssh-key" > "$HOME/key"
for place in /etc/open /usr /nix/store /nix/var/nix/profiles /var/lib /run /boot; do
    ! touch "$place/written" 2> /dev/null || echo "$place"
done > "$HOME/open"
ls -A /home /root >> "$HOME/open" 2> /dev/null || true
while [ -e "$HOME/wait" ]; do
    : > "$HOME/waits"
    sleep 0.1
done
profiles=/nix/var/nix/profiles/per-user/$(whoami)/disnix-coordinator
mkdir -p "$profiles"
for manifest; do :; done
nix-env --profile "$profiles/default" --set "$manifest"
echo $(($(cat "$HOME/deployments" 2> /dev/null || echo 0) + 1)) > "$HOME/new"
mv "$HOME/new" "$HOME/deployments"
EOF

boot=
init=
cgroups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
groups_are_gone() # PID of systemd-boot
{
    [ -d "$cgroups/dydisnix-test-$1" ] || return 0
    find "$cgroups/dydisnix-test-$1" -depth -type d -exec rmdir {} + 2> /dev/null
    [ ! -d "$cgroups/dydisnix-test-$1" ]
}
end_boot()
{
    [ -n "$boot" ] || return 0
    kill -KILL "$boot" 2> /dev/null
    wait "$boot" 2> /dev/null
    wait_for 20 groups_are_gone "$boot"
}
cleanup_fn end_boot
booted() # [COMMAND…]: in the background
{
    "$srcdir/tests/tools/systemd-boot" "$machine" "$prefix" "$@" > "$scratch/log" 2>&1 &
    boot=$!
}

# May there be a systemd at all?
if [ "$(id -u)" -ne 0 ]; then
    skip 'only root can start systemd'
    done_testing
fi
if ! unshare -mp true 2> /dev/null; then
    skip 'mount namespaces are not allowed here'
    done_testing
fi
booted true
if ! wait "$boot"; then
    evidence "$(cat "$scratch/log")"
    skip 'systemd cannot be started here'
    done_testing
fi
end_boot

booted
inside()
{
    nsenter --target "$init" --mount --pid -- "$@"
}
systemd_answers()
{
    init=$(ps -o pid= --ppid "$boot" | tr -d ' ') && [ -n "$init" ] && inside systemctl show
}
shown() # PROPERTY
{
    inside systemctl show --value --property "$1" "$unit"
}
shows() # PROPERTY VALUE
{
    [ "$(shown "$1")" = "$2" ]
}
ok 'systemd runs' wait_for 30 systemd_answers
# Units of this machine would work on this machine: without any, or not at all.
inside systemctl cat systemd-tmpfiles-setup.service > "$scratch/said" 2>&1 && exit 1
has "$(cat "$scratch/said")" 'No files found' 'and has no unit of this machine'
ok 'the user is made' inside systemd-sysusers "$prefix/lib/sysusers.d/$user.conf"
ok 'and its directory' inside systemd-tmpfiles --create "$prefix/lib/tmpfiles.d/$user.conf"
inside systemctl start nix-daemon.service
ok 'the daemon of Nix runs' wait_for 30 test -S "$machine/nix/var/nix/daemon-socket/socket"

ok 'it starts' inside systemctl start "$unit"
is "$(shown ActiveState) $(shown SubState)" 'active running' 'it has told that it is ready'
is "$(cat "$home/deployments")" 1 'when it had deployed'
evidence "$(cat "$machine/var/lib/log")"
profile=$machine/nix/var/nix/profiles/per-user/$user/disnix-coordinator/default
has "$(readlink "$(dirname "$profile")/$(readlink "$profile")")" manifest.xml \
    'a generation of the coordinator profile'
is "$(cat "$home/open")" '' 'nothing else can be written, and no home be seen'
is "$(cat "$home/key")" secret 'the key for ssh is there'
has "$(cat "$home/environment")" "SSH_OPTS=-o BatchMode=yes -i /run/credentials/$unit/ssh-key" \
    'and ssh is told'
has "$(cat "$home/environment")" "-o ControlPath=/tmp/" 'and shares connections'
lacks "$(cat "$home/environment")" NOTIFY_SOCKET 'not how to talk to systemd'
has "$(shown StatusText)" 'the last cycle: done' 'its status is shown'
ok 'root may ask it' inside "$bin/dydisnix-self-adaptctl" status
has "$(output)" 'last cycle   done' 'how it is'
is "$(stat -c '%a %u' "$home")" "700 $(stat -c %u "$home/deployments")" 'its state is for its user only'
cycles()
{
    grep -c 'Using infrastructure model' "$machine/var/lib/log"
}
deployments()
{
    cat "$home/deployments"
}
at_least() # NUMBER COMMAND…: which prints a number
{
    number=$1
    shift
    [ "$("$@")" -ge "$number" ]
}
ok 'it is reloaded' inside systemctl reload "$unit"
ok 'which is a cycle' wait_for 30 at_least 2 cycles

# A loop that hangs.
alive_since=$(shown WatchdogTimestampMonotonic)
is_alive()
{
    [ "$(shown WatchdogTimestampMonotonic)" != "$alive_since" ]
}
ok 'it tells that it is alive' wait_for 30 is_alive
main=$(shown MainPID)
[ "${main:-0}" -gt 1 ] && inside kill -STOP "$main"
ok 'one that does not is started anew' wait_for 60 shows NRestarts 1
ok 'and deploys' wait_for 30 at_least 2 deployments
wait_for 30 shows SubState running

# The end waits for what runs.
: > "$home/wait"
write_model test1 test2
ok 'a deployment is under way' wait_for 30 test -e "$home/waits"
inside systemctl stop --no-block "$unit"
ok 'it is stopping' wait_for 30 shows ActiveState deactivating
before=$(deployments)
rm "$home/wait"
ok 'it ends when the deployment has' wait_for 30 shows ActiveState inactive
is "$(($(deployments) - before)) $(shown Result)" '1 success' 'well'
is "$(ls -d /nix 2> /dev/null)" "$nix" 'this machine has no /nix that it did not have'
done_testing
