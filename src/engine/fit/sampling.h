/* sampling.h - where to look before fitting: designs that fill the parameter space, and how much of a
 * result's variance each parameter explains alone (first order) and with all its interactions (total).
 *
 *     S_i  = Var(E(y | x_i)) / Var(y)           ST_i = E(Var(y | all but x_i)) / Var(y)
 *
 * Saltelli's design: two independent matrices A and B of n rows, and for each parameter i A with column
 * i from B (AB_i): n (d + 2) rows. Estimators (f: the centred result, sums over the n base rows):
 *     S_i  = 1/n  sum f(B) (f(AB_i) - f(A)) / Var     Saltelli et al. (2010), Comput. Phys. Commun.
 *                                                     181:259-270, table 2 (b)
 *     ST_i = 1/2n sum (f(A) - f(AB_i))^2 / Var        Jansen (1999), ibid. 117:35-43; table 2 (f)
 * with intervals by bootstrap over the base rows. Designs are points of the unit cube: gm_space_from_cube()
 * makes values of them. Pure functions of their arguments and seed.
 */
#ifndef GM_FIT_SAMPLING_H
#define GM_FIT_SAMPLING_H

#include <stddef.h>
#include <stdint.h>

#include "core/json.h"
#include "core/status.h"
#include "core/threads.h"
#include "fit/space.h"

#define GM_SALTELLI_MOST_DIMS 64

/* u [n][d]: in each dimension one point in each of n equal slices (McKay, Beckman & Conover 1979,
 * Technometrics 21:239-245). GM_ENOMEM, GM_EINVAL. */
gm_status gm_latin_hypercube(size_t n, size_t d, uint64_t seed, double u[]);

/* u [n][d]: Sobol' points, scrambled if seed is not 0; d up to 128. */
gm_status gm_sobol_design(size_t n, size_t d, uint64_t seed, double u[]);

/* Rows of Saltelli's design. */
size_t gm_saltelli_rows(size_t n, size_t d);
/* u [gm_saltelli_rows()][d]: for each base row A, AB_1 .. AB_d, B. n: a power of two; d up to 64. */
gm_status gm_saltelli_design(size_t n, size_t d, uint64_t seed, double u[]);

typedef struct {
    double value, low, high; /* estimate and its 90 % interval by bootstrap */
} gm_index;

typedef struct {
    size_t n_parameters, n_used, n_lost; /* base rows; lost: with a result that is not finite */
    double mean, variance;               /* of the result */
    gm_index *first, *total;             /* [n_parameters]; NaN if the result does not vary */
} gm_sensitivity;

/* y: one result for each row of the design, NaN where the model had none. n_bootstrap >= 20 (200 is
 * usual). GM_EINVAL if fewer than 8 base rows are whole. The caller owns *out. */
gm_status gm_sensitivity_create(gm_sensitivity **out, size_t n, size_t d, const double y[],
                                size_t n_bootstrap, uint64_t seed);
void gm_sensitivity_destroy(gm_sensitivity *s); /* NULL is allowed */

/* {"mean", "variance", "baseRows", "lost", "parameters": [{"name", "first": [low, value, high],
 * "total": [...]}]}; NULL: no memory. */
json_t *gm_sensitivity_to_json(const gm_sensitivity *s, const gm_space *space);

/* A model for the design: results [n_results] of parameter values. Called concurrently with different
 * workers; a pure function of values. GM_ENOCONV: no results there (they become NaN). */
typedef gm_status gm_sample_model(void *self, unsigned worker, const double values[],
                                  double results[]);

/* results [n_rows][n_results] of all rows u [n_rows][space->n], in parallel. */
gm_status gm_sample_run(const gm_space *space, size_t n_rows, const double u[], size_t n_results,
                        gm_sample_model *model, void *self, gm_threads *threads, double results[]);

#endif
