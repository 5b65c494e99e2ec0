#include "core/alloc.h"
#include "ecg/build.h"
#include "ecg/edf.h"
#include "ecg/edf_scale.h"
#include "testing/gm_test.h"

#define ECG GM_SHARED_DIR "/data/ecg"

static gm_status encoded(gm_ecg_files *files, const gm_ecg *e)
{
    *files = (gm_ecg_files){0};
    return gm_ecg_encode(files, e, "out.edf");
}

/* What comes back from the file that e is written to; NULL, and said, where it is not. */
static gm_ecg *there_and_back(const gm_ecg *e, gm_ecg_files *files)
{
    gm_ecg *back = NULL;
    gm_status s = encoded(files, e);
    EXPECT(s == GM_OK && files->n == 1);
    if (s == GM_OK)
        s = gm_edf_parse(&back, files->items[0].bytes, files->items[0].length, "out.edf");
    EXPECT(s == GM_OK);
    if (s != GM_OK) printf("  %s\n", gm_error_text());
    return back;
}

static bool says_left_out(const gm_ecg_files *files, const char *part)
{
    for (size_t i = 0; i < files->n_left_out; i++)
        if (strstr(files->left_out[i], part)) return true;
    return false;
}

/* Samples, rate, scale and baseline, bit by bit. */
static void expect_same_signals(const gm_ecg *a, const gm_ecg *b)
{
    EXPECT(a->n_channels == b->n_channels && a->n_samples == b->n_samples);
    EXPECT(a->rate_hz == b->rate_hz);
    if (a->n_channels != b->n_channels || a->n_samples != b->n_samples) return;
    for (size_t c = 0; c < a->n_channels; c++) {
        const gm_ecg_channel *x = &a->channels[c], *y = &b->channels[c];
        EXPECT(memcmp(x->counts, y->counts, a->n_samples * sizeof *x->counts) == 0);
        EXPECT(x->lead == y->lead);
        EXPECT(x->mv_per_count == y->mv_per_count ||
               (isnan(x->mv_per_count) && isnan(y->mv_per_count)));
        EXPECT(x->baseline == y->baseline);
    }
}

static void published_recordings_come_back_bit_by_bit(void)
{
    static const char *const paths[] = {
        ECG "/ptbdb/s0010_re.hea",       ECG "/ludb/data/1.hea",
        ECG "/ludb/data/77.hea",         ECG "/dicom/waveform_ecg_anon.dcm",
        ECG "/edf/test_generator_2.edf", ECG "/scp/0000050.ECG.edf",
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        NEED_DATA(paths[i]);
        gm_ecg *e;
        gm_ecg_files files;
        EXPECT(gm_ecg_read(&e, paths[i]) == GM_OK);
        if (!e) continue;
        gm_ecg *back = there_and_back(e, &files);
        if (back) expect_same_signals(e, back);
        gm_ecg_destroy(back);
        gm_ecg_files_free(&files);
        gm_ecg_destroy(e);
    }
}

/* 650,000 samples are no multiple of 9, so no equal records of 360 Hz have a finite duration. */
static void a_rate_that_no_record_holds_is_refused(void)
{
    NEED_DATA(ECG "/mitdb/100.hea");
    gm_ecg *e;
    gm_ecg_files files;
    EXPECT(gm_ecg_read(&e, ECG "/mitdb/100") == GM_OK);
    if (!e) return;
    EXPECT(encoded(&files, e) == GM_EINVAL && files.n == 0);
    EXPECT_CONTAINS(gm_error_text(), "out.edf: 650000 samples at 360 Hz: EDF divides a recording");
    e->n_samples = 649998;
    gm_ecg *back = there_and_back(e, &files);
    if (back) expect_same_signals(e, back);
    gm_ecg_destroy(back);
    gm_ecg_files_free(&files);
    gm_ecg_destroy(e);
}

/* One lead II of n samples: a ramp. */
static gm_ecg *ramp(size_t n, double rate_hz, double mv_per_count, double baseline)
{
    gm_ecg *e;
    EXPECT(gm_ecg_create(&e, "TEST", 1, n) == GM_OK);
    gm_ecg_channel *c = &e->channels[0];
    e->rate_hz = rate_hz;
    c->lead = 1;
    c->mv_per_count = mv_per_count;
    c->baseline = baseline;
    EXPECT(gm_ecg_set(&c->name, "II") == GM_OK);
    for (size_t i = 0; i < n; i++)
        c->counts[i] = (int32_t)(i % 4000) - 2000;
    return e;
}

static void decimal_and_rational_scales_come_back_bit_by_bit(void)
{
    static const struct {
        double mv_per_count, baseline;
    } cases[] = {{0.005, 1024},   {1.0 / 200, 0},         {1.0 / 1716, 6}, {1.0 / 1206, 2},
                 {0.00125, 0},    {0.0025, -7},           {0.000183, 0},   {1e-6, 0},
                 {2e-9, 0},       {2000.0 / 65535, -0.5}, {1e-3, 0.25},    {0.00244140625, 0},
                 {1.0 / 419, 12}, {3.125e-5, 0},          {5e-4, 32768},   {10, 0},
                 {1.0 / 3, 0},    {1.0 / 307.2, 0},       {0.005, 100000}, {4.88e-3, 2047.5}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gm_ecg *e = ramp(500, 500, cases[i].mv_per_count, cases[i].baseline);
        gm_ecg_files files;
        gm_ecg *back = there_and_back(e, &files);
        if (back) expect_same_signals(e, back);
        if (back && back->channels[0].mv_per_count != cases[i].mv_per_count)
            printf("  case %zu: %.17g became %.17g\n", i, cases[i].mv_per_count,
                   back->channels[0].mv_per_count);
        gm_ecg_destroy(back);
        gm_ecg_files_free(&files);
        gm_ecg_destroy(e);
    }
}

/* A scale with no short form: held to the tolerance, or refused with the figure. */
static void a_scale_beyond_eight_characters_is_near_or_refused(void)
{
    size_t n_near = 0, n_refused = 0;
    double worst = 0;
    for (int i = 0; i < 200; i++) {
        gm_ecg *e = ramp(500, 500, 0.005 * (1 + 0.01 * sin(i * 1.7)), (i % 7) * 0.3);
        gm_ecg_files files;
        gm_ecg *back = NULL;
        if (encoded(&files, e) == GM_OK) {
            n_near++;
            EXPECT(gm_edf_parse(&back, files.items[0].bytes, files.items[0].length, "o") == GM_OK);
        } else {
            n_refused++;
            EXPECT_CONTAINS(gm_error_text(), "channel II: 0.00");
            EXPECT_CONTAINS(gm_error_text(), "8 characters each, hold it to");
        }
        if (back) {
            double off = fabs(back->channels[0].mv_per_count / e->channels[0].mv_per_count - 1);
            if (off > worst) worst = off;
            EXPECT(off <= GM_EDF_SCALE_TOLERANCE);
            EXPECT_CLOSE(back->channels[0].baseline, e->channels[0].baseline, 0,
                         GM_EDF_BASELINE_TOLERANCE);
        }
        gm_ecg_destroy(back);
        gm_ecg_files_free(&files);
        gm_ecg_destroy(e);
    }
    printf("  %zu near, at worst by %.1e; %zu refused\n", n_near, worst, n_refused);
    EXPECT(n_near + n_refused == 200);
}

static void any_length_that_a_record_divides_is_written(void)
{
    static const struct {
        size_t n;
        double rate_hz;
        const char *duration, *records; /* NULL: refused */
    } cases[] = {{5000, 500, "1       ", "10      "},
                 {5003, 500, "10.006  ", "1       "},  /* 5003 is prime */
                 {37855, 800, "0.70625 ", "67      "}, /* 5 x 67 x 113 */
                 {3600, 360, "1       ", "10      "},
                 {1, 500, "0.002   ", "1       "},
                 {2570, 257, "1       ", "10      "},
                 {1031, 257, NULL, NULL},
                 {3000, 1000.0 / 3, "0.9     ", "10      "},
                 {1000, 1000.0 / 3, "0.75    ", "4       "},
                 {650, 128.5, NULL, NULL},
                 {8192, 8192, "1       ", "1       "},
                 {100003, 1000, "100.003 ", "1       "}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gm_ecg *e = ramp(cases[i].n, cases[i].rate_hz, 0.005, 0);
        gm_ecg_files files;
        gm_ecg *back = NULL;
        if (!cases[i].duration) {
            EXPECT(encoded(&files, e) == GM_EINVAL);
            EXPECT_CONTAINS(gm_error_text(), "no number of records gives a duration");
        } else {
            back = there_and_back(e, &files);
            if (back) expect_same_signals(e, back);
            bool right = back && memcmp(files.items[0].bytes + 236, cases[i].records, 8) == 0 &&
                         memcmp(files.items[0].bytes + 244, cases[i].duration, 8) == 0;
            EXPECT(right);
            if (back && !right) printf("  case %zu: %.16s\n", i, files.items[0].bytes + 236);
        }
        gm_ecg_destroy(back);
        gm_ecg_files_free(&files);
        gm_ecg_destroy(e);
    }
}

static void what_edf_cannot_hold_is_refused_with_channel_value_and_limit(void)
{
    gm_ecg *e = ramp(500, 500, 0.005, 0);
    gm_ecg_files files;
    e->channels[0].counts[7] = 32768;
    EXPECT(encoded(&files, e) == GM_EINVAL && files.n == 0 && !files.left_out);
    EXPECT_CONTAINS(gm_error_text(), "out.edf: channel II: sample 7 is 32768 counts, EDF holds "
                                     "-32768 to 32767; WFDB (.hea) holds more");
    e->channels[0].counts[7] = -32769;
    EXPECT(encoded(&files, e) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "sample 7 is -32769 counts");
    e->channels[0].counts[7] = GM_ECG_MISSING_COUNT;
    EXPECT(encoded(&files, e) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "channel II: sample 7 is missing; EDF has no way to say so");
    e->channels[0].counts[7] = 32767;
    e->channels[0].counts[8] = -32768;
    gm_ecg *back = there_and_back(e, &files);
    if (back) expect_same_signals(e, back);
    gm_ecg_destroy(back);
    gm_ecg_files_free(&files);
    gm_ecg_destroy(e);
}

static void an_uncalibrated_channel_stays_uncalibrated(void)
{
    gm_ecg *e = ramp(500, 500, NAN, 1024);
    gm_ecg_files files;
    gm_ecg *back = there_and_back(e, &files);
    if (back) {
        expect_same_signals(e, back);
        EXPECT(!back->channels[0].unit && files.n_left_out == 0);
    }
    gm_ecg_destroy(back);
    gm_ecg_files_free(&files);
    EXPECT(gm_ecg_set(&e->channels[0].unit, "mmHg") == GM_OK);
    back = there_and_back(e, &files);
    EXPECT(says_left_out(&files, "unit mmHg of II, the scale of which is unknown"));
    gm_ecg_destroy(back);
    gm_ecg_files_free(&files);
    gm_ecg_destroy(e);
}

static void add_mark(gm_ecg *e, double sample, double duration_ms, int channel, const char *what,
                     const char *text)
{
    gm_ecg_mark *m;
    EXPECT(gm_ecg_add_mark(e, &m) == GM_OK);
    m->sample = sample;
    m->duration_ms = duration_ms;
    m->channel = channel;
    EXPECT(gm_ecg_set(&m->what, what) == GM_OK && gm_ecg_set(&m->text, text) == GM_OK);
}

static void facts_and_marks_come_back_as_far_as_edf_has_a_place(void)
{
    gm_ecg *e = ramp(3600, 360, 0.005, 1024);
    gm_ecg_channel *c = e->channels;
    c->low_cut_hz = 0.05;
    c->high_cut_hz = 150;
    c->notch_hz = 0;
    EXPECT(gm_ecg_set(&e->patient.id, "MCH-0234567") == GM_OK);
    EXPECT(gm_ecg_set(&e->patient.name, "Haagse Harry") == GM_OK);
    EXPECT(gm_ecg_set(&e->patient.birth_date, "1951-05-02") == GM_OK);
    e->patient.sex = GM_SEX_MALE;
    e->patient.age_years = 51;
    EXPECT(gm_ecg_set(&e->acquired, "2002-03-02T16:05:09.25") == GM_OK);
    EXPECT(gm_ecg_set(&e->device, "Maker Model 3") == GM_OK);
    EXPECT(gm_ecg_set(&e->physician, "B. Kemp") == GM_OK);
    EXPECT(gm_ecg_set(&e->institution, "LUMC") == GM_OK);
    EXPECT(gm_ecg_add_comment(e, "a remark") == GM_OK);
    add_mark(e, 77, NAN, 0, "N", NULL);
    add_mark(e, 370, 125, -1, NULL, "Pause, \xc3\xa9mue");
    add_mark(e, NAN, NAN, -1, "whole", NULL);
    e->marks[1].value = NAN;
    gm_ecg_files files;
    gm_ecg *b = there_and_back(e, &files);
    if (b) {
        expect_same_signals(e, b);
        EXPECT(strcmp(b->patient.id, "MCH-0234567") == 0 && b->patient.sex == GM_SEX_MALE);
        EXPECT(strcmp(b->patient.name, "Haagse Harry") == 0 && isnan(b->patient.age_years));
        EXPECT(strcmp(b->patient.birth_date, "1951-05-02") == 0);
        EXPECT(strcmp(b->acquired, "2002-03-02T16:05:09.25") == 0);
        EXPECT(strcmp(b->device, "Maker Model 3") == 0 && strcmp(b->physician, "B. Kemp") == 0);
        EXPECT(b->channels[0].low_cut_hz == 0.05 && b->channels[0].high_cut_hz == 150);
        EXPECT(b->channels[0].notch_hz == 0 && strcmp(b->channels[0].name, "II") == 0);
        EXPECT(b->n_marks == 2);
        EXPECT(b->marks[0].sample == 77 && b->marks[0].channel == 0 && !b->marks[0].what);
        EXPECT(strcmp(b->marks[0].text, "N") == 0 && isnan(b->marks[0].duration_ms));
        EXPECT(b->marks[1].sample == 370 && b->marks[1].duration_ms == 125);
        EXPECT(strcmp(b->marks[1].text, "Pause, \xc3\xa9mue") == 0 && b->marks[1].channel == -1);
    }
    EXPECT(says_left_out(&files, "age") && says_left_out(&files, "institution"));
    EXPECT(says_left_out(&files, "1 comments") && says_left_out(&files, "1 marks without a time"));
    EXPECT(says_left_out(&files, "kind, value and remark in 1 marks"));
    EXPECT(files.n_left_out == 5);
    gm_ecg_destroy(b);
    gm_ecg_files_free(&files);
    gm_ecg_destroy(e);
}

static void facts_of_another_form_are_left_out_and_said(void)
{
    gm_ecg *e = ramp(500, 500, 0.005, 0);
    gm_ecg_files files;
    EXPECT(gm_ecg_set(&e->patient.id, "PAT 01") == GM_OK);
    EXPECT(gm_ecg_set(&e->patient.name, "M\xc3\xbcller") == GM_OK);
    EXPECT(gm_ecg_set(&e->patient.birth_date, "1962") == GM_OK);
    EXPECT(gm_ecg_set(&e->acquired, "2002") == GM_OK);
    EXPECT(gm_ecg_set(&e->device, "A device of a maker whose name is longer than the whole field "
                                  "of 80 characters can be") == GM_OK);
    EXPECT(gm_ecg_set(&e->channels[0].name, "Lead II (Einthoven)") == GM_OK);
    e->channels[0].skew_ms = 1;
    gm_ecg *b = there_and_back(e, &files);
    if (b) {
        EXPECT(strcmp(b->patient.id, "PAT_01") == 0 && !b->patient.name && !b->acquired);
        EXPECT(!b->patient.birth_date && !b->device && strcmp(b->channels[0].name, "ECG II") == 0);
        EXPECT(b->n_notes == 0);
    }
    EXPECT(files.n_left_out == 7);
    EXPECT(says_left_out(&files, "the blanks (now underscores) of patient id"));
    EXPECT(says_left_out(&files, "patient name (EDF+ has room for"));
    EXPECT(says_left_out(&files, "birth date (EDF+ holds whole days only)"));
    EXPECT(says_left_out(&files, "date of the recording (EDF+ holds whole days only)"));
    EXPECT(says_left_out(&files, "device (EDF+ has room for 64 characters"));
    EXPECT(says_left_out(&files, "name \"Lead II (Einthoven)\""));
    EXPECT(says_left_out(&files, "skew of 1 channels"));
    gm_ecg_destroy(b);
    gm_ecg_files_free(&files);
    gm_ecg_destroy(e);
}

static void waveforms_at_other_rates_stand_beside_and_others_are_left_out(void)
{
    gm_ecg *e = ramp(5000, 500, 0.005, 0), *resp = ramp(250, 25, NAN, 3),
           *median = ramp(600, 500, 0.005, 0);
    gm_ecg_files files;
    resp->channels[0].lead = -1;
    EXPECT(gm_ecg_set(&resp->channels[0].name, "Resp") == GM_OK);
    EXPECT(gm_ecg_set(&median->group, "MEDIAN BEAT") == GM_OK);
    EXPECT(gm_ecg_add_other(e, median) == GM_OK && gm_ecg_add_other(e, resp) == GM_OK);
    add_mark(e, 50, NAN, 0, NULL, "breath");
    e->marks[0].group = 2;
    add_mark(e, 50, NAN, 0, NULL, "of the median");
    e->marks[1].group = 1;
    gm_ecg *b = there_and_back(e, &files);
    if (b) {
        expect_same_signals(e, b);
        EXPECT(b->n_others == 1 && b->n_marks == 1);
        if (b->n_others) expect_same_signals(resp, b->others[0]);
        EXPECT(b->marks[0].group == 1 && b->marks[0].channel == 0 && b->marks[0].sample == 50);
        EXPECT(memcmp(files.items[0].bytes + 236, "10      1       3   ", 20) == 0);
    }
    EXPECT(says_left_out(&files, "waveform 2 MEDIAN BEAT (600 samples at 500 Hz beside 5000"));
    EXPECT(says_left_out(&files, "1 marks without a time in this recording"));
    gm_ecg_destroy(b);
    gm_ecg_files_free(&files);
    gm_ecg_destroy(e);
}

static void marks_in_one_place_are_spread_over_the_records(void)
{
    gm_ecg *e = ramp(60000, 500, 0.005, 0);
    gm_ecg_files files;
    for (int i = 0; i < 1000; i++) {
        char text[300];
        snprintf(text, sizeof text, "mark %d %*s.", i, i % 200, "");
        add_mark(e, 3 + i / 100, NAN, -1, NULL, text);
    }
    gm_ecg *b = there_and_back(e, &files);
    if (b) {
        expect_same_signals(e, b);
        EXPECT(b->n_marks == 1000);
        size_t n_wrong = 0;
        for (size_t i = 0; i < b->n_marks; i++)
            n_wrong += b->marks[i].sample != e->marks[i].sample ||
                       strcmp(b->marks[i].text, e->marks[i].text);
        EXPECT(n_wrong == 0);
    }
    gm_ecg_destroy(b);
    gm_ecg_files_free(&files);
    gm_ecg_destroy(e);
}

static void without_memory_nothing_is_written(void)
{
    gm_ecg *e = ramp(500, 500, 0.005, 0);
    bool succeeded = false;
    e->patient.age_years = 51;
    add_mark(e, 77, NAN, 0, "N", NULL);
    for (long after = 0; after < 1000 && !succeeded; after++) {
        gm_ecg_files files;
        gm_alloc_fail_after(after);
        gm_status s = encoded(&files, e);
        gm_alloc_fail_after(-1);
        succeeded = s == GM_OK;
        EXPECT(s == GM_OK ? files.n == 1 : s == GM_ENOMEM && files.n == 0);
        gm_ecg_files_free(&files);
    }
    EXPECT(succeeded);
    gm_ecg_destroy(e);
}

int main(int argc, char **argv)
{
    RUN(published_recordings_come_back_bit_by_bit);
    RUN(a_rate_that_no_record_holds_is_refused);
    RUN(decimal_and_rational_scales_come_back_bit_by_bit);
    RUN(a_scale_beyond_eight_characters_is_near_or_refused);
    RUN(any_length_that_a_record_divides_is_written);
    RUN(what_edf_cannot_hold_is_refused_with_channel_value_and_limit);
    RUN(an_uncalibrated_channel_stays_uncalibrated);
    RUN(facts_and_marks_come_back_as_far_as_edf_has_a_place);
    RUN(facts_of_another_form_are_left_out_and_said);
    RUN(waveforms_at_other_rates_stand_beside_and_others_are_left_out);
    RUN(marks_in_one_place_are_spread_over_the_records);
    RUN(without_memory_nothing_is_written);
    return gm_report();
}
