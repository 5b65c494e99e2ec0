#!/bin/sh
# bench.sh [NAME...] - runs the programs of bench/ in build/release (all, or those named).
set -eu
cd "$(dirname "$0")/.."
found=0
for program in build/release/bench/bench_*; do
    [ -f "$program" ] && [ -x "$program" ] || continue
    name=${program##*/bench_}
    case " ${*:-$name} " in *" $name "*) ;; *) continue ;; esac
    found=$((found + 1))
    echo "== $name"
    "$program"
done
[ "$found" -gt 0 ] || { echo "bench: nothing to run${*:+ called $*}" >&2; exit 1; }
