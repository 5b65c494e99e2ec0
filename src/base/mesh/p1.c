#include "mesh/p1.h"

static void cross(const double a[3], const double b[3], double out[3])
{
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

double gm_p1_gradients(const double p0[3], const double p1[3], const double p2[3],
                       const double p3[3], double grad[4][3])
{
    double u[3], v[3], w[3];
    for (int k = 0; k < 3; k++) {
        u[k] = p1[k] - p0[k];
        v[k] = p2[k] - p0[k];
        w[k] = p3[k] - p0[k];
    }
    cross(v, w, grad[1]); /* the rows of the inverse of [u v w], times its determinant */
    cross(w, u, grad[2]);
    cross(u, v, grad[3]);
    double det = u[0] * grad[1][0] + u[1] * grad[1][1] + u[2] * grad[1][2];
    for (int k = 0; k < 3; k++) {
        grad[1][k] /= det;
        grad[2][k] /= det;
        grad[3][k] /= det;
        grad[0][k] = -(grad[1][k] + grad[2][k] + grad[3][k]);
    }
    return det / 6;
}

double gm_tetmesh_gradients(const gm_tetmesh *m, size_t e, double grad[4][3])
{
    const int32_t *t = m->tets[e];
    return gm_p1_gradients(m->nodes_mm[t[0]], m->nodes_mm[t[1]], m->nodes_mm[t[2]],
                           m->nodes_mm[t[3]], grad);
}
