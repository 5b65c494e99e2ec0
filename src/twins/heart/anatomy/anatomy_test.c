#include "heart/anatomy/anatomy.h"

#include "core/alloc.h"
#include "heart/anatomy/shape.h"
#include "heart/anatomy/torso.h"
#include "testing/gm_test.h"

static gm_status build(gm_anatomy **a, double edge_mm)
{
    gm_anatomy_params p = gm_anatomy_defaults();
    p.edge_mm = edge_mm;
    return gm_anatomy_build(a, &p, NULL);
}

/* The mesher alone on the default shape: fine meshes are too slow to build whole in a test. */
static void no_tet_is_flat_at_any_edge_length(void)
{
    const double edges_mm[] = {1, 1.6, 2, 3, 5};
    for (size_t i = 0; i < sizeof edges_mm / sizeof *edges_mm; i++) {
        const double thinnest_mm = GM_MESHER_WALL_EDGES * edges_mm[i];
        const gm_heart_sizes sizes = {.lv_ml = 140,
                                      .axis_mm = 90,
                                      .wall_mm = 9.5,
                                      .apex_wall_mm = fmax(6.65, thinnest_mm),
                                      .rv_wall_mm = fmax(3.5, thinnest_mm),
                                      .rv_scale = 1};
        gm_heart_shape shape = gm_heart_shape_of(&sizes);
        gm_mesher_input in = {
            .phi = gm_heart_shape_muscle, .context = &shape, .edge_mm = edges_mm[i]};
        gm_tetmesh *m = NULL;
        gm_tetmesh_facts f = {.min_dihedral_deg = NAN};
        gm_heart_shape_box(&shape, in.box_min_mm, in.box_max_mm);
        EXPECT(gm_mesher_fill(&m, &in, NULL) == GM_OK);
        if (m) EXPECT(gm_tetmesh_measure(m, &f) == GM_OK);
        printf("%.1f mm: %zu tets, dihedral angles %.1f to %.1f deg\n", edges_mm[i],
               m ? m->n_tets : 0, f.min_dihedral_deg, f.max_dihedral_deg);
        EXPECT_BELOW(10, f.min_dihedral_deg);
        gm_tetmesh_destroy(m);
    }
}

static void every_edge_length_gives_good_tets_and_the_volumes_asked_for(void)
{
    const double edges_mm[] = {2, 2.5, 3, 4, 5};
    for (size_t i = 0; i < sizeof edges_mm / sizeof *edges_mm; i++) {
        gm_anatomy *a = NULL;
        gm_tetmesh_facts f;
        EXPECT(build(&a, edges_mm[i]) == GM_OK);
        if (!a) continue;
        EXPECT(gm_tetmesh_measure(a->mesh, &f) == GM_OK);
        EXPECT_BELOW(10, f.min_dihedral_deg);
        EXPECT(f.n_parts == 1);
        EXPECT_CLOSE(f.mean_edge_mm, edges_mm[i], 0.1, 0);
        EXPECT_CLOSE(a->lv_ml, 140, 0.01, 0);
        EXPECT_CLOSE(a->rv_ml, 150, 0.01, 0);
        EXPECT(a->lv_endo.n_faces + a->rv_endo.n_faces + a->base.n_faces + a->epi.n_faces ==
               f.n_boundary_faces);
        gm_anatomy_destroy(a);
    }
}

static void hearts_of_all_sizes_have_their_volumes(void)
{
    static const double sizes[][5] = {/* lv_ml rv_ml wall axis edge */
                                      {70, 80, 7, 70, 2.5},
                                      {240, 180, 12, 105, 3},
                                      {110, 220, 9, 85, 2.5},
                                      {60, 90, 16, 80, 3}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        gm_anatomy_params p = gm_anatomy_defaults();
        gm_anatomy *a = NULL;
        p.lv_ml = sizes[i][0];
        p.rv_ml = sizes[i][1];
        p.wall_mm = sizes[i][2];
        p.axis_mm = sizes[i][3];
        p.edge_mm = sizes[i][4];
        EXPECT(gm_anatomy_build(&a, &p, NULL) == GM_OK);
        if (!a) printf("heart %zu: %s\n", i, gm_error_text());
        if (!a) continue;
        EXPECT_CLOSE(a->lv_ml, p.lv_ml, 0.01, 0);
        EXPECT_CLOSE(a->rv_ml, p.rv_ml, 0.01, 0);
        gm_anatomy_destroy(a);
    }
}

static void expect_refused(gm_anatomy_params p, const char *part)
{
    gm_anatomy *a = (gm_anatomy *)&p;
    EXPECT(gm_anatomy_build(&a, &p, NULL) == GM_EINVAL && a == NULL);
    EXPECT_CONTAINS(gm_error_text(), part);
}

static void impossible_sizes_are_refused_with_what_is_allowed(void)
{
    gm_anatomy_params p = gm_anatomy_defaults();
    p.edge_mm = NAN;
    expect_refused(p, "edge length is nan mm, allowed 0.5 to 5");
    p = gm_anatomy_defaults();
    p.lv_ml = 4000;
    expect_refused(p, "LV volume is 4000 mL");
    p = gm_anatomy_defaults();
    p.edge_mm = 5;
    p.wall_mm = 6;
    expect_refused(p, "too long for an LV wall");
    p = gm_anatomy_defaults();
    p.lv_ml = 400;
    p.rv_ml = 30;
    expect_refused(p, "does not go with");
}

static double distance_to(const gm_tetmesh *m, const double p[3])
{
    double best = 1e30;
    for (size_t i = 0; i < m->n_nodes; i++) {
        double r2 = 0;
        for (int c = 0; c < 3; c++)
            r2 += pow(m->nodes_mm[i][c] - p[c], 2);
        best = fmin(best, r2);
    }
    return sqrt(best);
}

static void the_heart_lies_in_the_chest_as_it_should(void)
{
    gm_anatomy *a = NULL;
    EXPECT(build(&a, 4) == GM_OK);
    double apex[3] = {0, 0, -90}, to_rv[3] = {1, 0, 0};
    gm_torso_place(apex);
    gm_torso_place(to_rv);
    EXPECT(apex[0] > 40 && apex[1] < -40 && apex[2] < -30); /* left, front, down */
    EXPECT(to_rv[0] < -0.5 && to_rv[1] < -0.5);             /* right and front */
    for (int e = GM_V1; e <= GM_V6; e++) {
        double d = distance_to(a->mesh, a->electrodes_mm[e]);
        printf("%s %.0f mm from the heart\n", gm_electrode_names[e], d);
        EXPECT(d > 20 && d < (e <= GM_V4 ? 65 : 110));
    }
    for (int e = GM_RA; e <= GM_LL; e++) {
        double d = distance_to(a->mesh, a->electrodes_mm[e]);
        printf("%s %.0f mm from the heart\n", gm_electrode_names[e], d);
        EXPECT(d > 120 && d < 400);
    }
    gm_anatomy_destroy(a);
}

static void running_out_of_memory_is_reported(void)
{
    gm_status s = GM_ENOMEM;
    for (long n = 0; s == GM_ENOMEM && n < 5000; n += 1 + n / 6) {
        gm_anatomy *a = NULL;
        gm_alloc_fail_after(n);
        s = build(&a, 5);
        gm_alloc_fail_after(-1);
        EXPECT((s == GM_OK) == (a != NULL));
        gm_anatomy_destroy(a);
    }
    EXPECT(s == GM_OK);
    if (s != GM_OK) printf("%s: %s\n", gm_status_name(s), gm_error_text());
}

int main(int argc, char **argv)
{
    RUN(no_tet_is_flat_at_any_edge_length);
    RUN(every_edge_length_gives_good_tets_and_the_volumes_asked_for);
    RUN(hearts_of_all_sizes_have_their_volumes);
    RUN(impossible_sizes_are_refused_with_what_is_allowed);
    RUN(the_heart_lies_in_the_chest_as_it_should);
    RUN(running_out_of_memory_is_reported);
    return gm_report();
}
