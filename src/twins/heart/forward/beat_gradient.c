/* beat_gradient.c - how the ECG of activation changes with parameters that the activation times depend
 * on:  d lead_l(t) / dp = - sum_i w_il up'(t - tau_i) d tau_i / dp, by the same bins as the beat. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/forward/beat_internal.h"

enum { LANES_A_VECTOR = 8, MOST_VECTORS = GM_BEAT_PARAMETERS / LANES_A_VECTOR };

typedef float vector8 __attribute__((vector_size(sizeof(float) * LANES_A_VECTOR), may_alias));

gm_status gm_beat_gradient_create(gm_beat_gradient **out, const gm_beat *b, size_t n_parameters)
{
    *out = NULL;
    if (n_parameters == 0 || n_parameters > GM_BEAT_PARAMETERS)
        return gm_fail(GM_EINVAL, "beat gradient: %zu parameters, allowed 1 to %d", n_parameters,
                       GM_BEAT_PARAMETERS);
    gm_beat_gradient *g = gm_calloc(1, sizeof *g);
    if (!g) return gm_fail(GM_ENOMEM, "beat gradient: no memory");
    g->n_padded = (n_parameters + LANES_A_VECTOR - 1) / LANES_A_VECTOR * LANES_A_VECTOR;
    size_t bin = GM_N_INDEPENDENT * g->n_padded;
    g->dtau = gm_alloc_aligned(b->n_nodes * g->n_padded, sizeof *g->dtau);
    g->bins = gm_alloc_aligned((size_t)b->up.n_bins * bin, sizeof *g->bins);
    if (!g->dtau || !g->bins) {
        gm_beat_gradient_destroy(g);
        return gm_fail(GM_ENOMEM, "beat gradient: no memory for %zu nodes", b->n_nodes);
    }
    *out = g;
    return GM_OK;
}

void gm_beat_gradient_destroy(gm_beat_gradient *g)
{
    if (!g) return;
    gm_free(g->dtau);
    gm_free(g->bins);
    gm_free(g);
}

/* Adds weight * w_l * dtau to the bin's rows, one row a lead. */
static void add_to_bin(float *bin, float weight, const float w[GM_N_INDEPENDENT],
                       const vector8 *dtau, size_t n_vectors)
{
    vector8 *row = (vector8 *)bin;
    for (int l = 0; l < GM_N_INDEPENDENT; l++) {
        float factor = weight * w[l];
        for (size_t v = 0; v < n_vectors; v++)
            row[v] += factor * dtau[v];
        row += n_vectors;
    }
}

static void deposit_all(const gm_beat *b, const float *tau, gm_beat_gradient *g)
{
    size_t n_vectors = g->n_padded / LANES_A_VECTOR, bin = GM_N_INDEPENDENT * g->n_padded;
    memset(g->bins, 0, (size_t)b->up.n_bins * bin * sizeof *g->bins);
    for (size_t first = 0; first < b->n_nodes; first += TILE) {
        size_t n = b->n_nodes - first < TILE ? b->n_nodes - first : TILE;
        tile_places places;
        gm_beat_find_places(&b->up, tau + first, n, &places);
        for (size_t i = 0; i < n; i++) {
            if (!(tau[first + i] < INFINITY)) continue;
            const vector8 *dtau = (const vector8 *)(g->dtau + (first + i) * g->n_padded);
            float *at = g->bins + (size_t)places.bin[i] * bin;
            for (int k = 0; k < 4; k++)
                add_to_bin(at + (size_t)k * bin, places.weight[k][i], b->w[first + i], dtau,
                           n_vectors);
        }
    }
}

void gm_beat_ecg_gradient(const gm_beat *b, const float tau_ms[], gm_beat_gradient *g, float *decg)
{
    deposit_all(b, tau_ms, g);
    const bin_set *set = &b->up;
    size_t n_vectors = g->n_padded / LANES_A_VECTOR * GM_N_INDEPENDENT;
    double rate = 2 / (set->width_ms * GM_BINS_PER_CONSTANT); /* up' = 2 up (1 - up) / eps */
    for (size_t n = 0; n < b->samples.n; n++) {
        int32_t from = set->kernel_first[n], start = from < 0 ? 0 : from;
        int32_t stop = from + set->n_kernel < set->n_bins ? from + set->n_kernel : set->n_bins;
        vector8 *out = (vector8 *)(decg + n * GM_N_INDEPENDENT * g->n_padded);
        memset(out, 0, n_vectors * sizeof *out);
        for (int32_t k = start; k < stop; k++) {
            float up = set->kernel[n * (size_t)set->n_kernel + (size_t)(k - from)];
            float slope = (float)(-rate * (double)(up * (1 - up)));
            const vector8 *bin = (const vector8 *)g->bins + (size_t)k * n_vectors;
            for (size_t v = 0; v < n_vectors; v++)
                out[v] += slope * bin[v];
        }
    }
}
