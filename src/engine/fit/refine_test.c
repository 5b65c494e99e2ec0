#include "fit/refine.h"

#include "core/alloc.h"
#include "core/progress.h"
#include "testing/gm_test.h"

static gm_refine_result refined(const gm_fit_problem *p, const gm_refine_options *o, double state[],
                                double hessian[])
{
    gm_refine_work *w;
    gm_refine_result r = {0};
    EXPECT(gm_refine_work_create(&w, p) == GM_OK);
    if (w) EXPECT(gm_refine(p, 0, o, w, state, hessian, &r) == GM_OK);
    gm_refine_work_destroy(w);
    return r;
}

static gm_refine_options tight(void)
{
    gm_refine_options o = gm_refine_defaults();
    o.max_evaluations = 2000;
    o.step_tolerance = 1e-13;
    o.misfit_tolerance = 1e-15;
    return o;
}

/* ---- Rosenbrock: minimum 0 at (1, 1) ------------------------------------------------------------ */

static gm_status rosenbrock(void *self, unsigned worker, const double x[], double r[])
{
    (void)self, (void)worker;
    r[0] = 10 * (x[1] - x[0] * x[0]);
    r[1] = 1 - x[0];
    return GM_OK;
}

static gm_status rosenbrock_slopes(void *self, unsigned worker, const double x[], double r[],
                                   double j[])
{
    j[0] = -20 * x[0], j[1] = 10;
    j[2] = -1, j[3] = 0;
    return rosenbrock(self, worker, x, r);
}

static const gm_fit_problem valley = {.n_state = 2,
                                      .n_tangent = 2,
                                      .n_residuals = 2,
                                      .evaluate = rosenbrock,
                                      .jacobian = rosenbrock_slopes};

static void the_curved_valley_is_followed_to_its_end(void)
{
    double x[2] = {-1.2, 1};
    gm_refine_options o = tight();
    gm_refine_result r = refined(&valley, &o, x, NULL);
    EXPECT_CLOSE(x[0], 1, 0, 1e-9);
    EXPECT_CLOSE(x[1], 1, 0, 1e-9);
    EXPECT(gm_refine_converged(r.stop));
    EXPECT_BELOW(r.evaluations, 100);
}

static void differences_and_bobyqa_find_the_same_minimum(void)
{
    gm_fit_problem p = valley;
    p.jacobian = NULL;
    gm_refine_options o = tight();
    double x[2] = {-1.2, 1}, y[2] = {-1.2, 1};
    o.method = GM_REFINE_LM;
    refined(&p, &o, x, NULL);
    EXPECT_CLOSE(x[0], 1, 0, 1e-8);
    o.method = GM_REFINE_AUTO;
    gm_refine_result r = refined(&p, &o, y, NULL);
    EXPECT_CLOSE(y[0], 1, 0, 1e-4);
    EXPECT_CLOSE(y[1], 1, 0, 2e-4);
    EXPECT_BELOW(r.misfit, 1e-8);
}

static void a_box_that_excludes_the_minimum_gives_the_best_point_on_its_edge(void)
{
    /* With x0 <= 0.5 the best is x0 = 0.5, x1 = 0.25: misfit 0.25. */
    double low[2] = {-2, -2}, high[2] = {0.5, 2}, x[2] = {-1.2, 1}, y[2] = {-1.2, 1};
    gm_fit_problem p = valley;
    p.lower = low, p.upper = high;
    gm_refine_options o = tight();
    gm_refine_result r = refined(&p, &o, x, NULL);
    EXPECT_CLOSE(x[0], 0.5, 0, 1e-12);
    EXPECT_CLOSE(x[1], 0.25, 0, 1e-9);
    EXPECT_CLOSE(r.misfit, 0.25, 1e-9, 0);
    p.jacobian = NULL;
    r = refined(&p, &o, y, NULL);
    EXPECT_CLOSE(r.misfit, 0.25, 1e-5, 0);
    EXPECT(y[0] <= 0.5);
}

/* ---- NIST StRD: certified values ---------------------------------------------------------------- */

typedef struct {
    size_t n;
    const double *x, *y;
} table;

/* y = b0 (1 - exp(-b1 x)) */
static gm_status misra1a(void *self, unsigned worker, const double b[], double r[])
{
    (void)worker;
    const table *t = self;
    for (size_t i = 0; i < t->n; i++)
        r[i] = b[0] * (1 - exp(-b[1] * t->x[i])) - t->y[i];
    return GM_OK;
}

static gm_status misra1a_slopes(void *self, unsigned worker, const double b[], double r[],
                                double j[])
{
    const table *t = self;
    for (size_t i = 0; i < t->n; i++) {
        j[2 * i] = 1 - exp(-b[1] * t->x[i]);
        j[2 * i + 1] = b[0] * t->x[i] * exp(-b[1] * t->x[i]);
    }
    return misra1a(self, worker, b, r);
}

static void nist_misra1a_has_its_certified_answer_from_both_starts(void)
{
    static const double x[] = {77.6,  114.9, 141.1, 190.8, 239.9, 289.0, 332.8,
                               378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0};
    static const double y[] = {10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02,
                               44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78};
    table t = {14, x, y};
    const double scale[2] = {100, 1e-4};
    gm_fit_problem p = {.self = &t,
                        .n_state = 2,
                        .n_tangent = 2,
                        .n_residuals = 14,
                        .tangent_scale = scale,
                        .evaluate = misra1a,
                        .jacobian = misra1a_slopes};
    double starts[2][2] = {{500, 1e-4}, {250, 5e-4}};
    for (int k = 0; k < 2; k++) {
        gm_refine_options o = tight();
        double h[4];
        gm_refine_result r = refined(&p, &o, starts[k], h);
        EXPECT_CLOSE(starts[k][0], 2.3894212918e+02, 1e-8, 0);
        EXPECT_CLOSE(starts[k][1], 5.5015643181e-04, 1e-8, 0);
        EXPECT_CLOSE(r.misfit, 1.2455138894e-01, 1e-9, 0);
        /* SD = residual SD x root of the diagonal of H^-1 */
        double det = h[0] * h[3] - h[1] * h[2];
        EXPECT_CLOSE(1.0187876330e-01 * sqrt(h[3] / det), 2.7070075241e+00, 1e-6, 0);
        EXPECT_CLOSE(1.0187876330e-01 * sqrt(h[0] / det), 7.2668688436e-06, 1e-6, 0);
    }
}

/* y = b0 (x^2 + x b1) / (x^2 + x b2 + b3) */
static gm_status mgh09(void *self, unsigned worker, const double b[], double r[])
{
    (void)worker;
    const table *t = self;
    for (size_t i = 0; i < t->n; i++) {
        double x = t->x[i];
        r[i] = b[0] * (x * x + x * b[1]) / (x * x + x * b[2] + b[3]) - t->y[i];
    }
    return GM_OK;
}

static void nist_mgh09_of_higher_difficulty_is_solved_by_differences(void)
{
    static const double x[] = {4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625};
    static const double y[] = {0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627,
                               0.0456, 0.0342, 0.0323, 0.0235, 0.0246};
    static const double certified[] = {1.9280693458e-01, 1.9128232873e-01, 1.2305650693e-01,
                                       1.3606233068e-01};
    table t = {11, x, y};
    const double scale[4] = {0.1, 0.1, 0.1, 0.1};
    gm_fit_problem p = {.self = &t,
                        .n_state = 4,
                        .n_tangent = 4,
                        .n_residuals = 11,
                        .tangent_scale = scale,
                        .evaluate = mgh09};
    double b[4] = {0.25, 0.39, 0.415, 0.39};
    gm_refine_options o = tight();
    o.method = GM_REFINE_LM;
    gm_refine_result r = refined(&p, &o, b, NULL);
    EXPECT_CLOSE(r.misfit, 3.0750560385e-04, 1e-8, 0);
    for (int i = 0; i < 4; i++)
        EXPECT_CLOSE(b[i], certified[i], 1e-5, 0);
}

/* ---- a direction: three coordinates, two ways to move ------------------------------------------- */

static const double targets[3][3] = {{1, 2, 0.5}, {-1, 1, 0}, {0.2, 0.1, 1}};
static const double direction[3] = {2.0 / 7, 3.0 / 7, 6.0 / 7};

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* Two unit vectors across `n`: a pure function of n. */
static void frame(const double n[3], double e[2][3])
{
    int least = fabs(n[0]) < fabs(n[1]) ? 0 : 1;
    if (fabs(n[2]) < fabs(n[least])) least = 2;
    double axis[3] = {least == 0, least == 1, least == 2}, along = n[least];
    for (int i = 0; i < 3; i++)
        e[0][i] = axis[i] - along * n[i];
    double size = sqrt(dot(e[0], e[0]));
    for (int i = 0; i < 3; i++)
        e[0][i] /= size;
    for (int i = 0; i < 3; i++)
        e[1][i] = n[(i + 1) % 3] * e[0][(i + 2) % 3] - n[(i + 2) % 3] * e[0][(i + 1) % 3];
}

static void turn(void *self, unsigned worker, const double n[], const double delta[],
                 double moved[])
{
    (void)self, (void)worker;
    double e[2][3];
    frame(n, e);
    for (int i = 0; i < 3; i++)
        moved[i] = n[i] + delta[0] * e[0][i] + delta[1] * e[1][i];
    double size = sqrt(dot(moved, moved));
    for (int i = 0; i < 3; i++)
        moved[i] /= size;
}

static gm_status projections(void *self, unsigned worker, const double n[], double r[])
{
    (void)self, (void)worker;
    for (int i = 0; i < 3; i++)
        r[i] = dot(targets[i], n) - dot(targets[i], direction);
    return GM_OK;
}

static gm_status projection_slopes(void *self, unsigned worker, const double n[], double r[],
                                   double j[])
{
    double e[2][3];
    frame(n, e);
    for (int i = 0; i < 3; i++)
        j[2 * i] = dot(targets[i], e[0]), j[2 * i + 1] = dot(targets[i], e[1]);
    return projections(self, worker, n, r);
}

static void a_direction_is_found_on_the_sphere_and_stays_on_it(void)
{
    gm_fit_problem p = {.n_state = 3,
                        .n_tangent = 2,
                        .n_residuals = 3,
                        .evaluate = projections,
                        .jacobian = projection_slopes,
                        .retract = turn};
    for (int k = 0; k < 2; k++) {
        double n[3] = {0, -0.6, 0.8};
        gm_refine_options o = tight();
        if (k == 1) p.jacobian = NULL, o.method = GM_REFINE_LM;
        gm_refine_result r = refined(&p, &o, n, NULL);
        EXPECT_CLOSE(dot(n, n), 1, 1e-14, 0);
        for (int i = 0; i < 3; i++)
            EXPECT_CLOSE(n[i], direction[i], 0, 1e-7);
        EXPECT_BELOW(r.misfit, 1e-14);
    }
}

/* ---- a mean with prior, temperature, outlier ---------------------------------------------------- */

static gm_status mean_of(void *self, unsigned worker, const double x[], double r[])
{
    (void)worker;
    const table *t = self;
    for (size_t i = 0; i < t->n; i++)
        r[i] = x[0] - t->y[i];
    return GM_OK;
}

static gm_status expects_two(void *self, unsigned worker, const double x[], double q[], double j[])
{
    (void)self, (void)worker;
    q[0] = (x[0] - 2) / 0.5;
    if (j) j[0] = 1 / 0.5;
    return GM_OK;
}

static void prior_and_temperature_weigh_as_in_the_closed_form(void)
{
    static const double y[] = {0.5, 1.0, 1.5, 2.5};
    table t = {4, NULL, y};
    gm_fit_problem p = {.self = &t,
                        .n_state = 1,
                        .n_tangent = 1,
                        .n_residuals = 4,
                        .n_prior = 1,
                        .temperature = 4,
                        .evaluate = mean_of,
                        .prior = expects_two};
    double x[1] = {10}, h[1];
    gm_refine_options o = tight();
    gm_refine_result r = refined(&p, &o, x, h);
    /* precision of the data 4 / 4, of the prior 4 */
    EXPECT_CLOSE(x[0], (5.5 / 4 + 4 * 2.0) / 5, 1e-8, 0);
    EXPECT_CLOSE(h[0], 5, 1e-8, 0);
    EXPECT_CLOSE(r.misfit, r.data_misfit / 4 + r.prior_misfit, 1e-14, 0);
}

static void huber_limits_what_one_outlier_does(void)
{
    static const double y[] = {-1, -0.5, 0, 0.5, 1, 100};
    table t = {6, NULL, y};
    gm_fit_problem p = {
        .self = &t, .n_state = 1, .n_tangent = 1, .n_residuals = 6, .evaluate = mean_of};
    double plain[1] = {3}, robust[1] = {3};
    gm_refine_options o = tight();
    refined(&p, &o, plain, NULL);
    EXPECT_CLOSE(plain[0], 100.0 / 6, 1e-9, 0);
    o.huber = 2;
    refined(&p, &o, robust, NULL);
    EXPECT_CLOSE(robust[0], 2.0 / 5, 1e-6, 0); /* sum of the five = 2: 5 x = 2 */
}

/* ---- limits and refusals ------------------------------------------------------------------------ */

static gm_status half_missing(void *self, unsigned worker, const double x[], double r[])
{
    (void)self, (void)worker;
    if (x[0] < 0) return gm_fail(GM_ENOCONV, "no value here");
    r[0] = x[0] < 0.1 ? NAN : log(x[0]) - log(0.2);
    return GM_OK;
}

static void states_without_value_are_walked_around(void)
{
    gm_fit_problem p = {.n_state = 1, .n_tangent = 1, .n_residuals = 1, .evaluate = half_missing};
    double x[1] = {5}, bad[1] = {-1};
    gm_refine_options o = tight();
    gm_refine_result r = refined(&p, &o, x, NULL);
    EXPECT_CLOSE(x[0], 0.2, 1e-6, 0);
    r = refined(&p, &o, bad, NULL);
    EXPECT(r.stop == GM_REFINE_BAD_START && isinf(r.misfit));
}

static void the_evaluation_limit_is_kept(void)
{
    double x[2] = {-1.2, 1};
    gm_refine_options o = tight();
    o.max_evaluations = 7;
    gm_refine_result r = refined(&valley, &o, x, NULL);
    EXPECT(r.stop == GM_REFINE_OUT_OF_EVALUATIONS);
    EXPECT(r.evaluations <= 8);
    EXPECT_BELOW(r.misfit, 24.2);
    o.max_evaluations = 2000, o.floor_misfit = 1.0;
    r = refined(&valley, &o, x, NULL);
    EXPECT(r.stop == GM_REFINE_AT_FLOOR && r.misfit <= 1.0);
}

static gm_status far_away(void *self, unsigned worker, const double x[], double r[])
{
    double *longest = self;
    (void)worker;
    longest[0] = fmax(longest[0], fabs(x[0] - longest[1]));
    r[0] = x[0] - 100;
    return GM_OK;
}

static void a_step_is_cut_where_the_problem_asks_for_it(void)
{
    double seen[2] = {0, 0}, most[1] = {7}, x[1] = {0};
    gm_fit_problem p = {.self = seen,
                        .n_state = 1,
                        .n_tangent = 1,
                        .n_residuals = 1,
                        .most_step = most,
                        .evaluate = far_away};
    gm_refine_options o = tight();
    o.max_evaluations = 2; /* the start, then derivatives, a step */
    refined(&p, &o, x, NULL);
    EXPECT(seen[0] <= 7);
    o.max_evaluations = 2000;
    refined(&p, &o, x, NULL);
    EXPECT_CLOSE(x[0], 100, 1e-9, 0);
    most[0] = 0;
    EXPECT(gm_fit_problem_check(&p) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "most_step[0] = 0");
}

static void bad_problems_and_options_are_refused(void)
{
    gm_fit_problem p = valley;
    gm_refine_work *w = NULL, *other = NULL;
    p.n_tangent = 1; /* without retract */
    EXPECT(gm_refine_work_create(&w, &p) == GM_EINVAL && w == NULL);
    EXPECT_CONTAINS(gm_error_text(), "retract");
    p = valley, p.temperature = NAN;
    EXPECT(gm_fit_problem_check(&p) == GM_EINVAL);
    double low[2] = {0, 0}, high[2] = {1, NAN};
    p = valley, p.lower = low, p.upper = high;
    EXPECT(gm_fit_problem_check(&p) == GM_EINVAL);
    p = valley, p.n_prior = 1;
    EXPECT(gm_fit_problem_check(&p) == GM_EINVAL);

    EXPECT(gm_refine_work_create(&w, &valley) == GM_OK);
    p = valley, p.n_residuals = 3;
    EXPECT(gm_refine_work_create(&other, &p) == GM_OK);
    double x[2] = {0, 0};
    gm_refine_result r;
    gm_refine_options o = gm_refine_defaults();
    EXPECT(gm_refine(&valley, 0, &o, other, x, NULL, &r) == GM_EINVAL);
    o.damping = NAN;
    EXPECT(gm_refine(&valley, 0, &o, w, x, NULL, &r) == GM_EINVAL);
    o = gm_refine_defaults(), o.max_evaluations = 0;
    EXPECT(gm_refine(&valley, 0, &o, w, x, NULL, &r) == GM_EINVAL);
    gm_refine_work_destroy(w);
    gm_refine_work_destroy(other);
}

static void no_memory_and_interrupts_are_reported(void)
{
    gm_refine_work *w;
    for (long n = 0; n < 2; n++) {
        gm_alloc_fail_after(n);
        EXPECT(gm_refine_work_create(&w, &valley) == GM_ENOMEM && w == NULL);
        gm_alloc_fail_after(-1);
    }
    EXPECT(gm_refine_work_create(&w, &valley) == GM_OK);
    gm_fit_problem p = valley;
    p.jacobian = NULL;
    double x[2] = {-1.2, 1};
    gm_refine_result r;
    gm_refine_options o = gm_refine_defaults();
    gm_alloc_fail_after(0);
    EXPECT(gm_refine(&p, 0, &o, w, x, NULL, &r) == GM_ENOMEM);
    gm_alloc_fail_after(-1);
    gm_interrupt_request();
    EXPECT(gm_refine(&p, 0, &o, w, x, NULL, &r) == GM_EINTERRUPTED);
    EXPECT(gm_refine(&valley, 0, &o, w, x, NULL, &r) == GM_EINTERRUPTED);
    gm_interrupt_clear();
    gm_refine_work_destroy(w);
}

int main(int argc, char **argv)
{
    RUN(the_curved_valley_is_followed_to_its_end);
    RUN(differences_and_bobyqa_find_the_same_minimum);
    RUN(a_box_that_excludes_the_minimum_gives_the_best_point_on_its_edge);
    RUN(nist_misra1a_has_its_certified_answer_from_both_starts);
    RUN(nist_mgh09_of_higher_difficulty_is_solved_by_differences);
    RUN(a_direction_is_found_on_the_sphere_and_stays_on_it);
    RUN(prior_and_temperature_weigh_as_in_the_closed_form);
    RUN(huber_limits_what_one_outlier_does);
    RUN(states_without_value_are_walked_around);
    RUN(the_evaluation_limit_is_kept);
    RUN(a_step_is_cut_where_the_problem_asks_for_it);
    RUN(bad_problems_and_options_are_refused);
    RUN(no_memory_and_interrupts_are_reported);
    return gm_report();
}
