#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "store/document.h"
#include "store/fold.h"
#include "store/store_parts.h"

enum { MOST_IN_BATCH = 1024 };

/* What one transaction holds. Arrays grow and are used again. */
typedef struct {
    gm_store *s;
    gm_job *jobs[MOST_IN_BATCH];
    gm_job_group *groups[MOST_IN_BATCH]; /* of each job */
    size_t n;
    gm_head_row head; /* as it will be */
    gm_event_row *events;
    const json_t **patches; /* [n_events] of each */
    const char **event_ids; /* [n_events] of its twin; the sender's */
    size_t n_events, most_events;
    gm_twin_row *twins;
    size_t n_twins, most_twins;
    gm_snapshot_row *snapshots;
    size_t n_snapshots, most_snapshots;
    gm_answer_row *answers;
    size_t n_answers, most_answers;
    gm_entry **touched; /* [n_touched] each once */
    size_t n_touched, most_touched;
    gm_entry **fetched; /* [n_fetched] held in hand until the batch is settled */
    size_t n_fetched, most_fetched;
    gm_revision_step *steps;
    size_t most_steps;
    int64_t t_ms; /* the latest of all */
} batch;

static gm_status grow(void **array, size_t *most, size_t n, size_t size)
{
    if (n < *most) return GM_OK;
    size_t more = *most ? 2 * *most : 64;
    void *grown = gm_realloc(*array, more, size);
    if (!grown) return gm_fail(GM_ENOMEM, "store: no memory for %zu rows", more);
    *array = grown, *most = more;
    return GM_OK;
}

static gm_status grow_events(batch *b)
{
    size_t most = b->most_events, same = most, again = most;
    GM_TRY(grow((void **)&b->patches, &same, b->n_events, sizeof *b->patches));
    GM_TRY(grow((void **)&b->event_ids, &again, b->n_events, sizeof *b->event_ids));
    return grow((void **)&b->events, &b->most_events, b->n_events, sizeof *b->events);
}

/* ---- taking jobs -------------------------------------------------------------------------------- */

/* Under the lock. */
static void take_jobs(batch *b)
{
    gm_store *s = b->s;
    while (!s->first && !s->is_closing)
        pthread_cond_wait(&s->work, &s->lock);
    for (b->n = 0; s->first && b->n < MOST_IN_BATCH;) {
        gm_job_group *g = s->first;
        while (g->n_taken < g->n && b->n < MOST_IN_BATCH) {
            b->groups[b->n] = g;
            b->jobs[b->n++] = &g->jobs[g->n_taken++];
        }
        if (g->n_taken < g->n) break;
        s->first = g->next;
        if (!s->first) s->last = NULL;
    }
}

static void refuse(gm_job *j, gm_status status)
{
    j->status = status;
    snprintf(j->message, sizeof j->message, "%s", gm_error_text());
}

/* ---- before: what is not in hand ---------------------------------------------------------------- */

static gm_entry *hold(batch *b, gm_entry *e)
{
    if (!e) return NULL;
    if (e->in_batch++ == 0) b->fetched[b->n_fetched++] = e;
    return e;
}

/* The entry of `id`, read if need be, and held. Without the lock; the tables are the writer's own. */
static gm_status fetch(batch *b, const char *id, gm_entry **out)
{
    gm_store *s = b->s;
    gm_twin_row row;
    int64_t last_ms;
    GM_TRY(grow((void **)&b->fetched, &b->most_fetched, b->n_fetched, sizeof *b->fetched));
    pthread_mutex_lock(&s->lock);
    *out = hold(b, gm_entries_find(&s->entries, id));
    pthread_mutex_unlock(&s->lock);
    if (*out) return GM_OK;
    gm_status status = gm_fold_load(s->tables, id, &row, &last_ms, NULL);
    if (status != GM_OK && status != GM_ENOTFOUND) return status;
    if (status == GM_ENOTFOUND) row = (gm_twin_row){.id = id}, last_ms = INT64_MIN;
    pthread_mutex_lock(&s->lock);
    *out = hold(b, gm_store_adopt(s, &row, last_ms, NULL));
    pthread_mutex_unlock(&s->lock);
    return *out ? GM_OK : gm_fail(GM_ENOMEM, "store: no memory for \"%s\"", id);
}

static gm_status fetch_branches(batch *b, const gm_fork_request *f)
{
    gm_entry *branch;
    for (size_t i = 0; i < f->n; i++)
        GM_TRY(fetch(b, f->branches[i], &branch));
    return GM_OK;
}

/* Nobody but the writer changes a state, so that it may be read without the lock in between. */
static gm_status warm(gm_store *s, gm_entry *e)
{
    json_t *state;
    if (e->state || e->number == 0) return GM_OK;
    gm_twin_row row = {.number = e->number,
                       .parent = e->parent,
                       .forked_at = e->forked_at,
                       .revision = e->revision,
                       .id = e->id};
    GM_TRY(gm_fold_at(s->tables, &row, e->revision, &state));
    pthread_mutex_lock(&s->lock);
    if (e->state)
        json_decref(state); /* a reader was quicker */
    else
        gm_entries_set_state(&s->entries, e, state);
    pthread_mutex_unlock(&s->lock);
    return GM_OK;
}

static bool needs_state(const gm_store *s, const gm_job *j)
{
    const gm_entry *e = j->entry;
    size_t own = (size_t)(e->revision - e->forked_at), every = s->options.snapshot_every;
    return (j->update && j->update->condition) || own % every + e->in_batch >= every;
}

static gm_status find_answer(gm_store *s, gm_job *j)
{
    gm_answer_row row;
    gm_status status =
        gm_tables_find_answer(s->tables, j->update->client, j->update->message, &row);
    if (status == GM_ENOTFOUND) return GM_OK;
    if (status == GM_OK) j->receipt = (gm_receipt){row.revision, true};
    return status;
}

static void prepare(batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        gm_job *j = b->jobs[i];
        const char *id = j->update ? j->update->twin : j->fork->parent;
        gm_status status = fetch(b, id, &j->entry);
        if (status == GM_OK && j->fork) status = fetch_branches(b, j->fork);
        if (status == GM_OK && j->update && j->update->client) status = find_answer(b->s, j);
        if (status != GM_OK) refuse(j, status);
    }
    for (size_t i = 0; i < b->n; i++) {
        gm_job *j = b->jobs[i];
        if (j->status != GM_OK || j->receipt.is_repeat) continue;
        gm_status status = needs_state(b->s, j) ? warm(b->s, j->entry) : GM_OK;
        if (status != GM_OK) refuse(j, status);
    }
}

/* ---- applying, under the lock ------------------------------------------------------------------- */

static gm_status touch(batch *b, gm_entry *e)
{
    if (e->is_pending) return GM_OK;
    GM_TRY(grow((void **)&b->touched, &b->most_touched, b->n_touched, sizeof *b->touched));
    b->touched[b->n_touched++] = e;
    e->is_pending = true;
    e->kept_revision = e->revision, e->kept_ms = e->last_ms;
    return GM_OK;
}

static gm_status add_twin(batch *b, gm_entry *e)
{
    GM_TRY(grow((void **)&b->twins, &b->most_twins, b->n_twins, sizeof *b->twins));
    e->number = ++b->head.last_twin;
    e->is_new = true;
    b->twins[b->n_twins++] = (gm_twin_row){.number = e->number,
                                           .parent = e->parent,
                                           .forked_at = e->forked_at,
                                           .revision = e->forked_at,
                                           .born = b->head.last_audit + 1,
                                           .id = e->id};
    return GM_OK;
}

/* In this batch, not yet in the tables. */
static bool is_answered(batch *b, gm_job *j)
{
    for (size_t i = 0; i < b->n_answers; i++) {
        const gm_answer_row *a = &b->answers[i];
        if (strcmp(a->client, j->update->client) != 0 ||
            strcmp(a->message, j->update->message) != 0)
            continue;
        j->receipt = (gm_receipt){a->revision, true};
        return true;
    }
    return false;
}

static gm_status check(const gm_update *u, const gm_entry *e)
{
    if (u->revision == 0 && e->number)
        return gm_fail(GM_ESTATE, "there is a twin \"%s\" already", u->twin);
    if (u->revision != GM_ANY_REVISION && u->revision != e->revision)
        return gm_fail(GM_ESTATE, "\"%s\" is at revision %lld, not at %lld", u->twin,
                       (long long)e->revision, (long long)u->revision);
    if (u->is_from_world && e->parent)
        return gm_fail(GM_ESTATE, "\"%s\" is a branch: nothing goes between it and the world",
                       u->twin);
    gm_status s = u->condition ? u->condition(u->context, e->number ? e->state : NULL) : GM_OK;
    return s == GM_OK ? GM_OK : gm_fail_in(s, "%s", u->twin);
}

static gm_status add_snapshot(batch *b, const gm_entry *e)
{
    char *bytes;
    size_t length;
    GM_TRY(grow((void **)&b->snapshots, &b->most_snapshots, b->n_snapshots, sizeof *b->snapshots));
    GM_TRY(gm_document_bytes(e->state, &bytes, &length));
    b->snapshots[b->n_snapshots++] = (gm_snapshot_row){e->number, e->revision, bytes, length};
    return GM_OK;
}

static gm_status add_event(batch *b, gm_entry *e, const gm_update *u)
{
    char *bytes;
    size_t length;
    GM_TRY(grow_events(b));
    GM_TRY(gm_document_bytes(u->patch, &bytes, &length));
    gm_event_row *row = &b->events[b->n_events];
    *row = (gm_event_row){.sequence = b->head.last_event + 1,
                          .twin = e->number,
                          .revision = e->revision + 1,
                          .t_ms = u->t_ms > e->last_ms ? u->t_ms : e->last_ms,
                          .body = bytes,
                          .length = length};
    gm_status status = gm_tables_hash_event(b->s->tables, row);
    if (status != GM_OK) {
        free(bytes);
        return status;
    }
    b->patches[b->n_events] = u->patch;
    b->event_ids[b->n_events++] = u->twin;
    b->head.last_event++;
    e->revision++, e->last_ms = row->t_ms;
    if (row->t_ms > b->t_ms) b->t_ms = row->t_ms;
    return GM_OK;
}

static gm_status merge(batch *b, gm_entry *e, const json_t *patch)
{
    bool is_first = e->is_new && e->parent == 0 && e->revision == 1;
    if (is_first) gm_entries_set_state(&b->s->entries, e, json_object());
    if (!e->state && is_first) return gm_fail(GM_ENOMEM, "store: no memory");
    return e->state ? gm_document_merge(&e->state, patch) : GM_OK; /* cold: folded when asked for */
}

static gm_status apply_update(batch *b, gm_job *j)
{
    const gm_update *u = j->update;
    gm_entry *e = j->entry;
    if (u->client && is_answered(b, j)) return GM_OK;
    GM_TRY(check(u, e));
    GM_TRY(touch(b, e));
    if (e->number == 0) GM_TRY(add_twin(b, e));
    GM_TRY(add_event(b, e, u));
    GM_TRY(merge(b, e, u->patch));
    if (u->client) {
        GM_TRY(grow((void **)&b->answers, &b->most_answers, b->n_answers, sizeof *b->answers));
        b->answers[b->n_answers++] = (gm_answer_row){u->client, u->message, e->number, e->revision};
    }
    j->receipt = (gm_receipt){e->revision, false};
    bool is_due = (size_t)(e->revision - e->forked_at) % b->s->options.snapshot_every == 0;
    return is_due && e->state ? add_snapshot(b, e) : GM_OK;
}

static gm_status fork_one(batch *b, const gm_entry *parent, int64_t revision, const char *id)
{
    gm_entry *e = gm_entries_find(&b->s->entries, id); /* held */
    if (e->number) return gm_fail(GM_ESTATE, "there is a twin \"%s\" already", id);
    GM_TRY(touch(b, e));
    e->parent = parent->number, e->forked_at = revision;
    e->revision = revision, e->last_ms = parent->last_ms;
    GM_TRY(add_twin(b, e));
    if (revision == parent->revision && parent->state)
        gm_entries_set_state(&b->s->entries, e, json_incref(parent->state));
    return GM_OK;
}

static gm_status apply_fork(batch *b, gm_job *j)
{
    const gm_fork_request *f = j->fork;
    gm_entry *parent = j->entry;
    int64_t revision = f->revision == GM_ANY_REVISION ? parent->revision : f->revision;
    if (parent->number == 0) return gm_fail(GM_ENOTFOUND, "there is no twin \"%s\"", f->parent);
    if (revision < 0 || revision > parent->revision)
        return gm_fail(GM_EINVAL, "\"%s\" has revisions 0 to %lld, not %lld", f->parent,
                       (long long)parent->revision, (long long)revision);
    for (size_t i = 0; i < f->n; i++)
        GM_TRY(fork_one(b, parent, revision, f->branches[i]));
    if (f->t_ms > b->t_ms) b->t_ms = f->t_ms;
    j->receipt = (gm_receipt){revision, false};
    return GM_OK;
}

/* A job that fails half-way leaves rows behind: then the whole batch is given up and each of its jobs is
 * done alone. Refusals (state, condition) come before any row. */
static bool apply(batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        gm_job *j = b->jobs[i];
        if (j->status != GM_OK || j->receipt.is_repeat) continue;
        bool is_blind = j->update && j->update->condition && j->entry->number && !j->entry->state;
        if (is_blind && b->n > 1) return false; /* a branch of this very batch */
        size_t rows = b->n_events + b->n_twins + b->n_touched;
        gm_status status = j->update ? apply_update(b, j) : apply_fork(b, j);
        if (status == GM_OK) continue;
        refuse(j, status);
        if (b->n_events + b->n_twins + b->n_touched != rows) return false;
    }
    return true;
}

/* ---- writing ------------------------------------------------------------------------------------ */

/* {"by":{"<who>":updates},"forks":["parent@revision: n"]} */
static gm_status describe(const batch *b, char **out)
{
    json_t *by = json_object(), *forks = json_array();
    for (size_t i = 0; i < b->n; i++) {
        const gm_job *j = b->jobs[i];
        if (j->status != GM_OK || j->receipt.is_repeat) continue;
        const char *who = j->fork ? j->fork->by : j->update->by;
        json_int_t n = json_integer_value(json_object_get(by, who ? who : ""));
        json_object_set_new(by, who ? who : "", json_integer(n + 1));
        if (j->fork)
            json_array_append_new(forks, json_sprintf("%s@%lld: %lld", j->fork->parent,
                                                      (long long)j->receipt.revision,
                                                      (long long)j->fork->n));
    }
    json_t *all = json_object();
    json_object_set_new(all, "by", by);
    json_object_set_new(all, "forks", forks);
    *out = json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(all);
    return *out ? GM_OK : gm_fail(GM_ENOMEM, "store: no memory for an audit record");
}

static gm_status add_audit(batch *b)
{
    gm_tables *t = b->s->tables;
    char *what;
    GM_TRY(describe(b, &what));
    for (size_t i = 0; i < b->n_twins; i++)
        gm_tables_digest_twin(t, &b->twins[i]);
    for (size_t i = 0; i < b->n_events; i++)
        gm_tables_digest_event(t, &b->events[i]);
    gm_audit_row row = {.number = ++b->head.last_audit,
                        .t_ms = b->t_ms,
                        .last_event = b->head.last_event,
                        .last_twin = b->head.last_twin,
                        .what = what};
    gm_status status = gm_tables_digest_take(t, &row.digest);
    if (status == GM_OK) status = gm_tables_hash_audit(t, &b->head.hash, &row);
    if (status == GM_OK) status = gm_tables_add_audit(t, &row);
    b->head.hash = row.hash;
    free(what);
    return status;
}

static gm_status set_revisions(batch *b)
{
    size_t n = 0;
    if (b->n_touched > b->most_steps) {
        gm_revision_step *more = gm_realloc(b->steps, b->n_touched, sizeof *more);
        if (!more) return gm_fail(GM_ENOMEM, "store: no memory");
        b->steps = more, b->most_steps = b->n_touched;
    }
    for (size_t i = 0; i < b->n_touched; i++) {
        const gm_entry *e = b->touched[i];
        int64_t from = e->is_new ? e->forked_at : e->kept_revision;
        if (e->revision != from) b->steps[n++] = (gm_revision_step){e->number, from, e->revision};
    }
    return gm_tables_set_revisions(b->s->tables, b->steps, n);
}

static gm_status write_rows(batch *b)
{
    gm_tables *t = b->s->tables;
    GM_TRY(gm_tables_add_twins(t, b->twins, b->n_twins));
    GM_TRY(gm_tables_add_events(t, b->events, b->n_events));
    GM_TRY(set_revisions(b));
    GM_TRY(gm_tables_add_snapshots(t, b->snapshots, b->n_snapshots));
    GM_TRY(gm_tables_add_answers(t, b->answers, b->n_answers));
    GM_TRY(add_audit(b));
    GM_TRY(gm_tables_set_head(t, &b->head));
    return gm_tables_commit(t);
}

static gm_status write_all(batch *b)
{
    if (b->n_events + b->n_twins == 0) return GM_OK;
    GM_TRY(gm_tables_begin(b->s->tables));
    gm_status status = write_rows(b);
    if (status != GM_OK) gm_tables_rollback(b->s->tables);
    return status;
}

/* ---- after -------------------------------------------------------------------------------------- */

/* Under the lock. What was not written is not so: states go, numbers are as they were. */
static void settle(batch *b, bool is_written)
{
    gm_store *s = b->s;
    for (size_t i = 0; i < b->n_fetched; i++)
        b->fetched[i]->in_batch = 0;
    b->n_fetched = 0;
    for (size_t i = 0; i < b->n_touched; i++) {
        gm_entry *e = b->touched[i];
        bool is_new = e->is_new;
        e->is_pending = e->is_new = false;
        if (is_written) continue;
        gm_entries_set_state(&s->entries, e, NULL);
        e->revision = e->kept_revision, e->last_ms = e->kept_ms;
        if (is_new) e->number = e->parent = e->forked_at = e->revision = 0, e->last_ms = INT64_MIN;
    }
    if (is_written && b->n_events + b->n_twins) {
        s->head = b->head;
        s->n_events += b->n_events, s->n_commits++;
    }
}

static void tell_listener(batch *b)
{
    pthread_mutex_lock(&b->s->lock);
    gm_store_on_event on_event = b->s->on_event;
    void *listener = b->s->listener;
    pthread_mutex_unlock(&b->s->lock);
    for (size_t i = 0; on_event && i < b->n_events; i++)
        on_event(listener, b->event_ids[i], b->events[i].revision, b->patches[i],
                 b->events[i].t_ms);
}

static void clear_rows(batch *b)
{
    for (size_t i = 0; i < b->n_events; i++)
        free((char *)b->events[i].body);
    for (size_t i = 0; i < b->n_snapshots; i++)
        free((char *)b->snapshots[i].body);
    b->n_events = b->n_twins = b->n_snapshots = b->n_answers = b->n_touched = 0;
    b->t_ms = INT64_MIN;
}

/* Under the lock. */
static void answer(batch *b)
{
    gm_store *s = b->s;
    for (size_t i = 0; i < b->n; i++) {
        gm_job_group *g = b->groups[i];
        if (++g->n_done == g->n) pthread_cond_signal(&g->done);
    }
    s->n_waiting -= b->n;
    pthread_cond_broadcast(&s->room);
}

/* One attempt at the jobs of the batch. False: nothing was written, and they should be done one by one. */
static bool attempt(batch *b)
{
    gm_store *s = b->s;
    b->head = s->head;
    b->t_ms = INT64_MIN;
    prepare(b);
    pthread_mutex_lock(&s->lock);
    bool is_whole = apply(b);
    pthread_mutex_unlock(&s->lock);
    gm_status status = is_whole ? write_all(b) : GM_OK;
    pthread_mutex_lock(&s->lock);
    settle(b, is_whole && status == GM_OK);
    pthread_cond_broadcast(&s->settled);
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < b->n && status != GM_OK; i++)
        if (b->jobs[i]->status == GM_OK && !b->jobs[i]->receipt.is_repeat)
            refuse(b->jobs[i], status);
    if (is_whole && status == GM_OK) tell_listener(b);
    clear_rows(b);
    return is_whole;
}

static void start_over(gm_job *j)
{
    j->status = GM_OK;
    j->receipt = (gm_receipt){0};
    j->entry = NULL;
}

static void do_batch(batch *b)
{
    if (attempt(b)) return;
    size_t n = b->n;
    gm_job *all[MOST_IN_BATCH];
    memcpy(all, b->jobs, n * sizeof *all);
    for (size_t i = 0; i < n; i++) {
        start_over(all[i]);
        b->jobs[0] = all[i], b->n = 1;
        attempt(b); /* alone, its refusal stands */
    }
    memcpy(b->jobs, all, n * sizeof *all);
    b->n = n;
}

void *gm_store_write(void *store)
{
    gm_store *s = store;
    batch *b = gm_calloc(1, sizeof *b);
    batch last_resort = {.s = s}; /* without memory: slow, but it answers */
    if (!b) b = &last_resort;
    b->s = s;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        take_jobs(b);
        if (b->n == 0) break; /* closing, and nothing waits */
        pthread_mutex_unlock(&s->lock);
        do_batch(b);
        pthread_mutex_lock(&s->lock);
        answer(b);
    }
    pthread_mutex_unlock(&s->lock);
    void *arrays[] = {b->events,  b->patches, b->event_ids, b->twins,  b->snapshots,
                      b->answers, b->touched, b->steps,     b->fetched};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        gm_free(arrays[i]);
    if (b != &last_resort) gm_free(b);
    return NULL;
}
