#include "heart/verbs/ecg_findings.h"

#include <math.h>
#include <string.h>

#include "heart/verbs/cells.h"

const char *const gm_ecg_bound_keys[GM_N_WAVES][3] = {
    {"p_on_ms", "p_peak_ms", "p_off_ms"},
    {"qrs_on_ms", "qrs_peak_ms", "qrs_off_ms"},
    {"t_on_ms", "t_peak_ms", "t_off_ms"},
};

/* ---- JSON ------------------------------------------------------------------------------------------ */

static void set_real(json_t *o, const char *key, double v)
{
    json_object_set_new(o, key, gm_json_real_or_null(v));
}

static void set_count(json_t *o, const char *key, size_t n)
{
    json_object_set_new(o, key, json_integer((json_int_t)n));
}

static void set_verdict(json_t *o, bool is_doubtful, const char *reason)
{
    json_object_set_new(o, "is_doubtful", json_boolean(is_doubtful));
    json_object_set_new(o, "reason", json_string(reason));
}

static json_t *rhythm_json(const gm_rhythm *r)
{
    const struct {
        const char *key;
        double value;
    } rows[] = {
        {"rate_per_min", r->rate_per_min},
        {"slowest_per_min", r->slowest_per_min},
        {"fastest_per_min", r->fastest_per_min},
        {"median_step", r->median_step},
        {"rmssd_over_mean", r->rmssd},
        {"turning_ratio", r->turning_ratio},
        {"cosen", r->cosen},
        {"p_wave_probability", r->p_present},
        {"longest_pause_s", r->longest_pause_s},
        {"longest_pause_at_s", r->longest_pause_at_s},
    };
    json_t *o = json_object();
    json_object_set_new(o, "is", json_string(gm_rhythm_names[r->kind]));
    set_verdict(o, r->is_doubtful, r->reason);
    json_object_set_new(o, "is_bradycardia", json_boolean(r->is_bradycardia));
    json_object_set_new(o, "is_tachycardia", json_boolean(r->is_tachycardia));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        set_real(o, rows[i].key, rows[i].value);
    set_count(o, "n_intervals", r->n_rr);
    set_count(o, "n_intervals_used", r->n_used);
    set_count(o, "n_pauses", r->n_pauses);
    return o;
}

static json_t *classes_json(const gm_beat_classes *c, const gm_ecg_measurement *m)
{
    json_t *o = json_object(), *beats = json_array();
    for (int k = 0; k < GM_N_BEAT_CLASSES; k++)
        set_count(o, gm_beat_class_names[k], c->n_of[k]);
    set_count(o, "supraventricular", c->n_supraventricular);
    set_count(o, "ventricular", c->n_ventricular);
    json_object_set_new(o, "is_doubtful", json_boolean(c->is_doubtful));
    for (size_t i = 0; i < c->n; i++) {
        const gm_beat_label *l = &c->labels[i];
        if (l->is == GM_BEAT_DOMINANT) continue;
        json_t *b = json_object();
        set_real(b, "time_s", m->beats[i].time_s);
        json_object_set_new(b, "is", json_string(gm_beat_class_names[l->is]));
        set_verdict(b, l->is_doubtful, l->reason);
        json_array_append_new(beats, b);
    }
    json_object_set_new(o, "other_than_dominant", beats);
    return o;
}

static json_t *hrv_json(const gm_hrv *h)
{
    json_t *o = json_object();
    for (int k = 0; k < GM_N_HRV; k++) {
        const gm_hrv_figure *f = &h->figure[k];
        json_t *v = json_object();
        set_real(v, "value", f->value);
        set_real(v, "standard_error", f->standard_error);
        json_object_set_new(v, "unit", json_string(f->unit ? f->unit : ""));
        json_object_set_new(v, "do_not_trust",
                            f->do_not_trust ? json_string(f->do_not_trust) : json_null());
        json_object_set_new(o, gm_hrv_names[k], v);
    }
    set_count(o, "n_intervals", h->n_rr);
    set_count(o, "n_normal_intervals", h->n_nn);
    return o;
}

static json_t *pacing_json(const gm_pacing *p)
{
    json_t *o = json_object();
    json_object_set_new(o, "is_paced", json_boolean(p->is_paced));
    set_verdict(o, p->is_doubtful, p->reason);
    set_count(o, "n_spikes", p->n);
    set_count(o, "n_atrial", p->n_atrial);
    set_count(o, "n_ventricular", p->n_ventricular);
    return o;
}

static json_t *electrodes_json(const gm_reversal *r)
{
    json_t *o = json_object();
    json_object_set_new(o, "is_reversal_suspected", json_boolean(r->is_suspected));
    json_object_set_new(o, "swap",
                        r->is_suspected ? json_string(gm_lead_swap_names[r->swap]) : json_null());
    set_real(o, "evidence", r->evidence);
    json_object_set_new(o, "poor_r_progression", json_boolean(r->poor_r_progression));
    set_verdict(o, r->is_doubtful, r->reason);
    return o;
}

static json_t *amplitudes_json(const gm_ecg_amplitudes all[GM_N_LEADS])
{
    json_t *o = json_object();
    for (int l = 0; l < GM_N_LEADS; l++) {
        const gm_ecg_amplitudes *a = &all[l];
        if (isnan(a->sd_mv)) continue;
        json_t *v = json_object();
        set_real(v, "p_mv", a->p_mv);
        set_real(v, "q_mv", a->q_mv);
        set_real(v, "r_mv", a->r_mv);
        set_real(v, "s_mv", a->s_mv);
        set_real(v, "t_mv", a->t_mv);
        set_real(v, "r_peak_ms", a->r_peak_ms);
        set_real(v, "st_j_mv", a->st_j_mv);
        set_real(v, "st_j60_mv", a->st_j60_mv);
        set_real(v, "sd_mv", a->sd_mv);
        json_object_set_new(v, "do_not_trust", json_boolean(a->do_not_trust));
        json_object_set_new(o, gm_lead_names[l], v);
    }
    return o;
}

static json_t *intervals_json(const gm_interval_spread all[GM_N_SPREADS])
{
    json_t *o = json_object();
    for (int k = 0; k < GM_N_SPREADS; k++) {
        const gm_interval_spread *s = &all[k];
        json_t *v = json_object();
        set_real(v, "median_ms", s->median_ms);
        set_real(v, "beats_sd_ms", s->beats_sd_ms);
        set_real(v, "uncertainty_ms", s->uncertainty_ms);
        set_count(v, "n_beats", s->n_beats);
        set_count(v, "n_leads", s->n_leads);
        json_object_set_new(v, "do_not_trust",
                            s->do_not_trust ? json_string(s->do_not_trust) : json_null());
        json_object_set_new(o, gm_interval_names[k], v);
    }
    return o;
}

static json_t *numbers_json(const gm_ecg_number all[GM_N_NUMBERS])
{
    json_t *o = json_object();
    for (int k = 0; k < GM_N_NUMBERS; k++) {
        json_t *v = json_object();
        set_real(v, "value", all[k].value);
        set_real(v, "sd", all[k].sd);
        json_object_set_new(v, "do_not_trust",
                            all[k].do_not_trust ? json_string(all[k].do_not_trust) : json_null());
        json_object_set_new(o, gm_ecg_number_keys[k], v);
    }
    return o;
}

static json_t *bound_sd_json(const double sd_ms[GM_N_WAVES][3])
{
    json_t *o = json_object();
    for (int w = 0; w < GM_N_WAVES; w++)
        for (int k = 0; k < 3; k++)
            set_real(o, gm_ecg_bound_keys[w][k], sd_ms[w][k]);
    return o;
}

static json_t *bounds_json(const gm_ecg_findings *f, const gm_ecg_measurement *m)
{
    json_t *o = json_object();
    json_object_set_new(o, "median_beat", bound_sd_json(f->bound_sd_ms[GM_N_LEADS]));
    for (int l = 0; l < GM_N_LEADS; l++)
        if (m->quality[l].grade > GM_GRADE_UNUSABLE)
            json_object_set_new(o, gm_lead_names[l], bound_sd_json(f->bound_sd_ms[l]));
    return o;
}

static json_t *signals_json(const gm_ecg_findings *f)
{
    json_t *o = json_object();
    for (size_t k = 0; k < f->n_signals; k++) {
        const gm_lead_quality_reasons *q = &f->signals[k].quality;
        json_t *v = json_object();
        json_object_set_new(v, "do_not_trust", json_boolean(q->do_not_trust));
        json_object_set_new(v, "reasons", json_string(q->reasons));
        json_object_set_new(o, f->signals[k].name, v);
    }
    return o;
}

void gm_ecg_findings_values(json_t *o, const gm_ecg_findings *f, const gm_ecg_measurement *m)
{
    bool has = f->has_beats;
    json_object_set_new(o, "rhythm", has ? rhythm_json(&f->rhythm) : json_null());
    json_object_set_new(o, "beat_classes", has ? classes_json(&f->classes, m) : json_null());
    json_object_set_new(o, "hrv", has ? hrv_json(&f->hrv) : json_null());
    json_object_set_new(o, "pacing", has ? pacing_json(&f->pacing) : json_null());
    json_object_set_new(o, "electrodes", has ? electrodes_json(&f->electrodes) : json_null());
    json_object_set_new(o, "amplitudes", amplitudes_json(f->amplitudes));
    json_object_set_new(o, "intervals_of_beats", intervals_json(f->intervals));
    json_object_set_new(o, "uncertainties", numbers_json(f->numbers));
    json_object_set_new(o, "bounds_sd", bounds_json(f, m));
    json_object_set_new(o, "signals", signals_json(f));
}

/* ---- words ------------------------------------------------------------------------------------------ */

static const char *doubt(bool is_doubtful)
{
    return is_doubtful ? " (doubtful)" : "";
}

void gm_ecg_findings_say(gm_text *t, const gm_ecg_findings *f)
{
    if (f->has_beats) {
        const gm_beat_classes *c = &f->classes;
        gm_text_addf(t, "  rhythm: %s%s; %s\n", gm_rhythm_names[f->rhythm.kind],
                     doubt(f->rhythm.is_doubtful), f->rhythm.reason);
        gm_text_addf(
            t, "  beats: %zu dominant, %zu ectopic (%zu ventricular), %zu paced, %zu artefacts%s\n",
            c->n_of[GM_BEAT_DOMINANT], c->n_of[GM_BEAT_ECTOPIC], c->n_ventricular,
            c->n_of[GM_BEAT_PACED], c->n_of[GM_BEAT_ARTEFACT], doubt(c->is_doubtful));
        if (f->pacing.n)
            gm_text_addf(t, "  pacing: %s%s\n", f->pacing.reason, doubt(f->pacing.is_doubtful));
        if (f->electrodes.is_suspected || f->electrodes.poor_r_progression)
            gm_text_addf(t, "  electrodes: %s%s\n", f->electrodes.reason,
                         doubt(f->electrodes.is_doubtful));
    }
    for (int k = 0; k < GM_N_SPREADS; k++) {
        const gm_interval_spread *v = &f->intervals[k];
        if (isfinite(v->uncertainty_ms))
            gm_text_addf(t, "  %-3s of single beats: %.0f +- %.1f ms%s%s\n", gm_interval_names[k],
                         v->median_ms, v->uncertainty_ms, v->do_not_trust ? "; do not trust: " : "",
                         v->do_not_trust ? v->do_not_trust : "");
    }
    for (size_t k = 0; k < f->n_signals; k++) {
        const gm_lead_quality_reasons *q = &f->signals[k].quality;
        if (q->reasons[0])
            gm_text_addf(t, "  %s: %s%s\n", f->signals[k].name, q->reasons,
                         q->do_not_trust ? " (do not trust)" : "");
    }
}

/* ---- tables ----------------------------------------------------------------------------------------- */

static void put_row(gm_cells *c, const char *what, const char *finding, const char *reason)
{
    gm_cells_put(c, what);
    gm_cells_put(c, finding);
    gm_cells_put(c, reason);
}

static void put_of_beats(gm_cells *c, const gm_ecg_findings *f)
{
    const gm_beat_classes *b = &f->classes;
    gm_text t = {0};
    gm_text_addf(&t, "%s%s", gm_rhythm_names[f->rhythm.kind], doubt(f->rhythm.is_doubtful));
    put_row(c, "rhythm", t.data ? t.data : "", f->rhythm.reason);
    gm_text_free(&t);
    gm_text_addf(&t, "%zu dominant, %zu ectopic, %zu paced, %zu artefacts",
                 b->n_of[GM_BEAT_DOMINANT], b->n_of[GM_BEAT_ECTOPIC], b->n_of[GM_BEAT_PACED],
                 b->n_of[GM_BEAT_ARTEFACT]);
    put_row(c, "beats", t.data ? t.data : "", "by the shape and timing of QRS");
    gm_text_free(&t);
    put_row(c, "pacing", f->pacing.is_paced ? "paced" : "no pacing found", f->pacing.reason);
    put_row(c, "electrodes",
            f->electrodes.is_suspected ? gm_lead_swap_names[f->electrodes.swap]
                                       : "nothing suspected",
            f->electrodes.reason);
}

static gm_status add_hrv(gm_result *out, const gm_hrv *h)
{
    gm_cells c = {.n_columns = 5};
    gm_cells_put(&c, "figure");
    gm_cells_put(&c, "value");
    gm_cells_put(&c, "standard error");
    gm_cells_put(&c, "unit");
    gm_cells_put(&c, "do not trust");
    for (int k = 0; k < GM_N_HRV; k++) {
        const gm_hrv_figure *f = &h->figure[k];
        gm_cells_put(&c, gm_hrv_names[k]);
        gm_cells_put_number(&c, f->value, 1);
        if (isfinite(f->standard_error))
            gm_cells_put_number(&c, f->standard_error, 1);
        else
            gm_cells_put(&c, "");
        gm_cells_put(&c, f->unit ? f->unit : "");
        gm_cells_put(&c, f->do_not_trust ? f->do_not_trust : "");
    }
    return gm_cells_add_table(
        out, &c, "Heart rate variability",
        "Of intervals between dominant beats; definitions of the Task Force 1996.");
}

static gm_status add_intervals(gm_result *out, const gm_interval_spread all[GM_N_SPREADS])
{
    gm_cells c = {.n_columns = 4};
    gm_cells_put(&c, "interval, ms");
    gm_cells_put(&c, "median");
    gm_cells_put(&c, "uncertainty");
    gm_cells_put(&c, "do not trust");
    for (int k = 0; k < GM_N_SPREADS; k++) {
        gm_cells_put(&c, gm_interval_names[k]);
        gm_cells_put_number(&c, all[k].median_ms, 0);
        gm_cells_put_number(&c, all[k].uncertainty_ms, 1);
        gm_cells_put(&c, all[k].do_not_trust ? all[k].do_not_trust : "");
    }
    return gm_cells_add_table(out, &c, "Intervals from beat to beat",
                              "Each beat delineated in each lead; the uncertainty is that of the "
                              "median, from how far beats and leads disagree.");
}

static void put_amplitude(gm_cells *c, double mv)
{
    if (isfinite(mv))
        gm_cells_put_number(c, mv, 2);
    else
        gm_cells_put(c, "");
}

static gm_status add_amplitudes(gm_result *out, const gm_ecg_amplitudes all[GM_N_LEADS])
{
    static const char *const heading[] = {"lead", "P",    "Q",       "R",  "S",
                                          "T",    "ST J", "ST J+60", "SD", "do not trust"};
    gm_cells c = {.n_columns = sizeof heading / sizeof *heading};
    for (size_t k = 0; k < c.n_columns; k++)
        gm_cells_put(&c, heading[k]);
    for (int l = 0; l < GM_N_LEADS; l++) {
        const gm_ecg_amplitudes *a = &all[l];
        if (isnan(a->sd_mv)) continue;
        const double mv[] = {a->p_mv, a->q_mv, a->r_mv, a->s_mv, a->t_mv, a->st_j_mv, a->st_j60_mv};
        gm_cells_put(&c, gm_lead_names[l]);
        for (size_t k = 0; k < sizeof mv / sizeof *mv; k++)
            put_amplitude(&c, mv[k]);
        gm_cells_put_number(&c, a->sd_mv, 3);
        gm_cells_put(&c, a->do_not_trust ? "do not trust" : "");
    }
    return gm_cells_add_table(
        out, &c, "Amplitudes, mV",
        "On the median beat, from the level before QRS; an empty cell: no such "
        "deflection, or not to be told from noise.");
}

gm_status gm_ecg_findings_tables(gm_result *out, const gm_ecg_findings *f)
{
    gm_cells c = {.n_columns = 3};
    put_row(&c, "of", "finding", "what it rests on");
    if (f->has_beats) put_of_beats(&c, f);
    for (size_t k = 0; k < f->n_signals; k++) {
        const gm_lead_quality_reasons *q = &f->signals[k].quality;
        if (q->reasons[0])
            put_row(&c, f->signals[k].name, q->do_not_trust ? "do not trust" : "remark",
                    q->reasons);
    }
    GM_TRY(
        gm_cells_add_table(out, &c, "Findings", "Suspicions with their reasons; not diagnoses."));
    GM_TRY(add_intervals(out, f->intervals));
    GM_TRY(add_amplitudes(out, f->amplitudes));
    return f->has_beats ? add_hrv(out, &f->hrv) : GM_OK;
}
