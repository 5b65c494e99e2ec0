#include "heart/ecg/hrv.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/ecg/filter.h"

const char *const gm_hrv_names[GM_N_HRV] = {
    "mean NN",          "heart rate", "SDNN", "RMSSD", "pNN50",       "SDANN", "SDNN index",
    "triangular index", "VLF",        "LF",   "HF",    "total power", "LF nu", "LF/HF"};
static const char *const units[GM_N_HRV] = {"ms", "1/min", "ms",  "ms",  "%",   "ms", "ms",
                                            "",   "ms2",   "ms2", "ms2", "ms2", "%",  ""};

static const double SHORTEST_MS = 300, LONGEST_MS = 2500;
static const double FAR = 0.30, FAR_SD = 6; /* from the median of the RR about it */
enum { ABOUT = 5, LEAST_NN = 5 };           /* RR on each side */
static const double SEGMENT_S = 300;
static const double BIN_S = 1.0 / 128;
static const double BANDS_HZ[4] = {0.0033, 0.04, 0.15, 0.4};
static const double FINENESS = 4; /* frequencies to a resolution of 1 / duration */
/* Of a Hann window (Harris 1978): what overlap by half adds to the variance of a mean of power, and how
 * many resolutions one independent frequency is wide. */
static const double HANN_OVERLAP = 1 + 2.0 / 36, HANN_WIDTH = 1.5;
static const double FEWEST_STRETCHES = 4;

/* What a figure needs at least. Task Force: 1 min for HF, 2 min for LF, 5 min for the short-term set; VLF
 * of 5 min is called dubious; the triangular index needs 20 min; SDANN and SDNN index the long ones.
 * RMSSD and mean from 30 s: Munoz et al. 2015, PLoS One 10:e0138921. */
static const double LEAST_S[GM_N_HRV] = {10,   10,   120, 30, 60,  3600, 3600,
                                         1200, 1200, 120, 60, 300, 120,  120};
static const double LEAST_KEPT = 0.95; /* of the intervals */

static const char *const TOO_SHORT = "record too short for it",
                         *const TOO_FEW = "too few intervals",
                         *const TOO_MANY_OUT = "more than 5 % of the intervals had to be left out",
                         *const HALF_OUT = "more than half of the intervals had to be left out",
                         *const TOO_SLOW = "heart rate too low for 0.4 Hz: HF is cut off";

typedef struct {
    double *ms, *at_s; /* [n] RR and the time of its second beat */
    bool *keep;        /* [n] */
    size_t n;
} intervals;

/* ---- artefact correction -------------------------------------------------------------------------- */

static bool is_far(const intervals *v, size_t i)
{
    double part[2 * ABOUT + 1], off[2 * ABOUT + 1];
    size_t k = 0, first = i > ABOUT ? i - ABOUT : 0;
    for (size_t j = first; j <= i + ABOUT && j < v->n; j++)
        part[k++] = v->ms[j];
    if (k < 5) return false;
    double usual = gm_median_of(part, k);
    for (size_t j = 0; j < k; j++)
        off[j] = fabs(part[j] - usual);
    double sd = 1.4826 * gm_median_of(off, k), d = fabs(v->ms[i] - usual);
    return d > FAR * usual && d > FAR_SD * sd;
}

static void correct(intervals *v, gm_hrv *h, const bool *is_normal)
{
    for (size_t i = 0; i < v->n; i++) {
        bool beside = is_normal && !(is_normal[i] && is_normal[i + 1]);
        bool implausible =
            !beside && (v->ms[i] < SHORTEST_MS || v->ms[i] > LONGEST_MS || is_far(v, i));
        v->keep[i] = !beside && !implausible;
        h->n_beside_others += beside;
        h->n_implausible += implausible;
    }
}

/* ---- time domain ---------------------------------------------------------------------------------- */

typedef struct {
    double sum, squares; /* squares about the mean */
    size_t n;
} moments;

static moments moments_of(const intervals *v, size_t from, size_t to)
{
    moments m = {0};
    for (size_t i = from; i < to; i++)
        if (v->keep[i]) m.sum += v->ms[i], m.n++;
    double mean = m.n ? m.sum / (double)m.n : 0;
    for (size_t i = from; i < to; i++)
        if (v->keep[i]) m.squares += (v->ms[i] - mean) * (v->ms[i] - mean);
    return m;
}

double gm_sdnn_error(double sdnn, double n)
{
    return sdnn / sqrt(2 * (n - 1));
}

double gm_rmssd_error(double rmssd, double n)
{
    return rmssd * sqrt(3 / (4 * n));
}

double gm_pnn50_error_percent(double percent, double n)
{
    double part = (percent / 100 * n + 2) / (n + 4);
    return 100 * sqrt(part * (1 - part) / (n + 4));
}

static void successive(const intervals *v, gm_hrv *h)
{
    double squares = 0, large = 0, n = 0;
    for (size_t i = 1; i < v->n; i++) {
        if (!v->keep[i] || !v->keep[i - 1]) continue;
        double d = v->ms[i] - v->ms[i - 1];
        squares += d * d, n += 1;
        /* Times are multiples of a sampling interval: 50 ms must not become 50.0000001. */
        large += fabs(d) > 50 + 1e-6;
    }
    if (n == 0) return;
    double rmssd = sqrt(squares / n), pnn50 = 100 * large / n;
    h->figure[GM_HRV_RMSSD].value = rmssd;
    h->figure[GM_HRV_RMSSD].standard_error = gm_rmssd_error(rmssd, n);
    h->figure[GM_HRV_PNN50].value = pnn50;
    h->figure[GM_HRV_PNN50].standard_error = gm_pnn50_error_percent(pnn50, n);
}

static void overall(const intervals *v, gm_hrv *h)
{
    moments m = moments_of(v, 0, v->n);
    double n = (double)m.n, mean = m.sum / n, sdnn = sqrt(m.squares / (n - 1));
    h->n_nn = m.n;
    if (m.n == 0) return;
    h->figure[GM_HRV_MEAN_NN].value = mean;
    h->figure[GM_HRV_HEART_RATE].value = 60000 / mean;
    if (m.n < 2) return;
    h->figure[GM_HRV_MEAN_NN].standard_error = sdnn / sqrt(n);
    h->figure[GM_HRV_HEART_RATE].standard_error = 60000 / (mean * mean) * sdnn / sqrt(n);
    h->figure[GM_HRV_SDNN].value = sdnn;
    h->figure[GM_HRV_SDNN].standard_error = gm_sdnn_error(sdnn, n);
}

/* Over whole stretches of 5 min; one with less than half of its time in NN does not count. */
static void over_segments(const intervals *v, gm_hrv *h, double start_s)
{
    double sum = 0, squares = 0, sds = 0, sd_squares = 0, n = 0;
    for (size_t i = 0, k = 1; i < v->n; k++) {
        size_t first = i;
        while (i < v->n && v->at_s[i] < start_s + SEGMENT_S * (double)k)
            i++;
        if (i == v->n) break;
        moments m = moments_of(v, first, i);
        if (m.n < 2 || m.sum < 500 * SEGMENT_S) continue;
        double mean = m.sum / (double)m.n, variance = m.squares / (double)(m.n - 1);
        sum += mean, squares += mean * mean, n += 1;
        sds += sqrt(variance), sd_squares += variance;
    }
    if (n == 0) return;
    h->figure[GM_HRV_SDNN_INDEX].value = sds / n;
    if (n < 2) return;
    double sdann = sqrt(fmax(0, (squares - sum * sum / n) / (n - 1)));
    h->figure[GM_HRV_SDNN_INDEX].standard_error =
        sqrt(fmax(0, (sd_squares - sds * sds / n) / (n - 1) / n));
    h->figure[GM_HRV_SDANN].value = sdann;
    h->figure[GM_HRV_SDANN].standard_error = gm_sdnn_error(sdann, n);
}

static gm_status triangular(const intervals *v, gm_hrv *h)
{
    size_t n_bins = 0, highest = 0, all = 0;
    for (size_t i = 0; i < v->n; i++)
        if (v->keep[i] && v->ms[i] < 1e7) {
            size_t b = (size_t)(v->ms[i] / 1000 / BIN_S);
            if (b >= n_bins) n_bins = b + 1;
        }
    size_t *count = gm_calloc(n_bins + 1, sizeof *count);
    if (!count) return gm_fail(GM_ENOMEM, "no memory for a histogram of %zu bins", n_bins);
    for (size_t i = 0; i < v->n; i++) {
        if (!v->keep[i] || !(v->ms[i] < 1e7)) continue;
        size_t c = ++count[(size_t)(v->ms[i] / 1000 / BIN_S)];
        if (c > highest) highest = c;
        all++;
    }
    gm_free(count);
    if (highest == 0) return GM_OK;
    double index = (double)all / (double)highest; /* 1 over the part in the highest bin */
    h->figure[GM_HRV_TRIANGULAR_INDEX].value = index;
    h->figure[GM_HRV_TRIANGULAR_INDEX].standard_error =
        index * sqrt((1 - 1 / index) / (double)highest);
    return GM_OK;
}

/* ---- frequency domain ----------------------------------------------------------------------------- */

typedef struct {
    double *t, *x, *w; /* [n] s from the middle, ms without straight line, weights */
    double *cosine, *sine, *turn_cosine, *turn_sine; /* [n] phases at a frequency, and the step */
    size_t n;
    double duration_s, width_hz; /* of one frequency's lobe: what turns power into density */
} stretch;

static void remove_line(stretch *s)
{
    double n = (double)s->n, t = 0, x = 0, tt = 0, tx = 0;
    for (size_t i = 0; i < s->n; i++)
        t += s->t[i] / n, x += s->x[i] / n;
    for (size_t i = 0; i < s->n; i++)
        tt += (s->t[i] - t) * (s->t[i] - t), tx += (s->t[i] - t) * (s->x[i] - x);
    double slope = tt > 0 ? tx / tt : 0;
    for (size_t i = 0; i < s->n; i++)
        s->x[i] -= x + slope * (s->t[i] - t);
}

static void weigh(stretch *s, double middle_s)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < s->n; i++) {
        s->t[i] -= middle_s;
        double c = cos(M_PI * s->t[i] / s->duration_s);
        s->w[i] = fabs(s->t[i]) < s->duration_s / 2 ? c * c : 0;
        sum += s->w[i], squares += s->w[i] * s->w[i];
    }
    s->width_hz = (double)s->n / s->duration_s * squares / (sum * sum);
}

/* Half the squared amplitude of the weighted least-squares sine at the present phases, which are then
 * turned on to the next frequency. */
static double power_and_turn(stretch *s)
{
    double cc = 0, ss = 0, cs = 0, cx = 0, sx = 0;
    for (size_t i = 0; i < s->n; i++) {
        double c = s->cosine[i], z = s->sine[i], wc = s->w[i] * c, wz = s->w[i] * z;
        cc += wc * c, ss += wz * z, cs += wc * z;
        cx += wc * s->x[i], sx += wz * s->x[i];
        s->cosine[i] = c * s->turn_cosine[i] - z * s->turn_sine[i];
        s->sine[i] = z * s->turn_cosine[i] + c * s->turn_sine[i];
    }
    double d = cc * ss - cs * cs;
    if (!(d > 1e-9 * cc * ss)) return 0;
    double a = (cx * ss - sx * cs) / d, b = (sx * cc - cx * cs) / d;
    return (a * a + b * b) / 2;
}

/* Adds the power in each band: midpoint rule over steps that fill the band exactly. */
static void add_bands(stretch *s, double bands[3])
{
    for (int b = 0; b < 3; b++) {
        double span = BANDS_HZ[b + 1] - BANDS_HZ[b], steps = ceil(span * s->duration_s * FINENESS);
        double step_hz = span / steps;
        for (size_t i = 0; i < s->n; i++) {
            double first = 2 * M_PI * (BANDS_HZ[b] + step_hz / 2) * s->t[i];
            s->cosine[i] = cos(first), s->sine[i] = sin(first);
            s->turn_cosine[i] = cos(2 * M_PI * step_hz * s->t[i]);
            s->turn_sine[i] = sin(2 * M_PI * step_hz * s->t[i]);
        }
        for (double k = 0; k < steps; k += 1)
            bands[b] += power_and_turn(s) / s->width_hz * step_hz;
    }
}

/* One stretch of the record; false: less than two thirds of it is NN. */
static bool take_stretch(const intervals *v, stretch *s, double from_s, double to_s)
{
    double covered = 0;
    s->n = 0, s->duration_s = to_s - from_s;
    for (size_t i = 0; i < v->n; i++) {
        if (!v->keep[i] || v->at_s[i] < from_s || v->at_s[i] > to_s) continue;
        s->t[s->n] = v->at_s[i], s->x[s->n++] = v->ms[i];
        covered += v->ms[i] / 1000;
    }
    if (s->n < 16 || 3 * covered < 2 * s->duration_s) return false;
    remove_line(s);
    weigh(s, (from_s + to_s) / 2);
    return true;
}

/* Of the mean over n stretches: from how they differ, or, of few, from how many frequencies of a Hann
 * window are independent in the band. */
static double band_error(int band, double sum, double squares, double n, double length_s)
{
    double mean = sum / n;
    if (n >= FEWEST_STRETCHES)
        return sqrt(HANN_OVERLAP * fmax(0, squares - sum * mean) / (n - 1) / n);
    double independent = (BANDS_HZ[band + 1] - BANDS_HZ[band]) * length_s / HANN_WIDTH;
    return mean * sqrt(HANN_OVERLAP / (fmax(1, independent) * n));
}

static void from_bands(gm_hrv *h)
{
    const gm_hrv_figure *f = h->figure;
    double lf = f[GM_HRV_LF].value, hf = f[GM_HRV_HF].value, both = lf + hf;
    double lf_error = f[GM_HRV_LF].standard_error, hf_error = f[GM_HRV_HF].standard_error;
    double relative = hypot(lf_error / lf, hf_error / hf);
    h->figure[GM_HRV_TOTAL].value = f[GM_HRV_VLF].value + both;
    h->figure[GM_HRV_TOTAL].standard_error =
        hypot(f[GM_HRV_VLF].standard_error, hypot(lf_error, hf_error));
    if (both > 0) {
        h->figure[GM_HRV_LF_NU].value = 100 * lf / both;
        h->figure[GM_HRV_LF_NU].standard_error = 100 * lf * hf / (both * both) * relative;
    }
    if (hf > 0) {
        h->figure[GM_HRV_LF_HF].value = lf / hf;
        h->figure[GM_HRV_LF_HF].standard_error = lf / hf * relative;
    }
}

static gm_status spectrum(const intervals *v, gm_hrv *h, double from_s, double to_s)
{
    double sum[3] = {0}, squares[3] = {0};
    double step = SEGMENT_S / 2, length = fmin(SEGMENT_S, to_s - from_s);
    size_t most = v->n + 1;
    stretch s = {.t = gm_calloc(7 * most, sizeof *s.t)};
    if (!s.t) return gm_fail(GM_ENOMEM, "no memory for %zu intervals", v->n);
    s.x = s.t + most, s.w = s.x + most, s.cosine = s.w + most, s.sine = s.cosine + most;
    s.turn_cosine = s.sine + most, s.turn_sine = s.turn_cosine + most;
    for (double a = from_s; a + length <= to_s + 1e-9; a += step) {
        double bands[3] = {0};
        if (!take_stretch(v, &s, a, a + length)) continue;
        add_bands(&s, bands);
        h->n_segments++;
        for (int b = 0; b < 3; b++)
            sum[b] += bands[b], squares[b] += bands[b] * bands[b];
    }
    gm_free(s.t);
    if (h->n_segments == 0) return GM_OK;
    double n = (double)h->n_segments;
    for (int b = 0; b < 3; b++) {
        h->figure[GM_HRV_VLF + b].value = sum[b] / n;
        h->figure[GM_HRV_VLF + b].standard_error = band_error(b, sum[b], squares[b], n, length);
    }
    from_bands(h);
    return GM_OK;
}

/* ---- trust ---------------------------------------------------------------------------------------- */

static void judge(gm_hrv *h)
{
    double kept = h->n_rr ? (double)h->n_nn / (double)h->n_rr : 0;
    double mean_ms = h->figure[GM_HRV_MEAN_NN].value;
    for (int k = 0; k < GM_N_HRV; k++) {
        gm_hrv_figure *f = &h->figure[k];
        bool is_mean = k <= GM_HRV_HEART_RATE;
        bool has_hf = k >= GM_HRV_HF;
        f->unit = units[k];
        f->do_not_trust = h->n_nn < LEAST_NN                      ? TOO_FEW
                          : h->duration_s < LEAST_S[k]            ? TOO_SHORT
                          : kept < 0.5                            ? HALF_OUT
                          : kept < LEAST_KEPT && !is_mean         ? TOO_MANY_OUT
                          : has_hf && mean_ms > 500 / BANDS_HZ[3] ? TOO_SLOW
                          : isnan(f->value)                       ? TOO_FEW
                                                                  : NULL;
    }
}

static gm_status compute(intervals *v, gm_hrv *h, const double *beat_s, const bool *is_normal,
                         bool use_all)
{
    for (size_t i = 0; i < v->n; i++) {
        v->ms[i] = 1000 * (beat_s[i + 1] - beat_s[i]);
        v->at_s[i] = beat_s[i + 1];
        v->keep[i] = true;
    }
    if (!use_all) correct(v, h, is_normal);
    overall(v, h);
    h->duration_s = beat_s[v->n] - beat_s[0];
    successive(v, h);
    over_segments(v, h, beat_s[0]);
    GM_TRY(triangular(v, h));
    return spectrum(v, h, beat_s[0], beat_s[v->n]);
}

gm_status gm_ecg_hrv(gm_hrv *out, const double *beat_s, size_t n, const bool *is_normal,
                     bool use_all)
{
    *out = (gm_hrv){.n_rr = n > 0 ? n - 1 : 0};
    for (int k = 0; k < GM_N_HRV; k++)
        out->figure[k].value = out->figure[k].standard_error = NAN;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(beat_s[i]) || (i > 0 && !(beat_s[i] > beat_s[i - 1])))
            return gm_fail(GM_EINVAL, "beat %zu at %g s: beat times must ascend", i, beat_s[i]);
    gm_status s = GM_OK;
    if (n > 1) {
        intervals v = {.n = n - 1};
        v.ms = gm_calloc(n, sizeof *v.ms);
        v.at_s = gm_calloc(n, sizeof *v.at_s);
        v.keep = gm_calloc(n, sizeof *v.keep);
        s = v.ms && v.at_s && v.keep ? compute(&v, out, beat_s, is_normal, use_all)
                                     : gm_fail(GM_ENOMEM, "no memory for %zu beats", n);
        gm_free(v.ms);
        gm_free(v.at_s);
        gm_free(v.keep);
    }
    judge(out);
    return s;
}
