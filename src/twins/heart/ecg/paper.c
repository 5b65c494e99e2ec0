#include "heart/ecg/paper.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/text.h"

static const double PAPER_S = 10;

static gm_status no_memory(void)
{
    return gm_fail(GM_ENOMEM, "no memory for a drawing");
}

/* One curve a panel. `mv` [n] is copied. */
static gm_status fill_panel(gm_panel *p, const char *title, const double *mv, size_t n)
{
    p->title = gm_strdup(title);
    p->curves = gm_calloc(1, sizeof *p->curves);
    if (!p->title || !p->curves) return no_memory();
    p->n_curves = 1;
    p->curves[0].label = gm_strdup(title);
    p->curves[0].is_reference = true;
    p->curves[0].y = gm_calloc(n, sizeof(double));
    if (!p->curves[0].label || !p->curves[0].y) return no_memory();
    memcpy(p->curves[0].y, mv, n * sizeof *mv);
    return GM_OK;
}

/* n samples on ECG paper, with room for `most` panels. */
static gm_status start_series(gm_view *v, size_t n, double rate_hz, size_t most)
{
    v->as.series.is_ecg_paper = true;
    v->as.series.x_unit = gm_strdup("ms");
    v->as.series.y_unit = gm_strdup("mV");
    v->as.series.x = gm_calloc(n, sizeof(double));
    v->as.series.panels = gm_calloc(most, sizeof(gm_panel));
    if (!v->as.series.x_unit || !v->as.series.y_unit || !v->as.series.x || !v->as.series.panels)
        return no_memory();
    v->as.series.n = n;
    for (size_t i = 0; i < n; i++)
        v->as.series.x[i] = 1000 * (double)i / rate_hz;
    return GM_OK;
}

static bool is_known(const double *mv, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (isfinite(mv[i])) return true;
    return false;
}

/* A panel, unless nothing is known of it. */
static gm_status add_panel(gm_view *v, const char *title, const double *mv)
{
    size_t n = v->as.series.n;
    return is_known(mv, n) ? fill_panel(&v->as.series.panels[v->as.series.n_panels++], title, mv, n)
                           : GM_OK;
}

/* leads_mv [12][n] */
static gm_status add_leads(gm_view *v, const double *leads_mv)
{
    for (int l = 0; l < GM_N_LEADS; l++)
        GM_TRY(add_panel(v, gm_lead_names[l], leads_mv + (size_t)l * v->as.series.n));
    return GM_OK;
}

static gm_status add_marks(gm_view *v, const gm_ecg_bounds waves[GM_N_WAVES])
{
    for (size_t k = 0; k < v->as.series.n_panels; k++) {
        gm_panel *p = &v->as.series.panels[k];
        p->marks = gm_calloc((size_t)2 * GM_N_WAVES, sizeof *p->marks);
        if (!p->marks) return no_memory();
        for (int i = 0; i < 2 * GM_N_WAVES; i++) {
            const gm_ecg_bounds *w = &waves[i / 2];
            double x = i % 2 ? w->off_ms : w->on_ms;
            if (!isfinite(x)) continue;
            gm_text label = {0};
            gm_text_addf(&label, "%s %s", gm_ecg_wave_names[i / 2], i % 2 ? "off" : "on");
            gm_mark *to = &p->marks[p->n_marks++];
            to->x = x;
            to->label = gm_strdup(label.data);
            gm_text_free(&label);
            if (!to->label) return no_memory();
        }
    }
    return GM_OK;
}

static void add_number(gm_text *t, const char *name, double v, const char *unit)
{
    if (isfinite(v))
        gm_text_addf(t, "%s %.0f%s", name, v, unit);
    else
        gm_text_addf(t, "%s ?", name);
}

static void caption_of(gm_text *t, const gm_ecg_measurement *m)
{
    const gm_ecg_intervals *v = &m->intervals;
    if (isfinite(v->rr_ms)) {
        add_number(t, "HR", v->heart_rate_per_min, " /min");
        add_number(t, "   RR", v->rr_ms, " ms");
    } else {
        gm_text_add(t, "One beat");
    }
    add_number(t, "\nP", v->p_ms, " ms");
    add_number(t, "   PR", v->pr_ms, " ms");
    add_number(t, "   QRS", v->qrs_ms, " ms");
    add_number(t, "\nQT", v->qt_ms, " ms");
    add_number(t, "   QTc", v->qtc_ms[GM_QTC_FRIDERICIA], " ms (Fridericia)");
    add_number(t, "\nAxes: P", v->axis_deg[GM_WAVE_P], "\u00b0");
    add_number(t, "   QRS", v->axis_deg[GM_WAVE_QRS], "\u00b0");
    add_number(t, "   T", v->axis_deg[GM_WAVE_T], "\u00b0");
    if (m->amplitudes_are_relative) gm_text_add(t, "\nVoltages are relative");
}

/* Channels of other names (MLII, vx), as the file calls them. */
static gm_status add_others(gm_view *v, const gm_ecg_measurement *m, const gm_ecg *ecg, double *mv)
{
    for (size_t c = 0; c < ecg->n_channels; c++) {
        const gm_ecg_channel *ch = &ecg->channels[c];
        if (ch->lead >= 0 || !gm_ecg_channel_on_scale_mv(ch, ecg->n_samples, m, mv)) continue;
        GM_TRY(add_panel(v, ch->name ? ch->name : "?", mv));
    }
    return GM_OK;
}

static gm_status add_record(gm_result *out, const gm_ecg_measurement *m, const gm_ecg *ecg,
                            const char *caption)
{
    bool derived[GM_N_LEADS];
    gm_ecg shown = *ecg;
    shown.n_samples = (size_t)fmin((double)ecg->n_samples, PAPER_S * ecg->rate_hz);
    gm_view *v;
    GM_TRY(gm_result_add_view(out, GM_VIEW_SERIES, "ECG", caption, &v));
    GM_TRY(start_series(v, shown.n_samples, ecg->rate_hz, GM_N_LEADS + ecg->n_channels));
    double *mv = gm_calloc(GM_N_LEADS * shown.n_samples, sizeof *mv);
    if (!mv) return no_memory();
    gm_status s = gm_ecg_leads_on_scale_mv(&shown, m, mv, derived);
    if (s == GM_OK) s = add_leads(v, mv);
    if (s == GM_OK) s = add_others(v, m, &shown, mv);
    gm_free(mv);
    return s;
}

static gm_status add_median(gm_result *out, const gm_ecg_measurement *m, const char *caption)
{
    const gm_ecg_median_beat *b = &m->median;
    if (!is_known(b->mv, GM_N_LEADS * b->n)) return GM_OK;
    gm_view *v;
    gm_text title = {0};
    if (b->is_whole_record)
        gm_text_add(&title, "Beat");
    else
        gm_text_addf(&title, "Median beat (%zu beats)", b->n_beats);
    gm_status s = gm_text_status(&title);
    if (s == GM_OK)
        s = gm_result_add_view(out, GM_VIEW_SERIES, title.data, b->is_whole_record ? caption : "",
                               &v);
    gm_text_free(&title);
    GM_TRY(s);
    GM_TRY(start_series(v, b->n, b->rate_hz, GM_N_LEADS));
    GM_TRY(add_leads(v, b->mv));
    return add_marks(v, b->wave);
}

gm_status gm_ecg_add_paper_views(gm_result *out, const gm_ecg_measurement *m, const gm_ecg *ecg)
{
    gm_text caption = {0};
    caption_of(&caption, m);
    gm_status s = gm_text_status(&caption);
    if (s == GM_OK && !m->median.is_whole_record) s = add_record(out, m, ecg, caption.data);
    if (s == GM_OK) s = add_median(out, m, caption.data);
    gm_text_free(&caption);
    return s;
}
