/* The tables of a fitted twin. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/verbs/twin_report.h"

/* ---- a table that grows --------------------------------------------------------------------------- */

enum { MOST_COLUMNS = 9, MOST_ROWS = 400 };

typedef struct {
    char **cells;
    size_t n, n_columns;
    bool lost;
} grid;

static grid grid_of(size_t n_columns)
{
    grid g = {gm_calloc(MOST_ROWS * n_columns, sizeof(char *)), 0, n_columns, false};
    g.lost = !g.cells;
    return g;
}

static void put(grid *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(grid *g, const char *fmt, ...)
{
    char text[512];
    va_list args;
    if (g->lost || g->n == MOST_ROWS * g->n_columns) return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    g->cells[g->n] = gm_strdup(text);
    g->lost = !g->cells[g->n++];
}

static void put_fixed(grid *g, double v, int decimals)
{
    if (isfinite(v))
        put(g, "%.*f", decimals, v);
    else
        put(g, "-");
}

static void put_digits(grid *g, double v, int digits)
{
    if (isfinite(v))
        put(g, "%.*g", digits, v);
    else
        put(g, "-");
}

static void put_heading(grid *g, const char *const names[])
{
    for (size_t k = 0; k < g->n_columns; k++)
        put(g, "%s", names[k]);
}

static gm_status finish(grid *g, gm_result *r, const char *title, const char *caption)
{
    gm_status s = GM_OK;
    if (g->lost)
        s = gm_fail(GM_ENOMEM, "no memory for the table \"%s\"", title);
    else
        s = gm_result_add_table(r, title, caption, g->n / g->n_columns, g->n_columns,
                                (const char *const *)g->cells);
    for (size_t i = 0; g->cells && i < g->n; i++)
        gm_free(g->cells[i]);
    gm_free(g->cells);
    return s;
}

/* ---- results -------------------------------------------------------------------------------------- */

static gm_status add_parameters(gm_result *r, const gm_twin_report *t)
{
    static const char *const heading[] = {"parameter", "unit", "best",        "5 %",
                                          "50 %",      "95 %", "told by ECG", "verdict"};
    grid g = grid_of(8);
    put_heading(&g, heading);
    for (size_t i = 0; i < t->twin->n_parameters; i++) {
        const gm_twin_parameter *p = &t->twin->parameters[i];
        put(&g, "%s", p->name);
        put(&g, "%s", strcmp(p->unit, "1") ? p->unit : "");
        put_digits(&g, p->best, 4);
        put_digits(&g, p->p05, 4);
        put_digits(&g, p->p50, 4);
        put_digits(&g, p->p95, 4);
        put(&g, "%.0f %%", 100 * p->contraction);
        put(&g, "%s", p->verdict);
    }
    return finish(
        &g, r, "Parameters",
        "The twin that fits best, and the 5, 50 and 95 % points of the ensemble. Told by ECG: "
        "how much of the prior variance this ECG removed.");
}

static gm_status add_sites(gm_result *r, const gm_twin_report *t)
{
    static const char *const heading[] = {"site", "onset ms", "place", "x mm", "y mm", "z mm"};
    grid g = grid_of(6);
    put_heading(&g, heading);
    for (size_t k = 0; k < t->twin->best.params.n_sites; k++) {
        put(&g, "%zu", k + 1);
        put_fixed(&g, t->sites[k].onset_ms, 1);
        put(&g, "%s", t->places[k].has_coordinates ? t->places[k].place : "-");
        for (int d = 0; d < 3; d++)
            put_fixed(&g, t->sites[k].xyz_mm[d], 1);
    }
    return finish(&g, r, "Early sites of the best twin",
                  "Where and when activation starts. A site that another one reaches first has no "
                  "effect; single sites are rarely identified by an ECG.");
}

static gm_status add_leads(gm_result *r, const gm_twin_report *t)
{
    static const char *const heading[] = {"lead",     "correlation QRS", "correlation QRS+T",
                                          "error mV", "noise mV",        "QRS mV"};
    grid g = grid_of(6);
    put_heading(&g, heading);
    for (int l = 0; l < GM_N_LEADS; l++) {
        const gm_twin_lead *q = &t->twin->lead[l];
        put(&g, "%s", gm_lead_names[l]);
        put_fixed(&g, q->correlation_qrs, 3);
        put_fixed(&g, q->correlation_all, 3);
        put_fixed(&g, q->rms_error_mv, 3);
        put_fixed(&g, q->noise_mv, 3);
        put_fixed(&g, q->rms_measured_mv, 3);
    }
    return finish(
        &g, r, "Fit of each lead",
        "Error, noise of the averaged beat and measured QRS are root mean squares over the "
        "QRS.");
}

/* ---- evidence ------------------------------------------------------------------------------------- */

static gm_status add_basins(gm_result *r, const gm_twin_report *t)
{
    static const char *const heading[] = {
        "map",    "misfit / floor", "correlation QRS", "distance ms",
        "weight", "found",          "explains the ECG"};
    grid g = grid_of(7);
    put_heading(&g, heading);
    for (size_t b = 0; b < t->twin->n_basins; b++) {
        const gm_twin_basin *x = &t->twin->basins[b];
        put(&g, "%zu", b);
        put_digits(&g, x->misfit / t->twin->floor_misfit, 3);
        put_fixed(&g, x->correlation, 4);
        put_fixed(&g, x->distance_ms, 1);
        put_fixed(&g, x->weight, 2);
        put(&g, "%zu times", x->hits);
        put(&g, "%s", x->within_floor ? "yes" : "no");
    }
    return finish(
        &g, r, "Different maps for the same ECG",
        "Separate optima of the fit. Distance: RMS difference of activation to the best, the "
        "common shift removed. Correlation alone does not tell them apart; the misfit does.");
}

static void put_verdicts(grid *g, const gm_twin_report *t, const char *verdict)
{
    gm_text names = {0};
    for (size_t i = 0; i < t->twin->n_parameters; i++) {
        const gm_twin_parameter *p = &t->twin->parameters[i];
        if (strcmp(p->verdict, verdict)) continue;
        gm_text_addf(&names, "%s%s", names.length ? ", " : "", p->name);
    }
    put(g, "%s", verdict);
    put(g, "%s", names.data ? names.data : "none");
    gm_text_free(&names);
}

static gm_status add_identifiability(gm_result *r, const gm_twin_report *t)
{
    static const char *const heading[] = {"question", "answer"};
    const gm_heart_twin *w = t->twin;
    grid g = grid_of(2);
    put_heading(&g, heading);
    put(&g, "how many maps?");
    put(&g, "%s", t->statement.data);
    put_verdicts(&g, t, "identified");
    put_verdicts(&g, t, "weakly identified");
    put_verdicts(&g, t, "not identified");
    put(&g, "misfit beside its floor");
    put(&g, "%.4g, noise alone would leave %.4g", w->misfit, w->floor_misfit);
    put(&g, "model error shown");
    put(&g, "%.2g times the noise, %.1f %% of the ECG", w->discrepancy,
        100 * w->discrepancy_relative);
    put(&g, "mesh error expected");
    put(&g, "%.1f %% of the ECG at a mean edge of %.2f mm", 100 * w->mesh_error_relative,
        t->c->facts.mean_edge_mm);
    put(&g, "ensemble");
    put(&g, "%zu members, worth %.0f independent ones", w->n_members, w->effective_samples);
    return finish(&g, r, "What could and could not be identified", "");
}

static void put_run(grid *g, const gm_twin_report *t)
{
    put(g, "Gemel");
    put(g, "%s", GM_VERSION);
    put(g, "seed");
    put(g, "%llu", (unsigned long long)t->options->seed);
    put(g, "search");
    put(g, "%zu forward solves in %zu rounds, %.1f s of %.1f s", t->twin->evaluations,
        t->twin->rounds, t->twin->search_s, t->twin->total_s);
    put(g, "to repeat it");
    put(g, "--evaluations %zu --seed %llu --sites %zu --ensemble %zu", t->twin->evaluations,
        (unsigned long long)t->options->seed, t->options->n_sites, t->options->ensemble);
    put(g, "ECG");
    put(g, "%s, %zu beat%s averaged", t->ecg_name, t->target->n_beats,
        t->target->n_beats == 1 ? "" : "s");
    put(g, "anatomy");
    put(g, "%s, %zu nodes, %zu tets", t->c->name, t->c->mesh->n_nodes, t->c->mesh->n_tets);
    put(g, "geometry");
    put(g, "SHA-256 %s", t->c->geometry_hash);
}

static void put_notes(grid *g, const gm_twin_report *t)
{
    const char *at = t->notes.data;
    while (at && *at) {
        size_t n = strcspn(at, "\n");
        put(g, "note");
        put(g, "%.*s", (int)(n < 500 ? n : 500), at);
        at += n + (at[n] == '\n');
    }
}

static gm_status add_provenance(gm_result *r, const gm_twin_report *t)
{
    static const char *const heading[] = {"what", "value"};
    grid g = grid_of(2);
    put_heading(&g, heading);
    put_run(&g, t);
    for (size_t i = 0; i < t->c->n_inputs; i++) {
        const gm_case_input *in = &t->c->inputs[i];
        put(&g, "%s", in->role);
        put(&g, "%s, SHA-256 %s", in->path, in->sha256);
    }
    put_notes(&g, t);
    return finish(&g, r, "Provenance", "");
}

gm_status gm_twin_add_tables(gm_result *r, const gm_twin_report *t, gm_twin_tables which)
{
    if (which == GM_TWIN_RESULTS) {
        GM_TRY(add_parameters(r, t));
        GM_TRY(add_sites(r, t));
        return add_leads(r, t);
    }
    GM_TRY(add_basins(r, t));
    GM_TRY(add_identifiability(r, t));
    return add_provenance(r, t);
}
