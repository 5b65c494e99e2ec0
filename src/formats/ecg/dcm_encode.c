#include "ecg/dcm_encode.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/hash.h"

static const uint32_t undefined_length = 0xFFFFFFFF;
static const uint32_t item = 0xFFFEE000, item_end = 0xFFFEE00D, sequence_end = 0xFFFEE0DD;

static void add_u16(gm_text *t, unsigned v)
{
    unsigned char b[2] = {v & 0xFF, v >> 8 & 0xFF};
    gm_text_add_bytes(t, b, 2);
}

static void add_u32(gm_text *t, uint32_t v)
{
    add_u16(t, v & 0xFFFF);
    add_u16(t, v >> 16);
}

static void add_head(gm_text *t, uint32_t tag, const char *vr, size_t length)
{
    static const char *const long_form[] = {"OB", "OW", "SQ", "UC", "UT"};
    bool is_long = false;
    for (size_t i = 0; vr && i < sizeof long_form / sizeof *long_form; i++)
        is_long = is_long || strcmp(vr, long_form[i]) == 0;
    add_u16(t, tag >> 16);
    add_u16(t, tag & 0xFFFF);
    if (vr) gm_text_add_bytes(t, vr, 2);
    if (vr && !is_long) {
        add_u16(t, (unsigned)length);
        return;
    }
    if (vr) add_u16(t, 0);
    add_u32(t, (uint32_t)length);
}

void gm_dcm_put_text(gm_text *t, uint32_t tag, const char *vr, const char *text)
{
    size_t n = text ? strlen(text) : 0;
    add_head(t, tag, vr, n + (n & 1));
    gm_text_add_bytes(t, text ? text : "", n);
    if (n & 1) gm_text_add_bytes(t, strcmp(vr, "UI") == 0 || strcmp(vr, "OB") == 0 ? "" : " ", 1);
}

void gm_dcm_put_u16(gm_text *t, uint32_t tag, const uint16_t *values, size_t n)
{
    add_head(t, tag, "US", 2 * n);
    for (size_t i = 0; i < n; i++)
        add_u16(t, values[i]);
}

void gm_dcm_put_u32(gm_text *t, uint32_t tag, const uint32_t *values, size_t n)
{
    add_head(t, tag, "UL", 4 * n);
    for (size_t i = 0; i < n; i++)
        add_u32(t, values[i]);
}

void gm_dcm_put_words(gm_text *t, uint32_t tag, const uint16_t *words, size_t n)
{
    add_head(t, tag, "OW", 2 * n);
    for (size_t i = 0; i < n; i++)
        add_u16(t, words[i]);
}

void gm_dcm_open_sequence(gm_text *t, uint32_t tag)
{
    add_head(t, tag, "SQ", undefined_length);
}

void gm_dcm_open_item(gm_text *t)
{
    add_head(t, item, NULL, undefined_length);
}

void gm_dcm_close_item(gm_text *t)
{
    add_head(t, item_end, NULL, 0);
}

void gm_dcm_close_sequence(gm_text *t)
{
    add_head(t, sequence_end, NULL, 0);
}

void gm_dcm_put_code_values(gm_text *t, const char *scheme, const char *code, const char *meaning)
{
    bool is_long = strlen(code) >= GM_DCM_CODE_ROOM;
    if (!is_long) gm_dcm_put_text(t, 0x00080100, "SH", code);
    gm_dcm_put_text(t, 0x00080102, "SH", scheme);
    /* Without its version this scheme does not say what a code means (PS3.3 8.1). */
    if (strcmp(scheme, "SCPECG") == 0) gm_dcm_put_text(t, 0x00080103, "SH", "1.3");
    gm_dcm_put_text(t, 0x00080104, "LO", meaning);
    if (is_long) gm_dcm_put_text(t, 0x00080119, "UC", code);
}

void gm_dcm_put_code(gm_text *t, uint32_t sequence, const char *scheme, const char *code,
                     const char *meaning)
{
    gm_dcm_open_sequence(t, sequence);
    gm_dcm_open_item(t);
    gm_dcm_put_code_values(t, scheme, code, meaning);
    gm_dcm_close_item(t);
    gm_dcm_close_sequence(t);
}

static bool is_continued(char c)
{
    return (c & 0xC0) == 0x80;
}

bool gm_dcm_clean(char *out, size_t room, const char *text, size_t n_characters,
                  const char *forbidden)
{
    size_t n = 0, at = 0;
    bool is_same = true;
    if (!text) text = "";
    while (isspace((unsigned char)*text))
        text++;
    for (; *text && at + 1 < room; text++) {
        n += !is_continued(*text);
        if (n > n_characters) break;
        bool is_control = (unsigned char)*text < 0x20 && !(*text == '\n' || *text == '\r');
        out[at] = is_control ? ' ' : strchr(forbidden, *text) ? '/' : *text;
        is_same = is_same && out[at] == *text;
        at++;
    }
    is_same = is_same && !*text;
    while (at && isspace((unsigned char)out[at - 1]))
        at--;
    out[at] = 0;
    return is_same;
}

/* The decimal digits of a big-endian number, by repeated division by ten; the number is used up. */
static void add_decimal(char *out, unsigned char number[16])
{
    char reversed[40];
    int n = 0;
    for (bool is_zero = false; !is_zero;) {
        unsigned rest = 0;
        is_zero = true;
        for (int i = 0; i < 16; i++) {
            unsigned v = rest << 8 | number[i];
            number[i] = (unsigned char)(v / 10);
            rest = v % 10;
            is_zero = is_zero && number[i] == 0;
        }
        reversed[n++] = (char)('0' + rest);
    }
    while (n)
        *out++ = reversed[--n];
    *out = 0;
}

static unsigned digit_of(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

gm_status gm_dcm_make_uid(char uid[GM_DCM_UID_ROOM], const char *hash, const char *what)
{
    char named[256], text[GM_HASH_TEXT];
    unsigned char uuid[16];
    snprintf(named, sizeof named, "%s %s", hash, what);
    GM_TRY(gm_hash_bytes(named, strlen(named), text));
    for (size_t i = 0; i < sizeof uuid; i++)
        uuid[i] = (unsigned char)(digit_of(text[2 * i]) << 4 | digit_of(text[2 * i + 1]));
    uuid[6] = 0x80 | (uuid[6] & 0x0F); /* version 8: of one's own making (RFC 9562) */
    uuid[8] = 0x80 | (uuid[8] & 0x3F);
    strcpy(uid, "2.25.");
    add_decimal(uid + strlen(uid), uuid);
    return GM_OK;
}

gm_status gm_dcm_make_code(char code[GM_DCM_CODE_ROOM], const char *name)
{
    char text[GM_HASH_TEXT];
    GM_TRY(gm_hash_bytes(name, strlen(name), text));
    memcpy(code, text, GM_DCM_CODE_ROOM - 1);
    code[GM_DCM_CODE_ROOM - 1] = 0;
    return GM_OK;
}
