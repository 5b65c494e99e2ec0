#include "heart/verbs/case_files.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/verbs/heart_views.h"

enum { PATH_BYTES = 256 };

static gm_status no_memory(const char *path)
{
    return gm_fail(GM_ENOMEM, "no memory for %s", path);
}

static void place(char path[PATH_BYTES], const char *folder, const char *leaf)
{
    snprintf(path, PATH_BYTES, "%.200s%s%s", folder, *folder ? "/" : "", leaf);
}

static gm_status add_electrodes(gm_result *r, const char *folder,
                                const double electrodes_mm[GM_N_ELECTRODES][3])
{
    char path[PATH_BYTES];
    gm_file *f;
    gm_text t = {0};
    place(path, folder, "electrodes.csv");
    gm_text_add(&t, "name,x,y,z\n");
    for (int e = 0; e < GM_N_ELECTRODES; e++)
        gm_text_addf(&t, "%s,%.6f,%.6f,%.6f\n", gm_electrode_names[e], electrodes_mm[e][0],
                     electrodes_mm[e][1], electrodes_mm[e][2]);
    gm_status s = gm_text_status(&t);
    if (s == GM_OK) s = gm_result_add_file(r, GM_FILE_TEXT, path, &f);
    if (s == GM_OK && !(f->as.text = gm_strdup(t.data))) s = no_memory(path);
    gm_text_free(&t);
    return s;
}

static gm_status add_faces(gm_result *r, const char *folder, const char *leaf,
                           const gm_face_set *set)
{
    if (set->n_faces == 0) return GM_OK;
    char path[PATH_BYTES];
    gm_file *f;
    place(path, folder, leaf);
    GM_TRY(gm_result_add_file(r, GM_FILE_SURFACE, path, &f));
    f->as.surface.faces = gm_calloc(set->n_faces, sizeof *f->as.surface.faces);
    if (!f->as.surface.faces) return no_memory(path);
    memcpy(f->as.surface.faces, set->faces, set->n_faces * sizeof *set->faces);
    f->as.surface.n = set->n_faces;
    return GM_OK;
}

static void set_new(json_t *o, const char *key, json_t *v)
{
    json_object_set_new(o, key, v);
}

static json_t *document(const gm_heart_case *c, const gm_heart_conductivity *g)
{
    json_t *o = json_object();
    set_new(o, "mesh", json_string("heart"));
    set_new(o, "electrodes", json_string("electrodes.csv"));
    if (c->lv_endo.n_faces && c->rv_endo.n_faces)
        set_new(o, "endocardium", json_pack("{s:s, s:s}", "lv", "lv.surf", "rv", "rv.surf"));
    if (c->base.n_faces) set_new(o, "base", json_string("base.surf"));
    if (c->epi.n_faces) set_new(o, "epicardium", json_string("epi.surf"));
    if (c->has_fast_tag) set_new(o, "fast_layer_tag", json_integer(c->fast_layer_tag));
    set_new(o, "conductivity",
            json_pack("{s:f, s:f, s:f}", "gil_mS_cm", g->gil_mS_cm, "git_mS_cm", g->git_mS_cm,
                      "sigma0_mS_cm", g->sigma0_mS_cm));
    set_new(o, "template",
            json_pack("{s:f, s:f, s:f, s:f, s:f}", "V_rest", c->shape.v_rest_mv, "V_peak",
                      c->shape.v_peak_mv, "eps_up_ms", c->shape.eps_up_ms, "w_rep_ms",
                      c->shape.w_rep_ms, "t_on_ms", c->shape.t_on_ms));
    return o;
}

gm_status gm_heart_add_case(gm_result *r, const char *folder, const gm_heart_case *c,
                            const double electrodes_mm[GM_N_ELECTRODES][3],
                            const gm_heart_conductivity *conductivity)
{
    char path[PATH_BYTES];
    place(path, folder, "heart");
    GM_TRY(gm_heart_add_mesh_set(r, path, c->mesh));
    GM_TRY(add_faces(r, folder, "lv.surf", &c->lv_endo));
    GM_TRY(add_faces(r, folder, "rv.surf", &c->rv_endo));
    GM_TRY(add_faces(r, folder, "base.surf", &c->base));
    GM_TRY(add_faces(r, folder, "epi.surf", &c->epi));
    GM_TRY(add_electrodes(r, folder, electrodes_mm));
    place(path, folder, "case.json");
    return gm_result_add_json(r, path, document(c, conductivity));
}
