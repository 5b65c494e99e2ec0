#include <stdlib.h>
#include <string.h>

#include "info/dtdl/dtmi.h"
#include "info/dtdl/metamodel.h"
#include "info/dtdl/reading.h"

enum { MOST_TYPES = 64 };

static bool fail(const reading *r, const char *id, const char *in, const char *text, int line)
{
    return dtdl_error(r->p, id, r->e->id, in, text, line);
}

/* Told of what the element stands in. */
static bool fail_outside(const reading *r, const char *id, const char *text, int line)
{
    const element *parent = r->at->parent;
    return dtdl_error(r->p, id, parent ? parent->id : NULL, r->at->property, text, line);
}

static bool stop(const reading *r, const char *id, const char *in, const char *text, int line)
{
    r->p->is_stopped = true;
    return fail(r, id, in, text, line);
}

/* Of the whole element. */
static bool fail_whole(const reading *r, const char *id, const char *primary, const char *in,
                       const char *text)
{
    dtdl_error(r->p, id, primary, in, text, r->object->line);
    dtdl_ends_at(r->p, r->object->end_line);
    return false;
}

/* ---- keywords and id ---------------------------------------------------------------------------- */

static bool check_keywords(const reading *r)
{
    bool is_top = !r->at->parent, has[3] = {false, false, false};
    static const char *const known[] = {"@context", "@id", "@type"};
    static const char *const repeated[] = {"repeatedContextProperty", "repeatedIdProperty",
                                           "repeatedTypeProperty"};
    for (size_t i = 0; i < r->object->n; i++) {
        const gm_dom *c = &r->object->children[i];
        bool is_known = false;
        if (c->key[0] != '@') continue;
        for (int k = 0; k < 3; k++) {
            if (strcmp(c->key, known[k]) != 0) continue;
            if (has[k]) return stop(r, repeated[k], c->key, NULL, c->line);
            has[k] = is_known = true;
        }
        if (strcmp(c->key, "@graph") == 0) {
            r->p->is_stopped = true;
            return fail_outside(r, is_top ? "topLevelGraphDisallowed" : "graphDisallowed", NULL,
                                c->line);
        }
        if (!is_known && r->v.version > 2)
            fail_outside(r, is_top ? "topLevelKeywordDisallowed" : "keywordDisallowed", c->key,
                         c->line);
    }
    return true;
}

static bool is_reserved(const reading *r, const char *id)
{
    const char *context;
    json_t *prefixes;
    char dtdl[] = "dtmi:dtdl:context;0";
    dtdl[sizeof dtdl - 2] = (char)('0' + r->v.version);
    json_object_foreach(json_object_get(r->p->meta, "reservedIdPrefixes"), context, prefixes)
    {
        bool is_active = strcmp(context, dtdl) == 0;
        for (size_t i = 0; i < r->v.n_affiliates; i++)
            is_active |= strcmp(context, r->v.affiliates[i].id) == 0;
        for (size_t i = 0; is_active && i < json_array_size(prefixes); i++) {
            const char *prefix = json_string_value(json_array_get(prefixes, i));
            if (strncmp(id, prefix, strlen(prefix)) == 0) return true;
        }
    }
    return false;
}

static long longest_id(const reading *r, const char *class_name)
{
    const json_t *d = json_object_get(r->p->meta, "identifierDefinition");
    if (class_name) d = json_object_get(d, class_name);
    return gm_metamodel_limit(
        json_object_get(gm_metamodel_of_version(d, r->v.version), "maxLength"), r->v.limits);
}

static bool read_id(reading *r)
{
    const gm_dom *id = gm_dom_member(r->object, "@id");
    if (!id) return true;
    if (id->type != GM_DOM_STRING || id->length == 0)
        return stop(r, "idNotString", NULL, NULL, id->line);
    r->e->id_line = id->line;
    long most = longest_id(r, NULL);
    if (most >= 0 && id->length > (size_t)most)
        return stop(r, "idTooLong", NULL, id->text, id->line);
    if (!gm_dtmi_is(id->text, r->v.version)) return stop(r, "invalidId", NULL, id->text, id->line);
    bool may_reserve = r->p->reads_standard || (r->p->tolerates && r->v.version == 2);
    if (!may_reserve && is_reserved(r, id->text))
        return stop(r, "reservedId", NULL, id->text, id->line);
    r->e->id = gm_arena_text(&r->p->arena, id->text, id->length);
    r->e->has_own_id = true;
    return true;
}

/* dtmi:a:b;1 with segments put before its version. */
static const char *extend_id(parse *p, const char *id, const char *name, const char *key)
{
    const char *version = strchr(id, ';');
    int n = version ? (int)(version - id) : (int)strlen(id);
    return gm_arena_textf(&p->arena, "%.*s:_%s%s%s%s", n, id, name, key ? ":__" : "",
                          key ? key : "", version ? version : "");
}

/* The text of a member that is a term or the DTMI of that term. */
static const char *key_of(const reading *r, const char *name)
{
    const char *id, *wanted;
    dtdl_resolve(&r->v, name, &wanted);
    for (size_t i = 0; i < r->object->n; i++) {
        const gm_dom *c = &r->object->children[i];
        if (c->key[0] == '@') continue;
        dtdl_resolve(&r->v, c->key, &id);
        if (strcmp(id, wanted) != 0) continue;
        const gm_dom *v = c->type == GM_DOM_ARRAY && c->n == 1 ? &c->children[0] : c;
        if (v->type == GM_DOM_OBJECT) v = gm_dom_member(v, "@value");
        return v && v->type == GM_DOM_STRING ? v->text : NULL;
    }
    return NULL;
}

static void generate_id(reading *r)
{
    const place *at = r->at;
    if (r->e->has_own_id) return;
    const char *segment = json_string_value(json_object_get(at->facts, "dtmiSegment"));
    const char *key = segment ? key_of(r, segment) : NULL;
    if (segment && !key) {
        fail_whole(r, "missingDtmiSegPropertyValue", at->parent->id, at->property, segment);
        key = gm_arena_textf(&r->p->arena, "unnamed%zu", r->p->n_elements);
    }
    r->e->id = extend_id(r->p, at->parent->id, at->property, key);
}

/* ---- type --------------------------------------------------------------------------------------- */

static const json_t *class_facts(const reading *r, const char *name)
{
    return gm_metamodel_find(r->p->meta, "classes", name);
}

/* "dtmi:dtdl:class:Interface;3" of this version: "Interface". */
static const char *class_of_id(const reading *r, const char *id)
{
    static const char prefix[] = "dtmi:dtdl:class:";
    if (strncmp(id, prefix, strlen(prefix)) != 0) return NULL;
    const char *name = id + strlen(prefix), *version = strchr(name, ';');
    if (!version || atoi(version + 1) != r->v.version) return NULL;
    char *copy = gm_arena_text(&r->p->arena, name, (size_t)(version - name));
    const json_t *facts = copy ? class_facts(r, copy) : NULL;
    return gm_metamodel_list_has_number(json_object_get(facts, "versions"), r->v.version) ? copy
                                                                                          : NULL;
}

static bool is_active(const reading *r, const json_t *type)
{
    const char *context = json_string_value(json_object_get(type, "extensionContext"));
    if (!context || strncmp(context, "dtmi:dtdl:context;", 18) == 0) return true;
    for (size_t i = 0; i < r->v.n_affiliates; i++)
        if (r->v.affiliates[i].terms == gm_metamodel_find(r->p->meta, "contexts", context))
            return true;
    return false;
}

/* What the table of the unknown says of a kind of name: "valid", "tenable", "invalid". */
bool reading_tolerates(const reading *r, const char *what)
{
    const json_t *table =
        gm_metamodel_of_version(json_object_get(r->p->meta, "apocrypha"), r->v.version);
    const char *verdict = json_string_value(json_object_get(table, what));
    if (!verdict || strcmp(verdict, "invalid") == 0) return false;
    return strcmp(verdict, "valid") == 0 || r->v.is_incomplete;
}

static bool judge_unknown_type(reading *r, name_kind kind, const gm_dom *t)
{
    static const struct {
        const char *what, *error;
    } table[] = {[NAME_DTMI] = {"irrelevantDtmiOrTermAsCotype", "typeIrrelevantDtmiOrTerm"},
                 [NAME_TERM] = {"irrelevantDtmiOrTermAsCotype", "typeIrrelevantDtmiOrTerm"},
                 [NAME_URI] = {"notDtmiNorTermAsCotype", "typeNotDtmiNorTerm"},
                 [NAME_BAD_DTMI] = {"invalidDtmiAsCotype", "typeInvalidDtmi"},
                 [NAME_UNDEFINED] = {"undefinedTermAsCotype", "typeUndefinedTerm"}};
    if (!reading_tolerates(r, table[kind].what))
        return fail(r, table[kind].error, NULL, t->text, r->e->type_line);
    element *e = r->e;
    e->has_undefined_type = true;
    if (e->n_undefined_types < MOST_UNDEFINED)
        e->undefined_types[e->n_undefined_types++] =
            gm_arena_text(&r->p->arena, t->text, t->length);
    return true;
}

static void add_type(reading *r, const char *id, const json_t *facts, int line)
{
    element *e = r->e;
    for (size_t i = 0; i < e->n_types; i++)
        if (e->types[i].facts == facts) return;
    if (!e->types) e->types = gm_arena_take(&r->p->arena, MOST_TYPES * sizeof *e->types);
    if (!e->types || e->n_types == MOST_TYPES) {
        r->p->status = GM_ENOMEM;
        return;
    }
    e->types[e->n_types].id = gm_arena_text(&r->p->arena, id, strlen(id));
    e->types[e->n_types].line = line;
    e->types[e->n_types++].facts = facts;
}

static bool set_class(reading *r, const char *class_name)
{
    element *e = r->e;
    if (e->class_name && strcmp(e->class_name, class_name) != 0)
        return fail(r, "multipleMaterialTypes", NULL,
                    gm_arena_textf(&r->p->arena, "%s and %s", e->class_name, class_name),
                    e->type_line);
    e->class_name = class_name;
    return true;
}

static bool read_type(reading *r, const gm_dom *t)
{
    const char *id;
    if (t->type != GM_DOM_STRING) return fail(r, "typeNotString", "@type", NULL, t->line);
    name_kind kind = dtdl_resolve(&r->v, t->text, &id);
    const char *class_name = kind <= NAME_TERM ? class_of_id(r, id) : NULL;
    if (class_name) return set_class(r, class_name);
    const json_t *facts =
        kind <= NAME_TERM ? gm_metamodel_find(r->p->meta, "supplemental", id) : NULL;
    if (!facts || !is_active(r, facts)) return judge_unknown_type(r, kind, t);
    if (json_is_true(json_object_get(facts, "abstract"))) {
        fail(r, "abstractSupplementalType", NULL, NULL, r->e->type_line);
        dtdl_last(r->p)->type = dtdl_type_name(r->p, id);
        return false;
    }
    add_type(r, id, facts, r->e->type_line);
    const char *kind_of = json_string_value(json_object_get(facts, "extensionKind"));
    const json_t *extensible = gm_metamodel_of_version(
        json_object_get(r->p->meta, "extensibleMaterialClasses"), r->v.version);
    if (!gm_metamodel_list_has(extensible, kind_of)) return true;
    if (!r->e->class_name || strcmp(r->e->class_name, kind_of) == 0) return set_class(r, kind_of);
    fail_outside(r, "badType", dtdl_type_name(r->p, id), r->at->line);
    dtdl_second(r->p, r->e, 0, 0);
    return false;
}

/* The class that an element without @type is, where one may be left out. */
static const char *inferred_class(const reading *r)
{
    const char *name = json_string_value(json_object_get(r->at->rule, "class"));
    const json_t *facts = name ? class_facts(r, name) : NULL;
    const json_t *optional = json_object_get(facts, "typeOptional");
    return gm_metamodel_list_has_number(optional, r->v.version) ? name : NULL;
}

/* Some classes have only the elements that the language itself defines. */
static bool can_be_defined(const reading *r, const element *e)
{
    const json_t *elemental = json_object_get(e->class_facts, "elemental");
    return r->p->reads_standard || !gm_metamodel_list_has_number(elemental, r->v.version);
}

static bool check_class(reading *r)
{
    element *e = r->e;
    const char *wanted = json_string_value(json_object_get(r->at->rule, "class"));
    e->class_facts = class_facts(r, e->class_name);
    if (!r->at->parent && r->p->reads_standard) return true;
    if (!r->at->parent) {
        const json_t *rootable =
            gm_metamodel_of_version(json_object_get(r->p->meta, "rootableClasses"), r->v.version);
        if (gm_metamodel_list_has(rootable, e->class_name)) return true;
        return fail_whole(r, "typeNotRootable", NULL, NULL, e->id);
    }
    const json_t *concrete = json_object_get(wanted ? class_facts(r, wanted) : NULL, "concrete");
    if (can_be_defined(r, e) &&
        gm_metamodel_list_has(gm_metamodel_of_version(concrete, r->v.version), e->class_name))
        return true;
    fail_outside(r, "badType", e->class_name, r->at->line);
    dtdl_second(r->p, e, 0, 0);
    return false;
}

/* An inline definition of an older version is allowed where the property says so. */
static bool check_version(reading *r)
{
    const json_t *versions = json_object_get(r->at->rule, "versions");
    if (!versions || gm_metamodel_list_has_number(versions, r->v.version)) return true;
    const gm_dom *context = gm_dom_member(r->object, "@context");
    return fail_outside(r, "disallowedVersionDefinition", NULL,
                        context ? context->line : r->at->line);
}

static bool read_types(reading *r)
{
    const gm_dom *t = gm_dom_member(r->object, "@type");
    bool good = true;
    r->e->type_line = t ? t->line : r->object->line;
    if (t && t->type == GM_DOM_ARRAY)
        for (size_t i = 0; i < t->n; i++)
            good &= read_type(r, &t->children[i]);
    else if (t)
        good = read_type(r, t);
    if (!t) r->e->class_name = inferred_class(r);
    if (!good) return false;
    if (!r->e->class_name) {
        fail_outside(r, "badType", NULL, r->at->line);
        dtdl_second(r->p, r->e, 0, 0);
        return false;
    }
    return check_class(r) && check_version(r);
}

static bool check_id_of_class(reading *r)
{
    element *e = r->e;
    bool of_class =
        gm_metamodel_list_has_number(json_object_get(e->class_facts, "idRequired"), r->v.version);
    bool required = of_class || json_is_true(json_object_get(r->at->rule, "idRequired"));
    if (!e->has_own_id && !r->at->parent) {
        r->p->is_stopped = true;
        return fail_whole(r, "missingTopLevelId", e->id, NULL, NULL);
    }
    if (!e->has_own_id && required)
        return fail_whole(r, "missingRequiredId", r->at->parent->id, r->at->property, NULL);
    if (!e->has_own_id) return true;
    long most = longest_id(r, e->class_name);
    if (most >= 0 && strlen(e->id) > (size_t)most)
        return stop(r, "idTooLongForClass", NULL, e->id, e->id_line);
    return true;
}

/* ---- the element -------------------------------------------------------------------------------- */

static bool open_vocabulary(reading *r)
{
    const gm_dom *context = gm_dom_member(r->object, "@context");
    r->v = r->at->vocabulary;
    if (context) return dtdl_read_context(r->p, context, &r->v);
    if (r->v.version) return true;
    r->p->is_stopped = true;
    return fail_whole(r, "missingContext", r->e->id, NULL, NULL);
}

static bool is_partition(const element *e)
{
    return json_is_true(json_object_get(e->class_facts, "partition"));
}

static bool fail_defined(const reading *r, const element *first)
{
    int source = r->p->source;
    r->p->source = first->source;
    fail(r, "duplicateDefinition", NULL, NULL, first->id_line);
    r->p->source = source;
    dtdl_second(r->p, r->e, r->e->id_line, 0);
    dtdl_last(r->p)->second = NULL;
    return false;
}

static bool open_element(reading *r)
{
    element *e = r->e;
    if (!open_vocabulary(r)) return false;
    e->version = r->v.version, e->limits = r->v.limits, e->contexts = r->v.written;
    if (!check_keywords(r) || !read_id(r)) return false;
    if (!e->id && r->at->parent) generate_id(r);
    if (!read_types(r) || !check_id_of_class(r)) return false;
    e->partition = is_partition(e) ? e : r->at->parent ? r->at->parent->partition : NULL;
    if (dtdl_add(r->p, e)) return true;
    if (e->has_own_id) return fail_defined(r, dtdl_find(r->p, e->id));
    e->is_dropped = r->p->tolerates && r->v.version == 2;
    return !e->is_dropped; /* names that repeat are told by whoever holds them */
}

element *dtdl_read_element(parse *p, const gm_dom *object, const place *at)
{
    element *e = gm_arena_take(&p->arena, sizeof *e);
    if (!e) {
        p->status = GM_ENOMEM;
        return NULL;
    }
    *e = (element){.parent = at->parent,
                   .is_standard = p->reads_standard,
                   .parent_property = at->property,
                   .source = p->source,
                   .line = object->line,
                   .end_line = object->end_line,
                   .limits = ""};
    e->last_property = &e->properties;
    reading r = {.p = p, .object = object, .at = at, .e = e};
    if (!open_element(&r)) return e;
    for (size_t i = 0; i < object->n && !p->is_stopped && p->status == GM_OK; i++)
        if (object->children[i].key[0] != '@') reading_member(&r, &object->children[i]);
    return e;
}
