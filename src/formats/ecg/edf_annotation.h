/* edf_annotation.h - the time-stamped annotation lists (TALs) of EDF+:
 *
 *     +onset [0x15 duration] 0x14 text 0x14 [text 0x14 ...] 0x00
 *
 * in seconds from the file's start time. The first TAL of a record has an empty text and says when
 * the record begins. For edf*.c only.
 */
#ifndef GM_EDF_ANNOTATION_H
#define GM_EDF_ANNOTATION_H

#include "ecg/edf_header.h"

typedef struct {
    double onset_s, duration_s; /* duration NaN: not stated */
    const char *text;           /* [length] in the file's bytes, UTF-8; not empty */
    size_t length;
} gm_edf_annotation;

typedef struct {
    size_t n_tals; /* those without text included */
    size_t n;
    gm_edf_annotation *items; /* in the order of the file */
    double *record_onset_s;   /* [n_records]; NaN: not said; NULL: there is no annotation signal */
    size_t n_malformed, first_malformed; /* left out; byte of the first */
} gm_edf_annotations;

/* bytes: the whole file that h describes; *out points into it. Fails with GM_ENOMEM. */
gm_status gm_edf_annotations_read(gm_edf_annotations *out, const gm_edf_header *h,
                                  const char *bytes);
void gm_edf_annotations_free(gm_edf_annotations *a);

#endif
