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

static size_t n_passed(const gm_conformance *c)
{
    size_t n = 0;
    for (int v = 2; v <= 4; v++)
        n += c->of[v].valid_passed + c->of[v].invalid_passed;
    return n;
}

/* Rule, element, property, value and line of errors: the documents' own examples all, of the others so far this many,
 * and not fewer. */
static void errors_are_those_that_cases_allow(void)
{
    static const struct {
        const char *folder;
        size_t least;
    } rows[] = {{"doc-examples", 96}, {"generated", 1062}, {"solecisms", 15}};
    NEED_DATA(GM_SHARED_DIR "/data/dtdl/cases/generated");
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        char folder[300];
        gm_conformance c;
        snprintf(folder, sizeof folder, "%s/data/dtdl/cases/%s", GM_SHARED_DIR, rows[k].folder);
        EXPECT(gm_dtdl_judge_cases(&c, folder, NULL, NULL) == GM_OK);
        printf("%s: %zu passed\n", rows[k].folder, n_passed(&c));
        EXPECT(n_passed(&c) >= rows[k].least);
    }
}

int main(int argc, char **argv)
{
    RUN(specification_cases_are_accepted_exactly_when_valid);
    RUN(errors_are_those_that_cases_allow);
    return gm_report();
}
