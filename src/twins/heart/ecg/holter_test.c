/* The streaming detector against the one for short records and against MIT-BIH 100's annotations. */
#include "heart/ecg/holter.h"

#include "core/alloc.h"
#include "core/rng.h"
#include "ecg/wfdb_annotation.h"
#include "heart/ecg/hrv.h"
#include "heart/ecg/measure.h"
#include "testing/gm_test.h"

#define ECG_DATA GM_SHARED_DIR "/data/ecg"
enum { MOST = 200000 };

typedef struct {
    double at_s[MOST];
    size_t n;
} beats;

static gm_status note(void *context, double time_s)
{
    beats *b = context;
    if (b->n == MOST) return gm_fail(GM_EINVAL, "more beats than the test expects");
    b->at_s[b->n++] = time_s;
    return GM_OK;
}

static double qrs_mv(double from_s)
{
    double u = from_s * 1000;
    return exp(-u * u / 162) - 0.2 * exp(-(u - 22) * (u - 22) / 128) +
           0.25 * exp(-(u - 280) * (u - 280) / 2888);
}

/* RR change from 0.7 to 0.9 s; a block of any size gives the same beats. */
static void blocks_of_any_size_give_the_same_beats(void)
{
    static const size_t sizes[] = {1, 7, 1000, 999999};
    static const double rates_hz[] = {125, 250, 1000};
    static beats first, b;
    for (size_t k = 0; k < 3; k++) {
        size_t n = (size_t)(400 * rates_hz[k]);
        double *mv = gm_calloc(2 * n, sizeof *mv), beat_s = 0.5;
        gm_rng r = gm_rng_stream(1, k);
        for (size_t i = 0; i < n; i++) {
            double t = (double)i / rates_hz[k];
            if (t > beat_s + 0.45) beat_s += 0.8 + 0.1 * sin(beat_s / 9);
            mv[2 * i] = qrs_mv(t - beat_s) + 0.02 * gm_rng_normal(&r);
            mv[2 * i + 1] = i % 3000 < 400 ? NAN : 0.5 * qrs_mv(t - beat_s) + sin(t);
        }
        for (size_t j = 0; j < 4; j++) {
            gm_holter *h;
            b.n = 0;
            EXPECT(gm_holter_create(&h, 2, rates_hz[k], note, &b) == GM_OK);
            for (size_t i = 0; i < n; i += sizes[j])
                EXPECT(gm_holter_push(h, mv + 2 * i, i + sizes[j] < n ? sizes[j] : n - i) == GM_OK);
            EXPECT(gm_holter_finish(h) == GM_OK && gm_holter_n_beats(h) == b.n);
            EXPECT(gm_holter_push(h, mv, 1) == GM_ESTATE);
            gm_holter_destroy(h);
            EXPECT(b.n >= 495 && b.n <= 505);
            if (j == 0) first = b;
            EXPECT(first.n == b.n && memcmp(first.at_s, b.at_s, b.n * sizeof *b.at_s) == 0);
        }
        gm_free(mv);
    }
}

static void what_is_no_recording_is_refused(void)
{
    gm_holter *h;
    EXPECT(gm_holter_create(&h, 0, 250, NULL, NULL) == GM_EINVAL && !h);
    EXPECT(gm_holter_create(&h, 25, 250, NULL, NULL) == GM_EINVAL);
    EXPECT(gm_holter_create(&h, 3, NAN, NULL, NULL) == GM_EINVAL);
    for (long k = 0; k < 5; k++) {
        gm_alloc_fail_after(k);
        EXPECT(gm_holter_create(&h, 3, 250, NULL, NULL) == GM_ENOMEM && !h);
        gm_alloc_fail_after(-1);
    }
    EXPECT(gm_holter_create(&h, 1, 250, NULL, NULL) == GM_OK);
    for (int i = 0; i < 100000; i++) /* flat, then nothing but gaps */
        EXPECT(gm_holter_push(h, &(double){i < 50000 ? 0.1 : NAN}, 1) == GM_OK);
    EXPECT(gm_holter_finish(h) == GM_OK && gm_holter_n_beats(h) == 0);
    gm_rr_summary s;
    gm_rr_summarise(gm_holter_rr(h), &s);
    EXPECT(s.n_rr == 0 && isnan(s.sdnn_ms) && isnan(s.longest_ms));
    gm_holter_destroy(h);
}

/* The same figures as hrv.h on a long series without faults. */
static void collected_figures_are_those_of_the_whole_series(void)
{
    static double at_s[30000];
    enum { N = 30000 };
    gm_rr_collector c;
    gm_rr_summary s;
    gm_hrv h;
    gm_rng r = gm_rng_stream(2, 0);
    gm_rr_start(&c);
    for (size_t i = 0; i < N; i++) {
        double slow = 60 * sin((double)i / 3000), fast = 25 * sin((double)i / 4);
        at_s[i] = (i ? at_s[i - 1] : 3) + (800 + slow + fast + 10 * gm_rng_normal(&r)) / 1000;
        gm_rr_add_beat(&c, at_s[i]);
    }
    gm_rr_summarise(&c, &s);
    EXPECT(gm_ecg_hrv(&h, at_s, N, NULL, false) == GM_OK);
    EXPECT(s.n_rr == N - 1 && s.n_nn == N - 1 && h.n_nn == N - 1 && s.n_pauses == 0);
    EXPECT_CLOSE(s.mean_nn_ms, h.figure[GM_HRV_MEAN_NN].value, 1e-9, 0);
    EXPECT_CLOSE(s.sdnn_ms, h.figure[GM_HRV_SDNN].value, 1e-9, 0);
    EXPECT_CLOSE(s.rmssd_ms, h.figure[GM_HRV_RMSSD].value, 1e-9, 0);
    EXPECT_CLOSE(s.pnn50_percent, h.figure[GM_HRV_PNN50].value, 1e-9, 0);
    EXPECT_CLOSE(s.sdann_ms, h.figure[GM_HRV_SDANN].value, 0.01, 0);
    EXPECT_CLOSE(s.sdnn_index_ms, h.figure[GM_HRV_SDNN_INDEX].value, 0.01, 0);
    EXPECT_CLOSE(s.triangular_index, h.figure[GM_HRV_TRIANGULAR_INDEX].value, 1e-9, 0);
    EXPECT(s.slowest_per_min > 65 && s.fastest_per_min < 88 && s.fastest_per_min > 78);
    gm_rr_add_beat(&c, at_s[N - 1] + 4.2);
    gm_rr_summarise(&c, &s);
    EXPECT(s.n_pauses == 1 && s.n_nn == N - 1);
    EXPECT_CLOSE(s.longest_ms, 4200, 1e-6, 0);
    EXPECT_CLOSE(s.longest_at_s, at_s[N - 1], 0, 0);
}

static void mit_bih_100_gives_the_beats_of_the_short_detector(void)
{
    NEED_DATA(ECG_DATA "/mitdb/100.hea");
    static beats b;
    gm_ecg *e = NULL;
    gm_ecg_measurement *m = NULL;
    gm_annotations *a = NULL;
    EXPECT(gm_ecg_read(&e, ECG_DATA "/mitdb/100.hea") == GM_OK);
    EXPECT(gm_annotations_read(&a, ECG_DATA "/mitdb/100.atr") == GM_OK);
    EXPECT(e && gm_ecg_measure(&m, e) == GM_OK);
    if (!e || !a || !m) return;
    gm_holter *h;
    b.n = 0;
    EXPECT(gm_holter_create(&h, 2, e->rate_hz, note, &b) == GM_OK);
    for (size_t i = 0; i < e->n_samples; i++) {
        double mv[2];
        for (int l = 0; l < 2; l++)
            mv[l] =
                (e->channels[l].counts[i] - e->channels[l].baseline) * e->channels[l].mv_per_count;
        EXPECT(gm_holter_push(h, mv, 1) == GM_OK);
    }
    EXPECT(gm_holter_finish(h) == GM_OK);
    size_t n = 0, hits = 0, k = 0, same = 0;
    for (size_t i = 0; i < a->n; i++) {
        double t = (double)a->items[i].sample / e->rate_hz;
        if (!gm_annotation_is_beat(a->items[i].code)) continue;
        n++;
        while (k < b.n && b.at_s[k] < t - 0.150)
            k++;
        if (k < b.n && fabs(b.at_s[k] - t) <= 0.150) hits++, k++;
    }
    for (size_t i = 0, j = 0; i < m->n_beats; i++) {
        while (j < b.n && b.at_s[j] < m->beats[i].time_s - 0.03)
            j++;
        same += j < b.n && fabs(b.at_s[j] - m->beats[i].time_s) <= 0.03;
    }
    gm_rr_summary s;
    gm_rr_summarise(gm_holter_rr(h), &s);
    printf("MIT-BIH 100 in a stream: %zu beats, Se %.2f %%, PPV %.2f %%; %zu of %zu within 30 ms "
           "of the short "
           "detector's; mean NN %.2f, SDNN %.2f, RMSSD %.2f ms of %llu of %llu RR\n",
           b.n, 100 * (double)hits / (double)n, 100 * (double)hits / (double)b.n, same, m->n_beats,
           s.mean_nn_ms, s.sdnn_ms, s.rmssd_ms, (unsigned long long)s.n_nn,
           (unsigned long long)s.n_rr);
    EXPECT(n == 2273 && hits == n && b.n == n && same == m->n_beats);
    gm_holter_destroy(h);
    gm_annotations_destroy(a);
    gm_ecg_measurement_destroy(m);
    gm_ecg_destroy(e);
}

int main(int argc, char **argv)
{
    RUN(blocks_of_any_size_give_the_same_beats);
    RUN(what_is_no_recording_is_refused);
    RUN(collected_figures_are_those_of_the_whole_series);
    RUN(mit_bih_100_gives_the_beats_of_the_short_detector);
    return gm_report();
}
