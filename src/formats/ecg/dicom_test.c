#include "ecg/dicom.h"

#include "core/alloc.h"
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
    EXPECT(e->sex == GM_SEX_FEMALE && e->age_years == 42 && strcmp(e->patient_id, "ANON01") == 0);
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

int main(int argc, char **argv)
{
    RUN(the_mortara_file_is_read_as_its_device_wrote_it);
    RUN(the_median_beat_is_a_group_of_its_own);
    return gm_report();
}
