#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The command line of dydisnix-reconstruct: wrong usage, files given by name, and what an interrupt leaves behind.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/network.sh"

program=$builddir/dydisnix-reconstruct
profile a "$(service k1 db)" "$(mapping k1 echo)" ''
infrastructure a

fails 2 'no model: wrong usage' "$program" --xml
has "$(output)" 'An infrastructure model must be specified!' 'no model: said'
fails 2 'two models: wrong usage' "$program" --xml "$model" "$model"
fails 2 'an unknown option: wrong usage' "$program" --nothing "$model"
fails 2 'an option without its value: wrong usage' "$program" --previous
for wrong in --timeout=0 --jobs=many --unreachable=drop --superseded= --profile=../x -m0 -p. \
    --max-depth=257 --max-manifest-size=64M --accept= --prefer= --report= --save-input= --replay=; do
    fails 2 "$wrong: wrong usage" "$program" --xml "$wrong" "$model"
done
fails 2 'two decisions on one target: wrong usage' "$program" --xml --accept=a --prefer=a "$model"
fails 2 'a target whose name is no UTF-8: wrong usage' "$program" --xml --prefer="$(printf '\377')" "$model"
fails 2 'report and manifest on standard output: wrong usage' "$program" --print-manifest --report=- "$model"
is "$(cat "$NETWORK/calls" 2> /dev/null)" '' 'wrong usage: no client was started'
ok 'help' "$program" --help
ok 'version' "$program" --version
DISNIX_PROFILE=../x fails 2 'a bad DISNIX_PROFILE: wrong usage' "$program" --xml "$model"

fails 1 'no such model' "$program" --xml "$scratch/none.xml"
has "$(output)" "$scratch/none.xml: No such file" 'no such model: said'
for option in previous history; do
    reconstruct --xml --print-manifest --"$option"="$scratch/none" "$model"
    is "$status" 1 "no such file for --$option: fails"
    has "$messages" "$scratch/none" "no such file for --$option: said"
done
echo '[]' > "$scratch/list.json"
reconstruct --xml --print-manifest --history="$scratch/list.json" "$model"
is "$status" 1 'a history that is no object: fails'
mkfifo "$scratch/fifo"
reconstruct --xml --print-manifest --history="$scratch/fifo" "$model"
is "$status" 1 'a history that is a pipe: fails, and waits for nobody'

# What is no plain file, as /dev/null, is written to and not replaced.
cat "$scratch/fifo" > "$scratch/read" &
reconstruct --xml --print-manifest --report="$scratch/fifo" "$model"
wait "$!"
ok 'a report to a pipe: it stays one' test -p "$scratch/fifo"
has "$(cat "$scratch/read")" '"version"' 'and has got the report'
reconstruct --xml --print-manifest --report="$scratch/none/report" "$model"
is "$status" 1 'a report that cannot be written: fails'
reconstruct --xml --print-manifest "$model"
printf '%s\n' "$output" > "$scratch/previous.xml"
[ ! -w /dev/full ] || fails 1 'a full standard output: fails' \
    sh -c '"$0" "$@" > /dev/full' "$program" --xml --print-manifest --interface="$client" "$model"

# A model that is empty by mistake does not replace the manifest of what runs.
cp "$model" "$scratch/full.xml"
infrastructure
cp "$model" "$scratch/empty.xml"
cp "$scratch/full.xml" "$model"
reconstruct --xml --coordinator-profile-path="$scratch/nowhere" --previous="$scratch/previous.xml" "$scratch/empty.xml"
is "$status" 1 'an empty model is refused'
has "$messages" "$scratch/empty.xml: no targets" 'and named'
reconstruct --xml --dry-run --previous="$scratch/previous.xml" "$scratch/empty.xml"
is "$status" 0 'to look what would be is no harm'
reconstruct --xml --coordinator-profile-path="$scratch/nowhere" --allow-empty --previous="$scratch/previous.xml" \
    "$scratch/empty.xml"
lacks "$messages" 'no targets' 'with --allow-empty it is not refused'

# Names that look like something else, from another directory.
cd "$scratch" || exit
cp "$model" ./-model.xml
reconstruct --xml --dry-run --report=report.json --previous=previous.xml -- -model.xml
is "$status $(reported 'r["changed"]')" '0 False' 'relative names, one that begins with -'

# Limits, and what raises them.
deep=$(printf '<x>%.0s' 1 2 3 4 5 6 7 8 9 10)$(printf '</x>%.0s' 1 2 3 4 5 6 7 8 9 10)
sed "s|<services>|$deep&|" "$NETWORK/a/installed" > "$NETWORK/a/installed.deep"
mv "$NETWORK/a/installed" "$NETWORK/a/installed.flat"
cp "$NETWORK/a/installed.deep" "$NETWORK/a/installed"
limited() # MESSAGE OPTION
{
    reconstruct --xml --dry-run "$2" "$model"
    is "$(reported 'r["targets"]["a"]["status"]')" invalid "$2: the target is invalid"
    has "$messages" "[target: a]: invalid: --query-installed: $1" "$2: target, file, and what allows more"
}
limited 'line 3: more than 10 levels of elements; more are allowed by --max-depth' --max-depth=10
reconstruct --xml --dry-run --max-depth=11 "$model"
is "$(reported 'r["targets"]["a"]["status"]')" captured '--max-depth: one more is enough'
size=$(wc -c < "$NETWORK/a/installed")
limited "too much output, more than $((size - 1)) bytes; more are allowed by --max-manifest-size" \
    --max-manifest-size=$((size - 1))
reconstruct --xml --dry-run --max-manifest-size="$size" "$model"
is "$(reported 'r["targets"]["a"]["status"]')" captured '--max-manifest-size: one more is enough'
mv "$NETWORK/a/installed.flat" "$NETWORK/a/installed"

# Environment, and options that beat it.
reconstruct --xml --dry-run --interface='no such client' "$model"
has "$messages" '[coordinator]: the client interface no such client cannot be started: No such file or directory' \
    'an interface that is nowhere is not the fault of a target'
lacks "$messages" silent 'which is not said to be silent'
output=$(DISNIX_CLIENT_INTERFACE=$client DISNIX_PROFILE=other "$program" --xml --print-manifest \
    --coordinator-profile-path="$profiles" "$model" 2> /dev/null)
has "$output" "<clientInterface>$client</clientInterface>" 'DISNIX_CLIENT_INTERFACE is used'
has "$(tail -n 1 "$NETWORK/calls")" '--profile other' 'DISNIX_PROFILE is used'
export DISNIX_CLIENT_INTERFACE=nowhere DISNIX_PROFILE=../x DISNIX_TARGET_PROPERTY=none
reconstruct --xml --print-manifest --target-property=hostname --profile=other "$model"
is "$status $(reported 'r["targets"]["a"]["status"]')" '0 captured' 'options beat the environment'
unset DISNIX_CLIENT_INTERFACE DISNIX_PROFILE DISNIX_TARGET_PROPERTY

# Ended from outside: so are the programs that it runs.
cat > "$NETWORK/a/query-requisites.sh" << 'EOS'
echo $$ > "$NETWORK/pid.new"
mv "$NETWORK/pid.new" "$NETWORK/pid"
exec sleep 1000
EOS
for signal in TERM INT HUP; do
    rm -f "$NETWORK/pid"
    python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' \
        "$program" --xml --dry-run --interface="$client" "$model" 2> "$scratch/ended" &
    reconstruction=$!
    ok "$signal: a client is running" wait_for 20 test -e "$NETWORK/pid"
    kill -s "$signal" "$reconstruction"
    wait "$reconstruction"
    ok "$signal: the status says so" test $? -gt 128
    gone()
    {
        ! kill -0 "$(cat "$NETWORK/pid")"
    }
    ok "$signal: the client is gone" wait_for 20 gone
done
done_testing
