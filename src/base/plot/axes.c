#include "plot/axes.h"

#include <math.h>
#include <stdio.h>

#include "core/alloc.h"

static const double TICK_MM = 1.2, LABEL_MM = 3, LINE_MM = 0.2;
static const double MM_PER_X_TICK = 25, MM_PER_Y_TICK = 12;

double gm_nice_step(double range, int wanted)
{
    double raw = range / wanted, power = pow(10, floor(log10(raw))), part = raw / power;
    return power * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10);
}

double gm_axes_x(const gm_axes *a, double x)
{
    return a->frame.x + (x - a->x_min) / (a->x_max - a->x_min) * a->frame.width;
}

double gm_axes_y(const gm_axes *a, double y)
{
    return a->frame.y + (a->y_max - y) / (a->y_max - a->y_min) * a->frame.height;
}

static int wanted_ticks(double length_mm, double mm_per_tick)
{
    int n = (int)(length_mm / mm_per_tick + 0.5);
    return n < 2 ? 2 : n;
}

static void draw_x(gm_canvas *c, const gm_axes *a, gm_colour ink)
{
    double step = gm_nice_step(a->x_max - a->x_min, wanted_ticks(a->frame.width, MM_PER_X_TICK));
    double bottom = a->frame.y + a->frame.height;
    char text[32];
    for (double k = ceil(a->x_min / step); k * step <= a->x_max * (1 + 1e-12); k++) {
        double x = gm_axes_x(a, k * step);
        gm_canvas_line(c, x, bottom, x, bottom + TICK_MM, LINE_MM, ink);
        snprintf(text, sizeof text, "%g", k * step + 0.0);
        gm_canvas_text(c, x, bottom + TICK_MM + LABEL_MM, LABEL_MM, GM_ALIGN_CENTRE, false, ink,
                       text);
    }
    if (a->x_label)
        gm_canvas_text(c, a->frame.x + a->frame.width / 2, bottom + TICK_MM + 2.4 * LABEL_MM,
                       LABEL_MM, GM_ALIGN_CENTRE, false, ink, a->x_label);
}

static void draw_y(gm_canvas *c, const gm_axes *a, gm_colour ink)
{
    double step = gm_nice_step(a->y_max - a->y_min, wanted_ticks(a->frame.height, MM_PER_Y_TICK));
    char text[32];
    for (double k = ceil(a->y_min / step); k * step <= a->y_max * (1 + 1e-12); k++) {
        double y = gm_axes_y(a, k * step);
        gm_canvas_line(c, a->frame.x - TICK_MM, y, a->frame.x, y, LINE_MM, ink);
        snprintf(text, sizeof text, "%g", k * step + 0.0);
        gm_canvas_text(c, a->frame.x - TICK_MM - 0.6, y + LABEL_MM / 3, LABEL_MM, GM_ALIGN_RIGHT,
                       false, ink, text);
    }
    if (a->y_label)
        gm_canvas_text(c, a->frame.x, a->frame.y - LABEL_MM / 2, LABEL_MM, GM_ALIGN_LEFT, false,
                       ink, a->y_label);
}

gm_status gm_axes_draw(gm_canvas *c, const gm_axes *a)
{
    if (!(a->x_max > a->x_min && a->y_max > a->y_min && isfinite(a->x_max - a->x_min) &&
          isfinite(a->y_max - a->y_min)))
        return gm_fail(GM_EINVAL, "axes from %g to %g and %g to %g: must grow and be finite",
                       a->x_min, a->x_max, a->y_min, a->y_max);
    gm_colour ink = gm_rgb(0x333333);
    gm_canvas_frame(c, a->frame, LINE_MM, ink);
    draw_x(c, a, ink);
    draw_y(c, a, ink);
    return GM_OK;
}

gm_status gm_axes_curve(gm_canvas *c, const gm_axes *a, const double *x, const double *y, size_t n,
                        double width_mm, gm_colour colour)
{
    double(*xy)[2] = gm_calloc(n, sizeof *xy);
    if (!xy) return gm_fail(GM_ENOMEM, "no memory for a curve of %zu points", n);
    for (size_t i = 0; i < n; i++)
        xy[i][0] = gm_axes_x(a, x[i]), xy[i][1] = gm_axes_y(a, y[i]);
    gm_canvas_clip(c, a->frame);
    gm_canvas_polyline(c, (const double(*)[2])xy, n, width_mm, colour);
    gm_canvas_unclip(c);
    gm_free(xy);
    return GM_OK;
}
