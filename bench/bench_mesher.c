/* bench_mesher.c - building hearts: the mesher alone at about a million tets, and the steps of the
 * built-in anatomy (mesh and fibres, coordinates) at the default edge and at a million tets.
 *
 * Floor of the mesher: 30 bytes a lattice point written and read once, and one evaluation of the shape.
 */
#include "bench.h"
#include "core/alloc.h"
#include "heart/anatomy/anatomy.h"
#include "heart/anatomy/coordinates.h"
#include "heart/anatomy/shape.h"

#define MILLION_EDGE_MM 1.28
enum { REPEATS = 3 };

static const gm_heart_sizes sizes = {.lv_ml = 140,
                                     .axis_mm = 90,
                                     .wall_mm = 9.5,
                                     .apex_wall_mm = 6.65,
                                     .rv_wall_mm = 3.5,
                                     .rv_scale = 1};

typedef struct {
    gm_threads *threads;
    gm_heart_shape shape;
    double edge_mm;
    gm_anatomy *a;
} bench;

static void expect(gm_status s)
{
    if (s == GM_OK) return;
    fprintf(stderr, "bench_mesher: %s\n", gm_error_text());
    exit(1);
}

static gm_tetmesh *fill(const bench *b)
{
    gm_tetmesh *m;
    gm_mesher_input in = {
        .phi = gm_heart_shape_muscle, .context = &b->shape, .edge_mm = b->edge_mm};
    gm_heart_shape_box(&b->shape, in.box_min_mm, in.box_max_mm);
    expect(gm_mesher_fill(&m, &in, b->threads));
    return m;
}

static void mesher(void *context)
{
    gm_tetmesh_destroy(fill(context));
}

static void anatomy(void *context)
{
    bench *b = context;
    gm_anatomy_params p = gm_anatomy_defaults();
    p.edge_mm = b->edge_mm;
    gm_anatomy_destroy(b->a);
    expect(gm_anatomy_build(&b->a, &p, b->threads));
}

static void coordinates(void *context)
{
    bench *b = context;
    gm_heart_coordinates *c;
    expect(gm_heart_coordinates_create(&c, b->a->mesh, &b->a->lv_endo, &b->a->rv_endo, &b->a->base,
                                       &b->a->epi, b->threads));
    gm_heart_coordinates_destroy(c);
}

static void heart(bench *b, double edge_mm, int repeats)
{
    b->edge_mm = edge_mm;
    bench_print("shape, mesh, boundary sets and fibres", bench_run(anatomy, b, repeats));
    printf("  edge %.2f mm: %zu nodes, %zu tets\n", edge_mm, b->a->mesh->n_nodes,
           b->a->mesh->n_tets);
    bench_print("ventricular coordinates", bench_run(coordinates, b, repeats));
}

int main(void)
{
    gm_tetmesh_facts f;
    bench b = {.shape = gm_heart_shape_of(&sizes), .edge_mm = MILLION_EDGE_MM};
    expect(gm_threads_create(&b.threads, 2));
    bench_machine(2);
    gm_tetmesh *m = fill(&b);
    expect(gm_tetmesh_measure(m, &f));
    printf("mesh: %zu nodes, %zu tets, dihedral angles %.2f to %.2f degrees\n", m->n_nodes,
           m->n_tets, f.min_dihedral_deg, f.max_dihedral_deg);
    gm_tetmesh_destroy(m);
    bench_print("mesher", bench_run(mesher, &b, REPEATS));
    heart(&b, gm_anatomy_defaults().edge_mm, REPEATS);
    heart(&b, MILLION_EDGE_MM, 1);
    gm_anatomy_destroy(b.a);
    gm_threads_destroy(b.threads);
    return 0;
}
