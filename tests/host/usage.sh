#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Wrong usage ends with 2 and one line that says what is wrong; nothing is run then.
. "$srcdir/tests/share/functions.sh"

mkdir "$scratch/a directory"
cd "$scratch/a directory" || exit 99
: > f
unset DYDISNIX_GENINFRA DISNIX_PROFILE XDG_STATE_HOME

self_adapt()
{
    "$builddir/dydisnix-self-adapt" --state-dir="$scratch/state" "$@"
}

refused() # PART OPTION…
{
    part=$1
    shift
    fails 2 "refused: $*" self_adapt "$@"
    has "$(output)" "$part" "and told: $part"
}

refused 'A services expression must be specified!'
refused 'A quality of service model must be specified!' -s f
refused 'An infrastructure generator or an infrastructure model must be specified!' -s f -q f
refused 'exclude each other' -s f -q f -i f --geninfra=true
refused 'a program is expected' -s f -q f --geninfra=' '
refused '--ids needs --id-resources' -s f -q f -i f --ids=f
refused '--unreachable needs --reconstruct' -s f -q f -i f --unreachable=skip
refused 'exclude each other' -s f -q f -i f --once --run true
for option in retry-min retry-max max-concurrent-transfers keep; do
    for value in '' 0 -1 x 5x 1.5 99999999999999999999; do
        refused "--$option=$value: a whole number" -s f -q f -i f "--$option=$value"
    done
done
for value in -1 x 5x 1mm inf; do
    refused "--interval=$value: a number of seconds" -s f -q f -i f "--interval=$value"
done
for value in '' . .. a/b -p; do
    refused "--profile=$value: the name of a profile" -s f -q f -i f "--profile=$value"
done
for option in services qos infrastructure augment filters ids id-resources coordinator-profile-path state-dir; do
    refused "--$option" -s f -q f -i f "--$option="
done
for value in '' x x: x:y x:=z :y=z; do
    refused "--plugin-option=$value: NAME:KEY=VALUE" -s f -q f -i f "--plugin-option=$value"
done
refused '--run needs a command' -s f -q f -i f --run
refused '--run needs a command' -s f -q f -i f --run --
refused 'stray belongs to no option, and is ignored' stray -s f -q f -i f --once --run
refused '--help' --no-such-option
refused '--help' -s
# What was probably meant.
refused 'did you mean --snapshot?' -s f -q f -i f --snapshto
refused 'did you mean --stage-timeout?' -s f -q f -i f --stage-timeuot=redeploy=5
refused 'did you mean --geninfra?' -s f -q f --genifra=true
refused '--stage-timeout: there is no stage snapshto; did you mean snapshot?' -s f -q f -i f --stage-timeout=snapshto=5
refused '--stage-timeout: there is no stage frobnicate' -s f -q f -i f --stage-timeout=frobnicate=5
for words in '--no-such-option' '--re' '-x'; do
    self_adapt "$words" > "$scratch.messages" 2>&1
    is "$(grep -c 'did you mean' "$scratch.messages")" 0 "nothing is like $words, or it has been told"
done
suggested() # PART PROGRAM OPTION…
{
    part=$1
    shift
    fails 2 "refused: $*" "$builddir/$@"
    has "$(output)" "$part" "and told: $part"
}
suggested 'there is no such command; did you mean status?' dydisnix-self-adaptctl statsu
suggested 'did you mean --profile?' dydisnix-self-adaptctl --profle=x status
suggested 'did you mean --dry-run?' dydisnix-reconstruct --dryrun
suggested 'there is no command explroe; did you mean explore?' dydisnix-scenario explroe
suggested 'did you mean --simulate?' dydisnix-scenario run --simualte
suggested '--fault: there is no fault' dydisnix-scenario sweep --fault=none x
suggested 'there is no subcommand crahs; did you mean crash?' dydisnix-lab crahs
suggested 'did you mean --targets?' dydisnix-lab --tragets=3
refused '--help' -s f -q f -i f --once=yes
refused '--help' -s f -q f -i f -x

refused '--interface' -s f -q f -i f --interface=
refused '--target-property' -s f -q f -i f --target-property=
is "$(ls "$scratch")" 'a directory' 'none of these made anything'

odd=$(printf 'odd\377')
: > "$odd"
fails 1 'a path that is not UTF-8' self_adapt -s "$odd" -q f -i f --once
has "$(output)" 'is not UTF-8' 'is told'

ok '--help' self_adapt --help
has "$(output)" 'Usage: dydisnix-self-adapt' 'prints the usage'
ok '--version' self_adapt --version
has "$(output)" 'dydisnix-self-adapt (' 'prints the version'
fails 1 'a model in a directory that is not there' self_adapt -s no/f -q f -i f
has "$(output)" 'no/f: No such file or directory' 'is told'
fails 1 'a file where the state directory should be' self_adapt --state-dir=f -s f -q f -i f --once
has "$(output)" 'f/default: ' 'is told'

done_testing
