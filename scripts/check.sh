#!/bin/sh
# check.sh - the gates that read the sources: layout, lengths, static analysis. Quiet when all is well.
set -eu
cd "$(dirname "$0")/.."
bad=0
sources=$(find src include fuzz bench tests examples -name '*.[ch]' -o -name '*.cc' | sort)

# shellcheck disable=SC2086
clang-format --dry-run -Werror $sources || { echo "check: run clang-format -i on these"; bad=1; }

# Files: aim at 600 lines, not over 700; functions (a brace at the start of a line to one at the start of a line)
# not over 80.
# shellcheck disable=SC2086
awk '
    FNR == 1 { if (name != "" && lines > 700) { print name ": " lines " lines, allowed 700"; bad = 1 }
               name = FILENAME; inside = 0 }
    { lines = FNR }
    /^\{/ { inside = FNR }
    /^\}/ { if (inside && FNR - inside - 1 > 80) {
                print FILENAME ":" inside ": a function of " FNR - inside - 1 " lines, allowed 80"; bad = 1 }
            inside = 0 }
    END { if (lines > 700) { print name ": " lines " lines, allowed 700"; bad = 1 }; exit bad }
' $sources || bad=1

# Tests are left out: they look at pointers after having expected them.
# shellcheck disable=SC2046
cppcheck --quiet --std=c11 --std=c++17 --enable=warning,portability --inline-suppr --force \
    --max-configs=1 -j "$(nproc)" --error-exitcode=1 --suppressions-list=tools/cppcheck.supp \
    -D__x86_64__ -DGM_VERSION='"0"' -I src/base -I src/formats -I src/engine -I src/twins -I src/app \
    -I include $(find src -name '*.c' -o -name '*.cc' | grep -v '_test\.c$' | sort) || bad=1
exit $bad
