/* edf_scale.h - the scale of an EDF signal, which stands in four fields of eight characters:
 *
 *     physical = physical_min + (count - digital_min) (physical_max - physical_min) /
 *                                                     (digital_max - digital_min)
 *
 * as scale and baseline, and back into four fields that give just these. For edf*.c only.
 */
#ifndef GM_EDF_SCALE_H
#define GM_EDF_SCALE_H

#include <stdbool.h>

typedef struct {
    double physical_min, physical_max; /* each a decimal number of at most eight characters */
    long digital_min, digital_max;
} gm_edf_range;

/* mV (or whatever unit_mv is one of) per count, and the count of physical 0. Rounded once, so that a
 * scale of 1/200 mV comes back as 0.005. Negative where the physical maximum is the lower one; 0
 * where both are equal (*baseline is 0 then). */
double gm_edf_scale(const gm_edf_range *r, double unit_mv, double *baseline);

/* Largest relative error of a scale, and error of a baseline in counts, that is taken for equal. */
#define GM_EDF_SCALE_TOLERANCE 1e-9
#define GM_EDF_BASELINE_TOLERANCE 1e-6

/* The fields for a scale, such that all counts from `lowest` to `highest` lie in the digital range.
 * False if no four fields hold it within the tolerances. `error` receives the relative error. */
bool gm_edf_range_for(gm_edf_range *out, double *error, double mv_per_count, double baseline,
                      double unit_mv, long lowest, long highest);

/* v in at most eight characters, exactly or as near as they reach; false if it does not fit. */
bool gm_edf_number(char text[9], double v);

#endif
