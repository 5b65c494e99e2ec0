/* intervals.h - the numbers on an ECG print-out, from the beats and the median beat.
 *
 * QTc, RR in s, QT in ms: Bazett QT/sqrt(RR); Fridericia QT/RR^(1/3); Framingham QT + 154 (1 - RR)
 * (Sagie et al. 1992); Hodges QT + 1.75 (60/RR - 60).
 * Frontal axis: atan2(2 aVF/sqrt(3), I) of net areas; aVF is (II + III)/2.
 */
#ifndef GM_HEART_ECG_INTERVALS_H
#define GM_HEART_ECG_INTERVALS_H

#include "heart/ecg/measure.h"

double gm_qtc_ms(gm_qtc formula, double qt_ms, double rr_ms); /* NaN if either is unknown */
double gm_frontal_axis_deg(double i, double avf);             /* -180 .. 180 */

/* Fills m->intervals from m->beats and m->median. Fails with GM_ENOMEM. */
gm_status gm_ecg_intervals_from(gm_ecg_measurement *m);

/* Usual limits for resting adults (reference/ecg.md, section 8): a number beyond its limit is worth
 * a look; it is not a diagnosis. Either end may be infinite. */
typedef struct {
    const char *name, *unit; /* "PR", "ms" */
    double value, low, high;
} gm_ecg_limit;
enum { GM_N_LIMITS = 5 };
void gm_ecg_limits_of(const gm_ecg_measurement *m, gm_sex sex, gm_ecg_limit out[GM_N_LIMITS]);

#endif
