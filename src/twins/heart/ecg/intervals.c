#include "heart/ecg/intervals.h"

#include <math.h>

#include "core/alloc.h"
#include "heart/ecg/filter.h"

const char *const gm_qtc_names[GM_N_QTC] = {"fridericia", "bazett", "framingham", "hodges"};

double gm_qtc_ms(gm_qtc formula, double qt_ms, double rr_ms)
{
    double rr_s = rr_ms / 1000;
    if (!(rr_s > 0)) return NAN;
    switch (formula) {
    case GM_QTC_FRIDERICIA: return qt_ms / cbrt(rr_s);
    case GM_QTC_BAZETT: return qt_ms / sqrt(rr_s);
    case GM_QTC_FRAMINGHAM: return qt_ms + 154 * (1 - rr_s);
    case GM_QTC_HODGES: return qt_ms + 1.75 * (60 / rr_s - 60);
    default: return NAN;
    }
}

double gm_frontal_axis_deg(double i, double avf)
{
    return i == 0 && avf == 0 ? NAN : atan2(2 * avf / sqrt(3), i) * 180 / M_PI;
}

static void rhythm(gm_ecg_intervals *v, const gm_ecg_beat *b, size_t n)
{
    v->heart_rate_per_min = v->rr_ms = v->rr_median_ms = v->rr_min_ms = v->rr_max_ms = NAN;
    v->sdnn_ms = v->rmssd_ms = v->pnn50_percent = NAN;
    if (n < 2) return;
    double mean = (b[n - 1].time_s - b[0].time_s) * 1000 / (double)(n - 1);
    double squares = 0, steps = 0, large = 0;
    for (size_t i = 1; i < n; i++) {
        double rr = (b[i].time_s - b[i - 1].time_s) * 1000;
        squares += (rr - mean) * (rr - mean);
        v->rr_min_ms = fmin(v->rr_min_ms, rr); /* fmin ignores the NaN at the start */
        v->rr_max_ms = fmax(v->rr_max_ms, rr);
        if (i + 1 == n) break;
        double d = (b[i + 1].time_s - b[i].time_s) * 1000 - rr;
        steps += d * d;
        large += fabs(d) > 50;
    }
    v->rr_ms = mean;
    v->heart_rate_per_min = 60000 / mean;
    if (n < 3) return;
    v->sdnn_ms = sqrt(squares / (double)(n - 2));
    v->rmssd_ms = sqrt(steps / (double)(n - 2));
    v->pnn50_percent = 100 * large / (double)(n - 2);
}

static gm_status find_median_rr(gm_ecg_intervals *v, const gm_ecg_beat *b, size_t n)
{
    if (n < 2) return GM_OK;
    double *rr = gm_calloc(n - 1, sizeof *rr);
    if (!rr) return gm_fail(GM_ENOMEM, "no memory for %zu beats", n);
    for (size_t i = 1; i < n; i++)
        rr[i - 1] = (b[i].time_s - b[i - 1].time_s) * 1000;
    v->rr_median_ms = gm_median_of(rr, n - 1);
    gm_free(rr);
    return GM_OK;
}

typedef struct {
    double mv_ms, sd;
} area;

/* Net area of a lead over a wave, above the mean of the 10 ms before it; its SD from white noise. */
static area net_area(const gm_ecg_median_beat *b, int lead, const gm_ecg_bounds *w)
{
    const double *x = b->mv + (size_t)lead * b->n;
    if (!isfinite(w->on_ms) || !isfinite(w->off_ms)) return (area){NAN, NAN};
    double per_ms = b->rate_hz / 1000, sum = 0, base = 0, n = 0, n_base = 0;
    size_t on = (size_t)(w->on_ms * per_ms), off = (size_t)(w->off_ms * per_ms);
    size_t before = (size_t)fmax(1, 10 * per_ms);
    for (size_t i = on > before ? on - before : 0; i < on || n_base == 0; i++)
        base += x[i], n_base += 1;
    base /= n_base;
    for (size_t i = on; i <= off && i < b->n; i++)
        sum += x[i] - base, n += 1;
    return (area){sum / per_ms, b->median_noise_mv[lead] * sqrt(n + n * n / n_base) / per_ms};
}

static double axis_of(const gm_ecg_median_beat *b, const gm_ecg_bounds *w, double *sd_deg)
{
    area i = net_area(b, 0, w), avf = net_area(b, 5, w);
    double y = 2 * avf.mv_ms / sqrt(3), y_sd = 2 * avf.sd / sqrt(3);
    double squares = i.mv_ms * i.mv_ms + y * y;
    *sd_deg = hypot(i.mv_ms * y_sd, y * i.sd) / squares * 180 / M_PI;
    return gm_frontal_axis_deg(i.mv_ms, avf.mv_ms);
}

gm_status gm_ecg_intervals_from(gm_ecg_measurement *m)
{
    gm_ecg_intervals *v = &m->intervals;
    const gm_ecg_bounds *w = m->median.wave;
    rhythm(v, m->beats, m->n_beats);
    GM_TRY(find_median_rr(v, m->beats, m->n_beats));
    v->p_ms = w[GM_WAVE_P].off_ms - w[GM_WAVE_P].on_ms;
    v->pr_ms = w[GM_WAVE_QRS].on_ms - w[GM_WAVE_P].on_ms;
    v->qrs_ms = w[GM_WAVE_QRS].off_ms - w[GM_WAVE_QRS].on_ms;
    v->qt_ms = w[GM_WAVE_T].off_ms - w[GM_WAVE_QRS].on_ms;
    for (int f = 0; f < GM_N_QTC; f++)
        v->qtc_ms[f] = gm_qtc_ms((gm_qtc)f, v->qt_ms, v->rr_ms);
    for (int k = 0; k < GM_N_WAVES; k++) {
        v->axis_deg[k] = v->axis_sd_deg[k] = NAN;
        if (m->median.mv) v->axis_deg[k] = axis_of(&m->median, &w[k], &v->axis_sd_deg[k]);
    }
    return GM_OK;
}

void gm_ecg_limits_of(const gm_ecg_measurement *m, gm_sex sex, gm_ecg_limit out[GM_N_LIMITS])
{
    const gm_ecg_intervals *v = &m->intervals;
    double qtc_high = sex == GM_SEX_MALE ? 450 : 460; /* unknown: the wider */
    out[0] = (gm_ecg_limit){"heart rate", "/min", v->heart_rate_per_min, 60, 100};
    out[1] = (gm_ecg_limit){"PR", "ms", v->pr_ms, 120, 200};
    out[2] = (gm_ecg_limit){"QRS", "ms", v->qrs_ms, -INFINITY, 110};
    out[3] = (gm_ecg_limit){"QTc", "ms", v->qtc_ms[GM_QTC_FRIDERICIA], -INFINITY, qtc_high};
    out[4] = (gm_ecg_limit){"QRS axis", "deg", v->axis_deg[GM_WAVE_QRS], -30, 90};
}
