#include "heart/ecg/ecg_numbers.h"

#include "heart/ecg/intervals.h"
#include "testing/gm_test.h"

/* Ten beats at 60 /min with a little scatter; all is known. */
static gm_ecg_measurement typical(void)
{
    gm_ecg_measurement m = {.n_beats = 10};
    m.intervals = (gm_ecg_intervals){.heart_rate_per_min = 60,
                                     .rr_ms = 1000,
                                     .sdnn_ms = 30,
                                     .rmssd_ms = 40,
                                     .p_ms = 110,
                                     .pr_ms = 160,
                                     .qrs_ms = 90,
                                     .qt_ms = 400,
                                     .axis_deg = {60, 50, 40},
                                     .axis_sd_deg = {20, 1, NAN}};
    for (int f = 0; f < GM_N_QTC; f++)
        m.intervals.qtc_ms[f] = gm_qtc_ms((gm_qtc)f, m.intervals.qt_ms, m.intervals.rr_ms);
    return m;
}

static const gm_interval_spread spreads[GM_N_SPREADS] = {
    {10, 12, 110, 2, 3, NULL},
    {10, 12, 156, 2, 3, NULL},
    {10, 12, 120, 2, 3, NULL},
    {10, 1, 400, 2, NAN, "one lead alone shows it"}};

static void intervals_are_as_sure_as_beats_leads_and_methods_agree(void)
{
    gm_ecg_number n[GM_N_NUMBERS];
    gm_ecg_measurement m = typical();
    gm_ecg_numbers_of(n, &m, spreads, false);
    EXPECT(n[GM_NUMBER_P].value == 110 && n[GM_NUMBER_P].sd == 3 && !n[GM_NUMBER_P].do_not_trust);
    EXPECT_CLOSE(n[GM_NUMBER_PR].sd, 5, 1e-12, 0); /* 3 and 4 */
    EXPECT_CLOSE(n[GM_NUMBER_QRS].sd, hypot(3, 30), 1e-12, 0);
    EXPECT_CONTAINS(n[GM_NUMBER_QRS].do_not_trust, "disagree");
    EXPECT(isnan(n[GM_NUMBER_QT].sd) && isnan(n[GM_NUMBER_QTC].sd));
    EXPECT_CONTAINS(n[GM_NUMBER_QT].do_not_trust, "one lead");
    EXPECT_CONTAINS(n[GM_NUMBER_QTC].do_not_trust, "one lead");
}

static void qtc_is_unsure_by_qt_and_by_rr(void)
{
    gm_ecg_number n[GM_N_NUMBERS];
    gm_ecg_measurement m = typical();
    gm_interval_spread sure[GM_N_SPREADS];
    memcpy(sure, spreads, sizeof sure);
    sure[GM_SPREAD_QT] = (gm_interval_spread){10, 12, 400, 2, 6, NULL};
    gm_ecg_numbers_of(n, &m, sure, false);
    EXPECT_CLOSE(n[GM_NUMBER_RR].sd, 10, 1e-12, 0);
    EXPECT_CLOSE(n[GM_NUMBER_HEART_RATE].sd, 0.6, 1e-12, 0);
    /* Fridericia at RR = 1 s: dQTc/dQT = 1, dQTc/dRR = -QT/3. */
    EXPECT_CLOSE(n[GM_NUMBER_QTC].sd, hypot(6, 400 / 3.0 * 0.01), 0.01, 0);
    EXPECT_CLOSE(n[GM_NUMBER_QTC + GM_QTC_FRAMINGHAM].sd, hypot(6, 1.54), 0.01, 0);
}

static void what_is_unsure_says_why(void)
{
    gm_ecg_number n[GM_N_NUMBERS];
    gm_ecg_measurement m = typical();
    gm_ecg_numbers_of(n, &m, spreads, false);
    EXPECT(!n[GM_NUMBER_RR].do_not_trust);
    EXPECT_CONTAINS(n[GM_NUMBER_SDNN].do_not_trust, "too few intervals"); /* a quarter of itself */
    EXPECT_CONTAINS(n[GM_NUMBER_AXIS].do_not_trust, "noise");
    EXPECT(!n[GM_NUMBER_AXIS + GM_WAVE_QRS].do_not_trust);
    EXPECT_CONTAINS(n[GM_NUMBER_AXIS + GM_WAVE_T].do_not_trust, "not known");
    m.n_beats = 2;
    gm_ecg_numbers_of(n, &m, spreads, false);
    EXPECT(isnan(n[GM_NUMBER_RR].sd));
    EXPECT_CONTAINS(n[GM_NUMBER_RR].do_not_trust, "fewer than three");
}

static void of_poor_signals_no_number_is_trusted_and_the_unknown_stays_so(void)
{
    gm_ecg_number n[GM_N_NUMBERS];
    gm_ecg_measurement m = typical();
    m.intervals.p_ms = NAN;
    gm_ecg_numbers_of(n, &m, spreads, true);
    for (int k = 0; k < GM_N_NUMBERS; k++) {
        if (k != GM_NUMBER_P) EXPECT_CONTAINS(n[k].do_not_trust, "most signals");
        EXPECT(gm_ecg_number_keys[k] != NULL);
    }
    EXPECT(isnan(n[GM_NUMBER_P].value) && isnan(n[GM_NUMBER_P].sd) && !n[GM_NUMBER_P].do_not_trust);
}

int main(int argc, char **argv)
{
    RUN(intervals_are_as_sure_as_beats_leads_and_methods_agree);
    RUN(qtc_is_unsure_by_qt_and_by_rr);
    RUN(what_is_unsure_says_why);
    RUN(of_poor_signals_no_number_is_trusted_and_the_unknown_stays_so);
    return gm_report();
}
