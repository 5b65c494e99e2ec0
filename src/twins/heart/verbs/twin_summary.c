/* A fitted twin in a dozen lines for a terminal. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "heart/verbs/twin_report.h"

static void say_ecg(gm_text *s, const gm_twin_report *t)
{
    const gm_ecg_intervals *v = &t->measured->intervals;
    gm_text_addf(s, "ECG            %s", t->ecg_name);
    if (t->ecg->device) gm_text_addf(s, " (%s)", t->ecg->device);
    gm_text_addf(s, ", %zu beat%s", t->target->n_beats, t->target->n_beats == 1 ? "" : "s");
    if (isfinite(v->heart_rate_per_min)) gm_text_addf(s, ", %.0f/min", v->heart_rate_per_min);
    gm_text_addf(s, "\nmeasured       QRS %.0f ms", t->target->qrs.off_ms - t->target->qrs.on_ms);
    if (isfinite(v->pr_ms)) gm_text_addf(s, ", PR %.0f ms", v->pr_ms);
    if (isfinite(v->qt_ms)) gm_text_addf(s, ", QT %.0f ms", v->qt_ms);
    if (isfinite(v->axis_deg[GM_WAVE_QRS]))
        gm_text_addf(s, ", QRS axis %.0f deg", v->axis_deg[GM_WAVE_QRS]);
    gm_text_addf(s, "\nanatomy        %s, %zu nodes, mean edge %.2f mm\n", t->c->name,
                 t->c->mesh->n_nodes, t->c->facts.mean_edge_mm);
}

static void say_fit(gm_text *s, const gm_twin_report *t)
{
    const gm_heart_twin *w = t->twin;
    gm_text_addf(s, "fit            correlation QRS %.3f (mean of leads)", w->mean_correlation_qrs);
    if (isfinite(w->median_correlation_all))
        gm_text_addf(s, ", QRS+T %.3f (median)", w->median_correlation_all);
    gm_text_addf(s, "\n               misfit %.4g, floor %.4g", w->misfit, w->floor_misfit);
    gm_text_addf(s, "; model error %.1f %% of the ECG\n", 100 * w->discrepancy_relative);
    gm_text_addf(s, "search         %zu forward solves, %zu starts, %zu rounds, %.1f s in all\n",
                 w->evaluations, w->starts, w->rounds, w->total_s);
}

static void say_heart(gm_text *s, const gm_twin_report *t)
{
    double first = INFINITY, last = -INFINITY;
    for (size_t i = 0; i < t->twin->n_nodes; i++)
        first = fmin(first, t->best_ms[i]), last = fmax(last, t->best_ms[i]);
    size_t k = gm_twin_earliest_site(t);
    const double *x = t->sites[k].xyz_mm;
    gm_text_addf(s, "activation     %.1f to %.1f ms, in all %.1f ms\n", first, last, last - first);
    gm_text_addf(s, "earliest site  ");
    if (t->places[k].has_coordinates) gm_text_addf(s, "%s, ", t->places[k].place);
    gm_text_addf(s, "(%.0f, %.0f, %.0f) mm, %.1f ms\n", x[0], x[1], x[2], t->sites[k].onset_ms);
    gm_text_addf(s,
                 "uncertainty    activation SD %.1f ms on average, %.1f ms at most (%zu members)\n",
                 t->sd_mean_ms, t->sd_most_ms, t->twin->n_members);
}

/* Parameters that are not of a single site. */
static void say_parameters(gm_text *s, const gm_heart_twin *w)
{
    gm_text_addf(s, "%-22s %9s %9s %9s %9s  %s\n", "parameter", "best", "5 %", "50 %", "95 %",
                 "verdict");
    for (size_t i = 0; i < w->n_parameters; i++) {
        const gm_twin_parameter *p = &w->parameters[i];
        if (strncmp(p->name, "site", 4) == 0) continue;
        char name[96];
        snprintf(name, sizeof name, "%s%s%s", p->name, strcmp(p->unit, "1") ? ", " : "",
                 strcmp(p->unit, "1") ? p->unit : "");
        gm_text_addf(s, "%-22s %9.3g %9.3g %9.3g %9.3g  %s\n", name, p->best, p->p05, p->p50,
                     p->p95, p->verdict);
    }
}

gm_status gm_twin_add_summary(gm_result *r, const gm_twin_report *t)
{
    gm_text s = {0};
    if (t->is_virtual) gm_text_add(&s, "VIRTUAL PATIENT: no recording was given or found.\n");
    say_ecg(&s, t);
    say_fit(&s, t);
    say_heart(&s, t);
    say_parameters(&s, t->twin);
    gm_text_addf(&s, "%s\n", t->statement.data);
    const char *at = t->notes.data;
    while (at && *at) {
        size_t n = strcspn(at, "\n");
        gm_text_addf(&s, "note: %.*s\n", (int)n, at);
        at += n + (at[n] == '\n');
    }
    gm_status status = gm_text_status(&s);
    if (status == GM_OK) status = gm_result_say(r, "%s", s.data);
    gm_text_free(&s);
    return status;
}
