#include "ecg/build.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "ecg/iso_time.h"

enum { LONGEST_FIELD = 255, MAX_LINES = 1000, MAX_MARKS = 1 << 24 };

static void forget_channel(gm_ecg_channel *c)
{
    c->lead = -1;
    c->mv_per_count = c->skew_ms = NAN;
    c->low_cut_hz = c->high_cut_hz = c->notch_hz = NAN;
}

static gm_status make_channels(gm_ecg *e)
{
    e->channels = gm_calloc(e->n_channels, sizeof *e->channels);
    if (!e->channels) return gm_fail(GM_ENOMEM, "ECG: no memory for %zu channels", e->n_channels);
    for (size_t c = 0; c < e->n_channels; c++) {
        forget_channel(&e->channels[c]);
        e->channels[c].counts = gm_calloc(e->n_samples, sizeof(int32_t));
        if (!e->channels[c].counts)
            return gm_fail(GM_ENOMEM, "ECG: no memory for %zu samples", e->n_samples);
    }
    return GM_OK;
}

gm_status gm_ecg_create(gm_ecg **out, const char *format, size_t n_channels, size_t n_samples)
{
    *out = NULL;
    gm_ecg *e = gm_calloc(1, sizeof *e);
    if (!e) return gm_fail(GM_ENOMEM, "ECG: no memory");
    e->n_channels = n_channels;
    e->n_samples = n_samples;
    e->rate_hz = NAN;
    e->patient.age_years = e->patient.height_cm = e->patient.weight_kg = NAN;
    e->device_says.rr_ms = e->device_says.pr_ms = e->device_says.qrs_ms = NAN;
    e->device_says.qt_ms = e->device_says.qtc_ms = NAN;
    e->device_says.p_axis_deg = e->device_says.qrs_axis_deg = e->device_says.t_axis_deg = NAN;
    gm_status s = make_channels(e);
    if (s == GM_OK) s = gm_ecg_set(&e->format, format);
    if (s != GM_OK) {
        gm_ecg_destroy(e);
        return s;
    }
    *out = e;
    return GM_OK;
}

/* Length of the UTF-8 sequence at p, 0 if it is none (overlong and surrogate forms included). */
static size_t utf8_length(const unsigned char *p, const unsigned char *end)
{
    if (p[0] < 0x80) return 1;
    size_t n = p[0] >= 0xC2 && p[0] < 0xE0 ? 2 : (p[0] & 0xF0) == 0xE0 ? 3 : 4;
    if (p[0] < 0xC2 || p[0] > 0xF4 || (size_t)(end - p) < n) return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ||
        (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))
        return 0;
    return n;
}

/* n bytes of text in UTF-8, control characters as blanks; NULL: no memory. */
static char *copy_as_utf8(const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + n;
    bool is_utf8 = true;
    for (size_t k; p < end && is_utf8; p += k)
        is_utf8 = (k = utf8_length(p, end)) > 0;
    char *copy = gm_calloc(2 * n + 1, 1), *at = copy;
    if (!copy) return NULL;
    for (p = (const unsigned char *)text; p < end; p++) {
        if (is_utf8 || *p < 0x80) {
            *at++ = *p < 0x20 || *p == 0x7F ? ' ' : (char)*p;
        } else {
            *at++ = (char)(0xC0 | *p >> 6);
            *at++ = (char)(0x80 | (*p & 0x3F));
        }
    }
    return copy;
}

/* At most `most` bytes of text, but not a part of a character. */
static size_t whole_characters(const char *text, size_t most)
{
    size_t n = strnlen(text, most + 1);
    if (n <= most) return n;
    for (n = most; n + 3 > most && (text[n] & 0xC0) == 0x80;)
        n--;
    return n;
}

static gm_status set_part(char **field, const char *text, size_t n)
{
    gm_free(*field);
    *field = NULL;
    while (n && isspace((unsigned char)*text))
        text++, n--;
    while (n && isspace((unsigned char)text[n - 1]))
        n--;
    if (!n) return GM_OK;
    *field = copy_as_utf8(text, n);
    return *field ? GM_OK : gm_fail(GM_ENOMEM, "ECG: no memory for a text field");
}

gm_status gm_ecg_set(char **field, const char *text)
{
    if (!text) return set_part(field, "", 0);
    text += strspn(text, " \t\r\n\v\f");
    size_t n = strnlen(text, LONGEST_FIELD + 1);
    if (n <= LONGEST_FIELD) return set_part(field, text, n);
    char cut[LONGEST_FIELD + 1];
    snprintf(cut, sizeof cut, "%.*s...", (int)whole_characters(text, LONGEST_FIELD - 3), text);
    return set_part(field, cut, strlen(cut));
}

/* Appends to a list of texts; beyond MAX_LINES nothing is added. */
static gm_status add_line(char ***lines, size_t *n, const char *text)
{
    if (*n == MAX_LINES) return GM_OK;
    char **more = gm_realloc(*lines, *n + 1, sizeof *more);
    if (!more) return gm_fail(GM_ENOMEM, "ECG: no memory for a line of text");
    *lines = more;
    more[*n] = copy_as_utf8(text, strlen(text));
    if (!more[*n]) return gm_fail(GM_ENOMEM, "ECG: no memory for a line of text");
    ++*n;
    return GM_OK;
}

gm_status gm_ecg_note(gm_ecg *e, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return add_line(&e->notes, &e->n_notes, text);
}

static gm_status note_once(gm_ecg *e, const char *text)
{
    bool is_there = e->n_notes && strcmp(e->notes[e->n_notes - 1], text) == 0;
    return is_there ? GM_OK : add_line(&e->notes, &e->n_notes, text);
}

gm_status gm_ecg_add_comment(gm_ecg *e, const char *text)
{
    gm_status s = GM_OK;
    while (text && *text && s == GM_OK) {
        char *line = NULL;
        size_t n = whole_characters(text, LONGEST_FIELD);
        GM_TRY(set_part(&line, text, n));
        if (line && e->n_comments == MAX_LINES)
            s = note_once(e, "the comments beyond the first 1000 are left out");
        else if (line)
            s = add_line(&e->comments, &e->n_comments, line);
        gm_free(line);
        text += n;
    }
    return s;
}

gm_status gm_ecg_add_mark(gm_ecg *e, gm_ecg_mark **out)
{
    *out = NULL;
    if (e->n_marks == MAX_MARKS)
        return gm_fail(GM_EFORMAT, "ECG: more than %d annotations", MAX_MARKS);
    if ((e->n_marks & (e->n_marks - 1)) == 0) { /* full at every power of two */
        size_t room = e->n_marks ? 2 * e->n_marks : 1;
        gm_ecg_mark *more = gm_realloc(e->marks, room, sizeof *more);
        if (!more) return gm_fail(GM_ENOMEM, "ECG: no memory for annotations");
        e->marks = more;
    }
    *out = &e->marks[e->n_marks++];
    **out = (gm_ecg_mark){.channel = -1, .sample = NAN, .duration_ms = NAN, .value = NAN};
    return GM_OK;
}

gm_status gm_ecg_add_other(gm_ecg *e, gm_ecg *taken)
{
    gm_ecg **more = gm_realloc(e->others, e->n_others + 1, sizeof(gm_ecg *));
    if (!more) {
        gm_ecg_destroy(taken);
        return gm_fail(GM_ENOMEM, "ECG: no memory for another waveform");
    }
    e->others = more;
    more[e->n_others++] = taken;
    return GM_OK;
}

static bool is_rhythm(const gm_ecg *e)
{
    return e->group && strcmp(e->group, "RHYTHM") == 0;
}

bool gm_ecg_is_rather_record(const gm_ecg *a, const gm_ecg *b)
{
    if (is_rhythm(a) != is_rhythm(b)) return is_rhythm(a);
    return (double)a->n_samples / a->rate_hz > (double)b->n_samples / b->rate_hz;
}

double gm_ecg_unit_mv(const char *unit)
{
    static const struct {
        const char *name;
        double mv;
    } exact[] =
        {{"mV", 1},           {"V", 1e3},          {"uV", 1e-3},   {"nV", 1e-6},
         {"\xc2\xb5V", 1e-3}, {"\xce\xbcV", 1e-3}, {"\xb5V", 1e-3}}, /* micro sign, Greek mu, Latin-1 */
        words[] = {{"millivolt", 1}, {"microvolt", 1e-3}, {"nanovolt", 1e-6},
                   {"volt", 1e3},    {"mv", 1},           {"uv", 1e-3}};
    for (size_t i = 0; unit && i < sizeof exact / sizeof *exact; i++)
        if (strcmp(unit, exact[i].name) == 0) return exact[i].mv;
    for (size_t i = 0; unit && i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i].name);
        if (strncasecmp(unit, words[i].name, n) == 0 &&
            (!unit[n] || strcasecmp(unit + n, "s") == 0))
            return words[i].mv;
    }
    return NAN;
}

gm_sex gm_ecg_sex_of(const char *word)
{
    static const struct {
        const char *name;
        gm_sex sex;
    } known[] = {{"F", GM_SEX_FEMALE}, {"female", GM_SEX_FEMALE}, {"woman", GM_SEX_FEMALE},
                 {"M", GM_SEX_MALE},   {"male", GM_SEX_MALE},     {"man", GM_SEX_MALE},
                 {"O", GM_SEX_OTHER},  {"other", GM_SEX_OTHER}};
    for (size_t i = 0; word && i < sizeof known / sizeof *known; i++)
        if (strcasecmp(word, known[i].name) == 0) return known[i].sex;
    return GM_SEX_UNKNOWN;
}

static gm_status check_scale(const gm_ecg_channel *c, const char *name)
{
    if (isnan(c->mv_per_count)) return GM_OK;
    if (!(c->mv_per_count >= GM_ECG_MIN_MV_PER_COUNT && c->mv_per_count <= GM_ECG_MAX_MV_PER_COUNT))
        return gm_fail(GM_EFORMAT, "%s: channel %s: %g mV a count, allowed are %g to %g", name,
                       c->name ? c->name : "?", c->mv_per_count, GM_ECG_MIN_MV_PER_COUNT,
                       GM_ECG_MAX_MV_PER_COUNT);
    if (!isfinite(c->baseline))
        return gm_fail(GM_EFORMAT, "%s: channel %s: the baseline is not finite", name,
                       c->name ? c->name : "?");
    return GM_OK;
}

static gm_status note_missing(gm_ecg *e)
{
    for (size_t c = 0; c < e->n_channels; c++) {
        size_t n = 0;
        for (size_t i = 0; i < e->n_samples; i++)
            n += e->channels[c].counts[i] == GM_ECG_MISSING_COUNT;
        if (n)
            GM_TRY(gm_ecg_note(e, "channel %s: %zu of %zu samples are missing",
                               e->channels[c].name ? e->channels[c].name : "?", n, e->n_samples));
    }
    return GM_OK;
}

/* Whether the bare counts of I, II and III obey III = II - I within 2 counts: then the gains are at
 * fault (ecg.md, section 3: each LUDB lead is scaled to its own range). */
static bool counts_obey_einthoven(const gm_ecg *e)
{
    const gm_ecg_channel *one = gm_ecg_lead(e, 0), *two = gm_ecg_lead(e, 1),
                         *three = gm_ecg_lead(e, 2);
    for (size_t i = 0; i < e->n_samples; i++) {
        int64_t a = one->counts[i], b = two->counts[i], c = three->counts[i];
        if (a == GM_ECG_MISSING_COUNT || b == GM_ECG_MISSING_COUNT || c == GM_ECG_MISSING_COUNT)
            continue;
        if (b - a - c > 2 || b - a - c < -2) return false;
    }
    return true;
}

static gm_status note_einthoven(gm_ecg *e)
{
    double rms_mv, max_mv, sum = 0;
    size_t n = 0;
    gm_ecg_einthoven_error_mv(e, &rms_mv, &max_mv);
    if (isnan(rms_mv)) return GM_OK;
    const gm_ecg_channel *two = gm_ecg_lead(e, 1);
    for (size_t i = 0; i < e->n_samples; i++) {
        if (two->counts[i] == GM_ECG_MISSING_COUNT) continue;
        double v = (two->counts[i] - two->baseline) * two->mv_per_count;
        sum += v * v;
        n++;
    }
    double of_two = rms_mv / sqrt(sum / (double)n);
    bool only_scaled = of_two > 0.01 && counts_obey_einthoven(e);
    if (!only_scaled && !(of_two > 0.05 && rms_mv > 0.02)) return GM_OK;
    return gm_ecg_note(
        e,
        "Einthoven's law is broken: III = II - I is off by %.3f mV (RMS), %.3f mV at "
        "most: %s",
        rms_mv, max_mv,
        only_scaled ? "the raw counts obey it, so the gains in the header are no calibration"
                    : "swapped or miscalibrated leads?");
}

/* *text unless it is what it should be; then unknown, and a note. */
static gm_status forget_unless(gm_ecg *e, bool is_right, char **text, const char *what)
{
    if (!*text || is_right) return GM_OK;
    gm_status s = gm_ecg_note(e, "%s \"%.60s\" is none of ISO 8601: left out", what, *text);
    gm_free(*text);
    *text = NULL;
    return s;
}

static gm_status forget_outside(gm_ecg *e, double *v, double most, const char *what)
{
    if (isnan(*v) || (*v >= 0 && *v <= most)) return GM_OK;
    gm_status s = gm_ecg_note(e, "%s %g, possible are 0 to %g: left out", what, *v, most);
    *v = NAN;
    return s;
}

/* What is said of the patient and the time has to be possible. */
static gm_status check_facts(gm_ecg *e)
{
    gm_ecg_patient *p = &e->patient;
    const char *birth = p->birth_date ? p->birth_date : "";
    GM_TRY(forget_unless(e, e->acquired && gm_is_iso_time(e->acquired), &e->acquired,
                         "the time of acquisition"));
    GM_TRY(forget_unless(e, gm_is_iso_date(birth, strlen(birth)), &p->birth_date,
                         "the date of birth"));
    GM_TRY(forget_outside(e, &p->age_years, GM_ECG_MAX_AGE_YEARS, "an age in years of"));
    GM_TRY(forget_outside(e, &p->height_cm, GM_ECG_MAX_HEIGHT_CM, "a height in cm of"));
    return forget_outside(e, &p->weight_kg, GM_ECG_MAX_WEIGHT_KG, "a weight in kg of");
}

gm_status gm_ecg_finish(gm_ecg *e, const char *name)
{
    if (!(e->rate_hz >= GM_ECG_MIN_RATE_HZ && e->rate_hz <= GM_ECG_MAX_RATE_HZ))
        return gm_fail(GM_EFORMAT, "%s: sampling rate %g Hz, allowed are %g to %g Hz", name,
                       e->rate_hz, GM_ECG_MIN_RATE_HZ, GM_ECG_MAX_RATE_HZ);
    for (size_t c = 0; c < e->n_channels; c++)
        GM_TRY(check_scale(&e->channels[c], name));
    GM_TRY(check_facts(e));
    GM_TRY(note_missing(e));
    return note_einthoven(e);
}

gm_status gm_ecg_keep(gm_ecg **out, gm_status s)
{
    if (s != GM_OK) {
        gm_ecg_destroy(*out);
        *out = NULL;
    }
    return s;
}
