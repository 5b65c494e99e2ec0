#include "fit/space.h"

#include <math.h>
#include <string.h>

#define LEAST_PRIOR_MASS 1e-12 /* of the uncut prior within [min, max] */
enum { MOMENT_POINTS = 4096 };

/* ---- the normal distribution -------------------------------------------------------------------- */

double gm_normal_cdf(double z)
{
    return 0.5 * erfc(-z * 0.70710678118654752440);
}

/* Abramowitz & Stegun 26.2.23 (error 4.5e-4) for p <= 1/2, then Halley's iteration on the tail. */
static double lower_quantile(double p)
{
    double t = sqrt(-2 * log(p));
    double z = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                         (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
    for (int i = 0; i < 3; i++) {
        double density = exp(-0.5 * z * z) * 0.39894228040143267794;
        if (!(density > 0)) break;
        double e = (gm_normal_cdf(z) - p) / density;
        z -= e / (1 + 0.5 * z * e);
    }
    return z;
}

double gm_normal_quantile(double p)
{
    if (!(p > 0)) return p == 0 ? -INFINITY : NAN;
    if (!(p < 1)) return p == 1 ? INFINITY : NAN;
    return p <= 0.5 ? lower_quantile(p) : -lower_quantile(1 - p);
}

/* ---- one parameter ------------------------------------------------------------------------------ */

/* The prior's own coordinate, in which normal and log-normal are standard normal. */
static double standardised(const gm_parameter *p, double x)
{
    if (p->prior == GM_PRIOR_NORMAL) return (x - p->location) / p->spread;
    return x > 0 ? (log(x) - log(p->location)) / p->spread : -INFINITY;
}

static double unstandardised(const gm_parameter *p, double z)
{
    if (p->prior == GM_PRIOR_NORMAL) return p->location + p->spread * z;
    return p->location * exp(p->spread * z);
}

static double clipped(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}

/* The lower tail's share below x, or with the signs turned the upper tail's above it: an interval far
 * out on one side loses its digits when seen from the other. */
typedef struct {
    double sign, a, b; /* cumulative probability of the two ends as seen from the nearer tail */
} tail;

static tail tail_of(const gm_parameter *p)
{
    double low = standardised(p, p->min), high = standardised(p, p->max);
    if (low > 0) return (tail){-1, gm_normal_cdf(-low), gm_normal_cdf(-high)};
    return (tail){1, gm_normal_cdf(low), gm_normal_cdf(high)};
}

double gm_parameter_quantile(const gm_parameter *p, double u)
{
    u = clipped(u, 0, 1);
    if (p->prior == GM_PRIOR_UNIFORM)
        return clipped(p->min + u * (p->max - p->min), p->min, p->max);
    tail t = tail_of(p);
    double z = t.sign * gm_normal_quantile(t.a + u * (t.b - t.a));
    return clipped(unstandardised(p, z), p->min, p->max);
}

double gm_parameter_cdf(const gm_parameter *p, double x)
{
    x = clipped(x, p->min, p->max);
    if (p->prior == GM_PRIOR_UNIFORM) return (x - p->min) / (p->max - p->min);
    tail t = tail_of(p);
    double at = gm_normal_cdf(t.sign * standardised(p, x));
    return clipped((at - t.a) / (t.b - t.a), 0, 1);
}

/* Midpoints of equal probability: exact enough for any of the three shapes. */
double gm_parameter_prior_mean(const gm_parameter *p)
{
    double s = 0;
    for (int i = 0; i < MOMENT_POINTS; i++)
        s += gm_parameter_quantile(p, (i + 0.5) / MOMENT_POINTS);
    return s / MOMENT_POINTS;
}

double gm_parameter_prior_sd(const gm_parameter *p)
{
    double mean = gm_parameter_prior_mean(p), s = 0;
    for (int i = 0; i < MOMENT_POINTS; i++) {
        double d = gm_parameter_quantile(p, (i + 0.5) / MOMENT_POINTS) - mean;
        s += d * d;
    }
    return sqrt(s / MOMENT_POINTS);
}

/* ---- the space ---------------------------------------------------------------------------------- */

static gm_status check_prior(const gm_parameter *p)
{
    if (p->prior == GM_PRIOR_UNIFORM) return GM_OK;
    if (!isfinite(p->location) || (p->prior == GM_PRIOR_LOG_NORMAL && !(p->location > 0)))
        return gm_fail(GM_EINVAL, "parameter %s: prior location = %g %s", p->name, p->location,
                       p->unit);
    if (!(p->spread > 0 && isfinite(p->spread)))
        return gm_fail(GM_EINVAL, "parameter %s: prior spread = %g, allowed > 0", p->name,
                       p->spread);
    if (p->prior == GM_PRIOR_LOG_NORMAL && !(p->min >= 0))
        return gm_fail(GM_EINVAL, "parameter %s: log-normal prior with min = %g %s, allowed >= 0",
                       p->name, p->min, p->unit);
    tail t = tail_of(p);
    if (!(fabs(t.b - t.a) >= LEAST_PRIOR_MASS))
        return gm_fail(GM_EINVAL, "parameter %s: the prior leaves no probability in [%g, %g] %s",
                       p->name, p->min, p->max, p->unit);
    return GM_OK;
}

static gm_status check_parameter(const gm_parameter *p, size_t i)
{
    if (!p->name || !p->name[0]) return gm_fail(GM_EINVAL, "parameter %zu has no name", i);
    if (!p->unit || !p->unit[0])
        return gm_fail(GM_EINVAL, "parameter %s has no unit (write \"1\" if it has none)", p->name);
    if (!p->source || !p->source[0])
        return gm_fail(GM_EINVAL, "parameter %s: say where its range and prior come from", p->name);
    if (!(p->min < p->max && isfinite(p->min) && isfinite(p->max)))
        return gm_fail(GM_EINVAL, "parameter %s: range [%g, %g] %s, a finite one is needed",
                       p->name, p->min, p->max, p->unit);
    return check_prior(p);
}

gm_status gm_space_check(const gm_space *s)
{
    for (size_t i = 0; i < s->n; i++) {
        GM_TRY(check_parameter(&s->parameters[i], i));
        if (gm_space_find(s, s->parameters[i].name) != i)
            return gm_fail(GM_EINVAL, "parameter %s stands twice in the space",
                           s->parameters[i].name);
    }
    return GM_OK;
}

gm_status gm_space_check_values(const gm_space *s, const double values[])
{
    for (size_t i = 0; i < s->n; i++) {
        const gm_parameter *p = &s->parameters[i];
        if (!(values[i] >= p->min && values[i] <= p->max))
            return gm_fail(GM_EINVAL, "parameter %s = %g %s, allowed %g to %g", p->name, values[i],
                           p->unit, p->min, p->max);
    }
    return GM_OK;
}

size_t gm_space_find(const gm_space *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (!strcmp(s->parameters[i].name, name)) return i;
    return GM_SPACE_NOT_FOUND;
}

void gm_space_clip(const gm_space *s, double values[])
{
    for (size_t i = 0; i < s->n; i++)
        values[i] = clipped(values[i], s->parameters[i].min, s->parameters[i].max);
}

void gm_space_from_cube(const gm_space *s, const double u[], double values[])
{
    for (size_t i = 0; i < s->n; i++)
        values[i] = gm_parameter_quantile(&s->parameters[i], u[i]);
}

void gm_space_to_cube(const gm_space *s, const double values[], double u[])
{
    for (size_t i = 0; i < s->n; i++)
        u[i] = gm_parameter_cdf(&s->parameters[i], values[i]);
}

void gm_space_draw(const gm_space *s, gm_rng *rng, double values[])
{
    for (size_t i = 0; i < s->n; i++)
        values[i] = gm_parameter_quantile(&s->parameters[i], gm_rng_uniform(rng));
}

void gm_space_prior_residuals(const gm_space *s, const double values[], double residuals[],
                              double slopes[])
{
    for (size_t i = 0; i < s->n; i++) {
        const gm_parameter *p = &s->parameters[i];
        double slope = 0;
        residuals[i] = 0;
        if (p->prior != GM_PRIOR_UNIFORM) {
            residuals[i] = standardised(p, values[i]);
            slope = 1 / (p->prior == GM_PRIOR_NORMAL ? p->spread : p->spread * values[i]);
        }
        if (slopes) slopes[i] = slope;
    }
}

static const char *prior_name(gm_prior prior)
{
    switch (prior) {
    case GM_PRIOR_UNIFORM: return "uniform";
    case GM_PRIOR_NORMAL: return "normal";
    case GM_PRIOR_LOG_NORMAL: return "log-normal";
    }
    return "unknown";
}

json_t *gm_space_to_json(const gm_space *s)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < s->n; i++) {
        const gm_parameter *p = &s->parameters[i];
        bool has_shape = p->prior != GM_PRIOR_UNIFORM;
        json_t *o =
            json_pack("{ss ss sf sf ss so so ss}", "name", p->name, "unit", p->unit, "min", p->min,
                      "max", p->max, "prior", prior_name(p->prior), "location",
                      gm_json_real_or_null(has_shape ? p->location : NAN), "spread",
                      gm_json_real_or_null(has_shape ? p->spread : NAN), "source", p->source);
        if (json_array_append_new(list, o) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}
