# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion for bash. What there is to complete is what --help of the program says.

# The part of --help that names options, an alternative a line: "-s, --services=FILE".
_dydisnix_options()
{
    sed -nE 's/^ +(-[^ ].*)/\1/p' <<< "$1" | sed 's/   *[^ ].*//'
}

# What stands for the value of an option: FILE, "keep|skip|fail", …; nothing if it has none.
_dydisnix_value()
{
    _dydisnix_options "$1" | grep -E -- "(^|, )$2(\$|[=, ])" | sed -nE 's/^[^=]*=([^ ]*).*/\1/p' | head -n 1
}

# The words that are no options: those of the section Commands or Subcommands.
_dydisnix_commands()
{
    sed -nE '/^(Subc|C)ommands:/,/^$/s/^ +([[:lower:]][[:lower:]-]*).*/\1/p' <<< "$1"
}

# Whether a command takes files (-f) or directories (-d).
_dydisnix_takes() # USAGE COMMAND
{
    sed -nE '/^(Subc|C)ommands:/,/^$/{ s/^ +'"$2"' \[?FILE.*/-f/p; s/^ +'"$2"' \[?CASE.*/-d/p; }' <<< "$1"
}

_dydisnix_files() # WORD [-d]
{
    compopt -o filenames 2> /dev/null
    mapfile -t COMPREPLY < <(compgen "${2--f}" -- "$1")
}

_dydisnix_complete_value() # WORD VALUE PROGRAM
{
    local word=$1 value=$2 plugins
    case $value in
        *script:*)
            plugins=$("$3" --list-plugins 2> /dev/null < /dev/null | sed 's/ .*//')
            mapfile -t COMPREPLY < <(compgen -W "$plugins" -- "$word"
                compgen -f -- "$word")
            ;;
        STAGE=*)
            compopt -o nospace 2> /dev/null
            mapfile -t COMPREPLY < <(compgen -S = -W 'capture augment detect reconstruct snapshot
                redistribute assign_ids redeploy recover restore' -- "$word")
            ;;
        *FILE*) _dydisnix_files "$word" ;;
        DIR*) _dydisnix_files "$word" -d ;;
        COMMAND | CLIENT) mapfile -t COMPREPLY < <(compgen -c -- "$word") ;;
        [[:lower:][:digit:]]*\|*) mapfile -t COMPREPLY < <(compgen -W "${value//|/ }" -- "$word") ;;
    esac
}

_dydisnix()
{
    local program=${1/#\~/$HOME} word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} usage value i
    COMPREPLY=()
    usage=$("$program" --help 2> /dev/null < /dev/null)
    # "=" is a word of its own.
    if [[ $word == = ]]; then
        word=
    elif [[ $option == = ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} == -- ]]; then
            ((i + 1 == COMP_CWORD)) && value=-c || value=-f
            _dydisnix_files "$word" $value
            return
        fi
    done
    [[ $option != -* ]] || value=$(_dydisnix_value "$usage" "$option")
    if [[ $value ]]; then
        _dydisnix_complete_value "$word" "$value" "$program"
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_dydisnix_options "$usage" |
            grep -oE -- '(^|, )--?[[:alpha:]][[:lower:]-]*=?' | sed 's/^, //')" -- "$word")
        [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2> /dev/null
    else
        value=$(_dydisnix_commands "$usage")
        for ((i = 1; i < COMP_CWORD; i++)); do
            [[ $value != *"${COMP_WORDS[i]}"* ]] || option=$(_dydisnix_takes "$usage" "${COMP_WORDS[i]}")
            [[ $option != -[fd] ]] || { _dydisnix_files "$word" "$option"; return; }
        done
        [[ $value ]] && mapfile -t COMPREPLY < <(compgen -W "$value" -- "$word") || _dydisnix_files "$word"
    fi
}

complete -F _dydisnix "${BASH_SOURCE[0]##*/}"
