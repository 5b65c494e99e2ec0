#include "core/alloc.h"
#include "ecg/build.h"
#include "ecg/dcm_waveform.h"
#include "ecg/dicom.h"
#include "ecg/dicom_sample.h"
#include "testing/gm_test.h"

#define DCM GM_SHARED_DIR "/data/ecg/dicom/waveform_ecg_anon.dcm"

/* ---- comparing --------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
    bool same = a && b ? strcmp(a, b) == 0 : a == b;
    if (!same) printf("  \"%s\" is not \"%s\"\n", a ? a : "(none)", b ? b : "(none)");
    return same;
}

static bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void expect_same_channel(const gm_ecg_channel *a, const gm_ecg_channel *b, size_t n)
{
    EXPECT(memcmp(a->counts, b->counts, n * sizeof *a->counts) == 0);
    EXPECT(same_text(a->name, b->name) && a->lead == b->lead);
    EXPECT(same_number(a->mv_per_count, b->mv_per_count) && a->baseline == b->baseline);
    EXPECT(same_number(a->low_cut_hz, b->low_cut_hz) && same_number(a->notch_hz, b->notch_hz));
    EXPECT(same_number(a->high_cut_hz, b->high_cut_hz));
    /* DICOM requires a skew. */
    EXPECT(same_number(isnan(a->skew_ms) ? 0 : a->skew_ms, b->skew_ms));
}

static void expect_same_waveform(const gm_ecg *a, const gm_ecg *b)
{
    EXPECT(a->n_channels == b->n_channels && a->n_samples == b->n_samples);
    EXPECT(a->rate_hz == b->rate_hz && same_text(a->group, b->group));
    for (size_t c = 0; c < a->n_channels && c < b->n_channels; c++)
        expect_same_channel(&a->channels[c], &b->channels[c], a->n_samples);
}

static void expect_same_marks(const gm_ecg *a, const gm_ecg *b)
{
    EXPECT(a->n_marks == b->n_marks);
    for (size_t i = 0; i < a->n_marks && i < b->n_marks; i++) {
        const gm_ecg_mark *m = &a->marks[i], *n = &b->marks[i];
        EXPECT(m->group == n->group && m->channel == n->channel);
        EXPECT(same_number(m->sample, n->sample) && same_number(m->value, n->value));
        EXPECT(same_number(m->duration_ms, n->duration_ms));
        EXPECT(same_text(m->what, n->what) && same_text(m->unit, n->unit));
        EXPECT(same_text(m->scheme, n->scheme) && same_text(m->code, n->code));
        EXPECT(same_text(m->text, n->text));
    }
}

static void expect_same_facts(const gm_ecg *a, const gm_ecg *b)
{
    const gm_ecg_patient *p = &a->patient, *q = &b->patient;
    EXPECT(same_text(p->name, q->name) && same_text(p->id, q->id) && p->sex == q->sex);
    EXPECT(same_text(p->birth_date, q->birth_date) && same_number(p->age_years, q->age_years));
    EXPECT(same_number(p->height_cm, q->height_cm) && same_number(p->weight_kg, q->weight_kg));
    EXPECT(same_text(a->acquired, b->acquired) && same_text(a->device, b->device));
    EXPECT(same_text(a->device_id, b->device_id) && same_text(a->physician, b->physician));
    EXPECT(same_text(a->institution, b->institution) && a->n_comments == b->n_comments);
    for (size_t i = 0; i < a->n_comments && i < b->n_comments; i++)
        EXPECT(same_text(a->comments[i], b->comments[i]));
    const double *x = &a->device_says.rr_ms, *y = &b->device_says.rr_ms;
    for (size_t i = 0; i < sizeof a->device_says / sizeof *x; i++)
        EXPECT(same_number(x[i], y[i]));
}

/* Written and read again, compared in all; the files stay for a closer look. */
static gm_ecg *round_trip(gm_ecg_files *files, const gm_ecg *e)
{
    gm_ecg *again = NULL;
    EXPECT(gm_ecg_encode(files, e, "w.dcm") == GM_OK && files->n == 1);
    if (files->n != 1) {
        printf("  %s\n", gm_error_text());
        return NULL;
    }
    const gm_ecg_file *f = &files->items[0];
    EXPECT(gm_ecg_dicom_parse(&again, f->bytes, f->length, "w.dcm") == GM_OK);
    if (!again) {
        printf("  %s\n", gm_error_text());
        return NULL;
    }
    expect_same_waveform(e, again);
    EXPECT(e->n_others == again->n_others);
    for (size_t i = 0; i < e->n_others && i < again->n_others; i++)
        expect_same_waveform(e->others[i], again->others[i]);
    expect_same_facts(e, again);
    return again;
}

static void expect_round_trip(const gm_ecg *e, size_t n_left_out)
{
    gm_ecg_files files;
    gm_ecg *again = round_trip(&files, e);
    EXPECT(files.n_left_out == n_left_out);
    for (size_t i = 0; i < files.n_left_out && files.n_left_out != n_left_out; i++)
        printf("  left out: %s\n", files.left_out[i]);
    if (again) expect_same_marks(e, again);
    gm_ecg_destroy(again);
    gm_ecg_files_free(&files);
}

/* Whether the file's bytes contain the text; it may hold zeros. */
static bool contains(const gm_ecg_file *f, const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i + n <= f->length; i++)
        if (memcmp(f->bytes + i, text, n) == 0) return true;
    return false;
}

/* ---- making ------------------------------------------------------------------------------------ */

/* The twelve leads with a little ramp each, mV = 0.005 a count. */
static gm_ecg *make_ecg(size_t n_channels, size_t n_samples, double rate_hz)
{
    gm_ecg *e;
    EXPECT(gm_ecg_create(&e, "TEST", n_channels, n_samples) == GM_OK);
    e->rate_hz = rate_hz;
    for (size_t c = 0; c < n_channels; c++) {
        char name[16];
        gm_ecg_channel *ch = &e->channels[c];
        ch->lead = c < GM_N_LEADS ? (int)c : -1;
        snprintf(name, sizeof name, c < GM_N_LEADS ? "%s" : "ch%s%zu",
                 c < GM_N_LEADS ? gm_lead_names[c] : "", c);
        EXPECT(gm_ecg_set(&ch->name, name) == GM_OK);
        ch->mv_per_count = 0.005;
        ch->skew_ms = 0;
        for (size_t i = 0; i < n_samples; i++)
            ch->counts[i] = (int32_t)((i * (c + 1)) % 500) - 250;
    }
    EXPECT(gm_ecg_set(&e->acquired, "2020-02-29T23:59:59.25") == GM_OK);
    return e;
}

static gm_ecg_mark *mark(gm_ecg *e, const char *what, const char *text, double sample)
{
    gm_ecg_mark *m;
    EXPECT(gm_ecg_add_mark(e, &m) == GM_OK);
    EXPECT(gm_ecg_set(&m->what, what) == GM_OK && gm_ecg_set(&m->text, text) == GM_OK);
    m->sample = sample;
    return m;
}

/* ---- tests ------------------------------------------------------------------------------------- */

static void the_mortara_file_comes_back_the_same(void)
{
    NEED_DATA(DCM);
    gm_ecg *e;
    EXPECT(gm_ecg_read(&e, DCM) == GM_OK && e->n_marks == 77 && e->n_others == 1);
    if (e) expect_round_trip(e, 0);
    gm_ecg_destroy(e);
}

static void published_records_come_back_the_same(void)
{
    static const char *const records[] = {"/data/ecg/ludb/data/1.hea", "/data/ecg/mitdb/100.hea",
                                          "/data/ecg/ptbdb/s0010_re.hea"};
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        char path[4096];
        gm_ecg_files files;
        gm_ecg *e;
        snprintf(path, sizeof path, "%s%s", GM_SHARED_DIR, records[i]);
        NEED_DATA(path);
        EXPECT(gm_ecg_read(&e, path) == GM_OK);
        if (!e) continue;
        gm_ecg *again = round_trip(&files, e);
        gm_ecg_destroy(again);
        gm_ecg_destroy(e);
        gm_ecg_files_free(&files);
    }
}

static void what_was_read_from_any_encoding_comes_back_the_same(void)
{
    static const int16_t bytes[] = {(int16_t)0x8001, 0x7F02, 0x00FF, 3, 4, 5};
    for (int k = 0; k < 5; k++) {
        gm_text t = {0};
        dicom_sample d = dicom_sample_defaults();
        if (k == 0) d.baseline = "12.5";
        if (k == 1) d.second_label = "MEDIAN BEAT";
        if (k == 2) d.skew = "1.5";
        if (k == 3) d.time_skew = "0.0003";
        if (k == 4) {
            d.bits = 8;
            d.interpretation = "SB";
            d.counts = bytes;
            d.n_counts = 6;
        }
        if (k < 2) d.skew = "0";
        if (k == 4) d.skew = "0";
        d.sensitivity = k == 2 ? "1.7" : "2.5";
        dicom_sample_write(&t, &d);
        gm_ecg *e;
        EXPECT(gm_ecg_dicom_parse(&e, t.data, t.length, "s.dcm") == GM_OK);
        if (e) expect_round_trip(e, 0);
        gm_ecg_destroy(e);
        gm_text_free(&t);
    }
}

static void facts_come_back_the_same(void)
{
    gm_ecg *e = make_ecg(12, 100, 500);
    gm_ecg_patient *p = &e->patient;
    EXPECT(gm_ecg_set(&p->name, "M\u00fcller, Zo\u00eb, Dr.") == GM_OK);
    EXPECT(gm_ecg_set(&p->id, "4711") == GM_OK);
    EXPECT(gm_ecg_set(&p->birth_date, "1962-03-04") == GM_OK);
    p->sex = GM_SEX_OTHER;
    p->age_years = 57;
    p->height_cm = 163.5;
    p->weight_kg = 71.2;
    EXPECT(gm_ecg_set(&e->device, "A Maker With A Rather Long Name Of Its Own, Incorporated "
                                  "Somewhere And Its Model X") == GM_OK);
    EXPECT(gm_ecg_set(&e->device_id, "S/N 1") == GM_OK);
    EXPECT(gm_ecg_set(&e->institution, "H\u00f4pital") == GM_OK);
    EXPECT(gm_ecg_set(&e->physician, "House, Gregory (referring); Wilson; Chase, R (reading); "
                                     "Cameron (reading); Nurse (operator)") == GM_OK);
    EXPECT(gm_ecg_add_comment(e, "one") == GM_OK && gm_ecg_add_comment(e, "two \\ 2") == GM_OK);
    EXPECT(gm_ecg_set(&e->acquired, "2020-02-29T23:59:59.25-05:30") == GM_OK);
    expect_round_trip(e, 0);
    p->age_years = 7 / 365.25; /* a newborn */
    expect_round_trip(e, 0);
    gm_ecg_destroy(e);
}

static void marks_come_back_the_same(void)
{
    gm_ecg *e = make_ecg(12, 1000, 500), *other = make_ecg(2, 300, 250);
    EXPECT(gm_ecg_set(&e->group, "RHYTHM") == GM_OK);
    EXPECT(gm_ecg_add_other(e, other) == GM_OK);
    gm_ecg_set(&other->acquired, NULL);
    mark(e, NULL, "said of the whole, with a \\", NAN);
    mark(e, "N", NULL, 12)->channel = 3;
    mark(e, "+", "(AFIB", 999);
    mark(e, "between samples", NULL, 12.5);
    mark(e, "a rather long name of a mark, longer than sixteen", NULL, 0)->duration_ms = 1998;
    mark(e, "in the other", NULL, 299)->group = 1;
    gm_ecg_mark *m = mark(e, "QRS Onset", NULL, 77);
    EXPECT(gm_ecg_set(&m->scheme, "SCPECG") == GM_OK && gm_ecg_set(&m->code, "5.10.3-3") == GM_OK);
    m = mark(e, "QT", "by hand", NAN);
    EXPECT(gm_ecg_set(&m->scheme, "MDC") == GM_OK);
    EXPECT(gm_ecg_set(&m->code, "MDC_ECG_TIME_PD_QT") == GM_OK); /* 18 characters */
    EXPECT(gm_ecg_set(&m->unit, "furlong") == GM_OK);
    m->value = -0.1;
    mark(e, "rhythm", "Sinus rhythm [SCT 64730000]", NAN);
    expect_round_trip(e, 0);
    gm_ecg_destroy(e);
}

static void marks_outside_the_record_are_left_out_and_said(void)
{
    gm_ecg *e = make_ecg(3, 100, 500);
    gm_ecg_files files;
    mark(e, "N", NULL, 100);
    mark(e, "N", NULL, -1);
    mark(e, "N", NULL, 99)->duration_ms = 4;
    mark(e, "N", NULL, 5)->group = 1;
    mark(e, "N", NULL, 5)->channel = 3;
    gm_ecg *again = round_trip(&files, e);
    EXPECT(again && again->n_marks == 0 && files.n_left_out == 1);
    if (files.n_left_out == 1)
        EXPECT_CONTAINS(files.left_out[0], "5 marks that lie outside the record");
    gm_ecg_destroy(again);
    gm_ecg_destroy(e);
    gm_ecg_files_free(&files);
}

static void what_the_device_says_becomes_measurements(void)
{
    gm_ecg *e = make_ecg(12, 100, 500);
    e->device_says.rr_ms = 811.5;
    e->device_says.qrs_axis_deg = -30;
    gm_ecg_files files;
    gm_ecg *again = round_trip(&files, e);
    if (again) EXPECT(again->n_marks == 2 && strcmp(again->marks[0].what, "RR Interval") == 0);
    gm_ecg_files_free(&files);
    if (again) expect_round_trip(again, 0); /* and no more of them */
    gm_ecg_destroy(again);
    gm_ecg_destroy(e);
}

static void the_class_is_the_narrowest_that_holds_it(void)
{
#define ECG_CLASS "1.2.840.10008.5.1.4.1.1.9.1."
    static const struct {
        size_t n_channels, n_samples;
        double rate_hz;
        const char *uid; /* NULL: none */
    } cases[] = {{12, 5000, 500, ECG_CLASS "1"},
                 {12, 16384, 1000, ECG_CLASS "1"},
                 {12, 16385, 1000, ECG_CLASS "2"},
                 {13, 5000, 500, ECG_CLASS "2"},
                 {24, 10, 200, ECG_CLASS "2"},
                 {3, 1000, 128, ECG_CLASS "3"},
                 {2, 360000, 90, ECG_CLASS "3"},
                 {2, 800000, 200, ECG_CLASS "3"},
                 {13, 800000, 200, ECG_CLASS "2"},
                 {25, 10, 500, NULL},
                 {13, 10, 128, NULL},
                 {12, 10, 2000, NULL},
                 {1, 10, 49, NULL}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        gm_ecg *e = make_ecg(cases[k].n_channels, cases[k].n_samples, cases[k].rate_hz);
        gm_ecg_files files;
        gm_status s = gm_ecg_encode(&files, e, "c.dcm");
        EXPECT(s == (cases[k].uid ? GM_OK : GM_EINVAL));
        if (s == GM_OK && cases[k].uid) EXPECT(contains(&files.items[0], cases[k].uid));
        if (!cases[k].uid) EXPECT_CONTAINS(gm_error_text(), "c.dcm: DICOM's ECGs hold 1 to 4");
        gm_ecg_files_free(&files);
        gm_ecg_destroy(e);
    }
}

static void every_scale_comes_back_exactly(void)
{
    static const double scales[] = {1 / 1716.0, 1.0 / 3, 6553.6 / 65535 / 1000, 1e-9, 0.1 + 0.2,
                                    4.88e-3,    10};
    static const double baselines[] = {0, 6, -1024, 0.5, 32768};
    gm_ecg *e = make_ecg(7, 10, 500);
    for (size_t b = 0; b < 5; b++) {
        for (size_t c = 0; c < 7; c++) {
            e->channels[c].mv_per_count = scales[c];
            e->channels[c].baseline = baselines[b];
        }
        expect_round_trip(e, 0);
    }
    e->channels[0].mv_per_count = NAN; /* uncalibrated */
    e->channels[0].baseline = 0;
    expect_round_trip(e, 0);
    gm_ecg_destroy(e);
}

static void missing_samples_take_a_value_that_no_sample_has(void)
{
    gm_ecg *e = make_ecg(2, 10, 500);
    e->channels[0].counts[3] = GM_ECG_MISSING_COUNT;
    e->channels[1].counts[4] = -32768;
    e->channels[1].counts[5] = 32767;
    expect_round_trip(e, 0);
    gm_ecg_destroy(e);
    e = make_ecg(1, 65537, 500);
    for (size_t i = 0; i < 65536; i++)
        e->channels[0].counts[i] = (int32_t)i - 32768;
    expect_round_trip(e, 0);
    e->channels[0].counts[65536] = GM_ECG_MISSING_COUNT;
    gm_ecg_files files;
    EXPECT(gm_ecg_encode(&files, e, "m.dcm") == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "none is left for missing samples");
    gm_ecg_destroy(e);
}

static void what_cannot_be_held_is_refused(void)
{
    gm_ecg_files files;
    gm_ecg *e = make_ecg(3, 10, 500);
    e->channels[2].counts[7] = 32768;
    EXPECT(gm_ecg_encode(&files, e, "r.dcm") == GM_EINVAL && files.n == 0);
    EXPECT_CONTAINS(gm_error_text(), "r.dcm: channel III: sample 7 is 32768 counts, DICOM's ECGs "
                                     "hold -32768 to 32767");
    gm_ecg_destroy(e);
    e = make_ecg(3, 10, 1000.0 / 3);
    EXPECT(gm_ecg_encode(&files, e, "r.dcm") == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "a sampling rate of 333.33333333333331 Hz cannot be held");
    gm_ecg_destroy(e);
    e = make_ecg(3, 10, 500);
    for (int i = 0; i < 5; i++)
        EXPECT(gm_ecg_add_other(e, make_ecg(1, 10, 500)) == GM_OK);
    EXPECT(gm_ecg_encode(&files, e, "r.dcm") == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "6 waveforms");
    gm_ecg_destroy(e);
}

static void the_first_waveform_stays_the_ecg(void)
{
    gm_ecg_files files;
    gm_ecg *e = make_ecg(3, 10, 500), *again;
    EXPECT(gm_ecg_add_other(e, make_ecg(1, 20, 500)) == GM_OK); /* longer */
    EXPECT(gm_ecg_encode(&files, e, "f.dcm") == GM_OK);
    EXPECT(gm_ecg_dicom_parse(&again, files.items[0].bytes, files.items[0].length, "f") == GM_OK);
    EXPECT(again && again->n_samples == 10 && strcmp(again->group, "RHYTHM") == 0);
    gm_ecg_destroy(again);
    gm_ecg_files_free(&files);
    EXPECT(gm_ecg_set(&e->group, "MAIN") == GM_OK);
    EXPECT(gm_ecg_encode(&files, e, "f.dcm") == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "the first waveform is labelled \"MAIN\"");
    gm_ecg_destroy(e);
}

static void what_is_not_known_is_said_and_nothing_is_invented(void)
{
    gm_ecg *e = make_ecg(12, 10, 500);
    gm_ecg_files files;
    EXPECT(gm_ecg_set(&e->acquired, NULL) == GM_OK);
    EXPECT(gm_ecg_set(&e->patient.birth_date, "1962") == GM_OK);
    e->patient.age_years = 33.3;
    e->channels[4].skew_ms = NAN;
    EXPECT(gm_ecg_encode(&files, e, "u.dcm") == GM_OK && files.n_left_out == 4);
    if (files.n_left_out == 4) {
        EXPECT_CONTAINS(files.left_out[0], "time of acquisition (unknown): left empty");
        EXPECT_CONTAINS(files.left_out[1], "birth date 1962: DICOM needs year, month and day");
        EXPECT_CONTAINS(files.left_out[2], "age 33.3 years");
        EXPECT_CONTAINS(files.left_out[3], "the skew of 1 channels is unknown");
    }
    EXPECT(!contains(&files.items[0], "20200229"));
    gm_ecg_files_free(&files);
    gm_ecg_destroy(e);
}

static void the_same_ecg_gives_the_same_file_and_another_other_uids(void)
{
    gm_ecg *e = make_ecg(12, 10, 500);
    gm_ecg_files one, two;
    EXPECT(gm_ecg_encode(&one, e, "a.dcm") == GM_OK && gm_ecg_encode(&two, e, "b.dcm") == GM_OK);
    EXPECT(one.items[0].length == two.items[0].length &&
           memcmp(one.items[0].bytes, two.items[0].bytes, one.items[0].length) == 0);
    gm_ecg_files_free(&two);
    e->channels[0].counts[0]++;
    EXPECT(gm_ecg_encode(&two, e, "b.dcm") == GM_OK);
    char uid[65];
    const char *at = memmem(one.items[0].bytes, one.items[0].length, "\x08\0\x18\0UI", 6);
    EXPECT(at != NULL);
    if (at) {
        snprintf(uid, sizeof uid, "%.*s", (unsigned char)at[6], at + 8);
        EXPECT(strncmp(uid, "2.25.", 5) == 0 && strlen(uid) > 35);
        EXPECT(contains(&one.items[0], uid) && !contains(&two.items[0], uid));
    }
    gm_ecg_files_free(&one);
    gm_ecg_files_free(&two);
    gm_ecg_destroy(e);
}

static void without_memory_nothing_is_written(void)
{
    gm_ecg *e = make_ecg(3, 10, 500);
    mark(e, "N", "text", 1);
    bool succeeded = false;
    for (long after = 0; after < 500 && !succeeded; after++) {
        gm_ecg_files files;
        gm_alloc_fail_after(after);
        gm_status s = gm_ecg_encode(&files, e, "m.dcm");
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
    RUN(the_mortara_file_comes_back_the_same);
    RUN(published_records_come_back_the_same);
    RUN(what_was_read_from_any_encoding_comes_back_the_same);
    RUN(facts_come_back_the_same);
    RUN(marks_come_back_the_same);
    RUN(marks_outside_the_record_are_left_out_and_said);
    RUN(what_the_device_says_becomes_measurements);
    RUN(the_class_is_the_narrowest_that_holds_it);
    RUN(every_scale_comes_back_exactly);
    RUN(missing_samples_take_a_value_that_no_sample_has);
    RUN(what_cannot_be_held_is_refused);
    RUN(the_first_waveform_stays_the_ecg);
    RUN(what_is_not_known_is_said_and_nothing_is_invented);
    RUN(the_same_ecg_gives_the_same_file_and_another_other_uids);
    RUN(without_memory_nothing_is_written);
    return gm_report();
}
