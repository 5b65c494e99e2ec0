#include "ecg/dicom.h"

#include <zlib.h>

#include "core/alloc.h"
#include "ecg/dicom_sample.h"
#include "testing/gm_test.h"

#define DCM GM_SHARED_DIR "/data/ecg/dicom/waveform_ecg_anon.dcm"

static gm_ecg *read_shared(void)
{
    gm_ecg *e;
    EXPECT(gm_ecg_read(&e, DCM) == GM_OK);
    if (!e) printf("  %s\n", gm_error_text());
    return e;
}

static void the_mortara_file_is_read_as_its_device_wrote_it(void)
{
    NEED_DATA(DCM);
    static const int first_frame[] = {80, 90, 10, -85, 35, 50, 40, 15, -10, -20, -55, -40};
    gm_ecg *e = read_shared();
    if (!e) return;
    EXPECT(e->n_channels == 12 && e->n_samples == 10000 && e->rate_hz == 1000 && e->n_notes == 1);
    EXPECT(strcmp(e->group, "RHYTHM") == 0 && strcmp(e->format, "DICOM") == 0);
    for (int l = 0; l < GM_N_LEADS; l++)
        EXPECT(e->channels[l].counts[0] == first_frame[l] && e->channels[l].lead == l);
    const gm_ecg_channel *two = gm_ecg_lead(e, 1);
    double low = 1e9, high = -1e9;
    for (size_t i = 0; i < e->n_samples; i++) {
        double uv = 1000 * (two->counts[i] - two->baseline) * two->mv_per_count;
        low = uv < low ? uv : low;
        high = uv > high ? uv : high;
    }
    EXPECT_CLOSE(low, -208.75, 1e-12, 0);
    EXPECT_CLOSE(high, 1137.5, 1e-12, 0);
    EXPECT(two->low_cut_hz == 0.05 && two->high_cut_hz == 300 && two->notch_hz == 0 &&
           two->skew_ms == 0);
    EXPECT(e->device_says.rr_ms == 982 && e->device_says.pr_ms == 161 &&
           e->device_says.qrs_ms == 75);
    EXPECT(e->device_says.qt_ms == 368 && e->device_says.qtc_ms == 370);
    EXPECT(e->device_says.p_axis_deg == 74 && e->device_says.qrs_axis_deg == 52 &&
           e->device_says.t_axis_deg == 57);
    gm_ecg_destroy(e);
}

static void its_facts_are_read_and_empty_ones_stay_unknown(void)
{
    NEED_DATA(DCM);
    gm_ecg *e = read_shared();
    if (!e) return;
    EXPECT(e->patient.sex == GM_SEX_FEMALE && e->patient.age_years == 42 &&
           strcmp(e->patient.id, "ANON01") == 0);
    EXPECT(strcmp(e->patient.name, "Anonymous") == 0 &&
           strcmp(e->patient.birth_date, "1971-01-01") == 0);
    EXPECT(isnan(e->patient.height_cm) && isnan(e->patient.weight_kg) && !e->device_id);
    EXPECT(strcmp(e->device, "Mortara Instrument, Inc. el250") == 0 &&
           strcmp(e->institution, "ANONYMISED") == 0);
    EXPECT(strcmp(e->physician, "0000 (referring)") == 0);
    EXPECT(strcmp(e->acquired, "2013-01-01T00:00:00") == 0);
    EXPECT(e->n_comments == 1 && strcmp(e->comments[0], "ECG") == 0);
    gm_ecg_destroy(e);
}

static void the_median_beat_is_another_waveform(void)
{
    NEED_DATA(DCM);
    gm_ecg *e = read_shared();
    if (!e) return;
    EXPECT(e->n_others == 1);
    const gm_ecg *median = e->n_others ? e->others[0] : e;
    EXPECT(strcmp(median->group, "MEDIAN BEAT") == 0 && median->n_samples == 1200);
    EXPECT(isnan(median->device_says.rr_ms) && !median->patient.id && median->n_marks == 0);
    double rms_mv, max_mv;
    gm_ecg_einthoven_error_mv(median, &rms_mv, &max_mv);
    EXPECT_CLOSE(max_mv, 0, 0, 1e-12); /* ecg.md, section 3: 0 counts */
    gm_ecg_destroy(e);
}

static const gm_ecg_mark *find_mark(const gm_ecg *e, size_t group, const char *what, size_t nth)
{
    for (size_t i = 0; i < e->n_marks; i++) {
        const gm_ecg_mark *m = &e->marks[i];
        if (m->group == group && m->what && strcmp(m->what, what) == 0 && nth-- == 0) return m;
    }
    return NULL;
}

/* The steepest place of lead II within 60 ms of a sample: where a QRS complex is. */
static double steepest_near(const gm_ecg *g, double sample)
{
    const int32_t *c = gm_ecg_lead(g, 1)->counts;
    double best = 0, at = NAN;
    for (long i = (long)sample - 60; i <= (long)sample + 60; i++) {
        double slope = fabs((double)c[i + 2] - c[i - 2]);
        if (slope > best) {
            best = slope;
            at = (double)i;
        }
    }
    return at;
}

static void its_annotations_become_marks_of_the_right_waveform(void)
{
    NEED_DATA(DCM);
    static const int median[] = {299, 413, 460, 501, 535, 828};
    static const int fiducials[] = {527, 1526, 2507, 3489, 4485, 5468, 6442, 7444, 8417, 9370};
    static const char *const names[] = {"P Onset",        "P Offset",   "QRS Onset",
                                        "Fiducial Point", "QRS Offset", "T Offset"};
    gm_ecg *e = read_shared();
    if (!e) return;
    EXPECT(e->n_marks == 77); /* 2 texts, 9 measurements, 11 beats of 6 */
    EXPECT(!e->marks[0].what && strcmp(e->marks[0].text, "RITMO SINUSALE") == 0);
    const gm_ecg_mark *rr = find_mark(e, 0, "RR Interval", 0);
    EXPECT(rr && rr->value == 982 && strcmp(rr->unit, "ms") == 0 && isnan(rr->sample) &&
           rr->channel == -1 && strcmp(rr->scheme, "SCPECG") == 0 &&
           strcmp(rr->code, "5.10.2.1-3") == 0);
    for (size_t k = 0; k < 6; k++) {
        const gm_ecg_mark *m = find_mark(e, 1, names[k], 0);
        EXPECT(m && m->sample == median[k] - 1 && isnan(m->duration_ms) && isnan(m->value));
        for (size_t i = 0; i < 10; i++) {
            m = find_mark(e, 0, names[k], i);
            EXPECT(m && m->sample == fiducials[i] - 1 + median[k] - 501);
        }
        EXPECT(!find_mark(e, 0, names[k], 10) && !find_mark(e, 1, names[k], 1));
    }
    EXPECT_CONTAINS(e->notes[0], "annotation group 2 (6 marks) names waveform 1");
    EXPECT_CONTAINS(e->notes[0], "annotation group 100 (P Onset at samples 299 and 325): taken as "
                                 "of waveform 2 (MEDIAN BEAT)");
    /* The signal agrees: the QRS stands at the same place from its mark in the median beat as in the
     * ten beats, and 26 ms away if 501 were of the rhythm. */
    double in_median = steepest_near(e->others[0], 500) - 500;
    for (size_t i = 0; i < 10; i++)
        EXPECT_CLOSE(steepest_near(e, fiducials[i] - 1) - (fiducials[i] - 1), in_median, 0, 4);
    EXPECT(fabs(steepest_near(e, 500) - 500 - in_median) > 20);
    gm_ecg_destroy(e);
}

static gm_status parse_sample(gm_ecg **out, const dicom_sample *d)
{
    gm_text t = {0};
    dicom_sample_write(&t, d);
    gm_status s = gm_ecg_dicom_parse(out, t.data, t.length, "s.dcm");
    gm_text_free(&t);
    return s;
}

static gm_ecg *read_sample(const dicom_sample *d)
{
    gm_ecg *e;
    if (parse_sample(&e, d) != GM_OK) printf("  %s\n", gm_error_text());
    EXPECT(e != NULL);
    return e;
}

static void every_encoding_gives_the_same(void)
{
    static const char *const syntaxes[] = {DICOM_EXPLICIT, DICOM_IMPLICIT, DICOM_BIG_ENDIAN};
    for (int k = 0; k < 6; k++) {
        dicom_sample d = dicom_sample_defaults();
        d.syntax = syntaxes[k / 2];
        d.defined_lengths = k & 1;
        gm_ecg *e = read_sample(&d);
        if (!e) continue;
        EXPECT(e->n_channels == 3 && e->n_samples == 4 && e->rate_hz == 500 && e->n_others == 0);
        EXPECT(e->channels[2].lead == 2 && e->channels[2].counts[2] == 200);
        EXPECT(e->channels[1].counts[3] == GM_ECG_MISSING_COUNT);
        EXPECT_CLOSE(e->channels[0].mv_per_count, 0.0025, 1e-15, 0);
        EXPECT(e->device_says.rr_ms == 982 && e->device_says.qrs_axis_deg == -30);
        EXPECT(strcmp(e->acquired, "2013-01-01T09:30:00") == 0 && e->patient.age_years == 42);
        EXPECT(e->n_notes == 1 && e->n_marks == 2);
        gm_ecg_destroy(e);
    }
}

/* The sample with its data set as one raw deflate stream, of `used` bytes less `cut`. */
static void deflate_sample(gm_text *t, size_t cut)
{
    gm_text whole = {0};
    dicom_sample d = dicom_sample_defaults();
    d.syntax = DICOM_DEFLATED;
    size_t start = dicom_sample_write(&whole, &d);
    unsigned char packed[4096];
    z_stream z = {.next_in = (Bytef *)whole.data + start,
                  .avail_in = (uInt)(whole.length - start),
                  .next_out = packed,
                  .avail_out = sizeof packed};
    EXPECT(deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    EXPECT(deflate(&z, Z_FINISH) == Z_STREAM_END);
    gm_text_add_bytes(t, whole.data, start);
    gm_text_add_bytes(t, packed, z.total_out - cut);
    deflateEnd(&z);
    gm_text_free(&whole);
}

static void a_deflated_file_is_read(void)
{
    gm_ecg *e;
    for (int k = 0; k < 4; k++) {
        gm_text t = {0};
        deflate_sample(&t, k == 2 ? 5 : 0);
        if (k == 1) gm_text_add_bytes(&t, "", 1); /* to an even length */
        if (k == 3) gm_text_add_bytes(&t, "ab", 2);
        EXPECT(gm_ecg_dicom_parse(&e, t.data, t.length, "z.dcm") == (k < 2 ? GM_OK : GM_EFORMAT));
        EXPECT(k > 1 || (e && e->channels[2].counts[2] == 200 && e->device_says.rr_ms == 982));
        if (k == 2) EXPECT_CONTAINS(gm_error_text(), "cut off?");
        if (k == 3) EXPECT_CONTAINS(gm_error_text(), "2 bytes after the end of the deflated data");
        gm_ecg_destroy(e);
        gm_text_free(&t);
    }
}

static void what_inflates_without_bound_is_refused(void)
{
    gm_text t = {0};
    dicom_sample d = dicom_sample_defaults();
    d.syntax = DICOM_DEFLATED;
    gm_text_add_bytes(&t, "", 0);
    t.length = dicom_sample_write(&t, &d);
    z_stream z = {0};
    static unsigned char zeros[1 << 20], packed[1 << 20];
    EXPECT(deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    z.next_out = packed;
    z.avail_out = sizeof packed;
    for (int mib = 0; mib < 300; mib++) {
        z.next_in = zeros;
        z.avail_in = sizeof zeros;
        EXPECT(deflate(&z, mib == 299 ? Z_FINISH : Z_NO_FLUSH) >= Z_OK);
    }
    gm_text_add_bytes(&t, packed, z.total_out);
    deflateEnd(&z);
    gm_ecg *e;
    EXPECT(gm_ecg_dicom_parse(&e, t.data, t.length, "bomb.dcm") == GM_EFORMAT && !e);
    EXPECT_CONTAINS(gm_error_text(), "bomb.dcm: inflates to more than the 268435456 bytes allowed");
    gm_text_free(&t);
}

static void every_kind_of_sample_is_read(void)
{
    static const int16_t bytes[] = {(int16_t)0x8001, 0x7F02, 0x00FF, 3, 4, 5};
    dicom_sample d = dicom_sample_defaults();
    d.bits = 8;
    d.interpretation = "SB";
    d.counts = bytes;
    d.n_counts = 6;
    gm_ecg *e = read_sample(&d);
    if (e) EXPECT(e->channels[0].counts[0] == 1 && e->channels[1].counts[0] == -128);
    if (e) EXPECT(e->channels[2].counts[0] == 2 && e->channels[0].counts[1] == 127);
    if (e) EXPECT(e->channels[1].counts[1] == -1);
    gm_ecg_destroy(e);
    d.interpretation = "UB";
    e = read_sample(&d);
    if (e) EXPECT(e->channels[1].counts[0] == 128 && e->channels[1].counts[1] == 255);
    gm_ecg_destroy(e);
    d = dicom_sample_defaults();
    d.interpretation = "US";
    e = read_sample(&d);
    if (e) EXPECT(e->channels[0].counts[1] == 65531); /* -5 */
    gm_ecg_destroy(e);
    d.interpretation = "SL";
    d.bits = 32;
    d.n_samples = 2;
    e = read_sample(&d);
    if (e) EXPECT(e->channels[0].counts[0] == 80 + 90 * 65536);
    if (e) EXPECT(e->channels[1].counts[0] == 10 - 5 * 65536);
    gm_ecg_destroy(e);
}

static void what_the_file_does_not_say_stays_unknown(void)
{
    dicom_sample d = dicom_sample_defaults();
    d.age = d.sex = d.acquired = d.interval = d.label = d.baseline = d.sensitivity = NULL;
    gm_ecg *e = read_sample(&d);
    if (!e) return;
    EXPECT(e->patient.sex == GM_SEX_UNKNOWN && isnan(e->patient.age_years));
    EXPECT(!e->acquired && !e->group && !e->device && !e->patient.id && !e->patient.name);
    EXPECT(!e->patient.birth_date && !e->physician && !e->institution && e->n_comments == 0);
    EXPECT(isnan(e->device_says.rr_ms) && isnan(e->device_says.p_axis_deg));
    EXPECT(isnan(e->channels[0].mv_per_count) && isnan(e->channels[0].skew_ms));
    EXPECT(e->channels[0].low_cut_hz == 0.05 && isnan(e->channels[0].high_cut_hz));
    EXPECT_CONTAINS(e->notes[0], "no sensitivity stated");
    gm_ecg_destroy(e);
    d = dicom_sample_defaults();
    d.interval = "0"; /* "not measured" of several devices */
    d.age = "42";
    e = read_sample(&d);
    if (e) EXPECT(isnan(e->device_says.rr_ms) && isnan(e->patient.age_years));
    gm_ecg_destroy(e);
}

/* voltage = count x sensitivity x correction + baseline */
static void a_baseline_is_in_the_unit_of_the_sensitivity(void)
{
    dicom_sample d = dicom_sample_defaults();
    d.baseline = "50"; /* uV: 20 counts of 2.5 uV */
    gm_ecg *e = read_sample(&d);
    if (!e) return;
    const gm_ecg_channel *c = &e->channels[0];
    EXPECT(c->baseline == -20);
    EXPECT_CLOSE((c->counts[0] - c->baseline) * c->mv_per_count, (80 * 2.5 + 50) / 1000, 1e-14, 0);
    gm_ecg_destroy(e);
    d.correction = "0.8";
    e = read_sample(&d);
    if (e) EXPECT(e->channels[0].baseline == -25);
    if (e) EXPECT_CLOSE(e->channels[0].mv_per_count, 0.002, 1e-15, 0);
    gm_ecg_destroy(e);
}

static void skew_is_in_samples_or_seconds(void)
{
    dicom_sample d = dicom_sample_defaults();
    d.skew = "2";
    gm_ecg *e = read_sample(&d);
    if (e) EXPECT(e->channels[0].skew_ms == 4);
    gm_ecg_destroy(e);
    d.skew = NULL;
    d.time_skew = "0.003";
    d.status = "QUESTIONABLE";
    e = read_sample(&d);
    if (e) EXPECT(e->channels[0].skew_ms == 3);
    if (e) EXPECT_CONTAINS(e->notes[0], "channel Lead I (Einthoven): its status is QUESTIONABLE");
    gm_ecg_destroy(e);
}

static void facts_are_read_in_the_characters_of_the_file(void)
{
    static const char *const facts[] = {"00080090", "PN", "House^Gregory^^Dr.",
                                        "00081060", "PN", "Cameron^A\\Chase^R",
                                        "00080080", "LO", "H\xF4pital",
                                        "00080070", "LO", "Maker",
                                        "00081090", "LO", "M1",
                                        "00181000", "LO", "SN 7",
                                        "00100020", "LO", "P-1",
                                        "00100030", "DA", "19620304",
                                        "00101020", "DS", "1.13",
                                        "00101030", "DS", "62.5",
                                        "00104000", "LT", "first line\r\nsecond",
                                        NULL};
    dicom_sample d = dicom_sample_defaults();
    d.characters = "ISO_IR 100";
    d.name = "M\xFCller^Zo\xEB";
    d.texts = facts;
    d.acquired = "20130101093000.250+0100";
    gm_ecg *e = read_sample(&d);
    if (!e) return;
    EXPECT(strcmp(e->patient.name, "M\u00fcller, Zo\u00eb") == 0);
    EXPECT(strcmp(e->institution, "H\u00f4pital") == 0 && strcmp(e->device, "Maker M1") == 0);
    EXPECT(strcmp(e->device_id, "SN 7") == 0 && strcmp(e->patient.id, "P-1") == 0);
    EXPECT(strcmp(e->physician, "House, Gregory, Dr. (referring); Cameron, A (reading); Chase, R "
                                "(reading)") == 0);
    EXPECT(e->patient.height_cm == 113 && e->patient.weight_kg == 62.5);
    EXPECT(strcmp(e->patient.birth_date, "1962-03-04") == 0);
    EXPECT(strcmp(e->acquired, "2013-01-01T09:30:00.25+01:00") == 0);
    EXPECT(e->n_comments == 2 && strcmp(e->comments[1], "second") == 0);
    gm_ecg_destroy(e);
    d.characters = "ISO_IR 192";
    d.name = "M\u00fcller";
    d.texts = NULL;
    e = read_sample(&d);
    if (e) EXPECT(strcmp(e->patient.name, "M\u00fcller") == 0);
    gm_ecg_destroy(e);
    d.characters = "ISO_IR 144"; /* Cyrillic, ISO 8859-5 */
    d.name = "\xB8\xD2\xD0\xDD";
    e = read_sample(&d);
    if (e) EXPECT(strcmp(e->patient.name, "\u0418\u0432\u0430\u043d") == 0);
    gm_ecg_destroy(e);
    d.characters = "ISO_IR 192"; /* a lie */
    d.name = "M\xFCller";
    e = read_sample(&d);
    if (e) EXPECT(strcmp(e->patient.name, "M\u00fcller") == 0);
    if (e) EXPECT_CONTAINS(e->notes[e->n_notes - 1], "do not fit the character set \"ISO_IR 192\"");
    gm_ecg_destroy(e);
}

static void implausible_facts_are_noted_and_left_unknown(void)
{
    static const char *const facts[] = {"00101020", "DS",       "170", "00101030", "DS",
                                        "0",        "00100030", "DA",  "1962",     "00080080",
                                        "LO",       "",         NULL};
    static const char *const no_date[] = {"00100030", "DA", "19621399", NULL};
    dicom_sample d = dicom_sample_defaults();
    d.texts = facts;
    gm_ecg *e = read_sample(&d);
    if (!e) return;
    EXPECT(isnan(e->patient.height_cm) && isnan(e->patient.weight_kg) && !e->institution);
    EXPECT(strcmp(e->patient.birth_date, "1962") == 0);
    EXPECT_CONTAINS(e->notes[1], "size in m \"170\" is not plausible");
    gm_ecg_destroy(e);
    d.texts = no_date;
    d.acquired = "20131301";
    e = read_sample(&d);
    if (!e) return;
    EXPECT(!e->patient.birth_date && !e->acquired);
    EXPECT_CONTAINS(e->notes[1], "the birth date \"19621399\" is no date");
    gm_ecg_destroy(e);
}

/* ---- annotations ------------------------------------------------------------------------------- */

static void put_pairs(dicom_writer *w, uint32_t tag, const uint16_t *values, size_t n)
{
    dicom_head(w, tag, "US", (uint32_t)(2 * n));
    for (size_t i = 0; i < n; i++)
        dicom_u16(w, values[i]);
}

static void put_positions(dicom_writer *w, const uint32_t *values, size_t n)
{
    dicom_head(w, 0x0040A132, "UL", (uint32_t)(4 * n));
    for (size_t i = 0; i < n; i++)
        dicom_u32(w, values[i]);
}

static void add_annotation(dicom_writer *w, const char *name, const uint16_t *pairs, size_t n_pairs,
                           const char *kind, const uint32_t *at, size_t n, int group)
{
    dicom_open(w, 0xFFFEE000);
    dicom_code(w, 0x0040A043, name, "99TEST", name);
    if (n_pairs) put_pairs(w, 0x0040A0B0, pairs, n_pairs);
    dicom_string(w, 0x0040A130, "CS", kind);
    if (n) put_positions(w, at, n);
    if (group >= 0) dicom_number(w, 0x0040A180, "US", (uint32_t)group);
    dicom_close(w, true);
}

static void add_ranges(dicom_writer *w)
{
    static const uint16_t two[] = {1, 2}, three[] = {1, 1, 1, 3}, all[] = {1, 1, 1, 2, 1, 3};
    static const uint16_t nowhere[] = {7, 0};
    static const uint32_t at[] = {1, 3, 4, 4}, outside[] = {5}, nothing[] = {0};
    add_annotation(w, "point", two, 2, "POINT", at, 1, -1);
    add_annotation(w, "points", all, 6, "MULTIPOINT", at, 3, -1);
    add_annotation(w, "segment", three, 4, "SEGMENT", at, 2, -1);
    add_annotation(w, "segments", two, 2, "MULTISEGMENT", at, 4, -1);
    add_annotation(w, "begin", NULL, 0, "BEGIN", at + 1, 1, -1);
    add_annotation(w, "end", two, 2, "END", at + 1, 1, -1);
    add_annotation(w, "outside", two, 2, "POINT", outside, 1, -1);
    add_annotation(w, "none", two, 2, "POINT", nothing, 1, -1);
    add_annotation(w, "nowhere", nowhere, 2, NULL, NULL, 0, -1);
    dicom_open(w, 0xFFFEE000);
    dicom_code(w, 0x0040A043, "t", "99TEST", "seconds");
    dicom_string(w, 0x0040A138, "DS", "0.002\\0.0025");
    dicom_close(w, true);
    dicom_open(w, 0xFFFEE000);
    dicom_code(w, 0x0040A043, "c", "99TEST", "clock");
    dicom_string(w, 0x0040A13A, "DT", "20130101093000.004");
    dicom_close(w, true);
    dicom_open(w, 0xFFFEE000);
    dicom_code(w, 0x0040A043, "r", "99TEST", "rhythm");
    dicom_code(w, 0x0040A168, "64730000", "SCT", "Sinus rhythm");
    dicom_close(w, true);
}

static void check_range(const gm_ecg *e, const char *what, size_t nth, int channel, double sample,
                        double duration_ms)
{
    const gm_ecg_mark *m = find_mark(e, 0, what, nth);
    EXPECT(m != NULL);
    if (!m) printf("  no %s %zu\n", what, nth);
    if (!m) return;
    EXPECT(m->channel == channel && strcmp(m->scheme, "99TEST") == 0);
    EXPECT(isnan(sample) ? isnan(m->sample) : m->sample == sample);
    EXPECT(isnan(duration_ms) ? isnan(m->duration_ms) : m->duration_ms == duration_ms);
}

static void every_temporal_range_becomes_marks(void)
{
    dicom_sample d = dicom_sample_defaults();
    d.annotate = add_ranges;
    gm_ecg *e = read_sample(&d);
    if (!e) return;
    check_range(e, "point", 0, 1, 0, NAN);
    for (size_t i = 0; i < 3; i++)
        check_range(e, "points", i, -1, i ? (double)i + 1 : 0, NAN);
    check_range(e, "segment", 0, 0, 0, 4);
    check_range(e, "segment", 1, 2, 0, 4);
    check_range(e, "segments", 0, 1, 0, 4);
    check_range(e, "segments", 1, 1, 3, 0);
    check_range(e, "begin", 0, -1, 2, 2);
    check_range(e, "end", 0, 1, 0, 4);
    check_range(e, "seconds", 0, -1, 1, NAN);
    check_range(e, "seconds", 1, -1, 1.25, NAN);
    check_range(e, "clock", 0, -1, 2, NAN);
    check_range(e, "nowhere", 0, -1, NAN, NAN);
    const gm_ecg_mark *rhythm = find_mark(e, 0, "rhythm", 0);
    EXPECT(rhythm && strcmp(rhythm->text, "Sinus rhythm [SCT 64730000]") == 0);
    EXPECT(!find_mark(e, 0, "outside", 0) && !find_mark(e, 0, "none", 0));
    EXPECT_CONTAINS(e->notes[1], "2 annotations lie outside their waveform: left out");
    EXPECT_CONTAINS(e->notes[2], "name channels that do not exist, 1 times");
    gm_ecg_destroy(e);
}

static int second_at, second_group, names_second;

static void add_two_beats(dicom_writer *w)
{
    static const uint16_t first[] = {1, 0}, second[] = {2, 0};
    const uint32_t one[] = {2}, other[] = {(uint32_t)second_at};
    add_annotation(w, "R", first, 2, "POINT", one, 1, 2);
    add_annotation(w, "R", names_second ? second : first, 2, "POINT", other, 1, second_group);
}

/* The rule of dicom.h: each of its conditions alone keeps the mark where the file puts it. */
static void only_impossible_marks_change_their_waveform(void)
{
    static const struct {
        int at, group, names_second;
        const char *second_label;
        bool moves;
    } cases[] = {{4, 100, 0, "MEDIAN", true},
                 {2, 100, 0, "MEDIAN", false}, /* at the same sample */
                 {4, 2, 0, "MEDIAN", false},   /* of the same annotation group */
                 {3, 100, 1, "MEDIAN", false}, /* the file does name the second waveform */
                 {4, 100, 0, NULL, false}};    /* there is no second waveform */
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        dicom_sample d = dicom_sample_defaults();
        second_at = cases[k].at;
        second_group = cases[k].group;
        names_second = cases[k].names_second;
        d.second_label = cases[k].second_label;
        d.annotate = add_two_beats;
        gm_ecg *e = read_sample(&d);
        if (!e) continue;
        EXPECT((find_mark(e, 1, "R", 0) != NULL) == (cases[k].moves || cases[k].names_second));
        EXPECT(cases[k].names_second || (find_mark(e, 0, "R", 1) != NULL) == !cases[k].moves);
        EXPECT(!cases[k].moves || find_mark(e, 1, "R", 0)->sample == 1);
        gm_ecg_destroy(e);
    }
}

/* ---- refusals ---------------------------------------------------------------------------------- */

/* One field of the sample made wrong, and what the message must say. */
static void expect_refused(dicom_sample d, const char *says)
{
    gm_ecg *e;
    EXPECT(parse_sample(&e, &d) == GM_EFORMAT && !e);
    EXPECT_CONTAINS(gm_error_text(), "s.dcm: ");
    EXPECT_CONTAINS(gm_error_text(), says);
}

#define REFUSED(field, value, says)                \
    do {                                           \
        dicom_sample d_ = dicom_sample_defaults(); \
        d_.field = (value);                        \
        expect_refused(d_, (says));                \
    } while (0)

static void malformed_waveforms_are_refused_with_their_place(void)
{
    REFUSED(rate, NULL, "waveform 1: the sampling frequency (003a,001a) is missing");
    REFUSED(rate, "0", "the sampling frequency");
    REFUSED(rate, "-500", "the sampling frequency");
    REFUSED(rate, "1e30", "sampling rate 1e+30 Hz, allowed are");
    REFUSED(rate, "fast", "the sampling frequency is \"fast\"");
    REFUSED(sensitivity, "0", "channel Lead I (Einthoven): sensitivity 0");
    REFUSED(sensitivity, "-1", "sensitivity -1");
    REFUSED(sensitivity, "nan", "a channel's sensitivity is \"nan\"");
    REFUSED(sensitivity, "1e9", "mV a count, allowed are");
    REFUSED(correction, "0", "correction 0");
    REFUSED(baseline, "inf", "a channel's baseline is \"inf\"");
    REFUSED(interpretation, "MB", "samples are mu-law coded sound (MB)");
    REFUSED(interpretation, "AB", "samples are A-law coded sound (AB)");
    REFUSED(interpretation, "SB", "samples must be 16 bits SS or US, 8 bits SB or UB");
    REFUSED(interpretation, NULL, "samples must be 16 bits");
    REFUSED(bits, 64, "samples must be 16 bits");
    REFUSED(n_channels, 0, "the number of channels");
    REFUSED(n_channels, 60000, "the number of channels");
    REFUSED(n_channels, 2, "3 channel definitions for 2 channels");
    REFUSED(n_definitions, 0, "0 channel definitions for 3 channels");
    REFUSED(n_samples, 0, "the number of samples");
    REFUSED(n_samples, 5, "5 samples of 3 channels need 30 bytes, the data (5400,1010) has 24");
    REFUSED(n_samples, 4000000000u, "4000000000 samples of 3 channels need 24000000000 bytes");
    REFUSED(counts, NULL, "the data (5400,1010) is missing");
    REFUSED(syntax, "1.2.840.10008.1.2.4.50", "transfer syntax \"1.2.840.10008.1.2.4.50\" is not");
    REFUSED(syntax, NULL, "names no transfer syntax");
}

static void waveforms_that_are_no_ecg_are_refused_by_class(void)
{
#define WAVEFORM "1.2.840.10008.5.1.4.1.1.9."
    REFUSED(class_uid, WAVEFORM "2.1", "its SOP class " WAVEFORM "2.1 says hemodynamic waveforms");
    REFUSED(class_uid, WAVEFORM "4.1", "says a voice; read are ECGs");
    REFUSED(class_uid, WAVEFORM "7.1", "says an EEG");
    dicom_sample d = dicom_sample_defaults();
    d.class_uid = WAVEFORM "3.1"; /* electrophysiology: leads inside the heart */
    gm_ecg *e = read_sample(&d);
    if (e) EXPECT_CONTAINS(e->notes[1], "\"" WAVEFORM "3.1\" is none of DICOM's ECGs");
    gm_ecg_destroy(e);
    d.class_uid = WAVEFORM "1.3";
    e = read_sample(&d);
    if (e) EXPECT(e->n_notes == 1);
    gm_ecg_destroy(e);
}

/* A sample with everything in it, in the k-th encoding; the last is deflated. */
enum { N_ENCODINGS = 7 };
static void rich_sample(gm_text *t, int k)
{
    static const char *const syntaxes[] = {DICOM_EXPLICIT, DICOM_IMPLICIT, DICOM_BIG_ENDIAN};
    dicom_sample d = dicom_sample_defaults();
    if (k == N_ENCODINGS - 1) {
        deflate_sample(t, 0);
        return;
    }
    d.syntax = syntaxes[k / 2];
    d.defined_lengths = k & 1;
    d.annotate = add_ranges;
    d.second_label = "MEDIAN";
    d.characters = "ISO_IR 100";
    d.name = "M\xFCller^Zo\xEB";
    dicom_sample_write(t, &d);
}

/* Every length is checked before DCMTK sees it, whatever encoding the rest is in. */
static void a_file_cut_at_any_byte_is_refused(void)
{
    for (int k = 0; k < N_ENCODINGS; k++) {
        gm_text t = {0};
        rich_sample(&t, k);
        for (size_t length = 0; length < t.length; length += k ? 5 : 1) {
            gm_ecg *e;
            EXPECT(gm_ecg_dicom_parse(&e, t.data, length, "cut.dcm") == GM_EFORMAT && !e);
            EXPECT_CONTAINS(gm_error_text(), "cut.dcm: ");
        }
        gm_text_free(&t);
    }
}

static void flipped_bits_never_crash(void)
{
    for (int k = 0; k < N_ENCODINGS; k++) {
        gm_text t = {0};
        rich_sample(&t, k);
        for (size_t bit = 8 * 128; bit < 8 * t.length; bit += k ? 23 : 3) {
            gm_ecg *e;
            t.data[bit / 8] ^= (char)(1 << bit % 8);
            gm_status s = gm_ecg_dicom_parse(&e, t.data, t.length, "flipped.dcm");
            EXPECT((s == GM_OK && e) || (s == GM_EFORMAT && !e));
            gm_ecg_destroy(e);
            t.data[bit / 8] ^= (char)(1 << bit % 8);
        }
        gm_text_free(&t);
    }
}

static void sequences_nested_without_end_are_refused(void)
{
    gm_text t = {0};
    dicom_sample d = dicom_sample_defaults();
    dicom_sample_write(&t, &d);
    dicom_writer w = {.t = &t};
    for (int i = 0; i < 1000; i++) {
        dicom_open(&w, 0x60000100);
        dicom_open(&w, 0xFFFEE000);
    }
    gm_ecg *e;
    EXPECT(gm_ecg_dicom_parse(&e, t.data, t.length, "deep.dcm") == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "nested more than 32 deep");
    gm_text_free(&t);
}

static void without_memory_it_fails_cleanly(void)
{
    for (int k = 0; k < N_ENCODINGS; k += N_ENCODINGS - 1) {
        gm_text t = {0};
        rich_sample(&t, k);
        bool succeeded = false;
        for (long after = 0; after < 500 && !succeeded; after++) {
            gm_ecg *e;
            gm_alloc_fail_after(after);
            gm_status s = gm_ecg_dicom_parse(&e, t.data, t.length, "m.dcm");
            gm_alloc_fail_after(-1);
            succeeded = s == GM_OK;
            EXPECT(s == GM_OK || (s == GM_ENOMEM && !e));
            gm_ecg_destroy(e);
        }
        EXPECT(succeeded);
        gm_text_free(&t);
    }
}

int main(int argc, char **argv)
{
    RUN(the_mortara_file_is_read_as_its_device_wrote_it);
    RUN(its_facts_are_read_and_empty_ones_stay_unknown);
    RUN(the_median_beat_is_another_waveform);
    RUN(its_annotations_become_marks_of_the_right_waveform);
    RUN(every_encoding_gives_the_same);
    RUN(a_deflated_file_is_read);
    RUN(what_inflates_without_bound_is_refused);
    RUN(every_kind_of_sample_is_read);
    RUN(what_the_file_does_not_say_stays_unknown);
    RUN(a_baseline_is_in_the_unit_of_the_sensitivity);
    RUN(skew_is_in_samples_or_seconds);
    RUN(facts_are_read_in_the_characters_of_the_file);
    RUN(implausible_facts_are_noted_and_left_unknown);
    RUN(every_temporal_range_becomes_marks);
    RUN(only_impossible_marks_change_their_waveform);
    RUN(malformed_waveforms_are_refused_with_their_place);
    RUN(waveforms_that_are_no_ecg_are_refused_by_class);
    RUN(a_file_cut_at_any_byte_is_refused);
    RUN(flipped_bits_never_crash);
    RUN(sequences_nested_without_end_are_refused);
    RUN(without_memory_it_fails_cleanly);
    return gm_report();
}
