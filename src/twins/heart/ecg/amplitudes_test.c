#include "heart/ecg/amplitudes.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "ecg/waveform.h"
#include "testing/gm_test.h"

enum { N = 800, ZERO_UV = 130 };

static double bump(double t, double centre, double width, double height)
{
    double u = (t - centre) / width;
    return height * exp(-0.5 * u * u);
}

/* A beat at 1 kHz on a level of 0.13 mV: P 0.15, Q -0.1, R 1.2, S -0.3, ST +0.08, T 0.35 mV in lead I; upside
 * down in aVR; a QS in V1. */
static double beat_mv(int lead, double t)
{
    double st = 0.08 / (1 + exp(-(t - 365) / 3)) / (1 + exp((t - 560) / 15));
    double v = bump(t, 200, 15, 0.15) + bump(t, 316, 4, -0.1) + bump(t, 335, 6, 1.2) +
               bump(t, 352, 4, -0.3) + st + bump(t, 540, 30, 0.35);
    if (lead == 6) v = bump(t, 335, 10, -0.9) + bump(t, 540, 30, -0.2);
    return (lead == 3 ? -v : v) + 1e-3 * ZERO_UV;
}

static gm_ecg_measurement made(double noise_mv)
{
    gm_ecg_measurement m = {.rate_hz = 1000};
    m.median.n = N, m.median.rate_hz = 1000;
    m.median.mv = gm_calloc(GM_N_LEADS * N, sizeof(double));
    for (int l = 0; l < GM_N_LEADS; l++) {
        m.quality[l].grade = l == 11 ? GM_GRADE_ABSENT : GM_GRADE_GOOD;
        m.median.median_noise_mv[l] = l == 11 ? NAN : noise_mv;
        for (int i = 0; m.median.mv && i < N; i++)
            m.median.mv[l * N + i] = l == 11 ? NAN : beat_mv(l, i);
    }
    m.median.wave[GM_WAVE_P] = (gm_ecg_bounds){160, 200, 240};
    m.median.wave[GM_WAVE_QRS] = (gm_ecg_bounds){300, 335, 370};
    m.median.wave[GM_WAVE_T] = (gm_ecg_bounds){450, 540, 640};
    return m;
}

static void heights_are_those_of_the_waves(void)
{
    gm_ecg_measurement m = made(0.002);
    gm_ecg_amplitudes a[GM_N_LEADS];
    gm_ecg_amplitudes_of(a, &m);
    EXPECT_CLOSE(a[0].p_mv, 0.15, 0, 1e-3);
    EXPECT_CLOSE(a[0].q_mv, -0.1, 0, 0.015); /* the foot of R lies on it */
    EXPECT_CLOSE(a[0].r_mv, 1.2, 0, 0.005);
    EXPECT_CLOSE(a[0].r_peak_ms, 35, 0, 1);
    EXPECT_CLOSE(a[0].s_mv, -0.28, 0, 0.02);
    EXPECT_CLOSE(a[0].st_j60_mv, 0.08 + bump(430, 540, 30, 0.35), 0, 1e-3);
    EXPECT_CLOSE(a[0].t_mv, beat_mv(0, 540) - 0.13, 0, 0.002);
    EXPECT_CLOSE(a[0].sd_mv, 0.002 * sqrt(1 + 1.0 / 16), 0, 1e-9);
    EXPECT(!a[0].do_not_trust);
    gm_free(m.median.mv);
}

static void a_lead_upside_down_and_a_qs_are_told(void)
{
    gm_ecg_measurement m = made(0.002);
    gm_ecg_amplitudes a[GM_N_LEADS];
    gm_ecg_amplitudes_of(a, &m);
    EXPECT_CLOSE(a[3].p_mv, -0.15, 0, 1e-3);
    EXPECT_CLOSE(a[3].t_mv, -a[0].t_mv, 0, 1e-9);
    EXPECT(isnan(a[6].r_mv) && isnan(a[6].q_mv) && isnan(a[6].r_peak_ms) && isnan(a[6].p_mv));
    EXPECT_CLOSE(a[6].s_mv, -0.9, 0, 0.003);
    EXPECT(isnan(a[11].r_mv) && isnan(a[11].sd_mv) && isnan(a[11].st_j_mv)); /* unknown lead */
    gm_free(m.median.mv);
}

static void noise_hides_small_waves_and_costs_trust(void)
{
    gm_ecg_measurement m = made(0.06);
    gm_ecg_amplitudes a[GM_N_LEADS];
    gm_ecg_amplitudes_of(a, &m);
    EXPECT(isnan(a[0].p_mv) && isnan(a[0].q_mv) && a[0].r_mv > 1 && a[0].do_not_trust);
    m.median.wave[GM_WAVE_QRS].on_ms = NAN;
    gm_ecg_amplitudes_of(a, &m);
    EXPECT(isnan(a[0].r_mv) && isnan(a[0].sd_mv));
    gm_free(m.median.mv);
}

/* The whole way on a real record: augmented leads follow from the others by Goldberger's law. */
static void a_real_record_obeys_goldberger(void)
{
    NEED_DATA(GM_SHARED_DIR "/data/ecg/dicom");
    gm_ecg *e;
    gm_ecg_measurement *m;
    gm_ecg_amplitudes a[GM_N_LEADS];
    EXPECT(gm_ecg_read(&e, GM_SHARED_DIR "/data/ecg/dicom/waveform_ecg_anon.dcm") == GM_OK);
    EXPECT(gm_ecg_measure(&m, e) == GM_OK);
    gm_ecg_amplitudes_of(a, m);
    EXPECT_CLOSE(a[3].st_j60_mv, -(a[0].st_j60_mv + a[1].st_j60_mv) / 2, 0, 0.01);
    EXPECT_CLOSE(a[5].t_mv, a[1].t_mv - a[0].t_mv / 2, 0, 0.03);
    EXPECT(a[1].r_mv > 0.8 && a[1].r_mv < 1.3 && a[1].p_mv > 0 && a[3].t_mv < 0);
    gm_ecg_measurement_destroy(m);
    gm_ecg_destroy(e);
}

int main(int argc, char **argv)
{
    RUN(heights_are_those_of_the_waves);
    RUN(a_lead_upside_down_and_a_qs_are_told);
    RUN(noise_hides_small_waves_and_costs_trust);
    RUN(a_real_record_obeys_goldberger);
    return gm_report();
}
