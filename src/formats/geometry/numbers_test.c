#include "geometry/numbers.h"

#include "core/rng.h"
#include "testing/gm_test.h"

static double read_back(const char *text, int shift)
{
    gm_scanner s = gm_scanner_over(text, strlen(text), "test");
    double v = NAN;
    EXPECT(gm_number_real(&s, shift, &v, "a number") == GM_OK);
    EXPECT(gm_scan_at_end(&s));
    return v;
}

static void every_double_survives_printing_and_reading(void)
{
    gm_rng r = gm_rng_stream(21, 0);
    int wrong = 0;
    for (int i = 0; i < 1000000; i++) {
        uint64_t bits = (uint64_t)gm_rng_u32(&r) << 32 | gm_rng_u32(&r);
        double v = (gm_rng_uniform(&r) - 0.5) * pow(10, (double)(i % 12) - 6);
        if (i % 4 == 0) memcpy(&v, &bits, sizeof v); /* any magnitude */
        if (i % 4 == 1) v = (double)(float)v;
        if (!isfinite(v) || fabs(v) > 1e300) continue;
        char text[GM_NUMBER_TEXT];
        gm_number_print(text, v, 0);
        wrong += read_back(text, 0) != v;
        gm_number_print(text, v, 3);
        wrong += read_back(text, -3) != v; /* mm -> um -> mm */
    }
    EXPECT(wrong == 0);
}

static void reading_rounds_as_strtod_does(void)
{
    gm_rng r = gm_rng_stream(22, 0);
    int wrong = 0;
    for (int i = 0; i < 100000; i++) {
        char text[64];
        snprintf(text, sizeof text, "%.*e", i % 20,
                 (gm_rng_uniform(&r) - 0.5) * pow(10, i % 60 - 30));
        wrong += read_back(text, 0) != strtod(text, NULL);
        snprintf(text, sizeof text, "%.*f", i % 17, (gm_rng_uniform(&r) - 0.5) * pow(10, i % 9));
        wrong += read_back(text, 0) != strtod(text, NULL);
    }
    EXPECT(wrong == 0);
}

static void unusual_forms_are_read(void)
{
    EXPECT(read_back("+1.", 0) == 1 && read_back(".5", 0) == 0.5 && read_back("-0", 0) == 0);
    EXPECT(read_back("1e2", -3) == 0.1 && read_back("1E+2", 0) == 100);
    EXPECT(read_back("123456789012345678901234567890", 0) == 123456789012345678901234567890.0);
    EXPECT(read_back("0.1000000000000000055511151231257827e-2", -3) == 1e-6);
    EXPECT(read_back("4.9406564584124654e-324", 0) > 0);
}

static void printed_numbers_are_short(void)
{
    char text[GM_NUMBER_TEXT];
    gm_number_print(text, 0.1, 0);
    EXPECT(strcmp(text, "0.1") == 0);
    gm_number_print(text, -29.652698338646765, 3);
    EXPECT(strcmp(text, "-29652.698338646765") == 0);
    gm_number_print(text, 12, 3);
    EXPECT(strcmp(text, "12000") == 0);
    gm_number_print(text, 0.001, 3);
    EXPECT(strcmp(text, "1") == 0);
    gm_number_print(text, 1e-20, 0);
    EXPECT(strcmp(text, "1e-20") == 0);
}

static void what_is_no_number_is_refused(void)
{
    static const char *const bad[] = {"",      "x",   "nan", "inf",   "1e",    "1e999999",
                                      "1.2.3", "--1", "1,5", "0x10p", "1e400", "-"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        gm_scanner s = gm_scanner_over(bad[i], strlen(bad[i]), "test");
        double v;
        EXPECT(gm_number_real(&s, 0, &v, "a length in mm") == GM_EFORMAT);
        EXPECT_CONTAINS(gm_error_text(), "test:1: expected a length in mm");
    }
    static const char *const bad_ints[] = {"", "1.5", "99999999999", "x", "-", "1e3"};
    for (size_t i = 0; i < sizeof bad_ints / sizeof *bad_ints; i++) {
        gm_scanner s = gm_scanner_over(bad_ints[i], strlen(bad_ints[i]), "test");
        int32_t v;
        EXPECT(gm_number_int(&s, &v, "a node number") == GM_EFORMAT);
    }
}

int main(int argc, char **argv)
{
    RUN(every_double_survives_printing_and_reading);
    RUN(reading_rounds_as_strtod_does);
    RUN(unusual_forms_are_read);
    RUN(printed_numbers_are_short);
    RUN(what_is_no_number_is_refused);
    return gm_report();
}
