/* file.h - whole files in, whole files out: a file is written beside its place and then renamed, so
 * that what was stored before is never half overwritten. Failures name the file (GM_EIO,
 * GM_ENOTFOUND if it does not exist, GM_EFORMAT if larger than allowed). */
#ifndef GM_CORE_FILE_H
#define GM_CORE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

#define GM_FILE_MAX ((size_t)4 << 30) /* bytes: default limit of what is read at once */

/* The caller frees *data with gm_free(). A NUL byte follows the data and is not counted.
 * max_bytes 0 means GM_FILE_MAX. */
gm_status gm_file_read(char **data, size_t *length, const char *path, size_t max_bytes);
gm_status gm_file_write(const char *path, const void *data, size_t length); /* atomic */
/* The same, and on the disk before it has its name. */
gm_status gm_file_write_flushed(const char *path, const void *data, size_t length);
bool gm_file_exists(const char *path);
gm_status gm_folder_make(const char *path); /* with its parents; fine if it is there */

/* `name` as seen from the folder of `base_file` (absolute names stay). NULL: no memory. The caller
 * frees it with gm_free(). */
char *gm_path_beside(const char *base_file, const char *name);
char *gm_path_join(const char *folder, const char *name);
const char *gm_path_leaf(const char *path);                   /* after the last '/' */
bool gm_path_ends_with(const char *path, const char *suffix); /* ignoring case */

#endif
