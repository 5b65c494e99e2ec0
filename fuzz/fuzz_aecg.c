#include <stdint.h>

#include "check_ecg.h"
#include "ecg/aecg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gm_ecg *e;
    if (gm_aecg_parse(&e, (const char *)data, size, "fuzz.xml") != GM_OK) return 0;
    check_ecg(e);
    gm_ecg_destroy(e);
    return 0;
}
