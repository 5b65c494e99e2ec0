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
    double least_of_noise;    /* height over the noise of the median beat, likewise */
    double lead_least_mv;     /* for bounds in a single lead */
    double spread_ms;         /* a lead's peak lies within this of the global one */
} bump_rule;

static const bump_rule p_rule = {18, 9, 70, 0.30, 0.40, 0.012, 2.5, 0.010, 30};
static const bump_rule t_rule = {35, 14, 170, 0.30, 0.20, 0.020, 2.5, 0.020, 50};

static const double QRS_SLOPE_MS = 3, QRS_REACH_MS = 150, QRS_HOLD_MS = 12;
static const double QRS_ON_PART = 0.06, QRS_OFF_PART = 0.08; /* of the steepest slope */
static const double QRS_NOISE = 3, QRS_LEAD_LEAST_MV = 0.06, QRS_LEAD_REACH_MS = 24;
static const double P_BEFORE_MS = 330, P_AWAY_MS = 4;
static const double T_AWAY_MS = 50, T_LAST_OF_RR = 0.7, T_OFF_BEFORE_NEXT_MS = 120;

/* The leads of the beat that exist, in one block, at one rate. */
typedef struct {
    double rate_hz, shift_ms; /* sample i lies at i * 1000 / rate_hz + shift_ms */
    size_t n;
    int n_leads, lead[GM_N_LEADS];
    double noise_mv[GM_N_LEADS];
    double *x, *filtered; /* [n_leads][n] each */
    double *total;        /* [n] root mean square of `filtered` over leads */
} view;

static void view_clear(view *v)
{
    gm_free(v->x);
    gm_free(v->filtered);
    gm_free(v->total);
}

/* `factor` samples become one. */
static gm_status view_of(view *v, const gm_ecg_median_beat *b, size_t factor)
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
    if (!v->x || !v->filtered || !v->total) {
        view_clear(v);
        return gm_fail(GM_ENOMEM, "no memory for a beat of %zu samples", b->n);
    }
    for (int k = 0; k < v->n_leads; k++) {
        const double *from = b->mv + (size_t)v->lead[k] * b->n;
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

static span total_qrs(const view *v, size_t fiducial)
{
    size_t first = back(fiducial, samples(v, QRS_REACH_MS), 0);
    size_t last = ahead(fiducial, samples(v, QRS_REACH_MS), v->n - 1), half = samples(v, 60);
    size_t top = largest(v->total, back(fiducial, half, 0), ahead(fiducial, half, v->n - 1));
    double noise = 0, unit = slope_noise(fmax(QRS_SLOPE_MS * v->rate_hz / 1000, 0.7));
    for (int k = 0; k < v->n_leads; k++)
        noise += v->noise_mv[k] * v->noise_mv[k] / v->n_leads;
    noise = sqrt(noise) * unit * QRS_NOISE;
    size_t hold = samples(v, QRS_HOLD_MS) + 1;
    return (span){
        outward(v->total, top, first, fmax(QRS_ON_PART * v->total[top], noise), hold),
        outward(v->total, top, last, fmax(QRS_OFF_PART * v->total[top], noise), hold),
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
        outward(slope, top, back(on, reach, 0), fmax(QRS_ON_PART * steep, noise), hold),
        outward(slope, top, ahead(off, reach, v->n - 1), fmax(QRS_OFF_PART * steep, noise), hold),
    };
}

static void delineate_qrs(view *v, gm_ecg_median_beat *b)
{
    view_filter(v, 0, v->n - 1, QRS_SLOPE_MS, 1);
    span total = total_qrs(v, b->fiducial);
    double on[GM_N_LEADS], off[GM_N_LEADS], ms = 1000 / v->rate_hz;
    for (int k = 0; k < v->n_leads; k++) {
        span s = lead_qrs(v, k, total);
        on[k] = s.on, off[k] = s.off;
        gm_ecg_bounds *to = &b->lead_wave[v->lead[k]][GM_WAVE_QRS];
        to->on_ms = s.on * ms, to->off_ms = s.off * ms, to->peak_ms = NAN;
        if (!isfinite(s.on)) continue;
        const double *x = v->x + (size_t)k * v->n;
        size_t best = (size_t)s.on;
        for (size_t i = best; (double)i <= s.off; i++)
            if (fabs(x[i] - x[(size_t)s.on]) > fabs(x[best] - x[(size_t)s.on])) best = i;
        to->peak_ms = (double)best * ms;
    }
    gm_ecg_bounds *all = &b->wave[GM_WAVE_QRS];
    double first = order_statistic(on, v->n_leads, 0.12),
           last = order_statistic(off, v->n_leads, 0.88);
    all->on_ms = (isfinite(first) ? first : total.on) * ms;
    all->off_ms = (isfinite(last) ? last : total.off) * ms;
    all->peak_ms = (double)b->fiducial * ms;
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
    if (!(best_mv > r->least_mv && best_ratio > 1.5 * r->least_of_noise)) return;
    view_filter(v, first, last, r->slope_ms, 1);
    double on[GM_N_LEADS], off[GM_N_LEADS];
    for (int k = 0; k < v->n_leads; k++) {
        gm_ecg_bounds w = seen[k] ? lead_bump(v, k, r, peak[k], first, last) : unknown;
        b->lead_wave[v->lead[k]][wave] = w;
        on[k] = w.on_ms, off[k] = w.off_ms;
    }
    double early = wave == GM_WAVE_P ? 0.15 : 0.25, late = wave == GM_WAVE_P ? 0.85 : 0.75;
    b->wave[wave] = (gm_ecg_bounds){order_statistic(on, v->n_leads, early),
                                    (double)top * 1000 / v->rate_hz + v->shift_ms,
                                    order_statistic(off, v->n_leads, late)};
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
    size_t range[4] = {first, last, first + 1, last > 1 ? last - 1 : 0};
    if (first + samples(v, 60) < last) delineate_bump(v, b, GM_WAVE_P, &p_rule, range);
}

static gm_status delineate(gm_ecg_median_beat *b, double rr_ms)
{
    for (int w = 0; w < GM_N_WAVES; w++) {
        b->wave[w] = unknown;
        for (int l = 0; l < GM_N_LEADS; l++)
            b->lead_wave[l][w] = unknown;
    }
    view v;
    GM_TRY(view_of(&v, b, 1));
    if (v.n_leads > 0) delineate_qrs(&v, b);
    bool found = v.n_leads > 0;
    view_clear(&v);
    if (!found) return GM_OK;
    size_t factor = (size_t)fmax(1, floor(b->rate_hz / 250));
    GM_TRY(view_of(&v, b, factor));
    delineate_t(&v, b, rr_ms);
    delineate_p(&v, b, rr_ms);
    view_clear(&v);
    return GM_OK;
}

const gm_delineator gm_delineator_slope = {.id = "slope", .version = 1, .delineate = delineate};
const gm_delineator *const gm_delineator_default = &gm_delineator_slope;
