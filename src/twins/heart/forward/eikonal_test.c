#include "heart/forward/eikonal.h"

#include "core/alloc.h"
#include "core/rng.h"
#include "geometry/crtdemo_for_tests.h"
#include "mesh/box_for_tests.h"
#include "testing/gm_test.h"

#define HEART_DATA GM_SHARED_DIR "/data/heart/"

typedef struct {
    gm_eikonal *e;
    gm_eikonal_scratch *scratch;
    gm_threads *threads;
    float *tau;
    size_t n;
} solver;

static solver solver_for(const gm_tetmesh *m, const bool *fast, unsigned n_threads)
{
    solver s = {.n = m->n_nodes};
    EXPECT(gm_threads_create(&s.threads, n_threads) == GM_OK);
    EXPECT(gm_eikonal_create(&s.e, m, fast) == GM_OK);
    EXPECT(gm_eikonal_scratch_create(&s.scratch, s.e, n_threads) == GM_OK);
    s.tau = gm_calloc(m->n_nodes, sizeof *s.tau);
    return s;
}

static void solver_free(solver *s)
{
    gm_eikonal_destroy(s->e);
    gm_eikonal_scratch_destroy(s->scratch);
    gm_threads_destroy(s->threads);
    gm_free(s->tau);
}

static gm_status solve(solver *s, gm_conduction c, const gm_seed *seeds, size_t n)
{
    return gm_eikonal_solve(s->e, &c, seeds, n, s->scratch, s->threads, s->tau);
}

/* A box of side 20 mm with n edges a side and one fibre direction. */
static gm_tetmesh *box(int n, const double fibre[3])
{
    gm_tetmesh *m = gm_box_mesh(n, 20.0 / n);
    m->fibres = gm_calloc(m->n_tets, sizeof *m->fibres);
    for (size_t t = 0; t < m->n_tets; t++)
        memcpy(m->fibres[t], fibre, sizeof m->fibres[t]);
    return m;
}

static int32_t nearest_node(const gm_tetmesh *m, double x, double y, double z)
{
    int32_t best = 0;
    double least = INFINITY;
    for (size_t i = 0; i < m->n_nodes; i++) {
        const double *p = m->nodes_mm[i];
        double d = (p[0] - x) * (p[0] - x) + (p[1] - y) * (p[1] - y) + (p[2] - z) * (p[2] - z);
        if (d < least) least = d, best = (int32_t)i;
    }
    return best;
}

static const double oblique[3] = {0.6, 0.48, 0.64};

/* RMS error against t = sqrt(dx' D^-1 dx) from the centre of a box with oblique fibres, 3:1. */
static double error_in_a_box(int n)
{
    gm_tetmesh *m = box(n, oblique);
    solver s = solver_for(m, NULL, 1);
    gm_seed seed = {nearest_node(m, 10, 10, 10), 5};
    EXPECT(solve(&s, (gm_conduction){0.9, 1.0 / 3, 1}, &seed, 1) == GM_OK);
    double sum = 0;
    for (size_t i = 0; i < m->n_nodes; i++) {
        double along = 0, square = 0;
        for (int d = 0; d < 3; d++) {
            double dx = m->nodes_mm[i][d] - m->nodes_mm[seed.node][d];
            along += dx * oblique[d], square += dx * dx;
        }
        double exact = 5 + sqrt(along * along / 0.81 + (square - along * along) / 0.09);
        sum += (s.tau[i] - exact) * (s.tau[i] - exact);
    }
    double rms = sqrt(sum / (double)m->n_nodes);
    solver_free(&s);
    gm_tetmesh_destroy(m);
    return rms;
}

static void a_point_source_converges_to_the_exact_time_with_first_order(void)
{
    double coarse = error_in_a_box(8), middle = error_in_a_box(16), fine = error_in_a_box(32);
    double order = log2(middle / fine);
    EXPECT(coarse > middle && middle > fine);
    EXPECT_CLOSE(order, 0.9, 0, 0.3); /* about 1: the source's singularity costs a logarithm */
    EXPECT_BELOW(fine, 1.0);
}

static void a_plane_wave_is_exact(void)
{
    /* Linear in space, hence in the space of the elements: only rounding remains. */
    double z[3] = {0, 0, 1};
    gm_tetmesh *m = box(8, z);
    solver s = solver_for(m, NULL, 1);
    gm_seed seeds[200];
    size_t n = 0;
    for (size_t i = 0; i < m->n_nodes; i++)
        if (m->nodes_mm[i][2] < 1e-9) seeds[n++] = (gm_seed){(int32_t)i, -3};
    EXPECT(n == 81);
    EXPECT(solve(&s, (gm_conduction){0.5, 0.4, 1}, seeds, n) == GM_OK);
    double worst = 0;
    for (size_t i = 0; i < m->n_nodes; i++)
        worst = fmax(worst, fabs(s.tau[i] - (m->nodes_mm[i][2] / 0.5 - 3)));
    EXPECT_BELOW(worst, 1e-4);
    solver_free(&s);
    gm_tetmesh_destroy(m);
}

static void the_fast_layer_conducts_in_all_directions(void)
{
    double x[3] = {1, 0, 0};
    gm_tetmesh *m = box(6, x);
    bool *fast = gm_calloc(m->n_tets, sizeof *fast);
    for (size_t t = 0; t < m->n_tets; t++)
        fast[t] = true;
    solver s = solver_for(m, fast, 1);
    int32_t from = nearest_node(m, 0, 0, 0), to = nearest_node(m, 0, 0, 20);
    gm_seed seed = {from, 0};
    EXPECT(solve(&s, (gm_conduction){0.5, 0.4, 3}, &seed, 1) == GM_OK);
    EXPECT_CLOSE(s.tau[to], 20 / 1.5, 1e-5, 0); /* an edge of the box: exact */
    EXPECT(solve(&s, (gm_conduction){0.5, 0.4, 1}, &seed, 1) == GM_OK);
    EXPECT_CLOSE(s.tau[to], 20 / 0.2, 1e-5, 0); /* factor 1: no layer */
    solver_free(&s);
    gm_free(fast);
    gm_tetmesh_destroy(m);
}

static void *read_array(const char *path, size_t bytes)
{
    void *data = gm_calloc(bytes, 1);
    FILE *f = fopen(path, "rb");
    EXPECT(f && fread(data, 1, bytes, f) == bytes);
    if (f) fclose(f);
    return data;
}

enum { KIT_NODES = 35937, KIT_TETS = 196608 };

static gm_tetmesh *kit_box(void)
{
    float *x = read_array(HEART_DATA "kit_fim_box/points_35937x3_f32le.bin", KIT_NODES * 12);
    float *phi = read_array(HEART_DATA "kit_fim_box/phi_f32le.bin", KIT_TETS * 4);
    float *theta = read_array(HEART_DATA "kit_fim_box/theta_f32le.bin", KIT_TETS * 4);
    int32_t *t = read_array(HEART_DATA "kit_fim_box/tets_196608x4_i32le.bin", KIT_TETS * 16);
    gm_tetmesh *m;
    EXPECT(gm_tetmesh_create(&m, KIT_NODES, KIT_TETS) == GM_OK);
    m->fibres = gm_calloc(KIT_TETS, sizeof *m->fibres);
    memcpy(m->tets, t, KIT_TETS * 16);
    for (size_t i = 0; i < KIT_NODES; i++)
        for (int d = 0; d < 3; d++)
            m->nodes_mm[i][d] = (double)x[3 * i + (size_t)d];
    for (size_t i = 0; i < KIT_TETS; i++) {
        double p = (double)phi[i], q = (double)theta[i];
        m->fibres[i][0] = cos(p) * sin(q);
        m->fibres[i][1] = sin(p) * sin(q);
        m->fibres[i][2] = cos(q);
    }
    gm_free(x), gm_free(phi), gm_free(theta), gm_free(t);
    return m;
}

static void the_four_kit_boxes_agree_with_their_references(void)
{
    NEED_DATA(HEART_DATA "kit_fim_box/seeds.txt");
    gm_tetmesh *m = kit_box();
    solver s = solver_for(m, NULL, 2);
    FILE *f = fopen(HEART_DATA "kit_fim_box/seeds.txt", "r");
    static char line[65536];
    for (int set = 1; set <= 4; set++) {
        EXPECT(fgets(line, sizeof line, f) != NULL);
        static gm_seed seeds[2000];
        size_t n = 0;
        char *p = line, *end;
        for (long v = strtol(p, &end, 10); end != p; p = end, v = strtol(p, &end, 10))
            seeds[n++] = (gm_seed){(int32_t)v, 0};
        EXPECT(solve(&s, (gm_conduction){3, 1.0 / 3, 1}, seeds, n) == GM_OK);
        char path[256];
        snprintf(path, sizeof path, HEART_DATA "kit_fim_box/ref_seed%d_f32le.bin", set);
        float *ref = read_array(path, KIT_NODES * 4);
        double square = 0, whole = 0;
        for (size_t i = 0; i < KIT_NODES; i++) {
            square += (s.tau[i] - ref[i]) * (double)(s.tau[i] - ref[i]);
            whole += (double)(ref[i] * ref[i]);
        }
        printf("  kit box %d: %zu seeds, relative RMSE %.3g\n", set, n, sqrt(square / whole));
        EXPECT_BELOW(sqrt(square / whole), 2e-3);
        gm_free(ref);
    }
    fclose(f);
    solver_free(&s);
    gm_tetmesh_destroy(m);
}

static size_t crtdemo_seeds(gm_seed *seeds)
{
    double rows[2 * 553];
    EXPECT(gm_crtdemo_table("seeds_node_time_ms.txt", rows, 2 * 553) == GM_OK);
    for (size_t i = 0; i < 553; i++)
        seeds[i] = (gm_seed){(int32_t)rows[2 * i], rows[2 * i + 1]};
    return 553;
}

static const gm_conduction crtdemo_speeds = {0.86602540378, 0.4, 1};

static void crtdemo_gives_its_known_activation(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    gm_tetmesh *m;
    EXPECT(gm_crtdemo_mesh(&m) == GM_OK);
    solver s = solver_for(m, NULL, 1);
    gm_seed seeds[553];
    EXPECT(solve(&s, crtdemo_speeds, seeds, crtdemo_seeds(seeds)) == GM_OK);
    static double ref[4569], independent[4569];
    EXPECT(gm_crtdemo_table("activation_ref_ms.txt", ref, 4569) == GM_OK);
    EXPECT(gm_crtdemo_table("activation_from_seeds_ms.txt", independent, 4569) == GM_OK);
    double last = 0, a = 0, b = 0;
    for (size_t i = 0; i < s.n; i++) {
        last = fmax(last, (double)s.tau[i]);
        a += (s.tau[i] - ref[i]) * (s.tau[i] - ref[i]);
        b = fmax(b, fabs(s.tau[i] - independent[i]));
    }
    printf("  crtdemo: latest %.4f ms, RMSE %.4f ms, worst to the independent solver %.2g ms\n",
           last, sqrt(a / (double)s.n), b);
    EXPECT_CLOSE(last, 207.554, 0, 1e-3);
    EXPECT_BELOW(sqrt(a / (double)s.n), 0.06);
    EXPECT_BELOW(b, 1e-3); /* its tolerance is 1e-4, ours too */
    solver_free(&s);
    gm_tetmesh_destroy(m);
}

static void any_number_of_threads_gives_the_same_bits(void)
{
    gm_tetmesh *m = box(20, oblique);
    gm_seed seeds[3] = {{5, 0}, {4000, 2}, {9000, 1}};
    solver one = solver_for(m, NULL, 1);
    EXPECT(solve(&one, (gm_conduction){0.7, 0.4, 1}, seeds, 3) == GM_OK);
    for (unsigned n = 2; n <= 4; n++) {
        solver many = solver_for(m, NULL, n);
        EXPECT(solve(&many, (gm_conduction){0.7, 0.4, 1}, seeds, 3) == GM_OK);
        EXPECT(memcmp(one.tau, many.tau, one.n * sizeof *one.tau) == 0);
        solver_free(&many);
    }
    solver_free(&one);
    gm_tetmesh_destroy(m);
}

/* Carries d tau / d p along the upwind parents and compares with differences of two solves. */
static void the_upwind_weights_are_the_derivative(void)
{
    gm_tetmesh *m = box(12, oblique);
    solver s = solver_for(m, NULL, 1);
    gm_seed seeds[2] = {{3, 0}, {2000, 4}};
    gm_conduction c = {0.7, 0.4, 1};
    float *base = gm_calloc(s.n, sizeof *base);
    EXPECT(solve(&s, c, seeds, 2) == GM_OK);
    memcpy(base, s.tau, s.n * sizeof *base);
    gm_upwind *u;
    EXPECT(gm_upwind_create(&u, s.n) == GM_OK);
    EXPECT(gm_eikonal_upwind(s.e, &c, seeds, 2, base, NULL, u) == GM_OK);
    double *by_onset = gm_calloc(s.n, sizeof *by_onset),
           *by_ratio = gm_calloc(s.n, sizeof *by_ratio);
    for (size_t k = 0; k < s.n; k++) {
        int32_t i = u->order[k];
        by_ratio[i] = (double)u->dcost[i][1];
        by_onset[i] = i == seeds[1].node;
        for (int p = 0; p < 3; p++)
            if (u->parent[i][p] >= 0) {
                by_onset[i] += (double)u->weight[i][p] * by_onset[u->parent[i][p]];
                by_ratio[i] += (double)u->weight[i][p] * by_ratio[u->parent[i][p]];
            }
    }
    double step = 0.01;
    seeds[1].time_ms += step;
    EXPECT(solve(&s, c, seeds, 2) == GM_OK);
    double wrong = 0;
    for (size_t i = 0; i < s.n; i++)
        wrong += fabs((s.tau[i] - base[i]) / step - by_onset[i]) / (double)s.n;
    EXPECT_BELOW(wrong, 0.02); /* single precision and the tolerance of the solver over the step */
    seeds[1].time_ms -= step;
    c.v_t_ratio *= exp(step);
    EXPECT(solve(&s, c, seeds, 2) == GM_OK);
    double sum = 0;
    wrong = 0;
    for (size_t i = 0; i < s.n; i++) {
        wrong += fabs((s.tau[i] - base[i]) / step - by_ratio[i]);
        sum += fabs(by_ratio[i]);
    }
    EXPECT_BELOW(wrong / sum, 0.02);
    gm_upwind_destroy(u);
    gm_free(base), gm_free(by_onset), gm_free(by_ratio);
    solver_free(&s);
    gm_tetmesh_destroy(m);
}

static void bad_speeds_and_seeds_are_refused(void)
{
    gm_tetmesh *m = box(2, oblique);
    solver s = solver_for(m, NULL, 1);
    gm_seed good = {0, 0}, outside = {27, 0}, never = {0, NAN};
    EXPECT(solve(&s, (gm_conduction){0.7, 0.4, 1}, &good, 0) == GM_EINVAL);
    EXPECT(solve(&s, (gm_conduction){0.7, 0.4, 1}, &outside, 1) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "seed 0 is node 27, allowed 0 to 26");
    EXPECT(solve(&s, (gm_conduction){0.7, 0.4, 1}, &never, 1) == GM_EINVAL);
    EXPECT(solve(&s, (gm_conduction){NAN, 0.4, 1}, &good, 1) == GM_EINVAL);
    EXPECT(solve(&s, (gm_conduction){0.7, 4, 1}, &good, 1) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "v_t_ratio = 4, allowed 0.05 to 1");
    solver_free(&s);
    gm_tetmesh_destroy(m);
}

static void no_memory_is_reported(void)
{
    gm_tetmesh *m = box(2, oblique);
    for (long after = 0; after < 6; after++) {
        gm_eikonal *e;
        gm_alloc_fail_after(after);
        gm_status status = gm_eikonal_create(&e, m, NULL);
        gm_alloc_fail_after(-1);
        EXPECT(status == GM_ENOMEM && e == NULL);
    }
    gm_tetmesh_destroy(m);
}

int main(int argc, char **argv)
{
    RUN(a_point_source_converges_to_the_exact_time_with_first_order);
    RUN(a_plane_wave_is_exact);
    RUN(the_fast_layer_conducts_in_all_directions);
    RUN(the_four_kit_boxes_agree_with_their_references);
    RUN(crtdemo_gives_its_known_activation);
    RUN(any_number_of_threads_gives_the_same_bits);
    RUN(the_upwind_weights_are_the_derivative);
    RUN(bad_speeds_and_seeds_are_refused);
    RUN(no_memory_is_reported);
    return gm_report();
}
