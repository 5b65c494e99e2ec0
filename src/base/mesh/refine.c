#include <string.h>

#include "core/alloc.h"
#include "mesh/faces.h"

/* Red refinement (Bey 1995, "Tetrahedral grid refinement", Computing 55): corners 0..3 of the
 * parent, 4..9 the midpoints of GM_TET_EDGE. Four children keep a corner; the octahedron left over
 * is cut along its shortest diagonal, which keeps the shapes of repeated refinement bounded. All
 * rows have positive volume in a parent that has. */
enum { M01 = 4, M02, M03, M12, M13, M23 };

static const int corner_children[4][4] = {
    {0, M01, M02, M03}, {M01, 1, M12, M13}, {M02, M12, 2, M23}, {M03, M13, M23, 3}};

static const int diagonals[3][2] = {{M01, M23}, {M02, M13}, {M03, M12}};
static const int rings[3][4] = {
    {M02, M03, M13, M12}, {M01, M12, M23, M03}, {M01, M02, M23, M13}}; /* around each diagonal */

static double squared_distance(const double a[3], const double b[3])
{
    double s = 0;
    for (int k = 0; k < 3; k++)
        s += (a[k] - b[k]) * (a[k] - b[k]);
    return s;
}

static int shortest_diagonal(const gm_tetmesh *m, const int32_t node[10])
{
    int best = 0;
    double least = 0;
    for (int d = 0; d < 3; d++) {
        double s = squared_distance(m->nodes_mm[node[diagonals[d][0]]],
                                    m->nodes_mm[node[diagonals[d][1]]]);
        if (d == 0 || s < least) least = s, best = d;
    }
    return best;
}

static void split(const gm_tetmesh *m, const int32_t node[10], int32_t (*child)[4])
{
    for (int c = 0; c < 4; c++)
        for (int k = 0; k < 4; k++)
            child[c][k] = node[corner_children[c][k]];
    int d = shortest_diagonal(m, node);
    for (int c = 0; c < 4; c++) {
        child[4 + c][0] = node[diagonals[d][0]];
        child[4 + c][1] = node[diagonals[d][1]];
        child[4 + c][2] = node[rings[d][c]];
        child[4 + c][3] = node[rings[d][(c + 1) % 4]];
    }
}

static void fill_nodes(const gm_tetmesh *m, const gm_edges *edges, gm_tetmesh *fine,
                       int32_t (*parents)[2])
{
    memcpy(fine->nodes_mm, m->nodes_mm, m->n_nodes * sizeof *m->nodes_mm);
    for (size_t i = 0; i < m->n_nodes; i++)
        for (int32_t k = edges->start[i]; k < edges->start[i + 1]; k++) {
            int32_t j = edges->other[k];
            for (int c = 0; c < 3; c++)
                fine->nodes_mm[m->n_nodes + (size_t)k][c] =
                    0.5 * (m->nodes_mm[i][c] + m->nodes_mm[j][c]);
            if (parents) parents[k][0] = (int32_t)i, parents[k][1] = j;
        }
}

static void fill_tets(const gm_tetmesh *m, const gm_edges *edges, gm_tetmesh *fine)
{
    for (size_t e = 0; e < m->n_tets; e++) {
        int32_t node[10];
        memcpy(node, m->tets[e], sizeof m->tets[e]);
        for (int k = 0; k < 6; k++)
            node[4 + k] = (int32_t)m->n_nodes +
                          gm_edges_find(edges, node[GM_TET_EDGE[k][0]], node[GM_TET_EDGE[k][1]]);
        split(fine, node, fine->tets + 8 * e);
    }
}

/* Eight copies of each of n items of `size` bytes; NULL in, NULL out. False: no memory. */
static bool inherit(void **out, const void *from, size_t n, size_t size)
{
    if (!from) return true;
    char *to = *out = gm_calloc(8 * n, size);
    if (!to) return false;
    for (size_t i = 0; i < 8 * n; i++)
        memcpy(to + i * size, (const char *)from + i / 8 * size, size);
    return true;
}

static gm_status refine(const gm_tetmesh *m, const gm_edges *edges, gm_tetmesh **out,
                        int32_t (*parents)[2])
{
    gm_tetmesh *fine;
    GM_TRY(gm_tetmesh_create(&fine, m->n_nodes + edges->n_edges, 8 * m->n_tets));
    fill_nodes(m, edges, fine, parents);
    fill_tets(m, edges, fine);
    void *tags = NULL, *fibres = NULL, *sheets = NULL;
    bool done = inherit(&tags, m->tags, m->n_tets, sizeof *m->tags) &&
                inherit(&fibres, m->fibres, m->n_tets, sizeof *m->fibres) &&
                inherit(&sheets, m->sheets, m->n_tets, sizeof *m->sheets);
    fine->tags = tags;
    fine->fibres = fibres;
    fine->sheets = sheets;
    if (!done) {
        gm_tetmesh_destroy(fine);
        return gm_fail(GM_ENOMEM, "mesh: no memory to refine %zu tets", m->n_tets);
    }
    *out = fine;
    return GM_OK;
}

gm_status gm_tetmesh_refine(const gm_tetmesh *m, gm_tetmesh **out, int32_t (**edge_parents)[2])
{
    *out = NULL;
    if (edge_parents) *edge_parents = NULL;
    gm_edges edges;
    GM_TRY(gm_tetmesh_edges(m, &edges));
    int32_t(*parents)[2] = edge_parents ? gm_calloc(edges.n_edges, sizeof *parents) : NULL;
    gm_status s = edge_parents && !parents
                      ? gm_fail(GM_ENOMEM, "mesh: no memory to refine %zu tets", m->n_tets)
                      : refine(m, &edges, out, parents);
    gm_edges_free(&edges);
    if (s != GM_OK)
        gm_free(parents);
    else if (edge_parents)
        *edge_parents = parents;
    return s;
}
