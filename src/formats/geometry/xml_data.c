#include "geometry/xml_data.h"

#include <string.h>
#include <zlib.h>

#include "core/alloc.h"

/* zlib's best ratio is 1032:1 (zlib.net, "Maximum Compression Factor"); more is a lie. */
enum { MAX_RATIO = 1032 };

/* A stream of bytes out of base64 text (RFC 4648) or out of themselves. Padding inside is skipped,
 * since writers encode the header and the blocks one after the other. */
typedef struct {
    const char *at, *end;
    bool is_base64;
    unsigned char group[3];
    int n_group, used; /* decoded bytes of the current group of four characters */
} source;

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    if (c == '/') return 63;
    return c == '=' ? 64 : -1;
}

/* Decodes the next four characters; false at the end or at anything that is not base64. */
static bool next_group(source *s)
{
    uint32_t bits = 0;
    int n = 0, n_padding = 0;
    while (n < 4 && s->at < s->end) {
        char c = *s->at++;
        if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
        int v = base64_value(c);
        if (v < 0 || (v < 64 && n_padding)) return false;
        n_padding += v == 64;
        bits = bits << 6 | (uint32_t)(v & 63);
        n++;
    }
    if (n < 4 || n_padding > 2) return false;
    for (int k = 0; k < 3; k++)
        s->group[k] = (unsigned char)(bits >> (16 - 8 * k));
    s->n_group = 3 - n_padding;
    s->used = 0;
    return true;
}

static bool take(source *s, void *out, size_t n)
{
    unsigned char *to = out;
    if (!s->is_base64) {
        if ((size_t)(s->end - s->at) < n) return false;
        if (n) memcpy(to, s->at, n);
        s->at += n;
        return true;
    }
    while (n > 0) {
        if (s->used == s->n_group && !next_group(s)) return false;
        while (n > 0 && s->used < s->n_group) {
            *to++ = s->group[s->used++];
            n--;
        }
    }
    return true;
}

static size_t bytes_left(const source *s)
{
    size_t n = (size_t)(s->end - s->at);
    return s->is_base64 ? n / 4 * 3 + 3 : n;
}

static bool take_header(source *s, const gm_xml_data *d, uint64_t *out)
{
    unsigned char bytes[8];
    size_t size = d->has_wide_header ? 8 : 4;
    if (!take(s, bytes, size)) return false;
    *out = 0;
    for (size_t i = 0; i < size; i++)
        *out |= (uint64_t)bytes[d->is_big_endian ? size - 1 - i : i] << (8 * i);
    return true;
}

static gm_status too_short(const gm_xml_data *d)
{
    return gm_fail(GM_EFORMAT, "%s: the data end too early or are not valid %s", d->name,
                   d->is_base64 ? "base64" : "bytes");
}

static gm_status wrong_size(const gm_xml_data *d, uint64_t bytes, size_t n)
{
    return gm_fail(GM_EFORMAT, "%s: %llu bytes, expected %zu for %zu numbers", d->name,
                   (unsigned long long)bytes, n * gm_raw_size(d->type), n);
}

static gm_status new_bytes(const gm_xml_data *d, size_t n, unsigned char **out)
{
    *out = gm_calloc(n, 1);
    return *out ? GM_OK : gm_fail(GM_ENOMEM, "%s: no memory for %zu bytes", d->name, n);
}

static gm_status read_plain(const gm_xml_data *d, source *s, size_t n, unsigned char **bytes)
{
    uint64_t length;
    size_t expected = n * gm_raw_size(d->type);
    if (!take_header(s, d, &length)) return too_short(d);
    if (length != expected) return wrong_size(d, length, n);
    if (expected > bytes_left(s)) return too_short(d);
    GM_TRY(new_bytes(d, expected, bytes));
    return take(s, *bytes, expected) ? GM_OK : too_short(d);
}

/* The blocks of a compressed array: all but the last inflate to `block` bytes, the last to `last` (or
 * `block` if that is 0). */
typedef struct {
    uint64_t n_blocks, block, last;
    uint64_t *packed; /* [n_blocks] bytes of each as stored */
} block_table;

static gm_status read_block_table(const gm_xml_data *d, source *s, size_t n, block_table *t)
{
    if (!take_header(s, d, &t->n_blocks) || !take_header(s, d, &t->block) ||
        !take_header(s, d, &t->last))
        return too_short(d);
    if (t->n_blocks > bytes_left(s) / 4) return too_short(d);
    uint64_t total = 0, expected = n * gm_raw_size(d->type);
    if (t->n_blocks > 0 && (__builtin_mul_overflow(t->n_blocks - (t->last > 0), t->block, &total) ||
                            __builtin_add_overflow(total, t->last, &total)))
        total = UINT64_MAX;
    if (total != expected || t->last > t->block) return wrong_size(d, total, n);
    if (expected / MAX_RATIO > bytes_left(s)) return too_short(d);
    t->packed = gm_calloc(t->n_blocks, sizeof *t->packed);
    if (!t->packed) return gm_fail(GM_ENOMEM, "%s: no memory", d->name);
    for (uint64_t i = 0; i < t->n_blocks; i++)
        if (!take_header(s, d, &t->packed[i])) return too_short(d);
    return GM_OK;
}

static gm_status inflate_block(const gm_xml_data *d, source *s, uint64_t packed_bytes,
                               unsigned char *to, size_t bytes)
{
    if (packed_bytes > bytes_left(s)) return too_short(d);
    unsigned char *packed;
    GM_TRY(new_bytes(d, packed_bytes, &packed));
    uLongf got = bytes;
    bool whole = take(s, packed, packed_bytes);
    bool sound = whole && uncompress(to, &got, packed, packed_bytes) == Z_OK && got == bytes;
    gm_free(packed);
    if (!whole) return too_short(d);
    return sound ? GM_OK : gm_fail(GM_EFORMAT, "%s: a compressed block is damaged", d->name);
}

static gm_status read_blocks(const gm_xml_data *d, source *s, size_t n, const block_table *t,
                             unsigned char **bytes)
{
    GM_TRY(new_bytes(d, n * gm_raw_size(d->type), bytes));
    unsigned char *to = *bytes;
    for (uint64_t i = 0; i < t->n_blocks; i++) {
        size_t size = i + 1 == t->n_blocks && t->last ? t->last : t->block;
        GM_TRY(inflate_block(d, s, t->packed[i], to, size));
        to += size;
    }
    return GM_OK;
}

static gm_status read_compressed(const gm_xml_data *d, source *s, size_t n, unsigned char **bytes)
{
    block_table t = {0};
    gm_status status = read_block_table(d, s, n, &t);
    if (status == GM_OK) status = read_blocks(d, s, n, &t, bytes);
    gm_free(t.packed);
    return status;
}

static gm_status read_text(const gm_xml_data *d, size_t n, double **out)
{
    if (n > d->length / 2 + 1)
        return gm_fail(GM_EFORMAT, "%s: %zu numbers expected, but the text is too short", d->name,
                       n);
    double *values = *out = gm_calloc(n, sizeof *values);
    if (!values) return gm_fail(GM_ENOMEM, "%s: no memory", d->name);
    gm_scanner s = gm_scanner_over(d->data, d->length, d->name);
    GM_TRY(gm_raw_scan(&s, n, values, "a number"));
    return gm_scan_at_end(&s) ? GM_OK : gm_scan_fail(&s, "more than %zu numbers", n);
}

gm_status gm_xml_data_read(const gm_xml_data *d, size_t n, double **out)
{
    *out = NULL;
    gm_status status;
    double *values = NULL;
    if (d->is_text) {
        status = read_text(d, n, &values);
    } else {
        source s = {.at = d->data, .end = d->data + d->length, .is_base64 = d->is_base64};
        unsigned char *bytes = NULL;
        status =
            d->is_compressed ? read_compressed(d, &s, n, &bytes) : read_plain(d, &s, n, &bytes);
        char more;
        if (status == GM_OK && d->is_inline && take(&s, &more, 1))
            status = gm_fail(GM_EFORMAT, "%s: more data than the %zu numbers expected", d->name, n);
        values = status == GM_OK ? gm_calloc(n, sizeof *values) : NULL;
        if (status == GM_OK && !values)
            status = gm_fail(GM_ENOMEM, "%s: no memory for %zu numbers", d->name, n);
        if (status == GM_OK) gm_raw_decode(bytes, d->type, d->is_big_endian, n, values);
        gm_free(bytes);
    }
    if (status == GM_OK)
        *out = values;
    else
        gm_free(values);
    return status;
}
