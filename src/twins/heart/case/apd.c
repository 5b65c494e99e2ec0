#include <math.h>

#include "heart/anatomy/coordinates.h"
#include "heart/case/params.h"

/* Where rt passes the anterior junction of the ventricles (section 8.2 of the reference): the free wall
 * has rt 0 .. 2/3 from the posterior to the anterior junction, the septum 2/3 .. 1 back. */
#define RT_ANTERIOR (2.0 / 3.0)

double gm_heart_aprt(double rt)
{
    return rt <= RT_ANTERIOR ? rt / RT_ANTERIOR : (1 - rt) / (1 - RT_ANTERIOR);
}

static double gradient_at(const gm_apd *a, const gm_heart_coordinates *x, size_t i)
{
    return a->g_ab * x->ab[i] + a->g_aprt * gm_heart_aprt(x->rt[i]) + a->g_rvlv * x->rvlv[i] +
           a->g_tm * x->tm[i];
}

gm_status gm_heart_apd_field(const gm_apd *apd, gm_heart_case *c, gm_threads *threads,
                             double *apd_ms)
{
    size_t n = c->mesh->n_nodes;
    double span_ms = apd->max_ms - apd->min_ms, low = INFINITY, high = -INFINITY;
    bool flat =
        span_ms == 0 || (apd->g_ab == 0 && apd->g_aprt == 0 && apd->g_rvlv == 0 && apd->g_tm == 0);
    if (flat) {
        for (size_t i = 0; i < n; i++)
            apd_ms[i] = apd->min_ms + 0.5 * span_ms;
        return GM_OK;
    }
    const gm_heart_coordinates *x;
    GM_TRY(gm_heart_case_coordinates(c, threads, &x));
    for (size_t i = 0; i < n; i++) {
        apd_ms[i] = gradient_at(apd, x, i);
        low = fmin(low, apd_ms[i]);
        high = fmax(high, apd_ms[i]);
    }
    for (size_t i = 0; i < n; i++) {
        double unit = high > low ? (apd_ms[i] - low) / (high - low) : 0.5;
        apd_ms[i] = apd->min_ms + span_ms * unit;
    }
    return GM_OK;
}
