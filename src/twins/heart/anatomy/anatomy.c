#include "heart/anatomy/anatomy.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/anatomy/shape.h"
#include "heart/anatomy/torso.h"
#include "mesh/mesher.h"

enum { MOST_STEPS = 40, MOST_ROUNDS = 2 };
#define MESH_TOLERANCE 0.005  /* of the cavities as meshed */
#define VOLUME_TOLERANCE 1e-4 /* of the RV volume: far below what a mesh resolves */

gm_anatomy_params gm_anatomy_defaults(void)
{
    return (gm_anatomy_params){.edge_mm = 2.5,
                               .lv_ml = 140,
                               .rv_ml = 150,
                               .wall_mm = 9.5,
                               .rv_wall_mm = 3.5,
                               .axis_mm = 90,
                               .angles = gm_fibre_angles_defaults()};
}

static gm_status check(const gm_anatomy_params *p)
{
    const struct {
        const char *name, *unit;
        double value, min, max;
    } rows[] = {{"edge length", "mm", p->edge_mm, 0.5, 5}, {"LV volume", "mL", p->lv_ml, 30, 400},
                {"RV volume", "mL", p->rv_ml, 30, 500},    {"LV wall", "mm", p->wall_mm, 4, 25},
                {"RV wall", "mm", p->rv_wall_mm, 2, 12},   {"LV axis", "mm", p->axis_mm, 50, 140}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!(rows[i].value >= rows[i].min && rows[i].value <= rows[i].max))
            return gm_fail(GM_EINVAL, "anatomy: %s is %g %s, allowed %g to %g %s", rows[i].name,
                           rows[i].value, rows[i].unit, rows[i].min, rows[i].max, rows[i].unit);
    double longest = p->wall_mm / GM_MESHER_WALL_EDGES;
    if (p->edge_mm > longest)
        return gm_fail(
            GM_EINVAL,
            "anatomy: edge length %g mm is too long for an LV wall of %g mm: it would have "
            "holes; allowed up to %.2f mm",
            p->edge_mm, p->wall_mm, longest);
    return GM_OK;
}

/* ---- the shape that has the RV volume asked for ------------------------------------------------- */

static gm_heart_shape shape_at(const gm_anatomy_params *p, double rv_wall_mm, double scale)
{
    double thinnest_mm = GM_MESHER_WALL_EDGES * p->edge_mm;
    const gm_heart_sizes sizes = {.lv_ml = p->lv_ml,
                                  .axis_mm = p->axis_mm,
                                  .wall_mm = p->wall_mm,
                                  .apex_wall_mm =
                                      fmax(GM_SHAPE_APEX_WALL * p->wall_mm, thinnest_mm),
                                  .rv_wall_mm = rv_wall_mm,
                                  .rv_scale = scale};
    return gm_heart_shape_of(&sizes);
}

static gm_status fit_shape(gm_heart_shape *out, const gm_anatomy_params *p, double rv_wall_mm,
                           gm_threads *threads)
{
    double scale[2] = {0.45, 4}, excess[2]; /* a bracket: mL too little, mL too much */
    for (int end = 0; end < 2; end++) {
        *out = shape_at(p, rv_wall_mm, scale[end]);
        excess[end] = gm_heart_shape_rv_ml(out, threads) - p->rv_ml;
        if (!isfinite(excess[end])) return gm_fail(GM_ENOMEM, "anatomy: no memory");
    }
    if (!(excess[0] < 0 && excess[1] > 0))
        return gm_fail(
            GM_EINVAL,
            "anatomy: an RV of %g mL does not go with an LV of %g mL, %g mm long, wall %g "
            "mm; allowed %.0f to %.0f mL",
            p->rv_ml, p->lv_ml, p->axis_mm, p->wall_mm, ceil(excess[0] + p->rv_ml),
            floor(excess[1] + p->rv_ml));
    for (int step = 0, last = -1; step < MOST_STEPS; step++) {
        /* False position; an end that stays twice counts half (Illinois). */
        double next = scale[0] - excess[0] * (scale[1] - scale[0]) / (excess[1] - excess[0]);
        *out = shape_at(p, rv_wall_mm, next);
        double now = gm_heart_shape_rv_ml(out, threads) - p->rv_ml;
        if (!isfinite(now)) return gm_fail(GM_ENOMEM, "anatomy: no memory");
        if (fabs(now) <= VOLUME_TOLERANCE * p->rv_ml) return GM_OK;
        int end = now > 0;
        scale[end] = next;
        excess[end] = now;
        if (end == last) excess[1 - end] *= 0.5;
        last = end;
    }
    return gm_fail(GM_ENOCONV, "anatomy: the RV volume of %g mL was not reached", p->rv_ml);
}

/* ---- faces -------------------------------------------------------------------------------------- */

/* The muscle is a ball with two dents: nodes - edges + faces of its surface is 2. Each hole in a wall
 * takes 2 away. */
static gm_status check_closed(const gm_tetmesh *m, const int32_t (*faces)[3], size_t n_faces)
{
    unsigned char *seen = gm_calloc(m->n_nodes, 1);
    if (!seen) return gm_fail(GM_ENOMEM, "anatomy: no memory for %zu nodes", m->n_nodes);
    long characteristic = (long)n_faces - (long)(3 * n_faces / 2);
    for (size_t i = 0; i < 3 * n_faces; i++) {
        characteristic += !seen[faces[i / 3][i % 3]];
        seen[faces[i / 3][i % 3]] = 1;
    }
    gm_free(seen);
    if (characteristic == 2) return GM_OK;
    return gm_fail(GM_EINVAL, "anatomy: the wall has holes with these sizes and this edge length; "
                              "take shorter edges or a thicker RV wall");
}

static gm_status sort_faces(gm_anatomy *a, const gm_heart_shape *shape)
{
    int32_t(*faces)[3];
    size_t n;
    GM_TRY(gm_tetmesh_boundary(a->mesh, &faces, NULL, &n));
    gm_face_set *sets[] = {[GM_SIDE_LV] = &a->lv_endo,
                           [GM_SIDE_RV] = &a->rv_endo,
                           [GM_SIDE_BASE] = &a->base,
                           [GM_SIDE_EPI] = &a->epi};
    gm_status s = check_closed(a->mesh, (const int32_t(*)[3])faces, n);
    for (int i = 0; i < 4 && s == GM_OK; i++) {
        sets[i]->faces = gm_calloc(n, sizeof *faces);
        if (!sets[i]->faces) s = gm_fail(GM_ENOMEM, "anatomy: no memory for %zu faces", n);
    }
    for (size_t f = 0; f < n && s == GM_OK; f++) {
        double x[3] = {0, 0, 0};
        for (int c = 0; c < 3; c++)
            for (int k = 0; k < 3; k++)
                x[c] += a->mesh->nodes_mm[faces[f][k]][c] / 3;
        gm_face_set *set = sets[gm_heart_shape_side(shape, x)];
        memcpy(set->faces[set->n_faces++], faces[f], sizeof faces[f]);
    }
    gm_free(faces);
    return s;
}

/* Between an endocardium and the base plane w = 0, by the divergence theorem: the sum over its faces
 * of the volumes of the columns up to the plane. */
static double cavity_ml(const gm_tetmesh *m, const gm_face_set *endo)
{
    double sum = 0;
    for (size_t f = 0; f < endo->n_faces; f++) {
        const double *a = m->nodes_mm[endo->faces[f][0]], *b = m->nodes_mm[endo->faces[f][1]],
                     *c = m->nodes_mm[endo->faces[f][2]];
        double area_w = 0.5 * ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
        sum -= area_w * (a[2] + b[2] + c[2]) / 3;
    }
    return sum / 1000;
}

static gm_status tag_tets(gm_anatomy *a, const gm_heart_shape *shape)
{
    gm_tetmesh *m = a->mesh;
    m->tags = gm_calloc(m->n_tets, sizeof *m->tags);
    if (!m->tags) return gm_fail(GM_ENOMEM, "anatomy: no memory for tags");
    double mm3 = 0;
    for (size_t e = 0; e < m->n_tets; e++) {
        const int32_t *t = m->tets[e];
        double x[3] = {0, 0, 0};
        for (int k = 0; k < 4; k++)
            for (int c = 0; c < 3; c++)
                x[c] += m->nodes_mm[t[k]][c] / 4;
        bool is_rv = gm_heart_shape_rv_mm(shape, x) < gm_heart_shape_lv_mm(shape, x);
        m->tags[e] = is_rv ? GM_TAG_RV : GM_TAG_LV;
        mm3 += gm_tet_volume_mm3(m->nodes_mm[t[0]], m->nodes_mm[t[1]], m->nodes_mm[t[2]],
                                 m->nodes_mm[t[3]]);
    }
    a->muscle_ml = mm3 / 1000;
    return GM_OK;
}

/* ---- all together ------------------------------------------------------------------------------- */

static void drop_mesh(gm_anatomy *a)
{
    gm_face_set *sets[] = {&a->lv_endo, &a->rv_endo, &a->base, &a->epi};
    gm_tetmesh_destroy(a->mesh);
    a->mesh = NULL;
    for (int i = 0; i < 4; i++) {
        gm_free(sets[i]->faces);
        *sets[i] = (gm_face_set){0};
    }
}

static gm_status fill_shape(gm_anatomy *a, gm_heart_shape *shape, const gm_anatomy_params *p,
                            gm_threads *threads)
{
    drop_mesh(a);
    GM_TRY(fit_shape(shape, p, a->rv_wall_mm, threads));
    gm_mesher_input in = {.phi = gm_heart_shape_muscle, .context = shape, .edge_mm = p->edge_mm};
    gm_heart_shape_box(shape, in.box_min_mm, in.box_max_mm);
    GM_TRY(gm_mesher_fill(&a->mesh, &in, threads));
    GM_TRY(sort_faces(a, shape));
    a->lv_ml = cavity_ml(a->mesh, &a->lv_endo);
    a->rv_ml = cavity_ml(a->mesh, &a->rv_endo);
    return GM_OK;
}

/* The triangles of a cavity lie inside its smooth surface; with long edges that takes a percent or
 * two away, so the shape is made that much larger. */
static gm_status fill_to_volume(gm_anatomy *a, gm_heart_shape *shape, const gm_anatomy_params *p,
                                gm_threads *threads)
{
    gm_anatomy_params larger = *p;
    for (int round = 0;; round++) {
        GM_TRY(fill_shape(a, shape, &larger, threads));
        double lv = p->lv_ml / a->lv_ml, rv = p->rv_ml / a->rv_ml;
        bool is_close = fabs(lv - 1) < MESH_TOLERANCE && fabs(rv - 1) < MESH_TOLERANCE;
        if (is_close || round == MOST_ROUNDS) return GM_OK;
        larger.lv_ml *= lv;
        larger.rv_ml *= rv;
    }
}

static gm_status build(gm_anatomy *a, const gm_anatomy_params *p, gm_threads *threads)
{
    gm_heart_shape shape;
    a->rv_wall_mm = fmax(p->rv_wall_mm, GM_MESHER_WALL_EDGES * p->edge_mm);
    GM_TRY(fill_to_volume(a, &shape, p, threads));
    GM_TRY(tag_tets(a, &shape));
    for (size_t i = 0; i < a->mesh->n_nodes; i++)
        gm_torso_place(a->mesh->nodes_mm[i]);
    gm_torso_electrodes(a->electrodes_mm);
    GM_TRY(
        gm_heart_fibres(a->mesh, &a->lv_endo, &a->rv_endo, &a->base, &a->epi, &p->angles, threads));
    return gm_tetmesh_check(a->mesh, NULL, "built-in anatomy");
}

gm_status gm_anatomy_build(gm_anatomy **out, const gm_anatomy_params *params, gm_threads *threads)
{
    gm_anatomy_params standard = gm_anatomy_defaults();
    *out = NULL;
    if (!params) params = &standard;
    GM_TRY(check(params));
    gm_anatomy *a = gm_calloc(1, sizeof *a);
    if (!a) return gm_fail(GM_ENOMEM, "anatomy: no memory");
    gm_status s = build(a, params, threads);
    if (s == GM_OK)
        *out = a;
    else
        gm_anatomy_destroy(a);
    return s;
}

void gm_anatomy_destroy(gm_anatomy *a)
{
    if (!a) return;
    drop_mesh(a);
    gm_free(a);
}
