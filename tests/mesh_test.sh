#!/bin/sh
# mesh_test.sh GEMEL JSON_VALUE - gemel mesh: info, check, convert through all formats and back, refine.
gemel=$1
json_value=$2
. "$(dirname "$0")/check.sh"
json_is() { [ "$("$gemel" mesh info "$1" --json | "$json_value" "$2")" = "$3" ]; }
says() { "$gemel" mesh "$1" "$2" 2>&1 | grep -q "$3"; }
gives_code() { code=$1; shift; exits "$code" "$gemel" "$@"; }
same_set() { cmp "$1.pts" "$2.pts" && cmp "$1.elem" "$2.elem" && cmp "$1.lon" "$2.lon"; }

# Two tets over a common face, with coordinates that have many digits, tags and fibres.
printf '5\n0 0 0\n1000.1 0 0\n0 1000.0300000000001 0\n0 0 999.97\n1e3 1e3 1e3\n' >two.pts
printf '2\nTt 0 1 2 3 1\nTt 1 2 3 4 -2\n' >two.elem
printf '1\n1 0 0\n0 0.6 -0.8\n' >two.lon

check "info counts" json_is two n_tets 2
check "info measures in mm" json_is two.elem box_max_mm.0 1.0001
check "info counts tags" json_is two tags.-2 1
check "info knows fibres" json_is two has_fibres true
check "check finds it sound" says check two 'two is sound: 5 nodes, 2 tets'
check "convert writes an openCARP set" "$gemel" mesh convert two -o there/set
check "and VTU by the ending" "$gemel" mesh convert there/set -o there/a.vtu
check "and legacy VTK by name" "$gemel" mesh convert there/a.vtu -o there/b --format vtk
check "and back" "$gemel" mesh convert there/b.vtk -o there/back
check "to the same bytes" same_set there/set there/back
check "and TetGen" "$gemel" mesh convert two -o there/c --format tetgen
check "with fibres from a file" "$gemel" mesh convert there/c.node --fibres two.lon -o there/again
check "to the same bytes again" same_set there/set there/again
check "refine makes eight of one" "$gemel" mesh refine two -o fine --times 2
check "twice" json_is fine n_tets 128
check "of the same volume" json_is fine volume_mm3 "$("$gemel" mesh info two --json | "$json_value" volume_mm3)"
check "and the same tags" json_is fine tags.-2 64
check "an unknown format is a wrong call" gives_code 2 mesh convert two -o x --format stl
check "no base name is a wrong call" gives_code 2 mesh convert two
check "nine times is a wrong call" gives_code 2 mesh refine two -o x --times 9

printf '4\n0 0 0\n1000 0 0\n0 1000 0\n300 300 20\n' >thin.pts
printf '1\nTt 0 1 2 3\n' >thin.elem
check "a thin tet is a warning" says check thin 'warning: thin tets: the smallest dihedral angle is'
check "and no fault" gives_code 0 mesh check thin
printf '1\nTt 0 1 3 2\n' >thin.elem
check "a mesh that counts the other way round is turned" gives_code 0 mesh check thin

checked
