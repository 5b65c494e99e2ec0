/* reversal_model.h - inside: how the eight independent leads go together in a rightly placed ECG.
 *
 * The scatter of a wave is the 8 x 8 matrix of products of leads, summed over its samples and scaled to
 * trace 8: it does not depend on amplitude. The model is the inverse of its mean over people, one
 * for the P wave and one for QRS; it was learnt by tools/make_lead_model.c from sinus rhythms of LUDB
 * 1-100 (Kalyakulina et al. 2020, IEEE Access 8:186181; ODC-By 1.0).
 */
#ifndef GM_HEART_ECG_REVERSAL_MODEL_H
#define GM_HEART_ECG_REVERSAL_MODEL_H

#include <stdbool.h>
#include <stddef.h>

enum { GM_MODEL_LEADS = 8 }; /* I II V1..V6 */
typedef enum { GM_MODEL_P, GM_MODEL_QRS, GM_N_MODELS } gm_model_wave;

extern const double gm_lead_model[GM_N_MODELS][GM_MODEL_LEADS][GM_MODEL_LEADS];

/* Of samples on .. off of leads[12][n]: P above the line from its onset to its offset, QRS above the
 * mean of the 10 ms before it. False: lead missing, wave flat or not inside the beat. */
bool gm_lead_scatter(const double *leads_mv, size_t n, double rate_hz, double on_ms, double off_ms,
                     gm_model_wave wave, double out[GM_MODEL_LEADS][GM_MODEL_LEADS]);

#endif
