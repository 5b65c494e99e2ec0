/* dicom.h - ECGs in DICOM files: 12-lead, general and ambulatory waveform storage.
 *
 * A file holds one or more multiplex groups, each with its own leads and rate: the rhythm strip of
 * 10 s and often the median beat that the device computed.
 */
#ifndef GM_ECG_DICOM_H
#define GM_ECG_DICOM_H

#include <stddef.h>

#include "ecg/waveform.h"

/* All groups in the file's order; destroyed with gm_ecg_groups_destroy(). `name` begins messages. Fail
 * with GM_EFORMAT, GM_ENOMEM, and on a file with GM_ENOTFOUND and GM_EIO. */
gm_status gm_ecg_dicom_parse(gm_ecg ***groups, size_t *n_groups, const void *bytes, size_t length,
                             const char *name);
gm_status gm_ecg_dicom_read(gm_ecg ***groups, size_t *n_groups, const char *path);
void gm_ecg_groups_destroy(gm_ecg **groups, size_t n_groups); /* NULL is allowed */

/* Which group is the ECG itself: the one labelled RHYTHM, else the longest. n_groups > 0. */
size_t gm_ecg_rhythm_group(gm_ecg *const *groups, size_t n_groups);

#endif
