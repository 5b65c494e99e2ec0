/* paper.h - an ECG and its measurements as views on clinical paper, for any verb that shows one. */
#ifndef GM_HEART_ECG_PAPER_H
#define GM_HEART_ECG_PAPER_H

#include "heart/ecg/measure.h"
#include "kind/result.h"

/* Adds one or two GM_VIEW_SERIES with is_ecg_paper, x in ms, y in mV, a panel a known lead:
 * - of a record of several beats, its first 10 s; after the twelve leads those channels of other names
 *   that are voltages, as the file calls them. Caption: the measurements, a line each group;
 * - the median beat (of the twelve leads only; left out where none of them is known) with marks "P on" .. "T off" (where found); its title says what was averaged. Of
 *   a single beat it is the only view and carries the caption. */
gm_status gm_ecg_add_paper_views(gm_result *out, const gm_ecg_measurement *m, const gm_ecg *ecg);

#endif
