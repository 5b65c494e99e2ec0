#include "ecg/edf_identity.h"
#include "ecg/iso_time.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ecg/build.h"

enum { FIELD = 80, MOST_WORDS = 41 };

static const char *const months[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                     "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};

typedef struct {
    int year, month, day; /* year 0: unknown */
} date;

typedef struct {
    char text[FIELD + 1];
    char *word[MOST_WORDS];       /* into text */
    const char *rest[MOST_WORDS]; /* from this word on, as the field has it */
    size_t n;
} words;

static void split(words *w, const char *field)
{
    snprintf(w->text, sizeof w->text, "%s", field);
    w->n = 0;
    for (char *p = w->text; *p && w->n < MOST_WORDS;) {
        w->rest[w->n] = field + (p - w->text);
        w->word[w->n++] = p;
        p += strcspn(p, " ");
        while (*p == ' ')
            *p++ = 0;
    }
}

static bool is_unknown(const char *word)
{
    return strcmp(word, "X") == 0;
}

static bool is_date(const date *d)
{
    return gm_is_day(d->year, d->month, d->day);
}

/* "02-MAY-1951" */
static bool read_long_date(const char *word, date *out)
{
    char month[4];
    int used = 0;
    *out = (date){0};
    if (sscanf(word, "%2d-%3[A-Za-z]-%4d%n", &out->day, month, &out->year, &used) != 3 ||
        word[used])
        return false;
    for (int m = 0; m < 12; m++)
        if (strcasecmp(month, months[m]) == 0) out->month = m + 1;
    return is_date(out);
}

/* "02.03.02"; other marks between the numbers are let pass. */
static bool read_three(const char *text, int *a, int *b, int *c)
{
    int used = 0;
    return sscanf(text, "%2d%*1[.:/-]%2d%*1[.:/-]%2d%n", a, b, c, &used) == 3 && !text[used];
}

static bool read_short_date(const char *text, date *out)
{
    if (!read_three(text, &out->day, &out->month, &out->year) || out->year < 0) return false;
    out->year += out->year >= 85 ? 1900 : 2000;
    return is_date(out);
}

static void underscores_to_blanks(char *text)
{
    for (; *text; text++)
        if (*text == '_') *text = ' ';
}

/* A subfield of free text; X leaves the fact unknown. */
static gm_status take(char **fact, char *word)
{
    if (is_unknown(word)) return GM_OK;
    underscores_to_blanks(word);
    return gm_ecg_set(fact, word);
}

static gm_status comment(gm_ecg *e, const char *what, const char *text)
{
    char line[160];
    if (!*text) return GM_OK;
    snprintf(line, sizeof line, "%s: %s", what, text);
    return gm_ecg_add_comment(e, line);
}

static gm_status read_patient(gm_ecg *e, const char *field)
{
    words w;
    date birth = {0};
    split(&w, field);
    bool is_divided = w.n >= 4 && strlen(w.word[1]) == 1 && strchr("MFX", *w.word[1]) &&
                      (is_unknown(w.word[2]) || read_long_date(w.word[2], &birth));
    if (!is_divided) return comment(e, "patient", field);
    /* A code is left as it is: its underscores may be its own. */
    if (!is_unknown(w.word[0])) GM_TRY(gm_ecg_set(&e->patient.id, w.word[0]));
    e->patient.sex = gm_ecg_sex_of(w.word[1]);
    if (birth.year) {
        char text[40];
        snprintf(text, sizeof text, "%04d-%02d-%02d", birth.year, birth.month, birth.day);
        GM_TRY(gm_ecg_set(&e->patient.birth_date, text));
    }
    GM_TRY(take(&e->patient.name, w.word[3]));
    return w.n > 4 ? comment(e, "patient", w.rest[4]) : GM_OK;
}

/* *start: the full date if there is one; *is_x: it is said to be unknown. */
static gm_status read_recording(gm_ecg *e, const char *field, date *start, bool *is_x)
{
    words w;
    split(&w, field);
    *is_x = false;
    *start = (date){0};
    if (w.n < 2 || strcasecmp(w.word[0], "Startdate")) return comment(e, "recording", field);
    *is_x = is_unknown(w.word[1]);
    if (!*is_x && !read_long_date(w.word[1], start)) {
        *start = (date){0};
        return comment(e, "recording", field);
    }
    if (w.n < 5) return w.n > 2 ? comment(e, "recording", w.rest[2]) : GM_OK;
    if (!is_unknown(w.word[2])) GM_TRY(comment(e, "recording code", w.word[2]));
    GM_TRY(take(&e->physician, w.word[3]));
    GM_TRY(take(&e->device, w.word[4]));
    return w.n > 5 ? comment(e, "recording", w.rest[5]) : GM_OK;
}

static gm_status set_acquired(gm_ecg *e, const date *d, const char *time, double first_s)
{
    char text[64];
    int hour, minute, second;
    int n = snprintf(text, sizeof text, "%04d-%02d-%02d", d->year, d->month, d->day);
    bool has_time = read_three(time, &hour, &minute, &second) && hour >= 0 && hour < 24 &&
                    minute >= 0 && minute < 60 && second >= 0 && second < 61;
    if (has_time)
        n += snprintf(text + n, sizeof text - (size_t)n, "T%02d:%02d:%02d", hour, minute, second);
    if (has_time && first_s > 0 && first_s < 1) {
        e->first_ms = 0;
        char fraction[16]; /* "0.5" without its zero; EDF+ stamps are exact to 100 ns */
        size_t k = (size_t)snprintf(fraction, sizeof fraction, "%.7f", first_s);
        while (k && fraction[k - 1] == '0')
            fraction[--k] = 0;
        if (k > 2) snprintf(text + n, sizeof text - (size_t)n, "%s", fraction + 1);
    }
    return gm_ecg_set(&e->acquired, text);
}

gm_status gm_edf_identity_read(gm_ecg *e, const gm_edf_header *h, double first_s)
{
    date full, short_date = {0};
    bool is_x;
    GM_TRY(read_patient(e, h->patient));
    GM_TRY(read_recording(e, h->recording, &full, &is_x));
    bool is_short = read_short_date(h->start_date, &short_date);
    bool is_first_day =
        is_short && short_date.year == 1985 && short_date.month == 1 && short_date.day == 1;
    bool is_placeholder = is_first_day && strcmp(h->start_time, "00.00.00") == 0;
    e->first_ms = 1000 * first_s; /* unless the start is known to hold the part of a second */
    if (full.year && !(is_placeholder && full.year == 1985 && full.month == 1 && full.day == 1)) {
        if (is_short && !is_first_day &&
            (short_date.day != full.day || short_date.month != full.month ||
             short_date.year % 100 != full.year % 100))
            GM_TRY(gm_ecg_note(e,
                               "the start date is %s in the header, but %04d-%02d-%02d in the "
                               "recording field: the latter is taken",
                               h->start_date, full.year, full.month, full.day));
        return set_acquired(e, &full, is_placeholder ? "" : h->start_time, first_s);
    }
    if (is_placeholder) return GM_OK;
    if (is_x && is_short)
        return gm_ecg_note(e,
                           "the recording field says that the start date is unknown, the header "
                           "has %s %s: taken as unknown",
                           h->start_date, h->start_time);
    if (is_short) return set_acquired(e, &short_date, h->start_time, first_s);
    return *h->start_date && !is_x
               ? gm_ecg_note(e, "the start date \"%s\" is not DD.MM.YY: taken as unknown",
                             h->start_date)
               : GM_OK;
}

/* The frequency behind `tag` (HP, LP, N), NaN: not stated, or in another unit (a time constant). */
static double filter_hz(const char *prefilter, const char *tag)
{
    size_t n = strlen(tag);
    for (const char *p = prefilter; *p; p++) {
        bool is_tag = strncasecmp(p, tag, n) == 0 && !isalpha((unsigned char)p[n]) &&
                      (p == prefilter || !isalnum((unsigned char)p[-1]));
        if (!is_tag) continue;
        const char *v = p + n + strspn(p + n, ": ");
        if (strncasecmp(v, "DC", 2) == 0) return 0;
        if (!isdigit((unsigned char)*v)) return NAN;
        char *unit;
        double hz = strtod(v, &unit);
        unit += strspn(unit, " ");
        if (strncasecmp(unit, "kHz", 3) == 0) return 1000 * hz;
        bool is_hz = strncasecmp(unit, "Hz", 2) == 0 || !isalpha((unsigned char)*unit) ||
                     strncasecmp(unit, "LP", 2) == 0 || strncasecmp(unit, "HP", 2) == 0 ||
                     strncasecmp(unit, "N:", 2) == 0;
        return is_hz && isfinite(hz) ? hz : NAN;
    }
    return NAN;
}

void gm_edf_filters_read(gm_ecg_channel *c, const char *prefilter)
{
    c->low_cut_hz = filter_hz(prefilter, "HP");
    c->high_cut_hz = filter_hz(prefilter, "LP");
    c->notch_hz = filter_hz(prefilter, "N");
    if (isnan(c->notch_hz)) c->notch_hz = filter_hz(prefilter, "Notch");
}

/* ---- writing ------------------------------------------------------------------------------------ */

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7E) return false;
    return true;
}

/* Appends a subfield, X where the fact is unknown or cannot be held. `after` characters must stay
 * free behind it. A name has blanks as underscores; a code that needs them is altered, and a text
 * that has underscores comes back with blanks: both are said. */
static gm_status add_word(char field[FIELD + 1], gm_ecg_files *files, const char *what,
                          const char *fact, bool is_code, size_t after)
{
    size_t n = strlen(field), length = fact ? strlen(fact) : 0;
    bool fits = length > 0 && n + 1 + length + after <= FIELD;
    if (length && (!fits || !is_ascii(fact) || is_unknown(fact))) {
        GM_TRY(gm_ecg_files_leave_out(
            files, "%s (EDF+ has room for %zu characters of ASCII there, and X means unknown)",
            what, FIELD - n - 1 - after));
        length = 0;
    }
    if (fact && length && strchr(fact, is_code ? ' ' : '_'))
        GM_TRY(gm_ecg_files_leave_out(files, "%s of %s: in EDF+ they are the same",
                                      is_code ? "the blanks (now underscores)"
                                              : "the difference of underscores and blanks",
                                      what));
    snprintf(field + n, FIELD + 1 - n, "%s%s", n ? " " : "", length ? fact : "X");
    for (char *p = field + n + (n > 0); *p; p++)
        if (*p == ' ') *p = '_';
    return GM_OK;
}

static gm_status write_patient(gm_edf_identity *out, gm_ecg_files *files, const gm_ecg_patient *p)
{
    char birth[40] = "";
    date d = {0};
    int used = 0;
    bool is_full = p->birth_date &&
                   sscanf(p->birth_date, "%4d-%2d-%2d%n", &d.year, &d.month, &d.day, &used) == 3 &&
                   !p->birth_date[used] && is_date(&d);
    if (is_full) snprintf(birth, sizeof birth, "%02d-%s-%04d", d.day, months[d.month - 1], d.year);
    if (p->birth_date && !is_full)
        GM_TRY(gm_ecg_files_leave_out(files, "birth date (EDF+ holds whole days only)"));
    if (p->sex == GM_SEX_OTHER) GM_TRY(gm_ecg_files_leave_out(files, "sex (other than M and F)"));
    const char *sex = p->sex == GM_SEX_FEMALE ? "F" : p->sex == GM_SEX_MALE ? "M" : NULL;
    GM_TRY(add_word(out->patient, files, "patient id", p->id, true, 16)); /* " F 02-MAY-1951 X" */
    GM_TRY(add_word(out->patient, files, "sex", sex, true, 0));
    GM_TRY(add_word(out->patient, files, "birth date", is_full ? birth : NULL, true, 0));
    GM_TRY(add_word(out->patient, files, "patient name", p->name, false, 0));
    if (isfinite(p->age_years)) GM_TRY(gm_ecg_files_leave_out(files, "age"));
    if (isfinite(p->height_cm)) GM_TRY(gm_ecg_files_leave_out(files, "height"));
    if (isfinite(p->weight_kg)) GM_TRY(gm_ecg_files_leave_out(files, "weight"));
    return GM_OK;
}

static void put_three(char text[9], int a, int b, int c)
{
    snprintf(text, 9, "%02u.%02u.%02u", (unsigned)a % 100, (unsigned)b % 100, (unsigned)c % 100);
}

/* ISO 8601 as far as it goes; *first_s: the part of a second. */
static gm_status write_start(gm_edf_identity *out, char startdate[40], gm_ecg_files *files,
                             const gm_ecg *e)
{
    date d = {0};
    int hour = 0, minute = 0, second = 0, used = 0;
    const char *at = e->acquired ? e->acquired : "";
    strcpy(out->start_date, "01.01.85");
    strcpy(out->start_time, "00.00.00");
    strcpy(startdate, "");
    if (!*at) return GM_OK;
    if (sscanf(at, "%4d-%2d-%2d%n", &d.year, &d.month, &d.day, &used) != 3 || !is_date(&d))
        return gm_ecg_files_leave_out(files, "date of the recording (EDF+ holds whole days only)");
    snprintf(startdate, 40, "%02d-%s-%04d", d.day, months[d.month - 1], d.year);
    put_three(out->start_date, d.day, d.month, d.year);
    at += used;
    used = 0;
    int n = sscanf(at, "%*1[T ]%2d:%2d%n:%2d%n", &hour, &minute, &used, &second, &used);
    if (n < 2 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
        return gm_ecg_files_leave_out(files, "that the time of day is unknown (EDF has 00.00.00)");
    put_three(out->start_time, hour, minute, second);
    if (n == 2) GM_TRY(gm_ecg_files_leave_out(files, "that the second of the start is unknown"));
    at += used;
    if (*at == '.' && n == 3) {
        char *end;
        out->first_s = strtod(at, &end);
        at = end;
    }
    return *at ? gm_ecg_files_leave_out(files, "time zone %.20s", at) : GM_OK;
}

gm_status gm_edf_identity_of(gm_edf_identity *out, gm_ecg_files *files, const gm_ecg *e)
{
    char startdate[40];
    *out = (gm_edf_identity){0};
    GM_TRY(write_patient(out, files, &e->patient));
    GM_TRY(write_start(out, startdate, files, e));
    strcpy(out->recording, "Startdate");
    GM_TRY(add_word(out->recording, files, "date", *startdate ? startdate : NULL, true, 0));
    GM_TRY(add_word(out->recording, files, "recording code", NULL, true, 0));
    GM_TRY(add_word(out->recording, files, "physician", e->physician, false, 2));
    GM_TRY(add_word(out->recording, files, "device", e->device, false, 0));
    if (e->device_id) GM_TRY(gm_ecg_files_leave_out(files, "serial number of the device"));
    if (e->institution) GM_TRY(gm_ecg_files_leave_out(files, "institution"));
    if (e->n_comments) GM_TRY(gm_ecg_files_leave_out(files, "%zu comments", e->n_comments));
    if (e->first_ms != 0) {
        bool holds = e->first_ms > 0 && e->first_ms < 1000 && !*startdate;
        if (holds)
            out->first_s = e->first_ms / 1000;
        else
            GM_TRY(gm_ecg_files_leave_out(files, "time of the first sample (%g ms)", e->first_ms));
    }
    return GM_OK;
}

/* Appends "HP:0.05Hz"; the number in as many digits as it needs. */
static void add_filter(char text[FIELD + 1], const char *tag, double hz)
{
    char number[40];
    size_t n = strlen(text);
    if (!isfinite(hz)) return;
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(number, sizeof number, "%.*g", digits, hz);
        if (strtod(number, NULL) == hz) break;
    }
    snprintf(text + n, FIELD + 1 - n, "%s%s:%sHz", n ? " " : "", tag, number);
}

void gm_edf_filters_of(char text[FIELD + 1], const gm_ecg_channel *c)
{
    text[0] = 0;
    if (c->low_cut_hz == 0)
        strcpy(text, "HP:DC");
    else
        add_filter(text, "HP", c->low_cut_hz);
    add_filter(text, "LP", c->high_cut_hz);
    add_filter(text, "N", c->notch_hz);
}
