/* cells.h - the cells of a table, row by row, before their number is known. */
#ifndef GM_HEART_VERBS_CELLS_H
#define GM_HEART_VERBS_CELLS_H

#include "core/text.h"
#include "kind/result.h"

typedef struct {
    gm_text text; /* NUL-separated */
    size_t n, n_columns;
} gm_cells; /* starts as {.n_columns = N} */

void gm_cells_put(gm_cells *c, const char *text);
void gm_cells_put_number(gm_cells *c, double v, int decimals); /* "unknown" for NaN */

/* Adds the table, first row the heading, and empties *c also after a failure. Fails with GM_ENOMEM. */
gm_status gm_cells_add_table(gm_result *out, gm_cells *c, const char *title, const char *caption);

#endif
