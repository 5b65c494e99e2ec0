#include "fit/refine.h"

#include <math.h>
#include <string.h>

#include "core/progress.h"
#include "fit/dense.h"
#include "fit/refine_work.h"

#define MOST_DAMPING 1e16 /* beyond it no step is worth trying */
#define DIAGONAL_FLOOR \
    1e-12 /* per squared tangent scale: keeps unknowns without influence solvable */

gm_refine_options gm_refine_defaults(void)
{
    return (gm_refine_options){.method = GM_REFINE_AUTO,
                               .max_evaluations = 200,
                               .step_tolerance = 1e-6,
                               .misfit_tolerance = 1e-9,
                               .damping = 1e-3};
}

const char *gm_refine_stop_name(gm_refine_stop s)
{
    switch (s) {
    case GM_REFINE_STEP_SMALL: return "step small";
    case GM_REFINE_GAIN_SMALL: return "gain small";
    case GM_REFINE_AT_FLOOR: return "at floor";
    case GM_REFINE_NO_DESCENT: return "no descent";
    case GM_REFINE_OUT_OF_EVALUATIONS: return "out of evaluations";
    case GM_REFINE_BAD_START: return "bad start";
    }
    return "unknown";
}

bool gm_refine_converged(gm_refine_stop s)
{
    return s == GM_REFINE_STEP_SMALL || s == GM_REFINE_GAIN_SMALL || s == GM_REFINE_AT_FLOOR ||
           s == GM_REFINE_NO_DESCENT;
}

/* ---- Levenberg-Marquardt ------------------------------------------------------------------------ */

typedef struct {
    const gm_fit_problem *p;
    const gm_refine_options *o;
    gm_refine_work *w;
    unsigned worker;
    double *state;
    double lambda, growth; /* Nielsen's mu and nu */
    gm_refine_result *out;
} descent;

/* Components at a limit that the misfit pushes against are held there from the start. */
static void hold_at_limits(const descent *d)
{
    gm_refine_work *w = d->w;
    gm_fit_tangent_limits(d->p, d->worker, d->state, w->low, w->high);
    for (size_t i = 0; i < w->n_tangent; i++) {
        double tiny = 1e-12 * gm_fit_tangent_scale(d->p, i);
        bool at_high = w->high[i] <= tiny && w->gradient[i] < 0;
        bool at_low = w->low[i] >= -tiny && w->gradient[i] > 0;
        w->held[i] = at_high || at_low ? 0.0 : NAN;
        if (!d->p->most_step) continue;
        w->low[i] = fmax(w->low[i], -d->p->most_step[i]);
        w->high[i] = fmin(w->high[i], d->p->most_step[i]);
    }
}

static double damping_of(const descent *d, size_t i)
{
    double scale = gm_fit_tangent_scale(d->p, i);
    return d->lambda * fmax(d->w->gram[i * d->w->n_tangent + i], DIAGONAL_FLOOR / (scale * scale));
}

/* delta of the free components, the held ones given. False if the system is not positive definite. */
static bool solve_free(const descent *d)
{
    gm_refine_work *w = d->w;
    size_t n = w->n_tangent;
    memcpy(w->factor, w->gram, n * n * sizeof *w->factor);
    for (size_t i = 0; i < n; i++) {
        w->factor[i * n + i] += damping_of(d, i);
        w->rhs[i] = -w->gradient[i];
    }
    for (size_t h = 0; h < n; h++) {
        if (isnan(w->held[h])) continue;
        for (size_t i = 0; i < n; i++) {
            w->rhs[i] -= w->gram[i * n + h] * w->held[h];
            w->factor[i * n + h] = w->factor[h * n + i] = 0;
        }
        w->factor[h * n + h] = 1;
    }
    if (!gm_dense_cholesky(n, w->factor)) return false;
    gm_dense_solve_lower(n, w->factor, w->rhs);
    gm_dense_solve_lower_transposed(n, w->factor, w->rhs);
    for (size_t i = 0; i < n; i++)
        w->delta[i] = isnan(w->held[i]) ? w->rhs[i] : w->held[i];
    return true;
}

/* Holds at its limit each free component that stepped over it; false if there was none. */
static bool hold_what_left(const descent *d)
{
    gm_refine_work *w = d->w;
    bool any = false;
    for (size_t i = 0; i < w->n_tangent; i++) {
        if (!isnan(w->held[i])) continue;
        if (w->delta[i] > w->high[i])
            w->held[i] = w->high[i], any = true;
        else if (w->delta[i] < w->low[i])
            w->held[i] = w->low[i], any = true;
    }
    return any;
}

static bool step_within_limits(const descent *d)
{
    hold_at_limits(d);
    do {
        if (!solve_free(d)) return false;
    } while (hold_what_left(d));
    return true;
}

/* What the linear model promises: -(2 g'delta + delta' H delta). */
static double predicted_gain(const descent *d)
{
    gm_refine_work *w = d->w;
    double gain = 0;
    gm_dense_multiply_symmetric(w->n_tangent, w->gram, w->delta, w->rhs);
    for (size_t i = 0; i < w->n_tangent; i++)
        gain -= w->delta[i] * (2 * w->gradient[i] + w->rhs[i]);
    return gain;
}

static bool step_is_small(const descent *d)
{
    for (size_t i = 0; i < d->w->n_tangent; i++)
        if (fabs(d->w->delta[i]) > d->o->step_tolerance * gm_fit_tangent_scale(d->p, i))
            return false;
    return true;
}

static bool give_up_or_damp(descent *d)
{
    d->lambda *= d->growth;
    d->growth *= 2;
    if (d->lambda < MOST_DAMPING) return false;
    d->out->stop = GM_REFINE_NO_DESCENT;
    return true;
}

/* Takes the trial state if it is better; *done with out->stop set when the search ends here. */
static gm_status judge_trial(descent *d, double predicted, bool *accepted, bool *done)
{
    const gm_refine_options *o = d->o;
    bool small = step_is_small(d); /* before delta is overwritten */
    misfit_parts at;
    GM_TRY(gm_refine_misfit(d->p, d->worker, d->w, d->w->trial, o->huber, &at));
    d->out->evaluations += gm_refine_evaluation_cost(d->p);
    double before = d->out->misfit, gain = before - at.misfit;
    *accepted = gain > 0;
    *done = true;
    if (*accepted) {
        double ratio = predicted > 0 ? gain / predicted : 1, x = 2 * ratio - 1;
        memcpy(d->state, d->w->trial, d->p->n_state * sizeof *d->state);
        d->out->misfit = at.misfit, d->out->data_misfit = at.data, d->out->prior_misfit = at.prior;
        d->out->iterations++;
        d->lambda = fmax(d->lambda * fmax(1.0 / 3, 1 - x * x * x), 1e-15);
        d->growth = 2;
    }
    if (*accepted && at.misfit <= o->floor_misfit)
        d->out->stop = GM_REFINE_AT_FLOOR;
    else if (small)
        d->out->stop = d->lambda > 1e3 ? GM_REFINE_NO_DESCENT : GM_REFINE_STEP_SMALL;
    else if (fabs(gain) <= o->misfit_tolerance * before &&
             predicted <= o->misfit_tolerance * before)
        d->out->stop = GM_REFINE_GAIN_SMALL;
    else
        *done = !*accepted && give_up_or_damp(d);
    return GM_OK;
}

static bool is_spent(const descent *d)
{
    return d->out->evaluations >= d->o->max_evaluations;
}

/* Steps from one linearisation until one is accepted. */
static gm_status try_steps(descent *d, bool *done)
{
    for (bool accepted = false; !accepted && !*done;) {
        GM_TRY(gm_interrupt_check("refine"));
        if (is_spent(d)) {
            d->out->stop = GM_REFINE_OUT_OF_EVALUATIONS;
            *done = true;
        } else if (step_within_limits(d)) {
            double predicted = predicted_gain(d);
            gm_fit_retract(d->p, d->worker, d->state, d->w->delta, d->w->trial);
            GM_TRY(judge_trial(d, predicted, &accepted, done));
        } else {
            *done = give_up_or_damp(d);
        }
    }
    return GM_OK;
}

static gm_status descend(descent *d)
{
    for (bool done = false; !done;) {
        bool usable;
        GM_TRY(gm_refine_linearise(d->p, d->worker, d->w, d->state, d->o->huber, &usable,
                                   &d->out->evaluations));
        if (!usable) {
            d->out->stop = GM_REFINE_NO_DESCENT;
            return GM_OK;
        }
        GM_TRY(try_steps(d, &done));
        if (!done && is_spent(d)) {
            d->out->stop = GM_REFINE_OUT_OF_EVALUATIONS;
            done = true;
        }
    }
    return GM_OK;
}

/* ---- the door ----------------------------------------------------------------------------------- */

static gm_status check_work(const gm_fit_problem *p, const gm_refine_work *w)
{
    if (w->n_state != p->n_state || w->n_tangent != p->n_tangent ||
        w->n_residuals != p->n_residuals || w->n_prior != p->n_prior)
        return gm_fail(GM_EINVAL, "refine: the work was made for a problem of other sizes");
    return GM_OK;
}

static gm_status check_options(const gm_refine_options *o)
{
    if (o->max_evaluations < 1)
        return gm_fail(GM_EINVAL, "refine: max_evaluations = 0, at least 1 is needed");
    if (!(o->step_tolerance >= 0 && o->misfit_tolerance >= 0))
        return gm_fail(GM_EINVAL, "refine: tolerances %g and %g, allowed >= 0", o->step_tolerance,
                       o->misfit_tolerance);
    if (!(o->huber >= 0 && isfinite(o->huber)))
        return gm_fail(GM_EINVAL, "refine: huber = %g noise SD, allowed >= 0", o->huber);
    if (!(o->damping > 0 && isfinite(o->damping)))
        return gm_fail(GM_EINVAL, "refine: damping = %g, allowed > 0", o->damping);
    return GM_OK;
}

static bool wants_bobyqa(const gm_fit_problem *p, const gm_refine_options *o)
{
    bool asked = o->method == GM_REFINE_BOBYQA || (o->method == GM_REFINE_AUTO && !p->jacobian);
    return asked && p->n_tangent >= 2; /* BOBYQA needs two unknowns */
}

gm_status gm_refine(const gm_fit_problem *p, unsigned worker, const gm_refine_options *o,
                    gm_refine_work *w, double state[], double hessian[], gm_refine_result *out)
{
    GM_TRY(check_work(p, w));
    GM_TRY(check_options(o));
    misfit_parts at;
    GM_TRY(gm_refine_misfit(p, worker, w, state, o->huber, &at));
    *out = (gm_refine_result){.misfit = at.misfit,
                              .data_misfit = at.data,
                              .prior_misfit = at.prior,
                              .evaluations = gm_refine_evaluation_cost(p),
                              .stop = GM_REFINE_BAD_START};
    descent d = {p, o, w, worker, state, o->damping, 2, out};
    if (at.misfit <= o->floor_misfit)
        out->stop = GM_REFINE_AT_FLOOR;
    else if (isfinite(at.misfit) && wants_bobyqa(p, o))
        GM_TRY(gm_refine_bobyqa(p, worker, o, w, state, out));
    else if (isfinite(at.misfit))
        GM_TRY(descend(&d));
    if (hessian && isfinite(at.misfit))
        GM_TRY(gm_fit_hessian(p, worker, w, state, o->huber, hessian, &out->evaluations));
    return GM_OK;
}

gm_status gm_fit_misfit(const gm_fit_problem *p, unsigned worker, gm_refine_work *w,
                        const double state[], double huber, double *misfit, double *data_misfit,
                        double *prior_misfit)
{
    misfit_parts at;
    GM_TRY(check_work(p, w));
    GM_TRY(gm_refine_misfit(p, worker, w, state, huber, &at));
    *misfit = at.misfit;
    if (data_misfit) *data_misfit = at.data;
    if (prior_misfit) *prior_misfit = at.prior;
    return GM_OK;
}

gm_status gm_fit_hessian(const gm_fit_problem *p, unsigned worker, gm_refine_work *w,
                         const double state[], double huber, double hessian[], size_t *evaluations)
{
    GM_TRY(check_work(p, w));
    bool usable;
    GM_TRY(gm_refine_linearise(p, worker, w, state, huber, &usable, evaluations));
    size_t n = p->n_tangent;
    if (usable)
        memcpy(hessian, w->gram, n * n * sizeof *hessian);
    else
        memset(hessian, 0, n * n * sizeof *hessian); /* nothing is known */
    return GM_OK;
}
