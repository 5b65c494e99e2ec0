#include "fit/laplace.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "fit/dense.h"

/* An unknown that neither data nor prior determine is drawn within this many tangent scales. */
#define WIDEST 10.0
enum { LIMIT_DRAWS = 2048, MOST_REDRAWS = 4096 };

typedef struct {
    laplace *q;
    gm_refine_work **works;
    gm_task_end *ends;
    size_t *evaluations;
    uint64_t seed;
    double best;
} measuring;

/* ---- one part ----------------------------------------------------------------------------------- */

bool laplace_delta(const laplace *q, size_t b, const double z[], double delta[])
{
    const laplace_part *part = &q->parts[b];
    size_t n = q->p->n_tangent;
    for (size_t i = 0; i < n; i++)
        delta[i] = q->spread * z[i];
    gm_dense_solve_lower_transposed(n, part->factor, delta);
    for (size_t i = 0; i < n; i++)
        if (!(delta[i] >= part->low[i] && delta[i] <= part->high[i])) return false;
    return true;
}

void laplace_draw(const laplace *q, size_t b, gm_rng *rng, double z[], double delta[])
{
    size_t n = q->p->n_tangent;
    for (int k = 0; k < MOST_REDRAWS; k++) {
        for (size_t i = 0; i < n; i++)
            z[i] = gm_rng_normal(rng);
        if (laplace_delta(q, b, z, delta)) return;
    }
    /* A corner that q hardly reaches: towards the mode, which lies within. */
    for (int k = 0; k < 60 && !laplace_delta(q, b, z, delta); k++)
        for (size_t i = 0; i < n; i++)
            z[i] *= 0.5;
}

double laplace_log_density(const laplace *q, size_t b, const double z[])
{
    double s = 0;
    for (size_t i = 0; i < q->p->n_tangent; i++)
        s += z[i] * z[i];
    return q->parts[b].log_constant - 0.5 * s;
}

size_t laplace_draw_part(const laplace *q, gm_rng *rng)
{
    double u = gm_rng_uniform(rng);
    for (size_t b = 0; b + 1 < q->n; b++) {
        u -= q->parts[b].weight;
        if (u < 0) return b;
    }
    return q->n - 1;
}

/* How much of the Gaussian lies within the limits, by draws that cost no evaluation. */
static double share_within(const laplace *q, size_t b, uint64_t seed)
{
    size_t n = q->p->n_tangent, inside = 0;
    double z[2 * 64], *block = n <= 64 ? z : gm_calloc(2 * n, sizeof *block);
    if (!block) return 1; /* only weighs basins against each other */
    gm_rng rng = gm_rng_stream(seed, b);
    for (int k = 0; k < LIMIT_DRAWS; k++) {
        for (size_t i = 0; i < n; i++)
            block[i] = gm_rng_normal(&rng);
        inside += laplace_delta(q, b, block, block + n);
    }
    if (block != z) gm_free(block);
    return fmax((double)inside, 0.5) / LIMIT_DRAWS;
}

static void factorise(laplace *q, laplace_part *part)
{
    size_t n = q->p->n_tangent;
    for (size_t i = 0; i < n; i++) {
        double widest = WIDEST * gm_fit_tangent_scale(q->p, i);
        part->factor[i * n + i] += 1 / (widest * widest);
    }
    double largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, part->factor[i * n + i]);
    /* J'J + a positive diagonal is positive definite but for rounding. */
    if (gm_dense_cholesky(n, part->factor)) return;
    memset(part->factor, 0, n * n * sizeof *part->factor);
    for (size_t i = 0; i < n; i++)
        part->factor[i * n + i] = sqrt(largest);
}

static gm_status measure_part(measuring *m, size_t b, unsigned worker)
{
    laplace *q = m->q;
    laplace_part *part = &q->parts[b];
    size_t n = q->p->n_tangent;
    GM_TRY(gm_fit_hessian(q->p, worker, m->works[worker], part->mode, 0, part->factor,
                          &m->evaluations[b]));
    factorise(q, part);
    gm_fit_tangent_limits(q->p, worker, part->mode, part->low, part->high);
    double log_det = 0, log_2pi = 1.8378770664093453;
    for (size_t i = 0; i < n; i++)
        log_det += log(part->factor[i * n + i]); /* half of ln det H */
    double log_inside = log(share_within(q, b, m->seed));
    part->log_constant = log_det - (double)n * (0.5 * log_2pi + log(q->spread)) - log_inside;
    /* the evidence relative to the best basin, without the common power of 2 pi */
    part->weight = exp(-0.5 * (part->misfit - m->best) - log_det + log_inside);
    return GM_OK;
}

static void run_measure(void *context, size_t b, unsigned worker)
{
    measuring *m = context;
    gm_task_finish(&m->ends[b], measure_part(m, b, worker));
}

/* ---- the mixture -------------------------------------------------------------------------------- */

static gm_status measure_parts(laplace *q, double best, uint64_t seed, gm_refine_work **works,
                               gm_threads *threads)
{
    measuring m = {
        q,    works, gm_calloc(q->n, sizeof(gm_task_end)), gm_calloc(q->n, sizeof(size_t)),
        seed, best};
    gm_status s = GM_OK;
    if (!m.ends || !m.evaluations)
        s = gm_fail(GM_ENOMEM, "posterior: no memory");
    else
        gm_threads_for(threads, q->n, 1, run_measure, &m);
    for (size_t b = 0; s == GM_OK && b < q->n; b++) {
        s = gm_task_status(&m.ends[b]);
        q->evaluations += m.evaluations[b];
    }
    gm_free(m.ends);
    gm_free(m.evaluations);
    return s;
}

static void normalise_weights(laplace *q)
{
    double sum = 0;
    for (size_t b = 0; b < q->n; b++)
        sum += q->parts[b].weight;
    for (size_t b = 0; b < q->n; b++) {
        laplace_part *part = &q->parts[b];
        double own = sum > 0 && isfinite(sum) ? part->weight / sum : 1 / (double)q->n;
        part->weight = (1 - LAPLACE_EVEN_SHARE) * own + LAPLACE_EVEN_SHARE / (double)q->n;
        part->log_constant += log(part->weight);
    }
}

/* The misfits of now (the temperature may have changed since the search). */
static gm_status choose_parts(laplace *q, const gm_basin basins[], size_t n_basins, double margin,
                              gm_refine_work *w, double *best)
{
    *best = INFINITY;
    for (size_t b = 0; b < n_basins; b++) {
        laplace_part *part = &q->parts[b];
        part->index = b, part->mode = basins[b].state;
        GM_TRY(gm_fit_misfit(q->p, 0, w, part->mode, 0, &part->misfit, NULL, NULL));
        q->evaluations += q->p->evaluation_cost ? q->p->evaluation_cost : 1;
        *best = fmin(*best, part->misfit);
    }
    if (!isfinite(*best))
        return gm_fail(GM_ENOCONV, "posterior: the model cannot be evaluated at any basin");
    for (size_t b = 0; b < n_basins; b++)
        if (q->parts[b].misfit <= *best + margin) q->parts[q->n++] = q->parts[b];
    return GM_OK;
}

gm_status laplace_create(laplace *q, const gm_fit_problem *p, const gm_basin basins[],
                         size_t n_basins, double margin, double spread, uint64_t seed,
                         gm_refine_work **works, gm_threads *threads)
{
    size_t n = p->n_tangent;
    *q = (laplace){.p = p, .spread = spread};
    q->parts = gm_calloc(n_basins, sizeof *q->parts);
    q->block = gm_calloc(n_basins * (n * n + 2 * n), sizeof *q->block);
    if (!q->parts || !q->block) return gm_fail(GM_ENOMEM, "posterior: no memory");
    double best, *at = q->block;
    GM_TRY(choose_parts(q, basins, n_basins, margin, works[0], &best));
    for (size_t b = 0; b < q->n; b++, at += n * n + 2 * n)
        q->parts[b].factor = at, q->parts[b].low = at + n * n, q->parts[b].high = at + n * n + n;
    GM_TRY(measure_parts(q, best, seed, works, threads));
    normalise_weights(q);
    return GM_OK;
}

void laplace_destroy(laplace *q)
{
    gm_free(q->parts);
    gm_free(q->block);
    *q = (laplace){0};
}
