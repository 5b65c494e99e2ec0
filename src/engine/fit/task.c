#include "fit/task.h"

#include "core/alloc.h"

gm_status gm_fit_works_create(gm_refine_work ***out, const gm_fit_problem *p, unsigned n)
{
    *out = NULL;
    gm_refine_work **works = gm_calloc(n, sizeof *works);
    if (!works) return gm_fail(GM_ENOMEM, "fit: no memory");
    for (unsigned i = 0; i < n; i++) {
        gm_status s = gm_refine_work_create(&works[i], p);
        if (s != GM_OK) {
            gm_fit_works_destroy(works, n);
            return s;
        }
    }
    *out = works;
    return GM_OK;
}

void gm_fit_works_destroy(gm_refine_work **works, unsigned n)
{
    for (unsigned i = 0; works && i < n; i++)
        gm_refine_work_destroy(works[i]);
    gm_free(works);
}
