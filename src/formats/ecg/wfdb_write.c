#include "ecg/wfdb_write.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/text.h"
#include "ecg/build.h"
#include "ecg/wfdb_facts.h"
#include "ecg/wfdb_format.h"
#include "ecg/wfdb_marks.h"

enum { LONGEST_NAME = 200, MAX_SAMPLES_PER_FRAME = 1000, LONGEST_NUMBER = 40 };

/* One signal of the record. */
typedef struct {
    const gm_ecg_channel *c;
    size_t samples_per_frame, n_samples;
    bool skew_stated;
    char gain[LONGEST_NUMBER];
    const char *unit; /* NULL: none is written */
} column;

typedef struct {
    gm_ecg_files *out;
    const gm_ecg *e;
    const char *path;
    char name[LONGEST_NAME + 1];
    bool *is_written; /* [n_others] */
    double frame_hz;
    size_t n_frames, frame_samples;
    column *columns;
    size_t n_columns;
    int format;
    gm_text header;
    unsigned char *samples;
} writer;

static const char *title(const gm_ecg_channel *c)
{
    return c->name ? c->name : "without a name";
}

/* The shortest text that reads back as the same double; a whole number without an exponent. */
static void print_real(char text[LONGEST_NUMBER], double v)
{
    if (rint(v) == v && fabs(v) < 1e15) {
        snprintf(text, LONGEST_NUMBER, "%.0f", v);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, LONGEST_NUMBER, "%.*g", digits, v);
        if (strtod(text, NULL) == v) return;
    }
}

static gm_status take_name(writer *w)
{
    const char *leaf = gm_path_leaf(w->path);
    size_t n = strlen(leaf) - strlen(".hea");
    bool allowed = n > 0 && n <= LONGEST_NAME;
    for (size_t i = 0; i < n && allowed; i++)
        allowed = isalnum((unsigned char)leaf[i]) || leaf[i] == '_' || leaf[i] == '-';
    if (!allowed)
        return gm_fail(GM_EINVAL,
                       "%s: the name of a WFDB record may have letters, digits, - and _ only, at "
                       "most %d",
                       w->path, LONGEST_NAME);
    memcpy(w->name, leaf, n);
    return GM_OK;
}

/* ---- rates -------------------------------------------------------------------------------------- */

/* Samples a frame of a rate, 0 if the reader would not get the very same rate from it. */
static size_t in_frame(double rate_hz, double frame_hz)
{
    double n = rint(rate_hz / frame_hz);
    return n >= 1 && n <= MAX_SAMPLES_PER_FRAME && frame_hz * n == rate_hz ? (size_t)n : 0;
}

static bool is_whole_frames(const gm_ecg *group, double frame_hz, size_t n_frames)
{
    size_t n = in_frame(group->rate_hz, frame_hz);
    return n > 0 && group->n_samples == n * n_frames;
}

static bool all_in_frames(const writer *w, double frame_hz)
{
    size_t n = in_frame(w->e->rate_hz, frame_hz);
    if (n == 0 || w->e->n_samples % n != 0) return false;
    for (size_t k = 0; k < w->e->n_others; k++)
        if (w->is_written[k] && !is_whole_frames(w->e->others[k], frame_hz, w->e->n_samples / n))
            return false;
    return true;
}

/* The fastest frames that hold what is written; false: none do. */
static bool choose_frames(writer *w)
{
    double slowest_hz = w->e->rate_hz;
    for (size_t k = 0; k < w->e->n_others; k++)
        if (w->is_written[k]) slowest_hz = fmin(slowest_hz, w->e->others[k]->rate_hz);
    for (int parts = 1; parts <= MAX_SAMPLES_PER_FRAME; parts++) {
        double frame_hz = slowest_hz / parts;
        if (!all_in_frames(w, frame_hz)) continue;
        w->frame_hz = frame_hz;
        w->n_frames = w->e->n_samples / in_frame(w->e->rate_hz, frame_hz);
        return true;
    }
    return false;
}

/* Another waveform belongs into the record if it lasts as long at a rate of its own, and goes into it
 * if whole frames hold it together with what came before. */
static bool try_group(writer *w, size_t k)
{
    const gm_ecg *e = w->e, *o = e->others[k];
    double slower_hz = fmin(o->rate_hz, e->rate_hz);
    double off_s = (double)o->n_samples / o->rate_hz - (double)e->n_samples / e->rate_hz;
    if (fabs(off_s) > 1 / slower_hz || o->rate_hz == e->rate_hz) return false;
    for (size_t j = 0; j < k; j++)
        if (w->is_written[j] && e->others[j]->rate_hz == o->rate_hz) return false;
    w->is_written[k] = true;
    w->is_written[k] = choose_frames(w);
    return w->is_written[k];
}

static gm_status choose_groups(writer *w)
{
    const gm_ecg *e = w->e;
    w->is_written = gm_calloc(e->n_others + 1, sizeof *w->is_written);
    if (!w->is_written) return gm_fail(GM_ENOMEM, "%s: no memory", w->path);
    choose_frames(w); /* of the record alone: frames of one sample */
    for (size_t k = 0; k < e->n_others; k++) {
        const gm_ecg *o = e->others[k];
        if (!try_group(w, k))
            GM_TRY(gm_ecg_files_leave_out(
                w->out,
                "the other waveform %s, %zu samples at %.10g Hz: not in whole frames with %zu at "
                "%.10g Hz, or not of the same time",
                o->group ? o->group : "without a name", o->n_samples, o->rate_hz, e->n_samples,
                e->rate_hz));
    }
    return GM_OK;
}

static size_t count_columns(const writer *w)
{
    size_t n = w->e->n_channels;
    for (size_t k = 0; k < w->e->n_others; k++)
        n += w->is_written[k] ? w->e->others[k]->n_channels : 0;
    return n;
}

static void add_columns(writer *w, const gm_ecg *group)
{
    size_t per_frame = in_frame(group->rate_hz, w->frame_hz);
    for (size_t i = 0; i < group->n_channels; i++) {
        w->columns[w->n_columns++] = (column){.c = &group->channels[i],
                                              .samples_per_frame = per_frame,
                                              .n_samples = group->n_samples};
        w->frame_samples += per_frame;
    }
}

static gm_status make_columns(writer *w)
{
    size_t n = count_columns(w);
    if (n > GM_ECG_MAX_CHANNELS)
        return gm_fail(GM_EINVAL, "%s: %zu channels, allowed are %d", w->path, n,
                       GM_ECG_MAX_CHANNELS);
    w->columns = gm_calloc(n, sizeof *w->columns);
    if (!w->columns) return gm_fail(GM_ENOMEM, "%s: no memory", w->path);
    add_columns(w, w->e);
    for (size_t k = 0; k < w->e->n_others; k++)
        if (w->is_written[k]) add_columns(w, w->e->others[k]);
    return GM_OK;
}

/* ---- scale and skew ----------------------------------------------------------------------------- */

static bool is_one_word(const char *text)
{
    for (; *text; text++)
        if (isspace((unsigned char)*text)) return false;
    return true;
}

/* The fewest digits of a gain from which the reader gets this very scale. */
static bool find_gain(char text[LONGEST_NUMBER], double mv_per_count, double unit_mv)
{
    double exact = unit_mv / mv_per_count;
    double tried[] = {0, nextafter(exact, 0), nextafter(exact, INFINITY)};
    for (int digits = 1; digits <= 17 && unit_mv / tried[0] != mv_per_count; digits++) {
        snprintf(text, LONGEST_NUMBER, "%.*g", digits, exact);
        tried[0] = strtod(text, NULL);
    }
    for (size_t i = 0; i < 3; i++) {
        print_real(text, tried[i]);
        if (unit_mv / tried[i] == mv_per_count) return true;
    }
    return false;
}

static gm_status set_scale(writer *w, column *col)
{
    static const char *const units[] = {"mV", "uV", "nV", "V"};
    const gm_ecg_channel *c = col->c;
    bool writable = !c->unit || is_one_word(c->unit);
    double own_mv = gm_ecg_unit_mv(c->unit ? c->unit : "mV");
    col->unit = writable ? c->unit : NULL;
    if (isnan(c->mv_per_count)) {
        snprintf(col->gain, sizeof col->gain, "0");
        if (!writable) GM_TRY(gm_ecg_files_leave_out(w->out, "the unit of %s", title(c)));
        return GM_OK;
    }
    if (writable && !isnan(own_mv) && find_gain(col->gain, c->mv_per_count, own_mv)) return GM_OK;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (!find_gain(col->gain, c->mv_per_count, gm_ecg_unit_mv(units[i]))) continue;
        col->unit = units[i];
        return gm_ecg_files_leave_out(w->out, "the unit %s of %s: the same scale is written in %s",
                                      c->unit ? c->unit : "mV", title(c), units[i]);
    }
    return gm_fail(GM_EINVAL,
                   "%s: channel %s: %.17g mV a count: no gain in a WFDB header says exactly that",
                   w->path, title(c), c->mv_per_count);
}

static gm_status check_baseline(const writer *w, const gm_ecg_channel *c)
{
    if (rint(c->baseline) == c->baseline && fabs(c->baseline) <= INT32_MAX) return GM_OK;
    return gm_fail(GM_EINVAL,
                   "%s: channel %s: a baseline of %.17g counts; WFDB holds whole ones of 32 bits",
                   w->path, title(c), c->baseline);
}

/* A skew that is still in the samples has no place: WFDB would shift them to take it out. */
static gm_status set_skew(writer *w, column *col)
{
    col->skew_stated = col->c->skew_ms == 0;
    if (isnan(col->c->skew_ms) || col->skew_stated) return GM_OK;
    return gm_ecg_files_leave_out(w->out, "the skew of %s", title(col->c));
}

static gm_status describe_columns(writer *w)
{
    for (size_t i = 0; i < w->n_columns; i++) {
        const gm_ecg_channel *c = w->columns[i].c;
        GM_TRY(set_scale(w, &w->columns[i]));
        GM_TRY(check_baseline(w, c));
        GM_TRY(set_skew(w, &w->columns[i]));
        if (!isnan(c->low_cut_hz) || !isnan(c->high_cut_hz) || !isnan(c->notch_hz))
            GM_TRY(gm_ecg_files_leave_out(w->out, "the filters of %s", title(c)));
    }
    return GM_OK;
}

/* ---- samples ------------------------------------------------------------------------------------ */

/* The most negative value of a format marks a gap, so a count must be above it. */
static int choose_format(const writer *w)
{
    int format = 16;
    for (size_t i = 0; i < w->n_columns; i++) {
        for (size_t k = 0; k < w->columns[i].n_samples; k++) {
            int32_t v = w->columns[i].c->counts[k];
            if (v == GM_ECG_MISSING_COUNT || (v > INT16_MIN && v <= INT16_MAX)) continue;
            if (v <= -0x800000 || v > 0x7FFFFF) return 32;
            format = 24;
        }
    }
    return format;
}

/* Puts one signal's samples into their places; *first and *sum as the header states them. */
static void put_column(const writer *w, const column *col, size_t at, int32_t *first, uint32_t *sum)
{
    size_t i = 0;
    *first = 0;
    *sum = 0;
    for (size_t frame = 0; frame < w->n_frames; frame++) {
        for (size_t k = 0; k < col->samples_per_frame; k++, i++) {
            int32_t v = col->c->counts[i];
            if (v == GM_ECG_MISSING_COUNT) v = gm_wfdb_missing(w->format);
            if (i == 0) *first = v;
            *sum += (uint32_t)v;
            gm_wfdb_put(w->format, w->samples, frame * w->frame_samples + at + k, v);
        }
    }
}

static void print_signal(writer *w, const column *col, int32_t first, uint32_t sum)
{
    gm_text *t = &w->header;
    gm_text_addf(t, "%s.dat %d", w->name, w->format);
    if (col->samples_per_frame > 1) gm_text_addf(t, "x%zu", col->samples_per_frame);
    if (col->skew_stated) gm_text_add(t, ":0");
    gm_text_addf(t, " %s(%.0f)", col->gain, col->c->baseline + 0.0);
    if (col->unit) gm_text_addf(t, "/%s", col->unit);
    gm_text_addf(t, " %d 0 %d %d 0", w->format, first, (int16_t)(sum & 0xFFFF));
    const char *lead = gm_ecg_lead_name(col->c);
    if (lead) gm_text_addf(t, " %s", lead);
    gm_text_add(t, "\n");
}

static gm_status write_signals(writer *w)
{
    size_t width = (size_t)w->format / 8, at = 0;
    w->samples = gm_calloc(w->n_frames * w->frame_samples, width);
    if (!w->samples) return gm_fail(GM_ENOMEM, "%s: no memory for the samples", w->path);
    for (size_t i = 0; i < w->n_columns; i++) {
        int32_t first;
        uint32_t sum;
        put_column(w, &w->columns[i], at, &first, &sum);
        print_signal(w, &w->columns[i], first, sum);
        at += w->columns[i].samples_per_frame;
    }
    return GM_OK;
}

/* ---- facts -------------------------------------------------------------------------------------- */

static gm_status write_record_line(writer *w)
{
    char rate[LONGEST_NUMBER], time[64];
    const char *zone;
    print_real(rate, w->frame_hz);
    gm_wfdb_date_and_time(time, &zone, w->e->acquired);
    gm_text_addf(&w->header, "%s %zu %s %zu%s\n", w->name, w->n_columns, rate, w->n_frames, time);
    if (w->e->acquired && !zone)
        return gm_ecg_files_leave_out(w->out, "the time of recording, %s: not known to the second",
                                      w->e->acquired);
    if (zone && *zone) return gm_ecg_files_leave_out(w->out, "the time zone %s", zone);
    return GM_OK;
}

/* Age and sex get a comment of their own only where the others do not say them. */
static void write_comments(writer *w)
{
    const gm_ecg *e = w->e;
    gm_ecg_patient said = {.age_years = NAN};
    for (size_t i = 0; i < e->n_comments; i++)
        gm_wfdb_read_comment(&said, e->comments[i]);
    if (!isnan(e->patient.age_years) && said.age_years != e->patient.age_years) {
        char age[LONGEST_NUMBER];
        print_real(age, e->patient.age_years);
        gm_text_addf(&w->header, "# <age>: %s\n", age);
    }
    static const char *const words[] = {
        [GM_SEX_FEMALE] = "F", [GM_SEX_MALE] = "M", [GM_SEX_OTHER] = "O"};
    if (e->patient.sex != GM_SEX_UNKNOWN && said.sex != e->patient.sex)
        gm_text_addf(&w->header, "# <sex>: %s\n", words[e->patient.sex]);
    for (size_t i = 0; i < e->n_comments; i++)
        gm_text_addf(&w->header, "# %s\n", e->comments[i]);
}

static bool has_measurements(const gm_ecg *e)
{
    return !isnan(e->device_says.rr_ms) || !isnan(e->device_says.pr_ms) ||
           !isnan(e->device_says.qrs_ms) || !isnan(e->device_says.qt_ms) ||
           !isnan(e->device_says.qtc_ms) || !isnan(e->device_says.p_axis_deg) ||
           !isnan(e->device_says.qrs_axis_deg) || !isnan(e->device_says.t_axis_deg);
}

static gm_status leave_out_facts(writer *w)
{
    const gm_ecg *e = w->e;
    const struct {
        bool is_known;
        const char *what;
    } facts[] = {{e->patient.name, "the patient's name"},
                 {e->patient.id, "the patient's id"},
                 {e->patient.birth_date, "the patient's birth date"},
                 {!isnan(e->patient.height_cm), "the patient's height"},
                 {!isnan(e->patient.weight_kg), "the patient's weight"},
                 {e->device, "the device"},
                 {e->device_id, "the device's number"},
                 {e->institution, "the institution"},
                 {e->physician, "the physician"},
                 {has_measurements(e), "the device's measurements"},
                 {e->group, "the name of the waveform"}};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (facts[i].is_known) GM_TRY(gm_ecg_files_leave_out(w->out, "%s", facts[i].what));
    return GM_OK;
}

/* ---- files -------------------------------------------------------------------------------------- */

static gm_status add_beside(writer *w, const char *ending, const void *bytes, size_t length)
{
    gm_text path = {0};
    gm_text_addf(&path, "%.*s%s", (int)(strlen(w->path) - strlen(".hea")), w->path, ending);
    gm_status s = gm_text_status(&path);
    if (s == GM_OK) s = gm_ecg_files_add(w->out, path.data, bytes, length);
    gm_text_free(&path);
    return s;
}

/* Annotations of an earlier record of that name would be read as this one's: an end mark takes their
 * place. */
static gm_status empty_stale_annotations(writer *w)
{
    char *path = gm_strdup(w->path);
    if (!path) return gm_fail(GM_ENOMEM, "%s: no memory", w->path);
    memcpy(path + strlen(path) - strlen(".hea"), ".atr", strlen(".atr"));
    gm_status s = gm_file_exists(path) ? gm_ecg_files_add(w->out, path, "\0\0", 2) : GM_OK;
    gm_free(path);
    return s;
}

static gm_status write_marks(writer *w)
{
    gm_annotations *a;
    size_t n_lost, n_foreign = 0, length = 0;
    char *bytes = NULL;
    GM_TRY(gm_wfdb_marks_of(&a, &n_lost, w->e, w->is_written, w->frame_hz));
    gm_status s = a ? gm_annotations_write(&bytes, &length, a) : GM_OK;
    if (s == GM_OK && a) s = add_beside(w, ".atr", bytes, length);
    if (s == GM_OK && !a) s = empty_stale_annotations(w);
    gm_free(bytes);
    gm_annotations_destroy(a);
    for (size_t i = 0; i < w->e->n_marks; i++) {
        const char *scheme = w->e->marks[i].scheme;
        n_foreign += !scheme || strcmp(scheme, GM_WFDB_SCHEME) != 0;
    }
    if (s == GM_OK && n_foreign)
        s = gm_ecg_files_leave_out(w->out, "%zu annotations of other schemes than WFDB's",
                                   n_foreign);
    if (s == GM_OK && n_lost)
        s = gm_ecg_files_leave_out(w->out,
                                   "%zu annotations that WFDB cannot hold (a time between two "
                                   "samples, an unknown code, or a text of more than 255 bytes)",
                                   n_lost);
    return s;
}

static gm_status write_all(writer *w)
{
    GM_TRY(take_name(w));
    GM_TRY(choose_groups(w));
    GM_TRY(make_columns(w));
    GM_TRY(describe_columns(w));
    w->format = choose_format(w);
    GM_TRY(write_record_line(w));
    GM_TRY(write_signals(w));
    write_comments(w);
    GM_TRY(gm_text_status(&w->header));
    GM_TRY(gm_ecg_files_add(w->out, w->path, w->header.data, w->header.length));
    GM_TRY(add_beside(w, ".dat", w->samples,
                      w->n_frames * w->frame_samples * ((size_t)w->format / 8)));
    GM_TRY(write_marks(w));
    return leave_out_facts(w);
}

gm_status gm_wfdb_write(gm_ecg_files *out, const gm_ecg *e, const char *path)
{
    writer w = {.out = out, .e = e, .path = path};
    gm_status s = write_all(&w);
    gm_text_free(&w.header);
    gm_free(w.samples);
    gm_free(w.columns);
    gm_free(w.is_written);
    return s;
}
