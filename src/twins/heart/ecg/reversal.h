/* reversal.h - do the leads look as if electrodes had been swapped? From the median beat.
 *
 * Each swap is a linear map of the leads, so it can be undone in numbers. Of P and QRS the usual
 * relation of the eight independent leads is known (reversal_model.h); for every swap we ask how much
 * better the beat would fit it if that swap were undone:
 *   evidence = sum over P and QRS of 8 ln(trace(S M) / trace(S' M)),
 * S the scatter of the leads as they are, S' with the swap undone, M the model. Kors & van Herpen 2001
 * (J Electrocardiol 34:S69) use the redundancy of the leads to the same end. A swap with the right leg
 * leaves lead II or III flat (Haisty et al. 2000). The right leg exchanged with the left cannot be seen,
 * and situs inversus looks like RA-LA with a reversed chest.
 */
#ifndef GM_HEART_ECG_REVERSAL_H
#define GM_HEART_ECG_REVERSAL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

typedef enum {
    GM_SWAP_RA_LA,
    GM_SWAP_RA_LL,
    GM_SWAP_LA_LL,
    GM_SWAP_CLOCKWISE,        /* RA on the left arm, LA on the left leg, LL on the right arm */
    GM_SWAP_COUNTERCLOCKWISE, /* RA on the left leg, LA on the right arm, LL on the left arm */
    GM_SWAP_V1_V2,
    GM_SWAP_V2_V3,
    GM_SWAP_V3_V4,
    GM_SWAP_V4_V5,
    GM_SWAP_V5_V6,
    GM_SWAP_V1_V3,
    GM_SWAP_V2_V4,
    GM_SWAP_V3_V5,
    GM_SWAP_V4_V6,
    GM_SWAP_RA_RL, /* loses information: cannot be undone */
    GM_SWAP_LA_RL,
    GM_N_SWAPS
} gm_lead_swap;
extern const char *const gm_lead_swap_names[GM_N_SWAPS]; /* "RA-LA", "V1-V2" ... */

typedef struct {
    bool is_suspected;
    gm_lead_swap swap;       /* the most likely one; only if suspected */
    gm_lead_swap second;     /* explains it nearly as well (evidence within 1); GM_N_SWAPS: none */
    double evidence;         /* of it, see above; NaN for swaps with the right leg */
    bool poor_r_progression; /* R of V3 below 0.3 mV and not above V1 .. V2 by a quarter */
    double r_mv[6];          /* V1 .. V6, above the level before QRS; NaN: unknown */
    bool is_doubtful;
    char reason[400]; /* in words, with the numbers; never empty */
} gm_reversal;

/* What the device would have shown: in place, leads_mv [12][n] row-major. The right leg is taken to have
 * the potential of the left one. */
void gm_swap_leads(gm_lead_swap swap, double *leads_mv, size_t n);

/* leads_mv [12][n]: the median beat, NaN throughout in an unknown lead; p_ms and qrs_ms: {onset, offset}
 * on its clock, NaN: not found. amplitudes_known: false leaves out the judgement in mV. All leads must
 * be known for a verdict on swaps; without P it is doubtful. Any thread. */
void gm_ecg_find_reversal(gm_reversal *out, const double *leads_mv, size_t n, double rate_hz,
                          const double p_ms[2], const double qrs_ms[2], bool amplitudes_known);

#endif
