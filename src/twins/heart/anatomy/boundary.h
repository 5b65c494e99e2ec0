/* boundary.h - base and epicardium, when only the endocardia of both ventricles are known.
 *
 * The long axis points from the apex to the base: from the middle of the LV endocardium to the middle
 * of its rim (the edges where it meets other faces). Of the boundary faces that are not endocardium,
 * the base is what belongs to the rims' plateau: starting at the faces beside the rims, it spreads
 * over faces whose outward normal is within GM_BASE_TILT_DEG of the long axis; faces beside a rim
 * belong to it whatever their normal if that is within GM_BASE_RIM_TILT_DEG. All others are
 * epicardium.
 */
#ifndef GM_HEART_ANATOMY_BOUNDARY_H
#define GM_HEART_ANATOMY_BOUNDARY_H

#include "heart/case/case.h"

#define GM_BASE_TILT_DEG 50.0
#define GM_BASE_RIM_TILT_DEG 75.0

/* base and epi come out outward oriented, in the order of gm_tetmesh_boundary(); the caller frees
 * their faces with gm_free(). Empty on failure. GM_EINVAL: a face of an endocardium is no boundary
 * face, an endocardium is empty or closed (it has no rim), no base or no epicardium is left. */
gm_status gm_heart_split_boundary(gm_face_set *base, gm_face_set *epi, const gm_tetmesh *mesh,
                                  const gm_face_set *lv_endo, const gm_face_set *rv_endo);

/* The long axis as above: a unit vector from apex to base. */
gm_status gm_heart_long_axis(double axis[3], const gm_tetmesh *mesh, const gm_face_set *lv_endo);

#endif
