#include "heart/anatomy/coordinates.h"

#include "core/alloc.h"
#include "core/rng.h"
#include "geometry/boundary.h"
#include "geometry/crtdemo_for_tests.h"
#include "heart/anatomy/anatomy.h"
#include "heart/anatomy/boundary.h"
#include "heart/anatomy/crtdemo_endocardium_for_tests.h"
#include "heart/anatomy/torso.h"
#include "mesh/locate.h"
#include "testing/gm_test.h"

typedef struct {
    gm_anatomy *a; /* NULL for the real heart */
    gm_tetmesh *m;
    gm_face_set lv, rv, base, epi;
    gm_heart_coordinates *c;
    gm_coordinate_finder *finder;
    double edge_mm;
} heart;

static void finish(heart *h, gm_threads *threads)
{
    gm_tetmesh_facts facts;
    EXPECT(gm_tetmesh_measure(h->m, &facts) == GM_OK);
    h->edge_mm = facts.mean_edge_mm;
    EXPECT(gm_heart_coordinates_create(&h->c, h->m, &h->lv, &h->rv, &h->base, &h->epi, threads) ==
           GM_OK);
    if (h->c) EXPECT(gm_coordinate_finder_create(&h->finder, h->m, h->c) == GM_OK);
}

static heart built_in(double edge_mm, gm_threads *threads)
{
    gm_anatomy_params p = gm_anatomy_defaults();
    heart h = {0};
    p.edge_mm = edge_mm;
    EXPECT(gm_anatomy_build(&h.a, &p, threads) == GM_OK);
    h.m = h.a->mesh;
    h.lv = h.a->lv_endo;
    h.rv = h.a->rv_endo;
    h.base = h.a->base;
    h.epi = h.a->epi;
    finish(&h, threads);
    return h;
}

static heart real(void)
{
    heart h = {0};
    EXPECT(gm_crtdemo_mesh(&h.m) == GM_OK);
    h.lv = gm_crtdemo_endocardium(h.m, "crtdemo_LVendo_heart_cut.obj");
    h.rv = gm_crtdemo_endocardium(h.m, "crtdemo_RVendo_heart_cut.obj");
    EXPECT(gm_heart_split_boundary(&h.base, &h.epi, h.m, &h.lv, &h.rv) == GM_OK);
    finish(&h, NULL);
    return h;
}

static void put_away(heart *h)
{
    gm_coordinate_finder_destroy(h->finder);
    gm_heart_coordinates_destroy(h->c);
    if (h->a) {
        gm_anatomy_destroy(h->a);
        return;
    }
    gm_tetmesh_destroy(h->m);
    gm_free(h->lv.faces);
    gm_free(h->rv.faces);
    gm_free(h->base.faces);
    gm_free(h->epi.faces);
}

static void expect_on(const gm_face_set *s, const double *values, double expected)
{
    double worst = 0;
    for (size_t i = 0; i < 3 * s->n_faces; i++)
        worst = fmax(worst, fabs(values[s->faces[i / 3][i % 3]] - expected));
    EXPECT_BELOW(worst, 1e-9);
}

static void expect_sound(const heart *h)
{
    const gm_heart_coordinates *c = h->c;
    size_t n_out = 0, n_rv = 0;
    double lowest = 1;
    for (size_t i = 0; i < c->n_nodes; i++) {
        n_out += !(c->ab[i] >= 0 && c->ab[i] <= 1) || !(c->rt[i] >= 0 && c->rt[i] < 1) ||
                 !(c->tm[i] >= 0 && c->tm[i] <= 1) || !(c->rvlv[i] >= 0 && c->rvlv[i] <= 1);
        n_rv += c->tv[i] == GM_VENTRICLE_RV;
        lowest = fmin(lowest, c->ab[i]);
    }
    EXPECT(n_out == 0);
    EXPECT(n_rv > c->n_nodes / 5 && n_rv < 4 * c->n_nodes / 5);
    EXPECT_BELOW(lowest, 0.1);
    expect_on(&h->base, c->ab, 1);
    expect_on(&h->lv, c->tm, 1);
    expect_on(&h->rv, c->tm, 1);
    expect_on(&h->lv, c->rvlv, 0);
    for (size_t i = 0; i < 3 * h->lv.n_faces; i++)
        EXPECT(c->tv[h->lv.faces[i / 3][i % 3]] == GM_VENTRICLE_LV);
    for (size_t i = 0; i < 3 * h->rv.n_faces; i++)
        EXPECT(c->tv[h->rv.faces[i / 3][i % 3]] == GM_VENTRICLE_RV);
}

/* The middles of tets to coordinates and back: share of places found farther than an edge away. */
static double share_lost(const heart *h, double below_ab)
{
    gm_rng r = gm_rng_stream(7, 0);
    const double middle[4] = {0.25, 0.25, 0.25, 0.25};
    size_t n = 0, n_lost = 0;
    double worst = 0;
    for (int i = 0; i < 1500; i++) {
        size_t e = (size_t)gm_rng_below(&r, h->m->n_tets);
        gm_coordinate_values v = gm_coordinates_at(h->m, h->c, (int32_t)e, middle);
        if (v.ab > below_ab) continue;
        gm_coordinate_place p;
        EXPECT(gm_coordinates_find(h->finder, v.ventricle, v.ab, v.rt, v.tm, &p) == GM_OK);
        double r2 = 0;
        for (int c = 0; c < 3; c++) {
            double x = 0;
            for (int k = 0; k < 4; k++)
                x += h->m->nodes_mm[h->m->tets[e][k]][c] / 4;
            r2 += pow(x - p.xyz_mm[c], 2);
        }
        n++;
        n_lost += sqrt(r2) > h->edge_mm;
        worst = fmax(worst, sqrt(r2));
    }
    printf("%zu places, %zu lost, worst %.2f mm, edge %.2f mm\n", n, n_lost, worst, h->edge_mm);
    return (double)n_lost / (double)n;
}

static void the_built_in_heart_gets_coordinates_and_finds_its_places_again(void)
{
    heart h = built_in(3, NULL);
    expect_sound(&h);
    EXPECT_BELOW(share_lost(&h, 1), 0.01);
    put_away(&h);
}

static void a_real_heart_gets_coordinates_and_finds_its_places_again(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    heart h = real();
    expect_sound(&h);
    EXPECT_BELOW(share_lost(&h, 1), 0.02);
    put_away(&h);
}

/* On the LV's free wall opposite to the septum a point's ab is its share of the way along the outer
 * ellipse, from the groove where the ridges meet to the base; its rt is 1/3. Half way up the wall the
 * rotation follows the angle round the axis. */
static void ab_and_rt_follow_the_ellipsoid_of_the_free_wall(void)
{
    heart h = built_in(2.5, NULL);
    double u[3] = {1, 0, 0}, v[3] = {0, 1, 0}, w[3] = {0, 0, 1};
    gm_torso_place(u);
    gm_torso_place(v);
    gm_torso_place(w);
    double last_ab = 0, steepest = 0, flattest = 10;
    for (int k = 1; k < 9; k++) {
        gm_coordinate_place p;
        EXPECT(gm_coordinates_find(h.finder, GM_VENTRICLE_LV, 0.1 * k, 1.0 / 3, 1, &p) == GM_OK);
        gm_coordinate_place q;
        EXPECT(gm_coordinates_find(h.finder, GM_VENTRICLE_LV, 0.1 * k + 0.1, 1.0 / 3, 1, &q) ==
               GM_OK);
        double step = 0, side = 0;
        for (int c = 0; c < 3; c++) {
            step += pow(q.xyz_mm[c] - p.xyz_mm[c], 2);
            side += p.xyz_mm[c] * v[c];
        }
        EXPECT(fabs(side) < 3); /* in the plane of symmetry */
        steepest = fmax(steepest, sqrt(step));
        flattest = fmin(flattest, sqrt(step));
        last_ab = sqrt(step);
    }
    printf("a tenth of ab is %.1f to %.1f mm long (last %.1f)\n", flattest, steepest, last_ab);
    EXPECT_BELOW(steepest / flattest, 1.35);
    for (int k = 1; k < 12; k++) {
        gm_coordinate_place p;
        double rt = 2.0 / 3 * k / 12, xu = 0, xv = 0;
        EXPECT(gm_coordinates_find(h.finder, GM_VENTRICLE_LV, 0.7, rt, 0.5, &p) == GM_OK);
        for (int c = 0; c < 3; c++) {
            xu += p.xyz_mm[c] * u[c];
            xv += p.xyz_mm[c] * v[c];
        }
        double angle = atan2(xv, -xu) * 180 / 3.14159265358979323846; /* 0 opposite to the RV */
        EXPECT_CLOSE(angle, (rt - 1.0 / 3) * 3 * 110, 0, 12);
    }
    put_away(&h);
}

/* The faces of a refined mesh that lie on a set of the coarse one. */
static gm_face_set on_set(const gm_tetmesh *fine, const gm_tetmesh *coarse, const gm_face_set *set)
{
    int32_t(*faces)[3];
    size_t n;
    gm_face_finder *finder;
    EXPECT(gm_tetmesh_boundary(fine, &faces, NULL, &n) == GM_OK);
    EXPECT(gm_face_finder_create(&finder, (const double(*)[3])coarse->nodes_mm,
                                 (const int32_t(*)[3])set->faces, set->n_faces) == GM_OK);
    gm_face_set out = {0, gm_calloc(n, sizeof *out.faces)};
    for (size_t f = 0; f < n; f++) {
        double x[3] = {0, 0, 0};
        for (int k = 0; k < 3; k++)
            for (int c = 0; c < 3; c++)
                x[c] += fine->nodes_mm[faces[f][k]][c] / 3;
        if (gm_nearest_face(finder, x).distance_mm < 1e-6)
            memcpy(out.faces[out.n_faces++], faces[f], sizeof faces[f]);
    }
    gm_face_finder_destroy(finder);
    gm_free(faces);
    return out;
}

/* A mesh of 4.8 mm edges, two elements through a wall, already says what its refinement says. */
static void coordinates_of_a_coarse_mesh_agree_with_those_of_its_refinement(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    heart coarse = real(), fine = {0};
    EXPECT(gm_tetmesh_refine(coarse.m, &fine.m, NULL) == GM_OK);
    fine.lv = on_set(fine.m, coarse.m, &coarse.lv);
    fine.rv = on_set(fine.m, coarse.m, &coarse.rv);
    fine.base = on_set(fine.m, coarse.m, &coarse.base);
    fine.epi = on_set(fine.m, coarse.m, &coarse.epi);
    EXPECT(fine.lv.n_faces == 4 * coarse.lv.n_faces && fine.epi.n_faces == 4 * coarse.epi.n_faces);
    finish(&fine, NULL);
    double sum[3] = {0, 0, 0};
    size_t n = coarse.m->n_nodes;
    for (size_t i = 0; i < n; i++) {
        double rt = fine.c->rt[i] - coarse.c->rt[i];
        rt -= floor(rt + 0.5);
        sum[0] += pow(fine.c->ab[i] - coarse.c->ab[i], 2);
        sum[1] += rt * rt;
        sum[2] += pow(fine.c->tm[i] - coarse.c->tm[i], 2);
    }
    for (int k = 0; k < 3; k++)
        sum[k] = sqrt(sum[k] / (double)n);
    printf("RMS difference: ab %.4f, rt %.4f, tm %.4f\n", sum[0], sum[1], sum[2]);
    EXPECT_BELOW(sum[0], 0.01);
    EXPECT_BELOW(sum[1], 0.01);
    EXPECT_BELOW(sum[2], 0.015);
    put_away(&coarse);
    put_away(&fine);
}

static void a_fine_mesh_takes_its_coordinates_from_a_coarse_one(void)
{
    heart coarse = built_in(2.5, NULL), fine = built_in(2, NULL);
    gm_heart_coordinates *c = NULL, *solved = fine.c;
    EXPECT(gm_heart_coordinates_resample(&c, fine.m, &fine.lv, &fine.rv, &fine.base, &fine.epi,
                                         coarse.m, coarse.c, NULL) == GM_OK);
    if (c) {
        double sum[3] = {0, 0, 0};
        for (size_t i = 0; i < c->n_nodes; i++) {
            double rt = c->rt[i] - solved->rt[i];
            rt -= floor(rt + 0.5);
            sum[0] += pow(c->ab[i] - solved->ab[i], 2);
            sum[1] += rt * rt;
            sum[2] += pow(c->tm[i] - solved->tm[i], 2);
        }
        for (int k = 0; k < 3; k++)
            EXPECT_BELOW(sqrt(sum[k] / (double)c->n_nodes), k == 2 ? 0.05 : 0.02);
        printf("RMS difference: ab %.4f, rt %.4f, tm %.4f\n", sqrt(sum[0] / (double)c->n_nodes),
               sqrt(sum[1] / (double)c->n_nodes), sqrt(sum[2] / (double)c->n_nodes));
        fine.c = c;
        expect_sound(&fine);
        fine.c = solved;
    }
    gm_heart_coordinates_destroy(c);
    put_away(&coarse);
    put_away(&fine);
}

static void junctions_are_common_to_both_ventricles(void)
{
    heart h = built_in(2.5, NULL);
    const double rts[] = {0, 2.0 / 3};
    for (int i = 0; i < 2; i++)
        for (int k = 3; k < 9; k++) {
            gm_coordinate_place l, r;
            EXPECT(gm_coordinates_find(h.finder, GM_VENTRICLE_LV, 0.1 * k, rts[i], 0.1, &l) ==
                   GM_OK);
            EXPECT(gm_coordinates_find(h.finder, GM_VENTRICLE_RV, 0.1 * k, rts[i], 0.1, &r) ==
                   GM_OK);
            double r2 = 0;
            for (int c = 0; c < 3; c++)
                r2 += pow(l.xyz_mm[c] - r.xyz_mm[c], 2);
            EXPECT_BELOW(sqrt(r2), 8);
        }
    put_away(&h);
}

static void any_number_of_threads_gives_the_same_bits(void)
{
    gm_threads *t = NULL;
    EXPECT(gm_threads_create(&t, 3) == GM_OK);
    heart a = built_in(5, NULL), b = built_in(5, t);
    size_t bytes = a.c->n_nodes * sizeof(double);
    EXPECT(!memcmp(a.c->ab, b.c->ab, bytes) && !memcmp(a.c->rt, b.c->rt, bytes) &&
           !memcmp(a.c->tm, b.c->tm, bytes) && !memcmp(a.c->rvlv, b.c->rvlv, bytes));
    put_away(&a);
    put_away(&b);
    gm_threads_destroy(t);
}

static void the_other_convention_agrees_at_junctions_and_middles(void)
{
    const double pi = 3.14159265358979323846;
    EXPECT_CLOSE(gm_uvc_rotation_rad(GM_VENTRICLE_LV, 5.0 / 6), 0, 0, 1e-12);
    EXPECT_CLOSE(gm_uvc_rotation_rad(GM_VENTRICLE_LV, 2.0 / 3), pi / 2, 1e-12, 0);
    EXPECT_CLOSE(gm_uvc_rotation_rad(GM_VENTRICLE_LV, 0), -pi / 2, 1e-12, 0);
    EXPECT_CLOSE(fabs(gm_uvc_rotation_rad(GM_VENTRICLE_LV, 1.0 / 3)), pi, 1e-12, 0);
    EXPECT_CLOSE(gm_uvc_rotation_rad(GM_VENTRICLE_RV, 0), -pi / 2, 1e-12, 0);
    EXPECT_CLOSE(gm_uvc_rotation_rad(GM_VENTRICLE_RV, 2.0 / 3), pi / 2, 1e-12, 0);
    EXPECT_CLOSE(gm_uvc_depth(1), 0, 0, 0);
}

static void what_cannot_be_done_is_refused(void)
{
    heart h = built_in(5, NULL);
    gm_coordinate_place p;
    EXPECT(gm_coordinates_find(h.finder, GM_VENTRICLE_LV, NAN, 0, 1, &p) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "ab is nan");
    EXPECT(gm_coordinates_find(h.finder, GM_VENTRICLE_LV, 0.5, 0, 1.5, &p) == GM_EINVAL);
    const gm_face_set none = {0};
    gm_heart_coordinates *c;
    EXPECT(gm_heart_coordinates_create(&c, h.m, &h.lv, &h.rv, &none, &h.epi, NULL) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "base has no faces");
    gm_status s = GM_ENOMEM;
    for (long n = 0; s == GM_ENOMEM && n < 5000; n += 1 + n / 4) {
        gm_alloc_fail_after(n);
        s = gm_heart_coordinates_create(&c, h.m, &h.lv, &h.rv, &h.base, &h.epi, NULL);
        gm_alloc_fail_after(-1);
        EXPECT((s == GM_OK) == (c != NULL));
        gm_heart_coordinates_destroy(c);
    }
    EXPECT(s == GM_OK);
    put_away(&h);
}

int main(int argc, char **argv)
{
    RUN(the_built_in_heart_gets_coordinates_and_finds_its_places_again);
    RUN(a_real_heart_gets_coordinates_and_finds_its_places_again);
    RUN(ab_and_rt_follow_the_ellipsoid_of_the_free_wall);
    RUN(coordinates_of_a_coarse_mesh_agree_with_those_of_its_refinement);
    RUN(a_fine_mesh_takes_its_coordinates_from_a_coarse_one);
    RUN(junctions_are_common_to_both_ventricles);
    RUN(any_number_of_threads_gives_the_same_bits);
    RUN(the_other_convention_agrees_at_junctions_and_middles);
    RUN(what_cannot_be_done_is_refused);
    return gm_report();
}
