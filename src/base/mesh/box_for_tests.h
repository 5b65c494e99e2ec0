/* box_for_tests.h - a box of n x n x n cubes, each cut into six tets (Kuhn 1960), for tests only. */
#ifndef GM_MESH_BOX_FOR_TESTS_H
#define GM_MESH_BOX_FOR_TESTS_H

#include "core/alloc.h"
#include "mesh/tetmesh.h"

/* Side length h_mm per cube, corner at the origin. NULL: no memory. */
static inline gm_tetmesh *gm_box_mesh(int n, double h_mm)
{
    /* The six monotone paths along the edges of a cube from corner 0 to corner 7 (bits: x y z). */
    static const int paths[6][4] = {{0, 1, 3, 7}, {0, 2, 6, 7}, {0, 4, 5, 7},
                                    {0, 3, 2, 7}, {0, 6, 4, 7}, {0, 5, 1, 7}};
    gm_tetmesh *m;
    size_t side = (size_t)n + 1;
    if (gm_tetmesh_create(&m, side * side * side, 6 * (size_t)n * (size_t)n * (size_t)n) != GM_OK)
        return NULL;
    for (size_t i = 0; i < m->n_nodes; i++) {
        m->nodes_mm[i][0] = h_mm * (double)(i % side);
        m->nodes_mm[i][1] = h_mm * (double)(i / side % side);
        m->nodes_mm[i][2] = h_mm * (double)(i / side / side);
    }
    size_t e = 0;
    for (size_t z = 0; z + 1 < side; z++)
        for (size_t y = 0; y + 1 < side; y++)
            for (size_t x = 0; x + 1 < side; x++)
                for (int p = 0; p < 6; p++, e++)
                    for (int k = 0; k < 4; k++) {
                        size_t c = (size_t)paths[p][k];
                        m->tets[e][k] = (int32_t)(x + (c & 1) + side * (y + (c >> 1 & 1)) +
                                                  side * side * (z + (c >> 2)));
                    }
    return m;
}

#endif
