#include "fit/space.h"

#include "testing/gm_test.h"

static const gm_parameter parameters[] = {
    {"onset", "ms", 0, 40, GM_PRIOR_UNIFORM, 0, 0, "test"},
    {"v_f", "m/s", 0.3, 1.2, GM_PRIOR_NORMAL, 0.6, 0.15, "test"},
    {"ratio", "1", 0.2, 0.9, GM_PRIOR_LOG_NORMAL, 0.45, 0.3, "test"},
};
static const gm_space space = {parameters, 3};

static void the_normal_quantile_has_its_tabulated_values_and_inverts_the_cdf(void)
{
    EXPECT_CLOSE(gm_normal_quantile(0.975), 1.959963984540054, 1e-14, 0);
    EXPECT_CLOSE(gm_normal_quantile(0.95), 1.6448536269514722, 1e-14, 0);
    EXPECT_CLOSE(gm_normal_quantile(0.5), 0, 0, 1e-15);
    EXPECT_CLOSE(gm_normal_cdf(1), 0.8413447460685429, 1e-14, 0);
    EXPECT_CLOSE(gm_normal_quantile(1e-300), -37.0471, 1e-5, 0);
    for (double z = -30; z < 8; z += 0.37)
        EXPECT_CLOSE(gm_normal_quantile(gm_normal_cdf(z)), z, z < 3 ? 1e-13 : 1e-2, 1e-13);
    EXPECT(isinf(gm_normal_quantile(0)) && isinf(gm_normal_quantile(1)));
    EXPECT(isnan(gm_normal_quantile(-0.1)) && isnan(gm_normal_quantile(NAN)));
}

static void values_go_to_the_cube_and_back(void)
{
    EXPECT(gm_space_check(&space) == GM_OK);
    gm_rng rng = gm_rng_stream(5, 0);
    for (int k = 0; k < 1000; k++) {
        double x[3], u[3], y[3];
        gm_space_draw(&space, &rng, x);
        EXPECT(gm_space_check_values(&space, x) == GM_OK);
        gm_space_to_cube(&space, x, u);
        gm_space_from_cube(&space, u, y);
        for (int i = 0; i < 3; i++) {
            EXPECT(u[i] >= 0 && u[i] <= 1);
            EXPECT_CLOSE(y[i], x[i], 1e-10, 0);
        }
    }
    for (size_t i = 0; i < 3; i++) {
        EXPECT(gm_parameter_quantile(&parameters[i], 0) == parameters[i].min);
        EXPECT_CLOSE(gm_parameter_quantile(&parameters[i], 1), parameters[i].max, 1e-13, 0);
        EXPECT_CLOSE(gm_parameter_cdf(&parameters[i], parameters[i].max), 1, 1e-15, 0);
    }
}

static void moments_of_cut_priors_are_those_of_the_textbook(void)
{
    EXPECT_CLOSE(gm_parameter_prior_mean(&parameters[0]), 20, 1e-12, 0);
    EXPECT_CLOSE(gm_parameter_prior_sd(&parameters[0]), 40 / sqrt(12), 1e-6, 0);
    /* a half normal: mean sqrt(2 / pi), variance 1 - 2 / pi */
    gm_parameter half = {"h", "1", 0, 50, GM_PRIOR_NORMAL, 0, 1, "test"};
    EXPECT_CLOSE(gm_parameter_prior_mean(&half), 0.7978845608, 1e-4, 0);
    EXPECT_CLOSE(gm_parameter_prior_sd(&half), 0.6028102749, 1e-3, 0);
    /* hardly cut: exp(s^2 / 2) */
    gm_parameter wide = {"w", "1", 0, 1e6, GM_PRIOR_LOG_NORMAL, 2, 0.5, "test"};
    EXPECT_CLOSE(gm_parameter_prior_mean(&wide), 2 * exp(0.125), 1e-4, 0);
}

static void a_range_far_out_in_the_upper_tail_keeps_its_digits(void)
{
    gm_parameter far = {"f", "1", 6, 7, GM_PRIOR_NORMAL, 0, 1, "test"};
    double x = gm_parameter_quantile(&far, 0.5);
    EXPECT(x > 6 && x < 6.2);
    EXPECT_CLOSE(gm_parameter_cdf(&far, x), 0.5, 1e-10, 0);
}

static void prior_residuals_have_the_slopes_of_differences(void)
{
    double x[3] = {12, 0.8, 0.6}, r[3], slopes[3], ahead[3], behind[3];
    gm_space_prior_residuals(&space, x, r, slopes);
    EXPECT(r[0] == 0 && slopes[0] == 0);
    EXPECT_CLOSE(r[1], 0.2 / 0.15, 1e-14, 0);
    EXPECT_CLOSE(r[2], log(0.6 / 0.45) / 0.3, 1e-13, 0);
    for (int i = 0; i < 3; i++) {
        double y[3] = {12, 0.8, 0.6};
        y[i] = x[i] + 1e-5;
        gm_space_prior_residuals(&space, y, ahead, NULL);
        y[i] = x[i] - 1e-5;
        gm_space_prior_residuals(&space, y, behind, NULL);
        EXPECT_CLOSE(slopes[i], (ahead[i] - behind[i]) / 2e-5, 1e-7, 0);
    }
}

static void bad_spaces_and_values_are_refused_by_name(void)
{
    const gm_parameter bad[] = {
        {NULL, "1", 0, 1, GM_PRIOR_UNIFORM, 0, 0, "test"},
        {"a", "", 0, 1, GM_PRIOR_UNIFORM, 0, 0, "test"},
        {"a", "1", 0, 1, GM_PRIOR_UNIFORM, 0, 0, NULL},
        {"a", "1", 1, 1, GM_PRIOR_UNIFORM, 0, 0, "test"},
        {"a", "1", NAN, 1, GM_PRIOR_UNIFORM, 0, 0, "test"},
        {"a", "1", 0, INFINITY, GM_PRIOR_UNIFORM, 0, 0, "test"},
        {"a", "1", 0, 1, GM_PRIOR_NORMAL, NAN, 1, "test"},
        {"a", "1", 0, 1, GM_PRIOR_NORMAL, 0, 0, "test"},
        {"a", "1", 0, 1, GM_PRIOR_NORMAL, 90, 1, "test"},
        {"a", "1", -1, 1, GM_PRIOR_LOG_NORMAL, 1, 1, "test"},
        {"a", "1", 0, 1, GM_PRIOR_LOG_NORMAL, -1, 1, "test"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        EXPECT(gm_space_check(&(gm_space){&bad[i], 1}) == GM_EINVAL);
    const gm_parameter twice[] = {parameters[0], parameters[0]};
    EXPECT(gm_space_check(&(gm_space){twice, 2}) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "twice");
    double x[3] = {12, 5, 0.6};
    EXPECT(gm_space_check_values(&space, x) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "v_f = 5 m/s, allowed 0.3 to 1.2");
    x[1] = NAN;
    EXPECT(gm_space_check_values(&space, x) == GM_EINVAL);
    x[1] = -3;
    gm_space_clip(&space, x);
    EXPECT(x[1] == 0.3);
    EXPECT(gm_space_find(&space, "ratio") == 2);
    EXPECT(gm_space_find(&space, "none") == GM_SPACE_NOT_FOUND);
}

static void the_space_is_written_as_json(void)
{
    json_t *j = gm_space_to_json(&space);
    EXPECT(json_array_size(j) == 3);
    json_t *v_f = json_array_get(j, 1);
    EXPECT_CONTAINS(json_string_value(json_object_get(v_f, "prior")), "normal");
    EXPECT(json_real_value(json_object_get(v_f, "spread")) == 0.15);
    EXPECT(json_is_null(json_object_get(json_array_get(j, 0), "location")));
    json_decref(j);
}

int main(int argc, char **argv)
{
    RUN(the_normal_quantile_has_its_tabulated_values_and_inverts_the_cdf);
    RUN(values_go_to_the_cube_and_back);
    RUN(moments_of_cut_priors_are_those_of_the_textbook);
    RUN(a_range_far_out_in_the_upper_tail_keeps_its_digits);
    RUN(prior_residuals_have_the_slopes_of_differences);
    RUN(bad_spaces_and_values_are_refused_by_name);
    RUN(the_space_is_written_as_json);
    return gm_report();
}
