/* waves.h - onset, peak and offset of every P, QRS and T in every lead of a whole record.
 *
 * What measure.h gives for the median beat is given here for each beat, lead by lead. The record is
 * looked at in stretches of some seconds by the network of wave_net.h, all leads together; the most
 * likely order of waves is found by dynamic programming (Viterbi 1967) around the beats of the
 * measurement, and a bound is where the network, on average, sees the wave begin or end.
 *
 * Needs no voltage scale: counts of each channel stand alone. Trained on and compared with LUDB
 * (Kalyakulina et al. 2020): bench/delineation.c. Result immutable; any thread. Parts of ten minutes
 * are looked at on all cores; memory beside the result does not grow with the length of the record.
 */
#ifndef GM_HEART_ECG_WAVES_H
#define GM_HEART_ECG_WAVES_H

#include "heart/ecg/measure.h"
#include "heart/ecg/wave_net.h"

typedef struct {
    gm_ecg_wave kind;
    size_t beat; /* of the measurement: its QRS, the P before it, the T after it; SIZE_MAX: none
                       * (a P wave that is not conducted) */
    gm_ecg_bounds at; /* ms from the first sample of the record; NaN: not found */
    double certainty; /* 0..1, mean probability of the wave between its bounds */
} gm_ecg_lead_wave;

typedef struct {
    char *name;              /* "i" .. "v6"; a channel of another name as the file writes it */
    size_t channel;          /* of the record */
    gm_ecg_lead_wave *waves; /* [n] in time */
    size_t n;
} gm_ecg_lead_waves;

typedef struct {
    gm_ecg_lead_waves *leads; /* [n_leads] the channels that are voltages, in the file's order */
    size_t n_leads;
} gm_ecg_waves;

/* m: of the same record. net NULL: the built-in one. The caller owns *out. Fails with GM_ENOMEM. */
gm_status gm_ecg_waves_find(gm_ecg_waves **out, const gm_ecg *ecg, const gm_ecg_measurement *m,
                            const gm_wave_net *net);
void gm_ecg_waves_destroy(gm_ecg_waves *w); /* NULL is allowed */

#endif
