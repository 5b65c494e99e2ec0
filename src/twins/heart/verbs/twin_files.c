/* The files of a fitted twin other than twin.json. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/case/sources.h"
#include "heart/verbs/case_files.h"
#include "heart/verbs/heart_views.h"
#include "heart/verbs/twin_report.h"

enum { ENSEMBLE_DECIMALS = 2, MEASURED_DECIMALS = 5, PATH_BYTES = 64 };

static gm_status add_params(gm_result *r, const char *path, const gm_heart_params *p)
{
    return gm_result_add_json(r, path, gm_heart_params_to_json(p));
}

/* ---- ensemble ------------------------------------------------------------------------------------- */

static gm_status add_column_of(gm_result *r, const char *path, const float *ms, size_t n,
                               double *scratch)
{
    for (size_t i = 0; i < n; i++)
        scratch[i] = (double)ms[i];
    return gm_result_add_column(r, path, scratch, n, ENSEMBLE_DECIMALS);
}

static json_t *member_json(const gm_twin_member *m, const char *folder)
{
    json_t *o = json_object();
    json_object_set_new(o, "folder", json_string(folder));
    json_object_set_new(o, "misfit", gm_json_real_or_null(m->misfit));
    json_object_set_new(o, "basin", json_integer((json_int_t)m->basin));
    json_object_set_new(o, "amplitude", gm_json_real_or_null(m->amplitude));
    json_object_set_new(o, "translation_mm", gm_json_reals(m->pose, 3));
    json_object_set_new(o, "rotation_deg", gm_json_reals(m->pose + 3, 3));
    json_object_set_new(o, "limb_lead_factor", json_real(m->pose[6]));
    return o;
}

static gm_status add_members(gm_result *r, const gm_twin_report *t, json_t *list, double *scratch)
{
    char path[PATH_BYTES];
    for (size_t k = 0; k < t->twin->n_members; k++) {
        const gm_twin_member *m = &t->twin->members[k];
        snprintf(path, sizeof path, "ensemble/%03zu/params.json", k);
        GM_TRY(add_params(r, path, &m->params));
        snprintf(path, sizeof path, "ensemble/%03zu/activation_ms.txt", k);
        GM_TRY(add_column_of(r, path, m->tau_ms, t->twin->n_nodes, scratch));
        snprintf(path, sizeof path, "%03zu", k);
        json_array_append_new(list, member_json(m, path));
    }
    return GM_OK;
}

static gm_status add_ensemble(gm_result *r, const gm_twin_report *t)
{
    double *scratch = gm_calloc(t->twin->n_nodes, sizeof *scratch);
    json_t *list = json_array();
    gm_status s = scratch && list ? GM_OK : gm_fail(GM_ENOMEM, "no memory for the ensemble");
    if (s == GM_OK) s = add_members(r, t, list, scratch);
    gm_free(scratch);
    if (s == GM_OK) return gm_result_add_json(r, "ensemble/members.json", list);
    json_decref(list);
    return s;
}

/* ---- basins --------------------------------------------------------------------------------------- */

typedef struct {
    gm_eikonal *eikonal;
    gm_eikonal_scratch *scratch;
    float *tau;
    double *ms;
} basin_work;

static void basin_work_free(basin_work *w)
{
    gm_eikonal_scratch_destroy(w->scratch);
    gm_eikonal_destroy(w->eikonal);
    gm_free(w->tau);
    gm_free(w->ms);
}

static gm_status basin_work_make(basin_work *w, const gm_twin_report *t)
{
    GM_TRY(gm_eikonal_create(&w->eikonal, t->c->mesh, t->c->fast));
    GM_TRY(gm_eikonal_scratch_create(&w->scratch, w->eikonal, gm_threads_count(t->threads)));
    w->tau = gm_calloc(t->twin->n_nodes, sizeof *w->tau);
    w->ms = gm_calloc(t->twin->n_nodes, sizeof *w->ms);
    return w->tau && w->ms ? GM_OK : gm_fail(GM_ENOMEM, "no memory for the basins");
}

static gm_status activate(basin_work *w, const gm_twin_report *t, const gm_heart_params *p)
{
    gm_source sources[GM_SITES_MAX];
    gm_seed seeds[GM_SITES_MAX * GM_SEEDS_PER_SOURCE];
    gm_conduction speeds = gm_heart_params_conduction(p);
    GM_TRY(gm_heart_params_resolve(p, t->c, t->threads, "a basin", sources, NULL));
    size_t n = 0;
    for (size_t i = 0; i < p->n_sites; i++)
        n += gm_source_seeds(&sources[i], t->c->mesh, t->c->fast, &speeds, &seeds[n]);
    return gm_eikonal_solve(w->eikonal, &speeds, seeds, n, w->scratch, t->threads, w->tau);
}

static gm_status add_basin(gm_result *r, const gm_twin_report *t, size_t b, basin_work *w)
{
    char path[PATH_BYTES];
    const gm_heart_params *p = &t->twin->basins[b].params;
    GM_TRY(activate(w, t, p));
    snprintf(path, sizeof path, "basins/%02zu/params.json", b);
    GM_TRY(add_params(r, path, p));
    snprintf(path, sizeof path, "basins/%02zu/activation_ms.txt", b);
    return add_column_of(r, path, w->tau, t->twin->n_nodes, w->ms);
}

/* A folder for each distinct way to explain the ECG, when there are several. */
static gm_status add_basins(gm_result *r, const gm_twin_report *t)
{
    if (t->twin->n_basins < 2) return GM_OK;
    basin_work w = {0};
    gm_status s = basin_work_make(&w, t);
    for (size_t b = 0; s == GM_OK && b < t->twin->n_basins; b++)
        s = add_basin(r, t, b, &w);
    basin_work_free(&w);
    return s;
}

/* ---- ECG ------------------------------------------------------------------------------------------ */

/* Known leads only, so that it can be read as an ECG of one beat. */
static gm_status add_measured_beat(gm_result *r, const gm_heart_target *target)
{
    size_t columns = 1, leads[GM_N_LEADS];
    gm_text header = {0};
    gm_text_add(&header, "t_ms");
    for (size_t l = 0; l < GM_N_LEADS; l++)
        if (isfinite(target->noise_mv[l]) && isfinite(target->mv[l * target->n])) {
            leads[columns++ - 1] = l;
            gm_text_addf(&header, ",%s", gm_lead_names[l]);
        }
    double *rows = gm_calloc(target->n * columns, sizeof *rows);
    for (size_t i = 0; rows && i < target->n; i++) {
        rows[i * columns] = target->first_ms + (double)i * target->step_ms;
        for (size_t c = 1; c < columns; c++)
            rows[i * columns + c] = target->mv[leads[c - 1] * target->n + i];
    }
    gm_status s = rows ? gm_text_status(&header) : gm_fail(GM_ENOMEM, "no memory for a table");
    if (s == GM_OK)
        s = gm_result_add_csv(r, "measured_beat.csv", header.data, rows, target->n, columns,
                              MEASURED_DECIMALS);
    gm_text_free(&header);
    gm_free(rows);
    return s;
}

/* ---- mesh ----------------------------------------------------------------------------------------- */

static gm_status add_mesh_file(gm_result *r, const gm_twin_report *t)
{
    enum { MOST_FIELDS = 10 };
    const gm_heart_twin *w = t->twin;
    gm_heart_field fields[MOST_FIELDS] = {
        {"activation", "ms", t->best_ms, false},
        {"activation_mean", "ms", w->tau_mean_ms, false},
        {"activation_sd", "ms", w->tau_sd_ms, false},
        {"activation_p05", "ms", w->tau_p05_ms, false},
        {"activation_p95", "ms", w->tau_p95_ms, false},
    };
    size_t n = 5;
    double *tv = NULL;
    if (t->repolarisation_ms)
        fields[n++] = (gm_heart_field){"repolarisation", "ms", t->repolarisation_ms, false};
    GM_TRY(gm_heart_coordinate_fields(t->coordinates, fields, &n, &tv));
    gm_status s = gm_heart_add_mesh(r, "heart.vtu", t->c->mesh, fields, n);
    gm_free(tv);
    return s;
}

/* ---- all ------------------------------------------------------------------------------------------ */

/* With the built-in anatomy there is no case file yet: this one, with the fitted amplitude and pose in it,
 * gives the twin's ECG by `gemel heart forward case/case.json params.json`. */
static gm_status add_case(gm_result *r, const gm_twin_report *t)
{
    if (!t->is_built_in) return GM_OK;
    gm_heart_conductivity g = t->c->conductivity;
    double amplitude = t->twin->best.amplitude;
    g.sigma0_mS_cm /= amplitude > 0 ? amplitude : 1;
    return gm_heart_add_case(r, "case", t->c, t->electrodes_mm, &g);
}

gm_status gm_twin_add_files(gm_result *r, const gm_twin_report *t)
{
    const gm_heart_twin *w = t->twin;
    gm_samples samples = {t->target->first_ms, w->step_ms, w->n_samples};
    GM_TRY(gm_result_add_column(r, "activation_ms.txt", t->best_ms, w->n_nodes,
                                GM_ACTIVATION_DECIMALS));
    GM_TRY(gm_result_add_column(r, "activation_sd_ms.txt", w->tau_sd_ms, w->n_nodes,
                                GM_ACTIVATION_DECIMALS));
    GM_TRY(gm_heart_add_ecg_csv(r, "ecg.csv", samples, t->ecg_mv));
    GM_TRY(add_measured_beat(r, t->target));
    GM_TRY(add_params(r, "params.json", &w->best.params));
    GM_TRY(add_case(r, t));
    GM_TRY(add_mesh_file(r, t));
    GM_TRY(add_ensemble(r, t));
    return add_basins(r, t);
}
