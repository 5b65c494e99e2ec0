#include "store/store.h"

#include <limits.h>
#include <string.h>

#include "core/alloc.h"
#include "store/document.h"
#include "store/fold.h"
#include "store/store_parts.h"

enum { MOST_HOT = 65536, SNAPSHOT_EVERY = 64, MOST_WAITING = 8192 };

gm_store_options gm_store_options_defaults(void)
{
    return (gm_store_options){MOST_HOT, SNAPSHOT_EVERY, MOST_WAITING};
}

/* ---- opening ------------------------------------------------------------------------------------ */

static gm_status check_options(const gm_store_options *o)
{
    if (o->most_hot > 0 && o->snapshot_every > 0 && o->most_waiting > 0) return GM_OK;
    return gm_fail(GM_EINVAL,
                   "store: most_hot %zu, snapshot_every %zu, most_waiting %zu; all must be above 0",
                   o->most_hot, o->snapshot_every, o->most_waiting);
}

static gm_status start(gm_store *s, const gm_sql_ops *ops, const char *where)
{
    GM_TRY(check_options(&s->options));
    GM_TRY(gm_entries_create(&s->entries, s->options.most_hot));
    GM_TRY(gm_tables_open(&s->tables, ops, where));
    GM_TRY(gm_tables_claim(s->tables));
    GM_TRY(gm_tables_open(&s->readers, ops, where));
    GM_TRY(gm_tables_head(s->tables, &s->head));
    if (pthread_create(&s->writer, NULL, gm_store_write, s) != 0)
        return gm_fail(GM_ENOMEM, "store: no thread for the writer");
    return GM_OK;
}

static void clear(gm_store *s)
{
    gm_tables_close(s->tables);
    gm_tables_close(s->readers);
    gm_entries_clear(&s->entries);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->reading);
    pthread_cond_destroy(&s->work);
    pthread_cond_destroy(&s->room);
    pthread_cond_destroy(&s->settled);
    gm_free(s);
}

gm_status gm_store_open(gm_store **out, const gm_sql_ops *ops, const char *where,
                        const gm_store_options *options)
{
    *out = NULL;
    gm_store *s = gm_calloc(1, sizeof *s);
    if (!s) return gm_fail(GM_ENOMEM, "store: no memory");
    s->options = options ? *options : gm_store_options_defaults();
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->reading, NULL);
    pthread_cond_init(&s->work, NULL);
    pthread_cond_init(&s->room, NULL);
    pthread_cond_init(&s->settled, NULL);
    gm_status status = start(s, ops, where);
    if (status != GM_OK) {
        clear(s);
        return status;
    }
    *out = s;
    return GM_OK;
}

void gm_store_close(gm_store *s)
{
    if (!s) return;
    pthread_mutex_lock(&s->lock);
    s->is_closing = true;
    pthread_cond_broadcast(&s->work);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->writer, NULL);
    clear(s);
}

/* ---- writing ------------------------------------------------------------------------------------ */

void gm_store_do(gm_store *s, gm_job_group *group)
{
    pthread_cond_init(&group->done, NULL);
    pthread_mutex_lock(&s->lock);
    while (s->n_waiting > 0 && s->n_waiting + group->n > s->options.most_waiting)
        pthread_cond_wait(&s->room, &s->lock);
    if (s->last)
        s->last->next = group;
    else
        s->first = group;
    s->last = group;
    s->n_waiting += group->n;
    pthread_cond_signal(&s->work);
    while (group->n_done < group->n)
        pthread_cond_wait(&group->done, &s->lock);
    pthread_mutex_unlock(&s->lock);
    pthread_cond_destroy(&group->done);
}

static gm_status check_id(const char *id)
{
    size_t n = id ? strlen(id) : 0;
    if (n > 0 && n <= GM_MOST_TWIN_ID) return GM_OK;
    return gm_fail(GM_EINVAL, "the id of a twin has 1 to %d bytes, not %zu", GM_MOST_TWIN_ID, n);
}

static gm_status check_update(const gm_update *u)
{
    GM_TRY(check_id(u->twin));
    if (!json_is_object(u->patch))
        return gm_fail(GM_EINVAL, "\"%s\": a patch must be an object", u->twin);
    if (!u->client != !u->message)
        return gm_fail(GM_EINVAL, "\"%s\": client and message belong together", u->twin);
    return GM_OK;
}

gm_status gm_store_update_all(gm_store *s, const gm_update *updates, size_t n, gm_status *status,
                              gm_receipt *receipts)
{
    if (n == 0) return GM_OK;
    for (size_t i = 0; i < n; i++)
        GM_TRY(check_update(&updates[i]));
    gm_job_group g = {.jobs = gm_calloc(n, sizeof *g.jobs), .n = n};
    if (!g.jobs) return gm_fail(GM_ENOMEM, "store: no memory for %zu updates", n);
    for (size_t i = 0; i < n; i++)
        g.jobs[i].update = &updates[i];
    gm_store_do(s, &g);
    gm_status first = GM_OK;
    for (size_t i = 0; i < n; i++) {
        if (status) status[i] = g.jobs[i].status;
        if (receipts) receipts[i] = g.jobs[i].receipt;
        if (first == GM_OK && g.jobs[i].status != GM_OK)
            first = gm_fail(g.jobs[i].status, "%s", g.jobs[i].message);
    }
    gm_free(g.jobs);
    return first;
}

gm_status gm_store_update(gm_store *s, const gm_update *update, gm_receipt *out)
{
    return gm_store_update_all(s, update, 1, NULL, out);
}

gm_status gm_store_fork(gm_store *s, const char *parent, int64_t revision,
                        const char *const branches[], size_t n, const char *by, int64_t t_ms)
{
    GM_TRY(check_id(parent));
    for (size_t i = 0; i < n; i++)
        GM_TRY(check_id(branches[i]));
    gm_fork_request f = {parent, by, branches, n, revision, t_ms};
    gm_job job = {.fork = &f};
    gm_job_group g = {.jobs = &job, .n = 1};
    gm_store_do(s, &g);
    return job.status == GM_OK ? GM_OK : gm_fail(job.status, "%s", job.message);
}

void gm_store_listen(gm_store *s, gm_store_on_event on_event, void *context)
{
    pthread_mutex_lock(&s->lock);
    s->on_event = on_event;
    s->listener = context;
    pthread_mutex_unlock(&s->lock);
}

/* ---- reading the present ------------------------------------------------------------------------ */

gm_entry *gm_store_adopt(gm_store *s, const gm_twin_row *row, int64_t last_ms, json_t *state)
{
    gm_entry *e = gm_entries_find(&s->entries, row->id);
    if (!e) {
        if (!(e = gm_entries_add(&s->entries, row->id))) return NULL;
        e->number = row->number, e->parent = row->parent, e->forked_at = row->forked_at;
        e->revision = row->revision, e->last_ms = last_ms;
    }
    if (state && !e->state && !e->is_pending && e->number && e->revision == row->revision)
        gm_entries_set_state(&s->entries, e, json_incref(state));
    return e;
}

/* Under the lock: the entry when nothing of it is being written. NULL: not in hand. */
static gm_entry *settled(gm_store *s, const char *twin)
{
    gm_entry *e = gm_entries_find(&s->entries, twin);
    while (e && e->is_pending) {
        pthread_cond_wait(&s->settled, &s->lock);
        e = gm_entries_find(&s->entries, twin);
    }
    return e;
}

static gm_status read_cold(gm_store *s, const char *twin, json_t **out, int64_t *revision)
{
    gm_twin_row row;
    int64_t last_ms;
    pthread_mutex_lock(&s->reading);
    gm_status status = gm_fold_load(s->readers, twin, &row, &last_ms, out);
    pthread_mutex_unlock(&s->reading);
    GM_TRY(status);
    pthread_mutex_lock(&s->lock);
    gm_store_adopt(s, &row, last_ms, *out);
    pthread_mutex_unlock(&s->lock);
    if (revision) *revision = row.revision;
    return GM_OK;
}

gm_status gm_store_read(gm_store *s, const char *twin, json_t **out, int64_t *revision)
{
    *out = NULL;
    GM_TRY(check_id(twin));
    pthread_mutex_lock(&s->lock);
    const gm_entry *e = settled(s, twin);
    if (e && e->state) {
        *out = json_incref(e->state);
        if (revision) *revision = e->revision;
    }
    pthread_mutex_unlock(&s->lock);
    return *out ? GM_OK : read_cold(s, twin, out, revision);
}

/* ---- reading the past --------------------------------------------------------------------------- */

static gm_status copy_row(void *context, const gm_twin_row *row)
{
    *(gm_twin_row *)context = *row;
    return GM_OK;
}

static gm_status copy_id(void *context, const gm_twin_row *row)
{
    gm_twin_facts *f = context;
    snprintf(f->parent, sizeof f->parent, "%s", row->id);
    return GM_OK;
}

gm_status gm_store_facts(gm_store *s, const char *twin, gm_twin_facts *out)
{
    gm_twin_row row;
    *out = (gm_twin_facts){0};
    GM_TRY(check_id(twin));
    pthread_mutex_lock(&s->reading);
    gm_status status = gm_tables_find_twin(s->readers, twin, &row);
    if (status == GM_OK && row.parent)
        status = gm_tables_twin(s->readers, row.parent, copy_id, out);
    pthread_mutex_unlock(&s->reading);
    out->revision = row.revision, out->forked_at = row.forked_at;
    return status;
}

static gm_status check_revision(const gm_twin_row *row, int64_t revision)
{
    if (revision >= 0 && revision <= row->revision) return GM_OK;
    return gm_fail(GM_ENOTFOUND, "\"%s\" has revisions 0 to %lld, not %lld", row->id,
                   (long long)row->revision, (long long)revision);
}

gm_status gm_store_read_at(gm_store *s, const char *twin, int64_t revision, json_t **out)
{
    gm_twin_row row;
    *out = NULL;
    GM_TRY(check_id(twin));
    pthread_mutex_lock(&s->reading);
    gm_status status = gm_tables_find_twin(s->readers, twin, &row);
    if (status == GM_OK) status = check_revision(&row, revision);
    if (status == GM_OK) status = gm_fold_at(s->readers, &row, revision, out);
    pthread_mutex_unlock(&s->reading);
    return status;
}

typedef struct {
    gm_store_on_history on;
    void *context;
    int64_t t_ms;
} history;

static gm_status pass_event(void *context, const gm_event_row *e)
{
    history *h = context;
    h->t_ms = e->t_ms;
    return h->on ? h->on(h->context, e->revision, e->t_ms, e->body, e->length) : GM_OK;
}

/* Down the generations: the parent's part comes first. */
static gm_status pass_history(gm_tables *t, const gm_twin_row *twin, int64_t from, int64_t to,
                              int generation, history *h)
{
    if (twin->parent && from <= twin->forked_at) {
        gm_twin_row parent;
        if (generation == GM_MOST_GENERATIONS)
            return gm_fail(GM_EFORMAT, "store: more than %d generations of branches",
                           GM_MOST_GENERATIONS);
        GM_TRY(gm_tables_twin(t, twin->parent, copy_row, &parent));
        int64_t until = to < twin->forked_at ? to : twin->forked_at;
        GM_TRY(pass_history(t, &parent, from, until, generation + 1, h));
        from = twin->forked_at + 1;
    }
    return from <= to ? gm_tables_events(t, twin->number, from, to, pass_event, h) : GM_OK;
}

gm_status gm_store_history(gm_store *s, const char *twin, int64_t from, int64_t to,
                           gm_store_on_history on, void *context)
{
    gm_twin_row row;
    history h = {on, context, 0};
    GM_TRY(check_id(twin));
    pthread_mutex_lock(&s->reading);
    gm_status status = gm_tables_find_twin(s->readers, twin, &row);
    if (status == GM_OK) status = pass_history(s->readers, &row, from, to, 0, &h);
    pthread_mutex_unlock(&s->reading);
    return status;
}

/* Times never go back along a twin: halve. */
static gm_status find_moment(gm_tables *t, const gm_twin_row *row, int64_t t_ms, int64_t *out)
{
    int64_t low = 0, high = row->revision; /* low is not later, all above high are */
    while (low < high) {
        int64_t middle = low + (high - low + 1) / 2;
        history h = {0};
        GM_TRY(pass_history(t, row, middle, middle, 0, &h));
        if (h.t_ms <= t_ms)
            low = middle;
        else
            high = middle - 1;
    }
    *out = low;
    return GM_OK;
}

gm_status gm_store_revision_at(gm_store *s, const char *twin, int64_t t_ms, int64_t *out)
{
    gm_twin_row row;
    *out = 0;
    GM_TRY(check_id(twin));
    pthread_mutex_lock(&s->reading);
    gm_status status = gm_tables_find_twin(s->readers, twin, &row);
    if (status == GM_OK) status = find_moment(s->readers, &row, t_ms, out);
    pthread_mutex_unlock(&s->reading);
    return status;
}

typedef struct {
    gm_store_on_id on;
    void *context;
} listing;

static gm_status pass_id(void *context, const gm_twin_row *row)
{
    const listing *l = context;
    return l->on(l->context, row->id, row->revision);
}

gm_status gm_store_list(gm_store *s, const char *after, size_t most, gm_store_on_id on,
                        void *context)
{
    listing l = {on, context};
    pthread_mutex_lock(&s->reading);
    gm_status status = gm_tables_twins_by_id(s->readers, after, most, pass_id, &l);
    pthread_mutex_unlock(&s->reading);
    return status;
}

void gm_store_count(gm_store *s, gm_store_counts *out)
{
    pthread_mutex_lock(&s->lock);
    *out = (gm_store_counts){s->entries.n_hot, s->n_events, s->n_commits};
    pthread_mutex_unlock(&s->lock);
}
