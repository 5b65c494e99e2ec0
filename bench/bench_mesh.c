/* bench_mesh.c - what everything else waits for: refining, checking, measuring, reading and writing a
 * mesh of 215,305 nodes and 1,143,424 tets (crtdemo refined twice; a box of that size without it), and
 * finding points in it.
 */
#include <unistd.h>

#include "bench.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/rng.h"
#include "geometry/crtdemo_for_tests.h"
#include "geometry/geometry.h"
#include "geometry/write.h"
#include "mesh/box_for_tests.h"
#include "mesh/locate.h"
#include "mesh/order.h"

enum { REPEATS = 5, POINTS = 100000, POINT_REPEATS = 3 };

typedef struct {
    gm_tetmesh *coarse, *mesh; /* mesh: coarse refined once */
    char *folder, *base, *vtu;
    gm_tet_finder *tets;
    gm_node_finder *nodes;
    double (*points)[3];
    size_t found;
} bench;

static void expect(gm_status s)
{
    if (s == GM_OK) return;
    fprintf(stderr, "bench_mesh: %s\n", gm_error_text());
    exit(1);
}

static void refine(void *context)
{
    bench *b = context;
    gm_tetmesh *fine;
    expect(gm_tetmesh_refine(b->coarse, &fine, NULL));
    gm_tetmesh_destroy(fine);
}

static void check(void *context)
{
    expect(gm_tetmesh_check(((bench *)context)->mesh, NULL, "mesh"));
}

static void measure(void *context)
{
    gm_tetmesh_facts facts;
    expect(gm_tetmesh_measure(((bench *)context)->mesh, &facts));
}

static void reorder(void *context)
{
    gm_tetmesh *near;
    expect(gm_tetmesh_reorder(((bench *)context)->mesh, &near, NULL, NULL));
    gm_tetmesh_destroy(near);
}

static void write_opencarp(void *context)
{
    expect(gm_opencarp_write(((bench *)context)->base, ((bench *)context)->mesh));
}

static void write_vtu(void *context)
{
    expect(gm_vtu_write(((bench *)context)->vtu, ((bench *)context)->mesh, NULL, 0));
}

static void read_opencarp(void *context)
{
    gm_tetmesh *m;
    expect(gm_geometry_read(&m, ((bench *)context)->base));
    gm_tetmesh_destroy(m);
}

static void read_vtu(void *context)
{
    gm_tetmesh *m;
    expect(gm_geometry_read(&m, ((bench *)context)->vtu));
    gm_tetmesh_destroy(m);
}

static void find_tets(void *context)
{
    bench *b = context;
    size_t tet;
    double lambda[4];
    b->found = 0;
    for (size_t i = 0; i < POINTS; i++)
        b->found += gm_find_tet(b->tets, b->points[i], 0, &tet, lambda);
}

static void find_nodes(void *context)
{
    bench *b = context;
    for (size_t i = 0; i < POINTS; i++)
        b->found += gm_nearest_node(b->nodes, b->points[i], NULL) == 0;
}

static gm_tetmesh *coarse_mesh(void)
{
    gm_tetmesh *m, *once;
    if (gm_crtdemo_mesh(&m) != GM_OK) return gm_box_mesh(29, 2.4);
    expect(gm_tetmesh_refine(m, &once, NULL));
    gm_tetmesh_destroy(m);
    return once;
}

static void set_up(bench *b)
{
    static char folder[] = "/tmp/bench_mesh_XXXXXX";
    gm_tetmesh_facts f;
    b->coarse = coarse_mesh();
    expect(gm_tetmesh_refine(b->coarse, &b->mesh, NULL));
    expect(gm_tetmesh_measure(b->mesh, &f));
    printf("mesh: %zu nodes, %zu tets\n", b->mesh->n_nodes, b->mesh->n_tets);
    b->folder = mkdtemp(folder);
    if (!b->folder) exit(1);
    b->base = gm_path_join(b->folder, "m");
    b->vtu = gm_path_join(b->folder, "m.vtu");
    b->points = gm_calloc(POINTS, sizeof *b->points);
    gm_rng r = gm_rng_stream(1, 0);
    for (size_t i = 0; i < POINTS; i++)
        for (int k = 0; k < 3; k++)
            b->points[i][k] =
                f.box_min_mm[k] + (f.box_max_mm[k] - f.box_min_mm[k]) * gm_rng_uniform(&r);
    double start = gm_clock_seconds();
    expect(gm_tet_finder_create(&b->tets, b->mesh));
    printf("tree of all tets: %.3f ms\n", 1e3 * (gm_clock_seconds() - start));
    expect(
        gm_node_finder_create(&b->nodes, (const double(*)[3])b->mesh->nodes_mm, b->mesh->n_nodes));
}

static void tear_down(bench *b)
{
    static const char *const endings[] = {".pts", ".elem", ".lon", ".vtu"};
    for (int i = 0; i < 4; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", b->base, endings[i]);
        unlink(path);
    }
    rmdir(b->folder);
    gm_tet_finder_destroy(b->tets);
    gm_node_finder_destroy(b->nodes);
    gm_tetmesh_destroy(b->coarse);
    gm_tetmesh_destroy(b->mesh);
    gm_free(b->points);
    gm_free(b->base);
    gm_free(b->vtu);
}

int main(void)
{
    bench b = {0};
    bench_machine(1);
    set_up(&b);
    bench_print("refine to it", bench_run(refine, &b, REPEATS));
    bench_print("check", bench_run(check, &b, REPEATS));
    bench_print("measure", bench_run(measure, &b, REPEATS));
    bench_print("reorder along the Hilbert curve", bench_run(reorder, &b, REPEATS));
    bench_print("write openCARP", bench_run(write_opencarp, &b, REPEATS));
    bench_print("read and check openCARP", bench_run(read_opencarp, &b, REPEATS));
    bench_print("write VTU", bench_run(write_vtu, &b, REPEATS));
    bench_print("read and check VTU", bench_run(read_vtu, &b, REPEATS));
    bench_print("100,000 points in their tets", bench_run(find_tets, &b, POINT_REPEATS));
    printf("  %zu of them inside\n", b.found);
    bench_print("100,000 nearest nodes", bench_run(find_nodes, &b, POINT_REPEATS));
    tear_down(&b);
    return 0;
}
