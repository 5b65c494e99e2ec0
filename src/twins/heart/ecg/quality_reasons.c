#include "heart/ecg/quality_reasons.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/ecg/filter.h"

const char *const gm_lead_fault_names[GM_N_FAULTS] = {
    "missing",         "flat",         "saturated",       "mains hum",
    "baseline wander", "muscle noise", "electrode motion"};

/* {worth a remark, do not trust}, in the units of the header. 0.02 mV of noise is a fifth of a small
 * P wave, 0.1 mV hides it; wander of 0.6 mV RMS bends ST by more than 0.1 mV within a beat. */
static const double LIMITS[GM_N_FAULTS][2] = {{0.001, 0.10}, {0.60, 1.5},  {0.0005, 0.01},
                                              {0.010, 0.20}, {0.15, 0.60}, {0.02, 0.10},
                                              {0.5, 3}};
static const double RAIL_MS = 16;
static const size_t RAIL_RUNS = 3;
static const double MAINS_RATIO = 3, MAINS_WIDTH_HZ = 2;
static const double LEVEL_S = 0.6; /* stretches whose medians are the baseline */
static const double LEVEL_RATE_HZ = 60;
static const double NOISE_SIGMA_MS = 8, NOISE_BLOCK_MS = 60;
static const double NOISE_QUANTILE = 0.4, NEAR_QRS_MS = 100;
static const double STEP_MV = 0.3, STEP_SUDDEN = 0.6; /* of the jump happens within 20 ms */
static const double STEP_NEAR_MS = 20, STEP_FAR_MS = 700, STEP_QRS_MS = 120;

typedef struct {
    const double *x; /* raw */
    double *filled;  /* without gaps */
    double *a, *b;   /* [3 n + 16] scratch */
    size_t n;
    double rate_hz, mains_hz;
    const double *beat_s;
    size_t n_beats;
    double missing;
} lead;

static bool near_beat(const lead *l, double t_s, double within_ms)
{
    size_t low = 0, high = l->n_beats;
    while (low < high) { /* first beat not before t - within */
        size_t middle = (low + high) / 2;
        if (l->beat_s[middle] < t_s - within_ms / 1000)
            low = middle + 1;
        else
            high = middle;
    }
    return low < l->n_beats && l->beat_s[low] <= t_s + within_ms / 1000;
}

static void fill(lead *l)
{
    double last = 0;
    size_t missing = 0;
    for (size_t i = l->n; i-- > 0;)
        if (isfinite(l->x[i])) last = l->x[i]; /* the first of all, in the end */
    for (size_t i = 0; i < l->n; i++) {
        missing += !isfinite(l->x[i]);
        if (isfinite(l->x[i])) last = l->x[i];
        l->filled[i] = last;
    }
    l->missing = (double)missing / (double)l->n;
}

/* ---- one fault each: value, and place ------------------------------------------------------------- */

static double longest_flat(const lead *l, double *at_s)
{
    size_t run = 0, longest = 0;
    for (size_t i = 1; i < l->n; i++) {
        run = isfinite(l->x[i]) && l->x[i] == l->x[i - 1] ? run + 1 : 0;
        if (run > longest) longest = run, *at_s = (double)(i - run) / l->rate_hz;
    }
    return (double)longest / l->rate_hz;
}

/* Plateaus at the lead's highest or lowest value. */
static double saturated_part(const lead *l)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < l->n; i++) {
        if (l->filled[i] < low) low = l->filled[i];
        if (l->filled[i] > high) high = l->filled[i];
    }
    size_t shortest = (size_t)fmax(4, RAIL_MS * l->rate_hz / 1000), total = 0, runs = 0, run = 0;
    if (!(high > low)) return 0; /* flat, which is said elsewhere */
    for (size_t i = 0; i <= l->n; i++) {
        bool on_rail = i < l->n && (l->x[i] == low || l->x[i] == high);
        if (on_rail) {
            run++;
            continue;
        }
        if (run >= shortest) runs++, total += run;
        run = 0;
    }
    return runs >= RAIL_RUNS ? (double)total / (double)l->n : 0;
}

static double mains_mv(lead *l)
{
    double best = 0;
    l->mains_hz = NAN;
    if (l->rate_hz < 180 || (double)l->n < 2 * l->rate_hz) return NAN;
    for (double f = 50; f <= 60; f += 10) {
        double at = gm_sine_amplitude(l->filled, l->n, l->rate_hz, f, l->a);
        double aside = f == 50 ? 40 : 70; /* the other may hum too */
        double near = gm_sine_amplitude(l->filled, l->n, l->rate_hz, aside, l->a);
        if (at > best && at > MAINS_RATIO * near) best = at, l->mains_hz = f;
    }
    return best;
}

/* Median of every k-th sample, LEVEL_RATE_HZ of them a second: the baseline needs no more. */
static double level_between(const lead *l, size_t from, size_t to)
{
    size_t step = (size_t)fmax(1, l->rate_hz / LEVEL_RATE_HZ), n = 0;
    for (size_t i = from; i < to; i += step)
        l->a[n++] = l->filled[i];
    return gm_median_of(l->a, n);
}

static double wander_mv(const lead *l)
{
    size_t length = (size_t)(LEVEL_S * l->rate_hz), n = 0;
    double sum = 0, squares = 0;
    if (length < 8 || l->n < 3 * length) return NAN;
    for (size_t i = 0; i + length <= l->n; i += length / 2)
        l->b[n++] = level_between(l, i, i + length);
    for (size_t i = 0; i < n; i++)
        sum += l->b[i];
    for (size_t i = 0; i < n; i++)
        squares += (l->b[i] - sum / (double)n) * (l->b[i] - sum / (double)n);
    return sqrt(squares / (double)n);
}

/* What a Gaussian of 8 ms leaves over, in blocks away from QRS, as if it were white. */
static double noise_mv(const lead *l)
{
    size_t block = (size_t)(NOISE_BLOCK_MS * l->rate_hz / 1000), n = 0;
    double sigma = NOISE_SIGMA_MS * l->rate_hz / 1000;
    if (block < 8 || l->n < 16 * block || !(sigma > 0.7)) return NAN;
    double *x = l->a, *smooth = l->b;
    memcpy(x, l->filled, l->n * sizeof *x);
    if (l->mains_hz > 0) {
        gm_biquad notch = gm_biquad_notch(l->mains_hz, MAINS_WIDTH_HZ, l->rate_hz);
        gm_biquad_both_ways(&notch, x, l->n, (size_t)fmin((double)(l->n - 1), l->rate_hz), smooth);
    }
    gm_gauss(x, l->n, sigma, 0, smooth);
    /* Power of white noise that is left: 1 - 2 g(0) + sum of g^2. */
    double left = 1 - 2 / (sigma * sqrt(2 * M_PI)) + 1 / (2 * sigma * sqrt(M_PI));
    for (size_t i = 0; i + block <= l->n; i += block) {
        double squares = 0;
        if (near_beat(l, ((double)i + (double)block / 2) / l->rate_hz, NEAR_QRS_MS)) continue;
        for (size_t k = i; k < i + block; k++)
            squares += (x[k] - smooth[k]) * (x[k] - smooth[k]);
        l->a[n++] = sqrt(squares / (double)block / left);
    }
    return n ? gm_quantile_of(l->a, n, NOISE_QUANTILE) : NAN;
}

/* sum[i]: of the i samples before. */
static double mean_between(const double *sum, ptrdiff_t from, ptrdiff_t to)
{
    return (sum[to] - sum[from]) / (double)(to - from);
}

/* Sudden changes of level that last, and that the noise does not make. */
static double steps_per_10_s(const lead *l, double noise, double *at_s)
{
    ptrdiff_t near = (ptrdiff_t)(STEP_NEAR_MS * l->rate_hz / 1000), n = (ptrdiff_t)l->n;
    ptrdiff_t far = (ptrdiff_t)(STEP_FAR_MS * l->rate_hz / 1000), half = near / 2;
    double count = 0, least = STEP_SUDDEN * STEP_MV;
    if (noise > 0) least += 5 * noise * sqrt(2 / (double)(near - half));
    if (half < 1 || n < 4 * far) return NAN;
    double *sum = l->b;
    sum[0] = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        sum[i + 1] = sum[i] + l->filled[i];
    for (ptrdiff_t i = far; i + far < n; i++) {
        double t = (double)i / l->rate_hz;
        double jump = mean_between(sum, i + half, i + near) - mean_between(sum, i - near, i - half);
        if (!(fabs(jump) > least) || near_beat(l, t, STEP_QRS_MS)) continue;
        double lasting = level_between(l, (size_t)(i + near), (size_t)(i + far)) -
                         level_between(l, (size_t)(i - far), (size_t)(i - near));
        if (!(fabs(lasting) > STEP_MV) || !(jump / lasting > STEP_SUDDEN)) continue;
        if (count == 0) *at_s = t;
        count += 1;
        i += far;
    }
    return 10 * count * l->rate_hz / (double)n;
}

/* ---- words ---------------------------------------------------------------------------------------- */

static void word(gm_lead_finding *f, gm_lead_fault k, const lead *l)
{
    char *to = f->reason;
    size_t room = sizeof f->reason;
    double seconds = (double)l->n / l->rate_hz;
    switch (k) {
    case GM_FAULT_MISSING:
        snprintf(to, room, "%.2g %% of the samples missing", 100 * f->value);
        break;
    case GM_FAULT_FLAT:
        if (f->value >= 0.99 * seconds)
            snprintf(to, room, "flat throughout");
        else
            snprintf(to, room, "flat for %.2f s from %.2f s on", f->value, f->at_s);
        break;
    case GM_FAULT_SATURATED:
        snprintf(to, room, "saturated: %.2g %% of the samples on a rail", 100 * f->value);
        break;
    case GM_FAULT_MAINS:
        snprintf(to, room, "mains hum of %.3f mV at %.0f Hz", f->value, l->mains_hz);
        break;
    case GM_FAULT_WANDER: snprintf(to, room, "baseline wander of %.2f mV (RMS)", f->value); break;
    case GM_FAULT_NOISE: snprintf(to, room, "muscle noise of %.3f mV (RMS)", f->value); break;
    default:
        snprintf(to, room, "electrode motion: %.0f jumps of the baseline, the first at %.2f s",
                 f->value * seconds / 10, f->at_s);
    }
}

static void judge(gm_lead_quality_reasons *q, const lead *l)
{
    for (int k = 0; k < GM_N_FAULTS; k++) {
        gm_lead_finding *f = &q->fault[k];
        f->remark_from = LIMITS[k][0], f->distrust_from = LIMITS[k][1];
        f->is_remarkable = f->value >= f->remark_from;
        f->is_untrustworthy = f->value >= f->distrust_from;
        if (!f->is_remarkable) continue;
        word(f, (gm_lead_fault)k, l);
        q->do_not_trust |= f->is_untrustworthy;
        size_t used = strlen(q->reasons);
        snprintf(q->reasons + used, sizeof q->reasons - used, "%s%s%s", used ? "; " : "", f->reason,
                 f->is_untrustworthy ? " (do not trust)" : "");
    }
}

static void examine(gm_lead_quality_reasons *q, lead *l)
{
    *q = (gm_lead_quality_reasons){.mains_hz = NAN};
    for (int k = 0; k < GM_N_FAULTS; k++)
        q->fault[k].value = q->fault[k].at_s = NAN;
    fill(l);
    l->mains_hz = NAN;
    gm_lead_finding *f = q->fault;
    f[GM_FAULT_MISSING].value = l->missing;
    if (l->missing < 1) {
        f[GM_FAULT_FLAT].value = longest_flat(l, &f[GM_FAULT_FLAT].at_s);
        f[GM_FAULT_SATURATED].value = saturated_part(l);
        f[GM_FAULT_MAINS].value = mains_mv(l);
        f[GM_FAULT_WANDER].value = wander_mv(l);
        f[GM_FAULT_NOISE].value = noise_mv(l);
        f[GM_FAULT_STEPS].value =
            steps_per_10_s(l, f[GM_FAULT_NOISE].value, &f[GM_FAULT_STEPS].at_s);
    }
    q->mains_hz = l->mains_hz;
    judge(q, l);
}

gm_status gm_ecg_quality_reasons(gm_lead_quality_reasons *out, const gm_ecg_samples *s,
                                 const double *beat_s, size_t n_beats)
{
    if (!(s->rate_hz > 0 && isfinite(s->rate_hz)) || s->n == 0 || s->n_leads == 0)
        return gm_fail(GM_EINVAL,
                       "lead quality: %zu leads of %zu samples at %g Hz; all must be above 0",
                       s->n_leads, s->n, s->rate_hz);
    size_t room = 3 * s->n + (size_t)s->rate_hz * 2 + 64;
    double *memory = gm_calloc(s->n + 2 * room, sizeof *memory);
    if (!memory) return gm_fail(GM_ENOMEM, "no memory for %zu samples", s->n);
    for (size_t k = 0; k < s->n_leads; k++) {
        lead l = {.x = s->mv + k * s->n,
                  .filled = memory,
                  .a = memory + s->n,
                  .b = memory + s->n + room,
                  .n = s->n,
                  .rate_hz = s->rate_hz,
                  .beat_s = beat_s,
                  .n_beats = beat_s ? n_beats : 0};
        examine(&out[k], &l);
    }
    gm_free(memory);
    return GM_OK;
}
