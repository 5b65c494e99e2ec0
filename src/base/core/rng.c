#include "core/rng.h"

#include <math.h>

enum { ROUNDS = 10 };
static const uint32_t M0 = 0xD2511F53u, M1 = 0xCD9E8D57u; /* multipliers */
static const uint32_t W0 = 0x9E3779B9u, W1 = 0xBB67AE85u; /* key increments */

void gm_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t p0 = (uint64_t)M0 * c0, p1 = (uint64_t)M1 * c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c0 = n0, c1 = (uint32_t)p1, c2 = n2, c3 = (uint32_t)p0;
        k0 += W0, k1 += W1;
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

gm_rng gm_rng_stream(uint64_t seed, uint64_t stream)
{
    return (gm_rng){.key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
                    .counter = {0, 0, (uint32_t)stream, (uint32_t)(stream >> 32)},
                    .used = 4};
}

uint32_t gm_rng_u32(gm_rng *r)
{
    if (r->used == 4) {
        gm_philox4x32(r->counter, r->key, r->block);
        if (++r->counter[0] == 0) r->counter[1]++;
        r->used = 0;
    }
    return r->block[r->used++];
}

static uint64_t u64(gm_rng *r)
{
    uint64_t high = gm_rng_u32(r);
    return high << 32 | gm_rng_u32(r);
}

uint64_t gm_rng_below(gm_rng *r, uint64_t n)
{
    uint64_t limit = UINT64_MAX - UINT64_MAX % n; /* largest multiple of n */
    uint64_t v;
    do
        v = u64(r);
    while (v >= limit);
    return v % n;
}

double gm_rng_uniform(gm_rng *r)
{
    return ((double)(u64(r) >> 11) + 0.5) * 0x1p-53;
}

double gm_rng_normal(gm_rng *r)
{
    double u = gm_rng_uniform(r), v = gm_rng_uniform(r);
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}
