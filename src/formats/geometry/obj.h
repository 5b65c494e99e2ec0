/* obj.h - triangle surfaces in Wavefront OBJ files, lengths in mm.
 *
 * Read are `v x y z` and `f a b c ...` with vertices as a, a/t, a/t/n or a//n, counted from 1, negative
 * from the end. Polygons are cut into a fan of triangles. Normals, textures, groups, lines and points
 * are skipped; any other keyword is refused.
 */
#ifndef GM_GEOMETRY_OBJ_H
#define GM_GEOMETRY_OBJ_H

#include "geometry/geometry.h"

/* The caller owns *out, which has passed gm_surface_check(). */
gm_status gm_obj_parse(gm_surface **out, const gm_bytes *obj);

#endif
