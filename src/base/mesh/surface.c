#include "mesh/surface.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "mesh/locate.h"

gm_status gm_surface_create(gm_surface **out, size_t n_nodes, size_t n_faces)
{
    *out = NULL;
    gm_surface *s = gm_calloc(1, sizeof *s);
    if (!s) return gm_fail(GM_ENOMEM, "surface: no memory");
    s->n_nodes = n_nodes;
    s->n_faces = n_faces;
    s->nodes_mm = gm_calloc(n_nodes, sizeof *s->nodes_mm);
    s->faces = gm_calloc(n_faces, sizeof *s->faces);
    if (!s->nodes_mm || !s->faces) {
        gm_surface_destroy(s);
        return gm_fail(GM_ENOMEM, "surface: no memory for %zu nodes and %zu triangles", n_nodes,
                       n_faces);
    }
    *out = s;
    return GM_OK;
}

gm_status gm_surface_check(const gm_surface *s, const char *name)
{
    if (s->n_faces == 0) return gm_fail(GM_EFORMAT, "%s: a surface without triangles", name);
    for (size_t i = 0; i < s->n_nodes; i++) {
        const double *p = s->nodes_mm[i];
        if (!isfinite(p[0]) || !isfinite(p[1]) || !isfinite(p[2]))
            return gm_fail(GM_EFORMAT, "%s: node %zu is at (%g, %g, %g) mm: not finite", name, i,
                           p[0], p[1], p[2]);
    }
    for (size_t i = 0; i < s->n_faces; i++) {
        const int32_t *f = s->faces[i];
        for (int k = 0; k < 3; k++)
            if (f[k] < 0 || (size_t)f[k] >= s->n_nodes || f[k] == f[(k + 1) % 3])
                return gm_fail(GM_EFORMAT,
                               "%s: triangle %zu has nodes %d %d %d: they must differ and be 0 to "
                               "%zu",
                               name, i, f[0], f[1], f[2], s->n_nodes - 1);
    }
    return GM_OK;
}

/* Gives each used mesh node its number on the surface, ascending; -1: unused. */
static size_t number_used_nodes(const int32_t (*faces)[3], size_t n_faces, int32_t *number,
                                size_t n_nodes)
{
    for (size_t i = 0; i < n_nodes; i++)
        number[i] = -1;
    for (size_t i = 0; i < n_faces; i++)
        for (int k = 0; k < 3; k++)
            number[faces[i][k]] = 0;
    size_t n = 0;
    for (size_t i = 0; i < n_nodes; i++)
        if (number[i] == 0) number[i] = (int32_t)n++;
    return n;
}

static gm_status fill_surface(gm_surface *s, const gm_tetmesh *m, const int32_t (*faces)[3],
                              const int32_t *number)
{
    s->mesh_nodes = gm_calloc(s->n_nodes, sizeof *s->mesh_nodes);
    if (!s->mesh_nodes) return gm_fail(GM_ENOMEM, "surface: no memory");
    for (size_t i = 0; i < m->n_nodes; i++) {
        if (number[i] < 0) continue;
        memcpy(s->nodes_mm[number[i]], m->nodes_mm[i], sizeof m->nodes_mm[i]);
        s->mesh_nodes[number[i]] = (int32_t)i;
    }
    for (size_t i = 0; i < s->n_faces; i++)
        for (int k = 0; k < 3; k++)
            s->faces[i][k] = number[faces[i][k]];
    return GM_OK;
}

gm_status gm_surface_of_mesh(gm_surface **out, const gm_tetmesh *m, const int32_t (*faces)[3],
                             size_t n_faces)
{
    *out = NULL;
    int32_t *number = gm_calloc(m->n_nodes, sizeof *number);
    if (!number) return gm_fail(GM_ENOMEM, "surface: no memory");
    size_t n = number_used_nodes(faces, n_faces, number, m->n_nodes);
    gm_surface *s = NULL;
    gm_status status = gm_surface_create(&s, n, n_faces);
    if (status == GM_OK) status = fill_surface(s, m, faces, number);
    gm_free(number);
    if (status == GM_OK)
        *out = s;
    else
        gm_surface_destroy(s);
    return status;
}

static gm_status match_nodes(const gm_surface *s, const gm_node_finder *finder, double tolerance_mm,
                             int32_t *mesh_nodes, const char *name)
{
    size_t n_far = 0, first = 0, first_nearest = 0;
    double first_mm = 0;
    for (size_t i = 0; i < s->n_nodes; i++) {
        double mm;
        size_t node = gm_nearest_node(finder, s->nodes_mm[i], &mm);
        mesh_nodes[i] = (int32_t)node;
        if (mm <= tolerance_mm) continue;
        if (n_far++ == 0) first = i, first_mm = mm, first_nearest = node;
    }
    if (n_far == 0) return GM_OK;
    return gm_fail(GM_EFORMAT,
                   "%s: %zu of %zu vertices are no nodes of the mesh (within %g mm); the first is "
                   "vertex %zu, %g mm from node %zu, the nearest",
                   name, n_far, s->n_nodes, tolerance_mm, first, first_mm, first_nearest);
}

gm_status gm_surface_match(gm_surface *s, const gm_tetmesh *m, double tolerance_mm,
                           const char *name)
{
    int32_t *mesh_nodes = gm_calloc(s->n_nodes, sizeof *mesh_nodes);
    if (!mesh_nodes) return gm_fail(GM_ENOMEM, "%s: no memory", name);
    gm_node_finder *finder;
    gm_status status = gm_node_finder_create(&finder, (const double(*)[3])m->nodes_mm, m->n_nodes);
    if (status == GM_OK) status = match_nodes(s, finder, tolerance_mm, mesh_nodes, name);
    gm_node_finder_destroy(finder);
    if (status != GM_OK) {
        gm_free(mesh_nodes);
        return status;
    }
    gm_free(s->mesh_nodes);
    s->mesh_nodes = mesh_nodes;
    return GM_OK;
}

/* A face with its nodes ascending. */
typedef struct {
    int32_t node[3], number;
} sorted_face;

static sorted_face sorted(const int32_t f[3], size_t number)
{
    int32_t a = f[0], b = f[1], c = f[2], t;
    if (a > b) t = a, a = b, b = t;
    if (b > c) t = b, b = c, c = t;
    if (a > b) t = a, a = b, b = t;
    return (sorted_face){{a, b, c}, (int32_t)number};
}

static int compare_nodes(const void *a, const void *b)
{
    const sorted_face *x = a, *y = b;
    for (int k = 0; k < 3; k++)
        if (x->node[k] != y->node[k]) return x->node[k] < y->node[k] ? -1 : 1;
    return 0;
}

gm_status gm_faces_find(const int32_t (*boundary)[3], size_t n_boundary, const int32_t (*faces)[3],
                        size_t n_faces, int32_t *index)
{
    sorted_face *table = gm_calloc(n_boundary, sizeof *table);
    if (!table) return gm_fail(GM_ENOMEM, "surface: no memory to find %zu triangles", n_faces);
    for (size_t i = 0; i < n_boundary; i++)
        table[i] = sorted(boundary[i], i);
    qsort(table, n_boundary, sizeof *table, compare_nodes);
    for (size_t i = 0; i < n_faces; i++) {
        sorted_face key = sorted(faces[i], 0);
        const sorted_face *found = bsearch(&key, table, n_boundary, sizeof *table, compare_nodes);
        index[i] = found ? found->number : -1;
    }
    gm_free(table);
    return GM_OK;
}
