/* ecg_numbers.h - the numbers that an ECG is summed up in (intervals.h), how sure each is (one SD), and when
 * not to trust it.
 *
 * P, PR, QRS, QT: sqrt(u^2 + d^2), u the uncertainty of the median of single beats (spread.h), d how far
 * that median is from the interval of the median beat: two methods that disagree are both unsure.
 * RR and heart rate: standard error of the mean over the intervals, of the median of a normal sample
 * sqrt(pi / 2) times that; shortest and longest RR: of one interval between two samples; SDNN, RMSSD, pNN50: as in hrv.h.
 * QTc: from those of QT and RR. Axes: see gm_ecg_intervals.
 */
#ifndef GM_HEART_ECG_ECG_NUMBERS_H
#define GM_HEART_ECG_ECG_NUMBERS_H

#include "heart/ecg/measure.h"
#include "heart/ecg/spread.h"

typedef enum {
    GM_NUMBER_HEART_RATE,
    GM_NUMBER_RR,
    GM_NUMBER_RR_MEDIAN,
    GM_NUMBER_RR_MIN,
    GM_NUMBER_RR_MAX,
    GM_NUMBER_SDNN,
    GM_NUMBER_RMSSD,
    GM_NUMBER_PNN50,
    GM_NUMBER_P,
    GM_NUMBER_PR,
    GM_NUMBER_QRS,
    GM_NUMBER_QT,
    GM_NUMBER_QTC,                             /* + gm_qtc */
    GM_NUMBER_AXIS = GM_NUMBER_QTC + GM_N_QTC, /* + gm_ecg_wave */
    GM_N_NUMBERS = GM_NUMBER_AXIS + GM_N_WAVES
} gm_ecg_number_name;
extern const char *const gm_ecg_number_keys[GM_N_NUMBERS]; /* "heart_rate_per_min": name and unit */

typedef struct {
    double value;             /* NaN: unknown */
    double sd;                /* in the unit of value; NaN: not known */
    const char *do_not_trust; /* why not, a static text; NULL: it may be trusted, or is unknown */
} gm_ecg_number;

/* intervals: of the same measurement. signals_are_poor: most signals are not to be trusted; then no
 * number is. */
void gm_ecg_numbers_of(gm_ecg_number out[GM_N_NUMBERS], const gm_ecg_measurement *m,
                       const gm_interval_spread intervals[GM_N_SPREADS], bool signals_are_poor);

#endif
