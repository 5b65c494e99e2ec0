#include <string.h>

#include "core/alloc.h"
#include "heart/anatomy/coordinates_internal.h"
#include "mesh/locate.h"

typedef struct {
    const gm_tetmesh *mesh, *from_mesh;
    const gm_heart_coordinates *from;
    gm_heart_coordinates *to;
    int32_t (*faces)[3], *owner; /* boundary of from_mesh */
    size_t n_faces;
    gm_tet_finder *tets;
    gm_face_finder *surface;
} resampling;

/* Weights in the owner of the face that is nearest. */
static size_t on_surface(const resampling *r, const double p[3], double weight[4])
{
    gm_surface_point at = gm_nearest_face(r->surface, p);
    size_t tet = (size_t)r->owner[at.face];
    for (int k = 0; k < 4; k++) {
        weight[k] = 0;
        for (int v = 0; v < 3; v++)
            if (r->from_mesh->tets[tet][k] == r->faces[at.face][v]) weight[k] = at.weights[v];
    }
    return tet;
}

/* Weights add up to 1 but for rounding. */
static double in_range(double x)
{
    return x > 0 ? (x < 1 ? x : 1) : 0;
}

static void resample_range(void *context, size_t first, size_t last, unsigned worker)
{
    (void)worker;
    const resampling *r = context;
    for (size_t i = first; i < last; i++) {
        const double *p = r->mesh->nodes_mm[i];
        double weight[4];
        size_t tet;
        if (!gm_find_tet(r->tets, p, 0, &tet, weight)) tet = on_surface(r, p, weight);
        gm_coordinate_values v = gm_coordinates_at(r->from_mesh, r->from, (int32_t)tet, weight);
        r->to->ab[i] = in_range(v.ab);
        r->to->rt[i] = v.rt < 1 ? v.rt : 0;
        r->to->tm[i] = in_range(v.tm);
        r->to->tv[i] = (uint8_t)v.ventricle;
        double rvlv = 0;
        for (int k = 0; k < 4; k++)
            rvlv += weight[k] * r->from->rvlv[r->from_mesh->tets[tet][k]];
        r->to->rvlv[i] = in_range(rvlv);
    }
}

static void set_on(const gm_face_set *s, double *values, double value)
{
    for (size_t f = 0; f < s->n_faces; f++)
        for (int k = 0; k < 3; k++)
            values[s->faces[f][k]] = value;
}

static void set_ventricle(const gm_face_set *s, gm_heart_coordinates *c, gm_ventricle v)
{
    set_on(s, c->tm, 1);
    set_on(s, c->rvlv, v == GM_VENTRICLE_RV);
    for (size_t f = 0; f < s->n_faces; f++)
        for (int k = 0; k < 3; k++)
            c->tv[s->faces[f][k]] = (uint8_t)v;
}

static gm_status prepare(resampling *r)
{
    GM_TRY(gm_heart_coordinates_allocate(&r->to, r->mesh->n_nodes));
    GM_TRY(gm_tetmesh_boundary(r->from_mesh, &r->faces, &r->owner, &r->n_faces));
    GM_TRY(gm_tet_finder_create(&r->tets, r->from_mesh));
    memcpy(r->to->apex_mm, r->from->apex_mm, sizeof r->to->apex_mm);
    memcpy(r->to->long_axis, r->from->long_axis, sizeof r->to->long_axis);
    memcpy(r->to->anterior, r->from->anterior, sizeof r->to->anterior);
    return gm_face_finder_create(&r->surface, (const double(*)[3])r->from_mesh->nodes_mm,
                                 (const int32_t(*)[3])r->faces, r->n_faces);
}

gm_status gm_heart_coordinates_resample(gm_heart_coordinates **out, const gm_tetmesh *mesh,
                                        const gm_face_set *lv_endo, const gm_face_set *rv_endo,
                                        const gm_face_set *base, const gm_face_set *epi,
                                        const gm_tetmesh *from_mesh,
                                        const gm_heart_coordinates *from, gm_threads *threads)
{
    resampling r = {.mesh = mesh, .from_mesh = from_mesh, .from = from};
    *out = NULL;
    gm_status s = prepare(&r);
    if (s == GM_OK) {
        gm_threads_ranges(threads, mesh->n_nodes, 512, resample_range, &r);
        set_on(base, r.to->ab, 1);
        set_on(epi, r.to->tm, 0);
        set_ventricle(lv_endo, r.to, GM_VENTRICLE_LV);
        set_ventricle(rv_endo, r.to, GM_VENTRICLE_RV);
        *out = r.to;
    } else {
        gm_heart_coordinates_destroy(r.to);
    }
    gm_tet_finder_destroy(r.tets);
    gm_face_finder_destroy(r.surface);
    gm_free(r.faces);
    gm_free(r.owner);
    return s;
}
