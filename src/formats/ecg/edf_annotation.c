#include "ecg/edf_annotation.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/text.h"

enum { TEXT_END = 0x14, DURATION = 0x15, LONGEST_NUMBER = 31 };

/* "+12.5" or, without need of a sign, "12.5", from *at up to the first byte of another kind. */
static bool take_seconds(const char **at, const char *end, bool needs_sign, double *out)
{
    char text[LONGEST_NUMBER + 1];
    size_t n = 0;
    const char *p = *at;
    if (needs_sign && (p == end || (*p != '+' && *p != '-'))) return false;
    for (; p < end && n < LONGEST_NUMBER; p++) {
        bool is_sign = n == 0 && needs_sign;
        if (!is_sign && !isdigit((unsigned char)*p) && *p != '.') break;
        text[n++] = *p;
    }
    text[n] = 0;
    *at = p;
    return gm_parse_real(text, out);
}

static gm_status add(gm_edf_annotations *a, gm_edf_annotation item)
{
    if ((a->n & (a->n - 1)) == 0) { /* full at every power of two */
        gm_edf_annotation *more = gm_realloc(a->items, a->n ? 2 * a->n : 1, sizeof *more);
        if (!more) return gm_fail(GM_ENOMEM, "EDF+: no memory for annotations");
        a->items = more;
    }
    a->items[a->n++] = item;
    return GM_OK;
}

/* One TAL without its 0x00. *is_good: it is well formed; *stamp_s: its onset if its first text is
 * empty, which makes it a time stamp. */
static gm_status read_tal(gm_edf_annotations *a, const char *p, const char *end, bool *is_good,
                          double *stamp_s)
{
    gm_edf_annotation item = {.duration_s = NAN};
    *is_good = false;
    if (!take_seconds(&p, end, true, &item.onset_s)) return GM_OK;
    if (p < end && *p == DURATION) {
        p++;
        if (p < end && *p == TEXT_END) /* said to be there, and left empty */
            item.duration_s = NAN;
        else if (!take_seconds(&p, end, false, &item.duration_s))
            return GM_OK;
    }
    if (p == end || *p != TEXT_END || end[-1] != TEXT_END) return GM_OK;
    *is_good = true;
    bool is_first = true;
    for (p++; p < end; is_first = false) {
        const char *stop = memchr(p, TEXT_END, (size_t)(end - p)); /* there is one: end[-1] */
        item.text = p;
        item.length = (size_t)(stop - p);
        if (item.length)
            GM_TRY(add(a, item));
        else if (is_first && isnan(item.duration_s))
            *stamp_s = item.onset_s;
        p = stop + 1;
    }
    return GM_OK;
}

/* The annotation signal s of one record. */
static gm_status read_area(gm_edf_annotations *a, const char *file, const char *p, const char *end,
                           double *record_onset_s)
{
    bool is_first = true;
    while (p < end) {
        if (!*p) { /* filling up to the end of the area */
            p++;
            continue;
        }
        const char *stop = memchr(p, 0, (size_t)(end - p));
        bool is_good;
        double stamp_s = NAN;
        GM_TRY(read_tal(a, p, stop ? stop : end, &is_good, &stamp_s));
        if (is_good) {
            a->n_tals++;
            if (is_first && record_onset_s) *record_onset_s = stamp_s;
        } else if (!a->n_malformed++) {
            a->first_malformed = (size_t)(p - file);
        }
        is_first = false;
        p = stop ? stop + 1 : end;
    }
    return GM_OK;
}

static gm_status read_all(gm_edf_annotations *a, const gm_edf_header *h, const char *bytes)
{
    for (size_t k = 0; k < h->n_records; k++) {
        bool is_first = true;
        for (size_t i = 0; i < h->n_signals; i++) {
            const gm_edf_signal *s = &h->signals[i];
            if (!s->is_annotations) continue;
            const char *p = bytes + h->header_bytes + k * h->record_bytes + s->offset;
            GM_TRY(read_area(a, bytes, p, p + s->samples * gm_edf_sample_bytes(h),
                             is_first ? &a->record_onset_s[k] : NULL));
            is_first = false;
        }
    }
    return GM_OK;
}

gm_status gm_edf_annotations_read(gm_edf_annotations *out, const gm_edf_header *h,
                                  const char *bytes)
{
    *out = (gm_edf_annotations){0};
    bool any = false;
    for (size_t i = 0; i < h->n_signals; i++)
        any |= h->signals[i].is_annotations;
    if (!any) return GM_OK;
    out->record_onset_s = gm_calloc(h->n_records, sizeof *out->record_onset_s);
    if (!out->record_onset_s) return gm_fail(GM_ENOMEM, "EDF+: no memory");
    for (size_t k = 0; k < h->n_records; k++)
        out->record_onset_s[k] = NAN;
    gm_status s = read_all(out, h, bytes);
    if (s != GM_OK) gm_edf_annotations_free(out);
    return s;
}

void gm_edf_annotations_free(gm_edf_annotations *a)
{
    gm_free(a->items);
    gm_free(a->record_onset_s);
    *a = (gm_edf_annotations){0};
}
