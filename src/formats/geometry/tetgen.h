/* tetgen.h - meshes of TetGen (Si 2015, manual sections 5.2.1 and 5.2.4), lengths in mm.
 *
 *   .node  count, 3, attributes, markers (0/1); then number x y z [attributes] [marker]
 *   .ele   count, 4, attributes; then number n0 n1 n2 n3 [attributes]
 *
 * Numbers start from 0 or 1: the first node says which. The first attribute of a tet becomes its tag
 * if it is a whole number in every tet. # begins a comment.
 */
#ifndef GM_GEOMETRY_TETGEN_H
#define GM_GEOMETRY_TETGEN_H

#include "geometry/geometry.h"

gm_status gm_tetgen_parse(gm_tetmesh **out, const gm_bytes *node, const gm_bytes *ele);

#endif
