/* waves_decode.h - from what the network says about each moment of a lead to its waves. */
#ifndef GM_HEART_ECG_WAVES_DECODE_H
#define GM_HEART_ECG_WAVES_DECODE_H

#include "heart/ecg/waves.h"

/* One lead in one stretch; times in samples of 250 Hz from its start. */
typedef struct {
    size_t n;
    const float *logit[GM_WAVE_NET_CLASSES]; /* [n] each */
    const float *height;                     /* [n] the signal */
    const double *beat;                      /* [n_beats] fiducials, ascending */
    size_t n_beats;
} gm_wave_evidence;

typedef struct {
    gm_ecg_wave kind;
    size_t lead; /* for the caller */
    size_t beat; /* of evidence.beat; SIZE_MAX: none */
    double on, peak, off;
    double certainty; /* mean probability inside */
} gm_wave_span;

/* Room for a stretch of n samples. */
typedef struct {
    size_t n;
    unsigned char *came;  /* [n][states] */
    unsigned char *state; /* [n] */
    gm_wave_span *spans;  /* [n / 2 + 1] */
} gm_wave_room;

gm_status gm_wave_room_create(gm_wave_room *out, size_t n);
void gm_wave_room_clear(gm_wave_room *r);

/* Leaves the waves in r->spans, ascending; returns how many. */
size_t gm_wave_decode(const gm_wave_evidence *e, gm_wave_room *r);

/* Whether what was found before the beats are the P waves of a rhythm: they come before half of the
 * beats at least or, where fewer, at a constant distance. Else it is the waves of fibrillating atria,
 * which look the same one by one. spans: of all leads; room: [n_leads + n_beats + 1]. */
bool gm_wave_has_p(const gm_wave_span *spans, size_t n, size_t n_leads, size_t n_beats,
                   double *room);

#endif
