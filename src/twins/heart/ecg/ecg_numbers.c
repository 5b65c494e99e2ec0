#include "heart/ecg/ecg_numbers.h"

#include <math.h>

#include "heart/ecg/hrv.h"
#include "heart/ecg/intervals.h"

const char *const gm_ecg_number_keys[GM_N_NUMBERS] = {"heart_rate_per_min",
                                                      "rr_ms",
                                                      "rr_median_ms",
                                                      "rr_min_ms",
                                                      "rr_max_ms",
                                                      "sdnn_ms",
                                                      "rmssd_ms",
                                                      "pnn50_percent",
                                                      "p_ms",
                                                      "pr_ms",
                                                      "qrs_ms",
                                                      "qt_ms",
                                                      "qtc_ms",
                                                      "qtc_bazett_ms",
                                                      "qtc_framingham_ms",
                                                      "qtc_hodges_ms",
                                                      "p_axis_deg",
                                                      "qrs_axis_deg",
                                                      "t_axis_deg"};

static const double DISTRUST_MS = 20, DISTRUST_DEG = 15, DISTRUST_PART = 0.1, DISTRUST_PERCENT = 5;
enum { FEWEST_BEATS = 4 };

/* ---- from beat to beat -------------------------------------------------------------------------- */

static gm_ecg_number of_rhythm(double value, double sd, double most_sd, size_t n_beats)
{
    if (isnan(value)) return (gm_ecg_number){NAN, NAN, NULL};
    if (n_beats < FEWEST_BEATS)
        return (gm_ecg_number){value, NAN, "fewer than three intervals from beat to beat"};
    return (gm_ecg_number){value, sd, sd > most_sd ? "too few intervals for how they vary" : NULL};
}

static void rhythm(gm_ecg_number *out, const gm_ecg_measurement *m)
{
    const gm_ecg_intervals *v = &m->intervals;
    double n_rr = (double)m->n_beats - 1, rr_sd = v->sdnn_ms / sqrt(n_rr);
    double one_sd = 1000 / m->rate_hz * sqrt(2.0 / 12); /* two places, each known to a sample */
    const struct {
        gm_ecg_number_name name;
        double value, sd, most_sd;
    } rows[] = {
        {GM_NUMBER_HEART_RATE, v->heart_rate_per_min, v->heart_rate_per_min * rr_sd / v->rr_ms,
         DISTRUST_PART * v->heart_rate_per_min},
        {GM_NUMBER_RR, v->rr_ms, rr_sd, DISTRUST_PART * v->rr_ms},
        {GM_NUMBER_RR_MEDIAN, v->rr_median_ms, sqrt(M_PI / 2) * rr_sd, DISTRUST_PART * v->rr_ms},
        {GM_NUMBER_RR_MIN, v->rr_min_ms, one_sd, DISTRUST_PART * v->rr_ms},
        {GM_NUMBER_RR_MAX, v->rr_max_ms, one_sd, DISTRUST_PART * v->rr_ms},
        {GM_NUMBER_SDNN, v->sdnn_ms, gm_sdnn_error(v->sdnn_ms, n_rr), DISTRUST_PART * v->sdnn_ms},
        {GM_NUMBER_RMSSD, v->rmssd_ms, gm_rmssd_error(v->rmssd_ms, n_rr - 1),
         DISTRUST_PART * v->rmssd_ms},
        {GM_NUMBER_PNN50, v->pnn50_percent, gm_pnn50_error_percent(v->pnn50_percent, n_rr - 1),
         DISTRUST_PERCENT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        out[rows[i].name] = of_rhythm(rows[i].value, rows[i].sd, rows[i].most_sd, m->n_beats);
}

/* ---- intervals ---------------------------------------------------------------------------------- */

static gm_ecg_number of_interval(double value, const gm_interval_spread *s)
{
    if (isnan(value)) return (gm_ecg_number){NAN, NAN, NULL};
    double sd = hypot(s->uncertainty_ms, value - s->median_ms);
    const char *disagree =
        sd > DISTRUST_MS ? "the median beat and single beats disagree by more than 20 ms" : NULL;
    return (gm_ecg_number){value, sd, s->do_not_trust ? s->do_not_trust : disagree};
}

static gm_ecg_number of_qtc(gm_qtc f, const gm_ecg_intervals *v, const gm_ecg_number *qt,
                            const gm_ecg_number *rr)
{
    double value = v->qtc_ms[f];
    if (isnan(value)) return (gm_ecg_number){NAN, NAN, NULL};
    double sd = hypot(gm_qtc_ms(f, v->qt_ms + qt->sd, v->rr_ms) - value,
                      gm_qtc_ms(f, v->qt_ms, v->rr_ms + rr->sd) - value);
    return (gm_ecg_number){value, sd, qt->do_not_trust ? qt->do_not_trust : rr->do_not_trust};
}

static gm_ecg_number of_axis(double value, double sd)
{
    bool is_sure = isnan(value) || sd <= DISTRUST_DEG;
    return (gm_ecg_number){
        value, sd, is_sure ? NULL : "noise turns it by more than 15 degrees, or is not known"};
}

/* ---- all ---------------------------------------------------------------------------------------- */

void gm_ecg_numbers_of(gm_ecg_number out[GM_N_NUMBERS], const gm_ecg_measurement *m,
                       const gm_interval_spread intervals[GM_N_SPREADS], bool signals_are_poor)
{
    const gm_ecg_intervals *v = &m->intervals;
    rhythm(out, m);
    out[GM_NUMBER_P] = of_interval(v->p_ms, &intervals[GM_SPREAD_P]);
    out[GM_NUMBER_PR] = of_interval(v->pr_ms, &intervals[GM_SPREAD_PR]);
    out[GM_NUMBER_QRS] = of_interval(v->qrs_ms, &intervals[GM_SPREAD_QRS]);
    out[GM_NUMBER_QT] = of_interval(v->qt_ms, &intervals[GM_SPREAD_QT]);
    for (int f = 0; f < GM_N_QTC; f++)
        out[GM_NUMBER_QTC + f] = of_qtc((gm_qtc)f, v, &out[GM_NUMBER_QT], &out[GM_NUMBER_RR]);
    for (int w = 0; w < GM_N_WAVES; w++)
        out[GM_NUMBER_AXIS + w] = of_axis(v->axis_deg[w], v->axis_sd_deg[w]);
    for (int k = 0; k < GM_N_NUMBERS && signals_are_poor; k++)
        if (isfinite(out[k].value)) out[k].do_not_trust = "most signals are not to be trusted";
}
