/* Heart rate variability: series whose figures follow from their formula, and MIT-BIH 100. */
#include "heart/ecg/hrv.h"

#include "core/alloc.h"
#include "core/rng.h"
#include "ecg/wfdb_annotation.h"
#include "testing/gm_test.h"

#define ECG_DATA GM_SHARED_DIR "/data/ecg"
enum { MOST = 200000 };

static double beats[MOST];
static bool normal[MOST];

/* RR = mean + sum of a sin(2 pi f t), t the time of the beat that ends it; seconds. */
static size_t make(double seconds, double mean_ms, double a1_ms, double f1_hz, double a2_ms,
                   double f2_hz)
{
    size_t n = 1;
    for (beats[0] = 0.5; n < MOST && beats[n - 1] < seconds; n++) {
        double t = beats[n - 1] + mean_ms / 1000;
        for (int k = 0; k < 8; k++) /* the beat ends its own interval */
            t = beats[n - 1] +
                (mean_ms + a1_ms * sin(2 * M_PI * f1_hz * t) + a2_ms * sin(2 * M_PI * f2_hz * t)) /
                    1000;
        beats[n] = t;
    }
    return n;
}

static gm_hrv hrv_of(size_t n, const bool *is_normal, bool use_all)
{
    gm_hrv h;
    EXPECT(gm_ecg_hrv(&h, beats, n, is_normal, use_all) == GM_OK);
    return h;
}

static double value(const gm_hrv *h, gm_hrv_measure m)
{
    return h->figure[m].value;
}

static void a_constant_rhythm_has_no_variability(void)
{
    gm_hrv h = hrv_of(make(7200, 800, 0, 0, 0, 0), NULL, false);
    static const gm_hrv_measure zero[] = {GM_HRV_SDNN,  GM_HRV_RMSSD, GM_HRV_PNN50,
                                          GM_HRV_SDANN, GM_HRV_VLF,   GM_HRV_SDNN_INDEX,
                                          GM_HRV_LF,    GM_HRV_HF};
    EXPECT_CLOSE(value(&h, GM_HRV_MEAN_NN), 800, 1e-9, 0);
    EXPECT_CLOSE(value(&h, GM_HRV_HEART_RATE), 75, 1e-9, 0);
    for (size_t k = 0; k < sizeof zero / sizeof *zero; k++)
        EXPECT_CLOSE(value(&h, zero[k]), 0, 0, 1e-6);
    EXPECT_CLOSE(value(&h, GM_HRV_TRIANGULAR_INDEX), 1, 0.2, 0);
    EXPECT(h.n_nn == h.n_rr && h.n_segments == 47);
}

static void a_sine_puts_half_its_square_into_its_band(void)
{
    static const double minutes[] = {5, 20};
    for (size_t k = 0; k < 2; k++) {
        gm_hrv h = hrv_of(make(60 * minutes[k], 800, 30, 0.1, 0, 0), NULL, false);
        EXPECT_CLOSE(value(&h, GM_HRV_LF), 450, 0.01, 0);
        EXPECT_BELOW(value(&h, GM_HRV_HF) + value(&h, GM_HRV_VLF), 4.5);
        EXPECT_CLOSE(value(&h, GM_HRV_SDNN), 30 / sqrt(2), 0.01, 0);
        /* Successive differences of a sine seen every 0.8 s: a sqrt(2) sin(pi f T) */
        EXPECT_CLOSE(value(&h, GM_HRV_RMSSD), 30 * sqrt(2) * sin(M_PI * 0.1 * 0.8), 0.02, 0);
        h = hrv_of(make(60 * minutes[k], 800, 20, 0.1, 40, 0.25), NULL, false);
        EXPECT_CLOSE(value(&h, GM_HRV_LF), 200, 0.03, 0);
        EXPECT_CLOSE(value(&h, GM_HRV_HF), 800, 0.03, 0);
        EXPECT_CLOSE(value(&h, GM_HRV_LF_HF), 0.25, 0.05, 0);
        EXPECT_CLOSE(value(&h, GM_HRV_LF_NU), 20, 0.05, 0);
        h = hrv_of(make(60 * minutes[k], 800, 40, 0.02, 0, 0), NULL, false);
        EXPECT_CLOSE(value(&h, GM_HRV_VLF), 800, 0.03, 0);
    }
}

/* White noise of SD s: RMSSD s sqrt(2), power spread evenly up to half the mean rate. */
static void white_noise_is_spread_evenly(void)
{
    gm_rng r = gm_rng_stream(5, 0);
    size_t n = 1;
    for (beats[0] = 0; n < MOST && beats[n - 1] < 20000; n++)
        beats[n] = beats[n - 1] + (800 + 25 * gm_rng_normal(&r)) / 1000;
    gm_hrv h = hrv_of(n, NULL, false);
    EXPECT_CLOSE(value(&h, GM_HRV_SDNN), 25, 0.02, 0);
    EXPECT_CLOSE(value(&h, GM_HRV_RMSSD), 25 * sqrt(2), 0.02, 0);
    EXPECT_CLOSE(value(&h, GM_HRV_PNN50), 100 * erfc(50 / (25 * sqrt(2)) / sqrt(2)), 0, 1);
    EXPECT_CLOSE(value(&h, GM_HRV_LF), 625 * 0.11 / 0.625, 0.06, 0);
    EXPECT_CLOSE(value(&h, GM_HRV_HF), 625 * 0.25 / 0.625, 0.06, 0);
    EXPECT_CLOSE(value(&h, GM_HRV_SDNN_INDEX), 25, 0.02, 0);
    /* Means of 375 intervals; and a normal histogram of SD 25 ms in bins of 7.8125 ms. */
    EXPECT_CLOSE(value(&h, GM_HRV_SDANN), 25 / sqrt(375), 0.25, 0);
    EXPECT_CLOSE(value(&h, GM_HRV_TRIANGULAR_INDEX), 25 * sqrt(2 * M_PI) / 7.8125, 0.1, 0);
}

/* The standard error that is said, on average, against the scatter of many records of white noise. */
static void expect_honest(gm_hrv_measure figure, uint64_t records, size_t n, double within)
{
    double sum = 0, squares = 0, said = 0, count = (double)records;
    for (uint64_t k = 0; k < records; k++) {
        gm_rng r = gm_rng_stream(9, k);
        for (size_t i = 1; i < n; i++)
            beats[i] = beats[i - 1] + (800 + 25 * gm_rng_normal(&r)) / 1000;
        gm_hrv h = hrv_of(n, NULL, true);
        double v = value(&h, figure);
        sum += v, squares += v * v;
        said += h.figure[figure].standard_error / count;
    }
    EXPECT_CLOSE(said, sqrt((squares - sum * sum / count) / (count - 1)), within, 0);
}

static void standard_errors_are_those_of_many_records(void)
{
    static const gm_hrv_measure in_time[] = {GM_HRV_MEAN_NN, GM_HRV_HEART_RATE, GM_HRV_SDNN,
                                             GM_HRV_RMSSD};
    static const gm_hrv_measure of_bands[] = {GM_HRV_VLF,   GM_HRV_LF,    GM_HRV_HF,
                                              GM_HRV_TOTAL, GM_HRV_LF_NU, GM_HRV_LF_HF};
    for (size_t f = 0; f < sizeof in_time / sizeof *in_time; f++)
        expect_honest(in_time[f], 400, 301, 0.12);
    for (size_t f = 0; f < sizeof of_bands / sizeof *of_bands; f++) {
        expect_honest(of_bands[f], 100, 301, 0.35); /* one stretch */
        expect_honest(of_bands[f], 50, 3000, 0.35); /* many */
    }
    expect_honest(GM_HRV_SDANN, 100, 5000, 0.25);
    expect_honest(GM_HRV_SDNN_INDEX, 100, 5000, 0.25);
    expect_honest(GM_HRV_TRIANGULAR_INDEX, 100, 3000, 0.35);
}

static void left_out_beats_change_little(void)
{
    size_t n = make(1200, 800, 30, 0.1, 20, 0.25);
    gm_hrv clean = hrv_of(n, NULL, false);
    for (size_t i = 0; i < n; i++)
        normal[i] = true;
    for (size_t i = 60; i + 1 < n; i += 60) { /* early beat and pause */
        beats[i] -= 0.25;
        normal[i] = false;
    }
    gm_hrv h = hrv_of(n, normal, false), raw = hrv_of(n, NULL, true);
    EXPECT(h.n_beside_others == 2 * ((n - 2) / 60) && h.n_implausible == 0);
    EXPECT(h.n_nn + h.n_beside_others == h.n_rr);
    EXPECT_CLOSE(value(&h, GM_HRV_SDNN), value(&clean, GM_HRV_SDNN), 0.02, 0);
    EXPECT_CLOSE(value(&h, GM_HRV_RMSSD), value(&clean, GM_HRV_RMSSD), 0.02, 0);
    EXPECT_CLOSE(value(&h, GM_HRV_LF), value(&clean, GM_HRV_LF), 0.05, 0);
    EXPECT_CLOSE(value(&h, GM_HRV_HF), value(&clean, GM_HRV_HF), 0.10, 0);
    EXPECT(value(&raw, GM_HRV_RMSSD) > 2 * value(&clean, GM_HRV_RMSSD));
    EXPECT(!h.figure[GM_HRV_SDNN].do_not_trust);
}

static void missed_and_invented_beats_are_noticed(void)
{
    size_t n = make(600, 800, 20, 0.1, 0, 0);
    gm_hrv clean = hrv_of(n, NULL, false);
    memmove(beats + 200, beats + 201, (n - 201) * sizeof *beats); /* missed */
    n--;
    memmove(beats + 401, beats + 400, (n - 400) * sizeof *beats); /* invented */
    beats[400] = (beats[399] + beats[401]) / 2;
    n++;
    gm_hrv h = hrv_of(n, NULL, false);
    EXPECT(h.n_implausible == 3);
    EXPECT_CLOSE(value(&h, GM_HRV_SDNN), value(&clean, GM_HRV_SDNN), 0.02, 0);
    EXPECT_CLOSE(value(&h, GM_HRV_RMSSD), value(&clean, GM_HRV_RMSSD), 0.02, 0);
}

static void what_is_unsafe_says_why(void)
{
    gm_hrv h = hrv_of(make(10, 800, 20, 0.1, 0, 0), NULL, false);
    EXPECT(!h.figure[GM_HRV_HEART_RATE].do_not_trust || h.duration_s < 10);
    EXPECT_CONTAINS(h.figure[GM_HRV_SDNN].do_not_trust, "too short");
    EXPECT_CONTAINS(h.figure[GM_HRV_LF].do_not_trust, "too short");
    h = hrv_of(make(300, 1400, 20, 0.1, 0, 0), NULL, false);
    EXPECT_CONTAINS(h.figure[GM_HRV_HF].do_not_trust, "too low");
    EXPECT(!h.figure[GM_HRV_LF].do_not_trust);
    size_t n = make(600, 800, 20, 0.1, 0, 0);
    for (size_t i = 0; i < n; i++)
        normal[i] = i % 10 != 0;
    h = hrv_of(n, normal, false);
    EXPECT_CONTAINS(h.figure[GM_HRV_SDNN].do_not_trust, "left out");
    EXPECT(!h.figure[GM_HRV_MEAN_NN].do_not_trust);
    for (n = 0; n < 4; n++) {
        h = hrv_of(n, NULL, false);
        for (int k = 0; k < GM_N_HRV; k++)
            EXPECT(h.figure[k].do_not_trust != NULL && h.figure[k].unit != NULL);
    }
    beats[0] = 2, beats[1] = 1;
    EXPECT(gm_ecg_hrv(&h, beats, 2, NULL, false) == GM_EINVAL);
    n = make(60, 800, 20, 0.1, 0, 0);
    for (long k = 0; k < 5; k++) {
        gm_alloc_fail_after(k);
        EXPECT(gm_ecg_hrv(&h, beats, n, NULL, false) == GM_ENOMEM);
        gm_alloc_fail_after(-1);
    }
}

/* The figures of reference/ecg.md, section 9, are of all beats. */
static void mit_bih_100_agrees_with_the_reference(void)
{
    NEED_DATA(ECG_DATA "/mitdb/100.atr");
    gm_annotations *a = NULL;
    size_t n = 0;
    EXPECT(gm_annotations_read(&a, ECG_DATA "/mitdb/100.atr") == GM_OK);
    for (size_t i = 0; a && i < a->n; i++)
        if (gm_annotation_is_beat(a->items[i].code)) {
            normal[n] = a->items[i].code == GM_ANNOTATION_NORMAL;
            beats[n++] = (double)a->items[i].sample / 360;
        }
    gm_hrv h = hrv_of(n, NULL, true);
    EXPECT(h.n_rr == 2272 && h.n_nn == 2272);
    EXPECT_CLOSE(value(&h, GM_HRV_MEAN_NN), 794.59, 0, 0.005);
    EXPECT_CLOSE(value(&h, GM_HRV_SDNN), 48.85, 0, 0.005);
    EXPECT_CLOSE(value(&h, GM_HRV_RMSSD), 63.23, 0, 0.005);
    EXPECT_CLOSE(value(&h, GM_HRV_PNN50), 9.60, 0, 0.005);
    EXPECT_CLOSE(value(&h, GM_HRV_HEART_RATE), 75.51, 0, 0.005);
    h = hrv_of(n, normal, false);
    printf("MIT-BIH 100, normal beats: %zu of %zu NN (%zu beside others, %zu implausible), %zu "
           "stretches\n",
           h.n_nn, h.n_rr, h.n_beside_others, h.n_implausible, h.n_segments);
    for (int k = 0; k < GM_N_HRV; k++)
        printf("  %-17s %9.3f %-5s %s\n", gm_hrv_names[k], h.figure[k].value, h.figure[k].unit,
               h.figure[k].do_not_trust ? h.figure[k].do_not_trust : "");
    EXPECT(h.n_beside_others == 67 || h.n_beside_others == 68);
    EXPECT_BELOW(value(&h, GM_HRV_RMSSD), 35);
    gm_annotations_destroy(a);
}

int main(int argc, char **argv)
{
    RUN(a_constant_rhythm_has_no_variability);
    RUN(a_sine_puts_half_its_square_into_its_band);
    RUN(white_noise_is_spread_evenly);
    RUN(standard_errors_are_those_of_many_records);
    RUN(left_out_beats_change_little);
    RUN(missed_and_invented_beats_are_noticed);
    RUN(what_is_unsafe_says_why);
    RUN(mit_bih_100_agrees_with_the_reference);
    return gm_report();
}
