/* spread.h - how sure the intervals are: what each beat alone says, and how far beats and leads disagree.
 *
 * A bound of a beat is the median of the leads' bounds (waves.h); an interval of a beat lies between two
 * such. Over the beats that went into the median beat: their SD (of which breathing and the like are a
 * real part), and the uncertainty of the interval as given,
 *   sqrt(SD^2 / beats + leads^2 / (leads - 1)),
 * `leads` being the SD of the leads' bounds within a beat, both bounds together: the second part does
 * not vanish with more beats. Robust SDs: 1.4826 times the median absolute deviation.
 */
#ifndef GM_HEART_ECG_SPREAD_H
#define GM_HEART_ECG_SPREAD_H

#include "heart/ecg/measure.h"
#include "heart/ecg/waves.h"

typedef enum { GM_SPREAD_P, GM_SPREAD_PR, GM_SPREAD_QRS, GM_SPREAD_QT, GM_N_SPREADS } gm_interval;
extern const char *const gm_interval_names[GM_N_SPREADS]; /* "P", "PR", "QRS", "QT" */

typedef struct {
    size_t n_beats, n_leads;  /* beats with both bounds; leads behind them (median) */
    double median_ms;         /* over the beats */
    double beats_sd_ms;       /* NaN: fewer than three beats */
    double uncertainty_ms;    /* see above; NaN: fewer than three beats or two leads */
    const char *do_not_trust; /* why not, a static text; NULL: it may be trusted */
} gm_interval_spread;

/* waves: of the same record and measurement. Fails with GM_ENOMEM. */
gm_status gm_ecg_interval_spreads(gm_interval_spread out[GM_N_SPREADS], const gm_ecg_measurement *m,
                                  const gm_ecg_waves *waves);

/* How sure the bounds of the median beat are, one SD: sqrt(SD^2 / beats + d^2), SD (robust) that of the bound
 * in single beats from the fiducial, d how far their median is from the bound of the median beat. NaN: not
 * found in either, or in fewer than three beats. Sizes: [.. GM_N_LEADS][wave][on, peak, off], the last of the
 * first being the bounds over all leads. Fails with GM_ENOMEM. */
typedef double gm_bound_sd_ms[GM_N_LEADS + 1][GM_N_WAVES][3];
gm_status gm_ecg_bound_spreads(gm_bound_sd_ms out, const gm_ecg_measurement *m,
                               const gm_ecg_waves *waves);

#endif
