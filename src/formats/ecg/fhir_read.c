#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "ecg/build.h"
#include "ecg/csv_facts.h"
#include "ecg/decimals.h"
#include "ecg/fhir.h"
#include "ecg/fhir_parts.h"
#include "ecg/iso_time.h"

typedef struct {
    const json_t *root;
    const char *name; /* of the file */
    size_t n_channels, n_samples;
    double period_ms;
} reader;

static const char *text_at(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key)); /* NULL: none, or no text */
}

/* ---- data --------------------------------------------------------------------------------------- */

static bool next_word(const char **at, const char **word, size_t *length)
{
    *at += strspn(*at, " \t\r\n");
    *word = *at;
    *length = strcspn(*at, " \t\r\n");
    *at += *length;
    return *length > 0;
}

static size_t count_words(const char *data)
{
    const char *word;
    size_t n = 0, length;
    while (next_word(&data, &word, &length))
        n++;
    return n;
}

typedef enum { VALUE, MISSING, BEYOND, MALFORMED } word_kind;

static word_kind parse_word(const char *word, size_t length, double *value, int *decimals)
{
    char text[GM_EXACT_SIZE];
    if (length == 1 && *word == 'E') return MISSING;
    if (length == 1 && (*word == 'U' || *word == 'L')) return BEYOND;
    if (length >= sizeof text) return MALFORMED;
    memcpy(text, word, length);
    text[length] = 0;
    if (!gm_parse_real(text, value)) return MALFORMED;
    *decimals = gm_decimals_of(text);
    return VALUE;
}

/* Refuses what is no number and finds the power of ten that makes all of them counts. */
static gm_status survey_data(const reader *r, size_t component, const char *data, int *decimals)
{
    const char *word;
    size_t length;
    double value, largest = 0;
    int d;
    *decimals = 0;
    for (size_t i = 0; next_word(&data, &word, &length); i++) {
        word_kind kind = parse_word(word, length, &value, &d);
        if (kind == MALFORMED)
            return gm_fail(
                GM_EFORMAT,
                "%s: component %zu: data: sample %zu is \"%.*s\", expected a decimal, E, U "
                "or L",
                r->name, component, i + 1, (int)(length < 40 ? length : 40), word);
        if (kind != VALUE) continue;
        if (d > *decimals) *decimals = d;
        if (fabs(value) > largest) largest = fabs(value);
    }
    if (*decimals > GM_MOST_DECIMALS) *decimals = GM_MOST_DECIMALS;
    while (*decimals && largest * gm_power_of_ten[*decimals] > INT32_MAX)
        --*decimals;
    if (largest * gm_power_of_ten[*decimals] > INT32_MAX)
        return gm_fail(GM_EFORMAT, "%s: component %zu: data: %g, allowed are -%d to %d", r->name,
                       component, largest, INT32_MAX, INT32_MAX);
    return GM_OK;
}

/* How many samples are beyond the limits of detection. */
static size_t fill_counts(gm_ecg_channel *c, const char *data, int decimals, size_t n)
{
    const char *word;
    size_t length, n_beyond = 0;
    for (size_t i = 0; i < n && next_word(&data, &word, &length); i++) {
        double value = 0;
        int d;
        word_kind kind = parse_word(word, length, &value, &d);
        c->counts[i] = kind == VALUE ? (int32_t)lround(value * gm_power_of_ten[decimals])
                                     : GM_ECG_MISSING_COUNT;
        n_beyond += kind == BEYOND;
    }
    return n_beyond;
}

/* ---- components --------------------------------------------------------------------------------- */

static const json_t *sampled_of(const json_t *component)
{
    const json_t *s = json_object_get(component, "valueSampledData");
    return json_is_object(s) ? s : NULL;
}

/* The code of that system in a CodeableConcept; NULL: none. */
static const char *code_of(const json_t *concept, const char *system)
{
    const json_t *codings = json_object_get(concept, "coding");
    for (size_t i = 0; i < json_array_size(codings); i++) {
        const json_t *c = json_array_get(codings, i);
        const char *of = text_at(c, "system");
        if (of && strcmp(of, system) == 0) return text_at(c, "code");
    }
    return NULL;
}

/* A lead by its name without what MDC puts before it. */
static int lead_by_name(const char *name)
{
    static const char prefix[] = "MDC_ECG_ELEC_POTL_";
    bool has = name && strncmp(name, prefix, sizeof prefix - 1) == 0;
    return gm_lead_index(has ? name + sizeof prefix - 1 : name);
}

static gm_status set_lead(gm_ecg_channel *c, const json_t *concept)
{
    const char *code = code_of(concept, GM_FHIR_MDC), *text = text_at(concept, "text");
    const char *display = text_at(json_array_get(json_object_get(concept, "coding"), 0), "display");
    char potential[16];
    for (int l = 0; code && l < GM_N_LEADS; l++)
        if (strtol(code, NULL, 10) == gm_fhir_mdc_leads[l]) c->lead = l;
    snprintf(potential, sizeof potential, "%d", GM_FHIR_MDC_POTENTIAL);
    if (c->lead < 0 && !(code && strcmp(code, potential) == 0))
        c->lead = lead_by_name(text) >= 0 ? lead_by_name(text) : lead_by_name(display);
    if (!text && c->lead >= 0) text = gm_lead_names[c->lead];
    return gm_ecg_set(&c->name, text ? text : display);
}

static gm_status set_scale(const reader *r, size_t component, gm_ecg_channel *c,
                           const json_t *sampled, int decimals)
{
    char where[512];
    double factor = 1, origin = 0;
    const json_t *quantity = json_object_get(sampled, "origin");
    const char *unit = text_at(quantity, "code"), *text = text_at(quantity, "unit");
    snprintf(where, sizeof where, "%.400s: component %zu", r->name, component);
    GM_TRY(gm_json_real(sampled, where, "factor", "", -1e12, 1e12, &factor));
    GM_TRY(gm_json_real(quantity, where, "value", "origin", -1e12, 1e12, &origin));
    double mv = gm_ecg_unit_mv(unit ? unit : text);
    GM_TRY(gm_ecg_set(&c->unit, text ? text : unit));
    if (!isnan(mv)) {
        if (!(factor > 0))
            return gm_fail(GM_EFORMAT, "%s: factor %g, expected one above 0", where, factor);
        c->mv_per_count = factor * mv / gm_power_of_ten[decimals];
        c->baseline = gm_fhir_baseline(origin * mv, c->mv_per_count);
    } else if (text && strcmp(text, "counts") == 0) {
        c->baseline = gm_fhir_baseline(origin, 1);
    }
    return GM_OK;
}

static gm_status check_sampled(reader *r, size_t component, const json_t *sampled)
{
    char where[512];
    double period = NAN, dimensions = 1;
    const char *data = text_at(sampled, "data");
    snprintf(where, sizeof where, "%.400s: component %zu", r->name, component);
    GM_TRY(gm_json_real(sampled, where, "period", "ms", 1e-6, 1e6, &period));
    GM_TRY(gm_json_real(sampled, where, "dimensions", "", 1, 1, &dimensions));
    if (isnan(period)) return gm_fail(GM_EFORMAT, "%s: no period in ms", where);
    size_t n = data ? count_words(data) : 0;
    if (!n) return gm_fail(GM_EFORMAT, "%s: no data", where);
    if (!r->n_channels) r->period_ms = period, r->n_samples = n;
    if (period != r->period_ms || n != r->n_samples)
        return gm_fail(GM_EFORMAT,
                       "%s: %zu samples every %g ms, the channels before it have %zu every %g ms",
                       where, n, period, r->n_samples, r->period_ms);
    if (++r->n_channels > GM_ECG_MAX_CHANNELS)
        return gm_fail(GM_EFORMAT, "%s: more than %d channels", where, GM_ECG_MAX_CHANNELS);
    return GM_OK;
}

static gm_status read_channel(gm_ecg *e, gm_ecg_channel *c, const reader *r, size_t component,
                              const json_t *from)
{
    const json_t *sampled = sampled_of(from);
    const char *data = text_at(sampled, "data");
    int decimals;
    GM_TRY(set_lead(c, json_object_get(from, "code")));
    GM_TRY(survey_data(r, component, data, &decimals));
    GM_TRY(set_scale(r, component, c, sampled, decimals));
    size_t n_beyond = fill_counts(c, data, decimals, e->n_samples);
    if (!n_beyond) return GM_OK;
    return gm_ecg_note(e, "channel %s: %zu samples are beyond the limits of detection",
                       c->name ? c->name : "?", n_beyond);
}

/* In the unit that we write; another unit is not ours to convert here. */
static void read_number(gm_ecg *e, const json_t *component)
{
    const json_t *quantity = json_object_get(component, "valueQuantity");
    const json_t *value = json_object_get(quantity, "value");
    const char *unit = text_at(quantity, "code");
    for (size_t i = 0; i < GM_FHIR_N_NUMBERS && unit && json_is_number(value); i++) {
        const gm_fhir_number *n = &gm_fhir_numbers[i];
        const char *code = code_of(json_object_get(component, "code"), n->system);
        if (code && strcmp(code, n->code) == 0 && strcmp(unit, n->unit) == 0)
            *(double *)(void *)((char *)e + n->offset) = json_number_value(value);
    }
}

/* ---- who, when, notes --------------------------------------------------------------------------- */

static const json_t *contained(const reader *r, const char *type)
{
    const json_t *all = json_object_get(r->root, "contained");
    for (size_t i = 0; i < json_array_size(all); i++) {
        const char *of = text_at(json_array_get(all, i), "resourceType");
        if (of && strcmp(of, type) == 0) return json_array_get(all, i);
    }
    return NULL;
}

static const json_t *first(const json_t *object, const char *key)
{
    return json_array_get(json_object_get(object, key), 0);
}

static gm_status set_either(char **field, const char *a, const char *b)
{
    return gm_ecg_set(field, a ? a : b);
}

static gm_status read_people(gm_ecg *e, const reader *r)
{
    const json_t *patient = contained(r, "Patient"), *device = contained(r, "Device");
    const json_t *subject = json_object_get(r->root, "subject");
    const json_t *performers = json_object_get(r->root, "performer");
    GM_TRY(set_either(&e->patient.name, text_at(first(patient, "name"), "text"),
                      text_at(subject, "display")));
    GM_TRY(set_either(&e->patient.id, text_at(first(patient, "identifier"), "value"),
                      text_at(json_object_get(subject, "identifier"), "value")));
    GM_TRY(gm_ecg_set(&e->patient.birth_date, text_at(patient, "birthDate")));
    e->patient.sex = gm_ecg_sex_of(text_at(patient, "gender"));
    GM_TRY(set_either(&e->device, text_at(first(device, "deviceName"), "name"),
                      text_at(json_object_get(r->root, "device"), "display")));
    GM_TRY(gm_ecg_set(&e->device_id, text_at(device, "serialNumber")));
    for (size_t i = 0; i < json_array_size(performers); i++) {
        const json_t *p = json_array_get(performers, i);
        const char *type = text_at(p, "type");
        bool is_place = type && strcmp(type, "Organization") == 0;
        char **field = is_place ? &e->institution : &e->physician;
        if (!*field) GM_TRY(gm_ecg_set(field, text_at(p, "display")));
    }
    return gm_ecg_set(&e->acquired, text_at(r->root, "effectiveDateTime"));
}

static bool is_close(double a, double b)
{
    return fabs(a - b) <= 1e-6 * fmax(1, fabs(b));
}

/* A note "key: value" of the writer makes exact what is known roughly; any other is a comment. */
static gm_status read_note(gm_ecg *e, const char *note)
{
    double v;
    unsigned channel;
    int used = 0;
    const char *text;
    if ((text = gm_ecg_fact_value(note, "rate_hz")) && gm_parse_real(text, &v) &&
        is_close(v, e->rate_hz)) {
        e->rate_hz = v;
        return GM_OK;
    }
    if ((text = gm_ecg_fact_value(note, "first_ms")) && gm_parse_real(text, &e->first_ms))
        return GM_OK;
    if (sscanf(note, "baseline %3u%n", &channel, &used) == 1 &&
        (text = gm_ecg_fact_value(note + used, "")) && gm_parse_real(text, &v) && channel >= 1 &&
        channel <= e->n_channels && is_close(v, e->channels[channel - 1].baseline)) {
        e->channels[channel - 1].baseline = v;
        return GM_OK;
    }
    if ((text = gm_ecg_fact_value(note, "acquired")) && gm_is_iso_time(text) &&
        (!e->acquired || strncmp(text, e->acquired, strlen(e->acquired)) == 0))
        return gm_ecg_set(&e->acquired, text);
    if ((text = gm_ecg_fact_value(note, "group"))) return gm_ecg_set(&e->group, text);
    return gm_ecg_add_comment(e, note);
}

static gm_status fill(gm_ecg *e, const reader *r)
{
    const json_t *components = json_object_get(r->root, "component");
    const json_t *notes = json_object_get(r->root, "note");
    size_t channel = 0;
    e->rate_hz = gm_fhir_rate_hz(r->period_ms);
    for (size_t i = 0; i < json_array_size(components); i++) {
        const json_t *c = json_array_get(components, i);
        if (sampled_of(c))
            GM_TRY(read_channel(e, &e->channels[channel++], r, i + 1, c));
        else
            read_number(e, c);
    }
    GM_TRY(read_people(e, r));
    for (size_t i = 0; i < json_array_size(notes); i++) {
        const char *text = text_at(json_array_get(notes, i), "text");
        if (text) GM_TRY(read_note(e, text));
    }
    return gm_ecg_finish(e, r->name);
}

static gm_status read_observation(gm_ecg **out, reader *r)
{
    const char *type = text_at(r->root, "resourceType");
    const json_t *components = json_object_get(r->root, "component");
    if (!type || strcmp(type, "Observation") != 0)
        return gm_fail(GM_EFORMAT, "%s: JSON, but no FHIR Observation", r->name);
    for (size_t i = 0; i < json_array_size(components); i++) {
        const json_t *sampled = sampled_of(json_array_get(components, i));
        if (sampled) GM_TRY(check_sampled(r, i + 1, sampled));
    }
    if (!r->n_channels)
        return gm_fail(GM_EFORMAT, "%s: an Observation without a component with valueSampledData",
                       r->name);
    GM_TRY(gm_ecg_create(out, "FHIR", r->n_channels, r->n_samples));
    return gm_ecg_keep(out, fill(*out, r));
}

gm_status gm_fhir_parse(gm_ecg **out, const void *bytes, size_t length, const char *name)
{
    json_error_t error;
    const char *text = bytes;
    *out = NULL;
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) text += 3, length -= 3;
    json_t *document = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!document)
        return gm_fail(GM_EFORMAT, "%s:%d:%d: not valid JSON: %s", name, error.line, error.column,
                       error.text);
    reader r = {.root = document, .name = name};
    gm_status s = read_observation(out, &r);
    json_decref(document);
    return s;
}
