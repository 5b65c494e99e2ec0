/* model_derivative.c - exact derivative of the discrete forward model, and the smoothed stand-in. */
#include <string.h>

#include "core/alloc.h"
#include "heart/fit/model_internal.h"

static const double SMOOTH_MS = 6; /* SD of the stand-in's Gaussian */

/* ---- derivative of the activation ---------------------------------------------------------------- */

/* Rows of the nodes that got their time from a seed. */
static void seed_rows(const gm_heart_model *m, const double state[], const gm_model_seeds *seeds,
                      const float *tau, gm_beat_gradient *g)
{
    size_t speed_column = m->n_sites * GM_SITE_TANGENT;
    for (size_t i = 0; i < seeds->n; i++) {
        const gm_ignition_seed *s = &seeds->detail[i];
        if (fabs((double)tau[s->node] - s->time_ms) > 1e-3) continue; /* another way was faster */
        size_t k = seeds->site[i];
        float *row = g->dtau + (size_t)s->node * g->n_padded;
        double t[2][3];
        memset(row, 0, g->n_padded * sizeof *row);
        gm_endo_tangents(m->endo, (int32_t)state[k * GM_SITE_STATE], t[0], t[1]);
        for (size_t a = 0; a < 2; a++)
            row[3 * k + a] = (float)(s->by_place[0] * t[a][0] + s->by_place[1] * t[a][1] +
                                     s->by_place[2] * t[a][2]);
        row[3 * k + 2] = 1;
        for (size_t a = 0; a < GM_SPEEDS; a++)
            row[speed_column + a] = (float)s->by_speed[a];
    }
}

/* Every other row from its parents, in the order of time. */
static void carry_rows(const gm_heart_model *m, const gm_upwind *u, gm_beat_gradient *g)
{
    size_t n = m->c->mesh->n_nodes, speed_column = m->n_sites * GM_SITE_TANGENT;
    for (size_t at = 0; at < n; at++) {
        int32_t i = u->order[at];
        float *restrict row = g->dtau + (size_t)i * g->n_padded;
        if (u->parent[i][0] < 0 && u->parent[i][1] < 0 && u->parent[i][2] < 0) continue;
        memset(row, 0, g->n_padded * sizeof *row);
        for (int k = 0; k < 3; k++) {
            if (u->parent[i][k] < 0) continue;
            const float *restrict from = g->dtau + (size_t)u->parent[i][k] * g->n_padded;
            float weight = u->weight[i][k];
            for (size_t p = 0; p < g->n_padded; p++)
                row[p] += weight * from[p];
        }
        for (int s = 0; s < GM_SPEEDS; s++)
            row[speed_column + (size_t)s] += u->dcost[i][s];
    }
}

static gm_status activation_rows(gm_heart_model *m, unsigned worker, const double state[])
{
    gm_model_worker *w = &m->workers[worker];
    gm_model_seeds *seeds = w->seeds;
    gm_conduction speeds = gm_state_conduction(m, state);
    GM_TRY(gm_model_activation(m, worker, state, 0, w->tau));
    GM_TRY(gm_eikonal_upwind(m->eikonal, &speeds, seeds->seed, seeds->n, w->tau, NULL, w->upwind));
    memset(w->gradient->dtau, 0,
           m->c->mesh->n_nodes * w->gradient->n_padded * sizeof *w->gradient->dtau);
    seed_rows(m, state, seeds, w->tau, w->gradient);
    carry_rows(m, w->upwind, w->gradient);
    return GM_OK;
}

/* ---- the smoothed stand-in ------------------------------------------------------------------------- */

/* The upstroke (1 ms) is far shorter than the time the wave takes from node to node across the fibre
 * (some 10 ms at 2.5 mm): the computed ECG is a little rough in time, and the misfit rougher still in
 * the parameters. Residuals smoothed in time by a Gaussian see through that; the optimum of a perfect
 * model stays where it is. rows: [n_window][8][n], smoothed in place. */
static void smooth_rows(const gm_heart_model *m, unsigned worker, double *rows, size_t n)
{
    double *column = m->workers[worker].column;
    int reach = (int)m->n_kernel - 1, last = (int)m->n_window - 1;
    size_t stride = GM_N_INDEPENDENT * n;
    for (size_t p = 0; p < stride; p++) {
        for (int i = 0; i <= last; i++)
            column[i] = rows[(size_t)i * stride + p];
        for (int i = 0; i <= last; i++) {
            double sum = m->kernel[0] * column[i];
            for (int k = 1; k <= reach; k++) /* the ends are continued */
                sum += m->kernel[k] *
                       (column[i >= k ? i - k : 0] + column[i + k <= last ? i + k : last]);
            rows[(size_t)i * stride + p] = sum;
        }
    }
}

gm_status gm_model_evaluate_smooth(void *self, unsigned worker, const double state[],
                                   double residuals[])
{
    GM_TRY(gm_model_evaluate(self, worker, state, residuals));
    smooth_rows(self, worker, residuals, 1);
    return GM_OK;
}

/* Columns of the pose: the ECG is linear in the lead field. */
static void pose_columns(gm_heart_model *m, unsigned worker, const double state[], double amplitude,
                         size_t first, double jacobian[])
{
    gm_model_worker *w = &m->workers[worker];
    size_t stride = m->problem.n_tangent;
    const double *pose = state + gm_state_speeds_at(m) + GM_SPEEDS + 2;
    for (int k = 0; k < GM_POSE; k++) {
        gm_pose_derivative(m->pose, pose, k, w->pose);
        gm_beat_set_field(w->own_beat, &w->pose->derivative, &m->c->shape);
        gm_beat_ecg(w->own_beat, w->tau, NULL, w->beat, NULL, w->best);
        for (size_t i = 0; i < m->problem.n_residuals; i++)
            jacobian[i * stride + first + (size_t)k] =
                amplitude * w->best[i] * m->weight[i % GM_N_INDEPENDENT];
    }
}

gm_status gm_model_jacobian(void *self, unsigned worker, const double state[], double residuals[],
                            double out[])
{
    gm_heart_model *m = self;
    gm_model_worker *w = &m->workers[worker];
    GM_TRY(activation_rows(m, worker, state));
    const gm_beat *beat = gm_model_beat_at(m, worker, state);
    gm_beat_ecg(beat, w->tau, NULL, w->beat, NULL, w->ecg);
    gm_beat_ecg_gradient(beat, w->tau, w->gradient, w->decg);
    double amplitude = exp(state[gm_state_speeds_at(m) + GM_SPEEDS + 1]);
    gm_model_fill_residuals(m, w->ecg, amplitude, residuals);
    size_t n_tau = m->n_sites * GM_SITE_TANGENT + GM_SPEEDS, stride = m->problem.n_tangent;
    for (size_t i = 0; i < m->problem.n_residuals; i++) {
        double factor = amplitude * m->weight[i % GM_N_INDEPENDENT];
        const float *row = w->decg + i * w->gradient->n_padded;
        for (size_t p = 0; p < n_tau; p++)
            out[i * stride + p] = factor * (double)row[p];
        if (m->amplitude_is_free) out[i * stride + n_tau] = factor * w->ecg[i];
    }
    if (m->pose) pose_columns(m, worker, state, amplitude, n_tau + m->amplitude_is_free, out);
    return GM_OK;
}

gm_status gm_model_jacobian_smooth(void *self, unsigned worker, const double state[],
                                   double residuals[], double out[])
{
    const gm_heart_model *m = self;
    GM_TRY(gm_model_jacobian(self, worker, state, residuals, out));
    smooth_rows(m, worker, residuals, 1);
    smooth_rows(m, worker, out, m->problem.n_tangent);
    return GM_OK;
}

gm_status gm_model_smooth_create(gm_heart_model *m)
{
    double sigma = SMOOTH_MS / m->step_ms, sum = 1;
    m->n_kernel = (size_t)ceil(3 * sigma) + 1;
    m->kernel = gm_calloc(m->n_kernel, sizeof *m->kernel);
    if (!m->kernel) return gm_fail(GM_ENOMEM, "heart model: no memory");
    m->kernel[0] = 1;
    for (size_t k = 1; k < m->n_kernel; k++) {
        m->kernel[k] = exp(-0.5 * (double)(k * k) / (sigma * sigma));
        sum += 2 * m->kernel[k];
    }
    for (size_t k = 0; k < m->n_kernel; k++)
        m->kernel[k] /= sum;
    return GM_OK;
}
