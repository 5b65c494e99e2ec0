#include "geometry/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/file.h"
#include "geometry/numbers.h"
#include "mesh/surface.h"

enum { VTK_TETRA = 10, LONGEST_WORD = 63 };

/* ---- raw numbers -------------------------------------------------------------------------------- */

size_t gm_raw_size(gm_raw_type type)
{
    static const size_t sizes[] = {0, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8};
    return sizes[type];
}

static uint64_t load(const unsigned char *p, size_t size, bool is_big_endian)
{
    uint64_t v = 0;
    for (size_t i = 0; i < size; i++)
        v |= (uint64_t)p[is_big_endian ? size - 1 - i : i] << (8 * i);
    return v;
}

static double real_of_bits(uint64_t bits, gm_raw_type type)
{
    if (type == GM_RAW_F64) {
        double v;
        memcpy(&v, &bits, sizeof v);
        return v;
    }
    uint32_t low = (uint32_t)bits;
    float v;
    memcpy(&v, &low, sizeof v);
    return v;
}

void gm_raw_decode(const void *bytes, gm_raw_type type, bool is_big_endian, size_t n, double *out)
{
    const unsigned char *p = bytes;
    size_t size = gm_raw_size(type);
    for (size_t i = 0; i < n; i++, p += size) {
        uint64_t v = load(p, size, is_big_endian);
        switch (type) {
        case GM_RAW_I8: out[i] = (int8_t)v; break;
        case GM_RAW_I16: out[i] = (int16_t)v; break;
        case GM_RAW_I32: out[i] = (int32_t)v; break;
        case GM_RAW_I64: out[i] = (double)(int64_t)v; break;
        case GM_RAW_F32:
        case GM_RAW_F64: out[i] = real_of_bits(v, type); break;
        default: out[i] = (double)v;
        }
    }
}

static gm_status scan_nan_or_fail(gm_scanner *s, double *out, const char *what)
{
    gm_scanner before = *s;
    const char *word;
    size_t n;
    if (gm_scan_word(s, &word, &n) && n < LONGEST_WORD) {
        char copy[LONGEST_WORD + 1], *end;
        memcpy(copy, word, n);
        copy[n] = 0;
        *out = strtod(copy, &end);
        if (*end == 0 && !isfinite(*out)) return GM_OK;
    }
    *s = before;
    return gm_number_real(s, 0, out, what);
}

gm_status gm_raw_scan(gm_scanner *s, size_t n, double *out, const char *what)
{
    for (size_t i = 0; i < n; i++) {
        char c = gm_scan_at_end(s) ? 0 : *s->at;
        bool is_plain = (c >= '0' && c <= '9') || c == '.' ||
                        ((c == '-' || c == '+') && s->at + 1 < s->end && s->at[1] <= '9');
        GM_TRY(is_plain ? gm_number_real(s, 0, &out[i], what) : scan_nan_or_fail(s, &out[i], what));
    }
    return GM_OK;
}

/* ---- the grid ----------------------------------------------------------------------------------- */

void gm_grid_free(gm_grid *g)
{
    gm_free(g->points);
    gm_free(g->offsets);
    gm_free(g->connectivity);
    gm_free(g->types);
    for (size_t i = 0; i < g->n_arrays; i++) {
        gm_free(g->arrays[i].name);
        gm_free(g->arrays[i].values);
    }
    gm_free(g->arrays);
    *g = (gm_grid){0};
}

gm_status gm_grid_add(gm_grid *g, const char *name, size_t name_length, bool on_cells,
                      size_t n_components, gm_grid_array **out)
{
    gm_grid_array *more = gm_realloc(g->arrays, g->n_arrays + 1, sizeof *more);
    if (!more) return gm_fail(GM_ENOMEM, "grid: no memory for another array");
    g->arrays = more;
    gm_grid_array *a = &g->arrays[g->n_arrays++];
    *a = (gm_grid_array){.on_cells = on_cells, .n_components = n_components};
    a->name = gm_calloc(name_length + 1, 1);
    a->values = gm_calloc((on_cells ? g->n_cells : g->n_points) * n_components, sizeof *a->values);
    if (!a->name || !a->values) return gm_fail(GM_ENOMEM, "grid: no memory for an array");
    memcpy(a->name, name, name_length);
    *out = a;
    return GM_OK;
}

const gm_grid_array *gm_grid_find(const gm_grid *g, const char *name, bool on_cells)
{
    for (size_t i = 0; i < g->n_arrays; i++)
        if (g->arrays[i].on_cells == on_cells && strcasecmp(g->arrays[i].name, name) == 0)
            return &g->arrays[i];
    return NULL;
}

static const char *const tag_names[] = {"tag", "tags", "elemTag", "region", "material", NULL};
static const char *const fibre_names[] = {"fibres", "fibers",          "fibre", "fiber",
                                          "f0",     "fiber_direction", NULL};
static const char *const sheet_names[] = {"sheets", "sheet", "s0", NULL};

static const gm_grid_array *find_any(const gm_grid *g, const char *const names[],
                                     size_t n_components, bool on_cells)
{
    for (int i = 0; names[i]; i++) {
        const gm_grid_array *a = gm_grid_find(g, names[i], on_cells);
        if (a && a->n_components == n_components) return a;
    }
    return NULL;
}

/* A number of the file as a 32-bit index; -1 if it is none, which the checks refuse. */
static int32_t index_of(double v)
{
    return v >= 0 && v <= INT32_MAX ? (int32_t)v : -1;
}

/* The corners of cell c in [*first, *last) of the connectivity. */
static gm_status cell_range(const gm_grid *g, size_t c, const char *name, size_t *first,
                            size_t *last)
{
    double a = g->offsets[c], b = g->offsets[c + 1];
    if (!(a >= 0 && b >= a && b <= (double)g->n_connectivity))
        return gm_fail(GM_EFORMAT, "%s: cell %zu has corners %g to %g of %zu", name, c, a, b,
                       g->n_connectivity);
    *first = (size_t)a;
    *last = (size_t)b;
    return GM_OK;
}

static gm_status take_tets(const gm_grid *g, gm_tetmesh *m, const char *name)
{
    for (size_t c = 0; c < g->n_cells; c++) {
        size_t first = 0, last = 0;
        GM_TRY(cell_range(g, c, name, &first, &last));
        if (g->types[c] != VTK_TETRA)
            return gm_fail(GM_EFORMAT,
                           "%s: cell %zu has VTK type %g: only tetrahedra (type 10) can be read",
                           name, c, g->types[c]);
        if (last - first != 4)
            return gm_fail(GM_EFORMAT, "%s: cell %zu is a tetrahedron of %zu nodes", name, c,
                           last - first);
        for (int k = 0; k < 4; k++)
            m->tets[c][k] = index_of(g->connectivity[first + (size_t)k]);
    }
    return GM_OK;
}

static gm_status take_tags(const gm_grid *g, gm_tetmesh *m, const char *name)
{
    const gm_grid_array *a = find_any(g, tag_names, 1, true);
    if (!a) return GM_OK;
    for (size_t c = 0; c < g->n_cells; c++)
        if (!(fabs(a->values[c]) <= INT32_MAX) || a->values[c] != rint(a->values[c]))
            return gm_fail(GM_EFORMAT, "%s: \"%s\" of cell %zu is %g, no whole number", name,
                           a->name, c, a->values[c]);
    m->tags = gm_calloc(m->n_tets, sizeof *m->tags);
    if (!m->tags) return gm_fail(GM_ENOMEM, "%s: no memory for tags", name);
    for (size_t c = 0; c < g->n_cells; c++)
        m->tags[c] = (int32_t)a->values[c];
    return GM_OK;
}

static bool has_valid_nodes(const gm_tetmesh *m, size_t e)
{
    for (int k = 0; k < 4; k++)
        if (m->tets[e][k] < 0 || (size_t)m->tets[e][k] >= m->n_nodes) return false;
    return true;
}

/* Vectors of the cells, or the mean of those of the four nodes. */
static gm_status take_vectors(const gm_grid *g, const gm_tetmesh *m, const char *const names[],
                              double (**out)[3], const char *name)
{
    const gm_grid_array *cells = find_any(g, names, 3, true);
    const gm_grid_array *points = find_any(g, names, 3, false);
    if (!cells && !points) return GM_OK;
    double(*v)[3] = *out = gm_calloc(m->n_tets, sizeof *v);
    if (!v) return gm_fail(GM_ENOMEM, "%s: no memory for fibres", name);
    for (size_t e = 0; e < m->n_tets; e++) {
        if (cells) {
            memcpy(v[e], cells->values + 3 * e, sizeof v[e]);
            continue;
        }
        if (!has_valid_nodes(m, e)) continue; /* refused later, in better words */
        for (int k = 0; k < 4; k++)
            for (int j = 0; j < 3; j++)
                v[e][j] += 0.25 * points->values[3 * m->tets[e][k] + j];
    }
    return GM_OK;
}

static gm_status take_all(const gm_grid *g, gm_tetmesh *m, const char *name)
{
    if (g->n_points) memcpy(m->nodes_mm, g->points, g->n_points * sizeof *g->points);
    GM_TRY(take_tets(g, m, name));
    GM_TRY(take_tags(g, m, name));
    GM_TRY(take_vectors(g, m, fibre_names, &m->fibres, name));
    return take_vectors(g, m, sheet_names, &m->sheets, name);
}

gm_status gm_grid_to_tetmesh(const gm_grid *g, gm_tetmesh **out, const char *name)
{
    *out = NULL;
    if (g->is_polydata)
        return gm_fail(GM_EFORMAT, "%s: a surface, but a tetrahedral mesh is needed", name);
    if (g->n_cells == 0) return gm_fail(GM_EFORMAT, "%s: no cells in the file", name);
    gm_tetmesh *m;
    GM_TRY(gm_tetmesh_create(&m, g->n_points, g->n_cells));
    gm_status s = take_all(g, m, name);
    if (s == GM_OK) return gm_geometry_accept(m, out, name);
    gm_tetmesh_destroy(m);
    return s;
}

static gm_status count_triangles(const gm_grid *g, const char *name, size_t *n)
{
    *n = 0;
    for (size_t c = 0; c < g->n_cells; c++) {
        size_t first = 0, last = 0;
        GM_TRY(cell_range(g, c, name, &first, &last));
        if (last - first < 3)
            return gm_fail(GM_EFORMAT, "%s: polygon %zu has %zu corners", name, c, last - first);
        *n += last - first - 2;
    }
    return GM_OK;
}

gm_status gm_grid_to_surface(const gm_grid *g, gm_surface **out, const char *name)
{
    *out = NULL;
    size_t n, i = 0;
    if (!g->is_polydata) return gm_fail(GM_EFORMAT, "%s: not a surface (PolyData)", name);
    GM_TRY(count_triangles(g, name, &n));
    gm_surface *surface;
    GM_TRY(gm_surface_create(&surface, g->n_points, n));
    if (g->n_points) memcpy(surface->nodes_mm, g->points, g->n_points * sizeof *g->points);
    for (size_t c = 0; c < g->n_cells; c++) {
        const double *corner = g->connectivity + (size_t)g->offsets[c];
        size_t corners = (size_t)g->offsets[c + 1] - (size_t)g->offsets[c];
        for (size_t k = 2; k < corners; k++, i++) {
            surface->faces[i][0] = index_of(corner[0]);
            surface->faces[i][1] = index_of(corner[k - 1]);
            surface->faces[i][2] = index_of(corner[k]);
        }
    }
    gm_status s = gm_surface_check(surface, name);
    if (s == GM_OK)
        *out = surface;
    else
        gm_surface_destroy(surface);
    return s;
}

gm_status gm_grid_parse(gm_grid *out, const gm_bytes *file)
{
    static const char legacy[] = "# vtk DataFile";
    *out = (gm_grid){0};
    if (file->length >= sizeof legacy - 1 && memcmp(file->data, legacy, sizeof legacy - 1) == 0)
        return gm_vtk_parse(out, file);
    size_t at = 0;
    while (at < file->length && strchr(" \t\r\n\xef\xbb\xbf", file->data[at]) && file->data[at])
        at++;
    if (at < file->length && file->data[at] == '<') return gm_vtk_xml_parse(out, file);
    return gm_fail(GM_EFORMAT, "%s: neither legacy VTK nor VTK XML", file->name);
}

gm_status gm_grid_read(gm_grid *out, const char *path)
{
    *out = (gm_grid){0};
    char *data;
    size_t length;
    GM_TRY(gm_file_read(&data, &length, path, 0));
    gm_status s = gm_grid_parse(out, &(gm_bytes){data, length, path});
    gm_free(data);
    return s;
}
