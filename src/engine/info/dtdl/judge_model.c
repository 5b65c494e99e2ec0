#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "info/dtdl/dtmi.h"
#include "info/dtdl/instance.h"
#include "info/dtdl/judge.h"
#include "info/dtdl/write.h"

static json_t *as_json(const gm_dom *v)
{
    gm_text t = {0};
    gm_dom_write(v, -1, &t);
    json_t *out = t.data ? json_loads(t.data, JSON_DECODE_ANY, NULL) : NULL;
    gm_text_free(&t);
    return out;
}

/* ---- elements ----------------------------------------------------------------------------------- */

/* Lists count as multisets; numbers by value. */
static bool is_same(const json_t *wanted, const json_t *is)
{
    if (json_is_number(wanted) && json_is_number(is))
        return json_number_value(wanted) == json_number_value(is);
    if (!json_is_array(wanted) || !json_is_array(is)) return json_equal(wanted, is);
    json_t *left = json_copy((json_t *)is);
    bool same = json_array_size(wanted) == json_array_size(is);
    for (size_t i = 0; i < json_array_size(wanted) && same; i++) {
        size_t k = 0;
        while (k < json_array_size(left) &&
               !is_same(json_array_get(wanted, i), json_array_get(left, k)))
            k++;
        same = k < json_array_size(left);
        if (same) json_array_remove(left, k);
    }
    json_decref(left);
    return same;
}

static const char *judge_described(const json_t *wanted, const json_t *is)
{
    static const char *const whole[] = {"type", "supplementalTypes", "supplementalProperties",
                                        "undefinedTypes", "undefinedProperties"};
    const char *id = json_string_value(json_object_get(wanted, "id")), *name;
    json_t *v;
    for (size_t k = 0; k < sizeof whole / sizeof *whole; k++) {
        const json_t *w = json_object_get(wanted, whole[k]);
        if (w && !is_same(w, json_object_get(is, whole[k])))
            return judge_why("%s: %s", id, whole[k]);
    }
    const json_t *have = json_object_get(is, "properties");
    json_object_foreach(json_object_get(wanted, "properties"), name, v)
    {
        if (!is_same(v, json_object_get(have, name))) return judge_why("%s: %s", id, name);
    }
    return NULL;
}

static const char *judge_element(const gm_dtdl_model *m, const json_t *wanted)
{
    const char *id = json_string_value(json_object_get(wanted, "id"));
    const gm_dtdl_element *e = id ? gm_dtdl_find(m, id) : NULL;
    json_t *is;
    if (!e) return judge_why("%s is not there", id ? id : "an element without id");
    if (gm_dtdl_describe(&is, m, e) != GM_OK) return "no memory";
    const char *why = judge_described(wanted, is);
    json_decref(is);
    return why;
}

const char *judge_elements(const gm_dtdl_model *m, const gm_dom *expect)
{
    const gm_dom *count = gm_dom_member(expect, "elementCount"),
                 *elements = gm_dom_member(expect, "elements");
    if (count && (size_t)gm_dom_number(count) != gm_dtdl_n_elements(m))
        return judge_why("%zu elements, not %s", gm_dtdl_n_elements(m), count->text);
    const char *why = NULL;
    for (size_t i = 0; elements && i < elements->n && !why; i++) {
        json_t *wanted = as_json(&elements->children[i]);
        why = wanted ? judge_element(m, wanted) : "no memory";
        json_decref(wanted);
    }
    return why;
}

/* ---- instances ---------------------------------------------------------------------------------- */

static bool is_true(const gm_dom *v)
{
    return v && v->type == GM_DOM_TRUE;
}

const char *judge_instances(const gm_dtdl_model *m, const gm_dom *instances)
{
    for (size_t i = 0; instances && i < instances->n; i++) {
        const gm_dom *x = &instances->children[i], *subject = gm_dom_member(x, "subject"),
                     *text = gm_dom_member(x, "submit");
        const gm_dtdl_element *e = subject ? gm_dtdl_find(m, subject->text) : NULL;
        bool conforms = false;
        if (!e || !text) return judge_why("instance %zu: no subject", i);
        bool throws = gm_dtdl_conforms(&conforms, e, text->text, text->length) != GM_OK;
        if (throws != is_true(gm_dom_member(x, "throws")))
            return judge_why("instance %zu: %s can%s be asked", i, subject->text,
                             throws ? "not" : "");
        if (!throws && conforms != is_true(gm_dom_member(x, "conforms")))
            return judge_why("instance %zu: %s %s %.80s", i, subject->text,
                             conforms ? "takes" : "refuses", text->text);
    }
    return NULL;
}

/* ---- round trip --------------------------------------------------------------------------------- */

static bool is_interface(const gm_dtdl_element *e)
{
    return !gm_dtdl_is_standard(e) && strcmp(gm_dtdl_class(e), "Interface") == 0;
}

static const char *compare(const gm_dtdl_model *a, const gm_dtdl_model *b)
{
    const char *why = NULL;
    for (const gm_dtdl_element *e = gm_dtdl_first(b); e && !why; e = gm_dtdl_next(e)) {
        const gm_dtdl_element *was = gm_dtdl_find(a, gm_dtdl_id(e));
        json_t *is = NULL, *wanted = NULL;
        if (!was) return judge_why("written back, %s is new", gm_dtdl_id(e));
        if (gm_dtdl_describe(&is, b, e) != GM_OK || gm_dtdl_describe(&wanted, a, was) != GM_OK)
            why = "no memory";
        else if (!is_same(wanted, is))
            why = judge_why("written back, %s differs: %s", gm_dtdl_id(e),
                            judge_described(wanted, is));
        json_decref(is), json_decref(wanted);
    }
    return why;
}

static const char *read_again(const gm_dtdl_model *m, const gm_dtdl_text *texts, size_t n,
                              const gm_dtdl_options *options, const gm_dom *expect)
{
    gm_dtdl_model *again;
    if (gm_dtdl_parse(&again, texts, n, options) != GM_OK)
        return judge_why("written back: %s", gm_error_text());
    const gm_dtdl_error *e = gm_dtdl_error_at(again, 0);
    const char *why = e ? judge_why("written back: %s of %s, line %d", e->id,
                                    e->element ? e->element : "none", e->at.line)
                        : NULL;
    if (!why && gm_dtdl_n_unresolved(again) > 0) why = "written back, references are unresolved";
    if (!why && gm_dtdl_n_elements(again) != gm_dtdl_n_elements(m))
        why = judge_why("written back: %zu elements, not %zu", gm_dtdl_n_elements(again),
                        gm_dtdl_n_elements(m));
    if (!why && expect) why = judge_elements(again, expect);
    if (!why) why = compare(m, again);
    gm_dtdl_destroy(again);
    return why;
}

const char *judge_round_trip(const gm_dtdl_model *m, const gm_dtdl_options *options,
                             const gm_dom *expect)
{
    gm_dtdl_options o = *options;
    const char *why = NULL;
    size_t n = 0, k = 0;
    o.resolve = NULL;
    for (const gm_dtdl_element *e = gm_dtdl_first(m); e; e = gm_dtdl_next(e))
        n += is_interface(e);
    gm_text *written = gm_calloc(n + 1, sizeof *written);
    gm_dtdl_text *texts = gm_calloc(n + 1, sizeof *texts);
    for (const gm_dtdl_element *e = gm_dtdl_first(m); e && written && texts && !why;
         e = gm_dtdl_next(e)) {
        if (!is_interface(e)) continue;
        if (gm_dtdl_is_inside(e)) continue; /* written with what it stands in */
        if (gm_dtdl_write(e, &written[k]) != GM_OK) why = judge_why("%s", gm_error_text());
        texts[k] = (gm_dtdl_text){gm_dtdl_id(e), written[k].data, written[k].length};
        k++;
    }
    if (!why) why = written && texts ? read_again(m, texts, k, &o, expect) : "no memory";
    for (size_t i = 0; written && i < n; i++)
        gm_text_free(&written[i]);
    gm_free(written);
    gm_free(texts);
    return why;
}

/* ---- identifiers -------------------------------------------------------------------------------- */

static json_t *describe_dtmi(const gm_dtmi *d)
{
    json_t *labels = json_array();
    for (const char *at = d->versionless + 5; *at && *at != '#';) {
        size_t n = strcspn(at, ":#");
        json_array_append_new(labels, json_stringn(at, n));
        at += n + (at[n] == ':');
    }
    return json_pack("{s:i,s:i,s:f,s:s,s:o,s:b,s:s}", "MajorVersion", d->major, "MinorVersion",
                     d->minor, "CompleteVersion", d->version, "Versionless", d->versionless,
                     "Labels", labels, "IsReserved", d->is_reserved, "Fragment", d->fragment);
}

const char *judge_dtmi(const gm_dom *c)
{
    const gm_dom *text = gm_dom_member(c, "idText"), *expect = gm_dom_member(c, "expect");
    gm_dtmi d;
    bool is_valid = text && gm_dtmi_read(&d, text->text),
         wanted = is_true(gm_dom_member(c, "valid"));
    const char *why = NULL;
    if (is_valid != wanted) return is_valid ? "accepted" : "refused";
    if (!is_valid || !expect) return NULL;
    json_t *is = describe_dtmi(&d);
    for (size_t i = 0; i < expect->n && !why; i++) {
        json_t *v = as_json(&expect->children[i]);
        if (!is_same(v, json_object_get(is, expect->children[i].key)))
            why = judge_why("%s", expect->children[i].key);
        json_decref(v);
    }
    json_decref(is);
    return why;
}
