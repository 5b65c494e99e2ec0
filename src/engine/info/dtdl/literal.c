#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "info/dtdl/metamodel.h"
#include "info/dtdl/parse.h"

/* What one literal property is read into. */
typedef struct {
    parse *p;
    element *e;
    property *to;
    const char *datatype; /* "boolean", "integer", "string"; NULL: any literal */
} literal;

/* Of a member that should not be there, or not be called so. */
static bool fail_key(const literal *l, const char *id, const gm_dom *v)
{
    dtdl_error(l->p, id, l->e->id, l->to->name, v->key, v->line);
    dtdl_ends_at(l->p, v->end_line);
    return false;
}

static bool fail(const literal *l, const char *id, const gm_dom *v)
{
    const char *text = v->type == GM_DOM_STRING ? v->text : NULL;
    dtdl_error(l->p, id, l->e->id, l->to->name, text, v->line);
    dtdl_ends_at(l->p, v->end_line);
    return false;
}

static void add(const literal *l, const gm_dom *v, literal_kind kind, const char *text,
                const char *language)
{
    value *new = gm_arena_take(&l->p->arena, sizeof *new);
    if (!new) {
        l->p->status = GM_ENOMEM;
        return;
    }
    *new = (value){.text = gm_arena_text(&l->p->arena, text, strlen(text)),
                   .kind = kind,
                   .language =
                       language ? gm_arena_text(&l->p->arena, language, strlen(language)) : NULL,
                   .line = v->line,
                   .end_line = v->end_line};
    *l->to->last = new;
    l->to->last = &new->next;
    l->to->n++;
}

/* "booleanNotBoolean" and its kin: %t is the datatype, %T with a capital. */
static bool fail_by_type(const literal *l, const char *form, const gm_dom *v)
{
    static const char *const names[][2] = {{"boolean", "Boolean"},
                                           {"integer", "Integer"},
                                           {"string", "String"},
                                           {"numeric", "Numeric"}};
    const char *id = "literalNotValid";
    for (size_t k = 0; l->datatype && k < sizeof names / sizeof *names; k++)
        if (strcmp(l->datatype, names[k][0]) == 0)
            id = gm_arena_textf(&l->p->arena, form, names[k][0], names[k][1]);
    dtdl_error(l->p, id, l->e->id, l->to->name, NULL, v->line);
    dtdl_ends_at(l->p, v->end_line);
    return false;
}

static bool is_whole(const gm_dom *v)
{
    double x = gm_dom_number(v);
    return v->type == GM_DOM_NUMBER && x == floor(x) && fabs(x) < 9e15;
}

static bool read_plain(const literal *l, const gm_dom *v)
{
    bool any = !l->datatype;
    if (v->type == GM_DOM_TRUE || v->type == GM_DOM_FALSE) {
        if (!any && strcmp(l->datatype, "boolean") != 0) return false;
        return add(l, v, LITERAL_BOOLEAN, v->type == GM_DOM_TRUE ? "true" : "false", NULL), true;
    }
    if (v->type == GM_DOM_STRING) {
        if (!any && strcmp(l->datatype, "string") != 0) return false;
        return add(l, v, LITERAL_STRING, v->text, NULL), true;
    }
    if (v->type != GM_DOM_NUMBER) return false;
    bool whole = is_whole(v);
    if (!any && strcmp(l->datatype, "numeric") != 0 &&
        (strcmp(l->datatype, "integer") != 0 || !whole))
        return false;
    return add(l, v, whole ? LITERAL_INTEGER : LITERAL_NUMBER, v->text, NULL), true;
}

/* ---- value objects ------------------------------------------------------------------------------ */

static bool is_xsd(const char *text, const char *type)
{
    static const char SHORT[] = "xsd:", LONG[] = "http://www.w3.org/2001/XMLSchema#";
    if (strncmp(text, SHORT, 4) == 0) return strcmp(text + 4, type) == 0;
    return strncmp(text, LONG, strlen(LONG)) == 0 && strcmp(text + strlen(LONG), type) == 0;
}

static bool is_of_type(const char *text, const char *datatype)
{
    if (datatype && strcmp(datatype, "numeric") == 0)
        return is_xsd(text, "decimal") || is_xsd(text, "integer") || is_xsd(text, "double");
    if (datatype) return is_xsd(text, datatype);
    return is_xsd(text, "string") || is_xsd(text, "integer") || is_xsd(text, "boolean");
}

static bool check_type(const literal *l, const gm_dom *o, const gm_dom *type, const gm_dom *stated)
{
    const gm_dom *one = type;
    if (type->type == GM_DOM_ARRAY) {
        if (type->n != 1) return fail(l, "literalTypeNotSingular", o);
        one = &type->children[0];
    }
    if (one->type != GM_DOM_STRING || !is_of_type(one->text, l->datatype))
        return fail_by_type(l, "%sTypeNot%s", o);
    if (l->datatype) return true;
    /* Any literal: its value must be of the type that it states. */
    bool fits = stated->type == GM_DOM_STRING   ? is_xsd(one->text, "string")
                : stated->type == GM_DOM_NUMBER ? is_xsd(one->text, "integer") && is_whole(stated)
                                                : is_xsd(one->text, "boolean");
    return fits || fail(l, "literalNotValid", o);
}

static bool read_object(const literal *l, const gm_dom *o)
{
    static const char *const keywords[][2] = {{"@context", "valueObjectContext"},
                                              {"@id", "valueObjectId"},
                                              {"@graph", "valueObjectGraph"},
                                              {"@language", "valueObjectLanguage"}};
    enum { N_KEYWORDS = sizeof keywords / sizeof *keywords };
    const gm_dom *v = NULL, *type = NULL;
    for (size_t i = 0; i < o->n; i++) {
        const gm_dom *c = &o->children[i];
        if (strcmp(c->key, "@value") == 0) {
            v = c;
            continue;
        }
        if (strcmp(c->key, "@type") == 0) {
            type = c;
            continue;
        }
        size_t k = 0;
        while (k < N_KEYWORDS && strcmp(c->key, keywords[k][0]) != 0)
            k++;
        /* Version 2 passes over @language and over what is no keyword of JSON-LD. */
        if (l->e->version == 2 && (k == N_KEYWORDS - 1 || (k == N_KEYWORDS && c->key[0] == '@')))
            continue;
        if (k < N_KEYWORDS) return fail_key(l, keywords[k][1], c);
        return fail_key(l, c->key[0] == '@' ? "valueObjectKeyword" : "valueObjectInvalidProp", c);
    }
    if (!v) return fail_by_type(l, "%sObjectNoValue", o);
    if (type && !check_type(l, o, type, v)) return false;
    return read_plain(l, v) || fail_by_type(l, "%sValueNot%s", o);
}

static bool read_one(const literal *l, const gm_dom *v)
{
    if (v->type == GM_DOM_OBJECT) return read_object(l, v);
    return read_plain(l, v) || fail_by_type(l, "%sNot%s", v);
}

/* ---- localizable texts -------------------------------------------------------------------------- */

/* BCP 47 as far as DTDL takes it: aa or aaa, then -Xxxx, -XX or -000. */
static bool is_language(const char *code)
{
    size_t n = strspn(code, "abcdefghijklmnopqrstuvwxyz");
    if (n < 2 || n > 3) return false;
    for (const char *at = code + n; *at;) {
        if (*at++ != '-') return false;
        n = strcspn(at, "-");
        if (n < 2 || n > 8) return false;
        for (size_t i = 0; i < n; i++) {
            char c = at[i];
            if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')))
                return false;
        }
        at += n;
    }
    return true;
}

/* v is the text; `whole` what it stands in. */
static bool add_text(const literal *l, const char *language, const gm_dom *v, const gm_dom *whole)
{
    for (const value *x = l->to->values; x; x = x->next) {
        if (strcmp(x->language, language) != 0) continue;
        dtdl_error(l->p, "langStringElementCodeNotUnique", l->e->id, l->to->name, language,
                   whole->line);
        dtdl_ends_at(l->p, whole->end_line);
        dtdl_second(l->p, l->e, x->line, x->end_line);
        dtdl_last(l->p)->second = NULL;
        return false;
    }
    gm_dom at = *v;
    at.line = whole->line, at.end_line = whole->end_line;
    add(l, &at, LITERAL_STRING, v->text, language);
    return true;
}

static bool read_language_map(const literal *l, const gm_dom *o)
{
    bool is_tagged = l->e->version > 2 && gm_dom_member(o, "@value");
    for (size_t i = 0; i < o->n; i++)
        is_tagged &= o->children[i].key[0] == '@';
    if (is_tagged) return fail(l, "langTagValueInLangMap", o);
    for (size_t i = 0; i < o->n; i++) {
        const gm_dom *c = &o->children[i];
        if (c->key[0] == '@') return fail_key(l, "langMapObjKeyword", c);
        if (!is_language(c->key)) return fail_key(l, "langStringInvalidCode", c);
        if (c->type != GM_DOM_STRING) return fail(l, "langStringValueNotString", c);
        if (!add_text(l, c->key, c, c)) return false;
    }
    return true;
}

static bool read_language_element(const literal *l, const gm_dom *v)
{
    const gm_dom *text = NULL, *language = NULL;
    if (v->type == GM_DOM_STRING) return add_text(l, "en", v, v);
    if (v->type != GM_DOM_OBJECT) return fail(l, "langStringElementNotStringOrObject", v);
    for (size_t i = 0; i < v->n; i++) {
        const gm_dom *c = &v->children[i];
        if (strcmp(c->key, "@value") == 0)
            text = c;
        else if (strcmp(c->key, "@language") == 0)
            language = c;
        else if (strcmp(c->key, "@context") == 0)
            return fail(l, "langStringElementContext", c);
        else if (strcmp(c->key, "@id") == 0)
            return fail(l, "langStringElementId", c);
        else if (strcmp(c->key, "@graph") == 0)
            return fail(l, "langStringElementGraph", c);
        else if (strcmp(c->key, "@type") == 0 && l->e->version > 2)
            return fail(l, "langStringElementType", c);
        else if (strcmp(c->key, "@type") == 0)
            continue;
        else
            return fail_key(l, "langStringElementInvalidProp", c);
    }
    if (!text) return fail(l, "langStringElementNoValue", v);
    if (text->type != GM_DOM_STRING) return fail(l, "langStringElementValueNotString", text);
    if (language && language->type != GM_DOM_STRING)
        return fail(l, "langStringElementCodeNotString", language);
    if (language && !is_language(language->text))
        return fail(l, "langStringElementInvalidCode", language);
    return add_text(l, language ? language->text : "en", text, v);
}

static bool read_language(const literal *l, const gm_dom *v)
{
    switch (v->type) {
    case GM_DOM_STRING: return add_text(l, "en", v, v);
    case GM_DOM_OBJECT: return read_language_map(l, v);
    case GM_DOM_ARRAY:
        for (size_t i = 0; i < v->n; i++)
            if (!read_language_element(l, &v->children[i])) return false;
        return true;
    case GM_DOM_NULL: return fail(l, "propertyValueNull", v);
    default: return fail(l, "langStringNotLangString", v);
    }
}

void dtdl_read_literal(parse *p, element *e, property *to, const gm_dom *v, const char *datatype)
{
    literal l = {p, e, to, datatype};
    if (datatype && strcmp(datatype, "langString") == 0) {
        read_language(&l, v);
        return;
    }
    if (v->type != GM_DOM_ARRAY) {
        read_one(&l, v);
        return;
    }
    for (size_t i = 0; i < v->n; i++)
        if (!read_one(&l, &v->children[i])) return;
    bool is_plural = json_is_true(json_object_get(to->facts, "plural"));
    if (v->n > 1 && !is_plural) fail_by_type(&l, "%sMultipleValues", v);
}
