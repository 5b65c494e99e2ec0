/* validation.h - is the twin's uncertainty honest? Data that the fit did not see are predicted, and what
 * was measured is looked up in the prediction.
 *
 * A prediction is the ensemble's spread plus the noise: the mixture of normals about each member. For a
 * sample y its probability integral transform  u = mean_k Phi((y - y_k) / noise_sd)  is uniform if the
 * prediction is calibrated (Dawid 1984, J. R. Stat. Soc. A 147:278-292; Gneiting, Balabdaoui & Raftery
 * 2007, J. R. Stat. Soc. B 69:243-268); y lies in the central interval of probability p iff
 * |u - 1/2| <= p / 2.
 * Residual structure: standardised residuals z = (y - mean) / sd should look like independent noise:
 * lag-1 autocorrelation 0, and as many runs of one sign as Wald & Wolfowitz (1940, Ann. Math. Stat.
 * 11:147-162) expect.
 */
#ifndef GM_FIT_VALIDATION_H
#define GM_FIT_VALIDATION_H

#include <stddef.h>

#include "core/json.h"
#include "core/status.h"
#include "core/threads.h"
#include "fit/posterior.h"
#include "fit/problem.h"
#include "fit/refine.h"
#include "fit/search.h"
#include "fit/space.h"

typedef struct {
    const char *name;          /* "V3", "beat 7" */
    size_t n, n_members;       /* samples; members >= 1 */
    const double *measured;    /* [n]; NaN: not measured, left out */
    const double *predictions; /* [n_members][n] */
    double noise_sd;           /* > 0, in the unit of `measured`; model discrepancy included */
} gm_held_out;

typedef struct {
    char name[64];
    size_t n;                      /* samples used */
    double coverage50, coverage90; /* share of samples in the central 50 % and 90 % intervals */
    double rms;                    /* of measured - mean prediction */
    double correlation;            /* of measured and mean prediction; NaN if one is constant */
    double relative_error;         /* |measured - mean| / |measured|, L2 */
    double z_mean, z_sd;           /* of standardised residuals: 0 and 1 if calibrated */
    double lag1;                   /* autocorrelation of z */
    double n_effective;            /* n (1 - lag1) / (1 + lag1), at most n: independent samples */
    double runs, runs_expected, runs_z; /* runs_z: standard normal for independent signs */
} gm_validation;

/* GM_EINVAL: fewer than 3 samples measured, noise_sd, predictions not finite. */
gm_status gm_validate(const gm_held_out *h, gm_validation *out);

/* [{...}] one object a block; NULL: no memory. */
json_t *gm_validation_to_json(const gm_validation blocks[], size_t n);

/* ---- keeping residuals out of a fit ------------------------------------------------------------- */

/* A problem without some of its residuals: they are evaluated, but count as 0. The mask must live as
 * long as the problem made of it. */
typedef struct {
    const gm_fit_problem *inner;
    const size_t *rows; /* residual numbers kept out, [n_rows], not owned */
    size_t n_rows;
    const double *data_shift, *prior_shift; /* subtracted from the residuals; NULL: none */
} gm_fit_mask;

/* Sets *mask and *out. GM_EINVAL: a row beyond the problem, or all rows. */
gm_status gm_fit_without(gm_fit_problem *out, gm_fit_mask *mask, const gm_fit_problem *inner,
                         const size_t rows[], size_t n_rows);

/* The whole exercise: from each basin refine without `rows`, draw the posterior without them, predict
 * them, compare. Residuals being whitened, the measured value is 0, the noise SD the square root of the
 * temperature. */
gm_status gm_validate_without(gm_validation *out, const char *name, const gm_fit_problem *p,
                              const size_t rows[], size_t n_rows, const gm_basin basins[],
                              size_t n_basins, const gm_refine_options *refine,
                              const gm_posterior_options *posterior, gm_threads *threads);

#endif
