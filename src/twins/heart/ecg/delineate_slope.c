#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/ecg/delineate.h"
#include "heart/ecg/filter.h"

/* Times are physiological, fractions were tuned on LUDB 1-70 (see accuracy_test.c). */
typedef struct {
    double curve_ms;          /* sigma of the curvature filter that finds the wave */
    double slope_ms;          /* sigma of the slope filter that bounds it */
    double reach_ms;          /* from the peak to its steepest flank, at most */
    double on_part, off_part; /* of the steepest slope at which the wave ends */
    double least_mv;          /* height by curvature in the best lead */
    double best_of_noise;     /* height over the noise of the median beat, in the best lead */
    double least_of_noise;    /* the same in any lead that is to have bounds */
    double lead_least_mv;     /* for bounds in a single lead */
    double spread_ms;         /* a lead's peak lies within this of the global one */
    double shared;            /* part of a lead's bound that is taken from all leads */
    double early, late;       /* quantiles over the leads: the global bounds */
} bump_rule;

static const bump_rule p_rule = {.curve_ms = 18,
                                 .slope_ms = 9,
                                 .reach_ms = 70,
                                 .on_part = 0.25,
                                 .off_part = 0.40,
                                 .least_mv = 0.012,
                                 .best_of_noise = 7.5,
                                 .least_of_noise = 2.5,
                                 .lead_least_mv = 0.010,
                                 .spread_ms = 30,
                                 .shared = 0.5,
                                 .early = 0.15,
                                 .late = 0.85};
static const bump_rule t_rule = {.curve_ms = 35,
                                 .slope_ms = 10,
                                 .reach_ms = 120,
                                 .on_part = 0.30,
                                 .off_part = 0.28,
                                 .least_mv = 0.020,
                                 .best_of_noise = 4,
                                 .least_of_noise = 2.5,
                                 .lead_least_mv = 0.020,
                                 .spread_ms = 50,
                                 .shared = 0.5,
                                 .early = 0.25,
                                 .late = 0.75};

static const double QRS_SLOPE_MS = 5, QRS_REACH_MS = 150, QRS_HOLD_MS = 18;
static const double QRS_ON_PART = 0.06, QRS_OFF_PART = 0.08; /* of the steepest slope */
static const double LEAD_ON_PART = 0.03, LEAD_OFF_PART = 0.05;
static const double QRS_STEEP_MS = 20, QRS_MIDDLE_MS = 15;
static const double QRS_NOISE = 3, QRS_LEAD_LEAST_MV = 0.06, QRS_LEAD_REACH_MS = 12;
static const double SPIKE_MS = 8, SPIKE_PART = 0.7, SPIKE_LEAST_MV = 0.2, SPIKE_MIN_RATE_HZ = 400;
static const double P_BEFORE_MS = 420, P_AWAY_MS = 4, P_PEAK_AWAY_MS = 35;
static const double T_AWAY_MS = 50, T_LAST_OF_RR = 0.7, T_OFF_BEFORE_NEXT_MS = 120;

/* The leads of the beat that exist, in one block, at one rate. */
typedef struct {
    double rate_hz, shift_ms; /* sample i lies at i * 1000 / rate_hz + shift_ms */
    size_t n;
    int n_leads, lead[GM_N_LEADS];
    double noise_mv[GM_N_LEADS];
    double *x, *filtered; /* [n_leads][n] each */
    double *total;        /* [n] root mean square of `filtered` over leads */
    double *scratch;      /* [n] */
} view;

static void view_clear(view *v)
{
    gm_free(v->x);
    gm_free(v->filtered);
    gm_free(v->total);
    gm_free(v->scratch);
}

/* `factor` samples become one. */
static gm_status view_of(view *v, const gm_ecg_median_beat *b, const double *mv, size_t factor)
{
    *v = (view){.rate_hz = b->rate_hz / (double)factor,
                .shift_ms = 500 * ((double)factor - 1) / b->rate_hz,
                .n = b->n / factor};
    for (int l = 0; l < GM_N_LEADS; l++)
        if (isfinite(b->mv[(size_t)l * b->n])) v->lead[v->n_leads++] = l;
    size_t size = (size_t)(v->n_leads + 1) * (v->n + 1);
    v->x = gm_calloc(size, sizeof *v->x);
    v->filtered = gm_calloc(size, sizeof *v->filtered);
    v->total = gm_calloc(v->n + 1, sizeof *v->total);
    v->scratch = gm_calloc(v->n + 1, sizeof *v->scratch);
    if (!v->x || !v->filtered || !v->total || !v->scratch) {
        view_clear(v);
        return gm_fail(GM_ENOMEM, "no memory for a beat of %zu samples", b->n);
    }
    for (int k = 0; k < v->n_leads; k++) {
        const double *from = mv + (size_t)v->lead[k] * b->n;
        v->noise_mv[k] = b->median_noise_mv[v->lead[k]];
        for (size_t i = 0; i < v->n; i++) {
            double sum = 0;
            for (size_t j = 0; j < factor; j++)
                sum += from[i * factor + j];
            v->x[(size_t)k * v->n + i] = sum / (double)factor;
        }
    }
    return GM_OK;
}

/* Filters samples first..last of every lead, as if nothing lay outside. */
static void view_filter(view *v, size_t first, size_t last, double sigma_ms, int order)
{
    double sigma = fmax(sigma_ms * v->rate_hz / 1000, 0.7);
    memset(v->total, 0, v->n * sizeof *v->total);
    for (int k = 0; k < v->n_leads; k++) {
        double *out = v->filtered + (size_t)k * v->n;
        gm_gauss(v->x + (size_t)k * v->n + first, last - first + 1, sigma, order, out + first);
        for (size_t i = first; i <= last; i++)
            v->total[i] += out[i] * out[i];
    }
    for (size_t i = first; i <= last; i++)
        v->total[i] = sqrt(v->total[i] / (double)v->n_leads);
}

static size_t largest(const double *x, size_t first, size_t last)
{
    size_t best = first;
    for (size_t i = first; i <= last; i++)
        if (fabs(x[i]) > fabs(x[best])) best = i;
    return best;
}

static size_t samples(const view *v, double ms)
{
    return (size_t)(ms * v->rate_hz / 1000 + 0.5);
}

static size_t back(size_t i, size_t by, size_t least)
{
    return i > least + by ? i - by : least;
}

static size_t ahead(size_t i, size_t by, size_t most)
{
    return i + by < most ? i + by : most;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Quantile `part` of the finite values: 0 the earliest, 1 the latest; NaN if there are none. */
static double order_statistic(const double *values, int n, double part)
{
    double v[GM_N_LEADS];
    int m = 0;
    for (int k = 0; k < n; k++)
        if (isfinite(values[k])) v[m++] = values[k];
    if (m == 0) return NAN;
    qsort(v, (size_t)m, sizeof *v, ascending);
    double at = part * (m - 1);
    int i = (int)at < m - 1 ? (int)at : m - 1, j = i + 1 < m ? i + 1 : i;
    return v[i] + (at - i) * (v[j] - v[i]);
}

/* ---- QRS ---------------------------------------------------------------------------------------- */

/* Outward from `from` to `limit`: the last sample before the slope stays below `least` for `hold`
 * samples; fraction of a sample by interpolation. */
static double outward(const double *slope, size_t from, size_t limit, double least, size_t hold)
{
    ptrdiff_t step = limit < from ? -1 : 1, i = (ptrdiff_t)from, end = (ptrdiff_t)limit, edge = i;
    for (size_t quiet = 0; i != end && quiet < hold; i += step) {
        if (fabs(slope[i]) >= least)
            edge = i, quiet = 0;
        else
            quiet++;
    }
    if (edge == end - step || edge == end) return (double)edge;
    double a = fabs(slope[edge]), b = fabs(slope[edge + step]);
    double part = a > b ? fmin(fmax((a - least) / (a - b), 0), 1) : 0;
    return (double)edge + (double)step * part;
}

/* SD of the filtered slope for white noise of SD 1. */
static double slope_noise(double sigma)
{
    return sqrt(1 / (4 * sqrt(M_PI) * sigma * sigma * sigma));
}

typedef struct {
    double on, off; /* samples */
} span;

/* Slope that is exceeded for QRS_STEEP_MS in all: a pacemaker's spike is briefer and does not count.
 * scratch: [last - first + 1]. */
static double steepness(const view *v, const double *slope, size_t first, size_t last,
                        double *scratch)
{
    size_t n = last - first + 1, k = samples(v, QRS_STEEP_MS);
    for (size_t i = 0; i < n; i++)
        scratch[i] = fabs(slope[first + i]);
    return gm_quantile_of(scratch, n, 1 - fmin(0.5, (double)k / (double)n));
}

/* Middle of the steep stretch, however high a spike stands in it or beside it. */
static size_t middle_of_qrs(const view *v, size_t first, size_t last, double *scratch)
{
    gm_gauss(v->total + first, last - first + 1, fmax(1, QRS_MIDDLE_MS * v->rate_hz / 1000), 0,
             scratch);
    return first + largest(scratch, 0, last - first);
}

static span total_qrs(const view *v, size_t fiducial)
{
    size_t first = back(fiducial, samples(v, QRS_REACH_MS), 0);
    size_t last = ahead(fiducial, samples(v, QRS_REACH_MS), v->n - 1);
    size_t top = middle_of_qrs(v, first, last, v->scratch);
    double steep = steepness(v, v->total, first, last, v->scratch);
    double noise = 0, unit = slope_noise(fmax(QRS_SLOPE_MS * v->rate_hz / 1000, 0.7));
    for (int k = 0; k < v->n_leads; k++)
        noise += v->noise_mv[k] * v->noise_mv[k] / v->n_leads;
    noise = sqrt(noise) * unit * QRS_NOISE;
    size_t hold = samples(v, QRS_HOLD_MS) + 1;
    return (span){
        outward(v->total, top, first, fmax(QRS_ON_PART * steep, noise), hold),
        outward(v->total, top, last, fmax(QRS_OFF_PART * steep, noise), hold),
    };
}

static double range_in(const double *x, size_t first, size_t last)
{
    double low = x[first], high = x[first];
    for (size_t i = first; i <= last; i++)
        low = fmin(low, x[i]), high = fmax(high, x[i]);
    return high - low;
}

static span lead_qrs(const view *v, int k, span total)
{
    const double *x = v->x + (size_t)k * v->n, *slope = v->filtered + (size_t)k * v->n;
    size_t on = (size_t)total.on, off = (size_t)(total.off + 0.5);
    size_t reach = samples(v, QRS_LEAD_REACH_MS), hold = samples(v, QRS_HOLD_MS) + 1;
    if (!(range_in(x, on, off) > fmax(QRS_LEAD_LEAST_MV, 4 * v->noise_mv[k])))
        return (span){NAN, NAN};
    size_t top = largest(slope, on, off);
    double steep = fabs(slope[top]),
           unit = slope_noise(fmax(QRS_SLOPE_MS * v->rate_hz / 1000, 0.7));
    double noise = QRS_NOISE * v->noise_mv[k] * unit;
    return (span){
        outward(slope, top, back(on, reach, 0), fmax(LEAD_ON_PART * steep, noise), hold),
        outward(slope, top, ahead(off, reach, v->n - 1), fmax(LEAD_OFF_PART * steep, noise), hold),
    };
}

/* The leads of one heart begin and end nearly together: each lead's own bound and that of all leads
 * in equal parts differ less from a reader's than either alone. */
static void delineate_qrs(view *v, gm_ecg_median_beat *b)
{
    view_filter(v, 0, v->n - 1, QRS_SLOPE_MS, 1);
    span total = total_qrs(v, b->fiducial);
    double ms = 1000 / v->rate_hz;
    for (int k = 0; k < v->n_leads; k++) {
        span s = lead_qrs(v, k, total);
        if (!isfinite(s.on)) continue;
        const double *x = v->x + (size_t)k * v->n;
        size_t on = (size_t)s.on, best = on;
        for (size_t i = on; (double)i <= s.off; i++)
            if (fabs(x[i] - x[on]) > fabs(x[best] - x[on])) best = i;
        b->lead_wave[v->lead[k]][GM_WAVE_QRS] = (gm_ecg_bounds){
            (s.on + total.on) / 2 * ms, (double)best * ms, (s.off + total.off) / 2 * ms};
    }
    b->wave[GM_WAVE_QRS] = (gm_ecg_bounds){total.on * ms, (double)b->fiducial * ms, total.off * ms};
}

/* ---- P and T ------------------------------------------------------------------------------------ */

/* From the steepest flank of the bump on one side of its peak, outward until the slope has died
 * down or turned. `least`: slope that is noise. */
static double flank_end(const view *v, int k, size_t peak, size_t limit, size_t reach, double part,
                        double least)
{
    const double *slope = v->filtered + (size_t)k * v->n;
    ptrdiff_t step = limit < peak ? -1 : 1, end = (ptrdiff_t)limit, steep = (ptrdiff_t)peak;
    for (ptrdiff_t i = (ptrdiff_t)peak; i != end && llabs(i - (ptrdiff_t)peak) <= (ptrdiff_t)reach;
         i += step)
        if (fabs(slope[i]) > fabs(slope[steep])) steep = i;
    double wanted = fmax(part * fabs(slope[steep]), least), sign = slope[steep] > 0 ? 1 : -1;
    ptrdiff_t i = steep;
    while (i != end && slope[i] * sign > wanted)
        i += step;
    if (i == steep || i == end) return (double)i;
    double a = slope[i - step] * sign, b = slope[i] * sign;
    return (double)(i - step) + (double)step * fmin(1, (a - wanted) / fmax(a - b, 1e-12));
}

/* The wave in one lead; `curve` holds its curvature at the global peak's surroundings. */
static gm_ecg_bounds lead_bump(const view *v, int k, const bump_rule *r, size_t peak, size_t first,
                               size_t last)
{
    double ms = 1000 / v->rate_hz, sigma = r->slope_ms * v->rate_hz / 1000;
    double least = 2 * slope_noise(fmax(sigma, 0.7)) * v->noise_mv[k];
    size_t reach = samples(v, r->reach_ms);
    return (gm_ecg_bounds){
        flank_end(v, k, peak, first, reach, r->on_part, least) * ms + v->shift_ms,
        (double)peak * ms + v->shift_ms,
        flank_end(v, k, peak, last, reach, r->off_part, least) * ms + v->shift_ms,
    };
}

static const gm_ecg_bounds unknown = {NAN, NAN, NAN};

/* Highest curvature of all leads inside (first, last), not at its ends; `last` + 1 if there is no
 * hump at all. */
static size_t top_inside(const view *v, size_t first, size_t last)
{
    size_t best = last + 1;
    for (size_t i = first + 1; i < last; i++)
        if (v->total[i] >= v->total[i - 1] && v->total[i] > v->total[i + 1] &&
            (best > last || v->total[i] > v->total[best]))
            best = i;
    return best;
}

/* Finds a wave inside first..last, its peak inside peak_first..peak_last. */
static void delineate_bump(view *v, gm_ecg_median_beat *b, gm_ecg_wave wave, const bump_rule *r,
                           const size_t range[4])
{
    size_t first = range[0], last = range[1], peak[GM_N_LEADS];
    bool seen[GM_N_LEADS] = {0};
    double best_mv = 0, best_ratio = 0;
    view_filter(v, first, last, r->curve_ms, 2);
    size_t top = top_inside(v, range[2], range[3]);
    if (top > range[3]) return;
    for (int k = 0; k < v->n_leads; k++) {
        const double *curve = v->filtered + (size_t)k * v->n;
        size_t spread = samples(v, r->spread_ms);
        peak[k] = largest(curve, back(top, spread, first), ahead(top, spread, last));
        double height = fabs(curve[peak[k]]), noise = 0.6 * v->noise_mv[k];
        best_mv = fmax(best_mv, height);
        best_ratio = fmax(best_ratio, height / fmax(noise, 1e-9));
        seen[k] = height > fmax(r->lead_least_mv, r->least_of_noise * noise);
    }
    if (!(best_mv > r->least_mv && best_ratio > r->best_of_noise)) return;
    view_filter(v, first, last, r->slope_ms, 1);
    double on[GM_N_LEADS], off[GM_N_LEADS];
    gm_ecg_bounds w[GM_N_LEADS];
    for (int k = 0; k < v->n_leads; k++) {
        w[k] = seen[k] ? lead_bump(v, k, r, peak[k], first, last) : unknown;
        on[k] = w[k].on_ms, off[k] = w[k].off_ms;
    }
    double mid_on = order_statistic(on, v->n_leads, 0.5);
    double mid_off = order_statistic(off, v->n_leads, 0.5);
    for (int k = 0; k < v->n_leads; k++) { /* as for QRS: half the lead's own, half of all */
        w[k].on_ms += (mid_on - w[k].on_ms) * r->shared;
        w[k].off_ms += (mid_off - w[k].off_ms) * r->shared;
        b->lead_wave[v->lead[k]][wave] = w[k];
    }
    b->wave[wave] = (gm_ecg_bounds){order_statistic(on, v->n_leads, r->early),
                                    (double)top * 1000 / v->rate_hz + v->shift_ms,
                                    order_statistic(off, v->n_leads, r->late)};
}

static void delineate_t(view *v, gm_ecg_median_beat *b, double rr_ms)
{
    const gm_ecg_bounds *qrs = &b->wave[GM_WAVE_QRS];
    double end_ms = (double)(v->n - 1) * 1000 / v->rate_hz, peak_ms = end_ms;
    if (isfinite(rr_ms)) {
        end_ms = fmin(end_ms, qrs->on_ms + rr_ms - T_OFF_BEFORE_NEXT_MS);
        peak_ms = fmin(end_ms, qrs->on_ms + T_LAST_OF_RR * rr_ms);
    }
    size_t first = samples(v, qrs->off_ms), last = samples(v, end_ms);
    size_t range[4] = {first, last, first + samples(v, T_AWAY_MS), samples(v, peak_ms)};
    if (last >= v->n) range[1] = v->n - 1;
    if (range[3] > range[1]) range[3] = range[1];
    if (range[2] + 4 < range[3]) delineate_bump(v, b, GM_WAVE_T, &t_rule, range);
}

static void delineate_p(view *v, gm_ecg_median_beat *b, double rr_ms)
{
    double on_ms = b->wave[GM_WAVE_QRS].on_ms, start_ms = fmax(0, on_ms - P_BEFORE_MS);
    double t_off_ms = b->wave[GM_WAVE_T].off_ms - rr_ms; /* of the beat before */
    if (isfinite(t_off_ms)) start_ms = fmax(start_ms, t_off_ms);
    size_t first = samples(v, start_ms), last = samples(v, fmax(0, on_ms - P_AWAY_MS));
    size_t range[4] = {first, last, first + 1, back(last, samples(v, P_PEAK_AWAY_MS), 0)};
    if (first + samples(v, 60) < last) delineate_bump(v, b, GM_WAVE_P, &p_rule, range);
}

/* ---- pacemaker spikes --------------------------------------------------------------------------- */

/* Height above the median of SPIKE_MS on both sides, if the sample stands out of all its surroundings
 * by that much (a real peak's flanks are higher than its surroundings' median); else 0. */
static double spike_height(const double *x, size_t i, size_t half)
{
    double near[64];
    size_t n = 0;
    for (size_t k = i - half; k <= i + half && n < 64; k++)
        near[n++] = x[k];
    double height = fabs(x[i] - gm_median_of(near, n));
    double drop = fabs(x[i] - (x[i - half] + x[i + half]) / 2);
    return height > SPIKE_PART * drop ? height : 0;
}

/* Bridges spikes near the QRS in all leads of mv [12][n]: they are the pacemaker's, not the heart's. */
static void bridge_spikes(const gm_ecg_median_beat *b, double *mv)
{
    size_t half = (size_t)(SPIKE_MS * b->rate_hz / 1000 + 0.5), reach = (size_t)(0.2 * b->rate_hz);
    if (b->rate_hz < SPIKE_MIN_RATE_HZ || half > 31) return;
    size_t first = back(b->fiducial, reach, half),
           last = ahead(b->fiducial, reach, b->n - 1 - half);
    for (size_t i = first; i <= last; i++) {
        int seen = 0;
        for (int l = 0; l < GM_N_LEADS; l++) {
            const double *x = mv + (size_t)l * b->n;
            seen += isfinite(x[0]) && spike_height(x, i, half) > SPIKE_LEAST_MV;
        }
        if (seen < 2) continue;
        for (int l = 0; l < GM_N_LEADS; l++) {
            double *x = mv + (size_t)l * b->n, from = x[i - half], to = x[i + half];
            for (size_t k = 1; k < 2 * half; k++)
                x[i - half + k] = from + (to - from) * (double)k / (double)(2 * half);
        }
    }
}

static gm_status delineate_on(gm_ecg_median_beat *b, const double *mv, double rr_ms)
{
    view v;
    GM_TRY(view_of(&v, b, mv, 1));
    bool found = v.n_leads > 0;
    if (found) delineate_qrs(&v, b);
    view_clear(&v);
    if (!found) return GM_OK;
    GM_TRY(view_of(&v, b, mv, (size_t)fmax(1, floor(b->rate_hz / 250))));
    delineate_t(&v, b, rr_ms);
    delineate_p(&v, b, rr_ms);
    view_clear(&v);
    return GM_OK;
}

static gm_status delineate(gm_ecg_median_beat *b, double rr_ms)
{
    for (int w = 0; w < GM_N_WAVES; w++) {
        b->wave[w] = unknown;
        for (int l = 0; l < GM_N_LEADS; l++)
            b->lead_wave[l][w] = unknown;
    }
    double *mv = gm_calloc(GM_N_LEADS * b->n, sizeof *mv);
    if (!mv) return gm_fail(GM_ENOMEM, "no memory for a beat of %zu samples", b->n);
    memcpy(mv, b->mv, GM_N_LEADS * b->n * sizeof *mv);
    if (b->n > (size_t)(0.1 * b->rate_hz)) bridge_spikes(b, mv);
    gm_status s = delineate_on(b, mv, rr_ms);
    gm_free(mv);
    return s;
}

const gm_delineator gm_delineator_slope = {.id = "slope", .version = 1, .delineate = delineate};
const gm_delineator *const gm_delineator_default = &gm_delineator_slope;
