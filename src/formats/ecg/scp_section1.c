#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "ecg/build.h"
#include "ecg/scp_parts.h"

/* 5.4.5: a field is a tag, a length of 2 bytes and that many bytes; tag 255 ends the section. */
enum {
    FIELD_HEADER = 3,
    LAST_TAG = 255,
    MACHINE_STRINGS = 36,
    NO_ZONE = 0x7FFF,
    MOST_ZONE_MIN = 780
};

/* What several tags make one fact of. */
typedef struct {
    char *last, *first, *second_last;
    char *institution, *department, *referring, *confirming, *technician;
    char *maker, *model;
    unsigned institution_number, department_number, device_number;
    bool has_date, has_time;
    unsigned year, month, day, hour, minute, second;
    int zone_min;
} facts;

typedef struct {
    const unsigned char *p;
    size_t n;
} field;

static bool is_leap(unsigned y)
{
    return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static bool is_date(unsigned year, unsigned month, unsigned day)
{
    static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1800 || year > 2200 || month < 1 || month > 12 || day < 1) return false;
    return day <= days[month - 1] + (month == 2 && is_leap(year));
}

/* Age, height and weight: 2 bytes and a unit. `of_unit[unit]`: years, cm, kg in one; NaN if unspecified. */
static gm_status read_quantity(gm_ecg *e, double *out, field v, const char *what,
                               const double *of_unit, size_t n_units)
{
    if (v.n < 3) return GM_OK;
    unsigned value = gm_scp_u16(v.p), unit = v.p[2];
    if (unit == 0 && value == 0) return GM_OK; /* unknown */
    if (unit == 0 || unit >= n_units)
        return gm_ecg_note(e, "section 1: %s %u in the unit number %u: unknown", what, value, unit);
    *out = value * of_unit[unit];
    return GM_OK;
}

static gm_status read_age(gm_ecg *e, field v)
{
    static const double years[] = {NAN, 1, 1.0 / 12, 7 / 365.25, 1 / 365.25, 1 / (24 * 365.25)};
    double age = NAN;
    GM_TRY(read_quantity(e, &age, v, "age", years, sizeof years / sizeof *years));
    if (age <= GM_ECG_MAX_AGE_YEARS) e->patient.age_years = age;
    if (age > GM_ECG_MAX_AGE_YEARS)
        return gm_ecg_note(e, "section 1: an age of %g years: taken as unknown", age);
    return GM_OK;
}

static gm_status read_size(gm_ecg *e, unsigned tag, field v)
{
    static const double cm[] = {NAN, 1, 2.54, 0.1};
    static const double kg[] = {NAN, 1, 0.001, 0.45359237, 0.028349523125};
    if (v.n >= 2 && gm_scp_u16(v.p) == 0) return GM_OK; /* unknown */
    if (tag == 6) return read_quantity(e, &e->patient.height_cm, v, "height", cm, 4);
    return read_quantity(e, &e->patient.weight_kg, v, "weight", kg, 5);
}

/* The date as far as it is one: a year alone, a year and month, or a day. */
static gm_status read_birth(gm_ecg *e, field v)
{
    char text[32];
    if (v.n < 4) return GM_OK;
    unsigned year = gm_scp_u16(v.p), month = v.p[2], day = v.p[3];
    if (year == 0 && month == 0 && day == 0) return GM_OK;
    if (is_date(year, month, day))
        snprintf(text, sizeof text, "%04u-%02u-%02u", year, month, day);
    else if (day == 0 && is_date(year, month, 1))
        snprintf(text, sizeof text, "%04u-%02u", year, month);
    else if (day == 0 && month == 0 && is_date(year, 1, 1))
        snprintf(text, sizeof text, "%04u", year);
    else
        return gm_ecg_note(e, "section 1: birth date %u-%u-%u is no date", year, month, day);
    return gm_ecg_set(&e->patient.birth_date, text);
}

static gm_status read_moment(gm_ecg *e, facts *f, unsigned tag, field v)
{
    if (tag == 25 && v.n >= 4) {
        f->year = gm_scp_u16(v.p);
        f->month = v.p[2];
        f->day = v.p[3];
        f->has_date = is_date(f->year, f->month, f->day);
        if (!f->has_date && (f->year || f->month || f->day))
            return gm_ecg_note(e, "section 1: date of acquisition %u-%u-%u is no date", f->year,
                               f->month, f->day);
    }
    if (tag == 26 && v.n >= 3) {
        f->hour = v.p[0];
        f->minute = v.p[1];
        f->second = v.p[2];
        f->has_time = f->hour < 24 && f->minute < 60 && f->second < 60;
        if (!f->has_time)
            return gm_ecg_note(e, "section 1: time of acquisition %u:%u:%u is no time of day",
                               f->hour, f->minute, f->second);
    }
    if (tag == 34 && v.n >= 2) f->zone_min = gm_scp_i16(v.p);
    return GM_OK;
}

static const char *maker_of(unsigned number)
{
    static const char *const makers[] = {NULL,
                                         "Burdick",
                                         "Cambridge",
                                         "Compumed",
                                         "Datamed",
                                         "Fukuda",
                                         "Hewlett-Packard",
                                         "Marquette",
                                         "Mortara",
                                         "Nihon Kohden",
                                         "Okin",
                                         "Quinton",
                                         "Siemens",
                                         "Spacelabs",
                                         "Telemed",
                                         "Hellige",
                                         "Esaote",
                                         "Schiller",
                                         "Picker-Schwarzer",
                                         "Elettronica Trentina",
                                         "Zw\xc3\xb6nitz"};
    return number < sizeof makers / sizeof *makers ? makers[number] : NULL;
}

/* The next of the strings that end with NUL. */
static field next_string(field *rest)
{
    field s = {rest->p, 0};
    while (s.n < rest->n && s.p[s.n])
        s.n++;
    size_t used = s.n < rest->n ? s.n + 1 : s.n;
    rest->p += used;
    rest->n -= used;
    return s;
}

/* 5.4.5, tag 14. Bytes 0 institution, 2 department, 4 device number, 7 maker, 8 model (6), 16 language,
 * 35 length of the first string, 36 strings: analysing program, serial number, system software, SCP software,
 * maker. */
static gm_status read_machine(gm_ecg *e, facts *f, field v)
{
    if (v.n < 14) return gm_ecg_note(e, "section 1: acquiring device in %zu bytes: left out", v.n);
    f->institution_number = gm_scp_u16(v.p);
    f->department_number = gm_scp_u16(v.p + 2);
    f->device_number = gm_scp_u16(v.p + 4);
    GM_TRY(gm_ecg_set(&f->maker, maker_of(v.p[7])));
    GM_TRY(gm_scp_text(&f->model, v.p + 8, 6));
    if (v.n > 16 && (v.p[16] & 3) == 3)
        GM_TRY(gm_ecg_note(e, "section 1: texts are in character set %02x: shown as Latin-1",
                           v.p[16]));
    if (v.n <= MACHINE_STRINGS) return GM_OK;
    field rest = {v.p + MACHINE_STRINGS, v.n - MACHINE_STRINGS};
    (void)next_string(&rest); /* analysing program */
    field serial = next_string(&rest);
    GM_TRY(gm_scp_text(&e->device_id, serial.p, serial.n));
    (void)next_string(&rest);
    (void)next_string(&rest);
    field maker = next_string(&rest);
    return f->maker ? GM_OK : gm_scp_text(&f->maker, maker.p, maker.n);
}

static gm_status add_comment(gm_ecg *e, const char *label, const unsigned char *p, size_t n)
{
    char *text = NULL, line[400];
    GM_TRY(gm_scp_text(&text, p, n));
    if (!text) return GM_OK;
    snprintf(line, sizeof line, "%s%s", label, text);
    gm_free(text);
    return gm_ecg_add_comment(e, line);
}

/* Table, class and code of a drug, then its name. */
static gm_status read_drug(gm_ecg *e, field v)
{
    char line[80];
    if (v.n < 3) return GM_OK;
    size_t before = e->n_comments;
    GM_TRY(add_comment(e, "drug: ", v.p + 3, v.n - 3));
    if (e->n_comments > before || (v.p[1] == 0 && v.p[2] == 0)) return GM_OK;
    snprintf(line, sizeof line, "drug: class %u, code %u of table %u", v.p[1], v.p[2], v.p[0]);
    return gm_ecg_add_comment(e, line);
}

static gm_status read_pressure(gm_ecg *e, unsigned tag, field v)
{
    char line[80];
    if (v.n < 2 || gm_scp_u16(v.p) == 0) return GM_OK;
    snprintf(line, sizeof line, "%s blood pressure: %u mmHg", tag == 11 ? "systolic" : "diastolic",
             gm_scp_u16(v.p));
    return gm_ecg_add_comment(e, line);
}

/* 27: low cut in 1/100 Hz, 28: high cut in Hz, 29: bits for a notch at 60 and 50 Hz. 0: not stated. */
static void read_filter(gm_ecg *e, unsigned tag, field v)
{
    for (size_t i = 0; i < e->n_channels; i++) {
        gm_ecg_channel *c = &e->channels[i];
        if (tag == 27 && v.n >= 2 && gm_scp_u16(v.p)) c->low_cut_hz = gm_scp_u16(v.p) / 100.0;
        if (tag == 28 && v.n >= 2 && gm_scp_u16(v.p)) c->high_cut_hz = gm_scp_u16(v.p);
        if (tag == 29 && v.n >= 1 && (v.p[0] & 3)) c->notch_hz = v.p[0] & 1 ? 60 : 50;
    }
}

static gm_status read_text_field(gm_ecg *e, facts *f, unsigned tag, field v)
{
    static const struct {
        unsigned tag;
        const char *label;
    } comments[] = {{13, "indication: "},
                    {23, "room: "},
                    {30, ""},
                    {31, "sequence number: "},
                    {35, "history: "}};
    for (size_t i = 0; i < sizeof comments / sizeof *comments; i++)
        if (comments[i].tag == tag) return add_comment(e, comments[i].label, v.p, v.n);
    char **text = tag == 0    ? &f->last
                  : tag == 1  ? &f->first
                  : tag == 2  ? &e->patient.id
                  : tag == 3  ? &f->second_last
                  : tag == 16 ? &f->institution
                  : tag == 18 ? &f->department
                  : tag == 20 ? &f->referring
                  : tag == 21 ? &f->confirming
                  : tag == 22 ? &f->technician
                              : NULL;
    return text ? gm_scp_text(text, v.p, v.n) : GM_OK;
}

static gm_status read_field(gm_ecg *e, facts *f, unsigned tag, field v)
{
    switch (tag) {
    case 4: return read_age(e, v);
    case 5: return read_birth(e, v);
    case 6:
    case 7: return read_size(e, tag, v);
    case 8: /* 0 unknown, 9 unspecified */
        if (v.n && v.p[0] == 1) e->patient.sex = GM_SEX_MALE;
        if (v.n && v.p[0] == 2) e->patient.sex = GM_SEX_FEMALE;
        return GM_OK;
    case 10: return read_drug(e, v);
    case 11:
    case 12: return read_pressure(e, tag, v);
    case 14: return read_machine(e, f, v);
    case 25:
    case 26:
    case 34: return read_moment(e, f, tag, v);
    case 27:
    case 28:
    case 29: read_filter(e, tag, v); return GM_OK;
    default: return read_text_field(e, f, tag, v);
    }
}

static gm_status read_fields(gm_ecg *e, facts *f, const gm_scp_file *file)
{
    const gm_scp_section *s = &file->sections[1];
    for (size_t at = 0; at < s->length;) {
        unsigned tag = s->data[at];
        size_t left = s->length - at;
        if (tag == LAST_TAG) return GM_OK;
        if (left < FIELD_HEADER || gm_scp_u16(s->data + at + 1) > left - FIELD_HEADER)
            return gm_scp_fail(file, 1, "byte %zu: tag %u is longer than the %zu bytes left",
                               at + 16, tag, left);
        field v = {s->data + at + FIELD_HEADER, gm_scp_u16(s->data + at + 1)};
        GM_TRY(read_field(e, f, tag, v));
        at += FIELD_HEADER + v.n;
    }
    return gm_ecg_note(e, "section 1 ends without its last tag, 255");
}

/* Appends ", text" or, to nothing, "text". */
static void join(char *line, size_t room, const char *label, const char *text)
{
    size_t n = strlen(line);
    if (text) snprintf(line + n, room - n, "%s%s%s", n ? ", " : "", label, text);
}

static gm_status set_joined(char **out, const char *a, const char *b)
{
    char line[800] = "";
    join(line, sizeof line, "", a);
    join(line, sizeof line, "", b);
    return gm_ecg_set(out, line);
}

static gm_status set_people(gm_ecg *e, const facts *f)
{
    char line[900] = "";
    snprintf(line, sizeof line, "%s%s%s", f->last ? f->last : "",
             f->last && f->second_last ? " " : "", f->second_last ? f->second_last : "");
    join(line, sizeof line, "", f->first);
    GM_TRY(gm_ecg_set(&e->patient.name, line));
    line[0] = 0;
    join(line, sizeof line, "referring ", f->referring);
    join(line, sizeof line, "confirming ", f->confirming);
    join(line, sizeof line, "technician ", f->technician);
    return gm_ecg_set(&e->physician, line);
}

static gm_status set_place(gm_ecg *e, const facts *f)
{
    char line[600] = "", number[32];
    GM_TRY(set_joined(&e->institution, f->institution, f->department));
    if (!e->institution && f->institution_number) {
        snprintf(line, sizeof line, "institution %u", f->institution_number);
        snprintf(number, sizeof number, "department %u", f->department_number);
        GM_TRY(set_joined(&e->institution, line, f->department_number ? number : NULL));
    }
    line[0] = 0;
    snprintf(line, sizeof line, "%s%s%s", f->maker ? f->maker : "", f->maker && f->model ? " " : "",
             f->model ? f->model : "");
    GM_TRY(gm_ecg_set(&e->device, line));
    if (e->device_id || !f->device_number) return GM_OK;
    snprintf(number, sizeof number, "%u", f->device_number);
    return gm_ecg_set(&e->device_id, number);
}

static gm_status set_moment(gm_ecg *e, const facts *f)
{
    char text[64];
    if (!f->has_date) return GM_OK;
    int n = snprintf(text, sizeof text, "%04u-%02u-%02u", f->year, f->month, f->day);
    if (f->has_time)
        n += snprintf(text + n, sizeof text - (size_t)n, "T%02u:%02u:%02u", f->hour, f->minute,
                      f->second);
    int zone = f->zone_min, minutes = zone < 0 ? -zone : zone;
    if (f->has_time && zone != NO_ZONE && minutes <= MOST_ZONE_MIN)
        snprintf(text + n, sizeof text - (size_t)n, "%c%02d:%02d", zone < 0 ? '-' : '+',
                 minutes / 60, minutes % 60);
    return gm_ecg_set(&e->acquired, text);
}

static void free_facts(facts *f)
{
    char *all[] = {f->last,      f->first,      f->second_last, f->institution, f->department,
                   f->referring, f->confirming, f->technician,  f->maker,       f->model};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        gm_free(all[i]);
}

gm_status gm_scp_read_patient(gm_ecg *e, const gm_scp_file *file)
{
    if (!file->sections[1].data)
        return gm_ecg_note(e, "no section 1: patient, device and time are unknown");
    facts f = {.zone_min = NO_ZONE};
    gm_status s = read_fields(e, &f, file);
    if (s == GM_OK) s = set_people(e, &f);
    if (s == GM_OK) s = set_place(e, &f);
    if (s == GM_OK) s = set_moment(e, &f);
    free_facts(&f);
    return s;
}
