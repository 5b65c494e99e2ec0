#include <stdint.h>

#include "check_ecg.h"
#include "ecg/scp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_reader(gm_ecg_scp_parse, data, size);
    return 0;
}
