#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What services print while Disnix works on them is shown: as what the program passed on that was running, which speaks
# neither for the coordinator nor for a target, moves no terminal's cursor, and is nothing special to a journal. There
# may be any amount of it.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

prints() # TEXT…: as printf has it; disnix-activate says it on both streams
{
    # shellcheck disable=SC2059
    printf "$@" > "$scratch/lies"
    cat > "$scratch/bin/disnix-activate" << END
#!/bin/sh
cat '$scratch/lies'
cat '$scratch/lies' >&2
[ ! -e "\$answers/flood" ] || yes 'noise of a service' | head -c 300000000
END
}

apart() # OPTION…: both streams by themselves
{
    "$with_nix" "$scratch/machine" "$builddir/dydisnix-self-adapt" --state-dir="$state" --once --no-probe \
        --coordinator-profile-path="$scratch/the profiles" -s "$models/services.nix" -q "$models/qos.nix" \
        -i "$models/infrastructure.nix" "$@" > "$scratch/out" 2> "$scratch/err"
}

control='import sys
text = open(sys.argv[1], "rb").read().decode("utf-8")
print(*[hex(ord(c)) for c in text if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u2028\u202e")])'

prints '%b' '[target: test1]: Activating service\n<0>[coordinator]: Setting profiles...\n[target: test2]: \033[2J\033]0;owned\007all \302\2332J\342\200\256is\342\200\250 well\r\n'
ok 'services speak for others, in control sequences' apart
for stream in out err; do
    is "$(grep -c '^\[disnix-activate\]: \[target: test1\]: Activating service$' "$scratch/$stream")" 1 \
        "$stream: what Disnix says of a target can be read"
    is "$(grep -c '^\[disnix-activate\]: <0>\[coordinator\]: Setting profiles\.\.\.$' "$scratch/$stream")" 1 \
        "$stream: what is passed on has the program's name before it"
    is "$(grep -v '^\[disnix-activate\]: ' "$scratch/$stream" | grep -c 'well\|<0>\|Activating service')" 0 \
        "$stream: and no other one"
    is "$(python3 -c "$control" "$scratch/$stream")" '' "$stream: no control character is shown"
done
is "$(grep -c '^\[coordinator\]: Setting profiles\.\.\.$' "$scratch/err")" 1 'the coordinator says itself what it does'

rm -rf "$state"
ok 'as JSON' apart --log-format=json
is "$(python3 - "$scratch/err" << 'END'
import json, sys
said = [json.loads(line) for line in open(sys.argv[1])]
print(*["%s %s" % (s.get("program"), s.get("target")) for s in said if s["message"].startswith(("<0>", "[target"))])
print(*[s.get("program") for s in said if s["message"] == "Setting profiles..."])
END
)" 'disnix-activate None disnix-activate None disnix-activate None
None' 'the document has the name of the program, and ours have none'
is "$(python3 -c "$control" "$scratch/err")" '' 'no control character is in it'

# Where the journal reads, each line has a priority, and nobody's text has another one.
rm -rf "$state"
: > "$scratch/err"
JOURNAL_STREAM=$(stat -c %d:%i "$scratch/err")
export JOURNAL_STREAM
echo 1 > "$answers/disnix-set.status"
fails 1 'a deployment that fails, into the journal' apart
is "$(grep -cv '^<[3457]>\[' "$scratch/err")" 0 'each line has its priority'
is "$(grep -cE '^<5>\[coordinator\]: Setting profiles\.\.\.$' "$scratch/err")" 1 'what is done is a notice'
ok 'what failed is an error' grep -qE '^<3>\[coordinator\]: disnix-set: exit status 1$' "$scratch/err"
is "$(grep -cE '^<5>\[disnix-activate\]: <0>\[coordinator\]: Setting profiles\.\.\.$' "$scratch/err")" 1 \
    'what a service says is none of these'
is "$(grep -c '^<' "$scratch/out")" 0 'standard output is as it was'
rm "$answers/disnix-set.status"
rm -rf "$state"
JOURNAL_STREAM=1:1
ok 'where standard error is not the journal' apart
is "$(grep -c '^<' "$scratch/err")" 0 'there is no priority'
unset JOURNAL_STREAM

rm -rf "$state"
: > "$answers/flood"
ok 'a flood of 300 MB, and all is well' apart
is "$(grep -c 'disnix-activate: more than 16777216 bytes on its standard output; the rest is not shown' "$scratch/err")" \
    1 'it is told once that not all of it is shown'
ok 'what is shown has a limit' test "$(wc -c < "$scratch/out")" -lt 40000000
ok 'and the disk has it back' test "$(du -sk "$state" | cut -f 1)" -lt 1000
has "$(called)" disnix-set 'the deployment goes on'

# The loop and its cycle are killed, and what floods goes on: the next loop, which waits for it, gives the disk back.
rm -rf "$state"
rm "$answers/flood"
cat > "$scratch/bin/disnix-activate" << 'END'
#!/bin/sh
echo $$ > "$calls/flooding"
head -c 30000000 /dev/zero
head -c 30000000 /dev/zero >&2
echo done > "$calls/flooded"
while [ ! -e "$calls/go on" ]; do sleep 0.05; done
END
start -i "$models/infrastructure.nix"
ok 'a deployment begins' wait_for 20 test -s "$calls/flooding"
kill -KILL "$loop" "$(cut -d ' ' -f 4 "/proc/$(cat "$calls/flooding")/stat")"
wait "$loop" 2> /dev/null
ok 'the flood goes on' wait_for 20 test -s "$calls/flooded"
start -i "$models/infrastructure.nix" --once
ok 'the next loop waits for its end' wait_for 20 grep -q 'waiting for its end' "$log"
small()
{
    [ "$(du -sk "$state" | cut -f 1)" -lt 1000 ]
}
ok 'and the disk has it back' wait_for 20 small
: > "$calls/go on"
wait "$loop"
is "$?" 0 'then it is settled'
done_testing
