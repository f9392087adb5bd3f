#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A model that cannot be evaluated is tried again with back-off, however often the loop looks at it.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/share/host.sh"

# The loop has looked at the model so often.
looked() # TIMES
{
    logged "$1" 'Using infrastructure model'
}

failed() # TIMES: in detect
{
    is "$(grep -cF 'the stage detect failed' "$log")" "$1" "$2"
}

ln -sf "$models/infrastructure.nix" "$answers/generate"

# A back-off that nobody lives to see the end of, and a loop that looks every second.
for source in '--infrastructure --snapshot' '--infrastructure' '--geninfra'; do
    echo '{ test1 = throw "no"; }' > "$models/infrastructure.nix"
    case $source in
        --infrastructure*) set -- -i "$models/infrastructure.nix" ${source#--infrastructure} ;;
        *) set -- --geninfra=generate ;;
    esac
    start "$@" --verbose --interval=1 --retry-min=3600 --retry-max=3600
    ok "$source: a model that cannot be evaluated" wait_for 60 logged 1 'the stage detect failed'
    case $source in
        --infrastructure)
            kill -HUP "$loop"
            ok 'is evaluated again when somebody asks for it' wait_for 60 logged 2 'the stage detect failed'
            ;;
        *)
            ok 'is looked at again and again' wait_for 60 looked 4
            failed 1 'and not evaluated before its time'
            ;;
    esac
    echo '{ test1 = throw "neither"; }' > "$models/infrastructure.nix"
    ok 'another one' wait_for 60 logged 1 'neither'
    write_model test1
    ok 'and one that can be' wait_for 60 logged 1 'Redeploying the system'
    end_loop
done

# It is tried again while nothing changes: what it imports may have.
echo '{ test1 = throw "no"; }' > "$models/imported.nix"
echo 'import ./imported.nix' > "$models/infrastructure.nix"
start -i "$models/infrastructure.nix" --snapshot --interval=1 --retry-min=2 --retry-max=2
wait_for 60 logged 1 'the stage detect failed'
echo '{ test1.properties.hostname = "test1"; }' > "$models/imported.nix"
ok 'a model whose import is mended is found by the back-off' wait_for 60 logged 1 'Redeploying the system'
end_loop

# Time that has passed already is not waited for.
cat > "$scratch/slow" << 'EOF2'
#!/bin/sh
[ "$1" = cycle_finished ] || exit 2
sleep 2
EOF2
chmod +x "$scratch/slow"
echo '{ test1 = throw "no"; }' > "$models/infrastructure.nix"
start -i "$models/infrastructure.nix" --snapshot --interval=60 --retry-min=1 --retry-max=1 --plugin="script:$scratch/slow"
ok 'a back-off that is over before the cycle is' wait_for 60 logged 2 'the stage detect failed'
lacks "$(cat "$log")" 'Waiting for 0' 'is no waiting'
end_loop

done_testing
