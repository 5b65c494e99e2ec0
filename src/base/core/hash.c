#include "core/hash.h"

#include <openssl/evp.h>
#include <stdbool.h>

#include "core/alloc.h"
#include "core/file.h"

struct gm_hasher {
    EVP_MD_CTX *evp;
    bool failed;
};

gm_status gm_hasher_create(gm_hasher **out)
{
    *out = NULL;
    gm_hasher *h = gm_calloc(1, sizeof *h);
    if (!h) return gm_fail(GM_ENOMEM, "hash: no memory");
    h->evp = EVP_MD_CTX_new();
    if (!h->evp || !EVP_DigestInit_ex(h->evp, EVP_sha256(), NULL)) {
        gm_hasher_destroy(h);
        return gm_fail(GM_ENOMEM, "hash: SHA-256 is not available");
    }
    *out = h;
    return GM_OK;
}

void gm_hasher_add(gm_hasher *h, const void *data, size_t length)
{
    if (!EVP_DigestUpdate(h->evp, data, length)) h->failed = true;
}

gm_status gm_hasher_take(gm_hasher *h, unsigned char bytes[GM_HASH_BYTES])
{
    bool good = !h->failed && EVP_DigestFinal_ex(h->evp, bytes, NULL);
    if (!EVP_DigestInit_ex2(h->evp, NULL, NULL)) h->failed = true; /* the same algorithm */
    return good ? GM_OK : gm_fail(GM_EINVAL, "hash: could not be finished");
}

void gm_hash_print(const unsigned char bytes[GM_HASH_BYTES], char text[GM_HASH_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    for (unsigned i = 0; i < GM_HASH_BYTES; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * GM_HASH_BYTES] = 0;
}

gm_status gm_hasher_finish(gm_hasher *h, char text[GM_HASH_TEXT])
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    text[0] = 0;
    bool good = h && !h->failed && EVP_DigestFinal_ex(h->evp, bytes, &n) && n == 32;
    gm_hasher_destroy(h);
    if (!good) return gm_fail(GM_EINVAL, "hash: could not be finished");
    gm_hash_print(bytes, text);
    return GM_OK;
}

void gm_hasher_destroy(gm_hasher *h)
{
    if (!h) return;
    EVP_MD_CTX_free(h->evp);
    gm_free(h);
}

gm_status gm_hash_bytes(const void *data, size_t length, char text[GM_HASH_TEXT])
{
    gm_hasher *h;
    GM_TRY(gm_hasher_create(&h));
    gm_hasher_add(h, data, length);
    return gm_hasher_finish(h, text);
}

gm_status gm_hash_file(const char *path, char text[GM_HASH_TEXT])
{
    char *data;
    size_t n;
    GM_TRY(gm_file_read(&data, &n, path, 0));
    gm_status s = gm_hash_bytes(data, n, text);
    gm_free(data);
    return s;
}
