#!/bin/sh
# convert_test.sh GEMEL JSON_VALUE - gemel ecg convert: every format into every other and back, and
# nothing of who the patient is after --anonymise.
gemel=$1
json_value=$2
. "$(dirname "$0")/check.sh"
. "$here/synthetic_ecg.sh"

formats="csv hea edf dcm json"
# Whatever of the planted facts may not survive, in every spelling that a format has for it.
planted='QXPLANT|4711-0815|1931.?05.?17|17.MAY.1931|1931-05|0309|03.09|09.03|09.MAR'

{
    echo '# patient_id: 4711-0815'
    echo '# patient_name: QXPLANTname'
    echo '# birth_date: 1931-05-17'
    echo '# age: 92'
    echo '# sex: female'
    echo '# height_cm: 166'
    echo '# acquired: 2024-03-09T22:33:44'
    echo '# device: QXPLANTward Twelve'
    echo '# device_id: QXPLANTserial'
    echo '# institution: QXPLANThospital'
    echo '# physician: QXPLANTdoctor'
    echo '# comment: QXPLANTremark'
    synthetic_ecg
} >source.csv

info() { "$gemel" ecg info "$1" --json >info.json || return 1; "$json_value" "$2" <info.json; }
info_is() { [ "$(info "$1" "$2")" = "$3" ]; }
# The samples in mV as a CSV of our own, without its comments.
samples() { "$gemel" -q ecg convert "$1" samples.csv && grep -v '^#' samples.csv; }
same_samples() { samples "$1" >one.txt && samples "$2" >two.txt && cmp one.txt two.txt && [ -s one.txt ]; }
holds() { cat "$1".* | grep -aiqE "$2"; }
holds_not() { ! holds "$1" "$2"; }

for to in $formats; do
    mkdir -p "plain/$to"
    check "CSV becomes $to" "$gemel" -q ecg convert source.csv "plain/$to/a.$to"
    check "with the same samples" same_samples source.csv "plain/$to/a.$to"
    check "and what it knew of sex" info_is "plain/$to/a.$to" patient.sex female
    check "and the planted facts (so that their absence later means something)" \
        holds "plain/$to/a" 'QXPLANT|4711-0815'
done
for from in $formats; do
    for to in $formats; do
        mkdir -p "from_$from/$to"
        check "$from becomes $to" "$gemel" -q ecg convert "plain/$from/a.$from" "from_$from/$to/b.$to"
        check "with the same samples" same_samples "plain/$from/a.$from" "from_$from/$to/b.$to"
        check "and, anonymised, $to" \
            "$gemel" -q ecg convert --anonymise "plain/$from/a.$from" "from_$from/$to/c.$to"
        check "with the same samples again" same_samples "plain/$from/a.$from" "from_$from/$to/c.$to"
        check "but nothing of who it was" holds_not "from_$from/$to/c" "$planted"
    done
done
check "an age above 89 became 90" info_is from_csv/csv/c.csv patient.age_years 90.0

# A clock of the epoch: 2024-03-09, in ms.
sed -n '1,/^t_ms/p' source.csv >late.csv
sed '1,/^t_ms/d' source.csv | awk -F, -v OFS=, '{ $1 = sprintf("%.0f", 1710023624000 + $1) } 1' >>late.csv
mkdir late
for to in $formats; do
    check "a file of absolute times, anonymised, becomes $to" \
        "$gemel" -q ecg convert --anonymise late.csv "late/c.$to"
done
check "without them" holds_not late/c '17100236|1710023|1\.71002'

sed 's/^t_ms,/t_ms,QXPLANTlead,/; s/^\([0-9]*\),/\1,0,/' source.csv >odd.csv
check "what the reader noticed is said" "$gemel" ecg convert odd.csv odd.hea
cp out message
check "with the value at fault" grep -q 'note: .*QXPLANTlead' message
check "and in --json" "$gemel" ecg convert odd.csv odd.hea --json
cp out odd.json
check "as a list" grep -q 'QXPLANTlead' odd.json
check "anonymised, how many are said" "$gemel" ecg convert --anonymise odd.csv odd.hea --json
cp out odd.json
check "as a note" grep -q '1 notes on IN' odd.json
check "which does not quote" sh -c '! grep -q QXPLANT odd.json'

check "an ending that no format writes is refused" exits 3 "$gemel" ecg convert source.csv b.xyz
cp err message
check "and those that do are named" grep -q 'edf' message
sed 's/^\([0-9]*\),[-0-9.]*/\1,9.87654321/' source.csv >fine.csv
check "counts beyond 16 bits are refused by EDF+" exits 3 "$gemel" ecg convert fine.csv fine.edf
cp err message
check "with channel and limit" grep -qE 'channel I.*3276[78]' message
check "and nothing is written" [ ! -e fine.edf ]
check "but not by WFDB" "$gemel" -q ecg convert fine.csv fine.hea
check "which keeps them" same_samples fine.csv fine.hea
checked
