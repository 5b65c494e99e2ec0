/* threads.h - a pool that runs numbered items; results must not depend on who runs what.
 *
 * gm_threads_for() gives each item number to exactly one thread, once, in no particular order, and
 * returns when all are done. An item may know which worker runs it (for scratch memory) but must
 * produce the same result on any. Not re-entrant: an item must not call gm_threads_for() on its own
 * pool. A NULL pool runs everything on the caller.
 */
#ifndef GM_CORE_THREADS_H
#define GM_CORE_THREADS_H

#include <stddef.h>

#include "core/status.h"

typedef struct gm_threads gm_threads;

/* n_threads 0: one per core that this process may use. The caller's thread is one of them. */
gm_status gm_threads_create(gm_threads **out, unsigned n_threads);
void gm_threads_destroy(gm_threads *t);
unsigned gm_threads_count(const gm_threads *t); /* >= 1; 1 for NULL */

typedef void gm_threads_item(void *context, size_t item, unsigned worker);
/* chunk: how many consecutive items a thread takes at a time, >= 1. */
void gm_threads_for(gm_threads *t, size_t n_items, size_t chunk, gm_threads_item *run,
                    void *context);

/* The same over ranges [first, last) of at most `chunk` items: for kernels with an inner loop. */
typedef void gm_threads_range(void *context, size_t first, size_t last, unsigned worker);
void gm_threads_ranges(gm_threads *t, size_t n_items, size_t chunk, gm_threads_range *run,
                       void *context);

#endif
