#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A watched model that is a link: what it points to may be written, replaced, or become another file.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

mkdir "$scratch/first place" "$scratch/second place"
model() # FILE KEY: replaced by rename
{
    echo "{ test1 = { properties.hostname = \"$2\"; }; }" > "$1.new"
    mv "$1.new" "$1"
}
model "$scratch/first place/model.nix" one
model "$scratch/second place/other.nix" three
ln -s "$scratch/first place/model.nix" "$models/link.nix"

deployed() # NUMBER: so many deployments
{
    [ "$(calls_of disnix-activate)" -ge "$1" ] && logged "$1" 'Redeploying'
}

start -i "$models/link.nix"
ok 'the model is deployed' wait_for 20 test -e "$state/default/deployed.xml"
model "$scratch/first place/model.nix" two
ok 'what it points to is replaced, and deployed' wait_for 10 deployed 2
ln -s "$scratch/second place/other.nix" "$models/.link"
mv "$models/.link" "$models/link.nix"
ok 'it points to another file, that is deployed' wait_for 10 deployed 3
echo '{ test1 = { properties.hostname = "four"; }; }' > "$scratch/second place/other.nix"
ok 'which is written in its place, and deployed' wait_for 10 deployed 4

# Its directory goes, and comes again.
end_loop
rm -r "$state"
mkdir "$scratch/place"
model "$scratch/place/model.nix" five
start -i "$scratch/place/model.nix" --interval=1
wait_for 20 test -e "$state/default/deployed.xml"
rm -r "$scratch/place"
ok 'a directory that is gone is a model that is gone' wait_for 20 logged 1 'the stage detect failed'
mkdir "$scratch/place"
model "$scratch/place/model.nix" six
ok 'when it is there again its model is deployed' wait_for 20 logged 1 'changed: test1'
model "$scratch/place/model.nix" seven
ok 'and so is the next one' wait_for 20 logged 2 'changed: test1'
end_loop

# No room for a watch, or no watching at all.
for limit in watches=1 instances=0; do
    rm -r "$state"
    model "$scratch/second place/other.nix" "before-${limit%=*}"
    : > "$log"
    # shellcheck disable=SC2016
    (exec unshare -Ur sh -c 'echo "$2" > /proc/sys/user/max_inotify_$1; shift 2; exec "$@"' sh "${limit%=*}" "${limit#*=}" \
        "$with_nix" "$scratch/machine" \
        "$builddir/dydisnix-self-adapt" --state-dir="$state" --coordinator-profile-path="$scratch/the profiles" \
        -s "$models/services.nix" -q "$models/qos.nix" -i "$models/link.nix" --interval=1 --no-probe) >> "$log" 2>&1 &
    loop=$!
    ok "with inotify's $limit: a model that cannot be watched" wait_for 60 test -e "$state/default/deployed.xml"
    model "$scratch/second place/other.nix" "${limit%=*}"
    ok 'is polled' wait_for 60 logged 1 'changed: test1'
    model "$scratch/second place/other.nix" "after-${limit%=*}"
    ok 'for as long as that lasts' wait_for 60 logged 2 'changed: test1'
    is "$(grep -c 'cannot be watched and is polled' "$log")" 1 'which is said once'
    nsenter -U -t "$loop" --preserve-credentials sh -c "echo 1000 > /proc/sys/user/max_inotify_${limit%=*}"
    ok 'where it can be watched again, that is said too' wait_for 60 logged 1 'link.nix is watched again'
    end_loop
done

# What a path leads to now counts, whichever link in it leads elsewhere, and for each file.
rm -r "$state"
for release in 1 2; do
    mkdir "$scratch/release-$release"
    cp "$models/services.nix" "$models/qos.nix" "$scratch/release-$release"
    model "$scratch/release-$release/infrastructure.nix" "release-$release"
done
ln -s release-1 "$scratch/current"
forget_calls
: > "$log"
(exec "$with_nix" "$scratch/machine" "$builddir/dydisnix-self-adapt" --state-dir="$state" \
    --coordinator-profile-path="$scratch/the profiles" -s "$scratch/current/services.nix" \
    -q "$scratch/current/qos.nix" -i "$scratch/current/infrastructure.nix" --no-probe --retry-min=1) > "$log" 2>&1 &
loop=$!
wait_for 60 test -e "$state/default/deployed.xml"
has "$(arguments disnix-manifest)" "$scratch/release-1/services.nix" 'a cycle reads what the link leads to'
ln -s release-2 "$scratch/.new"
mv -T "$scratch/.new" "$scratch/current"
ok 'a directory in the path leads elsewhere: that is deployed' wait_for 60 logged 1 'changed: test1'
manifests()
{
    [ "$(calls_of disnix-manifest)" -ge "$1" ]
}
ok 'from there' wait_for 60 manifests 2
has "$(arguments disnix-manifest)" "$scratch/release-2/services.nix" 'with the other files of that directory'
rm -r "$scratch/release-1"
end_loop

# A path that leads nowhere, round in a circle, or to a directory is a model that cannot be read, until it leads to one.
rm -rf "$state" "$scratch/data"
mkdir "$scratch/data" "$scratch/data/directory"
model "$scratch/data/good.nix" first
ln -s good.nix "$scratch/data/infrastructure.nix"
leads() # WHERE
{
    ln -sfn "$1" "$scratch/.new"
    mv -T "$scratch/.new" "$scratch/data/infrastructure.nix"
}
start -i "$scratch/data/infrastructure.nix" --no-probe --retry-min=1 --retry-max=1
wait_for 60 test -e "$state/default/deployed.xml"
times=0
for where in /no/such/file infrastructure.nix directory; do
    times=$((times + 1))
    failed=$(grep -c 'the stage detect failed' "$log")
    leads "$where"
    ok "a model that is a link to $where cannot be read" wait_for 60 logged $((failed + 1)) 'the stage detect failed'
    model "$scratch/data/good.nix" "after-$times"
    leads good.nix
    ok 'when it leads to a model again, that is deployed' wait_for 60 logged "$times" 'changed: test1'
done
end_loop

# What the model imports or reads is watched with it.
rm -r "$state"
mkdir "$scratch/parts"
echo 'import ./machines.nix' > "$scratch/parts/infrastructure.nix"
echo '{ test1 = { properties.hostname = builtins.readFile ./key; }; }' > "$scratch/parts/machines.nix"
printf seven > "$scratch/parts/key"
start -i "$scratch/parts/infrastructure.nix" --no-probe
wait_for 60 test -e "$state/default/deployed.xml"
printf eight > "$scratch/parts/key"
ok 'a file that an imported file reads changes: that is deployed' wait_for 60 logged 2 'Redeploying'
echo '{ test1 = { properties.hostname = "nine"; }; }' > "$scratch/parts/machines.new"
mv "$scratch/parts/machines.new" "$scratch/parts/machines.nix"
ok 'an imported file is replaced: that is deployed' wait_for 60 logged 3 'Redeploying'
kill -TERM "$loop"
wait "$loop"
is "$?" 0 'the loop ends'
loop=

done_testing
