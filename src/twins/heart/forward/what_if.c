#include "heart/forward/what_if.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "ecg/waveform.h"
#include "heart/case/sources.h"
#include "heart/forward/eikonal.h"

static const double SHORTEST_APD = 3.5; /* in w_rep, see beat.h */
static const double QRS_THRESHOLD = 0.02, QRS_MARGIN_WIDTHS = 5;
enum { TILE = 4096 };

struct gm_what_if {
    gm_heart_case *c;
    size_t n_nodes, n_sites;
    gm_samples samples;
    float *arrival;   /* [n_sites][n_nodes] from each site alone, onset 0 */
    double *onset_ms; /* [n_sites] */
    float *tau, *apd; /* [n_nodes] of the evaluation; apd NULL: nothing repolarises */
    double *apd_ms;   /* [n_nodes] without shift; NULL: nothing repolarises */
    double apd_min_ms;
    gm_beat *beat;
    double shortest_apd_ms; /* that the beat allows */
    gm_beat_scratch *scratch;
    unsigned n_threads; /* of scratch */
    double *eight_mv;   /* [samples.n][8] */
};

gm_heart_change gm_heart_change_none(void)
{
    return (gm_heart_change){.speed_factor = 1};
}

gm_status gm_heart_change_check(const gm_heart_change *change, size_t n_sites)
{
    double f = change->speed_factor, d = change->apd_shift_ms;
    if (!(f >= GM_WHAT_IF_MIN_FACTOR && f <= GM_WHAT_IF_MAX_FACTOR))
        return gm_fail(GM_EINVAL, "speed factor %g; allowed are %g to %g", f, GM_WHAT_IF_MIN_FACTOR,
                       GM_WHAT_IF_MAX_FACTOR);
    if (!(fabs(d) <= GM_WHAT_IF_MOST_APD_MS))
        return gm_fail(GM_EINVAL, "action potentials longer by %g ms; allowed are -%g to %g ms", d,
                       GM_WHAT_IF_MOST_APD_MS, GM_WHAT_IF_MOST_APD_MS);
    for (size_t k = 0; k < n_sites && change->shift_ms; k++)
        if (!(fabs(change->shift_ms[k]) <= GM_WHAT_IF_MOST_SHIFT_MS))
            return gm_fail(GM_EINVAL, "site %zu later by %g ms; allowed are -%g to %g ms", k + 1,
                           change->shift_ms[k], GM_WHAT_IF_MOST_SHIFT_MS, GM_WHAT_IF_MOST_SHIFT_MS);
    return GM_OK;
}

/* ---- making ------------------------------------------------------------------------------------- */

static gm_status solve_sites(gm_what_if *w, const gm_heart_params *p, gm_source *sources,
                             const gm_eikonal *e, const gm_ignition *ignition, gm_threads *threads)
{
    gm_conduction speeds = gm_heart_params_conduction(p);
    gm_seed seeds[GM_IGNITION_NODES];
    gm_eikonal_scratch *scratch;
    GM_TRY(gm_eikonal_scratch_create(&scratch, e, gm_threads_count(threads)));
    gm_status s = GM_OK;
    for (size_t k = 0; k < w->n_sites && s == GM_OK; k++) {
        w->onset_ms[k] = sources[k].onset_ms;
        sources[k].onset_ms = 0;
        size_t n = sources[k].node >= 0
                       ? gm_source_seeds(&sources[k], w->c->mesh, w->c->fast, &speeds, seeds)
                       : gm_source_ignite(&sources[k], ignition, &speeds, seeds);
        s = gm_eikonal_solve(e, &speeds, seeds, n, scratch, threads, w->arrival + k * w->n_nodes);
    }
    gm_eikonal_scratch_destroy(scratch);
    return s;
}

static gm_status make_arrivals(gm_what_if *w, const gm_heart_params *p, gm_threads *threads)
{
    gm_source *sources = gm_calloc(w->n_sites, sizeof *sources);
    gm_eikonal *e = NULL;
    gm_ignition *ignition = NULL;
    gm_status s = sources ? GM_OK : gm_fail(GM_ENOMEM, "what-if: no memory");
    if (s == GM_OK) s = gm_heart_params_resolve(p, w->c, threads, "what-if", sources, NULL);
    if (s == GM_OK) s = gm_eikonal_create(&e, w->c->mesh, w->c->fast);
    if (s == GM_OK) s = gm_ignition_create(&ignition, w->c->mesh, w->c->fast);
    if (s == GM_OK) s = solve_sites(w, p, sources, e, ignition, threads);
    gm_ignition_destroy(ignition);
    gm_eikonal_destroy(e);
    gm_free(sources);
    return s;
}

/* The range of times that any allowed change can lead to. */
static gm_beat_range range_of(const gm_what_if *w, const gm_heart_params *p)
{
    double first = INFINITY, longest = 0;
    for (size_t k = 0; k < w->n_sites; k++)
        first = fmin(first, w->onset_ms[k]);
    for (size_t i = 0; i < w->n_nodes; i++) {
        double tau = INFINITY;
        for (size_t k = 0; k < w->n_sites; k++)
            tau = fmin(tau, w->onset_ms[k] + (double)w->arrival[k * w->n_nodes + i]);
        if (isfinite(tau)) longest = fmax(longest, tau - first);
    }
    gm_beat_range r = {first - GM_WHAT_IF_MOST_SHIFT_MS,
                       first + GM_WHAT_IF_MOST_SHIFT_MS + longest / GM_WHAT_IF_MIN_FACTOR, 0, 0};
    if (p->has_apd) {
        r.apd_min_ms =
            fmax(SHORTEST_APD * w->c->shape.w_rep_ms, p->apd.min_ms - GM_WHAT_IF_MOST_APD_MS);
        r.apd_max_ms = p->apd.max_ms + GM_WHAT_IF_MOST_APD_MS;
    }
    return r;
}

static gm_status make_beat(gm_what_if *w, const gm_heart_params *p, gm_threads *threads)
{
    gm_lead_field *field;
    GM_TRY(gm_lead_field_create(&field, w->c->mesh, &w->c->conductivity,
                                (const double(*)[3])w->c->electrodes_mm));
    gm_beat_range range = range_of(w, p);
    w->shortest_apd_ms = range.apd_min_ms, w->apd_min_ms = p->apd.min_ms;
    gm_status s = gm_beat_create(&w->beat, field, &w->c->shape, w->samples, range);
    gm_lead_field_destroy(field);
    w->n_threads = gm_threads_count(threads);
    return s == GM_OK ? gm_beat_scratch_create(&w->scratch, w->beat, w->n_threads) : s;
}

static gm_status make(gm_what_if *w, const gm_heart_params *p, gm_threads *threads)
{
    w->arrival = gm_calloc(w->n_sites * w->n_nodes, sizeof *w->arrival);
    w->onset_ms = gm_calloc(w->n_sites, sizeof *w->onset_ms);
    w->tau = gm_calloc(w->n_nodes, sizeof *w->tau);
    w->eight_mv = gm_calloc(w->samples.n * GM_N_INDEPENDENT, sizeof *w->eight_mv);
    bool lost = !w->arrival || !w->onset_ms || !w->tau || !w->eight_mv;
    if (p->has_apd) {
        w->apd = gm_calloc(w->n_nodes, sizeof *w->apd);
        w->apd_ms = gm_calloc(w->n_nodes, sizeof *w->apd_ms);
        lost |= !w->apd || !w->apd_ms;
    }
    if (lost) return gm_fail(GM_ENOMEM, "what-if: no memory for %zu nodes", w->n_nodes);
    GM_TRY(make_arrivals(w, p, threads));
    if (w->apd_ms) GM_TRY(gm_heart_apd_field(&p->apd, w->c, threads, w->apd_ms));
    return make_beat(w, p, threads);
}

gm_status gm_what_if_create(gm_what_if **out, gm_heart_case *c, const gm_heart_params *params,
                            gm_samples samples, gm_threads *threads)
{
    *out = NULL;
    gm_what_if *w = gm_calloc(1, sizeof *w);
    if (!w) return gm_fail(GM_ENOMEM, "what-if: no memory");
    w->c = c, w->samples = samples;
    w->n_nodes = c->mesh->n_nodes, w->n_sites = params->n_sites;
    gm_status s = make(w, params, threads);
    if (s != GM_OK) {
        gm_what_if_destroy(w);
        return s;
    }
    *out = w;
    return GM_OK;
}

void gm_what_if_destroy(gm_what_if *w)
{
    if (!w) return;
    gm_beat_scratch_destroy(w->scratch);
    gm_beat_destroy(w->beat);
    gm_free(w->arrival);
    gm_free(w->onset_ms);
    gm_free(w->tau);
    gm_free(w->apd);
    gm_free(w->apd_ms);
    gm_free(w->eight_mv);
    gm_free(w);
}

/* ---- asking ------------------------------------------------------------------------------------- */

typedef struct {
    gm_what_if *w;
    const gm_heart_change *change;
} question;

/* The earliest wave at nodes first .. last - 1. */
static void reach(void *context, size_t first, size_t last, unsigned worker)
{
    const question *q = context;
    gm_what_if *w = q->w;
    float slowness = (float)(1 / q->change->speed_factor);
    (void)worker;
    for (size_t k = 0; k < w->n_sites; k++) {
        const float *a = w->arrival + k * w->n_nodes;
        float onset = (float)(w->onset_ms[k] + (q->change->shift_ms ? q->change->shift_ms[k] : 0));
        for (size_t i = first; i < last; i++) {
            float t = onset + a[i] * slowness;
            w->tau[i] = k == 0 || t < w->tau[i] ? t : w->tau[i];
        }
    }
    for (size_t i = first; i < last && w->apd; i++)
        w->apd[i] = (float)(w->apd_ms[i] + q->change->apd_shift_ms);
}

static double rms_of_leads(const double *eight)
{
    double sum = 0;
    for (size_t l = 0; l < GM_N_INDEPENDENT; l++)
        sum += eight[l] * eight[l];
    return sqrt(sum / GM_N_INDEPENDENT);
}

static double qrs_ms(const gm_what_if *w, const gm_what_if_facts *f)
{
    double margin_ms = QRS_MARGIN_WIDTHS * w->c->shape.eps_up_ms, most = 0;
    double from_ms = w->c->shape.t_on_ms + f->first_ms - margin_ms;
    double to_ms = w->c->shape.t_on_ms + f->last_ms + margin_ms, on_ms = NAN, off_ms = NAN;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < w->samples.n; i++) {
            double t_ms = w->samples.first_ms + (double)i * w->samples.step_ms;
            if (t_ms < from_ms || t_ms > to_ms) continue;
            double rms = rms_of_leads(&w->eight_mv[i * GM_N_INDEPENDENT]);
            if (pass == 0) {
                most = fmax(most, rms);
            } else if (rms > QRS_THRESHOLD * most) {
                if (isnan(on_ms)) on_ms = t_ms;
                off_ms = t_ms;
            }
        }
    return off_ms - on_ms;
}

gm_status gm_what_if_ecg(gm_what_if *w, const gm_heart_change *change, gm_threads *threads,
                         double *twelve_mv, float *tau_ms, gm_what_if_facts *facts)
{
    question q = {w, change};
    GM_TRY(gm_heart_change_check(change, w->n_sites));
    if (w->apd_ms && w->apd_min_ms + change->apd_shift_ms < w->shortest_apd_ms)
        return gm_fail(
            GM_EINVAL,
            "action potentials longer by %g ms: the shortest would last %.0f ms; %.0f ms is the "
            "least for a repolarisation of this width",
            change->apd_shift_ms, w->apd_min_ms + change->apd_shift_ms, w->shortest_apd_ms);
    if (gm_threads_count(threads) > w->n_threads)
        return gm_fail(GM_EINVAL, "what-if: made for %u threads, not %u", w->n_threads,
                       gm_threads_count(threads));
    gm_threads_ranges(threads, w->n_nodes, TILE, reach, &q);
    gm_beat_ecg(w->beat, w->tau, w->apd, w->scratch, threads, w->eight_mv);
    for (size_t i = 0; i < w->samples.n; i++)
        gm_leads_expand(&w->eight_mv[i * GM_N_INDEPENDENT], &twelve_mv[i * GM_N_LEADS]);
    if (tau_ms) memcpy(tau_ms, w->tau, w->n_nodes * sizeof *tau_ms);
    facts->first_ms = INFINITY, facts->last_ms = -INFINITY;
    for (size_t i = 0; i < w->n_nodes; i++) {
        facts->first_ms = fmin(facts->first_ms, (double)w->tau[i]);
        facts->last_ms = fmax(facts->last_ms, (double)w->tau[i]);
    }
    facts->qrs_ms = qrs_ms(w, facts);
    return GM_OK;
}
