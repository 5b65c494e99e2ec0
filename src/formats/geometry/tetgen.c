#include "geometry/tetgen.h"

#include "core/alloc.h"
#include "geometry/numbers.h"

enum { MAX_ATTRIBUTES = 1000 };

/* The first line: a count and up to three small numbers, of which the last may be missing. */
typedef struct {
    size_t count;
    int32_t more[3];
} header;

static gm_status parse_header(gm_scanner *s, size_t least_bytes, const char *what, header *out)
{
    *out = (header){0};
    GM_TRY(gm_number_count(s, least_bytes, &out->count, what));
    for (int k = 0; k < 3 && gm_number_more_on_line(s); k++) {
        GM_TRY(gm_number_int(s, &out->more[k], "a number of the first line"));
        if (out->more[k] < 0 || out->more[k] > MAX_ATTRIBUTES)
            return gm_scan_fail(s, "%d on the first line, allowed are 0 to %d", out->more[k],
                                MAX_ATTRIBUTES);
    }
    return GM_OK;
}

static gm_status skip_attributes(gm_scanner *s, int32_t n)
{
    double ignored;
    for (int32_t k = 0; k < n; k++)
        GM_TRY(gm_number_real(s, 0, &ignored, "an attribute"));
    return GM_OK;
}

static gm_status parse_nodes(gm_scanner *s, const header *h, gm_tetmesh *m, int32_t *base)
{
    for (size_t i = 0; i < m->n_nodes; i++) {
        int32_t number;
        GM_TRY(gm_number_int(s, &number, "a node number"));
        if (i == 0) *base = number;
        if (*base != 0 && *base != 1)
            return gm_scan_fail(s, "the first node has number %d, allowed are 0 and 1", number);
        if (number - *base != (int32_t)i)
            return gm_scan_fail(s, "node number %d, expected %zu", number, i + (size_t)*base);
        GM_TRY(gm_number_reals(s, 0, m->nodes_mm[i], 3, "a node coordinate in mm"));
        GM_TRY(skip_attributes(s, h->more[1] + h->more[2]));
    }
    if (gm_scan_at_end(s)) return GM_OK;
    return gm_scan_fail(s, "more follows after the %zu nodes that the first line promises",
                        m->n_nodes);
}

/* The tag of one tet from its first attribute; *is_tag turns false for good at the first that is not
 * a whole number. */
static gm_status parse_tag(gm_scanner *s, int32_t *tag, bool *is_tag)
{
    double v;
    GM_TRY(gm_number_real(s, 0, &v, "an attribute"));
    if (!(v >= INT32_MIN && v <= INT32_MAX) || v != (double)(int32_t)v)
        *is_tag = false;
    else
        *tag = (int32_t)v;
    return GM_OK;
}

static gm_status parse_tets(gm_scanner *s, const header *h, int32_t base, gm_tetmesh *m)
{
    bool is_tagged = h->more[1] > 0;
    m->tags = gm_calloc(m->n_tets, sizeof *m->tags);
    if (!m->tags) return gm_fail(GM_ENOMEM, "%s: no memory for the tags", s->name);
    for (size_t e = 0; e < m->n_tets; e++) {
        int32_t ignored; /* real files leave gaps in these numbers */
        GM_TRY(gm_number_int(s, &ignored, "a tet number"));
        for (int k = 0; k < 4; k++) {
            GM_TRY(gm_number_int(s, &m->tets[e][k], "a node number"));
            if (m->tets[e][k] < base) return gm_scan_fail(s, "node %d: too low", m->tets[e][k]);
            m->tets[e][k] -= base;
        }
        if (h->more[1] == 0) continue;
        GM_TRY(parse_tag(s, &m->tags[e], &is_tagged));
        GM_TRY(skip_attributes(s, h->more[1] - 1));
    }
    if (!is_tagged) {
        gm_free(m->tags);
        m->tags = NULL;
    }
    if (gm_scan_at_end(s)) return GM_OK;
    return gm_scan_fail(s, "more follows after the %zu tets that the first line promises",
                        m->n_tets);
}

gm_status gm_tetgen_parse(gm_tetmesh **out, const gm_bytes *node, const gm_bytes *ele)
{
    *out = NULL;
    gm_scanner points = gm_scanner_over(node->data, node->length, node->name);
    gm_scanner tets = gm_scanner_over(ele->data, ele->length, ele->name);
    points.comment = tets.comment = '#';
    header n, t;
    GM_TRY(parse_header(&points, 8, "the number of nodes", &n));
    if (n.more[0] != 3)
        return gm_scan_fail(&points, "nodes in %d dimensions, expected 3", n.more[0]);
    GM_TRY(parse_header(&tets, 10, "the number of tets", &t));
    if (t.more[0] != 4)
        return gm_scan_fail(&tets, "elements of %d nodes: only tets of 4 nodes can be read",
                            t.more[0]);
    gm_tetmesh *m;
    int32_t base = 0;
    GM_TRY(gm_tetmesh_create(&m, n.count, t.count));
    gm_status s = parse_nodes(&points, &n, m, &base);
    if (s == GM_OK) s = parse_tets(&tets, &t, base, m);
    if (s != GM_OK) {
        gm_tetmesh_destroy(m);
        return s;
    }
    return gm_geometry_accept(m, out, ele->name);
}
