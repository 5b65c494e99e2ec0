#include "info/dtdl/dtdl.h"

#include <stdint.h>
#include <string.h>

#include "core/alloc.h"
#include "info/dtdl/metamodel.h"
#include "info/dtdl/parse.h"

struct gm_dtdl_model {
    parse p;
    gm_dtdl_options options;
    const char **unresolved; /* [n_unresolved] */
    size_t n_unresolved;
};

/* ---- what all parts of a parse use -------------------------------------------------------------- */

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
                        .source = p->source,
                        .line = line};
    return false;
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

static gm_status start(gm_dtdl_model *m, const gm_dtdl_options *options)
{
    if (options) m->options = *options;
    m->p.options = &m->options;
    m->p.last_element = &m->p.elements;
    m->p.last_reference = &m->p.references;
    return gm_metamodel(&m->p.meta);
}

static void finish(gm_dtdl_model *m)
{
    parse *p = &m->p;
    if (p->n_errors == 0 && p->status == GM_OK) dtdl_bind(p);
    size_t n = 0;
    for (const reference *r = p->references; r; r = r->next)
        n += !r->to->target;
    m->unresolved = gm_arena_take(&p->arena, (n + 1) * sizeof *m->unresolved);
    for (const reference *r = p->references; r && m->unresolved; r = r->next) {
        if (r->to->target || p->n_errors) continue;
        bool is_known = false;
        for (size_t k = 0; k < m->n_unresolved; k++)
            is_known |= strcmp(m->unresolved[k], r->to->text) == 0;
        if (!is_known) m->unresolved[m->n_unresolved++] = r->to->text;
    }
    if (p->n_errors == 0 && m->n_unresolved == 0 && p->status == GM_OK) dtdl_check(p);
}

static gm_status parse_texts(gm_dtdl_model *m, const gm_dtdl_text *texts, size_t n)
{
    for (size_t i = 0; i < n && !m->p.is_stopped && m->p.status == GM_OK; i++) {
        gm_dom_document *d;
        gm_status s = gm_dom_parse(&d, texts[i].bytes, texts[i].length);
        if (s != GM_OK) return gm_fail_in(s, "%s", texts[i].name);
        m->p.source = (int)i;
        read_text(&m->p, gm_dom_root(d));
        gm_dom_destroy(d);
    }
    finish(m);
    return m->p.status == GM_OK ? GM_OK : gm_fail(m->p.status, "DTDL: no memory");
}

gm_status gm_dtdl_parse(gm_dtdl_model **out, const gm_dtdl_text *texts, size_t n,
                        const gm_dtdl_options *options)
{
    *out = NULL;
    gm_dtdl_model *m = gm_calloc(1, sizeof *m);
    if (!m) return gm_fail(GM_ENOMEM, "DTDL: no memory");
    gm_status s = start(m, options);
    if (s == GM_OK) s = parse_texts(m, texts, n);
    if (s != GM_OK) {
        gm_dtdl_destroy(m);
        return s;
    }
    *out = m;
    return GM_OK;
}

gm_status gm_dtdl_parse_documents(gm_dtdl_model **out, const gm_dom *const roots[], size_t n,
                                  const gm_dtdl_options *options)
{
    *out = NULL;
    gm_dtdl_model *m = gm_calloc(1, sizeof *m);
    if (!m) return gm_fail(GM_ENOMEM, "DTDL: no memory");
    gm_status s = start(m, options);
    for (size_t i = 0; s == GM_OK && i < n && !m->p.is_stopped && m->p.status == GM_OK; i++) {
        m->p.source = (int)i;
        read_text(&m->p, roots[i]);
    }
    if (s == GM_OK) finish(m);
    if (s == GM_OK && m->p.status != GM_OK) s = gm_fail(m->p.status, "DTDL: no memory");
    if (s != GM_OK) {
        gm_dtdl_destroy(m);
        return s;
    }
    *out = m;
    return GM_OK;
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

size_t gm_dtdl_n_elements(const gm_dtdl_model *m)
{
    return m->p.n_elements;
}
