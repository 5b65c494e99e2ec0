#include "heart/ecg/pacing.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

static const double STEP_MS = 2;              /* in which a spike rises */
static const double NEAR_MS = 4;              /* the steepest step within this of a spike */
static const double QUIET_MS = 24;            /* before and after it, from NEAR_MS on */
static const double FLOOR_MV = 0.02;          /* least steepness of the surroundings */
static const double MERGE_MS = 20;            /* both chambers at once, both edges of a pulse */
static const double LOW_RATE_HZ = 400;        /* spikes may fall between samples below this */
static const double QRS_MS[2] = {-30, 170};   /* fiducial after a ventricular spike */
static const double ATRIAL_MS[2] = {60, 400}; /* fiducial after an atrial one */
static const double SECOND_MS[2] = {40, 330}; /* a ventricular spike after an atrial one */

/* Demands on a spike: a height, ratios to the surroundings, and the part of the step that turns back
 * (0 for a step that stays, 1 for one that returns wholly). Chosen on LUDB 1-100. */
typedef struct {
    double least_mv, over_before, over_after, turns_back;
} demands;
static const demands STRICT = {0.25, 3, 2.2, 0.15}, KNOWN = {0.15, 3, 1.5, 0.15};
static const demands KNOWN_BLUNT = {0.30, 6.5, 1.6, -0.35}; /* two samples up, slow tail */

typedef struct {
    const gm_ecg_samples *s;
    size_t step, near, quiet; /* samples */
    double *rise;             /* [n] |x[i + step] - x[i]| over the leads */
    double *bend;             /* [n] |x[i + step] - 2 x[i] + x[i - step]| over the leads */
    gm_pacing_spike *found;   /* [n / quiet + 2] */
    size_t n_found;
} work;

static void fill(work *w)
{
    size_t n = w->s->n, k = w->step;
    for (size_t l = 0; l < w->s->n_leads; l++) {
        const double *x = w->s->mv + l * n;
        if (gm_ecg_is_dependent(w->s, l)) continue;
        for (size_t i = k; i + k < n; i++) {
            double up = x[i + k] - x[i], bend = up - (x[i] - x[i - k]);
            if (isfinite(up)) w->rise[i] += up * up;
            if (isfinite(bend)) w->bend[i] += bend * bend;
        }
    }
    for (size_t i = 0; i < n; i++) {
        w->rise[i] = sqrt(w->rise[i]);
        w->bend[i] = sqrt(w->bend[i]);
    }
}

static double most(const double *x, size_t from, size_t to)
{
    double m = 0;
    for (size_t i = from; i < to; i++)
        m = fmax(m, x[i]);
    return m;
}

static bool meets(const work *w, size_t i, const demands *d)
{
    double rise = w->rise[i];
    if (!(rise >= d->least_mv)) return false;
    double before = most(w->rise, i - w->quiet, i - w->near + 1);
    double after = most(w->rise, i + w->near, i + w->quiet + 1);
    double bend = most(w->bend, i - w->step, i + 2 * w->step + 1);
    double back = bend / rise - 1;
    bool steep = rise >= d->over_before * fmax(before, FLOOR_MV) &&
                 rise >= d->over_after * fmax(after, FLOOR_MV);
    return steep &&
           (d->turns_back > 0 ? back >= d->turns_back : back >= d->turns_back && back <= -0.05);
}

static void take(work *w, size_t i)
{
    /* The step ends, and the spike stands, one step later. */
    double t = (double)(i + w->step) / w->s->rate_hz;
    gm_pacing_spike *last = w->n_found ? &w->found[w->n_found - 1] : NULL;
    if (last && t - last->time_s < MERGE_MS / 1000) {
        if (w->rise[i] > last->step_mv) last->step_mv = w->rise[i];
        return;
    }
    w->found[w->n_found++] = (gm_pacing_spike){t, w->rise[i], NAN, GM_SPIKE_UNRELATED};
}

static void search(work *w, const demands *sharp, const demands *blunt)
{
    w->n_found = 0;
    for (size_t i = w->quiet + w->step; i + w->quiet + 2 * w->step < w->s->n; i++) {
        if (w->rise[i] < sharp->least_mv) continue;
        if (w->rise[i] < most(w->rise, i + 1 - w->near, i + w->near)) continue;
        if (meets(w, i, sharp) || (blunt && meets(w, i, blunt))) take(w, i);
    }
}

/* ---- relation to beats ---------------------------------------------------------------------------- */

static double to_next_qrs_ms(double spike_s, const double *beat_s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double ms = 1000 * (beat_s[i] - spike_s);
        if (ms >= QRS_MS[0]) return ms <= ATRIAL_MS[1] ? ms : NAN;
    }
    return NAN;
}

static bool is_within(double x, const double range[2])
{
    return x >= range[0] && x <= range[1];
}

/* The last spike before a QRS is ventricular if it is near, atrial if it is a PR interval away; one
 * before a ventricular spike is atrial. */
static void relate(gm_pacing_spike *s, size_t n, const double *beat_s, size_t n_beats)
{
    for (size_t i = n; i-- > 0;) {
        const gm_pacing_spike *next = i + 1 < n ? &s[i + 1] : NULL;
        double gap_ms = next ? 1000 * (next->time_s - s[i].time_s) : NAN;
        s[i].to_qrs_ms = to_next_qrs_ms(s[i].time_s, beat_s, n_beats);
        bool same_qrs = next && fabs(s[i].to_qrs_ms - next->to_qrs_ms - gap_ms) < 1;
        if (same_qrs && next->chamber == GM_SPIKE_VENTRICULAR)
            s[i].chamber = is_within(gap_ms, SECOND_MS) ? GM_SPIKE_ATRIAL : GM_SPIKE_VENTRICULAR;
        else if (is_within(s[i].to_qrs_ms, QRS_MS))
            s[i].chamber = GM_SPIKE_VENTRICULAR;
        else if (is_within(s[i].to_qrs_ms, ATRIAL_MS))
            s[i].chamber = GM_SPIKE_ATRIAL;
    }
}

static void judge(gm_pacing *p, const gm_ecg_samples *s, const double *beat_s, size_t n_beats)
{
    relate(p->spikes, p->n, beat_s, n_beats);
    double last_s = NAN;
    for (size_t i = 0; i < p->n; i++) {
        const gm_pacing_spike *k = &p->spikes[i];
        p->n_atrial += k->chamber == GM_SPIKE_ATRIAL;
        if (k->chamber != GM_SPIKE_VENTRICULAR) continue;
        p->n_ventricular++;
        double qrs_s = k->time_s + k->to_qrs_ms / 1000;
        p->n_beats_paced += !(fabs(qrs_s - last_s) < 0.001);
        last_s = qrs_s;
    }
    size_t related = p->n_atrial + p->n_ventricular;
    p->is_paced = related >= 2;
    bool slow = s->rate_hz < LOW_RATE_HZ;
    p->is_doubtful = slow || (p->n > 0 && (!p->is_paced || 4 * (p->n - related) > p->n));
    int used = snprintf(p->reason, sizeof p->reason,
                        p->n ? "%zu spikes: %zu within %g ms before a QRS, %zu a PR interval "
                               "before one, %zu elsewhere; %zu of %zu beats paced"
                             : "no spike",
                        p->n, p->n_ventricular, QRS_MS[1], p->n_atrial, p->n - related,
                        p->n_beats_paced, n_beats);
    if (slow && used > 0 && (size_t)used < sizeof p->reason)
        snprintf(p->reason + used, sizeof p->reason - (size_t)used,
                 "; at %g Hz spikes may fall between samples", s->rate_hz);
}

static gm_status find(work *w, gm_pacing *out, const double *beat_s, size_t n_beats)
{
    fill(w);
    search(w, &STRICT, NULL);
    if (w->n_found >= 2) search(w, &KNOWN, &KNOWN_BLUNT);
    out->spikes = w->found, out->n = w->n_found, w->found = NULL;
    judge(out, w->s, beat_s, n_beats);
    return GM_OK;
}

gm_status gm_ecg_find_pacing(gm_pacing *out, const gm_ecg_samples *s, const double *beat_s,
                             size_t n_beats)
{
    *out = (gm_pacing){0};
    if (!(s->rate_hz > 0 && isfinite(s->rate_hz)) || s->n == 0 || s->n_leads == 0)
        return gm_fail(GM_EINVAL,
                       "pacing spikes: %zu leads of %zu samples at %g Hz; all must be "
                       "above 0",
                       s->n_leads, s->n, s->rate_hz);
    double per_ms = s->rate_hz / 1000;
    work w = {.s = s,
              .step = (size_t)fmax(1, floor(STEP_MS * per_ms + 0.5)),
              .near = (size_t)fmax(2, floor(NEAR_MS * per_ms + 1.5)),
              .quiet = (size_t)fmax(5, floor(QUIET_MS * per_ms + 0.5))};
    w.rise = gm_calloc(s->n, sizeof *w.rise);
    w.bend = gm_calloc(s->n, sizeof *w.bend);
    w.found = gm_calloc(s->n / w.near + 2, sizeof *w.found);
    gm_status status = w.rise && w.bend && w.found
                           ? find(&w, out, beat_s, n_beats)
                           : gm_fail(GM_ENOMEM, "no memory for %zu samples", s->n);
    gm_free(w.rise);
    gm_free(w.bend);
    gm_free(w.found);
    return status;
}

void gm_pacing_clear(gm_pacing *p)
{
    gm_free(p->spikes);
    *p = (gm_pacing){0};
}
