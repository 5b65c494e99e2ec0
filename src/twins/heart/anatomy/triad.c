#include "heart/anatomy/triad.h"

#include <math.h>
#include <string.h>

#define LEAST_GRADIENT 1e-12 /* 1/mm */
#define LEAST_SINE 1e-4      /* between the two directions */

typedef struct {
    double w, x, y, z;
} quaternion;

static double dot3(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static bool normalise(double v[3], double least)
{
    double length = sqrt(dot3(v, v));
    if (!(length > least)) return false;
    for (int c = 0; c < 3; c++)
        v[c] /= length;
    return true;
}

static void cross(const double a[3], const double b[3], double out[3])
{
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

bool gm_triad_of(const double up[3], const double across[3], gm_triad *out)
{
    double *e_c = out->axis[0], *e_l = out->axis[1], *e_t = out->axis[2];
    memcpy(e_l, up, 3 * sizeof *e_l);
    memcpy(e_t, across, 3 * sizeof *e_t);
    if (!normalise(e_l, LEAST_GRADIENT) || !normalise(e_t, LEAST_GRADIENT)) return false;
    double along = dot3(e_l, e_t);
    for (int c = 0; c < 3; c++)
        e_t[c] -= along * e_l[c];
    if (!normalise(e_t, LEAST_SINE)) return false;
    cross(e_l, e_t, e_c);
    return true;
}

gm_triad gm_triad_turn(const gm_triad *q, double alpha_rad, double beta_rad)
{
    double ca = cos(alpha_rad), sa = sin(alpha_rad), cb = cos(beta_rad), sb = sin(beta_rad);
    gm_triad out;
    for (int c = 0; c < 3; c++) {
        double fibre = ca * q->axis[0][c] + sa * q->axis[1][c];
        double second = -sa * q->axis[0][c] + ca * q->axis[1][c], third = q->axis[2][c];
        out.axis[0][c] = fibre;
        out.axis[1][c] = cb * second - sb * third;
        out.axis[2][c] = sb * second + cb * third;
    }
    return out;
}

/* Shepperd 1978: the largest of the four components first, so that no division is by a small one. */
static quaternion from_triad(const gm_triad *t)
{
    double m00 = t->axis[0][0], m10 = t->axis[0][1], m20 = t->axis[0][2];
    double m01 = t->axis[1][0], m11 = t->axis[1][1], m21 = t->axis[1][2];
    double m02 = t->axis[2][0], m12 = t->axis[2][1], m22 = t->axis[2][2];
    double trace = m00 + m11 + m22;
    if (trace > 0) {
        double s = 2 * sqrt(1 + trace);
        return (quaternion){s / 4, (m21 - m12) / s, (m02 - m20) / s, (m10 - m01) / s};
    }
    if (m00 > m11 && m00 > m22) {
        double s = 2 * sqrt(1 + m00 - m11 - m22);
        return (quaternion){(m21 - m12) / s, s / 4, (m01 + m10) / s, (m02 + m20) / s};
    }
    if (m11 > m22) {
        double s = 2 * sqrt(1 + m11 - m00 - m22);
        return (quaternion){(m02 - m20) / s, (m01 + m10) / s, s / 4, (m12 + m21) / s};
    }
    double s = 2 * sqrt(1 + m22 - m00 - m11);
    return (quaternion){(m10 - m01) / s, (m02 + m20) / s, (m12 + m21) / s, s / 4};
}

static gm_triad to_triad(quaternion q)
{
    double n = sqrt(q.w * q.w + q.x * q.x + q.y * q.y + q.z * q.z);
    double w = q.w / n, x = q.x / n, y = q.y / n, z = q.z / n;
    return (gm_triad){{{1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)},
                       {2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)},
                       {2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)}}};
}

static double dot4(quaternion a, quaternion b)
{
    return a.w * b.w + a.x * b.x + a.y * b.y + a.z * b.z;
}

gm_triad gm_triad_between(const gm_triad *a, const gm_triad *b, double weight)
{
    quaternion p = from_triad(a), q = from_triad(b);
    /* p, p i, p j, p k: half turns about a's own axes */
    const quaternion equals[4] = {
        p, {-p.x, p.w, p.z, -p.y}, {-p.y, -p.z, p.w, p.x}, {-p.z, p.y, -p.x, p.w}};
    double best = -1;
    for (int i = 0; i < 4; i++) {
        double d = dot4(equals[i], q);
        if (fabs(d) <= best) continue;
        best = fabs(d);
        double sign = d < 0 ? -1 : 1;
        p = (quaternion){sign * equals[i].w, sign * equals[i].x, sign * equals[i].y,
                         sign * equals[i].z};
    }
    double angle = acos(best < 1 ? best : 1), from = 1 - weight, to = weight;
    if (angle > 1e-6) {
        from = sin((1 - weight) * angle) / sin(angle);
        to = sin(weight * angle) / sin(angle);
    }
    return to_triad((quaternion){from * p.w + to * q.w, from * p.x + to * q.x,
                                 from * p.y + to * q.y, from * p.z + to * q.z});
}
