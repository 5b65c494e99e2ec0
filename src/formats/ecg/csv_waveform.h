/* csv_waveform.h - an ECG as a table: one column a lead, one row a sample.
 *
 * First row: names. Leads by their usual names, in mV unless the name says otherwise ("II [uV]").
 * Time from a column t_ms (or time_ms, t_s, time_s; a bare t or time is taken as seconds or ms,
 * whichever gives a rate of 20 to 100,000 Hz, with a note), uniform within 1 % of the step and the
 * rounding of the written times; or from a comment line "# rate_hz: 500". Other comments that are
 * understood: patient_id, patient_name, birth_date, age (years), sex, height_cm, weight_kg, acquired
 * (ISO 8601), device, device_id, institution, physician, group, comment, and what the device measured:
 * device_rr_ms, _pr_ms, _qrs_ms, _qt_ms, _qtc_ms, _p_axis_deg, _qrs_axis_deg, _t_axis_deg. An empty
 * cell is a missing sample. Other columns are left out with a note.
 *
 * Counts hold the values as written: mv_per_count is the power of ten that keeps every decimal, up to
 * 9 and as far as 32 bits reach. A comment "# scale: NAME mv_per_count baseline" gives a column "NAME
 * [mV]" its own scale instead, whatever its name: value = (count - baseline) * mv_per_count. A column
 * "NAME [counts]" holds counts of an unknown scale, with "# scale: NAME uncalibrated baseline" or not.
 */
#ifndef GM_ECG_CSV_WAVEFORM_H
#define GM_ECG_CSV_WAVEFORM_H

#include <stddef.h>

#include "ecg/encode.h"
#include "ecg/waveform.h"

/* Larger values are refused: IEC 60601-2-25 lets electrode offsets reach 300 mV, and a file in uV
 * read as mV is beyond it. */
#define GM_ECG_CSV_MAX_MV 300.0

/* `name` begins messages. Fails with GM_EFORMAT ("file:line: ..."), GM_ENOMEM. */
gm_status gm_ecg_csv_parse(gm_ecg **out, const void *bytes, size_t length, const char *name);

/* The table that reads back with the same counts, scales, baselines and rate. GM_EINVAL: a lead that is
 * there twice, more samples than a table may have rows. */
gm_status gm_ecg_csv_write(gm_ecg_files *files, const gm_ecg *e, const char *path);

#endif
