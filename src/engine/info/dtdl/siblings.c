/* What co-types ask of the elements around them: of their siblings in a list, and of what they stand in. */
#include <string.h>

#include "info/dtdl/metamodel.h"
#include "info/dtdl/parse.h"

/* One content of an Interface, with those around it. */
typedef struct {
    parse *p;
    const element *owner; /* the Interface */
    const property *all;  /* its contents, with those of its bases */
    const element *e;
} around;

static const char *text_at(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static const char *first_text(const element *e, const char *name)
{
    const property *q = name ? dtdl_property(e, name) : NULL;
    return q && q->values ? q->values->text : NULL;
}

static bool has_type(const element *e, const char *id)
{
    for (size_t i = 0; id && i < e->n_types; i++)
        if (strcmp(e->types[i].id, id) == 0) return true;
    return false;
}

static const element *find_sibling(const around *a, const char *key, const char *text)
{
    for (const value *v = a->all->values; v && text; v = v->next) {
        const char *is = v->target ? first_text(v->target, key) : NULL;
        if (is && strcmp(is, text) == 0) return v->target;
    }
    return NULL;
}

static bool is_same_place(const gm_dtdl_place *a, const gm_dtdl_place *b)
{
    return a->source == b->source && a->line == b->line;
}

/* An Interface tells again what its bases told: the last error is dropped if it is known. */
static void forget_repeated(parse *p)
{
    const gm_dtdl_error *x = dtdl_last(p);
    for (size_t k = 0; k + 1 < p->n_errors; k++) {
        const gm_dtdl_error *y = &p->errors[k];
        if (strcmp(y->id, x->id) != 0 || !is_same_place(&y->at, &x->at) ||
            !is_same_place(&y->second_at, &x->second_at))
            continue;
        p->n_errors--;
        return;
    }
}

/* ---- references to siblings --------------------------------------------------------------------- */

typedef struct {
    const element *sibling;
    const char *keyref, *key, *text; /* "dtmi:...:annotates", "name", "heartRate" */
} pointing;

static void fail(const around *a, const pointing *to, const char *id, const char *type,
                 const char *restriction, const char *transformation)
{
    const property *q = dtdl_property(a->e, to->keyref);
    a->p->source = a->e->source;
    dtdl_error(a->p, id, a->e->id, text_at(q->facts, "propertyName"), to->text, q->line);
    dtdl_second(a->p, to->sibling, 0, 0);
    gm_dtdl_error *x = dtdl_last(a->p);
    x->aux_property = to->key, x->type = type;
    x->restriction = restriction, x->transformation = transformation;
    forget_repeated(a->p);
}

static const char *name_of_word(const element *e, const char *id)
{
    const property *q = dtdl_property(e, id);
    return q ? text_at(q->facts, "propertyName") : NULL;
}

/* The sibling must have the co-type's property that is overridden. */
static void check_overridden(const around *a, const pointing *to, const char *by)
{
    const char *id = first_text(a->e, by), *word = name_of_word(a->e, by);
    if (!id || dtdl_property(to->sibling, id)) return;
    const char *name = dtdl_type_name(a->p, id);
    bool is_of_class =
        strncmp(id, "dtmi:dtdl:property:", 19) == 0 &&
        json_object_get(json_object_get(to->sibling->class_facts, "properties"), name);
    if (is_of_class)
        fail(a, to, "matchingPropertyNotSupplemental", to->sibling->class_name, name, word);
    else
        fail(a, to, "noMatchingSupplementalProperty", to->sibling->class_name, name, NULL);
}

static bool is_before(const element *a, const element *b)
{
    return a->source != b->source ? a->source < b->source : a->line < b->line;
}

/* Nobody else may override the same of the same sibling. */
static void check_unique_reference(const around *a, const pointing *to, const char *by)
{
    const char *id = first_text(a->e, by);
    for (const value *v = a->all->values; v && id; v = v->next) {
        const element *o = v->target;
        const char *other = o ? first_text(o, by) : NULL,
                   *at = o ? first_text(o, to->keyref) : NULL;
        if (!other || !at || !is_before(a->e, o) || strcmp(other, id) != 0 ||
            strcmp(at, to->text) != 0)
            continue;
        gm_arena *arena = &a->p->arena;
        a->p->source = a->e->source;
        dtdl_error(a->p, "multipleReference", a->owner->id, "contents",
                   gm_arena_textf(arena, "'%s' and '%s'", to->text, dtdl_type_name(a->p, id)),
                   a->e->line);
        dtdl_ends_at(a->p, a->e->end_line);
        dtdl_second(a->p, o, 0, 0);
        dtdl_last(a->p)->second = by;
        dtdl_last(a->p)->aux_property = gm_arena_textf(
            arena, "'%s' and '%s'", name_of_word(a->e, to->keyref), name_of_word(a->e, by));
        forget_repeated(a->p);
    }
}

static void check_rule(const around *a, const json_t *rule)
{
    pointing to = {.keyref = text_at(rule, "keyref"), .key = text_at(rule, "key")};
    to.text = first_text(a->e, to.keyref);
    to.sibling = find_sibling(a, to.key, to.text);
    if (!to.sibling) return; /* it may come to be */
    const json_t *names = json_object_get(rule, "requiredTypeNames");
    const char *disallowed = text_at(rule, "disallowedType"),
               *overridden = text_at(rule, "supplementalProperty"),
               *unique = text_at(rule, "uniqueReference");
    if (names && !gm_metamodel_list_has(names, to.sibling->class_name))
        fail(a, &to, "notSiblingRequiredType", text_at(rule, "requiredTypesString"), NULL, NULL);
    else if (disallowed && has_type(to.sibling, disallowed))
        fail(a, &to, "disallowedType", text_at(rule, "disallowedTypeName"), NULL, NULL);
    else if (overridden)
        check_overridden(a, &to, overridden);
    if (unique) check_unique_reference(a, &to, unique);
}

/* A schema that must be the family of units of what is overridden. */
static void check_same_family(const around *a, const json_t *c)
{
    const char *by = text_at(c, "siblingParentOf");
    const element *s =
        find_sibling(a, text_at(c, "siblingKey"), first_text(a->e, text_at(c, "siblingKeyref")));
    const char *id = by ? first_text(a->e, by) : NULL;
    const char *unit = s && id ? first_text(s, id) : NULL;
    const property *q = dtdl_property(a->e, text_at(c, "property"));
    if (!unit || !q || !q->values) return;
    const char *family = text_at(gm_metamodel_find(a->p->meta, "elements", unit), "parent");
    const char *is = q->values->target ? q->values->target->id : q->values->text;
    if (!family || strcmp(family, is) == 0) return;
    a->p->source = a->e->source;
    dtdl_error(a->p, "siblingPropertyMismatch", a->e->id, q->name, dtdl_type_name(a->p, is),
               q->line);
    dtdl_last(a->p)->restriction = dtdl_type_name(a->p, family);
    forget_repeated(a->p);
}

static void check_content(const around *a)
{
    for (size_t i = 0; i < a->e->n_types; i++) {
        const json_t *rules = json_object_get(a->e->types[i].facts, "siblings"),
                     *constraints = json_object_get(a->e->types[i].facts, "constraints");
        for (size_t k = 0; k < json_array_size(rules); k++)
            check_rule(a, json_array_get(rules, k));
        for (size_t k = 0; k < json_array_size(constraints); k++) {
            const json_t *c = json_array_get(constraints, k);
            if (json_object_get(c, "siblingKey")) check_same_family(a, c);
        }
    }
}

/* ---- what it stands in -------------------------------------------------------------------------- */

static void fail_type(parse *p, const element *e, const char *id, const char *in, const char *type,
                      const char *restriction)
{
    p->source = e->source;
    dtdl_error(p, id, e->id, in, NULL, e->type_line);
    dtdl_last(p)->type = dtdl_type_name(p, type);
    dtdl_last(p)->restriction = restriction;
}

static void check_inverse(parse *p, const element *e, const char *type, const json_t *c)
{
    const char *in = text_at(c, "property"), *none = text_at(c, "noneOtherType"),
               *some = text_at(c, "someOtherType");
    const json_t *required = json_object_get(c, "requiredTypes");
    const property *q = e->parent ? dtdl_property(e->parent, in) : NULL;
    bool fits = false, has_some = false;
    for (size_t i = 0; e->parent && i < json_array_size(required); i++)
        fits |= has_type(e->parent, json_string_value(json_array_get(required, i)));
    if (!fits) fail_type(p, e, "parentMissingCotype", in, type, text_at(c, "requiredTypesString"));
    for (const value *v = q ? q->values : NULL; v; v = v->next) {
        has_some |= v->target && has_type(v->target, some);
        /* A pair is told once, of the one whose id comes first. */
        bool is_other = v->target && v->target != e && strcmp(e->id, v->target->id) < 0;
        if (is_other && has_type(v->target, none)) {
            fail_type(p, e, "siblingDuplicatesCotype", in, type, dtdl_type_name(p, none));
            dtdl_last(p)->second = v->target->id;
        }
    }
    if (some && !has_some)
        fail_type(p, e, "siblingMissingCotype", in, type, dtdl_type_name(p, some));
}

/* ---- values that must differ -------------------------------------------------------------------- */

static void check_unique_values(parse *p, const element *e, const property *q)
{
    for (const value *a = q->values; a; a = a->next)
        for (const property *x = a->target ? a->target->properties : NULL; x; x = x->next) {
            if (!json_is_true(json_object_get(x->facts, "uniqueValue")) || !x->values) continue;
            for (const value *b = a->next; b; b = b->next) {
                const char *other = b->target ? first_text(b->target, x->name) : NULL;
                if (!other || strcmp(other, x->values->text) != 0) continue;
                p->source = a->target->source;
                dtdl_error(p, "nonUniquePropertyValue", e->id, q->name, other, x->line);
                dtdl_second(p, b->target, dtdl_property(b->target, x->name)->line, 0);
                dtdl_last(p)->second = NULL;
            }
        }
}

void dtdl_check_around(parse *p, const element *e)
{
    for (size_t i = 0; i < e->n_types; i++) {
        const json_t *constraints = json_object_get(e->types[i].facts, "constraints");
        for (size_t k = 0; k < json_array_size(constraints); k++) {
            const json_t *c = json_array_get(constraints, k);
            if (json_is_true(json_object_get(c, "inverse"))) check_inverse(p, e, e->types[i].id, c);
        }
    }
    for (const property *q = e->properties; q; q = q->next)
        check_unique_values(p, e, q);
    for (const value *v = e->imported ? e->imported->values : NULL; v; v = v->next) {
        around a = {p, e, e->imported, v->target};
        if (v->target) check_content(&a);
    }
}
