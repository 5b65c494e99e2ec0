/* The tetrahedra of the lattice, whole or cut. A lattice tet has corners 0, 1 (two cell centres) and
 * 2, 3 (two corners of the face between them): edges 0-1 and 2-3 are the long ones. */
#include <math.h>

#include "mesh/mesher_lattice.h"

typedef struct {
    const gm_lattice *l;
    const double (*nodes_mm)[3];
    ptrdiff_t p[4];
    int side[4];
    int32_t (*out)[4];
    size_t n;
} stencil;

static int is_long(int a, int b)
{
    return (a ^ b) == 1;
}

static int is_even(const gm_lattice *l, ptrdiff_t p)
{
    size_t cell = (size_t)p / 2;
    return (cell % l->n[0] + cell / l->n[0] % l->n[1] + cell / l->n[0] / l->n[1]) % 2 == 0;
}

/* The node where the edge between corners a and b crosses the surface. */
static int32_t cut_between(const stencil *s, int a, int b)
{
    const gm_lattice *l = s->l;
    for (int turn = 0; turn < 2; turn++) {
        ptrdiff_t from = s->p[turn ? b : a], to = s->p[turn ? a : b];
        for (int k = 0; k < OWNED; k++)
            if (from + l->step[from & 1][gm_mesher_owned[k]] == to)
                return l->cut_node[l->active[from]][k];
    }
    return -1;
}

static int32_t node_of(const stencil *s, int corner)
{
    return s->l->node[s->p[corner]];
}

static double distance2(const stencil *s, int32_t a, int32_t b)
{
    double sum = 0;
    for (int c = 0; c < 3; c++) {
        double d = s->nodes_mm[a][c] - s->nodes_mm[b][c];
        sum += d * d;
    }
    return sum;
}

static void emit(stencil *s, int32_t a, int32_t b, int32_t c, int32_t d)
{
    const double(*x)[3] = s->nodes_mm;
    int32_t *tet = s->out[s->n++];
    int turned = gm_tet_volume_mm3(x[a], x[b], x[c], x[d]) < 0;
    tet[0] = a;
    tet[1] = b;
    tet[2] = turned ? d : c;
    tet[3] = turned ? c : d;
}

/* In the face p, q (inside), m (outside): does the diagonal of the part inside start at p (and end
 * at the cut between q and m)? It ends at the cut of the long edge if that is cut, and else starts
 * at the corner with an even sum of indices, so that both tets of a face agree. */
static int starts_at(const stencil *s, int p, int q, int m)
{
    if (is_long(p, m)) return 0;
    if (is_long(q, m)) return 1;
    return is_even(s->l, s->p[p]);
}

/* A prism with ends a and b; from[i][j]: the side i, j has the diagonal a[i]-b[j]. Returns 0, and
 * emits nothing, if the three diagonals go round in a circle. */
static int emit_prism(stencil *s, const int32_t a[3], const int32_t b[3], int from[3][3])
{
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3, k = (i + 2) % 3;
        if (from[i][j] && from[i][k]) {
            emit(s, a[i], b[0], b[1], b[2]);
            emit(s, a[i], a[j], a[k], from[j][k] ? b[k] : b[j]);
            emit(s, a[i], b[j], b[k], from[j][k] ? a[j] : a[k]);
            return 1;
        }
        if (from[j][i] && from[k][i]) {
            emit(s, b[i], a[0], a[1], a[2]);
            emit(s, b[i], b[j], b[k], from[j][k] ? a[j] : a[k]);
            emit(s, b[i], a[j], a[k], from[j][k] ? b[k] : b[j]);
            return 1;
        }
    }
    return 0;
}

static void emit_three_inside(stencil *s, const int in[3], int m)
{
    int32_t a[3], b[3];
    int from[3][3] = {{0}};
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3;
        a[i] = node_of(s, in[i]);
        b[i] = cut_between(s, in[i], m);
        from[i][j] = starts_at(s, in[i], in[j], m);
        from[j][i] = !from[i][j];
    }
    emit_prism(s, a, b, from);
}

static void emit_two_and_two(stencil *s, const int in[2], const int out[2])
{
    int p = in[0], q = in[1];
    int32_t a[3] = {node_of(s, p), cut_between(s, p, out[0]), cut_between(s, p, out[1])};
    int32_t b[3] = {node_of(s, q), cut_between(s, q, out[0]), cut_between(s, q, out[1])};
    int from[3][3] = {{0}};
    for (int i = 1; i < 3; i++) {
        from[0][i] = starts_at(s, p, q, out[i - 1]);
        from[i][0] = !from[0][i];
    }
    /* The side on the surface is free: the shorter diagonal, if it can be had. */
    from[1][2] = distance2(s, a[1], b[2]) <= distance2(s, a[2], b[1]);
    from[2][1] = !from[1][2];
    if (emit_prism(s, a, b, from)) return;
    from[1][2] = from[2][1];
    from[2][1] = !from[1][2];
    emit_prism(s, a, b, from);
}

static void emit_two_one_zero(stencil *s, const int in[2], int m, int zero)
{
    int32_t p = node_of(s, in[0]), q = node_of(s, in[1]), z = node_of(s, zero);
    int32_t cp = cut_between(s, in[0], m), cq = cut_between(s, in[1], m);
    int p_to_cq = starts_at(s, in[0], in[1], m);
    emit(s, z, p, q, p_to_cq ? cq : cp);
    emit(s, z, cp, cq, p_to_cq ? p : q);
}

static size_t tets_of(int n_in, int n_out)
{
    if (n_in == 0) return 0;
    if (n_out == 0 || n_in == 1) return 1;
    return n_in == 2 && n_out == 1 ? 2 : 3;
}

static void emit_tet(stencil *s)
{
    int in[4], out[4], zero[4], n_in = 0, n_out = 0, n_zero = 0;
    for (int c = 0; c < 4; c++) {
        if (s->side[c] == INSIDE)
            in[n_in++] = c;
        else if (s->side[c] == OUTSIDE)
            out[n_out++] = c;
        else
            zero[n_zero++] = c;
    }
    if (!s->nodes_mm || n_in == 0) {
        s->n += tets_of(n_in, n_out);
    } else if (n_out == 0 || n_in == 1) {
        int32_t v[4];
        for (int c = 0; c < 4; c++)
            v[c] = s->side[c] == OUTSIDE ? cut_between(s, in[0], c) : node_of(s, c);
        emit(s, v[0], v[1], v[2], v[3]);
    } else if (n_in == 3) {
        emit_three_inside(s, in, out[0]);
    } else if (n_out == 2) {
        emit_two_and_two(s, in, out);
    } else {
        emit_two_one_zero(s, in, out[0], zero[0]);
    }
}

/* The four tets round the long edge from the centre of a cell to the next centre along `axis`. */
static void emit_face(stencil *s, const ptrdiff_t stride[3], ptrdiff_t centre, int axis)
{
    const gm_lattice *l = s->l;
    ptrdiff_t u = stride[(axis + 1) % 3], v = stride[(axis + 2) % 3];
    ptrdiff_t corner = centre - 1 + stride[axis];
    ptrdiff_t ring[5] = {corner, corner + u, corner + u + v, corner + v, corner};
    s->p[0] = centre;
    s->p[1] = centre + stride[axis];
    s->side[0] = l->side[s->p[0]];
    s->side[1] = l->side[s->p[1]];
    for (int i = 0; i < 4; i++) {
        for (int c = 0; c < 2; c++) {
            s->p[2 + c] = ring[i + c];
            s->side[2 + c] = l->side[ring[i + c]];
        }
        emit_tet(s);
    }
}

size_t gm_lattice_row_tets(const gm_lattice *l, const double (*nodes_mm)[3], size_t j, size_t k,
                           int32_t (*tets)[4])
{
    stencil s = {.l = l, .nodes_mm = tets ? nodes_mm : NULL, .out = tets};
    const ptrdiff_t stride[3] = {2, 2 * (ptrdiff_t)l->n[0], 2 * (ptrdiff_t)(l->n[0] * l->n[1])};
    if (j + 2 > l->n[1] - 1 || k + 2 > l->n[2] - 1) return 0;
    for (size_t i = 0; i + 2 <= l->n[0] - 1; i++) {
        ptrdiff_t centre = 2 * (ptrdiff_t)((k * l->n[1] + j) * l->n[0] + i) + 1;
        for (int axis = 0; axis < 3; axis++)
            emit_face(&s, stride, centre, axis);
    }
    return s.n;
}
