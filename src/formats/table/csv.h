/* csv.h - comma-separated tables as people and spreadsheets write them, read strictly.
 *
 * RFC 4180: cells in double quotes may hold separators, newlines and doubled quotes. Besides: comma,
 * semicolon or tab; LF, CRLF or CR; a UTF-8 byte order mark and blank lines are skipped; lines that
 * start with a comment character are set aside. Every row has as many cells as the first one.
 *
 * Messages read "file:line: ...", where line is the physical line on which the row starts.
 * A gm_csv is immutable after reading.
 */
#ifndef GM_TABLE_CSV_H
#define GM_TABLE_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

typedef struct {
    char separator;  /* ',' ';' '\t', or 0: the one that the first row has most of */
    char comment;    /* a line that starts with it is a comment; 0: none are */
    bool ragged;     /* rows may differ in length */
    size_t max_rows; /* a longer table is refused */
    size_t max_columns;
} gm_csv_options;

gm_csv_options gm_csv_options_defaults(void); /* 0, '#', false, 10,000,000 rows, 10,000 columns */

typedef struct gm_csv gm_csv;

/* `name` stands in messages; options NULL: the defaults. Fails with GM_EFORMAT, GM_ENOMEM, and on a
 * file with GM_ENOTFOUND and GM_EIO. A table without any row is refused. */
gm_status gm_csv_parse(gm_csv **out, const void *bytes, size_t length, const char *name,
                       const gm_csv_options *options);
gm_status gm_csv_read(gm_csv **out, const char *path, const gm_csv_options *options);
void gm_csv_destroy(gm_csv *t); /* NULL is allowed */

const char *gm_csv_name(const gm_csv *t);
size_t gm_csv_n_rows(const gm_csv *t); /* a heading counts as a row */
size_t gm_csv_n_cells(const gm_csv *t, size_t row);
long gm_csv_line(const gm_csv *t, size_t row); /* 1-based */
/* The cell's text, quotes resolved; "" outside the table. Owned by the table. */
const char *gm_csv_cell(const gm_csv *t, size_t row, size_t column);

/* Comment lines in order, without the comment character and the blanks around them. */
size_t gm_csv_n_comments(const gm_csv *t);
const char *gm_csv_comment(const gm_csv *t, size_t i);

/* The column whose heading (row 0) is `heading`, ignoring case and blanks around it; -1: none. */
long gm_csv_column(const gm_csv *t, const char *heading);

/* The cell as a finite number. `what` says in the message what was expected ("x in mm"). */
gm_status gm_csv_real(const gm_csv *t, size_t row, size_t column, const char *what, double *out);

/* GM_EFORMAT with "file:line: " of the row before the message. */
gm_status gm_csv_fail(const gm_csv *t, size_t row, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
