/* seeds.h - for programs that write the seeds of a target into a folder. */
#ifndef GM_FUZZ_SEEDS_H
#define GM_FUZZ_SEEDS_H

#include <stdio.h>

#include "core/file.h"
#include "core/text.h"

/* Writes and frees `t`. True: it failed, which is said. */
static inline bool seed_fails(const char *folder, const char *name, gm_text *t)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    gm_status s = gm_text_status(t);
    if (s == GM_OK) s = gm_file_write(path, t->data, t->length);
    if (s != GM_OK) fprintf(stderr, "%s\n", gm_error_text());
    gm_text_free(t);
    return s != GM_OK;
}

#endif
