/* repolarise_search.c - the five unknowns of repolarisation as a fit problem, and its search. */
#include <math.h>
#include <string.h>

#include "core/rng.h"
#include "fit/dense.h"
#include "heart/fit/repolarise_internal.h"

enum { KEPT = 3, QUICK_EVALUATIONS = 16, DEEP_EVALUATIONS = 90 };
static const double START_SLOPE_MS = 70;                   /* half width of the starts' box */
static const double STEP_MEAN_MS = 40, STEP_SLOPE_MS = 60; /* most in one step */
static const double BOUND_SD_MS = 0.2; /* how softly a bound is met; the answer is clipped to it */
static const double FLAT_MS = 1;       /* range of APD below which its shape means nothing */
static const double SAME_MISFIT = 1e-3;
static const double state_scale[N_STATE] = {10, 10, 10, 10, 10};

/* ---- the five unknowns ----------------------------------------------------------------------------- */

typedef struct {
    double low, high;
    size_t at_low, at_high; /* nodes */
} apd_range;

static double apd_at(const repolarise_worker *w, const double state[], size_t i)
{
    const float *row = w->gradient->dtau + i * w->gradient->n_padded;
    double apd = state[MEAN];
    for (int c = 0; c < GM_APD_TERMS; c++)
        apd += state[FIRST_SLOPE + c] * (double)row[FIRST_SLOPE + c];
    return apd;
}

static apd_range range_of(const repolarise_worker *w, const double state[])
{
    apd_range range = {INFINITY, -INFINITY, 0, 0};
    for (size_t i = 0; i < w->r->n_nodes; i++) {
        double apd = apd_at(w, state, i);
        if (apd < range.low) range.low = apd, range.at_low = i;
        if (apd > range.high) range.high = apd, range.at_high = i;
    }
    return range;
}

/* The same map with its range squeezed into the allowed one. */
static void clip_state(const repolarise_worker *w, double state[])
{
    const gm_repolarise_options *o = &w->r->options;
    apd_range range = range_of(w, state);
    if (range.low >= o->apd_min_ms && range.high <= o->apd_max_ms) return;
    double low = fmin(fmax(range.low, o->apd_min_ms), o->apd_max_ms);
    double high = fmax(fmin(range.high, o->apd_max_ms), o->apd_min_ms);
    double width = range.high - range.low, factor = width > 0 ? (high - low) / width : 0;
    state[MEAN] = low + factor * (state[MEAN] - range.low);
    for (int c = 0; c < GM_APD_TERMS; c++)
        state[FIRST_SLOPE + c] *= factor;
}

static gm_apd apd_of_state(const repolarise_worker *w, const double state[])
{
    apd_range range = range_of(w, state);
    double largest = 0, g[GM_APD_TERMS];
    for (int c = 0; c < GM_APD_TERMS; c++)
        largest = fmax(largest, fabs(state[FIRST_SLOPE + c]));
    bool flat = !(range.high - range.low >= FLAT_MS);
    for (int c = 0; c < GM_APD_TERMS; c++)
        g[c] = flat ? 0 : state[FIRST_SLOPE + c] / largest;
    const gm_repolarise_options *o = &w->r->options;
    double low = fmin(fmax(range.low, o->apd_min_ms), o->apd_max_ms); /* rounding */
    double high = fmax(fmin(range.high, o->apd_max_ms), low);
    return (gm_apd){low, high, g[0], g[1], g[2], g[3]};
}

static void state_of_apd(const repolarise_worker *w, const gm_apd *apd, double state[])
{
    const double g[GM_APD_TERMS] = {apd->g_ab, apd->g_aprt, apd->g_rvlv, apd->g_tm};
    state[MEAN] = 0;
    memcpy(state + FIRST_SLOPE, g, sizeof g);
    apd_range range = range_of(w, state);
    double width = range.high - range.low, span = apd->max_ms - apd->min_ms;
    double factor = width > 1e-6 ? span / width : 0;
    state[MEAN] = width > 1e-6 ? apd->min_ms - factor * range.low : apd->min_ms + span / 2;
    for (int c = 0; c < GM_APD_TERMS; c++)
        state[FIRST_SLOPE + c] *= factor;
}

/* ---- the problem ----------------------------------------------------------------------------------- */

static void repolarise_at(repolarise_worker *w, const double state[])
{
    for (size_t i = 0; i < w->r->n_nodes; i++)
        w->repolarised_ms[i] = w->tau_ms[i] + (float)apd_at(w, state, i);
    gm_beat_ecg(w->down, w->repolarised_ms, NULL, w->down_scratch, NULL, w->ecg_mv);
}

static void fill_residuals(const repolarise_worker *w, double residuals[])
{
    const gm_repolariser *r = w->r;
    for (size_t i = 0; i < w->problem.n_residuals; i++)
        residuals[i] = (w->amplitude * (w->fixed_mv[i] - w->ecg_mv[i]) - r->measured_mv[i]) *
                       r->weight[i % GM_N_INDEPENDENT];
}

static gm_status evaluate(void *self, unsigned worker, const double state[], double residuals[])
{
    (void)worker;
    repolarise_worker *w = self;
    repolarise_at(w, state);
    fill_residuals(w, residuals);
    return GM_OK;
}

static gm_status jacobian(void *self, unsigned worker, const double state[], double residuals[],
                          double out[])
{
    repolarise_worker *w = self;
    GM_TRY(evaluate(self, worker, state, residuals));
    gm_beat_ecg_gradient(w->down, w->repolarised_ms, w->gradient, w->decg);
    for (size_t i = 0; i < w->problem.n_residuals; i++) {
        double factor = -w->amplitude * w->r->weight[i % GM_N_INDEPENDENT];
        const float *row = w->decg + i * w->gradient->n_padded;
        for (size_t p = 0; p < N_STATE; p++)
            out[i * N_STATE + p] = factor * (double)row[p];
    }
    return GM_OK;
}

/* How far the state lies beyond each bound, ms (0: within), and along which derivative it does so. */
static void beyond_bounds(const repolarise_worker *w, const double state[], double by_ms[N_BOUNDS],
                          const float *row[N_BOUNDS])
{
    static const float of_mean[N_STATE] = {1};
    const gm_repolarise_options *o = &w->r->options;
    apd_range range = range_of(w, state);
    by_ms[0] = fmax(0, o->apd_min_ms - range.low);
    by_ms[1] = fmax(0, range.high - o->apd_max_ms);
    by_ms[2] = fmax(0, w->mean_low_ms - state[MEAN]);
    by_ms[3] = fmax(0, state[MEAN] - w->mean_high_ms);
    row[0] = w->gradient->dtau + range.at_low * w->gradient->n_padded;
    row[1] = w->gradient->dtau + range.at_high * w->gradient->n_padded;
    row[2] = row[3] = of_mean;
}

/* Slopes are small, and the map stays within its bounds. */
static gm_status prior(void *self, unsigned worker, const double state[], double residuals[],
                       double *jac)
{
    (void)worker;
    const repolarise_worker *w = self;
    double sd = w->r->options.slope_sd_ms, by_ms[N_BOUNDS];
    const float *row[N_BOUNDS];
    beyond_bounds(w, state, by_ms, row);
    for (int c = 0; c < GM_APD_TERMS; c++)
        residuals[c] = state[FIRST_SLOPE + c] / sd;
    for (int b = 0; b < N_BOUNDS; b++)
        residuals[GM_APD_TERMS + b] = by_ms[b] / BOUND_SD_MS;
    if (!jac) return GM_OK;
    memset(jac, 0, N_PRIOR * N_STATE * sizeof *jac);
    for (int c = 0; c < GM_APD_TERMS; c++)
        jac[c * N_STATE + FIRST_SLOPE + c] = 1 / sd;
    for (int b = 0; b < N_BOUNDS; b++)
        for (int p = 0; p < N_STATE && by_ms[b] > 0; p++)
            jac[(GM_APD_TERMS + b) * N_STATE + p] =
                (b % 2 ? 1 : -1) * (double)row[b][p] / BOUND_SD_MS;
    return GM_OK;
}

static void tangent_limits(void *self, unsigned worker, const double state[], double low[],
                           double high[])
{
    (void)self, (void)worker, (void)state;
    for (int p = 0; p < N_STATE; p++) {
        high[p] = p == MEAN ? STEP_MEAN_MS : STEP_SLOPE_MS;
        low[p] = -high[p];
    }
}

gm_fit_problem gm_repolarise_problem(repolarise_worker *w)
{
    return (gm_fit_problem){
        .self = w,
        .n_state = N_STATE,
        .n_tangent = N_STATE,
        .n_residuals = w->r->window.n * GM_N_INDEPENDENT,
        .n_prior = N_PRIOR,
        .temperature = 1,
        .tangent_scale = state_scale,
        .evaluation_cost = 1,
        .jacobian_cost = 2,
        .evaluate = evaluate,
        .jacobian = jacobian,
        .prior = prior,
        .tangent_limits = tangent_limits,
    };
}

/* ---- the search ------------------------------------------------------------------------------------ */

typedef struct {
    double state[N_STATE];
    gm_refine_result found;
} candidate;

/* Start 0 is flat; the others lie in a box about it, shifted as a whole by the seed (Cranley & Patterson
 * 1976, SIAM J. Numer. Anal. 13:904). */
static void propose(const repolarise_worker *w, const double shift[], size_t start, double state[])
{
    double u[N_STATE];
    gm_sobol_point(w->r->sobol, start, u);
    for (int p = 0; p < N_STATE; p++) {
        double x = u[p] + shift[p];
        x -= floor(x);
        state[p] = p == MEAN ? w->mean_low_ms + (w->mean_high_ms - w->mean_low_ms) * x
                             : START_SLOPE_MS * (2 * x - 1);
    }
    if (start == 0) {
        memset(state, 0, N_STATE * sizeof *state);
        state[MEAN] = w->mean_first_ms;
    }
    clip_state(w, state);
}

static bool is_better(const candidate *a, const candidate *b)
{
    return a->found.misfit < b->found.misfit;
}

static bool is_same(const candidate *a, const candidate *b)
{
    return fabs(a->found.misfit - b->found.misfit) <= SAME_MISFIT * b->found.misfit;
}

/* Into the list of the best, best first; a candidate like one there only takes its place if better. */
static void keep(candidate best[KEPT], size_t *n, const candidate *c)
{
    if (!isfinite(c->found.misfit)) return;
    size_t at = 0;
    while (at < *n && !is_same(c, &best[at]))
        at++;
    if (at < *n) {
        if (is_better(c, &best[at])) best[at] = *c;
        return;
    }
    if (*n == KEPT) {
        if (!is_better(c, &best[KEPT - 1])) return;
        *n = KEPT - 1;
    }
    for (at = *n; at > 0 && is_better(c, &best[at - 1]); at--)
        best[at] = best[at - 1];
    best[at] = *c;
    (*n)++;
}

static gm_status refine(repolarise_worker *w, size_t evaluations, candidate *c,
                        double hessian[N_STATE * N_STATE], gm_repolarisation *out)
{
    gm_refine_options o = gm_refine_defaults();
    o.method = GM_REFINE_LM;
    o.max_evaluations = evaluations;
    o.step_tolerance = 1e-5;
    o.misfit_tolerance = 1e-7;
    gm_status s = gm_refine(&w->problem, 0, &o, w->refine, c->state, hessian, &c->found);
    out->evaluations += c->found.evaluations;
    return s;
}

static gm_status quick_starts(repolarise_worker *w, const gm_repolarise_input *in,
                              candidate best[KEPT], size_t *n_best, gm_repolarisation *out)
{
    double shift[N_STATE];
    gm_rng rng = gm_rng_stream(in->seed, 0);
    for (int p = 0; p < N_STATE; p++)
        shift[p] = gm_rng_uniform(&rng);
    size_t n = in->n_starts ? in->n_starts : w->r->options.n_starts;
    for (size_t k = 0; k < n + (in->guess ? 1 : 0); k++) {
        candidate c = {0};
        if (k < n)
            propose(w, shift, k, c.state);
        else
            state_of_apd(w, in->guess, c.state);
        GM_TRY(refine(w, QUICK_EVALUATIONS, &c, NULL, out));
        keep(best, n_best, &c);
        out->n_starts++;
    }
    return GM_OK;
}

/* How much less than white noise the residuals know: those of a wrong model go together over some 4 w
 * (10 - 90 % of a repolarisation). */
static double temperature_of(const gm_repolariser *r, double data_misfit)
{
    double n = (double)(r->n_known * r->window.n);
    double length_ms = r->window.step_ms * (double)r->window.n;
    double independent = (double)r->n_known * fmax(1, length_ms / (4 * r->shape.w_rep_ms));
    double excess = fmax(0, data_misfit / n - 1);
    return 1 + excess * fmax(1, n / independent);
}

static gm_status refine_all(repolarise_worker *w, candidate best[], size_t n, candidate *answer,
                            gm_repolarisation *out)
{
    for (size_t k = 0; k < n; k++) {
        GM_TRY(refine(w, DEEP_EVALUATIONS, &best[k], NULL, out));
        if (k == 0 || is_better(&best[k], answer)) *answer = best[k];
    }
    return GM_OK;
}

/* Twice: what the best leaves says how little the residuals know, and then the prior has its say. */
static gm_status search(repolarise_worker *w, const gm_repolarise_input *in, candidate *answer,
                        double hessian[N_STATE * N_STATE], gm_repolarisation *out)
{
    candidate best[KEPT];
    size_t n_best = 0;
    w->problem.temperature = 1;
    GM_TRY(quick_starts(w, in, best, &n_best, out));
    if (n_best == 0)
        return gm_fail(GM_ENOCONV, "T wave: the model could not be evaluated at any start");
    GM_TRY(refine_all(w, best, n_best, answer, out));
    w->problem.temperature = temperature_of(w->r, answer->found.data_misfit);
    GM_TRY(refine_all(w, best, n_best, answer, out));
    for (size_t k = 0; k < n_best; k++)
        out->n_agree += is_same(&best[k], answer);
    return refine(w, DEEP_EVALUATIONS, answer, hessian, out);
}

/* ---- what is told of the answer --------------------------------------------------------------------- */

static double correlation(const double *x, const double *y, size_t n)
{
    double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
    for (size_t i = 0; i < n; i++)
        mx += x[i * GM_N_INDEPENDENT] / (double)n, my += y[i * GM_N_INDEPENDENT] / (double)n;
    for (size_t i = 0; i < n; i++) {
        double a = x[i * GM_N_INDEPENDENT] - mx, b = y[i * GM_N_INDEPENDENT] - my;
        xx += a * a, yy += b * b, xy += a * b;
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
}

static void judge_fit(repolarise_worker *w, const double state[], gm_repolarisation *out)
{
    const gm_repolariser *r = w->r;
    repolarise_at(w, state);
    out->misfit = 0;
    for (size_t i = 0; i < w->problem.n_residuals; i++) {
        w->ecg_mv[i] = w->amplitude * (w->fixed_mv[i] - w->ecg_mv[i]);
        double residual = (w->ecg_mv[i] - r->measured_mv[i]) * r->weight[i % GM_N_INDEPENDENT];
        out->misfit += residual * residual;
    }
    out->n_residuals = r->n_known * r->window.n;
    out->discrepancy = gm_fit_discrepancy_shown(out->misfit, out->n_residuals);
    out->correlation = 0;
    for (int l = 0; l < GM_N_INDEPENDENT; l++) {
        bool known = r->weight[l] > 0;
        out->lead_correlation[l] =
            known ? correlation(w->ecg_mv + l, r->measured_mv + l, r->window.n) : NAN;
        if (known) out->correlation += out->lead_correlation[l] / (double)r->n_known;
    }
}

/* Standard deviations from the inverse of the Gauss-Newton Hessian. */
static void fill_deviations(const double hessian[N_STATE * N_STATE], gm_repolarisation *out)
{
    double factor[N_STATE * N_STATE];
    memcpy(factor, hessian, sizeof factor);
    bool usable = gm_dense_cholesky(N_STATE, factor);
    for (int p = 0; p < N_STATE; p++) {
        double column[N_STATE] = {0};
        column[p] = 1;
        if (usable) gm_dense_solve_lower(N_STATE, factor, column);
        if (usable) gm_dense_solve_lower_transposed(N_STATE, factor, column);
        double sd = usable ? sqrt(column[p]) : NAN;
        if (p == MEAN)
            out->mean_sd_ms = sd;
        else
            out->slope_sd_ms[p - FIRST_SLOPE] = sd;
    }
}

static void describe(repolarise_worker *w, double state[], const double hessian[],
                     gm_repolarisation *out)
{
    const gm_repolarise_options *o = &w->r->options;
    apd_range range = range_of(w, state);
    out->at_min = range.low <= o->apd_min_ms + BOUND_SD_MS;
    out->at_max = range.high >= o->apd_max_ms - BOUND_SD_MS;
    clip_state(w, state);
    out->apd = apd_of_state(w, state);
    out->is_flat = out->apd.max_ms - out->apd.min_ms < FLAT_MS;
    out->mean_ms = state[MEAN];
    memcpy(out->slope_ms, state + FIRST_SLOPE, sizeof out->slope_ms);
    out->w_rep_ms = w->r->shape.w_rep_ms;
    fill_deviations(hessian, out);
    judge_fit(w, state, out);
}

/* The mean node repolarises while the T wave lasts: without this bound, a model that cannot make the T
 * wave is best off moving its own out of the window. */
static void bound_mean(repolarise_worker *w)
{
    const gm_repolariser *r = w->r;
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < r->n_nodes; i++)
        if (isfinite(w->tau_ms[i])) sum += (double)w->tau_ms[i], n++;
    double tau = sum / (double)n, low = r->options.apd_min_ms, high = r->options.apd_max_ms;
    w->mean_low_ms = fmin(fmax(r->t_on_ms - tau, low), high);
    w->mean_high_ms = fmin(fmax(r->t_off_ms - tau, low), high);
    w->mean_first_ms = fmin(fmax(r->t_peak_ms - tau, low), high);
}

static void bind(repolarise_worker *w, const gm_repolarise_input *in)
{
    const gm_lead_field *field = in->field ? in->field : w->r->field;
    gm_beat_set_field(w->up, field, &w->r->shape);
    gm_beat_set_field(w->down, field, &w->r->shape);
    w->tau_ms = in->tau_ms;
    w->amplitude = in->amplitude;
    bound_mean(w);
    gm_beat_ecg(w->up, in->tau_ms, NULL, w->up_scratch, NULL, w->fixed_mv);
}

gm_status gm_repolarise(gm_repolariser *r, unsigned worker, const gm_repolarise_input *in,
                        gm_repolarisation *out)
{
    *out = (gm_repolarisation){.w_rep_ms = r->shape.w_rep_ms, .correlation = NAN};
    if (worker >= r->n_workers)
        return gm_fail(GM_EINVAL, "T wave: worker %u, allowed 0 to %u", worker, r->n_workers - 1);
    GM_TRY(gm_repolarise_check(r, in));
    if (!r->has_t_wave) return GM_OK;
    repolarise_worker *w = &r->workers[worker];
    candidate answer = {0};
    double hessian[N_STATE * N_STATE] = {0};
    bind(w, in);
    GM_TRY(search(w, in, &answer, hessian, out));
    out->has_t_wave = true;
    describe(w, answer.state, hessian, out);
    return GM_OK;
}
