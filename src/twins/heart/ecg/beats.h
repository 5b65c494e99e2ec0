/* beats.h - from the places of the beats to one typical beat: which beats look alike, aligned to a
 * sample, freed of baseline wander, averaged robustly. reference/ecg.md, section 7.
 */
#ifndef GM_HEART_ECG_BEATS_H
#define GM_HEART_ECG_BEATS_H

#include "heart/ecg/tracks.h"

#define GM_BEAT_BEFORE_MS 450.0 /* of the window about the fiducial */
#define GM_BEAT_AFTER_MS 750.0

/* Marks the beats of the largest group that look alike (correlation over QRS > 0.9, lowered and
 * noted in noise) and come within 20 % of the usual RR (of more than 4,096 that many, evenly spread),
 * and shifts every place at[m->n_beats] by up
 * to 60 ms to align its QRS with the group's. `coarse` is gm_ecg_tracks_coarse(t). */
gm_status gm_ecg_beats_group(gm_ecg_measurement *m, const gm_ecg_tracks *t,
                             const gm_ecg_tracks *coarse, size_t *at);

/* Subtracts a smooth curve through the level of each beat that is marked or looks like those (whatever
 * its RR) from `from_ms` to `to_ms` after its fiducial (negative: before). */
gm_status gm_ecg_beats_level(gm_ecg_tracks *t, const gm_ecg_measurement *m, const size_t *at,
                             double from_ms, double to_ms);

/* Averages the marked beats into m->median (mv, spread, noise; not the bounds). */
gm_status gm_ecg_beats_average(gm_ecg_measurement *m, const gm_ecg_tracks *t, const size_t *at);

/* The whole record as the one beat, with its fiducial at sample `at`. */
gm_status gm_ecg_beats_whole(gm_ecg_measurement *m, const gm_ecg_tracks *t, size_t at);

/* Noise of a single beat in mV: what a smooth curve does not follow, from third differences, of
 * which the steep QRS makes up the larger ones only. For white noise of SD s they have SD sqrt(20) s,
 * and the 30 % quantile of the absolute value of a normal variable is 0.3853 SD. scratch: [n]. */
double gm_ecg_high_frequency_noise(const double *x, size_t n, double *scratch);

#endif
