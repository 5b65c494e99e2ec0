/* dirichlet.h - solves K u = b with some values of u given: potentials, fibre rules, coordinates.
 *
 * Where u is given (fixed[i] != 0) it stays; the equations of the other nodes are solved by conjugate
 * gradients, preconditioned by an incomplete Cholesky factorisation without fill (Meijerink & van der
 * Vorst 1977, Math. Comp. 31:148; where a pivot fails the diagonal takes its place, after Kershaw
 * 1978, J. Comput. Phys. 26:43). Nodes that are in no equation (an empty row) and not fixed become 0.
 *
 * Several problems run at once, each on one thread from beginning to end: same bits for any number
 * of threads.
 *
 * Why not hypre's BoomerAMG: with Debian's OpenMPI, MPI_Init alone takes 0.31-0.38 s and leaves
 * 122 kB in 3,357 blocks behind (address sanitizer), is not for use by several threads of a
 * library, and allocates past the door of core/alloc.h. A whole default heart here takes less.
 */
#ifndef GM_MATH_DIRICHLET_H
#define GM_MATH_DIRICHLET_H

#include "core/threads.h"
#include "math/csr.h"

typedef struct {
    const gm_csr *k;            /* symmetric, positive semi-definite; not owned */
    const unsigned char *fixed; /* [n] not owned; at least one node of each connected part */
    const double *b;            /* [n] not owned; NULL: 0, the Laplace equation */
    double *u;                  /* [n] in: the given values, a guess elsewhere; out: solution */
    double tolerance; /* residual relative to the right side's; 0: GM_DIRICHLET_TOLERANCE */
    int n_iterations; /* out */
} gm_dirichlet;

#define GM_DIRICHLET_TOLERANCE 1e-9

/* GM_ENOCONV with the number of the problem; GM_EINVAL: nothing fixed; GM_ENOMEM, GM_EINTERRUPTED. On
 * failure the u of the problems hold no solution. */
gm_status gm_dirichlet_solve(gm_dirichlet *problems, size_t n_problems, gm_threads *threads);

#endif
