#include "mesh/locate.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "mesh/boxtree.h"
#include "mesh/p1.h"

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void subtract(const double a[3], const double b[3], double out[3])
{
    for (int k = 0; k < 3; k++)
        out[k] = a[k] - b[k];
}

static void box_around(const double (*nodes)[3], const int32_t *node, int n, gm_box *out)
{
    memcpy(out->low, nodes[node[0]], sizeof out->low);
    memcpy(out->high, nodes[node[0]], sizeof out->high);
    for (int i = 1; i < n; i++)
        for (int k = 0; k < 3; k++) {
            out->low[k] = fmin(out->low[k], nodes[node[i]][k]);
            out->high[k] = fmax(out->high[k], nodes[node[i]][k]);
        }
}

/* ---- nodes -------------------------------------------------------------------------------------- */

struct gm_node_finder {
    const double (*nodes)[3]; /* not owned */
    gm_boxtree tree;
};

static void node_box(const void *context, size_t i, gm_box *out)
{
    const gm_node_finder *f = context;
    memcpy(out->low, f->nodes[i], sizeof out->low);
    memcpy(out->high, f->nodes[i], sizeof out->high);
}

static double node_distance(const void *context, size_t i, const double p[3])
{
    const gm_node_finder *f = context;
    double d[3];
    subtract(f->nodes[i], p, d);
    return dot(d, d);
}

gm_status gm_node_finder_create(gm_node_finder **out, const double (*nodes_mm)[3], size_t n_nodes)
{
    *out = NULL;
    gm_node_finder *f = gm_calloc(1, sizeof *f);
    if (!f) return gm_fail(GM_ENOMEM, "mesh: no memory for a node finder");
    f->nodes = nodes_mm;
    gm_status s = gm_boxtree_create(&f->tree, n_nodes, node_box, f);
    if (s == GM_OK)
        *out = f;
    else
        gm_free(f);
    return s;
}

void gm_node_finder_destroy(gm_node_finder *f)
{
    if (!f) return;
    gm_boxtree_free(&f->tree);
    gm_free(f);
}

size_t gm_nearest_node(const gm_node_finder *f, const double p[3], double *distance_mm)
{
    double squared;
    size_t i = gm_boxtree_nearest(&f->tree, p, node_distance, f, &squared);
    if (distance_mm) *distance_mm = sqrt(squared);
    return i;
}

/* ---- faces -------------------------------------------------------------------------------------- */

struct gm_face_finder {
    const double (*nodes)[3];  /* not owned */
    const int32_t (*faces)[3]; /* not owned */
    gm_boxtree tree;
};

/* The nearest place on the edge from a (weight i) to b (weight j). */
static void nearest_on_edge(double t, int i, int j, double weights[3])
{
    memset(weights, 0, 3 * sizeof *weights);
    weights[i] = 1 - t;
    weights[j] = t;
}

double gm_triangle_nearest(const double a[3], const double b[3], const double c[3],
                           const double p[3], double weights[3])
{
    double ab[3], ac[3], ap[3], bp[3], cp[3];
    subtract(b, a, ab);
    subtract(c, a, ac);
    subtract(p, a, ap);
    subtract(p, b, bp);
    subtract(p, c, cp);
    double d1 = dot(ab, ap), d2 = dot(ac, ap), d3 = dot(ab, bp), d4 = dot(ac, bp);
    double d5 = dot(ab, cp), d6 = dot(ac, cp);
    double va = d3 * d6 - d5 * d4, vb = d5 * d2 - d1 * d6, vc = d1 * d4 - d3 * d2;
    if (d1 <= 0 && d2 <= 0) {
        nearest_on_edge(0, 0, 1, weights);
    } else if (d3 >= 0 && d4 <= d3) {
        nearest_on_edge(1, 0, 1, weights);
    } else if (d6 >= 0 && d5 <= d6) {
        nearest_on_edge(1, 0, 2, weights);
    } else if (vc <= 0 && d1 >= 0 && d3 <= 0 && d1 > d3) {
        nearest_on_edge(d1 / (d1 - d3), 0, 1, weights);
    } else if (vb <= 0 && d2 >= 0 && d6 <= 0 && d2 > d6) {
        nearest_on_edge(d2 / (d2 - d6), 0, 2, weights);
    } else if (va <= 0 && d4 >= d3 && d5 >= d6 && (d4 > d3 || d5 > d6)) {
        nearest_on_edge((d4 - d3) / ((d4 - d3) + (d5 - d6)), 1, 2, weights);
    } else if (!(va + vb + vc > 0)) { /* rounding, in a triangle without area */
        nearest_on_edge(0, 0, 1, weights);
    } else {
        weights[1] = vb / (va + vb + vc);
        weights[2] = vc / (va + vb + vc);
        weights[0] = 1 - weights[1] - weights[2];
    }
    double squared = 0;
    for (int k = 0; k < 3; k++) {
        double d = weights[0] * a[k] + weights[1] * b[k] + weights[2] * c[k] - p[k];
        squared += d * d;
    }
    return squared;
}

static void face_box(const void *context, size_t i, gm_box *out)
{
    const gm_face_finder *f = context;
    box_around(f->nodes, f->faces[i], 3, out);
}

static double face_nearest(const gm_face_finder *f, size_t i, const double p[3], double weights[3])
{
    const int32_t *t = f->faces[i];
    return gm_triangle_nearest(f->nodes[t[0]], f->nodes[t[1]], f->nodes[t[2]], p, weights);
}

static double face_distance(const void *context, size_t i, const double p[3])
{
    double weights[3];
    return face_nearest(context, i, p, weights);
}

gm_status gm_face_finder_create(gm_face_finder **out, const double (*nodes_mm)[3],
                                const int32_t (*faces)[3], size_t n_faces)
{
    *out = NULL;
    gm_face_finder *f = gm_calloc(1, sizeof *f);
    if (!f) return gm_fail(GM_ENOMEM, "mesh: no memory for a face finder");
    f->nodes = nodes_mm;
    f->faces = faces;
    gm_status s = gm_boxtree_create(&f->tree, n_faces, face_box, f);
    if (s == GM_OK)
        *out = f;
    else
        gm_free(f);
    return s;
}

void gm_face_finder_destroy(gm_face_finder *f)
{
    if (!f) return;
    gm_boxtree_free(&f->tree);
    gm_free(f);
}

gm_surface_point gm_nearest_face(const gm_face_finder *f, const double p[3])
{
    gm_surface_point q = {0};
    double squared;
    q.face = gm_boxtree_nearest(&f->tree, p, face_distance, f, &squared);
    face_nearest(f, q.face, p, q.weights);
    q.distance_mm = sqrt(squared);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            q.point_mm[k] += q.weights[i] * f->nodes[f->faces[q.face][i]][k];
    return q;
}

/* ---- tets --------------------------------------------------------------------------------------- */

struct gm_tet_finder {
    const gm_tetmesh *mesh; /* not owned */
    gm_boxtree tree;
};

static void tet_box(const void *context, size_t e, gm_box *out)
{
    const gm_tet_finder *f = context;
    box_around((const double(*)[3])f->mesh->nodes_mm, f->mesh->tets[e], 4, out);
}

gm_status gm_tet_finder_create(gm_tet_finder **out, const gm_tetmesh *m)
{
    *out = NULL;
    gm_tet_finder *f = gm_calloc(1, sizeof *f);
    if (!f) return gm_fail(GM_ENOMEM, "mesh: no memory for a tet finder");
    f->mesh = m;
    gm_status s = gm_boxtree_create(&f->tree, m->n_tets, tet_box, f);
    if (s == GM_OK)
        *out = f;
    else
        gm_free(f);
    return s;
}

void gm_tet_finder_destroy(gm_tet_finder *f)
{
    if (!f) return;
    gm_boxtree_free(&f->tree);
    gm_free(f);
}

typedef struct {
    const gm_tetmesh *mesh;
    const double *p;
    size_t tet;
    double depth_mm; /* least distance from the planes of the faces; negative: outside */
    double lambda[4];
} tet_search;

static void look_into_tet(void *context, size_t e)
{
    tet_search *s = context;
    double grad[4][3], lambda[4], from_first[3], depth = INFINITY;
    gm_tetmesh_gradients(s->mesh, e, grad);
    subtract(s->p, s->mesh->nodes_mm[s->mesh->tets[e][0]], from_first);
    for (int k = 1; k < 4; k++)
        lambda[k] = dot(grad[k], from_first);
    lambda[0] = 1 - lambda[1] - lambda[2] - lambda[3];
    for (int k = 0; k < 4; k++)
        depth = fmin(depth, lambda[k] / sqrt(dot(grad[k], grad[k])));
    if (depth > s->depth_mm || (depth == s->depth_mm && e < s->tet)) {
        s->tet = e;
        s->depth_mm = depth;
        memcpy(s->lambda, lambda, sizeof lambda);
    }
}

bool gm_find_tet(const gm_tet_finder *f, const double p[3], double tolerance_mm, size_t *tet,
                 double lambda[4])
{
    tet_search s = {.mesh = f->mesh, .p = p, .tet = SIZE_MAX, .depth_mm = -INFINITY};
    gm_boxtree_around(&f->tree, p, tolerance_mm, look_into_tet, &s);
    if (!(s.depth_mm >= -tolerance_mm)) return false;
    *tet = s.tet;
    memcpy(lambda, s.lambda, sizeof s.lambda);
    return true;
}
