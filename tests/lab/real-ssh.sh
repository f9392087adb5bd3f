#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The loop and the reconstruction over real SSH: what befalls machines and their network.
lab_targets=3
. "$srcdir/tests/share/ssh-network.sh"

models=$scratch/models
log=$scratch/log
state=$scratch/state
mkdir "$models"
cp "$srcdir/lab/example/services.nix" "$srcdir/lab/example/qos.nix" "$models"
on coordinator dydisnix-lab-geninfra > "$models/infrastructure.nix"

become() # PROGRAM OPTION…: on the coordinator, in place of this shell
{
    program=$1
    shift
    exec dydisnix-lab exec coordinator env SSH_OPTS="$SSH_OPTS" DYDISNIX_NIX_EXPRESSIONS="$srcdir/nix" \
        DYDISNIX_PLUGIN_PATH="$builddir/plugin" "$builddir/$program" --interface=dydisnix-lab-ssh-client "$@"
}

start()
{
    (
        become dydisnix-self-adapt -s "$models/services.nix" -q "$models/qos.nix" -i "$models/infrastructure.nix" \
            --reconstruct --snapshot --interval=2 --probe-interval=1 --probe-timeout=30 --retry-min=1 --retry-max=2 \
            --state-dir="$state"
    ) >> "$log" 2>&1 &
    loop=$!
}

end_loop()
{
    [ -z "$loop" ] || kill "$loop" 2> /dev/null
    [ -z "$loop" ] || wait "$loop" 2> /dev/null
    loop=
}
loop=
: > "$log"
cleanup_fn end_loop

machines_of() # SERVICE
{
    lab who "$1" | python3 -c 'import json, sys; print(" ".join(sorted(json.load(sys.stdin))))'
}

data_on() # TARGET
{
    lab ask "$1" database 2> /dev/null | python3 -c 'import json, sys; print(" ".join(json.load(sys.stdin)["state"]))'
}

whole() # the services answer through each other, and the database is live once, on TARGET with DATA
{
    [ "$(machines_of database)" = "$1" ] && [ "$(data_on "$1")" = "$2" ] &&
        lab ask "$(machines_of web)" web 2> /dev/null | grep -q '"state"'
}

deployed() # NUMBER: so many deployments have ended well
{
    [ "$(grep -c 'Releasing locks' "$log")" -ge "$1" ]
}

snapshot_holds()
{
    grep -rqs -- "$1" "$DYDISNIX_LAB/machines/coordinator/var/state/dysnomia/snapshots"
}

rescued() # TARGET TEXT
{
    grep -rqs -- "$2" "$DYDISNIX_LAB/machines/$1/var/state/dysnomia/snapshots"
}

start
ok 'the loop deploys over ssh' wait_for 30 whole test2 ''
lab write test2 database first > /dev/null
ok 'the state is snapshotted' wait_for 20 snapshot_holds first

crash test2
ok 'a machine crashes with its network: its state moves' wait_for 30 whole test1 first
lab write test1 database second > /dev/null
wait_for 20 snapshot_holds second
boot test2
ok 'it comes back: the old copy is rescued' wait_for 30 rescued test2 first
ok 'and the newest is live, once' wait_for 30 whole test1 'first second'
wait_for 30 deployed 3
end_loop

reconstruct()
{
    (become dydisnix-reconstruct --timeout=30 --report="$scratch/report.json" "$models/infrastructure.nix") \
        > "$scratch/messages" 2>&1
}

answer_of() # TARGET
{
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["targets"][sys.argv[2]]["status"])' \
        "$scratch/report.json" "$1"
}

said_of() # TARGET
{
    grep -F "[target: $1]: " "$scratch/messages"
}

generation()
{
    on coordinator sh -c 'readlink /nix/var/nix/profiles/per-user/*/disnix-coordinator/default'
}

before=$(generation)
ok 'a reconstruction' reconstruct
is "$(generation)" "$before" 'finds all as it was deployed'

stays_as_it_is() # TARGET
{
    reconstruct && [ "$(answer_of "$1")" = silent ] && [ "$(generation)" = "$before" ] && return
    cat "$scratch/messages"
    return 1
}

partition test3
ok 'a target whose packets are dropped is kept' stays_as_it_is test3
is "$(said_of test3)" '[target: test3]: silent: --query-requisites: no answer in time' 'after its deadline'
join test3
ok 'a reconstruction after that' reconstruct
is "$(answer_of test3)" captured 'hears it again'

hang test3
ok 'a target that hangs is kept' stays_as_it_is test3
is "$(said_of test3)" '[target: test3]: silent: --query-requisites: no answer in time' 'after its deadline'
resume test3

echo 3600 > "$ssh_files/test3.slow"
ok 'a target that takes the call, and hangs then, is kept' stays_as_it_is test3
is "$(said_of test3)" '[target: test3]: silent: --query-requisites: no answer in time' 'after its deadline'
echo 1 > "$ssh_files/test3.slow"
ok 'a reconstruction with a target that is slow' reconstruct
is "$(answer_of test3)" captured 'waits for it'
rm "$ssh_files/test3.slow"

# Somebody else has the address of a target. A call says one line.
new_host_key test3
restart_sshd test3
SSH_OPTS="$SSH_OPTS -o LogLevel=FATAL"
ok 'a target with another host key is kept' stays_as_it_is test3
is "$(said_of test3 | uniq)" '[target: test3]: Host key verification failed.
[target: test3]: silent: --query-requisites: exit status 255' 'and told in one line'
trust_host_key test3

done_testing
