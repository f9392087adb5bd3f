#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Strings are data all the way, from models and targets to the manifest in the store: whatever stands in a field ends as
# these characters or as an error. One test a field.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/network.sh"
. "$srcdir/tests/share/stores.sh"
. "$srcdir/tests/share/made-closures.sh"

secret='a secret that nobody may read'
echo "$secret" > "$scratch/secret"
canary=$scratch/canary
newline='
'
code='${builtins.readFile "'$scratch'/secret"}'"'' \$(touch '$canary') \`touch '$canary'\` \"'\\ <&> ; touch '$canary'"
option=--option
line="a$newline\$(touch '$canary')$newline--help"

holds_text() # KIND WHERE-NOT: this kind of text is refused there
{
    case " $2 " in
        *' any '*) return 0 ;;
        *' line '*) [ "$1" != line ] || return 0 ;;
    esac
    case " $2 " in *' option '*) [ "$1" != option ] || return 0 ;; esac
    case " $2 " in *' blank '* | *' slash '*) [ "$1" != code ] || return 0 ;; esac
    return 1
}
is_data() # KIND WHERE-NOT HOW TEXT
{
    if [ -e "$canary" ]; then
        evidence 'it was executed'
        return 1
    fi
    case $(cat "$scratch/document" "$report" "$scratch/messages" 2> /dev/null) in *"$secret"*)
        evidence 'it was evaluated'
        return 1 ;;
    esac
    if [ "$(grep -vc '^\[' "$scratch/messages")" != 0 ]; then
        evidence 'a message is more than one line'
        return 1
    fi
    if holds_text "$1" "$2" && [ "$where" = model ]; then
        [ "$status" = 1 ] && [ ! -s "$NETWORK/calls" ]
    elif holds_text "$1" "$2"; then
        [ "$status" = 0 ] && [ "$(reported 'r["targets"]["a"]["status"], r["targets"]["good"]["status"]')" = \
            "('invalid', 'captured')" ]
    else
        [ "$status" = 0 ] && { [ "$field" = 'snapshot service' ] || [ "$field" = 'client interface' ] \
            || "$srcdir/tests/tools/fields" check "$scratch/document" "$report" "$4"; }
    fi
}
try() # KIND WHERE-NOT TEXT print|install
{
    find "$NETWORK" -mindepth 1 ! -name export.sh -prune -exec rm -rf {} +
    model=$scratch/infrastructure.xml
    "$srcdir/tests/tools/fields" make "$NETWORK" "$model" "$field" "$3"
    if [ "$4" = print ]; then
        reconstruct --xml --superseded=keep --print-manifest "$model"
        printf '%s' "$output" > "$scratch/document"
    else
        new_coordinator
        reconstruct --xml --superseded=keep "$model"
        : > "$scratch/document"
        [ ! -L "$profiles/default" ] || cat "$(manifest_file)" > "$scratch/document"
    fi
    is_data "$1" "$2" "$4" "$3"
    outcome=$?
    [ "$outcome" = 0 ] || evidence "status $status" "$messages" "$(cat "$scratch/document")"
    result "$outcome" "$field: $1 is data ($4)"
}

"$srcdir/tests/tools/fields" list > "$scratch/fields"
while IFS='	' read -r field where refused; do
    try code "$refused" "$code" print
    try option "$refused" "$option" print
    try line "$refused" "$line" print
    try code "$refused" "$code" install
done < "$scratch/fields"
is "$(ls -A "$TMPDIR")" '' 'no temporary file is left'
done_testing
