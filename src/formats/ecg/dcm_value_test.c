#include "ecg/dcm_value.h"

#include "ecg/build.h"
#include "testing/gm_test.h"

static void dates_go_as_far_as_they_are_known(void)
{
    static const struct {
        const char *dt, *iso, *back;
    } cases[] = {
        {"20130101093000.500000+0100", "2013-01-01T09:30:00.5+01:00", "20130101093000.5+0100"},
        {"2013", "2013", "2013"},
        {"201302", "2013-02", "201302"},
        {"20120229", "2012-02-29", "20120229"},
        {"2013010109", "2013-01-01", "20130101"}, /* ISO 8601 has no hour alone */
        {"201301010930", "2013-01-01T09:30", "201301010930"},
        {"20130101093060", "2013-01-01T09:30:60", "20130101093060"},
        {"20130101235959.000000-1130 ", "2013-01-01T23:59:59-11:30", "20130101235959-1130"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char iso[GM_DCM_ISO_ROOM], dt[GM_DCM_DT_ROOM];
        EXPECT(gm_dcm_iso_of_dt(iso, cases[i].dt) && strcmp(iso, cases[i].iso) == 0);
        EXPECT(gm_dcm_dt_of_iso(dt, iso) && strcmp(dt, cases[i].back) == 0);
    }
}

static void what_is_no_date_is_refused(void)
{
    static const char *const wrong[] = {"",         "x",          "201",          "20130230",
                                        "20131301", "20130229",   "201301012400", "2013010109300",
                                        "1799",     "2013-01-01", "20130101+99"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char iso[GM_DCM_ISO_ROOM];
        EXPECT(!gm_dcm_iso_of_dt(iso, wrong[i]) && !*iso);
    }
    char dt[GM_DCM_DT_ROOM];
    EXPECT(!gm_dcm_dt_of_iso(dt, "yesterday") && !*dt);
    EXPECT(!gm_dcm_dt_of_iso(dt, "2013-02-30"));
}

static void seconds_are_counted_over_days_and_zones(void)
{
    EXPECT(gm_dcm_seconds_between("20121231235959.5", "20130101000001") == 1.5);
    EXPECT(gm_dcm_seconds_between("20200228120000", "20200301120000") == 2 * 86400);
    EXPECT(gm_dcm_seconds_between("20200101120000+0100", "20200101120000+0000") == 3600);
    EXPECT(isnan(gm_dcm_seconds_between("20200101120000+0100", "20200101120000")));
    EXPECT(isnan(gm_dcm_seconds_between("2020", "20200101120000")));
}

static void ages_come_back_in_the_unit_that_holds_them(void)
{
    static const char *const ages[] = {"042Y", "018M", "003W", "005D", "130Y", "000Y"};
    char back[5];
    for (size_t i = 0; i < sizeof ages / sizeof *ages; i++) {
        EXPECT(gm_dcm_age_of_years(back, gm_dcm_age_years(ages[i])));
        EXPECT(gm_dcm_age_years(back) == gm_dcm_age_years(ages[i]));
    }
    EXPECT(gm_dcm_age_years("042Y") == 42 && isnan(gm_dcm_age_years("42Y")));
    EXPECT(isnan(gm_dcm_age_years("131Y")) && isnan(gm_dcm_age_years("042")));
    EXPECT(!gm_dcm_age_of_years(back, 33.3) && !gm_dcm_age_of_years(back, NAN));
}

static void numbers_are_the_shortest_that_read_back(void)
{
    static const struct {
        double v;
        const char *text;
    } cases[] = {
        {1000, "1000"}, {0.05, "0.05"},  {-0.5, "-0.5"},   {1e-7, "1e-07"},
        {0, "0"},       {1e20, "1e+20"}, {162.5, "162.5"}, {123456789012345, "123456789012345"}};
    char text[GM_DCM_DS_ROOM];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        EXPECT(gm_dcm_decimal(text, cases[i].v) && strcmp(text, cases[i].text) == 0);
    EXPECT(!gm_dcm_decimal(text, 1.0 / 3) && strcmp(text, ".333333333333333") == 0);
    EXPECT(!gm_dcm_decimal(text, -1e-5 / 3) && strlen(text) <= 16);
    EXPECT_CLOSE(strtod(text, NULL), -1e-5 / 3, 1e-8, 0);
}

/* As the reader computes them. */
static void check_scale(double mv_per_count, double baseline, double tolerance)
{
    gm_dcm_scale s;
    EXPECT(gm_dcm_find_scale(&s, mv_per_count, baseline, "mV"));
    double scale = strtod(s.sensitivity, NULL) * strtod(s.correction, NULL);
    EXPECT(gm_ecg_unit_mv(s.unit) * scale == mv_per_count);
    EXPECT_CLOSE(gm_dcm_baseline_count(strtod(s.baseline, NULL), scale), baseline, 0, tolerance);
}

static void every_gain_of_a_wfdb_header_is_held_exactly(void)
{
    for (int gain = 1; gain < 3000; gain += 7) {
        check_scale(1.0 / gain, 0, 0);
        check_scale(1.0 / gain, 1024, 0);
        check_scale(1.0 / gain, -0.5, 0);
    }
    check_scale(0.00123, 222.22528919681221, GM_DCM_BASELINE_TOLERANCE);
    gm_dcm_scale s;
    EXPECT(gm_dcm_find_scale(&s, 0.005, 0, "microvolts") && strcmp(s.unit, "uV") == 0 &&
           strcmp(s.sensitivity, "5") == 0 && strcmp(s.correction, "1") == 0);
    EXPECT(gm_dcm_find_scale(&s, 0.005, 0, "mV") && strcmp(s.sensitivity, "0.005") == 0);
}

int main(int argc, char **argv)
{
    RUN(dates_go_as_far_as_they_are_known);
    RUN(what_is_no_date_is_refused);
    RUN(seconds_are_counted_over_days_and_zones);
    RUN(ages_come_back_in_the_unit_that_holds_them);
    RUN(numbers_are_the_shortest_that_read_back);
    RUN(every_gain_of_a_wfdb_header_is_held_exactly);
    return gm_report();
}
