#include "heart/ecg/findings.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"

/* ---- signals ---------------------------------------------------------------------------------------- */

typedef struct {
    const gm_ecg_channel **channels; /* [n] of e, the twelve leads in their order first */
    size_t n;
    double *mv; /* [n][n_samples] */
} signal_list;

static void list_channels(signal_list *l, const gm_ecg *e, bool is_relative)
{
    for (int lead = 0; lead <= GM_N_LEADS; lead++)
        for (size_t c = 0; c < e->n_channels; c++) {
            const gm_ecg_channel *ch = &e->channels[c];
            bool is_next = lead < GM_N_LEADS ? gm_ecg_lead(e, lead) == ch : ch->lead < 0;
            if (is_next && (is_relative || isfinite(ch->mv_per_count))) l->channels[l->n++] = ch;
        }
}

static gm_status list_signals(signal_list *l, const gm_ecg *e, const gm_ecg_measurement *m)
{
    l->channels = gm_calloc(e->n_channels, sizeof *l->channels);
    if (!l->channels) return gm_fail(GM_ENOMEM, "ECG: no memory for its signals");
    list_channels(l, e, m->amplitudes_are_relative);
    l->mv = gm_calloc(l->n * e->n_samples, sizeof *l->mv);
    if (!l->mv) return gm_fail(GM_ENOMEM, "ECG: no memory for %zu samples", e->n_samples);
    for (size_t k = 0; k < l->n; k++)
        gm_ecg_channel_on_scale_mv(l->channels[k], e->n_samples, m, l->mv + k * e->n_samples);
    return GM_OK;
}

/* ---- findings --------------------------------------------------------------------------------------- */

typedef struct {
    const gm_ecg_measurement *m;
    gm_ecg_samples samples;
    double *beat_s; /* [m->n_beats] */
    bool *is_normal;
} material;

static gm_status find_quality(gm_ecg_findings *f, const signal_list *l, const material *x)
{
    gm_lead_quality_reasons *all = gm_calloc(l->n, sizeof *all);
    f->signals = gm_calloc(l->n, sizeof *f->signals);
    gm_status s = all && f->signals ? GM_OK : gm_fail(GM_ENOMEM, "ECG: no memory for its signals");
    if (s == GM_OK) s = gm_ecg_quality_reasons(all, &x->samples, x->beat_s, x->m->n_beats);
    for (size_t k = 0; s == GM_OK && k < l->n; k++) {
        const char *name = l->channels[k]->name;
        int lead = l->channels[k]->lead;
        f->signals[k].name = lead >= 0 ? gm_lead_names[lead] : name ? name : "?";
        f->signals[k].quality = all[k];
    }
    if (s == GM_OK) f->n_signals = l->n;
    gm_free(all);
    return s;
}

static bool are_poor(const gm_ecg_findings *f)
{
    size_t n_poor = 0;
    for (size_t k = 0; k < f->n_signals; k++)
        n_poor += f->signals[k].quality.do_not_trust;
    return 2 * n_poor > f->n_signals;
}

static void find_electrodes(gm_ecg_findings *f, const gm_ecg_measurement *m)
{
    const gm_ecg_median_beat *b = &m->median;
    const double p[2] = {b->wave[GM_WAVE_P].on_ms, b->wave[GM_WAVE_P].off_ms};
    const double qrs[2] = {b->wave[GM_WAVE_QRS].on_ms, b->wave[GM_WAVE_QRS].off_ms};
    gm_ecg_find_reversal(&f->electrodes, b->mv, b->n, b->rate_hz, p, qrs,
                         !m->amplitudes_are_relative);
}

static gm_status find_of_beats(gm_ecg_findings *f, const material *x)
{
    const gm_ecg_samples *s = &x->samples;
    size_t n = x->m->n_beats;
    GM_TRY(gm_ecg_find_pacing(&f->pacing, s, x->beat_s, n));
    GM_TRY(gm_ecg_classify_beats(&f->classes, s, x->beat_s, n, &f->pacing));
    GM_TRY(gm_ecg_p_presence(&f->p, s, x->beat_s, n, f->classes.labels));
    GM_TRY(gm_ecg_rhythm(&f->rhythm, x->beat_s, n, f->classes.labels, f->p.probability));
    for (size_t i = 0; i < n; i++)
        x->is_normal[i] = f->classes.labels[i].is == GM_BEAT_DOMINANT;
    GM_TRY(gm_ecg_hrv(&f->hrv, x->beat_s, n, x->is_normal, false));
    find_electrodes(f, x->m);
    f->has_beats = true;
    return GM_OK;
}

static gm_status find(gm_ecg_findings *f, const gm_ecg *e, material *x, signal_list *l)
{
    GM_TRY(list_signals(l, e, x->m));
    x->samples = (gm_ecg_samples){l->mv, l->n, e->n_samples, e->rate_hz};
    x->beat_s = gm_calloc(x->m->n_beats, sizeof *x->beat_s);
    x->is_normal = gm_calloc(x->m->n_beats, sizeof *x->is_normal);
    if (!x->beat_s || !x->is_normal)
        return gm_fail(GM_ENOMEM, "ECG: no memory for %zu beats", x->m->n_beats);
    for (size_t i = 0; i < x->m->n_beats; i++)
        x->beat_s[i] = x->m->beats[i].time_s;
    GM_TRY(find_quality(f, l, x));
    gm_ecg_amplitudes_of(f->amplitudes, x->m);
    GM_TRY(gm_ecg_waves_find(&f->waves, e, x->m, NULL));
    GM_TRY(gm_ecg_interval_spreads(f->intervals, x->m, f->waves));
    GM_TRY(gm_ecg_bound_spreads(f->bound_sd_ms, x->m, f->waves));
    gm_ecg_numbers_of(f->numbers, x->m, f->intervals, are_poor(f));
    return x->m->n_beats < 2 ? GM_OK : find_of_beats(f, x);
}

gm_status gm_ecg_find(gm_ecg_findings *out, const gm_ecg *e, const gm_ecg_measurement *m)
{
    *out = (gm_ecg_findings){0};
    signal_list l = {0};
    material x = {.m = m};
    gm_status s = find(out, e, &x, &l);
    gm_free(l.channels);
    gm_free(l.mv);
    gm_free(x.beat_s);
    gm_free(x.is_normal);
    if (s != GM_OK) gm_ecg_findings_clear(out);
    return s;
}

void gm_ecg_findings_clear(gm_ecg_findings *f)
{
    gm_pacing_clear(&f->pacing);
    gm_beat_classes_clear(&f->classes);
    gm_ecg_waves_destroy(f->waves);
    gm_free(f->signals);
    *f = (gm_ecg_findings){0};
}
