#include <math.h>
#include <nlopt.h>
#include <string.h>

#include "core/alloc.h"
#include "core/progress.h"
#include "fit/refine_work.h"

#define INFINITELY_BAD \
    1e3 /* times the start's misfit: BOBYQA's quadratic model cannot hold infinity */

typedef struct {
    const gm_fit_problem *p;
    const gm_refine_options *o;
    gm_refine_work *w;
    unsigned worker;
    double start_misfit;
    const double *start; /* [n_state] */
    double *best;        /* [n_state] */
    gm_refine_result *out;
    gm_status failure;
    nlopt_opt optimiser;
} chase;

/* x: tangent from the start, in tangent scales. */
static double misfit_at(unsigned n, const double *x, double *gradient, void *context)
{
    (void)gradient;
    chase *c = context;
    for (unsigned i = 0; i < n; i++)
        c->w->delta[i] = x[i] * gm_fit_tangent_scale(c->p, i);
    gm_fit_retract(c->p, c->worker, c->start, c->w->delta, c->w->trial);
    misfit_parts at;
    gm_status s = gm_refine_misfit(c->p, c->worker, c->w, c->w->trial, c->o->huber, &at);
    if (s == GM_OK) s = gm_interrupt_check("refine");
    c->out->evaluations += gm_refine_evaluation_cost(c->p);
    if (s != GM_OK) {
        c->failure = s;
        nlopt_force_stop(c->optimiser);
    } else if (at.misfit < c->out->misfit) {
        c->out->misfit = at.misfit, c->out->data_misfit = at.data, c->out->prior_misfit = at.prior;
        c->out->iterations++;
        memcpy(c->best, c->w->trial, c->p->n_state * sizeof *c->best);
    }
    return isfinite(at.misfit) ? at.misfit : INFINITELY_BAD * (c->start_misfit + 1);
}

static gm_refine_stop stop_of(nlopt_result r)
{
    switch (r) {
    case NLOPT_STOPVAL_REACHED: return GM_REFINE_AT_FLOOR;
    case NLOPT_FTOL_REACHED: return GM_REFINE_GAIN_SMALL;
    case NLOPT_XTOL_REACHED: return GM_REFINE_STEP_SMALL;
    case NLOPT_MAXEVAL_REACHED: return GM_REFINE_OUT_OF_EVALUATIONS;
    default: return GM_REFINE_NO_DESCENT; /* rounding limited */
    }
}

static void set_up(chase *c, double *x)
{
    size_t n = c->p->n_tangent;
    nlopt_opt opt = c->optimiser;
    gm_fit_tangent_limits(c->p, c->worker, c->start, c->w->low, c->w->high);
    for (size_t i = 0; i < n; i++) {
        x[i] = 0;
        c->w->low[i] /= gm_fit_tangent_scale(c->p, i);
        c->w->high[i] /= gm_fit_tangent_scale(c->p, i);
    }
    size_t cost = gm_refine_evaluation_cost(c->p);
    size_t used = c->out->evaluations, most = c->o->max_evaluations;
    size_t left = most > used ? (most - used + cost - 1) / cost : 1;
    nlopt_set_min_objective(opt, misfit_at, c);
    nlopt_set_lower_bounds(opt, c->w->low);
    nlopt_set_upper_bounds(opt, c->w->high);
    nlopt_set_initial_step1(opt, 1.0);
    nlopt_set_maxeval(opt, left > 1000000000 ? 1000000000 : (int)left);
    nlopt_set_ftol_rel(opt, c->o->misfit_tolerance);
    nlopt_set_xtol_abs1(opt, c->o->step_tolerance);
    if (c->o->floor_misfit > 0) nlopt_set_stopval(opt, c->o->floor_misfit);
}

gm_status gm_refine_bobyqa(const gm_fit_problem *p, unsigned worker, const gm_refine_options *o,
                           gm_refine_work *w, double state[], gm_refine_result *out)
{
    /* Before NLopt allocates by itself: so that a test's closed door is met here. */
    double *x = gm_calloc(p->n_tangent + 2 * p->n_state, sizeof *x);
    nlopt_opt opt = x ? nlopt_create(NLOPT_LN_BOBYQA, (unsigned)p->n_tangent) : NULL;
    if (!opt) {
        gm_free(x);
        return gm_fail(GM_ENOMEM, "refine: no memory for BOBYQA");
    }
    double *start = x + p->n_tangent, *best = start + p->n_state;
    memcpy(start, state, p->n_state * sizeof *start);
    memcpy(best, state, p->n_state * sizeof *best);
    chase c = {p, o, w, worker, out->misfit, start, best, out, GM_OK, opt};
    set_up(&c, x);
    double value;
    nlopt_result r = nlopt_optimize(opt, x, &value);
    out->stop = stop_of(r);
    memcpy(state, best, p->n_state * sizeof *best);
    nlopt_destroy(opt);
    gm_free(x);
    if (c.failure != GM_OK) return c.failure;
    if (r == NLOPT_OUT_OF_MEMORY) return gm_fail(GM_ENOMEM, "refine: no memory inside BOBYQA");
    if (r == NLOPT_INVALID_ARGS) return gm_fail(GM_EINVAL, "refine: BOBYQA refused its arguments");
    return GM_OK;
}
