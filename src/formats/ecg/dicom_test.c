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
    d.annotate = dicom_ranges;
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
    RUN(the_median_beat_is_another_waveform);
    RUN(every_encoding_gives_the_same);
    RUN(a_deflated_file_is_read);
    RUN(what_inflates_without_bound_is_refused);
    RUN(every_kind_of_sample_is_read);
    RUN(what_the_file_does_not_say_stays_unknown);
    RUN(a_baseline_is_in_the_unit_of_the_sensitivity);
    RUN(skew_is_in_samples_or_seconds);
    RUN(malformed_waveforms_are_refused_with_their_place);
    RUN(waveforms_that_are_no_ecg_are_refused_by_class);
    RUN(a_file_cut_at_any_byte_is_refused);
    RUN(flipped_bits_never_crash);
    RUN(sequences_nested_without_end_are_refused);
    RUN(without_memory_it_fails_cleanly);
    return gm_report();
}
