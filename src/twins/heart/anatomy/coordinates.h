/* coordinates.h - where in a heart a point is, in words that fit every heart.
 *
 *     ab   0 apex .. 1 base, nearly linear in the way from one to the other
 *     rt   round the long axis: free wall 0 posterior junction .. 2/3 anterior junction, septum 2/3
 *          anterior .. 1 posterior; the same places in both ventricles; 0 and 1 are the same
 *     tm   0 epicardium or middle of the septum .. 1 endocardium
 *     rvlv 0 LV endocardium .. 1 RV endocardium; tv is LV or RV: which half a point belongs to
 *
 * After Cobiveco: Schuler, Pilia, Potyagaylo, Loewe 2022, Med. Image Anal. 74:102247. As there: tm
 * and rvlv from Laplace problems, junctions ("ridges") where a Laplace field between epicardium and
 * middle of the septum is 1/2, the apex where anterior and posterior junction meet, rt and ab as
 * d1 / (d1 + d2) with trajectory distances. Different: the surfaces are cut into a copy of the
 * mesh instead of being meshed anew; ab comes from trajectory distances over the whole mesh instead
 * of splines along contours; tm is the Laplace value itself.
 *
 * Lengths in mm. Immutable after creation.
 */
#ifndef GM_HEART_ANATOMY_COORDINATES_H
#define GM_HEART_ANATOMY_COORDINATES_H

#include "core/threads.h"
#include "heart/case/case.h"
#include "heart/case/params.h"

typedef struct gm_heart_coordinates {
    size_t n_nodes;
    double *ab, *rt, *tm, *rvlv; /* [n_nodes] */
    uint8_t *tv;                 /* [n_nodes] gm_ventricle */
    double apex_mm[3];           /* the place of ab = 0 */
    double long_axis[3];         /* apex to base */
    double anterior[3];          /* at right angles to it, towards the anterior junction */
} gm_heart_coordinates;

/* All sets outward boundary faces. GM_EINVAL: an empty set, or a shape in which no septum with two
 * junctions is found; GM_ENOCONV. */
gm_status gm_heart_coordinates_create(gm_heart_coordinates **out, const gm_tetmesh *mesh,
                                      const gm_face_set *lv_endo, const gm_face_set *rv_endo,
                                      const gm_face_set *base, const gm_face_set *epi,
                                      gm_threads *threads);
void gm_heart_coordinates_destroy(gm_heart_coordinates *c); /* NULL is allowed */

/* The same from the coordinates of another, coarser mesh of the same heart, by interpolation: for fine
 * meshes, where solving takes minutes. Exact values on the boundary sets are set again. */
gm_status gm_heart_coordinates_resample(gm_heart_coordinates **out, const gm_tetmesh *mesh,
                                        const gm_face_set *lv_endo, const gm_face_set *rv_endo,
                                        const gm_face_set *base, const gm_face_set *epi,
                                        const gm_tetmesh *from_mesh,
                                        const gm_heart_coordinates *from, gm_threads *threads);

/* ---- from coordinates to places ----------------------------------------------------------------- */

typedef struct gm_coordinate_finder gm_coordinate_finder;

typedef struct {
    int32_t tet;
    double weight[4]; /* >= 0, sum 1 */
    double xyz_mm[3];
    /* How far the coordinates there are from those asked for: root sum square of ab, rt and 0.1 tm
     * (a wall is about a tenth of the axis); below 1e-9: the heart has just such a point. */
    double misfit;
} gm_coordinate_place;

/* Keeps mesh and coordinates, which must outlive it. Immutable, shared freely by threads. */
gm_status gm_coordinate_finder_create(gm_coordinate_finder **out, const gm_tetmesh *mesh,
                                      const gm_heart_coordinates *coordinates);
void gm_coordinate_finder_destroy(gm_coordinate_finder *f); /* NULL is allowed */

/* The place with these coordinates, or the nearest in coordinates. tm = 1: on the endocardium.
 * GM_EINVAL: not finite or out of [0, 1]. */
gm_status gm_coordinates_find(const gm_coordinate_finder *f, gm_ventricle ventricle, double ab,
                              double rt, double tm, gm_coordinate_place *out);

typedef struct {
    gm_ventricle ventricle;
    double ab, rt, tm;
} gm_coordinate_values;

/* The coordinates at a place inside a tet (rt interpolated the short way round). */
gm_coordinate_values gm_coordinates_at(const gm_tetmesh *mesh, const gm_heart_coordinates *c,
                                       int32_t tet, const double weight[4]);

/* ---- the other convention ----------------------------------------------------------------------- */

/* Rotation and depth as in the universal ventricular coordinates of Bayer et al. 2018 (Med. Image
 * Anal. 45:83): depth 0 endocardium .. 1 epicardium; rotation in rad, LV [-pi, pi] with 0 in the middle
 * of the septum, +-pi in the middle of the free wall and +-pi/2 at the junctions; RV [-pi/2, pi/2]
 * over its free wall. Anterior is positive. Approximate: the junctions and the middles agree, between
 * them both are taken as linear; the RV half of the septum, which has no place there, gets the LV's
 * rotation. */
double gm_uvc_rotation_rad(gm_ventricle ventricle, double rt);
double gm_uvc_depth(double tm);

#endif
