#include <string.h>

#include "core/alloc.h"
#include "mesh/mesher_lattice.h"

/* A face, filed under its smallest node. */
typedef struct {
    int32_t middle, largest, tet;
} face;

static const int FACES[4][3] = {{1, 2, 3}, {0, 3, 2}, {0, 1, 3}, {0, 2, 1}};

static void sort3(int32_t v[3])
{
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < 2; i++)
            if (v[i] > v[i + 1]) {
                int32_t t = v[i];
                v[i] = v[i + 1];
                v[i + 1] = t;
            }
}

static int32_t root(int32_t *up, int32_t i)
{
    while (up[i] != i)
        i = up[i] = up[up[i]];
    return i;
}

/* The smaller number becomes the root: the outcome depends on the mesh alone. */
static void join(int32_t *up, int32_t a, int32_t b)
{
    a = root(up, a);
    b = root(up, b);
    if (a < b)
        up[b] = a;
    else
        up[a] = b;
}

static void faces_of_tet(const gm_tetmesh *m, size_t t, int which, int32_t v[3])
{
    for (int c = 0; c < 3; c++)
        v[c] = m->tets[t][FACES[which][c]];
    sort3(v);
}

static void file_faces(const gm_tetmesh *m, size_t *start, face *faces)
{
    int32_t v[3];
    for (size_t t = 0; t < m->n_tets; t++)
        for (int k = 0; k < 4; k++) {
            faces_of_tet(m, t, k, v);
            start[v[0] + 2]++;
        }
    for (size_t i = 2; i < m->n_nodes + 2; i++)
        start[i] += start[i - 1];
    for (size_t t = 0; t < m->n_tets; t++)
        for (int k = 0; k < 4; k++) {
            faces_of_tet(m, t, k, v);
            faces[start[v[0] + 1]++] = (face){v[1], v[2], (int32_t)t};
        }
}

static void join_tets(const size_t *start, const face *faces, size_t n_nodes, int32_t *up)
{
    for (size_t node = 0; node < n_nodes; node++)
        for (size_t i = start[node]; i < start[node + 1]; i++)
            for (size_t j = i + 1; j < start[node + 1]; j++)
                if (faces[i].middle == faces[j].middle && faces[i].largest == faces[j].largest)
                    join(up, faces[i].tet, faces[j].tet);
}

/* The root of the part with most tets (of equal ones the first). */
static int32_t largest_root(int32_t *up, int32_t *count, size_t n_tets)
{
    int32_t best = 0;
    for (size_t t = 0; t < n_tets; t++)
        count[root(up, (int32_t)t)]++;
    for (size_t t = 0; t < n_tets; t++)
        if (count[t] > count[best]) best = (int32_t)t;
    return best;
}

static void keep_part(gm_tetmesh *m, int32_t *up, int32_t keep, int32_t *number)
{
    size_t n_tets = 0, n_nodes = 0;
    memset(number, -1, m->n_nodes * sizeof *number);
    for (size_t t = 0; t < m->n_tets; t++) {
        if (root(up, (int32_t)t) != keep) continue;
        for (int c = 0; c < 4; c++)
            number[m->tets[t][c]] = 0;
        if (n_tets != t) memcpy(m->tets[n_tets], m->tets[t], sizeof m->tets[t]);
        n_tets++;
    }
    for (size_t i = 0; i < m->n_nodes; i++) {
        if (number[i] < 0) continue;
        if (n_nodes != i) memcpy(m->nodes_mm[n_nodes], m->nodes_mm[i], sizeof m->nodes_mm[i]);
        number[i] = (int32_t)n_nodes++;
    }
    for (size_t t = 0; t < n_tets; t++)
        for (int c = 0; c < 4; c++)
            m->tets[t][c] = number[m->tets[t][c]];
    m->n_tets = n_tets;
    m->n_nodes = n_nodes;
}

gm_status gm_mesher_largest_part(gm_tetmesh *m)
{
    size_t *start = gm_calloc(m->n_nodes + 2, sizeof *start);
    face *faces = gm_alloc_aligned(4 * m->n_tets, sizeof *faces);
    int32_t *up = gm_alloc_aligned(m->n_tets, sizeof *up);
    int32_t *scratch = gm_calloc(m->n_tets > m->n_nodes ? m->n_tets : m->n_nodes, sizeof *scratch);
    gm_status s = GM_OK;
    if (start && faces && up && scratch) {
        for (size_t t = 0; t < m->n_tets; t++)
            up[t] = (int32_t)t;
        file_faces(m, start, faces);
        join_tets(start, faces, m->n_nodes, up);
        int32_t keep = largest_root(up, scratch, m->n_tets);
        keep_part(m, up, keep, scratch);
    } else {
        s = gm_fail(GM_ENOMEM, "mesher: no memory for the faces of %zu tets", m->n_tets);
    }
    gm_free(start);
    gm_free(faces);
    gm_free(up);
    gm_free(scratch);
    return s;
}
