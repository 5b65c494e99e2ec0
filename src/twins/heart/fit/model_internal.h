/* model_internal.h - what the files of the fit problem share: forward evaluation (model.c), its
 * derivative and the smoothed stand-in (model_derivative.c), prior and moves (model_prior.c). */
#ifndef GM_HEART_FIT_MODEL_INTERNAL_H
#define GM_HEART_FIT_MODEL_INTERNAL_H

#include <math.h>

#include "heart/fit/model.h"

typedef struct gm_model_seeds {
    gm_seed seed[GM_MOST_SITES * GM_IGNITION_NODES];
    gm_ignition_seed detail[GM_MOST_SITES * GM_IGNITION_NODES];
    uint8_t site[GM_MOST_SITES * GM_IGNITION_NODES];
    size_t n;
} gm_model_seeds;

static inline size_t gm_state_speeds_at(const gm_heart_model *m)
{
    return m->n_sites * GM_SITE_STATE;
}

static inline double gm_clip(double v, double low, double high)
{
    return fmin(fmax(v, low), high);
}

/* ---- model.c --------------------------------------------------------------------------------------- */

/* The worker's beat at the state's pose: with a free pose the lead field is made anew. */
gm_beat *gm_model_beat_at(gm_heart_model *m, unsigned worker, const double state[]);
void gm_model_fill_residuals(const gm_heart_model *m, const double *ecg, double amplitude,
                             double residuals[]);
gm_status gm_model_evaluate(void *self, unsigned worker, const double state[], double residuals[]);

/* ---- model_derivative.c: entries of gm_fit_problem --------------------------------------------------- */

gm_status gm_model_jacobian(void *self, unsigned worker, const double state[], double residuals[],
                            double out[]);

/* Entries of the smoothed stand-in, and what they need. */
gm_status gm_model_smooth_create(gm_heart_model *m);
gm_status gm_model_evaluate_smooth(void *self, unsigned worker, const double state[],
                                   double residuals[]);
gm_status gm_model_jacobian_smooth(void *self, unsigned worker, const double state[],
                                   double residuals[], double out[]);

/* ---- model_prior.c: entries of gm_fit_problem -------------------------------------------------------- */

gm_status gm_model_prior(void *self, unsigned worker, const double state[], double residuals[],
                         double *jac);
void gm_model_retract(void *self, unsigned worker, const double state[], const double delta[],
                      double moved[]);
void gm_model_tangent_limits(void *self, unsigned worker, const double state[], double low[],
                             double high[]);
double gm_model_distance(void *self, unsigned worker, const double a[], const double b[]);

/* Scale and most step of each tangent entry. */
void gm_model_scales(const gm_heart_model *m, double scale[], double most_step[]);

#endif
