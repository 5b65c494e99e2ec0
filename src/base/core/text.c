#include "core/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

enum { LONGEST_NUMBER = 63 };

static bool reserve(gm_text *t, size_t more)
{
    if (t->failed) return false;
    if (more > GM_TEXT_MAX || t->length + more + 1 > GM_TEXT_MAX) return !(t->failed = true);
    size_t need = t->length + more + 1;
    if (need <= t->capacity) return true;
    size_t capacity = t->capacity ? t->capacity : 256;
    while (capacity < need)
        capacity *= 2;
    char *data = gm_realloc(t->data, capacity, 1);
    if (!data) return !(t->failed = true);
    t->data = data;
    t->capacity = capacity;
    return true;
}

void gm_text_add_bytes(gm_text *t, const void *bytes, size_t n)
{
    if (!reserve(t, n)) return;
    if (n) memcpy(t->data + t->length, bytes, n);
    t->length += n;
    t->data[t->length] = 0;
}

void gm_text_add(gm_text *t, const char *piece)
{
    gm_text_add_bytes(t, piece, strlen(piece));
}

void gm_text_addf(gm_text *t, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0)
        t->failed = true;
    else if (reserve(t, (size_t)n)) {
        vsnprintf(t->data + t->length, (size_t)n + 1, fmt, again);
        t->length += (size_t)n;
    }
    va_end(again);
}

gm_status gm_text_status(const gm_text *t)
{
    return t->failed ? gm_fail(GM_ENOMEM, "text: no memory, or longer than %zu bytes", GM_TEXT_MAX)
                     : GM_OK;
}

void gm_text_free(gm_text *t)
{
    gm_free(t->data);
    *t = (gm_text){0};
}

static bool only_blanks(const char *p)
{
    while (isspace((unsigned char)*p))
        p++;
    return *p == 0;
}

bool gm_parse_real(const char *text, double *out)
{
    char *end;
    double v = strtod(text, &end);
    if (end == text || !only_blanks(end) || !isfinite(v)) return false;
    *out = v;
    return true;
}

bool gm_parse_long(const char *text, long *out)
{
    char *end;
    errno = 0;
    long v = strtol(text, &end, 10);
    if (end == text || !only_blanks(end) || errno == ERANGE) return false;
    *out = v;
    return true;
}

gm_scanner gm_scanner_over(const char *text, size_t length, const char *name)
{
    return (gm_scanner){.at = text, .end = text + length, .name = name, .line = 1};
}

bool gm_scan_at_end(gm_scanner *s)
{
    while (s->at < s->end) {
        char c = *s->at;
        if (c == '\n') s->line++;
        if (s->comment && c == s->comment) {
            while (s->at < s->end && *s->at != '\n')
                s->at++;
        } else if (isspace((unsigned char)c)) {
            s->at++;
        } else {
            return false;
        }
    }
    return true;
}

bool gm_scan_word(gm_scanner *s, const char **word, size_t *length)
{
    if (gm_scan_at_end(s)) return false;
    const char *start = s->at;
    while (s->at < s->end && !isspace((unsigned char)*s->at))
        s->at++;
    *word = start;
    *length = (size_t)(s->at - start);
    return true;
}

gm_status gm_scan_fail(const gm_scanner *s, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return gm_fail(GM_EFORMAT, "%s:%ld: %s", s->name, s->line, text);
}

/* Copies the next word as a NUL-terminated candidate for a number. */
static gm_status number_word(gm_scanner *s, char word[LONGEST_NUMBER + 1], const char *what)
{
    const char *start;
    size_t n;
    if (!gm_scan_word(s, &start, &n))
        return gm_scan_fail(s, "expected %s, found the end of the file", what);
    if (n > LONGEST_NUMBER) return gm_scan_fail(s, "expected %s, found \"%.20s...\"", what, start);
    memcpy(word, start, n);
    word[n] = 0;
    return GM_OK;
}

gm_status gm_scan_real(gm_scanner *s, double *out, const char *what)
{
    char word[LONGEST_NUMBER + 1];
    GM_TRY(number_word(s, word, what));
    if (!gm_parse_real(word, out))
        return gm_scan_fail(s, "expected %s (a finite number), found \"%s\"", what, word);
    return GM_OK;
}

gm_status gm_scan_long(gm_scanner *s, long *out, const char *what)
{
    char word[LONGEST_NUMBER + 1];
    GM_TRY(number_word(s, word, what));
    if (!gm_parse_long(word, out))
        return gm_scan_fail(s, "expected %s (a whole number), found \"%s\"", what, word);
    return GM_OK;
}
