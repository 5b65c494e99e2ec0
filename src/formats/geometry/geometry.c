#include "geometry/geometry.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/text.h"
#include "geometry/grid.h"
#include "geometry/opencarp.h"
#include "geometry/tetgen.h"

/* A unit vector that was rounded to 32 bits or to six digits is left as it was given. */
static const double unit_length_tolerance = 1e-5;

gm_status gm_geometry_normalise(double (*v)[3], size_t n, const char *what, const char *name)
{
    for (size_t e = 0; e < n; e++) {
        double length = sqrt(v[e][0] * v[e][0] + v[e][1] * v[e][1] + v[e][2] * v[e][2]);
        if (!(length > 0 && isfinite(length)))
            return gm_fail(GM_EFORMAT, "%s: %s of element %zu is (%g, %g, %g): it has no direction",
                           name, what, e, v[e][0], v[e][1], v[e][2]);
        if (fabs(length - 1) <= unit_length_tolerance) continue;
        for (int k = 0; k < 3; k++)
            v[e][k] /= length;
    }
    return GM_OK;
}

static bool every_tet_is_inverted(const gm_tetmesh *m)
{
    for (size_t e = 0; e < m->n_tets; e++) {
        const int32_t *t = m->tets[e];
        for (int k = 0; k < 4; k++)
            if (t[k] < 0 || (size_t)t[k] >= m->n_nodes) return false;
        if (!(gm_tet_volume_mm3(m->nodes_mm[t[0]], m->nodes_mm[t[1]], m->nodes_mm[t[2]],
                                m->nodes_mm[t[3]]) < 0))
            return false;
    }
    return true;
}

static void turn_all(gm_tetmesh *m)
{
    for (size_t e = 0; e < m->n_tets; e++) {
        int32_t t = m->tets[e][2];
        m->tets[e][2] = m->tets[e][3];
        m->tets[e][3] = t;
    }
}

gm_status gm_geometry_accept(gm_tetmesh *m, gm_tetmesh **out, const char *name)
{
    *out = NULL;
    gm_status s = GM_OK;
    if (m->fibres) s = gm_geometry_normalise(m->fibres, m->n_tets, "fibre", name);
    if (s == GM_OK && m->sheets)
        s = gm_geometry_normalise(m->sheets, m->n_tets, "sheet direction", name);
    if (s == GM_OK) {
        if (every_tet_is_inverted(m)) turn_all(m);
        s = gm_tetmesh_check(m, NULL, name);
    }
    if (s != GM_OK) {
        gm_tetmesh_destroy(m);
        return s;
    }
    *out = m;
    return GM_OK;
}

/* ---- file sets: NAME and several endings ------------------------------------------------------- */

/* A file of a set, with its path; zeroed if an optional one is absent. */
typedef struct {
    char *path, *data;
    size_t length;
} part;

static void part_free(part *p)
{
    gm_free(p->path);
    gm_free(p->data);
    *p = (part){0};
}

static char *with_ending(const char *base, size_t base_length, const char *ending)
{
    char *path = gm_calloc(base_length + strlen(ending) + 1, 1);
    if (!path) return NULL;
    memcpy(path, base, base_length);
    strcpy(path + base_length, ending);
    return path;
}

static gm_status part_read(part *out, const char *base, size_t base_length, const char *ending,
                           bool is_optional)
{
    *out = (part){.path = with_ending(base, base_length, ending)};
    if (!out->path) return gm_fail(GM_ENOMEM, "%s: no memory", base);
    if (is_optional && !gm_file_exists(out->path)) return GM_OK;
    return gm_file_read(&out->data, &out->length, out->path, 0);
}

static gm_bytes bytes_of(const part *p)
{
    return (gm_bytes){p->data, p->length, p->path};
}

static gm_status read_opencarp(gm_tetmesh **out, const char *base, size_t base_length)
{
    part pts, elem = {0}, lon = {0};
    gm_status s = part_read(&pts, base, base_length, ".pts", false);
    if (s == GM_OK) s = part_read(&elem, base, base_length, ".elem", false);
    if (s == GM_OK) s = part_read(&lon, base, base_length, ".lon", true);
    if (s == GM_OK) {
        gm_bytes p = bytes_of(&pts), e = bytes_of(&elem), l = bytes_of(&lon);
        s = gm_opencarp_parse(out, &p, &e, lon.data ? &l : NULL);
    }
    part_free(&pts);
    part_free(&elem);
    part_free(&lon);
    return s;
}

static gm_status read_tetgen(gm_tetmesh **out, const char *base, size_t base_length)
{
    part node, ele = {0};
    gm_status s = part_read(&node, base, base_length, ".node", false);
    if (s == GM_OK) s = part_read(&ele, base, base_length, ".ele", false);
    if (s == GM_OK) {
        gm_bytes n = bytes_of(&node), e = bytes_of(&ele);
        s = gm_tetgen_parse(out, &n, &e);
    }
    part_free(&node);
    part_free(&ele);
    return s;
}

/* ---- which format ------------------------------------------------------------------------------ */

typedef gm_status read_set(gm_tetmesh **out, const char *base, size_t base_length);

static const struct {
    const char *ending;
    bool names_the_set; /* NAME alone is this format if NAME + ending exists */
    read_set *read;
} set_endings[] = {
    {".pts", true, read_opencarp}, {".elem", false, read_opencarp}, {".lon", false, read_opencarp},
    {".node", true, read_tetgen},  {".ele", false, read_tetgen},
};
enum { N_SET_ENDINGS = sizeof set_endings / sizeof *set_endings };

static gm_status set_exists(const char *base, const char *ending, bool *exists)
{
    char *path = with_ending(base, strlen(base), ending);
    if (!path) return gm_fail(GM_ENOMEM, "%s: no memory", base);
    *exists = gm_file_exists(path);
    gm_free(path);
    return GM_OK;
}

gm_status gm_geometry_read(gm_tetmesh **out, const char *path)
{
    *out = NULL;
    size_t length = strlen(path);
    for (int i = 0; i < N_SET_ENDINGS; i++)
        if (gm_path_ends_with(path, set_endings[i].ending))
            return set_endings[i].read(out, path, length - strlen(set_endings[i].ending));
    for (int i = 0; i < N_SET_ENDINGS; i++) {
        bool exists = false;
        if (set_endings[i].names_the_set) GM_TRY(set_exists(path, set_endings[i].ending, &exists));
        if (exists) return set_endings[i].read(out, path, length);
    }
    if (!gm_file_exists(path))
        return gm_fail(GM_ENOTFOUND, "%s: no such mesh file, nor %s.pts or %s.node", path, path,
                       path);
    gm_grid grid;
    gm_status s = gm_grid_read(&grid, path);
    if (s == GM_OK) s = gm_grid_to_tetmesh(&grid, out, path);
    gm_grid_free(&grid);
    return s;
}
