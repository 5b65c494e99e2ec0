/* order.h - numbering points and meshes so that what is near in space is near in memory.
 *
 * Points are sorted along the Hilbert curve (Skilling 2004, "Programming the Hilbert curve", AIP Conf.
 * Proc. 707) on a lattice of 2^21 cells a side in their bounding box; equal keys keep their order.
 * Deterministic. Coordinates must be finite.
 */
#ifndef GM_MESH_ORDER_H
#define GM_MESH_ORDER_H

#include "mesh/tetmesh.h"

/* order[k] = the point in place k along the curve; [n], the caller's. GM_ENOMEM. */
gm_status gm_hilbert_order(const double (*points)[3], size_t n, int32_t *order);

/* A copy with the nodes along the curve and the tets by their lowest new node. node i of *out was node
 * (*node_from)[i], tet e was tet (*tet_from)[e]; the caller frees both with gm_free(), either may be
 * NULL if unwanted. */
gm_status gm_tetmesh_reorder(const gm_tetmesh *m, gm_tetmesh **out, int32_t **node_from,
                             int32_t **tet_from);

#endif
