/* hl7_time.h - points in time as HL7 version 3 and version 2 write them: YYYYMMDDhhmmss.fff+ZZZZ, cut
 * anywhere after the year (HL7 data type TS).
 */
#ifndef GM_ECG_HL7_TIME_H
#define GM_ECG_HL7_TIME_H

#include <stdbool.h>

enum { GM_ISO_TIME_SIZE = 48 };

typedef struct {
    int year, month, day, hour, minute, second; /* from the first absent one on: 1, 1, 0, 0, 0 */
    int n_fields;                               /* that are stated: 1 (year) to 6 */
    char fraction[10];                          /* digits after the second's point; "": none */
    bool has_zone;
    int zone_minutes; /* east of Greenwich */
} gm_hl7_time;

bool gm_hl7_time_parse(gm_hl7_time *out, const char *text); /* NULL is no time */

/* ISO 8601, as precise as it was: "2002-11-22T09:10:00.000". */
void gm_hl7_time_iso(char out[GM_ISO_TIME_SIZE], const gm_hl7_time *t);

/* a - b in s. A zone counts where both have one. */
double gm_hl7_time_difference_s(const gm_hl7_time *a, const gm_hl7_time *b);

#endif
