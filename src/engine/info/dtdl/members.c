/* The members of an element: what its class has, what its co-types bring, and what nobody knows. */
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "info/dtdl/metamodel.h"
#include "info/dtdl/reading.h"

static bool fail(const reading *r, const char *id, const char *in, const char *text, int line)
{
    return dtdl_error(r->p, id, r->e->id, in, text, line);
}

static property *start_property(reading *r, const char *name, const json_t *facts,
                                const json_t *rule, const gm_dom *v)
{
    property *q = gm_arena_take(&r->p->arena, sizeof *q);
    if (!q) {
        r->p->status = GM_ENOMEM;
        return NULL;
    }
    *q = (property){
        .name = name, .facts = facts, .rule = rule, .line = v->line, .end_line = v->end_line};
    q->last = &q->values;
    *r->e->last_property = q;
    r->e->last_property = &q->next;
    return q;
}

static value *add_value(reading *r, property *q, const char *id, const gm_dom *at)
{
    value *v = gm_arena_take(&r->p->arena, sizeof *v);
    if (!v) {
        r->p->status = GM_ENOMEM;
        return NULL;
    }
    *v = (value){.is_reference = true, .text = id, .line = at->line, .end_line = at->end_line};
    *q->last = v;
    q->last = &v->next;
    q->n++;
    return v;
}

static void add_reference(reading *r, property *q, const char *id, const gm_dom *at)
{
    value *v = add_value(r, q, gm_arena_text(&r->p->arena, id, strlen(id)), at);
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
        add_reference(r, q, id, v);
    else
        fail(r, "badDtmiOrTerm", q->name, v->text, v->line);
}

/* {"@id": x} where x should stand. */
static void read_id_alone(reading *r, property *q, const gm_dom *v)
{
    const gm_dom *id = &v->children[0];
    const char *meant;
    if (id->type != GM_DOM_STRING || !r->p->tolerates || r->v.version != 2) {
        fail(r, "idReference", q->name, id->text, v->line);
        dtdl_ends_at(r->p, v->end_line);
    } else if (dtdl_resolve(&r->v, id->text, &meant) > NAME_TERM)
        fail(r, "idRefBadDtmiOrTerm", q->name, id->text, id->line);
    else
        add_reference(r, q, meant, id);
}

static void read_object_value(reading *r, property *q, const gm_dom *v)
{
    switch (v->type) {
    case GM_DOM_STRING: read_reference(r, q, v); return;
    case GM_DOM_NULL: fail(r, "propertyValueNull", q->name, NULL, v->line); return;
    case GM_DOM_OBJECT: break;
    default: fail(r, "refNotStringOrObject", q->name, NULL, v->line); return;
    }
    if (json_object_get(q->facts, "childOf")) { /* one of the values that the language defines */
        fail(r, "refObjectNotAllowed", json_string_value(json_object_get(q->facts, "propertyName")),
             NULL, v->line);
        dtdl_second(r->p, r->e, v->line, v->end_line);
        dtdl_last(r->p)->second = NULL;
        return;
    }
    if (is_id_alone(v)) {
        read_id_alone(r, q, v);
        return;
    }
    place at = {r->e, q->name, q->facts, q->rule, r->v, q->line};
    element *child = dtdl_read_element(r->p, v, &at);
    if (!child || !child->id || child->is_dropped) return;
    value *x = add_value(r, q, child->id, v);
    if (x) x->target = child;
}

/* One of the list did not say its id: the others need not be told of. */
static bool lacks_id(const reading *r, const property *q)
{
    const gm_dtdl_error *x = dtdl_last(r->p);
    return x->id && strcmp(x->id, "missingRequiredId") == 0 && x->element == r->e->id &&
           x->property && strcmp(x->property, q->name) == 0;
}

static void read_objects(reading *r, property *q, const gm_dom *v)
{
    if (v->type != GM_DOM_ARRAY) {
        read_object_value(r, q, v);
        return;
    }
    for (size_t i = 0; i < v->n && !r->p->is_stopped && !lacks_id(r, q); i++)
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
        bool is_many = v->type == GM_DOM_ARRAY && v->n > 1;
        fail(r, is_many ? "identifierMultipleValues" : "identifierNotString", q->name, NULL,
             one->line);
        dtdl_ends_at(r->p, one->end_line);
        return;
    }
    name_kind kind = dtdl_resolve(&r->v, one->text, &id);
    long most = gm_metamodel_limit(json_object_get(q->rule, "maxLength"), r->v.limits);
    if (kind > NAME_TERM)
        fail(r, "identifierNotDtmi", q->name, one->text, one->line);
    else if (most >= 0 && one->length > (size_t)most)
        fail(r, "identifierTooLong", q->name, one->text, one->line);
    else
        add_value(r, q, gm_arena_text(&r->p->arena, id, strlen(id)), one);
}

static bool is_repeated(const reading *r, const char *name, const char *term, const gm_dom *v)
{
    const property *q = dtdl_property(r->e, name);
    if (!q) return false;
    fail(r, "duplicatePropertyName", term, NULL, v->line);
    dtdl_second(r->p, r->e, q->line, 0);
    dtdl_last(r->p)->second = NULL;
    return true;
}

static void read_member_of_class(reading *r, const char *name, const json_t *facts,
                                 const json_t *rule, const gm_dom *v)
{
    if (is_repeated(r, name, name, v)) return;
    property *q = start_property(r, name, facts, rule, v);
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
    if (is_repeated(r, id, json_string_value(json_object_get(facts, "propertyName")), v)) return;
    property *q = start_property(r, gm_arena_text(&r->p->arena, id, strlen(id)), facts, facts, v);
    if (!q) return;
    if (datatype)
        dtdl_read_literal(r->p, r->e, q, v, datatype);
    else if (json_object_get(facts, "type") || json_object_get(facts, "childOf"))
        read_objects(r, q, v);
    else
        read_identifier(r, q, v);
}

static void keep_unknown_member(reading *r, const gm_dom *c)
{
    gm_arena *a = &r->p->arena;
    gm_text t = {0};
    struct undefined *u = gm_arena_take(a, sizeof *u);
    gm_dom_write(c, -1, &t);
    if (u && gm_text_status(&t) == GM_OK) {
        *u = (struct undefined){r->e->undefined, gm_arena_text(a, c->key, strlen(c->key)),
                                gm_arena_text(a, t.data, t.length)};
        r->e->undefined = u;
    } else {
        r->p->status = GM_ENOMEM;
    }
    gm_text_free(&t);
}

/* Of a member that none of the types has; with them. */
static void fail_for_types(reading *r, const char *id, const gm_dom *c)
{
    const gm_dom *t = gm_dom_member(r->object, "@type");
    fail(r, id, c->key, NULL, c->line);
    dtdl_second(r->p, r->e, t ? t->line : 0, 0);
    dtdl_last(r->p)->second = NULL;
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
    bool has_type = gm_dom_member(r->object, "@type") != NULL;
    if (!reading_tolerates(r, table[kind].what))
        fail_for_types(r, table[kind].error, c);
    else if (!r->e->has_undefined_type)
        fail_for_types(r, has_type ? "noTypeThatAllows" : "inferredTypeDoesNotAllow", c);
    else
        keep_unknown_member(r, c);
}

void reading_member(reading *r, const gm_dom *c)
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
