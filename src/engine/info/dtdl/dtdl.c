#include "info/dtdl/dtdl.h"

#include <stdint.h>
#include <string.h>

#include "core/alloc.h"
#include "info/dtdl/metamodel.h"
#include "info/dtdl/model.h"
#include "info/dtdl/parse.h"

struct gm_dtdl_model {
    parse p;
    gm_dtdl_options options;
    const char **unresolved;  /* [n_unresolved] */
    gm_dtdl_missing *missing; /* [n_missing] */
    size_t n_unresolved, n_missing, n_sources;
};

/* ---- what all parts of a parse use -------------------------------------------------------------- */

static const char *given_for(const parse *p, int source)
{
    return source >= 0 && source < MOST_GIVEN ? p->given[source] : NULL;
}

bool dtdl_error(parse *p, const char *id, const char *primary, const char *in, const char *text,
                int line)
{
    if (p->n_errors == p->most_errors) {
        size_t most = p->most_errors ? 2 * p->most_errors : 16;
        gm_dtdl_error *more = gm_realloc(p->errors, most, sizeof *more);
        if (!more) {
            p->status = GM_ENOMEM;
            return false;
        }
        p->errors = more, p->most_errors = most;
    }
    p->errors[p->n_errors++] =
        (gm_dtdl_error){.id = id,
                        .element = primary,
                        .property = in ? gm_arena_text(&p->arena, in, strlen(in)) : NULL,
                        .value = text ? gm_arena_text(&p->arena, text, strlen(text)) : NULL,
                        .at = {p->source, given_for(p, p->source), line, 0}};
    return false;
}

gm_dtdl_error *dtdl_last(parse *p)
{
    static _Thread_local gm_dtdl_error none; /* of an error that there was no memory for */
    return p->n_errors ? &p->errors[p->n_errors - 1] : &none;
}

void dtdl_ends_at(parse *p, int end_line)
{
    gm_dtdl_place *at = &dtdl_last(p)->at;
    at->end_line = end_line > at->line ? end_line : 0;
}

void dtdl_second(parse *p, const element *e, int line, int end)
{
    gm_dtdl_error *x = dtdl_last(p);
    if (!line) line = e->line, end = e->end_line;
    x->second = e->id;
    x->second_at = (gm_dtdl_place){e->source, given_for(p, e->source), line, end > line ? end : 0};
}

const char *dtdl_type_name(parse *p, const char *id)
{
    const char *name = strrchr(id, ':') ? strrchr(id, ':') + 1 : id;
    return gm_arena_text(&p->arena, name, strcspn(name, ";"));
}

static uint64_t hash_of(const char *id)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *id; id++)
        h = (h ^ (unsigned char)*id) * 0x100000001b3u;
    return h ^ h >> 29;
}

static element **slot_of(element **slots, size_t n, const char *id)
{
    size_t k = hash_of(id) & (n - 1);
    while (slots[k] && strcmp(slots[k]->id, id) != 0)
        k = (k + 1) & (n - 1);
    return &slots[k];
}

element *dtdl_find(const parse *p, const char *id)
{
    return p->n_buckets ? *slot_of(p->by_id, p->n_buckets, id) : NULL;
}

static bool grow(parse *p)
{
    size_t n = p->n_buckets ? 2 * p->n_buckets : 128;
    element **slots = gm_calloc(n, sizeof *slots);
    if (!slots) return false;
    for (size_t k = 0; k < p->n_buckets; k++)
        if (p->by_id[k]) *slot_of(slots, n, p->by_id[k]->id) = p->by_id[k];
    gm_free(p->by_id);
    p->by_id = slots, p->n_buckets = n;
    return true;
}

bool dtdl_add(parse *p, element *e)
{
    if (2 * (p->n_elements + 1) > p->n_buckets && !grow(p)) {
        p->status = GM_ENOMEM;
        return true;
    }
    element **slot = slot_of(p->by_id, p->n_buckets, e->id);
    if (*slot) return false;
    *slot = e;
    p->n_elements++;
    *p->last_element = e;
    p->last_element = &e->next;
    return true;
}

property *dtdl_property(const element *e, const char *name)
{
    for (property *q = e->properties; q; q = q->next)
        if (strcmp(q->name, name) == 0) return q;
    return NULL;
}

bool dtdl_is_a(const parse *p, const element *e, const char *class_name)
{
    (void)p;
    return gm_metamodel_list_has(json_object_get(e->class_facts, "is"), class_name);
}

/* ---- texts -------------------------------------------------------------------------------------- */

static void read_top(parse *p, const gm_dom *v)
{
    place at = {0};
    if (v->type == GM_DOM_OBJECT)
        dtdl_read_element(p, v, &at);
    else
        p->is_stopped = true, dtdl_error(p, "notJsonObject", NULL, NULL, NULL, v->line);
}

static void read_text(parse *p, const gm_dom *root)
{
    if (root->type != GM_DOM_ARRAY) {
        read_top(p, root);
        return;
    }
    for (size_t i = 0; i < root->n && !p->is_stopped; i++)
        read_top(p, &root->children[i]);
}

/* ---- references to what is not there ------------------------------------------------------------- */

struct gm_dtdl_answers {
    struct answer {
        char *bytes;
        size_t length;
    } * all; /* [n] */
    size_t n;
};

gm_status gm_dtdl_answer(gm_dtdl_answers *to, const char *bytes, size_t length)
{
    struct answer *more = gm_realloc(to->all, to->n + 1, sizeof *more);
    if (more) to->all = more;
    char *copy = more ? gm_calloc(1, length + 1) : NULL;
    if (!copy) return gm_fail(GM_ENOMEM, "DTDL: no memory for an answer");
    memcpy(copy, bytes, length);
    to->all[to->n++] = (struct answer){copy, length};
    return GM_OK;
}

static void clear_answers(gm_dtdl_answers *a)
{
    for (size_t i = 0; i < a->n; i++)
        gm_free(a->all[i].bytes);
    gm_free(a->all);
}

static bool is_same_place(const gm_dtdl_missing *a, const reference *r)
{
    return strcmp(a->id, r->to->text) == 0 && a->at.source == r->from->source &&
           a->at.line == r->to->line;
}

static void add_missing(gm_dtdl_model *m, const reference *r)
{
    bool is_known = false;
    for (size_t k = 0; k < m->n_unresolved; k++)
        is_known |= strcmp(m->unresolved[k], r->to->text) == 0;
    if (!is_known) m->unresolved[m->n_unresolved++] = r->to->text;
    for (size_t k = 0; is_known && k < m->n_missing; k++)
        if (is_same_place(&m->missing[k], r)) return;
    int source = r->from->source;
    m->missing[m->n_missing++] =
        (gm_dtdl_missing){r->to->text, {source, given_for(&m->p, source), r->to->line, 0}};
}

static void find_missing(gm_dtdl_model *m)
{
    parse *p = &m->p;
    size_t n = 0;
    m->n_unresolved = m->n_missing = 0;
    for (const reference *r = p->references; r; r = r->next)
        n += !r->to->target;
    m->unresolved = gm_arena_take(&p->arena, (n + 1) * sizeof *m->unresolved);
    m->missing = gm_arena_take(&p->arena, (n + 1) * sizeof *m->missing);
    if (!m->unresolved || !m->missing) p->status = GM_ENOMEM;
    for (const reference *r = p->references; r && p->status == GM_OK; r = r->next)
        if (!r->to->target) add_missing(m, r);
}

/* The id of the first element of a text: what it was given for. */
static const char *first_id(parse *p, const gm_dom *root)
{
    const gm_dom *o = root->type == GM_DOM_ARRAY && root->n ? &root->children[0] : root;
    const gm_dom *id = gm_dom_member(o, "@id");
    return id && id->type == GM_DOM_STRING ? gm_arena_text(&p->arena, id->text, id->length) : "";
}

static gm_status read_answer(gm_dtdl_model *m, const struct answer *a)
{
    gm_dom_document *d;
    parse *p = &m->p;
    if (m->n_sources == MOST_GIVEN)
        return gm_fail(GM_EINVAL, "DTDL: more than %d texts in one parse", MOST_GIVEN);
    GM_TRY(gm_dom_parse(&d, a->bytes, a->length));
    p->source = (int)m->n_sources++;
    p->given[p->source] = first_id(p, gm_dom_root(d));
    p->tolerates = m->options.tolerates_in_answers;
    read_text(p, gm_dom_root(d));
    gm_dom_destroy(d);
    return GM_OK;
}

/* One round of the resolver. *goes_on: it knew more. */
static gm_status ask(gm_dtdl_model *m, bool *goes_on)
{
    gm_dtdl_answers a = {0};
    bool knows = true;
    size_t before = m->p.n_elements;
    gm_status s =
        m->options.resolve(m->options.context, m->unresolved, m->n_unresolved, &a, &knows);
    for (size_t i = 0; s == GM_OK && knows && i < a.n && !m->p.is_stopped; i++)
        s = read_answer(m, &a.all[i]);
    clear_answers(&a);
    *goes_on = knows && m->p.n_elements > before;
    return s;
}

static bool is_good(const parse *p)
{
    return p->n_errors == 0 && p->status == GM_OK;
}

static gm_status finish(gm_dtdl_model *m)
{
    parse *p = &m->p;
    bool goes_on = is_good(p);
    while (goes_on) {
        dtdl_bind(p);
        if (!is_good(p)) break;
        find_missing(m);
        goes_on = is_good(p) && m->n_unresolved > 0 && m->options.resolve;
        if (goes_on) GM_TRY(ask(m, &goes_on));
        if (!is_good(p)) break;
    }
    if (!is_good(p)) m->n_unresolved = m->n_missing = 0;
    if (is_good(p) && m->n_unresolved == 0) dtdl_check(p);
    return p->status == GM_OK ? GM_OK : gm_fail(p->status, "DTDL: no memory");
}

/* ---- parsing ------------------------------------------------------------------------------------ */

static gm_status create(gm_dtdl_model **out, size_t n_texts, const gm_dtdl_options *options)
{
    *out = NULL;
    if (n_texts > MOST_GIVEN)
        return gm_fail(GM_EINVAL, "DTDL: %zu texts; at most %d in one parse", n_texts, MOST_GIVEN);
    gm_dtdl_model *m = gm_calloc(1, sizeof *m);
    if (!m) return gm_fail(GM_ENOMEM, "DTDL: no memory");
    if (options) m->options = *options;
    m->p.options = &m->options;
    m->p.tolerates = m->options.tolerates_in_texts;
    m->p.last_element = &m->p.elements;
    m->p.last_reference = &m->p.references;
    m->n_sources = n_texts;
    gm_status s = gm_metamodel(&m->p.meta);
    if (s == GM_OK)
        *out = m;
    else
        gm_dtdl_destroy(m);
    return s;
}

static bool wants_more(const gm_dtdl_model *m)
{
    return !m->p.is_stopped && m->p.status == GM_OK;
}

static gm_status end(gm_dtdl_model **out, gm_status s)
{
    if (s == GM_OK) s = finish(*out);
    if (s == GM_OK) return GM_OK;
    gm_dtdl_destroy(*out);
    *out = NULL;
    return s;
}

gm_status gm_dtdl_parse(gm_dtdl_model **out, const gm_dtdl_text *texts, size_t n,
                        const gm_dtdl_options *options)
{
    gm_status s = create(out, n, options);
    if (s != GM_OK) return s;
    for (size_t i = 0; s == GM_OK && i < n && wants_more(*out); i++) {
        gm_dom_document *d;
        s = gm_dom_parse(&d, texts[i].bytes, texts[i].length);
        if (s != GM_OK) {
            s = gm_fail_in(s, "%s", texts[i].name);
            break;
        }
        (*out)->p.source = (int)i;
        read_text(&(*out)->p, gm_dom_root(d));
        gm_dom_destroy(d);
    }
    return end(out, s);
}

gm_status gm_dtdl_parse_documents(gm_dtdl_model **out, const gm_dom *const roots[], size_t n,
                                  const gm_dtdl_options *options)
{
    GM_TRY(create(out, n, options));
    for (size_t i = 0; i < n && wants_more(*out); i++) {
        (*out)->p.source = (int)i;
        read_text(&(*out)->p, roots[i]);
    }
    return end(out, GM_OK);
}

void gm_dtdl_destroy(gm_dtdl_model *m)
{
    if (!m) return;
    gm_arena_clear(&m->p.arena);
    gm_free(m->p.by_id);
    gm_free(m->p.errors);
    gm_free(m);
}

size_t gm_dtdl_n_errors(const gm_dtdl_model *m)
{
    return m->p.n_errors;
}

const gm_dtdl_error *gm_dtdl_error_at(const gm_dtdl_model *m, size_t k)
{
    return k < m->p.n_errors ? &m->p.errors[k] : NULL;
}

size_t gm_dtdl_n_unresolved(const gm_dtdl_model *m)
{
    return m->n_unresolved;
}

const char *gm_dtdl_unresolved_at(const gm_dtdl_model *m, size_t k)
{
    return k < m->n_unresolved ? m->unresolved[k] : NULL;
}

size_t gm_dtdl_n_missing(const gm_dtdl_model *m)
{
    return m->n_missing;
}

gm_dtdl_missing gm_dtdl_missing_at(const gm_dtdl_model *m, size_t k)
{
    return k < m->n_missing ? m->missing[k] : (gm_dtdl_missing){0};
}

size_t gm_dtdl_n_elements(const gm_dtdl_model *m)
{
    return m->p.n_elements;
}

const gm_dtdl_element *gm_dtdl_find(const gm_dtdl_model *m, const char *id)
{
    return dtdl_find(&m->p, id);
}

const gm_dtdl_element *gm_dtdl_first(const gm_dtdl_model *m)
{
    return m->p.elements;
}
