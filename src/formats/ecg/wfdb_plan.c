#include "ecg/wfdb_plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "ecg/build.h"

enum { MAX_HEADER_BYTES = 16 << 20, MAX_SIGNALS = 1 << 19 }; /* of all segments' headers together */

typedef struct {
    gm_wfdb_plan *p;
    const gm_wfdb_store *store;
    const char *name;
    size_t n_signals; /* so far */
} planner;

/* ---- scales ------------------------------------------------------------------------------------- */

static const double LARGEST_WHOLE = 0x1p53;

/* gain = numerator / denominator, the latter a power of ten, as headers write gains. */
static bool as_ratio(double gain, int64_t *numerator, int64_t *denominator)
{
    for (int64_t d = 1; d <= 1000000; d *= 10) {
        double n = rint(gain * (double)d);
        if (!(n >= 1 && n <= LARGEST_WHOLE)) continue;
        *numerator = (int64_t)n;
        *denominator = d;
        if (n / (double)d == gain) return true;
    }
    return false;
}

static int64_t greatest_common_divisor(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Raises *gain to the smallest whole multiple of both; false: there is none. */
static bool include_gain(double *gain, double other)
{
    if (*gain == other || (isnan(*gain) && isnan(other))) return true;
    int64_t a, b, a_parts, b_parts;
    if (!as_ratio(*gain, &a, &a_parts) || !as_ratio(other, &b, &b_parts)) return false;
    int64_t parts = a_parts > b_parts ? a_parts : b_parts;
    double wide_a = (double)a * (double)(parts / a_parts),
           wide_b = (double)b * (double)(parts / b_parts);
    if (wide_a > LARGEST_WHOLE || wide_b > LARGEST_WHOLE) return false;
    a = (int64_t)wide_a;
    b = (int64_t)wide_b;
    b /= greatest_common_divisor(a, b);
    if ((double)a * (double)b > LARGEST_WHOLE) return false;
    *gain = (double)(a * b) / (double)parts;
    return true;
}

int64_t gm_wfdb_multiple(const gm_wfdb_track *t, const gm_wfdb_signal *s)
{
    if (t->gain == s->gain || isnan(t->gain)) return 1;
    return llrint(t->gain / s->gain);
}

static const char *unit_of(const gm_wfdb_signal *s)
{
    return s->unit ? s->unit : "mV";
}

static const char *title(const gm_wfdb_signal *s)
{
    return s->name ? s->name : "?";
}

/* Takes signal s of a part into account for the track's gain. */
static gm_status include_scale(gm_wfdb_track *t, const gm_wfdb_signal *s, const char *part)
{
    if (t->first == NULL) {
        t->first = s;
        t->gain = s->gain;
        return GM_OK;
    }
    if (strcmp(unit_of(t->first), unit_of(s)) != 0)
        return gm_fail(GM_EFORMAT, "%s:%ld: signal %s is in %s, in an earlier segment in %s", part,
                       s->line, title(s), unit_of(s), unit_of(t->first));
    if (isnan(t->gain) != isnan(s->gain))
        return gm_fail(GM_EFORMAT,
                       "%s:%ld: signal %s has %s, in an earlier segment it is the other way round: "
                       "no common scale",
                       part, s->line, title(s), isnan(s->gain) ? "no gain" : "a gain");
    double gain = t->gain;
    if (!include_gain(&t->gain, s->gain))
        return gm_fail(GM_EFORMAT,
                       "%s:%ld: signal %s has a gain of %.10g, earlier segments %.10g: no scale "
                       "holds the counts of both exactly",
                       part, s->line, title(s), s->gain, gain);
    return GM_OK;
}

/* The baseline that leaves the counts of the first part as they are, but for the multiple. */
static gm_status settle_scales(gm_wfdb_plan *p, const char *name)
{
    for (size_t i = 0; i < p->n_tracks; i++) {
        gm_wfdb_track *t = &p->tracks[i];
        if (!t->first) {
            t->first = t->described;
            t->gain = t->first->gain;
        }
        t->baseline = t->first->baseline * (double)gm_wfdb_multiple(t, t->first);
        if (!(fabs(t->baseline) <= INT32_MAX))
            return gm_fail(GM_EFORMAT,
                           "%s: signal %s: a baseline of %g on the segments' common scale", name,
                           title(t->first), t->baseline);
    }
    for (size_t k = 0; k < p->n_parts; k++) {
        const gm_wfdb_part *part = &p->parts[k];
        for (size_t i = 0; part->h && i < p->n_tracks; i++) {
            if (part->signal_of[i] == GM_WFDB_ABSENT) continue;
            const gm_wfdb_signal *s = &part->h->signals[part->signal_of[i]];
            gm_wfdb_track *t = &p->tracks[i];
            if (s->format == 0) continue; /* it has no counts */
            if (gm_wfdb_multiple(t, s) != 1 || t->baseline != s->baseline) t->is_rescaled = true;
        }
    }
    return GM_OK;
}

/* ---- segments ----------------------------------------------------------------------------------- */

static gm_status load_header(planner *q, gm_wfdb_header **h, char **file, const char *record)
{
    size_t n = strlen(record) + sizeof ".hea";
    *file = gm_calloc(n, 1);
    if (!*file) return gm_fail(GM_ENOMEM, "%s: no memory", q->name);
    snprintf(*file, n, "%s.hea", record);
    char *bytes;
    size_t length;
    gm_status s = q->store->load(q->store->self, &bytes, &length, *file, MAX_HEADER_BYTES);
    if (s != GM_OK) return gm_fail_in(s, "%s: segment %s", q->name, record);
    s = gm_wfdb_header_parse(h, bytes, length, *file);
    gm_free(bytes);
    if (s != GM_OK) return gm_fail_in(s, "%s: segment", q->name);
    if ((*h)->n_segments)
        return gm_fail(GM_EFORMAT, "%s: segment %s has segments itself, which is not allowed",
                       q->name, record);
    q->n_signals += (*h)->n_signals;
    if (q->n_signals > MAX_SIGNALS)
        return gm_fail(GM_EFORMAT, "%s: the segments have more than %d signals in all", q->name,
                       MAX_SIGNALS);
    return GM_OK;
}

static gm_status make_tracks(gm_wfdb_plan *p, const gm_wfdb_header *described, const char *name)
{
    p->n_tracks = described->n_signals;
    p->tracks = gm_calloc(p->n_tracks, sizeof *p->tracks);
    if (!p->tracks) return gm_fail(GM_ENOMEM, "%s: no memory", name);
    for (size_t i = 0; i < p->n_tracks; i++)
        p->tracks[i].described = &described->signals[i];
    return GM_OK;
}

static bool same_name(const gm_wfdb_signal *a, const gm_wfdb_signal *b)
{
    return a->name && b->name ? strcmp(a->name, b->name) == 0 : a->name == b->name;
}

/* The track of signal i of a part: of the same name where the layout is variable, else the i-th. */
static size_t find_track(const gm_wfdb_plan *p, const gm_wfdb_part *part, size_t i)
{
    const gm_wfdb_signal *s = &part->h->signals[i];
    if (!p->layout) return i < p->n_tracks ? i : GM_WFDB_ABSENT;
    for (size_t t = 0; t < p->n_tracks; t++)
        if (part->signal_of[t] == GM_WFDB_ABSENT && same_name(p->tracks[t].described, s)) return t;
    return GM_WFDB_ABSENT;
}

static gm_status place_signal(gm_wfdb_plan *p, gm_wfdb_part *part, size_t i)
{
    const gm_wfdb_signal *s = &part->h->signals[i];
    size_t track = find_track(p, part, i);
    if (track == GM_WFDB_ABSENT)
        return gm_fail(GM_EFORMAT, "%s:%ld: signal %s is not one of the %zu of the record",
                       part->name, s->line, title(s), p->n_tracks);
    gm_wfdb_track *t = &p->tracks[track];
    const gm_wfdb_signal *d = t->described;
    if (d->name && s->name && !same_name(d, s))
        return gm_fail(GM_EFORMAT, "%s:%ld: signal %zu is %s, in the other segments %s", part->name,
                       s->line, i, s->name, d->name);
    if (s->samples_per_frame != d->samples_per_frame || s->skew_frames != d->skew_frames)
        return gm_fail(
            GM_EFORMAT,
            "%s:%ld: signal %s: %zu samples a frame and a skew of %ld, in the record %zu "
            "and %ld",
            part->name, s->line, title(s), s->samples_per_frame, s->skew_frames,
            d->samples_per_frame, d->skew_frames);
    part->signal_of[track] = i;
    return s->format ? include_scale(t, s, part->name) : GM_OK;
}

static gm_status map_signals(gm_wfdb_plan *p, gm_wfdb_part *part)
{
    part->signal_of = gm_calloc(p->n_tracks, sizeof *part->signal_of);
    if (!part->signal_of) return gm_fail(GM_ENOMEM, "%s: no memory", part->name);
    for (size_t t = 0; t < p->n_tracks; t++)
        part->signal_of[t] = GM_WFDB_ABSENT;
    if (!p->layout && part->h->n_signals != p->n_tracks)
        return gm_fail(GM_EFORMAT, "%s: %zu signals, the record has %zu", part->name,
                       part->h->n_signals, p->n_tracks);
    for (size_t i = 0; i < part->h->n_signals; i++)
        GM_TRY(place_signal(p, part, i));
    return GM_OK;
}

static gm_status add_segment(planner *q, const gm_wfdb_segment *s)
{
    gm_wfdb_plan *p = q->p;
    gm_wfdb_part *part = &p->parts[p->n_parts++];
    *part = (gm_wfdb_part){.start = p->n_frames, .n_frames = s->n_frames};
    size_t most = q->store->max_samples ? q->store->max_samples : GM_WFDB_MAX_SAMPLES;
    if (s->n_frames > most - p->n_frames)
        return gm_fail(GM_EFORMAT, "%s:%ld: segment %s brings the record to more than %zu samples",
                       q->name, s->line, s->name, most);
    p->n_frames += s->n_frames;
    if (strcmp(s->name, "~") == 0) return GM_OK;
    GM_TRY(load_header(q, &part->h, &part->name, s->name));
    if (!p->tracks) GM_TRY(make_tracks(p, part->h, q->name));
    if (part->h->n_frames && part->h->n_frames != s->n_frames)
        return gm_fail(GM_EFORMAT, "%s: segment %s has %zu samples, but %s says %zu", q->name,
                       s->name, s->n_frames, part->name, part->h->n_frames);
    if (!isnan(part->h->rate_hz) && !isnan(p->rate_hz) && part->h->rate_hz != p->rate_hz)
        return gm_fail(GM_EFORMAT, "%s: %g Hz, the record has %g Hz", part->name, part->h->rate_hz,
                       p->rate_hz);
    return map_signals(p, part);
}

static gm_status add_layout(planner *q, const gm_wfdb_segment *s)
{
    char *file = NULL;
    gm_status status = load_header(q, &q->p->layout, &file, s->name);
    gm_free(file);
    return status == GM_OK ? make_tracks(q->p, q->p->layout, q->name) : status;
}

static gm_status plan_segments(planner *q)
{
    gm_wfdb_plan *p = q->p;
    const gm_wfdb_header *h = p->head;
    p->parts = gm_calloc(h->n_segments, sizeof *p->parts);
    if (!p->parts) return gm_fail(GM_ENOMEM, "%s: no memory", q->name);
    for (size_t i = 0; i < h->n_segments; i++) {
        const gm_wfdb_segment *s = &h->segments[i];
        bool is_null = strcmp(s->name, "~") == 0;
        if (i == 0 && s->n_frames == 0 && !is_null)
            GM_TRY(add_layout(q, s));
        else if (s->n_frames)
            GM_TRY(add_segment(q, s));
    }
    if (!p->tracks)
        return gm_fail(GM_EFORMAT, "%s: no segment says which signals there are", q->name);
    if (p->n_tracks != h->n_signals)
        return gm_fail(GM_EFORMAT, "%s: %zu signals, but its segments have %zu", q->name,
                       h->n_signals, p->n_tracks);
    if (h->n_frames && h->n_frames != p->n_frames)
        return gm_fail(GM_EFORMAT, "%s: %zu samples, but its segments have %zu in all", q->name,
                       h->n_frames, p->n_frames);
    if (!p->n_frames) return gm_fail(GM_EFORMAT, "%s: the record holds no sample", q->name);
    return GM_OK;
}

/* The head is the one part; it stays owned by the plan. */
static gm_status plan_ordinary(planner *q)
{
    gm_wfdb_plan *p = q->p;
    p->parts = gm_calloc(1, sizeof *p->parts);
    if (!p->parts) return gm_fail(GM_ENOMEM, "%s: no memory", q->name);
    p->n_parts = 1;
    p->parts[0].h = p->head;
    p->parts[0].name = gm_strdup(q->name);
    if (!p->parts[0].name) return gm_fail(GM_ENOMEM, "%s: no memory", q->name);
    p->n_frames = p->head->n_frames;
    GM_TRY(make_tracks(p, p->head, q->name));
    return map_signals(p, &p->parts[0]);
}

gm_status gm_wfdb_plan_make(gm_wfdb_plan *out, const char *header, size_t length, const char *name,
                            const gm_wfdb_store *store)
{
    *out = (gm_wfdb_plan){0};
    planner q = {.p = out, .store = store, .name = name};
    GM_TRY(gm_wfdb_header_parse(&out->head, header, length, name));
    out->rate_hz = out->head->rate_hz;
    gm_status s = GM_OK;
    if (isnan(out->rate_hz))
        s = gm_fail(GM_EFORMAT, "%s: the record line states no sampling rate", name);
    if (s == GM_OK) s = out->head->n_segments ? plan_segments(&q) : plan_ordinary(&q);
    if (s == GM_OK) s = settle_scales(out, name);
    if (s != GM_OK) gm_wfdb_plan_free(out);
    return s;
}

void gm_wfdb_plan_free(gm_wfdb_plan *p)
{
    for (size_t i = 0; p->parts && i < p->n_parts; i++) {
        if (p->parts[i].h != p->head) gm_wfdb_header_destroy(p->parts[i].h);
        gm_free(p->parts[i].name);
        gm_free(p->parts[i].signal_of);
    }
    gm_free(p->parts);
    gm_free(p->tracks);
    gm_wfdb_header_destroy(p->layout);
    gm_wfdb_header_destroy(p->head);
    *p = (gm_wfdb_plan){0};
}
