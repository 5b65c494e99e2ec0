#include "heart/ecg/amplitudes.h"

#include <math.h>

static const double LEVEL_MS = 16, ST_MS = 60;
static const double NOISES = 3, LEAST_MV = 0.02, MOST_NOISE_MV = 0.05;

typedef struct {
    const double *mv; /* [n] of the lead, less its level zero by at() */
    size_t n;
    double rate_hz, zero, least; /* least deflection that counts, mV */
} lead_beat;

static size_t sample_at(const lead_beat *b, double ms)
{
    return (size_t)fmin(fmax(round(ms * b->rate_hz / 1000), 0), (double)(b->n - 1));
}

static double at(const lead_beat *b, size_t i)
{
    return b->mv[i] - b->zero;
}

/* Lowest (sign -1) or highest (sign 1) point of [first, last]. */
static size_t extreme(const lead_beat *b, size_t first, size_t last, double sign)
{
    size_t best = first;
    for (size_t i = first; i <= last; i++)
        if (sign * at(b, i) > sign * at(b, best)) best = i;
    return best;
}

/* Its height if it counts, else NaN. */
static double height(const lead_beat *b, size_t i, double sign)
{
    return sign * at(b, i) > b->least ? at(b, i) : NAN;
}

/* The extreme of a wave that may point either way. */
static double wave_mv(const lead_beat *b, const gm_ecg_bounds *w)
{
    if (!(w->on_ms < w->off_ms)) return NAN;
    size_t first = sample_at(b, w->on_ms), last = sample_at(b, w->off_ms);
    double high = at(b, extreme(b, first, last, 1)), low = at(b, extreme(b, first, last, -1));
    double v = high > -low ? high : low;
    return fabs(v) > b->least ? v : NAN;
}

static void qrs_of(gm_ecg_amplitudes *a, const lead_beat *b, const gm_ecg_bounds *qrs)
{
    size_t first = sample_at(b, qrs->on_ms), last = sample_at(b, qrs->off_ms);
    size_t r = extreme(b, first, last, 1);
    a->r_mv = height(b, r, 1);
    if (isnan(a->r_mv)) {
        a->s_mv = height(b, extreme(b, first, last, -1), -1);
        return;
    }
    a->r_peak_ms = 1000 * (double)(r - first) / b->rate_hz;
    a->q_mv = height(b, extreme(b, first, r, -1), -1);
    a->s_mv = height(b, extreme(b, r, last, -1), -1);
}

static double level_at(const lead_beat *b, double ms)
{
    double i = round(ms * b->rate_hz / 1000);
    return i >= 0 && i < (double)b->n ? at(b, (size_t)i) : NAN;
}

static void measure_lead(gm_ecg_amplitudes *a, const gm_ecg_measurement *m, int lead)
{
    const gm_ecg_median_beat *median = &m->median;
    const gm_ecg_bounds *qrs = &median->wave[GM_WAVE_QRS];
    lead_beat b = {median->mv + (size_t)lead * median->n, median->n, median->rate_hz, 0, 0};
    double noise = median->median_noise_mv[lead];
    size_t on = sample_at(&b, qrs->on_ms), n = 0;
    double sum = 0;
    for (size_t i = sample_at(&b, qrs->on_ms - LEVEL_MS); i < on || n == 0; i++)
        sum += b.mv[i], n++;
    b.zero = sum / (double)n;
    b.least = fmax(NOISES * noise, LEAST_MV);
    a->sd_mv = noise * sqrt(1 + 1 / (double)n);
    a->do_not_trust = m->quality[lead].grade < GM_GRADE_FAIR || noise > MOST_NOISE_MV;
    qrs_of(a, &b, qrs);
    a->p_mv = wave_mv(&b, &median->wave[GM_WAVE_P]);
    a->t_mv = wave_mv(&b, &median->wave[GM_WAVE_T]);
    a->st_j_mv = level_at(&b, qrs->off_ms);
    a->st_j60_mv = level_at(&b, qrs->off_ms + ST_MS);
}

void gm_ecg_amplitudes_of(gm_ecg_amplitudes out[GM_N_LEADS], const gm_ecg_measurement *m)
{
    const gm_ecg_bounds *qrs = &m->median.wave[GM_WAVE_QRS];
    for (int l = 0; l < GM_N_LEADS; l++) {
        out[l] = (gm_ecg_amplitudes){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, false};
        bool known = m->median.mv && isfinite(m->median.mv[(size_t)l * m->median.n]) &&
                     isfinite(m->median.median_noise_mv[l]);
        if (known && qrs->on_ms < qrs->off_ms) measure_lead(&out[l], m, l);
    }
}
