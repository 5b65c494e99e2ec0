#include <stdlib.h>
#include <string.h>

#include "info/dtdl/dtmi.h"
#include "info/dtdl/metamodel.h"
#include "info/dtdl/parse.h"

enum { MOST_TYPES = 64 };

/* One element while it is read. */
typedef struct {
    parse *p;
    const gm_dom *object;
    const place *at;
    vocabulary v;
    element *e;
    const char *stated[MOST_TYPES]; /* material classes and co-types by id */
    size_t n_stated;
} reading;

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
    if (id->type != GM_DOM_STRING) return stop(r, "idNotString", NULL, NULL, id->line);
    r->e->id_line = id->line;
    long most = longest_id(r, NULL);
    if (most >= 0 && id->length > (size_t)most)
        return stop(r, "idTooLong", NULL, id->text, id->line);
    if (!gm_dtmi_is(id->text, r->v.version)) return stop(r, "invalidId", NULL, id->text, id->line);
    if (is_reserved(r, id->text)) return stop(r, "reservedId", NULL, id->text, id->line);
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
        fail_outside(r, "missingDtmiSegPropertyValue", segment, r->object->line);
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
static bool tolerates(const reading *r, const char *what)
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
    if (!tolerates(r, table[kind].what))
        return fail(r, table[kind].error, NULL, t->text, r->e->type_line);
    r->e->has_undefined_type = true;
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

static bool read_type(reading *r, const gm_dom *t)
{
    const char *id;
    if (t->type != GM_DOM_STRING) return fail(r, "typeNotString", "@type", NULL, t->line);
    name_kind kind = dtdl_resolve(&r->v, t->text, &id);
    const char *class_name = kind <= NAME_TERM ? class_of_id(r, id) : NULL;
    if (class_name) {
        if (r->e->class_name && strcmp(r->e->class_name, class_name) != 0)
            return fail(r, "multipleMaterialTypes", NULL,
                        gm_arena_textf(&r->p->arena, "%s and %s", r->e->class_name, class_name),
                        r->e->type_line);
        r->e->class_name = class_name;
        return true;
    }
    const json_t *facts =
        kind <= NAME_TERM ? gm_metamodel_find(r->p->meta, "supplemental", id) : NULL;
    if (!facts || !is_active(r, facts)) return judge_unknown_type(r, kind, t);
    if (json_is_true(json_object_get(facts, "abstract")))
        return fail(r, "abstractSupplementalType", NULL, t->text, r->e->type_line);
    add_type(r, id, facts, r->e->type_line);
    return true;
}

/* The class that an element without @type is, where one may be left out. */
static const char *inferred_class(const reading *r)
{
    const char *name = json_string_value(json_object_get(r->at->rule, "class"));
    const json_t *facts = name ? class_facts(r, name) : NULL;
    const json_t *optional = json_object_get(facts, "typeOptional");
    return gm_metamodel_list_has_number(optional, r->v.version) ? name : NULL;
}

static bool check_class(reading *r)
{
    element *e = r->e;
    const char *wanted = json_string_value(json_object_get(r->at->rule, "class"));
    e->class_facts = class_facts(r, e->class_name);
    if (!r->at->parent) {
        const json_t *rootable =
            gm_metamodel_of_version(json_object_get(r->p->meta, "rootableClasses"), r->v.version);
        if (gm_metamodel_list_has(rootable, e->class_name)) return true;
        return dtdl_error(r->p, "typeNotRootable", NULL, NULL, e->id, r->object->line);
    }
    const json_t *concrete = json_object_get(wanted ? class_facts(r, wanted) : NULL, "concrete");
    if (gm_metamodel_list_has(gm_metamodel_of_version(concrete, r->v.version), e->class_name))
        return true;
    return fail_outside(r, "badType", e->class_name, r->at->line);
}

/* An inline definition of an older version is allowed where the property says so. */
static bool check_version(reading *r)
{
    const json_t *versions = json_object_get(r->at->rule, "versions");
    if (!versions || gm_metamodel_list_has_number(versions, r->v.version)) return true;
    return fail_outside(r, "disallowedVersionDefinition", NULL, r->at->line);
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
    if (!r->e->class_name) return fail_outside(r, "badType", NULL, r->at->line);
    return check_class(r) && check_version(r);
}

static bool check_id_of_class(reading *r)
{
    element *e = r->e;
    bool of_class =
        gm_metamodel_list_has_number(json_object_get(e->class_facts, "idRequired"), r->v.version);
    bool required = of_class || json_is_true(json_object_get(r->at->rule, "idRequired"));
    if (!e->has_own_id && !r->at->parent)
        return stop(r, "missingTopLevelId", NULL, NULL, r->object->line);
    if (!e->has_own_id && required)
        return fail_outside(r, "missingRequiredId", NULL, r->object->line);
    if (!e->has_own_id) return true;
    long most = longest_id(r, e->class_name);
    if (most >= 0 && strlen(e->id) > (size_t)most)
        return stop(r, "idTooLongForClass", NULL, e->id, e->id_line);
    return true;
}

/* ---- members ------------------------------------------------------------------------------------ */

static property *start_property(reading *r, const char *name, const json_t *facts,
                                const json_t *rule, int line)
{
    property *q = gm_arena_take(&r->p->arena, sizeof *q);
    if (!q) {
        r->p->status = GM_ENOMEM;
        return NULL;
    }
    *q = (property){
        .name = name, .facts = facts, .rule = rule, .line = line, .next = r->e->properties};
    q->last = &q->values;
    r->e->properties = q;
    return q;
}

static value *add_value(reading *r, property *q, const char *id, int line)
{
    value *v = gm_arena_take(&r->p->arena, sizeof *v);
    if (!v) {
        r->p->status = GM_ENOMEM;
        return NULL;
    }
    *v = (value){.is_reference = true, .text = id, .line = line};
    *q->last = v;
    q->last = &v->next;
    q->n++;
    return v;
}

static void add_reference(reading *r, property *q, const char *id, int line)
{
    value *v = add_value(r, q, gm_arena_text(&r->p->arena, id, strlen(id)), line);
    reference *ref = v ? gm_arena_take(&r->p->arena, sizeof *ref) : NULL;
    if (!ref) {
        r->p->status = GM_ENOMEM;
        return;
    }
    *ref = (reference){.from = r->e, .in = q, .to = v};
    *r->p->last_reference = ref;
    r->p->last_reference = &ref->next;
}

static bool is_id_alone(const gm_dom *o)
{
    return o->n == 1 && strcmp(o->children[0].key, "@id") == 0;
}

static void read_reference(reading *r, property *q, const gm_dom *v)
{
    const char *id;
    name_kind kind = dtdl_resolve(&r->v, v->text, &id);
    if (kind <= NAME_TERM)
        add_reference(r, q, id, v->line);
    else
        fail(r, "badDtmiOrTerm", q->name, v->text, v->line);
}

static void read_object_value(reading *r, property *q, const gm_dom *v)
{
    switch (v->type) {
    case GM_DOM_STRING: read_reference(r, q, v); return;
    case GM_DOM_NULL: fail(r, "propertyValueNull", q->name, NULL, v->line); return;
    case GM_DOM_OBJECT: break;
    default: fail(r, "refNotStringOrObject", q->name, NULL, v->line); return;
    }
    if (is_id_alone(v)) {
        fail(r, "idReference", q->name, v->children[0].text, v->line);
        return;
    }
    place at = {r->e, q->name, q->facts, q->rule, r->v, q->line};
    element *child = dtdl_read_element(r->p, v, &at);
    if (!child || !child->id) return;
    value *x = add_value(r, q, child->id, v->line);
    if (x) x->target = child;
}

static void read_objects(reading *r, property *q, const gm_dom *v)
{
    if (v->type != GM_DOM_ARRAY) {
        read_object_value(r, q, v);
        return;
    }
    for (size_t i = 0; i < v->n && !r->p->is_stopped; i++)
        read_object_value(r, q, &v->children[i]);
}

/* An identifier that stands for itself: the target of a relationship. */
static void read_identifier(reading *r, property *q, const gm_dom *v)
{
    const gm_dom *one = v->type == GM_DOM_ARRAY && v->n == 1 ? &v->children[0] : v;
    const char *id;
    if (v->type == GM_DOM_ARRAY && v->n == 0) return;
    if (one->type == GM_DOM_NULL) {
        fail(r, "propertyValueNull", q->name, NULL, one->line);
        return;
    }
    if (one->type != GM_DOM_STRING) {
        fail(r,
             v->type == GM_DOM_ARRAY && v->n > 1 ? "identifierMultipleValues"
                                                 : "identifierNotString",
             q->name, NULL, one->line);
        return;
    }
    name_kind kind = dtdl_resolve(&r->v, one->text, &id);
    long most = gm_metamodel_limit(json_object_get(q->rule, "maxLength"), r->v.limits);
    if (kind > NAME_TERM)
        fail(r, "identifierNotDtmi", q->name, one->text, one->line);
    else if (most >= 0 && one->length > (size_t)most)
        fail(r, "identifierTooLong", q->name, one->text, one->line);
    else
        add_value(r, q, gm_arena_text(&r->p->arena, id, strlen(id)), one->line);
}

static void read_member_of_class(reading *r, const char *name, const json_t *facts,
                                 const json_t *rule, const gm_dom *v)
{
    if (dtdl_property(r->e, name)) {
        fail(r, "duplicatePropertyName", name, NULL, v->line);
        return;
    }
    property *q = start_property(r, name, facts, rule, v->line);
    if (!q) return;
    if (json_is_true(json_object_get(facts, "literal")))
        dtdl_read_literal(r->p, r->e, q, v, json_string_value(json_object_get(facts, "datatype")));
    else if (json_object_get(rule, "class"))
        read_objects(r, q, v);
    else
        read_identifier(r, q, v);
}

/* ---- supplemental members ----------------------------------------------------------------------- */

/* The datatype of a supplemental property that is a literal; NULL: an element. */
static const char *supplemental_datatype(const json_t *facts)
{
    static const char xsd[] = "http://www.w3.org/2001/XMLSchema#";
    const char *type = json_string_value(json_object_get(facts, "type"));
    if (!type || strncmp(type, xsd, strlen(xsd)) != 0) return NULL;
    const char *name = type + strlen(xsd);
    if (strcmp(name, "decimal") == 0) return "numeric";
    return strcmp(name, "duration") == 0 ? "string" : name;
}

static const json_t *find_supplemental(const reading *r, const char *id)
{
    for (size_t i = 0; i < r->e->n_types; i++)
        for (const json_t *t = r->e->types[i].facts; t;) {
            const json_t *facts = gm_metamodel_find(t, "properties", id);
            if (facts) return facts;
            const char *parent = json_string_value(json_object_get(t, "parent"));
            t = parent ? gm_metamodel_find(r->p->meta, "supplemental", parent) : NULL;
        }
    return NULL;
}

static void read_supplemental(reading *r, const char *id, const json_t *facts, const gm_dom *v)
{
    const char *datatype = supplemental_datatype(facts);
    if (dtdl_property(r->e, id)) {
        fail(r, "duplicatePropertyName", id, NULL, v->line);
        return;
    }
    property *q =
        start_property(r, gm_arena_text(&r->p->arena, id, strlen(id)), facts, facts, v->line);
    if (!q) return;
    if (datatype)
        dtdl_read_literal(r->p, r->e, q, v, datatype);
    else if (json_object_get(facts, "type") || json_object_get(facts, "childOf"))
        read_objects(r, q, v);
    else
        read_identifier(r, q, v);
}

static void judge_unknown_member(reading *r, name_kind kind, const gm_dom *c)
{
    static const struct {
        const char *what, *error;
    } table[] = {[NAME_DTMI] = {"irrelevantDtmiOrTermAsProperty", "propertyIrrelevantDtmiOrTerm"},
                 [NAME_TERM] = {"irrelevantDtmiOrTermAsProperty", "propertyIrrelevantDtmiOrTerm"},
                 [NAME_URI] = {"notDtmiNorTermAsProperty", "propertyNotDtmiNorTerm"},
                 [NAME_BAD_DTMI] = {"invalidDtmiAsProperty", "propertyInvalidDtmi"},
                 [NAME_UNDEFINED] = {"undefinedTermAsProperty", "propertyUndefinedTerm"}};
    if (!tolerates(r, table[kind].what))
        fail(r, table[kind].error, c->key, NULL, c->line);
    else if (!r->e->has_undefined_type)
        fail(r, gm_dom_member(r->object, "@type") ? "noTypeThatAllows" : "inferredTypeDoesNotAllow",
             c->key, NULL, c->line);
}

static void read_member(reading *r, const gm_dom *c)
{
    static const char prefix[] = "dtmi:dtdl:property:";
    const char *id;
    name_kind kind = dtdl_resolve(&r->v, c->key, &id);
    if (kind <= NAME_TERM && strncmp(id, prefix, strlen(prefix)) == 0) {
        const char *name = id + strlen(prefix), *version = strchr(name, ';');
        char *bare =
            gm_arena_text(&r->p->arena, name, version ? (size_t)(version - name) : strlen(name));
        const json_t *facts = gm_metamodel_find(r->e->class_facts, "properties", bare);
        const json_t *rule = gm_metamodel_of_version(facts, r->v.version);
        if (rule && version && atoi(version + 1) == r->v.version) {
            read_member_of_class(r, bare, facts, rule, c);
            return;
        }
    }
    const json_t *facts = kind <= NAME_TERM ? find_supplemental(r, id) : NULL;
    if (facts)
        read_supplemental(r, id, facts, c);
    else
        judge_unknown_member(r, kind, c);
}

/* ---- the element -------------------------------------------------------------------------------- */

static bool open_vocabulary(reading *r)
{
    const gm_dom *context = gm_dom_member(r->object, "@context");
    r->v = r->at->vocabulary;
    if (context) return dtdl_read_context(r->p, context, &r->v);
    if (r->v.version) return true;
    return stop(r, "missingContext", NULL, NULL, r->object->line);
}

static bool is_partition(const element *e)
{
    return json_is_true(json_object_get(e->class_facts, "partition"));
}

static bool open_element(reading *r)
{
    element *e = r->e;
    if (!open_vocabulary(r)) return false;
    e->version = r->v.version, e->limits = r->v.limits;
    if (!check_keywords(r) || !read_id(r)) return false;
    if (!e->id && r->at->parent) generate_id(r);
    if (!read_types(r) || !check_id_of_class(r)) return false;
    e->partition = is_partition(e) ? e : r->at->parent ? r->at->parent->partition : NULL;
    if (dtdl_add(r->p, e)) return true;
    if (e->has_own_id)
        return fail(r, "duplicateDefinition", NULL, NULL, dtdl_find(r->p, e->id)->id_line);
    return true; /* names that repeat are told by whoever holds them */
}

element *dtdl_read_element(parse *p, const gm_dom *object, const place *at)
{
    element *e = gm_arena_take(&p->arena, sizeof *e);
    if (!e) {
        p->status = GM_ENOMEM;
        return NULL;
    }
    *e = (element){.parent = at->parent,
                   .parent_property = at->property,
                   .source = p->source,
                   .line = object->line,
                   .end_line = object->end_line,
                   .limits = ""};
    reading r = {.p = p, .object = object, .at = at, .e = e};
    if (!open_element(&r)) return e;
    for (size_t i = 0; i < object->n && !p->is_stopped && p->status == GM_OK; i++)
        if (object->children[i].key[0] != '@') read_member(&r, &object->children[i]);
    return e;
}
