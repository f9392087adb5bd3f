#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Names of store paths that begin with a dot, as "${./.env}" makes them, are as good as others. Those that begin with .-
# or ..- are good for older versions of Nix alone, and where they are not, they cost nobody else anything.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/network.sh"
. "$srcdir/tests/share/stores.sh"
. "$srcdir/tests/share/made-closures.sh"

statuses()
{
    reported '[t["status"] for _, t in sorted(r["targets"].items())]'
}
manifest_names() # TEXT NAME
{
    has "$(cat "$(manifest_file)")" "$1" "$2"
}

# The paths of a target have its name in theirs.
network 2 2 .env a
new_coordinator
reconstruct --xml "$model"
is "$status $(statuses)" "0 ['captured', 'captured']" 'a name that begins with a dot: captured'
ok 'a name that begins with a dot: fetched' on_coordinator nix-store --check-validity $(cat "$NETWORK/.env/requisites")
manifest_names '-.env-1</pkg>' 'a name that begins with a dot: in the manifest'
is "$(reported 'r["unbacked"]')" '[]' 'a name that begins with a dot: the manifest refers to it'

# A Nix that refuses such names, as new ones do: all that a call is about is refused with them.
mkdir "$scratch/newer"
real=$(command -v nix-store)
cat > "$scratch/newer/nix-store" << END
#!/bin/sh
case "\$*" in *-.-* | *-..-*) echo "error: name is not valid" >&2; exit 1 ;; esac
[ "\$1" = --import ] || exec '$real' "\$@"
cat > '$scratch/stream'
! grep -qaE -e '[0-9a-z]{32}-\.\.?-' '$scratch/stream' || exit 1
exec < '$scratch/stream'
exec '$real' "\$@"
END
chmod +x "$scratch/newer/nix-store"
PATH=$scratch/newer:$PATH
network 2 2 .-x a b
new_coordinator
reconstruct --xml "$model"
is "$status $(statuses)" "0 ['invalid', 'captured', 'captured']" 'a name that this Nix refuses: only that target is invalid'
has "$messages" '[target: .-x]: invalid: ' 'a name that this Nix refuses: said of the target'
ok 'a name that this Nix refuses: what others have is fetched' \
    on_coordinator nix-store --check-validity $(cat "$NETWORK/a/requisites" "$NETWORK/b/requisites")
PATH=${PATH#*:}
done_testing
