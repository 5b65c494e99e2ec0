#include "heart/fit/endocardium.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "mesh/locate.h"

struct gm_endocardium {
    const gm_tetmesh *mesh;
    size_t n_faces, n_lv;
    int32_t (*faces)[3];       /* LV, then RV */
    int32_t *owner;            /* [n_faces] the tet of each face */
    double *area_before;       /* [n_faces + 1] running sum, mm^2 */
    gm_face_finder *finder[2]; /* by ventricle */
    int32_t *face_of_node;     /* [n_nodes] -1: not on the surface */
};

static const double *node_of(const gm_endocardium *e, int32_t face, int corner)
{
    return e->mesh->nodes_mm[e->faces[face][corner]];
}

static void cross(const double a[3], const double b[3], double c[3])
{
    c[0] = a[1] * b[2] - a[2] * b[1];
    c[1] = a[2] * b[0] - a[0] * b[2];
    c[2] = a[0] * b[1] - a[1] * b[0];
}

static double unit(double v[3])
{
    double length = sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    for (int d = 0; d < 3; d++)
        v[d] /= length > 0 ? length : 1;
    return length;
}

static void face_normal(const gm_endocardium *e, int32_t face, double first[3], double normal[3])
{
    double second[3];
    for (int d = 0; d < 3; d++) {
        first[d] = node_of(e, face, 1)[d] - node_of(e, face, 0)[d];
        second[d] = node_of(e, face, 2)[d] - node_of(e, face, 0)[d];
    }
    cross(first, second, normal);
}

/* The owner of each face: among the tets of its first node, the one that holds all three. */
static gm_status find_owners(gm_endocardium *e)
{
    gm_incidence around;
    GM_TRY(gm_tetmesh_node_tets(e->mesh, &around));
    gm_status s = GM_OK;
    for (size_t f = 0; f < e->n_faces && s == GM_OK; f++) {
        const int32_t *face = e->faces[f];
        e->owner[f] = -1;
        for (int32_t k = around.start[face[0]]; k < around.start[face[0] + 1]; k++) {
            const int32_t *tet = e->mesh->tets[around.item[k]];
            int shared = 0;
            for (int a = 0; a < 4; a++)
                shared += tet[a] == face[0] || tet[a] == face[1] || tet[a] == face[2];
            if (shared == 3) e->owner[f] = around.item[k];
        }
        if (e->owner[f] < 0) s = gm_fail(GM_EINVAL, "endocardium: face %zu is not in the mesh", f);
    }
    gm_incidence_free(&around);
    return s;
}

static gm_status fill(gm_endocardium *e, const gm_heart_case *c)
{
    e->mesh = c->mesh;
    e->n_lv = c->lv_endo.n_faces;
    e->n_faces = e->n_lv + c->rv_endo.n_faces;
    e->faces = gm_calloc(e->n_faces, sizeof *e->faces);
    e->owner = gm_calloc(e->n_faces, sizeof *e->owner);
    e->area_before = gm_calloc(e->n_faces + 1, sizeof *e->area_before);
    e->face_of_node = gm_calloc(c->mesh->n_nodes, sizeof *e->face_of_node);
    if (!e->faces || !e->owner || !e->area_before || !e->face_of_node)
        return gm_fail(GM_ENOMEM, "endocardium: no memory");
    memcpy(e->faces, c->lv_endo.faces, e->n_lv * sizeof *e->faces);
    memcpy(e->faces + e->n_lv, c->rv_endo.faces, c->rv_endo.n_faces * sizeof *e->faces);
    for (size_t i = 0; i < c->mesh->n_nodes; i++)
        e->face_of_node[i] = -1;
    for (size_t f = e->n_faces; f-- > 0;) {
        double first[3], normal[3];
        face_normal(e, (int32_t)f, first, normal);
        e->area_before[f + 1] = 0.5 * unit(normal);
        for (int k = 0; k < 3; k++)
            e->face_of_node[e->faces[f][k]] = (int32_t)f;
    }
    for (size_t f = 0; f < e->n_faces; f++)
        e->area_before[f + 1] += e->area_before[f];
    GM_TRY(find_owners(e));
    GM_TRY(gm_face_finder_create(&e->finder[0], c->mesh->nodes_mm, e->faces, e->n_lv));
    return gm_face_finder_create(&e->finder[1], c->mesh->nodes_mm, e->faces + e->n_lv,
                                 e->n_faces - e->n_lv);
}

gm_status gm_endocardium_create(gm_endocardium **out, const gm_heart_case *c)
{
    *out = NULL;
    if (c->lv_endo.n_faces == 0 || c->rv_endo.n_faces == 0)
        return gm_fail(GM_EINVAL,
                       "%s: fitting needs the endocardium of both ventricles; add \"endocardium\": "
                       "{\"lv\": FILE, \"rv\": FILE}",
                       c->name);
    gm_endocardium *e = gm_calloc(1, sizeof *e);
    if (!e) return gm_fail(GM_ENOMEM, "endocardium: no memory");
    gm_status s = fill(e, c);
    if (s != GM_OK) {
        gm_endocardium_destroy(e);
        return s;
    }
    *out = e;
    return GM_OK;
}

void gm_endocardium_destroy(gm_endocardium *e)
{
    if (!e) return;
    gm_face_finder_destroy(e->finder[0]);
    gm_face_finder_destroy(e->finder[1]);
    gm_free(e->faces);
    gm_free(e->owner);
    gm_free(e->area_before);
    gm_free(e->face_of_node);
    gm_free(e);
}

size_t gm_endocardium_faces(const gm_endocardium *e)
{
    return e->n_faces;
}

gm_ventricle gm_endo_ventricle(const gm_endocardium *e, int32_t face)
{
    return (size_t)face < e->n_lv ? GM_VENTRICLE_LV : GM_VENTRICLE_RV;
}

void gm_endo_point(const gm_endocardium *e, const gm_endo_place *p, double xyz_mm[3])
{
    for (int d = 0; d < 3; d++)
        xyz_mm[d] = p->weight[0] * node_of(e, p->face, 0)[d] +
                    p->weight[1] * node_of(e, p->face, 1)[d] +
                    p->weight[2] * node_of(e, p->face, 2)[d];
}

void gm_endo_tangents(const gm_endocardium *e, int32_t face, double t1[3], double t2[3])
{
    double normal[3];
    face_normal(e, face, t1, normal);
    unit(t1);
    unit(normal);
    cross(normal, t1, t2);
}

gm_endo_place gm_endo_nearest(const gm_endocardium *e, gm_ventricle v, const double xyz_mm[3])
{
    gm_surface_point at = gm_nearest_face(e->finder[v], xyz_mm);
    gm_endo_place p = {.face = (int32_t)(at.face + (v == GM_VENTRICLE_RV ? e->n_lv : 0))};
    memcpy(p.weight, at.weights, sizeof p.weight);
    return p;
}

gm_endo_place gm_endo_move(const gm_endocardium *e, const gm_endo_place *p, double d1, double d2)
{
    double x[3], t1[3], t2[3];
    gm_endo_point(e, p, x);
    gm_endo_tangents(e, p->face, t1, t2);
    for (int d = 0; d < 3; d++)
        x[d] += d1 * t1[d] + d2 * t2[d];
    return gm_endo_nearest(e, gm_endo_ventricle(e, p->face), x);
}

gm_endo_place gm_endo_from_cube(const gm_endocardium *e, const double u[3])
{
    double at = u[0] * e->area_before[e->n_faces];
    size_t low = 0, high = e->n_faces; /* area_before[low] <= at < area_before[high] */
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (e->area_before[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    double a = sqrt(u[1]), b = u[2];
    return (gm_endo_place){(int32_t)low, {1 - a, a * (1 - b), a * b}};
}

gm_endo_place gm_endo_draw(const gm_endocardium *e, gm_rng *rng)
{
    double u[3];
    for (int k = 0; k < 3; k++)
        u[k] = gm_rng_uniform(rng);
    return gm_endo_from_cube(e, u);
}

gm_source gm_endo_source(const gm_endocardium *e, const gm_endo_place *p, double onset_ms)
{
    gm_source s = {.tet = e->owner[p->face], .node = -1, .onset_ms = onset_ms};
    gm_endo_point(e, p, s.xyz_mm);
    for (int k = 0; k < 4; k++)
        for (int c = 0; c < 3; c++)
            if (e->mesh->tets[s.tet][k] == e->faces[p->face][c]) s.weight[k] = p->weight[c];
    for (int c = 0; c < 3; c++)
        if (p->weight[c] >= 1 - 1e-9) s.node = e->faces[p->face][c];
    return s;
}

gm_endo_place gm_endo_at_node(const gm_endocardium *e, int32_t node)
{
    gm_endo_place p = {.face = e->face_of_node[node]};
    for (int k = 0; k < 3; k++)
        p.weight[k] = e->faces[p.face][k] == node;
    return p;
}

size_t gm_endo_spread(const gm_endocardium *e, int32_t nodes[], size_t n)
{
    size_t n_nodes = e->mesh->n_nodes, found = 0;
    double *nearest = gm_calloc(n_nodes, sizeof *nearest);
    if (!nearest) return 0;
    int32_t next = -1;
    for (size_t i = 0; i < n_nodes; i++) {
        nearest[i] = e->face_of_node[i] < 0 ? -1 : INFINITY;
        if (next < 0 && e->face_of_node[i] >= 0) next = (int32_t)i;
    }
    while (found < n && next >= 0) {
        const double *p = e->mesh->nodes_mm[next];
        double most = 0;
        nodes[found++] = next;
        next = -1;
        for (size_t i = 0; i < n_nodes; i++) {
            if (nearest[i] < 0) continue;
            const double *q = e->mesh->nodes_mm[i];
            double x = p[0] - q[0], y = p[1] - q[1], z = p[2] - q[2];
            nearest[i] = fmin(nearest[i], x * x + y * y + z * z);
            if (nearest[i] > most) most = nearest[i], next = (int32_t)i;
        }
    }
    gm_free(nearest);
    return found;
}
