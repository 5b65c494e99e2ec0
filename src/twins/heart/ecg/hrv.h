/* hrv.h - heart rate variability from beat times, as the Task Force of ESC and NASPE defines it (1996,
 * Circulation 93:1043-1065; Eur Heart J 17:354-381).
 *
 * Time domain, of NN intervals (RR between two normal beats), ms:
 *   SDNN with n - 1; RMSSD of successive NN; pNN50: part of them that differ by more than 50 ms; SDANN:
 *   SD of the means of 5 min stretches; SDNN index: mean of their SDs; triangular index: number of NN over
 *   the height of their histogram with bins of 1/128 s.
 * Frequency domain, ms^2: Lomb-Scargle (no resampling: beats that were left out leave a gap, not an
 * invention), fitted with Hann weights to stretches of 5 min that overlap by half, without their straight
 * line; scaled so that a sine of amplitude a has the power a^2/2. VLF 0.0033-0.04, LF 0.04-0.15, HF
 * 0.15-0.4 Hz.
 *
 * Artefact correction is by leaving out: an RR interval beside a beat that is not normal, one outside
 * 300 .. 2,500 ms, and one that differs from the median of the 11 about it by more than 30 % and by more
 * than 6 robust SDs (missed or invented beats). A figure that this or a short record makes unsafe is
 * still given, with the reason not to trust it.
 *
 * Standard errors of mean NN, heart rate, SDNN, RMSSD and pNN50 are those of a sample of independent NN,
 * near normal: s/sqrt(n), s/sqrt(2 (n - 1)), RMSSD sqrt(3/(4 n)) (neighbouring differences share an
 * interval), Agresti-Coull. Slow changes make the true ones larger. SDANN and SDNN index: of independent
 * stretches; triangular index: of a binomial count in the highest bin; bands: from how the stretches differ
 * (four and more; Welch 1967) or from the number of independent frequencies, and what is made of bands from
 * those as if independent. NaN: too little for one.
 */
#ifndef GM_HEART_ECG_HRV_H
#define GM_HEART_ECG_HRV_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

typedef struct {
    double value;             /* NaN: cannot be computed */
    double standard_error;    /* in its unit; NaN: not known */
    const char *unit;         /* "ms", "ms2", "%", "1/min", "" */
    const char *do_not_trust; /* why not, a static text; NULL: it may be trusted */
} gm_hrv_figure;

typedef enum {
    GM_HRV_MEAN_NN,
    GM_HRV_HEART_RATE, /* 60,000 / mean NN */
    GM_HRV_SDNN,
    GM_HRV_RMSSD,
    GM_HRV_PNN50,
    GM_HRV_SDANN,
    GM_HRV_SDNN_INDEX,
    GM_HRV_TRIANGULAR_INDEX,
    GM_HRV_VLF,
    GM_HRV_LF,
    GM_HRV_HF,
    GM_HRV_TOTAL, /* 0.0033 .. 0.4 Hz */
    GM_HRV_LF_NU, /* 100 LF / (LF + HF) */
    GM_HRV_LF_HF,
    GM_N_HRV
} gm_hrv_measure;
extern const char *const gm_hrv_names[GM_N_HRV]; /* "mean NN" ... */

typedef struct {
    gm_hrv_figure figure[GM_N_HRV];
    size_t n_rr, n_nn;      /* intervals, and those kept */
    size_t n_beside_others; /* left out: beside a beat that is not normal */
    size_t n_implausible;   /* left out: by their length */
    size_t n_segments;      /* stretches of 5 min (or one shorter) behind the spectrum */
    double duration_s;      /* first to last beat */
} gm_hrv;

/* beat_s[n]: ascending; is_normal[n]: NULL if all beats count. use_all: leave nothing out (all RR, as some
 * reference figures do). Fails with GM_EINVAL (not ascending), GM_ENOMEM. Any thread. */
gm_status gm_ecg_hrv(gm_hrv *out, const double *beat_s, size_t n, const bool *is_normal,
                     bool use_all);

/* The standard errors above, of n values; all >= 0. */
double gm_sdnn_error(double sdnn, double n);
double gm_rmssd_error(double rmssd, double n);
double gm_pnn50_error_percent(double percent, double n);

#endif
