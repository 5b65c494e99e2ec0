#include "heart/ecg/spread.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/alloc.h"

const char *const gm_interval_names[GM_N_SPREADS] = {"P", "PR", "QRS", "QT"};

enum { MOST_LEADS = 24, FEWEST_BEATS = 3, FEWEST_LEADS = 2 };
static const double DISTRUST_MS = 20; /* of uncertainty */

typedef enum { ON, PEAK, OFF, N_BOUNDS } bound;

static double bound_of(const gm_ecg_bounds *b, bound which)
{
    return which == ON ? b->on_ms : which == PEAK ? b->peak_ms : b->off_ms;
}

/* An interval runs from the onset of a wave to the onset or offset of another. */
typedef struct {
    gm_ecg_wave from, to;
    bound to_bound;
} definition;
static const definition definitions[GM_N_SPREADS] = {{GM_WAVE_P, GM_WAVE_P, OFF},
                                                     {GM_WAVE_P, GM_WAVE_QRS, ON},
                                                     {GM_WAVE_QRS, GM_WAVE_QRS, OFF},
                                                     {GM_WAVE_QRS, GM_WAVE_T, OFF}};

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(double *v, size_t n)
{
    if (n == 0) return NAN;
    qsort(v, n, sizeof *v, by_size);
    return n % 2 ? v[n / 2] : 0.5 * (v[n / 2 - 1] + v[n / 2]);
}

/* v is put in order and then overwritten. */
static double robust_sd(double *v, size_t n, double *median)
{
    *median = median_of(v, n);
    for (size_t i = 0; i < n; i++)
        v[i] = fabs(v[i] - *median);
    return 1.4826 * median_of(v, n);
}

/* Bounds of one beat in all leads: [beat][wave][bound][lead]. */
typedef struct {
    double *ms;
    size_t n_leads;
} bound_table;

static double *bounds_of(const bound_table *t, size_t beat, gm_ecg_wave wave, bound which)
{
    return t->ms + ((beat * GM_N_WAVES + (size_t)wave) * N_BOUNDS + (size_t)which) * t->n_leads;
}

static gm_status make_table(bound_table *t, size_t n_beats, const gm_ecg_waves *w)
{
    t->n_leads = w->n_leads < MOST_LEADS ? w->n_leads : MOST_LEADS;
    size_t n = n_beats * GM_N_WAVES * N_BOUNDS * t->n_leads;
    t->ms = gm_calloc(n, sizeof *t->ms);
    if (!t->ms) return gm_fail(GM_ENOMEM, "ECG: no memory for the bounds of %zu beats", n_beats);
    for (size_t i = 0; i < n; i++)
        t->ms[i] = NAN;
    for (size_t l = 0; l < t->n_leads; l++)
        for (size_t i = 0; i < w->leads[l].n; i++) {
            const gm_ecg_lead_wave *x = &w->leads[l].waves[i];
            if (x->beat >= n_beats) continue; /* a P wave that is not conducted */
            for (int k = ON; k < N_BOUNDS; k++)
                bounds_of(t, x->beat, x->kind, (bound)k)[l] = bound_of(&x->at, (bound)k);
        }
    return GM_OK;
}

/* Median over the leads, their SD and number. */
static double bound_ms(const bound_table *t, size_t beat, gm_ecg_wave wave, bound which, double *sd,
                       size_t *n_leads)
{
    double v[MOST_LEADS], median;
    const double *all = bounds_of(t, beat, wave, which);
    size_t n = 0;
    for (size_t l = 0; l < t->n_leads; l++)
        if (isfinite(all[l])) v[n++] = all[l];
    *n_leads = n;
    *sd = robust_sd(v, n, &median);
    return median;
}

typedef struct {
    double *interval, *leads_sd, *n_leads; /* [n_beats] each */
} beat_values;

static void judge(gm_interval_spread *s)
{
    s->do_not_trust = s->n_beats < FEWEST_BEATS   ? "fewer than three beats show it"
                      : s->n_leads < FEWEST_LEADS ? "one lead alone shows it"
                      : s->uncertainty_ms > DISTRUST_MS
                          ? "beats or leads disagree by more than 20 ms"
                          : NULL;
}

static gm_interval_spread spread_of(const definition *d, const gm_ecg_measurement *m,
                                    const bound_table *t, beat_values *v)
{
    size_t n = 0;
    for (size_t b = 0; b < m->n_beats; b++) {
        double sd[2];
        size_t n_leads[2];
        if (!m->beats[b].in_median) continue;
        double from = bound_ms(t, b, d->from, ON, &sd[0], &n_leads[0]);
        double to = bound_ms(t, b, d->to, d->to_bound, &sd[1], &n_leads[1]);
        if (!isfinite(from) || !isfinite(to)) continue;
        v->interval[n] = to - from;
        v->leads_sd[n] = hypot(sd[0], sd[1]);
        v->n_leads[n++] = (double)(n_leads[0] < n_leads[1] ? n_leads[0] : n_leads[1]);
    }
    gm_interval_spread s = {.n_beats = n, .beats_sd_ms = NAN, .uncertainty_ms = NAN};
    double sd = robust_sd(v->interval, n, &s.median_ms);
    double leads_sd = median_of(v->leads_sd, n), n_leads = median_of(v->n_leads, n);
    s.n_leads = n ? (size_t)n_leads : 0;
    if (n >= FEWEST_BEATS) s.beats_sd_ms = sd;
    if (n >= FEWEST_BEATS && n_leads >= FEWEST_LEADS)
        s.uncertainty_ms = sqrt(sd * sd / (double)n + leads_sd * leads_sd / (n_leads - 1));
    judge(&s);
    return s;
}

gm_status gm_ecg_interval_spreads(gm_interval_spread out[GM_N_SPREADS], const gm_ecg_measurement *m,
                                  const gm_ecg_waves *waves)
{
    bound_table t = {0};
    beat_values v = {gm_calloc(m->n_beats, sizeof(double)), gm_calloc(m->n_beats, sizeof(double)),
                     gm_calloc(m->n_beats, sizeof(double))};
    gm_status s = v.interval && v.leads_sd && v.n_leads
                      ? make_table(&t, m->n_beats, waves)
                      : gm_fail(GM_ENOMEM, "ECG: no memory for %zu beats", m->n_beats);
    for (int k = 0; s == GM_OK && k < GM_N_SPREADS; k++)
        out[k] = spread_of(&definitions[k], m, &t, &v);
    gm_free(t.ms);
    gm_free(v.interval);
    gm_free(v.leads_sd);
    gm_free(v.n_leads);
    return s;
}

/* ---- bounds ------------------------------------------------------------------------------------- */

/* v [n]: where single beats have a bound that the median beat has at `at_ms`, on its clock. */
static double bound_sd(double *v, size_t n, double at_ms)
{
    double median;
    if (n < FEWEST_BEATS || isnan(at_ms)) return NAN;
    double sd = robust_sd(v, n, &median);
    return hypot(sd / sqrt((double)n), median - at_ms);
}

typedef struct {
    const gm_ecg_measurement *m;
    const bound_table *t;
    double *v; /* [n_beats] scratch */
} bound_job;

/* row: of the table; SIZE_MAX: the median over all leads. */
static void bounds_of_lead(const bound_job *j, size_t row, const gm_ecg_bounds waves[GM_N_WAVES],
                           double out[GM_N_WAVES][3])
{
    const gm_ecg_median_beat *b = &j->m->median;
    double fiducial_ms = 1000 * (double)b->fiducial / b->rate_hz, sd;
    for (int w = 0; w < GM_N_WAVES; w++)
        for (int k = ON; k < N_BOUNDS; k++) {
            size_t n = 0, n_leads;
            for (size_t i = 0; i < j->m->n_beats; i++) {
                if (!j->m->beats[i].in_median) continue;
                double ms = row == SIZE_MAX
                                ? bound_ms(j->t, i, (gm_ecg_wave)w, (bound)k, &sd, &n_leads)
                                : bounds_of(j->t, i, (gm_ecg_wave)w, (bound)k)[row];
                ms += fiducial_ms - 1000 * j->m->beats[i].time_s;
                if (isfinite(ms)) j->v[n++] = ms;
            }
            out[w][k] = bound_sd(j->v, n, bound_of(&waves[w], (bound)k));
        }
}

gm_status gm_ecg_bound_spreads(gm_bound_sd_ms out, const gm_ecg_measurement *m,
                               const gm_ecg_waves *waves)
{
    bound_table t = {0};
    bound_job j = {m, &t, gm_calloc(m->n_beats, sizeof *j.v)};
    for (int l = 0; l <= GM_N_LEADS; l++)
        for (int k = 0; k < GM_N_WAVES * N_BOUNDS; k++)
            out[l][k / N_BOUNDS][k % N_BOUNDS] = NAN;
    gm_status s = j.v ? make_table(&t, m->n_beats, waves)
                      : gm_fail(GM_ENOMEM, "ECG: no memory for %zu beats", m->n_beats);
    for (size_t k = 0; s == GM_OK && k < t.n_leads; k++) {
        int lead = gm_lead_index(waves->leads[k].name);
        if (lead >= 0) bounds_of_lead(&j, k, m->median.lead_wave[lead], out[lead]);
    }
    if (s == GM_OK) bounds_of_lead(&j, SIZE_MAX, m->median.wave, out[GM_N_LEADS]);
    gm_free(t.ms);
    gm_free(j.v);
    return s;
}
