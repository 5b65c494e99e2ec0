/* duration.h - spans of time as types write them: ISO 8601, "PT15S", "P1DT2H30M". */
#ifndef GM_INFO_DTDL_DURATION_H
#define GM_INFO_DTDL_DURATION_H

#include <stdbool.h>

/* A year counts 365 days and a month 30, as XSD's day-time order has it. False: no duration. */
bool gm_duration_parse(const char *text, double *seconds);

/* The same as "hh:mm:ss", with "d." before it for days. False: no duration. */
bool gm_dtdl_span(const char *text, char out[40]);

#endif
