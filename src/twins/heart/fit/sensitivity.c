/* sensitivity.c - which kinds of parameters the QRS depends on, over the whole prior: Saltelli's design
 * with groups (Saltelli et al. 2008, Global Sensitivity Analysis, 4.8): in place of one column all
 * columns of a group are taken from the other matrix. The result is the logarithm of the misfit, which
 * otherwise a few absurd draws would decide alone. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "core/alloc.h"
#include "fit/sampling.h"
#include "fit/sobol.h"
#include "heart/fit/twin_internal.h"

enum { BASE_ROWS = 32, BOOTSTRAP = 200 };

typedef struct {
    const char *name;
    size_t first, last; /* columns [first, last) of a draw of the prior */
} group;

typedef struct {
    gm_heart_model *m;
    const gm_sobol *sobol;
    const group *groups;
    size_t n_groups, n_dims;
    double *u;      /* [n_workers][3 n_dims]: A and B, then the row */
    double *states; /* [n_workers][n_state] */
    double *residuals;
    double *y; /* [rows] */
    atomic_int failed;
} sensitivity_job;

/* Row order of gm_sensitivity_create(): for each base row A, AB_1 .. AB_d, B. */
static gm_status rate_row(sensitivity_job *job, size_t row, unsigned worker)
{
    size_t n = job->n_dims, block = job->n_groups + 2, which = row % block;
    gm_heart_model *m = job->m;
    double *ab = job->u + (size_t)worker * 3 * n, *u = ab + 2 * n;
    double *state = job->states + (size_t)worker * m->problem.n_state;
    double *residuals = job->residuals + (size_t)worker * m->problem.n_residuals;
    gm_sobol_point(job->sobol, row / block, ab);
    memcpy(u, which == block - 1 ? ab + n : ab, n * sizeof *u);
    if (which > 0 && which < block - 1) {
        const group *g = &job->groups[which - 1];
        memcpy(u + g->first, ab + n + g->first, (g->last - g->first) * sizeof *u);
    }
    gm_model_prior_state(m, u, state);
    GM_TRY(m->problem.evaluate(m, worker, state, residuals));
    double misfit = 0;
    for (size_t i = 0; i < m->problem.n_residuals; i++)
        misfit += residuals[i] * residuals[i];
    job->y[row] = log(misfit);
    return GM_OK;
}

static void rate_item(void *context, size_t row, unsigned worker)
{
    sensitivity_job *job = context;
    if (atomic_load(&job->failed) || gm_interrupted()) return;
    if (rate_row(job, row, worker) != GM_OK) atomic_store(&job->failed, 1);
}

static size_t list_groups(const gm_heart_model *m, group groups[])
{
    size_t n = 0, at = 3 * m->n_sites;
    groups[n++] = (group){"places of sites", 0, at};
    groups[n++] = (group){"onsets of sites", at, at + m->n_sites};
    at += m->n_sites;
    groups[n++] = (group){"v_f", at, at + 1};
    groups[n++] = (group){"v_t_ratio", at + 1, at + 2};
    if (m->c->n_fast) groups[n++] = (group){"fast_layer_factor", at + 2, at + 3};
    at += GM_SPEEDS;
    if (m->amplitude_is_free) groups[n++] = (group){"amplitude", at, at + 1};
    if (m->pose) groups[n++] = (group){"place in the chest", at + 1, at + 1 + GM_POSE};
    return n;
}

static gm_status evaluate_rows(gm_fit_run *r, sensitivity_job *job, size_t rows)
{
    gm_heart_model *m = r->model;
    job->u = gm_calloc(m->n_workers * 3 * job->n_dims, sizeof *job->u);
    job->states = gm_calloc(m->n_workers * m->problem.n_state, sizeof *job->states);
    job->residuals = gm_calloc(m->n_workers * m->problem.n_residuals, sizeof *job->residuals);
    job->y = gm_calloc(rows, sizeof *job->y);
    if (!job->u || !job->states || !job->residuals || !job->y)
        return gm_fail(GM_ENOMEM, "sensitivity: no memory");
    gm_progress_report(r->options.progress, "sensitivity", 0);
    gm_threads_for(r->threads, rows, 1, rate_item, job);
    GM_TRY(gm_interrupt_check("sensitivity"));
    return atomic_load(&job->failed)
               ? gm_fail(GM_ENOCONV, "sensitivity: a draw of the prior cannot "
                                     "be evaluated")
               : GM_OK;
}

static gm_status store(gm_fit_run *r, const sensitivity_job *job)
{
    gm_sensitivity *s;
    GM_TRY(gm_sensitivity_create(&s, BASE_ROWS, job->n_groups, job->y, BOOTSTRAP, r->options.seed));
    for (size_t g = 0; g < job->n_groups; g++)
        r->twin->sensitivity[g] = (gm_twin_sensitivity){
            job->groups[g].name, s->first[g].value, s->first[g].low, s->first[g].high,
            s->total[g].value,   s->total[g].low,   s->total[g].high};
    r->twin->n_sensitivities = job->n_groups;
    gm_sensitivity_destroy(s);
    return GM_OK;
}

gm_status gm_fit_sensitivity(gm_fit_run *r)
{
    group groups[GM_TWIN_SENSITIVITIES];
    gm_sobol *sobol;
    sensitivity_job job = {.m = r->model, .groups = groups};
    job.n_groups = list_groups(r->model, groups);
    job.n_dims = gm_model_prior_dims(r->model);
    GM_TRY(gm_sobol_create(&sobol, 2 * job.n_dims, r->options.seed | 1));
    job.sobol = sobol;
    gm_status s = evaluate_rows(r, &job, BASE_ROWS * (job.n_groups + 2));
    if (s == GM_OK) s = store(r, &job);
    gm_sobol_destroy(sobol);
    gm_free(job.u);
    gm_free(job.states);
    gm_free(job.residuals);
    gm_free(job.y);
    return s;
}
