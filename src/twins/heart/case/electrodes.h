/* electrodes.h - the nine electrodes of the 12-lead ECG from a table with the heading name,x,y,z (mm).
 *
 * Rows in any order; names ignore case. Rows of other electrodes (RL, V7 ...) are left out. Any thread.
 */
#ifndef GM_HEART_CASE_ELECTRODES_H
#define GM_HEART_CASE_ELECTRODES_H

#include "heart/case/case.h"
#include "heart/case/place.h"
#include "table/csv.h"

/* Farther than this from the heart's middle no electrode can be: the unit is wrong. */
#define GM_ELECTRODE_MAX_DISTANCE_MM 1500.0

/* Fails with GM_EFORMAT: heading, a coordinate that is no number, an electrode missing or twice. */
gm_status gm_electrodes_from_csv(double out_mm[GM_N_ELECTRODES][3], const gm_csv *table);
gm_status gm_electrodes_read(double out_mm[GM_N_ELECTRODES][3], const char *path);

/* Refuses (GM_EFORMAT) an electrode inside the muscle, nearer than GM_CASE_ELECTRODE_GAP_MM to it, or
 * farther away than a body is long. `name` begins the message. */
gm_status gm_electrodes_check(double electrodes_mm[GM_N_ELECTRODES][3], const gm_locator *muscle,
                              const gm_tetmesh_facts *facts, const char *name);

#endif
