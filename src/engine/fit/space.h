/* space.h - a parameter space: what may be varied, in which unit, within which range, and what was
 * known of it before any measurement (the prior), with the source of that knowledge.
 *
 * Each parameter has a one-dimensional prior, cut to [min, max] and normalised there. The unit cube
 * is the space seen through the cumulative prior: u = F(x), so that uniform points of the cube (a
 * Sobol' sequence, a Latin hypercube) are draws of the prior.
 *
 *     uniform      p(x) ~ 1
 *     normal       p(x) ~ exp(-((x - location) / spread)^2 / 2)
 *     log-normal   p(x) ~ exp(-((ln x - ln location) / spread)^2 / 2) / x     location is the median
 *
 * Open structs, immutable while in use: any number of threads may read.
 */
#ifndef GM_FIT_SPACE_H
#define GM_FIT_SPACE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/json.h"
#include "core/rng.h"
#include "core/status.h"

typedef enum { GM_PRIOR_UNIFORM, GM_PRIOR_NORMAL, GM_PRIOR_LOG_NORMAL } gm_prior;

typedef struct {
    const char *name, *unit; /* "v_f", "m/s" (UCUM; "1" if it has none) */
    double min, max;         /* admissible range in that unit, min < max, finite */
    gm_prior prior;
    double location;    /* normal: mean; log-normal: median; in `unit`. Not used by uniform */
    double spread;      /* > 0. normal: SD in `unit`; log-normal: SD of ln x. Not used by uniform */
    const char *source; /* where the range and the prior come from; never empty */
} gm_parameter;

typedef struct {
    const gm_parameter *parameters; /* [n], not owned */
    size_t n;
} gm_space;

#define GM_SPACE_NOT_FOUND ((size_t)-1)

/* GM_EINVAL naming the parameter and what is wrong: no name or source, a name twice, range or prior
 * not finite or empty, log-normal with min < 0, a prior whose mass in [min, max] is below 1e-12. */
gm_status gm_space_check(const gm_space *s);
/* GM_EINVAL naming the first value that is not finite or out of range, with unit and range. */
gm_status gm_space_check_values(const gm_space *s, const double values[]);
size_t gm_space_find(const gm_space *s, const char *name); /* GM_SPACE_NOT_FOUND if absent */
void gm_space_clip(const gm_space *s, double values[]);    /* into [min, max] */

/* Unit cube <-> values, each [n]. u is clipped into [0, 1]; values into [min, max]. */
void gm_space_from_cube(const gm_space *s, const double u[], double values[]);
void gm_space_to_cube(const gm_space *s, const double values[], double u[]);
void gm_space_draw(const gm_space *s, gm_rng *rng, double values[]); /* one draw of the prior */

/* The prior as residuals of a least-squares problem: sum of squares = -2 ln p + constant. Uniform
 * gives 0; log-normal is taken in ln x (its mode is then the median). slopes: derivative of each
 * residual with respect to its own value, or NULL. */
void gm_space_prior_residuals(const gm_space *s, const double values[], double residuals[],
                              double slopes[]);

double gm_parameter_quantile(const gm_parameter *p, double u); /* u in [0, 1] */
double gm_parameter_cdf(const gm_parameter *p, double x);
double gm_parameter_prior_mean(const gm_parameter *p); /* of the cut prior */
double gm_parameter_prior_sd(const gm_parameter *p);

/* [{"name", "unit", "min", "max", "prior", "location", "spread", "source"}]; NULL: no memory. */
json_t *gm_space_to_json(const gm_space *s);

/* Standard normal: lower tail probability and its inverse (relative accuracy about 1e-14). */
double gm_normal_cdf(double z);
double gm_normal_quantile(double p);

#endif
