#include "geometry/boundary.h"

#include "geometry/crtdemo_for_tests.h"
#include "geometry/obj.h"
#include "mesh/surface.h"
#include "testing/gm_test.h"

static void crtdemo_endocardia_are_boundary_faces(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    gm_tetmesh *m;
    gm_boundary b = {0};
    int32_t(*faces)[3], *lv, *rv;
    size_t n_lv, n_rv;
    EXPECT(gm_crtdemo_mesh(&m) == GM_OK);
    EXPECT(gm_tetmesh_boundary(m, &faces, NULL, &b.n_faces) == GM_OK);
    b.mesh = m;
    b.faces = (const int32_t(*)[3])faces;
    EXPECT(gm_boundary_read(&lv, &n_lv, GM_CRTDEMO_DIR "/raw/crtdemo_LVendo_heart_cut.obj", &b) ==
           GM_OK);
    EXPECT(gm_boundary_read(&rv, &n_rv, GM_CRTDEMO_DIR "/raw/crtdemo_RVendo_heart_cut.obj", &b) ==
           GM_OK);
    EXPECT(n_lv == 848);
    EXPECT(n_rv == 1582);
    gm_free(lv);
    gm_free(rv);

    /* A mesh that lies elsewhere has none of these vertices. */
    for (size_t i = 0; i < m->n_nodes; i++)
        m->nodes_mm[i][2] += 0.01;
    EXPECT(gm_boundary_read(&lv, &n_lv, GM_CRTDEMO_DIR "/raw/crtdemo_LVendo_heart_cut.obj", &b) ==
           GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), " vertices are no nodes of the mesh (within 0.001 mm)");
    EXPECT(lv == NULL && n_lv == 0);
    gm_free(faces);
    gm_tetmesh_destroy(m);
}

static gm_bytes text(const char *t)
{
    return (gm_bytes){t, strlen(t), "test"};
}

static void obj_faces_are_read_in_all_their_forms(void)
{
    gm_bytes obj = text("# a comment\nmtllib x.mtl\no box\nv 0 0 0\nv 1 0 0 1.0\nv 1 1 0\r\n"
                        "vn 0 0 1\nvt 0 0\nf 1 2 3\nv 0 1 0\nf 1/1 3/1 4/1\ns off\n"
                        "f -4//1 -3//1 -2//1 -1//1\nf 1/1/1 2/1/1 4/1/1");
    gm_surface *s;
    EXPECT(gm_obj_parse(&s, &obj) == GM_OK);
    static const int32_t expected[5][3] = {{0, 1, 2}, {0, 2, 3}, {0, 1, 2}, {0, 2, 3}, {0, 1, 3}};
    EXPECT(s->n_nodes == 4 && s->n_faces == 5);
    EXPECT(memcmp(s->faces, expected, sizeof expected) == 0);
    EXPECT(s->nodes_mm[3][1] == 1);
    gm_surface_destroy(s);
}

static void broken_obj_files_are_refused(void)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "without triangles"},
        {"v 0 0 0\nv 1 0 0\nv 0 1 0\n", "without triangles"},
        {"v 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "test:2: expected a coordinate in mm"},
        {"v 0 0 0\nv 1 0 nan\nv 0 1 0\nf 1 2 3\n", "a finite number"},
        {"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 4\n", "triangle 0 has nodes 0 1 3"},
        {"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 0 1 2\n", "triangle 0 has nodes -1 0 1"},
        {"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 2\n", "triangle 0 has nodes 0 1 1"},
        {"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2\n", "test:4: a face of 2 vertices"},
        {"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 x 3\n", "expected a vertex number"},
        {"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 99999999999\n", "out of the range"},
        {"solid cube\n", "unknown keyword \"solid\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gm_bytes obj = text(cases[i].text);
        gm_surface *s;
        EXPECT(gm_obj_parse(&s, &obj) == GM_EFORMAT && s == NULL);
        EXPECT_CONTAINS(gm_error_text(), cases[i].words);
    }
}

static void surf_and_vtx_files_are_read(void)
{
    gm_bytes surf = text("2 endo\nTr 0 1 2 7\nTr 2 1 3\n"), vtx = text("3\nextra\n4\n0\n2\n");
    gm_bytes bare = text("2\n1 3");
    int32_t(*faces)[3], *nodes;
    size_t n;
    EXPECT(gm_surf_parse(&faces, &n, &surf, 4) == GM_OK && n == 2 && faces[1][2] == 3);
    gm_free(faces);
    EXPECT(gm_vtx_parse(&nodes, &n, &vtx, 5) == GM_OK && n == 3 && nodes[0] == 4);
    gm_free(nodes);
    EXPECT(gm_vtx_parse(&nodes, &n, &bare, 5) == GM_OK && n == 2 && nodes[1] == 3);
    gm_free(nodes);
}

static void broken_surf_and_vtx_files_are_refused(void)
{
    static const struct {
        const char *text, *words;
        bool is_vtx;
    } cases[] = {
        {"", "expected the number of triangles", false},
        {"-1\n", "the number of triangles is -1", false},
        {"1000000000\nTr 0 1 2\n", "holds 1 at most", false},
        {"2\nTr 0 1 2 1111111\n", "triangle 1 of 2: the file ends", false},
        {"1\nTr 0 1 2\nTr 0 1 2\n", "more follows after the 1 triangles", false},
        {"1\nTr 0 1 4\n", "test:2: node 4, but the mesh has nodes 0 to 3", false},
        {"1\nQd 0 1 2 3\n", "element 0 is a \"Qd\"", false},
        {"1\nTr 0 1.5 2\n", "expected a node number", false},
        {"2\nintra\n0\n", "end of the file", true},
        {"1\nintra\n0\n1\n", "more follows", true},
        {"1\nbath\n0\n", "expected intra, extra or a node number, found \"bath\"", true},
        {"1\nintra\n-1\n", "node -1, but", true},
        {"99999999\nintra\n0\n", "at most", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gm_bytes b = text(cases[i].text);
        int32_t(*faces)[3], *nodes;
        size_t n;
        gm_status s =
            cases[i].is_vtx ? gm_vtx_parse(&nodes, &n, &b, 4) : gm_surf_parse(&faces, &n, &b, 4);
        EXPECT(s == GM_EFORMAT && n == 0);
        EXPECT_CONTAINS(gm_error_text(), cases[i].words);
    }
}

int main(int argc, char **argv)
{
    RUN(crtdemo_endocardia_are_boundary_faces);
    RUN(obj_faces_are_read_in_all_their_forms);
    RUN(broken_obj_files_are_refused);
    RUN(surf_and_vtx_files_are_read);
    RUN(broken_surf_and_vtx_files_are_refused);
    return gm_report();
}
