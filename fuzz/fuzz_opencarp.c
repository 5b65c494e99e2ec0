#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "geometry/opencarp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* .pts, .elem and .lon, one after the other with a byte 0 between; without the second 0 no .lon. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *first = size ? memchr(text, 0, size) : NULL;
    if (!first) return 0;
    const char *end = text + size, *second = memchr(first + 1, 0, (size_t)(end - first - 1));
    gm_bytes pts = {text, (size_t)(first - text), "fuzz.pts"};
    gm_bytes elem = {first + 1, (size_t)((second ? second : end) - first - 1), "fuzz.elem"};
    gm_bytes lon = {0};
    if (second) lon = (gm_bytes){second + 1, (size_t)(end - second - 1), "fuzz.lon"};
    gm_tetmesh *m;
    if (gm_opencarp_parse(&m, &pts, &elem, second ? &lon : NULL) != GM_OK) return 0;
    gm_tetmesh_facts facts;
    if (gm_tetmesh_check(m, NULL, "accepted") != GM_OK) abort();
    if (gm_tetmesh_measure(m, &facts) != GM_OK) abort();
    gm_tetmesh_destroy(m);
    return 0;
}
