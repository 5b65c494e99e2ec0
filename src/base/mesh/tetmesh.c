#include "mesh/tetmesh.h"

#include <math.h>

#include "core/alloc.h"
#include "mesh/faces.h"

static const gm_tetmesh_tolerance default_tolerance = {.min_volume_mm3 = 1e-9};

/* How far the length of a fibre may be from 1: text files with four digits stay within it. */
static const double max_fibre_length_error = 2e-3;

gm_status gm_tetmesh_create(gm_tetmesh **out, size_t n_nodes, size_t n_tets)
{
    *out = NULL;
    /* Edges and half faces are counted in 32 bits; 6 edges a tet is the largest count. */
    if (n_nodes > INT32_MAX || n_tets > INT32_MAX / 6)
        return gm_fail(GM_EINVAL, "mesh: %zu nodes and %zu tets are too many (at most %d, %d)",
                       n_nodes, n_tets, INT32_MAX, INT32_MAX / 6);
    gm_tetmesh *m = gm_calloc(1, sizeof *m);
    if (!m) return gm_fail(GM_ENOMEM, "mesh: no memory");
    m->n_nodes = n_nodes;
    m->n_tets = n_tets;
    m->nodes_mm = gm_calloc(n_nodes, sizeof *m->nodes_mm);
    m->tets = gm_calloc(n_tets, sizeof *m->tets);
    if (!m->nodes_mm || !m->tets) {
        gm_tetmesh_destroy(m);
        return gm_fail(GM_ENOMEM, "mesh: no memory for %zu nodes and %zu tets", n_nodes, n_tets);
    }
    *out = m;
    return GM_OK;
}

void gm_tetmesh_destroy(gm_tetmesh *m)
{
    if (!m) return;
    gm_free(m->nodes_mm);
    gm_free(m->tets);
    gm_free(m->tags);
    gm_free(m->fibres);
    gm_free(m->sheets);
    gm_free(m);
}

double gm_tet_volume_mm3(const double a[3], const double b[3], const double c[3], const double d[3])
{
    double u[3], v[3], w[3];
    for (int k = 0; k < 3; k++) {
        u[k] = b[k] - a[k];
        v[k] = c[k] - a[k];
        w[k] = d[k] - a[k];
    }
    double det = u[0] * (v[1] * w[2] - v[2] * w[1]) - u[1] * (v[0] * w[2] - v[2] * w[0]) +
                 u[2] * (v[0] * w[1] - v[1] * w[0]);
    return det / 6;
}

static gm_status check_coordinates(const gm_tetmesh *m, const char *name)
{
    size_t n_bad = 0, first = 0;
    for (size_t i = 0; i < m->n_nodes; i++) {
        const double *p = m->nodes_mm[i];
        if (!isfinite(p[0]) || !isfinite(p[1]) || !isfinite(p[2])) first = n_bad++ ? first : i;
    }
    if (!n_bad) return GM_OK;
    const double *p = m->nodes_mm[first];
    return gm_fail(GM_EFORMAT,
                   "%s: node %zu is at (%g, %g, %g) mm: not finite (%zu such of %zu nodes)", name,
                   first, p[0], p[1], p[2], n_bad, m->n_nodes);
}

static bool has_valid_nodes(const gm_tetmesh *m, size_t e)
{
    for (int k = 0; k < 4; k++)
        if (m->tets[e][k] < 0 || (size_t)m->tets[e][k] >= m->n_nodes) return false;
    return true;
}

static gm_status check_node_numbers(const gm_tetmesh *m, const char *name)
{
    size_t n_bad = 0, first = 0;
    for (size_t e = 0; e < m->n_tets; e++)
        if (!has_valid_nodes(m, e)) first = n_bad++ ? first : e;
    if (!n_bad) return GM_OK;
    const int32_t *t = m->tets[first];
    return gm_fail(GM_EFORMAT,
                   "%s: tet %zu has nodes %d %d %d %d, allowed are 0 to %zu (%zu such of %zu tets)",
                   name, first, t[0], t[1], t[2], t[3], m->n_nodes - 1, n_bad, m->n_tets);
}

static double tet_volume(const gm_tetmesh *m, size_t e)
{
    const int32_t *t = m->tets[e];
    return gm_tet_volume_mm3(m->nodes_mm[t[0]], m->nodes_mm[t[1]], m->nodes_mm[t[2]],
                             m->nodes_mm[t[3]]);
}

static gm_status check_volumes(const gm_tetmesh *m, double min_mm3, const char *name)
{
    size_t n_bad = 0, n_inverted = 0, first = 0;
    for (size_t e = 0; e < m->n_tets; e++) {
        double v = tet_volume(m, e);
        if (v > min_mm3 && isfinite(v)) continue;
        first = n_bad++ ? first : e;
        n_inverted += v < -min_mm3;
    }
    if (!n_bad) return GM_OK;
    const int32_t *t = m->tets[first];
    double v = tet_volume(m, first);
    return gm_fail(GM_EFORMAT,
                   "%s: tet %zu (nodes %d %d %d %d) %s: volume %g mm3, must be above %g mm3 "
                   "(of %zu tets %zu are inverted, %zu too small)",
                   name, first, t[0], t[1], t[2], t[3],
                   v < -min_mm3 ? "is inverted" : "is flat or too small", v, min_mm3, m->n_tets,
                   n_inverted, n_bad - n_inverted);
}

static gm_status check_all_used(const gm_tetmesh *m, const char *name)
{
    bool *used = gm_calloc(m->n_nodes, sizeof *used);
    if (!used) return gm_fail(GM_ENOMEM, "%s: no memory to check %zu nodes", name, m->n_nodes);
    for (size_t e = 0; e < m->n_tets; e++)
        for (int k = 0; k < 4; k++)
            used[m->tets[e][k]] = true;
    size_t n_bad = 0, first = 0;
    for (size_t i = 0; i < m->n_nodes; i++)
        if (!used[i]) first = n_bad++ ? first : i;
    gm_free(used);
    if (!n_bad) return GM_OK;
    return gm_fail(GM_EFORMAT, "%s: node %zu belongs to no tet (%zu such of %zu nodes): remove it",
                   name, first, n_bad, m->n_nodes);
}

static gm_status check_directions(const double (*v)[3], size_t n, const char *what,
                                  const char *name)
{
    if (!v) return GM_OK;
    size_t n_bad = 0, first = 0;
    for (size_t e = 0; e < n; e++) {
        double length = sqrt(v[e][0] * v[e][0] + v[e][1] * v[e][1] + v[e][2] * v[e][2]);
        if (!(fabs(length - 1) <= max_fibre_length_error)) first = n_bad++ ? first : e;
    }
    if (!n_bad) return GM_OK;
    return gm_fail(GM_EFORMAT,
                   "%s: %s of tet %zu is (%g, %g, %g): it must have length 1 (%zu such of %zu)",
                   name, what, first, v[first][0], v[first][1], v[first][2], n_bad, n);
}

static gm_status check_faces(const gm_tetmesh *m, const char *name)
{
    int32_t(*neighbours)[4];
    GM_TRY(gm_tetmesh_neighbours(m, &neighbours, name));
    gm_free(neighbours);
    return GM_OK;
}

gm_status gm_tetmesh_check(const gm_tetmesh *m, const gm_tetmesh_tolerance *tolerance,
                           const char *name)
{
    double min_mm3 = (tolerance ? tolerance : &default_tolerance)->min_volume_mm3;
    if (!(min_mm3 >= 0 && isfinite(min_mm3)))
        return gm_fail(GM_EINVAL, "%s: smallest volume %g mm3, allowed: 0 or more", name, min_mm3);
    if (m->n_nodes == 0 || m->n_tets == 0)
        return gm_fail(GM_EFORMAT, "%s: a mesh of %zu nodes and %zu tets is empty", name,
                       m->n_nodes, m->n_tets);
    GM_TRY(check_coordinates(m, name));
    GM_TRY(check_node_numbers(m, name));
    GM_TRY(check_volumes(m, min_mm3, name));
    GM_TRY(check_all_used(m, name));
    GM_TRY(check_faces(m, name));
    GM_TRY(check_directions((const double(*)[3])m->fibres, m->n_tets, "fibre", name));
    return check_directions((const double(*)[3])m->sheets, m->n_tets, "sheet direction", name);
}

gm_status gm_tetmesh_boundary(const gm_tetmesh *m, int32_t (**faces)[3], int32_t **owner,
                              size_t *n_faces)
{
    *faces = NULL;
    *n_faces = 0;
    if (owner) *owner = NULL;
    int32_t(*neighbours)[4];
    GM_TRY(gm_tetmesh_neighbours(m, &neighbours, "mesh"));
    size_t n = 0, i = 0;
    for (size_t e = 0; e < m->n_tets; e++)
        for (int k = 0; k < 4; k++)
            n += neighbours[e][k] < 0;
    int32_t(*f)[3] = gm_calloc(n, sizeof *f);
    int32_t *tet = owner ? gm_calloc(n, sizeof *tet) : NULL;
    if (!f || (owner && !tet)) {
        gm_free(neighbours);
        gm_free(f);
        gm_free(tet);
        return gm_fail(GM_ENOMEM, "mesh: no memory for %zu boundary faces", n);
    }
    for (size_t e = 0; e < m->n_tets; e++)
        for (int k = 0; k < 4; k++) {
            if (neighbours[e][k] >= 0) continue;
            if (tet) tet[i] = (int32_t)e;
            for (int j = 0; j < 3; j++)
                f[i][j] = m->tets[e][GM_TET_FACE[k][j]];
            i++;
        }
    gm_free(neighbours);
    *faces = f;
    *n_faces = n;
    if (owner) *owner = tet;
    return GM_OK;
}

gm_status gm_tetmesh_node_tets(const gm_tetmesh *m, gm_incidence *out)
{
    *out = (gm_incidence){0};
    int32_t *start = gm_calloc(m->n_nodes + 2, sizeof *start);
    int32_t *item = gm_calloc(m->n_tets * 4, sizeof *item);
    if (!start || !item) {
        gm_free(start);
        gm_free(item);
        return gm_fail(GM_ENOMEM, "mesh: no memory for the tets of %zu nodes", m->n_nodes);
    }
    /* Counts go two places ahead, so that filling leaves each start where it belongs. */
    for (size_t e = 0; e < m->n_tets; e++)
        for (int k = 0; k < 4; k++)
            start[m->tets[e][k] + 2]++;
    for (size_t i = 1; i <= m->n_nodes; i++)
        start[i + 1] += start[i];
    for (size_t e = 0; e < m->n_tets; e++)
        for (int k = 0; k < 4; k++)
            item[start[m->tets[e][k] + 1]++] = (int32_t)e;
    *out = (gm_incidence){start, item};
    return GM_OK;
}

void gm_incidence_free(gm_incidence *x)
{
    gm_free(x->start);
    gm_free(x->item);
    *x = (gm_incidence){0};
}

void gm_surface_destroy(gm_surface *s)
{
    if (!s) return;
    gm_free(s->nodes_mm);
    gm_free(s->faces);
    gm_free(s->mesh_nodes);
    gm_free(s);
}
