#include "store/entries.h"

#include <string.h>

#include "core/alloc.h"

enum { FIRST_BUCKETS = 1024, ENTRIES_TO_HOT = 4 };

/* FNV-1a, 64 bits. */
static uint64_t hash_of(const char *id)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *id; id++)
        h = (h ^ (unsigned char)*id) * 0x100000001b3u;
    return h ^ h >> 29;
}

gm_status gm_entries_create(gm_entries *out, size_t most_hot)
{
    *out = (gm_entries){.n_buckets = FIRST_BUCKETS, .most_hot = most_hot};
    out->buckets = gm_calloc(FIRST_BUCKETS, sizeof *out->buckets);
    return out->buckets ? GM_OK : gm_fail(GM_ENOMEM, "store: no memory");
}

void gm_entries_clear(gm_entries *all)
{
    for (size_t b = 0; b < all->n_buckets && all->buckets; b++)
        for (gm_entry *e = all->buckets[b], *next; e; e = next) {
            next = e->next;
            json_decref(e->state);
            gm_free(e);
        }
    gm_free(all->buckets);
    *all = (gm_entries){0};
}

gm_entry *gm_entries_find(const gm_entries *all, const char *id)
{
    uint64_t h = hash_of(id);
    for (gm_entry *e = all->buckets[h & (all->n_buckets - 1)]; e; e = e->next)
        if (e->hash == h && strcmp(e->id, id) == 0) {
            e->was_used = true;
            return e;
        }
    return NULL;
}

void gm_entries_remove(gm_entries *all, gm_entry *gone)
{
    gm_entry **at = &all->buckets[gone->hash & (all->n_buckets - 1)];
    while (*at != gone)
        at = &(*at)->next;
    *at = gone->next;
    all->n--;
    all->n_hot -= gone->state != NULL;
    json_decref(gone->state);
    gm_free(gone);
}

/* One bucket on: what was not used since the last round is cooled, or forgotten. */
static void sweep(gm_entries *all, const gm_entry *keep)
{
    bool forgets = all->n > ENTRIES_TO_HOT * all->most_hot;
    all->hand = (all->hand + 1) & (all->n_buckets - 1);
    for (gm_entry *e = all->buckets[all->hand], *next; e; e = next) {
        next = e->next;
        if (e == keep || e->is_pending || e->in_batch) continue;
        if (e->was_used) {
            e->was_used = false;
        } else if (forgets) {
            gm_entries_remove(all, e);
        } else if (e->state) {
            json_decref(e->state);
            e->state = NULL;
            all->n_hot--;
        }
    }
}

/* Two rounds reach everything that may go. */
static void make_room(gm_entries *all, const gm_entry *keep)
{
    for (size_t i = 0; i < 2 * all->n_buckets; i++) {
        if (all->n_hot <= all->most_hot && all->n <= ENTRIES_TO_HOT * all->most_hot) return;
        sweep(all, keep);
    }
}

/* Without memory the chains only get longer. */
static void grow(gm_entries *all)
{
    size_t n = 2 * all->n_buckets;
    gm_entry **more = gm_calloc(n, sizeof *more);
    if (!more) return;
    for (size_t b = 0; b < all->n_buckets; b++)
        for (gm_entry *e = all->buckets[b], *next; e; e = next) {
            next = e->next;
            e->next = more[e->hash & (n - 1)];
            more[e->hash & (n - 1)] = e;
        }
    gm_free(all->buckets);
    all->buckets = more, all->n_buckets = n;
}

gm_entry *gm_entries_add(gm_entries *all, const char *id)
{
    size_t length = strlen(id);
    gm_entry *e = gm_calloc(1, sizeof *e + length + 1);
    if (!e) return NULL;
    if (all->n >= all->n_buckets) grow(all);
    memcpy(e->id, id, length + 1);
    e->hash = hash_of(id), e->was_used = true;
    gm_entry **bucket = &all->buckets[e->hash & (all->n_buckets - 1)];
    e->next = *bucket;
    *bucket = e;
    all->n++;
    make_room(all, e);
    return e;
}

void gm_entries_set_state(gm_entries *all, gm_entry *e, json_t *state)
{
    all->n_hot += (state != NULL) - (e->state != NULL);
    json_decref(e->state);
    e->state = state;
    make_room(all, e);
}
