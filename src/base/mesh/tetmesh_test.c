#include "core/clock.h"
#include "mesh/box_for_tests.h"
#include "mesh/faces.h"
#include "testing/gm_test.h"

static void a_box_has_the_facts_of_a_box(void)
{
    gm_tetmesh *m = gm_box_mesh(3, 2.0);
    gm_tetmesh_facts f;
    EXPECT(gm_tetmesh_check(m, NULL, "box") == GM_OK);
    EXPECT(gm_tetmesh_measure(m, &f) == GM_OK);
    EXPECT_CLOSE(f.volume_mm3, 216, 1e-14, 0);
    EXPECT_CLOSE(f.min_volume_mm3, 8.0 / 6, 1e-14, 0);
    EXPECT(f.n_boundary_faces == 6 * 9 * 2);
    EXPECT(f.n_parts == 1);
    EXPECT_CLOSE(f.min_edge_mm, 2, 1e-14, 0);
    EXPECT_CLOSE(f.max_edge_mm, 2 * sqrt(3), 1e-14, 0);
    EXPECT_CLOSE(f.min_dihedral_deg, 45, 1e-12, 0); /* of a Kuhn tet */
    EXPECT_CLOSE(f.max_dihedral_deg, 90, 1e-12, 0);
    EXPECT(f.box_min_mm[1] == 0 && f.box_max_mm[2] == 6);
    gm_tetmesh_destroy(m);
}

static void the_boundary_is_closed_and_looks_outward(void)
{
    gm_tetmesh *m = gm_box_mesh(2, 1.0);
    int32_t(*faces)[3], *owner;
    size_t n;
    EXPECT(gm_tetmesh_boundary(m, &faces, &owner, &n) == GM_OK);
    EXPECT(n == 48);
    double volume = 0, centre[3] = {1, 1, 1};
    for (size_t i = 0; i < n; i++) {
        double v = gm_tet_volume_mm3(centre, m->nodes_mm[faces[i][0]], m->nodes_mm[faces[i][1]],
                                     m->nodes_mm[faces[i][2]]);
        EXPECT(v > 0);
        EXPECT(i == 0 || owner[i] >= owner[i - 1]);
        volume += v;
    }
    EXPECT_CLOSE(volume, 8, 1e-14, 0);
    gm_free(faces);
    gm_free(owner);
    gm_tetmesh_destroy(m);
}

static void refinement_keeps_the_volume_and_what_a_tet_carries(void)
{
    gm_tetmesh *m = gm_box_mesh(2, 1.0), *fine;
    m->nodes_mm[13][0] += 0.2; /* the inner node: no more a regular box */
    m->tags = gm_calloc(m->n_tets, sizeof *m->tags);
    m->fibres = gm_calloc(m->n_tets, sizeof *m->fibres);
    for (size_t e = 0; e < m->n_tets; e++)
        m->tags[e] = (int32_t)e, m->fibres[e][e % 3] = 1;
    int32_t(*parents)[2];
    EXPECT(gm_tetmesh_refine(m, &fine, &parents) == GM_OK);
    EXPECT(fine->n_tets == 8 * m->n_tets);
    EXPECT(fine->n_nodes == 5 * 5 * 5); /* edge midpoints of the Kuhn box are the finer lattice */
    EXPECT(gm_tetmesh_check(fine, NULL, "fine") == GM_OK);
    gm_tetmesh_facts a, b;
    EXPECT(gm_tetmesh_measure(m, &a) == GM_OK && gm_tetmesh_measure(fine, &b) == GM_OK);
    EXPECT_CLOSE(b.volume_mm3, a.volume_mm3, 1e-13, 0);
    EXPECT(b.n_boundary_faces == 4 * a.n_boundary_faces && b.n_parts == 1);
    for (size_t e = 0; e < fine->n_tets; e++)
        EXPECT(fine->tags[e] == (int32_t)(e / 8) && fine->fibres[e][e / 8 % 3] == 1);
    for (size_t i = m->n_nodes; i < fine->n_nodes; i++) {
        const int32_t *p = parents[i - m->n_nodes];
        EXPECT(fine->nodes_mm[i][0] == 0.5 * (m->nodes_mm[p[0]][0] + m->nodes_mm[p[1]][0]));
    }
    gm_free(parents);
    gm_tetmesh_destroy(fine);
    gm_tetmesh_destroy(m);
}

static void every_way_to_cut_the_octahedron_gives_positive_tets(void)
{
    /* A stretch along one of the three diagonals makes another one the shortest. */
    for (int d = 0; d < 3; d++) {
        gm_tetmesh *m, *fine;
        EXPECT(gm_tetmesh_create(&m, 4, 1) == GM_OK);
        static const double corner[4][3] = {{1, 1, 1}, {1, -1, -1}, {-1, 1, -1}, {-1, -1, 1}};
        static const int32_t turned[4] = {1, 0, 2, 3}; /* positive volume */
        memcpy(m->tets[0], turned, sizeof turned);
        for (int i = 0; i < 4; i++)
            for (int k = 0; k < 3; k++)
                m->nodes_mm[i][k] = corner[i][k] * (k == d ? 0.5 : 1);
        EXPECT(gm_tetmesh_check(m, NULL, "one tet") == GM_OK);
        EXPECT(gm_tetmesh_refine(m, &fine, NULL) == GM_OK);
        EXPECT(gm_tetmesh_check(fine, NULL, "eight tets") == GM_OK);
        gm_tetmesh_facts f;
        EXPECT(gm_tetmesh_measure(fine, &f) == GM_OK);
        EXPECT_CLOSE(f.volume_mm3, 8.0 / 6, 1e-14, 0);
        EXPECT_CLOSE(f.min_volume_mm3, 1.0 / 6, 1e-14, 0);
        gm_tetmesh_destroy(fine);
        gm_tetmesh_destroy(m);
    }
}

static void each_node_knows_its_tets(void)
{
    gm_tetmesh *m = gm_box_mesh(2, 1.0);
    gm_incidence x;
    EXPECT(gm_tetmesh_node_tets(m, &x) == GM_OK);
    EXPECT(x.start[0] == 0 && x.start[m->n_nodes] == (int32_t)(4 * m->n_tets));
    EXPECT(x.start[14] - x.start[13] == 24); /* an inner node of the Kuhn lattice */
    for (int32_t i = 0; i < (int32_t)m->n_nodes; i++)
        for (int32_t k = x.start[i]; k < x.start[i + 1]; k++) {
            const int32_t *t = m->tets[x.item[k]];
            EXPECT(t[0] == i || t[1] == i || t[2] == i || t[3] == i);
            EXPECT(k == x.start[i] || x.item[k] > x.item[k - 1]);
        }
    gm_incidence_free(&x);
    gm_tetmesh_destroy(m);
}

static void edges_are_found_from_both_ends(void)
{
    gm_tetmesh *m = gm_box_mesh(2, 1.0);
    gm_edges x;
    EXPECT(gm_tetmesh_edges(m, &x) == GM_OK);
    EXPECT(x.n_edges == 98); /* 54 along the axes, 36 across faces, 8 across cubes */
    int32_t a = gm_edges_find(&x, 0, 13), b = gm_edges_find(&x, 13, 0);
    EXPECT(a >= 0 && a == b && x.other[a] == 13);
    EXPECT(gm_edges_find(&x, 0, 26) == -1);
    gm_edges_free(&x);
    gm_tetmesh_destroy(m);
}

/* Expects a refusal of the box after one change, with these words. */
static void expect_refused(gm_tetmesh *m, const char *words)
{
    EXPECT(gm_tetmesh_check(m, NULL, "box.pts") == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "box.pts: ");
    EXPECT_CONTAINS(gm_error_text(), words);
    gm_tetmesh_destroy(m);
}

static void a_broken_mesh_is_refused_with_the_number_of_the_element(void)
{
    gm_tetmesh *m = gm_box_mesh(2, 1.0);
    m->nodes_mm[5][1] = NAN;
    expect_refused(m, "node 5 is at (2, nan, 0) mm: not finite (1 such of 27 nodes)");

    m = gm_box_mesh(2, 1.0);
    m->tets[7][2] = 27;
    expect_refused(m, "tet 7 has nodes 1 4 27 14, allowed are 0 to 26 (1 such of 48 tets)");

    m = gm_box_mesh(2, 1.0);
    m->tets[9][0] = -1;
    m->tets[11][0] = INT32_MIN;
    expect_refused(m, "(2 such of 48 tets)");

    m = gm_box_mesh(2, 1.0);
    m->nodes_mm[13][0] += 1.5; /* the inner node leaves the box */
    expect_refused(m, "is inverted: volume ");

    m = gm_box_mesh(2, 1.0);
    m->tets[3][0] = m->tets[3][1];
    expect_refused(m, "tet 3 (nodes 4 4 3 13) is flat or too small: volume 0 mm3");

    m = gm_box_mesh(2, 1e-4);
    expect_refused(m, "must be above 1e-09 mm3 (of 48 tets 0 are inverted, 48 too small)");

    m = gm_box_mesh(2, 1.0);
    m->n_tets = 42; /* without the last cube */
    expect_refused(m, "node 26 belongs to no tet (1 such of 27 nodes)");

    m = gm_box_mesh(2, 1.0);
    memcpy(m->tets[1], m->tets[0], sizeof m->tets[0]);
    expect_refused(m, "tets 0 and 1 lie on the same side of their common face");

    m = gm_box_mesh(2, 1.0);
    m->n_tets = 0;
    expect_refused(m, "is empty");
}

static void a_face_of_three_tets_is_refused(void)
{
    gm_tetmesh *m;
    EXPECT(gm_tetmesh_create(&m, 6, 3) == GM_OK);
    static const double p[6][3] = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0},
                                   {0, 0, 1}, {0, 0, 2}, {0, 0, -1}};
    static const int32_t t[3][4] = {{0, 1, 2, 3}, {0, 1, 2, 4}, {0, 2, 1, 5}};
    memcpy(m->nodes_mm, p, sizeof p);
    memcpy(m->tets, t, sizeof t);
    expect_refused(m, "face (nodes 0 1 2) belongs to more than two tets: 0, 1, 2");
}

static void fibres_without_direction_are_refused(void)
{
    gm_tetmesh *m = gm_box_mesh(1, 1.0);
    m->fibres = gm_calloc(m->n_tets, sizeof *m->fibres);
    for (size_t e = 0; e < m->n_tets; e++)
        m->fibres[e][0] = 1;
    EXPECT(gm_tetmesh_check(m, NULL, "box") == GM_OK);
    m->fibres[4][0] = 0;
    EXPECT(gm_tetmesh_check(m, NULL, "box") == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "fibre of tet 4 is (0, 0, 0)");
    m->fibres[4][2] = NAN;
    EXPECT(gm_tetmesh_check(m, NULL, "box") == GM_EFORMAT);
    gm_tetmesh_destroy(m);
}

static void two_boxes_are_two_parts(void)
{
    gm_tetmesh *a = gm_box_mesh(1, 1.0), *m;
    EXPECT(gm_tetmesh_create(&m, 16, 12) == GM_OK);
    for (size_t i = 0; i < 16; i++) {
        memcpy(m->nodes_mm[i], a->nodes_mm[i % 8], sizeof a->nodes_mm[0]);
        m->nodes_mm[i][0] += i < 8 ? 0 : 5;
    }
    for (size_t e = 0; e < 12; e++)
        for (int k = 0; k < 4; k++)
            m->tets[e][k] = a->tets[e % 6][k] + (e < 6 ? 0 : 8);
    gm_tetmesh_facts f;
    EXPECT(gm_tetmesh_check(m, NULL, "two boxes") == GM_OK);
    EXPECT(gm_tetmesh_measure(m, &f) == GM_OK && f.n_parts == 2);
    gm_tetmesh_destroy(a);
    gm_tetmesh_destroy(m);
}

static void no_memory_is_said_and_leaks_nothing(void)
{
    gm_tetmesh *m = gm_box_mesh(2, 1.0);
    for (long after = 0; after < 12; after++) {
        gm_tetmesh *fine;
        int32_t(*faces)[3], *owner, (*parents)[2];
        size_t n;
        gm_tetmesh_facts f;
        gm_incidence x;
        gm_alloc_fail_after(after);
        if (gm_tetmesh_refine(m, &fine, &parents) == GM_OK)
            gm_tetmesh_destroy(fine), gm_free(parents);
        gm_alloc_fail_after(after);
        if (gm_tetmesh_boundary(m, &faces, &owner, &n) == GM_OK) gm_free(faces), gm_free(owner);
        gm_alloc_fail_after(after);
        gm_tetmesh_measure(m, &f);
        gm_alloc_fail_after(after);
        if (gm_tetmesh_node_tets(m, &x) == GM_OK) gm_incidence_free(&x);
        gm_alloc_fail_after(0);
        EXPECT(gm_tetmesh_check(m, NULL, "box") == GM_ENOMEM);
        gm_alloc_fail_after(-1);
    }
    gm_tetmesh_destroy(m);
}

int main(int argc, char **argv)
{
    RUN(a_box_has_the_facts_of_a_box);
    RUN(the_boundary_is_closed_and_looks_outward);
    RUN(refinement_keeps_the_volume_and_what_a_tet_carries);
    RUN(every_way_to_cut_the_octahedron_gives_positive_tets);
    RUN(each_node_knows_its_tets);
    RUN(edges_are_found_from_both_ends);
    RUN(a_broken_mesh_is_refused_with_the_number_of_the_element);
    RUN(a_face_of_three_tets_is_refused);
    RUN(fibres_without_direction_are_refused);
    RUN(two_boxes_are_two_parts);
    RUN(no_memory_is_said_and_leaks_nothing);
    return gm_report();
}
