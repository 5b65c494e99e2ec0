/* entries.h - the twins that the store has in hand: number, revision and, while hot, state. Belongs to
 * the store, under its lock.
 */
#ifndef GM_STORE_ENTRIES_H
#define GM_STORE_ENTRIES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

typedef struct gm_entry {
    struct gm_entry *next;
    uint64_t hash;
    int64_t number, parent, forked_at; /* number 0: not in the database (yet) */
    int64_t revision, last_ms;         /* with what is being written */
    int64_t kept_revision, kept_ms;    /* what is durable */
    json_t *state;                     /* at `revision`; NULL: cold */
    size_t in_batch;                   /* updates of the batch that is being made */
    bool is_pending;                   /* being written: readers wait */
    bool is_new;                       /* by the batch that is being written */
    bool was_used;                     /* since the hand came by */
    char id[];
} gm_entry;

typedef struct {
    gm_entry **buckets; /* [n_buckets] a power of 2 */
    size_t n_buckets, n, n_hot, most_hot, hand;
} gm_entries;

gm_status gm_entries_create(gm_entries *out, size_t most_hot);
void gm_entries_clear(gm_entries *all);

gm_entry *gm_entries_find(const gm_entries *all, const char *id); /* NULL: not in hand */
/* A new, zeroed entry; may forget others that nobody is writing. NULL: no memory. */
gm_entry *gm_entries_add(gm_entries *all, const char *id);
void gm_entries_remove(gm_entries *all, gm_entry *e);
/* Takes `state` over (NULL: cools it down); may cool others. */
void gm_entries_set_state(gm_entries *all, gm_entry *e, json_t *state);

#endif
