/* Classes of beats: synthetic records whose ectopics and artefacts are planted, and MIT-BIH 100. */
#include "heart/ecg/classes.h"

#include "core/rng.h"
#include "ecg/wfdb_annotation.h"
#include "heart/ecg/ludb_for_tests.h"

enum { LEADS = 3, N = 30000, MAX_BEATS = 128 };
static const double RATE_HZ = 500;

typedef enum { USUAL, PVC, EARLY_ATRIAL, BURST, SPIKED } planted;
typedef struct {
    double mv[LEADS * N], beat_s[MAX_BEATS];
    planted what[MAX_BEATS];
    size_t n_beats;
} record;

static double bump(double t_ms, double at_ms, double sigma_ms, double mv)
{
    double u = (t_ms - at_ms) / sigma_ms;
    return fabs(u) < 8 ? mv * exp(-u * u / 2) : 0;
}

static double beat_mv(size_t lead, double t_ms, planted what)
{
    static const double gain[LEADS] = {0.7, 1, -0.5}, wide[LEADS] = {-0.9, -1, 1.2};
    if (what == PVC || what == SPIKED)
        return wide[lead] * (bump(t_ms, 10, 35, 1.3) - bump(t_ms, 250, 60, 0.5));
    return gain[lead] *
           (bump(t_ms, -22, 7, -0.15) + bump(t_ms, 0, 9, 1.2) + bump(t_ms, 22, 8, -0.3) +
            bump(t_ms, 280, 38, 0.3) + bump(t_ms, -160, 20, 0.12));
}

static void add_beat(record *r, double at_s, planted what, gm_rng *random)
{
    r->beat_s[r->n_beats] = at_s;
    r->what[r->n_beats++] = what;
    for (size_t l = 0; l < LEADS; l++) {
        double size = 2 * (gm_rng_uniform(random) - 0.3);
        for (size_t i = 0; i < N; i++) {
            double t_ms = 1000 * ((double)i / RATE_HZ - at_s);
            if (fabs(t_ms) > 600) continue;
            if (what != BURST)
                r->mv[l * N + i] += beat_mv(l, t_ms, what);
            else if (fabs(t_ms) < 280) /* an electrode is rubbed */
                r->mv[l * N + i] += size * gm_rng_normal(random);
        }
    }
}

/* A minute at 75 per minute; every `every`-th beat is as planted. */
static record *make(planted what, size_t every, double noise_mv, uint64_t seed)
{
    record *r = calloc(1, sizeof *r);
    gm_rng random = gm_rng_stream(seed, 99);
    double t = 0.5, rr = 0.8;
    for (size_t k = 1; t < 59.2; k++) {
        bool is_planted = every > 0 && k % every == 0;
        double jitter = 0.02 * (gm_rng_uniform(&random) - 0.5);
        if (is_planted && (what == PVC || what == EARLY_ATRIAL)) { /* early, then a pause */
            add_beat(r, t - 0.3 * rr + jitter, what, &random);
            t += rr;
            continue;
        }
        add_beat(r, t + jitter, is_planted && what == SPIKED ? SPIKED : USUAL, &random);
        if (is_planted && what == BURST) add_beat(r, t + 0.5 * rr, BURST, &random);
        t += rr;
    }
    for (size_t l = 0; l < LEADS; l++) {
        gm_rng noise = gm_rng_stream(seed, l);
        for (size_t i = 0; i < N; i++)
            r->mv[l * N + i] +=
                noise_mv * gm_rng_normal(&noise) + 0.2 * sin(2 * M_PI * 0.25 * (double)i / RATE_HZ);
    }
    return r;
}

static gm_beat_classes classify(const record *r, const gm_pacing *pacing)
{
    gm_beat_classes c;
    EXPECT(gm_ecg_classify_beats(&c, &(gm_ecg_samples){r->mv, LEADS, N, RATE_HZ}, r->beat_s,
                                 r->n_beats, pacing) == GM_OK);
    return c;
}

static size_t disagreements(const record *r, const gm_beat_classes *c, gm_beat_class planted_is)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        gm_beat_class want = r->what[i] == USUAL ? GM_BEAT_DOMINANT : planted_is;
        if (c->labels[i].is == want) continue;
        n++;
        printf("  beat %zu at %.2f s: %s, expected %s: %s\n", i, r->beat_s[i],
               gm_beat_class_names[c->labels[i].is], gm_beat_class_names[want],
               c->labels[i].reason);
    }
    return n;
}

static void usual_beats_are_dominant(void)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        record *r = make(USUAL, 0, 0.05, seed);
        gm_beat_classes c = classify(r, NULL);
        EXPECT(disagreements(r, &c, GM_BEAT_DOMINANT) == 0 && !c.is_doubtful);
        EXPECT(c.n_of[GM_BEAT_DOMINANT] == c.n && c.n > 70);
        gm_beat_classes_clear(&c);
        free(r);
    }
}

static void planted_ventricular_beats_are_ectopic(void)
{
    static const size_t every[] = {40, 10, 4, 2}; /* 2: bigeminy */
    static const double noise_mv[] = {0.01, 0.1};
    for (size_t k = 0; k < 4; k++)
        for (size_t j = 0; j < 2; j++) {
            record *r = make(PVC, every[k], noise_mv[j], 5 + k);
            gm_beat_classes c = classify(r, NULL);
            EXPECT(disagreements(r, &c, GM_BEAT_ECTOPIC) == 0);
            EXPECT(c.n_ventricular == c.n_of[GM_BEAT_ECTOPIC] && c.n_ventricular > 0);
            for (size_t i = 0; i < c.n; i++)
                if (r->what[i] == PVC) EXPECT(c.labels[i].width_ms > c.dominant_width_ms + 20);
            gm_beat_classes_clear(&c);
            free(r);
        }
}

static void early_beats_of_the_usual_shape_are_supraventricular(void)
{
    record *r = make(EARLY_ATRIAL, 9, 0.03, 3);
    gm_beat_classes c = classify(r, NULL);
    EXPECT(disagreements(r, &c, GM_BEAT_ECTOPIC) == 0);
    EXPECT(c.n_supraventricular == c.n_of[GM_BEAT_ECTOPIC] && c.n_supraventricular == 8);
    gm_beat_classes_clear(&c);
    free(r);
}

static void bursts_are_artefacts(void)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        record *r = make(BURST, 12, 0.02, seed);
        gm_beat_classes c = classify(r, NULL);
        size_t wrong = 0, usual_wrong = 0;
        for (size_t i = 0; i < c.n; i++) {
            wrong += r->what[i] == BURST && c.labels[i].is != GM_BEAT_ARTEFACT;
            /* A usual beat that a burst touches may be lost with it. */
            bool touched = (i > 0 && r->what[i - 1] == BURST) || r->what[i] == BURST ||
                           (i + 1 < c.n && r->what[i + 1] == BURST);
            usual_wrong += !touched && c.labels[i].is != GM_BEAT_DOMINANT;
        }
        EXPECT(wrong == 0 && usual_wrong == 0 && c.n_of[GM_BEAT_ARTEFACT] >= 6);
        gm_beat_classes_clear(&c);
        free(r);
    }
}

static void beats_after_spikes_are_paced_and_so_are_their_like(void)
{
    record *r = make(SPIKED, 2, 0.02, 8);
    gm_pacing_spike spikes[MAX_BEATS];
    gm_pacing p = {.spikes = spikes};
    size_t n_paced = 0;
    for (size_t i = 0; i < r->n_beats; i++)
        if (r->what[i] == SPIKED && n_paced++ % 3) /* the device shows two spikes of three */
            spikes[p.n++] =
                (gm_pacing_spike){.time_s = r->beat_s[i] - 0.08, .chamber = GM_SPIKE_VENTRICULAR};
    gm_beat_classes c = classify(r, &p);
    EXPECT(disagreements(r, &c, GM_BEAT_PACED) == 0);
    gm_beat_classes_clear(&c);
    free(r);
}

static void gaps_and_wrong_input_are_said(void)
{
    record *r = make(USUAL, 0, 0.02, 9);
    for (size_t l = 0; l < LEADS; l++)
        for (size_t i = 5000; i < 6000; i++)
            r->mv[l * N + i] = NAN;
    gm_beat_classes c = classify(r, NULL);
    EXPECT(c.n_of[GM_BEAT_ARTEFACT] >= 2 && c.n_of[GM_BEAT_ARTEFACT] <= 4);
    EXPECT(c.n_of[GM_BEAT_ECTOPIC] == 0);
    gm_beat_classes_clear(&c);
    gm_ecg_samples s = {r->mv, LEADS, N, RATE_HZ};
    double backwards[2] = {3, 2}, outside[1] = {60.5};
    EXPECT(gm_ecg_classify_beats(&c, &s, backwards, 2, NULL) == GM_EINVAL);
    EXPECT(gm_ecg_classify_beats(&c, &s, outside, 1, NULL) == GM_EINVAL);
    EXPECT(gm_ecg_classify_beats(&c, &s, NULL, 0, NULL) == GM_OK && c.n == 0);
    for (long k = 0; k < 9; k++) {
        gm_alloc_fail_after(k);
        EXPECT(gm_ecg_classify_beats(&c, &s, r->beat_s, r->n_beats, NULL) == GM_ENOMEM);
        gm_alloc_fail_after(-1);
    }
    free(r);
}

/* ---- MIT-BIH 100 ---------------------------------------------------------------------------------- */

static char symbol_near(const gm_annotations *a, double t_s, double rate_hz)
{
    for (size_t i = 0; i < a->n; i++)
        if (gm_annotation_is_beat(a->items[i].code) &&
            fabs((double)a->items[i].sample / rate_hz - t_s) <= 0.150)
            return gm_annotation_symbol(a->items[i].code)[0];
    return '-';
}

static void mit_bih_100_has_one_ventricular_and_33_early_beats(void)
{
    NEED_DATA(ECG_DATA "/mitdb/100.hea");
    gm_ecg *e = NULL;
    gm_annotations *a = NULL;
    recording r = recording_read(ECG_DATA "/mitdb/100.hea");
    EXPECT(gm_ecg_read(&e, ECG_DATA "/mitdb/100.hea") == GM_OK);
    EXPECT(gm_annotations_read(&a, ECG_DATA "/mitdb/100.atr") == GM_OK);
    if (!e || !a || !r.m) return;
    for (size_t l = 0; l < 2; l++) /* MLII is none of the twelve leads */
        for (size_t i = 0; i < e->n_samples; i++)
            r.mv[l * e->n_samples + i] =
                (e->channels[l].counts[i] - e->channels[l].baseline) * e->channels[l].mv_per_count;
    gm_beat_classes c;
    EXPECT(gm_ecg_classify_beats(&c, &(gm_ecg_samples){r.mv, 2, e->n_samples, e->rate_hz}, r.beat_s,
                                 r.m->n_beats, NULL) == GM_OK);
    size_t n[3][GM_N_BEAT_CLASSES] = {{0}}, v_found = 0, a_found = 0; /* N, A, V */
    for (size_t i = 0; i < c.n; i++) {
        char s = symbol_near(a, r.beat_s[i], e->rate_hz);
        const gm_beat_label *l = &c.labels[i];
        n[s == 'A' ? 1 : s == 'V' ? 2 : 0][l->is]++;
        v_found += s == 'V' && l->origin == GM_ORIGIN_VENTRICULAR;
        a_found += s == 'A' && l->origin == GM_ORIGIN_SUPRAVENTRICULAR;
        if ((s != 'N' && l->is == GM_BEAT_DOMINANT) || s == 'V' ||
            (s == 'N' && l->is != GM_BEAT_DOMINANT))
            printf("  %c at %.2f s: %s (%s)\n", s, r.beat_s[i], gm_beat_class_names[l->is],
                   l->reason);
    }
    for (int k = 0; k < 3; k++)
        printf("MIT-BIH 100, %c: dominant %zu, ectopic %zu, artefact %zu\n", "NAV"[k],
               n[k][GM_BEAT_DOMINANT], n[k][GM_BEAT_ECTOPIC], n[k][GM_BEAT_ARTEFACT]);
    size_t right = n[1][GM_BEAT_ECTOPIC] + n[2][GM_BEAT_ECTOPIC], wrong = n[0][GM_BEAT_ECTOPIC];
    printf(
        "ectopic: Se %.1f %%, PPV %.1f %%; V as ventricular %zu of 1, A as supraventricular %zu of "
        "33\n",
        100 * (double)right / 34, 100 * (double)right / (double)(right + wrong), v_found, a_found);
    EXPECT(v_found == 1 && a_found >= 30 && wrong <= 3 && n[0][GM_BEAT_ARTEFACT] == 0);
    gm_beat_classes_clear(&c);
    gm_annotations_destroy(a);
    gm_ecg_destroy(e);
    recording_drop(&r);
}

static void ludb_extrasystoles_against_their_labels(void)
{
    NEED_DATA(ECG_DATA "/ludb/ludb.csv");
    gm_csv *t = ludb_table();
    size_t n[2][3][2] = {{{0}}}; /* [held out][none, atrial, ventricular][without, with ectopics] */
    for (int k = 1; t && k <= LUDB_LAST; k++) {
        if (ludb_says(t, k, "Cardiac pacing", "P")) continue;
        recording r = ludb_read(k);
        if (!r.m) continue;
        gm_beat_classes c;
        EXPECT(gm_ecg_classify_beats(&c, &r.s, r.beat_s, r.m->n_beats, NULL) == GM_OK);
        bool v = ludb_says(t, k, "Extrasystolies", "Ventricular"),
             atrial = ludb_says(t, k, "Extrasystolies", "Atrial");
        size_t found = v ? c.n_ventricular : c.n_of[GM_BEAT_ECTOPIC];
        n[k > LUDB_LAST_DEVELOPED][v ? 2 : atrial][found > 0]++;
        if ((v || atrial) != (found > 0) && k <= LUDB_LAST_DEVELOPED)
            for (size_t i = 0; i < c.n; i++)
                if (found == 0 ? i == 0 : c.labels[i].is == GM_BEAT_ECTOPIC)
                    printf("  LUDB %d (%s): beat %zu of %zu: %s\n", k,
                           v        ? "ventricular"
                           : atrial ? "atrial"
                                    : "none",
                           i, c.n, c.labels[i].reason);
        gm_beat_classes_clear(&c);
        recording_drop(&r);
    }
    for (int h = 0; h < 2; h++)
        printf("LUDB %s: with ectopic beats: %zu of %zu labelled ventricular, %zu of %zu labelled "
               "atrial, "
               "%zu of %zu with no label\n",
               h ? "101-140" : "1-100", n[h][2][1], n[h][2][0] + n[h][2][1], n[h][1][1],
               n[h][1][0] + n[h][1][1], n[h][0][1], n[h][0][0] + n[h][0][1]);
    gm_csv_destroy(t);
}

int main(int argc, char **argv)
{
    RUN(usual_beats_are_dominant);
    RUN(planted_ventricular_beats_are_ectopic);
    RUN(early_beats_of_the_usual_shape_are_supraventricular);
    RUN(bursts_are_artefacts);
    RUN(beats_after_spikes_are_paced_and_so_are_their_like);
    RUN(gaps_and_wrong_input_are_said);
    RUN(mit_bih_100_has_one_ventricular_and_33_early_beats);
    RUN(ludb_extrasystoles_against_their_labels);
    return gm_report();
}
