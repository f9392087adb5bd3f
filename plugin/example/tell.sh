#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# An example of a plugin that is a script: keeps the last cycle's event in a file.
#
#     dydisnix-self-adapt … --plugin=script:tell.sh --plugin-option=tell:file=last.json
#
# It needs jq. Without its first case it would be started for each hook.
case $1 in
    hooks) echo cycle_finished ;;
    cycle_finished)
        event=$(cat)
        file=$(printf '%s' "$event" | jq -r .options.file) || exit 1
        printf '%s\n' "$event" > "$file"
        ;;
    *) exit 2 ;;
esac
