/* faces.h - who touches whom in a tetrahedral mesh: faces and edges, found by sorting.
 *
 * Local face k of a tet is opposite to its node k; GM_TET_FACE lists its nodes so that they turn
 * anticlockwise seen from outside of a tet with positive volume. GM_TET_EDGE lists the six edges.
 * Everything is deterministic and needs valid node numbers only (tets may be inverted).
 */
#ifndef GM_MESH_FACES_H
#define GM_MESH_FACES_H

#include "mesh/tetmesh.h"

static const int GM_TET_FACE[4][3] = {{1, 2, 3}, {0, 3, 2}, {0, 1, 3}, {0, 2, 1}};
static const int GM_TET_EDGE[6][2] = {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}};

/* (*out)[e][k] = the tet across face k of tet e, or -1 at the boundary. The caller frees it with
 * gm_free(). GM_EFORMAT, naming the tets, where a face belongs to more than two tets or where two
 * tets lie on the same side of their common face (they overlap). `name` begins the message. */
gm_status gm_tetmesh_neighbours(const gm_tetmesh *m, int32_t (**out)[4], const char *name);

/* All edges, each once, as node pairs (low, high), sorted. The edges that begin at node i are
 * other[start[i] .. start[i+1]), ascending; the place in `other` is the number of the edge. */
typedef struct {
    int32_t *start; /* [n_nodes + 1] */
    int32_t *other; /* [n_edges] */
    size_t n_edges;
} gm_edges;
gm_status gm_tetmesh_edges(const gm_tetmesh *m, gm_edges *out);
int32_t gm_edges_find(const gm_edges *x, int32_t a, int32_t b); /* -1: no such edge */
void gm_edges_free(gm_edges *x);

#endif
