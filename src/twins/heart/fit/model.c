#include "heart/fit/model.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "fit/space.h"

/* Priors and ranges. Speeds: Taggart 2000 (0.65 m/s along), UPV 2025 (0.57 m/s, ratio 0.42, layer 3.5),
 * Camps 2024 (ratio 0.4 - 0.9 per axis, layer 1.5 - 2.9); spreads cover them all. */
typedef struct {
    double median, spread, min, max; /* log-normal, cut */
} speed_prior;
static const speed_prior speed_priors[GM_SPEEDS] = {
    {0.6, 0.30, 0.15, 2.5}, {0.42, 0.30, 0.12, 1.0}, {2.5, 0.5, 1.02, 12.0}};
static const double AMPLITUDE_SPREAD = 0.7; /* ln; conductivities of the torso differ that much */
/* SD: 10 mm, 10 degrees, a factor of two for the limb leads (too small by 2 to 4 in our torso). */
static const double pose_spread[GM_POSE] = {10, 10, 10, 0.17, 0.17, 0.17, 0.7};
static const double POSE_MOST = 2.5;                            /* SDs: the stated bound */
static const double SMOOTH_MS = 6;                              /* SD of the stand-in's Gaussian */
static const double WINDOW_MARGIN_MS = 14;                      /* beyond the QRS, on both sides */
static const double ONSET_MEAN_MS = 12, ONSET_SD_MS = 15;       /* after QRS onset */
static const double STEP_MM = 12, STEP_MS = 15, STEP_LN = 0.35; /* most in one step */

static double clip(double v, double low, double high)
{
    return fmin(fmax(v, low), high);
}

/* ---- state --------------------------------------------------------------------------------------- */

static size_t speeds_at(const gm_heart_model *m)
{
    return m->n_sites * GM_SITE_STATE;
}

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
    return state + speeds_at(m);
}

double *gm_state_layer(const gm_heart_model *m, double state[])
{
    return state + speeds_at(m) + GM_SPEEDS;
}

double *gm_state_amplitude(const gm_heart_model *m, double state[])
{
    return state + speeds_at(m) + GM_SPEEDS + 1;
}

double *gm_state_pose(const gm_heart_model *m, double state[])
{
    return state + speeds_at(m) + GM_SPEEDS + 2;
}

gm_conduction gm_state_conduction(const gm_heart_model *m, const double state[])
{
    const double *s = state + speeds_at(m);
    return (gm_conduction){exp(s[0]), fmin(1, exp(s[1])), s[3] > 0.5 ? exp(s[2]) : 1.0};
}

/* ---- forward ------------------------------------------------------------------------------------- */

struct gm_model_seeds {
    gm_seed seed[GM_MOST_SITES * GM_IGNITION_NODES];
    gm_ignition_seed detail[GM_MOST_SITES * GM_IGNITION_NODES];
    uint8_t site[GM_MOST_SITES * GM_IGNITION_NODES];
    size_t n;
};
typedef struct gm_model_seeds seed_list;

static void plant(const gm_heart_model *m, const double state[], const gm_conduction *speeds,
                  uint32_t skip, seed_list *out)
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
    seed_list *seeds = m->workers[worker].seeds;
    gm_conduction speeds = gm_state_conduction(m, state);
    plant(m, state, &speeds, skip, seeds);
    return gm_eikonal_solve(m->eikonal, &speeds, seeds->seed, seeds->n, m->workers[worker].eikonal,
                            NULL, tau);
}

static void fill_residuals(const gm_heart_model *m, const double *ecg, double amplitude,
                           double residuals[])
{
    for (size_t n = 0; n < m->n_window; n++)
        for (int l = 0; l < GM_N_INDEPENDENT; l++) {
            size_t i = n * GM_N_INDEPENDENT + (size_t)l;
            residuals[i] = (amplitude * ecg[i] - m->measured_mv[i]) * m->weight[l];
        }
}

/* The worker's beat at the state's pose: with a free pose the lead field is made anew. */
static gm_beat *beat_at(gm_heart_model *m, unsigned worker, const double state[])
{
    if (!m->pose) return m->beat;
    gm_model_worker *w = &m->workers[worker];
    gm_pose_field(m->pose, state + speeds_at(m) + GM_SPEEDS + 2, w->pose);
    gm_beat_set_field(w->own_beat, &w->pose->field, &m->c->shape);
    return w->own_beat;
}

static gm_status evaluate(void *self, unsigned worker, const double state[], double residuals[])
{
    gm_heart_model *m = self;
    gm_model_worker *w = &m->workers[worker];
    GM_TRY(gm_model_activation(m, worker, state, 0, w->tau));
    gm_beat_ecg(beat_at(m, worker, state), w->tau, NULL, w->beat, NULL, w->ecg);
    fill_residuals(m, w->ecg, exp(state[speeds_at(m) + GM_SPEEDS + 1]), residuals);
    return GM_OK;
}

/* ---- derivative of the activation ---------------------------------------------------------------- */

/* Rows of the nodes that got their time from a seed. */
static void seed_rows(const gm_heart_model *m, const double state[], const seed_list *seeds,
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
    seed_list *seeds = w->seeds;
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

static gm_status evaluate_smooth(void *self, unsigned worker, const double state[],
                                 double residuals[])
{
    GM_TRY(evaluate(self, worker, state, residuals));
    smooth_rows(self, worker, residuals, 1);
    return GM_OK;
}

/* Columns of the pose: the ECG is linear in the lead field. */
static void pose_columns(gm_heart_model *m, unsigned worker, const double state[], double amplitude,
                         size_t first, double jacobian[])
{
    gm_model_worker *w = &m->workers[worker];
    size_t stride = m->problem.n_tangent;
    const double *pose = state + speeds_at(m) + GM_SPEEDS + 2;
    for (int k = 0; k < GM_POSE; k++) {
        gm_pose_derivative(m->pose, pose, k, w->pose);
        gm_beat_set_field(w->own_beat, &w->pose->derivative, &m->c->shape);
        gm_beat_ecg(w->own_beat, w->tau, NULL, w->beat, NULL, w->best);
        for (size_t i = 0; i < m->problem.n_residuals; i++)
            jacobian[i * stride + first + (size_t)k] =
                amplitude * w->best[i] * m->weight[i % GM_N_INDEPENDENT];
    }
}

static gm_status jacobian(void *self, unsigned worker, const double state[], double residuals[],
                          double out[])
{
    gm_heart_model *m = self;
    gm_model_worker *w = &m->workers[worker];
    GM_TRY(activation_rows(m, worker, state));
    const gm_beat *beat = beat_at(m, worker, state);
    gm_beat_ecg(beat, w->tau, NULL, w->beat, NULL, w->ecg);
    gm_beat_ecg_gradient(beat, w->tau, w->gradient, w->decg);
    double amplitude = exp(state[speeds_at(m) + GM_SPEEDS + 1]);
    fill_residuals(m, w->ecg, amplitude, residuals);
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

static gm_status jacobian_smooth(void *self, unsigned worker, const double state[],
                                 double residuals[], double out[])
{
    const gm_heart_model *m = self;
    GM_TRY(jacobian(self, worker, state, residuals, out));
    smooth_rows(m, worker, residuals, 1);
    smooth_rows(m, worker, out, m->problem.n_tangent);
    return GM_OK;
}

static gm_status make_kernel(gm_heart_model *m)
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

/* ---- prior and moves ------------------------------------------------------------------------------ */

static gm_status prior(void *self, unsigned worker, const double state[], double residuals[],
                       double *jac)
{
    (void)worker;
    const gm_heart_model *m = self;
    size_t n_tangent = m->problem.n_tangent, r = 0, column = m->n_sites * GM_SITE_TANGENT;
    if (jac) memset(jac, 0, m->problem.n_prior * n_tangent * sizeof *jac);
    for (size_t k = 0; k < m->n_sites; k++, r++) {
        residuals[r] = (state[k * GM_SITE_STATE + 4] - m->onset_mean_ms) / m->onset_sd_ms;
        if (jac) jac[r * n_tangent + 3 * k + 2] = 1 / m->onset_sd_ms;
    }
    const double *s = state + speeds_at(m);
    for (int k = 0; k < GM_SPEEDS; k++, r++) {
        residuals[r] = (s[k] - log(speed_priors[k].median)) / speed_priors[k].spread;
        if (jac) jac[r * n_tangent + column + (size_t)k] = 1 / speed_priors[k].spread;
    }
    column += GM_SPEEDS;
    if (m->amplitude_is_free) {
        residuals[r] = s[GM_SPEEDS + 1] / AMPLITUDE_SPREAD;
        if (jac) jac[r * n_tangent + column] = 1 / AMPLITUDE_SPREAD;
        r++, column++;
    }
    for (int k = 0; m->pose && k < GM_POSE; k++, r++, column++) {
        residuals[r] = s[GM_SPEEDS + 2 + k] / pose_spread[k];
        if (jac) jac[r * n_tangent + column] = 1 / pose_spread[k];
    }
    return GM_OK;
}

static void retract(void *self, unsigned worker, const double state[], const double delta[],
                    double moved[])
{
    (void)worker;
    const gm_heart_model *m = self;
    memcpy(moved, state, m->problem.n_state * sizeof *moved);
    for (size_t k = 0; k < m->n_sites; k++) {
        gm_endo_place p = gm_state_place(state, k);
        p = gm_endo_move(m->endo, &p, delta[3 * k], delta[3 * k + 1]);
        gm_state_set_place(moved, k, &p);
        *gm_state_onset(moved, k) += delta[3 * k + 2];
    }
    const double *d = delta + m->n_sites * GM_SITE_TANGENT;
    double *s = moved + speeds_at(m);
    for (int k = 0; k < GM_SPEEDS; k++)
        s[k] = clip(s[k] + d[k], log(speed_priors[k].min), log(speed_priors[k].max));
    d += GM_SPEEDS;
    if (m->amplitude_is_free) s[GM_SPEEDS + 1] = clip(s[GM_SPEEDS + 1] + *d++, -4, 4);
    for (int k = 0; m->pose && k < GM_POSE; k++) {
        double most = POSE_MOST * pose_spread[k];
        s[GM_SPEEDS + 2 + k] = clip(s[GM_SPEEDS + 2 + k] + d[k], -most, most);
    }
}

static void tangent_limits(void *self, unsigned worker, const double state[], double low[],
                           double high[])
{
    (void)worker;
    const gm_heart_model *m = self;
    for (size_t i = 0; i < m->problem.n_tangent; i++)
        low[i] = -INFINITY, high[i] = INFINITY;
    size_t column = m->n_sites * GM_SITE_TANGENT;
    const double *s = state + speeds_at(m);
    for (int k = 0; k < GM_SPEEDS; k++, column++) {
        low[column] = fmin(0, log(speed_priors[k].min) - s[k]);
        high[column] = fmax(0, log(speed_priors[k].max) - s[k]);
    }
    column += m->amplitude_is_free;
    for (int k = 0; m->pose && k < GM_POSE; k++, column++) {
        double most = POSE_MOST * pose_spread[k];
        low[column] = fmin(0, -most - s[GM_SPEEDS + 2 + k]);
        high[column] = fmax(0, most - s[GM_SPEEDS + 2 + k]);
    }
}

void gm_model_prior_sd(double sd[GM_SPEEDS + 1])
{
    for (int k = 0; k < GM_SPEEDS; k++)
        sd[k] = speed_priors[k].median * speed_priors[k].spread;
    sd[GM_SPEEDS] = AMPLITUDE_SPREAD;
}

size_t gm_model_prior_dims(const gm_heart_model *m)
{
    return 4 * m->n_sites + GM_SPEEDS + 1 + GM_POSE;
}

void gm_model_prior_state(const gm_heart_model *m, const double u[], double state[])
{
    memset(state, 0, m->problem.n_state * sizeof *state);
    const double *onset = u + 3 * m->n_sites, *rest = onset + m->n_sites;
    for (size_t k = 0; k < m->n_sites; k++) {
        gm_endo_place p = gm_endo_from_cube(m->endo, u + 3 * k);
        gm_state_set_place(state, k, &p);
        *gm_state_onset(state, k) =
            m->onset_mean_ms + m->onset_sd_ms * gm_normal_quantile(onset[k]);
    }
    double *s = state + speeds_at(m);
    for (int k = 0; k < GM_SPEEDS; k++) {
        const speed_prior *q = &speed_priors[k];
        s[k] = clip(log(q->median) + q->spread * gm_normal_quantile(rest[k]), log(q->min),
                    log(q->max));
    }
    s[GM_SPEEDS] = m->c->n_fast > 0;
    if (m->amplitude_is_free)
        s[GM_SPEEDS + 1] = AMPLITUDE_SPREAD * gm_normal_quantile(rest[GM_SPEEDS]);
    for (int k = 0; m->pose && k < GM_POSE; k++) {
        double most = POSE_MOST * pose_spread[k];
        s[GM_SPEEDS + 2 + k] =
            clip(pose_spread[k] * gm_normal_quantile(rest[GM_SPEEDS + 1 + k]), -most, most);
    }
}

double gm_model_pose_sd(int component)
{
    return pose_spread[component] * (component < 3 || component == 6 ? 1 : 57.29577951308232);
}

/* RMS difference of rough activation times, common shift removed: straight ways at one speed, which is
 * enough to tell basins apart and costs microseconds. */
static void probe_times(const gm_heart_model *m, const double state[], double *t)
{
    gm_conduction c = gm_state_conduction(m, state);
    double v = c.v_f_m_s * sqrt(c.v_t_ratio) * sqrt(c.fast_layer_factor);
    for (size_t i = 0; i < m->n_probes; i++)
        t[i] = INFINITY;
    for (size_t k = 0; k < m->n_sites; k++) {
        double x[3];
        gm_endo_place p = gm_state_place(state, k);
        gm_endo_point(m->endo, &p, x);
        for (size_t i = 0; i < m->n_probes; i++) {
            const double *q = m->probes_mm[i];
            double dx = q[0] - x[0], dy = q[1] - x[1], dz = q[2] - x[2];
            double way = sqrt(dx * dx + dy * dy + dz * dz);
            t[i] = fmin(t[i], state[k * GM_SITE_STATE + 4] + way / v);
        }
    }
}

enum { MOST_PROBES = 256 };

static double distance(void *self, unsigned worker, const double a[], const double b[])
{
    (void)worker;
    const gm_heart_model *m = self;
    double ta[MOST_PROBES], tb[MOST_PROBES], mean = 0, square = 0;
    probe_times(m, a, ta);
    probe_times(m, b, tb);
    for (size_t i = 0; i < m->n_probes; i++)
        mean += (ta[i] - tb[i]) / (double)m->n_probes;
    for (size_t i = 0; i < m->n_probes; i++)
        square += (ta[i] - tb[i] - mean) * (ta[i] - tb[i] - mean);
    return sqrt(square / (double)m->n_probes);
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
    if (m->amplitude_is_free) a = clip(xx > 0 ? xy / xx : 1, 0.02, 50);
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
    size_t k = 0;
    for (; k < m->n_sites * GM_SITE_TANGENT; k++) {
        m->scale[k] = k % 3 == 2 ? 3 : 5; /* ms, mm */
        m->most_step[k] = k % 3 == 2 ? STEP_MS : STEP_MM;
    }
    for (; k < m->n_sites * GM_SITE_TANGENT + GM_SPEEDS + (m->amplitude_is_free ? 1 : 0); k++)
        m->scale[k] = 0.1, m->most_step[k] = STEP_LN;
    for (int p = 0; m->pose && p < GM_POSE; p++, k++)
        m->scale[k] = m->most_step[k] = pose_spread[p];
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
        .evaluate = evaluate,
        .jacobian = jacobian,
        .prior = prior,
        .retract = retract,
        .tangent_limits = tangent_limits,
        .propose = gm_coarse_propose,
        .perturb = gm_coarse_perturb,
        .distance = distance,
    };
    m->smooth = m->problem;
    m->smooth.evaluate = evaluate_smooth;
    m->smooth.jacobian = jacobian_smooth;
    return make_kernel(m);
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
