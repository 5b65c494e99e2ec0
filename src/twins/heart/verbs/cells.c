#include "heart/verbs/cells.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

void gm_cells_put(gm_cells *c, const char *text)
{
    gm_text_add_bytes(&c->text, text, strlen(text) + 1);
    c->n++;
}

void gm_cells_put_number(gm_cells *c, double v, int decimals)
{
    char text[64] = "unknown";
    if (isfinite(v)) snprintf(text, sizeof text, "%.*f", decimals, v);
    gm_cells_put(c, text);
}

gm_status gm_cells_add_table(gm_result *out, gm_cells *c, const char *title, const char *caption)
{
    gm_status s = gm_text_status(&c->text);
    const char **cells = gm_calloc(c->n, sizeof *cells);
    if (s == GM_OK && !cells) s = gm_fail(GM_ENOMEM, "no memory for a table");
    const char *at = c->text.data;
    for (size_t i = 0; s == GM_OK && i < c->n; i++, at += strlen(at) + 1)
        cells[i] = at;
    if (s == GM_OK)
        s = gm_result_add_table(out, title, caption, c->n / c->n_columns, c->n_columns, cells);
    gm_free(cells);
    gm_text_free(&c->text);
    c->n = 0;
    return s;
}
