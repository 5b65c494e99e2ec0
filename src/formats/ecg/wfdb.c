#include "ecg/wfdb.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "ecg/build.h"
#include "ecg/format.h"
#include "ecg/wfdb_facts.h"
#include "ecg/wfdb_marks.h"
#include "ecg/wfdb_piece.h"
#include "ecg/wfdb_plan.h"
#include "ecg/wfdb_write.h"

enum { MAX_ANNOTATION_BYTES = 256 << 20 };

typedef struct {
    gm_wfdb_plan plan;
    const gm_wfdb_store *store;
    const char *name;
    gm_ecg *e;
    gm_wfdb_place *places; /* [n_tracks] */
    gm_wfdb_piece piece;   /* the part that is being read; closed if .h is NULL */
} record;

static const char *title(const gm_wfdb_track *t)
{
    return t->described->name ? t->described->name : "?";
}

static gm_ecg *group_of(const record *r, size_t track)
{
    size_t group = r->places[track].group;
    if (group == GM_WFDB_NOWHERE) return NULL;
    return group ? r->e->others[group - 1] : r->e;
}

static gm_ecg_channel *channel_of(const record *r, size_t track)
{
    gm_ecg *group = group_of(r, track);
    return group ? &group->channels[r->places[track].channel] : NULL;
}

/* ---- the groups: one for each rate -------------------------------------------------------------- */

static size_t n_leads_at(const gm_wfdb_plan *p, size_t samples_per_frame)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_tracks; i++)
        n += p->tracks[i].described->samples_per_frame == samples_per_frame &&
             gm_lead_index(p->tracks[i].described->name) >= 0;
    return n;
}

/* The ECG's rate is that of most standard leads; without any, that of the first signal. */
static size_t choose_samples_per_frame(const gm_wfdb_plan *p)
{
    size_t chosen = p->tracks[0].described->samples_per_frame;
    for (size_t i = 1; i < p->n_tracks; i++) {
        size_t here = p->tracks[i].described->samples_per_frame;
        if (n_leads_at(p, here) > n_leads_at(p, chosen)) chosen = here;
    }
    return chosen;
}

/* Gives the signals of one rate their channels in `group`; returns how many there are. */
static size_t place_signals(record *r, size_t samples_per_frame, size_t group)
{
    size_t n = 0;
    for (size_t i = 0; i < r->plan.n_tracks; i++)
        if (r->plan.tracks[i].described->samples_per_frame == samples_per_frame)
            r->places[i] = (gm_wfdb_place){group, (int)n++};
    return n;
}

static gm_status add_group(record *r, size_t samples_per_frame)
{
    double rate_hz = r->plan.rate_hz * (double)samples_per_frame;
    char name[40];
    gm_ecg *other;
    snprintf(name, sizeof name, "%g Hz", rate_hz);
    if (rate_hz < GM_ECG_MIN_RATE_HZ || rate_hz > GM_ECG_MAX_RATE_HZ) {
        place_signals(r, samples_per_frame, GM_WFDB_NOWHERE);
        return gm_ecg_note(r->e, "the signals at %s are left out: allowed are %g to %g Hz", name,
                           GM_ECG_MIN_RATE_HZ, GM_ECG_MAX_RATE_HZ);
    }
    size_t n = place_signals(r, samples_per_frame, r->e->n_others + 1);
    GM_TRY(gm_ecg_create(&other, "WFDB", n, r->plan.n_frames * samples_per_frame));
    other->rate_hz = rate_hz;
    GM_TRY(gm_ecg_add_other(r->e, other));
    return gm_ecg_set(&other->group, name);
}

static gm_status make_groups(record *r)
{
    const gm_wfdb_plan *p = &r->plan;
    r->places = gm_calloc(p->n_tracks, sizeof *r->places);
    if (!r->places) return gm_fail(GM_ENOMEM, "%s: no memory", r->name);
    size_t main_one = choose_samples_per_frame(p), n = place_signals(r, main_one, 0);
    GM_TRY(gm_ecg_create(&r->e, "WFDB", n, p->n_frames * main_one));
    r->e->rate_hz = p->rate_hz * (double)main_one;
    for (size_t i = 0; i < p->n_tracks; i++) {
        size_t here = p->tracks[i].described->samples_per_frame;
        bool is_new = here != main_one;
        for (size_t k = 0; k < i && is_new; k++)
            is_new = p->tracks[k].described->samples_per_frame != here;
        if (is_new) GM_TRY(add_group(r, here));
    }
    return GM_OK;
}

/* ---- samples ------------------------------------------------------------------------------------ */

static gm_status verify(const record *r, const gm_wfdb_part *part, const gm_wfdb_signal *s,
                        size_t i, int32_t first, uint32_t sum)
{
    const char *name = s->name ? s->name : "?",
               *segment = r->plan.head->n_segments ? part->name : "";
    const char *between = *segment ? ": " : "";
    if (s->first_stated && s->first_count != first && s->format && s->format != 8)
        GM_TRY(gm_ecg_note(r->e, "%s%ssignal %zu (%s): the first count is %d, the header says %ld",
                           segment, between, i, name, first, s->first_count));
    bool is_placeholder = !part->h->n_frames && !s->checksum; /* header(5) */
    if (s->checksum_stated && s->format && !is_placeholder &&
        ((uint32_t)s->checksum & 0xFFFF) != (sum & 0xFFFF))
        GM_TRY(gm_ecg_note(r->e, "%s%ssignal %zu (%s): the checksum is %d, the header says %ld",
                           segment, between, i, name, (int16_t)(sum & 0xFFFF), s->checksum));
    return GM_OK;
}

/* From a segment's scale to the record's; exact, or refused. */
static gm_status rescale(const record *r, const gm_wfdb_part *part, const gm_wfdb_track *t,
                         const gm_wfdb_signal *s, int32_t *counts, size_t n)
{
    int64_t multiple = gm_wfdb_multiple(t, s), baseline = (int64_t)s->baseline;
    if (multiple == 1 && s->baseline == t->baseline) return GM_OK;
    for (size_t i = 0; i < n; i++) {
        if (counts[i] == GM_ECG_MISSING_COUNT) continue;
        double v = (double)(counts[i] - baseline) * (double)multiple + t->baseline;
        if (!(fabs(v) <= INT32_MAX))
            return gm_fail(GM_EFORMAT,
                           "%s: %s: signal %s: count %d would be %.0f on the common scale of the "
                           "segments (gain %.10g), more than 32 bits hold",
                           r->name, part->name, title(t), counts[i], v, t->gain);
        counts[i] = (int32_t)v;
    }
    return GM_OK;
}

static void fill_missing(int32_t *counts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        counts[i] = GM_ECG_MISSING_COUNT;
}

static gm_status read_signal(record *r, const gm_wfdb_part *part, size_t track)
{
    const gm_wfdb_track *t = &r->plan.tracks[track];
    gm_ecg_channel *c = channel_of(r, track);
    if (!c) return GM_OK;
    size_t n = r->piece.h ? r->piece.n_frames : part->n_frames;
    n *= t->described->samples_per_frame;
    int32_t *counts = c->counts + part->start * t->described->samples_per_frame;
    size_t i = part->h ? part->signal_of[track] : GM_WFDB_ABSENT;
    if (i == GM_WFDB_ABSENT) {
        fill_missing(counts, n);
        return GM_OK;
    }
    int32_t first;
    uint32_t sum;
    GM_TRY(gm_wfdb_piece_decode(&r->piece, i, counts, &first, &sum));
    GM_TRY(verify(r, part, &part->h->signals[i], i, first, sum));
    return rescale(r, part, t, &part->h->signals[i], counts, n);
}

static gm_status read_part(record *r, const gm_wfdb_part *part)
{
    gm_status s = GM_OK;
    if (part->h && !r->piece.h) {
        s = gm_wfdb_piece_open(&r->piece, part->h, part->n_frames, r->store, part->name);
        if (s != GM_OK) return gm_fail_in(s, "%s: segment", r->name);
    }
    for (size_t i = 0; i < r->plan.n_tracks && s == GM_OK; i++)
        s = read_signal(r, part, i);
    gm_wfdb_piece_close(&r->piece);
    return s;
}

/* Sample 0 of a skewed signal is that many frames further on. */
static gm_status take_out_skew(record *r, size_t track)
{
    const gm_wfdb_signal *s = r->plan.tracks[track].described;
    gm_ecg_channel *c = channel_of(r, track);
    if (!c || !s->skew_stated) return GM_OK;
    c->skew_ms = 0; /* from here on */
    size_t n = r->plan.n_frames * s->samples_per_frame,
           shift = (size_t)s->skew_frames * s->samples_per_frame;
    if (shift == 0) return GM_OK;
    if (shift >= n)
        return gm_fail(GM_EFORMAT, "%s: signal %s: a skew of %ld frames, the record has %zu",
                       r->name, title(&r->plan.tracks[track]), s->skew_frames, r->plan.n_frames);
    size_t n_lost = 0;
    for (size_t i = 0; i < shift; i++)
        n_lost += c->counts[i] != GM_ECG_MISSING_COUNT;
    memmove(c->counts, c->counts + shift, (n - shift) * sizeof *c->counts);
    fill_missing(c->counts + n - shift, shift);
    if (!n_lost) return GM_OK;
    return gm_ecg_note(
        r->e,
        "signal %s: its skew of %g ms is taken out; its first %zu samples precede the "
        "record's sample 0 and are left off",
        title(&r->plan.tracks[track]), 1000.0 * (double)s->skew_frames / r->plan.rate_hz, shift);
}

static gm_status describe(record *r, size_t track)
{
    const gm_wfdb_track *t = &r->plan.tracks[track];
    gm_ecg_channel *c = channel_of(r, track);
    if (!c) return GM_OK;
    const char *unit = t->first->unit;
    GM_TRY(gm_ecg_set(&c->name, t->described->name));
    GM_TRY(gm_ecg_set(&c->unit, unit));
    c->lead = gm_lead_index(t->described->name);
    c->baseline = t->baseline;
    c->mv_per_count = gm_ecg_unit_mv(unit ? unit : "mV") / t->gain; /* mV: see header(5) */
    if (isnan(t->gain))
        GM_TRY(gm_ecg_note(r->e, "signal %s: no gain stated: its voltage is unknown", title(t)));
    if (t->is_rescaled)
        GM_TRY(
            gm_ecg_note(r->e,
                        "signal %s: its gain or baseline changes from segment to segment: counts "
                        "brought, exactly, to gain %.10g and baseline %.0f",
                        title(t), t->gain, t->baseline));
    return take_out_skew(r, track);
}

/* ---- the record --------------------------------------------------------------------------------- */

/* Only segments and signals without a file can promise more samples than the files have room for. */
static gm_status check_size(const record *r)
{
    const gm_wfdb_plan *p = &r->plan;
    size_t most = r->store->max_samples ? r->store->max_samples : GM_WFDB_MAX_SAMPLES, in_frame = 0;
    bool is_bounded = p->head->n_segments == 0;
    for (size_t i = 0; i < p->n_tracks; i++) {
        in_frame += p->tracks[i].described->samples_per_frame;
        is_bounded = is_bounded && p->tracks[i].described->format;
    }
    if (!is_bounded && p->n_frames > most / in_frame)
        return gm_fail(GM_EFORMAT, "%s: %zu frames of %zu samples, allowed are %zu samples",
                       r->name, p->n_frames, in_frame, most);
    return GM_OK;
}

/* An ordinary record's files are opened first: they may be what says how long it is. */
static gm_status open_ordinary(record *r)
{
    gm_wfdb_plan *p = &r->plan;
    if (p->head->n_segments) return GM_OK;
    GM_TRY(gm_wfdb_piece_open(&r->piece, p->head, 0, r->store, r->name));
    p->n_frames = p->parts[0].n_frames = r->piece.n_frames;
    return GM_OK;
}

static gm_status read_marks(record *r)
{
    const char *leaf = gm_path_leaf(r->name);
    char file[512], *bytes;
    size_t length;
    if (!gm_path_ends_with(leaf, ".hea") || strlen(leaf) >= sizeof file) return GM_OK;
    snprintf(file, sizeof file, "%.*s.atr", (int)(strlen(leaf) - strlen(".hea")), leaf);
    gm_status s = r->store->load(r->store->self, &bytes, &length, file, MAX_ANNOTATION_BYTES);
    if (s == GM_ENOTFOUND) return GM_OK;
    gm_annotations *a = NULL;
    if (s == GM_OK) {
        s = gm_annotations_parse(&a, bytes, length, file);
        gm_free(bytes);
    }
    if (s == GM_ENOMEM) return s;
    if (s != GM_OK) return gm_ecg_note(r->e, "annotations not read: %s", gm_error_text());
    s = gm_wfdb_add_marks(r->e, a, r->places, r->plan.n_tracks, r->plan.rate_hz);
    gm_annotations_destroy(a);
    return s;
}

static gm_status read_all(record *r)
{
    const gm_wfdb_plan *p = &r->plan;
    GM_TRY(open_ordinary(r));
    GM_TRY(check_size(r));
    GM_TRY(make_groups(r));
    for (size_t i = 0; i < p->n_parts; i++)
        GM_TRY(read_part(r, &p->parts[i]));
    for (size_t i = 0; i < p->n_tracks; i++)
        GM_TRY(describe(r, i));
    GM_TRY(gm_wfdb_read_facts(r->e, p->head));
    if (p->layout) GM_TRY(gm_wfdb_read_facts(r->e, p->layout));
    GM_TRY(read_marks(r));
    for (size_t k = 0; k < r->e->n_others; k++)
        GM_TRY(gm_ecg_finish(r->e->others[k], r->name));
    return gm_ecg_finish(r->e, r->name);
}

gm_status gm_wfdb_read(gm_ecg **out, const char *header, size_t length, const char *name,
                       const gm_wfdb_store *store)
{
    *out = NULL;
    record r = {.store = store, .name = name};
    GM_TRY(gm_wfdb_plan_make(&r.plan, header, length, name, store));
    gm_status s = read_all(&r);
    gm_wfdb_piece_close(&r.piece);
    gm_wfdb_plan_free(&r.plan);
    gm_free(r.places);
    if (s != GM_OK)
        gm_ecg_destroy(r.e);
    else
        *out = r.e;
    return s;
}

static gm_status load_beside(void *self, char **bytes, size_t *length, const char *name,
                             size_t max_bytes)
{
    char *path = gm_path_beside(self, name);
    if (!path) return gm_fail(GM_ENOMEM, "%s: no memory", name);
    gm_status s = gm_file_read(bytes, length, path, max_bytes);
    gm_free(path);
    return s;
}

static gm_status read_record(gm_ecg **out, const char *path, const char *bytes, size_t length)
{
    char *self = gm_strdup(path);
    if (!self) return gm_fail(GM_ENOMEM, "%s: no memory", path);
    gm_wfdb_store store = {.load = load_beside, .self = self};
    gm_status s = gm_wfdb_read(out, bytes, length, path, &store);
    gm_free(self);
    return s;
}

/* The first line that is no comment reads "name count [number ...": nothing else looks like it. */
static bool looks_like_a_header(const char *bytes, size_t length)
{
    const char *p = bytes, *end = bytes + length;
    while (p < end && (*p == '#' || *p == '\n' || *p == '\r')) {
        p = memchr(p, '\n', (size_t)(end - p));
        if (!p) return false;
        p++;
    }
    char line[200];
    size_t n = 0;
    while (p < end && n < sizeof line - 1 && *p != '\n')
        line[n++] = *p++;
    line[n] = 0;
    char name[100];
    int n_signals, used = 0;
    if (sscanf(line, "%99s %d%n", name, &n_signals, &used) != 2) return false;
    if (strpbrk(name, ",;\t\"")) return false;
    while (line[used] == ' ')
        used++;
    return !line[used] || isspace((unsigned char)line[used]) || strchr("+-.", line[used]) ||
           isdigit((unsigned char)line[used]);
}

const gm_ecg_format gm_ecg_format_wfdb = {.id = "WFDB",
                                          .ending = ".hea",
                                          .sniff = looks_like_a_header,
                                          .read = read_record,
                                          .write = gm_wfdb_write};
