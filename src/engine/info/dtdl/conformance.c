#include "info/dtdl/conformance.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "info/dtdl/dom.h"
#include "info/dtdl/judge.h"

enum { MOST_INPUTS = 64, MOST_LIMITS = 8 };

typedef struct {
    const char *file;
    int version; /* by the file's name */
    gm_suite suite;
    gm_conformance *out;
    gm_on_failed_case on;
    void *context;
} judge;

static gm_dtdl_undefined undefined_of(const gm_dom *c)
{
    const gm_dom *options = gm_dom_member(c, "options");
    for (size_t i = 0; options && i < options->n; i++) {
        if (strcmp(options->children[i].text, "AllowUndefinedExtensions") == 0)
            return GM_DTDL_UNDEFINED_ALLOWED;
        if (strcmp(options->children[i].text, "DisallowUndefinedExtensions") == 0)
            return GM_DTDL_UNDEFINED_REFUSED;
    }
    return GM_DTDL_UNDEFINED_BY_VERSION;
}

/* The input as if printed: lines count from there. */
static size_t inputs_of(const gm_dom *c, const gm_dom *inputs[MOST_INPUTS])
{
    const gm_dom *all = gm_dom_member(c, "input");
    size_t n = 0;
    for (size_t i = 0; all && i < all->n && n < MOST_INPUTS; i++) {
        gm_dom_renumber(&all->children[i], 1);
        inputs[n++] = &all->children[i];
    }
    return n;
}

static bool has(const gm_dom *c, const char *list, const char *text)
{
    const gm_dom *all = gm_dom_member(c, list);
    for (size_t i = 0; all && i < all->n; i++)
        if (strcmp(all->children[i].text, text) == 0) return true;
    return false;
}

/* ---- the resolver ------------------------------------------------------------------------------- */

/* Answers each round as the case says, if it is asked just that. */
typedef struct {
    const gm_dom *rounds;
    size_t used;
    bool is_wrong;
} script;

static bool asks_for(const gm_dom *request, const char *const ids[], size_t n)
{
    if (!request || request->n != n) return false;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < n && strcmp(request->children[k].text, ids[i]) != 0)
            k++;
        if (k == n) return false;
    }
    return true;
}

static gm_status answer(void *context, const char *const ids[], size_t n, gm_dtdl_answers *to,
                        bool *knows)
{
    script *s = context;
    const gm_dom *round = s->used < s->rounds->n ? &s->rounds->children[s->used] : NULL;
    const gm_dom *response = gm_dom_member(round, "response");
    s->is_wrong |= !round || !asks_for(gm_dom_member(round, "request"), ids, n);
    s->used++;
    *knows = !s->is_wrong && response && response->type == GM_DOM_ARRAY;
    for (size_t i = 0; *knows && i < response->n; i++) {
        gm_text t = {0};
        gm_dom_write(&response->children[i], 0, &t);
        gm_status status = gm_text_status(&t);
        if (status == GM_OK) status = gm_dtdl_answer(to, t.data, t.length);
        gm_text_free(&t);
        GM_TRY(status);
    }
    return GM_OK;
}

/* ---- one case ----------------------------------------------------------------------------------- */

static const char *judge_accepted(const judge *j, const gm_dtdl_model *m, const gm_dom *c,
                                  const gm_dtdl_options *o, const script *s)
{
    const gm_dom *expect = gm_dom_member(c, "expect");
    if (s->rounds && (s->is_wrong || s->used != s->rounds->n))
        return "the resolver was asked otherwise";
    const char *why = expect ? judge_elements(m, expect) : NULL;
    if (!why) why = judge_instances(m, gm_dom_member(c, "instances"));
    bool goes_round =
        j->suite == GM_SUITE_CASES && o->tolerates_in_texts == o->tolerates_in_answers;
    return why || !goes_round ? why : judge_round_trip(m, o, expect);
}

static const char *verdict(const judge *j, const gm_dtdl_model *m, const gm_dom *c,
                           const gm_dtdl_options *o, const script *s)
{
    const gm_dom *valid = gm_dom_member(c, "valid"), *expect = gm_dom_member(c, "expect");
    bool accepted = gm_dtdl_n_errors(m) == 0 && gm_dtdl_n_unresolved(m) == 0;
    if (accepted != (valid && valid->type == GM_DOM_TRUE)) {
        const gm_dtdl_error *e = gm_dtdl_error_at(m, 0);
        if (accepted) return "accepted";
        return e ? judge_why("%s of %s, line %d", e->id, e->element ? e->element : "none",
                             e->at.line)
                 : judge_why("unresolved: %s", gm_dtdl_unresolved_at(m, 0));
    }
    if (accepted) return judge_accepted(j, m, c, o, s);
    if (s->rounds && (s->is_wrong || s->used > s->rounds->n))
        return "the resolver was asked otherwise";
    return expect ? judge_failure(m, expect) : NULL;
}

static void count(const judge *j, const gm_dom *c, size_t number, const char *why)
{
    const gm_dom *valid = gm_dom_member(c, "valid");
    bool is_valid = valid && valid->type == GM_DOM_TRUE;
    gm_conformance_count *of = &j->out->of[j->version];
    (is_valid ? of->valid++ : of->invalid++);
    if (!why) (is_valid ? of->valid_passed++ : of->invalid_passed++);
    if (why && j->on) j->on(j->context, j->file, number, why);
}

static gm_status judge_case(const judge *j, const gm_dom *c, size_t number)
{
    const gm_dom *inputs[MOST_INPUTS], *limits = gm_dom_member(c, "acceptableLimits"),
                                       *most = gm_dom_member(c, "maxDtdlVersion");
    const char *texts[MOST_LIMITS];
    script s = {.rounds = gm_dom_member(c, "resolution")};
    gm_dtdl_options o = {.undefined = undefined_of(c),
                         .limits = texts,
                         .most_version = most ? (int)gm_dom_number(most) : 0,
                         .resolve = s.rounds ? answer : NULL,
                         .context = &s,
                         .tolerates_in_texts = has(c, "quirks", "TolerateSolecismsInParse"),
                         .tolerates_in_answers = has(c, "quirks", "TolerateSolecismsInResolve")};
    for (size_t i = 0; limits && i < limits->n && i < MOST_LIMITS; i++)
        texts[o.n_limits++] = limits->children[i].text;
    gm_dtdl_model *m;
    size_t n = inputs_of(c, inputs);
    GM_TRY(gm_dtdl_parse_documents(&m, inputs, n, &o));
    count(j, c, number, verdict(j, m, c, &o, &s));
    gm_dtdl_destroy(m);
    return GM_OK;
}

static gm_status judge_root(const judge *j, const gm_dom *root)
{
    if (j->suite == GM_SUITE_DTMIS) {
        count(j, root, 0, judge_dtmi(root));
        return GM_OK;
    }
    if (root->type == GM_DOM_OBJECT) return judge_case(j, root, 0);
    for (size_t i = 0; root->type == GM_DOM_ARRAY && i < root->n; i++)
        GM_TRY(judge_case(j, &root->children[i], i));
    return GM_OK;
}

static gm_status judge_file(judge *j, const char *folder)
{
    char *path = gm_path_join(folder, j->file), *text = NULL;
    size_t length;
    gm_dom_document *d = NULL;
    gm_status s = path ? gm_file_read(&text, &length, path, 0) : gm_fail(GM_ENOMEM, "no memory");
    if (s == GM_OK) s = gm_dom_parse(&d, text, length);
    if (s != GM_OK) s = gm_fail_in(s, "%s", j->file);
    if (s == GM_OK) s = judge_root(j, gm_dom_root(d));
    gm_dom_destroy(d);
    gm_free(text);
    gm_free(path);
    return s;
}

/* "...V3.json": 3; what names no version of the language counts as 0. */
static int version_of(const char *file)
{
    size_t n = strlen(file);
    bool is_said = n > 7 && file[n - 7] == 'V' && file[n - 6] >= '2' && file[n - 6] <= '4';
    return is_said ? file[n - 6] - '0' : 0;
}

static bool is_json(const char *file)
{
    size_t n = strlen(file);
    return n > 5 && strcmp(file + n - 5, ".json") == 0;
}

gm_status gm_dtdl_judge(gm_conformance *out, gm_suite suite, const char *folder,
                        gm_on_failed_case on, void *context)
{
    *out = (gm_conformance){0};
    struct dirent **files;
    int n = scandir(folder, &files, NULL, alphasort);
    if (n < 0) return gm_fail(GM_ENOTFOUND, "%s: no such folder", folder);
    gm_status s = GM_OK;
    for (int i = 0; i < n; i++) {
        const char *file = files[i]->d_name;
        judge j = {file, version_of(file), suite, out, on, context};
        if (s == GM_OK && is_json(file)) s = judge_file(&j, folder);
        free(files[i]);
    }
    free(files);
    return s;
}
