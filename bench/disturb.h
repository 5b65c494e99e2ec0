/* disturb.h - what happens to ECGs on the way: disturbances of a stated strength, added to the counts of
 * a record in memory. For benchmarks.
 *
 *   wander=DB   sines of 0.15 - 0.4 Hz        motion=DB   steps that decay over 0.2 - 1 s, one in 2 s
 *   muscle=DB   noise of 20 - 120 Hz           mains50=DB, mains60=DB
 *   scale=F     all counts times F             rate=HZ     resampled
 *   leads=N     the first N of I II V1..V6 are left
 *
 * DB is the ratio of the power of the lead about its mean to that of what is added to it.
 */
#ifndef GM_BENCH_DISTURB_H
#define GM_BENCH_DISTURB_H

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/rng.h"
#include "ecg/waveform.h"

static inline double disturb_power(const int32_t *x, size_t n)
{
    double mean = 0, square = 0;
    for (size_t i = 0; i < n; i++)
        mean += (double)x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        square += ((double)x[i] - mean) * ((double)x[i] - mean) / (double)n;
    return square;
}

static inline void disturb_wander(double *y, size_t n, double rate_hz, gm_rng *rng)
{
    for (int k = 0; k < 5; k++) {
        double hz = 0.15 + 0.25 * gm_rng_uniform(rng), phase = 6.2831853 * gm_rng_uniform(rng);
        double height = gm_rng_normal(rng);
        for (size_t i = 0; i < n; i++)
            y[i] += height * sin(6.2831853 * hz * (double)i / rate_hz + phase);
    }
}

/* Noise through two low passes of first order, one subtracted from the other: 20 to 120 Hz. */
static inline void disturb_muscle(double *y, size_t n, double rate_hz, gm_rng *rng)
{
    double slow = 0, fast = 0, a = 1 - exp(-6.2831853 * 20 / rate_hz),
           b = 1 - exp(-6.2831853 * fmin(120, 0.4 * rate_hz) / rate_hz);
    for (size_t i = 0; i < n; i++) {
        double white = gm_rng_normal(rng);
        slow += a * (white - slow), fast += b * (white - fast);
        y[i] += fast - slow;
    }
}

static inline void disturb_motion(double *y, size_t n, double rate_hz, gm_rng *rng)
{
    double level = 0, decay = 1;
    for (size_t i = 0; i < n; i++) {
        if (gm_rng_uniform(rng) < 0.5 / rate_hz) {
            level += gm_rng_normal(rng);
            decay = exp(-1 / (rate_hz * (0.2 + 0.8 * gm_rng_uniform(rng))));
        }
        y[i] += level *= decay;
    }
}

static inline void disturb_mains(double *y, size_t n, double rate_hz, double hz, gm_rng *rng)
{
    double phase = 6.2831853 * gm_rng_uniform(rng);
    for (size_t i = 0; i < n; i++)
        y[i] += sin(6.2831853 * hz * (double)i / rate_hz + phase);
}

/* Adds y, scaled to the ratio, to x. */
static inline void disturb_add(int32_t *x, const double *y, size_t n, double db)
{
    double power = 0;
    for (size_t i = 0; i < n; i++)
        power += y[i] * y[i] / (double)n;
    double factor = power > 0 ? sqrt(disturb_power(x, n) / power * pow(10, -db / 10)) : 0;
    for (size_t i = 0; i < n; i++)
        x[i] += (int32_t)lround(factor * y[i]);
}

/* Windowed sinc, 16 samples to each side, cut at the lower of the two Nyquist frequencies. */
static inline int32_t *disturb_resampled(const int32_t *x, size_t n, double ratio, size_t n_new)
{
    int32_t *out = gm_calloc(n_new, sizeof *out);
    double cut = fmin(1, ratio), reach = 16 / cut;
    for (size_t i = 0; i < n_new; i++) {
        double place = (double)i / ratio, sum = 0, weights = 0;
        for (double k = ceil(place - reach); k <= place + reach; k++) {
            double u = k - place, s = u == 0 ? 1 : sin(M_PI * cut * u) / (M_PI * cut * u);
            double w = s * (0.5 + 0.5 * cos(M_PI * u / reach));
            size_t at = (size_t)fmin(fmax(k, 0), (double)(n - 1));
            sum += w * (double)x[at], weights += w;
        }
        out[i] = (int32_t)lround(sum / weights);
    }
    return out;
}

static inline void disturb_rate(gm_ecg *e, double rate_hz)
{
    double ratio = rate_hz / e->rate_hz;
    size_t n = (size_t)floor((double)e->n_samples * ratio);
    for (size_t c = 0; c < e->n_channels; c++) {
        int32_t *counts = disturb_resampled(e->channels[c].counts, e->n_samples, ratio, n);
        gm_free(e->channels[c].counts);
        e->channels[c].counts = counts;
    }
    e->n_samples = n, e->rate_hz = rate_hz;
}

static inline void disturb_leads(gm_ecg *e, int n_left)
{
    static const int order[] = {0, 1, 6, 7, 8, 9, 10, 11};
    size_t kept = 0;
    for (size_t c = 0; c < e->n_channels; c++) {
        bool stays = false;
        for (int k = 0; k < n_left && k < 8; k++)
            stays |= e->channels[c].lead == order[k];
        gm_ecg_channel out = e->channels[c];
        if (stays) {
            e->channels[c] = e->channels[kept];
            e->channels[kept++] = out;
        }
    }
    for (size_t c = kept; c < e->n_channels; c++) {
        gm_free(e->channels[c].name);
        gm_free(e->channels[c].unit);
        gm_free(e->channels[c].counts);
    }
    e->n_channels = kept;
}

/* what: "muscle=12". False: not known. */
static inline bool disturb(gm_ecg *e, const char *what, uint64_t seed)
{
    const char *equals = strchr(what, '=');
    size_t n = equals ? (size_t)(equals - what) : 0;
    double value = equals ? atof(equals + 1) : NAN;
#define DISTURB_IS(name) (n == strlen(name) && strncmp(what, name, n) == 0)
    if (DISTURB_IS("rate")) return disturb_rate(e, value), true;
    if (DISTURB_IS("leads")) return disturb_leads(e, (int)value), true;
    double *y = gm_calloc(e->n_samples, sizeof *y);
    bool known = true;
    for (size_t c = 0; c < e->n_channels && known; c++) {
        gm_rng rng = gm_rng_stream(seed, c);
        int32_t *x = e->channels[c].counts;
        memset(y, 0, e->n_samples * sizeof *y);
        if (DISTURB_IS("wander"))
            disturb_wander(y, e->n_samples, e->rate_hz, &rng);
        else if (DISTURB_IS("muscle"))
            disturb_muscle(y, e->n_samples, e->rate_hz, &rng);
        else if (DISTURB_IS("motion"))
            disturb_motion(y, e->n_samples, e->rate_hz, &rng);
        else if (DISTURB_IS("mains50"))
            disturb_mains(y, e->n_samples, e->rate_hz, 50, &rng);
        else if (DISTURB_IS("mains60"))
            disturb_mains(y, e->n_samples, e->rate_hz, 60, &rng);
        else if (!DISTURB_IS("scale"))
            known = false;
        if (DISTURB_IS("scale"))
            for (size_t i = 0; i < e->n_samples; i++)
                x[i] = (int32_t)lround(value * (double)x[i]);
        else
            disturb_add(x, y, e->n_samples, value);
    }
#undef DISTURB_IS
    gm_free(y);
    return known;
}

#endif
