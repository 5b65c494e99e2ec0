/* wfdb_header.h - the text header (.hea) of a WFDB record: which signals, at what rate and scale, in
 * which files; or of which segments, each a record of its own, it is put together. WFDB Applications
 * Guide, header(5).
 *
 * physical = (count - baseline) / gain. Missing fields stay missing: the defaults that WFDB software
 * would put in place of a rate (250 Hz) or a gain (200 per mV) are not used here.
 */
#ifndef GM_ECG_WFDB_HEADER_H
#define GM_ECG_WFDB_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

#define GM_WFDB_NO_FILE ((size_t)-1)

typedef struct {
    size_t file;              /* index in gm_wfdb_header.files; GM_WFDB_NO_FILE in format 0 */
    int format;               /* see wfdb_format.h */
    size_t samples_per_frame; /* >= 1 */
    bool skew_stated;
    long skew_frames; /* >= 0: that many frames of the signal precede the record's first */
    size_t offset;    /* bytes before the first sample in the file */
    double gain;      /* counts per unit; NaN: not stated (or written as 0) */
    double baseline;  /* counts */
    char *unit;       /* NULL: not stated, which means mV */
    long adc_zero;    /* 0: not stated */
    bool first_stated, checksum_stated;
    long first_count, checksum;
    char *name; /* the description; NULL: not stated */
    long line;  /* of the header, for messages */
} gm_wfdb_signal;

typedef struct {
    char *name;      /* of the record whose header is NAME.hea; "~": nothing was recorded */
    size_t n_frames; /* 0 in the first: it only lists the signals that occur (variable layout) */
    long line;
} gm_wfdb_segment;

typedef struct {
    char *record;
    double rate_hz;  /* frames a second; NaN: not stated */
    size_t n_frames; /* 0: not stated */
    char *time, *date;
    size_t n_signals, n_files;
    gm_wfdb_signal *signals;   /* NULL in a record of segments */
    gm_wfdb_segment *segments; /* [n_segments] */
    size_t n_segments;         /* 0: an ordinary record */
    char **files;              /* names without folder, each once, in order of appearance */
    char **comments;
    size_t n_comments;
} gm_wfdb_header;

/* `name` is the header's file in messages. Fails with GM_EFORMAT ("file:line: ..."), GM_ENOMEM. */
gm_status gm_wfdb_header_parse(gm_wfdb_header **out, const char *bytes, size_t length,
                               const char *name);
void gm_wfdb_header_destroy(gm_wfdb_header *h); /* NULL is allowed */

#endif
