/* classes_shape.h - inside classes.c: shape, width, size and roughness of every beat, and groups of
 * beats that look alike. */
#ifndef GM_HEART_ECG_CLASSES_SHAPE_H
#define GM_HEART_ECG_CLASSES_SHAPE_H

#include <stdbool.h>

#include "core/status.h"
#include "heart/ecg/samples.h"

typedef struct {
    size_t at;      /* sample of the (smoothed, thinned) signals */
    bool is_cut;    /* not whole inside the record, or more than a tenth is missing */
    double missing; /* part of the window */
    double width_ms, noise, rms;
    int group;          /* by falling size; -1: alone */
    double correlation; /* with the group asked for; NaN if cut */
    double size;        /* over that group's */
} gm_beat_shape;

typedef struct {
    gm_beat_shape *of; /* [n_beats] */
    size_t n_beats;
    int n_groups; /* of two beats and more, or the one group there is */
    /* Signals smoothed over 4 ms, thinned to 250 .. 500 Hz, without gaps, in units of their noise. */
    double *x;                       /* [n_leads][n] */
    size_t n_leads, n, half, length; /* window: half on each side; length 2 half + 1 */
    double rate_hz;
    double *means; /* [MAX_GROUPS][n_leads][length] mean shapes */
    double *patch; /* [n_leads][length] */
} gm_beat_shapes;

gm_status gm_beat_shapes_create(gm_beat_shapes *b, const gm_ecg_samples *s, const double *beat_s,
                                size_t n_beats);
gm_status gm_beat_shapes_group(gm_beat_shapes *b);
gm_status gm_beat_shapes_compare(gm_beat_shapes *b, int group); /* fills correlation and size */
void gm_beat_shapes_clear(gm_beat_shapes *b);

#endif
