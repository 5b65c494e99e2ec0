#include "ecg/dicom.h"

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "ecg/dcm_structure.h"
#include "ecg/dcm_waveform.h"
#include "ecg/format.h"

/* DCMTK keeps every element as an object of its own: this bounds what a file can cost. */
enum { MAX_BYTES = 256 << 20 };

gm_status gm_ecg_dicom_parse(gm_ecg ***groups, size_t *n_groups, const void *bytes, size_t length,
                             const char *name)
{
    *groups = NULL;
    *n_groups = 0;
    if (length > MAX_BYTES)
        return gm_fail(GM_EFORMAT, "%s: %zu bytes, more than the %d allowed", name, length,
                       MAX_BYTES);
    GM_TRY(gm_dcm_check_structure(bytes, length, name));
    return gm_dcm_waveform_parse(groups, n_groups, bytes, length, name);
}

gm_status gm_ecg_dicom_read(gm_ecg ***groups, size_t *n_groups, const char *path)
{
    *groups = NULL;
    *n_groups = 0;
    char *bytes;
    size_t length;
    GM_TRY(gm_file_read(&bytes, &length, path, MAX_BYTES));
    gm_status s = gm_ecg_dicom_parse(groups, n_groups, bytes, length, path);
    gm_free(bytes);
    return s;
}

void gm_ecg_groups_destroy(gm_ecg **groups, size_t n_groups)
{
    for (size_t i = 0; groups && i < n_groups; i++)
        gm_ecg_destroy(groups[i]);
    gm_free(groups);
}

size_t gm_ecg_rhythm_group(gm_ecg *const *groups, size_t n_groups)
{
    size_t longest = 0;
    for (size_t i = 0; i < n_groups; i++) {
        const gm_ecg *g = groups[i], *best = groups[longest];
        if (g->group && strstr(g->group, "RHYTHM")) return i;
        if ((double)g->n_samples / g->rate_hz > (double)best->n_samples / best->rate_hz)
            longest = i;
    }
    return longest;
}

static gm_status read_rhythm(gm_ecg **out, const char *path, const char *bytes, size_t length)
{
    gm_ecg **groups;
    size_t n_groups;
    *out = NULL;
    GM_TRY(gm_ecg_dicom_parse(&groups, &n_groups, bytes, length, path));
    size_t chosen = gm_ecg_rhythm_group(groups, n_groups);
    *out = groups[chosen];
    groups[chosen] = NULL;
    gm_ecg_groups_destroy(groups, n_groups);
    return GM_OK;
}

static bool looks_like_dicom(const char *bytes, size_t length)
{
    return length >= 132 && memcmp(bytes + 128, "DICM", 4) == 0;
}

const gm_ecg_format gm_ecg_format_dicom = {
    .id = "DICOM", .ending = ".dcm", .sniff = looks_like_dicom, .read = read_rhythm};
