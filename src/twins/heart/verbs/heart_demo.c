#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/rng.h"
#include "ecg/csv_waveform.h"
#include "heart/anatomy/coordinates.h"
#include "heart/case/sources.h"
#include "heart/forward/beat.h"
#include "heart/forward/lead_field.h"
#include "heart/verbs/twin_verb.h"
#include "heart/verbs/verbs.h"

const gm_option gm_heart_demo_options[] = {
    {"o", GM_ARG_FILE, "DIR", 0, 0, NULL, "out/demo", "write the twin and report.html into DIR"},
    {"ecg", GM_ARG_FILE, "FILE", 0, 0, NULL, NULL,
     "another ECG than the one of Debian's python3-pydicom"},
    GM_TWIN_VERB_OPTIONS,
    {"edge-mm", GM_ARG_REAL, "H", 1, 5, "mm", "3.5", "mean edge length of the built-in anatomy"},
    {0},
};

const char gm_heart_demo_description[] =
    "Fits the built-in anatomy to a real 12-lead ECG and writes the report: what make run does. "
    "The ECG is the 10 s DICOM record that Debian's package python3-pydicom ships; "
    "scripts/setup.sh puts it into run/ecg/waveform_ecg.dcm. Where it is absent (no network at "
    "set-up), the demo makes a virtual patient with known early sites and a little noise instead, "
    "and says so.\n"
    "\n"
    "Unless --evaluations or --budget says otherwise the search ends after 5,800 forward solves, "
    "or within a budget of 50 s where the machine is busy or slow; twin.json records how many "
    "there were.";

/* Enough on two idle cores; on a busy or slower machine the clock ends the search first. */
static const double DEMO_BUDGET_S = 50;
enum { DEMO_EVALUATIONS = 5800 };

static const char DEMO_ECG[] = "run/ecg/waveform_ecg.dcm";

/* ---- the virtual patient --------------------------------------------------------------------------- */

enum { BEAT_SAMPLES = 800, BEATS = 10, RECORD = BEAT_SAMPLES * BEATS };
static const double ONSET_MS = 260, NOISE_MV = 0.02;

/* Early sites after Durrer 1970 (Circulation 41:899): LV septum, anterior and posterior walls, RV
 * anterior wall. */
static gm_heart_params virtual_params(void)
{
    static const struct {
        gm_ventricle ventricle;
        double ab, rt, after_ms;
    } sites[] = {{GM_VENTRICLE_LV, 0.45, 0.85, 0},
                 {GM_VENTRICLE_LV, 0.60, 0.55, 3},
                 {GM_VENTRICLE_LV, 0.50, 0.15, 4},
                 {GM_VENTRICLE_RV, 0.40, 0.40, 9}};
    gm_heart_params p = gm_heart_params_defaults();
    p.n_sites = sizeof sites / sizeof *sites;
    for (size_t k = 0; k < p.n_sites; k++) {
        p.sites[k].kind = GM_SITE_UVC;
        p.sites[k].uvc.ventricle = sites[k].ventricle;
        p.sites[k].uvc.ab = sites[k].ab;
        p.sites[k].uvc.rt = sites[k].rt;
        p.sites[k].onset_ms = ONSET_MS + sites[k].after_ms;
    }
    p.v_f_m_s = 0.65;
    p.fast_layer_factor = 2.2;
    p.has_apd = true;
    p.apd = (gm_apd){.min_ms = 220, .max_ms = 290, .g_ab = 0.5, .g_rvlv = 0.2, .g_tm = -0.8};
    return p;
}

/* Activation of the virtual patient; tau_ms and apd_ms are [n_nodes]. */
static gm_status activate(gm_heart_case *c, const gm_run *run, float *tau_ms, double *apd_ms)
{
    gm_heart_params params = virtual_params();
    gm_conduction speeds = gm_heart_params_conduction(&params);
    gm_source sources[4];
    gm_seed seeds[4 * GM_IGNITION_NODES];
    size_t n = 0;
    GM_TRY(gm_heart_params_resolve(&params, c, run->threads, "virtual patient", sources, NULL));
    gm_ignition *ignition;
    GM_TRY(gm_ignition_create(&ignition, c->mesh, c->fast));
    for (size_t k = 0; k < params.n_sites; k++)
        n += gm_source_ignite(&sources[k], ignition, &speeds, seeds + n);
    gm_ignition_destroy(ignition);
    gm_eikonal *e;
    gm_eikonal_scratch *scratch = NULL;
    GM_TRY(gm_eikonal_create(&e, c->mesh, c->fast));
    gm_status s = gm_eikonal_scratch_create(&scratch, e, gm_threads_count(run->threads));
    if (s == GM_OK) s = gm_eikonal_solve(e, &speeds, seeds, n, scratch, run->threads, tau_ms);
    gm_eikonal_scratch_destroy(scratch);
    gm_eikonal_destroy(e);
    GM_TRY(s);
    return gm_heart_apd_field(&params.apd, c, run->threads, apd_ms);
}

/* Ten beats with noise, as the CSV that a device would write. */
static gm_status print_record(const double *beat, uint64_t seed, gm_text *csv)
{
    gm_rng rng = gm_rng_stream(seed, 12);
    gm_text_add(csv, "t_ms,I,II,III,aVR,aVL,aVF,V1,V2,V3,V4,V5,V6\n");
    for (size_t i = 0; i < RECORD; i++) {
        double eight[GM_N_INDEPENDENT], twelve[GM_N_LEADS];
        for (int l = 0; l < GM_N_INDEPENDENT; l++)
            eight[l] = beat[i % BEAT_SAMPLES * GM_N_INDEPENDENT + (size_t)l] +
                       NOISE_MV * gm_rng_normal(&rng);
        gm_leads_expand(eight, twelve);
        gm_text_addf(csv, "%zu", i);
        for (int l = 0; l < GM_N_LEADS; l++)
            gm_text_addf(csv, ",%.5f", twelve[l]);
        gm_text_add(csv, "\n");
    }
    return gm_text_status(csv);
}

static gm_status make_beat(gm_heart_case *c, const gm_run *run, double *beat)
{
    size_t n = c->mesh->n_nodes;
    float *tau_ms = gm_calloc(n, sizeof *tau_ms);
    double *apd_ms = gm_calloc(n, sizeof *apd_ms);
    gm_lead_field *field = NULL;
    gm_status s = tau_ms && apd_ms ? GM_OK : gm_fail(GM_ENOMEM, "virtual patient: no memory");
    if (s == GM_OK) s = activate(c, run, tau_ms, apd_ms);
    if (s == GM_OK)
        s = gm_lead_field_create(&field, c->mesh, &c->conductivity,
                                 (const double(*)[3])c->electrodes_mm);
    if (s == GM_OK)
        s = gm_beat_ecg_direct(field, tau_ms, apd_ms, &c->shape, (gm_samples){0, 1, BEAT_SAMPLES},
                               run->threads, beat);
    gm_lead_field_destroy(field);
    gm_free(tau_ms);
    gm_free(apd_ms);
    return s;
}

static gm_status make_virtual_ecg(gm_ecg **out, gm_heart_case *c, const gm_run *run)
{
    double *beat = gm_calloc(BEAT_SAMPLES * GM_N_INDEPENDENT, sizeof *beat);
    gm_text csv = {0};
    gm_status s = beat ? make_beat(c, run, beat) : gm_fail(GM_ENOMEM, "virtual patient: no memory");
    if (s == GM_OK) s = print_record(beat, run->seed, &csv);
    if (s == GM_OK) s = gm_ecg_csv_parse(out, csv.data, csv.length, "virtual patient");
    gm_text_free(&csv);
    gm_free(beat);
    return s;
}

/* ---- the demo ---------------------------------------------------------------------------------------- */

static gm_status get_ecg(gm_twin_request *q, gm_ecg **ecg, const gm_args *args, const gm_run *run)
{
    const char *path = gm_args_text(args, "ecg");
    if (!path && gm_file_exists(DEMO_ECG)) path = DEMO_ECG;
    if (path) {
        q->ecg_name = path;
        return gm_ecg_read(ecg, path);
    }
    q->is_virtual = true;
    q->ecg_name = "virtual patient";
    return make_virtual_ecg(ecg, q->c, run);
}

gm_status gm_heart_demo_run(const gm_args *args, const gm_run *run, gm_result *out)
{
    gm_twin_request q = {.is_built_in = true};
    double edge_mm = 3.5;
    GM_TRY(gm_twin_verb_options(args, run, &q.options));
    GM_TRY(gm_args_real(args, "edge-mm", &edge_mm));
    if (!q.options.max_evaluations && !(q.options.budget_s > 0)) {
        q.options.max_evaluations = DEMO_EVALUATIONS;
        q.options.budget_s = DEMO_BUDGET_S;
    }
    GM_TRY(gm_twin_verb_anatomy(&q.c, edge_mm, run));
    gm_ecg *ecg = NULL;
    gm_status s = get_ecg(&q, &ecg, args, run);
    q.ecg = ecg;
    if (s == GM_OK && q.is_virtual)
        s = gm_result_say(out,
                          "No recorded ECG at %s: this is a virtual patient made by the program, "
                          "4 early sites, %g mV noise.\n",
                          DEMO_ECG, NOISE_MV);
    if (s == GM_OK) s = gm_twin_verb_run(&q, run, out);
    const char *folder = gm_args_text(args, "o");
    if (s == GM_OK)
        s = gm_result_say(out, "Look at %s/report.html in a browser, %s/heart.vtu in ParaView.\n",
                          folder, folder);
    gm_ecg_destroy(ecg);
    gm_heart_case_destroy(q.c);
    return s;
}
