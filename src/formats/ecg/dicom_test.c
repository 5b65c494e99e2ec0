#include "ecg/dicom.h"

#include "core/alloc.h"
#include "ecg/dicom_sample.h"
#include "testing/gm_test.h"

#define DCM GM_SHARED_DIR "/data/ecg/dicom/waveform_ecg_anon.dcm"

static void the_mortara_file_is_read_as_its_device_wrote_it(void)
{
    NEED_DATA(DCM);
    static const int first_frame[] = {80, 90, 10, -85, 35, 50, 40, 15, -10, -20, -55, -40};
    gm_ecg *e;
    EXPECT(gm_ecg_read(&e, DCM) == GM_OK);
    if (!e) {
        printf("  %s\n", gm_error_text());
        return;
    }
    EXPECT(e->n_channels == 12 && e->n_samples == 10000 && e->rate_hz == 1000 && e->n_notes == 0);
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
    EXPECT(two->low_cut_hz == 0.05 && two->high_cut_hz == 300 && two->skew_ms == 0);
    EXPECT(e->device_says.rr_ms == 982 && e->device_says.pr_ms == 161 &&
           e->device_says.qrs_ms == 75);
    EXPECT(e->device_says.qt_ms == 368 && e->device_says.qtc_ms == 370);
    EXPECT(e->device_says.p_axis_deg == 74 && e->device_says.qrs_axis_deg == 52 &&
           e->device_says.t_axis_deg == 57);
    EXPECT(e->patient.sex == GM_SEX_FEMALE && e->patient.age_years == 42 &&
           strcmp(e->patient.id, "ANON01") == 0);
    EXPECT_CONTAINS(e->device, "Mortara Instrument, Inc. el250");
    EXPECT(strcmp(e->acquired, "2013-01-01T00:00:00") == 0);
    gm_ecg_destroy(e);
}

static void the_median_beat_is_a_group_of_its_own(void)
{
    NEED_DATA(DCM);
    gm_ecg **groups;
    size_t n;
    EXPECT(gm_ecg_dicom_read(&groups, &n, DCM) == GM_OK && n == 2);
    if (n == 2) {
        EXPECT(strcmp(groups[1]->group, "MEDIAN BEAT") == 0 && groups[1]->n_samples == 1200);
        EXPECT(gm_ecg_rhythm_group(groups, n) == 0);
        double rms_mv, max_mv;
        gm_ecg_einthoven_error_mv(groups[1], &rms_mv, &max_mv);
        EXPECT_CLOSE(max_mv, 0, 0, 1e-12); /* ecg.md, section 3: 0 counts */
    }
    gm_ecg_groups_destroy(groups, n);
}

static gm_status parse_sample(gm_ecg ***groups, size_t *n, const dicom_sample *d)
{
    gm_text t = {0};
    dicom_sample_write(&t, d);
    gm_status s = gm_ecg_dicom_parse(groups, n, t.data, t.length, "s.dcm");
    gm_text_free(&t);
    return s;
}

static void every_encoding_gives_the_same(void)
{
    for (int k = 0; k < 4; k++) {
        dicom_sample d = dicom_sample_defaults();
        if (k & 1) d.syntax = DICOM_IMPLICIT;
        d.defined_lengths = k & 2;
        gm_ecg **g;
        size_t n;
        EXPECT(parse_sample(&g, &n, &d) == GM_OK && n == 1);
        if (n != 1) {
            printf("  %s\n", gm_error_text());
            continue;
        }
        EXPECT(g[0]->n_channels == 3 && g[0]->n_samples == 4 && g[0]->rate_hz == 500);
        EXPECT(g[0]->channels[2].lead == 2 && g[0]->channels[2].counts[2] == 200);
        EXPECT(g[0]->channels[1].counts[3] == GM_ECG_MISSING_COUNT);
        EXPECT_CLOSE(g[0]->channels[0].mv_per_count, 0.0025, 1e-15, 0);
        EXPECT(g[0]->device_says.rr_ms == 982 && g[0]->device_says.qrs_axis_deg == -30);
        EXPECT(strcmp(g[0]->acquired, "2013-01-01T09:30:00") == 0 && g[0]->patient.age_years == 42);
        EXPECT(g[0]->n_notes == 1);
        gm_ecg_groups_destroy(g, n);
    }
}

static void what_the_file_does_not_say_stays_unknown(void)
{
    dicom_sample d = dicom_sample_defaults();
    d.age = d.sex = d.acquired = d.interval = d.label = d.baseline = d.sensitivity = NULL;
    gm_ecg **g;
    size_t n;
    EXPECT(parse_sample(&g, &n, &d) == GM_OK && n == 1);
    if (n != 1) return;
    const gm_ecg *e = g[0];
    EXPECT(e->patient.sex == GM_SEX_UNKNOWN && isnan(e->patient.age_years));
    EXPECT(!e->acquired && !e->group && !e->device && !e->patient.id);
    EXPECT(isnan(e->device_says.rr_ms) && isnan(e->device_says.p_axis_deg));
    EXPECT(isnan(e->channels[0].mv_per_count) && isnan(e->channels[0].skew_ms));
    EXPECT(e->channels[0].low_cut_hz == 0.05 && isnan(e->channels[0].high_cut_hz));
    EXPECT_CONTAINS(e->notes[0], "no sensitivity stated");
    gm_ecg_groups_destroy(g, n);
    d = dicom_sample_defaults();
    d.interval = "0"; /* "not measured" of several devices */
    d.age = "42";
    EXPECT(parse_sample(&g, &n, &d) == GM_OK && isnan(g[0]->device_says.rr_ms));
    EXPECT(n == 1 && isnan(g[0]->patient.age_years));
    gm_ecg_groups_destroy(g, n);
}

static void a_baseline_is_in_the_unit_of_the_sensitivity(void)
{
    dicom_sample d = dicom_sample_defaults();
    d.baseline = "50"; /* uV: 20 counts of 2.5 uV */
    gm_ecg **g;
    size_t n;
    EXPECT(parse_sample(&g, &n, &d) == GM_OK && n == 1);
    if (n == 1) EXPECT(g[0]->channels[0].baseline == -20);
    gm_ecg_groups_destroy(g, n);
}

/* One field of the sample made wrong, and what the message must say. */
static void expect_refused(dicom_sample d, const char *says)
{
    gm_ecg **g;
    size_t n;
    EXPECT(parse_sample(&g, &n, &d) == GM_EFORMAT && !g && n == 0);
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
    REFUSED(interpretation, "MB", "samples must be 16 bits SS or US");
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
    REFUSED(syntax, "1.2.840.10008.1.2.2", "transfer syntax \"1.2.840.10008.1.2.2\" is not read");
    REFUSED(syntax, NULL, "names no transfer syntax");
    gm_ecg **g;
    size_t n;
    EXPECT(gm_ecg_dicom_read(&g, &n, "/nowhere/s.dcm") == GM_ENOTFOUND && !g);
}

/* Every length is checked before DCMTK sees it, whatever encoding the rest is in. */
static void a_file_cut_at_any_byte_is_refused(void)
{
    for (int k = 0; k < 4; k++) {
        dicom_sample d = dicom_sample_defaults();
        if (k & 1) d.syntax = DICOM_IMPLICIT;
        d.defined_lengths = k & 2;
        gm_text t = {0};
        dicom_sample_write(&t, &d);
        for (size_t length = 0; length < t.length; length++) {
            gm_ecg **g;
            size_t n;
            EXPECT(gm_ecg_dicom_parse(&g, &n, t.data, length, "cut.dcm") == GM_EFORMAT && !g);
            EXPECT_CONTAINS(gm_error_text(), "cut.dcm: ");
        }
        gm_text_free(&t);
    }
}

static void flipped_bits_never_crash(void)
{
    dicom_sample d = dicom_sample_defaults();
    gm_text t = {0};
    dicom_sample_write(&t, &d);
    for (size_t bit = 8 * 128; bit < 8 * t.length; bit += 3) {
        gm_ecg **g;
        size_t n;
        t.data[bit / 8] ^= (char)(1 << bit % 8);
        gm_status s = gm_ecg_dicom_parse(&g, &n, t.data, t.length, "flipped.dcm");
        EXPECT((s == GM_OK && g) || (s == GM_EFORMAT && !g));
        gm_ecg_groups_destroy(g, n);
        t.data[bit / 8] ^= (char)(1 << bit % 8);
    }
    gm_text_free(&t);
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
    gm_ecg **g;
    size_t n;
    EXPECT(gm_ecg_dicom_parse(&g, &n, t.data, t.length, "deep.dcm") == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "nested more than 32 deep");
    gm_text_free(&t);
}

static void without_memory_it_fails_cleanly(void)
{
    dicom_sample d = dicom_sample_defaults();
    gm_text t = {0};
    dicom_sample_write(&t, &d);
    bool succeeded = false;
    for (long after = 0; after < 200 && !succeeded; after++) {
        gm_ecg **g;
        size_t n;
        gm_alloc_fail_after(after);
        gm_status s = gm_ecg_dicom_parse(&g, &n, t.data, t.length, "m.dcm");
        gm_alloc_fail_after(-1);
        succeeded = s == GM_OK;
        EXPECT(s == GM_OK || (s == GM_ENOMEM && !g));
        gm_ecg_groups_destroy(g, n);
    }
    EXPECT(succeeded);
    gm_text_free(&t);
}

int main(int argc, char **argv)
{
    RUN(the_mortara_file_is_read_as_its_device_wrote_it);
    RUN(the_median_beat_is_a_group_of_its_own);
    RUN(every_encoding_gives_the_same);
    RUN(what_the_file_does_not_say_stays_unknown);
    RUN(a_baseline_is_in_the_unit_of_the_sensitivity);
    RUN(malformed_waveforms_are_refused_with_their_place);
    RUN(a_file_cut_at_any_byte_is_refused);
    RUN(flipped_bits_never_crash);
    RUN(sequences_nested_without_end_are_refused);
    RUN(without_memory_it_fails_cleanly);
    return gm_report();
}
