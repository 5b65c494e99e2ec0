/* encode.h - an ECG as the files of a format, in memory, and an ECG without who it is from.
 *
 * What is written is what was read: raw counts, rate and scale come back the same. Where a format
 * cannot hold them, nothing is written.
 */
#ifndef GM_ECG_ENCODE_H
#define GM_ECG_ENCODE_H

#include <stddef.h>

#include "ecg/waveform.h"

typedef struct {
    char *path, *bytes;
    size_t length;
} gm_ecg_file;

typedef struct {
    gm_ecg_file *items; /* [n] the main file first */
    size_t n;
    char **left_out; /* [n_left_out] facts that the format has no place for: "filters of V1" */
    size_t n_left_out;
} gm_ecg_files;

/* The format is that of path's ending: .hea WFDB, .edf EDF+, .csv, .dcm DICOM, .json FHIR. Fails with
 * GM_EINVAL (no such ending, no channel or no sample (EDF+ holds annotations alone), or the format
 * cannot hold this ECG: the message names channel, value and limit), GM_ENOMEM. */
gm_status gm_ecg_encode(gm_ecg_files *out, const gm_ecg *e, const char *path);
void gm_ecg_files_free(gm_ecg_files *f);

/* For writers. bytes are copied. */
gm_status gm_ecg_files_add(gm_ecg_files *f, const char *path, const void *bytes, size_t length);
gm_status gm_ecg_files_leave_out(gm_ecg_files *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Removes whatever could tell who the patient is: names, ids, birth date, day and time of the
 * recording (the year stays) and the clock of its samples (first_ms becomes 0), device and serial
 * number, institution, people, all free text and notes; an age above 89 becomes 90 (HIPAA safe
 * harbour, 45 CFR 164.514(b)(2)). The twelve leads get their names in gm_lead_names; other channels
 * whose names are not usual ones become "channel N". Marks stay if their code is one of a public
 * scheme (MIT, MDC, SCPECG, DCM, LN, SCT, SRT) in that scheme's form, a value if its unit is a usual
 * one. Fails with GM_ENOMEM; then *e must not be written. */
gm_status gm_ecg_anonymise(gm_ecg *e);

#endif
