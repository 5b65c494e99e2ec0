/* pose.h - the heart's place and direction in the chest as parameters: the electrodes move rigidly
 * about the heart's centre, and the lead field follows, with its derivative.
 *
 *     e' = R (e - c) + c + d,   R = Rz Ry Rx,   pose = {dx, dy, dz (mm), rx, ry, rz (rad), ln limb}
 *     w = K z(pose),  dw/dpose = K dz/dpose     K: stiffness of Gi, held as a sparse matrix
 *
 * The last component is a factor common to the limb leads: the unbounded torso makes far electrodes see
 * too little beside near ones, by an amount that depends on the chest.
 *
 * Used where the anatomy is not the patient's. Immutable but for gm_pose_work, one per thread.
 */
#ifndef GM_HEART_FIT_POSE_H
#define GM_HEART_FIT_POSE_H

#include "heart/case/case.h"
#include "heart/forward/lead_field.h"

enum { GM_POSE = 7 };

typedef struct gm_pose gm_pose;
typedef struct {
    double (*z)[GM_N_INDEPENDENT]; /* [n_nodes] */
    gm_lead_field field;           /* at the pose last asked for */
    gm_lead_field derivative;      /* with respect to one component */
} gm_pose_work;

gm_status gm_pose_create(gm_pose **out, const gm_heart_case *c);
void gm_pose_destroy(gm_pose *p);
gm_status gm_pose_work_create(gm_pose_work **out, const gm_pose *p);
void gm_pose_work_destroy(gm_pose_work *w);

void gm_pose_electrodes(const gm_pose *p, const double pose[GM_POSE],
                        double electrodes_mm[GM_N_ELECTRODES][3]);
/* w->field at this pose. */
void gm_pose_field(const gm_pose *p, const double pose[GM_POSE], gm_pose_work *w);
/* w->derivative with respect to component k, per mm, rad or 1. */
void gm_pose_derivative(const gm_pose *p, const double pose[GM_POSE], int k, gm_pose_work *w);

#endif
