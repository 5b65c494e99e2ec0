/* eikonal_upwind.c - from whom each node got its time, with which weights, and what the speeds have
 * to do with it: the solution's derivative, by the envelope theorem. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/forward/eikonal_internal.h"
#include "heart/forward/local_solver.h"

enum { RADIX_BITS = 11, RADIX = 1 << RADIX_BITS };

gm_status gm_upwind_create(gm_upwind **out, size_t n_nodes)
{
    *out = NULL;
    gm_upwind *u = gm_calloc(1, sizeof *u);
    if (!u) return gm_fail(GM_ENOMEM, "upwind: no memory");
    u->parent = gm_calloc(n_nodes, sizeof *u->parent);
    u->weight = gm_calloc(n_nodes, sizeof *u->weight);
    u->dcost = gm_calloc(n_nodes, sizeof *u->dcost);
    u->order = gm_calloc(2 * n_nodes, sizeof *u->order); /* second half: scratch of the sort */
    u->key = gm_calloc(2 * n_nodes, sizeof *u->key);
    if (!u->parent || !u->weight || !u->dcost || !u->order || !u->key) {
        gm_upwind_destroy(u);
        return gm_fail(GM_ENOMEM, "upwind: no memory for %zu nodes", n_nodes);
    }
    *out = u;
    return GM_OK;
}

void gm_upwind_destroy(gm_upwind *u)
{
    if (!u) return;
    gm_free(u->parent);
    gm_free(u->weight);
    gm_free(u->dcost);
    gm_free(u->order);
    gm_free(u->key);
    gm_free(u);
}

static inline float smaller(float a, float b)
{
    return b < a ? b : a;
}

/* Time that each lane can give to node j from its three other corners. */
static void reach_centre(const float w[6][LANES], const float u[3][LANES], float t[LANES])
{
    for (int l = 0; l < LANES; l++) {
        float j1 = w[0][l], j2 = w[1][l], j3 = w[2][l];
        float e12 = w[3][l], e13 = w[4][l], e23 = w[5][l];
        float d2 = u[1][l] - u[0][l], d3 = u[2][l] - u[0][l], d23 = u[2][l] - u[1][l];
        float best = smaller(sqrtf(j1), gm_through_face(j1, j2, j3, e12, e13, e23, d2, d3));
        best = smaller(best, gm_through_edge(j1, j2, e12, d2));
        best = smaller(best, gm_through_edge(j1, j3, e13, d3)) + u[0][l];
        float other = smaller(sqrtf(j2), gm_through_edge(j2, j3, e23, d23)) + u[1][l];
        t[l] = smaller(smaller(best, other), sqrtf(j3) + u[2][l]);
    }
}

/* Barycentric weights of the point on the face that the wave came through, in double: once a node.
 * Interior first, then edges, then corners: the first that is feasible and best. */
static void entry_weights(const double w[6], const double u[3], double lambda[3])
{
    static const int side[3][3] = {{0, 1, 3}, {0, 2, 4}, {1, 2, 5}}; /* corners p, q; their edge */
    double best = INFINITY;
    double m12 = 0.5 * (w[0] + w[1] - w[3]), m13 = 0.5 * (w[0] + w[2] - w[4]);
    double m23 = 0.5 * (w[1] + w[2] - w[5]);
    double c[3][3] = {{w[1] * w[2] - m23 * m23, m13 * m23 - m12 * w[2], m12 * m23 - m13 * w[1]},
                      {0, w[0] * w[2] - m13 * m13, m12 * m13 - m23 * w[0]},
                      {0, 0, w[0] * w[1] - m12 * m12}};
    c[1][0] = c[0][1], c[2][0] = c[0][2], c[2][1] = c[1][2];
    double det = w[0] * c[0][0] + m12 * c[0][1] + m13 * c[0][2];
    double alpha = 0, beta = 0, gamma = -det;
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++) {
            double da = u[a] - u[0], db = u[b] - u[0];
            alpha += c[a][b], beta += c[a][b] * db, gamma += c[a][b] * da * db;
        }
    double t = (beta + sqrt(beta * beta - alpha * gamma)) / alpha, sum = 0, l[3];
    for (int a = 0; a < 3; a++) {
        l[a] = 0;
        for (int b = 0; b < 3; b++)
            l[a] += c[a][b] * (t - (u[b] - u[0]));
        sum += l[a];
    }
    if (l[0] >= 0 && l[1] >= 0 && l[2] >= 0 && sum > 0) {
        for (int a = 0; a < 3; a++)
            lambda[a] = l[a] / sum;
        return;
    }
    for (int s = 0; s < 3; s++) {
        int p = side[s][0], q = side[s][1];
        double between = w[side[s][2]], m = 0.5 * (w[p] + w[q] - between), d = u[q] - u[p];
        double det2 = w[p] * w[q] - m * m;
        double time = ((w[p] - m) * d + sqrt(det2 * (between - d * d))) / between;
        double lp = w[q] * time - m * (time - d), lq = w[p] * (time - d) - m * time;
        if (!(lp >= 0 && lq >= 0 && lp + lq > 0 && u[p] + time < best)) continue;
        best = u[p] + time;
        lambda[0] = lambda[1] = lambda[2] = 0;
        lambda[p] = lp / (lp + lq), lambda[q] = lq / (lp + lq);
    }
    for (int p = 0; p < 3; p++)
        if (u[p] + sqrt(w[p]) < best) {
            best = u[p] + sqrt(w[p]);
            lambda[0] = lambda[1] = lambda[2] = 0;
            lambda[p] = 1;
        }
}

typedef struct {
    const gm_eikonal *e;
    gm_slowness2 slowness;
    const float *tau;      /* mesh order */
    const uint8_t *seeded; /* mesh order: got its time from a seed */
    gm_upwind *out;
} upwind_job;

/* Derivatives of cost = sqrt(cross (|p|^2 - h^2) + fibre h^2), p = sum lambda_a e_a, h = p . f. */
static void cost_derivatives(const tet_block *b, int lane, gm_slowness2 s, const double lambda[3],
                             float dcost[3])
{
    /* |p|^2 = sum_a l_a |e_a|^2 - sum_{a<b} l_a l_b |e_a - e_b|^2 for weights that sum to 1. */
    double p2 = 0, h = 0;
    for (int a = 0; a < 3; a++) {
        p2 += lambda[a] * (double)b->length2[a][lane];
        h += lambda[a] * (double)b->along[a][lane];
    }
    p2 -= lambda[0] * lambda[1] * (double)b->length2[3][lane] +
          lambda[0] * lambda[2] * (double)b->length2[4][lane] +
          lambda[1] * lambda[2] * (double)b->length2[5][lane];
    bool layer = b->fast[lane] > 0 && s.layer_on > 0;
    double across = layer ? 0 : (double)s.cross * fmax(0, p2 - h * h);
    double cost = layer ? sqrt((double)s.layer * p2) : sqrt(across + (double)s.fibre * h * h);
    dcost[0] = (float)-cost;
    dcost[1] = layer || !(cost > 0) ? 0 : (float)(-across / cost);
    dcost[2] = layer ? (float)-cost : 0;
}

static void no_parents(gm_upwind *u, int32_t i)
{
    for (int k = 0; k < 3; k++) {
        u->parent[i][k] = -1;
        u->weight[i][k] = 0;
        u->dcost[i][k] = 0;
    }
}

/* Parents that are not earlier than their child (possible in obtuse elements) are left out, so that
 * the order by time is an order of the dependencies. */
static void store_parents(const upwind_job *job, int32_t i, const tet_block *b, int lane,
                          const double lambda[3])
{
    const gm_eikonal *e = job->e;
    gm_upwind *u = job->out;
    double kept = 0;
    for (int k = 0; k < 3; k++) {
        int32_t p = e->outside[b->node[k][lane]];
        bool use = lambda[k] > 0 && job->tau[p] < job->tau[i];
        u->parent[i][k] = use ? p : -1;
        u->weight[i][k] = use ? (float)lambda[k] : 0;
        kept += use ? lambda[k] : 0;
    }
    for (int k = 0; k < 3 && kept > 0; k++)
        u->weight[i][k] = (float)(u->weight[i][k] / kept);
    cost_derivatives(b, lane, job->slowness, lambda, u->dcost[i]);
}

static void analyse_node(const upwind_job *job, int32_t j)
{
    const gm_eikonal *e = job->e;
    int32_t i = e->outside[j];
    no_parents(job->out, i);
    if (job->seeded[i] || !isfinite(job->tau[i])) return;
    const tet_block *best_block = NULL;
    int best_lane = 0;
    float best = INFINITY, w[6][LANES], u[3][LANES], t[LANES];
    for (int32_t k = e->first_block[j]; k < e->first_block[j + 1]; k++) {
        const tet_block *b = &e->blocks[k];
        for (int c = 0; c < 3; c++)
            for (int l = 0; l < LANES; l++)
                u[c][l] = job->tau[e->outside[b->node[c][l]]];
        gm_block_metric(b, job->slowness, w);
        reach_centre(w, u, t);
        for (int l = 0; l < LANES; l++)
            if (t[l] < best) best = t[l], best_block = b, best_lane = l;
    }
    if (!best_block) return;
    double wd[6], ud[3], lambda[3] = {0};
    gm_block_metric(best_block, job->slowness, w);
    for (int k = 0; k < 6; k++)
        wd[k] = (double)w[k][best_lane];
    for (int c = 0; c < 3; c++)
        ud[c] = (double)job->tau[e->outside[best_block->node[c][best_lane]]];
    entry_weights(wd, ud, lambda);
    store_parents(job, i, best_block, best_lane, lambda);
}

static void analyse_range(void *context, size_t first, size_t last, unsigned worker)
{
    (void)worker;
    for (size_t j = first; j < last; j++)
        analyse_node(context, (int32_t)j);
}

static uint32_t sort_key(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

/* Radix sort of the nodes by time, stable: three passes of 11 bits. */
static void sort_by_time(gm_upwind *u, size_t n, const float tau[])
{
    int32_t *from = u->order, *to = u->order + n;
    uint32_t *key = u->key, *key_to = u->key + n;
    for (size_t i = 0; i < n; i++) {
        from[i] = (int32_t)i;
        key[i] = sort_key(tau[i]);
    }
    for (int shift = 0; shift < 33; shift += RADIX_BITS) {
        size_t start[RADIX + 1] = {0};
        for (size_t i = 0; i < n; i++)
            start[(key[i] >> shift & (RADIX - 1)) + 1]++;
        for (int b = 0; b < RADIX; b++)
            start[b + 1] += start[b];
        for (size_t i = 0; i < n; i++) {
            size_t place = start[key[i] >> shift & (RADIX - 1)]++;
            to[place] = from[i];
            key_to[place] = key[i];
        }
        int32_t *a = from;
        uint32_t *b = key;
        from = to, to = a, key = key_to, key_to = b;
    }
    if (from != u->order) memcpy(u->order, from, n * sizeof *from);
}

gm_status gm_eikonal_upwind(const gm_eikonal *e, const gm_conduction *speeds, const gm_seed seeds[],
                            size_t n_seeds, const float tau_ms[], gm_threads *threads,
                            gm_upwind *out)
{
    GM_TRY(gm_conduction_check(speeds));
    uint8_t *seeded = gm_calloc(e->n_nodes, 1);
    if (!seeded) return gm_fail(GM_ENOMEM, "upwind: no memory for %zu nodes", e->n_nodes);
    for (size_t k = 0; k < n_seeds; k++) {
        int32_t i = seeds[k].node;
        if (i >= 0 && (size_t)i < e->n_nodes)
            seeded[i] |= fabs((double)tau_ms[i] - seeds[k].time_ms) < 1e-3;
    }
    upwind_job job = {e, gm_slowness2_of(speeds), tau_ms, seeded, out};
    gm_threads_ranges(threads, e->n_nodes, 512, analyse_range, &job);
    gm_free(seeded);
    sort_by_time(out, e->n_nodes, tau_ms);
    return GM_OK;
}
