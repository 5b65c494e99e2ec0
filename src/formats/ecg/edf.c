#include "ecg/edf.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "ecg/build.h"
#include "ecg/edf_annotation.h"
#include "ecg/edf_header.h"
#include "ecg/edf_identity.h"
#include "ecg/edf_scale.h"
#include "ecg/format.h"

/* An ECG in clinical use has 5 uV a count or less (IEC 60601-2-25: 5 uV at most); from here on a
 * scale is taken for a placeholder. The span: electrode offsets reach 300 mV to either side. */
#define COARSE_MV_PER_COUNT 0.02
#define WIDEST_MV 600.0
#define MARKS_ONLY_HZ 1000.0 /* of a file without signals: marks in ms */
#define NEAR_SAMPLE 1e-3     /* an onset this near to a sample is on it: its text was rounded */

/* One signal of the file on its way into a channel. */
typedef struct {
    const gm_edf_signal *s;
    size_t group, channel; /* 0: the record; k: others[k - 1] */
} place;

typedef struct {
    const unsigned char *bytes;
    const char *name;
    const gm_edf_header *h;
    gm_edf_annotations a;
    double first_s; /* when record 0 begins */
    double *begins; /* [n_records] in record durations from record 0; NULL: one after the other */
    place *places;  /* [n_signals] annotation signals unused */
    size_t samples[GM_ECG_MAX_CHANNELS]; /* a record, of each group */
    size_t n_channels[GM_ECG_MAX_CHANNELS];
    size_t n_groups;
    double gap_s;
} file;

/* ---- labels ------------------------------------------------------------------------------------- */

static bool says_ecg(const char *label)
{
    return strncasecmp(label, "ECG", 3) == 0 || strncasecmp(label, "EKG", 3) == 0;
}

/* How much a signal says for its rate being that of the ECG. */
static int weight_of(const gm_edf_signal *s)
{
    return gm_lead_index(s->label) >= 0 ? 1 << 20 : says_ecg(s->label) ? 1 << 10 : 1;
}

/* ---- groups of equal rate ----------------------------------------------------------------------- */

static size_t group_of(file *f, size_t samples)
{
    for (size_t g = 0; g < f->n_groups; g++)
        if (f->samples[g] == samples) return g;
    f->samples[f->n_groups] = samples;
    return f->n_groups++;
}

static void swap(size_t *a, size_t *b)
{
    size_t c = *a;
    *a = *b;
    *b = c;
}

/* Gives every signal its group and channel; group 0 is the ECG's. */
static void divide(file *f)
{
    int weight[GM_ECG_MAX_CHANNELS] = {0};
    size_t ecg = 0;
    for (size_t i = 0; i < f->h->n_signals; i++) {
        const gm_edf_signal *s = &f->h->signals[i];
        if (s->is_annotations) continue;
        f->places[i].s = s;
        f->places[i].group = group_of(f, s->samples);
        f->places[i].channel = f->n_channels[f->places[i].group]++;
        weight[f->places[i].group] += weight_of(s);
    }
    for (size_t g = 1; g < f->n_groups; g++)
        if (weight[g] > weight[ecg]) ecg = g;
    swap(&f->samples[0], &f->samples[ecg]);
    swap(&f->n_channels[0], &f->n_channels[ecg]);
    for (size_t i = 0; i < f->h->n_signals; i++)
        if (f->places[i].group == ecg)
            f->places[i].group = 0;
        else if (f->places[i].group == 0)
            f->places[i].group = ecg;
}

/* ---- time --------------------------------------------------------------------------------------- */

static gm_status fail_onset(const file *f, size_t k, const char *what)
{
    return gm_fail(GM_EFORMAT, "%s: data record %zu (from byte %zu): %s", f->name, k,
                   f->h->header_bytes + k * f->h->record_bytes, what);
}

/* EDF+D: where each record begins. A deviation below one sample is rounding of the time stamps. */
static gm_status find_gaps(file *f)
{
    const double *onset = f->a.record_onset_s;
    size_t most = 1;
    for (size_t g = 0; g < f->n_groups; g++)
        if (f->samples[g] > most) most = f->samples[g];
    if (!onset) return fail_onset(f, 0, "EDF+D, but there is no annotation signal to say when");
    f->begins = gm_calloc(f->h->n_records, sizeof *f->begins);
    if (!f->begins) return gm_fail(GM_ENOMEM, "%s: no memory", f->name);
    for (size_t k = 0; k < f->h->n_records; k++) {
        if (isnan(onset[k])) return fail_onset(f, k, "EDF+D, but it has no time stamp");
        double at = (onset[k] - onset[0]) / f->h->record_s;
        double next = k ? f->begins[k - 1] + 1 : 0;
        if (fabs(at - next) * (double)most < 1) at = next;
        if (at < next) return fail_onset(f, k, "it begins before the one before it ends");
        f->gap_s += (at - next) * f->h->record_s;
        f->begins[k] = at;
    }
    return GM_OK;
}

static double begin_of(const file *f, size_t k)
{
    return f->begins ? f->begins[k] : (double)k;
}

/* Sample of group g that record k begins with. */
static size_t first_of(const file *f, size_t g, size_t k)
{
    return (size_t)floor(begin_of(f, k) * (double)f->samples[g] + 0.5);
}

static gm_status check_size(const file *f)
{
    double all = 0, recorded = 0, last = begin_of(f, f->h->n_records - 1);
    for (size_t g = 0; g < f->n_groups; g++) {
        double values = (double)(f->samples[g] * f->n_channels[g]);
        all += (last + 1) * values;
        recorded += (double)f->h->n_records * values;
    }
    if (!f->begins || all <= (double)GM_EDF_MAX_GAP_VALUES ||
        (all <= GM_EDF_MAX_GAP_FACTOR * recorded && all < (double)(1 << 30)))
        return GM_OK;
    return gm_fail(GM_EFORMAT,
                   "%s: EDF+D with gaps of %g s: %.0f values with the missing ones, %.0f recorded; "
                   "more than %d times as many are not read",
                   f->name, f->gap_s, all, recorded, GM_EDF_MAX_GAP_FACTOR);
}

/* EDF+C promises that there are no gaps. */
static gm_status note_breaks(gm_ecg *e, const file *f)
{
    const double *onset = f->a.record_onset_s;
    size_t n = 0, first = 0;
    for (size_t k = 1; onset && f->n_groups && k < f->h->n_records; k++) {
        double off = (onset[k] - onset[0]) / f->h->record_s - (double)k;
        if (isfinite(off) && fabs(off) * (double)f->samples[0] >= 1 && !n++) first = k;
    }
    if (!n) return GM_OK;
    return gm_ecg_note(e,
                       "%zu of %zu data records are not where a recording without gaps has them "
                       "(the first: record %zu at %g s instead of %g s): time stamps not used",
                       n, f->h->n_records, first, onset[first],
                       onset[0] + (double)first * f->h->record_s);
}

/* ---- channels ----------------------------------------------------------------------------------- */

static int32_t count_at(const unsigned char *p, bool is_bdf)
{
    if (!is_bdf) return (int16_t)(p[0] | p[1] << 8);
    return (int32_t)((uint32_t)p[0] << 8 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 24) >> 8;
}

static void read_counts(gm_ecg_channel *c, const file *f, const place *p, size_t n_samples,
                        bool negate)
{
    size_t bytes = gm_edf_sample_bytes(f->h), next = 0;
    for (size_t k = 0; k < f->h->n_records; k++) {
        const unsigned char *from =
            f->bytes + f->h->header_bytes + k * f->h->record_bytes + p->s->offset;
        for (size_t to = first_of(f, p->group, k); next < to; next++)
            c->counts[next] = GM_ECG_MISSING_COUNT;
        for (size_t i = 0; i < p->s->samples && next < n_samples; i++, next++) {
            int32_t v = count_at(from + i * bytes, f->h->is_bdf);
            c->counts[next] = negate ? -v : v;
        }
    }
}

/* Scale and baseline; a channel that is no lead may have any scale, but then it is no voltage. */
static gm_status set_scale(gm_ecg *main, gm_ecg_channel *c, const place *p, bool *negate)
{
    const gm_edf_signal *s = p->s;
    gm_edf_range r = {s->physical_min, s->physical_max, s->digital_min, s->digital_max};
    double unit_mv = gm_ecg_unit_mv(s->dimension);
    double scale = gm_edf_scale(&r, isnan(unit_mv) ? 1 : unit_mv, &c->baseline);
    *negate = scale < 0;
    if (*negate) {
        scale = -scale;
        c->baseline = -c->baseline;
        GM_TRY(
            gm_ecg_note(main,
                        "channel %s: the physical maximum %g is below the minimum %g: counts are "
                        "negated, so that the scale is positive",
                        s->label, s->physical_max, s->physical_min));
    }
    c->mv_per_count = isnan(unit_mv) ? NAN : scale;
    if (!isfinite(c->baseline)) c->baseline = 0;
    bool is_odd = !(scale >= GM_ECG_MIN_MV_PER_COUNT && scale <= GM_ECG_MAX_MV_PER_COUNT);
    if (isnan(unit_mv) || !is_odd || (scale > 0 && c->lead >= 0 && p->group == 0)) return GM_OK;
    c->mv_per_count = NAN;
    return gm_ecg_note(main, "channel %s: physical range %g to %g %s: taken as uncalibrated",
                       s->label, s->physical_min, s->physical_max, s->dimension);
}

static gm_ecg *group_at(const gm_ecg *main, size_t g)
{
    return g ? main->others[g - 1] : (gm_ecg *)main;
}

static gm_status fill_channel(gm_ecg *main, const file *f, const place *p)
{
    gm_ecg *e = group_at(main, p->group);
    gm_ecg_channel *c = &e->channels[p->channel];
    bool negate;
    GM_TRY(gm_ecg_set(&c->name, p->s->label));
    GM_TRY(gm_ecg_set(&c->unit, p->s->dimension));
    c->lead = gm_lead_index(p->s->label);
    gm_edf_filters_read(c, p->s->prefilter);
    GM_TRY(set_scale(main, c, p, &negate));
    read_counts(c, f, p, e->n_samples, negate);
    return GM_OK;
}

static gm_status note_transducers(gm_ecg *e, const gm_edf_header *h)
{
    const char *last = "";
    for (size_t i = 0; i < h->n_signals; i++) {
        const gm_edf_signal *s = &h->signals[i];
        if (!*s->transducer || strcmp(s->transducer, last) == 0) continue;
        last = s->transducer;
        char line[160];
        snprintf(line, sizeof line, "transducer of %s: %s", s->label, s->transducer);
        GM_TRY(gm_ecg_add_comment(e, line));
    }
    return GM_OK;
}

/* Trust, but say where the scale cannot be that of an ECG (ecg.md 2.4). One note for all. */
static gm_status note_scales(gm_ecg *e)
{
    size_t n = 0;
    const gm_ecg_channel *first = NULL;
    double first_span_mv = 0;
    for (size_t i = 0; i < e->n_channels; i++) {
        const gm_ecg_channel *c = &e->channels[i];
        bool is_ecg = c->lead >= 0 || (c->name && says_ecg(c->name));
        if (!is_ecg || isnan(c->mv_per_count)) continue;
        int32_t low = INT32_MAX, high = INT32_MIN;
        for (size_t k = 0; k < e->n_samples; k++) {
            int32_t v = c->counts[k];
            if (v == GM_ECG_MISSING_COUNT) continue;
            if (v < low) low = v;
            if (v > high) high = v;
        }
        double span_mv = high > low ? ((double)high - low) * c->mv_per_count : 0;
        if (c->mv_per_count <= COARSE_MV_PER_COUNT && span_mv <= WIDEST_MV) continue;
        if (!n++) first = c, first_span_mv = span_mv;
    }
    if (!n) return GM_OK;
    return gm_ecg_note(e,
                       "implausible scale of %zu channels, taken as written: %s has %g mV a count "
                       "and spans %.4g mV; an ECG has 0.005 mV a count or less",
                       n, first->name, first->mv_per_count, first_span_mv);
}

/* ---- annotations -------------------------------------------------------------------------------- */

/* "text@@label": the mark belongs to the channel of that label, if there is one. */
static void find_channel(const gm_ecg *main, gm_ecg_mark *m, char *text)
{
    char *suffix = NULL;
    for (char *p = text; (p = strstr(p, "@@")); p += 2)
        suffix = p;
    for (size_t g = 0; suffix && g <= main->n_others; g++) {
        const gm_ecg *e = group_at(main, g);
        for (size_t i = 0; i < e->n_channels; i++) {
            if (!e->channels[i].name || strcmp(e->channels[i].name, suffix + 2)) continue;
            m->group = g;
            m->channel = (int)i;
            *suffix = 0;
            return;
        }
    }
}

static gm_status add_mark(gm_ecg *main, const file *f, const gm_edf_annotation *a)
{
    char text[1024];
    gm_ecg_mark *m;
    size_t n = a->length < sizeof text - 1 ? a->length : sizeof text - 1;
    memcpy(text, a->text, n);
    text[n] = 0;
    GM_TRY(gm_ecg_add_mark(main, &m));
    find_channel(main, m, text);
    double at = (a->onset_s - f->first_s) * group_at(main, m->group)->rate_hz;
    m->sample = fabs(at - nearbyint(at)) <= NEAR_SAMPLE ? nearbyint(at) + 0.0 : at;
    m->duration_ms = 1000 * a->duration_s;
    return gm_ecg_set(&m->text, text);
}

static gm_status add_marks(gm_ecg *main, const file *f)
{
    for (size_t i = 0; i < f->a.n; i++)
        GM_TRY(add_mark(main, f, &f->a.items[i]));
    if (!f->a.n_malformed) return GM_OK;
    return gm_ecg_note(main, "%zu malformed annotations are left out, the first at byte %zu",
                       f->a.n_malformed, f->a.first_malformed);
}

/* ---- the record --------------------------------------------------------------------------------- */

static gm_status note_file(gm_ecg *e, const file *f)
{
    if (f->h->bytes_left)
        GM_TRY(gm_ecg_note(e, "%zu bytes behind the last whole data record are left out",
                           f->h->bytes_left));
    if (!f->h->n_is_stated)
        GM_TRY(gm_ecg_note(e,
                           "the header does not say how many data records there are: %zu, by "
                           "the length of the file",
                           f->h->n_records));
    if (f->gap_s > 0)
        GM_TRY(gm_ecg_note(e, "EDF+D: gaps of %g s in all hold missing samples", f->gap_s));
    if (!f->n_groups)
        GM_TRY(gm_ecg_note(e, "the file holds annotations and no signal; their times are in ms"));
    return f->begins ? GM_OK : note_breaks(e, f);
}

static gm_status make_groups(gm_ecg **out, const file *f)
{
    size_t last = f->h->n_records - 1;
    for (size_t g = 0; g < f->n_groups || g == 0; g++) {
        gm_ecg *e;
        size_t n = f->n_groups ? first_of(f, g, last) + f->samples[g] : 0;
        GM_TRY(gm_ecg_create(&e, f->h->is_bdf ? "BDF" : "EDF", f->n_channels[g], n));
        e->rate_hz = f->n_groups ? gm_edf_rate_hz(f->samples[g], f->h->record_s) : MARKS_ONLY_HZ;
        if (g)
            GM_TRY(gm_ecg_add_other(*out, e));
        else
            *out = e;
    }
    return GM_OK;
}

static gm_status build(gm_ecg **out, file *f)
{
    f->first_s =
        f->a.record_onset_s && isfinite(f->a.record_onset_s[0]) ? f->a.record_onset_s[0] : 0;
    divide(f);
    if (f->h->is_discontinuous && f->n_groups) GM_TRY(find_gaps(f));
    GM_TRY(check_size(f));
    GM_TRY(make_groups(out, f));
    gm_ecg *e = *out;
    GM_TRY(gm_edf_identity_read(e, f->h, f->first_s));
    for (size_t i = 0; i < f->h->n_signals; i++)
        if (f->places[i].s) GM_TRY(fill_channel(e, f, &f->places[i]));
    GM_TRY(note_transducers(e, f->h));
    GM_TRY(add_marks(e, f));
    GM_TRY(note_file(e, f));
    GM_TRY(note_scales(e));
    return gm_ecg_finish(e, f->name);
}

static gm_status read_signals(gm_ecg **out, file *f)
{
    f->places = gm_calloc(f->h->n_signals, sizeof *f->places);
    if (!f->places) return gm_fail(GM_ENOMEM, "%s: no memory", f->name);
    gm_status s = gm_edf_annotations_read(&f->a, f->h, (const char *)f->bytes);
    if (s == GM_OK) s = gm_ecg_keep(out, build(out, f));
    gm_edf_annotations_free(&f->a);
    gm_free(f->begins);
    gm_free(f->places);
    return s;
}

gm_status gm_edf_parse(gm_ecg **out, const void *bytes, size_t length, const char *name)
{
    *out = NULL;
    gm_edf_header *h;
    GM_TRY(gm_edf_header_parse(&h, bytes, length, name));
    file f = {.bytes = bytes, .name = name, .h = h};
    gm_status s = read_signals(out, &f);
    gm_edf_header_destroy(h);
    return s;
}

static gm_status read_edf(gm_ecg **out, const char *path, const char *bytes, size_t length)
{
    return gm_edf_parse(out, bytes, length, path);
}

const gm_ecg_format gm_ecg_format_edf = {.id = "EDF",
                                         .ending = ".edf",
                                         .sniff = gm_edf_sniff,
                                         .read = read_edf,
                                         .write = gm_edf_write,
                                         .holds_marks_alone = true};
