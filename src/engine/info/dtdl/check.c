#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "info/dtdl/duration.h"
#include "info/dtdl/metamodel.h"
#include "info/dtdl/parse.h"
#include "info/dtdl/pattern.h"

static bool fail(parse *p, const element *e, const char *id, const char *in, const char *text,
                 int line)
{
    p->source = e->source;
    return dtdl_error(p, id, e->id, in, text, line);
}

static bool fail_whole(parse *p, const element *e, const char *id, const char *in)
{
    fail(p, e, id, in, NULL, e->line);
    dtdl_ends_at(p, e->end_line);
    return false;
}

/* ---- how many, how long, which values ------------------------------------------------------------ */

static size_t count_characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static void check_literal(parse *p, const element *e, const property *q, const value *v)
{
    const json_t *length = json_object_get(q->rule, "maxLength");
    long most = json_is_integer(length) ? (long)json_integer_value(length)
                                        : gm_metamodel_limit(length, e->limits);
    const json_t *least_value = json_object_get(q->rule, "minInclusive");
    const json_t *most_value = json_object_get(q->rule, "maxInclusive");
    if (v->kind == LITERAL_STRING && most >= 0 && count_characters(v->text) > (size_t)most)
        fail(p, e, v->language ? "langStringValueTooLong" : "stringTooLong", q->name, v->text,
             v->line);
    const char *pattern = json_string_value(json_object_get(q->rule, "pattern"));
    if (v->kind == LITERAL_STRING && pattern && !gm_dtdl_matches(pattern, v->text)) {
        fail(p, e, "stringInvalid", q->name, v->text, v->line);
        dtdl_last(p)->restriction = pattern;
    }
    const char *type = json_string_value(json_object_get(q->facts, "typeName"));
    double seconds;
    if (v->kind == LITERAL_STRING && type && strcmp(type, "duration") == 0 &&
        !gm_duration_parse(v->text, &seconds))
        fail(p, e, "durationInvalid", q->name, v->text, v->line);
    if (v->kind != LITERAL_INTEGER && v->kind != LITERAL_NUMBER) return;
    double x = strtod(v->text, NULL);
    bool is_exact = least_value && most_value && json_equal(least_value, most_value);
    bool is_range = least_value && most_value;
    if (is_exact && x != json_number_value(least_value))
        fail(p, e, "valueNotExact", q->name, v->text, v->line);
    else if (least_value && x < json_number_value(least_value))
        fail(p, e, is_range ? "valueBelowRange" : "valueBelowMin", q->name, v->text, v->line);
    else if (most_value && x > json_number_value(most_value))
        fail(p, e, is_range ? "valueAboveRange" : "valueAboveMax", q->name, v->text, v->line);
}

static void check_values(parse *p, const element *e, const property *q)
{
    const json_t *allowed = json_object_get(q->rule, "valueUris");
    for (const value *v = q->values; v; v = v->next) {
        if (!v->is_reference) check_literal(p, e, q, v);
        if (v->is_reference && allowed && !gm_metamodel_list_has(allowed, v->text))
            fail(p, e, "nonConformantPropertyValue", q->name, v->text, v->line);
    }
}

/* "stringCountBelowMin" and its kin. */
static const char *literal_count(parse *p, const json_t *facts)
{
    const char *type = json_string_value(json_object_get(facts, "datatype"));
    return type ? gm_arena_textf(&p->arena, "%sCountBelowMin", type) : "propertyCountBelowMin";
}

static void check_count(parse *p, const element *e, const char *name, const json_t *facts,
                        const json_t *rule, const property *q)
{
    bool is_literal = json_is_true(json_object_get(facts, "literal"));
    const json_t *least = json_object_get(rule, "minCount"),
                 *most = json_object_get(rule, "maxCount");
    size_t n = q ? q->n : 0;
    if (least && !q)
        fail_whole(p, e, is_literal ? "missingLiteralProperty" : "missingObjectProperty", name);
    else if (least && n < (size_t)json_integer_value(least))
        fail(p, e, is_literal ? literal_count(p, facts) : "objectCountBelowMin", name, NULL,
             q->line);
    if (most && !is_literal && n > (size_t)json_integer_value(most)) {
        bool is_one = json_integer_value(most) == 1;
        fail(p, e, is_one ? "objectMultipleValues" : "objectCountAboveMax", name, NULL,
             q ? q->line : e->line);
        if (q && is_one) dtdl_ends_at(p, q->end_line);
    }
    if (q && !is_literal && n == 0 && !json_is_true(json_object_get(facts, "optional")))
        fail(p, e, "objectCountBelowMin", name, NULL, q->line);
}

static void check_properties(parse *p, const element *e)
{
    const char *name;
    json_t *facts;
    json_object_foreach(json_object_get(e->class_facts, "properties"), name, facts)
    {
        const json_t *rule = gm_metamodel_of_version(facts, e->version);
        const property *q = dtdl_property(e, name);
        if (!rule) continue;
        check_count(p, e, name, facts, rule, q);
        if (q) check_values(p, e, q);
    }
}

/* ---- unique names ------------------------------------------------------------------------------- */

static const char *literal_of(const element *e, const char *name)
{
    const property *q = e ? dtdl_property(e, name) : NULL;
    return q && q->values && !q->values->is_reference ? q->values->text : NULL;
}

/* Two elements of a list have the same key. */
static void fail_twice(parse *p, const element *e, const property *q, const char *key,
                       const element *first, const element *other)
{
    fail(p, e, "nonUniquePropertyValue", q->name, literal_of(first, key),
         dtdl_property(first, key)->line);
    dtdl_second(p, other, dtdl_property(other, key)->line, 0);
    dtdl_last(p)->second = NULL;
}

/* Quadratic, but names are short and limits hold the number. */
static void check_unique(parse *p, const element *e, const property *q)
{
    const json_t *keys = json_object_get(q->rule, "uniqueProperties");
    for (size_t k = 0; k < json_array_size(keys); k++) {
        const char *key = json_string_value(json_array_get(keys, k));
        for (const value *a = q->values; a; a = a->next) {
            const char *name = literal_of(a->target, key);
            for (const value *b = q->values; name && b != a; b = b->next) {
                const char *other = literal_of(b->target, key);
                if (other && a->target != b->target && strcmp(name, other) == 0)
                    fail_twice(p, e, q, key, b->target, a->target);
            }
        }
    }
}

/* ---- contents of bases -------------------------------------------------------------------------- */

enum { UNSEEN, OPEN, DONE };
enum { DEEPEST_BASES = 256 }; /* far more than any version allows: it bounds the stack */

static bool has_name(const property *q, const element *from, const char *name)
{
    for (const value *v = q ? q->values : NULL; v; v = v->next) {
        const char *other = literal_of(v->target, "name");
        if (v->target != from && other && strcmp(other, name) == 0) return true;
    }
    return false;
}

static bool has_element(const property *q, const element *t)
{
    for (const value *v = q->values; v; v = v->next)
        if (v->target == t) return true;
    return false;
}

static property *start_import(parse *p, const element *e)
{
    property *q = gm_arena_take(&p->arena, sizeof *q);
    if (!q) {
        p->status = GM_ENOMEM;
        return NULL;
    }
    *q = (property){.name = "contents"};
    q->last = &q->values;
    const property *own = dtdl_property(e, "contents");
    for (const value *v = own ? own->values : NULL; v; v = v->next) {
        value *copy = gm_arena_take(&p->arena, sizeof *copy);
        if (!copy) {
            p->status = GM_ENOMEM;
            return NULL;
        }
        *copy = *v, copy->next = NULL;
        *q->last = copy, q->last = &copy->next, q->n++;
    }
    return q;
}

/* A content that a base brings has the name of another one. */
static void fail_import(parse *p, const element *e, const element *brought, const char *name)
{
    const value *v = e->imported->values;
    while (v && strcmp(literal_of(v->target, "name"), name) != 0)
        v = v->next;
    const property *own = v ? dtdl_property(v->target, "name") : NULL;
    fail(p, e, "nonUniqueImportedPropertyValue", "contents", name, own ? own->line : e->line);
    dtdl_second(p, brought, dtdl_property(brought, "name")->line, 0);
    dtdl_last(p)->second = brought->partition ? brought->partition->id : NULL;
}

static void import(parse *p, element *e, const value *from)
{
    for (const value *v = from->target->imported->values; v; v = v->next) {
        const char *name = literal_of(v->target, "name");
        if (has_element(e->imported, v->target)) continue;
        if (name && has_name(e->imported, v->target, name)) {
            fail_import(p, e, v->target, name);
            continue;
        }
        value *copy = gm_arena_take(&p->arena, sizeof *copy);
        if (!copy) {
            p->status = GM_ENOMEM;
            return;
        }
        *copy = *v, copy->next = NULL;
        *e->imported->last = copy, e->imported->last = &copy->next, e->imported->n++;
    }
}

/* Contents of an Interface with those of all that it extends. False: it extends itself. */
static bool import_bases(parse *p, element *e, int depth)
{
    if (e->mark == DONE) return true;
    if (depth == DEEPEST_BASES) return fail_whole(p, e, "excessiveDepthNarrow", "'extends'");
    if (e->mark == OPEN) return fail_whole(p, e, "recursiveStructureNarrow", "'extends'");
    e->mark = OPEN;
    e->imported = start_import(p, e);
    const property *bases = dtdl_property(e, "extends");
    for (const value *v = bases ? bases->values : NULL; v && e->imported; v = v->next)
        if (v->target && v->target->class_name && strcmp(v->target->class_name, "Interface") == 0) {
            if (!import_bases(p, v->target, depth + 1)) return false;
            if (v->target->imported) import(p, e, v);
        }
    e->mark = DONE;
    return true;
}

/* ---- structures --------------------------------------------------------------------------------- */

/* One walk down from an element by the rules of a control. */
typedef struct {
    parse *p;
    const element *root;
    const json_t *control, *properties;
    const char *excluded; /* class that may not be below; NULL: none */
    bool is_narrow;       /* only its properties are followed; else all, and they count */
    bool allows_self;
    long depth, most_depth; /* -1: any */
    size_t n, most;         /* elements; 0: any number */
    size_t n_visits;        /* bounded, since references may make many ways to one element */
    const element *path[256];
    size_t n_path;
} walk;

enum { MOST_VISITS = 1000000 };

static bool is_on_path(const walk *w, const element *e)
{
    for (size_t i = 0; i < w->n_path; i++)
        if (w->path[i] == e) return true;
    return false;
}

/* "'schema' or 'contents'" of a walk that follows these alone; NULL: it follows all. */
static const char *followed(const walk *w)
{
    gm_text t = {0};
    if (!w->is_narrow) return NULL;
    for (size_t i = 0; i < json_array_size(w->properties); i++)
        gm_text_addf(&t, "%s'%s'", i ? " or " : "",
                     json_string_value(json_array_get(w->properties, i)));
    const char *text = t.data ? gm_arena_text(&w->p->arena, t.data, t.length) : NULL;
    gm_text_free(&t);
    return text;
}

static bool stop(walk *w, const char *id)
{
    const char *whole = gm_arena_textf(&w->p->arena, "%s%s", id, w->is_narrow ? "Narrow" : "Wide");
    return fail_whole(w->p, w->root, whole, followed(w));
}

static bool stop_at(walk *w, const char *id, const element *t)
{
    stop(w, id);
    if (t->is_standard)
        dtdl_last(w->p)->second = t->id;
    else
        dtdl_second(w->p, t, 0, 0);
    return false;
}

static bool exclude(walk *w, const element *t)
{
    fail_whole(w->p, w->root, "excludedType", followed(w));
    if (t->is_standard)
        dtdl_last(w->p)->second = t->id;
    else
        dtdl_second(w->p, t, 0, 0);
    return false;
}

static bool visit(walk *w, const element *e);

static bool visit_values(walk *w, const property *q, bool counts)
{
    for (const value *v = q->values; v; v = v->next) {
        const element *t = v->target;
        if (!t || t->is_standard) {
            if (t && w->excluded && t->class_name && strcmp(t->class_name, w->excluded) == 0)
                return exclude(w, t);
            if (counts && w->most_depth >= 0 && w->depth + 1 > w->most_depth && t)
                return stop_at(w, "excessiveDepth", w->path[w->n_path - 1]);
            continue;
        }
        if (w->excluded && strcmp(t->class_name, w->excluded) == 0) return exclude(w, t);
        if (is_on_path(w, t)) {
            if (w->allows_self || w->excluded) continue;
            return stop(w, "recursiveStructure");
        }
        if (w->most && ++w->n > w->most)
            return fail(w->p, w->root, "excessiveCount", q->name, NULL, w->root->line);
        w->depth += counts;
        if (w->most_depth >= 0 && w->depth > w->most_depth) return stop_at(w, "excessiveDepth", t);
        bool good = visit(w, t);
        w->depth -= counts;
        if (!good) return false;
    }
    return true;
}

static bool visit(walk *w, const element *e)
{
    if (w->n_path == sizeof w->path / sizeof *w->path) return true;
    if (++w->n_visits > MOST_VISITS)
        return fail(w->p, w->root, "excessiveCount", NULL, NULL, w->root->line);
    w->path[w->n_path++] = e;
    bool good = true;
    for (const property *q = e->properties; q && good; q = q->next) {
        bool counts = gm_metamodel_list_has(w->properties, q->name);
        if (w->is_narrow && !counts) continue;
        if (!w->is_narrow && strcmp(e->class_name, "Interface") == 0) continue;
        const property *all = e->imported && strcmp(q->name, "contents") == 0 ? e->imported : q;
        good = visit_values(w, all, counts);
    }
    if (good && e->imported && !dtdl_property(e, "contents") &&
        gm_metamodel_list_has(w->properties, "contents"))
        good = visit_values(w, e->imported, true);
    w->n_path--;
    return good;
}

static void check_control(parse *p, const element *e, const json_t *control)
{
    const char *excluded = json_string_value(json_object_get(control, "excludeType"));
    const json_t *depth = json_object_get(control, "maxDepth"),
                 *count = json_object_get(control, "maxCount");
    if (json_object_get(control, "datatypeProperty")) return; /* check_enum() */
    walk w = {.p = p,
              .root = e,
              .control = control,
              .properties = json_object_get(control, "properties"),
              .excluded = excluded,
              .is_narrow = json_is_true(json_object_get(control, "narrow")),
              .allows_self = json_is_true(json_object_get(control, "allowSelf")),
              .most_depth = depth ? gm_metamodel_limit(depth, e->limits) : -1,
              .most = count ? (size_t)gm_metamodel_limit(count, e->limits) : 0};
    visit(&w, e);
}

static void check_structure(parse *p, const element *e)
{
    const json_t *controls = json_object_get(p->meta, "controls");
    for (size_t i = 0; i < json_array_size(controls); i++) {
        const json_t *c = json_array_get(controls, i);
        const char *root = json_string_value(json_object_get(c, "rootClass"));
        if (json_integer_value(json_object_get(c, "dtdlVersion")) != e->version) continue;
        if (dtdl_is_a(p, e, root)) check_control(p, e, c);
    }
}

static void check_enum(parse *p, const element *e)
{
    const property *schema = dtdl_property(e, "valueSchema"),
                   *values = dtdl_property(e, "enumValues");
    if (!schema || !schema->values || !values) return;
    bool wants_integer = strstr(schema->values->text, ":integer;") != NULL;
    for (const value *v = values->values; v; v = v->next) {
        const property *q = v->target ? dtdl_property(v->target, "enumValue") : NULL;
        if (!q || !q->values) continue;
        literal_kind wanted = wants_integer ? LITERAL_INTEGER : LITERAL_STRING;
        if (q->values->kind == wanted) continue;
        fail(p, v->target, "nonConformantDatatype", "enumValue", q->values->text, q->line);
        dtdl_second(p, e, schema->line, 0);
    }
}

/* ---- co-types ----------------------------------------------------------------------------------- */

static bool has_type(const element *e, const char *id)
{
    for (size_t i = 0; i < e->n_types; i++)
        if (strcmp(e->types[i].id, id) == 0) return true;
    return false;
}

/* The first of them that it is of; NULL: none. */
static const char *any_type(const element *e, const json_t *ids)
{
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const char *id = json_string_value(json_array_get(ids, i));
        if (has_type(e, id)) return id;
    }
    return NULL;
}

static bool is_allowed_class(const parse *p, const element *e, const json_t *facts)
{
    const json_t *classes = json_object_get(facts, "cotypes");
    for (size_t i = 0; i < json_array_size(classes); i++)
        if (dtdl_is_a(p, e, json_string_value(json_array_get(classes, i)))) return true;
    return any_type(e, json_object_get(facts, "altcotypes")) != NULL;
}

/* The type that a supplemental type refines; NULL: none. */
static const json_t *parent_of(const parse *p, const json_t *type)
{
    const char *parent = json_string_value(json_object_get(type, "parent"));
    return parent ? gm_metamodel_find(p->meta, "supplemental", parent) : NULL;
}

static void check_required(parse *p, const element *e, const json_t *facts)
{
    const char *id;
    json_t *rule;
    for (const json_t *t = facts; t; t = parent_of(p, t)) {
        json_object_foreach(json_object_get(t, "properties"), id, rule)
        {
            const property *q = dtdl_property(e, id);
            const char *name = json_string_value(json_object_get(rule, "propertyName"));
            const json_t *least = json_object_get(rule, "minCount"),
                         *most = json_object_get(rule, "maxCount");
            if (least && !q)
                fail_whole(p, e, "missingSupplementalLiteralProperty", name);
            else if (least && q->n < (size_t)json_integer_value(least))
                fail(p, e, "propertyCountBelowMin", name, NULL, q->line);
            if (q && most && q->n > (size_t)json_integer_value(most)) {
                fail(p, e, "objectMultipleValues", name, NULL, q->line);
                dtdl_ends_at(p, q->end_line);
            }
            if (q) check_values(p, e, q);
        }
    }
}

/* Of a schema and the like: one of these classes, or one of these elements. */
static void check_constraint(parse *p, const element *e, const json_t *c)
{
    const char *name = json_string_value(json_object_get(c, "property"));
    const json_t *types = json_object_get(c, "requiredTypeNames"),
                 *values = json_object_get(c, "requiredValues");
    const property *q = name ? dtdl_property(e, name) : NULL;
    if (json_object_get(c, "inverse") || json_object_get(c, "siblingKey")) return; /* siblings.c */
    for (const value *v = q ? q->values : NULL; v; v = v->next) {
        bool fits = !types;
        for (size_t i = 0; v->target && i < json_array_size(types); i++)
            fits |= dtdl_is_a(p, v->target, json_string_value(json_array_get(types, i)));
        fits |= v->target && any_type(v->target, json_object_get(c, "requiredTypes"));
        if (!fits) {
            fail(p, e, "notRequiredType", name, NULL, v->line);
            dtdl_last(p)->second = v->target ? v->target->id : v->text;
            dtdl_last(p)->type = json_string_value(json_object_get(c, "requiredTypesString"));
        }
        if (values && !gm_metamodel_list_has(values, v->text))
            fail(p, e, "notRequiredValue", name, v->text, v->line);
    }
}

/* Of a supplemental type, told by its name; other: the one that it does not bear. */
static void fail_type(parse *p, const element *e, const char *error, const char *id,
                      const char *other, int line)
{
    fail(p, e, error, NULL, NULL, line);
    dtdl_last(p)->type = dtdl_type_name(p, id);
    dtdl_last(p)->restriction = other ? dtdl_type_name(p, other) : NULL;
}

static void check_type(parse *p, const element *e, const char *id, const json_t *facts, int line)
{
    const json_t *versions = json_object_get(facts, "cotypeVersions"),
                 *co = json_object_get(facts, "cocotypes");
    if (!is_allowed_class(p, e, facts))
        fail_type(p, e, "invalidCotype", id, NULL, line);
    else if (versions && !gm_metamodel_list_has_number(versions, e->version))
        fail_type(p, e, "invalidCotypeVersion", id, NULL, line);
    if (co && !any_type(e, co)) fail_type(p, e, "missingCocotype", id, NULL, line);
    const char *other = any_type(e, json_object_get(facts, "discotypes"));
    if (other) fail_type(p, e, "disallowedCocotype", id, other, line);
    check_required(p, e, facts);
    for (const json_t *t = facts; t; t = parent_of(p, t)) {
        const json_t *constraints = json_object_get(t, "constraints");
        for (size_t i = 0; i < json_array_size(constraints); i++)
            check_constraint(p, e, json_array_get(constraints, i));
    }
}

static void check_types(parse *p, const element *e)
{
    size_t n_semantic = 0;
    for (size_t i = 0; i < e->n_types; i++) {
        const char *kind = json_string_value(json_object_get(e->types[i].facts, "extensionKind"));
        n_semantic += kind && strcmp(kind, "SemanticType") == 0;
        check_type(p, e, e->types[i].id, e->types[i].facts, e->types[i].line);
    }
    if (n_semantic > 1) fail(p, e, "conflictingSupplementalTypes", "unit", NULL, e->type_line);
}

/* ---- all ---------------------------------------------------------------------------------------- */

void dtdl_check(parse *p)
{
    for (element *e = p->elements; e && p->status == GM_OK; e = e->next) {
        if (e->is_standard) continue;
        check_properties(p, e);
        for (const property *q = e->properties; q; q = q->next)
            check_unique(p, e, q);
        check_types(p, e);
        if (strcmp(e->class_name, "Enum") == 0) check_enum(p, e);
    }
    bool good = p->n_errors == 0;
    for (element *e = p->elements; e && good && p->status == GM_OK; e = e->next)
        if (!e->is_standard && strcmp(e->class_name, "Interface") == 0)
            good = import_bases(p, e, 0);
    for (const element *e = p->elements; e && good && p->status == GM_OK; e = e->next)
        if (!e->is_standard) check_structure(p, e);
    good &= p->n_errors == 0;
    for (const element *e = p->elements; e && good && p->status == GM_OK; e = e->next)
        if (!e->is_standard) dtdl_check_around(p, e);
}
