#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion in bash, fish and zsh, by these shells: every option that --help has, what may stand for its value,
# and what is no option.
. "$srcdir/tests/share/functions.sh"
: "${programs:?}"

PATH=$builddir:$PATH
INPUTRC=$scratch/inputrc
HOME=$scratch
export PATH INPUTRC HOME
cd "$scratch" || exit 99
mkdir 'a-directory' bash fish zsh
: > a-file
printf 'set %s\n' 'bell-style none' 'page-completions off' 'completion-query-items 0' 'enable-bracketed-paste off' \
    'show-all-if-ambiguous on' > "$INPUTRC"

for program in $programs; do
    cp "$srcdir/completions/dydisnix.bash" "bash/$program"
    cp "$srcdir/completions/dydisnix.fish" "fish/$program.fish"
    echo ". '$scratch/bash/$program'" >> bashrc
done
{ echo "#compdef $programs"; cat "$srcdir/completions/dydisnix.zsh"; } > zsh/_dydisnix
cat > .zshrc << 'EOF'
fpath=($HOME/zsh $fpath) PS1='> ' LISTMAX=0
unset zle_bracketed_paste
autoload -Uz compinit
compinit -u -D
zstyle ':completion:*' list-prompt ''
EOF
echo "PS1='> '" >> bashrc

# What a shell makes of a line that begins so, when the tab key is pressed.
completed() # SHELL LINE
{
    case $1 in
        bash) "$srcdir/tests/tools/type-in" "$2" -- bash --noprofile --rcfile "$scratch/bashrc" -i ;;
        zsh) ZDOTDIR=$scratch "$srcdir/tests/tools/type-in" "$2" -- zsh -d -i ;;
        fish) fish --no-config -c "set fish_complete_path '$scratch/fish'; complete -C '$2'" ;;
    esac
}

# All options in a text, one a line.
options()
{
    grep -oE '(^|[^A-Za-z0-9-])--?[A-Za-z][a-z-]*' | grep -oE -e '--?[A-Za-z].*' | sort -u
}

completes() # SHELL LINE PART
{
    has "$(completed "$1" "$2")" "$3" "$1: $2 gives $3"
}

for shell in bash fish zsh; do
    if ! command -v "$shell" > /dev/null; then
        skip "$shell is not installed"
        continue
    fi
    for program in $programs; do
        { completed "$shell" "$program -"; completed "$shell" "$program --"; } | options > "$scratch/completed"
        # Only what begins a line of --help is an option, not what its descriptions mention.
        "$builddir/$program" --help | sed -nE 's/^ +(-[^ ].*)/\1/p' | sed 's/   *[^ ].*//' | options > "$scratch/known"
        is "$(grep -vxF -f "$scratch/completed" "$scratch/known")" '' "$shell: $program: every option"
        is "$(grep -vxF -f "$scratch/known" -e - -e -- "$scratch/completed")" '' "$shell: $program: no other"
        ok "$shell: $program: which are some" test -s "$scratch/known"
    done
    completes "$shell" 'dydisnix-self-adapt --unreachable=k' keep
    completes "$shell" 'dydisnix-self-adapt --superseded ne' newest
    completes "$shell" 'dydisnix-self-adapt --stage-timeout=recons' reconstruct=
    completes "$shell" 'dydisnix-self-adapt --services=a-f' a-file
    completes "$shell" 'dydisnix-self-adapt -s a-f' a-file
    completes "$shell" 'dydisnix-self-adapt --state-dir a-' a-directory/
    lacks "$(completed "$shell" 'dydisnix-self-adapt --state-dir a-f')" a-file "$shell: a file is no directory"
    completes "$shell" 'dydisnix-self-adapt --geninfra=dydisnix-reconstr' dydisnix-reconstruct
    completes "$shell" 'dydisnix-self-adaptctl disc' discard-copy
    completes "$shell" 'dydisnix-lab --engine=dis' disnix
    completes "$shell" 'dydisnix-lab lose' lose-coordinator
    completes "$shell" 'dydisnix-reconstruct a-f' a-file
    completes "$shell" 'dydisnix-scenario sur' survive
    completes "$shell" 'dydisnix-scenario survive --losses=2 a-' a-directory/
    completes "$shell" 'dydisnix-scenario report a-f' a-file
    completes "$shell" 'dydisnix-scenario survive --format=j' json
    [ "$shell" = fish ] || completes "$shell" 'dydisnix-lab --run -- dydisnix-reconstr' dydisnix-reconstruct
done
is "$(cd "$srcdir/completions" && grep -nE '[a-z]-[a-z0-9]*\]|a-z' dydisnix.bash dydisnix.zsh)" '' \
    'nothing depends on the order of letters, which is that of the user'

done_testing
