/* torso.h - how the heart sits in an average adult chest, and where the electrodes are.
 *
 * Torso frame (mm): x to the patient's left, y to the back, z to the head; origin the middle of the
 * LV's base. The midline of the chest is x = -20, its front wall 130 mm before the origin. The heart's
 * axes (see shape.h) in it: base to apex points left, to the front and down (azimuth 45 degrees from
 * straight ahead, 29 below the horizontal); the RV lies to the right and in front, so the septum stands
 * about 45 degrees to the sagittal plane.
 *
 * Electrodes by the landmarks of the standard placement (Kligfield 2007, Circulation 115:1306): V1, V2
 * beside the sternum in the fourth intercostal space, V4 in the fifth on the midclavicular line, V3
 * between V2 and V4, V5 and V6 level with V4 on the anterior and middle axillary lines; the limb
 * electrodes where the limbs leave the trunk, beyond which the potential changes little. Their
 * places are ours, for a chest 300 mm wide and 230 mm deep, chosen so that V1 to V4 lie 4 to 6 cm from
 * the muscle; no measured torso stands behind them. In an unbounded conductor the limb leads come out
 * two to four times too small against the precordial ones.
 */
#ifndef GM_HEART_ANATOMY_TORSO_H
#define GM_HEART_ANATOMY_TORSO_H

#include "heart/case/case.h"

/* From the heart's axes to the torso frame, in place. */
void gm_torso_place(double x_mm[3]);

void gm_torso_electrodes(double out_mm[GM_N_ELECTRODES][3]);

#endif
