/* gm_test.h - the whole test framework: RUN, EXPECT*, SKIP, one closing line that CI reads. */
#ifndef GM_TEST_H
#define GM_TEST_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int gm_failed_in_test, gm_skipped_in_test, gm_passed, gm_failed, gm_skipped;

#define EXPECT(cond)                                                   \
    do {                                                               \
        if (!(cond)) {                                                 \
            gm_failed_in_test++;                                       \
            printf("%s:%d: expected %s\n", __FILE__, __LINE__, #cond); \
        }                                                              \
    } while (0)

/* Passes iff |actual - expected| <= atol + rtol |expected|. NaN never passes. */
#define EXPECT_CLOSE(actual, expected, rtol, atol)                                              \
    do {                                                                                        \
        double a_ = (actual), e_ = (expected), d_ = fabs(a_ - e_);                              \
        if (!(d_ <= (atol) + fabs(e_) * (rtol))) {                                              \
            gm_failed_in_test++;                                                                \
            printf("%s:%d: %s = %.17g, expected %.17g (difference %.3g)\n", __FILE__, __LINE__, \
                   #actual, a_, e_, d_);                                                        \
        }                                                                                       \
    } while (0)

/* Passes iff actual < limit, and says both numbers otherwise. NaN never passes. */
#define EXPECT_BELOW(actual, limit)                                                            \
    do {                                                                                       \
        double a_ = (actual), l_ = (limit);                                                    \
        if (!(a_ < l_)) {                                                                      \
            gm_failed_in_test++;                                                               \
            printf("%s:%d: %s = %.9g, allowed < %.9g\n", __FILE__, __LINE__, #actual, a_, l_); \
        }                                                                                      \
    } while (0)

/* Passes iff text (which may be NULL) contains part. */
#define EXPECT_CONTAINS(text, part)                                                             \
    do {                                                                                        \
        const char *t_ = (text);                                                                \
        if (!t_ || !strstr(t_, (part))) {                                                       \
            gm_failed_in_test++;                                                                \
            printf("%s:%d: \"%s\" does not contain \"%s\"\n", __FILE__, __LINE__, t_ ? t_ : "", \
                   (part));                                                                     \
        }                                                                                       \
    } while (0)

/* Leaves the test when data is absent that is not on every machine: said clearly, and a failure
 * where GM_NO_SKIP is set (CI has all data). Usage: NEED_DATA(GM_SHARED_DIR "/data/heart"); */
#define NEED_DATA(path)                                             \
    do {                                                            \
        if (access((path), R_OK) != 0) {                            \
            printf("skipped: %s is not on this machine\n", (path)); \
            gm_skipped_in_test = 1;                                 \
            if (getenv("GM_NO_SKIP")) gm_failed_in_test++;          \
            return;                                                 \
        }                                                           \
    } while (0)

/* Usage: int main(int argc, char **argv) { RUN(a); RUN(b); return gm_report(); } */
#define RUN(test)                                       \
    do {                                                \
        if (argc > 1 && !strstr(#test, argv[1])) break; \
        gm_failed_in_test = gm_skipped_in_test = 0;     \
        test();                                         \
        printf("%s %s\n",                               \
               gm_failed_in_test    ? "FAIL"            \
               : gm_skipped_in_test ? "skip"            \
                                    : "ok  ",           \
               #test);                                  \
        fflush(stdout);                                 \
        if (gm_failed_in_test)                          \
            gm_failed++;                                \
        else if (gm_skipped_in_test)                    \
            gm_skipped++;                               \
        else                                            \
            gm_passed++;                                \
    } while (0)

static inline int gm_report(void)
{
    printf("%d passed, %d failed, %d skipped\n", gm_passed, gm_failed, gm_skipped);
    return gm_failed != 0 || gm_passed + gm_skipped == 0;
}

#endif
