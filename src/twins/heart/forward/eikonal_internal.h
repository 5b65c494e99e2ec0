/* eikonal_internal.h - the data that the solver and the upwind analysis share; not for others. */
#ifndef GM_HEART_FORWARD_EIKONAL_INTERNAL_H
#define GM_HEART_FORWARD_EIKONAL_INTERNAL_H

#include "heart/forward/eikonal.h"

enum { LANES = 8 }; /* tets side by side: one AVX2 register of floats */

/* Up to LANES tets around one node j, the other corners numbered 1, 2, 3. Empty lanes have infinite
 * lengths, so that nothing passes through them. Lengths in mm. */
typedef struct {
    int32_t node[3][LANES];
    float length2[6][LANES]; /* squared: j1 j2 j3 12 13 23 */
    float along[3][LANES];   /* (x_k - x_j) . f, k = 1, 2, 3 */
    float fast[LANES];       /* 1 in the fast layer, else 0 */
} tet_block;

/* Nodes are renumbered along a space-filling curve: neighbours in space are neighbours in memory. */
struct gm_eikonal {
    size_t n_nodes;
    int32_t *outside;     /* [n_nodes] the mesh's number of an inner node */
    int32_t *inside;      /* [n_nodes] the inner number of a mesh node */
    int32_t *first_block; /* [n_nodes + 1] */
    tet_block *blocks;
    double mean_edge_mm;
};

/* 1 / speed^2 of the three kinds of propagation, (ms/mm)^2. */
typedef struct {
    float fibre, cross, layer;
    float layer_on; /* 0: elements of the layer conduct like all others */
} gm_slowness2;

gm_slowness2 gm_slowness2_of(const gm_conduction *c);

/* Squared travel times of the six edges of each lane. */
static inline void gm_block_metric(const tet_block *b, gm_slowness2 s, float w[6][LANES])
{
    for (int l = 0; l < LANES; l++) {
        float f = b->fast[l] * s.layer_on;
        float cross = s.cross + f * (s.layer - s.cross);
        float extra = (1 - f) * (s.fibre - s.cross);
        float a1 = b->along[0][l], a2 = b->along[1][l], a3 = b->along[2][l];
        w[0][l] = cross * b->length2[0][l] + extra * a1 * a1;
        w[1][l] = cross * b->length2[1][l] + extra * a2 * a2;
        w[2][l] = cross * b->length2[2][l] + extra * a3 * a3;
        w[3][l] = cross * b->length2[3][l] + extra * (a2 - a1) * (a2 - a1);
        w[4][l] = cross * b->length2[4][l] + extra * (a3 - a1) * (a3 - a1);
        w[5][l] = cross * b->length2[5][l] + extra * (a3 - a2) * (a3 - a2);
    }
}

#endif
