#include "vtk_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return gm_fuzz_grid(gm_vtk_parse, data, size);
}
