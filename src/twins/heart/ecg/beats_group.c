/* Which beats look alike. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/ecg/beats.h"
#include "heart/ecg/filter.h"

static const double HALF_QRS_MS = 80; /* of the stretch that is compared */
/* A broad QRS with two humps is found at either: they are up to 60 ms apart. */
static const double COARSE_LAG_MS = 60, FINE_LAG_MS = 5;
static const double ALIKE[] = {0.9, 0.8, 0.6}; /* the next is tried if too few beats are alike */
static const double RR_TOLERANCE = 0.2, ENOUGH = 0.4 /* of the beats */;
enum { LEAST_ALIKE = 3, MAX_CANDIDATES = 12 };

/* Room for one beat: [n_tracks][length], each track without its mean. */
typedef struct {
    size_t length, half;
    double *x, norm;
} patch;

static bool fits(const gm_ecg_tracks *t, size_t half, ptrdiff_t at)
{
    return at >= (ptrdiff_t)half && at + (ptrdiff_t)half < (ptrdiff_t)t->n;
}

static void cut(patch *p, const gm_ecg_tracks *t, size_t at)
{
    double squares = 0;
    for (int k = 0; k < t->n_tracks; k++) {
        const double *x = t->x + (size_t)k * t->n + at - p->half;
        double *out = p->x + (size_t)k * p->length, mean = 0;
        for (size_t i = 0; i < p->length; i++)
            mean += x[i];
        mean /= (double)p->length;
        for (size_t i = 0; i < p->length; i++) {
            out[i] = x[i] - mean;
            squares += out[i] * out[i];
        }
    }
    p->norm = sqrt(squares);
}

/* Correlation of the patch with the signals about `at`, all tracks as one vector. */
static double correlate(const patch *p, const gm_ecg_tracks *t, size_t at)
{
    double dot = 0, squares = 0;
    for (int k = 0; k < t->n_tracks; k++) {
        const double *x = t->x + (size_t)k * t->n + at - p->half, *y = p->x + (size_t)k * p->length;
        double s = 0, s2 = 0, xy = 0;
        for (size_t i = 0; i < p->length; i++)
            s += x[i], s2 += x[i] * x[i], xy += x[i] * y[i];
        dot += xy;
        squares += s2 - s * s / (double)p->length;
    }
    return squares > 0 && p->norm > 0 ? dot / (p->norm * sqrt(squares)) : 0;
}

static double best_lag(const patch *p, const gm_ecg_tracks *t, size_t at, ptrdiff_t reach,
                       ptrdiff_t *lag)
{
    double best = -2;
    for (ptrdiff_t d = -reach; d <= reach; d++) {
        if (!fits(t, p->half, (ptrdiff_t)at + d)) continue;
        double c = correlate(p, t, (size_t)((ptrdiff_t)at + d));
        if (c > best) best = c, *lag = d;
    }
    return best;
}

/* Lightly smoothed coarse signals: noise should not decide what looks alike. */
static gm_status smooth_copy(gm_ecg_tracks *out, const gm_ecg_tracks *t)
{
    *out = *t;
    out->x = gm_calloc((size_t)t->n_tracks * t->n, sizeof *out->x);
    if (!out->x) return gm_fail(GM_ENOMEM, "no memory for %zu samples", t->n);
    for (int k = 0; k < t->n_tracks; k++)
        gm_gauss(t->x + (size_t)k * t->n, t->n, fmax(0.4, 0.006 * t->rate_hz), 0,
                 out->x + (size_t)k * t->n);
    return GM_OK;
}

static gm_status patch_create(patch *p, const gm_ecg_tracks *t)
{
    p->half = (size_t)(HALF_QRS_MS * t->rate_hz / 1000 + 0.5);
    p->length = 2 * p->half + 1;
    p->x = gm_calloc((size_t)t->n_tracks * p->length, sizeof *p->x);
    return p->x ? GM_OK : gm_fail(GM_ENOMEM, "no memory for a beat of %zu samples", p->length);
}

/* The beat to which most of a spread-out sample of beats are alike. */
static size_t choose_template(patch *p, const gm_ecg_tracks *s, const size_t *at, size_t n)
{
    size_t candidates = n < MAX_CANDIDATES ? n : MAX_CANDIDATES, best = n;
    ptrdiff_t reach = (ptrdiff_t)(COARSE_LAG_MS * s->rate_hz / 1000 + 0.5);
    double best_score = -1;
    for (size_t a = 0; a < candidates; a++) {
        size_t ia = a * n / candidates;
        if (!fits(s, p->half, (ptrdiff_t)at[ia])) continue;
        cut(p, s, at[ia]);
        double score = 0;
        for (size_t b = 0; b < candidates; b++) {
            ptrdiff_t lag = 0;
            double c = best_lag(p, s, at[b * n / candidates], reach, &lag);
            score += (c > ALIKE[0] ? 1 : 0) + fmax(c, 0) * 0.5;
        }
        if (score > best_score) best_score = score, best = ia;
    }
    return best;
}

static double usual_rr_of(const size_t *at, size_t n, double *scratch)
{
    for (size_t i = 1; i < n; i++)
        scratch[i - 1] = (double)(at[i] - at[i - 1]);
    return n > 1 ? gm_median_of(scratch, n - 1) : NAN;
}

static size_t mark(gm_ecg_measurement *m, const size_t *at, double rr, double alike, bool by_rr)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_beats; i++) {
        gm_ecg_beat *b = &m->beats[i];
        size_t k = i > 0 ? i : 1;
        double own = m->n_beats > 1 ? (double)(at[k] - at[k - 1]) : NAN;
        b->in_median = b->correlation > alike && (!by_rr || !(fabs(own - rr) > RR_TOLERANCE * rr));
        n += b->in_median;
    }
    return n;
}

/* More beats would make the average no better, only slower: of a long record some are taken, evenly. */
static const size_t MOST_AVERAGED = 4096;

static gm_status thin(gm_ecg_measurement *m)
{
    size_t n = 0, k = 0;
    for (size_t i = 0; i < m->n_beats; i++)
        n += m->beats[i].in_median;
    if (n <= MOST_AVERAGED) return GM_OK;
    for (size_t i = 0; i < m->n_beats; i++) {
        if (!m->beats[i].in_median) continue;
        m->beats[i].in_median = (k + 1) * MOST_AVERAGED / n > k * MOST_AVERAGED / n;
        k++;
    }
    return gm_ecg_remark(m,
                         "%zu beats look alike; the median beat is of %zu of them, evenly spread",
                         n, MOST_AVERAGED);
}

/* Lowers the demands until enough beats are alike; says so. */
static gm_status mark_group(gm_ecg_measurement *m, const size_t *at, double rr)
{
    size_t enough = (size_t)fmax(LEAST_ALIKE, ENOUGH * (double)m->n_beats);
    for (size_t k = 0; k < sizeof ALIKE / sizeof *ALIKE; k++) {
        bool by_rr = true;
        size_t n = mark(m, at, rr, ALIKE[k], true);
        if (n < enough) by_rr = false, n = mark(m, at, rr, ALIKE[k], false);
        if (n < enough) continue;
        if (k > 0)
            GM_TRY(gm_ecg_remark(m,
                                 "noisy: beats with a correlation above %.1f (not %.1f) were "
                                 "averaged",
                                 ALIKE[k], ALIKE[0]));
        if (!by_rr)
            GM_TRY(gm_ecg_remark(m, "irregular rhythm: beats were averaged whatever their RR"));
        return GM_OK;
    }
    size_t n = mark(m, at, rr, ALIKE[0], false);
    if (n == 0) n = mark(m, at, rr, -2, false);
    return gm_ecg_remark(m, "only %zu of %zu beats look alike: the median beat is doubtful", n,
                         m->n_beats);
}

/* Places on the fine clock: coarse lag first, then sample by sample. Two rounds on the full signals,
 * the second against the average of the first, would gain less than a sample. */
static gm_status align(gm_ecg_measurement *m, const gm_ecg_tracks *t, size_t *at, size_t ref)
{
    patch p;
    GM_TRY(patch_create(&p, t));
    ptrdiff_t reach = (ptrdiff_t)fmax(1, FINE_LAG_MS * t->rate_hz / 1000 + 0.5);
    if (fits(t, p.half, (ptrdiff_t)at[ref])) {
        cut(&p, t, at[ref]);
        for (size_t i = 0; i < m->n_beats; i++) {
            ptrdiff_t lag = 0;
            if (i != ref) best_lag(&p, t, at[i], reach, &lag);
            at[i] = (size_t)((ptrdiff_t)at[i] + lag);
        }
    }
    gm_free(p.x);
    return GM_OK;
}

static gm_status group(gm_ecg_measurement *m, const gm_ecg_tracks *t, const gm_ecg_tracks *s,
                       size_t *at, size_t *coarse_at, patch *p)
{
    size_t factor = gm_ecg_coarse_factor(t->rate_hz), ref;
    for (size_t i = 0; i < m->n_beats; i++) {
        size_t c = at[i] / factor;
        coarse_at[i] = c < s->n ? c : s->n - 1;
    }
    ref = choose_template(p, s, coarse_at, m->n_beats);
    if (ref == m->n_beats) return GM_OK; /* no QRS lies whole inside the record */
    cut(p, s, coarse_at[ref]);
    ptrdiff_t reach = (ptrdiff_t)(COARSE_LAG_MS * s->rate_hz / 1000 + 0.5);
    for (size_t i = 0; i < m->n_beats; i++) {
        ptrdiff_t lag = 0;
        double c = best_lag(p, s, coarse_at[i], reach, &lag);
        m->beats[i].correlation = c < -1 ? NAN : c;
        if (c > ALIKE[2]) at[i] = (size_t)((ptrdiff_t)at[i] + lag * (ptrdiff_t)factor);
        if (at[i] >= t->n) at[i] = t->n - 1;
    }
    return align(m, t, at, ref);
}

gm_status gm_ecg_beats_group(gm_ecg_measurement *m, const gm_ecg_tracks *t,
                             const gm_ecg_tracks *coarse, size_t *at)
{
    gm_ecg_tracks smooth;
    patch p = {0};
    GM_TRY(smooth_copy(&smooth, coarse));
    size_t *coarse_at = gm_calloc(m->n_beats, sizeof *coarse_at);
    double *scratch = gm_calloc(m->n_beats, sizeof *scratch);
    gm_status s = coarse_at && scratch ? patch_create(&p, &smooth)
                                       : gm_fail(GM_ENOMEM, "no memory for %zu beats", m->n_beats);
    if (s == GM_OK) s = group(m, t, &smooth, at, coarse_at, &p);
    if (s == GM_OK) s = mark_group(m, at, usual_rr_of(at, m->n_beats, scratch));
    if (s == GM_OK) s = thin(m);
    gm_free(p.x);
    gm_free(coarse_at);
    gm_free(scratch);
    gm_ecg_tracks_clear(&smooth);
    return s;
}
