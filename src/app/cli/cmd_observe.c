/* gemel observe: values from the world into twins, one by one or many from a file. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/lab_option.h"
#include "cli/verbs.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/file.h"
#include "live/record.h"
#include "table/csv.h"

/* Text that is JSON is what it says, other text is itself. */
static json_t *value_of(const char *text)
{
    json_t *v = json_loads(text, JSON_DECODE_ANY, NULL);
    return v ? v : json_string(text);
}

static gm_status say_stored(gm_result *out, size_t n, size_t n_new)
{
    json_object_set_new(out->values, "n_values", json_integer((json_int_t)n));
    json_object_set_new(out->values, "n_new", json_integer((json_int_t)n_new));
    return n == n_new ? gm_result_say(out, "%zu values stored\n", n)
                      : gm_result_say(out, "%zu values, %zu of them new\n", n, n_new);
}

/* objects: an array. `where` names each in messages: "FILE: line 7". */
typedef void (*namer)(const void *context, size_t i, char out[300]);

static gm_status read_all(gm_record *records, const json_t *objects, int64_t now_ms, namer name,
                          const void *context)
{
    for (size_t i = 0; i < json_array_size(objects); i++) {
        char where[300];
        gm_status s = gm_record_read(&records[i], json_array_get(objects, i), now_ms);
        if (s == GM_OK) continue;
        name(context, i, where);
        return gm_fail_in(s, "%s", where);
    }
    return GM_OK;
}

static gm_status store(const gm_args *args, gm_result *out, const json_t *objects, namer name,
                       const void *context)
{
    size_t n = json_array_size(objects), n_new = 0;
    int64_t now_ms = gm_clock_ms();
    gm_lab *lab = NULL;
    gm_record *records = gm_calloc(n + 1, sizeof *records);
    gm_status s = records ? GM_OK : gm_fail(GM_ENOMEM, "no memory for %zu values", n);
    if (s == GM_OK) s = read_all(records, objects, now_ms, name, context);
    if (s == GM_OK) s = gm_lab_of(args, &lab);
    if (s == GM_OK)
        s = gm_records_store(gm_lab_store(lab), records, n, gm_args_text(args, "client"),
                             gm_by_of(args), now_ms, &n_new);
    gm_lab_close(lab);
    gm_free(records);
    return s == GM_OK ? say_stored(out, n, n_new) : s;
}

/* ---- one ---------------------------------------------------------------------------------------- */

static void name_one(const void *context, size_t i, char out[300])
{
    (void)i;
    snprintf(out, 300, "%s", (const char *)context);
}

static void set_text(json_t *o, const char *key, const char *text)
{
    if (text) json_object_set_new(o, key, json_string(text));
}

static gm_status set_number(const gm_args *args, json_t *o, const char *option, const char *key)
{
    double v = NAN;
    GM_TRY(gm_args_real(args, option, &v));
    if (!isnan(v)) json_object_set_new(o, key, json_real(v));
    return GM_OK;
}

static gm_status run_value(const gm_args *args, const gm_run *run, gm_result *out)
{
    static const char *const texts[] = {"unit", "source", "kind", "message"};
    (void)run;
    json_t *o = json_object(), *all = json_array();
    set_text(o, "twin", args->words[0]);
    set_text(o, "path", args->words[1]);
    json_object_set_new(o, "value", value_of(args->words[2]));
    set_text(o, "t", gm_args_text(args, "time"));
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
        set_text(o, texts[k], gm_args_text(args, texts[k]));
    gm_status s = set_number(args, o, "sd", "sd");
    if (s == GM_OK) s = set_number(args, o, "stale-after-s", "stale_after_s");
    json_array_append_new(all, o);
    if (s == GM_OK) s = store(args, out, all, name_one, args->words[0]);
    json_decref(all);
    return s;
}

/* ---- NDJSON ------------------------------------------------------------------------------------- */

typedef struct {
    const char *path;
    const size_t *lines; /* [n] of each object */
} line_names;

static void name_line(const void *context, size_t i, char out[300])
{
    const line_names *l = context;
    snprintf(out, 300, "%s: line %zu", l->path, l->lines[i]);
}

static gm_status add_line(json_t *all, const char *line, size_t length, const char *path,
                          size_t number)
{
    json_error_t e;
    json_t *o = json_loadb(line, length, JSON_REJECT_DUPLICATES, &e);
    if (!o) return gm_fail(GM_EFORMAT, "%s: line %zu: %s", path, number, e.text);
    return json_array_append_new(all, o) ? gm_fail(GM_ENOMEM, "%s: no memory", path) : GM_OK;
}

static bool is_blank(const char *line, size_t n)
{
    size_t k = 0;
    while (k < n && strchr(" \t\r", line[k]))
        k++;
    return k == n;
}

/* lines: room for one number a line of the text. */
static gm_status read_lines(json_t *all, size_t *lines, const char *text, size_t length,
                            const char *path)
{
    size_t number = 1;
    for (const char *at = text, *end = text + length; at < end; number++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t n = stop ? (size_t)(stop - at) : (size_t)(end - at);
        if (!is_blank(at, n)) {
            lines[json_array_size(all)] = number;
            GM_TRY(add_line(all, at, n, path, number));
        }
        at += n + 1;
    }
    return GM_OK;
}

static gm_status run_ndjson(const gm_args *args, const gm_run *run, gm_result *out)
{
    const char *path = args->words[0];
    char *text;
    size_t length, n_lines = 2;
    (void)run;
    GM_TRY(gm_file_read(&text, &length, path, 0));
    for (size_t i = 0; i < length; i++)
        n_lines += text[i] == '\n';
    json_t *all = json_array();
    size_t *lines = gm_calloc(n_lines, sizeof *lines);
    gm_status s = all && lines ? read_lines(all, lines, text, length, path)
                               : gm_fail(GM_ENOMEM, "%s: no memory", path);
    line_names names = {path, lines};
    if (s == GM_OK) s = store(args, out, all, name_line, &names);
    json_decref(all);
    gm_free(lines);
    gm_free(text);
    return s;
}

/* ---- CSV ---------------------------------------------------------------------------------------- */

static void name_row(const void *context, size_t i, char out[300])
{
    const gm_csv *t = context;
    snprintf(out, 300, "%s:%ld", gm_csv_name(t), gm_csv_line(t, i + 1));
}

static gm_status set_cell(json_t *o, const char *key, const char *cell)
{
    double number;
    if (!*cell) return GM_OK; /* not said */
    bool is_number = strcmp(key, "sd") == 0 || strcmp(key, "stale_after_s") == 0;
    if (strcmp(key, "value") == 0)
        json_object_set_new(o, key, value_of(cell));
    else if (is_number && gm_parse_real(cell, &number))
        json_object_set_new(o, key, json_real(number));
    else
        json_object_set_new(o, key, json_string(cell));
    return GM_OK;
}

static gm_status read_rows(json_t *all, const gm_csv *t)
{
    for (size_t row = 1; row < gm_csv_n_rows(t); row++) {
        json_t *o = json_object();
        for (size_t c = 0; c < gm_csv_n_cells(t, 0); c++)
            GM_TRY(set_cell(o, gm_csv_cell(t, 0, c), gm_csv_cell(t, row, c)));
        json_array_append_new(all, o);
    }
    return GM_OK;
}

static gm_status run_csv(const gm_args *args, const gm_run *run, gm_result *out)
{
    gm_csv *t;
    (void)run;
    GM_TRY(gm_csv_read(&t, args->words[0], NULL));
    json_t *all = json_array();
    gm_status s = read_rows(all, t);
    if (s == GM_OK) s = store(args, out, all, name_row, t);
    json_decref(all);
    gm_csv_destroy(t);
    return s;
}

/* ---- tables ------------------------------------------------------------------------------------- */

#define CLIENT_OPTION                                                             \
    {                                                                             \
        "client", GM_ARG_TEXT, "NAME", 0, 0, NULL, NULL,                          \
            "the sender, so that a message that comes again has no second effect" \
    }

static const gm_option value_options[] = {
    GM_LAB_OPTION,
    {"time", GM_ARG_TEXT, "TIME", 0, 0, NULL, NULL,
     "when it was so, 2026-11-23T09:10:00Z; default: now"},
    {"unit", GM_ARG_TEXT, "UCUM", 0, 0, NULL, NULL, "unit of the value: mm[Hg], /min"},
    {"sd", GM_ARG_REAL, "X", 0, 0, NULL, NULL, "standard deviation, in the unit"},
    {"source", GM_ARG_TEXT, "TEXT", 0, 0, NULL, NULL, "device, person or model that says so"},
    {"kind", GM_ARG_TEXT, "reported|measured|inferred|simulated|assumed", 0, 0, NULL, NULL,
     "what it is; default measured"},
    {"stale-after-s", GM_ARG_REAL, "S", 0, 0, "s", NULL, "how long it may be taken as fresh"},
    {"message", GM_ARG_TEXT, "ID", 0, 0, NULL, NULL, "with --client: the number of this message"},
    CLIENT_OPTION,
    GM_BY_OPTION,
    {0},
};
static const gm_option file_options[] = {GM_LAB_OPTION, CLIENT_OPTION, GM_BY_OPTION, {0}};

#define PLACES                                                                                   \
    "Values live below /attributes and /features/<feature>/properties. Each is kept with its "   \
    "time, unit, "                                                                               \
    "standard deviation, source and kind; each makes one revision of its twin. All are checked " \
    "before any is "                                                                             \
    "stored. "

const gm_verb gm_observe_verbs[] = {
    {"observe", "value", "TWIN POINTER VALUE", 3, 3, "one value of a twin",
     PLACES "VALUE is JSON, or else text.", value_options, run_value},
    {"observe", "ndjson", "FILE", 1, 1, "values of a file, one JSON object a line",
     PLACES "Members: twin, path, value, and t, unit, sd, source, kind, stale_after_s, message as "
            "they are "
            "known.",
     file_options, run_ndjson},
    {"observe", "csv", "FILE", 1, 1, "values of a table, one a row",
     PLACES
     "Columns by their names: twin, path, value, and t, unit, sd, source, kind, stale_after_s, "
     "message as they are known.",
     file_options, run_csv},
    {0},
};
