#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/text.h"
#include "ecg/format.h"

enum { MAX_BYTES = 1 << 30 }; /* of a header, DICOM or CSV file; WFDB signal files may be larger */

const gm_ecg_format *const *gm_ecg_formats(void)
{
    /* From the most to the least certain sniff. */
    static const gm_ecg_format *const formats[] = {
        &gm_ecg_format_dicom, &gm_ecg_format_scp,  &gm_ecg_format_edf,
        &gm_ecg_format_wfdb,  &gm_ecg_format_aecg, &gm_ecg_format_musexml,
        &gm_ecg_format_fhir,  &gm_ecg_format_csv,  NULL};
    return formats;
}

static const gm_ecg_format *format_of(const char *path, const char *bytes, size_t length)
{
    const gm_ecg_format *const *all = gm_ecg_formats();
    for (size_t i = 0; all[i]; i++)
        if (all[i]->sniff(bytes, length)) return all[i];
    for (size_t i = 0; all[i]; i++)
        if (gm_path_ends_with(path, all[i]->ending)) return all[i];
    return NULL;
}

static gm_status fail_unknown(const char *path)
{
    char header[4096];
    const char *dot = strrchr(gm_path_leaf(path), '.');
    int n = dot ? snprintf(header, sizeof header, "%.*s.hea", (int)(dot - path), path) : -1;
    if (n > 0 && (size_t)n < sizeof header && gm_file_exists(header))
        return gm_fail(GM_EFORMAT, "%s: not an ECG file by itself; read %s, which lies beside it",
                       path, gm_path_leaf(header));
    gm_text known = {0};
    const gm_ecg_format *const *all = gm_ecg_formats();
    for (size_t i = 0; all[i]; i++)
        gm_text_addf(&known, "%s%s", i ? ", " : "", all[i]->id);
    gm_status s = gm_text_status(&known);
    if (s == GM_OK)
        s = gm_fail(GM_EFORMAT, "%s: not an ECG format that is known here: %s", path, known.data);
    gm_text_free(&known);
    return s;
}

static gm_status read_file(gm_ecg **out, const char *path)
{
    char *bytes;
    size_t length;
    GM_TRY(gm_file_read(&bytes, &length, path, MAX_BYTES));
    const gm_ecg_format *format = format_of(path, bytes, length);
    gm_status s;
    if (length == 0)
        s = gm_fail(GM_EFORMAT, "%s: the file is empty", path);
    else if (format)
        s = format->read(out, path, bytes, length);
    else
        s = fail_unknown(path);
    gm_free(bytes);
    return s;
}

gm_status gm_ecg_read(gm_ecg **out, const char *path)
{
    *out = NULL;
    if (gm_file_exists(path)) return read_file(out, path);
    char header[4096];
    int n = snprintf(header, sizeof header, "%s.hea", path);
    if (n < 0 || (size_t)n >= sizeof header)
        return gm_fail(GM_EINVAL, "%.80s...: the name is too long", path);
    if (gm_file_exists(header)) return read_file(out, header);
    return gm_fail(GM_ENOTFOUND, "%s: no such file, and no WFDB record of that name", path);
}
