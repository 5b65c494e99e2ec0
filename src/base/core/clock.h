/* clock.h - time as an argument, so that a test can turn it. */
#ifndef GM_CORE_CLOCK_H
#define GM_CORE_CLOCK_H

double gm_clock_seconds(void);   /* monotonic, from an arbitrary zero */
double gm_cpu_seconds(void);     /* of the whole process, all threads */
void gm_clock_utc(char out[21]); /* "2026-11-23T09:10:00Z" */

#endif
