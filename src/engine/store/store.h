/* store.h - what was said of every twin, and the state that follows from it.
 *
 * A twin is a list of events without gaps, each a merge patch (RFC 7396) that makes one revision; its
 * state at a revision is the fold of all patches up to it, and gives the same bytes whenever it is asked
 * for. A branch is a twin whose list begins inside that of another: a fork costs one row, and nothing that
 * is written to it reaches the parent.
 *
 * Updates of all threads are gathered by one writer into transactions and acknowledged after the database has
 * flushed them: many updates, one fsync. Reads see what was acknowledged and wait for what is being flushed, so
 * that a twin is linearizable. Every event carries its hash, every commit an audit record chained to the
 * one before (verify.h). Source of the promises: reference/assurance.md, P1-P7, P11.
 *
 * Any thread may call. Time is an argument: received, ms since 1970; a twin's events never go back in
 * time (an earlier time counts as that of the last event).
 */
#ifndef GM_STORE_STORE_H
#define GM_STORE_STORE_H

#include <jansson.h>

#include "core/hash.h"
#include "store/sql.h"

typedef struct gm_store gm_store;

typedef struct {
    size_t most_hot;       /* twins whose state is kept in memory; default 65,536 */
    size_t snapshot_every; /* revisions; a read folds at most so many events; default 64 */
    size_t most_waiting;   /* updates not yet written, before submitting waits; default 8,192 */
} gm_store_options;

gm_store_options gm_store_options_defaults(void);

/* where: as for ops->open. options NULL: the defaults. The caller owns *out. */
gm_status gm_store_open(gm_store **out, const gm_sql_ops *ops, const char *where,
                        const gm_store_options *options);
void gm_store_close(gm_store *s); /* writes what waits; NULL is allowed */

/* ---- writing ------------------------------------------------------------------------------------ */

enum { GM_MOST_TWIN_ID = 256 };
#define GM_ANY_REVISION ((int64_t)-1)

/* Whether an update may happen, seen from the state it would change (NULL: there is no twin). Fails with
 * what the sender is to be told. Called by the writer: quick, and no calls of the store. */
typedef gm_status (*gm_store_condition)(void *context, const json_t *state);

typedef struct {
    const char *twin; /* "namespace:name", 1 .. 256 bytes */
    json_t *patch;    /* an object; held until the update is done and not to be changed meanwhile */
    int64_t revision; /* the twin must be at; 0: must not exist; GM_ANY_REVISION: made if missing */
    const char *client,
        *message;   /* the same pair again has no second effect; NULL: no such promise */
    const char *by; /* who, for the audit; NULL: nobody in particular */
    int64_t t_ms;
    bool is_from_world;           /* a branch takes nothing from the world: GM_ESTATE */
    gm_store_condition condition; /* NULL: none */
    void *context;
} gm_update;

typedef struct {
    int64_t revision; /* that this update made */
    bool is_repeat;   /* it was done before: (client, message) */
} gm_receipt;

/* Returns when the update is durable. Fails with GM_ESTATE (the revision or the condition does not hold),
 * GM_EINVAL (id or patch), GM_EIO (not written; nothing is changed), GM_ENOMEM. */
gm_status gm_store_update(gm_store *s, const gm_update *update, gm_receipt *out);

/* The same for many, in their order, in as few transactions as possible: status[n] and receipts[n] each.
 * GM_OK when all are. */
gm_status gm_store_update_all(gm_store *s, const gm_update *updates, size_t n, gm_status *status,
                              gm_receipt *receipts);

/* Makes branches of `parent` as it is at `revision` (GM_ANY_REVISION: now): all or none. Fails with
 * GM_ENOTFOUND, GM_ESTATE (an id exists), GM_EINVAL. */
gm_status gm_store_fork(gm_store *s, const char *parent, int64_t revision,
                        const char *const branches[], size_t n, const char *by, int64_t t_ms);

/* Called by the writer after each commit, once an event, in the order of the store. NULL: nobody. */
typedef void (*gm_store_on_event)(void *context, const char *twin, int64_t revision,
                                  const json_t *patch, int64_t t_ms);
void gm_store_listen(gm_store *s, gm_store_on_event on_event, void *context);

/* ---- reading ------------------------------------------------------------------------------------ */

typedef struct {
    int64_t revision, forked_at;
    char parent[GM_MOST_TWIN_ID + 1]; /* "": no branch */
} gm_twin_facts;

/* The state now, and its revision (NULL: not asked). The caller json_decref()s *out and must not change it.
 * Fails with GM_ENOTFOUND, GM_EFORMAT (damaged: nothing is given). */
gm_status gm_store_read(gm_store *s, const char *twin, json_t **out, int64_t *revision);
gm_status gm_store_facts(gm_store *s, const char *twin, gm_twin_facts *out);
/* At a past revision, 0 (nothing: an empty object) .. now. */
gm_status gm_store_read_at(gm_store *s, const char *twin, int64_t revision, json_t **out);
/* The last revision that was received at t_ms or before; 0: none. */
gm_status gm_store_revision_at(gm_store *s, const char *twin, int64_t t_ms, int64_t *out);

/* Events `from` .. `to`, those before a fork are the parent's. A failure of `on` ends it. */
typedef gm_status (*gm_store_on_history)(void *context, int64_t revision, int64_t t_ms,
                                         const char *patch, size_t length);
gm_status gm_store_history(gm_store *s, const char *twin, int64_t from, int64_t to,
                           gm_store_on_history on, void *context);

/* Twins after the id `after` ("": from the first), at most `most`, in the order of ids. */
typedef gm_status (*gm_store_on_id)(void *context, const char *twin, int64_t revision);
gm_status gm_store_list(gm_store *s, const char *after, size_t most, gm_store_on_id on,
                        void *context);

/* For a look at what it costs: states in memory, events written, transactions. */
typedef struct {
    size_t n_hot;
    uint64_t n_events, n_commits;
} gm_store_counts;
void gm_store_count(gm_store *s, gm_store_counts *out);

#endif
