/* waveform.h - one ECG recording as its device wrote it: leads, rate, scale, raw counts, and what
 * is known about patient and device. What is not known stays unknown: NaN, NULL or GM_SEX_UNKNOWN;
 * nothing is invented.
 *
 * voltage_mV = (count - baseline) * mv_per_count. Immutable after reading; one owner.
 */
#ifndef GM_ECG_WAVEFORM_H
#define GM_ECG_WAVEFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* The twelve standard leads in the order that Gemel prints everywhere. */
enum { GM_N_LEADS = 12 };
extern const char *const gm_lead_names[GM_N_LEADS]; /* I II III aVR aVL aVF V1..V6 */

/* Index of a lead name in any usual spelling ("MDC_ECG_LEAD_V1", "avr", "v1", "Lead II"), or -1. */
int gm_lead_index(const char *name);

#define GM_ECG_MISSING_COUNT INT32_MIN /* a sample that the file marks as missing */

typedef struct {
    char *name;          /* as written in the file */
    int lead;            /* 0..11 in gm_lead_names, or -1: not one of the twelve */
    double mv_per_count; /* > 0; NaN: uncalibrated or not a voltage */
    double baseline;     /* counts */
    char *unit;          /* as written in the file, NULL if not stated */
    double skew_ms;      /* NaN: not stated */
    double low_cut_hz, high_cut_hz, notch_hz; /* filters as stated; NaN: not stated */
    int32_t *counts;                          /* [n_samples] */
} gm_ecg_channel;

typedef enum { GM_SEX_UNKNOWN, GM_SEX_FEMALE, GM_SEX_MALE, GM_SEX_OTHER } gm_sex;

typedef struct {
    double rate_hz; /* > 0 */
    size_t n_samples, n_channels;
    gm_ecg_channel *channels;
    char *group; /* "RHYTHM", "MEDIAN BEAT" where a format distinguishes; NULL otherwise */

    char *format;   /* "WFDB", "DICOM", "CSV" */
    char *device;   /* NULL: unknown; likewise below */
    char *acquired; /* ISO 8601, as precise as the file is */
    char *patient_id;
    gm_sex sex;
    double age_years; /* NaN: unknown */

    /* What the device itself measured (DICOM annotations), NaN where absent: for comparison. */
    struct {
        double rr_ms, pr_ms, qrs_ms, qt_ms, qtc_ms;
        double p_axis_deg, qrs_axis_deg, t_axis_deg;
    } device_says;

    char **notes; /* what a reader noticed: checksum wrong, Einthoven broken, samples missing ... */
    size_t n_notes;
} gm_ecg;

/* Reads by content, not by name: WFDB (.hea, or the record name without ending), DICOM, CSV. Fails
 * with GM_ENOTFOUND, GM_EIO, GM_EFORMAT (message: file, place, value, what is allowed), GM_ENOMEM. */
gm_status gm_ecg_read(gm_ecg **out, const char *path);
void gm_ecg_destroy(gm_ecg *e); /* NULL is allowed */

const gm_ecg_channel *gm_ecg_lead(const gm_ecg *e, int lead); /* NULL: not recorded */

/* The twelve leads in mV, row-major [12][n_samples]; a lead that is not recorded is derived from the
 * others where Einthoven and Goldberger allow (III = II - I, aVR = -(I + II)/2, aVL = I - II/2,
 * aVF = II - I/2), else NaN throughout. A missing sample is NaN. `derived[lead]` says which were. */
gm_status gm_ecg_twelve_leads_mv(const gm_ecg *e, double *leads_mv, bool derived[GM_N_LEADS]);

/* Largest and RMS error of III = II - I in mV over the record; NaN if the three are not recorded.
 * Readers add a note when the RMS error exceeds 5 % of the RMS of II and 0.02 mV, or when it exceeds
 * 1 % although the raw counts obey the law within 2 counts: then the gains are no calibration. */
void gm_ecg_einthoven_error_mv(const gm_ecg *e, double *rms_mv, double *max_mv);

#endif
