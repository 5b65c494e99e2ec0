/* samples.h - signals as plain arrays: what the parts that need no whole measurement work on. */
#ifndef GM_HEART_ECG_SAMPLES_H
#define GM_HEART_ECG_SAMPLES_H

#include <stddef.h>

typedef struct {
    const double *mv; /* [n_leads][n], row-major; NaN: missing. Not owned. */
    size_t n_leads, n;
    double rate_hz;
} gm_ecg_samples;

/* Twelve leads in the usual order hold eight that are independent: III, aVR, aVL and aVF add nothing.
 * True for a lead that a sum over leads should pass over. */
static inline int gm_ecg_is_dependent(const gm_ecg_samples *s, size_t lead)
{
    return s->n_leads == 12 && lead >= 2 && lead <= 5;
}

#endif
