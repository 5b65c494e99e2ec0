#include "info/dtdl/conformance.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "info/dtdl/dom.h"
#include "info/dtdl/dtdl.h"

enum { MOST_INPUTS = 64, MOST_LIMITS = 8 };

typedef struct {
    const char *file;
    int version;        /* by the file's name */
    bool judges_errors; /* which ones, not only whether */
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

/* ---- errors ------------------------------------------------------------------------------------- */

/* null: must be absent; a list: any of it. */
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

static bool is_line(const gm_dom *wanted, int line)
{
    return !wanted || wanted->type != GM_DOM_NUMBER || (int)gm_dom_number(wanted) == line;
}

/* The first entry of that rule and element decides. */
static bool is_expected(const gm_dom *entries, const gm_dtdl_error *e)
{
    static const char prefix[] = "dtmi:dtdl:parsingError:";
    for (size_t i = 0; entries && i < entries->n; i++) {
        const gm_dom *x = &entries->children[i], *id = gm_dom_member(x, "ValidationID");
        if (!id || strncmp(id->text, prefix, strlen(prefix)) != 0 ||
            strcmp(id->text + strlen(prefix), e->id) != 0)
            continue;
        if (!is_text(gm_dom_member(x, "PrimaryID"), e->element)) continue;
        return is_text(gm_dom_member(x, "Property"), e->property) &&
               is_text(gm_dom_member(x, "Value"), e->value) &&
               is_line(gm_dom_member(x, "PrimaryStart"), e->line);
    }
    return false;
}

static const char *unexpected_error(const gm_dtdl_model *m, const gm_dom *c)
{
    const gm_dom *entries = gm_dom_member(gm_dom_member(c, "expect"), "parsingErrors");
    for (size_t k = 0; k < gm_dtdl_n_errors(m); k++)
        if (!is_expected(entries, gm_dtdl_error_at(m, k))) return gm_dtdl_error_at(m, k)->id;
    return NULL;
}

/* NULL: right. */
static const char *verdict(const gm_dtdl_model *m, const gm_dom *c, bool is_valid)
{
    const gm_dom *unresolved = gm_dom_member(gm_dom_member(c, "expect"), "unresolvedIdentifiers");
    bool accepted = gm_dtdl_n_errors(m) == 0 && gm_dtdl_n_unresolved(m) == 0;
    if (accepted != is_valid) {
        const gm_dtdl_error *e = gm_dtdl_error_at(m, 0);
        return accepted ? "accepted" : e ? e->id : "unresolved";
    }
    return unresolved && !is_same_set(m, unresolved) ? "other references are unresolved" : NULL;
}

static gm_status judge_case(const judge *j, const gm_dom *c, size_t number)
{
    const gm_dom *inputs[MOST_INPUTS], *limits = gm_dom_member(c, "acceptableLimits");
    const gm_dom *valid = gm_dom_member(c, "valid");
    const char *texts[MOST_LIMITS];
    gm_dtdl_options o = {.undefined = undefined_of(c), .limits = texts};
    for (size_t i = 0; limits && i < limits->n && i < MOST_LIMITS; i++)
        texts[o.n_limits++] = limits->children[i].text;
    gm_dtdl_model *m;
    size_t n = inputs_of(c, inputs);
    GM_TRY(gm_dtdl_parse_documents(&m, inputs, n, &o));
    bool is_valid = valid && valid->type == GM_DOM_TRUE;
    const char *why = verdict(m, c, is_valid);
    if (!why && j->judges_errors && !is_valid) why = unexpected_error(m, c);
    gm_conformance_count *of = &j->out->of[j->version];
    (is_valid ? of->valid++ : of->invalid++);
    if (!why) (is_valid ? of->valid_passed++ : of->invalid_passed++);
    if (why && j->on) j->on(j->context, j->file, number, why);
    gm_dtdl_destroy(m);
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
    if (s == GM_OK && gm_dom_root(d)->type == GM_DOM_OBJECT) s = judge_case(j, gm_dom_root(d), 0);
    for (size_t i = 0; s == GM_OK && gm_dom_root(d)->type == GM_DOM_ARRAY && i < gm_dom_root(d)->n;
         i++)
        s = judge_case(j, &gm_dom_root(d)->children[i], i);
    gm_dom_destroy(d);
    gm_free(text);
    gm_free(path);
    return s;
}

/* "...V3.json": 3. */
static int version_of(const char *file)
{
    size_t n = strlen(file);
    bool is_case = n > 7 && strcmp(file + n - 5, ".json") == 0 && file[n - 7] == 'V';
    return is_case && file[n - 6] >= '2' && file[n - 6] <= '4' ? file[n - 6] - '0' : 0;
}

static gm_status judge_folder(gm_conformance *out, const char *folder, bool judges_errors,
                              gm_on_failed_case on, void *context)
{
    *out = (gm_conformance){0};
    struct dirent **files;
    int n = scandir(folder, &files, NULL, alphasort);
    if (n < 0) return gm_fail(GM_ENOTFOUND, "%s: no such folder", folder);
    gm_status s = GM_OK;
    for (int i = 0; i < n; i++) {
        judge j = {files[i]->d_name, version_of(files[i]->d_name), judges_errors, out, on, context};
        if (s == GM_OK && j.version) s = judge_file(&j, folder);
        free(files[i]);
    }
    free(files);
    return s;
}

gm_status gm_dtdl_judge_specification(gm_conformance *out, const char *folder, gm_on_failed_case on,
                                      void *context)
{
    return judge_folder(out, folder, false, on, context);
}

gm_status gm_dtdl_judge_cases(gm_conformance *out, const char *folder, gm_on_failed_case on,
                              void *context)
{
    return judge_folder(out, folder, true, on, context);
}
