#include "plot/canvas.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/text.h"

struct gm_canvas {
    gm_canvas_format format;
    cairo_surface_t *surface;
    cairo_t *cr;
    gm_text out;
};

static const double POINTS_PER_MM = 72 / 25.4; /* the unit of SVG and PDF surfaces */
static const double TOLERANCE_MM = 0.03;       /* below what a printer shows */

static const char FONT[] = "sans-serif";

gm_colour gm_rgb(unsigned hex)
{
    return (gm_colour){(hex >> 16 & 255) / 255.0, (hex >> 8 & 255) / 255.0, (hex & 255) / 255.0, 1};
}

gm_colour gm_faded(gm_colour c, double alpha)
{
    c.alpha = alpha;
    return c;
}

static cairo_status_t take_bytes(void *closure, const unsigned char *bytes, unsigned n)
{
    gm_canvas *c = closure;
    gm_text_add_bytes(&c->out, bytes, n);
    return c->out.failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

static double units_per_mm(gm_canvas_format f)
{
    return f == GM_CANVAS_PNG ? GM_CANVAS_PNG_DPI / 25.4 : POINTS_PER_MM;
}

static cairo_surface_t *surface_of(gm_canvas *c, double width_mm, double height_mm)
{
    double w = width_mm * units_per_mm(c->format), h = height_mm * units_per_mm(c->format);
    if (c->format == GM_CANVAS_PNG)
        return cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(w), (int)ceil(h));
    if (c->format == GM_CANVAS_PDF) return cairo_pdf_surface_create_for_stream(take_bytes, c, w, h);
    cairo_surface_t *s = cairo_svg_surface_create_for_stream(take_bytes, c, w, h);
    cairo_svg_surface_set_document_unit(s, CAIRO_SVG_UNIT_PT);
    return s;
}

gm_status gm_canvas_create(gm_canvas **out, gm_canvas_format format, double width_mm,
                           double height_mm)
{
    *out = NULL;
    if (!(width_mm > 0 && width_mm <= GM_CANVAS_MAX_MM && height_mm > 0 &&
          height_mm <= GM_CANVAS_MAX_MM))
        return gm_fail(GM_EINVAL, "canvas of %g x %g mm: both must be in (0, %g]", width_mm,
                       height_mm, GM_CANVAS_MAX_MM);
    gm_canvas *c = gm_calloc(1, sizeof *c);
    if (!c) return gm_fail(GM_ENOMEM, "no memory for a canvas");
    c->format = format;
    c->surface = surface_of(c, width_mm, height_mm);
    c->cr = cairo_create(c->surface);
    cairo_scale(c->cr, units_per_mm(format), units_per_mm(format));
    cairo_set_line_join(c->cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(c->cr, CAIRO_LINE_CAP_ROUND);
    gm_canvas_fill(c, (gm_rect){0, 0, width_mm, height_mm}, gm_rgb(0xffffff));
    *out = c;
    return GM_OK;
}

void gm_canvas_destroy(gm_canvas *c)
{
    if (!c) return;
    if (c->cr) cairo_destroy(c->cr);
    if (c->surface) cairo_surface_destroy(c->surface);
    gm_text_free(&c->out);
    gm_free(c);
}

gm_status gm_canvas_finish(gm_canvas *c, char **data, size_t *length)
{
    *data = NULL, *length = 0;
    if (!c->cr) return gm_fail(GM_ESTATE, "this canvas was already finished");
    cairo_status_t s = cairo_status(c->cr);
    cairo_destroy(c->cr);
    c->cr = NULL;
    if (s == CAIRO_STATUS_SUCCESS && c->format == GM_CANVAS_PNG)
        s = cairo_surface_write_to_png_stream(c->surface, take_bytes, c);
    cairo_surface_finish(c->surface);
    if (s == CAIRO_STATUS_SUCCESS) s = cairo_surface_status(c->surface);
    GM_TRY(gm_text_status(&c->out));
    if (s != CAIRO_STATUS_SUCCESS)
        return gm_fail(s == CAIRO_STATUS_NO_MEMORY ? GM_ENOMEM : GM_EIO, "drawing failed: %s",
                       cairo_status_to_string(s));
    *data = c->out.data, *length = c->out.length;
    c->out = (gm_text){0};
    return GM_OK;
}

gm_status gm_canvas_write(gm_canvas *c, const char *path)
{
    char *data;
    size_t length;
    GM_TRY(gm_canvas_finish(c, &data, &length));
    gm_status s = gm_file_write(path, data, length);
    gm_free(data);
    return s;
}

gm_status gm_canvas_format_of(const char *path, gm_canvas_format *out)
{
    static const char *const endings[] = {".svg", ".pdf", ".png"};
    for (int f = GM_CANVAS_SVG; f <= GM_CANVAS_PNG; f++)
        if (gm_path_ends_with(path, endings[f])) {
            *out = (gm_canvas_format)f;
            return GM_OK;
        }
    return gm_fail(GM_EINVAL, "%s: a drawing can be .svg, .pdf or .png", path);
}

/* ---- drawing ------------------------------------------------------------------------------------ */

static void set_colour(gm_canvas *c, gm_colour k)
{
    cairo_set_source_rgba(c->cr, k.red, k.green, k.blue, k.alpha);
}

static void stroke(gm_canvas *c, double width_mm, gm_colour colour)
{
    set_colour(c, colour);
    cairo_set_line_width(c->cr, width_mm);
    cairo_stroke(c->cr);
}

void gm_canvas_line(gm_canvas *c, double x0, double y0, double x1, double y1, double width_mm,
                    gm_colour colour)
{
    cairo_move_to(c->cr, x0, y0);
    cairo_line_to(c->cr, x1, y1);
    stroke(c, width_mm, colour);
}

void gm_canvas_fill(gm_canvas *c, gm_rect r, gm_colour colour)
{
    set_colour(c, colour);
    cairo_rectangle(c->cr, r.x, r.y, r.width, r.height);
    cairo_fill(c->cr);
}

void gm_canvas_frame(gm_canvas *c, gm_rect r, double width_mm, gm_colour colour)
{
    cairo_rectangle(c->cr, r.x, r.y, r.width, r.height);
    stroke(c, width_mm, colour);
}

static bool is_near_line(const double (*xy)[2], size_t from, size_t to)
{
    double dx = xy[to][0] - xy[from][0], dy = xy[to][1] - xy[from][1], length = hypot(dx, dy);
    for (size_t i = from + 1; i < to; i++) {
        double ex = xy[i][0] - xy[from][0], ey = xy[i][1] - xy[from][1];
        double away = length > 0 ? fabs(dx * ey - dy * ex) / length : hypot(ex, ey);
        if (!(away < TOLERANCE_MM)) return false;
    }
    return true;
}

/* Longest step from `from` whose skipped points all lie on it (opening window, at most 64). */
static size_t next_point(const double (*xy)[2], size_t from, size_t n)
{
    size_t to = from + 1;
    while (to + 1 < n && to < from + 64 && isfinite(xy[to + 1][0] + xy[to + 1][1]) &&
           is_near_line(xy, from, to + 1))
        to++;
    return to;
}

void gm_canvas_polyline(gm_canvas *c, const double (*xy)[2], size_t n, double width_mm,
                        gm_colour colour)
{
    bool is_down = false;
    for (size_t i = 0; i < n;) {
        if (!isfinite(xy[i][0] + xy[i][1])) {
            is_down = false;
            i++;
            continue;
        }
        if (is_down)
            cairo_line_to(c->cr, xy[i][0], xy[i][1]);
        else
            cairo_move_to(c->cr, xy[i][0], xy[i][1]);
        is_down = true;
        i = next_point(xy, i, n);
    }
    stroke(c, width_mm, colour);
}

static void set_font(gm_canvas *c, double size_mm, bool bold)
{
    cairo_select_font_face(c->cr, FONT, CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(c->cr, size_mm);
}

double gm_canvas_text_width(gm_canvas *c, double size_mm, bool bold, const char *text)
{
    cairo_text_extents_t e;
    set_font(c, size_mm, bold);
    cairo_text_extents(c->cr, text, &e);
    return e.x_advance;
}

void gm_canvas_text(gm_canvas *c, double x, double y, double size_mm, gm_align align, bool bold,
                    gm_colour colour, const char *text)
{
    double width = gm_canvas_text_width(c, size_mm, bold, text);
    set_colour(c, colour);
    cairo_move_to(c->cr,
                  x - (align == GM_ALIGN_LEFT     ? 0
                       : align == GM_ALIGN_CENTRE ? width / 2
                                                  : width),
                  y);
    cairo_show_text(c->cr, text);
    cairo_new_path(c->cr);
}

void gm_canvas_clip(gm_canvas *c, gm_rect r)
{
    cairo_save(c->cr);
    cairo_rectangle(c->cr, r.x, r.y, r.width, r.height);
    cairo_clip(c->cr);
}

void gm_canvas_unclip(gm_canvas *c)
{
    cairo_restore(c->cr);
}
