#!/bin/sh
# delineation_test.sh DELINEATION DATA - the delineation on the records of LUDB that nothing was learnt
# from, against the marks of cardiologists: the published best, see docs/models/ecg_waves.md.
set -u
program=$1 data=$2
if [ ! -e "$data/data/ecg/ludb/data/140.hea" ]; then
    echo "skipped: LUDB is not in $data"
    [ -z "${GM_NO_SKIP:-}" ]
    exit
fi
"$program" 101 140 >figures.txt || exit 1
cat figures.txt
awk '
    function check(what, value, least, most) {
        if (value >= least && value <= most) passed++
        else { failed++; print "FAIL " what ": " value ", allowed " least " to " most }
    }
    /^all leads/ { scope = "all leads" } /^lead ii/ { scope = "lead ii" }
    scope == "all leads" && NF == 6 && $1 ~ /^(P|QRS|T)$/ {
        check($1 " Se", $5, $1 == "QRS" ? 99.5 : $1 == "T" ? 97 : 90, 100)
        check($1 " PPV", $6, $1 == "QRS" ? 99.5 : 96, 100)
    }
    scope == "lead ii" && $2 ~ /^(on|off)$/ { sd[$1 " " $2] = $5 }
    /mean F1/ { check(scope " mean F1", $3, 0.95, 1) }
    END {
        check("SD of QRS on", sd["QRS on"], 0, 7.7); check("SD of QRS off", sd["QRS off"], 0, 8.7)
        check("SD of P on", sd["P on"], 0, 14.8); check("SD of P off", sd["P off"], 0, 12.8)
        check("SD of T off", sd["T off"], 0, 18.1)
        print passed + 0 " passed, " failed + 0 " failed, 0 skipped"
        exit failed > 0 || passed < 13
    }' figures.txt
