#include <math.h>
#include <stdio.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "ecg/waveform.h"
#include "heart/lab/heart_lab.h"
#include "heart/verbs/heart_views.h"
#include "heart/verbs/verbs.h"

const gm_option gm_heart_what_if_options[] = {
    {"lab", GM_ARG_FILE, "DIR", 0, 0, NULL, "lab", "the lab's folder"},
    {"site", GM_ARG_COUNT, "N", 1, 1024, NULL, NULL,
     "the early site to move in time; default: all of them"},
    {"later-ms", GM_ARG_REAL, "T", -GM_WHAT_IF_MOST_SHIFT_MS, GM_WHAT_IF_MOST_SHIFT_MS, "ms", NULL,
     "how much later it is paced; negative: earlier"},
    {"speed", GM_ARG_REAL, "FACTOR", GM_WHAT_IF_MIN_FACTOR, GM_WHAT_IF_MAX_FACTOR, NULL, NULL,
     "all conduction times this: 0.8 is 20 % slower"},
    {"apd-ms", GM_ARG_REAL, "T", -GM_WHAT_IF_MOST_APD_MS, GM_WHAT_IF_MOST_APD_MS, "ms", NULL,
     "how much longer action potentials last; negative: shorter"},
    {"o", GM_ARG_FILE, "DIR", 0, 0, NULL, NULL,
     "write ecg.csv of the branch, and report.html with both ECGs, into DIR"},
    {"by", GM_ARG_TEXT, "WHO", 0, 0, NULL, NULL, "who asks, for the audit log"},
    {0},
};

const char gm_heart_what_if_description[] =
    "Forks TWIN (a fitted heart, see `gemel heart keep`) into BRANCH, changes what the options "
    "say, and writes the ECG that "
    "would follow into the branch: the twin itself stays as it is. Two questions are two branches; "
    "`gemel twin diff` "
    "and `gemel twin show` compare them.";

enum { DURATION_MS = 600 };

typedef struct {
    gm_lab *lab;
    gm_heart_case *c;
    gm_heart_params params;
    gm_what_if *model;
    gm_samples samples;
    double *before_mv, *after_mv; /* [samples.n][12] */
    double *shift_ms;             /* [n_sites] */
} work;

static void free_work(work *w)
{
    gm_what_if_destroy(w->model);
    gm_heart_case_destroy(w->c);
    gm_lab_close(w->lab);
    gm_free(w->before_mv);
    gm_free(w->after_mv);
    gm_free(w->shift_ms);
}

static gm_status load(work *w, const gm_args *args, const gm_run *run)
{
    json_t *state;
    GM_TRY(gm_lab_open(&w->lab, gm_args_text(args, "lab"), NULL));
    GM_TRY(gm_store_read(gm_lab_store(w->lab), args->words[0], &state, NULL));
    gm_status s = gm_heart_recall(w->lab, state, run->threads, &w->c, &w->params);
    json_decref(state);
    GM_TRY(s);
    double first_ms = floor(w->c->shape.t_on_ms) - 50;
    w->samples = (gm_samples){fmax(0, first_ms), 1, DURATION_MS};
    w->before_mv = gm_calloc(w->samples.n * GM_N_LEADS, sizeof *w->before_mv);
    w->after_mv = gm_calloc(w->samples.n * GM_N_LEADS, sizeof *w->after_mv);
    w->shift_ms = gm_calloc(w->params.n_sites, sizeof *w->shift_ms);
    if (!w->before_mv || !w->after_mv || !w->shift_ms)
        return gm_fail(GM_ENOMEM, "what-if: no memory for an ECG");
    return gm_what_if_create(&w->model, w->c, &w->params, w->samples, run->threads);
}

static gm_status read_change(work *w, const gm_args *args, gm_heart_change *change)
{
    size_t site = 0;
    double later_ms = 0;
    *change = gm_heart_change_none();
    GM_TRY(gm_args_count(args, "site", &site));
    GM_TRY(gm_args_real(args, "later-ms", &later_ms));
    GM_TRY(gm_args_real(args, "speed", &change->speed_factor));
    GM_TRY(gm_args_real(args, "apd-ms", &change->apd_shift_ms));
    if (site > w->params.n_sites)
        return gm_fail(GM_EUSAGE, "--site %zu: this heart has %zu early sites", site,
                       w->params.n_sites);
    for (size_t k = 0; k < w->params.n_sites; k++)
        w->shift_ms[k] = site == 0 || site == k + 1 ? later_ms : 0;
    change->shift_ms = w->shift_ms;
    if (!w->params.has_apd && change->apd_shift_ms != 0)
        return gm_fail(GM_EUSAGE,
                       "--apd-ms: this heart does not repolarise: its params have no \"apd\"");
    return GM_OK;
}

static gm_status say(gm_result *out, const gm_args *args, const gm_what_if_facts *before,
                     const gm_what_if_facts *after)
{
    json_object_set_new(out->values, "twin", json_string(args->words[0]));
    json_object_set_new(out->values, "branch", json_string(args->words[1]));
    json_object_set_new(out->values, "qrs_ms", gm_json_real_or_null(after->qrs_ms));
    json_object_set_new(out->values, "qrs_before_ms", gm_json_real_or_null(before->qrs_ms));
    json_object_set_new(out->values, "activation_ms", json_real(after->last_ms - after->first_ms));
    json_object_set_new(out->values, "activation_before_ms",
                        json_real(before->last_ms - before->first_ms));
    GM_TRY(gm_result_say(out, "%s, a branch of %s\n", args->words[1], args->words[0]));
    GM_TRY(
        gm_result_say(out, "QRS          %.0f ms, was %.0f ms\n", after->qrs_ms, before->qrs_ms));
    return gm_result_say(out, "activation   %.1f to %.1f ms, was %.1f to %.1f ms\n",
                         after->first_ms, after->last_ms, before->first_ms, before->last_ms);
}

/* Both ECGs, the twin's as the reference. */
static gm_status add_views(gm_result *out, const work *w)
{
    GM_TRY(gm_result_set_title(out, "What if"));
    out->wants_report = true;
    GM_TRY(gm_heart_add_ecg_view(out, "12-lead ECG",
                                 "What the branch would show, over what the twin shows now.",
                                 w->samples, w->after_mv, "branch"));
    GM_TRY(gm_heart_overlay_ecg(&out->views[out->n_views - 1], w->before_mv, "twin"));
    return gm_heart_add_ecg_csv(out, "ecg.csv", w->samples, w->after_mv);
}

static gm_status ask(work *w, const gm_args *args, const gm_run *run, gm_result *out)
{
    const char *by = gm_args_text(args, "by");
    gm_heart_change none = gm_heart_change_none(), change;
    gm_what_if_facts before, after;
    gm_receipt r;
    gm_act act = gm_act_by(by ? by : "gemel heart what-if", gm_clock_ms());
    GM_TRY(load(w, args, run));
    GM_TRY(read_change(w, args, &change));
    GM_TRY(gm_what_if_ecg(w->model, &none, run->threads, w->before_mv, NULL, &before));
    GM_TRY(gm_what_if_ecg(w->model, &change, run->threads, w->after_mv, NULL, &after));
    GM_TRY(gm_store_fork(gm_lab_store(w->lab), args->words[0], GM_ANY_REVISION, args->words + 1, 1,
                         act.by, act.now_ms));
    GM_TRY(gm_heart_answer(w->lab, args->words[1], &change, w->params.n_sites, w->samples,
                           w->after_mv, &after, &act, &r));
    GM_TRY(say(out, args, &before, &after));
    return add_views(out, w);
}

gm_status gm_heart_what_if_run(const gm_args *args, const gm_run *run, gm_result *out)
{
    work w = {0};
    gm_status s = ask(&w, args, run, out);
    free_work(&w);
    return s;
}
