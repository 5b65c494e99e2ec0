#include "store/copy.h"

#include <string.h>

#include "core/alloc.h"
#include "store/tables.h"

/* Rows are gathered and written some at a time: the texts of a row live only while it is read. */
enum { AT_ONCE = 512, TEXTS = 2 };

typedef struct {
    gm_tables *from, *to;
    gm_twin_row twins[AT_ONCE];
    gm_event_row events[AT_ONCE];
    gm_answer_row answers[AT_ONCE];
    gm_audit_row audits[AT_ONCE];
    char *texts[AT_ONCE][TEXTS];
    size_t n;
} copier;

static void forget(copier *c)
{
    for (size_t i = 0; i < c->n; i++)
        for (int k = 0; k < TEXTS; k++)
            gm_free(c->texts[i][k]), c->texts[i][k] = NULL;
    c->n = 0;
}

static gm_status keep(char **out, const void *bytes, size_t length)
{
    *out = gm_calloc(length + 1, 1);
    if (!*out) return gm_fail(GM_ENOMEM, "copy: no memory for %zu bytes", length);
    memcpy(*out, bytes, length);
    return GM_OK;
}

static gm_status take_twin(void *context, const gm_twin_row *row)
{
    copier *c = context;
    size_t i = c->n++;
    c->twins[i] = *row;
    GM_TRY(keep(&c->texts[i][0], row->id, strlen(row->id)));
    c->twins[i].id = c->texts[i][0];
    return GM_OK;
}

static gm_status take_event(void *context, const gm_event_row *row)
{
    copier *c = context;
    size_t i = c->n++;
    c->events[i] = *row;
    GM_TRY(keep(&c->texts[i][0], row->body, row->length));
    c->events[i].body = c->texts[i][0];
    return GM_OK;
}

static gm_status take_answer(void *context, const gm_answer_row *row)
{
    copier *c = context;
    size_t i = c->n++;
    c->answers[i] = *row;
    GM_TRY(keep(&c->texts[i][0], row->client, strlen(row->client)));
    GM_TRY(keep(&c->texts[i][1], row->message, strlen(row->message)));
    c->answers[i].client = c->texts[i][0], c->answers[i].message = c->texts[i][1];
    return GM_OK;
}

static gm_status take_audit(void *context, const gm_audit_row *row)
{
    copier *c = context;
    if (c->n == AT_ONCE) return GM_ESTATE; /* enough */
    size_t i = c->n++;
    c->audits[i] = *row;
    GM_TRY(keep(&c->texts[i][0], row->what, strlen(row->what)));
    c->audits[i].what = c->texts[i][0];
    return GM_OK;
}

static gm_status copy_twins(copier *c, int64_t last)
{
    for (int64_t from = 1; from <= last; from += AT_ONCE) {
        forget(c);
        GM_TRY(gm_tables_twins_by_number(c->from, from, from + AT_ONCE - 1, take_twin, c));
        GM_TRY(gm_tables_add_twins(c->to, c->twins, c->n));
    }
    return GM_OK;
}

static gm_status copy_events(copier *c, int64_t last, const gm_progress *progress)
{
    for (int64_t from = 1; from <= last; from += AT_ONCE) {
        forget(c);
        GM_TRY(gm_tables_events_by_sequence(c->from, from, from + AT_ONCE - 1, take_event, c));
        GM_TRY(gm_tables_add_events(c->to, c->events, c->n));
        gm_progress_report(progress, "copying", (double)from / (double)last);
        GM_TRY(gm_interrupt_check("copy"));
    }
    return GM_OK;
}

static gm_status copy_answers(copier *c)
{
    char *client = NULL, *message = NULL;
    gm_status s = GM_OK;
    do {
        forget(c);
        s = gm_tables_answers(c->from, client ? client : "", message ? message : "", AT_ONCE,
                              take_answer, c);
        if (s == GM_OK) s = gm_tables_add_answers(c->to, c->answers, c->n);
        gm_free(client), gm_free(message);
        client = c->n ? gm_strdup(c->answers[c->n - 1].client) : NULL;
        message = c->n ? gm_strdup(c->answers[c->n - 1].message) : NULL;
        if (c->n && (!client || !message)) s = gm_fail(GM_ENOMEM, "copy: no memory");
    } while (s == GM_OK && c->n == AT_ONCE);
    gm_free(client), gm_free(message);
    return s;
}

static gm_status copy_audit(copier *c)
{
    int64_t from = 1;
    do {
        forget(c);
        gm_status s = gm_tables_audit(c->from, from, take_audit, c);
        if (s != GM_OK && !(s == GM_ESTATE && c->n == AT_ONCE)) return s;
        for (size_t i = 0; i < c->n; i++)
            GM_TRY(gm_tables_add_audit(c->to, &c->audits[i]));
        from += (int64_t)c->n;
    } while (c->n == AT_ONCE);
    return GM_OK;
}

static gm_status copy_all(copier *c, const gm_progress *progress)
{
    gm_head_row head, empty;
    GM_TRY(gm_tables_head(c->from, &head));
    GM_TRY(gm_tables_head(c->to, &empty));
    if (empty.last_audit != 0)
        return gm_fail(GM_ESTATE, "the store to copy into is not empty: it has %lld audit records",
                       (long long)empty.last_audit);
    GM_TRY(gm_tables_begin(c->to));
    gm_status s = copy_twins(c, head.last_twin);
    if (s == GM_OK) s = copy_events(c, head.last_event, progress);
    if (s == GM_OK) s = copy_answers(c);
    if (s == GM_OK) s = copy_audit(c);
    if (s == GM_OK) s = gm_tables_set_head(c->to, &head);
    if (s == GM_OK) return gm_tables_commit(c->to);
    gm_tables_rollback(c->to);
    return s;
}

gm_status gm_store_copy(const gm_sql_ops *from_ops, const char *from, const gm_sql_ops *to_ops,
                        const char *to, const gm_progress *progress)
{
    copier *c = gm_calloc(1, sizeof *c);
    if (!c) return gm_fail(GM_ENOMEM, "copy: no memory");
    gm_status s = gm_tables_open(&c->from, from_ops, from);
    if (s == GM_OK) s = gm_tables_open(&c->to, to_ops, to);
    if (s == GM_OK) s = copy_all(c, progress);
    forget(c);
    gm_tables_close(c->from);
    gm_tables_close(c->to);
    gm_free(c);
    return s;
}
