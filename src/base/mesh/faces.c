#include "mesh/faces.h"

#include <stdlib.h>

#include "core/alloc.h"

enum { SHORT_LIST = 24 }; /* below this length insertion sort beats qsort() */

/* One face of one tet. The bucket it lies in is its lowest node. */
typedef struct {
    int32_t mid, high; /* the other two nodes */
    int32_t tet;
    int8_t local; /* 0..3 */
    bool is_odd;  /* parity of the outward node order against (low, mid, high) */
} half_face;

static half_face half_face_of(const int32_t tet[4], int32_t e, int k, int32_t *low)
{
    int32_t a = tet[GM_TET_FACE[k][0]], b = tet[GM_TET_FACE[k][1]], c = tet[GM_TET_FACE[k][2]], t;
    bool odd = false;
    if (a > b) t = a, a = b, b = t, odd = !odd;
    if (b > c) t = b, b = c, c = t, odd = !odd;
    if (a > b) t = a, a = b, b = t, odd = !odd;
    *low = a;
    return (half_face){.mid = b, .high = c, .tet = e, .local = (int8_t)k, .is_odd = odd};
}

static bool half_face_before(const half_face *a, const half_face *b)
{
    if (a->mid != b->mid) return a->mid < b->mid;
    if (a->high != b->high) return a->high < b->high;
    if (a->tet != b->tet) return a->tet < b->tet;
    return a->local < b->local;
}

static int compare_half_faces(const void *a, const void *b)
{
    return half_face_before(a, b) ? -1 : half_face_before(b, a);
}

static void sort_half_faces(half_face *f, size_t n)
{
    if (n > SHORT_LIST) {
        qsort(f, n, sizeof *f, compare_half_faces);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        half_face x = f[i];
        size_t j = i;
        for (; j > 0 && half_face_before(&x, &f[j - 1]); j--)
            f[j] = f[j - 1];
        f[j] = x;
    }
}

/* Turns counts in start[i + 1] into the beginnings of the lists in start[i]. */
static void counts_to_starts(size_t *start, size_t n)
{
    for (size_t i = 0; i < n; i++)
        start[i + 1] += start[i];
}

/* Fills `faces` [4 n_tets] sorted by lowest node; start [n_nodes + 1]. */
static void bucket_faces(const gm_tetmesh *m, half_face *faces, size_t *start)
{
    int32_t low;
    for (size_t e = 0; e < m->n_tets; e++)
        for (int k = 0; k < 4; k++)
            half_face_of(m->tets[e], (int32_t)e, k, &low), start[low + 1]++;
    counts_to_starts(start, m->n_nodes);
    for (size_t e = 0; e < m->n_tets; e++)
        for (int k = 0; k < 4; k++) {
            half_face f = half_face_of(m->tets[e], (int32_t)e, k, &low);
            faces[start[low]++] = f;
        }
    for (size_t i = m->n_nodes; i > 0; i--) /* filling moved each start to the next one */
        start[i] = start[i - 1];
    start[0] = 0;
}

static bool is_same_face(const half_face *a, const half_face *b)
{
    return a->mid == b->mid && a->high == b->high;
}

/* Pairs the faces of one bucket. */
static gm_status pair_faces(const half_face *f, size_t n, int32_t low, int32_t (*out)[4],
                            const char *name)
{
    for (size_t i = 0; i + 1 < n; i++) {
        if (!is_same_face(&f[i], &f[i + 1])) continue;
        if (i + 2 < n && is_same_face(&f[i], &f[i + 2]))
            return gm_fail(GM_EFORMAT,
                           "%s: face (nodes %d %d %d) belongs to more than two tets: %d, %d, %d",
                           name, low, f[i].mid, f[i].high, f[i].tet, f[i + 1].tet, f[i + 2].tet);
        if (f[i].is_odd == f[i + 1].is_odd)
            return gm_fail(GM_EFORMAT,
                           "%s: tets %d and %d lie on the same side of their common face "
                           "(nodes %d %d %d): they overlap",
                           name, f[i].tet, f[i + 1].tet, low, f[i].mid, f[i].high);
        out[f[i].tet][f[i].local] = f[i + 1].tet;
        out[f[i + 1].tet][f[i + 1].local] = f[i].tet;
        i++;
    }
    return GM_OK;
}

static gm_status pair_all(const gm_tetmesh *m, half_face *faces, size_t *start, int32_t (*out)[4],
                          const char *name)
{
    bucket_faces(m, faces, start);
    for (size_t i = 0; i < m->n_nodes; i++) {
        size_t n = start[i + 1] - start[i];
        sort_half_faces(faces + start[i], n);
        GM_TRY(pair_faces(faces + start[i], n, (int32_t)i, out, name));
    }
    return GM_OK;
}

gm_status gm_tetmesh_neighbours(const gm_tetmesh *m, int32_t (**out)[4], const char *name)
{
    *out = NULL;
    half_face *faces = gm_calloc(m->n_tets * 4, sizeof *faces);
    size_t *start = gm_calloc(m->n_nodes + 1, sizeof *start);
    int32_t(*result)[4] = gm_calloc(m->n_tets, sizeof *result);
    gm_status s = GM_OK;
    if (!faces || !start || !result) {
        s = gm_fail(GM_ENOMEM, "%s: no memory for the faces of %zu tets", name, m->n_tets);
    } else {
        for (size_t e = 0; e < m->n_tets; e++)
            for (int k = 0; k < 4; k++)
                result[e][k] = -1;
        s = pair_all(m, faces, start, result, name);
    }
    gm_free(faces);
    gm_free(start);
    if (s != GM_OK) {
        gm_free(result);
        return s;
    }
    *out = result;
    return GM_OK;
}

static int compare_int32(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static void sort_int32(int32_t *v, size_t n)
{
    if (n > SHORT_LIST) {
        qsort(v, n, sizeof *v, compare_int32);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        int32_t x = v[i];
        size_t j = i;
        for (; j > 0 && x < v[j - 1]; j--)
            v[j] = v[j - 1];
        v[j] = x;
    }
}

static void edge_of(const int32_t tet[4], int k, int32_t *low, int32_t *high)
{
    int32_t a = tet[GM_TET_EDGE[k][0]], b = tet[GM_TET_EDGE[k][1]];
    *low = a < b ? a : b;
    *high = a < b ? b : a;
}

/* Lists the high ends per low node, with repeats; start [n_nodes + 1] in, filled. */
static void bucket_edges(const gm_tetmesh *m, int32_t *high_ends, size_t *start)
{
    int32_t low, high;
    for (size_t e = 0; e < m->n_tets; e++)
        for (int k = 0; k < 6; k++)
            edge_of(m->tets[e], k, &low, &high), start[low + 1]++;
    counts_to_starts(start, m->n_nodes);
    for (size_t e = 0; e < m->n_tets; e++)
        for (int k = 0; k < 6; k++) {
            edge_of(m->tets[e], k, &low, &high);
            high_ends[start[low]++] = high;
        }
    for (size_t i = m->n_nodes; i > 0; i--)
        start[i] = start[i - 1];
    start[0] = 0;
}

/* Sorts each list and drops the repeats; compacts in place. */
static void unique_edges(size_t n_nodes, int32_t *ends, const size_t *start, gm_edges *out)
{
    size_t n = 0;
    for (size_t i = 0; i < n_nodes; i++) {
        out->start[i] = (int32_t)n;
        sort_int32(ends + start[i], start[i + 1] - start[i]);
        for (size_t k = start[i]; k < start[i + 1]; k++)
            if (k == start[i] || ends[k] != ends[k - 1]) out->other[n++] = ends[k];
    }
    out->start[n_nodes] = (int32_t)n;
    out->n_edges = n;
}

gm_status gm_tetmesh_edges(const gm_tetmesh *m, gm_edges *out)
{
    *out = (gm_edges){0};
    int32_t *ends = gm_calloc(m->n_tets * 6, sizeof *ends);
    size_t *start = gm_calloc(m->n_nodes + 1, sizeof *start);
    gm_edges x = {.start = gm_calloc(m->n_nodes + 1, sizeof *x.start)};
    if (ends && start && x.start) {
        bucket_edges(m, ends, start);
        size_t n_upper = start[m->n_nodes];
        x.other = gm_calloc(n_upper, sizeof *x.other);
        if (x.other) unique_edges(m->n_nodes, ends, start, &x);
    }
    gm_free(ends);
    gm_free(start);
    if (!x.other || !x.start) {
        gm_edges_free(&x);
        return gm_fail(GM_ENOMEM, "mesh: no memory for the edges of %zu tets", m->n_tets);
    }
    *out = x;
    return GM_OK;
}

int32_t gm_edges_find(const gm_edges *x, int32_t a, int32_t b)
{
    int32_t low = a < b ? a : b, high = a < b ? b : a;
    int32_t first = x->start[low], last = x->start[low + 1];
    while (first < last) {
        int32_t middle = first + (last - first) / 2;
        if (x->other[middle] < high)
            first = middle + 1;
        else
            last = middle;
    }
    return first < x->start[low + 1] && x->other[first] == high ? first : -1;
}

void gm_edges_free(gm_edges *x)
{
    gm_free(x->start);
    gm_free(x->other);
    *x = (gm_edges){0};
}
