#!/bin/sh
# example_test.sh PROGRAM - runs examples/ecg_from_c on a made ECG and looks at what it prints.
set -eu
. "$(dirname "$0")/synthetic_ecg.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
synthetic_ecg >"$folder/ecg.csv"
"$1" "$folder/ecg.csv" >"$folder/out"
cat "$folder/out"
grep -q '2500 samples at 250 Hz' "$folder/out"
grep -Eq '^aVF +-0\.[0-9]+ to +[0-9.]+ mV|^aVF +0\.000 to +0\.7' "$folder/out"
grep -Eq '75(\.[0-9])? */min' "$folder/out" # a beat each 800 ms
code=0
"$1" "$folder/none.csv" 2>"$folder/err" || code=$?
[ "$code" -eq 1 ] && grep -q 'none\.csv' "$folder/err"
