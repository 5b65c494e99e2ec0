#include "info/dtdl/model.h"

#include <stdlib.h>
#include <string.h>

#include "info/dtdl/duration.h"
#include "info/dtdl/metamodel.h"
#include "info/dtdl/parse.h"

const char *gm_dtdl_id(const gm_dtdl_element *e)
{
    return e->id;
}

const char *gm_dtdl_class(const gm_dtdl_element *e)
{
    return e->class_name;
}

bool gm_dtdl_is_standard(const gm_dtdl_element *e)
{
    return e->is_standard;
}

const gm_dtdl_element *gm_dtdl_next(const gm_dtdl_element *e)
{
    return e->next;
}

gm_dtdl_place gm_dtdl_place_of(const gm_dtdl_element *e)
{
    return (gm_dtdl_place){e->source, NULL, e->line, e->end_line};
}

bool gm_dtdl_is_of_class(const gm_dtdl_element *e, const char *class_name)
{
    return gm_metamodel_list_has(json_object_get(e->class_facts, "is"), class_name);
}

size_t gm_dtdl_n_types(const gm_dtdl_element *e)
{
    return e->n_types;
}

const char *gm_dtdl_type_at(const gm_dtdl_element *e, size_t k)
{
    return k < e->n_types ? e->types[k].id : NULL;
}

bool gm_dtdl_has_type(const gm_dtdl_element *e, const char *id)
{
    for (size_t k = 0; k < e->n_types; k++)
        if (strcmp(e->types[k].id, id) == 0) return true;
    return false;
}

/* Contents come with those of the bases. */
static const property *whole_property(const element *e, const char *name)
{
    if (e->imported && strcmp(name, "contents") == 0) return e->imported;
    return dtdl_property(e, name);
}

static const value *value_at(const gm_dtdl_element *e, const char *name, size_t k)
{
    const property *q = whole_property(e, name);
    const value *v = q ? q->values : NULL;
    for (; v && k > 0; k--)
        v = v->next;
    return v;
}

const char *gm_dtdl_literal(const gm_dtdl_element *e, const char *name, size_t k)
{
    const value *v = value_at(e, name, k);
    return v && !v->target ? v->text : NULL;
}

const gm_dtdl_element *gm_dtdl_child(const gm_dtdl_element *e, const char *name, size_t k)
{
    const value *v = value_at(e, name, k);
    return v ? v->target : NULL;
}

const char *gm_dtdl_name(const gm_dtdl_element *e)
{
    return gm_dtdl_literal(e, "name", 0);
}

const char *gm_dtdl_text_in(const gm_dtdl_element *e, const char *name, const char *language)
{
    const property *q = dtdl_property(e, name);
    const char *any = NULL, *english = NULL;
    for (const value *v = q ? q->values : NULL; v; v = v->next) {
        if (v->language && strcmp(v->language, language) == 0) return v->text;
        if (v->language && strncmp(v->language, "en", 2) == 0 && !english) english = v->text;
        if (!any) any = v->text;
    }
    return english ? english : any;
}

const gm_dtdl_element *gm_dtdl_content(const gm_dtdl_element *interface, const char *name)
{
    const property *q = whole_property(interface, "contents");
    for (const value *v = q ? q->values : NULL; v; v = v->next) {
        const char *is = v->target ? gm_dtdl_name(v->target) : NULL;
        if (is && strcmp(is, name) == 0) return v->target;
    }
    return NULL;
}

/* ---- description -------------------------------------------------------------------------------- */

static json_t *literal(const value *v)
{
    switch (v->kind) {
    case LITERAL_BOOLEAN: return json_boolean(strcmp(v->text, "true") == 0);
    case LITERAL_INTEGER: return json_integer(strtoll(v->text, NULL, 10));
    case LITERAL_NUMBER: return json_real(strtod(v->text, NULL));
    case LITERAL_STRING: return json_string(v->text);
    case LITERAL_NULL: break;
    }
    return json_null();
}

static json_t *one(const value *v)
{
    if (v->target) return json_string(v->target->id);
    return v->is_reference ? json_string(v->text) : literal(v);
}

static json_t *by_language(const property *q)
{
    json_t *all = json_object();
    for (const value *v = q ? q->values : NULL; v; v = v->next)
        json_object_set_new(all, v->language, json_string(v->text));
    return all;
}

static json_t *by_name(const property *q, const char *class_name)
{
    json_t *all = json_object();
    for (const value *v = q ? q->values : NULL; v; v = v->next)
        if (v->target && (!class_name || strcmp(v->target->class_name, class_name) == 0))
            json_object_set_new(all, gm_dtdl_name(v->target), json_string(v->target->id));
    return all;
}

static json_t *list(const property *q)
{
    json_t *all = json_array();
    for (const value *v = q ? q->values : NULL; v; v = v->next)
        json_array_append_new(all, one(v));
    return all;
}

static json_t *property_of(const element *e, const char *name, const json_t *facts)
{
    const property *q = whole_property(e, name);
    const char *type = json_string_value(json_object_get(facts, "datatype"));
    if (strcmp(name, "contents") == 0) return by_name(q, NULL);
    if (type && strcmp(type, "langString") == 0) return by_language(q);
    if (json_is_true(json_object_get(facts, "plural"))) return list(q);
    if (q && q->values) return one(q->values);
    bool is_flag = type && strcmp(type, "boolean") == 0;
    return is_flag ? json_false() : json_null();
}

/* What follows from the rest. */
static void add_derived(json_t *to, const gm_dtdl_model *m, const element *e)
{
    static const char *const sorts[][2] = {{"commands", "Command"},
                                           {"components", "Component"},
                                           {"properties", "Property"},
                                           {"relationships", "Relationship"},
                                           {"telemetries", "Telemetry"}};
    const property *q = whole_property(e, "contents");
    json_object_set_new(to, "languageMajorVersion", json_integer(e->version));
    const element *in = e->parent ? e->partition : NULL;
    json_object_set_new(to, "definedIn", in && in != e ? json_string(in->id) : json_null());
    if (strcmp(e->class_name, "Interface") != 0) return;
    for (size_t k = 0; k < sizeof sorts / sizeof *sorts; k++)
        json_object_set_new(to, sorts[k][0], by_name(q, sorts[k][1]));
    json_t *by = json_array();
    for (const element *x = gm_dtdl_first(m); x; x = x->next) {
        const property *bases = dtdl_property(x, "extends");
        for (const value *v = bases ? bases->values : NULL; v; v = v->next)
            if (v->target == e) json_array_append_new(by, json_string(x->id));
    }
    json_object_set_new(to, "extendedBy", by);
}

static json_t *properties_of(const gm_dtdl_model *m, const element *e)
{
    json_t *all = json_object(), *facts;
    const char *name;
    json_object_foreach(json_object_get(e->class_facts, "properties"), name, facts)
    {
        json_object_set_new(all, name, property_of(e, name, facts));
    }
    add_derived(all, m, e);
    return all;
}

static json_t *supplemental_value(const property *q)
{
    const char *type = json_string_value(json_object_get(q->facts, "typeName"));
    char span[40];
    if (q->n != 1) return list(q);
    bool is_span = type && strcmp(type, "duration") == 0 && gm_dtdl_span(q->values->text, span);
    return is_span ? json_string(span) : one(q->values);
}

static json_t *supplemental_of(const element *e)
{
    json_t *all = json_object();
    for (const property *q = e->properties; q; q = q->next)
        if (strncmp(q->name, "dtmi:", 5) == 0)
            json_object_set_new(all, q->name, supplemental_value(q));
    return all;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum { MOST_SORTED = 64 };

static json_t *types_of(const element *e)
{
    const char *ids[MOST_SORTED];
    size_t n = 0;
    json_t *all = json_array();
    for (; n < e->n_types && n < MOST_SORTED; n++)
        ids[n] = e->types[n].id;
    if (n) qsort(ids, n, sizeof *ids, by_text);
    for (size_t k = 0; k < n; k++)
        json_array_append_new(all, json_string(ids[k]));
    return all;
}

gm_status gm_dtdl_describe(json_t **out, const gm_dtdl_model *m, const gm_dtdl_element *e)
{
    json_t *undefined = json_object(), *types = json_array();
    for (const struct undefined *u = e->undefined; u; u = u->next)
        json_object_set_new(undefined, u->name, json_loads(u->json, JSON_DECODE_ANY, NULL));
    for (size_t k = 0; k < e->n_undefined_types; k++)
        json_array_append_new(types, json_string(e->undefined_types[k]));
    *out = json_pack("{s:s,s:s,s:o,s:o,s:o,s:o,s:o}", "id", e->id, "type", e->class_name,
                     "supplementalTypes", types_of(e), "supplementalProperties", supplemental_of(e),
                     "undefinedTypes", types, "undefinedProperties", undefined, "properties",
                     properties_of(m, e));
    return *out ? GM_OK : gm_fail(GM_ENOMEM, "DTDL: no memory for a description");
}
