#include "fit/sobol.h"

#include "core/alloc.h"
#include "core/rng.h"
#include "fit/sobol_table.h"

enum { BITS = 32 };

struct gm_sobol {
    size_t n_dims;
    double offset;       /* centres a scrambled point in its 2^-32 cell */
    uint32_t (*v)[BITS]; /* [n_dims] direction numbers, first digit in the highest bit */
    uint32_t *shift;     /* [n_dims] */
};

/* m_k = 2 a_1 m_(k-1) ^ 4 a_2 m_(k-2) ^ ... ^ 2^s m_(k-s) ^ m_(k-s) (Bratley & Fox 1988, eq. 2) */
static void set_directions(uint32_t v[BITS], size_t dimension)
{
    uint64_t m[BITS];
    if (dimension == 0) {
        for (unsigned k = 0; k < BITS; k++)
            v[k] = 1u << (BITS - 1 - k);
        return;
    }
    const gm_sobol_row *row = &gm_sobol_rows[dimension - 1];
    for (unsigned k = 0; k < BITS; k++) {
        m[k] = k < row->degree ? row->m[k] : m[k - row->degree];
        for (unsigned i = 1; k >= row->degree && i <= row->degree; i++)
            if (row->polynomial >> (row->degree - i) & 1) m[k] ^= m[k - i] << i;
        v[k] = (uint32_t)(m[k] << (BITS - 1 - k));
    }
}

static unsigned parity(uint32_t x)
{
    return (unsigned)__builtin_popcount(x) & 1;
}

/* Each digit becomes itself plus a random sum of the digits before it. */
static void scramble(uint32_t v[BITS], uint32_t *shift, uint64_t seed, size_t dimension)
{
    gm_rng rng = gm_rng_stream(seed, dimension);
    uint32_t rows[BITS];
    for (unsigned r = 0; r < BITS; r++) {
        uint32_t before = r == 0 ? 0 : ~(uint32_t)0 << (BITS - r);
        rows[r] = (gm_rng_u32(&rng) & before) | 1u << (BITS - 1 - r);
    }
    for (unsigned k = 0; k < BITS; k++) {
        uint32_t mixed = 0;
        for (unsigned r = 0; r < BITS; r++)
            mixed |= (uint32_t)parity(v[k] & rows[r]) << (BITS - 1 - r);
        v[k] = mixed;
    }
    *shift = gm_rng_u32(&rng);
}

gm_status gm_sobol_create(gm_sobol **out, size_t n_dims, uint64_t seed)
{
    *out = NULL;
    if (n_dims < 1 || n_dims > GM_SOBOL_MOST_DIMS)
        return gm_fail(GM_EINVAL, "sobol: %zu dimensions, allowed 1 to %d", n_dims,
                       GM_SOBOL_MOST_DIMS);
    gm_sobol *s = gm_calloc(1, sizeof *s);
    if (s) {
        s->v = gm_calloc(n_dims, sizeof *s->v);
        s->shift = gm_calloc(n_dims, sizeof *s->shift);
    }
    if (!s || !s->v || !s->shift) {
        gm_sobol_destroy(s);
        return gm_fail(GM_ENOMEM, "sobol: no memory for %zu dimensions", n_dims);
    }
    s->n_dims = n_dims;
    s->offset = seed ? 0.5 : 0;
    for (size_t i = 0; i < n_dims; i++) {
        set_directions(s->v[i], i);
        if (seed) scramble(s->v[i], &s->shift[i], seed, i);
    }
    *out = s;
    return GM_OK;
}

void gm_sobol_destroy(gm_sobol *s)
{
    if (!s) return;
    gm_free(s->v);
    gm_free(s->shift);
    gm_free(s);
}

size_t gm_sobol_dims(const gm_sobol *s)
{
    return s->n_dims;
}

void gm_sobol_point(const gm_sobol *s, uint64_t index, double u[])
{
    uint32_t gray = (uint32_t)(index ^ index >> 1);
    for (size_t i = 0; i < s->n_dims; i++) {
        uint32_t x = s->shift[i];
        for (uint32_t g = gray; g; g &= g - 1)
            x ^= s->v[i][__builtin_ctz(g)];
        u[i] = ((double)x + s->offset) * 0x1p-32;
    }
}
