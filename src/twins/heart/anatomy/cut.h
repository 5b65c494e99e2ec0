/* cut.h - a tetrahedral mesh cut along the zero surface of a nodal function, so that fields can be
 * given values on it.
 *
 * All old nodes keep their numbers; new ones lie on edges whose ends have opposite signs. A new tet
 * has no nodes of both signs. Labels of faces go over to the parts of the faces. Where the surface
 * passes an old node closer than GM_CUT_SNAP of an edge, the node's value becomes 0 instead: no slivers
 * thinner than that.
 */
#ifndef GM_HEART_ANATOMY_CUT_H
#define GM_HEART_ANATOMY_CUT_H

#include "mesh/tetmesh.h"

#define GM_CUT_SNAP 0.05

typedef struct {
    gm_tetmesh *mesh;
    int32_t *from;            /* [n_tets] the old tet that each is part of */
    double *level;            /* [n_nodes] of the function: 0 on the surface */
    signed char (*labels)[4]; /* [n_tets] of face k, opposite to node k; -1: none */
} gm_cut;

/* level [n_nodes] and labels [n_tets][4] of the old mesh. On failure *out is empty. GM_ENOMEM. */
gm_status gm_cut_mesh(gm_cut *out, const gm_tetmesh *m, const double *level,
                      const signed char (*labels)[4]);
void gm_cut_free(gm_cut *c);

#endif
