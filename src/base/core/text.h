/* text.h - a growing text buffer with a maximum, and careful number parsing.
 *
 * A gm_text starts as {0}. After the first failed append it stays as it was and remembers the
 * failure: check gm_text_status() once at the end. One thread at a time per buffer.
 */
#ifndef GM_CORE_TEXT_H
#define GM_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

#define GM_TEXT_MAX ((size_t)1 << 31) /* bytes; a larger document is a mistake */

typedef struct {
    char *data; /* NUL-terminated once anything was appended; NULL before */
    size_t length, capacity;
    bool failed;
} gm_text;

void gm_text_add(gm_text *t, const char *piece);
void gm_text_add_bytes(gm_text *t, const void *bytes, size_t n);
void gm_text_addf(gm_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
gm_status gm_text_status(const gm_text *t); /* GM_ENOMEM if an append was lost */
void gm_text_free(gm_text *t);

/* Whole-string number parsing in the C locale: true iff all of `text` (blanks around it allowed) is
 * one finite number (gm_parse_real) or one integer in long range. */
bool gm_parse_real(const char *text, double *out);
bool gm_parse_long(const char *text, long *out);

/* A cursor over a text of blank-separated words that counts lines: for mesh and table files.
 * The text need not be NUL-terminated. Comments: from `comment` (0: none) to the end of the line. */
typedef struct {
    const char *at, *end;
    const char *name; /* of the file, for messages; not owned */
    long line;        /* 1-based */
    char comment;
} gm_scanner;

gm_scanner gm_scanner_over(const char *text, size_t length, const char *name);
bool gm_scan_at_end(gm_scanner *s); /* skips blanks and comments first */
/* The next word, not NUL-terminated; false at the end. */
bool gm_scan_word(gm_scanner *s, const char **word, size_t *length);
/* `what` names the expected thing in the message: "file:line: expected <what>, found ...".
 * A real must be finite. Fail with GM_EFORMAT. */
gm_status gm_scan_real(gm_scanner *s, double *out, const char *what);
gm_status gm_scan_long(gm_scanner *s, long *out, const char *what);
gm_status gm_scan_fail(const gm_scanner *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
