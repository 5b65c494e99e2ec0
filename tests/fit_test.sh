#!/bin/sh
# fit_test.sh GEMEL JSON_VALUE - from a built heart to its ECG and back to a twin, as a user would.
gemel=$1
json_value=$2
. "$(dirname "$0")/check.sh"
export GEMEL_CACHE="$folder/cache"
all_there() { for f in "$@"; do [ -s "$f" ] || { echo "$f is missing"; return 1; }; done; }

cat >params.json <<'P'
{"sites": [{"uvc": {"ventricle": "lv", "ab": 0.45, "rt": 0.85}, "onset_ms": 100},
           {"uvc": {"ventricle": "lv", "ab": 0.6, "rt": 0.3}, "onset_ms": 104},
           {"uvc": {"ventricle": "rv", "ab": 0.4, "rt": 0.4}, "onset_ms": 108}],
 "v_f_m_s": 0.65, "v_t_ratio": 0.42, "fast_layer_factor": 2.2,
 "apd": {"min_ms": 225, "max_ms": 290, "g_ab": 0.4, "g_tm": -0.8}}
P
check "a heart is built" "$gemel" -q heart build --edge-mm 5 -o heart
check "its ECG is made" "$gemel" -q heart forward heart/case.json params.json -o truth
check "and measured again" "$gemel" -q ecg measure truth/ecg.csv

fit="$gemel -q heart fit heart/case.json --ecg truth/ecg.csv --evaluations 80 --seed 3"
check "a twin is fitted" $fit -o twin
check "with all its files" all_there twin/twin.json twin/params.json twin/activation_ms.txt \
    twin/activation_sd_ms.txt twin/ecg.csv twin/heart.vtu twin/report.html twin/ensemble/001/params.json
check "its activation has one number a node" sh -c \
    '[ "$(wc -l <twin/activation_ms.txt)" -eq "$(head -1 heart/heart.pts)" ]'
check "its ECG has the twelve leads" sh -c \
    'head -1 twin/ecg.csv | grep -qx "t_ms,I,II,III,aVR,aVL,aVF,V1,V2,V3,V4,V5,V6"'
check "twin.json is one document" sh -c "'$json_value' <twin/twin.json"
check "the best twin can be played again" "$gemel" -q heart forward heart/case.json twin/params.json -o again
check "one thread gives the same twin" sh -c "$fit --threads 1 --json -o one >one.json &&
    cmp one/activation_ms.txt twin/activation_ms.txt && cmp one/activation_sd_ms.txt twin/activation_sd_ms.txt &&
    cmp one/ecg.csv twin/ecg.csv && cmp one/params.json twin/params.json"
check "and --json prints one document" sh -c "'$json_value' <one.json"
check "a fit without an ECG is a wrong call" exits 2 "$gemel" heart fit heart/case.json -o none
check "the demo without an ECG makes a patient and says so" sh -c \
    "'$gemel' -q heart demo --edge-mm 5 --evaluations 80 -o demo && test -s demo/report.html"
check "in words" grep -q 'virtual patient' demo/twin.json
check "it is kept as a twin in a lab" "$gemel" -q heart keep demo --lab lab --twin heart:demo
check "and again as a new revision" sh -c \
    "'$gemel' heart keep demo --lab lab --twin heart:demo --json | '$json_value' revision | grep -qx 3"
check "it answers a what-if in a branch" "$gemel" heart what-if heart:demo heart:slow --lab lab --speed 0.7 --json
check "with a longer activation" sh -c "[ \$('$json_value' activation_ms <out | cut -d. -f1) -gt \
    \$('$json_value' activation_before_ms <out | cut -d. -f1) ]"
check "which the branch keeps" sh -c \
    "'$gemel' twin show heart:slow --lab lab | grep -q '\"speed_factor\": 0.7'"
check "and the twin has not" sh -c "! '$gemel' twin show heart:demo --lab lab | grep -q speed_factor"
check "a site that is not there is refused" exits 2 "$gemel" heart what-if heart:demo heart:x --lab lab --site 99
check "a fit on a case of its own is kept" "$gemel" -q heart keep twin --lab lab --twin heart:own
check "and says what it lacks for a what-if" exits 1 "$gemel" heart what-if heart:own heart:y --lab lab
check "the lab is sound" "$gemel" lab check lab

checked
