#include <stdint.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "geometry/boundary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { N_MESH_NODES = 100 };

static void check(const int32_t *nodes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (nodes[i] < 0 || nodes[i] >= N_MESH_NODES) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gm_bytes file = {(const char *)data, size, "fuzz"};
    int32_t(*faces)[3], *nodes;
    size_t n;
    if (gm_surf_parse(&faces, &n, &file, N_MESH_NODES) == GM_OK) {
        if (n) check(faces[0], 3 * n);
        gm_free(faces);
    }
    if (gm_vtx_parse(&nodes, &n, &file, N_MESH_NODES) == GM_OK) {
        check(nodes, n);
        gm_free(nodes);
    }
    return 0;
}
