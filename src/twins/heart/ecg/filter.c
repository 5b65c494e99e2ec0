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

/* Four sums side by side, in fixed order: the loop then vectorises without reordering. */
static double gauss_inside(const double *restrict x, const double *restrict taps, size_t n_taps)
{
    double s[4] = {0};
    size_t k = 0;
    for (; k + 4 <= n_taps; k += 4)
        for (size_t j = 0; j < 4; j++)
            s[j] += taps[k + j] * x[k + j];
    for (; k < n_taps; k++)
        s[0] += taps[k] * x[k];
    return (s[0] + s[1]) + (s[2] + s[3]);
}

void gm_gauss(const double *x, size_t n, double sigma, int order, double *out)
{
    double taps[2 * GAUSS_MAX_HALF + 1];
    size_t half = gauss_taps(sigma, order, taps);
    for (size_t i = 0; i < n; i++)
        out[i] = i >= half && i + half < n ? gauss_inside(x + i - half, taps, 2 * half + 1)
                                           : gauss_at_edge(x, n, taps, half, i);
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
        lower = fmax(lower, values[i]);
    return (lower + upper) / 2;
}
