#include "heart/ecg/p_presence.h"

#include <math.h>

#include "core/alloc.h"
#include "heart/ecg/filter.h"

static const double FROM_MS = 260, TO_MS = 70; /* before the QRS fiducial */
static const double PART_OF_RR = 0.45;         /* and not earlier than this: the T wave before */
static const double SMOOTH_MS = 6;
static const double LIMIT = 0.85, WIDTH = 0.03; /* of coherence: chosen on LUDB 1-100 */
enum { POINTS = 24, LEAST_BEATS = 4, MOST_BEATS = 400 };

typedef struct {
    const gm_ecg_samples *s;
    double *smooth; /* [n] */
    double *x;      /* [MOST_BEATS][n_leads][POINTS] without line */
    double *sum;    /* [n_leads][POINTS] */
    double *correlation;
    size_t n_beats, size;
} work;

static void remove_line(double x[POINTS])
{
    double mean = 0, slope = 0, tt = 0, middle = (POINTS - 1) / 2.0;
    for (int i = 0; i < POINTS; i++) {
        double t = i - middle;
        mean += x[i] / POINTS, slope += t * x[i], tt += t * t;
    }
    for (int i = 0; i < POINTS; i++)
        x[i] -= mean + slope / tt * (i - middle);
}

static void take_lead(work *w, size_t lead, const double *at_s, double from_s)
{
    const double *in = w->s->mv + lead * w->s->n;
    double rate = w->s->rate_hz, step_s = (from_s - TO_MS / 1000) / (POINTS - 1);
    for (size_t i = 0; i < w->s->n; i++)
        if (!isfinite(in[i])) return; /* a lead with gaps is left at zero */
    gm_gauss(in, w->s->n, fmax(0.4, SMOOTH_MS * rate / 1000), 0, w->smooth);
    for (size_t b = 0; b < w->n_beats; b++) {
        double *x = w->x + b * w->size + lead * POINTS;
        for (int k = 0; k < POINTS; k++) {
            double at = (at_s[b] - from_s + k * step_s) * rate;
            size_t i = (size_t)at;
            double part = at - (double)i, next = i + 1 < w->s->n ? w->smooth[i + 1] : w->smooth[i];
            x[k] = w->smooth[i] + part * (next - w->smooth[i]);
        }
        remove_line(x);
    }
}

static double coherence_of(work *w)
{
    for (size_t b = 0; b < w->n_beats; b++)
        for (size_t i = 0; i < w->size; i++)
            w->sum[i] += w->x[b * w->size + i];
    for (size_t b = 0; b < w->n_beats; b++) {
        const double *x = w->x + b * w->size;
        double xy = 0, xx = 0, yy = 0;
        for (size_t i = 0; i < w->size; i++) {
            double other = w->sum[i] - x[i];
            xy += x[i] * other, xx += x[i] * x[i], yy += other * other;
        }
        w->correlation[b] = xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
    }
    return gm_median_of(w->correlation, w->n_beats);
}

static double usual_rr_s(const double *beat_s, size_t n, double *scratch)
{
    for (size_t i = 1; i < n; i++)
        scratch[i - 1] = beat_s[i] - beat_s[i - 1];
    return n > 1 ? gm_median_of(scratch, n - 1) : 1;
}

static void find(work *w, gm_p_presence *out, const double *beat_s, size_t n,
                 const gm_beat_label *labels, double *scratch)
{
    double from_s = fmin(FROM_MS / 1000, PART_OF_RR * usual_rr_s(beat_s, n, scratch));
    size_t step = n / MOST_BEATS + 1; /* enough of them, spread over the record */
    for (size_t i = 0; i < n; i += step)
        if ((!labels || labels[i].is == GM_BEAT_DOMINANT) && beat_s[i] > from_s &&
            beat_s[i] * w->s->rate_hz < (double)w->s->n && w->n_beats < MOST_BEATS)
            scratch[w->n_beats++] = beat_s[i];
    out->n_beats = w->n_beats;
    if (w->n_beats < LEAST_BEATS || !(from_s > 1.5 * TO_MS / 1000)) return;
    for (size_t l = 0; l < w->s->n_leads; l++)
        if (!gm_ecg_is_dependent(w->s, l)) take_lead(w, l, scratch, from_s);
    out->coherence = coherence_of(w);
    out->probability = 1 / (1 + exp(-(out->coherence - LIMIT) / WIDTH));
}

gm_status gm_ecg_p_presence(gm_p_presence *out, const gm_ecg_samples *s, const double *beat_s,
                            size_t n, const gm_beat_label *labels)
{
    *out = (gm_p_presence){.probability = NAN, .coherence = NAN};
    if (!(s->rate_hz > 0 && isfinite(s->rate_hz)) || s->n == 0 || s->n_leads == 0)
        return gm_fail(GM_EINVAL, "P waves: %zu leads of %zu samples at %g Hz; all must be above 0",
                       s->n_leads, s->n, s->rate_hz);
    work w = {.s = s, .size = s->n_leads * POINTS};
    size_t most = n < MOST_BEATS ? n + 1 : MOST_BEATS;
    w.smooth = gm_calloc(s->n, sizeof *w.smooth);
    w.x = gm_calloc(most * w.size, sizeof *w.x);
    w.sum = gm_calloc(w.size, sizeof *w.sum);
    w.correlation = gm_calloc(most, sizeof *w.correlation);
    double *scratch = gm_calloc(n + 1, sizeof *scratch);
    gm_status status = GM_OK;
    if (w.smooth && w.x && w.sum && w.correlation && scratch)
        find(&w, out, beat_s, n, labels, scratch);
    else
        status = gm_fail(GM_ENOMEM, "no memory for %zu beats", n);
    gm_free(w.smooth);
    gm_free(w.x);
    gm_free(w.sum);
    gm_free(w.correlation);
    gm_free(scratch);
    return status;
}
