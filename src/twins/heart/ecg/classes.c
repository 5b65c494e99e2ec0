/* Labels from the features of classes_shape.c. */
#include "heart/ecg/classes.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "heart/ecg/classes_shape.h"
#include "heart/ecg/filter.h"

const char *const gm_beat_class_names[GM_N_BEAT_CLASSES] = {"dominant", "ectopic", "paced",
                                                            "artefact"};

/* Chosen on LUDB 1-100 and MIT-BIH 100. */
static const double LEAST_ALIKE = 0.75,
                    USUALLY_ALIKE = 0.9; /* correlation with the dominant shape */
static const double SPREAD = 6;          /* alike: within so many SD of the usual correlation */
static const double WIDER_MS = 20, WIDER = 1.2; /* than the dominant shape: both */
static const double EARLY = 0.90;       /* of another shape: RR below this part of the usual one */
static const double EARLY_ALIKE = 0.88; /* of the dominant shape */
static const double EARLY_SPREAD = 2.5; /* and so many SD of the RR about it */
static const double IRREGULAR = 0.1;    /* SD over usual RR: no beat is early in such a rhythm */
static const double SHAPELESS_MS = 200; /* slopes all over the window: no QRS */
static const double NOISY = 4, LARGE = 4, SMALL = 0.2; /* times the usual: an artefact */
static const double PAIRED = 0.3; /* part of a group with spikes that makes it paced */
static const double SPIKE_S[2] = {-0.170, 0.030}; /* spike before its QRS fiducial */
enum { ABOUT = 8 };                               /* beats on each side that tell the usual RR */

typedef struct {
    const double *beat_s;
    size_t n;
    gm_beat_shapes shapes;
    bool *has_spike;    /* [n] */
    double *usual_rr_s; /* [n] */
    double *spread_s;   /* [n] robust SD of the RR about a beat */
    double *scratch;    /* [n + 2 ABOUT] */
} work;

/* ---- rhythm about each beat ----------------------------------------------------------------------- */

static void usual_rr(work *w, size_t i)
{
    size_t first = i > ABOUT ? i - ABOUT : 1, k = 0;
    for (size_t j = first; j <= i + ABOUT && j < w->n; j++)
        w->scratch[k++] = w->beat_s[j] - w->beat_s[j - 1];
    w->usual_rr_s[i] = gm_median_of(w->scratch, k);
    for (size_t j = 0; j < k; j++)
        w->scratch[j] = fabs(w->scratch[j] - w->usual_rr_s[i]);
    w->spread_s[i] = 1.4826 * gm_median_of(w->scratch, k);
}

static bool comes_early(const work *w, size_t i, double limit)
{
    if (i == 0 || w->n < 4) return false;
    double rr = w->beat_s[i] - w->beat_s[i - 1], usual = w->usual_rr_s[i];
    return rr < limit * usual && rr < usual - EARLY_SPREAD * w->spread_s[i] &&
           w->spread_s[i] < IRREGULAR * usual;
}

/* A rhythm that quickens, beat by beat, has no early beats: the RR before must have been longer too. */
static bool breaks_in(const work *w, size_t i)
{
    if (!comes_early(w, i, EARLY_ALIKE)) return false;
    double rr = w->beat_s[i] - w->beat_s[i - 1];
    double before = i > 1 ? w->beat_s[i - 1] - w->beat_s[i - 2] : w->usual_rr_s[i];
    return rr < EARLY_ALIKE * before;
}

/* ---- groups --------------------------------------------------------------------------------------- */

typedef struct {
    size_t n, n_spikes, n_early;
    double width_ms;
} group_facts;

static void facts_of(const work *w, int g, group_facts *f)
{
    size_t n_widths = 0;
    *f = (group_facts){.width_ms = NAN};
    for (size_t i = 0; i < w->n; i++) {
        if (w->shapes.of[i].group != g) continue;
        f->n++;
        f->n_spikes += w->has_spike[i];
        f->n_early += comes_early(w, i, EARLY);
        w->scratch[n_widths++] = w->shapes.of[i].width_ms;
    }
    f->width_ms = gm_median_of(w->scratch, n_widths);
}

static bool is_paced_group(const group_facts *f)
{
    return f->n_spikes >= 1 && (double)f->n_spikes >= PAIRED * (double)f->n;
}

/* The largest group that is not paced; or one nearly as large that is narrower and less early. Groups
 * are numbered by size. If all are paced, the largest. */
static int dominant_group(const work *w)
{
    int best = -1;
    group_facts b = {0};
    for (int g = 0; g < w->shapes.n_groups; g++) {
        group_facts f;
        facts_of(w, g, &f);
        if (is_paced_group(&f)) continue;
        bool rivals = best >= 0 && 10 * f.n >= 7 * b.n;
        bool better = f.width_ms < b.width_ms - WIDER_MS / 2 && f.n_early * b.n <= b.n_early * f.n;
        if (best < 0 ? f.n >= 2 : rivals && better) best = g, b = f;
    }
    return best < 0 ? 0 : best;
}

/* ---- labels --------------------------------------------------------------------------------------- */

static void set(gm_beat_label *l, gm_beat_class is, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void set(gm_beat_label *l, gm_beat_class is, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(l->reason, sizeof l->reason, fmt, args);
    va_end(args);
    l->is = is;
}

static void label_alike(const work *w, const gm_beat_classes *c, size_t i, gm_beat_label *l)
{
    if (breaks_in(w, i)) {
        l->origin = GM_ORIGIN_SUPRAVENTRICULAR;
        set(l, GM_BEAT_ECTOPIC, "early: RR %.0f %% of the usual; dominant shape, correlation %.2f",
            100 * l->early, l->correlation);
    } else
        set(l, GM_BEAT_DOMINANT, "correlation %.2f with the dominant shape (alike from %.2f)",
            l->correlation, c->alike);
}

static void label_other(const work *w, const gm_beat_classes *c, size_t i, size_t n_alike,
                        gm_beat_label *l)
{
    bool wide =
        l->width_ms > c->dominant_width_ms + WIDER_MS && l->width_ms > WIDER * c->dominant_width_ms;
    bool early = comes_early(w, i, EARLY);
    const char *what = l->noise > NOISY                ? "rough beside QRS"
                       : l->size > LARGE               ? "too large"
                       : !(l->size > SMALL)            ? "too small"
                       : !(l->width_ms < SHAPELESS_MS) ? "no distinct QRS"
                                                       : NULL;
    if (what && n_alike < 3) {
        set(l, GM_BEAT_ARTEFACT, "%s: noise %.1f, size %.2f times the usual; correlation %.2f",
            what, l->noise, l->size, l->correlation);
        return;
    }
    if (!wide && !early && n_alike < 2 && l->correlation > LEAST_ALIKE) {
        l->is_doubtful = true;
        set(l, GM_BEAT_DOMINANT, "odd shape, correlation %.2f, but neither early nor wide",
            l->correlation);
        return;
    }
    if (wide) l->origin = GM_ORIGIN_VENTRICULAR;
    l->is_doubtful = !wide && !early;
    set(l, GM_BEAT_ECTOPIC,
        "another shape: correlation %.2f; width %.0f ms, dominant %.0f; RR %.0f %%"
        " of the usual; %zu alike",
        l->correlation, l->width_ms, c->dominant_width_ms, 100 * l->early, n_alike);
}

static void label(const work *w, const gm_beat_classes *c, size_t i, const group_facts *own,
                  int main, gm_beat_label *l)
{
    const gm_beat_shape *s = &w->shapes.of[i];
    double rr = i > 0 ? w->beat_s[i] - w->beat_s[i - 1] : NAN;
    *l = (gm_beat_label){.correlation = s->correlation,
                         .width_ms = s->width_ms,
                         .early = i > 0 && w->n > 2 ? rr / w->usual_rr_s[i] : NAN,
                         .size = s->size,
                         .noise = s->noise,
                         .group = s->group == main  ? 0
                                  : s->group < main ? s->group + 1
                                                    : s->group};
    if (w->has_spike[i])
        set(l, GM_BEAT_PACED, "a pacing spike before it");
    else if (s->group >= 0 && is_paced_group(own) && own->n > 1) {
        l->is_doubtful = true;
        set(l, GM_BEAT_PACED, "no spike seen, but the shape of beats that follow spikes");
    } else if (s->is_cut) {
        l->is_doubtful = true;
        set(l, s->missing > 0 ? GM_BEAT_ARTEFACT : GM_BEAT_DOMINANT,
            s->missing > 0 ? "samples are missing"
                           : "cut off by the end of the record: not compared");
    } else if (s->correlation >= c->alike)
        label_alike(w, c, i, l);
    else
        label_other(w, c, i, s->group == main ? 1 : own->n, l);
}

/* From which correlation a beat is alike: what is usual less a few SD, within limits. */
static double alike_from(work *w, int main)
{
    size_t k = 0;
    for (size_t i = 0; i < w->n; i++)
        if (w->shapes.of[i].group == main) w->scratch[k++] = w->shapes.of[i].correlation;
    double usual = gm_median_of(w->scratch, k);
    for (size_t i = 0; i < k; i++)
        w->scratch[i] = fabs(w->scratch[i] - usual);
    double from = usual - SPREAD * 1.4826 * gm_median_of(w->scratch, k);
    return fmin(USUALLY_ALIKE, fmax(LEAST_ALIKE, from));
}

static gm_status label_all(work *w, gm_beat_classes *c)
{
    for (size_t i = 0; i < w->n; i++)
        usual_rr(w, i);
    GM_TRY(gm_beat_shapes_group(&w->shapes));
    int main = dominant_group(w);
    GM_TRY(gm_beat_shapes_compare(&w->shapes, main));
    group_facts *facts = gm_calloc((size_t)w->shapes.n_groups + 1, sizeof *facts);
    if (!facts) return gm_fail(GM_ENOMEM, "no memory for groups of beats");
    for (int g = 0; g < w->shapes.n_groups; g++)
        facts_of(w, g, &facts[g]);
    facts[w->shapes.n_groups].n = 1; /* of a beat that is alone */
    c->dominant_width_ms = facts[main].width_ms;
    c->alike = alike_from(w, main);
    c->n_groups = (size_t)w->shapes.n_groups;
    c->is_doubtful = 2 * facts[main].n < w->n;
    for (size_t i = 0; i < w->n; i++) {
        int g = w->shapes.of[i].group;
        gm_beat_label *l = &c->labels[i];
        label(w, c, i, &facts[g < 0 ? w->shapes.n_groups : g], main, l);
        c->n_of[l->is]++;
        c->n_supraventricular += l->origin == GM_ORIGIN_SUPRAVENTRICULAR;
        c->n_ventricular += l->origin == GM_ORIGIN_VENTRICULAR;
    }
    gm_free(facts);
    return GM_OK;
}

static void mark_spikes(work *w, const gm_pacing *p)
{
    for (size_t k = 0; p && k < p->n; k++)
        for (size_t i = 0; p->spikes[k].chamber == GM_SPIKE_VENTRICULAR && i < w->n; i++) {
            double before = p->spikes[k].time_s - w->beat_s[i];
            if (before >= SPIKE_S[0] && before <= SPIKE_S[1]) w->has_spike[i] = true;
        }
}

static gm_status check(const gm_ecg_samples *s, const double *beat_s, size_t n)
{
    if (!(s->rate_hz > 0 && isfinite(s->rate_hz)) || s->n == 0 || s->n_leads == 0)
        return gm_fail(GM_EINVAL,
                       "classes of beats: %zu leads of %zu samples at %g Hz; all must be "
                       "above 0",
                       s->n_leads, s->n, s->rate_hz);
    double end_s = (double)s->n / s->rate_hz;
    for (size_t i = 0; i < n; i++)
        if (!(beat_s[i] >= 0 && beat_s[i] < end_s && (i == 0 || beat_s[i] > beat_s[i - 1])))
            return gm_fail(GM_EINVAL, "beat %zu at %g s: beats must ascend within 0 .. %g s", i,
                           beat_s[i], end_s);
    return GM_OK;
}

gm_status gm_ecg_classify_beats(gm_beat_classes *out, const gm_ecg_samples *s, const double *beat_s,
                                size_t n, const gm_pacing *pacing)
{
    *out = (gm_beat_classes){.n = n, .dominant_width_ms = NAN, .alike = NAN};
    GM_TRY(check(s, beat_s, n));
    if (n == 0) return GM_OK;
    work w = {.beat_s = beat_s, .n = n};
    out->labels = gm_calloc(n, sizeof *out->labels);
    w.has_spike = gm_calloc(n, sizeof *w.has_spike);
    w.usual_rr_s = gm_calloc(n, sizeof *w.usual_rr_s);
    w.spread_s = gm_calloc(n, sizeof *w.spread_s);
    w.scratch = gm_calloc(n + 2 * ABOUT + 1, sizeof *w.scratch);
    bool has_memory = out->labels && w.has_spike && w.usual_rr_s && w.spread_s && w.scratch;
    gm_status status = has_memory ? gm_beat_shapes_create(&w.shapes, s, beat_s, n)
                                  : gm_fail(GM_ENOMEM, "no memory for %zu beats", n);
    if (status == GM_OK) {
        mark_spikes(&w, pacing);
        status = label_all(&w, out);
    }
    gm_beat_shapes_clear(&w.shapes);
    gm_free(w.has_spike);
    gm_free(w.usual_rr_s);
    gm_free(w.spread_s);
    gm_free(w.scratch);
    if (status != GM_OK) gm_beat_classes_clear(out);
    return status;
}

void gm_beat_classes_clear(gm_beat_classes *c)
{
    gm_free(c->labels);
    *c = (gm_beat_classes){0};
}
