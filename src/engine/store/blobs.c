#include "store/blobs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"

enum { LONGEST_PATH = 4096, PREFIX = 2 };

static bool is_name(const char *name)
{
    return strspn(name, "0123456789abcdef") == GM_HASH_TEXT - 1 && strlen(name) == GM_HASH_TEXT - 1;
}

static gm_status path_of(char out[LONGEST_PATH], const char *folder, const char *name)
{
    int n = snprintf(out, LONGEST_PATH, "%s/%.*s/%s", folder, PREFIX, name, name + PREFIX);
    return n < LONGEST_PATH ? GM_OK : gm_fail(GM_EINVAL, "%s: the path is too long", folder);
}

/* The rename of a new file is durable once its folder is flushed. */
static gm_status flush_folder(const char *path)
{
    int f = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = f >= 0 && fsync(f) == 0;
    if (f >= 0) close(f);
    return good ? GM_OK : gm_fail(GM_EIO, "%s: could not be flushed", path);
}

gm_status gm_blob_put(const char *folder, const void *data, size_t length, char name[GM_HASH_TEXT])
{
    char path[LONGEST_PATH], parent[LONGEST_PATH];
    GM_TRY(gm_hash_bytes(data, length, name));
    GM_TRY(path_of(path, folder, name));
    if (gm_file_exists(path)) return GM_OK;
    snprintf(parent, sizeof parent, "%.*s", (int)(strlen(path) - (GM_HASH_TEXT - 1 - PREFIX) - 1),
             path);
    GM_TRY(gm_folder_make(parent));
    GM_TRY(gm_file_write_flushed(path, data, length));
    GM_TRY(flush_folder(parent));
    return flush_folder(folder);
}

gm_status gm_blob_put_file(const char *folder, const char *path, char name[GM_HASH_TEXT])
{
    char *data;
    size_t length;
    GM_TRY(gm_file_read(&data, &length, path, 0));
    gm_status s = gm_blob_put(folder, data, length, name);
    gm_free(data);
    return s;
}

gm_status gm_blob_get(const char *folder, const char *name, char **data, size_t *length)
{
    char path[LONGEST_PATH], is[GM_HASH_TEXT];
    *data = NULL;
    if (!is_name(name))
        return gm_fail(GM_EINVAL, "\"%s\" names no blob: 64 digits 0-9 a-f are expected", name);
    GM_TRY(path_of(path, folder, name));
    GM_TRY(gm_file_read(data, length, path, 0));
    gm_status s = gm_hash_bytes(*data, *length, is);
    if (s == GM_OK && strcmp(is, name) != 0)
        s = gm_fail(GM_EFORMAT, "%s is damaged: its bytes have the hash %s; restore a backup", path,
                    is);
    if (s == GM_OK) return GM_OK;
    gm_free(*data);
    *data = NULL;
    return s;
}

static gm_status each_in(const char *folder, const char *prefix, gm_on_blob on, void *context)
{
    char path[LONGEST_PATH], name[GM_HASH_TEXT + 256];
    snprintf(path, sizeof path, "%s/%s", folder, prefix);
    DIR *d = opendir(path);
    gm_status s = GM_OK;
    if (!d) return gm_fail(GM_EIO, "%s: could not be opened", path);
    for (struct dirent *e; s == GM_OK && (e = readdir(d));) {
        snprintf(name, sizeof name, "%s%s", prefix, e->d_name);
        if (is_name(name)) s = on(context, name);
    }
    closedir(d);
    return s;
}

gm_status gm_blob_each(const char *folder, gm_on_blob on, void *context)
{
    DIR *d = opendir(folder);
    gm_status s = GM_OK;
    if (!d) return gm_fail(GM_ENOTFOUND, "%s: no such folder of blobs", folder);
    for (struct dirent *e; s == GM_OK && (e = readdir(d));)
        if (strlen(e->d_name) == PREFIX && e->d_name[0] != '.')
            s = each_in(folder, e->d_name, on, context);
    closedir(d);
    return s;
}
