#include "table/csv.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/text.h"

enum { MAX_BYTES = 1 << 30 }; /* of one table in memory: the cells cost up to 9 times as much */

/* An array that doubles; one for the starts of cells, one for rows, one for comments. */
typedef struct {
    size_t *at, n, capacity;
} offsets;

struct gm_csv {
    char *name;
    char *text;    /* all cells and comments, each NUL-terminated */
    size_t n_text; /* bytes written in text */
    offsets cells; /* where cell k starts in text */
    offsets rows;  /* index of the first cell of each row; one more at the end */
    offsets lines; /* of each row */
    offsets comments;
};

/* What is left to read. `line` is the physical line of `at`. */
typedef struct {
    const char *at, *end;
    size_t line;
    char separator;
    gm_csv_options options;
    gm_csv *table;
} reader;

gm_csv_options gm_csv_options_defaults(void)
{
    return (gm_csv_options){.comment = '#', .max_rows = 10000000, .max_columns = 10000};
}

static gm_status push(offsets *o, size_t value)
{
    if (o->n == o->capacity) {
        size_t capacity = o->capacity ? 2 * o->capacity : 64;
        size_t *at = gm_realloc(o->at, capacity, sizeof *at);
        if (!at) return gm_fail(GM_ENOMEM, "table: no memory for %zu entries", capacity);
        o->at = at;
        o->capacity = capacity;
    }
    o->at[o->n++] = value;
    return GM_OK;
}

static gm_status fail_at(const reader *r, size_t line, const char *text)
{
    return gm_fail(GM_EFORMAT, "%s:%zu: %s", r->table->name, line, text);
}

static bool at_line_end(const reader *r)
{
    return r->at == r->end || *r->at == '\n' || *r->at == '\r';
}

/* Steps over LF, CRLF or CR, if one is here. */
static void skip_line_end(reader *r)
{
    if (r->at == r->end) return;
    if (*r->at == '\r' && r->at + 1 < r->end && r->at[1] == '\n') r->at++;
    r->at++;
    r->line++;
}

static void put(reader *r, char c)
{
    r->table->text[r->table->n_text++] = c;
}

static gm_status read_quoted(reader *r)
{
    size_t first_line = r->line;
    for (r->at++; r->at < r->end; r->at++) {
        if (*r->at == '"') {
            if (r->at + 1 == r->end || r->at[1] != '"') {
                r->at++;
                if (at_line_end(r) || *r->at == r->separator) return GM_OK;
                return fail_at(r, r->line, "text after the closing quote of a cell");
            }
            r->at++;
        } else if (*r->at == '\n' ||
                   (*r->at == '\r' && (r->at + 1 == r->end || r->at[1] != '\n'))) {
            r->line++;
        }
        put(r, *r->at);
    }
    return fail_at(r, first_line, "this cell's opening quote is never closed");
}

static gm_status read_plain(reader *r)
{
    for (; !at_line_end(r) && *r->at != r->separator; r->at++) {
        if (*r->at == '"')
            return fail_at(r, r->line,
                           "a quote inside a cell that does not start with one (RFC 4180 wants the "
                           "whole cell in quotes and the quote doubled)");
        put(r, *r->at);
    }
    return GM_OK;
}

static gm_status check_width(const reader *r, size_t n_cells, size_t line)
{
    const gm_csv *t = r->table;
    if (r->options.ragged || t->rows.n <= 1) return GM_OK;
    size_t expected = t->rows.at[1] - t->rows.at[0];
    if (n_cells == expected) return GM_OK;
    return gm_fail(GM_EFORMAT, "%s:%zu: %zu cells, but the first row has %zu", t->name, line,
                   n_cells, expected);
}

static gm_status read_row(reader *r)
{
    gm_csv *t = r->table;
    size_t line = r->line, first = t->cells.n;
    if (t->rows.n >= r->options.max_rows)
        return gm_fail(GM_EFORMAT, "%s:%zu: more than the %zu rows allowed", t->name, line,
                       r->options.max_rows);
    GM_TRY(push(&t->rows, first));
    GM_TRY(push(&t->lines, line));
    for (;;) {
        if (t->cells.n - first >= r->options.max_columns)
            return gm_fail(GM_EFORMAT, "%s:%zu: more than the %zu columns allowed", t->name, line,
                           r->options.max_columns);
        GM_TRY(push(&t->cells, t->n_text));
        GM_TRY(r->at < r->end && *r->at == '"' ? read_quoted(r) : read_plain(r));
        put(r, 0);
        if (at_line_end(r)) break;
        r->at++;
    }
    skip_line_end(r);
    return check_width(r, t->cells.n - first, line);
}

static gm_status read_comment(reader *r)
{
    gm_csv *t = r->table;
    GM_TRY(push(&t->comments, t->n_text));
    r->at++;
    while (!at_line_end(r) && isspace((unsigned char)*r->at))
        r->at++;
    const char *start = r->at;
    while (!at_line_end(r))
        r->at++;
    const char *stop = r->at;
    while (stop > start && isspace((unsigned char)stop[-1]))
        stop--;
    for (const char *p = start; p < stop; p++)
        put(r, *p);
    put(r, 0);
    skip_line_end(r);
    return GM_OK;
}

/* The candidate that occurs most often, outside quotes, in the row that starts at `at`. */
static char separator_of(const char *at, const char *end)
{
    static const char candidates[] = ",;\t";
    size_t n[3] = {0};
    bool quoted = false;
    for (; at < end && (quoted || (*at != '\n' && *at != '\r')); at++) {
        if (*at == '"') quoted = !quoted;
        const char *c = quoted || !*at ? NULL : strchr(candidates, *at);
        if (c) n[c - candidates]++;
    }
    size_t best = n[1] > n[0] ? 1 : 0;
    return candidates[n[2] > n[best] ? 2 : best];
}

static gm_status read_lines(reader *r)
{
    while (r->at < r->end) {
        if (at_line_end(r)) {
            skip_line_end(r);
        } else if (r->options.comment && *r->at == r->options.comment) {
            GM_TRY(read_comment(r));
        } else {
            if (!r->separator) r->separator = separator_of(r->at, r->end);
            GM_TRY(read_row(r));
        }
    }
    if (r->table->rows.n == 0) return fail_at(r, r->line, "the table has no row");
    return push(&r->table->rows, r->table->cells.n);
}

static gm_status parse(gm_csv *t, const char *bytes, size_t length, const char *name,
                       const gm_csv_options *options)
{
    t->name = gm_strdup(name);
    /* A cell is never longer than its source with the separator or line end after it, a comment
     * neither; the last one may lack that. */
    t->text = gm_calloc(length + 1, 1);
    if (!t->name || !t->text) return gm_fail(GM_ENOMEM, "%s: no memory for the table", name);
    reader r = {.at = bytes, .end = bytes + length, .line = 1, .table = t, .options = *options};
    r.separator = options->separator;
    const char *nul = length ? memchr(bytes, 0, length) : NULL;
    if (nul)
        return gm_fail(GM_EFORMAT, "%s: byte %zu is NUL: not a text table", name,
                       (size_t)(nul - bytes));
    if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) r.at += 3;
    return read_lines(&r);
}

gm_status gm_csv_parse(gm_csv **out, const void *bytes, size_t length, const char *name,
                       const gm_csv_options *options)
{
    *out = NULL;
    if (length > MAX_BYTES)
        return gm_fail(GM_EFORMAT, "%s: %zu bytes, more than the %d allowed", name, length,
                       MAX_BYTES);
    gm_csv_options o = options ? *options : gm_csv_options_defaults();
    gm_csv *t = gm_calloc(1, sizeof *t);
    if (!t) return gm_fail(GM_ENOMEM, "%s: no memory for the table", name);
    gm_status s = parse(t, bytes, length, name, &o);
    if (s != GM_OK) {
        gm_csv_destroy(t);
        return s;
    }
    *out = t;
    return GM_OK;
}

gm_status gm_csv_read(gm_csv **out, const char *path, const gm_csv_options *options)
{
    *out = NULL;
    char *bytes;
    size_t length;
    GM_TRY(gm_file_read(&bytes, &length, path, MAX_BYTES));
    gm_status s = gm_csv_parse(out, bytes, length, path, options);
    gm_free(bytes);
    return s;
}

void gm_csv_destroy(gm_csv *t)
{
    if (!t) return;
    gm_free(t->name);
    gm_free(t->text);
    gm_free(t->cells.at);
    gm_free(t->rows.at);
    gm_free(t->lines.at);
    gm_free(t->comments.at);
    gm_free(t);
}

const char *gm_csv_name(const gm_csv *t)
{
    return t->name;
}

size_t gm_csv_n_rows(const gm_csv *t)
{
    return t->rows.n - 1;
}

size_t gm_csv_n_cells(const gm_csv *t, size_t row)
{
    return row < gm_csv_n_rows(t) ? t->rows.at[row + 1] - t->rows.at[row] : 0;
}

long gm_csv_line(const gm_csv *t, size_t row)
{
    return row < t->lines.n ? (long)t->lines.at[row] : 0;
}

const char *gm_csv_cell(const gm_csv *t, size_t row, size_t column)
{
    if (column >= gm_csv_n_cells(t, row)) return "";
    return t->text + t->cells.at[t->rows.at[row] + column];
}

size_t gm_csv_n_comments(const gm_csv *t)
{
    return t->comments.n;
}

const char *gm_csv_comment(const gm_csv *t, size_t i)
{
    return i < t->comments.n ? t->text + t->comments.at[i] : "";
}

static bool same_heading(const char *cell, const char *heading)
{
    while (isspace((unsigned char)*cell))
        cell++;
    size_t n = strlen(cell);
    while (n && isspace((unsigned char)cell[n - 1]))
        n--;
    return n == strlen(heading) && strncasecmp(cell, heading, n) == 0;
}

long gm_csv_column(const gm_csv *t, const char *heading)
{
    for (size_t c = 0; c < gm_csv_n_cells(t, 0); c++)
        if (same_heading(gm_csv_cell(t, 0, c), heading)) return (long)c;
    return -1;
}

gm_status gm_csv_real(const gm_csv *t, size_t row, size_t column, const char *what, double *out)
{
    const char *cell = gm_csv_cell(t, row, column);
    if (gm_parse_real(cell, out)) return GM_OK;
    return gm_csv_fail(t, row, "column %zu: expected %s (a finite number), found \"%.40s\"",
                       column + 1, what, cell);
}

gm_status gm_csv_fail(const gm_csv *t, size_t row, const char *fmt, ...)
{
    char text[768];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return gm_fail(GM_EFORMAT, "%s:%ld: %s", t->name, gm_csv_line(t, row), text);
}
