#include "heart/ecg/beats.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/ecg/filter.h"

static const double ALIKE = 0.9; /* correlation of a beat whose level counts */

/* ---- baseline ----------------------------------------------------------------------------------- */

static double mean_of(const double *x, size_t n, ptrdiff_t first, ptrdiff_t last)
{
    if (first < 0) first = 0;
    if (last > (ptrdiff_t)n) last = (ptrdiff_t)n;
    double sum = 0;
    for (ptrdiff_t i = first; i < last; i++)
        sum += x[i];
    return last > first ? sum / (double)(last - first) : NAN;
}

/* Slopes of the natural cubic spline through the knots (Thomas's algorithm on the usual tridiagonal
 * system). A wander of 4 knots a period is followed to a few per cent. room: [n]. */
static void knot_slopes(const double *at, const double *y, size_t n, double *slope, double *room)
{
    if (n < 2) {
        slope[0] = 0;
        return;
    }
    for (size_t i = 0; i < n; i++) { /* row: a s[i-1] + b s[i] + c s[i+1] = d */
        double left = i > 0 ? 1 / (at[i] - at[i - 1]) : 0;
        double right = i + 1 < n ? 1 / (at[i + 1] - at[i]) : 0;
        double d = (i > 0 ? (y[i] - y[i - 1]) * left * left : 0) +
                   (i + 1 < n ? (y[i + 1] - y[i]) * right * right : 0);
        double b = 2 * (left + right) - (i > 0 ? left * room[i - 1] : 0);
        room[i] = right / b;
        slope[i] = (3 * d - (i > 0 ? left * slope[i - 1] : 0)) / b;
    }
    for (size_t i = n - 1; i-- > 0;)
        slope[i] -= room[i] * slope[i + 1];
}

static void subtract_curve(double *x, size_t n, const double *at, const double *y,
                           const double *slope, size_t n_knots)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        while (k + 1 < n_knots && (double)i >= at[k + 1])
            k++;
        if ((double)i <= at[0] || k + 1 == n_knots) {
            x[i] -= (double)i <= at[0] ? y[0] : y[n_knots - 1];
            continue;
        }
        double h = at[k + 1] - at[k], u = ((double)i - at[k]) / h, v = 1 - u;
        x[i] -= v * v * ((1 + 2 * u) * y[k] + u * h * slope[k]) +
                u * u * ((1 + 2 * v) * y[k + 1] - v * h * slope[k + 1]);
    }
}

gm_status gm_ecg_beats_level(gm_ecg_tracks *t, const gm_ecg_measurement *m, const size_t *at,
                             double from_ms, double to_ms)
{
    double *knots = gm_calloc(4 * m->n_beats, sizeof *knots);
    if (!knots) return gm_fail(GM_ENOMEM, "no memory for %zu beats", m->n_beats);
    double *y = knots + m->n_beats, *slope = y + m->n_beats;
    ptrdiff_t from = (ptrdiff_t)(from_ms * t->rate_hz / 1000);
    ptrdiff_t to = (ptrdiff_t)(to_ms * t->rate_hz / 1000);
    if (to <= from) to = from + 1;
    for (int k = 0; k < t->n_tracks; k++) {
        double *x = t->x + (size_t)k * t->n;
        size_t n = 0;
        for (size_t i = 0; i < m->n_beats; i++) {
            ptrdiff_t place = (ptrdiff_t)at[i];
            bool alike = m->beats[i].in_median || m->beats[i].correlation > ALIKE;
            if (!alike || place + from < 0) continue;
            knots[n] = (double)(place + (from + to) / 2);
            y[n++] = mean_of(x, t->n, place + from, place + to);
        }
        if (n == 0) continue;
        knot_slopes(knots, y, n, slope, slope + m->n_beats);
        subtract_curve(x, t->n, knots, y, slope, n);
    }
    gm_free(knots);
    return GM_OK;
}

/* ---- average ------------------------------------------------------------------------------------ */

static void free_median(gm_ecg_median_beat *b)
{
    gm_free(b->mv);
    gm_free(b->spread_mv);
    b->mv = b->spread_mv = NULL;
}

static gm_status start_median(gm_ecg_median_beat *b, double rate_hz, size_t n, size_t fiducial)
{
    free_median(b);
    b->n = n, b->rate_hz = rate_hz, b->fiducial = fiducial;
    b->mv = gm_calloc(GM_N_LEADS * n, sizeof *b->mv);
    b->spread_mv = gm_calloc(GM_N_LEADS * n, sizeof *b->spread_mv);
    if (!b->mv || !b->spread_mv) {
        free_median(b);
        return gm_fail(GM_ENOMEM, "no memory for a beat of %zu samples", n);
    }
    for (size_t i = 0; i < GM_N_LEADS * n; i++)
        b->mv[i] = b->spread_mv[i] = NAN;
    for (int l = 0; l < GM_N_LEADS; l++)
        b->noise_mv[l] = b->median_noise_mv[l] = NAN;
    return GM_OK;
}

/* Mean of the middle half: nearly the noise of a mean, nearly the robustness of a median. */
static double middle_mean(double *v, size_t n, double *spread)
{
    double mean = 0, squares = 0, sum = 0;
    for (size_t i = 0; i < n; i++)
        mean += v[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (v[i] - mean) * (v[i] - mean);
    *spread = n > 1 ? sqrt(squares / (double)(n - 1)) : NAN;
    if (n < 4) return gm_median_of(v, n);
    size_t cut = n / 4;
    double low = gm_quantile_of(v, n, (double)cut / (double)(n - 1));
    double high = gm_quantile_of(v, n, (double)(n - 1 - cut) / (double)(n - 1));
    double below = 0, kept = 0; /* ties at the ends: weight them so that 2 cut values drop out */
    for (size_t i = 0; i < n; i++)
        if (v[i] > low && v[i] < high) sum += v[i], kept += 1;
    below = (double)(n - 2 * cut) - kept;
    return (sum + below * (low + high) / 2) / (double)(n - 2 * cut);
}

/* The baseline is known between the levels of the first and the last marked beat and a little
 * beyond: what lies outside is left out of the average if enough beats remain. */
static void known_stretch(const gm_ecg_measurement *m, const size_t *at, double rate_hz,
                          ptrdiff_t within[2])
{
    within[0] = PTRDIFF_MIN, within[1] = PTRDIFF_MAX;
    if (m->median.n_beats < 4) return;
    size_t first = 0, last = m->n_beats - 1;
    while (!m->beats[first].in_median)
        first++;
    while (!m->beats[last].in_median)
        last--;
    within[0] = (ptrdiff_t)at[first] - (ptrdiff_t)(0.3 * rate_hz);
    within[1] = (ptrdiff_t)at[last] + (ptrdiff_t)(0.1 * rate_hz);
}

/* A neighbour's QRS reaches this far from its fiducial; it is not part of the beat. */
static const double NEIGHBOUR_MS = 120;
static const double FAR_OFF = 4; /* of a beat's noise */
static const size_t FEWEST_WEIGHED = 4;

/* Which sample of the record is sample i of beat k; -1: none, or not known. */
static ptrdiff_t place_of(const gm_ecg_median_beat *b, const gm_ecg_measurement *m, size_t n,
                          const size_t *at, const ptrdiff_t within[2], size_t k, size_t i)
{
    ptrdiff_t place = (ptrdiff_t)(at[k] + i) - (ptrdiff_t)b->fiducial;
    ptrdiff_t qrs = (ptrdiff_t)(NEIGHBOUR_MS * b->rate_hz / 1000);
    if (!m->beats[k].in_median || place < 0 || place >= (ptrdiff_t)n) return -1;
    if (place < within[0] || place > within[1]) return -1;
    if (k > 0 && place < (ptrdiff_t)at[k - 1] + qrs) return -1;
    if (k + 1 < m->n_beats && place > (ptrdiff_t)at[k + 1] - qrs) return -1;
    return place;
}

/* A beat's own noise: RMS of its difference from the average. */
static double rms_about(const gm_ecg_median_beat *b, const gm_ecg_measurement *m, const double *x,
                        size_t n, const size_t *at, const ptrdiff_t within[2], size_t k,
                        const double *average)
{
    double squares = 0, count = 0;
    for (size_t i = 0; i < b->n; i++) {
        ptrdiff_t place = place_of(b, m, n, at, within, k, i);
        if (place < 0 || !isfinite(average[i])) continue;
        squares += (x[place] - average[i]) * (x[place] - average[i]);
        count++;
    }
    return count > 0 ? sqrt(squares / count) : NAN;
}

/* Each beat by the inverse square of its noise (`noise`, 0: does not count), without what lies far
 * from the average so far. Returns the noise of the result. */
static double weigh_lead(gm_ecg_median_beat *b, const gm_ecg_measurement *m, const double *x,
                         size_t n, const size_t *at, int lead, const ptrdiff_t within[2],
                         double *noise)
{
    double *average = b->mv + (size_t)lead * b->n, all = 0, beats = 0;
    for (size_t k = 0; k < m->n_beats; k++) {
        if (!m->beats[k].in_median) continue;
        noise[k] = fmax(rms_about(b, m, x, n, at, within, k, average), 1e-9);
        if (noise[k] > 0) all += 1 / (noise[k] * noise[k]), beats++;
    }
    for (size_t i = 0; i < b->n; i++) {
        double sum = 0, weights = 0;
        for (size_t k = 0; k < m->n_beats; k++) {
            ptrdiff_t place = place_of(b, m, n, at, within, k, i);
            if (place < 0 || !(noise[k] > 0)) continue;
            if (fabs(x[place] - average[i]) > FAR_OFF * noise[k]) continue;
            sum += x[place] / (noise[k] * noise[k]);
            weights += 1 / (noise[k] * noise[k]);
        }
        if (weights > 0) average[i] = sum / weights;
    }
    /* A beat is part of the average that its noise was taken about. */
    return sqrt(beats / (beats - 1) / all);
}

/* Fills the lead's average and spread; returns the noise of the average. v: [2 n_beats] scratch. */
static double average_lead(gm_ecg_median_beat *b, const gm_ecg_measurement *m, const double *x,
                           size_t n, const size_t *at, int lead, double *v)
{
    ptrdiff_t within[2];
    known_stretch(m, at, b->rate_hz, within);
    for (size_t i = 0; i < b->n; i++) {
        size_t n_v = 0;
        for (size_t k = 0; k < m->n_beats; k++) {
            ptrdiff_t place = place_of(b, m, n, at, within, k, i);
            if (place >= 0) v[n_v++] = x[place];
        }
        if (n_v == 0) continue;
        size_t to = (size_t)lead * b->n + i;
        b->mv[to] = middle_mean(v, n_v, &b->spread_mv[to]);
    }
    if (b->n_beats < FEWEST_WEIGHED) return NAN;
    return weigh_lead(b, m, x, n, at, lead, within, v);
}

/* Beats at the edges of the record do not reach everywhere, and the neighbours' QRS are left out:
 * what no beat covers takes the nearest value, so that a lead is known throughout or not at all. */
static void close_ends(double *x, size_t n)
{
    size_t first = 0, last = n;
    while (first < n && !isfinite(x[first]))
        first++;
    while (last > first && !isfinite(x[last - 1]))
        last--;
    if (first == n) return;
    for (size_t i = 0; i < n; i++)
        if (i < first || i >= last) x[i] = x[i < first ? first : last - 1];
}

/* RMS of the spread where one beat does not meet the next. */
static double noise_of(const gm_ecg_median_beat *b, int lead, double rr_samples)
{
    double fid = (double)b->fiducial, sum = 0, count = 0;
    for (size_t i = 0; i < b->n; i++) {
        double s = b->spread_mv[(size_t)lead * b->n + i], away = (double)i - fid;
        if (!isfinite(s) || away < -0.4 * rr_samples || away > 0.6 * rr_samples) continue;
        sum += s * s, count += 1;
    }
    return count > 0 ? sqrt(sum / count) : NAN;
}

/* Variance of the median of two or three beats, in those of their mean (normal noise). */
static const double MIDDLE_VARIANCE = 1.35;

gm_status gm_ecg_beats_average(gm_ecg_measurement *m, const gm_ecg_tracks *t, const size_t *at)
{
    gm_ecg_median_beat *b = &m->median;
    size_t before = (size_t)(GM_BEAT_BEFORE_MS * t->rate_hz / 1000 + 0.5);
    size_t after = (size_t)(GM_BEAT_AFTER_MS * t->rate_hz / 1000 + 0.5);
    GM_TRY(start_median(b, t->rate_hz, before + after, before));
    double *v = gm_calloc(m->n_beats, sizeof *v);
    if (!v) return gm_fail(GM_ENOMEM, "no memory for %zu beats", m->n_beats);
    b->n_beats = 0;
    for (size_t k = 0; k < m->n_beats; k++)
        b->n_beats += m->beats[k].in_median;
    for (size_t k = 1; k < m->n_beats; k++)
        v[k - 1] = (double)(at[k] - at[k - 1]);
    double rr = m->n_beats > 1 ? gm_median_of(v, m->n_beats - 1) : (double)b->n;
    for (int k = 0; k < t->n_tracks; k++) {
        int lead = t->lead[k];
        if (lead < 0) continue;
        double noise_mv = average_lead(b, m, t->x + (size_t)k * t->n, t->n, at, lead, v);
        close_ends(b->mv + (size_t)lead * b->n, b->n);
        double floor_mv = t->step_mv[k] / sqrt(12), n = (double)b->n_beats;
        b->noise_mv[lead] = fmax(noise_of(b, lead, rr), floor_mv);
        if (!isfinite(noise_mv)) noise_mv = b->noise_mv[lead] * sqrt(MIDDLE_VARIANCE / n);
        b->median_noise_mv[lead] = fmax(noise_mv, floor_mv / sqrt(n));
    }
    gm_free(v);
    return GM_OK;
}

double gm_ecg_high_frequency_noise(const double *x, size_t n, double *scratch)
{
    if (n < 8) return NAN;
    for (size_t i = 0; i + 3 < n; i++)
        scratch[i] = fabs(x[i + 3] - 3 * x[i + 2] + 3 * x[i + 1] - x[i]);
    return gm_quantile_of(scratch, n - 3, 0.3) / (0.3853 * sqrt(20));
}

gm_status gm_ecg_beats_whole(gm_ecg_measurement *m, const gm_ecg_tracks *t, size_t at)
{
    gm_ecg_median_beat *b = &m->median;
    GM_TRY(start_median(b, t->rate_hz, t->n, at));
    b->n_beats = 1, b->is_whole_record = true;
    double *scratch = gm_calloc(t->n, sizeof *scratch);
    if (!scratch) return gm_fail(GM_ENOMEM, "no memory for %zu samples", t->n);
    for (int k = 0; k < t->n_tracks; k++) {
        int lead = t->lead[k];
        if (lead < 0) continue;
        const double *x = t->x + (size_t)k * t->n;
        memcpy(b->mv + (size_t)lead * b->n, x, t->n * sizeof *x);
        b->noise_mv[lead] =
            fmax(gm_ecg_high_frequency_noise(x, t->n, scratch), t->step_mv[k] / sqrt(12));
        b->median_noise_mv[lead] = b->noise_mv[lead];
    }
    gm_free(scratch);
    return GM_OK;
}
