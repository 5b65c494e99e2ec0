#include "ecg/edf.h"

#include <stddef.h>

#include "ecg/edf_annotation.h"
#include "ecg/edf_header.h"
#include "ecg/edf_sample.h"
#include "ecg/edf_scale.h"
#include "ecg/reader_for_tests.h"

#define ECG GM_SHARED_DIR "/data/ecg"

static const char *const usual_tals[] = {
    "+0\x14\x14|+0.04\x15"
    "0.1\x14RECORD START\x14|",
    "+0.1\x14\x14|+0.12\x14wide@@ECG II\x14second\x14|+0.15\x14slow@@Resp\x14|",
    "+0.2\x14\x14|+0.2\x14late@@nothing\x14|"};

static gm_ecg *parsed(const edf_sample *s)
{
    gm_text t = {0};
    edf_put_file(&t, s);
    gm_ecg *e = parsed_ecg(gm_edf_parse, t.data, t.length);
    gm_text_free(&t);
    return e;
}

/* ---- known answers: ecg.md 2.4 and 9 ------------------------------------------------------------ */

static size_t n_tals_of(const char *path, size_t *n_with_text)
{
    char *bytes;
    size_t length, n = 0;
    gm_edf_header *h = NULL;
    gm_edf_annotations a = {0};
    *n_with_text = 0;
    EXPECT(gm_file_read(&bytes, &length, path, 0) == GM_OK);
    EXPECT(gm_edf_header_parse(&h, bytes, length, path) == GM_OK);
    if (h && gm_edf_annotations_read(&a, h, bytes) == GM_OK) {
        EXPECT(h->header_bytes + h->n_records * h->record_bytes == length);
        EXPECT(a.n_malformed == 0);
        n = a.n_tals;
        *n_with_text = a.n;
    }
    gm_edf_annotations_free(&a);
    gm_edf_header_destroy(h);
    gm_free(bytes);
    return n;
}

static void a_file_of_annotations_alone_gives_its_marks(void)
{
    const char *path = ECG "/edf/test_edfann.edf";
    NEED_DATA(ECG "/edf/test_edfann.edf");
    size_t n;
    EXPECT(n_tals_of(path, &n) == 857 && n == 856);
    gm_ecg *e = read_ecg(path);
    if (!e) return;
    EXPECT(e->n_marks == 856 && e->n_channels == 0 && e->n_samples == 0);
    const gm_ecg_mark *first = &e->marks[0], *last = &e->marks[855];
    EXPECT(first->sample == 0 && first->duration_ms == 30000);
    EXPECT(first->text && strcmp(first->text, "Sleep stage W") == 0 && !first->what);
    EXPECT_CLOSE(last->sample, 25618740, 0, 1e-6);
    EXPECT(last->text && strcmp(last->text, "Lights on@@EEG Fpz-Cz") == 0 && last->channel == -1);
    EXPECT(strcmp(e->patient.id, "SN001") == 0 && !e->patient.name && !e->acquired);
    gm_ecg_destroy(e);
}

static void a_byte_beyond_ascii_in_a_dimension_is_no_hindrance(void)
{
    const char *path = ECG "/edf/test_generator_2.edf";
    NEED_DATA(ECG "/edf/test_generator_2.edf");
    size_t n;
    EXPECT(n_tals_of(path, &n) == 602 && n == 2);
    gm_ecg *e = read_ecg(path);
    if (!e) return;
    EXPECT(e->n_channels == 11 && e->n_samples == 120000 && e->rate_hz == 200 && !e->n_others);
    EXPECT(e->n_marks == 2 && e->marks[0].sample == 0 && e->marks[1].sample == 120000);
    EXPECT(strcmp(e->marks[0].text, "RECORD START") == 0);
    EXPECT(strcmp(e->marks[1].text, "REC STOP") == 0);
    EXPECT(strcmp(e->channels[8].unit, "\xc2\xb0") == 0 && isnan(e->channels[8].mv_per_count));
    EXPECT(e->channels[3].mv_per_count == 2.0 / 65535);
    EXPECT(strcmp(e->acquired, "2009-12-10T12:44:02") == 0);
    EXPECT(strcmp(e->device, "test generator") == 0 && !e->patient.id && e->n_notes == 0);
    gm_ecg_destroy(e);
}

/* The same recording as CSV, empty where a lead is blank (0 in EDF). */
static void expect_counts_of_csv(const gm_ecg *e, const char *path)
{
    char *text;
    size_t length, row = 0, n_wrong = 0;
    if (gm_file_read(&text, &length, path, 0) != GM_OK) return;
    for (char *line = text; *line && row < e->n_samples; row++) {
        for (size_t c = 0; c < e->n_channels; c++) {
            n_wrong += strtol(line, NULL, 10) != e->channels[c].counts[row] &&
                       (*line == '-' || (*line >= '0' && *line <= '9'));
            line += strcspn(line, ",\n");
            line += *line == ',';
        }
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    EXPECT(row == 37855 && n_wrong == 0);
    gm_free(text);
}

static void one_sample_a_record_and_a_scale_that_cannot_be_are_read(void)
{
    NEED_DATA(ECG "/scp/0000050.ECG.edf");
    static const int lead_i[] = {-20, -30, -33, -28, -10, -7, -12, -24, -26, -21};
    static const int second[6] = {-30, -34, -4, 32, -13, -19};
    gm_ecg *e = read_ecg(ECG "/scp/0000050.ECG.edf");
    if (!e) return;
    EXPECT(e->n_channels == 12 && e->n_samples == 37855 && e->rate_hz == 800);
    for (int i = 0; i < 10; i++)
        EXPECT(e->channels[0].counts[i] == lead_i[i]);
    for (int c = 0; c < 12; c++)
        EXPECT(e->channels[c].lead == c && (c >= 6 || e->channels[c].counts[1] == second[c]));
    EXPECT(e->channels[1].counts[0] == -25 && e->channels[2].counts[0] == -5);
    EXPECT(e->channels[0].mv_per_count == 2000.0 / 65535 && e->channels[0].baseline == -0.5);
    EXPECT(strcmp(e->acquired, "2020-11-16T21:44:39") == 0 && !e->patient.id && !e->device);
    EXPECT(e->n_notes >= 1);
    EXPECT_CONTAINS(e->notes[0],
                    "implausible scale of 12 channels, taken as written: I has 0.0305");
    EXPECT(e->n_comments == 2 && strcmp(e->comments[0], "patient: dd-MMM-yyyy") == 0);
    EXPECT(e->n_comments == 2 && strcmp(e->comments[1], "recording: 0000050") == 0);
    expect_counts_of_csv(e, ECG "/scp/0000050.ECG.csv");
    gm_ecg_destroy(e);
}

/* ---- the specification, field by field ---------------------------------------------------------- */

static void channels_rates_and_filters_are_those_of_the_header(void)
{
    gm_text data = {0};
    edf_put_data(&data, usual_tals, 3, false);
    edf_sample s = edf_sample_of(&data);
    gm_ecg *e = parsed(&s);
    if (!e) goto done;
    const gm_ecg_channel *two = &e->channels[0], *v1 = &e->channels[1];
    EXPECT(e->n_channels == 2 && e->n_samples == 15 && e->rate_hz == 50 && e->n_notes == 0);
    EXPECT(two->lead == 1 && v1->lead == 6 && strcmp(v1->name, "EKG V1-ref") == 0);
    EXPECT(two->counts[14] == 15 && v1->counts[14] == -15);
    EXPECT(two->mv_per_count == 0.005 && two->baseline == 0);
    EXPECT(v1->mv_per_count == 0.005 && v1->baseline == 0 && strcmp(v1->unit, "mV") == 0);
    EXPECT(two->low_cut_hz == 0.05 && two->high_cut_hz == 150 && two->notch_hz == 50);
    EXPECT(v1->low_cut_hz == 0 && v1->high_cut_hz == 1000 && isnan(v1->notch_hz));
    EXPECT(e->n_others == 1);
    if (e->n_others == 1) {
        const gm_ecg *o = e->others[0];
        EXPECT(o->rate_hz == 20 && o->n_samples == 6 && o->channels[0].counts[5] == 2001);
        EXPECT(isnan(o->channels[0].mv_per_count) && o->channels[0].baseline == -100);
        EXPECT(isnan(o->channels[0].low_cut_hz) && strcmp(o->channels[0].unit, "%") == 0);
    }
    EXPECT(e->n_comments == 3 && strcmp(e->comments[0], "recording code: EMG561") == 0);
    if (e->n_comments == 3) EXPECT(strcmp(e->comments[2], "transducer of ECG II: AgAgCl") == 0);
done:
    gm_ecg_destroy(e);
    gm_text_free(&data);
}

static void patient_and_recording_are_divided_as_edf_plus_says(void)
{
    gm_text data = {0};
    edf_put_data(&data, usual_tals, 3, false);
    edf_sample s = edf_sample_of(&data);
    gm_ecg *e = parsed(&s);
    if (e) {
        EXPECT(strcmp(e->patient.id, "MCH-0234567") == 0 && e->patient.sex == GM_SEX_FEMALE);
        EXPECT(strcmp(e->patient.name, "Haagse Harry") == 0);
        EXPECT(strcmp(e->patient.birth_date, "1951-05-02") == 0);
        EXPECT(strcmp(e->acquired, "2002-03-02T16:05:09") == 0);
        EXPECT(strcmp(e->physician, "BK/JOP") == 0 && strcmp(e->device, "Sony.") == 0);
        EXPECT(strcmp(e->comments[1], "recording: more of it") == 0);
    }
    gm_ecg_destroy(e);
    s.patient = "Jane  Doe, born 1950";
    s.recording = "bed 4";
    e = parsed(&s);
    if (e) {
        EXPECT(!e->patient.id && !e->patient.name && e->patient.sex == GM_SEX_UNKNOWN);
        EXPECT(!e->physician && !e->device && strcmp(e->acquired, "2002-03-02T16:05:09") == 0);
        EXPECT(strcmp(e->comments[0], "patient: Jane  Doe, born 1950") == 0);
        EXPECT(strcmp(e->comments[1], "recording: bed 4") == 0);
    }
    gm_ecg_destroy(e);
    gm_text_free(&data);
}

static void an_unknown_or_contradictory_start_is_said_and_not_invented(void)
{
    static const struct {
        const char *date, *time, *recording, *acquired, *note;
    } cases[] = {
        {"01.01.85", "00.00.00", "Startdate X X X X", NULL, NULL},
        {"01.01.85", "00.00.00", "", NULL, NULL},
        {"01.01.85", "00.00.00", "Startdate 03-FEB-2019 X X X", "2019-02-03", NULL},
        {"01.01.85", "00.00.01", "", "1985-01-01T00:00:01", NULL},
        {"31.12.84", "23.59.59", "", "2084-12-31T23:59:59", NULL},
        {"31.12.99", "23.59.59", "", "1999-12-31T23:59:59", NULL},
        {"03.02.75", "01.02.03", "Startdate 03-FEB-1975 X X X", "1975-02-03T01:02:03", NULL},
        {"03.02.yy", "01.02.03", "Startdate 03-FEB-2085 X X X", "2085-02-03T01:02:03", NULL},
        {"04.02.19", "01.02.03", "Startdate 03-FEB-2019 X X X", "2019-02-03T01:02:03",
         "the start date is 04.02.19 in the header, but 2019-02-03"},
        {"04.02.19", "01.02.03", "Startdate X X X X", NULL, "the header has 04.02.19 01.02.03"},
        {"29.02.19", "01.02.03", "", NULL, "the start date \"29.02.19\" is not DD.MM.YY"},
        {"04.02.19", "25.00.00", "", "2019-02-04", NULL},
    };
    gm_text data = {0};
    edf_put_data(&data, usual_tals, 3, false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        edf_sample s = edf_sample_of(&data);
        s.date = cases[i].date;
        s.time = cases[i].time;
        s.recording = cases[i].recording;
        gm_ecg *e = parsed(&s);
        if (!e) continue;
        bool right = cases[i].acquired ? e->acquired && strcmp(e->acquired, cases[i].acquired) == 0
                                       : !e->acquired;
        EXPECT(right);
        if (!right) printf("  %s: %s\n", cases[i].date, e->acquired ? e->acquired : "unknown");
        EXPECT(e->n_notes == (cases[i].note != NULL));
        if (cases[i].note && e->n_notes) EXPECT_CONTAINS(e->notes[0], cases[i].note);
        gm_ecg_destroy(e);
    }
    gm_text_free(&data);
}

static void annotations_are_marks_of_their_channel(void)
{
    gm_text data = {0};
    edf_put_data(&data, usual_tals, 3, false);
    edf_sample s = edf_sample_of(&data);
    gm_ecg *e = parsed(&s);
    if (e && e->n_marks == 5) {
        const gm_ecg_mark *m = e->marks;
        EXPECT(m[0].sample == 2 && m[0].duration_ms == 100 && m[0].channel == -1);
        EXPECT(m[1].sample == 6 && m[1].channel == 0 && strcmp(m[1].text, "wide") == 0);
        EXPECT(m[2].sample == 6 && m[2].channel == -1 && strcmp(m[2].text, "second") == 0);
        EXPECT(m[3].group == 1 && m[3].channel == 0 && m[3].sample == 3);
        EXPECT(m[4].sample == 10 && strcmp(m[4].text, "late@@nothing") == 0);
        EXPECT(isnan(m[1].duration_ms) && isnan(m[1].value) && !m[1].what && !m[1].code);
    } else {
        EXPECT(!"five marks");
    }
    gm_ecg_destroy(e);
    gm_text_free(&data);
}

static void a_start_between_seconds_moves_the_marks(void)
{
    static const char *const tals[] = {"+0.25\x14\x14|+0.29\x14here\x14|", "+0.35\x14\x14|",
                                       "+0.45\x14\x14|"};
    gm_text data = {0};
    edf_put_data(&data, tals, 3, false);
    edf_sample s = edf_sample_of(&data);
    gm_ecg *e = parsed(&s);
    EXPECT(e && strcmp(e->acquired, "2002-03-02T16:05:09.25") == 0 && e->first_ms == 0);
    EXPECT(e && e->n_marks == 1 && e->marks[0].sample == 2 && e->n_notes == 0);
    gm_ecg_destroy(e);
    s.recording = "Startdate X X X X";
    s.date = "01.01.85";
    s.time = "00.00.00";
    e = parsed(&s);
    EXPECT(e && !e->acquired && e->first_ms == 250 && e->n_marks == 1 && e->marks[0].sample == 2);
    gm_ecg_destroy(e);
    gm_text_free(&data);
}

static void malformed_annotations_are_counted_and_left_out(void)
{
    static const char *const tals[] = {"+0\x14\x14|12\x14no sign\x14|+0.05\x14good\x14|",
                                       "+0.1\x14\x14|+0.1\x15x\x14no duration\x14|+0.1\x14open",
                                       "+0.2\x14\x14|+nan\x14no number\x14|+1e1\x14power\x14|"};
    gm_text data = {0};
    edf_put_data(&data, tals, 3, false);
    edf_sample s = edf_sample_of(&data);
    gm_ecg *e = parsed(&s);
    EXPECT(e && e->n_marks == 1 && e->n_notes == 1);
    if (e && e->n_notes)
        EXPECT_CONTAINS(e->notes[0],
                        "5 malformed annotations are left out, the first at byte 1309");
    gm_ecg_destroy(e);
    gm_text_free(&data);
}

static void gaps_of_edf_d_hold_missing_samples(void)
{
    static const char *const tals[] = {"+0\x14\x14|", "+0.14\x14\x14|+0.15\x14here\x14|",
                                       "+0.2401\x14\x14|"};
    gm_text data = {0};
    edf_put_data(&data, tals, 3, false);
    edf_sample s = edf_sample_of(&data);
    s.kind = "EDF+D";
    gm_ecg *e = parsed(&s);
    if (e) {
        const int32_t *c = e->channels[0].counts;
        EXPECT(e->n_samples == 17 && c[4] == 5 && c[5] == GM_ECG_MISSING_COUNT);
        EXPECT(c[6] == GM_ECG_MISSING_COUNT && c[7] == 6 && c[12] == 11 && c[16] == 15);
        EXPECT(e->others[0]->n_samples == 7 && e->others[0]->channels[0].counts[3] == 1000);
        EXPECT(e->n_marks == 1 && e->marks[0].sample == 7.5);
        EXPECT(e->n_notes == 3);
        EXPECT_CONTAINS(e->notes[0], "gaps of 0.04 s in all hold missing samples");
    }
    gm_ecg_destroy(e);
    s.kind = "EDF+C"; /* the same stamps contradict it */
    e = parsed(&s);
    EXPECT(e && e->n_samples == 15 && e->n_notes == 1);
    if (e && e->n_notes)
        EXPECT_CONTAINS(e->notes[0], "2 of 3 data records are not where a recording without gaps");
    gm_ecg_destroy(e);
    gm_text_free(&data);
}

static void records_are_counted_where_the_header_does_not(void)
{
    gm_text data = {0};
    edf_put_data(&data, usual_tals, 3, false);
    gm_text_add(&data, "tail");
    edf_sample s = edf_sample_of(&data);
    s.records = "-1";
    gm_ecg *e = parsed(&s);
    EXPECT(e && e->n_samples == 15 && e->n_notes == 2);
    if (e && e->n_notes == 2) {
        EXPECT_CONTAINS(e->notes[0], "4 bytes behind the last whole data record");
        EXPECT_CONTAINS(e->notes[1], "how many data records there are: 3");
    }
    gm_ecg_destroy(e);
    gm_text_free(&data);
}

static void bdf_has_three_bytes_a_sample(void)
{
    gm_text data = {0};
    edf_put_data(&data, usual_tals, 3, true);
    edf_sample s = edf_sample_of(&data);
    s.version = "\xff"
                "BIOSEMI";
    s.kind = "BDF+C";
    s.signals[0].dmin = "-8388608";
    s.signals[0].dmax = "8388607";
    s.signals[0].pmin = "-262144";
    s.signals[0].pmax = "262143.9"; /* 31.25 nV a count, nearly */
    s.signals[3].label = "BDF Annotations";
    data.data[0] = data.data[1] = 0;
    data.data[2] = (char)0x80;
    gm_ecg *e = parsed(&s);
    if (e) {
        EXPECT(e->channels[0].counts[0] == -8388608 && e->channels[0].counts[14] == 15);
        EXPECT(e->channels[1].counts[14] == -15 && e->n_marks == 5);
        EXPECT_CLOSE(e->channels[0].mv_per_count, 31.25e-6, 1e-6, 0);
        EXPECT(strcmp(e->format, "BDF") == 0);
    }
    gm_ecg_destroy(e);
    gm_text_free(&data);
}

static void a_scale_upside_down_negates_the_counts(void)
{
    gm_text data = {0};
    edf_put_data(&data, usual_tals, 3, false);
    edf_sample s = edf_sample_of(&data);
    s.signals[1].pmin = "10.24";
    s.signals[1].pmax = "-10.235";
    s.signals[2].pmin = s.signals[2].pmax = "0";
    s.signals[2].dimension = "mV";
    gm_ecg *e = parsed(&s);
    if (e) {
        EXPECT(e->channels[1].counts[14] == 15 && e->channels[1].mv_per_count == 0.005);
        EXPECT(e->channels[1].baseline == 0 && e->n_notes == 2);
        EXPECT_CONTAINS(e->notes[0], "EKG V1-ref: the physical maximum -10.235 is below");
        EXPECT_CONTAINS(e->notes[1], "channel Resp: physical range 0 to 0 mV: taken as uncal");
    }
    gm_ecg_destroy(e);
    gm_text_free(&data);
}

static void the_rate_of_the_ecg_is_the_record(void)
{
    gm_text data = {0};
    edf_put_data(&data, usual_tals, 3, false);
    edf_sample s = edf_sample_of(&data);
    s.signals[0].label = s.signals[1].label = "EEG";
    s.signals[2].label = "EKG";
    gm_ecg *e = parsed(&s);
    EXPECT(e && e->rate_hz == 20 && e->n_others == 1 && e->others[0]->n_channels == 2);
    EXPECT(e && e->n_marks == 5 && e->marks[0].sample == 0.8);
    gm_ecg_destroy(e);
    s.signals[2].label = "Resp";
    e = parsed(&s);
    EXPECT(e && e->rate_hz == 50 && e->n_channels == 2);
    gm_ecg_destroy(e);
    gm_text_free(&data);
}

/* ---- refusals ----------------------------------------------------------------------------------- */

static void malformed_headers_are_refused_with_their_place(void)
{
    gm_text data = {0};
    edf_put_data(&data, usual_tals, 3, false);
    edf_sample usual = edf_sample_of(&data);
#define WITH(field, value, text)                 \
    {                                            \
        offsetof(edf_sample, field), value, text \
    }
    static const struct {
        size_t at;
        const char *value, *says;
    } cases[] = {
        WITH(version, "1", "e.edf: bytes 0 to 7 (version): \"1\", expected \"0\""),
        WITH(bytes, "1000", "e.edf: bytes 184 to 191 (length of the header): 1000, but"),
        WITH(bytes, "x", "bytes 184 to 191 (length of the header): \"x\", expected a whole number"),
        WITH(n, "0", "bytes 252 to 255 (number of signals): \"0\", expected a whole number from 1"),
        WITH(n, "-1", "(number of signals): \"-1\""),
        WITH(n, "9999", "(length of the header): 1280, but a header of 9999 signals"),
        WITH(records, "0", "bytes 236 to 243 (number of data records): no record"),
        WITH(records, "-2", "(number of data records): \"-2\", expected a whole number from -1"),
        WITH(records, "4",
             "4 of 104 bytes each, but only 312 bytes follow the header: the file is"),
        WITH(records, "99999999", "the file is cut"),
        WITH(records, "many", "(number of data records): \"many\""),
        WITH(duration, "0", "bytes 244 to 251 (duration of a data record): 0 s, which is allowed"),
        WITH(duration, "-1", "(duration of a data record): \"-1\", expected 0 or more seconds"),
        WITH(duration, "nan", "(duration of a data record): \"nan\", expected a number"),
        WITH(duration, "1e-300", "sampling rate 5e+300 Hz, allowed are"),
        WITH(duration, "10", "sampling rate 0.5 Hz, allowed are"),
        WITH(signals[0].dmin, "32767",
             "signal 0 (ECG II): bytes 768 to 775 (digital maximum): 32767 is not above"),
        WITH(signals[0].dmin, "-32769", "(digital minimum): \"-32769\", expected a whole number"),
        WITH(signals[0].dmax, "1.5", "(digital maximum): \"1.5\""),
        WITH(signals[1].pmin, "-10,24", "bytes 680 to 687 (physical minimum): \"-10,24\""),
        WITH(signals[1].pmin, "inf", "(physical minimum): \"inf\", expected a number"),
        WITH(signals[1].pmax, "1e9", "channel EKG V1-ref: 244200 mV a count, allowed are"),
        WITH(signals[1].samples, "0", "(samples in a data record): \"0\", expected a whole number"),
        WITH(signals[1].samples, "99999999", "the file is cut"),
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        edf_sample s = usual;
        gm_text t = {0};
        memcpy((char *)&s + cases[i].at, &cases[i].value, sizeof cases[i].value);
        edf_put_file(&t, &s);
        expect_refused(gm_edf_parse, t.data, t.length, "e.edf", cases[i].says);
        gm_text_free(&t);
    }
    gm_text_free(&data);
}

static void gaps_without_bounds_are_refused(void)
{
    static const struct {
        const char *const tals[3];
        const char *says;
    } cases[] = {
        {{"+0\x14\x14|", "+99999\x14\x14|", "+199999\x14\x14|"},
         "EDF+D with gaps of 199999 s: 23999892 values"},
        {{"+0\x14\x14|", "+999999999999999999999999999999\x14\x14|", "+0.2\x14\x14|"},
         "data record 2 (from byte 1488): it begins before the one before it ends"},
        {{"+0\x14\x14|", "+0.05\x14\x14|", "+0.2\x14\x14|"}, "data record 1 (from byte 1384)"},
        {{"+0\x14\x14|", "+0.1\x14text\x14|", "+0.2\x14\x14|"}, "but it has no time stamp"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gm_text data = {0}, t = {0};
        edf_put_data(&data, cases[i].tals, 3, false);
        edf_sample s = edf_sample_of(&data);
        s.kind = "EDF+D";
        edf_put_file(&t, &s);
        expect_refused(gm_edf_parse, t.data, t.length, "e.edf", cases[i].says);
        gm_text_free(&data);
        gm_text_free(&t);
    }
}

static void damage_and_lack_of_memory_never_crash_it(void)
{
    gm_text data = {0}, t = {0};
    edf_put_data(&data, usual_tals, 3, false);
    edf_sample s = edf_sample_of(&data);
    s.kind = "EDF+D";
    edf_put_file(&t, &s);
    EXPECT(expect_safe(gm_edf_parse, t.data, t.length, "small.edf: ") == 0);
    gm_text_free(&data);
    gm_text_free(&t);
}

int main(int argc, char **argv)
{
    RUN(a_file_of_annotations_alone_gives_its_marks);
    RUN(a_byte_beyond_ascii_in_a_dimension_is_no_hindrance);
    RUN(one_sample_a_record_and_a_scale_that_cannot_be_are_read);
    RUN(channels_rates_and_filters_are_those_of_the_header);
    RUN(patient_and_recording_are_divided_as_edf_plus_says);
    RUN(an_unknown_or_contradictory_start_is_said_and_not_invented);
    RUN(annotations_are_marks_of_their_channel);
    RUN(a_start_between_seconds_moves_the_marks);
    RUN(malformed_annotations_are_counted_and_left_out);
    RUN(gaps_of_edf_d_hold_missing_samples);
    RUN(records_are_counted_where_the_header_does_not);
    RUN(bdf_has_three_bytes_a_sample);
    RUN(a_scale_upside_down_negates_the_counts);
    RUN(the_rate_of_the_ecg_is_the_record);
    RUN(malformed_headers_are_refused_with_their_place);
    RUN(gaps_without_bounds_are_refused);
    RUN(damage_and_lack_of_memory_never_crash_it);
    return gm_report();
}
