#include <math.h>

#include "core/alloc.h"
#include "mesh/faces.h"

static void subtract(const double a[3], const double b[3], double out[3])
{
    for (int k = 0; k < 3; k++)
        out[k] = a[k] - b[k];
}

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void unit_normal(const double a[3], const double b[3], const double c[3], double out[3])
{
    double u[3], v[3];
    subtract(b, a, u);
    subtract(c, a, v);
    out[0] = u[1] * v[2] - u[2] * v[1];
    out[1] = u[2] * v[0] - u[0] * v[2];
    out[2] = u[0] * v[1] - u[1] * v[0];
    double length = sqrt(dot(out, out));
    for (int k = 0; k < 3; k++)
        out[k] /= length;
}

/* Widens [*low, *high] by the six cosines of the dihedral angles of tet e. */
static void dihedral_cosines(const gm_tetmesh *m, size_t e, double *low, double *high)
{
    const int32_t *t = m->tets[e];
    double normal[4][3];
    for (int k = 0; k < 4; k++)
        unit_normal(m->nodes_mm[t[GM_TET_FACE[k][0]]], m->nodes_mm[t[GM_TET_FACE[k][1]]],
                    m->nodes_mm[t[GM_TET_FACE[k][2]]], normal[k]);
    *low = 1;
    *high = -1;
    for (int k = 0; k < 6; k++) {
        double c = -dot(normal[GM_TET_EDGE[k][0]], normal[GM_TET_EDGE[k][1]]);
        *low = fmin(*low, c);
        *high = fmax(*high, c);
    }
}

static double degrees_of_cosine(double c)
{
    return acos(fmax(-1, fmin(1, c))) * (180 / 3.14159265358979323846);
}

static void measure_tets(const gm_tetmesh *m, gm_tetmesh_facts *f)
{
    double lowest = 1, highest = -1;
    f->min_volume_mm3 = INFINITY;
    f->max_volume_mm3 = -INFINITY;
    for (size_t e = 0; e < m->n_tets; e++) {
        const int32_t *t = m->tets[e];
        double v = gm_tet_volume_mm3(m->nodes_mm[t[0]], m->nodes_mm[t[1]], m->nodes_mm[t[2]],
                                     m->nodes_mm[t[3]]);
        f->volume_mm3 += v;
        f->min_volume_mm3 = fmin(f->min_volume_mm3, v);
        f->max_volume_mm3 = fmax(f->max_volume_mm3, v);
        double low, high;
        dihedral_cosines(m, e, &low, &high);
        if (high > highest) highest = high, f->min_dihedral_tet = e;
        lowest = fmin(lowest, low);
    }
    f->min_dihedral_deg = degrees_of_cosine(highest);
    f->max_dihedral_deg = degrees_of_cosine(lowest);
}

static gm_status measure_edges(const gm_tetmesh *m, gm_tetmesh_facts *f)
{
    gm_edges edges;
    GM_TRY(gm_tetmesh_edges(m, &edges));
    double sum = 0;
    f->min_edge_mm = INFINITY;
    for (size_t i = 0; i < m->n_nodes; i++)
        for (int32_t k = edges.start[i]; k < edges.start[i + 1]; k++) {
            double d[3];
            subtract(m->nodes_mm[edges.other[k]], m->nodes_mm[i], d);
            double length = sqrt(dot(d, d));
            sum += length;
            f->min_edge_mm = fmin(f->min_edge_mm, length);
            f->max_edge_mm = fmax(f->max_edge_mm, length);
        }
    f->mean_edge_mm = sum / (double)edges.n_edges;
    gm_edges_free(&edges);
    return GM_OK;
}

static void measure_box(const gm_tetmesh *m, gm_tetmesh_facts *f)
{
    for (int k = 0; k < 3; k++) {
        f->box_min_mm[k] = f->box_max_mm[k] = m->nodes_mm[0][k];
        for (size_t i = 1; i < m->n_nodes; i++) {
            f->box_min_mm[k] = fmin(f->box_min_mm[k], m->nodes_mm[i][k]);
            f->box_max_mm[k] = fmax(f->box_max_mm[k], m->nodes_mm[i][k]);
        }
    }
}

/* Parts by a depth-first walk across faces. `stack` and `seen` have n_tets places. */
static size_t count_parts(const gm_tetmesh *m, const int32_t (*neighbours)[4], int32_t *stack,
                          bool *seen)
{
    size_t n_parts = 0;
    for (size_t first = 0; first < m->n_tets; first++) {
        if (seen[first]) continue;
        n_parts++;
        size_t depth = 0;
        stack[depth++] = (int32_t)first;
        seen[first] = true;
        while (depth > 0) {
            int32_t e = stack[--depth];
            for (int k = 0; k < 4; k++) {
                int32_t to = neighbours[e][k];
                if (to < 0 || seen[to]) continue;
                seen[to] = true;
                stack[depth++] = to;
            }
        }
    }
    return n_parts;
}

static gm_status measure_faces(const gm_tetmesh *m, gm_tetmesh_facts *f)
{
    int32_t(*neighbours)[4];
    GM_TRY(gm_tetmesh_neighbours(m, &neighbours, "mesh"));
    for (size_t e = 0; e < m->n_tets; e++)
        for (int k = 0; k < 4; k++)
            f->n_boundary_faces += neighbours[e][k] < 0;
    int32_t *stack = gm_calloc(m->n_tets, sizeof *stack);
    bool *seen = gm_calloc(m->n_tets, sizeof *seen);
    gm_status s = stack && seen ? GM_OK : gm_fail(GM_ENOMEM, "mesh: no memory to measure it");
    if (s == GM_OK) f->n_parts = count_parts(m, (const int32_t(*)[4])neighbours, stack, seen);
    gm_free(neighbours);
    gm_free(stack);
    gm_free(seen);
    return s;
}

gm_status gm_tetmesh_measure(const gm_tetmesh *m, gm_tetmesh_facts *out)
{
    gm_tetmesh_facts f = {0};
    if (m->n_nodes == 0 || m->n_tets == 0)
        return gm_fail(GM_EINVAL, "mesh: an empty mesh has nothing to measure");
    measure_box(m, &f);
    measure_tets(m, &f);
    GM_TRY(measure_edges(m, &f));
    GM_TRY(measure_faces(m, &f));
    *out = f;
    return GM_OK;
}
