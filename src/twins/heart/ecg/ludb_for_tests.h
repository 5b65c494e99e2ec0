/* ludb_for_tests.h - a LUDB record as arrays on one scale, and what ludb.csv says about it. For tests:
 * records 1-100 are for development, 101-140 for the final figure. */
#ifndef GM_HEART_ECG_LUDB_FOR_TESTS_H
#define GM_HEART_ECG_LUDB_FOR_TESTS_H

#include "core/alloc.h"
#include "heart/ecg/measure.h"
#include "heart/ecg/samples.h"
#include "table/csv.h"
#include "testing/gm_test.h"

#define ECG_DATA GM_SHARED_DIR "/data/ecg"
enum { LUDB_LAST_DEVELOPED = 100, LUDB_LAST = 140 };

typedef struct {
    gm_ecg_measurement *m; /* NULL: not read */
    double *mv;            /* [12][n], raw */
    double *beat_s;        /* [m->n_beats] */
    gm_ecg_samples s;
} recording;

static inline void recording_drop(recording *r)
{
    gm_ecg_measurement_destroy(r->m);
    gm_free(r->mv);
    gm_free(r->beat_s);
    *r = (recording){0};
}

static inline recording recording_read(const char *path)
{
    recording r = {0};
    gm_ecg *e = NULL;
    bool derived[GM_N_LEADS];
    gm_status s = gm_ecg_read(&e, path);
    if (s == GM_OK) s = gm_ecg_measure(&r.m, e);
    if (s == GM_OK) {
        r.mv = gm_calloc(GM_N_LEADS * e->n_samples, sizeof *r.mv);
        r.beat_s = gm_calloc(r.m->n_beats, sizeof *r.beat_s);
        s = gm_ecg_leads_on_scale_mv(e, r.m, r.mv, derived);
        for (size_t i = 0; i < r.m->n_beats; i++)
            r.beat_s[i] = r.m->beats[i].time_s;
        r.s = (gm_ecg_samples){r.mv, GM_N_LEADS, e->n_samples, e->rate_hz};
    }
    EXPECT(s == GM_OK);
    if (s != GM_OK) printf("%s: %s\n", path, gm_error_text());
    gm_ecg_destroy(e);
    return r;
}

static inline recording ludb_read(int number)
{
    char path[512];
    snprintf(path, sizeof path, "%s/ludb/data/%d.hea", ECG_DATA, number);
    return recording_read(path);
}

static inline gm_csv *ludb_table(void)
{
    gm_csv *t = NULL;
    EXPECT(gm_csv_read(&t, ECG_DATA "/ludb/ludb.csv", NULL) == GM_OK);
    return t;
}

/* Whether the cell of that record under `heading` contains `part`, ignoring nothing. */
static inline bool ludb_says(const gm_csv *t, int number, const char *heading, const char *part)
{
    long column = gm_csv_column(t, heading);
    EXPECT(column >= 0);
    for (size_t row = 1; column >= 0 && row < gm_csv_n_rows(t); row++)
        if (atoi(gm_csv_cell(t, row, 0)) == number)
            return strstr(gm_csv_cell(t, row, (size_t)column), part) != NULL;
    return false;
}

#endif
