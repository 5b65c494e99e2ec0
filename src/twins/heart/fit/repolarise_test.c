#include "heart/case/electrodes.h"
#include "heart/fit/repolarise.h"

#include "core/alloc.h"
#include "core/rng.h"
#include "geometry/crtdemo_for_tests.h"
#include "heart/anatomy/coordinates.h"
#include "heart/case/case_internal.h"
#include "heart/forward/eikonal.h"
#include "testing/gm_test.h"

static const double PI = 3.14159265358979323846;

/* ---- a virtual patient -------------------------------------------------------------------------- */

static void read_electrodes(double mm[GM_N_ELECTRODES][3])
{
    EXPECT(gm_electrodes_read(mm, GM_CRTDEMO_DIR "/electrodes_mm.csv") == GM_OK);
}

/* Smooth stand-ins with the ranges of ventricular coordinates: what the T wave stage does must not depend
 * on which. Height along z, angle about it, left to right along x, depth by distance from the axis. */
static gm_heart_coordinates *stand_in_coordinates(const gm_tetmesh *m)
{
    gm_heart_coordinates *x = gm_calloc(1, sizeof *x);
    double low[3] = {INFINITY, INFINITY, INFINITY}, high[3] = {-INFINITY, -INFINITY, -INFINITY};
    for (size_t i = 0; i < m->n_nodes; i++)
        for (int d = 0; d < 3; d++) {
            low[d] = fmin(low[d], m->nodes_mm[i][d]);
            high[d] = fmax(high[d], m->nodes_mm[i][d]);
        }
    x->n_nodes = m->n_nodes;
    double **arrays[4] = {&x->ab, &x->rt, &x->tm, &x->rvlv};
    for (int a = 0; a < 4; a++)
        *arrays[a] = gm_calloc(m->n_nodes, sizeof(double));
    x->tv = gm_calloc(m->n_nodes, sizeof *x->tv);
    for (size_t i = 0; i < m->n_nodes; i++) {
        double u[3];
        for (int d = 0; d < 3; d++)
            u[d] = (m->nodes_mm[i][d] - low[d]) / (high[d] - low[d]);
        x->ab[i] = u[2];
        x->rvlv[i] = u[0];
        x->rt[i] = 0.5 + atan2(u[1] - 0.5, u[0] - 0.5) / (2 * PI);
        x->tm[i] = fmax(0, 1 - 1.6 * hypot(u[0] - 0.5, u[1] - 0.5));
    }
    return x;
}

static void drop_coordinates(gm_heart_coordinates *x)
{
    gm_free(x->ab);
    gm_free(x->rt);
    gm_free(x->tm);
    gm_free(x->rvlv);
    gm_free(x->tv);
    gm_free(x);
}

enum { SAMPLES = 500, LEAD_V2 = 7, LEAD_V5 = 10 };

typedef struct {
    gm_heart_case *c;
    gm_lead_field *field;
    float *tau;
    double *apd; /* the truth */
    double mv[12 * SAMPLES];
    gm_heart_target target;
} patient;

static const gm_apd truth = {235, 310, 0.5, -0.3, 0.4, 1};
static const int32_t sites[] = {100, 900, 1700, 2500, 3300, 4100};

static void activate(patient *p)
{
    gm_eikonal *e = NULL;
    gm_eikonal_scratch *scratch = NULL;
    gm_conduction speeds = {0.9, 0.5, 1};
    gm_seed seeds[6];
    for (int k = 0; k < 6; k++)
        seeds[k] = (gm_seed){sites[k], 4.0 * k};
    EXPECT(gm_eikonal_create(&e, p->c->mesh, NULL) == GM_OK);
    EXPECT(gm_eikonal_scratch_create(&scratch, e, 1) == GM_OK);
    EXPECT(gm_eikonal_solve(e, &speeds, seeds, 6, scratch, NULL, p->tau) == GM_OK);
    gm_eikonal_scratch_destroy(scratch);
    gm_eikonal_destroy(e);
}

/* The ECG of a map of APDs by the plain reference path, with noise of this SD. */
static void record_beat(patient *p, const gm_apd *apd, double w_rep_ms, double noise_mv)
{
    static double eight[SAMPLES][GM_N_INDEPENDENT];
    gm_heart_template shape = p->c->shape;
    shape.w_rep_ms = w_rep_ms;
    EXPECT(gm_heart_apd_field(apd, p->c, NULL, p->apd) == GM_OK);
    EXPECT(gm_beat_ecg_direct(p->field, p->tau, p->apd, &shape, (gm_samples){0, 1, SAMPLES}, NULL,
                              eight[0]) == GM_OK);
    gm_rng rng = gm_rng_stream(7, 0);
    for (size_t i = 0; i < SAMPLES; i++) {
        double twelve[12];
        for (int l = 0; l < GM_N_INDEPENDENT; l++)
            eight[i][l] += noise_mv * gm_rng_normal(&rng);
        gm_leads_expand(eight[i], twelve);
        for (size_t l = 0; l < 12; l++)
            p->mv[l * SAMPLES + i] = twelve[l];
    }
    for (int l = 0; l < 12; l++)
        p->target.noise_mv[l] = noise_mv;
    double middle =
        p->c->shape.t_on_ms; /* bounds of T: some SDs of repolarisation about its mean */
    for (size_t i = 0; i < p->c->mesh->n_nodes; i++)
        middle += ((double)p->tau[i] + p->apd[i]) / (double)p->c->mesh->n_nodes;
    p->target.t = (gm_ecg_bounds){middle - 90, middle, fmin(middle + 100, SAMPLES - 1)};
}

static patient *patient_create(const gm_apd *apd, double noise_mv)
{
    patient *p = gm_calloc(1, sizeof *p);
    gm_tetmesh *mesh = NULL;
    EXPECT(gm_crtdemo_mesh(&mesh) == GM_OK);
    EXPECT(gm_heart_case_create(&p->c, "crtdemo") == GM_OK);
    EXPECT(gm_heart_case_set_mesh(p->c, mesh, "crtdemo") == GM_OK);
    read_electrodes(p->c->electrodes_mm);
    p->c->shape.t_on_ms = 30;
    p->c->coordinates = stand_in_coordinates(p->c->mesh);
    EXPECT(gm_lead_field_create(&p->field, p->c->mesh, &p->c->conductivity, p->c->electrodes_mm) ==
           GM_OK);
    p->tau = gm_calloc(p->c->mesh->n_nodes, sizeof *p->tau);
    p->apd = gm_calloc(p->c->mesh->n_nodes, sizeof *p->apd);
    activate(p);
    double last = 0;
    for (size_t i = 0; i < p->c->mesh->n_nodes; i++)
        last = fmax(last, (double)p->tau[i]);
    p->target = (gm_heart_target){.step_ms = 1,
                                  .n = SAMPLES,
                                  .mv = p->mv,
                                  .qrs = {30, 30 + last / 2, 30 + last},
                                  .n_beats = 1};
    record_beat(p, apd, p->c->shape.w_rep_ms, noise_mv);
    return p;
}

static void patient_free(patient *p)
{
    drop_coordinates(p->c->coordinates);
    p->c->coordinates = NULL;
    gm_heart_case_destroy(p->c);
    gm_lead_field_destroy(p->field);
    gm_free(p->tau);
    gm_free(p->apd);
    gm_free(p);
}

static gm_repolarisation fit(patient *p, const gm_repolarise_options *options,
                             gm_repolariser **kept)
{
    gm_repolarisation found = {0};
    gm_repolariser *r = NULL;
    EXPECT(gm_repolariser_create(&r, p->c, &p->target, options, NULL, NULL, 1) == GM_OK);
    if (!r) return found;
    gm_repolarise_input in = {.tau_ms = p->tau, .amplitude = 1, .seed = 3};
    EXPECT(gm_repolarise(r, 0, &in, &found) == GM_OK);
    if (kept)
        *kept = r;
    else
        gm_repolariser_destroy(r);
    return found;
}

static double apd_error_ms(const patient *p, const gm_repolarisation *found)
{
    size_t n = p->c->mesh->n_nodes;
    double *apd = gm_calloc(n, sizeof *apd), square = 0;
    EXPECT(gm_heart_apd_field(&found->apd, p->c, NULL, apd) == GM_OK);
    for (size_t i = 0; i < n; i++)
        square += (apd[i] - p->apd[i]) * (apd[i] - p->apd[i]) / (double)n;
    gm_free(apd);
    return sqrt(square);
}

static void say(const char *what, const patient *p, const gm_repolarisation *f)
{
    printf("  %s: APD %.1f-%.1f g %.3f %.3f %.3f %.3f, error %.3f ms RMS, correlation %.6f, misfit "
           "%.4g of %zu, discrepancy %.3g, %zu starts (%zu kept agree), %zu evaluations, sd %.2f; "
           "%.2f %.2f %.2f %.2f\n",
           what, f->apd.min_ms, f->apd.max_ms, f->apd.g_ab, f->apd.g_aprt, f->apd.g_rvlv,
           f->apd.g_tm, apd_error_ms(p, f), f->correlation, f->misfit, f->n_residuals,
           f->discrepancy, f->n_starts, f->n_agree, f->evaluations, f->mean_sd_ms,
           f->slope_sd_ms[0], f->slope_sd_ms[1], f->slope_sd_ms[2], f->slope_sd_ms[3]);
}

/* ---- tests ---------------------------------------------------------------------------------------- */

static void the_t_wave_of_a_known_map_gives_the_map_back(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    static const gm_apd maps[] = {{235, 310, 0.5, -0.3, 0.4, 1},
                                  {260, 290, -1, 0.2, 0, 0.1},
                                  {215, 330, 0.1, 1, -0.6, 0},
                                  {150, 220, 0, 0.3, 1, -0.8},
                                  {300, 420, 0.7, 0, 0.2, -1}};
    for (size_t k = 0; k < sizeof maps / sizeof *maps; k++) {
        patient *p = patient_create(&maps[k], 0);
        gm_repolarise_options o = gm_repolarise_defaults();
        gm_repolarisation f = fit(p, &o, NULL);
        say("clean", p, &f);
        EXPECT(f.has_t_wave && !f.is_flat);
        EXPECT(f.correlation >= 0.9999);
        EXPECT_BELOW(apd_error_ms(p, &f), 0.1);
        patient_free(p);
    }
}

/* Mean correlation over the eight leads, in the window of the fit, with what was there before the noise. */
static double correlation_with(const gm_repolariser *r, const patient *p,
                               const gm_repolarise_input *in, const gm_apd *apd,
                               const double *clean)
{
    static double ecg[12 * SAMPLES];
    EXPECT(gm_repolariser_ecg(r, in, apd, ecg) == GM_OK);
    size_t first = (size_t)(p->target.qrs.off_ms + 20), last = (size_t)(p->target.t.off_ms + 40);
    double mean = 0;
    for (int l = 0; l < GM_N_INDEPENDENT; l++) {
        const double *x = ecg + (size_t)gm_independent_lead[l] * SAMPLES;
        const double *y = clean + (size_t)gm_independent_lead[l] * SAMPLES;
        double n = (double)(last - first), mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
        for (size_t i = first; i < last; i++)
            mx += x[i] / n, my += y[i] / n;
        for (size_t i = first; i < last; i++) {
            xx += (x[i] - mx) * (x[i] - mx);
            yy += (y[i] - my) * (y[i] - my);
            xy += (x[i] - mx) * (y[i] - my);
        }
        mean += xy / sqrt(xx * yy) / GM_N_INDEPENDENT;
    }
    return mean;
}

static void noise_moves_the_map_as_far_as_it_says(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    static double clean[12 * SAMPLES];
    patient *p = patient_create(&truth, 0);
    memcpy(clean, p->mv, sizeof clean);
    gm_repolarise_options o = gm_repolarise_defaults();
    gm_repolarise_input in = {.tau_ms = p->tau, .amplitude = 1};
    record_beat(p, &truth, p->c->shape.w_rep_ms, 0.02);
    gm_repolariser *r = NULL;
    gm_repolarisation f = fit(p, &o, &r);
    say("0.02 mV", p, &f);
    double found = correlation_with(r, p, &in, &f.apd, clean);
    printf("  correlation with the beat before the noise %.6f\n", found);
    EXPECT(found >= 0.999);
    EXPECT_CLOSE(f.misfit, (double)f.n_residuals, 0.1, 0);
    EXPECT_BELOW(apd_error_ms(p, &f), 2);
    memcpy(p->mv, clean, sizeof clean);
    gm_repolarisation clean_fit = fit(p, &o, NULL);
    EXPECT_BELOW(fabs(f.mean_ms - clean_fit.mean_ms), 4 * f.mean_sd_ms);
    for (int k = 0; k < GM_APD_TERMS; k++)
        EXPECT_BELOW(fabs(f.slope_ms[k] - clean_fit.slope_ms[k]), 4 * f.slope_sd_ms[k]);
    gm_repolariser_destroy(r);
    patient_free(p);
}

static void a_wrong_activation_shows_as_discrepancy(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    patient *p = patient_create(&truth, 0.005);
    for (size_t i = 0; i < p->c->mesh->n_nodes; i++) /* 5.7 ms RMS, smooth */
        p->tau[i] += (float)(8 * sin(p->c->mesh->nodes_mm[i][0] / 9));
    gm_repolarise_options o = gm_repolarise_defaults();
    gm_repolarisation f = fit(p, &o, NULL);
    say("activation 6 ms wrong", p, &f);
    EXPECT(f.discrepancy > 0.3);
    EXPECT_BELOW(apd_error_ms(p, &f), 15);
    EXPECT(f.mean_sd_ms > 0.05 && f.mean_sd_ms < 20);
    patient_free(p);
}

static void a_uniform_map_is_called_flat(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    static const gm_apd uniform = {260, 260, 0, 0, 0, 0};
    patient *p = patient_create(&uniform, 0);
    gm_repolarise_options o = gm_repolarise_defaults();
    gm_repolarisation f = fit(p, &o, NULL);
    say("uniform", p, &f);
    EXPECT(f.is_flat);
    EXPECT(f.apd.g_ab == 0 && f.apd.g_aprt == 0 && f.apd.g_rvlv == 0 && f.apd.g_tm == 0);
    EXPECT_CLOSE(f.apd.min_ms, 260, 0, 0.5);
    EXPECT_CLOSE(f.apd.max_ms, 260, 0, 0.5);
    patient_free(p);
}

static void the_map_stays_in_the_allowed_range(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    patient *p = patient_create(&truth, 0.005);
    gm_repolarise_options o = gm_repolarise_defaults();
    o.apd_min_ms = 250; /* 15 ms above the truth */
    o.apd_max_ms = 300;
    gm_repolarisation f = fit(p, &o, NULL);
    say("within 250 .. 300 ms", p, &f);
    EXPECT(f.at_min);
    EXPECT(f.apd.min_ms >= 250 && f.apd.max_ms <= 300);
    EXPECT(f.correlation > 0.8);
    patient_free(p);
}

typedef struct {
    gm_repolariser *r;
    const gm_repolarise_input *in;
    gm_repolarisation *out;
} many;

static void fit_one(void *context, size_t item, unsigned worker)
{
    const many *m = context;
    if (gm_repolarise(m->r, worker, &m->in[item], &m->out[item]) != GM_OK) abort();
}

static void threads_and_workers_do_not_change_a_bit(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    enum { MEMBERS = 6 };
    patient *p = patient_create(&truth, 0.01);
    gm_repolarise_options o = gm_repolarise_defaults();
    o.n_starts = 4;
    gm_threads *two = NULL;
    gm_repolariser *r = NULL;
    EXPECT(gm_threads_create(&two, 2) == GM_OK);
    EXPECT(gm_repolariser_create(&r, p->c, &p->target, &o, NULL, two, 2) == GM_OK);
    gm_lead_field moved = {p->field->n_nodes, gm_calloc(p->field->n_nodes, sizeof *moved.w)};
    for (size_t i = 0; i < moved.n_nodes; i++)
        for (int l = 0; l < GM_N_INDEPENDENT; l++)
            moved.w[i][l] = 1.1 * p->field->w[i][l];
    gm_repolarise_input in[MEMBERS];
    gm_repolarisation alone[MEMBERS], together[MEMBERS];
    memset(alone, 0, sizeof alone);
    memset(together, 0, sizeof together);
    for (size_t k = 0; k < MEMBERS; k++)
        in[k] = (gm_repolarise_input){
            p->tau, 1 + 0.05 * (double)k, k % 2 ? &moved : NULL, k > 2 ? &truth : NULL,
            k,      k > 2 ? 1 : 0};
    gm_threads_for(NULL, MEMBERS, 1, fit_one, &(many){r, in, alone});
    gm_threads_for(two, MEMBERS, 1, fit_one, &(many){r, in, together});
    for (size_t k = 0; k < MEMBERS; k++) {
        EXPECT(!memcmp(&alone[k].apd, &together[k].apd, sizeof alone[k].apd));
        EXPECT(alone[k].misfit == together[k].misfit);
        EXPECT(alone[k].evaluations == together[k].evaluations);
        EXPECT(!memcmp(alone[k].slope_sd_ms, together[k].slope_sd_ms, sizeof alone[k].slope_sd_ms));
        EXPECT(alone[k].n_starts == (k > 2 ? 2 : 4));
    }
    gm_repolariser_destroy(r);
    gm_threads_destroy(two);
    gm_free(moved.w);
    patient_free(p);
}

static void a_lead_field_and_an_amplitude_are_the_same_thing(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    patient *p = patient_create(&truth, 0);
    gm_repolarise_options o = gm_repolarise_defaults();
    gm_lead_field doubled = {p->field->n_nodes, gm_calloc(p->field->n_nodes, sizeof *doubled.w)};
    for (size_t i = 0; i < doubled.n_nodes; i++)
        for (int l = 0; l < GM_N_INDEPENDENT; l++)
            doubled.w[i][l] = 2 * p->field->w[i][l];
    gm_repolariser *r = NULL;
    gm_repolarisation f;
    gm_repolarise_input in = {.tau_ms = p->tau, .amplitude = 0.5, .field = &doubled};
    EXPECT(gm_repolariser_create(&r, p->c, &p->target, &o, p->field, NULL, 1) == GM_OK);
    EXPECT(gm_repolarise(r, 0, &in, &f) == GM_OK);
    EXPECT_BELOW(apd_error_ms(p, &f), 0.1);
    in.amplitude = 1, in.field = NULL; /* and the repolariser's own field is back */
    EXPECT(gm_repolarise(r, 0, &in, &f) == GM_OK);
    EXPECT_BELOW(apd_error_ms(p, &f), 0.1);
    gm_repolariser_destroy(r);
    gm_free(doubled.w);
    patient_free(p);
}

static void a_guess_saves_the_other_starts(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    patient *p = patient_create(&truth, 0.01);
    gm_repolarise_options o = gm_repolarise_defaults();
    gm_repolariser *r = NULL;
    gm_repolarisation all = fit(p, &o, &r), one = {0};
    gm_apd near = {truth.min_ms - 8, truth.max_ms + 5, 0.2, 0, 0.2, 1};
    gm_repolarise_input in = {.tau_ms = p->tau, .amplitude = 1, .guess = &near, .n_starts = 1};
    EXPECT(gm_repolarise(r, 0, &in, &one) == GM_OK);
    EXPECT_CLOSE(one.misfit, all.misfit, 1e-4, 0);
    EXPECT(one.evaluations * 3 < all.evaluations);
    printf("  %zu evaluations instead of %zu\n", one.evaluations, all.evaluations);
    gm_repolariser_destroy(r);
    patient_free(p);
}

static void the_steepness_of_repolarisation_is_found(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    patient *p = patient_create(&truth, 0);
    gm_repolarise_options o = gm_repolarise_defaults();
    gm_repolarise_input in = {.tau_ms = p->tau, .amplitude = 1, .seed = 1};
    gm_threads *two = NULL;
    EXPECT(gm_threads_create(&two, 2) == GM_OK);
    for (int k = 0; k < 6; k++) {
        double found = NAN, misfit[6];
        record_beat(p, &truth, gm_w_rep_candidates_ms[k], 0.01);
        EXPECT(gm_repolarise_choose_w_rep(&found, p->c, &p->target, &o, &in, gm_w_rep_candidates_ms,
                                          6, misfit, two) == GM_OK);
        printf("  w_rep %g ms: misfit %.0f %.0f %.0f %.0f %.0f %.0f\n", gm_w_rep_candidates_ms[k],
               misfit[0], misfit[1], misfit[2], misfit[3], misfit[4], misfit[5]);
        EXPECT(found == gm_w_rep_candidates_ms[k]);
    }
    gm_threads_destroy(two);
    patient_free(p);
}

static void the_whole_beat_is_that_of_the_direct_sum(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    patient *p = patient_create(&truth, 0);
    gm_repolarise_options o = gm_repolarise_defaults();
    gm_repolariser *r = NULL;
    static double ecg[12 * SAMPLES];
    gm_repolarise_input in = {.tau_ms = p->tau, .amplitude = 1};
    EXPECT(gm_repolariser_create(&r, p->c, &p->target, &o, NULL, NULL, 1) == GM_OK);
    EXPECT(gm_repolariser_ecg(r, &in, &truth, ecg) == GM_OK);
    double off = 0, all = 0;
    for (size_t i = 0; i < 12 * SAMPLES; i++) {
        off += (ecg[i] - p->mv[i]) * (ecg[i] - p->mv[i]);
        all += p->mv[i] * p->mv[i];
    }
    EXPECT_BELOW(sqrt(off / all), 3e-4);
    gm_repolariser_destroy(r);
    patient_free(p);
}

static void unknown_leads_are_left_out(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    patient *p = patient_create(&truth, 0.005);
    p->target.noise_mv[LEAD_V2] = NAN;
    p->mv[LEAD_V5 * SAMPLES + 300] = NAN;
    gm_repolarise_options o = gm_repolarise_defaults();
    gm_repolarisation f = fit(p, &o, NULL);
    EXPECT(isnan(f.lead_correlation[3]) && isnan(f.lead_correlation[6]));
    EXPECT(isfinite(f.lead_correlation[2]));
    EXPECT(f.n_residuals % 6 == 0);
    EXPECT_BELOW(apd_error_ms(p, &f), 3);
    patient_free(p);
}

static void no_t_wave_is_no_error(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    patient *p = patient_create(&truth, 0);
    gm_repolarise_options o = gm_repolarise_defaults();
    p->target.t = (gm_ecg_bounds){NAN, NAN, NAN};
    gm_repolariser *r = NULL;
    gm_repolarisation f = fit(p, &o, &r);
    EXPECT(!f.has_t_wave);
    EXPECT(isnan(f.correlation));
    static double ecg[12 * SAMPLES];
    gm_repolarise_input in = {.tau_ms = p->tau, .amplitude = 1};
    EXPECT(gm_repolariser_ecg(r, &in, NULL, ecg) == GM_OK);
    EXPECT(fabs(ecg[60] - p->mv[60]) < 1e-3);
    gm_repolariser_destroy(r);
    p->target.t = (gm_ecg_bounds){NAN, p->target.qrs.off_ms + 5, p->target.qrs.off_ms - 30};
    f = fit(p, &o, NULL); /* ends before it begins */
    EXPECT(!f.has_t_wave);
    double w = 0;
    EXPECT(gm_repolarise_choose_w_rep(&w, p->c, &p->target, &o, &in, gm_w_rep_candidates_ms, 6,
                                      NULL, NULL) == GM_OK);
    EXPECT(w == gm_w_rep_candidates_ms[0]);
    patient_free(p);
}

static void options_out_of_range_are_refused(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    patient *p = patient_create(&truth, 0);
    const gm_repolarise_options good = gm_repolarise_defaults();
    gm_repolarise_options bad[8];
    for (int k = 0; k < 8; k++)
        bad[k] = good;
    bad[0].w_rep_ms = NAN, bad[1].w_rep_ms = 0.5, bad[2].apd_min_ms = 50;
    bad[3].apd_max_ms = 600, bad[4].apd_min_ms = 400, bad[4].apd_max_ms = 300;
    bad[5].slope_sd_ms = 0, bad[6].n_starts = 0, bad[7].slope_sd_ms = NAN;
    for (int k = 0; k < 8; k++) {
        gm_repolariser *r = (gm_repolariser *)p;
        EXPECT(gm_repolariser_create(&r, p->c, &p->target, &bad[k], NULL, NULL, 1) == GM_EINVAL);
        EXPECT(r == NULL);
        EXPECT_CONTAINS(gm_error_text(), "T wave");
    }
    gm_repolariser *r = NULL;
    gm_heart_coordinates *x = p->c->coordinates;
    p->c->coordinates = NULL; /* and no endocardia to make them from */
    EXPECT(gm_repolariser_create(&r, p->c, &p->target, &good, NULL, NULL, 1) == GM_EINVAL);
    EXPECT(r == NULL);
    p->c->coordinates = x;
    for (int l = 0; l < 12; l++)
        p->target.noise_mv[l] = NAN;
    EXPECT(gm_repolariser_create(&r, p->c, &p->target, &good, NULL, NULL, 1) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "no lead is known");
    patient_free(p);
}

static void inputs_that_make_no_sense_are_refused(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    patient *p = patient_create(&truth, 0);
    gm_repolarise_options o = gm_repolarise_defaults();
    gm_repolariser *r = NULL;
    gm_repolarisation f;
    EXPECT(gm_repolariser_create(&r, p->c, &p->target, &o, NULL, NULL, 1) == GM_OK);
    const gm_repolarise_input good = {.tau_ms = p->tau, .amplitude = 1};
    gm_repolarise_input in = good;
    EXPECT(gm_repolarise(r, 1, &in, &f) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "worker 1, allowed 0 to 0");
    in.amplitude = NAN;
    EXPECT(gm_repolarise(r, 0, &in, &f) == GM_EINVAL);
    in = good;
    gm_apd guess = {300, 200, 0, 0, 0, 0};
    in.guess = &guess;
    EXPECT(gm_repolarise(r, 0, &in, &f) == GM_EINVAL);
    in = good;
    in.n_starts = 1000;
    EXPECT(gm_repolarise(r, 0, &in, &f) == GM_EINVAL);
    in = good;
    gm_lead_field other = {p->field->n_nodes - 1, p->field->w};
    in.field = &other;
    EXPECT(gm_repolarise(r, 0, &in, &f) == GM_EINVAL);
    in = good;
    for (size_t i = 0; i < p->c->mesh->n_nodes; i++)
        p->tau[i] = INFINITY;
    EXPECT(gm_repolarise(r, 0, &in, &f) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "no node");
    gm_repolariser_destroy(r);
    patient_free(p);
}

static void no_memory_is_an_error_and_nothing_leaks(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    patient *p = patient_create(&truth, 0);
    gm_repolarise_options o = gm_repolarise_defaults();
    long denied = 0;
    for (;; denied++) {
        gm_repolariser *r = NULL;
        gm_alloc_fail_after(denied);
        gm_status s = gm_repolariser_create(&r, p->c, &p->target, &o, NULL, NULL, 2);
        gm_alloc_fail_after(-1);
        gm_repolariser_destroy(r);
        if (s == GM_OK) break;
        EXPECT(s == GM_ENOMEM && r == NULL);
    }
    EXPECT(denied > 20);
    patient_free(p);
}

int main(int argc, char **argv)
{
    RUN(the_t_wave_of_a_known_map_gives_the_map_back);
    RUN(noise_moves_the_map_as_far_as_it_says);
    RUN(a_wrong_activation_shows_as_discrepancy);
    RUN(a_uniform_map_is_called_flat);
    RUN(the_map_stays_in_the_allowed_range);
    RUN(threads_and_workers_do_not_change_a_bit);
    RUN(a_lead_field_and_an_amplitude_are_the_same_thing);
    RUN(a_guess_saves_the_other_starts);
    RUN(the_steepness_of_repolarisation_is_found);
    RUN(the_whole_beat_is_that_of_the_direct_sum);
    RUN(unknown_leads_are_left_out);
    RUN(no_t_wave_is_no_error);
    RUN(options_out_of_range_are_refused);
    RUN(inputs_that_make_no_sense_are_refused);
    RUN(no_memory_is_an_error_and_nothing_leaks);
    return gm_report();
}
