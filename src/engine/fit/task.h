/* task.h - inside the fit: what a numbered task that runs on any thread brings back when it fails. The
 * message of gm_fail() belongs to a thread, so a task carries it home. */
#ifndef GM_FIT_TASK_H
#define GM_FIT_TASK_H

#include <stddef.h>
#include <stdio.h>

#include "core/status.h"
#include "core/threads.h"
#include "fit/refine.h"

typedef struct {
    gm_status status;
    char text[400];
} gm_task_end;

static inline void gm_task_finish(gm_task_end *end, gm_status s)
{
    end->status = s;
    end->text[0] = 0;
    if (s != GM_OK) snprintf(end->text, sizeof end->text, "%s", gm_error_text());
}

/* On the caller's thread: the failure again, with its message. */
static inline gm_status gm_task_status(const gm_task_end *end)
{
    return end->status == GM_OK ? GM_OK : gm_fail(end->status, "%s", end->text);
}

/* One refinement scratch for each worker of the pool. */
gm_status gm_fit_works_create(gm_refine_work ***out, const gm_fit_problem *p, unsigned n);
void gm_fit_works_destroy(gm_refine_work **works, unsigned n); /* NULL is allowed */

#endif
