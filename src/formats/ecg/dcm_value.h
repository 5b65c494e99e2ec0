/* dcm_value.h - dates and numbers as DICOM writes them (PS3.5 6.2: DA, TM, DT, DS), and back. Any
 * thread.
 */
#ifndef GM_ECG_DCM_VALUE_H
#define GM_ECG_DCM_VALUE_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- dates: "20130101093000.5+0100" and "2013-01-01T09:30:00.5+01:00", as far as they go -------- */

enum { GM_DCM_ISO_ROOM = 40, GM_DCM_DT_ROOM = 27 };

/* False, and an empty text, if it is no date. ISO 8601 has no hour alone: it is left out. */
bool gm_dcm_iso_of_dt(char iso[GM_DCM_ISO_ROOM], const char *dt);
bool gm_dcm_dt_of_iso(char dt[GM_DCM_DT_ROOM], const char *iso);

/* Seconds from one DT to the other, both to the second at least; NaN otherwise, or where only one
 * names its time zone. */
double gm_dcm_seconds_between(const char *from_dt, const char *to_dt);

/* "042Y" in years; NaN if it is no age of at most 130 years. */
double gm_dcm_age_years(const char *age);
/* The age in the unit that gives exactly these years back; false if none does. */
bool gm_dcm_age_of_years(char age[5], double years);

/* ---- numbers: at most 16 characters ------------------------------------------------------------ */

enum { GM_DCM_DS_ROOM = 17 };

/* The shortest decimal number that reads back as v, or else the nearest of 16 characters: returns
 * whether it is v. */
bool gm_dcm_decimal(char text[GM_DCM_DS_ROOM], double v);

/* The count that is 0 V: -baseline / scale, where voltage = count x scale + baseline (PS3.3
 * C.10.9.1.4.2). A decimal number of 16 characters holds a whole count only nearly, so what lies
 * within 1e-11 of a millionth of a count is that. */
double gm_dcm_baseline_count(double baseline, double scale);

typedef struct {
    const char *unit; /* UCUM, a constant */
    char sensitivity[GM_DCM_DS_ROOM], correction[GM_DCM_DS_ROOM], baseline[GM_DCM_DS_ROOM];
    double baseline_error, baseline_tolerance; /* counts */
} gm_dcm_scale;

/* Counts: less than the rounding of any voltage that is computed with it. */
#define GM_DCM_BASELINE_TOLERANCE 1e-9

/* Texts that read back as exactly these: unit_mv x (sensitivity x correction) = mv_per_count. The
 * correction is 1 where that will do, else between 0.9 and 1. `unit` (may be NULL) is tried before
 * uV, mV, nV and V. Only a baseline that is no multiple of a millionth of a count may come back with
 * an error, below GM_DCM_BASELINE_TOLERANCE. False if no such texts are found. */
bool gm_dcm_find_scale(gm_dcm_scale *out, double mv_per_count, double baseline_count,
                       const char *unit);

#ifdef __cplusplus
}
#endif

#endif
