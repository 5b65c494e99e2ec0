/* coarse.c - where a search begins: configurations of candidate sites, compared by the minimum over
 * precomputed arrival fields at a hundredth of the price of an eikonal solve. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/fit/model.h"

/* Speeds of the fields; v_f is free, the refinement does the rest. */
static const double RATIOS[] = {0.33, 0.5}, LAYERS[] = {1, 2.5};
enum { N_RATIOS = 2, N_LAYERS = 2, CANDIDATES = 160, PROBES = 200, SWEEPS = 2, TRIALS = 16 };
enum { REDRAW_TRIALS = 60 };
static const double BEATS_A_SOLVE = 60; /* coarse beats that cost as much as one solve */

static gm_conduction grid_speeds(size_t k)
{
    return (gm_conduction){0.6, RATIOS[k % N_RATIOS], LAYERS[k / N_RATIOS]};
}

static gm_status make_probes(gm_heart_model *m)
{
    size_t n = m->c->mesh->n_nodes;
    m->n_probes = n < PROBES ? n : PROBES;
    m->probes_mm = gm_calloc(m->n_probes, sizeof *m->probes_mm);
    if (!m->probes_mm) return gm_fail(GM_ENOMEM, "coarse search: no memory");
    for (size_t i = 0; i < m->n_probes; i++)
        memcpy(m->probes_mm[i], m->c->mesh->nodes_mm[i * n / m->n_probes], sizeof *m->probes_mm);
    return GM_OK;
}

gm_status gm_coarse_create(gm_heart_model *m, const gm_heart_fit_options *o)
{
    int32_t nodes[CANDIDATES];
    GM_TRY(make_probes(m));
    m->n_candidates = gm_endo_spread(m->endo, nodes, CANDIDATES);
    if (m->n_candidates == 0) return gm_fail(GM_ENOMEM, "coarse search: no candidate sites");
    size_t layers = m->c->n_fast > 0 ? N_LAYERS : 1;
    m->fields = gm_calloc(N_RATIOS * layers, sizeof *m->fields);
    if (!m->fields) return gm_fail(GM_ENOMEM, "coarse search: no memory");
    for (; m->n_fields < N_RATIOS * layers; m->n_fields++) {
        gm_conduction speeds = grid_speeds(m->n_fields);
        GM_TRY(gm_fields_create(&m->fields[m->n_fields], m->eikonal, &speeds, nodes,
                                m->n_candidates, m->threads, o->progress, o->cache_folder,
                                m->c->geometry_hash));
    }
    return GM_OK;
}

/* ---- a configuration and its misfit ---------------------------------------------------------------- */

typedef struct {
    size_t set; /* of fields */
    double v_f; /* m/s */
    size_t n;
    int32_t site[GM_MOST_SITES];
    double onset_ms[GM_MOST_SITES];
    double misfit, amplitude;
} configuration;

typedef struct {
    const gm_fields *f;
    const configuration *c;
    const float *rest; /* [n_nodes] activation by other sites, or NULL */
} times_job;

static void times_of(void *context, size_t first, size_t n, float *tau, float *apd)
{
    (void)apd;
    const times_job *job = context;
    gm_fields_activation(job->f, job->c->site, job->c->onset_ms, job->c->n,
                         job->f->speeds.v_f_m_s / job->c->v_f, first, n, tau);
    for (size_t i = 0; job->rest && i < n; i++)
        tau[i] = job->rest[first + i] < tau[i] ? job->rest[first + i] : tau[i];
}

static void rate(gm_heart_model *m, unsigned worker, configuration *c, const float *rest)
{
    gm_model_worker *w = &m->workers[worker];
    times_job job = {m->fields[c->set], c, rest};
    gm_beat_ecg_from(m->beat, times_of, &job, false, w->beat, NULL, w->best);
    c->misfit = gm_model_misfit(m, w->best, &c->amplitude);
}

static double draw_onset(const gm_heart_model *m, gm_rng *rng)
{
    /* The earliest breakthroughs define QRS onset, the later ones follow within some 40 ms. */
    return m->onset_mean_ms - 14 + 40 * gm_rng_uniform(rng);
}

static void draw_site(const gm_heart_model *m, gm_rng *rng, configuration *c, size_t k)
{
    c->site[k] = (int32_t)gm_rng_below(rng, m->n_candidates);
    c->onset_ms[k] = draw_onset(m, rng);
}

/* One random change of site k, or of its onset, or of the speed. */
static configuration changed(const gm_heart_model *m, gm_rng *rng, const configuration *c, size_t k)
{
    configuration d = *c;
    double what = gm_rng_uniform(rng);
    if (what < 0.55)
        draw_site(m, rng, &d, k);
    else if (what < 0.8)
        d.onset_ms[k] += 6 * gm_rng_normal(rng);
    else if (what < 0.95)
        d.v_f = fmin(fmax(d.v_f * exp(0.15 * gm_rng_normal(rng)), 0.2), 2.0);
    else
        d.set = gm_rng_below(rng, m->n_fields);
    return d;
}

static void write_state(const gm_heart_model *m, const configuration *c, double state[])
{
    memset(state, 0, m->problem.n_state * sizeof *state);
    for (size_t k = 0; k < c->n; k++) {
        gm_endo_place p = gm_endo_at_node(m->endo, m->fields[c->set]->candidates[c->site[k]]);
        for (int b = 0; b < 3; b++) /* a little inside the face, off the kink at the node */
            p.weight[b] = 0.94 * p.weight[b] + 0.02;
        gm_state_set_place(state, k, &p);
        *gm_state_onset(state, k) = c->onset_ms[k];
    }
    gm_conduction speeds = grid_speeds(c->set);
    double *s = gm_state_speeds(m, state);
    s[0] = log(c->v_f);
    s[1] = log(speeds.v_t_ratio);
    s[2] = log(2.5);
    *gm_state_layer(m, state) = speeds.fast_layer_factor != 1;
    *gm_state_amplitude(m, state) = m->amplitude_is_free ? log(c->amplitude) : 0;
}

gm_status gm_coarse_propose(void *self, unsigned worker, gm_rng *rng, size_t start, double state[],
                            size_t *evaluations)
{
    gm_heart_model *m = self;
    configuration c = {.set = start % m->n_fields, .n = m->n_sites};
    c.v_f = 0.6 * exp(0.25 * gm_rng_normal(rng));
    for (size_t k = 0; k < c.n; k++)
        draw_site(m, rng, &c, k);
    rate(m, worker, &c, NULL);
    size_t beats = 1;
    for (int sweep = 0; sweep < SWEEPS; sweep++)
        for (size_t k = 0; k < c.n; k++)
            for (int trial = 0; trial < TRIALS; trial++, beats++) {
                configuration d = changed(m, rng, &c, k);
                rate(m, worker, &d, NULL);
                if (d.misfit < c.misfit) c = d;
            }
    write_state(m, &c, state);
    *evaluations += (size_t)((double)beats / BEATS_A_SOLVE) + 1;
    return GM_OK;
}

/* The set of fields that is nearest to a state's speeds. */
static size_t nearest_set(const gm_heart_model *m, const double state[])
{
    gm_conduction s = gm_state_conduction(m, state);
    size_t best = 0;
    double least = INFINITY;
    for (size_t k = 0; k < m->n_fields; k++) {
        gm_conduction g = grid_speeds(k);
        double d = fabs(log(g.v_t_ratio / s.v_t_ratio)) +
                   2 * ((g.fast_layer_factor != 1) != (s.fast_layer_factor != 1));
        if (d < least) least = d, best = k;
    }
    return best;
}

gm_status gm_coarse_perturb(void *self, unsigned worker, gm_rng *rng, const double state[],
                            double redrawn[], size_t *evaluations)
{
    gm_heart_model *m = self;
    gm_model_worker *w = &m->workers[worker];
    memcpy(redrawn, state, m->problem.n_state * sizeof *state);
    size_t n = 1 + gm_rng_below(rng, 3), chosen[3];
    uint32_t skip = 0;
    for (size_t i = 0; i < n; i++) {
        do
            chosen[i] = gm_rng_below(rng, m->n_sites);
        while (skip >> chosen[i] & 1);
        skip |= 1u << chosen[i];
    }
    GM_TRY(gm_model_activation(m, worker, state, skip, w->rest));
    configuration c = {.set = nearest_set(m, state), .n = n};
    c.v_f = gm_state_conduction(m, state).v_f_m_s;
    for (size_t i = 0; i < n; i++)
        draw_site(m, rng, &c, i);
    rate(m, worker, &c, w->rest);
    for (int trial = 0; trial < REDRAW_TRIALS * (int)n; trial++) {
        configuration d = c;
        size_t k = (size_t)trial % n;
        if (gm_rng_uniform(rng) < 0.6)
            draw_site(m, rng, &d, k);
        else
            d.onset_ms[k] += 6 * gm_rng_normal(rng);
        rate(m, worker, &d, w->rest);
        if (d.misfit < c.misfit) c = d;
    }
    for (size_t i = 0; i < n; i++) {
        gm_endo_place p = gm_endo_at_node(m->endo, m->fields[c.set]->candidates[c.site[i]]);
        for (int b = 0; b < 3; b++)
            p.weight[b] = 0.94 * p.weight[b] + 0.02;
        gm_state_set_place(redrawn, chosen[i], &p);
        *gm_state_onset(redrawn, chosen[i]) = c.onset_ms[i];
    }
    *evaluations += 1 + (size_t)(REDRAW_TRIALS * (double)n / BEATS_A_SOLVE);
    return GM_OK;
}
