/* arena.h - memory of one parse, given back all at once. */
#ifndef GM_INFO_DTDL_ARENA_H
#define GM_INFO_DTDL_ARENA_H

#include <stddef.h>

typedef struct gm_arena_block gm_arena_block;

typedef struct {
    gm_arena_block *last;
} gm_arena; /* {0}: empty */

void *gm_arena_take(gm_arena *a, size_t size); /* zeroed, aligned for anything; NULL: no memory */
char *gm_arena_text(gm_arena *a, const char *text, size_t length); /* with a NUL */
char *gm_arena_textf(gm_arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void gm_arena_clear(gm_arena *a);

#endif
