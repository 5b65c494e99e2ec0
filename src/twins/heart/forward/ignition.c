#include "heart/forward/ignition.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "mesh/p1.h"

static const double NEAR_EDGES = 1.5, FAR_EDGES = 2.5, FADE = 0.25;

/* D^-1 is linear in the three slownesses: cross (A), fibre less cross (B), layer (C). Of each node the
 * averages over its elements, by volume, with a layer and without. Symmetric tensors: xx yy zz xy xz yz. */
typedef struct {
    double fibre_all[6];  /* mean of f f' over all elements */
    double fibre_slow[6]; /* over ordinary ones, times their share */
    double slow_share;    /* 1 - share of the layer */
} node_metric;

struct gm_ignition {
    const gm_tetmesh *mesh;
    node_metric *metric;        /* [n_nodes] */
    int32_t *first, *neighbour; /* nodes joined by an edge, CSR; each pair once per element */
    double near_mm, far_mm;
};

static void add_fibre(double t[6], const double f[3], double weight)
{
    t[0] += weight * f[0] * f[0], t[1] += weight * f[1] * f[1], t[2] += weight * f[2] * f[2];
    t[3] += weight * f[0] * f[1], t[4] += weight * f[0] * f[2], t[5] += weight * f[1] * f[2];
}

static void make_metrics(gm_ignition *g, const bool *fast, double *volume)
{
    const gm_tetmesh *m = g->mesh;
    for (size_t t = 0; t < m->n_tets; t++) {
        const int32_t *n = m->tets[t];
        double v = gm_tet_volume_mm3(m->nodes_mm[n[0]], m->nodes_mm[n[1]], m->nodes_mm[n[2]],
                                     m->nodes_mm[n[3]]);
        bool slow = !(fast && fast[t]);
        for (int k = 0; k < 4; k++) {
            volume[n[k]] += v;
            add_fibre(g->metric[n[k]].fibre_all, m->fibres[t], v);
            if (slow) add_fibre(g->metric[n[k]].fibre_slow, m->fibres[t], v);
            g->metric[n[k]].slow_share += slow ? v : 0;
        }
    }
    for (size_t i = 0; i < m->n_nodes; i++) {
        for (int k = 0; k < 6; k++) {
            g->metric[i].fibre_all[k] /= volume[i];
            g->metric[i].fibre_slow[k] /= volume[i];
        }
        g->metric[i].slow_share /= volume[i];
    }
}

static gm_status make_neighbours(gm_ignition *g)
{
    const gm_tetmesh *m = g->mesh;
    g->first = gm_calloc(m->n_nodes + 1, sizeof *g->first);
    g->neighbour = gm_calloc(12 * m->n_tets, sizeof *g->neighbour);
    int32_t *last = gm_calloc(m->n_nodes, sizeof *last);
    if (!g->first || !g->neighbour || !last) {
        gm_free(last);
        return gm_fail(GM_ENOMEM, "ignition: no memory for %zu nodes", m->n_nodes);
    }
    for (size_t t = 0; t < m->n_tets; t++)
        for (int k = 0; k < 4; k++)
            g->first[m->tets[t][k] + 1] += 3;
    for (size_t i = 0; i < m->n_nodes; i++) {
        g->first[i + 1] += g->first[i];
        last[i] = g->first[i];
    }
    double edges_mm = 0;
    for (size_t t = 0; t < m->n_tets; t++)
        for (int k = 0; k < 4; k++)
            for (int j = 1; j < 4; j++) {
                int32_t a = m->tets[t][k], b = m->tets[t][(k + j) % 4];
                g->neighbour[last[a]++] = b;
                double square = 0;
                for (int d = 0; d < 3; d++)
                    square += pow(m->nodes_mm[a][d] - m->nodes_mm[b][d], 2);
                edges_mm += sqrt(square);
            }
    gm_free(last);
    double mean_mm = edges_mm / (12.0 * (double)m->n_tets);
    g->near_mm = NEAR_EDGES * mean_mm;
    g->far_mm = FAR_EDGES * mean_mm;
    return GM_OK;
}

gm_status gm_ignition_create(gm_ignition **out, const gm_tetmesh *mesh, const bool *fast)
{
    *out = NULL;
    if (!mesh->fibres) return gm_fail(GM_EINVAL, "ignition: the mesh has no fibres");
    gm_ignition *g = gm_calloc(1, sizeof *g);
    double *volume = gm_calloc(mesh->n_nodes, sizeof *volume);
    if (g) g->metric = gm_calloc(mesh->n_nodes, sizeof *g->metric);
    gm_status s = GM_OK;
    if (!g || !volume || !g->metric)
        s = gm_fail(GM_ENOMEM, "ignition: no memory for %zu nodes", mesh->n_nodes);
    if (s == GM_OK) {
        g->mesh = mesh;
        make_metrics(g, fast, volume);
        s = make_neighbours(g);
    }
    gm_free(volume);
    if (s != GM_OK) {
        gm_ignition_destroy(g);
        return s;
    }
    *out = g;
    return GM_OK;
}

void gm_ignition_destroy(gm_ignition *g)
{
    if (!g) return;
    gm_free(g->metric);
    gm_free(g->first);
    gm_free(g->neighbour);
    gm_free(g);
}

static double distance_mm(const double a[3], const double b[3])
{
    double x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
    return sqrt(x * x + y * y + z * z);
}

static bool contains(const gm_ignition_seed *seeds, size_t n, int32_t node)
{
    for (size_t i = 0; i < n; i++)
        if (seeds[i].node == node) return true;
    return false;
}

/* Nodes of the element, then outwards along edges while they are in the ball. */
static size_t gather(const gm_ignition *g, const gm_ignition_site *site, gm_ignition_seed *seeds)
{
    size_t n = 0;
    for (; n < 4; n++)
        seeds[n].node = g->mesh->tets[site->tet][n];
    for (size_t at = 0; at < n; at++)
        for (int32_t k = g->first[seeds[at].node]; k < g->first[seeds[at].node + 1]; k++) {
            int32_t node = g->neighbour[k];
            if (n == GM_IGNITION_NODES) return n;
            if (contains(seeds, n, node)) continue;
            if (distance_mm(g->mesh->nodes_mm[node], site->xyz_mm) < g->far_mm)
                seeds[n++].node = node;
        }
    return n;
}

static double quadratic(const double t[6], const double a[3], const double b[3])
{
    return t[0] * a[0] * b[0] + t[1] * a[1] * b[1] + t[2] * a[2] * b[2] +
           t[3] * (a[0] * b[1] + a[1] * b[0]) + t[4] * (a[0] * b[2] + a[2] * b[0]) +
           t[5] * (a[1] * b[2] + a[2] * b[1]);
}

/* The three parts of a node's a' M b. */
typedef struct {
    double cross, fibre, layer;
} parts;

static parts node_parts(const node_metric *m, bool layer_on, const double a[3], const double b[3])
{
    double dot = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    double share = layer_on ? m->slow_share : 1;
    double along = quadratic(layer_on ? m->fibre_slow : m->fibre_all, a, b);
    return (parts){share * dot - along, along, (1 - share) * dot};
}

static void add_parts(parts *sum, parts p, double weight)
{
    sum->cross += weight * p.cross;
    sum->fibre += weight * p.fibre;
    sum->layer += weight * p.layer;
}

static double weigh(parts p, parts slowness)
{
    return p.cross * slowness.cross + p.fibre * slowness.fibre + p.layer * slowness.layer;
}

/* 1/2 (M(x) + M_i), applied to a and b. */
static parts between(const gm_ignition *g, const gm_ignition_site *site, int32_t node,
                     bool layer_on, const double a[3], const double b[3])
{
    parts sum = {0};
    for (int k = 0; k < 4; k++)
        add_parts(&sum, node_parts(&g->metric[g->mesh->tets[site->tet][k]], layer_on, a, b),
                  0.5 * site->weight[k]);
    add_parts(&sum, node_parts(&g->metric[node], layer_on, a, b), 0.5);
    return sum;
}

/* fade and its derivative by distance. */
static double fade_at(const gm_ignition *g, double d, double *slope)
{
    double width = g->far_mm - g->near_mm, s = (d - g->near_mm) / width;
    *slope = 0;
    if (s <= 0) return 0;
    if (s >= 1) return FADE;
    *slope = FADE * 6 * s * (1 - s) / width;
    return FADE * s * s * (3 - 2 * s);
}

static void time_seed(const gm_ignition *g, const gm_ignition_site *site, bool layer_on,
                      parts slowness, const double gradient[4][3], gm_ignition_seed *seed)
{
    static const double axis[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    double v[3], slope;
    for (int d = 0; d < 3; d++)
        v[d] = g->mesh->nodes_mm[seed->node][d] - site->xyz_mm[d];
    parts p = between(g, site, seed->node, layer_on, v, v);
    double cost = sqrt(fmax(0, weigh(p, slowness)));
    double d = distance_mm(g->mesh->nodes_mm[seed->node], site->xyz_mm);
    double factor = 1 + fade_at(g, d, &slope);
    memset(seed->by_place, 0, sizeof seed->by_place);
    memset(seed->by_speed, 0, sizeof seed->by_speed);
    seed->time_ms = site->onset_ms + factor * cost;
    if (!(cost > 1e-9)) return;
    double own[4]; /* v' M_a v of the element's nodes: how the metric changes with the place */
    for (int k = 0; k < 4; k++)
        own[k] =
            weigh(node_parts(&g->metric[g->mesh->tets[site->tet][k]], layer_on, v, v), slowness);
    for (int e = 0; e < 3; e++) {
        double by = -weigh(between(g, site, seed->node, layer_on, v, axis[e]), slowness);
        for (int k = 0; k < 4; k++)
            by += 0.25 * gradient[k][e] * own[k];
        seed->by_place[e] = factor * by / cost - slope * cost * v[e] / fmax(d, 1e-12);
    }
    seed->by_speed[0] = -factor * cost;
    seed->by_speed[1] = -factor * p.cross * slowness.cross / cost;
    seed->by_speed[2] = -factor * p.layer * slowness.layer / cost;
}

size_t gm_ignition_seeds(const gm_ignition *g, const gm_conduction *speeds,
                         const gm_ignition_site *site, gm_ignition_seed seeds[])
{
    double v_t = speeds->v_f_m_s * speeds->v_t_ratio;
    double v_layer = speeds->v_f_m_s * speeds->fast_layer_factor;
    parts slowness = {1 / (v_t * v_t), 1 / (speeds->v_f_m_s * speeds->v_f_m_s),
                      1 / (v_layer * v_layer)};
    double gradient[4][3];
    gm_tetmesh_gradients(g->mesh, (size_t)site->tet, gradient);
    size_t n = gather(g, site, seeds);
    for (size_t i = 0; i < n; i++)
        time_seed(g, site, speeds->fast_layer_factor != 1.0, slowness, gradient, &seeds[i]);
    return n;
}
