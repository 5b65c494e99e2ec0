/* edf_sample.h - small EDF files made from scratch, field by field, for tests and as seeds for the
 * fuzzer. Not part of the library.
 */
#ifndef GM_EDF_SAMPLE_H
#define GM_EDF_SAMPLE_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

typedef struct {
    const char *label, *transducer, *dimension, *pmin, *pmax, *dmin, *dmax, *prefilter, *samples;
} edf_sample_signal;

/* What a test may want wrong. Data: `data`, as it is. */
typedef struct {
    const char *version, *patient, *recording, *date, *time, *bytes, *kind, *records, *duration, *n;
    edf_sample_signal signals[4];
    size_t n_signals;
    const char *data;
    size_t length;
} edf_sample;

enum { EDF_SAMPLE_AREA = 40 }; /* samples of the annotation signal */

static inline void edf_put(gm_text *t, size_t width, const char *text)
{
    size_t n = strlen(text);
    gm_text_add_bytes(t, text, n < width ? n : width);
    for (; n < width; n++)
        gm_text_add(t, " ");
}

static inline void edf_put_count(gm_text *t, int v, bool is_bdf)
{
    const char b[3] = {(char)(v & 0xFF), (char)(v >> 8 & 0xFF), (char)(v >> 16 & 0xFF)};
    gm_text_add_bytes(t, b, is_bdf ? 3 : 2);
}

/* Texts with 0x14 and 0x15 as they are; '|' stands for 0x00. */
static inline void edf_put_tals(gm_text *t, size_t width, const char *tals)
{
    size_t n = strlen(tals);
    for (size_t i = 0; i < width; i++) {
        char c = i < n && tals[i] != '|' ? tals[i] : 0;
        gm_text_add_bytes(t, &c, 1);
    }
}

static inline void edf_put_file(gm_text *t, const edf_sample *s)
{
    static const size_t width[] = {16, 80, 8, 8, 8, 8, 8, 80, 8};
    char number[16];
    snprintf(number, sizeof number, "%zu", 256 * (s->n_signals + 1));
    edf_put(t, 8, s->version);
    edf_put(t, 80, s->patient);
    edf_put(t, 80, s->recording);
    edf_put(t, 8, s->date);
    edf_put(t, 8, s->time);
    edf_put(t, 8, s->bytes ? s->bytes : number);
    edf_put(t, 44, s->kind);
    edf_put(t, 8, s->records);
    edf_put(t, 8, s->duration);
    snprintf(number, sizeof number, "%zu", s->n_signals);
    edf_put(t, 4, s->n ? s->n : number);
    for (int field = 0; field < 9; field++)
        for (size_t i = 0; i < s->n_signals; i++) {
            const edf_sample_signal *g = &s->signals[i];
            const char *fields[] = {g->label, g->transducer, g->dimension, g->pmin,   g->pmax,
                                    g->dmin,  g->dmax,       g->prefilter, g->samples};
            edf_put(t, width[field], fields[field]);
        }
    for (size_t i = 0; i < s->n_signals; i++)
        edf_put(t, 32, "");
    gm_text_add_bytes(t, s->data, s->length);
}

/* Records of 0.1 s: ECG II and EKG V1-ref of 5 samples (50 Hz; II counts up from 1, V1 down from -1),
 * "Resp" of 2 (20 Hz), and annotations, the k-th record's TALs from tals[k]. */
static inline void edf_put_data(gm_text *data, const char *const *tals, size_t n_records,
                                bool is_bdf)
{
    int v = 0;
    for (size_t k = 0; k < n_records; k++) {
        for (int i = 1; i <= 5; i++)
            edf_put_count(data, v + i, is_bdf);
        for (int i = 1; i <= 5; i++)
            edf_put_count(data, -v - i, is_bdf);
        v += 5;
        for (int i = 0; i < 2; i++)
            edf_put_count(data, 1000 * (int)k + i, is_bdf);
        edf_put_tals(data, (is_bdf ? 3 : 2) * EDF_SAMPLE_AREA, tals[k]);
    }
}

static inline edf_sample edf_sample_of(const gm_text *data)
{
    return (edf_sample){
        .version = "0",
        .patient = "MCH-0234567 F 02-MAY-1951 Haagse_Harry",
        .recording = "Startdate 02-MAR-2002 EMG561 BK/JOP Sony. more of it",
        .date = "02.03.02",
        .time = "16.05.09",
        .kind = "EDF+C",
        .records = "3",
        .duration = "0.1",
        .signals = {{"ECG II", "AgAgCl", "uV", "-163840", "163835", "-32768", "32767",
                     "HP:0.05Hz LP:150Hz N:50Hz", "5"},
                    {"EKG V1-ref", "AgAgCl", "mV", "-10.24", "10.235", "-2048", "2047",
                     "HP:DC LP:1 kHz", "5"},
                    {"Resp", "", "%", "0", "100", "-100", "100", "HP:0.3s", "2"},
                    {"EDF Annotations", "", "", "-1", "1", "-32768", "32767", "", "40"}},
        .n_signals = 4,
        .data = data->data,
        .length = data->length};
}

#endif
