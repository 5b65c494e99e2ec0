#include "heart/verbs/twin_verb.h"

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "ecg/wfdb_header.h"
#include "heart/case/built_in.h"
#include "heart/case/case_internal.h"
#include "heart/verbs/twin_report.h"

gm_status gm_twin_verb_options(const gm_args *args, const gm_run *run,
                               gm_heart_fit_options *options)
{
    *options = gm_heart_fit_defaults();
    GM_TRY(gm_args_count(args, "ensemble", &options->ensemble));
    GM_TRY(gm_args_count(args, "evaluations", &options->max_evaluations));
    GM_TRY(gm_args_count(args, "sites", &options->n_sites));
    GM_TRY(gm_args_real(args, "budget", &options->budget_s));
    options->seed = run->seed;
    options->progress = run->progress;
    options->cache_folder = run->cache_folder;
    return GM_OK;
}

gm_status gm_twin_verb_anatomy(gm_heart_case **out, double edge_mm, const gm_run *run)
{
    gm_anatomy_params params = gm_anatomy_defaults();
    params.edge_mm = edge_mm;
    gm_progress_report(run->progress, "building the anatomy", 0);
    return gm_heart_case_from_anatomy(out, &params, run->threads);
}

/* ---- provenance of the ECG ------------------------------------------------------------------------ */

static gm_status add_signal_files(gm_heart_case *c, const char *header_path)
{
    char *bytes = NULL;
    size_t length;
    gm_wfdb_header *h = NULL;
    GM_TRY(gm_file_read(&bytes, &length, header_path, 0));
    gm_status s = gm_wfdb_header_parse(&h, bytes, length, header_path);
    for (size_t k = 0; s == GM_OK && k < h->n_files; k++) {
        char *path = gm_path_beside(header_path, h->files[k]);
        s = path ? gm_heart_case_add_input(c, "ecg", path)
                 : gm_fail(GM_ENOMEM, "%s: no memory", header_path);
        gm_free(path);
    }
    gm_wfdb_header_destroy(h);
    gm_free(bytes);
    return s;
}

/* A WFDB record is named with or without its ending, and is its header and the files named there. */
static gm_status add_ecg_inputs(const gm_twin_request *q)
{
    if (q->is_virtual) return GM_OK;
    if (!q->ecg->format || strcmp(q->ecg->format, "WFDB") != 0)
        return gm_heart_case_add_input(q->c, "ecg", q->ecg_name);
    gm_text header = {0};
    bool named = gm_path_ends_with(q->ecg_name, ".hea");
    gm_text_addf(&header, "%s%s", q->ecg_name, named ? "" : ".hea");
    gm_status s = gm_text_status(&header);
    if (s == GM_OK) s = gm_heart_case_add_input(q->c, "ecg", header.data);
    if (s == GM_OK) s = add_signal_files(q->c, header.data);
    gm_text_free(&header);
    return s;
}

/* ---- the fit -------------------------------------------------------------------------------------- */

static gm_status tell(const gm_twin_report *t, gm_result *out)
{
    GM_TRY(gm_result_set_title(out, t->is_virtual ? "Heart twin of a virtual patient"
                                                  : "Heart twin from a 12-lead ECG"));
    GM_TRY(gm_twin_add_json(out, t));
    GM_TRY(gm_twin_add_files(out, t));
    GM_TRY(gm_twin_add_views(out, t));
    GM_TRY(gm_twin_add_summary(out, t));
    out->wants_report = true;
    return GM_OK;
}

static gm_status fit_measured(const gm_twin_request *q, const gm_ecg_measurement *measured,
                              const gm_run *run, gm_result *out)
{
    gm_heart_target target;
    GM_TRY(add_ecg_inputs(q));
    GM_TRY(gm_heart_target_from(&target, q->ecg, measured));
    if (measured->median.is_whole_record) target.first_ms = q->ecg->first_ms;
    /* The built-in anatomy states no clock of its own: its times count from the onset of QRS. */
    if (q->is_built_in) q->c->shape.t_on_ms = target.first_ms + target.qrs.on_ms;
    gm_heart_fit_options options = q->options;
    options.pose_is_free = q->is_built_in && !q->is_virtual;
    options.amplitude_is_free = options.pose_is_free || target.amplitudes_are_relative ||
                                !(q->c->conductivity_is_stated || q->is_virtual);
    gm_heart_twin *twin = NULL;
    /* t_on counts on the file's clock, the fit from the first sample. */
    q->c->shape.t_on_ms -= target.first_ms;
    gm_status s = gm_heart_fit(&twin, q->c, &target, &options, run->threads);
    q->c->shape.t_on_ms += target.first_ms;
    gm_twin_report t = {.c = q->c,
                        .twin = twin,
                        .target = &target,
                        .options = &options,
                        .ecg = q->ecg,
                        .measured = measured,
                        .ecg_name = q->ecg_name,
                        .is_built_in = q->is_built_in,
                        .is_virtual = q->is_virtual,
                        .threads = run->threads};
    if (s == GM_OK) s = gm_twin_report_derive(&t);
    if (s == GM_OK) s = tell(&t, out);
    gm_twin_report_free(&t);
    gm_heart_twin_destroy(twin);
    gm_heart_target_free(&target);
    return s;
}

gm_status gm_twin_verb_run(const gm_twin_request *request, const gm_run *run, gm_result *out)
{
    gm_ecg_measurement *measured;
    gm_status s = gm_ecg_measure(&measured, request->ecg);
    if (s != GM_OK) return gm_fail_in(s, "%s", request->ecg_name);
    s = fit_measured(request, measured, run, out);
    gm_ecg_measurement_destroy(measured);
    return s;
}
