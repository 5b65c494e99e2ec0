#!/bin/sh
# cli_test.sh GEMEL JSON_VALUE - what a user and a program can rely on at the command line.
. "$(dirname "$0")/it.sh"

it "--version names program and version" 0 --version
and "on one line" grep -Eqx 'gemel [0-9]+\.[0-9]+\.[0-9]+' out
it "--help lists verbs" 0 --help
and "with ecg measure" grep -q 'ecg measure' out
it "a noun's help lists its verbs" 0 ecg --help
and "with measure" grep -q 'measure' out
it "a verb's help may stand anywhere" 0 --help ecg measure
and "and says its usage" grep -q 'usage: gemel ecg measure' out
it "help takes a noun and a verb" 0 help ecg measure
it "help of an unknown noun is a wrong call" 2 help spleen
it "the manual page is troff" 0 help --man
and "with a section of verbs" grep -q '^\.SH VERBS' out
it "the completion is a script" 0 completion bash
and "that bash accepts" sh -c 'command -v bash >/dev/null || exit 0; bash -n out'

it "nothing to do is a wrong call" 2
and "said on standard error" grep -q 'gemel: nothing to do' err
and "and nothing on standard output" empty out
it "an unknown noun is a wrong call" 2 spleen fit
it "an unknown verb is a wrong call" 2 ecg measur
and "and the nearest is proposed" grep -q 'did you mean "measure"' err
it "an unknown option is a wrong call" 2 ecg measure --svgg x file
and "and the nearest is proposed" grep -q 'did you mean --svg' err
it "a number out of range is a wrong call" 2 ecg measure --threads 9999 file
and "said with the range" grep -q 'allowed 0 to 256' err
it "a missing word is a wrong call" 2 ecg measure
and "that says which" grep -q 'gemel ecg measure: missing: FILE' err
it "a word too many is a wrong call" 2 ecg measure a b

it "with --json an error is one JSON document" 2 --json spleen
and "on standard output" is_json
and "with its status" json_is error.status GM_EUSAGE
and "and the message also on standard error" grep -q spleen err

it "a file that does not exist is bad input" 3 ecg measure no-such-file.csv --json
and "and is named in the document" sh -c "'$json_value' error.message <out | grep -q no-such-file"


. "$here/synthetic_ecg.sh"
synthetic_ecg >ecg.csv
it "an ECG is measured" 0 ecg measure ecg.csv
and "for people" grep -q '75 /min' out
and "with its uncertainty" grep -q 'heart rate .*/min +- 0' out
it "the same for programs" 0 ecg measure ecg.csv --json --threads 1
and "is one JSON document" is_json
and "in which numbers say how sure they are" \
    sh -c "'$json_value' uncertainties.rr_ms.sd <out | grep -q '^[0-9]'"
and "and whether to trust them" \
    sh -c "'$json_value' uncertainties.sdnn_ms.do_not_trust <out | grep -q 'too few intervals'"
cp out one.json
it "and again with two threads" 0 ecg measure ecg.csv --json --threads 2
and "gives the same" cmp out one.json
it "its drawing is asked for" 0 ecg measure ecg.csv --svg ecg.svg
and "and is an SVG" grep -q '<svg' ecg.svg
it "a sheet is drawn as PDF" 0 ecg view ecg.csv -o sheet.pdf
and "which it is" grep -q '^%PDF' sheet.pdf
it "and a page with the sheet in it" 0 ecg view ecg.csv -o sheet.html
and "before the measurements" grep -q 'class="sheet"><img' sheet.html
and "with their limits" grep -q '60 to 100' sheet.html
printf 'odd 2 250 2500\nodd.dat 16 200 16 0 0 0 0 ECG2\nodd.dat 16 200 16 0 0 0 0 MLII\n' >odd.hea
printf "$(awk 'BEGIN { for (i = 0; i < 2500; i++) { p = (4 * i + 400) % 800
    v = int(p < 40 ? 5 * p : p < 80 ? 400 - 5 * p : 0)
    printf "\\%03o\\000\\%03o\\000", v, v / 2 } }')" >odd.dat
it "channels that are none of the twelve leads are drawn" 0 ecg view odd.hea -o odd.html
and "under their own names" sh -c "grep -q ECG2 odd.html && grep -q '\"title\":\"MLII\"' odd.html"
it "a place to draw is needed" 2 ecg view ecg.csv
it "whose ending says the format" 3 ecg view ecg.csv -o sheet.doc
and "of those that exist" grep -q 'allowed are .html, .svg, .pdf and .png' err
it "a file says what it holds" 0 ecg info ecg.csv --json
and "and what it does not say is unknown" grep -q '"birth_date": null' out
{
    printf '# device_rr_ms: 982\n# device_qrs_axis_deg: -52\n'
    awk -F, -v OFS=, 'NR > 1 { $1 += 250 } 1' ecg.csv
} >said.csv
it "what the device measured and when it began is said" 0 ecg info said.csv
and "the one" grep -q 'device says *RR 982 ms, QRS axis -52 deg$' out
and "and the other" grep -q 'from 250 ms$' out
it "as for programs" 0 ecg info said.csv --json
and "the one" sh -c "[ \"\$('$json_value' device_says.rr_ms <out)\" = 982.0 ]"
and "what it did not say" sh -c "[ \"\$('$json_value' device_says.pr_ms <out)\" = null ]"
and "and the other" sh -c "[ \"\$('$json_value' first_ms <out)\" = 250.0 ]"
printf 'two 2 100 4\ntwo.dat 16x1 200 16 0 0 0 0 II\ntwo.dat 16x2 200 16 0 0 0 0 RESP\n' >two.hea
printf '\001\000\002\000\000\200\001\000\002\000\003\000\001\000\002\000\003\000\001\000\002\000\003\000' >two.dat
it "what a reader noticed of another waveform is said" 0 ecg info two.hea
and "with its name" grep -q 'note: channel RESP: 1 of 8 samples are missing' out
it "and for programs" 0 ecg info two.hea --json
and "where that waveform is" sh -c "'$json_value' other_waveforms.0.notes.0 <out | grep -q RESP"
it "an ending that no format writes is refused" 3 ecg convert ecg.csv ecg.xyz
it "a drawing that cannot be written fails" 1 ecg measure ecg.csv --svg /proc/none/ecg.svg
and "and is named" grep -q '/proc/none/ecg.svg' err
it "quietly" 0 -q ecg measure ecg.csv
and "nothing is said beside the answer" empty err

# The first signal asks a long task to stop: exit code 130, and nothing is left behind.
"$gemel" heart build --edge-mm 1.2 -o half >out 2>err </dev/null &
task=$!
waited=0
until grep -q '%' err || [ $waited -ge 300 ]; do sleep 0.1; waited=$((waited + 1)); done
kill -TERM $task
wait $task
got=$?
and "a task that is asked to stop ends with 130" [ $got -eq 130 ]
and "and says so" grep -q 'interrupted' err
and "and leaves no folder" [ ! -e half ]

# Every verb explains itself, in --help and in the manual page.
"$gemel" --help | awk '/^verbs:/ { on = 1; next } /^$/ { on = 0 } on && /^  [a-z]/ { print $1, $2 }' |
    grep -Ev '^(help|completion) ' >verbs
"$gemel" help --man >man
while read -r noun verb; do
    it "help of $noun $verb" 0 help "$noun" "$verb"
    and "says its usage" grep -q "usage: gemel $noun $verb" out
    and "and the manual has it" grep -q "gemel $noun $verb" man
done <verbs

counted
