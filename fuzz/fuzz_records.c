#include <stdint.h>

#include "live/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *o = json_loadb((const char *)data, size, 0, NULL);
    gm_record r;
    if (o) (void)gm_record_read(&r, o, 1795425000000);
    json_decref(o);
    return 0;
}
