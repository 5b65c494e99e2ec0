#include "ecg/edf_scale.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DECIMALS = 7, FIELD = 8, LOWEST = -32768, HIGHEST = 32767 };

static const double power_of_ten[FIELD + 1] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};

/* Both as whole multiples of 10^-k: a field of eight characters has no more than 7 decimals. The
 * values stay as they are with k = 0 where they are none such (exponents). */
static void as_whole(double *low, double *high, int *k)
{
    for (*k = 0; *k <= MOST_DECIMALS; ++*k) {
        double p = power_of_ten[*k], a = nearbyint(*low * p), b = nearbyint(*high * p);
        if (a / p != *low || b / p != *high) continue;
        *low = a;
        *high = b;
        return;
    }
    *k = 0;
}

double gm_edf_scale(const gm_edf_range *r, double unit_mv, double *baseline)
{
    double low = r->physical_min, high = r->physical_max;
    double span = (double)(r->digital_max - r->digital_min);
    int k;
    as_whole(&low, &high, &k);
    *baseline = 0;
    if (high == low) return 0;
    *baseline = (double)r->digital_min - low * span / (high - low);
    double over = span * power_of_ten[k];
    if (unit_mv < 1) return (high - low) / (over * nearbyint(1 / unit_mv));
    return (high - low) * unit_mv / over;
}

/* Decimals that v may have in eight characters; -1: it does not fit. */
static int room_for_decimals(double v)
{
    int room = FIELD - signbit(v), digits = 1;
    while (digits < FIELD && fabs(v) >= power_of_ten[digits])
        digits++;
    if (digits > room || !(fabs(v) < power_of_ten[FIELD])) return -1;
    return room - digits > 1 ? room - digits - 1 : 0;
}

/* The nearest number that eight characters hold; NaN: none. */
static double nearest(double v)
{
    int k = room_for_decimals(v);
    if (k < 0) return NAN;
    double r = nearbyint(v * power_of_ten[k]) / power_of_ten[k];
    return room_for_decimals(r) >= k ? r : NAN; /* 9.9999996 has become 10.000000 */
}

bool gm_edf_number(char text[9], double v)
{
    char wide[32];
    double r = nearest(v) + 0.0; /* no -0 */
    int k = isnan(r) ? -1 : room_for_decimals(r);
    if (k < 0) return false;
    size_t n = (size_t)snprintf(wide, sizeof wide, "%.*f", k, r);
    if (strchr(wide, '.'))
        while (wide[n - 1] == '0' || wide[n - 1] == '.')
            if (wide[--n] == '.') break;
    if (n > FIELD) return false;
    memcpy(text, wide, n);
    text[n] = 0;
    return true;
}

/* The end of the range, from `from` towards `to`, whose physical value a field holds exactly, else
 * the one whose relative error is least. */
static bool best_end(long *digital, double *physical, double q, double baseline, long from, long to)
{
    double least = INFINITY;
    long step = from <= to ? 1 : -1;
    for (long d = from;; d += step) {
        double v = ((double)d - baseline) * q, r = nearest(v);
        double error = fabs(r - v) / fabs(v);
        if (v == 0) error = 0;
        if (error < least) {
            least = error;
            *digital = d;
            *physical = r;
        }
        /* As exact as the product above can be known. */
        if (fabs(r - v) <= 4e-15 * (fabs((double)d) + fabs(baseline)) * q) {
            *digital = d;
            *physical = r;
            return true;
        }
        if (d == to) break;
    }
    return isfinite(least);
}

bool gm_edf_range_for(gm_edf_range *out, double *error, double mv_per_count, double baseline,
                      double unit_mv, long lowest, long highest)
{
    double q = unit_mv < 1 ? mv_per_count * nearbyint(1 / unit_mv) : mv_per_count / unit_mv, b;
    if (lowest >= HIGHEST) lowest = HIGHEST - 1;
    if (highest <= lowest) highest = lowest + 1;
    *error = INFINITY;
    if (!best_end(&out->digital_min, &out->physical_min, q, baseline, LOWEST, lowest) ||
        !best_end(&out->digital_max, &out->physical_max, q, baseline, HIGHEST, highest))
        return false;
    *error = fabs(gm_edf_scale(out, unit_mv, &b) / mv_per_count - 1);
    return *error <= GM_EDF_SCALE_TOLERANCE && fabs(b - baseline) <= GM_EDF_BASELINE_TOLERANCE;
}
