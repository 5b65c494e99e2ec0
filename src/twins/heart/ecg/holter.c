#include "heart/ecg/holter.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/ecg/qrs.h"

static const double WINDOW_S = 150, MARGIN_S = 15;
static const double APART_S = 0.15; /* beats of the detector are at least this far apart */
static const double FLAT_MV = 0.005;
static const double MIN_RATE_HZ = 100, MAX_RATE_HZ = 10000, SHORTEST_S = 1.5;

struct gm_holter {
    gm_ecg_tracks window; /* thinned to 250 .. 500 Hz; x holds `held` samples a lead, stride n */
    gm_ecg_tracks usable; /* rows of leads that are not flat, for the detector */
    size_t size, held;    /* samples a lead: room, and filled */
    uint64_t first;       /* thinned sample at which the window begins */
    size_t n_leads, factor, n_frames;
    double *sum,
        *count;     /* [n_leads] of the frames that make the next thinned sample, gaps left out */
    double rate_hz; /* of the input */
    double last_beat_s;
    uint64_t n_beats;
    gm_rr_collector rr;
    gm_holter_on_beat on_beat;
    void *context;
    bool is_finished;
};

/* Gaps become straight lines: an end held would step. */
static void fill_gaps(double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (isfinite(x[i])) continue;
        size_t end = i;
        while (end < n && !isfinite(x[end]))
            end++;
        double after = end < n ? x[end] : i > 0 ? x[i - 1] : 0, before = i > 0 ? x[i - 1] : after;
        for (size_t k = i; k < end; k++)
            x[k] = before + (after - before) * (double)(k - i + 1) / (double)(end - i + 1);
        i = end;
    }
}

static bool is_flat(const double *x, size_t n)
{
    double low = x[0], high = x[0];
    for (size_t i = 1; i < n; i++) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    return !(high - low >= FLAT_MV);
}

static gm_status report(gm_holter *h, double time_s)
{
    h->last_beat_s = time_s;
    h->n_beats++;
    gm_rr_add_beat(&h->rr, time_s);
    return h->on_beat ? h->on_beat(h->context, time_s) : GM_OK;
}

/* Reports the beats of the window up to `until` (samples of the window), none twice: the window before
 * may have placed the last one a little differently. */
static gm_status detect(gm_holter *h, size_t until)
{
    gm_ecg_tracks *t = &h->usable;
    size_t *at = NULL, n = 0;
    t->n = h->held, t->n_tracks = 0;
    for (size_t l = 0; l < h->n_leads; l++) {
        double *x = t->x + (size_t)t->n_tracks * h->held;
        memcpy(x, h->window.x + l * h->size, h->held * sizeof *x);
        fill_gaps(x, h->held);
        if (!is_flat(x, h->held)) t->lead[t->n_tracks++] = -1;
    }
    if (t->n_tracks == 0 || (double)h->held < SHORTEST_S * t->rate_hz) return GM_OK;
    GM_TRY(gm_qrs_default->detect(t, &at, &n));
    gm_status s = GM_OK;
    for (size_t i = 0; i < n && s == GM_OK; i++) {
        /* A thinned sample stands in the middle of those that it is the mean of. */
        double sample =
            (double)(h->first + at[i]) * (double)h->factor + (double)(h->factor - 1) / 2;
        double time_s = sample / h->rate_hz;
        if (at[i] < until && !(time_s < h->last_beat_s + APART_S)) s = report(h, time_s);
    }
    gm_free(at);
    return s;
}

static gm_status pass_window(gm_holter *h)
{
    size_t margin = (size_t)(MARGIN_S * h->window.rate_hz), drop = h->size - 2 * margin;
    GM_TRY(detect(h, h->size - margin));
    for (size_t l = 0; l < h->n_leads; l++) {
        double *x = h->window.x + l * h->size;
        memmove(x, x + drop, 2 * margin * sizeof *x);
    }
    h->held = 2 * margin;
    h->first += drop;
    return GM_OK;
}

static gm_status keep(gm_holter *h)
{
    for (size_t l = 0; l < h->n_leads; l++) {
        h->window.x[l * h->size + h->held] = h->count[l] > 0 ? h->sum[l] / h->count[l] : NAN;
        h->sum[l] = h->count[l] = 0;
    }
    h->n_frames = 0;
    return ++h->held == h->size ? pass_window(h) : GM_OK;
}

gm_status gm_holter_push(gm_holter *h, const double *mv, size_t n)
{
    if (h->is_finished) return gm_fail(GM_ESTATE, "the recording was finished: no more samples");
    for (size_t i = 0; i < n; i++, mv += h->n_leads) {
        for (size_t l = 0; l < h->n_leads; l++) {
            bool is_known = isfinite(mv[l]);
            h->sum[l] += is_known ? mv[l] : 0;
            h->count[l] += is_known;
        }
        if (++h->n_frames == h->factor) GM_TRY(keep(h));
    }
    return GM_OK;
}

gm_status gm_holter_finish(gm_holter *h)
{
    if (h->is_finished) return GM_OK;
    if (h->n_frames > 0) GM_TRY(keep(h));
    h->is_finished = true;
    return h->held > 0 ? detect(h, h->held) : GM_OK;
}

gm_status gm_holter_create(gm_holter **out, size_t n_leads, double rate_hz,
                           gm_holter_on_beat on_beat, void *context)
{
    *out = NULL;
    if (!(rate_hz >= MIN_RATE_HZ && rate_hz <= MAX_RATE_HZ) || n_leads < 1 ||
        n_leads > GM_MAX_TRACKS)
        return gm_fail(GM_EINVAL, "%zu leads at %g Hz; allowed are 1 .. %d leads at %g .. %g Hz",
                       n_leads, rate_hz, GM_MAX_TRACKS, MIN_RATE_HZ, MAX_RATE_HZ);
    gm_holter *h = gm_calloc(1, sizeof *h);
    if (!h) return gm_fail(GM_ENOMEM, "no memory for a long recording");
    h->n_leads = n_leads, h->rate_hz = rate_hz, h->on_beat = on_beat, h->context = context;
    h->factor = gm_ecg_coarse_factor(rate_hz);
    h->window.rate_hz = h->usable.rate_hz = rate_hz / (double)h->factor;
    h->size = (size_t)(WINDOW_S * h->window.rate_hz);
    h->last_beat_s = -INFINITY;
    gm_rr_start(&h->rr);
    h->window.x = gm_calloc(n_leads * h->size, sizeof *h->window.x);
    h->usable.x = gm_calloc(n_leads * h->size, sizeof *h->usable.x);
    h->sum = gm_calloc(n_leads, sizeof *h->sum);
    h->count = gm_calloc(n_leads, sizeof *h->count);
    if (!h->window.x || !h->usable.x || !h->sum || !h->count) {
        gm_holter_destroy(h);
        return gm_fail(GM_ENOMEM, "no memory for windows of %g s", WINDOW_S);
    }
    *out = h;
    return GM_OK;
}

const gm_rr_collector *gm_holter_rr(const gm_holter *h)
{
    return &h->rr;
}

uint64_t gm_holter_n_beats(const gm_holter *h)
{
    return h->n_beats;
}

void gm_holter_destroy(gm_holter *h)
{
    if (!h) return;
    gm_free(h->window.x);
    gm_free(h->usable.x);
    gm_free(h->sum);
    gm_free(h->count);
    gm_free(h);
}
