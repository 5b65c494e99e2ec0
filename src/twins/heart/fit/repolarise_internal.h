/* repolarise_internal.h - inside the T wave stage: what its creation and its search share; not for
 * others. */
#ifndef GM_HEART_FIT_REPOLARISE_INTERNAL_H
#define GM_HEART_FIT_REPOLARISE_INTERNAL_H

#include "fit/problem.h"
#include "fit/refine.h"
#include "fit/sobol.h"
#include "heart/fit/repolarise.h"

/* State: mean APD, then the slopes. */
enum {
    MEAN,
    FIRST_SLOPE,
    N_STATE = 1 + GM_APD_TERMS,
    N_BOUNDS = 4,
    N_PRIOR = GM_APD_TERMS + N_BOUNDS
};

/* Scratch of one call. Repolarisation is a beat of its own: down(s) = 1 - up(s) with eps = 2 w, so the
 * kernels of activation serve, at the times tau + APD. */
typedef struct {
    const gm_repolariser *r;
    gm_beat *up, *down;
    gm_beat_scratch *up_scratch, *down_scratch;
    gm_beat_gradient *gradient; /* dtau: d APD_i / d state, which is constant */
    float *repolarised_ms;      /* [n_nodes] */
    double *fixed_mv;           /* [n_window][8] of activation */
    double *ecg_mv;             /* [n_window][8] of repolarisation */
    float *decg;                /* [n_window][8][n_padded] */
    gm_refine_work *refine;
    const float *tau_ms;
    double amplitude;
    double mean_low_ms, mean_high_ms; /* of APD, so that the mean node repolarises in the T wave */
    double mean_first_ms;             /* where the search begins: at the peak */
    gm_fit_problem problem;
} repolarise_worker;

struct gm_repolariser {
    const gm_heart_case *c;
    gm_repolarise_options options;
    gm_heart_template shape; /* with the w_rep of the options */
    const gm_lead_field *field;
    gm_lead_field *own_field;
    size_t n_nodes;
    float *basis[GM_APD_TERMS]; /* [n_nodes] as gm_apd means them */
    double centre[GM_APD_TERMS];

    bool has_t_wave;
    double t_on_ms, t_peak_ms, t_off_ms; /* template clock */
    gm_samples beat, window;
    double *measured_mv; /* [window.n][8], 0 where unknown */
    double weight[GM_N_INDEPENDENT];
    size_t n_known;
    gm_sobol *sobol;
    repolarise_worker *workers;
    unsigned n_workers;
};

/* repolarise.c: whether lead field, amplitude, times and guess can be used. */
gm_status gm_repolarise_check(const gm_repolariser *r, const gm_repolarise_input *in);
/* repolarise_search.c */
gm_fit_problem gm_repolarise_problem(repolarise_worker *w);

#endif
