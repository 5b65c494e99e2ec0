#include <stdint.h>

#include "info/dtdl/dtdl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gm_dtdl_model *m;
    gm_dtdl_text t = {"fuzz.json", (const char *)data, size};
    if (gm_dtdl_parse(&m, &t, 1, NULL) != GM_OK) return 0;
    for (size_t k = 0; k < gm_dtdl_n_errors(m); k++)
        if (!gm_dtdl_error_at(m, k)->id) __builtin_trap();
    gm_dtdl_destroy(m);
    return 0;
}
