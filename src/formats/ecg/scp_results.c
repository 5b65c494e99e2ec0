#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "ecg/build.h"
#include "ecg/scp_parts.h"

enum { MEASURES = 16, SPIKE = 4, SPIKE_FACTS = 6, STATEMENTS_HEADER = 9, STATEMENT_HEADER = 3 };
enum { NOT_COMPUTED = 29999, LEAD_REJECTED = 29998, NO_WAVE = 19999, NO_AXIS = 999 };

static bool is_known(int value)
{
    return value != NOT_COMPUTED && value != LEAD_REJECTED && value != NO_WAVE;
}

/* A duration or a time of section 7, in ms; NaN: unknown. */
static double time_ms(unsigned value)
{
    return is_known((int)value) && value < 0x8000 ? value : NAN;
}

static double axis_deg(int value)
{
    return is_known(value) && value != NO_AXIS && value >= -360 && value <= 360 ? value : NAN;
}

static double span_ms(double from, double to)
{
    return to > from ? to - from : NAN;
}

/* A mark in the words of the standard; code: its number in DICOM's coding scheme SCPECG, NULL: none. */
static gm_status add_mark(gm_ecg *e, gm_ecg_mark **out, const char *what, const char *code)
{
    GM_TRY(gm_ecg_add_mark(e, out));
    GM_TRY(gm_ecg_set(&(*out)->what, what));
    if (code) GM_TRY(gm_ecg_set(&(*out)->scheme, "SCPECG"));
    return gm_ecg_set(&(*out)->code, code);
}

static gm_status add_value(gm_ecg *e, const char *what, const char *code, double value,
                           const char *unit)
{
    gm_ecg_mark *m;
    if (isnan(value)) return GM_OK;
    GM_TRY(add_mark(e, &m, what, code));
    m->value = value;
    return gm_ecg_set(&m->unit, unit);
}

/* Bounds of the waves, ms from the start of the group. */
static gm_status add_bounds(gm_ecg *e, size_t group, const double ms[5])
{
    static const char *const names[] = {"P onset", "P offset", "QRS onset", "QRS offset",
                                        "T offset"};
    static const char *const codes[] = {"5.10.3-1", "5.10.3-2", "5.10.3-3", "5.10.3-4", "5.10.3-5"};
    const gm_ecg *of = group ? e->others[group - 1] : e;
    for (size_t i = 0; i < 5; i++) {
        gm_ecg_mark *m;
        if (isnan(ms[i])) continue;
        GM_TRY(add_mark(e, &m, names[i], codes[i]));
        m->group = group;
        m->sample = ms[i] * of->rate_hz / 1000;
    }
    return GM_OK;
}

static void read_bounds(const unsigned char *p, double ms[5])
{
    for (size_t i = 0; i < 5; i++)
        ms[i] = time_ms(gm_scp_u16(p + 2 * i));
    if (!(ms[1] > ms[0])) ms[0] = ms[1] = NAN; /* 0 and 0: no P wave */
    if (!(ms[3] > ms[2])) ms[2] = ms[3] = NAN;
    if (!(ms[4] > 0)) ms[4] = NAN;
}

/* The first measurements are those of the reference beat. */
static gm_status read_reference(gm_ecg *e, const unsigned char *p)
{
    double ms[5];
    read_bounds(p, ms);
    e->device_says.pr_ms = span_ms(ms[0], ms[2]);
    e->device_says.qrs_ms = span_ms(ms[2], ms[3]);
    e->device_says.qt_ms = span_ms(ms[2], ms[4]);
    e->device_says.p_axis_deg = axis_deg(gm_scp_i16(p + 10));
    e->device_says.qrs_axis_deg = axis_deg(gm_scp_i16(p + 12));
    e->device_says.t_axis_deg = axis_deg(gm_scp_i16(p + 14));
    GM_TRY(add_value(e, "PR interval", "5.13.5-7", e->device_says.pr_ms, "ms"));
    GM_TRY(add_value(e, "QRS duration", "5.13.5-9", e->device_says.qrs_ms, "ms"));
    GM_TRY(add_value(e, "QT interval", "5.13.5-11", e->device_says.qt_ms, "ms"));
    GM_TRY(add_value(e, "P axis", "5.10.3-11", e->device_says.p_axis_deg, "deg"));
    GM_TRY(add_value(e, "QRS axis", "5.10.3-13", e->device_says.qrs_axis_deg, "deg"));
    GM_TRY(add_value(e, "T axis", "5.10.3-15", e->device_says.t_axis_deg, "deg"));
    return e->n_others ? add_bounds(e, 1, ms) : GM_OK;
}

static gm_status add_spike(gm_ecg *e, const unsigned char *p)
{
    gm_ecg_mark *m;
    double at_ms = time_ms(gm_scp_u16(p));
    int uv = gm_scp_i16(p + 2);
    if (isnan(at_ms)) return GM_OK;
    GM_TRY(add_mark(e, &m, "pacemaker spike", NULL));
    m->sample = at_ms * e->rate_hz / 1000;
    if (!is_known(uv) || uv == 0) return GM_OK;
    m->value = uv;
    return gm_ecg_set(&m->unit, "uV");
}

/* Behind the measured beats: spikes, types of the QRS complexes, rates and QTc. Sections may end early. */
static gm_status read_rest(gm_ecg *e, const unsigned char *p, size_t left, size_t n_spikes)
{
    if (left < n_spikes * SPIKE) return GM_OK;
    for (size_t i = 0; i < n_spikes; i++)
        GM_TRY(add_spike(e, p + i * SPIKE));
    p += n_spikes * SPIKE;
    left -= n_spikes * SPIKE;
    if (left < n_spikes * SPIKE_FACTS + 2) return GM_OK;
    p += n_spikes * SPIKE_FACTS;
    left -= n_spikes * SPIKE_FACTS + 2;
    size_t n_types = gm_scp_u16(p);
    if (left < n_types || left - n_types < 7) return GM_OK;
    p += 2 + n_types;
    double ventricular = time_ms(gm_scp_u16(p)), atrial = time_ms(gm_scp_u16(p + 2)),
           qtc = time_ms(gm_scp_u16(p + 4));
    if (qtc > 0) e->device_says.qtc_ms = qtc;
    static const char *const formulas[] = {"", "Bazett", "Hodges"};
    const char *formula = p[6] < 3 ? formulas[p[6]] : "";
    GM_TRY(add_value(e, "ventricular rate", "5.10.2.5-1", ventricular > 0 ? ventricular : NAN,
                     "/min"));
    GM_TRY(add_value(e, "atrial rate", "5.10.2.5-3", atrial > 0 ? atrial : NAN, "/min"));
    if (!(qtc > 0)) return GM_OK;
    GM_TRY(add_value(e, "QTc interval", "5.10.2.5-5", qtc, "ms"));
    return gm_ecg_set(&e->marks[e->n_marks - 1].text, formula);
}

static gm_status read_section7(gm_ecg *e, const gm_scp_file *f, const gm_scp_layout *l)
{
    const gm_scp_section *s = &f->sections[7];
    if (!s->data) return GM_OK;
    if (s->length < 6) return gm_scp_fail(f, 7, "%zu bytes, expected 6 or more", s->length);
    size_t n = s->data[0], n_spikes = s->data[1];
    double rr = time_ms(gm_scp_u16(s->data + 2)), pp = time_ms(gm_scp_u16(s->data + 4));
    if (rr > 0) e->device_says.rr_ms = rr;
    GM_TRY(add_value(e, "RR interval", "5.10.2.1-3", rr > 0 ? rr : NAN, "ms"));
    GM_TRY(add_value(e, "PP interval", "5.10.2.1-5", pp > 0 ? pp : NAN, "ms"));
    if ((s->length - 6) / MEASURES < n)
        return gm_ecg_note(
            e, "section 7: %zu measured beats in %zu bytes, expected %d for each: left out", n,
            s->length - 6, MEASURES);
    if (n) GM_TRY(read_reference(e, s->data + 6));
    /* The further ones are of QRS complexes only if there is one for each; else of beat types that the
     * file does not hold. */
    for (size_t i = 1; i < n && n - 1 == l->n_beats; i++) {
        double ms[5];
        read_bounds(s->data + 6 + i * MEASURES, ms);
        GM_TRY(add_bounds(e, 0, ms));
    }
    return read_rest(e, s->data + 6 + n * MEASURES, s->length - 6 - n * MEASURES, n_spikes);
}

/* 5.7: the QRS complexes of the rhythm, and the fiducial point of the reference beat. */
static gm_status read_fiducials(gm_ecg *e, const gm_scp_layout *l)
{
    for (size_t i = 0; i < l->n_beats; i++) {
        const gm_scp_beat *b = &l->beats[i];
        gm_ecg_mark *m;
        char type[24];
        if (b->fiducial < l->first || b->fiducial - l->first >= e->n_samples) continue;
        GM_TRY(add_mark(e, &m, "QRS", "5.7.1-3"));
        m->sample = b->fiducial - l->first;
        snprintf(type, sizeof type, "type %u", b->type);
        GM_TRY(gm_ecg_set(&m->text, type));
    }
    if (!e->n_others || l->beat_mark < 1 || l->beat_mark > e->others[0]->n_samples) return GM_OK;
    gm_ecg_mark *m;
    GM_TRY(add_mark(e, &m, "QRS", "5.7.1-3"));
    m->group = 1;
    m->sample = l->beat_mark - 1;
    return GM_OK;
}

/* Strings that end with NUL become one, "; " between. */
static gm_status add_statement(gm_ecg *e, const char *what, const unsigned char *p, size_t n)
{
    char line[1024] = "";
    size_t used = 0;
    bool gap = false;
    for (size_t i = 0; i < n && used + 4 < sizeof line; i++) {
        if (p[i] && gap && used) used += (size_t)snprintf(line + used, sizeof line - used, "; ");
        gap = !p[i];
        if (p[i]) line[used++] = (char)p[i];
    }
    line[used] = 0;
    gm_ecg_mark *m;
    if (!line[strspn(line, " \t\r\n")]) return GM_OK;
    GM_TRY(add_mark(e, &m, what, NULL));
    return gm_ecg_set(&m->text, line);
}

/* Sections 8 and 11: 5.11 and 5.14. Whether an interpretation is the device's or a person's is in its name. */
static gm_status read_statements(gm_ecg *e, const gm_scp_file *f, int section)
{
    static const char *const sure[] = {"", ", confirmed", ", overread, not confirmed"};
    const gm_scp_section *s = &f->sections[section];
    if (!s->data) return GM_OK;
    if (s->length < STATEMENTS_HEADER)
        return gm_scp_fail(f, section, "%zu bytes, expected %d or more", s->length,
                           STATEMENTS_HEADER);
    size_t at = STATEMENTS_HEADER;
    const char *confirmed = s->data[0] < 3 ? sure[s->data[0]] : "";
    for (size_t i = 0, n = s->data[8]; i < n; i++) {
        size_t left = s->length - at, skip = section == 11 ? 1 : 0;
        const unsigned char *p = s->data + at;
        if (left < STATEMENT_HEADER || gm_scp_u16(p + 1) > left - STATEMENT_HEADER)
            return gm_scp_fail(f, section, "statement %zu of %zu is longer than the %zu bytes left",
                               i + 1, n, left);
        size_t length = gm_scp_u16(p + 1);
        char what[64];
        const char *kind = section == 8 || length < 1 ? "interpretation"
                           : p[3] == 1                ? "statement codes"
                           : p[3] == 3                ? "statement logic"
                                                      : "interpretation";
        snprintf(what, sizeof what, "%s%s", kind, confirmed);
        if (length > skip)
            GM_TRY(add_statement(e, what, p + STATEMENT_HEADER + skip, length - skip));
        at += STATEMENT_HEADER + length;
    }
    return GM_OK;
}

/* 5.13: the values of each lead in their order; NULL: codes and bits, left out. */
static const struct {
    const char *what, *unit;
} lead_values[] = {{"P duration", "ms"},
                   {"PR interval", "ms"},
                   {"QRS duration", "ms"},
                   {"QT interval", "ms"},
                   {"Q duration", "ms"},
                   {"R duration", "ms"},
                   {"S duration", "ms"},
                   {"R' duration", "ms"},
                   {"S' duration", "ms"},
                   {"Q amplitude", "uV"},
                   {"R amplitude", "uV"},
                   {"S amplitude", "uV"},
                   {"R' amplitude", "uV"},
                   {"S' amplitude", "uV"},
                   {"J amplitude", "uV"},
                   {"P+ amplitude", "uV"},
                   {"P- amplitude", "uV"},
                   {"T+ amplitude", "uV"},
                   {"T- amplitude", "uV"},
                   {"ST slope", "uV/s"},
                   {NULL, NULL},
                   {NULL, NULL},
                   {"isoelectric segment before QRS", "ms"},
                   {"isoelectric segment after QRS", "ms"},
                   {"intrinsicoid deflection", "ms"},
                   {NULL, NULL},
                   {"ST amplitude at J + 20 ms", "uV"},
                   {"ST amplitude at J + 60 ms", "uV"},
                   {"ST amplitude at J + 80 ms", "uV"},
                   {"ST amplitude at J + RR/16", "uV"},
                   {"ST amplitude at J + RR/8", "uV"}};

static gm_status read_lead_values(gm_ecg *e, const gm_scp_layout *l, int id, const unsigned char *p,
                                  size_t n)
{
    int channel = -1;
    for (size_t i = l->n_leads; i-- > 0;)
        if (l->leads[i].id == id) channel = (int)i;
    for (size_t i = 0; i < n && i < sizeof lead_values / sizeof *lead_values; i++) {
        int value = gm_scp_i16(p + 2 * i);
        if (!lead_values[i].what || !is_known(value)) continue;
        GM_TRY(add_value(e, lead_values[i].what, NULL, value, lead_values[i].unit));
        gm_ecg_mark *m = &e->marks[e->n_marks - 1];
        m->channel = channel;
        if (channel < 0)
            GM_TRY(gm_ecg_set(&m->text, gm_scp_lead_name(id))); /* a lead that is not stored */
    }
    return GM_OK;
}

static gm_status read_section10(gm_ecg *e, const gm_scp_file *f, const gm_scp_layout *l)
{
    const gm_scp_section *s = &f->sections[10];
    if (!s->data) return GM_OK;
    if (s->length < 4) return gm_scp_fail(f, 10, "%zu bytes, expected 4 or more", s->length);
    size_t at = 4;
    for (size_t i = 0, n = gm_scp_u16(s->data); i < n; i++) {
        const unsigned char *p = s->data + at;
        size_t left = s->length - at;
        if (left < 4 || gm_scp_u16(p + 2) > left - 4)
            return gm_scp_fail(f, 10, "lead %zu of %zu is longer than the %zu bytes left", i + 1, n,
                               left);
        size_t length = gm_scp_u16(p + 2);
        GM_TRY(read_lead_values(e, l, (int)gm_scp_u16(p), p + 4, length / 2));
        at += 4 + length;
    }
    return GM_OK;
}

gm_status gm_scp_read_results(gm_ecg *e, const gm_scp_file *f, const gm_scp_layout *l)
{
    GM_TRY(read_fiducials(e, l));
    GM_TRY(read_section7(e, f, l));
    GM_TRY(read_statements(e, f, 8));
    GM_TRY(read_statements(e, f, 11));
    return read_section10(e, f, l);
}
