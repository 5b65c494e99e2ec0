/* dense.h - small dense symmetric algebra of the fit (tens of unknowns, thousands of rows).
 *
 * Own code instead of BLAS, because sums must come in the same order for any number of threads and any
 * library version. Matrices are row-major [n][n]. Pure functions, nothing allocated.
 * Golub & Van Loan (2013), Matrix Computations, 4th ed.: algorithm 4.2.1 (Cholesky), section 8.5
 * (cyclic Jacobi).
 */
#ifndef GM_FIT_DENSE_H
#define GM_FIT_DENSE_H

#include <stdbool.h>
#include <stddef.h>

/* gram += scale * J'J (both triangles), gradient += scale * J'r, over `n_rows` rows of J
 * [n_rows][n]. */
void gm_dense_add_gram(size_t n_rows, size_t n, const double *j, const double *r, double scale,
                       double *gram, double *gradient);

/* The lower triangle of `a` becomes L with a = L L'. False if `a` is not positive definite (or holds
 * NaN); a is then destroyed. */
bool gm_dense_cholesky(size_t n, double *a);
void gm_dense_solve_lower(size_t n, const double *l, double *b);            /* b <- L^-1 b */
void gm_dense_solve_lower_transposed(size_t n, const double *l, double *b); /* b <- L'^-1 b */
void gm_dense_multiply_symmetric(size_t n, const double *a, const double *x, double *ax);

/* Eigenvalues in ascending order and unit eigenvectors (row i of `vectors` belongs to values[i]); the
 * largest component of each vector is positive. `a` is destroyed. */
void gm_dense_eigen(size_t n, double *a, double *values, double *vectors);

#endif
