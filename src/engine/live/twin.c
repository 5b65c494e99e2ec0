#include "live/twin.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "live/pointer.h"

const char *const gm_life_names[GM_N_LIVES] = {"planned", "created", "bound",
                                               "live",    "stale",   "retired"};
const char *const gm_value_kind_names[GM_N_VALUE_KINDS] = {"reported", "measured", "inferred",
                                                           "simulated", "assumed"};

static const char *const WORDS[] = {"thingId", "definition", "policyId", "attributes", "features"};
enum { LONGEST_POINTER = 1024 };

/* ---- life --------------------------------------------------------------------------------------- */

gm_life gm_twin_life(const json_t *state)
{
    const char *is = json_string_value(json_object_get(state, "_life"));
    int k = 0;
    while (k < GM_N_LIVES && (!is || strcmp(is, gm_life_names[k]) != 0))
        k++;
    return (gm_life)k;
}

bool gm_life_may_become(gm_life from, gm_life to)
{
    /* [from][to] */
    static const bool may[GM_N_LIVES][GM_N_LIVES] = {
        [GM_LIFE_PLANNED] =
            {[GM_LIFE_CREATED] = true, [GM_LIFE_BOUND] = true, [GM_LIFE_RETIRED] = true},
        [GM_LIFE_CREATED] =
            {[GM_LIFE_BOUND] = true, [GM_LIFE_LIVE] = true, [GM_LIFE_RETIRED] = true},
        [GM_LIFE_BOUND] =
            {[GM_LIFE_CREATED] = true, [GM_LIFE_LIVE] = true, [GM_LIFE_RETIRED] = true},
        [GM_LIFE_LIVE] = {[GM_LIFE_BOUND] = true, [GM_LIFE_STALE] = true, [GM_LIFE_RETIRED] = true},
        [GM_LIFE_STALE] = {[GM_LIFE_BOUND] = true, [GM_LIFE_LIVE] = true, [GM_LIFE_RETIRED] = true},
    };
    return from < GM_N_LIVES && to < GM_N_LIVES && (from == to || may[from][to]);
}

gm_act gm_act_by(const char *by, int64_t now_ms)
{
    return (gm_act){.by = by, .now_ms = now_ms, .revision = GM_ANY_REVISION};
}

/* ---- writing ------------------------------------------------------------------------------------ */

static gm_status exists(const json_t *state)
{
    return state ? GM_OK : gm_fail(GM_ENOTFOUND, "there is no such twin");
}

static gm_status is_not_retired(void *context, const json_t *state)
{
    (void)context;
    GM_TRY(exists(state));
    if (gm_twin_life(state) != GM_LIFE_RETIRED) return GM_OK;
    return gm_fail(GM_ESTATE, "the twin is retired: it is kept to be read");
}

/* Sends a patch (taken over) under a condition. */
static gm_status send(gm_store *s, const char *id, json_t *patch, bool is_from_world,
                      gm_store_condition condition, void *context, const gm_act *act,
                      gm_receipt *out)
{
    if (!patch) return gm_fail(GM_ENOMEM, "\"%s\": no memory for a change", id);
    gm_update u = {.twin = id,
                   .patch = patch,
                   .revision = act->revision,
                   .client = act->client,
                   .message = act->message,
                   .by = act->by,
                   .t_ms = act->now_ms,
                   .is_from_world = is_from_world,
                   .condition = condition,
                   .context = context};
    gm_status status = gm_store_update(s, &u, out);
    json_decref(patch);
    return status;
}

gm_status gm_twin_create(gm_store *s, const char *id, const char *type, gm_life life,
                         const json_t *attributes, const gm_act *act, gm_receipt *out)
{
    gm_act first = *act;
    first.revision = 0;
    if (life != GM_LIFE_PLANNED && life != GM_LIFE_CREATED)
        return gm_fail(GM_EINVAL, "\"%s\": a new twin is planned or created", id);
    if (attributes && !json_is_object(attributes))
        return gm_fail(GM_EINVAL, "\"%s\": attributes must be an object", id);
    json_t *p = json_pack("{s:s,s:s}", "thingId", id, "_life", gm_life_names[life]);
    if (p && type) json_object_set_new(p, "definition", json_string(type));
    if (p && attributes) json_object_set_new(p, "attributes", json_deep_copy(attributes));
    return send(s, id, p, false, NULL, NULL, &first, out);
}

static gm_status check_patch(const char *id, const json_t *patch)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)patch, key, value)
    {
        bool is_known = false;
        for (size_t k = 0; k < sizeof WORDS / sizeof *WORDS; k++)
            is_known |= strcmp(key, WORDS[k]) == 0;
        if (!is_known)
            return gm_fail(
                GM_EINVAL,
                "\"%s\": \"%s\" is no member of a twin; definition, policyId, attributes and "
                "features are",
                id, key);
        if (strcmp(key, "thingId") == 0 &&
            (!json_is_string(value) || strcmp(json_string_value(value), id) != 0))
            return gm_fail(GM_EINVAL, "\"%s\": thingId cannot be changed", id);
    }
    return GM_OK;
}

gm_status gm_twin_change(gm_store *s, const char *id, const json_t *patch, const gm_act *act,
                         gm_receipt *out)
{
    if (!json_is_object(patch)) return gm_fail(GM_EINVAL, "\"%s\": a change must be an object", id);
    GM_TRY(check_patch(id, patch));
    return send(s, id, json_deep_copy(patch), false, is_not_retired, NULL, act, out);
}

static gm_status may_become(void *context, const json_t *state)
{
    const gm_life *to = context;
    GM_TRY(exists(state));
    gm_life from = gm_twin_life(state);
    if (gm_life_may_become(from, *to)) return GM_OK;
    return gm_fail(GM_ESTATE, "what is %s cannot become %s",
                   from < GM_N_LIVES ? gm_life_names[from] : "of no known life",
                   gm_life_names[*to]);
}

gm_status gm_twin_become(gm_store *s, const char *id, gm_life life, const gm_act *act,
                         gm_receipt *out)
{
    json_t *p = json_pack("{s:s}", "_life", gm_life_names[life]);
    bool is_of_world = life == GM_LIFE_BOUND || life == GM_LIFE_LIVE;
    return send(s, id, p, is_of_world, may_become, &life, act, out);
}

/* ---- observing ---------------------------------------------------------------------------------- */

static bool is_place_of_values(const char *pointer)
{
    if (strncmp(pointer, "/attributes/", 12) == 0) return pointer[12] != 0;
    if (strncmp(pointer, "/features/", 10) != 0) return false;
    const char *inside = strchr(pointer + 10, '/');
    return inside && strncmp(inside, "/properties/", 12) == 0 && inside[12];
}

gm_status gm_value_check(const gm_value *v)
{
    if (!v->pointer || !is_place_of_values(v->pointer) || strlen(v->pointer) >= LONGEST_POINTER)
        return gm_fail(GM_EINVAL,
                       "\"%s\" is no place of a value; /attributes/... and "
                       "/features/<feature>/properties/... are",
                       v->pointer ? v->pointer : "");
    if (!v->value || json_is_null(v->value))
        return gm_fail(GM_EINVAL, "%s: null is no value", v->pointer);
    if (v->t_ms < 0)
        return gm_fail(GM_EINVAL, "%s: time %lld ms is before 1970", v->pointer,
                       (long long)v->t_ms);
    if (v->sd < 0 || isinf(v->sd))
        return gm_fail(GM_EINVAL, "%s: a standard deviation of %g %s; it must be 0 or more",
                       v->pointer, v->sd, v->unit ? v->unit : "");
    if (v->stale_after_s <= 0)
        return gm_fail(GM_EINVAL, "%s: stale after %g s; it must be above 0", v->pointer,
                       v->stale_after_s);
    return v->kind < GM_N_VALUE_KINDS ? GM_OK
                                      : gm_fail(GM_EINVAL, "%s: no such kind of value", v->pointer);
}

static bool is_from_world(gm_value_kind kind)
{
    return kind == GM_VALUE_REPORTED || kind == GM_VALUE_MEASURED;
}

/* The record replaces the one before, so that nothing of it stays: what is not said is null. */
static json_t *record_of(const gm_value *v, int64_t now_ms)
{
    json_t *r = json_object();
    json_object_set_new(r, "t_ms", json_integer(v->t_ms));
    json_object_set_new(r, "received_ms", json_integer(now_ms));
    json_object_set_new(r, "kind", json_string(gm_value_kind_names[v->kind]));
    json_object_set_new(r, "unit", v->unit ? json_string(v->unit) : json_null());
    json_object_set_new(r, "source", v->source ? json_string(v->source) : json_null());
    json_object_set_new(r, "sd", isnan(v->sd) ? json_null() : json_real(v->sd));
    json_object_set_new(r, "stale_after_s",
                        isnan(v->stale_after_s) ? json_null() : json_real(v->stale_after_s));
    return r;
}

static gm_status add_value(json_t *patch, const gm_value *v, int64_t now_ms)
{
    GM_TRY(gm_value_check(v));
    GM_TRY(gm_pointer_put(patch, v->pointer, json_incref(v->value)));
    json_t *values = json_object_get(patch, "_values");
    if (!values) json_object_set_new(patch, "_values", values = json_object());
    if (json_object_set_new(values, v->pointer, record_of(v, now_ms)))
        return gm_fail(GM_ENOMEM, "%s: no memory, or not a text in UTF-8", v->pointer);
    return GM_OK;
}

/* The patch of all values; u->patch is the caller's. */
static gm_status make_update(gm_update *u, const gm_value_update *of)
{
    const gm_act *act = &of->act;
    *u = (gm_update){.twin = of->twin,
                     .patch = json_object(),
                     .revision = act->revision,
                     .client = act->client,
                     .message = act->message,
                     .by = act->by,
                     .t_ms = act->now_ms,
                     .condition = is_not_retired};
    if (!u->patch) return gm_fail(GM_ENOMEM, "\"%s\": no memory", of->twin);
    for (size_t i = 0; i < of->n; i++) {
        gm_status s = add_value(u->patch, &of->values[i], act->now_ms);
        if (s != GM_OK) return gm_fail_in(s, "%s", of->twin);
        u->is_from_world |= is_from_world(of->values[i].kind);
    }
    if (u->is_from_world) json_object_set_new(u->patch, "_life", json_string("live"));
    return GM_OK;
}

gm_status gm_twin_observe_all(gm_store *s, const gm_value_update *updates, size_t n,
                              gm_receipt *receipts)
{
    gm_update *all = gm_calloc(n + 1, sizeof *all);
    gm_status status = all ? GM_OK : gm_fail(GM_ENOMEM, "no memory for %zu updates", n);
    for (size_t i = 0; i < n && status == GM_OK; i++)
        status = make_update(&all[i], &updates[i]);
    if (status == GM_OK) status = gm_store_update_all(s, all, n, NULL, receipts);
    for (size_t i = 0; all && i < n; i++)
        json_decref(all[i].patch);
    gm_free(all);
    return status;
}

gm_status gm_twin_observe(gm_store *s, const char *id, const gm_value *values, size_t n,
                          const gm_act *act, gm_receipt *out)
{
    gm_value_update one = {id, values, n, *act};
    return gm_twin_observe_all(s, &one, 1, out);
}

/* ---- wanted and stale --------------------------------------------------------------------------- */

typedef struct {
    const char *feature;
    gm_on_wanted on;
    void *context;
} wanting;

/* Only what is wanted counts: what is reported besides is no difference. */
static gm_status pass_wanted(void *context, const char *pointer, const json_t *reported,
                             const json_t *wanted)
{
    const wanting *w = context;
    return wanted ? w->on(w->context, w->feature, pointer, wanted, reported) : GM_OK;
}

gm_status gm_twin_wanted(const json_t *state, gm_on_wanted on, void *context)
{
    json_t *features = json_object_get(state, "features"), *f, *none = json_object();
    const char *name;
    gm_status s = none ? GM_OK : gm_fail(GM_ENOMEM, "no memory");
    json_object_foreach(features, name, f)
    {
        wanting w = {name, on, context};
        const json_t *reported = json_object_get(f, "properties");
        const json_t *wanted = json_object_get(f, "desiredProperties");
        if (!wanted || s != GM_OK) continue;
        s = gm_document_differences(reported ? reported : none, wanted, pass_wanted, &w);
    }
    json_decref(none);
    return s;
}

gm_status gm_twin_stale(const json_t *state, int64_t now_ms, gm_on_stale on, void *context)
{
    json_t *record;
    const char *pointer;
    json_object_foreach(json_object_get(state, "_values"), pointer, record)
    {
        double allowed_s = json_number_value(json_object_get(record, "stale_after_s"));
        json_int_t t_ms = json_integer_value(json_object_get(record, "t_ms"));
        double age_s = (double)(now_ms - t_ms) / 1000;
        if (allowed_s > 0 && age_s > allowed_s) GM_TRY(on(context, pointer, age_s, allowed_s));
    }
    return GM_OK;
}

/* ---- the link ----------------------------------------------------------------------------------- */

gm_status gm_twin_watch_link(gm_store *s, const char *id, double timeout_s, const json_t *safe,
                             const gm_act *act)
{
    if (!(timeout_s >= 0 && isfinite(timeout_s)))
        return gm_fail(GM_EINVAL, "\"%s\": a timeout of %g s; 0 or more is allowed", id, timeout_s);
    if (safe && !json_is_object(safe))
        return gm_fail(GM_EINVAL, "\"%s\": the safe state must be a patch on features", id);
    if (timeout_s == 0)
        return send(s, id, json_pack("{s:n}", "_link"), true, is_not_retired, NULL, act, NULL);
    json_t *link =
        json_pack("{s:f,s:I,s:b,s:o}", "timeout_s", timeout_s, "last_ms", (json_int_t)act->now_ms,
                  "is_lost", 0, "safe", safe ? json_deep_copy(safe) : json_null());
    return send(s, id, json_pack("{s:o}", "_link", link), true, is_not_retired, NULL, act, NULL);
}

static gm_status has_link(void *context, const json_t *state)
{
    GM_TRY(is_not_retired(context, state));
    if (json_object_get(state, "_link")) return GM_OK;
    return gm_fail(GM_ESTATE, "its link is not watched");
}

gm_status gm_twin_beat(gm_store *s, const char *id, const gm_act *act)
{
    json_t *p = json_pack("{s:s,s:{s:I,s:b}}", "_life", "live", "_link", "last_ms",
                          (json_int_t)act->now_ms, "is_lost", 0);
    return send(s, id, p, true, has_link, NULL, act, NULL);
}

typedef struct {
    int64_t now_ms;
    bool is_due;
} link_check;

/* Whether the link has just been lost: not again, and not after a beat that came meanwhile. */
static gm_status is_link_lost(void *context, const json_t *state)
{
    link_check *c = context;
    const json_t *link = json_object_get(state, "_link");
    double timeout_s = json_number_value(json_object_get(link, "timeout_s"));
    double age_s =
        (double)(c->now_ms - json_integer_value(json_object_get(link, "last_ms"))) / 1000;
    bool known = json_is_true(json_object_get(link, "is_lost"));
    GM_TRY(has_link(NULL, state));
    c->is_due = !known && age_s > timeout_s;
    return c->is_due ? GM_OK : gm_fail(GM_ESTATE, "its link is as it was");
}

gm_status gm_twin_check_link(gm_store *s, const char *id, const gm_act *act, bool *is_lost)
{
    json_t *state;
    link_check c = {act->now_ms, false};
    *is_lost = false;
    GM_TRY(gm_store_read(s, id, &state, NULL));
    gm_status status = is_link_lost(&c, state);
    if (!c.is_due) {
        bool is_watched = json_object_get(state, "_link") != NULL;
        json_decref(state);
        return is_watched ? GM_OK : status;
    }
    json_t *p = json_pack("{s:s,s:{s:b}}", "_life", "stale", "_link", "is_lost", 1);
    const json_t *safe = gm_pointer_get(state, "/_link/safe");
    if (p && json_is_object(safe)) json_object_set_new(p, "features", json_deep_copy(safe));
    json_decref(state);
    gm_act anyway = *act;
    anyway.revision = GM_ANY_REVISION;
    status = send(s, id, p, true, is_link_lost, &c, &anyway, NULL);
    *is_lost = status == GM_OK;
    return status == GM_ESTATE && !c.is_due ? GM_OK : status;
}
