#include <stdint.h>

#include "check_ecg.h"
#include "ecg/dicom.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gm_ecg **groups;
    size_t n_groups;
    if (gm_ecg_dicom_parse(&groups, &n_groups, data, size, "fuzz.dcm") != GM_OK) return 0;
    if (n_groups == 0 || gm_ecg_rhythm_group(groups, n_groups) >= n_groups) __builtin_trap();
    for (size_t i = 0; i < n_groups; i++)
        check_ecg(groups[i]);
    gm_ecg_groups_destroy(groups, n_groups);
    return 0;
}
