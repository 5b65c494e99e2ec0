/* Pacing spikes: planted ones of known place, and the ten pacemaker patients of LUDB. */
#include "heart/ecg/pacing.h"

#include "core/rng.h"
#include "heart/ecg/ludb_for_tests.h"

enum { N = 5000, LEADS = 8 };

/* Beats of a broad Gaussian QRS, a second apart from 0.5 s on, in leads of different size. */
static void make_beats(double mv[LEADS * N], double rate_hz, double sigma_ms, double noise_mv)
{
    for (size_t l = 0; l < LEADS; l++) {
        gm_rng r = gm_rng_stream(3, l);
        for (size_t i = 0; i < N; i++) {
            double t = (double)i / rate_hz, from = t - floor(t) - 0.5;
            double u = from * 1000 / sigma_ms;
            mv[l * N + i] =
                (0.4 + 0.2 * (double)l) * exp(-u * u / 2) + noise_mv * gm_rng_normal(&r);
        }
    }
}

static void add_spike(double mv[LEADS * N], double rate_hz, double at_s, double height_mv)
{
    size_t i = (size_t)(at_s * rate_hz + 0.5), width = (size_t)fmax(1, 0.001 * rate_hz);
    for (size_t l = 0; l < LEADS; l++)
        for (size_t k = 0; k < width && i + k < N; k++)
            mv[l * N + i + k] += height_mv * (l % 2 ? 1 : -0.6);
}

static size_t beats_of(double rate_hz, double beat_s[])
{
    size_t n = 0;
    for (double t = 0.5; t < (double)N / rate_hz; t += 1)
        beat_s[n++] = t;
    return n;
}

static void planted_spikes_are_found_and_related(void)
{
    static double mv[LEADS * N];
    static const double rates_hz[] = {500, 1000, 2000};
    for (size_t k = 0; k < 3; k++) {
        double rate = rates_hz[k], beat_s[16];
        size_t n_beats = beats_of(rate, beat_s);
        make_beats(mv, rate, 20, 0.01);
        for (size_t b = 0; b < n_beats; b++) {
            add_spike(mv, rate, beat_s[b] - 0.26, 0.3); /* atrium */
            add_spike(mv, rate, beat_s[b] - 0.08, 0.5);
        }
        gm_pacing p;
        EXPECT(gm_ecg_find_pacing(&p, &(gm_ecg_samples){mv, LEADS, N, rate}, beat_s, n_beats) ==
               GM_OK);
        EXPECT(p.is_paced && !p.is_doubtful);
        EXPECT(p.n_atrial == n_beats && p.n_ventricular == n_beats && p.n == 2 * n_beats);
        EXPECT(p.n_beats_paced == n_beats);
        for (size_t i = 0; i < p.n; i++)
            EXPECT_CLOSE(p.spikes[i].to_qrs_ms, i % 2 ? 80 : 260, 0, 3);
        gm_pacing_clear(&p);
    }
}

static void beats_noise_and_steps_are_no_spikes(void)
{
    static double mv[LEADS * N];
    double beat_s[16];
    size_t n_beats = beats_of(500, beat_s);
    for (int noise = 0; noise < 2; noise++) {
        make_beats(mv, 500, 8, noise ? 0.05 : 0.005);
        for (size_t l = 0; l < LEADS; l++) /* an electrode moved */
            for (size_t i = 1700; i < N; i++)
                mv[l * N + i] += 1;
        gm_pacing p;
        EXPECT(gm_ecg_find_pacing(&p, &(gm_ecg_samples){mv, LEADS, N, 500}, beat_s, n_beats) ==
               GM_OK);
        EXPECT(p.n == 0 && !p.is_paced);
        gm_pacing_clear(&p);
    }
}

static void one_spike_is_doubtful_and_a_slow_rate_too(void)
{
    static double mv[LEADS * N];
    double beat_s[32];
    size_t n_beats = beats_of(500, beat_s);
    make_beats(mv, 500, 20, 0.01);
    add_spike(mv, 500, 3.42, 1);
    gm_pacing p;
    EXPECT(gm_ecg_find_pacing(&p, &(gm_ecg_samples){mv, LEADS, N, 500}, beat_s, n_beats) == GM_OK);
    EXPECT(p.n == 1 && !p.is_paced && p.is_doubtful);
    gm_pacing_clear(&p);
    n_beats = beats_of(250, beat_s);
    make_beats(mv, 250, 20, 0.01);
    EXPECT(gm_ecg_find_pacing(&p, &(gm_ecg_samples){mv, LEADS, N, 250}, beat_s, n_beats) == GM_OK);
    EXPECT(!p.is_paced && p.is_doubtful);
    EXPECT_CONTAINS(p.reason, "between samples");
    gm_pacing_clear(&p);
    EXPECT(gm_ecg_find_pacing(&p, &(gm_ecg_samples){mv, LEADS, 0, 250}, NULL, 0) == GM_EINVAL);
    EXPECT(gm_ecg_find_pacing(&p, &(gm_ecg_samples){mv, LEADS, N, NAN}, NULL, 0) == GM_EINVAL);
}

static void the_pacemakers_of_ludb_are_found(void)
{
    NEED_DATA(ECG_DATA "/ludb/ludb.csv");
    gm_csv *t = ludb_table();
    size_t n[2][4] = {{0}}; /* developed, held out: found, missed, false, rightly none */
    for (int k = 1; t && k <= LUDB_LAST; k++) {
        recording r = ludb_read(k);
        if (!r.m) continue;
        gm_pacing p;
        EXPECT(gm_ecg_find_pacing(&p, &r.s, r.beat_s, r.m->n_beats) == GM_OK);
        bool labelled = ludb_says(t, k, "Cardiac pacing", "P");
        if (labelled || p.n > 0)
            printf("  LUDB %d (%s): %s; %s%s\n", k, labelled ? "paced" : "not paced",
                   p.is_paced ? "pacing" : "no pacing", p.reason,
                   p.is_doubtful ? " (doubtful)" : "");
        n[k > LUDB_LAST_DEVELOPED][labelled ? !p.is_paced : 2 + !p.is_paced]++;
        gm_pacing_clear(&p);
        recording_drop(&r);
    }
    for (int h = 0; h < 2; h++)
        printf("LUDB %s: pacemakers found %zu, missed %zu; others: false %zu, rightly none %zu\n",
               h ? "101-140" : "1-100", n[h][0], n[h][1], n[h][2], n[h][3]);
    EXPECT(n[0][0] + n[0][1] == 8 && n[1][0] + n[1][1] == 2);
    EXPECT(n[0][1] == 0 && n[0][2] == 0 && n[1][2] == 0);
    gm_csv_destroy(t);
}

static void other_recordings_show_no_pacemaker(void)
{
    static const char *const paths[] = {ECG_DATA "/ptbdb/s0010_re.hea", ECG_DATA "/mitdb/100.hea",
                                        ECG_DATA "/dicom/waveform_ecg_anon.dcm"};
    for (size_t k = 0; k < 3; k++) {
        NEED_DATA(paths[k]);
        recording r = recording_read(paths[k]);
        if (!r.m) continue;
        gm_pacing p;
        EXPECT(gm_ecg_find_pacing(&p, &r.s, r.beat_s, r.m->n_beats) == GM_OK);
        EXPECT(!p.is_paced && p.n == 0);
        gm_pacing_clear(&p);
        recording_drop(&r);
    }
}

int main(int argc, char **argv)
{
    RUN(planted_spikes_are_found_and_related);
    RUN(beats_noise_and_steps_are_no_spikes);
    RUN(one_spike_is_doubtful_and_a_slow_rate_too);
    RUN(the_pacemakers_of_ludb_are_found);
    RUN(other_recordings_show_no_pacemaker);
    return gm_report();
}
