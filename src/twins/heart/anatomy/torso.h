/* torso.h - how the heart sits in an average adult chest, and where the electrodes are.
 *
 * Torso frame (mm): x to the patient's left, y to the back, z to the head; origin the middle of the
 * LV's base, which is about 20 mm left of the midline. The heart's axes (see shape.h) in it: base to apex
 * points left, to the front and down (azimuth 45 degrees from straight ahead, 29 below the
 * horizontal); the RV lies to the right and in front, so the septum stands about 45 degrees to the
 * sagittal plane.
 */
#ifndef GM_HEART_ANATOMY_TORSO_H
#define GM_HEART_ANATOMY_TORSO_H

#include "heart/case/case.h"

/* From the heart's axes to the torso frame, in place. */
void gm_torso_place(double x_mm[3]);

void gm_torso_electrodes(double out_mm[GM_N_ELECTRODES][3]);

#endif
