/* laplace.h - inside the posterior: the Gaussian mixture q over basins, in whitened coordinates z with
 * delta = spread L'^-1 z, H = L L', z ~ N(0, I) cut off at the tangent limits of the mode. */
#ifndef GM_FIT_LAPLACE_H
#define GM_FIT_LAPLACE_H

#include "core/rng.h"
#include "fit/search.h"
#include "fit/task.h"

/* Share of the mixture that goes evenly to all basins, in case the evidence misjudges one. */
#define LAPLACE_EVEN_SHARE 0.1

typedef struct {
    size_t index;       /* in the basins that were given */
    const double *mode; /* [n_state], not owned */
    double *factor;     /* [n_tangent][n_tangent] L */
    double *low, *high; /* [n_tangent] */
    double misfit;
    double weight;       /* of the mixture */
    double log_constant; /* ln q = log_constant - z'z / 2 */
} laplace_part;

typedef struct {
    const gm_fit_problem *p;
    laplace_part *parts;
    size_t n;
    double spread;
    double *block;
    size_t evaluations;
} laplace;

gm_status laplace_create(laplace *q, const gm_fit_problem *p, const gm_basin basins[],
                         size_t n_basins, double margin, double spread, uint64_t seed,
                         gm_refine_work **works, gm_threads *threads);
void laplace_destroy(laplace *q);

/* delta of part b for z; false if beyond the limits. */
bool laplace_delta(const laplace *q, size_t b, const double z[], double delta[]);
size_t laplace_draw_part(const laplace *q, gm_rng *rng);
/* z of part b within the limits; delta is scratch. */
void laplace_draw(const laplace *q, size_t b, gm_rng *rng, double z[], double delta[]);
double laplace_log_density(const laplace *q, size_t b, const double z[]);

#endif
