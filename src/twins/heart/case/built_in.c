#include "heart/case/built_in.h"

#include <string.h>

#include "heart/case/case_internal.h"
#include "heart/case/electrodes.h"

static const char name[] = "built-in anatomy";

static gm_status take_over(gm_heart_case *c, gm_anatomy *a, gm_threads *threads)
{
    gm_tetmesh *mesh = a->mesh;
    a->mesh = NULL;
    GM_TRY(gm_heart_case_set_mesh(c, mesh, name));
    memcpy(c->electrodes_mm, a->electrodes_mm, sizeof c->electrodes_mm);
    GM_TRY(gm_electrodes_check(c->electrodes_mm, c->muscle, &c->facts, name));
    gm_face_set *to[] = {&c->lv_endo, &c->rv_endo, &c->base, &c->epi};
    gm_face_set *from[] = {&a->lv_endo, &a->rv_endo, &a->base, &a->epi};
    for (int k = 0; k < 4; k++) {
        *to[k] = *from[k];
        *from[k] = (gm_face_set){0};
    }
    return gm_heart_case_finish(c, threads, name);
}

gm_status gm_heart_case_from_anatomy(gm_heart_case **out, const gm_anatomy_params *params,
                                     gm_threads *threads)
{
    *out = NULL;
    gm_anatomy *a;
    gm_heart_case *c;
    GM_TRY(gm_anatomy_build(&a, params, threads));
    gm_status s = gm_heart_case_create(&c, name);
    if (s == GM_OK) {
        s = take_over(c, a, threads);
        if (s == GM_OK)
            *out = c;
        else
            gm_heart_case_destroy(c);
    }
    gm_anatomy_destroy(a);
    return s;
}
