#!/bin/sh
# robustness.sh DELINEATION [FIRST LAST] - how the figures of the delineation fall when the records of LUDB
# are disturbed: one row a disturbance (bench/disturb.h), over all leads that are left.
set -eu
program=$1 first=${2:-1} last=${3:-140}

row() {
    name=$1
    shift
    "$program" "$first" "$last" "$@" | awk -v name="$name" '
        /^all leads/ { all = 1 } /^lead ii/ { all = 0 }
        all && $1 == "P" && NF == 6 { p = $5 " " $6 } all && $1 == "QRS" && NF == 6 { q = $5 " " $6 }
        all && $1 == "T" && NF == 6 { t = $5 " " $6 } all && /mean F1/ { f = $3 }
        all && $1 == "QRS" && $2 == "on" { on = $5 } all && $1 == "T" && $2 == "off" { off = $5 }
        END { split(q, Q, " "); split(p, P, " "); split(t, T, " ")
              printf "%-22s %6s %6s  %6s %6s  %6s %6s  %6.2f %6.2f  %s\n", name, Q[1], Q[2], P[1], P[2], T[1], T[2], on, off, f }'
}

echo "LUDB $first-$last, all leads: Se and PPV in %, SD by record in ms, mean F1 of six bounds"
printf '%-22s %6s %6s  %6s %6s  %6s %6s  %6s %6s  %s\n' disturbance 'QRS Se' PPV 'P Se' PPV 'T Se' PPV 'SD Qon' 'SD Tof' F1
row "as recorded"
for kind in wander muscle motion mains50 mains60; do
    for db in 24 18 12 6 0; do
        row "$kind $db dB" --disturb "$kind=$db"
    done
done
for factor in 0.2 0.5 2 5; do row "amplitude x $factor" --disturb "scale=$factor"; done
for rate in 250 360 1000 2000; do row "$rate Hz" --disturb "rate=$rate"; done
for leads in 4 2 1; do row "$leads of 8 leads" --disturb "leads=$leads"; done
