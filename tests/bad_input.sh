#!/bin/sh
# bad_input.sh GEMEL ecg|mesh|heart|fit - malformed ECGs, meshes and case files, each made here, each
# refused with exit code 3 and a message that names the file and what is wrong in it. Beside them the
# sound originals, so that a refusal is known to come from the fault.
set -u
gemel=$1
part=$2
. "$(dirname "$0")/synthetic_ecg.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
passed=0 failed=0
export GEMEL_CACHE=

# expect CODE "sentence" "fragment of the message" WORDS...
expect() {
    code=$1 sentence=$2 fragment=$3
    shift 3
    "$gemel" "$@" >out 2>err </dev/null
    got=$?
    if [ "$got" -eq "$code" ] && { [ -z "$fragment" ] || grep -qiE -e "$fragment" err; }; then
        passed=$((passed + 1)); echo "ok   $sentence"
    else
        failed=$((failed + 1))
        echo "FAIL $sentence: exit code $got, expected $code; message should have \"$fragment\":"
        sed 's/^/     /' err | head -5
    fi
}
# noise N: that many bytes, the same each time.
noise() { LC_ALL=C awk -v n="$1" 'BEGIN { srand(7); while (n--) printf "%c", int(256 * rand()) }'; }
accept() { sentence=$1; shift; expect 0 "$sentence" '' "$@"; }
refuse() { expect 3 "$@"; }

# ---- ECGs ----------------------------------------------------------------------------------------

ecg() {
    synthetic_ecg >good.csv
    accept "a sound CSV is measured" ecg measure good.csv

    : >empty.csv
    refuse "an empty file" 'empty\.csv' ecg measure empty.csv
    refuse "a file that does not exist" 'nowhere\.csv' ecg measure nowhere.csv
    noise 5000 >noise.bin
    refuse "noise" 'noise\.bin' ecg measure noise.bin
    head -1 good.csv >header_only.csv
    refuse "a table without rows" 'header_only\.csv' ecg measure header_only.csv
    sed '1200s/^\([^,]*\),[^,]*/\1,abc/' good.csv >word.csv
    refuse "a word among the numbers" 'word\.csv:1200' ecg measure word.csv
    sed '700s/,[^,]*$//' good.csv >ragged.csv
    refuse "a row with a column missing" 'ragged\.csv:700' ecg measure ragged.csv
    sed '1s/.*/t_ms,a,b,c,d,e,f,g,h/' good.csv >leads.csv
    refuse "no lead of the twelve" 'leads\.csv' ecg measure leads.csv
    sed '1s/.*/t_ms,I,I,V1,V2,V3,V4,V5,V6/' good.csv >twice.csv
    refuse "one lead twice" 'twice\.csv' ecg measure twice.csv
    sed '900s/^[^,]*/12/' good.csv >back.csv
    refuse "time that runs backwards" 'back\.csv' ecg measure back.csv
    sed '900s/^[^,]*/nan/' good.csv >nan_time.csv
    refuse "a time that is not a number" 'nan_time\.csv' ecg measure nan_time.csv
    awk -F, -v OFS=, 'NR > 1 { for (i = 2; i <= NF; i++) $i *= 1e6 } 1' good.csv >microvolt.csv
    refuse "nanovolts taken for millivolts" 'microvolt\.csv' ecg measure microvolt.csv
    awk -F, -v OFS=, 'NR > 1 { $1 = $1 / 1e9 } 1' good.csv >fast.csv
    refuse "an absurd sampling rate" 'fast\.csv' ecg measure fast.csv
    head -3 good.csv >short.csv
    refuse "a record too short for a beat" 'short\.csv' ecg measure short.csv

    wfdb() { printf '%b' "$2" >"$1.hea"; head -c "${3:-6000}" /dev/zero >"$1.dat"; }
    wfdb w_cut 'w_cut 2 250 1000\nw_cut.dat 16 200 12 0 0 0 0 I\n'
    refuse "a WFDB header with a signal missing" 'w_cut' ecg measure w_cut.hea
    wfdb w_short 'w_short 1 250 100000\nw_short.dat 16 200 12 0 0 0 0 I\n'
    refuse "a WFDB signal file that ends early" 'w_short' ecg measure w_short.hea
    wfdb w_format 'w_format 1 250 1000\nw_format.dat 999 200 12 0 0 0 0 I\n'
    refuse "a WFDB format that nobody knows" '999' ecg measure w_format.hea
    wfdb w_many 'w_many 99999999 250 1000\nw_many.dat 16 200 12 0 0 0 0 I\n'
    refuse "an absurd count of signals" 'w_many' ecg measure w_many.hea
    wfdb w_rate 'w_rate 1 -250 1000\nw_rate.dat 16 200 12 0 0 0 0 I\n'
    refuse "a negative rate" 'w_rate' ecg measure w_rate.hea
    printf 'w_gone 1 250 1000\nw_gone.dat 16 200 12 0 0 0 0 I\n' >w_gone.hea
    refuse "a signal file that does not exist" 'w_gone\.dat' ecg measure w_gone.hea

    { head -c 128 /dev/zero; printf 'DICM'; } >d_empty.dcm
    refuse "a DICOM file that ends after its mark" 'd_empty\.dcm' ecg measure d_empty.dcm
    { head -c 128 /dev/zero; printf 'DICM'; noise 4000; } >d_noise.dcm
    refuse "a DICOM mark before noise" 'd_noise\.dcm' ecg measure d_noise.dcm
}

# ---- meshes --------------------------------------------------------------------------------------
# A cube of 20 mm in six tets with fibres along x, as openCARP writes it (um).
cube() {
    printf '8\n0 0 0\n20000 0 0\n0 20000 0\n20000 20000 0\n0 0 20000\n20000 0 20000\n0 20000 20000\n20000 20000 20000\n' >"$1.pts"
    printf '6\nTt 0 1 3 7 1\nTt 0 5 1 7 1\nTt 0 3 2 7 1\nTt 0 2 6 7 1\nTt 0 4 5 7 1\nTt 0 6 4 7 1\n' >"$1.elem"
    printf '1\n1 0 0\n1 0 0\n1 0 0\n1 0 0\n1 0 0\n1 0 0\n' >"$1.lon"
}
# broken NAME SUFFIX SED-SCRIPT: a cube with one file changed.
broken() { cube "$1"; sed -i "$3" "$1.$2"; }

mesh() {
    cube good
    accept "a sound mesh passes" mesh check good

    broken m_cut pts '6,$d';                   refuse "points that end early" 'm_cut\.pts' mesh check m_cut
    broken m_nan pts '4s/.*/nan 0 0/';         refuse "a point that is not a number" 'm_nan\.pts:4' mesh check m_nan
    broken m_count elem '1s/.*/7/';            refuse "fewer elements than counted" 'm_count\.elem' mesh check m_count
    broken m_huge elem '1s/.*/999999999999/';  refuse "an absurd count of elements" 'm_huge\.elem' mesh check m_huge
    broken m_minus pts '1s/.*/-8/';            refuse "a negative count of points" 'm_minus\.pts' mesh check m_minus
    broken m_index elem '3s/7/8/';             refuse "a node that does not exist" 'm_index' mesh check m_index
    broken m_turn elem '4s/.*/Tt 0 2 3 7 1/';  refuse "an element turned inside out" 'm_turn.*(tet|element) 2' mesh check m_turn
    broken m_flat elem '2s/.*/Tt 0 1 3 1 1/';  refuse "an element with a node twice" 'm_flat' mesh check m_flat
    broken m_type elem '2s/.*/Hx 0 1 3 7 4 5 6 2 1/'; refuse "an element that is no tetrahedron" 'm_type\.elem:2' mesh check m_type
    broken m_lone pts '1s/8/9/;$a 5000 5000 90000'; refuse "a node that no element uses" 'm_lone.*node' mesh check m_lone
    broken m_fibre lon '$d';                   refuse "a fibre missing" 'm_fibre\.lon' mesh check m_fibre
    broken m_zero lon '3s/.*/0 0 0/';          refuse "a fibre without direction" 'm_zero' mesh check m_zero
    broken m_word lon '3s/.*/1 zero 0/';       refuse "a word among the fibres" 'm_word\.lon:3' mesh check m_word
    cube m_gone; rm m_gone.elem;               refuse "no element file" 'm_gone' mesh check m_gone
    : >m_empty.vtk;                            refuse "an empty VTK file" 'm_empty\.vtk' mesh check m_empty.vtk
    printf '# vtk DataFile Version 3.0\nx\nASCII\nDATASET UNSTRUCTURED_GRID\nPOINTS 4 double\n0 0 0 1 0' >m_cut.vtk
    refuse "a VTK file that ends early" 'm_cut\.vtk' mesh check m_cut.vtk
    printf '<?xml version="1.0"?><VTKFile type="UnstructuredGrid"><UnstructuredGrid><Piece NumberOfPoints="4"' >m_cut.vtu
    refuse "a VTU file that ends early" 'm_cut\.vtu' mesh check m_cut.vtu
    printf '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;&b;</x>' >m_bomb.vtu
    refuse "a VTU file with entities" 'm_bomb\.vtu' mesh check m_bomb.vtu
    printf '4 3 0 0\n1 0 0 0\n2 1 0 0\n3 0 1 0\n4 0 0 1\n' >m_tet.node; printf '1 4 0\n1 1 2 3 5\n' >m_tet.ele
    refuse "a TetGen element with a node that does not exist" 'm_tet' mesh check m_tet.node
}

# ---- cases and parameters ------------------------------------------------------------------------
electrodes() {
    printf 'name,x,y,z\nRA,-80,10,100\nLA,100,10,100\nLL,60,10,-150\nV1,-20,-60,20\nV2,0,-60,20\nV3,20,-60,10\nV4,50,-50,0\nV5,70,-20,0\nV6,80,10,0\n'
}

good_case='{"mesh": "good", "electrodes": "electrodes.csv"}'
good_params='{"sites": [{"node": 0, "onset_ms": 0}], "v_f_m_s": 0.6, "v_t_ratio": 0.5}'

# bad_case / bad_params "sentence" "fragment" "the whole document"
n=0
bad_case() {
    n=$((n + 1))
    printf '%s' "$3" >"case_$n.json"
    refuse "$1" "$2" heart forward "case_$n.json" good_params.json -o out_bad
}
bad_params() {
    n=$((n + 1))
    printf '%s' "$3" >"params_$n.json"
    refuse "$1" "params_$n\\.json.*$2" heart forward good_case.json "params_$n.json" -o out_bad
}
# bad_electrodes "sentence" "fragment" SED-SCRIPT
bad_electrodes() {
    n=$((n + 1))
    electrodes | sed "$3" >"electrodes_$n.csv"
    bad_case "$1" "$2" "{\"mesh\": \"good\", \"electrodes\": \"electrodes_$n.csv\"}"
}

heart() {
    cube good
    broken m_turn elem '4s/.*/Tt 0 2 3 7 1/'
    noise 5000 >noise.bin
    electrodes >electrodes.csv
    printf '%s' "$good_case" >good_case.json
    printf '%s' "$good_params" >good_params.json
    accept "a sound case runs" heart forward good_case.json good_params.json -o out_good

    refuse "a case that does not exist" 'nowhere\.json' heart forward nowhere.json good_params.json -o out_bad
    bad_case "a case that ends early" 'case_[0-9]*\.json:1' '{"mesh": "good", '
    bad_case "an unknown key" 'unknown key "electrode"' '{"mesh": "good", "electrode": "electrodes.csv"}'
    bad_case "a key twice" 'duplicate' '{"mesh": "good", "mesh": "good", "electrodes": "electrodes.csv"}'
    bad_case "no mesh" 'mesh' '{"electrodes": "electrodes.csv"}'
    bad_case "a mesh that does not exist" 'nowhere' '{"mesh": "nowhere", "electrodes": "electrodes.csv"}'
    bad_case "a mesh that is a number" 'mesh' '{"mesh": 17, "electrodes": "electrodes.csv"}'
    bad_case "a broken mesh" 'm_turn' '{"mesh": "m_turn", "electrodes": "electrodes.csv"}'
    bad_case "fibres that do not exist" 'nowhere\.lon' '{"mesh": "good", "fibres": "nowhere.lon", "electrodes": "electrodes.csv"}'
    bad_case "a negative conductivity" 'gil_mS_cm' '{"mesh": "good", "electrodes": "electrodes.csv", "conductivity": {"gil_mS_cm": -3}}'
    bad_case "an upstroke of no width" 'eps_up_ms' '{"mesh": "good", "electrodes": "electrodes.csv", "template": {"eps_up_ms": 0}}'
    bad_case "an endocardium that does not exist" 'nowhere\.vtx' '{"mesh": "good", "electrodes": "electrodes.csv", "endocardium": {"lv": "nowhere.vtx"}}'
    bad_case "a fast layer that no element has" 'fast_layer_tag' '{"mesh": "good", "electrodes": "electrodes.csv", "fast_layer_tag": 77}'
    bad_electrodes "an electrode missing" 'V3' '/^V3/d'
    bad_electrodes "an electrode at no place" 'electrodes_[0-9]*\.csv' 's/^V3.*/V3,nan,0,0/'
    bad_electrodes "an electrode in the muscle" 'V4' 's/^V4.*/V4,10,10,10/'
    bad_electrodes "an electrode twice" 'V1' '$aV1,0,-70,0'
    bad_electrodes "electrodes in metres" 'electrode|RA|V[1-6]' '2,$s/\(-\{0,1\}[0-9][0-9]*\),\(-\{0,1\}[0-9][0-9]*\),\(-\{0,1\}[0-9][0-9]*\)$/\1e-3,\2e-3,\3e-3/'

    refuse "parameters that do not exist" 'nowhere\.json' heart forward good_case.json nowhere.json -o out_bad
    bad_params "parameters that end early" '' '{"sites": [{"node": 0'
    bad_params "no site" 'sites' '{"sites": [], "v_f_m_s": 0.6}'
    bad_params "sites that are no list" 'sites' '{"sites": 3}'
    bad_params "a site at a node that does not exist" 'node' '{"sites": [{"node": 99}]}'
    bad_params "a site far from the muscle" 'xyz_mm|site' '{"sites": [{"xyz_mm": [500, 0, 0]}]}'
    bad_params "a site at two places" 'node|xyz_mm' '{"sites": [{"node": 1, "xyz_mm": [0, 0, 0]}]}'
    bad_params "a site at no place" 'node|xyz_mm' '{"sites": [{"onset_ms": 1}]}'
    bad_params "an onset in another century" 'onset_ms' '{"sites": [{"node": 0, "onset_ms": 1e12}]}'
    bad_params "a speed in mm/s" 'v_f_m_s' '{"sites": [{"node": 0}], "v_f_m_s": 600}'
    bad_params "a transverse ratio of nothing" 'v_t_ratio' '{"sites": [{"node": 0}], "v_t_ratio": 0}'
    bad_params "a fast layer without endocardium" 'layer' '{"sites": [{"node": 0}], "fast_layer_factor": 3}'
    bad_params "an APD range turned round" 'm(in|ax)_ms' '{"sites": [{"node": 0}], "apd": {"min_ms": 300, "max_ms": 200}}'
    bad_params "an APD in seconds" 'min_ms' '{"sites": [{"node": 0}], "apd": {"min_ms": 0.25, "max_ms": 0.3}}'
    [ ! -e out_bad ] || { failed=$((failed + 1)); echo "FAIL a refused case leaves no output folder"; }
}

fit() {
    cube good
    electrodes >electrodes.csv
    printf '%s' "$good_case" >good_case.json
    noise 5000 >noise.bin
    refuse "fitting to a file that does not exist" 'nowhere\.csv' heart fit good_case.json --ecg nowhere.csv -o out_bad
    refuse "fitting to noise" 'noise\.bin' heart fit good_case.json --ecg noise.bin -o out_bad
}

"$part"
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
