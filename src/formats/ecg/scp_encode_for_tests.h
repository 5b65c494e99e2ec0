/* scp_encode_for_tests.h - an SCP-ECG record from scratch, for tests and fuzz seeds.
 *
 * No Huffman-coded SCP-ECG file is at hand, so this encoder is written independently of the reader: codes are
 * made from the standard's rule as strings of 0 and 1 (value k: |k| ones, a zero, the sign), not from the
 * reader's table; the checksum is by table, not by bit. That reader and encoder agree proves only that they
 * read the standard alike; the standard's own worked example (scp_test.c) ties both to it.
 */
#ifndef GM_ECG_SCP_ENCODE_FOR_TESTS_H
#define GM_ECG_SCP_ENCODE_FOR_TESTS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

typedef enum { SCP_PLAIN, SCP_DEFAULT, SCP_CUSTOM } scp_coding;
enum { SCP_LEADS = 12, SCP_ZONES = 16 };

typedef struct {
    unsigned type, from, fiducial, to, keep_from, keep_to; /* sample numbers from 1 */
} scp_zone;

typedef struct {
    scp_coding coding;
    int differences;
    size_t n_leads, n; /* samples of each lead */
    int ids[SCP_LEADS];
    unsigned starts[SCP_LEADS];       /* sample numbers */
    const int16_t *counts[SCP_LEADS]; /* [n] */
    unsigned nv, interval_us;
    /* Reference beat: section 5 if n_beat, subtracted if so. */
    size_t n_beat;
    const int16_t *beat[SCP_LEADS]; /* [n_beat] */
    unsigned beat_nv, beat_mark;
    bool subtract;
    scp_zone zones[SCP_ZONES];
    size_t n_zones;
    unsigned decimation; /* 1: not bimodal */
    bool merged;         /* fewer samples than decimation are stored as their first */
    const char *patient; /* fields of section 1 without the last tag; NULL: none */
    size_t patient_length;
    bool results;  /* sections 7, 8, 10, 11 */
    bool nameless; /* no "SCPECG", as before protocol 1.3 */
} scp_sample;

static inline void scp_put(gm_text *t, unsigned long value, int n_bytes)
{
    for (int i = 0; i < n_bytes; i++) {
        unsigned char byte = (unsigned char)(value >> 8 * i);
        gm_text_add_bytes(t, &byte, 1);
    }
}

static inline unsigned scp_checksum(const char *bytes, size_t n)
{
    unsigned table[256], crc = 0xFFFF;
    for (unsigned i = 0; i < 256; i++) {
        table[i] = i << 8;
        for (int k = 0; k < 8; k++)
            table[i] = (table[i] << 1 ^ (table[i] >> 15 & 1) * 0x1021) & 0xFFFF;
    }
    for (size_t i = 0; i < n; i++)
        crc = (crc << 8 & 0xFF00) ^ table[crc >> 8 ^ (unsigned char)bytes[i]];
    return crc;
}

/* Sets the checksum in the two bytes at `start` of what follows them up to `end`. */
static inline void scp_seal(gm_text *t, size_t start, size_t end)
{
    unsigned crc = scp_checksum(t->data + start + 2, end - start - 2);
    t->data[start] = (char)(crc & 255);
    t->data[start + 1] = (char)(crc >> 8);
}

/* Puts right all checksums of a record whose bytes were changed. */
static inline void scp_reseal(gm_text *t)
{
    const unsigned char *p = (const unsigned char *)t->data;
    for (size_t at = 6; at + 16 <= t->length;) {
        size_t n = p[at + 4] | (size_t)p[at + 5] << 8 | (size_t)p[at + 6] << 16;
        if (n < 16 || n > t->length - at) break;
        scp_seal(t, at, at + n);
        at += n;
    }
    scp_seal(t, 0, t->length);
}

/* ---- bits ---- */

typedef struct {
    gm_text bytes;
    int n_bits; /* of the last byte */
} scp_bits;

static inline void scp_bit(scp_bits *b, int bit)
{
    if (b->n_bits == 0) scp_put(&b->bytes, 0, 1);
    if (bit && b->bytes.length) b->bytes.data[b->bytes.length - 1] |= (char)(0x80 >> b->n_bits);
    b->n_bits = (b->n_bits + 1) % 8;
}

static inline void scp_string(scp_bits *b, const char *bits)
{
    for (; *bits; bits++)
        scp_bit(b, *bits == '1');
}

static inline void scp_number(scp_bits *b, int value, int n)
{
    for (int i = n - 1; i >= 0; i--)
        scp_bit(b, value >> i & 1);
}

static inline void scp_code_default(scp_bits *b, int v)
{
    int size = abs(v);
    if (size > 8) {
        scp_string(b, v >= -128 && v <= 127 ? "1111111110" : "1111111111");
        scp_number(b, v, v >= -128 && v <= 127 ? 8 : 16);
        return;
    }
    for (int i = 0; i < size; i++)
        scp_bit(b, 1);
    scp_bit(b, 0);
    if (size) scp_bit(b, v < 0);
}

/* Two tables of our own. 1: 0, +1, -1, switch to 2, 16 bits. 2: 64 + 7 bits, switch to 1, 16 bits. */
static const struct {
    const char *prefix;
    int further, switches, value;
} scp_tables[2][5] = {
    {{"0", 0, 0, 0}, {"10", 0, 0, 1}, {"110", 0, 0, -1}, {"1110", 0, 1, 2}, {"1111", 16, 0, 0}},
    {{"0", 7, 0, 64}, {"100", 0, 1, 1}, {"11", 16, 0, 0}, {"101", 0, 0, -2}, {NULL, 0, 0, 0}}};

static inline void scp_code_custom(scp_bits *b, int v, int *table)
{
    bool small = v >= -1 && v <= 1, middle = (v >= 0 && v < 128) || v == -2;
    if ((*table == 1 && !small && middle) || (*table == 2 && small)) {
        scp_string(b, *table == 1 ? "1110" : "100");
        *table = 3 - *table;
    }
    if (*table == 1 && small)
        scp_string(b, v == 0 ? "0" : v > 0 ? "10" : "110");
    else if (*table == 2 && v == -2)
        scp_string(b, "101");
    else if (*table == 2 && middle) {
        scp_string(b, "0");
        scp_number(b, v - 64, 7);
    } else {
        scp_string(b, *table == 1 ? "1111" : "11");
        scp_number(b, v, 16);
    }
}

/* ---- sections ---- */

/* Samples as a lead of section 5 or 6: differences, codes, an even number of bytes. */
static inline void scp_lead_bytes(gm_text *out, const scp_sample *d, const int16_t *x, size_t n)
{
    scp_bits b = {0};
    int table = 1;
    for (size_t i = 0; i < n; i++) {
        int v = x[i];
        if (d->differences == 1 && i > 0) v = x[i] - x[i - 1];
        if (d->differences == 2 && i > 1) v = x[i] - 2 * x[i - 1] + x[i - 2];
        v = (int16_t)(uint16_t)v;
        if (d->coding == SCP_PLAIN)
            scp_put(&b.bytes, (uint16_t)v, 2);
        else if (d->coding == SCP_DEFAULT)
            scp_code_default(&b, v);
        else
            scp_code_custom(&b, v, &table);
    }
    if (b.bytes.length % 2) scp_put(&b.bytes, 0, 1);
    gm_text_add_bytes(out, b.bytes.data, b.bytes.length);
    if (b.bytes.failed) out->failed = true;
    gm_text_free(&b.bytes);
}

static inline bool scp_is_kept(const scp_sample *d, unsigned number)
{
    for (size_t k = 0; k < d->n_zones; k++)
        if (number >= d->zones[k].keep_from && number <= d->zones[k].keep_to && d->zones[k].keep_to)
            return true;
    return false;
}

/* What section 6 stores of a lead: the rest after subtraction, means of runs outside the protected areas. */
static inline size_t scp_stored(const scp_sample *d, size_t lead, int16_t *out)
{
    int16_t *rest = malloc((d->n + 1) * sizeof *rest);
    size_t n = 0;
    for (size_t i = 0; rest && i < d->n; i++) {
        unsigned number = d->starts[lead] + (unsigned)i;
        rest[i] = d->counts[lead][i];
        for (size_t k = 0; d->subtract && k < d->n_zones; k++)
            if (d->zones[k].type == 0 && number >= d->zones[k].from && number <= d->zones[k].to)
                rest[i] =
                    (int16_t)(rest[i] -
                              (int)(d->beat_nv / d->nv) *
                                  d->beat[lead][number - d->zones[k].fiducial + d->beat_mark - 1]);
    }
    for (size_t i = 0; rest && i < d->n;) {
        size_t run = 0;
        long sum = 0;
        while (run < d->decimation && i + run < d->n &&
               !scp_is_kept(d, d->starts[lead] + (unsigned)(i + run)))
            sum += rest[i + run++];
        if (run == d->decimation && run > 1) {
            out[n++] = (int16_t)(sum / (long)run);
            i += run;
        } else {
            size_t few = run && !d->merged ? run : 1;
            for (size_t k = 0; k < few; k++)
                out[n++] = rest[i + k];
            i += run ? run : 1;
        }
    }
    free(rest);
    return n;
}

static inline void scp_block(gm_text *t, const scp_sample *d, bool beat)
{
    gm_text all = {0};
    scp_put(t, beat ? d->beat_nv : d->nv, 2);
    scp_put(t, d->interval_us * (beat ? 1 : d->decimation), 2);
    scp_put(t, (unsigned long)d->differences, 1);
    scp_put(t, !beat && d->decimation > 1, 1);
    int16_t *stored = malloc((d->n + 1) * sizeof *stored);
    for (size_t i = 0; stored && i < d->n_leads; i++) {
        size_t before = all.length, n = beat ? d->n_beat : scp_stored(d, i, stored);
        scp_lead_bytes(&all, d, beat ? d->beat[i] : stored, n);
        scp_put(t, all.length - before, 2);
    }
    free(stored);
    gm_text_add_bytes(t, all.data, all.length);
    gm_text_free(&all);
}

static inline void scp_huffman_section(gm_text *t, const scp_sample *d)
{
    if (d->coding == SCP_DEFAULT) {
        scp_put(t, 19999, 2);
        return;
    }
    scp_put(t, 2, 2);
    for (int k = 0; k < 2; k++) {
        size_t n = scp_tables[k][4].prefix ? 5 : 4;
        scp_put(t, n, 2);
        for (size_t i = 0; i < n; i++) {
            unsigned long code = 0;
            size_t bits = strlen(scp_tables[k][i].prefix);
            for (size_t j = 0; j < bits; j++)
                code |= (unsigned long)(scp_tables[k][i].prefix[j] == '1') << j;
            scp_put(t, bits, 1);
            scp_put(t, bits + (size_t)scp_tables[k][i].further, 1);
            scp_put(t, !scp_tables[k][i].switches, 1);
            scp_put(t, (uint16_t)scp_tables[k][i].value, 2);
            scp_put(t, code, 4);
        }
    }
}

static inline void scp_leads_section(gm_text *t, const scp_sample *d)
{
    scp_put(t, d->n_leads, 1);
    scp_put(t, (unsigned long)d->subtract | 4 | d->n_leads << 3, 1);
    for (size_t i = 0; i < d->n_leads; i++) {
        scp_put(t, d->starts[i], 4);
        scp_put(t, d->starts[i] + d->n - 1, 4);
        scp_put(t, (unsigned long)d->ids[i], 1);
    }
}

static inline void scp_qrs_section(gm_text *t, const scp_sample *d)
{
    scp_put(t, d->n_beat * d->interval_us / 1000, 2);
    scp_put(t, d->beat_mark, 2);
    scp_put(t, d->n_zones, 2);
    for (size_t k = 0; k < d->n_zones; k++) {
        scp_put(t, d->zones[k].type, 2);
        scp_put(t, d->zones[k].from, 4);
        scp_put(t, d->zones[k].fiducial, 4);
        scp_put(t, d->zones[k].to, 4);
    }
    for (size_t k = 0; k < d->n_zones; k++) {
        scp_put(t, d->zones[k].keep_from, 4);
        scp_put(t, d->zones[k].keep_to, 4);
    }
}

/* RR 812, P 20-118, QRS 168-264, T to 560 ms, axes 41 -12 999, a spike, rates, QTc 431 (Bazett). */
static inline void scp_measurements_section(gm_text *t)
{
    static const int first[] = {20, 118, 168, 264, 560, 41, -12, 999};
    scp_put(t, 1, 1);
    scp_put(t, 1, 1);
    scp_put(t, 812, 2);
    scp_put(t, 29999, 2);
    for (size_t i = 0; i < 8; i++)
        scp_put(t, (uint16_t)first[i], 2);
    scp_put(t, 100, 2);
    scp_put(t, (uint16_t)-900, 2);
    scp_put(t, 0, 6);
    scp_put(t, 2, 2);
    scp_put(t, 0, 2);
    scp_put(t, 74, 2);
    scp_put(t, 29999, 2);
    scp_put(t, 431, 2);
    scp_put(t, 1, 1);
    scp_put(t, 0, 2);
}

static inline void scp_statements_section(gm_text *t, int section)
{
    static const char first[] = "SINUS RHYTHM", codes[] = "\1SR\0NORM";
    scp_put(t, 1, 1);
    gm_text_add_bytes(t, "\xE8\x07\x02\x1D\x0A\x0B\x0C", 7);
    scp_put(t, section == 8 ? 2 : 1, 1);
    scp_put(t, 1, 1);
    scp_put(t, section == 8 ? sizeof first : sizeof codes, 2);
    gm_text_add_bytes(t, section == 8 ? first : codes, section == 8 ? sizeof first : sizeof codes);
    if (section != 8) return;
    scp_put(t, 2, 1);
    scp_put(t, 0, 2);
}

/* Lead V1 (id 3): P duration 98, PR unknown, QRS 90; an aVR that is not stored: P 97. */
static inline void scp_lead_values_section(gm_text *t)
{
    scp_put(t, 2, 2);
    scp_put(t, 0, 2);
    scp_put(t, 3, 2);
    scp_put(t, 6, 2);
    scp_put(t, 98, 2);
    scp_put(t, 29999, 2);
    scp_put(t, 90, 2);
    scp_put(t, 62, 2);
    scp_put(t, 2, 2);
    scp_put(t, 97, 2);
}

static inline bool scp_section_data(gm_text *t, const scp_sample *d, int id)
{
    bool is_there = false;
    switch (id) {
    case 1:
        gm_text_add_bytes(t, d->patient, d->patient ? d->patient_length : 0);
        gm_text_add_bytes(t, "\xFF\0\0", 3);
        return true;
    case 2: is_there = d->coding != SCP_PLAIN; break;
    case 3: is_there = true; break;
    case 4: is_there = d->n_zones > 0 || d->n_beat > 0; break;
    case 5: is_there = d->n_beat > 0; break;
    case 6: is_there = true; break;
    case 9: break;
    default: is_there = d->results;
    }
    if (!is_there) return false;
    if (id == 2) scp_huffman_section(t, d);
    if (id == 3) scp_leads_section(t, d);
    if (id == 4) scp_qrs_section(t, d);
    if (id == 5 || id == 6) scp_block(t, d, id == 5);
    if (id == 7) scp_measurements_section(t);
    if (id == 8 || id == 11) scp_statements_section(t, id);
    if (id == 10) scp_lead_values_section(t);
    return true;
}

static inline void scp_section_header(gm_text *t, int id, size_t length, const char *mark)
{
    scp_put(t, 0, 2);
    scp_put(t, (unsigned long)id, 2);
    scp_put(t, length, 4);
    scp_put(t, 20, 1);
    scp_put(t, 20, 1);
    gm_text_add_bytes(t, mark, 6);
}

/* The whole record, appended to *t, which must be empty. */
static inline void scp_encode(gm_text *t, const scp_sample *d)
{
    gm_text body = {0}, pointers = {0};
    size_t at = 6 + 16 + 120;
    scp_put(&pointers, 0, 2);
    scp_put(&pointers, 136, 4);
    scp_put(&pointers, 7, 4);
    for (int id = 1; id < 12; id++) {
        gm_text data = {0};
        bool is_there = scp_section_data(&data, d, id);
        if (data.length % 2) scp_put(&data, 0, 1);
        scp_put(&pointers, (unsigned long)id, 2);
        scp_put(&pointers, is_there ? data.length + 16 : 0, 4);
        scp_put(&pointers, is_there ? at + body.length + 1 : 0, 4);
        if (is_there) {
            scp_section_header(&body, id, data.length + 16, "\0\0\0\0\0\0");
            gm_text_add_bytes(&body, data.data, data.length);
        }
        gm_text_free(&data);
    }
    scp_put(t, 0, 2);
    scp_put(t, at + body.length, 4);
    scp_section_header(t, 0, 136, d->nameless ? "\0\0\0\0\0\0" : "SCPECG");
    gm_text_add_bytes(t, pointers.data, pointers.length);
    gm_text_add_bytes(t, body.data, body.length);
    gm_text_free(&body);
    gm_text_free(&pointers);
    scp_reseal(t);
}

/* A small record of two leads and two beats to start from: `n` samples of a made-up ECG, 500 Hz, 5 uV. */
enum { SCP_SMALL = 131, SCP_SMALL_BEAT = 40 };

static inline scp_sample scp_sample_defaults(void)
{
    static int16_t counts[2][SCP_SMALL], beat[2][SCP_SMALL_BEAT];
    unsigned noise = 1;
    scp_sample d = {
        .n_leads = 2, .n = SCP_SMALL, .ids = {1, 3}, .starts = {1, 1}, .nv = 5000, .beat_nv = 5000};
    d.interval_us = 2000;
    d.decimation = 1;
    d.zones[0] = (scp_zone){0, 21, 36, 60, 29, 44};
    d.zones[1] = (scp_zone){0, 77, 92, 115, 85, 101};
    d.beat_mark = 16;
    for (int lead = 0; lead < 2; lead++) {
        for (int i = 0; i < SCP_SMALL_BEAT; i++)
            beat[lead][i] = (int16_t)((i == 15            ? 180
                                       : i > 12 && i < 19 ? 40 - 30 * lead
                                                          : i / 4) *
                                      (lead ? -2 : 1));
        for (int i = 0; i < SCP_SMALL; i++) {
            noise = noise * 1103515245u + 12345u;
            counts[lead][i] = (int16_t)((int)(noise >> 16 & 7) - 3 + 20 * lead);
            for (int k = 0; k < 2; k++) {
                int of_beat = i + 1 - (int)d.zones[k].fiducial + 15;
                if (of_beat >= 0 && of_beat < SCP_SMALL_BEAT)
                    counts[lead][i] += beat[lead][of_beat];
            }
        }
        d.counts[lead] = counts[lead];
        d.beat[lead] = beat[lead];
    }
    return d;
}

#endif
