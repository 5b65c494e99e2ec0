#include "store/fold.h"

#include "store/document.h"

typedef struct {
    json_t *state;
    int64_t twin, revision; /* that the state is at */
} fold;

static gm_status add_event(void *context, const gm_event_row *e)
{
    fold *f = context;
    json_t *patch;
    if (e->revision != f->revision + 1)
        return gm_fail(GM_EFORMAT, "store: event %lld/%lld is missing; restore a backup",
                       (long long)f->twin, (long long)f->revision + 1);
    GM_TRY(gm_document_parse(&patch, e->body, e->length));
    gm_status s = gm_document_merge(&f->state, patch);
    json_decref(patch);
    f->revision++;
    return s;
}

static gm_status take_snapshot(void *context, const gm_snapshot_row *row)
{
    fold *f = context;
    f->revision = row->revision;
    return gm_document_parse(&f->state, row->body, row->length);
}

static gm_status copy_row(void *context, const gm_twin_row *row)
{
    *(gm_twin_row *)context = *row;
    return GM_OK;
}

static gm_status fold_from(gm_tables *t, const gm_twin_row *twin, int64_t revision, int generation,
                           fold *f);

/* What lies before a twin's own events: nothing, or its parent as it was. */
static gm_status start(gm_tables *t, const gm_twin_row *twin, int generation, fold *f)
{
    if (twin->parent == 0) {
        f->state = json_object();
        return f->state ? GM_OK : gm_fail(GM_ENOMEM, "store: no memory for a state");
    }
    return fold_from(t, twin, twin->forked_at, generation, f);
}

static gm_status fold_from(gm_tables *t, const gm_twin_row *twin, int64_t revision, int generation,
                           fold *f)
{
    if (twin->parent && revision <= twin->forked_at) {
        gm_twin_row parent;
        if (generation == GM_MOST_GENERATIONS)
            return gm_fail(GM_EFORMAT, "store: more than %d generations of branches",
                           GM_MOST_GENERATIONS);
        GM_TRY(gm_tables_twin(t, twin->parent, copy_row, &parent));
        return fold_from(t, &parent, revision, generation + 1, f);
    }
    f->twin = twin->number;
    gm_status s = gm_tables_snapshot(t, twin->number, revision, take_snapshot, f);
    if (s == GM_ENOTFOUND) {
        s = start(t, twin, generation, f);
        f->twin = twin->number, f->revision = twin->forked_at;
    }
    if (s == GM_OK) s = gm_tables_events(t, twin->number, f->revision + 1, revision, add_event, f);
    if (s == GM_OK && f->revision != revision)
        s = gm_fail(GM_EFORMAT, "store: event %lld/%lld is missing; restore a backup",
                    (long long)twin->number, (long long)f->revision + 1);
    return s;
}

gm_status gm_fold_at(gm_tables *t, const gm_twin_row *twin, int64_t revision, json_t **out)
{
    fold f = {0};
    *out = NULL;
    gm_status s = fold_from(t, twin, revision, 0, &f);
    if (s == GM_OK)
        *out = f.state;
    else
        json_decref(f.state);
    return s;
}

typedef struct {
    int64_t revision, t_ms;
} last_event;

static gm_status take_last(void *context, const gm_event_row *e)
{
    last_event *last = context;
    last->revision = e->revision, last->t_ms = e->t_ms;
    return GM_OK;
}

gm_status gm_fold_load(gm_tables *t, const char *id, gm_twin_row *out, int64_t *last_ms,
                       json_t **state)
{
    GM_TRY(gm_tables_find_twin(t, id, out));
    last_event last = {out->forked_at, INT64_MIN};
    GM_TRY(gm_tables_events(t, out->number, out->revision, INT64_MAX, take_last, &last));
    if (last.revision != out->revision)
        return gm_fail(GM_EFORMAT,
                       "store: \"%s\" says revision %lld, its events end at %lld; restore a backup",
                       id, (long long)out->revision, (long long)last.revision);
    *last_ms = last.t_ms;
    return state ? gm_fold_at(t, out, out->revision, state) : GM_OK;
}
