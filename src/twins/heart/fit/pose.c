#include "heart/fit/pose.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "mesh/p1.h"

enum { LIMB = GM_POSE - 1, LIMB_LEADS = 2 }; /* of the independent leads: I, II */

/* One off-diagonal entry of the stiffness matrix; rows sum to zero, so these hold it all. */
typedef struct {
    int32_t i, j;
    double k;
} edge;

struct gm_pose {
    const gm_heart_case *c;
    double centre_mm[3];
    double scale; /* 1 / (4 pi sigma0) */
    size_t n_edges;
    edge *edges;
};

static int by_nodes(const void *a, const void *b)
{
    const edge *x = a, *y = b;
    if (x->i != y->i) return x->i < y->i ? -1 : 1;
    return (x->j > y->j) - (x->j < y->j);
}

/* Entries g_a . Gi g_b V of one element. */
static void element_edges(const gm_heart_case *c, size_t t, edge out[6])
{
    static const int pair[6][2] = {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}};
    double g[4][3], volume = gm_tetmesh_gradients(c->mesh, t, g), along[4];
    const double *f = c->mesh->fibres[t];
    for (int a = 0; a < 4; a++)
        along[a] = g[a][0] * f[0] + g[a][1] * f[1] + g[a][2] * f[2];
    double git = c->conductivity.git_mS_cm, extra = c->conductivity.gil_mS_cm - git;
    for (int p = 0; p < 6; p++) {
        int a = pair[p][0], b = pair[p][1];
        double dot = g[a][0] * g[b][0] + g[a][1] * g[b][1] + g[a][2] * g[b][2];
        int32_t i = c->mesh->tets[t][a], j = c->mesh->tets[t][b];
        out[p] = (edge){i < j ? i : j, i < j ? j : i,
                        volume * (git * dot + extra * along[a] * along[b])};
    }
}

/* qsort is not stable: equal edges are summed in an order that depends on nothing but their values. */
static int by_nodes_and_value(const void *a, const void *b)
{
    int order = by_nodes(a, b);
    const edge *x = a, *y = b;
    return order ? order : (x->k > y->k) - (x->k < y->k);
}

gm_status gm_pose_create(gm_pose **out, const gm_heart_case *c)
{
    *out = NULL;
    gm_pose *p = gm_calloc(1, sizeof *p);
    if (!p) return gm_fail(GM_ENOMEM, "pose: no memory");
    p->c = c;
    p->scale = 1 / (4 * 3.14159265358979323846 * c->conductivity.sigma0_mS_cm);
    size_t n = c->mesh->n_tets * 6;
    p->edges = gm_calloc(n, sizeof *p->edges);
    if (!p->edges) {
        gm_pose_destroy(p);
        return gm_fail(GM_ENOMEM, "pose: no memory for %zu tets", c->mesh->n_tets);
    }
    for (size_t t = 0; t < c->mesh->n_tets; t++)
        element_edges(c, t, p->edges + 6 * t);
    qsort(p->edges, n, sizeof *p->edges, by_nodes_and_value);
    for (size_t k = 0; k < n; k++)
        if (p->n_edges && by_nodes(&p->edges[p->n_edges - 1], &p->edges[k]) == 0)
            p->edges[p->n_edges - 1].k += p->edges[k].k;
        else
            p->edges[p->n_edges++] = p->edges[k];
    for (size_t i = 0; i < c->mesh->n_nodes; i++)
        for (int d = 0; d < 3; d++)
            p->centre_mm[d] += c->mesh->nodes_mm[i][d] / (double)c->mesh->n_nodes;
    *out = p;
    return GM_OK;
}

void gm_pose_destroy(gm_pose *p)
{
    if (!p) return;
    gm_free(p->edges);
    gm_free(p);
}

static gm_status field_room(gm_lead_field *f, size_t n)
{
    f->n_nodes = n;
    f->w = gm_calloc(n, sizeof *f->w);
    return f->w ? GM_OK : gm_fail(GM_ENOMEM, "pose: no memory for %zu nodes", n);
}

gm_status gm_pose_work_create(gm_pose_work **out, const gm_pose *p)
{
    *out = NULL;
    size_t n = p->c->mesh->n_nodes;
    gm_pose_work *w = gm_calloc(1, sizeof *w);
    if (!w) return gm_fail(GM_ENOMEM, "pose: no memory");
    w->z = gm_calloc(n, sizeof *w->z);
    gm_status s = w->z ? field_room(&w->field, n) : gm_fail(GM_ENOMEM, "pose: no memory");
    if (s == GM_OK) s = field_room(&w->derivative, n);
    if (s != GM_OK) {
        gm_pose_work_destroy(w);
        return s;
    }
    *out = w;
    return GM_OK;
}

void gm_pose_work_destroy(gm_pose_work *w)
{
    if (!w) return;
    gm_free(w->z);
    gm_free(w->field.w);
    gm_free(w->derivative.w);
    gm_free(w);
}

/* v turned by Rz Ry Rx; with `only` = 0, 1, 2 the factor of that axis is replaced by its derivative. */
static void turn(const double angle[3], int only, const double v[3], double out[3])
{
    double x = v[0], y = v[1], z = v[2];
    for (int axis = 0; axis < 3; axis++) {
        double c = cos(angle[axis]), s = sin(angle[axis]), keep = 1;
        if (axis == only) {
            double swap = c;
            c = -s, s = swap, keep = 0;
        }
        double a = axis == 0 ? y : axis == 1 ? z : x, b = axis == 0 ? z : axis == 1 ? x : y;
        double ta = c * a - s * b, tb = s * a + c * b;
        if (axis == 0)
            x *= keep, y = ta, z = tb;
        else if (axis == 1)
            y *= keep, z = ta, x = tb;
        else
            z *= keep, x = ta, y = tb;
    }
    out[0] = x, out[1] = y, out[2] = z;
}

/* Electrodes at the pose, or (k >= 0) the velocity of each with component k. */
static void move_electrodes(const gm_pose *p, const double pose[GM_POSE], int k,
                            double out[GM_N_ELECTRODES][3])
{
    for (int e = 0; e < GM_N_ELECTRODES; e++) {
        double v[3];
        for (int d = 0; d < 3; d++)
            v[d] = p->c->electrodes_mm[e][d] - p->centre_mm[d];
        if (k >= 0 && k < 3) {
            for (int d = 0; d < 3; d++)
                out[e][d] = d == k;
            continue;
        }
        turn(pose + 3, k < 0 ? -1 : k - 3, v, out[e]);
        for (int d = 0; k < 0 && d < 3; d++)
            out[e][d] += p->centre_mm[d] + pose[d];
    }
}

void gm_pose_electrodes(const gm_pose *p, const double pose[GM_POSE],
                        double electrodes_mm[GM_N_ELECTRODES][3])
{
    move_electrodes(p, pose, -1, electrodes_mm);
}

static void apply_stiffness(const gm_pose *p, const double (*z)[GM_N_INDEPENDENT], gm_lead_field *f)
{
    memset(f->w, 0, f->n_nodes * sizeof *f->w);
    for (size_t e = 0; e < p->n_edges; e++) {
        const edge *x = &p->edges[e];
        for (int l = 0; l < GM_N_INDEPENDENT; l++) {
            double flow = x->k * (z[x->j][l] - z[x->i][l]);
            f->w[x->i][l] += flow;
            f->w[x->j][l] -= flow;
        }
    }
}

static void leads_of(const double r[GM_N_ELECTRODES], double scale, double limb,
                     double z[GM_N_INDEPENDENT])
{
    double wilson = (r[GM_RA] + r[GM_LA] + r[GM_LL]) / 3;
    z[0] = scale * limb * (r[GM_LA] - r[GM_RA]);
    z[1] = scale * limb * (r[GM_LL] - r[GM_RA]);
    for (int v = 0; v < 6; v++)
        z[2 + v] = scale * (r[GM_V1 + v] - wilson);
}

void gm_pose_field(const gm_pose *p, const double pose[GM_POSE], gm_pose_work *w)
{
    double electrode[GM_N_ELECTRODES][3], r[GM_N_ELECTRODES];
    move_electrodes(p, pose, -1, electrode);
    for (size_t i = 0; i < p->c->mesh->n_nodes; i++) {
        const double *x = p->c->mesh->nodes_mm[i];
        for (int e = 0; e < GM_N_ELECTRODES; e++) {
            double a = x[0] - electrode[e][0], b = x[1] - electrode[e][1];
            double c = x[2] - electrode[e][2];
            r[e] = 1 / sqrt(a * a + b * b + c * c);
        }
        leads_of(r, p->scale, exp(pose[LIMB]), w->z[i]);
    }
    apply_stiffness(p, w->z, &w->field);
}

void gm_pose_derivative(const gm_pose *p, const double pose[GM_POSE], int k, gm_pose_work *w)
{
    if (k == LIMB) {
        gm_pose_field(p, pose, w);
        for (size_t i = 0; i < w->field.n_nodes; i++)
            for (int l = 0; l < GM_N_INDEPENDENT; l++)
                w->derivative.w[i][l] = l < LIMB_LEADS ? w->field.w[i][l] : 0;
        return;
    }
    double electrode[GM_N_ELECTRODES][3], velocity[GM_N_ELECTRODES][3], r[GM_N_ELECTRODES];
    move_electrodes(p, pose, -1, electrode);
    move_electrodes(p, pose, k, velocity);
    for (size_t i = 0; i < p->c->mesh->n_nodes; i++) {
        const double *x = p->c->mesh->nodes_mm[i];
        for (int e = 0; e < GM_N_ELECTRODES; e++) {
            double a = x[0] - electrode[e][0], b = x[1] - electrode[e][1];
            double c = x[2] - electrode[e][2], one = 1 / sqrt(a * a + b * b + c * c);
            r[e] = (a * velocity[e][0] + b * velocity[e][1] + c * velocity[e][2]) * one * one * one;
        }
        leads_of(r, p->scale, exp(pose[LIMB]), w->z[i]);
    }
    apply_stiffness(p, w->z, &w->derivative);
}
