#include "heart/forward/fields_cache.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/log.h"

/* Raised whenever the same input gives other fields. */
static const char VERSION[] = "gemel arrival fields 1";

typedef struct {
    char key[GM_HASH_TEXT];  /* of everything that the fields depend on */
    char data[GM_HASH_TEXT]; /* of the times: damage is noticed */
    char padding[6];
    double quantum_ms;
} cache_header;

static gm_status key_of(const gm_fields *f, const char *geometry_hash, char key[GM_HASH_TEXT])
{
    gm_hasher *h;
    GM_TRY(gm_hasher_create(&h));
    uint64_t sizes[2] = {f->n_nodes, f->n_candidates};
    double speeds[3] = {f->speeds.v_f_m_s, f->speeds.v_t_ratio, f->speeds.fast_layer_factor};
    gm_hasher_add(h, VERSION, sizeof VERSION);
    gm_hasher_add(h, geometry_hash, strlen(geometry_hash));
    gm_hasher_add(h, sizes, sizeof sizes);
    gm_hasher_add(h, speeds, sizeof speeds);
    gm_hasher_add(h, f->candidates, f->n_candidates * sizeof *f->candidates);
    return gm_hasher_finish(h, key);
}

static char *cache_path(const char *folder, const char *key)
{
    char leaf[GM_HASH_TEXT + 16];
    snprintf(leaf, sizeof leaf, "fields-%.32s.bin", key);
    return gm_path_join(folder, leaf);
}

static bool accept(gm_fields *f, const char *key, const char *file, size_t length)
{
    cache_header h;
    char sum[GM_HASH_TEXT];
    size_t bytes = f->n_candidates * f->n_nodes * sizeof *f->times;
    if (length != sizeof h + bytes) return false;
    memcpy(&h, file, sizeof h);
    if (memcmp(h.key, key, GM_HASH_TEXT) != 0 || !(h.quantum_ms > 0)) return false;
    if (gm_hash_bytes(file + sizeof h, bytes, sum) != GM_OK) return false;
    if (memcmp(h.data, sum, GM_HASH_TEXT) != 0) return false;
    f->quantum_ms = h.quantum_ms;
    memcpy(f->times, file + sizeof h, bytes);
    return true;
}

bool gm_fields_cache_read(gm_fields *f, const char *folder, const char *geometry_hash)
{
    char key[GM_HASH_TEXT], *data;
    size_t length;
    if (!folder || !geometry_hash || key_of(f, geometry_hash, key) != GM_OK) return false;
    char *path = cache_path(folder, key);
    if (!path) return false;
    bool good = false;
    if (gm_file_exists(path) && gm_file_read(&data, &length, path, 0) == GM_OK) {
        good = accept(f, key, data, length);
        gm_free(data);
        if (!good) gm_log(GM_LOG_WARNING, "fields.cache", "file=%s state=damaged", path);
    }
    gm_free(path);
    return good;
}

static gm_status write_file(const gm_fields *f, const char *folder, const char *path,
                            const char *key)
{
    size_t bytes = f->n_candidates * f->n_nodes * sizeof *f->times;
    cache_header h = {.quantum_ms = f->quantum_ms};
    memcpy(h.key, key, GM_HASH_TEXT);
    GM_TRY(gm_hash_bytes(f->times, bytes, h.data));
    GM_TRY(gm_folder_make(folder));
    char *all = gm_calloc(sizeof h + bytes, 1);
    if (!all) return gm_fail(GM_ENOMEM, "fields: no memory for the cache file");
    memcpy(all, &h, sizeof h);
    memcpy(all + sizeof h, f->times, bytes);
    gm_status s = gm_file_write(path, all, sizeof h + bytes);
    gm_free(all);
    return s;
}

void gm_fields_cache_write(const gm_fields *f, const char *folder, const char *geometry_hash)
{
    char key[GM_HASH_TEXT];
    if (!folder || !geometry_hash || key_of(f, geometry_hash, key) != GM_OK) return;
    char *path = cache_path(folder, key);
    if (path && write_file(f, folder, path, key) != GM_OK)
        gm_log(GM_LOG_WARNING, "fields.cache", "file=%s error=\"%s\"", path, gm_error_text());
    gm_free(path);
}
