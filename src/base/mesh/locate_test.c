#include "mesh/locate.h"

#include "core/rng.h"
#include "mesh/box_for_tests.h"
#include "mesh/order.h"
#include "mesh/p1.h"
#include "mesh/surface.h"
#include "testing/gm_test.h"

static void random_point(gm_rng *r, double low, double high, double p[3])
{
    for (int k = 0; k < 3; k++)
        p[k] = low + (high - low) * gm_rng_uniform(r);
}

static double distance(const double a[3], const double b[3])
{
    return sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
                (a[2] - b[2]) * (a[2] - b[2]));
}

static void the_nearest_node_is_that_of_the_full_search(void)
{
    enum { N = 1000 };
    static double nodes[N][3];
    gm_rng r = gm_rng_stream(11, 0);
    for (int i = 0; i < N; i++)
        random_point(&r, -1, 1, nodes[i]);
    memcpy(nodes[700], nodes[3], sizeof nodes[3]); /* a tie */
    gm_node_finder *f;
    EXPECT(gm_node_finder_create(&f, (const double(*)[3])nodes, N) == GM_OK);
    for (int q = 0; q < 500; q++) {
        double p[3], mm;
        random_point(&r, -2, 2, p);
        size_t best = 0;
        for (size_t i = 1; i < N; i++)
            if (distance(nodes[i], p) < distance(nodes[best], p)) best = i;
        EXPECT(gm_nearest_node(f, p, &mm) == best);
        EXPECT_CLOSE(mm, distance(nodes[best], p), 1e-14, 0);
    }
    EXPECT(gm_nearest_node(f, nodes[700], NULL) == 3);
    gm_node_finder_destroy(f);
}

static void the_nearest_place_on_a_box_is_its_clamped_point(void)
{
    gm_tetmesh *m = gm_box_mesh(4, 0.5); /* [0, 2]^3 */
    int32_t(*faces)[3];
    size_t n;
    gm_face_finder *f;
    EXPECT(gm_tetmesh_boundary(m, &faces, NULL, &n) == GM_OK);
    EXPECT(gm_face_finder_create(&f, (const double(*)[3])m->nodes_mm, (const int32_t(*)[3])faces,
                                 n) == GM_OK);
    gm_rng r = gm_rng_stream(12, 0);
    for (int q = 0; q < 1000; q++) {
        double p[3], clamped[3], inner = INFINITY;
        random_point(&r, -1, 3, p);
        for (int k = 0; k < 3; k++) {
            clamped[k] = fmax(0, fmin(2, p[k]));
            inner = fmin(inner, fmin(p[k], 2 - p[k]));
        }
        gm_surface_point s = gm_nearest_face(f, p);
        double expected = inner > 0 ? inner : distance(p, clamped);
        EXPECT_CLOSE(s.distance_mm, expected, 1e-13, 1e-14);
        EXPECT_CLOSE(distance(s.point_mm, p), expected, 1e-13, 1e-14);
        EXPECT_CLOSE(s.weights[0] + s.weights[1] + s.weights[2], 1, 1e-14, 0);
        EXPECT(s.weights[0] >= -1e-15 && s.weights[1] >= 0 && s.weights[2] >= 0);
    }
    gm_face_finder_destroy(f);
    gm_free(faces);
    gm_tetmesh_destroy(m);
}

static void a_triangle_without_area_still_has_a_nearest_place(void)
{
    const double a[3] = {0, 0, 0}, b[3] = {2, 0, 0}, p[3] = {0.5, 3, 0};
    double w[3];
    EXPECT_CLOSE(gm_triangle_nearest(a, a, b, p, w), 9, 1e-15, 0);
    EXPECT_CLOSE(gm_triangle_nearest(a, b, a, p, w), 9, 1e-15, 0);
    EXPECT_CLOSE(gm_triangle_nearest(b, a, a, p, w), 9, 1e-15, 0);
    EXPECT_CLOSE(gm_triangle_nearest(a, a, a, p, w), 9.25, 1e-15, 0);
}

static void a_point_is_found_in_its_tet(void)
{
    gm_tetmesh *m = gm_box_mesh(5, 0.4); /* [0, 2]^3 */
    gm_tet_finder *f;
    EXPECT(gm_tet_finder_create(&f, m) == GM_OK);
    gm_rng r = gm_rng_stream(13, 0);
    double lambda[4];
    size_t e;
    for (int q = 0; q < 1000; q++) {
        double p[3], back[3] = {0};
        random_point(&r, 0, 2, p);
        EXPECT(gm_find_tet(f, p, 0, &e, lambda));
        for (int i = 0; i < 4; i++) {
            EXPECT(lambda[i] >= 0);
            for (int k = 0; k < 3; k++)
                back[k] += lambda[i] * m->nodes_mm[m->tets[e][i]][k];
        }
        EXPECT_CLOSE(distance(back, p), 0, 0, 1e-14);
    }
    const double outside[3] = {1, 1, 2.01};
    EXPECT(!gm_find_tet(f, outside, 0, &e, lambda));
    EXPECT(!gm_find_tet(f, outside, 0.009, &e, lambda));
    EXPECT(gm_find_tet(f, outside, 0.011, &e, lambda));
    for (size_t i = 0; i < m->n_nodes; i++) /* each node is in a tet that has it */
        EXPECT(gm_find_tet(f, m->nodes_mm[i], 1e-12, &e, lambda));
    gm_tet_finder_destroy(f);
    gm_tetmesh_destroy(m);
}

static void gradients_are_those_of_a_linear_function(void)
{
    const double p[4][3] = {{0.1, 0, 0}, {2, 0.3, 0}, {0, 1.7, 0.2}, {0.4, 0.5, 3}};
    const double g[3] = {3, -5, 7};
    double grad[4][3], sum[3] = {0};
    double volume = gm_p1_gradients(p[0], p[1], p[2], p[3], grad);
    EXPECT_CLOSE(volume, gm_tet_volume_mm3(p[0], p[1], p[2], p[3]), 1e-14, 0);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 3; k++)
            sum[k] += (g[0] * p[i][0] + g[1] * p[i][1] + g[2] * p[i][2]) * grad[i][k];
    for (int k = 0; k < 3; k++)
        EXPECT_CLOSE(sum[k], g[k], 1e-13, 0);
}

static void reordering_keeps_the_mesh_and_brings_neighbours_together(void)
{
    gm_tetmesh *m = gm_box_mesh(12, 1.0), *near;
    m->tags = gm_calloc(m->n_tets, sizeof *m->tags);
    for (size_t e = 0; e < m->n_tets; e++)
        m->tags[e] = (int32_t)e;
    int32_t *node_from, *tet_from;
    EXPECT(gm_tetmesh_reorder(m, &near, &node_from, &tet_from) == GM_OK);
    EXPECT(gm_tetmesh_check(near, NULL, "reordered") == GM_OK);
    double jump = 0;
    for (size_t i = 0; i < near->n_nodes; i++) {
        EXPECT(memcmp(near->nodes_mm[i], m->nodes_mm[node_from[i]], sizeof *near->nodes_mm) == 0);
        if (i > 0) jump = fmax(jump, distance(near->nodes_mm[i], near->nodes_mm[i - 1]));
    }
    EXPECT_BELOW(jump, 3.5); /* mm: the lattice is no power of two, so the curve skips some */
    for (size_t e = 0; e < near->n_tets; e++) {
        EXPECT(near->tags[e] == tet_from[e]);
        for (int k = 0; k < 4; k++)
            EXPECT(node_from[near->tets[e][k]] == m->tets[tet_from[e]][k]);
    }
    gm_free(node_from);
    gm_free(tet_from);
    gm_tetmesh_destroy(near);
    gm_tetmesh_destroy(m);
}

static void surface_vertices_are_matched_or_counted(void)
{
    gm_tetmesh *m = gm_box_mesh(3, 1.0);
    int32_t(*faces)[3];
    size_t n;
    gm_surface *s;
    EXPECT(gm_tetmesh_boundary(m, &faces, NULL, &n) == GM_OK);
    EXPECT(gm_surface_of_mesh(&s, m, (const int32_t(*)[3])faces, n) == GM_OK);
    EXPECT(s->n_nodes == 64 - 8 && gm_surface_check(s, "box") == GM_OK);
    gm_free(s->mesh_nodes);
    s->mesh_nodes = NULL;
    s->nodes_mm[4][0] += 0.9e-3;
    EXPECT(gm_surface_match(s, m, 1e-3, "box.obj") == GM_OK);
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < 3; k++)
            EXPECT(s->mesh_nodes[s->faces[i][k]] == faces[i][k]);
    s->nodes_mm[4][0] += 1e-3;
    s->nodes_mm[9][1] += 0.1;
    EXPECT(gm_surface_match(s, m, 1e-3, "box.obj") == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "box.obj: 2 of 56 vertices are no nodes");
    gm_surface_destroy(s);
    gm_free(faces);
    gm_tetmesh_destroy(m);
}

static void faces_are_found_in_any_order_of_their_nodes(void)
{
    static const int32_t boundary[3][3] = {{5, 2, 9}, {1, 2, 3}, {7, 0, 4}};
    static const int32_t asked[4][3] = {{3, 1, 2}, {9, 5, 2}, {0, 4, 7}, {1, 2, 4}};
    int32_t index[4];
    EXPECT(gm_faces_find(boundary, 3, asked, 4, index) == GM_OK);
    EXPECT(index[0] == 1 && index[1] == 0 && index[2] == 2 && index[3] == -1);
}

static void no_memory_for_a_finder_is_said(void)
{
    gm_tetmesh *m = gm_box_mesh(2, 1.0);
    for (long after = 0; after < 6; after++) {
        gm_tet_finder *f;
        gm_alloc_fail_after(after);
        EXPECT(gm_tet_finder_create(&f, m) == GM_ENOMEM && !f);
        gm_alloc_fail_after(-1);
    }
    gm_tetmesh_destroy(m);
}

int main(int argc, char **argv)
{
    RUN(the_nearest_node_is_that_of_the_full_search);
    RUN(the_nearest_place_on_a_box_is_its_clamped_point);
    RUN(a_triangle_without_area_still_has_a_nearest_place);
    RUN(a_point_is_found_in_its_tet);
    RUN(gradients_are_those_of_a_linear_function);
    RUN(reordering_keeps_the_mesh_and_brings_neighbours_together);
    RUN(surface_vertices_are_matched_or_counted);
    RUN(faces_are_found_in_any_order_of_their_nodes);
    RUN(no_memory_for_a_finder_is_said);
    return gm_report();
}
