/* round_trip_for_tests.h - what a format that is read and written must keep, and real records to try it
 * on. Not part of the library.
 */
#ifndef GM_ECG_ROUND_TRIP_FOR_TESTS_H
#define GM_ECG_ROUND_TRIP_FOR_TESTS_H

#include "core/alloc.h"
#include "ecg/build.h"
#include "ecg/format.h"
#include "testing/gm_test.h"

static inline bool same_text(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* Whether b has a's rate, first time, channels, scales and counts: exactly. */
static inline bool same_samples(const gm_ecg *a, const gm_ecg *b)
{
    bool same =
        a->rate_hz == b->rate_hz && a->n_samples == b->n_samples && a->n_channels == b->n_channels;
    if (!same)
        printf("  %zu x %zu at %.17g Hz, %zu x %zu at %.17g Hz\n", a->n_channels, a->n_samples,
               a->rate_hz, b->n_channels, b->n_samples, b->rate_hz);
    for (size_t c = 0; same && c < a->n_channels; c++) {
        const gm_ecg_channel *x = &a->channels[c], *y = &b->channels[c];
        bool scale = x->mv_per_count == y->mv_per_count ||
                     (isnan(x->mv_per_count) && isnan(y->mv_per_count));
        bool equal = x->lead == y->lead && scale && x->baseline == y->baseline &&
                     memcmp(x->counts, y->counts, a->n_samples * sizeof *x->counts) == 0;
        if (!equal)
            printf("  channel %zu: lead %d %d, scale %.17g %.17g, baseline %.17g %.17g\n", c,
                   x->lead, y->lead, x->mv_per_count, y->mv_per_count, x->baseline, y->baseline);
        same = equal;
    }
    return same;
}

/* `e` written as `path`, a name of that format, and read back; NULL after a failure, which is printed. */
static inline gm_ecg *there_and_back(const gm_ecg *e, const char *path, gm_ecg_files *files)
{
    gm_ecg *back = NULL;
    gm_status s = gm_ecg_encode(files, e, path);
    if (s == GM_OK) {
        const gm_ecg_format *const *f = gm_ecg_formats();
        while (*f && !(*f)->sniff(files->items[0].bytes, files->items[0].length))
            f++;
        s = *f ? (*f)->read(&back, path, files->items[0].bytes, files->items[0].length)
               : gm_fail(GM_EFORMAT, "%s: not recognised", path);
    }
    if (s != GM_OK) printf("  %s\n", gm_error_text());
    return back;
}

/* Reads a record and keeps its first n samples (0: all). */
static inline gm_ecg *beginning_of(const char *path, size_t n)
{
    gm_ecg *e;
    if (gm_ecg_read(&e, path) != GM_OK) printf("  %s\n", gm_error_text());
    if (e && n && n < e->n_samples) e->n_samples = n;
    return e;
}

/* What we can read of every kind, a sample of it missing, comes back from a file of that name. */
static inline void expect_real_records_come_back(const char *name)
{
    static const struct {
        const char *path;
        size_t n;
    } records[] = {{GM_SHARED_DIR "/data/ecg/mitdb/100.hea", 10000},
                   {GM_SHARED_DIR "/data/ecg/ludb/data/1.hea", 0},
                   {GM_SHARED_DIR "/data/ecg/ptbdb/s0010_re.hea", 0},
                   {GM_SHARED_DIR "/data/ecg/dicom/waveform_ecg_anon.dcm", 0},
                   {GM_SHARED_DIR "/data/ecg/aecg/ecg_hl7_anon.xml", 0}};
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        NEED_DATA(records[i].path);
        gm_ecg_files files = {0};
        gm_ecg *e = beginning_of(records[i].path, records[i].n);
        if (e) e->channels[0].counts[3] = GM_ECG_MISSING_COUNT;
        gm_ecg *back = e ? there_and_back(e, name, &files) : NULL;
        EXPECT(back && same_samples(e, back));
        if (back) EXPECT(strcmp(back->channels[0].name, e->channels[0].name) == 0);
        if (back && e->acquired) EXPECT(same_text(e->acquired, back->acquired));
        if (back && e->n_others)
            EXPECT_CONTAINS(files.left_out[files.n_left_out - 1], "waveform 2");
        gm_ecg_files_free(&files);
        gm_ecg_destroy(e);
        gm_ecg_destroy(back);
    }
}

/* Three channels of which no scale is a round number, samples missing, one uncalibrated. */
static inline gm_ecg *awkward_ecg(void)
{
    gm_ecg *e;
    if (gm_ecg_create(&e, "TEST", 4, 5) != GM_OK) return NULL;
    static const int32_t counts[4][5] = {{0, 1, -1, INT32_MAX, -INT32_MAX},
                                         {GM_ECG_MISSING_COUNT, 1024, 995, 100000007, -8388608},
                                         {7, GM_ECG_MISSING_COUNT, 1, 2, 3},
                                         {5, 6, 7, 8, 9}};
    static const double scales[4] = {0.005, 1 / 1716.0, NAN, 1.0 / 3},
                        baselines[4] = {0, 1024.5, 12, -6};
    static const char *const names[4] = {"II", "Lead \"V1\" [a], b", "RESP", NULL};
    static const int leads[4] = {1, -1, -1, 11};
    e->rate_hz = 360.0 / 7;
    for (int c = 0; c < 4; c++) {
        gm_ecg_channel *ch = &e->channels[c];
        (void)gm_ecg_set(&ch->name, names[c]);
        ch->lead = leads[c];
        ch->mv_per_count = scales[c];
        ch->baseline = baselines[c];
        memcpy(ch->counts, counts[c], sizeof counts[c]);
    }
    return e;
}

/* Everything that is known about nobody. */
static inline void fill_facts(gm_ecg *e)
{
    (void)gm_ecg_set(&e->patient.name, "Doe, Jane \"J\"");
    (void)gm_ecg_set(&e->patient.id, "P:1");
    (void)gm_ecg_set(&e->patient.birth_date, "1962-03");
    e->patient.sex = GM_SEX_FEMALE;
    e->patient.age_years = 57.5;
    e->patient.height_cm = 170.25;
    e->patient.weight_kg = 61;
    (void)gm_ecg_set(&e->acquired, "2020-01-02T03:04:05.5");
    (void)gm_ecg_set(&e->device, "Maker, Model");
    (void)gm_ecg_set(&e->device_id, "SN=7");
    (void)gm_ecg_set(&e->institution, "Sankt J\xc3\xb6rg");
    (void)gm_ecg_set(&e->physician, "Dr. A");
    (void)gm_ecg_add_comment(e, "first: line");
    (void)gm_ecg_add_comment(e, "second");
    e->device_says.rr_ms = 982;
    e->device_says.pr_ms = 161;
    e->device_says.qrs_ms = 75;
    e->device_says.qt_ms = 368;
    e->device_says.qtc_ms = 370;
    e->device_says.p_axis_deg = 74;
    e->device_says.qrs_axis_deg = -52;
    e->device_says.t_axis_deg = 57;
}

static inline void expect_same_facts(const gm_ecg *a, const gm_ecg *b)
{
    EXPECT(same_text(a->patient.name, b->patient.name) && same_text(a->patient.id, b->patient.id));
    EXPECT(same_text(a->patient.birth_date, b->patient.birth_date));
    EXPECT(a->patient.sex == b->patient.sex && a->patient.age_years == b->patient.age_years);
    EXPECT(a->patient.height_cm == b->patient.height_cm);
    EXPECT(a->patient.weight_kg == b->patient.weight_kg);
    EXPECT(same_text(a->acquired, b->acquired) && same_text(a->device, b->device));
    EXPECT(same_text(a->device_id, b->device_id) && same_text(a->institution, b->institution));
    EXPECT(same_text(a->physician, b->physician) && a->n_comments == b->n_comments);
    for (size_t i = 0; i < a->n_comments && i < b->n_comments; i++)
        EXPECT(same_text(a->comments[i], b->comments[i]));
    EXPECT(memcmp(&a->device_says, &b->device_says, sizeof a->device_says) == 0);
}

/* `e`, the awkward one with its facts, taken; comes back from a file of that name, and nothing is left
 * out. */
static inline void expect_awkward_comes_back(gm_ecg *e, const char *name)
{
    gm_ecg_files files = {0};
    gm_ecg *back = there_and_back(e, name, &files);
    EXPECT(back && same_samples(e, back));
    if (back) {
        expect_same_facts(e, back);
        EXPECT(back->first_ms == e->first_ms);
        EXPECT(!e->group || same_text(back->group, e->group));
        EXPECT(strcmp(back->channels[1].name, "Lead \"V1\" [a], b") == 0);
        EXPECT(strcmp(back->channels[2].unit, "counts") == 0);
        EXPECT(strcmp(back->channels[3].name, "V6") == 0);
    }
    EXPECT(files.n_left_out == 0);
    gm_ecg_files_free(&files);
    gm_ecg_destroy(e);
    gm_ecg_destroy(back);
}

#endif
