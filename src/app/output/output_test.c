#include "output/output.h"

#include "core/alloc.h"
#include "core/file.h"
#include "testing/gm_test.h"

static char folder[] = "/tmp/gm_output_XXXXXX";

static char *text_of(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    char *text;
    size_t n;
    return gm_file_read(&text, &n, path, 0) == GM_OK ? text : NULL;
}

static void files_are_written_with_their_folders(void)
{
    gm_result *r;
    EXPECT(gm_result_create(&r) == GM_OK);
    const double ms[4] = {0, -0.0004, 207.5544, -12.5};
    const double rows[6] = {0, 0.25, -1, 0.5, NAN, 1e20};
    EXPECT(gm_result_add_column(r, "deep/er/activation_ms.txt", ms, 4, 3) == GM_OK);
    EXPECT(gm_result_add_csv(r, "ecg.csv", "t_ms,I,II", rows, 2, 3, 2) == GM_OK);
    EXPECT(gm_result_add_json(r, "twin.json", json_pack("{s:i}", "a", 1)) == GM_OK);
    json_t *written = json_array();
    EXPECT(gm_output_write(r, folder, written) == GM_OK);
    EXPECT(json_array_size(written) == 3);
    char *text = text_of("deep/er/activation_ms.txt");
    EXPECT(text && strcmp(text, "0.000\n0.000\n207.554\n-12.500\n") == 0);
    gm_free(text);
    text = text_of("ecg.csv");
    EXPECT(text &&
           strcmp(text, "t_ms,I,II\n0,0.25,-1.00\n0.5,nan,100000000000000000000.00\n") == 0);
    gm_free(text);
    text = text_of("twin.json");
    EXPECT_CONTAINS(text, "\"a\": 1");
    gm_free(text);
    json_decref(written);
    gm_result_destroy(r);
}

static void a_written_number_reads_back_within_half_a_unit_of_its_last_digit(void)
{
    double v[1000];
    for (int i = 0; i < 1000; i++)
        v[i] = sin(i * 12.9898) * pow(10, i % 12 - 4);
    gm_file f = {.kind = GM_FILE_COLUMN, .path = "x"};
    f.as.column.values = v;
    f.as.column.n = 1000;
    f.as.column.decimals = 6;
    gm_text text = {0};
    EXPECT(gm_output_text(&f, &text) == GM_OK);
    char *at = text.data;
    for (int i = 0; i < 1000 && at; i++)
        EXPECT_CLOSE(strtod(at, &at), v[i], 1e-15, 0.5000001e-6);
    gm_text_free(&text);
}

static void names_that_lead_out_of_the_folder_are_refused(void)
{
    static const char *const bad[] = {"/etc/x", "../x", "a/../../x", "", "a//b", "a/.."};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        gm_result *r;
        const double one = 1;
        EXPECT(gm_result_create(&r) == GM_OK);
        EXPECT(gm_result_add_column(r, "fine.txt", &one, 1, 3) == GM_OK);
        EXPECT(gm_result_add_column(r, bad[i], &one, 1, 3) == GM_OK);
        EXPECT(gm_output_write(r, folder, NULL) == GM_EINVAL);
        EXPECT(!text_of("fine.txt")); /* nothing was written */
        gm_result_destroy(r);
    }
}

static void two_files_of_one_name_are_refused(void)
{
    gm_result *r;
    const double one = 1;
    EXPECT(gm_result_create(&r) == GM_OK);
    EXPECT(gm_result_add_column(r, "a.txt", &one, 1, 3) == GM_OK);
    EXPECT(gm_result_add_column(r, "a.txt", &one, 1, 3) == GM_OK);
    EXPECT(gm_output_write(r, folder, NULL) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "a.txt");
    gm_result_destroy(r);
}

static void a_report_is_written_where_it_is_wanted(void)
{
    gm_result *r;
    const char *const cells[] = {"name", "value", "QT", "400 ms"};
    EXPECT(gm_result_create(&r) == GM_OK);
    EXPECT(gm_result_set_title(r, "A twin") == GM_OK);
    EXPECT(gm_result_add_table(r, "Intervals", "", 2, 2, cells) == GM_OK);
    EXPECT(gm_output_write(r, folder, NULL) == GM_OK);
    EXPECT(!text_of("report.html"));
    r->wants_report = true;
    json_t *written = json_array();
    EXPECT(gm_output_write(r, folder, written) == GM_OK);
    EXPECT(json_array_size(written) == 1);
    char *page = text_of("report.html");
    EXPECT_CONTAINS(page, "A twin");
    gm_free(page);
    json_decref(written);
    gm_result_destroy(r);
}

static void memory_that_runs_out_writes_no_half_file(void)
{
    const double ms[3] = {1, 2, 3};
    gm_result *r;
    EXPECT(gm_result_create(&r) == GM_OK);
    EXPECT(gm_result_add_column(r, "nomem.txt", ms, 3, 3) == GM_OK);
    gm_status s = GM_ENOMEM;
    for (long n = 0; n < 20 && s != GM_OK; n++) {
        gm_alloc_fail_after(n);
        s = gm_output_write(r, folder, NULL);
        gm_alloc_fail_after(-1);
        char *text = text_of("nomem.txt");
        EXPECT(s == GM_OK ? text && strlen(text) == 18 : s == GM_ENOMEM && !text);
        gm_free(text);
    }
    EXPECT(s == GM_OK);
    gm_result_destroy(r);
}

/* One tet with a field on its nodes, as all three kinds of mesh file. */
static gm_status add_mesh(gm_result *r, gm_file_kind kind, const char *path)
{
    static const double corners[4][3] = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    gm_file *f;
    GM_TRY(gm_result_add_file(r, kind, path, &f));
    GM_TRY(gm_tetmesh_create(&f->as.mesh.mesh, 4, 1));
    memcpy(f->as.mesh.mesh->nodes_mm, corners, sizeof corners);
    for (int i = 0; i < 4; i++)
        f->as.mesh.mesh->tets[0][i] = i;
    f->as.mesh.fields = gm_calloc(1, sizeof(gm_mesh_field));
    f->as.mesh.n_fields = 1;
    f->as.mesh.fields[0] = (gm_mesh_field){.name = gm_strdup("activation"),
                                           .unit = gm_strdup("ms"),
                                           .n_components = 1,
                                           .values = gm_calloc(4, sizeof(double))};
    return GM_OK;
}

static void meshes_are_written_for_other_programs(void)
{
    gm_result *r;
    gm_file *f;
    EXPECT(gm_result_create(&r) == GM_OK);
    EXPECT(add_mesh(r, GM_FILE_MESH, "heart.vtu") == GM_OK);
    EXPECT(add_mesh(r, GM_FILE_MESH_SET, "heart") == GM_OK);
    EXPECT(gm_result_add_file(r, GM_FILE_SURFACE, "lv.surf", &f) == GM_OK);
    f->as.surface.faces = gm_calloc(1, sizeof *f->as.surface.faces);
    f->as.surface.faces[0][1] = 1;
    f->as.surface.faces[0][2] = 2;
    f->as.surface.n = 1;
    EXPECT(gm_output_write(r, folder, NULL) == GM_OK);
    char *text = text_of("heart.vtu");
    EXPECT_CONTAINS(text, "activation_ms");
    gm_free(text);
    text = text_of("heart.elem");
    EXPECT_CONTAINS(text, "Tt 0 1 2 3");
    gm_free(text);
    text = text_of("lv.surf");
    EXPECT_CONTAINS(text, "Tr 0 1 2");
    gm_free(text);
    gm_result_destroy(r);
}

static void a_folder_that_cannot_be_made_is_named(void)
{
    gm_result *r;
    EXPECT(gm_result_create(&r) == GM_OK);
    EXPECT(gm_result_add_column(r, "a.txt", (const double[1]){0}, 1, 0) == GM_OK);
    EXPECT(gm_output_write(r, "/proc/gemel", NULL) == GM_EIO);
    EXPECT_CONTAINS(gm_error_text(), "/proc/gemel");
    gm_result_destroy(r);
}

static void a_file_that_the_caller_named_lies_in_no_folder(void)
{
    gm_result *r;
    char place[256];
    snprintf(place, sizeof place, "%s/named/beats.csv", folder);
    EXPECT(gm_result_create(&r) == GM_OK);
    EXPECT(gm_result_add_column(r, "named_not.txt", (const double[1]){1}, 1, 0) == GM_OK);
    r->files_as_named = true;
    EXPECT(gm_result_add_bytes(r, place, gm_strdup("a,b\n"), 4) == GM_OK);
    EXPECT(gm_output_n_in_folder(r) == 1);
    json_t *written = json_array();
    EXPECT(gm_output_write(r, NULL, written) == GM_OK); /* no folder: the named one alone */
    EXPECT(json_array_size(written) == 1);
    EXPECT(strcmp(json_string_value(json_array_get(written, 0)), place) == 0);
    char *text = text_of("named/beats.csv");
    EXPECT(text && strcmp(text, "a,b\n") == 0);
    gm_free(text);
    EXPECT(!gm_file_exists("named_not.txt"));
    EXPECT(gm_output_write(r, folder, written) == GM_OK);
    EXPECT(json_array_size(written) == 3);
    text = text_of("named_not.txt");
    EXPECT(text && strcmp(text, "1\n") == 0);
    gm_free(text);
    json_decref(written);
    gm_result_destroy(r);
}

int main(int argc, char **argv)
{
    if (!mkdtemp(folder)) return 1;
    RUN(files_are_written_with_their_folders);
    RUN(a_written_number_reads_back_within_half_a_unit_of_its_last_digit);
    RUN(names_that_lead_out_of_the_folder_are_refused);
    RUN(two_files_of_one_name_are_refused);
    RUN(a_report_is_written_where_it_is_wanted);
    RUN(memory_that_runs_out_writes_no_half_file);
    RUN(meshes_are_written_for_other_programs);
    RUN(a_folder_that_cannot_be_made_is_named);
    RUN(a_file_that_the_caller_named_lies_in_no_folder);
    return gm_report();
}
