/* target.c - what of a measured ECG the heart is fitted to. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/fit/twin.h"
#include "heart/forward/lead_field.h"

static const int FEWEST_LEADS = 3;

static int known_leads(const gm_ecg_measurement *m)
{
    int n = 0;
    for (int l = 0; l < GM_N_INDEPENDENT; l++)
        n += isfinite(m->median.median_noise_mv[gm_independent_lead[l]]) &&
             isfinite(m->median.mv[(size_t)gm_independent_lead[l] * m->median.n]);
    return n;
}

gm_status gm_heart_target_from(gm_heart_target *out, const gm_ecg_measurement *m)
{
    *out = (gm_heart_target){0};
    const gm_ecg_bounds *qrs = &m->median.wave[GM_WAVE_QRS];
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
    out->qrs = *qrs;
    out->t = m->median.wave[GM_WAVE_T];
    out->amplitudes_are_relative = m->amplitudes_are_relative;
    out->n_beats = m->median.n_beats;
    return GM_OK;
}

void gm_heart_target_free(gm_heart_target *t)
{
    gm_free(t->mv);
    *t = (gm_heart_target){0};
}
