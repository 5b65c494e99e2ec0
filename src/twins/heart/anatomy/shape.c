#include "heart/anatomy/shape.h"

#include <math.h>

#include "core/alloc.h"

/* The RV beside an LV of outer radius R and outer length L. Chosen by eye against short-axis and
 * four-chamber images: its walls meet the LV JUNCTION degrees to both sides of the septum's middle, it
 * reaches 90 % of the LV's length and is widest near the base. Its half axis across sets the volume. */
#define RV_MIDDLE 0.66                   /* u of the middle by R */
#define RV_WIDTH 1.12                    /* half axis u by R, at rv_scale 1 */
#define RV_LENGTH 0.93                   /* lowest inner point below the base by L */
#define RV_EQUATOR 0.22                  /* its widest place below the base by L */
#define RV_LEAN 0.16                     /* du/dw: its lower end lies nearer to the LV's axis */
#define JUNCTION_COS 0.30901699437494742 /* of 72 degrees */
#define JUNCTION_SIN 0.95105651629515357

#define GROOVE_MM 6.0 /* width of blending where the outsides meet */
#define EDGE_MM 5.0   /* width of blending along the sharp edge of the RV cavity */
#define PI 3.14159265358979323846

static const double LATTICE_MM = 2;

/* First-order distance to an ellipsoid: k0 (k0 - 1) / k1 with k0 = |p/h|, k1 = |p/h^2|. */
static double ellipsoid_mm(const gm_ellipsoid *e, const double x[3])
{
    double k0 = 0, k1 = 0;
    double p[3] = {x[0] - e->centre[0] - e->lean * (x[2] - e->centre[2]), x[1] - e->centre[1],
                   x[2] - e->centre[2]};
    for (int c = 0; c < 3; c++) {
        double q = p[c] / e->half[c];
        k0 += q * q;
        k1 += q * q / (e->half[c] * e->half[c]);
    }
    k0 = sqrt(k0);
    k1 = sqrt(k1);
    if (!(k1 > 1e-12)) return -fmin(e->half[0], fmin(e->half[1], e->half[2]));
    return k0 * (k0 - 1) / k1;
}

static double smooth_min(double a, double b, double width)
{
    double h = fmax(width - fabs(a - b), 0) / width;
    return fmin(a, b) - 0.25 * width * h * h;
}

static double smooth_max(double a, double b, double width)
{
    return -smooth_min(-a, -b, width);
}

static gm_ellipsoid grown(gm_ellipsoid e, double side_mm, double end_mm)
{
    e.half[0] += side_mm;
    e.half[1] += side_mm;
    e.half[2] += end_mm;
    return e;
}

gm_heart_shape gm_heart_shape_of(const gm_heart_sizes *z)
{
    double f = GM_SHAPE_EQUATOR, a = z->axis_mm / (1 + f);
    double r = sqrt(1000 * z->lv_ml / (PI * a * (2.0 / 3 + f - f * f * f / 3)));
    gm_heart_shape s = {.lv_in = {{0, 0, -f * a}, {r, r, a}, 0}};
    s.lv_out = grown(s.lv_in, z->wall_mm, z->apex_wall_mm);
    double outer = r + z->wall_mm, length = z->axis_mm + GM_SHAPE_APEX_WALL * z->wall_mm;
    /* The half axis v for which the ellipse goes through the junctions on the LV's outside. */
    double across = RV_WIDTH * z->rv_scale;
    /* A larger RV grows away from the LV: it must not close round the LV's narrow lower end. */
    double middle = RV_MIDDLE + fmax(0, across - RV_WIDTH), off = (middle - JUNCTION_COS) / across;
    double depth = JUNCTION_SIN / sqrt(1 - off * off);
    s.rv_in = (gm_ellipsoid){{middle * outer, 0, -RV_EQUATOR * length},
                             {across * outer, depth * outer, (RV_LENGTH - RV_EQUATOR) * length},
                             RV_LEAN};
    s.rv_out = grown(s.rv_in, z->rv_wall_mm, z->rv_wall_mm);
    return s;
}

double gm_heart_shape_lv_mm(const gm_heart_shape *s, const double x[3])
{
    return ellipsoid_mm(&s->lv_in, x);
}

double gm_heart_shape_rv_mm(const gm_heart_shape *s, const double x[3])
{
    return smooth_max(ellipsoid_mm(&s->rv_in, x), -ellipsoid_mm(&s->lv_out, x), EDGE_MM);
}

static double outside_mm(const gm_heart_shape *s, const double x[3])
{
    return smooth_min(ellipsoid_mm(&s->lv_out, x), ellipsoid_mm(&s->rv_out, x), GROOVE_MM);
}

void gm_heart_shape_muscle(const void *context, size_t n, const double (*x_mm)[3], double *phi_mm)
{
    const gm_heart_shape *s = context;
    for (size_t i = 0; i < n; i++) {
        double phi = fmax(outside_mm(s, x_mm[i]), x_mm[i][2]);
        phi = fmax(phi, -gm_heart_shape_lv_mm(s, x_mm[i]));
        phi_mm[i] = fmax(phi, -gm_heart_shape_rv_mm(s, x_mm[i]));
    }
}

gm_heart_side gm_heart_shape_side(const gm_heart_shape *s, const double x[3])
{
    double lv = fabs(gm_heart_shape_lv_mm(s, x)), rv = fabs(gm_heart_shape_rv_mm(s, x));
    double base = fabs(x[2]), epi = fabs(outside_mm(s, x));
    if (base <= lv && base <= rv && base <= epi) return GM_SIDE_BASE;
    if (lv <= rv && lv <= epi) return GM_SIDE_LV;
    return rv <= epi ? GM_SIDE_RV : GM_SIDE_EPI;
}

void gm_heart_shape_box(const gm_heart_shape *s, double low[3], double high[3])
{
    const gm_ellipsoid *parts[] = {&s->lv_out, &s->rv_out};
    for (int c = 0; c < 3; c++) {
        low[c] = INFINITY;
        high[c] = -INFINITY;
        for (int p = 0; p < 2; p++) {
            const gm_ellipsoid *e = parts[p];
            double reach = e->half[c] + GROOVE_MM + (c == 0 ? fabs(e->lean) * e->half[2] : 0);
            low[c] = fmin(low[c], e->centre[c] - reach);
            high[c] = fmax(high[c], e->centre[c] + reach);
        }
    }
    high[2] = 1; /* the base plane and a little air */
}

/* ---- the RV's volume ---------------------------------------------------------------------------- */

typedef struct {
    const gm_heart_shape *shape;
    double low[3];
    size_t n[3];
    double *slice; /* [n[2]] mm3 of each slice */
} volume_sum;

/* The share of a cell inside, from the distance of its middle. */
static double share(double distance_mm)
{
    return fmin(1, fmax(0, 0.5 - distance_mm / LATTICE_MM));
}

static void sum_slice(void *context, size_t k, unsigned worker)
{
    (void)worker;
    volume_sum *v = context;
    double sum = 0, x[3] = {0, 0, -LATTICE_MM * ((double)k + 0.5)};
    for (size_t j = 0; j < v->n[1]; j++)
        for (size_t i = 0; i < v->n[0]; i++) {
            x[0] = v->low[0] + LATTICE_MM * ((double)i + 0.5);
            x[1] = v->low[1] + LATTICE_MM * ((double)j + 0.5);
            sum += share(gm_heart_shape_rv_mm(v->shape, x));
        }
    v->slice[k] = sum * LATTICE_MM * LATTICE_MM * LATTICE_MM;
}

double gm_heart_shape_rv_ml(const gm_heart_shape *s, gm_threads *threads)
{
    volume_sum v = {.shape = s};
    double high[3], sum = 0;
    gm_heart_shape_box(s, v.low, high);
    for (int c = 0; c < 3; c++)
        v.n[c] = (size_t)ceil(((c == 2 ? 0 : high[c]) - v.low[c]) / LATTICE_MM);
    v.slice = gm_calloc(v.n[2], sizeof *v.slice);
    if (!v.slice) return NAN;
    gm_threads_for(threads, v.n[2], 1, sum_slice, &v);
    for (size_t k = 0; k < v.n[2]; k++)
        sum += v.slice[k];
    gm_free(v.slice);
    return sum / 1000;
}
