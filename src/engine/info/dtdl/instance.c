#include "info/dtdl/instance.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "info/dtdl/metamodel.h"
#include "info/dtdl/parse.h"
#include "info/dtdl/pattern.h"

static const json_t *rules_of(const element *e)
{
    return gm_metamodel_of_version(json_object_get(e->class_facts, "instance"), e->version);
}

static bool is_json_type(const gm_dom *v, const char *type)
{
    switch (v->type) {
    case GM_DOM_TRUE:
    case GM_DOM_FALSE: return strcmp(type, "boolean") == 0;
    case GM_DOM_NUMBER: return strcmp(type, "number") == 0;
    case GM_DOM_STRING: return strcmp(type, "string") == 0;
    case GM_DOM_ARRAY: return strcmp(type, "array") == 0;
    case GM_DOM_OBJECT: return strcmp(type, "object") == 0;
    case GM_DOM_NULL: break;
    }
    return false;
}

/* XSD's integers; whole numbers beyond 2^53 are compared as they are written. */
static bool is_in_range(const gm_dom *v, const char *datatype)
{
    static const struct {
        const char *name;
        int bits;
        bool is_signed;
    } kinds[] = {{"byte", 8, true},          {"short", 16, true},
                 {"int", 32, true},          {"long", 64, true},
                 {"unsignedByte", 8, false}, {"unsignedShort", 16, false},
                 {"unsignedInt", 32, false}, {"unsignedLong", 64, false}};
    size_t k = 0, n = sizeof kinds / sizeof *kinds;
    while (k < n && strcmp(kinds[k].name, datatype) != 0)
        k++;
    if (k == n) return true;
    if (!gm_dom_is_integer(v)) return false;
    bool is_negative = v->text[0] == '-';
    errno = 0;
    unsigned long long size = strtoull(v->text + is_negative, NULL, 10);
    if (errno) return false;
    int bits = kinds[k].bits - kinds[k].is_signed;
    unsigned long long most = bits == 64 ? ~0ull : (1ull << bits) - 1;
    if (is_negative) return size == 0 || (kinds[k].is_signed && size <= most + 1);
    return size <= most;
}

static bool is_real(const gm_dom *v, const char *datatype)
{
    static const double MOST_FLOAT = 3.4028234663852886e38; /* IEEE 754 binary32 */
    double x = gm_dom_number(v);
    if (strcmp(datatype, "float") == 0) return fabs(x) <= MOST_FLOAT;
    return strcmp(datatype, "double") != 0 || isfinite(x);
}

/* ---- moments: their patterns fix where the digits stand ------------------------------------------- */

static int digits(const char *at, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++)
        v = 10 * v + (at[i] - '0');
    return v;
}

static bool is_date(const char *at)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int y = digits(at, 4), m = digits(at + 5, 2), d = digits(at + 8, 2);
    bool is_leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return y >= 1 && m >= 1 && m <= 12 && d >= 1 && d <= days[m - 1] + (m == 2 && is_leap);
}

static bool is_time(const char *at)
{
    const char *zone = at + 8 + strcspn(at + 8, "Z+-");
    if (digits(at, 2) > 23 || digits(at + 3, 2) > 59 || digits(at + 6, 2) > 59) return false;
    return *zone == 'Z' || (digits(zone + 1, 2) <= 14 && digits(zone + 4, 2) <= 59);
}

static bool is_moment(const char *text, const char *datatype)
{
    if (strcmp(datatype, "date") == 0) return is_date(text);
    if (strcmp(datatype, "time") == 0) return is_time(text);
    return strcmp(datatype, "dateTime") != 0 || (is_date(text) && is_time(text + 11));
}

/* ---- values ------------------------------------------------------------------------------------- */

static const value *first_value(const element *e, const char *name)
{
    const property *q = dtdl_property(e, name);
    return q ? q->values : NULL;
}

/* A literal of the model and the instance say the same. */
static bool is_value(const value *wanted, const gm_dom *v)
{
    if (!wanted) return false;
    if (wanted->kind == LITERAL_STRING)
        return v->type == GM_DOM_STRING && strcmp(v->text, wanted->text) == 0;
    return v->type == GM_DOM_NUMBER && gm_dom_number(v) == strtod(wanted->text, NULL);
}

static bool conforms(const element *e, const gm_dom *v);

/* Each property that is named must have a value that takes v. */
static bool is_taken(const element *e, const json_t *properties, const gm_dom *v)
{
    for (size_t i = 0; i < json_array_size(properties); i++) {
        const char *name = json_string_value(json_array_get(properties, i));
        const value *x = first_value(e, name);
        while (x && !(x->target && conforms(x->target, v)))
            x = x->next;
        if (!x) return false;
    }
    return true;
}

static bool fits_element(const element *e, const json_t *rules, const gm_dom *v)
{
    const char *type = json_string_value(json_object_get(rules, "jsonType")),
               *datatype = json_string_value(json_object_get(rules, "datatype")),
               *pattern = json_string_value(json_object_get(rules, "pattern")),
               *literal = json_string_value(json_object_get(rules, "hasValue")),
               *named = json_string_value(json_object_get(rules, "nameHasValue"));
    if (type && !is_json_type(v, type)) return false;
    if (pattern && !gm_dtdl_matches(pattern, v->text)) return false;
    if (datatype && v->type == GM_DOM_NUMBER && !(is_in_range(v, datatype) && is_real(v, datatype)))
        return false;
    if (datatype && v->type == GM_DOM_STRING && !is_moment(v->text, datatype)) return false;
    if (literal && !is_value(first_value(e, literal), v)) return false;
    const value *name = named ? first_value(e, named) : NULL;
    if (named && v->key && !(name && strcmp(name->text, v->key) == 0)) return false;
    return is_taken(e, json_object_get(rules, "instanceProperty"), v);
}

static bool conforms(const element *e, const gm_dom *v)
{
    const json_t *rules = rules_of(e), *child = json_object_get(rules, "eachChild");
    if (!rules || !fits_element(e, json_object_get(rules, "element"), v)) return false;
    const json_t *by = json_object_get(child, "instanceProperty");
    for (size_t i = 0; by && i < v->n; i++)
        if (!is_taken(e, by, &v->children[i])) return false;
    return true;
}

gm_status gm_dtdl_conforms_value(bool *out, const gm_dtdl_element *e, const gm_dom *v)
{
    *out = false;
    if (!rules_of(e))
        return gm_fail(GM_EINVAL, "%s: a %s has no instances; ask its schema", e->id,
                       e->class_name);
    *out = conforms(e, v);
    return GM_OK;
}

gm_status gm_dtdl_conforms(bool *out, const gm_dtdl_element *e, const char *json, size_t length)
{
    static const gm_dom none; /* asks whether it can be asked */
    gm_dom_document *d;
    GM_TRY(gm_dtdl_conforms_value(out, e, &none));
    *out = false;
    gm_status s = gm_dom_parse(&d, json, length);
    if (s == GM_EFORMAT) return GM_OK;
    if (s != GM_OK) return s;
    s = gm_dtdl_conforms_value(out, e, gm_dom_root(d));
    gm_dom_destroy(d);
    return s;
}
