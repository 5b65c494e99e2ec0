/* numbers.h - numbers out of and into mesh files, fast and to the last bit.
 *
 * Reading: decimal text of up to 19 digits is converted by one exactly rounded operation where that
 * is possible (Clinger 1990, "How to read floating point numbers accurately"), otherwise by
 * strtod(); either way the result is the nearest double. `shift` moves the decimal point: -3 reads
 * um as mm without a second rounding. Writing: up to 17 digits, so that the same double is read back;
 * fewer where they do.
 */
#ifndef GM_GEOMETRY_NUMBERS_H
#define GM_GEOMETRY_NUMBERS_H

#include <stdint.h>

#include "core/text.h"

/* The next word as a finite number or a 32-bit whole number. Fail as gm_scan_real() does. */
gm_status gm_number_real(gm_scanner *s, int shift, double *out, const char *what);
gm_status gm_number_int(gm_scanner *s, int32_t *out, const char *what);
gm_status gm_number_reals(gm_scanner *s, int shift, double *out, size_t n, const char *what);

/* A count that a file of this many more bytes can hold, if each item takes at least `least_bytes`:
 * an absurd count is refused (GM_EFORMAT) before memory is asked for. */
gm_status gm_number_count(gm_scanner *s, size_t least_bytes, size_t *out, const char *what);

/* Whether another word follows on the line where the scanner stands. */
bool gm_number_more_on_line(gm_scanner *s);

enum { GM_NUMBER_TEXT = 48 };
/* v moved by `shift` decimal places; the length is returned. */
int gm_number_print(char out[GM_NUMBER_TEXT], double v, int shift);
void gm_number_add(gm_text *t, double v, int shift);
void gm_number_add_int(gm_text *t, int64_t v);

#endif
