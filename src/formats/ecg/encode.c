#include "ecg/encode.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/text.h"
#include "ecg/format.h"

static gm_status fail_unknown_ending(const char *path)
{
    gm_text known = {0};
    const gm_ecg_format *const *all = gm_ecg_formats();
    for (size_t i = 0; all[i]; i++)
        if (all[i]->write)
            gm_text_addf(&known, "%s %s (%s)", known.length ? "," : "", all[i]->ending, all[i]->id);
    gm_status s = gm_text_status(&known);
    if (s == GM_OK)
        s = gm_fail(GM_EINVAL, "%s: the ending says no format that is written here; allowed are%s",
                    path, known.data ? known.data : " none");
    gm_text_free(&known);
    return s;
}

static gm_status check_samples(const gm_ecg_format *f, const gm_ecg *e, const char *path)
{
    if (e->n_channels && e->n_samples) return GM_OK;
    if (f->holds_marks_alone && !e->n_channels && e->n_marks) return GM_OK;
    return gm_fail(GM_EINVAL,
                   "%s: the ECG has %zu channels, %zu samples and %zu annotations; %s holds 1 "
                   "channel of 1 sample or more%s",
                   path, e->n_channels, e->n_samples, e->n_marks, f->id,
                   f->holds_marks_alone ? ", or annotations alone" : "");
}

gm_status gm_ecg_encode(gm_ecg_files *out, const gm_ecg *e, const char *path)
{
    *out = (gm_ecg_files){0};
    const gm_ecg_format *const *all = gm_ecg_formats();
    for (size_t i = 0; all[i]; i++) {
        if (!all[i]->write || !gm_path_ends_with(path, all[i]->ending)) continue;
        GM_TRY(check_samples(all[i], e, path));
        gm_status s = all[i]->write(out, e, path);
        if (s != GM_OK) gm_ecg_files_free(out);
        return s;
    }
    return fail_unknown_ending(path);
}

gm_status gm_ecg_files_add(gm_ecg_files *f, const char *path, const void *bytes, size_t length)
{
    gm_ecg_file *more = gm_realloc(f->items, f->n + 1, sizeof *more);
    if (!more) return gm_fail(GM_ENOMEM, "%s: no memory", path);
    f->items = more;
    gm_ecg_file *file = &more[f->n];
    *file = (gm_ecg_file){gm_strdup(path), gm_calloc(length + 1, 1), length};
    if (!file->path || !file->bytes) {
        gm_free(file->path);
        gm_free(file->bytes);
        return gm_fail(GM_ENOMEM, "%s: no memory for %zu bytes", path, length);
    }
    if (length) memcpy(file->bytes, bytes, length);
    f->n++;
    return GM_OK;
}

gm_status gm_ecg_files_leave_out(gm_ecg_files *f, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    char **more = gm_realloc(f->left_out, f->n_left_out + 1, sizeof *more);
    if (!more) return gm_fail(GM_ENOMEM, "ECG: no memory");
    f->left_out = more;
    if (!(more[f->n_left_out] = gm_strdup(text))) return gm_fail(GM_ENOMEM, "ECG: no memory");
    f->n_left_out++;
    return GM_OK;
}

void gm_ecg_files_free(gm_ecg_files *f)
{
    for (size_t i = 0; i < f->n; i++) {
        gm_free(f->items[i].path);
        gm_free(f->items[i].bytes);
    }
    for (size_t i = 0; i < f->n_left_out; i++)
        gm_free(f->left_out[i]);
    gm_free(f->items);
    gm_free(f->left_out);
    *f = (gm_ecg_files){0};
}
