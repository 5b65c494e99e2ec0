#include "heart/case/electrodes.h"
#include "heart/forward/beat.h"

#include "core/alloc.h"
#include "core/rng.h"
#include "geometry/crtdemo_for_tests.h"
#include "heart/forward/fields.h"
#include "mesh/box_for_tests.h"
#include "testing/gm_test.h"

static const double PI = 3.14159265358979323846;

static void crtdemo_electrodes(double mm[GM_N_ELECTRODES][3])
{
    EXPECT(gm_electrodes_read(mm, GM_CRTDEMO_DIR "/electrodes_mm.csv") == GM_OK);
}

/* The published ECG is + z' K Vm with z = 1/r: 4 pi sigma0 = 1 and the sign of the file. */
static const gm_heart_conductivity crtdemo_conductivity = {3.0, 0.3,
                                                           1 / (4 * 3.14159265358979323846)};
static const gm_heart_template crtdemo_shape = {-80, 20, 1, 15, 0};

typedef struct {
    gm_tetmesh *mesh;
    gm_lead_field *field;
    float *tau;
    double *apd;
    float *apd_single;
} demo;

static demo demo_create(void)
{
    demo d = {0};
    double electrodes[GM_N_ELECTRODES][3];
    static double activation[GM_CRTDEMO_N_NODES];
    EXPECT(gm_crtdemo_mesh(&d.mesh) == GM_OK);
    crtdemo_electrodes(electrodes);
    EXPECT(gm_crtdemo_table("activation_ref_ms.txt", activation, GM_CRTDEMO_N_NODES) == GM_OK);
    EXPECT(gm_lead_field_create(&d.field, d.mesh, &crtdemo_conductivity, electrodes) == GM_OK);
    d.tau = gm_calloc(d.mesh->n_nodes, sizeof *d.tau);
    d.apd = gm_calloc(d.mesh->n_nodes, sizeof *d.apd);
    d.apd_single = gm_calloc(d.mesh->n_nodes, sizeof *d.apd_single);
    for (size_t i = 0; i < d.mesh->n_nodes; i++) {
        d.tau[i] = (float)activation[i];
        d.apd_single[i] = (float)(250 + 0.3 * d.mesh->nodes_mm[i][2]);
        d.apd[i] = (double)d.apd_single[i];
    }
    return d;
}

static void demo_free(demo *d)
{
    gm_tetmesh_destroy(d->mesh);
    gm_lead_field_destroy(d->field);
    gm_free(d->tau);
    gm_free(d->apd);
    gm_free(d->apd_single);
}

static void crtdemo_gives_its_published_ecg(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    demo d = demo_create();
    enum { SAMPLES = 206 };
    static double ecg[SAMPLES][GM_N_INDEPENDENT];
    double first = INFINITY, worst = 0, peak = 0;
    for (size_t i = 0; i < d.mesh->n_nodes; i++)
        first = fmin(first, (double)d.tau[i]);
    gm_samples samples = {first - 5, 1, SAMPLES};
    EXPECT(gm_beat_ecg_direct(d.field, d.tau, NULL, &crtdemo_shape, samples, NULL, ecg[0]) ==
           GM_OK);
    FILE *f = fopen(GM_CRTDEMO_DIR "/ecg_ref.csv", "r");
    static char line[1024];
    EXPECT(f && fgets(line, sizeof line, f));
    for (int n = 0; n < SAMPLES && f && fgets(line, sizeof line, f); n++) {
        double twelve[12];
        gm_leads_expand(ecg[n], twelve);
        char *at = line;
        strtod(at, &at);
        for (int l = 0; l < 12; l++) {
            double ref = strtod(at + 1, &at);
            worst = fmax(worst, fabs(-twelve[l] - ref));
            peak = fmax(peak, fabs(twelve[l]));
        }
    }
    if (f) fclose(f);
    printf("  crtdemo ECG: largest difference %.2g of peak %.3f\n", worst, peak);
    EXPECT_BELOW(worst, 1e-6);
    EXPECT_CLOSE(peak, 76.694, 0, 1e-3);
    demo_free(&d);
}

static void columns_of_the_lead_field_sum_to_zero(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    demo d = demo_create();
    for (int l = 0; l < GM_N_INDEPENDENT; l++) {
        double sum = 0, size = 0;
        for (size_t i = 0; i < d.mesh->n_nodes; i++)
            sum += d.field->w[i][l], size += fabs(d.field->w[i][l]);
        EXPECT_BELOW(fabs(sum), 1e-13 * size);
    }
    double twelve[12];
    gm_leads_expand((double[]){0.3, 1.1, 1, 2, 3, 4, 5, 6}, twelve);
    EXPECT_CLOSE(twelve[1], twelve[0] + twelve[2], 1e-15, 0);
    EXPECT_CLOSE(twelve[3] + twelve[4] + twelve[5], 0, 0, 1e-15); /* Goldberger */
    demo_free(&d);
}

/* Vm = x in a long thin bar along x: phi = -(1/(4 pi sigma0)) Int gil d/dx(1/r) over the bar, which on
 * its axis is the difference of 1/r at its ends times the cross section (as in the one-dimensional
 * pseudo-ECG of Chaste: 1/14 - 1/15 for a unit cable seen from x = 15). */
static void a_bar_gives_the_pseudo_ecg_of_its_ends(void)
{
    gm_tetmesh *m = gm_box_mesh(1, 1.0);
    enum { N = 100 };
    gm_tetmesh_destroy(m);
    m = gm_box_mesh(2, 0.5);
    m->fibres = gm_calloc(m->n_tets, sizeof *m->fibres);
    for (size_t t = 0; t < m->n_tets; t++)
        m->fibres[t][0] = 1;
    for (size_t i = 0; i < m->n_nodes; i++) { /* 1 mm long, 0.02 mm thick, centred on the axis */
        m->nodes_mm[i][1] = 0.02 * (m->nodes_mm[i][1] - 0.5);
        m->nodes_mm[i][2] = 0.02 * (m->nodes_mm[i][2] - 0.5);
    }
    double electrodes[GM_N_ELECTRODES][3];
    for (int e = 0; e < GM_N_ELECTRODES; e++)
        electrodes[e][0] = 1e6, electrodes[e][1] = 1e6, electrodes[e][2] = 1e6 + 1000 * e;
    electrodes[GM_V1][0] = 15, electrodes[GM_V1][1] = electrodes[GM_V1][2] = 0;
    gm_heart_conductivity c = {1, 1, 1 / (4 * PI)};
    gm_lead_field *f;
    EXPECT(gm_lead_field_create(&f, m, &c, electrodes) == GM_OK);
    double phi = 0;
    for (size_t i = 0; i < m->n_nodes; i++)
        phi -= f->w[i][2] * m->nodes_mm[i][0];
    EXPECT_CLOSE(phi / (0.02 * 0.02), -(1.0 / 14 - 1.0 / 15), 1e-4, 0);
    gm_lead_field_destroy(f);
    gm_tetmesh_destroy(m);
}

static double relative_error(const double *a, const double *b, size_t n)
{
    double square = 0, whole = 0;
    for (size_t i = 0; i < n; i++) {
        square += (a[i] - b[i]) * (a[i] - b[i]);
        whole += b[i] * b[i];
    }
    return sqrt(square / whole);
}

/* Fast against direct for a template of a given sharpness. */
static double fast_error(const demo *d, double eps_ms, double w_ms)
{
    enum { SAMPLES = 500 };
    static double fast[SAMPLES * GM_N_INDEPENDENT], direct[SAMPLES * GM_N_INDEPENDENT];
    gm_heart_template shape = {-80, 20, eps_ms, w_ms, -40};
    gm_samples samples = {0, 1, SAMPLES};
    gm_beat *b;
    gm_beat_scratch *s;
    EXPECT(gm_beat_create(&b, d->field, &shape, samples, (gm_beat_range){50, 220, 200, 350}) ==
           GM_OK);
    EXPECT(gm_beat_scratch_create(&s, b, 1) == GM_OK);
    gm_beat_ecg(b, d->tau, d->apd_single, s, NULL, fast);
    EXPECT(gm_beat_ecg_direct(d->field, d->tau, d->apd, &shape, samples, NULL, direct) == GM_OK);
    gm_beat_destroy(b);
    gm_beat_scratch_destroy(s);
    return relative_error(fast, direct, SAMPLES * GM_N_INDEPENDENT);
}

static void deposit_and_convolve_equals_the_direct_sum(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    demo d = demo_create();
    double sharp = fast_error(&d, 0.5, 8), usual = fast_error(&d, 1, 10),
           soft = fast_error(&d, 4, 14);
    printf("  beat: relative L2 error %.2g (eps 0.5), %.2g (1), %.2g (4 ms)\n", sharp, usual, soft);
    EXPECT_BELOW(sharp, 1e-5);
    EXPECT_BELOW(usual, 1e-5);
    EXPECT_BELOW(soft, 1e-5);
    /* Action potentials of 7 and of 4 widths of their repolarisation: the foot is needed. */
    double wide = fast_error(&d, 1, 30), widest = fast_error(&d, 1, 50);
    printf("  with the foot: %.2g (w 30), %.2g (w 50 ms)\n", wide, widest);
    EXPECT_BELOW(wide, 2e-5);
    EXPECT_BELOW(widest, 5e-4);
    demo_free(&d);
}

static void any_number_of_threads_gives_the_same_bits(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    demo d = demo_create();
    enum { SAMPLES = 300 };
    static double one[SAMPLES * GM_N_INDEPENDENT], many[SAMPLES * GM_N_INDEPENDENT];
    gm_beat *b;
    gm_beat_scratch *s;
    gm_threads *pool;
    EXPECT(gm_threads_create(&pool, 3) == GM_OK);
    EXPECT(gm_beat_create(&b, d.field, &crtdemo_shape, (gm_samples){60, 1, SAMPLES},
                          (gm_beat_range){50, 220, 240, 350}) == GM_OK);
    EXPECT(gm_beat_scratch_create(&s, b, 3) == GM_OK);
    gm_beat_ecg(b, d.tau, d.apd_single, s, NULL, one);
    gm_beat_ecg(b, d.tau, d.apd_single, s, pool, many);
    EXPECT(memcmp(one, many, sizeof one) == 0);
    gm_beat_destroy(b);
    gm_beat_scratch_destroy(s);
    gm_threads_destroy(pool);
    demo_free(&d);
}

static void a_short_action_potential_is_refused_by_the_fast_path(void)
{
    gm_tetmesh *m = gm_box_mesh(1, 1.0);
    m->fibres = gm_calloc(m->n_tets, sizeof *m->fibres);
    for (size_t t = 0; t < m->n_tets; t++)
        m->fibres[t][0] = 1;
    gm_lead_field f = {m->n_nodes, gm_calloc(m->n_nodes, sizeof *f.w)};
    gm_beat *b;
    EXPECT(gm_beat_create(&b, &f, &crtdemo_shape, (gm_samples){0, 1, 10},
                          (gm_beat_range){0, 100, 40, 300}) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "APD 40 ms is too short for w_rep 15 ms");
    EXPECT(gm_beat_create(&b, &f, &crtdemo_shape, (gm_samples){0, 0, 10},
                          (gm_beat_range){0, 100, 0, 0}) == GM_EINVAL);
    gm_free(f.w);
    gm_tetmesh_destroy(m);
}

enum { SITES = 9, JOINT_SAMPLES = 250 };

static void nine_sites(size_t n_nodes, int32_t nodes[SITES], int32_t site[SITES],
                       double onset[SITES], gm_seed seeds[SITES])
{
    gm_rng rng = gm_rng_stream(3, 0);
    for (int k = 0; k < SITES; k++) {
        nodes[k] = (int32_t)gm_rng_below(&rng, n_nodes);
        site[k] = k;
        onset[k] = 10 * gm_rng_uniform(&rng);
        seeds[k] = (gm_seed){nodes[k], onset[k]};
    }
}

/* ECGs of two activation maps; returns their relative difference. `fused` gets a third. */
static double ecg_difference(const gm_lead_field *field, const float *a, const float *b,
                             const gm_fields *f, const int32_t *site, const double *onset,
                             double scale, bool *fused_is_same)
{
    enum { N = JOINT_SAMPLES * GM_N_INDEPENDENT };
    static double ecg_a[N], ecg_b[N], ecg_fused[N];
    gm_beat *beat;
    gm_beat_scratch *s;
    EXPECT(gm_beat_create(&beat, field, &crtdemo_shape, (gm_samples){0, 1, JOINT_SAMPLES},
                          (gm_beat_range){0, 250, 0, 0}) == GM_OK);
    EXPECT(gm_beat_scratch_create(&s, beat, 1) == GM_OK);
    gm_beat_ecg(beat, a, NULL, s, NULL, ecg_a);
    gm_beat_ecg(beat, b, NULL, s, NULL, ecg_b);
    gm_fields_beat(f, site, onset, SITES, scale, NULL, beat, s, NULL, ecg_fused);
    *fused_is_same = memcmp(ecg_a, ecg_fused, sizeof ecg_a) == 0;
    gm_beat_destroy(beat);
    gm_beat_scratch_destroy(s);
    return relative_error(ecg_a, ecg_b, N);
}

/* Nine sites with onsets on the once refined mesh: minimum over fields against one joint solve. */
static void the_minimum_over_fields_is_close_to_the_joint_solve(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    demo d = demo_create();
    gm_tetmesh *m;
    EXPECT(gm_tetmesh_refine(d.mesh, &m, NULL) == GM_OK);
    double electrodes[GM_N_ELECTRODES][3], onset[SITES];
    crtdemo_electrodes(electrodes);
    gm_lead_field *field;
    EXPECT(gm_lead_field_create(&field, m, &crtdemo_conductivity, electrodes) == GM_OK);
    gm_eikonal *e;
    gm_eikonal_scratch *es;
    EXPECT(gm_eikonal_create(&e, m, NULL) == GM_OK);
    EXPECT(gm_eikonal_scratch_create(&es, e, 1) == GM_OK);
    int32_t nodes[SITES], site[SITES];
    gm_seed seeds[SITES];
    nine_sites(m->n_nodes, nodes, site, onset, seeds);
    gm_conduction made = {0.8, 0.4, 1}, wanted = {0.866, 0.4, 1};
    gm_fields *f;
    EXPECT(gm_fields_create(&f, e, &made, nodes, SITES, NULL, NULL, NULL, NULL) == GM_OK);
    float *tau = gm_calloc(m->n_nodes, sizeof *tau), *joint = gm_calloc(m->n_nodes, sizeof *joint);
    gm_fields_activation(f, site, onset, SITES, 0.8 / 0.866, 0, m->n_nodes, tau);
    EXPECT(gm_eikonal_solve(e, &wanted, seeds, SITES, es, NULL, joint) == GM_OK);
    double square = 0;
    for (size_t i = 0; i < m->n_nodes; i++)
        square += (double)((tau[i] - joint[i]) * (tau[i] - joint[i]));
    bool same;
    double rms = sqrt(square / (double)m->n_nodes);
    double l2 = ecg_difference(field, tau, joint, f, site, onset, 0.8 / 0.866, &same);
    printf("  min-plus at 2.5 mm: activation RMS %.3f ms, ECG relative L2 %.4f\n", rms, l2);
    EXPECT_BELOW(rms, 0.4);
    EXPECT_BELOW(l2, 0.01); /* the reference's figure at this edge length: 0.6 % */
    EXPECT(same);
    gm_fields_destroy(f);
    gm_eikonal_destroy(e);
    gm_eikonal_scratch_destroy(es);
    gm_lead_field_destroy(field);
    gm_tetmesh_destroy(m);
    gm_free(tau);
    gm_free(joint);
    demo_free(&d);
}

static void a_damaged_cache_is_made_again(void)
{
    double x[3] = {1, 0, 0};
    gm_tetmesh *m = gm_box_mesh(4, 2.0);
    m->fibres = gm_calloc(m->n_tets, sizeof *m->fibres);
    for (size_t t = 0; t < m->n_tets; t++)
        memcpy(m->fibres[t], x, sizeof x);
    gm_eikonal *e;
    EXPECT(gm_eikonal_create(&e, m, NULL) == GM_OK);
    char folder[] = "gm_cache_XXXXXX", command[128];
    EXPECT(mkdtemp(folder) != NULL);
    int32_t nodes[2] = {0, 60};
    gm_conduction c = {0.6, 0.4, 1};
    gm_fields *first, *second, *third;
    EXPECT(gm_fields_create(&first, e, &c, nodes, 2, NULL, NULL, folder, "hash") == GM_OK);
    EXPECT(gm_fields_create(&second, e, &c, nodes, 2, NULL, NULL, folder, "hash") == GM_OK);
    size_t bytes = 2 * m->n_nodes * sizeof *first->times;
    EXPECT(memcmp(first->times, second->times, bytes) == 0);
    snprintf(command, sizeof command,
             "for f in %s/*; do printf XXXX | dd of=$f bs=1 seek=300 "
             "conv=notrunc 2>/dev/null; done",
             folder);
    EXPECT(system(command) == 0);
    EXPECT(gm_fields_create(&third, e, &c, nodes, 2, NULL, NULL, folder, "hash") == GM_OK);
    EXPECT(memcmp(first->times, third->times, bytes) == 0);
    snprintf(command, sizeof command, "rm -r %s", folder);
    EXPECT(system(command) == 0);
    gm_fields_destroy(first), gm_fields_destroy(second), gm_fields_destroy(third);
    gm_eikonal_destroy(e);
    gm_tetmesh_destroy(m);
}

int main(int argc, char **argv)
{
    RUN(crtdemo_gives_its_published_ecg);
    RUN(columns_of_the_lead_field_sum_to_zero);
    RUN(a_bar_gives_the_pseudo_ecg_of_its_ends);
    RUN(deposit_and_convolve_equals_the_direct_sum);
    RUN(any_number_of_threads_gives_the_same_bits);
    RUN(a_short_action_potential_is_refused_by_the_fast_path);
    RUN(the_minimum_over_fields_is_close_to_the_joint_solve);
    RUN(a_damaged_cache_is_made_again);
    return gm_report();
}
