/* clock.h - time as an argument, so that a test can turn it. */
#ifndef GM_CORE_CLOCK_H
#define GM_CORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

double gm_clock_seconds(void);   /* monotonic, from an arbitrary zero */
double gm_cpu_seconds(void);     /* of the whole process, all threads */
void gm_clock_utc(char out[21]); /* "2026-11-23T09:10:00Z" */
int64_t gm_clock_ms(void);       /* since 1970, UTC */

/* "2026-11-23T09:10:00.250Z" (or +01:00 for Z; seconds and fraction may be left out), or ms since 1970.
 * False: neither. */
bool gm_moment_parse(const char *text, int64_t *ms);
void gm_moment_print(int64_t ms, char out[25]); /* "2026-11-23T09:10:00.250Z" */

#endif
