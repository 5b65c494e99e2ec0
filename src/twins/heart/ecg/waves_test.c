/* Synthetic ECGs whose waves are Gaussians: bounds known by construction, near 2.5 sigma. */
#include "heart/ecg/waves.h"

#include "core/alloc.h"
#include "core/rng.h"
#include "heart/ecg/spread.h"
#include "heart/ecg/window.h"
#include "testing/gm_test.h"

typedef struct {
    double at_ms, sigma_ms, mv;
} bump;

static const bump beat[] = {
    {-160, 18, 0.15}, {-24, 7, -0.12}, {0, 9, 1.2}, {24, 8, -0.3}, {290, 40, 0.35},
};
enum { N_BUMPS = sizeof beat / sizeof *beat };
static const double SIGMAS = 2.5; /* from the middle of a bump to where a reader sees its end */

typedef struct {
    double rate_hz, seconds, rr_ms, uv_per_count, noise_mv;
    int n_leads;
    bool no_p;
} patient;

static const patient typical = {500, 10, 800, 1, 0.003, 12, false};
static const double lead_gain[12] = {0.7, 1, 0.3, -0.85, 0.2, 0.65, -0.6, -0.3, 0.5, 1.1, 1, 0.8};

static double signal_mv(const patient *p, int lead, double t_ms)
{
    double v = 0;
    double first = 400 + p->rr_ms * fmax(0, floor((t_ms - 2000) / p->rr_ms)); /* bumps end before */
    for (double r = first; r < fmin(t_ms + 2000, p->seconds * 1000); r += p->rr_ms)
        for (int k = p->no_p; k < N_BUMPS; k++) {
            double u = (t_ms - r - beat[k].at_ms) / beat[k].sigma_ms;
            if (fabs(u) < 8) v += lead_gain[lead % 12] * beat[k].mv * exp(-u * u / 2);
        }
    return v;
}

static gm_ecg *make(const patient *p)
{
    gm_ecg *e = calloc(1, sizeof *e);
    e->rate_hz = p->rate_hz;
    e->n_samples = (size_t)(p->seconds * p->rate_hz);
    e->n_channels = (size_t)p->n_leads;
    e->channels = calloc(e->n_channels, sizeof *e->channels);
    for (int l = 0; l < p->n_leads; l++) {
        gm_ecg_channel *c = &e->channels[l];
        *c = (gm_ecg_channel){.lead = l, .mv_per_count = p->uv_per_count / 1000};
        c->name = strdup(gm_lead_names[l]);
        c->counts = calloc(e->n_samples, sizeof *c->counts);
        gm_rng r = gm_rng_stream(7, (uint64_t)l);
        for (size_t i = 0; i < e->n_samples; i++) {
            double v = signal_mv(p, l, 1000 * (double)i / p->rate_hz);
            v += p->noise_mv * gm_rng_normal(&r);
            c->counts[i] = (int32_t)lrint(v * 1000 / p->uv_per_count);
        }
    }
    return e;
}

static void drop(gm_ecg *e)
{
    for (size_t c = 0; c < e->n_channels; c++) {
        free(e->channels[c].name);
        free(e->channels[c].counts);
    }
    free(e->channels);
    free(e);
}

static gm_ecg_waves *waves_of(const gm_ecg *e)
{
    gm_ecg_measurement *m = NULL;
    gm_ecg_waves *w = NULL;
    gm_status s = gm_ecg_measure(&m, e);
    if (s == GM_OK) s = gm_ecg_waves_find(&w, e, m, NULL);
    EXPECT(s == GM_OK);
    if (s != GM_OK) printf("%s\n", gm_error_text());
    gm_ecg_measurement_destroy(m);
    return w;
}

/* The wave of that kind whose peak lies nearest, within 60 ms; NULL: none. */
static const gm_ecg_lead_wave *near(const gm_ecg_lead_waves *l, gm_ecg_wave kind, double ms)
{
    const gm_ecg_lead_wave *best = NULL;
    for (size_t i = 0; i < l->n; i++)
        if (l->waves[i].kind == kind && fabs(l->waves[i].at.peak_ms - ms) < 60) best = &l->waves[i];
    return best;
}

static size_t count(const gm_ecg_lead_waves *l, gm_ecg_wave kind)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++)
        n += l->waves[i].kind == kind;
    return n;
}

/* Every wave of every lead, away from the ends of the record, with its bounds within `within_ms`. */
static void expect_all_waves(const patient *p, double within_ms)
{
    gm_ecg *e = make(p);
    gm_ecg_waves *w = waves_of(e);
    EXPECT(w && w->n_leads == (size_t)p->n_leads);
    for (size_t k = 0; w && k < w->n_leads; k++)
        for (double r = 400 + p->rr_ms; r < p->seconds * 1000 - 800; r += p->rr_ms) {
            const gm_ecg_lead_waves *l = &w->leads[k];
            const gm_ecg_lead_wave *pw = near(l, GM_WAVE_P, r + beat[0].at_ms);
            const gm_ecg_lead_wave *q = near(l, GM_WAVE_QRS, r), *t = near(l, GM_WAVE_T, r + 290);
            EXPECT(p->no_p ? !pw : pw && t && q && pw->beat == q->beat && t->beat == q->beat);
            if (!q || !t) continue;
            EXPECT_CLOSE(q->at.on_ms, r + beat[1].at_ms - SIGMAS * beat[1].sigma_ms, 0, within_ms);
            EXPECT_CLOSE(q->at.peak_ms, r, 0, 4);
            EXPECT_CLOSE(q->at.off_ms, r + beat[3].at_ms + SIGMAS * beat[3].sigma_ms, 0, within_ms);
            EXPECT_CLOSE(t->at.peak_ms, r + beat[4].at_ms, 0, 20);
            EXPECT_CLOSE(t->at.off_ms, r + beat[4].at_ms + 2 * beat[4].sigma_ms, 0, 3 * within_ms);
            if (!pw) continue;
            EXPECT_CLOSE(pw->at.on_ms, r + beat[0].at_ms - SIGMAS * beat[0].sigma_ms, 0,
                         1.5 * within_ms);
            EXPECT_CLOSE(pw->at.off_ms, r + beat[0].at_ms + SIGMAS * beat[0].sigma_ms, 0,
                         1.5 * within_ms);
        }
    gm_ecg_waves_destroy(w);
    drop(e);
}

static void every_wave_of_a_clean_ecg_is_bounded(void)
{
    expect_all_waves(&typical, 14);
}

static void rate_gain_and_number_of_leads_do_not_matter(void)
{
    static const double rates_hz[] = {250, 360, 1000, 2000};
    for (int k = 0; k < 4; k++) {
        patient p = typical;
        p.rate_hz = rates_hz[k];
        expect_all_waves(&p, 16);
    }
    patient one = typical, fine = typical;
    one.n_leads = 1;
    expect_all_waves(&one, 18);
    fine.uv_per_count = 0.1;
    expect_all_waves(&fine, 14);
}

/* Stretches of a long record overlap: no wave may be lost or given twice where they meet. */
static void expect_seamless(double seconds)
{
    patient p = typical;
    p.seconds = seconds, p.n_leads = 2, p.rr_ms = 803;
    gm_ecg *e = make(&p);
    gm_ecg_waves *w = waves_of(e);
    for (size_t k = 0; w && k < w->n_leads; k++) {
        const gm_ecg_lead_waves *l = &w->leads[k];
        size_t beats = 0;
        for (double r = 400; r < p.seconds * 1000; r += p.rr_ms, beats++)
            EXPECT(near(l, GM_WAVE_QRS, r));
        EXPECT(count(l, GM_WAVE_QRS) == beats);
        EXPECT(count(l, GM_WAVE_T) + 1 >= beats && count(l, GM_WAVE_T) <= beats);
        EXPECT(count(l, GM_WAVE_P) + 1 >= beats && count(l, GM_WAVE_P) <= beats);
        for (size_t i = 1; i < l->n; i++)
            EXPECT(l->waves[i].at.peak_ms > l->waves[i - 1].at.peak_ms);
    }
    gm_ecg_waves_destroy(w);
    drop(e);
}

static void a_long_record_is_seamless(void)
{
    expect_seamless(95);
    expect_seamless(
        602); /* two parts, the second of nothing but the end of the first's last stretch */
    expect_seamless(604);
    expect_seamless(1207);
}

static void a_flat_lead_has_no_waves_and_other_channels_keep_their_names(void)
{
    patient p = typical;
    p.n_leads = 4;
    gm_ecg *e = make(&p);
    memset(e->channels[3].counts, 0, e->n_samples * sizeof(int32_t));
    e->channels[1].lead = -1;
    free(e->channels[1].name);
    e->channels[1].name = strdup("MLII");
    e->channels[1].unit = gm_strdup("mV");
    e->channels[2].lead = -1;
    e->channels[2].unit = gm_strdup("mmHg");
    gm_ecg_waves *w = waves_of(e);
    EXPECT(w && w->n_leads == 3);
    if (w && w->n_leads == 3) {
        EXPECT(strcmp(w->leads[0].name, "i") == 0 && strcmp(w->leads[1].name, "MLII") == 0);
        EXPECT(strcmp(w->leads[2].name, "avr") == 0 && w->leads[2].n == 0);
        EXPECT(count(&w->leads[1], GM_WAVE_QRS) == 12);
    }
    gm_ecg_waves_destroy(w);
    gm_free(e->channels[1].unit);
    gm_free(e->channels[2].unit);
    drop(e);
}

static void no_memory_is_said_and_nothing_leaks(void)
{
    patient p = typical;
    p.seconds = 4, p.n_leads = 2;
    gm_ecg *e = make(&p);
    gm_ecg_measurement *m;
    gm_ecg_waves *w = NULL;
    EXPECT(gm_ecg_measure(&m, e) == GM_OK);
    long after = 0;
    for (; after < 500 && !w; after++) {
        gm_alloc_fail_after(after);
        gm_status s = gm_ecg_waves_find(&w, e, m, NULL);
        gm_alloc_fail_after(-1);
        EXPECT(s == (w ? GM_OK : GM_ENOMEM));
    }
    EXPECT(after > 10 && w);
    gm_ecg_waves_destroy(w);
    gm_ecg_measurement_destroy(m);
    drop(e);
}

/* ---- the network -------------------------------------------------------------------------------- */

static void weights_survive_packing(void)
{
    gm_wave_net *a, *b;
    char *bytes;
    size_t length;
    EXPECT(gm_wave_net_builtin(&a) == GM_OK);
    EXPECT(gm_wave_net_pack(a, &bytes, &length) == GM_OK);
    EXPECT(gm_wave_net_unpack(&b, bytes, length) == GM_OK);
    for (size_t i = 0; i < a->n_weights; i++)
        EXPECT_CLOSE((double)b->weights[i], (double)a->weights[i], 1e-6, 1e-9);
    gm_wave_net_destroy(b);
    EXPECT(gm_wave_net_unpack(&b, bytes, length - 1) == GM_EFORMAT && !b);
    bytes[0] = 'X';
    EXPECT(gm_wave_net_unpack(&b, bytes, length) == GM_EFORMAT && !b);
    gm_free(bytes);
    gm_wave_net_destroy(a);
}

/* The kernel against the sum it stands for. */
static void the_convolution_is_one(void)
{
    enum { IN = 3, ROWS = 4, TAPS = 5, N = 37, STRIDE = 48 + 2 * GM_WAVE_NET_PAD };
    static float x[IN * STRIDE], y[ROWS * STRIDE], w[ROWS * IN * TAPS];
    gm_rng r = gm_rng_stream(3, 0);
    for (int i = 0; i < IN; i++)
        for (int t = 0; t < N; t++)
            x[i * STRIDE + GM_WAVE_NET_PAD + t] = (float)gm_rng_normal(&r);
    for (int i = 0; i < ROWS * IN * TAPS; i++)
        w[i] = (float)gm_rng_normal(&r);
    gm_wave_convolve(y + GM_WAVE_NET_PAD, STRIDE, x + GM_WAVE_NET_PAD, STRIDE, w, ROWS, IN, TAPS, 2,
                     N);
    for (int o = 0; o < ROWS; o++)
        for (int t = 0; t < N; t++) {
            double sum = 0;
            for (int i = 0; i < IN; i++)
                for (int k = 0; k < TAPS; k++) {
                    int at = t + (k - TAPS / 2) * 2;
                    if (at < 0 || at >= N) continue;
                    sum += (double)w[(o * IN + i) * TAPS + k] *
                           (double)x[i * STRIDE + GM_WAVE_NET_PAD + at];
                }
            EXPECT_CLOSE((double)y[o * STRIDE + GM_WAVE_NET_PAD + t], sum, 1e-5, 1e-5);
        }
}

/* ---- windows ------------------------------------------------------------------------------------ */

static void the_windows_hold_the_waves_in_noise(void)
{
    static const double noises_mv[] = {0.005, 0.05, 0.12};
    double t_off_sd = 0;
    for (int k = 0; k < 3; k++) {
        patient p = typical;
        p.noise_mv = noises_mv[k];
        gm_ecg *e = make(&p);
        gm_ecg_measurement *m = NULL;
        gm_ecg_waves *w = NULL;
        gm_ecg_bounds window[GM_N_WAVES];
        EXPECT(gm_ecg_measure(&m, e) == GM_OK);
        EXPECT(gm_ecg_waves_find(&w, e, m, NULL) == GM_OK);
        EXPECT(gm_ecg_windows(window, m, w) == GM_OK);
        /* The R peaks lie at 400 ms and every 800 ms; where in the median beat is that? */
        double r = 400 + 800 - 1000 * m->beats[1].time_s;
        r += 1000 * (double)m->median.fiducial / m->median.rate_hz;
        const gm_ecg_bounds *q = &window[GM_WAVE_QRS], *t = &window[GM_WAVE_T];
        EXPECT_CLOSE(q->on_ms, r + beat[1].at_ms - SIGMAS * beat[1].sigma_ms, 0, 16);
        EXPECT_CLOSE(q->off_ms, r + beat[3].at_ms + SIGMAS * beat[3].sigma_ms, 0, 16);
        EXPECT_CLOSE(t->peak_ms, r + beat[4].at_ms, 0, 20);
        EXPECT_CLOSE(t->off_ms, r + beat[4].at_ms + SIGMAS * beat[4].sigma_ms, 0, 50);
        gm_bound_sd_ms sd;
        EXPECT(gm_ecg_bound_spreads(sd, m, w) == GM_OK);
        for (int l = 0; l <= GM_N_LEADS; l++) {
            double most = l < GM_N_LEADS ? 40 : 16;
            EXPECT(sd[l][GM_WAVE_QRS][0] < most && sd[l][GM_WAVE_QRS][2] < most);
        }
        EXPECT(sd[1][GM_WAVE_T][2] > t_off_sd);
        t_off_sd = sd[1][GM_WAVE_T][2]; /* more noise, less sure */
        printf("noise %g mV: QRS from %.0f to %.0f ms about R, T to %.0f ms\n", noises_mv[k],
               q->on_ms - r, q->off_ms - r, t->off_ms - r);
        gm_ecg_waves_destroy(w);
        gm_ecg_measurement_destroy(m);
        drop(e);
    }
}

int main(int argc, char **argv)
{
    RUN(every_wave_of_a_clean_ecg_is_bounded);
    RUN(rate_gain_and_number_of_leads_do_not_matter);
    RUN(a_long_record_is_seamless);
    RUN(a_flat_lead_has_no_waves_and_other_channels_keep_their_names);
    RUN(the_windows_hold_the_waves_in_noise);
    RUN(no_memory_is_said_and_nothing_leaks);
    RUN(weights_survive_packing);
    RUN(the_convolution_is_one);
    return gm_report();
}
