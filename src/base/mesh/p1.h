/* p1.h - linear (P1) functions on a tetrahedron: f(x) = sum_k f_k lambda_k(x), with constant gradient.
 *
 * grad lambda_k points from face k to node k and has length 1 / height. The four gradients add up to
 * 0. Pure functions, safe on any thread.
 */
#ifndef GM_MESH_P1_H
#define GM_MESH_P1_H

#include "mesh/tetmesh.h"

/* Gradients of the four barycentric coordinates (1/mm); returns the volume (mm3). The volume must not
 * be 0. */
double gm_p1_gradients(const double p0[3], const double p1[3], const double p2[3],
                       const double p3[3], double grad[4][3]);
double gm_tetmesh_gradients(const gm_tetmesh *m, size_t e, double grad[4][3]);

#endif
