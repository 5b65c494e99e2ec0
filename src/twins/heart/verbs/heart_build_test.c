#include "core/alloc.h"
#include "heart/verbs/verbs.h"
#include "testing/gm_test.h"

enum { N_OPTIONS = 6 };

/* As the program would run it; edge and wall as texts, NULL: the default. */
static gm_status build(const char *edge, const char *wall, gm_result **r)
{
    const char *values[N_OPTIONS] = {NULL,  edge ? edge : "2.5", "140",
                                     "150", wall ? wall : "9.5", "90"};
    const bool given[N_OPTIONS] = {false, edge != NULL, false, false, wall != NULL, false};
    const gm_args args = {gm_heart_build_options, values, given, NULL, 0};
    const gm_run run = {0};
    EXPECT(gm_result_create(r) == GM_OK);
    gm_status s = gm_heart_build_run(&args, &run, *r);
    if (s != GM_OK) {
        gm_result_destroy(*r);
        *r = NULL;
    }
    return s;
}

static const gm_file *file_called(const gm_result *r, const char *path)
{
    for (size_t i = 0; i < r->n_files; i++)
        if (!strcmp(r->files[i].path, path)) return &r->files[i];
    return NULL;
}

static void a_built_heart_is_a_complete_case(void)
{
    gm_result *r;
    EXPECT(build("4", NULL, &r) == GM_OK);
    if (!r) return;
    const gm_file *c = file_called(r, "case.json"), *m = file_called(r, "heart");
    EXPECT(c && c->kind == GM_FILE_JSON && m && m->kind == GM_FILE_MESH_SET);
    EXPECT(m && m->as.mesh.mesh->fibres && m->as.mesh.mesh->tags);
    const char *const keys[] = {"mesh", "electrodes", "base", "epicardium", "fibres"};
    for (size_t i = 0; c && i < sizeof keys / sizeof *keys; i++) {
        const char *name = json_string_value(json_object_get(c->as.json, keys[i]));
        EXPECT(name != NULL);
        if (name && strcmp(keys[i], "fibres")) EXPECT(file_called(r, name) != NULL);
    }
    const gm_file *electrodes = file_called(r, "electrodes.csv");
    EXPECT(electrodes != NULL);
    if (electrodes) EXPECT_CONTAINS(electrodes->as.text, "\nV6,");
    const gm_file *vtu = file_called(r, "heart.vtu");
    EXPECT(vtu && vtu->as.mesh.n_fields == 7);
    EXPECT(json_is_object(r->values) && json_real_value(json_object_get(r->values, "lv_ml")) > 138);
    EXPECT_CONTAINS(r->summary, "RV wall 6.80 mm instead of 3.50 mm");
    EXPECT(r->n_views == 1 && r->views[0].kind == GM_VIEW_SURFACE);
    gm_result_destroy(r);
}

static void sizes_that_do_not_go_together_are_wrong_usage(void)
{
    gm_result *r;
    EXPECT(build("5", "6", &r) == GM_EUSAGE);
    EXPECT_CONTAINS(gm_error_text(), "heart build: anatomy: edge length 5 mm is too long");
    EXPECT(build("0.1", NULL, &r) == GM_EUSAGE);
    EXPECT_CONTAINS(gm_error_text(), "edge-mm");
}

static void running_out_of_memory_is_reported(void)
{
    gm_status s = GM_ENOMEM;
    for (long n = 0; s == GM_ENOMEM && n < 5000; n += 1 + n / 4) {
        gm_result *r;
        gm_alloc_fail_after(-1);
        EXPECT(gm_result_create(&r) == GM_OK);
        const char *values[N_OPTIONS] = {NULL, "5", "140", "150", "9.5", "90"};
        const bool given[N_OPTIONS] = {false};
        const gm_args args = {gm_heart_build_options, values, given, NULL, 0};
        const gm_run run = {0};
        gm_alloc_fail_after(n);
        s = gm_heart_build_run(&args, &run, r);
        gm_alloc_fail_after(-1);
        gm_result_destroy(r);
    }
    EXPECT(s == GM_OK);
}

int main(int argc, char **argv)
{
    RUN(a_built_heart_is_a_complete_case);
    RUN(sizes_that_do_not_go_together_are_wrong_usage);
    RUN(running_out_of_memory_is_reported);
    return gm_report();
}
