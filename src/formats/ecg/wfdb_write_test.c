#include "ecg/wfdb_write.h"

#include "core/alloc.h"
#include "core/file.h"
#include "ecg/build.h"
#include "ecg/wfdb_annotation.h"
#include "ecg/wfdb_memory.h"
#include "testing/gm_test.h"

#define ECG GM_SHARED_DIR "/data/ecg"
#define GAP GM_ECG_MISSING_COUNT

/* ---- comparing ---------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The same bits, or both NaN. */
static bool same_real(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void expect_same_channels(const gm_ecg *a, const gm_ecg *b)
{
    EXPECT(a->rate_hz == b->rate_hz && a->n_samples == b->n_samples);
    EXPECT(a->n_channels == b->n_channels);
    for (size_t i = 0; i < a->n_channels && i < b->n_channels; i++) {
        const gm_ecg_channel *x = &a->channels[i], *y = &b->channels[i];
        EXPECT(same_text(x->name, y->name) && x->lead == y->lead && same_text(x->unit, y->unit));
        EXPECT(same_real(x->mv_per_count, y->mv_per_count) && x->baseline == y->baseline);
        EXPECT(same_real(x->skew_ms, y->skew_ms));
        if (a->n_samples == b->n_samples)
            EXPECT(memcmp(x->counts, y->counts, a->n_samples * sizeof *x->counts) == 0);
    }
}

static void expect_same_marks(const gm_ecg *a, const gm_ecg *b)
{
    size_t n_wrong = 0;
    EXPECT(a->n_marks == b->n_marks);
    for (size_t i = 0; i < a->n_marks && i < b->n_marks; i++) {
        const gm_ecg_mark *x = &a->marks[i], *y = &b->marks[i];
        n_wrong += x->group != y->group || x->channel != y->channel || x->sample != y->sample ||
                   !same_text(x->what, y->what) || !same_text(x->scheme, y->scheme) ||
                   !same_text(x->code, y->code) || !same_text(x->text, y->text);
    }
    EXPECT(n_wrong == 0);
}

static void expect_same(const gm_ecg *a, const gm_ecg *b)
{
    expect_same_channels(a, b);
    EXPECT(a->n_others == b->n_others);
    for (size_t k = 0; k < a->n_others && k < b->n_others; k++) {
        EXPECT(same_text(a->others[k]->group, b->others[k]->group));
        expect_same_channels(a->others[k], b->others[k]);
    }
    expect_same_marks(a, b);
    EXPECT(same_text(a->acquired, b->acquired) && a->patient.sex == b->patient.sex);
    EXPECT(same_real(a->patient.age_years, b->patient.age_years));
}

static void expect_same_comments(const gm_ecg *a, const gm_ecg *b)
{
    EXPECT(a->n_comments == b->n_comments);
    for (size_t i = 0; i < a->n_comments && i < b->n_comments; i++)
        EXPECT(same_text(a->comments[i], b->comments[i]));
}

/* What is written, read again; NULL after a failure. The first file stays in *out. */
static gm_ecg *round_trip(gm_ecg_files *out, const gm_ecg *e)
{
    *out = (gm_ecg_files){0};
    gm_status s = e ? gm_wfdb_write(out, e, "folder/out_1.hea") : GM_EINVAL;
    gm_ecg *back = NULL;
    gm_wfdb_memory_file files[3];
    EXPECT(s != GM_OK || (out->n >= 2 && out->n <= 3));
    for (size_t i = 0; s == GM_OK && i < out->n && i < 3; i++)
        files[i] = (gm_wfdb_memory_file){gm_path_leaf(out->items[i].path), out->items[i].bytes,
                                         out->items[i].length};
    if (s == GM_OK) s = gm_wfdb_memory_read(&back, files, out->n, 0);
    EXPECT(s == GM_OK);
    if (s != GM_OK) printf("  %s\n", gm_error_text());
    return back;
}

static void expect_round_trip(gm_ecg *e, const char *header_part)
{
    gm_ecg_files files;
    gm_ecg *back = round_trip(&files, e);
    if (back) {
        expect_same(e, back);
        EXPECT_CONTAINS(files.items[0].bytes, header_part);
        EXPECT(files.n_left_out == 0);
    }
    gm_ecg_destroy(back);
    gm_ecg_files_free(&files);
}

/* ---- recordings --------------------------------------------------------------------------------- */

static void expect_recording_comes_back(const char *path, size_t n_marks, const char *header_part)
{
    gm_ecg *e;
    EXPECT(gm_ecg_read(&e, path) == GM_OK);
    if (!e) return;
    EXPECT(e->n_marks == n_marks);
    gm_ecg_files files;
    gm_ecg *back = round_trip(&files, e);
    if (back) {
        expect_same(e, back);
        expect_same_comments(e, back);
        EXPECT(e->n_notes == back->n_notes); /* so the checksums that are written hold */
        EXPECT(files.n_left_out == 0 && files.n == 2 + (n_marks > 0));
        EXPECT_CONTAINS(files.items[0].bytes, header_part);
    }
    gm_ecg_destroy(back);
    gm_ecg_destroy(e);
    gm_ecg_files_free(&files);
}

/* First counts and checksums are those of the published headers. */
static void published_recordings_come_back_the_same(void)
{
    NEED_DATA(ECG "/mitdb/100.hea");
    NEED_DATA(ECG "/ptbdb/s0010_re.hea");
    NEED_DATA(ECG "/ludb/data/1.hea");
    expect_recording_comes_back(ECG "/mitdb/100.hea", 2274,
                                "out_1 2 360 650000\n"
                                "out_1.dat 16 200(1024) 16 0 995 -22131 0 MLII\n"
                                "out_1.dat 16 200(1024) 16 0 1011 20052 0 V5\n"
                                "# unnecessary comment\n# 69 M 1085 1629 x1\n");
    expect_recording_comes_back(ECG "/ptbdb/s0010_re.hea", 0,
                                "out_1.dat 16 2000(0) 16 0 -18 -1992 0 vz\n# age: 81\n");
    for (int record = 1; record <= 140; record++) {
        char path[512];
        snprintf(path, sizeof path, ECG "/ludb/data/%d.hea", record);
        expect_recording_comes_back(
            path, 0, record == 1 ? "16 1716(6)/mV 16 0 -120 -32198 0 i\n" : "out_1 12 500 5000\n");
    }
}

static void a_recording_is_found_again_on_disk(void)
{
    NEED_DATA(ECG "/mitdb/100.hea");
    gm_ecg *e, *back;
    gm_ecg_files files;
    char folder[] = "/tmp/gm_wfdb_XXXXXX", path[64];
    EXPECT(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/r-1.hea", folder);
    EXPECT(gm_ecg_read(&e, ECG "/mitdb/100.hea") == GM_OK);
    EXPECT(gm_ecg_encode(&files, e, path) == GM_OK && files.n == 3);
    for (size_t i = 0; i < files.n; i++)
        EXPECT(gm_file_write(files.items[i].path, files.items[i].bytes, files.items[i].length) ==
               GM_OK);
    EXPECT(gm_ecg_read(&back, path) == GM_OK);
    if (e && back) expect_same(e, back);
    for (size_t i = 0; i < files.n; i++)
        unlink(files.items[i].path);
    rmdir(folder);
    gm_ecg_files_free(&files);
    gm_ecg_destroy(e);
    gm_ecg_destroy(back);
}

/* ---- made records ------------------------------------------------------------------------------- */

/* One channel of lead II, 5 uV a count. */
static gm_ecg *record_of(const int32_t *counts, size_t n)
{
    gm_ecg *e;
    EXPECT(gm_ecg_create(&e, "CSV", 1, n) == GM_OK);
    e->rate_hz = 500;
    e->channels[0].mv_per_count = 0.005;
    e->channels[0].lead = 1;
    EXPECT(gm_ecg_set(&e->channels[0].name, "II") == GM_OK);
    memcpy(e->channels[0].counts, counts, n * sizeof *counts);
    return e;
}

/* The most negative value means a gap, so a count that is it needs more bits. */
static void the_format_is_the_shortest_that_holds_all_counts(void)
{
    static const struct {
        int32_t counts[3];
        const char *says;
    } cases[] = {
        {{GAP, 32767, -32767}, "out_1.dat 16 200(0) 16 0 -32768 -32768 0 II\n"},
        {{-32768, 0, GAP}, "out_1.dat 24 200(0) 24 0 -32768 "},
        {{1, 32768, GAP}, "out_1.dat 24 200(0) 24 0 1 "},
        {{-8388607, 8388607, GAP}, "out_1.dat 24 200(0) 24 0 -8388607 0 0 II\n"},
        {{-8388608, 1, GAP}, "out_1.dat 32 200(0) 32 0 -8388608 "},
        {{8388608, INT32_MAX, GAP}, "out_1.dat 32 200(0) 32 0 8388608 "},
        {{-INT32_MAX, GAP, GAP}, "out_1.dat 32 200(0) 32 0 -2147483647 "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gm_ecg *e = record_of(cases[i].counts, 3);
        expect_round_trip(e, cases[i].says);
        gm_ecg_destroy(e);
    }
}

static void facts_are_written_where_the_comments_do_not_say_them(void)
{
    static const int32_t counts[] = {1, 2};
    gm_ecg *e = record_of(counts, 2);
    e->patient.age_years = 0.25;
    e->patient.sex = GM_SEX_OTHER;
    e->channels[0].baseline = -7;
    EXPECT(gm_ecg_set(&e->acquired, "1990-09-29T10:11:12.125") == GM_OK);
    EXPECT(gm_ecg_set(&e->channels[0].unit, "uV") == GM_OK);
    EXPECT(gm_ecg_add_comment(e, "# odd, with a second sign") == GM_OK);
    expect_round_trip(e, "out_1 1 500 2 10:11:12.125 29/09/1990\n"
                         "out_1.dat 16 0.2(-7)/uV 16 0 1 3 0 II\n"
                         "# <age>: 0.25\n# <sex>: O\n# # odd, with a second sign\n");
    EXPECT(gm_ecg_add_comment(e, "age: 3 sex: o") == GM_OK);
    expect_round_trip(e, "3 0 II\n# <age>: 0.25\n# #"); /* the first that is read holds */
    gm_ecg_destroy(e);
}

static void any_scale_comes_back_to_the_last_bit_or_is_refused(void)
{
    static const int32_t counts[] = {1, 2};
    static const char *const units[] = {NULL, "mV", "uV", "V", "\xc2\xb5V"};
    size_t n_refused = 0, n_in_another_unit = 0;
    for (int i = 0; i < 20000; i++) {
        gm_ecg *e = record_of(counts, 2);
        gm_ecg_files files;
        e->channels[0].mv_per_count = i < 5000 ? i * 1e-6 + 1e-6 : exp(-0.001 * (i - 4000));
        EXPECT(gm_ecg_set(&e->channels[0].unit, units[i % 5]) == GM_OK);
        if (gm_wfdb_write(&files, e, "x.hea") != GM_OK) {
            EXPECT_CONTAINS(gm_error_text(), "no gain in a WFDB header says exactly that");
            n_refused++;
        } else {
            n_in_another_unit += files.n_left_out;
            gm_wfdb_memory_file in[] = {{"x.hea", files.items[0].bytes, files.items[0].length},
                                        {"x.dat", files.items[1].bytes, files.items[1].length}};
            gm_ecg *back;
            EXPECT(gm_wfdb_memory_read(&back, in, 2, 0) == GM_OK);
            if (back) EXPECT(back->channels[0].mv_per_count == e->channels[0].mv_per_count);
            if (back && !files.n_left_out)
                EXPECT(same_text(back->channels[0].unit, e->channels[0].unit));
            gm_ecg_destroy(back);
        }
        gm_ecg_files_free(&files);
        gm_ecg_destroy(e);
    }
    printf("  of 20000 scales %zu were written in another unit, %zu refused\n", n_in_another_unit,
           n_refused);
    EXPECT(n_refused < 400 && n_in_another_unit < 6000);
}

static void uncalibrated_signals_and_other_units_stay_so(void)
{
    static const int32_t counts[] = {1, 2};
    gm_ecg *e = record_of(counts, 2);
    e->channels[0].mv_per_count = NAN;
    EXPECT(gm_ecg_set(&e->channels[0].unit, "mmHg") == GM_OK);
    expect_round_trip(e, "out_1.dat 16 0(0)/mmHg 16 0 1 3 0 II\n");
    gm_ecg_destroy(e);
}

/* Two leads at 500 Hz, respiration at 250 Hz, something at 750 Hz: frames of 250 Hz. */
static gm_ecg *several_rates(void)
{
    static const int32_t counts[] = {10, 11, 12, GAP};
    gm_ecg *e = record_of(counts, 4), *slow = record_of(counts, 2), *fast = record_of(counts, 4);
    gm_ecg_destroy(fast);
    static const int32_t many[] = {-1, -2, -3, -4, -5, 40000};
    fast = record_of(many, 6);
    slow->rate_hz = 250;
    fast->rate_hz = 750;
    slow->channels[0].lead = fast->channels[0].lead = -1;
    EXPECT(gm_ecg_set(&slow->channels[0].name, "RESP left") == GM_OK);
    EXPECT(gm_ecg_set(&fast->channels[0].name, NULL) == GM_OK);
    EXPECT(gm_ecg_set(&slow->group, "250 Hz") == GM_OK);
    EXPECT(gm_ecg_set(&fast->group, "750 Hz") == GM_OK);
    EXPECT(gm_ecg_add_other(e, slow) == GM_OK && gm_ecg_add_other(e, fast) == GM_OK);
    return e;
}

static gm_ecg_mark *add_mark(gm_ecg *e, const char *code, size_t group, int channel, double sample)
{
    gm_ecg_mark *m;
    EXPECT(gm_ecg_add_mark(e, &m) == GM_OK);
    EXPECT(gm_ecg_set(&m->scheme, "MIT") == GM_OK && gm_ecg_set(&m->code, code) == GM_OK);
    EXPECT(gm_ecg_set(&m->what, gm_annotation_symbol(atoi(code))) == GM_OK);
    m->group = group;
    m->channel = channel;
    m->sample = sample;
    return m;
}

static void several_rates_are_samples_a_frame(void)
{
    gm_ecg *e = several_rates();
    add_mark(e, "39", 0, 0, 0);
    add_mark(e, "1", 0, 0, 2);
    add_mark(e, "42/-128/127", 1, 0, 1); /* a user's own code */
    EXPECT(gm_ecg_set(&add_mark(e, "28", 2, 0, 3)->text, "(AFIB") == GM_OK);
    expect_round_trip(e, "out_1 3 250 2\nout_1.dat 24x2 200(0) 24 0 10 ");
    /* a mark between frames: times count samples of the leads */
    add_mark(e, "40", 0, 0, 3);
    expect_round_trip(e, "out_1.dat 24x3 200(0) 24 0 -1 -25551 0\n");
    gm_ecg_destroy(e);
}

static void marks_between_samples_count_thousandths_of_a_second(void)
{
    static const int32_t counts[] = {1, 2, 3};
    gm_ecg *e = record_of(counts, 3);
    add_mark(e, "1", 0, 0, 1 * (500.0 / 1000.0));
    add_mark(e, "5", 0, 0, 3 * (500.0 / 1000.0));
    expect_round_trip(e, "out_1 1 500 3\n");
    gm_ecg_destroy(e);
}

static void expect_left_out(const gm_ecg *e, const char *left_out, const char *header)
{
    gm_ecg_files files = {0};
    EXPECT(gm_wfdb_write(&files, e, "x.hea") == GM_OK && files.n_left_out == 1);
    if (files.n_left_out) EXPECT_CONTAINS(files.left_out[0], left_out);
    if (files.n) EXPECT(strncmp(files.items[0].bytes, header, strlen(header)) == 0);
    gm_ecg_files_free(&files);
}

static void a_waveform_that_no_frame_holds_is_left_out(void)
{
    gm_ecg *e = several_rates();
    e->others[0]->rate_hz = 250.1;
    expect_left_out(e, "the other waveform 250 Hz, 2 samples at 250.1 Hz", "x 2 250 2\n");
    e->others[0]->rate_hz = 250;
    e->others[1]->n_samples = 5;
    expect_left_out(e, "the other waveform 750 Hz, 5 samples at 750 Hz", "x 2 250 2\n");
    e->others[1]->n_samples = 6;
    e->others[1]->rate_hz = 100; /* 60 ms long: no part of an ECG of 8 ms */
    expect_left_out(e, "the other waveform 750 Hz, 6 samples at 100 Hz", "x 2 250 2\n");
    gm_ecg_destroy(e);
}

/* Read with skew, written, read: the same; and what is not aligned like that keeps its samples. */
static void skew_changes_no_sample(void)
{
    static const char header[] =
        "m 2 250 4\nm.dat 80x2:1 1 8 0 1 0 0 I\nm.dat 80:0 1 8 0 7 0 0 x\n";
    const gm_wfdb_memory_file in[] = {
        {"m.hea", header, strlen(header)},
        {NULL, "\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8A\x8B\x8C", 12}};
    gm_ecg *e;
    EXPECT(gm_wfdb_memory_read(&e, in, 2, 0) == GM_OK);
    if (!e) return;
    EXPECT(e->channels[0].skew_ms == 0 && e->channels[0].counts[0] == 4);
    expect_round_trip(e, "out_1.dat 16x2:0 1(0) 16 0 4 ");
    gm_ecg_files files;
    e->channels[0].skew_ms = 2;
    gm_ecg *back = round_trip(&files, e);
    EXPECT(files.n_left_out == 1 && strcmp(files.left_out[0], "the skew of I") == 0);
    if (back) EXPECT(memcmp(back->channels[0].counts, e->channels[0].counts, 8 * 4) == 0);
    gm_ecg_destroy(back);
    gm_ecg_files_free(&files);
    gm_ecg_destroy(e);
}

static void what_wfdb_cannot_hold_is_said(void)
{
    static const int32_t counts[] = {1, 2};
    gm_ecg *e = record_of(counts, 2);
    gm_ecg_files files = {0};
    gm_ecg_mark *m;
    e->channels[0].notch_hz = 50;
    EXPECT(gm_ecg_set(&e->acquired, "1990") == GM_OK);
    EXPECT(gm_ecg_set(&e->patient.name, "Nobody") == GM_OK);
    e->device_says.qt_ms = 400;
    EXPECT(gm_ecg_add_mark(e, &m) == GM_OK && gm_ecg_set(&m->what, "QRS Onset") == GM_OK);
    add_mark(e, "1", 0, 0, 0.1234567);
    add_mark(e, "1", 0, 0, NAN);
    add_mark(e, "50", 0, 0, 1);
    add_mark(e, "1", 7, 0, 1);
    add_mark(e, "5", 0, -1, 1);
    EXPECT(gm_wfdb_write(&files, e, "a/x.hea") == GM_OK && files.n == 3);
    static const char *const said[] = {"the filters of II",
                                       "the time of recording, 1990: not known to the second",
                                       "1 annotations of other schemes than WFDB's",
                                       "4 annotations that WFDB cannot hold",
                                       "the patient's name",
                                       "the device's measurements"};
    EXPECT(files.n_left_out == 6);
    for (size_t i = 0; i < files.n_left_out && i < 6; i++)
        EXPECT_CONTAINS(files.left_out[i], said[i]);
    EXPECT(!strstr(files.items[0].bytes, "Nobody"));
    EXPECT(files.n == 3 && strcmp(files.items[2].path, "a/x.atr") == 0 &&
           files.items[2].length == 4);
    gm_ecg_files_free(&files);
    gm_ecg_destroy(e);
}

static void what_would_change_is_refused(void)
{
    static const int32_t counts[] = {1, 2};
    static const char *const names[] = {"a b.hea", "x.y.hea", ".hea", "a/\xc3\xa4.hea", "x(1).hea"};
    gm_ecg *e = record_of(counts, 2);
    gm_ecg_files files;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        EXPECT(gm_ecg_encode(&files, e, names[i]) == GM_EINVAL && files.n == 0);
        EXPECT_CONTAINS(gm_error_text(), "may have letters, digits, - and _ only");
    }
    e->channels[0].baseline = 0.5;
    EXPECT(gm_ecg_encode(&files, e, "x.hea") == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "x.hea: channel II: a baseline of 0.5 counts");
    e->channels[0].baseline = 3e9;
    EXPECT(gm_ecg_encode(&files, e, "x.hea") == GM_EINVAL);
    gm_ecg_destroy(e);
}

static void without_memory_it_fails_cleanly(void)
{
    gm_ecg *e = several_rates();
    add_mark(e, "1", 0, 0, 2);
    add_mark(e, "1", 0, 0, 0.25);
    bool succeeded = false;
    for (long after = 0; after < 500 && !succeeded; after++) {
        gm_ecg_files files;
        gm_alloc_fail_after(after);
        gm_status s = gm_ecg_encode(&files, e, "x.hea");
        gm_alloc_fail_after(-1);
        succeeded = s == GM_OK;
        EXPECT(s == GM_OK || (s == GM_ENOMEM && files.n == 0));
        gm_ecg_files_free(&files);
    }
    EXPECT(succeeded);
    gm_ecg_destroy(e);
}

int main(int argc, char **argv)
{
    RUN(published_recordings_come_back_the_same);
    RUN(a_recording_is_found_again_on_disk);
    RUN(the_format_is_the_shortest_that_holds_all_counts);
    RUN(facts_are_written_where_the_comments_do_not_say_them);
    RUN(any_scale_comes_back_to_the_last_bit_or_is_refused);
    RUN(uncalibrated_signals_and_other_units_stay_so);
    RUN(several_rates_are_samples_a_frame);
    RUN(marks_between_samples_count_thousandths_of_a_second);
    RUN(a_waveform_that_no_frame_holds_is_left_out);
    RUN(skew_changes_no_sample);
    RUN(what_wfdb_cannot_hold_is_said);
    RUN(what_would_change_is_refused);
    RUN(without_memory_it_fails_cleanly);
    return gm_report();
}
