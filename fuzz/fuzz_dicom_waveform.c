#include <math.h>
#include <stdint.h>
#include <string.h>

#include "check_ecg.h"
#include "ecg/dicom.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_marks(const gm_ecg *e)
{
    for (size_t i = 0; i < e->n_marks; i++) {
        const gm_ecg_mark *m = &e->marks[i];
        if (m->group > e->n_others) __builtin_trap();
        const gm_ecg *g = m->group ? e->others[m->group - 1] : e;
        if (m->channel < -1 || m->channel >= (int)g->n_channels) __builtin_trap();
        if (!isnan(m->sample) && !(m->sample >= 0 && m->sample < (double)g->n_samples))
            __builtin_trap();
    }
}

static void check_same(const gm_ecg *a, const gm_ecg *b)
{
    if (a->n_channels != b->n_channels || a->n_samples != b->n_samples || a->rate_hz != b->rate_hz)
        __builtin_trap();
    for (size_t c = 0; c < a->n_channels; c++) {
        const gm_ecg_channel *one = &a->channels[c], *two = &b->channels[c];
        if (memcmp(one->counts, two->counts, a->n_samples * sizeof *one->counts) != 0)
            __builtin_trap();
        if (!(isnan(one->mv_per_count) && isnan(two->mv_per_count)) &&
            (one->mv_per_count != two->mv_per_count || fabs(one->baseline - two->baseline) > 1e-9))
            __builtin_trap();
    }
}

/* What was read and can be written is read again the same. */
static void check_round_trip(const gm_ecg *e)
{
    gm_ecg_files files = {0};
    gm_ecg *again;
    if (gm_ecg_dicom_write(&files, e, "again.dcm") == GM_OK) {
        const gm_ecg_file *f = &files.items[0];
        if (gm_ecg_dicom_parse(&again, f->bytes, f->length, "again.dcm") != GM_OK) __builtin_trap();
        if (again->n_others != e->n_others) __builtin_trap();
        check_same(e, again);
        for (size_t i = 0; i < e->n_others; i++)
            check_same(e->others[i], again->others[i]);
        gm_ecg_destroy(again);
    }
    gm_ecg_files_free(&files);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gm_ecg *e;
    if (gm_ecg_dicom_parse(&e, data, size, "fuzz.dcm") != GM_OK) return 0;
    check_ecg(e);
    for (size_t i = 0; i < e->n_others; i++)
        check_ecg(e->others[i]);
    check_marks(e);
    check_round_trip(e);
    gm_ecg_destroy(e);
    return 0;
}
