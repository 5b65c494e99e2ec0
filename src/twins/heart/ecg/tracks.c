#include "heart/ecg/tracks.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/ecg/filter.h"

static const double RELATIVE_MV_PER_COUNT = 0.001; /* reference/ecg.md section 3, trap 1 */
static const double EINTHOVEN_PART = 0.05, EINTHOVEN_MV = 0.02; /* RMS of III - (II - I) */
static const double FLAT_MV = 0.005;                            /* peak to peak */
static const double MAX_MISSING = 0.5;                          /* fraction */
static const double RAIL_MS = 16, RAIL_RUNS = 3; /* shortest plateau on a rail, fewest of them */
static const double WANDER_HZ = 0.5, MIN_WANDER_S = 2;

gm_status gm_ecg_remark(gm_ecg_measurement *m, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    char **grown = gm_realloc(m->notes, m->n_notes + 1, sizeof *grown);
    if (!grown) return gm_fail(GM_ENOMEM, "no memory for a note");
    m->notes = grown;
    if (!(grown[m->n_notes] = gm_strdup(text))) return gm_fail(GM_ENOMEM, "no memory for a note");
    m->n_notes++;
    return GM_OK;
}

/* ---- scale -------------------------------------------------------------------------------------- */

static bool breaks_einthoven(const gm_ecg *ecg)
{
    double rms = NAN, max = NAN, ii = 0;
    const gm_ecg_channel *c = gm_ecg_lead(ecg, 1);
    gm_ecg_einthoven_error_mv(ecg, &rms, &max);
    if (!c || !isfinite(rms)) return false;
    for (size_t i = 0; i < ecg->n_samples; i++) {
        double v = (c->counts[i] - c->baseline) * c->mv_per_count;
        ii += c->counts[i] == GM_ECG_MISSING_COUNT ? 0 : v * v;
    }
    ii = sqrt(ii / (double)ecg->n_samples);
    return rms > EINTHOVEN_PART * ii && rms > EINTHOVEN_MV;
}

static bool has_scale(const gm_ecg *ecg)
{
    for (size_t c = 0; c < ecg->n_channels; c++)
        if (ecg->channels[c].lead >= 0 && ecg->channels[c].mv_per_count > 0) return true;
    return false;
}

/* A view of the same counts on one scale for all; the caller frees only out->channels. */
static gm_status on_one_scale(gm_ecg *out, const gm_ecg *ecg)
{
    *out = *ecg;
    out->channels = gm_calloc(ecg->n_channels, sizeof *out->channels);
    if (!out->channels) return gm_fail(GM_ENOMEM, "no memory for %zu channels", ecg->n_channels);
    for (size_t c = 0; c < ecg->n_channels; c++) {
        out->channels[c] = ecg->channels[c];
        out->channels[c].mv_per_count = RELATIVE_MV_PER_COUNT;
        out->channels[c].baseline = 0;
    }
    return GM_OK;
}

static bool counts_break_einthoven(const gm_ecg *ecg)
{
    gm_ecg same;
    if (on_one_scale(&same, ecg) != GM_OK) return true;
    bool breaks = breaks_einthoven(&same);
    gm_free(same.channels);
    return breaks;
}

static gm_status leads_on_one_scale(const gm_ecg *ecg, double *mv, bool *derived)
{
    gm_ecg same;
    GM_TRY(on_one_scale(&same, ecg));
    gm_status s = gm_ecg_twelve_leads_mv(&same, mv, derived);
    gm_free(same.channels);
    return s;
}

gm_status gm_ecg_leads_on_scale_mv(const gm_ecg *ecg, const gm_ecg_measurement *m, double *leads_mv,
                                   bool derived[GM_N_LEADS])
{
    return m->amplitudes_are_relative ? leads_on_one_scale(ecg, leads_mv, derived)
                                      : gm_ecg_twelve_leads_mv(ecg, leads_mv, derived);
}

bool gm_ecg_channel_on_scale_mv(const gm_ecg_channel *c, size_t n, const gm_ecg_measurement *m,
                                double *mv)
{
    double scale = m->amplitudes_are_relative ? RELATIVE_MV_PER_COUNT : c->mv_per_count;
    if (!isfinite(scale)) return false;
    for (size_t i = 0; i < n; i++)
        mv[i] = c->counts[i] == GM_ECG_MISSING_COUNT ? NAN : (c->counts[i] - c->baseline) * scale;
    return true;
}

/* The file's scale, or that of the counts where the file's own cannot be right and theirs is. */
static gm_status choose_scale(gm_ecg_measurement *m, const gm_ecg *ecg)
{
    bool unscaled = !has_scale(ecg), broken = !unscaled && breaks_einthoven(ecg);
    if (!unscaled && !broken) return GM_OK;
    if (broken && counts_break_einthoven(ecg))
        return gm_ecg_remark(m, "leads I, II and III contradict each other (III is not II - I): "
                                "swapped or wrongly scaled leads; axes are doubtful");
    m->amplitudes_are_relative = true;
    return gm_ecg_remark(m, unscaled
                                ? "the file gives no voltage scale: 1 count was taken as 1 uV, "
                                  "amplitudes are relative"
                                : "the file's gains break III = II - I and its raw counts obey "
                                  "it: 1 count was taken as 1 uV, amplitudes are relative");
}

/* ---- quality of one lead ------------------------------------------------------------------------ */

static double missing_fraction(const double *x, size_t n)
{
    size_t missing = 0;
    for (size_t i = 0; i < n; i++)
        missing += !isfinite(x[i]);
    return (double)missing / (double)n;
}

static void range_of(const double *x, size_t n, double *low, double *high)
{
    *low = INFINITY, *high = -INFINITY;
    for (size_t i = 0; i < n; i++)
        if (isfinite(x[i])) {
            if (x[i] < *low) *low = x[i];
            if (x[i] > *high) *high = x[i];
        }
}

/* Plateaus that stay at the lead's extreme value for longer than a wave's top does. */
static double saturated_fraction(const double *x, size_t n, double rate_hz, double low, double high)
{
    size_t shortest = (size_t)fmax(5, RAIL_MS * rate_hz / 1000), total = 0, runs = 0, run = 0;
    for (size_t i = 0; i <= n; i++) {
        bool on_rail = i < n && (x[i] == low || x[i] == high) && (run == 0 || x[i] == x[i - 1]);
        if (on_rail) {
            run++;
            continue;
        }
        if (run >= shortest) runs++, total += run;
        run = 0;
    }
    return runs >= RAIL_RUNS ? (double)total / (double)n : 0;
}

static void fill_gaps(double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (isfinite(x[i])) continue;
        size_t end = i;
        while (end < n && !isfinite(x[end]))
            end++;
        double before = i > 0 ? x[i - 1] : end < n ? x[end] : 0;
        double after = end < n ? x[end] : before, span = (double)(end - i + 1);
        for (size_t k = i; k < end; k++)
            x[k] = before + (after - before) * (double)(k - i + 1) / span;
        i = end;
    }
}

static double wander_rms(const double *x, size_t n, double rate_hz, double *scratch)
{
    if ((double)n < MIN_WANDER_S * rate_hz) return NAN;
    size_t factor = (size_t)fmax(1, floor(rate_hz / 50)), m = n / factor; /* 50 Hz is plenty */
    double *slow = scratch, mean = 0, sum = 0;
    for (size_t j = 0; j < m; j++) {
        slow[j] = 0;
        for (size_t k = 0; k < factor; k++)
            slow[j] += x[j * factor + k] / (double)factor;
    }
    double rate = rate_hz / (double)factor;
    gm_biquad f = gm_biquad_low_pass(WANDER_HZ, rate);
    gm_biquad_both_ways(&f, slow, m, m / 2, scratch + m);
    for (size_t j = 0; j < m; j++)
        mean += slow[j] / (double)m;
    for (size_t j = 0; j < m; j++)
        sum += (slow[j] - mean) * (slow[j] - mean);
    return sqrt(sum / (double)m);
}

/* Judges one signal and, if it is usable, appends it, filled, to the tracks. */
static void take_track(gm_ecg_tracks *t, gm_ecg_lead_quality *q, const double *x, int lead,
                       double step_mv, double *scratch)
{
    double low, high;
    range_of(x, t->n, &low, &high);
    q->missing_fraction = missing_fraction(x, t->n);
    q->is_flat = !(high - low >= FLAT_MV);
    q->saturated_fraction = q->is_flat ? 0 : saturated_fraction(x, t->n, t->rate_hz, low, high);
    q->wander_mv = NAN, q->noise_mv = NAN;
    q->grade = GM_GRADE_GOOD; /* lowered when the noise is known */
    if (q->missing_fraction >= 1)
        q->grade = GM_GRADE_ABSENT, q->is_flat = false;
    else if (q->is_flat || q->missing_fraction > MAX_MISSING)
        q->grade = GM_GRADE_UNUSABLE;
    if (q->grade != GM_GRADE_GOOD || t->n_tracks == GM_MAX_TRACKS) return;
    double *row = t->x + (size_t)t->n_tracks * t->n;
    memcpy(row, x, t->n * sizeof *row);
    fill_gaps(row, t->n);
    q->wander_mv = wander_rms(row, t->n, t->rate_hz, scratch);
    t->step_mv[t->n_tracks] = step_mv;
    t->lead[t->n_tracks++] = lead;
}

/* ---- all ---------------------------------------------------------------------------------------- */

static double step_of(const gm_ecg *ecg, int lead, bool relative)
{
    const gm_ecg_channel *c = gm_ecg_lead(ecg, lead);
    if (!c) c = gm_ecg_lead(ecg, 0);
    return relative || !c ? RELATIVE_MV_PER_COUNT : c->mv_per_count;
}

/* Signals of other names (MLII, vx) help to find beats; their scale does not matter there. */
static void take_others(gm_ecg_tracks *t, const gm_ecg *ecg, double *row, double *scratch)
{
    for (size_t c = 0; c < ecg->n_channels; c++) {
        const gm_ecg_channel *ch = &ecg->channels[c];
        if (ch->lead >= 0 || (ch->unit && strcmp(ch->unit, "mV") && strcmp(ch->unit, "uV")))
            continue;
        double scale = ch->mv_per_count > 0 ? ch->mv_per_count : RELATIVE_MV_PER_COUNT;
        for (size_t i = 0; i < t->n; i++)
            row[i] = ch->counts[i] == GM_ECG_MISSING_COUNT ? NAN
                                                           : (ch->counts[i] - ch->baseline) * scale;
        gm_ecg_lead_quality ignored = {0};
        take_track(t, &ignored, row, -1, scale, scratch);
    }
}

/* The twelve leads one after the other: a Holter of three channels has no room for twelve. */
static void take_leads(gm_ecg_tracks *t, gm_ecg_measurement *m, const gm_ecg *ecg, double *row,
                       double *scratch)
{
    for (int l = 0; l < GM_N_LEADS; l++) {
        gm_ecg_lead_quality *q = &m->quality[l];
        if (gm_ecg_lead_mv(ecg, l, row, &q->is_derived))
            take_track(t, q, row, l, step_of(ecg, l, m->amplitudes_are_relative), scratch);
        else
            *q = (gm_ecg_lead_quality){
                .missing_fraction = 1, .wander_mv = NAN, .noise_mv = NAN, .grade = GM_GRADE_ABSENT};
    }
}

static gm_status take_all(gm_ecg_tracks *t, gm_ecg_measurement *m, const gm_ecg *ecg, double *row,
                          double *scratch)
{
    GM_TRY(choose_scale(m, ecg));
    gm_ecg same = *ecg;
    if (m->amplitudes_are_relative) GM_TRY(on_one_scale(&same, ecg));
    take_leads(t, m, &same, row, scratch);
    if (m->amplitudes_are_relative) gm_free(same.channels);
    take_others(t, ecg, row, scratch);
    if (t->n_tracks == 0)
        return gm_fail(GM_EFORMAT,
                       "none of the %zu signals can be used: all are flat (less than "
                       "%g mV peak to peak), mostly missing, or not voltages",
                       ecg->n_channels, FLAT_MV);
    return GM_OK;
}

gm_status gm_ecg_tracks_from(gm_ecg_tracks *out, gm_ecg_measurement *m, const gm_ecg *ecg)
{
    size_t n = ecg->n_samples, rows = GM_N_LEADS, most = 0;
    for (size_t c = 0; c < ecg->n_channels; c++)
        most += ecg->channels[c].lead < 0;
    rows += most < GM_MAX_TRACKS - GM_N_LEADS ? most : GM_MAX_TRACKS - GM_N_LEADS;
    *out = (gm_ecg_tracks){.rate_hz = ecg->rate_hz, .n = n};
    out->x = gm_calloc(rows * n, sizeof *out->x);
    double *row = gm_calloc(n, sizeof *row);
    double *scratch = gm_calloc(4 * n + 16, sizeof *scratch);
    gm_status s = out->x && row && scratch ? take_all(out, m, ecg, row, scratch)
                                           : gm_fail(GM_ENOMEM, "no memory for %zu samples", n);
    gm_free(row);
    gm_free(scratch);
    if (s != GM_OK) gm_ecg_tracks_clear(out);
    return s;
}

void gm_ecg_tracks_clear(gm_ecg_tracks *t)
{
    gm_free(t->x);
    *t = (gm_ecg_tracks){0};
}

size_t gm_ecg_coarse_factor(double rate_hz)
{
    return (size_t)fmax(1, floor(rate_hz / 250));
}

gm_status gm_ecg_tracks_coarse(gm_ecg_tracks *out, const gm_ecg_tracks *t)
{
    size_t factor = gm_ecg_coarse_factor(t->rate_hz), n = (t->n + factor - 1) / factor;
    *out = *t;
    out->rate_hz = t->rate_hz / (double)factor;
    out->n = n;
    out->x = gm_calloc((size_t)t->n_tracks * n, sizeof *out->x);
    if (!out->x) return gm_fail(GM_ENOMEM, "no memory for %zu samples", n);
    if (factor == 1) {
        memcpy(out->x, t->x, (size_t)t->n_tracks * n * sizeof *t->x);
        return GM_OK;
    }
    for (int k = 0; k < t->n_tracks; k++)
        for (size_t j = 0; j < n; j++) {
            size_t first = j * factor, last = first + factor < t->n ? first + factor : t->n;
            double sum = 0;
            for (size_t i = first; i < last; i++)
                sum += t->x[(size_t)k * t->n + i];
            out->x[(size_t)k * n + j] = sum / (double)(last - first);
        }
    return GM_OK;
}

/* ---- mains -------------------------------------------------------------------------------------- */

static const double MAINS_MV = 0.008, MAINS_RATIO = 4, MAINS_WIDTH_HZ = 2;

/* 0: none that stands out of its neighbours, the other mains frequency among them. */
static double mains_mv(const double *x, size_t n, double rate_hz, double f_hz, double *scratch)
{
    double at = gm_sine_amplitude(x, n, rate_hz, f_hz, scratch);
    if (!(at > MAINS_MV)) return 0;
    double below = gm_sine_amplitude(x, n, rate_hz, f_hz == 50 ? 40 : 50, scratch);
    double above = gm_sine_amplitude(x, n, rate_hz, f_hz == 50 ? 60 : 70, scratch);
    return at > MAINS_RATIO * fmax(below, above) ? at : 0;
}

gm_status gm_ecg_tracks_remove_mains(gm_ecg_tracks *t, gm_ecg_measurement *m)
{
    if ((double)t->n < 2 * t->rate_hz || t->rate_hz < 180) return GM_OK;
    double *scratch = gm_calloc(3 * t->n, sizeof *scratch);
    if (!scratch) return gm_fail(GM_ENOMEM, "no memory for %zu samples", t->n);
    gm_status s = GM_OK;
    for (double f_hz = 50; f_hz <= 60 && s == GM_OK; f_hz += 10) {
        double most = 0;
        for (int k = 0; k < t->n_tracks; k++) {
            const double *x = t->x + (size_t)k * t->n;
            t->mains[k] = mains_mv(x, t->n, t->rate_hz, f_hz, scratch);
            most = fmax(most, t->mains[k]);
            if (t->mains[k] > 0 && t->lead[k] >= 0) m->quality[t->lead[k]].mains_mv = t->mains[k];
        }
        if (!(most > 0)) continue;
        gm_biquad notch = gm_biquad_notch(f_hz, MAINS_WIDTH_HZ, t->rate_hz);
        size_t pad = (size_t)fmin((double)(t->n - 1), t->rate_hz);
        for (int k = 0; k < t->n_tracks; k++) /* all, so that III = II - I stays true */
            gm_biquad_both_ways(&notch, t->x + (size_t)k * t->n, t->n, pad, scratch);
        s = gm_ecg_remark(m, "%g Hz mains hum of up to %.3f mV was filtered out", f_hz, most);
    }
    gm_free(scratch);
    return s;
}
