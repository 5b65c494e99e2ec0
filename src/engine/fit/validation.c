#include "fit/validation.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "fit/task.h"

enum { LEAST_SAMPLES = 3 };

/* ---- looking measured values up in their prediction --------------------------------------------- */

static void mean_and_sd(const gm_held_out *h, size_t i, double *mean, double *sd)
{
    double sum = 0, squares = 0, n = (double)h->n_members;
    for (size_t k = 0; k < h->n_members; k++)
        sum += h->predictions[k * h->n + i];
    *mean = sum / n;
    for (size_t k = 0; k < h->n_members; k++) {
        double d = h->predictions[k * h->n + i] - *mean;
        squares += d * d;
    }
    *sd = sqrt(squares / n + h->noise_sd * h->noise_sd);
}

static double integral_transform(const gm_held_out *h, size_t i)
{
    double u = 0;
    for (size_t k = 0; k < h->n_members; k++)
        u += gm_normal_cdf((h->measured[i] - h->predictions[k * h->n + i]) / h->noise_sd);
    return u / (double)h->n_members;
}

static double correlation_of(size_t n, double sx, double sy, double sxx, double syy, double sxy)
{
    double m = (double)n, vx = sxx - sx * sx / m, vy = syy - sy * sy / m;
    double tiny = 1e-14;
    if (!(vx > tiny * sxx && vy > tiny * syy)) return NAN;
    return (sxy - sx * sy / m) / sqrt(vx * vy);
}

/* Fills z [n] with the standardised residuals of the samples measured. */
static void compare(const gm_held_out *h, double z[], gm_validation *v)
{
    double sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0, squares = 0;
    for (size_t i = 0; i < h->n; i++) {
        double y = h->measured[i], mean, sd;
        if (!isfinite(y)) continue;
        mean_and_sd(h, i, &mean, &sd);
        double off = fabs(integral_transform(h, i) - 0.5);
        v->coverage50 += off <= 0.25, v->coverage90 += off <= 0.45;
        z[v->n++] = (y - mean) / sd;
        sx += mean, sy += y, sxx += mean * mean, syy += y * y, sxy += mean * y;
        squares += (y - mean) * (y - mean);
    }
    double n = (double)v->n;
    v->coverage50 /= n, v->coverage90 /= n;
    v->rms = sqrt(squares / n);
    v->correlation = correlation_of(v->n, sx, sy, sxx, syy, sxy);
    v->relative_error = syy > 0 ? sqrt(squares / syy) : NAN;
}

/* ---- structure of residuals --------------------------------------------------------------------- */

static void set_autocorrelation(const double z[], gm_validation *v)
{
    double n = (double)v->n, sum = 0, squares = 0, next = 0;
    for (size_t i = 0; i < v->n; i++)
        sum += z[i];
    v->z_mean = sum / n;
    for (size_t i = 0; i < v->n; i++) {
        double d = z[i] - v->z_mean;
        squares += d * d;
        if (i > 0) next += d * (z[i - 1] - v->z_mean);
    }
    v->z_sd = sqrt(squares / (n - 1));
    v->lag1 = squares > 0 ? next / squares : 0;
    v->n_effective = fmin(n, fmax(1, n * (1 - v->lag1) / (1 + v->lag1)));
}

/* Runs of one sign about 0. Wald & Wolfowitz: mean 2ab/n + 1, variance 2ab (2ab - n) / (n^2 (n-1)) */
static void set_runs(const double z[], gm_validation *v)
{
    double n = (double)v->n, above = 0;
    v->runs = 1;
    for (size_t i = 0; i < v->n; i++) {
        above += z[i] > 0;
        if (i > 0) v->runs += (z[i] > 0) != (z[i - 1] > 0);
    }
    double twice = 2 * above * (n - above);
    v->runs_expected = twice / n + 1;
    double variance = twice * (twice - n) / (n * n * (n - 1));
    v->runs_z = variance > 0 ? (v->runs - v->runs_expected) / sqrt(variance) : 0;
}

static gm_status check(const gm_held_out *h)
{
    size_t measured = 0;
    if (h->n_members < 1) return gm_fail(GM_EINVAL, "validation of %s: no predictions", h->name);
    if (!(h->noise_sd > 0 && isfinite(h->noise_sd)))
        return gm_fail(GM_EINVAL, "validation of %s: noise_sd = %g, allowed > 0", h->name,
                       h->noise_sd);
    for (size_t i = 0; i < h->n; i++)
        measured += isfinite(h->measured[i]) != 0;
    if (measured < LEAST_SAMPLES)
        return gm_fail(GM_EINVAL, "validation of %s: %zu samples measured, %d are needed", h->name,
                       measured, LEAST_SAMPLES);
    for (size_t i = 0; i < h->n * h->n_members; i++)
        if (!isfinite(h->predictions[i]))
            return gm_fail(GM_EINVAL, "validation of %s: member %zu, sample %zu is not finite",
                           h->name, i / h->n, i % h->n);
    return GM_OK;
}

gm_status gm_validate(const gm_held_out *h, gm_validation *out)
{
    GM_TRY(check(h));
    double *z = gm_calloc(h->n, sizeof *z);
    if (!z) return gm_fail(GM_ENOMEM, "validation: no memory for %zu samples", h->n);
    gm_validation v = {.n = 0};
    snprintf(v.name, sizeof v.name, "%s", h->name);
    compare(h, z, &v);
    set_autocorrelation(z, &v);
    set_runs(z, &v);
    gm_free(z);
    *out = v;
    return GM_OK;
}

json_t *gm_validation_to_json(const gm_validation blocks[], size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < n; i++) {
        const gm_validation *v = &blocks[i];
        json_t *residuals =
            json_pack("{sf sf sf sf sf sf sf}", "mean", v->z_mean, "sd", v->z_sd, "lag1", v->lag1,
                      "effectiveSamples", v->n_effective, "runs", v->runs, "runsExpected",
                      v->runs_expected, "runsZ", v->runs_z);
        json_t *o =
            json_pack("{ss sI sf sf sf so so so}", "block", v->name, "samples", (json_int_t)v->n,
                      "coverage50", v->coverage50, "coverage90", v->coverage90, "rms", v->rms,
                      "correlation", gm_json_real_or_null(v->correlation), "relativeError",
                      gm_json_real_or_null(v->relative_error), "residuals", residuals);
        if (json_array_append_new(list, o) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* ---- refit without a block ---------------------------------------------------------------------- */

typedef struct {
    const gm_fit_problem *full, *masked;
    const size_t *rows;
    size_t n_rows;
    const gm_refine_options *refine;
    gm_refine_work **works;
    gm_basin *basins;
    const gm_posterior *ensemble;
    double *residuals;   /* [n_workers][n_residuals] */
    double *predictions; /* [n_members][n_rows] */
    gm_task_end *ends;   /* one for each basin, then one for each member */
} refit;

static void run_refine(void *context, size_t b, unsigned worker)
{
    refit *r = context;
    gm_refine_result result = {0};
    gm_status s = gm_refine(r->masked, worker, r->refine, r->works[worker], r->basins[b].state,
                            NULL, &result);
    r->basins[b].misfit = result.misfit;
    gm_task_finish(&r->ends[b], s);
}

static void run_predict(void *context, size_t k, unsigned worker)
{
    refit *r = context;
    double *residuals = r->residuals + worker * r->full->n_residuals;
    const double *state = r->ensemble->states + k * r->full->n_state;
    gm_status s = r->full->evaluate(r->full->self, worker, state, residuals);
    for (size_t i = 0; i < r->n_rows; i++)
        r->predictions[k * r->n_rows + i] = residuals[r->rows[i]];
    gm_task_finish(&r->ends[k], s);
}

static gm_status first_failure(const gm_task_end ends[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        GM_TRY(gm_task_status(&ends[i]));
    return GM_OK;
}

static gm_status compare_ensemble(refit *r, const char *name, gm_threads *threads,
                                  gm_validation *out)
{
    size_t members = r->ensemble->n_members;
    gm_threads_for(threads, members, 1, run_predict, r);
    GM_TRY(first_failure(r->ends, members));
    double *measured = gm_calloc(r->n_rows, sizeof *measured); /* zeros: residuals are whitened */
    if (!measured) return gm_fail(GM_ENOMEM, "validation: no memory");
    gm_held_out h = {name,     r->n_rows,      members,
                     measured, r->predictions, sqrt(gm_fit_temperature_of(r->full))};
    gm_status s = gm_validate(&h, out);
    gm_free(measured);
    return s;
}

static gm_status prepare(refit *r, const gm_basin basins[], size_t n_basins, size_t n_members,
                         unsigned n_workers, double **states)
{
    size_t n = r->full->n_state;
    *states = gm_calloc(n_basins * n, sizeof **states);
    r->basins = gm_calloc(n_basins, sizeof *r->basins);
    r->residuals = gm_calloc(n_workers * r->full->n_residuals, sizeof *r->residuals);
    r->predictions = gm_calloc(n_members * r->n_rows, sizeof *r->predictions);
    r->ends = gm_calloc(n_basins + n_members, sizeof *r->ends);
    if (!*states || !r->basins || !r->residuals || !r->predictions || !r->ends)
        return gm_fail(GM_ENOMEM, "validation: no memory");
    for (size_t b = 0; b < n_basins; b++) {
        r->basins[b].state = *states + b * n;
        memcpy(r->basins[b].state, basins[b].state, n * sizeof(double));
    }
    return gm_fit_works_create(&r->works, r->masked, n_workers);
}

static gm_status refit_and_compare(refit *r, const char *name, size_t n_basins,
                                   const gm_posterior_options *o, gm_threads *threads,
                                   gm_validation *out)
{
    gm_threads_for(threads, n_basins, 1, run_refine, r);
    GM_TRY(first_failure(r->ends, n_basins));
    gm_posterior *ensemble;
    GM_TRY(gm_posterior_sample(&ensemble, r->masked, r->basins, n_basins, o, threads));
    r->ensemble = ensemble;
    gm_status s = compare_ensemble(r, name, threads, out);
    gm_posterior_destroy(ensemble);
    return s;
}

gm_status gm_validate_without(gm_validation *out, const char *name, const gm_fit_problem *p,
                              const size_t rows[], size_t n_rows, const gm_basin basins[],
                              size_t n_basins, const gm_refine_options *refine,
                              const gm_posterior_options *posterior, gm_threads *threads)
{
    gm_fit_problem masked;
    gm_fit_mask mask;
    GM_TRY(gm_fit_without(&masked, &mask, p, rows, n_rows));
    unsigned n_workers = gm_threads_count(threads);
    refit r = {.full = p, .masked = &masked, .rows = rows, .n_rows = n_rows, .refine = refine};
    double *states = NULL;
    gm_status s = prepare(&r, basins, n_basins, posterior->n_members, n_workers, &states);
    if (s == GM_OK) s = refit_and_compare(&r, name, n_basins, posterior, threads, out);
    gm_fit_works_destroy(r.works, n_workers);
    gm_free(states);
    gm_free(r.basins);
    gm_free(r.residuals);
    gm_free(r.predictions);
    gm_free(r.ends);
    return s;
}
