/* crtdemo_case_for_tests.h - the biventricular test mesh of the shared data as a case, for tests only. */
#ifndef GM_HEART_CASE_CRTDEMO_CASE_FOR_TESTS_H
#define GM_HEART_CASE_CRTDEMO_CASE_FOR_TESTS_H

#include "geometry/crtdemo_for_tests.h"
#include "heart/case/files_for_tests.h"

/* Writes openCARP files of the mesh and a case.json into the folder. `more`: further keys of the case,
 * each after a comma; "" for none. */
static inline void gm_put_crtdemo_case(const char *folder, bool with_fibres, const char *more)
{
    gm_tetmesh *m;
    if (gm_crtdemo_mesh(&m) != GM_OK) abort();
    gm_put_mesh(folder, "heart", m, 1000, with_fibres);
    gm_tetmesh_destroy(m);
    gm_text t = {0};
    gm_text_addf(&t,
                 "{\"mesh\": \"heart\", \"electrodes\": \"%s/electrodes_mm.csv\", \"endocardium\": "
                 "{\"lv\": \"%s/raw/crtdemo_LVendo_heart_cut.obj\","
                 "\"rv\": \"%s/raw/crtdemo_RVendo_heart_cut.obj\"}%s}",
                 GM_CRTDEMO_DIR, GM_CRTDEMO_DIR, GM_CRTDEMO_DIR, more);
    gm_put_text(folder, "case.json", &t);
}

#endif
