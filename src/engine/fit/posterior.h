/* posterior.h - all states that explain the measurement within its noise, in their right proportion: an
 * equally weighted ensemble drawn from
 *
 *     pi(x) ~ exp(-misfit(x) / 2)      misfit: see problem.h, with its temperature and its prior
 *
 * over all basins that a search found, not only the best.
 *
 * Method. Near its mode m_b a basin is a Gaussian in the tangent: x = retract(m_b, delta), delta ~
 * N(0, H_b^-1) (Laplace); the mixture of these, weighed by their evidence exp(-misfit / 2) det(H)^-1/2,
 * is the proposal q. A sequential Monte Carlo sampler (Del Moral, Doucet & Jasra 2006, J. R. Stat. Soc.
 * B 68:411-436) carries the particles from q to pi over q^(1-beta) pi^beta, each step of beta as long
 * as the effective sample size allows, systematic resampling between. Where Laplace is good, beta = 1
 * is the first step and this is importance resampling. Between steps particles move, in turn, by
 *   - preconditioned Crank-Nicolson steps and independent draws of q (which can change the basin): both
 *     are reversible for q, so a move is accepted with min(1, (pi/q)'^beta / (pi/q)^beta) (Cotter,
 *     Roberts, Stuart & White 2013, Stat. Sci. 28:424-446, eq. 4.9);
 *   - the difference of two other particles as they stood before the pass (ter Braak 2006, Stat. Comput.
 *     16:239-249), which learns the shape of a valley that is not Gaussian.
 * At beta = 1 passes of moves go on while the mean misfit, or the mean place or width, still drifts.
 *
 * A state belongs to the basin whose mode is nearest by the problem's distance, so that overlapping
 * basins are not counted twice. On a curved state space volumes are those of the tangent at the mode.
 * Tangent limits cut the density off; they must hold at the mode for moves of any size.
 *
 * Cost: n_particles (1 + n_moves (n_steps - 1 + n_passes)) evaluations. With tens of parameters and an
 * expensive model consider gm_posterior_refit(), below.
 *
 * Pure: same bits for any number of threads.
 */
#ifndef GM_FIT_POSTERIOR_H
#define GM_FIT_POSTERIOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/progress.h"
#include "core/status.h"
#include "core/threads.h"
#include "fit/problem.h"
#include "fit/search.h"

typedef struct {
    uint64_t seed;
    size_t n_members;   /* >= 1 */
    size_t n_particles; /* carried along; 0: 4 n_members; at least n_members */
    double margin;  /* basins with misfit <= best + margin take part; >= 0. exp(-margin / 2) is how
                         * improbable the worst of them may be */
    size_t n_moves; /* of each particle in a pass; a pass follows each step of beta */
    size_t max_passes; /* at beta = 1, while there is drift; at least 1 is made */
    double ess_share;  /* (0, 1): a step of beta keeps at least this share of the particles alive */
    double spread;     /* Laplace SDs are widened by this, >= 1, so that q covers the tails */
    size_t
        max_evaluations; /* cost units; 0: no limit. When spent, beta stays where it is: see below */
    const gm_progress *progress;
} gm_posterior_options;

gm_posterior_options gm_posterior_defaults(void); /* seed 1, 64, 0, 18, 4, 8, 0.5, 1.1 */

typedef struct {
    size_t n_members, n_state, n_basins;
    double *states;       /* [n_members][n_state] */
    double *misfits;      /* [n_members] */
    double *data_misfits; /* [n_members] sum r^2, plain */
    size_t *basins;       /* [n_members] index into the basins that were given */
    double *basin_shares; /* [n_basins given] of the particles at the end; sums to 1 */
    /* How good it is: */
    double ess_laplace;  /* effective number of particles if q were simply reweighted to pi */
    double ess;          /* of the members: least over the steps, scaled to n_members, at least 1 */
    double acceptance;   /* share of moves accepted */
    size_t n_distinct;   /* different states among the members */
    size_t n_steps;      /* of beta; 1 where Laplace is good */
    double beta;         /* 1: these are draws of pi. Less: evaluations ran out on the way from q */
    size_t n_passes;     /* of moves at beta = 1 */
    bool is_settled;     /* there was no drift any more */
    double log_evidence; /* ln of the integral of exp(-misfit / 2) over the tangents */
    size_t evaluations;
} gm_posterior;

/* basins: as found by a search (their Hessians are computed anew, at the problem's temperature of now).
 * Fails with GM_EINVAL, GM_ENOMEM, GM_EINTERRUPTED, what an entry of the problem returned, or
 * GM_ENOCONV if the model can be evaluated nowhere near the basins. The caller owns *out. */
gm_status gm_posterior_sample(gm_posterior **out, const gm_fit_problem *p, const gm_basin basins[],
                              size_t n_basins, const gm_posterior_options *o, gm_threads *threads);
/* Another way to an ensemble, for models with a Jacobian and tens of parameters: randomised maximum
 * likelihood (Oliver, He & Reynolds 1996, ECMOR V; Chen & Oliver 2012, Math. Geosci. 44:1-26). Each
 * member is the fit to data and prior that were disturbed by noise of their own size,
 *
 *     min_x  sum_i (r_i(x) - sqrt(temperature) e_i)^2 / temperature + sum_j (q_j(x) - h_j)^2
 *
 * e, h standard normal, begun at the mode of a basin drawn by its evidence. Exact for a linear model;
 * for others an approximation, whose every member is a good fit. Members worse than the best mode by
 * more than twice the 99.9 % quantile of chi-squared with n_tangent degrees got stuck: they are drawn
 * again, twice at most, then kept (acceptance tells the share of good ones among all). */
typedef struct {
    uint64_t seed;
    size_t n_members;         /* >= 1 */
    double margin;            /* as above */
    gm_refine_options refine; /* of each member */
    /* Basins are drawn by their misfit alone, not by their evidence: for rough landscapes, where the
     * curvature at the bottom of a basin tells nothing of how wide it is. */
    bool equal_volumes;
    const gm_progress *progress;
} gm_refit_options;

gm_refit_options gm_refit_defaults(void); /* seed 1, 64, 18; Levenberg-Marquardt, 60 evaluations */

/* Fills a gm_posterior: ess = n_members (draws are independent), log_evidence by Laplace, ess_laplace
 * and the rest 0. Fails as gm_posterior_sample() does. */
gm_status gm_posterior_refit(gm_posterior **out, const gm_fit_problem *p, const gm_basin basins[],
                             size_t n_basins, const gm_refit_options *o, gm_threads *threads);

void gm_posterior_destroy(gm_posterior *e); /* NULL is allowed */

/* Quantile (linear between order statistics) of n values, which are sorted in place. q in [0, 1]. */
double gm_fit_quantile(double values[], size_t n, double q);

#endif
