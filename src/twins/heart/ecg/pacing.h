/* pacing.h - pacing spikes in the raw, unfiltered signal, and what they stimulated.
 *
 * A spike is a step within 2 ms that is several times as steep as anything in the 20 ms before and
 * after it, and that turns back at once, in part or wholly. A steep QRS builds up; a step that stays
 * (a device that held its output, an electrode that moved) does not turn back. Once two such spikes
 * are found, a pacemaker is taken as present and weaker spikes of the same record count too.
 *
 * Needs the signal as the device sampled it: a low pass below about 100 Hz or a rate below 400 Hz
 * hides spikes, and a device may have cut them out itself. "None found" is therefore no proof.
 */
#ifndef GM_HEART_ECG_PACING_H
#define GM_HEART_ECG_PACING_H

#include <stdbool.h>

#include "core/status.h"
#include "heart/ecg/samples.h"

typedef enum { GM_SPIKE_UNRELATED, GM_SPIKE_ATRIAL, GM_SPIKE_VENTRICULAR } gm_spike_chamber;

typedef struct {
    double time_s;    /* of its top, within 3 ms, from the first sample */
    double step_mv;   /* its height within 2 ms, root of the sum of squares over the leads */
    double to_qrs_ms; /* from the spike to the QRS fiducial that follows; NaN: none within 400 ms */
    gm_spike_chamber chamber;
} gm_pacing_spike;

typedef struct {
    gm_pacing_spike *spikes; /* [n], in time */
    size_t n, n_atrial, n_ventricular;
    size_t n_beats_paced; /* beats with a ventricular spike before them */
    bool is_paced;        /* at least two spikes that precede a QRS */
    bool is_doubtful;
    char reason[200]; /* what the verdict rests on, and the doubt */
} gm_pacing;

/* s: raw; beat_s[n_beats]: times of the QRS fiducials, ascending, from the first sample. The caller
 * clears *out. Fails with GM_EINVAL (rate, no samples), GM_ENOMEM. Any thread. */
gm_status gm_ecg_find_pacing(gm_pacing *out, const gm_ecg_samples *s, const double *beat_s,
                             size_t n_beats);
void gm_pacing_clear(gm_pacing *p);

#endif
