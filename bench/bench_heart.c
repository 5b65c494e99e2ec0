/* bench_heart.c - the two speeds that decide the heart twin: an activation from scratch, and a whole
 * beat from cached fields; with the floor that bytes and operations set, and the plain path beside.
 *
 * usage: bench_heart [threads]     mesh: crtdemo refined twice (215,305 nodes, 1,143,424 tets) where the
 * reference data is present, else a box of the same size.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/rng.h"
#include "geometry/crtdemo_for_tests.h"
#include "heart/forward/fields.h"
#include "mesh/box_for_tests.h"

enum { SITES = 9, CANDIDATES = 32, SAMPLES = 500, REPEATS = 15 };

/* Counted in the local solver's source, multiply, add, compare, root and quotient one each. */
static const double FLOP_A_SOLVE = 130;

static gm_tetmesh *crtdemo_twice_refined(void)
{
    gm_tetmesh *m, *finer;
    if (gm_crtdemo_mesh(&m) != GM_OK) return NULL;
    for (int k = 0; k < 2; k++) {
        if (gm_tetmesh_refine(m, &finer, NULL) != GM_OK) return NULL;
        gm_tetmesh_destroy(m);
        m = finer;
    }
    return m;
}

static gm_tetmesh *box(void)
{
    gm_tetmesh *m = gm_box_mesh(58, 1.2);
    m->fibres = gm_calloc(m->n_tets, sizeof *m->fibres);
    for (size_t t = 0; t < m->n_tets; t++)
        m->fibres[t][t % 3] = 1;
    return m;
}

typedef struct {
    gm_tetmesh *mesh;
    gm_threads *threads;
    gm_eikonal *eikonal;
    gm_eikonal_scratch *scratch;
    gm_seed seeds[SITES];
    float *tau;
    gm_fields *fields;
    gm_beat *beat;
    gm_beat_scratch *beat_scratch;
    gm_lead_field *field;
    gm_apd_gradient apd;
    float *apd_ms;
    double *apd_double;
    double ecg[SAMPLES * GM_N_INDEPENDENT];
} bench;

static const gm_conduction speeds = {0.866, 0.4, 1};
static const gm_heart_template shape = {-80, 20, 1, 12, 0};
static const gm_samples samples = {0, 1, SAMPLES};

static void solve(void *context)
{
    bench *b = context;
    gm_eikonal_solve(b->eikonal, &speeds, b->seeds, SITES, b->scratch, b->threads, b->tau);
}

static void fast_beat(void *context)
{
    bench *b = context;
    int32_t site[SITES];
    double onset[SITES];
    for (int k = 0; k < SITES; k++)
        site[k] = 3 * k % CANDIDATES, onset[k] = b->seeds[k].time_ms;
    gm_fields_beat(b->fields, site, onset, SITES, 1.0, &b->apd, b->beat, b->beat_scratch,
                   b->threads, b->ecg);
}

static void plain_beat(void *context)
{
    bench *b = context;
    gm_beat_ecg_direct(b->field, b->tau, b->apd_double, &shape, samples, b->threads, b->ecg);
}

static void prepare(bench *b)
{
    size_t n = b->mesh->n_nodes;
    gm_rng rng = gm_rng_stream(1, 0);
    int32_t candidates[CANDIDATES];
    for (int k = 0; k < CANDIDATES; k++)
        candidates[k] = (int32_t)gm_rng_below(&rng, n);
    for (int k = 0; k < SITES; k++)
        b->seeds[k] = (gm_seed){candidates[3 * k % CANDIDATES], 20 * gm_rng_uniform(&rng)};
    b->tau = gm_calloc(n, sizeof *b->tau);
    b->apd_ms = gm_calloc(n, sizeof *b->apd_ms);
    b->apd_double = gm_calloc(n, sizeof *b->apd_double);
    float *basis = gm_calloc(n, sizeof *basis);
    for (size_t i = 0; i < n; i++)
        basis[i] = (float)b->mesh->nodes_mm[i][2];
    b->apd = (gm_apd_gradient){{basis, basis, basis, basis}, {0.3, 0.2, 0.1, 0.4}, 220, 300};
    gm_apd_gradient_field(&b->apd, n, NULL, b->apd_ms);
    for (size_t i = 0; i < n; i++)
        b->apd_double[i] = (double)b->apd_ms[i];
    double far[GM_N_ELECTRODES][3];
    for (int e = 0; e < GM_N_ELECTRODES; e++)
        for (int d = 0; d < 3; d++)
            far[e][d] = b->mesh->nodes_mm[0][d] + 150 * cos(e + 2.0 * d);
    unsigned t = gm_threads_count(b->threads);
    gm_heart_conductivity c = {3, 0.3, 3};
    if (gm_eikonal_create(&b->eikonal, b->mesh, NULL) ||
        gm_eikonal_scratch_create(&b->scratch, b->eikonal, t) ||
        gm_fields_create(&b->fields, b->eikonal, &speeds, candidates, CANDIDATES, b->threads, NULL,
                         NULL, NULL) ||
        gm_lead_field_create(&b->field, b->mesh, &c, far) ||
        gm_beat_create(&b->beat, b->field, &shape, samples, (gm_beat_range){0, 250, 200, 320}) ||
        gm_beat_scratch_create(&b->beat_scratch, b->beat, t)) {
        fprintf(stderr, "bench_heart: %s\n", gm_error_text());
        exit(1);
    }
}

int main(int argc, char **argv)
{
    static bench b;
    unsigned n_threads = argc > 1 ? (unsigned)atoi(argv[1]) : 2;
    gm_threads_create(&b.threads, n_threads);
    b.mesh = gm_file_exists(GM_CRTDEMO_DIR) ? crtdemo_twice_refined() : box();
    if (!b.mesh) return 1;
    prepare(&b);
    size_t n = b.mesh->n_nodes, pops, passes;
    bench_machine(n_threads);
    printf("mesh: %zu nodes, %zu tets (%s)\n", n, b.mesh->n_tets,
           gm_file_exists(GM_CRTDEMO_DIR) ? "crtdemo refined twice" : "box");

    bench_time eikonal = bench_run(solve, &b, REPEATS);
    gm_eikonal_counts(b.scratch, &pops, &passes);
    double visits = (double)pops / (double)n, mb = (double)gm_eikonal_bytes(b.eikonal) / 1e6;
    double solves = visits * 3 * 4 * (double)b.mesh->n_tets;
    bench_print("eikonal from scratch, 9 sites", eikonal);
    printf("  floor: %.0f MB at least once = %.1f ms at 25 GB/s; %.2f visits a node, %.1f M local "
           "solves x %.0f flop = %.1f ms at 100 GFLOP/s a thread; %zu passes\n",
           mb, mb / 25, visits, solves / 1e6, FLOP_A_SOLVE, solves * FLOP_A_SOLVE / 1e8 / n_threads,
           passes);

    bench_time fast = bench_run(fast_beat, &b, 3 * REPEATS);
    bench_print("beat from cached fields, 9 sites, QRS + T, 12 leads x 500", fast);
    double beat_mb = (double)n * (SITES * 2 + GM_N_INDEPENDENT * 4 + GM_APD_TERMS * 4 * 2) / 1e6;
    printf(
        "  floor: %.1f MB once = %.2f ms at 25 GB/s; 2 deposits x %zu nodes x 64 flop = %.2f ms at "
        "10 GFLOP/s a thread (scatter)\n",
        beat_mb, beat_mb / 25, n, 2.0 * (double)n * 64 / 1e7 / n_threads);
    bench_time plain = bench_run(plain_beat, &b, 2);
    bench_print("the same by the plain sum over nodes and samples (without activation)", plain);
    printf("ratio plain / fast: %.0f\n", plain.median_s / fast.median_s);
    return 0;
}
