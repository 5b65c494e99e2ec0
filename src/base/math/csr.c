#include "math/csr.h"

#include <string.h>

#include "core/alloc.h"
#include "mesh/faces.h"
#include "mesh/p1.h"

void gm_csr_free(gm_csr *a)
{
    gm_free(a->start);
    gm_free(a->column);
    gm_free(a->value);
    *a = (gm_csr){0};
}

void gm_csr_multiply(const gm_csr *a, const double *x, double *y)
{
    for (size_t i = 0; i < a->n; i++) {
        double sum = 0;
        for (int64_t k = a->start[i]; k < a->start[i + 1]; k++)
            sum += a->value[k] * x[a->column[k]];
        y[i] = sum;
    }
}

/* ---- the pattern: a row per node, an entry per edge and one for the node itself ----------------- */

static gm_status make_pattern(gm_csr *a, const gm_edges *edges)
{
    size_t n = a->n, entries = n + 2 * edges->n_edges;
    a->start = gm_calloc(n + 1, sizeof *a->start);
    a->column = gm_alloc_aligned(entries, sizeof *a->column);
    a->value = gm_calloc(entries, sizeof *a->value);
    int64_t *next = gm_calloc(n, sizeof *next);
    if (!a->start || !a->column || !a->value || !next) {
        gm_free(next);
        return gm_fail(GM_ENOMEM, "stiffness: no memory for %zu entries", entries);
    }
    for (size_t i = 0; i < n; i++) {
        a->start[i + 1] += 1 + edges->start[i + 1] - edges->start[i];
        for (int32_t k = edges->start[i]; k < edges->start[i + 1]; k++)
            a->start[edges->other[k] + 1]++;
    }
    for (size_t i = 0; i < n; i++) {
        a->start[i + 1] += a->start[i];
        next[i] = a->start[i];
    }
    /* Lower neighbours come first because i ascends, then the diagonal, then the higher ones. */
    for (size_t i = 0; i < n; i++) {
        a->column[next[i]++] = (int32_t)i;
        for (int32_t k = edges->start[i]; k < edges->start[i + 1]; k++) {
            a->column[next[i]++] = edges->other[k];
            a->column[next[edges->other[k]]++] = (int32_t)i;
        }
    }
    gm_free(next);
    return GM_OK;
}

static int64_t find(const gm_csr *a, int32_t row, int32_t column)
{
    int64_t low = a->start[row], high = a->start[row + 1] - 1;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (a->column[middle] < column)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- the values --------------------------------------------------------------------------------- */

typedef struct {
    gm_csr *a;
    const gm_tetmesh *m;
    const gm_tensor *conductivity;
    const unsigned char *use;
    gm_incidence tets;
} assembly;

static void apply(const gm_tensor g, const double v[3], double out[3])
{
    out[0] = g[0] * v[0] + g[3] * v[1] + g[4] * v[2];
    out[1] = g[3] * v[0] + g[1] * v[1] + g[5] * v[2];
    out[2] = g[4] * v[0] + g[5] * v[1] + g[2] * v[2];
}

static void assemble_row(const assembly *job, int32_t row)
{
    static const gm_tensor identity = {1, 1, 1, 0, 0, 0};
    const gm_tetmesh *m = job->m;
    for (int32_t k = job->tets.start[row]; k < job->tets.start[row + 1]; k++) {
        int32_t e = job->tets.item[k];
        double grad[4][3], flux[3];
        if (job->use && !job->use[e]) continue;
        double volume = gm_tetmesh_gradients(m, (size_t)e, grad);
        int here = 0;
        while (m->tets[e][here] != row)
            here++;
        apply(job->conductivity ? job->conductivity[e] : identity, grad[here], flux);
        for (int c = 0; c < 4; c++)
            job->a->value[find(job->a, row, m->tets[e][c])] +=
                volume * (flux[0] * grad[c][0] + flux[1] * grad[c][1] + flux[2] * grad[c][2]);
    }
}

static void assemble_rows(void *context, size_t first, size_t last, unsigned worker)
{
    (void)worker;
    for (size_t i = first; i < last; i++)
        assemble_row(context, (int32_t)i);
}

gm_status gm_stiffness(gm_csr *out, const gm_tetmesh *m, const gm_tensor *conductivity,
                       const unsigned char *use, gm_threads *threads)
{
    gm_edges edges = {0};
    assembly job = {.a = out, .m = m, .conductivity = conductivity, .use = use};
    *out = (gm_csr){.n = m->n_nodes};
    gm_status s = gm_tetmesh_edges(m, &edges);
    if (s == GM_OK) s = make_pattern(out, &edges);
    gm_edges_free(&edges);
    if (s == GM_OK) s = gm_tetmesh_node_tets(m, &job.tets);
    if (s == GM_OK) gm_threads_ranges(threads, m->n_nodes, 512, assemble_rows, &job);
    gm_incidence_free(&job.tets);
    if (s != GM_OK) gm_csr_free(out);
    return s;
}

void gm_gradient_load(const gm_tetmesh *m, const double (*v)[3], const unsigned char *use,
                      double *b)
{
    memset(b, 0, m->n_nodes * sizeof *b);
    for (size_t e = 0; e < m->n_tets; e++) {
        double grad[4][3];
        if (use && !use[e]) continue;
        double volume = gm_tetmesh_gradients(m, e, grad);
        for (int c = 0; c < 4; c++)
            b[m->tets[e][c]] +=
                volume * (v[e][0] * grad[c][0] + v[e][1] * grad[c][1] + v[e][2] * grad[c][2]);
    }
}
