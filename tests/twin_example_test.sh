#!/bin/sh
# twin_example_test.sh PROGRAM - runs examples/twin_from_c in a new lab, and once more where one is already.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" "$folder/lab" >"$folder/out"
cat "$folder/out"
grep -q -- "- $(printf '/features/vitals/properties/heartRate 72')" "$folder/out"
grep -q -- '+ /features/vitals/properties/heartRate 118' "$folder/out"
grep -q 'sound; 2 twins, 3 events' "$folder/out"
code=0
"$1" "$folder/lab" 2>"$folder/err" || code=$?
[ "$code" -eq 1 ] && grep -q 'there is a lab here already' "$folder/err"
