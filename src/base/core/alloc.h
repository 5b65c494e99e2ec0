/* alloc.h - the only door to the heap, so that tests can close it. Thread-safe.
 *
 * All sizes are checked for overflow; NULL means no memory. Whatever comes out of here goes back
 * through gm_free().
 */
#ifndef GM_CORE_ALLOC_H
#define GM_CORE_ALLOC_H

#include <stddef.h>

void *gm_calloc(size_t count, size_t size);           /* zeroed */
void *gm_realloc(void *p, size_t count, size_t size); /* on failure p stays valid */
void *gm_alloc_aligned(size_t count, size_t size);    /* not zeroed; 64-byte aligned, for kernels */
char *gm_strdup(const char *text);                    /* NULL stays NULL */
void gm_free(void *p);                                /* NULL is allowed */

/* Tests only: the next `after` allocations of any thread succeed, then all fail. -1: never fail. */
void gm_alloc_fail_after(long after);

#endif
