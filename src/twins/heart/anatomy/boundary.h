/* boundary.h - base and epicardium, when only the endocardia of both ventricles are known.
 *
 * Each cavity has an axis, from apex to base: the sum of the outward area vectors of its endocardial
 * faces, which is the area vector of its opening. Of the boundary faces that are not endocardium, those
 * that share an edge with an endocardium and face within GM_BASE_RIM_TILT_DEG of an axis are base, and
 * from them the base spreads over edges to faces within GM_BASE_TILT_DEG. The largest connected part
 * of the others is the epicardium; smaller parts (pits in the base) are base too.
 */
#ifndef GM_HEART_ANATOMY_BOUNDARY_H
#define GM_HEART_ANATOMY_BOUNDARY_H

#include "heart/case/case.h"

#define GM_BASE_TILT_DEG 50.0
#define GM_BASE_RIM_TILT_DEG 75.0

/* base and epi come out outward oriented, in the order of gm_tetmesh_boundary(); the caller frees
 * their faces with gm_free(). Empty on failure. GM_EINVAL: a face of an endocardium is no boundary
 * face, an endocardium is empty or closed (no opening), no base or no epicardium is left. */
gm_status gm_heart_split_boundary(gm_face_set *base, gm_face_set *epi, const gm_tetmesh *mesh,
                                  const gm_face_set *lv_endo, const gm_face_set *rv_endo);

/* The axis of one cavity as above: a unit vector from apex to base. */
gm_status gm_heart_cavity_axis(double axis[3], const gm_tetmesh *mesh, const gm_face_set *endo);

/* Twice the area vector of a face of the mesh. */
void gm_heart_face_normal(const gm_tetmesh *mesh, const int32_t face[3], double normal[3]);

#endif
