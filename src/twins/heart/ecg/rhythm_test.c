/* Rhythms made to order, and LUDB's rhythm labels. */
#include "heart/ecg/rhythm.h"

#include "core/rng.h"
#include "heart/ecg/ludb_for_tests.h"
#include "heart/ecg/p_presence.h"

enum { MOST = 4000 };
static double beats[MOST];

typedef enum { STEADY, BREATHING, FIBRILLATING } made;

static void make(size_t from, size_t to, made how, double mean_s, uint64_t seed)
{
    gm_rng r = gm_rng_stream(seed, 0);
    for (size_t i = from; i < to; i++) {
        double part = how == STEADY      ? 0.01 * gm_rng_normal(&r)
                      : how == BREATHING ? 0.12 * sin(2 * M_PI * (double)i / 6)
                                         : 0.22 * gm_rng_normal(&r);
        beats[i] = (i ? beats[i - 1] : 0.3) + mean_s * fmax(0.4, 1 + part);
    }
}

static gm_rhythm judged(size_t n, double p_present)
{
    gm_rhythm r;
    EXPECT(gm_ecg_rhythm(&r, beats, n, NULL, p_present) == GM_OK);
    return r;
}

static void made_rhythms_are_named(void)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        make(0, 60, STEADY, 0.8, seed);
        gm_rhythm r = judged(60, 1);
        EXPECT(r.kind == GM_RHYTHM_REGULAR && !r.is_doubtful && r.n_pauses == 0);
        EXPECT_CLOSE(r.rate_per_min, 75, 0.01, 0);
        make(0, 60, BREATHING, 0.8, seed);
        EXPECT(judged(60, 1).kind == GM_RHYTHM_IRREGULAR);
        make(0, 60, FIBRILLATING, 0.8, seed);
        r = judged(60, 0);
        EXPECT(r.kind == GM_RHYTHM_FIBRILLATION_SUSPECTED && !r.is_doubtful);
        EXPECT_CLOSE(r.turning_ratio, 2.0 / 3, 0, 0.2); /* a random series */
        EXPECT(r.cosen > -1.4);
        r = judged(60, NAN);
        EXPECT(r.kind == GM_RHYTHM_FIBRILLATION_SUSPECTED && r.is_doubtful);
        EXPECT_CONTAINS(r.reason, "not judged");
    }
}

static void fibrillation_in_part_of_a_record_is_noticed(void)
{
    make(0, 600, STEADY, 0.8, 3);
    make(600, 750, FIBRILLATING, 0.7, 4);
    make(750, 1500, STEADY, 0.8, 5);
    gm_rhythm r = judged(1500, 1);
    EXPECT(r.kind == GM_RHYTHM_FIBRILLATION_SUSPECTED && r.is_doubtful);
    EXPECT(r.n_windows == 49 && r.n_irregular_windows >= 4 && r.n_irregular_windows <= 6);
}

static void pauses_and_rates_are_reported(void)
{
    make(0, 100, STEADY, 1.2, 1);
    for (size_t i = 40; i < 100; i++)
        beats[i] += 1.5;
    for (size_t i = 70; i < 100; i++)
        beats[i] += 3;
    gm_rhythm r = judged(100, 1);
    EXPECT(r.n_pauses == 2 && r.is_bradycardia && !r.is_tachycardia);
    EXPECT_CLOSE(r.longest_pause_s, 4.2, 0, 0.05);
    EXPECT_CLOSE(r.longest_pause_at_s, beats[69], 0, 1e-9);
    EXPECT(r.slowest_per_min < 42 && r.fastest_per_min > 49);
    make(0, 100, STEADY, 0.5, 1);
    r = judged(100, 1);
    EXPECT(r.is_tachycardia && !r.is_bradycardia && isnan(r.longest_pause_s));
}

static void ectopic_beats_do_not_make_fibrillation(void)
{
    gm_beat_label labels[60];
    memset(labels, 0, sizeof labels);
    make(0, 60, STEADY, 0.8, 2);
    for (size_t i = 3; i < 60; i += 4) /* every fourth beat early */
        beats[i] -= 0.3, labels[i].is = GM_BEAT_ECTOPIC;
    gm_rhythm r;
    EXPECT(gm_ecg_rhythm(&r, beats, 60, labels, NAN) == GM_OK);
    EXPECT(r.kind == GM_RHYTHM_REGULAR_WITH_ECTOPICS);
    EXPECT_BELOW(r.median_step, 0.03);
    EXPECT_CLOSE(r.rate_per_min, 75, 0.01, 0);
}

static void little_is_not_judged(void)
{
    make(0, 10, STEADY, 0.8, 2);
    for (size_t n = 0; n < 5; n++) {
        gm_rhythm r = judged(n, 1);
        EXPECT(r.kind == GM_RHYTHM_UNKNOWN && r.is_doubtful && strlen(r.reason) > 0);
    }
    beats[3] = beats[2];
    gm_rhythm r;
    EXPECT(gm_ecg_rhythm(&r, beats, 10, NULL, 1) == GM_EINVAL);
    for (long k = 0; k < 5; k++) {
        gm_alloc_fail_after(k);
        EXPECT(gm_ecg_rhythm(&r, beats, 3, NULL, 1) == GM_ENOMEM);
        gm_alloc_fail_after(-1);
    }
}

/* Labels from classes.h, P from p_presence.h. */
static gm_rhythm of_recording(const recording *r, bool with_p)
{
    gm_rhythm out = {0};
    gm_beat_classes c;
    gm_pacing p;
    EXPECT(gm_ecg_find_pacing(&p, &r->s, r->beat_s, r->m->n_beats) == GM_OK);
    EXPECT(gm_ecg_classify_beats(&c, &r->s, r->beat_s, r->m->n_beats, &p) == GM_OK);
    gm_p_presence has_p;
    EXPECT(gm_ecg_p_presence(&has_p, &r->s, r->beat_s, r->m->n_beats, c.labels) == GM_OK);
    EXPECT(gm_ecg_rhythm(&out, r->beat_s, r->m->n_beats, c.labels,
                         with_p ? has_p.probability : NAN) == GM_OK);
    gm_beat_classes_clear(&c);
    gm_pacing_clear(&p);
    return out;
}

static void ludb_fibrillation_is_suspected(void)
{
    NEED_DATA(ECG_DATA "/ludb/ludb.csv");
    gm_csv *t = ludb_table();
    /* 101-140 was looked at while the rule for coupled beats and the witness of P waves were chosen. */
    size_t n[2][2][4] = {{{0}}}; /* [P given][held out][AF found, AF missed, false, rightly not] */
    size_t paced_af = 0, paced_found = 0, slow[2] = {0}, fast[2] = {0};
    for (int k = 1; t && k <= LUDB_LAST; k++) {
        recording r = ludb_read(k);
        if (!r.m) continue;
        bool af = ludb_says(t, k, "Rhythms", "fibrillation"), held = k > LUDB_LAST_DEVELOPED;
        bool paced = ludb_says(t, k, "Cardiac pacing", "P");
        for (int with_p = 0; with_p < 2; with_p++) {
            gm_rhythm v = of_recording(&r, with_p);
            bool found = v.kind == GM_RHYTHM_FIBRILLATION_SUSPECTED;
            if (paced && af)
                paced_af += with_p, paced_found += with_p && found;
            else
                n[with_p][held][af ? !found : 2 + !found]++;
            if (with_p && af != found)
                printf("  LUDB %d (%s%s): %s: %s\n", k, af ? "fibrillation" : "none",
                       paced ? ", paced" : "", gm_rhythm_names[v.kind], v.reason);
            if (!with_p) continue;
            bool brady = ludb_says(t, k, "Rhythms", "bradycardia");
            bool tachy = ludb_says(t, k, "Rhythms", "tachycardia");
            slow[0] += brady, slow[1] += brady && v.is_bradycardia;
            fast[0] += tachy, fast[1] += tachy && v.is_tachycardia;
        }
        recording_drop(&r);
    }
    for (int p = 1; p >= 0; p--)
        for (int h = 0; h < 2; h++) {
            const size_t *c = n[p][h];
            printf("LUDB %s, P %s: fibrillation found %zu of %zu (Se %.1f %%), others rightly not "
                   "%zu of %zu "
                   "(Sp %.1f %%)\n",
                   h ? "101-140" : "1-100", p ? "given" : "unknown", c[0], c[0] + c[1],
                   100 * (double)c[0] / (double)(c[0] + c[1]), c[3], c[2] + c[3],
                   100 * (double)c[3] / (double)(c[2] + c[3]));
            EXPECT(c[0] + c[1] == (h ? 5 : 6) && c[1] <= (size_t)h);
            EXPECT((double)c[2] <= (p ? 0.03 : 0.08) * (double)(c[2] + c[3]));
        }
    printf("fibrillation with a paced ventricle: suspected %zu of %zu; bradycardia %zu of %zu, "
           "tachycardia "
           "%zu of %zu\n",
           paced_found, paced_af, slow[1], slow[0], fast[1], fast[0]);
    gm_csv_destroy(t);
}

static void ludb_p_waves_are_seen_by_their_sameness(void)
{
    NEED_DATA(ECG_DATA "/ludb/ludb.csv");
    gm_csv *t = ludb_table();
    size_t n[2][2][2] = {{{0}}}; /* [held out][fibrillation or flutter][absent, present] */
    for (int k = 1; t && k <= LUDB_LAST; k++) {
        recording r = ludb_read(k);
        if (!r.m) continue;
        gm_p_presence p;
        EXPECT(gm_ecg_p_presence(&p, &r.s, r.beat_s, r.m->n_beats, NULL) == GM_OK);
        if (!ludb_says(t, k, "Cardiac pacing", "P"))
            n[k > LUDB_LAST_DEVELOPED][ludb_says(t, k, "Rhythms", "fibrillation")]
             [p.probability >= 0.5]++;
        recording_drop(&r);
    }
    for (int h = 0; h < 2; h++)
        printf("LUDB %s: P present in %zu of %zu without, %zu of %zu with fibrillation\n",
               h ? "101-140" : "1-100", n[h][0][1], n[h][0][0] + n[h][0][1], n[h][1][1],
               n[h][1][0] + n[h][1][1]);
    EXPECT(n[0][0][0] <= 8 && n[0][1][1] <= 1);
    gm_csv_destroy(t);
}

static void mit_bih_100_is_regular_with_ectopic_beats(void)
{
    NEED_DATA(ECG_DATA "/mitdb/100.hea");
    recording r = recording_read(ECG_DATA "/mitdb/100.hea");
    if (!r.m) return;
    r.s.mv = r.mv + 10 * r.s.n, r.s.n_leads = 1; /* V5, the one of the twelve that there is */
    gm_rhythm v = of_recording(&r, true);
    printf("MIT-BIH 100: %s: %s\n", gm_rhythm_names[v.kind], v.reason);
    EXPECT(v.kind == GM_RHYTHM_REGULAR_WITH_ECTOPICS && v.n_irregular_windows == 0 &&
           v.n_pauses == 0);
    EXPECT_CLOSE(v.rate_per_min, 75.51, 0, 0.05);
    recording_drop(&r);
}

int main(int argc, char **argv)
{
    RUN(made_rhythms_are_named);
    RUN(fibrillation_in_part_of_a_record_is_noticed);
    RUN(pauses_and_rates_are_reported);
    RUN(ectopic_beats_do_not_make_fibrillation);
    RUN(little_is_not_judged);
    RUN(ludb_fibrillation_is_suspected);
    RUN(ludb_p_waves_are_seen_by_their_sameness);
    RUN(mit_bih_100_is_regular_with_ectopic_beats);
    return gm_report();
}
