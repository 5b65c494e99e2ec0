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

/* Index of a lead name in any usual spelling ("MDC_ECG_LEAD_V1", "avr", "Lead II", "EKG V1-ref"), or -1. */
int gm_lead_index(const char *name);

#define GM_ECG_MISSING_COUNT INT32_MIN /* a sample that the file marks as missing */

typedef struct {
    char *name;          /* as written in the file */
    int lead;            /* 0..11 in gm_lead_names, or -1: not one of the twelve */
    double mv_per_count; /* > 0; NaN: uncalibrated or not a voltage */
    double baseline;     /* counts */
    char *unit;          /* as written in the file, NULL if not stated */
    double skew_ms;      /* still in the counts: a later time of sample 0; NaN: not stated */
    double low_cut_hz, high_cut_hz, notch_hz; /* filters as stated; NaN: not stated */
    int32_t *counts;                          /* [n_samples] */
} gm_ecg_channel;

typedef enum { GM_SEX_UNKNOWN, GM_SEX_FEMALE, GM_SEX_MALE, GM_SEX_OTHER } gm_sex;

/* Who. Free text that names a person is only here and in gm_ecg_recording. */
typedef struct {
    char *name, *id;
    char *birth_date; /* ISO 8601, as precise as the file is: "1962", "1962-03-04" */
    gm_sex sex;
    double age_years, height_cm, weight_kg; /* NaN: unknown */
} gm_ecg_patient;

/* A mark that the file itself carries: a beat, a bound of a wave, a rhythm, a measured value, a remark. */
typedef struct {
    size_t group;        /* 0: this record; k: others[k - 1] */
    int channel;         /* of that group; -1: all */
    double sample;       /* of that group, from 0; NaN: of the record as a whole */
    double duration_ms;  /* NaN: a point, or not stated */
    char *what;          /* as the format names it: "N", "(", "QRS Onset", "MDC_ECG_TIME_PD_QT" */
    char *scheme, *code; /* of `what`, NULL: none: "SCPECG" "5.10.2.1-3", "MIT" "1" */
    double value;        /* NaN: no number */
    char *unit;          /* of value, as written */
    char *text;          /* free text; may name a person */
} gm_ecg_mark;

typedef struct gm_ecg {
    double rate_hz;  /* > 0 */
    double first_ms; /* time of the first sample on the file's own clock; 0 where it has none */
    size_t n_samples, n_channels;
    gm_ecg_channel *channels;
    char *group;  /* "RHYTHM", "MEDIAN BEAT" where a format distinguishes; NULL otherwise */
    char *format; /* "WFDB", "DICOM", "CSV" ... */

    /* Of the record as a whole; unknown in `others`. NULL: unknown. */
    gm_ecg_patient patient;
    char *acquired;                /* ISO 8601, as precise as the file is */
    char *device, *device_id;      /* maker and model; serial number */
    char *institution, *physician; /* where, and whoever is named beside the patient */
    char **comments;               /* free text of the file, a line each */
    size_t n_comments;
    gm_ecg_mark *marks;
    size_t n_marks;

    /* What the device itself measured, NaN where absent: for comparison. */
    struct {
        double rr_ms, pr_ms, qrs_ms, qt_ms, qtc_ms;
        double p_axis_deg, qrs_axis_deg, t_axis_deg;
    } device_says;

    /* The file's other waveforms: median beat, channels at another rate. Owned; they have none. */
    struct gm_ecg **others;
    size_t n_others;

    char **notes; /* what a reader noticed: checksum wrong, Einthoven broken, samples missing ... */
    size_t n_notes;
} gm_ecg;

/* The channel's own name, or that of its lead if nobody would know the lead by its own; NULL: none. */
const char *gm_ecg_lead_name(const gm_ecg_channel *c);

/* Reads by content, not by name: WFDB (.hea, or the record name without ending), DICOM, CSV. Fails
 * with GM_ENOTFOUND, GM_EIO, GM_EFORMAT (message: file, place, value, what is allowed), GM_ENOMEM. */
gm_status gm_ecg_read(gm_ecg **out, const char *path);
void gm_ecg_destroy(gm_ecg *e); /* NULL is allowed */

const gm_ecg_channel *gm_ecg_lead(const gm_ecg *e, int lead); /* NULL: not recorded */

/* The twelve leads in mV, row-major [12][n_samples]; a lead that is not recorded is derived from the
 * others where Einthoven and Goldberger allow (III = II - I, aVR = -(I + II)/2, aVL = I - II/2,
 * aVF = II - I/2), else NaN throughout. A missing sample is NaN. `derived[lead]` says which were. */
gm_status gm_ecg_twelve_leads_mv(const gm_ecg *e, double *leads_mv, bool derived[GM_N_LEADS]);
/* One of them, mv [n_samples]. False, and mv untouched: not recorded and not derivable. */
bool gm_ecg_lead_mv(const gm_ecg *e, int lead, double *mv, bool *derived);

/* Largest and RMS error of III = II - I in mV over the record; NaN if the three are not recorded.
 * Readers add a note when the RMS error exceeds 5 % of the RMS of II and 0.02 mV, or when it exceeds
 * 1 % although the raw counts obey the law within 2 counts: then the gains are no calibration. */
void gm_ecg_einthoven_error_mv(const gm_ecg *e, double *rms_mv, double *max_mv);

#endif
