/* model_prior.c - what is believed before the ECG, and how a state moves. */
#include <string.h>

#include "fit/space.h"
#include "heart/fit/model_internal.h"

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
static const double STEP_MM = 12, STEP_MS = 15, STEP_LN = 0.35; /* most in one step */
static const double POSE_MOST = 2.5;                            /* SDs: the stated bound */

/* ---- prior -------------------------------------------------------------------------------------- */

gm_status gm_model_prior(void *self, unsigned worker, const double state[], double residuals[],
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
    const double *s = state + gm_state_speeds_at(m);
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

/* ---- moves -------------------------------------------------------------------------------------- */

void gm_model_retract(void *self, unsigned worker, const double state[], const double delta[],
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
    double *s = moved + gm_state_speeds_at(m);
    for (int k = 0; k < GM_SPEEDS; k++)
        s[k] = gm_clip(s[k] + d[k], log(speed_priors[k].min), log(speed_priors[k].max));
    d += GM_SPEEDS;
    if (m->amplitude_is_free) s[GM_SPEEDS + 1] = gm_clip(s[GM_SPEEDS + 1] + *d++, -4, 4);
    for (int k = 0; m->pose && k < GM_POSE; k++) {
        double most = POSE_MOST * pose_spread[k];
        s[GM_SPEEDS + 2 + k] = gm_clip(s[GM_SPEEDS + 2 + k] + d[k], -most, most);
    }
}

void gm_model_scales(const gm_heart_model *m, double scale[], double most_step[])
{
    size_t k = 0;
    for (; k < m->n_sites * GM_SITE_TANGENT; k++) {
        scale[k] = k % 3 == 2 ? 3 : 5; /* ms, mm */
        most_step[k] = k % 3 == 2 ? STEP_MS : STEP_MM;
    }
    for (; k < m->n_sites * GM_SITE_TANGENT + GM_SPEEDS + (m->amplitude_is_free ? 1 : 0); k++)
        scale[k] = 0.1, most_step[k] = STEP_LN;
    for (int p = 0; m->pose && p < GM_POSE; p++, k++)
        scale[k] = most_step[k] = pose_spread[p];
}

void gm_model_tangent_limits(void *self, unsigned worker, const double state[], double low[],
                             double high[])
{
    (void)worker;
    const gm_heart_model *m = self;
    for (size_t i = 0; i < m->problem.n_tangent; i++)
        low[i] = -INFINITY, high[i] = INFINITY;
    size_t column = m->n_sites * GM_SITE_TANGENT;
    const double *s = state + gm_state_speeds_at(m);
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

/* ---- draws --------------------------------------------------------------------------------------- */

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
    double *s = state + gm_state_speeds_at(m);
    for (int k = 0; k < GM_SPEEDS; k++) {
        const speed_prior *q = &speed_priors[k];
        s[k] = gm_clip(log(q->median) + q->spread * gm_normal_quantile(rest[k]), log(q->min),
                       log(q->max));
    }
    s[GM_SPEEDS] = m->c->n_fast > 0;
    if (m->amplitude_is_free)
        s[GM_SPEEDS + 1] = AMPLITUDE_SPREAD * gm_normal_quantile(rest[GM_SPEEDS]);
    for (int k = 0; m->pose && k < GM_POSE; k++) {
        double most = POSE_MOST * pose_spread[k];
        s[GM_SPEEDS + 2 + k] =
            gm_clip(pose_spread[k] * gm_normal_quantile(rest[GM_SPEEDS + 1 + k]), -most, most);
    }
}

double gm_model_pose_sd(int component)
{
    return pose_spread[component] * (component < 3 || component == 6 ? 1 : 57.29577951308232);
}

/* ---- distance ------------------------------------------------------------------------------------ */

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

double gm_model_distance(void *self, unsigned worker, const double a[], const double b[])
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
