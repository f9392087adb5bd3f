# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion for fish. What there is to complete is what --help of the program says.
set -l program (basename (status filename) .fish)
set -l stages capture= augment= detect= reconstruct= snapshot= redistribute= assign_ids= redeploy= recover= restore=
set -l commands
set -l section

complete -c $program -e
# Descriptions that go on in the next line are one.
for line in ($program --help 2>/dev/null </dev/null | sed -E ':a; N; s/\n {12,}([^ -])/  \1/; ta; P; D')
    if string match -qr '^\S' -- $line
        set section $line
    else if string match -qr 'ommands:$' -- "$section"; and set -l word (string match -r '^ +([a-z][a-z-]*)' -- $line)
        set -a commands $word[2]
        string match -qr '^ +\S+ \[?FILE' -- $line
        and complete -c $program -n "__fish_seen_subcommand_from $word[2]" -F
        string match -qr '^ +\S+ \[?CASE' -- $line
        and complete -c $program -n "__fish_seen_subcommand_from $word[2]" -a '(__fish_complete_directories)'
    end
    set -l parts (string match -r '^ +(-\S+(?: \S+)*)(?:  +(.*))?$' -- $line)
    or continue
    set -l text (string replace -ar ' +' ' ' -- "$parts[3]")
    set -l value (string match -r '=(\S*)' -- $parts[2])
    set -l arguments
    switch "$value[2]"
        case ''
        case 'STAGE=*'
            set arguments -x -a "$stages"
        case '*FILE*'
            set arguments -r -F
        case 'DIR*'
            set arguments -x -a '(__fish_complete_directories)'
        case COMMAND CLIENT
            set arguments -x -a '(__fish_complete_command)'
        case '*'
            set arguments -x
            string match -qr '^[a-z0-9]+\|' -- $value[2]
            and set arguments -x -a (string replace -a '|' ' ' -- $value[2])
    end
    for option in (string split ', ' -- (string replace -r '=.*' '' -- $parts[2]))
        set -l name (string match -r '^(--?)([A-Za-z][a-z-]*)' -- $option)
        test "$name[2]" = -- && set name[2] -l || set name[2] -s
        complete -c $program $name[2] $name[3] $arguments -d "$text"
    end
end
if set -q commands[1]
    complete -c $program -f
    complete -c $program -n "not __fish_seen_subcommand_from $commands" -a "$commands"
end
