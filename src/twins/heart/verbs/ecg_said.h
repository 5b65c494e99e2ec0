/* ecg_said.h - what a file and its reader say beside the samples, as values and words, for any verb. */
#ifndef GM_HEART_VERBS_ECG_SAID_H
#define GM_HEART_VERBS_ECG_SAID_H

#include "core/json.h"
#include "core/text.h"
#include "ecg/waveform.h"

/* The measurements of the device; a member that it does not state is null. NULL: it states none. */
json_t *gm_ecg_device_says_json(const gm_ecg *e);
/* Those that it states as a line: heading, "RR 982 ms, PR 161 ms". Nothing if there are none. */
void gm_ecg_device_says_text(gm_text *t, const char *heading, const gm_ecg *e);

json_t *gm_ecg_lines_json(char *const *lines, size_t n); /* an array of texts */

#endif
