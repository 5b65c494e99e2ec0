#include "heart/fit/twin.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/log.h"
#include "fit/validation.h"
#include "heart/fit/twin_internal.h"

/* Forward solves that a fit makes unless told otherwise: what two cores do in some 40 s, by the size of the
 * mesh (a solve costs in proportion to its nodes). */
static const double SOLVES_TIMES_NODES = 0.8e8;
enum { FEWEST_SOLVES = 300, MOST_SOLVES = 8000 };

/* Expected error of the model beside a real heart, as a share of the ECG, before anything is fitted: it
 * keeps the prior alive during the search. With the patient's anatomy: elements of some 2.5 mm cost
 * 6 % (heart.md 3.2), of which most is common to all maps; without it, the anatomy's. */
static const double MODEL_ERROR = 0.02, GENERIC_MODEL_ERROR = 0.15;
static const double CORRELATED_SAMPLES = 10; /* neighbours in time that tell the same */
/* The model's error is common to leads: the eight independent ones see mostly one dipole, three signals. */
static const double LEADS_A_SIGNAL = 8.0 / 3;
/* The mesh's share of the ECG times this is the model's error at least: set so that bands cover virtual
 * patients made on finer meshes (bench/virtual_patients). */
static const double MESH_DISCREPANCY = 1.25;

/* Part of a time budget that the search may use; the ensemble and the T wave need the rest. */
static const double SEARCH_SHARE = 0.75;
enum { REFIT_EVALUATIONS = 14 };

gm_heart_fit_options gm_heart_fit_defaults(void)
{
    return (gm_heart_fit_options){.n_sites = 7, .ensemble = 50, .seed = 1};
}

double gm_activation_difference_ms(const float a[], const float b[], size_t n, double *shift_ms)
{
    double mean = 0, square = 0;
    for (size_t i = 0; i < n; i++)
        mean += (double)(a[i] - b[i]) / (double)n;
    for (size_t i = 0; i < n; i++) {
        double d = (double)(a[i] - b[i]) - mean;
        square += d * d;
    }
    if (shift_ms) *shift_ms = mean;
    return sqrt(square / (double)n);
}

/* First order in the edge length, through the reference's convergence figures (heart.md, 3.2). */
static double mesh_error_share(const gm_heart_case *c)
{
    return 0.064 * c->facts.mean_edge_mm / 2.46;
}

/* ---- the search ------------------------------------------------------------------------------------ */

static size_t solves_for(const gm_fit_run *r)
{
    if (r->options.max_evaluations) return r->options.max_evaluations;
    if (r->options.budget_s > 0) return 1000000; /* the clock decides */
    double n = SOLVES_TIMES_NODES / (double)r->c->mesh->n_nodes;
    return (size_t)fmin(fmax(n, FEWEST_SOLVES), MOST_SOLVES);
}

/* Mean over the leads of (error share * RMS / sigma)^2: the discrepancy in units of the noise. */
static double expected_temperature(const gm_heart_model *m, double error)
{
    double square = 0, n = 0;
    for (size_t i = 0; i < m->problem.n_residuals; i++) {
        double y = m->measured_mv[i] * m->weight[i % GM_N_INDEPENDENT];
        square += y * y;
        n += m->weight[i % GM_N_INDEPENDENT] > 0;
    }
    return gm_fit_temperature(error * sqrt(square / fmax(n, 1)), m->problem.n_residuals,
                              (double)m->problem.n_residuals / CORRELATED_SAMPLES);
}

static void set_temperature(gm_heart_model *m, double temperature)
{
    m->problem.temperature = m->smooth.temperature = temperature;
}

static bool at_the_floor(void *context, const gm_search_result *so_far)
{
    const gm_heart_model *m = context;
    return so_far->n_basins && so_far->basins[0].data_misfit < (double)m->problem.n_residuals;
}

static gm_status search(gm_fit_run *r)
{
    gm_heart_model *m = r->model;
    gm_search_options o = gm_search_defaults();
    o.seed = r->options.seed;
    o.max_evaluations = solves_for(r);
    o.clock_seconds = gm_clock_seconds;
    if (r->options.budget_s > 0)
        o.budget_s = fmax(0.05 * r->options.budget_s,
                          SEARCH_SHARE * r->options.budget_s - (gm_clock_seconds() - r->started_s));
    o.first_starts = 10, o.starts = 3, o.redraws = 9, o.keep = 3, o.sources = 4;
    o.max_basins = 40;
    o.basin_distance = 1.0; /* ms */
    o.quick = &m->smooth;
    o.quick_refine.max_evaluations = 36;
    o.quick_refine.misfit_tolerance = 1e-3;
    o.deep_refine.max_evaluations = 90;
    o.deep_refine.misfit_tolerance = 1e-4;
    o.quick_refine.damping = o.deep_refine.damping = 1e-2;
    o.good_enough = at_the_floor;
    o.context = m;
    o.progress = r->options.progress;
    set_temperature(
        m, expected_temperature(m, r->options.pose_is_free ? GENERIC_MODEL_ERROR : MODEL_ERROR));
    return gm_search(&r->found, &m->problem, &o, r->threads);
}

/* ---- noise model ------------------------------------------------------------------------------------ */

/* Lag-1 autocorrelation of the residuals of the best fit, over all leads. */
static double residual_lag1(const gm_heart_model *m, const double *residuals)
{
    double square = 0, product = 0;
    for (size_t n = 0; n < m->n_window; n++)
        for (size_t l = 0; l < GM_N_INDEPENDENT; l++) {
            size_t i = n * GM_N_INDEPENDENT + l;
            square += residuals[i] * residuals[i];
            if (n) product += residuals[i] * residuals[i - GM_N_INDEPENDENT];
        }
    return square > 0 ? fmin(fmax(product / square, 0), 0.98) : 0;
}

/* The model's own error sets the temperature of the posterior: what the best fit shows of it, and at
 * least what the mesh is known to cost. */
static gm_status set_noise_model(gm_fit_run *r)
{
    gm_heart_model *m = r->model;
    gm_heart_twin *t = r->twin;
    const gm_basin *best = &r->found->basins[0];
    double *residuals = gm_calloc(m->problem.n_residuals, sizeof *residuals);
    if (!residuals) return gm_fail(GM_ENOMEM, "heart fit: no memory");
    gm_status s = m->problem.evaluate(m, 0, best->state, residuals);
    if (s == GM_OK) {
        size_t n_known = 0;
        double power = 0;
        for (size_t i = 0; i < m->problem.n_residuals; i++) {
            double y = m->measured_mv[i] * m->weight[i % GM_N_INDEPENDENT];
            n_known += m->weight[i % GM_N_INDEPENDENT] > 0;
            power += y * y;
        }
        double lag1 = residual_lag1(m, residuals);
        t->misfit = best->data_misfit;
        t->floor_misfit = (double)n_known;
        double expected = MESH_DISCREPANCY * mesh_error_share(r->c) * sqrt(power / (double)n_known);
        t->discrepancy = fmax(gm_fit_discrepancy_shown(best->data_misfit, n_known), expected);
        t->discrepancy_relative = sqrt(best->data_misfit / power);
        t->temperature = gm_fit_temperature(
            t->discrepancy, n_known, (double)n_known / LEADS_A_SIGNAL * (1 - lag1) / (1 + lag1));
        set_temperature(m, t->temperature);
    }
    gm_free(residuals);
    return s;
}

static gm_status draw_ensemble(gm_fit_run *r)
{
    gm_refit_options o = gm_refit_defaults();
    o.seed = r->options.seed;
    o.n_members = r->options.ensemble;
    o.refine.max_evaluations = REFIT_EVALUATIONS;
    o.refine.damping = 1e-2;
    o.equal_volumes = true;
    o.progress = r->options.progress;
    /* On the smoothed stand-in: the rough misfit would hold each member at the mode it began from. */
    return gm_posterior_refit(&r->posterior, &r->model->smooth, r->found->basins,
                              r->found->n_basins, &o, r->threads);
}

static gm_status run_stages(gm_fit_run *r)
{
    gm_heart_twin *t = r->twin;
    gm_progress_report(r->options.progress, "preparing the heart", 0);
    GM_TRY(gm_heart_model_create(&r->model, r->c, r->target, &r->options, r->threads));
    double before_search_s = gm_clock_seconds();
    GM_TRY(search(r));
    t->search_s = gm_clock_seconds() - before_search_s;
    GM_TRY(set_noise_model(r));
    gm_log(GM_LOG_INFO, "heart.search",
           "evaluations=%zu rounds=%zu basins=%zu misfit=%.6g floor=%.6g", r->found->evaluations,
           r->found->rounds, r->found->n_basins, t->misfit, t->floor_misfit);
    GM_TRY(draw_ensemble(r));
    gm_log(GM_LOG_INFO, "heart.ensemble", "evaluations=%zu acceptance=%.3g elapsed_s=%.3g",
           r->posterior->evaluations, r->posterior->acceptance, gm_clock_seconds() - r->started_s);
    GM_TRY(gm_fit_fill_members(r));
    GM_TRY(gm_fit_summarise(r));
    gm_log(GM_LOG_INFO, "heart.members", "elapsed_s=%.3g", gm_clock_seconds() - r->started_s);
    GM_TRY(gm_fit_sensitivity(r));
    GM_TRY(gm_fit_add_evidence(r));
    t->mesh_error_relative = mesh_error_share(r->c);
    t->evaluations = r->found->evaluations;
    t->rounds = r->found->rounds;
    t->starts = r->found->tasks;
    t->effective_samples = r->posterior->ess;
    t->total_s = gm_clock_seconds() - r->started_s;
    return GM_OK;
}

static gm_status check_options(const gm_heart_fit_options *o)
{
    if (!(o->ensemble >= 50 && o->ensemble <= 1000))
        return gm_fail(GM_EINVAL, "heart fit: %zu ensemble members, allowed 50 to 1000",
                       o->ensemble);
    if (!(o->budget_s >= 0 && isfinite(o->budget_s)))
        return gm_fail(GM_EINVAL, "heart fit: budget of %g s", o->budget_s);
    return GM_OK;
}

gm_status gm_heart_fit(gm_heart_twin **out, gm_heart_case *c, const gm_heart_target *target,
                       const gm_heart_fit_options *options, gm_threads *threads)
{
    *out = NULL;
    GM_TRY(check_options(options));
    gm_fit_run r = {.c = c,
                    .target = target,
                    .options = *options,
                    .threads = threads,
                    .started_s = gm_clock_seconds()};
    r.twin = gm_calloc(1, sizeof *r.twin);
    if (!r.twin) return gm_fail(GM_ENOMEM, "heart fit: no memory");
    r.twin->n_nodes = c->mesh->n_nodes;
    r.twin->n_samples = target->n;
    r.twin->step_ms = target->step_ms;
    gm_status s = run_stages(&r);
    gm_repolariser_destroy(r.repolariser);
    gm_posterior_destroy(r.posterior);
    gm_search_result_destroy(r.found);
    gm_heart_model_destroy(r.model);
    if (s != GM_OK) {
        gm_heart_twin_destroy(r.twin);
        return s;
    }
    *out = r.twin;
    return GM_OK;
}

static void member_free(gm_twin_member *m)
{
    gm_free(m->tau_ms);
    gm_free(m->apd_ms);
    gm_free(m->ecg_mv);
}

void gm_heart_twin_destroy(gm_heart_twin *t)
{
    if (!t) return;
    member_free(&t->best);
    for (size_t k = 0; t->members && k < t->n_members; k++)
        member_free(&t->members[k]);
    gm_free(t->members);
    gm_free(t->basins);
    gm_free(t->parameters);
    gm_free(t->tau_mean_ms);
    gm_free(t->tau_sd_ms);
    gm_free(t->tau_p05_ms);
    gm_free(t->tau_p95_ms);
    gm_free(t->ecg_low_mv);
    gm_free(t->ecg_high_mv);
    json_decref(t->credibility);
    json_decref(t->validation);
    gm_free(t);
}
