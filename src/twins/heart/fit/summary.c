/* summary.c - an ensemble in numbers: activation per node, parameters with intervals, basins, leads. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/rng.h"
#include "fit/identifiability.h"
#include "heart/fit/twin_internal.h"

/* ---- activation and ECG bands ----------------------------------------------------------------------- */

typedef struct {
    gm_heart_twin *t;
    double *shift_ms; /* [n_members] of each member to the best */
    double *scratch;  /* [n_workers][n_members] */
} band_job;

static void node_range(void *context, size_t first, size_t last, unsigned worker)
{
    const band_job *job = context;
    gm_heart_twin *t = job->t;
    size_t n = t->n_members;
    double *v = job->scratch + (size_t)worker * n;
    for (size_t i = first; i < last; i++) {
        double mean = 0, square = 0;
        for (size_t k = 0; k < n; k++) {
            v[k] = (double)t->members[k].tau_ms[i] - job->shift_ms[k];
            mean += v[k] / (double)n;
        }
        for (size_t k = 0; k < n; k++)
            square += (v[k] - mean) * (v[k] - mean);
        t->tau_mean_ms[i] = mean;
        t->tau_sd_ms[i] = sqrt(square / (double)(n - 1));
        t->tau_p05_ms[i] = gm_fit_quantile(v, n, 0.05);
        t->tau_p95_ms[i] = gm_fit_quantile(v, n, 0.95);
    }
}

static void ecg_bands(gm_heart_twin *t, double *v)
{
    for (size_t i = 0; i < GM_N_LEADS * t->n_samples; i++) {
        for (size_t k = 0; k < t->n_members; k++)
            v[k] = t->members[k].ecg_mv[i];
        t->ecg_low_mv[i] = gm_fit_quantile(v, t->n_members, 0.05);
        t->ecg_high_mv[i] = gm_fit_quantile(v, t->n_members, 0.95);
    }
}

static gm_status make_bands(gm_fit_run *r)
{
    gm_heart_twin *t = r->twin;
    size_t n = t->n_nodes, samples = GM_N_LEADS * t->n_samples;
    t->tau_mean_ms = gm_calloc(n, sizeof(double));
    t->tau_sd_ms = gm_calloc(n, sizeof(double));
    t->tau_p05_ms = gm_calloc(n, sizeof(double));
    t->tau_p95_ms = gm_calloc(n, sizeof(double));
    t->ecg_low_mv = gm_calloc(samples, sizeof(double));
    t->ecg_high_mv = gm_calloc(samples, sizeof(double));
    band_job job = {t, gm_calloc(t->n_members, sizeof(double)),
                    gm_calloc(t->n_members * r->model->n_workers, sizeof(double))};
    bool good = t->tau_mean_ms && t->tau_sd_ms && t->tau_p05_ms && t->tau_p95_ms && t->ecg_low_mv &&
                t->ecg_high_mv && job.shift_ms && job.scratch;
    if (good) {
        for (size_t k = 0; k < t->n_members; k++)
            gm_activation_difference_ms(t->members[k].tau_ms, t->best.tau_ms, n, &job.shift_ms[k]);
        gm_threads_ranges(r->threads, n, 1024, node_range, &job);
        ecg_bands(t, job.scratch);
    }
    gm_free(job.shift_ms);
    gm_free(job.scratch);
    return good ? GM_OK : gm_fail(GM_ENOMEM, "heart fit: no memory for %zu nodes", n);
}

/* ---- basins ------------------------------------------------------------------------------------------ */

static gm_status list_basins(gm_fit_run *r)
{
    gm_heart_twin *t = r->twin;
    gm_heart_model *m = r->model;
    /* At the posterior's temperature a basin that is this much worse is improbable (e^-9). */
    const double margin = 18;
    t->basins = gm_calloc(r->found->n_basins, sizeof *t->basins);
    if (!t->basins) return gm_fail(GM_ENOMEM, "heart fit: no memory");
    t->n_basins = r->found->n_basins;
    gm_model_worker *w = &m->workers[0];
    for (size_t k = 0; k < t->n_basins; k++) {
        const gm_basin *b = &r->found->basins[k];
        gm_twin_basin *out = &t->basins[k];
        GM_TRY(m->problem.evaluate(m, 0, b->state, m->workers[0].best));
        out->misfit = b->data_misfit;
        out->correlation = gm_model_correlation(m, w->ecg);
        out->distance_ms = gm_activation_difference_ms(w->tau, t->best.tau_ms, t->n_nodes, NULL);
        out->hits = b->hits;
        out->within_floor = (b->data_misfit - t->misfit) / t->temperature < margin;
        gm_fit_params_of(m, b->state, &out->params);
        for (size_t i = 0; i < t->n_members; i++)
            out->weight += (double)(t->members[i].basin == k) / (double)t->n_members;
    }
    return GM_OK;
}

/* ---- leads ------------------------------------------------------------------------------------------- */

static double correlation(const double *a, const double *b, size_t n)
{
    double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
    for (size_t i = 0; i < n; i++)
        ma += a[i] / (double)n, mb += b[i] / (double)n;
    for (size_t i = 0; i < n; i++) {
        double x = a[i] - ma, y = b[i] - mb;
        aa += x * x, bb += y * y, ab += x * y;
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN;
}

static size_t sample_at(const gm_heart_target *g, double ms)
{
    return (size_t)fmin(fmax(ms / g->step_ms, 0), (double)(g->n - 1));
}

static void compare_leads(gm_fit_run *r)
{
    const gm_heart_target *g = r->target;
    gm_heart_twin *t = r->twin;
    size_t q0 = sample_at(g, g->qrs.on_ms), q1 = sample_at(g, g->qrs.off_ms);
    size_t end =
        isfinite(g->t.off_ms) && g->t.off_ms > g->qrs.off_ms ? sample_at(g, g->t.off_ms) : q1;
    double all[GM_N_LEADS];
    size_t n = 0;
    t->mean_correlation_qrs = 0;
    for (int l = 0; l < GM_N_LEADS; l++) {
        const double *y = g->mv + (size_t)l * g->n, *x = t->best.ecg_mv + (size_t)l * g->n;
        gm_twin_lead *out = &t->lead[l];
        *out = (gm_twin_lead){NAN, NAN, NAN, NAN, g->noise_mv[l]};
        if (!isfinite(y[q0]) || !isfinite(g->noise_mv[l])) continue;
        out->correlation_qrs = correlation(x + q0, y + q0, q1 - q0 + 1);
        out->correlation_all = correlation(x + q0, y + q0, end - q0 + 1);
        double error = 0, power = 0, count = (double)(q1 - q0 + 1);
        for (size_t i = q0; i <= q1; i++) {
            error += (x[i] - y[i]) * (x[i] - y[i]) / count;
            power += y[i] * y[i] / count;
        }
        out->rms_error_mv = sqrt(error);
        out->rms_measured_mv = sqrt(power);
        if (!isfinite(out->correlation_qrs) || !isfinite(out->correlation_all)) continue;
        t->mean_correlation_qrs += out->correlation_qrs;
        all[n++] = out->correlation_all;
    }
    t->mean_correlation_qrs = n ? t->mean_correlation_qrs / (double)n : NAN;
    t->median_correlation_all = n ? gm_fit_quantile(all, n, 0.5) : NAN;
}

/* ---- parameters -------------------------------------------------------------------------------------- */

typedef struct {
    gm_fit_run *r;
    double *values; /* [n_members] */
    size_t next;
} parameter_list;

/* From spread to verdict. All members at one value: the range or the gauge decided, not the ECG. */
static void judge(gm_twin_parameter *p)
{
    double ratio = p->posterior_sd / p->prior_sd;
    p->contraction = fmax(0, 1 - ratio * ratio);
    p->verdict = p->posterior_sd == 0                     ? "at its bound"
                 : ratio <= GM_IDENTIFIED_SD_RATIO        ? "identified"
                 : ratio <= GM_WEAKLY_IDENTIFIED_SD_RATIO ? "weakly identified"
                                                          : "not identified";
}

static void finish_parameter(parameter_list *l, const char *name, const char *unit, double best,
                             double prior_sd)
{
    gm_twin_parameter *p = &l->r->twin->parameters[l->next++];
    size_t n = l->r->twin->n_members;
    double mean = 0, square = 0;
    for (size_t k = 0; k < n; k++)
        mean += l->values[k] / (double)n;
    for (size_t k = 0; k < n; k++)
        square += (l->values[k] - mean) * (l->values[k] - mean);
    snprintf(p->name, sizeof p->name, "%s", name);
    p->unit = unit;
    p->best = best;
    p->prior_sd = prior_sd;
    p->posterior_sd = sqrt(square / (double)(n - 1));
    p->p05 = gm_fit_quantile(l->values, n, 0.05);
    p->p50 = gm_fit_quantile(l->values, n, 0.50);
    p->p95 = gm_fit_quantile(l->values, n, 0.95);
    judge(p);
}

static double apart_mm(const double a[3], const double b[3])
{
    double x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
    return sqrt(x * x + y * y + z * z);
}

/* Sites have no names: those of a member are paired with the best twin's, nearest pair first, a
 * millisecond counting like half a millimetre. */
static void pair_sites(const gm_heart_params *best, const gm_heart_params *member, size_t pair[])
{
    bool used_best[GM_MOST_SITES] = {false}, used[GM_MOST_SITES] = {false};
    for (size_t round = 0; round < best->n_sites; round++) {
        double least = INFINITY;
        size_t a = 0, b = 0;
        for (size_t i = 0; i < best->n_sites; i++)
            for (size_t k = 0; k < best->n_sites; k++) {
                if (used_best[i] || used[k]) continue;
                double d = apart_mm(best->sites[i].xyz_mm, member->sites[k].xyz_mm) +
                           0.5 * fabs(best->sites[i].onset_ms - member->sites[k].onset_ms);
                if (d < least) least = d, a = i, b = k;
            }
        used_best[a] = used[b] = true;
        pair[a] = b;
    }
}

/* RMS distance of two independent places of the prior, / sqrt 2: one place's spread about its mean. */
static double place_prior_sd_mm(const gm_heart_model *m)
{
    enum { DRAWS = 512 };
    gm_rng rng = gm_rng_stream(1, 0);
    double square = 0;
    for (int k = 0; k < DRAWS; k++) {
        double a[3], b[3];
        gm_endo_place p = gm_endo_draw(m->endo, &rng), q = gm_endo_draw(m->endo, &rng);
        gm_endo_point(m->endo, &p, a);
        gm_endo_point(m->endo, &q, b);
        square += apart_mm(a, b) * apart_mm(a, b) / DRAWS;
    }
    return sqrt(square / 2);
}

static void add_sites(parameter_list *l, const size_t (*pair)[GM_MOST_SITES])
{
    gm_heart_twin *t = l->r->twin;
    const gm_heart_model *m = l->r->model;
    double prior_mm = place_prior_sd_mm(m);
    for (size_t s = 0; s < m->n_sites; s++) {
        char name[64];
        const gm_site *best = &t->best.params.sites[s];
        double square = 0;
        for (size_t k = 0; k < t->n_members; k++) {
            const gm_site *x = &t->members[k].params.sites[pair[k][s]];
            l->values[k] = apart_mm(best->xyz_mm, x->xyz_mm);
            square += l->values[k] * l->values[k] / (double)t->n_members;
        }
        snprintf(name, sizeof name, "site %zu distance from best", s + 1);
        finish_parameter(l, name, "mm", 0, prior_mm);
        gm_twin_parameter *p = &t->parameters[l->next - 1];
        /* The spread of the place is its RMS distance, not the SD of that distance. */
        p->posterior_sd = sqrt(square);
        judge(p);
        for (size_t k = 0; k < t->n_members; k++)
            l->values[k] = t->members[k].params.sites[pair[k][s]].onset_ms;
        snprintf(name, sizeof name, "site %zu onset", s + 1);
        finish_parameter(l, name, "ms", best->onset_ms, m->onset_sd_ms);
    }
}

/* A parameter that is a member's field: `at` finds it. */
static void add_value(parameter_list *l, const char *name, const char *unit, double prior_sd,
                      double (*at)(const gm_twin_member *, int), int which)
{
    gm_heart_twin *t = l->r->twin;
    for (size_t k = 0; k < t->n_members; k++)
        l->values[k] = at(&t->members[k], which);
    finish_parameter(l, name, unit, at(&t->best, which), prior_sd);
}

static double speed_at(const gm_twin_member *x, int which)
{
    return which == 0   ? x->params.v_f_m_s
           : which == 1 ? x->params.v_t_ratio
           : which == 2 ? x->params.fast_layer_factor
                        : x->amplitude;
}

static double pose_at(const gm_twin_member *x, int which)
{
    return x->pose[which];
}

static double apd_at(const gm_twin_member *x, int which)
{
    const gm_apd *a = &x->params.apd;
    const double v[6] = {a->min_ms, a->max_ms, a->g_ab, a->g_aprt, a->g_rvlv, a->g_tm};
    return v[which];
}

static void add_others(parameter_list *l)
{
    static const char *const apd_names[6] = {"APD min",           "APD max",
                                             "APD gradient ab",   "APD gradient aprt",
                                             "APD gradient rvlv", "APD gradient tm"};
    static const char *const pose_names[GM_POSE] = {
        "heart moved x",  "heart moved y",  "heart moved z",   "heart turned x",
        "heart turned y", "heart turned z", "limb lead factor"};
    const gm_heart_model *m = l->r->model;
    double sd[GM_SPEEDS + 1];
    gm_model_prior_sd(sd);
    add_value(l, "v_f", "m/s", sd[0], speed_at, 0);
    add_value(l, "v_t_ratio", "1", sd[1], speed_at, 1);
    if (m->c->n_fast) add_value(l, "fast_layer_factor", "1", sd[2], speed_at, 2);
    if (m->amplitude_is_free) add_value(l, "amplitude", "1", sd[3], speed_at, 3);
    for (int p = 0; m->pose && p < GM_POSE; p++)
        add_value(l, pose_names[p],
                  p < 3   ? "mm"
                  : p < 6 ? "deg"
                          : "1",
                  gm_model_pose_sd(p), pose_at, p);
    for (int p = 0; l->r->twin->has_t_wave && p < 6; p++) /* uniform over the allowed range */
        add_value(l, apd_names[p], p < 2 ? "ms" : "1", (p < 2 ? 400 : 2) / sqrt(12.0), apd_at, p);
}

static gm_status list_parameters(gm_fit_run *r)
{
    gm_heart_twin *t = r->twin;
    size_t most = 2 * r->model->n_sites + GM_SPEEDS + 1 + GM_POSE + 6;
    t->parameters = gm_calloc(most, sizeof *t->parameters);
    size_t(*pair)[GM_MOST_SITES] = gm_calloc(t->n_members, sizeof *pair);
    parameter_list l = {.r = r, .values = gm_calloc(t->n_members, sizeof(double))};
    bool good = t->parameters && pair && l.values;
    if (good) {
        for (size_t k = 0; k < t->n_members; k++)
            pair_sites(&t->best.params, &t->members[k].params, pair[k]);
        add_sites(&l, (const size_t(*)[GM_MOST_SITES])pair);
        add_others(&l);
        t->n_parameters = l.next;
    }
    gm_free(pair);
    gm_free(l.values);
    return good ? GM_OK : gm_fail(GM_ENOMEM, "heart fit: no memory");
}

gm_status gm_fit_summarise(gm_fit_run *r)
{
    GM_TRY(make_bands(r));
    compare_leads(r);
    GM_TRY(list_parameters(r));
    return list_basins(r);
}
