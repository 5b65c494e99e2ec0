#include "ecg/aecg.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/text.h"
#include "ecg/aecg_parts.h"
#include "ecg/build.h"
#include "ecg/format.h"

enum { MAX_SETS = 1000 };

/* ---- small values ------------------------------------------------------------------------------- */

bool gm_aecg_quantity(const xmlNode *node, double *value, const char **unit)
{
    const char *text = gm_xml_attribute(node, "value");
    *unit = gm_xml_attribute(node, "unit");
    return text && gm_parse_real(text, value);
}

double gm_aecg_unit_s(const char *unit)
{
    static const struct {
        const char *name;
        double s;
    } units[] = {{"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"min", 60}};
    for (size_t i = 0; unit && i < sizeof units / sizeof *units; i++)
        if (strcmp(unit, units[i].name) == 0) return units[i].s;
    return NAN;
}

const char *gm_aecg_lead_name(const char *code)
{
    static const char prefix[] = "MDC_ECG_LEAD_";
    int lead = gm_lead_index(code);
    if (lead >= 0) return gm_lead_names[lead];
    return strncmp(code, prefix, sizeof prefix - 1) == 0 ? code + sizeof prefix - 1 : code;
}

/* "SLIST_PQ" of xsi:type="SLIST_PQ" or "hl7:SLIST_PQ". */
static const char *type_of(const xmlNode *value)
{
    const char *type = gm_xml_attribute(value, "type");
    const char *colon = type ? strchr(type, ':') : NULL;
    return colon ? colon + 1 : type ? type : "";
}

static const char *code_of(const xmlNode *node)
{
    const char *code = gm_xml_attribute(gm_xml_child(node, "code"), "code");
    return code ? code : "";
}

/* ---- digits ------------------------------------------------------------------------------------- */

typedef struct {
    const xmlNode *text; /* the rest of the element's texts */
    const char *at;
} digits;

static digits digits_of(const xmlNode *sequence)
{
    const xmlNode *d = gm_xml_at(sequence, "value/digits");
    return (digits){d ? d->children : NULL, NULL};
}

static bool next_digit(digits *d, const char **word, size_t *length)
{
    for (; d->text; d->text = d->text->next, d->at = NULL) {
        if (d->text->type != XML_TEXT_NODE || !d->text->content) continue;
        if (!d->at) d->at = (const char *)d->text->content;
        while (isspace((unsigned char)*d->at))
            d->at++;
        if (!*d->at) continue;
        *word = d->at;
        while (*d->at && !isspace((unsigned char)*d->at))
            d->at++;
        *length = (size_t)(d->at - *word);
        return true;
    }
    return false;
}

static size_t count_digits(const xmlNode *sequence)
{
    digits d = digits_of(sequence);
    const char *word;
    size_t n = 0, length;
    while (next_digit(&d, &word, &length))
        n++;
    return n;
}

/* HL7 version 3 data types, NullFlavor. */
static bool is_null_flavour(const char *word, size_t length)
{
    static const char *const flavours[] = {"NI",   "INV",  "DER", "OTH", "NINF", "PINF",
                                           "UNC",  "MSK",  "NA",  "UNK", "ASKU", "NAV",
                                           "NASK", "NAVU", "QS",  "TRC", "NP",   "NaN"};
    for (size_t i = 0; i < sizeof flavours / sizeof *flavours; i++)
        if (strlen(flavours[i]) == length && memcmp(word, flavours[i], length) == 0) return true;
    return false;
}

static bool parse_count(const char *word, size_t length, int32_t *count)
{
    char text[16];
    if (length >= sizeof text) return false;
    memcpy(text, word, length);
    text[length] = 0;
    long v;
    if (!gm_parse_long(text, &v) || v <= INT32_MIN || v > INT32_MAX) return false;
    *count = (int32_t)v;
    return true;
}

static gm_status read_digits(gm_ecg_channel *c, const xmlNode *sequence, size_t n, const char *name)
{
    digits d = digits_of(sequence);
    const char *word;
    size_t length;
    for (size_t i = 0; i < n; i++) {
        c->counts[i] = GM_ECG_MISSING_COUNT;
        if (!next_digit(&d, &word, &length) || is_null_flavour(word, length)) continue;
        if (!parse_count(word, length, &c->counts[i]))
            return gm_fail(
                GM_EFORMAT,
                "%s: lead %s: digit %zu is \"%.*s\", expected a whole number above %d and "
                "up to %d, or a null flavour",
                name, c->name, i + 1, (int)(length < 40 ? length : 40), word, INT32_MIN, INT32_MAX);
    }
    return GM_OK;
}

/* ---- a sequence set ----------------------------------------------------------------------------- */

static const xmlNode *first_sequence(const xmlNode *set)
{
    const xmlNode *c = gm_xml_child(set, "component");
    while (c && !gm_xml_child(c, "sequence"))
        c = gm_xml_next(c, "component");
    return gm_xml_child(c, "sequence");
}

static const xmlNode *next_sequence(const xmlNode *sequence)
{
    const xmlNode *c = gm_xml_next(sequence->parent, "component");
    while (c && !gm_xml_child(c, "sequence"))
        c = gm_xml_next(c, "component");
    return gm_xml_child(c, "sequence");
}

static bool is_time(const xmlNode *sequence)
{
    return strncmp(code_of(sequence), "TIME_", 5) == 0;
}

static gm_status read_time(gm_aecg_set *s, const xmlNode *sequence, const char *name)
{
    const xmlNode *value = gm_xml_child(sequence, "value");
    const xmlNode *head = gm_xml_child(value, "head"),
                  *increment = gm_xml_child(value, "increment");
    const char *type = type_of(value), *unit;
    double step, start;
    if (strcmp(type, "GLIST_TS") != 0 && strcmp(type, "GLIST_PQ") != 0)
        return gm_fail(GM_EFORMAT,
                       "%s: %s is a \"%.30s\": only equal steps (GLIST_TS, GLIST_PQ) can be read",
                       name, code_of(sequence), type);
    if (!gm_aecg_quantity(increment, &step, &unit) || !(step * gm_aecg_unit_s(unit) > 0))
        return gm_fail(
            GM_EFORMAT, "%s: %s: increment \"%.30s\" %.10s, expected a time above 0 in s, ms or us",
            name, code_of(sequence),
            gm_xml_attribute(increment, "value") ? gm_xml_attribute(increment, "value") : "",
            unit ? unit : "");
    s->step_s = step * gm_aecg_unit_s(unit);
    if (strcmp(type, "GLIST_TS") == 0) {
        s->has_start = gm_hl7_time_parse(&s->start, gm_xml_attribute(head, "value"));
    } else {
        s->is_relative = true;
        if (gm_aecg_quantity(head, &start, &unit) && isfinite(start * gm_aecg_unit_s(unit)))
            s->head_s = start * gm_aecg_unit_s(unit);
    }
    return GM_OK;
}

/* Counts leads and samples. Very unequal leads are refused: they would take far more memory than the
 * file has bytes. */
static gm_status survey(gm_aecg_set *s, const char *name)
{
    size_t fewest = SIZE_MAX;
    for (const xmlNode *q = first_sequence(s->sequences); q; q = next_sequence(q)) {
        if (is_time(q)) {
            GM_TRY(read_time(s, q, name));
            continue;
        }
        size_t n = count_digits(q);
        if (!n) continue;
        s->n_leads++;
        if (n > s->n_samples) s->n_samples = n;
        if (n < fewest) fewest = n;
    }
    if (!s->n_leads) return GM_OK;
    if (s->n_leads > GM_ECG_MAX_CHANNELS)
        return gm_fail(GM_EFORMAT, "%s: a sequence set of %zu leads, allowed are %d", name,
                       s->n_leads, GM_ECG_MAX_CHANNELS);
    if (fewest < s->n_samples / 2)
        return gm_fail(GM_EFORMAT, "%s: leads of %zu and of %zu digits in one sequence set", name,
                       fewest, s->n_samples);
    if (!(s->step_s > 0))
        return gm_fail(GM_EFORMAT, "%s: a sequence set without a time sequence", name);
    if (!s->has_start) /* the next best: when the series began */
        s->has_start = gm_hl7_time_parse(
            &s->start, gm_xml_attribute(gm_xml_at(s->series, "effectiveTime/low"), "value"));
    return GM_OK;
}

static gm_status read_scale(gm_ecg *e, gm_ecg_channel *c, const xmlNode *value, const char *name)
{
    const char *type = type_of(value), *unit, *origin_unit;
    double scale, origin = 0;
    if (strcmp(type, "SLIST_INT") == 0) return GM_OK; /* numbers without a unit */
    if (strcmp(type, "SLIST_PQ") != 0)
        return gm_fail(GM_EFORMAT, "%s: lead %s is a \"%.30s\", allowed are SLIST_PQ and SLIST_INT",
                       name, c->name, type);
    if (!gm_aecg_quantity(gm_xml_child(value, "scale"), &scale, &unit))
        return gm_fail(GM_EFORMAT, "%s: lead %s: no scale that is a number", name, c->name);
    GM_TRY(gm_ecg_set(&c->unit, unit));
    double mv = gm_ecg_unit_mv(unit);
    if (isnan(mv)) return GM_OK;
    c->mv_per_count = scale * mv;
    if (!gm_aecg_quantity(gm_xml_child(value, "origin"), &origin, &origin_unit))
        return gm_ecg_note(e, "lead %s: no origin is stated: taken as 0", c->name);
    double origin_mv = origin == 0 ? 0 : origin * (origin_unit ? gm_ecg_unit_mv(origin_unit) : mv);
    if (!isfinite(origin_mv))
        return gm_fail(GM_EFORMAT, "%s: lead %s: origin in \"%.20s\", scale in \"%.20s\"", name,
                       c->name, origin_unit ? origin_unit : "", unit);
    if (origin_mv != 0) c->baseline = -origin_mv / c->mv_per_count;
    return GM_OK;
}

static gm_status read_lead(gm_ecg *e, gm_ecg_channel *c, const xmlNode *sequence, const char *name)
{
    const char *lead = gm_aecg_lead_name(code_of(sequence));
    GM_TRY(gm_ecg_set(&c->name, *lead ? lead : "?"));
    c->lead = gm_lead_index(c->name);
    GM_TRY(read_scale(e, c, gm_xml_child(sequence, "value"), name));
    GM_TRY(read_digits(c, sequence, e->n_samples, name));
    size_t n = count_digits(sequence);
    if (n == e->n_samples) return GM_OK;
    return gm_ecg_note(e, "lead %s ends after %zu of %zu samples", c->name, n, e->n_samples);
}

static gm_status set_group(gm_ecg *e, const gm_aecg_set *s)
{
    char group[64];
    snprintf(group, sizeof group, "%s", code_of(s->series));
    for (char *p = group; *p; p++)
        if (*p == '_') *p = ' ';
    return gm_ecg_set(&e->group, group);
}

/* 1/0.002 is 500, and a step that is written as 0.00278 or 0.002777778 is what it says. */
static double rate_of(double step_s)
{
    double rate = 1 / step_s;
    return fabs(rate - round(rate)) < 1e-9 * rate ? round(rate) : rate;
}

static gm_status read_set(gm_aecg_set *s, const char *name)
{
    GM_TRY(gm_ecg_create(&s->ecg, "aECG", s->n_leads, s->n_samples));
    gm_ecg *e = s->ecg;
    e->rate_hz = rate_of(s->step_s);
    GM_TRY(set_group(e, s));
    size_t c = 0;
    for (const xmlNode *q = first_sequence(s->sequences); q; q = next_sequence(q)) {
        if (is_time(q)) continue;
        if (count_digits(q))
            GM_TRY(read_lead(e, &e->channels[c++], q, name));
        else
            GM_TRY(gm_ecg_note(e, "lead %.40s has no digits: left out", code_of(q)));
    }
    gm_aecg_read_filters(e, s->series);
    return gm_ecg_finish(e, name);
}

/* ---- the file ----------------------------------------------------------------------------------- */

static gm_status add_sets(gm_aecg_file *f, const xmlNode *series)
{
    for (const xmlNode *c = gm_xml_child(series, "component"); c; c = gm_xml_next(c, "component")) {
        gm_aecg_set s = {.series = series, .sequences = gm_xml_child(c, "sequenceSet")};
        if (!s.sequences) continue;
        GM_TRY(survey(&s, f->name));
        if (!s.n_leads) continue;
        if (f->n_sets == MAX_SETS)
            return gm_fail(GM_EFORMAT, "%s: more than %d sequence sets", f->name, MAX_SETS);
        gm_aecg_set *more = gm_realloc(f->sets, f->n_sets + 1, sizeof *more);
        if (!more) return gm_fail(GM_ENOMEM, "%s: no memory", f->name);
        f->sets = more;
        more[f->n_sets++] = s;
    }
    return GM_OK;
}

static gm_status find_sets(gm_aecg_file *f)
{
    const xmlNode *c = gm_xml_child(f->root, "component");
    for (; c; c = gm_xml_next(c, "component")) {
        const xmlNode *series = gm_xml_child(c, "series");
        GM_TRY(add_sets(f, series));
        const xmlNode *d = gm_xml_child(series, "derivation");
        for (; d; d = gm_xml_next(d, "derivation"))
            GM_TRY(add_sets(f, gm_xml_child(d, "derivedSeries")));
    }
    if (f->n_sets) return GM_OK;
    return gm_fail(GM_EFORMAT,
                   "%s: an AnnotatedECG without a lead (component/series/component/sequenceSet)",
                   f->name);
}

/* The longest rhythm; where there is none, the longest of all. The first of equals. */
static size_t main_set(const gm_aecg_file *f)
{
    size_t best = 0;
    for (size_t i = 1; i < f->n_sets; i++)
        if (gm_ecg_is_rather_record(f->sets[i].ecg, f->sets[best].ecg)) best = i;
    return best;
}

static void set_first_ms(gm_aecg_set *s, const gm_aecg_set *record)
{
    if (s->is_relative)
        s->ecg->first_ms = 1000 * s->head_s;
    else if (s != record && s->has_start && record->has_start && !record->is_relative)
        s->ecg->first_ms = 1000 * gm_hl7_time_difference_s(&s->start, &record->start);
}

static gm_status assemble(gm_ecg **out, gm_aecg_file *f)
{
    for (size_t i = 0; i < f->n_sets; i++)
        GM_TRY(read_set(&f->sets[i], f->name));
    gm_aecg_set *record = &f->sets[main_set(f)];
    for (size_t i = 0; i < f->n_sets; i++)
        set_first_ms(&f->sets[i], record);
    gm_ecg *e = *out = record->ecg;
    record->ecg = NULL;
    for (size_t i = 0; i < f->n_sets; i++) {
        gm_ecg *other = f->sets[i].ecg;
        if (!other) continue;
        f->sets[i].ecg = NULL;
        GM_TRY(gm_ecg_add_other(e, other));
        f->sets[i].group = e->n_others;
    }
    GM_TRY(gm_aecg_read_facts(e, f, record));
    return gm_aecg_read_marks(e, f);
}

gm_status gm_aecg_parse(gm_ecg **out, const void *bytes, size_t length, const char *name)
{
    *out = NULL;
    xmlDoc *document;
    GM_TRY(gm_xml_parse(&document, bytes, length, name));
    gm_aecg_file f = {.name = name, .root = xmlDocGetRootElement(document)};
    gm_status s = gm_xml_is(f.root, "AnnotatedECG")
                      ? find_sets(&f)
                      : gm_fail(GM_EFORMAT, "%s: XML, but not an AnnotatedECG", name);
    if (s == GM_OK) s = gm_ecg_keep(out, assemble(out, &f));
    for (size_t i = 0; i < f.n_sets; i++)
        gm_ecg_destroy(f.sets[i].ecg);
    gm_free(f.sets);
    xmlFreeDoc(document);
    return s;
}

static bool looks_like_aecg(const char *bytes, size_t length)
{
    return gm_xml_begins_with(bytes, length, "AnnotatedECG");
}

static gm_status read_aecg(gm_ecg **out, const char *path, const char *bytes, size_t length)
{
    return gm_aecg_parse(out, bytes, length, path);
}

const gm_ecg_format gm_ecg_format_aecg = {
    .id = "aECG", .ending = ".xml", .sniff = looks_like_aecg, .read = read_aecg};
