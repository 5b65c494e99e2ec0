/* target.c - what of a measured ECG the heart is fitted to. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/ecg/window.h"
#include "heart/fit/twin.h"
#include "heart/forward/lead_field.h"

static const int FEWEST_LEADS = 3;
static const double LEVEL_MS[2] = {22, 4}; /* before the onset of QRS */

static int known_leads(const gm_ecg_measurement *m)
{
    int n = 0;
    for (int l = 0; l < GM_N_INDEPENDENT; l++)
        n += isfinite(m->median.median_noise_mv[gm_independent_lead[l]]) &&
             isfinite(m->median.mv[(size_t)gm_independent_lead[l] * m->median.n]);
    return n;
}

static void fill(double *known, double other)
{
    if (isnan(*known)) *known = other;
}

/* Both the median beat and the single beats may lose a weak end of QRS in noise: the wider of the two.
 * Of T, what the median beat lacks. */
static gm_status widen_windows(gm_heart_target *t, const gm_ecg *ecg, const gm_ecg_measurement *m)
{
    gm_ecg_waves *waves;
    gm_ecg_bounds window[GM_N_WAVES];
    GM_TRY(gm_ecg_waves_find(&waves, ecg, m, NULL));
    gm_status s = gm_ecg_windows(window, m, waves);
    gm_ecg_waves_destroy(waves);
    GM_TRY(s);
    t->qrs.on_ms = fmin(t->qrs.on_ms, window[GM_WAVE_QRS].on_ms);
    t->qrs.off_ms = fmax(t->qrs.off_ms, window[GM_WAVE_QRS].off_ms);
    fill(&t->t.on_ms, window[GM_WAVE_T].on_ms);
    fill(&t->t.peak_ms, window[GM_WAVE_T].peak_ms);
    fill(&t->t.off_ms, window[GM_WAVE_T].off_ms);
    return GM_OK;
}

/* The level before QRS, taken anew since its onset may have moved. */
static void level(gm_heart_target *t)
{
    double first = ceil((t->qrs.on_ms - LEVEL_MS[0]) / t->step_ms);
    size_t from = first > 0 ? (size_t)first : 0;
    size_t to = (size_t)fmax(0, (t->qrs.on_ms - LEVEL_MS[1]) / t->step_ms);
    for (size_t l = 0; l < GM_N_LEADS && to > from; l++) {
        double *lead = t->mv + l * t->n, mean = 0;
        for (size_t i = from; i < to; i++)
            mean += lead[i] / (double)(to - from);
        for (size_t i = 0; i < t->n; i++)
            lead[i] -= mean;
    }
}

gm_status gm_heart_target_from(gm_heart_target *out, const gm_ecg *ecg, const gm_ecg_measurement *m)
{
    *out = (gm_heart_target){.qrs = m->median.wave[GM_WAVE_QRS], .t = m->median.wave[GM_WAVE_T]};
    bool is_average = !m->median.is_whole_record;
    if (is_average) GM_TRY(widen_windows(out, ecg, m));
    const gm_ecg_bounds *qrs = &out->qrs;
    if (!(isfinite(qrs->on_ms) && isfinite(qrs->off_ms) && qrs->on_ms < qrs->off_ms))
        return gm_fail(GM_EFORMAT, "heart fit: the ECG has no measurable QRS onset and offset");
    if (known_leads(m) < FEWEST_LEADS)
        return gm_fail(GM_EFORMAT,
                       "heart fit: %d of the leads I, II, V1-V6 are usable; at least %d are needed",
                       known_leads(m), FEWEST_LEADS);
    size_t n = m->median.n;
    out->mv = gm_calloc(GM_N_LEADS * n, sizeof *out->mv);
    if (!out->mv) return gm_fail(GM_ENOMEM, "heart fit: no memory");
    memcpy(out->mv, m->median.mv, GM_N_LEADS * n * sizeof *out->mv);
    out->n = n;
    out->step_ms = 1000 / m->median.rate_hz;
    memcpy(out->noise_mv, m->median.median_noise_mv, sizeof out->noise_mv);
    out->amplitudes_are_relative = m->amplitudes_are_relative;
    out->n_beats = m->median.n_beats;
    if (is_average) level(out);
    return GM_OK;
}

void gm_heart_target_free(gm_heart_target *t)
{
    gm_free(t->mv);
    *t = (gm_heart_target){0};
}
