#include "fit/problem.h"

#include <math.h>

#define DEFAULT_SCALE_SHARE 0.1   /* of the box: a change that matters */
#define DEFAULT_REDRAWN_SHARE 3.0 /* one component in three */

static bool has_plain_tangent(const gm_fit_problem *p)
{
    return !p->retract && p->n_tangent == p->n_state;
}

static gm_status check_counts(const gm_fit_problem *p)
{
    if (p->n_state < 1 || p->n_tangent < 1 || p->n_tangent > p->n_state)
        return gm_fail(GM_EINVAL,
                       "fit problem: n_state = %zu, n_tangent = %zu, allowed 1 <= "
                       "n_tangent <= n_state",
                       p->n_state, p->n_tangent);
    if (p->n_residuals < 1)
        return gm_fail(GM_EINVAL, "fit problem: n_residuals = 0, at least 1 is needed");
    if (!p->evaluate) return gm_fail(GM_EINVAL, "fit problem: the entry evaluate is missing");
    if (p->n_prior > 0 && !p->prior)
        return gm_fail(GM_EINVAL, "fit problem: n_prior = %zu but the entry prior is missing",
                       p->n_prior);
    if (!p->retract && p->n_tangent != p->n_state)
        return gm_fail(GM_EINVAL,
                       "fit problem: n_tangent = %zu differs from n_state = %zu, so the "
                       "entry retract is needed",
                       p->n_tangent, p->n_state);
    return GM_OK;
}

static gm_status check_box(const gm_fit_problem *p)
{
    if (!p->lower != !p->upper)
        return gm_fail(GM_EINVAL, "fit problem: lower and upper go together, one is missing");
    for (size_t i = 0; p->lower && i < p->n_state; i++)
        if (!(p->lower[i] < p->upper[i] && isfinite(p->upper[i] - p->lower[i])))
            return gm_fail(GM_EINVAL,
                           "fit problem: box of component %zu is [%g, %g], a finite range "
                           "is needed",
                           i, p->lower[i], p->upper[i]);
    return GM_OK;
}

static gm_status check_positive(const gm_fit_problem *p, const char *name, const double v[])
{
    for (size_t i = 0; v && i < p->n_tangent; i++)
        if (!(v[i] > 0 && isfinite(v[i])))
            return gm_fail(GM_EINVAL, "fit problem: %s[%zu] = %g, allowed > 0 and finite", name, i,
                           v[i]);
    return GM_OK;
}

gm_status gm_fit_problem_check(const gm_fit_problem *p)
{
    GM_TRY(check_counts(p));
    GM_TRY(check_box(p));
    GM_TRY(check_positive(p, "tangent_scale", p->tangent_scale));
    GM_TRY(check_positive(p, "most_step", p->most_step));
    if (!(p->temperature == 0 || (p->temperature >= 1 && isfinite(p->temperature))))
        return gm_fail(GM_EINVAL, "fit problem: temperature = %g, allowed >= 1 (or 0 for 1)",
                       p->temperature);
    return GM_OK;
}

double gm_fit_temperature_of(const gm_fit_problem *p)
{
    return p->temperature == 0 ? 1.0 : p->temperature;
}

double gm_fit_tangent_scale(const gm_fit_problem *p, size_t i)
{
    if (p->tangent_scale) return p->tangent_scale[i];
    if (p->lower && p->n_tangent == p->n_state)
        return DEFAULT_SCALE_SHARE * (p->upper[i] - p->lower[i]);
    return 1.0;
}

static double clipped(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}

void gm_fit_retract(const gm_fit_problem *p, unsigned worker, const double state[],
                    const double delta[], double moved[])
{
    if (p->retract) {
        p->retract(p->self, worker, state, delta, moved);
        return;
    }
    for (size_t i = 0; i < p->n_state; i++) {
        moved[i] = state[i] + delta[i];
        if (p->lower) moved[i] = clipped(moved[i], p->lower[i], p->upper[i]);
    }
}

void gm_fit_tangent_limits(const gm_fit_problem *p, unsigned worker, const double state[],
                           double low[], double high[])
{
    if (p->tangent_limits) {
        p->tangent_limits(p->self, worker, state, low, high);
        return;
    }
    bool boxed = p->lower && has_plain_tangent(p);
    for (size_t i = 0; i < p->n_tangent; i++) {
        low[i] = boxed ? fmin(p->lower[i] - state[i], 0) : -INFINITY;
        high[i] = boxed ? fmax(p->upper[i] - state[i], 0) : INFINITY;
    }
}

static double drawn_in_box(const gm_fit_problem *p, gm_rng *rng, size_t i)
{
    return p->lower[i] + gm_rng_uniform(rng) * (p->upper[i] - p->lower[i]);
}

gm_status gm_fit_propose(const gm_fit_problem *p, unsigned worker, gm_rng *rng, size_t start,
                         double state[], size_t *evaluations)
{
    if (p->propose) return p->propose(p->self, worker, rng, start, state, evaluations);
    if (!p->lower)
        return gm_fail(GM_EINVAL, "fit problem: a search needs the entry propose or a box");
    for (size_t i = 0; i < p->n_state; i++)
        state[i] = drawn_in_box(p, rng, i);
    return GM_OK;
}

gm_status gm_fit_perturb(const gm_fit_problem *p, unsigned worker, gm_rng *rng,
                         const double state[], double redrawn[], size_t *evaluations)
{
    if (p->perturb) return p->perturb(p->self, worker, rng, state, redrawn, evaluations);
    if (!p->lower)
        return gm_fail(GM_EINVAL, "fit problem: a search needs the entry perturb or a box");
    size_t certain = (size_t)gm_rng_below(rng, p->n_state);
    for (size_t i = 0; i < p->n_state; i++) {
        bool chosen = gm_rng_uniform(rng) * DEFAULT_REDRAWN_SHARE < 1;
        redrawn[i] = chosen || i == certain ? drawn_in_box(p, rng, i) : state[i];
    }
    return GM_OK;
}

double gm_fit_distance(const gm_fit_problem *p, unsigned worker, const double a[], const double b[])
{
    if (p->distance) return p->distance(p->self, worker, a, b);
    double squares = 0;
    for (size_t i = 0; i < p->n_state; i++) {
        double scale = 1;
        if (p->lower)
            scale = p->upper[i] - p->lower[i];
        else if (p->n_tangent == p->n_state)
            scale = gm_fit_tangent_scale(p, i);
        double d = (a[i] - b[i]) / scale;
        squares += d * d;
    }
    return sqrt(squares);
}

double gm_fit_temperature(double discrepancy, size_t n_residuals, double n_effective)
{
    double samples = n_effective > 0 ? (double)n_residuals / n_effective : 1.0;
    double t = (1 + discrepancy * discrepancy) * samples;
    return t < 1 ? 1 : t;
}

double gm_fit_discrepancy_shown(double data_misfit, size_t n_residuals)
{
    double excess = data_misfit / (double)n_residuals - 1;
    return excess > 0 ? sqrt(excess) : 0;
}
