#include "heart/case/case.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/anatomy/boundary.h"
#include "heart/anatomy/coordinates.h"
#include "heart/anatomy/fibres.h"
#include "heart/case/case_internal.h"
#include "heart/case/face_sets.h"
#include "heart/case/place.h"
#include "mesh/surface.h"

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
    gm_coordinate_finder_destroy(c->by_coordinates);
    gm_heart_coordinates_destroy(c->coordinates);
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

/* ---- base, epicardium and fibres ---------------------------------------------------------------- */

/* The boundary faces that are in none of the three sets. */
static gm_status rest_of_boundary(gm_face_set *out, const gm_heart_case *c,
                                  const gm_face_set *third)
{
    const gm_face_set *sets[3] = {&c->lv_endo, &c->rv_endo, third};
    const int32_t(*faces)[3];
    size_t n = gm_locator_faces(c->muscle, &faces), n_rest = 0;
    bool *taken = gm_calloc(n, sizeof *taken);
    int32_t *index = gm_calloc(n, sizeof *index);
    gm_status s = taken && index ? GM_OK : gm_fail(GM_ENOMEM, "%s: no memory", c->name);
    for (int k = 0; k < 3 && s == GM_OK; k++) {
        s = gm_faces_find(faces, n, (const int32_t(*)[3])sets[k]->faces, sets[k]->n_faces, index);
        for (size_t i = 0; s == GM_OK && i < sets[k]->n_faces; i++)
            taken[index[i]] = true;
    }
    for (size_t i = 0; s == GM_OK && i < n; i++)
        n_rest += !taken[i];
    if (s == GM_OK && n_rest == 0)
        s = gm_fail(GM_EINVAL, "%s: no boundary face is left for base or epicardium", c->name);
    if (s == GM_OK && !(out->faces = gm_calloc(n_rest, sizeof *out->faces)))
        s = gm_fail(GM_ENOMEM, "%s: no memory", c->name);
    for (size_t i = 0; s == GM_OK && i < n; i++)
        if (!taken[i]) memcpy(out->faces[out->n_faces++], faces[i], sizeof(int32_t[3]));
    gm_free(taken);
    gm_free(index);
    return s;
}

gm_status gm_heart_case_split(gm_heart_case *c)
{
    if (!c->lv_endo.n_faces || !c->rv_endo.n_faces)
        return gm_fail(GM_EINVAL,
                       "both endocardia are needed: add \"endocardium\": {\"lv\": FILE, \"rv\": "
                       "FILE} to %s",
                       c->name);
    bool has_base = c->base.n_faces, has_epi = c->epi.n_faces;
    if (has_base && has_epi) return GM_OK;
    if (has_base) return rest_of_boundary(&c->epi, c, &c->base);
    if (has_epi) return rest_of_boundary(&c->base, c, &c->epi);
    return gm_heart_split_boundary(&c->base, &c->epi, c->mesh, &c->lv_endo, &c->rv_endo);
}

static gm_status need_fibres(gm_heart_case *c, gm_threads *threads, const char *name)
{
    if (c->mesh->fibres) return GM_OK;
    gm_status s = gm_heart_case_split(c);
    if (s == GM_OK)
        s = gm_heart_fibres(c->mesh, &c->lv_endo, &c->rv_endo, &c->base, &c->epi, NULL, threads);
    if (s == GM_OK) c->fibres_by_rule = true;
    if (s == GM_OK || s == GM_ENOMEM) return s;
    return gm_fail_in(
        GM_EFORMAT,
        "%s: the mesh has no fibres; name a .lon file with one line for each of the %zu "
        "elements under \"fibres\". They cannot be made by rule",
        name, c->mesh->n_tets);
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

gm_status gm_heart_case_finish(gm_heart_case *c, gm_threads *threads, const char *name)
{
    GM_TRY(need_fibres(c, threads, name));
    c->fast = gm_calloc(c->mesh->n_tets, sizeof *c->fast);
    if (!c->fast) return gm_fail(GM_ENOMEM, "%s: no memory for %zu tets", name, c->mesh->n_tets);
    GM_TRY(c->has_fast_tag ? layer_by_tag(c, name) : layer_by_contact(c, name));
    return hash_geometry(c);
}

/* ---- coordinates -------------------------------------------------------------------------------- */

gm_status gm_heart_case_coordinates(gm_heart_case *c, gm_threads *threads,
                                    const struct gm_heart_coordinates **out)
{
    *out = c->coordinates;
    if (*out) return GM_OK;
    GM_TRY(gm_heart_case_split(c));
    gm_status s = gm_heart_coordinates_create(&c->coordinates, c->mesh, &c->lv_endo, &c->rv_endo,
                                              &c->base, &c->epi, threads);
    if (s != GM_OK) return gm_fail_in(s, "%s: ventricular coordinates", c->name);
    *out = c->coordinates;
    return GM_OK;
}

gm_status gm_heart_case_coordinate_finder(gm_heart_case *c, gm_threads *threads,
                                          const struct gm_coordinate_finder **out)
{
    const gm_heart_coordinates *x;
    *out = c->by_coordinates;
    if (*out) return GM_OK;
    GM_TRY(gm_heart_case_coordinates(c, threads, &x));
    GM_TRY(gm_coordinate_finder_create(&c->by_coordinates, c->mesh, x));
    *out = c->by_coordinates;
    return GM_OK;
}
