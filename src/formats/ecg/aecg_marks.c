/* The annotations of an annotated ECG as marks, and what its device measured. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "ecg/aecg_parts.h"
#include "ecg/build.h"

typedef struct {
    double low, high; /* samples from 0; NaN: not given */
    int channel;      /* the first lead named; -1: all */
    const gm_aecg_set *set;
} place;

typedef struct {
    gm_ecg *e;
    const gm_aecg_file *f;
    const gm_aecg_set *set; /* the first of the series */
    size_t n_outside;
} reader;

static const gm_ecg *record_of(const reader *r, const gm_aecg_set *s)
{
    return s->group ? r->e->others[s->group - 1] : r->e;
}

/* ---- where -------------------------------------------------------------------------------------- */

static double sample_at(const gm_aecg_set *s, const gm_hl7_time *t)
{
    if (!s->has_start) return NAN;
    return (gm_hl7_time_difference_s(t, &s->start)) / s->step_s;
}

/* A bound <low>, <high> or the value itself, in samples of *set; an absolute one may lie in another set
 * of the same series. */
static double bound_of(const reader *r, const xmlNode *bound, const gm_aecg_set **set)
{
    gm_hl7_time t;
    double v;
    const char *unit, *text = gm_xml_attribute(bound, "value");
    if (!text) return NAN;
    if (gm_xml_attribute(bound, "unit")) {
        if (!gm_aecg_quantity(bound, &v, &unit)) return NAN;
        return (v * gm_aecg_unit_s(unit) - (*set)->head_s) / (*set)->step_s;
    }
    if (!gm_hl7_time_parse(&t, text)) return NAN;
    for (size_t i = 0; i < r->f->n_sets; i++) {
        const gm_aecg_set *s = &r->f->sets[i];
        if (s->series != (*set)->series) continue;
        double sample = sample_at(s, &t);
        if (sample >= 0 && sample < (double)s->n_samples) {
            *set = s;
            return sample;
        }
    }
    return sample_at(*set, &t);
}

/* Times as text are exact to their last digit, samples as doubles are not: 135 may come as
 * 134.99999999. */
static double tidy(double sample)
{
    return fabs(sample - round(sample)) < 1e-6 ? round(sample) : sample;
}

static int channel_of(const reader *r, const gm_aecg_set *set, const char *code)
{
    const gm_ecg *e = record_of(r, set);
    const char *name = gm_aecg_lead_name(code);
    for (size_t c = 0; c < e->n_channels; c++)
        if (e->channels[c].name && strcmp(e->channels[c].name, name) == 0) return (int)c;
    return -1;
}

static bool is_lead(const char *code)
{
    return code && strncmp(code, "MDC_ECG_LEAD_", 13) == 0;
}

static const char *boundary_code(const xmlNode *component)
{
    return gm_xml_attribute(gm_xml_at(component, "boundary/code"), "code");
}

/* The place that the annotation itself states; false: none. */
static bool own_place(const reader *r, const xmlNode *annotation, place *p)
{
    const xmlNode *roi = gm_xml_at(annotation, "support/supportingROI");
    const xmlNode *c;
    *p = (place){NAN, NAN, -1, r->set};
    for (c = gm_xml_child(roi, "component"); c; c = gm_xml_next(c, "component")) {
        const char *code = boundary_code(c);
        const xmlNode *value = gm_xml_at(c, "boundary/value");
        if (!code || strncmp(code, "TIME_", 5) != 0) continue;
        const xmlNode *low = gm_xml_child(value, "low"), *high = gm_xml_child(value, "high");
        const gm_aecg_set *of_high = p->set;
        p->low = tidy(bound_of(r, low || high ? low : value, &p->set));
        if (low) of_high = p->set;
        p->high = low || high ? tidy(bound_of(r, high, &of_high)) : p->low;
        if (!low) p->set = of_high;
        if (of_high != p->set) p->high = NAN; /* a wave across two recordings: keep its begin */
    }
    for (c = gm_xml_child(roi, "component"); c && p->channel < 0; c = gm_xml_next(c, "component"))
        if (is_lead(boundary_code(c))) p->channel = channel_of(r, p->set, boundary_code(c));
    return !isnan(p->low) || !isnan(p->high);
}

static const char *value_code(const xmlNode *annotation)
{
    return gm_xml_attribute(gm_xml_child(annotation, "value"), "code");
}

/* The place of an annotation by those within it: the QRS of a beat, else the first that has one. */
static bool place_within(const reader *r, const xmlNode *annotation, bool qrs_only, place *p)
{
    const xmlNode *c = gm_xml_child(annotation, "component");
    for (; c; c = gm_xml_next(c, "component")) {
        const xmlNode *a = gm_xml_child(c, "annotation");
        if (!a) continue;
        const char *code = value_code(a);
        bool fits = !qrs_only || (code && strcmp(code, "MDC_ECG_WAVC_QRSWAVE") == 0);
        if (fits && own_place(r, a, p)) return true;
        if (place_within(r, a, qrs_only, p)) return true;
    }
    return false;
}

/* ---- what --------------------------------------------------------------------------------------- */

static gm_status set_what(gm_ecg_mark *m, const xmlNode *annotation, const char *suffix)
{
    static const char mdc[] = "2.16.840.1.113883.6.24";
    char what[128];
    const xmlNode *coded = gm_xml_child(annotation, "value");
    const char *code = gm_xml_attribute(coded, "code");
    if (!code) {
        coded = gm_xml_child(annotation, "code");
        code = gm_xml_attribute(coded, "code");
    }
    const char *system = gm_xml_attribute(coded, "codeSystemName");
    if (!system || gm_xml_attribute_is(coded, "codeSystem", mdc))
        system = gm_xml_attribute_is(coded, "codeSystem", mdc)
                     ? "MDC"
                     : gm_xml_attribute(coded, "codeSystem");
    snprintf(what, sizeof what, "%s%s", code ? code : "?", suffix);
    GM_TRY(gm_ecg_set(&m->what, what));
    GM_TRY(gm_ecg_set(&m->scheme, code ? system : NULL));
    return gm_ecg_set(&m->code, m->scheme ? code : NULL);
}

static gm_status set_value(gm_ecg_mark *m, const xmlNode *annotation)
{
    char words[GM_XML_WORDS];
    const xmlNode *value = gm_xml_child(annotation, "value");
    const char *unit, *text = gm_xml_words(gm_xml_child(annotation, "text"), words);
    double v;
    if (gm_xml_attribute(value, "code")) {
        if (!text) text = gm_xml_attribute(value, "displayName");
    } else if (gm_aecg_quantity(value, &v, &unit)) {
        m->value = v;
        GM_TRY(gm_ecg_set(&m->unit, unit));
    } else if (!text) {
        text = gm_xml_words(value, words);
    }
    return gm_ecg_set(&m->text, text);
}

static gm_status add_mark(reader *r, const xmlNode *annotation, const place *p)
{
    bool has_low = !isnan(p->low), has_high = !isnan(p->high);
    double sample = has_low ? p->low : p->high;
    if (sample < 0 || sample > (double)p->set->n_samples) {
        r->n_outside++;
        return GM_OK;
    }
    gm_ecg_mark *m;
    GM_TRY(gm_ecg_add_mark(r->e, &m));
    m->group = p->set->group;
    m->channel = p->channel;
    m->sample = sample;
    if (has_low && has_high && p->high > p->low)
        m->duration_ms = tidy((p->high - p->low) * p->set->step_s * 1000);
    GM_TRY(set_what(m, annotation, has_low == has_high ? "" : has_low ? " (start)" : " (end)"));
    return set_value(m, annotation);
}

/* One mark; one a lead where it names several. */
static gm_status add_marks(reader *r, const xmlNode *annotation, place p)
{
    GM_TRY(add_mark(r, annotation, &p));
    if (p.channel < 0) return GM_OK;
    const xmlNode *c = gm_xml_child(gm_xml_at(annotation, "support/supportingROI"), "component");
    for (; c; c = gm_xml_next(c, "component")) {
        const char *code = boundary_code(c);
        int channel = is_lead(code) ? channel_of(r, p.set, code) : -1;
        if (channel < 0 || channel == p.channel) continue;
        place other = p;
        other.channel = channel;
        GM_TRY(add_mark(r, annotation, &other));
    }
    return GM_OK;
}

/* Recursion is bounded by GM_XML_MAX_DEPTH. */
static gm_status read_annotation(reader *r, const xmlNode *annotation, const place *around)
{
    place p, within;
    if (!own_place(r, annotation, &p)) {
        p = *around;
        if (place_within(r, annotation, true, &within) ||
            place_within(r, annotation, false, &within)) {
            p = within;
            if (isnan(p.low)) p.low = p.high;
        }
        p.high = p.low; /* a point: how long it lasts is not stated */
    }
    GM_TRY(add_marks(r, annotation, p));
    if (isnan(p.low)) p.low = p.high;
    p.high = p.low;
    const xmlNode *c = gm_xml_child(annotation, "component");
    for (; c; c = gm_xml_next(c, "component")) {
        const xmlNode *a = gm_xml_child(c, "annotation");
        if (a) GM_TRY(read_annotation(r, a, &p));
    }
    return GM_OK;
}

/* ---- what the device says ----------------------------------------------------------------------- */

static void measure(gm_ecg *e, const xmlNode *annotation)
{
    const struct {
        const char *code;
        double *field;
        char kind; /* t: time in ms, a: angle in degrees */
    } known[] = {{"MDC_ECG_TIME_PD_RR", &e->device_says.rr_ms, 't'},
                 {"MDC_ECG_TIME_PD_RR_GL", &e->device_says.rr_ms, 't'},
                 {"MDC_ECG_TIME_PD_PR", &e->device_says.pr_ms, 't'},
                 {"MDC_ECG_TIME_PD_PR_GL", &e->device_says.pr_ms, 't'},
                 {"MDC_ECG_TIME_PD_QRS", &e->device_says.qrs_ms, 't'},
                 {"MDC_ECG_TIME_PD_QRS_GL", &e->device_says.qrs_ms, 't'},
                 {"MDC_ECG_TIME_PD_QT", &e->device_says.qt_ms, 't'},
                 {"MDC_ECG_TIME_PD_QT_GL", &e->device_says.qt_ms, 't'},
                 {"MDC_ECG_TIME_PD_QTc", &e->device_says.qtc_ms, 't'},
                 {"MDC_ECG_TIME_PD_QTC", &e->device_says.qtc_ms, 't'},
                 {"MDC_ECG_ANGLE_P_FRONT", &e->device_says.p_axis_deg, 'a'},
                 {"MDC_ECG_ANGLE_QRS_FRONT", &e->device_says.qrs_axis_deg, 'a'},
                 {"MDC_ECG_ANGLE_T_FRONT", &e->device_says.t_axis_deg, 'a'}};
    const char *unit, *code = gm_xml_attribute(gm_xml_child(annotation, "code"), "code");
    double v;
    if (!code || !gm_aecg_quantity(gm_xml_child(annotation, "value"), &v, &unit)) return;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(code, known[i].code) != 0 || !isnan(*known[i].field)) continue;
        if (known[i].kind == 't' && v >= 0) *known[i].field = tidy(v * gm_aecg_unit_s(unit) * 1000);
        if (known[i].kind == 'a' && unit && strcmp(unit, "deg") == 0) *known[i].field = v;
    }
}

static bool is_by_a_person(const xmlNode *annotation_set)
{
    return gm_xml_at(annotation_set, "author/assignedEntity/assignedAuthorType/assignedPerson");
}

/* Annotations of the whole series only; those within a beat are of that beat. */
static void measure_series(gm_ecg *e, const xmlNode *series)
{
    const xmlNode *s = gm_xml_child(series, "subjectOf");
    for (; s; s = gm_xml_next(s, "subjectOf")) {
        const xmlNode *set = gm_xml_child(s, "annotationSet");
        if (is_by_a_person(set)) continue;
        const xmlNode *c = gm_xml_child(set, "component");
        for (; c; c = gm_xml_next(c, "component"))
            measure(e, gm_xml_child(c, "annotation"));
    }
}

/* ---- the file ----------------------------------------------------------------------------------- */

static gm_status read_series(reader *r)
{
    const xmlNode *s = gm_xml_child(r->set->series, "subjectOf");
    const place whole = {NAN, NAN, -1, r->set};
    for (; s; s = gm_xml_next(s, "subjectOf")) {
        const xmlNode *c = gm_xml_at(s, "annotationSet/component");
        for (; c; c = gm_xml_next(c, "component")) {
            const xmlNode *a = gm_xml_child(c, "annotation");
            if (a) GM_TRY(read_annotation(r, a, &whole));
        }
    }
    return GM_OK;
}

static bool is_first_of_series(const gm_aecg_file *f, size_t set)
{
    return set == 0 || f->sets[set].series != f->sets[set - 1].series;
}

gm_status gm_aecg_read_marks(gm_ecg *e, const gm_aecg_file *f)
{
    reader r = {.e = e, .f = f};
    for (int derived = 1; derived >= 0; derived--)
        for (size_t i = 0; i < f->n_sets; i++)
            if (is_first_of_series(f, i) &&
                gm_xml_is(f->sets[i].series, derived ? "derivedSeries" : "series"))
                measure_series(e, f->sets[i].series);
    for (size_t i = 0; i < f->n_sets; i++) {
        if (!is_first_of_series(f, i)) continue;
        r.set = &f->sets[i];
        GM_TRY(read_series(&r));
    }
    if (!r.n_outside) return GM_OK;
    return gm_ecg_note(e, "%zu annotations lie outside their waveform: left out", r.n_outside);
}
