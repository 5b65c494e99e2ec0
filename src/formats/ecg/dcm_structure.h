/* dcm_structure.h - finds the data set of a DICOM file and walks its elements without interpreting
 * them, so that every length is known to lie inside before a library allocates for it. DICOM PS3.5
 * section 7, PS3.10.
 *
 * Accepted: implicit or explicit VR, little or big endian, deflated; sequences nested up to 32 deep.
 * Any thread.
 */
#ifndef GM_ECG_DCM_STRUCTURE_H
#define GM_ECG_DCM_STRUCTURE_H

#include <stddef.h>

#include "core/status.h"

typedef enum {
    GM_DCM_IMPLICIT,
    GM_DCM_EXPLICIT,
    GM_DCM_DEFLATED, /* once open: explicit, little endian */
    GM_DCM_BIG_ENDIAN
} gm_dcm_syntax;

typedef struct {
    const char *bytes; /* the data set: inside the file's bytes, or `inflated` */
    size_t length;
    gm_dcm_syntax syntax;
    char *inflated; /* owned; NULL where the file is not deflated */
} gm_dcm_data;

/* Fails with GM_EFORMAT ("name: byte N: element (gggg,eeee) ..."; in a deflated file N counts inflated
 * bytes) and GM_ENOMEM; then *out holds nothing. At most 256 MiB are inflated. */
gm_status gm_dcm_open(gm_dcm_data *out, const void *bytes, size_t length, const char *name);
void gm_dcm_close(gm_dcm_data *d);

#endif
