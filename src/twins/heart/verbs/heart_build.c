#include <string.h>

#include "core/alloc.h"
#include "heart/anatomy/anatomy.h"
#include "heart/anatomy/coordinates.h"
#include "heart/verbs/heart_views.h"
#include "heart/verbs/verbs.h"
#include "mesh/surface.h"

const gm_option gm_heart_build_options[] = {
    {"o", GM_ARG_FILE, "DIR", 0, 0, NULL, NULL,
     "write mesh, fibres, surfaces, electrodes, case.json and heart.vtu into DIR"},
    {"edge-mm", GM_ARG_REAL, "H", 0.5, 5, "mm", "2.5", "mean edge length of the tetrahedra"},
    {"lv-ml", GM_ARG_REAL, "V", 30, 400, "mL", "140", "volume of the LV cavity"},
    {"rv-ml", GM_ARG_REAL, "V", 30, 500, "mL", "150", "volume of the RV cavity"},
    {"wall-mm", GM_ARG_REAL, "W", 4, 25, "mm", "9.5", "thickness of the LV's free wall and septum"},
    {"axis-mm", GM_ARG_REAL, "L", 50, 140, "mm", "90", "from the LV's base to its inner apex"},
    {0},
};

const char gm_heart_build_description[] =
    "Builds a human heart without anybody's images: both ventricles as smooth shapes of the sizes "
    "given, filled with tetrahedra whose dihedral angles are all above 10 degrees, with fibres by "
    "rule, ventricular coordinates and the electrodes of a standard torso (x to the "
    "patient's left, y to the back, z to the head).\n\n"
    "With -o DIR it writes heart.pts, heart.elem and heart.lon (openCARP), lv_endo.surf, "
    "rv_endo.surf, base.surf and epi.surf, electrodes.csv, case.json for gemel heart forward and "
    "gemel heart fit, and heart.vtu for ParaView with fibres, ventricular "
    "coordinates (ab, rt, tm, tv) and, as an approximate export, rotation and depth "
    "in the convention of the universal ventricular coordinates.\n\n"
    "The cavities have the volumes asked for within 1 %. A wall thinner than 1.7 edges would have "
    "holes: the RV's wall, 3.5 mm, is therefore made that thick where the edges are longer than 2 "
    "mm, and the thickness built is printed.";

typedef struct {
    gm_anatomy_params params;
    gm_anatomy *a;
    gm_heart_coordinates *c;
    gm_tetmesh_facts facts;
} building;

static gm_status read_options(gm_anatomy_params *p, const gm_args *args)
{
    *p = gm_anatomy_defaults();
    GM_TRY(gm_args_real(args, "edge-mm", &p->edge_mm));
    GM_TRY(gm_args_real(args, "lv-ml", &p->lv_ml));
    GM_TRY(gm_args_real(args, "rv-ml", &p->rv_ml));
    GM_TRY(gm_args_real(args, "wall-mm", &p->wall_mm));
    return gm_args_real(args, "axis-mm", &p->axis_mm);
}

/* Below this edge length coordinates come from a companion mesh: solving grows faster than the mesh. */
#define COMPANION_EDGE_MM 1.6

static gm_status solve_coordinates(gm_heart_coordinates **c, const gm_anatomy *a, const gm_run *run)
{
    return gm_heart_coordinates_create(c, a->mesh, &a->lv_endo, &a->rv_endo, &a->base, &a->epi,
                                       run->threads);
}

static gm_status make_coordinates(building *b, const gm_run *run)
{
    if (b->params.edge_mm >= COMPANION_EDGE_MM) return solve_coordinates(&b->c, b->a, run);
    gm_anatomy_params p = b->params;
    gm_anatomy *companion;
    gm_heart_coordinates *c = NULL;
    p.edge_mm = COMPANION_EDGE_MM;
    GM_TRY(gm_anatomy_build(&companion, &p, run->threads));
    gm_status s = solve_coordinates(&c, companion, run);
    if (s == GM_OK)
        s = gm_heart_coordinates_resample(&b->c, b->a->mesh, &b->a->lv_endo, &b->a->rv_endo,
                                          &b->a->base, &b->a->epi, companion->mesh, c,
                                          run->threads);
    gm_heart_coordinates_destroy(c);
    gm_anatomy_destroy(companion);
    return s;
}

static gm_status make(building *b, const gm_run *run)
{
    gm_progress_report(run->progress, "building the heart", 0);
    gm_status s = gm_anatomy_build(&b->a, &b->params, run->threads);
    /* Sizes that do not go together are the caller's words, not our error. */
    if (s == GM_EINVAL) return gm_fail_in(GM_EUSAGE, "heart build");
    GM_TRY(s);
    GM_TRY(gm_interrupt_check("heart build"));
    gm_progress_report(run->progress, "making coordinates", 0.4);
    GM_TRY(make_coordinates(b, run));
    GM_TRY(gm_interrupt_check("heart build"));
    return gm_tetmesh_measure(b->a->mesh, &b->facts);
}

/* ---- files -------------------------------------------------------------------------------------- */

static gm_status add_vtu(gm_result *r, const building *b)
{
    const gm_heart_coordinates *c = b->c;
    size_t n = c->n_nodes;
    double *tv = gm_calloc(3 * n, sizeof *tv);
    if (!tv) return gm_fail(GM_ENOMEM, "heart build: no memory for %zu nodes", n);
    double *rotation = tv + n, *depth = tv + 2 * n;
    for (size_t i = 0; i < n; i++) {
        tv[i] = c->tv[i];
        rotation[i] = gm_uvc_rotation_rad((gm_ventricle)c->tv[i], c->rt[i]);
        depth[i] = gm_uvc_depth(c->tm[i]);
    }
    const gm_heart_field fields[] = {
        {"ab", "", c->ab, false},       {"rt", "", c->rt, false},
        {"tm", "", c->tm, false},       {"tv", "", tv, false},
        {"rvlv", "", c->rvlv, false},   {"uvc_rotation", "rad", rotation, false},
        {"uvc_depth", "", depth, false}};
    gm_status s =
        gm_heart_add_mesh(r, "heart.vtu", b->a->mesh, fields, sizeof fields / sizeof *fields);
    gm_free(tv);
    return s;
}

/* The faces go over to the result. */
static gm_status add_surf(gm_result *r, const char *path, gm_face_set *taken)
{
    gm_file *f;
    GM_TRY(gm_result_add_file(r, GM_FILE_SURFACE, path, &f));
    f->as.surface.faces = taken->faces;
    f->as.surface.n = taken->n_faces;
    *taken = (gm_face_set){0};
    return GM_OK;
}

static gm_status add_electrodes(gm_result *r, const gm_anatomy *a)
{
    gm_text text = {0};
    gm_file *f;
    gm_text_add(&text, "name,x,y,z\n");
    for (int e = 0; e < GM_N_ELECTRODES; e++)
        gm_text_addf(&text, "%s,%.3f,%.3f,%.3f\n", gm_electrode_names[e], a->electrodes_mm[e][0],
                     a->electrodes_mm[e][1], a->electrodes_mm[e][2]);
    gm_status s = gm_text_status(&text);
    if (s == GM_OK) s = gm_result_add_file(r, GM_FILE_TEXT, "electrodes.csv", &f);
    if (s == GM_OK)
        f->as.text = text.data;
    else
        gm_text_free(&text);
    return s;
}

static gm_status add_case(gm_result *r)
{
    gm_heart_conductivity g = gm_heart_conductivity_defaults();
    gm_heart_template t = gm_heart_template_defaults();
    json_t *c = json_pack(
        "{s:s, s:s, s:s, s:{s:s, s:s}, s:s, s:s, s:{s:f, s:f, s:f}, s:{s:f, s:f, s:f, s:f, s:f}}",
        "mesh", "heart", "fibres", "heart.lon", "electrodes", "electrodes.csv", "endocardium", "lv",
        "lv_endo.surf", "rv", "rv_endo.surf", "base", "base.surf", "epicardium", "epi.surf",
        "conductivity", "gil_mS_cm", g.gil_mS_cm, "git_mS_cm", g.git_mS_cm, "sigma0_mS_cm",
        g.sigma0_mS_cm, "template", "V_rest", t.v_rest_mv, "V_peak", t.v_peak_mv, "eps_up_ms",
        t.eps_up_ms, "w_rep_ms", t.w_rep_ms, "t_on_ms", t.t_on_ms);
    if (!c) return gm_fail(GM_ENOMEM, "heart build: no memory for case.json");
    return gm_result_add_json(r, "case.json", c);
}

/* ---- what to look at ---------------------------------------------------------------------------- */

static gm_status add_field(gm_view *v, const gm_surface *surface, const char *name,
                           const double *values)
{
    gm_field *f = &v->as.surface.fields[v->as.surface.n_fields++];
    f->name = gm_strdup(name);
    f->unit = gm_strdup("");
    f->values = gm_calloc(surface->n_nodes, sizeof *f->values);
    if (!f->name || !f->unit || !f->values)
        return gm_fail(GM_ENOMEM, "heart build: no memory for the view");
    for (size_t i = 0; i < surface->n_nodes; i++)
        f->values[i] = values[surface->mesh_nodes[i]];
    return GM_OK;
}

static gm_status fill_shape(gm_view *v, gm_surface *surface)
{
    v->as.surface.n_nodes = surface->n_nodes;
    v->as.surface.nodes_mm = gm_calloc(surface->n_nodes, sizeof *v->as.surface.nodes_mm);
    v->as.surface.fields = gm_calloc(3, sizeof *v->as.surface.fields);
    if (!v->as.surface.nodes_mm || !v->as.surface.fields)
        return gm_fail(GM_ENOMEM, "heart build: no memory for the view");
    for (size_t i = 0; i < surface->n_nodes; i++)
        for (int c = 0; c < 3; c++)
            v->as.surface.nodes_mm[i][c] = (float)surface->nodes_mm[i][c];
    v->as.surface.n_faces = surface->n_faces;
    v->as.surface.faces = surface->faces;
    surface->faces = NULL;
    return GM_OK;
}

static gm_status fill_electrodes(gm_view *v, const gm_anatomy *a)
{
    v->as.surface.points_mm = gm_calloc(GM_N_ELECTRODES, sizeof *v->as.surface.points_mm);
    v->as.surface.point_labels = gm_calloc(GM_N_ELECTRODES, sizeof(char *));
    if (!v->as.surface.points_mm || !v->as.surface.point_labels)
        return gm_fail(GM_ENOMEM, "heart build: no memory for the view");
    for (int e = 0; e < GM_N_ELECTRODES; e++) {
        for (int c = 0; c < 3; c++)
            v->as.surface.points_mm[e][c] = (float)a->electrodes_mm[e][c];
        v->as.surface.point_labels[e] = gm_strdup(gm_electrode_names[e]);
        if (!v->as.surface.point_labels[e])
            return gm_fail(GM_ENOMEM, "heart build: no memory for the view");
        v->as.surface.n_points++;
    }
    return GM_OK;
}

static gm_status add_view(gm_result *r, const building *b)
{
    gm_view *v;
    gm_surface *surface = NULL;
    int32_t(*faces)[3];
    size_t n;
    GM_TRY(
        gm_result_add_view(r, GM_VIEW_SURFACE, "The heart",
                           "Surface of the muscle coloured by its ventricular coordinates: ab from "
                           "apex to base, rt round the long axis, tm from outside to the cavities.",
                           &v));
    GM_TRY(gm_tetmesh_boundary(b->a->mesh, &faces, NULL, &n));
    gm_status s = gm_surface_of_mesh(&surface, b->a->mesh, (const int32_t(*)[3])faces, n);
    gm_free(faces);
    if (s == GM_OK) s = fill_shape(v, surface);
    if (s == GM_OK) s = add_field(v, surface, "ab", b->c->ab);
    if (s == GM_OK) s = add_field(v, surface, "rt", b->c->rt);
    if (s == GM_OK) s = add_field(v, surface, "tm", b->c->tm);
    if (s == GM_OK) s = fill_electrodes(v, b->a);
    gm_surface_destroy(surface);
    return s;
}

/* ---- what to say -------------------------------------------------------------------------------- */

static gm_status add_values(gm_result *r, const building *b)
{
    const gm_anatomy *a = b->a;
    const struct {
        const char *name;
        double value;
    } reals[] = {{"edge_mm", b->facts.mean_edge_mm},
                 {"min_dihedral_deg", b->facts.min_dihedral_deg},
                 {"max_dihedral_deg", b->facts.max_dihedral_deg},
                 {"lv_ml", a->lv_ml},
                 {"rv_ml", a->rv_ml},
                 {"muscle_ml", a->muscle_ml},
                 {"wall_mm", b->params.wall_mm},
                 {"rv_wall_mm", a->rv_wall_mm},
                 {"axis_mm", b->params.axis_mm}};
    int lost =
        json_object_set_new(r->values, "n_nodes", json_integer((json_int_t)a->mesh->n_nodes));
    lost |= json_object_set_new(r->values, "n_tets", json_integer((json_int_t)a->mesh->n_tets));
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        lost |= json_object_set_new(r->values, reals[i].name, json_real(reals[i].value));
    return lost ? gm_fail(GM_ENOMEM, "heart build: no memory for the values") : GM_OK;
}

static gm_status add_summary(gm_result *r, const building *b)
{
    const gm_anatomy *a = b->a;
    GM_TRY(gm_result_set_title(r, "Built-in heart"));
    GM_TRY(gm_result_say(r,
                         "%zu nodes, %zu tets, mean edge %.2f mm, dihedral angles %.1f to %.1f "
                         "degrees\n",
                         a->mesh->n_nodes, a->mesh->n_tets, b->facts.mean_edge_mm,
                         b->facts.min_dihedral_deg, b->facts.max_dihedral_deg));
    GM_TRY(gm_result_say(r, "LV %.1f mL, RV %.1f mL, muscle %.1f mL\n", a->lv_ml, a->rv_ml,
                         a->muscle_ml));
    if (a->rv_wall_mm > b->params.rv_wall_mm)
        GM_TRY(gm_result_say(r,
                             "RV wall %.2f mm instead of %.2f mm: what edges of %g mm can fill\n",
                             a->rv_wall_mm, b->params.rv_wall_mm, b->params.edge_mm));
    return GM_OK;
}

/* Everything that still needs the mesh comes before the mesh goes over to the result. */
static gm_status add_all(gm_result *r, building *b)
{
    gm_file *f;
    GM_TRY(add_values(r, b));
    GM_TRY(add_summary(r, b));
    GM_TRY(add_vtu(r, b));
    GM_TRY(add_view(r, b));
    GM_TRY(add_electrodes(r, b->a));
    GM_TRY(add_surf(r, "lv_endo.surf", &b->a->lv_endo));
    GM_TRY(add_surf(r, "rv_endo.surf", &b->a->rv_endo));
    GM_TRY(add_surf(r, "base.surf", &b->a->base));
    GM_TRY(add_surf(r, "epi.surf", &b->a->epi));
    GM_TRY(gm_result_add_file(r, GM_FILE_MESH_SET, "heart", &f));
    f->as.mesh.mesh = b->a->mesh;
    b->a->mesh = NULL;
    return add_case(r);
}

gm_status gm_heart_build_run(const gm_args *args, const gm_run *run, gm_result *out)
{
    building b = {0};
    gm_status s = read_options(&b.params, args);
    if (s == GM_OK) s = make(&b, run);
    if (s == GM_OK) s = add_all(out, &b);
    gm_heart_coordinates_destroy(b.c);
    gm_anatomy_destroy(b.a);
    return s;
}
