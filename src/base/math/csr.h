/* csr.h - a sparse symmetric matrix by rows, as assembled from linear tetrahedra.
 *
 * Row i holds entries start[i] .. start[i+1), columns ascending, the diagonal always present.
 * Assembly adds the tets of a row in their order, so the bits do not depend on the number of threads.
 * Immutable after assembly, then shared freely.
 */
#ifndef GM_MATH_CSR_H
#define GM_MATH_CSR_H

#include "core/threads.h"
#include "mesh/tetmesh.h"

typedef struct {
    size_t n;
    int64_t *start;  /* [n + 1] */
    int32_t *column; /* [start[n]] */
    double *value;   /* [start[n]] */
} gm_csr;

void gm_csr_free(gm_csr *a);

/* y = A x */
void gm_csr_multiply(const gm_csr *a, const double *x, double *y);

/* A symmetric tensor per tet: xx, yy, zz, xy, xz, yz. */
typedef double gm_tensor[6];

/* Stiffness of P1 elements, K_ij = sum over tets of volume * grad lambda_i . G grad lambda_j, in mm
 * times the unit of G. G NULL: the identity. Tets with use[e] == 0 are left out (use NULL: none is).
 * Rows sum to 0. *out is to be freed with gm_csr_free(). GM_ENOMEM. */
gm_status gm_stiffness(gm_csr *out, const gm_tetmesh *m, const gm_tensor *conductivity,
                       const unsigned char *use, gm_threads *threads);

/* b_i = sum over tets of volume * v . grad lambda_i: the right side for which K u = b is the function
 * whose gradient is nearest to v. [n_nodes]; tets left out as above. */
void gm_gradient_load(const gm_tetmesh *m, const double (*v)[3], const unsigned char *use,
                      double *b);

#endif
