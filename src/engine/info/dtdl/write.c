#include "info/dtdl/write.h"

#include <stdlib.h>
#include <string.h>

#include "info/dtdl/parse.h"

bool gm_dtdl_is_inside(const gm_dtdl_element *e)
{
    return e->parent != NULL;
}

static json_t *write_element(const element *e);

static json_t *literal(const value *v)
{
    switch (v->kind) {
    case LITERAL_BOOLEAN: return json_boolean(v->text[0] == 't');
    case LITERAL_INTEGER: return json_integer(strtoll(v->text, NULL, 10));
    case LITERAL_NUMBER: return json_real(strtod(v->text, NULL));
    case LITERAL_STRING: return json_string(v->text);
    case LITERAL_NULL: break;
    }
    return json_null();
}

static json_t *write_value(const element *e, const property *q, const value *v)
{
    const element *t = v->target;
    bool is_here = t && t->parent == e && strcmp(t->parent_property, q->name) == 0;
    if (is_here) return write_element(t);
    return v->is_reference ? json_string(v->text) : literal(v);
}

static json_t *write_property(const element *e, const property *q)
{
    json_t *all = q->values && q->values->language ? json_object() : json_array();
    for (const value *v = q->values; v; v = v->next)
        if (v->language)
            json_object_set_new(all, v->language, json_string(v->text));
        else
            json_array_append_new(all, write_value(e, q, v));
    if (!json_is_array(all) || json_array_size(all) != 1) return all;
    json_t *one = json_incref(json_array_get(all, 0));
    json_decref(all);
    return one;
}

/* What holds here and not outside. */
static void write_context(json_t *to, const element *e)
{
    const contexts *c = e->contexts, *outside = e->parent ? e->parent->contexts : NULL;
    if (c == outside) return;
    json_t *all = json_array();
    bool is_same = outside && c->version == outside->version && c->limits == outside->limits;
    char dtdl[] = "dtmi:dtdl:context;0#limitless";
    dtdl[18] = (char)('0' + c->version);
    if (!c->limits) dtdl[19] = 0;
    if (!is_same) json_array_append_new(all, json_string(dtdl));
    if (!is_same && c->limits) json_array_append_new(all, json_string(c->limits));
    for (size_t i = outside ? outside->n : 0; i < c->n; i++)
        json_array_append_new(all, json_string(c->affiliates[i]));
    json_object_set_new(to, "@context", all);
}

static json_t *write_types(const element *e)
{
    json_t *all = json_array();
    json_array_append_new(all, json_string(e->class_name));
    for (size_t k = 0; k < e->n_types; k++)
        json_array_append_new(all, json_string(e->types[k].id));
    for (size_t k = 0; k < e->n_undefined_types; k++)
        json_array_append_new(all, json_string(e->undefined_types[k]));
    return all;
}

static json_t *write_element(const element *e)
{
    json_t *o = json_object();
    write_context(o, e);
    if (e->has_own_id) json_object_set_new(o, "@id", json_string(e->id));
    json_object_set_new(o, "@type", write_types(e));
    for (const property *q = e->properties; q; q = q->next)
        json_object_set_new(o, q->name, write_property(e, q));
    for (const struct undefined *u = e->undefined; u; u = u->next)
        json_object_set_new(o, u->name, json_loads(u->json, JSON_DECODE_ANY, NULL));
    return o;
}

gm_status gm_dtdl_write(const gm_dtdl_element *e, gm_text *out)
{
    json_t *o = write_element(e);
    char *text = o ? json_dumps(o, JSON_INDENT(2)) : NULL;
    json_decref(o);
    if (!text) return gm_fail(GM_ENOMEM, "DTDL: no memory to write %s", e->id);
    gm_text_add(out, text);
    gm_text_add(out, "\n");
    free(text);
    return gm_text_status(out);
}
