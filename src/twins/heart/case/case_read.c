#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/json.h"
#include "geometry/geometry.h"
#include "geometry/opencarp.h"
#include "heart/case/case_internal.h"
#include "heart/case/electrodes.h"
#include "heart/case/face_sets.h"

/* Ranges of case.json, as case.h documents them. */
#define MIN_CONDUCTIVITY_MS_CM 1e-3
#define MAX_CONDUCTIVITY_MS_CM 100.0
#define MIN_POTENTIAL_MV (-120.0)
#define MAX_POTENTIAL_MV 60.0
#define MAX_TIME_ON_MS 1000.0

enum { WHERE_BYTES = 512 };

static const char *const mesh_endings[] = {".pts", ".elem", ".lon", ".node",
                                           ".ele", ".vtk",  ".vtu", NULL};

/* A file that a case names but that cannot be read makes the case malformed; the key comes first. */
static gm_status fail_at_key(gm_status s, const char *where, const char *key)
{
    if (s == GM_OK || s == GM_ENOMEM) return s;
    bool unreadable = s == GM_ENOTFOUND || s == GM_EIO;
    return gm_fail_in(unreadable ? GM_EFORMAT : s, "%s: \"%s\"", where, key);
}

/* The file named by a key, seen from the case file; *path NULL if the key is absent. */
static gm_status file_of_key(const json_t *object, const char *where, const char *key,
                             const char *case_path, char **path)
{
    const char *text = NULL;
    *path = NULL;
    GM_TRY(gm_json_string(object, where, key, &text));
    if (!text) return GM_OK;
    if (!*text)
        return gm_fail(GM_EFORMAT, "%s: \"%s\" is empty, needed is a file name", where, key);
    *path = gm_path_beside(case_path, text);
    return *path ? GM_OK : gm_fail(GM_ENOMEM, "%s: no memory", where);
}

/* ---- constants ---------------------------------------------------------------------------------- */

static gm_status read_conductivity(gm_heart_case *c, const json_t *object)
{
    c->conductivity_is_stated = object != NULL;
    static const char *const keys[] = {"gil_mS_cm", "git_mS_cm", "sigma0_mS_cm", NULL};
    if (!object) return GM_OK;
    char where[WHERE_BYTES];
    snprintf(where, sizeof where, "%.400s: conductivity", c->name);
    GM_TRY(gm_json_only_keys(object, where, keys));
    double *out[] = {&c->conductivity.gil_mS_cm, &c->conductivity.git_mS_cm,
                     &c->conductivity.sigma0_mS_cm};
    for (int k = 0; k < 3; k++)
        GM_TRY(gm_json_real(object, where, keys[k], "mS/cm", MIN_CONDUCTIVITY_MS_CM,
                            MAX_CONDUCTIVITY_MS_CM, out[k]));
    return GM_OK;
}

static gm_status read_template(gm_heart_case *c, const json_t *object)
{
    static const char *const keys[] = {"V_rest",   "V_peak",  "eps_up_ms",
                                       "w_rep_ms", "t_on_ms", NULL};
    if (!object) return GM_OK;
    char where[WHERE_BYTES];
    snprintf(where, sizeof where, "%.400s: template", c->name);
    GM_TRY(gm_json_only_keys(object, where, keys));
    gm_heart_template *t = &c->shape;
    GM_TRY(gm_json_real(object, where, "V_rest", "mV", MIN_POTENTIAL_MV, MAX_POTENTIAL_MV,
                        &t->v_rest_mv));
    GM_TRY(gm_json_real(object, where, "V_peak", "mV", MIN_POTENTIAL_MV, MAX_POTENTIAL_MV,
                        &t->v_peak_mv));
    GM_TRY(gm_json_real(object, where, "eps_up_ms", "ms", 0.1, 20, &t->eps_up_ms));
    GM_TRY(gm_json_real(object, where, "w_rep_ms", "ms", 1, 100, &t->w_rep_ms));
    GM_TRY(
        gm_json_real(object, where, "t_on_ms", "ms", -MAX_TIME_ON_MS, MAX_TIME_ON_MS, &t->t_on_ms));
    if (!(t->v_rest_mv < t->v_peak_mv))
        return gm_fail(GM_EFORMAT, "%s: \"V_rest\" is %g mV, allowed less than \"V_peak\" = %g mV",
                       where, t->v_rest_mv, t->v_peak_mv);
    return GM_OK;
}

static gm_status read_fast_layer_tag(gm_heart_case *c, const json_t *value)
{
    if (!value) return GM_OK;
    json_int_t tag = json_integer_value(value);
    if (!json_is_integer(value) || tag < INT32_MIN || tag > INT32_MAX)
        return gm_fail(GM_EFORMAT,
                       "%s: \"fast_layer_tag\" must be a whole number, the tag of the "
                       "elements of the layer",
                       c->name);
    c->has_fast_tag = true;
    c->fast_layer_tag = (int32_t)tag;
    return GM_OK;
}

/* ---- mesh and fibres ---------------------------------------------------------------------------- */

/* `path` without the ending of a mesh format, so that "heart.vtk" and "heart" both give "heart". */
static char *base_name(const char *path)
{
    char *base = gm_strdup(path);
    for (int i = 0; base && mesh_endings[i]; i++)
        if (gm_path_ends_with(path, mesh_endings[i])) {
            base[strlen(base) - strlen(mesh_endings[i])] = 0;
            break;
        }
    return base;
}

static char *with_ending(const char *base, const char *ending)
{
    char *path = gm_calloc(strlen(base) + strlen(ending) + 1, 1);
    if (path) strcat(strcpy(path, base), ending);
    return path;
}

/* A file of the case: hashed if it is there. */
static gm_status note_input_if_there(gm_heart_case *c, const char *role, const char *base,
                                     const char *ending)
{
    char *path = with_ending(base, ending);
    if (!path) return gm_fail(GM_ENOMEM, "%s: no memory", c->name);
    gm_status s = gm_file_exists(path) ? gm_heart_case_add_input(c, role, path) : GM_OK;
    gm_free(path);
    return s;
}

static bool is_vtk(const char *path)
{
    return gm_path_ends_with(path, ".vtk") || gm_path_ends_with(path, ".vtu");
}

/* The files that gm_geometry_read() opened for `path`; a set of openCARP goes before TetGen's. */
static gm_status note_mesh_inputs(gm_heart_case *c, const char *path, const char *base)
{
    if (is_vtk(path)) return gm_heart_case_add_input(c, "mesh", path);
    size_t before = c->n_inputs;
    if (!gm_path_ends_with(path, ".node") && !gm_path_ends_with(path, ".ele")) {
        GM_TRY(note_input_if_there(c, "mesh", base, ".pts"));
        GM_TRY(note_input_if_there(c, "mesh", base, ".elem"));
    }
    if (c->n_inputs > before) return GM_OK;
    GM_TRY(note_input_if_there(c, "mesh", base, ".node"));
    return note_input_if_there(c, "mesh", base, ".ele");
}

/* The named file, else BASENAME.lon (already read with an openCARP mesh), else what a VTK file has. */
static gm_status read_fibres(gm_heart_case *c, gm_tetmesh *mesh, const json_t *document,
                             const char *path, const char *base)
{
    char *lon;
    GM_TRY(file_of_key(document, c->name, "fibres", c->name, &lon));
    bool is_named = lon != NULL;
    if (!is_named) {
        lon = with_ending(base, ".lon");
        if (!lon) return gm_fail(GM_ENOMEM, "%s: no memory", c->name);
    }
    gm_status s = GM_OK;
    if (is_named || gm_file_exists(lon)) {
        if (is_named || is_vtk(path) || !mesh->fibres) s = gm_opencarp_read_lon(mesh, lon);
        s = fail_at_key(s, c->name, "fibres");
        if (s == GM_OK) s = gm_heart_case_add_input(c, "fibres", lon);
    }
    gm_free(lon);
    return s;
}

static gm_status read_mesh(gm_heart_case *c, const json_t *document)
{
    char *path, *base;
    GM_TRY(file_of_key(document, c->name, "mesh", c->name, &path));
    if (!path)
        return gm_fail(GM_EFORMAT, "%s: \"mesh\" is missing: the name of a mesh of tetrahedra",
                       c->name);
    gm_tetmesh *mesh = NULL;
    base = base_name(path);
    gm_status s = base ? gm_geometry_read(&mesh, path) : gm_fail(GM_ENOMEM, "no memory");
    s = fail_at_key(s, c->name, "mesh");
    if (s == GM_OK) s = read_fibres(c, mesh, document, path, base);
    if (s == GM_OK) s = note_mesh_inputs(c, path, base);
    if (s == GM_OK)
        s = fail_at_key(gm_heart_case_set_mesh(c, mesh, path), c->name, "mesh");
    else
        gm_tetmesh_destroy(mesh);
    gm_free(base);
    gm_free(path);
    return s;
}

/* ---- electrodes and surfaces -------------------------------------------------------------------- */

static gm_status read_electrodes(gm_heart_case *c, const json_t *document)
{
    char *path;
    GM_TRY(file_of_key(document, c->name, "electrodes", c->name, &path));
    if (!path)
        return gm_fail(
            GM_EFORMAT,
            "%s: \"electrodes\" is missing: a table name,x,y,z in mm of RA, LA, LL, V1..V6",
            c->name);
    gm_status s = gm_electrodes_read(c->electrodes_mm, path);
    if (s == GM_OK) s = gm_electrodes_check(c->electrodes_mm, c->muscle, &c->facts, path);
    if (s == GM_OK) s = gm_heart_case_add_input(c, "electrodes", path);
    gm_free(path);
    return fail_at_key(s, c->name, "electrodes");
}

/* One key that names a file of faces; absent: *out stays empty. */
static gm_status read_faces(gm_heart_case *c, const json_t *object, const char *where,
                            const char *key, const char *role, gm_face_set *out)
{
    char *path;
    GM_TRY(file_of_key(object, where, key, c->name, &path));
    if (!path) return GM_OK;
    gm_status s = gm_face_set_read(out, c->mesh, c->muscle, path);
    if (s == GM_OK) s = gm_heart_case_add_input(c, role, path);
    gm_free(path);
    return fail_at_key(s, where, key);
}

static gm_status read_surfaces(gm_heart_case *c, const json_t *document)
{
    static const char *const keys[] = {"lv", "rv", NULL};
    const json_t *endo = json_object_get(document, "endocardium");
    char where[WHERE_BYTES];
    snprintf(where, sizeof where, "%.400s: endocardium", c->name);
    if (endo) {
        GM_TRY(gm_json_only_keys(endo, where, keys));
        GM_TRY(read_faces(c, endo, where, "lv", "endocardium.lv", &c->lv_endo));
        GM_TRY(read_faces(c, endo, where, "rv", "endocardium.rv", &c->rv_endo));
        GM_TRY(gm_face_sets_disjoint(&c->lv_endo, &c->rv_endo, where));
    }
    GM_TRY(read_faces(c, document, c->name, "base", "base", &c->base));
    return read_faces(c, document, c->name, "epicardium", "epicardium", &c->epi);
}

/* ---- the whole ---------------------------------------------------------------------------------- */

static gm_status fill_case(gm_heart_case *c, const json_t *document, gm_threads *threads)
{
    static const char *const keys[] = {"mesh",     "fibres",     "electrodes",     "endocardium",
                                       "base",     "epicardium", "fast_layer_tag", "conductivity",
                                       "template", NULL};
    GM_TRY(gm_json_only_keys(document, c->name, keys));
    GM_TRY(read_conductivity(c, json_object_get(document, "conductivity")));
    GM_TRY(read_template(c, json_object_get(document, "template")));
    GM_TRY(read_fast_layer_tag(c, json_object_get(document, "fast_layer_tag")));
    GM_TRY(read_mesh(c, document));
    GM_TRY(read_electrodes(c, document));
    GM_TRY(read_surfaces(c, document));
    return gm_heart_case_finish(c, threads, c->name);
}

gm_status gm_heart_case_read(gm_heart_case **out, const char *path, gm_threads *threads)
{
    *out = NULL;
    json_t *document;
    gm_heart_case *c;
    GM_TRY(gm_json_read_file(&document, path));
    gm_status s = gm_heart_case_create(&c, path);
    if (s == GM_OK) {
        s = gm_heart_case_add_input(c, "case", path);
        if (s == GM_OK) s = fill_case(c, document, threads);
        if (s == GM_OK)
            *out = c;
        else
            gm_heart_case_destroy(c);
    }
    json_decref(document);
    return s;
}
