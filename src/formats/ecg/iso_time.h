/* iso_time.h - dates and times of ECG files: whether they exist, whether a text is one in ISO 8601. */
#ifndef GM_ECG_ISO_TIME_H
#define GM_ECG_ISO_TIME_H

#include <stdbool.h>
#include <stddef.h>

/* A day of the Gregorian calendar from 1800 on. */
bool gm_is_day(int year, int month, int day);

/* "2020", "2020-02" or "2020-02-29": the first n bytes of text. */
bool gm_is_iso_date(const char *text, size_t n);

/* What follows the T: "23", "23:59", "23:59:59" or "23:59:59.25", then nothing or a zone ("Z",
 * "+05:30"). */
bool gm_is_iso_clock(const char *text, bool *has_seconds, bool *has_zone);

/* A date, or a whole date and a time joined by T. */
bool gm_is_iso_time(const char *text);

#endif
