#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "geometry/tetgen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* .node and .ele with a byte 0 between. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *end = text + size;
    const char *zero = size ? memchr(text, 0, size) : NULL;
    if (!zero) return 0;
    gm_bytes node = {text, (size_t)(zero - text), "fuzz.node"};
    gm_bytes ele = {zero + 1, (size_t)(end - zero - 1), "fuzz.ele"};
    gm_tetmesh *m;
    if (gm_tetgen_parse(&m, &node, &ele) != GM_OK) return 0;
    if (gm_tetmesh_check(m, NULL, "accepted") != GM_OK) abort();
    gm_tetmesh_destroy(m);
    return 0;
}
