#include "heart/case/built_in.h"

#include "heart/case/crtdemo_case_for_tests.h"
#include "testing/gm_test.h"

static void the_built_in_anatomy_is_a_whole_case(void)
{
    gm_anatomy_params params = gm_anatomy_defaults();
    params.edge_mm = 4;
    gm_heart_case *c, *again;
    EXPECT(gm_heart_case_from_anatomy(&c, &params, NULL) == GM_OK);
    EXPECT(gm_heart_case_from_anatomy(&again, &params, NULL) == GM_OK);
    if (!c || !again) return;
    EXPECT(gm_tetmesh_check(c->mesh, NULL, c->name) == GM_OK);
    EXPECT(c->mesh->fibres && !c->fibres_by_rule && c->n_fast > 0 && c->n_fast < c->mesh->n_tets);
    EXPECT(c->lv_endo.n_faces && c->rv_endo.n_faces && c->base.n_faces && c->epi.n_faces);
    EXPECT(c->electrodes_mm[GM_LA][0] > c->electrodes_mm[GM_RA][0]); /* x to the patient's left */
    EXPECT(c->electrodes_mm[GM_LL][2] < c->electrodes_mm[GM_LA][2]); /* z to the head */
    EXPECT(strcmp(c->geometry_hash, again->geometry_hash) == 0);
    gm_heart_case_destroy(c);
    gm_heart_case_destroy(again);
}

static void an_impossible_anatomy_is_refused(void)
{
    gm_anatomy_params params = gm_anatomy_defaults();
    params.wall_mm = 900;
    gm_heart_case *c;
    EXPECT(gm_heart_case_from_anatomy(&c, &params, NULL) == GM_EINVAL);
    EXPECT(!c);
}

/* crtdemo has 6,124 boundary faces: 848 LV and 1,582 RV endocardium. */
static void a_mesh_with_endocardia_gets_fibres_base_and_epicardium(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    char folder[64];
    gm_folder_for_test(folder);
    gm_put_crtdemo_case(folder, false, "");
    char *path = gm_path_join(folder, "case.json");
    gm_heart_case *c;
    EXPECT(gm_heart_case_read(&c, path, NULL) == GM_OK);
    if (c) {
        EXPECT(c->fibres_by_rule && c->mesh->fibres);
        EXPECT(gm_tetmesh_check(c->mesh, NULL, c->name) == GM_OK); /* unit fibres */
        EXPECT(c->lv_endo.n_faces == 848 && c->rv_endo.n_faces == 1582);
        EXPECT(c->base.n_faces > 100 && c->base.n_faces < 1500);
        EXPECT(c->base.n_faces + c->epi.n_faces == 6124 - 848 - 1582);
    } else {
        printf("%s\n", gm_error_text());
    }
    gm_heart_case_destroy(c);
    gm_free(path);
    gm_folder_drop(folder);
}

int main(int argc, char **argv)
{
    RUN(the_built_in_anatomy_is_a_whole_case);
    RUN(an_impossible_anatomy_is_refused);
    RUN(a_mesh_with_endocardia_gets_fibres_base_and_epicardium);
    return gm_report();
}
