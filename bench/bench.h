/* bench.h - median and spread of repeated runs, in the words that all benchmarks use. */
#ifndef GM_BENCH_H
#define GM_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

typedef struct {
    double median_s, low_s, high_s; /* median, 10th and 90th percentile */
    int n;
} bench_time;

static inline int bench_by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One run to warm up, then n (at most 100) timed ones. */
static inline bench_time bench_run(void (*run)(void *), void *context, int n)
{
    double t[100];
    n = n > 100 ? 100 : n;
    run(context);
    for (int i = 0; i < n; i++) {
        double start = gm_clock_seconds();
        run(context);
        t[i] = gm_clock_seconds() - start;
    }
    qsort(t, (size_t)n, sizeof *t, bench_by_size);
    return (bench_time){t[n / 2], t[n / 10], t[n - 1 - n / 10], n};
}

static inline void bench_print(const char *what, bench_time t)
{
    printf("%s: median %.3f ms (10-90 %%: %.3f .. %.3f, n = %d)\n", what, 1e3 * t.median_s,
           1e3 * t.low_s, 1e3 * t.high_s, t.n);
}

static inline void bench_machine(unsigned threads)
{
    char line[256] = "unknown", *colon = NULL;
    FILE *f = fopen("/proc/cpuinfo", "r");
    while (f && !colon && fgets(line, sizeof line, f))
        if (strncmp(line, "model name", 10) == 0) colon = strchr(line, ':');
    if (f) fclose(f);
    if (colon) colon[strcspn(colon, "\n")] = 0;
    printf("machine: %s, %u threads\n", colon ? colon + 2 : "unknown", threads);
}

#endif
