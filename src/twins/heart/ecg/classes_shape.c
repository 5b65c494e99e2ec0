#include "heart/ecg/classes_shape.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/ecg/filter.h"

static const double HALF_MS = 100;   /* of the window that is compared */
static const double LAG_MS = 28;     /* two detections of one shape differ by at most this */
static const double SMOOTH_MS = 4;   /* SD of the Gaussian */
static const double ALIKE = 0.9;     /* correlation within a group */
static const double MERGE = 0.93;    /* of two mean shapes */
static const double FLOOR_MV = 0.01; /* least noise of a lead */
static const double WIDTH_MS = 140;  /* slopes within this of the fiducial tell the width */
static const double TAIL = 0.025;    /* of the squared slopes on each side is outside the width */
static const double MOST_MISSING = 0.1;
enum { MAX_GROUPS = 32, ENOUGH_SAMPLES = 1 << 18 };

/* ---- signals -------------------------------------------------------------------------------------- */

static void fill_gaps(double *x, size_t n)
{
    double last = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(x[i])) {
            last = x[i];
            break;
        }
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i])) x[i] = last;
        last = x[i];
    }
}

/* Robust SD of what third differences leave of white noise; QRS makes up few samples. Of a long record
 * every so-manieth sample tells as much. */
static double noise_of(const double *x, size_t n, double *scratch)
{
    size_t m = 0, step = n / ENOUGH_SAMPLES + 1;
    for (size_t i = 3; i < n; i += step)
        if (isfinite(x[i] - x[i - 1] - x[i - 2] - x[i - 3]))
            scratch[m++] = fabs(x[i] - 3 * x[i - 1] + 3 * x[i - 2] - x[i - 3]);
    return m ? 1.4826 * gm_median_of(scratch, m) / sqrt(20) : 0;
}

static void take_lead(gm_beat_shapes *b, const double *in, size_t n_in, size_t factor,
                      double rate_hz, double *scratch)
{
    double *filled = scratch, *smooth = scratch + n_in, *x = b->x + b->n_leads * b->n;
    double noise = noise_of(in, n_in, scratch);
    memcpy(filled, in, n_in * sizeof *in);
    fill_gaps(filled, n_in);
    gm_gauss(filled, n_in, fmax(0.4, SMOOTH_MS * rate_hz / 1000), 0, smooth);
    double unit = hypot(noise, FLOOR_MV);
    for (size_t i = 0; i < b->n; i++)
        x[i] = smooth[i * factor] / unit;
    b->n_leads++;
}

/* Part of the window's samples that are missing in the raw leads. */
static double missing_at(const gm_ecg_samples *s, double at_s, double half_s)
{
    size_t missing = 0, all = 0;
    double from = fmax(0, (at_s - half_s) * s->rate_hz), to = (at_s + half_s) * s->rate_hz;
    for (size_t l = 0; l < s->n_leads; l++) {
        if (gm_ecg_is_dependent(s, l)) continue;
        bool has_any = isfinite(s->mv[l * s->n]) || isfinite(s->mv[l * s->n + s->n / 2]) ||
                       isfinite(s->mv[l * s->n + s->n - 1]);
        for (size_t i = (size_t)from; has_any && i < s->n && (double)i <= to; i++)
            missing += !isfinite(s->mv[l * s->n + i]), all++;
    }
    return all ? (double)missing / (double)all : 1;
}

/* ---- one beat ------------------------------------------------------------------------------------- */

static bool fits(const gm_beat_shapes *b, ptrdiff_t at)
{
    return at >= (ptrdiff_t)b->half && at + (ptrdiff_t)b->half < (ptrdiff_t)b->n;
}

/* Without each lead's mean. Returns the norm. */
static double cut(const gm_beat_shapes *b, size_t at, double *patch)
{
    double squares = 0;
    for (size_t l = 0; l < b->n_leads; l++) {
        const double *x = b->x + l * b->n + at - b->half;
        double *out = patch + l * b->length, mean = 0;
        for (size_t i = 0; i < b->length; i++)
            mean += x[i];
        mean /= (double)b->length;
        for (size_t i = 0; i < b->length; i++) {
            out[i] = x[i] - mean;
            squares += out[i] * out[i];
        }
    }
    return sqrt(squares);
}

static double correlate(const gm_beat_shapes *b, const double *shape, double norm, size_t at)
{
    double dot = 0, squares = 0;
    for (size_t l = 0; l < b->n_leads; l++) {
        const double *x = b->x + l * b->n + at - b->half, *y = shape + l * b->length;
        double s = 0, s2 = 0, xy = 0;
        for (size_t i = 0; i < b->length; i++)
            s += x[i], s2 += x[i] * x[i], xy += x[i] * y[i];
        dot += xy; /* y has no mean */
        squares += s2 - s * s / (double)b->length;
    }
    return squares > 0 && norm > 0 ? dot / (norm * sqrt(squares)) : 0;
}

static double best_lag(const gm_beat_shapes *b, const double *shape, double norm, size_t at,
                       size_t *best_at)
{
    ptrdiff_t reach = (ptrdiff_t)(LAG_MS * b->rate_hz / 1000 + 0.5);
    double best = -2;
    for (ptrdiff_t d = -reach; d <= reach; d++) {
        if (!fits(b, (ptrdiff_t)at + d)) continue;
        double c = correlate(b, shape, norm, (size_t)((ptrdiff_t)at + d));
        if (c > best) best = c, *best_at = (size_t)((ptrdiff_t)at + d);
    }
    return best;
}

static double slope_energy(const gm_beat_shapes *b, size_t i)
{
    double e = 0;
    for (size_t l = 0; l < b->n_leads; l++) {
        const double *x = b->x + l * b->n + i;
        e += (x[1] - x[-1]) * (x[1] - x[-1]);
    }
    return e;
}

/* The level of the quieter quarter is taken off: noise would widen every beat. */
static double width_of(const gm_beat_shapes *b, size_t at, double *scratch)
{
    size_t reach = (size_t)(WIDTH_MS * b->rate_hz / 1000), n = 0, kept = 0;
    double sum = 0, run = 0, first = NAN, last = NAN;
    size_t from = at > reach + 1 ? at - reach : 1;
    for (size_t i = from; i <= at + reach && i + 1 < b->n; i++)
        scratch[n++] = slope_energy(b, i);
    double *copy = scratch + n;
    memcpy(copy, scratch, n * sizeof *copy);
    double quiet = 2 * gm_quantile_of(copy, n, 0.25);
    for (size_t i = 0; i < n; i++) {
        scratch[i] = fmax(0, scratch[i] - quiet);
        sum += scratch[i];
        kept += scratch[i] > 0;
    }
    if (!(sum > 0) || kept < 2) return NAN;
    for (size_t i = 0; i < n; i++) {
        run += scratch[i];
        if (isnan(first) && run >= TAIL * sum) first = (double)i;
        if (isnan(last) && run >= (1 - TAIL) * sum) last = (double)i;
    }
    return 1000 * (last - first) / b->rate_hz;
}

/* RMS of third differences from HALF_MS to twice that before and after the fiducial. */
static double roughness_of(const gm_beat_shapes *b, size_t at)
{
    double sum = 0;
    size_t n = 0;
    for (size_t side = 0; side < 2; side++) {
        ptrdiff_t from = (ptrdiff_t)at + (side ? (ptrdiff_t)b->half : -2 * (ptrdiff_t)b->half);
        for (ptrdiff_t i = from; i < from + (ptrdiff_t)b->half; i++) {
            if (i < 3 || i >= (ptrdiff_t)b->n) continue;
            for (size_t l = 0; l < b->n_leads; l++) {
                const double *x = b->x + l * b->n + i;
                double d = x[0] - 3 * x[-1] + 3 * x[-2] - x[-3];
                sum += d * d, n++;
            }
        }
    }
    return n ? sqrt(sum / (double)n) : NAN;
}

static void find_features(gm_beat_shapes *b, const gm_ecg_samples *s, const double *beat_s,
                          double *scratch)
{
    size_t k = 0;
    for (size_t i = 0; i < b->n_beats; i++) {
        gm_beat_shape *p = &b->of[i];
        size_t at = (size_t)(beat_s[i] * b->rate_hz + 0.5);
        p->at = at < b->n ? at : b->n - 1;
        p->missing = missing_at(s, beat_s[i], HALF_MS / 1000);
        if (p->missing <= MOST_MISSING) p->missing = 0;
        p->is_cut = p->missing > 0 || !fits(b, (ptrdiff_t)p->at);
        p->group = -1;
        p->correlation = p->size = NAN;
        p->width_ms = width_of(b, p->at, scratch);
        p->noise = roughness_of(b, p->at);
    }
    for (size_t i = 0; i < b->n_beats; i++)
        if (isfinite(b->of[i].noise)) scratch[k++] = b->of[i].noise;
    double usual = gm_median_of(scratch, k);
    for (size_t i = 0; i < b->n_beats; i++)
        b->of[i].noise /= usual > 0 ? usual : 1;
}

/* ---- groups --------------------------------------------------------------------------------------- */

static double *mean_of(const gm_beat_shapes *b, int g)
{
    return b->means + (size_t)g * b->n_leads * b->length;
}

static double norm_of(const gm_beat_shapes *b, const double *shape)
{
    double sum = 0;
    for (size_t i = 0; i < b->n_leads * b->length; i++)
        sum += shape[i] * shape[i];
    return sqrt(sum);
}

static void add_to(gm_beat_shapes *b, int g, size_t count, size_t at)
{
    double *mean = mean_of(b, g), part = 1 / (double)(count < 50 ? count + 1 : 50);
    cut(b, at, b->patch);
    for (size_t i = 0; i < b->n_leads * b->length; i++)
        mean[i] += part * (b->patch[i] - mean[i]);
}

/* Each beat joins the group that it is most like, or founds one. */
static int lead_groups(gm_beat_shapes *b, size_t count[MAX_GROUPS])
{
    int n = 0;
    for (size_t i = 0; i < b->n_beats; i++) {
        gm_beat_shape *p = &b->of[i];
        if (p->is_cut) continue;
        double best = -2;
        int group = -1;
        size_t where = p->at;
        for (int g = 0; g < n && best < 0.97; g++) {
            size_t at = p->at;
            double c = best_lag(b, mean_of(b, g), norm_of(b, mean_of(b, g)), p->at, &at);
            if (c > best) best = c, group = g, where = at;
        }
        if (best < ALIKE && n < MAX_GROUPS) {
            group = n++;
            memset(mean_of(b, group), 0, b->n_leads * b->length * sizeof(double));
            count[group] = 0;
            where = p->at;
        } else if (best < ALIKE)
            continue;
        add_to(b, group, count[group]++, where);
        p->group = group;
    }
    return n;
}

static double correlate_means(const gm_beat_shapes *b, int one, int other)
{
    const double *x = mean_of(b, one), *y = mean_of(b, other);
    ptrdiff_t reach = (ptrdiff_t)(LAG_MS * b->rate_hz / 1000 + 0.5), n = (ptrdiff_t)b->length;
    double best = -2;
    for (ptrdiff_t d = -reach; d <= reach; d++) {
        double xx = 0, yy = 0, xy = 0;
        for (size_t l = 0; l < b->n_leads; l++)
            for (ptrdiff_t i = d > 0 ? d : 0; i < n && i - d < n; i++) {
                double u = x[(ptrdiff_t)l * n + i], v = y[(ptrdiff_t)l * n + i - d];
                xx += u * u, yy += v * v, xy += u * v;
            }
        if (xx > 0 && yy > 0) best = fmax(best, xy / sqrt(xx * yy));
    }
    return best;
}

static void renumber(gm_beat_shapes *b, int from, int to)
{
    for (size_t i = 0; i < b->n_beats; i++)
        if (b->of[i].group == from) b->of[i].group = to;
}

/* Two groups of one shape arise where the first beats were noisy. */
static void merge(gm_beat_shapes *b, int n, size_t count[MAX_GROUPS])
{
    for (int g = 0; g < n; g++)
        for (int h = g + 1; h < n; h++) {
            if (count[g] == 0 || count[h] == 0 || correlate_means(b, g, h) < MERGE) continue;
            int keep = count[g] >= count[h] ? g : h, drop = keep == g ? h : g;
            renumber(b, drop, keep);
            count[keep] += count[drop];
            count[drop] = 0;
        }
}

static void swap_groups(gm_beat_shapes *b, int g, int h, size_t count[MAX_GROUPS])
{
    size_t bytes = b->n_leads * b->length * sizeof(double), c = count[g];
    memcpy(b->patch, mean_of(b, g), bytes);
    memcpy(mean_of(b, g), mean_of(b, h), bytes);
    memcpy(mean_of(b, h), b->patch, bytes);
    count[g] = count[h], count[h] = c;
    renumber(b, g, MAX_GROUPS);
    renumber(b, h, g);
    renumber(b, MAX_GROUPS, h);
}

/* Numbers groups by falling size; one beat alone is no group unless there is no other. */
static void sort_groups(gm_beat_shapes *b, int n, size_t count[MAX_GROUPS])
{
    b->n_groups = 0;
    for (int g = 0; g < n; g++) {
        int most = g;
        for (int h = g + 1; h < n; h++)
            if (count[h] > count[most]) most = h;
        if (most != g) swap_groups(b, g, most, count);
        if (count[g] >= 2 || g == 0)
            b->n_groups++;
        else
            renumber(b, g, -1);
    }
}

gm_status gm_beat_shapes_group(gm_beat_shapes *b)
{
    size_t count[MAX_GROUPS] = {0};
    int n = lead_groups(b, count);
    merge(b, n, count);
    sort_groups(b, n, count);
    return GM_OK;
}

gm_status gm_beat_shapes_compare(gm_beat_shapes *b, int group)
{
    if (b->n_groups == 0) return GM_OK;
    const double *shape = mean_of(b, group);
    double norm = norm_of(b, shape);
    for (size_t i = 0; i < b->n_beats; i++) {
        gm_beat_shape *p = &b->of[i];
        if (p->is_cut) continue;
        size_t at = p->at;
        p->correlation = best_lag(b, shape, norm, p->at, &at);
        p->size = norm > 0 ? cut(b, at, b->patch) / norm : NAN;
    }
    return GM_OK;
}

/* ---- all ------------------------------------------------------------------------------------------ */

gm_status gm_beat_shapes_create(gm_beat_shapes *b, const gm_ecg_samples *s, const double *beat_s,
                                size_t n_beats)
{
    size_t factor = (size_t)fmax(1, floor(s->rate_hz / 250));
    *b = (gm_beat_shapes){.n_beats = n_beats, .rate_hz = s->rate_hz / (double)factor};
    b->n = (s->n - 1) / factor + 1;
    b->half = (size_t)(HALF_MS * b->rate_hz / 1000 + 0.5);
    b->length = 2 * b->half + 1;
    size_t room = 2 * s->n + n_beats + 8 * b->length + 16;
    b->of = gm_calloc(n_beats, sizeof *b->of);
    b->x = gm_calloc(s->n_leads * b->n, sizeof *b->x);
    b->means = gm_calloc(MAX_GROUPS * s->n_leads * b->length, sizeof *b->means);
    b->patch = gm_calloc(s->n_leads * b->length, sizeof *b->patch);
    double *scratch = gm_calloc(room, sizeof *scratch);
    if (!b->of || !b->x || !b->means || !b->patch || !scratch) {
        gm_free(scratch);
        gm_beat_shapes_clear(b);
        return gm_fail(GM_ENOMEM, "no memory for %zu beats of %zu samples", n_beats, s->n);
    }
    for (size_t l = 0; l < s->n_leads; l++)
        if (!gm_ecg_is_dependent(s, l))
            take_lead(b, s->mv + l * s->n, s->n, factor, s->rate_hz, scratch);
    find_features(b, s, beat_s, scratch);
    gm_free(scratch);
    return GM_OK;
}

void gm_beat_shapes_clear(gm_beat_shapes *b)
{
    gm_free(b->of);
    gm_free(b->x);
    gm_free(b->means);
    gm_free(b->patch);
    *b = (gm_beat_shapes){0};
}
