/* quality_reasons.h - what is wrong with a lead, in words and numbers, from its raw samples.
 *
 * Each disturbance has a limit from which the lead is worth a remark and one from which it should not be
 * trusted. Muscle noise and wander are estimated so that QRS, P and T count little: the roughness of
 * quiet stretches between beats, and the course of the medians of stretches of 0.6 s.
 */
#ifndef GM_HEART_ECG_QUALITY_REASONS_H
#define GM_HEART_ECG_QUALITY_REASONS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"
#include "heart/ecg/samples.h"

typedef enum {
    GM_FAULT_MISSING,   /* part of the samples, 0 .. 1 */
    GM_FAULT_FLAT,      /* longest stretch without any change, s */
    GM_FAULT_SATURATED, /* part of the samples on a rail, 0 .. 1 */
    GM_FAULT_MAINS,     /* amplitude of 50 or 60 Hz, mV */
    GM_FAULT_WANDER,    /* RMS of the baseline, mV */
    GM_FAULT_NOISE,     /* RMS of muscle noise, 20 Hz and above, mV */
    GM_FAULT_STEPS,     /* jumps of the baseline, number per 10 s */
    GM_N_FAULTS
} gm_lead_fault;
extern const char *const gm_lead_fault_names[GM_N_FAULTS];

typedef struct {
    double
        value; /* in the unit of its fault above; NaN: cannot be told (too short, too slow a rate) */
    double remark_from, distrust_from; /* limits of value */
    bool is_remarkable, is_untrustworthy;
    double at_s;      /* flat: where it begins; steps: the first; mains: NaN. NaN: no place */
    char reason[120]; /* in words; empty unless remarkable */
} gm_lead_finding;

typedef struct {
    gm_lead_finding fault[GM_N_FAULTS];
    double mains_hz;   /* 50 or 60; NaN: none */
    bool do_not_trust; /* any is untrustworthy */
    char reasons[400]; /* all remarkable ones, "; " between; "" for a clean lead */
} gm_lead_quality_reasons;

/* out[s->n_leads]. beat_s[n_beats]: QRS fiducials, ascending; steps within 60 ms of one are QRS. NULL:
 * unknown. Fails with GM_EINVAL, GM_ENOMEM. Any thread. */
gm_status gm_ecg_quality_reasons(gm_lead_quality_reasons *out, const gm_ecg_samples *s,
                                 const double *beat_s, size_t n_beats);

#endif
