/* wfdb_facts.h - age, sex and time in a WFDB header, as its databases write them. For the WFDB reader
 * and writer only. */
#ifndef GM_ECG_WFDB_FACTS_H
#define GM_ECG_WFDB_FACTS_H

#include "ecg/waveform.h"
#include "ecg/wfdb_header.h"

/* Age and sex as PTB ("age: 81"), LUDB ("<age>: 51") and MIT-BIH ("69 M 1085 ...") write them; what
 * is known already stays. */
void gm_wfdb_read_comment(gm_ecg_patient *p, const char *comment);

/* Comments, and date and time of the recording unless they are known already. */
gm_status gm_wfdb_read_facts(gm_ecg *e, const gm_wfdb_header *h);

/* For the writer: " HH:MM:SS[.f] DD/MM/YYYY" of an ISO 8601 time, "" if it is not known to the second;
 * *zone becomes what follows the seconds, NULL if all is "". */
void gm_wfdb_date_and_time(char out[64], const char **zone, const char *acquired);

#endif
