#include "store/tables.h"

#include <string.h>

#include "core/alloc.h"
#include "core/text.h"

enum { VERSION = 1 };

struct gm_tables {
    const gm_sql_ops *ops;
    gm_sql *db;
    gm_hasher *row, *all; /* of one row; of all that came with an audit record */
    gm_sql_value *values; /* grows; of many rows */
    size_t n_values;
};

/* ---- SQL ---------------------------------------------------------------------------------------- */

/* KEY stands for the database's primary key of 64 bits. */
static const char *const SCHEMA[] = {
    "CREATE TABLE IF NOT EXISTS head (one KEY, version BIGINT NOT NULL, last_twin BIGINT NOT NULL,"
    " last_event BIGINT NOT NULL, last_audit BIGINT NOT NULL, hash BYTEA NOT NULL)",
    "CREATE TABLE IF NOT EXISTS twin (number KEY, id TEXT NOT NULL UNIQUE, parent BIGINT NOT NULL,"
    " forked_at BIGINT NOT NULL, revision BIGINT NOT NULL, born BIGINT NOT NULL,"
    " hash BYTEA NOT NULL)",
    "CREATE TABLE IF NOT EXISTS event (sequence KEY, twin BIGINT NOT NULL, revision BIGINT NOT "
    "NULL,"
    " t_ms BIGINT NOT NULL, body BYTEA NOT NULL, hash BYTEA NOT NULL, UNIQUE (twin, revision))",
    "CREATE TABLE IF NOT EXISTS snapshot (twin BIGINT NOT NULL, revision BIGINT NOT NULL,"
    " body BYTEA NOT NULL, hash BYTEA NOT NULL, PRIMARY KEY (twin, revision))",
    "CREATE TABLE IF NOT EXISTS answer (client TEXT NOT NULL, message TEXT NOT NULL,"
    " twin BIGINT NOT NULL, revision BIGINT NOT NULL, hash BYTEA NOT NULL,"
    " PRIMARY KEY (client, message))",
    "CREATE TABLE IF NOT EXISTS audit (number KEY, t_ms BIGINT NOT NULL, last_event BIGINT NOT "
    "NULL,"
    " last_twin BIGINT NOT NULL, what TEXT NOT NULL, digest BYTEA NOT NULL, hash BYTEA NOT NULL)",
};

enum {
    ADD_HEAD,
    SET_HEAD,
    GET_HEAD,
    ADD_TWIN,
    ADD_EVENT,
    ADD_SNAPSHOT,
    ADD_ANSWER,
    ADD_AUDIT,
    SET_REVISION,
    FIND_TWIN,
    GET_TWIN,
    TWINS_BY_ID,
    TWINS_BY_NUMBER,
    EVENTS,
    EVENTS_BY_SEQUENCE,
    LAST_SNAPSHOT,
    FIND_ANSWER,
    ANSWERS,
    AUDIT,
    N_STATEMENTS
};

#define TWIN_COLUMNS "number, id, parent, forked_at, revision, born, hash"
#define EVENT_COLUMNS "sequence, twin, revision, t_ms, body, hash"

static const char *const STATEMENTS[N_STATEMENTS] = {
    [ADD_HEAD] = "INSERT INTO head VALUES (1, $1, 0, 0, 0, $2) ON CONFLICT DO NOTHING",
    [SET_HEAD] = "UPDATE head SET last_twin = $1, last_event = $2, last_audit = $3, hash = $4",
    [GET_HEAD] = "SELECT version, last_twin, last_event, last_audit, hash FROM head",
    [ADD_TWIN] = "INSERT INTO twin VALUES ($1, $2, $3, $4, $5, $6, $7)",
    [ADD_EVENT] = "INSERT INTO event VALUES ($1, $2, $3, $4, $5, $6)",
    [ADD_SNAPSHOT] = "INSERT INTO snapshot VALUES ($1, $2, $3, $4)",
    [ADD_ANSWER] = "INSERT INTO answer VALUES ($1, $2, $3, $4, $5)",
    [ADD_AUDIT] = "INSERT INTO audit VALUES ($1, $2, $3, $4, $5, $6, $7)",
    [SET_REVISION] = "UPDATE twin SET revision = $1 WHERE number = $2 AND revision = $3",
    [FIND_TWIN] = "SELECT " TWIN_COLUMNS " FROM twin WHERE id = $1",
    [GET_TWIN] = "SELECT " TWIN_COLUMNS " FROM twin WHERE number = $1",
    [TWINS_BY_ID] = "SELECT " TWIN_COLUMNS " FROM twin WHERE id > $1 ORDER BY id LIMIT $2",
    [TWINS_BY_NUMBER] =
        "SELECT " TWIN_COLUMNS " FROM twin WHERE number >= $1 AND number <= $2 ORDER BY number",
    [EVENTS] = "SELECT " EVENT_COLUMNS " FROM event WHERE twin = $1 AND revision >= $2"
               " AND revision <= $3 ORDER BY revision",
    [EVENTS_BY_SEQUENCE] = "SELECT " EVENT_COLUMNS " FROM event WHERE sequence >= $1"
                           " AND sequence <= $2 ORDER BY sequence",
    [LAST_SNAPSHOT] = "SELECT twin, revision, body, hash FROM snapshot WHERE twin = $1"
                      " AND revision <= $2 ORDER BY revision DESC LIMIT 1",
    [FIND_ANSWER] = "SELECT twin, revision, hash FROM answer WHERE client = $1 AND message = $2",
    [ANSWERS] = "SELECT twin, revision, hash, client, message FROM answer WHERE client > $1 OR"
                " (client = $1 AND message > $2) ORDER BY client, message LIMIT $3",
    [AUDIT] = "SELECT number, t_ms, last_event, last_twin, what, digest, hash FROM audit"
              " WHERE number >= $1 ORDER BY number",
};

/* ---- hashes ------------------------------------------------------------------------------------- */

static void add_number(gm_hasher *h, int64_t v)
{
    unsigned char b[8];
    for (int i = 0; i < 8; i++)
        b[i] = (unsigned char)((uint64_t)v >> (8 * i));
    gm_hasher_add(h, b, sizeof b);
}

static void add_text(gm_hasher *h, const char *text)
{
    gm_hasher_add(h, text, strlen(text) + 1);
}

static gm_status hash_twin(gm_tables *t, const gm_twin_row *r, gm_digest *out)
{
    add_number(t->row, r->number);
    add_text(t->row, r->id);
    add_number(t->row, r->parent);
    add_number(t->row, r->forked_at);
    add_number(t->row, r->born);
    return gm_hasher_take(t->row, out->bytes);
}

static gm_status hash_event(gm_tables *t, const gm_event_row *r, gm_digest *out)
{
    add_number(t->row, r->sequence);
    add_number(t->row, r->twin);
    add_number(t->row, r->revision);
    add_number(t->row, r->t_ms);
    gm_hasher_add(t->row, r->body, r->length);
    return gm_hasher_take(t->row, out->bytes);
}

static gm_status hash_snapshot(gm_tables *t, const gm_snapshot_row *r, gm_digest *out)
{
    add_number(t->row, r->twin);
    add_number(t->row, r->revision);
    gm_hasher_add(t->row, r->body, r->length);
    return gm_hasher_take(t->row, out->bytes);
}

static gm_status hash_answer(gm_tables *t, const gm_answer_row *r, gm_digest *out)
{
    add_text(t->row, r->client);
    add_text(t->row, r->message);
    add_number(t->row, r->twin);
    add_number(t->row, r->revision);
    return gm_hasher_take(t->row, out->bytes);
}

gm_status gm_tables_hash_event(gm_tables *t, gm_event_row *row)
{
    return hash_event(t, row, &row->hash);
}

gm_status gm_tables_hash_audit(gm_tables *t, const gm_digest *before, gm_audit_row *r)
{
    gm_hasher_add(t->row, before->bytes, sizeof before->bytes);
    add_number(t->row, r->number);
    add_number(t->row, r->t_ms);
    add_number(t->row, r->last_event);
    add_number(t->row, r->last_twin);
    add_text(t->row, r->what);
    gm_hasher_add(t->row, r->digest.bytes, sizeof r->digest.bytes);
    return gm_hasher_take(t->row, r->hash.bytes);
}

void gm_tables_digest_twin(gm_tables *t, const gm_twin_row *r)
{
    gm_digest d;
    if (hash_twin(t, r, &d) == GM_OK) gm_hasher_add(t->all, d.bytes, sizeof d.bytes);
}

void gm_tables_digest_event(gm_tables *t, const gm_event_row *r)
{
    gm_hasher_add(t->all, r->hash.bytes, sizeof r->hash.bytes);
}

gm_status gm_tables_digest_take(gm_tables *t, gm_digest *out)
{
    return gm_hasher_take(t->all, out->bytes);
}

static gm_status expect_hash(const gm_sql_value *stored, const gm_digest *computed,
                             const char *table, int64_t a, int64_t b)
{
    if (stored->type == GM_SQL_BYTES && stored->length == GM_HASH_BYTES &&
        memcmp(stored->bytes, computed->bytes, GM_HASH_BYTES) == 0)
        return GM_OK;
    return gm_fail(GM_EFORMAT,
                   "store: %s %lld/%lld is damaged: its hash does not fit; restore a backup", table,
                   (long long)a, (long long)b);
}

/* ---- opening ------------------------------------------------------------------------------------ */

static gm_status make_schema(gm_tables *t)
{
    gm_text all = {0};
    for (size_t i = 0; i < sizeof SCHEMA / sizeof *SCHEMA; i++) {
        const char *key = strstr(SCHEMA[i], " KEY,");
        size_t before = key ? (size_t)(key - SCHEMA[i]) + 1 : strlen(SCHEMA[i]);
        gm_text_add_bytes(&all, SCHEMA[i], before);
        if (key) {
            gm_text_add(&all, t->ops->key);
            gm_text_add(&all, key + strlen(" KEY"));
        }
        gm_text_add(&all, ";");
    }
    gm_status s = gm_text_status(&all);
    if (s == GM_OK) s = t->ops->script(t->db, all.data);
    gm_text_free(&all);
    return s;
}

static gm_status start_head(gm_tables *t)
{
    gm_head_row head;
    gm_status s = gm_tables_head(t, &head);
    if (s != GM_ENOTFOUND) return s;
    gm_digest zero = {0};
    gm_sql_value v[] = {gm_sql_integer(VERSION), gm_sql_bytes(zero.bytes, sizeof zero.bytes)};
    GM_TRY(gm_tables_begin(t));
    s = t->ops->run(t->db, ADD_HEAD, v, 1, 2, NULL);
    if (s == GM_OK) return gm_tables_commit(t);
    gm_tables_rollback(t);
    return s;
}

gm_status gm_tables_open(gm_tables **out, const gm_sql_ops *ops, const char *where)
{
    *out = NULL;
    gm_tables *t = gm_calloc(1, sizeof *t);
    if (!t) return gm_fail(GM_ENOMEM, "store: no memory");
    t->ops = ops;
    gm_status s = gm_hasher_create(&t->row);
    if (s == GM_OK) s = gm_hasher_create(&t->all);
    if (s == GM_OK) s = ops->open(&t->db, where, STATEMENTS, N_STATEMENTS);
    if (s == GM_OK) s = make_schema(t);
    if (s == GM_OK) s = start_head(t);
    if (s != GM_OK) {
        gm_tables_close(t);
        return s;
    }
    *out = t;
    return GM_OK;
}

void gm_tables_close(gm_tables *t)
{
    if (!t) return;
    if (t->db) t->ops->close(t->db);
    gm_hasher_destroy(t->row);
    gm_hasher_destroy(t->all);
    gm_free(t->values);
    gm_free(t);
}

gm_status gm_tables_claim(gm_tables *t)
{
    return t->ops->claim ? t->ops->claim(t->db) : GM_OK;
}

gm_status gm_tables_begin(gm_tables *t)
{
    return t->ops->begin(t->db);
}

gm_status gm_tables_commit(gm_tables *t)
{
    return t->ops->commit(t->db);
}

void gm_tables_rollback(gm_tables *t)
{
    t->ops->rollback(t->db);
}

/* ---- writing ------------------------------------------------------------------------------------ */

static gm_status room_for(gm_tables *t, size_t n)
{
    if (n <= t->n_values) return GM_OK;
    gm_sql_value *more = gm_realloc(t->values, n, sizeof *more);
    if (!more) return gm_fail(GM_ENOMEM, "store: no memory for %zu values", n);
    t->values = more;
    t->n_values = n;
    return GM_OK;
}

static gm_sql_value digest_value(const gm_digest *d)
{
    return gm_sql_bytes(d->bytes, sizeof d->bytes);
}

/* Hashes of rows that do not carry their own live here until they are written. */
static gm_status hashes_for(gm_digest **out, size_t n)
{
    *out = gm_calloc(n + 1, sizeof **out);
    return *out ? GM_OK : gm_fail(GM_ENOMEM, "store: no memory for %zu rows", n);
}

gm_status gm_tables_add_twins(gm_tables *t, const gm_twin_row *rows, size_t n)
{
    gm_digest *hashes;
    if (n == 0) return GM_OK;
    GM_TRY(room_for(t, 7 * n));
    GM_TRY(hashes_for(&hashes, n));
    gm_status s = GM_OK;
    for (size_t i = 0; i < n && s == GM_OK; i++) {
        const gm_twin_row *r = &rows[i];
        s = hash_twin(t, r, &hashes[i]);
        const gm_sql_value v[7] = {gm_sql_integer(r->number),   gm_sql_text(r->id),
                                   gm_sql_integer(r->parent),   gm_sql_integer(r->forked_at),
                                   gm_sql_integer(r->revision), gm_sql_integer(r->born),
                                   digest_value(&hashes[i])};
        memcpy(t->values + 7 * i, v, sizeof v);
    }
    if (s == GM_OK) s = t->ops->run(t->db, ADD_TWIN, t->values, n, 7, NULL);
    gm_free(hashes);
    return s;
}

gm_status gm_tables_add_events(gm_tables *t, const gm_event_row *rows, size_t n)
{
    if (n == 0) return GM_OK;
    GM_TRY(room_for(t, 6 * n));
    for (size_t i = 0; i < n; i++) {
        const gm_event_row *r = &rows[i];
        const gm_sql_value v[6] = {gm_sql_integer(r->sequence),      gm_sql_integer(r->twin),
                                   gm_sql_integer(r->revision),      gm_sql_integer(r->t_ms),
                                   gm_sql_bytes(r->body, r->length), digest_value(&r->hash)};
        memcpy(t->values + 6 * i, v, sizeof v);
    }
    return t->ops->run(t->db, ADD_EVENT, t->values, n, 6, NULL);
}

gm_status gm_tables_add_snapshots(gm_tables *t, const gm_snapshot_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        gm_digest hash;
        GM_TRY(hash_snapshot(t, &rows[i], &hash));
        const gm_sql_value v[] = {gm_sql_integer(rows[i].twin), gm_sql_integer(rows[i].revision),
                                  gm_sql_bytes(rows[i].body, rows[i].length), digest_value(&hash)};
        GM_TRY(t->ops->run(t->db, ADD_SNAPSHOT, v, 1, 4, NULL));
    }
    return GM_OK;
}

gm_status gm_tables_add_answers(gm_tables *t, const gm_answer_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        gm_digest hash;
        GM_TRY(hash_answer(t, &rows[i], &hash));
        const gm_sql_value v[] = {gm_sql_text(rows[i].client), gm_sql_text(rows[i].message),
                                  gm_sql_integer(rows[i].twin), gm_sql_integer(rows[i].revision),
                                  digest_value(&hash)};
        GM_TRY(t->ops->run(t->db, ADD_ANSWER, v, 1, 5, NULL));
    }
    return GM_OK;
}

gm_status gm_tables_add_audit(gm_tables *t, const gm_audit_row *r)
{
    const gm_sql_value v[] = {gm_sql_integer(r->number),     gm_sql_integer(r->t_ms),
                              gm_sql_integer(r->last_event), gm_sql_integer(r->last_twin),
                              gm_sql_text(r->what),          digest_value(&r->digest),
                              digest_value(&r->hash)};
    return t->ops->run(t->db, ADD_AUDIT, v, 1, 7, NULL);
}

gm_status gm_tables_set_head(gm_tables *t, const gm_head_row *r)
{
    const gm_sql_value v[] = {gm_sql_integer(r->last_twin), gm_sql_integer(r->last_event),
                              gm_sql_integer(r->last_audit), digest_value(&r->hash)};
    return t->ops->run(t->db, SET_HEAD, v, 1, 4, NULL);
}

gm_status gm_tables_set_revisions(gm_tables *t, const gm_revision_step *steps, size_t n)
{
    size_t changed = 0;
    if (n == 0) return GM_OK;
    GM_TRY(room_for(t, 3 * n));
    for (size_t i = 0; i < n; i++) {
        const gm_sql_value v[3] = {gm_sql_integer(steps[i].to), gm_sql_integer(steps[i].twin),
                                   gm_sql_integer(steps[i].from)};
        memcpy(t->values + 3 * i, v, sizeof v);
    }
    GM_TRY(t->ops->run(t->db, SET_REVISION, t->values, n, 3, &changed));
    if (changed == n) return GM_OK;
    return gm_fail(GM_ESTATE, "store: another writer moved a twin on; open the lab again");
}

/* ---- reading ------------------------------------------------------------------------------------ */

/* What a query's rows are turned into; `on` is one of the four kinds of function. */
typedef struct {
    gm_tables *t;
    gm_on_twin on_twin;
    gm_on_event on_event;
    gm_on_snapshot on_snapshot;
    gm_on_audit on_audit;
    void *context;
    gm_on_answer on_answer;
    gm_answer_row *answer;
    gm_head_row *head;
    size_t n; /* rows seen */
} reading;

static void take_digest(gm_digest *out, const gm_sql_value *v)
{
    memset(out, 0, sizeof *out);
    if (v->length == sizeof out->bytes) memcpy(out->bytes, v->bytes, sizeof out->bytes);
}

static const char *text_of(const gm_sql_value *v)
{
    return v->type == GM_SQL_TEXT ? v->bytes : "";
}

static gm_status twin_row(void *context, const gm_sql_value c[])
{
    reading *r = context;
    gm_digest hash;
    gm_twin_row row = {.number = c[0].integer,
                       .id = text_of(&c[1]),
                       .parent = c[2].integer,
                       .forked_at = c[3].integer,
                       .revision = c[4].integer,
                       .born = c[5].integer};
    r->n++;
    GM_TRY(hash_twin(r->t, &row, &hash));
    GM_TRY(expect_hash(&c[6], &hash, "twin", row.number, row.revision));
    return r->on_twin(r->context, &row);
}

static gm_status event_row(void *context, const gm_sql_value c[])
{
    reading *r = context;
    gm_event_row row = {.sequence = c[0].integer,
                        .twin = c[1].integer,
                        .revision = c[2].integer,
                        .t_ms = c[3].integer,
                        .body = c[4].bytes,
                        .length = c[4].length};
    r->n++;
    GM_TRY(hash_event(r->t, &row, &row.hash));
    GM_TRY(expect_hash(&c[5], &row.hash, "event", row.twin, row.revision));
    return r->on_event(r->context, &row);
}

static gm_status snapshot_row(void *context, const gm_sql_value c[])
{
    reading *r = context;
    gm_digest hash;
    gm_snapshot_row row = {c[0].integer, c[1].integer, c[2].bytes, c[2].length};
    r->n++;
    GM_TRY(hash_snapshot(r->t, &row, &hash));
    GM_TRY(expect_hash(&c[3], &hash, "snapshot", row.twin, row.revision));
    return r->on_snapshot(r->context, &row);
}

static gm_status audit_row(void *context, const gm_sql_value c[])
{
    reading *r = context;
    gm_audit_row row = {.number = c[0].integer,
                        .t_ms = c[1].integer,
                        .last_event = c[2].integer,
                        .last_twin = c[3].integer,
                        .what = text_of(&c[4])};
    r->n++;
    take_digest(&row.digest, &c[5]);
    take_digest(&row.hash, &c[6]);
    return r->on_audit(r->context, &row); /* its hash needs the one before: see verify.h */
}

static gm_status head_row(void *context, const gm_sql_value c[])
{
    reading *r = context;
    r->n++;
    if (c[0].integer != VERSION)
        return gm_fail(GM_EFORMAT, "store: written by version %lld; this program reads version %d",
                       (long long)c[0].integer, VERSION);
    r->head->last_twin = c[1].integer;
    r->head->last_event = c[2].integer;
    r->head->last_audit = c[3].integer;
    take_digest(&r->head->hash, &c[4]);
    return GM_OK;
}

static gm_status answer_row(void *context, const gm_sql_value c[])
{
    reading *r = context;
    gm_digest hash;
    r->n++;
    r->answer->twin = c[0].integer;
    r->answer->revision = c[1].integer;
    GM_TRY(hash_answer(r->t, r->answer, &hash));
    return expect_hash(&c[2], &hash, "answer", r->answer->twin, r->answer->revision);
}

/* Numbers a, b, c as far as the statement has them. */
static gm_status ask_numbers(reading *r, int statement, const int64_t numbers[], size_t n,
                             gm_sql_on_row on)
{
    gm_sql_value v[3] = {0};
    for (size_t i = 0; i < n; i++)
        v[i] = gm_sql_integer(numbers[i]);
    return r->t->ops->ask(r->t->db, statement, v, n, on, r);
}

static gm_status expect_one(const reading *r, gm_status s, const char *what)
{
    if (s != GM_OK || r->n > 0) return s;
    return gm_fail(GM_ENOTFOUND, "store: no %s", what);
}

gm_status gm_tables_head(gm_tables *t, gm_head_row *out)
{
    reading r = {.t = t, .head = out};
    return expect_one(&r, ask_numbers(&r, GET_HEAD, NULL, 0, head_row), "head");
}

static gm_status copy_twin(void *context, const gm_twin_row *row)
{
    gm_twin_row *out = context;
    const char *id = out->id;
    *out = *row;
    out->id = id;
    return GM_OK;
}

gm_status gm_tables_find_twin(gm_tables *t, const char *id, gm_twin_row *out)
{
    *out = (gm_twin_row){.id = id};
    reading r = {.t = t, .on_twin = copy_twin, .context = out};
    gm_sql_value v = gm_sql_text(id);
    gm_status s = t->ops->ask(t->db, FIND_TWIN, &v, 1, twin_row, &r);
    if (s != GM_OK || r.n > 0) return s;
    return gm_fail(GM_ENOTFOUND, "there is no twin \"%s\"", id);
}

gm_status gm_tables_twin(gm_tables *t, int64_t number, gm_on_twin on, void *context)
{
    reading r = {.t = t, .on_twin = on, .context = context};
    return expect_one(&r, ask_numbers(&r, GET_TWIN, &number, 1, twin_row), "twin of that number");
}

gm_status gm_tables_twins_by_id(gm_tables *t, const char *after, size_t most, gm_on_twin on,
                                void *context)
{
    reading r = {.t = t, .on_twin = on, .context = context};
    gm_sql_value v[] = {gm_sql_text(after), gm_sql_integer((int64_t)most)};
    return t->ops->ask(t->db, TWINS_BY_ID, v, 2, twin_row, &r);
}

gm_status gm_tables_twins_by_number(gm_tables *t, int64_t from, int64_t to, gm_on_twin on,
                                    void *context)
{
    reading r = {.t = t, .on_twin = on, .context = context};
    return ask_numbers(&r, TWINS_BY_NUMBER, (int64_t[]){from, to}, 2, twin_row);
}

gm_status gm_tables_events(gm_tables *t, int64_t twin, int64_t from, int64_t to, gm_on_event on,
                           void *context)
{
    reading r = {.t = t, .on_event = on, .context = context};
    return ask_numbers(&r, EVENTS, (int64_t[]){twin, from, to}, 3, event_row);
}

gm_status gm_tables_events_by_sequence(gm_tables *t, int64_t from, int64_t to, gm_on_event on,
                                       void *context)
{
    reading r = {.t = t, .on_event = on, .context = context};
    return ask_numbers(&r, EVENTS_BY_SEQUENCE, (int64_t[]){from, to}, 2, event_row);
}

gm_status gm_tables_snapshot(gm_tables *t, int64_t twin, int64_t revision, gm_on_snapshot on,
                             void *context)
{
    reading r = {.t = t, .on_snapshot = on, .context = context};
    return expect_one(&r,
                      ask_numbers(&r, LAST_SNAPSHOT, (int64_t[]){twin, revision}, 2, snapshot_row),
                      "snapshot");
}

gm_status gm_tables_find_answer(gm_tables *t, const char *client, const char *message,
                                gm_answer_row *out)
{
    *out = (gm_answer_row){.client = client, .message = message};
    reading r = {.t = t, .answer = out};
    gm_sql_value v[] = {gm_sql_text(client), gm_sql_text(message)};
    return expect_one(&r, t->ops->ask(t->db, FIND_ANSWER, v, 2, answer_row, &r), "such answer");
}

static gm_status each_answer(void *context, const gm_sql_value c[])
{
    reading *r = context;
    gm_answer_row row = {.client = text_of(&c[3]), .message = text_of(&c[4])};
    r->answer = &row;
    GM_TRY(answer_row(context, c));
    return r->on_answer(r->context, &row);
}

gm_status gm_tables_answers(gm_tables *t, const char *client, const char *message, size_t most,
                            gm_on_answer on, void *context)
{
    reading r = {.t = t, .on_answer = on, .context = context};
    gm_sql_value v[] = {gm_sql_text(client), gm_sql_text(message), gm_sql_integer((int64_t)most)};
    return t->ops->ask(t->db, ANSWERS, v, 3, each_answer, &r);
}

gm_status gm_tables_audit(gm_tables *t, int64_t from, gm_on_audit on, void *context)
{
    reading r = {.t = t, .on_audit = on, .context = context};
    return ask_numbers(&r, AUDIT, &from, 1, audit_row);
}
