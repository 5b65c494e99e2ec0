/* dcm_structure.h - walks the elements of a DICOM file without interpreting them, so that every length
 * is known to lie inside the file before a library allocates for it. DICOM PS3.5 section 7, PS3.10.
 *
 * Accepted: implicit or explicit VR, little endian, not compressed; sequences nested up to 32 deep.
 */
#ifndef GM_ECG_DCM_STRUCTURE_H
#define GM_ECG_DCM_STRUCTURE_H

#include <stddef.h>

#include "core/status.h"

/* Fails with GM_EFORMAT: "name: byte N: element (gggg,eeee) ...". */
gm_status gm_dcm_check_structure(const void *bytes, size_t length, const char *name);

#endif
