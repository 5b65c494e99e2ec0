/* ludb.h - the Lobachevsky University Database (Kalyakulina et al. 2020, IEEE Access 8:186181) as it
 * lies in GM_SHARED_DIR: signals, and the waves that cardiologists marked in each lead.
 * Used by delineation.c (scores) and train_wave_net.c (learns); both are single programs.
 */
#ifndef GM_BENCH_LUDB_H
#define GM_BENCH_LUDB_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "ecg/waveform.h"
#include "ecg/wfdb_annotation.h"
#include "heart/ecg/measure.h"

typedef struct {
    gm_ecg_wave kind;
    gm_ecg_bounds at; /* ms from the first sample; a bound that was not marked is NaN */
} ludb_wave;

typedef struct {
    ludb_wave *waves; /* [n] in time */
    size_t n;
    double first_ms, last_ms; /* of all marks: what lies outside was not looked at */
} ludb_lead;

typedef struct {
    int number;
    gm_ecg *ecg;
    ludb_lead lead[GM_N_LEADS];
} ludb_record;

static const char *const ludb_leads[GM_N_LEADS] = {"i",  "ii", "iii", "avr", "avl", "avf",
                                                   "v1", "v2", "v3",  "v4",  "v5",  "v6"};

static inline void ludb_must(gm_status s)
{
    if (s == GM_OK) return;
    fprintf(stderr, "%s\n", gm_error_text());
    exit(1);
}

static inline int ludb_kind(int code)
{
    return code == GM_ANNOTATION_P_PEAK   ? GM_WAVE_P
           : code == GM_ANNOTATION_T_PEAK ? GM_WAVE_T
           : gm_annotation_is_beat(code)  ? GM_WAVE_QRS
                                          : -1;
}

static inline void ludb_read_lead(ludb_lead *out, const char *path, double rate_hz)
{
    gm_annotations *a;
    ludb_must(gm_annotations_read(&a, path));
    double ms = 1000 / rate_hz;
    out->waves = gm_calloc(a->n + 1, sizeof *out->waves);
    for (size_t i = 0; i < a->n; i++) {
        int kind = ludb_kind(a->items[i].code);
        if (kind < 0) continue;
        ludb_wave *w = &out->waves[out->n++];
        w->kind = (gm_ecg_wave)kind;
        w->at = (gm_ecg_bounds){NAN, (double)a->items[i].sample * ms, NAN};
        if (i > 0 && a->items[i - 1].code == GM_ANNOTATION_ONSET)
            w->at.on_ms = (double)a->items[i - 1].sample * ms;
        if (i + 1 < a->n && a->items[i + 1].code == GM_ANNOTATION_OFFSET)
            w->at.off_ms = (double)a->items[i + 1].sample * ms;
    }
    out->first_ms = a->n ? (double)a->items[0].sample * ms : NAN;
    out->last_ms = a->n ? (double)a->items[a->n - 1].sample * ms : NAN;
    gm_annotations_destroy(a);
}

static inline void ludb_read(ludb_record *out, int number)
{
    char path[512];
    *out = (ludb_record){.number = number};
    snprintf(path, sizeof path, "%s/data/ecg/ludb/data/%d.hea", GM_SHARED_DIR, number);
    ludb_must(gm_ecg_read(&out->ecg, path));
    for (int l = 0; l < GM_N_LEADS; l++) {
        snprintf(path, sizeof path, "%s/data/ecg/ludb/data/%d.%s", GM_SHARED_DIR, number,
                 ludb_leads[l]);
        ludb_read_lead(&out->lead[l], path, out->ecg->rate_hz);
    }
}

static inline void ludb_free(ludb_record *r)
{
    gm_ecg_destroy(r->ecg);
    for (int l = 0; l < GM_N_LEADS; l++)
        gm_free(r->lead[l].waves);
}

#endif
