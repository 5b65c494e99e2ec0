/* dcm_waveform.h - the waveforms of a DICOM data set (PS3.3 C.10.9) with their annotations and facts,
 * decoded by DCMTK. The one place where C++ is: nothing of it passes through here, neither types nor
 * exceptions. Thread-safe.
 */
#ifndef GM_ECG_DCM_WAVEFORM_H
#define GM_ECG_DCM_WAVEFORM_H

#ifdef __cplusplus
extern "C" {
#endif

#include <stddef.h>

#include "ecg/dcm_structure.h"
#include "ecg/waveform.h"

enum { GM_DCM_MAX_GROUPS = 64, GM_DCM_MAX_MARKS = 1000000 };

/* The coding scheme of names that have no code of their own; DICOM keeps "99..." for such. */
#define GM_DCM_OWN_SCHEME "99GEMEL"
#define GM_DCM_NO_NAME "unnamed"

/* The data must come from gm_dcm_open(). Fails with GM_EFORMAT, GM_ENOMEM. */
gm_status gm_dcm_waveform_parse(gm_ecg **out, const gm_dcm_data *data, const char *name);

/* Which multiplex group is the ECG itself: the first labelled RHYTHM, else the longest, else the
 * first. n_groups > 0. */
size_t gm_dcm_rhythm_group(const gm_ecg *const *groups, size_t n_groups);

/* The field of device_says that a measurement with this SCP-ECG code, MDC code or meaning (any may be
 * NULL) belongs to, NULL: none. */
typedef struct {
    const char *scp, *mdc, *meaning;
    size_t offset; /* of the double in gm_ecg */
    int is_angle;
} gm_dcm_measurement;
extern const gm_dcm_measurement gm_dcm_measurements[];
extern const size_t gm_dcm_n_measurements;
const gm_dcm_measurement *gm_dcm_measurement_of(const char *code, const char *meaning);

#ifdef __cplusplus
}
#endif

#endif
