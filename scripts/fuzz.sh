#!/bin/sh
# fuzz.sh [SECONDS] [NAME...] - build the preset "fuzz" and run every target (or those named) that
# long on its corpus. Fails on a finding; the input that shows it is kept in build/fuzz/findings/.
# Arguments for CMake (e.g. -DGM_SHARED_DIR=...) may be put in GM_CMAKE_ARGS.
set -e
cd "$(dirname "$0")/.."
seconds=${1:-60}
[ $# -gt 0 ] && shift
build=build/fuzz
cmake --preset fuzz $GM_CMAKE_ARGS >/dev/null
names=${*:-$(cat $build/fuzz/targets.txt)}
[ -n "$names" ] || { echo "no fuzz target"; exit 1; }
cmake --build --preset fuzz --target $(for n in $names; do echo "fuzz_$n"; done)
mkdir -p $build/findings

failed=
for name in $names; do
    # What the fuzzer finds worth keeping goes into the first folder, not into the repository.
    mkdir -p "$build/corpus/$name"
    log=$build/findings/$name.log
    if "$build/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
        -max_len=65536 -print_final_stats=1 -artifact_prefix="$build/findings/$name-" \
        "$build/corpus/$name" "fuzz/corpus/$name" >"$log" 2>&1; then
        echo "$name: no finding in $seconds s, $(awk '/number_of_executed_units/ {print $2}' "$log") runs"
    else
        failed="$failed $name"
        echo "$name: FINDING, see $log"
        grep -E 'ERROR|SUMMARY|Test unit written' "$log" || tail -5 "$log"
    fi
done
[ -z "$failed" ] || { echo "findings in:$failed"; exit 1; }
