/* gemel lab: folders that hold twins; gemel audit: the proof that nothing in them was changed. */
#include <string.h>

#include "cli/lab_option.h"
#include "cli/verbs.h"
#include "core/clock.h"

static void set_count(json_t *o, const char *key, int64_t n)
{
    json_object_set_new(o, key, json_integer((json_int_t)n));
}

static gm_status run_init(const gm_args *args, const gm_run *run, gm_result *out)
{
    const char *folder = args->n_words ? args->words[0] : "lab";
    const char *connection = gm_args_text(args, "postgres");
    (void)run;
    GM_TRY(gm_lab_init(folder, connection));
    json_object_set_new(out->values, "lab", json_string(folder));
    json_object_set_new(out->values, "store", json_string(connection ? "postgres" : "sqlite"));
    return gm_result_say(out, "%s: a new lab\n", folder);
}

static gm_status say_verified(gm_result *out, const char *folder, const gm_verification *v)
{
    set_count(out->values, "n_audit_records", v->n_records);
    set_count(out->values, "n_events", v->n_events);
    set_count(out->values, "n_twins", v->n_twins);
    json_object_set_new(out->values, "head", json_string(v->head));
    return gm_result_say(out, "%s: sound; %lld twins, %lld events, %lld audit records\nhead %s\n",
                         folder, (long long)v->n_twins, (long long)v->n_events,
                         (long long)v->n_records, v->head);
}

static gm_status run_backup(const gm_args *args, const gm_run *run, gm_result *out)
{
    gm_verification v;
    size_t n_blobs;
    GM_TRY(gm_lab_backup(gm_args_text(args, "lab"), args->words[0], run->progress));
    GM_TRY(gm_lab_check(args->words[0], &v, &n_blobs, NULL));
    return say_verified(out, args->words[0], &v);
}

static gm_status run_restore(const gm_args *args, const gm_run *run, gm_result *out)
{
    const char *folder = gm_args_text(args, "lab");
    gm_verification v;
    size_t n_blobs;
    GM_TRY(gm_lab_restore(args->words[0], folder, gm_args_text(args, "postgres"), run->progress));
    GM_TRY(gm_lab_check(folder, &v, &n_blobs, NULL));
    return say_verified(out, folder, &v);
}

static gm_status run_check(const gm_args *args, const gm_run *run, gm_result *out)
{
    const char *folder = args->n_words ? args->words[0] : "lab";
    gm_verification v;
    size_t n_blobs = 0;
    GM_TRY(gm_lab_check(folder, &v, &n_blobs, run->progress));
    set_count(out->values, "n_blobs", (int64_t)n_blobs);
    GM_TRY(say_verified(out, folder, &v));
    return gm_result_say(out, "%zu blobs\n", n_blobs);
}

static gm_status run_verify(const gm_args *args, const gm_run *run, gm_result *out)
{
    const char *folder = gm_args_text(args, "lab"), *head = gm_args_text(args, "head");
    gm_verification v;
    GM_TRY(gm_lab_check(folder, &v, NULL, run->progress));
    if (head && strcmp(head, v.head) != 0)
        return gm_fail(GM_EFORMAT, "%s: the audit log ends with %s, not with %s", folder, v.head,
                       head);
    return say_verified(out, folder, &v);
}

typedef struct {
    gm_result *out;
    json_t *list;
} audit_list;

static gm_status add_record(void *context, const gm_audit_row *row)
{
    audit_list *l = context;
    char when[25];
    gm_moment_print(row->t_ms, when);
    json_array_append_new(l->list, json_pack("{s:I,s:s,s:o}", "record", (json_int_t)row->number,
                                             "t", when, "what", json_loads(row->what, 0, NULL)));
    return gm_result_say(l->out, "%lld  %s  %s\n", (long long)row->number, when, row->what);
}

static gm_status run_audit_show(const gm_args *args, const gm_run *run, gm_result *out)
{
    size_t from = 1;
    (void)run;
    GM_TRY(gm_args_count(args, "from", &from));
    audit_list l = {out, json_array()};
    json_object_set_new(out->values, "records", l.list);
    return gm_lab_audit(gm_args_text(args, "lab"), (int64_t)from, add_record, &l);
}

/* ---- tables ------------------------------------------------------------------------------------- */

static const gm_option no_options[] = {{0}};

#define POSTGRES_OPTION                                                                   \
    {                                                                                     \
        "postgres", GM_ARG_TEXT, "CONNECTION", 0, 0, NULL, NULL,                          \
            "keep twins in this PostgreSQL (libpq's connection string; passwords belong " \
            "into ~/.pgpass), not in a file"                                              \
    }

static const gm_option init_options[] = {POSTGRES_OPTION, {0}};
static const gm_option lab_options[] = {GM_LAB_OPTION, {0}};
static const gm_option restore_options[] = {GM_LAB_OPTION, POSTGRES_OPTION, {0}};
static const gm_option verify_options[] = {
    GM_LAB_OPTION,
    {"head", GM_ARG_TEXT, "HASH", 0, 0, NULL, NULL, "the hash that the log ended with before"},
    {0},
};
static const gm_option show_options[] = {
    GM_LAB_OPTION,
    {"from", GM_ARG_COUNT, "N", 1, 1e15, NULL, "1", "the first record to show"},
    {0},
};

const gm_verb gm_lab_verbs[] = {
    {"lab", "init", "[DIR]", 0, 1, "make a lab: a folder that twins live in",
     "DIR (lab if not given) gets lab.json, gemel.db (SQLite) and blobs/. One process at a time "
     "works in a "
     "lab.",
     init_options, run_init},
    {"lab", "backup", "TO", 1, 1, "copy a lab into a new folder, and verify the copy",
     "The copy holds all twins, events, blobs and the audit log, over SQLite whatever the lab is "
     "kept in.",
     lab_options, run_backup},
    {"lab", "restore", "FROM", 1, 1, "make a new lab out of a backup",
     "The lab's folder must hold no lab. With --postgres this is also how a lab moves to a server.",
     restore_options, run_restore},
    {"lab", "check", "[DIR]", 0, 1, "read everything of a lab and check every hash",
     "Twins, events, snapshots, audit log and blobs. What is damaged is named; exit code 1.",
     no_options, run_check},
    {"audit", "verify", "", 0, 0, "prove that no record was removed, changed or moved",
     "Each commit has an audit record with a digest of all that came with it and the hash of the "
     "record before. "
     "Keep the hash that is printed somewhere else: with --head, records cut off the end are found "
     "too.",
     verify_options, run_verify},
    {"audit", "show", "", 0, 0, "list the audit records",
     "Who did how many updates, and forks, one line a commit.", show_options, run_audit_show},
    {0},
};
