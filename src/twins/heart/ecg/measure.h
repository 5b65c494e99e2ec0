/* measure.h - what a clinician reads off an ECG: beats, a typical (median) beat with the bounds of
 * P, QRS and T, rate, intervals, frontal axes, and how good each lead is.
 *
 * The median beat has its own clock: 0 ms at its first sample, sample i at i * 1000 / rate_hz. In a
 * record of several beats it spans -450 .. +750 ms about the QRS fiducial. A record of one beat
 * (a CSV of one beat, of QRS alone even) is its own median beat, unfiltered, on its own clock.
 *
 * What cannot be measured is NaN ("unknown"); nothing is invented. Units: ms, mV, degrees, 1/min.
 * Reference: reference/ecg.md, sections 4-8. A measurement is immutable; any thread may read it.
 */
#ifndef GM_HEART_ECG_MEASURE_H
#define GM_HEART_ECG_MEASURE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"
#include "ecg/waveform.h"

typedef enum { GM_WAVE_P, GM_WAVE_QRS, GM_WAVE_T, GM_N_WAVES } gm_ecg_wave;
extern const char *const gm_ecg_wave_names[GM_N_WAVES]; /* "P", "QRS", "T" */

/* On the clock of the median beat; NaN: not found. */
typedef struct {
    double on_ms, peak_ms, off_ms;
} gm_ecg_bounds;

typedef struct {
    double time_s; /* of the QRS fiducial, from the first sample */
    double
        correlation; /* of its QRS with that of the median beat, all leads; NaN: window cut off */
    bool in_median;  /* it went into the median beat */
} gm_ecg_beat;

typedef enum {
    GM_GRADE_ABSENT,   /* not recorded and not derivable */
    GM_GRADE_UNUSABLE, /* flat, or mostly missing: not used for anything */
    GM_GRADE_POOR,
    GM_GRADE_FAIR,
    GM_GRADE_GOOD
} gm_ecg_grade;
extern const char *const gm_ecg_grade_names[]; /* "absent" .. "good" */

typedef struct {
    bool is_derived; /* from other leads, by Einthoven or Goldberger */
    bool is_flat;
    double missing_fraction;   /* of the samples, 0..1 */
    double saturated_fraction; /* of the samples that sit on a rail, 0..1 */
    double wander_mv;          /* RMS below 0.5 Hz about the mean; NaN: record shorter than 2 s */
    double noise_mv;           /* RMS that differs from beat to beat, see gm_ecg_median_beat */
    double mains_mv;           /* amplitude of the 50 or 60 Hz that was removed; 0: none found */
    gm_ecg_grade grade;
} gm_ecg_lead_quality;

typedef struct {
    size_t n;        /* samples */
    double rate_hz;  /* of the record */
    size_t fiducial; /* sample of the QRS fiducial */
    size_t n_beats;  /* that went in; 1: one beat, as it was recorded */
    bool is_whole_record;
    double *mv;        /* [12][n]; a lead that is unknown or unusable is NaN throughout */
    double *spread_mv; /* [12][n] SD of the beats at each sample; NaN where fewer than 2 beats */
    /* RMS noise of one beat: residuals about the median beat over 40 % of RR before to 60 % after
     * the fiducial; for a single beat: from its high frequencies, at least the step of its
     * digits. NaN: lead unknown. The median beat itself carries median_noise_mv. */
    double noise_mv[GM_N_LEADS], median_noise_mv[GM_N_LEADS];
    gm_ecg_bounds wave[GM_N_WAVES]; /* over all leads */
    gm_ecg_bounds lead_wave[GM_N_LEADS][GM_N_WAVES];
} gm_ecg_median_beat;

typedef enum {
    GM_QTC_FRIDERICIA,
    GM_QTC_BAZETT,
    GM_QTC_FRAMINGHAM,
    GM_QTC_HODGES,
    GM_N_QTC
} gm_qtc;
extern const char *const gm_qtc_names[GM_N_QTC]; /* "fridericia", the default, first */

typedef struct {
    double heart_rate_per_min;                        /* 60,000 / mean RR */
    double rr_ms, rr_median_ms, rr_min_ms, rr_max_ms; /* mean of all beats */
    double sdnn_ms, rmssd_ms, pnn50_percent;          /* of all beats, not of normal ones alone */
    double p_ms, pr_ms, qrs_ms, qt_ms;
    double qtc_ms[GM_N_QTC];
    double axis_deg[GM_N_WAVES]; /* frontal, from net area; -180 .. 180, 0 = towards I */
    double
        axis_sd_deg[GM_N_WAVES]; /* from noise of the median beat in I and aVF, taken as white; the
                                       choice of bounds is not in it */
} gm_ecg_intervals;

typedef struct {
    double rate_hz, duration_s;
    gm_ecg_beat *beats; /* [n_beats], in time */
    size_t n_beats;
    gm_ecg_lead_quality quality[GM_N_LEADS];
    gm_ecg_median_beat median;
    gm_ecg_intervals intervals;
    /* The file's gains contradict each other or are missing: all leads were put on one scale of
     * 1 uV a count, so that shapes, times and axes hold but absolute amplitudes do not. */
    bool amplitudes_are_relative;
    char **notes;
    size_t n_notes;
} gm_ecg_measurement;

/* The caller owns *out. Fails with GM_EFORMAT (record too short, all leads flat or missing, no beat
 * found: the message says which), GM_ENOMEM. Takes milliseconds for 10 s of 12 leads. */
gm_status gm_ecg_measure(gm_ecg_measurement **out, const gm_ecg *ecg);
void gm_ecg_measurement_destroy(gm_ecg_measurement *m); /* NULL is allowed */

/* gm_ecg_twelve_leads_mv() on the scale that the measurement uses (amplitudes_are_relative). */
gm_status gm_ecg_leads_on_scale_mv(const gm_ecg *ecg, const gm_ecg_measurement *m, double *leads_mv,
                                   bool derived[GM_N_LEADS]);
/* The first n samples of one channel in mV, on the scale that the measurement uses; NaN: missing.
 * False, and *mv untouched: its scale is not known. */
bool gm_ecg_channel_on_scale_mv(const gm_ecg_channel *c, size_t n, const gm_ecg_measurement *m,
                                double *mv);

#endif
