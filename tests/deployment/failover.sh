#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Two coordinators under the lock of etcd, as dydisnix-self-adapt-failover(7) has it.
lab_targets=2
. "$srcdir/tests/share/lab.sh"

command -v etcd > /dev/null && command -v etcdctl > /dev/null || skip_all 'etcd is not installed'
lock=/dydisnix/default
models=$scratch/models
mkdir "$models"
cp "$srcdir/lab/example/services.nix" "$srcdir/lab/example/qos.nix" "$models"

# A server of one member, at ports that are free now.
start_etcd()
{
    # shellcheck disable=SC2046
    set -- $(python3 -c 'import socket
s = [socket.socket() for i in range(2)]
for one in s: one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in s))')
    etcd --data-dir "$scratch/etcd" --heartbeat-interval 50 --election-timeout 500 \
        --listen-client-urls "http://127.0.0.1:$1" --advertise-client-urls "http://127.0.0.1:$1" \
        --listen-peer-urls "http://127.0.0.1:$2" --initial-advertise-peer-urls "http://127.0.0.1:$2" \
        --initial-cluster "default=http://127.0.0.1:$2" > "$scratch/etcd.log" 2>&1 &
    etcd=$!
    ETCDCTL_ENDPOINTS=http://127.0.0.1:$1
    ETCDCTL_API=3
    export ETCDCTL_ENDPOINTS ETCDCTL_API
}
end_etcd()
{
    kill "$etcd" && wait "$etcd"
} 2> /dev/null
cleanup_fn end_etcd
start_etcd
wait_for 20 etcdctl get x || evidence "$(cat "$scratch/etcd.log")"

write_model() # TARGET=COMMENT…
{
    {
        echo '{'
        for pair; do
            printf '  %s = { properties = { hostname = "%s"; comment = "%s"; }; system = "%s-linux";' \
                "${pair%=*}" "${pair%=*}" "${pair#*=}" "$(uname -m)"
            echo ' containers.process = { }; };'
        done
        echo '}'
    } > "$models/new"
    mv "$models/new" "$models/infrastructure.nix"
}

# The machine's loop waits for the lock, and runs; its messages in "$scratch/MACHINE.log".
start() # MACHINE
{
    (
        exec dydisnix-lab exec "$1" env PATH="$srcdir/host:$PATH" DYDISNIX_NIX_EXPRESSIONS="$srcdir/nix" \
            DYDISNIX_PLUGIN_PATH="$builddir/plugin" DYDISNIX_LAB_END="$scratch/$1.end" \
            ETCDCTL_ENDPOINTS="$ETCDCTL_ENDPOINTS" ETCDCTL_API=3 \
            etcdctl lock --ttl=10 "$lock" -- \
            dydisnix-etcd-leader "$scratch/$1.state/default" "$builddir/dydisnix-self-adapt" \
            --exit-with-parent --guard=dydisnix-etcd-guard --reconstruct \
            -s "$models/services.nix" -q "$models/qos.nix" -i "$models/infrastructure.nix" \
            --retry-min=1 --retry-max=1 --state-dir="$scratch/$1.state"
    ) > "$scratch/$1.log" 2>&1 &
    eval "$1=$!"
}

said() # MACHINE TEXT [NUMBER]: so many lines
{
    [ "$(grep -cF -- "$2" "$scratch/$1.log")" -ge "${3:-1}" ]
}

deployed() # MACHINE NUMBER
{
    said "$1" 'Releasing locks...' "$2"
}

# The services answer through each other, on test2, each once, and the state is there.
whole() # DATA
{
    for service in database api web; do
        [ "$(lab who "$service" | python3 -c 'import json, sys; print(*json.load(sys.stdin))')" = test2 ] || return 1
    done
    lab ask test2 web 2> /dev/null | grep -q '"state"' &&
        [ "$(lab ask test2 database | python3 -c 'import json, sys; print(*json.load(sys.stdin)["state"])')" = "$1" ]
}

waiting() # NUMBER: so many have the lock or want it
{
    [ "$(etcdctl get --prefix --keys-only "$lock/" | grep -c .)" -eq "$1" ]
}

# The key of whoever has the lock.
key()
{
    etcdctl get --prefix --keys-only --sort-by=CREATE "$lock/" | head -n 1
}

unlocked()
{
    [ ! -e "$DYDISNIX_LAB/machines/test1/tmp/disnix-default.lock" ] &&
        [ ! -e "$DYDISNIX_LAB/machines/test2/tmp/disnix-default.lock" ]
}

ended() # PID
{
    ! kill -0 "$1" 2> /dev/null
}

lab add standby
coordinator= standby=
# All services go to test2, for test1 is not there yet: who does not know that would move them later.
write_model test2=one
start coordinator
ok 'the first coordinator has the lock and deploys' wait_for 30 deployed coordinator 1
start standby
ok 'the second one' wait_for 20 waiting 2
write_model test1=one test2=one
ok 'changes are deployed' wait_for 30 deployed coordinator 2
lab write test2 database first > /dev/null
ok 'all is well' wait_for 20 whole first
is "$(cat "$scratch/standby.log")" '' 'and the second one waits'

before=$(date +%s%3N)
lab crash coordinator
wait "$coordinator" 2> /dev/null
ok 'the first coordinator is lost: the second one takes over' wait_for 30 said standby 'Using infrastructure model'
evidence "after $(($(date +%s%3N) - before)) ms, with a lease of 10 seconds"
ok 'it reconstructs, without anything of the first' wait_for 30 said standby 'Reconstructed manifest'
ok 'and redeploys' wait_for 30 deployed standby 1
ok 'nothing has moved, nothing is there twice' whole first
write_model test1=two test2=one
ok 'it goes on' wait_for 30 deployed standby 2

lab reappear coordinator
start coordinator
ok 'the first one is back' wait_for 20 waiting 2
write_model test1=three test2=one
ok 'changes are deployed' wait_for 30 deployed standby 3
is "$(cat "$scratch/coordinator.log")" '' 'while it waits'

# The lock is lost in the middle of a deployment: that goes on, and the locks of its targets keep the other one out.
: > "$scratch/hold"
echo "activating 0 run : > '$scratch/held'; while [ -e '$scratch/hold' ]; do sleep 0.05; done" > "$scratch/standby.end"
write_model test1=four test2=one
wait_for 30 test -e "$scratch/held"
lost=$(key)
etcdctl lease revoke "${lost##*/}" > /dev/null
ok 'a coordinator loses its lock while it deploys: the other one has it' \
    wait_for 20 said coordinator 'Using infrastructure'
ok 'but the targets are locked' wait_for 30 said coordinator 'Cannot lock profile'
rm "$scratch/hold"
ok 'the deployment comes to its end' wait_for 30 deployed standby 4
ok 'then the other one deploys' wait_for 30 deployed coordinator 1
write_model test1=five test2=one
ok 'and goes on' wait_for 30 deployed coordinator 2
ok 'the one without the lock ends' wait_for 30 ended "$standby"
has "$(cat "$scratch/standby.log")" "the lock $lost is lost" 'since its guard has seen that it is lost'
is "$(grep -c 'Releasing locks' "$scratch/standby.log")" 4 'before it changed anything'
ok 'all is as it was' whole first

# A coordinator dies while it deploys, and comes back when the other one has deployed: what it remembers is no more.
: > "$scratch/hold"
rm "$scratch/held"
echo "activating 0 run : > '$scratch/held'; while [ -e '$scratch/hold' ]; do sleep 0.05; done" \
    > "$scratch/coordinator.end"
write_model test1=six test2=one
wait_for 30 test -e "$scratch/held"
lab crash coordinator
wait "$coordinator" 2> /dev/null
start standby
ok 'a coordinator dies while it deploys: its locks stay' wait_for 30 said standby 'somebody else holds the lock'
for target in test1 test2; do
    on standby dydisnix-lab-client --unlock --target "$target"
done
ok 'an operator releases them, and the other one deploys' wait_for 30 said standby 'Setting profiles...'
wait_for 20 unlocked
lab write test2 database second > /dev/null
lab reappear coordinator
start coordinator
wait_for 20 waiting 2
ok 'the one that died remembers a deployment' grep -q '"deployment"' "$scratch/coordinator.state/default/state.json"
lab crash standby
wait "$standby" 2> /dev/null
ok 'and has the lock again' wait_for 30 deployed coordinator 1
lacks "$(cat "$scratch/coordinator.log")" 'did not end well' 'that deployment is not undone now'
ok 'nothing is lost' whole 'first second'

# What it remembers it still knows if nobody else had the lock.
on coordinator sh -c 'kill -TERM $(pgrep -x dydisnix-self-a)'
wait "$coordinator" 2> /dev/null
ok 'a coordinator has something to remember' test -s "$scratch/coordinator.state/default/state.json"
ok 'and does, if nobody else had the lock' on coordinator env ETCDCTL_ENDPOINTS="$ETCDCTL_ENDPOINTS" \
    etcdctl lock --ttl=10 "$lock" -- "$srcdir/host/dydisnix-etcd-leader" "$scratch/coordinator.state/default" \
    test -s "$scratch/coordinator.state/default/state.json"

# Between looking and writing the lock may be lost: then nothing is written over what the next one has left.
leader=$srcdir/host/dydisnix-etcd-leader
race=/dydisnix/race # not below the other one, which waits for all that is
mkdir "$scratch/slow"
cat > "$scratch/slow/etcdctl" << EOF
#!/bin/sh
input=\$(cat)
case \$input in *put*) : > '$scratch/looked'; while [ ! -e '$scratch/write' ]; do sleep 0.05; done ;; esac
printf '%s\n' "\$input" '' '' | exec $(command -v etcdctl) "\$@"
EOF
chmod +x "$scratch/slow/etcdctl"
as_leader() # NAME COMMAND...: of a lock of its own
{
    name=$1
    shift
    etcdctl lock --ttl=10 "$race" -- "$leader" "$scratch/$name" -- "$@"
}
as_leader other true
mkdir -p "$scratch/slept/words"
echo '{}' > "$scratch/slept/state.json"
echo '{"word":"pause"}' > "$scratch/slept/words/000000001.json"
sleeping_key=$(etcdctl lease grant 60 | sed 's/^lease \([0-9a-f]*\) .*/\1/')
etcdctl put --lease="$sleeping_key" "$race/$sleeping_key" '' > /dev/null
env ETCD_LOCK_KEY="$race/$sleeping_key" PATH="$scratch/slow:$PATH" "$leader" "$scratch/slept" touch "$scratch/begun" \
    2> "$scratch/slept.log" & sleeping=$!
wait_for 60 test -e "$scratch/looked"
etcdctl lease revoke "$sleeping_key" > /dev/null
before=$(etcdctl get --print-value-only "$race.last")
: > "$scratch/write"
wait "$sleeping"
is "$?" 1 'a coordinator that slept between looking and writing does not lead'
has "$(cat "$scratch/slept.log")" "the lock $race/$sleeping_key is lost" 'it says so'
is "$(etcdctl get --print-value-only "$race.last")" "$before" 'and writes over nothing'
ok 'its command was not run' test ! -e "$scratch/begun"
ok 'what is stale is gone, the words that nobody took with it' \
    test ! -e "$scratch/slept/state.json" -a ! -e "$scratch/slept/words"
echo '{}' > "$scratch/other/state.json"
ok 'the other one still knows what it knew' as_leader other test -e "$scratch/other/state.json"
is "$(stat -c %a "$scratch/other" "$scratch/other/term" | tr '\n' ' ')" '700 600 ' 'its directory is its own'

# What is called in a wrong way.
mkdir -p "$scratch/states/default"
echo '{}' > "$scratch/states/default/state.json"
fails 2 'a directory without the profile' env ETCD_LOCK_KEY=x/y "$leader" "$scratch/states" true
fails 2 'a directory that is not absolute' env ETCD_LOCK_KEY=x/y "$leader" states true
fails 2 'no directory at all' env ETCD_LOCK_KEY=x/y "$leader" -- true
fails 2 'no command' env ETCD_LOCK_KEY=x/y "$leader" "$scratch/other" --
fails 1 'no lock, no command' env -u ETCD_LOCK_KEY "$leader" "$scratch/other" touch "$scratch/begun"
ok 'it was not run' test ! -e "$scratch/begun"
start coordinator
wait_for 30 said coordinator 'Using infrastructure model'

# etcdctl alone is killed.
process=$(on coordinator pgrep -x etcdctl)
on coordinator kill -KILL "$process"
loop_ended()
{
    ! on coordinator pgrep -x dydisnix-self-a
}
ok 'a loop ends with etcdctl' wait_for 20 loop_ended

# Nobody can tell.
ok 'a lock that is held' etcdctl lock "$lock/other" -- "$srcdir/host/dydisnix-etcd-guard" redeploy
fails 3 'one that is lost' env ETCD_LOCK_KEY="$lost" "$srcdir/host/dydisnix-etcd-guard" redeploy
fails 1 'no lock' env -u ETCD_LOCK_KEY "$srcdir/host/dydisnix-etcd-guard" redeploy
end_etcd
fails 1 'no etcd' env ETCD_LOCK_KEY="$lost" "$srcdir/host/dydisnix-etcd-guard" redeploy

done_testing
