/* csv_facts.h - what is known beside the samples, as lines "key: value": the comments of an ECG table,
 * understood and written alike. csv_waveform.h lists the keys.
 */
#ifndef GM_ECG_CSV_FACTS_H
#define GM_ECG_CSV_FACTS_H

#include "core/text.h"
#include "ecg/encode.h"
#include "ecg/waveform.h"

/* The value of a line "key: value" or "key = value"; NULL if it is about something else. */
const char *gm_ecg_fact_value(const char *line, const char *key);

/* Takes what the line says; one that says nothing known, or nothing possible, changes nothing. */
gm_status gm_ecg_fact_read(gm_ecg *e, const char *line);

/* Every known fact as a line "# key: value". */
void gm_ecg_facts_write(gm_text *out, const gm_ecg *e);

/* What neither a table nor a FHIR Observation has a place for: filters, skew, marks, other waveforms. */
gm_status gm_ecg_leave_out_details(gm_ecg_files *files, const gm_ecg *e);

#endif
