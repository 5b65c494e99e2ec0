#include "fit/posterior.h"

#include "core/alloc.h"
#include "core/progress.h"
#include "testing/gm_test.h"

static gm_basin refined(const gm_fit_problem *p, double state[], double hessian[])
{
    gm_refine_work *w;
    gm_refine_result r = {0};
    gm_refine_options o = gm_refine_defaults();
    o.method = GM_REFINE_LM, o.max_evaluations = 2000, o.step_tolerance = 1e-10;
    EXPECT(gm_refine_work_create(&w, p) == GM_OK);
    EXPECT(gm_refine(p, 0, &o, w, state, hessian, &r) == GM_OK);
    gm_refine_work_destroy(w);
    return (gm_basin){.state = state, .hessian = hessian, .misfit = r.misfit, .hits = 1};
}

static gm_posterior *sampled(const gm_fit_problem *p, const gm_basin *b, size_t n,
                             const gm_posterior_options *o, unsigned n_threads)
{
    gm_threads *t;
    gm_posterior *e = NULL;
    EXPECT(gm_threads_create(&t, n_threads) == GM_OK);
    gm_status s = gm_posterior_sample(&e, p, b, n, o, t);
    if (s != GM_OK) printf("%s\n", gm_error_text());
    EXPECT(s == GM_OK);
    gm_threads_destroy(t);
    return e;
}

static double mean(const double *v, size_t n, size_t stride)
{
    double s = 0;
    for (size_t i = 0; i < n; i++)
        s += v[i * stride];
    return s / (double)n;
}

static double covariance(const double *a, const double *b, size_t n, size_t stride)
{
    double ma = mean(a, n, stride), mb = mean(b, n, stride), s = 0;
    for (size_t i = 0; i < n; i++)
        s += (a[i * stride] - ma) * (b[i * stride] - mb);
    return s / (double)n;
}

/* ---- a straight line: all in closed form -------------------------------------------------------- */

enum { N_DATA = 25 };
typedef struct {
    double x[N_DATA], y[N_DATA], noise_sd;
    double prior_mean[2], prior_sd[2];
} line;

static gm_status line_residuals(void *self, unsigned worker, const double a[], double r[])
{
    (void)worker;
    const line *l = self;
    for (int i = 0; i < N_DATA; i++)
        r[i] = (a[0] + a[1] * l->x[i] - l->y[i]) / l->noise_sd;
    return GM_OK;
}

static gm_status line_slopes(void *self, unsigned worker, const double a[], double r[], double j[])
{
    const line *l = self;
    for (int i = 0; i < N_DATA; i++)
        j[2 * i] = 1 / l->noise_sd, j[2 * i + 1] = l->x[i] / l->noise_sd;
    return line_residuals(self, worker, a, r);
}

static gm_status line_prior(void *self, unsigned worker, const double a[], double q[], double j[])
{
    (void)worker;
    const line *l = self;
    for (int i = 0; i < 2; i++) {
        q[i] = (a[i] - l->prior_mean[i]) / l->prior_sd[i];
        for (int k = 0; j && k < 2; k++)
            j[2 * i + k] = i == k ? 1 / l->prior_sd[i] : 0;
    }
    return GM_OK;
}

static gm_fit_problem line_problem(line *l)
{
    return (gm_fit_problem){.self = l,
                            .n_state = 2,
                            .n_tangent = 2,
                            .n_residuals = N_DATA,
                            .n_prior = 2,
                            .tangent_scale = l->prior_sd,
                            .evaluate = line_residuals,
                            .jacobian = line_slopes,
                            .prior = line_prior};
}

/* A patient: intercept and slope from the prior, then noisy data. */
static line drawn_line(uint64_t seed, double truth[2])
{
    gm_rng rng = gm_rng_stream(seed, 0);
    line l = {.noise_sd = 0.8, .prior_mean = {1, -0.5}, .prior_sd = {2, 0.7}};
    for (int i = 0; i < 2; i++)
        truth[i] = l.prior_mean[i] + l.prior_sd[i] * gm_rng_normal(&rng);
    for (int i = 0; i < N_DATA; i++) {
        l.x[i] = 0.2 * i;
        l.y[i] = truth[0] + truth[1] * l.x[i] + l.noise_sd * gm_rng_normal(&rng);
    }
    return l;
}

static void a_linear_gaussian_posterior_has_its_analytic_mean_covariance_and_evidence(void)
{
    double truth[2], mode[2] = {0, 0}, h[4];
    line l = drawn_line(3, truth);
    gm_fit_problem p = line_problem(&l);
    p.temperature = 2.5;
    gm_basin b = refined(&p, mode, h);
    gm_posterior_options o = gm_posterior_defaults();
    o.n_members = o.n_particles = 20000;
    gm_posterior *e = sampled(&p, &b, 1, &o, 2);
    if (!e) return;
    double det = h[0] * h[3] - h[1] * h[2]; /* covariance = H^-1 */
    const double *a = e->states;
    EXPECT_CLOSE(mean(a, o.n_members, 2), mode[0], 0, 0.02 * sqrt(h[3] / det));
    EXPECT_CLOSE(mean(a + 1, o.n_members, 2), mode[1], 0, 0.02 * sqrt(h[0] / det));
    EXPECT_CLOSE(covariance(a, a, o.n_members, 2), h[3] / det, 0.04, 0);
    EXPECT_CLOSE(covariance(a + 1, a + 1, o.n_members, 2), h[0] / det, 0.04, 0);
    EXPECT_CLOSE(covariance(a, a + 1, o.n_members, 2), -h[1] / det, 0.04, 0);
    EXPECT_CLOSE(e->log_evidence, -0.5 * b.misfit + log(2 * 3.14159265358979) - 0.5 * log(det), 0,
                 0.02);
    EXPECT(e->n_steps == 1);
    EXPECT(e->ess > 0.9 * 20000 && e->acceptance > 0.5 && e->is_settled);
    gm_posterior_destroy(e);
}

static void ninety_percent_intervals_cover_nine_patients_in_ten(void)
{
    enum { PATIENTS = 400 };
    int covered[2] = {0, 0};
    for (int k = 0; k < PATIENTS; k++) {
        double truth[2], mode[2] = {0, 0}, h[4], values[200];
        line l = drawn_line(1000 + (uint64_t)k, truth);
        gm_fit_problem p = line_problem(&l);
        gm_basin b = refined(&p, mode, h);
        gm_posterior_options o = gm_posterior_defaults();
        o.n_members = 200, o.n_particles = 200, o.n_moves = 2, o.seed = (uint64_t)k;
        gm_posterior *e = sampled(&p, &b, 1, &o, 1);
        for (int c = 0; e && c < 2; c++) {
            for (int i = 0; i < 200; i++)
                values[i] = e->states[2 * i + c];
            double q05 = gm_fit_quantile(values, 200, 0.05);
            covered[c] += truth[c] >= q05 && truth[c] <= gm_fit_quantile(values, 200, 0.95);
        }
        gm_posterior_destroy(e);
    }
    /* binomial SD 0.015, and 200 members make the interval itself vary */
    for (int c = 0; c < 2; c++)
        EXPECT_CLOSE(covered[c] / (double)PATIENTS, 0.9, 0, 0.045);
}

/* ---- two basins: x^2 is measured, and a weak prior prefers the right side ----------------------- */

static gm_status square(void *self, unsigned worker, const double x[], double r[])
{
    (void)self, (void)worker;
    r[0] = (x[0] * x[0] - 1) / 0.5;
    return GM_OK;
}

static gm_status prefers_right(void *self, unsigned worker, const double x[], double q[],
                               double j[])
{
    (void)self, (void)worker;
    q[0] = (x[0] - 0.4) / 1.2;
    if (j) j[0] = 1 / 1.2;
    return GM_OK;
}

static const gm_fit_problem two_sided = {.n_state = 1,
                                         .n_tangent = 1,
                                         .n_residuals = 1,
                                         .n_prior = 1,
                                         .evaluate = square,
                                         .prior = prefers_right};

static void two_basins_have_the_weights_and_means_that_quadrature_gives(void)
{
    double all = 0, right = 0, first = 0, second = 0;
    for (double x = -6; x < 6; x += 1e-4) {
        double r = (x * x - 1) / 0.5, q = (x - 0.4) / 1.2, w = exp(-0.5 * (r * r + q * q));
        all += w, first += w * x, second += w * x * x;
        if (x > 0) right += w;
    }
    double at[2] = {-1, 1}, h[2];
    gm_basin b[2] = {refined(&two_sided, &at[0], &h[0]), refined(&two_sided, &at[1], &h[1])};
    EXPECT(at[0] < 0 && at[1] > 0);
    gm_posterior_options o = gm_posterior_defaults();
    o.n_members = o.n_particles = 40000, o.n_moves = 8;
    gm_posterior *e = sampled(&two_sided, b, 2, &o, 2);
    if (!e) return;
    double share = 0;
    for (size_t i = 0; i < o.n_members; i++)
        share += (e->states[i] > 0) / (double)o.n_members;
    EXPECT_CLOSE(share, right / all, 0, 0.01);
    EXPECT_CLOSE(mean(e->states, o.n_members, 1), first / all, 0, 0.02);
    EXPECT_CLOSE(covariance(e->states, e->states, o.n_members, 1),
                 second / all - first * first / all / all, 0.02, 0);
    EXPECT_CLOSE(e->log_evidence, log(all * 1e-4), 0, 0.02);
    EXPECT_CLOSE(e->basin_shares[0] + e->basin_shares[1], 1, 1e-9, 0);
    gm_posterior_destroy(e);
}

static void a_basin_given_twice_counts_once(void)
{
    double at[3] = {-1, 1, 1.02}, h[3];
    gm_basin b[3] = {refined(&two_sided, &at[0], &h[0]), refined(&two_sided, &at[1], &h[1])};
    at[2] = at[1] + 0.02, b[2] = b[1], b[2].state = &at[2];
    gm_posterior_options o = gm_posterior_defaults();
    o.n_members = o.n_particles = 20000;
    gm_posterior *two = sampled(&two_sided, b, 2, &o, 2), *three = sampled(&two_sided, b, 3, &o, 2);
    EXPECT_CLOSE(three->basin_shares[0], two->basin_shares[0], 0, 0.02);
    EXPECT_CLOSE(three->log_evidence, two->log_evidence, 0, 0.04);
    gm_posterior_destroy(two);
    gm_posterior_destroy(three);
}

static void a_hopeless_basin_takes_no_part(void)
{
    double at[2] = {1, 4}, h[2];
    gm_basin b[2] = {refined(&two_sided, &at[0], &h[0]), {.state = &at[1], .hessian = &h[1]}};
    gm_posterior_options o = gm_posterior_defaults();
    gm_posterior *e = sampled(&two_sided, b, 2, &o, 1);
    EXPECT(e->basin_shares[0] == 1 && e->basin_shares[1] == 0);
    gm_posterior_destroy(e);
}

/* ---- a limit at the mode ------------------------------------------------------------------------ */

static gm_status beyond(void *self, unsigned worker, const double x[], double r[])
{
    (void)self, (void)worker;
    r[0] = (x[0] - 1.3) / 0.4;
    r[1] = (x[1] - 0.5 * x[0]) / 0.2;
    return GM_OK;
}

static void a_density_cut_off_at_its_limit_has_the_mean_of_the_cut_normal(void)
{
    const double low[2] = {0, -5}, high[2] = {1, 5};
    gm_fit_problem p = {.n_state = 2,
                        .n_tangent = 2,
                        .n_residuals = 2,
                        .lower = low,
                        .upper = high,
                        .evaluate = beyond};
    double mode[2] = {0.5, 0.5}, h[4], all = 0, first = 0;
    gm_basin b = refined(&p, mode, h);
    EXPECT_CLOSE(mode[0], 1, 0, 1e-9);
    for (double x = 0; x < 1; x += 1e-4) {
        double r = (x - 1.3) / 0.4, w = exp(-0.5 * r * r);
        all += w, first += w * x;
    }
    gm_posterior_options o = gm_posterior_defaults();
    o.n_members = o.n_particles = 20000;
    gm_posterior *e = sampled(&p, &b, 1, &o, 2);
    EXPECT_CLOSE(mean(e->states, o.n_members, 2), first / all, 0, 0.01);
    EXPECT_CLOSE(mean(e->states + 1, o.n_members, 2), 0.5 * first / all, 0, 0.01);
    EXPECT_CLOSE(e->log_evidence, log(all * 1e-4 * 0.2 * sqrt(2 * 3.14159265358979)), 0, 0.05);
    for (size_t i = 0; i < 2 * o.n_members; i += 2)
        EXPECT(e->states[i] >= 0 && e->states[i] <= 1);
    gm_posterior_destroy(e);
}

/* ---- a curved valley, where Laplace alone is far off -------------------------------------------- */

static gm_status banana(void *self, unsigned worker, const double x[], double r[])
{
    (void)self, (void)worker;
    r[0] = x[0];
    r[1] = (x[1] - 0.5 * x[0] * x[0]) / 0.4;
    return GM_OK;
}

static void a_curved_valley_is_sampled_to_its_ends(void)
{
    /* x0 ~ N(0, 1), x1 = x0^2 / 2 + 0.4 N(0, 1): means 0 and 1/2; Laplace alone says 0 and 0.
     * Passes end when drift is lost in the noise, some way before the tails are full. */
    gm_fit_problem p = {.n_state = 2, .n_tangent = 2, .n_residuals = 2, .evaluate = banana};
    double mode[2] = {0.1, 0.1}, h[4];
    gm_basin b = refined(&p, mode, h);
    gm_posterior_options o = gm_posterior_defaults();
    o.n_members = o.n_particles = 10000, o.n_moves = 12, o.max_passes = 32;
    gm_posterior *e = sampled(&p, &b, 1, &o, 2);
    EXPECT_CLOSE(mean(e->states, o.n_members, 2), 0, 0, 0.06);
    EXPECT_CLOSE(mean(e->states + 1, o.n_members, 2), 0.5, 0, 0.1);
    EXPECT_CLOSE(covariance(e->states, e->states, o.n_members, 2), 1, 0.15, 0);
    EXPECT(e->n_steps > 1 && e->is_settled && e->ess_laplace < 0.5 * (double)o.n_members);
    gm_posterior_destroy(e);
}

/* ---- promises ----------------------------------------------------------------------------------- */

static void one_two_and_three_threads_give_the_same_bits(void)
{
    double at[2] = {-1, 1}, h[2];
    gm_basin b[2] = {refined(&two_sided, &at[0], &h[0]), refined(&two_sided, &at[1], &h[1])};
    gm_posterior_options o = gm_posterior_defaults();
    gm_posterior *one = sampled(&two_sided, b, 2, &o, 1);
    for (unsigned n = 2; n <= 3; n++) {
        gm_posterior *many = sampled(&two_sided, b, 2, &o, n);
        EXPECT(!memcmp(one->states, many->states, o.n_members * sizeof *one->states));
        EXPECT(!memcmp(one->basins, many->basins, o.n_members * sizeof *one->basins));
        EXPECT(one->log_evidence == many->log_evidence && one->ess == many->ess);
        EXPECT(one->evaluations == many->evaluations);
        gm_posterior_destroy(many);
    }
    o.seed = 2;
    gm_posterior *other = sampled(&two_sided, b, 2, &o, 1);
    EXPECT(memcmp(one->states, other->states, o.n_members * sizeof *one->states) != 0);
    EXPECT(one->n_distinct > 50);
    gm_posterior_destroy(one);
    gm_posterior_destroy(other);
}

static void when_evaluations_run_out_it_says_how_far_it_came(void)
{
    gm_fit_problem p = {.n_state = 2, .n_tangent = 2, .n_residuals = 2, .evaluate = banana};
    double mode[2] = {0.1, 0.1}, h[4];
    gm_basin b = refined(&p, mode, h);
    gm_posterior_options o = gm_posterior_defaults();
    o.ess_share = 0.95, o.n_particles = 500, o.max_evaluations = 1500;
    gm_posterior *e = sampled(&p, &b, 1, &o, 1);
    EXPECT(e->beta > 0 && e->beta < 1 && e->n_passes == 0 && !e->is_settled);
    EXPECT(e->evaluations < 1500 + 4 * 500);
    gm_posterior_destroy(e);
}

static void bad_options_interrupts_and_no_memory_are_reported(void)
{
    double at = 1, h;
    gm_basin b = refined(&two_sided, &at, &h);
    gm_posterior *e;
    gm_posterior_options o = gm_posterior_defaults();
    EXPECT(gm_posterior_sample(&e, &two_sided, &b, 0, &o, NULL) == GM_EINVAL && !e);
    o.spread = NAN;
    EXPECT(gm_posterior_sample(&e, &two_sided, &b, 1, &o, NULL) == GM_EINVAL && !e);
    o = gm_posterior_defaults(), o.ess_share = 1;
    EXPECT(gm_posterior_sample(&e, &two_sided, &b, 1, &o, NULL) == GM_EINVAL && !e);
    o = gm_posterior_defaults(), o.n_members = 4;
    gm_interrupt_request();
    EXPECT(gm_posterior_sample(&e, &two_sided, &b, 1, &o, NULL) == GM_EINTERRUPTED && !e);
    gm_interrupt_clear();
    gm_status s = GM_ENOMEM;
    long n = 0;
    for (; s != GM_OK && n < 100; n++) {
        gm_alloc_fail_after(n);
        s = gm_posterior_sample(&e, &two_sided, &b, 1, &o, NULL);
        gm_alloc_fail_after(-1);
        EXPECT(s == GM_OK || (s == GM_ENOMEM && !e));
    }
    EXPECT(s == GM_OK && n > 10);
    gm_posterior_destroy(e);
}

static void quantiles_lie_between_order_statistics(void)
{
    double v[] = {4, 1, 3, 2, 5};
    EXPECT(gm_fit_quantile(v, 5, 0.5) == 3);
    EXPECT_CLOSE(gm_fit_quantile(v, 5, 0.05), 1.2, 1e-14, 0);
    EXPECT(gm_fit_quantile(v, 5, 1) == 5 && gm_fit_quantile(v, 5, 0) == 1);
    EXPECT(gm_fit_quantile(v, 1, 0.3) == 1);
}

int main(int argc, char **argv)
{
    RUN(a_linear_gaussian_posterior_has_its_analytic_mean_covariance_and_evidence);
    RUN(ninety_percent_intervals_cover_nine_patients_in_ten);
    RUN(two_basins_have_the_weights_and_means_that_quadrature_gives);
    RUN(a_basin_given_twice_counts_once);
    RUN(a_hopeless_basin_takes_no_part);
    RUN(a_density_cut_off_at_its_limit_has_the_mean_of_the_cut_normal);
    RUN(a_curved_valley_is_sampled_to_its_ends);
    RUN(one_two_and_three_threads_give_the_same_bits);
    RUN(when_evaluations_run_out_it_says_how_far_it_came);
    RUN(bad_options_interrupts_and_no_memory_are_reported);
    RUN(quantiles_lie_between_order_statistics);
    return gm_report();
}
