/* The posterior by randomised maximum likelihood: see posterior.h. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/progress.h"
#include "fit/ensemble.h"
#include "fit/laplace.h"
#include "fit/validation.h"

enum { MOST_ATTEMPTS = 3 };
#define SEED_MARK 0x72656674u /* keeps these random streams apart from the search's */

typedef struct {
    gm_task_end end;
    size_t evaluations;
    bool is_good;
} attempt;

typedef struct {
    const gm_fit_problem *p;
    const gm_refit_options *o;
    gm_refine_work **works;
    laplace q;
    double *shifts; /* [n_workers][n_residuals + n_prior] */
    attempt *attempts;
    size_t *pending; /* [n_pending] members still to be drawn */
    size_t n_pending, round;
    double most_misfit;
    gm_posterior *out;
} refits;

gm_refit_options gm_refit_defaults(void)
{
    gm_refit_options o = {.seed = 1, .n_members = 64, .margin = 18, .refine = gm_refine_defaults()};
    o.refine.method = GM_REFINE_LM;
    o.refine.max_evaluations = 60;
    return o;
}

/* Wilson & Hilferty (1931), PNAS 17:684-688; z: standard normal quantile. */
static double chi_squared_quantile(double freedom, double z)
{
    double v = 2 / (9 * freedom), root = 1 - v + z * sqrt(v);
    return freedom * root * root * root;
}

static size_t nearest_part(const laplace *q, unsigned worker, const double state[])
{
    size_t best = 0;
    double least = INFINITY;
    for (size_t b = 0; q->n > 1 && b < q->n; b++) {
        double d = gm_fit_distance(q->p, worker, q->parts[b].mode, state);
        if (d < least) least = d, best = b;
    }
    return best;
}

static gm_status refit_member(refits *r, size_t k, unsigned worker, attempt *a)
{
    const gm_fit_problem *p = r->p;
    gm_rng rng = gm_rng_stream(r->o->seed ^ SEED_MARK, (uint64_t)r->round << 32 | k);
    double *data = r->shifts + worker * (p->n_residuals + p->n_prior),
           *prior = data + p->n_residuals;
    double noise = sqrt(gm_fit_temperature_of(p)), *state = r->out->states + k * p->n_state;
    size_t part = laplace_draw_part(&r->q, &rng);
    for (size_t i = 0; i < p->n_residuals; i++)
        data[i] = noise * gm_rng_normal(&rng);
    for (size_t i = 0; i < p->n_prior; i++)
        prior[i] = gm_rng_normal(&rng);
    memcpy(state, r->q.parts[part].mode, p->n_state * sizeof *state);
    gm_fit_problem shifted;
    gm_fit_mask shift;
    gm_refine_result result;
    GM_TRY(gm_fit_without(&shifted, &shift, p, NULL, 0));
    shift.data_shift = data, shift.prior_shift = prior;
    GM_TRY(gm_refine(&shifted, worker, &r->o->refine, r->works[worker], state, NULL, &result));
    GM_TRY(gm_fit_misfit(p, worker, r->works[worker], state, 0, &r->out->misfits[k],
                         &r->out->data_misfits[k], NULL));
    a->evaluations = result.evaluations + (p->evaluation_cost ? p->evaluation_cost : 1);
    a->is_good = r->out->misfits[k] <= r->most_misfit;
    r->out->basins[k] = r->q.parts[nearest_part(&r->q, worker, state)].index;
    return GM_OK;
}

static void run_member(void *context, size_t i, unsigned worker)
{
    refits *r = context;
    size_t k = r->pending[i];
    gm_task_finish(&r->attempts[k].end, refit_member(r, k, worker, &r->attempts[k]));
}

static gm_status draw_all(refits *r, gm_threads *threads)
{
    size_t tried = 0, good = 0;
    for (r->round = 1; r->round <= MOST_ATTEMPTS && r->n_pending > 0; r->round++) {
        GM_TRY(gm_interrupt_check("posterior"));
        gm_threads_for(threads, r->n_pending, 1, run_member, r);
        tried += r->n_pending;
        size_t left = 0;
        for (size_t i = 0; i < r->n_pending; i++) {
            size_t k = r->pending[i];
            GM_TRY(gm_task_status(&r->attempts[k].end));
            r->out->evaluations += r->attempts[k].evaluations;
            good += r->attempts[k].is_good;
            if (!r->attempts[k].is_good) r->pending[left++] = k;
        }
        r->n_pending = left;
        gm_progress_report(r->o->progress, "sampling", (double)r->round / MOST_ATTEMPTS);
    }
    r->out->acceptance = (double)good / (double)tried;
    return GM_OK;
}

/* ln of the integral over all parts, each a Gaussian of its Laplace covariance. */
static double laplace_evidence(const laplace *q, double best)
{
    double sum = 0;
    for (size_t b = 0; b < q->n; b++) {
        const laplace_part *part = &q->parts[b];
        sum += exp(-0.5 * (part->misfit - best) - part->log_constant) * part->weight;
    }
    return sum > 0 ? log(sum) - 0.5 * best : -INFINITY;
}

/* Basins weighed as if all were equally wide, with a share that goes evenly to all as in the mixture. */
static void weigh_by_misfit(laplace *q)
{
    double best = INFINITY, sum = 0;
    for (size_t b = 0; b < q->n; b++)
        best = fmin(best, q->parts[b].misfit);
    for (size_t b = 0; b < q->n; b++)
        sum += exp(-0.5 * (q->parts[b].misfit - best));
    for (size_t b = 0; b < q->n; b++)
        q->parts[b].weight =
            (1 - LAPLACE_EVEN_SHARE) * exp(-0.5 * (q->parts[b].misfit - best)) / sum +
            LAPLACE_EVEN_SHARE / (double)q->n;
}

static gm_status prepare(refits *r, const gm_basin basins[], size_t n_basins, unsigned n_workers,
                         gm_threads *threads)
{
    const gm_fit_problem *p = r->p;
    size_t n = r->o->n_members;
    GM_TRY(gm_posterior_create(&r->out, p->n_state, n, n_basins));
    r->shifts = gm_calloc(n_workers * (p->n_residuals + p->n_prior), sizeof *r->shifts);
    r->attempts = gm_calloc(n, sizeof *r->attempts);
    r->pending = gm_calloc(n, sizeof *r->pending);
    if (!r->shifts || !r->attempts || !r->pending)
        return gm_fail(GM_ENOMEM, "posterior: no memory");
    for (size_t k = 0; k < n; k++)
        r->pending[r->n_pending++] = k;
    GM_TRY(gm_fit_works_create(&r->works, p, n_workers));
    GM_TRY(laplace_create(&r->q, p, basins, n_basins, r->o->margin, 1, r->o->seed ^ SEED_MARK,
                          r->works, threads));
    if (r->o->equal_volumes) weigh_by_misfit(&r->q);
    return GM_OK;
}

static gm_status run(refits *r, const gm_basin basins[], size_t n_basins, gm_threads *threads)
{
    GM_TRY(prepare(r, basins, n_basins, gm_threads_count(threads), threads));
    double best = INFINITY, z999 = gm_normal_quantile(0.999);
    for (size_t b = 0; b < r->q.n; b++)
        best = fmin(best, r->q.parts[b].misfit);
    r->most_misfit = best + 2 * chi_squared_quantile((double)r->p->n_tangent, z999);
    GM_TRY(draw_all(r, threads));
    gm_posterior *e = r->out;
    for (size_t k = 0; k < e->n_members; k++)
        e->basin_shares[e->basins[k]] += 1 / (double)e->n_members;
    gm_posterior_count_distinct(e);
    e->evaluations += r->q.evaluations;
    e->ess = (double)e->n_members, e->beta = 1, e->is_settled = true;
    e->log_evidence = laplace_evidence(&r->q, best);
    return GM_OK;
}

gm_status gm_posterior_refit(gm_posterior **out, const gm_fit_problem *p, const gm_basin basins[],
                             size_t n_basins, const gm_refit_options *o, gm_threads *threads)
{
    *out = NULL;
    GM_TRY(gm_fit_problem_check(p));
    if (n_basins < 1 || o->n_members < 1)
        return gm_fail(GM_EINVAL,
                       "posterior: %zu basins, %zu members, at least 1 of each is needed", n_basins,
                       o->n_members);
    if (!(o->margin >= 0)) return gm_fail(GM_EINVAL, "posterior: margin = %g", o->margin);
    refits r = {.p = p, .o = o};
    gm_status s = run(&r, basins, n_basins, threads);
    gm_fit_works_destroy(r.works, gm_threads_count(threads));
    laplace_destroy(&r.q);
    gm_free(r.shifts);
    gm_free(r.attempts);
    gm_free(r.pending);
    if (s == GM_OK)
        *out = r.out;
    else
        gm_posterior_destroy(r.out);
    return s;
}
