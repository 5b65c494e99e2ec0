/* blobs.h - large things of a lab (images, meshes, waveforms) as files named by the SHA-256 of what they
 * hold: FOLDER/ab/cdef.... A blob is written once, flushed before it is named, and checked whenever it is read.
 * Any thread.
 */
#ifndef GM_STORE_BLOBS_H
#define GM_STORE_BLOBS_H

#include "core/hash.h"

/* name: where others find it. The same bytes again are the same blob. Fails with GM_EIO. */
gm_status gm_blob_put(const char *folder, const void *data, size_t length, char name[GM_HASH_TEXT]);
gm_status gm_blob_put_file(const char *folder, const char *path, char name[GM_HASH_TEXT]);
/* The caller frees *data with gm_free(). Fails with GM_ENOTFOUND, GM_EFORMAT (damaged), GM_EINVAL (no name). */
gm_status gm_blob_get(const char *folder, const char *name, char **data, size_t *length);

typedef gm_status (*gm_on_blob)(void *context, const char *name);
gm_status gm_blob_each(const char *folder, gm_on_blob on, void *context); /* in no order */

#endif
