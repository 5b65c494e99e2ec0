#include "ecg/scp.h"

#include <string.h>

#include "core/alloc.h"
#include "ecg/build.h"
#include "ecg/format.h"
#include "ecg/scp_parts.h"

/* Leads may follow one another in time (12 one by one: 12), and no record is longer than this. */
enum { MOST_SPREAD = 16, MOST_COUNTS = 1 << 26, MARK = 16 };
static const double mv_per_nv = 1e-6;

typedef struct {
    gm_scp_file file;
    gm_scp_layout layout;
    gm_scp_huffman *huffman;
    gm_scp_signal beat, rhythm;
} record;

static unsigned common_divisor(unsigned a, unsigned b)
{
    while (b) {
        unsigned rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Number of samples that cover all leads; `places` says whether each has its own start. */
static gm_status find_span(const record *r, const gm_scp_signal *s, bool places, size_t *span)
{
    const gm_scp_layout *l = &r->layout;
    size_t total = 0;
    *span = 0;
    for (size_t i = 0; i < l->n_leads; i++) {
        size_t end = s->n[i] + (places ? l->leads[i].start - l->first : 0);
        if (s->n[i] && end > *span) *span = end;
        total += s->n[i];
    }
    if (total == 0) return gm_scp_fail(&r->file, s->section, "no lead holds a sample");
    if (*span > MOST_COUNTS / l->n_leads || *span > total * MOST_SPREAD / l->n_leads)
        return gm_scp_fail(&r->file, 3,
                           "%zu leads spread over %zu samples, but only %zu are stored", l->n_leads,
                           *span, total);
    return GM_OK;
}

static void fill_counts(gm_ecg_channel *c, size_t n_samples, const int32_t *counts, size_t n,
                        size_t place)
{
    for (size_t k = 0; k < n_samples; k++)
        c->counts[k] = k >= place && k - place < n ? counts[k - place] : GM_ECG_MISSING_COUNT;
}

/* The leads of one section on one time axis. */
static gm_status lay_out(gm_ecg **out, const record *r, const gm_scp_signal *s, bool places)
{
    size_t span;
    GM_TRY(find_span(r, s, places, &span));
    gm_ecg *e;
    GM_TRY(gm_ecg_create(&e, "SCP-ECG", r->layout.n_leads, span));
    e->rate_hz = 1e6 * s->decimation / s->interval_us;
    gm_status status = gm_ecg_set(&e->group, places ? "RHYTHM" : "REFERENCE BEAT");
    for (size_t i = 0; i < e->n_channels && status == GM_OK; i++) {
        const gm_scp_lead *lead = &r->layout.leads[i];
        gm_ecg_channel *c = &e->channels[i];
        c->lead = gm_scp_lead_index(lead->id);
        if (s->nv_per_count) c->mv_per_count = s->nv_per_count * mv_per_nv;
        if (r->layout.simultaneous) c->skew_ms = 0;
        fill_counts(c, span, s->counts[i], s->n[i], places ? lead->start - r->layout.first : 0);
        status = gm_ecg_set(&c->name, gm_scp_lead_name(lead->id));
    }
    *out = e;
    return gm_ecg_keep(out, status);
}

/* Brings the rhythm to the finest scale that holds it and the reference beat; *beat_scale is what a count
 * of the beat is then. */
static gm_status unite_scales(gm_ecg *e, const record *r, int32_t *beat_scale)
{
    unsigned own = r->rhythm.nv_per_count, other = r->beat.nv_per_count;
    unsigned common = common_divisor(own, other);
    if (!own || !other) return gm_scp_fail(&r->file, own ? 5 : 6, "an amplitude of 0 nV a count");
    /* Each is at most 32,768 counts. */
    if (own / common + other / common > INT32_MAX / 32768)
        return gm_scp_fail(&r->file, 5, "%u nV a count cannot be added to the %u nV of section 6",
                           other, own);
    *beat_scale = (int32_t)(other / common);
    for (size_t c = 0; c < e->n_channels; c++) {
        e->channels[c].mv_per_count = common * mv_per_nv;
        for (size_t k = 0; k < e->n_samples; k++)
            if (e->channels[c].counts[k] != GM_ECG_MISSING_COUNT)
                e->channels[c].counts[k] *= (int32_t)(own / common);
    }
    return GM_OK;
}

/* 5.7.4: reference beat and rhythm are aligned at their fiducial samples, both counted from 1 (so do SCP-AV
 * and ECGToolkit; PixelMed counts that of the reference beat from 0). Zones follow one another: what lies
 * before *done belongs to the zone before. Returns how many samples of the zone were left as they are. */
static size_t add_beat(gm_ecg *e, const record *r, size_t lead, const gm_scp_beat *zone,
                       int32_t scale, uint64_t *done)
{
    const gm_scp_layout *l = &r->layout;
    const gm_scp_signal *beat = &r->beat;
    int32_t *counts = e->channels[lead].counts;
    size_t uncovered = 0;
    uint64_t from = zone->from > l->first ? zone->from : l->first;
    uint64_t end = (uint64_t)l->first + e->n_samples;
    for (uint64_t number = from; number <= zone->to && number < end; number++) {
        if (number < *done) {
            number = *done - 1;
            uncovered++;
            continue;
        }
        *done = number + 1;
        int64_t of_beat = (int64_t)number - zone->fiducial + l->beat_mark - 1;
        int32_t *count = &counts[number - l->first];
        if (*count == GM_ECG_MISSING_COUNT) continue;
        if (of_beat >= 0 && of_beat < (int64_t)beat->n[lead])
            *count += scale * beat->counts[lead][of_beat];
        else
            uncovered++;
    }
    return uncovered;
}

static gm_status add_beats(gm_ecg *e, const record *r)
{
    const gm_scp_layout *l = &r->layout;
    int32_t scale = 1;
    size_t uncovered = 0;
    if (!l->subtracted) return GM_OK;
    GM_TRY(unite_scales(e, r, &scale));
    for (size_t lead = 0; lead < l->n_leads; lead++) {
        uint64_t done = 0;
        for (size_t k = 0; k < l->n_beats; k++)
            if (l->beats[k].type == 0 && l->beats[k].to >= l->beats[k].from)
                uncovered += add_beat(e, r, lead, &l->beats[k], scale, &done);
    }
    if (!uncovered) return GM_OK;
    return gm_ecg_note(
        e,
        "section 4: zones of subtraction overlap or reach beyond the reference beat, at %zu "
        "places: nothing was added there",
        uncovered);
}

static gm_status note_lengths(gm_ecg *e, const record *r, const gm_scp_signal *s)
{
    size_t n_wrong = 0, first = 0, n_leads = r->layout.n_leads;
    for (size_t i = n_leads; i-- > 0;)
        if (s->n[i] != s->declared[i]) n_wrong++, first = i;
    if (!n_wrong) return GM_OK;
    return gm_ecg_note(
        e,
        "section %d: lead %s declares %zu samples, its %u bytes hold %zu (so in %zu of %zu "
        "leads): what is there is taken",
        s->section, gm_scp_lead_name(r->layout.leads[first].id), s->declared[first],
        s->n_bytes[first], s->n[first], n_wrong, n_leads);
}

static gm_status note_rhythm(gm_ecg *e, const record *r)
{
    const gm_scp_signal *s = &r->rhythm;
    if (r->layout.first == 0)
        GM_TRY(
            gm_ecg_note(e, "section 3: samples are numbered from 0, the standard begins with 1"));
    if (s->n_interpolated)
        GM_TRY(gm_ecg_note(
            e,
            "bimodal compression: outside the protected areas (section 4) one sample of %u is "
            "stored: %zu samples of all leads are interpolated, approximations",
            s->decimation, s->n_interpolated));
    if (s->leftovers)
        GM_TRY(gm_ecg_note(
            e,
            "section 4: stretches between protected areas are no multiple of %u samples; "
            "what is left of them was read as stored %s, and readers differ in this",
            s->decimation, s->merged ? "in one sample" : "one by one"));
    if ((s->flags & 1) && !r->beat.section)
        GM_TRY(gm_ecg_note(
            e, "section 6 says bimodal compression, but no reference beat gives the full rate: "
               "samples as stored"));
    if (s->nv_per_count == 0)
        GM_TRY(gm_ecg_note(e, "section 6: an amplitude of 0 nV a count: the voltage is unknown"));
    return note_lengths(e, r, s);
}

/* Group 1, if its length is known. */
static gm_status add_reference_beat(gm_ecg *e, const record *r)
{
    gm_ecg *beat;
    size_t n = 0;
    for (size_t i = 0; i < r->layout.n_leads; i++)
        n += r->beat.n[i];
    if (!r->beat.section) return GM_OK;
    if (!n)
        return gm_ecg_note(e, "section 5: the length of the reference beat is unknown: left out");
    GM_TRY(lay_out(&beat, r, &r->beat, false));
    gm_status s = gm_ecg_finish(beat, r->file.name);
    if (s != GM_OK) {
        gm_ecg_destroy(beat);
        return s;
    }
    GM_TRY(gm_ecg_add_other(e, beat));
    return note_lengths(e, r, &r->beat);
}

static gm_status fill(gm_ecg *e, const record *r)
{
    GM_TRY(gm_scp_note_integrity(e, &r->file));
    GM_TRY(note_rhythm(e, r));
    GM_TRY(add_beats(e, r));
    GM_TRY(add_reference_beat(e, r));
    GM_TRY(gm_scp_read_patient(e, &r->file));
    GM_TRY(gm_scp_read_results(e, &r->file, &r->layout));
    return gm_ecg_finish(e, r->file.name);
}

static gm_status read_huffman(record *r)
{
    const gm_scp_section *s = &r->file.sections[2];
    if (!s->data) return GM_OK;
    gm_status status = gm_scp_huffman_read(&r->huffman, s->data, s->length);
    return status == GM_EFORMAT ? gm_fail_in(status, "%s", r->file.name) : status;
}

static gm_status read_record(gm_ecg **out, record *r)
{
    GM_TRY(gm_scp_layout_read(&r->layout, &r->file));
    GM_TRY(read_huffman(r));
    GM_TRY(gm_scp_beat_read(&r->beat, &r->file, &r->layout, r->huffman));
    GM_TRY(gm_scp_rhythm_read(&r->rhythm, &r->beat, &r->file, &r->layout, r->huffman));
    GM_TRY(lay_out(out, r, &r->rhythm, true));
    return gm_ecg_keep(out, fill(*out, r));
}

gm_status gm_ecg_scp_parse(gm_ecg **out, const void *bytes, size_t length, const char *name)
{
    *out = NULL;
    gm_scp_file file;
    GM_TRY(gm_scp_open(&file, bytes, length, name));
    record *r = gm_calloc(1, sizeof *r); /* too large for a stack */
    if (!r) return gm_fail(GM_ENOMEM, "%s: no memory", name);
    r->file = file;
    gm_status s = read_record(out, r);
    gm_scp_layout_free(&r->layout);
    gm_scp_huffman_destroy(r->huffman);
    gm_scp_signal_free(&r->beat);
    gm_scp_signal_free(&r->rhythm);
    gm_free(r);
    return s;
}

static gm_status read_scp(gm_ecg **out, const char *path, const char *bytes, size_t length)
{
    return gm_ecg_scp_parse(out, bytes, length, path);
}

/* "SCPECG" in the pointer section's header; before protocol 1.3 those bytes were 0, so length and checksum
 * must then be right. */
static bool looks_like_scp(const char *bytes, size_t length)
{
    const unsigned char *p = (const unsigned char *)bytes;
    if (length < MARK + 6 || gm_scp_u16(p + 8) != 0) return false;
    if (memcmp(p + MARK, "SCPECG", 6) == 0) return true;
    return gm_scp_u32(p + 2) == length && gm_scp_crc(p + 2, length - 2) == gm_scp_u16(p);
}

const gm_ecg_format gm_ecg_format_scp = {
    .id = "SCP-ECG", .ending = ".scp", .sniff = looks_like_scp, .read = read_scp};
