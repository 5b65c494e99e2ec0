#include "core/alloc.h"
#include "core/clock.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/progress.h"
#include "core/rng.h"
#include "core/text.h"
#include "core/threads.h"
#include "testing/gm_test.h"

static void philox_gives_the_published_vectors(void)
{
    /* Random123 kat_vectors, philox4x32 10 rounds. */
    uint32_t out[4];
    gm_philox4x32((uint32_t[]){0, 0, 0, 0}, (uint32_t[]){0, 0}, out);
    EXPECT(out[0] == 0x6627e8d5 && out[1] == 0xe169c58d && out[2] == 0xbc57ac4c &&
           out[3] == 0x9b00dbd8);
    uint32_t ones = 0xffffffff;
    gm_philox4x32((uint32_t[]){ones, ones, ones, ones}, (uint32_t[]){ones, ones}, out);
    EXPECT(out[0] == 0x408f276d && out[1] == 0x41c83b0e && out[2] == 0xa20bc7c6 &&
           out[3] == 0x6d5451fd);
}

static void uniform_and_normal_have_their_moments(void)
{
    enum { N = 200000 };
    gm_rng r = gm_rng_stream(1, 2);
    double mean = 0, square = 0, flat = 0;
    for (int i = 0; i < N; i++) {
        double x = gm_rng_normal(&r), u = gm_rng_uniform(&r);
        mean += x / N, square += x * x / N, flat += u / N;
    }
    EXPECT_CLOSE(mean, 0, 0, 5 / sqrt(N)); /* 5 standard errors */
    EXPECT_CLOSE(square, 1, 0, 5 * sqrt(2.0 / N));
    EXPECT_CLOSE(flat, 0.5, 0, 5 / sqrt(12.0 * N));
}

static void streams_differ_and_repeat(void)
{
    gm_rng a = gm_rng_stream(7, 1), b = gm_rng_stream(7, 1), c = gm_rng_stream(7, 2);
    int same = 0;
    for (int i = 0; i < 100; i++) {
        uint32_t x = gm_rng_u32(&a);
        EXPECT(x == gm_rng_u32(&b));
        same += x == gm_rng_u32(&c);
    }
    EXPECT(same < 3);
}

static void sha256_gives_the_fips_vector(void)
{
    char text[GM_HASH_TEXT];
    EXPECT(gm_hash_bytes("abc", 3, text) == GM_OK);
    EXPECT(strcmp(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") == 0);
}

static void count_item(void *context, size_t item, unsigned worker)
{
    (void)worker;
    ((unsigned char *)context)[item]++;
}

static void every_item_runs_exactly_once(void)
{
    enum { N = 10007 };
    for (unsigned threads = 1; threads <= 3; threads++) {
        gm_threads *pool;
        EXPECT(gm_threads_create(&pool, threads) == GM_OK);
        for (int repeat = 0; repeat < 50; repeat++) {
            unsigned char seen[N] = {0};
            gm_threads_for(pool, N, 13, count_item, seen);
            int wrong = 0;
            for (int i = 0; i < N; i++)
                wrong += seen[i] != 1;
            EXPECT(wrong == 0);
        }
        gm_threads_destroy(pool);
    }
}

static void a_buffer_survives_no_memory(void)
{
    gm_text t = {0};
    gm_text_add(&t, "kept");
    gm_alloc_fail_after(0);
    for (int i = 0; i < 1000; i++)
        gm_text_add(&t, "more");
    gm_alloc_fail_after(-1);
    EXPECT(gm_text_status(&t) == GM_ENOMEM);
    EXPECT(strncmp(t.data, "kept", 4) == 0);
    gm_text_free(&t);
}

static void bad_numbers_are_refused_with_their_line(void)
{
    const char text[] = "1 2\n3 nan";
    gm_scanner s = gm_scanner_over(text, sizeof text - 1, "mesh.pts");
    double v;
    EXPECT(gm_scan_real(&s, &v, "x in mm") == GM_OK && v == 1);
    EXPECT(gm_scan_real(&s, &v, "x in mm") == GM_OK);
    EXPECT(gm_scan_real(&s, &v, "x in mm") == GM_OK && v == 3);
    EXPECT(gm_scan_real(&s, &v, "x in mm") == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "mesh.pts:2: expected x in mm");
    EXPECT(gm_scan_real(&s, &v, "y in mm") == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "end of the file");
}

static void unknown_json_keys_are_named(void)
{
    json_t *o = json_pack("{s:i,s:i}", "mesh", 1, "mush", 2);
    EXPECT(gm_json_only_keys(o, "case.json", (const char *[]){"mesh", NULL}) == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "unknown key \"mush\"; allowed are mesh");
    double v = 0;
    EXPECT(gm_json_real(o, "case.json", "mesh", "mm", 2, 3, &v) == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "\"mesh\" is 1 mm, allowed 2 to 3 mm");
    json_decref(o);
}

static void an_interrupt_is_seen_until_cleared(void)
{
    EXPECT(gm_interrupt_check("fit") == GM_OK);
    gm_interrupt_request();
    EXPECT(gm_interrupt_check("fit") == GM_EINTERRUPTED);
    gm_interrupt_clear();
    EXPECT(!gm_interrupted());
}

static void moments_are_read_and_written(void)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"1970-01-01T00:00:00Z", 0},
                {"2000-02-29T12:30Z", 951827400000},
                {"2026-11-23T09:10:00.25Z", 1795425000250},
                {"2026-11-23T10:10:00.250+01:00", 1795425000250},
                {"1969-12-31T23:59:59.5Z", -500},
                {"1795425000250", 1795425000250}};
    static const char *const bad[] = {"",
                                      "now",
                                      "2026-13-01T00:00Z",
                                      "2025-02-29T00:00Z",
                                      "2026-11-23",
                                      "2026-11-23T09:10:00",
                                      "2026-11-23T24:00Z",
                                      "2026-11-23T09:10:00+1",
                                      "2026-11-23T09:10:Z",
                                      "-5",
                                      "2026-11-23T09:10:00Zx"};
    char text[25];
    int64_t ms;
    for (size_t k = 0; k < sizeof good / sizeof *good; k++) {
        EXPECT(gm_moment_parse(good[k].text, &ms) && ms == good[k].ms);
        gm_moment_print(good[k].ms, text);
        EXPECT(gm_moment_parse(text, &ms) && ms == good[k].ms);
    }
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        if (gm_moment_parse(bad[k], &ms)) printf("%s\n", bad[k]);
        EXPECT(!gm_moment_parse(bad[k], &ms));
    }
    gm_moment_print(1795425000250, text);
    EXPECT(strcmp(text, "2026-11-23T09:10:00.250Z") == 0);
}

int main(int argc, char **argv)
{
    RUN(philox_gives_the_published_vectors);
    RUN(uniform_and_normal_have_their_moments);
    RUN(streams_differ_and_repeat);
    RUN(sha256_gives_the_fips_vector);
    RUN(every_item_runs_exactly_once);
    RUN(a_buffer_survives_no_memory);
    RUN(bad_numbers_are_refused_with_their_line);
    RUN(unknown_json_keys_are_named);
    RUN(an_interrupt_is_seen_until_cleared);
    RUN(moments_are_read_and_written);
    return gm_report();
}
