/* wfdb.h - the signals of a WFDB record, from bytes in memory. WFDB Applications Guide, signal(5). */
#ifndef GM_ECG_WFDB_H
#define GM_ECG_WFDB_H

#include <stddef.h>

#include "ecg/waveform.h"
#include "ecg/wfdb_header.h"

typedef struct {
    const char *bytes;
    size_t length;
} gm_wfdb_file;

/* files: one for each of header->files. `name` begins messages. Checksums and first counts that do
 * not hold become notes; a file too short for the header is refused. Signals that are sampled at
 * another rate than the ECG leads are left out with a note. */
gm_status gm_wfdb_signals(gm_ecg **out, const gm_wfdb_header *header, const gm_wfdb_file *files,
                          const char *name);

#endif
