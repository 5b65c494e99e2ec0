#include "fit/search.h"

#include "core/alloc.h"
#include "core/progress.h"
#include "testing/gm_test.h"

/* Rastrigin's function as least squares: minima near every whole number, the best (0) at `summit`.
 *     x^2 + 10 (1 - cos 2 pi x) = x^2 + 20 sin^2(pi x)  for each component */
enum { D = 3 };
static const double summit[D] = {0.5, -1.25, 2.0};
static const double low[D] = {-5, -5, -5}, high[D] = {5, 5, 5};
static const double pi = 3.14159265358979323846;

static gm_status rugged(void *self, unsigned worker, const double x[], double r[])
{
    (void)self, (void)worker;
    for (int i = 0; i < D; i++) {
        r[2 * i] = x[i] - summit[i];
        r[2 * i + 1] = sqrt(20) * sin(pi * (x[i] - summit[i]));
    }
    return GM_OK;
}

static gm_status rugged_slopes(void *self, unsigned worker, const double x[], double r[],
                               double j[])
{
    memset(j, 0, 2 * D * D * sizeof *j);
    for (int i = 0; i < D; i++) {
        j[(2 * i) * D + i] = 1;
        j[(2 * i + 1) * D + i] = sqrt(20) * pi * cos(pi * (x[i] - summit[i]));
    }
    return rugged(self, worker, x, r);
}

static const gm_fit_problem hills = {.n_state = D,
                                     .n_tangent = D,
                                     .n_residuals = 2 * D,
                                     .lower = low,
                                     .upper = high,
                                     .evaluate = rugged,
                                     .jacobian = rugged_slopes};

static bool same_bits(const gm_search_result *a, const gm_search_result *b)
{
    bool same = a->n_basins == b->n_basins && a->evaluations == b->evaluations &&
                a->rounds == b->rounds && a->tasks == b->tasks;
    for (size_t i = 0; same && i < a->n_basins; i++) {
        const gm_basin *x = &a->basins[i], *y = &b->basins[i];
        same = x->misfit == y->misfit && x->hits == y->hits && x->task == y->task &&
               !memcmp(x->state, y->state, a->n_state * sizeof *x->state) &&
               !memcmp(x->hessian, y->hessian, a->n_tangent * a->n_tangent * sizeof *x->hessian);
    }
    return same;
}

static gm_search_result *searched(const gm_fit_problem *p, const gm_search_options *o,
                                  unsigned n_threads)
{
    gm_threads *t;
    gm_search_result *r = NULL;
    EXPECT(gm_threads_create(&t, n_threads) == GM_OK);
    EXPECT(gm_search(&r, p, o, t) == GM_OK);
    gm_threads_destroy(t);
    return r;
}

static void the_best_of_a_thousand_basins_is_found_and_basins_are_sorted_and_distinct(void)
{
    gm_search_options o = gm_search_defaults();
    o.max_evaluations = 6000;
    gm_search_result *r = searched(&hills, &o, 2);
    if (!r) return;
    EXPECT_BELOW(r->basins[0].misfit, 1e-12);
    for (int i = 0; i < D; i++)
        EXPECT_CLOSE(r->basins[0].state[i], summit[i], 0, 1e-6);
    EXPECT(r->n_basins == o.max_basins);
    EXPECT(r->stop == GM_SEARCH_OUT_OF_EVALUATIONS);
    EXPECT(r->basins[0].hits > 1 && r->basins[0].converged);
    /* at the bottom: H = 1 + 20 pi^2 */
    EXPECT_CLOSE(r->basins[0].hessian[0], 1 + 20 * pi * pi, 1e-9, 0);
    for (size_t i = 0; i < r->n_basins; i++)
        for (size_t k = i + 1; k < r->n_basins; k++) {
            EXPECT(r->basins[i].misfit <= r->basins[k].misfit);
            EXPECT(gm_fit_distance(&hills, 0, r->basins[i].state, r->basins[k].state) >=
                   o.basin_distance);
        }
    /* The next level: one component a hill further. */
    EXPECT(gm_search_within(r, 0.5) == 1);
    EXPECT_CLOSE(r->basins[1].misfit, 0.9955, 0.01, 0);
    gm_search_result_destroy(r);
}

static void one_two_and_five_threads_give_the_same_bits_and_another_seed_does_not(void)
{
    gm_search_options o = gm_search_defaults();
    o.max_evaluations = 2000, o.seed = 77;
    gm_search_result *one = searched(&hills, &o, 1), *two = searched(&hills, &o, 2);
    gm_search_result *five = searched(&hills, &o, 5);
    o.seed = 78;
    gm_search_result *other = searched(&hills, &o, 2);
    EXPECT(same_bits(one, two));
    EXPECT(same_bits(one, five));
    EXPECT(!same_bits(one, other));
    gm_search_result_destroy(one);
    gm_search_result_destroy(two);
    gm_search_result_destroy(five);
    gm_search_result_destroy(other);
}

static double now_s;
static double ticking(void)
{
    return now_s += 1; /* every look costs a second */
}

static void a_search_ended_by_its_budget_is_repeated_by_its_evaluations(void)
{
    gm_search_options o = gm_search_defaults();
    o.budget_s = 17, o.clock_seconds = ticking;
    gm_search_result *timed = searched(&hills, &o, 2);
    EXPECT(timed->stop == GM_SEARCH_OUT_OF_TIME && timed->rounds > 1);
    EXPECT(timed->elapsed_s <= 17);
    o.budget_s = 0, o.clock_seconds = NULL, o.max_evaluations = timed->evaluations;
    gm_search_result *again = searched(&hills, &o, 1);
    EXPECT(again->stop == GM_SEARCH_OUT_OF_EVALUATIONS);
    EXPECT(same_bits(timed, again));
    gm_search_result_destroy(timed);
    gm_search_result_destroy(again);
}

static bool at_floor(void *context, const gm_search_result *r)
{
    return r->basins[0].misfit < *(double *)context;
}

static void a_stop_rule_and_round_limits_end_the_search(void)
{
    double floor_misfit = 1e-9;
    gm_search_options o = gm_search_defaults();
    o.good_enough = at_floor, o.context = &floor_misfit;
    gm_search_result *r = searched(&hills, &o, 2);
    EXPECT(r->stop == GM_SEARCH_GOOD_ENOUGH && r->basins[0].misfit < 1e-9);
    gm_search_result_destroy(r);
    o = gm_search_defaults(), o.max_rounds = 2, o.first_starts = 40;
    r = searched(&hills, &o, 2);
    EXPECT(r->stop == GM_SEARCH_OUT_OF_ROUNDS && r->rounds == 2);
    EXPECT(r->tasks == 40 + 16 + 8);
    gm_search_result_destroy(r);
}

/* A stand-in whose hills are displaced a little: good enough to choose starts. */
static gm_status displaced(void *self, unsigned worker, const double x[], double r[])
{
    double y[D];
    for (int i = 0; i < D; i++)
        y[i] = x[i] + 0.03;
    return rugged(self, worker, y, r);
}

static void a_cheap_stand_in_chooses_and_the_full_model_decides(void)
{
    gm_fit_problem full = hills, cheap = hills;
    full.evaluation_cost = full.jacobian_cost = 50;
    cheap.evaluate = displaced, cheap.jacobian = NULL;
    gm_search_options o = gm_search_defaults();
    o.quick = &cheap, o.max_evaluations = 60000;
    o.deep_refine.max_evaluations = 1000; /* 20 of the full model */
    gm_search_result *r = searched(&full, &o, 2);
    EXPECT_BELOW(r->basins[0].misfit, 1e-12);
    gm_search_result_destroy(r);
}

static gm_status breaks(void *self, unsigned worker, const double x[], double r[])
{
    (void)self, (void)worker, (void)r;
    if (x[0] > 0) return gm_fail(GM_ESTATE, "the model broke at x = positive");
    return gm_fail(GM_ENOCONV, "no value");
}

static void failures_of_the_model_come_back_with_their_message(void)
{
    gm_fit_problem p = hills;
    p.evaluate = breaks, p.jacobian = NULL;
    gm_search_options o = gm_search_defaults();
    gm_threads *t;
    gm_search_result *r;
    EXPECT(gm_threads_create(&t, 2) == GM_OK);
    EXPECT(gm_search(&r, &p, &o, t) == GM_ESTATE && r == NULL);
    EXPECT_CONTAINS(gm_error_text(), "the model broke");
    const double negative[D] = {-1, -1, -1};
    p.upper = negative, o.max_rounds = 1; /* nowhere a value */
    EXPECT(gm_search(&r, &p, &o, t) == GM_ENOCONV && r == NULL);
    EXPECT_CONTAINS(gm_error_text(), "could not be evaluated");
    gm_interrupt_request();
    EXPECT(gm_search(&r, &hills, &o, t) == GM_EINTERRUPTED && r == NULL);
    gm_interrupt_clear();
    gm_threads_destroy(t);
}

static void bad_options_are_refused_and_no_memory_is_survived(void)
{
    gm_search_result *r;
    gm_search_options o = gm_search_defaults();
    o.keep = 0;
    EXPECT(gm_search(&r, &hills, &o, NULL) == GM_EINVAL);
    o = gm_search_defaults(), o.budget_s = 5;
    EXPECT(gm_search(&r, &hills, &o, NULL) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "clock");
    o = gm_search_defaults(), o.basin_distance = NAN;
    EXPECT(gm_search(&r, &hills, &o, NULL) == GM_EINVAL);
    gm_fit_problem p = hills;
    p.lower = p.upper = NULL;
    o = gm_search_defaults();
    EXPECT(gm_search(&r, &p, &o, NULL) == GM_EINVAL);

    o = gm_search_defaults(), o.max_rounds = 1;
    gm_status s = GM_ENOMEM;
    long n = 0;
    for (; s != GM_OK && n < 200; n++) {
        gm_alloc_fail_after(n);
        s = gm_search(&r, &hills, &o, NULL);
        gm_alloc_fail_after(-1);
        EXPECT(s == GM_OK || (s == GM_ENOMEM && r == NULL));
    }
    EXPECT(s == GM_OK && n > 5);
    gm_search_result_destroy(r);
}

int main(int argc, char **argv)
{
    RUN(the_best_of_a_thousand_basins_is_found_and_basins_are_sorted_and_distinct);
    RUN(one_two_and_five_threads_give_the_same_bits_and_another_seed_does_not);
    RUN(a_search_ended_by_its_budget_is_repeated_by_its_evaluations);
    RUN(a_stop_rule_and_round_limits_end_the_search);
    RUN(a_cheap_stand_in_chooses_and_the_full_model_decides);
    RUN(failures_of_the_model_come_back_with_their_message);
    RUN(bad_options_are_refused_and_no_memory_is_survived);
    return gm_report();
}
