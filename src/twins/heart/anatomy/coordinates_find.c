#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/anatomy/coordinates.h"

enum { BINS = 48 }; /* per unit of ab and of rt: a few mm each */
#define TM_WEIGHT 0.1
#define INSIDE_TOLERANCE 1e-9
#define FLAT 1e-14 /* determinant of a tet's coordinates below which it has no inside */
#define PI 3.14159265358979323846

struct gm_coordinate_finder {
    const gm_tetmesh *mesh;
    const gm_heart_coordinates *c;
    int64_t *start; /* [2 * BINS * BINS + 1] by ventricle, ab, rt */
    int32_t *tet;
};

/* The shortest way from one rotation to another. */
static double turn(double from, double to)
{
    double d = to - from;
    return d - floor(d + 0.5);
}

/* Nodes of a tet as (ab, rt, tm) seen from one ventricle: rt continuous round the first node, the other
 * ventricle's half of the septum with negative tm. */
static void seen_from(const gm_coordinate_finder *f, size_t e, gm_ventricle v, double x[4][3])
{
    const gm_heart_coordinates *c = f->c;
    const int32_t *t = f->mesh->tets[e];
    for (int k = 0; k < 4; k++) {
        x[k][0] = c->ab[t[k]];
        x[k][1] = c->rt[t[0]] + turn(c->rt[t[0]], c->rt[t[k]]);
        x[k][2] = c->tv[t[k]] == v ? c->tm[t[k]] : -c->tm[t[k]];
    }
}

/* ---- the table ---------------------------------------------------------------------------------- */

typedef struct {
    int low[2], high[2]; /* bins of ab, and of rt before wrapping */
} bin_range;

static int bin_of(double x)
{
    return (int)floor(x * BINS);
}

static int clamped(int bin)
{
    return bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin;
}

static int wrapped(int bin)
{
    return (bin % BINS + BINS) % BINS;
}

static bin_range bins_of(double x[4][3])
{
    double low[2] = {x[0][0], x[0][1]}, high[2] = {x[0][0], x[0][1]};
    for (int k = 1; k < 4; k++)
        for (int i = 0; i < 2; i++) {
            low[i] = fmin(low[i], x[k][i]);
            high[i] = fmax(high[i], x[k][i]);
        }
    bin_range r = {{clamped(bin_of(low[0])), bin_of(low[1])},
                   {clamped(bin_of(high[0])), bin_of(high[1])}};
    if (r.high[1] - r.low[1] >= BINS) r.high[1] = r.low[1] + BINS - 1;
    return r;
}

static size_t cell(gm_ventricle v, int ab, int rt)
{
    return ((size_t)v * BINS + (size_t)ab) * BINS + (size_t)wrapped(rt);
}

/* One pass over all tets and their bins; next NULL: counts into start[.. + 1]. */
static void visit_bins(gm_coordinate_finder *f, int64_t *next)
{
    for (size_t e = 0; e < f->mesh->n_tets; e++)
        for (int v = 0; v < 2; v++) {
            const int32_t *t = f->mesh->tets[e];
            double x[4][3];
            if (f->c->tv[t[0]] != v && f->c->tv[t[1]] != v && f->c->tv[t[2]] != v &&
                f->c->tv[t[3]] != v)
                continue;
            seen_from(f, e, (gm_ventricle)v, x);
            bin_range r = bins_of(x);
            for (int a = r.low[0]; a <= r.high[0]; a++)
                for (int b = r.low[1]; b <= r.high[1]; b++) {
                    size_t at = cell((gm_ventricle)v, a, b);
                    if (next)
                        f->tet[next[at]++] = (int32_t)e;
                    else
                        f->start[at + 1]++;
                }
        }
}

gm_status gm_coordinate_finder_create(gm_coordinate_finder **out, const gm_tetmesh *mesh,
                                      const gm_heart_coordinates *coordinates)
{
    size_t cells = 2 * BINS * BINS;
    gm_coordinate_finder *f = gm_calloc(1, sizeof *f);
    int64_t *next = gm_calloc(cells + 1, sizeof *next);
    *out = NULL;
    if (f) {
        *f = (gm_coordinate_finder){.mesh = mesh, .c = coordinates};
        f->start = gm_calloc(cells + 1, sizeof *f->start);
    }
    if (f && next && f->start) {
        visit_bins(f, NULL);
        for (size_t i = 0; i < cells; i++)
            f->start[i + 1] += f->start[i];
        memcpy(next, f->start, (cells + 1) * sizeof *next);
        f->tet = gm_calloc((size_t)f->start[cells], sizeof *f->tet);
    }
    gm_status s = f && next && f->start && f->tet
                      ? GM_OK
                      : gm_fail(GM_ENOMEM, "coordinates: no memory for the finder");
    if (s == GM_OK) {
        visit_bins(f, next);
        *out = f;
    } else {
        gm_coordinate_finder_destroy(f);
    }
    gm_free(next);
    return s;
}

void gm_coordinate_finder_destroy(gm_coordinate_finder *f)
{
    if (!f) return;
    gm_free(f->start);
    gm_free(f->tet);
    gm_free(f);
}

/* ---- a place in one tet ------------------------------------------------------------------------- */

static double determinant(double a[3], double b[3], double c[3])
{
    return a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) +
           a[2] * (b[0] * c[1] - b[1] * c[0]);
}

/* Barycentric weights of the target, negative ones cut off: exact inside, a guess outside. */
static void weights_at(double x[4][3], const double target[3], double weight[4])
{
    double d[4][3], all = 0;
    for (int k = 0; k < 4; k++)
        for (int i = 0; i < 3; i++)
            d[k][i] = x[k][i] - target[i];
    weight[0] = determinant(d[1], d[2], d[3]);
    weight[1] = -determinant(d[0], d[2], d[3]);
    weight[2] = determinant(d[0], d[1], d[3]);
    weight[3] = -determinant(d[0], d[1], d[2]);
    for (int k = 0; k < 4; k++)
        all += weight[k];
    double sum = 0;
    for (int k = 0; k < 4; k++) {
        weight[k] = fabs(all) > FLAT ? weight[k] / all : 0.25;
        if (!(weight[k] > 0)) weight[k] = 0;
        sum += weight[k];
    }
    for (int k = 0; k < 4; k++)
        weight[k] /= sum;
}

static double misfit_of(double x[4][3], const double target[3], const double weight[4])
{
    const double scale[3] = {1, 1, TM_WEIGHT};
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        double d = -target[i];
        for (int k = 0; k < 4; k++)
            d += weight[k] * x[k][i];
        sum += scale[i] * d * scale[i] * d;
    }
    return sqrt(sum);
}

static void try_tet(const gm_coordinate_finder *f, int32_t e, gm_ventricle v, const double asked[3],
                    gm_coordinate_place *best)
{
    double x[4][3], weight[4], target[3] = {asked[0], 0, asked[2]};
    seen_from(f, (size_t)e, v, x);
    target[1] = x[0][1] + turn(x[0][1], asked[1]);
    weights_at(x, target, weight);
    double misfit = misfit_of(x, target, weight);
    if (!(misfit < best->misfit)) return;
    best->misfit = misfit;
    best->tet = e;
    memcpy(best->weight, weight, sizeof weight);
}

static void try_bin(const gm_coordinate_finder *f, gm_ventricle v, int ab, int rt,
                    const double asked[3], gm_coordinate_place *best)
{
    if (ab < 0 || ab >= BINS) return;
    size_t at = cell(v, ab, rt);
    for (int64_t i = f->start[at]; i < f->start[at + 1]; i++)
        try_tet(f, f->tet[i], v, asked, best);
}

/* Rings of bins round the target's, until no farther ring can hold anything nearer. */
static void search(const gm_coordinate_finder *f, gm_ventricle v, const double asked[3],
                   gm_coordinate_place *best)
{
    int ab = clamped(bin_of(asked[0])), rt = bin_of(asked[1]);
    for (int ring = 0; ring < BINS; ring++) {
        if (best->misfit <= INSIDE_TOLERANCE || best->misfit < (double)(ring - 1) / BINS) return;
        for (int a = -ring; a <= ring; a++)
            for (int b = -ring; b <= ring; b += abs(a) == ring || ring == 0 ? 1 : 2 * ring)
                try_bin(f, v, ab + a, rt + b, asked, best);
    }
}

gm_status gm_coordinates_find(const gm_coordinate_finder *f, gm_ventricle ventricle, double ab,
                              double rt, double tm, gm_coordinate_place *out)
{
    const double asked[3] = {ab, rt, tm};
    static const char *const names[] = {"ab", "rt", "tm"};
    for (int i = 0; i < 3; i++)
        if (!(asked[i] >= 0 && asked[i] <= 1))
            return gm_fail(GM_EINVAL, "coordinates: %s is %g, allowed 0 to 1", names[i], asked[i]);
    if (ventricle != GM_VENTRICLE_LV && ventricle != GM_VENTRICLE_RV)
        return gm_fail(GM_EINVAL, "coordinates: ventricle %d, allowed LV or RV", (int)ventricle);
    gm_coordinate_place best = {.tet = -1, .misfit = INFINITY};
    search(f, ventricle, asked, &best);
    if (best.tet < 0)
        return gm_fail(GM_EINVAL, "coordinates: the mesh has no %s",
                       ventricle == GM_VENTRICLE_RV ? "RV" : "LV");
    for (int c = 0; c < 3; c++)
        for (int k = 0; k < 4; k++)
            best.xyz_mm[c] += best.weight[k] * f->mesh->nodes_mm[f->mesh->tets[best.tet][k]][c];
    *out = best;
    return GM_OK;
}

/* ---- values, and the other convention ----------------------------------------------------------- */

gm_coordinate_values gm_coordinates_at(const gm_tetmesh *mesh, const gm_heart_coordinates *c,
                                       int32_t tet, const double weight[4])
{
    const int32_t *t = mesh->tets[tet];
    gm_coordinate_values v = {GM_VENTRICLE_LV, 0, c->rt[t[0]], 0};
    double depth = 0, share = 0; /* depth: LV negative; share of the RV's nodes */
    for (int k = 0; k < 4; k++) {
        bool is_rv = c->tv[t[k]] == GM_VENTRICLE_RV;
        v.ab += weight[k] * c->ab[t[k]];
        v.rt += weight[k] * turn(c->rt[t[0]], c->rt[t[k]]);
        depth += weight[k] * (is_rv ? c->tm[t[k]] : -c->tm[t[k]]);
        share += is_rv ? weight[k] : 0;
    }
    v.rt -= floor(v.rt);
    v.tm = fabs(depth);
    if (depth > 0 || (depth == 0 && share > 0.5)) v.ventricle = GM_VENTRICLE_RV;
    return v;
}

double gm_uvc_rotation_rad(gm_ventricle ventricle, double rt)
{
    if (ventricle == GM_VENTRICLE_RV && rt <= 2.0 / 3) return (rt * 1.5 - 0.5) * PI;
    if (rt > 2.0 / 3)
        return (5.0 / 6 - rt) * 3 * PI; /* septum: 2/3 -> pi/2, 5/6 -> 0, 1 -> -pi/2 */
    return rt > 1.0 / 3 ? (1 - (rt - 1.0 / 3) * 1.5) * PI   /* anterior: 1/3 -> pi, 2/3 -> pi/2 */
                        : (-1 + (1.0 / 3 - rt) * 1.5) * PI; /* posterior: 0 -> -pi/2, 1/3 -> -pi */
}

double gm_uvc_depth(double tm)
{
    return 1 - tm;
}
