#include "report/encode.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { NO_VALUE = 65535, LARGEST = 65534, SCRATCH = 8 };

/* ---- text ---------------------------------------------------------------------------------------- */

/* Length of the well-formed UTF-8 character at p (Unicode 15, table 3-7), or 0. */
static size_t character_length(const unsigned char *p)
{
    if (p[0] < 0x80) return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4) return 0;
    size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    unsigned char low = 0x80, high = 0xbf; /* of the second byte */
    if (p[0] == 0xe0) low = 0xa0;          /* no overlong form */
    if (p[0] == 0xed) high = 0x9f;         /* no surrogate */
    if (p[0] == 0xf0) low = 0x90;
    if (p[0] == 0xf4) high = 0x8f; /* nothing above U+10FFFF */
    if (p[1] < low || p[1] > high) return 0;
    for (size_t i = 2; i < n; i++)
        if (p[i] < 0x80 || p[i] > 0xbf) return 0;
    return n;
}

/* What stands for the character at p (n bytes); NULL: itself. */
typedef const char *replacement_fn(const unsigned char *p, size_t n, char scratch[SCRATCH]);

static void add_replaced(gm_text *t, const char *text, replacement_fn *replacement)
{
    char scratch[SCRATCH];
    const unsigned char *p = (const unsigned char *)(text ? text : ""), *plain = p;
    while (*p) {
        size_t n = character_length(p);
        const char *instead = n ? replacement(p, n, scratch) : "\xef\xbf\xbd"; /* U+FFFD */
        if (instead) {
            gm_text_add_bytes(t, plain, (size_t)(p - plain));
            gm_text_add(t, instead);
        }
        p += n ? n : 1;
        if (instead) plain = p;
    }
    gm_text_add_bytes(t, plain, (size_t)(p - plain));
}

static const char *html_replacement(const unsigned char *p, size_t n, char scratch[SCRATCH])
{
    (void)n, (void)scratch;
    switch (*p) {
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '&': return "&amp;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    }
    /* A page may not hold control characters other than these three. */
    if ((*p < 0x20 && *p != '\n' && *p != '\t' && *p != '\r') || *p == 0x7f) return "\xef\xbf\xbd";
    return NULL;
}

static const char *json_replacement(const unsigned char *p, size_t n, char scratch[SCRATCH])
{
    /* U+2028 and U+2029 end a line in older scripts. */
    if (n == 3 && p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9))
        return p[2] == 0xa8 ? "\\u2028" : "\\u2029";
    if (n > 1 || (*p >= 0x20 && !strchr("\"\\<>&", *p))) return NULL;
    snprintf(scratch, SCRATCH, "\\u%04x", *p);
    return scratch;
}

void gm_html_add(gm_text *t, const char *text)
{
    add_replaced(t, text, html_replacement);
}

void gm_json_string_add(gm_text *t, const char *text)
{
    gm_text_add(t, "\"");
    add_replaced(t, text, json_replacement);
    gm_text_add(t, "\"");
}

void gm_json_number_add(gm_text *t, double v)
{
    if (isfinite(v))
        gm_text_addf(t, "%.9g", v);
    else
        gm_text_add(t, "null");
}

/* ---- bytes --------------------------------------------------------------------------------------- */

/* Base64 of bytes that come piece by piece. */
typedef struct {
    gm_text *to;
    unsigned char bytes[3 * 1024];
    size_t n;
} encoder;

static void encode_three(const unsigned char b[3], char out[4])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out[0] = digits[b[0] >> 2];
    out[1] = digits[(b[0] & 3) << 4 | b[1] >> 4];
    out[2] = digits[(b[1] & 15) << 2 | b[2] >> 6];
    out[3] = digits[b[2] & 63];
}

static void encoder_flush(encoder *e)
{
    char out[4 * 1024];
    size_t used = 0, rest = e->n % 3;
    for (size_t i = 0; rest && i < 3 - rest; i++)
        e->bytes[e->n + i] = 0;
    for (size_t i = 0; i < e->n; i += 3, used += 4)
        encode_three(e->bytes + i, out + used);
    for (size_t i = 0; rest && i < 3 - rest; i++)
        out[used - 1 - i] = '=';
    gm_text_add_bytes(e->to, out, used);
    e->n = 0;
}

static void encoder_add(encoder *e, uint32_t value, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++) {
        e->bytes[e->n++] = (unsigned char)(value >> 8 * i);
        if (e->n == sizeof e->bytes) encoder_flush(e);
    }
}

void gm_base64_add(gm_text *t, const void *bytes, size_t n)
{
    encoder e = {.to = t};
    for (size_t i = 0; i < n; i++)
        encoder_add(&e, ((const unsigned char *)bytes)[i], 1);
    encoder_flush(&e);
}

/* ---- packed arrays ------------------------------------------------------------------------------- */

typedef struct {
    const double *reals; /* or */
    const float *floats;
    size_t n, stride;
} array;

static double at(const array *a, size_t i)
{
    return a->reals ? a->reals[i * a->stride] : (double)a->floats[i * a->stride];
}

static void find_range(const array *a, double *low, double *high)
{
    *low = INFINITY, *high = -INFINITY;
    for (size_t i = 0; i < a->n; i++) {
        double v = at(a, i);
        if (isfinite(v)) *low = fmin(*low, v), *high = fmax(*high, v);
    }
    if (!(*low <= *high)) *low = *high = 0;
}

static void add_packed(gm_text *t, const array *a)
{
    double low, high;
    find_range(a, &low, &high);
    gm_text_addf(t, "{\"n\":%zu,\"low\":%.17g,\"high\":%.17g,\"u16\":\"", a->n, low, high);
    /* Halves, so that a range wider than the largest double does not overflow. */
    double half = high / 2 - low / 2, scale = half > 0 ? LARGEST / half : 0;
    if (!isfinite(scale)) scale = 0; /* a range of denormal width is a constant */
    encoder e = {.to = t};
    for (size_t i = 0; i < a->n; i++) {
        double v = at(a, i);
        uint32_t q = isfinite(v) ? (uint32_t)lrint((v / 2 - low / 2) * scale) : NO_VALUE;
        encoder_add(&e, q, 2);
    }
    encoder_flush(&e);
    gm_text_add(t, "\"}");
}

void gm_packed_reals_add(gm_text *t, const double *v, size_t n)
{
    add_packed(t, &(array){.reals = v, .n = n, .stride = 1});
}

void gm_packed_floats_add(gm_text *t, const float *v, size_t n, size_t stride)
{
    add_packed(t, &(array){.floats = v, .n = n, .stride = stride});
}

void gm_packed_indices_add(gm_text *t, const int32_t *v, size_t n)
{
    int32_t largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = v[i] > largest ? v[i] : largest;
    size_t n_bytes = largest > 65535 ? 4 : 2;
    gm_text_addf(t, "{\"n\":%zu,\"u%zu\":\"", n, 8 * n_bytes);
    encoder e = {.to = t};
    for (size_t i = 0; i < n; i++)
        encoder_add(&e, (uint32_t)v[i], n_bytes);
    encoder_flush(&e);
    gm_text_add(t, "\"}");
}
