#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "info/dtdl/judge.h"

const char *judge_why(const char *fmt, ...)
{
    static _Thread_local char text[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return text;
}

/* ---- one error ---------------------------------------------------------------------------------- */

/* Not said: any. null: must be absent; a list: any of it. */
static bool is_text(const gm_dom *wanted, const char *text)
{
    if (!wanted) return true;
    if (wanted->type == GM_DOM_NULL) return !text;
    if (wanted->type == GM_DOM_STRING || wanted->type == GM_DOM_NUMBER)
        return text && strcmp(wanted->text, text) == 0;
    for (size_t i = 0; wanted->type == GM_DOM_ARRAY && i < wanted->n; i++)
        if (is_text(&wanted->children[i], text)) return true;
    return false;
}

static bool is_number(const gm_dom *wanted, int number)
{
    return !wanted || (wanted->type == GM_DOM_NUMBER && (int)gm_dom_number(wanted) == number);
}

static const gm_dom *member(const gm_dom *entry, const char *which, const char *what)
{
    char name[32];
    snprintf(name, sizeof name, "%s%s", which, what);
    return gm_dom_member(entry, name);
}

/* An end that is not said must be that of one line. */
static const char *other_place(const gm_dom *entry, const char *which, const gm_dtdl_place *at)
{
    const gm_dom *index = member(entry, which, "Index"), *start = member(entry, which, "Start"),
                 *end = member(entry, which, "End");
    if (index && (at->given || !is_number(index, at->source))) return "Index";
    if (!is_text(member(entry, which, "Dtmi"), at->given)) return "Dtmi";
    if (!is_number(start, at->line)) return "Start";
    int last = at->end_line ? at->end_line : end ? at->line : 0;
    if (end ? !is_number(end, last) : start && last && last != at->line) return "End";
    return NULL;
}

static const char *other_field(const gm_dom *entry, const gm_dtdl_error *e)
{
    const struct {
        const char *name, *is;
    } texts[] = {{"SecondaryID", e->second},
                 {"Property", e->property},
                 {"AuxProperty", e->aux_property},
                 {"Type", e->type},
                 {"Value", e->value},
                 {"Restriction", e->restriction},
                 {"Transformation", e->transformation}};
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
        if (!is_text(gm_dom_member(entry, texts[k].name), texts[k].is))
            return judge_why("%s: %s is %s", e->id, texts[k].name,
                             texts[k].is ? texts[k].is : "absent");
    const char *other = other_place(entry, "Primary", &e->at);
    if (other)
        return judge_why("%s: Primary%s, at %d: %d-%d", e->id, other, e->at.source, e->at.line,
                         e->at.end_line);
    other = other_place(entry, "Secondary", &e->second_at);
    return other ? judge_why("%s: Secondary%s, at %d: %d-%d", e->id, other, e->second_at.source,
                             e->second_at.line, e->second_at.end_line)
                 : NULL;
}

/* The first entry of that rule and element decides. */
static const char *judge_error(const gm_dom *entries, const gm_dtdl_error *e)
{
    static const char prefix[] = "dtmi:dtdl:parsingError:";
    for (size_t i = 0; i < entries->n; i++) {
        const gm_dom *x = &entries->children[i], *id = gm_dom_member(x, "ValidationID");
        bool is_it = id && strncmp(id->text, prefix, strlen(prefix)) == 0 &&
                     strcmp(id->text + strlen(prefix), e->id) == 0;
        if (is_it && is_text(gm_dom_member(x, "PrimaryID"), e->element)) return other_field(x, e);
    }
    return judge_why("%s of %s, line %d, is not expected", e->id, e->element ? e->element : "none",
                     e->at.line);
}

/* ---- missing ids -------------------------------------------------------------------------------- */

static bool is_same_set(const gm_dtdl_model *m, const gm_dom *ids)
{
    if (gm_dtdl_n_unresolved(m) != ids->n) return false;
    for (size_t i = 0; i < ids->n; i++) {
        bool found = false;
        for (size_t k = 0; k < ids->n; k++)
            found |= strcmp(gm_dtdl_unresolved_at(m, k), ids->children[i].text) == 0;
        if (!found) return false;
    }
    return true;
}

static bool is_missing_place(const gm_dom *wanted, gm_dtdl_missing is)
{
    const gm_dom *index = gm_dom_member(wanted, "Index");
    return is_text(gm_dom_member(wanted, "ID"), is.id) &&
           (!index || (!is.at.given && is_number(index, is.at.source))) &&
           is_text(gm_dom_member(wanted, "Dtmi"), is.at.given) &&
           is_number(gm_dom_member(wanted, "Line"), is.at.line);
}

static const char *judge_missing_places(const gm_dtdl_model *m, const gm_dom *wanted)
{
    if (wanted->n != gm_dtdl_n_missing(m))
        return judge_why("%zu places refer to what is missing, not %zu", gm_dtdl_n_missing(m),
                         wanted->n);
    for (size_t i = 0; i < wanted->n; i++) {
        bool found = false;
        for (size_t k = 0; k < gm_dtdl_n_missing(m); k++)
            found |= is_missing_place(&wanted->children[i], gm_dtdl_missing_at(m, k));
        if (!found) return judge_why("the missing place %zu is not told", i);
    }
    return NULL;
}

const char *judge_failure(const gm_dtdl_model *m, const gm_dom *expect)
{
    const gm_dom *errors = gm_dom_member(expect, "parsingErrors"),
                 *ids = gm_dom_member(expect, "unresolvedIdentifiers"),
                 *places = gm_dom_member(expect, "unresolvedIdentifierReferences");
    const char *why = NULL;
    if (gm_dtdl_n_errors(m) == 0) {
        if (!ids) return "only references are unresolved";
        if (!is_same_set(m, ids)) return "other references are unresolved";
        return places ? judge_missing_places(m, places) : NULL;
    }
    if (!errors) return gm_dtdl_error_at(m, 0)->id;
    for (size_t k = 0; k < gm_dtdl_n_errors(m) && !why; k++)
        why = judge_error(errors, gm_dtdl_error_at(m, k));
    return why;
}
