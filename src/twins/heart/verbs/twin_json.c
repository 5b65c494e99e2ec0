/* twin.json: the twin for programs. Keys are stable; a key is added, never renamed. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "heart/verbs/twin_report.h"

static void set(json_t *o, const char *key, json_t *taken)
{
    json_object_set_new(o, key, taken);
}

static void set_real(json_t *o, const char *key, double v)
{
    set(o, key, gm_json_real_or_null(v));
}

static void set_count(json_t *o, const char *key, size_t n)
{
    set(o, key, json_integer((json_int_t)n));
}

static void set_text(json_t *o, const char *key, const char *text)
{
    set(o, key, text ? json_string(text) : json_null());
}

/* Copies, because the twin keeps its own. */
static void set_copy(json_t *o, const char *key, const json_t *v)
{
    set(o, key, v ? json_deep_copy(v) : json_null());
}

/* ---- what went in --------------------------------------------------------------------------------- */

static json_t *inputs_json(const gm_heart_case *c)
{
    json_t *all = json_array();
    for (size_t i = 0; i < c->n_inputs; i++) {
        json_t *o = json_object();
        set_text(o, "role", c->inputs[i].role);
        set_text(o, "file", c->inputs[i].path);
        set_text(o, "sha256", c->inputs[i].sha256);
        json_array_append_new(all, o);
    }
    return all;
}

static json_t *ecg_json(const gm_twin_report *t)
{
    json_t *o = json_object();
    set_text(o, "name", t->ecg_name);
    set_text(o, "format", t->ecg->format);
    set_text(o, "device", t->ecg->device);
    set(o, "is_virtual", json_boolean(t->is_virtual));
    set_count(o, "n_beats", t->target->n_beats);
    set_real(o, "heart_rate_per_min", t->measured->intervals.heart_rate_per_min);
    double first_ms = t->target->first_ms;
    set_real(o, "first_sample_ms", first_ms);
    set_real(o, "qrs_on_ms", first_ms + t->target->qrs.on_ms);
    set_real(o, "qrs_off_ms", first_ms + t->target->qrs.off_ms);
    set_real(o, "qrs_ms", t->target->qrs.off_ms - t->target->qrs.on_ms);
    set_real(o, "t_on_ms", first_ms + t->target->t.on_ms);
    set_real(o, "t_off_ms", first_ms + t->target->t.off_ms);
    set_real(o, "qt_ms", t->measured->intervals.qt_ms);
    set_real(o, "qrs_axis_deg", t->measured->intervals.axis_deg[GM_WAVE_QRS]);
    set(o, "amplitudes_are_relative", json_boolean(t->target->amplitudes_are_relative));
    return o;
}

static json_t *anatomy_json(const gm_twin_report *t)
{
    const gm_heart_case *c = t->c;
    json_t *o = json_object();
    set_text(o, "name", c->name);
    set(o, "is_built_in", json_boolean(t->is_built_in));
    set_count(o, "n_nodes", c->mesh->n_nodes);
    set_count(o, "n_tets", c->mesh->n_tets);
    set_real(o, "mean_edge_mm", c->facts.mean_edge_mm);
    set_real(o, "muscle_ml", c->facts.volume_mm3 / 1000);
    set_text(o, "geometry_sha256", c->geometry_hash);
    set_real(o, "gil_mS_cm", c->conductivity.gil_mS_cm);
    set_real(o, "git_mS_cm", c->conductivity.git_mS_cm);
    set_real(o, "sigma0_mS_cm", c->conductivity.sigma0_mS_cm);
    set_real(o, "t_on_ms", c->shape.t_on_ms);
    return o;
}

static json_t *run_json(const gm_twin_report *t)
{
    char now[21];
    json_t *o = json_object();
    gm_clock_utc(now);
    set_text(o, "finished", now);
    set_real(o, "total_s", t->twin->total_s);
    set_real(o, "search_s", t->twin->search_s);
    set_count(o, "evaluations", t->twin->evaluations);
    set_count(o, "rounds", t->twin->rounds);
    set_count(o, "starts", t->twin->starts);
    set_count(o, "max_evaluations", t->options->max_evaluations);
    set_real(o, "budget_s", t->options->budget_s);
    set_count(o, "sites", t->options->n_sites);
    set(o, "pose_is_free", json_boolean(t->options->pose_is_free));
    set(o, "amplitude_is_free", json_boolean(t->options->amplitude_is_free));
    return o;
}

/* ---- the twin ------------------------------------------------------------------------------------- */

static json_t *pose_json(const double pose[7])
{
    json_t *o = json_object();
    set(o, "translation_mm", gm_json_reals(pose, 3));
    set(o, "rotation_deg", gm_json_reals(pose + 3, 3));
    set(o, "limb_lead_factor", json_real(pose[6]));
    return o;
}

static json_t *sites_json(const gm_twin_report *t)
{
    json_t *all = json_array();
    for (size_t k = 0; k < t->twin->best.params.n_sites; k++) {
        json_t *o = json_object();
        const gm_twin_place *p = &t->places[k];
        set(o, "xyz_mm", gm_json_reals(t->sites[k].xyz_mm, 3));
        set_real(o, "onset_ms", t->sites[k].onset_ms);
        if (p->has_coordinates) {
            set_text(o, "ventricle", p->ventricle == GM_VENTRICLE_LV ? "lv" : "rv");
            set_real(o, "ab", p->ab);
            set_real(o, "rt", p->rt);
            set_text(o, "place", p->place);
        }
        json_array_append_new(all, o);
    }
    return all;
}

static void activation_range(const double *ms, size_t n, double *first, double *last)
{
    *first = INFINITY, *last = -INFINITY;
    for (size_t i = 0; i < n; i++)
        *first = fmin(*first, ms[i]), *last = fmax(*last, ms[i]);
}

static json_t *best_json(const gm_twin_report *t)
{
    double first, last;
    json_t *o = json_object();
    const gm_twin_member *b = &t->twin->best;
    activation_range(t->best_ms, t->twin->n_nodes, &first, &last);
    set(o, "params", gm_heart_params_to_json(&b->params));
    set_real(o, "amplitude", b->amplitude);
    set(o, "pose", pose_json(b->pose));
    set(o, "sites", sites_json(t));
    set_count(o, "earliest_site", gm_twin_earliest_site(t));
    set_real(o, "first_activation_ms", first);
    set_real(o, "last_activation_ms", last);
    set_real(o, "total_activation_ms", last - first);
    set(o, "has_t_wave", json_boolean(t->twin->has_t_wave));
    return o;
}

static json_t *parameters_json(const gm_heart_twin *twin)
{
    json_t *all = json_array();
    for (size_t i = 0; i < twin->n_parameters; i++) {
        const gm_twin_parameter *p = &twin->parameters[i];
        json_t *o = json_object();
        set_text(o, "name", p->name);
        set_text(o, "unit", p->unit);
        set_real(o, "best", p->best);
        set_real(o, "p05", p->p05);
        set_real(o, "p50", p->p50);
        set_real(o, "p95", p->p95);
        set_real(o, "prior_sd", p->prior_sd);
        set_real(o, "posterior_sd", p->posterior_sd);
        set_real(o, "contraction", p->contraction);
        set_text(o, "verdict", p->verdict);
        json_array_append_new(all, o);
    }
    return all;
}

/* [low, value, high]: 90 % interval by bootstrap. */
static json_t *sensitivity_json(const gm_heart_twin *twin)
{
    json_t *all = json_array();
    for (size_t i = 0; i < twin->n_sensitivities; i++) {
        const gm_twin_sensitivity *q = &twin->sensitivity[i];
        json_t *o = json_object();
        const double first[3] = {q->first_low, q->first, q->first_high};
        const double total[3] = {q->total_low, q->total, q->total_high};
        set_text(o, "parameters", q->name);
        set(o, "sobol_first_order", gm_json_reals(first, 3));
        set(o, "sobol_total", gm_json_reals(total, 3));
        json_array_append_new(all, o);
    }
    return all;
}

static json_t *fit_json(const gm_heart_twin *twin)
{
    json_t *o = json_object(), *leads = json_object();
    for (int l = 0; l < GM_N_LEADS; l++) {
        const gm_twin_lead *q = &twin->lead[l];
        json_t *lead = json_object();
        set_real(lead, "correlation_qrs", q->correlation_qrs);
        set_real(lead, "correlation_qrs_t", q->correlation_all);
        set_real(lead, "rms_error_mv", q->rms_error_mv);
        set_real(lead, "rms_measured_mv", q->rms_measured_mv);
        set_real(lead, "noise_mv", q->noise_mv);
        set(leads, gm_lead_names[l], lead);
    }
    set_real(o, "mean_correlation_qrs", twin->mean_correlation_qrs);
    set_real(o, "median_correlation_qrs_t", twin->median_correlation_all);
    set(o, "leads", leads);
    return o;
}

static json_t *misfit_json(const gm_heart_twin *twin)
{
    json_t *o = json_object();
    set_real(o, "best", twin->misfit);
    set_real(o, "floor", twin->floor_misfit);
    set_real(o, "ratio", twin->misfit / twin->floor_misfit);
    set_real(o, "mesh_error_relative", twin->mesh_error_relative);
    set_real(o, "discrepancy_noise_sd", twin->discrepancy);
    set_real(o, "discrepancy_relative", twin->discrepancy_relative);
    return o;
}

static json_t *noise_json(const gm_twin_report *t)
{
    json_t *o = json_object(), *leads = json_object();
    for (int l = 0; l < GM_N_LEADS; l++)
        set_real(leads, gm_lead_names[l], t->target->noise_mv[l]);
    set_text(
        o, "text",
        "The residual of a lead at a sample is Gaussian; its variance is that of the noise of "
        "the averaged beat plus that of the forward beat's numerical error. The model's own "
        "error (discrepancy), as the best fit shows it, is added as independent variance, and "
        "the residuals' autocorrelation lowers the number of independent samples: together the "
        "temperature by which the misfit is divided.");
    set(o, "noise_of_beat_mv", leads);
    set_real(o, "numerical_error_relative", GM_NUMERICAL_ERROR);
    set_real(o, "discrepancy_noise_sd", t->twin->discrepancy);
    set_real(o, "temperature", t->twin->temperature);
    return o;
}

static json_t *ensemble_json(const gm_twin_report *t)
{
    json_t *o = json_object();
    set_count(o, "n_members", t->twin->n_members);
    set_real(o, "effective_samples", t->twin->effective_samples);
    set_real(o, "activation_sd_mean_ms", t->sd_mean_ms);
    set_real(o, "activation_sd_max_ms", t->sd_most_ms);
    return o;
}

static json_t *basins_json(const gm_heart_twin *twin)
{
    json_t *all = json_array();
    for (size_t b = 0; b < twin->n_basins; b++) {
        const gm_twin_basin *x = &twin->basins[b];
        json_t *o = json_object();
        set_real(o, "misfit", x->misfit);
        set_real(o, "correlation_qrs", x->correlation);
        set_real(o, "distance_ms", x->distance_ms);
        set_real(o, "weight", x->weight);
        set_count(o, "hits", x->hits);
        set(o, "within_floor", json_boolean(x->within_floor));
        set(o, "params", gm_heart_params_to_json(&x->params));
        json_array_append_new(all, o);
    }
    return all;
}

static json_t *identifiability_json(const gm_twin_report *t)
{
    double most_ms;
    json_t *o = json_object(), *verdicts = json_object();
    set_text(o, "statement", t->statement.data);
    set_count(o, "n_maps_within_noise", gm_twin_n_explaining(t->twin, &most_ms));
    set_real(o, "largest_difference_ms", most_ms);
    for (size_t i = 0; i < t->twin->n_parameters; i++) {
        const gm_twin_parameter *p = &t->twin->parameters[i];
        json_t *names = json_object_get(verdicts, p->verdict);
        if (!names) {
            names = json_array();
            set(verdicts, p->verdict, names);
        }
        json_array_append_new(names, json_string(p->name));
    }
    set(o, "parameters", verdicts);
    return o;
}

/* Each line of a text. */
static json_t *lines_json(const char *text)
{
    json_t *all = json_array();
    while (text && *text) {
        size_t n = strcspn(text, "\n");
        json_array_append_new(all, json_stringn(text, n));
        text += n + (text[n] == '\n');
    }
    return all;
}

static void fill(json_t *o, const gm_twin_report *t)
{
    set_text(o, "version", GM_VERSION);
    set(o, "seed", json_integer((json_int_t)t->options->seed));
    set(o, "run", run_json(t));
    set(o, "inputs", inputs_json(t->c));
    set(o, "ecg", ecg_json(t));
    set(o, "anatomy", anatomy_json(t));
    set(o, "best", best_json(t));
    set(o, "parameters", parameters_json(t->twin));
    set(o, "sensitivity_of_qrs_misfit", sensitivity_json(t->twin));
    set(o, "fit", fit_json(t->twin));
    set(o, "misfit", misfit_json(t->twin));
    set(o, "noise_model", noise_json(t));
    set(o, "ensemble", ensemble_json(t));
    set(o, "basins", basins_json(t->twin));
    set(o, "identifiability", identifiability_json(t));
    set_copy(o, "validation", t->twin->validation);
    set_copy(o, "credibility", t->twin->credibility);
    set(o, "notes", lines_json(t->notes.data));
}

gm_status gm_twin_add_json(gm_result *r, const gm_twin_report *t)
{
    json_t *document = json_object();
    if (!document) return gm_fail(GM_ENOMEM, "no memory for twin.json");
    fill(document, t);
    if (!json_object_get(document, "notes") || json_object_update(r->values, document) != 0) {
        json_decref(document);
        return gm_fail(GM_ENOMEM, "no memory for twin.json");
    }
    return gm_result_add_json(r, "twin.json", document);
}
