#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Two coordinators under the lock of an etcd of three members that hangs, is parted, dies, loses keys, or prints what it
# should not: at most one changes anything.
if [ -z "${DYDISNIX_TEST_NETWORK-}" ]; then
    if [ "$(id -u)" -ne 0 ] || ! unshare -n ip link add lan type bridge 2> /dev/null; then
        echo '1..0 # SKIP network namespaces are not allowed here'
        exit 0
    fi
    DYDISNIX_TEST_NETWORK=1 exec unshare -n sh "$0"
fi
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"
command -v etcd > /dev/null && command -v etcdctl > /dev/null || skip_all 'etcd is not installed'
deployed_before "$previous"
lock=/dydisnix/default
leader=$srcdir/host/dydisnix-etcd-leader
guard=$srcdir/host/dydisnix-etcd-guard
ETCDCTL_API=3 ETCDCTL_COMMAND_TIMEOUT=2s
export ETCDCTL_API ETCDCTL_COMMAND_TIMEOUT

# What etcdctl prints is not followed where it is nonsense: "$scratch/told" is what it answers to a question.
mkdir "$scratch/fake"
cat > "$scratch/fake/etcdctl" << 'EOF'
#!/bin/sh
[ "$1" != txn ] || case $(cat) in *put*) echo SUCCESS; exit ;; esac
cat "$told"
exit "${status:-0}"
EOF
chmod +x "$scratch/fake/etcdctl"
term=0123456789abcdef0123456789abcdef
told=$scratch/told
asked() # PROGRAM ARGUMENT...
{
    rm -rf "$scratch/begun" "$scratch/known"
    mkdir "$scratch/known"
    printf %s "$term" > "$scratch/known/term"
    echo '{}' > "$scratch/known/state.json"
    env told="$told" PATH="$scratch/fake:$PATH" ETCD_LOCK_KEY="$lock/1" "$@"
}
leads()
{
    asked "$leader" "$scratch/known" touch "$scratch/begun"
}
remembers()
{
    [ -e "$scratch/begun" ] && [ -e "$scratch/known/state.json" ]
}
forgets()
{
    [ -e "$scratch/begun" ] && [ ! -e "$scratch/known/state.json" ]
}
begins_not() # WHAT
{
    fails 1 "it does not begin: $1" leads
    ok 'and forgets nothing' test ! -e "$scratch/begun" -a -e "$scratch/known/state.json"
}
printf 'SUCCESS\n\n%s\n%s\n' "$lock.last" "$term" > "$told"
ok 'who had the lock last begins' leads
ok 'with what it remembers' remembers
status=1
export status
begins_not 'a right answer, but status 1'
unset status
: > "$told"
begins_not 'no answer'
echo FAILURE > "$told"
begins_not 'no lock'
printf 'SUCCESSFUL\n\n%s\n%s\n' "$lock.last" "$term" > "$told"
begins_not 'another word'
printf 'SUCCESS\n\n%s\n%s\n%s\n' "$lock.last" "$term" "$term" > "$told"
begins_not 'more than a term'
printf 'SUCCESS\n\n%s\n%s\n' "$lock.other" "$term" > "$told"
begins_not 'another key'
printf 'SUCCESS\n\n%s\n' "$term" > "$told"
begins_not 'no key'
printf 'SUCCESS\n\n%s\n\n' "$lock.last" > "$told"
begins_not 'an empty value'
printf 'SUCCESS\n\n%s\n%.31s\n' "$lock.last" "$term" > "$told"
begins_not 'a digit is missing'
# shellcheck disable=SC2016
printf 'SUCCESS\n\n%s\n$(touch %s)\n' "$lock.last" "$scratch/begun" > "$told"
begins_not 'a command'
echo '{"succeeded":true,"responses":[]}' > "$told"
begins_not 'JSON'
head -c 20000000 /dev/zero | tr '\0' x > "$told"
begins_not '20 MB'
head -c 100000 /dev/urandom > "$told"
begins_not 'noise'
fails 1 'nor can the guard tell by noise' asked "$guard" redeploy
printf '%s\n\n' "$lock/2" > "$told"
fails 1 'nor by another key' asked "$guard" redeploy
printf '%s\n\n' "$lock/1" > "$told"
ok 'but by its key' asked "$guard" redeploy
printf 'SUCCESS\n\n' > "$told"
ok 'where nobody had the lock it begins' leads
ok 'without what it remembers' forgets
# A cycle that outlives its loop holds the lock of the directory, and would write what is stale once more.
exec 8>> "$scratch/known/lock"
flock 8
rm -f "$scratch/begun"
echo '{}' > "$scratch/known/state.json"
fails 1 'beside a cycle that still runs nothing begins' \
    env told="$told" PATH="$scratch/fake:$PATH" ETCD_LOCK_KEY="$lock/1" "$leader" "$scratch/known" touch "$scratch/begun"
ok 'nor is anything forgotten' test ! -e "$scratch/begun" -a -e "$scratch/known/state.json"
exec 8>&-

# Three members, each in a network of its own: 10.78.0.1 and so on.
ip link set lo up
ip link add lan type bridge
ip address add 10.78.0.254/24 dev lan
ip link set lan up
networks='' members='' a='' b=''
end_all()
{
    # shellcheck disable=SC2086
    kill -KILL $a $b $members $networks 2> /dev/null
}
cleanup_fn end_all
has_network() # PID
{
    [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}
at() # MEMBER COMMAND...: in its network
{
    eval "network=\$network$1"
    shift
    nsenter -n -t "$network" "$@"
}
start_member() # NUMBER
{
    eval "network=\$network$1"
    nsenter -n -t "$network" etcd --name "m$1" --data-dir "$scratch/etcd-$1" --heartbeat-interval 50 \
        --election-timeout 500 --listen-client-urls "http://10.78.0.$1:2379,http://127.0.0.1:2379" \
        --advertise-client-urls "http://10.78.0.$1:2379" --listen-peer-urls "http://10.78.0.$1:2380" \
        --initial-advertise-peer-urls "http://10.78.0.$1:2380" \
        --initial-cluster m1=http://10.78.0.1:2380,m2=http://10.78.0.2:2380,m3=http://10.78.0.3:2380 \
        >> "$scratch/etcd-$1.log" 2>&1 &
    members="$members $!"
}
for number in 1 2 3; do
    unshare -n sleep 100000 &
    eval "network$number=$!"
    networks="$networks $!"
    wait_for 60 has_network "$!"
    ip link add "lan$number" type veth peer name eth0 netns "$!"
    ip link set "lan$number" master lan up
    at "$number" ip address add "10.78.0.$number/24" dev eth0
    at "$number" ip link set eth0 up
    at "$number" ip link set lo up
    start_member "$number"
done
ETCDCTL_ENDPOINTS=http://10.78.0.2:2379,http://10.78.0.3:2379
export ETCDCTL_ENDPOINTS
wait_for 60 etcdctl get x

# The coordinators a and b: each beside a member, in its network, and with that member only for an endpoint of a.
cat > "$scratch/bin/disnix-activate" << 'EOF'
#!/bin/sh
mkdir "$at_work" 2> /dev/null || : > "$at_work.both"
sleep 0.3
rmdir "$at_work"
echo activated >> "$deployments"
EOF
at_work=$scratch/at-work
export at_work
start_coordinator() # NAME MEMBER ENDPOINTS
{
    : > "$scratch/$1.log"
    eval "where=\$network$2"
    # shellcheck disable=SC2016
    (
        mkdir -p "$scratch/$1.calls"
        deployments=$scratch/$1.deployments calls=$scratch/$1.calls ETCDCTL_ENDPOINTS=$3
        XDG_RUNTIME_DIR=$scratch/$1.run
        export deployments calls ETCDCTL_ENDPOINTS XDG_RUNTIME_DIR
        exec nsenter -n -t "$where" etcdctl lock --ttl=2 "$lock" -- "$leader" "$scratch/$1.state/default" \
            "$with_nix" "$scratch/$1.machine" "$builddir/dydisnix-self-adapt" --exit-with-parent --guard="$guard" \
            --no-probe --retry-min=1 --retry-max=1 --state-dir="$scratch/$1.state" \
            --coordinator-profile-path="$scratch/$1.profiles" \
            -s "$models/services.nix" -q "$models/qos.nix" -i "$models/infrastructure.nix"
    ) >> "$scratch/$1.log" 2>&1 &
    eval "$1=$!"
}
deployed() # NAME NUMBER
{
    [ "$(cat "$scratch/$1.deployments" 2> /dev/null | wc -l)" -ge "$2" ]
}
said() # NAME TEXT
{
    grep -qF -- "$2" "$scratch/$1.log"
}
for name in a b; do
    mkdir -p "$scratch/$name.machine/nix/store" "$scratch/$name.profiles"
    cp "$store"/* "$scratch/$name.machine/nix/store"
done
both=http://10.78.0.2:2379,http://10.78.0.3:2379
start_coordinator a 1 http://10.78.0.1:2379
ok 'one coordinator has the lock and deploys' wait_for 60 deployed a 1
start_coordinator b 2 "$both"
waiting() # NUMBER: so many have the lock or want it
{
    [ "$(etcdctl get --prefix --keys-only "$lock/" | grep -c .)" -eq "$1" ]
}
ok 'the other one waits' wait_for 60 waiting 2

# Parted from the majority, which it does not notice by itself.
ip link set lan1 down
ok 'it is parted from the others: the other one has the lock and deploys' wait_for 60 deployed b 1
write_model test1
ok 'so it does when something changes' wait_for 60 deployed b 2
ok 'the parted one cannot tell whose the lock is' wait_for 60 said a 'the guard does not allow the stage'
ok 'and deploys nothing' test "$(wc -l < "$scratch/a.deployments")" -eq 1
ip link set lan1 up
ended() # PID
{
    ! kill -0 "$1" 2> /dev/null
}
write_model test1 test2
ok 'it hears that the lock is lost, and ends' wait_for 60 ended "$a"
has "$(cat "$scratch/a.log")" 'is lost' 'saying so'
ok 'the other one goes on' wait_for 60 deployed b 3
is "$(wc -l < "$scratch/a.deployments")" 1 'alone'

# It waits again. Then history is compacted, and all members hang.
start_coordinator a 1 http://10.78.0.1:2379
ok 'it is back, and waits' wait_for 60 waiting 2
revision=$(etcdctl get x --write-out=fields | sed -n 's/^"Revision" : //p')
ok 'history is compacted' etcdctl compact "$revision" --physical
mkdir "$scratch/hasty"
printf '#!/bin/sh\nshift\nexec %s 2 "$@"\n' "$(command -v timeout)" > "$scratch/hasty/timeout"
chmod +x "$scratch/hasty/timeout"
key=$(etcdctl get --prefix --keys-only --sort-by=CREATE "$lock/" | head -n 1)
# shellcheck disable=SC2086
kill -STOP $members
mkdir "$scratch/known.new"
fails 1 'nobody begins while etcd hangs' env PATH="$scratch/hasty:$PATH" ETCD_LOCK_KEY="$key" "$leader" \
    "$scratch/known.new" touch "$scratch/begun"
has "$(output)" 'etcd does not answer' 'which is told'
fails 1 'and the guard cannot tell' env ETCD_LOCK_KEY="$key" "$guard" redeploy
before=$(wc -l < "$scratch/b.deployments")
write_model test1
ok 'not even the one that has the lock changes anything' wait_for 60 said b 'the guard does not allow the stage'
is "$(wc -l < "$scratch/b.deployments")" "$before" 'before etcd goes on'
# shellcheck disable=SC2086
kill -CONT $members
both_run() # Whoever ended is started again, as systemd does.
{
    ! ended "$a" || start_coordinator a 1 http://10.78.0.1:2379
    ! ended "$b" || start_coordinator b 2 "$both"
}
more() # NUMBER: so many deployments in all
{
    both_run
    [ "$(cat "$scratch/a.deployments" "$scratch/b.deployments" | wc -l)" -ge "$1" ]
}
ok 'then somebody deploys' wait_for 60 more $((before + 2))

# All members die, and come back with what they have on their disks.
# shellcheck disable=SC2086
kill -KILL $members
fails 1 'nobody begins where no etcd is' env PATH="$scratch/hasty:$PATH" ETCD_LOCK_KEY="$key" "$leader" \
    "$scratch/known.new" touch "$scratch/begun"
for number in 1 2 3; do
    start_member "$number"
done
ok 'etcd is back' wait_for 60 etcdctl get x
before=$(cat "$scratch/a.deployments" "$scratch/b.deployments" | wc -l)
write_model test1 test2
ok 'and so are deployments' wait_for 60 more $((before + 1))
ok 'never did two deploy at once' test ! -e "$at_work.both"

# Keys that somebody changes by hand.
led() # COMMAND...: under a lock of its own
{
    timeout 60 etcdctl lock --ttl=2 /dydisnix/hand -- "$leader" "$scratch/hand" "$@"
}
led true
last=/dydisnix/hand.last
echo '{}' > "$scratch/hand/state.json"
ok 'who had the lock last remembers' led test -e "$scratch/hand/state.json"
for value in '' nonsense "$(cat "$scratch/hand/term")x"; do
    etcdctl put -- "$last" "$value" > /dev/null
    fails 1 "nothing begins after $last was made '$value'" led touch "$scratch/begun"
    ok 'nor is anything forgotten' test ! -e "$scratch/begun" -a -e "$scratch/hand/state.json"
done
etcdctl del "$last" > /dev/null
ok 'where it was removed everything is forgotten' led test ! -e "$scratch/hand/state.json"
key=$(etcdctl get --prefix --keys-only --sort-by=CREATE "$lock/" | head -n 1)
etcdctl del "$key" > /dev/null
before=$(cat "$scratch/a.deployments" "$scratch/b.deployments" | wc -l)
write_model test1
ok 'after the key of the lock was removed somebody else has it' wait_for 60 more $((before + 1))
ok 'never did two deploy at once' test ! -e "$at_work.both"
# shellcheck disable=SC2086
kill -KILL "$a" "$b"
ended_too()
{
    flock -n "$scratch/a.state/default/lock" true && flock -n "$scratch/b.state/default/lock" true
}
ok 'loops end with etcdctl' wait_for 60 ended_too

done_testing
