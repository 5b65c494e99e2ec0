#include <stdint.h>
#include <stdlib.h>

#include "geometry/obj.h"
#include "mesh/surface.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gm_bytes file = {(const char *)data, size, "fuzz.obj"};
    gm_surface *s;
    if (gm_obj_parse(&s, &file) != GM_OK) return 0;
    if (gm_surface_check(s, "accepted") != GM_OK) abort();
    gm_surface_destroy(s);
    return 0;
}
