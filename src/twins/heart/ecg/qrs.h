/* qrs.h - finding the heart beats: the interface, and the detector in use.
 *
 * To add a detector: a file qrs_<id>.c with its gm_qrs_detector, a line here; gm_ecg_measure() takes
 * gm_qrs_default.
 */
#ifndef GM_HEART_ECG_QRS_H
#define GM_HEART_ECG_QRS_H

#include "heart/ecg/tracks.h"

typedef struct {
    const char *id;
    int version;
    /* REQUIRED. `coarse`: signals at 100 .. 500 Hz without gaps. Gives the samples of the sharpest
     * point of each QRS, ascending, at least 150 ms apart, for the caller to gm_free(); n 0 and
     * NULL: no beat that stands out of the noise. Fails with GM_ENOMEM alone. Any thread. */
    gm_status (*detect)(const gm_ecg_tracks *coarse, size_t **at, size_t *n);
} gm_qrs_detector;

/* "energy": curvature at QRS scale of all leads, each in units of its own noise, summed; peaks over
 * a threshold that follows the beats, search-back in long gaps. All at once, not online: every
 * threshold sees the past and the future. */
extern const gm_qrs_detector gm_qrs_energy;
extern const gm_qrs_detector *const gm_qrs_default;

#endif
