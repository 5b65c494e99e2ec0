#include "heart/fit/model.h"

#include <string.h>

#include "core/alloc.h"
#include "heart/fit/model_internal.h"

static const double WINDOW_MARGIN_MS = 14;                /* beyond the QRS, on both sides */
static const double ONSET_MEAN_MS = 12, ONSET_SD_MS = 15; /* after QRS onset */

/* ---- state --------------------------------------------------------------------------------------- */

gm_endo_place gm_state_place(const double state[], size_t site)
{
    const double *s = state + site * GM_SITE_STATE;
    return (gm_endo_place){(int32_t)s[0], {s[1], s[2], s[3]}};
}

void gm_state_set_place(double state[], size_t site, const gm_endo_place *p)
{
    double *s = state + site * GM_SITE_STATE;
    s[0] = p->face;
    memcpy(s + 1, p->weight, sizeof p->weight);
}

double *gm_state_onset(double state[], size_t site)
{
    return state + site * GM_SITE_STATE + 4;
}

double *gm_state_speeds(const gm_heart_model *m, double state[])
{
    return state + gm_state_speeds_at(m);
}

double *gm_state_layer(const gm_heart_model *m, double state[])
{
    return state + gm_state_speeds_at(m) + GM_SPEEDS;
}

double *gm_state_amplitude(const gm_heart_model *m, double state[])
{
    return state + gm_state_speeds_at(m) + GM_SPEEDS + 1;
}

double *gm_state_pose(const gm_heart_model *m, double state[])
{
    return state + gm_state_speeds_at(m) + GM_SPEEDS + 2;
}

gm_conduction gm_state_conduction(const gm_heart_model *m, const double state[])
{
    const double *s = state + gm_state_speeds_at(m);
    return (gm_conduction){exp(s[0]), fmin(1, exp(s[1])), s[3] > 0.5 ? exp(s[2]) : 1.0};
}

/* ---- forward ------------------------------------------------------------------------------------- */

static void plant(const gm_heart_model *m, const double state[], const gm_conduction *speeds,
                  uint32_t skip, gm_model_seeds *out)
{
    out->n = 0;
    for (size_t k = 0; k < m->n_sites; k++) {
        if (skip >> k & 1) continue;
        gm_endo_place p = gm_state_place(state, k);
        gm_source s = gm_endo_source(m->endo, &p, state[k * GM_SITE_STATE + 4]);
        gm_ignition_site site = {.tet = s.tet, .onset_ms = s.onset_ms};
        memcpy(site.weight, s.weight, sizeof site.weight);
        memcpy(site.xyz_mm, s.xyz_mm, sizeof site.xyz_mm);
        size_t n = gm_ignition_seeds(m->ignition, speeds, &site, out->detail + out->n);
        for (size_t i = out->n; i < out->n + n; i++) {
            out->seed[i] = (gm_seed){out->detail[i].node, out->detail[i].time_ms};
            out->site[i] = (uint8_t)k;
        }
        out->n += n;
    }
}

gm_status gm_model_activation(const gm_heart_model *m, unsigned worker, const double state[],
                              uint32_t skip, float *tau)
{
    gm_model_seeds *seeds = m->workers[worker].seeds;
    gm_conduction speeds = gm_state_conduction(m, state);
    plant(m, state, &speeds, skip, seeds);
    return gm_eikonal_solve(m->eikonal, &speeds, seeds->seed, seeds->n, m->workers[worker].eikonal,
                            NULL, tau);
}

void gm_model_fill_residuals(const gm_heart_model *m, const double *ecg, double amplitude,
                             double residuals[])
{
    for (size_t n = 0; n < m->n_window; n++)
        for (int l = 0; l < GM_N_INDEPENDENT; l++) {
            size_t i = n * GM_N_INDEPENDENT + (size_t)l;
            residuals[i] = (amplitude * ecg[i] - m->measured_mv[i]) * m->weight[l];
        }
}

gm_beat *gm_model_beat_at(gm_heart_model *m, unsigned worker, const double state[])
{
    if (!m->pose) return m->beat;
    gm_model_worker *w = &m->workers[worker];
    gm_pose_field(m->pose, state + gm_state_speeds_at(m) + GM_SPEEDS + 2, w->pose);
    gm_beat_set_field(w->own_beat, &w->pose->field, &m->c->shape);
    return w->own_beat;
}

gm_status gm_model_evaluate(void *self, unsigned worker, const double state[], double residuals[])
{
    gm_heart_model *m = self;
    gm_model_worker *w = &m->workers[worker];
    GM_TRY(gm_model_activation(m, worker, state, 0, w->tau));
    gm_beat_ecg(gm_model_beat_at(m, worker, state), w->tau, NULL, w->beat, NULL, w->ecg);
    gm_model_fill_residuals(m, w->ecg, exp(state[gm_state_speeds_at(m) + GM_SPEEDS + 1]),
                            residuals);
    return GM_OK;
}

/* ---- misfit ---------------------------------------------------------------------------------------- */

double gm_model_misfit(const gm_heart_model *m, const double *ecg, double *amplitude)
{
    double yy = 0, xy = 0, xx = 0;
    for (size_t n = 0; n < m->n_window; n++)
        for (int l = 0; l < GM_N_INDEPENDENT; l++) {
            size_t i = n * GM_N_INDEPENDENT + (size_t)l;
            double x = ecg[i] * m->weight[l], y = m->measured_mv[i] * m->weight[l];
            yy += y * y, xy += x * y, xx += x * x;
        }
    double a = 1;
    if (m->amplitude_is_free) a = gm_clip(xx > 0 ? xy / xx : 1, 0.02, 50);
    if (amplitude) *amplitude = a;
    return yy - 2 * a * xy + a * a * xx;
}

double gm_model_correlation(const gm_heart_model *m, const double *ecg)
{
    double sum = 0;
    int n_leads = 0;
    for (int l = 0; l < GM_N_INDEPENDENT; l++) {
        if (!(m->weight[l] > 0)) continue;
        double mx = 0, my = 0, xx = 0, yy = 0, xy = 0, n = (double)m->n_window;
        for (size_t i = (size_t)l; i < m->n_window * GM_N_INDEPENDENT; i += GM_N_INDEPENDENT)
            mx += ecg[i] / n, my += m->measured_mv[i] / n;
        for (size_t i = (size_t)l; i < m->n_window * GM_N_INDEPENDENT; i += GM_N_INDEPENDENT) {
            double x = ecg[i] - mx, y = m->measured_mv[i] - my;
            xx += x * x, yy += y * y, xy += x * y;
        }
        sum += xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
        n_leads++;
    }
    return n_leads ? sum / n_leads : NAN;
}

/* ---- creation -------------------------------------------------------------------------------------- */

static gm_status fill_measured(gm_heart_model *m, const gm_heart_target *t)
{
    double first = fmax(0, t->qrs.on_ms - WINDOW_MARGIN_MS);
    double last = fmin((double)(t->n - 1) * t->step_ms, t->qrs.off_ms + WINDOW_MARGIN_MS);
    size_t from = (size_t)ceil(first / t->step_ms), to = (size_t)floor(last / t->step_ms);
    m->step_ms = t->step_ms;
    m->window_first_ms = (double)from * t->step_ms;
    m->n_window = to - from + 1;
    m->measured_mv = gm_calloc(m->n_window * GM_N_INDEPENDENT, sizeof *m->measured_mv);
    if (!m->measured_mv) return gm_fail(GM_ENOMEM, "heart model: no memory");
    for (int l = 0; l < GM_N_INDEPENDENT; l++) {
        const double *lead = t->mv + (size_t)gm_independent_lead[l] * t->n;
        double square = 0, noise = t->noise_mv[gm_independent_lead[l]];
        bool known = isfinite(noise);
        for (size_t n = 0; n < m->n_window && known; n++) {
            known = isfinite(lead[from + n]);
            square += lead[from + n] * lead[from + n] / (double)m->n_window;
        }
        if (!known) continue;
        for (size_t n = 0; n < m->n_window; n++)
            m->measured_mv[n * GM_N_INDEPENDENT + (size_t)l] = lead[from + n];
        double numerical = GM_NUMERICAL_ERROR * sqrt(square);
        m->sigma_mv[l] = sqrt(noise * noise + numerical * numerical + 1e-12);
        m->weight[l] = 1 / m->sigma_mv[l];
    }
    m->onset_mean_ms = t->qrs.on_ms - m->c->shape.t_on_ms + ONSET_MEAN_MS;
    m->onset_sd_ms = ONSET_SD_MS;
    return GM_OK;
}

static gm_status worker_create(gm_heart_model *m, gm_model_worker *w)
{
    size_t n_nodes = m->c->mesh->n_nodes, samples = m->n_window * GM_N_INDEPENDENT;
    GM_TRY(gm_eikonal_scratch_create(&w->eikonal, m->eikonal, 1));
    GM_TRY(gm_upwind_create(&w->upwind, n_nodes));
    GM_TRY(gm_beat_scratch_create(&w->beat, m->beat, 1));
    GM_TRY(
        gm_beat_gradient_create(&w->gradient, m->beat, m->n_sites * GM_SITE_TANGENT + GM_SPEEDS));
    w->tau = gm_calloc(n_nodes, sizeof *w->tau);
    w->rest = gm_calloc(n_nodes, sizeof *w->rest);
    w->decg = gm_alloc_aligned(samples * w->gradient->n_padded, sizeof *w->decg);
    w->ecg = gm_calloc(samples, sizeof *w->ecg);
    w->best = gm_calloc(samples, sizeof *w->best);
    w->seeds = gm_calloc(1, sizeof *w->seeds);
    w->column = gm_calloc(m->n_window, sizeof *w->column);
    if (!w->tau || !w->rest || !w->decg || !w->ecg || !w->best || !w->seeds || !w->column)
        return gm_fail(GM_ENOMEM, "heart model: no memory for %zu nodes", n_nodes);
    if (!m->pose) return GM_OK;
    GM_TRY(gm_pose_work_create(&w->pose, m->pose));
    return gm_beat_create(&w->own_beat, m->field, &m->c->shape,
                          (gm_samples){m->window_first_ms, m->step_ms, m->n_window},
                          gm_model_range(m));
}

gm_beat_range gm_model_range(const gm_heart_model *m)
{
    double first = m->window_first_ms - m->c->shape.t_on_ms;
    return (gm_beat_range){first - 60, first + (double)m->n_window * m->step_ms + 40, 0, 0};
}

static gm_status describe(gm_heart_model *m)
{
    size_t tangent = m->n_sites * GM_SITE_TANGENT + GM_SPEEDS + (m->amplitude_is_free ? 1 : 0) +
                     (m->pose ? GM_POSE : 0);
    m->scale = gm_calloc(tangent, sizeof *m->scale);
    if (!m->scale) return gm_fail(GM_ENOMEM, "heart model: no memory");
    m->most_step = gm_calloc(tangent, sizeof *m->most_step);
    if (!m->most_step) return gm_fail(GM_ENOMEM, "heart model: no memory");
    gm_model_scales(m, m->scale, m->most_step);
    m->problem = (gm_fit_problem){
        .self = m,
        .n_state = m->n_sites * GM_SITE_STATE + GM_SPEEDS + 2 + GM_POSE,
        .n_tangent = tangent,
        .n_residuals = m->n_window * GM_N_INDEPENDENT,
        .n_prior = m->n_sites + tangent - m->n_sites * GM_SITE_TANGENT,
        .temperature = 1,
        .tangent_scale = m->scale,
        .most_step = m->most_step,
        .evaluation_cost = 1,
        .jacobian_cost = 2,
        .evaluate = gm_model_evaluate,
        .jacobian = gm_model_jacobian,
        .prior = gm_model_prior,
        .retract = gm_model_retract,
        .tangent_limits = gm_model_tangent_limits,
        .propose = gm_coarse_propose,
        .perturb = gm_coarse_perturb,
        .distance = gm_model_distance,
    };
    m->smooth = m->problem;
    m->smooth.evaluate = gm_model_evaluate_smooth;
    m->smooth.jacobian = gm_model_jacobian_smooth;
    return gm_model_smooth_create(m);
}

static gm_status build(gm_heart_model *m, const gm_heart_target *target,
                       const gm_heart_fit_options *o)
{
    GM_TRY(gm_endocardium_create(&m->endo, m->c));
    GM_TRY(fill_measured(m, target));
    GM_TRY(gm_eikonal_create(&m->eikonal, m->c->mesh, m->c->fast));
    GM_TRY(gm_ignition_create(&m->ignition, m->c->mesh, m->c->fast));
    GM_TRY(gm_lead_field_create(&m->field, m->c->mesh, &m->c->conductivity, m->c->electrodes_mm));
    GM_TRY(gm_beat_create(&m->beat, m->field, &m->c->shape,
                          (gm_samples){m->window_first_ms, m->step_ms, m->n_window},
                          gm_model_range(m)));
    if (o->pose_is_free) GM_TRY(gm_pose_create(&m->pose, m->c));
    m->workers = gm_calloc(m->n_workers, sizeof *m->workers);
    if (!m->workers) return gm_fail(GM_ENOMEM, "heart model: no memory");
    for (unsigned w = 0; w < m->n_workers; w++)
        GM_TRY(worker_create(m, &m->workers[w]));
    GM_TRY(describe(m));
    return gm_coarse_create(m, o);
}

gm_status gm_heart_model_create(gm_heart_model **out, gm_heart_case *c,
                                const gm_heart_target *target, const gm_heart_fit_options *options,
                                gm_threads *threads)
{
    *out = NULL;
    if (!(options->n_sites >= 3 && options->n_sites <= 9))
        return gm_fail(GM_EINVAL, "heart fit: %zu sites, allowed 3 to 9", options->n_sites);
    gm_heart_model *m = gm_calloc(1, sizeof *m);
    if (!m) return gm_fail(GM_ENOMEM, "heart model: no memory");
    m->c = c;
    m->threads = threads;
    m->n_workers = gm_threads_count(threads);
    m->n_sites = options->n_sites;
    m->amplitude_is_free = options->amplitude_is_free;
    gm_status s = build(m, target, options);
    if (s != GM_OK) {
        gm_heart_model_destroy(m);
        return s;
    }
    *out = m;
    return GM_OK;
}

static void worker_free(gm_model_worker *w)
{
    gm_eikonal_scratch_destroy(w->eikonal);
    gm_upwind_destroy(w->upwind);
    gm_beat_scratch_destroy(w->beat);
    gm_beat_gradient_destroy(w->gradient);
    gm_pose_work_destroy(w->pose);
    gm_beat_destroy(w->own_beat);
    gm_free(w->tau);
    gm_free(w->rest);
    gm_free(w->decg);
    gm_free(w->ecg);
    gm_free(w->best);
    gm_free(w->seeds);
    gm_free(w->column);
}

void gm_heart_model_destroy(gm_heart_model *m)
{
    if (!m) return;
    for (unsigned w = 0; m->workers && w < m->n_workers; w++)
        worker_free(&m->workers[w]);
    gm_free(m->workers);
    for (size_t k = 0; m->fields && k < m->n_fields; k++)
        gm_fields_destroy(m->fields[k]);
    gm_free(m->fields);
    gm_free(m->probes_mm);
    gm_free(m->measured_mv);
    gm_free(m->scale);
    gm_free(m->most_step);
    gm_free(m->kernel);
    gm_beat_destroy(m->beat);
    gm_lead_field_destroy(m->field);
    gm_eikonal_destroy(m->eikonal);
    gm_ignition_destroy(m->ignition);
    gm_endocardium_destroy(m->endo);
    gm_pose_destroy(m->pose);
    gm_free(m);
}
