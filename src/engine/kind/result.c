#include "kind/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

gm_status gm_result_create(gm_result **out)
{
    *out = NULL;
    gm_result *r = gm_calloc(1, sizeof *r);
    if (!r) return gm_fail(GM_ENOMEM, "result: no memory");
    r->values = json_object();
    if (!r->values) {
        gm_free(r);
        return gm_fail(GM_ENOMEM, "result: no memory");
    }
    *out = r;
    return GM_OK;
}

/* ---- freeing ------------------------------------------------------------------------------------ */

static void free_texts(char **texts, size_t n)
{
    for (size_t i = 0; texts && i < n; i++)
        gm_free(texts[i]);
    gm_free(texts);
}

static void free_panel(gm_panel *p)
{
    gm_free(p->title);
    for (size_t i = 0; p->curves && i < p->n_curves; i++) {
        gm_free(p->curves[i].label);
        gm_free(p->curves[i].y);
        gm_free(p->curves[i].low);
        gm_free(p->curves[i].high);
    }
    gm_free(p->curves);
    for (size_t i = 0; p->marks && i < p->n_marks; i++)
        gm_free(p->marks[i].label);
    gm_free(p->marks);
}

static void free_series(gm_view *v)
{
    for (size_t i = 0; v->as.series.panels && i < v->as.series.n_panels; i++)
        free_panel(&v->as.series.panels[i]);
    gm_free(v->as.series.panels);
    gm_free(v->as.series.x);
    gm_free(v->as.series.x_unit);
    gm_free(v->as.series.y_unit);
}

static void free_surface(gm_view *v)
{
    for (size_t i = 0; v->as.surface.fields && i < v->as.surface.n_fields; i++) {
        gm_free(v->as.surface.fields[i].name);
        gm_free(v->as.surface.fields[i].unit);
        gm_free(v->as.surface.fields[i].values);
    }
    gm_free(v->as.surface.fields);
    gm_free(v->as.surface.nodes_mm);
    gm_free(v->as.surface.faces);
    gm_free(v->as.surface.points_mm);
    free_texts(v->as.surface.point_labels, v->as.surface.n_points);
}

static void free_bars(gm_view *v)
{
    free_texts(v->as.bars.names, v->as.bars.n);
    gm_free(v->as.bars.values);
    gm_free(v->as.bars.low);
    gm_free(v->as.bars.high);
    gm_free(v->as.bars.unit);
}

static void free_view(gm_view *v)
{
    gm_free(v->title);
    gm_free(v->caption);
    switch (v->kind) {
    case GM_VIEW_TABLE:
        free_texts(v->as.table.cells, v->as.table.n_rows * v->as.table.n_columns);
        break;
    case GM_VIEW_SERIES: free_series(v); break;
    case GM_VIEW_SURFACE: free_surface(v); break;
    case GM_VIEW_BARS: free_bars(v); break;
    case GM_VIEW_DISC:
        gm_free(v->as.disc.values);
        gm_free(v->as.disc.unit);
        gm_free(v->as.disc.sector_zero);
        break;
    }
}

static void free_mesh_file(gm_file *f)
{
    for (size_t i = 0; f->as.mesh.fields && i < f->as.mesh.n_fields; i++) {
        gm_free(f->as.mesh.fields[i].name);
        gm_free(f->as.mesh.fields[i].unit);
        gm_free(f->as.mesh.fields[i].values);
    }
    gm_free(f->as.mesh.fields);
    gm_tetmesh_destroy(f->as.mesh.mesh);
}

static void free_file(gm_file *f)
{
    gm_free(f->path);
    switch (f->kind) {
    case GM_FILE_COLUMN: gm_free(f->as.column.values); break;
    case GM_FILE_CSV:
        gm_free(f->as.csv.header);
        gm_free(f->as.csv.values);
        break;
    case GM_FILE_JSON: json_decref(f->as.json); break;
    case GM_FILE_TEXT: gm_free(f->as.text); break;
    case GM_FILE_BYTES: gm_free(f->as.bytes.data); break;
    case GM_FILE_MESH:
    case GM_FILE_MESH_SET: free_mesh_file(f); break;
    case GM_FILE_SURFACE: gm_free(f->as.surface.faces); break;
    }
}

void gm_result_destroy(gm_result *r)
{
    if (!r) return;
    json_decref(r->values);
    gm_free(r->title);
    gm_free(r->summary);
    gm_free(r->view_path);
    gm_free(r->objection);
    for (size_t i = 0; i < r->n_views; i++)
        free_view(&r->views[i]);
    gm_free(r->views);
    for (size_t i = 0; i < r->n_files; i++)
        free_file(&r->files[i]);
    gm_free(r->files);
    gm_free(r);
}

/* ---- filling ------------------------------------------------------------------------------------ */

gm_status gm_result_set_title(gm_result *r, const char *title)
{
    char *copy = gm_strdup(title);
    if (title && !copy) return gm_fail(GM_ENOMEM, "result: no memory for the title");
    gm_free(r->title);
    r->title = copy;
    return GM_OK;
}

/* Appends to *text. */
static gm_status append(char **text, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (n < 0) return gm_fail(GM_EINVAL, "result: a text cannot be formatted");
    size_t old = *text ? strlen(*text) : 0;
    char *longer = gm_realloc(*text, old + (size_t)n + 1, 1);
    if (!longer) return gm_fail(GM_ENOMEM, "result: no memory for a text");
    *text = longer;
    vsnprintf(longer + old, (size_t)n + 1, fmt, args);
    return GM_OK;
}

gm_status gm_result_say(gm_result *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    gm_status s = append(&r->summary, fmt, args);
    va_end(args);
    return s;
}

gm_status gm_result_object(gm_result *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    gm_free(r->objection);
    r->objection = NULL;
    gm_status s = append(&r->objection, fmt, args);
    va_end(args);
    return s;
}

gm_status gm_result_add_view(gm_result *r, gm_view_kind kind, const char *title,
                             const char *caption, gm_view **out)
{
    *out = NULL;
    gm_view added = {.kind = kind, .title = gm_strdup(title), .caption = gm_strdup(caption)};
    gm_view *more = gm_realloc(r->views, r->n_views + 1, sizeof *more);
    if (more) r->views = more;
    if (!more || (title && !added.title) || (caption && !added.caption)) {
        gm_free(added.title);
        gm_free(added.caption);
        return gm_fail(GM_ENOMEM, "result: no memory for the view \"%s\"", title ? title : "");
    }
    r->views[r->n_views] = added;
    *out = &r->views[r->n_views++];
    return GM_OK;
}

gm_status gm_result_add_file(gm_result *r, gm_file_kind kind, const char *path, gm_file **out)
{
    *out = NULL;
    gm_file added = {.kind = kind, .path = gm_strdup(path), .is_as_named = r->files_as_named};
    gm_file *more = gm_realloc(r->files, r->n_files + 1, sizeof *more);
    if (more) r->files = more;
    if (!more || !added.path) {
        gm_free(added.path);
        return gm_fail(GM_ENOMEM, "result: no memory for the file %s", path ? path : "(no name)");
    }
    r->files[r->n_files] = added;
    *out = &r->files[r->n_files++];
    return GM_OK;
}

static double *copied(const double *values, size_t n)
{
    double *copy = gm_calloc(n, sizeof *copy);
    if (copy && n) memcpy(copy, values, n * sizeof *copy);
    return copy;
}

gm_status gm_result_add_column(gm_result *r, const char *path, const double *values, size_t n,
                               int decimals)
{
    double *copy = copied(values, n);
    if (!copy) return gm_fail(GM_ENOMEM, "result: no memory for %s, %zu numbers", path, n);
    gm_file *f;
    gm_status s = gm_result_add_file(r, GM_FILE_COLUMN, path, &f);
    if (s != GM_OK) {
        gm_free(copy);
        return s;
    }
    f->as.column.values = copy;
    f->as.column.n = n;
    f->as.column.decimals = decimals;
    return GM_OK;
}

gm_status gm_result_add_csv(gm_result *r, const char *path, const char *header,
                            const double *values, size_t n_rows, size_t n_columns, int decimals)
{
    if (n_columns == 0 || n_rows > SIZE_MAX / n_columns)
        return gm_fail(GM_EINVAL, "result: %s: a table of %zu columns and %zu rows", path,
                       n_columns, n_rows);
    double *copy = copied(values, n_rows * n_columns);
    char *heading = gm_strdup(header);
    gm_file *f = NULL;
    gm_status s = copy && heading ? gm_result_add_file(r, GM_FILE_CSV, path, &f)
                                  : gm_fail(GM_ENOMEM, "result: no memory for %s", path);
    if (s != GM_OK) {
        gm_free(copy);
        gm_free(heading);
        return s;
    }
    f->as.csv.header = heading;
    f->as.csv.values = copy;
    f->as.csv.n_rows = n_rows;
    f->as.csv.n_columns = n_columns;
    f->as.csv.decimals = decimals;
    return GM_OK;
}

gm_status gm_result_add_bytes(gm_result *r, const char *path, char *data, size_t length)
{
    gm_file *f;
    gm_status s = gm_result_add_file(r, GM_FILE_BYTES, path, &f);
    if (s != GM_OK) {
        gm_free(data);
        return s;
    }
    f->as.bytes.data = data;
    f->as.bytes.length = length;
    return GM_OK;
}

gm_status gm_result_add_json(gm_result *r, const char *path, json_t *taken)
{
    if (!taken) return gm_fail(GM_ENOMEM, "result: %s: no document", path);
    gm_file *f;
    gm_status s = gm_result_add_file(r, GM_FILE_JSON, path, &f);
    if (s == GM_OK)
        f->as.json = taken;
    else
        json_decref(taken);
    return s;
}

/* NULL: no memory. */
static char **copied_cells(const char *const cells[], size_t n)
{
    char **copy = gm_calloc(n, sizeof *copy);
    for (size_t i = 0; copy && i < n; i++) {
        copy[i] = gm_strdup(cells[i] ? cells[i] : "");
        if (copy[i]) continue;
        free_texts(copy, i);
        return NULL;
    }
    return copy;
}

gm_status gm_result_add_table(gm_result *r, const char *title, const char *caption, size_t n_rows,
                              size_t n_columns, const char *const cells[])
{
    if (n_columns == 0 || n_rows > SIZE_MAX / n_columns)
        return gm_fail(GM_EINVAL, "result: table \"%s\" of %zu columns and %zu rows", title,
                       n_columns, n_rows);
    char **copy = copied_cells(cells, n_rows * n_columns);
    if (!copy) return gm_fail(GM_ENOMEM, "result: no memory for the table \"%s\"", title);
    gm_view *v;
    gm_status s = gm_result_add_view(r, GM_VIEW_TABLE, title, caption, &v);
    if (s != GM_OK) {
        free_texts(copy, n_rows * n_columns);
        return s;
    }
    v->as.table.n_rows = n_rows;
    v->as.table.n_columns = n_columns;
    v->as.table.cells = copy;
    return GM_OK;
}
