/* The public C API of include/gemel/gemel.h over the modules. */
#include <gemel/gemel.h>
#include <string.h>

#include "cli/verbs.h"
#include "command/command.h"
#include "core/alloc.h"
#include "ecg/waveform.h"
#include "output/output.h"

enum { JSON_DIGITS = 12 };

#define SAME(name) _Static_assert((int)GEMEL_##name == (int)GM_##name, "status codes are one list")
SAME(OK);
SAME(ENOMEM);
SAME(EINVAL);
SAME(ENOTFOUND);
SAME(ESTATE);
SAME(ENOCONV);
SAME(EIO);
SAME(EFORMAT);
SAME(EUSAGE);
SAME(EINTERRUPTED);
_Static_assert((int)GEMEL_N_LEADS == (int)GM_N_LEADS, "twelve leads");

struct gemel_result {
    gm_result *inner;
    gm_text json;
};

struct gemel_ecg {
    double rate_hz;
    size_t n_samples;
    double *leads_mv; /* [12][n_samples] */
};

static gemel_status passed_on(gm_status s)
{
    return (gemel_status)s;
}

const char *gemel_version(void)
{
    return GM_VERSION;
}

const char *gemel_status_name(gemel_status s)
{
    return gm_status_name((gm_status)s);
}

const char *gemel_error_text(void)
{
    return gm_error_text();
}

/* ---- running ------------------------------------------------------------------------------------ */

gemel_options gemel_options_defaults(void)
{
    return (gemel_options){.seed = 1};
}

void gemel_interrupt(void)
{
    gm_interrupt_request();
}

void gemel_interrupt_clear(void)
{
    gm_interrupt_clear();
}

/* The caller's words follow noun and verb: a line as the program gets it. */
static gm_status parse(gm_call *call, const gm_commands *commands, const char **line, size_t n,
                       const gemel_options *o)
{
    GM_TRY(gm_call_parse(call, commands, n, line));
    if (call->globals.help || call->globals.version) {
        gm_call_free(call);
        return gm_fail(GM_EUSAGE, "--help and --version are for the command line");
    }
    call->globals.json = true;
    call->globals.threads = o->threads;
    call->globals.seed = o->seed;
    return GM_OK;
}

static gm_status run(gm_result **out, const char **line, size_t n, const gemel_options *o)
{
    gm_commands commands;
    GM_TRY(gm_commands_create(&commands, gm_verbs_of_no_kind));
    gm_call call = {0};
    gm_progress progress = {o->progress, o->context};
    gm_status s = parse(&call, &commands, line, n, o);
    if (s == GM_OK) s = gm_call_run(&call, o->progress ? &progress : NULL, o->cache_folder, out);
    gm_call_free(&call);
    gm_commands_free(&commands);
    return s;
}

/* Takes `inner` over, also on failure. */
static gm_status wrap(gemel_result **out, gm_result *inner)
{
    gemel_result *r = gm_calloc(1, sizeof *r);
    gm_status s = r ? gm_json_write(inner->values, JSON_DIGITS, &r->json)
                    : gm_fail(GM_ENOMEM, "result: no memory");
    if (s != GM_OK) {
        if (r) gm_text_free(&r->json);
        gm_free(r);
        gm_result_destroy(inner);
        return s;
    }
    r->inner = inner;
    *out = r;
    return GM_OK;
}

gemel_status gemel_run(gemel_result **out, const char *noun, const char *verb,
                       const char *const words[], size_t n_words, const gemel_options *options)
{
    *out = NULL;
    if (!noun || !verb) return passed_on(gm_fail(GM_EINVAL, "gemel_run: noun or verb is NULL"));
    gemel_options o = options ? *options : gemel_options_defaults();
    const char **line = gm_calloc(n_words + 2, sizeof *line);
    if (!line) return passed_on(gm_fail(GM_ENOMEM, "gemel_run: no memory"));
    line[0] = noun;
    line[1] = verb;
    if (n_words) memcpy(line + 2, words, n_words * sizeof *line);
    gm_result *inner;
    gm_status s = run(&inner, line, n_words + 2, &o);
    gm_free(line);
    return passed_on(s == GM_OK ? wrap(out, inner) : s);
}

void gemel_result_destroy(gemel_result *r)
{
    if (!r) return;
    gm_result_destroy(r->inner);
    gm_text_free(&r->json);
    gm_free(r);
}

/* ---- results ------------------------------------------------------------------------------------ */

const char *gemel_result_json(const gemel_result *r)
{
    return r->json.data;
}

const char *gemel_result_summary(const gemel_result *r)
{
    return r->inner->summary ? r->inner->summary : "";
}

size_t gemel_result_n_files(const gemel_result *r)
{
    return r->inner->n_files;
}

const char *gemel_result_file_name(const gemel_result *r, size_t file)
{
    return file < r->inner->n_files ? r->inner->files[file].path : NULL;
}

static gm_status numbers_of(const gm_file *f, const double **values, size_t *n_rows,
                            size_t *n_columns)
{
    if (f->kind == GM_FILE_COLUMN) {
        *values = f->as.column.values;
        *n_rows = f->as.column.n;
        *n_columns = 1;
        return GM_OK;
    }
    if (f->kind != GM_FILE_CSV) return gm_fail(GM_EINVAL, "%s: not a file of numbers", f->path);
    *values = f->as.csv.values;
    *n_rows = f->as.csv.n_rows;
    *n_columns = f->as.csv.n_columns;
    return GM_OK;
}

gemel_status gemel_result_numbers(const gemel_result *r, const char *name, const double **values,
                                  size_t *n_rows, size_t *n_columns)
{
    *values = NULL;
    *n_rows = *n_columns = 0;
    for (size_t i = 0; i < r->inner->n_files; i++)
        if (strcmp(r->inner->files[i].path, name) == 0)
            return passed_on(numbers_of(&r->inner->files[i], values, n_rows, n_columns));
    return passed_on(gm_fail(GM_ENOTFOUND, "the result has no file %s", name));
}

gemel_status gemel_result_write(const gemel_result *r, const char *folder)
{
    return passed_on(gm_output_write(r->inner, folder, NULL));
}

/* ---- ECG ---------------------------------------------------------------------------------------- */

static gm_status take_leads(gemel_ecg **out, const gm_ecg *source)
{
    gemel_ecg *e = gm_calloc(1, sizeof *e);
    double *leads = gm_calloc(source->n_samples * GM_N_LEADS, sizeof *leads);
    bool derived[GM_N_LEADS];
    gm_status s = e && leads ? gm_ecg_twelve_leads_mv(source, leads, derived)
                             : gm_fail(GM_ENOMEM, "ECG: no memory for the leads");
    if (s != GM_OK) {
        gm_free(e);
        gm_free(leads);
        return s;
    }
    *e = (gemel_ecg){source->rate_hz, source->n_samples, leads};
    *out = e;
    return GM_OK;
}

gemel_status gemel_ecg_read(gemel_ecg **out, const char *path)
{
    *out = NULL;
    gm_ecg *source;
    gm_status s = gm_ecg_read(&source, path);
    if (s == GM_OK) s = take_leads(out, source);
    gm_ecg_destroy(source);
    return passed_on(s);
}

void gemel_ecg_destroy(gemel_ecg *e)
{
    if (!e) return;
    gm_free(e->leads_mv);
    gm_free(e);
}

double gemel_ecg_rate_hz(const gemel_ecg *e)
{
    return e->rate_hz;
}

size_t gemel_ecg_n_samples(const gemel_ecg *e)
{
    return e->n_samples;
}

const char *gemel_ecg_lead_name(size_t lead)
{
    return lead < GM_N_LEADS ? gm_lead_names[lead] : NULL;
}

const double *gemel_ecg_lead_mv(const gemel_ecg *e, size_t lead)
{
    return lead < GM_N_LEADS ? e->leads_mv + lead * e->n_samples : NULL;
}
