#include "core/alloc.h"
#include "ecg/scp_parts.h"

enum { BLOCK_HEADER = 6, BIMODAL = 1, MOST_DECIMATION = 8, MOST_DIFFERENCES = 2 };

/* What sections 5 and 6 have in common: scale, interval, coding, a byte length and the bytes of each lead. */
static gm_status read_block(gm_scp_signal *s, const gm_scp_file *f, int section,
                            const gm_scp_layout *l)
{
    const gm_scp_section *data = &f->sections[section];
    size_t lengths_end = BLOCK_HEADER + 2 * l->n_leads, at = lengths_end;
    s->section = section;
    if (data->length < lengths_end)
        return gm_scp_fail(f, section, "%zu bytes, the lengths of %zu leads need %zu", data->length,
                           l->n_leads, lengths_end);
    s->nv_per_count = gm_scp_u16(data->data);
    s->interval_us = gm_scp_u16(data->data + 2);
    s->coding = data->data[4];
    s->flags = data->data[5];
    if (s->interval_us == 0) return gm_scp_fail(f, section, "a sample interval of 0 us");
    if (s->coding > MOST_DIFFERENCES)
        return gm_scp_fail(f, section, "difference coding %u, allowed are 0 to 2", s->coding);
    for (size_t i = 0; i < l->n_leads; i++) {
        s->n_bytes[i] = gm_scp_u16(data->data + BLOCK_HEADER + 2 * i);
        s->data[i] = data->data + at;
        if (s->n_bytes[i] > data->length - at)
            return gm_scp_fail(f, section, "lead %s: %u bytes, %zu are left in the section",
                               gm_scp_lead_name(l->leads[i].id), s->n_bytes[i], data->length - at);
        at += s->n_bytes[i];
    }
    return GM_OK;
}

/* 5.8.3 and 5.9.3: x[i] is stored as its first or second difference. Samples have 16 bits, and so has the
 * arithmetic: a difference that did not fit comes back right. */
static void undo_differences(int16_t *x, size_t n, unsigned order)
{
    for (size_t i = order; order == 1 && i < n; i++)
        x[i] = (int16_t)(uint16_t)(x[i] + x[i - 1]);
    for (size_t i = order; order == 2 && i < n; i++)
        x[i] = (int16_t)(uint16_t)(x[i] + 2 * x[i - 1] - x[i - 2]);
}

/* The samples of a lead as stored, at most `most` of them if they are coded: the bits after the last are
 * padding. Uncoded bytes are all taken. The caller frees *out. */
static gm_status stored_samples(int16_t **out, size_t *n, const gm_scp_signal *s, size_t i,
                                size_t most, const gm_scp_file *f, const gm_scp_layout *l,
                                const gm_scp_huffman *h)
{
    const unsigned char *bytes = s->data[i];
    size_t room = s->n_bytes[i] / 2;
    if (h) room = most < 8 * (size_t)s->n_bytes[i] ? most : 8 * (size_t)s->n_bytes[i];
    *out = gm_calloc(room + 1, sizeof **out);
    if (!*out) return gm_fail(GM_ENOMEM, "%s: no memory for %zu samples", f->name, room);
    *n = room;
    for (size_t k = 0; !h && k < room; k++)
        (*out)[k] = (int16_t)gm_scp_u16(bytes + 2 * k);
    gm_status status = h ? gm_scp_huffman_decode(h, bytes, s->n_bytes[i], room, *out, n) : GM_OK;
    if (status == GM_EFORMAT)
        status = gm_fail_in(status, "%s: section %d: lead %s", f->name, s->section,
                            gm_scp_lead_name(l->leads[i].id));
    undo_differences(*out, *n, s->coding);
    return status;
}

/* The next protected area of a lead at or after sample number `at`, as from <= number < to; both `end` if
 * there is none before `end`. */
static void next_area(const gm_scp_layout *l, size_t *k, uint64_t at, uint64_t end, uint64_t *from,
                      uint64_t *to)
{
    *from = *to = end;
    for (; *k < l->n_beats; ++*k) {
        const gm_scp_beat *b = &l->beats[*k];
        if (b->keep_to == 0 || b->keep_to < b->keep_from || b->keep_to < at) continue;
        if (b->keep_from >= end) break;
        *from = b->keep_from > at ? b->keep_from : at;
        *to = (uint64_t)b->keep_to + 1 < end ? (uint64_t)b->keep_to + 1 : end;
        ++*k;
        return;
    }
}

/* Outside the protected areas each run of `factor` samples is stored as one. The last few of a stretch,
 * fewer than factor, are stored one by one (SCP-AV) or as one (`merged`; PixelMed).
 * ECGToolkit writes areas that leave none. */
static size_t stored_count(const gm_scp_layout *l, const gm_scp_lead *lead, unsigned factor,
                           bool merged)
{
    uint64_t at = lead->start, end = at + gm_scp_declared(lead), from, to;
    size_t n = 0;
    for (size_t k = 0; at < end; at = to) {
        next_area(l, &k, at, end, &from, &to);
        size_t few = (from - at) % factor;
        n += (from - at) / factor + (merged ? few > 0 : few) + (to - from);
    }
    return n;
}

/* n * factor samples from n: linear between the middles of the runs, level before the first middle and
 * after the last. */
static void interpolate(int32_t *out, const int16_t *in, size_t n, unsigned factor)
{
    int f = (int)factor;
    for (size_t i = 0; i < n * factor; i++) {
        size_t past = i < factor / 2 ? 0 : i - factor / 2, k = past / factor;
        int rest = (int)(past % factor);
        if (k + 1 >= n) {
            out[i] = in[n - 1];
            continue;
        }
        int rise = (in[k + 1] - in[k]) * rest;
        out[i] = in[k] + (rise + (rise < 0 ? -f : f) / 2) / f;
    }
}

/* Brings the stored samples to the full rate; stops where they end. */
static void expand(gm_scp_signal *s, size_t i, const int16_t *in, size_t n_in,
                   const gm_scp_layout *l)
{
    const gm_scp_lead *lead = &l->leads[i];
    unsigned factor = s->decimation;
    size_t one_by_one = stored_count(l, lead, factor, false);
    size_t as_one = stored_count(l, lead, factor, true);
    bool merged = n_in < one_by_one && n_in >= as_one;
    s->leftovers |= one_by_one != as_one;
    s->merged |= merged;
    uint64_t at = lead->start, end = at + gm_scp_declared(lead), from, to;
    int32_t *out = s->counts[i];
    size_t used = 0, n = 0;
    for (size_t k = 0; at < end; at = to) {
        next_area(l, &k, at, end, &from, &to);
        size_t wanted = (from - at) / factor, few = (from - at) % factor;
        size_t runs = wanted < n_in - used ? wanted : n_in - used;
        interpolate(out + n, in + used, runs, factor);
        used += runs;
        n += runs * factor;
        s->n_interpolated += runs * factor;
        if (runs < wanted) break;
        for (size_t j = 0; j < few && used < n_in; j++) {
            out[n++] = in[used];
            used += !merged || j + 1 == few;
            s->n_interpolated += merged;
        }
        for (uint64_t j = from; j < to && used < n_in; j++)
            out[n++] = in[used++];
    }
    s->n[i] = n;
}

static gm_status decode_lead(gm_scp_signal *s, size_t i, const gm_scp_file *f,
                             const gm_scp_layout *l, const gm_scp_huffman *h)
{
    int16_t *stored = NULL;
    size_t n = 0, most = s->declared[i];
    if (s->decimation > 1) most = stored_count(l, &l->leads[i], s->decimation, false);
    gm_status status = stored_samples(&stored, &n, s, i, most, f, l, h);
    /* Each stored sample becomes `decimation` at most. */
    if (status == GM_OK) s->counts[i] = gm_calloc(n * s->decimation + 1, sizeof *s->counts[i]);
    if (status == GM_OK && !s->counts[i])
        status = gm_fail(GM_ENOMEM, "%s: no memory for %zu samples", f->name, n * s->decimation);
    if (status == GM_OK && s->decimation > 1) {
        expand(s, i, stored, n, l);
    } else if (status == GM_OK) {
        for (size_t k = 0; k < n; k++)
            s->counts[i][k] = stored[k];
        s->n[i] = n;
    }
    gm_free(stored);
    return status;
}

static gm_status decode_leads(gm_scp_signal *s, const gm_scp_file *f, const gm_scp_layout *l,
                              const gm_scp_huffman *h)
{
    gm_status status = GM_OK;
    for (size_t i = 0; i < l->n_leads && status == GM_OK; i++)
        status = decode_lead(s, i, f, l, h);
    if (status != GM_OK) gm_scp_signal_free(s);
    return status;
}

gm_status gm_scp_beat_read(gm_scp_signal *beat, const gm_scp_file *f, const gm_scp_layout *l,
                           const gm_scp_huffman *h)
{
    *beat = (gm_scp_signal){.decimation = 1};
    if (!f->sections[5].data) return GM_OK;
    GM_TRY(read_block(beat, f, 5, l));
    for (size_t i = 0; i < l->n_leads; i++)
        beat->declared[i] = l->beat_ms * 1000UL / beat->interval_us;
    return decode_leads(beat, f, l, h);
}

/* How many samples of the full rate, that of the reference beat, one outside the protected areas is. */
static gm_status find_decimation(gm_scp_signal *s, const gm_scp_signal *beat, const gm_scp_file *f,
                                 const gm_scp_layout *l)
{
    s->decimation = 1;
    if (l->subtracted && (!beat->section || !f->sections[4].data))
        return gm_scp_fail(
            f, 6, "holds what is left after subtracting a reference beat, but section %d, %s",
            beat->section ? 4 : 5, "which is needed to add it again, is missing");
    if (!beat->section || (!l->subtracted && !(s->flags & BIMODAL))) return GM_OK;
    unsigned ratio = s->interval_us / beat->interval_us;
    if (s->interval_us % beat->interval_us || ratio > MOST_DECIMATION)
        return gm_scp_fail(
            f, 6,
            "a sample interval of %u us, that of the reference beat is %u: expected 1 to "
            "%d times as much",
            s->interval_us, beat->interval_us, MOST_DECIMATION);
    s->decimation = ratio;
    return GM_OK;
}

gm_status gm_scp_rhythm_read(gm_scp_signal *rhythm, const gm_scp_signal *beat, const gm_scp_file *f,
                             const gm_scp_layout *l, const gm_scp_huffman *h)
{
    *rhythm = (gm_scp_signal){.decimation = 1};
    if (!f->sections[6].data) return gm_scp_fail(f, 6, "missing: the record holds no rhythm data");
    GM_TRY(read_block(rhythm, f, 6, l));
    GM_TRY(find_decimation(rhythm, beat, f, l));
    for (size_t i = 0; i < l->n_leads; i++)
        rhythm->declared[i] = gm_scp_declared(&l->leads[i]);
    return decode_leads(rhythm, f, l, h);
}

void gm_scp_signal_free(gm_scp_signal *s)
{
    for (size_t i = 0; i < GM_SCP_MAX_LEADS; i++) {
        gm_free(s->counts[i]);
        s->counts[i] = NULL;
    }
}
