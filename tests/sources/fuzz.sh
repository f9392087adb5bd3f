#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every fuzz target on what it begins with and on what was once found, and a fixed number of executions from there
# that is the same each time. `make fuzz` goes on for longer; see tests/fuzz/README.md.
. "$srcdir/tests/share/functions.sh"
. "$srcdir/tests/fuzz/inputs"

[ -n "$fuzz_targets" ] || skip_all 'there is no clang with libFuzzer'

for target in $fuzz_targets; do
    gather_inputs "$target" "$scratch/inputs/$target"
    mkdir -p "$scratch/corpus/$target"
    ok "$target: all seeds and past findings, $(ls "$scratch/inputs/$target" | wc -l)" \
        "$builddir/fuzz/$target" -timeout=60 -artifact_prefix="$scratch/" "$scratch/inputs/$target"/*
    case $target in
        answers | decision) runs=3000 ;; # whole reconstructions, two for each
        journal) runs=5000 ;; # most of a page for each
        *) runs=20000 ;;
    esac
    ok "$target: $runs executions find nothing" \
        run_target "$target" "$builddir/fuzz/$target" -runs="$runs" -seed=1 -artifact_prefix="$scratch/" \
        "$scratch/corpus/$target" "$scratch/inputs/$target"
done

done_testing
