#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The steps of the README, as they are printed, on a network of the lab.
. "$srcdir/tests/share/functions.sh"

as_installed
dydisnix-lab --targets=1 --run -- true 2> "$scratch/messages" || skip_all 'user namespaces are not allowed here'

# What stands below "Five steps", a command a line.
sed -n '/^## Five steps/,/^## /s/^       \(dydisnix-.*\)/\1/p' "$srcdir/README.md" > "$scratch/commands"
is "$(wc -l < "$scratch/commands")" 7 'the steps have seven commands'

# The files of an administrator lie where they always do, on a disk of the test's own. After the single cycle the loop
# is started as the unit does.
mkdir "$scratch/models"
cp "$srcdir"/lab/example/*.nix "$scratch/models"
cat > "$scratch/steps" << 'EOF'
mount -t tmpfs none /var/lib
cd "$1/models"
dydisnix-lab-geninfra > infrastructure.nix
export DISNIX_CLIENT_INTERFACE=dydisnix-lab-client
loop=
while read -r command; do
    status=0
    $command < /dev/null > "$1/output" 2>&1 || status=$?
    echo "$status $command"
    sed 's/^/    /' "$1/output"
    case $command in *--once)
        ${command% --once} < /dev/null > "$1/log" 2>&1 &
        loop=$!
        until grep -q 'Waiting for' "$1/log" || ! kill -0 "$loop"; do sleep 0.1; done ;;
    esac
done < "$1/commands"
kill "$loop"
EOF
ok 'they are done' dydisnix-lab --targets=3 --run -- dydisnix-lab exec coordinator \
    unshare -m sh -eu "$scratch/steps" "$scratch"
is "$(output | grep -c '^0 ')" 7 'each ends with 0'
has "$(output)" '    ok       targets: 3 of 3 answer' 'all that the loop needs is there'
has "$(output)" '    [plan]: web is activated on' 'the plan tells what will be deployed'
has "$(output)" '    [disnix-set]: [target: test1]: Setting Disnix profile' 'it is deployed'
has "$(output)" '    last cycle   done' 'the status tells of it'
has "$(output)" '    Nothing is in dispute.' 'nothing waits for a decision'

done_testing
