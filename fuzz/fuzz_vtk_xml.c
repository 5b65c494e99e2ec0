#include <stdint.h>
#include <stdlib.h>

#include "geometry/grid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gm_bytes file = {(const char *)data, size, "fuzz"};
    gm_grid grid;
    if (gm_vtk_xml_parse(&grid, &file) != GM_OK) return 0;
    gm_tetmesh *m;
    gm_surface *s;
    if (gm_grid_to_tetmesh(&grid, &m, "fuzz") == GM_OK) {
        if (gm_tetmesh_check(m, NULL, "accepted") != GM_OK) abort();
        gm_tetmesh_destroy(m);
    }
    if (gm_grid_to_surface(&grid, &s, "fuzz") == GM_OK) gm_surface_destroy(s);
    gm_grid_free(&grid);
    return 0;
}
