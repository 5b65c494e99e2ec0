#include "output/output.h"

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "output/mesh_files.h"
#include "report/report.h"

#define REPORT_NAME "report.html"

static bool leads_out(const char *path)
{
    if (path[0] == '/') return true;
    for (const char *part = path; part; part = strchr(part, '/')) {
        part += *part == '/';
        size_t n = strcspn(part, "/");
        if (n == 0 || (n == 2 && part[0] == '.' && part[1] == '.')) return true;
    }
    return false;
}

static gm_status check_names(const gm_result *r)
{
    for (size_t i = 0; i < r->n_files; i++) {
        const char *path = r->files[i].path;
        if (!*path || (!r->files[i].is_as_named && leads_out(path)))
            return gm_fail(GM_EINVAL, "output: the file name \"%.80s\" leads out of the folder",
                           path);
        for (size_t j = 0; j < i; j++)
            if (strcmp(path, r->files[j].path) == 0 && r->files[i].kind == r->files[j].kind)
                return gm_fail(GM_EINVAL, "output: two files are called %s", path);
    }
    return GM_OK;
}

static gm_status make_parent(const char *path)
{
    char *copy = gm_strdup(path);
    if (!copy) return gm_fail(GM_ENOMEM, "%s: no memory", path);
    char *slash = strrchr(copy, '/');
    gm_status s = GM_OK;
    if (slash && slash != copy) {
        *slash = 0;
        s = gm_folder_make(copy);
    }
    gm_free(copy);
    return s;
}

static gm_status write_text(const gm_file *f, const char *path)
{
    gm_text text = {0};
    gm_status s = gm_output_text(f, &text);
    if (s == GM_OK) s = gm_file_write(path, text.data ? text.data : "", text.length);
    gm_text_free(&text);
    return s;
}

static gm_status write_one(const gm_file *f, const char *path)
{
    GM_TRY(make_parent(path));
    switch (f->kind) {
    case GM_FILE_COLUMN:
    case GM_FILE_CSV:
    case GM_FILE_JSON:
    case GM_FILE_TEXT: return write_text(f, path);
    case GM_FILE_BYTES: return gm_file_write(path, f->as.bytes.data, f->as.bytes.length);
    case GM_FILE_MESH: return gm_output_vtu(f, path);
    case GM_FILE_MESH_SET: return gm_output_opencarp(f, path);
    case GM_FILE_SURFACE: return gm_output_surf(f, path);
    }
    return gm_fail(GM_EINVAL, "%s: a file of no known kind", path);
}

static gm_status write_at(const gm_file *f, const char *folder, json_t *written)
{
    char *path = f->is_as_named ? gm_strdup(f->path) : gm_path_join(folder, f->path);
    if (!path) return gm_fail(GM_ENOMEM, "%s: no memory", f->path);
    gm_status s = write_one(f, path);
    gm_free(path);
    if (s == GM_OK && written && json_array_append_new(written, json_string(f->path)))
        s = gm_fail(GM_ENOMEM, "%s: no memory", f->path);
    return s;
}

/* The files, then the page whose text was made before the first of them was written. */
static gm_status write_all(const gm_result *r, const char *folder, const gm_text *page,
                           json_t *written)
{
    if (folder && gm_output_n_in_folder(r)) GM_TRY(gm_folder_make(folder));
    for (size_t i = 0; i < r->n_files; i++)
        if (folder || r->files[i].is_as_named) GM_TRY(write_at(&r->files[i], folder, written));
    if (!folder || !page->length) return GM_OK;
    char *path = gm_path_join(folder, REPORT_NAME);
    if (!path) return gm_fail(GM_ENOMEM, "report: no memory");
    gm_status s = gm_file_write(path, page->data, page->length);
    gm_free(path);
    if (s == GM_OK && written && json_array_append_new(written, json_string(REPORT_NAME)))
        s = gm_fail(GM_ENOMEM, "report: no memory");
    return s;
}

size_t gm_output_n_in_folder(const gm_result *r)
{
    size_t n = r->wants_report;
    for (size_t i = 0; i < r->n_files; i++)
        n += !r->files[i].is_as_named;
    return n;
}

gm_status gm_output_write(const gm_result *r, const char *folder, json_t *written)
{
    gm_text page = {0};
    gm_status s = check_names(r);
    if (s == GM_OK && folder && r->wants_report) s = gm_report_html(r, &page);
    if (s == GM_OK) s = write_all(r, folder, &page, written);
    gm_text_free(&page);
    return s;
}
