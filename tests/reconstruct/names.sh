#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Names with which Disnix would lose state, or read the wrong history, are told, and nothing else is done about them.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/network.sh"

key=1111111111111111111111111111111111111111111111111111111111111111
profile alpha "$(service "$key" db-1.0)" "$(mapping "$key" echo)" "$(snapshot "$key" echo db-1.0)"
infrastructure alpha

reconstruct --xml --dry-run "$model"
is "$status" 0 'a name that is its key is nothing to tell'
lacks "$messages" 'connection key' 'and nothing is told'

mv "$NETWORK/alpha" "$NETWORK/192.0.2.1"
sed 's|<string value="alpha"/>|<string value="192.0.2.1"/>|' "$model" > "$model.new" && mv "$model.new" "$model"
reconstruct --xml --dry-run "$model"
is "$status" 0 'a name that is not its key is no failure'
has "$messages" '[target: alpha]: holds db-1.0, but its name is not its connection key 192.0.2.1' 'it is told'
has "$(cat "$report")" 'Disnix moves no snapshot' 'and stands in the report'

mkdir "$profiles" 2> /dev/null
ln -s default-1-link "$profiles/default"
ln -s nowhere "$profiles/default-1-link"
reconstruct --xml --dry-run "$model"
lacks "$messages" 'there is a profile' 'generations of the profile are no other profile'
ln -s default-extra-1-link "$profiles/default-extra"
ln -s nowhere "$profiles/default-extra-1-link"
reconstruct --xml --dry-run "$model"
has "$messages" 'there is a profile default-extra beside' 'a profile whose name begins with this one is told'

# What cannot be read just now is not lost: nothing is decided without it.
rm "$profiles"/*
ln -s default-1-link "$profiles/default"
ln -s . "$profiles/default-1-link" # a directory
reconstruct --xml --dry-run "$model"
is "$status" 1 'a previous manifest that is there and cannot be read fails'
lacks "$messages" 'counts as lost' 'and does not count as lost'

done_testing
