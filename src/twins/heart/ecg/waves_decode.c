#include "heart/ecg/waves_decode.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/ecg/filter.h"

enum { STEP = GM_WAVE_NET_STEP_MS };

/* The course of a beat. */
typedef enum { QUIET, P, PR, QRS, ST, T, N_STATES } state;

static const int class_of[N_STATES] = {3, GM_WAVE_P, 3, GM_WAVE_QRS, 3, GM_WAVE_T};

/* Log probability (times -1) of a step; what is not listed does not happen. The price of entering a
 * wave keeps those out for which there is little evidence. Tuned on LUDB 1-100. */
typedef struct {
    state from, to;
    float price;
} step;

static const step steps[] = {
    {QUIET, QUIET, 0}, {QUIET, P, 2}, {QUIET, QRS, 3},             /* no P */
    {P, P, 0},         {P, PR, 0},    {P, QRS, 1},                 /* no PR segment */
    {PR, PR, 0},       {PR, QRS, 0},  {PR, QUIET, 3},              /* a P that is not conducted */
    {QRS, QRS, 0},     {QRS, ST, 0},  {QRS, T, 1},                 /* no ST segment */
    {ST, ST, 0},       {ST, T, 5},    {ST, QUIET, 1},  {ST, P, 3}, /* no T */
    {T, T, 0},         {T, QUIET, 0}, {T, P, 2},       {T, QRS, 4},
};
enum { N_STEPS = sizeof steps / sizeof *steps };

static const double BEAT_REACH_MS = 160; /* a QRS lies within this of a beat */
static const float FAR_PRICE = 30;       /* for each sample of a QRS elsewhere */
static const float NEAR_BONUS = 1.5F;    /* at the beat itself, each sample */
static const double NEAR_MS = 16;
static const float MOST_PRICE = 11.5F; /* of a sample: the network is never surer than 1e-5 */
static const double SOFT_MS[GM_N_WAVES] = {60, 40, 100}; /* a bound is uncertain by up to this */
static const double GRID = 0.375; /* a marked wave begins this long, in samples, before its first */

gm_status gm_wave_room_create(gm_wave_room *out, size_t n)
{
    *out = (gm_wave_room){.n = n};
    out->came = gm_calloc(n + 1, N_STATES);
    out->state = gm_calloc(n + 1, 1);
    out->spans = gm_calloc(n / 2 + 1, sizeof *out->spans);
    if (out->came && out->state && out->spans) return GM_OK;
    gm_wave_room_clear(out);
    return gm_fail(GM_ENOMEM, "no memory for the waves of %zu samples", n);
}

void gm_wave_room_clear(gm_wave_room *r)
{
    gm_free(r->came);
    gm_free(r->state);
    gm_free(r->spans);
    *r = (gm_wave_room){0};
}

/* ---- the most likely course --------------------------------------------------------------------- */

static float qrs_price(const gm_wave_evidence *e, size_t t, size_t *nearest)
{
    while (*nearest + 1 < e->n_beats &&
           fabs(e->beat[*nearest + 1] - (double)t) <= fabs(e->beat[*nearest] - (double)t))
        ++*nearest;
    if (e->n_beats == 0) return FAR_PRICE;
    double away_ms = STEP * fabs(e->beat[*nearest] - (double)t);
    return away_ms > BEAT_REACH_MS ? FAR_PRICE : away_ms <= NEAR_MS ? -NEAR_BONUS : 0;
}

static void find_course(const gm_wave_evidence *e, gm_wave_room *r)
{
    float cost[N_STATES] = {0}, next[N_STATES];
    size_t nearest = 0;
    for (size_t t = 0; t < e->n; t++) {
        unsigned char *came = r->came + t * N_STATES;
        for (int s = 0; s < N_STATES; s++)
            next[s] = FLT_MAX;
#pragma GCC unroll 20
        for (int k = 0; k < N_STEPS; k++) {
            float c = cost[steps[k].from] + (t > 0 ? steps[k].price : 0);
            if (c < next[steps[k].to])
                next[steps[k].to] = c, came[steps[k].to] = (unsigned char)steps[k].from;
        }
        float price[GM_WAVE_NET_CLASSES], most = e->logit[0][t];
        for (int c = 1; c < GM_WAVE_NET_CLASSES; c++)
            if (e->logit[c][t] > most) most = e->logit[c][t];
        for (int c = 0; c < GM_WAVE_NET_CLASSES; c++) { /* -log p but for what they share */
            float below = most - e->logit[c][t];
            price[c] = below < MOST_PRICE ? below : MOST_PRICE;
        }
        price[GM_WAVE_QRS] += qrs_price(e, t, &nearest);
        for (int s = 0; s < N_STATES; s++)
            cost[s] = next[s] + price[class_of[s]];
    }
    int at = 0;
    for (int s = 1; s < N_STATES; s++)
        if (cost[s] < cost[at]) at = s;
    for (size_t t = e->n; t-- > 0;) {
        r->state[t] = (unsigned char)at;
        at = r->came[t * N_STATES + (size_t)at];
    }
}

/* ---- bounds ------------------------------------------------------------------------------------- */

static double probability(const gm_wave_evidence *e, int class, size_t t)
{
    float sum = 0;
    for (int c = 0; c < GM_WAVE_NET_CLASSES; c++)
        sum += c == class ? 1 : expf(e->logit[c][t] - e->logit[class][t]);
    return 1 / (double)sum;
}

/* Expected place of the change between first and last, of which p is the probability to be past it
 * (rises) or not yet (falls). */
static double change_within(const gm_wave_evidence *e, int class, size_t first, size_t last,
                            bool rises)
{
    double sum = 0;
    for (size_t t = first; t < last; t++) {
        double p = probability(e, class, t);
        sum += rises ? 1 - p : p;
    }
    return (double)first + sum - GRID;
}

static size_t other_side(size_t from, double by_ms, size_t limit)
{
    size_t by = (size_t)(by_ms / STEP);
    if (limit < from) return from > limit + by ? from - by : limit;
    return from + by < limit ? from + by : limit;
}

/* From a sample to the top of the parabola through it and its neighbours, in samples. */
static double top_of(const float *x, size_t i, size_t n)
{
    if (i == 0 || i + 1 >= n) return 0;
    double a = (double)x[i - 1], b = (double)x[i], c = (double)x[i + 1], bend = a - 2 * b + c;
    return fabs(bend) > 1e-9 ? fmin(fmax(0.5 * (a - c) / bend, -0.5), 0.5) : 0;
}

/* The wave on first..last (exclusive) between the neighbours' ends. */
static gm_wave_span span_of(const gm_wave_evidence *e, gm_ecg_wave kind, size_t first, size_t last,
                            size_t before, size_t after)
{
    size_t middle = (first + last) / 2;
    double soft = SOFT_MS[kind];
    gm_wave_span s = {.kind = kind, .beat = SIZE_MAX};
    s.on = first == 0 ? NAN
                      : change_within(e, kind, other_side(first, soft, before),
                                      other_side(first, soft, middle), true);
    s.off = last >= e->n ? NAN
                         : change_within(e, kind, other_side(last, soft, middle),
                                         other_side(last, soft, after), false);
    size_t best = first;
    double most = -1, from = (double)e->height[first], to = (double)e->height[last - 1];
    for (size_t t = first; t < last; t++) {
        double line = from + (to - from) * (double)(t - first) / (double)(last - first);
        double high = fabs((double)e->height[t] - line);
        if (high > most) most = high, best = t;
    }
    s.peak = (double)best + top_of(e->height, best, e->n);
    for (size_t t = first; t < last; t++)
        s.certainty += probability(e, kind, t) / (double)(last - first);
    return s;
}

static size_t spans_of(const gm_wave_evidence *e, gm_wave_room *r)
{
    size_t n = 0, before = 0;
    for (size_t t = 0; t < e->n;) {
        size_t last = t + 1;
        int s = r->state[t];
        while (last < e->n && r->state[last] == s)
            last++;
        if (class_of[s] < GM_N_WAVES) {
            size_t after = last;
            while (after < e->n && class_of[r->state[after]] >= GM_N_WAVES)
                after++;
            r->spans[n++] = span_of(e, (gm_ecg_wave)class_of[s], t, last, before, after);
            before = last;
        }
        t = last;
    }
    return n;
}

/* ---- beats -------------------------------------------------------------------------------------- */

static double middle_of(const gm_wave_span *s)
{
    if (isnan(s->on) || isnan(s->off)) return s->peak;
    return (s->on + s->off) / 2;
}

static size_t nearest_beat(const gm_wave_evidence *e, double at)
{
    size_t best = SIZE_MAX;
    for (size_t b = 0; b < e->n_beats; b++)
        if (best == SIZE_MAX || fabs(e->beat[b] - at) < fabs(e->beat[best] - at)) best = b;
    return best;
}

/* A QRS belongs to the nearest beat, one to each; T to the QRS before, P to the QRS after, if no other
 * P stands between. */
static size_t give_beats(const gm_wave_evidence *e, gm_wave_span *s, size_t n)
{
    size_t kept = 0, last_qrs = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        if (s[i].kind == GM_WAVE_QRS) {
            s[i].beat = nearest_beat(e, middle_of(&s[i]));
            if (last_qrs != SIZE_MAX && s[last_qrs].beat == s[i].beat) {
                double old = s[last_qrs].off - s[last_qrs].on, new = s[i].off - s[i].on;
                if (new > old) s[last_qrs] = s[i];
                continue;
            }
            last_qrs = kept;
        }
        if (s[i].kind == GM_WAVE_T && last_qrs != SIZE_MAX) s[i].beat = s[last_qrs].beat;
        s[kept++] = s[i];
    }
    for (size_t i = 0; i + 1 < kept; i++)
        if (s[i].kind == GM_WAVE_P && s[i + 1].kind == GM_WAVE_QRS) s[i].beat = s[i + 1].beat;
    return kept;
}

size_t gm_wave_decode(const gm_wave_evidence *e, gm_wave_room *r)
{
    find_course(e, r);
    return give_beats(e, r->spans, spans_of(e, r));
}

/* ---- rhythm ------------------------------------------------------------------------------------- */

static const double USUAL_P = 0.5;    /* part of the beats */
static const size_t FEWEST_P = 3;     /* beats whose distances can be called constant */
static const double CONSTANT_MS = 10; /* median deviation of the distance from P to QRS */

/* Median over the leads of the distance between the onsets of P and QRS, in samples; NaN: no P in
 * half of the leads. P stands before its QRS in spans. */
static double pr_of(const gm_wave_span *spans, size_t n, size_t n_leads, size_t beat, double *room)
{
    size_t found = 0, with_qrs = 0;
    for (size_t i = 0; i < n; i++) {
        if (spans[i].beat != beat || spans[i].kind == GM_WAVE_T) continue;
        if (spans[i].kind == GM_WAVE_QRS) {
            with_qrs++;
            continue;
        }
        double pr = i + 1 < n ? spans[i + 1].on - spans[i].on : NAN;
        if (isfinite(pr) && found < n_leads) room[found++] = pr;
    }
    return found > 0 && 2 * found >= with_qrs ? gm_median_of(room, found) : NAN;
}

bool gm_wave_has_p(const gm_wave_span *spans, size_t n, size_t n_leads, size_t n_beats,
                   double *room)
{
    size_t found = 0;
    double *pr = room + n_leads;
    for (size_t b = 0; b < n_beats; b++) {
        pr[found] = pr_of(spans, n, n_leads, b, room);
        found += isfinite(pr[found]);
    }
    if ((double)found >= USUAL_P * (double)n_beats) return true;
    if (found < FEWEST_P) return false;
    double middle = gm_median_of(pr, found);
    for (size_t i = 0; i < found; i++)
        pr[i] = fabs(pr[i] - middle);
    return gm_median_of(pr, found) * STEP <= CONSTANT_MS;
}
