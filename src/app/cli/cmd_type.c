/* gemel type: types of twins in DTDL, checked; and the conformance of the checker itself. */
#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"
#include "core/alloc.h"
#include "core/file.h"
#include "info/dtdl/advice.h"
#include "info/dtdl/conformance.h"
#include "info/dtdl/dtdl.h"

/* ---- check -------------------------------------------------------------------------------------- */

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *place_json(const gm_dtdl_place *at, const gm_dtdl_text *texts)
{
    if (at->line == 0) return json_null();
    return json_pack("{s:s,s:i}", "file", texts[at->source].name, "line", at->line);
}

static gm_status add_error(gm_result *out, json_t *list, const gm_dtdl_error *e,
                           const gm_dtdl_text *texts)
{
    const struct {
        const char *name, *is, *form;
    } parts[] = {{"element", e->element, ", %s"},
                 {"property", e->property, ", %s"},
                 {"value", e->value, " \"%.80s\""},
                 {"type", e->type, ", type %s"},
                 {"restriction", e->restriction, ", not %s"},
                 {"other", e->second, ", beside %s"}};
    const char *file = texts[e->at.source].name;
    json_t *o = json_object();
    json_array_append_new(list, o);
    json_object_set_new(o, "file", json_string(file));
    json_object_set_new(o, "line", json_integer(e->at.line));
    json_object_set_new(o, "error", json_string(e->id));
    GM_TRY(gm_result_say(out, "%s:%d: %s", file, e->at.line, e->id));
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        char text[400];
        json_object_set_new(o, parts[k].name, text_or_null(parts[k].is));
        if (!parts[k].is) continue;
        snprintf(text, sizeof text, parts[k].form, parts[k].is);
        GM_TRY(gm_result_say(out, "%s", text));
    }
    json_object_set_new(o, "other_place", place_json(&e->second_at, texts));
    json_object_set_new(o, "advice", json_string(gm_dtdl_advice(e->id)));
    if (e->second_at.line)
        GM_TRY(gm_result_say(out, " (%s:%d)", texts[e->second_at.source].name, e->second_at.line));
    return gm_result_say(out, ": %s\n", gm_dtdl_advice(e->id));
}

static gm_status report(gm_result *out, const gm_dtdl_model *m, const gm_dtdl_text *texts, size_t n)
{
    json_t *errors = json_array(), *unresolved = json_array();
    json_object_set_new(out->values, "n_files", json_integer((json_int_t)n));
    json_object_set_new(out->values, "n_elements", json_integer((json_int_t)gm_dtdl_n_elements(m)));
    json_object_set_new(out->values, "errors", errors);
    json_object_set_new(out->values, "unresolved", unresolved);
    for (size_t k = 0; k < gm_dtdl_n_errors(m); k++) {
        GM_TRY(add_error(out, errors, gm_dtdl_error_at(m, k), texts));
    }
    for (size_t k = 0; k < gm_dtdl_n_unresolved(m); k++) {
        json_array_append_new(unresolved, json_string(gm_dtdl_unresolved_at(m, k)));
        GM_TRY(gm_result_say(out, "%s: in none of the files; check them together\n",
                             gm_dtdl_unresolved_at(m, k)));
    }
    return GM_OK;
}

static gm_status judge(gm_result *out, const gm_dtdl_model *m, const gm_dtdl_text *texts, size_t n)
{
    size_t n_errors = gm_dtdl_n_errors(m), n_unresolved = gm_dtdl_n_unresolved(m);
    GM_TRY(report(out, m, texts, n));
    if (n_errors == 0 && n_unresolved == 0)
        return gm_result_say(out, "%zu %s right, %zu elements\n", n,
                             n == 1 ? "file is" : "files are", gm_dtdl_n_elements(m));
    return gm_result_object(out, "%zu errors, %zu unresolved references", n_errors, n_unresolved);
}

static gm_status run_check(const gm_args *args, const gm_run *run, gm_result *out)
{
    gm_dtdl_text *texts = gm_calloc(args->n_words, sizeof *texts);
    char **bytes = gm_calloc(args->n_words, sizeof *bytes);
    gm_dtdl_model *m = NULL;
    (void)run;
    gm_status s = texts && bytes ? GM_OK : gm_fail(GM_ENOMEM, "type check: no memory");
    for (size_t i = 0; s == GM_OK && i < args->n_words; i++) {
        texts[i].name = args->words[i];
        s = gm_file_read(&bytes[i], &texts[i].length, args->words[i], 0);
        texts[i].bytes = bytes[i];
    }
    if (s == GM_OK) s = gm_dtdl_parse(&m, texts, args->n_words, NULL);
    if (s == GM_OK) s = judge(out, m, texts, args->n_words);
    gm_dtdl_destroy(m);
    for (size_t i = 0; bytes && i < args->n_words; i++)
        gm_free(bytes[i]);
    gm_free(bytes);
    gm_free(texts);
    return s;
}

/* ---- conformance -------------------------------------------------------------------------------- */

typedef struct {
    gm_result *out;
    json_t *list;
    const char *folder;
    bool is_told;
    size_t n_failed, n_cases;
} failed_cases;

static void add_failed(void *context, const char *file, size_t number, const char *why)
{
    failed_cases *f = context;
    f->n_failed++;
    json_array_append_new(f->list, json_pack("{s:s,s:s,s:I,s:s}", "folder", f->folder, "file", file,
                                             "case", (json_int_t)number, "why", why));
    if (f->is_told) gm_result_say(f->out, "%s/%s %zu: %s\n", f->folder, file, number, why);
}

static gm_status say_count(failed_cases *f, const gm_conformance *c, json_t *counts)
{
    for (int v = 0; v <= 4; v++) {
        const gm_conformance_count *k = &c->of[v];
        size_t n = k->valid + k->invalid, passed = k->valid_passed + k->invalid_passed;
        char language[16] = "";
        if (n == 0) continue;
        if (v) snprintf(language, sizeof language, "DTDL %d", v);
        f->n_cases += n;
        json_array_append_new(counts,
                              json_pack("{s:s,s:i,s:I,s:I}", "folder", f->folder, "version", v,
                                        "cases", (json_int_t)n, "passed", (json_int_t)passed));
        GM_TRY(gm_result_say(
            f->out, "%-14s %-6s  %6zu of %6zu passed (valid %zu/%zu, invalid %zu/%zu)\n", f->folder,
            language, passed, n, k->valid_passed, k->valid, k->invalid_passed, k->invalid));
    }
    return GM_OK;
}

static gm_status judge_folder(failed_cases *f, gm_suite kind, const char *suite, json_t *counts)
{
    gm_conformance c;
    char *path = gm_path_join(suite, f->folder);
    if (!path) return gm_fail(GM_ENOMEM, "type conformance: no memory");
    gm_status s =
        gm_file_exists(path) ? gm_dtdl_judge(&c, kind, path, add_failed, f) : GM_ENOTFOUND;
    gm_free(path);
    if (s == GM_ENOTFOUND) return gm_result_say(f->out, "%-14s not there\n", f->folder);
    return s == GM_OK ? say_count(f, &c, counts) : s;
}

static gm_status run_conformance(const gm_args *args, const gm_run *run, gm_result *out)
{
    static const struct {
        const char *name;
        gm_suite kind;
    } folders[] = {{"specification", GM_SUITE_SPECIFICATION},
                   {"generated", GM_SUITE_CASES},
                   {"doc-examples", GM_SUITE_CASES},
                   {"solecisms", GM_SUITE_CASES},
                   {"dtmis", GM_SUITE_DTMIS}};
    failed_cases f = {.out = out, .list = json_array(), .is_told = run->verbosity > 0};
    json_t *counts = json_array();
    json_object_set_new(out->values, "folders", counts);
    json_object_set_new(out->values, "failed", f.list);
    for (size_t k = 0; k < sizeof folders / sizeof *folders; k++) {
        f.folder = folders[k].name;
        GM_TRY(judge_folder(&f, folders[k].kind, args->words[0], counts));
    }
    if (json_array_size(counts) == 0)
        return gm_fail(GM_ENOTFOUND,
                       "%s: no folder specification, generated, doc-examples, solecisms or dtmis",
                       args->words[0]);
    GM_TRY(gm_result_say(out, "%zu of %zu cases passed\n", f.n_cases - f.n_failed, f.n_cases));
    return f.n_failed == 0 ? GM_OK : gm_result_object(out, "%zu cases failed", f.n_failed);
}

/* ---- tables ------------------------------------------------------------------------------------- */

static const gm_option no_options[] = {{0}};
const gm_verb gm_type_verbs[] = {
    {"type", "check", "FILE...", 1, 1000, "check types of twins in DTDL",
     "FILEs hold DTDL of version 2, 3 or 4, one Interface or an array of them, and are checked "
     "together: each may refer to what "
     "another defines. Every error is told with file, line, the id of the rule, element, property "
     "and what to do.",
     no_options, run_check},
    {"type", "conformance", "DIR", 1, 1, "judge the checker by a suite of DTDL cases",
     "DIR is laid out as the test-cases of the Digital Twin Consortium's DTDLParser: "
     "specification, generated, doc-examples, solecisms, dtmis; what is not there is left out. A "
     "case passes by the rule of that suite: accepted exactly where it is valid; each error that "
     "is "
     "told is one that the case allows, with element, property, value and lines; elements, "
     "instances and the questions to the resolver are as it says; and what is written back and "
     "read "
     "again is the same. -v lists the cases that fail; exit code 1 if any does.",
     no_options, run_conformance},
    {0},
};
