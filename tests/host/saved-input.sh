#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The loop keeps what each reconstruction was made from, and it can be made again elsewhere.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

# Machines without a profile: every question is answered, with nothing.
cat > "$scratch/bin/new-machine" << 'EOF'
#!/bin/sh
case "$*" in
    *--query-installed*) exit 0 ;;
    *) exit 1 ;;
esac
EOF
chmod +x "$scratch/bin/new-machine"
DYDISNIX_PLUGIN_PATH=$builddir/plugin
export DYDISNIX_PLUGIN_PATH
saved="$scratch/the inputs"

reconstructing() # OPTION…
{
    watching --once --reconstruct --interface=new-machine --plugin-option=reconstruct:save-input="$saved" "$@"
}
ok 'a cycle that saves its input' reconstructing
is "$(ls "$saved")" 1 'in a directory with its number'
lacks "$(output)" 'STATUS' 'the loop prints no table'
write_model test1
ok 'the next cycle' reconstructing
is "$(ls "$saved" | tr '\n' ' ')" '1 2 ' 'has its own'
is "$(grep -c '"answer": "empty"' "$saved/1/input.json") $(grep -c '"answer": "empty"' "$saved/2/input.json")" '2 1' \
    'each with its targets'
rm -r "$state"
ok 'a host that has lost its state counts from 1 again' reconstructing
is "$(ls "$saved" | tr '\n' ' ')" '1 1.1 2 ' 'and nothing is written over'

for cycle in 1 1.1 2; do
    ok "cycle $cycle: it is decided again" "$builddir/dydisnix-reconstruct" --replay="$saved/$cycle"
    has "$(output)" 'test1   empty' "cycle $cycle: from what was said then"
done

# A place that cannot be written does not stop the loop.
rm -r "$state"
ok 'nowhere to save the input: the cycle goes on' reconstructing --plugin-option=reconstruct:save-input=/dev/null/x
has "$(output)" '/dev/null/x/1: the input cannot be saved: ' 'nowhere to save the input: said'
fails 1 'a relative place: the loop does not start' reconstructing --plugin-option=reconstruct:save-input=x
has "$(output)" 'save-input=x: an absolute path expected' 'a relative place: said'

done_testing
