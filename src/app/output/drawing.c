/* The ECG of a result as clinical paper, by base/plot. */
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "output/output.h"
#include "plot/ecg_paper.h"
#include "report/report.h"

static const double record_from_ms = 2500; /* a shorter view is one beat */

static double span_ms(const gm_view *v)
{
    return v->as.series.n < 2 ? 0 : v->as.series.x[v->as.series.n - 1] - v->as.series.x[0];
}

/* The first view on ECG paper that is a record, or one that is a beat; NULL: none. */
static const gm_view *find_view(const gm_result *r, bool is_record)
{
    for (size_t i = 0; i < r->n_views; i++) {
        const gm_view *v = &r->views[i];
        if (v->kind != GM_VIEW_SERIES || !v->as.series.is_ecg_paper || span_ms(v) <= 0) continue;
        if ((span_ms(v) >= record_from_ms) == is_record) return v;
    }
    return NULL;
}

/* The measured curve of a panel where one is, else its first. */
static const gm_curve *shown_curve(const gm_panel *p)
{
    for (size_t i = 0; i < p->n_curves; i++)
        if (p->curves[i].is_reference) return &p->curves[i];
    return p->n_curves ? &p->curves[0] : NULL;
}

typedef struct {
    gm_paper_lead leads[GM_PAPER_MAX_LEADS];
    gm_paper_mark marks[16];
} part_storage;

static gm_paper_part part_of(const gm_view *v, part_storage *s)
{
    if (!v) return (gm_paper_part){0};
    const double *x = v->as.series.x;
    size_t n = v->as.series.n;
    gm_paper_part part = {.n = n,
                          .rate_hz = 1000 * (double)(n - 1) / span_ms(v),
                          .leads = s->leads,
                          .marks = s->marks,
                          .caption = v->title};
    for (size_t i = 0; i < v->as.series.n_panels && part.n_leads < GM_PAPER_MAX_LEADS; i++) {
        const gm_panel *p = &v->as.series.panels[i];
        const gm_curve *curve = shown_curve(p);
        if (curve) s->leads[part.n_leads++] = (gm_paper_lead){p->title, curve->y};
    }
    const gm_panel *first = v->as.series.panels;
    size_t n_marks = v->as.series.n_panels ? first->n_marks : 0;
    for (size_t i = 0; i < n_marks && i < sizeof s->marks / sizeof *s->marks; i++)
        s->marks[part.n_marks++] = (gm_paper_mark){first->marks[i].x - x[0], first->marks[i].label};
    return part;
}

/* GM_ENOTFOUND: nothing to draw. The caller destroys the canvas. */
static gm_status draw(gm_canvas **out, const gm_result *r, gm_canvas_format format)
{
    *out = NULL;
    const gm_view *record = find_view(r, true), *beat = find_view(r, false);
    if (!record && !beat) return gm_fail(GM_ENOTFOUND, "the result has no ECG to draw");
    char left_out[64] = "";
    const gm_view *main = record ? record : beat;
    if (main->as.series.n_panels > GM_PAPER_MAX_LEADS)
        snprintf(left_out, sizeof left_out, "%d of %zu channels", GM_PAPER_MAX_LEADS,
                 main->as.series.n_panels);
    part_storage record_storage, beat_storage;
    gm_ecg_paper paper = {.title = r->title,
                          .subtitle = left_out,
                          .header = main->caption,
                          .record = part_of(record, &record_storage),
                          .beat = part_of(beat, &beat_storage),
                          .rhythm_lead = "II"};
    return gm_plot_ecg_paper(out, format, &paper);
}

gm_status gm_output_ecg_paper(const gm_result *r, const char *path)
{
    gm_canvas_format format;
    gm_canvas *canvas;
    if (gm_canvas_format_of(path, &format) != GM_OK) format = GM_CANVAS_SVG;
    gm_status s = draw(&canvas, r, format);
    if (s != GM_OK) return gm_fail_in(s, "%s", path);
    s = gm_canvas_write(canvas, path);
    gm_canvas_destroy(canvas);
    return s;
}

static gm_status write_page(const gm_result *r, const char *path)
{
    char *svg = NULL;
    size_t length = 0;
    gm_canvas *canvas = NULL;
    gm_text page = {0};
    gm_status s = draw(&canvas, r, GM_CANVAS_SVG);
    if (s == GM_OK) s = gm_canvas_finish(canvas, &svg, &length);
    if (s == GM_ENOTFOUND) s = GM_OK; /* a page without a sheet */
    if (s == GM_OK) s = gm_report_html_with_sheet(r, svg, length, &page);
    if (s == GM_OK) s = gm_file_write(path, page.data, page.length);
    gm_text_free(&page);
    gm_canvas_destroy(canvas);
    gm_free(svg);
    return s;
}

gm_status gm_output_view(const gm_result *r, const char *path)
{
    gm_canvas_format format;
    if (gm_path_ends_with(path, ".html")) return write_page(r, path);
    if (gm_canvas_format_of(path, &format) != GM_OK)
        return gm_fail(GM_EINVAL,
                       "%s: the ending says no format; allowed are .html, .svg, .pdf and .png",
                       path);
    return gm_output_ecg_paper(r, path);
}
