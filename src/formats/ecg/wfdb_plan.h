/* wfdb_plan.h - of which parts a WFDB record is made, and on which scale each signal is brought. For
 * the WFDB reader only. Only headers are read for it.
 *
 * An ordinary record has one part: itself. In a record of segments each signal's gain and baseline
 * may change from one segment to the next. Then its counts are brought to a gain that is a whole
 * multiple of all, so that every count stays a whole number:
 *
 *   count in the record = (count in the segment - its baseline) * multiple + baseline
 */
#ifndef GM_ECG_WFDB_PLAN_H
#define GM_ECG_WFDB_PLAN_H

#include <stddef.h>

#include "ecg/wfdb.h"
#include "ecg/wfdb_header.h"

#define GM_WFDB_ABSENT ((size_t)-1)

typedef struct {
    gm_wfdb_header *h; /* NULL: nothing was recorded */
    char *name;        /* "100s.hea"; of an ordinary record as its caller names it */
    size_t start, n_frames;
    size_t *signal_of; /* [n_tracks] index in h->signals, GM_WFDB_ABSENT */
} gm_wfdb_part;

/* One signal throughout the record. */
typedef struct {
    const gm_wfdb_signal *described; /* its name, samples a frame and skew */
    const gm_wfdb_signal *first;     /* in the first part that has it; else as described */
    double gain, baseline;           /* of the record; gain NaN: not stated */
    bool is_rescaled;                /* some part's counts change */
} gm_wfdb_track;

typedef struct {
    gm_wfdb_header *head;
    gm_wfdb_header *layout; /* of a variable-layout record: lists its signals; else NULL */
    gm_wfdb_part *parts;    /* [n_parts] */
    size_t n_parts;
    gm_wfdb_track *tracks; /* [n_tracks] */
    size_t n_tracks;
    size_t n_frames; /* 0: as many as the files of the one part hold */
    double rate_hz;
} gm_wfdb_plan;

gm_status gm_wfdb_plan_make(gm_wfdb_plan *out, const char *header, size_t length, const char *name,
                            const gm_wfdb_store *store);
void gm_wfdb_plan_free(gm_wfdb_plan *p);

/* The multiple of the equation above for a signal of a part. */
int64_t gm_wfdb_multiple(const gm_wfdb_track *t, const gm_wfdb_signal *s);

#endif
