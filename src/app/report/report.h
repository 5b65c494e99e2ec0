/* report.h - a result as one self-contained page: opens from disk in any browser, needs no network.
 *
 * Draws the views of a gm_result in their order and knows nothing of what they are about: tables,
 * curves (on the grid of clinical paper where asked), surfaces in 3-D (WebGL 2), bars with
 * intervals, bull's-eyes. NaN and infinities are drawn as "no value". A bull's-eye is drawn with
 * angle 0 at the top and sectors counter-clockwise (the American Heart Association's order:
 * anterior, septal, inferior, lateral). Time fields on a surface are drawn early = yellow, late =
 * violet.
 *
 * Large arrays go into the page as 16-bit numbers over their range: relative error 1/131,068 of the
 * range. A surface of 60,000 triangles with four fields takes about 1 MB.
 *
 * Thread-safe: reads `r` and writes `out` only.
 */
#ifndef GM_REPORT_REPORT_H
#define GM_REPORT_REPORT_H

#include "core/text.h"
#include "kind/result.h"

/* Appends the page to `out`. Refuses (GM_EINVAL, naming the view) a view with an array missing, a
 * node that is not finite or a face whose node does not exist. On failure `out` gets no byte. */
gm_status gm_report_html(const gm_result *r, gm_text *out);

/* The same page with a drawing on A4 before everything else: an SVG document of svg_length bytes. It is
 * printed to scale, on a sheet of its own. */
gm_status gm_report_html_with_sheet(const gm_result *r, const char *svg, size_t svg_length,
                                    gm_text *out);

#endif
