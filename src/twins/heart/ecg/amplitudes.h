/* amplitudes.h - heights of the waves and the level of ST, lead by lead, on the median beat.
 *
 * Level zero is the mean of the last 16 ms of the PR segment, that is, before QRS onset. Inside QRS
 * (global bounds) R is the highest point above zero, Q the lowest point below zero before R, S the
 * lowest after R; R' and beyond are not told apart. A QRS without a part above zero is a QS: S holds
 * it, Q and R are NaN. P and T are the extremes between their global bounds. ST is the level at QRS
 * offset (J) and 60 ms after it; with QRS and T close together it is part of T.
 *
 * A deflection counts if it is larger than three times the noise of the median beat and 0.02 mV.
 * Each amplitude is uncertain by sqrt(1 + 1/n) of that noise, n the samples behind level zero; wander
 * and the choice of bounds are not in it. Units: mV, ms.
 */
#ifndef GM_HEART_ECG_AMPLITUDES_H
#define GM_HEART_ECG_AMPLITUDES_H

#include "heart/ecg/measure.h"

typedef struct {
    double p_mv, q_mv, r_mv, s_mv,
        t_mv;                  /* signed; NaN: no such deflection, or its bounds unknown */
    double r_peak_ms;          /* from QRS onset to the top of R: R-wave peak time */
    double st_j_mv, st_j60_mv; /* NaN: unknown, or past the beat's end */
    double sd_mv;              /* of each amplitude, see above; NaN: lead unknown */
    bool do_not_trust;         /* poor or unusable lead, or noise above 0.05 mV */
} gm_ecg_amplitudes;

/* All NaN for a lead that is unknown or where QRS has no bounds. */
void gm_ecg_amplitudes_of(gm_ecg_amplitudes out[GM_N_LEADS], const gm_ecg_measurement *m);

#endif
