#include "core/alloc.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64, LARGE_PAGE = 2 << 20, LARGE = 4 * LARGE_PAGE }; /* bytes */

static atomic_long allocations_left = -1;

void gm_alloc_fail_after(long after)
{
    atomic_store(&allocations_left, after);
}

static int allowed(size_t count, size_t size)
{
    if (size && count > SIZE_MAX / 2 / size) return 0;
    long left = atomic_load(&allocations_left);
    while (left >= 0) {
        if (left == 0) return 0;
        if (atomic_compare_exchange_weak(&allocations_left, &left, left - 1)) break;
    }
    return 1;
}

void *gm_calloc(size_t count, size_t size)
{
    if (!allowed(count, size)) return NULL;
    return calloc(count ? count : 1, size ? size : 1);
}

void *gm_realloc(void *p, size_t count, size_t size)
{
    if (!allowed(count, size)) return NULL;
    size_t bytes = count * size;
    return realloc(p, bytes ? bytes : 1);
}

void *gm_alloc_aligned(size_t count, size_t size)
{
    if (!allowed(count, size)) return NULL;
    size_t bytes = (count * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (bytes < LARGE) return aligned_alloc(ALIGNMENT, bytes ? bytes : ALIGNMENT);
    bytes = (bytes + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
    void *p = aligned_alloc(LARGE_PAGE, bytes);
    if (p) madvise(p, bytes, MADV_HUGEPAGE); /* a wish only: kernels jump about in large arrays */
    return p;
}

char *gm_strdup(const char *text)
{
    if (!text) return NULL;
    size_t n = strlen(text) + 1;
    char *copy = gm_calloc(n, 1);
    if (copy) memcpy(copy, text, n);
    return copy;
}

void gm_free(void *p)
{
    free(p);
}
