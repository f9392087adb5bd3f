#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A watched model that is a link: what it points to may be written, replaced, or become another file.
. "$srcdir/tests/functions.sh"
. "$srcdir/tests/host.sh"

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
    [ "$(calls_of disnix-deploy)" -ge "$1" ] && logged "$1" 'Redeploying'
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
ok 'a directory that is gone' wait_for 20 logged 1 'cannot be watched and is polled'
ok 'is a model that is gone' wait_for 20 logged 1 'the stage detect failed'
mkdir "$scratch/place"
model "$scratch/place/model.nix" six
ok 'when it is there again it is watched again' wait_for 20 logged 1 'is watched again'
ok 'and its model deployed' wait_for 20 logged 1 'changed: test1'
kill -TERM "$loop"
wait "$loop"
is "$?" 0 'the loop ends'
loop=

done_testing
