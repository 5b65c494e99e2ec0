/* members.c - from a state of the fit to what it means: activation, repolarisation, ECG. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "core/alloc.h"
#include "core/rng.h"
#include "heart/fit/twin_internal.h"

static const double RAD = 57.29577951308232;

void gm_fit_params_of(const gm_heart_model *m, const double state[], gm_heart_params *out)
{
    *out = gm_heart_params_defaults();
    out->n_sites = m->n_sites;
    for (size_t k = 0; k < m->n_sites; k++) {
        gm_endo_place p = gm_state_place(state, k);
        out->sites[k].kind = GM_SITE_XYZ;
        gm_endo_point(m->endo, &p, out->sites[k].xyz_mm);
        out->sites[k].onset_ms = state[k * GM_SITE_STATE + 4];
    }
    gm_conduction speeds = gm_state_conduction(m, state);
    out->v_f_m_s = speeds.v_f_m_s;
    out->v_t_ratio = speeds.v_t_ratio;
    out->fast_layer_factor = speeds.fast_layer_factor;
}

typedef struct {
    gm_fit_run *r;
    const gm_apd *guess; /* of the best twin, for the others */
    atomic_int failed;
    gm_twin_member *members;
    const double *states; /* [n][n_state] */
} member_job;

static gm_status member_room(gm_twin_member *x, size_t n_nodes, size_t n_samples)
{
    x->tau_ms = gm_calloc(n_nodes, sizeof *x->tau_ms);
    x->apd_ms = gm_calloc(n_nodes, sizeof *x->apd_ms);
    x->ecg_mv = gm_calloc(GM_N_LEADS * n_samples, sizeof *x->ecg_mv);
    if (x->tau_ms && x->apd_ms && x->ecg_mv) return GM_OK;
    return gm_fail(GM_ENOMEM, "heart fit: no memory for an ensemble of %zu nodes", n_nodes);
}

/* The lead field at the member's pose; NULL where the pose is fixed. */
static const gm_lead_field *field_of(const gm_heart_model *m, unsigned worker, const double *state)
{
    if (!m->pose) return NULL;
    gm_pose_field(m->pose, gm_state_pose(m, (double *)state), m->workers[worker].pose);
    return &m->workers[worker].pose->field;
}

static gm_status fill_member(const member_job *job, size_t k, unsigned worker)
{
    gm_fit_run *r = job->r;
    const gm_heart_model *m = r->model;
    gm_twin_member *x = &job->members[k];
    double *state = (double *)job->states + k * m->problem.n_state;
    GM_TRY(member_room(x, r->twin->n_nodes, r->twin->n_samples));
    gm_fit_params_of(m, state, &x->params);
    x->amplitude = exp(*gm_state_amplitude(m, state));
    for (int p = 0; p < GM_POSE; p++)
        x->pose[p] = gm_state_pose(m, state)[p] * (p < 3 ? 1 : RAD);
    x->pose[GM_POSE - 1] = exp(gm_state_pose(m, state)[GM_POSE - 1]);
    gm_model_worker *w = &m->workers[worker];
    GM_TRY(m->problem.evaluate(m->problem.self, worker, state, w->best));
    memcpy(x->tau_ms, w->tau, r->twin->n_nodes * sizeof *x->tau_ms);
    for (size_t i = 0; i < m->problem.n_residuals; i++)
        x->misfit += w->best[i] * w->best[i];
    gm_repolarise_input in = {.tau_ms = x->tau_ms,
                              .amplitude = x->amplitude,
                              .field = field_of(m, worker, state),
                              .guess = job->guess,
                              .n_starts = job->guess ? 1 : 0,
                              .seed = r->options.seed};
    gm_repolarisation t;
    GM_TRY(gm_repolarise(r->repolariser, worker, &in, &t));
    x->params.has_apd = t.has_t_wave;
    if (t.has_t_wave) {
        x->params.apd = t.apd;
        gm_repolariser_apd_field(r->repolariser, &t.apd, x->apd_ms);
    } else {
        gm_free(x->apd_ms);
        x->apd_ms = NULL;
    }
    return gm_repolariser_ecg(r->repolariser, &in, t.has_t_wave ? &t.apd : NULL, x->ecg_mv);
}

static void fill_item(void *context, size_t k, unsigned worker)
{
    member_job *job = context;
    if (atomic_load(&job->failed) || gm_interrupted()) return;
    gm_status s = fill_member(job, k, worker);
    if (s != GM_OK) atomic_store(&job->failed, s);
}

static gm_status make_repolariser(gm_fit_run *r, const float *tau_ms, const double *state)
{
    gm_repolarise_options o = gm_repolarise_defaults();
    if (r->options
            .pose_is_free) { /* nobody measured this heart's cells: their steepness is free too */
        gm_repolarise_input in = {.tau_ms = tau_ms,
                                  .amplitude = exp(*gm_state_amplitude(r->model, (double *)state)),
                                  .field = field_of(r->model, 0, state),
                                  .seed = r->options.seed};
        GM_TRY(gm_repolarise_choose_w_rep(&o.w_rep_ms, r->c, r->target, &o, &in,
                                          gm_w_rep_candidates_ms, 6, NULL, r->threads));
        r->c->shape.w_rep_ms = o.w_rep_ms; /* so that the twin's own case replays it */
    }
    return gm_repolariser_create(&r->repolariser, r->c, r->target, &o, r->model->field, r->threads,
                                 r->model->n_workers);
}

gm_status gm_fit_fill_members(gm_fit_run *r)
{
    gm_heart_twin *t = r->twin;
    const gm_basin *best = &r->found->basins[0];
    gm_progress_report(r->options.progress, "repolarisation and ECG of the ensemble", 0);
    gm_heart_model *m = r->model;
    GM_TRY(gm_model_activation(m, 0, best->state, 0, m->workers[0].rest));
    GM_TRY(make_repolariser(r, m->workers[0].rest, best->state));
    member_job job = {.r = r, .members = &t->best, .states = best->state};
    GM_TRY(fill_member(&job, 0, 0));
    t->has_t_wave = t->best.params.has_apd;
    t->n_members = r->posterior->n_members;
    t->members = gm_calloc(t->n_members, sizeof *t->members);
    if (!t->members) return gm_fail(GM_ENOMEM, "heart fit: no memory");
    job = (member_job){.r = r,
                       .members = t->members,
                       .states = r->posterior->states,
                       .guess = t->has_t_wave ? &t->best.params.apd : NULL};
    gm_threads_for(r->threads, t->n_members, 1, fill_item, &job);
    GM_TRY(gm_interrupt_check("heart fit"));
    if (atomic_load(&job.failed))
        return gm_fail((gm_status)atomic_load(&job.failed),
                       "heart fit: a member of the ensemble: %s",
                       gm_status_name((gm_status)atomic_load(&job.failed)));
    for (size_t k = 0; k < t->n_members; k++)
        t->members[k].basin = r->posterior->basins[k];
    return GM_OK;
}
