#include "store/verify.h"

#include <string.h>

#include "core/alloc.h"
#include "store/fold.h"

/* Records are gathered some at a time: a database may not answer two questions at once. */
enum { AT_ONCE = 256 };

typedef struct {
    gm_tables *t;
    gm_verification *out;
    gm_audit_row rows[AT_ONCE];
    char *whats[AT_ONCE];
    size_t n;
    gm_digest before;              /* hash of the record before */
    int64_t last_event, last_twin; /* that came until then */
    int64_t record;                /* being checked */
} verifier;

static gm_status stop_when_full(void *context, const gm_audit_row *row)
{
    verifier *v = context;
    if (v->n == AT_ONCE) return GM_ESTATE; /* enough */
    v->rows[v->n] = *row;
    if (!(v->whats[v->n] = gm_strdup(row->what))) return gm_fail(GM_ENOMEM, "audit: no memory");
    v->rows[v->n].what = v->whats[v->n];
    v->n++;
    return GM_OK;
}

static void forget_records(verifier *v)
{
    for (size_t i = 0; i < v->n; i++)
        gm_free(v->whats[i]);
    v->n = 0;
}

static gm_status gather(verifier *v, int64_t from)
{
    forget_records(v);
    gm_status s = gm_tables_audit(v->t, from, stop_when_full, v);
    return s == GM_ESTATE && v->n == AT_ONCE ? GM_OK : s;
}

static gm_status digest_twin(void *context, const gm_twin_row *row)
{
    verifier *v = context;
    if (row->number != v->last_twin + 1)
        return gm_fail(GM_EFORMAT, "audit record %lld: twin %lld is missing", (long long)v->record,
                       (long long)v->last_twin + 1);
    if (row->born != v->record)
        return gm_fail(GM_EFORMAT, "audit record %lld: twin \"%s\" came with record %lld",
                       (long long)v->record, row->id, (long long)row->born);
    v->last_twin++;
    gm_tables_digest_twin(v->t, row);
    return GM_OK;
}

static gm_status digest_event(void *context, const gm_event_row *row)
{
    verifier *v = context;
    if (row->sequence != v->last_event + 1)
        return gm_fail(GM_EFORMAT, "audit record %lld: event %lld is missing", (long long)v->record,
                       (long long)v->last_event + 1);
    v->last_event++;
    gm_tables_digest_event(v->t, row);
    return GM_OK;
}

static gm_status check_record(verifier *v, const gm_audit_row *stored)
{
    gm_audit_row row = *stored;
    v->record = v->out->n_records + 1;
    if (row.number != v->record)
        return gm_fail(GM_EFORMAT, "audit record %lld is missing", (long long)v->record);
    GM_TRY(gm_tables_twins_by_number(v->t, v->last_twin + 1, row.last_twin, digest_twin, v));
    GM_TRY(gm_tables_events_by_sequence(v->t, v->last_event + 1, row.last_event, digest_event, v));
    if (v->last_twin != row.last_twin || v->last_event != row.last_event)
        return gm_fail(GM_EFORMAT,
                       "audit record %lld: twins end at %lld of %lld, events at %lld of %lld",
                       (long long)v->record, (long long)v->last_twin, (long long)row.last_twin,
                       (long long)v->last_event, (long long)row.last_event);
    GM_TRY(gm_tables_digest_take(v->t, &row.digest));
    GM_TRY(gm_tables_hash_audit(v->t, &v->before, &row));
    if (memcmp(&row.digest, &stored->digest, sizeof row.digest) != 0 ||
        memcmp(&row.hash, &stored->hash, sizeof row.hash) != 0)
        return gm_fail(GM_EFORMAT, "audit record %lld, or what came with it, was changed",
                       (long long)v->record);
    v->before = row.hash;
    v->out->n_records++;
    return GM_OK;
}

static gm_status check_chain(verifier *v, const gm_head_row *head, const gm_progress *progress)
{
    do {
        GM_TRY(gather(v, v->out->n_records + 1));
        for (size_t i = 0; i < v->n; i++)
            GM_TRY(check_record(v, &v->rows[i]));
        gm_progress_report(progress, "verifying",
                           (double)v->out->n_records / (double)(head->last_audit + 1));
        GM_TRY(gm_interrupt_check("audit verify"));
    } while (v->n == AT_ONCE);
    if (v->out->n_records != head->last_audit || v->last_event != head->last_event ||
        v->last_twin != head->last_twin || memcmp(&v->before, &head->hash, sizeof v->before) != 0)
        return gm_fail(GM_EFORMAT,
                       "the audit log ends at record %lld, the store's head says %lld: records at "
                       "the end were removed or added",
                       (long long)v->out->n_records, (long long)head->last_audit);
    return GM_OK;
}

/* ---- lists of events ---------------------------------------------------------------------------- */

typedef struct {
    char (*ids)[300];
    size_t n;
} page;

static gm_status take_id(void *context, const gm_twin_row *row)
{
    page *p = context;
    snprintf(p->ids[p->n], sizeof p->ids[0], "%s", row->id);
    p->n++;
    return GM_OK;
}

/* Row and events agree, and the fold of the last state goes through. */
static gm_status check_twins(verifier *v, int64_t last, page *p)
{
    for (int64_t from = 1; from <= last; from += AT_ONCE) {
        int64_t to = from + AT_ONCE - 1 < last ? from + AT_ONCE - 1 : last;
        p->n = 0;
        GM_TRY(gm_tables_twins_by_number(v->t, from, to, take_id, p));
        for (size_t i = 0; i < p->n; i++) {
            gm_twin_row row;
            json_t *state;
            int64_t last_ms;
            GM_TRY(gm_fold_load(v->t, p->ids[i], &row, &last_ms, &state));
            json_decref(state);
        }
        GM_TRY(gm_interrupt_check("audit verify"));
    }
    return GM_OK;
}

static gm_status verify(verifier *v, const gm_progress *progress)
{
    gm_head_row head;
    GM_TRY(gm_tables_head(v->t, &head));
    GM_TRY(check_chain(v, &head, progress));
    page p = {.ids = gm_calloc(AT_ONCE, sizeof *p.ids)};
    gm_status s = p.ids ? check_twins(v, v->last_twin, &p) : gm_fail(GM_ENOMEM, "audit: no memory");
    gm_free(p.ids);
    v->out->n_events = v->last_event, v->out->n_twins = v->last_twin;
    gm_hash_print(v->before.bytes, v->out->head);
    return s;
}

gm_status gm_store_verify(gm_verification *out, const gm_sql_ops *ops, const char *where,
                          const gm_progress *progress)
{
    *out = (gm_verification){0};
    verifier *v = gm_calloc(1, sizeof *v);
    if (!v) return gm_fail(GM_ENOMEM, "audit: no memory");
    v->out = out;
    gm_status s = gm_tables_open(&v->t, ops, where);
    if (s == GM_OK) s = verify(v, progress);
    gm_tables_close(v->t);
    forget_records(v);
    gm_free(v);
    return s;
}

gm_status gm_store_audit(const gm_sql_ops *ops, const char *where, int64_t from, gm_on_audit on,
                         void *context)
{
    gm_tables *t;
    GM_TRY(gm_tables_open(&t, ops, where));
    gm_status s = gm_tables_audit(t, from, on, context);
    gm_tables_close(t);
    return s;
}
