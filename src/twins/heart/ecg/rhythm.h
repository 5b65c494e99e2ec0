/* rhythm.h - the rhythm in a sentence: rate, regular or not, suspicion of atrial fibrillation, pauses;
 * with the numbers that it rests on.
 *
 * Atrial fibrillation is irregular from beat to beat, and has no P wave. Irregular is: the median of
 * |RR[i+1] - RR[i]| is a large part of the mean RR; being a median, it does not see a few early beats. Where
 * every second or third RR are far more alike than successive ones, beats are coupled, and these count.
 * P waves raise the limit.
 * Intervals beside ectopic beats and artefacts are left out where labels are given. Beside it stand,
 * for the reader: normalised RMSSD, turning points (2/3 in a random series), and the coefficient of
 * sample entropy COSEn (Lake & Moorman 2011, Am J Physiol Heart 300:H319; fibrillation above about
 * -1.4). Fibrillation with a paced or otherwise regular ventricle cannot be seen in RR; flutter neither.
 * A suspicion is not a diagnosis.
 */
#ifndef GM_HEART_ECG_RHYTHM_H
#define GM_HEART_ECG_RHYTHM_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"
#include "heart/ecg/classes.h"

typedef enum {
    GM_RHYTHM_UNKNOWN, /* too few beats */
    GM_RHYTHM_REGULAR,
    GM_RHYTHM_REGULAR_WITH_ECTOPICS,
    GM_RHYTHM_IRREGULAR,
    GM_RHYTHM_FIBRILLATION_SUSPECTED,
    GM_N_RHYTHMS
} gm_rhythm_kind;
extern const char *const gm_rhythm_names[GM_N_RHYTHMS];

typedef struct {
    gm_rhythm_kind kind;
    bool is_doubtful;
    size_t n_rr, n_used; /* intervals; those between beats that are neither ectopic nor artefacts */
    double mean_rr_ms, rate_per_min;         /* of all beats that are no artefacts */
    double slowest_per_min, fastest_per_min; /* over any 8 intervals (or all) */
    bool is_bradycardia, is_tachycardia;     /* below 60, above 100 per minute */
    /* Of the intervals used; NaN: too few. */
    double median_step;   /* median |difference of RR| over mean RR, see above */
    double rmssd;         /* over mean RR */
    double spread;        /* 5th to 95th percentile over mean RR */
    double turning_ratio; /* turning points per possible one */
    double cosen;         /* NaN below 12 intervals */
    double p_present;     /* as given: probability that P waves precede QRS; NaN: unknown */
    size_t n_windows, n_irregular_windows;      /* of 30 intervals, in a record of 60 and more */
    size_t n_pauses;                            /* RR above 2 s */
    double longest_pause_s, longest_pause_at_s; /* NaN: none; its start */
    char reason[320];
} gm_rhythm;

/* beat_s[n]: ascending; labels[n]: NULL if unknown. Fails with GM_EINVAL, GM_ENOMEM. Any thread. */
gm_status gm_ecg_rhythm(gm_rhythm *out, const double *beat_s, size_t n, const gm_beat_label *labels,
                        double p_present);

#endif
