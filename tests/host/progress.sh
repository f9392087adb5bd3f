#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Somebody at a terminal sees how far long work is; a log has no trace of it.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/network.sh"

for name in a b c d; do
    profile $name '' '' ''
    echo 'sleep 0.15; cat "$target/requisites"' > "$NETWORK/$name/query-requisites.sh"
done
infrastructure a b c d

# Runs a command with a terminal as its standard error; what it writes there goes to standard output.
cat > "$scratch/at-terminal" << 'EOF'
import os, pty, subprocess, sys
master, slave = pty.openpty()
process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=slave)
os.close(slave)
while True:
    try:
        text = os.read(master, 65536)
    except OSError:
        break
    if not text:
        break
    os.write(1, text)
sys.exit(process.wait())
EOF

seen=$(python3 "$scratch/at-terminal" "$builddir/dydisnix-reconstruct" --interface="$client" --xml --jobs=1 \
    --print-manifest --coordinator-profile-path="$profiles" "$model")
is $? 0 'it runs at a terminal'
has "$seen" 'asking the targets: ' 'progress is shown there'
has "$seen" ' of 4' 'out of all targets'

reconstruct --xml --jobs=1 --dry-run "$model"
is "$status" 0 'it runs without a terminal'
lacks "$messages" 'asking the targets' 'and no progress is shown'

done_testing
