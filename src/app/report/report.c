#include "report/report.h"

#include <ctype.h>
#include <string.h>

#include "core/hash.h"
#include "report/assets.h"
#include "report/encode.h"
#include "report/views.h"

enum { WIDE_TABLE_COLUMNS = 5, DIGITS = 9 };

static void add_tag(gm_text *t, const char *before, const char *text, const char *after)
{
    gm_text_add(t, before);
    gm_html_add(t, text);
    gm_text_add(t, after);
}

/* ---- tables: plain HTML, so that they can be read without a script ------------------------------- */

static const char *cell(const gm_view *v, size_t row, size_t column)
{
    const char *text = v->as.table.cells[row * v->as.table.n_columns + column];
    return text ? text : "";
}

/* A column whose every cell begins like a number is set flush right. */
static bool is_numeric(const gm_view *v, size_t column)
{
    for (size_t row = 1; row < v->as.table.n_rows; row++) {
        const char *c = cell(v, row, column);
        size_t sign = strspn(c, "+-.<> ");
        if (!strncmp(c, "\xe2\x88\x92", 3)) sign = 3; /* U+2212, the minus of print */
        if (*c && !isdigit((unsigned char)c[sign])) return false;
    }
    return v->as.table.n_rows > 1;
}

static void add_row(gm_text *t, const gm_view *v, size_t row)
{
    gm_text_add(t, "<tr>");
    for (size_t j = 0; j < v->as.table.n_columns; j++) {
        const char *class = is_numeric(v, j) ? " class=\"number\"" : "";
        const char *tag = row == 0 || j == 0 ? "th" : "td";
        const char *scope = row == 0 ? " scope=\"col\"" : j == 0 ? " scope=\"row\"" : "";
        gm_text_addf(t, "<%s%s%s>", tag, scope, class);
        gm_html_add(t, cell(v, row, j));
        gm_text_addf(t, "</%s>", tag);
    }
    gm_text_add(t, "</tr>\n");
}

static gm_status add_table(gm_text *t, const gm_view *v)
{
    if (v->as.table.n_rows == 0 || v->as.table.n_columns == 0) {
        gm_text_add(t, "<p class=\"empty\">nothing to show</p>\n");
        return GM_OK;
    }
    if (!v->as.table.cells)
        return gm_fail(GM_EINVAL, "report: view \"%.80s\" (table) has no cells", v->title);
    gm_text_add(t, "<div class=\"scroll\" tabindex=\"0\" role=\"group\"><table><thead>\n");
    add_row(t, v, 0);
    gm_text_add(t, "</thead><tbody>\n");
    for (size_t i = 1; i < v->as.table.n_rows; i++)
        add_row(t, v, i);
    gm_text_add(t, "</tbody></table></div>\n");
    return GM_OK;
}

/* ---- sections ------------------------------------------------------------------------------------ */

static bool is_wide(const gm_view *v)
{
    switch (v->kind) {
    case GM_VIEW_SERIES:
    case GM_VIEW_SURFACE: return true;
    case GM_VIEW_TABLE: return v->as.table.n_columns >= WIDE_TABLE_COLUMNS;
    default: return false;
    }
}

static gm_status add_section(gm_text *t, const gm_view *v, size_t i)
{
    gm_text_addf(t, "<section class=\"view %s%s\" aria-labelledby=\"title-%zu\">\n",
                 gm_view_kind_name(v->kind), is_wide(v) ? " wide" : "", i);
    gm_text_addf(t, "<h2 id=\"title-%zu\">", i);
    add_tag(t, "", v->title, "</h2>\n");
    if (v->caption && *v->caption) add_tag(t, "<p class=\"caption\">", v->caption, "</p>\n");
    if (v->kind == GM_VIEW_TABLE) GM_TRY(add_table(t, v));
    if (v->kind != GM_VIEW_TABLE)
        gm_text_addf(t,
                     "<div class=\"drawing\" id=\"view-%zu\"><noscript>This picture needs "
                     "JavaScript.</noscript></div>\n",
                     i);
    gm_text_add(t, "</section>\n");
    return GM_OK;
}

static gm_status add_sections(gm_text *t, const gm_result *r)
{
    gm_text_add(t, "<main>\n");
    for (size_t i = 0; i < r->n_views; i++)
        GM_TRY(add_section(t, &r->views[i], i));
    if (r->n_views == 0) gm_text_add(t, "<p class=\"empty\">This result has no pictures.</p>\n");
    gm_text_add(t, "</main>\n");
    return GM_OK;
}

static gm_status add_provenance(gm_text *t, const json_t *values)
{
    if (!values) return GM_OK;
    gm_text plain = {0};
    gm_status s = gm_json_write(values, DIGITS, &plain);
    if (s == GM_OK)
        add_tag(t,
                "<details class=\"provenance\"><summary>Provenance and all values (JSON)"
                "</summary><pre tabindex=\"0\">",
                plain.data, "</pre></details>\n");
    gm_text_free(&plain);
    return s;
}

static gm_status add_data(gm_text *t, const gm_result *r)
{
    gm_text_add(t, "<script type=\"application/json\" id=\"gm-data\">{\"views\":[\n");
    for (size_t i = 0; i < r->n_views; i++) {
        if (i) gm_text_add(t, ",\n");
        GM_TRY(gm_view_json_add(t, &r->views[i]));
    }
    gm_text_add(t, "]}</script>\n");
    return GM_OK;
}

/* ---- the page ------------------------------------------------------------------------------------ */

static void bytes_of_hex(const char *hex, unsigned char bytes[32])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < 32; i++)
        bytes[i] = (unsigned char)((strchr(digits, hex[2 * i]) - digits) << 4 |
                                   (strchr(digits, hex[2 * i + 1]) - digits));
}

/* The page may run its own script and nothing else, and may fetch nothing: whatever a text in the
 * result tries, the browser refuses it. */
static gm_status add_policy(gm_text *t)
{
    char hex[GM_HASH_TEXT];
    unsigned char hash[32];
    GM_TRY(gm_hash_bytes(gm_report_js, gm_report_js_size, hex));
    bytes_of_hex(hex, hash);
    gm_text_add(t, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                   "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
                   "script-src 'sha256-");
    gm_base64_add(t, hash, sizeof hash);
    gm_text_add(t, "'\">\n");
    return GM_OK;
}

static const char *title_of(const gm_result *r)
{
    return r->title && *r->title ? r->title : "Gemel report";
}

static gm_status add_head(gm_text *t, const gm_result *r)
{
    gm_text_add(t, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    GM_TRY(add_policy(t));
    gm_text_add(t, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                   "<meta name=\"color-scheme\" content=\"light dark\">\n"
                   "<meta name=\"generator\" content=\"Gemel " GM_VERSION "\">\n");
    add_tag(t, "<title>", title_of(r), "</title>\n<style>\n");
    gm_text_add_bytes(t, gm_report_css, gm_report_css_size);
    gm_text_add(t, "</style>\n</head>\n");
    return GM_OK;
}

/* A summary laid out in columns for a terminal keeps them: letters of one width. */
static void add_summary(gm_text *t, const char *summary)
{
    if (!summary || !*summary) return;
    gm_text_addf(t, "<p class=\"summary%s\">", strstr(summary, "  ") ? " aligned" : "");
    add_tag(t, "", summary, "</p>\n");
}

/* An SVG document, across an A4 page. */
typedef struct {
    const char *svg;
    size_t length;
} sheet;

static void add_sheet(gm_text *t, const sheet *s)
{
    if (!s->svg) return;
    gm_text_add(t, "<figure class=\"sheet\"><img alt=\"the ECG on clinical paper\" "
                   "src=\"data:image/svg+xml;base64,");
    gm_base64_add(t, s->svg, s->length);
    gm_text_add(t, "\"></figure>\n");
}

static gm_status add_page(gm_text *t, const gm_result *r, const sheet *s)
{
    GM_TRY(add_head(t, r));
    gm_text_add(t, "<body>\n<header>\n<p class=\"brand\">Gemel digital twin</p>\n");
    add_tag(t, "<h1>", title_of(r), "</h1>\n");
    add_summary(t, r->summary);
    gm_text_add(t, "</header>\n");
    add_sheet(t, s);
    GM_TRY(add_sections(t, r));
    GM_TRY(add_provenance(t, r->values));
    gm_text_add(t, "<footer>Made by Gemel " GM_VERSION ". A model result for research; "
                   "not a diagnosis.</footer>\n");
    GM_TRY(add_data(t, r));
    gm_text_add(t, "<script>");
    gm_text_add_bytes(t, gm_report_js, gm_report_js_size);
    gm_text_add(t, "</script>\n</body>\n</html>\n");
    return gm_text_status(t);
}

gm_status gm_report_html_with_sheet(const gm_result *r, const char *svg, size_t svg_length,
                                    gm_text *out)
{
    gm_text page = {0};
    gm_status s = add_page(&page, r, &(sheet){svg, svg_length});
    if (s == GM_OK) gm_text_add_bytes(out, page.data, page.length);
    if (s == GM_OK) s = gm_text_status(out);
    gm_text_free(&page);
    return s;
}

gm_status gm_report_html(const gm_result *r, gm_text *out)
{
    return gm_report_html_with_sheet(r, NULL, 0, out);
}
