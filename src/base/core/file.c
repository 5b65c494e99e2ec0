#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"

static gm_status read_all(int fd, char *data, size_t n, const char *path)
{
    for (size_t got = 0; got < n;) {
        ssize_t r = read(fd, data + got, n - got);
        if (r < 0 && errno == EINTR) continue;
        if (r <= 0)
            return gm_fail(GM_EIO, "%s: %s", path, r ? strerror(errno) : "it became shorter");
        got += (size_t)r;
    }
    return GM_OK;
}

static gm_status read_open_file(char **data, size_t *length, int fd, const char *path, size_t max)
{
    struct stat st;
    if (fstat(fd, &st)) return gm_fail(GM_EIO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode)) return gm_fail(GM_EIO, "%s: not a regular file", path);
    size_t n = (size_t)st.st_size;
    if (n > max)
        return gm_fail(GM_EFORMAT, "%s: %zu bytes, more than the %zu allowed", path, n, max);
    char *buffer = gm_calloc(n + 1, 1);
    if (!buffer) return gm_fail(GM_ENOMEM, "%s: no memory for %zu bytes", path, n);
    gm_status s = read_all(fd, buffer, n, path);
    if (s != GM_OK) {
        gm_free(buffer);
        return s;
    }
    *data = buffer;
    *length = n;
    return GM_OK;
}

gm_status gm_file_read(char **data, size_t *length, const char *path, size_t max_bytes)
{
    *data = NULL;
    *length = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return gm_fail(errno == ENOENT ? GM_ENOTFOUND : GM_EIO, "%s: %s", path, strerror(errno));
    gm_status s = read_open_file(data, length, fd, path, max_bytes ? max_bytes : GM_FILE_MAX);
    close(fd);
    return s;
}

static int write_all(int fd, const char *data, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t w = write(fd, data + done, n - done);
        if (w < 0 && errno == EINTR) continue;
        if (w < 0) return -1;
        done += (size_t)w;
    }
    return 0;
}

static gm_status write_file(const char *path, const void *data, size_t length, bool flushes)
{
    static atomic_uint serial; /* two threads may write the same file */
    char temporary[4096];
    int n = snprintf(temporary, sizeof temporary, "%s.%ld-%u.tmp", path, (long)getpid(),
                     atomic_fetch_add(&serial, 1));
    if (n < 0 || (size_t)n >= sizeof temporary)
        return gm_fail(GM_EINVAL, "%.80s...: the name is too long", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return gm_fail(GM_EIO, "%s: %s", path, strerror(errno));
    int failed = write_all(fd, data, length);
    if (!failed && flushes) failed = fdatasync(fd);
    int error = errno;
    if (close(fd) && !failed) failed = 1, error = errno;
    if (!failed && rename(temporary, path)) failed = 1, error = errno;
    if (!failed) return GM_OK;
    unlink(temporary);
    return gm_fail(GM_EIO, "%s: %s", path, strerror(error));
}

gm_status gm_file_write(const char *path, const void *data, size_t length)
{
    return write_file(path, data, length, false);
}

gm_status gm_file_write_flushed(const char *path, const void *data, size_t length)
{
    return write_file(path, data, length, true);
}

bool gm_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static gm_status make_one(const char *path)
{
    struct stat st;
    if (mkdir(path, 0777) == 0) return GM_OK;
    int error = errno;
    if (error == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) return GM_OK;
    return gm_fail(GM_EIO, "%s: cannot make this folder: %s", path, strerror(error));
}

gm_status gm_folder_make(const char *path)
{
    char part[4096];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof part) return gm_fail(GM_EINVAL, "folder name of %zu bytes", n);
    for (size_t i = 1; i < n; i++) {
        if (path[i] != '/') continue;
        memcpy(part, path, i);
        part[i] = 0;
        GM_TRY(make_one(part));
    }
    return make_one(path);
}

static char *joined(const char *folder, size_t n_folder, const char *name)
{
    size_t n_name = strlen(name);
    char *path = gm_calloc(n_folder + n_name + 2, 1);
    if (!path) return NULL;
    memcpy(path, folder, n_folder);
    if (n_folder && folder[n_folder - 1] != '/') path[n_folder++] = '/';
    memcpy(path + n_folder, name, n_name);
    return path;
}

char *gm_path_beside(const char *base_file, const char *name)
{
    const char *slash = strrchr(base_file, '/');
    if (name[0] == '/' || !slash) return gm_strdup(name);
    return joined(base_file, (size_t)(slash - base_file) + 1, name);
}

char *gm_path_join(const char *folder, const char *name)
{
    return name[0] == '/' ? gm_strdup(name) : joined(folder, strlen(folder), name);
}

const char *gm_path_leaf(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool gm_path_ends_with(const char *path, const char *suffix)
{
    size_t n = strlen(path), k = strlen(suffix);
    return n >= k && strcasecmp(path + n - k, suffix) == 0;
}
