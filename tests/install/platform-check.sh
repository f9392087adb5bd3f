#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/tools/platform-check, where nothing can be checked: it says why, and a system that cannot be made is no skip.
. "$srcdir/tests/share/functions.sh"

place=$scratch/platforms
check()
{
    PATH=$scratch/bin:$PATH "$srcdir/tests/tools/platform-check" --brief "$place" trixie
}
program() # NAME: its text is read
{
    mkdir -p "$scratch/bin"
    { echo '#!/bin/sh'; cat; } > "$scratch/bin/$1"
    chmod 755 "$scratch/bin/$1"
}
outcome() # what tests/tools/count-results reads
{
    cat "$place"/results/trixie/*.trs
}

fails 2 'a suite is needed' "$srcdir/tests/tools/platform-check" "$place"
fails 2 'there are no other options' "$srcdir/tests/tools/platform-check" --short "$place" trixie

if [ "$(id -u)" -ne 0 ]; then
    ok 'where it cannot be done' check
    has "$(output)" 'trixie is not checked: platform-check needs root' 'it says why'
    is "$(outcome)" ':test-result: SKIP platform-check # SKIP platform-check needs root' 'and skips'
    done_testing
fi

program debootstrap << 'END'
echo "there is no $2 at $4"
exit 1
END
program apt-get << END
[ "\$1" != indextargets ] || echo 'http://mirror.invalid/debian/'
END
program apt-helper << END
cp "$scratch/release" "\$3" && echo "\$2" > "$scratch/asked"
END
if ! unshare -mp true 2> /dev/null; then
    ok 'where no namespaces are' check
    is "$(outcome)" ':test-result: SKIP platform-check # SKIP mount namespaces are not allowed here' 'it skips'
    done_testing
fi
ok 'where the mirror has no such suite' check
is "$(outcome)" ':test-result: SKIP platform-check # SKIP no mirror of Debian answers' 'it skips'

echo 'Suite: stable' > "$scratch/release"
fails 1 'a system that cannot be made is a failure' check
has "$(output)" "no bare trixie could be made: $place/results/trixie/system.log" 'it says where to look'
is "$(outcome)" ':test-result: FAIL a bare trixie' 'and counts as one'
is "$(cat "$scratch/asked")" http://mirror.invalid/debian/dists/trixie/InRelease 'the mirror is that of apt'
has "$(cat "$place/results/trixie/system.log")" 'there is no trixie at http' 'it has what was said'
ok 'no half of it stays' [ ! -e "$place/trixie.tar" ]

done_testing
