/* vtk_target.h - what both VTK fuzz targets do with a grid: make mesh and surface of it, and look at the mesh
 * if it was accepted. */
#ifndef GM_FUZZ_VTK_TARGET_H
#define GM_FUZZ_VTK_TARGET_H

#include <stdint.h>
#include <stdlib.h>

#include "geometry/grid.h"

static inline int gm_fuzz_grid(gm_status (*parse)(gm_grid *, const gm_bytes *), const uint8_t *data,
                               size_t size)
{
    gm_bytes file = {(const char *)data, size, "fuzz"};
    gm_grid grid;
    if (parse(&grid, &file) != GM_OK) return 0;
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

#endif
