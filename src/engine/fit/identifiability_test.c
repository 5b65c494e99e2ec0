#include "fit/identifiability.h"

#include "core/alloc.h"
#include "core/rng.h"
#include "testing/gm_test.h"

static const gm_parameter parameters[] = {
    {"known", "ms", -10, 10, GM_PRIOR_NORMAL, 0, 1, "test"},
    {"half", "m/s", -10, 10, GM_PRIOR_NORMAL, 0, 1, "test"},
    {"unknown", "1", -10, 10, GM_PRIOR_NORMAL, 0, 1, "test"},
    {"mirrored", "1", -10, 10, GM_PRIOR_NORMAL, 0, 1, "test"},
};
static const gm_space space = {parameters, 4};
enum { N = 2000 };

/* known: SD 0.1; half: 0.5; unknown: 1; mirrored: -unknown + noise of SD 0.1 */
static void draw(double values[])
{
    gm_rng rng = gm_rng_stream(4, 0);
    for (int i = 0; i < N; i++) {
        double *v = values + 4 * i;
        v[0] = 3 + 0.1 * gm_rng_normal(&rng), v[1] = 0.5 * gm_rng_normal(&rng);
        v[2] = gm_rng_normal(&rng), v[3] = -v[2] + 0.1 * gm_rng_normal(&rng);
    }
}

static void spreads_beside_the_prior_give_the_verdicts(void)
{
    static double values[4 * N];
    draw(values);
    gm_identifiability_input in = {.space = &space, .n_members = N, .values = values};
    gm_identifiability *r;
    EXPECT(gm_identifiability_create(&r, &in) == GM_OK);
    const gm_parameter_known *p = r->parameters;
    EXPECT(p[0].verdict == GM_IDENTIFIED && p[1].verdict == GM_WEAKLY_IDENTIFIED);
    EXPECT(p[2].verdict == GM_NOT_IDENTIFIED && p[3].verdict == GM_NOT_IDENTIFIED);
    EXPECT_CLOSE(p[0].contraction, 0.99, 0, 0.002);
    EXPECT_CLOSE(p[1].contraction, 0.75, 0, 0.03);
    EXPECT_CLOSE(p[2].contraction, 0, 0, 0.1);
    EXPECT(p[2].partner == 3 && p[3].partner == 2);
    EXPECT_CLOSE(p[2].correlation, -1 / sqrt(1.01), 0, 0.01);
    EXPECT_CLOSE(p[0].q05, 3 - 1.645 * 0.1, 0, 0.02);
    EXPECT_CLOSE(p[0].q95 - p[0].q50, 1.645 * 0.1, 0.1, 0);
    EXPECT(r->n_basins == 1 && r->n_directions == 0);
    gm_identifiability_destroy(r);
}

static void basins_that_disagree_show_in_the_spread_within(void)
{
    static double values[4 * N];
    static size_t basins[N];
    draw(values);
    for (int i = 0; i < N; i++) {
        basins[i] = i % 3 == 0 ? 7 : 2;
        if (basins[i] == 7) values[4 * i] -= 6;
    }
    gm_identifiability_input in = {
        .space = &space, .n_members = N, .values = values, .basins = basins};
    gm_identifiability *r;
    EXPECT(gm_identifiability_create(&r, &in) == GM_OK);
    EXPECT(r->n_basins == 2);
    EXPECT_CLOSE(r->parameters[0].sd_within, 0.1, 0.06, 0);
    EXPECT_CLOSE(r->parameters[0].sd, 6 * sqrt(2.0 / 9), 0.03, 0);
    EXPECT(r->parameters[0].verdict == GM_NOT_IDENTIFIED);
    EXPECT_BELOW(r->parameters[0].contraction, 0);
    gm_identifiability_destroy(r);
}

static void the_open_combination_is_named(void)
{
    /* Data fix a - b well, leave a + b to the prior: H = I + 100 (1, -1)'(1, -1) in prior SDs. */
    const double sd[2] = {0.2, 5}, values[] = {0.1, 0.2, 0.3, 0.4};
    const char *const names[2] = {"speed", "delay"};
    const gm_space two = {parameters, 2};
    double h[4] = {101 / (0.2 * 0.2), -100 / (0.2 * 5), -100 / (0.2 * 5), 101.0 / 25};
    gm_identifiability_input in = {.space = &two,
                                   .n_members = 2,
                                   .values = values,
                                   .n_tangent = 2,
                                   .hessian = h,
                                   .tangent_sd = sd,
                                   .tangent_names = names};
    gm_identifiability *r;
    EXPECT(gm_identifiability_create(&r, &in) == GM_OK);
    EXPECT_CLOSE(r->directions[0].sd, 1, 1e-10, 0);
    EXPECT_CLOSE(r->directions[1].sd, 1 / sqrt(201), 1e-10, 0);
    EXPECT(r->directions[0].verdict == GM_NOT_IDENTIFIED);
    EXPECT_CONTAINS(r->directions[0].text, "0.71 speed");
    EXPECT_CONTAINS(r->directions[0].text, "+ 0.71 delay");
    json_t *j = gm_identifiability_to_json(r);
    json_t *open = json_object_get(j, "directions");
    EXPECT(json_array_size(open) == 1); /* the other one is identified */
    EXPECT_CONTAINS(json_string_value(json_object_get(json_array_get(open, 0), "verdict")), "not");
    EXPECT(json_array_size(json_object_get(j, "parameters")) == 2);
    json_decref(j);
    gm_identifiability_destroy(r);
}

static void members_at_a_limit_and_constants_are_noticed(void)
{
    const double values[] = {10, 1, 2, 3, 9.95, 1, 2.5, 3, 0, 1, 2.2, 3, -9.99, 1, 2.1, 3};
    gm_identifiability_input in = {.space = &space, .n_members = 4, .values = values};
    gm_identifiability *r;
    EXPECT(gm_identifiability_create(&r, &in) == GM_OK);
    EXPECT(r->parameters[0].share_at_limit == 0.75);
    EXPECT(r->parameters[1].sd == 0 && r->parameters[1].correlation == 0);
    EXPECT(r->parameters[1].partner == 1);
    gm_identifiability_destroy(r);
}

static void bad_input_is_refused_and_no_memory_is_survived(void)
{
    double values[8] = {0, 0, 0, 0, 0, NAN, 0, 0}, h[1] = {INFINITY}, sd[1] = {0};
    const char *const names[1] = {"x"};
    gm_identifiability_input in = {.space = &space, .n_members = 1, .values = values};
    gm_identifiability *r;
    EXPECT(gm_identifiability_create(&r, &in) == GM_EINVAL && !r);
    in.n_members = 2;
    EXPECT(gm_identifiability_create(&r, &in) == GM_EINVAL && !r);
    EXPECT_CONTAINS(gm_error_text(), "member 1: half");
    values[5] = 0;
    in.n_tangent = 1, in.hessian = h, in.tangent_sd = sd, in.tangent_names = names;
    EXPECT(gm_identifiability_create(&r, &in) == GM_EINVAL && !r);
    sd[0] = 1;
    EXPECT(gm_identifiability_create(&r, &in) == GM_EINVAL && !r);
    h[0] = 1;
    for (long n = 0; n < 5; n++) {
        gm_alloc_fail_after(n);
        EXPECT(gm_identifiability_create(&r, &in) == GM_ENOMEM && !r);
        gm_alloc_fail_after(-1);
    }
}

int main(int argc, char **argv)
{
    RUN(spreads_beside_the_prior_give_the_verdicts);
    RUN(basins_that_disagree_show_in_the_spread_within);
    RUN(the_open_combination_is_named);
    RUN(members_at_a_limit_and_constants_are_noticed);
    RUN(bad_input_is_refused_and_no_memory_is_survived);
    return gm_report();
}
