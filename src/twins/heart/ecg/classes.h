/* classes.h - which beats are the heart's usual ones, and which are ectopic, paced or no beats at all.
 *
 * Beats are grouped by the shape of QRS over all leads (correlation after alignment, each lead in
 * units of its noise). The dominant group is the largest; where another is nearly as large (bigeminy),
 * the narrower and less early one. A beat of another shape is ectopic if it is wide, early or one of
 * several alike; a beat of the dominant shape is ectopic if it comes early in an otherwise regular
 * stretch. Every label says what it rests on.
 *
 * Width here is the span of the middle 95 % of the squared slopes, good for comparing beats of one
 * record; it is not the QRS duration, which needs delineation.
 */
#ifndef GM_HEART_ECG_CLASSES_H
#define GM_HEART_ECG_CLASSES_H

#include <stdbool.h>

#include "core/status.h"
#include "heart/ecg/pacing.h"
#include "heart/ecg/samples.h"

typedef enum {
    GM_BEAT_DOMINANT,
    GM_BEAT_ECTOPIC,
    GM_BEAT_PACED,
    GM_BEAT_ARTEFACT, /* detected, but no beat, or too disturbed to tell */
    GM_N_BEAT_CLASSES
} gm_beat_class;
extern const char *const gm_beat_class_names[GM_N_BEAT_CLASSES]; /* "dominant" ... */

typedef enum {
    GM_ORIGIN_UNKNOWN,
    GM_ORIGIN_SUPRAVENTRICULAR, /* early, of the dominant shape */
    GM_ORIGIN_VENTRICULAR       /* of another shape and wide */
} gm_beat_origin;

typedef struct {
    gm_beat_class is;
    gm_beat_origin origin; /* of an ectopic beat */
    double correlation;    /* of QRS with the dominant shape; NaN: cut off by the record's end */
    double width_ms;       /* see above */
    double early;          /* RR before it over the usual RR about it; NaN: the first beat */
    double size;           /* RMS over QRS, over that of the dominant shape */
    double noise;          /* roughness beside QRS, over the record's median */
    int group;             /* of alike beats, 0 the dominant one; -1: alone */
    bool is_doubtful;
    char reason[112];
} gm_beat_label;

typedef struct {
    gm_beat_label *labels; /* [n], one a beat */
    size_t n, n_of[GM_N_BEAT_CLASSES], n_supraventricular, n_ventricular, n_groups;
    double dominant_width_ms;
    double alike;     /* correlation from which a beat counts as of the dominant shape */
    bool is_doubtful; /* the dominant group holds less than half of the beats */
} gm_beat_classes;

/* s: usable leads, raw or filtered; beat_s[n]: times of the QRS fiducials, ascending, from the first
 * sample; pacing: NULL if unknown. The caller clears *out. Fails with GM_EINVAL (rate, no samples, beats
 * not ascending or outside), GM_ENOMEM. Any thread. */
gm_status gm_ecg_classify_beats(gm_beat_classes *out, const gm_ecg_samples *s, const double *beat_s,
                                size_t n, const gm_pacing *pacing);
void gm_beat_classes_clear(gm_beat_classes *c);

#endif
