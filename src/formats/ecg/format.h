/* format.h - one ECG file format: how to recognise it and how to read it. The table of all formats
 * is in registry.c; README.md says how to add one.
 */
#ifndef GM_ECG_FORMAT_H
#define GM_ECG_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "ecg/encode.h"
#include "ecg/waveform.h"

typedef struct {
    const char *id;     /* as in gm_ecg.format */
    const char *ending; /* ".hea": decides only where no format knows the content */
    /* REQUIRED. Whether the bytes look like this format. Any thread, no blocking, no failure. */
    bool (*sniff)(const char *bytes, size_t length);
    /* REQUIRED. The record whose main file is `path` and holds these bytes; may read files beside
     * it. Any thread; blocks on files. Fails as gm_ecg_read() does. */
    gm_status (*read)(gm_ecg **out, const char *path, const char *bytes, size_t length);
    /* The files that hold `e` exactly, appended to *out: the first is `path`, others lie beside it.
     * GM_EINVAL where the format cannot hold it without changing a sample, a rate or a scale: the
     * message names channel, value and limit. Facts that the format has no place for are left out
     * and said by gm_ecg_files_leave_out(). NULL: this format is only read. */
    gm_status (*write)(gm_ecg_files *out, const gm_ecg *e, const char *path);
    bool holds_marks_alone; /* write() takes an ECG without channels that has marks */
} gm_ecg_format;

extern const gm_ecg_format gm_ecg_format_wfdb, gm_ecg_format_dicom, gm_ecg_format_csv;
extern const gm_ecg_format gm_ecg_format_scp;
extern const gm_ecg_format gm_ecg_format_aecg, gm_ecg_format_fhir, gm_ecg_format_musexml;
extern const gm_ecg_format gm_ecg_format_edf;

const gm_ecg_format *const *gm_ecg_formats(void); /* in the order of asking; NULL ends it */

#endif
