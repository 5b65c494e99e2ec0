/* delineate.h - where P, QRS and T begin and end in a median beat: the interface, and the
 * delineator in use.
 *
 * To add a delineator: a file delineate_<id>.c with its gm_delineator, a line here; gm_ecg_measure()
 * takes gm_delineator_default.
 */
#ifndef GM_HEART_ECG_DELINEATE_H
#define GM_HEART_ECG_DELINEATE_H

#include "heart/ecg/measure.h"

typedef struct {
    const char *id;
    int version;
    /* REQUIRED. Fills b->wave and b->lead_wave from the rest of *b. rr_ms: usual distance of the
     * beats, NaN for a single one. Bounds that cannot be found become NaN. Fails with GM_ENOMEM
     * alone. Any thread. */
    gm_status (*delineate)(gm_ecg_median_beat *b, double rr_ms);
} gm_delineator;

/* "slope": slopes at the scale of each wave. A lead's wave ends where its slope has died down to a
 * fraction of its last steep slope; the global bounds are order statistics over the leads. */
extern const gm_delineator gm_delineator_slope;
extern const gm_delineator *const gm_delineator_default;

#endif
