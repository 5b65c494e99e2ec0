/* DTDL conformance: the public suite of the Digital Twin Consortium, as far as it is on this machine. */
#include "info/dtdl/conformance.h"

#include "core/clock.h"
#include "testing/gm_test.h"

static void say(void *context, const char *file, size_t number, const char *why)
{
    size_t *n = context;
    if ((*n)++ < 40 || getenv("GM_VERBOSE")) printf("%s %zu: %s\n", file, number, why);
}

static void specification_cases_are_accepted_exactly_when_valid(void)
{
    static const char folder[] = GM_SHARED_DIR "/data/dtdl/cases/specification";
    gm_conformance c;
    size_t n_failed = 0, n = 0;
    NEED_DATA(folder);
    double start = gm_clock_seconds();
    EXPECT(gm_dtdl_judge_specification(&c, folder, say, &n_failed) == GM_OK);
    for (int v = 2; v <= 4; v++) {
        const gm_conformance_count *k = &c.of[v];
        printf("version %d: %zu of %zu valid accepted, %zu of %zu invalid refused\n", v,
               k->valid_passed, k->valid, k->invalid_passed, k->invalid);
        n += k->valid + k->invalid;
    }
    printf("%zu cases, %zu failed, %.0f cases/s\n", n, n_failed,
           (double)n / (gm_clock_seconds() - start));
    EXPECT(n_failed == 0 && n > 0);
}

int main(int argc, char **argv)
{
    RUN(specification_cases_are_accepted_exactly_when_valid);
    return gm_report();
}
