#include "core/alloc.h"
#include "core/progress.h"
#include "fit/posterior.h"
#include "testing/gm_test.h"

/* A curve through 40 samples: a exp(-b t), noise 0.05, with a prior on both. Bend 0 makes it linear in
 * both unknowns: a - b t. */
enum { N_DATA = 40 };
typedef struct {
    double y[N_DATA], bend;
} curve;
static const double prior_mean[2] = {1, 0.5}, prior_sd[2] = {0.5, 0.3};

static double model(const curve *c, const double x[], double t)
{
    return c->bend > 0 ? x[0] * exp(-x[1] * t) : x[0] - x[1] * t;
}

static gm_status residuals(void *self, unsigned worker, const double x[], double r[])
{
    (void)worker;
    const curve *c = self;
    for (int i = 0; i < N_DATA; i++)
        r[i] = (model(c, x, 0.1 * i) - c->y[i]) / 0.05;
    return GM_OK;
}

static gm_status slopes(void *self, unsigned worker, const double x[], double r[], double j[])
{
    const curve *c = self;
    for (int i = 0; i < N_DATA; i++) {
        double t = 0.1 * i, e = exp(-x[1] * t);
        j[2 * i] = (c->bend > 0 ? e : 1) / 0.05;
        j[2 * i + 1] = (c->bend > 0 ? -x[0] * t * e : -t) / 0.05;
    }
    return residuals(self, worker, x, r);
}

static gm_status prior(void *self, unsigned worker, const double x[], double q[], double j[])
{
    (void)self, (void)worker;
    for (int i = 0; i < 2; i++) {
        q[i] = (x[i] - prior_mean[i]) / prior_sd[i];
        for (int k = 0; j && k < 2; k++)
            j[2 * i + k] = i == k ? 1 / prior_sd[i] : 0;
    }
    return GM_OK;
}

static curve drawn(double bend, uint64_t seed, double truth[2])
{
    curve c = {.bend = bend};
    gm_rng rng = gm_rng_stream(seed, 0);
    for (int i = 0; i < 2; i++)
        truth[i] = prior_mean[i] + prior_sd[i] * gm_rng_normal(&rng);
    for (int i = 0; i < N_DATA; i++)
        c.y[i] = model(&c, truth, 0.1 * i) + 0.05 * gm_rng_normal(&rng);
    return c;
}

static gm_fit_problem problem_of(curve *c)
{
    return (gm_fit_problem){.self = c,
                            .n_state = 2,
                            .n_tangent = 2,
                            .n_residuals = N_DATA,
                            .n_prior = 2,
                            .tangent_scale = prior_sd,
                            .evaluate = residuals,
                            .jacobian = slopes,
                            .prior = prior};
}

static gm_basin refined(const gm_fit_problem *p, double state[], double hessian[])
{
    gm_refine_work *w;
    gm_refine_result r = {0};
    gm_refine_options o = gm_refine_defaults();
    EXPECT(gm_refine_work_create(&w, p) == GM_OK);
    EXPECT(gm_refine(p, 0, &o, w, state, hessian, &r) == GM_OK);
    gm_refine_work_destroy(w);
    return (gm_basin){.state = state, .hessian = hessian, .misfit = r.misfit};
}

static gm_posterior *refitted(const gm_fit_problem *p, const gm_basin *b, size_t n,
                              const gm_refit_options *o, unsigned n_threads)
{
    gm_threads *t;
    gm_posterior *e = NULL;
    EXPECT(gm_threads_create(&t, n_threads) == GM_OK);
    EXPECT(gm_posterior_refit(&e, p, b, n, o, t) == GM_OK);
    gm_threads_destroy(t);
    return e;
}

static double moment(const gm_posterior *e, int a, int b, double ma, double mb)
{
    double s = 0;
    for (size_t i = 0; i < e->n_members; i++)
        s += (e->states[2 * i + a] - ma) * (e->states[2 * i + b] - mb) / (double)e->n_members;
    return s;
}

static void a_linear_model_has_its_analytic_posterior_at_any_temperature(void)
{
    for (int k = 0; k < 2; k++) {
        double truth[2], mode[2] = {1, 0.5}, h[4];
        curve c = drawn(0, 3, truth);
        gm_fit_problem p = problem_of(&c);
        p.temperature = k == 0 ? 1 : 30;
        gm_basin b = refined(&p, mode, h);
        gm_refit_options o = gm_refit_defaults();
        o.n_members = 10000;
        gm_posterior *e = refitted(&p, &b, 1, &o, 2);
        double det = h[0] * h[3] - h[1] * h[2];
        EXPECT_CLOSE(moment(e, 0, 0, mode[0], mode[0]), h[3] / det, 0.05, 0);
        EXPECT_CLOSE(moment(e, 1, 1, mode[1], mode[1]), h[0] / det, 0.05, 0);
        EXPECT_CLOSE(moment(e, 0, 1, mode[0], mode[1]), -h[1] / det, 0.07, 0);
        EXPECT_CLOSE(e->log_evidence, -0.5 * b.misfit + log(2 * 3.14159265358979) - 0.5 * log(det),
                     0, 1e-3);
        EXPECT(e->acceptance > 0.999 && e->n_distinct == 10000);
        gm_posterior_destroy(e);
    }
}

static void intervals_of_a_curved_model_cover_nine_patients_in_ten(void)
{
    enum { PATIENTS = 600, MEMBERS = 100 };
    double covered[2] = {0, 0};
    for (int k = 0; k < PATIENTS; k++) {
        double truth[2], mode[2] = {1, 0.5}, h[4], values[MEMBERS];
        curve c = drawn(1, 500 + (uint64_t)k, truth);
        gm_fit_problem p = problem_of(&c);
        gm_basin b = refined(&p, mode, h);
        gm_refit_options o = gm_refit_defaults();
        o.n_members = MEMBERS, o.seed = (uint64_t)k;
        gm_posterior *e = refitted(&p, &b, 1, &o, 1);
        for (int i = 0; e && i < 2; i++) {
            for (int m = 0; m < MEMBERS; m++)
                values[m] = e->states[2 * m + i];
            double q05 = gm_fit_quantile(values, MEMBERS, 0.05);
            covered[i] += truth[i] >= q05 && truth[i] <= gm_fit_quantile(values, MEMBERS, 0.95);
        }
        gm_posterior_destroy(e);
    }
    for (int i = 0; i < 2; i++)
        EXPECT_CLOSE(covered[i] / PATIENTS, 0.9, 0, 0.04);
}

static void both_ways_to_a_posterior_agree_on_a_curved_model(void)
{
    double truth[2], mode[2] = {1, 0.5}, h[4];
    curve c = drawn(1, 11, truth);
    gm_fit_problem p = problem_of(&c);
    p.temperature = 2;
    gm_basin b = refined(&p, mode, h);
    gm_refit_options o = gm_refit_defaults();
    o.n_members = 5000;
    gm_posterior_options smc = gm_posterior_defaults();
    smc.n_members = smc.n_particles = 5000;
    gm_posterior *a = refitted(&p, &b, 1, &o, 2), *e;
    EXPECT(gm_posterior_sample(&e, &p, &b, 1, &smc, NULL) == GM_OK);
    for (int i = 0; i < 2; i++) {
        double ma = moment(a, i, i, 0, 0), me = moment(e, i, i, 0, 0);
        EXPECT_CLOSE(ma, me, 0.02, 0);
    }
    gm_posterior_destroy(a);
    gm_posterior_destroy(e);
}

static gm_status square(void *self, unsigned worker, const double x[], double r[])
{
    (void)self, (void)worker;
    r[0] = (x[0] * x[0] - 1) / 0.1;
    r[1] = x[1];
    return GM_OK;
}

static void members_come_from_all_basins_by_their_evidence(void)
{
    gm_fit_problem p = {.n_state = 2, .n_tangent = 2, .n_residuals = 2, .evaluate = square};
    double left[2] = {-1, 0}, right[2] = {1, 0}, h[8];
    gm_basin b[2] = {{.state = left, .hessian = h}, {.state = right, .hessian = h + 4}};
    gm_refit_options o = gm_refit_defaults();
    o.n_members = 2000;
    gm_posterior *one = refitted(&p, b, 2, &o, 1), *two = refitted(&p, b, 2, &o, 2);
    EXPECT_CLOSE(one->basin_shares[0], 0.5, 0, 0.04);
    for (size_t i = 0; i < o.n_members; i++)
        EXPECT((one->states[2 * i] < 0) == (one->basins[i] == 0));
    EXPECT(!memcmp(one->states, two->states, 2 * o.n_members * sizeof *one->states));
    EXPECT(one->evaluations == two->evaluations);
    gm_posterior_destroy(one);
    gm_posterior_destroy(two);
}

static void interrupts_and_no_memory_are_reported(void)
{
    double truth[2], mode[2] = {1, 0.5}, h[4];
    curve c = drawn(1, 11, truth);
    gm_fit_problem p = problem_of(&c);
    gm_basin b = refined(&p, mode, h);
    gm_refit_options o = gm_refit_defaults();
    o.n_members = 3;
    gm_posterior *e;
    EXPECT(gm_posterior_refit(&e, &p, &b, 0, &o, NULL) == GM_EINVAL && !e);
    gm_interrupt_request();
    EXPECT(gm_posterior_refit(&e, &p, &b, 1, &o, NULL) == GM_EINTERRUPTED && !e);
    gm_interrupt_clear();
    gm_status s = GM_ENOMEM;
    long n = 0;
    for (; s != GM_OK && n < 100; n++) {
        gm_alloc_fail_after(n);
        s = gm_posterior_refit(&e, &p, &b, 1, &o, NULL);
        gm_alloc_fail_after(-1);
        EXPECT(s == GM_OK || (s == GM_ENOMEM && !e));
    }
    EXPECT(s == GM_OK && n > 10);
    gm_posterior_destroy(e);
}

int main(int argc, char **argv)
{
    RUN(a_linear_model_has_its_analytic_posterior_at_any_temperature);
    RUN(intervals_of_a_curved_model_cover_nine_patients_in_ten);
    RUN(both_ways_to_a_posterior_agree_on_a_curved_model);
    RUN(members_come_from_all_basins_by_their_evidence);
    RUN(interrupts_and_no_memory_are_reported);
    return gm_report();
}
