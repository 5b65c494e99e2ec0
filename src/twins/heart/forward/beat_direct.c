/* beat_direct.c - the beat as it stands in the equation: one potential per node and sample. */
#include <math.h>
#include <string.h>

#include "heart/forward/beat.h"

typedef struct {
    const gm_lead_field *f;
    const float *tau;
    const double *apd;
    const gm_heart_template *shape;
    gm_samples samples;
    double *ecg;
} direct_job;

static double potential_mv(const gm_heart_template *s, double since_ms, double apd_ms)
{
    double up = 0.5 * (1 + tanh(since_ms / s->eps_up_ms));
    double down = 1 / (1 + exp((since_ms - apd_ms) / s->w_rep_ms));
    return s->v_rest_mv + (s->v_peak_mv - s->v_rest_mv) * up * down;
}

static void direct_range(void *context, size_t first, size_t last, unsigned worker)
{
    (void)worker;
    const direct_job *job = context;
    for (size_t n = first; n < last; n++) {
        double t = job->samples.first_ms + job->samples.step_ms * (double)n - job->shape->t_on_ms;
        double sum[GM_N_INDEPENDENT] = {0};
        for (size_t i = 0; i < job->f->n_nodes; i++) {
            double apd = job->apd ? job->apd[i] : INFINITY;
            double v = isfinite(job->tau[i])
                           ? potential_mv(job->shape, t - (double)job->tau[i], apd)
                           : job->shape->v_rest_mv;
            for (int l = 0; l < GM_N_INDEPENDENT; l++)
                sum[l] -= job->f->w[i][l] * v;
        }
        memcpy(job->ecg + n * GM_N_INDEPENDENT, sum, sizeof sum);
    }
}

static gm_status check_samples(gm_samples s)
{
    if (s.n > 0 && s.step_ms > 0 && isfinite(s.step_ms) && isfinite(s.first_ms)) return GM_OK;
    return gm_fail(GM_EINVAL,
                   "beat: %zu samples every %g ms from %g ms; both counts must be above 0", s.n,
                   s.step_ms, s.first_ms);
}

gm_status gm_beat_ecg_direct(const gm_lead_field *f, const float tau_ms[], const double apd_ms[],
                             const gm_heart_template *shape, gm_samples samples,
                             gm_threads *threads, double *ecg_mv)
{
    GM_TRY(check_samples(samples));
    direct_job job = {f, tau_ms, apd_ms, shape, samples, ecg_mv};
    gm_threads_ranges(threads, samples.n, 4, direct_range, &job);
    return GM_OK;
}
