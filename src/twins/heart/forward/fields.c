#include "heart/forward/fields.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/forward/fields_cache.h"

static const double QUANTUM_MS = 0.01;
enum { STEPS = UINT16_MAX, MOST_SITES = 64, APD_CHUNK = 8192 };

typedef struct {
    const gm_eikonal *e;
    gm_fields *f;
    gm_eikonal_scratch **scratch; /* [n_workers] */
    float **tau;                  /* [n_workers][n_nodes] */
    const gm_progress *progress;
    double longest_ms;  /* that fits the quantum */
    double *latest_ms;  /* [n_candidates] */
    atomic_size_t done; /* only worker 0 reports it */
    atomic_int failed;
} field_job;

static void store_field(const field_job *job, size_t k, const float *tau)
{
    uint16_t *out = job->f->times + k * job->f->n_nodes;
    float rate = (float)(1 / job->f->quantum_ms);
    for (size_t i = 0; i < job->f->n_nodes; i++) {
        float q = tau[i] * rate + 0.5f;
        out[i] = q < (float)STEPS ? (uint16_t)q : (uint16_t)STEPS;
    }
}

static void make_field(void *context, size_t k, unsigned worker)
{
    field_job *job = context;
    if (atomic_load(&job->failed) || gm_interrupted()) return;
    gm_seed seed = {job->f->candidates[k], 0};
    float *tau = job->tau[worker];
    if (gm_eikonal_solve(job->e, &job->f->speeds, &seed, 1, job->scratch[worker], NULL, tau)) {
        atomic_store(&job->failed, 1);
        return;
    }
    double latest = 0;
    for (size_t i = 0; i < job->f->n_nodes; i++)
        if (isfinite(tau[i])) latest = fmax(latest, (double)tau[i]);
    job->latest_ms[k] = latest;
    store_field(job, k, tau);
    size_t done = atomic_fetch_add(&job->done, 1) + 1;
    if (worker == 0)
        gm_progress_report(job->progress, "arrival fields",
                           (double)done / (double)job->f->n_candidates);
}

/* Room per worker. */
static gm_status job_create(field_job *job, const gm_eikonal *e, unsigned n_workers)
{
    job->scratch = gm_calloc(n_workers, sizeof *job->scratch);
    job->tau = gm_calloc(n_workers, sizeof *job->tau);
    job->latest_ms = gm_calloc(job->f->n_candidates, sizeof *job->latest_ms);
    if (!job->scratch || !job->tau || !job->latest_ms)
        return gm_fail(GM_ENOMEM, "fields: no memory");
    for (unsigned w = 0; w < n_workers; w++) {
        GM_TRY(gm_eikonal_scratch_create(&job->scratch[w], e, 1));
        job->tau[w] = gm_calloc(job->f->n_nodes, sizeof(float));
        if (!job->tau[w]) return gm_fail(GM_ENOMEM, "fields: no memory");
    }
    return GM_OK;
}

static void job_free(field_job *job, unsigned n_workers)
{
    for (unsigned w = 0; w < n_workers; w++) {
        if (job->scratch) gm_eikonal_scratch_destroy(job->scratch[w]);
        if (job->tau) gm_free(job->tau[w]);
    }
    gm_free(job->scratch);
    gm_free(job->tau);
    gm_free(job->latest_ms);
}

/* Solves all; once more with a wider quantum if the latest arrival did not fit. */
static gm_status run_job(field_job *job, gm_threads *threads)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        atomic_store(&job->done, 0);
        gm_threads_for(threads, job->f->n_candidates, 1, make_field, job);
        GM_TRY(gm_interrupt_check("arrival fields"));
        /* The message of another thread is not ours: solve nothing again, say what is known. */
        if (atomic_load(&job->failed))
            return gm_fail(GM_EINVAL, "fields: a candidate node or a speed is out of range");
        double latest = 0;
        for (size_t k = 0; k < job->f->n_candidates; k++)
            latest = fmax(latest, job->latest_ms[k]);
        if (latest < (STEPS - 1) * job->f->quantum_ms) return GM_OK;
        job->f->quantum_ms = latest / (STEPS - 2);
    }
    return gm_fail(GM_ENOCONV, "fields: the latest arrival changes between solves");
}

static gm_status make_fields(gm_fields *f, const gm_eikonal *e, gm_threads *threads,
                             const gm_progress *progress)
{
    f->quantum_ms = QUANTUM_MS;
    field_job job = {.e = e, .f = f, .progress = progress};
    unsigned n_workers = gm_threads_count(threads);
    gm_status s = job_create(&job, e, n_workers);
    if (s == GM_OK) s = run_job(&job, threads);
    job_free(&job, n_workers);
    return s;
}

static gm_status empty_fields(gm_fields **out, size_t n_nodes, const gm_conduction *speeds,
                              const int32_t candidates[], size_t n)
{
    gm_fields *f = gm_calloc(1, sizeof *f);
    if (!f) return gm_fail(GM_ENOMEM, "fields: no memory");
    f->n_nodes = n_nodes;
    f->n_candidates = n;
    f->speeds = *speeds;
    f->candidates = gm_calloc(n, sizeof *f->candidates);
    f->times = gm_alloc_aligned(n * n_nodes, sizeof *f->times);
    if (!f->candidates || !f->times) {
        gm_fields_destroy(f);
        return gm_fail(GM_ENOMEM, "fields: no memory for %zu fields of %zu nodes", n, n_nodes);
    }
    memcpy(f->candidates, candidates, n * sizeof *candidates);
    *out = f;
    return GM_OK;
}

gm_status gm_fields_create(gm_fields **out, const gm_eikonal *e, const gm_conduction *speeds,
                           const int32_t candidates[], size_t n_candidates, gm_threads *threads,
                           const gm_progress *progress, const char *cache_folder,
                           const char *geometry_hash)
{
    *out = NULL;
    GM_TRY(gm_conduction_check(speeds));
    size_t n_nodes = gm_eikonal_nodes(e);
    if (n_candidates == 0) return gm_fail(GM_EINVAL, "fields: no candidate");
    for (size_t k = 0; k < n_candidates; k++)
        if (candidates[k] < 0 || (size_t)candidates[k] >= n_nodes)
            return gm_fail(GM_EINVAL, "fields: candidate %zu is node %d, allowed 0 to %zu", k,
                           candidates[k], n_nodes - 1);
    gm_fields *f = NULL;
    GM_TRY(empty_fields(&f, n_nodes, speeds, candidates, n_candidates));
    gm_status s = GM_OK;
    if (!gm_fields_cache_read(f, cache_folder, geometry_hash)) {
        s = make_fields(f, e, threads, progress);
        if (s == GM_OK) gm_fields_cache_write(f, cache_folder, geometry_hash);
    }
    if (s != GM_OK) {
        gm_fields_destroy(f);
        return s;
    }
    *out = f;
    return GM_OK;
}

void gm_fields_destroy(gm_fields *f)
{
    if (!f) return;
    gm_free(f->candidates);
    gm_free(f->times);
    gm_free(f);
}

void gm_fields_activation(const gm_fields *f, const int32_t site[], const double onset_ms[],
                          size_t n_sites, double scale, size_t first, size_t n, float *tau_ms)
{
    float step = (float)(scale * f->quantum_ms);
    for (size_t k = 0; k < n_sites; k++) {
        const uint16_t *restrict t = f->times + (size_t)site[k] * f->n_nodes + first;
        float onset = (float)onset_ms[k];
        float *restrict tau = tau_ms;
        if (k == 0)
            for (size_t i = 0; i < n; i++)
                tau[i] = onset + step * (float)t[i];
        else
            for (size_t i = 0; i < n; i++) {
                float other = onset + step * (float)t[i];
                tau[i] = other < tau[i] ? other : tau[i];
            }
    }
}

/* ---- action potential durations ------------------------------------------------------------------ */

static void combine(const gm_apd_gradient *g, size_t first, size_t n, float *out)
{
    float a = (float)g->gain[0], b = (float)g->gain[1], c = (float)g->gain[2];
    float d = (float)g->gain[3];
    const float *p = g->basis[0] + first, *q = g->basis[1] + first;
    const float *r = g->basis[2] + first, *s = g->basis[3] + first;
    for (size_t i = 0; i < n; i++)
        out[i] = a * p[i] + b * q[i] + c * r[i] + d * s[i];
}

typedef struct {
    const gm_apd_gradient *g;
    float *low, *high; /* [n_chunks] */
    float *apd;        /* to be filled, or NULL: only the range is wanted */
    float offset, slope;
} apd_job;

static void apd_range(void *context, size_t first, size_t last, unsigned worker)
{
    (void)worker;
    apd_job *job = context;
    float tile[256], low = INFINITY, high = -INFINITY;
    for (size_t at = first; at < last; at += 256) {
        size_t n = last - at < 256 ? last - at : 256;
        combine(job->g, at, n, tile);
        for (size_t i = 0; i < n; i++) {
            low = tile[i] < low ? tile[i] : low;
            high = tile[i] > high ? tile[i] : high;
        }
        for (size_t i = 0; job->apd && i < n; i++)
            job->apd[at + i] = job->offset + job->slope * tile[i];
    }
    if (!job->low) return;
    job->low[first / APD_CHUNK] = low;
    job->high[first / APD_CHUNK] = high;
}

enum { MOST_CHUNKS = 4096 };

/* APD = offset + slope * combination. */
static void apd_line(const gm_apd_gradient *g, size_t n_nodes, gm_threads *threads, float *offset,
                     float *slope)
{
    float low[MOST_CHUNKS], high[MOST_CHUNKS];
    size_t chunks = (n_nodes + APD_CHUNK - 1) / APD_CHUNK;
    apd_job job = {.g = g, .low = low, .high = high};
    gm_threads_ranges(threads, n_nodes, APD_CHUNK, apd_range, &job);
    for (size_t k = 1; k < chunks; k++) {
        low[0] = low[k] < low[0] ? low[k] : low[0];
        high[0] = high[k] > high[0] ? high[k] : high[0];
    }
    double width = (double)high[0] - (double)low[0];
    if (width > 1e-6) {
        *slope = (float)((g->max_ms - g->min_ms) / width);
        *offset = (float)(g->min_ms - (double)low[0] * (g->max_ms - g->min_ms) / width);
    } else { /* constant: the middle */
        *slope = 0;
        *offset = (float)(0.5 * (g->min_ms + g->max_ms));
    }
}

void gm_apd_gradient_field(const gm_apd_gradient *g, size_t n_nodes, gm_threads *threads,
                           float *apd_ms)
{
    apd_job job = {.g = g, .apd = apd_ms};
    apd_line(g, n_nodes, threads, &job.offset, &job.slope);
    gm_threads_ranges(threads, n_nodes, APD_CHUNK, apd_range, &job);
}

/* ---- the fused beat ------------------------------------------------------------------------------ */

typedef struct {
    const gm_fields *f;
    const int32_t *site;
    const double *onset_ms;
    size_t n_sites;
    double scale;
    const gm_apd_gradient *apd;
    float offset, slope;
} beat_job;

static void beat_times(void *context, size_t first, size_t n, float *tau, float *apd)
{
    const beat_job *job = context;
    gm_fields_activation(job->f, job->site, job->onset_ms, job->n_sites, job->scale, first, n, tau);
    if (!apd) return;
    combine(job->apd, first, n, apd);
    for (size_t i = 0; i < n; i++)
        apd[i] = job->offset + job->slope * apd[i];
}

void gm_fields_beat(const gm_fields *f, const int32_t site[], const double onset_ms[],
                    size_t n_sites, double scale, const gm_apd_gradient *apd, const gm_beat *beat,
                    gm_beat_scratch *scratch, gm_threads *threads, double *ecg_mv)
{
    beat_job job = {f, site, onset_ms, n_sites, scale, apd, 0, 0};
    if (apd) apd_line(apd, f->n_nodes, threads, &job.offset, &job.slope);
    gm_beat_ecg_from(beat, beat_times, &job, apd != NULL, scratch, threads, ecg_mv);
}
