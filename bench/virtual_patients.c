/* virtual_patients.c - hearts whose activation is known are fitted from their ECGs alone: how near
 * the fit comes, how sure it says it is, and what it takes.
 *
 * usage: virtual_patients FIT_CASE TRUTH_CASE NOISE_MV LAYER FIRST_SEED N_SEEDS BUDGET_S [record]
 * e.g.   crtdemo_case /tmp/coarse 1; crtdemo_case /tmp/fine 2
 *        virtual_patients /tmp/coarse/case.json /tmp/coarse/case.json 0    0 1 5 60    (clean)
 *        virtual_patients /tmp/coarse/case.json /tmp/fine/case.json   0.02 0 1 5 60    (finer truth)
 *
 * Each patient: 5 - 7 sites drawn uniformly on the endocardium, onsets 0 - 30 ms, v_f 0.45 - 0.85 m/s, ratio
 * 0.35 - 0.5, layer factor 1.8 - 3.5 if LAYER is 1 (else off), a random APD gradient. NOISE_MV is of the
 * record; the beat fitted is the mean of ten with its true bounds or, with `record`, what Gemel measures in
 * ten seconds (patient_record.h). The truth's mesh is a refinement of the fitted one (its
 * first nodes are the same) or the same. Rows: seed; QRS correlation (mean of 12 leads) with the beat
 * fitted, with the patient's ECG before noise, and of those two with each other (no twin can do better
 * on the first); RMSE of activation of the best twin and of the ensemble
 * mean, common shift removed; mean SD; share of nodes whose truth lies in the 90 % band; misfit and its
 * floor (noise); maps within the floor; solves; seconds.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "core/alloc.h"
#include "core/rng.h"
#include "heart/case/sources.h"
#include "heart/fit/endocardium.h"
#include "heart/fit/twin.h"
#include "heart/forward/beat.h"
#include "patient_record.h"

enum { SAMPLES = 620, BEATS = 10, MOST_SITES = 7 };
static const double FIRST_ONSET_MS = 50;

static void must(gm_status s)
{
    if (s == GM_OK) return;
    fprintf(stderr, "virtual_patients: %s\n", gm_error_text());
    exit(1);
}

typedef struct {
    gm_heart_case *fitted, *truth;
    gm_threads *threads;
    gm_endocardium *fitted_endo, *truth_endo;
    gm_ignition *ignition;
    gm_eikonal *eikonal;
    gm_eikonal_scratch *scratch;
    gm_lead_field *field;
    double noise_mv;
    bool layer, is_recorded;
} laboratory;

typedef struct {
    float *tau_ms; /* [truth nodes] */
    double *mv;    /* [12][target.n] without noise, on the target's clock */
    gm_heart_target target;
} patient;

/* Places are drawn on the fitted mesh's surface, so that one seed is one patient on any truth mesh. */
static size_t draw_seeds(const laboratory *lab, gm_rng *rng, const gm_conduction *speeds,
                         gm_seed *seeds)
{
    size_t n = 0, n_sites = 5 + gm_rng_below(rng, 3);
    for (size_t k = 0; k < n_sites; k++) {
        double xyz[3];
        gm_endo_place p = gm_endo_draw(lab->fitted_endo, rng);
        gm_endo_point(lab->fitted_endo, &p, xyz);
        gm_ventricle v = gm_endo_ventricle(lab->fitted_endo, p.face);
        gm_endo_place q = gm_endo_nearest(lab->truth_endo, v, xyz);
        gm_source s = gm_endo_source(lab->truth_endo, &q,
                                     FIRST_ONSET_MS + (k ? 30 * gm_rng_uniform(rng) : 0));
        n += gm_source_ignite(&s, lab->ignition, speeds, seeds + n);
    }
    return n;
}

static double last_ms(const laboratory *lab, const patient *p)
{
    double last = 0;
    for (size_t i = 0; i < lab->truth->mesh->n_nodes; i++)
        last = fmax(last, (double)p->tau_ms[i]);
    return last;
}

/* The patient's beat, which begins at start_ms of the target's clock; constant before and after. */
static double *clean_leads(const double *ecg, size_t n, double start_ms)
{
    double *mv = gm_calloc(12 * n, sizeof *mv), twelve[12];
    for (size_t i = 0; i < n; i++) {
        double at = fmin(fmax((double)i - start_ms, 0), SAMPLES - 1);
        gm_leads_expand(ecg + (size_t)lround(at) * GM_N_INDEPENDENT, twelve);
        for (size_t l = 0; l < 12; l++)
            mv[l * n + i] = twelve[l];
    }
    return mv;
}

static void make_target(const laboratory *lab, gm_rng *rng, const double *ecg, patient *p)
{
    gm_heart_target *out = &p->target;
    double noise = lab->noise_mv / sqrt(BEATS), last = last_ms(lab, p);
    *out = (gm_heart_target){.step_ms = 1,
                             .n = SAMPLES,
                             .mv = gm_calloc(12 * SAMPLES, sizeof(double)),
                             .qrs = {FIRST_ONSET_MS, FIRST_ONSET_MS, last},
                             .t = {last + 40, last + 120, fmin(last + 260, SAMPLES - 20)},
                             .n_beats = BEATS};
    for (size_t i = 0; i < SAMPLES; i++) {
        double eight[GM_N_INDEPENDENT], noisy[12];
        for (size_t l = 0; l < GM_N_INDEPENDENT; l++)
            eight[l] = ecg[i * GM_N_INDEPENDENT + l] + noise * gm_rng_normal(rng);
        gm_leads_expand(eight, noisy);
        for (size_t l = 0; l < 12; l++)
            out->mv[l * SAMPLES + i] = noisy[l];
    }
    for (int l = 0; l < 12; l++)
        out->noise_mv[l] = fmax(noise, 1e-4);
    p->mv = clean_leads(ecg, SAMPLES, 0);
}

/* What the program measures in ten seconds of the patient. Says how far the bounds are off. */
static void measure_target(const laboratory *lab, gm_rng *rng, const double *ecg, patient *p)
{
    gm_ecg *record;
    gm_ecg_measurement *m;
    double begins[RECORD_BEATS], start_ms = NAN, last = last_ms(lab, p);
    must(record_of(&record, ecg, SAMPLES, lab->noise_mv, rng, begins));
    must(gm_ecg_measure(&m, record));
    must(gm_heart_target_from(&p->target, record, m));
    for (size_t k = 0; k < m->n_beats; k++) {
        double first_ms = 1000 * m->beats[k].time_s - (double)m->median.fiducial;
        for (int b = 0; b < RECORD_BEATS && m->beats[k].in_median; b++)
            if (fabs(begins[b] + FIRST_ONSET_MS - 1000 * m->beats[k].time_s) < 200)
                start_ms = begins[b] - first_ms;
    }
    p->mv = clean_leads(ecg, p->target.n, start_ms);
    printf("# %zu beats of %d, QRS on %+.1f off %+.1f ms, noise %.4f mV in V2\n", m->median.n_beats,
           RECORD_BEATS, p->target.qrs.on_ms - start_ms - FIRST_ONSET_MS,
           p->target.qrs.off_ms - start_ms - last, p->target.noise_mv[7]);
    gm_ecg_measurement_destroy(m);
    gm_ecg_destroy(record);
}

static patient make_patient(const laboratory *lab, uint64_t seed)
{
    patient p;
    gm_rng rng = gm_rng_stream(seed, 99);
    size_t n = lab->truth->mesh->n_nodes;
    gm_conduction speeds = {0.45 + 0.4 * gm_rng_uniform(&rng), 0.35 + 0.15 * gm_rng_uniform(&rng),
                            1.8 + 1.7 * gm_rng_uniform(&rng)};
    if (!lab->layer) speeds.fast_layer_factor = 1;
    gm_seed *seeds = gm_calloc(MOST_SITES * GM_IGNITION_NODES, sizeof *seeds);
    size_t n_seeds = draw_seeds(lab, &rng, &speeds, seeds);
    p.tau_ms = gm_calloc(n, sizeof *p.tau_ms);
    must(gm_eikonal_solve(lab->eikonal, &speeds, seeds, n_seeds, lab->scratch, lab->threads,
                          p.tau_ms));
    gm_apd apd = {
        220 + 20 * gm_rng_uniform(&rng), 280 + 30 * gm_rng_uniform(&rng), gm_rng_uniform(&rng),
        gm_rng_uniform(&rng) - 0.5,      gm_rng_uniform(&rng) - 0.5,      -gm_rng_uniform(&rng)};
    double *apd_ms = gm_calloc(n, sizeof *apd_ms);
    double *ecg = gm_calloc(SAMPLES * GM_N_INDEPENDENT, sizeof *ecg);
    must(gm_heart_apd_field(&apd, lab->truth, lab->threads, apd_ms));
    must(gm_beat_ecg_direct(lab->field, p.tau_ms, apd_ms, &lab->fitted->shape,
                            (gm_samples){0, 1, SAMPLES}, lab->threads, ecg));
    if (lab->is_recorded)
        measure_target(lab, &rng, ecg, &p);
    else
        make_target(lab, &rng, ecg, &p);
    gm_free(apd_ms);
    gm_free(ecg);
    gm_free(seeds);
    return p;
}

typedef struct {
    double correlation, clean_correlation, ceiling, best_ms, mean_ms, sd_ms, covered, misfit_ratio;
} score;
enum { SCORES = sizeof(score) / sizeof(double) };

/* RMS of a - b, mean removed; *mean (may be NULL) is that mean. */
static double apart_ms(const double *a, const float *b, size_t n, double *mean)
{
    double m = 0, square = 0;
    for (size_t i = 0; i < n; i++)
        m += (a[i] - (double)b[i]) / (double)n;
    for (size_t i = 0; i < n; i++)
        square += (a[i] - (double)b[i] - m) * (a[i] - (double)b[i] - m);
    if (mean) *mean = m;
    return sqrt(square / (double)n);
}

/* Mean over 12 leads of n samples of the correlation in [first, last]. */
static double mean_correlation(const double *a, const double *b, size_t n_samples, size_t first,
                               size_t last)
{
    double sum = 0, n = (double)(last - first + 1);
    for (size_t l = 0; l < 12; l++, a += n_samples, b += n_samples) {
        double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
        for (size_t i = first; i <= last; i++)
            ma += a[i] / n, mb += b[i] / n;
        for (size_t i = first; i <= last; i++) {
            double x = a[i] - ma, y = b[i] - mb;
            aa += x * x, bb += y * y, ab += x * y;
        }
        sum += ab / sqrt(aa * bb) / 12;
    }
    return sum;
}

static score judge(const gm_heart_twin *t, const patient *p)
{
    const float *truth = p->tau_ms;
    size_t n = t->n_nodes, inside = 0;
    score s = {.correlation = t->mean_correlation_qrs};
    size_t from = (size_t)p->target.qrs.on_ms, to = (size_t)p->target.qrs.off_ms;
    s.clean_correlation = mean_correlation(t->best.ecg_mv, p->mv, p->target.n, from, to);
    s.ceiling = mean_correlation(p->target.mv, p->mv, p->target.n, from, to);
    double shift, *best = gm_calloc(n, sizeof *best);
    for (size_t i = 0; i < n; i++)
        best[i] = (double)t->best.tau_ms[i];
    s.best_ms = apart_ms(best, truth, n, NULL);
    s.mean_ms = apart_ms(t->tau_mean_ms, truth, n, &shift);
    for (size_t i = 0; i < n; i++) {
        double x = (double)truth[i] + shift;
        inside += x >= t->tau_p05_ms[i] && x <= t->tau_p95_ms[i];
        s.sd_ms += t->tau_sd_ms[i] / (double)n;
    }
    s.covered = (double)inside / (double)n;
    s.misfit_ratio = t->misfit / t->floor_misfit;
    gm_free(best);
    return s;
}

static double median_of(double *v, size_t n)
{
    qsort(v, n, sizeof *v, bench_by_size);
    return n % 2 ? v[n / 2] : 0.5 * (v[n / 2 - 1] + v[n / 2]);
}

static void open_laboratory(laboratory *lab, const char *fitted, const char *truth)
{
    must(gm_threads_create(&lab->threads, 2));
    must(gm_heart_case_read(&lab->fitted, fitted, lab->threads));
    must(gm_heart_case_read(&lab->truth, truth, lab->threads));
    must(gm_endocardium_create(&lab->fitted_endo, lab->fitted));
    must(gm_endocardium_create(&lab->truth_endo, lab->truth));
    must(gm_ignition_create(&lab->ignition, lab->truth->mesh, lab->truth->fast));
    must(gm_eikonal_create(&lab->eikonal, lab->truth->mesh, lab->truth->fast));
    must(gm_eikonal_scratch_create(&lab->scratch, lab->eikonal, 2));
    must(gm_lead_field_create(&lab->field, lab->truth->mesh, &lab->fitted->conductivity,
                              (const double(*)[3])lab->fitted->electrodes_mm));
}

static score fit_one(const laboratory *lab, uint64_t seed, double budget_s)
{
    patient p = make_patient(lab, seed);
    gm_heart_fit_options o = gm_heart_fit_defaults();
    o.budget_s = budget_s;
    o.seed = seed;
    gm_heart_twin *t;
    must(gm_heart_fit(&t, lab->fitted, &p.target, &o, lab->threads));
    score s = judge(t, &p);
    size_t maps = 0;
    for (size_t b = 0; b < t->n_basins; b++)
        maps += t->basins[b].within_floor;
    printf("%4zu  %8.5f  %10.5f  %7.5f  %9.2f  %7.2f  %5.2f  %7.3f  %12.3g  %4zu  %6zu  %7.1f\n",
           (size_t)seed, s.correlation, s.clean_correlation, s.ceiling, s.best_ms, s.mean_ms,
           s.sd_ms, s.covered, s.misfit_ratio, maps, t->evaluations, t->total_s);
    fflush(stdout);
    gm_heart_twin_destroy(t);
    gm_heart_target_free(&p.target);
    gm_free(p.tau_ms);
    gm_free(p.mv);
    return s;
}

int main(int argc, char **argv)
{
    if (argc < 8) {
        fprintf(stderr, "usage: virtual_patients FIT_CASE TRUTH_CASE NOISE_MV LAYER FIRST_SEED "
                        "N_SEEDS BUDGET_S [record]\n");
        return 2;
    }
    enum { MOST_SEEDS = 100 };
    laboratory lab = {.noise_mv = atof(argv[3]),
                      .layer = atoi(argv[4]) != 0,
                      .is_recorded = argc > 8 && strcmp(argv[8], "record") == 0};
    size_t n_seeds = (size_t)atoi(argv[6]);
    double column[SCORES][MOST_SEEDS], m[SCORES];
    open_laboratory(&lab, argv[1], argv[2]);
    bench_machine(2);
    printf("fitted %zu nodes, truth %zu nodes, noise %g mV in the record, layer %s, budget %s s\n",
           lab.fitted->mesh->n_nodes, lab.truth->mesh->n_nodes, lab.noise_mv,
           lab.layer ? "on" : "off", argv[7]);
    printf("seed  corr QRS  corr clean  ceiling  RMSE best  mean ms  SD ms  covered  misfit/floor  "
           "maps  "
           "solves  seconds\n");
    for (size_t k = 0; k < n_seeds && k < MOST_SEEDS; k++) {
        score s = fit_one(&lab, (uint64_t)atol(argv[5]) + k, atof(argv[7]));
        double values[SCORES];
        memcpy(values, &s, sizeof values);
        for (int c = 0; c < SCORES; c++)
            column[c][k] = values[c];
    }
    for (int c = 0; c < SCORES; c++)
        m[c] = median_of(column[c], n_seeds);
    printf("median %7.5f  %10.5f  %7.5f  %9.2f  %7.2f  %5.2f  %7.3f  %12.3g\n", m[0], m[1], m[2],
           m[3], m[4], m[5], m[6], m[7]);
    return 0;
}
