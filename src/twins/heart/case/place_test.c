#include "heart/case/place.h"

#include "heart/case/files_for_tests.h"
#include "testing/gm_test.h"

static double distance(const double a[3], const double b[3])
{
    return sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
                (a[2] - b[2]) * (a[2] - b[2]));
}

static double pseudo_random(unsigned *state) /* [0, 1) */
{
    *state = *state * 1664525u + 1013904223u;
    return *state / 4294967296.0;
}

static void a_place_inside_is_found_where_it_is(void)
{
    gm_tetmesh *m = gm_muscle_cube(4, 2.5);
    gm_locator *l;
    EXPECT(gm_locator_create(&l, m) == GM_OK);
    unsigned state = 7;
    for (int i = 0; i < 500; i++) {
        double p[3] = {10 * pseudo_random(&state), 10 * pseudo_random(&state),
                       10 * pseudo_random(&state)};
        gm_place at = gm_locate(l, p);
        EXPECT(at.distance_mm == 0);
        EXPECT_BELOW(distance(at.xyz_mm, p), 1e-12);
        double sum = 0;
        for (int k = 0; k < 4; k++) {
            EXPECT(at.weight[k] >= 0);
            sum += at.weight[k];
        }
        EXPECT_CLOSE(sum, 1, 1e-14, 0);
    }
    gm_locator_destroy(l);
    gm_tetmesh_destroy(m);
}

static void a_place_outside_goes_to_the_nearest_point_of_the_box(void)
{
    gm_tetmesh *m = gm_muscle_cube(4, 2.5);
    gm_locator *l;
    EXPECT(gm_locator_create(&l, m) == GM_OK);
    unsigned state = 11;
    for (int i = 0; i < 500; i++) {
        double p[3], expected[3];
        for (int k = 0; k < 3; k++) {
            p[k] = 10 * (4 * pseudo_random(&state) - 1.5);
            expected[k] = fmin(10, fmax(0, p[k]));
        }
        gm_place at = gm_locate(l, p);
        EXPECT_CLOSE(at.distance_mm, distance(p, expected), 1e-12, 1e-12);
        EXPECT_BELOW(distance(at.xyz_mm, expected), 1e-11);
    }
    gm_locator_destroy(l);
    gm_tetmesh_destroy(m);
}

static void every_node_is_found_with_weight_one(void)
{
    gm_tetmesh *m = gm_muscle_cube(3, 1.7);
    gm_locator *l;
    EXPECT(gm_locator_create(&l, m) == GM_OK);
    for (size_t i = 0; i < m->n_nodes; i++) {
        gm_place at = gm_locate(l, m->nodes_mm[i]);
        int32_t found = -1;
        for (int k = 0; k < 4; k++)
            if (at.weight[k] > 1 - 1e-9) found = m->tets[at.tet][k];
        EXPECT(found == (int32_t)i);
    }
    gm_locator_destroy(l);
    gm_tetmesh_destroy(m);
}

static void no_memory_is_reported(void)
{
    gm_tetmesh *m = gm_muscle_cube(2, 1);
    for (long n = 0; n < 3; n++) {
        gm_locator *l;
        gm_alloc_fail_after(n);
        EXPECT(gm_locator_create(&l, m) == GM_ENOMEM);
        EXPECT(!l);
        gm_alloc_fail_after(-1);
    }
    gm_tetmesh_destroy(m);
}

int main(int argc, char **argv)
{
    RUN(a_place_inside_is_found_where_it_is);
    RUN(a_place_outside_goes_to_the_nearest_point_of_the_box);
    RUN(every_node_is_found_with_weight_one);
    RUN(no_memory_is_reported);
    return gm_report();
}
