/* p_presence.h - is there a P wave? By whether the stretch before QRS looks the same before every beat:
 * a P wave does, the waves of fibrillation do not. It needs no delineation and sees small P waves in
 * noise; waves of flutter conducted at a fixed ratio look like P waves to it.
 */
#ifndef GM_HEART_ECG_P_PRESENCE_H
#define GM_HEART_ECG_P_PRESENCE_H

#include "core/status.h"
#include "heart/ecg/classes.h"
#include "heart/ecg/samples.h"

typedef struct {
    double probability; /* that P waves precede QRS; NaN: fewer than 4 beats to compare */
    double coherence;   /* median correlation of a beat's stretch with the mean of the others' */
    size_t n_beats;
} gm_p_presence;

/* s, beat_s[n]: as in classes.h; labels[n]: only dominant beats are compared, NULL: all. Fails with
 * GM_EINVAL, GM_ENOMEM. Any thread. */
gm_status gm_ecg_p_presence(gm_p_presence *out, const gm_ecg_samples *s, const double *beat_s,
                            size_t n, const gm_beat_label *labels);

#endif
