#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The Nix expressions for others: they parse, and evaluate against as much of nixpkgs as they use; the NixOS
# module refuses what is wrong, knows every option of the program, and gives the unit that is installed elsewhere.
. "$srcdir/tests/share/functions.sh"

expressions=$srcdir/tests/nix
value() # ATTRIBUTE: as JSON
{
    nix-instantiate --store dummy:// --eval --strict --json "$expressions/configurations.nix" -A "$1" 2>&1
}
text() # ATTRIBUTE: a string
{
    value "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin), end="")'
}
# The arguments in a unit, one a line.
arguments()
{
    sed -n 's/^ExecStart=//p' | python3 -c 'import json, re, sys
for word in re.findall(r"\"(?:\\.|[^\"])*\"", sys.stdin.read()):
    print(json.loads(word).replace("%%", "%").replace("$$", "$"))'
}
options_in() # FILE: each option once
{
    grep -oE '(^|[^a-z-])--[a-z][a-z-]*' "$1" | grep -oE -e '--.*' | sort -u
}

for file in "$srcdir"/default.nix "$srcdir"/flake.nix "$srcdir"/nix/*.nix "$srcdir"/nix/tests/*.nix "$srcdir"/tests/nix/*.nix; do
    ok "${file#"$srcdir/"} parses" nix-instantiate --store dummy:// --parse "$file"
done

# The unit.
text minimal > "$scratch/minimal.service"
store=/nix/store/00000000000000000000000000000000
is "$(arguments < "$scratch/minimal.service")" "$store-dydisnix-self-adapt-0.1/bin/dydisnix-self-adapt
--state-dir=/var/lib/dydisnix-self-adapt
--socket=/run/dydisnix-self-adapt/default.socket
--infrastructure=/etc/models/infrastructure.nix
--profile=default
--qos=/etc/models/qos.nix
--reconstruct
--services=/etc/models/services.nix" 'what is not set is not given'
is "$(value path)" '["dydisnix-self-adapt-0.1","disnix","dydisnix","dysnomia","nix","openssh"]' \
    'the programs of Disnix are found'
everything=$scratch/everything.service
text everything > "$everything"
arguments < "$everything" > "$scratch/arguments"
has "$(cat "$scratch/arguments")" '--extra-params={ price = "100% of 5$"; }' 'arguments are what was written'
has "$(cat "$scratch/arguments")" '--guard=/etc/guard now' 'also with blanks'
has "$(cat "$scratch/arguments")" '--stage-timeout=assign_ids=9
--stage-timeout=redeploy=0' 'stages have their time'
has "$(cat "$scratch/arguments")" '--metrics=/var/lib/metrics/dydisnix-self-adapt-a_profile.prom' 'metrics are written'
has "$(cat "$everything")" '"SSH_OPTS=-o BatchMode=yes -i %d/ssh-key -o ProxyCommand=nc-%%h ' 'ssh gets its key'
has "$(cat "$everything")" ' -o ControlPath=/tmp/%%C"' 'and shares connections'
is "$(sed -n 's/^PrivateTmp=//p' "$everything")" true 'in a directory of its own'
has "$(cat "$everything")" 'LoadCredential=ssh-key:/etc/keys/loop' 'which is a credential'
is "$(sed -n 's/^ReadWritePaths=//p' "$everything")" '/nix/var/nix/profiles/per-user/dydisnix-self-adapt
/srv/models
/var/profiles
/var/lib/metrics' 'and may write where it has to'
has "$(text generator | arguments)" '--geninfra=list machines' 'a generator'
has "$(text stream | arguments)" '--geninfra-stream=list --all
--no-probe' 'a stream, and no questions'
has "$(text literal | arguments)" '--services=/nix/store/' 'a path literal goes to the store'

# What is around it.
is "$(value around | sed 's/dydisnix-self-adapt/X/g')" \
    '{"files":["d /nix/var/nix/profiles/per-user/X 0755 X - -"],"packages":["X-0.1"],"trusted":["X"],'\
'"users":{"groups":{"X":{}},"users":{"X":{"description":"Keeps Disnix systems deployed","group":"X",'\
'"home":"/var/lib/X","isSystemUser":true}}}}' 'its user is made, and trusted by Nix'
is "$(value root)" '{"files":["d /nix/var/nix/profiles/per-user/root 0755 root - -","d /m 0755 root - -"],'\
'"trusted":["root"],"users":{"groups":{},"users":{}}}' 'root is there already'
is "$(value off)" '{"packages":[],"unit":null,"users":{"groups":{},"users":{}}}' 'nothing without enable'
version=$("$builddir/dydisnix-self-adapt" --version | sed 's/.* \(.*\))/\1/')
has "$(value package)" "\"name\":\"dydisnix-self-adapt-$version\"" 'the package has the version of the program'
has "$(value package)" '"configureFlags":["--with-nix-statedir=/nix/var"]' 'and the store of NixOS'
is "$(value flake)" '{"check":{"checkTarget":"check-short","doCheck":true,"name":"dydisnix-self-adapt-'"$version"'"},'\
'"module":true,"names":["checks","devShells","nixosModules","overlays","packages"],'\
'"overlay":"dydisnix-self-adapt-'"$version"'","package":["dydisnix-self-adapt-'"$version"'","dydisnix-self-adapt-'"$version"'"],'\
'"shell":["clang-tools","cmocka","gcovr","man","nix","python3","valgrind"]}' 'so has the flake, with module, shell and checks'
is "$(value kept)" '[true,false,false,true]' 'what was built elsewhere is not its source'

# Every option: of the module, described; of the program, in the module. Left out are those that make no service.
is "$(value undescribed)" '[]' 'every option has a type and a description'
is "$([ "$(value count)" -ge 60 ]; echo $?)" 0 'all of them were looked at'
{
    cat "$scratch/arguments"
    printf '%s\n' --geninfra --geninfra-stream
    printf '%s\n' --help --version --once --run --list-plugins --dump-plugin --exit-with-parent --check
} > "$scratch/in-module"
"$builddir/dydisnix-self-adapt" --help > "$scratch/help"
is "$(options_in "$scratch/help")" "$(sed 's/=.*//' "$scratch/in-module" | grep '^--' | sort -u)" \
    'the module has every option of --help, and no other'

# Files are others here, whose directories exist.
set --
while IFS= read -r argument; do
    case $argument in
        --plugin-option=*) set -- "$@" "$argument" ;;
        *=/*) set -- "$@" "${argument%%=*}=$scratch/file" ;;
        *) set -- "$@" "$argument" ;;
    esac
done << END
$(sed 1d "$scratch/arguments")
END
ok 'the program takes them all' "$builddir/dydisnix-self-adapt" "$@" --version

# Mistakes.
while IFS='|' read -r name message; do
    is "$(value "wrong.$name" > "$scratch/said"; echo $?)" 1 "$name is refused"
    has "$(cat "$scratch/said")" "$message" 'and named'
done << 'END'
number-as-text|dydisnix-self-adapt.retryMin is not null or a positive integer
zero|dydisnix-self-adapt.interval is not
negative|dydisnix-self-adapt.grace is not
unknown-word|dydisnix-self-adapt.unreachable is not null or one of keep, skip, fail
no-percentage|dydisnix-self-adapt.maxTargetsLost is not
no-duration|dydisnix-self-adapt.resync is not
no-boolean|dydisnix-self-adapt.snapshot is not a boolean
no-stage|there is no option services.dydisnix-self-adapt.stageTimeout.deploy
no-list|dydisnix-self-adapt.plugins is not a list
no-option|there is no option services.dydisnix-self-adapt.retries
no-profile|dydisnix-self-adapt.profile is not
relative|dydisnix-self-adapt.qos is not a path
no-package|dydisnix-self-adapt.package is not a package
ids-elsewhere|dydisnix-self-adapt.ids is not
ids-alone|ids needs idResources
two-sources|exactly one of infrastructure, geninfra and geninfraStream
no-source|exactly one of infrastructure, geninfra and geninfraStream
key-in-store|everybody can read ssh.keyFile in the store
key-literal|dydisnix-self-adapt.ssh.keyFile is not
no-services|dydisnix-self-adapt.services is not a path
END

# The sandbox, and all else but what differs from system to system, such as where metrics lie.
settings() # FILE
{
    sed -n '/^\[Service\]/,/^\[Install\]/p' "$1" | sed -e ':a' -e '/\\$/{N; s/\\\n *//; ba' -e '}' |
        grep '^[A-Z]' | grep -vE '^(Exec|Environment|LoadCredential|ReadWritePaths=-)' | sed 's/=true$/=yes/' | sort
}
unit="$builddir/systemd/dydisnix-self-adapt@.service"
is "$(settings "$scratch/minimal.service")" \
    "$(settings "$unit" | sed 's,=.*/nix/profiles/,=/nix/var/nix/profiles/,')" 'the unit that is installed has it too'

# Tests in virtual machines.
for name in coordinator-lost machine-reappears; do
    text "machines.$name.script" > "$scratch/script"
    ok "the script of $name is Python" python3 -c 'compile(open(__import__("sys").argv[1]).read(), "it", "exec")' \
        "$scratch/script"
    is "$(text "machines.$name.unit" | arguments | grep -cE '^--[a-z]*=/nix/store/.*-(services|qos|infrastructure).nix')" 3 \
        'and its coordinator has models'
done

done_testing
