#include "geometry/opencarp.h"

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "geometry/numbers.h"

enum { UM_TO_MM = -3 }; /* decimal places */

static gm_scanner scanner_over(const gm_bytes *b)
{
    gm_scanner s = gm_scanner_over(b->data, b->length, b->name);
    s.comment = '#';
    return s;
}

static gm_status expect_end(gm_scanner *s, const char *what, size_t n)
{
    if (gm_scan_at_end(s)) return GM_OK;
    return gm_scan_fail(s, "more follows after the %zu %s that the first line promises", n, what);
}

static gm_status parse_nodes(gm_scanner *s, gm_tetmesh *m)
{
    for (size_t i = 0; i < m->n_nodes; i++)
        GM_TRY(gm_number_reals(s, UM_TO_MM, m->nodes_mm[i], 3, "a node coordinate in um"));
    return expect_end(s, "nodes", m->n_nodes);
}

static gm_status expect_tet(gm_scanner *s, size_t e)
{
    const char *word;
    size_t n;
    if (!gm_scan_word(s, &word, &n))
        return gm_scan_fail(s, "element %zu: expected Tt, found the end of the file", e);
    if (n == 2 && memcmp(word, "Tt", 2) == 0) return GM_OK;
    return gm_scan_fail(s, "element %zu is a \"%.*s\": only tetrahedra (Tt) can be read", e,
                        (int)(n < 20 ? n : 20), word);
}

static gm_status parse_elements(gm_scanner *s, gm_tetmesh *m, bool *is_tagged)
{
    *is_tagged = false;
    for (size_t e = 0; e < m->n_tets; e++) {
        GM_TRY(expect_tet(s, e));
        for (int k = 0; k < 4; k++)
            GM_TRY(gm_number_int(s, &m->tets[e][k], "a node number"));
        if (!gm_number_more_on_line(s)) continue;
        GM_TRY(gm_number_int(s, &m->tags[e], "the region tag"));
        *is_tagged = true;
    }
    return expect_end(s, "elements", m->n_tets);
}

static gm_status parse_mesh(gm_tetmesh *m, gm_scanner *pts, gm_scanner *elem, const gm_bytes *lon)
{
    bool is_tagged;
    m->tags = gm_calloc(m->n_tets, sizeof *m->tags);
    if (!m->tags) return gm_fail(GM_ENOMEM, "%s: no memory for the tags", elem->name);
    GM_TRY(parse_nodes(pts, m));
    GM_TRY(parse_elements(elem, m, &is_tagged));
    if (!is_tagged) {
        gm_free(m->tags);
        m->tags = NULL;
    }
    return lon ? gm_opencarp_parse_lon(m, lon) : GM_OK;
}

gm_status gm_opencarp_parse(gm_tetmesh **out, const gm_bytes *pts, const gm_bytes *elem,
                            const gm_bytes *lon)
{
    *out = NULL;
    gm_scanner points = scanner_over(pts), elements = scanner_over(elem);
    size_t n_nodes, n_tets;
    GM_TRY(gm_number_count(&points, 6, &n_nodes, "the number of nodes"));
    GM_TRY(gm_number_count(&elements, 11, &n_tets, "the number of elements"));
    gm_tetmesh *m;
    GM_TRY(gm_tetmesh_create(&m, n_nodes, n_tets));
    gm_status s = parse_mesh(m, &points, &elements, lon);
    if (s != GM_OK) {
        gm_tetmesh_destroy(m);
        return s;
    }
    return gm_geometry_accept(m, out, elem->name);
}

static gm_status parse_vectors(gm_scanner *s, size_t n, double (*fibres)[3], double (*sheets)[3])
{
    for (size_t e = 0; e < n; e++) {
        if (gm_scan_at_end(s))
            return gm_fail(GM_EFORMAT, "%s: fibres of %zu elements, but the mesh has %zu", s->name,
                           e, n);
        GM_TRY(gm_number_reals(s, 0, fibres[e], 3, "a fibre component"));
        if (sheets) GM_TRY(gm_number_reals(s, 0, sheets[e], 3, "a sheet component"));
    }
    if (gm_scan_at_end(s)) return GM_OK;
    return gm_scan_fail(s, "fibres of more elements than the %zu of the mesh", n);
}

gm_status gm_opencarp_parse_lon(gm_tetmesh *m, const gm_bytes *lon)
{
    gm_scanner s = scanner_over(lon);
    int32_t n_axes;
    GM_TRY(gm_number_int(&s, &n_axes, "the number of vectors per element, 1 or 2"));
    if (n_axes != 1 && n_axes != 2)
        return gm_scan_fail(&s, "%d vectors per element, allowed are 1 (fibre) and 2 (and sheet)",
                            n_axes);
    double(*fibres)[3] = gm_calloc(m->n_tets, sizeof *fibres);
    double(*sheets)[3] = n_axes == 2 ? gm_calloc(m->n_tets, sizeof *sheets) : NULL;
    gm_status status = fibres && (sheets || n_axes == 1)
                           ? parse_vectors(&s, m->n_tets, fibres, sheets)
                           : gm_fail(GM_ENOMEM, "%s: no memory for the fibres", lon->name);
    if (status == GM_OK) status = gm_geometry_normalise(fibres, m->n_tets, "fibre", lon->name);
    if (status == GM_OK && sheets)
        status = gm_geometry_normalise(sheets, m->n_tets, "sheet direction", lon->name);
    if (status != GM_OK) {
        gm_free(fibres);
        gm_free(sheets);
        return status;
    }
    gm_free(m->fibres);
    gm_free(m->sheets);
    m->fibres = fibres;
    m->sheets = sheets;
    return GM_OK;
}

gm_status gm_opencarp_read_lon(gm_tetmesh *m, const char *path)
{
    char *data;
    size_t length;
    GM_TRY(gm_file_read(&data, &length, path, 0));
    gm_status s = gm_opencarp_parse_lon(m, &(gm_bytes){data, length, path});
    gm_free(data);
    return s;
}
