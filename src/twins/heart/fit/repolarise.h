/* repolarise.h - the T wave stage of the fit: given when each node activates, how long must the cells
 * stay active so that the ECG from the end of QRS to the end of T is the measured one?
 *
 *     APD_i = m + h_ab ab_i + h_aprt aprt_i + h_rvlv rvlv_i + h_tm tm_i        (coordinates centred)
 *
 * m: mean APD, ms; h: slopes, ms from 0 to 1 of a coordinate. This is the same set of APD maps as that
 * of gm_apd (heart/case/params.h) without its redundancies: there all g may be scaled together (here:
 * the largest |g| is 1), and where max = min they do not matter (here: all 0, is_flat). Five unknowns,
 * smooth, with the exact derivative by gm_beat_ecg_gradient().
 *
 * Method: many starts from a low-discrepancy sequence, damped Gauss-Newton (fit/refine.h), the best few
 * to the end. Data: samples from QRS off + GM_T_AFTER_QRS_MS to T off + GM_T_AFTER_T_MS or the end of
 * the beat. Noise SD of lead l: sqrt(noise_l^2 + (GM_T_MODEL_ERROR rms_l)^2), rms over that window; what
 * the best map still leaves above it is the model's own error and flattens the likelihood
 * (`discrepancy`), with one independent value a lead each 4 w_rep. Prior: each slope is 0 +- slope_sd_ms,
 * so that what the ECG does not tell stays small; m puts the mean node's repolarisation between T on and
 * T off.
 *
 * The window begins when all is activated; there up down = up + down - 1 holds within exp(-2 * 20 ms /
 * eps_up), for APDs of any length: the search needs no APD >= 13.8 w_rep as gm_beat_create() does.
 *
 * A gm_repolariser is immutable but for its workers: calls with different `worker` may run at the same
 * time. Same input: same bits, on any worker. Units: ms, mV.
 */
#ifndef GM_HEART_FIT_REPOLARISE_H
#define GM_HEART_FIT_REPOLARISE_H

#include "heart/case/params.h"
#include "heart/fit/twin.h"
#include "heart/forward/fields.h"
#include "heart/forward/lead_field.h"

#define GM_T_AFTER_QRS_MS 20.0
#define GM_T_AFTER_T_MS 40.0
#define GM_T_MODEL_ERROR 0.01 /* of a lead's RMS over the window */

typedef struct {
    double w_rep_ms;               /* of the template; 0: that of the case. [1, 100] */
    double apd_min_ms, apd_max_ms; /* allowed; [100, 500] as in params.h, the default */
    double slope_sd_ms;            /* prior; > 0; default 60: Camps 2024 explores APD ranges of
                                    * 60 - 80 ms beyond the cells' own */
    size_t n_starts;               /* [1, 256]; default 12 */
} gm_repolarise_options;

gm_repolarise_options gm_repolarise_defaults(void);

typedef struct {
    const float *tau_ms;        /* [n_nodes] on the template's clock (ECG time - t_on) */
    double amplitude;           /* factor of the ECG; finite, > 0 */
    const gm_lead_field *field; /* of a moved pose; NULL: that of the repolariser */
    const gm_apd *guess;        /* an additional first start; NULL: none */
    uint64_t seed;
    size_t
        n_starts; /* besides the guess; 0: as in the options. Members of an ensemble need 1 with the
                      * best twin's APD as guess: a fifth of the work for the same map */
} gm_repolarise_input;

typedef struct {
    bool has_t_wave; /* false: nothing to fit, the rest is 0 or NaN */
    gm_apd apd;
    bool is_flat;        /* max - min < 1 ms: the gradients do not matter and are 0 */
    bool at_min, at_max; /* apd.min_ms or max_ms lies at the allowed bound */
    double mean_ms, mean_sd_ms;
    double slope_ms[GM_APD_TERMS];    /* ab, aprt, rvlv, tm */
    double slope_sd_ms[GM_APD_TERMS]; /* posterior; near the prior's: the T wave does not tell it */
    double w_rep_ms;
    double misfit;      /* sum of squared whitened residuals */
    size_t n_residuals; /* what noise alone would leave */
    double discrepancy; /* model error shown, in units of the stated noise SD */
    double correlation; /* mean over known leads, in the window */
    double lead_correlation[GM_N_INDEPENDENT]; /* NaN: lead unknown */
    size_t n_starts, n_agree; /* starts that were refined, and that came to the same misfit */
    size_t evaluations;       /* a derivative counts as two */
} gm_repolarisation;

typedef struct gm_repolariser gm_repolariser;

/* field NULL: made from the case. Field and case must outlive the repolariser. n_workers: how many
 * calls may run at the same time. A target without a T wave is fine: has_t_wave will be false.
 * GM_EINVAL: options out of range, no coordinates to be had, no lead known in the window. */
gm_status gm_repolariser_create(gm_repolariser **out, gm_heart_case *c,
                                const gm_heart_target *target, const gm_repolarise_options *options,
                                const gm_lead_field *field, gm_threads *threads,
                                unsigned n_workers);
void gm_repolariser_destroy(gm_repolariser *r); /* NULL is allowed */

/* GM_EINVAL: worker, amplitude, guess, or no finite activation time; GM_EINTERRUPTED. */
gm_status gm_repolarise(gm_repolariser *r, unsigned worker, const gm_repolarise_input *in,
                        gm_repolarisation *out);

/* apd_ms[n_nodes] of the result. Any thread. */
void gm_repolariser_apd_field(const gm_repolariser *r, const gm_apd *apd, float *apd_ms);

/* The whole beat at the target's samples, [12][n] mV, in the way the fit computes it. apd NULL: nothing
 * repolarises. Relative L2 error 2e-4 from bins of w_rep/2; before a node's upstroke also
 * exp(-APD_min / w_rep) of its amplitude (8e-7 at 14 w_rep, 1e-4 at 9). gm_beat_ecg_direct() has
 * neither. Any thread; allocates. */
gm_status gm_repolariser_ecg(const gm_repolariser *r, const gm_repolarise_input *in,
                             const gm_apd *apd, double *ecg_mv);

/* Which steepness of repolarisation fits best: for anatomies whose template nobody measured. Fits with
 * each candidate and gives the one of least misfit; misfit[n], may be NULL. Candidates run on the
 * pool. *w_rep_ms is the first candidate if there is no T wave. */
extern const double gm_w_rep_candidates_ms[6]; /* 8 12 15 20 25 30 */
gm_status gm_repolarise_choose_w_rep(double *w_rep_ms, gm_heart_case *c,
                                     const gm_heart_target *target,
                                     const gm_repolarise_options *options,
                                     const gm_repolarise_input *in, const double candidates_ms[],
                                     size_t n, double misfit[], gm_threads *threads);

#endif
