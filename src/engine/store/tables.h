/* tables.h - the store's tables as typed rows, over any database of sql.h.
 *
 *   twin      number, id, parent and revision it was forked at (0: none), last revision, audit record of its
 *             birth, hash of what never changes of it
 *   event     one per revision of a twin: a merge patch, when it was received, its hash
 *   snapshot  the state at some revisions, so that few events are folded; can be made again
 *   answer    the first answer to a (client, message), for senders that repeat themselves
 *   audit     one record per commit, each with the hash of the one before it and a digest of all twins and
 *             events that came with it
 *   head      one row: the last numbers given out, and the hash of the last audit record
 *
 * Every hash is SHA-256 over the row's numbers (8 bytes each, little-endian) and bytes, and is checked
 * whenever a row is read: GM_EFORMAT, with the row's name, if it does not fit. One thread at a time.
 */
#ifndef GM_STORE_TABLES_H
#define GM_STORE_TABLES_H

#include "core/hash.h"
#include "store/sql.h"

typedef struct {
    unsigned char bytes[GM_HASH_BYTES];
} gm_digest;

typedef struct {
    int64_t number, parent, forked_at, revision, born; /* parent 0: no branch */
    const char *id;
} gm_twin_row;

typedef struct {
    int64_t sequence, twin, revision, t_ms; /* t_ms: received, since 1970 */
    const char *body;
    size_t length;
    gm_digest hash;
} gm_event_row;

typedef struct {
    int64_t twin, revision;
    const char *body;
    size_t length;
} gm_snapshot_row;

typedef struct {
    const char *client, *message;
    int64_t twin, revision;
} gm_answer_row;

typedef struct {
    int64_t number, t_ms, last_event, last_twin; /* the last ones that came with it */
    const char *what;                            /* who did what, one line of JSON */
    gm_digest digest, hash;
} gm_audit_row;

typedef struct {
    int64_t last_twin, last_event, last_audit;
    gm_digest hash; /* of the last audit record */
} gm_head_row;

typedef struct gm_tables gm_tables;

/* Makes the tables where there are none. Fails also with GM_EFORMAT: another program's or version's. */
gm_status gm_tables_open(gm_tables **out, const gm_sql_ops *ops, const char *where);
/* Makes this the only writer of the store, where the database can: sql.h. */
gm_status gm_tables_claim(gm_tables *t);
void gm_tables_close(gm_tables *t); /* NULL is allowed */

gm_status gm_tables_begin(gm_tables *t);
gm_status gm_tables_commit(gm_tables *t);
void gm_tables_rollback(gm_tables *t);

/* Writing, within a transaction. */
gm_status gm_tables_add_twins(gm_tables *t, const gm_twin_row *rows, size_t n);
gm_status gm_tables_add_events(gm_tables *t, const gm_event_row *rows, size_t n);
gm_status gm_tables_add_snapshots(gm_tables *t, const gm_snapshot_row *rows, size_t n);
gm_status gm_tables_add_answers(gm_tables *t, const gm_answer_row *rows, size_t n);
gm_status gm_tables_add_audit(gm_tables *t, const gm_audit_row *row);
gm_status gm_tables_set_head(gm_tables *t, const gm_head_row *row);
/* {twin, from, to}: GM_ESTATE if somebody else moved the twin on from `from`. */
typedef struct {
    int64_t twin, from, to;
} gm_revision_step;
gm_status gm_tables_set_revisions(gm_tables *t, const gm_revision_step *steps, size_t n);

/* Reading. The texts of a row are valid during the call of `on`. GM_ENOTFOUND where one row is asked for. */
typedef gm_status (*gm_on_twin)(void *context, const gm_twin_row *row);
typedef gm_status (*gm_on_event)(void *context, const gm_event_row *row);
typedef gm_status (*gm_on_snapshot)(void *context, const gm_snapshot_row *row);
typedef gm_status (*gm_on_audit)(void *context, const gm_audit_row *row);
typedef gm_status (*gm_on_answer)(void *context, const gm_answer_row *row);

gm_status gm_tables_head(gm_tables *t, gm_head_row *out);
gm_status gm_tables_find_twin(gm_tables *t, const char *id, gm_twin_row *out); /* out->id is `id` */
gm_status gm_tables_twin(gm_tables *t, int64_t number, gm_on_twin on, void *context);
/* Up to `most` twins by id, after `after` (""): all. */
gm_status gm_tables_twins_by_id(gm_tables *t, const char *after, size_t most, gm_on_twin on,
                                void *context);
gm_status gm_tables_twins_by_number(gm_tables *t, int64_t from, int64_t to, gm_on_twin on,
                                    void *context);
gm_status gm_tables_events(gm_tables *t, int64_t twin, int64_t from, int64_t to, gm_on_event on,
                           void *context);
gm_status gm_tables_events_by_sequence(gm_tables *t, int64_t from, int64_t to, gm_on_event on,
                                       void *context);
/* The latest at `revision` or before. */
gm_status gm_tables_snapshot(gm_tables *t, int64_t twin, int64_t revision, gm_on_snapshot on,
                             void *context);
gm_status gm_tables_find_answer(gm_tables *t, const char *client, const char *message,
                                gm_answer_row *out);
/* Up to `most` in order, after (client, message). */
gm_status gm_tables_answers(gm_tables *t, const char *client, const char *message, size_t most,
                            gm_on_answer on, void *context);
gm_status gm_tables_audit(gm_tables *t, int64_t from, gm_on_audit on, void *context);

/* The hashes themselves. */
gm_status gm_tables_hash_event(gm_tables *t, gm_event_row *row); /* fills row->hash */
gm_status gm_tables_hash_audit(gm_tables *t, const gm_digest *before, gm_audit_row *row);
/* Of all that came with an audit record: twins in order of number, then events in order of sequence. */
void gm_tables_digest_twin(gm_tables *t, const gm_twin_row *row);
void gm_tables_digest_event(gm_tables *t, const gm_event_row *row);
gm_status gm_tables_digest_take(gm_tables *t, gm_digest *out); /* and starts anew */

#endif
