#include "heart/ecg/rhythm.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/ecg/filter.h"

const char *const gm_rhythm_names[GM_N_RHYTHMS] = {"unknown", "regular",
                                                   "regular, interrupted by ectopic beats",
                                                   "irregular", "suspicion of atrial fibrillation"};

/* The step that raises the alarm: lowest without P waves, highest with. Chosen on LUDB 1-100: steps of
 * fibrillation are 0.18 and more there, of all others below 0.10 but one of 0.156 with P waves. */
static const double STEP_WITHOUT_P = 0.10, STEP_WITH_P = 0.20, STEP_P_UNKNOWN = 0.12, NEAR = 0.02;
static const double COUPLED = 1.0 / 3;
static const double IRREGULAR_SPREAD = 0.16; /* sinus arrhythmia: about 120 ms at 75 per minute */
static const double PAUSE_S = 2, SLOW_PER_MIN = 60, FAST_PER_MIN = 100;
static const double MANY_OUT = 0.3;
enum {
    LEAST_RR = 5,
    FEW_RR = 8,
    RATE_RR = 8,
    WINDOW = 30,
    COSEN_RR = 12,
    COSEN_MATCHES = 5,
    LAGS = 3
};

typedef struct {
    double *rr;    /* [n] ms */
    bool *used;    /* [n] */
    bool *is_beat; /* [n] no artefact at either end */
    size_t n;
    double *a, *b; /* [n] scratch */
} series;

static void say(gm_rhythm *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(gm_rhythm *r, const char *fmt, ...)
{
    size_t used = strlen(r->reason);
    if (used > 0 && used + 3 < sizeof r->reason) strcpy(r->reason + used, "; "), used += 2;
    va_list args;
    va_start(args, fmt);
    vsnprintf(r->reason + used, sizeof r->reason - used, fmt, args);
    va_end(args);
}

/* ---- numbers -------------------------------------------------------------------------------------- */

/* Quantile q of |RR[i + lag] - RR[i]| over mean RR of the intervals from .. to - 1. NaN: too few. */
static double step_at(const series *s, size_t from, size_t to, size_t lag, double q)
{
    double sum = 0, count = 0;
    size_t n = 0;
    for (size_t i = from; i < to; i++) {
        if (!s->used[i]) continue;
        sum += s->rr[i], count += 1;
        if (i >= from + lag && s->used[i - lag]) s->a[n++] = fabs(s->rr[i] - s->rr[i - lag]);
    }
    return n + lag >= LEAST_RR ? gm_quantile_of(s->a, n, q) / (sum / count) : NAN;
}

/* Of successive RR; of every second or third where nearly all of these are far more alike: coupled
 * beats. (Of a dozen intervals the median alone can be small by chance.) */
static double median_step(const series *s, size_t from, size_t to)
{
    double step = step_at(s, from, to, 1, 0.5), least = step;
    for (size_t lag = 2; lag <= LAGS; lag++)
        if (step_at(s, from, to, lag, 0.75) < COUPLED * step)
            least = fmin(least, step_at(s, from, to, lag, 0.5));
    return least;
}

/* Sample entropy of m = 1 within r, ln(2r) - ln(mean) added; r is the least that gives enough matches
 * of length 2. */
static double cosen_of(const double *x, size_t n, double mean)
{
    if (n < COSEN_RR) return NAN;
    if (n > WINDOW) n = WINDOW;
    double d[WINDOW * WINDOW / 2];
    size_t k = 0, shorter = 0, longer = 0;
    for (size_t i = 0; i + 1 < n; i++)
        for (size_t j = i + 1; j + 1 < n; j++)
            d[k++] = fmax(fabs(x[i] - x[j]), fabs(x[i + 1] - x[j + 1]));
    double r = gm_quantile_of(d, k, (double)COSEN_MATCHES / (double)k) + 0.5;
    for (size_t i = 0; i + 1 < n; i++)
        for (size_t j = i + 1; j + 1 < n; j++) {
            shorter += fabs(x[i] - x[j]) <= r;
            longer += fabs(x[i] - x[j]) <= r && fabs(x[i + 1] - x[j + 1]) <= r;
        }
    return longer ? log((double)shorter / (double)longer) + log(2 * r) - log(mean) : NAN;
}

static void irregularity(gm_rhythm *r, const series *s)
{
    size_t n = 0, steps = 0, turns = 0, possible = 0;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (!s->used[i]) continue;
        sum += s->rr[i];
        s->b[n++] = s->rr[i];
        if (i == 0 || !s->used[i - 1]) continue;
        double d = s->rr[i] - s->rr[i - 1];
        squares += d * d, steps++;
        if (i + 1 == s->n || !s->used[i + 1]) continue;
        turns += d * (s->rr[i + 1] - s->rr[i]) < 0, possible++;
    }
    r->n_used = n;
    r->median_step = median_step(s, 0, s->n);
    if (n < 2) return;
    double mean = sum / (double)n;
    r->cosen = cosen_of(s->b, n, mean);
    r->rmssd = steps ? sqrt(squares / (double)steps) / mean : NAN;
    r->turning_ratio = possible ? (double)turns / (double)possible : NAN;
    r->spread = (gm_quantile_of(s->b, n, 0.95) - gm_quantile_of(s->b, n, 0.05)) / mean;
}

static void rates(gm_rhythm *r, const series *s, const double *beat_s)
{
    double sum = 0, count = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (s->is_beat[i]) sum += s->rr[i], count += 1;
        if (s->rr[i] <= 1000 * PAUSE_S) continue;
        r->n_pauses++;
        if (s->rr[i] / 1000 > r->longest_pause_s || isnan(r->longest_pause_s))
            r->longest_pause_s = s->rr[i] / 1000, r->longest_pause_at_s = beat_s[i];
        if (!s->is_beat[i]) r->is_doubtful = true;
    }
    if (count == 0) return;
    r->mean_rr_ms = sum / count;
    r->rate_per_min = 60000 / r->mean_rr_ms;
    r->slowest_per_min = r->fastest_per_min = r->rate_per_min;
    size_t span = s->n < RATE_RR ? s->n : RATE_RR;
    for (size_t i = 0; i + span <= s->n; i++) {
        double total = 0, k = 0;
        for (size_t j = i; j < i + span; j++)
            if (s->is_beat[j]) total += s->rr[j], k += 1;
        if (k < (double)span) continue;
        r->slowest_per_min = fmin(r->slowest_per_min, 60000 * k / total);
        r->fastest_per_min = fmax(r->fastest_per_min, 60000 * k / total);
    }
    r->is_bradycardia = r->rate_per_min < SLOW_PER_MIN;
    r->is_tachycardia = r->rate_per_min > FAST_PER_MIN;
}

/* ---- verdict -------------------------------------------------------------------------------------- */

static double alarm_step(const gm_rhythm *r)
{
    double p = r->p_present;
    return isnan(p) ? STEP_P_UNKNOWN : STEP_WITHOUT_P + p * (STEP_WITH_P - STEP_WITHOUT_P);
}

/* The longest run of irregular windows. */
static size_t look_at_windows(gm_rhythm *r, const series *s)
{
    size_t run = 0, longest = 0;
    if (s->n < 2 * WINDOW) return 0;
    for (size_t i = 0; i + WINDOW <= s->n; i += WINDOW) {
        bool irregular = median_step(s, i, i + WINDOW) > alarm_step(r);
        r->n_windows++;
        r->n_irregular_windows += irregular;
        run = irregular ? run + 1 : 0;
        if (run > longest) longest = run;
    }
    return longest;
}

static void judge(gm_rhythm *r, size_t n_ectopic, size_t longest_run)
{
    bool no_p = r->p_present < 0.5;
    bool jumps = r->median_step > alarm_step(r);
    bool in_part = r->n_windows > 0 && longest_run >= 2;
    r->kind = jumps || in_part               ? GM_RHYTHM_FIBRILLATION_SUSPECTED
              : r->spread > IRREGULAR_SPREAD ? GM_RHYTHM_IRREGULAR
              : n_ectopic > 0                ? GM_RHYTHM_REGULAR_WITH_ECTOPICS
                                             : GM_RHYTHM_REGULAR;
    say(r,
        "RR differ by %.1f %% of the mean (median; alarm above %.0f), normalised RMSSD "
        "%.3f, turning points %.2f, %zu of %zu intervals used",
        100 * r->median_step, 100 * alarm_step(r), r->rmssd, r->turning_ratio, r->n_used, r->n_rr);
    if (isfinite(r->cosen)) say(r, "COSEn %.2f", r->cosen);
    if (isnan(r->p_present))
        say(r, "P waves not judged");
    else
        say(r, "P waves %s (%.2f)", no_p ? "absent" : "present", r->p_present);
    if (r->n_windows > 0)
        say(r, "%zu of %zu windows of %d beats irregular", r->n_irregular_windows, r->n_windows,
            WINDOW);
    bool suspected = r->kind == GM_RHYTHM_FIBRILLATION_SUSPECTED;
    bool is_close = fabs(r->median_step - alarm_step(r)) < NEAR;
    if (is_close || r->n_used < FEW_RR || (suspected && !no_p) ||
        (double)r->n_used < (1 - MANY_OUT) * (double)r->n_rr) {
        r->is_doubtful = true;
        say(r, "doubtful: %s",
            is_close             ? "near the limit"
            : r->n_used < FEW_RR ? "few intervals"
            : suspected          ? "rhythm and P waves do not both say so"
                                 : "many intervals left out");
    }
    if (!suspected && no_p && !jumps)
        say(r,
            "no P wave: fibrillation with regular conduction, a junctional or paced rhythm are not "
            "excluded");
}

static gm_status find(gm_rhythm *r, series *s, const double *beat_s, const gm_beat_label *labels)
{
    size_t n_ectopic = 0;
    for (size_t i = 0; i < s->n; i++) {
        gm_beat_class a = labels ? labels[i].is : GM_BEAT_DOMINANT;
        gm_beat_class b = labels ? labels[i + 1].is : GM_BEAT_DOMINANT;
        s->rr[i] = 1000 * (beat_s[i + 1] - beat_s[i]);
        s->is_beat[i] = a != GM_BEAT_ARTEFACT && b != GM_BEAT_ARTEFACT;
        s->used[i] = s->is_beat[i] && a != GM_BEAT_ECTOPIC && b != GM_BEAT_ECTOPIC;
    }
    for (size_t i = 0; labels && i <= s->n; i++)
        n_ectopic += labels[i].is == GM_BEAT_ECTOPIC;
    rates(r, s, beat_s);
    irregularity(r, s);
    if (isnan(r->median_step)) {
        r->is_doubtful = true;
        say(r, "%zu of %zu intervals can be used, too few to judge", r->n_used, r->n_rr);
        return GM_OK;
    }
    judge(r, n_ectopic, look_at_windows(r, s));
    return GM_OK;
}

gm_status gm_ecg_rhythm(gm_rhythm *out, const double *beat_s, size_t n, const gm_beat_label *labels,
                        double p_present)
{
    *out = (gm_rhythm){.n_rr = n > 0 ? n - 1 : 0,
                       .mean_rr_ms = NAN,
                       .rate_per_min = NAN,
                       .slowest_per_min = NAN,
                       .fastest_per_min = NAN,
                       .median_step = NAN,
                       .rmssd = NAN,
                       .spread = NAN,
                       .turning_ratio = NAN,
                       .cosen = NAN,
                       .p_present = p_present,
                       .longest_pause_s = NAN,
                       .longest_pause_at_s = NAN};
    for (size_t i = 0; i < n; i++)
        if (!isfinite(beat_s[i]) || (i > 0 && !(beat_s[i] > beat_s[i - 1])))
            return gm_fail(GM_EINVAL, "beat %zu at %g s: beat times must ascend", i, beat_s[i]);
    series s = {.n = out->n_rr};
    s.rr = gm_calloc(n + 1, sizeof *s.rr);
    s.a = gm_calloc(n + 1, sizeof *s.a);
    s.b = gm_calloc(n + 1, sizeof *s.b);
    s.used = gm_calloc(n + 1, sizeof *s.used);
    s.is_beat = gm_calloc(n + 1, sizeof *s.is_beat);
    gm_status status = s.rr && s.a && s.b && s.used && s.is_beat
                           ? find(out, &s, beat_s, n ? labels : NULL)
                           : gm_fail(GM_ENOMEM, "no memory for %zu beats", n);
    gm_free(s.rr);
    gm_free(s.a);
    gm_free(s.b);
    gm_free(s.used);
    gm_free(s.is_beat);
    return status;
}
