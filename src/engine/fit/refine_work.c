#include "fit/refine_work.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "fit/dense.h"

#define DIFFERENCE_STEP 1e-4 /* of the tangent scale: error ~ step^2, rounding ~ 1e-16 / step */

size_t gm_refine_evaluation_cost(const gm_fit_problem *p)
{
    return p->evaluation_cost ? p->evaluation_cost : 1;
}

static double *take(double **at, size_t n)
{
    double *array = *at;
    *at += n;
    return array;
}

gm_status gm_refine_work_create(gm_refine_work **out, const gm_fit_problem *p)
{
    *out = NULL;
    GM_TRY(gm_fit_problem_check(p));
    size_t s = p->n_state, t = p->n_tangent, m = p->n_residuals, k = p->n_prior;
    gm_refine_work *w = gm_calloc(1, sizeof *w);
    size_t n = m * (t + 2) + k * (t + 1) + 2 * t * t + 6 * t + 2 * s;
    double *at = gm_calloc(n, sizeof *at);
    if (!w || !at) {
        gm_free(w);
        gm_free(at);
        return gm_fail(GM_ENOMEM, "refine: no memory for %zu residuals by %zu", m, t);
    }
    *w = (gm_refine_work){.n_state = s, .n_tangent = t, .n_residuals = m, .n_prior = k};
    w->block = at;
    w->r = take(&at, m), w->side = take(&at, m), w->j = take(&at, m * t);
    w->q = take(&at, k), w->jq = take(&at, k * t);
    w->gram = take(&at, t * t), w->factor = take(&at, t * t);
    w->gradient = take(&at, t), w->delta = take(&at, t), w->rhs = take(&at, t);
    w->low = take(&at, t), w->high = take(&at, t), w->held = take(&at, t);
    w->trial = take(&at, s), w->moved = take(&at, s);
    *out = w;
    return GM_OK;
}

void gm_refine_work_destroy(gm_refine_work *w)
{
    if (!w) return;
    gm_free(w->block);
    gm_free(w);
}

/* ---- the misfit --------------------------------------------------------------------------------- */

static double sum_of_squares(size_t n, const double *r)
{
    double s = 0;
    for (size_t i = 0; i < n; i++)
        s += r[i] * r[i];
    return s;
}

/* Huber's rho, scaled so that it is r^2 inside. */
static double huber_sum(size_t n, const double *r, double k)
{
    double s = 0;
    for (size_t i = 0; i < n; i++) {
        double a = fabs(r[i]);
        s += a > k ? k * (2 * a - k) : a * a;
    }
    return s;
}

/* A state without value is no failure. */
static gm_status forgiven(gm_status s)
{
    return s == GM_ENOCONV ? GM_OK : s;
}

gm_status gm_refine_misfit(const gm_fit_problem *p, unsigned worker, gm_refine_work *w,
                           const double state[], double huber, misfit_parts *out)
{
    *out = (misfit_parts){INFINITY, INFINITY, INFINITY};
    gm_status s = p->evaluate(p->self, worker, state, w->r);
    if (s != GM_OK) return forgiven(s);
    if (p->n_prior > 0) s = p->prior(p->self, worker, state, w->q, NULL);
    if (s != GM_OK) return forgiven(s);
    double data = sum_of_squares(p->n_residuals, w->r);
    double robust = huber > 0 ? huber_sum(p->n_residuals, w->r, huber) : data;
    double prior = sum_of_squares(p->n_prior, w->q);
    double misfit = robust / gm_fit_temperature_of(p) + prior;
    if (isfinite(misfit)) *out = (misfit_parts){misfit, data, prior};
    return GM_OK;
}

/* ---- derivatives -------------------------------------------------------------------------------- */

static bool all_finite(size_t n, const double *v)
{
    double s = 0; /* 0 * v is NaN unless v is finite */
    for (size_t i = 0; i < n; i++)
        s += 0 * v[i];
    return s == 0;
}

/* side <- residuals after moving component c by `step`; false if there are none. */
static gm_status evaluate_beside(const gm_fit_problem *p, unsigned worker, gm_refine_work *w,
                                 const double state[], size_t c, double step, bool *there)
{
    for (size_t i = 0; i < p->n_tangent; i++)
        w->delta[i] = i == c ? step : 0;
    gm_fit_retract(p, worker, state, w->delta, w->moved);
    gm_status s = p->evaluate(p->self, worker, w->moved, w->side);
    *there = s == GM_OK && all_finite(p->n_residuals, w->side);
    return forgiven(s);
}

/* Column c of J by differences within the limits; one-sided where a side has no value. */
static gm_status difference_column(const gm_fit_problem *p, unsigned worker, gm_refine_work *w,
                                   const double state[], size_t c)
{
    size_t m = p->n_residuals, n = p->n_tangent;
    double h = DIFFERENCE_STEP * gm_fit_tangent_scale(p, c);
    double ahead = fmin(h, w->high[c]), behind = fmax(-h, w->low[c]);
    bool there;
    GM_TRY(evaluate_beside(p, worker, w, state, c, ahead, &there));
    if (!there) ahead = 0;
    for (size_t i = 0; i < m; i++)
        w->j[i * n + c] = there ? w->side[i] : w->r[i];
    GM_TRY(evaluate_beside(p, worker, w, state, c, behind, &there));
    if (!there) behind = 0;
    double span = ahead - behind;
    for (size_t i = 0; i < m; i++) {
        double back = there ? w->side[i] : w->r[i];
        w->j[i * n + c] = span > 0 ? (w->j[i * n + c] - back) / span : 0;
    }
    return GM_OK;
}

static gm_status jacobian_by_differences(const gm_fit_problem *p, unsigned worker,
                                         gm_refine_work *w, const double state[])
{
    GM_TRY(p->evaluate(p->self, worker, state, w->r));
    gm_fit_tangent_limits(p, worker, state, w->low, w->high);
    for (size_t c = 0; c < p->n_tangent; c++)
        GM_TRY(difference_column(p, worker, w, state, c));
    return GM_OK;
}

static gm_status jacobian_at(const gm_fit_problem *p, unsigned worker, gm_refine_work *w,
                             const double state[], size_t *evaluations)
{
    if (p->jacobian) {
        *evaluations += p->jacobian_cost ? p->jacobian_cost : 1;
        return p->jacobian(p->self, worker, state, w->r, w->j);
    }
    *evaluations += (2 * p->n_tangent + 1) * gm_refine_evaluation_cost(p);
    return jacobian_by_differences(p, worker, w, state);
}

/* Huber as reweighted least squares: rows scaled by the root of k / |r|. */
static void weigh_rows(const gm_fit_problem *p, gm_refine_work *w, double k)
{
    for (size_t i = 0; i < p->n_residuals; i++) {
        double a = fabs(w->r[i]);
        if (!(a > k)) continue;
        double root = sqrt(k / a);
        w->r[i] *= root;
        for (size_t c = 0; c < p->n_tangent; c++)
            w->j[i * p->n_tangent + c] *= root;
    }
}

gm_status gm_refine_linearise(const gm_fit_problem *p, unsigned worker, gm_refine_work *w,
                              const double state[], double huber, bool *is_usable,
                              size_t *evaluations)
{
    size_t n = p->n_tangent;
    *is_usable = false;
    gm_status s = jacobian_at(p, worker, w, state, evaluations);
    if (s == GM_OK && p->n_prior > 0) s = p->prior(p->self, worker, state, w->q, w->jq);
    if (s != GM_OK) return forgiven(s);
    if (huber > 0) weigh_rows(p, w, huber);
    memset(w->gram, 0, n * n * sizeof *w->gram);
    memset(w->gradient, 0, n * sizeof *w->gradient);
    double scale = 1 / gm_fit_temperature_of(p);
    gm_dense_add_gram(p->n_residuals, n, w->j, w->r, scale, w->gram, w->gradient);
    gm_dense_add_gram(p->n_prior, n, w->jq, w->q, 1.0, w->gram, w->gradient);
    *is_usable = all_finite(n * n, w->gram) && all_finite(n, w->gradient);
    return GM_OK;
}
