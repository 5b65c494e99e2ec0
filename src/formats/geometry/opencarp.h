/* opencarp.h - meshes of the openCARP simulator (opencarp.org, "File formats").
 *
 *   .pts   number of nodes, then x y z in um
 *   .elem  number of elements, then "Tt n0 n1 n2 n3 [tag]", nodes from 0; only tetrahedra are read
 *   .lon   1 or 2 (vectors an element: fibre, sheet), then three or six numbers an element
 *   .vtx   number of nodes, "intra" or "extra", then node numbers
 *   .surf  number of triangles, then "Tr n0 n1 n2 [tag]"
 *
 * Lines that begin with # are comments. Lengths become mm.
 */
#ifndef GM_GEOMETRY_OPENCARP_H
#define GM_GEOMETRY_OPENCARP_H

#include "geometry/geometry.h"

/* lon NULL: no fibres. The caller owns *out. */
gm_status gm_opencarp_parse(gm_tetmesh **out, const gm_bytes *pts, const gm_bytes *elem,
                            const gm_bytes *lon);

/* Adds the fibres (and sheets) of a .lon file to a mesh that has as many elements, in place of those
 * it had. On failure the mesh is unchanged. */
gm_status gm_opencarp_parse_lon(gm_tetmesh *m, const gm_bytes *lon);
gm_status gm_opencarp_read_lon(gm_tetmesh *m, const char *path);

#endif
