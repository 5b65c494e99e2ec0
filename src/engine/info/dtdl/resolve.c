#include <stdlib.h>
#include <string.h>

#include "info/dtdl/metamodel.h"
#include "info/dtdl/parse.h"

static const char CLASS[] = "dtmi:dtdl:class:";

static const json_t *class_facts(const parse *p, const char *name)
{
    return gm_metamodel_find(p->meta, "classes", name);
}

/* ---- standard elements -------------------------------------------------------------------------- */

/* Reads an element of the language as if it stood in a text. */
static element *read_standard(parse *p, const char *id, const json_t *facts)
{
    json_t *o = json_copy((json_t *)facts);
    json_object_del(o, "parent");
    json_object_set_new(o, "@id", json_string(id));
    char *text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    gm_dom_document *d = NULL;
    if (!text || gm_dom_parse(&d, text, strlen(text)) != GM_OK) p->status = GM_ENOMEM;
    free(text);
    int source = p->source;
    place top = {0};
    element *e = NULL;
    p->source = NO_SOURCE, p->reads_standard = true;
    if (p->status == GM_OK) e = dtdl_read_element(p, gm_dom_root(d), &top);
    p->source = source, p->reads_standard = false;
    gm_dom_destroy(d);
    return e;
}

/* A schema, unit or command type of the language, by any of its names; NULL: there is none of that id. */
static element *add_standard(parse *p, const char *id)
{
    const json_t *s = gm_metamodel_find(p->meta, "elements", id);
    const char *first = json_string_value(json_object_get(s, "aliasFor"));
    element *known = first ? dtdl_find(p, first) : NULL;
    if (known) return known;
    if (first) return add_standard(p, first);
    return s ? read_standard(p, id, s) : NULL;
}

/* ---- references --------------------------------------------------------------------------------- */

static bool fail(parse *p, const reference *r, const char *id, const char *text)
{
    p->source = r->from->source;
    return dtdl_error(p, id, r->from->id, r->in->name, text, r->to->line);
}

/* Beside it the element that is referred to, where it stands. */
static bool fail_with(parse *p, const reference *r, const element *t, const char *id,
                      const char *text)
{
    fail(p, r, id, text);
    dtdl_last(p)->second = t->id;
    if (!t->is_standard) dtdl_second(p, t, 0, 0);
    return false;
}

/* By the language or by any extension. */
static bool is_reserved(const parse *p, const char *id)
{
    const char *context;
    json_t *prefixes;
    json_object_foreach(json_object_get(p->meta, "reservedIdPrefixes"), context, prefixes)
    {
        for (size_t i = 0; i < json_array_size(prefixes); i++) {
            const char *prefix = json_string_value(json_array_get(prefixes, i));
            if (strncmp(id, prefix, strlen(prefix)) == 0) return true;
        }
    }
    return false;
}

/* The type that a supplemental property asks for, by DTMI: a class, or a type that the target states. */
static bool is_of_type(const parse *p, const element *t, const char *type)
{
    const json_t *s = gm_metamodel_find(p->meta, "elements", t->id);
    const json_t *stated = json_object_get(s, "@type");
    if (strncmp(type, CLASS, strlen(CLASS)) == 0) {
        size_t n = strcspn(type + strlen(CLASS), ";");
        char name[64];
        if (n >= sizeof name) return false;
        memcpy(name, type + strlen(CLASS), n), name[n] = 0;
        return dtdl_is_a(p, t, name);
    }
    for (size_t i = 0; i < t->n_types; i++)
        if (strcmp(t->types[i].id, type) == 0) return true;
    const char *name = strrchr(type, ':');
    char bare[96];
    if (!name) return false;
    snprintf(bare, sizeof bare, "%.*s", (int)strcspn(name + 1, ";"), name + 1);
    if (json_is_string(stated)) return strcmp(json_string_value(stated), bare) == 0;
    return gm_metamodel_list_has(stated, bare);
}

static bool check_supplemental(parse *p, const reference *r, const element *t)
{
    const char *type = json_string_value(json_object_get(r->in->facts, "type"));
    const char *family = json_string_value(json_object_get(r->in->facts, "childOf"));
    if (family) {
        const json_t *unit = gm_metamodel_find(p->meta, "elements", t->id);
        const char *parent = json_string_value(json_object_get(unit, "parent"));
        if (parent && strcmp(parent, family) == 0) return true;
        fail(p, r, "wrongParent", NULL);
        dtdl_last(p)->second = r->to->text;
        dtdl_last(p)->restriction = family;
        return false;
    }
    if (!type || is_of_type(p, t, type)) return true;
    fail(p, r, "notRequiredType", NULL);
    dtdl_last(p)->second = t->id;
    dtdl_last(p)->type = dtdl_type_name(p, type);
    return false;
}

static bool check_target(parse *p, const reference *r, const element *t)
{
    const char *wanted = json_string_value(json_object_get(r->in->rule, "class"));
    if (!wanted) return check_supplemental(p, r, t);
    const json_t *versions = json_object_get(r->in->rule, "versions");
    const json_t *concrete = json_object_get(class_facts(p, wanted), "concrete");
    if (!t->class_name ||
        !gm_metamodel_list_has(gm_metamodel_of_version(concrete, t->version), t->class_name)) {
        fail_with(p, r, t, "badType", t->class_name);
        dtdl_last(p)->second_at = dtdl_last(p)->at;
        return false;
    }
    if (versions && !gm_metamodel_list_has_number(versions, t->version))
        return fail(p, r, "disallowedVersionReference", r->to->text);
    bool is_partition = json_is_true(json_object_get(t->class_facts, "partition"));
    if (!t->is_standard && !is_partition && t->partition != r->from->partition)
        return fail_with(p, r, t, "crossPartitionReference",
                         t->partition ? t->partition->id : NULL);
    return true;
}

void dtdl_bind(parse *p)
{
    for (reference *r = p->references; r && p->status == GM_OK; r = r->next) {
        if (r->to->target) continue; /* in an earlier round */
        element *t = dtdl_find(p, r->to->text);
        if (!t) t = add_standard(p, r->to->text);
        if (!t && is_reserved(p, r->to->text)) {
            p->source = r->from->source;
            dtdl_error(p, "undefinedReservedId", r->from->id, r->in->name, NULL, r->in->line);
            gm_dtdl_error *x = dtdl_last(p);
            x->second = r->to->text;
            x->second_at = (gm_dtdl_place){x->at.source, x->at.given, r->to->line, 0};
        }
        r->to->target = t;
        if (t) check_target(p, r, t);
    }
}
