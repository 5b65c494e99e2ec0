/* grid.h - what a VTK file holds, whichever of its formats wrote it: points, cells, named arrays.
 *
 * A stage between the parsers (vtk_legacy.c, vtk_xml.c) and the meshes of Gemel; also the way to an
 * array that a mesh has no place for. All numbers are doubles, which hold every index exactly.
 */
#ifndef GM_GEOMETRY_GRID_H
#define GM_GEOMETRY_GRID_H

#include "core/text.h"
#include "geometry/geometry.h"

typedef struct {
    char *name;
    bool on_cells;
    size_t n_components;
    double *values; /* [n_points or n_cells][n_components] */
} gm_grid_array;

typedef struct {
    bool is_polydata; /* cells are polygons and `types` is absent */
    size_t n_points, n_cells;
    double (*points)[3];  /* mm */
    double *offsets;      /* [n_cells + 1], cell c has connectivity[offsets[c] .. offsets[c + 1]) */
    double *connectivity; /* [n_connectivity] as the file has it: unchecked */
    size_t n_connectivity;
    double *types; /* [n_cells] VTK cell types */
    gm_grid_array *arrays;
    size_t n_arrays;
} gm_grid;

void gm_grid_free(gm_grid *g);

/* Parsers; *out is zeroed on failure. The caller frees it with gm_grid_free(). */
gm_status gm_vtk_parse(gm_grid *out, const gm_bytes *vtk); /* legacy */
gm_status gm_vtk_xml_parse(gm_grid *out, const gm_bytes *xml);

/* Of a .vtk, .vtu or .vtp file, by content. */
gm_status gm_grid_read(gm_grid *out, const char *path);
gm_status gm_grid_parse(gm_grid *out, const gm_bytes *file);

/* The array with this name, ignoring case; NULL: none. */
const gm_grid_array *gm_grid_find(const gm_grid *g, const char *name, bool on_cells);

/* A tetrahedral mesh: every cell must be a tetrahedron (VTK type 10). Tags from a whole-numbered cell
 * array tag, tags, elemTag, region or material; fibres from fibres, fibers, fibre, fiber, f0 or
 * fiber_direction; sheets from sheets, sheet or s0. Vectors on the points are averaged over a tet. */
gm_status gm_grid_to_tetmesh(const gm_grid *g, gm_tetmesh **out, const char *name);
/* Triangles; polygons are cut into fans. */
gm_status gm_grid_to_surface(const gm_grid *g, gm_surface **out, const char *name);

/* ---- for the parsers ---------------------------------------------------------------------------- */

typedef enum {
    GM_RAW_NONE,
    GM_RAW_I8,
    GM_RAW_U8,
    GM_RAW_I16,
    GM_RAW_U16,
    GM_RAW_I32,
    GM_RAW_U32,
    GM_RAW_I64,
    GM_RAW_U64,
    GM_RAW_F32,
    GM_RAW_F64
} gm_raw_type;

size_t gm_raw_size(gm_raw_type type); /* bytes */
void gm_raw_decode(const void *bytes, gm_raw_type type, bool is_big_endian, size_t n, double *out);
/* Decimal numbers; nan and inf are let through, since a field that nobody uses may hold them. */
gm_status gm_raw_scan(gm_scanner *s, size_t n, double *out, const char *what);

/* Adds a zeroed array with memory for its values. */
gm_status gm_grid_add(gm_grid *g, const char *name, size_t name_length, bool on_cells,
                      size_t n_components, gm_grid_array **out);

#endif
