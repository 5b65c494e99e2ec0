/* Faults added to clean leads, at known size. */
#include "heart/ecg/quality_reasons.h"

#include "core/rng.h"
#include "heart/ecg/ludb_for_tests.h"

enum { N = 5000 };
static const double RATE_HZ = 500;

/* A clean lead: beats of 1 mV, P and T, a second apart. */
static void make_clean(double x[N], double beat_s[10])
{
    for (size_t i = 0; i < N; i++) {
        double t = (double)i / RATE_HZ, from = 1000 * (t - floor(t) - 0.5);
        x[i] = exp(-from * from / 200) + 0.12 * exp(-(from + 160) * (from + 160) / 800) +
               0.3 * exp(-(from - 270) * (from - 270) / 3000);
        x[i] = round(x[i] * 1000 + 0.9 * sin((double)(i * i % 1000))) /
               1000; /* a count or two of noise */
    }
    for (size_t k = 0; k < 10; k++)
        beat_s[k] = (double)k + 0.5;
}

static gm_lead_quality_reasons of(const double *x, const double *beat_s, size_t n_beats)
{
    gm_lead_quality_reasons q = {0};
    EXPECT(gm_ecg_quality_reasons(&q, &(gm_ecg_samples){x, 1, N, RATE_HZ}, beat_s, n_beats) ==
           GM_OK);
    return q;
}

static void a_clean_lead_has_no_reason(void)
{
    static double x[N];
    double beat_s[10];
    make_clean(x, beat_s);
    gm_lead_quality_reasons q = of(x, beat_s, 10);
    EXPECT(q.reasons[0] == 0 && !q.do_not_trust);
    if (q.reasons[0]) printf("  %s\n", q.reasons);
    q = of(x, NULL, 0);
    EXPECT(q.reasons[0] == 0);
}

static void each_fault_is_named_with_its_size_and_place(void)
{
    static double x[N];
    double beat_s[10];
    make_clean(x, beat_s);
    for (size_t i = 2000; i < 2250; i++)
        x[i] = NAN;
    gm_lead_quality_reasons q = of(x, beat_s, 10);
    EXPECT_CLOSE(q.fault[GM_FAULT_MISSING].value, 0.05, 1e-12, 0);
    EXPECT_CONTAINS(q.reasons, "5 % of the samples missing");
    EXPECT(!q.do_not_trust);

    make_clean(x, beat_s);
    for (size_t i = 3000; i < 4200; i++)
        x[i] = 0.02;
    q = of(x, beat_s, 10);
    EXPECT_CLOSE(q.fault[GM_FAULT_FLAT].value, 2.4, 0, 0.01);
    EXPECT_CONTAINS(q.reasons, "flat for 2.40 s from 6.00 s on (do not trust)");
    EXPECT(q.do_not_trust);

    make_clean(x, beat_s);
    for (size_t i = 0; i < N; i++)
        x[i] = fmin(x[i], 0.5);
    q = of(x, beat_s, 10);
    EXPECT(q.fault[GM_FAULT_SATURATED].value > 0.01 && q.do_not_trust);
    EXPECT_CONTAINS(q.reasons, "on a rail");

    make_clean(x, beat_s);
    for (size_t i = 0; i < N; i++)
        x[i] += (i >= 1100 ? 0.8 : 0) - (i >= 3150 ? 0.5 : 0);
    q = of(x, beat_s, 10);
    EXPECT_CLOSE(q.fault[GM_FAULT_STEPS].value, 2, 0, 1e-9);
    EXPECT_CLOSE(q.fault[GM_FAULT_STEPS].at_s, 2.2, 0, 0.03);
    EXPECT_CONTAINS(q.reasons, "2 jumps of the baseline, the first at 2.");
}

static void mains_wander_and_noise_are_measured(void)
{
    static double x[N];
    static const double mains_hz[] = {50, 60, 60.2}, mv[] = {0.02, 0.05, 0.3};
    double beat_s[10];
    for (size_t f = 0; f < 3; f++)
        for (size_t a = 0; a < 3; a++) {
            make_clean(x, beat_s);
            for (size_t i = 0; i < N; i++)
                x[i] += mv[a] * sin(2 * M_PI * mains_hz[f] * (double)i / RATE_HZ);
            gm_lead_quality_reasons q = of(x, beat_s, 10);
            EXPECT(q.mains_hz == round(mains_hz[f]));
            EXPECT_CLOSE(q.fault[GM_FAULT_MAINS].value, mv[a], 0.15, 0.002);
            EXPECT(!q.fault[GM_FAULT_NOISE].is_remarkable &&
                   !q.fault[GM_FAULT_WANDER].is_remarkable);
            EXPECT(q.do_not_trust == (mv[a] == 0.3));
        }
    for (size_t a = 0; a < 3; a++) {
        gm_rng r = gm_rng_stream(4, a);
        make_clean(x, beat_s);
        for (size_t i = 0; i < N; i++)
            x[i] += mv[a] * gm_rng_normal(&r) + 0.5 * sin(2 * M_PI * 0.2 * (double)i / RATE_HZ);
        gm_lead_quality_reasons q = of(x, beat_s, 10);
        EXPECT_CLOSE(q.fault[GM_FAULT_NOISE].value, mv[a], 0.15, 0.003);
        EXPECT_CLOSE(q.fault[GM_FAULT_WANDER].value, 0.5 / sqrt(2), 0.15, 0);
        EXPECT(q.fault[GM_FAULT_STEPS].value == 0 && isnan(q.mains_hz));
    }
}

static void an_absent_lead_and_a_short_one_are_said(void)
{
    static double x[N];
    for (size_t i = 0; i < N; i++)
        x[i] = NAN;
    gm_lead_quality_reasons q = of(x, NULL, 0);
    EXPECT(q.do_not_trust && q.fault[GM_FAULT_MISSING].value == 1);
    EXPECT(isnan(q.fault[GM_FAULT_NOISE].value));
    for (size_t i = 0; i < N; i++)
        x[i] = 0.3;
    q = of(x, NULL, 0);
    EXPECT_CONTAINS(q.reasons, "flat throughout");
    gm_ecg_samples s = {x, 1, 0, RATE_HZ};
    EXPECT(gm_ecg_quality_reasons(&q, &s, NULL, 0) == GM_EINVAL);
    for (s.n = 1; s.n < 400; s.n++)
        EXPECT(gm_ecg_quality_reasons(&q, &s, NULL, 0) == GM_OK);
    gm_alloc_fail_after(0);
    EXPECT(gm_ecg_quality_reasons(&q, &s, NULL, 0) == GM_ENOMEM);
    gm_alloc_fail_after(-1);
}

/* ---- LUDB ----------------------------------------------------------------------------------------- */

typedef enum { WANDER, MAINS, MUSCLE, MOTION, N_ADDED } added;

/* RMS of an addition of unit size is 1. */
static double addition(added what, size_t i, gm_rng *r)
{
    double t = (double)i / RATE_HZ;
    switch (what) {
    case WANDER: return sin(2 * M_PI * 0.15 * t) + sin(2 * M_PI * 0.32 * t + 1);
    case MAINS: return sqrt(2) * sin(2 * M_PI * 50 * t);
    case MUSCLE: return gm_rng_normal(r);
    default: /* a level that changes every 2.1 s */ return (int)(t / 2.1) % 2 ? 1 : -1;
    }
}

static double rms_of(const double *x, size_t n)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i], squares += x[i] * x[i];
    return sqrt(fmax(0, squares / (double)n - sum * sum / (double)n / (double)n));
}

typedef struct {
    size_t n, remarked, distrusted, due, due_remarked; /* due: well above the limit of a remark */
    double ratio;                                      /* measured to added, summed */
} tally;

static void disturb(const recording *r, added what, double db, uint64_t seed, tally *t)
{
    static const gm_lead_fault fault[N_ADDED] = {GM_FAULT_WANDER, GM_FAULT_MAINS, GM_FAULT_NOISE,
                                                 GM_FAULT_STEPS};
    const double *in = r->mv + r->s.n; /* lead II */
    double *x = gm_calloc(r->s.n, sizeof *x), size = rms_of(in, r->s.n) * pow(10, -db / 20);
    gm_rng random = gm_rng_stream(seed, (uint64_t)what);
    gm_lead_quality_reasons q = {0};
    for (size_t i = 0; x && i < r->s.n; i++)
        x[i] = in[i] + size * addition(what, i, &random);
    gm_ecg_samples s = {x, 1, r->s.n, r->s.rate_hz};
    EXPECT(x && gm_ecg_quality_reasons(&q, &s, r->beat_s, r->m->n_beats) == GM_OK);
    t->n++;
    t->remarked += q.fault[fault[what]].is_remarkable;
    t->distrusted += q.do_not_trust;
    double expected = what == MAINS ? sqrt(2) * size : what == MOTION ? 4 : size;
    double due_from = what == MOTION ? 0.45 : 1.5 * q.fault[fault[what]].remark_from;
    if ((what == MOTION ? 2 * size : expected) >= due_from)
        t->due++, t->due_remarked += q.fault[fault[what]].is_remarkable;
    t->ratio += q.fault[fault[what]].value / expected;
    gm_free(x);
}

static void faults_added_to_ludb_are_found(void)
{
    NEED_DATA(ECG_DATA "/ludb/data/1.hea");
    static const double dbs[] = {24, 18, 12, 6, 0};
    static const char *const names[N_ADDED] = {"baseline wander", "mains 50 Hz", "muscle noise",
                                               "electrode motion"};
    tally t[N_ADDED][5] = {{{0}}};
    size_t leads = 0, remarked[GM_N_FAULTS] = {0}, untrusted = 0;
    for (int k = 1; k <= LUDB_LAST_DEVELOPED; k++) {
        recording r = ludb_read(k);
        if (!r.m) continue;
        gm_lead_quality_reasons q[12];
        EXPECT(gm_ecg_quality_reasons(q, &r.s, r.beat_s, r.m->n_beats) == GM_OK);
        for (int l = 0; l < 12; l++) {
            leads++, untrusted += q[l].do_not_trust;
            for (int f = 0; f < GM_N_FAULTS; f++)
                remarked[f] += q[l].fault[f].is_remarkable;
        }
        bool is_clean = q[1].reasons[0] == 0;
        for (int what = 0; is_clean && what < N_ADDED; what++)
            for (int d = 0; d < 5; d++)
                disturb(&r, (added)what, dbs[d], (uint64_t)k, &t[what][d]);
        recording_drop(&r);
    }
    printf("LUDB 1-100 as recorded, %zu leads: untrusted %zu; remarks:", leads, untrusted);
    for (int f = 0; f < GM_N_FAULTS; f++)
        printf(" %s %zu%s", gm_lead_fault_names[f], remarked[f], f + 1 < GM_N_FAULTS ? "," : "\n");
    for (int what = 0; what < N_ADDED; what++)
        for (int d = 0; d < 5; d++) {
            const tally *c = &t[what][d];
            printf("  %-16s at %2.0f dB in %zu clean leads II: remarked %5.1f %% (%zu of %zu due), "
                   "not trusted "
                   "%5.1f %%, measured %.2f of what was added\n",
                   names[what], dbs[d], c->n, 100 * (double)c->remarked / (double)c->n,
                   c->due_remarked, c->due, 100 * (double)c->distrusted / (double)c->n,
                   c->ratio / (double)c->n);
            EXPECT((double)c->due_remarked >= (what == MOTION ? 0.7 : 0.95) * (double)c->due);
        }
    EXPECT((double)untrusted < 0.02 * (double)leads);
}

int main(int argc, char **argv)
{
    RUN(a_clean_lead_has_no_reason);
    RUN(each_fault_is_named_with_its_size_and_place);
    RUN(mains_wander_and_noise_are_measured);
    RUN(an_absent_lead_and_a_short_one_are_said);
    RUN(faults_added_to_ludb_are_found);
    return gm_report();
}
