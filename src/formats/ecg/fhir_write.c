#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "ecg/csv_facts.h"
#include "ecg/decimals.h"
#include "ecg/fhir.h"
#include "ecg/fhir_parts.h"
#include "ecg/iso_time.h"

/* json_pack() refuses NULL values; those and failures of memory come out as NULL, found at the end. */
typedef struct {
    const gm_ecg *e;
    gm_ecg_files *files;
    json_t *root;
    int digits; /* that every real needs */
    const char *path;
} writer;

static json_t *exact(writer *w, double v)
{
    char text[GM_EXACT_SIZE];
    int digits = gm_write_exactly(text, v);
    if (digits > w->digits) w->digits = digits;
    return json_real(v);
}

static json_t *coding(const char *system, const char *code, const char *display)
{
    return json_pack("{s:[{s:s, s:s, s:s}]}", "coding", "system", system, "code", code, "display",
                     display);
}

/* Gives `value` to the object; an object that nothing was put into is not added. */
static void put(json_t *object, const char *key, json_t *value)
{
    bool empty = (json_is_object(value) && json_object_size(value) == 0) ||
                 (json_is_array(value) && json_array_size(value) == 0);
    if (value && !empty)
        json_object_set_new(object, key, value);
    else
        json_decref(value);
}

static void put_text(json_t *object, const char *key, const char *text)
{
    if (text) put(object, key, json_string(text));
}

static void add_note(writer *w, const char *text)
{
    json_t *notes = json_object_get(w->root, "note");
    if (!notes) {
        notes = json_array();
        json_object_set_new(w->root, "note", notes);
    }
    json_array_append_new(notes, json_pack("{s:s}", "text", text));
}

static void add_number_note(writer *w, const char *key, double v)
{
    char text[80], number[GM_EXACT_SIZE];
    gm_write_exactly(number, v);
    snprintf(text, sizeof text, "%s: %s", key, number);
    add_note(w, text);
}

/* ---- times -------------------------------------------------------------------------------------- */

static void add_acquired(writer *w)
{
    const char *text = w->e->acquired;
    char note[320];
    if (!text) return;
    size_t n = strcspn(text, "T ");
    bool seconds = false, zone = false, has_date = gm_is_iso_date(text, n);
    bool has_time = n == 10 && text[n] == 'T' && gm_is_iso_clock(text + n + 1, &seconds, &zone);
    /* R4 requires seconds and a zone of a time. */
    bool whole = has_date && (!text[n] || (has_time && seconds && zone));
    if (has_date)
        put(w->root, "effectiveDateTime", whole ? json_string(text) : json_stringn(text, n));
    if (whole) return;
    snprintf(note, sizeof note, "acquired: %s", text);
    add_note(w, note);
}

/* ---- who ---------------------------------------------------------------------------------------- */

static gm_status add_patient(writer *w, json_t *contained)
{
    static const char *const genders[] = {NULL, "female", "male", "other"};
    const gm_ecg_patient *p = &w->e->patient;
    json_t *patient = json_object(), *subject = json_object();
    bool has_birth = p->birth_date && gm_is_iso_date(p->birth_date, strlen(p->birth_date));
    if (p->id) {
        put(patient, "identifier", json_pack("[{s:s}]", "value", p->id));
        put(subject, "identifier", json_pack("{s:s}", "value", p->id));
    }
    if (p->name) put(patient, "name", json_pack("[{s:s}]", "text", p->name));
    put_text(patient, "gender", genders[p->sex]);
    if (has_birth) put_text(patient, "birthDate", p->birth_date);
    if (json_object_size(patient)) {
        json_object_set_new(patient, "resourceType", json_string("Patient"));
        json_object_set_new(patient, "id", json_string("patient"));
        json_object_set_new(subject, "reference", json_string("#patient"));
        put_text(subject, "display", p->name);
        json_array_append(contained, patient);
    }
    put(w->root, "subject", subject);
    json_decref(patient);
    if (p->birth_date && !has_birth)
        return gm_ecg_files_leave_out(w->files, "birth date \"%.40s\", no date as FHIR writes it",
                                      p->birth_date);
    return GM_OK;
}

static void add_device(writer *w, json_t *contained)
{
    const gm_ecg *e = w->e;
    if (!e->device && !e->device_id) return;
    json_t *device = json_pack("{s:s, s:s}", "resourceType", "Device", "id", "device");
    put_text(device, "serialNumber", e->device_id);
    if (e->device)
        put(device, "deviceName",
            json_pack("[{s:s, s:s}]", "name", e->device, "type", "model-name"));
    json_array_append_new(contained, device);
    json_t *reference = json_pack("{s:s}", "reference", "#device");
    put_text(reference, "display", e->device);
    put(w->root, "device", reference);
}

static void add_performers(writer *w)
{
    json_t *performers = json_array();
    if (w->e->physician)
        json_array_append_new(performers, json_pack("{s:s, s:s}", "type", "Practitioner", "display",
                                                    w->e->physician));
    if (w->e->institution)
        json_array_append_new(performers, json_pack("{s:s, s:s}", "type", "Organization", "display",
                                                    w->e->institution));
    put(w->root, "performer", performers);
}

/* ---- samples ------------------------------------------------------------------------------------ */

static gm_status data_of(gm_text *out, const writer *w, const gm_ecg_channel *c)
{
    for (size_t i = 0; i < w->e->n_samples; i++) {
        if (i) gm_text_add(out, " ");
        if (c->counts[i] == GM_ECG_MISSING_COUNT)
            gm_text_add(out, "E");
        else
            gm_text_addf(out, "%d", c->counts[i]);
    }
    GM_TRY(gm_text_status(out));
    if (out->length > GM_FHIR_MAX_STRING)
        return gm_fail(
            GM_EINVAL,
            "%s: channel %s: its %zu samples take %zu characters, a string of FHIR R4 holds "
            "at most %d: convert a shorter record",
            w->path, c->name ? c->name : "?", w->e->n_samples, out->length, GM_FHIR_MAX_STRING);
    return GM_OK;
}

static json_t *code_of(const gm_ecg_channel *c)
{
    char code[16], display[40] = "MDC_ECG_ELEC_POTL";
    json_t *concept = NULL;
    if (c->lead >= 0) {
        size_t n = strlen(display);
        snprintf(display + n, sizeof display - n, "_%s", gm_lead_names[c->lead]);
        for (char *p = display; *p; p++)
            *p = (char)toupper((unsigned char)*p);
    }
    if (c->lead >= 0 || !isnan(c->mv_per_count)) {
        snprintf(code, sizeof code, "%d",
                 c->lead >= 0 ? gm_fhir_mdc_leads[c->lead] : GM_FHIR_MDC_POTENTIAL);
        concept = coding(GM_FHIR_MDC, code, display);
    } else {
        concept = json_object();
    }
    put_text(concept, "text", c->name);
    return concept;
}

static json_t *origin_of(writer *w, const gm_ecg_channel *c, bool is_mv)
{
    double scale = is_mv ? c->mv_per_count : 1;
    double origin = c->baseline != 0 && isfinite(c->baseline) ? -c->baseline * scale : 0;
    json_t *quantity = json_object();
    put(quantity, "value", exact(w, origin));
    put_text(quantity, "unit", is_mv ? "mV" : "counts");
    if (is_mv) put_text(quantity, "system", GM_FHIR_UCUM);
    if (is_mv) put_text(quantity, "code", "mV");
    return quantity;
}

static gm_status add_channel(writer *w, json_t *components, size_t index)
{
    const gm_ecg_channel *c = &w->e->channels[index];
    bool is_mv = !isnan(c->mv_per_count);
    gm_text data = {0};
    gm_status s = data_of(&data, w, c);
    if (s == GM_OK) {
        json_t *sampled = json_object(), *origin = origin_of(w, c, is_mv);
        double at = json_number_value(json_object_get(origin, "value"));
        put(sampled, "origin", origin);
        put(sampled, "period", exact(w, 1000 / w->e->rate_hz));
        if (is_mv) put(sampled, "factor", exact(w, c->mv_per_count));
        put(sampled, "dimensions", json_integer(1));
        put(sampled, "data", json_stringn(data.data, data.length));
        json_t *component = json_object();
        put(component, "code", code_of(c));
        put(component, "valueSampledData", sampled);
        json_array_append_new(components, component);
        char key[32];
        snprintf(key, sizeof key, "baseline %zu", index + 1);
        if (gm_fhir_baseline(at, is_mv ? c->mv_per_count : 1) != c->baseline &&
            isfinite(c->baseline))
            add_number_note(w, key, c->baseline);
    }
    gm_text_free(&data);
    if (s != GM_OK || is_mv || !c->unit || strcmp(c->unit, "counts") == 0) return s;
    return gm_ecg_files_leave_out(w->files, "unit %.40s of %s, whose scale is not known", c->unit,
                                  c->name ? c->name : "?");
}

static void add_number(writer *w, json_t *components, const gm_fhir_number *n)
{
    double v = *(const double *)(const void *)((const char *)w->e + n->offset);
    if (!isfinite(v)) return;
    json_t *component = json_object(), *quantity = json_object();
    put(component, "code", coding(n->system, n->code, n->display));
    put(quantity, "value", exact(w, v));
    put_text(quantity, "unit", n->unit);
    put_text(quantity, "system", GM_FHIR_UCUM);
    put_text(quantity, "code", n->unit);
    put(component, "valueQuantity", quantity);
    json_array_append_new(components, component);
}

static gm_status add_components(writer *w)
{
    json_t *components = json_array();
    gm_status s = GM_OK;
    for (size_t c = 0; c < w->e->n_channels && s == GM_OK; c++)
        s = add_channel(w, components, c);
    for (size_t i = 0; i < GM_FHIR_N_NUMBERS && s == GM_OK; i++)
        add_number(w, components, &gm_fhir_numbers[i]);
    put(w->root, "component", components);
    return s;
}

/* ---- the resource ------------------------------------------------------------------------------- */

static void add_head(writer *w)
{
    json_object_set_new(w->root, "resourceType", json_string("Observation"));
    json_object_set_new(w->root, "contained", json_array());
    json_object_set_new(w->root, "status", json_string("final"));
    json_t *category = json_array();
    json_array_append_new(category,
                          coding("http://terminology.hl7.org/CodeSystem/observation-category",
                                 "procedure", "Procedure"));
    json_object_set_new(w->root, "category", category);
    json_object_set_new(w->root, "code", coding(GM_FHIR_LOINC, "11524-6", "EKG study"));
}

static gm_status build(writer *w)
{
    const gm_ecg *e = w->e;
    char group[320];
    add_head(w);
    json_t *contained = json_object_get(w->root, "contained");
    GM_TRY(add_patient(w, contained));
    add_acquired(w);
    add_performers(w);
    for (size_t i = 0; i < e->n_comments; i++)
        add_note(w, e->comments[i]);
    snprintf(group, sizeof group, "group: %s", e->group ? e->group : "");
    if (e->group) add_note(w, group);
    if (e->first_ms != 0) add_number_note(w, "first_ms", e->first_ms);
    if (gm_fhir_rate_hz(1000 / e->rate_hz) != e->rate_hz) add_number_note(w, "rate_hz", e->rate_hz);
    add_device(w, contained);
    if (json_array_size(contained) == 0) json_object_del(w->root, "contained");
    GM_TRY(add_components(w));
    return gm_ecg_leave_out_details(w->files, e);
}

gm_status gm_fhir_write(gm_ecg_files *files, const gm_ecg *e, const char *path)
{
    writer w = {.e = e, .files = files, .root = json_object(), .digits = 15, .path = path};
    gm_text out = {0};
    gm_status s = w.root ? build(&w) : gm_fail(GM_ENOMEM, "%s: no memory", path);
    if (s == GM_OK) s = gm_json_write(w.root, w.digits, &out);
    if (s == GM_OK) s = gm_ecg_files_add(files, path, out.data, out.length);
    gm_text_free(&out);
    json_decref(w.root);
    return s;
}
