#include "heart/ecg/measure.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/ecg/beats.h"
#include "heart/ecg/delineate.h"
#include "heart/ecg/filter.h"
#include "heart/ecg/intervals.h"
#include "heart/ecg/qrs.h"

const char *const gm_ecg_wave_names[GM_N_WAVES] = {"P", "QRS", "T"};
const char *const gm_ecg_grade_names[] = {"absent", "unusable", "poor", "fair", "good"};

static const double MIN_RATE_HZ = 100, MAX_RATE_HZ = 10000, MIN_DURATION_MS = 100;
static const double ONE_BEAT_S = 1.5;      /* shorter: one beat, not a rhythm */
static const double SINGLE_RATIO = 6;      /* steepest slope of a lone QRS over its noise */
static const double SINGLE_LEAST_MV = 0.1; /* its height */
static const double FIRST_LEVEL_MS[2] = {-110, -80}; /* before the fiducial: mostly PR segment */
static const double LEVEL_MS[2] = {-22, -4};         /* before QRS onset */

static gm_status check(const gm_ecg *ecg)
{
    if (!(ecg->rate_hz >= MIN_RATE_HZ && ecg->rate_hz <= MAX_RATE_HZ))
        return gm_fail(GM_EFORMAT, "the rate is %g Hz; measuring an ECG needs %g .. %g Hz",
                       ecg->rate_hz, MIN_RATE_HZ, MAX_RATE_HZ);
    double ms = 1000 * (double)ecg->n_samples / ecg->rate_hz;
    if (!(ms >= MIN_DURATION_MS))
        return gm_fail(GM_EFORMAT, "the record is %.3g ms long; at least %g ms are needed", ms,
                       MIN_DURATION_MS);
    return GM_OK;
}

/* ---- beats -------------------------------------------------------------------------------------- */

/* Adds a lead's squared slope in units of its noise; returns the lead's height in mV. */
static double add_slope(const double *x, size_t n, double rate_hz, double step_mv, double *total,
                        double *scratch)
{
    double sigma = fmax(0.004 * rate_hz, 0.7), low = x[0], high = x[0];
    double noise = fmax(gm_ecg_high_frequency_noise(x, n, scratch), step_mv / sqrt(12));
    noise *= sqrt(1 / (4 * sqrt(M_PI) * sigma * sigma * sigma)); /* of the filtered slope */
    gm_gauss(x, n, sigma, 1, scratch);
    for (size_t i = 0; i < n; i++) {
        total[i] += scratch[i] * scratch[i] / (noise * noise);
        low = fmin(low, x[i]), high = fmax(high, x[i]);
    }
    return high - low;
}

/* The steepest place of a record that is too short for the detector's idea of a rhythm. SIZE_MAX:
 * nothing that stands out of the noise. */
static gm_status find_single(const gm_ecg_tracks *t, size_t *at)
{
    double *total = gm_calloc(2 * t->n, sizeof *total), height = 0;
    if (!total) return gm_fail(GM_ENOMEM, "no memory for %zu samples", t->n);
    for (int k = 0; k < t->n_tracks; k++)
        height = fmax(height, add_slope(t->x + (size_t)k * t->n, t->n, t->rate_hz, t->step_mv[k],
                                        total, total + t->n));
    size_t best = 0;
    for (size_t i = 0; i < t->n; i++)
        if (total[i] > total[best]) best = i;
    bool stands_out = total[best] > SINGLE_RATIO * SINGLE_RATIO * t->n_tracks;
    *at = height > SINGLE_LEAST_MV && stands_out ? best : SIZE_MAX;
    gm_free(total);
    return GM_OK;
}

static gm_status find_beats(const gm_ecg_tracks *t, const gm_ecg_tracks *coarse, size_t **at,
                            size_t *n)
{
    if ((double)t->n >= ONE_BEAT_S * t->rate_hz) {
        GM_TRY(gm_qrs_default->detect(coarse, at, n));
        size_t factor = gm_ecg_coarse_factor(t->rate_hz);
        for (size_t i = 0; i < *n; i++) {
            (*at)[i] = (*at)[i] * factor + (factor - 1) / 2;
            if ((*at)[i] >= t->n) (*at)[i] = t->n - 1;
        }
    } else {
        size_t place = SIZE_MAX;
        GM_TRY(find_single(t, &place));
        *n = place == SIZE_MAX ? 0 : 1;
        *at = gm_calloc(1, sizeof **at);
        if (!*at) return gm_fail(GM_ENOMEM, "no memory for a beat");
        **at = place;
    }
    if (*n == 0)
        return gm_fail(GM_EFORMAT,
                       "no heart beat was found in %.3g s: nothing stands out of the "
                       "noise; check electrodes, units and that this is an ECG",
                       (double)t->n / t->rate_hz);
    return GM_OK;
}

/* ---- median beat -------------------------------------------------------------------------------- */

static gm_status average(gm_ecg_measurement *m, gm_ecg_tracks *t, const gm_ecg_tracks *coarse,
                         size_t *at)
{
    if (m->n_beats == 1) {
        GM_TRY(gm_ecg_remark(m,
                             "one beat alone: it was measured as recorded, unfiltered; its noise "
                             "is an estimate from the high frequencies"));
        GM_TRY(gm_ecg_beats_whole(m, t, at[0]));
        return gm_delineator_default->delineate(&m->median, NAN);
    }
    GM_TRY(gm_ecg_tracks_remove_mains(t, m));
    GM_TRY(gm_ecg_beats_group(m, t, coarse, at));
    double rr_ms =
        1000 * (double)(at[m->n_beats - 1] - at[0]) / t->rate_hz / (double)(m->n_beats - 1);
    /* Twice: the level before QRS can be taken only once its onset is known. */
    double from = FIRST_LEVEL_MS[0], to = FIRST_LEVEL_MS[1];
    for (int round = 0; round < 2; round++) {
        GM_TRY(gm_ecg_beats_level(t, m, at, from, to));
        GM_TRY(gm_ecg_beats_average(m, t, at));
        GM_TRY(gm_delineator_default->delineate(&m->median, rr_ms));
        double on = m->median.wave[GM_WAVE_QRS].on_ms;
        if (!isfinite(on)) break;
        on -= 1000 * (double)m->median.fiducial / m->median.rate_hz;
        from = on + LEVEL_MS[0], to = on + LEVEL_MS[1];
    }
    return GM_OK;
}

/* ---- grades ------------------------------------------------------------------------------------- */

static gm_ecg_grade grade_of(const gm_ecg_lead_quality *q)
{
    /* {missing, saturated, wander mV, noise mV}: a lead is as good as its worst figure. */
    static const double fair[4] = {0.01, 0.0005, 0.25, 0.03}, poor[4] = {0.10, 0.01, 0.80, 0.10};
    const double is[4] = {q->missing_fraction, q->saturated_fraction, q->wander_mv, q->noise_mv};
    gm_ecg_grade grade = GM_GRADE_GOOD;
    for (int k = 0; k < 4; k++) {
        if (is[k] > poor[k]) return GM_GRADE_POOR;
        if (is[k] > fair[k]) grade = GM_GRADE_FAIR;
    }
    return grade;
}

static gm_status grade_leads(gm_ecg_measurement *m)
{
    for (int l = 0; l < GM_N_LEADS; l++) {
        gm_ecg_lead_quality *q = &m->quality[l];
        if (q->grade == GM_GRADE_UNUSABLE)
            GM_TRY(gm_ecg_remark(m, "lead %s is %s: not used", gm_lead_names[l],
                                 q->is_flat ? "flat" : "mostly missing"));
        if (q->grade < GM_GRADE_GOOD) continue;
        q->noise_mv = m->median.noise_mv[l];
        q->grade = grade_of(q);
        if (q->saturated_fraction > 0)
            GM_TRY(gm_ecg_remark(m, "lead %s is cut off at its rails in %.2g %% of its samples",
                                 gm_lead_names[l], 100 * q->saturated_fraction));
    }
    return GM_OK;
}

/* ---- all ---------------------------------------------------------------------------------------- */

static gm_status measure(gm_ecg_measurement *m, const gm_ecg *ecg, gm_ecg_tracks *t,
                         gm_ecg_tracks *coarse, size_t **at)
{
    GM_TRY(gm_ecg_tracks_from(t, m, ecg));
    GM_TRY(gm_ecg_tracks_coarse(coarse, t));
    GM_TRY(find_beats(t, coarse, at, &m->n_beats));
    m->beats = gm_calloc(m->n_beats, sizeof *m->beats);
    if (!m->beats) return gm_fail(GM_ENOMEM, "no memory for %zu beats", m->n_beats);
    for (size_t i = 0; i < m->n_beats; i++)
        m->beats[i] = (gm_ecg_beat){.correlation = NAN, .in_median = m->n_beats == 1};
    GM_TRY(average(m, t, coarse, *at));
    for (size_t i = 0; i < m->n_beats; i++)
        m->beats[i].time_s = (double)(*at)[i] / t->rate_hz;
    GM_TRY(gm_ecg_intervals_from(m));
    return grade_leads(m);
}

gm_status gm_ecg_measure(gm_ecg_measurement **out, const gm_ecg *ecg)
{
    *out = NULL;
    GM_TRY(check(ecg));
    gm_ecg_measurement *m = gm_calloc(1, sizeof *m);
    if (!m) return gm_fail(GM_ENOMEM, "no memory for a measurement");
    m->rate_hz = ecg->rate_hz;
    m->duration_s = (double)ecg->n_samples / ecg->rate_hz;
    gm_ecg_tracks t = {0}, coarse = {0};
    size_t *at = NULL;
    gm_status s = measure(m, ecg, &t, &coarse, &at);
    gm_free(at);
    gm_ecg_tracks_clear(&t);
    gm_ecg_tracks_clear(&coarse);
    if (s != GM_OK) {
        gm_ecg_measurement_destroy(m);
        return s;
    }
    *out = m;
    return GM_OK;
}

void gm_ecg_measurement_destroy(gm_ecg_measurement *m)
{
    if (!m) return;
    for (size_t i = 0; i < m->n_notes; i++)
        gm_free(m->notes[i]);
    gm_free(m->notes);
    gm_free(m->beats);
    gm_free(m->median.mv);
    gm_free(m->median.spread_mv);
    gm_free(m);
}
