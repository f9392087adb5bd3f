# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion for zsh. What there is to complete is what --help of the program says.

# The specification of _arguments for each option: "--services=[services model]:FILE:_files".
_dydisnix_specifications()
{
    local line option value action text
    for line in ${(f)1}; do
        [[ $line == (#b)[[:space:]]##(-[^[:space:]]*) ]] || continue
        line=$match[1]
        text=
        [[ $line != *"  "* ]] || { text=${line#*  }; line=${line%%  *} }
        value=
        [[ $line != (#b)[^=]##=(*) ]] || value=${match[1]%% *}
        case $value in
            (STAGE=*) action='(capture= augment= detect= reconstruct= snapshot= redistribute= assign_ids= redeploy= recover= restore=)' ;;
            (*FILE*) action=_files ;;
            (DIR*) action='_path_files -/' ;;
            (COMMAND|CLIENT) action=_command_names ;;
            ([[:lower:][:digit:]]*\|*) action="(${value//|/ })" ;;
            (*) action= ;;
        esac
        text=${${${${text//\[/(}//\]/)}//  ##/ }# }
        for option in ${(M)${(s:, :)${line%%=*}}:#-*}; do
            option=${option%% *}
            [[ -z $value ]] && reply+=("*${option}[${text//:/\\:}]") && continue
            [[ $option == --* ]] && option+== || option+=+
            reply+=("*${option}[${text//:/\\:}]:${value//:/\\:}:$action")
        done
    done
}

_dydisnix()
{
    setopt local_options extended_glob
    # Descriptions that go on in the next line are one.
    local usage="$($words[1] --help 2> /dev/null < /dev/null | sed -E ':a; N; s/\n {12,}([^ -])/  \1/; ta; P; D')"
    local -a reply names
    local -i end=${words[(i)--]}
    if (( end < CURRENT )); then
        shift end words
        (( CURRENT -= end ))
        _normal
        return
    fi
    _dydisnix_specifications $usage
    names=(${(M)${(f)${${usage#*ommands:}%%$'\n\n'*}}:#[[:space:]]##[[:lower:]]*})
    names=(${${names##[[:space:]]##}%%[[:space:]]*})
    if [[ $usage == *ommands:* ]]; then
        local action=' '
        [[ $usage != *$'\n'[[:space:]]##${words[2]}' '(|\[)FILE* ]] || action=_files
        [[ $usage != *$'\n'[[:space:]]##${words[2]}' '(|\[)CASE* ]] || action='_path_files -/'
        _arguments -s -S $reply "1:command:($names)" "*:argument:$action"
    else
        _arguments -s -S $reply '*:file:_files'
    fi
}

_dydisnix "$@"
