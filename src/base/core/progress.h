/* progress.h - how far a long task is, and whether it should stop.
 *
 * A task gets a `const gm_progress *` (NULL: nobody watches), reports a fraction now and then, and
 * asks gm_interrupted(). The library installs no signal handler: a program calls
 * gm_interrupt_request() from its own, which is safe there.
 */
#ifndef GM_CORE_PROGRESS_H
#define GM_CORE_PROGRESS_H

#include <stdbool.h>

#include "core/status.h"

typedef struct {
    /* `what` is a short phrase ("fitting"), fraction 0..1. Called by one thread at a time. */
    void (*report)(void *context, const char *what, double fraction);
    void *context;
} gm_progress;

void gm_progress_report(const gm_progress *p, const char *what, double fraction);

void gm_interrupt_request(void); /* async-signal-safe */
void gm_interrupt_clear(void);
bool gm_interrupted(void);
gm_status
gm_interrupt_check(const char *what); /* GM_EINTERRUPTED, "<what>: interrupted", or GM_OK */

#endif
