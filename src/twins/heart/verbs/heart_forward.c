#include <math.h>
#include <stdio.h>

#include "core/alloc.h"
#include "ecg/waveform.h"
#include "heart/anatomy/coordinates.h"
#include "heart/case/sources.h"
#include "heart/forward/fields.h"
#include "heart/verbs/heart_views.h"
#include "heart/verbs/verbs.h"

const gm_option gm_heart_forward_options[] = {
    {"o", GM_ARG_FILE, "DIR", 0, 0, NULL, NULL,
     "write activation_ms.txt, ecg.csv and heart.vtu into DIR"},
    {"fields", GM_ARG_FLAG, NULL, 0, 0, NULL, NULL,
     "activation as the minimum over cached arrival-time fields instead of one joint solve"},
    {"coordinates", GM_ARG_FLAG, NULL, 0, 0, NULL, NULL,
     "put ventricular coordinates into heart.vtu also where nothing else needs them"},
    {"svg", GM_ARG_FILE, "FILE", 0, 0, NULL, NULL, "draw the ECG as clinical paper into FILE"},
    {"duration-ms", GM_ARG_REAL, "T", 1, 5000, "ms", "500", "length of the ECG"},
    {"step-ms", GM_ARG_REAL, "DT", 0.05, 20, "ms", "1", "time between its samples"},
    {0},
};

const char gm_heart_forward_description[] =
    "Computes what a heart does: from CASE.json (muscle mesh, fibres, electrodes) and PARAMS.json "
    "(early sites with onsets, conduction speeds, action potential durations) the activation time "
    "of "
    "every node by the anisotropic eikonal equation and the 12-lead ECG by lead fields.\n\n"
    "With -o DIR it writes activation_ms.txt (one number a node, ms on the clock of the onsets), "
    "ecg.csv (t_ms and the twelve leads in mV) and heart.vtu (activation, repolarisation, "
    "fibres, and ventricular coordinates where they were made, for ParaView).\n\n"
    "The QRS duration printed is the time during which the root mean square of the eight "
    "independent "
    "leads exceeds 2 % of its maximum while the muscle is being activated.";

/* The RMS of the leads counts as QRS above this part of its maximum. */
#define QRS_THRESHOLD 0.02
/* How long before the first and after the last activation the QRS can be seen: upstroke widths. */
#define QRS_MARGIN_WIDTHS 5.0

typedef struct {
    const gm_run *run;
    gm_heart_case *c;
    gm_heart_params params;
    const char *params_name;
    gm_source sources[GM_SITES_MAX];
    gm_text notes;
    gm_samples samples;
    float *tau; /* as the solver gives it */
    double *tau_ms;
    double *apd_ms; /* NULL: nothing repolarises */
    double *repolarisation_ms;
    double *eight_mv, *twelve_mv; /* [samples.n][8], [samples.n][12] */
    double first_ms, last_ms;     /* of the activation */
} forward;

static void forward_free(forward *f)
{
    gm_free(f->tau);
    gm_free(f->tau_ms);
    gm_free(f->apd_ms);
    gm_free(f->repolarisation_ms);
    gm_free(f->eight_mv);
    gm_free(f->twelve_mv);
    gm_text_free(&f->notes);
    gm_heart_case_destroy(f->c);
}

static gm_status read_inputs(forward *f, const gm_args *args)
{
    double duration_ms = 500, step_ms = 1;
    GM_TRY(gm_args_real(args, "duration-ms", &duration_ms));
    GM_TRY(gm_args_real(args, "step-ms", &step_ms));
    f->samples = (gm_samples){0, step_ms, (size_t)fmax(1, round(duration_ms / step_ms))};
    f->params_name = args->words[1];
    gm_progress_report(f->run->progress, "reading the case", 0);
    GM_TRY(gm_heart_params_read(&f->params, args->words[1]));
    GM_TRY(gm_heart_case_read(&f->c, args->words[0], f->run->threads));
    if (f->c->fibres_by_rule)
        gm_text_addf(&f->notes, "%s: the mesh has no fibres; they were made by rule\n", f->c->name);
    const gm_heart_coordinates *made;
    if (gm_args_flag(args, "coordinates"))
        GM_TRY(gm_heart_case_coordinates(f->c, f->run->threads, &made));
    return gm_heart_params_resolve(&f->params, f->c, f->run->threads, args->words[1], f->sources,
                                   &f->notes);
}

static gm_status reserve(forward *f)
{
    size_t n = f->c->mesh->n_nodes;
    f->tau = gm_calloc(n, sizeof *f->tau);
    f->tau_ms = gm_calloc(n, sizeof *f->tau_ms);
    f->eight_mv = gm_calloc(f->samples.n * GM_N_INDEPENDENT, sizeof(double));
    f->twelve_mv = gm_calloc(f->samples.n * GM_N_LEADS, sizeof(double));
    bool lost = !f->tau || !f->tau_ms || !f->eight_mv || !f->twelve_mv;
    if (f->params.has_apd) {
        f->apd_ms = gm_calloc(n, sizeof *f->apd_ms);
        f->repolarisation_ms = gm_calloc(n, sizeof(double));
        lost |= !f->apd_ms || !f->repolarisation_ms;
    }
    return lost ? gm_fail(GM_ENOMEM, "no memory for a beat of %zu nodes", n) : GM_OK;
}

/* ---- activation --------------------------------------------------------------------------------- */

static gm_status solve_jointly(forward *f, const gm_eikonal *e, const gm_conduction *speeds,
                               const gm_seed seeds[], size_t n_seeds)
{
    gm_eikonal_scratch *scratch;
    GM_TRY(gm_eikonal_scratch_create(&scratch, e, gm_threads_count(f->run->threads)));
    gm_status s = gm_eikonal_solve(e, speeds, seeds, n_seeds, scratch, f->run->threads, f->tau);
    gm_eikonal_scratch_destroy(scratch);
    return s;
}

/* One candidate a seed: a site between nodes is four of them. */
static gm_status solve_by_fields(forward *f, const gm_eikonal *e, const gm_conduction *speeds,
                                 const gm_seed seeds[], size_t n_seeds)
{
    int32_t candidates[GM_SITES_MAX * GM_SEEDS_PER_SOURCE],
        site[GM_SITES_MAX * GM_SEEDS_PER_SOURCE];
    double onset_ms[GM_SITES_MAX * GM_SEEDS_PER_SOURCE];
    size_t n = 0;
    for (size_t i = 0; i < n_seeds; i++) {
        size_t k = 0;
        while (k < n && candidates[k] != seeds[i].node)
            k++;
        if (k == n) candidates[n++] = seeds[i].node;
        site[i] = (int32_t)k;
        onset_ms[i] = seeds[i].time_ms;
    }
    gm_fields *fields;
    GM_TRY(gm_fields_create(&fields, e, speeds, candidates, n, f->run->threads, f->run->progress,
                            f->run->cache_folder, f->c->geometry_hash));
    gm_fields_activation(fields, site, onset_ms, n_seeds, 1, 0, f->c->mesh->n_nodes, f->tau);
    gm_fields_destroy(fields);
    return GM_OK;
}

static gm_status check_all_reached(forward *f)
{
    size_t n_lost = 0;
    f->first_ms = INFINITY;
    f->last_ms = -INFINITY;
    for (size_t i = 0; i < f->c->mesh->n_nodes; i++) {
        f->tau_ms[i] = f->tau[i];
        n_lost += !isfinite(f->tau_ms[i]);
        f->first_ms = fmin(f->first_ms, f->tau_ms[i]);
        f->last_ms = fmax(f->last_ms, f->tau_ms[i]);
    }
    if (n_lost == 0) return GM_OK;
    return gm_fail(
        GM_EFORMAT,
        "%s: the wave never reaches %zu of %zu nodes: the mesh has %zu parts, and each needs "
        "a site",
        f->c->name, n_lost, f->c->mesh->n_nodes, f->c->facts.n_parts);
}

/* Seeds of all sites: for the joint solve by ignition (forward/ignition.h), for fields, which have one
 * candidate a seed, by the four nodes of the element. A site at a node is that node. */
static gm_status plant_sites(forward *f, const gm_conduction *speeds, bool by_fields,
                             gm_seed **seeds, size_t *n)
{
    size_t per_site = by_fields ? GM_SEEDS_PER_SOURCE : GM_IGNITION_NODES;
    gm_ignition *ignition = NULL;
    *seeds = gm_calloc(f->params.n_sites * per_site, sizeof **seeds);
    if (!*seeds) return gm_fail(GM_ENOMEM, "heart forward: no memory");
    if (!by_fields) GM_TRY(gm_ignition_create(&ignition, f->c->mesh, f->c->fast));
    for (size_t i = 0; i < f->params.n_sites; i++) {
        const gm_source *source = &f->sources[i];
        if (by_fields || source->node >= 0)
            *n += gm_source_seeds(source, f->c->mesh, f->c->fast, speeds, *seeds + *n);
        else
            *n += gm_source_ignite(source, ignition, speeds, *seeds + *n);
    }
    gm_ignition_destroy(ignition);
    return GM_OK;
}

static gm_status solve_seeds(forward *f, const gm_conduction *speeds, bool by_fields,
                             const gm_seed seeds[], size_t n)
{
    gm_eikonal *e;
    gm_progress_report(f->run->progress, "activating the muscle", 0.2);
    GM_TRY(gm_eikonal_create(&e, f->c->mesh, f->c->fast));
    gm_status s =
        by_fields ? solve_by_fields(f, e, speeds, seeds, n) : solve_jointly(f, e, speeds, seeds, n);
    gm_eikonal_destroy(e);
    return s;
}

static gm_status activate(forward *f, bool by_fields)
{
    gm_conduction speeds = gm_heart_params_conduction(&f->params);
    gm_seed *seeds = NULL;
    size_t n = 0;
    gm_status s = plant_sites(f, &speeds, by_fields, &seeds, &n);
    if (s == GM_OK) s = solve_seeds(f, &speeds, by_fields, seeds, n);
    gm_free(seeds);
    GM_TRY(s);
    return check_all_reached(f);
}

/* ---- ECG ---------------------------------------------------------------------------------------- */

static gm_status repolarise(forward *f)
{
    if (!f->apd_ms) return GM_OK;
    gm_status s = gm_heart_apd_field(&f->params.apd, f->c, f->run->threads, f->apd_ms);
    if (s == GM_EINVAL) return gm_fail_in(GM_EFORMAT, "%s: \"apd\"", f->params_name);
    GM_TRY(s);
    for (size_t i = 0; i < f->c->mesh->n_nodes; i++)
        f->repolarisation_ms[i] = f->tau_ms[i] + f->apd_ms[i];
    return GM_OK;
}

static gm_status make_ecg(forward *f)
{
    GM_TRY(repolarise(f));
    GM_TRY(gm_interrupt_check("heart forward"));
    gm_progress_report(f->run->progress, "making the ECG", 0.6);
    gm_lead_field *leads;
    GM_TRY(gm_lead_field_create(&leads, f->c->mesh, &f->c->conductivity,
                                (const double(*)[3])f->c->electrodes_mm));
    gm_status s = gm_beat_ecg_direct(leads, f->tau, f->apd_ms, &f->c->shape, f->samples,
                                     f->run->threads, f->eight_mv);
    gm_lead_field_destroy(leads);
    GM_TRY(s);
    for (size_t i = 0; i < f->samples.n; i++)
        gm_leads_expand(&f->eight_mv[i * GM_N_INDEPENDENT], &f->twelve_mv[i * GM_N_LEADS]);
    return GM_OK;
}

/* ---- what to say about it ----------------------------------------------------------------------- */

static double rms_of_leads(const forward *f, size_t i)
{
    double sum = 0;
    for (size_t l = 0; l < GM_N_INDEPENDENT; l++) {
        double v = f->eight_mv[i * GM_N_INDEPENDENT + l];
        sum += v * v;
    }
    return sqrt(sum / GM_N_INDEPENDENT);
}

/* NaN if the samples hold no QRS. */
static double qrs_duration_ms(const forward *f)
{
    double margin_ms = QRS_MARGIN_WIDTHS * f->c->shape.eps_up_ms, most = 0;
    double from_ms = f->c->shape.t_on_ms + f->first_ms - margin_ms;
    double to_ms = f->c->shape.t_on_ms + f->last_ms + margin_ms;
    double on_ms = NAN, off_ms = NAN;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < f->samples.n; i++) {
            double t_ms = f->samples.first_ms + (double)i * f->samples.step_ms;
            if (t_ms < from_ms || t_ms > to_ms) continue;
            double rms = rms_of_leads(f, i);
            if (pass == 0) {
                most = fmax(most, rms);
            } else if (rms > QRS_THRESHOLD * most) {
                if (isnan(on_ms)) on_ms = t_ms;
                off_ms = t_ms;
            }
        }
    return off_ms - on_ms;
}

static double peak_mv(const forward *f, size_t lead)
{
    double peak = 0;
    for (size_t i = 0; i < f->samples.n; i++) {
        double v = f->twelve_mv[i * GM_N_LEADS + lead];
        if (fabs(v) > fabs(peak)) peak = v;
    }
    return peak;
}

static size_t earliest_site(const forward *f)
{
    size_t first = 0;
    for (size_t i = 1; i < f->params.n_sites; i++)
        if (f->sources[i].onset_ms < f->sources[first].onset_ms) first = i;
    return first;
}

static json_t *sites_json(const forward *f)
{
    json_t *sites = json_array();
    for (size_t i = 0; i < f->params.n_sites; i++) {
        const gm_source *s = &f->sources[i];
        json_t *site = json_pack("{s:o, s:f, s:f}", "xyz_mm", gm_json_reals(s->xyz_mm, 3),
                                 "onset_ms", s->onset_ms, "moved_mm", s->moved_mm);
        if (s->node >= 0) json_object_set_new(site, "node", json_integer(s->node));
        json_array_append_new(sites, site);
    }
    return sites;
}

static json_t *inputs_json(const gm_heart_case *c)
{
    json_t *inputs = json_array();
    for (size_t i = 0; i < c->n_inputs; i++)
        json_array_append_new(inputs,
                              json_pack("{s:s, s:s, s:s}", "role", c->inputs[i].role, "file",
                                        c->inputs[i].path, "sha256", c->inputs[i].sha256));
    return inputs;
}

static gm_status add_values(gm_result *r, const forward *f, bool by_fields)
{
    json_t *v = r->values, *peaks = json_object();
    for (size_t l = 0; l < GM_N_LEADS; l++)
        json_object_set_new(peaks, gm_lead_names[l], json_real(peak_mv(f, l)));
    json_object_set_new(v, "n_nodes", json_integer((json_int_t)f->c->mesh->n_nodes));
    json_object_set_new(v, "n_tets", json_integer((json_int_t)f->c->mesh->n_tets));
    json_object_set_new(v, "method", json_string(by_fields ? "fields" : "joint"));
    json_object_set_new(v, "first_activation_ms", json_real(f->first_ms));
    json_object_set_new(v, "last_activation_ms", json_real(f->last_ms));
    json_object_set_new(v, "total_activation_ms", json_real(f->last_ms - f->first_ms));
    json_object_set_new(v, "qrs_duration_ms", gm_json_real_or_null(qrs_duration_ms(f)));
    json_object_set_new(v, "peak_mV", peaks);
    json_object_set_new(v, "earliest_site", json_integer((json_int_t)earliest_site(f)));
    json_object_set_new(v, "sites", sites_json(f));
    json_object_set_new(v, "params", gm_heart_params_to_json(&f->params));
    json_object_set_new(v, "inputs", inputs_json(f->c));
    json_object_set_new(v, "notes", json_string(f->notes.data ? f->notes.data : ""));
    bool complete = json_object_get(v, "params") && json_object_get(v, "notes");
    return complete ? GM_OK : gm_fail(GM_ENOMEM, "no memory for the values");
}

static gm_status add_summary(gm_result *r, const forward *f)
{
    const gm_source *first = &f->sources[earliest_site(f)];
    double qrs_ms = qrs_duration_ms(f);
    GM_TRY(gm_result_set_title(r, "Forward beat"));
    GM_TRY(gm_result_say(r, "%zu nodes, %zu tets, %zu sites\n", f->c->mesh->n_nodes,
                         f->c->mesh->n_tets, f->params.n_sites));
    GM_TRY(gm_result_say(r, "activation      %.1f to %.1f ms, in all %.1f ms\n", f->first_ms,
                         f->last_ms, f->last_ms - f->first_ms));
    GM_TRY(gm_result_say(r, "earliest site   %zu at (%.1f, %.1f, %.1f) mm, %.1f ms\n",
                         earliest_site(f) + 1, first->xyz_mm[0], first->xyz_mm[1], first->xyz_mm[2],
                         first->onset_ms));
    if (isfinite(qrs_ms))
        GM_TRY(gm_result_say(r, "QRS duration    %.1f ms\n", qrs_ms));
    else
        GM_TRY(gm_result_say(r, "QRS duration    unknown: no activation within the samples\n"));
    GM_TRY(gm_result_say(r, "peak voltages  "));
    for (size_t l = 0; l < GM_N_LEADS; l++)
        GM_TRY(gm_result_say(r, " %s %.2f", gm_lead_names[l], peak_mv(f, l)));
    GM_TRY(gm_result_say(r, " mV\n"));
    return f->notes.data ? gm_result_say(r, "%s", f->notes.data) : GM_OK;
}

static gm_status add_mesh_file(gm_result *r, const forward *f)
{
    enum { MAX_FIELDS = 8 };
    gm_heart_field fields[MAX_FIELDS] = {{"activation", "ms", f->tau_ms, false}};
    size_t n = 1;
    if (f->repolarisation_ms)
        fields[n++] = (gm_heart_field){"repolarisation", "ms", f->repolarisation_ms, false};
    double *tv = NULL;
    GM_TRY(gm_heart_coordinate_fields(f->c->coordinates, fields, &n, &tv));
    gm_status s = gm_heart_add_mesh(r, "heart.vtu", f->c->mesh, fields, n);
    gm_free(tv);
    return s;
}

static gm_status add_all(gm_result *r, const forward *f, bool by_fields)
{
    GM_TRY(add_values(r, f, by_fields));
    GM_TRY(add_summary(r, f));
    GM_TRY(gm_result_add_column(r, "activation_ms.txt", f->tau_ms, f->c->mesh->n_nodes,
                                GM_ACTIVATION_DECIMALS));
    GM_TRY(gm_heart_add_ecg_csv(r, "ecg.csv", f->samples, f->twelve_mv));
    GM_TRY(add_mesh_file(r, f));
    GM_TRY(gm_heart_add_surface_view(r, f->c, f->tau_ms, f->sources, f->params.n_sites));
    return gm_heart_add_ecg_view(r, "12-lead ECG",
                                 "Computed from activation and action potentials.", f->samples,
                                 f->twelve_mv, "computed");
}

gm_status gm_heart_forward_run(const gm_args *args, const gm_run *run, gm_result *out)
{
    forward f = {.run = run};
    bool by_fields = gm_args_flag(args, "fields");
    gm_status s = read_inputs(&f, args);
    if (s == GM_OK) s = reserve(&f);
    if (s == GM_OK) s = gm_interrupt_check("heart forward");
    if (s == GM_OK) s = activate(&f, by_fields);
    if (s == GM_OK) s = make_ecg(&f);
    if (s == GM_OK) s = add_all(out, &f, by_fields);
    forward_free(&f);
    return s;
}
