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

/* The version that its context names; 0: none. */
static int version_of(const json_t *standard)
{
    const json_t *c = json_object_get(standard, "@context");
    const char *text = json_string_value(json_is_array(c) ? json_array_get(c, 0) : c);
    const char *at = text ? strrchr(text, ';') : NULL;
    return at && strncmp(text, "dtmi:dtdl:context;", 18) == 0 ? atoi(at + 1) : 0;
}

static void take_type(parse *p, element *e, const char *type)
{
    if (class_facts(p, type)) {
        e->class_name = type;
        e->class_facts = class_facts(p, type);
    }
}

/* A schema, unit or command type of the language; NULL: there is none of that id. */
static element *add_standard(parse *p, const char *id)
{
    const json_t *s = gm_metamodel_find(p->meta, "elements", id);
    element *e = s ? gm_arena_take(&p->arena, sizeof *e) : NULL;
    if (!e) return NULL;
    const json_t *type = json_object_get(s, "@type");
    *e =
        (element){.id = id, .is_standard = true, .version = version_of(s), .limits = "", .line = 0};
    if (json_is_string(type)) take_type(p, e, json_string_value(type));
    for (size_t i = 0; i < json_array_size(type); i++)
        take_type(p, e, json_string_value(json_array_get(type, i)));
    dtdl_add(p, e);
    return e;
}

/* ---- references --------------------------------------------------------------------------------- */

static bool fail(parse *p, const reference *r, const char *id, const char *text)
{
    p->source = r->from->source;
    return dtdl_error(p, id, r->from->id, r->in->name, text, r->to->line);
}

static bool is_reserved(const char *id)
{
    return strncmp(id, "dtmi:dtdl:", 10) == 0 || strncmp(id, "dtmi:standard:", 14) == 0;
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
        return (parent && strcmp(parent, family) == 0) || fail(p, r, "wrongParent", r->to->text);
    }
    return !type || is_of_type(p, t, type) || fail(p, r, "notRequiredType", NULL);
}

static bool check_target(parse *p, const reference *r, const element *t)
{
    const char *wanted = json_string_value(json_object_get(r->in->rule, "class"));
    if (!wanted) return check_supplemental(p, r, t);
    const json_t *versions = json_object_get(r->in->rule, "versions");
    const json_t *concrete = json_object_get(class_facts(p, wanted), "concrete");
    if (!t->class_name ||
        !gm_metamodel_list_has(gm_metamodel_of_version(concrete, t->version), t->class_name))
        return fail(p, r, "badType", t->class_name);
    if (versions && !gm_metamodel_list_has_number(versions, t->version))
        return fail(p, r, "disallowedVersionReference", r->to->text);
    bool is_partition = json_is_true(json_object_get(t->class_facts, "partition"));
    if (!t->is_standard && !is_partition && t->partition != r->from->partition)
        return fail(p, r, "crossPartitionReference", t->partition ? t->partition->id : NULL);
    return true;
}

void dtdl_bind(parse *p)
{
    for (reference *r = p->references; r && p->status == GM_OK; r = r->next) {
        element *t = dtdl_find(p, r->to->text);
        if (!t) t = add_standard(p, r->to->text);
        if (!t && is_reserved(r->to->text)) {
            p->source = r->from->source;
            dtdl_error(p, "undefinedReservedId", r->from->id, r->in->name, NULL, r->in->line);
        }
        r->to->target = t;
        if (t) check_target(p, r, t);
    }
}
