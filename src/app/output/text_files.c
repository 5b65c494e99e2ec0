/* Files of text: columns of numbers, CSV tables, JSON documents. */
#include <math.h>
#include <stdio.h>

#include "output/output.h"

enum { MOST_DECIMALS = 15, JSON_DIGITS = 12, LONGEST_REAL = 340 };
#define EXACT_BELOW 9.0e15 /* under 2^53, so that the scaled value is an exact whole number */

static const double powers_of_ten[MOST_DECIMALS + 1] = {
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
};

/* Appends v with `decimals` digits behind the point and then `after`. Written by hand because an
 * ensemble has tens of millions of numbers and snprintf() is some ten times slower. */
static void add_fixed(gm_text *out, double v, int decimals, char after)
{
    double scaled = fabs(v) * powers_of_ten[decimals];
    char buffer[64], *end = buffer + sizeof buffer, *at = end;
    if (!(scaled < EXACT_BELOW)) { /* also NaN */
        gm_text_addf(out, "%.*f%c", decimals, v, after);
        return;
    }
    unsigned long long digits = (unsigned long long)nearbyint(scaled);
    bool is_negative = v < 0 && digits > 0;
    *--at = after;
    for (int i = 0; i < decimals; i++, digits /= 10)
        *--at = (char)('0' + digits % 10);
    if (decimals) *--at = '.';
    do {
        *--at = (char)('0' + digits % 10);
        digits /= 10;
    } while (digits);
    if (is_negative) *--at = '-';
    gm_text_add_bytes(out, at, (size_t)(end - at));
}

static int usable_decimals(int decimals)
{
    return decimals < 0 ? 0 : decimals > MOST_DECIMALS ? MOST_DECIMALS : decimals;
}

static void add_column(const gm_file *f, gm_text *out)
{
    int decimals = usable_decimals(f->as.column.decimals);
    for (size_t i = 0; i < f->as.column.n; i++)
        add_fixed(out, f->as.column.values[i], decimals, '\n');
}

static void add_csv(const gm_file *f, gm_text *out)
{
    int decimals = usable_decimals(f->as.csv.decimals);
    size_t n = f->as.csv.n_columns;
    gm_text_addf(out, "%s\n", f->as.csv.header);
    for (size_t i = 0; i < f->as.csv.n_rows; i++) {
        const double *row = f->as.csv.values + i * n;
        gm_text_addf(out, "%g%c", row[0], n > 1 ? ',' : '\n');
        for (size_t j = 1; j < n; j++)
            add_fixed(out, row[j], decimals, j + 1 < n ? ',' : '\n');
    }
}

gm_status gm_output_text(const gm_file *f, gm_text *out)
{
    switch (f->kind) {
    case GM_FILE_COLUMN: add_column(f, out); break;
    case GM_FILE_CSV: add_csv(f, out); break;
    case GM_FILE_JSON: return gm_json_write(f->as.json, JSON_DIGITS, out);
    case GM_FILE_TEXT: gm_text_add(out, f->as.text ? f->as.text : ""); break;
    default: return gm_fail(GM_EINVAL, "%s: not a file of text", f->path);
    }
    return gm_text_status(out);
}
