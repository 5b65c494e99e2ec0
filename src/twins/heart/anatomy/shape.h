/* shape.h - the parametric heart as a function: muscle is where it is negative.
 *
 * Heart's own axes (mm), right-handed: u from LV to RV, v to the front (anterior), w from apex to base;
 * w = 0 is the base plane, the LV's axis is u = v = 0.
 *
 *     LV cavity   ellipsoid, half axes r, r, a, its middle EQUATOR a below the base, so that
 *                 axis = (1 + EQUATOR) a and volume = pi r^2 a (2/3 + E - E^3/3)
 *     LV outside  the same, larger by the wall at the side and by a thinner one at the apex
 *     RV inside   ellipsoid beside it, leaning towards the apex; RV cavity = RV inside less LV outside,
 *                 its sharp edges rounded; RV outside = RV inside larger by the RV wall
 *     muscle      union of both outsides (its grooves filled) less both cavities, below the base
 *
 * Smooth union and difference: Quilez's polynomial smooth minimum, blending within a given width.
 */
#ifndef GM_HEART_ANATOMY_SHAPE_H
#define GM_HEART_ANATOMY_SHAPE_H

#include "core/threads.h"
#include "mesh/mesher.h"

typedef struct {
    double centre[3], half[3]; /* half axes */
    double lean;               /* du/dw */
} gm_ellipsoid;

typedef struct {
    gm_ellipsoid lv_in, lv_out, rv_in, rv_out;
} gm_heart_shape;

#define GM_SHAPE_EQUATOR 0.3   /* of a: the widest place is below the base */
#define GM_SHAPE_APEX_WALL 0.7 /* of the wall: apex_wall_mm where the mesh allows it */

typedef struct {
    double lv_ml, axis_mm, wall_mm, apex_wall_mm, rv_wall_mm;
    double rv_scale; /* [0.4, ..): how far the RV reaches from the septum; 1 is typical */
} gm_heart_sizes;

gm_heart_shape gm_heart_shape_of(const gm_heart_sizes *sizes);

/* Which surface of the muscle is nearest to a place on it. */
typedef enum { GM_SIDE_LV, GM_SIDE_RV, GM_SIDE_BASE, GM_SIDE_EPI } gm_heart_side;
gm_heart_side gm_heart_shape_side(const gm_heart_shape *s, const double x_mm[3]);
double gm_heart_shape_lv_mm(const gm_heart_shape *s,
                            const double x_mm[3]); /* > 0 outside the LV cavity */
double gm_heart_shape_rv_mm(const gm_heart_shape *s, const double x_mm[3]);

gm_distance_batch gm_heart_shape_muscle; /* context: a gm_heart_shape */
void gm_heart_shape_box(const gm_heart_shape *s, double low[3], double high[3]);

/* RV cavity below the base, by midpoint sums on a 2 mm lattice with a blurred edge. */
double gm_heart_shape_rv_ml(const gm_heart_shape *s, gm_threads *threads);

#endif
