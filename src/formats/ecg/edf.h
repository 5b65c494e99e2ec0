/* edf.h - EDF, EDF+ and BDF(+) recordings: read from bytes in memory; EDF+C written.
 *
 * By hand from the published specification, because EDFlib 1.23 opens files by path only, keeps its
 * open files in global tables (no second thread), refuses real files (a degree sign in a dimension
 * field), clips counts to the digital range and hides the fields. It is the oracle of the tests.
 *
 * Signals of one rate are one gm_ecg: that of the leads (else of "ECG ...", else the most common) is
 * the record, other rates are its `others`. Where the physical maximum is the lower one the counts
 * are negated, with a note. Gaps of EDF+D hold missing samples. A file of annotations alone is a
 * record without channels at 1000 Hz, so that its marks are in ms.
 */
#ifndef GM_EDF_H
#define GM_EDF_H

#include <stddef.h>

#include "ecg/encode.h"
#include "ecg/waveform.h"

/* Gaps are filled as long as the whole has no more values than this, or 100 times the recorded ones. */
#define GM_EDF_MAX_GAP_VALUES ((size_t)1 << 22)
#define GM_EDF_MAX_GAP_FACTOR 100

/* `name` begins messages. Fails with GM_EFORMAT (file, bytes, field, value, what is allowed),
 * GM_ENOMEM. Any thread. */
gm_status gm_edf_parse(gm_ecg **out, const void *bytes, size_t length, const char *name);

/* EDF+C as gm_ecg_format.write says: raw counts are the digital samples. Refuses what EDF cannot hold
 * exactly: counts beyond 16 bits, missing samples, a rate or number of samples that no data record
 * divides, a scale that its fields of eight characters do not give. */
gm_status gm_edf_write(gm_ecg_files *out, const gm_ecg *e, const char *path);

#endif
