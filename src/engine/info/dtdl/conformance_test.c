/* DTDL conformance: the public suite of the Digital Twin Consortium, as far as it is on this machine. */
#include "info/dtdl/conformance.h"

#include "core/clock.h"
#include "testing/gm_test.h"

static void say(void *context, const char *file, size_t number, const char *why)
{
    size_t *n = context;
    if ((*n)++ < 40 || getenv("GM_VERBOSE")) printf("%s %zu: %s\n", file, number, why);
}

/* Judges a folder of the suite; all must pass. */
static void expect_all_pass(const char *name, gm_suite suite)
{
    char folder[300];
    gm_conformance c;
    size_t n_failed = 0, n = 0;
    snprintf(folder, sizeof folder, "%s/data/dtdl/cases/%s", GM_SHARED_DIR, name);
    NEED_DATA(folder);
    double start = gm_clock_seconds();
    EXPECT(gm_dtdl_judge(&c, suite, folder, say, &n_failed) == GM_OK);
    for (int v = 0; v <= 4; v++) {
        const gm_conformance_count *k = &c.of[v];
        if (k->valid + k->invalid == 0) continue;
        printf("%s, version %d: %zu of %zu valid and %zu of %zu invalid ones pass\n", name, v,
               k->valid_passed, k->valid, k->invalid_passed, k->invalid);
        n += k->valid + k->invalid;
    }
    printf("%zu cases, %zu failed, %.0f cases/s\n", n, n_failed,
           (double)n / (gm_clock_seconds() - start));
    EXPECT(n_failed == 0 && n > 0);
}

static void specification_cases_pass(void)
{
    expect_all_pass("specification", GM_SUITE_SPECIFICATION);
}

static void generated_cases_pass(void)
{
    expect_all_pass("generated", GM_SUITE_CASES);
}

static void examples_of_the_documents_pass(void)
{
    expect_all_pass("doc-examples", GM_SUITE_CASES);
}

static void solecisms_pass(void)
{
    expect_all_pass("solecisms", GM_SUITE_CASES);
}

static void identifiers_pass(void)
{
    expect_all_pass("dtmis", GM_SUITE_DTMIS);
}

int main(int argc, char **argv)
{
    RUN(specification_cases_pass);
    RUN(generated_cases_pass);
    RUN(examples_of_the_documents_pass);
    RUN(solecisms_pass);
    RUN(identifiers_pass);
    return gm_report();
}
