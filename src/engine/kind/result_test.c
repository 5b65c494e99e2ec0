#include "kind/result.h"

#include "core/alloc.h"
#include "testing/gm_test.h"

static const double three[3] = {1.5, 2.5, 3.5};

static void what_is_added_is_copied(void)
{
    gm_result *r;
    EXPECT(gm_result_create(&r) == GM_OK);
    double values[2] = {1, 2};
    EXPECT(gm_result_add_column(r, "a.txt", values, 2, 3) == GM_OK);
    values[0] = 9;
    EXPECT(r->n_files == 1 && r->files[0].kind == GM_FILE_COLUMN);
    EXPECT_CLOSE(r->files[0].as.column.values[0], 1, 0, 0);
    EXPECT(strcmp(r->files[0].path, "a.txt") == 0);
    EXPECT(r->values && json_is_object(r->values));
    gm_result_destroy(r);
    gm_result_destroy(NULL);
}

static void the_summary_grows_and_the_title_is_replaced(void)
{
    gm_result *r;
    EXPECT(gm_result_create(&r) == GM_OK);
    EXPECT(gm_result_say(r, "rate %d /min\n", 71) == GM_OK);
    EXPECT(gm_result_say(r, "QT %d ms\n", 400) == GM_OK);
    EXPECT(strcmp(r->summary, "rate 71 /min\nQT 400 ms\n") == 0);
    EXPECT(gm_result_set_title(r, "one") == GM_OK);
    EXPECT(gm_result_set_title(r, "two") == GM_OK);
    EXPECT(strcmp(r->title, "two") == 0);
    gm_result_destroy(r);
}

/* One of each view and file, with every owned array in place. */
static gm_status add_views(gm_result *r)
{
    gm_view *v;
    GM_TRY(gm_result_add_view(r, GM_VIEW_SERIES, "leads", "", &v));
    if (!(v->as.series.x = gm_calloc(3, sizeof(double)))) return gm_fail(GM_ENOMEM, "x");
    v->as.series.n = 3;
    if (!(v->as.series.panels = gm_calloc(1, sizeof(gm_panel)))) return gm_fail(GM_ENOMEM, "x");
    v->as.series.n_panels = 1;
    gm_panel *p = v->as.series.panels;
    if (!(p->curves = gm_calloc(2, sizeof(gm_curve)))) return gm_fail(GM_ENOMEM, "x");
    p->n_curves = 2;
    p->curves[0].y = gm_calloc(3, sizeof(double));
    p->curves[1].low = gm_calloc(3, sizeof(double));
    if (!(p->marks = gm_calloc(1, sizeof(gm_mark)))) return gm_fail(GM_ENOMEM, "x");
    p->n_marks = 1;
    p->marks[0].label = gm_strdup("QRS on");
    GM_TRY(gm_result_add_view(r, GM_VIEW_SURFACE, "heart", "", &v));
    v->as.surface.nodes_mm = gm_calloc(3, sizeof *v->as.surface.nodes_mm);
    if (!(v->as.surface.fields = gm_calloc(1, sizeof(gm_field)))) return gm_fail(GM_ENOMEM, "x");
    v->as.surface.n_fields = 1;
    v->as.surface.fields[0].name = gm_strdup("activation");
    GM_TRY(gm_result_add_view(r, GM_VIEW_BARS, "indices", "", &v));
    if (!(v->as.bars.names = gm_calloc(2, sizeof(char *)))) return gm_fail(GM_ENOMEM, "x");
    v->as.bars.n = 2;
    v->as.bars.names[1] = gm_strdup("v_f");
    GM_TRY(gm_result_add_view(r, GM_VIEW_DISC, "map", "", &v));
    v->as.disc.unit = gm_strdup("ms");
    const char *const cells[4] = {"name", "value", "QT", NULL};
    return gm_result_add_table(r, "table", "", 2, 2, cells);
}

static gm_status add_files(gm_result *r)
{
    gm_file *f;
    GM_TRY(gm_result_add_csv(r, "b.csv", "t_ms,I,II", three, 1, 3, 2));
    GM_TRY(gm_result_add_json(r, "c.json", json_object()));
    GM_TRY(gm_result_add_file(r, GM_FILE_TEXT, "d.txt", &f));
    f->as.text = gm_strdup("text");
    GM_TRY(gm_result_add_file(r, GM_FILE_SURFACE, "e.surf", &f));
    f->as.surface.faces = gm_calloc(1, sizeof *f->as.surface.faces);
    GM_TRY(gm_result_add_file(r, GM_FILE_MESH, "f.vtu", &f));
    if (!(f->as.mesh.fields = gm_calloc(1, sizeof(gm_mesh_field)))) return gm_fail(GM_ENOMEM, "x");
    f->as.mesh.n_fields = 1;
    f->as.mesh.fields[0].values = gm_calloc(4, sizeof(double));
    return gm_tetmesh_create(&f->as.mesh.mesh, 4, 1);
}

static gm_status fill(gm_result **out)
{
    GM_TRY(gm_result_create(out));
    GM_TRY(gm_result_set_title(*out, "title"));
    GM_TRY(gm_result_say(*out, "%s", "said"));
    GM_TRY(add_views(*out));
    return add_files(*out);
}

static void everything_is_freed_once(void)
{
    gm_result *r = NULL;
    EXPECT(fill(&r) == GM_OK);
    EXPECT(r && r->n_views == 5 && r->n_files == 5);
    gm_result_destroy(r);
}

static void memory_that_runs_out_anywhere_leaves_a_result_that_can_be_freed(void)
{
    gm_status s = GM_ENOMEM;
    for (long n = 0; n < 200 && s != GM_OK; n++) {
        gm_result *r = NULL;
        gm_alloc_fail_after(n);
        s = fill(&r);
        gm_alloc_fail_after(-1);
        if (s != GM_OK) EXPECT(s == GM_ENOMEM);
        gm_result_destroy(r);
    }
    EXPECT(s == GM_OK);
}

static void a_table_without_columns_is_refused(void)
{
    gm_result *r;
    EXPECT(gm_result_create(&r) == GM_OK);
    EXPECT(gm_result_add_csv(r, "a.csv", "", three, 1, 0, 2) == GM_EINVAL);
    EXPECT(gm_result_add_table(r, "t", "", SIZE_MAX, 2, NULL) == GM_EINVAL);
    EXPECT(r->n_files == 0 && r->n_views == 0);
    EXPECT(gm_result_add_json(r, "a.json", NULL) == GM_ENOMEM);
    gm_result_destroy(r);
}

int main(int argc, char **argv)
{
    RUN(what_is_added_is_copied);
    RUN(the_summary_grows_and_the_title_is_replaced);
    RUN(everything_is_freed_once);
    RUN(memory_that_runs_out_anywhere_leaves_a_result_that_can_be_freed);
    RUN(a_table_without_columns_is_refused);
    return gm_report();
}
