/* wfdb.h - a WFDB record, from files wherever they are: an ordinary one or one of segments, with
 * signals at one or several rates, and its annotations. WFDB Applications Guide, header(5), signal(5),
 * annot(5).
 *
 * Segments follow each other in time; where a segment lacks a signal, or nothing was recorded ("~"),
 * its samples are missing. Signals at another rate than the leads are in gm_ecg.others, one for each
 * rate ("250 Hz"). A signal's skew is taken out as WFDB software does it: its first samples, which
 * precede the record's sample 0, are left off, and as many are missing at its end.
 */
#ifndef GM_ECG_WFDB_H
#define GM_ECG_WFDB_H

#include <stddef.h>

#include "ecg/waveform.h"

/* Of all signals, where the files do not bound them (segments, signals without a file): 1 GiB of counts,
 * more than a day of twelve leads at 250 Hz. */
#define GM_WFDB_MAX_SAMPLES ((size_t)1 << 28)

/* Where a record's files are. */
typedef struct {
    /* The file of that name beside the header, which the caller frees with gm_free(). Fails as
     * gm_file_read() does; GM_ENOTFOUND: there is none. */
    gm_status (*load)(void *self, char **bytes, size_t *length, const char *name, size_t max_bytes);
    void *self;
    size_t max_samples; /* instead of GM_WFDB_MAX_SAMPLES; 0: that */
} gm_wfdb_store;

/* The record whose header these bytes are. `name` is its file in messages, and NAME.atr beside
 * NAME.hea holds its annotations, if there; annotations that cannot be read are a note, as are
 * checksums and first counts that do not hold. A file too short for its header is refused, and so are
 * segments whose signals have no common exact scale. Fails as gm_ecg_read() does. */
gm_status gm_wfdb_read(gm_ecg **out, const char *header, size_t length, const char *name,
                       const gm_wfdb_store *store);

#endif
