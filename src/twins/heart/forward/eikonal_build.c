/* eikonal_build.c - lays the mesh out for the eikonal solver: node order and blocks of tets. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/forward/eikonal_internal.h"

enum { MORTON_BITS = 20 };

gm_conduction gm_conduction_default(void)
{
    return (gm_conduction){.v_f_m_s = 0.6, .v_t_ratio = 0.42, .fast_layer_factor = 1};
}

static gm_status check_range(const char *what, double v, const char *unit, double min, double max)
{
    if (v >= min && v <= max) return GM_OK;
    return gm_fail(GM_EINVAL, "conduction: %s = %g%s, allowed %g to %g%s", what, v, unit, min, max,
                   unit);
}

gm_status gm_conduction_check(const gm_conduction *c)
{
    GM_TRY(check_range("v_f", c->v_f_m_s, " m/s", 0.05, 5));
    GM_TRY(check_range("v_t_ratio", c->v_t_ratio, "", 0.05, 1));
    return check_range("fast_layer_factor", c->fast_layer_factor, "", 0.5, 20);
}

gm_slowness2 gm_slowness2_of(const gm_conduction *c)
{
    double v_t = c->v_f_m_s * c->v_t_ratio, v_layer = c->v_f_m_s * c->fast_layer_factor;
    return (gm_slowness2){.fibre = (float)(1 / (c->v_f_m_s * c->v_f_m_s)),
                          .cross = (float)(1 / (v_t * v_t)),
                          .layer = (float)(1 / (v_layer * v_layer)),
                          .layer_on = c->fast_layer_factor != 1.0};
}

typedef struct {
    uint64_t code;
    int32_t node;
} curve_place;

static int by_code(const void *a, const void *b)
{
    const curve_place *x = a, *y = b;
    if (x->code != y->code) return x->code < y->code ? -1 : 1;
    return (x->node > y->node) - (x->node < y->node);
}

static uint64_t spread_bits(uint64_t v)
{
    uint64_t r = 0;
    for (int bit = 0; bit < MORTON_BITS; bit++)
        r |= (v >> bit & 1) << (3 * bit);
    return r;
}

/* Fills outside[] and inside[] in Morton order. */
static gm_status order_nodes(gm_eikonal *e, const gm_tetmesh *m)
{
    double low[3] = {INFINITY, INFINITY, INFINITY}, extent = 0;
    for (size_t i = 0; i < m->n_nodes; i++)
        for (int k = 0; k < 3; k++)
            low[k] = fmin(low[k], m->nodes_mm[i][k]);
    for (size_t i = 0; i < m->n_nodes; i++)
        for (int k = 0; k < 3; k++)
            extent = fmax(extent, m->nodes_mm[i][k] - low[k]);
    double scale = ((1 << MORTON_BITS) - 1) / fmax(extent, 1e-300);
    curve_place *places = gm_calloc(m->n_nodes, sizeof *places);
    if (!places) return gm_fail(GM_ENOMEM, "eikonal: no memory for %zu nodes", m->n_nodes);
    for (size_t i = 0; i < m->n_nodes; i++) {
        places[i].node = (int32_t)i;
        for (int k = 0; k < 3; k++)
            places[i].code |= spread_bits((uint64_t)((m->nodes_mm[i][k] - low[k]) * scale)) << k;
    }
    qsort(places, m->n_nodes, sizeof *places, by_code);
    for (size_t i = 0; i < m->n_nodes; i++) {
        e->outside[i] = places[i].node;
        e->inside[places[i].node] = (int32_t)i;
    }
    gm_free(places);
    return GM_OK;
}

static void empty_block(tet_block *b, int32_t node)
{
    memset(b, 0, sizeof *b);
    for (int l = 0; l < LANES; l++) {
        for (int k = 0; k < 3; k++)
            b->node[k][l] = node;
        for (int k = 0; k < 6; k++)
            b->length2[k][l] = INFINITY;
    }
}

static double square_distance(const double a[3], const double b[3])
{
    double x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
    return x * x + y * y + z * z;
}

/* Puts tet `t`, seen from its corner `c`, into lane `l`. */
static void fill_lane(const gm_eikonal *e, const gm_tetmesh *m, const bool *fast, size_t t, int c,
                      tet_block *b, int l)
{
    static const int pair[6][2] = {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}};
    const int32_t *tet = m->tets[t];
    const double *x[4] = {m->nodes_mm[tet[c]]};
    for (int k = 1; k < 4; k++) {
        int32_t node = tet[(c + k) % 4];
        x[k] = m->nodes_mm[node];
        b->node[k - 1][l] = e->inside[node];
        double along = 0;
        for (int d = 0; d < 3; d++)
            along += (x[k][d] - x[0][d]) * m->fibres[t][d];
        b->along[k - 1][l] = (float)along;
    }
    for (int p = 0; p < 6; p++)
        b->length2[p][l] = (float)square_distance(x[pair[p][0]], x[pair[p][1]]);
    b->fast[l] = fast && fast[t] ? 1.0f : 0.0f;
}

/* used[]: lanes filled so far of each inner node. */
static void fill_blocks(gm_eikonal *e, const gm_tetmesh *m, const bool *fast, int32_t *used)
{
    for (size_t i = 0; i < e->n_nodes; i++)
        for (int32_t k = e->first_block[i]; k < e->first_block[i + 1]; k++)
            empty_block(&e->blocks[k], (int32_t)i);
    double edges = 0;
    for (size_t t = 0; t < m->n_tets; t++)
        for (int c = 0; c < 4; c++) {
            int32_t i = e->inside[m->tets[t][c]];
            tet_block *b = &e->blocks[e->first_block[i] + used[i] / LANES];
            int lane = used[i]++ % LANES;
            fill_lane(e, m, fast, t, c, b, lane);
            edges += sqrt((double)b->length2[0][lane]) + sqrt((double)b->length2[1][lane]) +
                     sqrt((double)b->length2[2][lane]);
        }
    e->mean_edge_mm = edges / (12.0 * (double)m->n_tets);
}

static gm_status build(gm_eikonal *e, const gm_tetmesh *m, const bool *fast)
{
    size_t n = m->n_nodes;
    e->n_nodes = n;
    e->outside = gm_calloc(n, sizeof *e->outside);
    e->inside = gm_calloc(n, sizeof *e->inside);
    e->first_block = gm_calloc(n + 1, sizeof *e->first_block);
    if (!e->outside || !e->inside || !e->first_block)
        return gm_fail(GM_ENOMEM, "eikonal: no memory for %zu nodes", n);
    GM_TRY(order_nodes(e, m));
    int32_t *used = gm_calloc(n, sizeof *used);
    if (!used) return gm_fail(GM_ENOMEM, "eikonal: no memory for %zu nodes", n);
    for (size_t t = 0; t < m->n_tets; t++)
        for (int c = 0; c < 4; c++)
            used[e->inside[m->tets[t][c]]]++;
    for (size_t i = 0; i < n; i++) {
        e->first_block[i + 1] = e->first_block[i] + (used[i] + LANES - 1) / LANES;
        used[i] = 0;
    }
    e->blocks = gm_alloc_aligned((size_t)e->first_block[n], sizeof *e->blocks);
    if (e->blocks) fill_blocks(e, m, fast, used);
    gm_free(used);
    return e->blocks ? GM_OK : gm_fail(GM_ENOMEM, "eikonal: no memory for %zu tets", m->n_tets);
}

gm_status gm_eikonal_create(gm_eikonal **out, const gm_tetmesh *mesh, const bool *fast)
{
    *out = NULL;
    if (!mesh->fibres) return gm_fail(GM_EINVAL, "eikonal: the mesh has no fibres");
    if (mesh->n_tets == 0) return gm_fail(GM_EINVAL, "eikonal: the mesh has no elements");
    gm_eikonal *e = gm_calloc(1, sizeof *e);
    if (!e) return gm_fail(GM_ENOMEM, "eikonal: no memory");
    gm_status s = build(e, mesh, fast);
    if (s != GM_OK) {
        gm_eikonal_destroy(e);
        return s;
    }
    *out = e;
    return GM_OK;
}

void gm_eikonal_destroy(gm_eikonal *e)
{
    if (!e) return;
    gm_free(e->outside);
    gm_free(e->inside);
    gm_free(e->first_block);
    gm_free(e->blocks);
    gm_free(e);
}

size_t gm_eikonal_nodes(const gm_eikonal *e)
{
    return e->n_nodes;
}

size_t gm_eikonal_bytes(const gm_eikonal *e)
{
    return (size_t)e->first_block[e->n_nodes] * sizeof(tet_block) + e->n_nodes * sizeof(float);
}
