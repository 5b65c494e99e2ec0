#include "mesh/mesher_lattice.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "core/alloc.h"

/* Thresholds of Labelle & Shewchuk 2007, table 1: a lattice point moves onto the surface when a long
 * (short) edge crosses it closer than this fraction of the edge. */
#define ALPHA_LONG 0.24999
#define ALPHA_SHORT 0.41189

#define SHORT_EDGE 0.86602540378443865 /* of a */
#define EDGE_PER_A ((2 + 4 * SHORT_EDGE) / 6)
#define MOST_POINTS ((size_t)400000000)

const int gm_mesher_owned[OWNED] = {0, 1, 2, 10, 11, 12, 13};

int gm_lattice_opposite(int slot)
{
    return slot < LONG_SLOTS ? (slot + 3) % LONG_SLOTS : LONG_SLOTS + 7 - (slot - LONG_SLOTS);
}

void gm_lattice_direction(int slot, double d[3])
{
    for (int c = 0; c < 3; c++) {
        if (slot < LONG_SLOTS)
            d[c] = slot % 3 == c ? (slot < 3 ? 1 : -1) : 0;
        else
            d[c] = ((slot - LONG_SLOTS) >> c & 1) ? 0.5 : -0.5;
    }
}

void gm_lattice_place(const gm_lattice *l, size_t point, double x_mm[3])
{
    size_t cell = point / 2,
           at[3] = {cell % l->n[0], cell / l->n[0] % l->n[1], cell / l->n[0] / l->n[1]};
    double half = point & 1 ? 0.5 : 0;
    for (int c = 0; c < 3; c++)
        x_mm[c] = l->origin_mm[c] + l->a_mm * ((double)at[c] + half);
}

static void set_steps(gm_lattice *l)
{
    ptrdiff_t stride[3] = {2, 2 * (ptrdiff_t)l->n[0], 2 * (ptrdiff_t)(l->n[0] * l->n[1])};
    for (int s = 0; s < 2; s++) {
        for (int slot = 0; slot < LONG_SLOTS; slot++)
            l->step[s][slot] = slot < 3 ? stride[slot] : -stride[slot - 3];
        for (int b = 0; b < 8; b++) {
            ptrdiff_t step = s ? -1 : 1;
            for (int c = 0; c < 3; c++) {
                int towards_plus = b >> c & 1;
                step += stride[c] * (s ? towards_plus : towards_plus - 1);
            }
            l->step[s][LONG_SLOTS + b] = step;
        }
    }
}

static gm_status set_size(gm_lattice *l, const gm_mesher_input *in)
{
    if (!in->phi) return gm_fail(GM_EINVAL, "mesher: no distance function");
    if (!(in->edge_mm > 0 && isfinite(in->edge_mm)))
        return gm_fail(GM_EINVAL, "mesher: edge length %g mm, allowed > 0", in->edge_mm);
    l->a_mm = in->edge_mm / EDGE_PER_A;
    double points = 2;
    for (int c = 0; c < 3; c++) {
        double width = in->box_max_mm[c] - in->box_min_mm[c];
        if (!(width > 0 && isfinite(width)))
            return gm_fail(GM_EINVAL, "mesher: box side %d is %g mm wide, allowed > 0", c, width);
        double cells = ceil(width / l->a_mm) + 5; /* two cells of air on each side */
        points *= cells;
        if (!(points <= (double)MOST_POINTS))
            return gm_fail(GM_EINVAL,
                           "mesher: edge length %g mm needs more than %zu lattice points; take a "
                           "longer edge or a smaller box",
                           in->edge_mm, MOST_POINTS);
        l->n[c] = (size_t)cells;
        l->origin_mm[c] =
            0.5 * (in->box_min_mm[c] + in->box_max_mm[c]) - 0.5 * (cells - 1) * l->a_mm;
    }
    l->n_points = 2 * l->n[0] * l->n[1] * l->n[2];
    return GM_OK;
}

typedef struct {
    gm_lattice *l;
    const gm_mesher_input *in;
    atomic_int not_finite, at_side;
} sampling;

enum { BATCH = 256 };

/* Two cells beside the box must be air: then every tet of an inside point exists. */
static int is_air(const gm_lattice *l, size_t point)
{
    size_t cell = point / 2,
           at[3] = {cell % l->n[0], cell / l->n[0] % l->n[1], cell / l->n[0] / l->n[1]};
    for (int c = 0; c < 3; c++)
        if (at[c] < 1 || at[c] + 2 >= l->n[c]) return 1;
    return 0;
}

static void sample_range(void *context, size_t first, size_t last, unsigned worker)
{
    (void)worker;
    sampling *s = context;
    gm_lattice *l = s->l;
    for (size_t at = first; at < last; at += BATCH) {
        double x[BATCH][3];
        size_t n = last - at < BATCH ? last - at : BATCH;
        for (size_t i = 0; i < n; i++)
            gm_lattice_place(l, at + i, x[i]);
        s->in->phi(s->in->context, n, x, l->phi + at);
        for (size_t i = at; i < at + n; i++) {
            if (!isfinite(l->phi[i])) atomic_store(&s->not_finite, 1);
            l->side[i] = l->phi[i] < 0 ? INSIDE : l->phi[i] > 0 ? OUTSIDE : ON_SURFACE;
            if (l->side[i] != OUTSIDE && is_air(l, i)) atomic_store(&s->at_side, 1);
        }
    }
}

/* active = 0 where a neighbour lies on the other side or the point itself lies on the surface. */
static void flag_range(void *context, size_t first, size_t last, unsigned worker)
{
    (void)worker;
    gm_lattice *l = context;
    for (size_t p = first; p < last; p++) {
        l->active[p] = -1;
        if (is_air(l, p)) continue;
        int side = l->side[p], found = side == ON_SURFACE;
        const ptrdiff_t *step = l->step[p & 1];
        for (int slot = 0; slot < SLOTS && !found; slot++)
            found = l->side[(ptrdiff_t)p + step[slot]] == -side;
        if (found) l->active[p] = 0;
    }
}

static gm_status list_active(gm_lattice *l)
{
    size_t n = 0;
    for (size_t p = 0; p < l->n_points; p++)
        if (l->active[p] == 0) n++;
    l->point = gm_calloc(n, sizeof *l->point);
    l->cut = gm_calloc(n, sizeof *l->cut);
    l->moved_mm = gm_calloc(n, sizeof *l->moved_mm);
    l->cut_node = gm_calloc(n, sizeof *l->cut_node);
    if (!l->point || !l->cut || !l->moved_mm || !l->cut_node)
        return gm_fail(GM_ENOMEM, "mesher: no memory for %zu points beside the surface", n);
    for (size_t p = 0; p < l->n_points; p++) {
        if (l->active[p] < 0) continue;
        l->active[p] = (int32_t)l->n_active;
        l->point[l->n_active] = (int64_t)p;
        gm_lattice_place(l, p, l->moved_mm[l->n_active++]);
    }
    for (size_t i = 0; i < n; i++)
        for (int slot = 0; slot < SLOTS; slot++)
            l->cut[i][slot] = -1;
    return GM_OK;
}

gm_status gm_lattice_make(gm_lattice *l, const gm_mesher_input *in, gm_threads *threads)
{
    *l = (gm_lattice){0};
    GM_TRY(set_size(l, in));
    set_steps(l);
    l->phi = gm_alloc_aligned(l->n_points, sizeof *l->phi);
    l->side = gm_alloc_aligned(l->n_points, sizeof *l->side);
    l->active = gm_alloc_aligned(l->n_points, sizeof *l->active);
    l->node = gm_alloc_aligned(l->n_points, sizeof *l->node);
    if (!l->phi || !l->side || !l->active || !l->node)
        return gm_fail(GM_ENOMEM, "mesher: no memory for %zu lattice points", l->n_points);
    sampling s = {.l = l, .in = in};
    gm_threads_ranges(threads, l->n_points, 8 * BATCH, sample_range, &s);
    if (atomic_load(&s.not_finite))
        return gm_fail(GM_EINVAL, "mesher: the distance function gave a value that is not finite");
    if (atomic_load(&s.at_side))
        return gm_fail(GM_EINVAL, "mesher: the body reaches the side of its box; make it larger");
    gm_threads_ranges(threads, l->n_points, 1 << 14, flag_range, l);
    return list_active(l);
}

/* ---- where edges cross the surface -------------------------------------------------------------- */

enum { MOST_STEPS = 30 };
#define ROOT_TOLERANCE 1e-7 /* of an edge */

typedef struct {
    int slot;
    double at[2], phi[2]; /* bracket: at[0] on the side of the point itself */
    double guess;
    int last; /* the end that moved last, -1: none */
    int done;
} crossing;

static double next_guess(const crossing *c, int step)
{
    double width = c->at[1] - c->at[0];
    double f = c->phi[0] / (c->phi[0] - c->phi[1]);
    if (step % 4 == 3 || !(f > 0 && f < 1)) f = 0.5;
    return c->at[0] + f * width;
}

/* Illinois rule: an end that stays twice has its value halved. */
static void narrow(crossing *c, double phi, double tolerance_mm)
{
    int end = (phi < 0) == (c->phi[0] < 0) ? 0 : 1;
    c->done = fabs(phi) <= tolerance_mm || c->at[1] - c->at[0] <= ROOT_TOLERANCE;
    c->at[end] = c->guess;
    c->phi[end] = phi;
    if (c->last == end) c->phi[1 - end] *= 0.5;
    c->last = end;
}

static void find_crossings(const gm_lattice *l, const gm_mesher_input *in, const double from[3],
                           crossing *c, int n)
{
    double tolerance_mm = ROOT_TOLERANCE * l->a_mm;
    for (int step = 0; step < MOST_STEPS; step++) {
        double x[OWNED][3], phi[OWNED];
        int which[OWNED], m = 0;
        for (int i = 0; i < n; i++) {
            if (c[i].done) continue;
            double d[3];
            gm_lattice_direction(c[i].slot, d);
            c[i].guess = next_guess(&c[i], step);
            for (int k = 0; k < 3; k++)
                x[m][k] = from[k] + c[i].guess * l->a_mm * d[k];
            which[m++] = i;
        }
        if (m == 0) return;
        in->phi(in->context, (size_t)m, x, phi);
        for (int i = 0; i < m; i++)
            narrow(&c[which[i]], isfinite(phi[i]) ? phi[i] : 0, tolerance_mm);
    }
}

typedef struct {
    gm_lattice *l;
    const gm_mesher_input *in;
} cutting;

/* Each edge is handled by its owner, which writes both ends' entries: no two threads meet. */
static void cut_range(void *context, size_t first, size_t last, unsigned worker)
{
    (void)worker;
    const cutting *job = context;
    gm_lattice *l = job->l;
    for (size_t i = first; i < last; i++) {
        ptrdiff_t p = (ptrdiff_t)l->point[i];
        crossing c[OWNED];
        int n = 0;
        if (l->side[p] == ON_SURFACE) continue;
        for (int k = 0; k < OWNED; k++) {
            int slot = gm_mesher_owned[k];
            ptrdiff_t q = p + l->step[p & 1][slot];
            if (l->side[q] != -l->side[p]) continue;
            c[n++] = (crossing){slot, {0, 1}, {l->phi[p], l->phi[q]}, 0, -1, 0};
        }
        find_crossings(l, job->in, l->moved_mm[i], c, n);
        for (int k = 0; k < n; k++) {
            ptrdiff_t q = p + l->step[p & 1][c[k].slot];
            l->cut[i][c[k].slot] = c[k].guess;
            l->cut[l->active[q]][gm_lattice_opposite(c[k].slot)] = 1 - c[k].guess;
        }
    }
}

gm_status gm_lattice_cut(gm_lattice *l, const gm_mesher_input *in, gm_threads *threads)
{
    cutting job = {l, in};
    gm_threads_ranges(threads, l->n_active, 256, cut_range, &job);
    return GM_OK;
}

/* ---- lattice points onto the surface ------------------------------------------------------------ */

static int nearest_violation(const double cut[SLOTS])
{
    int best = -1;
    double least_mm = 1;
    for (int slot = 0; slot < SLOTS; slot++) {
        if (cut[slot] < 0) continue;
        double limit = slot < LONG_SLOTS ? ALPHA_LONG : ALPHA_SHORT;
        double distance = cut[slot] * (slot < LONG_SLOTS ? 1 : SHORT_EDGE);
        if (cut[slot] < limit && distance < least_mm) {
            least_mm = distance;
            best = slot;
        }
    }
    return best;
}

/* One point after the other, in their order: a point that moves takes the crossings of its edges
 * away from its neighbours, and the paper's bounds hold for just that. */
void gm_lattice_warp(gm_lattice *l)
{
    for (size_t i = 0; i < l->n_active; i++) {
        ptrdiff_t p = (ptrdiff_t)l->point[i];
        int slot = nearest_violation(l->cut[i]);
        if (slot < 0) continue;
        double d[3];
        gm_lattice_direction(slot, d);
        for (int c = 0; c < 3; c++)
            l->moved_mm[i][c] += l->cut[i][slot] * l->a_mm * d[c];
        l->side[p] = ON_SURFACE;
        for (int s = 0; s < SLOTS; s++) {
            if (l->cut[i][s] < 0) continue;
            l->cut[i][s] = -1;
            l->cut[l->active[p + l->step[p & 1][s]]][gm_lattice_opposite(s)] = -1;
        }
    }
}

/* ---- nodes -------------------------------------------------------------------------------------- */

static int has_inside_neighbour(const gm_lattice *l, size_t p)
{
    for (int slot = 0; slot < SLOTS; slot++)
        if (l->side[(ptrdiff_t)p + l->step[p & 1][slot]] == INSIDE) return 1;
    return 0;
}

gm_status gm_lattice_number(gm_lattice *l)
{
    size_t n = 0;
    for (size_t p = 0; p < l->n_points; p++) {
        int used = l->side[p] == INSIDE || (l->side[p] == ON_SURFACE && has_inside_neighbour(l, p));
        l->node[p] = used ? (int32_t)n++ : -1;
        int32_t i = l->active[p];
        for (int k = 0; i >= 0 && k < OWNED; k++)
            l->cut_node[i][k] = l->cut[i][gm_mesher_owned[k]] < 0 ? -1 : (int32_t)n++;
        if (n > INT32_MAX - SLOTS)
            return gm_fail(GM_EINVAL, "mesher: more than %d nodes; take a longer edge", INT32_MAX);
    }
    l->n_nodes = n;
    return n ? GM_OK
             : gm_fail(GM_EINVAL,
                       "mesher: no lattice point lies inside the body; take a "
                       "shorter edge than %g mm",
                       l->a_mm * EDGE_PER_A);
}

void gm_lattice_nodes(const gm_lattice *l, double (*nodes_mm)[3])
{
    for (size_t p = 0; p < l->n_points; p++) {
        int32_t i = l->active[p];
        if (l->node[p] >= 0) {
            double *x = nodes_mm[l->node[p]];
            if (i >= 0)
                memcpy(x, l->moved_mm[i], sizeof l->moved_mm[i]);
            else
                gm_lattice_place(l, p, x);
        }
        for (int k = 0; i >= 0 && k < OWNED; k++) {
            if (l->cut_node[i][k] < 0) continue;
            int slot = gm_mesher_owned[k];
            double d[3], *x = nodes_mm[l->cut_node[i][k]];
            gm_lattice_direction(slot, d);
            for (int c = 0; c < 3; c++)
                x[c] = l->moved_mm[i][c] + l->cut[i][slot] * l->a_mm * d[c];
        }
    }
}

void gm_lattice_free(gm_lattice *l)
{
    gm_free(l->phi);
    gm_free(l->side);
    gm_free(l->active);
    gm_free(l->node);
    gm_free(l->point);
    gm_free(l->cut);
    gm_free(l->moved_mm);
    gm_free(l->cut_node);
    *l = (gm_lattice){0};
}
