# check.sh - for shell tests to include: makes and enters a folder that goes away at the end, counts.
#
#   check "sentence" COMMAND...   passes if the command does; its output is in out and err
#   exits CODE COMMAND...         does if the command exits so
#   checked                       last line of a test: prints the counts, fails if any failed
set -u
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
passed=0 failed=0

check() {
    sentence=$1
    shift
    if "$@" >out 2>err </dev/null; then
        passed=$((passed + 1)); echo "ok   $sentence"
    else
        failed=$((failed + 1)); echo "FAIL $sentence"; head -20 out err
    fi
}
exits() { expected=$1; shift; "$@"; [ $? -eq "$expected" ]; }
checked() {
    echo "$passed passed, $failed failed, 0 skipped"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
