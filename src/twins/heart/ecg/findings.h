/* findings.h - what a record says beyond its intervals: the class of each beat, the rhythm, heart rate
 * variability, pacing, electrodes that may be swapped, amplitudes, and what is wrong with each signal.
 *
 * Every finding carries the numbers that it rests on and a flag for doubt; none is a diagnosis.
 */
#ifndef GM_HEART_ECG_FINDINGS_H
#define GM_HEART_ECG_FINDINGS_H

#include "heart/ecg/amplitudes.h"
#include "heart/ecg/classes.h"
#include "heart/ecg/ecg_numbers.h"
#include "heart/ecg/hrv.h"
#include "heart/ecg/measure.h"
#include "heart/ecg/p_presence.h"
#include "heart/ecg/pacing.h"
#include "heart/ecg/quality_reasons.h"
#include "heart/ecg/reversal.h"
#include "heart/ecg/rhythm.h"
#include "heart/ecg/spread.h"
#include "heart/ecg/waves.h"

typedef struct {
    const char *name; /* of the channel; belongs to the ECG */
    gm_lead_quality_reasons quality;
} gm_ecg_signal_finding;

typedef struct {
    gm_ecg_signal_finding *signals; /* [n_signals] the twelve leads as recorded, then the others */
    size_t n_signals;
    gm_ecg_amplitudes amplitudes[GM_N_LEADS];
    gm_ecg_waves *waves; /* of every beat in every lead */
    gm_interval_spread intervals[GM_N_SPREADS];
    gm_ecg_number numbers[GM_N_NUMBERS];
    gm_bound_sd_ms bound_sd_ms; /* of the median beat */
    /* Below: of records of two beats and more (has_beats); else zero. */
    bool has_beats;
    gm_pacing pacing;
    gm_beat_classes classes; /* labels[i] is of beats[i] of the measurement */
    gm_p_presence p;
    gm_rhythm rhythm;
    gm_hrv hrv; /* beats of the dominant class are the normal ones */
    gm_reversal electrodes;
} gm_ecg_findings;

/* m: the measurement of e, which has to outlive *out. The caller clears *out. Fails with GM_ENOMEM,
 * GM_EINVAL (a rate that the parts above do not take). */
gm_status gm_ecg_find(gm_ecg_findings *out, const gm_ecg *e, const gm_ecg_measurement *m);
void gm_ecg_findings_clear(gm_ecg_findings *f);

#endif
