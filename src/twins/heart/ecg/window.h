/* window.h - where P, QRS and T lie in the median beat, by what every beat shows in every lead.
 *
 * The bounds of the median beat (measure.h) are where a clinician would set them, and in noise the weak
 * ends of a wave are lost. Here an onset is the 10 % quantile, an offset the 90 % quantile of those of
 * all beats and leads: nearly the first and the last that any lead shows, without the outliers.
 */
#ifndef GM_HEART_ECG_WINDOW_H
#define GM_HEART_ECG_WINDOW_H

#include "heart/ecg/measure.h"
#include "heart/ecg/waves.h"

/* On the clock of the median beat, from the beats that went into it; NaN: fewer than eight waves show
 * the bound. waves: of the same record and measurement. Fails with GM_ENOMEM. */
gm_status gm_ecg_windows(gm_ecg_bounds out[GM_N_WAVES], const gm_ecg_measurement *m,
                         const gm_ecg_waves *waves);

#endif
