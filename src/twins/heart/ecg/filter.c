#include "heart/ecg/filter.h"

#include <math.h>
#include <string.h>

gm_biquad gm_biquad_low_pass(double f_hz, double rate_hz)
{
    double k = tan(M_PI * f_hz / rate_hz), q = 1 / (1 + M_SQRT2 * k + k * k);
    return (gm_biquad){k * k * q, 2 * k * k * q, k * k * q, 2 * (k * k - 1) * q,
                       (1 - M_SQRT2 * k + k * k) * q};
}

gm_biquad gm_biquad_notch(double f_hz, double width_hz, double rate_hz)
{
    double b = tan(M_PI * width_hz / rate_hz), c = cos(2 * M_PI * f_hz / rate_hz);
    double g = 1 / (1 + b);
    return (gm_biquad){g, -2 * c * g, g, -2 * c * g, 2 * g - 1};
}

/* One direction; starts in the steady state of a constant x[0], so that a step is not rung in. */
static void run_biquad(const gm_biquad *f, double *x, size_t n, ptrdiff_t step)
{
    double gain = (f->b0 + f->b1 + f->b2) / (1 + f->a1 + f->a2);
    double y0 = gain * x[0];
    double s2 = f->b2 * x[0] - f->a2 * y0;
    double s1 = f->b1 * x[0] - f->a1 * y0 + s2;
    for (size_t i = 0; i < n; i++, x += step) {
        double in = *x, y = f->b0 * in + s1;
        s1 = f->b1 * in - f->a1 * y + s2;
        s2 = f->b2 * in - f->a2 * y;
        *x = y;
    }
}

void gm_biquad_both_ways(const gm_biquad *f, double *x, size_t n, size_t pad, double *scratch)
{
    double *mid = scratch + pad;
    size_t total = n + 2 * pad;
    memcpy(mid, x, n * sizeof *x);
    for (size_t i = 1; i <= pad; i++) {
        mid[-(ptrdiff_t)i] = 2 * x[0] - x[i];
        mid[n - 1 + i] = 2 * x[n - 1] - x[n - 1 - i];
    }
    run_biquad(f, scratch, total, 1);
    run_biquad(f, scratch + total - 1, total, -1);
    memcpy(x, mid, n * sizeof *x);
}

enum { GAUSS_MAX_HALF = 2048 }; /* taps on a side: 4 sigma of 256 ms at 2 kHz */

static size_t gauss_taps(double sigma, int order, double *taps)
{
    size_t half = (size_t)ceil(4 * sigma);
    if (half < 1) half = 1;
    if (half > GAUSS_MAX_HALF) half = GAUSS_MAX_HALF;
    double sum = 0, unit = 0;
    for (size_t i = 0; i <= 2 * half; i++) {
        double u = ((double)i - (double)half) / sigma, e = exp(-u * u / 2);
        taps[i] = order == 0 ? e : order == 1 ? u * e : (1 - u * u) * e;
        sum += taps[i];
    }
    for (size_t i = 0; i <= 2 * half; i++) {
        double u = ((double)i - (double)half) / sigma, e = exp(-u * u / 2);
        if (order > 0) taps[i] -= sum / (double)(2 * half + 1); /* nothing for a constant */
        unit += taps[i] * (order == 0 ? 1 : order == 1 ? u * sigma : e);
    }
    for (size_t i = 0; i <= 2 * half; i++)
        taps[i] /= unit;
    return half;
}

static double gauss_at_edge(const double *x, size_t n, const double *taps, size_t half, size_t at)
{
    double s = 0;
    for (size_t k = 0; k <= 2 * half; k++) {
        size_t i = at + k < half ? 0 : at + k - half;
        s += taps[k] * x[i < n ? i : n - 1];
    }
    return s;
}

/* Sixteen outputs side by side, each summed in the order of the taps. In memory the numbers need no
 * alignment. */
typedef double lanes __attribute__((vector_size(32)));
typedef double loose_lanes __attribute__((vector_size(32), aligned(8), may_alias));
enum { LANES = 4, OUTPUTS = 4 * LANES };

static void gauss_inside(const double *restrict x, const double *restrict taps, size_t n_taps,
                         double *restrict out)
{
    lanes a = {0}, b = {0}, c = {0}, d = {0};
    for (size_t k = 0; k < n_taps; k++, x++) {
        a += taps[k] * *(const loose_lanes *)x;
        b += taps[k] * *(const loose_lanes *)(x + LANES);
        c += taps[k] * *(const loose_lanes *)(x + 2 * LANES);
        d += taps[k] * *(const loose_lanes *)(x + 3 * LANES);
    }
    *(loose_lanes *)out = a, *(loose_lanes *)(out + LANES) = b;
    *(loose_lanes *)(out + 2 * LANES) = c, *(loose_lanes *)(out + 3 * LANES) = d;
}

void gm_gauss(const double *x, size_t n, double sigma, int order, double *out)
{
    double taps[2 * GAUSS_MAX_HALF + 1];
    size_t half = gauss_taps(sigma, order, taps), i = 0;
    for (; i < half && i < n; i++)
        out[i] = gauss_at_edge(x, n, taps, half, i);
    for (; i + OUTPUTS + half <= n; i += OUTPUTS)
        gauss_inside(x + i - half, taps, 2 * half + 1, out + i);
    for (; i < n; i++)
        out[i] = gauss_at_edge(x, n, taps, half, i);
}

double gm_sine_amplitude(const double *x, size_t n, double rate_hz, double f_hz, double *scratch)
{
    size_t length = (size_t)(GM_SINE_BLOCK_S * rate_hz + 0.5), n_blocks = length ? n / length : 0;
    double w = 2 * M_PI * f_hz / rate_hz, *c = scratch, *s = c + length, *blocks = s + length;
    for (size_t i = 0; i < length; i++)
        c[i] = cos(w * (double)i), s[i] = sin(w * (double)i);
    for (size_t b = 0; b < n_blocks; b++, x += length) {
        double re = 0, im = 0;
        for (size_t i = 1; i < length; i++) {
            double step = x[i] - x[i - 1];
            re += step * c[i], im += step * s[i];
        }
        blocks[b] = hypot(re, im) * 2 / (double)(length - 1) / (2 * sin(w / 2));
    }
    return gm_quantile_of(blocks, n_blocks, 0.25);
}

/* Hoare's selection: the k-th smallest ends up at values[k]. */
static double select_kth(double *v, size_t n, size_t k)
{
    ptrdiff_t low = 0, high = (ptrdiff_t)n - 1, at = (ptrdiff_t)k;
    while (low < high) {
        double pivot = v[at];
        ptrdiff_t i = low, j = high;
        do {
            while (v[i] < pivot)
                i++;
            while (pivot < v[j])
                j--;
            if (i <= j) {
                double t = v[i];
                v[i++] = v[j];
                v[j--] = t;
            }
        } while (i <= j);
        if (j < at) low = i;
        if (at < i) high = j;
    }
    return v[k];
}

double gm_quantile_of(double *values, size_t n, double q)
{
    if (n == 0) return NAN;
    return select_kth(values, n, (size_t)(q * (double)(n - 1) + 0.5));
}

double gm_median_of(double *values, size_t n)
{
    if (n == 0) return NAN;
    double upper = select_kth(values, n, n / 2);
    if (n % 2) return upper;
    double lower = values[0];
    for (size_t i = 1; i < n / 2; i++)
        if (values[i] > lower) lower = values[i];
    return (lower + upper) / 2;
}
