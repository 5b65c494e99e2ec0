/* canvas.h - a sheet of paper to draw on, in millimetres from its upper left corner, that becomes an
 * SVG, PDF or PNG document.
 *
 * A failure inside is remembered and reported by gm_canvas_finish(); drawing on goes unnoticed until
 * then. The same calls give the same drawing; the drawing library numbers the parts of SVG and dates
 * PDF. One thread at a time a canvas.
 */
#ifndef GM_PLOT_CANVAS_H
#define GM_PLOT_CANVAS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

typedef struct gm_canvas gm_canvas;

typedef enum { GM_CANVAS_SVG, GM_CANVAS_PDF, GM_CANVAS_PNG } gm_canvas_format;
#define GM_CANVAS_PNG_DPI 150.0
#define GM_CANVAS_MAX_MM 2000.0

typedef struct {
    double red, green, blue, alpha; /* 0..1 */
} gm_colour;

gm_colour gm_rgb(unsigned hex); /* 0xRRGGBB, opaque */
gm_colour gm_faded(gm_colour c, double alpha);

typedef struct {
    double x, y, width, height; /* mm */
} gm_rect;

typedef enum { GM_ALIGN_LEFT, GM_ALIGN_CENTRE, GM_ALIGN_RIGHT } gm_align;

/* White paper; width and height in (0, 2000] mm (GM_EINVAL). The caller owns *out. */
gm_status gm_canvas_create(gm_canvas **out, gm_canvas_format format, double width_mm,
                           double height_mm);
void gm_canvas_destroy(gm_canvas *c); /* NULL is allowed */

/* The document, once; the caller frees *data with gm_free(). The canvas can then only be destroyed.
 * Fails with GM_ENOMEM, GM_EIO (the drawing library's message). */
gm_status gm_canvas_finish(gm_canvas *c, char **data, size_t *length);

/* The same into a file, whole or not at all. */
gm_status gm_canvas_write(gm_canvas *c, const char *path);

/* The format that a file's ending asks for; GM_EINVAL names those that exist. */
gm_status gm_canvas_format_of(const char *path, gm_canvas_format *out);

void gm_canvas_line(gm_canvas *c, double x0, double y0, double x1, double y1, double width_mm,
                    gm_colour colour);
void gm_canvas_fill(gm_canvas *c, gm_rect r, gm_colour colour);
void gm_canvas_frame(gm_canvas *c, gm_rect r, double width_mm, gm_colour colour);
/* xy: [n][2] mm. A point with a NaN interrupts the line. Points that deviate less than 0.03 mm from
 * the line drawn are left out. */
void gm_canvas_polyline(gm_canvas *c, const double (*xy)[2], size_t n, double width_mm,
                        gm_colour colour);
/* UTF-8; y is the base line, size_mm the height of a line. */
void gm_canvas_text(gm_canvas *c, double x, double y, double size_mm, gm_align align, bool bold,
                    gm_colour colour, const char *text);
double gm_canvas_text_width(gm_canvas *c, double size_mm, bool bold, const char *text);

/* What follows is drawn only inside r, until gm_canvas_unclip(); no nesting. */
void gm_canvas_clip(gm_canvas *c, gm_rect r);
void gm_canvas_unclip(gm_canvas *c);

#endif
