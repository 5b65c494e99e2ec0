/* A problem with some residuals held at 0, or shifted: each entry hands through to the inner problem. */
#include <string.h>

#include "fit/validation.h"

static void subtract(size_t n, const double shift[], double residuals[])
{
    for (size_t i = 0; shift && i < n; i++)
        residuals[i] -= shift[i];
}

static void mask_residuals(const gm_fit_mask *m, double residuals[])
{
    subtract(m->inner->n_residuals, m->data_shift, residuals);
    for (size_t i = 0; i < m->n_rows; i++)
        residuals[m->rows[i]] = 0;
}

static gm_status evaluate(void *self, unsigned worker, const double state[], double residuals[])
{
    const gm_fit_mask *m = self;
    GM_TRY(m->inner->evaluate(m->inner->self, worker, state, residuals));
    mask_residuals(m, residuals);
    return GM_OK;
}

static gm_status jacobian(void *self, unsigned worker, const double state[], double residuals[],
                          double j[])
{
    const gm_fit_mask *m = self;
    size_t n = m->inner->n_tangent;
    GM_TRY(m->inner->jacobian(m->inner->self, worker, state, residuals, j));
    mask_residuals(m, residuals);
    for (size_t i = 0; i < m->n_rows; i++)
        memset(j + m->rows[i] * n, 0, n * sizeof *j);
    return GM_OK;
}

static gm_status prior(void *self, unsigned worker, const double state[], double residuals[],
                       double j[])
{
    const gm_fit_mask *m = self;
    GM_TRY(m->inner->prior(m->inner->self, worker, state, residuals, j));
    subtract(m->inner->n_prior, m->prior_shift, residuals);
    return GM_OK;
}

static void retract(void *self, unsigned worker, const double state[], const double delta[],
                    double moved[])
{
    const gm_fit_problem *p = ((const gm_fit_mask *)self)->inner;
    p->retract(p->self, worker, state, delta, moved);
}

static void tangent_limits(void *self, unsigned worker, const double state[], double low[],
                           double high[])
{
    const gm_fit_problem *p = ((const gm_fit_mask *)self)->inner;
    p->tangent_limits(p->self, worker, state, low, high);
}

static gm_status propose(void *self, unsigned worker, gm_rng *rng, size_t start, double state[],
                         size_t *evaluations)
{
    const gm_fit_problem *p = ((const gm_fit_mask *)self)->inner;
    return p->propose(p->self, worker, rng, start, state, evaluations);
}

static gm_status perturb(void *self, unsigned worker, gm_rng *rng, const double state[],
                         double redrawn[], size_t *evaluations)
{
    const gm_fit_problem *p = ((const gm_fit_mask *)self)->inner;
    return p->perturb(p->self, worker, rng, state, redrawn, evaluations);
}

static double distance(void *self, unsigned worker, const double a[], const double b[])
{
    const gm_fit_problem *p = ((const gm_fit_mask *)self)->inner;
    return p->distance(p->self, worker, a, b);
}

gm_status gm_fit_without(gm_fit_problem *out, gm_fit_mask *mask, const gm_fit_problem *inner,
                         const size_t rows[], size_t n_rows)
{
    GM_TRY(gm_fit_problem_check(inner));
    if (n_rows >= inner->n_residuals)
        return gm_fail(GM_EINVAL, "fit: %zu of %zu residuals kept out, some must remain", n_rows,
                       inner->n_residuals);
    for (size_t i = 0; i < n_rows; i++)
        if (rows[i] >= inner->n_residuals)
            return gm_fail(GM_EINVAL, "fit: residual %zu kept out, there are %zu", rows[i],
                           inner->n_residuals);
    *mask = (gm_fit_mask){.inner = inner, .rows = rows, .n_rows = n_rows};
    *out = *inner;
    out->self = mask;
    out->evaluate = evaluate;
    out->jacobian = inner->jacobian ? jacobian : NULL;
    out->prior = inner->prior ? prior : NULL;
    out->retract = inner->retract ? retract : NULL;
    out->tangent_limits = inner->tangent_limits ? tangent_limits : NULL;
    out->propose = inner->propose ? propose : NULL;
    out->perturb = inner->perturb ? perturb : NULL;
    out->distance = inner->distance ? distance : NULL;
    return GM_OK;
}
