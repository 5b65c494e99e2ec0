/* hash.h - SHA-256 (FIPS 180-4, by OpenSSL): the name of a blob, the key of a cache, the proof of
 * what went in. */
#ifndef GM_CORE_HASH_H
#define GM_CORE_HASH_H

#include <stddef.h>

#include "core/status.h"

#define GM_HASH_BYTES 32
#define GM_HASH_TEXT 65 /* 64 hexadecimal digits and a NUL */

typedef struct gm_hasher gm_hasher;
gm_status gm_hasher_create(gm_hasher **out);
void gm_hasher_add(gm_hasher *h, const void *data, size_t length);
gm_status gm_hasher_finish(gm_hasher *h, char text[GM_HASH_TEXT]); /* destroys h; NULL: GM_EINVAL */
void gm_hasher_destroy(gm_hasher *h);                              /* NULL is allowed */
/* The hash of what was added since the last; h starts anew: for many small hashes. */
gm_status gm_hasher_take(gm_hasher *h, unsigned char bytes[GM_HASH_BYTES]);
void gm_hash_print(const unsigned char bytes[GM_HASH_BYTES], char text[GM_HASH_TEXT]);

gm_status gm_hash_bytes(const void *data, size_t length, char text[GM_HASH_TEXT]);
gm_status gm_hash_file(const char *path, char text[GM_HASH_TEXT]);

#endif
