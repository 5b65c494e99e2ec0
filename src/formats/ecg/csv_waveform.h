/* csv_waveform.h - an ECG as a table: one column a lead, one row a sample.
 *
 * First row: names. Leads by their usual names, in mV unless the name says otherwise ("II [uV]").
 * Time from a column t_ms (or time_ms, t_s, time_s; a bare t or time is taken as seconds or ms,
 * whichever gives a rate of 20 to 100,000 Hz, with a note), uniform within 1 % of the step and the
 * rounding of the written times; or from a comment line "# rate_hz: 500". Other comments that are
 * understood: age (years), sex, device, acquired (ISO 8601), patient_id. An empty cell is a missing
 * sample. Other columns are left out with a note.
 *
 * Counts hold the values as written: mv_per_count is the power of ten that keeps every decimal, up to
 * 9 and as far as 32 bits reach.
 */
#ifndef GM_ECG_CSV_WAVEFORM_H
#define GM_ECG_CSV_WAVEFORM_H

#include <stddef.h>

#include "ecg/waveform.h"

/* Larger values are refused: IEC 60601-2-25 lets electrode offsets reach 300 mV, and a file in uV
 * read as mV is beyond it. */
#define GM_ECG_CSV_MAX_MV 300.0

/* `name` begins messages. Fails with GM_EFORMAT ("file:line: ..."), GM_ENOMEM. */
gm_status gm_ecg_csv_parse(gm_ecg **out, const void *bytes, size_t length, const char *name);

#endif
