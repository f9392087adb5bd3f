#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A real program tells where the services of a simulated network go.
if [ -z "${WITH_NIX-}" ]; then
    . "$srcdir/tests/share/functions.sh"
    "$srcdir/tests/tools/with-nix" "$scratch" true 2> /dev/null || skip_all 'user namespaces are not allowed here'
    test_done=1
    "$srcdir/tests/tools/with-nix" "$scratch" sh "$0"
    exit
fi
. "$srcdir/tests/share/functions.sh"
as_installed
cd "$scratch" || exit 99

scenario() # NAME PLACEMENT [TIMELINE [EXPECT]]
{
    mkdir "$1"
    cat > "$1/scenario.json" << END
{ "version": 1, "description": "a program places services", "options": ["--cycle-timeout=1800", "--probe-interval=300"],
  "targets": { "test1": {}, "test2": {}, "test3": {} },
  "services": { "db": { "state": true }, "web": { "dependsOn": ["db"] } },
  "placement": $2,
  "timeline": [ ${3-} ], "expect": ${4-{\}} }
END
}
log=$scratch/log
place=$srcdir/tests/tools/place-last
crash='{ "event": "crash", "target": "test3" }'

# The models, and what was where.
scenario one "[\"$place\", \"--log\", \"$log\"]" "{ \"event\": \"write\", \"service\": \"db\", \"text\": \"first\", \"snapshot\": true }, $crash,
    { \"event\": \"reappear\", \"target\": \"test3\" }" '{ "answers": { "db": ["test2"], "web": ["test2"] } }'
dydisnix-scenario run --simulate --update --verbose one > out 2>&1
is $? 0 'services go where the program has them'
has "$(cat one/story.txt)" 'The system is deployed: db on test3, web on test3' 'first to the last target'
has "$(cat one/story.txt)" 'db is activated on test2: it was on test3, which is gone' 'then to the last one that is left'
is "$(sed 's/ [^ ]*$//' log)" 'test1 test2 test3 {}
test1 test2 {}
test1 test2 test3 {"db": ["test2"], "web": ["test2", "test3"]}' 'it gets the targets that are there, and what is where'
has "$(cat out)" 'the placement has stranger, which is no service of the scenario' 'services that there are not are told'
lacks "$(cat out)" 'assumed' 'nothing is assumed'

# Its answers are kept: loss, return on each of three disks, and all processes ask once.
: > log
dydisnix-scenario survive --format=json --jobs=1 one > seen 2> said
is $? 0 'a system survives with it'
is "$(sort log | uniq -d)" '' 'the same question is asked once'
ok 'and many are asked' test "$(wc -l < log)" -ge 4
: > log
dydisnix-scenario explore --scenarios=6 --jobs=1 one > out 2> said
is $? 0 'random histories of it'
has "$(cat said)" '6 scenarios with' 'are all played'
is "$(sort log | uniq -d)" '' 'and ask the same question once'
dydisnix-scenario explore --exhaustive --depth=1 --jobs=1 one > out 2> said
is $? 0 'so is every history of it'

# A program of the scenario's own directory, with models of its own.
scenario own '["./place", "--log", "log.txt", "--services", "mine/services.nix"]'
cp "$place" own/place
: > own/log.txt
mkdir own/mine
echo '{ "db": {}, "web": {} }' > own/mine/services.json
dydisnix-scenario run --simulate own > out 2>&1
is $? 1 'what nothing names may not stand in the directory'
has "$(cat out)" 'own/mine: nothing names this file' 'but a word of the placement may'
lacks "$(cat out)" 'own/place: nothing names this file' 'and the program'
mv own/mine mine
sed -i "s,mine/services.nix,$scratch/mine/services.nix," own/scenario.json
dydisnix-scenario run --simulate own > out 2>&1
is $? 0 'it is run in the directory, with the models that it names itself'
is "$(wc -l < own/log.txt)" 1 'where it finds its own files'

# What goes wrong.
scenario fails "[\"$place\", \"--fail-without\", \"test3\"]" "$crash"
dydisnix-scenario run --simulate --verbose fails > out 2>&1
is $? 1 'a program that fails'
has "$(cat out)" 'place-last]: there is no test3' 'is heard'
has "$(cat out)" 'the stage redistribute failed' 'and so does the stage'
scenario words '["echo"]'
dydisnix-scenario run --simulate --verbose words > out 2>&1
has "$(cat out)" 'echo: no store path: ' 'what is no store path is refused'
scenario nowhere '["no-such-gendist"]'
dydisnix-scenario run --simulate --format=tap nowhere > out 2>&1
is $? 0 'where the program is not there, the policy of the scenario is assumed'
has "$(cat out)" '# assumed, for there is no no-such-gendist: a service stays' 'which is told'
dydisnix-scenario survive --format=tap --output=page.html nowhere > out 2>&1
has "$(cat out)" '# assumed, for there is no no-such-gendist' 'by survive, too'
has "$(cat page.html)" 'assumed, for there is no no-such-gendist' 'and its page'
scenario none '[]'
fails 1 'no program' dydisnix-scenario run --simulate none
has "$(output)" '/placement: there is no program' 'is a mistake'

done_testing
