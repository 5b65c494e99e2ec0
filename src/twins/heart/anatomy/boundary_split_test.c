#include "core/alloc.h"
#include "geometry/boundary.h"
#include "geometry/crtdemo_for_tests.h"
#include "heart/anatomy/anatomy.h"
#include "heart/anatomy/boundary.h"
#include "heart/anatomy/crtdemo_endocardium_for_tests.h"
#include "testing/gm_test.h"

static double area_cm2(const gm_tetmesh *m, const gm_face_set *s)
{
    double sum = 0, n[3];
    for (size_t f = 0; f < s->n_faces; f++) {
        gm_heart_face_normal(m, s->faces[f], n);
        sum += 0.5 * sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
    }
    return sum / 100;
}

static void the_real_heart_is_split_into_base_and_epicardium(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    gm_tetmesh *m;
    EXPECT(gm_crtdemo_mesh(&m) == GM_OK);
    gm_face_set lv = gm_crtdemo_endocardium(m, "crtdemo_LVendo_heart_cut.obj");
    gm_face_set rv = gm_crtdemo_endocardium(m, "crtdemo_RVendo_heart_cut.obj"), base, epi;
    EXPECT(gm_heart_split_boundary(&base, &epi, m, &lv, &rv) == GM_OK);
    EXPECT(lv.n_faces == 848 && rv.n_faces == 1582);
    EXPECT(lv.n_faces + rv.n_faces + base.n_faces + epi.n_faces == 6124);
    printf("faces: base %zu, epicardium %zu; area cm2: lv %.1f rv %.1f base %.1f epi %.1f\n",
           base.n_faces, epi.n_faces, area_cm2(m, &lv), area_cm2(m, &rv), area_cm2(m, &base),
           area_cm2(m, &epi));
    /* A base is a band as wide as the walls; an epicardium is larger than both endocardia's mean. */
    EXPECT(area_cm2(m, &base) > 10 && area_cm2(m, &base) < 60);
    EXPECT(area_cm2(m, &epi) > 0.4 * (area_cm2(m, &lv) + area_cm2(m, &rv)));
    gm_free(lv.faces);
    gm_free(rv.faces);
    gm_free(base.faces);
    gm_free(epi.faces);
    gm_tetmesh_destroy(m);
}

static size_t common(const gm_face_set *a, const gm_face_set *b)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n_faces; i++)
        for (size_t j = 0; j < b->n_faces; j++)
            if (!memcmp(a->faces[i], b->faces[j], sizeof a->faces[i])) {
                n++;
                break;
            }
    return n;
}

static void the_built_in_heart_is_split_as_it_was_made(void)
{
    gm_anatomy_params p = gm_anatomy_defaults();
    gm_anatomy *a;
    gm_face_set base, epi;
    p.edge_mm = 4;
    EXPECT(gm_anatomy_build(&a, &p, NULL) == GM_OK);
    EXPECT(gm_heart_split_boundary(&base, &epi, a->mesh, &a->lv_endo, &a->rv_endo) == GM_OK);
    EXPECT_CLOSE((double)common(&base, &a->base), (double)a->base.n_faces, 0.1, 0);
    EXPECT_CLOSE((double)common(&epi, &a->epi), (double)a->epi.n_faces, 0.02, 0);
    gm_free(base.faces);
    gm_free(epi.faces);
    gm_anatomy_destroy(a);
}

static void a_closed_or_foreign_endocardium_is_refused(void)
{
    gm_anatomy_params p = gm_anatomy_defaults();
    gm_anatomy *a;
    gm_face_set base, epi, wrong;
    p.edge_mm = 5;
    EXPECT(gm_anatomy_build(&a, &p, NULL) == GM_OK);
    const gm_face_set none = {0};
    EXPECT(gm_heart_split_boundary(&base, &epi, a->mesh, &a->lv_endo, &none) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "open cup");
    wrong = a->rv_endo;
    int32_t kept = wrong.faces[5][0];
    wrong.faces[5][0] = wrong.faces[100][0];
    EXPECT(gm_heart_split_boundary(&base, &epi, a->mesh, &a->lv_endo, &wrong) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "face 5 is not on");
    wrong.faces[5][0] = kept;
    gm_anatomy_destroy(a);
}

int main(int argc, char **argv)
{
    RUN(the_real_heart_is_split_into_base_and_epicardium);
    RUN(the_built_in_heart_is_split_as_it_was_made);
    RUN(a_closed_or_foreign_endocardium_is_refused);
    return gm_report();
}
