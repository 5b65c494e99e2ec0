#include "geometry/write.h"

#include "core/file.h"
#include "core/rng.h"
#include "geometry/boundary.h"
#include "geometry/grid.h"
#include "mesh/box_for_tests.h"
#include "testing/gm_test.h"

/* A box with uneven nodes, tags, fibres and sheets: something of everything. */
static gm_tetmesh *rich_mesh(void)
{
    gm_tetmesh *m = gm_box_mesh(3, 1.0);
    gm_rng r = gm_rng_stream(31, 0);
    for (size_t i = 0; i < m->n_nodes; i++)
        for (int k = 0; k < 3; k++)
            m->nodes_mm[i][k] += 0.1 * gm_rng_uniform(&r) - 7;
    m->tags = gm_calloc(m->n_tets, sizeof *m->tags);
    m->fibres = gm_calloc(m->n_tets, sizeof *m->fibres);
    m->sheets = gm_calloc(m->n_tets, sizeof *m->sheets);
    for (size_t e = 0; e < m->n_tets; e++) {
        double angle = 3 * gm_rng_uniform(&r);
        m->tags[e] = (int32_t)(e % 5) - 1;
        m->fibres[e][0] = m->sheets[e][1] = cos(angle);
        m->fibres[e][1] = sin(angle);
        m->sheets[e][0] = -sin(angle);
    }
    return m;
}

static bool is_same(const void *a, const void *b, size_t bytes)
{
    return (!a && !b) || (a && b && memcmp(a, b, bytes) == 0);
}

static void expect_same(const gm_tetmesh *a, const gm_tetmesh *b, bool with_fibres)
{
    EXPECT(a && b && a->n_nodes == b->n_nodes && a->n_tets == b->n_tets);
    if (!a || !b || a->n_nodes != b->n_nodes || a->n_tets != b->n_tets) return;
    size_t n = a->n_tets;
    EXPECT(is_same(a->nodes_mm, b->nodes_mm, a->n_nodes * sizeof *a->nodes_mm));
    EXPECT(is_same(a->tets, b->tets, n * sizeof *a->tets));
    EXPECT(is_same(a->tags, b->tags, n * sizeof *a->tags));
    if (!with_fibres) return;
    EXPECT(is_same(a->fibres, b->fibres, n * sizeof *a->fibres));
    EXPECT(is_same(a->sheets, b->sheets, n * sizeof *a->sheets));
}

static char *temporary_folder(void)
{
    static char folder[64];
    strcpy(folder, "/tmp/gm_write_test_XXXXXX");
    EXPECT(mkdtemp(folder) != NULL);
    return folder;
}

static void remove_all(const char *folder, const char *const leaves[])
{
    for (int i = 0; leaves[i]; i++) {
        char *path = gm_path_join(folder, leaves[i]);
        EXPECT(unlink(path) == 0);
        gm_free(path);
    }
    EXPECT(rmdir(folder) == 0);
}

static void every_format_gives_the_mesh_back_bit_by_bit(void)
{
    gm_tetmesh *m = rich_mesh(), *back;
    const char *folder = temporary_folder();
    char *base = gm_path_join(folder, "m"), *vtu = gm_path_join(folder, "m.vtu");
    char *vtk = gm_path_join(folder, "m.vtk"), *node = gm_path_join(folder, "m.node");
    EXPECT(gm_opencarp_write(base, m) == GM_OK);
    EXPECT(gm_vtu_write(vtu, m, NULL, 0) == GM_OK);
    EXPECT(gm_vtk_write(vtk, m, NULL, 0) == GM_OK);
    EXPECT(gm_tetgen_write(base, m) == GM_OK);
    const struct {
        const char *path;
        bool with_fibres;
    } written[] = {{base, true}, {vtu, true}, {vtk, true}, {node, false}};
    for (int i = 0; i < 4; i++) {
        EXPECT(gm_geometry_read(&back, written[i].path) == GM_OK);
        expect_same(m, back, written[i].with_fibres);
        gm_tetmesh_destroy(back);
    }
    remove_all(folder, (const char *const[]){"m.pts", "m.elem", "m.lon", "m.vtu", "m.vtk", "m.node",
                                             "m.ele", NULL});
    gm_free(base);
    gm_free(vtu);
    gm_free(vtk);
    gm_free(node);
    gm_tetmesh_destroy(m);
}

static void fields_come_back_under_their_names(void)
{
    gm_tetmesh *m = rich_mesh();
    double *activation = gm_calloc(m->n_nodes, sizeof *activation);
    double *current = gm_calloc(3 * m->n_tets, sizeof *current);
    for (size_t i = 0; i < m->n_nodes; i++)
        activation[i] = i == 7 ? NAN : 0.1 * (double)i;
    for (size_t i = 0; i < 3 * m->n_tets; i++)
        current[i] = (double)i / 3;
    const gm_geometry_field fields[] = {{"activation ms", 1, activation, false},
                                        {"current", 3, current, true}};
    for (int legacy = 0; legacy < 2; legacy++) {
        gm_text t = {0};
        gm_grid g;
        EXPECT((legacy ? gm_vtk_print : gm_vtu_print)(&t, m, fields, 2) == GM_OK);
        EXPECT(gm_grid_parse(&g, &(gm_bytes){t.data, t.length, "made"}) == GM_OK);
        const gm_grid_array *a = gm_grid_find(&g, "activation_ms", false);
        const gm_grid_array *c = gm_grid_find(&g, "current", true);
        EXPECT(a && a->n_components == 1 && c && c->n_components == 3);
        EXPECT(a && isnan(a->values[7]) && a->values[8] == activation[8]);
        EXPECT(c && memcmp(c->values, current, 3 * m->n_tets * sizeof *current) == 0);
        gm_grid_free(&g);
        gm_text_free(&t);
    }
    gm_free(activation);
    gm_free(current);
    gm_tetmesh_destroy(m);
}

static void sets_are_read_as_they_were_written(void)
{
    gm_tetmesh *m = rich_mesh();
    gm_boundary b = {.mesh = m};
    int32_t(*faces)[3], *index;
    size_t n;
    EXPECT(gm_tetmesh_boundary(m, &faces, NULL, &b.n_faces) == GM_OK);
    b.faces = (const int32_t(*)[3])faces;
    const char *folder = temporary_folder();
    char *surf = gm_path_join(folder, "some.surf"), *vtx = gm_path_join(folder, "some.vtx");
    EXPECT(gm_surf_write(surf, b.faces + 10, 5) == GM_OK);
    EXPECT(gm_boundary_read(&index, &n, surf, &b) == GM_OK && n == 5);
    for (int32_t i = 0; i < 5; i++)
        EXPECT(index[i] == 10 + i);
    gm_free(index);
    EXPECT(gm_vtx_write(vtx, faces[3], 3) == GM_OK);
    EXPECT(gm_boundary_read(&index, &n, vtx, &b) == GM_OK && n == 1 && index[0] == 3);
    gm_free(index);
    EXPECT(gm_surf_write(surf, (const int32_t(*)[3])(int32_t[1][3]){{0, 1, 63}}, 1) == GM_OK);
    EXPECT(gm_boundary_read(&index, &n, surf, &b) == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "triangle 0 (mesh nodes 0 1 63) is no boundary face");
    remove_all(folder, (const char *const[]){"some.surf", "some.vtx", NULL});
    gm_free(surf);
    gm_free(vtx);
    gm_free(faces);
    gm_tetmesh_destroy(m);
}

static void a_file_that_cannot_be_written_is_named(void)
{
    gm_tetmesh *m = gm_box_mesh(1, 1.0);
    EXPECT(gm_opencarp_write("/no/such/folder/m", m) == GM_EIO ||
           gm_opencarp_write("/no/such/folder/m", m) == GM_ENOTFOUND);
    EXPECT_CONTAINS(gm_error_text(), "/no/such/folder/m.pts");
    gm_tetmesh_destroy(m);
}

int main(int argc, char **argv)
{
    RUN(every_format_gives_the_mesh_back_bit_by_bit);
    RUN(fields_come_back_under_their_names);
    RUN(sets_are_read_as_they_were_written);
    RUN(a_file_that_cannot_be_written_is_named);
    return gm_report();
}
