/* wfdb_memory.h - the files of a WFDB record in memory, for tests and the fuzz target. */
#ifndef GM_ECG_WFDB_MEMORY_H
#define GM_ECG_WFDB_MEMORY_H

#include <string.h>

#include "core/alloc.h"
#include "ecg/wfdb.h"

typedef struct {
    const char *name; /* NULL: whatever signal file is asked for that is not listed */
    const void *bytes;
    size_t length;
} gm_wfdb_memory_file;

typedef struct {
    const gm_wfdb_memory_file *files;
    size_t n;
} gm_wfdb_memory;

static inline bool gm_wfdb_memory_ends_with(const char *name, const char *ending)
{
    size_t n = strlen(name), k = strlen(ending);
    return n >= k && strcmp(name + n - k, ending) == 0;
}

static inline gm_status gm_wfdb_memory_load(void *self, char **bytes, size_t *length,
                                            const char *name, size_t max_bytes)
{
    const gm_wfdb_memory *m = self;
    const gm_wfdb_memory_file *found = NULL;
    bool is_signal =
        !gm_wfdb_memory_ends_with(name, ".hea") && !gm_wfdb_memory_ends_with(name, ".atr");
    (void)max_bytes;
    for (size_t i = 0; i < m->n && !found; i++)
        if (m->files[i].name ? strcmp(m->files[i].name, name) == 0 : is_signal)
            found = &m->files[i];
    if (!found) return gm_fail(GM_ENOTFOUND, "%s: no such file", name);
    *bytes = gm_calloc(found->length + !found->length, 1); /* no spare byte: a sanitizer sees it */
    if (!*bytes) return gm_fail(GM_ENOMEM, "%s: no memory", name);
    if (found->length) memcpy(*bytes, found->bytes, found->length);
    *length = found->length;
    return GM_OK;
}

/* The record whose header is the first file. */
static inline gm_status gm_wfdb_memory_read(gm_ecg **e, const gm_wfdb_memory_file *files, size_t n,
                                            size_t max_samples)
{
    gm_wfdb_memory m = {files, n};
    gm_wfdb_store store = {gm_wfdb_memory_load, &m, max_samples};
    return gm_wfdb_read(e, files[0].bytes, files[0].length, files[0].name, &store);
}

#endif
