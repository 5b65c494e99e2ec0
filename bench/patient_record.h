/* patient_record.h - ten seconds of a virtual patient as an electrocardiograph would have them: beats at a
 * varying interval, an ectopic one among them, wander, and noise that is three times as strong while the
 * patient moves (a third of the time). For benchmarks.
 */
#ifndef GM_BENCH_PATIENT_RECORD_H
#define GM_BENCH_PATIENT_RECORD_H

#include <math.h>
#include <stdio.h>

#include "core/alloc.h"
#include "core/rng.h"
#include "ecg/build.h"
#include "heart/forward/lead_field.h"

enum { RECORD_SAMPLES = 10000, RECORD_BEATS = 11, RECORD_ECTOPIC = 4 };
static const double RECORD_MV_PER_COUNT = 0.0005, RECORD_WANDER_MV = 0.1;
static const double RECORD_RR_MS = 880, RECORD_JITTER_MS = 40, RECORD_RESTLESS = 3;

/* beat [n][8] in mV at 1 ms, the independent leads. start_ms[RECORD_BEATS]: where it begins each time. */
static inline void record_beats(double *x, const double *beat, size_t n, gm_rng *rng,
                                double start_ms[RECORD_BEATS])
{
    double at = 100;
    for (int k = 0; k < RECORD_BEATS; k++) {
        at = round(at), start_ms[k] = at;
        for (size_t i = 0; i < n; i++) {
            size_t t = (size_t)at + i;
            double u = k == RECORD_ECTOPIC ? fmin((double)n - 1, (double)i / 1.3) : (double)i;
            for (size_t l = 0; l < GM_N_INDEPENDENT && t < RECORD_SAMPLES; l++) {
                double v = beat[(size_t)u * GM_N_INDEPENDENT + l];
                x[t * GM_N_INDEPENDENT + l] += k == RECORD_ECTOPIC ? -v : v;
            }
        }
        at += RECORD_RR_MS + RECORD_JITTER_MS * (2 * gm_rng_uniform(rng) - 1);
    }
}

static inline void record_noise(double *x, double noise_mv, gm_rng *rng)
{
    for (size_t l = 0; l < GM_N_INDEPENDENT; l++) {
        double phase = 2 * M_PI * gm_rng_uniform(rng), hz = 0.2 + 0.15 * gm_rng_uniform(rng);
        for (size_t t = 0; t < RECORD_SAMPLES; t++) {
            double s = (double)t / 1000;
            bool moves = t > RECORD_SAMPLES / 3 && t < 2 * RECORD_SAMPLES / 3;
            x[t * GM_N_INDEPENDENT + l] +=
                noise_mv * (moves ? RECORD_RESTLESS : 1) * gm_rng_normal(rng) +
                RECORD_WANDER_MV * sin(2 * M_PI * hz * s + phase);
        }
    }
}

static inline gm_status record_of(gm_ecg **out, const double *beat, size_t n, double noise_mv,
                                  gm_rng *rng, double start_ms[RECORD_BEATS])
{
    double *x = gm_calloc(RECORD_SAMPLES * GM_N_INDEPENDENT, sizeof *x), twelve[GM_N_LEADS];
    if (!x) return gm_fail(GM_ENOMEM, "no memory");
    record_beats(x, beat, n, rng, start_ms);
    record_noise(x, noise_mv, rng);
    gm_status s = gm_ecg_create(out, "CSV", GM_N_LEADS, RECORD_SAMPLES);
    for (size_t l = 0; s == GM_OK && l < GM_N_LEADS; l++) {
        gm_ecg_channel *c = &(*out)->channels[l];
        c->lead = (int)l, c->mv_per_count = RECORD_MV_PER_COUNT;
        s = gm_ecg_set(&c->name, gm_lead_names[l]);
        for (size_t t = 0; t < RECORD_SAMPLES; t++) {
            gm_leads_expand(x + t * GM_N_INDEPENDENT, twelve);
            c->counts[t] = (int32_t)lround(twelve[l] / RECORD_MV_PER_COUNT);
        }
    }
    if (s == GM_OK) (*out)->rate_hz = 1000;
    gm_free(x);
    return s;
}

#endif
