#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/ecg/filter.h"
#include "heart/ecg/qrs.h"

/* Widths and factors tuned on LUDB 1-70; times are physiological limits. */
static const double SIGMA_MS = 11;  /* of the curvature filter: passes about 20 Hz */
static const double SMOOTH_MS = 90; /* of the energy: one QRS becomes one hump */
static const double BLOCK_S = 2.5;  /* holds a beat at 24 per minute and more */
static const double REFRACTORY_MS = 200;
static const double SHARPEST_MS = 60; /* the sharpest point lies within this of the hump */
static const double T_WAVE_MS = 360;  /* a T wave follows within this */
static const double THRESHOLD = 0.30; /* between noise (0) and beat level (1) */
static const double SEARCH_BACK = 0.15;
static const double LONG_GAP = 1.66;  /* times the usual RR */
static const double STANDS_OUT = 2.2; /* beat level over median energy: less is noise */
static const double LEAST_MV = 0.02;  /* curvature of a QRS in its best lead */
static const double CLIP = 2;         /* times the lead's beat level: limits artefacts */
static const double FLOOR = 0.05;     /* of the beat level: least noise of a lead */

typedef struct {
    double rate_hz;
    size_t n, block, n_blocks;
    double *sum;           /* [n] squares of curvature, leads added, unsmoothed */
    double *energy;        /* [n] smoothed root of it */
    double *level, *noise; /* [n_blocks] of beats and between them, smoothed over blocks */
    double *scratch;       /* [2 n] */
} work;

static double block_maximum(const work *w, const double *x, size_t b)
{
    size_t first = b * w->block, last = b + 1 == w->n_blocks ? w->n : first + w->block;
    double most = 0;
    for (size_t i = first; i < last; i++)
        most = fmax(most, fabs(x[i]));
    return most;
}

/* Adds a lead's curvature in units of its own noise. Returns its beat level in mV. */
static double add_lead(work *w, const double *x)
{
    double *c = w->scratch, *sorted = w->scratch + w->n;
    gm_gauss(x, w->n, SIGMA_MS * w->rate_hz / 1000, 2, c);
    for (size_t b = 0; b < w->n_blocks; b++)
        sorted[b] = block_maximum(w, c, b);
    double beat = gm_median_of(sorted, w->n_blocks);
    for (size_t i = 0; i < w->n; i++)
        sorted[i] = fabs(c[i]);
    double unit = fmax(gm_median_of(sorted, w->n), FLOOR * beat);
    if (!(unit > 0)) return 0;
    for (size_t i = 0; i < w->n; i++) {
        double z = fmin(fabs(c[i]), CLIP * beat) / unit;
        w->sum[i] += z * z;
    }
    return beat;
}

static void smooth_energy(work *w)
{
    size_t half = (size_t)(SMOOTH_MS * w->rate_hz / 2000 + 0.5);
    double *upto = w->scratch; /* prefix sums of the root */
    upto[0] = 0;
    for (size_t i = 0; i < w->n; i++)
        upto[i + 1] = upto[i] + sqrt(w->sum[i]);
    for (size_t i = 0; i < w->n; i++) {
        size_t a = i > half ? i - half : 0, b = i + half + 1 < w->n ? i + half + 1 : w->n;
        w->energy[i] = (upto[b] - upto[a]) / (double)(2 * half + 1);
    }
}

/* What beats reach around each block: the median of the maxima of up to 11 blocks; and what lies
 * between them: the median energy of the same stretch. */
static void follow_levels(work *w)
{
    for (size_t b = 0; b < w->n_blocks; b++)
        w->level[b] = block_maximum(w, w->energy, b);
    for (size_t b = 0; b < w->n_blocks; b++) {
        size_t first = b * w->block, last = b + 1 == w->n_blocks ? w->n : first + w->block;
        memcpy(w->scratch, w->energy + first, (last - first) * sizeof *w->scratch);
        w->noise[b] = gm_median_of(w->scratch, last - first);
    }
    double *level = w->scratch, *noise = w->scratch + w->n_blocks, part[11];
    for (size_t b = 0; b < w->n_blocks; b++) {
        size_t a = b > 5 ? b - 5 : 0, e = b + 6 < w->n_blocks ? b + 6 : w->n_blocks;
        memcpy(part, w->level + a, (e - a) * sizeof *part);
        level[b] = gm_median_of(part, e - a);
        memcpy(part, w->noise + a, (e - a) * sizeof *part);
        noise[b] = fmin(gm_median_of(part, e - a), 0.5 * level[b]);
    }
    memcpy(w->level, level, w->n_blocks * sizeof *level);
    memcpy(w->noise, noise, w->n_blocks * sizeof *noise);
}

/* Height of a hump: 0 at the noise, 1 at the usual beat. */
static double height_at(const work *w, size_t i)
{
    size_t b = i / w->block < w->n_blocks ? i / w->block : w->n_blocks - 1;
    return (w->energy[i] - w->noise[b]) / fmax(w->level[b] - w->noise[b], 1e-12);
}

/* Humps higher than `least`, highest within the refractory time on both sides; ascending. */
static size_t humps(const work *w, double least, size_t *at)
{
    size_t reach = (size_t)(REFRACTORY_MS * w->rate_hz / 2000), n = 0;
    size_t apart = (size_t)(REFRACTORY_MS * w->rate_hz / 1000);
    for (size_t i = 0; i < w->n; i++) {
        if (height_at(w, i) < least) continue;
        bool is_top = true;
        size_t last = i + reach < w->n ? i + reach : w->n - 1;
        for (size_t k = i > reach ? i - reach : 0; k <= last && is_top; k++)
            is_top = k < i ? w->energy[k] < w->energy[i] : w->energy[k] <= w->energy[i];
        if (!is_top) continue;
        if (n > 0 && i - at[n - 1] < apart) {
            if (w->energy[i] > w->energy[at[n - 1]]) at[n - 1] = i;
            continue;
        }
        at[n++] = i;
    }
    return n;
}

/* Low humps count as beats only in a gap that is long for its surroundings, the highest first; and
 * a hump soon after a beat and half as high is its T wave. */
static size_t choose(const work *w, const size_t *hump, size_t n, size_t *at)
{
    size_t n_at = 0, t_reach = (size_t)(T_WAVE_MS * w->rate_hz / 1000);
    for (size_t i = 0; i < n; i++) {
        double h = height_at(w, hump[i]);
        if (h < THRESHOLD) continue;
        if (n_at > 0 && hump[i] - at[n_at - 1] < t_reach && h < 0.5 * height_at(w, at[n_at - 1]))
            continue;
        at[n_at++] = hump[i];
    }
    return n_at;
}

static double usual_rr(const size_t *at, size_t n, size_t i)
{
    double part[16];
    size_t k = 0, first = i > 8 ? i - 8 : 1;
    for (size_t j = first; j < n && k < 16; j++)
        part[k++] = (double)(at[j] - at[j - 1]);
    return gm_median_of(part, k);
}

/* The highest low hump well inside (from, to), or 0. */
static size_t missed_between(const work *w, const size_t *hump, size_t n, size_t from, size_t to)
{
    size_t best = 0, away = (size_t)(T_WAVE_MS * w->rate_hz / 1000);
    for (size_t k = 0; k < n; k++)
        if (hump[k] > from + away && hump[k] + away < to &&
            (best == 0 || w->energy[hump[k]] > w->energy[best]))
            best = hump[k];
    return best;
}

static size_t search_back(const work *w, const size_t *hump, size_t n, size_t *at, size_t n_at)
{
    for (size_t i = 1; i < n_at; i++) {
        if ((double)(at[i] - at[i - 1]) < LONG_GAP * usual_rr(at, n_at, i)) continue;
        size_t found = missed_between(w, hump, n, at[i - 1], at[i]);
        if (found == 0) continue;
        memmove(at + i + 1, at + i, (n_at - i) * sizeof *at);
        at[i] = found;
        n_at++;
        i--; /* look at the first half of the gap again */
    }
    return n_at;
}

static void sharpen(const work *w, size_t *at, size_t n)
{
    size_t reach = (size_t)(SHARPEST_MS * w->rate_hz / 1000 + 0.5);
    for (size_t i = 0; i < n; i++) {
        size_t first = at[i] > reach ? at[i] - reach : 0, best = at[i];
        for (size_t k = first; k <= at[i] + reach && k < w->n; k++)
            if (w->sum[k] > w->sum[best]) best = k;
        at[i] = best;
    }
}

static bool beats_stand_out(work *w)
{
    memcpy(w->scratch, w->level, w->n_blocks * sizeof *w->scratch);
    double level = gm_median_of(w->scratch, w->n_blocks);
    memcpy(w->scratch, w->energy, w->n * sizeof *w->scratch);
    return level > STANDS_OUT * gm_median_of(w->scratch, w->n);
}

static gm_status find(work *w, const gm_ecg_tracks *t, size_t **at, size_t *n)
{
    double best_mv = 0;
    for (int k = 0; k < t->n_tracks; k++)
        best_mv = fmax(best_mv, add_lead(w, t->x + (size_t)k * t->n));
    smooth_energy(w);
    follow_levels(w);
    if (best_mv < LEAST_MV || !beats_stand_out(w)) return GM_OK;
    size_t *hump = gm_calloc(2 * w->n, sizeof *hump);
    if (!hump) return gm_fail(GM_ENOMEM, "no memory for the beats");
    size_t n_humps = humps(w, SEARCH_BACK, hump), *chosen = hump + w->n;
    *n = choose(w, hump, n_humps, chosen);
    *n = search_back(w, hump, n_humps, chosen, *n);
    sharpen(w, chosen, *n);
    memmove(hump, chosen, *n * sizeof *hump);
    *at = hump;
    return GM_OK;
}

static gm_status detect(const gm_ecg_tracks *t, size_t **at, size_t *n)
{
    *at = NULL, *n = 0;
    work w = {.rate_hz = t->rate_hz, .n = t->n};
    w.block = (size_t)(BLOCK_S * t->rate_hz);
    w.n_blocks = w.n < w.block ? 1 : w.n / w.block;
    w.sum = gm_calloc(t->n, sizeof *w.sum);
    w.energy = gm_calloc(t->n, sizeof *w.energy);
    w.level = gm_calloc(w.n_blocks, sizeof *w.level);
    w.noise = gm_calloc(w.n_blocks, sizeof *w.noise);
    w.scratch = gm_calloc(2 * t->n + 1, sizeof *w.scratch);
    gm_status s = w.sum && w.energy && w.level && w.noise && w.scratch
                      ? find(&w, t, at, n)
                      : gm_fail(GM_ENOMEM, "no memory for %zu samples", t->n);
    gm_free(w.sum);
    gm_free(w.energy);
    gm_free(w.level);
    gm_free(w.noise);
    gm_free(w.scratch);
    return s;
}

const gm_qrs_detector gm_qrs_energy = {.id = "energy", .version = 1, .detect = detect};
const gm_qrs_detector *const gm_qrs_default = &gm_qrs_energy;
