/* bullseye.h - the left ventricle unrolled: apex in the middle, base at the rim, anterior wall at the top,
 * septum to the left, as a cardiologist sees it (AHA: Cerqueira 2002, Circulation 105:539), at a finer
 * grain than the 17 segments.
 *
 * Cell (ring, sector): mean over the LV's nodes in it, all depths; NaN where the mesh has none. Ring by
 * ab, angle by rt: counter-clockwise from the middle of the anterior wall, 30 + 360 (rt - 2/3) degrees,
 * so that the anterior junction lies at 30 and the posterior one at 150.
 */
#ifndef GM_HEART_VERBS_BULLSEYE_H
#define GM_HEART_VERBS_BULLSEYE_H

#include "heart/anatomy/coordinates.h"
#include "kind/result.h"

enum { GM_BULLSEYE_RINGS = 8, GM_BULLSEYE_SECTORS = 24 };

/* 0 .. 1 of a turn. */
double gm_bullseye_turn(double rt);

/* cells: [GM_BULLSEYE_RINGS][GM_BULLSEYE_SECTORS] of values[n_nodes]. */
void gm_bullseye_cells(const gm_heart_coordinates *x, const double *values, double *cells);

gm_status gm_heart_add_bullseye(gm_result *r, const char *title, const char *caption,
                                const gm_heart_coordinates *x, const double *values,
                                const char *unit, bool is_time);

#endif
