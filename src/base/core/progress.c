#include "core/progress.h"

#include <stdatomic.h>
#include <stddef.h>

static atomic_int interrupt_requested;

void gm_progress_report(const gm_progress *p, const char *what, double fraction)
{
    if (p && p->report) p->report(p->context, what, fraction);
}

void gm_interrupt_request(void)
{
    atomic_store(&interrupt_requested, 1);
}

void gm_interrupt_clear(void)
{
    atomic_store(&interrupt_requested, 0);
}

bool gm_interrupted(void)
{
    return atomic_load(&interrupt_requested) != 0;
}

gm_status gm_interrupt_check(const char *what)
{
    return gm_interrupted() ? gm_fail(GM_EINTERRUPTED, "%s: interrupted", what) : GM_OK;
}
