/* The pictures of a fitted twin. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/verbs/bullseye.h"
#include "heart/verbs/heart_views.h"
#include "heart/verbs/twin_report.h"

static const double VIEW_MARGIN_MS = 60; /* of the beat shown before the QRS and after the T wave */

static gm_status no_memory(void)
{
    return gm_fail(GM_ENOMEM, "no memory for the views of the twin");
}

/* ---- the heart ------------------------------------------------------------------------------------ */

static gm_status add_surface(gm_result *r, const gm_twin_report *t)
{
    gm_heart_surface_field fields[4] = {
        {"Activation", "ms", t->best_ms, true},
        {"Uncertainty of activation (SD)", "ms", t->twin->tau_sd_ms, false},
        {"Mean activation of the ensemble", "ms", t->twin->tau_mean_ms, true},
    };
    size_t n = 3;
    if (t->repolarisation_ms)
        fields[n++] = (gm_heart_surface_field){"Repolarisation", "ms", t->repolarisation_ms, true};
    return gm_heart_add_surface_fields(
        r, "The fitted heart",
        "When each place of the ventricles is activated in the twin that fits best; choose the "
        "field "
        "to see how sure that is. Turn it, step through the beat, cut it open. Marked: early sites "
        "with their onsets, and the electrodes.",
        t->c, fields, n, (const double(*)[3])t->electrodes_mm, t->sites,
        t->twin->best.params.n_sites);
}

/* ---- the ECG -------------------------------------------------------------------------------------- */

typedef struct {
    size_t first, n; /* samples shown */
} window;

static window beat_window(const gm_twin_report *t)
{
    const gm_heart_target *g = t->target;
    double last = isfinite(g->t.off_ms) ? g->t.off_ms : g->qrs.off_ms;
    double from = fmax(0, floor((g->qrs.on_ms - VIEW_MARGIN_MS) / g->step_ms));
    double to = fmin((double)g->n - 1, ceil((last + VIEW_MARGIN_MS) / g->step_ms));
    return (window){(size_t)from, (size_t)fmax(1, to - from + 1)};
}

static double *part(const double *from, window w)
{
    double *copy = gm_calloc(w.n, sizeof *copy);
    if (copy) memcpy(copy, from + w.first, w.n * sizeof *copy);
    return copy;
}

/* Measured first; a lead that was not recorded has the twin's curve alone. */
static gm_status fill_curves(gm_panel *p, const gm_twin_report *t, size_t lead, window w)
{
    size_t at = lead * t->twin->n_samples;
    const double *measured = t->target->mv + lead * t->target->n;
    p->curves = gm_calloc(2, sizeof *p->curves);
    if (!p->curves) return no_memory();
    if (isfinite(measured[w.first])) {
        gm_curve *c = &p->curves[p->n_curves++];
        c->label = gm_strdup(t->is_virtual ? "virtual patient" : "measured");
        c->is_reference = true;
        c->y = part(measured, w);
        if (!c->label || !c->y) return no_memory();
    }
    gm_curve *c = &p->curves[p->n_curves++];
    c->label = gm_strdup("twin");
    c->y = part(t->twin->best.ecg_mv + at, w);
    c->low = part(t->twin->ecg_low_mv + at, w);
    c->high = part(t->twin->ecg_high_mv + at, w);
    return c->label && c->y && c->low && c->high ? GM_OK : no_memory();
}

static gm_status fill_marks(gm_panel *p, const gm_twin_report *t)
{
    static const char *const names[2] = {"QRS on", "QRS off"};
    const double at_ms[2] = {t->target->qrs.on_ms, t->target->qrs.off_ms};
    p->marks = gm_calloc(2, sizeof *p->marks);
    if (!p->marks) return no_memory();
    p->n_marks = 2;
    for (int k = 0; k < 2; k++) {
        p->marks[k].x = t->target->first_ms + at_ms[k] - t->c->shape.t_on_ms;
        p->marks[k].label = gm_strdup(names[k]);
        if (!p->marks[k].label) return no_memory();
    }
    return GM_OK;
}

static gm_status fill_panels(gm_view *v, const gm_twin_report *t, window w)
{
    v->as.series.panels = gm_calloc(GM_N_LEADS, sizeof *v->as.series.panels);
    if (!v->as.series.panels) return no_memory();
    v->as.series.n_panels = GM_N_LEADS;
    for (size_t lead = 0; lead < GM_N_LEADS; lead++) {
        gm_panel *p = &v->as.series.panels[lead];
        p->title = gm_strdup(gm_lead_names[lead]);
        if (!p->title) return no_memory();
        GM_TRY(fill_curves(p, t, lead, w));
        GM_TRY(fill_marks(p, t));
    }
    return GM_OK;
}

static gm_status add_ecg(gm_result *r, const gm_twin_report *t)
{
    gm_view *v;
    window w = beat_window(t);
    GM_TRY(
        gm_result_add_view(r, GM_VIEW_SERIES, "ECG, measured and of the twin",
                           "One beat. The band holds 90 % of the ensemble; the twin's clock. The "
                           "twin has no atria, so no P wave.",
                           &v));
    v->as.series.is_ecg_paper = true;
    v->as.series.n = w.n;
    v->as.series.x = gm_calloc(w.n, sizeof(double));
    v->as.series.x_unit = gm_strdup("ms");
    v->as.series.y_unit = gm_strdup("mV");
    if (!v->as.series.x || !v->as.series.x_unit || !v->as.series.y_unit) return no_memory();
    double first_ms = t->target->first_ms - t->c->shape.t_on_ms;
    for (size_t i = 0; i < w.n; i++)
        v->as.series.x[i] = first_ms + (double)(w.first + i) * t->target->step_ms;
    return fill_panels(v, t, w);
}

/* ---- bull's-eyes ---------------------------------------------------------------------------------- */

static gm_status add_discs(gm_result *r, const gm_twin_report *t)
{
    if (!t->coordinates) return GM_OK;
    GM_TRY(
        gm_heart_add_bullseye(r, "Left ventricle: mean activation",
                              "The left ventricle seen from its apex (middle) to its base (rim): "
                              "septum to the left, inferior wall below, free wall to the right. "
                              "Mean over the ensemble and over the wall.",
                              t->coordinates, t->twin->tau_mean_ms, "ms", true));
    return gm_heart_add_bullseye(
        r, "Left ventricle: how sure",
        "Standard deviation of the activation time over the ensemble, in the "
        "same places.",
        t->coordinates, t->twin->tau_sd_ms, "ms", false);
}

/* ---- bars ----------------------------------------------------------------------------------------- */

static bool is_shown(double v)
{
    return isfinite(v);
}

/* One bar for each parameter whose value is known; nothing if none is. */
static gm_status add_bars(gm_result *r, const gm_heart_twin *twin, const char *title,
                          const char *caption, double (*value)(const gm_twin_parameter *p))
{
    size_t n = 0;
    for (size_t i = 0; i < twin->n_parameters; i++)
        n += is_shown(value(&twin->parameters[i]));
    if (n == 0) return GM_OK;
    gm_view *v;
    GM_TRY(gm_result_add_view(r, GM_VIEW_BARS, title, caption, &v));
    v->as.bars.names = gm_calloc(n, sizeof *v->as.bars.names);
    v->as.bars.values = gm_calloc(n, sizeof *v->as.bars.values);
    v->as.bars.unit = gm_strdup("");
    if (!v->as.bars.names || !v->as.bars.values || !v->as.bars.unit) return no_memory();
    v->as.bars.n = n;
    n = 0;
    for (size_t i = 0; i < twin->n_parameters; i++) {
        const gm_twin_parameter *p = &twin->parameters[i];
        if (!is_shown(value(p))) continue;
        v->as.bars.values[n] = value(p);
        if (!(v->as.bars.names[n++] = gm_strdup(p->name))) return no_memory();
    }
    return GM_OK;
}

/* Total Sobol' indices of the kinds of parameters, with their intervals. */
static gm_status add_sensitivity(gm_result *r, const gm_heart_twin *twin)
{
    size_t n = twin->n_sensitivities;
    if (n == 0) return GM_OK;
    gm_view *v;
    GM_TRY(gm_result_add_view(
        r, GM_VIEW_BARS, "What the QRS depends on",
        "Total Sobol' index of the QRS misfit over the prior: the share of its variance that a "
        "kind "
        "of parameter is involved in, with its 90 % interval. Parameters of one kind are varied "
        "together.",
        &v));
    v->as.bars.names = gm_calloc(n, sizeof *v->as.bars.names);
    v->as.bars.values = gm_calloc(n, sizeof *v->as.bars.values);
    v->as.bars.low = gm_calloc(n, sizeof *v->as.bars.low);
    v->as.bars.high = gm_calloc(n, sizeof *v->as.bars.high);
    v->as.bars.unit = gm_strdup("");
    if (!v->as.bars.names || !v->as.bars.values || !v->as.bars.low || !v->as.bars.high ||
        !v->as.bars.unit)
        return no_memory();
    v->as.bars.n = n;
    for (size_t i = 0; i < n; i++) {
        v->as.bars.values[i] = twin->sensitivity[i].total;
        v->as.bars.low[i] = twin->sensitivity[i].total_low;
        v->as.bars.high[i] = twin->sensitivity[i].total_high;
        if (!(v->as.bars.names[i] = gm_strdup(twin->sensitivity[i].name))) return no_memory();
    }
    return GM_OK;
}

static double contraction_of(const gm_twin_parameter *p)
{
    return p->contraction;
}

gm_status gm_twin_add_views(gm_result *r, const gm_twin_report *t)
{
    GM_TRY(add_surface(r, t));
    GM_TRY(add_ecg(r, t));
    GM_TRY(add_discs(r, t));
    GM_TRY(gm_twin_add_tables(r, t, GM_TWIN_RESULTS));
    GM_TRY(add_sensitivity(r, t->twin));
    GM_TRY(
        add_bars(r, t->twin, "What the ECG told",
                 "1 - posterior variance / prior variance: 1 is fully determined by this ECG, 0 is "
                 "no better known than before.",
                 contraction_of));
    return gm_twin_add_tables(r, t, GM_TWIN_EVIDENCE);
}
