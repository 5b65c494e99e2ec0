/* tracks.h - the usable signals of a record in mV, without gaps and mains hum, and how good each
 * of the twelve leads is: what the detector, the averaging and the delineator work on.
 */
#ifndef GM_HEART_ECG_TRACKS_H
#define GM_HEART_ECG_TRACKS_H

#include "heart/ecg/measure.h"

enum { GM_MAX_TRACKS = 24 }; /* 12 leads and up to 12 signals of other names */

typedef struct {
    double rate_hz;
    size_t n; /* samples */
    int n_tracks;
    int lead[GM_MAX_TRACKS];       /* 0..11, or -1: not one of the twelve */
    double mains[GM_MAX_TRACKS];   /* mV removed */
    double step_mv[GM_MAX_TRACKS]; /* of one count */
    double *x;                     /* [n_tracks][n] mV */
} gm_ecg_tracks;

/* Fills `out`, m->quality (all but noise_mv) and m->amplitudes_are_relative, and adds notes to m.
 * Fails with GM_EFORMAT if no signal is usable. Free with gm_ecg_tracks_clear(). */
gm_status gm_ecg_tracks_from(gm_ecg_tracks *out, gm_ecg_measurement *m, const gm_ecg *ecg);
void gm_ecg_tracks_clear(gm_ecg_tracks *t);

/* The same signals averaged over whole numbers of samples to 250 .. 500 Hz (or as they are, if
 * slower): sample j is centred on j * factor + (factor - 1) / 2 of the original. */
size_t gm_ecg_coarse_factor(double rate_hz);
gm_status gm_ecg_tracks_coarse(gm_ecg_tracks *out, const gm_ecg_tracks *t);

/* Takes 50 and 60 Hz out of all tracks where they stand out; notes it. */
gm_status gm_ecg_tracks_remove_mains(gm_ecg_tracks *t, gm_ecg_measurement *m);

gm_status gm_ecg_remark(gm_ecg_measurement *m, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
