#include <stdint.h>

#include "check_ecg.h"
#include "ecg/musexml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_reader(gm_musexml_parse, data, size);
    return 0;
}
