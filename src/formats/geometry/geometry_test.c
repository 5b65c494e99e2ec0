#include "core/clock.h"
#include "geometry/crtdemo_for_tests.h"
#include "geometry/geometry.h"
#include "geometry/opencarp.h"
#include "geometry/tetgen.h"
#include "testing/gm_test.h"

#define SCI GM_SHARED_DIR "/data/heart/sci_tet_meshes"

static void crtdemo_has_its_known_facts(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    gm_tetmesh *m;
    gm_tetmesh_facts f;
    EXPECT(gm_crtdemo_mesh(&m) == GM_OK);
    EXPECT(gm_tetmesh_measure(m, &f) == GM_OK);
    EXPECT_CLOSE(f.mean_edge_mm, 4.81, 0, 0.005);
    EXPECT_CLOSE(f.volume_mm3, 226.5e3, 0, 50);
    EXPECT(f.n_boundary_faces == 6124);
    EXPECT(f.n_parts == 1);
    EXPECT_CLOSE(f.min_dihedral_deg, 1.6, 0, 0.05);
    gm_tetmesh_destroy(m);
}

static void crtdemo_refined_twice_has_its_known_size(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    gm_tetmesh *m, *once, *twice;
    gm_tetmesh_facts a, b;
    EXPECT(gm_crtdemo_mesh(&m) == GM_OK);
    double t0_s = gm_clock_seconds();
    EXPECT(gm_tetmesh_refine(m, &once, NULL) == GM_OK);
    EXPECT(gm_tetmesh_refine(once, &twice, NULL) == GM_OK);
    double t1_s = gm_clock_seconds();
    EXPECT(gm_tetmesh_check(twice, NULL, "refined") == GM_OK);
    double t2_s = gm_clock_seconds();
    EXPECT(once->n_nodes == 30065);
    EXPECT(twice->n_nodes == 215305 && twice->n_tets == 1143424);
    EXPECT(gm_tetmesh_measure(m, &a) == GM_OK && gm_tetmesh_measure(twice, &b) == GM_OK);
    printf("refine %.3f s, check %.3f s, measure %.3f s; mean edge %.3f mm, dihedral %.2f deg\n",
           t1_s - t0_s, t2_s - t1_s, gm_clock_seconds() - t2_s, b.mean_edge_mm, b.min_dihedral_deg);
    EXPECT_CLOSE(b.volume_mm3, a.volume_mm3, 1e-12, 0);
    EXPECT(b.n_boundary_faces == 16 * a.n_boundary_faces);
    gm_tetmesh_destroy(m);
    gm_tetmesh_destroy(once);
    gm_tetmesh_destroy(twice);
}

static void tetgen_files_of_others_are_read(void)
{
    NEED_DATA(SCI);
    static const struct {
        const char *path;
        size_t n_nodes, n_tets;
    } known[] = {{SCI "/sphere334", 334, 1125},
                 {SCI "/sphere8092.ele", 8092, 40000},
                 {SCI "/sphere19499.node", 19499, 100276},
                 {SCI "/torus", 1012, 3444}};
    for (int i = 0; i < 4; i++) {
        gm_tetmesh *m;
        EXPECT(gm_geometry_read(&m, known[i].path) == GM_OK);
        EXPECT(m && m->n_nodes == known[i].n_nodes && m->n_tets == known[i].n_tets);
        gm_tetmesh_destroy(m);
    }
}

static void a_mesh_with_inverted_tets_is_refused(void)
{
    NEED_DATA(SCI);
    gm_tetmesh *m;
    EXPECT(gm_geometry_read(&m, SCI "/CubeMesh_size16") == GM_EFORMAT);
    EXPECT(m == NULL);
    EXPECT_CONTAINS(gm_error_text(), "CubeMesh_size16.ele: tet 1 ");
    EXPECT_CONTAINS(gm_error_text(), "of 20250 tets 16875 are inverted");
}

int main(int argc, char **argv)
{
    RUN(crtdemo_has_its_known_facts);
    RUN(crtdemo_refined_twice_has_its_known_size);
    RUN(tetgen_files_of_others_are_read);
    RUN(a_mesh_with_inverted_tets_is_refused);
    return gm_report();
}
