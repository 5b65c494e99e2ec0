#include "heart/anatomy/cut.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "mesh/faces.h"

void gm_cut_free(gm_cut *c)
{
    gm_tetmesh_destroy(c->mesh);
    gm_free(c->level);
    gm_free(c->labels);
    gm_free(c->from);
    *c = (gm_cut){0};
}

/* One old tet: corners 0..3, then the nodes on its six edges. corner_mask says which corners a local
 * node lies between: a part of face k lacks corner k. */
typedef struct {
    int32_t node[10];
    int n_parts;
    unsigned char parts[6][4]; /* local nodes */
} division;

static const unsigned char corner_mask[10] = {1, 2, 4, 8, 3, 5, 9, 6, 10, 12};

static int between(int a, int b)
{
    for (int e = 0; e < 6; e++)
        if ((GM_TET_EDGE[e][0] == a && GM_TET_EDGE[e][1] == b) ||
            (GM_TET_EDGE[e][0] == b && GM_TET_EDGE[e][1] == a))
            return 4 + e;
    return -1;
}

static void add_part(division *d, int a, int b, int c, int e)
{
    const unsigned char part[4] = {(unsigned char)a, (unsigned char)b, (unsigned char)c,
                                   (unsigned char)e};
    memcpy(d->parts[d->n_parts++], part, sizeof part);
}

/* A pyramid over the quadrilateral p, q, q', p' (p', q' cuts of edges to a common corner): its diagonal
 * starts at the corner with the lower number, in both tets of the face. */
static void add_pyramid(division *d, int top, int p, int q, int p_cut, int q_cut)
{
    int p_first = d->node[p] < d->node[q];
    add_part(d, top, p, q, p_first ? q_cut : p_cut);
    add_part(d, top, p_cut, q_cut, p_first ? p : q);
}

/* One corner alone on its side, three on the other: a tet and a prism, cut from its lowest corner. */
static void divide_one_three(division *d, int alone, const int others[3])
{
    int p = others[0], q = others[1], r = others[2];
    if (d->node[q] < d->node[p]) {
        int t = p;
        p = q;
        q = t;
    }
    if (d->node[r] < d->node[p]) {
        int t = p;
        p = r;
        r = t;
    }
    int cp = between(alone, p), cq = between(alone, q), cr = between(alone, r);
    add_part(d, alone, cp, cq, cr);
    add_part(d, p, cp, cq, cr);
    add_pyramid(d, p, q, r, cq, cr);
}

/* Two prisms that share the quadrilateral of the four cuts; its diagonal joins the cut between the lower
 * corners of both sides to the opposite one. */
static void divide_two_two(division *d, int p, int q, int m, int n)
{
    if (d->node[q] < d->node[p]) {
        int t = p;
        p = q;
        q = t;
    }
    if (d->node[n] < d->node[m]) {
        int t = m;
        m = n;
        n = t;
    }
    int pm = between(p, m), pn = between(p, n), qm = between(q, m), qn = between(q, n);
    add_part(d, p, q, qm, qn);
    add_part(d, p, pm, qm, qn);
    add_part(d, p, pm, pn, qn);
    add_part(d, m, n, pn, qn);
    add_part(d, m, pm, pn, qn);
    add_part(d, m, pm, qm, qn);
}

static void divide(division *d, const double level[4])
{
    int plus[4], minus[4], zero[4], n_plus = 0, n_minus = 0, n_zero = 0;
    d->n_parts = 0;
    for (int k = 0; k < 4; k++) {
        if (level[k] > 0)
            plus[n_plus++] = k;
        else if (level[k] < 0)
            minus[n_minus++] = k;
        else
            zero[n_zero++] = k;
    }
    if (!n_plus || !n_minus) {
        add_part(d, 0, 1, 2, 3);
    } else if (n_plus == 2 && n_minus == 2) {
        divide_two_two(d, plus[0], plus[1], minus[0], minus[1]);
    } else if (n_zero == 0) {
        divide_one_three(d, n_plus == 1 ? plus[0] : minus[0], n_plus == 1 ? minus : plus);
    } else if (n_zero == 1) {
        int alone = n_plus == 1 ? plus[0] : minus[0];
        const int *pair = n_plus == 1 ? minus : plus;
        int c0 = between(alone, pair[0]), c1 = between(alone, pair[1]);
        add_part(d, zero[0], alone, c0, c1);
        add_pyramid(d, zero[0], pair[0], pair[1], c0, c1);
    } else {
        int c = between(plus[0], minus[0]);
        add_part(d, zero[0], zero[1], plus[0], c);
        add_part(d, zero[0], zero[1], minus[0], c);
    }
}

/* ---- the whole mesh ----------------------------------------------------------------------------- */

typedef struct {
    const gm_tetmesh *m;
    const signed char (*labels)[4];
    double *level; /* [n_nodes] snapped */
    gm_edges edges;
    int32_t *edge_node; /* [n_edges] new node or -1 */
    size_t n_nodes, n_tets;
} cutting;

static int crosses(const double *level, int32_t a, int32_t b)
{
    return (level[a] < 0 && level[b] > 0) || (level[a] > 0 && level[b] < 0);
}

static void snap(cutting *c)
{
    const gm_edges *x = &c->edges;
    for (size_t a = 0; a < c->m->n_nodes; a++)
        for (int32_t k = x->start[a]; k < x->start[a + 1]; k++) {
            size_t b = (size_t)x->other[k];
            if (!crosses(c->level, (int32_t)a, (int32_t)b)) continue;
            double at = c->level[a] / (c->level[a] - c->level[b]);
            if (at < GM_CUT_SNAP)
                c->level[a] = 0;
            else if (at > 1 - GM_CUT_SNAP)
                c->level[b] = 0;
        }
}

static void describe(const cutting *c, size_t e, division *d, double level[4])
{
    for (int k = 0; k < 4; k++) {
        d->node[k] = c->m->tets[e][k];
        level[k] = c->level[d->node[k]];
    }
    for (int k = 0; k < 6; k++) {
        int32_t a = d->node[GM_TET_EDGE[k][0]], b = d->node[GM_TET_EDGE[k][1]];
        d->node[4 + k] =
            crosses(c->level, a, b) ? c->edge_node[gm_edges_find(&c->edges, a, b)] : -1;
    }
    divide(d, level);
}

static gm_status count(cutting *c, const double *level)
{
    division d;
    double corner[4];
    GM_TRY(gm_tetmesh_edges(c->m, &c->edges));
    c->level = gm_calloc(c->m->n_nodes, sizeof *c->level);
    c->edge_node = gm_calloc(c->edges.n_edges, sizeof *c->edge_node);
    if (!c->level || !c->edge_node) return gm_fail(GM_ENOMEM, "cut: no memory");
    memcpy(c->level, level, c->m->n_nodes * sizeof *level);
    snap(c);
    c->n_nodes = c->m->n_nodes;
    for (size_t a = 0; a < c->m->n_nodes; a++)
        for (int32_t k = c->edges.start[a]; k < c->edges.start[a + 1]; k++)
            c->edge_node[k] =
                crosses(c->level, (int32_t)a, c->edges.other[k]) ? (int32_t)c->n_nodes++ : -1;
    for (size_t e = 0; e < c->m->n_tets; e++) {
        describe(c, e, &d, corner);
        c->n_tets += (size_t)d.n_parts;
    }
    return GM_OK;
}

static void fill_nodes(const cutting *c, gm_cut *out)
{
    const gm_tetmesh *m = c->m;
    memcpy(out->mesh->nodes_mm, m->nodes_mm, m->n_nodes * sizeof *m->nodes_mm);
    memcpy(out->level, c->level, m->n_nodes * sizeof *c->level);
    for (size_t a = 0; a < m->n_nodes; a++)
        for (int32_t k = c->edges.start[a]; k < c->edges.start[a + 1]; k++) {
            if (c->edge_node[k] < 0) continue;
            size_t b = (size_t)c->edges.other[k];
            double at = c->level[a] / (c->level[a] - c->level[b]);
            for (int i = 0; i < 3; i++)
                out->mesh->nodes_mm[c->edge_node[k]][i] =
                    (1 - at) * m->nodes_mm[a][i] + at * m->nodes_mm[b][i];
        }
}

static signed char label_of(const cutting *c, size_t e, const unsigned char part[4], int face)
{
    unsigned char mask = 0;
    for (int k = 0; k < 3; k++)
        mask |= corner_mask[part[GM_TET_FACE[face][k]]];
    for (int k = 0; k < 4; k++)
        if (!(mask >> k & 1)) return c->labels[e][k];
    return -1;
}

static void fill_tets(const cutting *c, gm_cut *out)
{
    size_t n = 0;
    for (size_t e = 0; e < c->m->n_tets; e++) {
        division d;
        double corner[4];
        describe(c, e, &d, corner);
        for (int p = 0; p < d.n_parts; p++, n++) {
            unsigned char *part = d.parts[p];
            double(*x)[3] = out->mesh->nodes_mm;
            if (gm_tet_volume_mm3(x[d.node[part[0]]], x[d.node[part[1]]], x[d.node[part[2]]],
                                  x[d.node[part[3]]]) < 0) {
                unsigned char t = part[2];
                part[2] = part[3];
                part[3] = t;
            }
            out->from[n] = (int32_t)e;
            for (int k = 0; k < 4; k++) {
                out->mesh->tets[n][k] = d.node[part[k]];
                out->labels[n][k] = label_of(c, e, part, k);
            }
        }
    }
}

gm_status gm_cut_mesh(gm_cut *out, const gm_tetmesh *m, const double *level,
                      const signed char (*labels)[4])
{
    cutting c = {.m = m, .labels = labels};
    *out = (gm_cut){0};
    gm_status s = count(&c, level);
    if (s == GM_OK) s = gm_tetmesh_create(&out->mesh, c.n_nodes, c.n_tets);
    if (s == GM_OK) {
        out->level = gm_calloc(c.n_nodes, sizeof *out->level);
        out->labels = gm_calloc(c.n_tets, sizeof *out->labels);
        out->from = gm_calloc(c.n_tets, sizeof *out->from);
        if (!out->level || !out->labels || !out->from) s = gm_fail(GM_ENOMEM, "cut: no memory");
    }
    if (s == GM_OK) {
        fill_nodes(&c, out);
        fill_tets(&c, out);
    } else {
        gm_cut_free(out);
    }
    gm_edges_free(&c.edges);
    gm_free(c.edge_node);
    gm_free(c.level);
    return s;
}
