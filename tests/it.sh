# it.sh - for tests of the command line to include, with the program and json_value as $1 and $2: makes and
# enters a folder that goes away at the end, counts.
#
#   it "sentence" CODE WORDS...     runs gemel into out and err, expects the exit code
#   and "sentence" COMMAND...       about the last run
#   counted                         last line of a test: prints the counts, fails if any failed
set -u
gemel=$1
json_value=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
here=$(cd "$(dirname "$0")" && pwd)
cd "$folder" || exit 1
passed=0 failed=0
export GEMEL_CACHE=

it() {
    sentence=$1 expected=$2
    shift 2
    "$gemel" "$@" >out 2>err </dev/null
    got=$?
    if [ "$got" -eq "$expected" ]; then
        passed=$((passed + 1)); echo "ok   $sentence"
    else
        failed=$((failed + 1)); echo "FAIL $sentence: exit code $got, expected $expected"
        sed 's/^/     /' out err | head -20
    fi
}
and() {
    sentence=$1
    shift
    if "$@" >checked 2>&1; then
        passed=$((passed + 1)); echo "ok     $sentence"
    else
        failed=$((failed + 1)); echo "FAIL   $sentence"; head -20 out err checked
    fi
}
is_json() { "$json_value" <out; }
json_is() { [ "$("$json_value" "$1" <out)" = "$2" ]; }
empty() { [ ! -s "$1" ]; }
counted() {
    echo "$passed passed, $failed failed, 0 skipped"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
