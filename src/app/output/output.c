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

static gm_status check_names(const gm_result *r, bool in_folder)
{
    for (size_t i = 0; i < r->n_files; i++) {
        const char *path = r->files[i].path;
        if (!*path || (in_folder && leads_out(path)))
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

static gm_status write_in(const gm_file *f, const char *folder, json_t *written)
{
    char *path = folder ? gm_path_join(folder, f->path) : gm_strdup(f->path);
    if (!path) return gm_fail(GM_ENOMEM, "%s: no memory", f->path);
    gm_status s = write_one(f, path);
    gm_free(path);
    if (s == GM_OK && written && json_array_append_new(written, json_string(f->path)))
        s = gm_fail(GM_ENOMEM, "%s: no memory", f->path);
    return s;
}

static gm_status write_files(const gm_result *r, const char *folder, json_t *written)
{
    for (size_t i = 0; i < r->n_files; i++)
        GM_TRY(write_in(&r->files[i], folder, written));
    return GM_OK;
}

/* The files, then the page whose text was made before the first of them was written. */
static gm_status write_all(const gm_result *r, const char *folder, const gm_text *page,
                           json_t *written)
{
    GM_TRY(gm_folder_make(folder));
    GM_TRY(write_files(r, folder, written));
    if (!page->length) return GM_OK;
    char *path = gm_path_join(folder, REPORT_NAME);
    if (!path) return gm_fail(GM_ENOMEM, "report: no memory");
    gm_status s = gm_file_write(path, page->data, page->length);
    gm_free(path);
    if (s == GM_OK && written && json_array_append_new(written, json_string(REPORT_NAME)))
        s = gm_fail(GM_ENOMEM, "report: no memory");
    return s;
}

gm_status gm_output_write(const gm_result *r, const char *folder, json_t *written)
{
    gm_text page = {0};
    gm_status s = check_names(r, true);
    if (s == GM_OK && r->wants_report) s = gm_report_html(r, &page);
    if (s == GM_OK) s = write_all(r, folder, &page, written);
    gm_text_free(&page);
    return s;
}

gm_status gm_output_write_as_named(const gm_result *r, json_t *written)
{
    GM_TRY(check_names(r, false));
    return write_files(r, NULL, written);
}
