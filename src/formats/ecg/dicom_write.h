/* dicom_write.h - what the files of the DICOM writer share. Each puts its elements in ascending order
 * of tags.
 */
#ifndef GM_ECG_DICOM_WRITE_H
#define GM_ECG_DICOM_WRITE_H

#include <stdint.h>

#include "core/text.h"
#include "ecg/encode.h"
#include "ecg/waveform.h"

typedef struct {
    const gm_ecg *e;
    const char *path;  /* begins messages; not owned */
    gm_ecg_files *out; /* only left_out is added to */
    gm_text *t;        /* where elements go */
} gm_dcm_job;

/* (0008,0020) to (0018,1000): dates, people, device, patient. */
gm_status gm_dcm_put_facts(gm_dcm_job *j);

/* (0040,B020), if there are marks. A measurement of device_says that no mark holds becomes one. */
gm_status gm_dcm_put_marks(gm_dcm_job *j);

/* A value of at most n_characters; what cannot be held is named in left_out as `what`. */
gm_status gm_dcm_put_clean(gm_dcm_job *j, uint32_t tag, const char *vr, const char *text,
                           size_t n_characters, const char *what);

#endif
