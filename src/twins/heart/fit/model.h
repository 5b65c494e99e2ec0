/* model.h - the QRS part of the heart as a gm_fit_problem: from early sites, speeds and amplitude to
 * whitened residuals of the ECG, with their exact derivative.
 *
 * State: for each site {face, weight 0, 1, 2, onset_ms}, then ln v_f, ln v_t_ratio, ln layer factor,
 * layer on (1) or off (0), ln amplitude, pose[7]. Tangent: for each site {along t1, along t2 (mm), onset (ms)},
 * then ln v_f, ln v_t_ratio, ln factor, then ln amplitude if free, then pose (mm, rad, ln) if free. A layer that is off
 * stays off: the two are different models, told apart by starts of both kinds.
 *
 * Activation times are on the template's clock (ECG file time - t_on).
 */
#ifndef GM_HEART_FIT_MODEL_H
#define GM_HEART_FIT_MODEL_H

#include "fit/problem.h"
#include "heart/fit/endocardium.h"
#include "heart/fit/pose.h"
#include "heart/fit/twin.h"
#include "heart/forward/beat.h"
#include "heart/forward/eikonal.h"
#include "heart/forward/fields.h"
#include "heart/forward/ignition.h"

enum {
    GM_SITE_STATE = 5,   /* numbers of a site in the state */
    GM_SITE_TANGENT = 3, /* and in the tangent */
    GM_SPEEDS = 3,
    GM_MOST_SITES = 9
};

/* Scratch of one worker. */
typedef struct {
    gm_eikonal_scratch *eikonal;
    struct gm_model_seeds *seeds;
    float *tau, *rest; /* [n_nodes] */
    gm_upwind *upwind;
    gm_beat_scratch *beat;
    gm_beat_gradient *gradient;
    float *decg;        /* [n_window][8][n_padded] */
    double *ecg;        /* [n_window][8] */
    double *best;       /* [n_window][8] scratch of the coarse search */
    double *column;     /* [n_window] */
    gm_pose_work *pose; /* NULL if the pose is fixed */
    gm_beat *own_beat;  /* with this worker's pose; NULL if fixed */
} gm_model_worker;

typedef struct {
    gm_heart_case *c;
    gm_endocardium *endo;
    gm_eikonal *eikonal;
    gm_ignition *ignition;
    gm_lead_field *field;
    gm_beat *beat; /* QRS, over the window */
    gm_pose *pose; /* NULL if fixed */
    gm_threads *threads;

    size_t n_sites, n_window;
    bool amplitude_is_free;
    double window_first_ms, step_ms; /* ECG clock */
    double *measured_mv;             /* [n_window][8] 0 where unknown */
    double weight[GM_N_INDEPENDENT]; /* 1 / sigma; 0: lead unknown */
    double sigma_mv[GM_N_INDEPENDENT];
    double onset_mean_ms, onset_sd_ms; /* prior, template clock */

    gm_model_worker *workers;
    unsigned n_workers;

    /* Coarse search: arrival fields for a few speeds. */
    gm_fields **fields; /* [n_fields] */
    size_t n_fields, n_candidates;
    double (*probes_mm)[3]; /* places where basins are compared */
    size_t n_probes;

    double *scale, *most_step; /* [n_tangent] */
    double *kernel;            /* [n_kernel] right half of the smoothing Gaussian */
    size_t n_kernel;
    gm_fit_problem problem, smooth; /* smooth: the stand-in for the first stage of a search */
} gm_heart_model;

gm_status gm_heart_model_create(gm_heart_model **out, gm_heart_case *c,
                                const gm_heart_target *target, const gm_heart_fit_options *options,
                                gm_threads *threads);
void gm_heart_model_destroy(gm_heart_model *m);

/* ---- reading a state ------------------------------------------------------------------------------ */

gm_endo_place gm_state_place(const double state[], size_t site);
double *gm_state_onset(double state[], size_t site);
double *gm_state_speeds(const gm_heart_model *m, double state[]); /* ln v_f, ln ratio, ln factor */
double *gm_state_layer(const gm_heart_model *m, double state[]);
double *gm_state_amplitude(const gm_heart_model *m, double state[]); /* ln */
double *gm_state_pose(const gm_heart_model *m,
                      double state[]); /* [GM_POSE] mm, rad, ln limb factor */
void gm_state_set_place(double state[], size_t site, const gm_endo_place *p);
gm_conduction gm_state_conduction(const gm_heart_model *m, const double state[]);

/* Activation of a state, by the joint solve; skip: bit mask of sites left out. tau[n_nodes]. */
gm_status gm_model_activation(const gm_heart_model *m, unsigned worker, const double state[],
                              uint32_t skip, float *tau);

/* Sum of squared whitened residuals of an ECG [n_window][8]; with a free amplitude the best one is
 * taken, and returned in *amplitude (may be NULL). */
double gm_model_misfit(const gm_heart_model *m, const double *ecg, double *amplitude);

/* Mean over known leads of the correlation with the measured QRS. */
double gm_model_correlation(const gm_heart_model *m, const double *ecg);

/* Prior SDs in the parameters' own units: v_f, ratio, layer factor, amplitude; pose in mm or deg. */
void gm_model_prior_sd(double sd[GM_SPEEDS + 1]);
double gm_model_pose_sd(int component);

gm_beat_range gm_model_range(const gm_heart_model *m);

/* A draw of the prior from unit-cube numbers: three a site (place), one a site (onset), then speeds,
 * amplitude, pose. The layer is on where there is one. u: [gm_model_prior_dims()]. */
size_t gm_model_prior_dims(const gm_heart_model *m);
void gm_model_prior_state(const gm_heart_model *m, const double u[], double state[]);

/* coarse.c: the entries propose and perturb of the problem. */
gm_status gm_coarse_create(gm_heart_model *m, const gm_heart_fit_options *options);
gm_status gm_coarse_propose(void *self, unsigned worker, gm_rng *rng, size_t start, double state[],
                            size_t *evaluations);
gm_status gm_coarse_perturb(void *self, unsigned worker, gm_rng *rng, const double state[],
                            double redrawn[], size_t *evaluations);

#endif
