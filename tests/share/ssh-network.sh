# SPDX-License-Identifier: LGPL-2.1-or-later
# Source this first: the network of lab.sh, in which each target has a network namespace, an address, and an sshd of its
# own that knows one key. The namespaces have no names and go with the test, which is in one too: nothing of this
# machine's network is changed. test1 has 10.77.0.1, and so on; the coordinator 10.77.0.254.
#
#   ssh_client ARGUMENT…        the client interface over ssh, on the coordinator
#   coordinator COMMAND…        a program on the coordinator, which knows the options for ssh
#   cable TARGET                a booted machine gets its network and its sshd
#   crash TARGET                with its network
#   boot TARGET                 and back
#   partition TARGET, join TARGET     packets are dropped, or not any more
#   hang TARGET, resume TARGET  its sshd, and what that has started, is stopped, or goes on
#   new_host_key TARGET         of its sshd from its next start on
#   restart_sshd TARGET

may_have_networks()
{
    # shellcheck disable=SC2016
    [ "$(id -u)" -eq 0 ] && unshare -n sh -c 'ip link add lan type bridge && ip link set lo up &&
        ip link add test1 type veth peer name lan1 netns $$' 2> /dev/null
}

if [ -z "${DYDISNIX_TEST_NETWORK-}" ]; then
    if ! may_have_networks; then
        echo '1..0 # SKIP network namespaces are not allowed here'
        exit 0
    fi
    DYDISNIX_TEST_NETWORK=1
    export DYDISNIX_TEST_NETWORK
    exec unshare -n sh "$0"
fi
. "$srcdir/tests/share/lab.sh"

sshd=$(PATH=$PATH:/usr/sbin:/sbin command -v sshd) || skip_all 'OpenSSH is not installed'
ssh_files=$(mktemp -d "${TMPDIR:-/tmp}/dydisnix-ssh.XXXXXX") || exit 99 # SSH_OPTS are split at blanks
cleanup_fn rm -rf "'$ssh_files'"
SSH_OPTS="-F $ssh_files/config"

address() # TARGET
{
    echo "10.77.0.${1#test}"
}

# The coordinator's end.
ssh-keygen -q -t ed25519 -N '' -f "$ssh_files/key"
ip link set lo up
ip link add lan type bridge
ip address add 10.77.0.254/24 dev lan
ip link set lan up
cat > "$ssh_files/config" << END
Host test*
    User root
    IdentityFile $ssh_files/key
    IdentitiesOnly yes
    KexAlgorithms curve25519-sha256
    BatchMode yes
    StrictHostKeyChecking yes
    UserKnownHostsFile $ssh_files/known_hosts
    GlobalKnownHostsFile none
END
# No account of this machine is used: root may log in there, and is one whose shell is the plainest.
sed -n '/^root:/!p' /etc/passwd > "$ssh_files/passwd"
echo 'root:x:0:0:root:/:/bin/sh' >> "$ssh_files/passwd"
echo 'root:*:19000:0:99999:7:::' > "$ssh_files/shadow"

# What is started on a target, in its network and with files of its own.
cat > "$ssh_files/boot" << 'END'
mount -t tmpfs none /run && mkdir /run/sshd && mount --bind "$2/passwd" /etc/passwd &&
    mount --bind "$2/shadow" /etc/shadow || exit 1
exec nsenter --net=/proc/self/fd/0 "$1" -D -e -f "$2/$3.sshd"
END

new_host_key()
{
    rm -f "$ssh_files/$1.key" "$ssh_files/$1.key.pub"
    ssh-keygen -q -t ed25519 -N '' -f "$ssh_files/$1.key"
}

trust_host_key() # TARGET
{
    printf '%s %s\n' "$(address "$1")" "$(cat "$ssh_files/$1.key.pub")" >> "$ssh_files/known_hosts"
}

# Each command that comes through ssh finds the machine's environment, and "$ssh_files/TARGET.slow" delays it.
write_sshd_files() # TARGET
{
    printf 'Host %s\n    HostName %s\n' "$1" "$(address "$1")" >> "$ssh_files/config"
    on "$1" sh -c 'export -p' > "$ssh_files/$1.session"
    cat >> "$ssh_files/$1.session" << END
[ ! -e "$ssh_files/$1.slow" ] || sleep "\$(cat "$ssh_files/$1.slow")"
exec sh -c "\$SSH_ORIGINAL_COMMAND"
END
    cat > "$ssh_files/$1.sshd" << END
ListenAddress $(address "$1")
HostKey $ssh_files/$1.key
AuthorizedKeysFile $ssh_files/key.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
PidFile $ssh_files/$1.pid
ForceCommand . "$ssh_files/$1.session"
END
}

in_own_network() # PID
{
    [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

answers() # TARGET
{
    # shellcheck disable=SC2086
    ssh $SSH_OPTS -o ConnectTimeout=1 "$1" true
}

in_network() # TARGET COMMAND…
{
    read -r holder < "$ssh_files/$1.holder"
    shift
    nsenter -n -t "$holder" "$@"
}

cable()
{
    unshare -n sleep 3600 &
    echo $! > "$ssh_files/$1.holder"
    wait_for 10 in_own_network $!
    # The same card each time, as others remember it.
    ip link add "$1" type veth peer name lan address "02:00:00:00:00:0${1#test}" netns $!
    ip link set "$1" master lan up
    in_network "$1" ip link set lo up
    in_network "$1" ip address add "$(address "$1")/24" dev lan
    in_network "$1" ip link set lan up
    listen "$1"
}

# Its network comes to it as a file, for in the machine's process namespace nothing else leads there.
listen() # TARGET
{
    on "$1" unshare -m sh "$ssh_files/boot" "$sshd" "$ssh_files" "$1" < "/proc/$(cat "$ssh_files/$1.holder")/ns/net" \
        > "$ssh_files/$1.log" 2>&1 &
}

unplug() # TARGET
{
    [ -e "$ssh_files/$1.holder" ] || return 0
    ip link delete "$1"
    kill "$(cat "$ssh_files/$1.holder")"
    wait "$(cat "$ssh_files/$1.holder")" 2> /dev/null
    rm "$ssh_files/$1.holder"
}

crash()
{
    lab crash "$1"
    unplug "$1"
}

boot()
{
    lab reappear "$1"
    cable "$1"
    wait_for 20 answers "$1"
}

partition()
{
    ip link set "$1" down
}

join()
{
    ip link set "$1" up
}

of_sshd() # TARGET SIGNAL
{
    # shellcheck disable=SC2016
    on "$1" sh -c 'for process in /proc/[0-9]*; do
        case $(readlink "$process/exe") in */sshd) kill "-$1" "${process#/proc/}" ;; esac
    done' sh "$2"
}

restart_sshd()
{
    of_sshd "$1" KILL
    listen "$1"
    wait_for 20 grep -q listening "$ssh_files/$1.log"
}

hang()
{
    of_sshd "$1" STOP
}

resume()
{
    of_sshd "$1" CONT
}

coordinator()
{
    on coordinator env SSH_OPTS="$SSH_OPTS" "$@"
}

ssh_client()
{
    coordinator dydisnix-lab-ssh-client "$@" < /dev/null
}

for target in $(seq -f 'test%g' "${lab_targets:-2}"); do
    new_host_key "$target"
    trust_host_key "$target"
    write_sshd_files "$target"
    cleanup_fn unplug "$target"
    cable "$target"
done
for target in $(seq -f 'test%g' "${lab_targets:-2}"); do
    wait_for 20 answers "$target" || evidence "$(cat "$ssh_files/$target.log")"
done
