#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is fetched, from whom, and what becomes of the files that a client interface leaves. The closures are made by
# hand; the coordinator's Nix store is real.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/network.sh"
. "$srcdir/tests/share/stores.sh"
. "$srcdir/tests/share/made-closures.sh"

statuses()
{
    reported '[t["status"] for _, t in sorted(r["targets"].items())]'
}
all_paths()
{
    cat "$NETWORK"/*/requisites | sort -u
}
complete() # NAME
{
    ok "$1" on_coordinator nix-store --check-validity $(all_paths)
}

# Three targets that share most of what they have.
network 5 2 a b c
new_coordinator
reconstruct --xml "$model"
is "$status $(statuses)" "0 ['captured', 'captured', 'captured']" 'shared paths: no failure'
is "$(exported | sort | uniq -d)" '' 'shared paths: none is fetched twice over the whole network'
is "$(exported | sort)" "$(all_paths)" 'shared paths: every one is fetched'
is "$(reported '[t["fetchedPaths"] for _, t in sorted(r["targets"].items())]')" '[8, 3, 3]' 'shared paths: reported'
complete 'shared paths: all are there'
is "$(reported '[t.get("unasked") for t in r["targets"].values()]')" '[None, None, None]' 'nothing came that was not asked for'

# What is there already is neither fetched nor asked about twice.
mkdir "$scratch/watched"
real=$(command -v nix-store)
cat > "$scratch/watched/nix-store" << END
#!/bin/sh
[ "\$1" != --check-validity ] || echo "\$*" >> '$NETWORK/checked'
exec '$real' "\$@"
END
chmod +x "$scratch/watched/nix-store"
watched() # ARGUMENT…
{
    rm -f "$NETWORK/checked"
    PATH=$scratch/watched:$PATH
    reconstruct "$@"
    PATH=${PATH#*:}
}
network 5 2 a b c d
watched --xml "$model"
is "$(exported)" "$(tail -n 3 "$NETWORK/d/requisites")" 'a target that is new: only what it has alone is fetched'
profiles_of() # TARGET…
{
    for target; do
        tail -n 1 "$NETWORK/$target/requisites"
    done
}
is "$(sed -n 1p "$NETWORK/checked" | tr ' ' '\n' | grep / | sort)" \
    "$({ profiles_of a b c; cat "$NETWORK/d/requisites"; } | sort)" \
    'a target that is new: its closure is checked, and the profiles of the others'
is "$(sed -n 2p "$NETWORK/checked" | tr ' ' '\n' | grep -c /)" 3 'a target that is new: then what was missing'
watched --xml "$model"
is "$(exported)" '' 'what is there is not fetched'
is "$(tr ' ' '\n' < "$NETWORK/checked" | grep / | sort)" "$(profiles_of a b c d | sort)" 'what is there is checked once'
is "$(ls -A "$TMPDIR")" '' 'no temporary file is left'

# Who dies while it sends is replaced, and what has arrived from others is not fetched again.
network 4 1 a b c
cat > "$NETWORK/a/export.sh" << 'END'
mktemp -p "$TMPDIR" > /dev/null
kill -9 $$
END
new_coordinator
reconstruct --xml "$model"
is "$status $(statuses)" "0 ['invalid', 'captured', 'captured']" 'dies while it sends: only what it alone has is lost'
has "$messages" '[target: a]: its closure was not sent: killed by signal 9' 'dies while it sends: said'
is "$(grep -v '^a	' "$NETWORK/calls" | sed -n 's/.*	export	--remotefile //p' | tr ' ' '\n' | sort)" \
    "$(cat "$NETWORK"/[bc]/requisites | sort -u)" 'dies while it sends: the others are asked once for each path'
is "$(grep '	export	' "$NETWORK/calls" | cut -f 1 | sort | tr '\n' ' ')" 'a b b c ' \
    'dies while it sends: another one that has the paths sends them'
is "$(ls -A "$TMPDIR")" '' 'dies while it sends: no temporary file is left'

# What it sent before, in parts, counts; the export is cut in its last path.
network 4 0 a b
cat > "$NETWORK/a/export.sh" << 'END'
shift
file=$(mktemp -p "$TMPDIR")
"$srcdir/tests/tools/closures" export "$NETWORK" "$file" "$@"
truncate -s -150 "$file"
echo "$file"
END
new_coordinator
reconstruct --xml "$model"
is "$(statuses)" "['invalid', 'captured']" 'a truncated export: refused'
has "$messages" '[target: a]: its closure cannot be imported' 'a truncated export: said'
ok 'a truncated export: what is in the store is whole' on_coordinator nix-store --verify --check-contents
is "$(cd "$machine/nix/store" && ls -d ./*-* | sed 's|^\.|/nix/store|' | grep -v -e '-manifest.xml$' -e '\.lock$' -e '-dydisnix-self-adapt$' | sort)" \
    "$(sort "$NETWORK/b/requisites")" 'a truncated export: nothing of it is left in the store'
cut=$(cat "$NETWORK/a/export.sh")
network 4 0 a
echo "$cut" > "$NETWORK/a/export.sh"
new_coordinator
reconstruct --xml "$model"
is "$status $(statuses)" "1 ['invalid']" 'a truncated export of the only target: the report says so, too'

# The one who sends garbage does not make others look bad.
network 3 1 a b c
cat > "$NETWORK/a/export.sh" << 'END'
file=$(mktemp -p "$TMPDIR")
echo garbage > "$file"
echo "$file"
END
new_coordinator
reconstruct --xml "$model"
is "$(statuses)" "['invalid', 'captured', 'captured']" 'garbage: only its sender is refused'
is "$(grep '	export	' "$NETWORK/calls" | cut -f 1 | sort | tr '\n' ' ')" 'a b b c ' 'garbage: what others sent is not fetched again'

# An order in which one waits for the other, both ways: the closure that a claims is not the truth.
network 6 1 b c
cp -r "$NETWORK/c" "$NETWORK/a"
sed -n '2p;4p;6p' "$NETWORK/b/requisites" > "$NETWORK/claimed"
tail -n 1 "$NETWORK/c/requisites" >> "$NETWORK/claimed"
cp "$NETWORK/claimed" "$NETWORK/a/requisites"
echo 'exit 1' > "$NETWORK/a/export.sh"
infrastructure a b c
new_coordinator
reconstruct --xml "$model"
is "$(reported 'r["targets"]["b"]["status"], r["targets"]["c"]["status"]')" "('captured', 'captured')" \
    'parts that wait for each other: both arrive'
is "$(grep '^[bc]	export' "$NETWORK/calls" | sed 's/.*--remotefile //' | tr ' ' '\n' | sort | uniq -d)" '' \
    'parts that wait for each other: nothing is fetched twice'

# Who hangs costs its deadline, and nobody else anything.
network 2 1 a b
echo 'exec sleep 1000' > "$NETWORK/a/export.sh"
new_coordinator
reconstruct --xml --transfer-timeout=15 "$model"
is "$status $(statuses)" "0 ['invalid', 'captured']" 'hangs: only this target is refused'
has "$messages" '[target: a]: its closure was not sent: no answer in time' 'hangs: said'
is "$(grep -c '^a	export' "$NETWORK/calls")" 1 'hangs: it is asked once'

# A closure in another order than it should be: the last path is the profile, or nothing is.
for order in tac 'head -n -1'; do
    network 2 1 a b
    $order "$NETWORK/a/requisites" > "$NETWORK/order"
    mv "$NETWORK/order" "$NETWORK/a/requisites"
    new_coordinator
    reconstruct --xml "$model"
    is "$status $(statuses)" "0 ['invalid', 'captured']" "requisites after $order: only this target is refused"
    has "$messages" "[target: a]: invalid: the profile manifest that it sent is not the one in $(tail -n 1 "$NETWORK/a/requisites")" \
        "requisites after $order: said"
done

# Paths that nobody asked for.
network 2 1 a b
cat > "$NETWORK/b/export.sh" << 'END'
shift
file=$(mktemp -p "$TMPDIR")
"$srcdir/tests/tools/closures" export "$NETWORK" "$file" $(cat "$NETWORK/b/requisites")
echo "$file"
END
extra=$(head -n 1 "$NETWORK/b/requisites")
new_coordinator
reconstruct --xml --report=- "$model"
is "$status" 0 'paths that nobody asked for: no failure'
printf '%s\n' "$output" > "$report"
is "$(reported 'r["targets"]["b"]["unasked"], r["targets"]["b"]["unaskedPaths"]')" \
    "(['$extra', '$(sed -n 2p "$NETWORK/b/requisites")'], 2)" \
    'paths that nobody asked for: reported, and standard output holds nothing but the report'
has "$messages" "[target: b]: its export held 2 paths that nobody had asked for: $extra, …" \
    'paths that nobody asked for: said in one line'
lacks "$(reported 'sorted(r["targets"]["a"])')" unasked 'paths that nobody asked for: of this target alone'

# The file that a client names is read if it is a file, and removed only if it was made for us.
named() # WHAT NAME-OF-FILE [how it is made, with $file and $real]: the export of a is named $file
{
    network 1 1 a b
    file=$2
    cat > "$NETWORK/a/export.sh" << END
shift
file='$file'
real=\$(mktemp -p "$scratch")
"\$srcdir/tests/tools/closures" export "$NETWORK" "\$real" "\$@"
$3
echo "\$file"
END
    new_coordinator
    reconstruct --xml "$model"
    what=$1
}
precious=$scratch/precious
mkdir "$precious" "$TMPDIR/below"
echo data > "$precious/data"
named 'a link' "$TMPDIR/link" 'ln -sf "$real" "$file"'
is "$(statuses)" "['invalid', 'captured']" "$what: not followed"
has "$messages" "its closure was not sent: no file: $TMPDIR/link" "$what: said"
ok "$what: left alone" test -L "$TMPDIR/link"
rm "$TMPDIR/link"
named 'a pipe' "$TMPDIR/pipe" 'mkfifo "$file"'
is "$(statuses)" "['invalid', 'captured']" "$what: not read"
ok "$what: left alone" test -p "$TMPDIR/pipe"
rm "$TMPDIR/pipe"
named 'a directory' "$precious" ''
is "$(statuses)" "['invalid', 'captured']" "$what: not read"
ok "$what: left alone" test -e "$precious/data"
named 'a file elsewhere' "$precious/data" ''
is "$(statuses)" "['invalid', 'captured']" "$what: no export, so not imported"
is "$(cat "$precious/data")" data "$what: left alone"
has "$messages" "$precious/data is no file of ours in a directory for temporary files and is left there" "$what: said"
named 'a way out of the directory for temporary files' "$TMPDIR/../precious/data" ''
is "$(cat "$precious/data")" data "$what: left alone"
ln -s "$precious" "$TMPDIR/out"
named 'a link in the way' "$TMPDIR/out/data" ''
is "$(cat "$precious/data")" data "$what: left alone"
rm "$TMPDIR/out"
named 'an export in $TMPDIR itself' "$TMPDIR/export" 'mv "$real" "$file"'
is "$(statuses)" "['captured', 'captured']" "$what: imported"
ok "$what: removed" test ! -e "$TMPDIR/export"
if [ "$(id -u)" = 0 ]; then
    named 'a file of another user' "$TMPDIR/export" 'mv "$real" "$file"; chown 1:1 "$file"; chmod 644 "$file"'
    is "$(statuses)" "['captured', 'captured']" "$what: imported"
    ok "$what: left alone" test -e "$TMPDIR/export"
    rm -f "$TMPDIR/export"
fi
named 'files that a client leaves' "$scratch/export" \
    'mv "$real" "$file"; mktemp -p "$TMPDIR"; mkdir -p "$TMPDIR/x/y"; ln -s / "$TMPDIR/x/root"'
is "$(ls -A "$TMPDIR")" below "$what: gone with their directory"
named 'the directory for it' "$scratch/seen" 'ls -ld "$TMPDIR" > "$file"; echo "$TMPDIR" >> "$file"'
is "$(cut -c 1-10 "$scratch/seen" | head -n 1)" drwx------ "$what: nobody else can look into it"
first=$(tail -n 1 "$scratch/seen")
reconstruct --xml "$model"
ok "$what: another name each time" test "$first" != "$(tail -n 1 "$scratch/seen")"
rmdir "$TMPDIR/below"

# Each target may have a client interface of its own: transfers use it too.
network 1 1 a b
ln -sf "$srcdir/tests/tools/fake-client" "$scratch/bin/other-client"
printf '#!/bin/sh\necho "$*" >> "$NETWORK/other-calls"\nexec "%s" "$@"\n' "$srcdir/tests/tools/fake-client" \
    > "$scratch/bin/other-client.new"
mv "$scratch/bin/other-client.new" "$scratch/bin/other-client"
chmod +x "$scratch/bin/other-client"
sed 's|<attr name="b"><attrs>|&<attr name="clientInterface"><string value="other-client"/></attr>|' "$model" \
    > "$model.new" && mv "$model.new" "$model"
new_coordinator
reconstruct --xml "$model"
is "$status" 0 'a client interface of its own: no failure'
has "$(cat "$NETWORK/other-calls")" '--target b --export' 'a client interface of its own: transfers go through it'
lacks "$(cat "$NETWORK/other-calls")" '--target a' 'a client interface of its own: only those of this target'

# A garbage collection that runs just then.
collecting() # PROGRAM before|after OPERATION
{
    real=$(command -v "$1")
    rm -f "$NETWORK/collected"
    cat > "$scratch/watched/$1" << END
#!/bin/sh
run() { case \$1 in collect) [ -e '$NETWORK/collected' ] || { touch '$NETWORK/collected'; nix-store --gc > /dev/null 2>&1; } ;;
    *) '$real' "\$@" ;; esac; }
PATH=\${PATH#*:}
case \$(readlink /proc/self/fd/0) in
    */dydisnix-import-*) exec '$real' "\$@" ;; # that is no closure yet
esac
case " \$* " in
    *' $3 '*) [ $2 = after ] || run collect; run "\$@"; status=\$?; [ $2 = before ] || run collect; exit \$status ;;
esac
exec '$real' "\$@"
END
    chmod +x "$scratch/watched/$1"
}
# Then builtins.toFile is asked.
serves_nobody()
{
    printf '#!/bin/sh\n[ "$1" = --serve ] || exec %s "$@"\nexit 1\n' "$(command -v nix-store)" > "$scratch/watched/nix-store"
    chmod +x "$scratch/watched/nix-store"
}
# A collection also looks at the processes of others, and gives up when it cannot: then it is tried again.
survives() # PROGRAM before|after OPERATION
{
    what="a garbage collection $2 $1 $3"
    network 3 1 a b
    new_coordinator
    rm -f "$scratch/watched"/*
    survived "$@"
}
survived() # PROGRAM before|after OPERATION
{
    collecting "$@"
    [ "$1" != nix-instantiate ] || serves_nobody
    PATH=$scratch/watched:$PATH
    reconstruct --xml "$model"
    PATH=${PATH#*:}
    ok "$what: there was one" test -e "$NETWORK/collected"
    is "$status $(statuses)" "0 ['captured', 'captured']" "$what: no failure"
    is "$(reported 'r["unbacked"]')" '[]' "$what: the manifest refers to all that it names"
    ok "$what: and another one removes nothing of it" wait_for 20 on_coordinator nix-store --gc
    complete "$what: all is there"
    ok "$what: so is the manifest" on_coordinator nix-store --check-validity "$(reported 'r["manifest"]')"
    is "$(ls -A "$TMPDIR")" '' "$what: no temporary file is left"
}
survives nix-store after --import
survives nix-store before --add-root
survives nix-store after --add-root
survives nix-store before --serve
survives nix-store after --serve
survives nix-env before --set
survives nix-env after --set

# The same where nothing needs to be fetched, and nothing refers to what is there.
survives_unreferenced() # PROGRAM before|after OPERATION
{
    what="all is there: a garbage collection $2 $1 $3"
    network 3 1 a b
    new_coordinator
    rm -f "$scratch/watched"/*
    reconstruct --xml "$model"
    rm "$scratch/profiles"/*
    survived "$@"
}
survives_unreferenced nix-store after --check-validity
survives_unreferenced nix-store before --add-root
survives_unreferenced nix-store after --add-root
survives_unreferenced nix-store before --serve
survives_unreferenced nix-instantiate before --read-write-mode
survives_unreferenced nix-env before --set

# Many paths: no argument vector is too long.
network 19990 2 a b
new_coordinator
reconstruct --xml "$model"
is "$status $(statuses)" "0 ['captured', 'captured']" '20,000 paths: no failure'
is "$(exported | wc -l)" 19996 '20,000 paths: each is fetched once'
is "$(reported 'sum(t["fetchedPaths"] for t in r["targets"].values())')" 19996 '20,000 paths: reported'
ok '20,000 paths: no argument vector is longer than 128 KiB' \
    test "$(awk '{ if (length($0) > most) most = length($0) } END { print most }' "$NETWORK/calls")" -lt 131072
is "$(ls -A "$TMPDIR")" '' '20,000 paths: no temporary file is left'
done_testing
