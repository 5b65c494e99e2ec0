/* A Holter of 24 h, 3 leads at 250 Hz, in one pass: seconds of the detector alone and its memory. Made
 * of MIT-BIH 100 (resampled; the third lead is a mixture), tiled with cuts at random beats, slow changes
 * of size and fresh noise; it is made block by block, and making it is not counted. */
#include <math.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench.h"
#include "core/alloc.h"
#include "core/rng.h"
#include "ecg/waveform.h"
#include "heart/ecg/holter.h"

enum { LEADS = 3, BLOCK = 2500 };
static const double RATE_HZ = 250, HOURS = 24;

/* Resident memory now; 0 where /proc is not. */
static double resident_mib(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%*s %ld", &pages) != 1) pages = 0;
    if (f) fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

/* mv [n][2] at RATE_HZ. */
static double *read_tile(size_t *n)
{
    gm_ecg *e = NULL;
    if (gm_ecg_read(&e, GM_SHARED_DIR "/data/ecg/mitdb/100.hea") != GM_OK) return NULL;
    *n = (size_t)((double)(e->n_samples - 1) / e->rate_hz * RATE_HZ);
    double *mv = gm_calloc(2 * *n, sizeof *mv);
    for (size_t i = 0; mv && i < *n; i++)
        for (size_t l = 0; l < 2; l++) {
            const gm_ecg_channel *c = &e->channels[l];
            double at = (double)i * e->rate_hz / RATE_HZ, part = at - floor(at);
            size_t k = (size_t)at;
            mv[2 * i + l] = ((1 - part) * c->counts[k] + part * c->counts[k + 1] - c->baseline) *
                            c->mv_per_count;
        }
    gm_ecg_destroy(e);
    return mv;
}

typedef struct {
    const double *tile;
    size_t n, at, end;
    gm_rng random;
    double size;
} source;

static void fill(source *s, double block[BLOCK * LEADS])
{
    for (size_t i = 0; i < BLOCK; i++) {
        if (s->at == s->end) { /* another stretch of it */
            s->at = (size_t)gm_rng_below(&s->random, s->n / 2);
            s->end = s->at + s->n / 4 + (size_t)gm_rng_below(&s->random, s->n / 4);
            s->size = 0.6 + 0.8 * gm_rng_uniform(&s->random);
        }
        const double *x = s->tile + 2 * s->at++;
        double noise = 0.02 * (gm_rng_uniform(&s->random) - 0.5);
        block[LEADS * i] = s->size * x[0] + noise;
        block[LEADS * i + 1] = s->size * x[1] - noise;
        block[LEADS * i + 2] = s->size * (0.6 * x[0] - 0.4 * x[1]) + noise;
    }
}

int main(void)
{
    source s = {.random = gm_rng_stream(1, 0)};
    double *tile = read_tile(&s.n), *block = gm_calloc(BLOCK * LEADS, sizeof *block), taken_s = 0;
    gm_holter *h = NULL;
    double before_mib = resident_mib();
    if (!tile || !block || gm_holter_create(&h, LEADS, RATE_HZ, NULL, NULL) != GM_OK) {
        printf("bench_holter: %s\n", gm_error_text());
        gm_free(tile);
        gm_free(block);
        return 0; /* the data is not on every machine */
    }
    s.tile = tile;
    bench_machine(1);
    double first_hour_mib = 0, most_mib = 0;
    size_t n_blocks = (size_t)(HOURS * 3600 * RATE_HZ / BLOCK);
    gm_status status = GM_OK;
    for (size_t k = 0; k < n_blocks && status == GM_OK; k++) {
        fill(&s, block);
        double start = gm_cpu_seconds();
        status = gm_holter_push(h, block, BLOCK);
        taken_s += gm_cpu_seconds() - start;
        if (k % 100 == 99) most_mib = fmax(most_mib, resident_mib());
        if (k == n_blocks / 24) first_hour_mib = most_mib;
    }
    double start = gm_cpu_seconds();
    if (status == GM_OK) status = gm_holter_finish(h);
    taken_s += gm_cpu_seconds() - start;
    gm_rr_summary r;
    gm_rr_summarise(gm_holter_rr(h), &r);
    double samples = HOURS * 3600 * RATE_HZ * LEADS;
    printf("%g h, %d leads at %g Hz: %.2f s on one core (%.1f M lead-samples/s), %llu beats, mean "
           "NN %.1f ms\n",
           HOURS, LEADS, RATE_HZ, taken_s, samples / taken_s / 1e6,
           (unsigned long long)gm_holter_n_beats(h), r.mean_nn_ms);
    printf("memory beyond the %.1f MiB of the source: %.1f MiB after 1 h, at most %.1f in 24 h\n",
           before_mib, first_hour_mib - before_mib, most_mib - before_mib);
    struct rusage u = {0};
    getrusage(RUSAGE_SELF, &u);
    printf("peak memory of the program: %.1f MiB\n", (double)u.ru_maxrss / 1024);
    if (status != GM_OK) printf("%s\n", gm_error_text());
    gm_holter_destroy(h);
    gm_free(tile);
    gm_free(block);
    return status != GM_OK;
}
