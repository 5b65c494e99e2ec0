/* ecg_findings.h - findings of an ECG (heart/ecg/findings.h) as values, words and tables, for any verb. */
#ifndef GM_HEART_VERBS_ECG_FINDINGS_H
#define GM_HEART_VERBS_ECG_FINDINGS_H

#include "core/text.h"
#include "heart/ecg/findings.h"
#include "kind/result.h"

/* Members rhythm, beat_classes, hrv, pacing, electrodes (null where there is one beat), amplitudes,
 * intervals_of_beats, uncertainties (of the numbers of ecg_numbers.h), bounds_sd (of the median beat,
 * over all leads and by lead) and signals. */
void gm_ecg_findings_values(json_t *o, const gm_ecg_findings *f, const gm_ecg_measurement *m);

extern const char *const gm_ecg_bound_keys[GM_N_WAVES][3]; /* "p_on_ms" .. "t_off_ms" */

/* A few lines for a terminal. */
void gm_ecg_findings_say(gm_text *t, const gm_ecg_findings *f);

/* Tables "Findings", "Intervals from beat to beat", "Amplitudes, mV" and, of two beats and more, "Heart rate variability". */
gm_status gm_ecg_findings_tables(gm_result *out, const gm_ecg_findings *f);

#endif
