#include "fit/identifiability.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "fit/dense.h"
#include "fit/posterior.h"

#define NEAR_LIMIT 0.01      /* of the range */
#define LEAST_SHARE 0.2      /* smaller components of a direction are not named */
#define LEAST_SD_RATIO 1e-12 /* of the range: less is constant */

const char *gm_identified_name(gm_identified v)
{
    switch (v) {
    case GM_IDENTIFIED: return "identified";
    case GM_WEAKLY_IDENTIFIED: return "weakly";
    case GM_NOT_IDENTIFIED: return "not";
    }
    return "unknown";
}

static gm_identified verdict_of(double sd_ratio)
{
    if (sd_ratio <= GM_IDENTIFIED_SD_RATIO) return GM_IDENTIFIED;
    return sd_ratio <= GM_WEAKLY_IDENTIFIED_SD_RATIO ? GM_WEAKLY_IDENTIFIED : GM_NOT_IDENTIFIED;
}

/* ---- parameters --------------------------------------------------------------------------------- */

static double value(const gm_identifiability_input *in, size_t member, size_t k)
{
    return in->values[member * in->space->n + k];
}

static size_t basin_of(const gm_identifiability_input *in, size_t member)
{
    return in->basins ? in->basins[member] : 0;
}

static void set_moments(const gm_identifiability_input *in, size_t k, gm_parameter_known *p)
{
    double n = (double)in->n_members, sum = 0, squares = 0;
    for (size_t i = 0; i < in->n_members; i++)
        sum += value(in, i, k);
    p->mean = sum / n;
    for (size_t i = 0; i < in->n_members; i++)
        squares += (value(in, i, k) - p->mean) * (value(in, i, k) - p->mean);
    p->sd = sqrt(squares / (n - 1));
}

/* Pooled over basins; quadratic in the members, which are few. */
static double sd_within(const gm_identifiability_input *in, size_t k)
{
    double squares = 0, freedom = 0;
    for (size_t first = 0; first < in->n_members; first++) {
        double sum = 0, n = 0, own = 0;
        bool is_first = true;
        for (size_t i = 0; i < in->n_members; i++) {
            if (basin_of(in, i) != basin_of(in, first)) continue;
            if (i < first) is_first = false;
            sum += value(in, i, k), n++;
        }
        if (!is_first) continue;
        for (size_t i = first; i < in->n_members; i++) {
            double d = value(in, i, k) - sum / n;
            if (basin_of(in, i) == basin_of(in, first)) own += d * d;
        }
        squares += own, freedom += n - 1;
    }
    return freedom > 0 ? sqrt(squares / freedom) : 0;
}

static double share_at_limit(const gm_identifiability_input *in, size_t k)
{
    const gm_parameter *p = &in->space->parameters[k];
    double near = NEAR_LIMIT * (p->max - p->min), n = 0;
    for (size_t i = 0; i < in->n_members; i++)
        n += value(in, i, k) <= p->min + near || value(in, i, k) >= p->max - near;
    return n / (double)in->n_members;
}

static void set_quantiles(const gm_identifiability_input *in, size_t k, double sorted[],
                          gm_parameter_known *p)
{
    for (size_t i = 0; i < in->n_members; i++)
        sorted[i] = value(in, i, k);
    p->q05 = gm_fit_quantile(sorted, in->n_members, 0.05);
    p->q50 = gm_fit_quantile(sorted, in->n_members, 0.50);
    p->q95 = gm_fit_quantile(sorted, in->n_members, 0.95);
}

static void set_parameter(const gm_identifiability_input *in, size_t k, double scratch[],
                          gm_parameter_known *p)
{
    const gm_parameter *about = &in->space->parameters[k];
    p->prior_mean = gm_parameter_prior_mean(about);
    p->prior_sd = gm_parameter_prior_sd(about);
    set_moments(in, k, p);
    set_quantiles(in, k, scratch, p);
    p->sd_within = sd_within(in, k);
    p->share_at_limit = share_at_limit(in, k);
    double ratio = p->sd / p->prior_sd;
    p->contraction = 1 - ratio * ratio;
    p->verdict = verdict_of(ratio);
    p->partner = k;
}

static double correlation_of(const gm_identifiability_input *in, const gm_parameter_known *p,
                             size_t a, size_t b)
{
    const gm_parameter *x = &in->space->parameters[a], *y = &in->space->parameters[b];
    if (p[a].sd <= LEAST_SD_RATIO * (x->max - x->min)) return 0;
    if (p[b].sd <= LEAST_SD_RATIO * (y->max - y->min)) return 0;
    double s = 0;
    for (size_t i = 0; i < in->n_members; i++)
        s += (value(in, i, a) - p[a].mean) * (value(in, i, b) - p[b].mean);
    return s / ((double)(in->n_members - 1) * p[a].sd * p[b].sd);
}

static void set_partners(const gm_identifiability_input *in, gm_parameter_known *p)
{
    for (size_t a = 0; a < in->space->n; a++)
        for (size_t b = 0; b < in->space->n; b++) {
            double c = a == b ? 0 : correlation_of(in, p, a, b);
            if (fabs(c) > fabs(p[a].correlation)) p[a].correlation = c, p[a].partner = b;
        }
}

static size_t count_basins(const gm_identifiability_input *in)
{
    size_t n = 0;
    for (size_t i = 0; i < in->n_members; i++) {
        size_t k = 0;
        while (basin_of(in, k) != basin_of(in, i))
            k++;
        n += k == i;
    }
    return n;
}

/* ---- directions --------------------------------------------------------------------------------- */

static void write_text(gm_direction_known *d, const char *const names[])
{
    size_t at = 0;
    for (size_t k = 0; k < d->n_terms && at < sizeof d->text - 1; k++) {
        const char *sign = d->shares[k] < 0 ? (k ? " - " : "-") : (k ? " + " : "");
        int n = snprintf(d->text + at, sizeof d->text - at, "%s%.2f %s", sign, fabs(d->shares[k]),
                         names[d->terms[k]]);
        if (n > 0) at += (size_t)n;
    }
}

static bool is_named(const gm_direction_known *d, size_t component)
{
    for (size_t k = 0; k < d->n_terms; k++)
        if (d->terms[k] == component) return true;
    return false;
}

static void name_direction(gm_direction_known *d, size_t n, const double v[],
                           const char *const names[])
{
    while (d->n_terms < GM_DIRECTION_TERMS && d->n_terms < n) {
        size_t best = n;
        for (size_t i = 0; i < n; i++)
            if (!is_named(d, i) && (best == n || fabs(v[i]) > fabs(v[best]))) best = i;
        if (d->n_terms > 0 && fabs(v[best]) < LEAST_SHARE) break;
        d->terms[d->n_terms] = best;
        d->shares[d->n_terms++] = v[best];
    }
    write_text(d, names);
}

static gm_status set_directions(const gm_identifiability_input *in, gm_direction_known *d)
{
    size_t n = in->n_tangent;
    double *scaled = gm_calloc(2 * n * n + n, sizeof *scaled);
    if (!scaled) return gm_fail(GM_ENOMEM, "identifiability: no memory for %zu directions", n);
    double *vectors = scaled + n * n, *values = vectors + n * n;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            scaled[i * n + k] = in->hessian[i * n + k] * in->tangent_sd[i] * in->tangent_sd[k];
    gm_dense_eigen(n, scaled, values, vectors);
    for (size_t i = 0; i < n; i++) { /* ascending: the worst first */
        d[i].sd = values[i] > 0 ? 1 / sqrt(values[i]) : INFINITY;
        d[i].verdict = verdict_of(d[i].sd);
        name_direction(&d[i], n, vectors + i * n, in->tangent_names);
    }
    gm_free(scaled);
    return GM_OK;
}

/* ---- the whole ---------------------------------------------------------------------------------- */

static gm_status check(const gm_identifiability_input *in)
{
    GM_TRY(gm_space_check(in->space));
    if (in->n_members < 2)
        return gm_fail(GM_EINVAL, "identifiability: %zu members, at least 2 are needed",
                       in->n_members);
    for (size_t i = 0; i < in->n_members * in->space->n; i++)
        if (!isfinite(in->values[i]))
            return gm_fail(GM_EINVAL, "identifiability: member %zu: %s is not finite",
                           i / in->space->n, in->space->parameters[i % in->space->n].name);
    for (size_t i = 0; i < in->n_tangent; i++)
        if (!(in->tangent_sd[i] > 0 && isfinite(in->tangent_sd[i])))
            return gm_fail(GM_EINVAL, "identifiability: tangent_sd[%zu] = %g, allowed > 0", i,
                           in->tangent_sd[i]);
    for (size_t i = 0; i < in->n_tangent * in->n_tangent; i++)
        if (!isfinite(in->hessian[i]))
            return gm_fail(GM_EINVAL, "identifiability: the Hessian is not finite");
    return GM_OK;
}

static gm_status fill(gm_identifiability *r, const gm_identifiability_input *in)
{
    double *scratch = gm_calloc(in->n_members, sizeof *scratch);
    r->parameters = gm_calloc(in->space->n, sizeof *r->parameters);
    r->directions = in->n_tangent ? gm_calloc(in->n_tangent, sizeof *r->directions) : NULL;
    bool have_all = scratch && r->parameters && (r->directions || !in->n_tangent);
    for (size_t k = 0; have_all && k < in->space->n; k++)
        set_parameter(in, k, scratch, &r->parameters[k]);
    gm_free(scratch);
    if (!have_all) return gm_fail(GM_ENOMEM, "identifiability: no memory");
    set_partners(in, r->parameters);
    r->space = in->space, r->n_members = in->n_members, r->n_basins = count_basins(in);
    r->n_directions = in->n_tangent;
    return in->n_tangent ? set_directions(in, r->directions) : GM_OK;
}

gm_status gm_identifiability_create(gm_identifiability **out, const gm_identifiability_input *in)
{
    *out = NULL;
    GM_TRY(check(in));
    gm_identifiability *r = gm_calloc(1, sizeof *r);
    gm_status s = r ? fill(r, in) : gm_fail(GM_ENOMEM, "identifiability: no memory");
    if (s == GM_OK)
        *out = r;
    else
        gm_identifiability_destroy(r);
    return s;
}

void gm_identifiability_destroy(gm_identifiability *r)
{
    if (!r) return;
    gm_free(r->parameters);
    gm_free(r->directions);
    gm_free(r);
}

static json_t *parameter_to_json(const gm_identifiability *r, size_t k)
{
    const gm_parameter *about = &r->space->parameters[k];
    const gm_parameter_known *p = &r->parameters[k];
    json_t *prior = json_pack("{sf sf}", "mean", p->prior_mean, "sd", p->prior_sd);
    json_t *posterior =
        json_pack("{sf sf sf sf sf sf}", "mean", p->mean, "sd", p->sd, "sdWithinBasins",
                  p->sd_within, "q05", p->q05, "q50", p->q50, "q95", p->q95);
    return json_pack("{ss ss ss so so sf sf ss sf}", "name", about->name, "unit", about->unit,
                     "verdict", gm_identified_name(p->verdict), "prior", prior, "posterior",
                     posterior, "contraction", p->contraction, "shareAtLimit", p->share_at_limit,
                     "correlatedWith", r->space->parameters[p->partner].name, "correlation",
                     p->correlation);
}

json_t *gm_identifiability_to_json(const gm_identifiability *r)
{
    json_t *parameters = json_array(), *directions = json_array();
    int lost = 0;
    for (size_t k = 0; k < r->space->n; k++)
        lost |= json_array_append_new(parameters, parameter_to_json(r, k));
    for (size_t k = 0; k < r->n_directions; k++) {
        const gm_direction_known *d = &r->directions[k];
        if (d->verdict == GM_IDENTIFIED) continue;
        lost |=
            json_array_append_new(directions, json_pack("{ss so ss}", "combination", d->text,
                                                        "sdInPriorSd", gm_json_real_or_null(d->sd),
                                                        "verdict", gm_identified_name(d->verdict)));
    }
    if (lost) {
        json_decref(parameters);
        json_decref(directions);
        return NULL;
    }
    return json_pack("{sI sI so so}", "members", (json_int_t)r->n_members, "basins",
                     (json_int_t)r->n_basins, "parameters", parameters, "directions", directions);
}
