/* dicom_sample.h - a small DICOM ECG made from scratch, for tests and as a seed for the fuzzer: leads I,
 * II and III, a few samples, two measurements of its "device". Its encoder is its own: it shares
 * nothing with the library's writer. Not part of the library.
 */
#ifndef GM_ECG_DICOM_SAMPLE_H
#define GM_ECG_DICOM_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

#define DICOM_EXPLICIT "1.2.840.10008.1.2.1"
#define DICOM_IMPLICIT "1.2.840.10008.1.2"
#define DICOM_DEFLATED "1.2.840.10008.1.2.1.99"
#define DICOM_BIG_ENDIAN "1.2.840.10008.1.2.2"
#define DICOM_CLASS "1.2.840.10008.5.1.4.1.1.9.1.1" /* 12-lead ECG */

typedef struct dicom_writer dicom_writer;

/* What a test may want wrong. NULL leaves a field out. */
typedef struct {
    const char *syntax, *rate, *sensitivity, *correction, *unit, *baseline, *interpretation, *label;
    const char *age, *sex, *acquired, *interval;
    const char *class_uid, *characters, *name, *skew, *time_skew, *status, *second_label;
    const char *const
        *texts; /* tag, VR and text of further facts in the patient's group, NULL ends */
    void (*annotate)(dicom_writer *); /* adds annotations */
    bool defined_lengths;
    unsigned bits, n_channels, n_definitions;
    uint32_t n_samples;
    const int16_t *counts; /* channel-interleaved */
    size_t n_counts;
} dicom_sample;

static const int16_t dicom_sample_counts[] = {80, 90, 10, -5, 15, 20, 100, 300, 200, 0, -32768, 7};

static inline dicom_sample dicom_sample_defaults(void)
{
    return (dicom_sample){.syntax = DICOM_EXPLICIT,
                          .rate = "500",
                          .sensitivity = "2.5",
                          .correction = "1",
                          .unit = "uV",
                          .baseline = "0",
                          .interpretation = "SS",
                          .label = "RHYTHM",
                          .age = "042Y",
                          .sex = "F",
                          .acquired = "20130101093000",
                          .interval = "982",
                          .class_uid = DICOM_CLASS,
                          .bits = 16,
                          .n_channels = 3,
                          .n_definitions = 3,
                          .n_samples = 4,
                          .counts = dicom_sample_counts,
                          .n_counts = 12};
}

struct dicom_writer {
    gm_text *t;
    bool implicit_vr, big_endian, defined_lengths;
    size_t starts[16]; /* of the values of open sequences and items */
    size_t n_open;
};

static inline void dicom_u16(dicom_writer *w, unsigned v)
{
    unsigned char b[2] = {v & 0xFF, v >> 8 & 0xFF}, r[2] = {b[1], b[0]};
    gm_text_add_bytes(w->t, w->big_endian ? r : b, 2);
}

static inline void dicom_u32(dicom_writer *w, uint32_t v)
{
    dicom_u16(w, w->big_endian ? v >> 16 : v & 0xFFFF);
    dicom_u16(w, w->big_endian ? v & 0xFFFF : v >> 16);
}

static inline void dicom_head(dicom_writer *w, uint32_t tag, const char *vr, uint32_t length)
{
    dicom_u16(w, tag >> 16);
    dicom_u16(w, tag & 0xFFFF);
    if (w->implicit_vr || tag >> 16 == 0xFFFE) {
        dicom_u32(w, length);
        return;
    }
    gm_text_add_bytes(w->t, vr, 2);
    if (strcmp(vr, "SQ") == 0 || vr[0] == 'O') {
        dicom_u16(w, 0);
        dicom_u32(w, length);
    } else {
        dicom_u16(w, length);
    }
}

static inline void dicom_string(dicom_writer *w, uint32_t tag, const char *vr, const char *text)
{
    if (!text) return;
    size_t n = strlen(text);
    dicom_head(w, tag, vr, (uint32_t)(n + (n & 1)));
    gm_text_add_bytes(w->t, text, n);
    if (n & 1) gm_text_add_bytes(w->t, strcmp(vr, "UI") == 0 ? "" : " ", 1);
}

static inline void dicom_number(dicom_writer *w, uint32_t tag, const char *vr, uint32_t v)
{
    bool is_long = strcmp(vr, "UL") == 0;
    dicom_head(w, tag, vr, is_long ? 4 : 2);
    if (is_long)
        dicom_u32(w, v);
    else
        dicom_u16(w, v);
}

/* Sequences and items, closed by a mark or by a length that is filled in afterwards. */
static inline void dicom_open(dicom_writer *w, uint32_t tag)
{
    dicom_head(w, tag, "SQ", 0xFFFFFFFF);
    if (w->n_open < 16) w->starts[w->n_open] = w->t->length;
    w->n_open++;
}

static inline void dicom_close(dicom_writer *w, bool item)
{
    w->n_open--;
    if (!w->defined_lengths) {
        dicom_head(w, item ? 0xFFFEE00D : 0xFFFEE0DD, "", 0);
    } else if (!w->t->failed) {
        size_t start = w->starts[w->n_open], length = w->t->length - start;
        for (int i = 0; i < 4; i++)
            w->t->data[start - 4 + (size_t)i] =
                (char)(length >> 8 * (w->big_endian ? 3 - i : i) & 0xFF);
    }
}

static inline void dicom_code(dicom_writer *w, uint32_t tag, const char *value, const char *scheme,
                              const char *meaning)
{
    if (!value) return;
    dicom_open(w, tag);
    dicom_open(w, 0xFFFEE000);
    dicom_string(w, 0x00080100, "SH", value);
    dicom_string(w, 0x00080102, "SH", scheme);
    dicom_string(w, 0x00080104, "LO", meaning);
    dicom_close(w, true);
    dicom_close(w, false);
}

static inline void dicom_channel(dicom_writer *w, const dicom_sample *s, unsigned i)
{
    static const char *const codes[] = {"5.6.3-9-1", "5.6.3-9-2", "5.6.3-9-61"};
    static const char *const names[] = {"Lead I (Einthoven)", "Lead II", "Lead III"};
    dicom_open(w, 0xFFFEE000);
    dicom_string(w, 0x003A0205, "CS", s->status);
    dicom_code(w, 0x003A0208, codes[i % 3], "SCPECG", names[i % 3]);
    dicom_string(w, 0x003A0210, "DS", s->sensitivity);
    dicom_code(w, 0x003A0211, s->unit, "UCUM", "unit");
    dicom_string(w, 0x003A0212, "DS", s->correction);
    dicom_string(w, 0x003A0213, "DS", s->baseline);
    dicom_string(w, 0x003A0214, "DS", s->time_skew);
    dicom_string(w, 0x003A0215, "DS", s->skew);
    dicom_string(w, 0x003A0220, "DS", "0.05");
    dicom_close(w, true);
}

static inline void dicom_measurement(dicom_writer *w, const char *concept_code, const char *unit,
                                     const char *value)
{
    if (!value) return;
    dicom_open(w, 0xFFFEE000);
    dicom_code(w, 0x004008EA, unit, "UCUM", "unit");
    dicom_code(w, 0x0040A043, concept_code, "SCPECG", "measurement");
    dicom_string(w, 0x0040A30A, "DS", value);
    dicom_close(w, true);
}

static inline void dicom_pairs(dicom_writer *w, uint32_t tag, const uint16_t *values, size_t n)
{
    dicom_head(w, tag, "US", (uint32_t)(2 * n));
    for (size_t i = 0; i < n; i++)
        dicom_u16(w, values[i]);
}

static inline void dicom_positions(dicom_writer *w, const uint32_t *values, size_t n)
{
    dicom_head(w, 0x0040A132, "UL", (uint32_t)(4 * n));
    for (size_t i = 0; i < n; i++)
        dicom_u32(w, values[i]);
}

/* One item, named in the scheme 99TEST; NULL, 0 and -1 leave a part out. */
static inline void dicom_annotation(dicom_writer *w, const char *name, const uint16_t *pairs,
                                    size_t n_pairs, const char *kind, const uint32_t *at, size_t n,
                                    int group)
{
    dicom_open(w, 0xFFFEE000);
    dicom_code(w, 0x0040A043, name, "99TEST", name);
    if (n_pairs) dicom_pairs(w, 0x0040A0B0, pairs, n_pairs);
    dicom_string(w, 0x0040A130, "CS", kind);
    if (n) dicom_positions(w, at, n);
    if (group >= 0) dicom_number(w, 0x0040A180, "US", (uint32_t)group);
    dicom_close(w, true);
}

/* Every kind of annotation, for a sample of four frames at 500 Hz. */
static inline void dicom_ranges(dicom_writer *w)
{
    static const uint16_t two[] = {1, 2}, three[] = {1, 1, 1, 3}, all[] = {1, 1, 1, 2, 1, 3};
    static const uint16_t nowhere[] = {7, 0};
    static const uint32_t at[] = {1, 3, 4, 4}, outside[] = {5}, nothing[] = {0};
    dicom_annotation(w, "point", two, 2, "POINT", at, 1, -1);
    dicom_annotation(w, "points", all, 6, "MULTIPOINT", at, 3, -1);
    dicom_annotation(w, "segment", three, 4, "SEGMENT", at, 2, -1);
    dicom_annotation(w, "segments", two, 2, "MULTISEGMENT", at, 4, -1);
    dicom_annotation(w, "begin", NULL, 0, "BEGIN", at + 1, 1, -1);
    dicom_annotation(w, "end", two, 2, "END", at + 1, 1, -1);
    dicom_annotation(w, "outside", two, 2, "POINT", outside, 1, -1);
    dicom_annotation(w, "none", two, 2, "POINT", nothing, 1, -1);
    dicom_annotation(w, "nowhere", nowhere, 2, NULL, NULL, 0, -1);
    dicom_open(w, 0xFFFEE000);
    dicom_code(w, 0x0040A043, "t", "99TEST", "seconds");
    dicom_string(w, 0x0040A138, "DS", "0.002\\0.0025");
    dicom_close(w, true);
    dicom_open(w, 0xFFFEE000);
    dicom_code(w, 0x0040A043, "c", "99TEST", "clock");
    dicom_string(w, 0x0040A13A, "DT", "20130101093000.004");
    dicom_close(w, true);
    dicom_open(w, 0xFFFEE000);
    dicom_code(w, 0x0040A043, "r", "99TEST", "rhythm");
    dicom_code(w, 0x0040A168, "64730000", "SCT", "Sinus rhythm");
    dicom_close(w, true);
}

static inline void dicom_group(dicom_writer *w, const dicom_sample *s, const char *label,
                               uint32_t n_samples)
{
    dicom_open(w, 0xFFFEE000);
    dicom_number(w, 0x003A0005, "US", s->n_channels);
    dicom_number(w, 0x003A0010, "UL", n_samples);
    dicom_string(w, 0x003A001A, "DS", s->rate);
    dicom_string(w, 0x003A0020, "SH", label);
    dicom_open(w, 0x003A0200);
    for (unsigned i = 0; i < s->n_definitions; i++)
        dicom_channel(w, s, i);
    dicom_close(w, false);
    dicom_number(w, 0x54001004, "US", s->bits);
    dicom_string(w, 0x54001006, "CS", s->interpretation);
    dicom_head(w, 0x5400100A, "OW", s->bits == 32 ? 4 : 2); /* what marks a missing sample */
    dicom_u16(w, 0x8000);
    if (s->bits == 32) dicom_u16(w, 0xFFFF);
    if (s->counts) dicom_head(w, 0x54001010, "OW", (uint32_t)(2 * s->n_counts));
    for (size_t i = 0; s->counts && i < s->n_counts; i++)
        dicom_u16(w, (uint16_t)s->counts[i]);
    dicom_close(w, true);
}

static inline void dicom_waveform(dicom_writer *w, const dicom_sample *s)
{
    dicom_open(w, 0x54000100);
    dicom_group(w, s, s->label, s->n_samples);
    if (s->second_label) dicom_group(w, s, s->second_label, 3);
    dicom_close(w, false);
}

/* Appends the whole file to t, not deflated; returns where its data set begins. */
static inline size_t dicom_sample_write(gm_text *t, const dicom_sample *s)
{
    dicom_writer w = {.t = t, .defined_lengths = s->defined_lengths};
    for (int i = 0; i < 128; i++)
        gm_text_add_bytes(t, "", 1);
    gm_text_add(t, "DICM");
    dicom_string(&w, 0x00020002, "UI", DICOM_CLASS);
    dicom_string(&w, 0x00020003, "UI", "1.2.3.4");
    dicom_string(&w, 0x00020010, "UI", s->syntax);
    size_t start = t->length;
    w.implicit_vr = s->syntax && strcmp(s->syntax, DICOM_IMPLICIT) == 0;
    w.big_endian = s->syntax && strcmp(s->syntax, DICOM_BIG_ENDIAN) == 0;
    dicom_string(&w, 0x00080005, "CS", s->characters);
    dicom_string(&w, 0x00080016, "UI", s->class_uid);
    dicom_string(&w, 0x0008002A, "DT", s->acquired);
    dicom_string(&w, 0x00100010, "PN", s->name);
    dicom_string(&w, 0x00100040, "CS", s->sex);
    dicom_string(&w, 0x00101010, "AS", s->age);
    for (const char *const *p = s->texts; p && *p; p += 3)
        dicom_string(&w, (uint32_t)strtoul(p[0], NULL, 16), p[1], p[2]);
    dicom_open(&w, 0x0040B020);
    dicom_measurement(&w, "5.10.2.1-3", "ms", s->interval);
    dicom_measurement(&w, "5.10.3-13", "deg", "-30");
    if (s->annotate) s->annotate(&w);
    dicom_close(&w, false);
    dicom_waveform(&w, s);
    return start;
}

#endif
