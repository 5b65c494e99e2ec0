/* search.h - the whole landscape, not one valley: many starts, the best refined, good ones partly
 * redrawn and refined again, and all distinct basins kept.
 *
 * A round:  1. `starts` proposals and (from the second round) `redraws` of known basins, each refined
 *              with few evaluations, on the cheap stand-in `quick` if there is one;
 *           2. the `keep` best that are distinct from each other and from what is known (unfinished
 *              basins of earlier rounds compete) are refined deeply on the problem itself;
 *           3. merged into the list of basins: a state within basin_distance of a known basin is a hit
 *              of it, and replaces it if better.
 * Rounds go on until max_evaluations are used, the budget would be exceeded by another round, or
 * `good_enough` holds. A round once begun is finished, whatever the limits, so that the result is a
 * pure function of (problem, options, seed, number of rounds). Every task draws from its own random
 * stream (seed, task number) and is merged in the order of task numbers: the same bits for any number
 * of threads. To repeat a search that its budget ended, give max_evaluations = its `evaluations`.
 *
 * The pattern (multi-start + restarts from good fits with parts redrawn; misfit against its floor, not
 * correlation, decides): iterated local search, Lourenco, Martin & Stutzle (2003), Handbook of
 * Metaheuristics, ch. 11.
 */
#ifndef GM_FIT_SEARCH_H
#define GM_FIT_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/progress.h"
#include "core/status.h"
#include "core/threads.h"
#include "fit/problem.h"
#include "fit/refine.h"

typedef struct {
    double *state;   /* [n_state] */
    double *hessian; /* [n_tangent][n_tangent], see refine.h */
    double misfit, data_misfit, prior_misfit;
    size_t hits;    /* refinements that ended here, this one included */
    bool converged; /* false: stopped by the evaluation limit */
    size_t task;    /* number of the task that found it */
} gm_basin;

typedef enum {
    GM_SEARCH_GOOD_ENOUGH,
    GM_SEARCH_OUT_OF_EVALUATIONS,
    GM_SEARCH_OUT_OF_TIME,
    GM_SEARCH_OUT_OF_ROUNDS,
} gm_search_stop;

typedef struct {
    gm_basin *basins; /* [n_basins], best first; never empty after a successful search */
    size_t n_basins, n_state, n_tangent;
    size_t evaluations, rounds, tasks;
    double
        elapsed_s; /* by the clock argument; 0 without one. The only thing that differs between runs */
    gm_search_stop stop;
} gm_search_result;

typedef struct {
    uint64_t seed;
    size_t max_evaluations;        /* cost units; rounds are not cut short */
    size_t max_rounds;             /* 0: no limit */
    double budget_s;               /* 0: no limit */
    double (*clock_seconds)(void); /* gm_clock_seconds; required if budget_s > 0 */

    size_t starts;         /* proposals in each round; >= 1 in the first */
    size_t first_starts;   /* proposals in the first round; 0: as `starts` */
    size_t redraws;        /* redrawn good states in each round after the first */
    size_t keep;           /* >= 1: deep refinements in each round */
    size_t sources;        /* redraws start from the best `sources` basins; 0: all */
    size_t max_basins;     /* >= 1: kept in the list */
    double basin_distance; /* >= 0: closer states are one basin */

    const gm_fit_problem *quick; /* cheap stand-in with the same state and tangent; NULL: none */
    gm_refine_options quick_refine, deep_refine;

    /* Between rounds: true ends the search (for example when the best misfit is at its floor). */
    bool (*good_enough)(void *context, const gm_search_result *so_far);
    void *context;
    const gm_progress *progress; /* NULL: nobody watches */
} gm_search_options;

/* 20,000 evaluations, 16 starts, 8 redraws, 4 kept, 4 sources, 16 basins, distance 0.02; quick 30 and
 * deep 200 evaluations; seed 1. */
gm_search_options gm_search_defaults(void);

/* The caller owns *out. Fails with GM_EINVAL, GM_ENOMEM, GM_EINTERRUPTED, what an entry of the
 * problem returned, or GM_ENOCONV if no start could be evaluated. */
gm_status gm_search(gm_search_result **out, const gm_fit_problem *p, const gm_search_options *o,
                    gm_threads *threads);
void gm_search_result_destroy(gm_search_result *r); /* NULL is allowed */

/* How many basins of the list lie within `margin` of the best misfit. */
size_t gm_search_within(const gm_search_result *r, double margin);

#endif
