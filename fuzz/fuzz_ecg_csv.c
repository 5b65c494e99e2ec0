#include <stdint.h>

#include "check_ecg.h"
#include "ecg/csv_waveform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gm_ecg *e;
    if (gm_ecg_csv_parse(&e, data, size, "fuzz.csv") != GM_OK) return 0;
    check_ecg(e);
    gm_ecg_destroy(e);
    return 0;
}
