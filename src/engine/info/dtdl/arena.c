#include "info/dtdl/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

enum { BLOCK = 16384, ALIGN = sizeof(max_align_t) };

struct gm_arena_block {
    gm_arena_block *before;
    size_t used, size;
    max_align_t bytes[];
};

static gm_arena_block *add_block(gm_arena *a, size_t least)
{
    size_t size = least > BLOCK ? least : BLOCK;
    gm_arena_block *b = gm_calloc(1, sizeof *b + size);
    if (!b) return NULL;
    b->before = a->last, b->size = size;
    return a->last = b;
}

void *gm_arena_take(gm_arena *a, size_t size)
{
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    gm_arena_block *b = a->last;
    if (!b || b->size - b->used < size) b = add_block(a, size);
    if (!b) return NULL;
    void *p = (char *)b->bytes + b->used;
    b->used += size;
    return p;
}

char *gm_arena_text(gm_arena *a, const char *text, size_t length)
{
    char *copy = gm_arena_take(a, length + 1);
    if (copy) memcpy(copy, text, length);
    return copy;
}

char *gm_arena_textf(gm_arena *a, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    char *text = n < 0 ? NULL : gm_arena_take(a, (size_t)n + 1);
    if (text) vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(args);
    va_end(again);
    return text;
}

void gm_arena_clear(gm_arena *a)
{
    for (gm_arena_block *b = a->last, *before; b; b = before) {
        before = b->before;
        gm_free(b);
    }
    a->last = NULL;
}
