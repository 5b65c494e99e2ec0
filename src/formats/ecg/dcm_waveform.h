/* dcm_waveform.h - the waveforms of a DICOM file (PS3.3 C.10.9), decoded by DCMTK. The one place where
 * C++ is: nothing of it passes through here, neither types nor exceptions. Thread-safe.
 */
#ifndef GM_ECG_DCM_WAVEFORM_H
#define GM_ECG_DCM_WAVEFORM_H

#ifdef __cplusplus
extern "C" {
#endif

#include <stddef.h>

#include "ecg/waveform.h"

enum { GM_DCM_MAX_GROUPS = 64 };

/* All multiplex groups in the file's order. The bytes must have passed gm_dcm_check_structure(). The
 * caller destroys each and frees the array with gm_free(). Fails with GM_EFORMAT, GM_ENOMEM. */
gm_status gm_dcm_waveform_parse(gm_ecg ***groups, size_t *n_groups, const void *bytes,
                                size_t length, const char *name);

#ifdef __cplusplus
}
#endif

#endif
