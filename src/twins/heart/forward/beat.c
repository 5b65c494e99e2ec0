#include "heart/forward/beat_internal.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"

/* Beyond so many constants a template is 0 or 1 within 1.5e-8. */
static const double UP_REACH = 9, DOWN_REACH = 18;
static const double SPLIT_ERROR = 1e-6;  /* largest exp(-APD/w) without the foot */
static const double FOOT_ERROR = 2.5e-4; /* largest exp(-2 APD/w)/4 with it */
enum { SLICES = 8 };                     /* fixed, so that sums do not depend on threads */

struct gm_beat_scratch {
    float (*up)[GM_N_INDEPENDENT];   /* [SLICES][up.n_bins] */
    float (*down)[GM_N_INDEPENDENT]; /* [SLICES][down.n_bins] */
    float (*foot)[GM_N_INDEPENDENT]; /* [SLICES][up.n_bins]; NULL: the beat has none */
    double (*sum)[GM_N_INDEPENDENT]; /* [largest n_bins + 1] running sums */
    float *tau, *apd;                /* [n_workers][TILE] */
    unsigned n_workers;
};

static double up_shape(double s, double eps)
{
    return 0.5 * (1 + tanh(s / eps));
}

/* 1 - down: what repolarisation takes away. */
static double down_shape(double s, double w)
{
    return 1 / (1 + exp(-s / w));
}

/* Bins over [low, high] ms and, for each sample, the part of the template that is not constant. */
static gm_status make_bins(bin_set *b, double low, double high, double constant, double reach,
                           double (*shape)(double, double), const gm_beat *beat)
{
    b->width_ms = constant / GM_BINS_PER_CONSTANT;
    b->first_ms = low - GUARD * b->width_ms;
    b->n_bins = (int32_t)ceil((high - low) / b->width_ms) + 2 * GUARD + 1;
    b->n_kernel = (int32_t)ceil(2 * reach * GM_BINS_PER_CONSTANT) + 1;
    size_t n = beat->samples.n;
    b->kernel_first = gm_calloc(n, sizeof *b->kernel_first);
    b->kernel = gm_calloc(n * (size_t)b->n_kernel, sizeof *b->kernel);
    if (!b->kernel_first || !b->kernel) return gm_fail(GM_ENOMEM, "beat: no memory");
    for (size_t i = 0; i < n; i++) {
        double t = beat->samples.first_ms + beat->samples.step_ms * (double)i - beat->t_on_ms;
        double first = ceil((t - reach * constant - b->first_ms) / b->width_ms);
        /* Far outside the bins the exact place does not matter, only that it is outside. */
        first = fmax(-b->n_kernel - 1.0, fmin(first, b->n_bins + 1.0));
        b->kernel_first[i] = (int32_t)first;
        for (int32_t k = 0; k < b->n_kernel; k++) {
            double bin_ms = b->first_ms + (first + k) * b->width_ms;
            b->kernel[i * (size_t)b->n_kernel + (size_t)k] = (float)shape(t - bin_ms, constant);
        }
    }
    return GM_OK;
}

static gm_status check(const gm_heart_template *s, gm_samples n, gm_beat_range r)
{
    if (!(n.n > 0 && n.step_ms > 0 && isfinite(n.step_ms) && isfinite(n.first_ms)))
        return gm_fail(GM_EINVAL, "beat: %zu samples every %g ms; both must be above 0", n.n,
                       n.step_ms);
    if (!(r.tau_min_ms < r.tau_max_ms && r.tau_max_ms - r.tau_min_ms < 1e5))
        return gm_fail(GM_EINVAL, "beat: activation range %g to %g ms", r.tau_min_ms, r.tau_max_ms);
    if (!(s->eps_up_ms > 0 && s->w_rep_ms > 0))
        return gm_fail(GM_EINVAL,
                       "beat: template eps_up = %g ms, w_rep = %g ms; both must be above 0",
                       s->eps_up_ms, s->w_rep_ms);
    if (r.apd_max_ms == 0) return GM_OK;
    if (!(r.apd_min_ms > 0 && r.apd_min_ms <= r.apd_max_ms && r.apd_max_ms < 1e4))
        return gm_fail(GM_EINVAL, "beat: APD range %g to %g ms", r.apd_min_ms, r.apd_max_ms);
    if (!(exp(-2 * r.apd_min_ms / s->w_rep_ms) / 4 < FOOT_ERROR))
        return gm_fail(
            GM_EINVAL,
            "beat: APD %g ms is too short for w_rep %g ms: the fast beat needs APD > %.2f "
            "w_rep",
            r.apd_min_ms, s->w_rep_ms, -log(4 * FOOT_ERROR) / 2);
    return GM_OK;
}

void gm_beat_set_field(gm_beat *b, const gm_lead_field *f, const gm_heart_template *s)
{
    for (size_t i = 0; i < f->n_nodes; i++)
        for (int l = 0; l < GM_N_INDEPENDENT; l++)
            b->w[i][l] = (float)(-(s->v_peak_mv - s->v_rest_mv) * f->w[i][l]);
}

static double bin_ms(const bin_set *b, double k)
{
    return b->first_ms + k * b->width_ms;
}

/* The foot near activation, where 1 - up is neither 0 nor 1, and the factor of the running sum of later bins. */
static gm_status make_foot(gm_beat *b, const gm_heart_template *s)
{
    const bin_set *u = &b->up;
    b->w_rep_ms = s->w_rep_ms;
    b->foot_kernel = gm_calloc(b->samples.n * (size_t)u->n_kernel, sizeof *b->foot_kernel);
    b->foot_tail = gm_calloc(b->samples.n, sizeof *b->foot_tail);
    if (!b->foot_kernel || !b->foot_tail) return gm_fail(GM_ENOMEM, "beat: no memory");
    for (size_t i = 0; i < b->samples.n; i++) {
        double t = b->samples.first_ms + b->samples.step_ms * (double)i - b->t_on_ms;
        int32_t first = u->kernel_first[i], stop = first + u->n_kernel;
        for (int32_t k = 0; k < u->n_kernel; k++) {
            double before = fmin(t - bin_ms(u, first + k), UP_REACH * s->eps_up_ms);
            b->foot_kernel[i * (size_t)u->n_kernel + (size_t)k] =
                (float)(exp(before / s->w_rep_ms) * (1 - up_shape(before, s->eps_up_ms)));
        }
        stop = stop < 0 ? 0 : stop > u->n_bins ? u->n_bins : stop;
        b->foot_tail[i] = exp(fmin(0, t - bin_ms(u, stop)) / s->w_rep_ms);
    }
    return GM_OK;
}

static gm_status fill_beat(gm_beat *b, const gm_lead_field *f, const gm_heart_template *s)
{
    b->w = gm_alloc_aligned(f->n_nodes, sizeof *b->w);
    if (!b->w) return gm_fail(GM_ENOMEM, "beat: no memory for %zu nodes", f->n_nodes);
    gm_beat_set_field(b, f, s);
    gm_beat_range r = b->range;
    GM_TRY(make_bins(&b->up, r.tau_min_ms, r.tau_max_ms, s->eps_up_ms, UP_REACH, up_shape, b));
    if (!b->repolarises) return GM_OK;
    b->has_foot = !(exp(-r.apd_min_ms / s->w_rep_ms) < SPLIT_ERROR);
    if (b->has_foot) GM_TRY(make_foot(b, s));
    return make_bins(&b->down, r.tau_min_ms + r.apd_min_ms, r.tau_max_ms + r.apd_max_ms,
                     s->w_rep_ms, DOWN_REACH, down_shape, b);
}

gm_status gm_beat_create(gm_beat **out, const gm_lead_field *f, const gm_heart_template *shape,
                         gm_samples samples, gm_beat_range range)
{
    *out = NULL;
    GM_TRY(check(shape, samples, range));
    gm_beat *b = gm_calloc(1, sizeof *b);
    if (!b) return gm_fail(GM_ENOMEM, "beat: no memory");
    b->n_nodes = f->n_nodes;
    b->samples = samples;
    b->range = range;
    b->t_on_ms = shape->t_on_ms;
    b->repolarises = range.apd_max_ms > 0;
    gm_status s = fill_beat(b, f, shape);
    if (s != GM_OK) {
        gm_beat_destroy(b);
        return s;
    }
    *out = b;
    return GM_OK;
}

static void free_bins(bin_set *b)
{
    gm_free(b->kernel_first);
    gm_free(b->kernel);
}

void gm_beat_destroy(gm_beat *b)
{
    if (!b) return;
    gm_free(b->w);
    free_bins(&b->up);
    free_bins(&b->down);
    gm_free(b->foot_kernel);
    gm_free(b->foot_tail);
    gm_free(b);
}

gm_status gm_beat_scratch_create(gm_beat_scratch **out, const gm_beat *b, unsigned n_threads)
{
    *out = NULL;
    gm_beat_scratch *s = gm_calloc(1, sizeof *s);
    if (!s) return gm_fail(GM_ENOMEM, "beat: no memory");
    int32_t most = b->up.n_bins > b->down.n_bins ? b->up.n_bins : b->down.n_bins;
    s->n_workers = n_threads ? n_threads : 1;
    s->up = gm_alloc_aligned((size_t)SLICES * (size_t)b->up.n_bins, sizeof *s->up);
    s->down = gm_alloc_aligned((size_t)SLICES * (size_t)b->down.n_bins, sizeof *s->down);
    if (b->has_foot)
        s->foot = gm_alloc_aligned((size_t)SLICES * (size_t)b->up.n_bins, sizeof *s->foot);
    s->sum = gm_alloc_aligned((size_t)most + 1, sizeof *s->sum);
    s->tau = gm_alloc_aligned((size_t)s->n_workers * TILE, sizeof *s->tau);
    s->apd = gm_alloc_aligned((size_t)s->n_workers * TILE, sizeof *s->apd);
    bool lost = !s->up || !s->down || !s->sum || !s->tau || !s->apd;
    if (lost || (b->has_foot && !s->foot)) {
        gm_beat_scratch_destroy(s);
        return gm_fail(GM_ENOMEM, "beat: no memory");
    }
    *out = s;
    return GM_OK;
}

void gm_beat_scratch_destroy(gm_beat_scratch *s)
{
    if (!s) return;
    gm_free(s->up);
    gm_free(s->down);
    gm_free(s->foot);
    gm_free(s->sum);
    gm_free(s->tau);
    gm_free(s->apd);
    gm_free(s);
}

void gm_beat_find_places(const bin_set *set, const float *restrict time_ms, size_t n,
                         tile_places *restrict out)
{
    float first = (float)set->first_ms, rate = (float)(1 / set->width_ms);
    float last = (float)(set->n_bins - GUARD - 1);
    for (size_t i = 0; i < n; i++) {
        float place = (time_ms[i] - first) * rate;
        place = place < GUARD ? GUARD : place;
        place = place > last ? last : place;
        int32_t k = (int32_t)place; /* place > 0: truncation is floor */
        float x = place - (float)k, a = x + 1, c = x - 1, d = x - 2;
        out->bin[i] = k - 1;
        out->weight[0][i] = -x * c * d * (1 / 6.0f);
        out->weight[1][i] = a * c * d * 0.5f;
        out->weight[2][i] = -a * x * d * 0.5f;
        out->weight[3][i] = a * x * c * (1 / 6.0f);
    }
}

static void deposit_tile(const tile_places *places, const float *tau, size_t n,
                         const lead_vector *w, float (*bins)[GM_N_INDEPENDENT])
{
    for (size_t i = 0; i < n; i++) {
        if (!(tau[i] < INFINITY)) continue; /* never activated */
        lead_vector *bin = (lead_vector *)bins[places->bin[i]], node = w[i];
        bin[0] += places->weight[0][i] * node;
        bin[1] += places->weight[1][i] * node;
        bin[2] += places->weight[2][i] * node;
        bin[3] += places->weight[3][i] * node;
    }
}

/* The same, each node by c = 1/(1 + exp(APD/w)). */
static void deposit_foot(const tile_places *places, const float *tau, const float *apd, size_t n,
                         double w_rep_ms, const lead_vector *w, float (*bins)[GM_N_INDEPENDENT])
{
    float rate = (float)(1 / w_rep_ms);
    for (size_t i = 0; i < n; i++) {
        if (!(tau[i] < INFINITY)) continue;
        lead_vector *bin = (lead_vector *)bins[places->bin[i]], node = w[i];
        node *= 1 / (1 + expf(apd[i] * rate));
        bin[0] += places->weight[0][i] * node;
        bin[1] += places->weight[1][i] * node;
        bin[2] += places->weight[2][i] * node;
        bin[3] += places->weight[3][i] * node;
    }
}

typedef struct {
    const gm_beat *b;
    gm_beat_scratch *s;
    gm_beat_times *times;
    void *context;
    bool with_apd;
} deposit_job;

static void deposit_slice(void *context, size_t slice, unsigned worker)
{
    const deposit_job *job = context;
    const gm_beat *b = job->b;
    float(*up)[GM_N_INDEPENDENT] = job->s->up + slice * (size_t)b->up.n_bins;
    float(*down)[GM_N_INDEPENDENT] = job->s->down + slice * (size_t)b->down.n_bins;
    memset(up, 0, (size_t)b->up.n_bins * sizeof *up);
    if (job->with_apd) memset(down, 0, (size_t)b->down.n_bins * sizeof *down);
    float(*foot)[GM_N_INDEPENDENT] =
        b->has_foot && job->with_apd ? job->s->foot + slice * (size_t)b->up.n_bins : NULL;
    if (foot) memset(foot, 0, (size_t)b->up.n_bins * sizeof *foot);
    float *tau = job->s->tau + (size_t)worker * TILE;
    float *apd = job->with_apd ? job->s->apd + (size_t)worker * TILE : NULL;
    size_t first = b->n_nodes * slice / SLICES, end = b->n_nodes * (slice + 1) / SLICES;
    for (; first < end; first += TILE) {
        size_t n = end - first < TILE ? end - first : TILE;
        const lead_vector *w = (const lead_vector *)b->w[first];
        tile_places places;
        job->times(job->context, first, n, tau, apd);
        gm_beat_find_places(&b->up, tau, n, &places);
        deposit_tile(&places, tau, n, w, up);
        if (!apd) continue;
        if (foot) deposit_foot(&places, tau, apd, n, b->w_rep_ms, w, foot);
        for (size_t i = 0; i < n; i++)
            apd[i] += tau[i]; /* now the time of repolarisation */
        gm_beat_find_places(&b->down, apd, n, &places);
        deposit_tile(&places, tau, n, w, down);
    }
}

/* Sums the slices in their order. */
static void join_slices(size_t n, float (*slices)[GM_N_INDEPENDENT])
{
    for (size_t k = 0; k < n; k++)
        for (size_t s = 1; s < SLICES; s++)
            for (int l = 0; l < GM_N_INDEPENDENT; l++)
                slices[k][l] += slices[s * n + k][l];
}

/* And turns bins into running sums: sum[k] = bins before k. */
static void add_slices(const bin_set *set, float (*slices)[GM_N_INDEPENDENT],
                       double (*sum)[GM_N_INDEPENDENT])
{
    size_t n = (size_t)set->n_bins;
    join_slices(n, slices);
    memset(sum[0], 0, sizeof sum[0]);
    for (size_t k = 0; k < n; k++)
        for (int l = 0; l < GM_N_INDEPENDENT; l++)
            sum[k + 1][l] = sum[k][l] + (double)slices[k][l];
}

typedef struct {
    const bin_set *set;
    float (*bins)[GM_N_INDEPENDENT];
    double (*sum)[GM_N_INDEPENDENT];
    double sign;
    double *ecg;
    bool add;
} convolve_job;

static void convolve_range(void *context, size_t first, size_t last, unsigned worker)
{
    (void)worker;
    const convolve_job *job = context;
    const bin_set *set = job->set;
    for (size_t n = first; n < last; n++) {
        int32_t from = set->kernel_first[n], start = from < 0 ? 0 : from;
        int32_t stop = from + set->n_kernel;
        stop = stop > set->n_bins ? set->n_bins : stop;
        start = start > set->n_bins ? set->n_bins : start;
        const float *kernel = set->kernel + n * (size_t)set->n_kernel - from;
        double sum[GM_N_INDEPENDENT];
        memcpy(sum, job->sum[start], sizeof sum); /* bins long before: the template is 1 */
        for (int32_t k = start; k < stop; k++)
            for (int l = 0; l < GM_N_INDEPENDENT; l++)
                sum[l] += (double)(kernel[k] * job->bins[k][l]);
        double *out = job->ecg + n * GM_N_INDEPENDENT;
        for (int l = 0; l < GM_N_INDEPENDENT; l++)
            out[l] = (job->add ? out[l] : 0) + job->sign * sum[l];
    }
}

/* sum[k] = bins from k on, each less by exp(-1/w) a ms. */
static void add_foot_slices(const gm_beat *b, gm_beat_scratch *s)
{
    size_t n = (size_t)b->up.n_bins;
    double fade = exp(-b->up.width_ms / b->w_rep_ms);
    join_slices(n, s->foot);
    memset(s->sum[n], 0, sizeof s->sum[n]);
    for (size_t k = n; k-- > 0;)
        for (int l = 0; l < GM_N_INDEPENDENT; l++)
            s->sum[k][l] = (double)s->foot[k][l] + fade * s->sum[k + 1][l];
}

typedef struct {
    const gm_beat *b;
    const gm_beat_scratch *s;
    double *ecg;
} foot_job;

static void add_foot(void *context, size_t first, size_t last, unsigned worker)
{
    (void)worker;
    const foot_job *job = context;
    const bin_set *set = &job->b->up;
    for (size_t n = first; n < last; n++) {
        int32_t from = set->kernel_first[n], start = from < 0 ? 0 : from;
        int32_t stop = from + set->n_kernel;
        stop = stop < 0 ? 0 : stop > set->n_bins ? set->n_bins : stop;
        const float *kernel = job->b->foot_kernel + n * (size_t)set->n_kernel - from;
        double *out = job->ecg + n * GM_N_INDEPENDENT;
        for (int l = 0; l < GM_N_INDEPENDENT; l++)
            out[l] += job->b->foot_tail[n] * job->s->sum[stop][l];
        for (int32_t k = start; k < stop; k++)
            for (int l = 0; l < GM_N_INDEPENDENT; l++)
                out[l] += (double)(kernel[k] * job->s->foot[k][l]);
    }
}

void gm_beat_ecg_from(const gm_beat *b, gm_beat_times *times, void *context, bool with_apd,
                      gm_beat_scratch *scratch, gm_threads *threads, double *ecg_mv)
{
    with_apd = with_apd && b->repolarises;
    deposit_job job = {b, scratch, times, context, with_apd};
    gm_threads_for(threads, SLICES, 1, deposit_slice, &job);
    add_slices(&b->up, scratch->up, scratch->sum);
    convolve_job up = {&b->up, scratch->up, scratch->sum, 1, ecg_mv, false};
    gm_threads_ranges(threads, b->samples.n, 64, convolve_range, &up);
    if (!with_apd) return;
    add_slices(&b->down, scratch->down, scratch->sum);
    convolve_job down = {&b->down, scratch->down, scratch->sum, -1, ecg_mv, true};
    gm_threads_ranges(threads, b->samples.n, 64, convolve_range, &down);
    if (!b->has_foot) return;
    foot_job foot = {b, scratch, ecg_mv};
    add_foot_slices(b, scratch);
    gm_threads_ranges(threads, b->samples.n, 64, add_foot, &foot);
}

typedef struct {
    const float *tau, *apd;
} time_arrays;

static void copy_times(void *context, size_t first, size_t n, float *tau, float *apd)
{
    const time_arrays *a = context;
    memcpy(tau, a->tau + first, n * sizeof *tau);
    if (apd) memcpy(apd, a->apd + first, n * sizeof *apd);
}

void gm_beat_ecg(const gm_beat *b, const float tau_ms[], const float apd_ms[],
                 gm_beat_scratch *scratch, gm_threads *threads, double *ecg_mv)
{
    time_arrays arrays = {tau_ms, apd_ms};
    gm_beat_ecg_from(b, copy_times, &arrays, apd_ms != NULL, scratch, threads, ecg_mv);
}
