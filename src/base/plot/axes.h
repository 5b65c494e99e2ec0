/* axes.h - a plot with a frame, ticks at round numbers, and curves inside it. */
#ifndef GM_PLOT_AXES_H
#define GM_PLOT_AXES_H

#include "plot/canvas.h"

typedef struct {
    gm_rect frame; /* where the data go; labels lie outside: leave 12 mm left, 10 mm below */
    double x_min, x_max, y_min, y_max;
    const char *x_label, *y_label; /* with the unit: "time (ms)"; NULL: none */
} gm_axes;

/* Round step (1, 2 or 5 times a power of ten) that divides `range` into about `wanted` parts. */
double gm_nice_step(double range, int wanted);

double gm_axes_x(const gm_axes *a, double x); /* mm */
double gm_axes_y(const gm_axes *a, double y);

/* Fails with GM_EINVAL if a range is empty or not finite. */
gm_status gm_axes_draw(gm_canvas *c, const gm_axes *a);

/* Curve and band are cut at the frame; NaN interrupts. Fail with GM_ENOMEM. */
gm_status gm_axes_curve(gm_canvas *c, const gm_axes *a, const double *x, const double *y, size_t n,
                        double width_mm, gm_colour colour);

#endif
