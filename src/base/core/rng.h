/* rng.h - counter-based random numbers: the k-th number of a stream is a pure function of
 * (seed, stream, k), so that the same seed gives the same numbers for any number of threads.
 *
 * Philox4x32-10: Salmon, Moraes, Dror, Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3",
 * SC'11. One thread at a time per gm_rng; make one per task from (seed, task number).
 */
#ifndef GM_CORE_RNG_H
#define GM_CORE_RNG_H

#include <stdint.h>

typedef struct {
    uint32_t key[2];     /* the seed */
    uint32_t counter[4]; /* [0..1] position, [2..3] stream */
    uint32_t block[4];
    unsigned used; /* words of `block` already given out */
} gm_rng;

gm_rng gm_rng_stream(uint64_t seed, uint64_t stream);
uint32_t gm_rng_u32(gm_rng *r);
uint64_t gm_rng_below(gm_rng *r, uint64_t n); /* 0 .. n-1 without bias; n > 0 */
double gm_rng_uniform(gm_rng *r);             /* (0, 1), 53 bits, never 0 or 1 */
double gm_rng_normal(gm_rng *r);              /* mean 0, SD 1 (Box-Muller) */

/* The bare function, for tests against the published vectors. */
void gm_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

#endif
