#include "heart/case/case.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/case/case_internal.h"
#include "heart/case/face_sets.h"
#include "heart/case/place.h"

gm_heart_conductivity gm_heart_conductivity_defaults(void)
{
    return (gm_heart_conductivity){.gil_mS_cm = 3.0, .git_mS_cm = 0.3, .sigma0_mS_cm = 3.0};
}

gm_heart_template gm_heart_template_defaults(void)
{
    return (gm_heart_template){
        .v_rest_mv = -80, .v_peak_mv = 20, .eps_up_ms = 1, .w_rep_ms = 15, .t_on_ms = 0};
}

gm_status gm_heart_case_create(gm_heart_case **out, const char *name)
{
    *out = NULL;
    gm_heart_case *c = gm_calloc(1, sizeof *c);
    if (c) c->name = gm_strdup(name);
    if (!c || !c->name) {
        gm_free(c);
        return gm_fail(GM_ENOMEM, "%s: no memory", name);
    }
    c->conductivity = gm_heart_conductivity_defaults();
    c->shape = gm_heart_template_defaults();
    *out = c;
    return GM_OK;
}

void gm_heart_case_destroy(gm_heart_case *c)
{
    if (!c) return;
    for (size_t i = 0; i < c->n_inputs; i++) {
        gm_free(c->inputs[i].role);
        gm_free(c->inputs[i].path);
    }
    gm_free(c->inputs);
    gm_locator_destroy(c->muscle);
    gm_face_set_free(&c->lv_endo);
    gm_face_set_free(&c->rv_endo);
    gm_face_set_free(&c->base);
    gm_face_set_free(&c->epi);
    gm_free(c->fast);
    gm_tetmesh_destroy(c->mesh);
    gm_free(c->name);
    gm_free(c);
}

gm_status gm_heart_case_add_input(gm_heart_case *c, const char *role, const char *path)
{
    gm_case_input input = {0};
    GM_TRY(gm_hash_file(path, input.sha256));
    gm_case_input *grown = gm_realloc(c->inputs, c->n_inputs + 1, sizeof *grown);
    if (grown) c->inputs = grown;
    input.role = gm_strdup(role);
    input.path = gm_strdup(path);
    if (!grown || !input.role || !input.path) {
        gm_free(input.role);
        gm_free(input.path);
        return gm_fail(GM_ENOMEM, "%s: no memory", c->name);
    }
    c->inputs[c->n_inputs++] = input;
    return GM_OK;
}

/* ---- checks of the mesh ------------------------------------------------------------------------- */

gm_status gm_heart_case_set_mesh(gm_heart_case *c, gm_tetmesh *taken, const char *name)
{
    c->mesh = taken;
    GM_TRY(gm_tetmesh_check(c->mesh, NULL, name));
    GM_TRY(gm_tetmesh_measure(c->mesh, &c->facts));
    double extent = 0;
    for (int k = 0; k < 3; k++)
        extent = fmax(extent, c->facts.box_max_mm[k] - c->facts.box_min_mm[k]);
    if (extent < GM_CASE_MIN_EXTENT_MM)
        return gm_fail(GM_EFORMAT,
                       "%s: the mesh is %.4g mm long, allowed %g to %g mm: it looks like m or cm; "
                       "coordinates must be in mm (in um in .pts files)",
                       name, extent, GM_CASE_MIN_EXTENT_MM, GM_CASE_MAX_EXTENT_MM);
    if (extent > GM_CASE_MAX_EXTENT_MM)
        return gm_fail(GM_EFORMAT,
                       "%s: the mesh is %.4g mm long, allowed %g to %g mm: it looks like um; "
                       "coordinates must be in mm (in um in .pts files)",
                       name, extent, GM_CASE_MIN_EXTENT_MM, GM_CASE_MAX_EXTENT_MM);
    return gm_locator_create(&c->muscle, c->mesh);
}

/* ---- the fast endocardial layer ----------------------------------------------------------------- */

static gm_status layer_by_tag(gm_heart_case *c, const char *name)
{
    if (!c->mesh->tags)
        return gm_fail(GM_EFORMAT, "%s: \"fast_layer_tag\" is %d, but the mesh has no element tags",
                       name, c->fast_layer_tag);
    for (size_t e = 0; e < c->mesh->n_tets; e++) {
        c->fast[e] = c->mesh->tags[e] == c->fast_layer_tag;
        c->n_fast += c->fast[e];
    }
    if (c->n_fast == 0)
        return gm_fail(
            GM_EFORMAT,
            "%s: \"fast_layer_tag\" is %d, but no element has this tag (the first has %d)", name,
            c->fast_layer_tag, c->mesh->tags[0]);
    return GM_OK;
}

static void mark_nodes(const gm_face_set *s, bool *marked)
{
    for (size_t i = 0; i < s->n_faces; i++)
        for (int k = 0; k < 3; k++)
            marked[s->faces[i][k]] = true;
}

static gm_status layer_by_contact(gm_heart_case *c, const char *name)
{
    bool *endocardial = gm_calloc(c->mesh->n_nodes, sizeof *endocardial);
    if (!endocardial) return gm_fail(GM_ENOMEM, "%s: no memory", name);
    mark_nodes(&c->lv_endo, endocardial);
    mark_nodes(&c->rv_endo, endocardial);
    for (size_t e = 0; e < c->mesh->n_tets; e++) {
        const int32_t *t = c->mesh->tets[e];
        c->fast[e] =
            endocardial[t[0]] || endocardial[t[1]] || endocardial[t[2]] || endocardial[t[3]];
        c->n_fast += c->fast[e];
    }
    gm_free(endocardial);
    return GM_OK;
}

static gm_status hash_geometry(gm_heart_case *c)
{
    const gm_tetmesh *m = c->mesh;
    gm_hasher *h;
    GM_TRY(gm_hasher_create(&h));
    gm_hasher_add(h, &m->n_nodes, sizeof m->n_nodes);
    gm_hasher_add(h, m->nodes_mm, m->n_nodes * sizeof *m->nodes_mm);
    gm_hasher_add(h, m->tets, m->n_tets * sizeof *m->tets);
    gm_hasher_add(h, m->fibres, m->n_tets * sizeof *m->fibres);
    gm_hasher_add(h, c->fast, m->n_tets * sizeof *c->fast);
    return gm_hasher_finish(h, c->geometry_hash);
}

gm_status gm_heart_case_finish(gm_heart_case *c, const char *name)
{
    c->fast = gm_calloc(c->mesh->n_tets, sizeof *c->fast);
    if (!c->fast) return gm_fail(GM_ENOMEM, "%s: no memory for %zu tets", name, c->mesh->n_tets);
    GM_TRY(c->has_fast_tag ? layer_by_tag(c, name) : layer_by_contact(c, name));
    return hash_geometry(c);
}

/* ---- coordinates -------------------------------------------------------------------------------- */

gm_status gm_heart_case_coordinates(gm_heart_case *c, gm_threads *threads,
                                    const struct gm_heart_coordinates **out)
{
    (void)threads;
    *out = c->coordinates;
    if (*out) return GM_OK;
    if (!c->lv_endo.n_faces || !c->rv_endo.n_faces)
        return gm_fail(
            GM_EINVAL,
            "ventricular coordinates need both endocardia: add \"endocardium\": {\"lv\": "
            "FILE, \"rv\": FILE} to %s",
            c->name);
    return gm_fail(GM_EINVAL, "%s: ventricular coordinates are not in this build", c->name);
}
