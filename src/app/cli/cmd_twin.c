/* gemel twin: make twins, look at them, change them, branch them. */
#include <stdlib.h>
#include <string.h>

#include "cli/lab_option.h"
#include "cli/verbs.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "live/pointer.h"
#include "live/twin.h"

/* A verb works between the opening and the closing of the lab. */
typedef gm_status (*work)(const gm_args *args, gm_store *s, gm_result *out);

static gm_status in_lab(const gm_args *args, gm_result *out, work run)
{
    gm_lab *lab;
    GM_TRY(gm_lab_of(args, &lab));
    gm_status s = run(args, gm_lab_store(lab), out);
    gm_lab_close(lab);
    return s;
}

#define IN_LAB(name, run)                                                           \
    static gm_status name(const gm_args *args, const gm_run *world, gm_result *out) \
    {                                                                               \
        (void)world;                                                                \
        return in_lab(args, out, run);                                              \
    }

static gm_act act_of(const gm_args *args)
{
    return gm_act_by(gm_by_of(args), gm_clock_ms());
}

static gm_status say_revision(gm_result *out, const char *twin, int64_t revision)
{
    json_object_set_new(out->values, "twin", json_string(twin));
    json_object_set_new(out->values, "revision", json_integer((json_int_t)revision));
    return gm_result_say(out, "%s: revision %lld\n", twin, (long long)revision);
}

/* ---- looking ------------------------------------------------------------------------------------ */

/* --at REVISION or --when TIME, else now. */
static gm_status revision_of(const gm_args *args, gm_store *s, const char *twin, int64_t *out)
{
    const char *when = gm_args_text(args, "when");
    size_t at = SIZE_MAX;
    gm_twin_facts f;
    int64_t ms;
    GM_TRY(gm_args_count(args, "at", &at));
    GM_TRY(gm_store_facts(s, twin, &f));
    *out = at == SIZE_MAX ? f.revision : (int64_t)at;
    if (!when) return GM_OK;
    if (!gm_moment_parse(when, &ms))
        return gm_fail(GM_EUSAGE, "--when \"%s\": a time such as 2026-11-23T09:10:00Z is expected",
                       when);
    return gm_store_revision_at(s, twin, ms, out);
}

static gm_status say_document(gm_result *out, const json_t *state)
{
    gm_text t = {0};
    gm_status s = gm_json_write(state, 12, &t);
    if (s == GM_OK) s = gm_result_say(out, "%s\n", t.data);
    gm_text_free(&t);
    return s;
}

typedef struct {
    gm_result *out;
    json_t *list;
} listing;

static gm_status add_wanted(void *context, const char *feature, const char *pointer,
                            const json_t *wanted, const json_t *reported)
{
    listing *l = context;
    json_t *o = json_object();
    json_object_set_new(o, "feature", json_string(feature));
    json_object_set_new(o, "path", json_string(pointer));
    json_object_set_new(o, "wanted", json_deep_copy(wanted));
    json_object_set_new(o, "reported", reported ? json_deep_copy(reported) : json_null());
    return json_array_append_new(l->list, o)
               ? gm_fail(GM_ENOMEM, "no memory")
               : gm_result_say(l->out, "wanted: %s%s is not so yet\n", feature, pointer);
}

static gm_status add_stale(void *context, const char *pointer, double age_s, double allowed_s)
{
    listing *l = context;
    json_array_append_new(l->list, json_pack("{s:s,s:f,s:f}", "path", pointer, "age_s", age_s,
                                             "stale_after_s", allowed_s));
    return gm_result_say(l->out, "stale: %s is %.0f s old, allowed are %g s\n", pointer, age_s,
                         allowed_s);
}

static gm_status show(const gm_args *args, gm_store *s, gm_result *out)
{
    const char *twin = args->words[0];
    int64_t revision;
    json_t *state;
    GM_TRY(revision_of(args, s, twin, &revision));
    GM_TRY(gm_store_read_at(s, twin, revision, &state));
    listing wanted = {out, json_array()}, stale = {out, json_array()};
    json_object_set_new(out->values, "twin", json_string(twin));
    json_object_set_new(out->values, "revision", json_integer((json_int_t)revision));
    json_object_set_new(out->values, "state", json_incref(state));
    json_object_set_new(out->values, "wanted", wanted.list);
    json_object_set_new(out->values, "stale", stale.list);
    gm_status status = gm_result_say(out, "%s, revision %lld\n", twin, (long long)revision);
    if (status == GM_OK) status = say_document(out, state);
    if (status == GM_OK) status = gm_twin_wanted(state, add_wanted, &wanted);
    if (status == GM_OK) status = gm_twin_stale(state, gm_clock_ms(), add_stale, &stale);
    json_decref(state);
    return status;
}

static gm_status add_id(void *context, const char *twin, int64_t revision)
{
    listing *l = context;
    json_array_append_new(l->list,
                          json_pack("{s:s,s:I}", "twin", twin, "revision", (json_int_t)revision));
    return gm_result_say(l->out, "%-40s %lld\n", twin, (long long)revision);
}

static gm_status list(const gm_args *args, gm_store *s, gm_result *out)
{
    const char *after = gm_args_text(args, "after");
    size_t most = 1000;
    GM_TRY(gm_args_count(args, "most", &most));
    listing l = {out, json_array()};
    json_object_set_new(out->values, "twins", l.list);
    return gm_store_list(s, after ? after : "", most, add_id, &l);
}

static gm_status add_event(void *context, int64_t revision, int64_t t_ms, const char *patch,
                           size_t length)
{
    listing *l = context;
    char when[25];
    gm_moment_print(t_ms, when);
    json_array_append_new(l->list,
                          json_pack("{s:I,s:s,s:o}", "revision", (json_int_t)revision, "received",
                                    when, "patch", json_loadb(patch, length, 0, NULL)));
    return gm_result_say(l->out, "%lld  %s  %.*s\n", (long long)revision, when, (int)length, patch);
}

static gm_status history(const gm_args *args, gm_store *s, gm_result *out)
{
    size_t from = 1, to = INT64_MAX;
    GM_TRY(gm_args_count(args, "from", &from));
    GM_TRY(gm_args_count(args, "to", &to));
    listing l = {out, json_array()};
    json_object_set_new(out->values, "events", l.list);
    return gm_store_history(s, args->words[0], (int64_t)from, (int64_t)to, add_event, &l);
}

static gm_status say_side(gm_result *out, const char *sign, const char *pointer, const json_t *v)
{
    if (!v) return GM_OK;
    char *text =
        json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(12));
    gm_status s = text ? gm_result_say(out, "%s %s %s\n", sign, *pointer ? pointer : "/", text)
                       : gm_fail(GM_ENOMEM, "no memory");
    free(text);
    return s;
}

static gm_status add_difference(void *context, const char *pointer, const json_t *a,
                                const json_t *b)
{
    listing *l = context;
    json_t *o = json_object();
    json_object_set_new(o, "path", json_string(pointer));
    json_object_set_new(o, "a", a ? json_deep_copy(a) : json_null());
    json_object_set_new(o, "b", b ? json_deep_copy(b) : json_null());
    json_array_append_new(l->list, o);
    GM_TRY(say_side(l->out, "-", pointer, a));
    return say_side(l->out, "+", pointer, b);
}

static gm_status diff(const gm_args *args, gm_store *s, gm_result *out)
{
    json_t *a = NULL, *b = NULL;
    listing l = {out, json_array()};
    json_object_set_new(out->values, "differences", l.list);
    gm_status status = gm_store_read(s, args->words[0], &a, NULL);
    if (status == GM_OK) status = gm_store_read(s, args->words[1], &b, NULL);
    if (status == GM_OK) status = gm_document_differences(a, b, add_difference, &l);
    if (status == GM_OK && json_array_size(l.list) == 0)
        status = gm_result_say(out, "%s and %s are equal\n", args->words[0], args->words[1]);
    json_decref(a), json_decref(b);
    return status;
}

/* ---- changing ----------------------------------------------------------------------------------- */

static gm_status create(const gm_args *args, gm_store *s, gm_result *out)
{
    const char *path = gm_args_text(args, "attributes");
    gm_receipt r;
    json_t *attributes = NULL;
    gm_act act = act_of(args);
    gm_life life = gm_args_flag(args, "planned") ? GM_LIFE_PLANNED : GM_LIFE_CREATED;
    if (path) GM_TRY(gm_json_read_file(&attributes, path));
    gm_status status =
        gm_twin_create(s, args->words[0], gm_args_text(args, "type"), life, attributes, &act, &r);
    json_decref(attributes);
    return status == GM_OK ? say_revision(out, args->words[0], r.revision) : status;
}

static gm_status set(const gm_args *args, gm_store *s, gm_result *out)
{
    size_t revision = SIZE_MAX;
    gm_receipt r;
    gm_act act = act_of(args);
    GM_TRY(gm_args_count(args, "if-revision", &revision));
    if (revision != SIZE_MAX) act.revision = (int64_t)revision;
    json_t *patch = json_object();
    json_t *value = json_loads(args->words[2], JSON_DECODE_ANY, NULL);
    gm_status status =
        gm_pointer_put(patch, args->words[1], value ? value : json_string(args->words[2]));
    if (status == GM_OK) status = gm_twin_change(s, args->words[0], patch, &act, &r);
    json_decref(patch);
    return status == GM_OK ? say_revision(out, args->words[0], r.revision) : status;
}

static gm_status fork_twin(const gm_args *args, gm_store *s, gm_result *out)
{
    int64_t revision;
    gm_act act = act_of(args);
    GM_TRY(revision_of(args, s, args->words[0], &revision));
    GM_TRY(gm_store_fork(s, args->words[0], revision, args->words + 1, args->n_words - 1, act.by,
                         act.now_ms));
    json_object_set_new(out->values, "parent", json_string(args->words[0]));
    json_object_set_new(out->values, "revision", json_integer((json_int_t)revision));
    return gm_result_say(out, "%zu %s of %s at revision %lld\n", args->n_words - 1,
                         args->n_words == 2 ? "branch" : "branches", args->words[0],
                         (long long)revision);
}

static gm_status become(const gm_args *args, gm_store *s, gm_result *out, gm_life life)
{
    gm_receipt r;
    gm_act act = act_of(args);
    GM_TRY(gm_twin_become(s, args->words[0], life, &act, &r));
    return say_revision(out, args->words[0], r.revision);
}

static gm_status bind_twin(const gm_args *args, gm_store *s, gm_result *out)
{
    return become(args, s, out, GM_LIFE_BOUND);
}

static gm_status retire(const gm_args *args, gm_store *s, gm_result *out)
{
    return become(args, s, out, GM_LIFE_RETIRED);
}

IN_LAB(run_create, create)
IN_LAB(run_show, show)
IN_LAB(run_set, set)
IN_LAB(run_list, list)
IN_LAB(run_history, history)
IN_LAB(run_fork, fork_twin)
IN_LAB(run_diff, diff)
IN_LAB(run_bind, bind_twin)
IN_LAB(run_retire, retire)

/* ---- tables ------------------------------------------------------------------------------------- */

#define MOST_REVISIONS 1e15
#define MOMENT_OPTIONS                                                                             \
    {"at", GM_ARG_COUNT, "REVISION", 0, MOST_REVISIONS, NULL, NULL, "as it was at this revision"}, \
    {                                                                                              \
        "when", GM_ARG_TEXT, "TIME", 0, 0, NULL, NULL,                                             \
            "as it was known at this time, 2026-11-23T09:10:00Z"                                   \
    }

static const gm_option create_options[] = {
    GM_LAB_OPTION,
    {"type", GM_ARG_TEXT, "DTMI", 0, 0, NULL, NULL, "its type: dtmi:gemel:Patient;1"},
    {"attributes", GM_ARG_FILE, "FILE.json", 0, 0, NULL, NULL, "what is known of it"},
    {"planned", GM_ARG_FLAG, NULL, 0, 0, NULL, NULL, "it does not exist yet"},
    GM_BY_OPTION,
    {0},
};
static const gm_option show_options[] = {GM_LAB_OPTION, MOMENT_OPTIONS, {0}};
static const gm_option set_options[] = {
    GM_LAB_OPTION,
    {"if-revision", GM_ARG_COUNT, "N", 0, MOST_REVISIONS, NULL, NULL, "only if the twin is at it"},
    GM_BY_OPTION,
    {0},
};
static const gm_option list_options[] = {
    GM_LAB_OPTION,
    {"after", GM_ARG_TEXT, "ID", 0, 0, NULL, NULL, "begin behind this id"},
    {"most", GM_ARG_COUNT, "N", 1, 1e6, NULL, "1000", "how many at most"},
    {0},
};
static const gm_option history_options[] = {
    GM_LAB_OPTION,
    {"from", GM_ARG_COUNT, "N", 1, MOST_REVISIONS, NULL, "1", "first revision"},
    {"to", GM_ARG_COUNT, "N", 1, MOST_REVISIONS, NULL, NULL, "last revision; default: now"},
    {0},
};
static const gm_option fork_options[] = {GM_LAB_OPTION, MOMENT_OPTIONS, GM_BY_OPTION, {0}};
static const gm_option diff_options[] = {GM_LAB_OPTION, {0}};
static const gm_option act_options[] = {GM_LAB_OPTION, GM_BY_OPTION, {0}};

const gm_verb gm_twin_verbs[] = {
    {"twin", "create", "TWIN", 1, 1, "make a twin",
     "TWIN is namespace:name. What is then observed of it, or set, makes its revisions.",
     create_options, run_create},
    {"twin", "show", "TWIN", 1, 1, "a twin's state, now or at any time before",
     "Beside the state: what is wanted of it but not reported, and values that are too old.",
     show_options, run_show},
    {"twin", "set", "TWIN POINTER VALUE", 3, 3, "set one place of a twin",
     "POINTER is a JSON pointer (RFC 6901) below /attributes, /features, /definition or /policyId: "
     "/features/pump/desiredProperties/rate says what is wanted. VALUE is JSON, or else text; null "
     "removes. "
     "Values with units and sources come by `gemel observe`.",
     set_options, run_set},
    {"twin", "list", "", 0, 0, "the twins of a lab", "In the order of their ids, with revisions.",
     list_options, run_list},
    {"twin", "history", "TWIN", 1, 1, "every change of a twin, with its time",
     "One merge patch (RFC 7396) a revision; a branch shows its parent's up to the fork.",
     history_options, run_history},
    {"twin", "fork", "TWIN BRANCH...", 2, 1000, "make what-if branches",
     "A branch begins as the twin is, or was, and goes its own way: nothing that is done in it "
     "reaches the twin or the "
     "world, and nothing measured enters it.",
     fork_options, run_fork},
    {"twin", "diff", "A B", 2, 2, "what differs between two twins or branches",
     "One line a place: - as in A, + as in B.", diff_options, run_diff},
    {"twin", "bind", "TWIN", 1, 1, "say that it now stands for a real thing",
     "A twin's life: planned, created, bound, live, stale, retired.", act_options, run_bind},
    {"twin", "retire", "TWIN", 1, 1, "keep it to be read only",
     "A retired twin takes no values and no changes.", act_options, run_retire},
    {0},
};
