/* problem.h - what a twin kind tells the fit: how far its model is from the measurement at a state,
 * and how to move from one state to another. The fit knows nothing else of the kind.
 *
 *     misfit(x) = sum_i r_i(x)^2 / temperature + sum_j q_j(x)^2          -2 ln posterior + constant
 *
 * r: data residuals, whitened: (model - measured) / noise SD, so that a perfect model has
 *    sum r^2 ~ n_residuals (the floor). q: prior residuals, (parameter - expected) / prior SD.
 * temperature >= 1 is the stated noise model's last word: it says how much less the residuals know
 *    than n_residuals independent samples without model error would (gm_fit_temperature()).
 *
 * A state is n_state numbers. Small moves from it are n_tangent numbers (the tangent), which may be
 * fewer: a site on a surface has 3 coordinates and 2 ways to move.  retract(x, delta) makes the
 * move; to first order in delta it must be what the Jacobian's columns mean. With n_tangent ==
 * n_state and no retract, it is x + delta clipped to the box [lower, upper].
 *
 * Threads: evaluate, jacobian, prior, retract, tangent_limits, propose, perturb, distance are called
 * concurrently. `worker` is 0 .. gm_threads_count() - 1 and no two concurrent calls have the same, so
 * scratch memory per worker is safe. Each must be a pure function of its arguments: the same state
 * gives the same bits on any worker, in any order (random numbers come from the given rng only). None
 * may use the pool that runs the fit, and none should allocate.
 *
 * A state at which the model cannot be evaluated is not an error: return GM_ENOCONV, or residuals
 * that are not finite, and the state counts as infinitely bad. Any other failure ends the fit.
 */
#ifndef GM_FIT_PROBLEM_H
#define GM_FIT_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

#include "core/rng.h"
#include "core/status.h"

typedef struct gm_fit_problem {
    void *self;          /* handed to each entry */
    size_t n_state;      /* >= 1 */
    size_t n_tangent;    /* 1 .. n_state */
    size_t n_residuals;  /* >= 1 */
    size_t n_prior;      /* prior residuals; 0: none */
    double temperature;  /* >= 1; 0 means 1 */
    const double *lower; /* [n_state] box, NULL: none. Only states in the box are proposed by the */
    const double *upper; /* default entries; a kind's own entries keep to it themselves */
    const double
        *tangent_scale;      /* [n_tangent] > 0: a change that matters, e.g. the prior SD: unit of
                                  * first steps, differences and stopping rules. NULL: a tenth of the
                                  * box if n_tangent == n_state, else 1 */
    const double *most_step; /* [n_tangent] > 0: refinement moves no further in one step. NULL: any.
                              * Unlike tangent_limits it says nothing about what is possible */
    size_t evaluation_cost;  /* what one evaluate counts as, 0 means 1: so that a cheap stand-in */
    size_t jacobian_cost;    /* and the full model share one count of evaluations */

    /* Required. residuals [n_residuals]. */
    gm_status (*evaluate)(void *self, unsigned worker, const double state[], double residuals[]);

    /* Optional: NULL if the problem has no such thing. */

    /* Also the residuals, and d residuals / d tangent at `state`, [n_residuals][n_tangent] row-major.
     * Without it: differences, or a search without derivatives. */
    gm_status (*jacobian)(void *self, unsigned worker, const double state[], double residuals[],
                          double jacobian[]);

    /* residuals [n_prior]; jacobian [n_prior][n_tangent] row-major, or NULL if not wanted. Required
     * iff n_prior > 0. Must be cheap: not counted. */
    gm_status (*prior)(void *self, unsigned worker, const double state[], double residuals[],
                       double jacobian[]);

    /* moved [n_state] = `state` moved by delta [n_tangent]; moved is never `state` itself. */
    void (*retract)(void *self, unsigned worker, const double state[], const double delta[],
                    double moved[]);

    /* How far each tangent component may go from `state`: low <= 0 <= high (infinite: no limit). A
     * component at its limit is held there while the misfit pushes outward. Default: from the box
     * if n_tangent == n_state and retract is NULL, else none. */
    void (*tangent_limits)(void *self, unsigned worker, const double state[], double low[],
                           double high[]);

    /* A start: drawn from the prior, or the best of the kind's own coarse search. `start` counts
     * 0, 1, 2 ... over the whole search. Adds what it evaluated to *evaluations. Default: uniform
     * in the box (which is then required). */
    gm_status (*propose)(void *self, unsigned worker, gm_rng *rng, size_t start, double state[],
                         size_t *evaluations);

    /* A good state with a part redrawn: the way out of a wrong basin. Default: a random third of the
     * components (at least one) redrawn uniformly in the box. */
    gm_status (*perturb)(void *self, unsigned worker, gm_rng *rng, const double state[],
                         double redrawn[], size_t *evaluations);

    /* Symmetric, >= 0: how different two states are, to tell basins apart (for a heart: RMS
     * difference of activation, ms). Ties between unequal states should be rare. Default: the length
     * of (a - b) / (upper - lower), or of (a - b) / tangent_scale where there is no box. */
    double (*distance)(void *self, unsigned worker, const double a[], const double b[]);
} gm_fit_problem;

/* GM_EINVAL with the field: counts, missing entries, box or scale not finite or empty. Called by all
 * that take a problem. */
gm_status gm_fit_problem_check(const gm_fit_problem *p);

/* The entry or its default. */
double gm_fit_temperature_of(const gm_fit_problem *p);
double gm_fit_tangent_scale(const gm_fit_problem *p, size_t component);
void gm_fit_retract(const gm_fit_problem *p, unsigned worker, const double state[],
                    const double delta[], double moved[]);
void gm_fit_tangent_limits(const gm_fit_problem *p, unsigned worker, const double state[],
                           double low[], double high[]);
gm_status gm_fit_propose(const gm_fit_problem *p, unsigned worker, gm_rng *rng, size_t start,
                         double state[], size_t *evaluations);
gm_status gm_fit_perturb(const gm_fit_problem *p, unsigned worker, gm_rng *rng,
                         const double state[], double redrawn[], size_t *evaluations);
double gm_fit_distance(const gm_fit_problem *p, unsigned worker, const double a[],
                       const double b[]);

/* The noise model in one number. Noise of known SD whitens the residuals; two things make them worth
 * less than they seem:
 *   discrepancy   SD of the model's own error, in units of the noise SD (0: a perfect model). It adds
 *                 to the noise variance: Kennedy & O'Hagan (2001), J. R. Stat. Soc. B 63:425-464,
 *                 with the discrepancy's covariance taken as white.
 *   n_effective   how many independent values the n_residuals samples amount to (a filtered signal
 *                 has fewer); 0 means all.
 *     temperature = (1 + discrepancy^2) n_residuals / n_effective                               */
double gm_fit_temperature(double discrepancy, size_t n_residuals, double n_effective);

/* The discrepancy that the best fit itself shows: sqrt(data_misfit / n_residuals - 1), 0 if the fit
 * is at its floor. data_misfit: sum r^2 without temperature. */
double gm_fit_discrepancy_shown(double data_misfit, size_t n_residuals);

#endif
