#include "ecg/wfdb_marks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/text.h"
#include "ecg/build.h"

static const double LARGEST_TIME = 0x1p40; /* samples; far beyond any recording */
static const double ROUNDING =
    1e-6;                    /* samples; of a time brought from one rate to another and back */
enum { LONGEST_TEXT = 255 }; /* bytes that WFDB software reads */

/* ---- from annotations --------------------------------------------------------------------------- */

/* How many marks at the beginning only say what the times count. */
static size_t read_resolution(const gm_annotations *a, double *ticks_hz)
{
    const size_t n = strlen(GM_ANNOTATION_RESOLUTION);
    if (!a->n || a->items[0].sample != 0 || a->items[0].code != GM_ANNOTATION_NOTE) return 0;
    const char *text = a->items[0].text;
    double hz;
    if (!text || strncmp(text, GM_ANNOTATION_RESOLUTION, n) != 0) return 0;
    if (!gm_parse_real(text + n, &hz) || !(hz > 0)) return 0;
    *ticks_hz = hz;
    return 1;
}

static gm_status set_texts(gm_ecg_mark *m, const gm_annotation *a)
{
    char code[40];
    if (a->subtype || a->number)
        snprintf(code, sizeof code, "%d/%d/%d", a->code, a->subtype, a->number);
    else
        snprintf(code, sizeof code, "%d", a->code);
    GM_TRY(gm_ecg_set(&m->what, gm_annotation_symbol(a->code)));
    GM_TRY(gm_ecg_set(&m->scheme, GM_WFDB_SCHEME));
    GM_TRY(gm_ecg_set(&m->code, code));
    return gm_ecg_set(&m->text, a->text);
}

static const gm_ecg *group_of(const gm_ecg *e, size_t group)
{
    return group ? e->others[group - 1] : e;
}

gm_status gm_wfdb_add_marks(gm_ecg *e, const gm_annotations *a, const gm_wfdb_place *places,
                            size_t n_places, double frame_hz)
{
    double ticks_hz = frame_hz;
    size_t n_homeless = 0;
    for (size_t i = read_resolution(a, &ticks_hz); i < a->n; i++) {
        const gm_annotation *item = &a->items[i];
        gm_wfdb_place place = {0, -1};
        bool exists =
            (size_t)item->channel < n_places && places[item->channel].group != GM_WFDB_NOWHERE;
        if (exists && (item->channel != 0 || places[0].group == 0)) place = places[item->channel];
        n_homeless += !exists;
        gm_ecg_mark *m;
        GM_TRY(gm_ecg_add_mark(e, &m));
        double rate_hz = group_of(e, place.group)->rate_hz;
        m->group = place.group;
        m->channel = place.channel;
        m->sample = (double)item->sample;
        if (rate_hz != ticks_hz) m->sample *= rate_hz / ticks_hz;
        GM_TRY(set_texts(m, item));
    }
    if (n_homeless)
        return gm_ecg_note(e, "%zu annotations are of signals that are not here: taken as of all",
                           n_homeless);
    return GM_OK;
}

/* ---- to annotations ----------------------------------------------------------------------------- */

bool gm_wfdb_parse_code(const char *text, gm_annotation *a)
{
    int used = 0;
    if (!text) return false;
    if (sscanf(text, "%4d%n", &a->code, &used) != 1) return false;
    if (text[used]) {
        used = 0;
        if (sscanf(text, "%4d/%5d/%5d%n", &a->code, &a->subtype, &a->number, &used) != 3 ||
            text[used])
            return false;
    }
    return a->code >= 0 && a->code <= GM_ANNOTATION_LAST_CODE && a->subtype >= -128 &&
           a->subtype <= 127 && a->number >= -128 && a->number <= 127;
}

/* The number of channel `channel` of a group among all that are written; 0, which also stands for
 * all, where it is not written. */
static int signal_number(const gm_ecg *e, const bool *is_written, size_t group, int channel)
{
    size_t n = e->n_channels;
    if (channel < 0 || (group && (group > e->n_others || !is_written[group - 1]))) return 0;
    if (group == 0) return channel;
    for (size_t k = 0; k + 1 < group; k++)
        n += is_written[k] ? e->others[k]->n_channels : 0;
    return (int)n + channel;
}

static bool is_ours(const gm_ecg_mark *m)
{
    return m->scheme && strcmp(m->scheme, GM_WFDB_SCHEME) == 0;
}

/* The mark's time in ticks; NaN where it is none of them. */
static double ticks_of(const gm_ecg *e, const gm_ecg_mark *m, double ticks_hz)
{
    if (m->group > e->n_others || !(m->sample >= 0)) return NAN;
    double rate_hz = group_of(e, m->group)->rate_hz;
    double ticks = rate_hz == ticks_hz ? m->sample : m->sample * (ticks_hz / rate_hz);
    double whole = rint(ticks), rounding = rate_hz == ticks_hz ? 0 : ROUNDING;
    return whole < LARGEST_TIME && fabs(ticks - whole) <= rounding ? whole : NAN;
}

static gm_status from_mark(gm_annotation *a, bool *fits, const gm_ecg *e, const gm_ecg_mark *m,
                           const bool *is_written, double ticks_hz)
{
    double ticks = ticks_of(e, m, ticks_hz);
    *a = (gm_annotation){.channel = signal_number(e, is_written, m->group, m->channel)};
    *fits = gm_wfdb_parse_code(m->code, a) && !isnan(ticks) && a->channel <= 255 &&
            (!m->text || strlen(m->text) <= LONGEST_TEXT);
    if (!*fits) return GM_OK;
    a->sample = (int64_t)ticks;
    if (!m->text) return GM_OK;
    a->text = gm_strdup(m->text);
    a->text_length = strlen(m->text);
    return a->text ? GM_OK : gm_fail(GM_ENOMEM, "WFDB: no memory for an annotation");
}

static bool all_fit(const gm_ecg *e, double ticks_hz)
{
    for (size_t i = 0; i < e->n_marks; i++)
        if (is_ours(&e->marks[i]) && isnan(ticks_of(e, &e->marks[i], ticks_hz))) return false;
    return true;
}

/* Frames if all marks are on frames, else samples of the ECG, of another rate, or fractions of a
 * second that have them all. */
static double choose_ticks(const gm_ecg *e, double frame_hz)
{
    static const double usual_hz[] = {1e3, 1e4, 1e6};
    if (all_fit(e, frame_hz)) return frame_hz;
    if (all_fit(e, e->rate_hz)) return e->rate_hz;
    for (size_t k = 0; k < e->n_others; k++)
        if (all_fit(e, e->others[k]->rate_hz)) return e->others[k]->rate_hz;
    for (size_t k = 0; k < sizeof usual_hz / sizeof *usual_hz; k++)
        if (all_fit(e, usual_hz[k])) return usual_hz[k];
    return e->rate_hz;
}

static gm_status add_resolution(gm_annotations *a, double ticks_hz)
{
    char text[80];
    snprintf(text, sizeof text, GM_ANNOTATION_RESOLUTION "%.17g", ticks_hz);
    a->items[0] = (gm_annotation){.code = GM_ANNOTATION_NOTE, .text = gm_strdup(text)};
    a->items[0].text_length = strlen(text);
    a->n = 1;
    return a->items[0].text ? GM_OK : gm_fail(GM_ENOMEM, "WFDB: no memory for an annotation");
}

/* Stable: merge sort by time; `spare` has room for as many. */
static void sort_by_time(gm_annotation *items, gm_annotation *spare, size_t n)
{
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t from = 0; from < n; from += 2 * width) {
            size_t middle = from + width < n ? from + width : n;
            size_t to = from + 2 * width < n ? from + 2 * width : n;
            for (size_t i = from, j = middle, k = from; k < to; k++) {
                bool left = i < middle && (j == to || items[i].sample <= items[j].sample);
                spare[k] = left ? items[i++] : items[j++];
            }
        }
        memcpy(items, spare, n * sizeof *items);
    }
}

static gm_status fill(gm_annotations *a, size_t *n_lost, const gm_ecg *e, const bool *is_written,
                      double frame_hz)
{
    double ticks_hz = choose_ticks(e, frame_hz);
    if (ticks_hz != frame_hz) GM_TRY(add_resolution(a, ticks_hz));
    size_t first = a->n;
    for (size_t i = 0; i < e->n_marks; i++) {
        bool fits;
        if (!is_ours(&e->marks[i])) continue;
        GM_TRY(from_mark(&a->items[a->n], &fits, e, &e->marks[i], is_written, ticks_hz));
        a->n += fits;
        *n_lost += !fits;
    }
    size_t n = a->n - first;
    gm_annotation *spare = gm_calloc(n + 1, sizeof *spare);
    if (!spare) return gm_fail(GM_ENOMEM, "WFDB: no memory for annotations");
    sort_by_time(a->items + first, spare, n);
    gm_free(spare);
    return GM_OK;
}

gm_status gm_wfdb_marks_of(gm_annotations **out, size_t *n_lost, const gm_ecg *e,
                           const bool *is_written, double frame_hz)
{
    *out = NULL;
    *n_lost = 0;
    gm_annotations *a = gm_calloc(1, sizeof *a);
    gm_status s = a ? GM_OK : gm_fail(GM_ENOMEM, "WFDB: no memory for annotations");
    if (s == GM_OK) a->items = gm_calloc(e->n_marks + 1, sizeof *a->items);
    if (s == GM_OK && !a->items) s = gm_fail(GM_ENOMEM, "WFDB: no memory for annotations");
    if (s == GM_OK) s = fill(a, n_lost, e, is_written, frame_hz);
    if (s != GM_OK || a->n == 0) {
        gm_annotations_destroy(a);
        return s;
    }
    *out = a;
    return GM_OK;
}
