/* twin.h - from a clinical ECG to a fitted heart: the functional twin, its uncertainty, and what of it
 * could not be identified.
 *
 * QRS: early sites on the endocardium (place and onset), conduction speeds, amplitude and, where the
 * anatomy is not the patient's, the heart's place in the chest, by many starts, damped Gauss-Newton
 * with the exact derivative of the discrete forward model, and an ensemble over all basins that
 * explain the ECG (engine/fit). T wave: the APD gradient, given the activation of each member.
 *
 * Noise model: the residual of lead l at each sample is Gaussian with
 *     sigma_l^2 = noise_l^2 + (GM_NUMERICAL_ERROR rms_l)^2
 * (noise of the median beat; numerical error of the forward beat), times the discrepancy that the
 * best fit itself shows, with as many independent samples as the residuals' autocorrelation leaves.
 *
 * Units: mm, ms, mV, m/s. Same options and seed: same bits for any number of threads.
 */
#ifndef GM_HEART_FIT_TWIN_H
#define GM_HEART_FIT_TWIN_H

#include "core/json.h"
#include "core/progress.h"
#include "heart/case/case.h"
#include "heart/case/params.h"
#include "heart/ecg/measure.h"

#define GM_NUMERICAL_ERROR 0.005 /* of a lead's RMS: template bins and 16-bit fields, see beat.h */

/* ---- what is fitted ------------------------------------------------------------------------------ */

typedef struct {
    double step_ms; /* sample i at i * step_ms, the clock of the median beat */
    /* Time of sample 0 in the ECG's file, for those who report times: 0 for a median beat, the first
     * t_ms of a file that holds one beat. The fit itself does not use it. */
    double first_ms;
    size_t n;
    double *mv;                  /* [12][n]; NaN: lead unknown */
    double noise_mv[GM_N_LEADS]; /* of this beat; NaN: lead unknown */
    gm_ecg_bounds qrs, t;        /* on and off; t NaN: no T wave to fit */
    bool amplitudes_are_relative;
    size_t n_beats;
} gm_heart_target;

/* From a measurement of ecg (a 10 s record or a single beat): its median beat, in which every beat
 * counts by its noise, and a window from the first to the last of QRS that the median beat or the single
 * beats (heart/ecg/window.h) show. GM_EFORMAT: no QRS bounds, fewer than three independent leads. The
 * caller frees with gm_heart_target_free(). */
gm_status gm_heart_target_from(gm_heart_target *out, const gm_ecg *ecg,
                               const gm_ecg_measurement *m);
void gm_heart_target_free(gm_heart_target *t);

/* ---- how ----------------------------------------------------------------------------------------- */

typedef struct {
    size_t n_sites;  /* [3, 9]; default 7 */
    size_t ensemble; /* members wanted, [50, 1000]; default 50 */
    size_t
        max_evaluations; /* forward solves; default 2,500; 0: no limit (then a budget is needed) */
    double budget_s;     /* stop the search after this; 0: no limit */
    uint64_t seed;
    bool pose_is_free; /* heart's place and direction in the chest are fitted (generic anatomy) */
    bool amplitude_is_free; /* one factor for all leads (conductivities not stated) */
    const gm_progress *progress;
    const char *cache_folder; /* arrival fields; NULL: none */
} gm_heart_fit_options;

gm_heart_fit_options gm_heart_fit_defaults(void);

/* ---- what comes out ------------------------------------------------------------------------------ */

typedef struct {
    char name[64];        /* "site 3 onset", "v_f" */
    const char *unit;     /* "ms", "m/s", "mm", "1", "deg" */
    double best;          /* of the best twin */
    double p05, p50, p95; /* of the ensemble */
    double prior_sd, posterior_sd;
    double contraction;  /* 1 - posterior variance / prior variance, >= 0 */
    const char *verdict; /* "identified", "weakly identified", "not identified", "at its bound" */
} gm_twin_parameter;

/* What of the QRS misfit's variance over the prior a kind of parameter explains: Sobol' indices with
 * their 90 % intervals. All places of sites count as one, all onsets, all of the pose. */
typedef struct {
    const char *name; /* "places of sites" */
    double first, first_low, first_high;
    double total, total_low, total_high;
} gm_twin_sensitivity;
enum { GM_TWIN_SENSITIVITIES = 7 };

typedef struct {
    gm_heart_params params; /* sites as xyz_mm */
    double amplitude;
    double
        pose[7]; /* translation mm, rotation deg of the electrodes about the heart's centre, factor
                       of the limb leads */
    float *tau_ms;  /* [n_nodes] on the clock of onset_ms */
    float *apd_ms;  /* [n_nodes], or NULL: no T wave */
    double *ecg_mv; /* [12][n] at the target's samples */
    double misfit;  /* data misfit, sum of squared whitened residuals of QRS */
    size_t basin;
} gm_twin_member;

typedef struct {
    double misfit;      /* QRS data misfit */
    double correlation; /* mean QRS correlation over leads */
    double distance_ms; /* RMS activation difference to the best, common shift removed */
    double weight;      /* share of the ensemble */
    size_t hits;        /* refinements that ended here */
    bool within_floor;  /* explains the ECG as well as the best, within noise and discrepancy */
    gm_heart_params params;
} gm_twin_basin;

typedef struct {
    double correlation_qrs, correlation_all; /* NaN: lead unknown */
    double rms_error_mv, rms_measured_mv;    /* over QRS */
    double noise_mv;
} gm_twin_lead;

typedef struct {
    size_t n_nodes, n_samples, n_members, n_basins, n_parameters;
    double step_ms;
    gm_twin_member best;
    gm_twin_member *members;
    gm_twin_basin *basins; /* best first */
    gm_twin_parameter *parameters;
    gm_twin_sensitivity sensitivity[GM_TWIN_SENSITIVITIES];
    size_t n_sensitivities;
    gm_twin_lead lead[GM_N_LEADS];
    double mean_correlation_qrs, median_correlation_all;

    double *tau_mean_ms, *tau_sd_ms, *tau_p05_ms, *tau_p95_ms; /* [n_nodes], each member's common
                                                                  shift to the best removed */
    double *ecg_low_mv, *ecg_high_mv; /* [12][n] 5 and 95 % of the ensemble */

    double misfit, floor_misfit; /* QRS of the best; what noise alone would leave */
    double discrepancy;          /* model error shown, in units of the stated noise SD */
    double discrepancy_relative; /* the same as a share of the ECG's RMS */
    double temperature;
    double mesh_error_relative; /* share of the ECG that the edge length costs, from the reference's
                                    convergence figures: 12.3 % at 4.81 mm, 6.4 % at 2.46 mm */
    double effective_samples;   /* of the ensemble's importance weights */
    size_t evaluations, rounds, starts;
    double search_s, total_s;
    bool has_t_wave;
    json_t *credibility; /* record, see fit/credibility.h */
    json_t *validation;  /* held-out leads */
} gm_heart_twin;

/* Fits. The case needs both endocardia. GM_EINVAL, GM_EFORMAT, GM_EINTERRUPTED, GM_ENOMEM,
 * GM_ENOCONV (nothing could be evaluated). */
gm_status gm_heart_fit(gm_heart_twin **out, gm_heart_case *c, const gm_heart_target *target,
                       const gm_heart_fit_options *options, gm_threads *threads);
void gm_heart_twin_destroy(gm_heart_twin *t);

#endif
