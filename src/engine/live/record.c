#include "live/record.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"

static const char *const MEMBERS[] = {"twin",   "path", "value",         "t",       "unit", "sd",
                                      "source", "kind", "stale_after_s", "message", NULL};
static const double LONGEST_STALE_S = 1e9;

static gm_status read_time(gm_value *v, const json_t *t, int64_t now_ms)
{
    v->t_ms = now_ms;
    if (!t) return GM_OK;
    if (json_is_integer(t) && json_integer_value(t) >= 0) {
        v->t_ms = json_integer_value(t);
        return GM_OK;
    }
    if (json_is_string(t) && gm_moment_parse(json_string_value(t), &v->t_ms)) return GM_OK;
    return gm_fail(GM_EFORMAT,
                   "\"t\" must be a time such as \"2026-11-23T09:10:00Z\" or ms since 1970");
}

static gm_status read_kind(gm_value *v, const char *kind)
{
    v->kind = GM_VALUE_MEASURED;
    for (int k = 0; kind && k <= GM_N_VALUE_KINDS; k++) {
        if (k == GM_N_VALUE_KINDS)
            return gm_fail(
                GM_EFORMAT,
                "\"kind\" is \"%s\"; allowed are reported, measured, inferred, simulated "
                "and assumed",
                kind);
        if (strcmp(kind, gm_value_kind_names[k]) != 0) continue;
        v->kind = (gm_value_kind)k;
        break;
    }
    return GM_OK;
}

gm_status gm_record_read(gm_record *out, const json_t *o, int64_t now_ms)
{
    *out = (gm_record){.value = {.sd = NAN, .stale_after_s = NAN}};
    gm_value *v = &out->value;
    const char *kind = NULL;
    if (!json_is_object(o)) return gm_fail(GM_EFORMAT, "a value must be an object");
    GM_TRY(gm_json_only_keys(o, "value", MEMBERS));
    GM_TRY(gm_json_string(o, "value", "twin", &out->twin));
    GM_TRY(gm_json_string(o, "value", "path", &v->pointer));
    GM_TRY(gm_json_string(o, "value", "unit", &v->unit));
    GM_TRY(gm_json_string(o, "value", "source", &v->source));
    GM_TRY(gm_json_string(o, "value", "kind", &kind));
    GM_TRY(gm_json_string(o, "value", "message", &out->message));
    GM_TRY(gm_json_real(o, "value", "sd", v->unit, 0, INFINITY, &v->sd));
    GM_TRY(gm_json_real(o, "value", "stale_after_s", "s", 0, LONGEST_STALE_S, &v->stale_after_s));
    GM_TRY(read_time(v, json_object_get(o, "t"), now_ms));
    GM_TRY(read_kind(v, kind));
    v->value = json_object_get(o, "value");
    if (!out->twin || !v->pointer || !v->value)
        return gm_fail(GM_EFORMAT, "\"%s\" is missing",
                       !out->twin    ? "twin"
                       : !v->pointer ? "path"
                                     : "value");
    return gm_value_check(v);
}

/* One update a record: each makes a revision of its own, as it would have alone. */
gm_status gm_records_store(gm_store *s, const gm_record *records, size_t n, const char *client,
                           const char *by, int64_t now_ms, size_t *n_new)
{
    gm_value_update *all = gm_calloc(n + 1, sizeof *all);
    gm_receipt *receipts = gm_calloc(n + 1, sizeof *receipts);
    gm_status status = all && receipts ? GM_OK : gm_fail(GM_ENOMEM, "no memory for %zu values", n);
    for (size_t i = 0; i < n && status == GM_OK; i++) {
        gm_act act = gm_act_by(by, now_ms);
        if (client && records[i].message) act.client = client, act.message = records[i].message;
        all[i] = (gm_value_update){records[i].twin, &records[i].value, 1, act};
    }
    if (status == GM_OK) status = gm_twin_observe_all(s, all, n, receipts);
    for (size_t i = 0; n_new && i < n && status == GM_OK; i++)
        *n_new += !receipts[i].is_repeat;
    gm_free(all);
    gm_free(receipts);
    return status;
}
