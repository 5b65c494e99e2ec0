#include "mesh/mesher.h"

#include "core/alloc.h"
#include "core/rng.h"
#include "testing/gm_test.h"

enum { MOST_WAVES = 12 };

/* A ball, a shell (inner radius > 0), or a ball with a rough skin of random waves. */
typedef struct {
    double radius_mm, inner_mm, centre_mm[3];
    int n_waves;
    double wave[MOST_WAVES][4]; /* wave vector 1/mm, phase */
    double roughness_mm;
} body;

static void distance(const void *context, size_t n, const double (*x_mm)[3], double *phi_mm)
{
    const body *b = context;
    for (size_t i = 0; i < n; i++) {
        double r2 = 0;
        for (int c = 0; c < 3; c++)
            r2 += (x_mm[i][c] - b->centre_mm[c]) * (x_mm[i][c] - b->centre_mm[c]);
        double r = sqrt(r2), phi = fmax(r - b->radius_mm, b->inner_mm - r);
        for (int w = 0; w < b->n_waves; w++)
            phi += b->roughness_mm * sin(b->wave[w][0] * x_mm[i][0] + b->wave[w][1] * x_mm[i][1] +
                                         b->wave[w][2] * x_mm[i][2] + b->wave[w][3]);
        phi_mm[i] = phi;
    }
}

static gm_mesher_input around(const body *b, double edge_mm)
{
    gm_mesher_input in = {.phi = distance, .context = b, .edge_mm = edge_mm};
    for (int c = 0; c < 3; c++) {
        double reach = b->radius_mm + b->n_waves * b->roughness_mm;
        in.box_min_mm[c] = b->centre_mm[c] - reach;
        in.box_max_mm[c] = b->centre_mm[c] + reach;
    }
    return in;
}

static gm_tetmesh_facts facts_of(const body *b, double edge_mm)
{
    gm_mesher_input in = around(b, edge_mm);
    gm_tetmesh *m = NULL;
    gm_tetmesh_facts facts = {.min_dihedral_deg = NAN, .volume_mm3 = NAN};
    EXPECT(gm_mesher_fill(&m, &in, NULL) == GM_OK);
    if (m) {
        EXPECT(gm_tetmesh_check(m, NULL, "meshed") == GM_OK);
        EXPECT(gm_tetmesh_measure(m, &facts) == GM_OK);
    }
    gm_tetmesh_destroy(m);
    return facts;
}

static void volumes_converge_with_the_square_of_the_edge(void)
{
    const body ball = {.radius_mm = 20, .centre_mm = {0.3, -0.2, 0.1}};
    const body shell = {.radius_mm = 20, .inner_mm = 12, .centre_mm = {0.3, -0.2, 0.1}};
    const body *bodies[] = {&ball, &shell};
    for (int i = 0; i < 2; i++) {
        double r = bodies[i]->radius_mm, q = bodies[i]->inner_mm;
        double exact = 4 / 3.0 * 3.14159265358979323846 * (r * r * r - q * q * q);
        double coarse = fabs(facts_of(bodies[i], 4).volume_mm3 / exact - 1);
        double fine = fabs(facts_of(bodies[i], 1).volume_mm3 / exact - 1);
        double order = log(coarse / fine) / log(4);
        EXPECT_BELOW(fine, 2e-3);
        EXPECT_BELOW(1.8, order);
    }
}

static void edges_are_as_long_as_asked(void)
{
    const body ball = {.radius_mm = 20};
    EXPECT_CLOSE(facts_of(&ball, 1.5).mean_edge_mm, 1.5, 0.05, 0);
}

static body rough_body(uint64_t seed)
{
    body b = {.radius_mm = 12, .n_waves = MOST_WAVES, .roughness_mm = 0.5};
    gm_rng r = gm_rng_stream(seed, 0);
    for (int w = 0; w < MOST_WAVES; w++)
        for (int c = 0; c < 4; c++)
            b.wave[w][c] = 3 * gm_rng_normal(&r);
    return b;
}

static void no_dihedral_angle_is_below_ten_degrees_however_rough_the_surface(void)
{
    double least = 180, most = 0;
    for (uint64_t seed = 0; seed < 12; seed++) {
        const body b = rough_body(seed);
        gm_tetmesh_facts f = facts_of(&b, 1 + 0.1 * (double)seed);
        least = fmin(least, f.min_dihedral_deg);
        most = fmax(most, f.max_dihedral_deg);
        EXPECT(f.n_parts == 1);
    }
    printf("dihedral angles %.2f .. %.2f deg\n", least, most);
    EXPECT_BELOW(10, least);
    EXPECT_BELOW(most, 165);
}

static void the_largest_of_several_pieces_is_kept(void)
{
    /* A shell that is thinner than the lattice in places, round a ball: two closed surfaces. */
    const body b = rough_body(3);
    gm_tetmesh_facts f = facts_of(&b, 2.5);
    EXPECT(f.n_parts == 1);
    EXPECT_BELOW(1000, f.volume_mm3);
}

static void any_number_of_threads_gives_the_same_bits(void)
{
    const body b = rough_body(5);
    gm_mesher_input in = around(&b, 1.2);
    gm_tetmesh *one = NULL, *three = NULL;
    gm_threads *t = NULL;
    EXPECT(gm_threads_create(&t, 3) == GM_OK);
    EXPECT(gm_mesher_fill(&one, &in, NULL) == GM_OK && gm_mesher_fill(&three, &in, t) == GM_OK);
    if (one && three) {
        EXPECT(one->n_nodes == three->n_nodes && one->n_tets == three->n_tets);
        EXPECT(!memcmp(one->nodes_mm, three->nodes_mm, one->n_nodes * sizeof *one->nodes_mm));
        EXPECT(!memcmp(one->tets, three->tets, one->n_tets * sizeof *one->tets));
    }
    gm_tetmesh_destroy(one);
    gm_tetmesh_destroy(three);
    gm_threads_destroy(t);
}

static void nothing(const void *context, size_t n, const double (*x_mm)[3], double *phi_mm)
{
    (void)x_mm;
    for (size_t i = 0; i < n; i++)
        phi_mm[i] = *(const double *)context;
}

static void expect_refused(gm_mesher_input in, const char *part)
{
    gm_tetmesh *m = (gm_tetmesh *)&in;
    EXPECT(gm_mesher_fill(&m, &in, NULL) == GM_EINVAL && m == NULL);
    EXPECT_CONTAINS(gm_error_text(), part);
}

static void what_cannot_be_meshed_is_refused(void)
{
    const double air = 1, nan_value = NAN;
    gm_mesher_input in = {nothing, &air, {0, 0, 0}, {10, 10, 10}, 1};
    expect_refused(in, "inside");
    in.context = &nan_value;
    expect_refused(in, "not finite");
    in.context = &air;
    in.edge_mm = NAN;
    expect_refused(in, "edge length");
    in.edge_mm = 1e-4;
    expect_refused(in, "lattice points");
    in.edge_mm = 1;
    in.box_max_mm[1] = 0;
    expect_refused(in, "box side 1");
    const body ball = {.radius_mm = 20};
    in = around(&ball, 1);
    in.box_max_mm[0] = 5;
    expect_refused(in, "reaches the side");
}

static void running_out_of_memory_is_reported(void)
{
    const body ball = {.radius_mm = 5};
    gm_mesher_input in = around(&ball, 2);
    gm_status s = GM_ENOMEM;
    for (long n = 0; s == GM_ENOMEM && n < 100; n++) {
        gm_tetmesh *m = NULL;
        gm_alloc_fail_after(n);
        s = gm_mesher_fill(&m, &in, NULL);
        gm_alloc_fail_after(-1);
        EXPECT((s == GM_OK) == (m != NULL));
        gm_tetmesh_destroy(m);
    }
    EXPECT(s == GM_OK);
}

int main(int argc, char **argv)
{
    RUN(volumes_converge_with_the_square_of_the_edge);
    RUN(edges_are_as_long_as_asked);
    RUN(no_dihedral_angle_is_below_ten_degrees_however_rough_the_surface);
    RUN(the_largest_of_several_pieces_is_kept);
    RUN(any_number_of_threads_gives_the_same_bits);
    RUN(what_cannot_be_meshed_is_refused);
    RUN(running_out_of_memory_is_reported);
    return gm_report();
}
