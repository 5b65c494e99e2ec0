/* eikonal_solve.c - the label-correcting sweep of the front over the mesh. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/forward/eikonal_internal.h"
#include "heart/forward/local_solver.h"

/* An update must gain this much: smaller gains are below the discretisation error by far, and would
 * re-open nodes for nothing. */
static const float TOLERANCE_MS = 1e-4f;
/* Width of the time window that is advanced at once, as a share of the time along a mean edge across
 * the fibre: wider means fewer, larger passes but more nodes taken twice. Tuned in bench_eikonal. */
static const double WINDOW = 0.25;
enum { NODES_A_CHUNK = 32 };

typedef struct {
    int32_t *list; /* nodes that this worker improved first in this pass */
    size_t n;
} worker_list;

struct gm_eikonal_scratch {
    size_t n_nodes;
    unsigned n_workers;
    float *u;         /* [n_nodes] times after the last pass, from the earliest seed */
    uint32_t *offer;  /* [n_nodes] best new time of this pass, bits of a float >= 0 */
    uint8_t *touched; /* [n_nodes] has an offer */
    uint8_t *waiting; /* [n_nodes] is in the band */
    int32_t *band;    /* nodes whose new time was not yet passed on */
    int32_t *front;   /* the part of the band that is passed on now */
    size_t n_band, n_front;
    worker_list *found; /* [n_workers] */
    size_t n_pops, n_passes;
};

gm_status gm_eikonal_scratch_create(gm_eikonal_scratch **out, const gm_eikonal *e,
                                    unsigned n_threads)
{
    *out = NULL;
    size_t n = e->n_nodes;
    gm_eikonal_scratch *s = gm_calloc(1, sizeof *s);
    if (!s) return gm_fail(GM_ENOMEM, "eikonal: no memory");
    s->n_nodes = n;
    s->n_workers = n_threads ? n_threads : 1;
    s->u = gm_calloc(n, sizeof *s->u);
    s->offer = gm_calloc(n, sizeof *s->offer);
    s->touched = gm_calloc(n, 1);
    s->waiting = gm_calloc(n, 1);
    s->band = gm_calloc(n, sizeof *s->band);
    s->front = gm_calloc(n, sizeof *s->front);
    s->found = gm_calloc(s->n_workers, sizeof *s->found);
    bool good = s->u && s->offer && s->touched && s->waiting && s->band && s->front && s->found;
    for (unsigned w = 0; good && w < s->n_workers; w++)
        good = (s->found[w].list = gm_calloc(n, sizeof(int32_t))) != NULL;
    if (!good) {
        gm_eikonal_scratch_destroy(s);
        return gm_fail(GM_ENOMEM, "eikonal: no memory for %zu nodes", n);
    }
    *out = s;
    return GM_OK;
}

void gm_eikonal_scratch_destroy(gm_eikonal_scratch *s)
{
    if (!s) return;
    for (unsigned w = 0; s->found && w < s->n_workers; w++)
        gm_free(s->found[w].list);
    gm_free(s->found);
    gm_free(s->u);
    gm_free(s->offer);
    gm_free(s->touched);
    gm_free(s->waiting);
    gm_free(s->band);
    gm_free(s->front);
    gm_free(s);
}

void gm_eikonal_counts(const gm_eikonal_scratch *s, size_t *n_pops, size_t *n_passes)
{
    *n_pops = s->n_pops;
    *n_passes = s->n_passes;
}

typedef struct {
    const gm_eikonal *e;
    gm_eikonal_scratch *s;
    gm_slowness2 slowness;
    bool shared; /* several threads may offer a time to the same node */
} pass_job;

/* fminf() obeys rules for NaN that keep it out of vector code; this one drops a NaN in `b`. */
static inline float smaller(float a, float b)
{
    return b < a ? b : a;
}

/* Times that node j, itself at time 0, can give to corner 1 of a tet: through the vertex, the two
 * edges and the face that contain j. d2, d3: times of the corners 2 and 3 after j. */
static inline float reach_corner(float j1, float j2, float j3, float e12, float e13, float e23,
                                 float d2, float d3)
{
    float t = smaller(sqrtf(j1), gm_through_face(j1, e12, e13, j2, j3, e23, d2, d3));
    t = smaller(t, gm_through_edge(j1, e12, j2, d2));
    return smaller(t, gm_through_edge(j1, e13, j3, d3));
}

/* The same for all three corners of each lane. */
static inline void reach(const float w[6][LANES], const float d[3][LANES], float t[3][LANES])
{
    for (int l = 0; l < LANES; l++)
        t[0][l] =
            reach_corner(w[0][l], w[1][l], w[2][l], w[3][l], w[4][l], w[5][l], d[1][l], d[2][l]);
    for (int l = 0; l < LANES; l++)
        t[1][l] =
            reach_corner(w[1][l], w[0][l], w[2][l], w[3][l], w[5][l], w[4][l], d[0][l], d[2][l]);
    for (int l = 0; l < LANES; l++)
        t[2][l] =
            reach_corner(w[2][l], w[0][l], w[1][l], w[4][l], w[5][l], w[3][l], d[0][l], d[1][l]);
}

static uint32_t bits_of(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* Keeps the smallest offer; non-negative floats are ordered like their bits. The result does not
 * depend on who comes first. */
static void offer_time(gm_eikonal_scratch *s, worker_list *found, int32_t node, float t,
                       bool shared)
{
    uint32_t bits = bits_of(t);
    if (!shared) {
        if (bits < s->offer[node]) s->offer[node] = bits;
        if (!s->touched[node]) {
            s->touched[node] = 1;
            found->list[found->n++] = node;
        }
        return;
    }
    uint32_t old = __atomic_load_n(&s->offer[node], __ATOMIC_RELAXED);
    while (bits < old && !__atomic_compare_exchange_n(&s->offer[node], &old, bits, true,
                                                      __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
    if (!__atomic_load_n(&s->touched[node], __ATOMIC_RELAXED) &&
        !__atomic_exchange_n(&s->touched[node], 1, __ATOMIC_RELAXED))
        found->list[found->n++] = node;
}

static void pass_on(const pass_job *job, const tet_block *b, float u_j, worker_list *found)
{
    const float *u = job->s->u;
    float w[6][LANES], d[3][LANES], t[3][LANES];
    for (int k = 0; k < 3; k++)
        for (int l = 0; l < LANES; l++)
            d[k][l] = u[b->node[k][l]] - u_j;
    gm_block_metric(b, job->slowness, w);
    reach(w, d, t);
    for (int k = 0; k < 3; k++)
        for (int l = 0; l < LANES; l++)
            if (t[k][l] < d[k][l] - TOLERANCE_MS)
                offer_time(job->s, found, b->node[k][l], u_j + t[k][l], job->shared);
}

/* The nodes of a front lie apart in memory: ask for the next one's tets while this one is at work. */
static void prefetch_blocks(const gm_eikonal *e, int32_t j)
{
    const char *at = (const char *)&e->blocks[e->first_block[j]];
    const char *end = (const char *)&e->blocks[e->first_block[j + 1]];
    for (; at < end; at += 64)
        __builtin_prefetch(at);
}

static void pass_on_range(void *context, size_t first, size_t last, unsigned worker)
{
    const pass_job *job = context;
    for (size_t i = first; i < last; i++) {
        if (i + 1 < last) prefetch_blocks(job->e, job->s->front[i + 1]);
        int32_t j = job->s->front[i];
        for (int32_t k = job->e->first_block[j]; k < job->e->first_block[j + 1]; k++)
            pass_on(job, &job->e->blocks[k], job->s->u[j], &job->s->found[worker]);
    }
}

/* Moves the nodes of the band that lie before `limit` to the front. Returns the smallest time left. */
static float take_front(gm_eikonal_scratch *s, float limit)
{
    size_t kept = 0;
    float earliest = INFINITY;
    s->n_front = 0;
    for (size_t i = 0; i < s->n_band; i++) {
        int32_t j = s->band[i];
        if (s->u[j] < limit) {
            s->waiting[j] = 0;
            s->front[s->n_front++] = j;
        } else {
            earliest = fminf(earliest, s->u[j]);
            s->band[kept++] = j;
        }
    }
    s->n_band = kept;
    return earliest;
}

static void accept_offers(gm_eikonal_scratch *s)
{
    for (unsigned w = 0; w < s->n_workers; w++) {
        worker_list *found = &s->found[w];
        for (size_t i = 0; i < found->n; i++) {
            int32_t j = found->list[i];
            s->u[j] = float_of(s->offer[j]);
            s->offer[j] = bits_of(INFINITY);
            s->touched[j] = 0;
            if (!s->waiting[j]) {
                s->waiting[j] = 1;
                s->band[s->n_band++] = j;
            }
        }
        found->n = 0;
    }
}

static void sweep(pass_job *job, gm_threads *threads, float window_ms)
{
    gm_eikonal_scratch *s = job->s;
    float limit = window_ms;
    while (s->n_band) {
        float earliest = take_front(s, limit);
        if (s->n_front == 0) {
            limit = earliest + window_ms;
            continue;
        }
        gm_threads_ranges(threads, s->n_front, NODES_A_CHUNK, pass_on_range, job);
        s->n_pops += s->n_front;
        s->n_passes++;
        accept_offers(s);
    }
}

static gm_status check_seeds(const gm_eikonal *e, const gm_seed seeds[], size_t n, double *earliest)
{
    if (n == 0) return gm_fail(GM_EINVAL, "eikonal: no seed");
    *earliest = INFINITY;
    for (size_t i = 0; i < n; i++) {
        if (seeds[i].node < 0 || (size_t)seeds[i].node >= e->n_nodes)
            return gm_fail(GM_EINVAL, "eikonal: seed %zu is node %d, allowed 0 to %zu", i,
                           seeds[i].node, e->n_nodes - 1);
        if (!isfinite(seeds[i].time_ms))
            return gm_fail(GM_EINVAL, "eikonal: seed %zu has time %g ms", i, seeds[i].time_ms);
        *earliest = fmin(*earliest, seeds[i].time_ms);
    }
    return GM_OK;
}

static void plant_seeds(const gm_eikonal *e, const gm_seed seeds[], size_t n, double earliest,
                        gm_eikonal_scratch *s)
{
    for (size_t i = 0; i < e->n_nodes; i++) {
        s->u[i] = INFINITY;
        s->offer[i] = bits_of(INFINITY);
    }
    s->n_band = s->n_pops = s->n_passes = 0;
    for (size_t i = 0; i < n; i++) {
        int32_t j = e->inside[seeds[i].node];
        s->u[j] = fminf(s->u[j], (float)(seeds[i].time_ms - earliest));
        if (s->waiting[j]) continue;
        s->waiting[j] = 1;
        s->band[s->n_band++] = j;
    }
}

gm_status gm_eikonal_solve(const gm_eikonal *e, const gm_conduction *speeds, const gm_seed seeds[],
                           size_t n_seeds, gm_eikonal_scratch *scratch, gm_threads *threads,
                           float tau_ms[])
{
    double earliest = 0;
    GM_TRY(gm_conduction_check(speeds));
    GM_TRY(check_seeds(e, seeds, n_seeds, &earliest));
    if (scratch->n_nodes != e->n_nodes || scratch->n_workers < gm_threads_count(threads))
        return gm_fail(GM_EINVAL, "eikonal: the scratch memory was made for another mesh or pool");
    plant_seeds(e, seeds, n_seeds, earliest, scratch);
    pass_job job = {e, scratch, gm_slowness2_of(speeds), gm_threads_count(threads) > 1};
    double edge_ms = e->mean_edge_mm / (speeds->v_f_m_s * speeds->v_t_ratio);
    sweep(&job, threads, (float)(WINDOW * edge_ms));
    for (size_t i = 0; i < e->n_nodes; i++)
        tau_ms[e->outside[i]] = (float)(scratch->u[i] + earliest);
    return GM_OK;
}
