#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/anatomy/coordinates.h"
#include "heart/fit/repolarise_internal.h"

enum { FEWEST_SAMPLES = 8, MOST_STARTS = 256 };
static const double APD_LEAST_MS = 100, APD_MOST_MS = 500; /* as params.h */
static const double T_HALF_MS = 80; /* onset to peak of T, where no onset was found */
/* In constants of the template; beyond, it is constant within 1.5e-8. */
static const double UP_REACH = 10, DOWN_REACH = 18;

const double gm_w_rep_candidates_ms[6] = {8, 12, 15, 20, 25, 30};

gm_repolarise_options gm_repolarise_defaults(void)
{
    return (gm_repolarise_options){
        .apd_min_ms = APD_LEAST_MS, .apd_max_ms = APD_MOST_MS, .slope_sd_ms = 60, .n_starts = 12};
}

/* ---- creation --------------------------------------------------------------------------------------- */

static gm_status check_options(const gm_repolarise_options *o, const gm_heart_template *shape)
{
    double w = o->w_rep_ms == 0 ? shape->w_rep_ms : o->w_rep_ms;
    if (!(w >= 1 && w <= 100))
        return gm_fail(GM_EINVAL, "T wave: w_rep = %g ms, allowed 1 to 100", w);
    if (!(o->apd_min_ms >= APD_LEAST_MS && o->apd_min_ms < o->apd_max_ms &&
          o->apd_max_ms <= APD_MOST_MS))
        return gm_fail(GM_EINVAL, "T wave: APD range %g to %g ms, allowed within %g to %g",
                       o->apd_min_ms, o->apd_max_ms, APD_LEAST_MS, APD_MOST_MS);
    if (!(o->slope_sd_ms > 0 && isfinite(o->slope_sd_ms)))
        return gm_fail(GM_EINVAL, "T wave: slope_sd = %g ms, allowed above 0", o->slope_sd_ms);
    if (!(o->n_starts >= 1 && o->n_starts <= MOST_STARTS))
        return gm_fail(GM_EINVAL, "T wave: %zu starts, allowed 1 to %d", o->n_starts, MOST_STARTS);
    return GM_OK;
}

gm_status gm_repolarise_check(const gm_repolariser *r, const gm_repolarise_input *in)
{
    if (!(in->amplitude > 0 && isfinite(in->amplitude)))
        return gm_fail(GM_EINVAL, "T wave: amplitude %g, allowed above 0", in->amplitude);
    if (in->field && in->field->n_nodes != r->n_nodes)
        return gm_fail(GM_EINVAL, "T wave: lead field of %zu nodes for a mesh of %zu",
                       in->field->n_nodes, r->n_nodes);
    if (in->n_starts > MOST_STARTS)
        return gm_fail(GM_EINVAL, "T wave: %zu starts, allowed up to %d", in->n_starts,
                       MOST_STARTS);
    const gm_apd *g = in->guess;
    if (g && !(g->min_ms > 0 && g->min_ms <= g->max_ms && isfinite(g->max_ms) &&
               isfinite(g->g_ab + g->g_aprt + g->g_rvlv + g->g_tm)))
        return gm_fail(GM_EINVAL, "T wave: the guess has APD %g to %g ms", g->min_ms, g->max_ms);
    for (size_t i = 0; i < r->n_nodes; i++)
        if (isfinite(in->tau_ms[i])) return GM_OK;
    return gm_fail(GM_EINVAL, "T wave: no node of the mesh is activated");
}

static gm_status fill_basis(gm_repolariser *r, gm_heart_case *c, gm_threads *threads)
{
    const gm_heart_coordinates *x;
    GM_TRY(gm_heart_case_coordinates(c, threads, &x));
    for (int b = 0; b < GM_APD_TERMS; b++) {
        r->basis[b] = gm_alloc_aligned(r->n_nodes, sizeof *r->basis[b]);
        if (!r->basis[b]) return gm_fail(GM_ENOMEM, "T wave: no memory for %zu nodes", r->n_nodes);
    }
    for (size_t i = 0; i < r->n_nodes; i++) {
        r->basis[0][i] = (float)x->ab[i];
        r->basis[1][i] = (float)gm_heart_aprt(x->rt[i]);
        r->basis[2][i] = (float)x->rvlv[i];
        r->basis[3][i] = (float)x->tm[i];
        for (int b = 0; b < GM_APD_TERMS; b++)
            r->centre[b] += (double)r->basis[b][i] / (double)r->n_nodes;
    }
    return GM_OK;
}

static bool window_of(gm_repolariser *r, const gm_heart_target *t, size_t *first)
{
    bool any = isfinite(t->t.on_ms) || isfinite(t->t.peak_ms) || isfinite(t->t.off_ms);
    if (!any || !isfinite(t->qrs.off_ms)) return false;
    double from = ceil(fmax(0, t->qrs.off_ms + GM_T_AFTER_QRS_MS) / t->step_ms);
    double to = (double)(t->n - 1);
    if (isfinite(t->t.off_ms)) to = fmin(to, floor((t->t.off_ms + GM_T_AFTER_T_MS) / t->step_ms));
    if (!(to - from + 1 >= FEWEST_SAMPLES)) return false;
    *first = (size_t)from;
    r->window = (gm_samples){from * t->step_ms, t->step_ms, (size_t)(to - from) + 1};
    double off = isfinite(t->t.off_ms) ? t->t.off_ms : to * t->step_ms;
    double peak = isfinite(t->t.peak_ms) ? t->t.peak_ms : (from * t->step_ms + off) / 2;
    double on = isfinite(t->t.on_ms) ? t->t.on_ms : peak - T_HALF_MS;
    r->t_on_ms = fmin(on, peak) - r->shape.t_on_ms;
    r->t_peak_ms = peak - r->shape.t_on_ms;
    r->t_off_ms = fmax(off, peak) - r->shape.t_on_ms;
    return true;
}

static gm_status fill_measured(gm_repolariser *r, const gm_heart_target *t, size_t first)
{
    size_t n = r->window.n;
    r->measured_mv = gm_calloc(n * GM_N_INDEPENDENT, sizeof *r->measured_mv);
    if (!r->measured_mv) return gm_fail(GM_ENOMEM, "T wave: no memory");
    for (int l = 0; l < GM_N_INDEPENDENT; l++) {
        const double *lead = t->mv + (size_t)gm_independent_lead[l] * t->n + first;
        double square = 0, noise = t->noise_mv[gm_independent_lead[l]];
        for (size_t i = 0; i < n; i++)
            square += lead[i] * lead[i] / (double)n;
        if (!isfinite(noise) || !isfinite(square)) continue;
        for (size_t i = 0; i < n; i++)
            r->measured_mv[i * GM_N_INDEPENDENT + (size_t)l] = lead[i];
        double model = GM_T_MODEL_ERROR * sqrt(square);
        r->weight[l] = 1 / sqrt(noise * noise + model * model + 1e-12);
        r->n_known++;
    }
    if (r->n_known) return GM_OK;
    return gm_fail(GM_EINVAL, "T wave: no lead is known from %.0f to %.0f ms", r->window.first_ms,
                   r->window.first_ms + (double)(n - 1) * r->window.step_ms);
}

/* Activation and repolarisation as two beats of steps that end in 1. Times outside the samples by more
 * than the template's reach change nothing, so they bound the bins. */
static gm_status create_beats(const gm_repolariser *r, const gm_lead_field *field,
                              gm_samples samples, gm_beat **up, gm_beat **down)
{
    gm_heart_template steep = r->shape, slow = r->shape;
    slow.eps_up_ms = 2 * r->shape.w_rep_ms;
    double first = samples.first_ms - r->shape.t_on_ms;
    double last = first + samples.step_ms * (double)(samples.n - 1);
    double reach = UP_REACH * steep.eps_up_ms;
    *up = *down = NULL;
    GM_TRY(gm_beat_create(up, field, &steep, samples,
                          (gm_beat_range){first - reach, last + reach, 0, 0}));
    reach = DOWN_REACH * r->shape.w_rep_ms;
    return gm_beat_create(down, field, &slow, samples,
                          (gm_beat_range){first - reach, last + reach, 0, 0});
}

/* d APD_i / d state = 1 and the centred coordinates, in the layout of the beat's derivative. */
static void fill_rows(const gm_repolariser *r, gm_beat_gradient *g)
{
    memset(g->dtau, 0, r->n_nodes * g->n_padded * sizeof *g->dtau);
    for (size_t i = 0; i < r->n_nodes; i++) {
        float *row = g->dtau + i * g->n_padded;
        row[MEAN] = 1;
        for (int b = 0; b < GM_APD_TERMS; b++)
            row[FIRST_SLOPE + b] = (float)((double)r->basis[b][i] - r->centre[b]);
    }
}

static gm_status worker_create(const gm_repolariser *r, repolarise_worker *w)
{
    size_t samples = r->window.n * GM_N_INDEPENDENT;
    w->r = r;
    GM_TRY(create_beats(r, r->field, r->window, &w->up, &w->down));
    GM_TRY(gm_beat_scratch_create(&w->up_scratch, w->up, 1));
    GM_TRY(gm_beat_scratch_create(&w->down_scratch, w->down, 1));
    GM_TRY(gm_beat_gradient_create(&w->gradient, w->down, N_STATE));
    fill_rows(r, w->gradient);
    w->repolarised_ms = gm_alloc_aligned(r->n_nodes, sizeof *w->repolarised_ms);
    w->fixed_mv = gm_calloc(samples, sizeof *w->fixed_mv);
    w->ecg_mv = gm_calloc(samples, sizeof *w->ecg_mv);
    w->decg = gm_alloc_aligned(samples * w->gradient->n_padded, sizeof *w->decg);
    if (!w->repolarised_ms || !w->fixed_mv || !w->ecg_mv || !w->decg)
        return gm_fail(GM_ENOMEM, "T wave: no memory for %zu nodes", r->n_nodes);
    w->problem = gm_repolarise_problem(w);
    return gm_refine_work_create(&w->refine, &w->problem);
}

static void worker_free(repolarise_worker *w)
{
    gm_beat_destroy(w->up);
    gm_beat_destroy(w->down);
    gm_beat_scratch_destroy(w->up_scratch);
    gm_beat_scratch_destroy(w->down_scratch);
    gm_beat_gradient_destroy(w->gradient);
    gm_refine_work_destroy(w->refine);
    gm_free(w->repolarised_ms);
    gm_free(w->fixed_mv);
    gm_free(w->ecg_mv);
    gm_free(w->decg);
}

static gm_status build(gm_repolariser *r, gm_heart_case *c, const gm_heart_target *target,
                       gm_threads *threads)
{
    size_t first = 0;
    r->has_t_wave = window_of(r, target, &first);
    if (!r->field) {
        GM_TRY(gm_lead_field_create(&r->own_field, c->mesh, &c->conductivity, c->electrodes_mm));
        r->field = r->own_field;
    }
    if (!r->has_t_wave) return GM_OK;
    GM_TRY(fill_measured(r, target, first));
    GM_TRY(fill_basis(r, c, threads));
    GM_TRY(gm_sobol_create(&r->sobol, N_STATE, 0));
    r->workers = gm_calloc(r->n_workers, sizeof *r->workers);
    if (!r->workers) return gm_fail(GM_ENOMEM, "T wave: no memory");
    for (unsigned w = 0; w < r->n_workers; w++)
        GM_TRY(worker_create(r, &r->workers[w]));
    return GM_OK;
}

gm_status gm_repolariser_create(gm_repolariser **out, gm_heart_case *c,
                                const gm_heart_target *target, const gm_repolarise_options *options,
                                const gm_lead_field *field, gm_threads *threads, unsigned n_workers)
{
    *out = NULL;
    GM_TRY(check_options(options, &c->shape));
    if (field && field->n_nodes != c->mesh->n_nodes)
        return gm_fail(GM_EINVAL, "T wave: lead field of %zu nodes for a mesh of %zu",
                       field->n_nodes, c->mesh->n_nodes);
    gm_repolariser *r = gm_calloc(1, sizeof *r);
    if (!r) return gm_fail(GM_ENOMEM, "T wave: no memory");
    r->c = c;
    r->options = *options;
    r->shape = c->shape;
    if (options->w_rep_ms > 0) r->shape.w_rep_ms = options->w_rep_ms;
    r->field = field;
    r->n_nodes = c->mesh->n_nodes;
    r->n_workers = n_workers ? n_workers : 1;
    r->beat = (gm_samples){0, target->step_ms, target->n};
    gm_status s = build(r, c, target, threads);
    if (s != GM_OK) {
        gm_repolariser_destroy(r);
        return s;
    }
    *out = r;
    return GM_OK;
}

void gm_repolariser_destroy(gm_repolariser *r)
{
    if (!r) return;
    for (unsigned w = 0; r->workers && w < r->n_workers; w++)
        worker_free(&r->workers[w]);
    gm_free(r->workers);
    for (int b = 0; b < GM_APD_TERMS; b++)
        gm_free(r->basis[b]);
    gm_free(r->measured_mv);
    gm_sobol_destroy(r->sobol);
    gm_lead_field_destroy(r->own_field);
    gm_free(r);
}

/* ---- the whole beat ----------------------------------------------------------------------------------- */

void gm_repolariser_apd_field(const gm_repolariser *r, const gm_apd *apd, float *apd_ms)
{
    gm_apd_gradient g = {.gain = {apd->g_ab, apd->g_aprt, apd->g_rvlv, apd->g_tm},
                         .min_ms = apd->min_ms,
                         .max_ms = apd->max_ms};
    memcpy(g.basis, r->basis, sizeof r->basis);
    if (r->basis[GM_APD_TERMS - 1]) {
        gm_apd_gradient_field(&g, r->n_nodes, NULL, apd_ms);
        return;
    }
    for (size_t i = 0; i < r->n_nodes; i++) /* no T wave, no coordinates */
        apd_ms[i] = (float)(0.5 * (apd->min_ms + apd->max_ms));
}

/* Adds factor times one beat of steps to [12][n]. */
static gm_status add_beat(const gm_beat *beat, gm_samples samples, const float *times_ms,
                          double factor, double *ecg_mv)
{
    gm_beat_scratch *scratch = NULL;
    double(*eight)[GM_N_INDEPENDENT] = gm_calloc(samples.n, sizeof *eight);
    gm_status s =
        eight ? gm_beat_scratch_create(&scratch, beat, 1) : gm_fail(GM_ENOMEM, "T wave: no memory");
    if (s == GM_OK) gm_beat_ecg(beat, times_ms, NULL, scratch, NULL, eight[0]);
    for (size_t i = 0; i < samples.n && s == GM_OK; i++) {
        double twelve[12];
        gm_leads_expand(eight[i], twelve);
        for (size_t l = 0; l < 12; l++)
            ecg_mv[l * samples.n + i] += factor * twelve[l];
    }
    gm_beat_scratch_destroy(scratch);
    gm_free(eight);
    return s;
}

gm_status gm_repolariser_ecg(const gm_repolariser *r, const gm_repolarise_input *in,
                             const gm_apd *apd, double *ecg_mv)
{
    GM_TRY(gm_repolarise_check(r, in));
    gm_beat *up = NULL, *down = NULL;
    float *times = gm_alloc_aligned(r->n_nodes, sizeof *times);
    gm_status s = times ? create_beats(r, in->field ? in->field : r->field, r->beat, &up, &down)
                        : gm_fail(GM_ENOMEM, "T wave: no memory for %zu nodes", r->n_nodes);
    memset(ecg_mv, 0, 12 * r->beat.n * sizeof *ecg_mv);
    if (s == GM_OK) s = add_beat(up, r->beat, in->tau_ms, in->amplitude, ecg_mv);
    if (s == GM_OK && apd) {
        gm_repolariser_apd_field(r, apd, times);
        for (size_t i = 0; i < r->n_nodes; i++)
            times[i] += in->tau_ms[i];
        s = add_beat(down, r->beat, times, -in->amplitude, ecg_mv);
    }
    gm_beat_destroy(up);
    gm_beat_destroy(down);
    gm_free(times);
    return s;
}

/* ---- choice of w_rep ------------------------------------------------------------------------------------ */

typedef struct {
    gm_repolariser *const *with; /* [n] one a candidate */
    const gm_repolarise_input *in;
    gm_repolarisation *found; /* [n] */
    gm_status *status;        /* [n] */
} choose_job;

static void fit_candidate(void *context, size_t k, unsigned worker)
{
    (void)worker;
    const choose_job *job = context;
    job->status[k] = gm_repolarise(job->with[k], 0, job->in, &job->found[k]);
}

static gm_status choose(const choose_job *job, const double candidates_ms[], size_t n,
                        gm_threads *threads, double misfit[], double *w_rep_ms)
{
    gm_threads_for(threads, n, 1, fit_candidate, (void *)job);
    *w_rep_ms = candidates_ms[0];
    double least = INFINITY;
    for (size_t k = 0; k < n; k++) {
        if (job->status[k] != GM_OK)
            return gm_fail(job->status[k], "T wave: no fit with w_rep = %g ms", candidates_ms[k]);
        if (misfit) misfit[k] = job->found[k].has_t_wave ? job->found[k].misfit : NAN;
        if (!job->found[k].has_t_wave || !(job->found[k].misfit < least)) continue;
        least = job->found[k].misfit;
        *w_rep_ms = candidates_ms[k];
    }
    return GM_OK;
}

enum { MOST_CANDIDATES = 32 };

gm_status gm_repolarise_choose_w_rep(double *w_rep_ms, gm_heart_case *c,
                                     const gm_heart_target *target,
                                     const gm_repolarise_options *options,
                                     const gm_repolarise_input *in, const double candidates_ms[],
                                     size_t n, double misfit[], gm_threads *threads)
{
    if (!(n >= 1 && n <= MOST_CANDIDATES))
        return gm_fail(GM_EINVAL, "T wave: %zu values of w_rep, allowed 1 to %d", n,
                       MOST_CANDIDATES);
    gm_repolariser *with[MOST_CANDIDATES] = {NULL};
    gm_repolarisation found[MOST_CANDIDATES];
    gm_status status[MOST_CANDIDATES], s = GM_OK;
    const gm_lead_field *field = in->field;
    for (size_t k = 0; k < n && s == GM_OK; k++) {
        gm_repolarise_options o = *options;
        o.w_rep_ms = candidates_ms[k];
        if (!(o.w_rep_ms > 0))
            s = gm_fail(GM_EINVAL, "T wave: w_rep = %g ms, allowed 1 to 100", o.w_rep_ms);
        else
            s = gm_repolariser_create(&with[k], c, target, &o, field, threads, 1);
        if (s == GM_OK && !field) field = with[0]->field;
    }
    choose_job job = {with, in, found, status};
    if (s == GM_OK) s = choose(&job, candidates_ms, n, threads, misfit, w_rep_ms);
    for (size_t k = n; k-- > 0;)
        gm_repolariser_destroy(with[k]);
    return s;
}
