/* Real recordings against what cardiologists and devices wrote beside them. Prints the figures. */
#include "ecg/wfdb_annotation.h"
#include "heart/ecg/measure.h"
#include "testing/gm_test.h"

#define ECG_DATA GM_SHARED_DIR "/data/ecg"

static const double MATCH_S = 0.150; /* EC57, bxb */

static gm_ecg_measurement *measure_file(const char *path)
{
    gm_ecg *e = NULL;
    gm_ecg_measurement *m = NULL;
    gm_status s = gm_ecg_read(&e, path);
    if (s == GM_OK) s = gm_ecg_measure(&m, e);
    EXPECT(s == GM_OK);
    if (s != GM_OK) printf("%s: %s\n", path, gm_error_text());
    gm_ecg_destroy(e);
    return m;
}

/* ---- MIT-BIH ------------------------------------------------------------------------------------ */

static void all_beats_of_mit_bih_100_are_found(void)
{
    NEED_DATA(ECG_DATA "/mitdb/100.hea");
    gm_ecg_measurement *m = measure_file(ECG_DATA "/mitdb/100.hea");
    gm_annotations *a = NULL;
    EXPECT(gm_annotations_read(&a, ECG_DATA "/mitdb/100.atr") == GM_OK);
    if (!m || !a) return;
    size_t n = 0, hits = 0, at = 0;
    for (size_t i = 0; i < a->n; i++) {
        if (!gm_annotation_is_beat(a->items[i].code)) continue;
        double t = (double)a->items[i].sample / m->rate_hz;
        n++;
        while (at < m->n_beats && m->beats[at].time_s < t - MATCH_S)
            at++;
        if (at < m->n_beats && fabs(m->beats[at].time_s - t) <= MATCH_S) hits++, at++;
    }
    printf("MIT-BIH 100: %zu beats, %zu found, Se %.2f %%, P+ %.2f %%\n", n, hits,
           100.0 * (double)hits / (double)n, 100.0 * (double)hits / (double)m->n_beats);
    EXPECT(n == 2273 && hits == n && m->n_beats == n);
    const gm_ecg_intervals *v = &m->intervals; /* of all beats, from the annotations */
    EXPECT_CLOSE(v->rr_ms, 794.59, 0, 0.1);
    EXPECT_CLOSE(v->heart_rate_per_min, 75.51, 0, 0.01);
    EXPECT_CLOSE(v->sdnn_ms, 48.85, 0, 0.5);
    EXPECT_CLOSE(v->rmssd_ms, 63.23, 0, 1);
    EXPECT_CLOSE(v->pnn50_percent, 9.60, 0, 1);
    gm_annotations_destroy(a);
    gm_ecg_measurement_destroy(m);
}

/* ---- devices ------------------------------------------------------------------------------------ */

static void the_dicom_sample_agrees_with_its_device(void)
{
    NEED_DATA(ECG_DATA "/dicom/waveform_ecg_anon.dcm");
    gm_ecg_measurement *m = measure_file(ECG_DATA "/dicom/waveform_ecg_anon.dcm");
    if (!m) return;
    static const double fiducials_s[10] = {0.527, 1.526, 2.507, 3.489, 4.485,
                                           5.468, 6.442, 7.444, 8.417, 9.370};
    const gm_ecg_intervals *v = &m->intervals;
    EXPECT(m->n_beats == 10);
    for (size_t i = 0; i < m->n_beats && i < 10; i++)
        EXPECT_CLOSE(m->beats[i].time_s, fiducials_s[i], 0, 0.010);
    printf("DICOM: RR %.1f PR %.1f QRS %.1f QT %.1f QTc %.1f ms, axes %.1f %.1f %.1f "
           "(device 982 161 75 368 370, 74 52 57)\n",
           v->rr_ms, v->pr_ms, v->qrs_ms, v->qt_ms, v->qtc_ms[GM_QTC_FRIDERICIA], v->axis_deg[0],
           v->axis_deg[1], v->axis_deg[2]);
    EXPECT_CLOSE(v->rr_ms, 982, 0, 20);
    EXPECT_CLOSE(v->pr_ms, 161, 0, 20);
    EXPECT_CLOSE(v->qrs_ms, 75, 0, 20);
    EXPECT_CLOSE(v->qt_ms, 368, 0, 20);
    EXPECT_CLOSE(v->qtc_ms[GM_QTC_FRIDERICIA], 370, 0, 20);
    EXPECT_CLOSE(v->axis_deg[GM_WAVE_P], 74, 0, 15);
    EXPECT_CLOSE(v->axis_deg[GM_WAVE_QRS], 52, 0, 5);
    EXPECT_CLOSE(v->axis_deg[GM_WAVE_T], 57, 0, 15);
    gm_ecg_measurement_destroy(m);
}

static void the_ptb_sample_shows_its_block(void)
{
    NEED_DATA(ECG_DATA "/ptbdb/s0010_re.hea");
    gm_ecg_measurement *m = measure_file(ECG_DATA "/ptbdb/s0010_re.hea");
    if (!m) return;
    EXPECT(m->n_beats == 52 && m->median.n_beats >= 50);
    EXPECT(m->intervals.qrs_ms > 120); /* right bundle branch block: V1 with a late tall R' */
    gm_ecg_measurement_destroy(m);
}

/* ---- LUDB --------------------------------------------------------------------------------------- */

/* Error of one bound, automatic minus manual, ms. */
typedef struct {
    double sum, squares;
    size_t n, misses; /* misses: annotated, not given */
} errors;

static void add_error(errors *e, double automatic, double manual)
{
    double d = automatic - manual;
    if (!isfinite(d)) {
        e->misses++;
        return;
    }
    e->sum += d, e->squares += d * d, e->n++;
}

static double mean_of(const errors *e)
{
    return e->sum / (double)e->n;
}
static double sd_of(const errors *e)
{
    return sqrt(e->squares / (double)e->n - mean_of(e) * mean_of(e));
}

typedef struct {
    errors on[GM_N_WAVES], off[GM_N_WAVES];
    size_t beats, found, extra;
    size_t p_both, p_ours, p_theirs, p_neither; /* records by whether P waves exist */
} ludb_score;

/* Nearest of our beats, or NULL if none lies within the match window. */
static const gm_ecg_beat *beat_near(const gm_ecg_measurement *m, double t_s)
{
    const gm_ecg_beat *best = NULL;
    for (size_t i = 0; i < m->n_beats; i++)
        if (fabs(m->beats[i].time_s - t_s) <= MATCH_S &&
            (!best || fabs(m->beats[i].time_s - t_s) < fabs(best->time_s - t_s)))
            best = &m->beats[i];
    return best;
}

/* The beat to which a wave belongs: P to the next QRS, T to the last one. */
static const gm_ecg_beat *beat_of(const gm_ecg_measurement *m, gm_ecg_wave w, double t_s)
{
    for (size_t i = 0; i < m->n_beats; i++) {
        double away = t_s - m->beats[i].time_s;
        if (w == GM_WAVE_P && away > -0.4 && away < 0) return &m->beats[i];
        if (w == GM_WAVE_T && away > 0 && (i + 1 == m->n_beats || m->beats[i + 1].time_s > t_s))
            return &m->beats[i];
    }
    return w == GM_WAVE_QRS ? beat_near(m, t_s) : NULL;
}

static int wave_of(int code)
{
    return code == GM_ANNOTATION_P_PEAK   ? GM_WAVE_P
           : code == GM_ANNOTATION_T_PEAK ? GM_WAVE_T
           : gm_annotation_is_beat(code)  ? GM_WAVE_QRS
                                          : -1;
}

/* One annotated wave: peak at a->items[i], its bounds just before and after where given. */
static void score_wave(ludb_score *s, const gm_ecg_measurement *m, int lead,
                       const gm_annotations *a, size_t i, gm_ecg_wave w)
{
    const gm_ecg_beat *b = beat_of(m, w, (double)a->items[i].sample / m->rate_hz);
    if (!b || !b->in_median) return;
    double zero = b->time_s * 1000 - 1000 * (double)m->median.fiducial / m->median.rate_hz;
    const gm_ecg_bounds *mine = &m->median.lead_wave[lead][w];
    double ms = 1000 / m->rate_hz;
    if (i > 0 && a->items[i - 1].code == GM_ANNOTATION_ONSET)
        add_error(&s->on[w], mine->on_ms + zero, (double)a->items[i - 1].sample * ms);
    if (i + 1 < a->n && a->items[i + 1].code == GM_ANNOTATION_OFFSET)
        add_error(&s->off[w], mine->off_ms + zero, (double)a->items[i + 1].sample * ms);
}

/* QRS of lead II inside its annotated span. */
static void score_beats(ludb_score *s, const gm_ecg_measurement *m, const gm_annotations *a)
{
    double first = 1e9, last = -1;
    for (size_t i = 0; i < a->n; i++) {
        if (!gm_annotation_is_beat(a->items[i].code)) continue;
        double t = (double)a->items[i].sample / m->rate_hz;
        first = fmin(first, t), last = fmax(last, t);
        s->beats++;
        s->found += beat_near(m, t) != NULL;
    }
    for (size_t k = 0; k < m->n_beats; k++) {
        double t = m->beats[k].time_s;
        bool true_beat = t < first - MATCH_S || t > last + MATCH_S;
        for (size_t i = 0; i < a->n && !true_beat; i++)
            true_beat = gm_annotation_is_beat(a->items[i].code) &&
                        fabs((double)a->items[i].sample / m->rate_hz - t) <= MATCH_S;
        s->extra += !true_beat;
    }
}

static void score_record(ludb_score *s, int number)
{
    static const char *const endings[12] = {"i",  "ii", "iii", "avr", "avl", "avf",
                                            "v1", "v2", "v3",  "v4",  "v5",  "v6"};
    char path[512];
    snprintf(path, sizeof path, "%s/ludb/data/%d.hea", ECG_DATA, number);
    gm_ecg_measurement *m = measure_file(path);
    if (!m) return;
    size_t n_p = 0, n_qrs = 0;
    for (int l = 0; l < 12; l++) {
        gm_annotations *a = NULL;
        snprintf(path, sizeof path, "%s/ludb/data/%d.%s", ECG_DATA, number, endings[l]);
        EXPECT(gm_annotations_read(&a, path) == GM_OK);
        if (!a) continue;
        if (l == 1) score_beats(s, m, a);
        for (size_t i = 0; i < a->n; i++) {
            int w = wave_of(a->items[i].code);
            if (w < 0) continue;
            n_p += w == GM_WAVE_P, n_qrs += w == GM_WAVE_QRS;
            score_wave(s, m, l, a, i, (gm_ecg_wave)w);
        }
        gm_annotations_destroy(a);
    }
    bool ours = isfinite(m->median.wave[GM_WAVE_P].on_ms), theirs = 2 * n_p > n_qrs;
    s->p_both += ours && theirs, s->p_ours += ours && !theirs;
    s->p_theirs += !ours && theirs, s->p_neither += !ours && !theirs;
    gm_ecg_measurement_destroy(m);
}

static void ludb_bounds_are_near_the_cardiologists(void)
{
    NEED_DATA(ECG_DATA "/ludb/data/1.hea");
    const int first = 71, last = 140; /* the delineator was tuned on 1-70 */
    ludb_score s = {0};
    for (int r = first; r <= last; r++)
        score_record(&s, r);
    printf("LUDB %d-%d: QRS %zu of %zu found, %zu false; P present: both %zu, ours alone %zu, "
           "theirs alone %zu, neither %zu\n",
           first, last, s.found, s.beats, s.extra, s.p_both, s.p_ours, s.p_theirs, s.p_neither);
    for (int w = 0; w < GM_N_WAVES; w++)
        printf("  %-3s on %6.1f +- %5.1f ms (n %zu, missed %zu)   off %6.1f +- %5.1f ms (n %zu, "
               "missed %zu)\n",
               gm_ecg_wave_names[w], mean_of(&s.on[w]), sd_of(&s.on[w]), s.on[w].n, s.on[w].misses,
               mean_of(&s.off[w]), sd_of(&s.off[w]), s.off[w].n, s.off[w].misses);
    EXPECT(s.found >= 0.998 * (double)s.beats && s.extra <= 0.002 * (double)s.beats);
    EXPECT(s.p_ours + s.p_theirs <= 8);
    /* No gate at the published best (QRS 7.7 and 8.7, T off 18.1 ms): that is a later aim. */
    EXPECT_BELOW(fabs(mean_of(&s.on[GM_WAVE_QRS])), 5);
    EXPECT_BELOW(fabs(mean_of(&s.off[GM_WAVE_QRS])), 5);
    EXPECT_BELOW(fabs(mean_of(&s.off[GM_WAVE_T])), 8);
    EXPECT_BELOW(sd_of(&s.on[GM_WAVE_QRS]), 13);
    EXPECT_BELOW(sd_of(&s.off[GM_WAVE_QRS]), 13);
    EXPECT_BELOW(sd_of(&s.off[GM_WAVE_T]), 35);
}

int main(int argc, char **argv)
{
    RUN(all_beats_of_mit_bih_100_are_found);
    RUN(the_dicom_sample_agrees_with_its_device);
    RUN(the_ptb_sample_shows_its_block);
    RUN(ludb_bounds_are_near_the_cardiologists);
    return gm_report();
}
