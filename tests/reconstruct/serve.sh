#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The manifest goes into a real Nix store by nix-store --serve, or else by builtins.toFile, to the same path; and whatever
# nix-store does, no half of it is ever used.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/network.sh"
. "$srcdir/tests/share/stores.sh"

real=$(command -v nix-store)
mkdir "$scratch/other"
other() # SCRIPT: does that in place of nix-store --serve; "$real" is nix-store
{
    {
        printf '#!/bin/sh\nreal=%s\n[ "$1" = --serve ] || exec "$real" "$@"\n' "$real"
        printf 'echo served >> "%s/served"\n%s\n' "$scratch" "$1"
    } > "$scratch/other/nix-store"
    chmod +x "$scratch/other/nix-store"
}
evaluates() # COMMAND: before builtins.toFile is asked
{
    {
        printf '#!/bin/sh\n'
        printf 'case "$*" in *toFile*|*store-text.nix*) echo evaluated >> "%s/served"; %s ;; esac\n' "$scratch" "$1"
        printf 'exec %s "$@"\n' "$(command -v nix-instantiate)"
    } > "$scratch/other/nix-instantiate"
    chmod +x "$scratch/other/nix-instantiate"
}
asked()
{
    echo $(cat "$scratch/served")
}
# Closures are there; so the manifest alone is what a reconstruction adds, to a store that does not have it.
forget()
{
    rm -rf "$profiles" "$scratch/served"
    on_coordinator nix-store --delete --ignore-liveness "$path" > /dev/null 2>&1
}
with_other() # ARGUMENT…
{
    PATH=$scratch/other:$PATH
    reconstruct --xml "$@" "$model"
    PATH=${PATH#*:}
}
whole() # WHAT
{
    is "$status $(readlink "$profiles/default-1-link")" "0 $path" "$1: the same path"
    ok "$1: the same bytes" cmp "$(manifest_file)" "$scratch/first.xml"
    ok "$1: the store is sound" on_coordinator nix-store --verify-path "$path"
    is "$(on_coordinator nix-store -q --references "$path")" "$references" "$1: the same references"
    is "$(ls -A "$TMPDIR")" '' "$1: no temporary file is left"
}

serve "$srcdir/tests/corpus/v2-two-targets"
new_coordinator
evaluates :
other 'exec "$real" "$@"'
with_other
path=$(readlink "$profiles/default-1-link")
references=$(on_coordinator nix-store -q --references "$path")
cat "$(manifest_file)" > "$scratch/first.xml"
size=$(wc -c < "$scratch/first.xml")
is "$(asked)" served 'it is served, once, and nothing else is asked'
whole 'served'

forget
other 'echo "error: no such operation" >&2; exit 1'
with_other
is "$(asked)" 'served evaluated' 'refused: the other way is gone'
lacks "$messages" 'no such operation' 'refused: nobody is troubled with it'
whole 'refused'

# Half of it comes; half of it comes, and everybody is dead.
forget
other "head -c $((size / 2)) | \"\$real\" \"\$@\""
with_other
is "$(asked)" 'served evaluated' 'half of it: that is not enough'
whole 'half of it'
forget
other "head -c $((size / 2)) | \"\$real\" \"\$@\" 2> /dev/null
kill -9 \$PPID"
with_other 2> /dev/null
ok 'half of it, and dead: it is dead' test "$status" -ne 0
fails 1 'half of it, and dead: it is not valid' on_coordinator nix-store --check-validity "$path"
ok 'half of it, and dead: there is no profile' test ! -e "$profiles/default"
rm -rf "$TMPDIR"/*
reconstruct --xml "$model"
whole 'after half of it'
forget
other 'cat > /dev/null; kill -9 $PPID'
with_other 2> /dev/null
rm -rf "$TMPDIR"/*
reconstruct --xml "$model"
whole 'after it was read by nobody'

# Not one byte may differ, and what else it answers is not believed.
forget
other "{ head -c $((size / 2)); head -c 1 > /dev/null; printf x; cat; } | \"\$real\" \"\$@\""
with_other
is "$(asked)" 'served evaluated' 'another byte: it is refused'
whole 'another byte'
forget
other '"$real" "$@" | head -c 16'
with_other
is "$(asked)" 'served evaluated' 'no answer: it does not count as done'
whole 'no answer'
forget
other '"$real" "$@" | tee "$TMPDIR/../answer"'
with_other
forget
other 'cat "$TMPDIR/../answer"'
with_other
is "$status" 1 'a lie: it fails'
ok 'a lie: there is no profile' test ! -e "$profiles/default"

# No time, and no room.
forget
other 'exec sleep 1000'
with_other --transfer-timeout=1
is "$status $(asked)" '1 served' 'it hangs: it fails'
has "$messages" '[coordinator]: putting the manifest into the store: nix-store: no answer in time' 'it hangs: that is told'
ok 'it hangs: there is no profile' test ! -e "$profiles/default"
is "$(ls -A "$TMPDIR")" '' 'it hangs: no temporary file is left'
forget
other 'ulimit -f 0; exec "$real" "$@"'
with_other
whole 'no room for nix-store'
forget
evaluates 'ulimit -f 0'
with_other
is "$status" 1 'no room at all: it fails'
has "$messages" '[coordinator]: putting the manifest into the store: nix-instantiate: ' 'no room at all: that is told'
ok 'no room at all: there is no profile' test ! -e "$profiles/default"
is "$(ls -A "$TMPDIR")" '' 'no room at all: no temporary file is left'
reconstruct --xml "$model"
whole 'room again'
done_testing
