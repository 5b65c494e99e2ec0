#include <stdint.h>

#include "check_ecg.h"
#include "ecg/scp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gm_ecg *e;
    if (gm_ecg_scp_parse(&e, data, size, "fuzz.scp") != GM_OK) return 0;
    check_ecg(e);
    for (size_t i = 0; i < e->n_others; i++)
        check_ecg(e->others[i]);
    gm_ecg_destroy(e);
    return 0;
}
