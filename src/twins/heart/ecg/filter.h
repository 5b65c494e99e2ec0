/* filter.h - filters without phase shift: what they smooth stays where it was.
 *
 * Ends are continued by the end value (Gaussians) or by odd reflection (recursive filters). Kernels:
 * nothing is allocated. Rates in Hz, widths in samples.
 */
#ifndef GM_HEART_ECG_FILTER_H
#define GM_HEART_ECG_FILTER_H

#include <stddef.h>

/* y = b0 x0 + b1 x1 + b2 x2 - a1 y1 - a2 y2 */
typedef struct {
    double b0, b1, b2, a1, a2;
} gm_biquad;

/* Second-order Butterworth and notch by the bilinear transform; 0 < f < rate/2. */
gm_biquad gm_biquad_low_pass(double f_hz, double rate_hz);
gm_biquad gm_biquad_notch(double f_hz, double width_hz, double rate_hz);

/* Forward then backward over x[n] in place (gain squared). scratch: [n + 2 pad], pad < n. */
void gm_biquad_both_ways(const gm_biquad *f, double *x, size_t n, size_t pad, double *scratch);

/* Convolution with a Gaussian of `sigma` samples or its derivatives; out != x.
 * order 0: smoothing. 1: slope per sample. 2: negative second derivative, scaled so that a Gaussian
 * bump of the same sigma and height 1 gives 1 at its centre. */
void gm_gauss(const double *x, size_t n, double sigma, int order, double *out);

/* Amplitude of a sine of f_hz in the quieter quarter of blocks of 0.2 s, which hold whole cycles of 40,
 * 50, 60 and 70 Hz; taken of differences, against the slow waves. NaN: shorter than a block.
 * scratch: [n + 0.4 s]. */
#define GM_SINE_BLOCK_S 0.2
double gm_sine_amplitude(const double *x, size_t n, double rate_hz, double f_hz, double *scratch);

double gm_median_of(double *values, size_t n); /* reorders; NaN for n = 0 */
double gm_quantile_of(double *values, size_t n, double q);

#endif
