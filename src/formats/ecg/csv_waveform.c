#include "ecg/csv_waveform.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/text.h"
#include "ecg/build.h"
#include "ecg/csv_facts.h"
#include "ecg/decimals.h"
#include "ecg/format.h"
#include "table/csv.h"

enum { LONGEST_NAME = 255, MOST_COLUMNS = 4 * GM_ECG_MAX_CHANNELS };

typedef enum { DECIMALS, SCALED, COUNTS } column_kind;

typedef struct {
    size_t column;
    int lead;
    column_kind kind;
    double mv;                     /* DECIMALS, SCALED: of one unit of the column */
    double mv_per_count, baseline; /* SCALED; COUNTS: the baseline */
    char name[LONGEST_NAME + 1], unit[LONGEST_NAME + 1];
} lead_column;

typedef struct {
    const gm_csv *t;
    size_t n_samples, n_leads;
    lead_column *leads;  /* [n_leads] owned; room for every column */
    size_t next_scale;   /* the first comment that may be the scale of the next column */
    long time_column;    /* -1: none */
    double time_unit_ms; /* NaN: the heading does not say */
    double stated_rate_hz;
    int decimals; /* that every value needs, in mV */
    double max_mv;
} table;

/* "II [uV]" or "II_uV" to "II" and "uV"; the unit is empty if there is none. */
static void split_name(const char *heading, char name[LONGEST_NAME + 1],
                       char unit[LONGEST_NAME + 1])
{
    while (isspace((unsigned char)*heading))
        heading++;
    snprintf(name, LONGEST_NAME + 1, "%s", heading);
    unit[0] = 0;
    char *open = strpbrk(name, "[(");
    char *under = strrchr(name, '_');
    if (open) {
        snprintf(unit, LONGEST_NAME + 1, "%.*s", (int)strcspn(open + 1, "])"), open + 1);
        *open = 0;
    } else if (under && !isnan(gm_ecg_unit_mv(under + 1))) {
        snprintf(unit, LONGEST_NAME + 1, "%s", under + 1);
        *under = 0;
    }
    for (size_t n = strlen(name); n && isspace((unsigned char)name[n - 1]); n--)
        name[n - 1] = 0;
}

static bool is_one_of(const char *word, const char *const list[])
{
    for (; *list; list++)
        if (strcasecmp(word, *list) == 0) return true;
    return false;
}

/* Whether the heading is a time; its unit in ms, NaN if it does not say. */
static bool is_time(const char *heading, double *unit_ms)
{
    static const char *const bare[] = {"t", "time", NULL}, *const ms[] = {"t_ms", "time_ms", NULL},
                             *const s[] = {"t_s", "time_s", NULL};
    char name[LONGEST_NAME + 1], unit[LONGEST_NAME + 1];
    split_name(heading, name, unit);
    *unit_ms = NAN;
    if (is_one_of(name, ms) || (is_one_of(name, bare) && strcasecmp(unit, "ms") == 0)) *unit_ms = 1;
    if (is_one_of(name, s) || (is_one_of(name, bare) && strcasecmp(unit, "s") == 0))
        *unit_ms = 1000;
    return !isnan(*unit_ms) || (is_one_of(name, bare) && !unit[0]);
}

static gm_status add_lead(table *w, size_t column, const lead_column *lead)
{
    for (size_t i = 0; i < w->n_leads && lead->lead >= 0; i++)
        if (w->leads[i].lead == lead->lead)
            return gm_csv_fail(w->t, 0, "columns %zu and %zu are both lead %s",
                               w->leads[i].column + 1, column + 1, gm_lead_names[lead->lead]);
    if (w->n_leads == GM_ECG_MAX_CHANNELS)
        return gm_csv_fail(w->t, 0, "more than %d leads", GM_ECG_MAX_CHANNELS);
    lead_column *l = &w->leads[w->n_leads++];
    *l = *lead;
    l->column = column;
    l->mv = l->unit[0] ? gm_ecg_unit_mv(l->unit) : 1;
    if (isnan(l->mv) && l->kind != COUNTS)
        return gm_csv_fail(w->t, 0, "column %zu (%s): unit \"%s\", known are mV, uV, V, counts",
                           column + 1, l->name, l->unit);
    return GM_OK;
}

/* The last word of text[0..*n) as a number; *n becomes the length of what stands before it. */
static bool last_number(const char *text, size_t *n, double *out)
{
    char word[GM_EXACT_SIZE];
    size_t start = *n;
    while (start && text[start - 1] != ' ')
        start--;
    if (!start || *n - start >= sizeof word) return false;
    snprintf(word, sizeof word, "%.*s", (int)(*n - start), text + start);
    *n = start - 1;
    if (strcmp(word, "uncalibrated") == 0) {
        *out = NAN;
        return true;
    }
    return gm_parse_real(word, out);
}

/* Whether a comment "scale: NAME mv_per_count baseline" is about this heading, "NAME [mV]" or "NAME
 * [counts]". Columns and their scales come in the same order. */
static bool find_scale(table *w, const char *heading, lead_column *lead)
{
    size_t end = w->next_scale + GM_ECG_MAX_CHANNELS;
    for (size_t i = w->next_scale; i < gm_csv_n_comments(w->t) && i < end; i++) {
        const char *text = gm_ecg_fact_value(gm_csv_comment(w->t, i), "scale");
        size_t n = text ? strlen(text) : 0;
        if (!text || !last_number(text, &n, &lead->baseline) || isnan(lead->baseline) ||
            !last_number(text, &n, &lead->mv_per_count) || n > LONGEST_NAME)
            continue;
        const char *unit = isnan(lead->mv_per_count) ? "counts" : "mV";
        size_t unit_length = strlen(unit);
        if (strncmp(heading, text, n) != 0 || strncmp(heading + n, " [", 2) != 0 ||
            strncmp(heading + n + 2, unit, unit_length) != 0 ||
            strcmp(heading + n + 2 + unit_length, "]") != 0)
            continue;
        snprintf(lead->name, sizeof lead->name, "%.*s", (int)n, text);
        snprintf(lead->unit, sizeof lead->unit, "%s", unit);
        lead->kind = isnan(lead->mv_per_count) ? COUNTS : SCALED;
        w->next_scale = i + 1;
        return lead->kind == COUNTS || lead->mv_per_count > 0;
    }
    return false;
}

static bool is_a_channel(table *w, const char *heading, lead_column *lead)
{
    if (find_scale(w, heading, lead)) {
        lead->lead = gm_lead_index(lead->name);
        return true;
    }
    *lead = (lead_column){0};
    split_name(heading, lead->name, lead->unit);
    lead->lead = gm_lead_index(lead->name);
    if (strcasecmp(lead->unit, "counts") == 0) lead->kind = COUNTS;
    return lead->lead >= 0 || lead->kind == COUNTS;
}

static gm_status read_headings(table *w)
{
    size_t n_columns = gm_csv_n_cells(w->t, 0);
    if (n_columns > MOST_COLUMNS)
        return gm_csv_fail(w->t, 0, "%zu columns, allowed are %d", n_columns, MOST_COLUMNS);
    while (w->next_scale < gm_csv_n_comments(w->t) &&
           !gm_ecg_fact_value(gm_csv_comment(w->t, w->next_scale), "scale"))
        w->next_scale++;
    w->time_column = -1;
    w->leads = gm_calloc(n_columns, sizeof *w->leads);
    if (!w->leads) return gm_fail(GM_ENOMEM, "%s: no memory", gm_csv_name(w->t));
    for (size_t c = 0; c < n_columns; c++) {
        const char *heading = gm_csv_cell(w->t, 0, c);
        double unit_ms;
        lead_column lead = {0};
        if (is_a_channel(w, heading, &lead)) {
            GM_TRY(add_lead(w, c, &lead));
        } else if (is_time(heading, &unit_ms)) {
            if (w->time_column >= 0)
                return gm_csv_fail(w->t, 0, "columns %ld and %zu are both a time",
                                   w->time_column + 1, c + 1);
            w->time_column = (long)c;
            w->time_unit_ms = unit_ms;
        }
    }
    if (w->n_leads) return GM_OK;
    return gm_csv_fail(w->t, 0,
                       "no column is a known lead (I, II, III, aVR, aVL, aVF, V1 to V6): the "
                       "first row must name them");
}

static gm_status read_rate(table *w)
{
    w->stated_rate_hz = NAN;
    for (size_t i = 0; i < gm_csv_n_comments(w->t); i++) {
        const char *text = gm_ecg_fact_value(gm_csv_comment(w->t, i), "rate_hz");
        if (!text) continue;
        if (!gm_parse_real(text, &w->stated_rate_hz) || !(w->stated_rate_hz > 0))
            return gm_fail(GM_EFORMAT,
                           "%s: comment rate_hz is \"%.40s\", expected a number of Hz above 0",
                           gm_csv_name(w->t), text);
    }
    if (w->time_column < 0 && isnan(w->stated_rate_hz))
        return gm_fail(GM_EFORMAT,
                       "%s: no sampling rate: expected a column t_ms (or t_s) or a comment "
                       "line \"# rate_hz: 500\"",
                       gm_csv_name(w->t));
    return GM_OK;
}

static bool is_blank(const char *cell)
{
    return !cell[strspn(cell, " \t")];
}

/* Largest deviation from equal steps, as the row after the worst step. */
static size_t worst_step(const double *t, size_t n, double step)
{
    size_t worst = 1;
    double most = 0;
    for (size_t i = 1; i < n; i++) {
        double off = fabs(t[i] - t[i - 1] - step);
        if (off > most) most = off, worst = i;
    }
    return worst;
}

static gm_status check_uniform(const table *w, const double *t, int decimals, double *step)
{
    size_t n = w->n_samples;
    *step = (t[n - 1] - t[0]) / (double)(n - 1);
    if (!(*step > 0)) return gm_csv_fail(w->t, n, "the last time is not after the first");
    double rounding = decimals <= GM_MOST_DECIMALS ? 0.5 / gm_power_of_ten[decimals] : 0;
    double allowed = 0.01 * *step + (rounding <= 0.05 * *step ? rounding : 0);
    for (size_t i = 0; i < n; i++) {
        double off = t[i] - t[0] - (double)i * *step;
        if (fabs(off) <= allowed) continue;
        size_t bad = worst_step(t, n, *step);
        return gm_csv_fail(w->t, bad + 1,
                           "the times are not uniform: a step of %g here, %g on average",
                           t[bad] - t[bad - 1], *step);
    }
    return GM_OK;
}

/* The first time, the step between times, in the column's unit. */
static gm_status read_times(table *w, double *first, double *step)
{
    double *t = gm_calloc(w->n_samples, sizeof *t);
    if (!t) return gm_fail(GM_ENOMEM, "%s: no memory", gm_csv_name(w->t));
    gm_status s = GM_OK;
    int decimals = 0;
    size_t column = (size_t)w->time_column;
    for (size_t i = 0; i < w->n_samples && s == GM_OK; i++) {
        s = gm_csv_real(w->t, i + 1, column, "a time", &t[i]);
        int d = gm_decimals_of(gm_csv_cell(w->t, i + 1, column));
        if (d > decimals) decimals = d;
    }
    if (s == GM_OK) s = check_uniform(w, t, decimals, step);
    *first = t[0];
    gm_free(t);
    return s;
}

static gm_status rate_from_times(gm_ecg *e, table *w)
{
    double first = 0, step = NAN;
    bool one = w->n_samples < 2;
    if (one && (isnan(w->stated_rate_hz) || isnan(w->time_unit_ms)))
        return gm_csv_fail(w->t, w->n_samples, "two samples at least are needed to know the rate");
    if (one) {
        GM_TRY(gm_csv_real(w->t, 1, (size_t)w->time_column, "a time", &first));
        e->first_ms = first * w->time_unit_ms;
        return GM_OK;
    }
    GM_TRY(read_times(w, &first, &step));
    double unit_ms = w->time_unit_ms;
    if (isnan(unit_ms)) {
        unit_ms =
            step <= 0.05 ? 1000 : 1; /* 20 Hz: no ECG is slower, none faster than 20 kHz in ms */
        GM_TRY(gm_ecg_note(e, "the time column states no unit: %g taken as %s", step,
                           unit_ms > 1 ? "seconds" : "ms"));
    }
    e->first_ms = first * unit_ms;
    e->rate_hz = 1000 / (step * unit_ms);
    /* 1000/3 written as 3.003 stays as it is; 499.9999999 from rounded times becomes 500. */
    if (fabs(e->rate_hz - round(e->rate_hz)) < 1e-6 * e->rate_hz) e->rate_hz = round(e->rate_hz);
    if (fabs(w->stated_rate_hz - e->rate_hz) > 1e-3 * e->rate_hz)
        return gm_csv_fail(w->t, 0, "the times give %g Hz, the comment rate_hz says %g", e->rate_hz,
                           w->stated_rate_hz);
    if (!isnan(w->stated_rate_hz)) e->rate_hz = w->stated_rate_hz; /* not rounded, as times are */
    return GM_OK;
}

static gm_status value_mv(const table *w, size_t row, const lead_column *l, double *mv)
{
    const char *cell = gm_csv_cell(w->t, row, l->column);
    if (!gm_parse_real(cell, mv))
        return gm_csv_fail(w->t, row,
                           "column %zu: expected lead %s in %s (a finite number), found \"%.40s\"",
                           l->column + 1, l->name, l->unit[0] ? l->unit : "mV", cell);
    if (l->kind == COUNTS) return GM_OK;
    *mv *= l->mv;
    if (l->kind == DECIMALS && !(fabs(*mv) <= GM_ECG_CSV_MAX_MV))
        return gm_csv_fail(w->t, row, "lead %s: %g mV, allowed are -%g to %g mV (wrong unit?)",
                           l->name, *mv, GM_ECG_CSV_MAX_MV, GM_ECG_CSV_MAX_MV);
    return GM_OK;
}

/* The count that the value of a column with a scale, or of counts, stands for; false: there is none. */
static bool count_of(const lead_column *l, double value, int32_t *count)
{
    double exact = l->kind == COUNTS ? value : value / l->mv_per_count + l->baseline;
    double whole = round(exact);
    /* Written with 12 digits at least. */
    double allowed = l->kind == COUNTS ? 0 : 1e-6 + 1e-12 * fabs(exact - l->baseline);
    if (!(fabs(whole) <= INT32_MAX) || !(fabs(exact - whole) <= allowed)) return false;
    *count = (int32_t)whole;
    return true;
}

/* Refuses counts that are none; a column in mV of which a value is no multiple of its scale was
 * changed by somebody and is read as decimals. */
static gm_status check_counts(const table *w, lead_column *l)
{
    for (size_t row = 1; row <= w->n_samples; row++) {
        const char *cell = gm_csv_cell(w->t, row, l->column);
        double value;
        int32_t count;
        if (is_blank(cell)) continue;
        GM_TRY(value_mv(w, row, l, &value));
        if (count_of(l, value, &count)) continue;
        if (l->kind == COUNTS)
            return gm_csv_fail(w->t, row, "column %zu (%s): \"%.40s\", expected a whole count",
                               l->column + 1, l->name, cell);
        l->kind = DECIMALS;
        break;
    }
    return GM_OK;
}

/* First pass over the cells: refuses bad ones and finds the scale that keeps all decimals. */
static gm_status survey(table *w)
{
    bool has_value = false;
    for (size_t k = 0; k < w->n_leads; k++) {
        lead_column *l = &w->leads[k];
        if (l->kind != DECIMALS) GM_TRY(check_counts(w, l));
        has_value |= l->kind != DECIMALS;
        if (l->kind != DECIMALS) continue;
        int shift = (int)lround(-log10(l->mv)); /* a uV column needs 3 decimals more in mV */
        for (size_t row = 1; row <= w->n_samples; row++) {
            const char *cell = gm_csv_cell(w->t, row, l->column);
            double mv;
            if (is_blank(cell)) continue;
            GM_TRY(value_mv(w, row, l, &mv));
            has_value = true;
            int d = gm_decimals_of(cell) + shift;
            if (d > w->decimals) w->decimals = d;
            if (fabs(mv) > w->max_mv) w->max_mv = fabs(mv);
        }
    }
    if (!has_value) return gm_csv_fail(w->t, 0, "no lead has a value");
    if (w->decimals > GM_MOST_DECIMALS) w->decimals = GM_MOST_DECIMALS;
    while (w->decimals && w->max_mv * gm_power_of_ten[w->decimals] > INT32_MAX)
        w->decimals--;
    return GM_OK;
}

static gm_status fill_channel(gm_ecg *e, gm_ecg_channel *c, const table *w, const lead_column *l)
{
    GM_TRY(gm_ecg_set(&c->name, l->name));
    GM_TRY(gm_ecg_set(&c->unit, l->unit));
    c->lead = l->lead;
    c->baseline = l->kind == DECIMALS ? 0 : l->baseline;
    c->mv_per_count = l->kind == COUNTS   ? NAN
                      : l->kind == SCALED ? l->mv_per_count
                                          : 1 / gm_power_of_ten[w->decimals];
    for (size_t i = 0; i < w->n_samples; i++) {
        double value;
        c->counts[i] = GM_ECG_MISSING_COUNT;
        if (is_blank(gm_csv_cell(w->t, i + 1, l->column))) continue;
        GM_TRY(value_mv(w, i + 1, l, &value));
        if (l->kind == DECIMALS)
            c->counts[i] = (int32_t)lround(value * gm_power_of_ten[w->decimals]);
        else
            (void)count_of(l, value, &c->counts[i]);
    }
    if (l->kind != DECIMALS || !(l->mv_per_count > 0)) return GM_OK;
    return gm_ecg_note(
        e, "column %zu (%s): its values are no multiples of its scale: read as decimals",
        l->column + 1, l->name);
}

static gm_status note_other_columns(gm_ecg *e, const table *w)
{
    for (size_t c = 0; c < gm_csv_n_cells(w->t, 0); c++) {
        bool used = (long)c == w->time_column;
        for (size_t k = 0; k < w->n_leads; k++)
            used |= w->leads[k].column == c;
        if (!used)
            GM_TRY(gm_ecg_note(e, "column %zu (\"%.40s\") is no lead that is known here: left out",
                               c + 1, gm_csv_cell(w->t, 0, c)));
    }
    return GM_OK;
}

static gm_status fill(gm_ecg *e, table *w)
{
    for (size_t k = 0; k < w->n_leads; k++)
        GM_TRY(fill_channel(e, &e->channels[k], w, &w->leads[k]));
    e->rate_hz = w->stated_rate_hz;
    if (w->time_column >= 0) GM_TRY(rate_from_times(e, w));
    for (size_t i = 0; i < gm_csv_n_comments(w->t); i++)
        GM_TRY(gm_ecg_fact_read(e, gm_csv_comment(w->t, i)));
    GM_TRY(note_other_columns(e, w));
    return gm_ecg_finish(e, gm_csv_name(w->t));
}

static gm_status read_table(gm_ecg **out, table *w)
{
    GM_TRY(read_headings(w));
    GM_TRY(read_rate(w));
    if (w->n_samples == 0) return gm_csv_fail(w->t, 0, "no sample follows the heading");
    GM_TRY(survey(w));
    GM_TRY(gm_ecg_create(out, "CSV", w->n_leads, w->n_samples));
    return gm_ecg_keep(out, fill(*out, w));
}

gm_status gm_ecg_csv_parse(gm_ecg **out, const void *bytes, size_t length, const char *name)
{
    *out = NULL;
    gm_csv *t;
    GM_TRY(gm_csv_parse(&t, bytes, length, name, NULL));
    table w = {.t = t, .n_samples = gm_csv_n_rows(t) - 1};
    gm_status s = read_table(out, &w);
    gm_free(w.leads);
    gm_csv_destroy(t);
    return s;
}

static gm_status read_csv(gm_ecg **out, const char *path, const char *bytes, size_t length)
{
    return gm_ecg_csv_parse(out, bytes, length, path);
}

/* The first line that is no comment names a lead in one of its cells. */
static bool looks_like_a_table(const char *bytes, size_t length)
{
    const char *p = bytes, *end = bytes + length;
    if (length >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) p += 3;
    while (p < end && (*p == '#' || *p == '\n' || *p == '\r')) {
        p = memchr(p, '\n', (size_t)(end - p));
        if (!p) return false;
        p++;
    }
    while (p < end && *p != '\n' && *p != '\r') {
        char cell[LONGEST_NAME + 1], name[LONGEST_NAME + 1], unit[LONGEST_NAME + 1];
        size_t n = 0;
        for (; p < end && !strchr(",;\t\n\r", *p); p++)
            if (*p != '"' && n < LONGEST_NAME) cell[n++] = *p;
        cell[n] = 0;
        split_name(cell, name, unit);
        if (gm_lead_index(name) >= 0) return true;
        if (p < end && *p && strchr(",;\t", *p))
            p++;
        else
            break;
    }
    return false;
}

const gm_ecg_format gm_ecg_format_csv = {.id = "CSV",
                                         .ending = ".csv",
                                         .sniff = looks_like_a_table,
                                         .read = read_csv,
                                         .write = gm_ecg_csv_write};
