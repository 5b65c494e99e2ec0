/* refine.h - from a start to the bottom of its basin: damped Gauss-Newton (Levenberg-Marquardt) in
 * the tangent space of a gm_fit_problem, or BOBYQA where derivatives are not to be had.
 *
 *     (J'J + lambda diag(J'J)) delta = -J'r,   x <- retract(x, delta)
 *
 * Marquardt (1963), J. SIAM 11:431-441 (the scaling by the diagonal); Nielsen (1999), IMM-REP-1999-05
 * (how lambda follows the ratio of actual to predicted gain). Components at a limit with the
 * gradient pointing outward are held; steps are cut at the limits. Huber's weights (Huber 1964, Ann.
 * Math. Statist. 35:73-101) optionally tame outlying residuals. BOBYQA: Powell (2009), DAMTP NA2009/06
 * (NLopt), in tangent coordinates around the start.
 *
 * Pure: same problem, options and start give the same bits. One thread per gm_refine_work; the inner
 * loop allocates nothing (BOBYQA allocates inside NLopt).
 */
#ifndef GM_FIT_REFINE_H
#define GM_FIT_REFINE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"
#include "fit/problem.h"

typedef enum {
    GM_REFINE_AUTO,   /* Levenberg-Marquardt if the problem has a Jacobian, else BOBYQA */
    GM_REFINE_LM,     /* by central differences of evaluate if it has none */
    GM_REFINE_BOBYQA, /* derivative-free; the Hessian at the end by differences if wanted */
} gm_refine_method;

typedef struct {
    gm_refine_method method;
    size_t
        max_evaluations; /* >= 1, in the problem's cost units; the last iteration may exceed it */
    double
        step_tolerance; /* stop when each component of a step is below this many tangent scales */
    double
        misfit_tolerance; /* stop when an accepted step gains less than this share of the misfit */
    double floor_misfit;  /* stop at or below this misfit; 0: never */
    double huber;         /* residuals beyond this many noise SD count linearly; 0: plain squares */
    double damping;       /* first lambda, > 0 */
} gm_refine_options;

gm_refine_options gm_refine_defaults(void); /* auto, 200, 1e-6, 1e-9, 0, 0, 1e-3 */

typedef enum {
    GM_REFINE_STEP_SMALL, /* converged: step_tolerance */
    GM_REFINE_GAIN_SMALL, /* converged: misfit_tolerance */
    GM_REFINE_AT_FLOOR,   /* floor_misfit reached */
    GM_REFINE_NO_DESCENT, /* no step in the gradient's direction gains anything: a kink, or noise */
    GM_REFINE_OUT_OF_EVALUATIONS,
    GM_REFINE_BAD_START, /* the model cannot be evaluated there: misfit is infinite */
} gm_refine_stop;

typedef struct {
    double misfit;       /* of the state returned: data / temperature + prior (Huber's if asked) */
    double data_misfit;  /* sum r^2, plain, without temperature */
    double prior_misfit; /* sum q^2 */
    size_t evaluations;  /* cost units used, all included */
    size_t iterations;   /* steps accepted */
    gm_refine_stop stop;
} gm_refine_result;

const char *gm_refine_stop_name(gm_refine_stop s); /* "step small" */
bool gm_refine_converged(gm_refine_stop s); /* STEP_SMALL, GAIN_SMALL, AT_FLOOR, NO_DESCENT */

typedef struct gm_refine_work gm_refine_work;
gm_status gm_refine_work_create(gm_refine_work **out, const gm_fit_problem *p);
void gm_refine_work_destroy(gm_refine_work *w); /* NULL is allowed */

/* Moves `state` [n_state] to the best state found. hessian: [n_tangent][n_tangent] at that state, half
 * of the misfit's second derivative in the Gauss-Newton sense (J'J / temperature + prior): the inverse
 * is the Laplace covariance in the tangent. NULL: not wanted. The work must have been made for a
 * problem of the same sizes. Fails with GM_EINVAL (options, sizes), GM_EINTERRUPTED, or what an entry
 * of the problem returned; `state` is then the best so far. */
gm_status gm_refine(const gm_fit_problem *p, unsigned worker, const gm_refine_options *o,
                    gm_refine_work *w, double state[], double hessian[], gm_refine_result *out);

/* The misfit alone at a state (one evaluation). Infinite where the model cannot be evaluated. Any of
 * data_misfit, prior_misfit may be NULL. */
gm_status gm_fit_misfit(const gm_fit_problem *p, unsigned worker, gm_refine_work *w,
                        const double state[], double huber, double *misfit, double *data_misfit,
                        double *prior_misfit);

/* The Gauss-Newton Hessian (as above) at a state; *evaluations is added to. */
gm_status gm_fit_hessian(const gm_fit_problem *p, unsigned worker, gm_refine_work *w,
                         const double state[], double huber, double hessian[], size_t *evaluations);

#endif
