#include "kind/kind.h"

#include "testing/gm_test.h"

static const gm_option options[] = {
    {"edge-mm", GM_ARG_REAL, "H", 0.5, 5, "mm", "1.5", "edge length"},
    {"ensemble", GM_ARG_COUNT, "N", 1, 1000, NULL, NULL, "members"},
    {"shift", GM_ARG_REAL, "X", 0, 0, NULL, NULL, "any number"},
    {"fields", GM_ARG_FLAG, NULL, 0, 0, NULL, NULL, "use fields"},
    {"svg", GM_ARG_FILE, "FILE", 0, 0, NULL, NULL, "draw"},
    {0},
};

static gm_args args_of(const char *const values[], const bool given[])
{
    return (gm_args){options, values, given, NULL, 0};
}

static void values_come_from_the_line_or_the_default(void)
{
    const char *values[] = {"1.5", "50", NULL, NULL, "a.svg"};
    const bool given[] = {false, true, false, true, true};
    gm_args a = args_of(values, given);
    double edge = 0, shift = 7;
    size_t n = 0;
    EXPECT(gm_args_real(&a, "edge-mm", &edge) == GM_OK);
    EXPECT_CLOSE(edge, 1.5, 0, 0);
    EXPECT(gm_args_count(&a, "ensemble", &n) == GM_OK && n == 50);
    EXPECT(gm_args_real(&a, "shift", &shift) == GM_OK);
    EXPECT_CLOSE(shift, 7, 0, 0); /* not given: untouched */
    EXPECT(gm_args_flag(&a, "fields"));
    EXPECT(strcmp(gm_args_text(&a, "svg"), "a.svg") == 0);
}

static void a_value_out_of_range_is_refused_with_unit_and_range(void)
{
    double v = 3;
    const char *const bad[] = {"0.49", "5.01", "nan", "inf", "1e400", "", "1.5mm", "1,5", "-1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        EXPECT(gm_option_check(&options[0], bad[i], &v) == GM_EUSAGE);
    EXPECT_CLOSE(v, 3, 0, 0);
    EXPECT(gm_option_check(&options[0], "7", &v) == GM_EUSAGE);
    EXPECT_CONTAINS(gm_error_text(), "--edge-mm: 7 mm is out of range, allowed 0.5 to 5 mm");
    const char *const bad_counts[] = {"1.5", "-1", "0", "1001", "1e30", "x"};
    for (size_t i = 0; i < sizeof bad_counts / sizeof *bad_counts; i++)
        EXPECT(gm_option_check(&options[1], bad_counts[i], &v) == GM_EUSAGE);
    EXPECT(gm_option_check(&options[2], "-1e300", &v) == GM_OK);
}

static void an_option_that_the_verb_lacks_is_a_programming_error(void)
{
    const char *values[5] = {0};
    const bool given[5] = {0};
    gm_args a = args_of(values, given);
    double v = 0;
    size_t n = 0;
    EXPECT(gm_args_real(&a, "edge", &v) == GM_ESTATE);
    EXPECT(gm_args_count(&a, "edge-mm", &n) == GM_ESTATE);
    EXPECT(!gm_args_flag(&a, "nothing") && !gm_args_text(&a, "nothing"));
}

int main(int argc, char **argv)
{
    RUN(values_come_from_the_line_or_the_default);
    RUN(a_value_out_of_range_is_refused_with_unit_and_range);
    RUN(an_option_that_the_verb_lacks_is_a_programming_error);
    return gm_report();
}
