#include "fit/credibility.h"

#include <math.h>
#include <string.h>

#define EDGE_SHARE 0.05

const char *gm_factor_name(gm_factor f)
{
    static const char *const names[] = {
#define X(name, text) text,
        GM_CREDIBILITY_FACTORS(X)
#undef X
    };
    return (int)f >= 0 && f < GM_N_FACTORS ? names[f] : NULL;
}

int gm_credibility_risk(const gm_credibility *c)
{
    return c->influence + c->consequence - 1;
}

/* ---- checks ------------------------------------------------------------------------------------- */

static gm_status check_text(const gm_credibility *c, const char *field, const char *text)
{
    if (text && text[0]) return GM_OK;
    return gm_fail(GM_EINVAL, "credibility record of %s: %s is empty", c->model ? c->model : "?",
                   field);
}

static gm_status check_level(const gm_credibility *c, const char *what, int level, int least,
                             int most)
{
    if (level >= least && level <= most) return GM_OK;
    return gm_fail(GM_EINVAL, "credibility record of %s: %s = %d, allowed %d to %d", c->model, what,
                   level, least, most);
}

static gm_status check_factor(const gm_credibility *c, size_t i)
{
    const gm_factor_record *f = &c->factors[i];
    const char *name = gm_factor_name(f->factor);
    if (!name)
        return gm_fail(GM_EINVAL, "credibility record of %s: factor %d is unknown", c->model,
                       (int)f->factor);
    GM_TRY(check_level(c, name, f->goal, 0, GM_MOST_CREDIBILITY));
    GM_TRY(check_level(c, name, f->reached, 0, GM_MOST_CREDIBILITY));
    if (f->reached > 0 && (!f->evidence || !f->evidence[0]))
        return gm_fail(GM_EINVAL, "credibility record of %s: %s reached level %d without evidence",
                       c->model, name, f->reached);
    for (size_t k = 0; k < i; k++)
        if (c->factors[k].factor == f->factor)
            return gm_fail(GM_EINVAL, "credibility record of %s: %s stands twice", c->model, name);
    return GM_OK;
}

static gm_status check_input(const gm_credibility *c, const gm_validity_range *r)
{
    GM_TRY(check_text(c, "the name of an input", r->name));
    GM_TRY(check_text(c, "the unit of an input", r->unit));
    if (r->low < r->high) return GM_OK;
    return gm_fail(GM_EINVAL, "credibility record of %s: input %s valid in [%g, %g] %s", c->model,
                   r->name, r->low, r->high, r->unit);
}

gm_status gm_credibility_check(const gm_credibility *c)
{
    GM_TRY(check_text(c, "model", c->model));
    GM_TRY(check_text(c, "version", c->version));
    GM_TRY(check_text(c, "hash", c->hash));
    GM_TRY(check_text(c, "question", c->question));
    GM_TRY(check_text(c, "contextOfUse", c->context_of_use));
    GM_TRY(check_level(c, "influence", c->influence, 1, 3));
    GM_TRY(check_level(c, "consequence", c->consequence, 1, 3));
    for (size_t i = 0; i < c->n_factors; i++)
        GM_TRY(check_factor(c, i));
    for (size_t i = 0; i < c->n_inputs; i++)
        GM_TRY(check_input(c, &c->inputs[i]));
    for (size_t i = 0; i < c->n_data; i++)
        GM_TRY(check_text(c, "the id of a data set", c->data[i].id));
    return GM_OK;
}

bool gm_credibility_is_met(const gm_credibility *c, gm_factor *missing)
{
    for (int f = 0; f < GM_N_FACTORS; f++) {
        bool met = false;
        for (size_t i = 0; i < c->n_factors; i++)
            met |=
                c->factors[i].factor == (gm_factor)f && c->factors[i].reached >= c->factors[i].goal;
        if (met) continue;
        if (missing) *missing = (gm_factor)f;
        return false;
    }
    return true;
}

static bool is_date(const char *text)
{
    if (!text || strlen(text) != 10) return false;
    for (int i = 0; i < 10; i++) {
        bool dash = i == 4 || i == 7;
        if (dash ? text[i] != '-' : text[i] < '0' || text[i] > '9') return false;
    }
    return true;
}

bool gm_credibility_has_expired(const gm_credibility *c, const char *today)
{
    return is_date(c->expires) && is_date(today) && strcmp(today, c->expires) >= 0;
}

/* ---- validity ----------------------------------------------------------------------------------- */

const char *gm_validity_name(gm_validity v)
{
    switch (v) {
    case GM_VALIDITY_INSIDE: return "inside";
    case GM_VALIDITY_EDGE: return "edge";
    case GM_VALIDITY_OUTSIDE: return "outside";
    }
    return "unknown";
}

static gm_validity validity_of_input(const gm_validity_range *r, double v)
{
    double edge = EDGE_SHARE * (r->high - r->low);
    if (!(v >= r->low && v <= r->high)) return GM_VALIDITY_OUTSIDE;
    return v < r->low + edge || v > r->high - edge ? GM_VALIDITY_EDGE : GM_VALIDITY_INSIDE;
}

gm_validity gm_validity_of(const gm_credibility *c, const double values[], size_t *which)
{
    gm_validity worst = c->n_inputs > 0 ? GM_VALIDITY_INSIDE : GM_VALIDITY_OUTSIDE;
    if (which) *which = 0;
    for (size_t i = 0; i < c->n_inputs; i++) {
        gm_validity v = validity_of_input(&c->inputs[i], values[i]);
        if (v <= worst) continue;
        worst = v;
        if (which) *which = i;
    }
    return worst;
}

/* ---- JSON --------------------------------------------------------------------------------------- */

static json_t *factors_to_json(const gm_credibility *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->n_factors; i++) {
        const gm_factor_record *f = &c->factors[i];
        json_t *evidence = json_array();
        for (size_t k = 0; f->evidence && f->evidence[k]; k++)
            json_array_append_new(evidence, json_string(f->evidence[k]));
        json_array_append_new(list, json_pack("{ss si si so}", "factor", gm_factor_name(f->factor),
                                              "goal", f->goal, "reached", f->reached, "evidence",
                                              evidence));
    }
    return list;
}

static json_t *validity_to_json(const gm_credibility *c)
{
    json_t *inputs = json_object(), *units = json_object();
    for (size_t i = 0; i < c->n_inputs; i++) {
        const gm_validity_range *r = &c->inputs[i];
        double range[2] = {r->low, r->high};
        json_object_set_new(inputs, r->name, gm_json_reals(range, 2));
        json_object_set_new(units, r->name, json_string(r->unit));
    }
    return json_pack("{so so ss? ss?}", "inputs", inputs, "units", units, "population",
                     c->population, "exclusions", c->exclusions);
}

static json_t *data_to_json(const gm_credibility *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->n_data; i++) {
        const gm_data_record *d = &c->data[i];
        json_array_append_new(list, json_pack("{ss ss? ss? ss?}", "id", d->id, "window", d->window,
                                              "hash", d->hash, "licence", d->licence));
    }
    return list;
}

json_t *gm_credibility_to_json(const gm_credibility *c)
{
    json_t *numerical =
        json_pack("{so ss?}", "value", gm_json_real_or_null(c->numerical_uncertainty), "unit",
                  c->numerical_unit);
    json_t *uncertainty = json_pack("{ss? so ss?}", "parameters", c->parameter_uncertainty,
                                    "numerical", numerical, "modelForm", c->model_form_uncertainty);
    json_t *reviewed = json_pack("{ss? ss?}", "by", c->reviewed_by, "on", c->reviewed_on);
    return json_pack("{ss ss ss ss ss si si si so so so so so ss?}", "model", c->model, "version",
                     c->version, "hash", c->hash, "question", c->question, "contextOfUse",
                     c->context_of_use, "influence", c->influence, "consequence", c->consequence,
                     "risk", gm_credibility_risk(c), "factors", factors_to_json(c), "validity",
                     validity_to_json(c), "uncertainty", uncertainty, "data", data_to_json(c),
                     "reviewed", reviewed, "expires", c->expires);
}
