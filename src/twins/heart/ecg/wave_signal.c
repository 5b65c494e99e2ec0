#include "heart/ecg/wave_signal.h"

#include <math.h>

#include "core/alloc.h"
#include "ecg/waveform.h"
#include "heart/ecg/filter.h"

static const double RATE_HZ = 1000.0 / GM_WAVE_NET_STEP_MS;
static const double SMOOTH = 0.35;               /* sigma of the low-pass, output samples */
static const double WANDER_HZ = 0.5;             /* below: baseline */
static const double REFLECTED_S = 1.5;           /* at the ends, for the baseline */
static const double BLOCK_S = 1.25;              /* holds a beat as a rule */
static const double BLOCK_PART = 0.6;            /* quantile of the blocks' heights: the unit */
static const double HUM_S = 2, HUM_WIDTH_HZ = 2; /* shortest signal that is filtered */
static const double HUM = 0.02, HUM_RATIO = 4;   /* of the height; over the neighbour */
static const double CUT = 3;                     /* heights */
static const double MOST_MISSING = 0.5;          /* part of the samples */

/* Counts as numbers, gaps bridged by straight lines. Returns how many are missing. */
static size_t take_counts(const int32_t *counts, size_t n, double *x)
{
    size_t missing = 0, last = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        if (counts[i] == GM_ECG_MISSING_COUNT) {
            missing++;
            x[i] = last == SIZE_MAX ? 0 : x[last];
            continue;
        }
        x[i] = counts[i];
        size_t from = last == SIZE_MAX ? 0 : last + 1;
        double a = last == SIZE_MAX ? x[i] : x[last], span = (double)(i + 1 - from);
        for (size_t k = from; k < i; k++)
            x[k] = a + (x[i] - a) * (double)(k + 1 - from) / span;
        last = i;
    }
    return missing;
}

/* Cubic through the four samples around (Catmull and Rom). */
static double between(const double *x, size_t n, double at)
{
    if (at <= 0) return x[0];
    size_t i = (size_t)at;
    if (i + 1 >= n) return x[n - 1];
    double u = at - (double)i, b = x[i], c = x[i + 1];
    double a = i > 0 ? x[i - 1] : b, d = i + 2 < n ? x[i + 2] : c;
    return b + u / 2 * (c - a + u * (2 * a - 5 * b + 4 * c - d + u * (3 * (b - c) + d - a)));
}

static void remove_wander(double *x, size_t n, double *slow, double *scratch)
{
    gm_biquad f = gm_biquad_low_pass(WANDER_HZ, RATE_HZ);
    size_t pad = (size_t)(REFLECTED_S * RATE_HZ);
    for (size_t i = 0; i < n; i++)
        slow[i] = x[i];
    if (n < 4) return;
    gm_biquad_both_ways(&f, slow, n, pad < n - 1 ? pad : n - 1, scratch);
    for (size_t i = 0; i < n; i++)
        x[i] -= slow[i];
}

/* Hum that stands out of its neighbours goes; else nothing is filtered. scratch: [3 n + 16] */
static void remove_hum(double *x, size_t n, double height, double *scratch)
{
    if ((double)n < HUM_S * RATE_HZ) return;
    for (double hz = 50; hz <= 60; hz += 10) {
        double at = gm_sine_amplitude(x, n, RATE_HZ, hz, scratch);
        double aside = gm_sine_amplitude(x, n, RATE_HZ, hz == 50 ? 40 : 70, scratch);
        if (!(at > HUM * height) || !(at > HUM_RATIO * aside)) continue;
        gm_biquad f = gm_biquad_notch(hz, HUM_WIDTH_HZ, RATE_HZ);
        gm_biquad_both_ways(&f, x, n, (size_t)RATE_HZ, scratch);
    }
}

static double height_of(const double *x, size_t n, double *scratch)
{
    size_t block = (size_t)(BLOCK_S * RATE_HZ), n_blocks = n > block ? n / block : 1;
    for (size_t b = 0; b < n_blocks; b++) {
        size_t first = b * block, last = b + 1 == n_blocks ? n : first + block;
        scratch[b] = 0;
        for (size_t i = first; i < last; i++)
            scratch[b] = fmax(scratch[b], fabs(x[i]));
    }
    return gm_quantile_of(scratch, n_blocks, BLOCK_PART);
}

static void fill_rows(const double *x, size_t n, double height, float *const *rows)
{
    for (size_t j = 0; j < n; j++) {
        double u = fmin(fmax(x[j] / height, -CUT), CUT);
        rows[0][j] = (float)u;
        rows[1][j] = gm_wave_compressed(rows[0][j]);
    }
}

gm_status gm_wave_signal(const int32_t *counts, size_t n_counts, double rate_hz, size_t n,
                         float *const rows[GM_WAVE_NET_INPUTS], bool *usable, double *height_counts)
{
    *usable = false;
    for (size_t j = 0; j < n; j++)
        rows[0][j] = rows[1][j] = 0;
    double *x = gm_calloc(2 * n_counts + 1, sizeof *x), *smooth = x ? x + n_counts : NULL;
    double *y = gm_calloc(5 * n + 16, sizeof *y);
    if (!x || !y || n_counts == 0) {
        bool empty = x && y;
        gm_free(x);
        gm_free(y);
        return empty ? GM_OK : gm_fail(GM_ENOMEM, "no memory for %zu samples", n_counts);
    }
    double missing = (double)take_counts(counts, n_counts, x) / (double)n_counts;
    double factor = rate_hz / RATE_HZ;
    if (factor > 1.2) gm_gauss(x, n_counts, SMOOTH * factor, 0, smooth);
    const double *from = factor > 1.2 ? smooth : x;
    size_t known = (size_t)((double)(n_counts - 1) / factor) + 1;
    if (known > n) known = n;
    for (size_t j = 0; j < known; j++)
        y[j] = between(from, n_counts, (double)j * factor);
    remove_wander(y, known, y + n, y + 2 * n);
    double height = height_of(y, known, y + n);
    remove_hum(y, known, height, y + n);
    if (height_counts) *height_counts = height;
    *usable = height > 0.5 && missing <= MOST_MISSING; /* counts */
    if (*usable) fill_rows(y, known, height, rows);
    gm_free(x);
    gm_free(y);
    return GM_OK;
}
