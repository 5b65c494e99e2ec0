#include "mesh/order.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"

enum { HILBERT_BITS = 21, RADIX_BITS = 11, RADIX = 1 << RADIX_BITS };

typedef struct {
    uint64_t key;
    int32_t item;
} keyed;

/* Skilling's transform of lattice coordinates to the transposed Hilbert index, then its bits in
 * order. */
static uint64_t hilbert_key(uint32_t x[3])
{
    for (uint32_t q = 1u << (HILBERT_BITS - 1); q > 1; q >>= 1) {
        uint32_t p = q - 1;
        for (int i = 0; i < 3; i++) {
            if (x[i] & q) {
                x[0] ^= p;
            } else {
                uint32_t t = (x[0] ^ x[i]) & p;
                x[0] ^= t;
                x[i] ^= t;
            }
        }
    }
    x[1] ^= x[0];
    x[2] ^= x[1];
    uint32_t t = 0;
    for (uint32_t q = 1u << (HILBERT_BITS - 1); q > 1; q >>= 1)
        if (x[2] & q) t ^= q - 1;
    uint64_t key = 0;
    for (int bit = HILBERT_BITS - 1; bit >= 0; bit--)
        for (int i = 0; i < 3; i++)
            key = key << 1 | (((x[i] ^ t) >> bit) & 1);
    return key;
}

static void fill_keys(const double (*points)[3], size_t n, keyed *out)
{
    double low[3], high[3], side = 0;
    for (int k = 0; k < 3; k++) {
        low[k] = high[k] = points[0][k];
        for (size_t i = 1; i < n; i++) {
            low[k] = fmin(low[k], points[i][k]);
            high[k] = fmax(high[k], points[i][k]);
        }
        side = fmax(side, high[k] - low[k]);
    }
    const double cells = (double)((1 << HILBERT_BITS) - 1);
    double scale = side > 0 ? cells / side : 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t x[3];
        for (int k = 0; k < 3; k++)
            x[k] = (uint32_t)fmin(cells, (points[i][k] - low[k]) * scale);
        out[i] = (keyed){hilbert_key(x), (int32_t)i};
    }
}

/* Stable; the result lies in `a` again: 63 bits are six passes of 11. */
static void radix_sort(keyed *a, keyed *b, size_t n)
{
    for (int shift = 0; shift < 3 * HILBERT_BITS; shift += RADIX_BITS) {
        size_t start[RADIX + 1] = {0};
        for (size_t i = 0; i < n; i++)
            start[(a[i].key >> shift & (RADIX - 1)) + 1]++;
        for (int d = 0; d < RADIX; d++)
            start[d + 1] += start[d];
        for (size_t i = 0; i < n; i++)
            b[start[a[i].key >> shift & (RADIX - 1)]++] = a[i];
        keyed *swap = a;
        a = b;
        b = swap;
    }
}

gm_status gm_hilbert_order(const double (*points)[3], size_t n, int32_t *order)
{
    if (n == 0) return GM_OK;
    keyed *a = gm_calloc(n, sizeof *a), *b = gm_calloc(n, sizeof *b);
    gm_status s = a && b ? GM_OK : gm_fail(GM_ENOMEM, "mesh: no memory to order %zu points", n);
    if (s == GM_OK) {
        fill_keys(points, n, a);
        radix_sort(a, b, n);
        for (size_t i = 0; i < n; i++)
            order[i] = a[i].item;
    }
    gm_free(a);
    gm_free(b);
    return s;
}

static int32_t lowest_node(const int32_t tet[4], const int32_t *new_number)
{
    int32_t low = new_number[tet[0]];
    for (int k = 1; k < 4; k++)
        if (new_number[tet[k]] < low) low = new_number[tet[k]];
    return low;
}

/* Counting sort of the tets by lowest new node; start [n_nodes + 1] is scratch, zeroed. */
static void order_tets(const gm_tetmesh *m, const int32_t *new_number, int32_t *start,
                       int32_t *tet_from)
{
    for (size_t e = 0; e < m->n_tets; e++)
        start[lowest_node(m->tets[e], new_number) + 1]++;
    for (size_t i = 0; i < m->n_nodes; i++)
        start[i + 1] += start[i];
    for (size_t e = 0; e < m->n_tets; e++)
        tet_from[start[lowest_node(m->tets[e], new_number)]++] = (int32_t)e;
}

/* out[i] = from[order[i]] for items of `size` bytes; NULL from gives NULL. */
static bool permuted(void **out, const void *from, const int32_t *order, size_t n, size_t size)
{
    if (!from) return true;
    char *to = *out = gm_calloc(n, size);
    if (!to) return false;
    for (size_t i = 0; i < n; i++)
        memcpy(to + i * size, (const char *)from + (size_t)order[i] * size, size);
    return true;
}

static gm_status reordered(const gm_tetmesh *m, const int32_t *node_from, const int32_t *tet_from,
                           const int32_t *new_number, gm_tetmesh **out)
{
    gm_tetmesh *r;
    GM_TRY(gm_tetmesh_create(&r, m->n_nodes, m->n_tets));
    for (size_t i = 0; i < m->n_nodes; i++)
        memcpy(r->nodes_mm[i], m->nodes_mm[node_from[i]], sizeof r->nodes_mm[i]);
    for (size_t e = 0; e < m->n_tets; e++)
        for (int k = 0; k < 4; k++)
            r->tets[e][k] = new_number[m->tets[tet_from[e]][k]];
    void *tags = NULL, *fibres = NULL, *sheets = NULL;
    bool done = permuted(&tags, m->tags, tet_from, m->n_tets, sizeof *m->tags) &&
                permuted(&fibres, m->fibres, tet_from, m->n_tets, sizeof *m->fibres) &&
                permuted(&sheets, m->sheets, tet_from, m->n_tets, sizeof *m->sheets);
    r->tags = tags;
    r->fibres = fibres;
    r->sheets = sheets;
    if (done) {
        *out = r;
        return GM_OK;
    }
    gm_tetmesh_destroy(r);
    return gm_fail(GM_ENOMEM, "mesh: no memory to reorder %zu tets", m->n_tets);
}

gm_status gm_tetmesh_reorder(const gm_tetmesh *m, gm_tetmesh **out, int32_t **node_from,
                             int32_t **tet_from)
{
    *out = NULL;
    int32_t *nodes = gm_calloc(m->n_nodes, sizeof *nodes);
    int32_t *tets = gm_calloc(m->n_tets, sizeof *tets);
    int32_t *new_number = gm_calloc(m->n_nodes, sizeof *new_number);
    int32_t *start = gm_calloc(m->n_nodes + 1, sizeof *start);
    gm_status s = GM_OK;
    if (!nodes || !tets || !new_number || !start)
        s = gm_fail(GM_ENOMEM, "mesh: no memory to reorder %zu tets", m->n_tets);
    if (s == GM_OK) s = gm_hilbert_order((const double(*)[3])m->nodes_mm, m->n_nodes, nodes);
    if (s == GM_OK) {
        for (size_t i = 0; i < m->n_nodes; i++)
            new_number[nodes[i]] = (int32_t)i;
        order_tets(m, new_number, start, tets);
        s = reordered(m, nodes, tets, new_number, out);
    }
    gm_free(new_number);
    gm_free(start);
    bool keep_nodes = s == GM_OK && node_from, keep_tets = s == GM_OK && tet_from;
    if (node_from) *node_from = keep_nodes ? nodes : NULL;
    if (tet_from) *tet_from = keep_tets ? tets : NULL;
    if (!keep_nodes) gm_free(nodes);
    if (!keep_tets) gm_free(tets);
    return s;
}
