#include <stdlib.h>
#include <string.h>

#include "info/dtdl/dtmi.h"
#include "info/dtdl/metamodel.h"
#include "info/dtdl/parse.h"

static const char DTDL[] = "dtmi:dtdl:context", LIMITS[] = "dtmi:dtdl:limits:";
enum { LONGEST_SPECIFIER = 512 };

/* "name;version#fragment" taken apart. */
typedef struct {
    char name[LONGEST_SPECIFIER]; /* without version and fragment */
    long major, minor;            /* -1: none */
    const char *fragment;         /* behind #; NULL: none */
} specifier;

static bool take_apart(specifier *s, const char *text)
{
    size_t n = strcspn(text, "#");
    char whole[LONGEST_SPECIFIER];
    if (n >= sizeof whole) return false;
    memcpy(whole, text, n), whole[n] = 0;
    s->fragment = text[n] ? text + n + 1 : NULL;
    s->major = s->minor = -1;
    if (!gm_dtmi_is(whole, 3)) return false;
    char *version = strchr(whole, ';'), *dot = version ? strchr(version, '.') : NULL;
    if (dot) *dot = 0, s->minor = strtol(dot + 1, NULL, 10);
    if (version) *version = 0, s->major = strtol(version + 1, NULL, 10);
    memcpy(s->name, whole, strlen(whole) + 1);
    return true;
}

/* ---- one component ------------------------------------------------------------------------------ */

typedef struct {
    parse *p;
    vocabulary *v;
    bool has_dtdl;            /* in this @context */
    bool has_affiliate;       /* in it, an extension */
    const char *wants_limits; /* the #limitless that came just before; NULL: none */
    int line, limitless_line;
} reading;

static bool fail(reading *r, const char *id, const char *text)
{
    r->p->is_stopped = true;
    return dtdl_error(r->p, id, NULL, NULL, text, r->line);
}

static bool miss_limits(reading *r)
{
    r->line = r->limitless_line;
    return fail(r, "missingLimitContext", r->wants_limits);
}

static bool set_version(reading *r, int version, const char *text)
{
    const gm_dtdl_options *o = r->p->options;
    int most = o->most_version ? o->most_version : 4;
    if (version > most) return fail(r, "disallowedContextVersion", text);
    r->v->version = version;
    r->v->limits = "", r->v->limit_context = NULL;
    char id[] = "dtmi:dtdl:context;0";
    id[sizeof id - 2] = (char)('0' + version);
    r->v->terms = gm_metamodel_find(r->p->meta, "contexts", id);
    return true;
}

static bool read_dtdl(reading *r, const specifier *s, const char *text)
{
    if (s->major < 0) return fail(r, "missingContextVersion", text);
    if (s->major < 2 || s->major > 4 || s->minor > 0)
        return fail(r, "unrecognizedContextVersion", text);
    if (s->fragment && strcmp(s->fragment, "limits") == 0 && s->major == 4 && r->wants_limits) {
        r->wants_limits = NULL;
        r->v->limit_context = gm_arena_text(&r->p->arena, text, strlen(text));
        return true; /* the limits of the language itself */
    }
    if (r->has_affiliate) return fail(r, "dtdlContextFollowsAffiliate", text);
    if (s->fragment && s->major < 4) return fail(r, "disallowedContextFragment", text);
    if (s->fragment && strcmp(s->fragment, "limits") == 0)
        return fail(r, "misplacedLimitContext", text);
    if (s->fragment && strcmp(s->fragment, "limitless") != 0)
        return fail(r, "invalidContextFragment", text);
    if (r->wants_limits && s->fragment) return miss_limits(r);
    r->has_dtdl = true;
    r->wants_limits = s->fragment ? text : NULL;
    r->limitless_line = r->line;
    return set_version(r, (int)s->major, text);
}

/* Listed by the caller: without version any, else the same major and at least that minor. */
static bool is_acceptable(const gm_dtdl_options *o, const specifier *s)
{
    for (size_t i = 0; i < o->n_limits; i++) {
        specifier a;
        if (!take_apart(&a, o->limits[i]) || strcmp(a.name, s->name) != 0) continue;
        long minor = s->minor < 0 ? 0 : s->minor, most = a.minor < 0 ? 0 : a.minor;
        if (a.major <= 0 || (a.major == s->major && minor <= most)) return true;
    }
    return false;
}

static bool read_limits(reading *r, const specifier *s, const char *text)
{
    char id[LONGEST_SPECIFIER + 24];
    if (r->v->version == 0) return fail(r, "missingDtdlContext", NULL);
    if (!r->wants_limits) return fail(r, "misplacedLimitContext", text);
    if (s->major < 0) return fail(r, "missingContextVersion", text);
    snprintf(id, sizeof id, "%s;%ld", s->name, s->major);
    const json_t *known = gm_metamodel_find(r->p->meta, "limitContexts", id);
    if (!known || !is_acceptable(r->p->options, s)) return fail(r, "disallowedLimitContext", text);
    r->wants_limits = NULL;
    r->v->limits = json_string_value(json_object_get(known, "spec"));
    r->v->limit_context = gm_arena_text(&r->p->arena, text, strlen(text));
    return true;
}

static bool allows_undefined(const reading *r)
{
    gm_dtdl_undefined u = r->p->options->undefined;
    return u == GM_DTDL_UNDEFINED_ALLOWED ||
           (u == GM_DTDL_UNDEFINED_BY_VERSION && r->v->version == 2);
}

static bool is_known_name(const reading *r, const char *name)
{
    const char *id;
    json_t *terms;
    size_t n = strlen(name);
    json_object_foreach(json_object_get(r->p->meta, "contexts"), id, terms)
    {
        if (strncmp(id, name, n) == 0 && id[n] == ';') return true;
    }
    return false;
}

static bool add_affiliate(reading *r, const char *text, const json_t *terms)
{
    vocabulary *v = r->v;
    r->has_affiliate = true;
    if (v->n_affiliates == MOST_AFFILIATES) return fail(r, "invalidContext", text);
    v->affiliates[v->n_affiliates].id = gm_arena_text(&r->p->arena, text, strlen(text));
    v->affiliates[v->n_affiliates++].terms = terms;
    v->is_incomplete |= !terms;
    return true;
}

static bool read_affiliate(reading *r, const specifier *s, const char *text)
{
    char id[LONGEST_SPECIFIER + 24];
    if (r->wants_limits) return miss_limits(r);
    if (s->major < 0) return fail(r, "missingContextVersion", text);
    snprintf(id, sizeof id, "%s;%ld", s->name, s->major);
    const json_t *terms = gm_metamodel_find(r->p->meta, "contexts", id);
    const json_t *implied =
        gm_metamodel_find(r->p->meta, "affiliateContextsImplicitDtdlVersions", id);
    if (s->minor > 0) terms = NULL; /* none of the known ones has a minor version */
    if (implied && r->v->version == 0) {
        if (!set_version(r, (int)json_integer_value(implied), text)) return false;
        if (!add_affiliate(r, text, terms)) return false;
        r->has_affiliate = false; /* it may come before the language itself */
        return true;
    }
    if (r->v->version == 0) return fail(r, "missingDtdlContext", NULL);
    if (!terms && !allows_undefined(r))
        return fail(r,
                    is_known_name(r, s->name) ? "unresolvableContextVersion"
                                              : "unresolvableContextSpecifier",
                    text);
    return add_affiliate(r, text, terms);
}

static bool read_component(reading *r, const gm_dom *c)
{
    specifier s;
    r->line = c->line;
    if (c->type == GM_DOM_OBJECT) {
        fail(r, "disallowedLocalContext", NULL);
        dtdl_ends_at(r->p, c->end_line);
        return false;
    }
    if (c->type != GM_DOM_STRING) return fail(r, "invalidContext", NULL);
    if (strncmp(c->text, "dtmi:", 5) != 0) {
        if (!r->v->version) return fail(r, "missingDtdlContext", NULL);
        return fail(r, "nonDtmiContextSpecifier", c->text);
    }
    if (!take_apart(&s, c->text)) return fail(r, "invalidContextSpecifier", c->text);
    if (s.minor >= 0 && r->v->version == 2)
        return fail(r, "invalidContextSpecifierForVersion", c->text);
    if (strcmp(s.name, DTDL) == 0) return read_dtdl(r, &s, c->text);
    if (s.fragment) return fail(r, "invalidContextSpecifier", c->text);
    if (strncmp(s.name, LIMITS, strlen(LIMITS)) == 0) return read_limits(r, &s, c->text);
    return read_affiliate(r, &s, c->text);
}

static bool keep_for_writing(parse *p, vocabulary *v)
{
    contexts *c = gm_arena_take(&p->arena, sizeof *c);
    if (!c) {
        p->status = GM_ENOMEM;
        return false;
    }
    *c = (contexts){.version = v->version, .limits = v->limit_context, .n = v->n_affiliates};
    for (size_t i = 0; i < v->n_affiliates; i++)
        c->affiliates[i] = v->affiliates[i].id;
    v->written = c;
    return true;
}

bool dtdl_read_context(parse *p, const gm_dom *context, vocabulary *out)
{
    reading r = {.p = p, .v = out, .line = context->line};
    bool was_empty = out->version == 0;
    if (context->type != GM_DOM_ARRAY) {
        if (!read_component(&r, context)) return false;
    } else if (context->n == 0 && was_empty) {
        return fail(&r, "emptyContext", NULL);
    }
    for (size_t i = 0; context->type == GM_DOM_ARRAY && i < context->n; i++)
        if (!read_component(&r, &context->children[i])) return false;
    if (r.wants_limits) return miss_limits(&r);
    if (out->version == 0 || (was_empty && !r.has_dtdl))
        return fail(&r, "missingDtdlContext", NULL);
    return keep_for_writing(p, out);
}

/* ---- names -------------------------------------------------------------------------------------- */

name_kind dtdl_resolve(const vocabulary *v, const char *name, const char **id)
{
    *id = name;
    if (strncmp(name, "dtmi:", 5) == 0)
        return gm_dtmi_is(name, v->version) ? NAME_DTMI : NAME_BAD_DTMI;
    if (strchr(name, ':')) return NAME_URI;
    const char *found = json_string_value(json_object_get(v->terms, name));
    for (size_t i = 0; !found && i < v->n_affiliates; i++)
        found = json_string_value(json_object_get(v->affiliates[i].terms, name));
    if (!found) return NAME_UNDEFINED;
    *id = found;
    return NAME_TERM;
}
