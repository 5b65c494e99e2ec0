#include "core/clock.h"
#include "heart/case/files_for_tests.h"
#include "heart/fit/patient_for_tests.h"
#include "heart/verbs/verbs.h"
#include "testing/gm_test.h"

/* Option values in the order of the tables. */
typedef struct {
    const char *ecg, *o, *ensemble, *evaluations, *budget, *sites, *edge_mm;
} values;

static gm_status fit(const values *v, const char *case_path, gm_result **r)
{
    const char *texts[] = {v->ecg,    v->o,     v->ensemble, v->evaluations,
                           v->budget, v->sites, v->edge_mm};
    const bool given[7] = {false};
    const char *const words[] = {case_path};
    gm_args args = {gm_heart_fit_verb_options, texts, given, words, case_path ? 1 : 0};
    gm_run run = {.seed = 3};
    EXPECT(gm_result_create(r) == GM_OK);
    gm_status s = gm_heart_fit_verb_run(&args, &run, *r);
    if (s == GM_OK) return s;
    gm_result_destroy(*r);
    *r = NULL;
    return s;
}

static const gm_file *file_called(const gm_result *r, const char *path)
{
    for (size_t i = 0; i < r->n_files; i++)
        if (!strcmp(r->files[i].path, path)) return &r->files[i];
    printf("no file %s\n", path);
    return NULL;
}

static const gm_view *view_called(const gm_result *r, const char *title)
{
    for (size_t i = 0; i < r->n_views; i++)
        if (!strcmp(r->views[i].title, title)) return &r->views[i];
    printf("no view \"%s\"\n", title);
    return NULL;
}

/* A beat of a virtual patient as a CSV, on a clock of its own. */
static const double FIRST_MS = -30;
static void put_patient(const char *folder)
{
    gm_patient p = gm_patient_make(5, 4, 2.5, 0.01, 2);
    gm_text t = {0};
    gm_text_add(&t, "t_ms,I,II,III,aVR,aVL,aVF,V1,V2,V3,V4,V5,V6\n");
    for (size_t i = 0; i < p.target.n; i++) {
        gm_text_addf(&t, "%g", FIRST_MS + (double)i * p.target.step_ms);
        for (size_t l = 0; l < GM_N_LEADS; l++)
            gm_text_addf(&t, ",%.5f", p.target.mv[l * p.target.n + i]);
        gm_text_add(&t, "\n");
    }
    gm_put_text(folder, "beat.csv", &t);
    gm_patient_free(&p);
}

/* ---- a fit ---------------------------------------------------------------------------------------- */

static void check_json(const gm_result *r)
{
    static const char *const keys[] = {
        "version",  "seed",       "run",         "inputs",          "ecg",    "anatomy",
        "best",     "parameters", "fit",         "misfit",          "basins", "noise_model",
        "ensemble", "validation", "credibility", "identifiability", "notes"};
    static const char *const of_parameter[] = {"name", "unit", "best",        "p05",
                                               "p50",  "p95",  "contraction", "verdict"};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        const json_t *v = json_object_get(r->values, keys[k]);
        if (!v) printf("no key %s\n", keys[k]);
        EXPECT(v != NULL);
    }
    const json_t *first = json_array_get(json_object_get(r->values, "parameters"), 0);
    for (size_t k = 0; k < sizeof of_parameter / sizeof *of_parameter; k++)
        EXPECT(json_object_get(first, of_parameter[k]) != NULL);
    const json_t *in = json_array_get(json_object_get(r->values, "inputs"), 0);
    EXPECT_CONTAINS(json_string_value(json_object_get(in, "file")), "beat.csv");
    EXPECT(json_string_length(json_object_get(in, "sha256")) == 64);
    EXPECT(json_object_size(json_object_get(json_object_get(r->values, "fit"), "leads")) == 12);
    const json_t *run = json_object_get(r->values, "run");
    EXPECT(json_integer_value(json_object_get(run, "evaluations")) > 0);
    const json_t *words =
        json_object_get(json_object_get(r->values, "identifiability"), "statement");
    EXPECT_CONTAINS(json_string_value(words), "explain");
}

static void check_files(const gm_result *r)
{
    static const char *const names[] = {"twin.json",
                                        "params.json",
                                        "activation_ms.txt",
                                        "activation_sd_ms.txt",
                                        "ecg.csv",
                                        "measured_beat.csv",
                                        "ensemble/000/params.json",
                                        "ensemble/members.json",
                                        "case/case.json",
                                        "ensemble/049/activation_ms.txt",
                                        "heart.vtu"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        EXPECT(file_called(r, names[k]) != NULL);
    const gm_file *ecg = file_called(r, "ecg.csv"), *map = file_called(r, "activation_ms.txt");
    const gm_file *sd = file_called(r, "activation_sd_ms.txt");
    const gm_file *vtu = file_called(r, "heart.vtu");
    EXPECT(!strcmp(ecg->as.csv.header, "t_ms,I,II,III,aVR,aVL,aVF,V1,V2,V3,V4,V5,V6"));
    EXPECT(map->as.column.n == vtu->as.mesh.mesh->n_nodes && sd->as.column.n == map->as.column.n);
    for (size_t i = 0; i < map->as.column.n; i++)
        EXPECT(isfinite(map->as.column.values[i]) && sd->as.column.values[i] >= 0);
    /* Times are those of the file: the twin's ECG lies on the measured beat. */
    EXPECT(ecg->as.csv.values[0] == FIRST_MS);
    EXPECT(file_called(r, "measured_beat.csv")->as.csv.values[0] == FIRST_MS);
    const json_t *said = json_object_get(r->values, "ecg");
    const json_t *shape = json_object_get(file_called(r, "case/case.json")->as.json, "template");
    EXPECT_CLOSE(json_number_value(json_object_get(shape, "t_on_ms")),
                 json_number_value(json_object_get(said, "qrs_on_ms")), 0, 1e-9);
    double first = INFINITY; /* the built-in anatomy's times count from the onset of QRS */
    for (size_t i = 0; i < map->as.column.n; i++)
        first = fmin(first, map->as.column.values[i]);
    EXPECT_CLOSE(first, 0, 0, 15);
    gm_heart_params p; /* each member is what heart forward reads */
    const gm_file *member = file_called(r, "ensemble/007/params.json");
    EXPECT(gm_heart_params_from_json(&p, member->as.json, "member") == GM_OK);
    EXPECT(p.n_sites == 4);
}

static void check_views(const gm_result *r)
{
    EXPECT(r->wants_report && r->n_views > 8 && r->views[0].kind == GM_VIEW_SURFACE);
    EXPECT(r->views[0].as.surface.n_fields >= 3 && r->views[0].as.surface.fields[0].is_time);
    EXPECT(r->views[0].as.surface.n_points == 4 + 9);
    const gm_view *ecg = view_called(r, "ECG, measured and of the twin");
    EXPECT(ecg && ecg->as.series.n_panels == 12);
    for (size_t l = 0; ecg && l < 12; l++) {
        const gm_panel *p = &ecg->as.series.panels[l];
        EXPECT(p->n_curves == 2 && p->curves[0].is_reference && p->n_marks == 2);
        for (size_t i = 0; i < ecg->as.series.n; i++)
            EXPECT(p->curves[1].low[i] <= p->curves[1].high[i]);
    }
    const gm_view *disc = view_called(r, "Left ventricle: mean activation");
    size_t n_known = 0, n_cells = disc ? disc->as.disc.n_rings * disc->as.disc.n_sectors : 0;
    for (size_t i = 0; i < n_cells; i++)
        n_known += isfinite(disc->as.disc.values[i]);
    EXPECT(n_known > n_cells / 2);
    EXPECT(view_called(r, "Parameters") && view_called(r, "Fit of each lead"));
    EXPECT(view_called(r, "What could and could not be identified"));
    EXPECT(view_called(r, "Different maps for the same ECG") && view_called(r, "Provenance"));
}

static void a_fit_tells_everything_about_the_twin(void)
{
    char folder[64];
    gm_folder_for_test(folder);
    put_patient(folder);
    char *beat = gm_path_join(folder, "beat.csv");
    gm_result *r;
    gm_status s = fit(
        &(values){
            .ecg = beat, .ensemble = "50", .evaluations = "150", .sites = "4", .edge_mm = "5"},
        NULL, &r);
    if (s != GM_OK) printf("  %s\n", gm_error_text());
    EXPECT(s == GM_OK);
    if (r) {
        check_json(r);
        check_files(r);
        check_views(r);
        EXPECT_CONTAINS(r->summary, "earliest site");
        EXPECT_CONTAINS(r->summary, "correlation QRS");
    }
    gm_result_destroy(r);
    gm_free(beat);
    gm_folder_drop(folder);
}

/* ---- refusals ------------------------------------------------------------------------------------- */

static void a_fit_without_an_ecg_is_refused(void)
{
    gm_result *r;
    EXPECT(fit(&(values){.ensemble = "50", .sites = "7", .edge_mm = "3"}, NULL, &r) == GM_EUSAGE);
    EXPECT_CONTAINS(gm_error_text(), "--ecg FILE is required");
}

static void a_missing_ecg_file_is_named(void)
{
    gm_result *r;
    values v = {.ecg = "nowhere/no.dcm", .ensemble = "50", .sites = "7", .edge_mm = "3"};
    EXPECT(fit(&v, NULL, &r) == GM_ENOTFOUND);
    EXPECT_CONTAINS(gm_error_text(), "nowhere/no.dcm");
}

static void a_case_without_endocardia_is_refused(void)
{
    char folder[64];
    gm_folder_for_test(folder);
    put_patient(folder);
    gm_tetmesh *m = gm_muscle_cube(6, 7);
    gm_put_mesh(folder, "heart", m, 1000, true);
    gm_put(folder, "case.json", "{\"mesh\": \"heart\", \"electrodes\": \"electrodes.csv\"}");
    gm_put(folder, "electrodes.csv",
           "name,x,y,z\nV1,-100,0,0\nV2,-80,10,0\nV3,-60,20,0\nV4,60,20,0\nV5,80,10,0\n"
           "V6,100,0,0\nRA,-200,0,200\nLA,200,0,200\nLL,100,0,-300\n");
    char *beat = gm_path_join(folder, "beat.csv"), *path = gm_path_join(folder, "case.json");
    gm_result *r;
    gm_status s =
        fit(&(values){.ecg = beat, .ensemble = "50", .sites = "4", .evaluations = "50"}, path, &r);
    EXPECT(s == GM_EFORMAT || s == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "case.json");
    EXPECT_CONTAINS(gm_error_text(), "endocardium");
    gm_free(beat);
    gm_free(path);
    gm_tetmesh_destroy(m);
    gm_folder_drop(folder);
}

int main(int argc, char **argv)
{
    RUN(a_fit_tells_everything_about_the_twin);
    RUN(a_fit_without_an_ecg_is_refused);
    RUN(a_missing_ecg_file_is_named);
    RUN(a_case_without_endocardia_is_refused);
    return gm_report();
}
