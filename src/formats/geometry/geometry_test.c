#include "core/clock.h"
#include "geometry/crtdemo_for_tests.h"
#include "geometry/geometry.h"
#include "geometry/grid.h"
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

/* Same tets and, to the rounding of the format, same nodes. */
static void expect_same_mesh(const gm_tetmesh *a, const gm_tetmesh *b, double atol_mm)
{
    EXPECT(a && b && a->n_nodes == b->n_nodes && a->n_tets == b->n_tets);
    if (!a || !b || a->n_nodes != b->n_nodes || a->n_tets != b->n_tets) return;
    double worst = 0;
    for (size_t i = 0; i < 3 * a->n_nodes; i++)
        worst = fmax(worst, fabs(a->nodes_mm[i / 3][i % 3] - b->nodes_mm[i / 3][i % 3]));
    EXPECT_CLOSE(worst, 0, 0, atol_mm);
    EXPECT(memcmp(a->tets, b->tets, a->n_tets * sizeof *a->tets) == 0);
}

static void vtk_files_of_others_are_read(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    gm_tetmesh *m, *legacy, *xml;
    EXPECT(gm_crtdemo_mesh(&m) == GM_OK);
    EXPECT(gm_geometry_read(&legacy, GM_CRTDEMO_DIR "/raw/crtdemo_mesh_oriented.vtk") == GM_OK);
    expect_same_mesh(m, legacy, 1e-12);
    EXPECT(gm_geometry_read(&xml, GM_CRTDEMO_DIR "/raw/True_endo.vtu") == GM_OK);
    expect_same_mesh(m, xml, 1e-12);
    gm_tetmesh_destroy(m);
    gm_tetmesh_destroy(legacy);
    gm_tetmesh_destroy(xml);
    EXPECT(gm_geometry_read(&m, GM_CRTDEMO_DIR "/raw/crtdemo_f0_oriented.vtk") == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "no cells in the file");
    EXPECT(gm_geometry_read(&m, GM_CRTDEMO_DIR "/raw/True_LVtree.vtu") == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "cell 0 has VTK type 3: only tetrahedra");
}

static void the_fields_of_a_vtu_are_those_of_its_table(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    gm_grid g;
    static double expected[GM_CRTDEMO_N_NODES];
    EXPECT(gm_grid_read(&g, GM_CRTDEMO_DIR "/raw/True_endo.vtu") == GM_OK);
    EXPECT(gm_crtdemo_table("activation_ref_ms.txt", expected, GM_CRTDEMO_N_NODES) == GM_OK);
    const gm_grid_array *a = gm_grid_find(&g, "Activation", false);
    EXPECT(a && a->n_components == 1);
    double worst = 0;
    for (size_t i = 0; a && i < g.n_points; i++)
        worst = fmax(worst, fabs(a->values[i] - expected[i]));
    EXPECT_BELOW(worst, 1e-4); /* ms: the table has four decimals or more */
    gm_grid_free(&g);
}

static void the_kit_box_is_read(void)
{
    NEED_DATA(GM_SHARED_DIR "/data/heart/kit_fim_box");
    gm_tetmesh *m;
    gm_tetmesh_facts f;
    EXPECT(gm_geometry_read(&m, GM_SHARED_DIR "/data/heart/kit_fim_box/box.vtu") == GM_OK);
    EXPECT(m && m->n_nodes == 35937 && m->n_tets == 196608);
    EXPECT(gm_tetmesh_measure(m, &f) == GM_OK);
    EXPECT_CLOSE(f.volume_mm3, 256.0 * 256 * 256, 1e-9, 0);
    EXPECT_CLOSE(f.box_max_mm[1], 256, 1e-9, 0);
    gm_tetmesh_destroy(m);
}

static void a_vtp_surface_is_read_with_its_classes(void)
{
    NEED_DATA(GM_SHARED_DIR "/data/heart/cobiveco_surfaces");
    gm_grid g;
    gm_surface *s;
    EXPECT(gm_grid_read(&g, GM_SHARED_DIR "/data/heart/cobiveco_surfaces/geo1_heart.vtp") == GM_OK);
    EXPECT(gm_grid_to_surface(&g, &s, "geo1_heart.vtp") == GM_OK);
    EXPECT(s && s->n_nodes == 24991 && s->n_faces == 49978);
    const gm_grid_array *a = gm_grid_find(&g, "class", false);
    int seen[5] = {0};
    for (size_t i = 0; a && i < g.n_points; i++)
        seen[a->values[i] >= 1 && a->values[i] <= 4 ? (int)a->values[i] : 0]++;
    EXPECT(seen[0] == 0 && seen[1] > 0 && seen[2] > 0 && seen[3] > 0 && seen[4] > 0);
    gm_surface_destroy(s);
    gm_grid_free(&g);
}

int main(int argc, char **argv)
{
    RUN(crtdemo_has_its_known_facts);
    RUN(crtdemo_refined_twice_has_its_known_size);
    RUN(tetgen_files_of_others_are_read);
    RUN(a_mesh_with_inverted_tets_is_refused);
    RUN(vtk_files_of_others_are_read);
    RUN(the_fields_of_a_vtu_are_those_of_its_table);
    RUN(the_kit_box_is_read);
    RUN(a_vtp_surface_is_read_with_its_classes);
    return gm_report();
}
