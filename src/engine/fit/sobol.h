/* sobol.h - Sobol' points: a sequence that fills the unit cube more evenly than chance, so that an average
 * over N of them errs like 1/N rather than 1/sqrt(N).
 *
 * Sobol' (1967), USSR Comput. Math. Math. Phys. 7(4):86-112, in the Gray-code order of Antonov & Saleev
 * (1979), ibid. 19:252-256; direction numbers by tools/make_sobol.c (property A in the first 64
 * dimensions, good two-dimensional projections). Any 2^k consecutive points that begin at a multiple of
 * 2^k are a digital net; use powers of two.
 *
 * With a seed the digits are scrambled: a random lower-triangular matrix for each dimension, then a
 * random digital shift (Matousek 1998, J. Complexity 14:527-556). That keeps the net, makes each point
 * uniform and keeps 0 and 1 from occurring. The sequence then is a pure function of (seed, index).
 *
 * Immutable after creation: any number of threads may read.
 */
#ifndef GM_FIT_SOBOL_H
#define GM_FIT_SOBOL_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

#define GM_SOBOL_MOST_DIMS 128

typedef struct gm_sobol gm_sobol;

/* seed 0: the plain sequence, whose point 0 is the origin. GM_EINVAL if n_dims is not 1 .. 128. */
gm_status gm_sobol_create(gm_sobol **out, size_t n_dims, uint64_t seed);
void gm_sobol_destroy(gm_sobol *s); /* NULL is allowed */
size_t gm_sobol_dims(const gm_sobol *s);

/* u [n_dims] = point `index`, 0 .. 2^32 - 1, in [0, 1). */
void gm_sobol_point(const gm_sobol *s, uint64_t index, double u[]);

#endif
